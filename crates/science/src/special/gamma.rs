//! The gamma function and what is made of it: incomplete gamma, chi-square, binomial coefficients. Keeps relative precision
//! for large arguments by Loader's saddle-point form.

use crate::math;

/// `ln(sqrt(2 pi))`.
const LN_SQRT_TWO_PI: f64 = 0.918_938_533_204_672_8;
/// Where Stirling's series is exact to the last bits.
const STIRLING_MIN: f64 = 16.0;

/// The natural logarithm of `|gamma(x)|`.
#[must_use]
pub fn ln_gamma(x: f64) -> f64 {
    libm::lgamma(x)
}

/// The natural logarithm of the beta function, for positive `a` and `b`.
#[must_use]
pub fn ln_beta(a: f64, b: f64) -> f64 {
    let n = a + b;
    // Gamma(a) Gamma(b) / Gamma(a + b) with the large parts of Stirling's formula cancelled by hand.
    // The share near one by what it lacks, which rounding does not touch.
    let ln_share = |part: f64, rest: f64| if part > rest { math::ln_1p(-rest / n) } else { math::ln(part / n) };
    let ln_peak = (a - 0.5) * ln_share(a, b) + (b - 0.5) * ln_share(b, a) - 0.5 * math::ln(n);
    ln_peak + LN_SQRT_TWO_PI + stirling_error(a) + stirling_error(b) - stirling_error(n)
}

/// The natural logarithm of the number of ways to take `k` out of `n`; minus infinity where `k > n`.
#[must_use]
pub fn ln_choose(n: u64, k: u64) -> f64 {
    if k > n {
        return f64::NEG_INFINITY;
    }
    if k == 0 || k == n {
        return 0.0;
    }
    let (n, k) = (n as f64, k as f64);
    -math::ln(n + 1.0) - ln_beta(n - k + 1.0, k + 1.0)
}

/// `P(X <= x)` of the chi-square distribution with `df > 0` degrees of freedom.
#[must_use]
pub fn chi_square_cdf(x: f64, df: f64) -> f64 {
    gamma_lower(0.5 * df, 0.5 * x.max(0.0))
}

/// `P(X > x)` of the chi-square distribution with `df > 0` degrees of freedom: the p-value of a chi-square test.
#[must_use]
pub fn chi_square_survival(x: f64, df: f64) -> f64 {
    gamma_upper(0.5 * df, 0.5 * x.max(0.0))
}

/// The regularised lower incomplete gamma function `P(s, x)`, for `s > 0` and `x >= 0`.
#[must_use]
pub fn gamma_lower(s: f64, x: f64) -> f64 {
    gamma_tails(s, x).0
}

/// The regularised upper incomplete gamma function `Q(s, x) = 1 - P(s, x)`, for `s > 0` and `x >= 0`.
#[must_use]
pub fn gamma_upper(s: f64, x: f64) -> f64 {
    gamma_tails(s, x).1
}

fn gamma_tails(s: f64, x: f64) -> (f64, f64) {
    if s.is_nan() || x.is_nan() || s <= 0.0 || x < 0.0 || s.is_infinite() {
        return (f64::NAN, f64::NAN);
    }
    if x == 0.0 {
        return (0.0, 1.0);
    }
    if x.is_infinite() {
        return (1.0, 0.0);
    }
    // x^s e^-x / gamma(s + 1), by Loader 2000, "Fast and accurate computation of binomial probabilities".
    let mass = math::exp(-stirling_error(s) - deviance(s, x, s - x) - LN_SQRT_TWO_PI - 0.5 * math::ln(s));
    // Both expansions need in the order of sqrt(s) terms around x = s.
    let terms_max = 1_000 + 40 * math::sqrt(s) as usize;
    if x < s + 1.0 {
        let (mut term, mut total) = (1.0, 1.0);
        for i in 1..=terms_max {
            term *= x / (s + i as f64);
            total += term;
            if term < total * f64::EPSILON * 0.25 {
                break;
            }
        }
        let lower = (mass * total).min(1.0);
        (lower, 1.0 - lower)
    } else {
        // Lentz's method on Legendre's continued fraction.
        let mut b = x + 1.0 - s;
        let mut c = 1.0 / f64::MIN_POSITIVE;
        let mut d = 1.0 / b;
        let mut fraction = d;
        for i in 1..=terms_max {
            let i = i as f64;
            let a = i * (s - i);
            b += 2.0;
            d = 1.0 / away_from_zero(a * d + b);
            c = away_from_zero(b + a / c);
            let step = c * d;
            fraction *= step;
            if (step - 1.0).abs() < f64::EPSILON {
                break;
            }
        }
        let upper = (mass * s * fraction).min(1.0);
        (1.0 - upper, upper)
    }
}

/// Lentz's guard: a denominator of a continued fraction that is never exactly zero.
pub(super) fn away_from_zero(x: f64) -> f64 {
    if x.abs() < f64::MIN_POSITIVE { f64::MIN_POSITIVE } else { x }
}

/// `ln gamma(n + 1)` minus Stirling's approximation `(n + 1/2) ln n - n + ln sqrt(2 pi)`, for `n > 0`.
pub(super) fn stirling_error(n: f64) -> f64 {
    if n < STIRLING_MIN {
        return ln_gamma(n + 1.0) - (n + 0.5) * math::ln(n) + n - LN_SQRT_TWO_PI;
    }
    let s = 1.0 / (n * n);
    let series = [1.0 / 12.0, -1.0 / 360.0, 1.0 / 1_260.0, -1.0 / 1_680.0, 1.0 / 1_188.0, -691.0 / 360_360.0, 1.0 / 156.0];
    series.iter().rev().fold(0.0, |sum, c| sum * s + c) / n
}

/// `x ln(x / m) + m - x` without cancellation where `x` is near `m`; both positive, and `d = x - m` by the caller's best means.
pub(super) fn deviance(x: f64, m: f64, d: f64) -> f64 {
    if d.abs() < 0.1 * (x + m) {
        let v = d / (x + m);
        let mut total = d * v;
        let mut term = 2.0 * x * v;
        let v2 = v * v;
        for j in 1..1_000 {
            term *= v2;
            let next = total + term / f64::from(2 * j + 1);
            if next == total {
                return next;
            }
            total = next;
        }
        return total;
    }
    x * math::ln(x / m) - d
}

/// `ln(sqrt(2 pi))`, for the siblings of this file.
pub(super) fn ln_sqrt_two_pi() -> f64 {
    LN_SQRT_TWO_PI
}
