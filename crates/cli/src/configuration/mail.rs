//! `[mail]` in `countersign.toml`: by which server letters go out. Reads the password that it names, and speaks to no server.

use crate::exit::Exit;
use anyhow::Result;
use countersign_server::mail::{MailSettings, Mailer, Security};
use serde::Deserialize;
use std::{
    fs,
    path::{Path, PathBuf},
};

/// By which server letters go out.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MailFile {
    /// The server.
    host: String,
    /// Its port; absent: 587, and 465 where TLS begins at once.
    port: Option<u16>,
    /// How it is reached.
    #[serde(default)]
    security: SecurityWord,
    /// As whom; absent: the server asks nobody.
    user: Option<String>,
    /// Where the password is; relative to the data directory.
    password_file: Option<PathBuf>,
    /// Which variable of the environment holds it instead.
    password_env: Option<String>,
    /// From whom letters are.
    from: String,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum SecurityWord {
    #[default]
    Starttls,
    Tls,
    None,
}

impl MailFile {
    /// What sends letters, with links to the desk at `desk`; `variable` gives what a variable of the environment holds.
    ///
    /// # Errors
    /// In words that name the key.
    pub fn read(&self, data: &Path, desk: &str, variable: impl Fn(&str) -> Option<String>) -> Result<Mailer> {
        let wrong = |what: String| Exit::Usage.because(format!("countersign.toml: mail: {what}"));
        let (security, port) = match self.security {
            SecurityWord::Starttls => (Security::StartTls, 587),
            SecurityWord::Tls => (Security::Tls, 465),
            SecurityWord::None => (Security::None, 25),
        };
        let settings = MailSettings {
            host: self.host.clone(),
            port: self.port.unwrap_or(port),
            security,
            credentials: self.credentials(data, variable).map_err(wrong)?,
            from: self.from.clone(),
            desk: desk.to_owned(),
        };
        Mailer::new(&settings).map_err(wrong)
    }

    fn credentials(&self, data: &Path, variable: impl Fn(&str) -> Option<String>) -> Result<Option<(String, String)>, String> {
        let password = match (&self.password_file, &self.password_env) {
            (Some(_), Some(_)) => return Err("say `password_file` or `password_env`, not both".to_owned()),
            (Some(file), None) => {
                let path = data.join(file);
                Some(fs::read_to_string(&path).map_err(|error| format!("password_file {}: {error}", path.display()))?)
            }
            (None, Some(name)) => Some(variable(name).ok_or_else(|| format!("password_env: the environment has no {name}"))?),
            (None, None) => None,
        };
        match (&self.user, password.map(|text| text.trim().to_owned())) {
            (None, None) => Ok(None),
            (Some(user), Some(password)) if !password.is_empty() => Ok(Some((user.clone(), password))),
            (Some(_), _) => Err("user: say its password by `password_file` or `password_env`".to_owned()),
            (None, Some(_)) => Err("a password without a `user`".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Mailer, String> {
        let file: MailFile = toml::from_str(text).map_err(|error| error.to_string())?;
        let variable = |name: &str| (name == "MAIL").then(|| "a password".to_owned());
        file.read(Path::new("x"), "http://localhost:7171", variable).map_err(|error| error.to_string())
    }

    #[test]
    fn what_is_wrong_is_named() {
        assert!(read("host = \"mail.example.org\"\nfrom = \"Desk <desk@example.org>\"\nuser = \"desk\"\npassword_env = \"MAIL\"").is_ok());
        assert!(read("host = \"127.0.0.1\"\nport = 2525\nsecurity = \"none\"\nfrom = \"desk@example.org\"").is_ok());
        for (text, wanted) in [
            ("from = \"desk@example.org\"", "host"),
            ("host = \"mail.example.org\"\nfrom = \"nobody\"", "from"),
            ("host = \"mail.example.org\"\nfrom = \"d@example.org\"\nsecurity = \"none\"", "security"),
            ("host = \"mail.example.org\"\nfrom = \"d@example.org\"\nsecurity = \"ssl\"", "starttls"),
            ("host = \"mail.example.org\"\nfrom = \"d@example.org\"\nuser = \"d\"", "password_env"),
            ("host = \"mail.example.org\"\nfrom = \"d@example.org\"\npassword_env = \"MAIL\"", "user"),
            ("host = \"mail.example.org\"\nfrom = \"d@example.org\"\nuser = \"d\"\npassword_env = \"NONE\"", "NONE"),
            ("host = \"mail.example.org\"\nfrom = \"d@example.org\"\nuser = \"d\"\npassword_file = \"nowhere\"", "nowhere"),
            ("host = \"mail.example.org\"\nfrom = \"d@example.org\"\npassword = \"secret\"", "password"),
        ] {
            let error = read(text).map(|_| ()).unwrap_err();
            assert!(error.contains(wanted), "{text}: {error}");
        }
    }
}
