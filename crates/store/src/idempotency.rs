//! What was answered to a request that may be sent again. Holds ids and codes, never values. Operational.

use crate::{
    db::Conn,
    error::{Error, attempt},
};
use sqlx::Row;
use uuid::Uuid;

statements! {
    IDEMPOTENCY_GET = "select request, response from idempotency where workspace = $1 and principal = $2 and route = $3 and idem_key = $4 and expires_at > $5";
    IDEMPOTENCY_PUT = "insert into idempotency (workspace, principal, route, idem_key, request, response, expires_at) values ($1, $2, $3, $4, $5, $6, $7)";
    IDEMPOTENCY_EXPIRE_ONE = "delete from idempotency where workspace = $1 and principal = $2 and route = $3 and idem_key = $4 and expires_at <= $5";
    IDEMPOTENCY_EXPIRE = "delete from idempotency where expires_at <= $1";
}

/// Which request.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key {
    /// Who sent it.
    pub principal: String,
    /// To which route.
    pub route: String,
    /// The key they chose.
    pub key: String,
    /// Digest of the request.
    pub request: [u8; 32],
}

/// The digest of the first request under the key, and what was answered.
///
/// # Errors
/// Where the storage fails.
pub async fn get(conn: Conn<'_>, workspace: Uuid, key: &Key, now: i64) -> Result<Option<(Vec<u8>, String)>, Error> {
    on!(conn, c => sqlx::query(IDEMPOTENCY_GET)
        .bind(workspace)
        .bind(key.principal.as_str())
        .bind(key.route.as_str())
        .bind(key.key.as_str())
        .bind(now)
        .fetch_optional(c)
        .await
        .map(|r| r.map(|r| (r.get(0), r.get(1)))))
    .map_err(attempt("look for an idempotency key"))
}

/// Keeps what was answered, in the command's own transaction.
///
/// # Errors
/// [`Error::Conflict`] where the same request came in at the same time elsewhere.
pub async fn put(mut conn: Conn<'_>, workspace: Uuid, key: &Key, response: &str, now: i64, expires_at: i64) -> Result<(), Error> {
    on!(conn.again(), c => sqlx::query(IDEMPOTENCY_EXPIRE_ONE)
        .bind(workspace)
        .bind(key.principal.as_str())
        .bind(key.route.as_str())
        .bind(key.key.as_str())
        .bind(now)
        .execute(c)
        .await
        .map(|_| ()))
    .map_err(attempt("forget an old idempotency key"))?;
    on!(conn, c => sqlx::query(IDEMPOTENCY_PUT)
        .bind(workspace)
        .bind(key.principal.as_str())
        .bind(key.route.as_str())
        .bind(key.key.as_str())
        .bind(key.request.as_slice())
        .bind(response)
        .bind(expires_at)
        .execute(c)
        .await
        .map(|_| ()))
    .map_err(attempt("keep an idempotency key"))
}

/// Forgets what is older than its time.
///
/// # Errors
/// Where the storage fails.
pub async fn expire(conn: Conn<'_>, now: i64) -> Result<u64, Error> {
    on!(conn, c => sqlx::query(IDEMPOTENCY_EXPIRE).bind(now).execute(c).await.map(|done| done.rows_affected()))
        .map_err(attempt("forget old idempotency keys"))
}
