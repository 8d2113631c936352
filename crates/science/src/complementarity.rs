//! Whether a pair of person and AI beats the better of the two. Says so only where both paired intervals do, and never mixes what
//! people really answered (the *observed* pair) with what could be computed from both (the *achievable* pair): the caller knows
//! which of the two it hands in, and an achievable one must be cross-fitted.

use serde::{Deserialize, Serialize};

use crate::bootstrap::{self, Clusters, Columns, Options, Sums};
use crate::error::{Error, Result};
use crate::estimate::Estimate;
pub use crate::rehearsal::findings::Verdict;
use crate::{interval, math, rehearsal};

mod limit;
#[cfg(test)]
mod tests;

pub use limit::{Limit, bivariate_normal, gap_max, tetrachoric};

/// With fewer clusters, or fewer rows on which the pair and a member differ, no verdict but "not shown": below six even a
/// unanimous sign test cannot reach .025.
pub const VERDICT_MIN: u64 = 6;

/// Credit a row for every member: 1 where right, 0 where wrong, between them where the answer is drawn from a known distribution
/// (a crowd's answers to one item).
#[derive(Debug, Clone, Copy)]
pub struct Credit<'a> {
    /// The person alone.
    pub human: &'a [f64],
    /// The AI alone.
    pub ai: &'a [f64],
    /// The pair: observed, or achievable and cross-fitted.
    pub pair: &'a [f64],
}

/// A pair against the better of its two members.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Compared {
    /// Accuracy of the person alone.
    pub human: Estimate,
    /// Accuracy of the AI alone.
    pub ai: Estimate,
    /// Accuracy of the pair.
    pub pair: Estimate,
    /// acc(pair) - acc(human), paired.
    pub over_human: Estimate,
    /// acc(pair) - acc(AI), paired.
    pub over_ai: Estimate,
    /// acc(pair) - max(acc(human), acc(AI)); which one is better is asked again in every draw.
    pub ctp: Estimate,
    /// Accuracy of an oracle that picks whoever is right, less the better of the two: the room there is.
    pub potential: Estimate,
    /// Share of rows on which neither is right: no choice between the two can mend them.
    pub both_wrong: Estimate,
    /// What the two paired intervals show.
    pub verdict: Verdict,
    /// Why the verdict could be no other, where the data are too few.
    pub reason: Option<String>,
}

impl From<&Compared> for rehearsal::findings::Comparison {
    fn from(c: &Compared) -> Self {
        Self {
            ctp: Some(c.ctp),
            over_human: Some(c.over_human),
            over_ai: Some(c.over_ai),
            verdict: Some(c.verdict),
            reason: c.reason.clone(),
        }
    }
}

/// 1 where two answers are the same, else 0: credit for an answer against the truth.
#[must_use]
pub fn credit(answers: &[u32], truth: &[u32]) -> Vec<f64> {
    answers.iter().zip(truth).map(|(a, t)| f64::from(a == t)).collect()
}

/// *Complementary* where both lower bounds are above 0, *harmful* where either upper bound is below 0, else *not shown*. Each bound
/// is an end of a two-sided interval at 1 - alpha, so it errs with alpha / 2.
#[must_use]
pub fn verdict(over_human: &Estimate, over_ai: &Estimate) -> Verdict {
    if over_human.low > 0.0 && over_ai.low > 0.0 {
        Verdict::Complementary
    } else if over_human.high < 0.0 || over_ai.high < 0.0 {
        Verdict::Harmful
    } else {
        Verdict::NotShown
    }
}

const HUMAN: usize = 0;
const AI: usize = 1;
const PAIR: usize = 2;
const EITHER: usize = 3;
const ROWS: usize = 4;

/// Compares a pair with its members on the same rows, by a cluster bootstrap with percentile intervals.
///
/// # Errors
/// [`Error::Input`] where lengths differ or a credit is outside of `[0, 1]`; [`Error::CannotSay`] of no rows or one cluster.
pub fn compare(credit: &Credit<'_>, clusters: Clusters<'_>, options: &Options) -> Result<Compared> {
    let sums = credit_sums(credit, clusters, options)?;
    let mean = |column: usize| move |s: &[f64]| bootstrap::divide(s, column, ROWS);
    let better = |s: &[f64]| Some(mean(HUMAN)(s)?.max(mean(AI)(s)?));
    let level = options.level;
    let share = |column| if clusters.is_rows() { rows_share(&sums, column, level) } else { sums.share(column, ROWS, level) };
    let over_human = sums.percentile(level, |s| Some(mean(PAIR)(s)? - mean(HUMAN)(s)?))?;
    let over_ai = sums.percentile(level, |s| Some(mean(PAIR)(s)? - mean(AI)(s)?))?;
    let either = share(EITHER)?;
    let reason = too_few(credit, sums.clusters());
    Ok(Compared {
        human: share(HUMAN)?,
        ai: share(AI)?,
        pair: share(PAIR)?,
        over_human,
        over_ai,
        ctp: sums.percentile(level, |s| Some(mean(PAIR)(s)? - better(s)?))?,
        potential: sums.percentile(level, |s| Some(mean(EITHER)(s)? - better(s)?))?,
        both_wrong: Estimate { value: 1.0 - either.value, low: 1.0 - either.high, high: 1.0 - either.low, n: either.n },
        verdict: if reason.is_some() { Verdict::NotShown } else { verdict(&over_human, &over_ai) },
        reason,
    })
}

/// How far apart person and AI may be for a gain to be possible; see [`Limit`].
///
/// # Errors
/// As [`compare`]; [`Error::CannotSay`] where a member is never or always right, so that errors cannot be related.
pub fn limit(human: &[f64], ai: &[f64], clusters: Clusters<'_>, options: &Options) -> Result<Limit> {
    let sums = credit_sums(&Credit { human, ai, pair: human }, clusters, options)?;
    limit::of_sums(&sums, options.level)
}

