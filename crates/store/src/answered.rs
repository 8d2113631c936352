//! The projection of who answered on which case, and when last. Rebuilt from events; holds no answer.

use crate::{
    db::Conn,
    error::{Error, attempt},
};
use sqlx::Row;
use uuid::Uuid;

const ANSWERED_UPSERT: &str = "insert into answered (workspace, person, case_id, answered_at)";
const ANSWERED_UPSERT_TAIL: &str = "on conflict (workspace, person, case_id) do update set answered_at = excluded.answered_at";

statements! {
    ANSWERED_LATELY = "select case_id, answered_at from answered where workspace = $1 and person = $2 order by answered_at desc, case_id desc limit $3";
    ANSWERED_LIST = "select person, case_id, answered_at from answered where workspace = $1 order by person, case_id";
    ANSWERED_CLEAR = "delete from answered where workspace = $1";
}

/// A person's last answer on a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct AnsweredRow {
    /// The person.
    pub person: Uuid,
    /// The case.
    pub case: Uuid,
    /// When.
    pub answered_at: i64,
}

/// Writes who answered; of a person's answers on one case the last of `rows` stays.
///
/// # Errors
/// Where the storage fails.
pub async fn upsert(mut conn: Conn<'_>, workspace: Uuid, rows: &[AnsweredRow]) -> Result<(), Error> {
    // One statement may name a row only once.
    let last: std::collections::BTreeMap<(Uuid, Uuid), AnsweredRow> = rows.iter().map(|row| ((row.person, row.case), *row)).collect();
    let rows: Vec<AnsweredRow> = last.into_values().collect();
    insert_rows!(conn, "write who answered", ANSWERED_UPSERT, 4, ANSWERED_UPSERT_TAIL, &rows, |query, row| query
        .bind(workspace)
        .bind(row.person)
        .bind(row.case)
        .bind(row.answered_at));
    Ok(())
}

/// The cases on which a person answered last, the latest first.
///
/// # Errors
/// Where the storage fails.
pub async fn lately(conn: Conn<'_>, workspace: Uuid, person: Uuid, limit: i64) -> Result<Vec<(Uuid, i64)>, Error> {
    on!(conn, c => sqlx::query(ANSWERED_LATELY).bind(workspace).bind(person).bind(limit).fetch_all(c).await.map(|rows| rows.iter().map(|r| (r.get(0), r.get(1))).collect()))
        .map_err(attempt("find what a person answered"))
}

/// Everything, for holding the projection against a replay.
///
/// # Errors
/// Where the storage fails.
pub async fn list(conn: Conn<'_>, workspace: Uuid) -> Result<Vec<AnsweredRow>, Error> {
    on!(conn, c => sqlx::query(ANSWERED_LIST).bind(workspace).fetch_all(c).await.map(|rows| rows.iter().map(|r| AnsweredRow { person: r.get(0), case: r.get(1), answered_at: r.get(2) }).collect()))
        .map_err(attempt("list who answered"))
}

/// Empties the projection, inside the transaction that fills it again.
///
/// # Errors
/// Where the storage fails.
pub async fn clear(conn: Conn<'_>, workspace: Uuid) -> Result<(), Error> {
    on!(conn, c => sqlx::query(ANSWERED_CLEAR).bind(workspace).execute(c).await.map(|_| ()))
        .map_err(attempt("empty the projection of who answered"))
}
