//! The head of a workspace's log. Advancing it is the last statement of every write, and what puts writes in order.

use crate::{
    db::Conn,
    error::{Error, attempt},
};
use sqlx::Row;
use uuid::Uuid;

statements! {
    HEAD_INSERT = "insert into log_heads (workspace, size, control_epoch) values ($1, 0, 1) on conflict (workspace) do nothing";
    HEAD_GET = "select size, control_epoch from log_heads where workspace = $1";
    HEAD_ADVANCE = "update log_heads set size = size + $1 where workspace = $2 and control_epoch = $3 returning size";
    HEAD_BUMP = "update log_heads set control_epoch = control_epoch + 1 where workspace = $1 and control_epoch = $2 returning control_epoch";
    HEAD_HOLD = "update log_heads set size = size where workspace = $1";
    WORKSPACES = "select workspace from log_heads order by workspace";
}

/// The head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// Number of events.
    pub size: i64,
    /// Version of what decisions are made under: stops, people, playbooks.
    pub control_epoch: i64,
}

/// Makes the head of a new workspace.
///
/// # Errors
/// Where the storage fails.
pub async fn create(conn: Conn<'_>, workspace: Uuid) -> Result<(), Error> {
    on!(conn, c => sqlx::query(HEAD_INSERT).bind(workspace).execute(c).await.map(|_| ())).map_err(attempt("make the log"))
}

/// The head, if there is such a workspace.
///
/// # Errors
/// Where the storage fails.
pub async fn get(conn: Conn<'_>, workspace: Uuid) -> Result<Option<Head>, Error> {
    on!(conn, c => sqlx::query(HEAD_GET).bind(workspace).fetch_optional(c).await.map(|r| r.map(|r| Head { size: r.get(0), control_epoch: r.get(1) })))
        .map_err(attempt("read the log's head"))
}

/// Advances by `count` events and returns the new size. `None`: the control epoch has moved, so decide again.
///
/// # Errors
/// Where the storage fails.
pub async fn advance(conn: Conn<'_>, workspace: Uuid, count: i64, control_epoch: i64) -> Result<Option<i64>, Error> {
    on!(conn, c => sqlx::query(HEAD_ADVANCE).bind(count).bind(workspace).bind(control_epoch).fetch_optional(c).await.map(|r| r.map(|r| r.get(0))))
        .map_err(attempt("advance the log"))
}

/// Moves the control epoch, after which every batch that was decided under the old one is decided again.
///
/// # Errors
/// [`Error::Conflict`] where it has moved already.
pub async fn bump(conn: Conn<'_>, workspace: Uuid, control_epoch: i64) -> Result<i64, Error> {
    let next: Option<i64> =
        on!(conn, c => sqlx::query(HEAD_BUMP).bind(workspace).bind(control_epoch).fetch_optional(c).await.map(|r| r.map(|r| r.get(0))))
            .map_err(attempt("move the control epoch"))?;
    next.ok_or(Error::Conflict { attempted: "move the control epoch" })
}

/// Keeps every other writer of the workspace out until the transaction ends.
///
/// # Errors
/// Where the storage fails.
pub async fn hold(conn: Conn<'_>, workspace: Uuid) -> Result<(), Error> {
    on!(conn, c => sqlx::query(HEAD_HOLD).bind(workspace).execute(c).await.map(|_| ())).map_err(attempt("hold the log"))
}

/// All workspaces of this database.
///
/// # Errors
/// Where the storage fails.
pub async fn workspaces(conn: Conn<'_>) -> Result<Vec<Uuid>, Error> {
    on!(conn, c => sqlx::query(WORKSPACES).fetch_all(c).await.map(|rows| rows.iter().map(|r| r.get(0)).collect()))
        .map_err(attempt("list workspaces"))
}
