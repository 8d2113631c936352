//! What is true in a world, and what is asked of the platform in it. Holds no randomness: that is [`crate::draws`].

use countersign_core::number::Micros;
use countersign_science::cost::Costs;

/// A day, in microseconds.
pub const DAY: Micros = 86_400_000_000;

/// A world with known truth.
#[derive(Debug, Clone, PartialEq)]
pub struct World {
    /// Its name.
    pub name: String,
    /// What an answer can be.
    pub classes: Vec<String>,
    /// How long it lasts.
    pub days: u32,
    /// Cases that arrive on each of its days.
    pub cases_per_day: u32,
    /// Share of everybody's errors that come from the case itself, in [0, 1].
    pub common: f64,
    /// The promise under which cases may be automated.
    pub promise: Option<Promise>,
    /// When the truth is seen; `None`: never.
    pub outcome: Option<Outcome>,
    /// What errors and minutes cost.
    pub costs: Costs,
    /// Kinds of cases.
    pub regions: Vec<Region>,
    /// What proposes.
    pub proposers: Vec<Proposer>,
    /// Who answers.
    pub people: Vec<Person>,
    /// What changes, in the order of days.
    pub changes: Vec<Change>,
}

/// A promise, in shares of 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Promise {
    /// Highest share of errors among what is automated.
    pub max_error: f64,
    /// Certainty of the promise.
    pub certainty: f64,
    /// Share of the automated cases that people look at.
    pub audit: f64,
}

/// When the truth is seen.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// The decided answers under which it is ever seen, as classes; `None`: always.
    pub observed: Option<Vec<usize>>,
    /// How long after the decision.
    pub after: Micros,
}

/// A kind of case.
#[derive(Debug, Clone, PartialEq)]
pub struct Region {
    /// Its name.
    pub name: String,
    /// Share of all cases; they sum to 1.
    pub share: f64,
    /// How often each class is the truth; they sum to 1.
    pub prior: Vec<f64>,
}

/// What proposes.
#[derive(Debug, Clone, PartialEq)]
pub struct Proposer {
    /// Its name.
    pub name: String,
    /// What its logits are multiplied by; 1 is calibrated.
    pub overconfidence: f64,
    /// Accuracy by region, before any change.
    pub accuracy: Vec<f64>,
}

/// Who answers.
#[derive(Debug, Clone, PartialEq)]
pub struct Person {
    /// A name.
    pub name: String,
    /// Minutes that an answer takes.
    pub minutes: f64,
    /// Judgments a day at most.
    pub cap_per_day: u32,
    /// Accuracy by region, without advice and before any change.
    pub accuracy: Vec<f64>,
    /// Chance to take over advice that is right, where they would have answered otherwise.
    pub follow_right: f64,
    /// Chance to take over advice that is wrong, where they would have answered otherwise.
    pub follow_wrong: f64,
}

/// Somebody gets better or worse.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// From this day on; the first day is 1.
    pub day: u32,
    /// Who.
    pub who: Actor,
    /// In which region.
    pub region: usize,
    /// Accuracy from then on.
    pub accuracy: f64,
}

/// Whoever answers, by its place in the world.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Actor {
    /// A proposer.
    Proposer(usize),
    /// A person.
    Person(usize),
}

impl World {
    /// Cases in all.
    #[must_use]
    pub fn cases(&self) -> usize {
        self.days as usize * self.cases_per_day as usize
    }

    /// Accuracy in a region on a day (the first is 1); 0 where there is no such actor or region.
    #[must_use]
    pub fn accuracy(&self, who: Actor, region: usize, day: u32) -> f64 {
        let changed = self.changes.iter().rev().find(|c| c.day <= day && c.who == who && c.region == region);
        if let Some(change) = changed {
            return change.accuracy;
        }
        let usual = match who {
            Actor::Proposer(at) => self.proposers.get(at).map(|p| &p.accuracy),
            Actor::Person(at) => self.people.get(at).map(|p| &p.accuracy),
        };
        usual.and_then(|accuracy| accuracy.get(region)).copied().unwrap_or(0.0)
    }

    /// The first day on which anything changes.
    #[must_use]
    pub fn change_day(&self) -> Option<u32> {
        self.changes.iter().map(|change| change.day).min()
    }

    /// Whether the truth is ever seen where this answer was decided.
    #[must_use]
    pub fn observable(&self, answer: usize) -> bool {
        self.outcome.as_ref().is_some_and(|outcome| outcome.observed.as_ref().is_none_or(|seen| seen.contains(&answer)))
    }
}
