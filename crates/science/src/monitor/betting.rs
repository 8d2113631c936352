//! A betting confidence sequence for an error rate: bounds and evidence that hold at every moment at once. Never depends on
//! the order of the audits, and never weighs a change: that is the e-CUSUM's.
//!
//! Whoever bets against "the rate is m" at fair odds cannot grow rich while it is true (Ville's inequality): a capital of
//! `1 / level` refutes m. The capital is spread over a few constant bets ("diversified Kelly betting" of Waudby-Smith and
//! Ramdas, Estimating means of bounded random variables by betting, JRSS B 86, 2024), so that it depends on the audits only
//! through three counts, is monotone in m, and its bounds are found by bisection to full precision.

use serde::{Deserialize, Serialize};

use super::{Kind, Terms};
use crate::{Error, Estimate, error::Result, math};

/// Bets that the rate is above m, as multiples of the stake that is best when the rate is twice m.
const STAKES_ABOVE: [f64; 6] = [0.25, 0.5, 1.0, 2.0, 4.0, 8.0];
/// Bets that the rate is below m, as shares of the highest stake that cannot lose more than everything. Stake `f` is the best
/// one where the rate is `(1 - f) m`; 1 is the one for no error at all.
const STAKES_BELOW: [f64; 6] = [0.1, 0.25, 0.5, 0.75, 0.9, 1.0];
/// Halvings of `[0, 1]`: to the last bit of a double near 0.01.
const HALVINGS: usize = 60;

/// The state: three counts, and whether the capital has ever reached its limit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Betting {
    #[serde(with = "crate::fitted::bits")]
    alpha: f64,
    #[serde(with = "crate::fitted::bits")]
    level: f64,
    #[serde(with = "crate::fitted::bits")]
    weight: f64,
    good: u64,
    bad: u64,
    weighted: u64,
    stopped_after: Option<u64>,
}

impl Betting {
    /// Before the first audit. Evidence, upper and lower bound hold at the level of the terms each.
    ///
    /// # Errors
    /// Terms out of their ranges.
    pub fn new(terms: Terms) -> Result<Self> {
        terms.check()?;
        let Terms { alpha, level, .. } = terms;
        Ok(Self { alpha, level, weight: terms.weight(), good: 0, bad: 0, weighted: 0, stopped_after: None })
    }

    /// One audit.
    pub fn observe(&mut self, kind: Kind) {
        match kind {
            Kind::Good => self.good += 1,
            Kind::Bad => self.bad += 1,
            Kind::Weighted => self.weighted += 1,
        }
        // Only an error adds to the evidence.
        if kind != Kind::Good && self.stopped_after.is_none() && self.log_evidence() >= -math::ln(self.level) {
            self.stopped_after = Some(self.n());
        }
    }

    /// Audits so far.
    #[must_use]
    pub fn n(&self) -> u64 {
        self.good + self.bad + self.weighted
    }

    /// Whether the evidence that the rate is above alpha has ever reached `1 / level`.
    #[must_use]
    pub fn stopped(&self) -> bool {
        self.stopped_after.is_some()
    }

    /// After how many audits that was.
    #[must_use]
    pub fn stopped_after(&self) -> Option<u64> {
        self.stopped_after
    }

    /// Natural logarithm of the evidence (an e-value) that the rate is above alpha, now.
    #[must_use]
    pub fn log_evidence(&self) -> f64 {
        self.log_above(self.alpha)
    }

    /// The rate and the bounds that no moment so far refutes: lower and upper at the level each, valid at all times at once
    /// while the rate stays the same.
    ///
    /// # Errors
    /// Nothing was audited yet.
    pub fn estimate(&self) -> Result<Estimate> {
        let n = self.n();
        if n == 0 {
            return Err(Error::cannot_say("No audit counts yet, so nothing can be said of the error rate."));
        }
        let value = (self.bad as f64 + self.weight * self.weighted as f64) / n as f64;
        Ok(Estimate { value: value.min(1.0), low: self.lower(), high: self.upper(), n })
    }

    /// The lowest rate from which on every rate is refuted as too high.
    #[must_use]
    pub fn upper(&self) -> f64 {
        let limit = -math::ln(self.level);
        bisect(|m| self.log_below(m) >= limit).1
    }

    /// The highest rate up to which every rate is refuted as too low.
    #[must_use]
    pub fn lower(&self) -> f64 {
        let limit = -math::ln(self.level);
        bisect(|m| self.log_above(m) < limit).0
    }

    /// Log capital of the bets that the mean is above m: factors `1 + f (x / m - 1)`, falling in m.
    fn log_above(&self, m: f64) -> f64 {
        log_mean(STAKES_ABOVE.map(|stake| {
            let f = (stake * m / (self.weight - m).max(m)).min(1.0);
            self.log_product(1.0 - f, 1.0 - f + f / m, 1.0 - f + f * self.weight / m)
        }))
    }

    /// Log capital of the bets that the mean is below m: factors `1 - f (x - m) / (weight - m)`, rising in m.
    fn log_below(&self, m: f64) -> f64 {
        log_mean(STAKES_BELOW.map(|f| {
            let stake = f / (self.weight - m).max(f64::MIN_POSITIVE);
            self.log_product(1.0 + stake * m, 1.0 - stake * (1.0 - m), 1.0 - f)
        }))
    }

    fn log_product(&self, good: f64, bad: f64, weighted: f64) -> f64 {
        let power = |count: u64, factor: f64| if count == 0 { 0.0 } else { count as f64 * math::ln(factor.max(0.0)) };
        power(self.good, good) + power(self.bad, bad) + power(self.weighted, weighted)
    }
}

/// The logarithm of the mean of exponentials; minus infinity where every one is.
fn log_mean<const N: usize>(logs: [f64; N]) -> f64 {
    let top = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if top == f64::NEG_INFINITY {
        return top;
    }
    top + math::ln(math::sum(logs.iter().map(|log| math::exp(log - top))) / N as f64)
}

/// The neighbours `(low, high)` between which a condition on `(0, 1)` that fails below and holds above changes.
fn bisect(holds: impl Fn(f64) -> bool) -> (f64, f64) {
    let (mut low, mut high) = (0.0f64, 1.0f64);
    for _ in 0..HALVINGS {
        let middle = f64::midpoint(low, high);
        if holds(middle) {
            high = middle;
        } else {
            low = middle;
        }
    }
    (low, high)
}
