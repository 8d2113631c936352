//! The real clock and the operating system's randomness: the only place in the product that has them. Everything else is
//! handed an [`Env`], so that a run can be repeated.

use countersign_app::Env;
use countersign_core::number::Micros;
use std::{
    sync::{Mutex, PoisonError},
    time::{Instant, SystemTime, UNIX_EPOCH},
};

/// Randomness that is drawn at once: an event takes 16 to 48 bytes of it, and asking the system for each costs more.
const BUFFER_BYTES: usize = 4 << 10;

/// Now, in microseconds since 1970 UTC. A clock before 1970 is 1970.
#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the clock")]
pub fn now() -> Micros {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Micros::try_from(since.as_micros()).unwrap_or(Micros::MAX)
}

/// Starts to measure how long something takes.
#[expect(clippy::disallowed_methods, reason = "this is the one place that measures time")]
pub fn stopwatch() -> Instant {
    Instant::now()
}

/// Random bytes drawn from the operating system in blocks. What was handed out is wiped at once.
struct Pool {
    bytes: [u8; BUFFER_BYTES],
    used: usize,
}

impl Pool {
    fn fill(&mut self, mut out: &mut [u8]) {
        while !out.is_empty() {
            if self.used == BUFFER_BYTES {
                system(&mut self.bytes);
                self.used = 0;
            }
            let rest = self.bytes.get_mut(self.used..).unwrap_or_default();
            let count = rest.len().min(out.len());
            let (taken, _) = rest.split_at_mut(count);
            let (head, tail) = out.split_at_mut(count);
            head.copy_from_slice(taken);
            taken.fill(0);
            self.used += count;
            out = tail;
        }
    }
}

/// Random bytes straight from the operating system.
#[expect(
    clippy::disallowed_methods,
    clippy::expect_used,
    reason = "this is the one place that draws randomness, and without it nothing is safe to do"
)]
pub fn system(out: &mut [u8]) {
    getrandom::fill(out).expect("the operating system gives random bytes");
}

/// Time and randomness as they really are.
pub fn env() -> Env {
    let pool = Mutex::new(Pool { bytes: [0; BUFFER_BYTES], used: BUFFER_BYTES });
    Env::new(now, move |out| pool.lock().unwrap_or_else(PoisonError::into_inner).fill(out))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn bytes_do_not_repeat_across_blocks() {
        let env = env();
        let drawn: HashSet<[u8; 24]> = (0..1_000).map(|_| env.bytes()).collect();
        assert_eq!(drawn.len(), 1_000);
        let long: [u8; 3 * BUFFER_BYTES] = env.bytes();
        let zeros = long.iter().fold(0_usize, |n, b| n + usize::from(*b == 0));
        // 48 are expected; the chance of more than 110 is far below 1e-12.
        assert!(zeros < 110, "{zeros}");
    }
}
