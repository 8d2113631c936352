//! A provider in the test's own process: it says what it is, redeems each code once for whoever knows the verifier, and signs ID tokens,
//! well or badly, as a test wants it. People are never asked: a test says who came.

use axum::{
    Json, Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use countersign_server::{ClientSecret, ProviderSettings};
use ring::{
    hmac,
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _},
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};
use tokio::task::JoinHandle;

pub const SECRET: &str = "what the desk is known by";

/// How a token is signed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Signed {
    /// By the provider's key.
    Well,
    /// By a key of somebody else, under the name of the provider's.
    Foreign,
    /// By a key of its own that it did not name before.
    Later,
    /// By the secret that the desk has as well.
    BySecret,
    /// Not at all.
    Not,
}

struct Grant {
    challenge: String,
    token: String,
}

struct Inside {
    issuer: String,
    keys: Mutex<Vec<(String, EcdsaKeyPair)>>,
    grants: Mutex<HashMap<String, Grant>>,
    about: Mutex<Value>,
    told: Mutex<Value>,
    keys_asked: Mutex<usize>,
}

pub struct Provider {
    inside: Arc<Inside>,
    foreign: EcdsaKeyPair,
    task: JoinHandle<()>,
}

fn pair() -> EcdsaKeyPair {
    let random = SystemRandom::new();
    let key = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
    EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, key.as_ref(), &random).unwrap()
}

