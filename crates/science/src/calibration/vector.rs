//! [`VectorScaling`]: an exponent and a bias a class. Can change which class is the likeliest.

use super::{Temperature, ln_floored, softmax};
use crate::error::{Error, Result};
use crate::fitted::bits_all;
use crate::math;
use crate::optimise::{lbfgs, total};
use crate::probabilities::Probabilities;
use serde::{Deserialize, Serialize};

/// Pull towards the temperature alone, in rows: a class that is rarer than this hardly moves its own numbers.
const RIDGE_ROWS: f64 = 3.0;

/// Vector scaling (Guo et al., ICML 2017; the diagonal form of the Dirichlet calibration of Kull et al., NeurIPS 2019):
/// `q(k)` is proportional to `exp(slope(k) ln p(k) + bias(k))`. Slopes are pulled towards the fitted temperature and biases
/// towards 0, so that rare classes stay sane.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VectorScaling {
    #[serde(with = "bits_all")]
    slope: Vec<f64>,
    #[serde(with = "bits_all")]
    bias: Vec<f64>,
}

impl VectorScaling {
    /// Fits it on rows with known classes.
    ///
    /// # Errors
    /// [`Error::Input`] where a label is no class; [`Error::CannotSay`] without rows or with one class only.
    pub fn fit(probabilities: Probabilities<'_>, labels: &[u32]) -> Result<Self> {
        let exponent = Temperature::fit(probabilities, labels)?.exponent();
        if labels.iter().all(|label| Some(label) == labels.first()) {
            return Err(Error::cannot_say(format!(
                "vector scaling needs rows of several classes, and all {} are of one; take the temperature",
                labels.len()
            )));
        }
        let classes = probabilities.classes();
        let scores: Vec<f64> = probabilities.values().iter().map(|p| ln_floored(*p)).collect();
        let start: Vec<f64> = (0..2 * classes).map(|i| if i < classes { exponent } else { 0.0 }).collect();
        let origin = start.clone();
        let weights = lbfgs(start, 1e-6 * labels.len() as f64, |at, gradient| {
            let sums = total(labels.len(), 2 * classes + 1, |rows, sums| {
                let mut row = vec![0.0; classes];
                for i in rows {
                    let from = &scores[i * classes..(i + 1) * classes];
                    (0..classes).for_each(|k| row[k] = at[k] * from[k] + at[classes + k]);
                    let label = labels[i] as usize;
                    let chosen = row[label];
                    sums[2 * classes] += softmax(&mut row) - chosen;
                    row[label] -= 1.0;
                    for k in 0..classes {
                        sums[k] += row[k] * from[k];
                        sums[classes + k] += row[k];
                    }
                }
            });
            let mut value = sums[2 * classes];
            for k in 0..2 * classes {
                let off = at[k] - origin[k];
                gradient[k] = sums[k] + RIDGE_ROWS * off;
                value += 0.5 * RIDGE_ROWS * off * off;
            }
            value
        })?;
        let (slope, bias) = weights.split_at(classes);
        Ok(Self { slope: slope.to_vec(), bias: bias.to_vec() })
    }

    /// Classes that it was fitted on.
    #[must_use]
    pub fn classes(&self) -> usize {
        self.slope.len()
    }

    /// Calibrates a row of probabilities in place; a row of another length is left as it is.
    pub fn apply_row(&self, row: &mut [f64]) {
        if row.len() == self.classes() {
            row.iter_mut().zip(self.slope.iter().zip(&self.bias)).for_each(|(p, (slope, bias))| *p = slope * ln_floored(*p) + bias);
            softmax(row);
            // The tail may round to nothing; what is left must still sum to 1.
            let sum = math::sum(row.iter().copied());
            row.iter_mut().for_each(|p| *p /= sum);
        }
    }
}
