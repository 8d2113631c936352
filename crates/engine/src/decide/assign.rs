//! Assign: an open case is one person's to answer, until they answered, passed it on or gave it back. It narrows who may decide and
//! never widens it, and nobody chooses by it who signs beside them.

use super::{Decided, Turn, show::is_inducted, stands};
use crate::{
    CaseState,
    context::Roster,
    sabotage::{Sabotage, on},
    state::{Dependence, Status},
};
use countersign_core::{
    Content, Refusal, event::CaseAssigned, event::Route, id::PersonId, number::Micros, playbook::Playbook, refusal::Code,
};

/// Whether a case could be given to somebody now by whoever may give it: what [`crate::Command::Assign`] would accept.
#[must_use]
pub fn could_be_given(state: &CaseState, playbook: &Playbook, roster: &dyn Roster, now: Micros, to: PersonId) -> bool {
    let there = roster.stand_in(to, now).is_none();
    there && state.status() == Status::Open && one_decides(state).is_ok() && may_be_assigned(state, playbook, roster, to).is_ok()
}

/// INVARIANT (law 4): where several people answer, nobody chooses them by name; nor who signs after the first.
fn one_decides(state: &CaseState) -> Result<(), Refusal> {
    let one = state.route.as_ref().is_some_and(|route| route.seats == 1 && route.route != Route::Panel);
    if (one && state.final_answers().next().is_none()) || on(Sabotage::PanelAssigned) {
        return Ok(());
    }
    let detail = "several people sign on this case, and nobody chooses by name who signs beside somebody else";
    Err(Refusal::new(Code::WrongState, detail))
}

/// Whether a person could answer on this case.
fn may_be_assigned(state: &CaseState, playbook: &Playbook, roster: &dyn Roster, to: PersonId) -> Result<(), Refusal> {
    let field = |detail: &str| Refusal::field(Code::Forbidden, "/to", detail);
    let facts = roster.person(to).ok_or_else(|| Refusal::field(Code::NotFound, "/to", "there is no such person"))?;
    if !facts.may(&playbook.decide.roles) {
        return Err(field("this person takes no part here, or has none of the roles that may decide"));
    }
    if let Some(role) = state.route.as_ref().and_then(|route| route.role.as_ref())
        && !facts.roles.contains(role)
    {
        return Err(field(&format!("the case was escalated: somebody with the role {role} has to look")));
    }
    is_inducted(playbook, roster, state.playbook, to).map_err(|refusal| Refusal { field: Some("/to".into()), ..refusal })?;
    let dependence = state.not_independent().find(|(other, _)| *other == to);
    dependence.map_or(Ok(()), |(_, why)| Err(Refusal::field(Code::NotIndependent, "/to", why.sentence())))
}

impl Turn<'_, '_> {
    pub(super) fn assign(&mut self, person: PersonId, to: Option<PersonId>, reason: Option<Content>) -> Decided {
        self.member(person)?;
        if self.state.status() != Status::Open {
            return Err(Refusal::new(Code::WrongState, stands(self.state)));
        }
        if to == self.state.assignee {
            return Ok(Vec::new());
        }
        if self.state.not_independent().any(|(other, why)| other == person && why.owns()) {
            let detail = "whoever made or owns what is decided on does not choose who decides";
            return Err(Refusal::field(Code::NotIndependent, "/person", detail));
        }
        if let Some(to) = to {
            one_decides(self.state)?;
            self.may_be_given(to)?;
            if self.ctx.roster.stand_in(to, self.now).is_some() {
                let detail = "this person is away right now: give it to whoever stands in for them, or to somebody else";
                return Err(Refusal::field(Code::Forbidden, "/to", detail));
            }
        }
        self.only(CaseAssigned { person: Some(person), to, reason })
    }

    /// Gives back what its person cannot answer now: they left, lost the role, turned out not to be independent, or are away. Whoever
    /// stands in for them gets it, if they may answer on it themselves.
    pub(super) fn unassign(&mut self) -> Decided {
        let Some(assignee) = self.state.assignee.filter(|_| self.state.status() == Status::Open) else { return Ok(Vec::new()) };
        let away = self.ctx.roster.stand_in(assignee, self.now);
        if away.is_none() && self.may_be_given(assignee).is_ok() {
            return Ok(Vec::new());
        }
        let there = |person: &PersonId| self.ctx.roster.stand_in(*person, self.now).is_none();
        let to = away.flatten().filter(|person| there(person) && one_decides(self.state).is_ok() && self.may_be_given(*person).is_ok());
        self.only(CaseAssigned { person: None, to, reason: None })
    }

    fn may_be_given(&self, to: PersonId) -> Result<(), Refusal> {
        may_be_assigned(self.state, self.ctx.playbook, self.ctx.roster, to)
    }

    /// Whoever acts on an assigned case is the one it was assigned to.
    pub(super) fn theirs(&self, person: PersonId) -> Result<(), Refusal> {
        let open = self.state.status() == Status::Open;
        match self.state.assignee.filter(|assignee| open && *assignee != person) {
            Some(_) if !on(Sabotage::AssignmentIgnored) => {
                Err(Refusal::field(Code::Forbidden, "/person", "the case was assigned to somebody else"))
            }
            _ => Ok(()),
        }
    }
}

impl Dependence {
    /// Whether they made or own what is decided on.
    fn owns(self) -> bool {
        matches!(self, Self::CaseOwner | Self::ProposalOwner)
    }
}
