//! Prediction sets under drift: adaptive conformal inference. Never assumes that tomorrow is like yesterday, and never
//! promises more than the long run.

use serde::{Deserialize, Serialize};

use super::quantile;
use crate::{Error, error::Result, fitted::Versioned};

/// Scores that are kept.
pub const WINDOW_MAX: usize = 100_000;

/// Adaptive conformal inference (Gibbs and Candes, NeurIPS 2021): after every miss the sets become larger, after every hit a little
/// smaller: `alpha_next = alpha_now + gamma (alpha - missed)`. Over T rows the share of misses differs from alpha by at most
/// `(max(alpha, 1 - alpha) + gamma) / (gamma T)`, whatever the rows are like.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Adaptive {
    #[serde(with = "crate::fitted::bits")]
    alpha: f64,
    #[serde(with = "crate::fitted::bits")]
    gamma: f64,
    window: usize,
    #[serde(with = "crate::fitted::bits")]
    now: f64,
    #[serde(with = "crate::fitted::bits_all")]
    scores: Vec<f64>,
    #[serde(with = "crate::fitted::bits_all")]
    sorted: Vec<f64>,
    rows: u64,
    missed: u64,
}

impl Versioned for Adaptive {
    const KIND: &'static str = "adaptive prediction sets";
    const VERSION: u32 = 1;
}

impl Adaptive {
    /// Before the first row: `gamma` is the size of a step (.005 to .05), `window` the number of last scores that count.
    ///
    /// # Errors
    /// `alpha` outside (0, 1), `gamma` not above 0 or above 1, a window of 0 or beyond [`WINDOW_MAX`].
    pub fn new(alpha: f64, gamma: f64, window: usize) -> Result<Self> {
        if !(alpha > 0.0 && alpha < 1.0 && gamma > 0.0 && gamma <= 1.0) {
            return Err(Error::input("alpha, gamma", format!("both lie between 0 and 1, and these are {alpha} and {gamma}")));
        }
        if window == 0 || window > WINDOW_MAX {
            return Err(Error::input("window", format!("between 1 and {WINDOW_MAX} scores are kept, and this is {window}")));
        }
        Ok(Self { alpha, gamma, window, now: alpha, scores: Vec::new(), sorted: Vec::new(), rows: 0, missed: 0 })
    }

    /// The threshold for the next row: infinite where every class must be in the set, minus infinite where none need be.
    #[must_use]
    pub fn threshold(&self) -> f64 {
        if self.now <= 0.0 { f64::INFINITY } else { quantile(&self.sorted, self.now) }
    }

    /// The truth of the row is known now, and this was its score. Says whether the set had missed it. A score that is no
    /// number counts as the strangest of all.
    pub fn observe(&mut self, score: f64) -> bool {
        let score = if score.is_nan() { f64::MAX } else { score };
        let missed = score > self.threshold();
        self.rows += 1;
        self.missed += u64::from(missed);
        self.now += self.gamma * (self.alpha - f64::from(u8::from(missed)));
        if self.scores.len() == self.window {
            let oldest = self.scores.remove(0);
            let place = self.sorted.partition_point(|other| *other < oldest);
            self.sorted.remove(place.min(self.sorted.len().saturating_sub(1)));
        }
        self.scores.push(score);
        let place = self.sorted.partition_point(|other| *other < score);
        self.sorted.insert(place, score);
        missed
    }

    /// Rows and misses so far.
    #[must_use]
    pub fn counts(&self) -> (u64, u64) {
        (self.rows, self.missed)
    }

    /// The largest difference that the share of misses can have from alpha by now.
    #[must_use]
    pub fn bound(&self) -> f64 {
        if self.rows == 0 { 1.0 } else { (self.alpha.max(1.0 - self.alpha) + self.gamma) / (self.gamma * self.rows as f64) }
    }
}
