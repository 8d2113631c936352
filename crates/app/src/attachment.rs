//! Attachments: files that fields point to by the digest of their bytes, encrypted at rest.

use crate::{Caller, Error, Workspace, seal::Place, view::AttachmentView};
use countersign_core::{
    content::Digest,
    id::SubjectId,
    limits::ATTACHMENT_BYTES_MAX,
    refusal::{Code, Refusal},
};
use countersign_store::{self as store, attachment::AttachmentRow};

const FIELD: &str = "attachment";
const MEDIA_TYPE_BYTES_MAX: usize = 100;

impl Workspace {
    /// Keeps a file. The same bytes twice are one attachment.
    ///
    /// # Errors
    /// Where it is empty or too large, or the storage fails.
    pub async fn attachment_add(&self, _caller: &Caller, media_type: &str, bytes: Vec<u8>) -> Result<AttachmentView, Error> {
        if bytes.is_empty() {
            return Err(Refusal::new(Code::Invalid, "the attachment is empty").into());
        }
        if bytes.len() > ATTACHMENT_BYTES_MAX {
            return Err(Refusal::new(Code::TooLarge, format!("the attachment has {} bytes, and {ATTACHMENT_BYTES_MAX} is the limit", bytes.len())).into());
        }
        if media_type.len() > MEDIA_TYPE_BYTES_MAX || !media_type.contains('/') || media_type.chars().any(|c| c.is_control()) {
            return Err(Refusal::invalid("/content-type", "say what it is by a media type, such as image/png").into());
        }
        let digest = Digest::of(&bytes);
        let keys = self.inner.seals.of(&self.inner.root, self.id);
        let sealed = keys.unowned().seal(self.inner.env.bytes(), &self.attachment_place(&digest, None).aad(), &bytes)?;
        let row = AttachmentRow { digest: digest.0.to_vec(), subject: None, media_type: media_type.to_owned(), sealed, added_at: self.inner.env.now() };
        let mut tx = self.inner.db.begin().await?;
        store::attachment::insert(tx.conn(), self.id.0, &row).await?;
        tx.commit().await?;
        Ok(AttachmentView { attachment: digest.to_string(), media_type: media_type.to_owned(), bytes: bytes.len() as u64 })
    }

    /// A file with its media type.
    ///
    /// # Errors
    /// Where there is none (any more).
    pub async fn attachment_get(&self, digest: Digest) -> Result<(String, Vec<u8>), Error> {
        let gone = || Refusal::new(Code::NotFound, "there is no such attachment, or it was erased");
        let mut session = self.inner.db.session().await?;
        let row = store::attachment::get(session.conn(), self.id.0, &digest.0).await?.ok_or_else(gone)?;
        let keys = self.inner.seals.of(&self.inner.root, self.id);
        let subject = row.subject.map(SubjectId);
        let place = self.attachment_place(&digest, subject);
        let bytes = match subject {
            None => keys.unowned().open(&place.aad(), &row.sealed)?,
            Some(subject) => {
                let wrapped = store::subject::get(session.conn(), self.id.0, subject.0).await?.and_then(|r| r.wrapped_key).ok_or_else(gone)?;
                keys.subject_key(subject, &wrapped)?.open(&place.aad(), &row.sealed)?
            }
        };
        Ok((row.media_type, bytes))
    }

    /// An attachment is sealed in the workspace's own place, named by its digest.
    fn attachment_place<'a>(&self, digest: &Digest, subject: Option<SubjectId>) -> Place<'a> {
        let (low, _) = digest.0.split_at(8);
        let version = low.iter().fold(0_u64, |sum, byte| (sum << 8) | u64::from(*byte));
        Place { workspace: self.id, subject, stream: self.id.0, version, field: FIELD }
    }
}
