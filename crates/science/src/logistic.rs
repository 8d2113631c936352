//! Logistic regression with an L2 penalty, for two classes or more: small, deterministic, the same optimum as scikit-learn's.
//! Standardises nothing and selects nothing.

mod multinomial;
#[cfg(test)]
mod tests;

pub use multinomial::Multinomial;

use crate::error::{Error, Result};
use crate::fitted::{Versioned, bits_all};
use crate::math;
use crate::optimise::{Curvature, dot, newton, total};
use serde::{Deserialize, Serialize};

/// More features than this and a fit by Newton's method would fill memory with its Hessian.
pub const FEATURES_MAX: usize = 1_000;

/// Two-class logistic regression: `P(y = 1 | x) = expit(intercept + weights . x)`, minimising the log loss plus
/// `|weights|^2 / (2 C)`; the intercept is free. The same objective as `LogisticRegression(C=..)` of scikit-learn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Logistic {
    /// Intercept first.
    #[serde(with = "bits_all")]
    weights: Vec<f64>,
}

impl Versioned for Logistic {
    const KIND: &'static str = "logistic";
    const VERSION: u32 = 1;
}

impl Logistic {
    /// Fits it. `features` is row-major with `width` columns (none is allowed: then the base rate), `labels` are 0 or 1, `c` is
    /// the inverse strength of the penalty.
    ///
    /// # Errors
    /// [`Error::Input`] where shapes differ, a feature is not finite, a label is not 0 or 1 or `c` is not above 0;
    /// [`Error::CannotSay`] with one class only.
    pub fn fit(features: &[f64], width: usize, labels: &[u32], c: f64) -> Result<Self> {
        check(features, width, labels, 2, c)?;
        let targets: Vec<f64> = labels.iter().map(|label| f64::from(*label)).collect();
        Ok(Self { weights: binary_fit(features, width, &targets, &Penalty::ridge(width, 1.0 / c))? })
    }

    /// The probability of class 1 of a row; features that are missing count as 0.
    #[must_use]
    pub fn apply(&self, row: &[f64]) -> f64 {
        math::expit(self.log_odds(row))
    }

    /// The log-odds of class 1 of a row.
    #[must_use]
    pub fn log_odds(&self, row: &[f64]) -> f64 {
        match self.weights.split_first() {
            Some((intercept, weights)) => intercept + dot(weights, row),
            None => 0.0,
        }
    }

    /// The intercept, then a weight a feature.
    #[must_use]
    pub fn weights(&self) -> &[f64] {
        &self.weights
    }
}

/// How strongly each weight (intercept first) is pulled to 0.
pub(crate) struct Penalty(Vec<f64>);

impl Penalty {
    /// All but the intercept by `strength`.
    pub(crate) fn ridge(width: usize, strength: f64) -> Self {
        Self((0..=width).map(|i| if i == 0 { 0.0 } else { strength }).collect())
    }

    /// None at all.
    pub(crate) fn none(width: usize) -> Self {
        Self::ridge(width, 0.0)
    }
}

/// The weights (intercept first) that minimise the penalised cross-entropy to `targets` in `[0, 1]`, by Newton's method.
pub(crate) fn binary_fit(features: &[f64], width: usize, targets: &[f64], penalty: &Penalty) -> Result<Vec<f64>> {
    let n = targets.len();
    let size = width + 1;
    // ln(1 + e^z) - t z, without overflow.
    let loss = |z: f64, t: f64| z.max(0.0) + math::ln_1p(math::exp(-z.abs())) - t * z;
    let pull = |at: &[f64]| at.iter().zip(&penalty.0).fold(0.0, |sum, (w, p)| sum + 0.5 * p * w * w);
    let curvature = |at: &[f64]| {
        let sums = total(n, 1 + size + size * size, |rows, sums| {
            let mut x = vec![1.0; size];
            for i in rows {
                x[1..].copy_from_slice(&features[i * width..(i + 1) * width]);
                let score = dot(at, &x);
                let p = math::expit(score);
                sums[0] += loss(score, targets[i]);
                let (slope, bend) = (p - targets[i], p * (1.0 - p));
                for a in 0..size {
                    sums[1 + a] += slope * x[a];
                    let row = 1 + size + a * size;
                    (0..=a).for_each(|b| sums[row + b] += bend * x[a] * x[b]);
                }
            }
        });
        let mut gradient = sums[1..=size].to_vec();
        let mut hessian = sums[1 + size..].to_vec();
        for a in 0..size {
            gradient[a] += penalty.0[a] * at[a];
            hessian[a * size + a] += penalty.0[a];
        }
        Curvature { value: sums[0] + pull(at), gradient, hessian }
    };
    newton(vec![0.0; size], 1e-9 * (n as f64).max(1.0), curvature)
}

/// What both fits demand of their input.
fn check(features: &[f64], width: usize, labels: &[u32], classes: usize, c: f64) -> Result<()> {
    if width > FEATURES_MAX {
        return Err(Error::input("features", format!("{width} features are more than {FEATURES_MAX}; leave some out")));
    }
    if features.len() != width.saturating_mul(labels.len()) {
        return Err(Error::input("features", format!("{} values are not {} rows of {width} features", features.len(), labels.len())));
    }
    if let Some(at) = features.iter().position(|x| !x.is_finite()) {
        let (row, column) = (at / width, at % width);
        return Err(Error::input("features", format!("feature {column} of row {row} is not a finite number; leave such rows out")));
    }
    if !(c > 0.0 && c.is_finite()) {
        return Err(Error::input("c", format!("{c} is not above 0; it is the inverse strength of the penalty, 1 is usual")));
    }
    crate::probabilities::labels_check("labels", labels, classes)?;
    if labels.iter().all(|label| Some(label) == labels.first()) {
        return Err(Error::cannot_say(format!(
            "a logistic regression needs rows of at least two classes, and all {} are of one",
            labels.len()
        )));
    }
    Ok(())
}
