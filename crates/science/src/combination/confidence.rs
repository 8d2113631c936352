//! [`ConfidenceWeighted`]: any number of members, each with one signed confidence. For two classes only.

use crate::error::{Error, Result};
use crate::fitted::Versioned;
use crate::logistic::Logistic;
use serde::{Deserialize, Serialize};

/// Confidence-weighted integration (Yanez, Luo, Valerio Minero, Love, Patterns 2025): a logistic regression on one signed
/// confidence a member, positive where the member says class 1. How sure a member is and how good it is are both weighed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConfidenceWeighted {
    members: usize,
    logistic: Logistic,
}

impl Versioned for ConfidenceWeighted {
    const KIND: &'static str = "confidence_weighted";
    const VERSION: u32 = 1;
}

impl ConfidenceWeighted {
    /// Fits it: `confidences` is row-major with a column a member, `labels` are 0 or 1, `c` is the inverse strength of the
    /// penalty (1 in the paper).
    ///
    /// # Errors
    /// Those of [`Logistic::fit`]; [`Error::Input`] without members.
    pub fn fit(confidences: &[f64], members: usize, labels: &[u32], c: f64) -> Result<Self> {
        if members == 0 {
            return Err(Error::input("members", "there is nobody to combine; give at least one column of confidences"));
        }
        Ok(Self { members, logistic: Logistic::fit(confidences, members, labels, c)? })
    }

    /// The combined probability of class 1 of a row.
    #[must_use]
    pub fn apply(&self, row: &[f64]) -> f64 {
        self.logistic.apply(row)
    }

    /// What each member's confidence weighs.
    #[must_use]
    pub fn weights(&self) -> &[f64] {
        self.logistic.weights().get(1..).unwrap_or_default()
    }

    /// Members.
    #[must_use]
    pub fn members(&self) -> usize {
        self.members
    }
}

/// A confidence with the sign of the answer: positive for class 1.
#[must_use]
pub fn signed(answer: u32, confidence: f64) -> f64 {
    if answer == 1 { confidence } else { -confidence }
}
