//! Practice on past cases: sessions and how far they are. Never reads what a session holds.

use crate::{
    db::Conn,
    error::{Error, attempt},
};
use sqlx::Row;
use uuid::Uuid;

statements! {
    PRACTICE_PUT = "insert into practice (workspace, session, person, playbook, kind, started_at, finished_at, step, content) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    PRACTICE_GET = "select session, person, playbook, kind, started_at, finished_at, step, content from practice where workspace = $1 and session = $2";
    PRACTICE_OF_PERSON = "select session, person, playbook, kind, started_at, finished_at, step, content from practice where workspace = $1 and person = $2 order by started_at desc limit $3";
    PRACTICE_STEP = "update practice set step = $4, finished_at = $5, content = $6 where workspace = $1 and session = $2 and step = $3";
    PRACTICE_DELETE = "delete from practice where workspace = $1 and session = $2 and person = $3";
}

/// A session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PracticeRow {
    /// Its id.
    pub session: Uuid,
    /// Whose it is.
    pub person: Uuid,
    /// The playbook.
    pub playbook: Uuid,
    /// `drill` or `induction`.
    pub kind: String,
    /// When it was begun, in microseconds.
    pub started_at: i64,
    /// When it was finished.
    pub finished_at: Option<i64>,
    /// How many steps were taken.
    pub step: i64,
    /// Cases and answers, as JSON.
    pub content: String,
}

macro_rules! practice_row {
    ($r:expr) => {
        PracticeRow {
            session: $r.get(0),
            person: $r.get(1),
            playbook: $r.get(2),
            kind: $r.get(3),
            started_at: $r.get(4),
            finished_at: $r.get(5),
            step: $r.get(6),
            content: $r.get(7),
        }
    };
}

/// Begins a session.
///
/// # Errors
/// Where the storage fails.
pub async fn put(conn: Conn<'_>, workspace: Uuid, row: &PracticeRow) -> Result<(), Error> {
    on!(conn, c => sqlx::query(PRACTICE_PUT)
        .bind(workspace)
        .bind(row.session)
        .bind(row.person)
        .bind(row.playbook)
        .bind(row.kind.as_str())
        .bind(row.started_at)
        .bind(row.finished_at)
        .bind(row.step)
        .bind(row.content.as_str())
        .execute(c)
        .await
        .map(|_| ()))
    .map_err(attempt("begin practice"))
}

/// One session.
///
/// # Errors
/// Where the storage fails.
pub async fn get(conn: Conn<'_>, workspace: Uuid, session: Uuid) -> Result<Option<PracticeRow>, Error> {
    on!(conn, c => sqlx::query(PRACTICE_GET).bind(workspace).bind(session).fetch_optional(c).await.map(|r| r.map(|r| practice_row!(r))))
        .map_err(attempt("read practice"))
}

/// A person's sessions, the latest first.
///
/// # Errors
/// Where the storage fails.
pub async fn of_person(conn: Conn<'_>, workspace: Uuid, person: Uuid, limit: i64) -> Result<Vec<PracticeRow>, Error> {
    on!(conn, c => sqlx::query(PRACTICE_OF_PERSON)
        .bind(workspace)
        .bind(person)
        .bind(limit)
        .fetch_all(c)
        .await
        .map(|rows| rows.iter().map(|r| practice_row!(r)).collect()))
    .map_err(attempt("list practice"))
}

/// Takes the step after `before`. `false`: it was taken already, as by a second tab.
///
/// # Errors
/// Where the storage fails.
pub async fn step(conn: Conn<'_>, workspace: Uuid, before: i64, row: &PracticeRow) -> Result<bool, Error> {
    on!(conn, c => sqlx::query(PRACTICE_STEP)
        .bind(workspace)
        .bind(row.session)
        .bind(before)
        .bind(row.step)
        .bind(row.finished_at)
        .bind(row.content.as_str())
        .execute(c)
        .await
        .map(|done| done.rows_affected() == 1))
    .map_err(attempt("go on with practice"))
}

/// Deletes a person's session.
///
/// # Errors
/// Where the storage fails.
pub async fn delete(conn: Conn<'_>, workspace: Uuid, session: Uuid, person: Uuid) -> Result<bool, Error> {
    on!(conn, c => sqlx::query(PRACTICE_DELETE).bind(workspace).bind(session).bind(person).execute(c).await.map(|done| done.rows_affected() == 1))
        .map_err(attempt("delete practice"))
}
