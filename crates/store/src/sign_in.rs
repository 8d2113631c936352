//! What people sign in by beside links and passkeys: accounts at providers (OpenID Connect), who is on the way to one, and passwords.
//! Operational, never evidence; holds hashes, and nothing that opens anything by itself.

use crate::{
    db::Conn,
    error::{Error, attempt},
};
use sqlx::Row;
use uuid::Uuid;

statements! {
    SIGN_IN_IDENTITY_INSERT = "insert into sign_in_identities (identity, workspace, person, provider, issuer, linked_at, used_at) values ($1, $2, $3, $4, $5, $6, null)";
    SIGN_IN_IDENTITY_GET = "select identity, workspace, person, provider, issuer, linked_at, used_at from sign_in_identities where identity = $1";
    SIGN_IN_IDENTITIES_OF_PERSON = "select identity, workspace, person, provider, issuer, linked_at, used_at from sign_in_identities where workspace = $1 and person = $2 order by linked_at, identity";
    SIGN_IN_IDENTITY_USED = "update sign_in_identities set used_at = $2 where identity = $1";
    SIGN_IN_IDENTITY_DELETE = "delete from sign_in_identities where identity = $1 and workspace = $2 and person = $3";
    SIGN_IN_IDENTITIES_FORGET = "delete from sign_in_identities where workspace = $1 and person = $2";
    SIGN_IN_STATE_INSERT = "insert into sign_in_states (state, browser, provider, purpose, session, began_at, expires_at) values ($1, $2, $3, $4, $5, $6, $7)";
    SIGN_IN_STATE_TAKE = "delete from sign_in_states where state = $1 returning browser, provider, purpose, session, began_at, expires_at";
    SIGN_IN_STATES_EXPIRE = "delete from sign_in_states where expires_at <= $1";
    SIGN_IN_STATES_CROWD_OUT = "delete from sign_in_states where state in (select state from sign_in_states where session is null order by expires_at, state limit $1)";
    SIGN_IN_STATES_COUNT = "select count(*) from sign_in_states";
    SIGN_IN_PASSWORD_PUT = "insert into sign_in_passwords (workspace, person, hash, set_at) values ($1, $2, $3, $4) on conflict (workspace, person) do update set hash = excluded.hash, set_at = excluded.set_at";
    SIGN_IN_PASSWORD_GET = "select hash, set_at from sign_in_passwords where workspace = $1 and person = $2";
    SIGN_IN_PASSWORD_DELETE = "delete from sign_in_passwords where workspace = $1 and person = $2";
}

/// An account at a provider that speaks for a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentityRow {
    /// SHA-256 over the issuer and the subject.
    pub identity: Vec<u8>,
    /// The workspace it opens.
    pub workspace: Uuid,
    /// The person it speaks for.
    pub person: Uuid,
    /// What the configuration called the provider when it was linked.
    pub provider: String,
    /// SHA-256 of the issuer.
    pub issuer: Vec<u8>,
    /// When it was linked.
    pub linked_at: i64,
    /// When it was used last.
    pub used_at: Option<i64>,
}

/// Somebody who went to a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateRow {
    /// SHA-256 of what the browser keeps.
    pub browser: Vec<u8>,
    /// To which provider.
    pub provider: String,
    /// What coming back does.
    pub purpose: String,
    /// The session that went, by its hash; absent where nobody is signed in.
    pub session: Option<Vec<u8>>,
    /// When they went.
    pub began_at: i64,
    /// When it is too late to come back.
    pub expires_at: i64,
}

macro_rules! identity_row {
    ($r:expr) => {
        IdentityRow {
            identity: $r.get(0),
            workspace: $r.get(1),
            person: $r.get(2),
            provider: $r.get(3),
            issuer: $r.get(4),
            linked_at: $r.get(5),
            used_at: $r.get(6),
        }
    };
}

/// Links an account.
///
/// # Errors
/// [`Error::Conflict`] where it speaks for somebody already.
pub async fn identity_insert(conn: Conn<'_>, row: &IdentityRow) -> Result<(), Error> {
    on!(conn, c => sqlx::query(SIGN_IN_IDENTITY_INSERT)
        .bind(row.identity.as_slice())
        .bind(row.workspace)
        .bind(row.person)
        .bind(row.provider.as_str())
        .bind(row.issuer.as_slice())
        .bind(row.linked_at)
        .execute(c)
        .await
        .map(|_| ()))
    .map_err(attempt("link an account"))
}

/// An account, whatever its workspace: this is how somebody who signs in is found.
///
/// # Errors
/// Where the storage fails.
pub async fn identity_get(conn: Conn<'_>, identity: &[u8]) -> Result<Option<IdentityRow>, Error> {
    on!(conn, c => sqlx::query(SIGN_IN_IDENTITY_GET).bind(identity).fetch_optional(c).await.map(|r| r.map(|r| identity_row!(r))))
        .map_err(attempt("find an account"))
}

/// A person's accounts, the oldest first.
///
/// # Errors
/// Where the storage fails.
pub async fn identities_of(conn: Conn<'_>, workspace: Uuid, person: Uuid) -> Result<Vec<IdentityRow>, Error> {
    on!(conn, c => sqlx::query(SIGN_IN_IDENTITIES_OF_PERSON).bind(workspace).bind(person).fetch_all(c).await.map(|rows| rows.iter().map(|r| identity_row!(r)).collect()))
        .map_err(attempt("list accounts"))
}

