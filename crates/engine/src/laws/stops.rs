//! The law on what is stopped: two people lift it, one who asked since it was pressed last and another who is not them; one alone only where
//! nobody else is there. Judged from the events alone. Knows no rules: it takes everybody who takes part for somebody who may.

use super::{Breach, hands::reach};
use countersign_core::{
    event::{Body, Event, PersonKind, StopScope},
    id::{EventId, PersonId},
};
use std::collections::{BTreeMap, BTreeSet};

/// Every breach in the events of a workspace's stream.
#[must_use]
pub fn check_stops(events: &[Event]) -> Vec<Breach> {
    let mut breaches = Vec::new();
    let mut asked: BTreeMap<StopScope, (EventId, PersonId)> = BTreeMap::new();
    let (mut members, mut there) = (BTreeSet::new(), BTreeSet::new());
    for (at, event) in events.iter().enumerate() {
        let before = events.get(..at).unwrap_or_default();
        let mut breach = |law, what| breaches.push(Breach { law, event: event.id, what });
        match &event.body {
            Body::PersonAdded(body) if body.kind == PersonKind::Member => {
                members.insert(body.person);
                there.insert(body.person);
            }
            Body::PersonChanged(body) if members.contains(&body.person) => {
                there.remove(&body.person);
                there.extend(body.active.then_some(body.person));
            }
            Body::AutomationStopped(body) => drop(asked.remove(&body.scope)),
            Body::ResumeAsked(body) => drop(asked.insert(body.scope.clone(), (event.id, body.person))),
            Body::AutomationResumed(body) => {
                let waiting = asked.remove(&body.scope);
                match (body.asked, waiting) {
                    (Some(id), Some((known, _))) if id != known => breach(1, "what lifts a stop was not asked for last"),
                    (Some(_), None) => breach(1, "a stop was lifted by what was asked for before it was pressed again"),
                    (Some(_), Some((_, first))) if reach(before, first, body.person) => {
                        breach(4, "one person lifted a stop under two names")
                    }
                    (Some(_), Some(_)) => {}
                    (None, _) if !body.alone => breach(4, "one person lifted a stop"),
                    (None, _) => {
                        let pairs = there.iter().flat_map(|a| there.iter().filter(move |b| a < *b).map(move |b| (*a, *b)));
                        if pairs.into_iter().any(|(a, b)| !reach(before, a, b)) {
                            breach(4, "one person lifted a stop although others were there");
                        }
                    }
                }
            }
            _ => {}
        }
    }
    breaches
}
