//! What experiments came to, as a track record keeps it: whole numbers, each with an interval that holds at every look.

use countersign_core::{
    event::{Interval, Measure},
    id::EventId,
};
use serde::{Deserialize, Serialize};

/// What an experiment came to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExperimentRecord {
    /// The experiment.
    pub experiment: EventId,
    /// Its ways, in its order.
    pub arms: Vec<ArmRecord>,
    /// What the first way was compared with each other one in: by measure, in the order of the ways.
    pub differences: Vec<Measured>,
    /// The median time of a case as a share of the first way's, in billionths, by way: how much quicker one is.
    pub pace: Vec<Measured>,
    /// How the difference in what it was started to find out came to be, as cases came in.
    pub trail: Vec<TrailPoint>,
    /// Why something is not said, as sentences.
    pub notes: Vec<String>,
    /// Whether it has ended and no case of it is waited for any more. Later records have it as it was then, also where an outcome is
    /// corrected afterwards, or the playbook has another version by now.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub settled: bool,
}

/// One of its ways.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ArmRecord {
    /// Cases assigned to it.
    pub assigned: u64,
    /// Cases of these that were decided.
    pub decided: u64,
    /// Cases of these whose truth is known.
    pub known: u64,
    /// Cases of these that were decided by its own route.
    pub followed: u64,
    /// Means, by measure.
    pub means: Vec<Measured>,
}

/// A figure of one measure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measured {
    /// The way, by its place.
    pub arm: u32,
    /// What is measured: a share in billionths, time in microseconds, cost in micro-units.
    pub measure: Measure,
    /// The figure.
    pub figure: Interval,
}

/// A difference as it stood after so many cases.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrailPoint {
    /// The way that is compared with the first.
    pub arm: u32,
    /// The difference, and after how many cases of the two ways.
    pub figure: Interval,
}
