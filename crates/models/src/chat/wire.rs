//! How requests are carried: over plain HTTP with a time limit, or from a recording. Reads a bounded number of bytes and follows no
//! redirection. Keys are sent and never recorded.

use super::{Endpoint, Fault, protocol::Request};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::{Method, body::Bytes, header};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

/// Bytes of a reply that are read.
pub const REPLY_BYTES_MAX: usize = 1 << 20;

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Carried {
    /// The status.
    pub status: u16,
    /// How long the endpoint asks to be left alone.
    pub retry_after_ms: Option<u64>,
    /// The body.
    pub body: String,
}

/// A request's digest with what came back: one line of a recording.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Line {
    request: String,
    #[serde(flatten)]
    carried: Carried,
}

/// Where requests go.
pub struct Wire {
    client: Option<Client<HttpConnector, Full<Bytes>>>,
    recorded: HashMap<String, Carried>,
    /// What was carried so far; `None` where nobody wants it.
    recording: Option<Mutex<Vec<Line>>>,
}

impl Wire {
    /// To the endpoint, and nothing of it is kept.
    #[must_use]
    pub fn live() -> Self {
        Self { client: Some(Client::builder(TokioExecutor::new()).build_http()), recorded: HashMap::new(), recording: None }
    }

    /// The same, with a [recording](Self::recording).
    #[must_use]
    pub fn recorded() -> Self {
        Self { recording: Some(Mutex::default()), ..Self::live() }
    }

    /// To a recording, and nowhere else.
    ///
    /// # Errors
    /// Where a line cannot be read.
    pub fn replay(recording: &str) -> Result<Self, serde_json::Error> {
        let lines = recording.lines().filter(|line| !line.trim().is_empty()).map(serde_json::from_str::<Line>);
        let recorded = lines.map(|line| line.map(|line| (line.request, line.carried))).collect::<Result<_, _>>()?;
        Ok(Self { client: None, recorded, recording: None })
    }

    /// What was carried since it was made, one JSON object a line. It holds what the endpoint answered, and of requests a digest.
    #[must_use]
    pub fn recording(&self) -> String {
        let line = |line: &Line| serde_json::to_string(line).unwrap_or_default() + "\n";
        let Some(recording) = &self.recording else { return String::new() };
        recording.lock().unwrap_or_else(PoisonError::into_inner).iter().map(line).collect()
    }

    /// Carries one request.
    ///
    /// # Errors
    /// Where nothing came back.
    pub async fn carry(&self, endpoint: &Endpoint, request: &Request) -> Result<Carried, Fault> {
        let body = request.body.to_string();
        let digest = hex::encode(Sha256::digest(body.as_bytes()));
        let Some(client) = &self.client else { return self.recorded.get(&digest).cloned().ok_or(Fault::NotRecorded) };
        let ms = u64::try_from(endpoint.timeout.as_millis()).unwrap_or(u64::MAX);
        let carried = tokio::time::timeout(endpoint.timeout, sent(client, endpoint, body)).await.map_err(|_| Fault::Slow(ms))??;
        if let Some(recording) = &self.recording {
            recording.lock().unwrap_or_else(PoisonError::into_inner).push(Line { request: digest, carried: carried.clone() });
        }
        Ok(carried)
    }
}

async fn sent(client: &Client<HttpConnector, Full<Bytes>>, endpoint: &Endpoint, body: String) -> Result<Carried, Fault> {
    let down = |error: &dyn std::fmt::Display| Fault::Down(error.to_string());
    let address = format!("{}/chat/completions", endpoint.url.trim_end_matches('/'));
    let mut request = hyper::Request::builder().method(Method::POST).uri(address).header(header::CONTENT_TYPE, "application/json");
    if let Some(key) = &endpoint.key {
        request = request.header(header::AUTHORIZATION, format!("Bearer {}", key.0));
    }
    let request = request.body(Full::new(Bytes::from(body))).map_err(|error| down(&error))?;
    let response = client.request(request).await.map_err(|error| down(&error))?;
    let after = response.headers().get(header::RETRY_AFTER).and_then(|value| value.to_str().ok()?.trim().parse::<f64>().ok());
    let status = response.status().as_u16();
    let body = Limited::new(response.into_body(), REPLY_BYTES_MAX)
        .collect()
        .await
        .map_err(|error| if error.is::<http_body_util::LengthLimitError>() { Fault::TooLong } else { down(&error) })?;
    Ok(Carried {
        status,
        retry_after_ms: after.filter(|seconds| (0.0..1e9).contains(seconds)).map(|seconds| (seconds * 1e3) as u64),
        body: String::from_utf8_lossy(&body.to_bytes()).into_owned(),
    })
}
