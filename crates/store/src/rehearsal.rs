//! Rehearsals that were asked for, and what they found. Operational, never evidence; holds findings as the text that they were.

use crate::{
    db::Conn,
    error::{Error, attempt},
};
use sqlx::Row;
use uuid::Uuid;

statements! {
    REHEARSAL_INSERT = "insert into rehearsals (workspace, id, playbook, question, state, permille, note, started_at, updated_at) values ($1, $2, $3, $4, 'running', 0, '', $5, $5)";
    REHEARSAL_ADVANCE = "update rehearsals set permille = $3, note = $4, updated_at = $5 where workspace = $1 and id = $2 and state = 'running'";
    REHEARSAL_END = "update rehearsals set state = $3, permille = 1000, note = $4, updated_at = $5, findings = $6 where workspace = $1 and id = $2";
    REHEARSAL_GET = "select id, playbook, question, state, permille, note, started_at, updated_at from rehearsals where workspace = $1 and id = $2";
    REHEARSAL_FINDINGS = "select findings from rehearsals where workspace = $1 and id = $2";
    REHEARSALS_LIST = "select id, playbook, question, state, permille, note, started_at, updated_at from rehearsals where workspace = $1 order by started_at desc limit $2";
    REHEARSALS_TRIM = "delete from rehearsals where workspace = $1 and state <> 'running' and started_at < $2";
}

/// A rehearsal without its findings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RehearsalRow {
    /// Its id.
    pub id: Uuid,
    /// The playbook's name.
    pub playbook: String,
    /// What was asked, as JSON.
    pub question: String,
    /// `running`, `done` or `failed`.
    pub state: String,
    /// How much is done, from 0 to 1,000.
    pub permille: i64,
    /// What is being done, or why it failed.
    pub note: String,
    /// When it began.
    pub started_at: i64,
    /// When it last said how far it is.
    pub updated_at: i64,
}

macro_rules! rehearsal_row {
    ($r:expr) => {
        RehearsalRow {
            id: $r.get(0),
            playbook: $r.get(1),
            question: $r.get(2),
            state: $r.get(3),
            permille: $r.get(4),
            note: $r.get(5),
            started_at: $r.get(6),
            updated_at: $r.get(7),
        }
    };
}

/// Adds a rehearsal that begins now.
///
/// # Errors
/// Where the storage fails.
pub async fn insert(conn: Conn<'_>, workspace: Uuid, id: Uuid, playbook: &str, question: &str, now: i64) -> Result<(), Error> {
    on!(conn, c => sqlx::query(REHEARSAL_INSERT)
        .bind(workspace)
        .bind(id)
        .bind(playbook)
        .bind(question)
        .bind(now)
        .execute(c)
        .await
        .map(|_| ()))
    .map_err(attempt("add a rehearsal"))
}

/// Says how far it is.
///
/// # Errors
/// Where the storage fails.
pub async fn advance(conn: Conn<'_>, workspace: Uuid, id: Uuid, permille: i64, note: &str, now: i64) -> Result<(), Error> {
    on!(conn, c => sqlx::query(REHEARSAL_ADVANCE)
        .bind(workspace)
        .bind(id)
        .bind(permille)
        .bind(note)
        .bind(now)
        .execute(c)
        .await
        .map(|_| ()))
    .map_err(attempt("say how far a rehearsal is"))
}

/// Ends it: with findings where it is `done`, with a reason where it `failed`.
///
/// # Errors
/// Where the storage fails.
pub async fn end(conn: Conn<'_>, workspace: Uuid, id: Uuid, outcome: Result<&str, &str>, now: i64) -> Result<(), Error> {
    let (state, note, findings) = match outcome {
        Ok(findings) => ("done", "", Some(findings)),
        Err(reason) => ("failed", reason, None),
    };
    on!(conn, c => sqlx::query(REHEARSAL_END)
        .bind(workspace)
        .bind(id)
        .bind(state)
        .bind(note)
        .bind(now)
        .bind(findings)
        .execute(c)
        .await
        .map(|_| ()))
    .map_err(attempt("end a rehearsal"))
}

/// One rehearsal.
///
/// # Errors
/// Where the storage fails.
pub async fn get(conn: Conn<'_>, workspace: Uuid, id: Uuid) -> Result<Option<RehearsalRow>, Error> {
    on!(conn, c => sqlx::query(REHEARSAL_GET).bind(workspace).bind(id).fetch_optional(c).await.map(|r| r.map(|r| rehearsal_row!(r))))
        .map_err(attempt("find a rehearsal"))
}

/// What a rehearsal found, as JSON; `None` where there is none, or nothing yet.
///
/// # Errors
/// Where the storage fails.
pub async fn findings(conn: Conn<'_>, workspace: Uuid, id: Uuid) -> Result<Option<String>, Error> {
    on!(conn, c => sqlx::query(REHEARSAL_FINDINGS)
        .bind(workspace)
        .bind(id)
        .fetch_optional(c)
        .await
        .map(|r| r.and_then(|r| r.get::<Option<String>, _>(0))))
    .map_err(attempt("read what a rehearsal found"))
}

/// The latest rehearsals, newest first.
///
/// # Errors
/// Where the storage fails.
pub async fn list(conn: Conn<'_>, workspace: Uuid, limit: i64) -> Result<Vec<RehearsalRow>, Error> {
    on!(conn, c => sqlx::query(REHEARSALS_LIST)
        .bind(workspace)
        .bind(limit)
        .fetch_all(c)
        .await
        .map(|rows| rows.into_iter().map(|r| rehearsal_row!(r)).collect()))
    .map_err(attempt("list rehearsals"))
}

/// Forgets those that began before a time and are over.
///
/// # Errors
/// Where the storage fails.
pub async fn trim(conn: Conn<'_>, workspace: Uuid, before: i64) -> Result<(), Error> {
    on!(conn, c => sqlx::query(REHEARSALS_TRIM).bind(workspace).bind(before).execute(c).await.map(|_| ()))
        .map_err(attempt("forget old rehearsals"))
}
