//! Intervals for means, proportions and their differences, from rows that are independent. Clustered rows belong to
//! [`crate::bootstrap`]: these formulas would be too narrow for them.
//!
//! `level` is the stated coverage, in (0, 1), two-sided: .95 leaves .025 on either side.

use crate::error::{Error, Result};
use crate::estimate::Estimate;
use crate::{math, special};

#[cfg(test)]
mod tests;

/// The level where a caller has no reason for another.
pub const LEVEL_DEFAULT: f64 = 0.95;

/// The share `successes / n` with Wilson's score interval (JASA 22, 1927): close to its stated coverage from the smallest n on,
/// and never outside of `[0, 1]`.
///
/// # Errors
/// [`Error::CannotSay`] where `n` is 0, [`Error::Input`] where `successes > n` or `level` is outside of (0, 1).
pub fn wilson(successes: u64, n: u64, level: f64) -> Result<Estimate> {
    counts_check(successes, n)?;
    wilson_share(successes as f64 / n as f64, n as f64, n, level)
}

/// Wilson's interval around a share that stands on an *effective* number of rows (Kish: the rows that an equally precise
/// independent sample would have). `n` is what the estimate then says of itself.
///
/// # Errors
/// [`Error::Input`] where `share` is outside of `[0, 1]`, `n_effective` is not positive, or `level` is outside of (0, 1).
pub fn wilson_share(share: f64, n_effective: f64, n: u64, level: f64) -> Result<Estimate> {
    level_check(level)?;
    if !(0.0..=1.0).contains(&share) {
        return Err(Error::input("share", format!("{share} is not between 0 and 1")));
    }
    if !(n_effective > 0.0 && n_effective.is_finite()) {
        return Err(Error::input("n_effective", format!("{n_effective} is no positive number of rows")));
    }
    let z = special::z_two_sided(level);
    let shrink = z * z / n_effective;
    let centre = (share + 0.5 * shrink) / (1.0 + shrink);
    let half = z / (1.0 + shrink) * math::sqrt(share * (1.0 - share) / n_effective + 0.25 * shrink / n_effective);
    // The ends are exact where the share is: rounding must not say that nothing of nothing is a little.
    let low = if share == 0.0 { 0.0 } else { (centre - half).max(0.0) };
    let high = if share == 1.0 { 1.0 } else { (centre + half).min(1.0) };
    Ok(Estimate { value: share, low, high, n })
}

/// The share `successes / n` with the exact interval of Clopper and Pearson (Biometrika 26, 1934): covers at least its level,
/// always; wider than [`wilson`].
///
/// # Errors
/// As [`wilson`].
pub fn clopper_pearson(successes: u64, n: u64, level: f64) -> Result<Estimate> {
    level_check(level)?;
    counts_check(successes, n)?;
    let tail = 0.5 * (1.0 - level);
    let low = clopper_pearson_low(successes, n, tail)?;
    let high = clopper_pearson_high(successes, n, tail)?;
    Ok(Estimate { value: successes as f64 / n as f64, low, high, n })
}

/// The exact one-sided upper limit: with probability at least `1 - delta` the true share is at most this.
///
/// # Errors
/// As [`wilson`], for `delta` in (0, 1).
pub fn clopper_pearson_high(successes: u64, n: u64, delta: f64) -> Result<f64> {
    delta_check(delta)?;
    counts_check(successes, n)?;
    if successes == n {
        return Ok(1.0);
    }
    Ok(special::beta_quantile_upper(delta, successes as f64 + 1.0, (n - successes) as f64))
}

/// The exact one-sided lower limit: with probability at least `1 - delta` the true share is at least this.
///
/// # Errors
/// As [`wilson`], for `delta` in (0, 1).
pub fn clopper_pearson_low(successes: u64, n: u64, delta: f64) -> Result<f64> {
    delta_check(delta)?;
    counts_check(successes, n)?;
    if successes == 0 {
        return Ok(0.0);
    }
    Ok(special::beta_quantile(delta, successes as f64, (n - successes) as f64 + 1.0))
}

/// The mean with Student's t interval.
///
/// # Errors
/// [`Error::CannotSay`] of fewer than two values, [`Error::Input`] of a value that is not finite or a `level` outside of (0, 1).
pub fn mean_t(values: &[f64], level: f64) -> Result<Estimate> {
    level_check(level)?;
    let (mean, error) = mean_and_error(values)?;
    let half = -special::student_t_quantile(0.5 * (1.0 - level), (values.len() - 1) as f64) * error;
    Ok(Estimate { value: mean, low: mean - half, high: mean + half, n: values.len() as u64 })
}

/// The mean with a normal interval, for many values.
///
/// # Errors
/// As [`mean_t`].
pub fn mean_normal(values: &[f64], level: f64) -> Result<Estimate> {
    level_check(level)?;
    let (mean, error) = mean_and_error(values)?;
    let half = special::z_two_sided(level) * error;
    Ok(Estimate { value: mean, low: mean - half, high: mean + half, n: values.len() as u64 })
}

