//! A world for a test: service, clock, keys, people, and a transcript that reads as documentation.

use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Method, Request, StatusCode},
};
use countersign_app::{App, Config, Env, Workspace, input::ApiKeyInput, workspace::system};
use countersign_privacy::RootSecret;
use countersign_server::{ServerConfig, SignIn, router};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::{
    collections::BTreeMap,
    fmt::Write as _,
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
};
use tower::ServiceExt;
use uuid::Uuid;

/// 2026-11-23T09:00:00Z.
const BEGAN: i64 = 1_795_424_400_000_000;

pub const SECOND: i64 = 1_000_000;

/// A playbook whose cases show the proposal.
pub const TICKETS: &str = r#"name = "tickets"
question = "Where should this ticket go?"

[answer]
kind = "choice"
options = ["billing", "bug", "account"]

[fields]
subject  = { type = "text", title = true }
body     = { type = "text", personal = true }
customer = { type = "text", personal = true, subject = true }

[outcome]
kind = "truth"
source = "the queue that closed the ticket"

[routing]
default = "assist"

[decide]
roles = ["support"]
"#;

pub struct World {
    pub app: App,
    pub workspace: Workspace,
    /// A key with the scope `admin` that speaks for nobody.
    pub admin: String,
    pub router: Router,
    clock: Arc<AtomicI64>,
    transcript: Mutex<Transcript>,
    _folder: tempfile::TempDir,
}

#[derive(Default)]
struct Transcript {
    text: String,
    names: BTreeMap<Uuid, String>,
}

