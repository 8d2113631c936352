//! Moments as people and programs write them: RFC 3339 to integer microseconds UTC and back. Never reads a clock.

use crate::number::{Micros, is_safe_integer};

const MICROS_PER_SECOND: i64 = 1_000_000;
const SECONDS_PER_DAY: i64 = 86_400;

/// Why a text is no moment. Never repeats the text: it may be personal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Another shape.
    #[error("not an RFC 3339 time: write it as 2026-03-01T09:30:00Z or 2026-03-01T10:30:00.250+01:00")]
    Shape,
    /// No time zone: the moment would be a guess.
    #[error("the time has no offset: end it with Z for UTC, or with an offset such as +01:00")]
    NoOffset,
    /// The 30th of February, 25 o'clock, a leap second.
    #[error("no such day or time of day")]
    NoSuchMoment,
    /// Outside of the integers that every JSON reader agrees on.
    #[error("too far away: times from 1684 to 2255 are taken")]
    TooFar,
}

/// Reads a moment by RFC 3339, section 5.6, in microseconds since 1970-01-01 UTC.
///
/// Digits beyond microseconds are dropped. A leap second (`:60`) is refused: microseconds since 1970 have no place for it.
///
/// # Errors
/// [`Error`] says whether the shape, the offset, the calendar or the range is to blame.
pub fn parse_rfc3339(text: &str) -> Result<Micros, Error> {
    let mut rest = text.as_bytes();
    let year = digits(&mut rest, 4)?;
    literal(&mut rest, b"-")?;
    let month = digits(&mut rest, 2)?;
    literal(&mut rest, b"-")?;
    let day = digits(&mut rest, 2)?;
    literal(&mut rest, b"Tt")?;
    let hour = digits(&mut rest, 2)?;
    literal(&mut rest, b":")?;
    let minute = digits(&mut rest, 2)?;
    literal(&mut rest, b":")?;
    let second = digits(&mut rest, 2)?;
    let fraction = fraction(&mut rest)?;
    let offset_seconds = offset(rest)?;
    let real_day = (1..=12).contains(&month) && day >= 1 && day <= days_in_month(year, month);
    if !real_day || hour > 23 || minute > 59 || second > 59 {
        return Err(Error::NoSuchMoment);
    }
    let seconds = days_from_civil(year, month, day) * SECONDS_PER_DAY + hour * 3_600 + minute * 60 + second - offset_seconds;
    let micros = seconds * MICROS_PER_SECOND + fraction;
    if is_safe_integer(micros) { Ok(micros) } else { Err(Error::TooFar) }
}

/// Writes a moment in UTC by RFC 3339, with as many digits of the second as it has: none, three or six.
#[must_use]
pub fn format_rfc3339(micros: Micros) -> String {
    let seconds = micros.div_euclid(MICROS_PER_SECOND);
    let fraction = micros.rem_euclid(MICROS_PER_SECOND);
    let of_day = seconds.rem_euclid(SECONDS_PER_DAY);
    let (year, month, day) = civil_from_days(seconds.div_euclid(SECONDS_PER_DAY));
    let (hour, minute, second) = (of_day / 3_600, of_day / 60 % 60, of_day % 60);
    let fraction = match fraction {
        0 => String::new(),
        f if f % 1_000 == 0 => format!(".{:03}", f / 1_000),
        f => format!(".{f:06}"),
    };
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{fraction}Z")
}

fn digits(rest: &mut &[u8], count: usize) -> Result<i64, Error> {
    let (head, tail) = rest.split_at_checked(count).ok_or(Error::Shape)?;
    if !head.iter().all(u8::is_ascii_digit) {
        return Err(Error::Shape);
    }
    *rest = tail;
    Ok(head.iter().fold(0, |n, b| n * 10 + i64::from(b - b'0')))
}

fn literal(rest: &mut &[u8], one_of: &[u8]) -> Result<u8, Error> {
    match rest.split_first() {
        Some((first, tail)) if one_of.contains(first) => {
            *rest = tail;
            Ok(*first)
        }
        _ => Err(Error::Shape),
    }
}

