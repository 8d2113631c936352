//! What another policy would have come to, from rows that were decided by today's. Never says anything of what today's policy
//! never does: that share is stated, and beyond a limit there is no figure.
//!
//! Where every arm's outcome is known for every row, [`replay`] reads it off. Else rows are weighted by how much oftener the
//! other policy would have taken the arm that was taken ([`ipw`], [`self_normalised`]: Horvitz and Thompson 1952, Hajek 1971), or
//! a prediction for every arm is corrected by the weighted residuals ([`doubly_robust`]: Robins, Rotnitzky and Zhao 1994;
//! Dudik, Langford and Li, ICML 2011), which is right where either the weights or the predictions are.

use serde::{Deserialize, Serialize};

use crate::{
    Error, Estimate,
    error::Result,
    interval::{level_check, mean_t},
    math, special,
};

/// Fewer effective rows than this carry no interval.
pub const EFFECTIVE_ROWS_MIN: f64 = 10.0;
/// The largest share of a policy on arms that today's does not support.
pub const UNSUPPORTED_MAX: f64 = 0.1;
/// How far the probabilities of a row may sum from 1.
const SUM_TOLERANCE: f64 = 1e-6;

/// Rows that were decided by today's policy. Matrices are row-major, a row of `arms` values per row.
#[derive(Debug, Clone, Copy)]
pub struct Logged<'a> {
    /// Arms.
    pub arms: usize,
    /// The arm taken, by row.
    pub taken: &'a [u32],
    /// Today's probability of every arm: they sum to 1, and that of the arm taken is not 0.
    pub propensities: &'a [f64],
    /// What came of the arm taken, by row.
    pub outcome: &'a [f64],
    /// The lowest propensity that supports an arm; a lower one of the arm taken is raised to it, at the price of a bias.
    pub floor: f64,
}

/// The value of a policy: its mean outcome.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Value {
    /// The mean outcome with its interval (rows independent).
    pub estimate: Estimate,
    /// The rows that an even weighting would have needed for the same precision (Kish).
    pub effective_rows: f64,
    /// Share of the policy on arms with a propensity below the floor: of these the figure knows nothing.
    pub unsupported: f64,
    /// Share of the rows whose propensity was raised to the floor.
    pub raised: f64,
}

/// The value where every arm's outcome is known: the mean over rows and over the policy.
///
/// # Errors
/// Shapes that differ, a policy that is no probability, an outcome that is no number, fewer than 2 rows.
pub fn replay(arms: usize, outcomes: &[f64], policy: &[f64], level: f64) -> Result<Value> {
    level_check(level)?;
    check_policy("policy", arms, policy)?;
    if outcomes.len() != policy.len() {
        return Err(Error::input("outcomes", format!("{} outcomes, but {} probabilities of the policy", outcomes.len(), policy.len())));
    }
    check_finite("outcomes", outcomes)?;
    let contributions: Vec<f64> = rows(arms, outcomes).zip(rows(arms, policy)).map(|(outcome, policy)| dot(outcome, policy)).collect();
    let rows = contributions.len() as f64;
    Ok(Value { estimate: mean_t(&contributions, level)?, effective_rows: rows, unsupported: 0.0, raised: 0.0 })
}

/// The value by inverse propensity weights: unbiased, and of high variance. `policy` are the other policy's probabilities.
///
/// # Errors
/// As [`replay`]; propensities that are no probabilities; a policy too much of which is unsupported; too few effective rows.
pub fn ipw(logged: &Logged<'_>, policy: &[f64], level: f64) -> Result<Value> {
    let weighted = weights(logged, policy, level)?;
    let contributions: Vec<f64> = weighted.weights.iter().zip(logged.outcome).map(|(w, y)| w * y).collect();
    Ok(weighted.value(mean_t(&contributions, level)?))
}

/// The value by inverse propensity weights that are divided by their sum: a little biased, of lower variance, and never outside
/// the outcomes. Its interval is that of the linearised ratio.
///
/// # Errors
/// As [`ipw`].
pub fn self_normalised(logged: &Logged<'_>, policy: &[f64], level: f64) -> Result<Value> {
    let weighted = weights(logged, policy, level)?;
    let total = math::sum(weighted.weights.iter().copied());
    let pairs = || weighted.weights.iter().zip(logged.outcome);
    let value = math::sum(pairs().map(|(w, y)| w * y)) / total;
    let deviation = math::sqrt(math::sum(pairs().map(|(w, y)| w * w * (y - value) * (y - value)))) / total;
    let half = special::z_two_sided(level) * deviation;
    let n = weighted.weights.len() as u64;
    Ok(weighted.value(Estimate { value, low: value - half, high: value + half, n }))
}

