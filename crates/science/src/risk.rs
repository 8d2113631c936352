//! Automation with a promise: the laxest threshold of which it can be shown that the error among what is automated is at
//! most alpha, except with probability delta. Never looks at a threshold that it was not handed, and never picks one on the
//! rows that it is tested on.
//!
//! Learn-then-Test (Angelopoulos, Bates, Candes, Jordan and Lei 2021; Annals of Applied Statistics 19, 2025): a [`grid`] of
//! thresholds from strict to lax, an exact binomial p-value for "the rate is above alpha" at each of them, and fixed-sequence
//! testing, which may walk on as long as every threshold passes and therefore pays for one test only. Three things must come
//! from *other* rows than those of the test: the score, the grid, and where the sequence starts ([`start`]). Whoever tries
//! again after a refit has spent certainty: attempt k may use [`spent`] of it, whatever came of the attempts before.

pub mod certificate;
pub mod outlook;

pub use certificate::{Certificate, Context, Invalid, certify, certify_groups};
pub use outlook::{Outlook, Volume, labels_needed, outlook};

use serde::{Deserialize, Serialize};

use crate::{Error, error::Result, special};

/// Thresholds of a grid at most.
pub const GRID_MAX: usize = 1_000;

/// The promise: the rate exceeds `alpha` with a probability of at most `delta`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Promise {
    /// The rate, in (0, 1).
    pub alpha: f64,
    /// One minus the certainty, in (0, 1).
    pub delta: f64,
}

impl Promise {
    fn check(&self) -> Result<()> {
        for (what, value) in [("alpha", self.alpha), ("delta", self.delta)] {
            if !(value > 0.0 && value < 1.0) {
                return Err(Error::input(what, format!("a promise has it between 0 and 1, and this is {value}")));
            }
        }
        Ok(())
    }
}

/// The rate that a promise is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Risk {
    /// Wrong answers among the automated cases.
    Error,
    /// Cases of this class that are automated with another answer, among *all* cases of this class.
    Miss {
        /// The critical class.
        class: u32,
    },
}

/// What a threshold comes to on some rows.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// Cases with a score of at least this are automated.
    #[serde(with = "crate::fitted::bits")]
    pub threshold: f64,
    /// Cases that count: the automated ones, or for a miss rate all of the class.
    pub n: u64,
    /// Wrong ones among them.
    pub errors: u64,
}

impl Point {
    /// The exact binomial p-value of "the rate is above alpha": the chance of so few errors, or fewer, were it alpha. 1 where
    /// there is no case.
    #[must_use]
    pub fn p_value(&self, alpha: f64) -> f64 {
        if self.n == 0 { 1.0 } else { special::binomial_cdf(self.errors, self.n, alpha) }
    }
}

/// A grid of thresholds from strict to lax, so that about `coverages[j]` of the scores are at least `grid[j]`. Equal
/// thresholds are kept once. The scores must not be those of the rows that are tested later.
///
/// # Errors
/// No scores, a score that is no number, coverages outside (0, 1] or more than [`GRID_MAX`] of them.
pub fn grid(scores: &[f64], coverages: &[f64]) -> Result<Vec<f64>> {
    if scores.is_empty() {
        return Err(Error::cannot_say("There are no scores to make a grid of thresholds from."));
    }
    check_scores(scores)?;
    if coverages.is_empty() || coverages.len() > GRID_MAX || coverages.iter().any(|c| !(*c > 0.0 && *c <= 1.0)) {
        return Err(Error::input("coverages", format!("a grid takes 1 to {GRID_MAX} shares above 0 and up to 1")));
    }
    let mut sorted = scores.to_vec();
    sorted.sort_unstable_by(|a, b| b.total_cmp(a));
    let place = |coverage: f64| ((coverage * sorted.len() as f64).round() as usize).clamp(1, sorted.len()) - 1;
    let mut grid: Vec<f64> = coverages.iter().filter_map(|coverage| sorted.get(place(*coverage)).copied()).collect();
    grid.sort_unstable_by(|a, b| b.total_cmp(a));
    grid.dedup();
    Ok(grid)
}

/// Coverages from `first` to 1 in equal steps, `points` of them.
#[must_use]
pub fn coverages(first: f64, points: usize) -> Vec<f64> {
    let last = points.saturating_sub(1).max(1) as f64;
    (0..points).map(|j| (first + (1.0 - first) * j as f64 / last).min(1.0)).collect()
}

/// What the error rate comes to at every threshold.
///
/// # Errors
/// Lengths that differ, a score that is no number, a grid that is not strictly falling.
pub fn error_points(grid: &[f64], scores: &[f64], wrong: &[bool]) -> Result<Vec<Point>> {
    check_rows(grid, scores, wrong.len())?;
    let mut points = points(grid);
    for (score, wrong) in scores.iter().zip(wrong) {
        // The first threshold that automates the row; every laxer one does as well.
        let first = grid.partition_point(|threshold| threshold > score);
        if let Some(point) = points.get_mut(first) {
            point.n += 1;
            point.errors += u64::from(*wrong);
        }
    }
    accumulate(&mut points);
    Ok(points)
}

