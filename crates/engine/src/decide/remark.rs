//! What people do around a case without answering it: skip, snooze, comment, escalate. Also looking at a held case again.

use super::{Decided, NewEvent, Turn, stands};
use crate::{
    route::Cause,
    sabotage::{Sabotage, on},
    state::Status,
};
use countersign_core::{
    Content, Refusal,
    event::{CaseEscalated, CaseSkipped, CaseSnoozed, CommentAdded},
    id::PersonId,
    limits::WAIT_MICROS_MAX,
    number::Micros,
    refusal::Code,
};

impl Turn<'_, '_> {
    pub(super) fn skip(&mut self, person: PersonId, reason: Content) -> Decided {
        self.reviewer(person)?;
        self.waits_for_people()?;
        self.only(CaseSkipped { person, reason })
    }

    pub(super) fn snooze(&mut self, person: PersonId, until: Micros, reason: Option<Content>) -> Decided {
        self.reviewer(person)?;
        self.waits_for_people()?;
        let latest = self.now.saturating_add(WAIT_MICROS_MAX);
        if (until <= self.now || until > latest) && !on(Sabotage::SnoozeUnchecked) {
            return Err(Refusal::invalid("/until", "a case sleeps until a time in the next 366 days"));
        }
        self.only(CaseSnoozed { person, until, reason })
    }

    pub(super) fn comment(&mut self, person: PersonId, text: Content) -> Decided {
        self.somebody(person)?;
        self.only(CommentAdded { person, text })
    }

    /// Asks for the eyes of a role. It narrows who may decide: the role is one that the playbook lets decide, somebody has it, and
    /// an escalated case is passed on only by somebody whom it was escalated to.
    pub(super) fn escalate(&mut self, person: PersonId, role: String, reason: Content) -> Decided {
        self.reviewer(person)?;
        if !matches!(self.state.status(), Status::Open | Status::Held) {
            return Err(Refusal::new(Code::WrongState, stands(self.state)));
        }
        let roles = &self.ctx.playbook.decide.roles;
        if !roles.is_empty() && !roles.contains(&role) {
            let detail = format!("the playbook lets only these roles decide: {}", roles.join(", "));
            return Err(Refusal::invalid("/role", detail));
        }
        if self.ctx.roster.count_with_any_role(std::slice::from_ref(&role)) == 0 {
            return Err(Refusal::invalid("/role", "nobody has this role: the case would wait for ever"));
        }
        let routed = self.routed(Cause::Escalated, Some(role.clone()), &self.state.fields, self.state.content_digest);
        let escalated = self.event(CaseEscalated { person, role, reason });
        let routed = self.follow(&escalated, routed);
        Ok(vec![escalated, routed])
    }

    /// Routes a held or an untouched case anew; nothing happens where the route would be the same.
    pub(super) fn reroute(&mut self) -> Decided {
        if self.state.status() != Status::Held && !self.state.untouched() {
            return Err(Refusal::new(Code::WrongState, "only a case that is held, or that nobody has looked at yet, is routed anew"));
        }
        Ok(self.routed_anew())
    }

    /// The route as it would be now, where that is another one; and the decision, where a certificate makes it.
    pub(super) fn routed_anew(&mut self) -> Vec<NewEvent> {
        let role = self.state.route.as_ref().and_then(|route| route.role.clone());
        let routed = self.routed(Cause::Content, role, &self.state.fields, self.state.content_digest);
        let same = |route: &crate::state::RouteRecord| route.route == routed.route && route.seats == routed.seats;
        if self.state.route.as_ref().is_some_and(same) {
            return Vec::new();
        }
        let routed = self.event(routed);
        self.routed_and_automated(routed)
    }

    fn waits_for_people(&self) -> Result<(), Refusal> {
        match self.state.status() {
            Status::Open | Status::Appealed => Ok(()),
            _ => Err(Refusal::new(Code::WrongState, stands(self.state))),
        }
    }
}
