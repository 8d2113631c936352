//! How a provider is reached: over TLS, or plainly on this machine; with a time limit, a bounded number of bytes, and no redirection
//! followed. Sends nothing anywhere that [`Reach`] does not allow.

use crate::{tls, webhook::guard};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::{Request, Response, Uri, body::Bytes, client::conn::http1, header};
use hyper_util::rt::TokioIo;
use openidconnect::{
    HttpRequest, HttpResponse,
    url::{Host, Url},
};
use std::{net::SocketAddr, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpStream, lookup_host},
    time::timeout,
};
use tokio_rustls::{TlsConnector, rustls::pki_types::ServerName};

/// Longest that one exchange takes.
const EXCHANGE_SECONDS_MAX: Duration = Duration::from_secs(10);
/// Bytes of an answer that are read.
const ANSWER_BYTES_MAX: usize = 1 << 20;

/// Where a provider's own endpoints may lie, by where it lies itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// On this machine: what it names does, too.
    Machine,
    /// Inside of a network: it is reached by TLS, and what it names, too.
    Inside,
    /// In the open network: by TLS, and nothing inside of a network.
    Open,
}

fn on_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

fn bare(url: &Url) -> bool {
    url.has_host() && url.username().is_empty() && url.password().is_none()
}

impl Reach {
    /// What an issuer says about it before anything was resolved; `None`: it is none that could be reached.
    pub fn of_issuer(url: &Url) -> Option<Self> {
        match url.scheme() {
            _ if !bare(url) => None,
            "https" => Some(Self::Open),
            "http" if on_this_machine(url) => Some(Self::Machine),
            _ => None,
        }
    }

    /// Whether an endpoint that the provider names is one that may be gone to.
    pub fn allows(self, url: &Url) -> bool {
        bare(url) && (url.scheme() == "https" || (self == Self::Machine && url.scheme() == "http" && on_this_machine(url)))
    }
}

/// What reaches.
pub struct Wire {
    tls: Option<TlsConnector>,
}

impl Wire {
    pub fn new() -> Self {
        Self { tls: tls::connector() }
    }

    /// Where an issuer lies.
    pub async fn reach(&self, issuer: &Url) -> Result<Reach, String> {
        let reach = Reach::of_issuer(issuer).ok_or("the issuer is not reached by TLS")?;
        if reach == Reach::Machine {
            return Ok(reach);
        }
        let open = resolved(issuer).await?.iter().all(|address| guard::is_public(address.ip()));
        Ok(if open { Reach::Open } else { Reach::Inside })
    }

    /// Reads a document.
    pub async fn get(&self, reach: &Reach, place: &str, bearer: Option<&str>) -> Result<Vec<u8>, String> {
        let mut request = Request::get(place).header(header::ACCEPT, "application/json");
        if let Some(bearer) = bearer {
            request = request.header(header::AUTHORIZATION, format!("Bearer {bearer}"));
        }
        let request = request.body(Vec::new()).map_err(|_| "this is no address".to_owned())?;
        let answer = self.carry(*reach, request).await?;
        if answer.status().is_success() { Ok(answer.into_body()) } else { Err(format!("{place} answered {}", answer.status().as_u16())) }
    }

    /// Carries one request.
    pub async fn carry(&self, reach: Reach, request: HttpRequest) -> Result<HttpResponse, String> {
        timeout(EXCHANGE_SECONDS_MAX, self.attempt(reach, request)).await.unwrap_or_else(|_| Err("no answer in time".into()))
    }

    async fn attempt(&self, reach: Reach, request: HttpRequest) -> Result<HttpResponse, String> {
        let url = Url::parse(&request.uri().to_string()).map_err(|_| "this is no address".to_owned())?;
        if !reach.allows(&url) {
            return Err("the provider names an endpoint that is not reached by TLS".into());
        }
        let addresses = resolved(&url).await?;
        if reach == Reach::Open && !addresses.iter().all(|address| guard::is_public(address.ip())) {
            return Err("the provider names an endpoint inside of a network".into());
        }
        let stream = TcpStream::connect(addresses.as_slice()).await.map_err(|error| format!("no connection: {}", error.kind()))?;
        if url.scheme() == "http" {
            return exchanged(stream, request).await;
        }
        let tls = self.tls.as_ref().ok_or("TLS is not there")?;
        let host = url.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']').to_owned();
        let name = ServerName::try_from(host).map_err(|_| "the host has no name that a certificate could bear".to_owned())?;
        let stream = tls.connect(name, stream).await.map_err(|error| format!("no TLS: {error}"))?;
        exchanged(stream, request).await
    }
}

async fn resolved(url: &Url) -> Result<Vec<SocketAddr>, String> {
    let host = url.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']').to_owned();
    let port = url.port_or_known_default().unwrap_or(443);
    let found = lookup_host((host, port)).await.map_err(|_| "the host was not found".to_owned())?;
    Ok(found.collect())
}

async fn exchanged(stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static, request: HttpRequest) -> Result<HttpResponse, String> {
    let failed = |error: hyper::Error| format!("the exchange broke off: {error}");
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(failed)?;
    let connection = tokio::spawn(connection);
    let answered = answer(&mut sender, request).await;
    connection.abort();
    answered
}

async fn answer(sender: &mut http1::SendRequest<Full<Bytes>>, request: HttpRequest) -> Result<HttpResponse, String> {
    let (mut parts, body) = request.into_parts();
    let host = parts.uri.authority().and_then(|authority| authority.as_str().parse().ok());
    parts.headers.insert(header::HOST, host.ok_or("the address names no host")?);
    let agent = header::HeaderValue::from_static(concat!("countersign/", env!("CARGO_PKG_VERSION")));
    parts.headers.insert(header::USER_AGENT, agent);
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    parts.uri = path.parse::<Uri>().map_err(|_| "this is no address".to_owned())?;
    let request = Request::from_parts(parts, Full::new(Bytes::from(body)));
    let response = sender.send_request(request).await.map_err(|error| format!("the exchange broke off: {error}"))?;
    let (parts, body) = response.into_parts();
    let body = Limited::new(body, ANSWER_BYTES_MAX).collect().await.map_err(|error| format!("the answer cannot be read: {error}"))?;
    Ok(Response::from_parts(parts, body.to_bytes().to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_provider_names_lies_where_it_lies() {
        for (reach, url, allowed) in [
            (Reach::Machine, "http://127.0.0.1:9/token", true),
            (Reach::Machine, "http://localhost:9/token", true),
            (Reach::Machine, "https://id.example.org/token", true),
            (Reach::Machine, "http://169.254.169.254/latest", false),
            (Reach::Open, "https://id.example.org/token", true),
            (Reach::Open, "http://127.0.0.1:9/token", false),
            (Reach::Inside, "http://localhost/token", false),
            (Reach::Open, "https://name:word@id.example.org/", false),
            (Reach::Open, "javascript:alert(1)", false),
            (Reach::Open, "data:text/html,x", false),
        ] {
            assert_eq!(reach.allows(&Url::parse(url).unwrap()), allowed, "{reach:?} {url}");
        }
    }

    #[tokio::test]
    async fn a_provider_of_the_open_network_reaches_nothing_inside_of_ours() {
        let request = Request::get("https://127.0.0.1:9/keys").body(Vec::new()).unwrap();
        let refused = Wire::new().carry(Reach::Open, request).await.unwrap_err();
        assert!(refused.contains("inside of a network"), "{refused}");
        assert_eq!(Wire::new().reach(&Url::parse("https://127.0.0.1:9").unwrap()).await, Ok(Reach::Inside));
    }
}
