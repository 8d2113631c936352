//! The vault: encrypted values that events hold only a commitment to. Never sees a value in the clear.

use crate::{
    batch,
    db::Conn,
    error::{Error, attempt},
};
use sqlx::Row;
use uuid::Uuid;

const VAULT_INSERT: &str = "insert into vault (workspace, stream, version, field, subject, salt, sealed)";
const VAULT_OF_STREAMS: &str = "select stream, version, field, subject, salt, sealed from vault where workspace = $1 and stream in";
const VAULT_OF_FIELD: &str =
    "select stream, version, field, subject, salt, sealed from vault where workspace = $1 and field = $2 and stream in";

statements! {
    VAULT_OF_SUBJECT = "select stream, version, field, subject, salt, sealed from vault where workspace = $1 and subject = $2 order by stream, version, field";
    VAULT_ERASE = "delete from vault where workspace = $1 and subject = $2";
}

/// A sealed value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VaultRow {
    /// Stream of the event that holds the commitment.
    pub stream: Uuid,
    /// The version that the stream had reached when the value was sealed, plus one.
    pub version: i64,
    /// Which value of the event.
    pub field: String,
    /// Whose it is; absent for values that are only too long for an event.
    pub subject: Option<Uuid>,
    /// The commitment's salt.
    pub salt: Vec<u8>,
    /// The encrypted bytes.
    pub sealed: Vec<u8>,
}

macro_rules! vault_row {
    ($r:expr) => {
        VaultRow { stream: $r.get(0), version: $r.get(1), field: $r.get(2), subject: $r.get(3), salt: $r.get(4), sealed: $r.get(5) }
    };
}

/// Adds sealed values.
///
/// # Errors
/// Where the storage fails.
pub async fn insert(mut conn: Conn<'_>, workspace: Uuid, rows: &[VaultRow]) -> Result<(), Error> {
    insert_rows!(conn, "seal values", VAULT_INSERT, 7, "", rows, |query, row| query
        .bind(workspace)
        .bind(row.stream)
        .bind(row.version)
        .bind(row.field.as_str())
        .bind(row.subject)
        .bind(row.salt.as_slice())
        .bind(row.sealed.as_slice()));
    Ok(())
}

/// Sealed values of some streams.
///
/// # Errors
/// Where the storage fails.
pub async fn of_streams(mut conn: Conn<'_>, workspace: Uuid, streams: &[Uuid]) -> Result<Vec<VaultRow>, Error> {
    let mut found = Vec::new();
    for some in streams.chunks(batch::KEYS_AT_ONCE) {
        let keys = batch::padded(some);
        let sql = batch::in_list(conn.is_postgres(), VAULT_OF_STREAMS, 1, keys.len(), "order by stream, version, field");
        on!(conn.again(), c => {
            let mut query = sqlx::query(sql).bind(workspace);
            for key in &keys {
                query = query.bind(key);
            }
            query.fetch_all(c).await.map(|rows| found.extend(rows.iter().map(|r| vault_row!(r))))
        })
        .map_err(attempt("read sealed values"))?;
    }
    Ok(found)
}

/// One field's sealed values, of some streams.
///
/// # Errors
/// Where the storage fails.
pub async fn of_field(mut conn: Conn<'_>, workspace: Uuid, field: &str, streams: &[Uuid]) -> Result<Vec<VaultRow>, Error> {
    let mut found = Vec::new();
    for some in streams.chunks(batch::KEYS_AT_ONCE) {
        let keys = batch::padded(some);
        let sql = batch::in_list(conn.is_postgres(), VAULT_OF_FIELD, 2, keys.len(), "order by stream, version, field");
        on!(conn.again(), c => {
            let mut query = sqlx::query(sql).bind(workspace).bind(field);
            for key in &keys {
                query = query.bind(key);
            }
            query.fetch_all(c).await.map(|rows| found.extend(rows.iter().map(|r| vault_row!(r))))
        })
        .map_err(attempt("read sealed values"))?;
    }
    Ok(found)
}

/// All sealed values of a subject.
///
/// # Errors
/// Where the storage fails.
pub async fn of_subject(conn: Conn<'_>, workspace: Uuid, subject: Uuid) -> Result<Vec<VaultRow>, Error> {
    on!(conn, c => sqlx::query(VAULT_OF_SUBJECT).bind(workspace).bind(subject).fetch_all(c).await.map(|rows| rows.iter().map(|r| vault_row!(r)).collect()))
        .map_err(attempt("read a subject's values"))
}

/// Deletes a subject's values and says how many there were.
///
/// # Errors
/// Where the storage fails.
pub async fn erase(conn: Conn<'_>, workspace: Uuid, subject: Uuid) -> Result<u64, Error> {
    on!(conn, c => sqlx::query(VAULT_ERASE).bind(workspace).bind(subject).execute(c).await.map(|done| done.rows_affected()))
        .map_err(attempt("erase a subject's values"))
}
