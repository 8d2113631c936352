//! ADWIN: a window over a stream that drops its past when that is no longer like its present. Never keeps the stream itself:
//! buckets, of a number that grows with the logarithm of the window.

use serde::{Deserialize, Serialize};

use crate::{Error, error::Result, fitted::Versioned, math};

/// Buckets of one size; two of them merge when there is one more.
const BUCKETS_PER_SIZE: usize = 5;
/// Values between two looks.
const CLOCK: u64 = 16;
/// The smallest part that is compared.
const PART_MIN: u64 = 5;

/// Bifet and Gavalda (SIAM SDM 2007), ADWIN2, for values in `[0, 1]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Adwin {
    #[serde(with = "crate::fitted::bits")]
    delta: f64,
    seen: u64,
    /// Oldest first; sizes are powers of 2 and never grow towards the present.
    buckets: Vec<Bucket>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
struct Bucket {
    n: u64,
    #[serde(with = "crate::fitted::bits")]
    total: f64,
    #[serde(with = "crate::fitted::bits")]
    squares: f64,
}

impl Bucket {
    fn and(self, other: Self) -> Self {
        Self { n: self.n + other.n, total: self.total + other.total, squares: self.squares + other.squares }
    }

    fn mean(self) -> f64 {
        if self.n == 0 { 0.0 } else { self.total / self.n as f64 }
    }
}

/// A change: what was dropped, and what is left.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Cut {
    /// Mean of what was dropped.
    pub before: f64,
    /// Values dropped.
    pub before_n: u64,
    /// Mean of what is left.
    pub after: f64,
    /// Values left.
    pub after_n: u64,
}

impl Versioned for Adwin {
    const KIND: &'static str = "adaptive window";
    const VERSION: u32 = 1;
}

impl Adwin {
    /// An empty window; `delta` is the chance of a false cut at a look.
    ///
    /// # Errors
    /// `delta` outside (0, 1).
    pub fn new(delta: f64) -> Result<Self> {
        if !(delta > 0.0 && delta < 1.0) {
            return Err(Error::input("delta", format!("a chance lies between 0 and 1, and this is {delta}")));
        }
        Ok(Self { delta, seen: 0, buckets: Vec::new() })
    }

    /// One value; a cut if the window was cut at this value.
    ///
    /// # Errors
    /// A value outside `[0, 1]`; the window is then as it was.
    pub fn observe(&mut self, value: f64) -> Result<Option<Cut>> {
        if !(0.0..=1.0).contains(&value) {
            return Err(Error::input("value", format!("the window takes values from 0 to 1, and this is {value}")));
        }
        self.seen += 1;
        self.buckets.push(Bucket { n: 1, total: value, squares: value * value });
        self.compress();
        if !self.seen.is_multiple_of(CLOCK) {
            return Ok(None);
        }
        let mut dropped = Bucket::default();
        while let Some(upto) = self.cut() {
            dropped = self.buckets.drain(..=upto).fold(dropped, Bucket::and);
        }
        let left = self.all();
        Ok((dropped.n > 0).then(|| Cut { before: dropped.mean(), before_n: dropped.n, after: left.mean(), after_n: left.n }))
    }

    /// The mean of the window.
    #[must_use]
    pub fn mean(&self) -> f64 {
        self.all().mean()
    }

    /// Values in the window.
    #[must_use]
    pub fn width(&self) -> u64 {
        self.all().n
    }

    fn all(&self) -> Bucket {
        self.buckets.iter().copied().fold(Bucket::default(), Bucket::and)
    }

    /// Merges the two oldest buckets of every size of which there are too many.
    fn compress(&mut self) {
        let mut size = 1u64;
        loop {
            let of_size: Vec<usize> = self.buckets.iter().enumerate().filter(|(_, bucket)| bucket.n == size).map(|(at, _)| at).collect();
            if of_size.len() <= BUCKETS_PER_SIZE {
                return;
            }
            if let [first, second, ..] = of_size.as_slice()
                && let Some(merged) = self.buckets.get(*second).copied()
                && let Some(bucket) = self.buckets.get_mut(*first)
            {
                *bucket = bucket.and(merged);
                self.buckets.remove(*second);
            }
            size *= 2;
        }
    }

    /// The last bucket of the oldest part that differs from the rest by more than chance.
    fn cut(&self) -> Option<usize> {
        let all = self.all();
        let n = all.n as f64;
        let variance = (all.squares / n - all.mean() * all.mean()).max(0.0);
        let log = math::ln(2.0 * math::ln(n.max(3.0)) / self.delta);
        let mut old = Bucket::default();
        let differs = |bucket: &Bucket| {
            old = old.and(*bucket);
            let new = Bucket { n: all.n - old.n, total: all.total - old.total, squares: 0.0 };
            if old.n < PART_MIN || new.n < PART_MIN {
                return false;
            }
            let m = 1.0 / (1.0 / old.n as f64 + 1.0 / new.n as f64);
            (old.mean() - new.mean()).abs() > math::sqrt(2.0 / m * variance * log) + 2.0 / (3.0 * m) * log
        };
        self.buckets.iter().position(differs)
    }
}
