//! Whether person and AI together could beat the better of the two, from what the platform recorded: first answers that were given
//! before any advice, on a random sample of all cases, with truths that it was told. Never looks at a truth that the platform did
//! not see.

use crate::{
    Error,
    draws::Draws,
    platform::{First, Log},
};
use countersign_core::number::ONE_BILLIONTHS;
use countersign_science::{
    Estimate, Probabilities,
    bootstrap::{Clusters, Options},
    combination::{Achievable, Rows},
    complementarity::{self, Credit, Verdict},
};
use serde::Serialize;

/// Every row is judged by a combination that was fitted on the other folds.
const FOLDS: usize = 5;

/// The achievable pair.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Pair {
    /// What is shown.
    pub verdict: Verdict,
    /// Accuracy of one person.
    pub human: Estimate,
    /// Accuracy of the AI: of the better proposer, where there are several.
    pub ai: Estimate,
    /// Accuracy of the combination, cross-fitted.
    pub pair: Estimate,
    /// Gain over the person, paired.
    pub over_human: Estimate,
    /// Gain over the AI, paired.
    pub over_ai: Estimate,
}

/// The achievable pair; `None` where the data cannot say it: nobody answered first, or truths are seen under some answers only.
///
/// # Errors
/// None that a world can cause; those of the statistics are passed on.
pub fn achievable(draws: &Draws<'_>, log: &Log) -> Result<Option<Pair>, Error> {
    let world = draws.world;
    if world.outcome.as_ref().is_none_or(|outcome| outcome.observed.is_some()) {
        return Ok(None);
    }
    let mut told = vec![false; draws.cases.len()];
    for at in &log.outcomes {
        if let Some(seen) = told.get_mut(*at) {
            *seen = true;
        }
    }
    // One answer a case: of a panel the first.
    let mut sample: Vec<&First> = Vec::new();
    for first in log.firsts.iter().filter(|first| first.sampled) {
        if told.get_mut(first.case).is_some_and(std::mem::take) {
            sample.push(first);
        }
    }
    let firsts = || sample.iter().copied();
    let case = |at: usize| draws.cases.get(at);
    let truth: Vec<u32> = firsts().filter_map(|first| Some(case(first.case)?.truth as u32)).collect();
    let answers: Vec<u32> = firsts().map(|first| first.answer as u32).collect();
    let people: Vec<u32> = firsts().map(|first| first.person as u32).collect();
    if truth.len() < 2 * FOLDS {
        return Ok(None);
    }
    let answered =
        |proposer: usize| -> Vec<u32> { firsts().filter_map(|first| Some(*case(first.case)?.proposed.get(proposer)? as u32)).collect() };
    let right = |proposer: usize| answered(proposer).iter().zip(&truth).filter(|(a, t)| a == t).count();
    let best = (0..world.proposers.len()).rev().max_by_key(|proposer| right(*proposer)).unwrap_or(0);
    let stated = |at: usize| draws.stated(case(at)?, best);
    let of = &|at: usize, class: &String| stated(at).and_then(|stated| stated.billionths.get(class)).copied().unwrap_or(0);
    let values: Vec<f64> = firsts()
        .flat_map(|first| world.classes.iter().map(move |class| f64::from(of(first.case, class)) / f64::from(ONE_BILLIONTHS)))
        .collect();
    let rows = Rows { people: Some(&people), ..Rows::new(Probabilities::new(&values, world.classes.len())?, &answers) };
    let combined = cross_fitted(&rows, &truth)?;
    let credit = Credit {
        human: &complementarity::credit(&answers, &truth),
        ai: &complementarity::credit(&answered(best), &truth),
        pair: &complementarity::credit(&combined, &truth),
    };
    let compared = complementarity::compare(&credit, Clusters::Rows, &Options { seed: draws.seed, ..Options::default() })?;
    let complementarity::Compared { human, ai, pair, over_human, over_ai, verdict, .. } = compared;
    Ok(Some(Pair { verdict, human, ai, pair, over_human, over_ai }))
}

/// The combined answer of every row, by the best combination of the other folds. Cases come at random, so that their order makes
/// the folds.
fn cross_fitted(rows: &Rows<'_>, truth: &[u32]) -> Result<Vec<u32>, Error> {
    let mut combined = vec![0; truth.len()];
    for out in 0..FOLDS {
        let (held, kept): (Vec<usize>, Vec<usize>) = (0..truth.len()).partition(|row| row % FOLDS == out);
        let labels: Vec<u32> = kept.iter().filter_map(|row| truth.get(*row)).copied().collect();
        let fitted = Achievable::fit(&rows.pick(&kept).view()?, &labels)?;
        let judged = rows.pick(&held);
        let table = fitted.apply(&judged.view()?)?;
        for (row, label) in held.iter().zip(table.view().labels()) {
            if let Some(place) = combined.get_mut(*row) {
                *place = label;
            }
        }
    }
    Ok(combined)
}
