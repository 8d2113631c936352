//! Configuration: flags before environment before `countersign.toml` in the data directory before defaults.

pub mod mail;
pub mod sign_in;

use crate::{arguments::Global, exit::Exit};
use anyhow::{Context as _, Result};
use countersign_core::id::WorkspaceId;
use mail::MailFile;
use serde::Deserialize;
use sign_in::SignInFile;
use std::{
    fs,
    io::{self, Write as _},
    net::SocketAddr,
    path::{Path, PathBuf},
};

/// The data directory where none is named.
pub const DATA_DEFAULT: &str = "countersign-data";
/// Where `serve` listens where nothing else is said. Only this machine reaches it.
pub const LISTEN_DEFAULT: &str = "127.0.0.1:7171";
const FILE_NAME: &str = "countersign.toml";
const DATABASE_NAME: &str = "countersign.db";

/// `countersign.toml`. Every key may be left away.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct File {
    /// `postgres://..`; absent: an embedded database in the data directory.
    pub database_url: Option<String>,
    /// Where the root secret is; absent: beside the data directory. Paths are relative to the data directory.
    pub secret_file: Option<PathBuf>,
    /// Where erasures are listed, for restores of older backups; absent: beside the data directory.
    pub erasure_list: Option<PathBuf>,
    /// The workspace that commands are about, where there are several.
    pub workspace: Option<WorkspaceId>,
    /// Where `serve` listens.
    pub listen: Option<SocketAddr>,
    /// Where people reach the desk, as in `https://countersign.example.org`.
    pub url: Option<String>,
    /// What `serve` logs, as in `info` or `countersign=debug`.
    pub log: Option<String>,
    /// How people may sign in beside links and passkeys.
    pub sign_in: SignInFile,
    /// By which server letters go out; absent: none do.
    pub mail: Option<MailFile>,
}

/// What a command works with.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The data directory.
    pub data: PathBuf,
    /// A path to a SQLite file, or `postgres://..`.
    pub database: String,
    /// Where the root secret is, where the environment does not hold it.
    pub secret_file: PathBuf,
    /// Where erasures are listed.
    pub erasure_list: PathBuf,
    /// The workspace that is meant; absent: the only one.
    pub workspace: Option<WorkspaceId>,
    /// Where `serve` listens.
    pub listen: Option<SocketAddr>,
    /// Where people reach the desk.
    pub url: Option<String>,
    /// What `serve` logs.
    pub log: Option<String>,
    /// How people may sign in beside links and passkeys.
    pub sign_in: SignInFile,
    /// By which server letters go out; absent: none do.
    pub mail: Option<MailFile>,
}

impl Settings {
    /// Puts flags, environment and file together. A data directory that is not there has no file.
    pub fn load(global: &Global) -> Result<Self> {
        let data = global.data.clone().unwrap_or_else(|| PathBuf::from(DATA_DEFAULT));
        let file = read(&data)?;
        let database = global.database_url.clone().or(file.database_url);
        let database = database.unwrap_or_else(|| data.join(DATABASE_NAME).to_string_lossy().into_owned());
        let configured = file.secret_file.map(|path| data.join(path));
        let secret_file = global.secret_file.clone().or(configured).unwrap_or_else(|| beside(&data, "secret"));
        let erasure_list = file.erasure_list.map_or_else(|| beside(&data, "erasures"), |path| data.join(path));
        Ok(Self {
            database,
            secret_file,
            erasure_list,
            workspace: global.workspace.or(file.workspace),
            listen: file.listen,
            url: file.url,
            log: file.log,
            sign_in: file.sign_in,
            mail: file.mail,
            data,
        })
    }

    /// Whether the database is a server, and so not in the data directory.
    pub fn is_postgres(&self) -> bool {
        self.database.starts_with("postgres://") || self.database.starts_with("postgresql://")
    }
}

/// Writes into a data directory that has no `countersign.toml` where `serve` listens, so that what is asked later finds it.
///
/// # Errors
/// Where the file is there already or cannot be written.
pub fn listen_keep(data: &Path, address: SocketAddr) -> Result<()> {
    let path = data.join(FILE_NAME);
    let mut file = fs::File::create_new(&path).with_context(|| format!("make {}", path.display()))?;
    writeln!(file, "listen = \"{address}\"").with_context(|| format!("write {}", path.display()))
}

fn read(data: &Path) -> Result<File> {
    let path = data.join(FILE_NAME);
    match fs::read_to_string(&path) {
        Ok(text) => parse(&text).map_err(|error| Exit::Usage.because(format!("{}: {error}", path.display()))),
        Err(error) if error.kind() == io::ErrorKind::NotFound || error.kind() == io::ErrorKind::NotADirectory => Ok(File::default()),
        Err(error) => Err(error).with_context(|| format!("read {}", path.display())),
    }
}

fn parse(text: &str) -> Result<File, String> {
    toml::from_str(text).map_err(|error| error.to_string().trim_end().to_owned())
}

/// `<data>.secret`, beside the data directory: whoever copies the directory has not copied the secret.
fn beside(data: &Path, extension: &str) -> PathBuf {
    let absolute = std::path::absolute(data).unwrap_or_else(|_| data.to_owned());
    let name = absolute.file_name().map_or_else(|| "countersign-data".into(), |name| name.to_string_lossy().into_owned());
    absolute.with_file_name(format!("{name}.{extension}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_key_or_value_is_named_with_its_line() {
        assert_eq!(parse("").unwrap(), File::default());
        let file = parse("listen = \"0.0.0.0:80\"\nlog = \"info\"").unwrap();
        assert_eq!(file.listen.unwrap().port(), 80);
        for (text, wanted) in [
            ("log = \"x\"\nlissten = 1", vec!["line 2", "lissten", "listen"]),
            ("listen = \"localhost\"", vec!["line 1", "listen"]),
            ("workspace = \"main\"", vec!["line 1", "workspace"]),
            ("log = ", vec!["line 1"]),
        ] {
            let error = parse(text).unwrap_err();
            assert!(wanted.iter().all(|word| error.contains(word)), "{error}");
        }
    }

    #[test]
    fn the_secret_lies_beside_the_data_and_not_inside() {
        for data in ["x/data", "x/data/", "./data", "/srv/data"] {
            let secret = beside(Path::new(data), "secret");
            assert!(secret.ends_with("data.secret"), "{secret:?}");
            assert!(!secret.starts_with(std::path::absolute(data).unwrap()), "{secret:?}");
        }
    }
}
