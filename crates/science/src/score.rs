//! How good answers and probabilities are: accuracy, Brier score, log loss, calibration error, AUC, F1. Judges only: what it is
//! given must not have been fitted on the rows it is given.
//!
//! `truth` is the true class a row. Intervals draw whole clusters where [`Clusters`] says so.

use serde::{Deserialize, Serialize};

use crate::bootstrap::{self, Clusters, Columns, Options};
use crate::error::{Error, Result};
use crate::estimate::Estimate;
use crate::probabilities::{self, Probabilities};
use crate::{interval, math};

mod auc;
mod calibration_error;
mod confusion;
mod pav;
mod reliability;
#[cfg(test)]
mod tests;

pub use auc::{auc, auc_macro};
pub use calibration_error::{BINS_DEFAULT, Binning, Bins, calibration_error, calibration_error_debiased};
pub use confusion::Confusion;
pub use reliability::{Reliability, top_label};

/// A probability of 0 for what came true counts as this in the log loss, which would else be infinite.
pub const PROBABILITY_MIN: f64 = 1e-15;

/// The share of right answers.
///
/// # Errors
/// [`Error::Input`] where lengths differ, [`Error::CannotSay`] where there are no rows or only one cluster.
pub fn accuracy(answers: &[u32], truth: &[u32], clusters: Clusters<'_>, options: &Options) -> Result<Estimate> {
    if answers.len() != truth.len() {
        return Err(Error::input("answers", format!("{} answers for {} rows of truth", answers.len(), truth.len())));
    }
    if clusters.is_rows() {
        let right = answers.iter().zip(truth).filter(|(a, t)| a == t).count();
        return interval::wilson(right as u64, truth.len() as u64, options.level);
    }
    let columns = Columns::from_fn(truth.len(), 2, |i, out| out.copy_from_slice(&[f64::from(answers.get(i) == truth.get(i)), 1.0]));
    bootstrap::draw(&columns, clusters, options.draws, options.seed)?.share(0, 1, options.level)
}

/// The mean of a score that every row has (a loss, a cost, minutes), with a bias-corrected bootstrap interval.
///
/// # Errors
/// As [`bootstrap::draw`].
pub fn mean(values: &[f64], clusters: Clusters<'_>, options: &Options) -> Result<Estimate> {
    let columns = Columns::from_fn(values.len(), 2, |i, out| out.copy_from_slice(&[values.get(i).copied().unwrap_or(0.0), 1.0]));
    bootstrap::draw(&columns, clusters, options.draws, options.seed)?.ratio(0, 1, options.level)
}

/// The Brier score of every row (Brier 1950): the squared distance to what came true. With two classes that of the positive one, in
/// `[0, 1]`; with more the sum over the classes, in `[0, 2]` (as scikit-learn has it).
///
/// # Errors
/// As [`Probabilities::labels_check`].
pub fn brier_rows(p: Probabilities<'_>, truth: &[u32]) -> Result<Vec<f64>> {
    p.labels_check("truth", truth)?;
    let scale = if p.classes() == 2 { 0.5 } else { 1.0 };
    let row = |(row, t): (&[f64], &u32)| {
        scale * math::sum((0u32..).zip(row).map(|(class, p)| if class == *t { (1.0 - p) * (1.0 - p) } else { p * p }))
    };
    Ok(p.rows().zip(truth).map(row).collect())
}

/// The log loss of every row: minus the natural logarithm of the probability of what came true, at least [`PROBABILITY_MIN`].
///
/// # Errors
/// As [`Probabilities::labels_check`].
pub fn log_loss_rows(p: Probabilities<'_>, truth: &[u32]) -> Result<Vec<f64>> {
    p.labels_check("truth", truth)?;
    Ok(truth.iter().enumerate().map(|(i, t)| -math::ln(p.of(i, *t).max(PROBABILITY_MIN))).collect())
}

/// The Brier score in its parts: `score = reliability - resolution + uncertainty`, exactly.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Brier {
    /// The mean score; see [`brier_rows`] for its scale.
    pub score: f64,
    /// What miscalibration costs; 0 is best.
    pub reliability: f64,
    /// What telling cases apart gains; more is better.
    pub resolution: f64,
    /// What a constant forecast of the base rates costs.
    pub uncertainty: f64,
}

