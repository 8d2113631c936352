//! Random assignment among arms: what an arm does to an outcome, with intervals that hold at every look. Never asks who followed the
//! assignment: arms are compared as assigned (intention to treat).
//!
//! Every row carries the chance with which it got its arm. A row's contribution to a difference is the doubly robust one,
//! with the arms' means *so far* as the model, so that the contributions are unbiased whatever came before. Two kinds of
//! interval are kept for them: an asymptotic confidence sequence (Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas, Annals of
//! Statistics 52, 2024), narrow, for any outcome; and an empirical-Bernstein one (Waudby-Smith and Ramdas, JRSS B 86, 2024),
//! wide, for outcomes of a known range, without any approximation.

use serde::{Deserialize, Serialize};

use crate::{Error, Estimate, error::Result, fitted::Versioned, math};

/// Arms at most.
pub const ARMS_MAX: u32 = 64;
/// The lowest propensity that is accepted: below it, one row would stand for a thousand.
pub const PROPENSITY_FLOOR_MIN: f64 = 0.001;
/// Rows of an arm from which on the asymptotic interval is given.
pub const ARM_ROWS_MIN: u64 = 20;

/// How an experiment is set up.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Design {
    /// Arms, 2 to [`ARMS_MAX`]; rows name them from 0.
    pub arms: u32,
    /// The arm that the others are compared with.
    pub baseline: u32,
    /// Coverage of all comparisons together, in (0, 1), at all times at once.
    pub level: f64,
    /// The lowest propensity that any row has, in [[`PROPENSITY_FLOOR_MIN`], 1).
    pub floor: f64,
    /// The number of rows at which the asymptotic interval should be narrowest, relative to others.
    pub tuned_rows: u64,
    /// The range of the outcome, where it has one; without it there is no exact interval.
    pub range: Option<(f64, f64)>,
}

/// One row.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// The arm that it was assigned to by chance.
    pub assigned: u32,
    /// The arm that it got in the end, where that is known: a person skipped, a rule forbade.
    pub received: Option<u32>,
    /// The chance with which it was assigned to that arm.
    pub propensity: f64,
    /// What came of it.
    pub outcome: f64,
}

/// Which interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Interval {
    /// Narrow; holds when there are many rows.
    Asymptotic,
    /// Holds for any number of rows; needs a range.
    Exact,
}

/// An experiment under way: streaming, serialisable.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Experiment {
    design: Design,
    arms: Vec<Arm>,
    known: u64,
    followed: u64,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Arm {
    rows: u64,
    #[serde(with = "crate::fitted::bits")]
    weight: f64,
    #[serde(with = "crate::fitted::bits")]
    weight_squares: f64,
    #[serde(with = "crate::fitted::bits")]
    weighted_outcome: f64,
    difference: Sequence,
    level: Sequence,
}

impl Arm {
    /// The mean outcome by normalised inverse weights.
    fn mean(&self) -> Option<f64> {
        (self.weight > 0.0).then(|| self.weighted_outcome / self.weight)
    }
}

impl Versioned for Experiment {
    const KIND: &'static str = "experiment";
    const VERSION: u32 = 2;
}

impl Experiment {
    /// Before the first row.
    ///
    /// # Errors
    /// A design out of range.
    pub fn new(design: Design) -> Result<Self> {
        let Design { arms, baseline, level, floor, range, .. } = design;
        if !(2..=ARMS_MAX).contains(&arms) || baseline >= arms {
            return Err(Error::input("arms", format!("an experiment has 2 to {ARMS_MAX} arms, one of which is the baseline")));
        }
        if !(level > 0.0 && level < 1.0) {
            return Err(Error::input("level", format!("a coverage lies between 0 and 1, and this is {level}")));
        }
        if !(PROPENSITY_FLOOR_MIN..1.0).contains(&floor) {
            return Err(Error::input(
                "floor",
                format!("propensities of at least {PROPENSITY_FLOOR_MIN} and below 1 are needed, and the floor is {floor}"),
            ));
        }
        if range.is_some_and(|(low, high)| !(low < high && low.is_finite() && high.is_finite())) {
            return Err(Error::input("range", "the lower end of a range is below its upper end, and both are numbers"));
        }
        Ok(Self { design, arms: vec![Arm::default(); arms as usize], known: 0, followed: 0 })
    }

