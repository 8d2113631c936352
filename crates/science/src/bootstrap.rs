//! Bootstrap intervals for any function of sums over rows, with whole clusters drawn where people or items repeat. Never
//! draws a row by itself: a draw touches the totals of the clusters only, so that its cost does not grow with the rows.
//!
//! A statistic is written as a function of column sums: the accuracy is `sum(right) / sum(1)`, the gain of a pair
//! `(sum(pair right) - max(sum(human right), sum(AI right))) / sum(1)`. Build [`Columns`], [`draw`] once, and ask the [`Sums`] for
//! as many statistics as there are; they share their draws and are therefore paired. Draw `d` has a random stream of its own, so
//! the result does not depend on the number of threads.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::random::Random;
use crate::sample;

mod pigeonhole;
mod sums;
#[cfg(test)]
mod tests;
mod units;

pub(crate) use sums::divide;
pub use sums::{Sums, quantile};

/// Draws where a caller has no reason for another number.
pub const DRAWS_DEFAULT: usize = 1_000;
/// More draws than this say nothing more.
pub const DRAWS_MAX: usize = 1_000_000;
/// Beyond this many different clusters (or rows), they are first joined at random into this many groups: the interval's ends
/// then move by half a percent of its width, and a draw stays cheap.
pub const GROUPS_MAX: usize = 20_000;
/// Up to this many different totals, a draw is a multinomial over them instead of a walk over the clusters.
const CELLS_MAX: usize = 4_096;

/// How intervals are made.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Options {
    /// Stated coverage, in (0, 1), two-sided.
    pub level: f64,
    /// Draws.
    pub draws: usize,
    /// Seed of every draw.
    pub seed: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self { level: crate::interval::LEVEL_DEFAULT, draws: DRAWS_DEFAULT, seed: 0 }
    }
}

/// What is drawn as one. Codes may be any numbers; equal codes are one cluster.
#[derive(Debug, Clone, Copy)]
pub enum Clusters<'a> {
    /// Rows are independent.
    Rows,
    /// One-way: by person, or by item.
    One(&'a [u32]),
    /// Two-way, by person and by item, crossed (Owen, "The pigeonhole bootstrap", Annals of Applied Statistics 1, 2007).
    Two(&'a [u32], &'a [u32]),
}

impl Clusters<'_> {
    /// Whether rows are taken to be independent.
    #[must_use]
    pub fn is_rows(&self) -> bool {
        matches!(self, Self::Rows)
    }
}

/// Contributions of rows to sums, row-major.
#[derive(Debug, Clone)]
pub struct Columns {
    width: usize,
    values: Vec<f64>,
}

impl Columns {
    /// `rows` rows of `width` contributions; `fill(i, out)` writes row `i` into `out`, which starts as zeros.
    pub fn from_fn(rows: usize, width: usize, mut fill: impl FnMut(usize, &mut [f64])) -> Self {
        let width = width.max(1);
        let mut values = vec![0.0; rows * width];
        for (i, out) in values.chunks_exact_mut(width).enumerate() {
            fill(i, out);
        }
        Self { width, values }
    }

    /// Columns side by side.
    ///
    /// # Errors
    /// [`Error::Input`] where their lengths differ or there is none.
    pub fn from_slices(columns: &[&[f64]]) -> Result<Self> {
        let Some(first) = columns.first() else {
            return Err(Error::input("columns", "there is none; a statistic needs at least one column"));
        };
        if columns.iter().any(|c| c.len() != first.len()) {
            return Err(Error::input("columns", "their lengths differ"));
        }
        let values = (0..first.len()).flat_map(|i| columns.iter().map(move |c| c.get(i).copied().unwrap_or(0.0))).collect();
        Ok(Self { width: columns.len(), values })
    }

    /// Rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.values.len() / self.width
    }

    fn check(&self) -> Result<()> {
        if self.values.is_empty() {
            return Err(Error::cannot_say("there are no rows, so nothing can be drawn from them"));
        }
        if let Some(at) = self.values.iter().position(|v| !v.is_finite()) {
            return Err(Error::input(
                "columns",
                format!("row {} holds a value that is not a finite number; leave such rows out", at / self.width),
            ));
        }
        Ok(())
    }
}

