//! Stopping and resuming: one person stops, at once, and two people lift it, one who asks and another who confirms. Never waits: who asked
//! is written down, everything stays stopped meanwhile, and a stop that is pressed again takes away what was asked for.

use super::{Hands, WorkspaceState, hands::two, verbs::by_own_hand};
use crate::sabotage::{Sabotage, on};
use countersign_core::{
    Actor, Event, Refusal,
    event::{AutomationResumed, AutomationStopped, Body, ResumeAsked, StopScope},
    id::{EventId, PersonId},
    number::Micros,
    refusal::Code,
};
use std::collections::BTreeSet;

/// That somebody asked to resume: it waits for another person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResumeFacts {
    /// The event.
    pub event: EventId,
    /// Who asked.
    pub person: PersonId,
    /// Why.
    pub reason: String,
    /// When.
    pub at: Micros,
}

impl WorkspaceState {
    pub(super) fn apply_stops(&mut self, event: &Event) {
        match &event.body {
            Body::AutomationStopped(body) => {
                self.control.stops.insert(body.scope.clone());
                if !on(Sabotage::StopLeavesRequest) {
                    self.resumes.remove(&body.scope);
                }
            }
            Body::ResumeAsked(body) => {
                let facts = ResumeFacts { event: event.id, person: body.person, reason: body.reason.clone(), at: event.occurred_at };
                self.resumes.insert(body.scope.clone(), facts);
            }
            Body::AutomationResumed(body) => {
                self.control.stops.remove(&body.scope);
                self.resumes.remove(&body.scope);
            }
            _ => {}
        }
    }

    /// Whether two of these people take part here and are two: then one of them alone lifts no stop.
    #[must_use]
    pub fn two_among(&self, people: &BTreeSet<PersonId>) -> bool {
        let there: Vec<PersonId> = people.iter().copied().filter(|person| self.takes_part(*person)).collect();
        Hands::two_among(&self.hands, &there)
    }

    fn takes_part(&self, person: PersonId) -> bool {
        self.people.get(&person).is_some_and(|facts| facts.may(&[]))
    }

    /// What somebody who still may asked for: of whoever no longer takes part it waits for nobody.
    #[must_use]
    pub fn resume_waiting(&self, scope: &StopScope, able: &BTreeSet<PersonId>) -> Option<&ResumeFacts> {
        self.resumes.get(scope).filter(|asked| able.contains(&asked.person) && self.takes_part(asked.person))
    }
}

/// Again is nothing to do, unless somebody asked to resume meanwhile: whoever presses stop says no to that.
pub(super) fn stopped(state: &WorkspaceState, scope: StopScope, reason: String) -> Result<Option<Body>, Refusal> {
    if let StopScope::Playbook(id) = &scope
        && !state.playbooks.contains_key(id)
    {
        return Err(Refusal::field(Code::NotFound, "/scope/playbook", "there is no such playbook"));
    }
    let nothing = state.control.stops.contains(&scope) && !state.resumes.contains_key(&scope);
    Ok((!nothing).then(|| AutomationStopped { scope, reason }.into()))
}

/// INVARIANT: only people resume, by their own hand or by a key that speaks for them, and two of them do: one asks and another, in whom nobody
/// has a hand that has one in the first, confirms. One person alone does only where no two of those who may are two, and the event says so.
pub(super) fn resumed(
    state: &WorkspaceState,
    actor: &Actor,
    (scope, person): (StopScope, PersonId),
    reason: String,
    able: &BTreeSet<PersonId>,
) -> Result<Body, Refusal> {
    if !state.people.contains_key(&person) {
        return Err(Refusal::field(Code::NotFound, "/person", "there is no such person"));
    }
    by_own_hand(state, actor, person, "only an active member resumes automation, in their own name")?;
    if !state.control.stops.contains(&scope) {
        return Err(Refusal::field(Code::WrongState, "/scope", "nothing is stopped there"));
    }
    if !state.two_among(able) || on(Sabotage::ResumedByOne) {
        return Ok(AutomationResumed { scope, person, reason, asked: None, alone: true }.into());
    }
    match state.resume_waiting(&scope, able) {
        Some(asked) if asked.person == person => {
            let detail = "whoever asked to resume does not confirm it: a second person has to";
            Err(Refusal::field(Code::NotIndependent, "/person", detail))
        }
        Some(asked) => {
            two(state, asked.person, person)?;
            Ok(AutomationResumed { scope, person, reason, asked: Some(asked.event), alone: false }.into())
        }
        None => {
            // Nobody asks for what nobody could confirm.
            let others = || able.iter().filter(|other| **other != person && state.takes_part(**other));
            if others().all(|other| two(state, person, *other).is_err()) {
                others().try_for_each(|other| two(state, person, *other))?;
            }
            Ok(ResumeAsked { scope, person, reason }.into())
        }
    }
}
