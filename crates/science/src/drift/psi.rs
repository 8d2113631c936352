//! The population stability index of a field: how much its distribution has moved. Never a test of every value: bins only.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Error, error::Result, interval::level_check, math, special};

/// Bins of a number at most.
pub const BINS_MAX: usize = 100;
/// Kinds of a category that are kept apart; the rarest beyond are counted together.
pub const KINDS_MAX: usize = 200;
/// An index below this is not worth a warning even where it is no chance (the usual reading of the index: .1 some, .25 much).
pub const NOTICE: f64 = 0.1;
/// Added to every count, so that an empty bin is rare and not impossible.
const SMOOTHING: f64 = 0.5;

/// What became of a field.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Shift {
    /// The field, as the caller named it.
    pub field: String,
    /// The index: the sum of `(after - before) ln(after / before)` over the bins.
    pub index: f64,
    /// What the index stays below, at the stated level, when nothing has moved: about `(1/n + 1/m)` times a chi-square of as many
    /// degrees of freedom as there are bins less one (Yurdakul and Naranjo, Journal of Risk Model Validation 14, 2020).
    pub null_high: f64,
    /// Whether to warn: above both `null_high` and [`NOTICE`].
    pub moved: bool,
    /// The bins, the one that moved most first.
    pub bins: Vec<Bin>,
}

/// A bin before and after.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Bin {
    /// What is in it: a kind, or an interval of numbers.
    pub label: String,
    /// Its share before.
    pub before: f64,
    /// Its share after.
    pub after: f64,
}

/// From counts per bin, of as many rows as they sum to. `level` is the coverage of the null band: for several fields at once take
/// `1 - (1 - level) / fields`.
///
/// # Errors
/// Lengths that differ, fewer than two bins, no rows before or after, a level outside (0, 1).
pub fn psi(field: &str, labels: &[String], before: &[u64], after: &[u64], level: f64) -> Result<Shift> {
    level_check(level)?;
    if labels.len() != before.len() || labels.len() != after.len() {
        return Err(Error::input("bins", format!("{} labels, {} counts before and {} after", labels.len(), before.len(), after.len())));
    }
    if labels.len() < 2 {
        return Err(Error::cannot_say(format!("The field {field} has one value only, so its distribution cannot move.")));
    }
    let (n, m): (u64, u64) = (before.iter().sum(), after.iter().sum());
    if n == 0 || m == 0 {
        return Err(Error::cannot_say(format!("The field {field} has no rows before or no rows after.")));
    }
    let share = |counts: &[u64], total: u64| -> Vec<f64> {
        let total = total as f64 + SMOOTHING * counts.len() as f64;
        counts.iter().map(|count| (*count as f64 + SMOOTHING) / total).collect()
    };
    let (p, q) = (share(before, n), share(after, m));
    let mut parts: Vec<(f64, Bin)> = labels
        .iter()
        .zip(p.iter().zip(&q))
        .map(|(label, (p, q))| ((q - p) * math::ln(q / p), Bin { label: label.clone(), before: *p, after: *q }))
        .collect();
    let index = math::sum(parts.iter().map(|(part, _)| *part));
    let null_high = (1.0 / n as f64 + 1.0 / m as f64) * chi_square_quantile(level, (labels.len() - 1) as f64);
    parts.sort_by(|a, b| b.0.total_cmp(&a.0));
    let bins = parts.into_iter().map(|(_, bin)| bin).collect();
    Ok(Shift { field: field.to_owned(), index, null_high, moved: index > null_high && index > NOTICE, bins })
}

/// Of a field of numbers, in `bins` bins of equal size *before*; what is no number is a bin of its own.
///
/// # Errors
/// As [`psi()`]; bins below 2 or above [`BINS_MAX`].
pub fn psi_numbers(field: &str, before: &[f64], after: &[f64], bins: usize, level: f64) -> Result<Shift> {
    if !(2..=BINS_MAX).contains(&bins) {
        return Err(Error::input("bins", format!("2 to {BINS_MAX} bins, and this is {bins}")));
    }
    let mut sorted: Vec<f64> = before.iter().copied().filter(|value| !value.is_nan()).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    // Edges are the first values of the bins; ties fall into one bin, and then there are fewer of them.
    let mut edges: Vec<f64> = (1..bins).filter_map(|bin| sorted.get(bin * sorted.len() / bins).copied()).collect();
    edges.dedup();
    if edges.first() == sorted.first() {
        edges = edges.into_iter().skip(1).collect();
    }
    let missing = before.iter().chain(after).any(|value| value.is_nan());
    let count = |values: &[f64]| {
        let mut counts = vec![0u64; edges.len() + 1 + usize::from(missing)];
        for value in values {
            let bin = if value.is_nan() { edges.len() + 1 } else { edges.partition_point(|edge| edge <= value) };
            if let Some(count) = counts.get_mut(bin) {
                *count += 1;
            }
        }
        counts
    };
    let mut labels: Vec<String> = Vec::new();
    for bin in 0..=edges.len() {
        labels.push(match (bin.checked_sub(1).and_then(|low| edges.get(low)), edges.get(bin)) {
            (None, None) => "all numbers".to_owned(),
            (None, Some(high)) => format!("below {high}"),
            (Some(low), None) => format!("{low} and above"),
            (Some(low), Some(high)) => format!("{low} to below {high}"),
        });
    }
    if missing {
        labels.push("no number".to_owned());
    }
    psi(field, &labels, &count(before), &count(after), level)
}

/// Of a field of kinds (texts); new kinds are bins too.
///
/// # Errors
/// As [`psi()`].
pub fn psi_categories<'a>(
    field: &str,
    before: impl IntoIterator<Item = &'a str>,
    after: impl IntoIterator<Item = &'a str>,
    level: f64,
) -> Result<Shift> {
    let mut counts: BTreeMap<&str, [u64; 2]> = BTreeMap::new();
    for kind in before {
        counts.entry(kind).or_default()[0] += 1;
    }
    for kind in after {
        counts.entry(kind).or_default()[1] += 1;
    }
    let mut kinds: Vec<(&str, [u64; 2])> = counts.into_iter().collect();
    kinds.sort_by_key(|(kind, [before, after])| (std::cmp::Reverse(before + after), *kind));
    let rest = kinds.split_off(kinds.len().min(KINDS_MAX));
    if !rest.is_empty() {
        kinds.push(("all others", [rest.iter().map(|(_, n)| n[0]).sum(), rest.iter().map(|(_, n)| n[1]).sum()]));
    }
    let labels: Vec<String> = kinds.iter().map(|(kind, _)| (*kind).to_owned()).collect();
    let column = |at: usize| kinds.iter().map(|(_, n)| n.get(at).copied().unwrap_or(0)).collect::<Vec<u64>>();
    psi(field, &labels, &column(0), &column(1), level)
}

/// The quantile of the chi-square distribution, by bisection.
fn chi_square_quantile(level: f64, df: f64) -> f64 {
    let (mut low, mut high) = (0.0f64, 10.0 * df + 100.0);
    while special::chi_square_cdf(high, df) < level && high < 1e9 {
        high *= 2.0;
    }
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        if special::chi_square_cdf(middle, df) < level {
            low = middle;
        } else {
            high = middle;
        }
    }
    high
}
