//! [`Multinomial`] logistic regression: one linear score a class. For many features or classes it needs no Hessian.

use super::check;
use crate::calibration::softmax;
use crate::error::{Error, Result};
use crate::fitted::{Versioned, bits_all};
use crate::optimise::{dot, lbfgs, total};
use serde::{Deserialize, Serialize};

/// Multinomial logistic regression: `P(y = k | x)` is the softmax of `intercept(k) + weights(k) . x`, minimising the log loss
/// plus `|weights|^2 / (2 C)`, as scikit-learn's `LogisticRegression(C=..)` does for more than two classes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Multinomial {
    classes: usize,
    /// Class after class, the intercept first.
    #[serde(with = "bits_all")]
    weights: Vec<f64>,
}

impl Versioned for Multinomial {
    const KIND: &'static str = "multinomial";
    const VERSION: u32 = 1;
}

impl Multinomial {
    /// Fits it by L-BFGS. `features` is row-major with `width` columns, `labels` are below `classes`, `c` is the inverse
    /// strength of the penalty.
    ///
    /// # Errors
    /// As [`Logistic::fit`](super::Logistic::fit); and [`Error::Input`] for fewer than two classes.
    pub fn fit(features: &[f64], width: usize, labels: &[u32], classes: usize, c: f64) -> Result<Self> {
        if classes < 2 {
            return Err(Error::input("classes", format!("{classes} class(es) leave nothing to decide; there must be at least two")));
        }
        check(features, width, labels, classes, c)?;
        let size = width + 1;
        let cells = classes * size;
        let weights = lbfgs(vec![0.0; cells], 1e-7 * labels.len() as f64, |at, gradient| {
            let sums = total(labels.len(), cells + 1, |rows, sums| {
                let mut scores = vec![0.0; classes];
                for i in rows {
                    let x = &features[i * width..(i + 1) * width];
                    (0..classes).for_each(|k| scores[k] = at[k * size] + dot(&at[k * size + 1..(k + 1) * size], x));
                    let label = labels[i] as usize;
                    let chosen = scores[label];
                    sums[cells] += softmax(&mut scores) - chosen;
                    scores[label] -= 1.0;
                    for k in 0..classes {
                        let slope = scores[k];
                        sums[k * size] += slope;
                        sums[k * size + 1..(k + 1) * size].iter_mut().zip(x).for_each(|(sum, x)| *sum += slope * x);
                    }
                }
            });
            let mut value = sums[cells];
            for (cell, (slot, weight)) in gradient.iter_mut().zip(at).enumerate() {
                let pull = if cell % size == 0 { 0.0 } else { weight / c };
                *slot = sums[cell] + pull;
                value += 0.5 * pull * weight;
            }
            value
        })?;
        Ok(Self { classes, weights })
    }

    /// The probability of every class of a row; features that are missing count as 0.
    #[must_use]
    pub fn apply(&self, row: &[f64]) -> Vec<f64> {
        let size = self.weights.len() / self.classes.max(1);
        let mut scores: Vec<f64> =
            self.weights.chunks_exact(size.max(1)).filter_map(|of| of.split_first()).map(|(first, rest)| first + dot(rest, row)).collect();
        softmax(&mut scores);
        scores
    }

    /// Class after class, the intercept, then a weight a feature.
    #[must_use]
    pub fn weights(&self) -> &[f64] {
        &self.weights
    }
}
