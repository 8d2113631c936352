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
    DESK_LINKS_END = "delete from desk_links where workspace = $1 and person = $2";
    DESK_LINKS_EXPIRE = "delete from desk_links where expires_at <= $1";
    DESK_SESSION_INSERT = "insert into desk_sessions (hash, workspace, person, expires_at, opened_at, seen_at, passkey, verified_at, way) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    DESK_SESSION_GET = "select hash, workspace, person, expires_at, opened_at, seen_at, passkey, verified_at, way from desk_sessions where hash = $1";
    DESK_SESSIONS_OF_PERSON = "select hash, workspace, person, expires_at, opened_at, seen_at, passkey, verified_at, way from desk_sessions where workspace = $1 and person = $2 order by expires_at desc, hash";
    DESK_SESSION_SEEN = "update desk_sessions set seen_at = $2 where hash = $1";
    DESK_SESSION_VERIFIED = "update desk_sessions set verified_at = $2 where hash = $1";
    DESK_SESSION_END = "delete from desk_sessions where hash = $1 and workspace = $2 and person = $3";
    DESK_SESSIONS_END_OTHERS = "delete from desk_sessions where workspace = $1 and person = $2 and hash <> $3";
    DESK_SESSIONS_END_OF_PASSKEY = "delete from desk_sessions where passkey = $1";
    DESK_SESSIONS_END_OF_WAY = "delete from desk_sessions where workspace = $1 and person = $2 and way = $3 and hash <> $4";
    DESK_SESSION_DELETE = "delete from desk_sessions where hash = $1";
    DESK_SESSIONS_END = "delete from desk_sessions where workspace = $1 and person = $2";
    DESK_SESSIONS_EXPIRE = "delete from desk_sessions where expires_at <= $1";
}

/// A link: what a hash stands for.
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

/// A session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionRow {
    /// SHA-256 of the secret that its holder has.
    pub hash: Vec<u8>,
    /// The workspace it opens.
    pub workspace: Uuid,
    /// The person it speaks for.
    pub person: Uuid,
    /// When it ends, however busy it is.
    pub expires_at: i64,
    /// When it began; absent in sessions of an older version.
    pub opened_at: Option<i64>,
    /// When it was used last, to the minute; likewise.
    pub seen_at: Option<i64>,
    /// The passkey that opened it, by SHA-256 of its id.
    pub passkey: Option<Vec<u8>>,
    /// When its holder last proved that it is them.
    pub verified_at: Option<i64>,
    /// What opened it where that was neither a link nor a passkey.
    pub way: Option<String>,
}

macro_rules! session_row {
    ($r:expr) => {
        SessionRow {
            hash: $r.get(0),
            workspace: $r.get(1),
            person: $r.get(2),
            expires_at: $r.get(3),
            opened_at: $r.get(4),
            seen_at: $r.get(5),
            passkey: $r.get(6),
            verified_at: $r.get(7),
            way: $r.get(8),
        }
    };
}

/// Adds a link.
///
/// # Errors
/// Where the storage fails.
pub async fn link_insert(conn: Conn<'_>, row: &DeskRow) -> Result<(), Error> {
    on!(conn, c => sqlx::query(DESK_LINK_INSERT)
        .bind(row.hash.as_slice())
        .bind(row.workspace)
        .bind(row.person)
        .bind(row.expires_at)
        .execute(c)
        .await
        .map(|_| ()))
    .map_err(attempt("add a link into the desk"))
}

/// A link, whatever its workspace.
///
/// # Errors
/// Where the storage fails.
pub async fn link_get(conn: Conn<'_>, hash: &[u8; 32]) -> Result<Option<DeskRow>, Error> {
    on!(conn, c => sqlx::query(DESK_LINK_GET).bind(hash.as_slice()).fetch_optional(c).await.map(|found| {
        found.map(|r| DeskRow { hash: *hash, workspace: r.get(0), person: r.get(1), expires_at: r.get(2) })
    }))
    .map_err(attempt("find a link into the desk"))
}

/// Uses a link up. `false`: somebody else was quicker, or there is none.
///
/// # Errors
/// Where the storage fails.
pub async fn link_take(conn: Conn<'_>, hash: &[u8; 32]) -> Result<bool, Error> {
    on!(conn, c => sqlx::query(DESK_LINK_TAKE).bind(hash.as_slice()).execute(c).await.map(|done| done.rows_affected() == 1))
        .map_err(attempt("use a link into the desk"))
}

/// Takes all links of a person back.
///
/// # Errors
/// Where the storage fails.
pub async fn links_end(conn: Conn<'_>, workspace: Uuid, person: Uuid) -> Result<(), Error> {
    on!(conn, c => sqlx::query(DESK_LINKS_END).bind(workspace).bind(person).execute(c).await.map(|_| ()))
        .map_err(attempt("take the links of a person back"))
}

