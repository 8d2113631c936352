//! Passkeys by which people sign in, and the challenges that they answer. Operational: that a passkey was added or removed, and its
//! key, is an event. Checks no signature.

use crate::{
    db::Conn,
    error::{Error, attempt},
};
use sqlx::Row;
use uuid::Uuid;

statements! {
    PASSKEY_INSERT = "insert into passkeys (credential, workspace, person, credential_id, public_key, rp_id, counter, name, added_at, used_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, null)";
    PASSKEY_GET = "select credential, workspace, person, credential_id, public_key, rp_id, counter, name, added_at, used_at from passkeys where credential = $1";
    PASSKEYS_OF_PERSON = "select credential, workspace, person, credential_id, public_key, rp_id, counter, name, added_at, used_at from passkeys where workspace = $1 and person = $2 order by added_at, credential";
    PASSKEY_DELETE = "delete from passkeys where credential = $1";
    PASSKEY_USED = "update passkeys set counter = $2, used_at = $3 where credential = $1 and (counter < $2 or (counter = 0 and $2 = 0))";
    PASSKEYS_UNNAME = "update passkeys set name = '' where workspace = $1 and person = $2";
    CHALLENGE_INSERT = "insert into passkey_challenges (challenge, purpose, session, expires_at) values ($1, $2, $3, $4)";
    CHALLENGE_TAKE = "delete from passkey_challenges where challenge = $1 returning purpose, session, expires_at";
    CHALLENGES_EXPIRE = "delete from passkey_challenges where expires_at <= $1";
    CHALLENGES_CROWD_OUT = "delete from passkey_challenges where challenge in (select challenge from passkey_challenges where session is null order by expires_at, challenge limit $1)";
    CHALLENGES_COUNT = "select count(*) from passkey_challenges";
}

/// A passkey.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasskeyRow {
    /// SHA-256 of the credential's id.
    pub credential: Vec<u8>,
    /// The workspace it opens.
    pub workspace: Uuid,
    /// The person it is of.
    pub person: Uuid,
    /// The id by which the authenticator knows it.
    pub credential_id: Vec<u8>,
    /// COSE.
    pub public_key: Vec<u8>,
    /// The relying party that it is bound to.
    pub rp_id: String,
    /// How often it has signed, as far as it counts.
    pub counter: i64,
    /// What its person calls it.
    pub name: String,
    /// When it was made known.
    pub added_at: i64,
    /// When it was used last.
    pub used_at: Option<i64>,
}

/// A challenge that was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChallengeRow {
    /// What an answer would do.
    pub purpose: String,
    /// The session that asked, by its hash; absent where nobody is signed in.
    pub session: Option<Vec<u8>>,
    /// When it ends.
    pub expires_at: i64,
}

macro_rules! passkey_row {
    ($r:expr) => {
        PasskeyRow {
            credential: $r.get(0),
            workspace: $r.get(1),
            person: $r.get(2),
            credential_id: $r.get(3),
            public_key: $r.get(4),
            rp_id: $r.get(5),
            counter: $r.get(6),
            name: $r.get(7),
            added_at: $r.get(8),
            used_at: $r.get(9),
        }
    };
}

/// Adds a passkey, never used.
///
/// # Errors
/// [`Error::Conflict`] where the credential is known already.
pub async fn insert(conn: Conn<'_>, row: &PasskeyRow) -> Result<(), Error> {
    on!(conn, c => sqlx::query(PASSKEY_INSERT)
        .bind(row.credential.as_slice())
        .bind(row.workspace)
        .bind(row.person)
        .bind(row.credential_id.as_slice())
        .bind(row.public_key.as_slice())
        .bind(row.rp_id.as_str())
        .bind(row.counter)
        .bind(row.name.as_str())
        .bind(row.added_at)
        .execute(c)
        .await
        .map(|_| ()))
    .map_err(attempt("add a passkey"))
}

/// One passkey, whatever its workspace: this is how somebody who signs in is found.
///
/// # Errors
/// Where the storage fails.
pub async fn get(conn: Conn<'_>, credential: &[u8]) -> Result<Option<PasskeyRow>, Error> {
    on!(conn, c => sqlx::query(PASSKEY_GET).bind(credential).fetch_optional(c).await.map(|r| r.map(|r| passkey_row!(r))))
        .map_err(attempt("find a passkey"))
}

