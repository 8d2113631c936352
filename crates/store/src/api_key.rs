//! API keys, hashed. That one was added or revoked is an event; the hash is operational.

use crate::{
    db::Conn,
    error::{Error, attempt},
};
use sqlx::Row;
use uuid::Uuid;

statements! {
    API_KEY_INSERT = "insert into api_keys (key_id, workspace, hash, name, scopes, person, expires_at, revoked_at, used_at) values ($1, $2, $3, $4, $5, $6, $7, null, null)";
    API_KEY_GET = "select key_id, workspace, hash, name, scopes, person, expires_at, revoked_at, used_at from api_keys where key_id = $1";
    API_KEYS_LIST = "select key_id, workspace, hash, name, scopes, person, expires_at, revoked_at, used_at from api_keys where workspace = $1 order by key_id";
    API_KEY_REVOKE = "update api_keys set revoked_at = $3 where workspace = $1 and key_id = $2";
    API_KEY_USED = "update api_keys set used_at = $2 where key_id = $1";
}

/// A key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKeyRow {
    /// Its public id.
    pub key_id: String,
    /// The workspace it opens.
    pub workspace: Uuid,
    /// Hash of the secret.
    pub hash: Vec<u8>,
    /// What people call it.
    pub name: String,
    /// Scopes, separated by spaces.
    pub scopes: String,
    /// The person it speaks for.
    pub person: Option<Uuid>,
    /// When it ends.
    pub expires_at: Option<i64>,
    /// When it was revoked.
    pub revoked_at: Option<i64>,
    /// When it was used last, to the minute.
    pub used_at: Option<i64>,
}

macro_rules! key_row {
    ($r:expr) => {
        ApiKeyRow {
            key_id: $r.get(0),
            workspace: $r.get(1),
            hash: $r.get(2),
            name: $r.get(3),
            scopes: $r.get(4),
            person: $r.get(5),
            expires_at: $r.get(6),
            revoked_at: $r.get(7),
            used_at: $r.get(8),
        }
    };
}

/// Adds a key.
///
/// # Errors
/// Where the storage fails.
pub async fn insert(conn: Conn<'_>, row: &ApiKeyRow) -> Result<(), Error> {
    on!(conn, c => sqlx::query(API_KEY_INSERT)
        .bind(row.key_id.as_str())
        .bind(row.workspace)
        .bind(row.hash.as_slice())
        .bind(row.name.as_str())
        .bind(row.scopes.as_str())
        .bind(row.person)
        .bind(row.expires_at)
        .execute(c)
        .await
        .map(|_| ()))
    .map_err(attempt("add an API key"))
}

/// One key, whatever its workspace: this is how a request learns which workspace it is for.
///
/// # Errors
/// Where the storage fails.
pub async fn get(conn: Conn<'_>, key_id: &str) -> Result<Option<ApiKeyRow>, Error> {
    on!(conn, c => sqlx::query(API_KEY_GET).bind(key_id).fetch_optional(c).await.map(|r| r.map(|r| key_row!(r))))
        .map_err(attempt("find an API key"))
}

/// A workspace's keys.
///
/// # Errors
/// Where the storage fails.
pub async fn list(conn: Conn<'_>, workspace: Uuid) -> Result<Vec<ApiKeyRow>, Error> {
    on!(conn, c => sqlx::query(API_KEYS_LIST).bind(workspace).fetch_all(c).await.map(|rows| rows.iter().map(|r| key_row!(r)).collect()))
        .map_err(attempt("list API keys"))
}

/// Revokes a key.
///
/// # Errors
/// Where the storage fails.
pub async fn revoke(conn: Conn<'_>, workspace: Uuid, key_id: &str, now: i64) -> Result<(), Error> {
    on!(conn, c => sqlx::query(API_KEY_REVOKE).bind(workspace).bind(key_id).bind(now).execute(c).await.map(|_| ()))
        .map_err(attempt("revoke an API key"))
}

/// Keeps that a key was used.
///
/// # Errors
/// Where the storage fails.
pub async fn used(conn: Conn<'_>, key_id: &str, now: i64) -> Result<(), Error> {
    on!(conn, c => sqlx::query(API_KEY_USED).bind(key_id).bind(now).execute(c).await.map(|_| ()))
        .map_err(attempt("keep that an API key was used"))
}
