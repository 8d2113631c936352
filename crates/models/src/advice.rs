//! What a proposer says: an answer, how sure, why, and where it looked; or why it says nothing. Never a decision.

use countersign_core::number::ONE_BILLIONTHS;

/// Words of evidence with one piece of advice: more is no explanation.
pub const EVIDENCE_MAX: usize = 6;

/// What a proposer says.
#[derive(Debug, Clone, PartialEq)]
pub struct Advice {
    /// The likeliest answer.
    pub answer: String,
    /// Probability by answer in billionths that sum to 10^9, in the order of the answers.
    pub probabilities: Vec<(String, u32)>,
    /// Why, in a sentence for people.
    pub explanation: String,
    /// Where it looked, the weightiest first.
    pub evidence: Vec<Evidence>,
    /// What it cost, in micro-units.
    pub cost: u64,
}

/// Words that speak for the answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Evidence {
    /// The field.
    pub field: String,
    /// First code point and one past the last, where the field is one text.
    pub span: Option<(u64, u64)>,
    /// The words, or the value.
    pub quote: String,
    /// By how much they raise the answer: its logit over the mean of the others where the model learned here, its probability over what it
    /// would be at the field's neutral value where it comes from elsewhere.
    pub contribution: f64,
    /// Which parts of a picture, where the field is one.
    pub heat: Option<Heat>,
}

/// Which parts of a picture speak for an answer: a grid over a part of it, row by row, each cell from -100 to 100.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heat {
    /// Where the grid begins, from the left, in ten-thousandths of the picture's width.
    pub left: u32,
    /// From the top, in ten-thousandths of its height.
    pub top: u32,
    /// How wide it is.
    pub width: u32,
    /// How high.
    pub height: u32,
    /// Cells in a row.
    pub columns: u32,
    /// Rows.
    pub rows: u32,
    /// By how many tenths the logit of the answer falls where a cell is covered.
    pub cells: Vec<i8>,
}

/// Why there is no advice.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoAdvice {
    /// The case has nothing that the model may read.
    #[error("the case has no field that this model may read")]
    NothingToRead,
    /// Nothing in the case was ever seen in training.
    #[error("nothing in this case occurs in what the model learned from")]
    Unknown,
    /// A value is missing without which the model cannot be asked.
    #[error("the case has no {0}, which this model needs")]
    Missing(String),
    /// The picture cannot be looked at.
    #[error("the picture cannot be looked at: {0}")]
    Picture(String),
    /// What came out is no probability.
    #[error("the model's answer is no set of probabilities")]
    NoProbabilities,
}

/// By how much probabilities from elsewhere may sum to another number than one: floats of 32 bits, rounded.
const SUM_TOLERANCE: f64 = 1e-3;

/// What a model from elsewhere says of so many answers, as probabilities.
///
/// # Errors
/// [`NoAdvice::NoProbabilities`] where it is no set of them: another number, one below nought or above one, or another sum than one.
pub fn probabilities(scores: impl IntoIterator<Item = f32>, answers: usize) -> Result<Vec<f64>, NoAdvice> {
    let said: Vec<f64> = scores.into_iter().map(f64::from).collect();
    let sum: f64 = said.iter().sum();
    let sound = said.len() == answers && said.iter().all(|p| (-SUM_TOLERANCE..=1.0 + SUM_TOLERANCE).contains(p));
    if !sound || (sum - 1.0).abs() > SUM_TOLERANCE {
        return Err(NoAdvice::NoProbabilities);
    }
    Ok(said.into_iter().map(|p| p.clamp(0.0, 1.0)).collect())
}

/// The place of the greatest; of equals the first.
#[must_use]
pub fn likeliest<T: PartialOrd>(numbers: &[T]) -> usize {
    let mut best = 0;
    for (at, number) in numbers.iter().enumerate() {
        if numbers.get(best).is_some_and(|most| number > most) {
            best = at;
        }
    }
    best
}

/// Shares as billionths that sum to 10^9: rounded down, and what is left goes to those that lost most, the earlier of equals first.
/// `None` where they are no probabilities: NaN, infinite, negative, or without a sum.
#[must_use]
pub fn billionths(shares: &[f64]) -> Option<Vec<u32>> {
    let total: f64 = shares.iter().sum();
    if !(total.is_finite() && total > 0.0) || shares.iter().any(|share| share.is_nan() || *share < 0.0) {
        return None;
    }
    let whole = f64::from(ONE_BILLIONTHS);
    let exact: Vec<f64> = shares.iter().map(|share| share / total * whole).collect();
    let mut out: Vec<u32> = exact.iter().map(|share| (*share as u32).min(ONE_BILLIONTHS)).collect();
    let left = i64::from(ONE_BILLIONTHS) - out.iter().map(|p| i64::from(*p)).sum::<i64>();
    let mut order: Vec<usize> = (0..out.len()).collect();
    let lost = |at: usize| exact.get(at).copied().unwrap_or(0.0) - f64::from(out.get(at).copied().unwrap_or(0));
    let losses: Vec<f64> = order.iter().map(|at| lost(*at)).collect();
    order.sort_by(|a, b| losses.get(*b).partial_cmp(&losses.get(*a)).unwrap_or(std::cmp::Ordering::Equal).then(a.cmp(b)));
    for at in order.iter().cycle().take(usize::try_from(left).unwrap_or(0)) {
        if let Some(p) = out.get_mut(*at) {
            *p += 1;
        }
    }
    (out.iter().map(|p| u64::from(*p)).sum::<u64>() == u64::from(ONE_BILLIONTHS)).then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_no_probability_is_refused() {
        for bad in [&[f64::NAN, 0.5][..], &[-0.1, 1.1], &[0.0, 0.0], &[f64::INFINITY, 1.0], &[]] {
            assert_eq!(billionths(bad), None, "{bad:?}");
        }
        assert_eq!(billionths(&[1.0, 1.0, 1.0]), Some(vec![333_333_334, 333_333_333, 333_333_333]));
    }

    proptest! {
        #[test]
        fn billionths_always_sum_to_one(shares in prop::collection::vec(0.0f64..1e6, 1..40)) {
            if let Some(out) = billionths(&shares) {
                prop_assert_eq!(out.iter().map(|p| u64::from(*p)).sum::<u64>(), 1_000_000_000);
                let total: f64 = shares.iter().sum();
                prop_assert!(out.iter().zip(&shares).all(|(p, s)| (f64::from(*p) / 1e9 - s / total).abs() < 2e-9));
            } else {
                prop_assert!(shares.iter().all(|share| *share == 0.0));
            }
        }
    }
}
