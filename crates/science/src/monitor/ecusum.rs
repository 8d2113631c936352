//! The restarting e-CUSUM: sees a change for the worse, however long everything was well before. Never gives bounds: those
//! are the betting sequence's.
//!
//! `M = max(M, 1) (1 + lambda (x - alpha))` (Shin, Ramdas and Rinaldo, E-detectors, NEJSDS 2023): the evidence since the
//! moment from which there is most of it. Its limit is worked out exactly, not approximated: the chance that it is reached
//! within the horizon is at most the level for *every* sequence of audits whose conditional error rate never exceeds alpha,
//! however they depend on one another. To that end the worst such sequence is found by dynamic programming over a lattice
//! on which every step up is rounded up.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Kind, Terms};
use crate::{error::Result, math};

/// The change that it is tuned for, as a multiple of alpha.
pub const CHANGE_RATIO: f64 = 2.0;
/// Lattice points up to which the limit is worked out exactly; beyond (alpha under about 0.05 %), it is `horizon / level`,
/// which holds as well (Doob's inequality for the sum over all starts) and is reached later.
pub const LATTICE_POINTS_MAX: u32 = 40_000;

/// Limits that were worked out before, for whoever asks for the same terms again and again. It grows by one entry for each that are new:
/// round what varies freely, always to the safe side.
#[derive(Debug, Clone, Default)]
pub struct Limits(BTreeMap<[u64; 4], f64>);

impl Limits {
    fn of(&mut self, terms: Terms, work_out: impl FnOnce() -> f64) -> f64 {
        let key = [terms.alpha.to_bits(), terms.level.to_bits(), terms.recheck_share.to_bits(), terms.horizon_audits];
        *self.0.entry(key).or_insert_with(work_out)
    }

    /// How many are known.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether none is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The state: the logarithm of the evidence since the last restart.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ecusum {
    #[serde(with = "crate::fitted::bits")]
    log_evidence: f64,
    #[serde(with = "crate::fitted::bits")]
    log_limit: f64,
    #[serde(with = "crate::fitted::bits")]
    step_good: f64,
    #[serde(with = "crate::fitted::bits")]
    step_bad: f64,
    #[serde(with = "crate::fitted::bits")]
    step_weighted: f64,
    n: u64,
    stopped_after: Option<u64>,
}

impl Ecusum {
    /// Before the first audit.
    ///
    /// # Errors
    /// Terms out of their ranges.
    pub fn new(terms: Terms) -> Result<Self> {
        Self::with_limits(terms, &mut Limits::default())
    }

