//! [`Kind`]: what the values of a Parquet column are, out of its physical and its logical type.

use crate::{builder::Builder, column::Want};
use parquet::{
    basic::{ConvertedType, LogicalType, TimeUnit, Type},
    schema::types::ColumnDescriptor,
};

/// What values are, whatever they are stored in.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Kind {
    Bool,
    Integer,
    Unsigned,
    Float,
    Half,
    Text,
    /// A whole number divided by this.
    Decimal(f64),
    /// Days since 1970-01-01.
    Date,
    /// Units since 1970-01-01T00:00:00Z, and how many make a second.
    Timestamp(i64),
    /// Units since midnight, and how many make a second.
    Time(i64),
}

impl Kind {
    /// The kind of a column.
    ///
    /// # Errors
    /// Where it is of a type that is not read.
    pub(super) fn of(column: &ColumnDescriptor) -> Result<Self, String> {
        use ConvertedType as C;
        let per_second = |unit: &TimeUnit| match unit {
            TimeUnit::MILLIS => 1_000,
            TimeUnit::MICROS => 1_000_000,
            TimeUnit::NANOS => 1_000_000_000,
        };
        let (physical, converted) = (column.physical_type(), column.converted_type());
        let whole = matches!(physical, Type::INT32 | Type::INT64);
        let kind = match column.logical_type_ref() {
            Some(LogicalType::Decimal(decimal)) => Some(Self::Decimal(power_of_ten(decimal.scale))),
            Some(LogicalType::Date) => Some(Self::Date),
            Some(LogicalType::Timestamp(timestamp)) => Some(Self::Timestamp(per_second(&timestamp.unit))),
            Some(LogicalType::Time(time)) => Some(Self::Time(per_second(&time.unit))),
            Some(LogicalType::Integer(integer)) if !integer.is_signed => Some(Self::Unsigned),
            Some(LogicalType::Float16) => Some(Self::Half),
            _ => match converted {
                C::DECIMAL => Some(Self::Decimal(power_of_ten(column.type_scale()))),
                C::DATE => Some(Self::Date),
                C::TIMESTAMP_MILLIS => Some(Self::Timestamp(1_000)),
                C::TIMESTAMP_MICROS => Some(Self::Timestamp(1_000_000)),
                C::TIME_MILLIS => Some(Self::Time(1_000)),
                C::TIME_MICROS => Some(Self::Time(1_000_000)),
                C::UINT_8 | C::UINT_16 | C::UINT_32 | C::UINT_64 => Some(Self::Unsigned),
                _ => None,
            },
        };
        match (physical, kind) {
            (Type::BOOLEAN, None) => Ok(Self::Bool),
            (_, Some(kind)) if whole && kind != Self::Half => Ok(kind),
            (Type::INT32 | Type::INT64, None) => Ok(Self::Integer),
            (Type::FLOAT | Type::DOUBLE, None) => Ok(Self::Float),
            (Type::BYTE_ARRAY, None) => Ok(Self::Text),
            (Type::BYTE_ARRAY | Type::FIXED_LEN_BYTE_ARRAY, Some(kind @ Self::Decimal(_))) => Ok(kind),
            (Type::FIXED_LEN_BYTE_ARRAY, Some(Self::Half)) => Ok(Self::Half),
            _ => Err(format!("its type, {physical} ({converted}), is not read; write it as text or as a number")),
        }
    }

    /// How a column is wanted, where its type answers what [`Want::Auto`] leaves open.
    pub(super) fn settled(self, want: Want) -> Want {
        match (want, self) {
            (Want::Auto, Self::Text) => Want::Auto,
            (Want::Auto, Self::Bool) => Want::Category,
            (Want::Auto, _) => Want::Number,
            (want, _) => want,
        }
    }

    /// A stored whole number becomes a cell.
    pub(super) fn push(self, builder: &mut Builder, value: i64) -> Result<(), String> {
        let number = builder.want == Want::Number;
        match self {
            Self::Unsigned => match u64::try_from(value) {
                Ok(_) => builder.integer(value),
                Err(_) => builder.written(value as u64),
            },
            Self::Decimal(scale) => builder.number(value as f64 / scale),
            Self::Date if number => builder.number(value as f64 * 86_400.0),
            Self::Date => builder.written(Day(value)),
            Self::Timestamp(per_second) | Self::Time(per_second) if number => builder.number(value as f64 / per_second as f64),
            Self::Timestamp(per_second) => {
                let (seconds, rest) = (value.div_euclid(per_second), value.rem_euclid(per_second));
                builder.written(format_args!(
                    "{}T{}Z",
                    Day(seconds.div_euclid(86_400)),
                    Clock(seconds.rem_euclid(86_400), rest, per_second)
                ))
            }
            Self::Time(per_second) => builder.written(Clock(value.div_euclid(per_second), value.rem_euclid(per_second), per_second)),
            _ => builder.integer(value),
        }
    }
}

fn power_of_ten(scale: i32) -> f64 {
    (0..scale.clamp(0, 60)).fold(1.0, |power, _| power * 10.0)
}

/// A half-precision number (IEEE 754) out of its bits.
pub(super) fn half(bits: u16) -> f64 {
    let (sign, exponent, fraction) = (bits >> 15, i32::from(bits >> 10 & 0x1f), f64::from(bits & 0x3ff));
    let two_to = |exponent: i32| (0..exponent.abs()).fold(1.0, |power, _| if exponent < 0 { power / 2.0 } else { power * 2.0 });
    let magnitude = match exponent {
        0 => fraction * two_to(-24),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        _ => (1_024.0 + fraction) * two_to(exponent - 25),
    };
    if sign == 1 { -magnitude } else { magnitude }
}

/// A day as `2026-11-25`, by Hinnant's `civil_from_days`.
struct Day(i64);

impl std::fmt::Display for Day {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let z = self.0.saturating_add(719_468);
        let (era, day_of_era) = (z.div_euclid(146_097), z.rem_euclid(146_097));
        let year = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year + year / 4 - year / 100);
        let shifted = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * shifted + 2) / 5 + 1;
        let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
        write!(f, "{:04}-{month:02}-{day:02}", year + era * 400 + i64::from(month <= 2))
    }
}

/// Seconds of a day with their fraction, as `12:34:56.789`.
struct Clock(i64, i64, i64);

impl std::fmt::Display for Clock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self(seconds, rest, per_second) = *self;
        let digits = per_second.checked_ilog10().unwrap_or(0) as usize;
        write!(f, "{:02}:{:02}:{:02}.{rest:0digits$}", seconds / 3_600, seconds / 60 % 60, seconds % 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_halves_are_known() {
        for (day, text) in [(0, "1970-01-01"), (-1, "1969-12-31"), (19_782, "2024-02-29"), (20_782, "2026-11-25"), (11_016, "2000-02-29")] {
            assert_eq!(Day(day).to_string(), text);
        }
        assert_eq!(Clock(45_296, 7, 1_000).to_string(), "12:34:56.007");
        for (bits, value) in
            [(0x3c00, 1.0), (0xc000, -2.0), (0x7bff, 65_504.0), (0x0001, 5.960_464_477_539_063e-8), (0x3555, 0.333_251_953_125)]
        {
            assert_eq!(half(bits), value);
        }
        assert!(half(0x7e00).is_nan() && half(0xfc00).is_infinite());
    }
}
