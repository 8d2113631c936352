//! Puts what the search suggested to the other half of the rows. Never looks at the searching half.

use super::{
    Options, Region, Regions, Rows, Target,
    condition::{Column, Condition, Values},
    search::{Halves, Suggestion, value},
};
use crate::{
    Estimate,
    error::Result,
    fairness::significance::benjamini_hochberg,
    interval, math,
    special::{student_t_cdf, student_t_quantile},
};
use rayon::prelude::*;
use std::collections::{HashMap, HashSet};

/// Clusters (rows where there are none) that a region and its surroundings need on the confirming half to be tested.
const UNITS_MIN: u64 = 10;

pub(super) fn confirm(rows: &Rows<'_>, halves: &Halves, mut suggestions: Vec<Suggestion>, options: &Options) -> Result<Regions> {
    interval::level_check(options.level)?;
    // The surest of the searching half come first: an order by the confirming half would favour what is large there by chance.
    suggestions.sort_by(|a, b| b.z.total_cmp(&a.z));
    let tested: Vec<(Suggestion, Option<Tested>)> = suggestions
        .into_par_iter()
        .map(|suggestion| {
            let tested = test(rows, halves, &suggestion);
            (suggestion, tested)
        })
        .collect();
    let candidates = tested.len() as u64;
    let q = benjamini_hochberg(&tested.iter().map(|(_, tested)| tested.as_ref().map_or(1.0, |tested| tested.p)).collect::<Vec<_>>());
    let tests = tested.iter().filter(|(_, tested)| tested.is_some()).count();
    let mut told: Vec<(Suggestion, Tested, f64)> = Vec::new();
    for ((suggestion, tested), q) in tested.into_iter().zip(q) {
        let same = told.iter().filter(|(one, ..)| one.target == suggestion.target && one.better == suggestion.better).count();
        if let Some(tested) = tested.filter(|_| q <= options.false_discovery && same < options.told) {
            told.push((suggestion, tested, q));
        }
    }
    // What was confirmed was picked for being large: at this level the intervals of those told miss as seldom as they say
    // (Benjamini and Yekutieli, JASA 100, 2005).
    let level = 1.0 - (1.0 - options.level) * told.len() as f64 / tests.max(1) as f64;
    let regions: Vec<Region> =
        told.into_par_iter().map(|(suggestion, tested, q)| region(rows, halves, suggestion, tested, q, level)).collect();
    let mut notes = Vec::new();
    if regions.is_empty() {
        notes.push(format!(
            "{candidates} candidate regions were found on one half of the rows, and none was confirmed on the other: nothing shows that any kind of case is decided better or worse than the rest."
        ));
    }
    Ok(Regions { regions, candidates, halves: (halves.search.len() as u64, halves.confirm.len() as u64), notes })
}

struct Tested {
    found: Compared,
    p: f64,
}

fn holds(column: &Column<'_>, condition: &Condition, row: usize) -> bool {
    match (column.values, condition) {
        (Values::Numbers(values), Condition::Above { value, .. }) => values.get(row).is_some_and(|x| x > value),
        (Values::Numbers(values), Condition::AtMost { value, .. }) => values.get(row).is_some_and(|x| x <= value),
        (Values::Numbers(values), Condition::Missing { .. }) => values.get(row).is_none_or(|x| x.is_nan()),
        (Values::Categories { codes, labels }, Condition::Is { value, .. }) => {
            codes.get(row).and_then(|code| labels.get(*code as usize)).is_some_and(|label| label == value)
        }
        (Values::Categories { codes, labels }, Condition::Missing { .. }) => {
            codes.get(row).is_none_or(|code| *code as usize >= labels.len())
        }
        (Values::Words { rows, vocabulary }, Condition::Word { value, there, .. }) => rows
            .get(row)
            .is_some_and(|words| words.iter().any(|code| vocabulary.get(*code as usize).is_some_and(|word| word == value)) == *there),
        (Values::Flags(values), Condition::Flag { holds, .. }) => values.get(row) == Some(holds),
        _ => false,
    }
}

/// Whether a row is in a region.
fn within<'a>(rows: &'a Rows<'_>, suggestion: &'a Suggestion) -> impl Fn(usize) -> bool + 'a {
    let parts: Vec<(&Column<'_>, &Condition)> = suggestion
        .conditions
        .iter()
        .filter_map(|condition| Some((rows.columns.iter().find(|column| condition.is_of(column.name))?, condition)))
        .collect();
    move |row| parts.iter().all(|(column, condition)| holds(column, condition, row))
}

