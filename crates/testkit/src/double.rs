//! An endpoint of a language model on loopback that does what it is told: answers, or misbehaves in every way that endpoints do. It
//! keeps what it was asked. For tests only.

use serde_json::{Value, json};
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};

/// What it does with a request.
#[derive(Debug, Clone)]
pub enum Does {
    /// Answers with such a body.
    Answers(Value),
    /// Answers with a status, further lines of its head, and any body.
    Says(u16, &'static str, String),
    /// Takes the request and says nothing for a minute.
    Hangs,
    /// Hangs up.
    HangsUp,
}

impl Does {
    /// Answers with a text, at a price of 200 tokens read and 100 written.
    #[must_use]
    pub fn write(content: &str) -> Self {
        Self::Answers(json!({
            "choices": [{ "message": { "content": content }, "finish_reason": "stop" }],
            "usage": { "prompt_tokens": 200, "completion_tokens": 100 },
        }))
    }
}

/// The endpoint. It does one thing a request, and the last again and again.
#[derive(Debug, Clone)]
pub struct Double {
    /// Where its protocol begins.
    pub url: String,
    asked: Arc<Mutex<Vec<String>>>,
    does: Arc<Mutex<Vec<Does>>>,
}

impl Double {
    /// Begins to listen.
    pub async fn that(does: Vec<Does>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}/v1", listener.local_addr().expect("an address"));
        let double = Self { url, asked: Arc::default(), does: Arc::new(Mutex::new(does)) };
        let served = double.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(served.clone().serve(stream));
            }
        });
        double
    }

    /// Does something else from now on.
    pub fn now(&self, does: Vec<Does>) {
        *self.does.lock().unwrap_or_else(PoisonError::into_inner) = does;
    }

    /// What it was asked, in order: the bodies.
    #[must_use]
    pub fn asked(&self) -> Vec<Value> {
        let asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let body = |request: &String| request.find('{').and_then(|at| serde_json::from_str(request.get(at..)?).ok());
        asked.iter().filter_map(body).collect()
    }

    /// How often.
    #[must_use]
    pub fn times(&self) -> usize {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    fn next(&self, request: String) -> Does {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).push(request);
        let mut does = self.does.lock().unwrap_or_else(PoisonError::into_inner);
        if does.len() > 1 { does.remove(0) } else { does.first().cloned().unwrap_or(Does::HangsUp) }
    }

    async fn serve(self, mut stream: tokio::net::TcpStream) {
        let (mut bytes, mut request) = (vec![0; 1 << 16], String::new());
        // Head and body come in one or several pieces; the body ends with the document.
        while !request.ends_with('}') {
            let Ok(read @ 1..) = stream.read(&mut bytes).await else { return };
            request.push_str(&String::from_utf8_lossy(bytes.get(..read).unwrap_or_default()));
        }
        let (status, head, body) = match self.next(request) {
            Does::Answers(body) => (200, "", body.to_string()),
            Does::Says(status, head, body) => (status, head, body),
            Does::Hangs => return tokio::time::sleep(Duration::from_secs(60)).await,
            Does::HangsUp => return,
        };
        let answer = format!("HTTP/1.1 {status} x\r\ncontent-length: {}\r\nconnection: close\r\n{head}\r\n{body}", body.len());
        let _ = stream.write_all(answer.as_bytes()).await;
    }
}
