//! The area under the ROC curve, with an interval by the spread of its placements. Draws nothing.

use crate::bootstrap::Clusters;
use crate::error::{Error, Result};
use crate::estimate::Estimate;
use crate::probabilities::Probabilities;
use crate::{interval, math, special};

use std::collections::BTreeMap;

/// The probability that a positive row scores higher than a negative one, ties counted half (Mann and Whitney). The interval is
/// DeLong's (Biometrics 44, 1988) on the log odds; clustered rows by Obuchowski's extension (Biometrics 53, 1997), and two-way
/// ones by adding both and taking away what they share. `n` is the rows.
///
/// # Errors
/// [`Error::Input`] where lengths differ or a score is NaN; [`Error::CannotSay`] where one class is missing or there is one cluster.
pub fn auc(scores: &[f64], positive: &[bool], clusters: Clusters<'_>, level: f64) -> Result<Estimate> {
    interval::level_check(level)?;
    let (value, influence, fewest) = placements(scores, positive)?;
    from_influence(value, &influence, fewest, clusters, level)
}

/// The mean over classes of each one's [`auc`] against the rest (the usual one-vs-rest macro average); classes without a row, or
/// with nothing but rows, are left out. With two classes that of the second.
///
/// # Errors
/// As [`auc`], where no class remains.
pub fn auc_macro(p: Probabilities<'_>, truth: &[u32], clusters: Clusters<'_>, level: f64) -> Result<Estimate> {
    interval::level_check(level)?;
    p.labels_check("truth", truth)?;
    let classes = if p.classes() == 2 { 1..2 } else { 0..p.classes() };
    let (mut total, mut count, mut fewest) = (0.0, 0.0, u64::MAX);
    let mut influence = vec![0.0; truth.len()];
    let mut missing = None;
    for class in classes {
        let scores: Vec<f64> = p.rows().map(|row| row.get(class).copied().unwrap_or(0.0)).collect();
        let positive: Vec<bool> = truth.iter().map(|t| *t as usize == class).collect();
        match placements(&scores, &positive) {
            Ok((value, of_class, few)) => {
                total += value;
                count += 1.0;
                fewest = fewest.min(few);
                influence.iter_mut().zip(of_class).for_each(|(sum, i)| *sum += i);
            }
            Err(error @ Error::CannotSay(_)) => missing = Some(error),
            Err(error) => return Err(error),
        }
    }
    if count == 0.0 {
        return Err(missing.unwrap_or_else(|| Error::cannot_say("there is no class to judge")));
    }
    influence.iter_mut().for_each(|i| *i /= count);
    from_influence(total / count, &influence, fewest, clusters, level)
}

/// The AUC, what every row adds to its error, and the rows of the rarer class.
fn placements(scores: &[f64], positive: &[bool]) -> Result<(f64, Vec<f64>, u64)> {
    if scores.len() != positive.len() {
        return Err(Error::input("scores", format!("{} scores for {} outcomes", scores.len(), positive.len())));
    }
    if let Some(at) = scores.iter().position(|s| s.is_nan()) {
        return Err(Error::input("scores", format!("row {at} has no score; leave such rows out")));
    }
    let positives = positive.iter().filter(|p| **p).count();
    let negatives = positive.len() - positives;
    if positives == 0 || negatives == 0 {
        return Err(Error::cannot_say("the AUC needs rows of both kinds, and there is only one"));
    }
    let mut order: Vec<usize> = (0..scores.len()).collect();
    let score = |i: usize| scores.get(i).copied().unwrap_or(0.0) + 0.0;
    let is_positive = |i: usize| positive.get(i).copied().unwrap_or(false);
    order.sort_by(|a, b| score(*a).total_cmp(&score(*b)));
    let (p, n) = (positives as f64, negatives as f64);
    let mut placement = vec![0.0; scores.len()];
    let (mut below_positive, mut below_negative, mut value) = (0.0, 0.0, 0.0);
    for tied in order.chunk_by(|a, b| score(*a) == score(*b)) {
        let here = tied.iter().filter(|i| is_positive(**i)).count() as f64;
        let others = tied.len() as f64 - here;
        for i in tied {
            let share = if is_positive(*i) { (below_negative + 0.5 * others) / n } else { 1.0 - (below_positive + 0.5 * here) / p };
            if is_positive(*i) {
                value += share;
            }
            if let Some(slot) = placement.get_mut(*i) {
                *slot = share;
            }
        }
        below_positive += here;
        below_negative += others;
    }
    let value = value / p;
    // DeLong divides by (n - 1) within each kind; put into the influences so that their squares add up to the variance.
    let weight = |count: f64| 1.0 / math::sqrt(count * (count - 1.0).max(1.0));
    let (of_positive, of_negative) = (weight(p), weight(n));
    for (slot, is) in placement.iter_mut().zip(positive) {
        *slot = (*slot - value) * if *is { of_positive } else { of_negative };
    }
    Ok((value, placement, positives.min(negatives) as u64))
}

fn from_influence(value: f64, influence: &[f64], fewest: u64, clusters: Clusters<'_>, level: f64) -> Result<Estimate> {
    let rows = influence.len() as u64;
    let (variance, count) = match clusters {
        Clusters::Rows => (math::sum(influence.iter().map(|i| i * i)), rows),
        Clusters::One(codes) => one_way(influence, &[codes])?,
        Clusters::Two(people, items) => {
            let (first, people_count) = one_way(influence, &[people])?;
            let (second, items_count) = one_way(influence, &[items])?;
            let both = one_way(influence, &[people, items])?.0;
            ((first + second - both).max(first).max(second), people_count.min(items_count))
        }
    };
    if count < 2 {
        return Err(Error::cannot_say("there is only one cluster (person or item), so how much clusters differ cannot be known"));
    }
    let spread = value * (1.0 - value);
    if spread <= 0.0 || variance <= 0.0 {
        // Nothing overlaps (or everything ties): the rarer kind bounds what was seen.
        return interval::wilson_share(value, fewest as f64, rows, level);
    }
    let t = if clusters.is_rows() {
        special::z_two_sided(level)
    } else {
        -special::student_t_quantile(0.5 * (1.0 - level), count as f64 - 1.0)
    };
    let half = t * math::sqrt(variance) / spread;
    let centre = math::logit(value);
    Ok(Estimate { value, low: math::expit(centre - half), high: math::expit(centre + half), n: rows })
}

/// The sum over clusters of their squared influence, corrected for few clusters.
fn one_way(influence: &[f64], codes: &[&[u32]]) -> Result<(f64, u64)> {
    let mut sums: BTreeMap<(u32, u32), f64> = BTreeMap::new();
    let (first, second) = (codes.first().copied().unwrap_or_default(), codes.get(1).copied());
    if first.len() != influence.len() || second.is_some_and(|s| s.len() != influence.len()) {
        return Err(Error::input("clusters", format!("{} codes for {} rows; there must be one a row", first.len(), influence.len())));
    }
    for (i, value) in influence.iter().enumerate() {
        let key = (first.get(i).copied().unwrap_or(0), second.and_then(|s| s.get(i)).copied().unwrap_or(0));
        *sums.entry(key).or_default() += value;
    }
    let count = sums.len() as f64;
    let small = if second.is_none() && count > 1.0 { count / (count - 1.0) } else { 1.0 };
    Ok((small * math::sum(sums.values().map(|s| s * s)), sums.len() as u64))
}