fn test(rows: &Rows<'_>, halves: &Halves, suggestion: &Suggestion) -> Option<Tested> {
    let found = compare(rows, suggestion.target, &halves.confirm, &within(rows, suggestion))?;
    let t = found.difference / found.error_of_none * if suggestion.better { 1.0 } else { -1.0 };
    // One-sided: the search said which way.
    let p = 1.0 - student_t_cdf(t, found.df);
    Some(Tested { found, p })
}

/// The target's mean inside a region against elsewhere.
struct Compared {
    difference: f64,
    elsewhere: f64,
    /// Standard error of the difference.
    error: f64,
    /// The same if there were no difference: the test's. In a region where everybody is right, the former would be nearly 0.
    error_of_none: f64,
    /// Degrees of freedom: of the side with fewer clusters (rows where there are none).
    df: f64,
}

/// Standard errors are by clusters: each contributes what it moves the difference by (linearisation).
fn compare(rows: &Rows<'_>, target: Target, half: &[u32], inside: &dyn Fn(usize) -> bool) -> Option<Compared> {
    let all: Vec<(u32, usize, f64)> = half
        .iter()
        .filter_map(|row| {
            let side = usize::from(inside(*row as usize));
            let value = value(rows, target, *row as usize)?;
            Some((rows.clusters.get(*row as usize).copied().unwrap_or(*row), side, f64::from(value)))
        })
        .collect();
    let mut sums = [(0.0f64, 0.0f64); 2];
    for (_, side, value) in &all {
        if let Some(sum) = sums.get_mut(*side) {
            *sum = (sum.0 + 1.0, sum.1 + value);
        }
    }
    let [(without, without_sum), (within, within_sum)] = sums;
    if within < UNITS_MIN as f64 || without < UNITS_MIN as f64 {
        return None;
    }
    let means = [without_sum / without, within_sum / within];
    let pooled = (without_sum + within_sum) / (without + within);
    let mut influence: HashMap<u32, [f64; 2]> = HashMap::new();
    let mut units = [0u64; 2];
    let (mut error, mut error_of_none) = (0.0, 0.0);
    let mut seen: HashSet<(u32, usize)> = HashSet::new();
    for (cluster, side, value) in &all {
        let weight = if *side == 1 { 1.0 / within } else { -1.0 / without };
        let own = [(value - means.get(*side)?) * weight, (value - pooled) * weight];
        if rows.clusters.is_empty() {
            error += own[0] * own[0];
            error_of_none += own[1] * own[1];
            units[*side & 1] += 1;
        } else {
            let sum = influence.entry(*cluster).or_default();
            *sum = [sum[0] + own[0], sum[1] + own[1]];
            units[*side & 1] += u64::from(seen.insert((*cluster, *side)));
        }
    }
    let mut parts: Vec<(u32, [f64; 2])> = influence.into_iter().collect();
    parts.sort_unstable_by_key(|(cluster, _)| *cluster);
    for (_, own) in parts {
        error += own[0] * own[0];
        error_of_none += own[1] * own[1];
    }
    let fewest = units[0].min(units[1]);
    if fewest < UNITS_MIN || error_of_none <= 0.0 {
        return None;
    }
    let few = math::sqrt(fewest as f64 / (fewest as f64 - 1.0));
    Some(Compared {
        difference: means[1] - means[0],
        elsewhere: means[0],
        error: math::sqrt(error) * few,
        error_of_none: math::sqrt(error_of_none) * few,
        df: fewest as f64 - 1.0,
    })
}

