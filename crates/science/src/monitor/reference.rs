//! What the AI's sealed answer is held against: a matured outcome, or people who did not see it. Never one person alone
//! against the AI.
//!
//! With an AI that is wrong in 1 % and an auditor who is right in 95 % of the cases, the two differ in 5.9 % of them; taking
//! that for the AI's error stops every sound promise. So a second, independent person answers on every disagreement and on
//! a random share of the agreements, and a third decides where people differ from one another.

use serde::{Deserialize, Serialize};

use super::Outcome;
use crate::{Error, Estimate, error::Result, interval, math};

/// The answers on one audit, as classes; whoever answers has seen neither the AI's answer nor another person's.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answers {
    /// The AI's sealed answer.
    pub ai: u32,
    /// The truth, where it has matured. It outweighs everything else.
    pub truth: Option<u32>,
    /// The first person's answer.
    pub first: Option<u32>,
    /// The second person's answer.
    pub second: Option<u32>,
    /// The answer of who decided between people.
    pub adjudicated: Option<u32>,
    /// Whether this audit was drawn, before anybody answered, to be checked twice even on agreement.
    pub recheck: bool,
}

/// What an audit needs next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// A first answer, blind.
    First,
    /// A second, independent answer, because the first differs from the AI's.
    Second,
    /// A second, independent answer although the first agrees with the AI's: the audit was drawn for it.
    Recheck,
    /// Somebody who decides between people who differ.
    Adjudicate,
    /// Nothing: it counts.
    Settled(Outcome),
}

/// What an audit needs next.
#[must_use]
pub fn next_step(answers: &Answers) -> Step {
    let wrong = |reference: u32| Step::Settled(if reference == answers.ai { Outcome::Right } else { Outcome::Wrong });
    if let Some(truth) = answers.truth {
        return wrong(truth);
    }
    let Some(first) = answers.first else { return Step::First };
    let agreed = first == answers.ai;
    if agreed && !answers.recheck {
        return Step::Settled(Outcome::Right);
    }
    let Some(second) = answers.second else { return if agreed { Step::Recheck } else { Step::Second } };
    let reference = if first == second {
        first
    } else if let Some(decided) = answers.adjudicated {
        decided
    } else {
        return Step::Adjudicate;
    };
    match wrong(reference) {
        Step::Settled(Outcome::Wrong) if agreed => Step::Settled(Outcome::WrongOnRecheck),
        step => step,
    }
}

/// The share of the AI's errors that two independent reviewers both miss, and so no audit finds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Missed {
    share: f64,
}

impl Missed {
    /// Nothing is missed: the reference is a matured outcome.
    #[must_use]
    pub fn nothing() -> Self {
        Self { share: 0.0 }
    }

    /// From the reviewers' own error rate and the share of their errors that come from the case itself (0: independent of
    /// one another, 1: where one errs every other one does too, the careful choice). The upper end of the rate is used.
    ///
    /// # Errors
    /// A share outside `[0, 1]`, or reviewers who are no better than a coin.
    pub fn by_reviewers(error: &Estimate, common: f64) -> Result<Self> {
        if !(0.0..=1.0).contains(&common) {
            return Err(Error::input("common", format!("a share lies between 0 and 1, and this is {common}")));
        }
        if !(error.high >= 0.0 && error.high < REVIEWER_ERROR_MAX) {
            return Err(Error::cannot_say(format!(
                "Reviewers may be wrong in up to {:.0} % of the cases: too often to audit anybody.",
                100.0 * error.high
            )));
        }
        Ok(Self { share: error.high * (common + (1.0 - common) * error.high) })
    }

    /// The share, in `[0, 0.5)`.
    #[must_use]
    pub fn share(&self) -> f64 {
        self.share
    }

    /// The error rate behind a found one.
    #[must_use]
    pub fn widen(&self, found: f64) -> f64 {
        (found / (1.0 - self.share)).min(1.0)
    }
}

/// Reviewers whose error may be this high find nothing.
pub const REVIEWER_ERROR_MAX: f64 = 0.5;

/// The reviewers' error rate from pairs of independent answers on the same random cases. Two people who err with
/// probability e each, independently, differ in at least `2 e (1 - e)` of the cases; the interval is that of the share of
/// differing pairs (Wilson), carried over.
///
/// # Errors
/// No pairs, or pairs that differ so often that no error rate below one half explains it.
pub fn reviewer_error(differing: u64, pairs: u64, confidence: f64) -> Result<Estimate> {
    let differ = interval::wilson(differing, pairs, confidence)?;
    if differ.value >= 0.5 {
        return Err(Error::cannot_say("Two independent reviewers differ in half of the cases or more, so neither is a reference."));
    }
    let error = |share: f64| 0.5 * (1.0 - math::sqrt((1.0 - 2.0 * share).max(0.0)));
    Ok(Estimate { value: error(differ.value), low: error(differ.low), high: error(differ.high), n: differ.n })
}
