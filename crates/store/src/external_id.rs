//! External ids as keyed tokens: which case has which, and whether its content was the same. Deleted with the subject.

use crate::{
    batch,
    db::Conn,
    error::{Error, attempt},
};
use sqlx::Row;
use uuid::Uuid;

const EXTERNAL_ID_INSERT: &str = "insert into external_ids (workspace, playbook, token, content_token, case_id, subject)";
const EXTERNAL_IDS_BY_TOKEN: &str =
    "select token, content_token, case_id, playbook from external_ids where workspace = $1 and playbook = $2 and token in";

statements! {
    EXTERNAL_IDS_ERASE = "delete from external_ids where workspace = $1 and subject = $2";
}

/// A case by its external id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExternalIdRow {
    /// Keyed token of the external id.
    pub token: Vec<u8>,
    /// Keyed token of what was sent under it.
    pub content_token: Vec<u8>,
    /// The case.
    pub case: Uuid,
    /// The playbook.
    pub playbook: Uuid,
    /// Whose data it is.
    pub subject: Option<Uuid>,
}

/// Adds external ids.
///
/// # Errors
/// [`Error::Conflict`] where another node took one first.
pub async fn insert(mut conn: Conn<'_>, workspace: Uuid, rows: &[ExternalIdRow]) -> Result<(), Error> {
    insert_rows!(conn, "add external ids", EXTERNAL_ID_INSERT, 6, "", rows, |query, row| query
        .bind(workspace)
        .bind(row.playbook)
        .bind(row.token.as_slice())
        .bind(row.content_token.as_slice())
        .bind(row.case)
        .bind(row.subject));
    Ok(())
}

/// Those of the tokens that are taken in a playbook.
///
/// # Errors
/// Where the storage fails.
pub async fn taken(mut conn: Conn<'_>, workspace: Uuid, playbook: Uuid, tokens: &[Vec<u8>]) -> Result<Vec<ExternalIdRow>, Error> {
    let mut found = Vec::new();
    for some in tokens.chunks(batch::KEYS_AT_ONCE) {
        let keys = batch::padded(some);
        let sql = batch::in_list(conn.is_postgres(), EXTERNAL_IDS_BY_TOKEN, 2, keys.len(), "");
        on!(conn.again(), c => {
            let mut query = sqlx::query(sql).bind(workspace).bind(playbook);
            for key in &keys {
                query = query.bind(key.as_slice());
            }
            query.fetch_all(c).await.map(|rows| {
                found.extend(rows.iter().map(|r| ExternalIdRow { token: r.get(0), content_token: r.get(1), case: r.get(2), playbook: r.get(3), subject: None }));
            })
        })
        .map_err(attempt("look for external ids"))?;
    }
    Ok(found)
}

/// Deletes those of a subject.
///
/// # Errors
/// Where the storage fails.
pub async fn erase(conn: Conn<'_>, workspace: Uuid, subject: Uuid) -> Result<(), Error> {
    on!(conn, c => sqlx::query(EXTERNAL_IDS_ERASE).bind(workspace).bind(subject).execute(c).await.map(|_| ()))
        .map_err(attempt("erase external ids"))
}
