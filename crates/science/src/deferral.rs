//! Deferral: who decides a case, the AI or a person. Fitted on rows where both answers and the truth are known; combines nothing.
//!
//! Every rule is fitted on losses (0 and 1 for right and wrong, or costs with minutes, or anything finite), and decides a row
//! from what is known before its truth. [`judge`] says what a rule is worth on other rows.

mod codoc;
mod rejector;
#[cfg(test)]
mod tests;
mod threshold;

pub use codoc::{Codoc, Operating, Zone};
pub use rejector::{CompareConfidence, OneVsAll, doubt};
pub use threshold::{QUANTILES, Threshold};

use crate::error::{Error, Result};
use crate::estimate::Estimate;
use crate::interval::{mean_t, wilson};
use serde::{Deserialize, Serialize};

/// Who decides a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decider {
    /// The AI's answer stands, and nobody looks.
    Ai,
    /// A person answers.
    Person,
}

/// What the answers of both would have been worth, a value a row each.
#[derive(Debug, Clone, Copy)]
pub struct Losses<'a> {
    /// Of the AI's answer.
    pub ai: &'a [f64],
    /// Of the person's answer, with the person's time where that counts.
    pub person: &'a [f64],
}

impl Losses<'_> {
    /// Refuses nothing at all, lengths that differ, and what is not finite.
    fn check(&self, n: usize) -> Result<()> {
        for (what, losses) in [("losses of the AI", self.ai), ("losses of the person", self.person)] {
            if losses.len() != n {
                return Err(Error::input(what, format!("{} values for {n} rows; there must be one a row", losses.len())));
            }
            finite(what, losses)?;
        }
        if n == 0 {
            return Err(Error::cannot_say("who should decide cannot be learnt without rows on which both answers and the truth are known"));
        }
        Ok(())
    }
}

fn finite(what: &'static str, values: &[f64]) -> Result<()> {
    match values.iter().position(|value| !value.is_finite()) {
        Some(at) => Err(Error::input(what, format!("the value at row {at} is not a finite number; leave such rows out"))),
        None => Ok(()),
    }
}

/// What a way to defer is worth.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Judged {
    /// Share of right answers.
    pub accuracy: Estimate,
    /// Mean loss of a row.
    pub loss: Estimate,
    /// Share that the AI decides.
    pub coverage: Estimate,
    /// Share in which both are wrong: the floor of the error of any deferral.
    pub both_wrong: Estimate,
}

/// Judges decisions on rows that did not fit them. `right` says of each row whether the AI and the person are right. The rows
/// count as independent: where people or items repeat, draw clusters with [`crate::bootstrap`].
///
/// # Errors
/// [`Error::Input`] where lengths differ; [`Error::CannotSay`] of fewer than two rows.
pub fn judge(decisions: &[Decider], right: &[(bool, bool)], losses: Losses<'_>, level: f64) -> Result<Judged> {
    if right.len() != decisions.len() {
        return Err(Error::input("right", format!("{} values for {} decisions; there must be one a row", right.len(), decisions.len())));
    }
    losses.check(decisions.len())?;
    let n = decisions.len() as u64;
    let count = |of: &dyn Fn(Decider, (bool, bool)) -> bool| {
        decisions.iter().zip(right).filter(|(decision, right)| of(**decision, **right)).count() as u64
    };
    let taken: Vec<f64> = decisions
        .iter()
        .zip(losses.ai.iter().zip(losses.person))
        .map(|(decision, (ai, person))| if *decision == Decider::Ai { *ai } else { *person })
        .collect();
    Ok(Judged {
        accuracy: wilson(count(&|decision, (ai, person)| if decision == Decider::Ai { ai } else { person }), n, level)?,
        loss: mean_t(&taken, level)?,
        coverage: wilson(count(&|decision, _| decision == Decider::Ai), n, level)?,
        both_wrong: wilson(count(&|_, (ai, person)| !ai && !person), n, level)?,
    })
}
