//! The rates that fairness is told in, each a count over a count. Knows no group.

use serde::{Deserialize, Serialize};

/// How many kinds of rows a [`Tally`] has.
pub const TALLY: usize = 6;

/// Rows of one group by label and answer of one decider: `[label][answer]` with the labels no, yes, unknown and the answers
/// no, yes; position `2 * label + answer`.
pub type Tally = [u64; TALLY];

/// A rate: a share of some of the rows of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// Rows whose truth is positive, of all rows with a truth. A fact about the cases and not about the decider.
    BaseRate,
    /// Rows that got the positive answer, of all rows (also called demographic parity).
    SelectionRate,
    /// Positive answers where the truth is positive (recall, sensitivity, equal opportunity).
    #[serde(rename = "tpr")]
    TruePositiveRate,
    /// Positive answers where the truth is negative (false alarms).
    #[serde(rename = "fpr")]
    FalsePositiveRate,
    /// Negative answers where the truth is positive (misses): 1 - true positive rate.
    #[serde(rename = "fnr")]
    FalseNegativeRate,
    /// True where the answer is positive (precision, predictive parity).
    #[serde(rename = "ppv")]
    PositivePredictiveValue,
    /// True where the answer is negative.
    #[serde(rename = "npv")]
    NegativePredictiveValue,
    /// Right answers of all with a truth.
    Accuracy,
}

impl Metric {
    /// All of them, in the order of every list of this module.
    pub const ALL: [Self; 8] = [
        Self::BaseRate,
        Self::SelectionRate,
        Self::TruePositiveRate,
        Self::FalsePositiveRate,
        Self::FalseNegativeRate,
        Self::PositivePredictiveValue,
        Self::NegativePredictiveValue,
        Self::Accuracy,
    ];

    /// Those on which groups are tested: a base rate is not the decider's doing, and a difference in misses is one in hits.
    pub const TESTED: [Self; 6] = [
        Self::SelectionRate,
        Self::TruePositiveRate,
        Self::FalsePositiveRate,
        Self::PositivePredictiveValue,
        Self::NegativePredictiveValue,
        Self::Accuracy,
    ];

    /// Whether it needs to know the truth.
    #[must_use]
    pub fn needs_truth(self) -> bool {
        self != Self::SelectionRate
    }

    /// The place in [`Self::ALL`].
    #[must_use]
    pub fn index(self) -> usize {
        self as usize
    }

    /// The name that readers know.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::BaseRate => "base rate",
            Self::SelectionRate => "selection rate",
            Self::TruePositiveRate => "true positive rate",
            Self::FalsePositiveRate => "false positive rate",
            Self::FalseNegativeRate => "false negative rate",
            Self::PositivePredictiveValue => "positive predictive value",
            Self::NegativePredictiveValue => "negative predictive value",
            Self::Accuracy => "accuracy",
        }
    }

    /// Numerator and denominator.
    #[must_use]
    pub fn parts(self, tally: &Tally) -> (u64, u64) {
        let [tn, fp, miss, tp, dropped, taken] = *tally;
        match self {
            Self::BaseRate => (tp + miss, tp + miss + tn + fp),
            Self::SelectionRate => (tp + fp + taken, tp + fp + taken + tn + miss + dropped),
            Self::TruePositiveRate => (tp, tp + miss),
            Self::FalsePositiveRate => (fp, fp + tn),
            Self::FalseNegativeRate => (miss, tp + miss),
            Self::PositivePredictiveValue => (tp, tp + fp),
            Self::NegativePredictiveValue => (tn, tn + miss),
            Self::Accuracy => (tp + tn, tp + miss + tn + fp),
        }
    }

    /// The rate; `None` of nothing.
    #[must_use]
    pub fn rate(self, tally: &Tally) -> Option<f64> {
        let (part, whole) = self.parts(tally);
        (whole > 0).then(|| part as f64 / whole as f64)
    }
}
