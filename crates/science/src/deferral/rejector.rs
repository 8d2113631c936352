//! [`CompareConfidence`] and [`OneVsAll`]: both estimate when a person would be right. Neither changes the AI.

use super::Decider;
use crate::calibration::Platt;
use crate::error::{Error, Result};
use crate::fitted::Versioned;
use crate::logistic::Logistic;
use crate::math;
use serde::{Deserialize, Serialize};

/// Inverse strength of the penalty of both regressions.
const C: f64 = 1.0;

/// Compare-confidence (Raghu et al. 2019): one model of when the AI is right, one of when people are, each by itself; whoever is
/// likelier to be right decides.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CompareConfidence {
    ai: Right,
    person: Right,
}

impl Versioned for CompareConfidence {
    const KIND: &'static str = "compare_confidence";
    const VERSION: u32 = 1;
}

impl CompareConfidence {
    /// Fits it. `features` is row-major with `width` columns: what is known before anybody answers (the AI's log-odds among
    /// it); `right` says of each row whether the AI and the person were right.
    ///
    /// # Errors
    /// [`Error::Input`] where shapes differ or a feature is not finite; [`Error::CannotSay`] without rows.
    pub fn fit(features: &[f64], width: usize, right: &[(bool, bool)]) -> Result<Self> {
        let of = |who: &dyn Fn(&(bool, bool)) -> bool| Right::fit(features, width, &right.iter().map(who).collect::<Vec<_>>());
        Ok(Self { ai: of(&|right| right.0)?, person: of(&|right| right.1)? })
    }

    /// Chances that the AI and that a person is right.
    #[must_use]
    pub fn chances(&self, features: &[f64]) -> (f64, f64) {
        (self.ai.chance(features), self.person.chance(features))
    }

    /// Who decides; of equals the AI, which costs nobody's time.
    #[must_use]
    pub fn decide(&self, features: &[f64]) -> Decider {
        let (ai, person) = self.chances(features);
        if person > ai { Decider::Person } else { Decider::Ai }
    }
}

/// The one-vs-all rejector of Verma and Nalisnick (ICML 2022), on features instead of a network: a regression of whether a
/// person is right, calibrated by itself, against the AI's own calibrated top probability.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OneVsAll {
    rejector: Right,
    calibration: Option<Platt>,
}

impl Versioned for OneVsAll {
    const KIND: &'static str = "one_vs_all";
    const VERSION: u32 = 1;
}

impl OneVsAll {
    /// Fits the rejector on features and whether the person was right: on two thirds of the rows, in order, and its calibration
    /// on every third.
    ///
    /// # Errors
    /// As [`CompareConfidence::fit`].
    pub fn fit(features: &[f64], width: usize, person_right: &[bool]) -> Result<Self> {
        shape_check(features, width, person_right.len())?;
        let part = |third: bool| -> (Vec<f64>, Vec<bool>) {
            let rows: Vec<usize> = (0..person_right.len()).filter(|i| (i % 3 == 2) == third).collect();
            let x = rows.iter().flat_map(|i| features.iter().skip(i * width).take(width).copied()).collect();
            (x, rows.iter().filter_map(|i| person_right.get(*i).copied()).collect())
        };
        let ((x, y), (held_x, held_y)) = (part(false), part(true));
        let rejector = Right::fit(&x, width, &y)?;
        let scores: Vec<f64> =
            (0..held_y.len()).map(|i| rejector.chance(held_x.get(i * width..(i + 1) * width).unwrap_or_default())).collect();
        let labels: Vec<u32> = held_y.iter().map(|right| u32::from(*right)).collect();
        // A part in which people are always right (or never) calibrates nothing: the rejector then stands as it is.
        Ok(Self { rejector, calibration: Platt::fit(&scores, &labels).ok() })
    }

    /// Chance that a person is right.
    #[must_use]
    pub fn chance(&self, features: &[f64]) -> f64 {
        let raw = self.rejector.chance(features);
        self.calibration.map_or(raw, |map| map.apply(raw))
    }

    /// Who decides, given the AI's calibrated top probability; of equals the AI.
    #[must_use]
    pub fn decide(&self, features: &[f64], top: f64) -> Decider {
        if self.chance(features) > top { Decider::Person } else { Decider::Ai }
    }
}

/// When somebody is right: a regression, or a smoothed constant where that somebody is always right or never.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Right {
    Logistic(Logistic),
    Constant { right: u64, n: u64 },
}

impl Right {
    fn fit(features: &[f64], width: usize, right: &[bool]) -> Result<Self> {
        shape_check(features, width, right.len())?;
        let labels: Vec<u32> = right.iter().map(|right| u32::from(*right)).collect();
        let count = right.iter().filter(|right| **right).count();
        if count == 0 || count == right.len() {
            return Ok(Self::Constant { right: count as u64, n: right.len() as u64 });
        }
        Ok(Self::Logistic(Logistic::fit(features, width, &labels, C)?))
    }

    fn chance(&self, features: &[f64]) -> f64 {
        match self {
            Self::Logistic(fitted) => fitted.apply(features),
            Self::Constant { right, n } => (*right as f64 + 0.5) / (*n as f64 + 1.0),
        }
    }
}

fn shape_check(features: &[f64], width: usize, n: usize) -> Result<()> {
    if features.len() != width.saturating_mul(n) {
        return Err(Error::input("features", format!("{} values are not {n} rows of {width} features", features.len())));
    }
    super::finite("features", features)?;
    if n == 0 {
        return Err(Error::cannot_say("when somebody is right cannot be learnt without rows"));
    }
    Ok(())
}

/// Features of a row of probabilities for the rules here: log-odds of the top probability, and of the gap to the second.
#[must_use]
pub fn doubt(row: &[f64]) -> [f64; 2] {
    let (mut first, mut second) = (0.0f64, 0.0f64);
    for p in row {
        if *p > first {
            (first, second) = (*p, first);
        } else if *p > second {
            second = *p;
        }
    }
    let floor = crate::calibration::PROBABILITY_MIN;
    [math::ln(first.max(floor)) - math::ln((1.0 - first).max(floor)), math::ln(first.max(floor)) - math::ln(second.max(floor))]
}
