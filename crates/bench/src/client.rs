//! A small HTTP client that keeps its connection, and a server on the loopback interface to talk to.

use crate::world::Node;
use anyhow::{Context as _, Result, ensure};
use bytes::Bytes;
use countersign_app::{App, Workspace, input::ApiKeyInput};
use countersign_server::ServerConfig;
use countersign_testkit::caller;
use futures_util::stream;
use http_body_util::{BodyExt as _, Full, StreamBody, combinators::BoxBody};
use hyper::{
    HeaderMap, Method, Request, Response,
    body::{Frame, Incoming},
    client::conn::http1::SendRequest,
    header,
};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use std::{convert::Infallible, net::SocketAddr};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::oneshot,
    task::JoinHandle,
};

/// A server that listens.
pub struct Served {
    /// Where.
    pub address: SocketAddr,
    /// A key with every scope.
    pub key: String,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Served {
    /// Ends in order. All clients must be gone.
    pub async fn stop(self) {
        // A server that has ended already is as well.
        let _ = self.stop.send(());
        let _ = self.task.await;
    }
}

/// Serves a node on a free port.
pub async fn serve(node: &Node) -> Result<Served> {
    serve_workspace(&node.app, &node.workspace).await
}

/// Serves a workspace on a free port.
pub async fn serve_workspace(app: &App, workspace: &Workspace) -> Result<Served> {
    let input = ApiKeyInput { name: "bench".into(), scopes: vec!["admin".into()], person: None, expires: None };
    let (_, key) = workspace.api_key_add(&caller(), input).await?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let (stop, stopped) = oneshot::channel();
    let app = app.clone();
    let task = tokio::spawn(async move {
        let stopped = async move { drop(stopped.await) };
        countersign_server::serve(app, listener, ServerConfig::default(), stopped).await;
    });
    Ok(Served { address, key, stop, task })
}

type Body = BoxBody<Bytes, Infallible>;

/// One connection.
pub struct Client {
    sender: SendRequest<Body>,
    authorization: String,
    host: String,
}

impl Client {
    /// Connects.
    pub async fn connect(address: SocketAddr, key: &str) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        // Whatever ends the connection is seen by the next request.
        tokio::spawn(async move { drop(connection.await) });
        Ok(Self { sender, authorization: format!("Bearer {key}"), host: address.to_string() })
    }

    async fn send(&mut self, method: Method, path: &str, kind: &str, body: Body) -> Result<Response<Incoming>> {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, &self.host)
            .header(header::AUTHORIZATION, &self.authorization)
            .header(header::CONTENT_TYPE, kind)
            .body(body)?;
        self.sender.ready().await?;
        Ok(self.sender.send_request(request).await?)
    }

    /// Asks and reads the answer whole; anything but success is an error.
    pub async fn ask(&mut self, method: Method, path: &str, body: impl Into<Bytes>) -> Result<Bytes> {
        let response = self.send(method, path, "application/json", Full::new(body.into()).boxed()).await?;
        let status = response.status();
        let text = response.into_body().collect().await?.to_bytes();
        ensure!(status.is_success(), "{path} gave {status}: {}", String::from_utf8_lossy(&text));
        Ok(text)
    }

    /// Asks as a browser with our script does, with a session's cookie; a redirection is an answer as well.
    pub async fn visit(&mut self, method: Method, path: &str, cookie: &str, form: &str) -> Result<(HeaderMap, Bytes)> {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, &self.host)
            .header(header::COOKIE, cookie)
            .header("x-desk", "1")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Full::new(Bytes::from(form.to_owned())).boxed())?;
        self.sender.ready().await?;
        let (head, body) = self.sender.send_request(request).await?.into_parts();
        let text = body.collect().await?.to_bytes();
        let taken = head.status.is_success() || head.status.is_redirection();
        ensure!(taken, "{path} gave {}: {}", head.status, String::from_utf8_lossy(&text));
        Ok((head.headers, text))
    }

    /// Posts JSON and reads JSON; `None` where the answer has no content.
    pub async fn post(&mut self, path: &str, body: &Value) -> Result<Option<Value>> {
        let text = self.ask(Method::POST, path, serde_json::to_vec(body)?).await?;
        if text.is_empty() { Ok(None) } else { Ok(Some(serde_json::from_slice(&text).context("an answer in JSON")?)) }
    }

    /// Streams lines of cases, and counts the receipts that say `accepted`.
    pub async fn intake(&mut self, chunks: Vec<Bytes>) -> Result<usize> {
        self.intake_from(chunks.into_iter()).await
    }

    /// The same from an iterator that makes its chunks as they are needed.
    pub async fn intake_from(&mut self, chunks: impl Iterator<Item = Bytes> + Send + Sync + 'static) -> Result<usize> {
        let body = StreamBody::new(stream::iter(chunks.map(|chunk| Ok(Frame::data(chunk)))));
        let mut response = self.send(Method::POST, "/v1/cases", "application/x-ndjson", BoxBody::new(body)).await?;
        ensure!(response.status().is_success(), "the intake gave {}", response.status());
        let mut accepted = 0;
        let mut rest: Vec<u8> = Vec::new();
        while let Some(frame) = response.body_mut().frame().await {
            let Ok(data) = frame?.into_data() else {
                continue;
            };
            rest.extend_from_slice(&data);
            let whole = rest.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
            for line in rest.drain(..whole).collect::<Vec<u8>>().split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
                let text = String::from_utf8_lossy(line);
                ensure!(text.contains("\"status\":\"accepted\""), "a line was not accepted: {text}");
                accepted += 1;
            }
        }
        Ok(accepted)
    }
}
