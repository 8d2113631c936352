//! Folding SQLite's write-ahead log back into the database file, beside the writer or while it waits. Knows nothing of what the tables
//! mean, and not when it is to be done.
//!
//! SQLite syncs the database file only when nothing of the log is left to fold, and with it all that was folded before: so it is synced
//! after each step, where nobody waits for it.

use crate::error::{Error, attempt};
use sqlx::{Executor, Row, SqlitePool};
use std::{
    fs::{File, OpenOptions},
    io,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

/// A log of fewer pages is not worth a sync of its own.
const SYNC_PAGES: i64 = 2_000;

/// The database file, for syncing what was folded into it.
///
/// A process that closes any handle of a file loses all its POSIX locks on it, SQLite's among them (fcntl(2); sqlite.org, "How To
/// Corrupt An SQLite Database File", 2.2). So a file is opened once in a process, and never closed.
#[derive(Debug, Clone)]
pub struct DatabaseFile(Arc<File>);

/// Every database file that this process has opened, by what names it on its machine.
static OPENED: Mutex<Vec<((u64, u64), DatabaseFile)>> = Mutex::new(Vec::new());

impl DatabaseFile {
    /// Opens an existing database file, unless it is open already.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let mut opened = OPENED.lock().unwrap_or_else(PoisonError::into_inner);
        let named = name(path)?;
        if let Some((_, file)) = opened.iter().find(|(other, _)| *other == named) {
            return Ok(file.clone());
        }
        let file = Self(Arc::new(OpenOptions::new().read(true).write(true).open(path)?));
        opened.push((named, file.clone()));
        Ok(file)
    }

    async fn sync(&self) -> Result<(), Error> {
        let file = Arc::clone(&self.0);
        let synced = tokio::task::spawn_blocking(move || file.sync_data()).await;
        synced.map_err(io::Error::other).and_then(|s| s).map_err(|error| attempt("sync the database file")(error.into()))
    }
}

#[cfg(unix)]
fn name(path: &Path) -> io::Result<(u64, u64)> {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata(path).map(|about| (about.dev(), about.ino()))
}

/// Elsewhere closing a handle loses nothing: each opening is one of its own.
#[cfg(not(unix))]
fn name(path: &Path) -> io::Result<(u64, u64)> {
    static NEXT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
    std::fs::metadata(path).map(|_| (0, NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed)))
}

/// How far SQLite's write-ahead log is folded back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Folded {
    /// Pages (of 4 KiB) of the log.
    pub pages: i64,
    /// Those of them that are in the database file by now.
    pub folded: i64,
}

/// Folds back what can be folded without waiting for anybody, beside the writer.
pub(crate) async fn beside(readers: &SqlitePool, file: &DatabaseFile) -> Result<Folded, Error> {
    let folded = once(readers).await?;
    if folded.pages >= SYNC_PAGES {
        file.sync().await?;
    }
    Ok(folded)
}

/// The same while the writer waits.
pub(crate) async fn inside(writer: &SqlitePool) -> Result<Folded, Error> {
    once(writer).await
}

async fn once(pool: &SqlitePool) -> Result<Folded, Error> {
    let answer = pool.fetch_one("pragma wal_checkpoint(passive)").await.map_err(attempt("fold the write-ahead log back"))?;
    Ok(Folded { pages: answer.get(1), folded: answer.get(2) })
}
