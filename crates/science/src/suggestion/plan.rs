//! The measurement plan: how many cases, at which blind share, in how many weeks, until which statement can be made. Arithmetic
//! before any data: the true figures may ask for more.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::estimate::Estimate;
use crate::rehearsal::findings::PlanStep;
use crate::{interval, math, risk, special};

/// The chance of finding what is there, for which cases are counted.
pub const POWER: f64 = 0.8;
/// Blind share where a caller has no reason for another.
pub const BLIND_SHARE_DEFAULT: f64 = 0.1;
/// Level of every statement of a plan.
const LEVEL: f64 = 0.95;
/// A promise that a plan counts cases for: at most this error.
const PROMISE_ERROR: f64 = 0.02;

/// What comes in.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Inflow {
    /// Cases a week; `None` where no time is known.
    pub per_week: Option<f64>,
    /// Share of cases that people would answer first without the suggestion, in (0, 1].
    pub blind_share: f64,
    /// Possible answers.
    pub classes: usize,
}

/// Cases for a share known to plus or minus `half_width`, expected at `share` (.5 where nothing is known: the most).
///
/// # Errors
/// [`Error::Input`] where an argument is not between 0 and 1.
pub fn cases_for_share(half_width: f64, share: f64, level: f64) -> Result<u64> {
    interval::level_check(level)?;
    between("half_width", half_width)?;
    between("share", share)?;
    let z = special::z_two_sided(level);
    Ok((z * z * share * (1.0 - share) / (half_width * half_width)).ceil() as u64)
}

/// Cases *in each of two groups* for telling their shares apart with a chance of [`POWER`] (the usual normal formula, pooled variance
/// under no difference; Fleiss, Levin, Paik 2003, section 4.2).
///
/// # Errors
/// [`Error::Input`] where a share is not between 0 and 1; [`Error::CannotSay`] where both are equal.
pub fn cases_for_difference(first: f64, second: f64, level: f64) -> Result<u64> {
    interval::level_check(level)?;
    between("first", first)?;
    between("second", second)?;
    let gap = first - second;
    if gap == 0.0 {
        return Err(Error::cannot_say("no number of cases tells two equal shares apart"));
    }
    let pooled = 0.5 * (first + second);
    let alone = special::z_two_sided(level) * math::sqrt(2.0 * pooled * (1.0 - pooled));
    let power = special::normal_quantile(POWER) * math::sqrt(first * (1.0 - first) + second * (1.0 - second));
    Ok(((alone + power) * (alone + power) / (gap * gap)).ceil() as u64)
}

/// Cases with all answers known for showing that a pair gains `gain` in accuracy over one member, where they differ in being right on
/// the share `differing` of the cases (Connor, Biometrics 43, 1987; the sample size of McNemar's test), with a chance of [`POWER`].
///
/// # Errors
/// [`Error::Input`] where an argument is not between 0 and 1, or the gain is above the share that differs.
pub fn cases_for_gain(gain: f64, differing: f64, level: f64) -> Result<u64> {
    interval::level_check(level)?;
    between("gain", gain)?;
    between("differing", differing)?;
    if gain > differing {
        return Err(Error::input("gain", format!("a gain of {gain} cannot come from cases of a share of {differing}")));
    }
    let alone = special::z_two_sided(level) * math::sqrt(differing);
    let power = special::normal_quantile(POWER) * math::sqrt(differing - gain * gain);
    Ok(((alone + power) * (alone + power) / (gain * gain)).ceil() as u64)
}

/// The blind share with which `cases` blind cases come together within `weeks`, at most 1; `None` where even all cases would not do.
#[must_use]
pub fn blind_share_within(cases: u64, per_week: f64, weeks: f64) -> Option<f64> {
    let share = cases as f64 / (per_week * weeks);
    (share > 0.0 && share <= 1.0).then_some(share)
}

/// The plan for a queue with this override rate: statements in the order in which they become possible.
///
/// # Errors
/// [`Error::Input`] where the blind share is outside of (0, 1] or the inflow is not positive.
pub fn plan(rate: &Estimate, inflow: &Inflow) -> Result<Vec<PlanStep>> {
    let share = inflow.blind_share;
    if !(share > 0.0 && share <= 1.0) {
        return Err(Error::input("blind_share", format!("{share} is not between 0 and 1; a tenth is usual")));
    }
    if inflow.per_week.is_some_and(|v| !(v > 0.0 && v.is_finite())) {
        return Err(Error::input("per_week", "it must be a positive number of cases"));
    }
    // Before advice people differ from the AI at least as often as they override it; near 0 or 1 a plan would be all or nothing.
    let differ = rate.value.clamp(0.02, 0.5);
    let step = |statement: String, cases: u64| PlanStep {
        statement,
        blind_share: share,
        cases,
        weeks: inflow.per_week.map(|per_week| cases as f64 / (per_week * share)),
    };
    let of_disagreements = cases_for_share(0.1, 0.5, LEVEL)?;
    let halves = |cases: u64| (cases as f64 / (0.5 * differ)).ceil() as u64;
    let mut steps = vec![
        step(
            "How often people who have not seen the suggestion would answer the same, to 5 points".to_owned(),
            cases_for_share(0.05, 0.5, LEVEL)?,
        ),
        step(
            "Whether seeing the suggestion moves agreement with it by 10 points (the shown cases are many more, so the blind ones decide)"
                .to_owned(),
            cases_for_difference((1.0 - differ - 0.1).max(0.05), (1.0 - differ).max(0.15), LEVEL)?,
        ),
        step(
            "How accurate people and AI are alone, to 3 points each, with outcomes or adjudication of the blind cases".to_owned(),
            cases_for_share(0.03, 0.5, LEVEL)?,
        ),
        step(
            format!(
                "How often people follow a right suggestion and resist a wrong one, to 10 points each ({of_disagreements} cases of either kind, if half of the disagreements are the AI's errors)"
            ),
            halves(of_disagreements),
        ),
    ];
    let gain = (0.25 * differ).max(0.005);
    steps.push(step(
        format!("Whether the pair beats the better of the two, if it gains {:.1} points, with outcomes", 100.0 * gain),
        cases_for_gain(gain, differ.max(gain), LEVEL)?,
    ));
    for (true_error, under) in [(0.0, "if the audit finds no error"), (0.5 * PROMISE_ERROR, "if the true error is half of that")] {
        let cases = risk::labels_needed(PROMISE_ERROR, LEVEL, true_error)?;
        steps.push(step(
            format!("That a region may be automated at an error of at most {:.0} % with a certainty of {:.0} %, {under} (audited cases of that region)", 100.0 * PROMISE_ERROR, 100.0 * LEVEL),
            cases,
        ));
    }
    steps.sort_by_key(|s| s.cases);
    Ok(steps)
}

fn between(what: &'static str, value: f64) -> Result<()> {
    if value > 0.0 && value < 1.0 {
        return Ok(());
    }
    Err(Error::input(what, format!("{value} is not between 0 and 1")))
}