    /// One row, in the order of assignment.
    ///
    /// # Errors
    /// An arm that there is not, a propensity below the floor or above 1, an outcome that is no number or out of range. The
    /// experiment is then as it was.
    pub fn observe(&mut self, row: Row) -> Result<()> {
        let Design { arms, baseline, floor, range, .. } = self.design;
        if row.assigned >= arms || row.received.is_some_and(|arm| arm >= arms) {
            return Err(Error::input("assigned", format!("there are {arms} arms, and this is arm {}", row.assigned)));
        }
        if !(row.propensity >= floor && row.propensity <= 1.0) {
            return Err(Error::input("propensity", format!("between the floor {floor} and 1, and this is {}", row.propensity)));
        }
        let (low, high) = range.unwrap_or((f64::MIN, f64::MAX));
        if !(row.outcome >= low && row.outcome <= high) {
            return Err(Error::input("outcome", format!("{} is no number, or out of the range that was stated", row.outcome)));
        }
        let weight = 1.0 / row.propensity;
        // Before its first row an arm is taken to be like all others.
        let (weights, outcomes) = self.arms.iter().fold((0.0, 0.0), |(w, y), arm| (w + arm.weight, y + arm.weighted_outcome));
        let pooled = if weights > 0.0 { outcomes / weights } else { 0.0 };
        let means: Vec<f64> = self.arms.iter().map(|arm| arm.mean().unwrap_or(pooled)).collect();
        let mean_of = |arm: u32| means.get(arm as usize).copied().unwrap_or(0.0);
        let base = mean_of(baseline);
        // Contributions lie within the width of the range over the floor, to either side.
        let span = range.map(|(low, high)| (high - low) / floor);
        let log_limit = math::ln(2.0 / self.alpha_each());
        for (index, arm) in (0u32..).zip(&mut self.arms) {
            let mean = mean_of(index);
            let residual = match row.assigned {
                assigned if assigned == index => weight * (row.outcome - mean),
                assigned if assigned == baseline => -weight * (row.outcome - base),
                _ => 0.0,
            };
            let own = if row.assigned == index { weight * (row.outcome - mean) } else { 0.0 };
            arm.level.observe(mean + own, None, log_limit);
            if index != baseline {
                arm.difference.observe(mean - base + residual, span, log_limit);
            }
        }
        if let Some(arm) = self.arms.get_mut(row.assigned as usize) {
            arm.rows += 1;
            arm.weight += weight;
            arm.weight_squares += weight * weight;
            arm.weighted_outcome += weight * row.outcome;
        }
        self.known += u64::from(row.received.is_some());
        self.followed += u64::from(row.received == Some(row.assigned));
        Ok(())
    }

    /// What a comparison may miss: the level shared among all of them.
    fn alpha_each(&self) -> f64 {
        (1.0 - self.design.level) / f64::from(self.design.arms - 1)
    }

    /// The mean outcome of an arm less that of the baseline, as assigned. Its interval, with those of all other arms, covers at
    /// the stated level at all looks at once. Value and interval lie within what the range of the outcome allows; `n` counts the rows of
    /// the two arms that are compared.
    ///
    /// # Errors
    /// The baseline itself or no arm; too few rows; no range for the exact interval.
    pub fn difference(&self, arm: u32, interval: Interval) -> Result<Estimate> {
        let (Some(this), Some(base)) = (self.arms.get(arm as usize), self.arms.get(self.design.baseline as usize)) else {
            return Err(Error::input("arm", format!("there are {} arms, and this is arm {arm}", self.design.arms)));
        };
        if arm == self.design.baseline {
            return Err(Error::input("arm", "the baseline is not compared with itself"));
        }
        let fewest = this.rows.min(base.rows);
        let width = self.design.range.map(|(low, high)| high - low);
        let told = |found: Estimate| Estimate { n: this.rows + base.rows, ..within(found, width.map(|width| (-width, width))) };
        match interval {
            Interval::Asymptotic if fewest < ARM_ROWS_MIN => Err(Error::cannot_say(format!(
                "One of the arms has {fewest} rows so far; from {ARM_ROWS_MIN} on a difference can be stated."
            ))),
            Interval::Asymptotic => Ok(told(this.difference.asymptotic(self.alpha_each(), self.design.tuned_rows))),
            Interval::Exact => match width {
                Some(width) if fewest > 0 => Ok(told(this.difference.exact(width / self.design.floor, math::ln(2.0 / self.alpha_each())))),
                Some(_) => Err(Error::cannot_say("One of the arms has no rows so far.")),
                None => Err(Error::cannot_say("Without a range of the outcome there is no exact interval.")),
            },
        }
    }

