//! `[sign_in]` in `countersign.toml`: passwords, and providers (OpenID Connect). Reads the secrets that it names, and asks no provider.

use crate::exit::Exit;
use anyhow::Result;
use countersign_server::{ClientSecret, ProviderSettings, SignIn};
use serde::Deserialize;
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

/// How people may sign in beside links and passkeys.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SignInFile {
    /// Whether passwords are taken.
    passwords: bool,
    /// Providers by name.
    oidc: BTreeMap<String, ProviderFile>,
}

/// One provider.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct ProviderFile {
    /// What people call it; absent: its name.
    label: Option<String>,
    /// Its issuer, exactly as it says itself.
    issuer: String,
    /// As what this server is known there.
    client_id: String,
    /// Where the secret is that goes with it; relative to the data directory.
    client_secret_file: Option<PathBuf>,
    /// Which variable of the environment holds it instead.
    client_secret_env: Option<String>,
    /// What is asked for beside `openid`.
    #[serde(default = "scopes_default")]
    scopes: Vec<String>,
    /// Whether its word is taken for addresses that it vouches for.
    #[serde(default = "yes")]
    link_by_email: bool,
}

fn scopes_default() -> Vec<String> {
    vec!["email".to_owned()]
}

fn yes() -> bool {
    true
}

impl SignInFile {
    /// With the secrets; `variable` gives what a variable of the environment holds.
    ///
    /// # Errors
    /// In words that name the provider and the key.
    pub fn read(&self, data: &Path, variable: impl Fn(&str) -> Option<String>) -> Result<SignIn> {
        let one = |(name, file): (&String, &ProviderFile)| {
            let wrong = |what: String| Exit::Usage.because(format!("countersign.toml: sign_in.oidc.{name}: {what}"));
            let settings = ProviderSettings {
                name: name.clone(),
                label: file.label.clone().unwrap_or_else(|| name.clone()),
                issuer: file.issuer.clone(),
                client_id: file.client_id.clone(),
                client_secret: file.secret(data, &variable).map_err(wrong)?,
                scopes: file.scopes.clone(),
                by_mail: file.link_by_email,
            };
            settings.check().map_err(wrong)?;
            Ok(settings)
        };
        Ok(SignIn { passwords: self.passwords, providers: self.oidc.iter().map(one).collect::<Result<_>>()? })
    }
}

impl ProviderFile {
    fn secret(&self, data: &Path, variable: impl Fn(&str) -> Option<String>) -> Result<Option<ClientSecret>, String> {
        let text = match (&self.client_secret_file, &self.client_secret_env) {
            (None, None) => return Ok(None),
            (Some(_), Some(_)) => return Err("say `client_secret_file` or `client_secret_env`, not both".to_owned()),
            (Some(file), None) => {
                let path = data.join(file);
                fs::read_to_string(&path).map_err(|error| format!("client_secret_file {}: {error}", path.display()))?
            }
            (None, Some(name)) => variable(name).ok_or_else(|| format!("client_secret_env: the environment has no {name}"))?,
        };
        match text.trim() {
            "" => Err("the client's secret is empty".to_owned()),
            text => Ok(Some(ClientSecret(text.to_owned()))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OURS: &str = "[oidc.ours]\nissuer = \"https://id.example.org\"\nclient_id = \"desk\"\n";

    fn read(text: &str, data: &Path) -> Result<SignIn, String> {
        let file: SignInFile = toml::from_str(text).map_err(|error| error.to_string())?;
        file.read(data, |name| (name == "OURS").then(|| "by the environment".to_owned())).map_err(|error| error.to_string())
    }

    #[test]
    fn nothing_is_taken_where_nothing_is_said() {
        assert_eq!(read("", Path::new("x")).unwrap(), SignIn::default());
        assert!(!SignIn::default().passwords);
    }

    #[test]
    fn a_provider_is_read_with_its_secret() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("ours.secret"), "by a file\n").unwrap();
        for (more, secret) in [
            ("", None),
            ("client_secret_file = \"ours.secret\"", Some("by a file")),
            ("client_secret_env = \"OURS\"", Some("by the environment")),
        ] {
            let read = read(&format!("passwords = true\n{OURS}{more}"), folder.path()).unwrap();
            let [ours] = read.providers.as_slice() else { panic!("{read:?}") };
            assert!(read.passwords && ours.by_mail);
            assert_eq!((ours.name.as_str(), ours.label.as_str(), ours.scopes.as_slice()), ("ours", "ours", &["email".to_owned()][..]));
            assert_eq!(ours.client_secret.as_ref().map(|secret| secret.0.as_str()), secret);
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("empty.secret"), " \n").unwrap();
        for (text, wanted) in [
            (format!("{OURS}client_secret_file = \"no.secret\""), vec!["sign_in.oidc.ours", "client_secret_file", "no.secret"]),
            (format!("{OURS}client_secret_file = \"empty.secret\""), vec!["sign_in.oidc.ours", "empty"]),
            (format!("{OURS}client_secret_env = \"THEIRS\""), vec!["client_secret_env", "THEIRS"]),
            (format!("{OURS}client_secret_env = \"OURS\"\nclient_secret_file = \"x\""), vec!["not both"]),
            (format!("{OURS}client_secret = \"x\""), vec!["client_secret"]),
            (OURS.replace("https", "http"), vec!["sign_in.oidc.ours", "issuer"]),
            (OURS.replace("oidc.ours", "oidc.Ours"), vec!["Ours", "small letters"]),
            (OURS.replace("client_id = \"desk\"", ""), vec!["client_id"]),
            ("password = true".to_owned(), vec!["password"]),
        ] {
            let error = read(&text, folder.path()).unwrap_err();
            assert!(wanted.iter().all(|word| error.contains(word)), "{text}: {error}");
        }
    }
}
