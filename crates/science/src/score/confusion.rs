//! [`Confusion`]: how often each answer met each truth. Weighs nothing.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::probabilities;

/// Counts of answers by truth.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confusion {
    /// `counts[truth][answer]`.
    pub counts: Vec<Vec<u64>>,
}

impl Confusion {
    /// More classes than this make no table that anybody could read.
    pub const CLASSES_MAX: usize = 1_000;

    /// Counts.
    ///
    /// # Errors
    /// [`Error::Input`] where lengths differ, a label is no class, or there are more than [`Confusion::CLASSES_MAX`] classes.
    pub fn of(answers: &[u32], truth: &[u32], classes: usize) -> Result<Self> {
        if answers.len() != truth.len() {
            return Err(Error::input("answers", format!("{} answers for {} rows of truth", answers.len(), truth.len())));
        }
        if classes > Self::CLASSES_MAX {
            return Err(Error::input("classes", format!("{classes} classes; a table holds at most {}", Self::CLASSES_MAX)));
        }
        probabilities::labels_check("answers", answers, classes)?;
        probabilities::labels_check("truth", truth, classes)?;
        let mut counts = vec![vec![0; classes]; classes];
        for (answer, truth) in answers.iter().zip(truth) {
            if let Some(cell) = counts.get_mut(*truth as usize).and_then(|row: &mut Vec<u64>| row.get_mut(*answer as usize)) {
                *cell += 1;
            }
        }
        Ok(Self { counts })
    }

    /// Rows counted.
    #[must_use]
    pub fn n(&self) -> u64 {
        self.counts.iter().flatten().sum()
    }

    /// Right answers.
    #[must_use]
    pub fn right(&self) -> u64 {
        self.counts.iter().enumerate().filter_map(|(class, row)| row.get(class)).sum()
    }

    /// Rows whose truth is `class`.
    #[must_use]
    pub fn with_truth(&self, class: usize) -> u64 {
        self.counts.get(class).map_or(0, |row| row.iter().sum())
    }

    /// Rows answered with `class`.
    #[must_use]
    pub fn with_answer(&self, class: usize) -> u64 {
        self.counts.iter().filter_map(|row| row.get(class)).sum()
    }
}
