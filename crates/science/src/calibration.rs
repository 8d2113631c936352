//! Calibration: maps that make probabilities mean what they say, fitted on rows that are not judged with them. Scores nothing.
//!
//! Temperature, vector scaling and none are for any number of classes; Platt, beta and isotonic calibration are for the
//! probability of the positive one of two classes (class 1). All are fitted without randomness and kept bit for bit.

mod binary;
mod isotonic;
mod temperature;
#[cfg(test)]
mod tests;
mod vector;

pub use binary::{Beta, Platt};
pub use isotonic::Isotonic;
pub use temperature::Temperature;
pub use vector::VectorScaling;

use crate::error::{Error, Result};
use crate::fitted::Versioned;
use crate::math;
use crate::probabilities::{Probabilities, ProbabilityTable};
use serde::{Deserialize, Serialize};

/// Probabilities below this count as this much wherever their logarithm is taken: a zero would veto a class for ever.
pub const PROBABILITY_MIN: f64 = 1e-12;

/// A way to calibrate, before it is fitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// Probabilities as they are.
    None,
    /// [`Temperature`].
    Temperature,
    /// [`VectorScaling`].
    Vector,
    /// [`Platt`]; two classes.
    Platt,
    /// [`Beta`]; two classes.
    Beta,
    /// [`Isotonic`]; two classes.
    Isotonic,
}

/// A fitted calibration of class probabilities.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Calibration {
    /// Probabilities as they are.
    None,
    /// One exponent for all.
    Temperature(Temperature),
    /// An exponent and a bias a class.
    Vector(VectorScaling),
    /// A line through the log-odds; two classes.
    Platt(Platt),
    /// The beta family; two classes.
    Beta(Beta),
    /// Any rising curve; two classes.
    Isotonic(Isotonic),
}

impl Versioned for Calibration {
    const KIND: &'static str = "calibration";
    const VERSION: u32 = 1;
}

impl Calibration {
    /// Fits `method` on rows with known classes.
    ///
    /// # Errors
    /// [`Error::Input`] where the shapes differ, or a method for two classes meets more; [`Error::CannotSay`] without rows, or
    /// (for all but the temperature) with one class only.
    pub fn fit(method: Method, probabilities: Probabilities<'_>, labels: &[u32]) -> Result<Self> {
        probabilities.labels_check("labels", labels)?;
        Ok(match method {
            Method::None => Self::None,
            Method::Temperature => Self::Temperature(Temperature::fit(probabilities, labels)?),
            Method::Vector => Self::Vector(VectorScaling::fit(probabilities, labels)?),
            Method::Platt => Self::Platt(Platt::fit(&positives(probabilities)?, labels)?),
            Method::Beta => Self::Beta(Beta::fit(&positives(probabilities)?, labels)?),
            Method::Isotonic => Self::Isotonic(Isotonic::fit(&positives(probabilities)?, labels)?),
        })
    }

    /// Calibrates one row in place. A map for two classes leaves rows of more as they are.
    pub fn apply_row(&self, row: &mut [f64]) {
        let positive = |row: &mut [f64], map: &dyn Fn(f64) -> f64| {
            if let [no, yes] = row {
                *yes = map(*yes);
                *no = 1.0 - *yes;
            }
        };
        match self {
            Self::None => {}
            Self::Temperature(map) => map.apply_row(row),
            Self::Vector(map) => map.apply_row(row),
            Self::Platt(map) => positive(row, &|p| map.apply(p)),
            Self::Beta(map) => positive(row, &|p| map.apply(p)),
            Self::Isotonic(map) => positive(row, &|p| map.apply(p)),
        }
    }

    /// Calibrates every row.
    ///
    /// # Errors
    /// [`Error::Input`] where the number of classes is not the one of the fit.
    pub fn apply(&self, probabilities: Probabilities<'_>) -> Result<ProbabilityTable> {
        let expected = match self {
            Self::None | Self::Temperature(_) => probabilities.classes(),
            Self::Vector(map) => map.classes(),
            Self::Platt(_) | Self::Beta(_) | Self::Isotonic(_) => 2,
        };
        if expected != probabilities.classes() {
            return Err(Error::input(
                "probabilities",
                format!("{} classes, but the calibration was fitted on {expected}", probabilities.classes()),
            ));
        }
        let mut values = probabilities.values().to_vec();
        values.chunks_exact_mut(probabilities.classes()).for_each(|row| self.apply_row(row));
        ProbabilityTable::new(values, probabilities.classes())
    }
}

/// The probabilities of class 1.
fn positives(probabilities: Probabilities<'_>) -> Result<Vec<f64>> {
    if probabilities.classes() != 2 {
        return Err(Error::input(
            "method",
            format!(
                "this calibration is for two classes, and there are {}; take the temperature or vector scaling",
                probabilities.classes()
            ),
        ));
    }
    Ok(probabilities.rows().filter_map(|row| row.get(1).copied()).collect())
}

/// The logarithms of probabilities, none below that of [`PROBABILITY_MIN`].
pub(crate) fn ln_floored(p: f64) -> f64 {
    math::ln(p.max(PROBABILITY_MIN))
}

/// Turns logits into probabilities in place; returns `ln` of the sum of exponentials.
pub(crate) fn softmax(row: &mut [f64]) -> f64 {
    let largest = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mut sum = 0.0;
    for value in row.iter_mut() {
        *value = math::exp(*value - largest);
        sum += *value;
    }
    row.iter_mut().for_each(|value| *value /= sum);
    largest + math::ln(sum)
}