fn credit_sums(credit: &Credit<'_>, clusters: Clusters<'_>, options: &Options) -> Result<Sums> {
    let rows = credit.human.len();
    for (what, values) in [("human", credit.human), ("ai", credit.ai), ("pair", credit.pair)] {
        if values.len() != rows {
            return Err(Error::input(
                what,
                format!("{} credits where the person has {rows}; all three must be of the same rows", values.len()),
            ));
        }
        if let Some(at) = values.iter().position(|v| !(0.0..=1.0).contains(v)) {
            return Err(Error::input(what, format!("the credit of row {at} is not between 0 (wrong) and 1 (right)")));
        }
    }
    let columns = Columns::from_fn(rows, ROWS + 1, |i, out| {
        let at = |values: &[f64]| values.get(i).copied().unwrap_or(0.0);
        let (human, ai, pair) = (at(credit.human), at(credit.ai), at(credit.pair));
        out.copy_from_slice(&[human, ai, pair, 1.0 - (1.0 - human) * (1.0 - ai), 1.0]);
    });
    bootstrap::draw(&columns, clusters, options.draws, options.seed)
}

/// Wilson's interval where rows are independent; exact counts are not needed.
fn rows_share(sums: &Sums, column: usize, level: f64) -> Result<Estimate> {
    let share = bootstrap::divide(sums.point(), column, ROWS).unwrap_or(0.0);
    interval::wilson_share(share.clamp(0.0, 1.0), sums.rows() as f64, sums.rows(), level)
}

fn too_few(credit: &Credit<'_>, clusters: u64) -> Option<String> {
    let differ = |member: &[f64]| credit.pair.iter().zip(member).filter(|(p, m)| p != m).count() as u64;
    few(clusters, differ(credit.human), differ(credit.ai))
}

/// Why there can be no verdict but "not shown" on so few clusters, or where the pair differs from its members on so few rows.
pub(crate) fn few(clusters: u64, human: u64, ai: u64) -> Option<String> {
    if clusters < VERDICT_MIN {
        return Some(format!("{clusters} people or items are too few to tell how much they differ; a verdict needs {VERDICT_MIN}"));
    }
    // Where the pair hardly ever differs from one member it cannot beat that one; it may still be shown to be worse than the other.
    (human < VERDICT_MIN && ai < VERDICT_MIN)
        .then(|| format!("the pair differs from the person on {human} and from the AI on {ai} rows; a verdict needs {VERDICT_MIN}"))
}

/// Accuracies on the test part of one stored split.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct SplitAccuracy {
    /// The person alone.
    pub human: f64,
    /// The AI alone.
    pub ai: f64,
    /// The pair.
    pub pair: f64,
    /// An oracle that picks whoever is right.
    pub either: f64,
    /// Rows of the test part.
    pub n: u64,
}

/// Compares over stored splits: `value` is the mean over the splits, and the interval is Student's t over them.
///
/// The test parts of random splits overlap, so splits are not independent. With `test_to_train` (test rows over training rows) the
/// variance is corrected for that (Nadeau and Bengio, Machine Learning 52, 2003); without, the interval says how much the figure
/// varies over *these* splits, and no more.
///
/// # Errors
/// [`Error::CannotSay`] of fewer than two splits, [`Error::Input`] where an accuracy is outside of `[0, 1]`.
pub fn compare_splits(splits: &[SplitAccuracy], test_to_train: Option<f64>, level: f64) -> Result<Compared> {
    let all = |s: &SplitAccuracy| [s.human, s.ai, s.pair, s.either];
    if let Some(at) = splits.iter().position(|s| all(s).iter().any(|v| !(0.0..=1.0).contains(v))) {
        return Err(Error::input("splits", format!("an accuracy of split {at} is not between 0 and 1")));
    }
    let rows: u64 = splits.iter().map(|s| s.n).sum::<u64>() / (splits.len() as u64).max(1);
    let mean = |of: &dyn Fn(&SplitAccuracy) -> f64| {
        let values: Vec<f64> = splits.iter().map(of).collect();
        splits_mean(&values, test_to_train, level).map(|e| Estimate { n: rows, ..e })
    };
    let over_human = mean(&|s| s.pair - s.human)?;
    let over_ai = mean(&|s| s.pair - s.ai)?;
    Ok(Compared {
        human: mean(&|s| s.human)?,
        ai: mean(&|s| s.ai)?,
        pair: mean(&|s| s.pair)?,
        over_human,
        over_ai,
        ctp: mean(&|s| s.pair - s.human.max(s.ai))?,
        potential: mean(&|s| s.either - s.human.max(s.ai))?,
        both_wrong: mean(&|s| 1.0 - s.either)?,
        verdict: verdict(&over_human, &over_ai),
        reason: None,
    })
}

/// The mean of a figure over splits with Student's t interval; see [`compare_splits`] for `test_to_train`. `n` is the number of splits.
///
/// # Errors
/// As [`interval::mean_t`]; [`Error::Input`] where `test_to_train` is negative or not finite.
pub fn splits_mean(values: &[f64], test_to_train: Option<f64>, level: f64) -> Result<Estimate> {
    let estimate = interval::mean_t(values, level)?;
    let Some(ratio) = test_to_train else { return Ok(estimate) };
    if !(ratio >= 0.0 && ratio.is_finite()) {
        return Err(Error::input("test_to_train", format!("{ratio} is no ratio of rows")));
    }
    let wider = math::sqrt(1.0 + values.len() as f64 * ratio);
    let half = wider * (estimate.high - estimate.value);
    Ok(Estimate { low: estimate.value - half, high: estimate.value + half, ..estimate })
}
