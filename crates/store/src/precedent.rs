//! What decided cases are like, in sealed sketches, and up to which event they were made. Never sees a sketch in the clear.

use crate::{
    db::Conn,
    error::{Error, attempt},
};
use sqlx::Row;
use uuid::Uuid;

const PRECEDENT_UPSERT: &str = "insert into precedents (workspace, case_id, playbook, subject, version, decided_at, known, sealed)";
const PRECEDENT_UPSERT_TAIL: &str = "on conflict (workspace, case_id) do update set version = excluded.version, decided_at = excluded.decided_at, known = excluded.known, sealed = excluded.sealed";

statements! {
    PRECEDENT_DELETE = "delete from precedents where workspace = $1 and case_id = $2";
    PRECEDENTS_ERASE = "delete from precedents where workspace = $1 and subject = $2";
    PRECEDENTS_LIST = "select p.case_id, p.playbook, p.subject, p.version, p.decided_at, p.known, p.sealed, s.wrapped_key from precedents p left join subjects s on s.workspace = p.workspace and s.subject = p.subject where p.workspace = $1 and p.playbook = $2 and (p.decided_at, p.case_id) > ($3, $4) order by p.decided_at, p.case_id limit $5";
    PRECEDENTS_BEFORE = "select decided_at, case_id from precedents where workspace = $1 and playbook = $2 order by decided_at desc, case_id desc limit 1 offset $3";
    PRECEDENTS_KNOWN = "select case_id from precedents where workspace = $1 and playbook = $2 and known order by decided_at desc limit $3";
    PRECEDENTS_CLEAR = "delete from precedents where workspace = $1";
    MARK_GET = "select position from precedent_marks where workspace = $1";
    MARK_BEGIN = "insert into precedent_marks (workspace, position) values ($1, 0) on conflict (workspace) do nothing";
    MARK_ADVANCE = "update precedent_marks set position = $3 where workspace = $1 and position = $2";
    MARK_CLEAR = "delete from precedent_marks where workspace = $1";
    TOUCHED_FROM = "select position, stream, type from events where workspace = $1 and position >= $2 order by position limit $3";
}

/// What a decided case is like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrecedentRow {
    /// The case.
    pub case: Uuid,
    /// Its playbook.
    pub playbook: Uuid,
    /// Whose data it is.
    pub subject: Option<Uuid>,
    /// The case's version when it was made.
    pub version: i64,
    /// When the case was decided, in microseconds.
    pub decided_at: i64,
    /// Whether its outcome is known.
    pub known: bool,
    /// The sketch, encrypted.
    pub sealed: Vec<u8>,
}

/// An event by its place, its stream and its type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Touched {
    /// Place in the log.
    pub position: i64,
    /// The stream.
    pub stream: Uuid,
    /// The released type name.
    pub type_name: String,
}

/// Writes sketches, each in the place of the one before.
///
/// # Errors
/// Where the storage fails.
pub async fn upsert(mut conn: Conn<'_>, workspace: Uuid, rows: &[PrecedentRow]) -> Result<(), Error> {
    insert_rows!(conn, "keep what cases are like", PRECEDENT_UPSERT, 8, PRECEDENT_UPSERT_TAIL, rows, |query, row| query
        .bind(workspace)
        .bind(row.case)
        .bind(row.playbook)
        .bind(row.subject)
        .bind(row.version)
        .bind(row.decided_at)
        .bind(row.known)
        .bind(row.sealed.as_slice()));
    Ok(())
}

/// Forgets a case.
///
/// # Errors
/// Where the storage fails.
pub async fn delete(conn: Conn<'_>, workspace: Uuid, case: Uuid) -> Result<(), Error> {
    on!(conn, c => sqlx::query(PRECEDENT_DELETE).bind(workspace).bind(case).execute(c).await.map(|_| ()))
        .map_err(attempt("forget what a case is like"))
}

/// Forgets all cases of a subject.
///
/// # Errors
/// Where the storage fails.
pub async fn erase(conn: Conn<'_>, workspace: Uuid, subject: Uuid) -> Result<(), Error> {
    on!(conn, c => sqlx::query(PRECEDENTS_ERASE).bind(workspace).bind(subject).execute(c).await.map(|_| ()))
        .map_err(attempt("erase what a subject's cases are like"))
}

