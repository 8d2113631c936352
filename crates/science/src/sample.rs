//! Binomial and multinomial draws whose cost does not grow with their counts. Never draws from anything but [`Random`].
//!
//! A bootstrap of rows of which only counts matter is a multinomial draw over the cells of their table (Efron 1979), so that
//! a draw costs as many binomials as there are cells, whatever the number of rows.

use crate::{
    math::{exp, ln, ln_1p, sqrt},
    random::Random,
};

/// Below this mean a draw counts upwards from 0; above it, it is rejected from a hat.
const INVERSION_MEAN_MAX: f64 = 10.0;

/// The number of successes in `n` trials of probability `p`. A `p` outside of `[0, 1]`, or NaN, counts as the nearer end (NaN as 0).
///
/// Inversion for small means, else the transformed rejection BTRS of Hormann, "The generation of binomial random variates",
/// Journal of Statistical Computation and Simulation 46 (1993).
pub fn binomial(random: &mut Random, n: u64, p: f64) -> u64 {
    Binomial::new(n, p).draw(random)
}

/// A binomial law from which many draws are made.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Binomial {
    n: u64,
    turned: bool,
    way: Way,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Way {
    Always,
    Inversion { odds: f64, none: f64 },
    Rejection(Hat),
}

impl Binomial {
    /// As [`binomial`].
    #[must_use]
    pub fn new(n: u64, p: f64) -> Self {
        let turned = p > 0.5;
        let p = if turned { 1.0 - p } else { p };
        let way = if n == 0 || p.is_nan() || p <= 0.0 {
            Way::Always
        } else if n as f64 * p < INVERSION_MEAN_MAX {
            Way::Inversion { odds: p / (1.0 - p), none: exp(n as f64 * ln_1p(-p)) }
        } else {
            Way::Rejection(Hat::new(n as f64, p))
        };
        Self { n, turned, way }
    }

    /// A draw.
    pub fn draw(&self, random: &mut Random) -> u64 {
        let k = match &self.way {
            Way::Always => 0,
            Way::Inversion { odds, none } => inversion(random, self.n, *odds, *none),
            Way::Rejection(hat) => hat.draw(random),
        };
        if self.turned { self.n - k } else { k }
    }
}

fn inversion(random: &mut Random, n: u64, odds: f64, none: f64) -> u64 {
    let mut term = none;
    let mut rest = random.uniform();
    let mut k = 0u64;
    // Beyond 110 at a mean below 10 there is less mass than a uniform draw can tell from none.
    while rest > term && k < n && k < 110 {
        rest -= term;
        term *= odds * (n - k) as f64 / (k + 1) as f64;
        k += 1;
    }
    k
}

/// What the rejection needs to know of its law.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Hat {
    count: f64,
    p: f64,
    a: f64,
    b: f64,
    centre: f64,
    sure: f64,
    spread: f64,
}

impl Hat {
    fn new(count: f64, p: f64) -> Self {
        let spread = sqrt(count * p * (1.0 - p));
        let b = 1.15 + 2.53 * spread;
        Self { count, p, a: -0.0873 + 0.0248 * b + 0.01 * p, b, centre: count * p + 0.5, sure: 0.92 - 4.2 / b, spread }
    }

    fn draw(&self, random: &mut Random) -> u64 {
        loop {
            let u = random.uniform() - 0.5;
            let v = random.uniform();
            let us = 0.5 - u.abs();
            let k = ((2.0 * self.a / us + self.b) * u + self.centre).floor();
            if us >= 0.07 && v <= self.sure {
                return k as u64;
            }
            if (0.0..=self.count).contains(&k) && self.accepts(k, us, v) {
                return k as u64;
            }
        }
    }

    fn accepts(&self, k: f64, us: f64, v: f64) -> bool {
        let odds = self.p / (1.0 - self.p);
        let alpha = (2.83 + 5.1 / self.b) * self.spread;
        let mode = ((self.count + 1.0) * self.p).floor();
        let bound = (mode + 0.5) * ln((mode + 1.0) / (odds * (self.count - mode + 1.0)))
            + (self.count + 1.0) * ln((self.count - mode + 1.0) / (self.count - k + 1.0))
            + (k + 0.5) * ln(odds * (self.count - k + 1.0) / (k + 1.0))
            + tail(mode)
            + tail(self.count - mode)
            - tail(k)
            - tail(self.count - k);
        ln(v * alpha / (self.a / (us * us) + self.b)) <= bound
    }
}

