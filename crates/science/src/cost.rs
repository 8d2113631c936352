//! [`Costs`]: what a wrong answer costs, and a minute of a person. Whole micro-units, so that equal inputs compare equal on every
//! machine; decides nothing.

use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Micro-units of one unit of cost.
pub const MICROS: i64 = 1_000_000;
/// Billionths of a certainty.
pub const BILLIONTHS: u32 = 1_000_000_000;
/// No cost may be larger: sums and products stay exact.
pub const COST_MICROS_MAX: i64 = 1 << 53;

/// Costs in micro-units: of a right answer nothing, of a wrong one by truth and answer, of a minute of a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Costs {
    error: i64,
    cells: BTreeMap<u32, BTreeMap<u32, i64>>,
    minute: i64,
}

impl Costs {
    /// All errors at the same cost.
    ///
    /// # Errors
    /// [`Error::Input`] where a cost is negative or above [`COST_MICROS_MAX`].
    pub fn new(error_micros: i64, minute_micros: i64) -> Result<Self> {
        check("error", error_micros)?;
        check("minute", minute_micros)?;
        Ok(Self { error: error_micros, cells: BTreeMap::new(), minute: minute_micros })
    }

    /// One error at a cost of its own.
    ///
    /// # Errors
    /// [`Error::Input`] where the cost is out of range, or truth and answer are the same.
    pub fn with(mut self, truth: u32, answer: u32, error_micros: i64) -> Result<Self> {
        check("error", error_micros)?;
        if truth == answer {
            return Err(Error::input("error", format!("class {truth} answered as {answer} is no error, and costs nothing")));
        }
        self.cells.entry(truth).or_default().insert(answer, error_micros);
        Ok(self)
    }

    /// What an answer costs, given the truth.
    #[must_use]
    pub fn error(&self, truth: u32, answer: u32) -> i64 {
        if truth == answer {
            return 0;
        }
        self.cells.get(&truth).and_then(|row| row.get(&answer)).copied().unwrap_or(self.error)
    }

    /// What so many milliseconds of a person cost; rounded down.
    #[must_use]
    pub fn time(&self, milliseconds: u64) -> i64 {
        clamp(i128::from(self.minute) * i128::from(milliseconds) / 60_000)
    }

    /// Expected cost of an answer, by the probabilities of the classes in billionths; rounded down.
    #[must_use]
    pub fn expected(&self, billionths: &[u32], answer: u32) -> i64 {
        let sum: i128 = (0u32..).zip(billionths).map(|(truth, p)| i128::from(*p) * i128::from(self.error(truth, answer))).sum();
        clamp(sum / i128::from(BILLIONTHS))
    }

    /// The answer of lowest expected cost, with that cost; of equals the first. `None` without classes.
    #[must_use]
    pub fn best(&self, billionths: &[u32]) -> Option<(u32, i64)> {
        (0u32..).zip(billionths).map(|(answer, _)| (answer, self.expected(billionths, answer))).min_by_key(|(_, cost)| *cost)
    }

    /// What an error would cost on average, given that `answer` is wrong: what an arm that gives it stands to lose. The mean of
    /// the possible errors where the probabilities leave no other class.
    #[must_use]
    pub fn if_wrong(&self, billionths: &[u32], answer: u32) -> i64 {
        let others: i128 = (0u32..).zip(billionths).filter(|(truth, _)| *truth != answer).map(|(_, p)| i128::from(*p)).sum();
        let weighed: i128 = (0u32..).zip(billionths).map(|(truth, p)| i128::from(*p) * i128::from(self.error(truth, answer))).sum();
        if others > 0 {
            return clamp(weighed / others);
        }
        let errors: Vec<i128> = (0u32..)
            .zip(billionths)
            .filter(|(truth, _)| *truth != answer)
            .map(|(truth, _)| i128::from(self.error(truth, answer)))
            .collect();
        if errors.is_empty() { 0 } else { clamp(errors.iter().sum::<i128>() / errors.len() as i128) }
    }
}

fn check(what: &'static str, micros: i64) -> Result<()> {
    if (0..=COST_MICROS_MAX).contains(&micros) {
        Ok(())
    } else {
        Err(Error::input(what, format!("a cost of {micros} micro-units is not between 0 and {COST_MICROS_MAX}")))
    }
}

fn clamp(micros: i128) -> i64 {
    i64::try_from(micros).unwrap_or(i64::MAX).min(COST_MICROS_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn costs_are_looked_up_and_weighed_by_hand() {
        let costs = Costs::new(MICROS, MICROS / 2).unwrap().with(2, 0, 20 * MICROS).unwrap();
        assert_eq!((costs.error(1, 1), costs.error(0, 1), costs.error(2, 0), costs.error(0, 2)), (0, MICROS, 20 * MICROS, MICROS));
        assert_eq!(costs.time(90_000), 750_000);
        let p = [700_000_000, 200_000_000, 100_000_000];
        assert_eq!(costs.expected(&p, 0), 2_200_000);
        assert_eq!(costs.best(&p), Some((1, 800_000)));
        assert_eq!(costs.if_wrong(&p, 0), 2_200_000 * 10 / 3);
        assert_eq!(costs.if_wrong(&[BILLIONTHS, 0, 0], 0), (20 * MICROS + MICROS) / 2);
        assert_eq!(costs.best(&[]), None);
        assert_eq!(Costs::new(7, 0).unwrap().best(&[500_000_000, 500_000_000]).unwrap().0, 0);
    }

    #[test]
    fn what_is_no_cost_is_refused_and_what_is_huge_stays_in_range() {
        assert!(Costs::new(-1, 0).is_err() && Costs::new(0, COST_MICROS_MAX + 1).is_err());
        assert!(Costs::new(1, 1).unwrap().with(3, 3, 5).unwrap_err().to_string().contains("no error"));
        let dear = Costs::new(COST_MICROS_MAX, COST_MICROS_MAX).unwrap();
        assert_eq!(dear.time(u64::MAX), COST_MICROS_MAX);
        assert_eq!(dear.expected(&[u32::MAX, u32::MAX], 0), COST_MICROS_MAX);
    }
}
