//! Attachments: files that fields point to by the digest of their bytes, encrypted at rest.

use crate::{
    Caller, Env, Error, Workspace,
    seal::{Place, WorkspaceKeys},
    view::AttachmentView,
};
use countersign_core::{
    content::Digest,
    id::{PersonId, SubjectId, WorkspaceId},
    limits::ATTACHMENT_BYTES_MAX,
    refusal::{Code, Refusal},
};
use countersign_privacy::SubjectKey;
use countersign_store::{self as store, Tx, attachment::AttachmentRow};
use std::collections::BTreeSet;

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
            return Err(Refusal::new(
                Code::TooLarge,
                format!("the attachment has {} bytes, and {ATTACHMENT_BYTES_MAX} is the limit", bytes.len()),
            )
            .into());
        }
        if media_type.len() > MEDIA_TYPE_BYTES_MAX || !media_type.contains('/') || media_type.chars().any(|c| c.is_control()) {
            return Err(Refusal::invalid("/content-type", "say what it is by a media type, such as image/png").into());
        }
        let digest = Digest::of(&bytes);
        let keys = self.inner.seals.of(&self.inner.root, self.id);
        let sealed = keys.unowned().seal(self.inner.env.bytes(), &self.attachment_place(&digest, None).aad(), &bytes)?;
        let row = AttachmentRow {
            digest: digest.0.to_vec(),
            subject: None,
            media_type: media_type.to_owned(),
            sealed,
            added_at: self.inner.env.now(),
        };
        let mut tx = self.inner.db.begin().await?;
        store::attachment::insert(tx.conn(), self.id.0, &row).await?;
        tx.commit().await?;
        Ok(AttachmentView { attachment: digest.to_string(), media_type: media_type.to_owned(), bytes: bytes.len() as u64 })
    }

    /// A file with its media type, as `viewer` may have it; a program with full reading rights is no viewer.
    ///
    /// # Errors
    /// Where there is none (any more), or fields point to it that the viewer does not see whole.
    pub async fn attachment_get(&self, digest: Digest, viewer: Option<PersonId>) -> Result<(String, Vec<u8>), Error> {
        let gone = || Refusal::new(Code::NotFound, "there is no such attachment, or it was erased");
        let mut session = self.inner.db.session().await?;
        let row = store::attachment::get(session.conn(), self.id.0, &digest.0).await?.ok_or_else(gone)?;
        if let Some(person) = viewer {
            let masks = store::attachment::masks(session.conn(), self.id.0, &digest.0).await?;
            self.given_to(person, &masks).await?;
        }
        let keys = self.inner.seals.of(&self.inner.root, self.id);
        let subject = row.subject.map(SubjectId);
        let place = self.attachment_place(&digest, subject);
        let bytes = match subject {
            None => keys.unowned().open(&place.aad(), &row.sealed)?,
            Some(subject) => {
                let wrapped =
                    store::subject::get(session.conn(), self.id.0, subject.0).await?.and_then(|r| r.wrapped_key).ok_or_else(gone)?;
                keys.subject_key(subject, &wrapped)?.open(&place.aad(), &row.sealed)?
            }
        };
        Ok((row.media_type, bytes))
    }

    /// Refuses a person whom none of these lists of roles names, where there are any.
    async fn given_to(&self, person: PersonId, masks: &[String]) -> Result<(), Error> {
        let control = self.inner.control(self.id).await?;
        let has = |role: &String| control.state.people.get(&person).is_some_and(|facts| facts.roles.contains(role));
        let mut named = BTreeSet::new();
        for mask in masks {
            let roles: Vec<String> = serde_json::from_str(mask).map_err(|e| Error::Damaged(format!("a mask cannot be read: {e}")))?;
            if roles.iter().any(has) {
                return Ok(());
            }
            named.extend(roles);
        }
        if named.is_empty() {
            return Ok(());
        }
        let roles: Vec<String> = named.into_iter().collect();
        let detail = format!("this attachment is masked: it is given to the roles {}", roles.join(", "));
        Err(Refusal::field(Code::Forbidden, "/person", detail).into())
    }

    /// Notes who sees the field that points to an attachment. Before the case is written, so that it is never given to anybody else; where
    /// the case is then refused, it stays so.
    pub(crate) async fn attachment_mask(&self, digest: Digest, visible_to: &[String]) -> Result<(), Error> {
        let mut roles = visible_to.to_vec();
        roles.sort_unstable();
        let roles = serde_json::to_string(&roles).map_err(|e| Error::Damaged(e.to_string()))?;
        let mut tx = self.inner.db.begin().await?;
        store::attachment::mask(tx.conn(), self.id.0, &digest.0, &roles).await?;
        Ok(tx.commit().await?)
    }

    /// Refuses a digest that points to no attachment.
    pub(crate) async fn attachment_known(&self, field: &str, digest: Digest) -> Result<(), Error> {
        let mut session = self.inner.db.session().await?;
        match store::attachment::get(session.conn(), self.id.0, &digest.0).await? {
            Some(_) => Ok(()),
            None => Err(Refusal::field(
                Code::NotFound,
                format!("/fields/{field}"),
                "there is no attachment with this digest: send the file to /v1/attachments first",
            )
            .into()),
        }
    }

    /// An attachment is sealed in the workspace's own place, named by its digest.
    fn attachment_place<'a>(&self, digest: &Digest, subject: Option<SubjectId>) -> Place<'a> {
        place(self.id, digest, subject)
    }
}

fn place<'a>(workspace: WorkspaceId, digest: &Digest, subject: Option<SubjectId>) -> Place<'a> {
    let (low, _) = digest.0.split_at(8);
    let version = low.iter().fold(0_u64, |sum, byte| (sum << 8) | u64::from(*byte));
    Place { workspace, subject, stream: workspace.0, version, field: FIELD }
}

/// Gives an attachment to the subject of the case that shows it, sealed anew under that subject's key, so that an erasure destroys
/// it. One that belongs to somebody already stays theirs.
pub(crate) async fn own(
    tx: &mut Tx,
    keys: &WorkspaceKeys,
    env: &Env,
    workspace: WorkspaceId,
    digest: Digest,
    subject: SubjectId,
    key: &SubjectKey,
) -> Result<(), Error> {
    let Some(row) = store::attachment::get(tx.conn(), workspace.0, &digest.0).await?.filter(|r| r.subject.is_none()) else { return Ok(()) };
    let bytes = keys.unowned().open(&place(workspace, &digest, None).aad(), &row.sealed)?;
    let sealed = key.seal(env.bytes(), &place(workspace, &digest, Some(subject)).aad(), &bytes)?;
    Ok(store::attachment::own(tx.conn(), workspace.0, &AttachmentRow { subject: Some(subject.0), sealed, ..row }).await?)
}
