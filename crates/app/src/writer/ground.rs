//! One decision on one case: the command made from what came from outside, the engine's answer, the events as they are stored. Knows
//! no database, so that a case without personal values is decided before it reaches the writer.

use super::rows::{self, Written};
use crate::{
    Caller, Error, Inner,
    case::Verb,
    control::Control,
    rules::may::Ruled,
    seal::{Owner, Sealer, WorkspaceKeys},
};
use countersign_core::{
    id::{CaseId, EventId, WorkspaceId},
    number::Micros,
    refusal::{Code, Refusal},
};
use countersign_engine::{
    CaseState, Context,
    context::{Drawn, Lease},
    decide,
};
use countersign_ledger::draw;
use countersign_store::vault::VaultRow;
use std::sync::{Mutex, PoisonError};

/// What a decision stands on.
pub(crate) struct Ground<'a> {
    pub node: &'a Inner,
    pub workspace: WorkspaceId,
    pub control: &'a Control,
    pub keys: &'a WorkspaceKeys,
    pub now: Micros,
}

impl Ground<'_> {
    /// Decides; what comes out is not written yet.
    pub(crate) fn decide(
        &self,
        caller: &Caller,
        case: CaseId,
        verb: &Verb,
        state: Option<&CaseState>,
        owner: Option<Owner<'_>>,
        lease: Option<Lease>,
    ) -> Result<(Vec<Written>, Vec<VaultRow>), Error> {
        let (playbook_id, playbook_version) = match (verb, state) {
            (Verb::Open(opening), _) => (opening.playbook_id, opening.playbook_version),
            (_, Some(state)) => (state.playbook, state.playbook_version),
            _ => return Err(Refusal::new(Code::NotFound, "there is no such case").into()),
        };
        let playbook = self.control.playbook(playbook_id, playbook_version)?;
        let version = state.map_or(1, |s| s.version + 1);
        let subject = owner.as_ref().map(|o| o.subject);
        let mut sealer = Sealer::new(self.keys, &self.node.env, case.0, version, owner).masked(playbook.has_masked_fields());
        let command = verb.command(state, &playbook, subject, &mut sealer)?;
        let vault_rows = std::mem::take(&mut sealer.rows);

        let epoch = self.control.state.draw_epoch();
        let draws = |purpose: &str| {
            let epoch = epoch?;
            let key = self.keys.draw_key(&self.node.root, epoch);
            Some(Drawn { epoch, value: draw::draw(&key, self.workspace.0.as_bytes(), case.0.as_bytes(), purpose) })
        };
        let mut ids = || EventId(self.node.env.ordered_id());
        let mut ctx = Context {
            now: self.now,
            actor: caller.actor.clone(),
            source: caller.source,
            playbook: &playbook,
            playbook_id,
            playbook_version,
            control: &self.control.state.control,
            record: self.control.records.get(&playbook_id).map(AsRef::as_ref),
            roster: &Ruled(self.control),
            lease,
            draws: &draws,
            learning: verb.learning(),
            ids: &mut ids,
        };
        let decided = decide(state, command, &mut ctx).map_err(|refusal| self.control.named(refusal))?;
        self.control.may_verb(&caller.actor, verb, state, &playbook)?;
        let recorded_at = self.now.max(state.map_or(0, |s| s.recorded_at));
        let written = decided
            .into_iter()
            .zip(version..)
            .map(|(new, version)| Written::new(rows::enveloped(new, self.workspace, case.0, version, caller, recorded_at)))
            .collect::<Result<Vec<_>, _>>()?;
        Ok((written, vault_rows))
    }
}

/// A decision that was made before the writer's turn, good for one control epoch and one use.
pub(crate) struct Ready {
    pub epoch: i64,
    pub written: Vec<Written>,
    pub vault_rows: Vec<VaultRow>,
}

/// Where a [`Ready`] decision waits. What was taken once is decided again on a second attempt.
#[derive(Default)]
pub(crate) struct Waiting(Mutex<Option<Ready>>);

impl Waiting {
    pub(crate) fn put(&self, ready: Ready) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(ready);
    }

    pub(crate) fn take(&self, epoch: i64) -> Option<Ready> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take().filter(|ready| ready.epoch == epoch)
    }
}