/// Draws the column sums `draws` times.
///
/// Rows of a design that is not really crossed are drawn one-way: by person where every item belongs to one person, by item
/// where there is one person only.
///
/// # Errors
/// [`Error::CannotSay`] where there are no rows or there is only one cluster, [`Error::Input`] where a contribution is not finite,
/// the codes are not one a row, or `draws` is 0 or above [`DRAWS_MAX`].
pub fn draw(columns: &Columns, clusters: Clusters<'_>, draws: usize, seed: u64) -> Result<Sums> {
    columns.check()?;
    if draws == 0 || draws > DRAWS_MAX {
        return Err(Error::input("draws", format!("{draws} is not between 1 and {DRAWS_MAX}; {DRAWS_DEFAULT} is usual")));
    }
    let rows = columns.rows();
    match clusters {
        Clusters::Rows => one_way(columns.values.clone(), columns, draws, seed),
        Clusters::One(codes) => {
            let (codes, count) = units::dense("clusters", codes, rows)?;
            one_way(units::totals(columns, &codes, count), columns, draws, seed)
        }
        Clusters::Two(people, items) => {
            let (people, people_count) = units::dense("people", people, rows)?;
            let (items, items_count) = units::dense("items", items, rows)?;
            if people_count == 1 || units::nested(&people, &items, people_count) {
                return one_way(units::totals(columns, &items, items_count), columns, draws, seed);
            }
            if items_count == 1 || units::nested(&items, &people, items_count) {
                return one_way(units::totals(columns, &people, people_count), columns, draws, seed);
            }
            pigeonhole::draw(columns, (&people, people_count), (&items, items_count), draws, seed)
        }
    }
}

/// Draws from units (clusters or rows) that are exchangeable.
fn one_way(totals: Vec<f64>, columns: &Columns, draws: usize, seed: u64) -> Result<Sums> {
    let width = columns.width;
    let count = totals.len() / width;
    if count < 2 {
        return Err(Error::cannot_say(
            "there is only one cluster (person or item), so how much clusters differ cannot be known; at least two are needed",
        ));
    }
    let point = units::sum(&totals, width);
    let mut out = vec![0.0; draws * width];
    let units = if let Some(cells) = units::cells(&totals, width, CELLS_MAX.min(count / 4)) {
        out.par_chunks_mut(width).enumerate().for_each(|(d, sums)| cells.draw(&mut Random::new(seed, d as u64), sums));
        cells.expand()
    } else {
        let totals = units::grouped(totals, width, GROUPS_MAX, seed);
        out.par_chunks_mut(width).enumerate().for_each(|(d, sums)| walk(&totals, width, &mut Random::new(seed, d as u64), sums));
        units::Units { totals, counts: None }
    };
    Ok(Sums { width, point, draws: out, units, rows: columns.rows() as u64, clusters: count as u64, moments: None })
}

/// One draw of as many units as there are, with replacement.
fn walk(totals: &[f64], width: usize, random: &mut Random, sums: &mut [f64]) {
    let count = totals.len() / width;
    for _ in 0..count {
        let from = random.below(count) * width;
        for (sum, value) in sums.iter_mut().zip(totals.get(from..from + width).unwrap_or_default()) {
            *sum += value;
        }
    }
}

/// Different totals, and how many units have each.
#[derive(Debug, Clone)]
struct Cells {
    width: usize,
    totals: Vec<f64>,
    counts: Vec<u64>,
}

impl Cells {
    fn draw(&self, random: &mut Random, sums: &mut [f64]) {
        let mut drawn = vec![0u64; self.counts.len()];
        sample::multinomial(random, self.counts.iter().sum(), &self.counts, &mut drawn);
        for (times, totals) in drawn.iter().zip(self.totals.chunks_exact(self.width)) {
            for (sum, value) in sums.iter_mut().zip(totals) {
                *sum += *times as f64 * value;
            }
        }
    }

    fn expand(self) -> units::Units {
        units::Units { totals: self.totals, counts: Some(self.counts) }
    }
}
