//! Shares of many people, each drawn towards the pool by as much as people are alike: who has answered little is taken for
//! an average person, not for a genius. Never ranks anybody.

use crate::{
    error::{Error, Result},
    estimate::Estimate,
    interval::level_check,
    math::{exp, ln, sum},
    special::{beta_quantile, ln_gamma},
};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// The strength of the pool is sought between these numbers of pseudo-answers.
const STRENGTH_MIN: f64 = 0.5;
const STRENGTH_MAX: f64 = 10_000.0;
/// Points of the grid on which the likelihood of the strength is looked at.
const STRENGTHS: usize = 41;
/// Strengths that are less probable than this beside the best one are left out.
const WEIGHT_MIN: f64 = 1e-4;

/// The shares of people, and of the pool that they come from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Shrunk {
    /// The share of each person, with its credible interval; `n` is the number of their answers, rounded. Who has none is at
    /// the pool.
    pub people: Vec<Estimate>,
    /// The mean share of a person of this pool.
    pub mean: f64,
    /// How many pseudo-answers of the pool each person starts with: large where people are alike.
    pub strength: f64,
}

/// A person's right answers are binomial, and people's shares come from one Beta distribution. Its strength is integrated
/// over a grid, with the prior of Christiansen and Morris (JASA 92, 1997) to one power more, which rather takes people for
/// different; its mean is weighted by what each person's answers say about it; intervals count both as unknown. Counts may be
/// fractions, as where the truth is only probable; the interval takes them for known: [`super::modelled_shares`] is for that.
///
/// # Errors
/// [`Error::Input`] where lengths differ, or a count is not between 0 and its n; [`Error::CannotSay`] where nobody has an answer.
pub fn shrunk_shares(right: &[f64], n: &[f64], level: f64) -> Result<Shrunk> {
    const ROUNDING: f64 = 1e-9;
    level_check(level)?;
    if right.len() != n.len() {
        return Err(Error::input("right", format!("{} counts for {} people", right.len(), n.len())));
    }
    let possible = |(right, n): (&f64, &f64)| *right >= 0.0 && *right <= n * (1.0 + ROUNDING) + ROUNDING && n.is_finite();
    if let Some(person) = right.iter().zip(n).position(|pair| !possible(pair)) {
        return Err(Error::input("right", format!("person {person} has more right answers than answers, or fewer than none")));
    }
    let counts: Vec<f64> = right.iter().zip(n).flat_map(|(right, n)| [right.min(*n), (n - right).max(0.0)]).collect();
    if counts.iter().all(|count| *count == 0.0) {
        return Err(Error::cannot_say("nobody has an answer, so nothing can be said about anybody's skill"));
    }
    let pool = Pool::of(&counts, 2);
    let of_person = |row: &[f64]| pool.moments(row).first().map(|moments| estimate(*moments, row.iter().sum(), level));
    let people = counts.par_chunks_exact(2).filter_map(of_person).collect();
    Ok(Shrunk { people, mean: pool.mean().into_iter().next().unwrap_or(0.5), strength: pool.strength() })
}

/// What rows of counts have in common: Dirichlet distributions of several strengths, with their probabilities.
pub(super) struct Pool {
    cells: usize,
    strengths: Vec<Strength>,
}

struct Strength {
    weight: f64,
    strength: f64,
    mean: Vec<f64>,
    /// The number of independent answers that the mean is worth.
    worth: f64,
}

impl Pool {
    /// Of rows of `cells` counts each.
    pub(super) fn of(counts: &[f64], cells: usize) -> Self {
        let rows: Vec<(&[f64], f64)> = counts.chunks_exact(cells).map(|row| (row, row.iter().sum())).filter(|(_, n)| *n > 0.0).collect();
        let step = (ln(STRENGTH_MAX) - ln(STRENGTH_MIN)) / (STRENGTHS - 1) as f64;
        let typical = sum(rows.iter().map(|(_, n)| *n)) / rows.len().max(1) as f64;
        let at = |i: usize| {
            let strength = exp(ln(STRENGTH_MIN) + step * i as f64);
            let worth = |n: f64| n * (strength + 1.0) / (strength + n);
            let total = sum(rows.iter().map(|(_, n)| worth(*n)));
            // One answer spread over the cells keeps the mean from 0.
            let share = |cell: usize| sum(rows.iter().map(|(row, n)| worth(*n) / n * row[cell])) + 1.0 / cells as f64;
            let mean: Vec<f64> = (0..cells).map(|cell| share(cell) / (total + 1.0)).collect();
            let likelihood = |(row, n): &(&[f64], f64)| {
                let met = row.iter().zip(&mean).filter(|(count, _)| **count > 0.0);
                ln_gamma(strength) - ln_gamma(strength + n)
                    + met.map(|(count, mean)| ln_gamma(strength * mean + count) - ln_gamma(strength * mean)).sum::<f64>()
            };
            let prior = ln(strength) - 3.0 * ln(strength + typical);
            Strength { weight: sum(rows.iter().map(likelihood)) + prior, strength, mean, worth: total + 1.0 }
        };
        let mut strengths: Vec<Strength> = (0..STRENGTHS).into_par_iter().map(at).collect();
        let most = strengths.iter().map(|one| one.weight).fold(f64::NEG_INFINITY, f64::max);
        strengths.iter_mut().for_each(|one| one.weight = exp(one.weight - most));
        strengths.retain(|one| one.weight >= WEIGHT_MIN);
        let total = sum(strengths.iter().map(|one| one.weight));
        strengths.iter_mut().for_each(|one| one.weight /= total);
        Self { cells, strengths }
    }

    /// The mean row of the pool.
    pub(super) fn mean(&self) -> Vec<f64> {
        (0..self.cells).map(|cell| sum(self.strengths.iter().map(|one| one.weight * one.mean[cell]))).collect()
    }

    /// The geometric mean of the strengths.
    pub(super) fn strength(&self) -> f64 {
        exp(sum(self.strengths.iter().map(|one| one.weight * ln(one.strength))))
    }

    /// The mean and the mean square of each cell's share of one row, given its counts.
    pub(super) fn moments(&self, row: &[f64]) -> Vec<(f64, f64)> {
        let n: f64 = row.iter().sum();
        let cell = |(cell, count): (usize, &f64)| {
            self.strengths.iter().fold((0.0, 0.0), |(value, square), Strength { weight, strength, mean, worth }| {
                let at = (strength * mean[cell] + count) / (strength + n);
                let pull = strength / (strength + n);
                let variance = at * (1.0 - at) / (strength + n + 1.0) + pull * pull * mean[cell] * (1.0 - mean[cell]) / worth;
                (value + weight * at, square + weight * (variance + at * at))
            })
        };
        row.iter().enumerate().map(cell).collect()
    }
}

/// The interval of the Beta distribution with this mean and mean square.
pub(super) fn estimate((value, square): (f64, f64), n: f64, level: f64) -> Estimate {
    let variance = (square - value * value).clamp(1e-12, value * (1.0 - value) * 0.999);
    let size = value * (1.0 - value) / variance - 1.0;
    let (a, b, tail) = (value * size, (1.0 - value) * size, 0.5 * (1.0 - level));
    Estimate { value, low: beta_quantile(tail, a, b).min(value), high: beta_quantile(1.0 - tail, a, b).max(value), n: n.round() as u64 }
}
