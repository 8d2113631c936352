//! Selection rates and impact ratios in the form that New York City's Local Law 144 asks for (6 RCNY 5-300 ff.). Never alters
//! the legal figure: what chance does to it stands beside it, in [`super::Comparison`].

use super::{Group, Metric, Standing, metric::Tally, pairs};
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
    /// The smallest impact ratio; `None` with fewer than two categories that are not left out, or where nobody is selected.
    pub smallest_ratio: Option<Estimate>,
    /// Whether it is below four fifths.
    pub below_four_fifths: Option<bool>,
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
}

impl Impact {
    /// From groups with their tallies, their selection rates, and limits of these that hold for all pairs at once.
    pub(super) fn of(groups: &[Group], tallies: &[Tally], rates: &[Option<Estimate>], limits: &[Option<Estimate>]) -> Self {
        let counts: Vec<(u64, u64)> = tallies.iter().map(|tally| Metric::SelectionRate.parts(tally)).collect();
        let is_unknown = |at: usize| groups.get(at).is_some_and(|group| group.standing == Standing::Unknown);
        let known: u64 = counts.iter().enumerate().filter(|(at, _)| !is_unknown(*at)).map(|(_, count)| count.1).sum();
        let unknown = counts.iter().enumerate().filter(|(at, _)| is_unknown(*at)).map(|(_, count)| count.1).sum();
        let left_out = |at: usize, n: u64| {
            if is_unknown(at) {
                Some("category not known".to_owned())
            } else if n == 0 {
                Some("no applicants".to_owned())
            } else if (n as f64) < EXCLUDED_SHARE_MAX * known as f64 {
                Some(format!("{:.1} % of the data, under 2 %", 100.0 * n as f64 / known as f64))
            } else {
                None
            }
        };
        let kept: Vec<usize> = counts.iter().enumerate().filter(|(at, count)| left_out(*at, count.1).is_none()).map(|(at, _)| at).collect();
        let value = |at: usize| rates.get(at).copied().flatten().map_or(0.0, |rate| rate.value);
        let reference = kept.iter().rev().copied().max_by(|a, b| value(*a).total_cmp(&value(*b))).filter(|at| value(*at) > 0.0);
        let categories: Vec<Category> = counts
            .iter()
            .enumerate()
            .map(|(at, (selected, applicants))| Category {
                name: groups.get(at).map(|group| group.name.clone()).unwrap_or_default(),
                applicants: *applicants,
                selected: *selected,
                selection_rate: rates.get(at).copied().flatten(),
                impact_ratio: reference.filter(|_| kept.contains(&at)).and_then(|reference| ratio(at, reference, rates, limits)),
                reference: reference == Some(at),
                left_out: left_out(at, *applicants),
            })
            .collect();
        let smallest_ratio = categories
            .iter()
            .filter(|category| !category.reference)
            .filter_map(|category| category.impact_ratio)
            .min_by(|a, b| a.value.total_cmp(&b.value));
        let below_four_fifths = smallest_ratio.map(|ratio| ratio.value < super::FOUR_FIFTHS - 1e-12);
        Self { categories, unknown, smallest_ratio, below_four_fifths }
    }
}

fn ratio(at: usize, reference: usize, rates: &[Option<Estimate>], limits: &[Option<Estimate>]) -> Option<Estimate> {
    let (own, most) = (rates.get(at).copied().flatten()?, rates.get(reference).copied().flatten()?);
    if at == reference {
        return Some(Estimate { value: 1.0, low: 1.0, high: 1.0, n: own.n });
    }
    let (low, high) = pairs::ratio(&limits.get(at).copied().flatten()?, &limits.get(reference).copied().flatten()?);
    // By whichever category is truly the most selected, a ratio cannot exceed 1.
    Some(Estimate { value: own.value / most.value, low: low.min(1.0), high: high.min(1.0), n: own.n + most.n })
}
