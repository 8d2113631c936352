//! What a suggestion and a final answer alone can show, where no truth and no independent answer is known: how often, where and by
//! whom suggestions are overridden, what that bounds, and how to measure the rest. Never takes an override for an error of the AI,
//! nor an acceptance for a proof: people who saw the suggestion are no independent witnesses of it.

use crate::bootstrap::{self, Clusters, Columns, Options, Sums};
use crate::error::{Error, Result};
use crate::estimate::Estimate;
use crate::fairness::significance;
use crate::rehearsal::findings::{Bound, OverridePattern, SuggestionOnly};
use crate::{interval, math, special};

mod plan;
#[cfg(test)]
mod tests;

pub use plan::{BLIND_SHARE_DEFAULT, Inflow, POWER, blind_share_within, cases_for_difference, cases_for_gain, cases_for_share, plan};

/// Groups of a grouping that are shown; the smaller ones are joined.
pub const GROUPS_SHOWN_MAX: usize = 50;
/// Up to this many rows Fisher's exact test is affordable.
const FISHER_ROWS_MAX: u64 = 20_000;

/// Rows by one column: a region, the person, a stretch of time, a band of the score, the suggestion itself.
#[derive(Debug, Clone, Copy)]
pub struct Grouping<'a> {
    /// What they are grouped by, for a reader.
    pub by: &'a str,
    /// The group of every row: an index into `names`.
    pub codes: &'a [u32],
    /// Names of groups.
    pub names: &'a [String],
}

