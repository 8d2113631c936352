//! Times in a file, as numbers that grow. Reads no clock.

use super::Error;
use countersign_columns::{Category, Column};
use countersign_core::time::parse_rfc3339;

/// Times of all rows.
pub(super) struct Instants {
    /// NaN where there is none.
    pub values: Vec<f64>,
    /// Days that they span, where their unit is known.
    pub days: Option<f64>,
    /// How they were read.
    pub reading: String,
}

const SECONDS_PER_DAY: f64 = 86_400.0;

/// Reads a column of times: RFC 3339, dates, or numbers that grow.
pub(super) fn instants(name: &str, column: &Column) -> Result<Instants, Error> {
    match column {
        Column::Number(values) => {
            let unit = epoch_unit(values);
            let days = unit.map(|unit| span(values) / unit / SECONDS_PER_DAY);
            let reading = if unit.is_some() { "time since 1970" } else { "an order: the unit is not known" };
            Ok(Instants { values: values.clone(), days, reading: reading.to_owned() })
        }
        Column::Category(Category { codes, labels }) => {
            let mut of = Vec::with_capacity(labels.len());
            for label in labels.iter() {
                of.push(seconds(label).ok_or_else(|| {
                    Error::input(format!(
                        "column {name:?}: {label:?} is no time: write 2026-03-01T09:30:00Z, 2026-03-01, or numbers that grow"
                    ))
                })?);
            }
            let values: Vec<f64> = codes.iter().map(|c| of.get(*c as usize).copied().unwrap_or(f64::NAN)).collect();
            let days = Some(span(&values) / SECONDS_PER_DAY);
            Ok(Instants { values, days, reading: "date and time".to_owned() })
        }
    }
}

fn seconds(text: &str) -> Option<f64> {
    let micros = |text: &str| parse_rfc3339(text).ok();
    let micros = micros(text)
        .or_else(|| micros(&format!("{text}T00:00:00Z")))
        .or_else(|| micros(&format!("{}Z", text.replacen(' ', "T", 1))))
        .or_else(|| micros(&text.replacen(' ', "T", 1)))?;
    Some(micros as f64 / 1e6)
}

fn span(values: &[f64]) -> f64 {
    let known = values.iter().copied().filter(|v| !v.is_nan());
    let (low, high) = known.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)));
    (high - low).max(0.0)
}

/// How many make a second, if all lie between 1990 and 2100 in that unit.
fn epoch_unit(values: &[f64]) -> Option<f64> {
    const FROM_SECONDS: f64 = 631_152_000.0;
    const TO_SECONDS: f64 = 4_102_444_800.0;
    [1.0, 1e3, 1e6].into_iter().find(|unit| values.iter().filter(|v| !v.is_nan()).all(|v| (FROM_SECONDS..TO_SECONDS).contains(&(v / unit))))
}