/// What the miss rate of a critical class comes to at every threshold: `critical` says of each row whether its truth is that
/// class, `wrong` whether the AI's answer is another one.
///
/// # Errors
/// As [`error_points`].
pub fn miss_points(grid: &[f64], scores: &[f64], critical: &[bool], wrong: &[bool]) -> Result<Vec<Point>> {
    if critical.len() != wrong.len() {
        return Err(Error::input("critical", format!("{} rows, but {} answers", critical.len(), wrong.len())));
    }
    let missed: Vec<bool> = critical.iter().zip(wrong).map(|(critical, wrong)| *critical && *wrong).collect();
    let all = critical.iter().filter(|critical| **critical).count() as u64;
    let mut points = error_points(grid, scores, &missed)?;
    for point in &mut points {
        point.n = all;
    }
    Ok(points)
}

/// Where the sequence starts: the strictest threshold at which the rows of the test will probably hold enough cases to pass.
/// `elsewhere` are the points of *other* rows, `rows_elsewhere` of them; `rows` will be tested. Enough is what
/// [`labels_needed`] asks for where the true rate is [`START_RATE`] of alpha. `None` where no threshold has enough.
///
/// # Errors
/// A promise out of range, or no rows elsewhere.
pub fn start(elsewhere: &[Point], rows_elsewhere: u64, rows: u64, promise: Promise) -> Result<Option<usize>> {
    promise.check()?;
    if rows_elsewhere == 0 {
        return Err(Error::cannot_say(
            "Where the sequence of thresholds starts is told by other rows than the tested ones, and there are none.",
        ));
    }
    let needed = labels_needed(promise.alpha, 1.0 - promise.delta, START_RATE * promise.alpha)? as f64;
    let expected = |point: &Point| point.n as f64 / rows_elsewhere as f64 * rows as f64;
    Ok(elsewhere.iter().position(|point| expected(point) >= needed))
}

/// The share of alpha that the true error is taken to be at the strictest threshold. At 0 the start would be so strict that a
/// single error there ends the sequence before it began.
pub const START_RATE: f64 = 0.25;

/// The certainty that attempt `k` (1, 2, ..) may spend of `delta`: `6 delta / (pi^2 k^2)`, whose sum over all k is delta.
/// Testing a threshold of 2.01 % true error against 2 % at 60 refits with the whole delta each time certifies it falsely in
/// a fifth of all runs; so spent, in less than delta of them.
#[must_use]
pub fn spent(delta: f64, attempt: u64) -> f64 {
    let k = attempt.max(1) as f64;
    6.0 * delta / (std::f64::consts::PI * std::f64::consts::PI * k * k)
}

/// Fixed-sequence testing: the laxest point, from `start` on, up to which every point passes at `delta`; `None` if already the
/// first one does not. With several criteria (error *and* a miss rate) a point passes where each of them does: a union of
/// null hypotheses needs no correction.
#[must_use]
pub fn fixed_sequence(criteria: &[(f64, &[Point])], start: usize, delta: f64) -> Option<usize> {
    let length = criteria.iter().map(|(_, points)| points.len()).min()?;
    let passes = |j: &usize| criteria.iter().all(|(alpha, points)| points.get(*j).is_some_and(|point| point.p_value(*alpha) <= delta));
    (start..length).take_while(passes).last()
}

/// The threshold that looks best on the rows themselves: the lowest score down to which the *observed* error is at most
/// `alpha`. Breaks its promise in about half of all cases; here to be compared with, never to be used. `None` where there is
/// none.
///
/// # Errors
/// Lengths that differ, a score that is no number.
pub fn naive(scores: &[f64], wrong: &[bool], alpha: f64) -> Result<Option<f64>> {
    check_rows(&[], scores, wrong.len())?;
    let mut rows: Vec<(f64, bool)> = scores.iter().copied().zip(wrong.iter().copied()).collect();
    rows.sort_unstable_by(|a, b| b.0.total_cmp(&a.0));
    let (mut errors, mut best) = (0.0, None);
    for (i, (score, wrong)) in rows.iter().enumerate() {
        errors += f64::from(u8::from(*wrong));
        let ends = rows.get(i + 1).is_none_or(|(next, _)| next < score);
        if ends && errors <= alpha * (i + 1) as f64 {
            best = Some(*score);
        }
    }
    Ok(best)
}

fn points(grid: &[f64]) -> Vec<Point> {
    grid.iter().map(|threshold| Point { threshold: *threshold, n: 0, errors: 0 }).collect()
}

/// From "first automated here" to "automated here".
fn accumulate(points: &mut [Point]) {
    let (mut n, mut errors) = (0, 0);
    for point in points {
        n += point.n;
        errors += point.errors;
        (point.n, point.errors) = (n, errors);
    }
}

fn check_scores(scores: &[f64]) -> Result<()> {
    match scores.iter().position(|score| score.is_nan()) {
        Some(row) => Err(Error::input("scores", format!("the score of row {row} is no number"))),
        None => Ok(()),
    }
}

fn check_rows(grid: &[f64], scores: &[f64], wrong: usize) -> Result<()> {
    check_scores(scores)?;
    if scores.len() != wrong {
        return Err(Error::input("wrong", format!("{wrong} rows, but {} scores", scores.len())));
    }
    if grid.len() > GRID_MAX
        || grid.windows(2).any(|pair| !matches!(pair, [strict, lax] if strict > lax))
        || grid.iter().any(|t| t.is_nan())
    {
        return Err(Error::input("grid", format!("a grid is at most {GRID_MAX} thresholds, each below the one before")));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
