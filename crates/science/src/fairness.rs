//! Fairness by group: rates of up to three deciders with intervals, gaps and ratios between groups with what chance alone does,
//! tests that say how many were made. Takes counts ([`Cells`]), so that its cost does not grow with the rows.
//!
//! ```
//! use countersign_science::fairness::{Cells, Fairness, Metric, Options, Table};
//! let mut cells = Cells::new(1);
//! for row in 0..400 {
//!     cells.add(row % 2, Some(row % 3 == 0), Some(row % 5 == 0)).unwrap();
//! }
//! let groups = ["north".to_owned(), "south".to_owned()];
//! let table = Table { cells: &cells, groups: &groups, unknown: None, deciders: &["AI".to_owned()], clusters: &[] };
//! let fairness = Fairness::measure(&table, &Options::default()).unwrap();
//! assert_eq!(fairness.deciders[0].overall[&Metric::SelectionRate].unwrap().estimate.n, 400);
//! ```
//!
//! What rests on what:
//! - a rate has Wilson's interval ([`crate::interval`]), on effective rows where there are [`Clusters`];
//! - a gap is the largest less the smallest rate, a ratio the smallest by the largest. Both are *picked* among groups, so their
//!   intervals hold for all pairs at once: every pair has MOVER limits ([`pairs`]) from Wilson limits at a critical value that
//!   the bootstrap of the largest studentised difference gives (max-t; Westfall and Young 1993);
//! - the bootstrap draws cells (rows independent) or clusters; a percentile interval of a small cell is never printed, for it
//!   covers 50 % where Wilson's covers 96.5 % (8 rows at a rate of .1);
//! - beside the gap stands its band under "no group differs" ([`chance`]), for with 14 groups the four-fifths rule fails by
//!   chance alone at almost any usual sample size;
//! - tests hold each group against all others; Holm's correction counts all of them.
//!
//! Small groups are marked or merged and never dropped: [`Small`].

pub mod calibration;
pub mod cells;
pub mod chance;
pub mod classes;
pub mod clusters;
mod draws;
pub mod impact;
mod measure;
pub mod metric;
pub mod pairs;
pub mod scoring;
pub mod significance;
#[cfg(test)]
mod tests;

pub use cells::{Cells, Pattern};
pub use chance::{Band, Chance};
pub use clusters::Clusters;
pub use impact::{Category, Impact, ScoredCategory, Scoring, Smallest};
pub(crate) use measure::listed;
pub use metric::Metric;

use crate::{Estimate, error::Result};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Rows of a rate (effective ones where rows hang together) below which a group takes no part in comparisons of that rate:
/// Wilson's interval is then wider than 50 points, and one such group would hide all others in the band of chance.
pub const COMPARED_ROWS_MIN: f64 = 10.0;

/// The least ratio of selection rates of the four-fifths rule (29 CFR 1607.4 D).
pub const FOUR_FIFTHS: f64 = 0.8;

/// How to measure.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// Seed of every draw.
    pub seed: u64,
    /// Draws of the bootstrap and of the band under "no group differs".
    pub draws: usize,
    /// Level of the intervals.
    pub level: f64,
    /// What becomes of small groups.
    pub small: Small,
}

impl Default for Options {
    fn default() -> Self {
        Self { seed: 1, draws: 1_000, level: 0.95, small: Small::default() }
    }
}

/// When a group is small, and what becomes of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Small {
    /// Groups with fewer rows are small.
    pub rows_min: u64,
    /// Groups with a smaller share of the rows with a known group are small: 0.02 is what NYC Local Law 144 allows to leave out.
    pub share_min: f64,
    /// Small groups become one group (if there are at least two of them) instead of being shown apart and not compared.
    pub merge: bool,
}

impl Default for Small {
    fn default() -> Self {
        Self { rows_min: 20, share_min: 0.0, merge: false }
    }
}

/// What is measured: counts with the names of groups and deciders.
#[derive(Debug, Clone, Copy)]
pub struct Table<'a> {
    /// The counts.
    pub cells: &'a Cells,
    /// Names of the groups, by number; a group without one gets its number.
    pub groups: &'a [String],
    /// The group of the rows whose group is not known; shown, and never compared.
    pub unknown: Option<usize>,
    /// Names of the deciders.
    pub deciders: &'a [String],
    /// The same rows by cluster, one entry a clustering (people, items); empty where rows are independent.
    pub clusters: &'a [&'a Clusters],
}

/// A rate, with the independent rows that it is worth where rows hang together.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Rate {
    /// Value, Wilson interval, and the rows of its denominator.
    #[serde(flatten)]
    pub estimate: Estimate,
    /// Independent rows that would tell as much; `None` without clusters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_n: Option<f64>,
}

/// Every metric's rate; `None` where its denominator has no rows.
pub type Rates = BTreeMap<Metric, Option<Rate>>;

/// What became of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It is compared with others.
    Compared,
    /// It is small: shown, not compared.
    Small,
    /// It stands for several small groups, and is compared.
    Merged,
    /// Rows whose group is not known: shown, not compared.
    Unknown,
}

