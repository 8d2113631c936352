//! What chance alone does: the band of gaps and ratios among groups that do not differ, and the smallest gap that data of
//! this size could detect. Never changes a legal figure; it stands beside one.

use super::metric::Metric;
use crate::{
    math::sqrt,
    random::Random,
    sample::Binomial,
    special::{normal_cdf, normal_quantile},
};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// The chance that a detectable gap is detected.
pub const POWER: f64 = 0.8;

/// Draws of a chunk that one core makes at a time.
const CHUNK_DRAWS: usize = 64;

/// Quantiles of a figure under "no group differs".
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Band {
    /// 2.5 % of the draws are below.
    pub low: f64,
    /// Half of the draws are below.
    pub median: f64,
    /// 2.5 % of the draws are above.
    pub high: f64,
}

impl Band {
    fn of(draws: &mut [f64]) -> Self {
        Self { low: quantile(draws, 0.025), median: quantile(draws, 0.5), high: quantile(draws, 0.975) }
    }
}

/// What gap and ratio among groups of these sizes look like when no group differs from another.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Chance {
    /// Of the largest less the smallest rate.
    pub gap: Band,
    /// The gap that 5 % of the draws exceed: a larger one is more than chance at 5 %.
    pub gap_95: f64,
    /// Of the smallest by the largest rate.
    pub ratio: Band,
    /// The ratio that 5 % of the draws fall short of.
    pub ratio_05: f64,
    /// Share of draws that break the four-fifths rule although no group differs.
    pub rule_broken: f64,
    /// Share of draws in which some group lies as far from all together, in its standard errors, as the furthest does here (a p-value
    /// of "no group differs"; the observed one counts as a draw).
    pub p: f64,
}

/// The value that a share `q` of the draws does not exceed (the ceil(q n)-th smallest); NaN of nothing. Reorders the draws.
pub(crate) fn quantile(draws: &mut [f64], q: f64) -> f64 {
    if draws.is_empty() {
        return f64::NAN;
    }
    let at = ((q * draws.len() as f64).ceil() as usize).clamp(1, draws.len()) - 1;
    *draws.select_nth_unstable_by(at, f64::total_cmp).1
}

/// Draws every group's rate from the pooled rate. `groups` has the rows (effective ones where there are clusters) and the observed
/// rate of each, `rule` is the least ratio of the four-fifths rule.
///
/// The p-value is of how many of its standard errors the group furthest off lies from all together, so that a small group,
/// whose rate is anywhere, does not hide a large one. `None` with fewer than two groups, or where the pooled rate is 0 or 1 and
/// chance has nothing to vary.
#[must_use]
pub fn chance(groups: &[(u64, f64)], rule: f64, draws: usize, seed: u64, metric: Metric) -> Option<Chance> {
    let all_rows: u64 = groups.iter().map(|group| group.0).sum();
    let pooled = groups.iter().map(|(n, rate)| *n as f64 * rate).sum::<f64>() / all_rows.max(1) as f64;
    if groups.len() < 2 || draws == 0 || !(pooled > 0.0 && pooled < 1.0) || groups.iter().any(|group| group.0 == 0) {
        return None;
    }
    let laws: Vec<Law> = groups
        .iter()
        .map(|(n, _)| {
            let rows = *n as f64;
            Law { law: Binomial::new(*n, pooled), rows, precision: sqrt(rows / (pooled * (1.0 - pooled))) }
        })
        .collect();
    let furthest = |rates: &[f64], pooled: f64| {
        rates.iter().zip(&laws).fold(0.0f64, |most, (rate, law)| most.max((rate - pooled).abs() * law.precision))
    };
    let observed = furthest(&groups.iter().map(|group| group.1).collect::<Vec<_>>(), pooled);
    let all: Vec<(f64, f64, f64)> = (0..draws.div_ceil(CHUNK_DRAWS))
        .into_par_iter()
        .flat_map_iter(|chunk| {
            let mut rates = vec![0.0; laws.len()];
            (chunk * CHUNK_DRAWS..draws.min((chunk + 1) * CHUNK_DRAWS))
                .map(|draw| {
                    let mut random = Random::new(seed, ((metric.index() as u64 + 1) << 48) | draw as u64);
                    let (mut least, mut most, mut hits) = (f64::INFINITY, f64::NEG_INFINITY, 0.0);
                    for (rate, law) in rates.iter_mut().zip(&laws) {
                        let part = law.law.draw(&mut random) as f64;
                        *rate = part / law.rows;
                        hits += part;
                        (least, most) = (least.min(*rate), most.max(*rate));
                    }
                    (most - least, if most > 0.0 { least / most } else { 1.0 }, furthest(&rates, hits / all_rows as f64))
                })
                .collect::<Vec<_>>()
        })
        .collect();
    let beyond = all.iter().filter(|draw| draw.2 >= observed - 1e-12).count();
    let broken = all.iter().filter(|draw| draw.1 < rule - 1e-12).count();
    let mut gaps: Vec<f64> = all.iter().map(|draw| draw.0).collect();
    let mut ratios: Vec<f64> = all.iter().map(|draw| draw.1).collect();
    Some(Chance {
        gap_95: quantile(&mut gaps, 0.95),
        gap: Band::of(&mut gaps),
        ratio_05: quantile(&mut ratios, 0.05),
        ratio: Band::of(&mut ratios),
        rule_broken: broken as f64 / draws as f64,
        p: (beyond + 1) as f64 / (draws + 1) as f64,
    })
}