/// Sketches of a playbook in the order in which their cases were decided, after a place in it; each with its subject's wrapped key, where
/// it has one.
///
/// # Errors
/// Where the storage fails.
pub async fn list(
    conn: Conn<'_>,
    workspace: Uuid,
    playbook: Uuid,
    after: (i64, Uuid),
    limit: i64,
) -> Result<Vec<(PrecedentRow, Option<Vec<u8>>)>, Error> {
    on!(conn, c => sqlx::query(PRECEDENTS_LIST).bind(workspace).bind(playbook).bind(after.0).bind(after.1).bind(limit).fetch_all(c).await.map(|rows| {
        rows.iter().map(|r| (PrecedentRow { case: r.get(0), playbook: r.get(1), subject: r.get(2), version: r.get(3), decided_at: r.get(4), known: r.get(5), sealed: r.get(6) }, r.get(7))).collect()
    }))
    .map_err(attempt("read what cases are like"))
}

/// The place in that order after which the latest `most` of a playbook's sketches come; `None` where there are no more than that.
///
/// # Errors
/// Where the storage fails.
pub async fn before_latest(conn: Conn<'_>, workspace: Uuid, playbook: Uuid, most: i64) -> Result<Option<(i64, Uuid)>, Error> {
    on!(conn, c => sqlx::query(PRECEDENTS_BEFORE).bind(workspace).bind(playbook).bind(most).fetch_optional(c).await.map(|r| r.map(|r| (r.get(0), r.get(1)))))
        .map_err(attempt("find the latest of what cases are like"))
}

/// The cases of a playbook that were decided last and whose outcome is known, the latest first.
///
/// # Errors
/// Where the storage fails.
pub async fn known(conn: Conn<'_>, workspace: Uuid, playbook: Uuid, limit: i64) -> Result<Vec<Uuid>, Error> {
    on!(conn, c => sqlx::query(PRECEDENTS_KNOWN).bind(workspace).bind(playbook).bind(limit).fetch_all(c).await.map(|rows| rows.iter().map(|r| r.get(0)).collect()))
        .map_err(attempt("find cases whose outcome is known"))
}

/// The next event from which sketches have to be made; `None`: none was made yet.
///
/// # Errors
/// Where the storage fails.
pub async fn mark(conn: Conn<'_>, workspace: Uuid) -> Result<Option<i64>, Error> {
    on!(conn, c => sqlx::query(MARK_GET).bind(workspace).fetch_optional(c).await.map(|r| r.map(|r| r.get(0))))
        .map_err(attempt("read how far precedents are"))
}

/// Begins to make sketches at the first event, where nobody has begun.
///
/// # Errors
/// Where the storage fails.
pub async fn mark_begin(conn: Conn<'_>, workspace: Uuid) -> Result<(), Error> {
    on!(conn, c => sqlx::query(MARK_BEGIN).bind(workspace).execute(c).await.map(|_| ())).map_err(attempt("begin to make precedents"))
}

/// Says that the sketches of the events from `from` to before `to` were made. Changes nothing where the mark is somewhere else: then
/// there are events before `from` that somebody else is still to make them of, or somebody was faster.
///
/// # Errors
/// Where the storage fails.
pub async fn mark_advance(conn: Conn<'_>, workspace: Uuid, (from, to): (i64, i64)) -> Result<(), Error> {
    on!(conn, c => sqlx::query(MARK_ADVANCE).bind(workspace).bind(from).bind(to).execute(c).await.map(|_| ()))
        .map_err(attempt("write how far precedents are"))
}

/// Drops all of them, so that they are made again.
///
/// # Errors
/// Where the storage fails.
pub async fn clear(mut conn: Conn<'_>, workspace: Uuid) -> Result<(), Error> {
    on!(conn.again(), c => sqlx::query(PRECEDENTS_CLEAR).bind(workspace).execute(c).await.map(|_| ()))
        .map_err(attempt("drop precedents"))?;
    on!(conn, c => sqlx::query(MARK_CLEAR).bind(workspace).execute(c).await.map(|_| ())).map_err(attempt("drop precedents"))
}

/// What happened from a position on, without what it says.
///
/// # Errors
/// Where the storage fails.
pub async fn touched(conn: Conn<'_>, workspace: Uuid, position: i64, limit: i64) -> Result<Vec<Touched>, Error> {
    on!(conn, c => sqlx::query(TOUCHED_FROM).bind(workspace).bind(position).bind(limit).fetch_all(c).await.map(|rows| {
        rows.iter().map(|r| Touched { position: r.get(0), stream: r.get(1), type_name: text!(r, 2) }).collect()
    }))
    .map_err(attempt("read what happened"))
}