/// A person's passkeys, the oldest first.
///
/// # Errors
/// Where the storage fails.
pub async fn of_person(conn: Conn<'_>, workspace: Uuid, person: Uuid) -> Result<Vec<PasskeyRow>, Error> {
    on!(conn, c => sqlx::query(PASSKEYS_OF_PERSON).bind(workspace).bind(person).fetch_all(c).await.map(|rows| rows.iter().map(|r| passkey_row!(r)).collect()))
        .map_err(attempt("list passkeys"))
}

/// Removes a passkey.
///
/// # Errors
/// Where the storage fails.
pub async fn delete(conn: Conn<'_>, credential: &[u8]) -> Result<(), Error> {
    on!(conn, c => sqlx::query(PASSKEY_DELETE).bind(credential).execute(c).await.map(|_| ())).map_err(attempt("remove a passkey"))
}

/// Keeps that a passkey was used. `false`: it has counted this far before, so there are two of it, or it was removed.
///
/// # Errors
/// Where the storage fails.
pub async fn used(conn: Conn<'_>, credential: &[u8], counter: i64, now: i64) -> Result<bool, Error> {
    on!(conn, c => sqlx::query(PASSKEY_USED).bind(credential).bind(counter).bind(now).execute(c).await.map(|done| done.rows_affected() == 1))
        .map_err(attempt("keep that a passkey was used"))
}

/// Forgets what a person calls their passkeys.
///
/// # Errors
/// Where the storage fails.
pub async fn unname(conn: Conn<'_>, workspace: Uuid, person: Uuid) -> Result<(), Error> {
    on!(conn, c => sqlx::query(PASSKEYS_UNNAME).bind(workspace).bind(person).execute(c).await.map(|_| ()))
        .map_err(attempt("forget what passkeys are called"))
}

/// Keeps a challenge until it is answered.
///
/// # Errors
/// Where the storage fails.
pub async fn challenge_insert(conn: Conn<'_>, challenge: &[u8], row: &ChallengeRow) -> Result<(), Error> {
    on!(conn, c => sqlx::query(CHALLENGE_INSERT)
        .bind(challenge)
        .bind(row.purpose.as_str())
        .bind(row.session.as_deref())
        .bind(row.expires_at)
        .execute(c)
        .await
        .map(|_| ()))
    .map_err(attempt("keep a challenge"))
}

/// Takes a challenge away: it is answered once, well or badly.
///
/// # Errors
/// Where the storage fails.
pub async fn challenge_take(conn: Conn<'_>, challenge: &[u8]) -> Result<Option<ChallengeRow>, Error> {
    on!(conn, c => sqlx::query(CHALLENGE_TAKE).bind(challenge).fetch_optional(c).await.map(|found| {
        found.map(|r| ChallengeRow { purpose: r.get(0), session: r.get(1), expires_at: r.get(2) })
    }))
    .map_err(attempt("take a challenge"))
}

/// Removes challenges whose time is over, and says how many are left.
///
/// # Errors
/// Where the storage fails.
pub async fn challenges_expire(mut conn: Conn<'_>, now: i64) -> Result<i64, Error> {
    on!(conn.again(), c => sqlx::query(CHALLENGES_EXPIRE).bind(now).execute(c).await.map(|_| ()))
        .map_err(attempt("remove old challenges"))?;
    on!(conn, c => sqlx::query(CHALLENGES_COUNT).fetch_one(c).await.map(|r| r.get(0))).map_err(attempt("count challenges"))
}

/// Removes the oldest challenges that were asked of nobody who is signed in, and says how many.
///
/// # Errors
/// Where the storage fails.
pub async fn challenges_crowd_out(conn: Conn<'_>, count: i64) -> Result<i64, Error> {
    on!(conn, c => sqlx::query(CHALLENGES_CROWD_OUT).bind(count).execute(c).await.map(|done| i64::try_from(done.rows_affected()).unwrap_or(0)))
        .map_err(attempt("remove the oldest challenges"))
}
