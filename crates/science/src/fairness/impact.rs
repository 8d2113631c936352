//! Selection rates, scoring rates and impact ratios in the form that New York City's Local Law 144 asks for (6 RCNY 5-300 ff.).
//! Never alters the legal figure: what chance does to it stands beside it, and what a small group does to it is told apart.

use super::{FOUR_FIFTHS, Group, Metric, Standing, chance::Chance, metric::Tally, pairs};
use crate::Estimate;
use serde::{Deserialize, Serialize};

/// A category with a smaller share of the data may be left out of the impact ratios, and must be listed (6 RCNY 5-301(e)).
pub const EXCLUDED_SHARE_MAX: f64 = 0.02;

/// The table that the law asks for, for one way to group the rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Impact {
    /// One a category, in the order of the groups.
    pub categories: Vec<Category>,
    /// Rows whose category is not known: they enter no figure, and the law wants their number.
    pub unknown: u64,
    /// The smallest impact ratio; `None` with fewer than two categories that are not left out, or where nobody is selected. The
    /// figure of the law: any category that is not left out counts, however few rows it has.
    pub smallest_ratio: Option<Estimate>,
    /// Whether it is below four fifths.
    pub below_four_fifths: Option<bool>,
    /// The same among the groups that have enough rows to be compared: what a headline may say.
    #[serde(default)]
    pub among_compared: Option<Smallest>,
}

/// One category.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Category {
    /// Its name.
    pub name: String,
    /// Number of applicants (rows that were decided).
    pub applicants: u64,
    /// Those selected.
    pub selected: u64,
    /// Selected by applicants; `None` of no applicants.
    pub selection_rate: Option<Estimate>,
    /// Selection rate by that of the most selected category. Its interval holds whichever category is the most selected.
    /// `None` where the category is left out, or nobody is selected.
    pub impact_ratio: Option<Estimate>,
    /// Whether it is the most selected category.
    pub reference: bool,
    /// Why it is left out of the impact ratios.
    pub left_out: Option<String>,
    /// Whether it has too few rows to be compared: its ratio stands in the table, and in no headline.
    #[serde(default)]
    pub too_small: bool,
}

/// The smallest ratio of two groups.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Smallest {
    /// Rate of the lowest by that of the highest group.
    pub ratio: Estimate,
    /// Place of the group with the lowest rate (the first of equals).
    pub lowest: usize,
    /// Place of the group with the highest rate.
    pub highest: usize,
    /// Whether the ratio is below four fifths.
    pub below_four_fifths: bool,
}

/// Scoring rates: the share of each category that scored above the median of the whole sample (6 RCNY 5-300, 5-301(c)), for a
/// tool that scores rather than selects. The median is taken as given: intervals are of the share above this very number.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Scoring {
    /// The median score of all rows with a score, those of unknown category included.
    pub median: f64,
    /// Bits of precision that scores were rounded by, since there were too many different ones to hold; 0: exact.
    pub rounded_bits: u32,
    /// One a category, in the order of the groups.
    pub categories: Vec<ScoredCategory>,
    /// Rows with a score whose category is not known.
    pub unknown: u64,
    /// The smallest impact ratio of scoring rates, as the law counts it.
    pub smallest_ratio: Option<Estimate>,
    /// Whether it is below four fifths.
    pub below_four_fifths: Option<bool>,
    /// The same among the groups that have enough rows to be compared.
    pub among_compared: Option<Smallest>,
    /// What chance alone does among those groups.
    pub chance: Option<Chance>,
}

/// One category of [`Scoring`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScoredCategory {
    /// Its name.
    pub name: String,
    /// Rows with a score.
    pub scored: u64,
    /// Those above the median.
    pub above: u64,
    /// Above by scored; `None` of no rows.
    pub scoring_rate: Option<Estimate>,
    /// Scoring rate by that of the highest scoring category; `None` where the category is left out, or nobody is above.
    pub impact_ratio: Option<Estimate>,
    /// Whether it is the highest scoring category.
    pub reference: bool,
    /// Why it is left out of the impact ratios.
    pub left_out: Option<String>,
    /// Whether it has too few rows to be compared.
    pub too_small: bool,
}

impl Impact {
    /// From groups with their tallies, their selection rates, and limits of these that hold for all pairs at once; `ends` are the
    /// groups with the lowest and the highest rate of those that are compared.
    pub(super) fn of(
        groups: &[Group],
        tallies: &[Tally],
        rates: &[Option<Estimate>],
        limits: &[Option<Estimate>],
        ends: Option<(usize, usize)>,
    ) -> Self {
        let counts: Vec<(u64, u64)> = tallies.iter().map(|tally| Metric::SelectionRate.parts(tally)).collect();
        let ratios = Ratios::of(groups, &counts, rates, limits, "applicants");
        let categories = counts
            .iter()
            .zip(ratios.rows)
            .enumerate()
            .map(|(at, ((selected, applicants), row))| Category {
                name: row.name,
                applicants: *applicants,
                selected: *selected,
                selection_rate: rates.get(at).copied().flatten(),
                impact_ratio: row.ratio,
                reference: row.reference,
                left_out: row.left_out,
                too_small: row.too_small,
            })
            .collect();
        let below_four_fifths = ratios.smallest.map(below);
        let among_compared = ends.and_then(|ends| Smallest::of(ends, rates, limits));
        Self { categories, unknown: ratios.unknown, smallest_ratio: ratios.smallest, below_four_fifths, among_compared }
    }
}

