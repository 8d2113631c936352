//! Attachments, encrypted, by the digest of their bytes, and who is given them. Never sees one in the clear.

use crate::{
    db::Conn,
    error::{Error, attempt},
};
use sqlx::Row;
use uuid::Uuid;

statements! {
    ATTACHMENT_INSERT = "insert into attachments (workspace, digest, subject, media_type, sealed, added_at) values ($1, $2, $3, $4, $5, $6) on conflict (workspace, digest) do nothing";
    ATTACHMENT_GET = "select digest, subject, media_type, sealed, added_at from attachments where workspace = $1 and digest = $2";
    ATTACHMENT_OWN = "update attachments set subject = $3, sealed = $4 where workspace = $1 and digest = $2";
    ATTACHMENT_MASK_INSERT = "insert into attachment_masks (workspace, digest, visible_to) values ($1, $2, $3) on conflict (workspace, digest, visible_to) do nothing";
    ATTACHMENT_MASKS_OF = "select visible_to from attachment_masks where workspace = $1 and digest = $2 order by visible_to";
    ATTACHMENT_MASKS_ERASE = "delete from attachment_masks where workspace = $1 and digest in (select digest from attachments where workspace = $1 and subject = $2)";
    ATTACHMENTS_ERASE = "delete from attachments where workspace = $1 and subject = $2";
}

/// An attachment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttachmentRow {
    /// SHA-256 of its bytes.
    pub digest: Vec<u8>,
    /// Whose it is, once a case with personal fields refers to it.
    pub subject: Option<Uuid>,
    /// As declared and checked on the way in.
    pub media_type: String,
    /// The encrypted bytes.
    pub sealed: Vec<u8>,
    /// When it came.
    pub added_at: i64,
}

/// Adds one; the same bytes twice are one attachment.
///
/// # Errors
/// Where the storage fails.
pub async fn insert(conn: Conn<'_>, workspace: Uuid, row: &AttachmentRow) -> Result<(), Error> {
    on!(conn, c => sqlx::query(ATTACHMENT_INSERT)
        .bind(workspace)
        .bind(row.digest.as_slice())
        .bind(row.subject)
        .bind(row.media_type.as_str())
        .bind(row.sealed.as_slice())
        .bind(row.added_at)
        .execute(c)
        .await
        .map(|_| ()))
    .map_err(attempt("keep an attachment"))
}

/// One attachment.
///
/// # Errors
/// Where the storage fails.
pub async fn get(conn: Conn<'_>, workspace: Uuid, digest: &[u8]) -> Result<Option<AttachmentRow>, Error> {
    on!(conn, c => sqlx::query(ATTACHMENT_GET).bind(workspace).bind(digest).fetch_optional(c).await.map(|r| {
        r.map(|r| AttachmentRow { digest: r.get(0), subject: r.get(1), media_type: r.get(2), sealed: r.get(3), added_at: r.get(4) })
    }))
    .map_err(attempt("find an attachment"))
}

/// Gives it to a subject, sealed anew under that subject's key.
///
/// # Errors
/// Where the storage fails.
pub async fn own(conn: Conn<'_>, workspace: Uuid, row: &AttachmentRow) -> Result<(), Error> {
    on!(conn, c => sqlx::query(ATTACHMENT_OWN).bind(workspace).bind(row.digest.as_slice()).bind(row.subject).bind(row.sealed.as_slice()).execute(c).await.map(|_| ()))
        .map_err(attempt("seal an attachment for its subject"))
}

/// Says which roles an attachment is given to; more lists than one: whoever one of them names.
///
/// # Errors
/// Where the storage fails.
pub async fn mask(conn: Conn<'_>, workspace: Uuid, digest: &[u8], visible_to: &str) -> Result<(), Error> {
    on!(conn, c => sqlx::query(ATTACHMENT_MASK_INSERT).bind(workspace).bind(digest).bind(visible_to).execute(c).await.map(|_| ()))
        .map_err(attempt("mask an attachment"))
}

/// The lists of roles that an attachment is given to; none: everybody who may read attachments.
///
/// # Errors
/// Where the storage fails.
pub async fn masks(conn: Conn<'_>, workspace: Uuid, digest: &[u8]) -> Result<Vec<String>, Error> {
    on!(conn, c => sqlx::query_scalar(ATTACHMENT_MASKS_OF).bind(workspace).bind(digest).fetch_all(c).await)
        .map_err(attempt("find who is given an attachment"))
}

/// Deletes those of a subject, with who they were given to.
///
/// # Errors
/// Where the storage fails.
pub async fn erase(mut conn: Conn<'_>, workspace: Uuid, subject: Uuid) -> Result<u64, Error> {
    on!(conn.again(), c => sqlx::query(ATTACHMENT_MASKS_ERASE).bind(workspace).bind(subject).execute(c).await.map(|_| ()))
        .map_err(attempt("erase masks of attachments"))?;
    on!(conn, c => sqlx::query(ATTACHMENTS_ERASE).bind(workspace).bind(subject).execute(c).await.map(|done| done.rows_affected()))
        .map_err(attempt("erase attachments"))
}