    /// The same, by a limit that was worked out before where there is one.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn with_limits(terms: Terms, limits: &mut Limits) -> Result<Self> {
        terms.check()?;
        let (alpha, weight) = (terms.alpha, terms.weight());
        // The best stake lies between those for errors that all weigh 1 and errors that all weigh the most.
        let unit = math::sqrt(weight);
        let lambda = ((CHANGE_RATIO - 1.0) / (unit - alpha)).min(STAKE_MAX / alpha);
        let step = |x: f64| math::ln_1p(lambda * (x - alpha));
        let steps = Self {
            log_evidence: 0.0,
            log_limit: f64::INFINITY,
            step_good: step(0.0),
            step_bad: step(1.0),
            step_weighted: step(weight),
            n: 0,
            stopped_after: None,
        };
        let log_limit = limits.of(terms, || steps.limit(terms));
        Ok(Self { log_limit, ..steps })
    }

    /// One audit.
    pub fn observe(&mut self, kind: Kind) {
        self.n += 1;
        self.log_evidence = self.log_evidence.max(0.0) + self.step(kind);
        if self.stopped_after.is_none() && self.log_evidence >= self.log_limit {
            self.stopped_after = Some(self.n);
        }
    }

    /// Whether the evidence for a change has ever reached its limit.
    #[must_use]
    pub fn stopped(&self) -> bool {
        self.stopped_after.is_some()
    }

    /// After how many audits that was.
    #[must_use]
    pub fn stopped_after(&self) -> Option<u64> {
        self.stopped_after
    }

    /// Natural logarithm of the evidence since the last restart; below 0 right after a good audit of a fresh start.
    #[must_use]
    pub fn log_evidence(&self) -> f64 {
        self.log_evidence
    }

    /// Natural logarithm of the evidence at which it stops.
    #[must_use]
    pub fn log_limit(&self) -> f64 {
        self.log_limit
    }

    fn step(&self, kind: Kind) -> f64 {
        match kind {
            Kind::Good => self.step_good,
            Kind::Bad => self.step_bad,
            Kind::Weighted => self.step_weighted,
        }
    }

    /// The lowest limit whose worst chance of a false stop within the horizon is at most the level.
    fn limit(&self, terms: Terms) -> f64 {
        let horizon = terms.horizon_audits.max(1);
        let crude = math::ln(horizon as f64 / terms.level);
        let unit = -self.step_good;
        let highest = libm::ceil(crude / unit);
        if highest > f64::from(LATTICE_POINTS_MAX) {
            return crude;
        }
        let jumps = Jumps {
            bad: (terms.alpha, libm::ceil(self.step_bad / unit) as usize),
            weighted: (terms.alpha / terms.weight(), libm::ceil(self.step_weighted / unit) as usize),
        };
        let (mut low, mut high) = (0usize, highest as usize);
        while high - low > 1 {
            let middle = usize::midpoint(low, high);
            if jumps.worst(middle, horizon) <= terms.level {
                high = middle;
            } else {
                low = middle;
            }
        }
        high as f64 * unit
    }
}

/// No stake beyond this share of everything: one good audit must not ruin it.
const STAKE_MAX: f64 = 0.9;

/// The steps up that an error can make: its probability at the promised rate, and its height in lattice points. A good
/// audit goes one point down.
struct Jumps {
    bad: (f64, usize),
    weighted: (f64, usize),
}

impl Jumps {
    /// The chance of reaching `limit` within `horizon` audits for whoever may choose before each audit how its error, of
    /// mean alpha, is spread over the two weights. Linear in that choice, so that the ends suffice.
    ///
    /// The chance per audit settles to a constant. Once it has, it is carried on, raised by more than it can still grow.
    fn worst(&self, limit: usize, horizon: u64) -> f64 {
        let mut now = vec![1.0f64; limit];
        let mut next = now.clone();
        let mut hazard_before = 0.0;
        for audit in 1..=horizon {
            let at = |point: usize| now.get(point).copied().unwrap_or(0.0);
            for (point, value) in next.iter_mut().enumerate() {
                let down = at(point.saturating_sub(1));
                let by = |(chance, height): (f64, usize)| chance * at(point + height) + (1.0 - chance) * down;
                *value = by(self.bad).min(by(self.weighted));
            }
            let (survived, survives) = (now.first().copied().unwrap_or(0.0), next.first().copied().unwrap_or(0.0));
            std::mem::swap(&mut now, &mut next);
            if audit % SETTLE_AUDITS == 0 && survived > 0.0 {
                let hazard = 1.0 - survives / survived;
                if hazard > 0.0 && (hazard - hazard_before).abs() < SETTLED * hazard {
                    let left = (horizon - audit) as f64;
                    return 1.0 - survives * math::exp(left * math::ln_1p(-(hazard * (1.0 + SETTLED_MARGIN)).min(1.0)));
                }
                hazard_before = hazard;
            }
        }
        1.0 - now.first().copied().unwrap_or(0.0)
    }
}

/// Audits between two looks at whether the chance per audit has settled.
const SETTLE_AUDITS: u64 = 200;
/// Relative change between two looks at which it has.
const SETTLED: f64 = 1e-4;
/// What is added for the change still to come.
const SETTLED_MARGIN: f64 = 1e-2;
