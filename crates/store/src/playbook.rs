//! The projection of playbooks: which versions there are. Their sources stand in their events.

use crate::{
    db::Conn,
    error::{Error, attempt},
};
use sqlx::Row;
use uuid::Uuid;

statements! {
    PLAYBOOK_INSERT = "insert into playbooks (workspace, playbook, version, name) values ($1, $2, $3, $4)";
    PLAYBOOKS_LIST = "select playbook, version, name from playbooks where workspace = $1 order by name, version";
    PLAYBOOKS_CLEAR = "delete from playbooks where workspace = $1";
}

/// One version of a playbook.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PlaybookRow {
    /// The playbook, which is also the stream of its events.
    pub playbook: Uuid,
    /// From 1.
    pub version: i64,
    /// Unique in the workspace.
    pub name: String,
}

/// Adds a version.
///
/// # Errors
/// [`Error::Conflict`] where it is there already.
pub async fn insert(conn: Conn<'_>, workspace: Uuid, row: &PlaybookRow) -> Result<(), Error> {
    on!(conn, c => sqlx::query(PLAYBOOK_INSERT).bind(workspace).bind(row.playbook).bind(row.version).bind(row.name.as_str()).execute(c).await.map(|_| ()))
        .map_err(attempt("add a playbook"))
}

/// All versions of all playbooks.
///
/// # Errors
/// Where the storage fails.
pub async fn list(conn: Conn<'_>, workspace: Uuid) -> Result<Vec<PlaybookRow>, Error> {
    on!(conn, c => sqlx::query(PLAYBOOKS_LIST).bind(workspace).fetch_all(c).await.map(|rows| rows.iter().map(|r| PlaybookRow { playbook: r.get(0), version: r.get(1), name: text!(r, 2) }).collect()))
        .map_err(attempt("list playbooks"))
}

/// Empties the projection, inside the transaction that fills it again.
///
/// # Errors
/// Where the storage fails.
pub async fn clear(conn: Conn<'_>, workspace: Uuid) -> Result<(), Error> {
    on!(conn, c => sqlx::query(PLAYBOOKS_CLEAR).bind(workspace).execute(c).await.map(|_| ()))
        .map_err(attempt("empty the projection of playbooks"))
}
