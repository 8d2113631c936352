//! The laws on whose a case is.

use super::*;
use countersign_core::event::CaseAssigned;

impl Walk<'_> {
    /// Laws 2 and 4: to somebody who could decide, where one decides alone.
    pub(super) fn assigned(&mut self, body: &CaseAssigned) {
        self.assignee = body.to;
        let Some(to) = body.to else { return };
        self.must(1, "what is decided, or held, was assigned", self.decision.is_none() && !self.held());
        let roster = self.facts.roster;
        let role = self.route.as_ref().and_then(|route| route.role.as_ref());
        let may = roster
            .person(to)
            // Whether they have left since, or were forgotten, is not told by the facts.
            .is_none_or(|facts| {
                let staying = crate::workspace::PersonFacts { active: true, ..facts.clone() };
                staying.may(&self.facts.playbook.decide.roles) && role.is_none_or(|role| facts.roles.contains(role))
            });
        self.must(2, "it was assigned to somebody who may not decide", may);
        let inducted = !self.facts.playbook.decide.induction || self.playbook.is_some_and(|playbook| roster.inducted(to, playbook));
        self.must(2, "it was assigned to somebody before their induction", inducted);
        let owners = self.owners.contains(&to) || body.person.is_some_and(|by| self.owners.contains(&by));
        self.must(4, "an owner was assigned, or assigned", !owners);
        let alone = self.route.as_ref().is_some_and(|route| route.seats == 1 && route.route != Route::Panel);
        let since = self.content_since.max(self.round_since);
        let first = !self.judgments.iter().any(|(at, _, j)| *at > since && !matches!(j.phase, Phase::First | Phase::Appeal));
        self.must(4, "somebody chose by name who signs beside them", alone && first);
    }

    /// Law 2: nobody else looks and answers.
    pub(super) fn assigned_to(&mut self, person: PersonId) {
        let theirs = self.decision.is_some() || self.assignee.is_none_or(|assignee| assignee == person);
        self.must(2, "somebody else acts on what is assigned to one person", theirs);
    }

    pub(super) fn answers_no_more(&mut self, person: PersonId) {
        self.assignee = self.assignee.filter(|assignee| *assignee != person);
    }
}
