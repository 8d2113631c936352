//! Functions of real numbers with the same bits on every machine: everything transcendental goes through the `libm` crate,
//! and sums run from left to right with compensation.

/// Natural logarithm.
#[must_use]
pub fn ln(x: f64) -> f64 {
    libm::log(x)
}

/// Exponential.
#[must_use]
pub fn exp(x: f64) -> f64 {
    libm::exp(x)
}

/// `ln(1 + x)`, exact for small `x`.
#[must_use]
pub fn ln_1p(x: f64) -> f64 {
    libm::log1p(x)
}

/// `x` to the power of `y`.
#[must_use]
pub fn pow(x: f64, y: f64) -> f64 {
    libm::pow(x, y)
}

/// Square root (correctly rounded everywhere, by IEEE 754).
#[must_use]
pub fn sqrt(x: f64) -> f64 {
    x.sqrt()
}

/// `ln(p / (1 - p))`; plus or minus infinity at the ends.
#[must_use]
pub fn logit(p: f64) -> f64 {
    ln(p) - ln_1p(-p)
}

/// The inverse of [`logit`], without overflow at either end.
#[must_use]
pub fn expit(x: f64) -> f64 {
    if x >= 0.0 {
        1.0 / (1.0 + exp(-x))
    } else {
        let e = exp(x);
        e / (1.0 + e)
    }
}

/// The sum from left to right with Neumaier's compensation (ZAMM 54, 1974): as exact as twice the precision.
#[must_use]
pub fn sum(values: impl IntoIterator<Item = f64>) -> f64 {
    let (mut total, mut lost) = (0.0f64, 0.0f64);
    for value in values {
        let next = total + value;
        lost += if total.abs() >= value.abs() { (total - next) + value } else { (value - next) + total };
        total = next;
    }
    total + lost
}

/// The arithmetic mean; `None` of nothing.
#[must_use]
pub fn mean(values: &[f64]) -> Option<f64> {
    if values.is_empty() { None } else { Some(sum(values.iter().copied()) / values.len() as f64) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logit_and_expit_undo_one_another_and_keep_to_the_ends() {
        for p in [1e-300, 1e-9, 0.25, 0.5, 0.9, 1.0 - 1e-12] {
            assert!((expit(logit(p)) / p - 1.0).abs() < 1e-12, "{p}");
        }
        assert_eq!(expit(logit(0.0)), 0.0);
        assert_eq!(expit(logit(1.0)), 1.0);
        assert_eq!(expit(1e9), 1.0);
        assert_eq!(expit(-1e9), 0.0);
    }

    #[test]
    fn a_sum_does_not_lose_what_is_small() {
        assert_eq!(sum([1.0, 1e100, 1.0, -1e100]), 2.0);
        assert_eq!(mean(&[]), None);
        assert_eq!(mean(&[1.0, 2.0, 6.0]).unwrap(), 3.0);
    }
}
