//! One world, one seed: the platform and every fixed policy over the same cases. Many seeds run side by side, and their number and
//! order never change what a seed gives.

use crate::{
    Error, World,
    draws::Draws,
    judge::{self, Labels, Noticed, Promises},
    pair::{self, Pair},
    platform::{self, Day, Log},
    policies::{self, Policies, Tally},
};
use rayon::prelude::*;
use serde::Serialize;

/// What one seed gave.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Run {
    /// The seed.
    pub seed: u64,
    /// Cases that arrived.
    pub cases: u64,
    /// What the platform came to, on the cases that it decided.
    pub platform: Tally,
    /// What fixed policies came to, on all cases.
    pub policies: Policies,
    /// Cases that the platform has not decided in the end.
    pub undecided: u64,
    /// What it decided day by day, and how.
    pub days: Vec<Day>,
    /// What was promised, and whether it is true.
    pub promises: Promises,
    /// What the first certificate took; absent where there was none.
    pub labels: Option<Labels>,
    /// What was noticed.
    pub noticed: Noticed,
    /// The achievable pair, where the record can say it.
    pub pair: Option<Pair>,
}

/// Simulates one seed.
///
/// # Errors
/// As [`platform::run`].
pub fn simulate_one(world: &World, seed: u64) -> Result<Run, Error> {
    let draws = Draws::new(world, seed);
    let mut log = platform::run(&draws)?;
    price(&draws, &mut log);
    let (promises, labels, noticed) = judge::judge(&draws, &log)?;
    Ok(Run {
        seed,
        cases: draws.cases.len() as u64,
        platform: tally(&draws, &log),
        policies: policies::run(&draws),
        undecided: log.undecided,
        promises,
        labels,
        noticed,
        pair: pair::achievable(&draws, &log)?,
        days: log.days,
    })
}

/// Simulates many seeds, on as many threads as there are; `done` is told of each that is through.
///
/// # Errors
/// As [`simulate_one`], for the first seed that fails.
pub fn simulate(world: &World, seeds: std::ops::Range<u64>, done: &(dyn Fn() + Sync)) -> Result<Vec<Run>, Error> {
    let one = |seed: u64| {
        let run = simulate_one(world, seed);
        done();
        run
    };
    seeds.into_par_iter().map(one).collect()
}

/// What the decisions of each day cost: only the world knows.
fn price(draws: &Draws<'_>, log: &mut Log) {
    for decided in &log.decided {
        let (Some(case), Some(day)) = (draws.cases.get(decided.case), log.days.get_mut(decided.day)) else { continue };
        let mut one = Tally::default();
        one.add(draws, case, decided.answer, log.minutes.get(decided.case).copied().unwrap_or(0.0));
        day.cost += one.cost;
    }
}

/// Cost and errors of what was decided; minutes that went into anything else count as well.
fn tally(draws: &Draws<'_>, log: &Log) -> Tally {
    let mut tally = Tally::default();
    for decided in &log.decided {
        if let Some(case) = draws.cases.get(decided.case) {
            tally.add(draws, case, decided.answer, log.minutes.get(decided.case).copied().unwrap_or(0.0));
        }
    }
    let unused = log.minutes.iter().enumerate().filter(|(case, _)| log.decision(*case).is_none());
    tally.add_minutes(draws, unused.map(|(_, minutes)| *minutes).sum());
    tally
}
