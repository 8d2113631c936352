//! One message to one address: resolved once, held against the guard, connected to exactly what was held against it, posted, and no
//! more. What is answered is read no further than its status.

use super::guard;
use bytes::Bytes;
use countersign_app::webhook::Message;
use http_body_util::Full;
use hyper::{Request, Uri, client::conn::http1, header};
use hyper_util::rt::TokioIo;
use std::{net::SocketAddr, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpStream, lookup_host},
    time::timeout,
};
use tokio_rustls::{TlsConnector, rustls::pki_types::ServerName};

/// Longest that an attempt takes, from the name to the status.
const ATTEMPT_SECONDS_MAX: Duration = Duration::from_secs(15);

/// What sends.
pub struct Post {
    private: bool,
    tls: Option<TlsConnector>,
}

impl Post {
    /// With the certificate authorities that browsers trust.
    #[must_use]
    pub fn new(private: bool) -> Self {
        Self { private, tls: crate::tls::connector() }
    }

    /// Sends a message; the status, or why it failed.
    ///
    /// # Errors
    /// In words for the log of deliveries; they name no address that was not typed.
    pub async fn send(&self, message: &Message) -> Result<String, String> {
        timeout(ATTEMPT_SECONDS_MAX, self.attempt(message)).await.unwrap_or_else(|_| Err("no answer in time".into()))
    }

    async fn attempt(&self, message: &Message) -> Result<String, String> {
        let uri: Uri = message.url.parse().map_err(|_| "this is no address".to_owned())?;
        let host = uri.host().ok_or("the address names no host")?.trim_start_matches('[').trim_end_matches(']').to_owned();
        if uri.authority().is_some_and(|authority| authority.as_str().contains('@')) {
            return Err("an address with a name and a password is not taken".into());
        }
        let plain = match uri.scheme_str() {
            Some("https") => false,
            Some("http") if self.private => true,
            _ => return Err("only https is sent to".into()),
        };
        let port = uri.port_u16().unwrap_or(if plain { 80 } else { 443 });
        let stream = self.connect(&host, port).await?;
        if plain {
            return post(stream, &uri, message).await;
        }
        let tls = self.tls.as_ref().ok_or("TLS is not to be had here")?;
        let name = ServerName::try_from(host).map_err(|_| "the host has no name that a certificate could bear")?;
        let stream = tls.connect(name, stream).await.map_err(|error| format!("no TLS: {error}"))?;
        post(stream, &uri, message).await
    }

    /// Connects to one of a host's addresses. One that lies inside of a network spoils them all: whoever owns the name could choose.
    async fn connect(&self, host: &str, port: u16) -> Result<TcpStream, String> {
        let found = lookup_host((host, port)).await.map_err(|_| "the host was not found".to_owned())?;
        let found: Vec<SocketAddr> = found.collect();
        if !self.private && !found.iter().all(|address| guard::is_public(address.ip())) {
            return Err("the host lies inside of a network: whoever runs the node has to allow that".into());
        }
        TcpStream::connect(found.as_slice()).await.map_err(|error| format!("no connection: {}", error.kind()))
    }
}

async fn post(stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static, uri: &Uri, message: &Message) -> Result<String, String> {
    let failed = |error: hyper::Error| format!("the exchange broke off: {error}");
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(failed)?;
    let connection = tokio::spawn(connection);
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let host = uri.authority().map_or("", |authority| authority.as_str());
    let request = Request::post(path)
        .header(header::HOST, host)
        .header(header::CONTENT_TYPE, "application/cloudevents+json")
        .header(header::USER_AGENT, concat!("countersign/", env!("CARGO_PKG_VERSION")))
        .header("webhook-id", message.id.to_string())
        .header("webhook-timestamp", message.timestamp.to_string())
        .header("webhook-signature", message.signature.as_str())
        .body(Full::new(Bytes::from(message.body.clone())))
        .map_err(|_| "this is no address".to_owned())?;
    let answered = sender.send_request(request).await.map(|response| response.status());
    connection.abort();
    let status = answered.map_err(failed)?;
    match status.is_success() {
        true => Ok(format!("answered {}", status.as_u16())),
        false if status.is_redirection() => Err(format!("answered {}: redirects are not followed", status.as_u16())),
        false => Err(format!("answered {}", status.as_u16())),
    }
}
