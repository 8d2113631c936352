//! Numbers that survive a round trip: integer billionths, integer micro-units, integer microseconds, canonical decimals.
//! Never holds a float: two readers must not disagree on what was recorded.

use crate::limits::{INTEGER_MAX, PROBABILITY_SUM_TOLERANCE_BILLIONTHS};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One, in billionths.
pub const ONE_BILLIONTHS: u32 = 1_000_000_000;

/// Microseconds since 1970-01-01 UTC, or a span of them.
pub type Micros = i64;

/// Cost in millionths of the unit that the team counts in.
pub type MicroUnits = i64;

/// What is wrong with a number from outside.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Not a finite number between 0 and 1.
    #[error("{0} is not a probability: give a number from 0 to 1")]
    NotAProbability(String),
    /// The probabilities of a proposal do not sum to one.
    #[error("the probabilities sum to {sum_billionths} billionths, not to 1 within {PROBABILITY_SUM_TOLERANCE_BILLIONTHS} billionths")]
    SumIsNotOne {
        /// What they sum to.
        sum_billionths: u64,
    },
    /// Not a decimal number.
    #[error("{0:?} is not a decimal number: write digits with at most one point, as in -12.5")]
    NotADecimal(String),
}

/// A probability from a float, in billionths.
///
/// # Errors
/// Refuses NaN, infinities and what lies outside [0, 1].
pub fn billionths(probability: f64) -> Result<u32, Error> {
    if !(0.0..=1.0).contains(&probability) {
        return Err(Error::NotAProbability(probability.to_string()));
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range was checked above")]
    let scaled = (probability * f64::from(ONE_BILLIONTHS)).round() as u32;
    Ok(scaled)
}

/// Class probabilities as integer billionths that sum to exactly 10^9.
///
/// What rounding leaves over goes to the largest probability (the first of equals), where it changes least.
///
/// # Errors
/// Refuses a value that is no probability and a sum further from one than the tolerance in [`crate::limits`].
pub fn distribution(given: &[(String, f64)]) -> Result<BTreeMap<String, u32>, Error> {
    let total: f64 = given.iter().map(|(_, p)| *p).sum();
    for (_, p) in given {
        billionths(*p)?;
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "every part lies in [0, 1], so the sum is small and positive"
    )]
    let sum_billionths = (total * f64::from(ONE_BILLIONTHS)).round() as u64;
    if sum_billionths.abs_diff(u64::from(ONE_BILLIONTHS)) > PROBABILITY_SUM_TOLERANCE_BILLIONTHS {
        return Err(Error::SumIsNotOne { sum_billionths });
    }
    let mut parts: Vec<(&String, u32)> = Vec::with_capacity(given.len());
    for (class, p) in given {
        parts.push((class, billionths((*p / total).min(1.0))?));
    }
    let rounded: u64 = parts.iter().map(|(_, p)| u64::from(*p)).sum();
    let top = parts.iter().enumerate().max_by(|(i, a), (j, b)| a.1.cmp(&b.1).then(j.cmp(i))).map(|(i, _)| i);
    if let Some(largest) = top.and_then(|i| parts.get_mut(i)) {
        let rest = i64::from(ONE_BILLIONTHS) - i64::try_from(rounded).unwrap_or(0);
        largest.1 = u32::try_from(i64::from(largest.1) + rest).unwrap_or(ONE_BILLIONTHS);
    }
    Ok(parts.into_iter().map(|(class, p)| (class.clone(), p)).collect())
}

/// A number from a user, kept as the canonical decimal string: no exponent, no leading or trailing zeros, `-0` is `0`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Decimal(String);

impl Decimal {
    /// Digits a decimal may have, so that nobody sends a megabyte of them.
    pub const DIGITS_MAX: usize = 40;