/// What Stirling's formula leaves of `ln k!`.
fn tail(k: f64) -> f64 {
    const FIRST: [f64; 10] = [
        0.081_061_466_795_327_2,
        0.041_340_695_955_409_2,
        0.027_677_925_684_998_3,
        0.020_790_672_103_765_1,
        0.016_644_691_189_821_2,
        0.013_876_128_823_070_7,
        0.011_896_709_945_891_7,
        0.010_411_265_261_972_0,
        0.009_255_462_182_712_73,
        0.008_330_563_433_362_87,
    ];
    if let Some(value) = FIRST.get(k as usize) {
        return *value;
    }
    let one = k + 1.0;
    let square = one * one;
    (1.0 / 12.0 - (1.0 / 360.0 - 1.0 / 1260.0 / square) / square) / one
}

/// Distributes `total` over cells in proportion to `weights`, into `out` (of the same length, else the shorter counts).
/// Weights must not be negative; where all are 0, so is all of `out`.
pub fn multinomial(random: &mut Random, total: u64, weights: &[u64], out: &mut [u64]) {
    let mut rest: u64 = weights.iter().sum();
    let mut left = total;
    for (weight, cell) in weights.iter().zip(out.iter_mut()) {
        *cell = if left == 0 || *weight == 0 {
            0
        } else if *weight == rest {
            left
        } else {
            binomial(random, left, *weight as f64 / rest as f64)
        };
        left -= *cell;
        rest -= weight;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Draws against the probabilities that statrs gives, by chi-square over cells of at least five expected draws.
    fn check(n: u64, p: f64) {
        use statrs::distribution::{Binomial, Discrete};
        const DRAWS: u64 = 200_000;
        let mut random = Random::new(11, n);
        let mut seen = std::collections::BTreeMap::<u64, u64>::new();
        for _ in 0..DRAWS {
            *seen.entry(binomial(&mut random, n, p)).or_default() += 1;
        }
        let law = Binomial::new(p, n).unwrap();
        let (mut chi2, mut cells, mut rare) = (0.0, 0u32, (0.0, 0.0));
        for k in 0..=n {
            let expected = law.pmf(k) * DRAWS as f64;
            let got = seen.get(&k).copied().unwrap_or_default() as f64;
            if expected < 5.0 {
                rare = (rare.0 + expected, rare.1 + got);
            } else {
                chi2 += (got - expected).powi(2) / expected;
                cells += 1;
            }
        }
        if rare.0 > 1.0 {
            chi2 += (rare.1 - rare.0).powi(2) / rare.0;
            cells += 1;
        }
        let df = f64::from(cells) - 1.0;
        assert!(chi2 < df + 4.0 * (2.0 * df).sqrt() + 4.0, "n {n} p {p}: chi2 {chi2} with {df} degrees");
    }

    #[test]
    fn binomial_draws_have_the_binomial_law() {
        for (n, p) in [(1, 0.3), (8, 0.1), (40, 0.5), (100, 0.07), (100, 0.2), (100, 0.93), (3_000, 0.004), (5_000, 0.31), (200_000, 0.5)] {
            check(n, p);
        }
    }

    #[test]
    fn odd_arguments_give_an_end_and_never_a_panic() {
        let mut random = Random::new(1, 0);
        assert_eq!(binomial(&mut random, 0, 0.5), 0);
        assert_eq!(binomial(&mut random, 9, f64::NAN), 0);
        assert_eq!(binomial(&mut random, 9, -1.0), 0);
        assert_eq!(binomial(&mut random, 9, 2.0), 9);
        assert!(binomial(&mut random, u64::from(u32::MAX), 1e-300) == 0);
        assert!(binomial(&mut random, 1 << 52, 0.5) > 1 << 50);
    }

    #[test]
    fn a_multinomial_draw_keeps_its_total_and_its_empty_cells() {
        let mut random = Random::new(5, 0);
        let weights = [5, 0, 1_000, 20, 0, 3];
        let mut out = [0; 6];
        let mut sums = [0u64; 6];
        for _ in 0..2_000 {
            multinomial(&mut random, 1_028, &weights, &mut out);
            assert_eq!(out.iter().sum::<u64>(), 1_028);
            assert_eq!((out[1], out[4]), (0, 0));
            for (sum, cell) in sums.iter_mut().zip(out) {
                *sum += cell;
            }
        }
        for (sum, weight) in sums.iter().zip(weights) {
            let (mean, expected) = (*sum as f64 / 2_000.0, weight as f64);
            assert!((mean - expected).abs() <= 5.0 * (expected / 2_000.0).sqrt(), "{mean} {expected}");
        }
        multinomial(&mut random, 10, &[0, 0], &mut out[..2]);
        assert_eq!(out[..2], [0, 0]);
    }
}