/// One group under "no group differs".
struct Law {
    law: Binomial,
    rows: f64,
    /// 1 / standard error of its rate.
    precision: f64,
}

/// The smallest gap between a group and all others that a two-sided test at `alpha` finds with [`POWER`], upwards or downwards,
/// whichever takes more; `None` where none can be found.
///
/// Normal approximation for two independent proportions (Fleiss, Levin and Paik 2003, section 4.2). `rate` is that of the
/// others, `group` and `others` the rows (effective ones where there are clusters).
#[must_use]
pub fn detectable_gap(rate: f64, group: f64, others: f64, alpha: f64) -> Option<f64> {
    if !(group >= 1.0 && others >= 1.0 && (0.0..=1.0).contains(&rate) && alpha > 0.0 && alpha < 1.0) {
        return None;
    }
    let up = one_way(rate, 1.0 - rate, 1.0, group, others, alpha);
    let down = one_way(rate, rate, -1.0, group, others, alpha);
    match (up, down) {
        (Some(a), Some(b)) => Some(a.max(b)),
        (one, None) => one,
        (None, one) => one,
    }
}

fn one_way(rate: f64, room: f64, sign: f64, group: f64, others: f64, alpha: f64) -> Option<f64> {
    let found = |gap: f64| power(rate, (rate + sign * gap).clamp(0.0, 1.0), group, others, alpha) >= POWER;
    if room <= 0.0 || !found(room) {
        return None;
    }
    let (mut low, mut high) = (0.0, room);
    for _ in 0..50 {
        let middle = (low + high) / 2.0;
        if found(middle) { high = middle } else { low = middle }
    }
    Some(high)
}

/// The chance that a two-sided test of two proportions at `alpha` says that they differ.
#[must_use]
pub fn power(others_rate: f64, group_rate: f64, group: f64, others: f64, alpha: f64) -> f64 {
    let pooled = (group_rate * group + others_rate * others) / (group + others);
    let under_none = sqrt(pooled * (1.0 - pooled) * (1.0 / group + 1.0 / others));
    let under_gap = sqrt(group_rate * (1.0 - group_rate) / group + others_rate * (1.0 - others_rate) / others);
    let excess = (group_rate - others_rate).abs() - normal_quantile(1.0 - alpha / 2.0) * under_none;
    if under_gap > 0.0 {
        normal_cdf(excess / under_gap)
    } else if excess > 0.0 {
        1.0
    } else {
        0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn power_is_that_of_statsmodels() {
        // statsmodels 0.15.0, power_proportions_2indep.
        for (others, own, group, rest, alpha, expected) in [
            (0.3, 0.5, 80.0, 320.0, 0.05, 0.913_891_709_885_098_5),
            (0.1, 0.2, 150.0, 450.0, 0.05 / 12.0, 0.617_726_472_027_406),
            (0.6, 0.35, 40.0, 400.0, 0.01, 0.688_537_639_422_349_4),
        ] {
            let found = power(others, own, group, rest, alpha);
            assert!((found - expected).abs() < 1e-6, "{found} {expected}");
            let gap = detectable_gap(others, group, rest, alpha).unwrap();
            assert!(
                power(others, others + gap, group, rest, alpha) > POWER - 1e-9
                    || power(others, others - gap, group, rest, alpha) > POWER - 1e-9
            );
        }
    }
}
