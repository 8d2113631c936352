//! Data subjects: finding, exporting and erasing what is held about a person. After an erasure the facts stay and the person is
//! gone.

use crate::{
    Caller, Error, Workspace,
    control::Control,
    writer::{Change, Extra},
};
use countersign_core::{
    event::Event,
    id::SubjectId,
    number::Micros,
    refusal::{Code, Refusal},
    time,
};
use countersign_engine::workspace::WorkspaceCommand;
use countersign_store as store;
use serde_json::{Value, json};
use std::collections::BTreeSet;

impl Workspace {
    /// The subject that is known by a value of a playbook's `subject` field.
    ///
    /// # Errors
    /// Where the playbook has no such field or the storage fails.
    pub async fn subject_find(&self, playbook: &str, value: &str) -> Result<Option<SubjectId>, Error> {
        let (.., latest) = self.control().await?.playbook_latest(playbook)?;
        if !latest.fields.iter().any(|f| f.subject) {
            return Err(Refusal::invalid(
                "/playbook",
                format!("no field of playbook {playbook} says whose data a case is (subject = true)"),
            )
            .into());
        }
        let token = self.inner.seals.of(&self.inner.root, self.id).subject_token(value);
        let mut session = self.inner.db.session().await?;
        Ok(store::subject::by_tokens(session.conn(), self.id.0, &[token.to_vec()]).await?.first().map(|r| SubjectId(r.subject)))
    }

    /// All that is held about a subject: the values and the events that refer to them.
    ///
    /// # Errors
    /// Where there is no such subject, or it was erased.
    pub async fn subject_export(&self, subject: SubjectId) -> Result<Value, Error> {
        self.may_export().await?;
        let mut session = self.inner.db.session().await?;
        let row = store::subject::get(session.conn(), self.id.0, subject.0).await?.ok_or_else(unknown)?;
        if let Some(at) = row.erased_at {
            return Err(Refusal::new(Code::Erased, format!("this subject's values were erased on {}", time::format_rfc3339(at))).into());
        }
        let rows = store::vault::of_subject(session.conn(), self.id.0, subject.0).await?;
        let streams: BTreeSet<_> = rows.iter().map(|r| r.stream).collect();
        let mut cases = Vec::with_capacity(streams.len());
        for stream in streams {
            let values = self.values_of(&mut session, &[stream]).await?;
            let mut events = Vec::new();
            for row in store::event::of_stream(session.conn(), self.id.0, stream).await? {
                let mut event = serde_json::from_slice(&row.bytes).map_err(|e| Error::Damaged(e.to_string()))?;
                values.open_in(&mut event);
                events.push(event);
            }
            cases.push(json!({ "case": stream, "events": events }));
        }
        Ok(json!({ "subject": subject, "cases": cases }))
    }

    /// Destroys a subject's key and values, for good. Returns how many values. A second time is no error and destroys nothing.
    ///
    /// # Errors
    /// Where there is no such subject or the storage fails.
    pub async fn subject_erase(&self, caller: &Caller, subject: SubjectId, ground: &str) -> Result<u64, Error> {
        let mut session = self.inner.db.session().await?;
        let row = store::subject::get(session.conn(), self.id.0, subject.0).await?.ok_or_else(unknown)?;
        drop(session);
        if row.erased_at.is_some() {
            return Ok(0);
        }
        self.erasure_listed(subject)?;
        let ground = ground.to_owned();
        let erase = move |_: &Control| Ok(WorkspaceCommand::EraseSubject { subject, values: 0, ground: ground.clone() });
        let events = self.change(caller, Change::command(erase).with(Extra::Erase(subject))).await?;
        Ok(events.iter().find_map(values_destroyed).unwrap_or(0))
    }

    /// Who was erased and when: what a restore of an older backup has to repeat.
    ///
    /// # Errors
    /// Where the storage fails.
    pub async fn erasure_list(&self) -> Result<Vec<(SubjectId, Micros)>, Error> {
        let mut session = self.inner.db.session().await?;
        let rows = store::subject::erased(session.conn(), self.id.0).await?;
        Ok(rows.into_iter().filter_map(|r| r.erased_at.map(|at| (SubjectId(r.subject), at))).collect())
    }
}

fn values_destroyed(event: &Event) -> Option<u64> {
    match &event.body {
        countersign_core::Body::SubjectErased(body) => Some(body.values),
        _ => None,
    }
}

fn unknown() -> Error {
    Refusal::new(Code::NotFound, "nothing is held about such a subject").into()
}
