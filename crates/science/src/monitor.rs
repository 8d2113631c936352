//! Watching a promise on the blind audit sample, one audit after the other: is the error of what is automated still at
//! most alpha? Never reorders audits, never forgets one that stays unanswered, and never takes a disagreement for an error.
//!
//! Two monitors look at the same audits. [`Betting`] collects evidence that the error has been above alpha on average since
//! the promise began, and gives the bounds. [`Ecusum`] restarts whenever nothing speaks against the promise, and therefore
//! sees a *change* long before the average moves. Stop on either. [`Watch`] holds both together with the [`Queue`] that
//! keeps the audits in the order in which they were drawn; [`reference::next_step`] says what an audit still needs before it
//! counts; [`delay::detection_delay`] says beforehand how long a break will stay unnoticed.

pub mod betting;
pub mod delay;
pub mod ecusum;
pub mod queue;
pub mod reference;

pub use betting::Betting;
pub use delay::{Delay, detection_delay};
pub use ecusum::{Ecusum, Limits};
pub use queue::Queue;

use serde::{Deserialize, Serialize};

use crate::{Error, Estimate, error::Result, fitted::Versioned};

/// What an audit came to, once it counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The AI's sealed answer was right, or a person agreed with it and no second answer was drawn for it.
    Right,
    /// The AI's sealed answer was wrong: by a matured outcome, or by people after a disagreement.
    Wrong,
    /// The AI's sealed answer was wrong although the first person agreed with it. Only a share of the agreements is checked
    /// twice, so that this one stands for `1 / share` of its kind.
    WrongOnRecheck,
    /// Nobody answered within the limit: counted as an error, once and for all, because what is slow is seldom what is easy.
    Overdue,
    /// The second answer on an agreement did not come within the limit: counted as [`Outcome::WrongOnRecheck`].
    RecheckOverdue,
}

impl Outcome {
    /// Whether it counts as an error, and with the weight of a recheck.
    #[must_use]
    pub fn kind(self) -> Kind {
        match self {
            Self::Right => Kind::Good,
            Self::Wrong | Self::Overdue => Kind::Bad,
            Self::WrongOnRecheck | Self::RecheckOverdue => Kind::Weighted,
        }
    }
}

/// The three values that an audit can have: 0, 1, and the weight of a recheck.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// 0.
    Good,
    /// 1.
    Bad,
    /// `1 / share` of the agreements that are checked twice.
    Weighted,
}

/// What a promise says, and how its audits are made.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Terms {
    /// The promised error rate, in (0, 0.5).
    pub alpha: f64,
    /// The chance of stopping a sound promise, in (0, 1); half of it goes to each monitor.
    pub level: f64,
    /// Audits within which the e-CUSUM keeps that level: those until the certificate expires.
    pub horizon_audits: u64,
    /// Share of the agreements that get a second independent answer, in (0, 1]; 1 where outcomes mature.
    pub recheck_share: f64,
}

impl Terms {
    fn check(&self) -> Result<()> {
        if !(self.alpha > 0.0 && self.alpha < 0.5) {
            return Err(Error::input("alpha", format!("a promised error rate lies between 0 and 0.5, and this is {}", self.alpha)));
        }
        if !(self.level > 0.0 && self.level < 1.0) {
            return Err(Error::input("level", format!("a level lies between 0 and 1, and this is {}", self.level)));
        }
        if !(self.recheck_share >= RECHECK_SHARE_MIN && self.recheck_share <= 1.0) {
            let why = format!("between {RECHECK_SHARE_MIN} and 1 of the agreements are checked twice, and this is {}", self.recheck_share);
            return Err(Error::input("recheck_share", why));
        }
        Ok(())
    }

    /// The weight of an error that a recheck found.
    #[must_use]
    pub fn weight(&self) -> f64 {
        1.0 / self.recheck_share
    }
}

/// Below this share one found error would outweigh a hundred audits.
pub const RECHECK_SHARE_MIN: f64 = 0.01;

/// Why a promise was stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stop {
    /// The evidence that the error has been above alpha on average.
    Evidence,
    /// The error has changed for the worse.
    Change,
}

/// Both monitors over one queue of audits. Streaming, serialisable, and a function of the audits alone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Watch {
    terms: Terms,
    queue: Queue,
    evidence: Betting,
    change: Ecusum,
    stop: Option<(Stop, u64)>,
}

impl Versioned for Watch {
    const KIND: &'static str = "watch of a promise";
    const VERSION: u32 = 1;
}

impl Watch {
    /// A watch before its first audit.
    ///
    /// # Errors
    /// Terms out of their ranges.
    pub fn new(terms: Terms) -> Result<Self> {
        terms.check()?;
        let half = Terms { level: terms.level / 2.0, ..terms };
        Ok(Self { terms, queue: Queue::default(), evidence: Betting::new(half)?, change: Ecusum::new(half)?, stop: None })
    }

    /// The audits that were drawn and do not count yet.
    pub fn queue_mut(&mut self) -> &mut Queue {
        &mut self.queue
    }

    /// The audits that were drawn and do not count yet.
    #[must_use]
    pub fn queue(&self) -> &Queue {
        &self.queue
    }

    /// Takes whatever counts at `now` (the same clock as the limits of the queue), in the order drawn, and says whether the
    /// promise is stopped. Once stopped it stays so: only people resume, with a new watch.
    pub fn settle(&mut self, now: i64) -> Option<Stop> {
        for outcome in self.queue.settle(now) {
            self.observe(outcome);
        }
        self.stop()
    }

    /// One audit that counts.
    pub fn observe(&mut self, outcome: Outcome) {
        self.evidence.observe(outcome.kind());
        self.change.observe(outcome.kind());
        if self.stop.is_none() {
            let why = if self.evidence.stopped() {
                Some(Stop::Evidence)
            } else if self.change.stopped() {
                Some(Stop::Change)
            } else {
                None
            };
            self.stop = why.map(|why| (why, self.evidence.n()));
        }
    }

    /// Why it is stopped, if it is.
    #[must_use]
    pub fn stop(&self) -> Option<Stop> {
        self.stop.map(|(why, _)| why)
    }

    /// After how many audits it was stopped.
    #[must_use]
    pub fn stopped_after(&self) -> Option<u64> {
        self.stop.map(|(_, audits)| audits)
    }

    /// What was promised.
    #[must_use]
    pub fn terms(&self) -> Terms {
        self.terms
    }

    /// The evidence that the error is above alpha.
    #[must_use]
    pub fn evidence(&self) -> &Betting {
        &self.evidence
    }

    /// The look-out for a change.
    #[must_use]
    pub fn change(&self) -> &Ecusum {
        &self.change
    }

    /// The error rate of the AI as audited, with bounds that hold at every moment at once, widened by what reviewers miss.
    ///
    /// # Errors
    /// Nothing was audited yet.
    pub fn error_rate(&self, reviewers: &reference::Missed) -> Result<Estimate> {
        let measured = self.evidence.estimate()?;
        Ok(Estimate { value: reviewers.widen(measured.value), high: reviewers.widen(measured.high), ..measured })
    }

    /// Whether the promise may be renewed: not stopped, and the upper bound at most alpha.
    #[must_use]
    pub fn renewable(&self, reviewers: &reference::Missed) -> bool {
        self.stop.is_none() && self.error_rate(reviewers).is_ok_and(|error| error.high <= self.terms.alpha)
    }
}

#[cfg(test)]
mod tests;