/// The difference of two independent shares, first minus second, by Newcombe's hybrid of two Wilson intervals (method 10,
/// Statistics in Medicine 17, 1998). `n` is the sum of both.
///
/// # Errors
/// As [`wilson`], for either sample.
pub fn difference(first: (u64, u64), second: (u64, u64), level: f64) -> Result<Estimate> {
    let a = wilson(first.0, first.1, level)?;
    let b = wilson(second.0, second.1, level)?;
    Ok(difference_of(&a, &b))
}

/// The difference of two independent estimates, first minus second, from their own intervals (Zou and Donner's MOVER, Statistics
/// in Medicine 27, 2008; of two Wilson intervals it is Newcombe's).
#[must_use]
pub fn difference_of(a: &Estimate, b: &Estimate) -> Estimate {
    let value = a.value - b.value;
    let below = math::sqrt((a.value - a.low) * (a.value - a.low) + (b.high - b.value) * (b.high - b.value));
    let above = math::sqrt((a.high - a.value) * (a.high - a.value) + (b.value - b.low) * (b.value - b.low));
    Estimate { value, low: value - below, high: value + above, n: a.n + b.n }
}

/// Hoeffding's interval for the mean of `n` independent values within `[0, 1]` (JASA 58, 1963): holds for every distribution
/// and every n.
///
/// # Errors
/// [`Error::CannotSay`] where `n` is 0, [`Error::Input`] where `mean` is outside of `[0, 1]` or `level` outside of (0, 1).
pub fn hoeffding(mean: f64, n: u64, level: f64) -> Result<Estimate> {
    level_check(level)?;
    bounded_check(mean, n)?;
    let half = math::sqrt(-math::ln(0.5 * (1.0 - level)) / (2.0 * n as f64));
    Ok(Estimate { value: mean, low: (mean - half).max(0.0), high: (mean + half).min(1.0), n })
}

/// The empirical Bernstein interval for the mean of independent values within `[0, 1]` (Maurer and Pontil, COLT 2009, theorem 4):
/// holds for every distribution, and is far narrower than [`hoeffding`] where the values vary little.
///
/// # Errors
/// [`Error::CannotSay`] of fewer than two values, [`Error::Input`] where one is outside of `[0, 1]` or `level` outside of (0, 1).
pub fn empirical_bernstein(values: &[f64], level: f64) -> Result<Estimate> {
    level_check(level)?;
    if let Some(at) = values.iter().position(|v| !(0.0..=1.0).contains(v)) {
        return Err(Error::input("values", format!("the value at position {at} is not between 0 and 1; scale the values first")));
    }
    let (mean, error) = mean_and_error(values)?;
    let n = values.len() as f64;
    // Half of what is left over goes to either side, and each side's bound spends it on mean and variance together.
    let ln_term = math::ln(4.0 / (1.0 - level));
    let half = math::sqrt(2.0 * error * error * ln_term) + 7.0 * ln_term / (3.0 * (n - 1.0));
    Ok(Estimate { value: mean, low: (mean - half).max(0.0), high: (mean + half).min(1.0), n: values.len() as u64 })
}

/// Refuses a level that is no probability strictly between 0 and 1.
///
/// # Errors
/// [`Error::Input`] with what to write instead.
pub fn level_check(level: f64) -> Result<()> {
    if level > 0.0 && level < 1.0 {
        return Ok(());
    }
    Err(Error::input("level", format!("{level} is not between 0 and 1; write .95 for 95 %")))
}

fn delta_check(delta: f64) -> Result<()> {
    if delta > 0.0 && delta < 1.0 {
        return Ok(());
    }
    Err(Error::input("delta", format!("{delta} is not between 0 and 1; write .05 for a certainty of 95 %")))
}

fn counts_check(successes: u64, n: u64) -> Result<()> {
    if n == 0 {
        return Err(Error::cannot_say("there are no rows, so a share of them is undefined"));
    }
    if successes > n {
        return Err(Error::input("successes", format!("{successes} is more than the {n} rows")));
    }
    Ok(())
}

fn bounded_check(mean: f64, n: u64) -> Result<()> {
    if n == 0 {
        return Err(Error::cannot_say("there are no values, so their mean is undefined"));
    }
    if !(0.0..=1.0).contains(&mean) {
        return Err(Error::input("mean", format!("{mean} is not between 0 and 1; scale the values first")));
    }
    Ok(())
}

/// Mean and its standard error (with n - 1).
fn mean_and_error(values: &[f64]) -> Result<(f64, f64)> {
    if let Some(at) = values.iter().position(|v| !v.is_finite()) {
        return Err(Error::input("values", format!("the value at position {at} is not a finite number; leave such rows out")));
    }
    if values.len() < 2 {
        return Err(Error::cannot_say(format!(
            "{} value(s) have no spread, and an interval needs one; at least two are needed",
            values.len()
        )));
    }
    let n = values.len() as f64;
    let mean = math::sum(values.iter().copied()) / n;
    let squares = math::sum(values.iter().map(|v| (v - mean) * (v - mean)));
    Ok((mean, math::sqrt(squares / (n - 1.0) / n)))
}
