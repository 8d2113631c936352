//! Evidence bundles: everything about a decision in one file that can be checked without our database, network or word.

mod signatures;
mod verdict;

pub use verdict::{Verdict, verify};

use crate::{
    Error, Workspace, integrator,
    seal::{COMMITMENT_TAG, Opened},
};
use countersign_core::{
    content::Digest,
    event::{Body, Event},
    id::{CaseId, EventId, PersonId},
    refusal::{Code, Refusal},
};
use countersign_ledger::{
    bundle::{Bundle, EarlierLog, Entry, FORMAT, Opening},
    merkle::Hash,
};
use countersign_store::{self as store, event::EventRow};
use std::collections::BTreeMap;

impl Workspace {
    /// The evidence bundle of a decision: the case's events, the playbook's and the workspace's, each with its proof; where
    /// `open_values` says so, also the values behind the commitments, as far as they still exist and `viewer` may see them.
    ///
    /// # Errors
    /// Where there is no such decision, or some of its events are not in the log yet.
    pub async fn bundle(&self, decision: EventId, open_values: bool, viewer: Option<PersonId>) -> Result<Vec<u8>, Error> {
        let case = self.case_of_decision(decision).await?;
        self.integrate_all().await?;
        let control = self.control().await?;
        let log = integrator::present(&control)?;
        let signed = self.signed().await?.ok_or_else(|| Error::Damaged("the log has no checkpoint".into()))?;
        let mut logs: Vec<Vec<Entry>> = vec![Vec::new(); control.logs.len()];
        for row in self.evidence(case).await? {
            let position = u64::try_from(row.position).unwrap_or(0);
            let number = control.logs.iter().rposition(|log| log.base <= position).unwrap_or(0);
            let (Some(of), Some(entries)) = (control.logs.get(number), logs.get_mut(number)) else { continue };
            let size = match control.logs.get(number + 1) {
                Some(next) => next.base - of.base,
                None => signed.checkpoint.size,
            };
            let index = position
                .checked_sub(of.base)
                .filter(|index| *index < size)
                .ok_or_else(|| Refusal::new(Code::Busy, "the log does not cover the case's last events yet: try again in a second"))?;
            let proof = self.inclusion_hashes(of, index, size).await?;
            entries.push(Entry { position: index, event: row.bytes, proof });
        }
        let entries = logs.pop().unwrap_or_default();
        let earlier = logs
            .into_iter()
            .zip(control.logs.iter().skip(1))
            .filter_map(|(entries, next)| Some(EarlierLog { checkpoint: next.takes_over.clone()?, entries }));
        let openings = if open_values { self.openings(case, viewer).await? } else { Vec::new() };
        let bundle = Bundle {
            format: FORMAT.to_owned(),
            origin: log.origin.clone(),
            decision: decision.to_string(),
            key: log.first_key.parse().map_err(|e| Error::Damaged(format!("the log's first key cannot be read: {e}")))?,
            rotations: log.rotations.iter().map(|(_, statement)| statement.clone()).collect(),
            checkpoint: signed.note,
            entries,
            earlier: earlier.collect(),
            openings,
        };
        bundle.to_bytes().map_err(|e| Error::Damaged(e.to_string()))
    }

    /// The events that tell who decided what on what they saw, in the order of the log.
    async fn evidence(&self, case: CaseId) -> Result<Vec<EventRow>, Error> {
        let file = self.file(case).await?;
        let mut session = self.inner.db.session().await?;
        let mut rows = store::event::of_stream(session.conn(), self.id.0, case.0).await?;
        let version = i64::try_from(file.state.playbook_version).unwrap_or(0);
        let playbook = store::event::of_stream(session.conn(), self.id.0, file.state.playbook.0).await?;
        rows.extend(playbook.into_iter().filter(|r| r.stream_version == version));
        let workspace = store::event::of_stream(session.conn(), self.id.0, self.id.0).await?;
        let (workspace_passkeys, workspace): (Vec<_>, Vec<_>) =
            workspace.into_iter().partition(|r| matches!(r.type_name.as_str(), "person.passkey_added" | "person.passkey_removed"));
        rows.extend(
            workspace
                .into_iter()
                .filter(|r| matches!(r.type_name.as_str(), "workspace.created" | "workspace.restored" | "log_key.rotated")),
        );
        let signed: Vec<Digest> = file.events.iter().filter_map(|(_, event)| signed_by(&event.body)).collect();
        rows.extend(passkeys(workspace_passkeys, &signed)?);
        rows.sort_unstable_by_key(|r| r.position);
        Ok(rows)
    }

    /// What is masked for the viewer is left out whole, as what was erased is: a commitment is to every letter of a value.
    async fn openings(&self, case: CaseId, viewer: Option<PersonId>) -> Result<Vec<Opening>, Error> {
        let file = self.file(case).await?.read_by(&*self.inner.control(self.id).await?, viewer);
        let seen = |opened: &&Opened| {
            let quoted = opened.field.contains("/evidence/") && file.mask.hides_any();
            let reasons = opened.field.ends_with("/explanation") && file.mask.hides_reasons();
            let hidden = opened.field.strip_prefix("fields/").is_some_and(|field| file.mask.hides(field));
            !(hidden || quoted || reasons) && file.mask.value(opened.value.clone()) == opened.value
        };
        let mut openings: Vec<Opening> = file
            .values
            .iter()
            .filter(|(_, opened)| seen(opened))
            .map(|(commitment, opened)| Opening {
                commitment: Hash::from_bytes(commitment.0),
                salt: Hash::from_bytes(opened.salt),
                value: opened.bytes.clone(),
                context: BTreeMap::from([
                    ("tag".to_owned(), COMMITMENT_TAG.to_owned()),
                    ("workspace".to_owned(), self.id.to_string()),
                    ("case".to_owned(), case.to_string()),
                    ("version".to_owned(), opened.version.to_string()),
                    ("field".to_owned(), opened.field.clone()),
                ]),
            })
            .collect();
        openings.sort_unstable_by_key(|o| o.commitment);
        Ok(openings)
    }
}

/// The passkey that signed a judgment.
fn signed_by(body: &Body) -> Option<Digest> {
    match body {
        Body::JudgmentGiven(given) => given.signature.as_ref().map(|signature| signature.credential),
        _ => None,
    }
}

/// Where these passkeys were made known and taken away: with their public keys, signatures are checked without us.
fn passkeys(rows: Vec<EventRow>, wanted: &[Digest]) -> Result<Vec<EventRow>, Error> {
    let mut kept = Vec::new();
    for row in rows {
        let credential = match Event::from_bytes(&row.bytes)?.body {
            Body::PasskeyAdded(body) => body.credential,
            Body::PasskeyRemoved(body) => body.credential,
            _ => continue,
        };
        if wanted.contains(&credential) {
            kept.push(row);
        }
    }
    Ok(kept)
}

/// Whether an event belongs to the story of a decision rather than to its setting.
fn is_story(body: &Body) -> bool {
    !matches!(
        body,
        Body::WorkspaceCreated(_)
            | Body::WorkspaceRestored(_)
            | Body::LogKeyRotated(_)
            | Body::PlaybookPublished(_)
            | Body::PasskeyAdded(_)
            | Body::PasskeyRemoved(_)
    )
}
