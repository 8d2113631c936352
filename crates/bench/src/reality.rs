//! The real clock and the operating system's randomness, as the product's binary has them. Measures, and decides nothing.

use countersign_app::Env;
use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

/// Randomness that is drawn at once, as in the product's binary.
const BUFFER_BYTES: usize = 4 << 10;

/// Now, in microseconds since 1970 UTC.
#[expect(clippy::disallowed_methods, reason = "benchmarks run on the real clock")]
pub fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}

/// Starts to measure how long something takes.
#[expect(clippy::disallowed_methods, reason = "benchmarks measure time")]
pub fn stopwatch() -> Instant {
    Instant::now()
}

#[expect(clippy::disallowed_methods, clippy::expect_used, reason = "benchmarks run on real randomness")]
fn system(out: &mut [u8]) {
    getrandom::fill(out).expect("the operating system gives random bytes");
}

/// Time and randomness as they really are.
pub fn env() -> Env {
    let pool = Mutex::new(Vec::<u8>::new());
    Env::new(now, move |out| {
        let mut pool = pool.lock().unwrap_or_else(PoisonError::into_inner);
        if pool.len() < out.len() {
            let mut bytes = vec![0; BUFFER_BYTES.max(out.len())];
            system(&mut bytes);
            *pool = bytes;
        }
        let rest = pool.len() - out.len();
        for (to, from) in out.iter_mut().zip(pool.drain(rest..)) {
            *to = from;
        }
    })
}

/// Processor time that this process has used so far, all threads and both modes together; `None` where Linux's `/proc` is absent.
/// Unlike a rate it hardly depends on what else the machine does.
pub fn processor() -> Option<Duration> {
    /// Ticks of `/proc/self/stat` in a second (`USER_HZ`), the same on every Linux of today.
    const TICKS: u64 = 100;
    let text = std::fs::read_to_string("/proc/self/stat").ok()?;
    let (_, after_name) = text.rsplit_once(") ")?;
    let mut fields = after_name.split(' ').skip(11);
    let ticks: u64 = fields.next()?.parse::<u64>().ok()? + fields.next()?.parse::<u64>().ok()?;
    Some(Duration::from_millis(ticks * 1_000 / TICKS))
}

/// How many of something were done in a second.
pub fn rate(count: usize, took: Duration) -> f64 {
    count as f64 / took.as_secs_f64().max(1e-9)
}

/// How long each of many things took.
#[derive(Debug, Default)]
pub struct Times(Vec<Duration>);

impl Times {
    /// One more.
    pub fn push(&mut self, took: Duration) {
        self.0.push(took);
    }

    /// Those of another as well.
    pub fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The time in milliseconds that a share of them (0 to 1) does not pass.
    pub fn percentile(&mut self, share: f64) -> f64 {
        self.0.sort_unstable();
        let last = self.0.len().saturating_sub(1);
        let at = (share * last as f64).round() as usize;
        self.0.get(at.min(last)).map_or(f64::NAN, |took| took.as_secs_f64() * 1e3)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_the_sorted_times() {
        let mut times = Times::default();
        for ms in (0..=100).rev() {
            times.push(Duration::from_millis(ms));
        }
        assert!((times.percentile(0.5) - 50.0).abs() < 1e-9);
        assert!((times.percentile(0.99) - 99.0).abs() < 1e-9);
        assert!(Times::default().percentile(0.5).is_nan());
    }

    #[test]
    fn randomness_does_not_repeat() {
        let env = env();
        let drawn: std::collections::HashSet<[u8; 24]> = (0..1_000).map(|_| env.bytes()).collect();
        assert_eq!(drawn.len(), 1_000);
    }
}
