//! Track records, in parts that versions share, and which node learns. Never reads what a part says.

use crate::{
    db::Conn,
    error::{Error, attempt},
};
use sqlx::Row;
use uuid::Uuid;

statements! {
    PART_PUT = "insert into track_parts (workspace, digest, bytes) values ($1, $2, $3) on conflict (workspace, digest) do nothing";
    PART_GET = "select bytes from track_parts where workspace = $1 and digest = $2";
    RECORD_PUT = "insert into track_records (workspace, playbook, number, digest, made_at, parts) values ($1, $2, $3, $4, $5, $6)";
    RECORD_GET = "select playbook, number, digest, made_at, parts from track_records where workspace = $1 and playbook = $2 and number = $3";
    RECORDS_LIST = "select playbook, number, digest, made_at, parts from track_records where workspace = $1 and playbook = $2 order by number desc limit $3";
    LEARNER_TAKE = "insert into learners (workspace, holder, until) values ($1, $2, $4) on conflict (workspace) do update set holder = excluded.holder, until = excluded.until where learners.holder = excluded.holder or learners.until <= $3 returning until";
    LEARNERS_CLEAR = "delete from learners";
}

/// A version of a track record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordRow {
    /// The playbook.
    pub playbook: Uuid,
    /// From 1.
    pub number: i64,
    /// SHA-256 of its bytes.
    pub digest: Vec<u8>,
    /// When it was made.
    pub made_at: i64,
    /// Its parts as JSON: name and digest.
    pub parts: String,
}

macro_rules! record_row {
    ($r:expr) => {
        RecordRow { playbook: $r.get(0), number: $r.get(1), digest: $r.get(2), made_at: $r.get(3), parts: $r.get(4) }
    };
}

/// Adds a part, unless it is there already.
///
/// # Errors
/// Where the storage fails.
pub async fn put_part(conn: Conn<'_>, workspace: Uuid, digest: &[u8], bytes: &[u8]) -> Result<(), Error> {
    on!(conn, c => sqlx::query(PART_PUT).bind(workspace).bind(digest).bind(bytes).execute(c).await.map(|_| ()))
        .map_err(attempt("keep a part of a track record"))
}

/// A part's bytes.
///
/// # Errors
/// Where the storage fails.
pub async fn part(conn: Conn<'_>, workspace: Uuid, digest: &[u8]) -> Result<Option<Vec<u8>>, Error> {
    on!(conn, c => sqlx::query(PART_GET).bind(workspace).bind(digest).fetch_optional(c).await.map(|r| r.map(|r| r.get(0))))
        .map_err(attempt("read a part of a track record"))
}

/// Adds a version.
///
/// # Errors
/// [`Error::Conflict`] where it is there already.
pub async fn put(conn: Conn<'_>, workspace: Uuid, row: &RecordRow) -> Result<(), Error> {
    on!(conn, c => sqlx::query(RECORD_PUT)
        .bind(workspace)
        .bind(row.playbook)
        .bind(row.number)
        .bind(row.digest.as_slice())
        .bind(row.made_at)
        .bind(row.parts.as_str())
        .execute(c)
        .await
        .map(|_| ()))
    .map_err(attempt("add a track record"))
}

/// One version.
///
/// # Errors
/// Where the storage fails.
pub async fn get(conn: Conn<'_>, workspace: Uuid, playbook: Uuid, number: i64) -> Result<Option<RecordRow>, Error> {
    on!(conn, c => sqlx::query(RECORD_GET)
        .bind(workspace)
        .bind(playbook)
        .bind(number)
        .fetch_optional(c)
        .await
        .map(|r| r.map(|r| record_row!(r))))
    .map_err(attempt("find a track record"))
}

/// The latest versions of a playbook's record, newest first.
///
/// # Errors
/// Where the storage fails.
pub async fn list(conn: Conn<'_>, workspace: Uuid, playbook: Uuid, limit: i64) -> Result<Vec<RecordRow>, Error> {
    on!(conn, c => sqlx::query(RECORDS_LIST)
        .bind(workspace)
        .bind(playbook)
        .bind(limit)
        .fetch_all(c)
        .await
        .map(|rows| rows.into_iter().map(|r| record_row!(r)).collect()))
    .map_err(attempt("list track records"))
}

/// Takes or renews the learner's lease. `false`: another node has it.
///
/// # Errors
/// Where the storage fails.
pub async fn lease(conn: Conn<'_>, workspace: Uuid, holder: Uuid, now: i64, until: i64) -> Result<bool, Error> {
    on!(conn, c => sqlx::query(LEARNER_TAKE)
        .bind(workspace)
        .bind(holder)
        .bind(now)
        .bind(until)
        .fetch_optional(c)
        .await
        .map(|r| r.is_some()))
    .map_err(attempt("take the learner's lease"))
}

/// Drops all leases, in a database that was restored and that no node serves yet.
///
/// # Errors
/// Where the storage fails.
pub async fn leases_clear(conn: Conn<'_>) -> Result<(), Error> {
    on!(conn, c => sqlx::query(LEARNERS_CLEAR).execute(c).await.map(|_| ())).map_err(attempt("drop the learners' leases"))
}