    /// Reads a decimal as a person or a program writes it (`12`, `-0.50`, `1e3`).
    ///
    /// # Errors
    /// Refuses everything that is not a finite decimal number of at most [`Self::DIGITS_MAX`] digits.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let refuse = || Error::NotADecimal(text.chars().take(60).collect());
        let trimmed = text.trim();
        let (mantissa, exponent) = match trimmed.split_once(['e', 'E']) {
            Some((m, e)) => (m, e.parse::<i32>().map_err(|_| refuse())?),
            None => (trimmed, 0),
        };
        let (negative, digits) = match mantissa.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, mantissa.strip_prefix('+').unwrap_or(mantissa)),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let all_digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
        if (whole.is_empty() && fraction.is_empty()) || !all_digits(whole) || !all_digits(fraction) {
            return Err(refuse());
        }
        let joined = format!("{whole}{fraction}");
        let point = i64::try_from(whole.len()).map_err(|_| refuse())? + i64::from(exponent);
        Self::assemble(negative, &joined, point).filter(|d| d.0.len() <= Self::DIGITS_MAX + 2).ok_or_else(refuse)
    }

    /// The digits with the point after `point` of them, in canonical form.
    fn assemble(negative: bool, digits: &str, point: i64) -> Option<Self> {
        let limit = i64::try_from(Self::DIGITS_MAX).ok()?;
        let significant = digits.trim_start_matches('0');
        if significant.is_empty() {
            return Some(Self("0".into()));
        }
        if point.abs() > limit + i64::try_from(digits.len()).ok()? {
            return None;
        }
        let (whole, fraction) = if point <= 0 {
            (String::new(), format!("{}{digits}", "0".repeat(usize::try_from(-point).ok()?)))
        } else {
            let at = usize::try_from(point).ok()?;
            match digits.split_at_checked(at) {
                Some((w, f)) => (w.to_owned(), f.to_owned()),
                None => (format!("{digits}{}", "0".repeat(at - digits.len())), String::new()),
            }
        };
        let whole = whole.trim_start_matches('0');
        let fraction = fraction.trim_end_matches('0');
        let sign = if negative { "-" } else { "" };
        let whole = if whole.is_empty() { "0" } else { whole };
        Some(Self(if fraction.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }))
    }

    /// The canonical text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The nearest float, for comparing and plotting only.
    #[must_use]
    pub fn to_f64(&self) -> f64 {
        self.0.parse().unwrap_or(f64::NAN)
    }
}

impl std::fmt::Display for Decimal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether an integer is one that every JSON reader agrees on.
#[must_use]
pub fn is_safe_integer(value: i64) -> bool {
    (-INTEGER_MAX..=INTEGER_MAX).contains(&value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_have_one_canonical_form() {
        for (given, want) in [
            ("12", "12"),
            ("-0.50", "-0.5"),
            ("+007.0", "7"),
            ("-0", "0"),
            ("1e3", "1000"),
            ("1.5E-3", "0.0015"),
            (".5", "0.5"),
            ("5.", "5"),
            ("120e-1", "12"),
        ] {
            assert_eq!(Decimal::parse(given).unwrap().as_str(), want, "{given}");
            assert_eq!(Decimal::parse(want).unwrap().as_str(), want, "canonical form is a fixed point");
        }
        for bad in ["", ".", "NaN", "inf", "1e", "1,5", "0x10", "1e999999", "--1", "1.2.3", "é"] {
            assert!(Decimal::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn probabilities_sum_to_exactly_one_and_keep_their_order() {
        let third = 1.0 / 3.0;
        let d = distribution(&[("a".into(), third), ("b".into(), third), ("c".into(), third)]).unwrap();
        assert_eq!(d.values().map(|p| u64::from(*p)).sum::<u64>(), u64::from(ONE_BILLIONTHS));
        assert!(d["a"] >= d["b"] && d["b"] == d["c"]);
        assert!(matches!(distribution(&[("a".into(), 0.5), ("b".into(), 0.4)]), Err(Error::SumIsNotOne { .. })));
        assert!(distribution(&[("a".into(), f64::NAN), ("b".into(), 1.0)]).is_err());
        assert!(distribution(&[("a".into(), -0.1), ("b".into(), 1.1)]).is_err());
        assert!(distribution(&[]).is_err());
    }
}