impl Smallest {
    /// Of the groups with the lowest and the highest rate; `None` where they are one, or nobody is selected in either.
    pub(super) fn of((lowest, highest): (usize, usize), rates: &[Option<Estimate>], limits: &[Option<Estimate>]) -> Option<Self> {
        if lowest == highest || rates.get(highest).copied().flatten()?.value <= 0.0 {
            return None;
        }
        let ratio = ratio(lowest, highest, rates, limits)?;
        Some(Self { ratio, lowest, highest, below_four_fifths: below(ratio) })
    }
}

/// Whether a ratio breaks the four-fifths rule; a ratio of exactly four fifths does not, however it was rounded.
pub(super) fn below(ratio: Estimate) -> bool {
    ratio.value < FOUR_FIFTHS - 1e-12
}

/// What both tables of the law have in common.
pub(super) struct Ratios {
    pub rows: Vec<RatioRow>,
    pub unknown: u64,
    pub smallest: Option<Estimate>,
}

/// One category of either table.
pub(super) struct RatioRow {
    pub name: String,
    pub ratio: Option<Estimate>,
    pub reference: bool,
    pub left_out: Option<String>,
    pub too_small: bool,
}

impl Ratios {
    /// From `(part, whole)` of each group; `whole_is` names what the wholes count.
    pub(super) fn of(
        groups: &[Group],
        counts: &[(u64, u64)],
        rates: &[Option<Estimate>],
        limits: &[Option<Estimate>],
        whole_is: &str,
    ) -> Self {
        let standing = |at: usize| groups.get(at).map(|group| group.standing);
        let is_unknown = |at: usize| standing(at) == Some(Standing::Unknown);
        let known: u64 = counts.iter().enumerate().filter(|(at, _)| !is_unknown(*at)).map(|(_, count)| count.1).sum();
        let unknown = counts.iter().enumerate().filter(|(at, _)| is_unknown(*at)).map(|(_, count)| count.1).sum();
        let left_out = |at: usize, n: u64| {
            if is_unknown(at) {
                Some("category not known".to_owned())
            } else if n == 0 {
                Some(format!("no {whole_is}"))
            } else if (n as f64) < EXCLUDED_SHARE_MAX * known as f64 {
                Some(format!("{:.1} % of the data, under 2 %", 100.0 * n as f64 / known as f64))
            } else {
                None
            }
        };
        let kept: Vec<usize> = counts.iter().enumerate().filter(|(at, count)| left_out(*at, count.1).is_none()).map(|(at, _)| at).collect();
        let value = |at: usize| rates.get(at).copied().flatten().map_or(0.0, |rate| rate.value);
        let reference = kept.iter().rev().copied().max_by(|a, b| value(*a).total_cmp(&value(*b))).filter(|at| value(*at) > 0.0);
        let rows: Vec<RatioRow> = counts
            .iter()
            .enumerate()
            .map(|(at, (_, whole))| RatioRow {
                name: groups.get(at).map(|group| group.name.clone()).unwrap_or_default(),
                ratio: reference.filter(|_| kept.contains(&at)).and_then(|reference| ratio(at, reference, rates, limits)),
                reference: reference == Some(at),
                left_out: left_out(at, *whole),
                too_small: !is_unknown(at) && !groups.get(at).is_some_and(Group::compared),
            })
            .collect();
        let smallest = rows.iter().filter(|row| !row.reference).filter_map(|row| row.ratio).min_by(|a, b| a.value.total_cmp(&b.value));
        Self { rows, unknown, smallest }
    }
}

/// The rate at one place by that at another.
pub(super) fn ratio(at: usize, reference: usize, rates: &[Option<Estimate>], limits: &[Option<Estimate>]) -> Option<Estimate> {
    let (own, most) = (rates.get(at).copied().flatten()?, rates.get(reference).copied().flatten()?);
    if at == reference {
        return Some(Estimate { value: 1.0, low: 1.0, high: 1.0, n: own.n });
    }
    let (low, high) = pairs::ratio(&limits.get(at).copied().flatten()?, &limits.get(reference).copied().flatten()?);
    // By whichever category is truly the most selected, a ratio cannot exceed 1.
    Some(Estimate { value: own.value / most.value, low: low.min(1.0), high: high.min(1.0), n: own.n + most.n })
}