fn text(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The query of an address.
pub fn query(url: &str) -> HashMap<String, String> {
    form_urlencoded::parse(url.split_once('?').unwrap().1.as_bytes()).into_owned().collect()
}

impl Provider {
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let inside = Arc::new(Inside {
            keys: Mutex::new(vec![("one".into(), pair())]),
            grants: Mutex::default(),
            about: Mutex::new(json!({})),
            told: Mutex::new(json!({
                "issuer": issuer,
                "authorization_endpoint": format!("{issuer}/authorize"),
                "token_endpoint": format!("{issuer}/token"),
                "userinfo_endpoint": format!("{issuer}/me"),
                "jwks_uri": format!("{issuer}/keys"),
                "response_types_supported": ["code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256", "ES256", "HS256", "none"],
                "authorization_response_iss_parameter_supported": true,
            })),
            keys_asked: Mutex::default(),
            issuer,
        });
        let router = Router::new()
            .route(
                "/.well-known/openid-configuration",
                get(async |State(inside): State<Arc<Inside>>| Json(inside.told.lock().unwrap().clone())),
            )
            .route("/keys", get(keys))
            .route("/token", post(token))
            .route("/me", get(async |State(inside): State<Arc<Inside>>| Json(inside.about.lock().unwrap().clone())))
            .with_state(Arc::clone(&inside));
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { inside, foreign: pair(), task }
    }

    /// It is not there any more.
    pub fn stop(&self) {
        self.task.abort();
    }

    pub fn issuer(&self) -> &str {
        &self.inside.issuer
    }

    pub fn settings(&self, name: &str) -> ProviderSettings {
        ProviderSettings {
            name: name.into(),
            label: "Our house".into(),
            issuer: self.inside.issuer.clone(),
            client_id: "desk".into(),
            client_secret: Some(ClientSecret(SECRET.into())),
            scopes: vec!["email".into()],
            by_mail: true,
        }
    }

    /// What it says of itself from now on.
    pub fn says(&self, member: &str, value: Value) {
        self.inside.told.lock().unwrap()[member] = value;
    }

    /// What its user info endpoint says.
    pub fn knows(&self, about: Value) {
        *self.inside.about.lock().unwrap() = about;
    }

    pub fn keys_asked(&self) -> usize {
        *self.inside.keys_asked.lock().unwrap()
    }

    /// Somebody signs in there, whom the desk sent by `url`: where they come back to, with a code for a token with these claims over the
    /// usual ones. A claim that is null is left out.
    pub fn grant(&self, url: &str, now_micros: i64, claims: &Value, signed: Signed) -> String {
        assert!(url.starts_with(&format!("{}/authorize?", self.inside.issuer)), "{url}");
        let asked = query(url);
        assert_eq!((asked["response_type"].as_str(), asked["client_id"].as_str()), ("code", "desk"));
        assert_eq!(asked["code_challenge_method"], "S256");
        assert!(asked["scope"].split(' ').any(|scope| scope == "openid"), "{}", asked["scope"]);
        let now = now_micros / 1_000_000;
        let mut all = json!({
            "iss": self.inside.issuer, "sub": "248289761001", "aud": "desk", "iat": now, "exp": now + 300, "nonce": asked["nonce"],
        });
        for (name, value) in claims.as_object().unwrap() {
            all[name] = value.clone();
        }
        all.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        let token = self.signed(&all, signed);
        let mut grants = self.inside.grants.lock().unwrap();
        let code = format!("code-{}", grants.len());
        grants.insert(code.clone(), Grant { challenge: asked["code_challenge"].clone(), token });
        let answer = [("code", code.as_str()), ("state", &asked["state"]), ("iss", &self.inside.issuer)];
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(answer).finish();
        let back = asked["redirect_uri"].strip_prefix("http://localhost:7171").unwrap_or_else(|| panic!("{}", asked["redirect_uri"]));
        format!("{back}?{query}")
    }

    fn signed(&self, claims: &Value, signed: Signed) -> String {
        let (algorithm, key) = match signed {
            Signed::Well | Signed::Foreign => ("ES256", "one"),
            Signed::Later => ("ES256", "two"),
            Signed::BySecret => ("HS256", "one"),
            Signed::Not => ("none", "one"),
        };
        let head = json!({"alg": algorithm, "typ": "JWT", "kid": key});
        let message = format!("{}.{}", text(head.to_string()), text(claims.to_string()));
        let mut keys = self.inside.keys.lock().unwrap();
        if signed == Signed::Later && keys.len() == 1 {
            keys.push(("two".into(), pair()));
        }
        let sign = |pair: &EcdsaKeyPair| pair.sign(&SystemRandom::new(), message.as_bytes()).unwrap().as_ref().to_vec();
        let signature = match signed {
            Signed::Well => sign(&keys[0].1),
            Signed::Later => sign(&keys[1].1),
            Signed::Foreign => sign(&self.foreign),
            Signed::BySecret => hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes()), message.as_bytes()).as_ref().to_vec(),
            Signed::Not => Vec::new(),
        };
        format!("{message}.{}", text(signature))
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn keys(State(inside): State<Arc<Inside>>) -> Json<Value> {
    *inside.keys_asked.lock().unwrap() += 1;
    let keys = inside.keys.lock().unwrap();
    let one = |(id, pair): &(String, EcdsaKeyPair)| {
        let point = pair.public_key().as_ref();
        json!({"kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": id, "x": text(&point[1..33]), "y": text(&point[33..])})
    };
    Json(json!({ "keys": keys.iter().map(one).collect::<Vec<_>>() }))
}

/// Redeems a code: once, for the client, for whoever knows the verifier of the challenge.
async fn token(State(inside): State<Arc<Inside>>, headers: HeaderMap, body: String) -> Response {
    let form: HashMap<String, String> = form_urlencoded::parse(body.as_bytes()).into_owned().collect();
    let refused = |what: &str| (StatusCode::BAD_REQUEST, Json(json!({ "error": what }))).into_response();
    let encoded = form_urlencoded::byte_serialize(SECRET.as_bytes()).collect::<String>();
    let known = format!("Basic {}", STANDARD.encode(format!("desk:{encoded}")));
    if headers.get("authorization").and_then(|value| value.to_str().ok()) != Some(known.as_str()) {
        return refused("invalid_client");
    }
    let granted = form.get("code").and_then(|code| inside.grants.lock().unwrap().remove(code));
    let Some(granted) = granted else { return refused("invalid_grant") };
    let verifier = form.get("code_verifier").map(|verifier| text(Sha256::digest(verifier)));
    if verifier.as_ref() != Some(&granted.challenge) || !form["redirect_uri"].ends_with("/back") {
        return refused("invalid_grant");
    }
    Json(json!({"access_token": "an access token", "token_type": "Bearer", "expires_in": 60, "id_token": granted.token})).into_response()
}
