//! The beta distribution and its relatives: binomial and Student's t. All of them are one function, the regularised
//! incomplete beta, taken by the logarithm of either tail so that neither loses precision.

use super::gamma::{away_from_zero, deviance, ln_beta, ln_sqrt_two_pi, stirling_error};
use crate::math;

/// Beyond these log odds `x` or `1 - x` is no number of 64 bits any more.
const LOGIT_MAX: f64 = 745.0;
/// Newton's steps with bisection behind them; a few are enough except at the ends of the range.
const STEPS_MAX: usize = 300;

/// The regularised incomplete beta function `I_x(a, b)`: `P(X <= x)` of the beta distribution, for positive `a` and `b`.
#[must_use]
pub fn beta_cdf(x: f64, a: f64, b: f64) -> f64 {
    math::exp(ln_tails_at(x, a, b).0)
}

/// `P(X > x)` of the beta distribution, with full relative precision in the upper tail.
#[must_use]
pub fn beta_survival(x: f64, a: f64, b: f64) -> f64 {
    math::exp(ln_tails_at(x, a, b).1)
}

/// The density of the beta distribution at `x` in `(0, 1)`.
#[must_use]
pub fn beta_density(x: f64, a: f64, b: f64) -> f64 {
    if !domain(a, b) || !(0.0..=1.0).contains(&x) {
        return f64::NAN;
    }
    if x == 0.0 || x == 1.0 {
        let (near, far) = if x == 0.0 { (a, b) } else { (b, a) };
        return match near.total_cmp(&1.0) {
            std::cmp::Ordering::Less => f64::INFINITY,
            std::cmp::Ordering::Equal => far,
            std::cmp::Ordering::Greater => 0.0,
        };
    }
    math::exp(ln_power(x, 1.0 - x, a, b)) / (x * (1.0 - x))
}

/// The `x` with `P(X <= x) = p` of the beta distribution, for `p` in `[0, 1]`.
#[must_use]
pub fn beta_quantile(p: f64, a: f64, b: f64) -> f64 {
    beta_quantile_pair(p, a, b).0
}

/// The `x` with `P(X > x) = p` of the beta distribution, for `p` in `[0, 1]`: exact to the last digits for tiny `p` and for `x`
/// near zero.
#[must_use]
pub fn beta_quantile_upper(p: f64, a: f64, b: f64) -> f64 {
    // The mirror image: 1 - X has the parameters exchanged.
    beta_quantile_pair(p, b, a).1
}

/// `P(X <= k)` of the binomial distribution with `n` trials of probability `p`.
#[must_use]
pub fn binomial_cdf(k: u64, n: u64, p: f64) -> f64 {
    if !(0.0..=1.0).contains(&p) {
        return f64::NAN;
    }
    if k >= n {
        return 1.0;
    }
    beta_survival(p, k as f64 + 1.0, (n - k) as f64)
}

/// `P(X >= k)` of the binomial distribution with `n` trials of probability `p` (note: at least `k`, not more than `k`).
#[must_use]
pub fn binomial_at_least(k: u64, n: u64, p: f64) -> f64 {
    if !(0.0..=1.0).contains(&p) {
        return f64::NAN;
    }
    if k == 0 {
        return 1.0;
    }
    if k > n {
        return 0.0;
    }
    beta_cdf(p, k as f64, (n - k) as f64 + 1.0)
}

/// `P(X = k)` of the binomial distribution with `n` trials of probability `p` (Loader 2000).
#[must_use]
pub fn binomial_mass(k: u64, n: u64, p: f64) -> f64 {
    if !(0.0..=1.0).contains(&p) {
        return f64::NAN;
    }
    if k > n {
        return 0.0;
    }
    if p == 0.0 || p == 1.0 {
        let certain = if p == 0.0 { 0 } else { n };
        return if k == certain { 1.0 } else { 0.0 };
    }
    let (kf, rest) = (k as f64, (n - k) as f64);
    if k == 0 {
        return math::exp(rest * math::ln_1p(-p));
    }
    if k == n {
        return math::exp(kf * math::ln(p));
    }
    // x^k y^(n-k) / B(k, n-k) carries the factor k (n-k) / n that the coefficient does not have.
    math::exp(ln_power(p, 1.0 - p, kf, rest)) * (n as f64 / (kf * rest))
}

/// The smallest `k` with `P(X <= k) >= q` of the binomial distribution; `None` where `p` or `q` is outside of `[0, 1]`.
#[must_use]
pub fn binomial_quantile(q: f64, n: u64, p: f64) -> Option<u64> {
    if !(0.0..=1.0).contains(&q) || !(0.0..=1.0).contains(&p) {
        return None;
    }
    let (mut low, mut high) = (0u64, n);
    while low < high {
        let middle = low + (high - low) / 2;
        if binomial_cdf(middle, n, p) >= q { high = middle } else { low = middle + 1 }
    }
    Some(low)
}

/// `P(T <= t)` of Student's t distribution with `df > 0` degrees of freedom.
#[must_use]
pub fn student_t_cdf(t: f64, df: f64) -> f64 {
    if t.is_nan() || df.is_nan() || df <= 0.0 {
        return f64::NAN;
    }
    let whole = df + t * t;
    let tail = if whole.is_infinite() { 0.0 } else { 0.5 * math::exp(ln_tails(df / whole, t * t / whole, 0.5 * df, 0.5).0) };
    if t < 0.0 { tail } else { 1.0 - tail }
}

/// The `t` with `P(T <= t) = p` of Student's t distribution with `df > 0` degrees of freedom; infinite at the ends.
#[must_use]
pub fn student_t_quantile(p: f64, df: f64) -> f64 {
    if !(0.0..=1.0).contains(&p) || df.is_nan() || df <= 0.0 {
        return f64::NAN;
    }
    let tail = p.min(1.0 - p);
    let (x, y) = beta_quantile_pair(2.0 * tail, 0.5 * df, 0.5);
    let t = math::sqrt(df * y / x);
    if p < 0.5 { -t } else { t }
}

