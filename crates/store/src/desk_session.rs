//! One-time links into the desk and the sessions that they open, as hashes. Operational, never evidence; holds no token that opens
//! anything.

use crate::{
    db::Conn,
    error::{Error, attempt},
};
use sqlx::Row;
use uuid::Uuid;

statements! {
    DESK_LINK_INSERT = "insert into desk_links (hash, workspace, person, expires_at) values ($1, $2, $3, $4)";
    DESK_LINK_GET = "select workspace, person, expires_at from desk_links where hash = $1";
    DESK_LINK_TAKE = "delete from desk_links where hash = $1";
    DESK_LINKS_EXPIRE = "delete from desk_links where expires_at <= $1";
    DESK_SESSION_INSERT = "insert into desk_sessions (hash, workspace, person, expires_at) values ($1, $2, $3, $4)";
    DESK_SESSION_GET = "select workspace, person, expires_at from desk_sessions where hash = $1";
    DESK_SESSION_DELETE = "delete from desk_sessions where hash = $1";
    DESK_SESSIONS_END = "delete from desk_sessions where workspace = $1 and person = $2";
    DESK_SESSIONS_EXPIRE = "delete from desk_sessions where expires_at <= $1";
}

/// A link or a session: what a hash stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeskRow {
    /// SHA-256 of the secret that its holder has.
    pub hash: [u8; 32],
    /// The workspace it opens.
    pub workspace: Uuid,
    /// The person it speaks for.
    pub person: Uuid,
    /// When it ends.
    pub expires_at: i64,
}

async fn insert(conn: Conn<'_>, sql: &'static str, row: &DeskRow) -> Result<(), sqlx::Error> {
    on!(conn, c => sqlx::query(sql)
        .bind(row.hash.as_slice())
        .bind(row.workspace)
        .bind(row.person)
        .bind(row.expires_at)
        .execute(c)
        .await
        .map(|_| ()))
}

async fn get(conn: Conn<'_>, sql: &'static str, hash: &[u8; 32]) -> Result<Option<DeskRow>, sqlx::Error> {
    on!(conn, c => sqlx::query(sql).bind(hash.as_slice()).fetch_optional(c).await.map(|found| {
        found.map(|r| DeskRow { hash: *hash, workspace: r.get(0), person: r.get(1), expires_at: r.get(2) })
    }))
}

/// Adds a link.
///
/// # Errors
/// Where the storage fails.
pub async fn link_insert(conn: Conn<'_>, row: &DeskRow) -> Result<(), Error> {
    insert(conn, DESK_LINK_INSERT, row).await.map_err(attempt("add a link into the desk"))
}

/// A link, whatever its workspace.
///
/// # Errors
/// Where the storage fails.
pub async fn link_get(conn: Conn<'_>, hash: &[u8; 32]) -> Result<Option<DeskRow>, Error> {
    get(conn, DESK_LINK_GET, hash).await.map_err(attempt("find a link into the desk"))
}

/// Uses a link up. `false`: somebody else was quicker, or there is none.
///
/// # Errors
/// Where the storage fails.
pub async fn link_take(conn: Conn<'_>, hash: &[u8; 32]) -> Result<bool, Error> {
    on!(conn, c => sqlx::query(DESK_LINK_TAKE).bind(hash.as_slice()).execute(c).await.map(|done| done.rows_affected() == 1))
        .map_err(attempt("use a link into the desk"))
}

/// Adds a session.
///
/// # Errors
/// Where the storage fails.
pub async fn session_insert(conn: Conn<'_>, row: &DeskRow) -> Result<(), Error> {
    insert(conn, DESK_SESSION_INSERT, row).await.map_err(attempt("open a session"))
}

/// A session, whatever its workspace: this is how a request learns which workspace it is for.
///
/// # Errors
/// Where the storage fails.
pub async fn session_get(conn: Conn<'_>, hash: &[u8; 32]) -> Result<Option<DeskRow>, Error> {
    get(conn, DESK_SESSION_GET, hash).await.map_err(attempt("find a session"))
}

/// Ends a session.
///
/// # Errors
/// Where the storage fails.
pub async fn session_delete(conn: Conn<'_>, hash: &[u8; 32]) -> Result<(), Error> {
    on!(conn, c => sqlx::query(DESK_SESSION_DELETE).bind(hash.as_slice()).execute(c).await.map(|_| ())).map_err(attempt("end a session"))
}

/// Ends all sessions of a person.
///
/// # Errors
/// Where the storage fails.
pub async fn sessions_end(conn: Conn<'_>, workspace: Uuid, person: Uuid) -> Result<(), Error> {
    on!(conn, c => sqlx::query(DESK_SESSIONS_END).bind(workspace).bind(person).execute(c).await.map(|_| ()))
        .map_err(attempt("end a person's sessions"))
}

/// Removes links and sessions whose time is over.
///
/// # Errors
/// Where the storage fails.
pub async fn expire(mut conn: Conn<'_>, now: i64) -> Result<(), Error> {
    for sql in [DESK_LINKS_EXPIRE, DESK_SESSIONS_EXPIRE] {
        on!(conn.again(), c => sqlx::query(sql).bind(now).execute(c).await.map(|_| ())).map_err(attempt("remove what has expired"))?;
    }
    Ok(())
}
