//! Extremes and ratios of rates from the limits of each: MOVER. Knows no group and draws nothing.
//!
//! Zou and Donner, "Construction of confidence limits about effect measures: a general approach", Statistics in Medicine 27
//! (2008), and Donner and Zou 21 (2012) for ratios; with Wilson's limits the difference is Newcombe's hybrid score interval
//! (Statistics in Medicine 17, 1998, method 10), which holds in small groups where a percentile bootstrap does not.

use crate::{Estimate, interval::difference_of, math::sqrt};

/// The limits of `a / b`, for independent `a` and `b`; the upper one is infinite where `b` may be 0.
#[must_use]
pub fn ratio(a: &Estimate, b: &Estimate) -> (f64, f64) {
    let both = a.value * b.value;
    let under = b.high * (2.0 * b.value - b.high);
    let over = b.low * (2.0 * b.value - b.low);
    // The smaller root of the quadratic, turned so that it needs no division by what may be 0 or negative in small groups.
    let part = a.low * (2.0 * a.value - a.low);
    let whole = both + sqrt((square(both) - part * under).max(0.0));
    let low = if whole > 0.0 { part / whole } else { 0.0 };
    let high =
        if over > 0.0 { (both + sqrt((square(both) - a.high * over * (2.0 * a.value - a.high)).max(0.0))) / over } else { f64::INFINITY };
    (low.max(0.0), high)
}

fn square(x: f64) -> f64 {
    x * x
}

/// The limits of the largest difference among groups, and of the smallest ratio, if every pair's limits hold at once: the
/// largest difference is at least every pair's lower limit and at most the largest upper one.
#[must_use]
pub fn extremes(groups: &[Estimate]) -> Extremes {
    let mut out = Extremes { difference: (0.0, 0.0), ratio: (f64::INFINITY, f64::INFINITY) };
    for (i, a) in groups.iter().enumerate() {
        for (j, b) in groups.iter().enumerate() {
            if i == j {
                continue;
            }
            let gap = difference_of(a, b);
            out.difference = (out.difference.0.max(gap.low), out.difference.1.max(gap.high.min(1.0)));
            if b.value > 0.0 {
                let (low, high) = ratio(a, b);
                out.ratio = (out.ratio.0.min(low), out.ratio.1.min(high));
            }
        }
    }
    out.ratio = (out.ratio.0.min(1.0), out.ratio.1.min(1.0));
    out
}

/// See [`extremes`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Extremes {
    /// Limits of the largest less the smallest rate.
    pub difference: (f64, f64),
    /// Limits of the smallest by the largest rate.
    pub ratio: (f64, f64),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(value: f64, low: f64, high: f64) -> Estimate {
        Estimate { value, low, high, n: 100 }
    }

    #[test]
    fn a_ratio_lies_within_its_limits_and_turns_over_with_its_parts() {
        for (a, b) in [(0.5, 0.4), (0.05, 0.9), (0.99, 0.3)] {
            let (a, b) = (limits(a, a * 0.8, 1.0 - (1.0 - a) * 0.9), limits(b, b * 0.9, 1.0 - (1.0 - b) * 0.95));
            let ((low, high), (down, up)) = (ratio(&a, &b), ratio(&b, &a));
            assert!(low < a.value / b.value && a.value / b.value < high);
            assert!((low * up - 1.0).abs() < 1e-9 && (high * down - 1.0).abs() < 1e-9, "{low} {high} {down} {up}");
        }
        assert_eq!(ratio(&limits(0.0, 0.0, 0.1), &limits(0.5, 0.4, 0.6)).0, 0.0);
        assert_eq!(ratio(&limits(0.5, 0.4, 0.6), &limits(0.1, 0.0, 0.2)).1, f64::INFINITY);
        assert_eq!(ratio(&limits(0.0, 0.0, 0.1), &limits(0.0, 0.0, 0.0)), (0.0, f64::INFINITY));
    }

    #[test]
    fn extremes_cover_what_they_are_of() {
        let all = extremes(&[limits(0.2, 0.1, 0.3), limits(0.5, 0.4, 0.6), limits(0.4, 0.1, 0.8)]);
        assert!(all.difference.0 < 0.3 && all.difference.1 > 0.3 && all.difference.0 > 0.0);
        assert!(all.ratio.0 < 0.4 && all.ratio.1 > 0.4);
        let same = extremes(&[limits(0.5, 0.4, 0.6); 2]);
        assert_eq!((same.difference.0, same.ratio.1), (0.0, 1.0));
        assert!(same.ratio.0 < 1.0 && same.difference.1 > 0.0);
    }
}
