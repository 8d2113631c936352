//! Regions: kinds of cases, in plain conditions, in which the AI, people or the pair are better or worse than elsewhere. Found on
//! one half of the rows, confirmed on the other; never reported on the rows that suggested them.
//!
//! Beam search over conjunctions of simple conditions (subgroup discovery: Klosgen 1996; Lavrac et al. 2004), on bit sets. How much
//! a suggestion and each of its conditions must stand out grows with the logarithm of what was tried. What the search finds is
//! tested on the confirming half, and the false discovery rate over all candidates is held by Benjamini and Hochberg. All figures
//! of a region are those of the confirming half, on which the search had no hold.

mod bits;
mod condition;
mod confirm;
mod search;
#[cfg(test)]
mod tests;

pub use condition::{Column, Condition, Values};

use crate::{Estimate, error::Result};
use serde::{Deserialize, Serialize};

/// Whose answers are compared, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// Accuracy of the AI, inside against elsewhere.
    Ai,
    /// Accuracy of people, inside against elsewhere.
    People,
    /// Accuracy of the pair, inside against elsewhere.
    Pair,
    /// Accuracy of the AI less that of people on the same rows, inside against elsewhere.
    AiOverPeople,
}

/// What is searched.
#[derive(Debug, Clone, Copy)]
pub struct Rows<'a> {
    /// Columns that conditions are made of, each as long as the rows.
    pub columns: &'a [Column<'a>],
    /// Whether the AI was right: 0, 1, or anything else for not known; empty where there is no AI.
    pub ai: &'a [u8],
    /// Whether the person was right.
    pub people: &'a [u8],
    /// Whether the pair was right.
    pub pair: &'a [u8],
    /// What rows hang together by (items, say): rows of one cluster are all in the same half, and count together. Empty where rows
    /// are independent.
    pub clusters: &'a [u32],
}

/// How to search.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// Seed of the halves.
    pub seed: u64,
    /// Conditions that are joined at most.
    pub depth: usize,
    /// Candidates that are kept at each depth, for each target and direction.
    pub beam: usize,
    /// Rows of a half that a region must have.
    pub support_min: u64,
    /// Share of a half that a region must have.
    pub support_share_min: f64,
    /// Expected share of false findings among the regions.
    pub false_discovery: f64,
    /// Level of the intervals: of those of the regions that are told, `1 - level` are expected to miss (Benjamini and Yekutieli 2005).
    pub level: f64,
    /// Regions told for each target and direction.
    pub told: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { seed: 1, depth: 3, beam: 12, support_min: 50, support_share_min: 0.01, false_discovery: 0.05, level: 0.95, told: 5 }
    }
}

/// A region that was confirmed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Region {
    /// Its conditions, all of which hold.
    pub conditions: Vec<Condition>,
    /// The same in words: `priors_count > 5 and sex = male`.
    pub text: String,
    /// What it was found for.
    pub target: Target,
    /// Whether it is better than elsewhere, or worse.
    pub better: bool,
    /// Rows of the confirming half in it.
    pub n: u64,
    /// Its share of that half.
    pub share: f64,
    /// Accuracy of the AI in it.
    pub ai: Option<Estimate>,
    /// Accuracy of people in it.
    pub people: Option<Estimate>,
    /// Accuracy of the pair in it.
    pub pair: Option<Estimate>,
    /// The target's value in it less the value elsewhere.
    pub difference: Estimate,
    /// p-value on the confirming half.
    pub p: f64,
    /// The same, corrected by Benjamini and Hochberg for all candidates.
    pub q: f64,
    /// A sentence with its figures.
    pub sentence: String,
}

/// What a search found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Regions {
    /// Confirmed regions, those first that stood out most on the searching half.
    pub regions: Vec<Region>,
    /// Candidates that were put to the confirming half.
    pub candidates: u64,
    /// Rows of the half that suggested them, and of the one that confirmed.
    pub halves: (u64, u64),
    /// Why there may be nothing, and what was left out.
    pub notes: Vec<String>,
}

/// Searches.
///
/// # Errors
/// [`crate::Error::Input`] where columns differ in length; [`crate::Error::CannotSay`] with too few rows for two halves, or nobody's answers.
pub fn find(rows: &Rows<'_>, options: &Options) -> Result<Regions> {
    let halves = search::halves(rows, options)?;
    let candidates = search::candidates(rows, &halves, options);
    confirm::confirm(rows, &halves, candidates, options)
}
