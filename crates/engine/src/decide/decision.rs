//! What can happen to a decision: withdraw, act, correct, re-open.

use super::{Decided, Turn, stands};
use crate::{
    route::Cause,
    sabotage::{Sabotage, on},
    state::{Dependence, Status},
};
use countersign_core::{
    Content, Refusal,
    answer::Answer,
    event::{Basis, CaseReopened, DecisionActed, DecisionCorrected, DecisionWithdrawn, Route},
    id::{EventId, PersonId},
    refusal::Code,
};

impl Turn<'_, '_> {
    /// Undo: while the grace lasts and nothing has acted. The case is open again.
    pub(super) fn withdraw(&mut self, person: PersonId, decision: EventId, reason: Option<Content>) -> Decided {
        self.member(person)?;
        let standing = self.standing(decision)?;
        if standing.acted {
            return Err(Refusal::new(Code::AlreadyActed, stands(self.state)));
        }
        if standing.basis == Basis::Appeal {
            let detail = "a decision on an appeal is not withdrawn: appeal again or re-open the case";
            return Err(Refusal::new(Code::WrongState, detail));
        }
        let over = self.now >= standing.act_after || standing.basis == Basis::Imported;
        if over && !on(Sabotage::GraceIgnored) {
            return Err(Refusal::new(Code::GraceOver, "the grace of this decision is over: correct it, appeal or re-open"));
        }
        let certified = matches!(standing.basis, Basis::Certificate { .. });
        let withdrawn = self.event(DecisionWithdrawn { decision, person, reason });
        if !certified {
            return Ok(vec![withdrawn]);
        }
        // What a certificate decided and a person takes back is decided by people.
        let routed = self.routed((Cause::Reopened, false), None, &self.state.fields, self.state.content_digest);
        let routed = self.follow(&withdrawn, routed);
        Ok(vec![withdrawn, routed])
    }

    /// Something acted: never before the grace is over, so that an undo is always in time.
    pub(super) fn act(&mut self, decision: EventId, reference: Option<Content>) -> Decided {
        let standing = self.standing(decision)?;
        if standing.acted {
            return Err(Refusal::new(Code::AlreadyActed, "this decision was acted on already"));
        }
        if self.now < standing.act_after {
            let detail = "the decision can still be withdrawn: nothing acts on it before its grace is over";
            return Err(Refusal::new(Code::WrongState, detail));
        }
        self.only(DecisionActed { decision, reference })
    }

    /// Another answer stands from now on. One person does this alone, so it is only for answers that one person may give: not for
    /// one that needs more signatures, not for what a panel or an appeal decided.
    pub(super) fn correct(&mut self, person: PersonId, decision: EventId, answer: Answer, reason: Content) -> Decided {
        self.member(person)?;
        if self.ctx.playbook.decide.signed {
            let detail = "what was signed is not corrected by anybody: re-open the case, or appeal, so that the other answer is signed too";
            return Err(Refusal::new(Code::WrongState, detail));
        }
        let standing = self.standing(decision)?;
        if standing.answer == answer {
            return Err(Refusal::invalid("/answer", "this answer stands already"));
        }
        let owns = self.state.not_independent().map(|(other, why)| (other == person).then_some(why));
        let owner = owns.flatten().find(|why| matches!(why, Dependence::CaseOwner | Dependence::ProposalOwner));
        if let Some(why) = owner {
            return Err(Refusal::field(Code::NotIndependent, "/person", why.sentence()));
        }
        if !on(Sabotage::HandsIgnored) {
            self.state.two(person, self.ctx.roster, |why| matches!(why, Dependence::CaseOwner | Dependence::ProposalOwner))?;
        }
        let panel = self.state.route.as_ref().is_some_and(|route| route.route == Route::Panel);
        let many = matches!(standing.basis, Basis::PanelAgreed | Basis::Adjudicated | Basis::Appeal);
        let signatures = self.ctx.playbook.signatures_for(answer.label());
        if (panel || many || signatures > 1) && !on(Sabotage::CorrectionUnsigned) {
            let detail = "this answer is not one person's to give: re-open the case or appeal";
            return Err(Refusal::new(Code::WrongState, detail));
        }
        self.only(DecisionCorrected { decision, answer, person, reason })
    }

    /// A decided case is decided anew.
    pub(super) fn reopen(&mut self, person: PersonId, reason: Content) -> Decided {
        self.member(person)?;
        let decision = match (&self.state.decision, self.state.status()) {
            (Some(decision), Status::Decided | Status::Acted) => decision.id,
            _ => return Err(Refusal::new(Code::WrongState, stands(self.state))),
        };
        let routed = self.routed((Cause::Reopened, false), None, &self.state.fields, self.state.content_digest);
        let reopened = self.event(CaseReopened { person, decision, reason });
        let routed = self.follow(&reopened, routed);
        Ok(vec![reopened, routed])
    }
}
