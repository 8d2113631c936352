//! Throw-away databases of both engines. Never leaves one behind: hundreds of tests, each with a database of 10 MB, fill a small disk.

use std::sync::atomic::{AtomicU64, Ordering};

use sqlx::{AssertSqlSafe, Connection, PgConnection};

/// The environment variable that names a PostgreSQL to make databases in; `cargo xtask test` sets it.
pub const POSTGRES_VARIABLE: &str = "COUNTERSIGN_TEST_POSTGRES";

/// A database that goes away with it.
#[derive(Debug)]
pub struct Database {
    /// A path or a URL.
    pub target: String,
    place: Place,
}

/// Where it lies, and so what has to go.
#[derive(Debug)]
enum Place {
    Folder(tempfile::TempDir),
    Server { url: String, name: String },
}

impl Database {
    /// A fresh SQLite file.
    #[must_use]
    pub fn sqlite() -> Self {
        let folder = tempfile::tempdir().expect("a scratch folder");
        let target = folder.path().join("countersign.db").to_string_lossy().into_owned();
        Self { target, place: Place::Folder(folder) }
    }

    /// A fresh PostgreSQL database, if there is a server to make one in.
    pub async fn postgres() -> Option<Self> {
        static COUNTER: AtomicU64 = AtomicU64::new(0);
        let url = std::env::var(POSTGRES_VARIABLE).ok()?;
        let name = format!("cs_{}_{}", std::process::id(), COUNTER.fetch_add(1, Ordering::SeqCst));
        on_server(&url, format!("create database {name}")).await.expect("a new database on the PostgreSQL that the environment names");
        let (base, _) = url.rsplit_once('/').expect("a URL with a database name");
        let options = url.split_once('?').map(|(_, options)| format!("?{options}")).unwrap_or_default();
        Some(Self { target: format!("{base}/{name}{options}"), place: Place::Server { url, name } })
    }

    /// The folder of a SQLite database.
    #[must_use]
    pub fn folder(&self) -> Option<&std::path::Path> {
        match &self.place {
            Place::Folder(folder) => Some(folder.path()),
            Place::Server { .. } => None,
        }
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let Place::Server { url, name } = &self.place else { return };
        let (url, statement) = (url.clone(), format!("drop database if exists {name} with (force)"));
        // A thread of its own, because a runtime may not wait within a runtime. A server that is gone took the database with it.
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().ok()?;
            runtime.block_on(on_server(&url, statement)).ok()
        });
        drop(dropping.join());
    }
}

async fn on_server(url: &str, statement: String) -> sqlx::Result<()> {
    let mut connection = PgConnection::connect(url).await?;
    sqlx::query(AssertSqlSafe(statement)).execute(&mut connection).await?;
    connection.close().await
}