/// Keeps that an account was used.
///
/// # Errors
/// Where the storage fails.
pub async fn identity_used(conn: Conn<'_>, identity: &[u8], now: i64) -> Result<(), Error> {
    on!(conn, c => sqlx::query(SIGN_IN_IDENTITY_USED).bind(identity).bind(now).execute(c).await.map(|_| ()))
        .map_err(attempt("keep that an account was used"))
}

/// Takes an account off a person. `false`: they have no such account.
///
/// # Errors
/// Where the storage fails.
pub async fn identity_delete(conn: Conn<'_>, identity: &[u8], workspace: Uuid, person: Uuid) -> Result<bool, Error> {
    on!(conn, c => sqlx::query(SIGN_IN_IDENTITY_DELETE).bind(identity).bind(workspace).bind(person).execute(c).await.map(|done| done.rows_affected() == 1))
        .map_err(attempt("take an account off a person"))
}

/// Keeps that somebody went to a provider.
///
/// # Errors
/// Where the storage fails.
pub async fn state_insert(conn: Conn<'_>, state: &[u8], row: &StateRow) -> Result<(), Error> {
    on!(conn, c => sqlx::query(SIGN_IN_STATE_INSERT)
        .bind(state)
        .bind(row.browser.as_slice())
        .bind(row.provider.as_str())
        .bind(row.purpose.as_str())
        .bind(row.session.as_deref())
        .bind(row.began_at)
        .bind(row.expires_at)
        .execute(c)
        .await
        .map(|_| ()))
    .map_err(attempt("keep who went to a provider"))
}

/// Takes away that somebody went: they come back once, well or badly.
///
/// # Errors
/// Where the storage fails.
pub async fn state_take(conn: Conn<'_>, state: &[u8]) -> Result<Option<StateRow>, Error> {
    on!(conn, c => sqlx::query(SIGN_IN_STATE_TAKE).bind(state).fetch_optional(c).await.map(|found| {
        found.map(|r| StateRow { browser: r.get(0), provider: r.get(1), purpose: r.get(2), session: r.get(3), began_at: r.get(4), expires_at: r.get(5) })
    }))
    .map_err(attempt("find who comes back from a provider"))
}

/// Removes whoever is too late, and says how many are still on the way.
///
/// # Errors
/// Where the storage fails.
pub async fn states_expire(mut conn: Conn<'_>, now: i64) -> Result<i64, Error> {
    on!(conn.again(), c => sqlx::query(SIGN_IN_STATES_EXPIRE).bind(now).execute(c).await.map(|_| ()))
        .map_err(attempt("remove who did not come back"))?;
    on!(conn, c => sqlx::query(SIGN_IN_STATES_COUNT).fetch_one(c).await.map(|r| r.get(0))).map_err(attempt("count who is on the way"))
}

/// Removes the oldest of those who are not signed in, and says how many.
///
/// # Errors
/// Where the storage fails.
pub async fn states_crowd_out(conn: Conn<'_>, count: i64) -> Result<i64, Error> {
    on!(conn, c => sqlx::query(SIGN_IN_STATES_CROWD_OUT).bind(count).execute(c).await.map(|done| i64::try_from(done.rows_affected()).unwrap_or(0)))
        .map_err(attempt("remove the oldest who are on the way"))
}

/// Sets a person's password, by its hash.
///
/// # Errors
/// Where the storage fails.
pub async fn password_put(conn: Conn<'_>, workspace: Uuid, person: Uuid, hash: &str, now: i64) -> Result<(), Error> {
    on!(conn, c => sqlx::query(SIGN_IN_PASSWORD_PUT).bind(workspace).bind(person).bind(hash).bind(now).execute(c).await.map(|_| ()))
        .map_err(attempt("set a password"))
}

/// The hash of a person's password, and when it was set.
///
/// # Errors
/// Where the storage fails.
pub async fn password_get(conn: Conn<'_>, workspace: Uuid, person: Uuid) -> Result<Option<(String, i64)>, Error> {
    on!(conn, c => sqlx::query(SIGN_IN_PASSWORD_GET).bind(workspace).bind(person).fetch_optional(c).await.map(|r| r.map(|r| (r.get(0), r.get(1)))))
        .map_err(attempt("find a password"))
}

/// Removes a person's password.
///
/// # Errors
/// Where the storage fails.
pub async fn password_delete(conn: Conn<'_>, workspace: Uuid, person: Uuid) -> Result<(), Error> {
    on!(conn, c => sqlx::query(SIGN_IN_PASSWORD_DELETE).bind(workspace).bind(person).execute(c).await.map(|_| ()))
        .map_err(attempt("remove a password"))
}

/// Forgets all that a person signs in by here.
///
/// # Errors
/// Where the storage fails.
pub async fn forget(mut conn: Conn<'_>, workspace: Uuid, person: Uuid) -> Result<(), Error> {
    for sql in [SIGN_IN_IDENTITIES_FORGET, SIGN_IN_PASSWORD_DELETE] {
        on!(conn.again(), c => sqlx::query(sql).bind(workspace).bind(person).execute(c).await.map(|_| ()))
            .map_err(attempt("forget what a person signs in by"))?;
    }
    Ok(())
}
