//! Who may do what: the checks that the verbs share. Never counts on what the caller says about a person.

use super::{Turn, stands};
use crate::{
    sabotage::{Sabotage, on},
    state::{DecisionRecord, Status},
    workspace::PersonFacts,
};
use countersign_core::{Actor, Refusal, event::PersonKind, id::EventId, id::PersonId, number::Micros, refusal::Code};

impl Turn<'_, '_> {
    /// Somebody known and active, who acts in their own name.
    pub(super) fn somebody(&self, person: PersonId) -> Result<&PersonFacts, Refusal> {
        if let Actor::Person(actor) = self.ctx.actor
            && actor != person
        {
            return Err(Refusal::field(Code::Forbidden, "/person", "nobody acts in another person's name"));
        }
        let facts = self.known("/person", person)?;
        match facts.active {
            true => Ok(facts),
            false => Err(Refusal::field(Code::Forbidden, "/person", "this person no longer takes part")),
        }
    }

    /// Somebody who is known here at all.
    pub(super) fn known(&self, field: &str, person: PersonId) -> Result<&PersonFacts, Refusal> {
        let missing = || Refusal::field(Code::NotFound, field, "there is no such person");
        self.ctx.roster.person(person).ok_or_else(missing)
    }

    /// A member whom the playbook lets decide.
    pub(super) fn member(&self, person: PersonId) -> Result<(), Refusal> {
        let facts = self.somebody(person)?;
        let roles = &self.ctx.playbook.decide.roles;
        if facts.kind == PersonKind::External {
            let detail = "an external person is known from elsewhere and never signs here";
            return Err(Refusal::field(Code::Forbidden, "/person", detail));
        }
        if facts.may(roles) || on(Sabotage::RolesIgnored) {
            return Ok(());
        }
        let detail = format!("this person has none of the roles that may decide: {}", roles.join(", "));
        Err(Refusal::field(Code::Forbidden, "/person", detail))
    }

    /// A member whom the playbook lets decide, to whom the case is assigned if it is to anybody, and, after an escalation, who has the
    /// role that was asked for.
    pub(super) fn reviewer(&self, person: PersonId) -> Result<(), Refusal> {
        self.member(person)?;
        self.theirs(person)?;
        let role = self.state.route.as_ref().and_then(|route| route.role.as_ref());
        match role {
            Some(role) if !self.somebody(person)?.roles.contains(role) && !on(Sabotage::RolesIgnored) => {
                let detail = format!("the case was escalated: somebody with the role {role} has to look");
                Err(Refusal::field(Code::Forbidden, "/person", detail))
            }
            _ => Ok(()),
        }
    }

    /// Somebody whose answer would be independent at this point: not theirs twice, and not under two names.
    pub(super) fn independent(&self, person: PersonId) -> Result<(), Refusal> {
        let found = self.state.not_independent().find(|(other, why)| *other == person && !why.sabotaged());
        if let Some((_, why)) = found {
            return Err(Refusal::field(Code::NotIndependent, "/person", why.sentence()));
        }
        match on(Sabotage::HandsIgnored) {
            true => Ok(()),
            false => self.state.two(person, self.ctx.roster, |_| true),
        }
    }

    /// The decision that stands, if it is the one that is meant and nobody objects to it.
    pub(super) fn standing(&self, decision: EventId) -> Result<&DecisionRecord, Refusal> {
        match &self.state.decision {
            None => Err(Refusal::new(Code::WrongState, stands(self.state))),
            Some(standing) if standing.id != decision => {
                Err(Refusal::field(Code::NotFound, "/decision", "this is not the decision that stands"))
            }
            Some(_) if self.state.status() == Status::Appealed => Err(Refusal::new(Code::WrongState, stands(self.state))),
            Some(standing) => Ok(standing),
        }
    }

    /// A span of time that is not negative.
    pub(super) fn not_negative(field: &str, took: Option<Micros>) -> Result<(), Refusal> {
        match took {
            Some(took) if took < 0 => Err(Refusal::invalid(field, "a time taken cannot be negative")),
            _ => Ok(()),
        }
    }

    /// A confidence in billionths.
    pub(super) fn at_most_one(field: &str, confidence: Option<u32>) -> Result<(), Refusal> {
        match confidence {
            Some(confidence) if confidence > countersign_core::number::ONE_BILLIONTHS => {
                Err(Refusal::invalid(field, "a confidence is at most 1"))
            }
            _ => Ok(()),
        }
    }
}
