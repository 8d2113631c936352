//! How well a model judges the cases of each group: groups come from fields that are audited, which the model itself never sees. Held-out
//! cases only; never says that groups are treated alike, only what was seen.

use super::{report::by_case, train::Example};
use countersign_science::{estimate::Estimate, interval};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Held-out cases of a group below which nothing is told of it by itself.
pub const GROUP_CASES_MIN: usize = 20;

/// How well the cases of a group are judged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GroupReport {
    /// The audited field.
    pub field: String,
    /// Its value; `None` for all groups together that are too small to be told apart.
    pub group: Option<String>,
    /// Held-out cases of it.
    pub cases: u64,
    /// How many groups these are: 1, or as many as were put together.
    pub groups: u64,
    /// How often the likeliest answer was wrong there; `None` where there are too few cases to say.
    pub error: Option<Estimate>,
}

/// A row that was judged, and whether rightly.
type Rows = Vec<(usize, bool)>;

/// Every group of every audited field, and a warning for each that is judged worse than all others of its field: the level is shared among
/// all that is looked at (Bonferroni), so that many groups do not make a difference by chance.
pub(super) fn groups(examples: &[&Example], judged: &[(usize, bool)], level: f64) -> (Vec<GroupReport>, Vec<String>) {
    let mut fields: BTreeMap<&str, BTreeMap<&str, Rows>> = BTreeMap::new();
    for (row, right) in judged {
        for (field, group) in examples.get(*row).map(|example| example.groups.as_slice()).unwrap_or_default() {
            fields.entry(field).or_default().entry(group).or_default().push((*row, *right));
        }
    }
    let cases = |rows: &Rows| rows.iter().filter_map(|(row, _)| examples.get(*row)).map(|e| e.case.as_str()).collect::<BTreeSet<_>>().len();
    let told = |rows: &Rows| cases(rows) >= GROUP_CASES_MIN;
    let looked_at = fields.values().flat_map(BTreeMap::values).filter(|rows| told(rows)).count().max(1) as f64;
    let error = |rows: &Rows, level: f64| {
        let wrong: Rows = rows.iter().map(|(row, right)| (*row, !right)).collect();
        by_case(examples, &wrong, level)
    };
    let (mut reports, mut warnings) = (Vec::new(), Vec::new());
    for (field, groups) in &fields {
        let (mut few, mut merged) = (Rows::new(), 0u64);
        for (group, rows) in groups {
            if !told(rows) {
                few.extend(rows);
                merged += 1;
                continue;
            }
            let rest: Rows = groups.iter().filter(|(other, _)| *other != group).flat_map(|(_, rows)| rows.iter().copied()).collect();
            let strict = 1.0 - (1.0 - level) / looked_at;
            if told(&rest)
                && let (Some(here), Some(elsewhere)) = (error(rows, strict), error(&rest, strict))
                && interval::difference_of(&here, &elsewhere).low > 0.0
            {
                warnings.push(format!(
                    "Where {field} is {group}, the model errs more often than elsewhere: in {:.0} % of {} held-out cases, against {:.0} % of {}.",
                    here.value * 100.0,
                    here.n,
                    elsewhere.value * 100.0,
                    elsewhere.n
                ));
            }
            let report = (Some((*group).to_owned()), cases(rows) as u64, 1, error(rows, level));
            reports.push(one(field, report));
        }
        if merged > 0 {
            let error = if told(&few) { error(&few, level) } else { None };
            reports.push(one(field, (None, cases(&few) as u64, merged, error)));
        }
    }
    (reports, warnings)
}

fn one(field: &str, (group, cases, groups, error): (Option<String>, u64, u64, Option<Estimate>)) -> GroupReport {
    GroupReport { field: field.to_owned(), group, cases, groups, error }
}
