//! An invented month: support tickets, security alerts and AI-written code changes, with what two proposers said, what five
//! people answered and what turned out, all from a seed. Nobody and nothing in it exists. Knows the truth of every case, which
//! no real system does; never reads a clock, a file or a database.
//!
//! Start at [`Month::new`]. Who takes part, how good they are and where they fail is in [`people`].

#![cfg_attr(test, expect(clippy::unwrap_used, reason = "a test that cannot go on should panic"))]

pub mod alert;
pub mod change;
pub mod dice;
pub mod grammar;
pub mod people;
pub mod story;
pub mod ticket;

use dice::Dice;
use serde_json::Value;
use story::{DAY, MINUTE, Telling};

/// The playbook of the code changes; those of tickets and alerts are ready ones.
pub const CODE_CHANGE: &str = include_str!("../playbooks/code-change.toml");

/// A case with what only its inventor knows.
#[derive(Debug, Clone)]
pub struct Story {
    /// As it is handed in (`POST /v1/cases`, or a line of NDJSON), history included.
    pub case: Value,
    /// The right answer.
    pub truth: String,
    /// Whether people, too, are right less often on it.
    pub hard: bool,
}

impl Story {
    /// Its name outside.
    #[must_use]
    pub fn external_id(&self) -> &str {
        self.case["external_id"].as_str().unwrap_or_default()
    }
}

/// How many cases of each playbook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Volume {
    /// Support tickets.
    pub tickets: u64,
    /// Alerts.
    pub alerts: u64,
    /// Code changes.
    pub changes: u64,
}

impl Volume {
    /// The month behind.
    pub const HISTORY: Self = Self { tickets: 2_600, alerts: 1_500, changes: 700 };
    /// What waits to be decided.
    pub const WAITING: Self = Self { tickets: 40, alerts: 22, changes: 14 };
}

/// The month.
#[derive(Debug)]
pub struct Month {
    /// What is decided already, by time within each playbook.
    pub history: Vec<Story>,
    /// What waits to be decided, by time within each playbook.
    pub waiting: Vec<Story>,
}

/// The days that the history covers, up to now.
const DAYS: i64 = 30;
/// The oldest waiting case came in so long ago.
const WAITING_MINUTES: i64 = 160;

impl Month {
    /// The month before `now` (microseconds since 1970 UTC). The same seed gives the same cases; times move with `now`.
    #[must_use]
    pub fn new(seed: u64, now: i64, history: Volume, waiting: Volume) -> Self {
        let told = |volume: Volume, before: Volume, open: bool| {
            let telling = Telling { now, open };
            let (from, span) = if open {
                (now - WAITING_MINUTES * MINUTE, WAITING_MINUTES * MINUTE)
            } else {
                (now - DAYS * DAY, DAYS * DAY - WAITING_MINUTES * MINUTE)
            };
            let mut stories = Vec::new();
            let mut tell = |kind: u64, count: u64, first: u64, one: fn(&mut Dice, &Telling, u64, i64) -> Story| {
                let mut dice = Dice::new(seed ^ (kind << 8 | u64::from(open)));
                for n in 0..count {
                    let step = span / i64::try_from(count.max(1)).unwrap_or(1);
                    let within = i64::try_from(dice.below(u64::try_from(step).unwrap_or_default().max(1))).unwrap_or_default();
                    let at = from + step * i64::try_from(n).unwrap_or_default() + within;
                    stories.push(one(&mut dice, &telling, first + n, at / 1_000_000 * 1_000_000));
                }
            };
            tell(1, volume.tickets, before.tickets, ticket::story);
            tell(2, volume.alerts, before.alerts, alert::story);
            tell(3, volume.changes, before.changes, change::story);
            stories
        };
        let none = Volume { tickets: 0, alerts: 0, changes: 0 };
        Self { history: told(history, none, false), waiting: told(waiting, history, true) }
    }
}

#[cfg(test)]
mod tests;