    /// The mean outcome of an arm, as assigned. Its interval covers at the stated level at all looks at once, for this arm alone.
    /// Value and interval lie within the range of the outcome.
    ///
    /// # Errors
    /// No arm; too few rows.
    pub fn level(&self, arm: u32) -> Result<Estimate> {
        let known = self.arms.get(arm as usize);
        let this = known.ok_or_else(|| Error::input("arm", format!("there are {} arms, and this is arm {arm}", self.design.arms)))?;
        if this.rows < ARM_ROWS_MIN {
            return Err(Error::cannot_say(format!(
                "The arm has {} rows so far; from {ARM_ROWS_MIN} on its mean can be stated.",
                this.rows
            )));
        }
        let found = this.level.asymptotic(1.0 - self.design.level, self.design.tuned_rows);
        Ok(Estimate { n: this.rows, ..within(found, self.design.range) })
    }

    /// Rows of an arm, their mean outcome by normalised inverse weights, and their effective number (Kish): the rows that an even
    /// assignment would have needed for the same precision. `None` where there is no row.
    #[must_use]
    pub fn arm(&self, arm: u32) -> Option<ArmSummary> {
        let arm = self.arms.get(arm as usize).filter(|arm| arm.rows > 0)?;
        Some(ArmSummary { rows: arm.rows, mean: arm.mean()?, effective_rows: arm.weight * arm.weight / arm.weight_squares })
    }

    /// Rows so far.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.arms.iter().map(|arm| arm.rows).sum()
    }

    /// The share of the rows that got the arm they were assigned to, among those where that is known.
    #[must_use]
    pub fn followed_share(&self) -> Option<f64> {
        (self.known > 0).then(|| self.followed as f64 / self.known as f64)
    }
}

/// What is known beforehand of a figure: weighted contributions are unbiased, and their mean may leave the range for all that. Whatever
/// an interval covers lies in the range, so that it covers as often without what lies outside of it.
fn within(found: Estimate, range: Option<(f64, f64)>) -> Estimate {
    let Some((low, high)) = range else { return found };
    let to = |value: f64| value.clamp(low, high);
    Estimate { value: to(found.value), low: to(found.low), high: to(found.high), n: found.n }
}

/// What an arm came to.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ArmSummary {
    /// Rows assigned to it.
    pub rows: u64,
    /// Mean outcome, by normalised inverse weights.
    pub mean: f64,
    /// Effective number of rows.
    pub effective_rows: f64,
}

/// The running mean of contributions, with what either interval needs.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Sequence {
    n: u64,
    #[serde(with = "crate::fitted::bits")]
    mean: f64,
    #[serde(with = "crate::fitted::bits")]
    squares: f64,
    #[serde(with = "crate::fitted::bits")]
    stakes: f64,
    #[serde(with = "crate::fitted::bits")]
    staked: f64,
    #[serde(with = "crate::fitted::bits")]
    paid: f64,
}

/// The largest stake of the empirical-Bernstein sequence.
const STAKE_MAX: f64 = 0.5;

impl Sequence {
    /// One contribution, within `span` to either side of 0 where that is known.
    fn observe(&mut self, value: f64, span: Option<f64>, log_limit: f64) {
        if let Some(span) = span {
            // Everything on the unit interval, with one imaginary contribution in its middle (variance 1/4).
            let unit = |value: f64| 0.5 + 0.5 * value / span;
            let t = self.n as f64 + 1.0;
            let mean = (0.5 + self.n as f64 * unit(self.mean)) / t;
            let variance = (0.25 + 0.25 * self.squares / (span * span)) / t;
            let stake = math::sqrt(2.0 * log_limit / (variance * t * math::ln_1p(t))).min(STAKE_MAX);
            let off = unit(value) - mean;
            self.stakes += stake;
            self.staked += stake * unit(value);
            self.paid += off * off * (-math::ln_1p(-stake) - stake);
        }
        self.n += 1;
        let off = value - self.mean;
        self.mean += off / self.n as f64;
        self.squares += off * (value - self.mean);
    }

    fn asymptotic(&self, alpha: f64, tuned_rows: u64) -> Estimate {
        let n = self.n as f64;
        let log_alpha = -2.0 * math::ln(alpha);
        let rho = (log_alpha + math::ln_1p(log_alpha)) / tuned_rows.max(1) as f64;
        let variance = self.squares / n;
        let half = math::sqrt(variance * 2.0 * (n * rho + 1.0) / (n * n * rho) * math::ln(math::sqrt(n * rho + 1.0) / alpha));
        Estimate { value: self.mean, low: self.mean - half, high: self.mean + half, n: self.n }
    }

    fn exact(&self, span: f64, log_limit: f64) -> Estimate {
        let value = |unit: f64| (2.0 * unit - 1.0) * span;
        let (centre, half) = (self.staked / self.stakes, (log_limit + self.paid) / self.stakes);
        Estimate { value: value(centre), low: value((centre - half).max(0.0)), high: value((centre + half).min(1.0)), n: self.n }
    }
}

#[cfg(test)]
mod tests;
