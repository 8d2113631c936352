//! [`Threshold`]: the AI decides where it is confident enough. One number; sees nothing of the person but the average.

use super::{Decider, Losses, finite};
use crate::error::Result;
use crate::fitted::{Versioned, bits};
use serde::{Deserialize, Serialize};

/// Thresholds that are tried: evenly spaced quantiles of the confidence, both ends included.
pub const QUANTILES: usize = 201;

/// The least confidence at which the AI decides: the best of [`QUANTILES`] quantiles of the confidence on the rows of the fit.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Threshold {
    #[serde(with = "bits")]
    least: f64,
}

impl Versioned for Threshold {
    const KIND: &'static str = "threshold";
    const VERSION: u32 = 1;
}

impl Threshold {
    /// Fits it on the AI's confidence (calibrated or not: only the order counts) and what both answers lost. Of equals the
    /// lowest threshold wins, which asks people least; a threshold above all confidences is among those tried.
    ///
    /// # Errors
    /// [`Error::Input`](crate::Error::Input) where lengths differ or a value is not finite;
    /// [`Error::CannotSay`](crate::Error::CannotSay) without rows.
    pub fn fit(confidences: &[f64], losses: Losses<'_>) -> Result<Self> {
        losses.check(confidences.len())?;
        finite("confidences", confidences)?;
        let mut rows: Vec<(f64, f64, f64)> =
            confidences.iter().zip(losses.ai.iter().zip(losses.person)).map(|(c, (ai, person))| (*c, *ai, *person)).collect();
        rows.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)).then(a.2.total_cmp(&b.2)));
        // Loss where the first k rows go to a person and the rest to the AI.
        let mut loss = vec![rows.iter().fold(0.0, |sum, row| sum + row.1)];
        for (k, row) in rows.iter().enumerate() {
            loss.push(loss.get(k).copied().unwrap_or(0.0) - row.1 + row.2);
        }
        let quantile = |q: usize| {
            // Linear interpolation between order statistics, as NumPy does it.
            let place = q as f64 / (QUANTILES - 1) as f64 * (rows.len() - 1) as f64;
            let (below, part) = (place.floor() as usize, place - place.floor());
            let value = |i: usize| rows.get(i.min(rows.len() - 1)).map_or(0.0, |row| row.0);
            if part > 0.0 { value(below) + part * (value(below + 1) - value(below)) } else { value(below) }
        };
        let mut best = (f64::INFINITY, 0.0);
        for least in (0..QUANTILES).map(quantile).chain([f64::INFINITY]) {
            let people = rows.partition_point(|row| row.0 < least);
            let here = loss.get(people).copied().unwrap_or(f64::INFINITY);
            // A trillionth of slack: sums that differ by rounding alone are equal.
            if here < best.0 - 1e-12 * best.0.abs().min(1e300) {
                best = (here, least);
            }
        }
        Ok(Self { least: best.1 })
    }

    /// The least confidence at which the AI decides; infinite where it never should.
    #[must_use]
    pub fn least(&self) -> f64 {
        self.least
    }

    /// Who decides a case.
    #[must_use]
    pub fn decide(&self, confidence: f64) -> Decider {
        if confidence >= self.least { Decider::Ai } else { Decider::Person }
    }
}