/// A group of rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Group {
    /// Its name.
    pub name: String,
    /// Its rows.
    pub n: u64,
    /// Its share of all rows.
    pub share: f64,
    /// Whether it is compared.
    pub standing: Standing,
    /// The groups that were merged into it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub merged: Vec<String>,
}

impl Group {
    /// Whether comparisons include it.
    #[must_use]
    pub fn compared(&self) -> bool {
        matches!(self.standing, Standing::Compared | Standing::Merged)
    }
}

/// All that is found about one way to group the rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fairness {
    /// The groups, in the order of every list by group here.
    pub groups: Vec<Group>,
    /// What each decider did.
    pub deciders: Vec<Decider>,
    /// Pairs of deciders: whose gap is wider.
    pub contrasts: Vec<Contrast>,
    /// Clusters by clustering (at most [`clusters::BUCKETS_MAX`] are held apart); empty where rows count as independent.
    pub clusters: Vec<u64>,
    /// What these counts cannot say.
    pub cannot_say: Vec<String>,
}

/// What one decider did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Decider {
    /// Its name.
    pub name: String,
    /// All rows together.
    pub overall: Rates,
    /// By group.
    pub groups: Vec<Rates>,
    /// Gap and ratio between groups, by metric; metrics that fewer than two groups have are absent.
    pub comparisons: Vec<Comparison>,
    /// The wider one of the gaps in true and in false positives; `None` where either is absent.
    pub equalised_odds: Option<EqualisedOdds>,
    /// Each group against all others.
    pub tests: Vec<Test>,
    /// Selection rates and impact ratios in the form of NYC Local Law 144.
    pub impact: Impact,
}

/// Gap and ratio of one metric between groups.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// Which rate.
    pub metric: Metric,
    /// Group with the lowest rate (the first of equals).
    pub lowest: usize,
    /// Group with the highest rate.
    pub highest: usize,
    /// Highest less lowest; the interval is of the gap between whichever groups truly differ most. n: rows compared.
    pub difference: Estimate,
    /// Lowest by highest; `None` where the highest is 0.
    pub ratio: Option<Estimate>,
    /// Whether the ratio is below four fifths. For selection rates that is the legal figure; an indication elsewhere.
    pub below_four_fifths: Option<bool>,
    /// What chance alone does; `None` where nothing varies.
    pub chance: Option<Chance>,
    /// The gap that a test would find in 80 % of such data, whichever group has it: the largest over the groups; `None` where
    /// there is a group in which no gap could be found.
    pub detectable_gap: Option<f64>,
    /// Groups that have too few rows with this denominator ([`COMPARED_ROWS_MIN`]).
    pub left_out: Vec<usize>,
}

/// Equalised odds (Hardt, Price and Srebro 2016).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct EqualisedOdds {
    /// The larger one of the gaps in true and false positive rates.
    pub difference: Estimate,
    /// The smaller one of the ratios; `None` where either is.
    pub ratio: Option<Estimate>,
}

/// One group against all others.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Test {
    /// Which rate.
    pub metric: Metric,
    /// The group.
    pub group: usize,
    /// The group's rate less that of all other compared groups (Newcombe's interval). n: rows of the group's denominator.
    pub difference: Estimate,
    /// p-value (z test, or Fisher's where an expected count is below 5); on effective rows where there are clusters.
    pub p: f64,
    /// The same, corrected by Holm for all tests of the audit.
    pub p_holm: f64,
    /// The gap that this test would find in 80 % of such data at the level of a Bonferroni correction for all tests.
    pub detectable_gap: Option<f64>,
}

/// Whose gap is wider.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Contrast {
    /// Which rate.
    pub metric: Metric,
    /// Number of the first decider.
    pub first: usize,
    /// Number of the second decider.
    pub second: usize,
    /// The first's gap less the second's, each between its own extreme groups on these data; paired bootstrap.
    pub difference: Estimate,
}

impl Fairness {
    /// Measures.
    ///
    /// # Errors
    /// [`crate::Error::CannotSay`] where there is no row at all; [`crate::Error::Input`] where names or options do not fit.
    pub fn measure(table: &Table<'_>, options: &Options) -> Result<Self> {
        measure::measure(table, options)
    }

    /// All tests of all deciders.
    pub fn tests_mut(&mut self) -> impl Iterator<Item = &mut Test> {
        self.deciders.iter_mut().flat_map(|decider| decider.tests.iter_mut())
    }
}

/// Corrects all tests of several measurements together, by Holm.
pub fn correct_together<'a>(all: impl IntoIterator<Item = &'a mut Fairness>) {
    let mut tests: Vec<&mut Test> = all.into_iter().flat_map(Fairness::tests_mut).collect();
    let corrected = significance::holm(&tests.iter().map(|test| test.p).collect::<Vec<_>>());
    for (test, p) in tests.iter_mut().zip(corrected) {
        test.p_holm = p;
    }
}
