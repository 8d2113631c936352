//! [`Platt`] and [`Beta`] calibration: curves of few parameters for the probability of the positive class. For two classes only.

use super::ln_floored;
use crate::error::{Error, Result};
use crate::fitted::bits;
use crate::logistic::{Penalty, binary_fit};
use crate::math;
use serde::{Deserialize, Serialize};

/// Pull of a beta calibration towards zero slopes: none to speak of, but enough that separable classes end at a finite curve.
const BETA_RIDGE: f64 = 1e-6;

/// Checks positive probabilities against labels 0 and 1, and counts both.
pub(super) fn counts(positive: &[f64], labels: &[u32], who: &str) -> Result<(f64, f64)> {
    if positive.len() != labels.len() {
        return Err(Error::input(
            "labels",
            format!("{} labels for {} probabilities; there must be one each", labels.len(), positive.len()),
        ));
    }
    if let Some(at) = positive.iter().position(|p| !(0.0..=1.0).contains(p)) {
        return Err(Error::input("probabilities", format!("the value at row {at} is not between 0 and 1")));
    }
    crate::probabilities::labels_check("labels", labels, 2)?;
    let ones = labels.iter().filter(|label| **label == 1).count();
    if ones == 0 || ones == labels.len() {
        return Err(Error::cannot_say(format!(
            "{who} needs rows of both classes, and all {} rows are of one; record cases of the other as well",
            labels.len()
        )));
    }
    Ok(((labels.len() - ones) as f64, ones as f64))
}

/// Platt scaling (Platt 1999, with the targets and the fit of Lin, Lin, Weng 2007) of the log-odds:
/// `q = expit(slope * logit(p) + intercept)`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Platt {
    #[serde(with = "bits")]
    slope: f64,
    #[serde(with = "bits")]
    intercept: f64,
}

impl Platt {
    /// Fits it on probabilities of class 1 and labels 0 and 1.
    ///
    /// # Errors
    /// [`Error::Input`] where the lengths differ or a value is out of range; [`Error::CannotSay`] with one class only.
    pub fn fit(positive: &[f64], labels: &[u32]) -> Result<Self> {
        let (zeros, ones) = counts(positive, labels, "Platt scaling")?;
        // Targets a little inside of 0 and 1 keep separable classes from an infinite slope.
        let targets: Vec<f64> =
            labels.iter().map(|label| if *label == 1 { (ones + 1.0) / (ones + 2.0) } else { 1.0 / (zeros + 2.0) }).collect();
        let features: Vec<f64> = positive.iter().map(|p| logit_floored(*p)).collect();
        let weights = binary_fit(&features, 1, &targets, &Penalty::none(1))?;
        Ok(Self { slope: weights.get(1).copied().unwrap_or(0.0), intercept: weights.first().copied().unwrap_or(0.0) })
    }

    /// The calibrated probability.
    #[must_use]
    pub fn apply(&self, p: f64) -> f64 {
        math::expit(self.slope * logit_floored(p) + self.intercept)
    }

    /// Slope and intercept in log-odds; 1 and 0 change nothing.
    #[must_use]
    pub fn line(&self) -> (f64, f64) {
        (self.slope, self.intercept)
    }
}

/// Beta calibration (Kull, Silva Filho, Flach, AISTATS 2017): `logit q = a ln p - b ln(1 - p) + c` with `a, b >= 0`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Beta {
    #[serde(with = "bits")]
    a: f64,
    #[serde(with = "bits")]
    b: f64,
    #[serde(with = "bits")]
    c: f64,
}

impl Beta {
    /// Fits it on probabilities of class 1 and labels 0 and 1. A negative exponent is set to 0 and the rest fitted again, as
    /// the paper does.
    ///
    /// # Errors
    /// As [`Platt::fit`].
    pub fn fit(positive: &[f64], labels: &[u32]) -> Result<Self> {
        counts(positive, labels, "beta calibration")?;
        let targets: Vec<f64> = labels.iter().map(|label| f64::from(*label)).collect();
        let left = |p: f64| ln_floored(p);
        let right = |p: f64| -ln_floored(1.0 - p);
        let both: Vec<f64> = positive.iter().flat_map(|p| [left(*p), right(*p)]).collect();
        let weights = binary_fit(&both, 2, &targets, &Penalty::ridge(2, BETA_RIDGE))?;
        let alone = |of: &dyn Fn(f64) -> f64| -> Result<(f64, f64)> {
            let features: Vec<f64> = positive.iter().map(|p| of(*p)).collect();
            let weights = binary_fit(&features, 1, &targets, &Penalty::ridge(1, BETA_RIDGE))?;
            Ok((weights.get(1).copied().unwrap_or(0.0).max(0.0), weights.first().copied().unwrap_or(0.0)))
        };
        Ok(match weights.as_slice() {
            [c, a, b] if *a >= 0.0 && *b >= 0.0 => Self { a: *a, b: *b, c: *c },
            [_, a, _] if *a < 0.0 => {
                let (b, c) = alone(&right)?;
                Self { a: 0.0, b, c }
            }
            _ => {
                let (a, c) = alone(&left)?;
                Self { a, b: 0.0, c }
            }
        })
    }

    /// The calibrated probability.
    #[must_use]
    pub fn apply(&self, p: f64) -> f64 {
        math::expit(self.a * ln_floored(p) - self.b * ln_floored(1.0 - p) + self.c)
    }

    /// `a`, `b` and `c`; 1, 1 and 0 change nothing.
    #[must_use]
    pub fn parameters(&self) -> (f64, f64, f64) {
        (self.a, self.b, self.c)
    }
}

/// Log-odds that stay finite at 0 and 1.
pub(crate) fn logit_floored(p: f64) -> f64 {
    ln_floored(p) - ln_floored(1.0 - p)
}
