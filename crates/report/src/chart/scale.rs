//! Scales and axes: where a value stands, and the round values that are written beside it. Never gives a place that is not
//! finite.

use crate::format::Unit;

/// Values beyond this magnitude are not drawn: no measure of a decision has them, and they break every scale.
pub(super) const MAGNITUDE_MAX: f64 = 1e12;
/// A scale has no more ticks than these.
const TICKS_MAX: usize = 12;

/// Whether a value can be drawn at all.
pub(super) fn drawable(value: f64) -> bool {
    value.is_finite() && value.abs() <= MAGNITUDE_MAX
}

/// What an axis measures.
#[derive(Debug, Clone, PartialEq)]
pub struct Axis {
    /// What it is, in words: "share of cases decided by the AI".
    pub label: String,
    /// How its values are written.
    pub unit: Unit,
    /// The ends, or the data decides.
    pub domain: Option<(f64, f64)>,
    /// Ticks in words, for an axis of time or of names: value and label, in order. Empty: round numbers.
    pub ticks: Vec<(f64, String)>,
}

impl Axis {
    /// An axis whose ends the data decides.
    pub fn new(label: impl Into<String>, unit: Unit) -> Self {
        Self { label: label.into(), unit, domain: None, ticks: Vec::new() }
    }

    /// With fixed ends.
    #[must_use]
    pub fn within(mut self, low: f64, high: f64) -> Self {
        self.domain = Some((low, high));
        self
    }

    /// With ticks in words.
    #[must_use]
    pub fn named(mut self, ticks: Vec<(f64, String)>) -> Self {
        self.ticks = ticks;
        self
    }
}

/// A linear map of a domain onto pixels. A value outside is drawn at the end.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scale {
    domain: (f64, f64),
    range: (f64, f64),
}

impl Scale {
    pub(super) fn new(domain: (f64, f64), range: (f64, f64)) -> Self {
        Self { domain: widened(domain), range }
    }

    /// The pixel of a value.
    pub(super) fn at(&self, value: f64) -> f64 {
        let (low, high) = self.domain;
        let share = ((value - low) / (high - low)).clamp(0.0, 1.0);
        self.range.0 + share * (self.range.1 - self.range.0)
    }

    pub(super) fn contains(&self, value: f64) -> bool {
        let slack = (self.domain.1 - self.domain.0) * 1e-9;
        value >= self.domain.0 - slack && value <= self.domain.1 + slack
    }

    pub(super) fn domain(&self) -> (f64, f64) {
        self.domain
    }

    pub(super) fn range(&self) -> (f64, f64) {
        self.range
    }
}

/// A domain that has a width.
fn widened((low, high): (f64, f64)) -> (f64, f64) {
    if !(drawable(low) && drawable(high)) {
        return (0.0, 1.0);
    }
    let (low, high) = if low <= high { (low, high) } else { (high, low) };
    if high - low > low.abs().max(high.abs()) * 1e-9 && high - low > 1e-12 {
        return (low, high);
    }
    let by = if low == 0.0 { 0.5 } else { low.abs() * 0.05 };
    (low - by, high + by)
}

/// A step of 1, 2 or 5 times a power of ten, so that about `count` of them fill `span`.
fn step(span: f64, count: f64) -> f64 {
    let raw = span / count.max(1.0);
    let power = 10f64.powi(exponent(raw));
    let times = raw / power;
    // The nearest of them, by ratio.
    let nice = [(1.5, 1.0), (3.2, 2.0), (7.0, 5.0)].into_iter().find(|(most, _)| times <= *most).map_or(10.0, |(_, nice)| nice);
    nice * power
}

/// The power of ten at or below a positive number.
fn exponent(value: f64) -> i32 {
    #[expect(clippy::cast_possible_truncation, reason = "the exponent of a double is within 308")]
    let found = value.log10().floor() as i32;
    found.clamp(-15, 15)
}

/// Round values inside a domain, about `count` of them, and the decimals that tell them apart.
pub(super) fn ticks(domain: (f64, f64), count: f64, unit: Unit) -> Vec<(f64, String)> {
    let (low, high) = widened(domain);
    let mut step = step(high - low, count);
    if unit == Unit::Count {
        step = step.max(1.0);
    }
    let scaled = if matches!(unit, Unit::Share | Unit::Points) { step * 100.0 } else { step };
    #[expect(clippy::cast_sign_loss, reason = "negative exponents were turned around")]
    let decimals = if scaled >= 1.0 - 1e-9 { 0 } else { (-exponent(scaled * (1.0 + 1e-9))).max(0) as usize };
    let first = (low / step - 1e-9).ceil();
    let mut out = Vec::new();
    for at in 0..TICKS_MAX {
        #[expect(clippy::cast_precision_loss, reason = "at most a dozen")]
        let value = (first + at as f64) * step;
        if value > high + step * 1e-9 {
            break;
        }
        out.push((value, unit.with_decimals(value, decimals)));
    }
    out
}

/// The domain of some values: the axis' own, or theirs widened by a little and held inside what the unit allows.
pub(super) fn domain(axis: &Axis, values: impl Iterator<Item = f64>) -> (f64, f64) {
    if let Some((low, high)) = axis.domain.filter(|(low, high)| drawable(*low) && drawable(*high) && low < high) {
        return (low, high);
    }
    let (low, high) = values
        .filter(|value| drawable(*value))
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
    let (low, high) = widened((low, high));
    let padding = (high - low) * 0.06;
    let step = step(high - low + 2.0 * padding, 8.0);
    let (low, high) = (((low - padding) / step).floor() * step, ((high + padding) / step).ceil() * step);
    match axis.unit {
        Unit::Share => (low.max(0.0), high.min(1.0).max(low.max(0.0) + step)),
        Unit::Count => (low.max(0.0), high),
        _ => (low, high),
    }
}