/// Microseconds of the fraction, if there is one.
fn fraction(rest: &mut &[u8]) -> Result<i64, Error> {
    let Some((b'.', mut tail)) = rest.split_first() else { return Ok(0) };
    let count = tail.iter().take_while(|b| b.is_ascii_digit()).count();
    if count == 0 {
        return Err(Error::Shape);
    }
    let kept = count.min(6);
    let micros = (kept..6).fold(digits(&mut tail, kept)?, |n, _| n * 10);
    *rest = tail.get(count - kept..).unwrap_or_default();
    Ok(micros)
}

/// Seconds east of UTC.
fn offset(rest: &[u8]) -> Result<i64, Error> {
    let mut rest = rest;
    if rest.is_empty() {
        return Err(Error::NoOffset);
    }
    let sign = match literal(&mut rest, b"Zz+-")? {
        b'+' => 1,
        b'-' => -1,
        _ if rest.is_empty() => return Ok(0),
        _ => return Err(Error::Shape),
    };
    let hours = digits(&mut rest, 2)?;
    literal(&mut rest, b":")?;
    let minutes = digits(&mut rest, 2)?;
    if !rest.is_empty() {
        return Err(Error::Shape);
    }
    if hours > 23 || minutes > 59 {
        return Err(Error::NoSuchMoment);
    }
    Ok(sign * (hours * 3_600 + minutes * 60))
}

fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970-01-01 of a day of the Gregorian calendar, counted in 400-year eras that begin on 1 March, so that the
/// leap day is the last of its year.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// The inverse of [`days_from_civil`].
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    (era * 400 + year_of_era + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::INTEGER_MAX;
    use proptest::prelude::*;

    #[test]
    fn known_moments() {
        for (text, want) in [
            ("1970-01-01T00:00:00Z", Ok(0)),
            ("1969-12-31T23:59:59.999999Z", Ok(-1)),
            ("2000-02-29T12:00:00+00:00", Ok(951_825_600_000_000)),
            // The examples of RFC 3339, section 5.8.
            ("1985-04-12T23:20:50.52Z", Ok(482_196_050_520_000)),
            ("1996-12-19T16:39:57-08:00", Ok(851_042_397_000_000)),
            ("1937-01-01T12:00:27.87+00:20", Ok(-1_041_337_172_130_000)),
            ("1990-12-31T23:59:60Z", Err(Error::NoSuchMoment)),
            ("2026-03-01t09:30:00.1234567z", Ok(1_772_357_400_123_456)),
            ("2026-02-29T00:00:00Z", Err(Error::NoSuchMoment)),
            ("2026-13-01T00:00:00Z", Err(Error::NoSuchMoment)),
            ("2026-00-10T00:00:00Z", Err(Error::NoSuchMoment)),
            ("2026-01-01T24:00:00Z", Err(Error::NoSuchMoment)),
            ("2026-01-01T00:00:00+24:00", Err(Error::NoSuchMoment)),
            ("2026-01-01T00:00:00", Err(Error::NoOffset)),
            ("9999-12-31T23:59:59Z", Err(Error::TooFar)),
            ("2026-01-01", Err(Error::Shape)),
            ("2026-01-01 00:00:00Z", Err(Error::Shape)),
            ("2026-01-01T00:00:00.Z", Err(Error::Shape)),
            ("2026-01-01T00:00:00Zx", Err(Error::Shape)),
            ("2026-01-01T00:00:00+1:00", Err(Error::Shape)),
            ("+026-01-01T00:00:00Z", Err(Error::Shape)),
            ("٢٠٢٦-01-01T00:00:00Z", Err(Error::Shape)),
            ("", Err(Error::Shape)),
        ] {
            assert_eq!(parse_rfc3339(text), want, "{text}");
        }
        assert_eq!(format_rfc3339(482_196_050_520_000), "1985-04-12T23:20:50.520Z");
        assert_eq!(format_rfc3339(-1), "1969-12-31T23:59:59.999999Z");
        assert_eq!(format_rfc3339(0), "1970-01-01T00:00:00Z");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(512))]
        #[test]
        fn every_moment_comes_back(micros in -INTEGER_MAX..=INTEGER_MAX) {
            prop_assert_eq!(parse_rfc3339(&format_rfc3339(micros)), Ok(micros));
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,40}") {
            let _ = parse_rfc3339(&text);
        }
    }
}