/// The Brier score decomposed (Murphy 1973), by isotonic recalibration instead of bins, so that no choice of bins moves the parts
/// (Dimitriadis, Gneiting, Jordan, PNAS 118, 2021: their miscalibration and discrimination). Summed over the classes, each against
/// the rest.
///
/// # Errors
/// [`Error::CannotSay`] of no rows; as [`Probabilities::labels_check`].
pub fn brier(p: Probabilities<'_>, truth: &[u32]) -> Result<Brier> {
    let score = math::mean(&brier_rows(p, truth)?).ok_or_else(|| Error::cannot_say("there are no rows to score"))?;
    let mut total = Brier { score, reliability: 0.0, resolution: 0.0, uncertainty: 0.0 };
    // With two classes the second tells all.
    let classes = if p.classes() == 2 { 1..2 } else { 0..p.classes() };
    for class in classes {
        let forecasts: Vec<f64> = p.rows().map(|row| row.get(class).copied().unwrap_or(0.0)).collect();
        let outcomes: Vec<bool> = truth.iter().map(|t| *t as usize == class).collect();
        let part = pav::decompose(&forecasts, &outcomes);
        total.reliability += part.reliability;
        total.resolution += part.resolution;
        total.uncertainty += part.uncertainty;
    }
    Ok(total)
}

/// The usual figures for class probabilities on one set of rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Scores {
    /// Share of rows whose likeliest class is the true one.
    pub accuracy: Estimate,
    /// Mean Brier score; see [`brier_rows`] for its scale.
    pub brier: Estimate,
    /// Its parts.
    pub brier_parts: Brier,
    /// Mean log loss, in nats.
    pub log_loss: Estimate,
    /// Expected calibration error of the likeliest class, 15 bins of equal width.
    pub ece: Estimate,
}

/// All of [`Scores`].
///
/// # Errors
/// [`Error::CannotSay`] of no rows or one cluster; as [`Probabilities::labels_check`].
pub fn scores(p: Probabilities<'_>, truth: &[u32], clusters: Clusters<'_>, options: &Options) -> Result<Scores> {
    p.labels_check("truth", truth)?;
    let (confidence, right) = top_label(p, truth)?;
    Ok(Scores {
        accuracy: accuracy(&p.labels(), truth, clusters, options)?,
        brier: mean(&brier_rows(p, truth)?, clusters, options)?,
        brier_parts: brier(p, truth)?,
        log_loss: mean(&log_loss_rows(p, truth)?, clusters, options)?,
        ece: calibration_error(&confidence, &right, Binning::EqualWidth(BINS_DEFAULT), clusters, options)?,
    })
}

/// The mean F1 over the classes that occur among truth or answers, with a percentile bootstrap interval. A class without a right
/// answer has an F1 of 0.
///
/// # Errors
/// [`Error::Input`] where lengths differ or a label is no class; [`Error::CannotSay`] of no rows, one cluster, or more than 256
/// classes (no interval could be trusted).
pub fn macro_f1(answers: &[u32], truth: &[u32], classes: usize, clusters: Clusters<'_>, options: &Options) -> Result<Estimate> {
    /// Classes that a bootstrap can carry.
    const CLASSES_MAX: usize = 256;
    if answers.len() != truth.len() {
        return Err(Error::input("answers", format!("{} answers for {} rows of truth", answers.len(), truth.len())));
    }
    probabilities::labels_check("answers", answers, classes)?;
    probabilities::labels_check("truth", truth, classes)?;
    if classes > CLASSES_MAX {
        return Err(Error::cannot_say(format!("{classes} classes are more than the {CLASSES_MAX} for which a mean F1 has an interval")));
    }
    // A class: answered, true, both.
    let columns = Columns::from_fn(truth.len(), 3 * classes, |i, out| {
        let (a, t) = (answers.get(i).map_or(0, |a| *a as usize), truth.get(i).map_or(0, |t| *t as usize));
        for at in [3 * a, 3 * t + 1].into_iter().chain((a == t).then_some(3 * a + 2)) {
            if let Some(slot) = out.get_mut(at) {
                *slot = 1.0;
            }
        }
    });
    let sums = bootstrap::draw(&columns, clusters, options.draws, options.seed)?;
    sums.percentile(options.level, |s| {
        let f1 = s.as_chunks::<3>().0.iter().filter(|[a, t, _]| a + t > 0.0).map(|[a, t, both]| 2.0 * both / (a + t));
        let (total, count) = f1.fold((0.0, 0u32), |(total, count), f| (total + f, count + 1));
        (count > 0).then(|| total / f64::from(count))
    })
}
