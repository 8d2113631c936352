//! An audit: rows in as they come, and out of them how fair the AI, people and the pair are, side by side, by each group column
//! and by their intersections. Holds counts only; reads no file.
//!
//! Feed a [`Collector`] (one a core, merged in a fixed order), then [`Collector::finish`]. Memory: combinations of groups times
//! kinds of rows, and at most 2,048 clusters of each clustering; nothing grows with the number of rows.

pub mod classes;
mod collector;
pub mod groupings;
pub mod macro_rates;
mod sentences;
#[cfg(test)]
mod tests;

pub use classes::{CLASSES_MAX, ClassAudit, ClassBatch, ClassCollector, ClassFinding};
pub use collector::{Batch, COMBINATIONS_MAX, Collector, UNKNOWN};

use crate::{
    Estimate,
    fairness::{Fairness, Metric, Options, Scoring, calibration::Calibration},
};
use serde::{Deserialize, Serialize};

/// Version of this document: a new one where a member changes its meaning; new members may come without one.
pub const AUDIT_VERSION: u32 = 1;

/// Values that a group column may have.
pub const VALUES_MAX: usize = 1_000;

/// Group columns that an audit may have.
pub const ATTRIBUTES_MAX: usize = 4;

/// The level at which findings are told.
pub const FALSE_ALARM_MAX: f64 = 0.05;

/// Names for what a [`Collector`] counted.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Names {
    /// Group columns.
    pub attributes: Vec<String>,
    /// The values of each, by code.
    pub values: Vec<Vec<String>>,
    /// Deciders: "AI", "people", "pair".
    pub deciders: Vec<String>,
    /// What counts as the positive answer.
    pub positive: String,
    /// What rows hang together by: the columns of people and items.
    pub clusters: Vec<String>,
}

/// All that an audit found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Audit {
    /// [`AUDIT_VERSION`] that it was made under.
    pub version: u32,
    /// Rows that were counted.
    pub n: u64,
    /// What counts as the positive answer ("selected").
    pub positive: String,
    /// Who decided, in the order of every list by decider.
    pub deciders: Vec<String>,
    /// The answer in plain sentences, the most important first.
    pub headline: Vec<String>,
    /// One for each group column and for intersections.
    pub partitions: Vec<Partition>,
    /// Tests that were made in all partitions, of all deciders.
    pub tests: u64,
    /// Those that survive Holm's correction for all of them, the widest gap first.
    pub surviving: Vec<Finding>,
    /// What these data cannot say.
    pub cannot_say: Vec<String>,
    /// How it was computed.
    pub method: Method,
}

/// One way to group the rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Partition {
    /// `race`, or `race x sex`.
    pub by: String,
    /// The group columns of it.
    pub attributes: Vec<String>,
    /// What was found.
    #[serde(flatten)]
    pub fairness: Fairness,
    /// Calibration of the score by group, where there is a score; `None` for groups with too few rows of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub calibration: Vec<Option<Calibration>>,
    /// Scoring rates and their impact ratios, where there is a score.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scoring: Option<Scoring>,
    /// What a reader should know of it.
    pub sentences: Vec<String>,
}

/// A group that differs from all others.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// The partition.
    pub by: String,
    /// The group.
    pub group: String,
    /// Who decided.
    pub decider: String,
    /// Which rate.
    pub metric: Metric,
    /// The group's rate.
    pub rate: Estimate,
    /// Less that of all other groups.
    pub difference: Estimate,
    /// p-value, corrected for all tests of the audit.
    pub p_holm: f64,
    /// The same in words.
    pub sentence: String,
}

/// How an audit was computed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Method {
    /// Seed of every draw.
    pub seed: u64,
    /// Draws of each bootstrap and of each band.
    pub draws: u64,
    /// Level of the intervals.
    pub level: f64,
    /// What rows hang together by; empty where they count as independent.
    pub clusters: Vec<String>,
    /// How, in sentences with sources.
    pub notes: Vec<String>,
}

/// What the options of an audit say of its method.
fn method(options: &Options, names: &Names) -> Method {
    let mut notes = vec![
        "Rates have Wilson's intervals. Gaps and ratios between the extreme groups have intervals that hold for all pairs of groups at once (max-t bootstrap and MOVER limits).".to_owned(),
        "The band of chance is drawn with the pooled rate in every group and the same numbers of rows.".into(),
        "Tests hold a group against all others (z test of two proportions, Fisher's exact test where an expected count is below 5); p-values are corrected by Holm for all tests of this audit.".into(),
        "The detectable gap is what such a test finds in 80 % of data of this size at the level of a Bonferroni correction.".into(),
        format!("Groups with fewer than {} rows are shown and not compared; so are groups with fewer than {} rows of a rate's denominator.", options.small.rows_min, crate::fairness::COMPARED_ROWS_MIN),
    ];
    if names.clusters.is_empty() {
        notes.push("Every row counts as independent. Where a person or an item comes more than once, name its column: the intervals are too narrow otherwise.".into());
    } else {
        notes.push(format!(
            "Rows hang together by {}: intervals rest on effective numbers of rows, and the bootstrap draws whole clusters.",
            names.clusters.join(" and ")
        ));
    }
    Method { seed: options.seed, draws: options.draws as u64, level: options.level, clusters: names.clusters.clone(), notes }
}
