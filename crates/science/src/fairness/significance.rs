//! Tests of a group against all others, and Holm's correction for how many there are.

use crate::{
    math::{exp, sqrt},
    special::{ln_choose, normal_survival},
};

/// Below this expected count in any cell the normal approximation gives way to the exact test.
const EXPECTED_ROWS_MIN: f64 = 5.0;

/// Two-sided p-value of "both proportions are equal": `a` of `n` against `b` of `m`.
///
/// The pooled z test (chi-square without correction), or Fisher's exact test where an expected count is below 5. 1 where either
/// has no rows, or all rows are of one kind. Parts beyond the whole count as the whole.
#[must_use]
pub fn two_proportions(a: u64, n: u64, b: u64, m: u64) -> f64 {
    let (a, b) = (a.min(n), b.min(m));
    let (hits, all) = (a + b, n + m);
    if n == 0 || m == 0 || hits == 0 || hits == all {
        return 1.0;
    }
    let pooled = hits as f64 / all as f64;
    let smallest = (n.min(m) as f64) * pooled.min(1.0 - pooled);
    if smallest < EXPECTED_ROWS_MIN {
        return fisher(a, n, b, m);
    }
    let gap = a as f64 / n as f64 - b as f64 / m as f64;
    let z = gap / sqrt(pooled * (1.0 - pooled) * (1.0 / n as f64 + 1.0 / m as f64));
    (2.0 * normal_survival(z.abs())).min(1.0)
}

/// Fisher's exact test, two-sided: the chance of all tables that are no likelier than the observed one.
#[must_use]
pub fn fisher(a: u64, n: u64, b: u64, m: u64) -> f64 {
    let (a, b) = (a.min(n), b.min(m));
    let hits = a + b;
    let (least, most) = (hits.saturating_sub(m), hits.min(n));
    let total = ln_choose(n + m, hits);
    let chance = |k: u64| exp(ln_choose(n, k) + ln_choose(m, hits - k) - total);
    let observed = chance(a) * (1.0 + 1e-7);
    // Smallest first: sums of what is tiny are not lost.
    let mut tails: Vec<f64> = (least..=most).map(chance).filter(|p| *p <= observed).collect();
    tails.sort_by(f64::total_cmp);
    crate::math::sum(tails).min(1.0)
}

/// Holm's step-down correction (Scandinavian Journal of Statistics 6, 1979): in the order given, each p-value times how many
/// are not smaller, never below a smaller one's, at most 1. Holds under any dependence. NaN counts as 1.
#[must_use]
pub fn holm(p: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p.len()).collect();
    let value = |at: usize| p.get(at).copied().filter(|p| !p.is_nan()).unwrap_or(1.0);
    order.sort_by(|a, b| value(*a).total_cmp(&value(*b)));
    let mut out = vec![1.0; p.len()];
    let mut least = 0.0f64;
    for (rank, at) in order.iter().enumerate() {
        least = least.max((value(*at) * (p.len() - rank) as f64).min(1.0));
        if let Some(slot) = out.get_mut(*at) {
            *slot = least;
        }
    }
    out
}

/// Benjamini's and Hochberg's correction (JRSS B 57, 1995), in the order given: keeping what is at most q keeps the expected
/// share of false findings among those kept at q. NaN counts as 1.
#[must_use]
pub fn benjamini_hochberg(p: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p.len()).collect();
    let value = |at: usize| p.get(at).copied().filter(|p| !p.is_nan()).unwrap_or(1.0);
    order.sort_by(|a, b| value(*b).total_cmp(&value(*a)));
    let mut out = vec![1.0; p.len()];
    let mut most = 1.0f64;
    for (back, at) in order.iter().enumerate() {
        most = most.min(value(*at) * p.len() as f64 / (p.len() - back) as f64);
        if let Some(slot) = out.get_mut(*at) {
            *slot = most;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: &[f64], b: &[f64]) {
        assert_eq!(a.len(), b.len());
        assert!(a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-12), "{a:?} {b:?}");
    }

    #[test]
    fn corrections_give_the_values_of_statsmodels() {
        // statsmodels 0.15.0, multipletests with "holm" and "fdr_bh".
        let p = [0.01, 0.04, 0.03, 0.005, 0.5, 0.012];
        close(&holm(&p), &[0.05, 0.09, 0.09, 0.03, 0.5, 0.05]);
        close(&benjamini_hochberg(&p), &[0.024, 0.048, 0.045, 0.024, 0.5, 0.024]);
        close(&holm(&[]), &[]);
        close(&holm(&[f64::NAN, 0.01]), &[1.0, 0.02]);
    }

    #[test]
    fn the_exact_test_gives_the_values_of_scipy() {
        // scipy 1.17.1, fisher_exact, two-sided.
        let cases = [
            ((3, 4, 1, 4), 0.485_714_285_714_285_65),
            ((1, 9, 11, 14), 0.002_759_456_185_220_083_6),
            ((0, 5, 40, 400), 1.0),
            ((2, 300, 9, 250), 0.027_392_770_867_062_67),
        ];
        for ((a, n, b, m), expected) in cases {
            assert!((fisher(a, n, b, m) / expected - 1.0).abs() < 1e-9, "{a}/{n} {b}/{m}: {}", fisher(a, n, b, m));
        }
    }

    #[test]
    fn the_z_test_gives_the_values_of_statsmodels() {
        // statsmodels 0.15.0, proportions_ztest.
        for ((a, n, b, m), expected) in
            [((56, 70, 48, 80), 0.008_045_081_368_196_56), ((450, 1_000, 300, 800), 0.001_340_641_117_229_475_7)]
        {
            assert!((two_proportions(a, n, b, m) / expected - 1.0).abs() < 1e-6, "{}", two_proportions(a, n, b, m));
        }
        for (a, n, b, m) in [(0, 0, 1, 5), (0, 5, 0, 5), (5, 5, 9, 9), (9, 5, 1, 2)] {
            let p = two_proportions(a, n, b, m);
            assert!((0.0..=1.0).contains(&p));
        }
    }
}
