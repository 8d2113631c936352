//! Providers that people sign in through (OpenID Connect): what whoever runs the server says of them, and what is known of each. Opens
//! no session and knows no person: what a provider said is checked in [`check`], and the application says what it opens.
//!
//! A provider is reached at the issuer that the configuration names, and nowhere that only a browser named.

mod check;
mod wire;

use countersign_app::{Env, passkey::Site};
use openidconnect::{
    IssuerUrl, JsonWebKeySet,
    core::{CoreJsonWebKey, CoreProviderMetadata},
    url::Url,
};
use serde::Deserialize;
use std::{fmt, sync::Arc};
use tokio::sync::Mutex;
use wire::{Reach, Wire};

/// How long what a provider says of itself is believed.
const KNOWN_MICROS: i64 = 3_600 * 1_000_000;
/// How soon its keys are asked for again where a token names one that is not among them.
const KEYS_AGAIN_MICROS: i64 = 60 * 1_000_000;
/// Longest name of a provider in the configuration: it stands in addresses.
const NAME_CHARS_MAX: usize = 32;

/// A secret that no `Debug` shows.
#[derive(Clone, PartialEq, Eq)]
pub struct ClientSecret(pub String);

impl fmt::Debug for ClientSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientSecret")
    }
}

/// A provider, as whoever runs the server says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderSettings {
    /// Its name in addresses: small letters, digits and hyphens, at most 32.
    pub name: String,
    /// What people call it.
    pub label: String,
    /// Its issuer, exactly as it says itself: `https://..`, or `http://..` on this machine.
    pub issuer: String,
    /// As what this server is known there.
    pub client_id: String,
    /// The secret that goes with it; none for a public client, which PKCE protects alone.
    pub client_secret: Option<ClientSecret>,
    /// What is asked for beside `openid`.
    pub scopes: Vec<String>,
    /// Whether its word is taken for addresses that it vouches for.
    pub by_mail: bool,
}

/// How people may sign in beside links and passkeys.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SignIn {
    /// Whether by passwords.
    pub passwords: bool,
    /// Through which providers, in the order of the page.
    pub providers: Vec<ProviderSettings>,
}

impl ProviderSettings {
    /// Checks what can be checked without asking the provider.
    ///
    /// # Errors
    /// In words that name the setting.
    pub fn check(&self) -> Result<(), String> {
        let letter = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if self.name.is_empty() || self.name.len() > NAME_CHARS_MAX || !self.name.chars().all(letter) {
            return Err(format!("{:?} is no name of a provider: small letters, digits and hyphens, at most {NAME_CHARS_MAX}", self.name));
        }
        let issuer = Url::parse(&self.issuer).map_err(|_| "`issuer` is no address".to_owned())?;
        if Reach::of_issuer(&issuer).is_none() || issuer.query().is_some() || issuer.fragment().is_some() {
            return Err("`issuer` begins with https:// (http:// on this machine only) and has no query".to_owned());
        }
        if self.client_id.is_empty() {
            return Err("`client_id` is empty".to_owned());
        }
        Ok(())
    }
}

/// Why somebody did not get through a provider; for the log, and in other words for them.
#[derive(Debug)]
pub enum Fault {
    /// The provider was not reached, or did not answer as one does.
    Unreachable(String),
    /// What it said does not hold.
    Refused(String),
}

/// What a provider says of itself, checked against the configuration.
struct Known {
    metadata: CoreProviderMetadata,
    /// Whether it names itself when somebody comes back (RFC 9207).
    names_itself: bool,
    reach: Reach,
    asked_at: i64,
}

/// One of its metadata that the crate does not know.
#[derive(Deserialize)]
struct Beside {
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

/// A provider, and what is known of it.
pub struct Provider {
    /// What the configuration says.
    pub settings: ProviderSettings,
    known: Mutex<Option<Arc<Known>>>,
    wire: Arc<Wire>,
}

impl Provider {
    /// Each of them, not asked yet.
    #[must_use]
    pub fn all(sign_in: &SignIn) -> Vec<Self> {
        let wire = Arc::new(Wire::new());
        let one = |settings: &ProviderSettings| Self { settings: settings.clone(), known: Mutex::default(), wire: Arc::clone(&wire) };
        sign_in.providers.iter().map(one).collect()
    }

    /// Where somebody comes back to.
    fn back(&self, site: &Site) -> String {
        format!("{}/desk/sign-in/provider/{}/back", site.origin(), self.settings.name)
    }

