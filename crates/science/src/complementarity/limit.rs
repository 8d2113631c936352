//! [`Limit`]: up to which gap in accuracy a combination of person and AI can beat the better of them. A bound of a model, no promise.

use serde::{Deserialize, Serialize};

use super::{AI, EITHER, HUMAN, ROWS};
use crate::bootstrap::{Sums, divide};
use crate::error::{Error, Result};
use crate::estimate::Estimate;
use crate::{math, special};

/// Intervals of Simpson's rule; an even number.
const PANELS: usize = 64;
/// Bisections of a correlation: to the tenth digit.
const BISECTIONS: usize = 34;
/// Shares nearer than this to 0 or 1 count as this.
const SHARE_MIN: f64 = 1e-9;

/// The largest gap in accuracy at which complementarity is possible, given how errors go together.
///
/// After the latent-correlation model of Steyvers, Tejeda, Kerrigan, Smyth (PNAS 119, 2022), for two answers: person and AI each
/// have evidence for the truth, normal with means `u` and `v` and unit variance, correlated by `r`; each is right where its own
/// evidence is positive, so accuracies are `F(u)` and `F(v)`. The best weighing of both has the discriminability
/// `d2 = (u^2 + v^2 - 2 r u v) / (1 - r^2)`, and with `v` the better one `d2 - v^2 = (u - r v)^2 / (1 - r^2)`. That is a gain on
/// either side of `u = r v`; but below it only by a *negative* weight, betting against the weaker member, which nobody does in
/// practice. With weights that are not negative a gain is possible exactly while `u > r v`: the weaker one's accuracy must be above
/// `F(r F^-1(acc of the better))`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Limit {
    /// The correlation of the evidence behind being right: tetrachoric, of the table "person right" by "AI right".
    pub correlation: Estimate,
    /// Accuracy of the better, less that of the weaker.
    pub gap: Estimate,
    /// The gap must stay below this.
    pub gap_max: Estimate,
    /// Whether it does, by the point estimates.
    pub possible: bool,
}

/// The largest gap below an accuracy of `better`, at this correlation of the evidence; see [`Limit`].
#[must_use]
pub fn gap_max(better: f64, correlation: f64) -> f64 {
    better - special::normal_cdf(correlation * special::normal_quantile(better.clamp(0.0, 1.0)))
}

/// The correlation of two normal variables that are positive with probabilities `first` and `second`, and both with `both`.
/// -1 or 1 where the table has an empty corner; `None` where a margin is 0 or 1, or the three do not fit together.
#[must_use]
pub fn tetrachoric(first: f64, second: f64, both: f64) -> Option<f64> {
    let inside = |p: f64| p > SHARE_MIN && p < 1.0 - SHARE_MIN;
    if !inside(first)
        || !inside(second)
        || both.is_nan()
        || both > first.min(second) + SHARE_MIN
        || both < (first + second - 1.0).max(0.0) - SHARE_MIN
    {
        return None;
    }
    let (u, v) = (special::normal_quantile(first), special::normal_quantile(second));
    let (mut low, mut high) = (-1.0, 1.0);
    for _ in 0..BISECTIONS {
        let middle = 0.5 * (low + high);
        if bivariate_normal(u, v, middle) < both { low = middle } else { high = middle }
    }
    Some(0.5 * (low + high))
}

/// `P(X <= u, Y <= v)` of two standard normal variables with correlation `r` in `[-1, 1]`.
///
/// By Plackett's identity (Biometrika 41, 1954): the derivative in `r` is the density, which is integrated over the angle whose sine
/// is `r`.
#[must_use]
pub fn bivariate_normal(u: f64, v: f64, r: f64) -> f64 {
    let end = libm::asin(r.clamp(-1.0, 1.0));
    let density = |angle: f64| {
        let (sine, cosine) = (libm::sin(angle), libm::cos(angle));
        let exponent = (u * u + v * v - 2.0 * u * v * sine) / (2.0 * cosine * cosine);
        if exponent.is_finite() { math::exp(-exponent) } else { 0.0 }
    };
    let step = end / PANELS as f64;
    let inner = math::sum((1..PANELS).map(|i| if i % 2 == 1 { 4.0 } else { 2.0 } * density(step * i as f64)));
    let integral = step / 3.0 * (density(0.0) + inner + density(end));
    (special::normal_cdf(u) * special::normal_cdf(v) + integral / (2.0 * std::f64::consts::PI)).clamp(0.0, 1.0)
}

/// From the sums of [`super::compare`].
pub(super) fn of_sums(sums: &Sums, level: f64) -> Result<Limit> {
    let shares = |s: &[f64]| Some((divide(s, HUMAN, ROWS)?, divide(s, AI, ROWS)?, divide(s, EITHER, ROWS)?));
    let correlation = |s: &[f64]| {
        let (human, ai, either) = shares(s)?;
        tetrachoric(human, ai, human + ai - either)
    };
    let (human, ai, _) = shares(sums.point()).unwrap_or_default();
    if correlation(sums.point()).is_none() {
        return Err(Error::cannot_say(format!(
            "the person is right in {:.1} % of the rows and the AI in {:.1} %; how errors go together cannot be told where one of them makes none, or nothing else",
            100.0 * human,
            100.0 * ai
        )));
    }
    let gap = sums.percentile(level, |s| shares(s).map(|(h, a, _)| (h - a).abs()))?;
    let gap_max = sums.percentile(level, |s| {
        let (h, a, _) = shares(s)?;
        Some(gap_max(h.max(a), correlation(s)?))
    })?;
    let possible = gap.value < gap_max.value;
    Ok(Limit { correlation: sums.percentile(level, correlation)?, gap, gap_max, possible })
}
