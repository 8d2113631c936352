//! How long a break of a promise stays unnoticed, said before the promise is switched on. Never watches anything itself.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::{Kind, Terms, betting::Betting, ecusum::Ecusum};
use crate::{Error, error::Result, random::Random};

/// Simulated histories behind a delay.
pub const RUNS: u64 = 400;
/// Audits after which a history is given up.
pub const AUDITS_MAX: u64 = 50_000;

/// Audits between a change and the stop, over simulated histories.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Delay {
    /// Mean number of audits; a history that was given up counts with the audits it had.
    pub mean: f64,
    /// Half of the breaks are noticed within so many audits.
    pub median: u64,
    /// Nine of ten breaks are noticed within so many audits.
    pub p90: u64,
    /// Share of the histories that were stopped before the change.
    pub stopped_before: f64,
    /// Share of the histories that were given up: the mean and the p90 are then too low.
    pub given_up: f64,
}

/// A change of the error rate.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// Audits before it.
    pub audits_before: u64,
    /// The error rate until then.
    pub error_before: f64,
    /// The error rate from then on.
    pub error_after: f64,
}

/// Which monitors may stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Monitors {
    /// The betting sequence alone.
    Betting,
    /// The e-CUSUM alone.
    Ecusum,
    /// Both, with half of the level each.
    Both,
}

/// The audits between a change and the stop, by simulation with perfect references. Histories that were stopped before
/// the change are left out of the delay and counted in `stopped_before`.
///
/// # Errors
/// Terms or rates out of their ranges; a change that no history lives to see.
pub fn detection_delay(terms: Terms, monitors: Monitors, change: Change, seed: u64) -> Result<Delay> {
    for rate in [change.error_before, change.error_after] {
        if !(0.0..=1.0).contains(&rate) {
            return Err(Error::input("change", format!("an error rate lies between 0 and 1, and this is {rate}")));
        }
    }
    let level = if monitors == Monitors::Both { terms.level / 2.0 } else { terms.level };
    let terms = Terms { level, ..terms };
    let pair = (Betting::new(terms)?, Ecusum::new(terms)?);
    let runs: Vec<Option<(u64, bool)>> =
        (0..RUNS).into_par_iter().map(|run| one(pair.clone(), monitors, change, Random::new(seed, run))).collect();
    let mut delays: Vec<(u64, bool)> = runs.into_iter().flatten().collect();
    if delays.is_empty() {
        return Err(Error::cannot_say("Every simulated history is stopped before the change, so there is no delay to speak of."));
    }
    delays.sort_unstable();
    let at = |share: f64| delays.get(((delays.len() - 1) as f64 * share) as usize).map_or(0, |(audits, _)| *audits);
    let seen = delays.len() as f64;
    Ok(Delay {
        mean: delays.iter().map(|(audits, _)| *audits as f64).sum::<f64>() / seen,
        median: at(0.5),
        p90: at(0.9),
        stopped_before: 1.0 - seen / RUNS as f64,
        given_up: delays.iter().filter(|(_, noticed)| !noticed).count() as f64 / seen,
    })
}

/// The audits from the change to the stop, and whether there was one; `None` if it was stopped before the change.
fn one((mut evidence, mut cusum): (Betting, Ecusum), monitors: Monitors, change: Change, mut random: Random) -> Option<(u64, bool)> {
    let mut observe = |rate: f64| {
        let kind = if random.uniform() < rate { Kind::Bad } else { Kind::Good };
        match monitors {
            Monitors::Betting => evidence.observe(kind),
            Monitors::Ecusum => cusum.observe(kind),
            Monitors::Both => {
                evidence.observe(kind);
                cusum.observe(kind);
            }
        }
        evidence.stopped() || cusum.stopped()
    };
    for _ in 0..change.audits_before {
        if observe(change.error_before) {
            return None;
        }
    }
    (1..=AUDITS_MAX).find(|_| observe(change.error_after)).map_or(Some((AUDITS_MAX, false)), |audits| Some((audits, true)))
}