/// Adds a session.
///
/// # Errors
/// Where the storage fails.
pub async fn session_insert(conn: Conn<'_>, row: &SessionRow) -> Result<(), Error> {
    on!(conn, c => sqlx::query(DESK_SESSION_INSERT)
        .bind(row.hash.as_slice())
        .bind(row.workspace)
        .bind(row.person)
        .bind(row.expires_at)
        .bind(row.opened_at)
        .bind(row.seen_at)
        .bind(row.passkey.as_deref())
        .bind(row.verified_at)
        .bind(row.way.as_deref())
        .execute(c)
        .await
        .map(|_| ()))
    .map_err(attempt("open a session"))
}

/// A session, whatever its workspace: this is how a request learns which workspace it is for.
///
/// # Errors
/// Where the storage fails.
pub async fn session_get(conn: Conn<'_>, hash: &[u8; 32]) -> Result<Option<SessionRow>, Error> {
    on!(conn, c => sqlx::query(DESK_SESSION_GET).bind(hash.as_slice()).fetch_optional(c).await.map(|r| r.map(|r| session_row!(r))))
        .map_err(attempt("find a session"))
}

/// Ends a session.
///
/// # Errors
/// Where the storage fails.
pub async fn session_delete(conn: Conn<'_>, hash: &[u8; 32]) -> Result<(), Error> {
    on!(conn, c => sqlx::query(DESK_SESSION_DELETE).bind(hash.as_slice()).execute(c).await.map(|_| ())).map_err(attempt("end a session"))
}

/// A person's sessions, the latest first.
///
/// # Errors
/// Where the storage fails.
pub async fn sessions_of(conn: Conn<'_>, workspace: Uuid, person: Uuid) -> Result<Vec<SessionRow>, Error> {
    on!(conn, c => sqlx::query(DESK_SESSIONS_OF_PERSON).bind(workspace).bind(person).fetch_all(c).await.map(|rows| rows.iter().map(|r| session_row!(r)).collect()))
        .map_err(attempt("list a person's sessions"))
}

async fn touch(conn: Conn<'_>, sql: &'static str, hash: &[u8], now: i64) -> Result<(), sqlx::Error> {
    on!(conn, c => sqlx::query(sql).bind(hash).bind(now).execute(c).await.map(|_| ()))
}

/// Keeps that a session was used.
///
/// # Errors
/// Where the storage fails.
pub async fn session_seen(conn: Conn<'_>, hash: &[u8], now: i64) -> Result<(), Error> {
    touch(conn, DESK_SESSION_SEEN, hash, now).await.map_err(attempt("keep that a session was used"))
}

/// Keeps that the holder of a session proved that it is them.
///
/// # Errors
/// Where the storage fails.
pub async fn session_verified(conn: Conn<'_>, hash: &[u8], now: i64) -> Result<(), Error> {
    touch(conn, DESK_SESSION_VERIFIED, hash, now).await.map_err(attempt("keep who holds a session"))
}

/// Ends one session of a person. `false`: they have no such session.
///
/// # Errors
/// Where the storage fails.
pub async fn session_end(conn: Conn<'_>, hash: &[u8], workspace: Uuid, person: Uuid) -> Result<bool, Error> {
    on!(conn, c => sqlx::query(DESK_SESSION_END).bind(hash).bind(workspace).bind(person).execute(c).await.map(|done| done.rows_affected() == 1))
        .map_err(attempt("end a session"))
}

/// Ends all sessions of a person but one.
///
/// # Errors
/// Where the storage fails.
pub async fn sessions_end_others(conn: Conn<'_>, workspace: Uuid, person: Uuid, but: &[u8]) -> Result<(), Error> {
    on!(conn, c => sqlx::query(DESK_SESSIONS_END_OTHERS).bind(workspace).bind(person).bind(but).execute(c).await.map(|_| ()))
        .map_err(attempt("end a person's other sessions"))
}

/// Ends all sessions that a passkey opened.
///
/// # Errors
/// Where the storage fails.
pub async fn sessions_end_of_passkey(conn: Conn<'_>, credential: &[u8]) -> Result<(), Error> {
    on!(conn, c => sqlx::query(DESK_SESSIONS_END_OF_PASSKEY).bind(credential).execute(c).await.map(|_| ()))
        .map_err(attempt("end the sessions of a passkey"))
}

/// Ends all sessions of a person that something opened, but one.
///
/// # Errors
/// Where the storage fails.
pub async fn sessions_end_of_way(conn: Conn<'_>, workspace: Uuid, person: Uuid, way: &str, but: &[u8]) -> Result<(), Error> {
    on!(conn, c => sqlx::query(DESK_SESSIONS_END_OF_WAY).bind(workspace).bind(person).bind(way).bind(but).execute(c).await.map(|_| ()))
        .map_err(attempt("end the sessions that something opened"))
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
