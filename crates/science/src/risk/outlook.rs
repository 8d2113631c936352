//! What a promise costs, said before it is switched on: labels, days, and how long a break stays unnoticed. Never a
//! statement about data: only arithmetic of the binomial distribution and of simulated histories.

use serde::{Deserialize, Serialize};

use crate::{Error, error::Result, monitor, special};

/// The chance of success with the stated number of labels, where the true error is not zero.
pub const POWER: f64 = 0.8;
/// Labels beyond which a promise counts as out of reach.
pub const LABELS_MAX: u64 = 10_000_000;

/// The labelled cases at which a promise of at most `alpha` at this `certainty` will be earned with a chance of [`POWER`] if the
/// true error is `true_error`; with 0 the smallest number that can earn it at all. 149 for 2 % at 95 %, 230 for 1 % at 90 %.
///
/// # Errors
/// Rates out of range; a true error so near to alpha (or above) that [`LABELS_MAX`] do not suffice.
pub fn labels_needed(alpha: f64, certainty: f64, true_error: f64) -> Result<u64> {
    super::Promise { alpha, delta: 1.0 - certainty }.check()?;
    if !(0.0..1.0).contains(&true_error) {
        return Err(Error::input("true_error", format!("an error rate lies between 0 and 1, and this is {true_error}")));
    }
    let delta = 1.0 - certainty;
    let enough = |n: u64| most_errors(n, alpha, delta).is_some_and(|most| special::binomial_cdf(most, n, true_error) >= POWER);
    let out_of_reach = || {
        let (alpha, error) = (100.0 * alpha, 100.0 * true_error);
        Error::cannot_say(format!(
            "A true error of {error:.2} % is too near to the promised {alpha:.2} %: more than {LABELS_MAX} labels would be needed."
        ))
    };
    if true_error >= alpha {
        return Err(out_of_reach());
    }
    let mut high = 1u64;
    while !enough(high) {
        high *= 2;
        if high > LABELS_MAX {
            return Err(out_of_reach());
        }
    }
    let (mut low, mut high) = (high / 2, high);
    while high - low > 1 {
        let middle = u64::midpoint(low, high);
        if enough(middle) {
            high = middle;
        } else {
            low = middle;
        }
    }
    // The chance rises in saw teeth: walk back to the first tooth that is long enough.
    let back = high / SAW_SHARE + 1;
    Ok((high.saturating_sub(back).max(1)..high).find(|n| enough(*n)).unwrap_or(high))
}

/// Saw teeth are looked for within this fraction before the number that bisection finds.
const SAW_SHARE: u64 = 10;

/// The most errors among `n` cases with which "the rate is above alpha" is still refuted at `delta`.
fn most_errors(n: u64, alpha: f64, delta: f64) -> Option<u64> {
    if special::binomial_cdf(0, n, alpha) > delta {
        return None;
    }
    let (mut low, mut high) = (0u64, n);
    while high - low > 1 {
        let middle = u64::midpoint(low, high);
        if special::binomial_cdf(middle, n, alpha) <= delta {
            low = middle;
        } else {
            high = middle;
        }
    }
    Some(low)
}

/// How much comes in at a queue.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Volume {
    /// Cases a day that the promise would be about.
    pub cases_per_day: f64,
    /// Share of them that get an independent label before there is automation (blind shares, matured outcomes).
    pub label_share: f64,
    /// Share of the automated ones that are audited.
    pub audit_share: f64,
}

/// What a promise will cost.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Outlook {
    /// Labels to earn it.
    pub labels: u64,
    /// Days until then.
    pub days_to_earn: f64,
    /// Audits until a break (from the true error to twice alpha) is noticed.
    pub break_unnoticed: monitor::Delay,
    /// Days until a break is noticed, in the mean.
    pub days_to_notice: f64,
    /// Cases automated at the higher error until then, in the mean.
    pub cases_at_risk: f64,
}

/// What a promise will cost at this volume, if the true error is `true_error`; a break is looked for after `days_well` good days.
///
/// # Errors
/// Rates out of range, a volume of nothing, a promise that cannot be earned.
pub fn outlook(
    promise: super::Promise,
    true_error: f64,
    volume: Volume,
    terms: monitor::Terms,
    days_well: f64,
    seed: u64,
) -> Result<Outlook> {
    let daily = [volume.cases_per_day, volume.cases_per_day * volume.label_share, volume.cases_per_day * volume.audit_share];
    let shares = [volume.label_share, volume.audit_share];
    if daily.iter().any(|daily| !(*daily > 0.0 && daily.is_finite()))
        || shares.iter().any(|share| *share > 1.0)
        || days_well.is_nan()
        || days_well < 0.0
    {
        return Err(Error::input(
            "volume",
            "cases a day and the shares that are labelled and audited are above 0, and the shares at most 1",
        ));
    }
    let [cases, labels_daily, audits_daily] = daily;
    let labels = labels_needed(promise.alpha, 1.0 - promise.delta, true_error)?;
    let change = monitor::delay::Change {
        audits_before: ((days_well * audits_daily) as u64).min(monitor::delay::AUDITS_MAX),
        error_before: true_error,
        error_after: (monitor::ecusum::CHANGE_RATIO * promise.alpha).min(1.0),
    };
    let delay = monitor::detection_delay(terms, monitor::delay::Monitors::Both, change, seed)?;
    let days_to_notice = delay.mean / audits_daily;
    Ok(Outlook {
        labels,
        days_to_earn: labels as f64 / labels_daily,
        break_unnoticed: delay,
        days_to_notice,
        cases_at_risk: days_to_notice * cases,
    })
}