/// Accuracy of a member in a region; with clusters Wilson's interval on effective rows.
fn rate(rows: &Rows<'_>, target: Target, members: &[u32], level: f64) -> Option<Estimate> {
    let mut by_cluster: HashMap<u32, (u64, u64)> = HashMap::new();
    let (mut n, mut right) = (0u64, 0u64);
    for row in members {
        if let Some(value) = value(rows, target, *row as usize) {
            n += 1;
            right += u64::from(value == 1);
            if let Some(cluster) = rows.clusters.get(*row as usize) {
                let own = by_cluster.entry(*cluster).or_default();
                *own = (own.0 + 1, own.1 + u64::from(value == 1));
            }
        }
    }
    if n == 0 {
        return None;
    }
    let rate = right as f64 / n as f64;
    let mut effective = n as f64;
    if !by_cluster.is_empty() {
        let mut clusters: Vec<_> = by_cluster.into_values().collect();
        clusters.sort_unstable();
        let squares = math::sum(clusters.iter().map(|(n, right)| (*right as f64 - rate * *n as f64) * (*right as f64 - rate * *n as f64)));
        let alike = effective * effective / math::sum(clusters.iter().map(|(n, _)| (*n * *n) as f64));
        let own = rate * (1.0 - rate) * effective;
        effective = if squares > 0.0 && own > 0.0 { (own / squares * effective).min(effective) } else { alike }.max(1.0);
    }
    interval::wilson_share(rate, effective, n, level).ok()
}

/// A region with its figures, intervals at this level.
fn region(rows: &Rows<'_>, halves: &Halves, suggestion: Suggestion, tested: Tested, q: f64, level: f64) -> Region {
    let inside = within(rows, &suggestion);
    let members: Vec<u32> = halves.confirm.iter().copied().filter(|row| inside(*row as usize)).collect();
    drop(inside);
    let Tested { found, p } = tested;
    let n = members.len() as u64;
    let half = student_t_quantile(0.5 + level / 2.0, found.df) * found.error;
    let difference = Estimate { value: found.difference, low: found.difference - half, high: found.difference + half, n };
    let text = suggestion.conditions.iter().map(Condition::text).collect::<Vec<_>>().join(" and ");
    let [ai, people, pair] = [Target::Ai, Target::People, Target::Pair].map(|target| rate(rows, target, &members, level));
    let who = |name: &str, estimate: Option<Estimate>| {
        estimate.map(|e| format!("{name} {:.0} % [{:.0}, {:.0}]", 100.0 * e.value, 100.0 * e.low, 100.0 * e.high))
    };
    let shown: Vec<String> = [who("the AI is right", ai), who("people", people), who("the pair", pair)].into_iter().flatten().collect();
    let mut shown = shown.join(", ");
    if ai.is_none() {
        shown = shown.replacen("people", "people are right", 1);
    }
    let elsewhere = match suggestion.target {
        Target::Ai => format!("elsewhere the AI is right {:.0} %", 100.0 * found.elsewhere),
        Target::People => format!("elsewhere people are right {:.0} %", 100.0 * found.elsewhere),
        Target::Pair => format!("elsewhere the pair is right {:.0} %", 100.0 * found.elsewhere),
        Target::AiOverPeople => {
            let side = if found.elsewhere >= 0.0 { "ahead of" } else { "behind" };
            format!("elsewhere the AI is {:.0} points {side} people", 100.0 * found.elsewhere.abs())
        }
    };
    let sentence = format!("In cases with {text} {shown}, n = {n}; {elsewhere}.");
    Region {
        conditions: suggestion.conditions,
        text,
        target: suggestion.target,
        better: suggestion.better,
        n,
        share: n as f64 / halves.confirm.len().max(1) as f64,
        ai,
        people,
        pair,
        difference,
        p,
        q,
        sentence,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn standard_errors_are_those_of_statsmodels() {
        // statsmodels 0.15.0, OLS of being right on being inside: cov_type "HC0", and "cluster" with use_correction=False.
        let inside = |row: usize| row % 5 < 2;
        let ai: Vec<u8> = (0..240).map(|row| u8::from((row * 7) % 11 < 5 + 2 * usize::from(inside(row)))).collect();
        let clusters: Vec<u32> = (0..240).map(|row| row / 4).collect();
        let half: Vec<u32> = (0..240).collect();
        for (clusters, units, expected) in [(&[][..], 96.0, 0.064_010_228_055_336_28), (&clusters[..], 60.0, 0.053_271_004_004_508_16)] {
            let rows = Rows { columns: &[], ai: &ai, people: &[], pair: &[], clusters };
            let found = compare(&rows, Target::Ai, &half, &inside).unwrap();
            let few: f64 = units / (units - 1.0);
            assert!((found.difference - 0.201_388_888_888_888_5).abs() < 1e-12, "{}", found.difference);
            assert!((found.error / few.sqrt() - expected).abs() < 1e-12, "{} {expected}", found.error / few.sqrt());
            assert_eq!(found.df, units - 1.0);
        }
    }
}
