//! Calibration within groups: whether a score means the same in each. Counts scores in bins, so that its size does not grow
//! with the rows. Never judges a score that is no probability.

use super::chance::quantile;
use crate::{
    Estimate,
    error::{Error, Result},
    interval, math,
    random::Random,
    sample::binomial,
    special::z_two_sided,
};
use serde::{Deserialize, Serialize};

/// Equal-width bins of the score.
pub const BINS: usize = 10;

/// Scores are counted in steps of this: sums of whole steps are the same in any order.
const STEPS: f64 = 1e9;

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Bin {
    rows: u64,
    positives: u64,
    /// Sum of scores, in steps.
    scores: u64,
    /// Sum of squared distances of scores to labels, in steps.
    squares: u64,
}

/// Scores with their labels, counted by group and bin. Any order of rows and tables gives the same counts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scores {
    bins: Vec<[Bin; BINS]>,
    outside: u64,
}

impl Scores {
    /// Adds a row: a probability of the positive label, and whether it came true. A score outside of `[0, 1]`, or NaN, is counted
    /// as such and enters no figure.
    pub fn add(&mut self, group: usize, score: f64, positive: bool) {
        if !(0.0..=1.0).contains(&score) {
            self.outside += 1;
            return;
        }
        if group >= self.bins.len() {
            self.bins.resize(group + 1, [Bin::default(); BINS]);
        }
        let at = ((score * BINS as f64) as usize).min(BINS - 1);
        if let Some(bin) = self.bins.get_mut(group).and_then(|bins| bins.get_mut(at)) {
            let far = score - f64::from(u8::from(positive));
            bin.rows += 1;
            bin.positives += u64::from(positive);
            bin.scores += (score * STEPS).round() as u64;
            bin.squares += (far * far * STEPS).round() as u64;
        }
    }

    /// Adds all rows of another table.
    pub fn merge(&mut self, other: &Self) {
        self.outside += other.outside;
        self.bins.resize(self.bins.len().max(other.bins.len()), [Bin::default(); BINS]);
        for (bins, more) in self.bins.iter_mut().zip(&other.bins) {
            for (bin, more) in bins.iter_mut().zip(more) {
                bin.rows += more.rows;
                bin.positives += more.positives;
                bin.scores += more.scores;
                bin.squares += more.squares;
            }
        }
    }

    /// The same rows in other groups: `map[g]` is the group that `g` becomes part of.
    #[must_use]
    pub fn regroup(&self, map: &[usize]) -> Self {
        let mut out = Self { bins: Vec::new(), outside: self.outside };
        for (group, bins) in self.bins.iter().enumerate() {
            let to = map.get(group).copied().unwrap_or(group);
            let mut one = Self { bins: vec![[Bin::default(); BINS]; to + 1], outside: 0 };
            if let Some(slot) = one.bins.get_mut(to) {
                *slot = *bins;
            }
            out.merge(&one);
        }
        out
    }

    /// Rows whose score was outside of `[0, 1]`.
    #[must_use]
    pub fn outside(&self) -> u64 {
        self.outside
    }

