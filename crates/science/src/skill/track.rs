//! A person's skill over time: recent answers count more. Knows no clock: times are given.

use super::SKILL_VERSION;
use crate::{
    error::{Error, Result},
    estimate::Estimate,
    interval::level_check,
    math::pow,
    special::beta_quantile,
};
use serde::{Deserialize, Serialize};

/// Right and wrong answers, each of which counts half after a half-life; a Beta prior (the pool) does not fade.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Track {
    /// [`SKILL_VERSION`] that it was made under.
    pub version: u32,
    half_life: f64,
    prior: (f64, f64),
    time: f64,
    right: f64,
    wrong: f64,
    n: u64,
}

impl Track {
    /// `half_life` in the unit of the times; the pool's mean in (0, 1) and its strength in pseudo-answers, as
    /// [`super::shrunk_shares`] gives them.
    ///
    /// # Errors
    /// [`Error::Input`] where the half-life or strength is not above 0, or the mean is outside of (0, 1).
    pub fn new(half_life: f64, mean: f64, strength: f64) -> Result<Self> {
        if half_life.is_nan() || half_life <= 0.0 {
            return Err(Error::input("half_life", format!("{half_life} is no span of time above 0")));
        }
        if !(mean > 0.0 && mean < 1.0 && strength > 0.0 && strength.is_finite()) {
            return Err(Error::input("mean", format!("a pool with mean {mean} and strength {strength} is none")));
        }
        let prior = (mean * strength, (1.0 - mean) * strength);
        Ok(Self { version: SKILL_VERSION, half_life, prior, time: f64::NEG_INFINITY, right: 0.0, wrong: 0.0, n: 0 })
    }

    /// An answer at a time, right with this probability (1 or 0 where the truth is known).
    ///
    /// # Errors
    /// [`Error::Input`] where the time lies before the last one, or the probability outside of `[0, 1]`.
    pub fn observe(&mut self, time: f64, right: f64) -> Result<()> {
        if !time.is_finite() || time < self.time {
            return Err(Error::input("time", format!("{time} lies before {}; give answers in the order of time", self.time)));
        }
        if !(0.0..=1.0).contains(&right) {
            return Err(Error::input("right", format!("{right} is not between 0 and 1")));
        }
        let keep = self.faded(time);
        self.right = self.right * keep + right;
        self.wrong = self.wrong * keep + (1.0 - right);
        (self.time, self.n) = (time, self.n + 1);
        Ok(())
    }

    /// The skill at a time, with its credible interval, which widens while nothing is seen. `n` counts all answers.
    ///
    /// # Errors
    /// [`Error::Input`] where the time lies before the last answer, or `level` is outside of (0, 1).
    pub fn at(&self, time: f64, level: f64) -> Result<Estimate> {
        level_check(level)?;
        if time.is_nan() || time < self.time {
            return Err(Error::input("time", format!("{time} lies before {}", self.time)));
        }
        let keep = self.faded(time);
        let (a, b) = (self.prior.0 + self.right * keep, self.prior.1 + self.wrong * keep);
        let (value, tail) = (a / (a + b), 0.5 * (1.0 - level));
        Ok(Estimate { value, low: beta_quantile(tail, a, b).min(value), high: beta_quantile(1.0 - tail, a, b).max(value), n: self.n })
    }

    /// How many fresh answers the record is worth at the time of the last one.
    #[must_use]
    pub fn effective_n(&self) -> f64 {
        self.right + self.wrong
    }

    fn faded(&self, time: f64) -> f64 {
        if self.n == 0 { 1.0 } else { pow(0.5, (time - self.time) / self.half_life) }
    }
}
