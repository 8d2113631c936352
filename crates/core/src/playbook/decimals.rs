//! Exact arithmetic on canonical decimals, as far as playbooks need it: comparing and scaling. Never goes through a float.

use crate::number::Decimal;
use std::cmp::Ordering;

/// Which of two decimals is larger. (`Decimal`'s own order is that of its text.)
#[must_use]
pub fn compare(a: &Decimal, b: &Decimal) -> Ordering {
    let (a_sign, a_whole, a_fraction) = parts(a);
    let (b_sign, b_whole, b_fraction) = parts(b);
    let sizes = || a_whole.len().cmp(&b_whole.len()).then(a_whole.cmp(b_whole)).then(a_fraction.cmp(b_fraction));
    match (a_sign, b_sign) {
        (false, false) => sizes(),
        (true, true) => sizes().reverse(),
        (true, false) => Ordering::Less,
        (false, true) => Ordering::Greater,
    }
}

/// The decimal times ten to the power of `places`, if that is an integer of at most 38 digits.
#[must_use]
pub fn scaled(decimal: &Decimal, places: usize) -> Option<i128> {
    let (negative, whole, fraction) = parts(decimal);
    let missing = places.checked_sub(fraction.len())?;
    let digits = format!("{whole}{fraction}{}", "0".repeat(missing));
    digits.parse::<i128>().ok().map(|n| if negative { -n } else { n })
}

/// Sign, digits before the point without leading zeros, digits after it without trailing ones.
fn parts(decimal: &Decimal) -> (bool, &str, &str) {
    let text = decimal.as_str();
    let (negative, digits) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    (negative, whole, fraction)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn decimal(text: &str) -> Decimal {
        Decimal::parse(text).unwrap()
    }

    #[test]
    fn numbers_are_compared_as_numbers() {
        let ascending = ["-100.5", "-100", "-9", "-0.51", "-0.5", "0", "0.05", "0.5", "0.51", "9", "10", "99999999999999999999999999.1"];
        for (i, a) in ascending.iter().enumerate() {
            for (j, b) in ascending.iter().enumerate() {
                assert_eq!(compare(&decimal(a), &decimal(b)), i.cmp(&j), "{a} {b}");
            }
        }
        assert_eq!(scaled(&decimal("-1.25"), 6), Some(-1_250_000));
        assert_eq!(scaled(&decimal("0.0000001"), 6), None);
        assert_eq!(scaled(&decimal("99999999999999999999999999999999999999"), 9), None);
    }

    proptest! {
        #[test]
        fn comparing_agrees_with_integers(a in -1_000_000_i64..1_000_000, b in -1_000_000_i64..1_000_000) {
            let thousandth = |n: i64| decimal(&format!("{n}e-3"));
            prop_assert_eq!(compare(&thousandth(a), &thousandth(b)), a.cmp(&b));
            prop_assert_eq!(scaled(&thousandth(a), 3), Some(i128::from(a)));
        }
    }
}
