//! The law on second signatures of a workspace: nobody has a hand in both of those who signed. Judged from the events alone, in a way of
//! its own: by which pairs of people a hand reaches from one to the other, at the event that is looked at.

use super::Breach;
use countersign_core::{
    Actor,
    event::{Body, Event, PersonKind},
    id::{EventId, PersonId},
};
use std::collections::{BTreeMap, BTreeSet};

/// Every breach in the events of a workspace's stream.
#[must_use]
pub fn check_hands(events: &[Event]) -> Vec<Breach> {
    let mut breaches = Vec::new();
    let mut authors: BTreeMap<EventId, PersonId> = BTreeMap::new();
    for (at, event) in events.iter().enumerate() {
        let (pair, what) = match &event.body {
            Body::RulesDrafted(body) => {
                authors.insert(event.id, body.person);
                continue;
            }
            Body::RoutingDrafted(body) => {
                authors.insert(event.id, body.person);
                continue;
            }
            Body::RulesApproved(body) => (authors.get(&body.draft).map(|author| (*author, body.person)), "one person changed the rules"),
            Body::RoutingApproved(body) => (authors.get(&body.draft).map(|author| (*author, body.person)), "one person changed a routing"),
            Body::PersonVouched(body) => (body.by.map(|by| (by, body.person)), "somebody vouched for who may be themselves"),
            _ => continue,
        };
        if let Some((a, b)) = pair
            && reach(events.get(..at).unwrap_or_default(), a, b)
        {
            breaches.push(Breach { law: 4, event: event.id, what });
        }
    }
    breaches
}

/// Whose doing the event at a place is, as far as it is anybody's but the server's.
fn doer(events: &[Event], at: usize) -> Option<PersonId> {
    match &events.get(at)?.actor {
        Actor::Person(person) => Some(*person),
        Actor::System(_) => None,
        Actor::Key(key) => (0..at).find_map(|before| match &events.get(before)?.body {
            Body::ApiKeyAdded(body) if body.key == *key => body.person.or_else(|| doer(events, before)),
            _ => None,
        }),
    }
}

/// Whom an event is about by whom they can sign in, and whether it lets somebody in.
fn about(event: &Event) -> Option<(PersonId, bool)> {
    match &event.body {
        Body::PersonAdded(body) if body.kind == PersonKind::Member => Some((body.person, true)),
        Body::SignInChanged(body) => Some((body.person, !body.removed)),
        Body::PasskeyAdded(body) => Some((body.person, true)),
        Body::PasskeyRemoved(body) => Some((body.person, false)),
        Body::ApiKeyAdded(body) => body.person.map(|person| (person, true)),
        _ => None,
    }
}

/// Whether somebody has a hand in both.
pub(super) fn reach(events: &[Event], a: PersonId, b: PersonId) -> bool {
    let mut hands: BTreeSet<(PersonId, PersonId)> = BTreeSet::new();
    let people: BTreeSet<PersonId> = events.iter().filter_map(about).map(|(person, _)| person).chain([a, b]).collect();
    for person in &people {
        // Seen from the end: a vouching counts where nothing came after it.
        let mut vouched = false;
        for (at, event) in events.iter().enumerate().rev() {
            match &event.body {
                Body::PersonVouched(body) if body.person == *person => {
                    vouched = true;
                    break;
                }
                _ => {}
            }
            if let Some((whom, lets_in)) = about(event)
                && whom == *person
                && (lets_in || doer(events, at).is_some_and(|who| who != *person))
            {
                break;
            }
        }
        if vouched {
            continue;
        }
        for (at, event) in events.iter().enumerate() {
            if about(event).is_some_and(|(whom, _)| whom == *person) {
                hands.extend(doer(events, at).map(|who| (who, *person)));
            }
        }
    }
    hands.extend(people.iter().map(|person| (*person, *person)));
    loop {
        let further: Vec<_> = hands
            .iter()
            .flat_map(|(who, whom)| hands.iter().filter(move |(next, _)| next == whom).map(move |(_, last)| (*who, *last)))
            .filter(|pair| !hands.contains(pair))
            .collect();
        if further.is_empty() {
            break;
        }
        hands.extend(further);
    }
    hands.iter().any(|(who, whom)| *whom == a && hands.contains(&(*who, b)))
}
