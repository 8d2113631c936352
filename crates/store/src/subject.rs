//! Data subjects: a wrapped key each, destroyed on erasure. Never sees a key in the clear.

use crate::{
    batch,
    db::Conn,
    error::{Error, attempt},
};
use sqlx::Row;
use uuid::Uuid;

const SUBJECT_INSERT: &str = "insert into subjects (workspace, subject, token, wrapped_key)";

const SUBJECTS_BY_ID: &str = "select subject, token, wrapped_key, erased_at from subjects where workspace = $1 and subject in";
const SUBJECTS_BY_TOKEN: &str = "select subject, token, wrapped_key, erased_at from subjects where workspace = $1 and token in";

statements! {
    SUBJECT_GET = "select subject, token, wrapped_key, erased_at from subjects where workspace = $1 and subject = $2";
    SUBJECT_ERASE = "update subjects set token = null, wrapped_key = null, erased_at = $3 where workspace = $1 and subject = $2";
    SUBJECTS_ERASED = "select subject, token, wrapped_key, erased_at from subjects where workspace = $1 and erased_at is not null order by subject";
}

/// A data subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubjectRow {
    /// The subject.
    pub subject: Uuid,
    /// Keyed token of the value by which it is known; absent where a case named none.
    pub token: Option<Vec<u8>>,
    /// Its key, wrapped; absent once erased.
    pub wrapped_key: Option<Vec<u8>>,
    /// When it was erased.
    pub erased_at: Option<i64>,
}

macro_rules! subject_row {
    ($r:expr) => {
        SubjectRow { subject: $r.get(0), token: $r.get(1), wrapped_key: $r.get(2), erased_at: $r.get(3) }
    };
}

/// Adds subjects.
///
/// # Errors
/// [`Error::Conflict`] where another node added the same token first.
pub async fn insert(mut conn: Conn<'_>, workspace: Uuid, rows: &[SubjectRow]) -> Result<(), Error> {
    insert_rows!(conn, "add data subjects", SUBJECT_INSERT, 4, "", rows, |query, row| query
        .bind(workspace)
        .bind(row.subject)
        .bind(row.token.as_deref())
        .bind(row.wrapped_key.as_deref()));
    Ok(())
}

/// Those that are known by one of these tokens.
///
/// # Errors
/// Where the storage fails.
pub async fn by_tokens(mut conn: Conn<'_>, workspace: Uuid, tokens: &[Vec<u8>]) -> Result<Vec<SubjectRow>, Error> {
    let mut found = Vec::new();
    for some in tokens.chunks(batch::KEYS_AT_ONCE) {
        let keys = batch::padded(some);
        let sql = batch::in_list(conn.is_postgres(), SUBJECTS_BY_TOKEN, 1, keys.len(), "");
        on!(conn.again(), c => {
            let mut query = sqlx::query(sql).bind(workspace);
            for key in &keys {
                query = query.bind(key.as_slice());
            }
            query.fetch_all(c).await.map(|rows| found.extend(rows.iter().map(|r| subject_row!(r))))
        })
        .map_err(attempt("find data subjects"))?;
    }
    Ok(found)
}

/// By id.
///
/// # Errors
/// Where the storage fails.
pub async fn get(conn: Conn<'_>, workspace: Uuid, subject: Uuid) -> Result<Option<SubjectRow>, Error> {
    on!(conn, c => sqlx::query(SUBJECT_GET).bind(workspace).bind(subject).fetch_optional(c).await.map(|r| r.map(|r| subject_row!(r))))
        .map_err(attempt("find a data subject"))
}

/// By ids; those that there are.
///
/// # Errors
/// Where the storage fails.
pub async fn of_ids(mut conn: Conn<'_>, workspace: Uuid, subjects: &[Uuid]) -> Result<Vec<SubjectRow>, Error> {
    let mut found = Vec::new();
    for some in subjects.chunks(batch::KEYS_AT_ONCE) {
        let ids = batch::padded(some);
        let sql = batch::in_list(conn.is_postgres(), SUBJECTS_BY_ID, 1, ids.len(), "");
        on!(conn.again(), c => {
            let mut query = sqlx::query(sql).bind(workspace);
            for id in &ids {
                query = query.bind(*id);
            }
            query.fetch_all(c).await.map(|rows| found.extend(rows.iter().map(|r| subject_row!(r))))
        })
        .map_err(attempt("find data subjects"))?;
    }
    Ok(found)
}

/// Those whose values were destroyed.
///
/// # Errors
/// Where the storage fails.
pub async fn erased(conn: Conn<'_>, workspace: Uuid) -> Result<Vec<SubjectRow>, Error> {
    on!(conn, c => sqlx::query(SUBJECTS_ERASED).bind(workspace).fetch_all(c).await.map(|rows| rows.iter().map(|r| subject_row!(r)).collect()))
        .map_err(attempt("list erased data subjects"))
}

/// Destroys the key and the token.
///
/// # Errors
/// Where the storage fails.
pub async fn erase(conn: Conn<'_>, workspace: Uuid, subject: Uuid, now: i64) -> Result<(), Error> {
    on!(conn, c => sqlx::query(SUBJECT_ERASE).bind(workspace).bind(subject).bind(now).execute(c).await.map(|_| ()))
        .map_err(attempt("erase a data subject"))
}
