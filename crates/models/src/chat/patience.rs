//! When to ask again, when to leave an endpoint alone, and what may be spent in a day. Pure: time and chance are handed in.

use super::Fault;
use std::time::Duration;

/// The pause before the second attempt; it doubles.
const PAUSE_MS: u64 = 200;
/// The longest pause of our own.
const PAUSE_MS_MAX: u64 = 10_000;
/// The longest pause that an endpoint may ask for.
const ASKED_MS_MAX: u64 = 60_000;
/// Failures in a row after which an endpoint is left alone.
const FAILURES_MAX: u32 = 5;
/// For how long.
const REST_MICROS: i64 = 30_000_000;
const DAY_MICROS: i64 = 86_400_000_000;

/// How long to wait before the next attempt; `None`: none. Full jitter, so that many nodes do not come back at once.
#[must_use]
pub fn again(fault: &Fault, attempt: u32, attempts_max: u32, bits: u64) -> Option<Duration> {
    if !fault.may_pass() || attempt >= attempts_max {
        return None;
    }
    let most = PAUSE_MS.saturating_mul(1 << attempt.min(16)).min(PAUSE_MS_MAX);
    let own = bits % (most + 1);
    let pause = match fault {
        // What the endpoint asks for is the least; the jitter comes on top.
        Fault::RateLimited(Some(ms)) => (*ms).min(ASKED_MS_MAX) + own,
        _ => own,
    };
    Some(Duration::from_millis(pause))
}

/// Leaves an endpoint alone that failed several times in a row; then one request tries whether it is back.
#[derive(Debug, Default)]
pub struct Breaker {
    failures: u32,
    until: i64,
}

impl Breaker {
    /// Whether it may be asked now.
    ///
    /// # Errors
    /// [`Fault::Resting`] while it is left alone.
    pub fn may_ask(&self, now: i64) -> Result<(), Fault> {
        if self.failures >= FAILURES_MAX && now < self.until { Err(Fault::Resting) } else { Ok(()) }
    }

    /// Takes down how it went.
    pub fn saw(&mut self, fault: Option<&Fault>, now: i64) {
        match fault {
            Some(fault) if fault.may_pass() => {
                self.failures = self.failures.saturating_add(1);
                self.until = now.saturating_add(REST_MICROS);
            }
            // An answer that cannot be used is still a sign of life.
            _ => self.failures = 0,
        }
    }
}

/// What may be spent in a day (UTC), in micro-units.
#[derive(Debug, Default)]
pub struct Budget {
    most: Option<u64>,
    day: i64,
    spent: u64,
}

impl Budget {
    /// So much a day; `None`: without end.
    #[must_use]
    pub fn new(most: Option<u64>) -> Self {
        Self { most, day: 0, spent: 0 }
    }

    /// Whether there is something left today.
    ///
    /// # Errors
    /// [`Fault::Budget`] where there is not.
    pub fn may_ask(&self, now: i64) -> Result<(), Fault> {
        let spent = if now.div_euclid(DAY_MICROS) == self.day { self.spent } else { 0 };
        match self.most {
            Some(most) if spent >= most => Err(Fault::Budget),
            _ => Ok(()),
        }
    }

    /// Takes over what is known to have been spent today by anybody.
    pub fn at_least(&mut self, cost: u64, now: i64) {
        let day = now.div_euclid(DAY_MICROS);
        let own = if day == self.day { self.spent } else { 0 };
        (self.day, self.spent) = (day, own.max(cost));
    }

    /// Takes down what was spent.
    pub fn spent(&mut self, cost: u64, now: i64) {
        let day = now.div_euclid(DAY_MICROS);
        if day != self.day {
            (self.day, self.spent) = (day, 0);
        }
        self.spent = self.spent.saturating_add(cost);
    }
}