    /// What is known of it; asked for where nothing is, or where it is too old.
    async fn known(&self, env: &Env) -> Result<Arc<Known>, Fault> {
        let mut kept = self.known.lock().await;
        if let Some(known) = kept.as_ref().filter(|known| env.now() < known.asked_at + KNOWN_MICROS) {
            return Ok(Arc::clone(known));
        }
        let known = Arc::new(self.ask(env).await?);
        *kept = Some(Arc::clone(&known));
        Ok(known)
    }

    /// The same, asked for again, since a key is not among those that are known.
    async fn known_again(&self, env: &Env, before: &Known) -> Result<Arc<Known>, Fault> {
        let mut kept = self.known.lock().await;
        if let Some(known) =
            kept.as_ref().filter(|known| env.now() < known.asked_at + KEYS_AGAIN_MICROS || known.asked_at != before.asked_at)
        {
            return Ok(Arc::clone(known));
        }
        let known = Arc::new(self.ask(env).await?);
        *kept = Some(Arc::clone(&known));
        Ok(known)
    }

    async fn ask(&self, env: &Env) -> Result<Known, Fault> {
        let wrong = |what: &str| Fault::Unreachable(format!("what the provider says of itself cannot be used: {what}"));
        let issuer = IssuerUrl::new(self.settings.issuer.clone()).map_err(|_| wrong("its issuer is no address"))?;
        let reach = self.wire.reach(issuer.url()).await.map_err(Fault::Unreachable)?;
        let place = format!("{}/.well-known/openid-configuration", self.settings.issuer.trim_end_matches('/'));
        let told = self.wire.get(&reach, &place, None).await.map_err(Fault::Unreachable)?;
        let metadata: CoreProviderMetadata = serde_json::from_slice(&told).map_err(|error| wrong(&error.to_string()))?;
        let beside: Beside = serde_json::from_slice(&told).map_err(|error| wrong(&error.to_string()))?;
        // Whoever answers in a provider's name is not it (OpenID Connect Discovery, section 4.3).
        if *metadata.issuer() != issuer {
            return Err(wrong("it has another issuer than the configuration says"));
        }
        // A browser is sent there: nothing but a page over TLS, or on this machine.
        if !reach.allows(metadata.authorization_endpoint().url()) {
            return Err(wrong("its authorization_endpoint is not reached by TLS"));
        }
        let keys = self.wire.get(&reach, metadata.jwks_uri().as_str(), None).await.map_err(Fault::Unreachable)?;
        let keys: JsonWebKeySet<CoreJsonWebKey> = serde_json::from_slice(&keys).map_err(|error| wrong(&error.to_string()))?;
        let metadata = metadata.set_jwks(keys);
        Ok(Known { metadata, names_itself: beside.authorization_response_iss_parameter_supported, reach, asked_at: env.now() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(name: &str, issuer: &str) -> ProviderSettings {
        ProviderSettings {
            name: name.into(),
            label: "Ours".into(),
            issuer: issuer.into(),
            client_id: "desk".into(),
            client_secret: Some(ClientSecret("hidden".into())),
            scopes: vec![],
            by_mail: true,
        }
    }

    #[test]
    fn what_an_operator_writes_is_checked_and_no_secret_is_shown() {
        for (name, issuer) in [
            ("ours", "https://id.example.org"),
            ("a-1", "https://id.example.org:8443/realms/x/"),
            ("x", "http://127.0.0.1:9"),
            ("x", "http://localhost:9/op"),
            ("x", "http://[::1]:9"),
        ] {
            assert_eq!(settings(name, issuer).check(), Ok(()), "{name} {issuer}");
        }
        for (name, issuer) in [
            ("", "https://id.example.org"),
            ("a/b", "https://id.example.org"),
            ("Ours", "https://id.example.org"),
            ("x", "http://id.example.org"),
            ("x", "http://127.0.0.1.example.org"),
            ("x", "http://localhost@evil.example"),
            ("x", "ftp://id.example.org"),
            ("x", "id.example.org"),
            ("x", "https://id.example.org/?a=b"),
            ("x", "javascript:alert(1)"),
        ] {
            assert!(settings(name, issuer).check().is_err(), "{name} {issuer}");
        }
        assert!(!format!("{:?}", settings("x", "https://x.example")).contains("hidden"));
    }
}