/// Analyses rows of which only the suggestion and the final answer are known.
///
/// p-values compare a group with all other rows and are Holm-corrected over everything that is shown.
///
/// # Errors
/// [`Error::Input`] where lengths differ or a code has no name; [`Error::CannotSay`] of no rows or one cluster.
pub fn analyse(
    suggestion: &[u32],
    answer: &[u32],
    groupings: &[Grouping<'_>],
    clusters: Clusters<'_>,
    inflow: &Inflow,
    options: &Options,
) -> Result<SuggestionOnly> {
    let rows = suggestion.len();
    if answer.len() != rows {
        return Err(Error::input("answer", format!("{} final answers for {rows} suggestions; there must be one a row", answer.len())));
    }
    let overridden: Vec<bool> = suggestion.iter().zip(answer).map(|(s, a)| s != a).collect();
    let rate = rate(&overridden, clusters, options)?;
    let mut patterns = Vec::new();
    let mut p = Vec::new();
    for grouping in groupings {
        for (pattern, of_pattern) in by_group(&overridden, grouping, clusters, options)? {
            p.push(of_pattern);
            patterns.push(pattern);
        }
    }
    // Where no test was possible, it is not counted as one.
    let tested: Vec<f64> = p.iter().copied().flatten().collect();
    let mut corrected = significance::holm(&tested).into_iter();
    for (pattern, of_pattern) in patterns.iter_mut().zip(&p) {
        pattern.p_holm = of_pattern.and_then(|_| corrected.next());
    }
    Ok(SuggestionOnly {
        shows: shows(&rate, &patterns, inflow),
        cannot_show: cannot_show(),
        bounds: bounds(&rate),
        plan: plan::plan(&rate, inflow)?,
        override_rate: Some(rate),
        patterns,
    })
}

/// The share of suggestions that were not taken.
fn rate(overridden: &[bool], clusters: Clusters<'_>, options: &Options) -> Result<Estimate> {
    if clusters.is_rows() {
        let count = overridden.iter().filter(|o| **o).count();
        return interval::wilson(count as u64, overridden.len() as u64, options.level);
    }
    let columns = Columns::from_fn(overridden.len(), 2, |i, out| out.copy_from_slice(&[flag(overridden, i), 1.0]));
    bootstrap::draw(&columns, clusters, options.draws, options.seed)?.share(0, 1, options.level)
}

fn flag(values: &[bool], i: usize) -> f64 {
    f64::from(values.get(i).copied().unwrap_or(false))
}

type Tested = (OverridePattern, Option<f64>);

/// Override rates of the groups of one grouping, the largest group first, with uncorrected p-values against the other rows.
fn by_group(overridden: &[bool], grouping: &Grouping<'_>, clusters: Clusters<'_>, options: &Options) -> Result<Vec<Tested>> {
    if grouping.codes.len() != overridden.len() {
        return Err(Error::input("grouping", format!("{} has {} codes for {} rows", grouping.by, grouping.codes.len(), overridden.len())));
    }
    let groups = Groups::of(overridden, grouping)?;
    let sums = if clusters.is_rows() || groups.names.len() < 2 {
        None
    } else {
        let columns = Columns::from_fn(overridden.len(), 2 * groups.names.len(), |i, out| {
            let at = groups.of.get(i).map_or(0, |g| 2 * *g as usize);
            out.iter_mut().skip(at).zip([flag(overridden, i), 1.0]).for_each(|(o, v)| *o = v);
        });
        Some(bootstrap::draw(&columns, clusters, options.draws, options.seed)?)
    };
    let total = groups.counts.iter().fold((0, 0), |sum, c| (sum.0 + c.0, sum.1 + c.1));
    let each = groups.names.iter().zip(&groups.counts).enumerate();
    each.map(|(at, (name, (hits, n)))| {
        // One person's or one item's rows say something about them, and nothing about others: as independent rows.
        let clustered = sums.as_ref().and_then(|s| s.share(2 * at, 2 * at + 1, options.level).ok());
        let rate = match clustered {
            Some(rate) => rate,
            None => interval::wilson(*hits, *n, options.level)?,
        };
        let p = match &sums {
            Some(sums) => p_clustered(sums, at),
            None => p_rows((*hits, *n), (total.0 - hits, total.1 - n)),
        };
        Ok((OverridePattern { by: grouping.by.to_owned(), name: name.clone(), rate, p_holm: None }, p))
    })
    .collect()
}

/// Groups in order of size, small ones joined beyond [`GROUPS_SHOWN_MAX`].
struct Groups {
    of: Vec<u32>,
    names: Vec<String>,
    /// Overridden, rows.
    counts: Vec<(u64, u64)>,
}

impl Groups {
    fn of(overridden: &[bool], grouping: &Grouping<'_>) -> Result<Self> {
        let mut counts = vec![(0u64, 0u64); grouping.names.len()];
        for (code, hit) in grouping.codes.iter().zip(overridden) {
            let Some(count) = counts.get_mut(*code as usize) else {
                return Err(Error::input("grouping", format!("code {code} of {} has no name", grouping.by)));
            };
            *count = (count.0 + u64::from(*hit), count.1 + 1);
        }
        let size = |code: usize| counts.get(code).map_or(0, |c| c.1);
        let mut order: Vec<usize> = (0..counts.len()).filter(|code| size(*code) > 0).collect();
        order.sort_by(|a, b| size(*b).cmp(&size(*a)).then(a.cmp(b)));
        let shown = if order.len() > GROUPS_SHOWN_MAX { GROUPS_SHOWN_MAX - 1 } else { order.len() };
        let mut place = vec![0u32; counts.len()];
        let mut groups = Self { of: Vec::new(), names: Vec::new(), counts: Vec::new() };
        for (rank, code) in order.iter().enumerate() {
            let count = counts.get(*code).copied().unwrap_or_default();
            if rank < shown {
                groups.names.push(grouping.names.get(*code).cloned().unwrap_or_default());
                groups.counts.push(count);
            } else if rank == shown {
                groups.names.push(format!("{} smaller groups", order.len() - shown));
                groups.counts.push(count);
            } else if let Some(last) = groups.counts.last_mut() {
                *last = (last.0 + count.0, last.1 + count.1);
            }
            if let Some(slot) = place.get_mut(*code) {
                *slot = rank.min(shown) as u32;
            }
        }
        groups.of = grouping.codes.iter().map(|code| place.get(*code as usize).copied().unwrap_or(0)).collect();
        Ok(groups)
    }
}

/// The chance of as large a difference between two shares of independent rows; `None` where there is nothing to compare with.
fn p_rows((a, n): (u64, u64), (b, m): (u64, u64)) -> Option<f64> {
    if n == 0 || m == 0 {
        return None;
    }
    if n + m <= FISHER_ROWS_MAX {
        return Some(significance::fisher(a, n, b, m));
    }
    let (n, m, a, b) = (n as f64, m as f64, a as f64, b as f64);
    let pooled = (a + b) / (n + m);
    let spread = pooled * (1.0 - pooled) * (1.0 / n + 1.0 / m);
    let gap = a / n - b / m;
    Some(if spread > 0.0 { special::chi_square_survival(gap * gap / spread, 1.0) } else { 1.0 })
}

/// The same for clustered rows, by the spread of the drawn difference; `None` where one cluster carries the group.
fn p_clustered(sums: &Sums, at: usize) -> Option<f64> {
    let gap = |s: &[f64]| {
        let (pairs, _) = s.as_chunks::<2>();
        let [a, n] = pairs.get(at)?;
        let total = pairs.iter().fold((0.0, 0.0), |sum, [hits, rows]| (sum.0 + hits, sum.1 + rows));
        (*n > 0.0 && total.1 > *n).then(|| a / n - (total.0 - a) / (total.1 - n))
    };
    let (value, drawn) = sums.values(gap).ok()?;
    let mean = math::mean(&drawn)?;
    let spread = math::sum(drawn.iter().map(|v| (v - mean) * (v - mean))) / (drawn.len() as f64 - 1.0).max(1.0);
    if spread <= 0.0 {
        return None;
    }
    let t = value.abs() / math::sqrt(spread);
    Some(2.0 * special::student_t_cdf(-t, (sums.clusters() as f64 - 1.0).max(1.0)))
}

/// What the override rate bounds, each under an assumption that is said.
fn bounds(rate: &Estimate) -> Vec<Bound> {
    let bound = |of: &str, low: f64, high: f64, assumption: &str| Bound { of: of.to_owned(), low, high, assumption: assumption.to_owned() };
    vec![
        bound(
            "accuracy of the AI",
            0.0,
            1.0,
            "Nothing is assumed: an override does not tell who was right, and neither does an acceptance.",
        ),
        bound(
            "accuracy of the AI, if every override was right",
            0.0,
            1.0 - rate.low,
            "Every override was right; nothing is known of the suggestions that were accepted.",
        ),
        bound(
            "accuracy of the AI, if every accepted suggestion was right",
            1.0 - rate.high,
            1.0,
            "Every accepted suggestion was right; nothing is known of the overridden ones.",
        ),
        bound(
            "accuracy of the final answers, if every override was a mistake",
            0.0,
            1.0 - rate.low,
            "Every overridden suggestion was right: each override was a mistake.",
        ),
        bound(
            "accuracy of the final answers less that of the AI",
            -rate.high,
            rate.high,
            "Nothing is assumed: the two differ on overridden cases only, from every override a mistake to every override right.",
        ),
    ]
}

fn shows(rate: &Estimate, patterns: &[OverridePattern], inflow: &Inflow) -> Vec<String> {
    let percent = |e: &Estimate| format!("{:.1} % [{:.1}, {:.1}]", 100.0 * e.value, 100.0 * e.low, 100.0 * e.high);
    let mut out = vec![format!("People override {} of the suggestions (n = {}).", percent(rate), rate.n)];
    let telling = patterns.iter().filter(|p| p.p_holm.is_some_and(|p| p <= 0.05));
    out.extend(telling.map(|p| {
        // What lies above the rate of all lies above that of the rest, too.
        let way = if p.rate.value > rate.value { "more" } else { "less" };
        format!(
            "Where {} is {}, they override {} (n = {}): {way} often than elsewhere, beyond chance.",
            p.by,
            p.name,
            percent(&p.rate),
            p.rate.n
        )
    }));
    let break_even = if inflow.classes == 2 {
        "With two answers an override is right exactly where the suggestion is wrong: overriding helps if more than half of the overrides are right."
    } else {
        "Overriding helps if more of the overrides are right than of the suggestions that they replace; both can be wrong."
    };
    out.push(break_even.to_owned());
    out
}

fn cannot_show() -> Vec<String> {
    [
        "How often the AI, the people or both are right: that needs outcomes, or independent answers that are adjudicated.",
        "Whether people followed because they agreed or because they trusted: that needs their answer before they saw the suggestion.",
        "What people would have answered alone: whoever saw the suggestion is no independent witness.",
        "Whether anything may be automated: a promise about errors needs audited cases.",
    ]
    .map(str::to_owned)
    .into()
}