/// The value by predictions of every arm's outcome, corrected by the weighted residuals. The predictions must come from other
/// rows (cross-fitted).
///
/// # Errors
/// As [`ipw`]; predictions of another shape.
pub fn doubly_robust(logged: &Logged<'_>, policy: &[f64], predictions: &[f64], level: f64) -> Result<Value> {
    let weighted = weights(logged, policy, level)?;
    if predictions.len() != policy.len() {
        return Err(Error::input(
            "predictions",
            format!("{} predictions, but {} probabilities of the policy", predictions.len(), policy.len()),
        ));
    }
    check_finite("predictions", predictions)?;
    let arms = logged.arms;
    let contributions: Vec<f64> = rows(arms, predictions)
        .zip(rows(arms, policy))
        .zip(logged.taken.iter().zip(logged.outcome))
        .zip(&weighted.weights)
        .map(|(((predicted, policy), (taken, outcome)), weight)| {
            dot(predicted, policy) + weight * (outcome - predicted.get(*taken as usize).copied().unwrap_or(0.0))
        })
        .collect();
    Ok(weighted.value(mean_t(&contributions, level)?))
}

struct Weighted {
    weights: Vec<f64>,
    effective_rows: f64,
    unsupported: f64,
    raised: f64,
}

impl Weighted {
    fn value(&self, estimate: Estimate) -> Value {
        let Self { effective_rows, unsupported, raised, .. } = *self;
        Value { estimate, effective_rows, unsupported, raised }
    }
}

/// Checks everything and weighs the rows.
fn weights(logged: &Logged<'_>, policy: &[f64], level: f64) -> Result<Weighted> {
    let Logged { arms, taken, propensities, outcome, floor } = *logged;
    level_check(level)?;
    check_policy("policy", arms, policy)?;
    check_policy("propensities", arms, propensities)?;
    check_finite("outcome", outcome)?;
    if taken.len() != outcome.len() || propensities.len() != policy.len() || policy.len() != taken.len() * arms {
        return Err(Error::input("logged", "arm taken, outcome, propensities and policy are not of the same rows"));
    }
    if !(floor > 0.0 && floor < 1.0) {
        return Err(Error::input("floor", format!("a floor lies between 0 and 1, and this is {floor}")));
    }
    let (mut unsupported, mut raised) = (0.0, 0u64);
    let mut weights = Vec::with_capacity(taken.len());
    for (at, ((taken, policy), propensities)) in taken.iter().zip(rows(arms, policy)).zip(rows(arms, propensities)).enumerate() {
        let arm = *taken as usize;
        let (Some(wanted), Some(chance)) = (policy.get(arm), propensities.get(arm)) else {
            return Err(Error::input("taken", format!("row {at} took arm {taken} of {arms}")));
        };
        if *chance <= 0.0 {
            return Err(Error::input("propensities", format!("row {at} took an arm that it could not have taken")));
        }
        unsupported += policy.iter().zip(propensities).filter(|(_, chance)| **chance < floor).map(|(wanted, _)| wanted).sum::<f64>();
        raised += u64::from(*chance < floor);
        weights.push(wanted / chance.max(floor));
    }
    let n = weights.len() as f64;
    unsupported = if n > 0.0 { unsupported / n } else { 0.0 };
    if unsupported > UNSUPPORTED_MAX {
        return Err(Error::cannot_say(format!(
            "{:.0} % of this policy is on arms that were hardly ever tried, so its value cannot be known from these rows.",
            100.0 * unsupported
        )));
    }
    let (total, squares) = (math::sum(weights.iter().copied()), math::sum(weights.iter().map(|w| w * w)));
    let effective_rows = if squares > 0.0 { total * total / squares } else { 0.0 };
    if effective_rows < EFFECTIVE_ROWS_MIN {
        return Err(Error::cannot_say(format!(
            "These {n} rows are worth {effective_rows:.1} for this policy; {EFFECTIVE_ROWS_MIN} are the least that carry an interval."
        )));
    }
    Ok(Weighted { weights, effective_rows, unsupported, raised: raised as f64 / n })
}

fn rows(arms: usize, matrix: &[f64]) -> std::slice::ChunksExact<'_, f64> {
    matrix.chunks_exact(arms.max(1))
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn check_finite(what: &'static str, values: &[f64]) -> Result<()> {
    match values.iter().position(|value| !value.is_finite()) {
        Some(at) => Err(Error::input(what, format!("value {at} is no number"))),
        None => Ok(()),
    }
}

fn check_policy(what: &'static str, arms: usize, matrix: &[f64]) -> Result<()> {
    if arms == 0 || !matrix.len().is_multiple_of(arms) {
        return Err(Error::input(what, format!("{} values are no rows of {arms} arms", matrix.len())));
    }
    let sound = |row: &[f64]| row.iter().all(|p| (0.0..=1.0).contains(p)) && (row.iter().sum::<f64>() - 1.0).abs() <= SUM_TOLERANCE;
    match rows(arms, matrix).position(|row| !sound(row)) {
        Some(at) => Err(Error::input(what, format!("row {at} holds no probabilities that sum to 1"))),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests;
