//! What a verb may know besides the case: the time, who acts, the playbook, who is there, what is stopped. Never fetches any of it.

use crate::{
    track::Published,
    workspace::{OneHand, PersonFacts},
};
use countersign_core::{
    Content,
    event::{Actor, PeopleMetrics, RouteExperiment, RouteLearning, Source, StopScope},
    id::{EventId, PersonId, PlaybookId},
    number::Micros,
    playbook::Playbook,
};
use std::collections::{BTreeMap, BTreeSet};

/// What a verb may know besides the case.
pub struct Context<'a> {
    /// The time. A clock that went back is held at the last event of the case.
    pub now: Micros,
    /// Who causes it.
    pub actor: Actor,
    /// By which door.
    pub source: Source,
    /// The case's playbook, in the case's version.
    pub playbook: &'a Playbook,
    /// Its id.
    pub playbook_id: PlaybookId,
    /// Its version.
    pub playbook_version: u64,
    /// Stops, and what is measured of people.
    pub control: &'a Control,
    /// What was learned of the playbook's cases; `None` where nothing was yet.
    pub record: Option<&'a Published>,
    /// Who is there.
    pub roster: &'a dyn Roster,
    /// The lease of the acting person on this case.
    pub lease: Option<Lease>,
    /// Committed random draws for this case, by purpose ([`crate::route::DRAWS`]); `None` where no key is committed.
    pub draws: &'a dyn Fn(&str) -> Option<Drawn>,
    /// What a young model would learn from the case, where it was asked.
    pub learning: Option<RouteLearning>,
    /// New event ids.
    pub ids: &'a mut dyn FnMut() -> EventId,
}

/// What reaches over all cases at once.
#[derive(Debug, Clone, PartialEq)]
pub struct Control {
    /// What is stopped.
    pub stops: BTreeSet<StopScope>,
    /// What is measured of people.
    pub people_metrics: PeopleMetrics,
    /// The experiment that runs in a playbook, as routing is handed it.
    pub experiments: BTreeMap<PlaybookId, RouteExperiment>,
}

/// Who is there.
pub trait Roster {
    /// What is known of a person.
    fn person(&self, person: PersonId) -> Option<&PersonFacts>;
    /// How many active members have one of these roles. No roles: all active members.
    fn count_with_any_role(&self, roles: &[String]) -> usize;
    /// Whether a person has gone through a playbook's induction.
    fn inducted(&self, _person: PersonId, _playbook: PlaybookId) -> bool {
        false
    }
    /// The hand that is in both of two people, if there is one: then they sign as one.
    fn one_hand(&self, _a: PersonId, _b: PersonId) -> Option<OneHand> {
        None
    }
    /// Active members with one of these roles who are away at a time. No roles: all of them.
    fn away_with_any_role(&self, _roles: &[String], _at: Micros) -> Vec<PersonId> {
        Vec::new()
    }
    /// Who stands in for somebody who is away at a time; the inner `None`: nobody does.
    fn stand_in(&self, _person: PersonId, _at: Micros) -> Option<Option<PersonId>> {
        None
    }
    /// The rule of the people here, if there is one, that keeps a proposer's answer on such a case from standing by itself.
    fn automation_forbidden(&self, _playbook: PlaybookId, _proposer: &str, _fields: &BTreeMap<String, Content>) -> Option<String> {
        None
    }
}

/// A claim on a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lease {
    /// Who holds it.
    pub person: PersonId,
    /// Until when.
    pub until: Micros,
}

/// A committed random draw, not yet held against a share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Drawn {
    /// The epoch of the committed key.
    pub epoch: u64,
    /// The draw, in billionths.
    pub value: u32,
}