    /// Calibration of a group. `effective_share` is the share of its rows that independent rows would need to tell as much (1
    /// where rows are independent); `draws` those of the band under perfect calibration.
    ///
    /// # Errors
    /// [`Error::CannotSay`] where the group has fewer than two rows with a score.
    pub fn group(&self, group: usize, level: f64, effective_share: f64, draws: usize, seed: u64) -> Result<Calibration> {
        let bins = self.bins.get(group).copied().unwrap_or_default();
        let rows: u64 = bins.iter().map(|bin| bin.rows).sum();
        if rows < 2 {
            return Err(Error::cannot_say(
                "Fewer than two rows of this group have a score and a truth, so its calibration cannot be said.",
            ));
        }
        let n = rows as f64;
        let effective = (n * effective_share).clamp(1.0, n);
        let positives: u64 = bins.iter().map(|bin| bin.positives).sum();
        let expected = bins.iter().map(|bin| bin.scores).sum::<u64>() as f64 / STEPS / n;
        let observed = interval::wilson_share(positives as f64 / n, effective, rows, level)?;
        let brier = bins.iter().map(|bin| bin.squares).sum::<u64>() as f64 / STEPS / n;
        let excess = observed.value - expected;
        let half = z_two_sided(level) * math::sqrt((brier - excess * excess).max(0.0) / effective);
        let shown = bins
            .iter()
            .filter(|bin| bin.rows > 0)
            .map(|bin| {
                let rows = bin.rows as f64;
                Ok(CalibrationBin {
                    score: bin.scores as f64 / STEPS / rows,
                    observed: interval::wilson_share(bin.positives as f64 / rows, (rows * effective_share).max(1.0), bin.rows, level)?,
                })
            })
            .collect::<Result<Vec<_>>>()?;
        let error = expected_error(&bins, |bin| bin.positives as f64);
        let mut chance: Vec<f64> = (0..draws)
            .map(|draw| {
                let mut random = Random::new(seed ^ 0xca11_b4a7, ((group as u64) << 32) | draw as u64);
                expected_error(&bins, |bin| {
                    let rows = (bin.rows as f64 * effective_share).round().max(1.0);
                    let rate = bin.scores as f64 / STEPS / bin.rows as f64;
                    binomial(&mut random, rows as u64, rate) as f64 / rows * bin.rows as f64
                })
            })
            .collect();
        Ok(Calibration {
            n: rows,
            expected,
            observed,
            excess: Estimate { value: excess, low: excess - half, high: excess + half, n: rows },
            error,
            error_by_chance: quantile(&mut chance, 0.95),
            brier,
            bins: shown,
        })
    }
}

/// The mean distance of expected and observed shares over bins, weighted by rows (ECE).
fn expected_error(bins: &[Bin; BINS], mut positives: impl FnMut(&Bin) -> f64) -> f64 {
    let rows: u64 = bins.iter().map(|bin| bin.rows).sum();
    let distances = bins.iter().filter(|bin| bin.rows > 0).map(|bin| (bin.scores as f64 / STEPS - positives(bin)).abs());
    math::sum(distances) / rows.max(1) as f64
}

/// Calibration of one group.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// Rows with a score and a truth.
    pub n: u64,
    /// Mean score.
    pub expected: f64,
    /// Share that came true.
    pub observed: Estimate,
    /// Observed less expected: above 0 the score says too little of this group (normal interval).
    pub excess: Estimate,
    /// Expected calibration error over 10 equal-width bins. Biased upwards in small groups, hence the next member.
    pub error: f64,
    /// The error that a perfectly calibrated score exceeds in 5 % of draws of these rows.
    pub error_by_chance: f64,
    /// Mean squared distance of score and label.
    pub brier: f64,
    /// Bins with rows, by score.
    pub bins: Vec<CalibrationBin>,
}

/// One bin of scores.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct CalibrationBin {
    /// Mean score.
    pub score: f64,
    /// Share that came true.
    pub observed: Estimate,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_has_the_figures_of_scikit_learn() {
        // scikit-learn 1.9.1, brier_score_loss; the error over ten bins by numpy 2.4.6.
        let mut scores = Scores::default();
        for row in 0..240u32 {
            let score = f64::from((row * 37) % 101) / 100.0;
            scores.add(0, score, f64::from((row * 13) % 17) < 17.0 * score);
        }
        let found = scores.group(0, 0.95, 1.0, 99, 1).unwrap();
        assert!((found.brier - 0.166_745_833_333).abs() < 1e-8 && (found.error - 0.0405).abs() < 1e-8, "{found:?}");
        assert!((found.expected - 0.498_833_333_333).abs() < 1e-8 && (found.observed.value - 0.525).abs() < 1e-12);
    }
}