/// What came back.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    pub fn id(&self, member: &str) -> Uuid {
        self.json()[member].as_str().unwrap_or_else(|| panic!("no {member} in {}", self.text)).parse().unwrap()
    }

    pub fn slug(&self) -> String {
        assert_eq!(self.headers["content-type"], "application/problem+json", "{}", self.text);
        self.json()["type"].as_str().unwrap().strip_prefix("/problems/").unwrap().into()
    }

    pub fn lines(&self) -> Vec<Value> {
        self.text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

impl World {
    pub async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(AtomicI64::new(BEGAN));
        let (now, drawn) = (Arc::clone(&clock), AtomicU64::new(0));
        let env = Env::new(
            move || now.load(Ordering::Relaxed),
            move |bytes| {
                for chunk in bytes.chunks_mut(32) {
                    let drawn = drawn.fetch_add(1, Ordering::Relaxed);
                    let block = Sha256::digest(drawn.to_be_bytes());
                    chunk.copy_from_slice(&block[..chunk.len()]);
                }
            },
        );
        let root = RootSecret::from_bytes(std::array::from_fn(|at| u8::try_from(at).unwrap())).unwrap();
        let database = folder.path().join("test.db").to_str().unwrap().to_owned();
        let app = App::open(Config { database, root, env }).await.unwrap();
        let workspace = app.workspace_create("test").await.unwrap();
        let input = ApiKeyInput { name: "test".into(), scopes: vec!["admin".into()], person: None, expires: None };
        let (_, admin) = workspace.api_key_add(&system("setup"), input).await.unwrap();
        let router = router(app.clone(), ServerConfig::default());
        Self { app, workspace, admin, router, clock, transcript: Mutex::default(), _folder: folder }
    }

    /// With the playbook and a person who may decide.
    pub async fn with_tickets() -> (Self, Uuid) {
        let world = Self::new().await;
        world.publish(TICKETS).await;
        let person = world.person("Ada").await;
        (world, person)
    }

    /// The same, where people sign in by this beside links and passkeys.
    pub fn signing_in(mut self, sign_in: SignIn) -> Self {
        self.router = router(self.app.clone(), ServerConfig { sign_in, ..ServerConfig::default() });
        self
    }

    pub async fn publish(&self, source: &str) {
        let request = self.request(Method::POST, "/v1/playbooks").header("content-type", "application/toml");
        let answer = self.call(request.body(Body::from(source.to_owned())).unwrap()).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
    }

    pub async fn person(&self, name: &str) -> Uuid {
        let answer = self.post("/v1/people", &json!({"name": name, "roles": ["support"]})).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        answer.id("person")
    }

    /// A key with these scopes, of a person or of nobody.
    pub async fn key(&self, scopes: &[&str], person: Option<Uuid>) -> String {
        let answer = self.post("/v1/keys", &json!({"name": "k", "scopes": scopes, "person": person})).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        answer.json()["secret"].as_str().unwrap().into()
    }

    pub fn now(&self) -> i64 {
        self.clock.load(Ordering::Relaxed)
    }

    pub fn pass(&self, micros: i64) {
        self.clock.fetch_add(micros, Ordering::Relaxed);
    }

    pub fn request(&self, method: Method, path: &str) -> axum::http::request::Builder {
        Request::builder().method(method).uri(path).header("authorization", format!("Bearer {}", self.admin))
    }

    pub async fn call(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.expect("the body comes whole").to_bytes();
        Answer { status: parts.status, headers: parts.headers, text: String::from_utf8_lossy(&bytes).into_owned() }
    }

    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.call(self.request(Method::POST, path).header("content-type", "application/json").body(Body::from(body.to_string())).unwrap())
            .await
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.call(self.request(Method::GET, path).body(Body::empty()).unwrap()).await
    }

    pub async fn get_as(&self, key: &str, path: &str) -> Answer {
        self.call(Request::builder().uri(path).header("authorization", format!("Bearer {key}")).body(Body::empty()).unwrap()).await
    }

    pub async fn send_as(&self, key: &str, method: Method, path: &str, body: &Value) -> Answer {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("authorization", format!("Bearer {key}"))
            .header("content-type", "application/json");
        self.call(request.body(Body::from(body.to_string())).unwrap()).await
    }

    pub async fn ndjson(&self, path: &str, body: impl Into<Body>) -> Answer {
        self.call(self.request(Method::POST, path).header("content-type", "application/x-ndjson").body(body.into()).unwrap()).await
    }

    /// Sends a request and writes down both sides of it.
    pub async fn told(&self, method: Method, path: &str, headers: &[(&str, &str)], body: Option<&Value>) -> Answer {
        let mut request = self.request(method.clone(), path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = match body {
            Some(body) => self.call(request.header("content-type", "application/json").body(Body::from(body.to_string())).unwrap()).await,
            None => self.call(request.body(Body::empty()).unwrap()).await,
        };
        let mut transcript = self.transcript.lock().unwrap();
        let mut text = format!("{method} {path}\n");
        for (name, value) in headers {
            writeln!(text, "{name}: {value}").unwrap();
        }
        if let Some(body) = body {
            writeln!(text, "{body}").unwrap();
        }
        write!(text, "=> {}", answer.status.as_u16()).unwrap();
        for name in ["etag", "location", "retry-after", "www-authenticate", "allow"] {
            if let Some(value) = answer.headers.get(name) {
                write!(text, "  {name}: {}", value.to_str().unwrap()).unwrap();
            }
        }
        text.push('\n');
        match serde_json::from_str::<Value>(&answer.text) {
            Ok(json) => text.push_str(&serde_json::to_string_pretty(&json).unwrap()),
            Err(_) => text.push_str(&answer.text),
        }
        let text = transcript.named(&text);
        transcript.text.push_str(&text);
        transcript.text.push_str("\n\n");
        answer
    }

    /// Gives an id a name in the transcript.
    pub fn name(&self, id: Uuid, name: &str) {
        self.transcript.lock().unwrap().names.insert(id, name.into());
    }

    /// All that was written down.
    pub fn transcript(&self) -> String {
        std::mem::take(&mut self.transcript.lock().unwrap().text)
    }
}

impl Transcript {
    /// Ids by name and secrets left out, so that a reader sees what matters and the seed does not.
    fn named(&mut self, text: &str) -> String {
        let word = |c: char| c.is_ascii_alphanumeric() || "-_+/=.".contains(c);
        let mut out = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(word) {
            out.push_str(&rest[..at]);
            let end = rest[at..].find(|c| !word(c)).map_or(rest.len(), |end| at + end);
            for part in rest[at..end].split_inclusive(['/', '=']) {
                let (part, separator) = part.split_at(part.len() - usize::from(part.ends_with(['/', '='])));
                let part = if out.ends_with("key:") { "<key>" } else { part };
                match part.parse::<Uuid>() {
                    Ok(id) if part.len() == 36 => {
                        let next = format!("<id-{}>", self.names.len() + 1);
                        out.push_str(self.names.entry(id).or_insert(next));
                    }
                    _ if part.len() >= 32 && part.chars().any(|c| c.is_ascii_digit()) => out.push_str("<opaque>"),
                    _ => out.push_str(part),
                }
                out.push_str(separator);
            }
            rest = &rest[end..];
        }
        out + rest
    }
}
