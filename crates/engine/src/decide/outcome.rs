//! What the world says, and what was wrongly taken for it.

use super::{Decided, Turn, not_in_future};
use crate::sabotage::{Sabotage, on};
use countersign_core::{
    Content, Refusal,
    event::{OutcomeCorrected, OutcomeKind, OutcomeObserved, OutcomeValue},
    id::EventId,
    number::Micros,
    playbook::Playbook,
    refusal::Code,
};

impl Turn<'_, '_> {
    pub(super) fn outcome(&mut self, kind: OutcomeKind, value: OutcomeValue, source: String, at: Micros) -> Decided {
        not_in_future("/occurred_at", at, self.now)?;
        check("", self.ctx.playbook, kind, &value)?;
        Ok(vec![super::new_event(self.ctx, at, None, OutcomeObserved { kind, value, source })])
    }

    pub(super) fn correct_outcome(&mut self, outcome: EventId, value: OutcomeValue, reason: Content) -> Decided {
        let record = self.state.outcomes.iter().find(|o| o.id == outcome);
        let missing = || Refusal::field(Code::NotFound, "/outcome", "there is no such outcome here");
        check("", self.ctx.playbook, record.ok_or_else(missing)?.kind, &value)?;
        self.only(OutcomeCorrected { outcome, value, reason })
    }
}

/// What can be wrong with an outcome. `prefix` is where it stands in the command.
pub(super) fn check(prefix: &str, playbook: &Playbook, kind: OutcomeKind, value: &OutcomeValue) -> Result<(), Refusal> {
    if on(Sabotage::OutcomeKindUnchecked) {
        return Ok(());
    }
    let field = format!("{prefix}/kind");
    match &playbook.outcome {
        None => return Err(Refusal::invalid(field, "this playbook gets no outcome")),
        Some(spec) if spec.kind != kind => {
            return Err(Refusal::invalid(field, format!("this playbook gets outcomes of the kind {:?}", spec.kind)));
        }
        Some(_) => {}
    }
    match (kind, value) {
        (OutcomeKind::Payoff, OutcomeValue::Payoff(_)) => Ok(()),
        (OutcomeKind::Truth | OutcomeKind::Proxy, OutcomeValue::Answer(_)) => Ok(()),
        (OutcomeKind::Payoff, _) => Err(Refusal::invalid(format!("{prefix}/value"), "a payoff is a number")),
        (_, _) => Err(Refusal::invalid(format!("{prefix}/value"), "a truth or a proxy is an answer")),
    }
}
