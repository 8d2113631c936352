//! Weight of advice: how far numeric answers move towards it. Knows no truth.

use serde::{Deserialize, Serialize};

use crate::bootstrap::{self, Clusters, Columns, Options};
use crate::error::{Error, Result};
use crate::estimate::Estimate;

/// How far people move towards advice.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WeightOfAdvice {
    /// Mean of `(final - first) / (advice - first)`, each held within `[0, 1]` as is usual (a weight of 30 is an advice that hardly
    /// differed). 0: ignored; 1: taken over.
    pub mean: Estimate,
    /// Share of rows whose weight was outside of `[0, 1]`: moved away, or beyond the advice.
    pub outside: Estimate,
    /// Rows left out because the advice was the first answer, so that no weight exists.
    pub equal: u64,
}

/// The weight of advice (Harvey and Fischer, Organizational Behavior and Human Decision Processes 70, 1997) over rows of numeric
/// answers.
///
/// # Errors
/// [`Error::Input`] where lengths differ or a number is not finite; [`Error::CannotSay`] where the advice never differed, or there is
/// one cluster only.
pub fn weight_of_advice(
    initial: &[f64],
    advice: &[f64],
    last: &[f64],
    clusters: Clusters<'_>,
    options: &Options,
) -> Result<WeightOfAdvice> {
    let rows = initial.len();
    if advice.len() != rows || last.len() != rows {
        return Err(Error::input("advice", "first answers, advice and final answers must be of the same rows"));
    }
    if let Some(at) = (0..rows).find(|i| [initial, advice, last].iter().any(|v| !v.get(*i).is_some_and(|x| x.is_finite()))) {
        return Err(Error::input("advice", format!("row {at} holds a value that is not a finite number; leave such rows out")));
    }
    let columns = Columns::from_fn(rows, 3, |i, out| {
        let at = |values: &[f64]| values.get(i).copied().unwrap_or(0.0);
        let distance = at(advice) - at(initial);
        if distance != 0.0 {
            let weight = (at(last) - at(initial)) / distance;
            out.copy_from_slice(&[weight.clamp(0.0, 1.0), f64::from(!(0.0..=1.0).contains(&weight)), 1.0]);
        }
    });
    let equal = initial.iter().zip(advice).filter(|(a, b)| a == b).count();
    if equal == rows {
        return Err(Error::cannot_say("the advice never differed from the first answer, so its weight is undefined"));
    }
    let sums = bootstrap::draw(&columns, clusters, options.draws, options.seed)?;
    Ok(WeightOfAdvice { mean: sums.ratio(0, 2, options.level)?, outside: sums.share(1, 2, options.level)?, equal: equal as u64 })
}
