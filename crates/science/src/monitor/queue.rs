//! Audits that were drawn and do not count yet. Never lets a later one count before an earlier one, and never drops one:
//! what people skip would otherwise be what is hard.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::Outcome;

/// Audits in the order in which they were drawn.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Queue {
    settled: u64,
    waiting: VecDeque<Waiting>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Waiting {
    due: i64,
    recheck: bool,
    outcome: Option<Outcome>,
}

impl Queue {
    /// Draws an audit that must be answered before `due` (any clock, as long as [`Queue::settle`] uses the same one), and
    /// gives its number: 0, 1, 2 and so on.
    pub fn draw(&mut self, due: i64) -> u64 {
        self.waiting.push_back(Waiting { due, recheck: false, outcome: None });
        self.settled + self.waiting.len() as u64 - 1
    }

    /// The first person agreed with the AI and this agreement is checked twice, before the new limit `due`. False if the
    /// audit counts already or was never drawn.
    pub fn recheck(&mut self, number: u64, due: i64) -> bool {
        self.change(number, |audit| {
            audit.recheck = true;
            audit.due = due;
        })
    }

    /// What an audit came to. False if it counts already (an overdue one stays an error), was answered, or was never drawn.
    pub fn resolve(&mut self, number: u64, outcome: Outcome) -> bool {
        self.change(number, |audit| audit.outcome = Some(outcome))
    }

    fn change(&mut self, number: u64, change: impl FnOnce(&mut Waiting)) -> bool {
        let place = number.checked_sub(self.settled).and_then(|place| usize::try_from(place).ok());
        match place.and_then(|place| self.waiting.get_mut(place)) {
            Some(audit) if audit.outcome.is_none() => {
                change(audit);
                true
            }
            _ => false,
        }
    }

    /// Takes out, in the order drawn, whatever counts at `now`: everything up to the first audit that is neither answered
    /// nor overdue.
    pub fn settle(&mut self, now: i64) -> Vec<Outcome> {
        let mut out = Vec::new();
        while let Some(audit) = self.waiting.front() {
            let overdue = || match (audit.due <= now, audit.recheck) {
                (false, _) => None,
                (true, false) => Some(Outcome::Overdue),
                (true, true) => Some(Outcome::RecheckOverdue),
            };
            let Some(outcome) = audit.outcome.or_else(overdue) else { break };
            out.push(outcome);
            self.waiting.pop_front();
            self.settled += 1;
        }
        out
    }

    /// Audits drawn that do not count yet.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.waiting.len()
    }

    /// Audits that count.
    #[must_use]
    pub fn settled(&self) -> u64 {
        self.settled
    }
}
