//! [`Temperature`]: one exponent for all probabilities. Never changes which class is the likeliest.

use super::{ln_floored, softmax};
use crate::error::{Error, Result};
use crate::fitted::bits;
use crate::math;
use crate::optimise::total;
use crate::probabilities::Probabilities;
use serde::{Deserialize, Serialize};

/// Exponents are sought between the reciprocal of this and this. Scores that are always right would want an infinite one.
const EXPONENT_MAX: f64 = 64.0;
/// Newton and bisection steps; each at least halves the bracket.
const STEPS_MAX: usize = 80;

/// Temperature scaling (Guo et al., ICML 2017): `q(k)` is proportional to `p(k)^(1/T)`, `T` minimising the log loss. On
/// probabilities it is the same as on the logits they came from, because a softmax forgets a shift.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Temperature {
    #[serde(with = "bits")]
    exponent: f64,
}

impl Temperature {
    /// Fits it on rows of probabilities with known classes.
    ///
    /// # Errors
    /// [`Error::Input`] where a label is no class; [`Error::CannotSay`] without rows.
    pub fn fit(probabilities: Probabilities<'_>, labels: &[u32]) -> Result<Self> {
        probabilities.labels_check("labels", labels)?;
        let scores: Vec<f64> = probabilities.values().iter().map(|p| ln_floored(*p)).collect();
        Self::of_scores(&scores, probabilities.classes(), labels)
    }

    /// Fits it on rows of logits (any finite numbers; row-major) with known classes.
    ///
    /// # Errors
    /// As [`Temperature::fit`], and where a logit is not finite or their number is no whole number of rows.
    pub fn fit_logits(logits: &[f64], classes: usize, labels: &[u32]) -> Result<Self> {
        if classes < 2 || logits.len() != classes.saturating_mul(labels.len()) {
            return Err(Error::input(
                "logits",
                format!("{} values are not {} rows of {classes} classes (two at least)", logits.len(), labels.len()),
            ));
        }
        if let Some(at) = logits.iter().position(|logit| !logit.is_finite()) {
            return Err(Error::input("logits", format!("row {} has a value that is not a finite number", at / classes)));
        }
        crate::probabilities::labels_check("labels", labels, classes)?;
        Self::of_scores(logits, classes, labels)
    }

    /// The log loss is convex in the exponent, so its slope has one root: Newton inside a bracket, bisection where it leaves.
    fn of_scores(scores: &[f64], classes: usize, labels: &[u32]) -> Result<Self> {
        if labels.is_empty() {
            return Err(Error::cannot_say("a temperature cannot be fitted without rows with a known class"));
        }
        let slope = |exponent: f64| {
            let sums = total(labels.len(), 2, |rows, sums| {
                let mut row = vec![0.0; classes];
                for i in rows {
                    let from = &scores[i * classes..(i + 1) * classes];
                    row.iter_mut().zip(from).for_each(|(to, score)| *to = exponent * score);
                    softmax(&mut row);
                    let (mean, square) = row.iter().zip(from).fold((0.0, 0.0), |(mean, square), (p, s)| (mean + p * s, square + p * s * s));
                    sums[0] += mean - from[labels[i] as usize];
                    sums[1] += square - mean * mean;
                }
            });
            (sums[0], sums[1])
        };
        let (mut low, mut high) = (1.0 / EXPONENT_MAX, EXPONENT_MAX);
        let mut exponent = 1.0;
        for _ in 0..STEPS_MAX {
            let (first, second) = slope(exponent);
            if first == 0.0 {
                break;
            }
            if first > 0.0 {
                high = exponent
            } else {
                low = exponent
            }
            let newton = exponent - first / second;
            let next = if newton > low && newton < high { newton } else { 0.5 * (low + high) };
            // Newton squares the error: after a step of 1e-6 nothing but rounding is left.
            let settled = (next - exponent).abs() <= 1e-6 * exponent && next == newton;
            exponent = next;
            if settled || high - low <= 1e-9 * exponent {
                break;
            }
        }
        Ok(Self { exponent })
    }

    /// The temperature `T`; above 1 it takes confidence away.
    #[must_use]
    pub fn temperature(&self) -> f64 {
        1.0 / self.exponent
    }

    /// The exponent `1/T` of probabilities.
    #[must_use]
    pub fn exponent(&self) -> f64 {
        self.exponent
    }

    /// Calibrates a row of probabilities in place.
    pub fn apply_row(&self, row: &mut [f64]) {
        row.iter_mut().for_each(|p| *p = self.exponent * ln_floored(*p));
        softmax(row);
    }

    /// Logarithms of the calibrated probabilities of a row, without rounding small ones to zero.
    pub fn ln_row(&self, row: &[f64], out: &mut [f64]) {
        out.iter_mut().zip(row).for_each(|(to, p)| *to = self.exponent * ln_floored(*p));
        let largest = out.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let norm = largest + math::ln(out.iter().fold(0.0, |sum, value| sum + math::exp(value - largest)));
        out.iter_mut().for_each(|value| *value -= norm);
    }
}
