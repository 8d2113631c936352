//! Counting how often each arm was right. Fits no curve: a table that people can read.

use super::{ARMS, Arms, BINS_MAX, Bins, ByArm, Count};
use crate::cost::BILLIONTHS;
use crate::error::{Error, Result};
use std::collections::BTreeMap;

/// A past case: which arms are known to have been right or wrong. Arms that nobody can tell of are `None`; only answers that an
/// arm really gave, or that can be computed from answers given unseen, may be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Observation {
    /// Its region, by any number; `None` where it has none.
    pub region: Option<u32>,
    /// The AI's calibrated top probability, in billionths.
    pub top: u32,
    /// Whether each arm was right.
    pub right: ByArm<Option<bool>>,
}

impl Arms {
    /// Counts past cases in `bins` bins of about equally many cases each (equal scores stay together, so there may be fewer).
    ///
    /// # Errors
    /// [`Error::CannotSay`] without cases; [`Error::Input`] where `bins` is 0 or above [`BINS_MAX`], or a score is above 10^9.
    pub fn fit(observations: &[Observation], bins: usize) -> Result<Self> {
        if bins == 0 || bins > BINS_MAX {
            return Err(Error::input("bins", format!("{bins} is not between 1 and {BINS_MAX}")));
        }
        if observations.is_empty() {
            return Err(Error::cannot_say("which way of deciding is best cannot be learnt without past cases"));
        }
        if let Some(at) = observations.iter().position(|case| case.top > BILLIONTHS) {
            return Err(Error::input("top", format!("the probability of row {at} is above 1 (10^9 billionths)")));
        }
        let mut tops: Vec<u32> = observations.iter().map(|case| case.top).collect();
        tops.sort_unstable();
        let least = tops.first().copied().unwrap_or(0);
        let mut edges: Vec<u32> =
            (1..bins).filter_map(|bin| tops.get(bin * tops.len() / bins).copied()).filter(|edge| *edge > least).collect();
        edges.dedup();
        let empty: Bins = vec![[Count::default(); ARMS]; edges.len() + 1];
        let mut fitted = Self { edges, all: empty.clone(), regions: BTreeMap::new() };
        for case in observations {
            let bin = fitted.bin(case.top);
            add(&mut fitted.all, bin, case);
            if let Some(region) = case.region {
                add(fitted.regions.entry(region).or_insert_with(|| empty.clone()), bin, case);
            }
        }
        Ok(fitted)
    }
}

fn add(bins: &mut Bins, bin: usize, case: &Observation) {
    let Some(counts) = bins.get_mut(bin) else { return };
    for (count, right) in counts.iter_mut().zip(case.right) {
        if let Some(right) = right {
            count.n += 1;
            count.right += u64::from(right);
        }
    }
}
