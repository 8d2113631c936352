//! What is automated under a certificate: a kind of cases, whose answers, and how sure they are. It is fixed before its test begins
//! and never narrowed by what a case would cost: what is promised of it is promised of all of it.

use super::{Proposed, Region};
use countersign_core::Content;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What is automated under a certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Coverage {
    /// The kind of cases.
    pub region: Region,
    /// The proposer.
    pub proposer: String,
    /// Its exact version.
    pub proposer_version: String,
    /// Least probability of the proposer for its own answer, in billionths.
    pub threshold: u32,
    /// Probabilities from the first up to, but without, the second that are left to people, because errors there would cost more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left: Vec<[u32; 2]>,
}

impl Coverage {
    /// Whether an answer with this probability is covered, by its probability alone.
    #[must_use]
    pub fn sure(&self, probability: u32) -> bool {
        probability >= self.threshold && !within(&self.left, probability)
    }

    /// Whether a proposal on a case with these fields is covered.
    #[must_use]
    pub fn covers(&self, proposed: &Proposed<'_>, fields: &BTreeMap<String, Content>) -> bool {
        self.proposer == proposed.proposer
            && self.proposer_version == proposed.version
            && proposed.probability.is_some_and(|probability| self.sure(probability))
            && self.region.holds(fields)
    }
}

/// Whether a probability is in one of these ranges.
#[must_use]
pub fn within(ranges: &[[u32; 2]], probability: u32) -> bool {
    ranges.iter().any(|[from, below]| (*from..*below).contains(&probability))
}
