//! The projection of decisions as they stand. Rebuilt from events.

use crate::{
    db::Conn,
    error::{Error, attempt},
};
use sqlx::Row;
use uuid::Uuid;

const DECISION_INSERT: &str = "insert into decisions (workspace, decision, position, case_id, playbook, playbook_version, answer, basis, status, decided_at, act_after)";

statements! {
    DECISION_GET = "select decision, position, case_id, playbook, playbook_version, answer, basis, status, decided_at, act_after from decisions where workspace = $1 and decision = $2";
    DECISIONS_LIST = "select decision, position, case_id, playbook, playbook_version, answer, basis, status, decided_at, act_after from decisions where workspace = $1 and position > $2 order by position limit $3";
    DECISIONS_LIST_OF = "select decision, position, case_id, playbook, playbook_version, answer, basis, status, decided_at, act_after from decisions where workspace = $1 and playbook = $2 and position > $3 order by position limit $4";
    DECISION_STAND = "update decisions set status = $3, answer = coalesce($4, answer) where workspace = $1 and decision = $2";
    DECISIONS_CLEAR = "delete from decisions where workspace = $1";
}

/// A decision as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecisionRow {
    /// The decision.
    pub decision: Uuid,
    /// Its place in the log, which is the order in which decisions are listed.
    pub position: i64,
    /// Its case.
    pub case: Uuid,
    /// Its playbook.
    pub playbook: Uuid,
    /// The playbook's version.
    pub playbook_version: i64,
    /// The label of the answer that stands.
    pub answer: String,
    /// What it rests on, in a word.
    pub basis: String,
    /// `standing`, `withdrawn`, `corrected`, `acted`, `overturned`, `reopened`.
    pub status: String,
    /// When it was made.
    pub decided_at: i64,
    /// When something may act on it.
    pub act_after: i64,
}

macro_rules! decision_row {
    ($r:expr) => {
        DecisionRow {
            decision: $r.get(0),
            position: $r.get(1),
            case: $r.get(2),
            playbook: $r.get(3),
            playbook_version: $r.get(4),
            answer: text!($r, 5),
            basis: text!($r, 6),
            status: text!($r, 7),
            decided_at: $r.get(8),
            act_after: $r.get(9),
        }
    };
}

/// Adds decisions.
///
/// # Errors
/// Where the storage fails.
pub async fn insert(mut conn: Conn<'_>, workspace: Uuid, rows: &[DecisionRow]) -> Result<(), Error> {
    insert_rows!(conn, "write decisions", DECISION_INSERT, 11, "", rows, |query, row| query
        .bind(workspace)
        .bind(row.decision)
        .bind(row.position)
        .bind(row.case)
        .bind(row.playbook)
        .bind(row.playbook_version)
        .bind(row.answer.as_str())
        .bind(row.basis.as_str())
        .bind(row.status.as_str())
        .bind(row.decided_at)
        .bind(row.act_after));
    Ok(())
}

/// Says how a decision stands from now on; without an answer the old one stays.
///
/// # Errors
/// Where the storage fails.
pub async fn stand(conn: Conn<'_>, workspace: Uuid, decision: Uuid, status: &str, answer: Option<&str>) -> Result<(), Error> {
    on!(conn, c => sqlx::query(DECISION_STAND).bind(workspace).bind(decision).bind(status).bind(answer).execute(c).await.map(|_| ()))
        .map_err(attempt("say how a decision stands"))
}

/// One decision.
///
/// # Errors
/// Where the storage fails.
pub async fn get(conn: Conn<'_>, workspace: Uuid, decision: Uuid) -> Result<Option<DecisionRow>, Error> {
    on!(conn, c => sqlx::query(DECISION_GET).bind(workspace).bind(decision).fetch_optional(c).await.map(|r| r.map(|r| decision_row!(r))))
        .map_err(attempt("find a decision"))
}

/// Decisions after one, oldest first; of one playbook where it is given.
///
/// # Errors
/// Where the storage fails.
pub async fn list(conn: Conn<'_>, workspace: Uuid, playbook: Option<Uuid>, after: i64, limit: i64) -> Result<Vec<DecisionRow>, Error> {
    match playbook {
        None => on!(conn, c => sqlx::query(DECISIONS_LIST).bind(workspace).bind(after).bind(limit).fetch_all(c).await.map(|rows| rows.iter().map(|r| decision_row!(r)).collect())),
        Some(playbook) => {
            on!(conn, c => sqlx::query(DECISIONS_LIST_OF).bind(workspace).bind(playbook).bind(after).bind(limit).fetch_all(c).await.map(|rows| rows.iter().map(|r| decision_row!(r)).collect()))
        }
    }
    .map_err(attempt("list decisions"))
}

/// Empties the projection, inside the transaction that fills it again.
///
/// # Errors
/// Where the storage fails.
pub async fn clear(conn: Conn<'_>, workspace: Uuid) -> Result<(), Error> {
    on!(conn, c => sqlx::query(DECISIONS_CLEAR).bind(workspace).execute(c).await.map(|_| ()))
        .map_err(attempt("empty the projection of decisions"))
}