fn domain(a: f64, b: f64) -> bool {
    a > 0.0 && b > 0.0 && a.is_finite() && b.is_finite()
}

fn ln_tails_at(x: f64, a: f64, b: f64) -> (f64, f64) {
    if !domain(a, b) || !(0.0..=1.0).contains(&x) {
        return (f64::NAN, f64::NAN);
    }
    ln_tails(x, 1.0 - x, a, b)
}

/// `ln(x^a y^b / B(a, b))` for `x + y = 1`: the slope of the distribution function over the log odds of `x`.
fn ln_power(x: f64, y: f64, a: f64, b: f64) -> f64 {
    if a.min(b) < 1e-3 {
        // Here the saddle point is of no use, and the plain form loses nothing.
        return a * math::ln(x) + b * math::ln(y) - ln_beta_small(a, b);
    }
    let n = a + b;
    let coefficient = stirling_error(n) - stirling_error(a) - stirling_error(b) - ln_sqrt_two_pi() + 0.5 * math::ln(a * (b / n));
    // Both parts are off their mean by the same amount; it is exact on the side of the smaller share.
    let d = if x <= y { a - n * x } else { n * y - b };
    coefficient - deviance(a, n * x, d) - deviance(b, n * y, -d)
}

fn ln_beta_small(a: f64, b: f64) -> f64 {
    if a.max(b) > 100.0 { ln_beta(a, b) } else { libm::lgamma(a) + libm::lgamma(b) - libm::lgamma(a + b) }
}

/// The logarithms of both tails at `x`, with `y = 1 - x` handed in so that it keeps its precision.
fn ln_tails(x: f64, y: f64, a: f64, b: f64) -> (f64, f64) {
    if x <= 0.0 {
        return (f64::NEG_INFINITY, 0.0);
    }
    if y <= 0.0 {
        return (0.0, f64::NEG_INFINITY);
    }
    let ln_power = ln_power(x, y, a, b);
    // The continued fraction converges quickly below the mean; above it the other tail is taken.
    if x * (a + b + 2.0) < a + 1.0 {
        let lower = (ln_power + math::ln(fraction(x, a, b) / a)).min(0.0);
        (lower, ln_of_rest(lower))
    } else {
        let upper = (ln_power + math::ln(fraction(y, b, a) / b)).min(0.0);
        (ln_of_rest(upper), upper)
    }
}

/// `ln(1 - e^l)` for `l <= 0`.
fn ln_of_rest(l: f64) -> f64 {
    if l > -std::f64::consts::LN_2 { math::ln(-libm::expm1(l)) } else { math::ln_1p(-math::exp(l)) }
}

/// The continued fraction of the incomplete beta function (Abramowitz and Stegun 26.5.8), by Lentz's method.
fn fraction(x: f64, a: f64, b: f64) -> f64 {
    let terms_max = 1_000 + 40 * math::sqrt(a.max(b)) as usize;
    let mut c = 1.0;
    let mut d = 1.0 / away_from_zero(1.0 - (a + b) * x / (a + 1.0));
    let mut result = d;
    for m in 1..=terms_max {
        let m = m as f64;
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        d = 1.0 / away_from_zero(1.0 + even * d);
        c = away_from_zero(1.0 + even / c);
        result *= d * c;
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        d = 1.0 / away_from_zero(1.0 + odd * d);
        c = away_from_zero(1.0 + odd / c);
        let step = d * c;
        result *= step;
        if (step - 1.0).abs() < f64::EPSILON {
            break;
        }
    }
    result
}

/// The quantile and its distance from one.
fn beta_quantile_pair(p: f64, a: f64, b: f64) -> (f64, f64) {
    if !domain(a, b) || !(0.0..=1.0).contains(&p) {
        return (f64::NAN, f64::NAN);
    }
    if p == 0.0 {
        return (0.0, 1.0);
    }
    if p == 1.0 {
        return (1.0, 0.0);
    }
    // Over the log odds the density is log-concave, so the logarithm of the smaller tail is concave and Newton's method on it
    // converges from one side; bisection is behind it for the first steps.
    let lower_side = p <= 0.5;
    let target = if lower_side { math::ln(p) } else { math::ln_1p(-p) };
    let (mut low, mut high) = (-LOGIT_MAX, LOGIT_MAX);
    let spread = math::sqrt(1.0 / a + 1.0 / b);
    let mut t = (math::ln(a / b) + super::normal_quantile(p) * spread).clamp(-LOGIT_MAX, LOGIT_MAX);
    for _ in 0..STEPS_MAX {
        let (x, y) = (math::expit(t), math::expit(-t));
        let (ln_lower, ln_upper) = ln_tails(x, y, a, b);
        let tail = if lower_side { ln_lower } else { ln_upper };
        let gap = tail - target;
        // The upper tail falls with t, the lower one rises.
        let above = if lower_side { gap > 0.0 } else { gap < 0.0 };
        if above {
            high = t
        } else {
            low = t
        }
        let slope = math::exp(ln_power(x, y, a, b) - tail) * if lower_side { 1.0 } else { -1.0 };
        let newton = t - gap / slope;
        let next = if newton >= low && newton <= high { newton } else { 0.5 * (low + high) };
        let step = (next - t).abs();
        t = next;
        if gap == 0.0 || step <= 1e-15 * t.abs().max(1.0) || high - low <= 1e-15 * t.abs().max(1.0) {
            break;
        }
    }
    (math::expit(t), math::expit(-t))
}
