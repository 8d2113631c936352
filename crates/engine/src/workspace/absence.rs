//! Who is away, from when to when, and who stands in for them. A stand-in is lent nothing: they get what they may do themselves. Never
//! keeps anybody who is away from answering; it only counts on nobody who is.

use super::WorkspaceState;
use countersign_core::{
    Refusal,
    event::{Body, PersonAway, PersonBack},
    id::PersonId,
    limits::WAIT_MICROS_MAX,
    number::Micros,
    refusal::Code,
};

/// When somebody is away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Absence {
    /// From when on.
    pub from: Micros,
    /// Until when.
    pub until: Micros,
    /// Who stands in for them.
    pub stand_in: Option<PersonId>,
}

impl Absence {
    /// Whether it is now.
    #[must_use]
    pub fn at(&self, now: Micros) -> bool {
        (self.from..self.until).contains(&now)
    }
}

impl WorkspaceState {
    /// Whether somebody is away at a time.
    #[must_use]
    pub fn absent(&self, person: PersonId, at: Micros) -> Option<&Absence> {
        self.absences.get(&person).filter(|absence| absence.at(at))
    }

    pub(super) fn apply_absences(&mut self, body: &Body) {
        match body {
            Body::PersonAway(body) => {
                let absence = Absence { from: body.from, until: body.until, stand_in: body.stand_in };
                self.absences.insert(body.person, absence);
            }
            Body::PersonBack(body) => {
                self.absences.remove(&body.person);
            }
            _ => {}
        }
    }
}

pub(super) fn away(state: &WorkspaceState, now: Micros, body: PersonAway) -> Result<Option<Body>, Refusal> {
    let member = |field: &str, person: PersonId| {
        let facts = state.people.get(&person).ok_or_else(|| Refusal::field(Code::NotFound, field, "there is no such person"))?;
        let not = || Refusal::field(Code::Invalid, field, "only somebody who takes part here is away, or stands in");
        facts.may(&[]).then_some(()).ok_or_else(not)
    };
    member("/person", body.person)?;
    if body.until <= body.from || body.until <= now {
        return Err(Refusal::invalid("/until", "an absence ends after it began, and not before now"));
    }
    if body.until.saturating_sub(now) > WAIT_MICROS_MAX || now.saturating_sub(body.from) > WAIT_MICROS_MAX {
        return Err(Refusal::invalid("/until", "an absence lasts a year at most: somebody who is gone for longer no longer takes part"));
    }
    if let Some(stand_in) = body.stand_in {
        member("/stand_in", stand_in)?;
        if stand_in == body.person {
            return Err(Refusal::invalid("/stand_in", "nobody stands in for themselves"));
        }
    }
    let said = Absence { from: body.from, until: body.until, stand_in: body.stand_in };
    Ok((state.absences.get(&body.person) != Some(&said)).then(|| body.into()))
}

pub(super) fn back(state: &WorkspaceState, now: Micros, person: PersonId) -> Result<Option<Body>, Refusal> {
    if !state.people.contains_key(&person) {
        return Err(Refusal::field(Code::NotFound, "/person", "there is no such person"));
    }
    let still = state.absences.get(&person).is_some_and(|absence| absence.until > now);
    Ok(still.then(|| PersonBack { person }.into()))
}
