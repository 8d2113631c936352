//! Averages over classes by group: limits, gaps beside what chance does, tests. Counts nothing itself: it takes the rates of each
//! class against the rest.

use super::{Audit, Partition, classes::AVERAGED};
use crate::{
    Estimate,
    fairness::{COMPARED_ROWS_MIN, Group, Metric, Options, Rate, chance::POWER},
    interval,
    math::sqrt,
    random::Random,
    sample::Binomial,
    special::{normal_quantile, normal_survival},
};
use serde::{Deserialize, Serialize};

/// Averages of one way to group the rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MacroPartition {
    /// `race`, or `race x sex`.
    pub by: String,
    /// The group columns of it.
    pub attributes: Vec<String>,
    /// The groups, in the order of every list by group here.
    pub groups: Vec<Group>,
    /// What each decider did.
    pub deciders: Vec<MacroDecider>,
}

/// Averages of one decider.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MacroDecider {
    /// Its name.
    pub name: String,
    /// One a metric: recall and precision averaged over classes, and the share of right answers.
    pub rates: Vec<MacroRate>,
}

/// One average by group.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MacroRate {
    /// Which rate: `tpr` (macro recall), `ppv` (macro precision), `accuracy` (right answers of all, no average).
    pub metric: Metric,
    /// All rows together.
    pub overall: Option<Estimate>,
    /// By group; a class that a group does not have takes no part in its mean. `None` of no class.
    pub groups: Vec<Option<Estimate>>,
    /// The compared group with the lowest mean (the first of equals).
    pub lowest: Option<usize>,
    /// The one with the highest.
    pub highest: Option<usize>,
    /// Highest less lowest; limits hold for all pairs of groups at once. `None` with fewer than two compared groups.
    pub gap: Option<Estimate>,
    /// The gap that 5 % of the draws exceed in which no group differs in any class.
    pub gap_by_chance: Option<f64>,
    /// The gap between a group and all others that a test would find in 80 % of such data at the level of a Bonferroni correction for
    /// the tests of this rate, whichever group has it.
    pub detectable_gap: Option<f64>,
    /// Each compared group against all others.
    pub tests: Vec<MacroTest>,
}

/// One group against all others.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct MacroTest {
    /// The group.
    pub group: usize,
    /// Its mean less that of all other compared groups.
    pub difference: Estimate,
    /// p-value of a z test with the pooled rate of each class.
    pub p: f64,
    /// The same, corrected by Holm for all tests of the audit.
    pub p_holm: f64,
}

impl MacroPartition {
    /// All tests of all deciders.
    pub fn tests_mut(&mut self) -> impl Iterator<Item = &mut MacroTest> {
        self.deciders.iter_mut().flat_map(|decider| &mut decider.rates).flat_map(|rate| &mut rate.tests)
    }
}

/// What averages are made of.
pub(super) struct Part<'a> {
    /// The partition in which every truth is positive: its true positive rate is the share of right answers.
    pub right: &'a Partition,
    /// The same partition with each class as the positive one.
    pub of_class: Vec<&'a Partition>,
    pub options: &'a Options,
}

pub(super) fn partition(part: &Part<'_>) -> MacroPartition {
    let fairness = &part.right.fairness;
    let deciders = fairness
        .deciders
        .iter()
        .enumerate()
        .map(|(decider, found)| MacroDecider {
            name: found.name.clone(),
            rates: AVERAGED.into_iter().map(|metric| rate(part, decider, metric)).collect(),
        })
        .collect();
    MacroPartition { by: part.right.by.clone(), attributes: part.right.attributes.clone(), groups: fairness.groups.clone(), deciders }
}

/// A share of some rows, and the independent rows that it is worth.
#[derive(Debug, Clone, Copy)]
struct Share {
    value: f64,
    rows: u64,
    effective: f64,
}

/// The shares of one group, class by class; `None` where it has no row.
type Shares = Vec<Option<Share>>;

fn share(rate: Option<Rate>) -> Option<Share> {
    let rate = rate?;
    let rows = rate.estimate.n;
    (rows > 0).then(|| Share { value: rate.estimate.value, rows, effective: rate.effective_n.unwrap_or(rows as f64) })
}

fn rate(part: &Part<'_>, decider: usize, metric: Metric) -> MacroRate {
    let classes: Vec<&Partition> = if metric == Metric::Accuracy { vec![part.right] } else { part.of_class.clone() };
    let read = if metric == Metric::Accuracy { Metric::TruePositiveRate } else { metric };
    let of = |partition: &&Partition, group: Option<usize>| {
        let decider = partition.fairness.deciders.get(decider)?;
        let rates = match group {
            Some(group) => decider.groups.get(group)?,
            None => &decider.overall,
        };
        share(rates.get(&read).copied().flatten())
    };
    let groups = &part.right.fairness.groups;
    let shares: Vec<Shares> = (0..groups.len()).map(|group| classes.iter().map(|class| of(class, Some(group))).collect()).collect();
    let level = part.options.level;
    let overall: Shares = classes.iter().map(|class| of(class, None)).collect();
    let rows = |shares: &Shares| shares.iter().flatten().map(|share| share.effective).sum::<f64>();
    let compared: Vec<usize> = groups
        .iter()
        .zip(&shares)
        .enumerate()
        .filter(|(_, (group, shares))| group.compared() && rows(shares) >= COMPARED_ROWS_MIN)
        .map(|(at, _)| at)
        .collect();
    let mut out = MacroRate {
        metric,
        overall: mean(&overall, level),
        groups: shares.iter().map(|shares| mean(shares, level)).collect(),
        lowest: None,
        highest: None,
        gap: None,
        gap_by_chance: None,
        detectable_gap: None,
        tests: Vec::new(),
    };
    if compared.len() > 1 {
        compare(&mut out, &shares, &compared, part.options);
    }
    out
}

/// The mean over classes, its limits from those of each (independent ones).
fn mean(shares: &Shares, level: f64) -> Option<Estimate> {
    let parts: Vec<Estimate> =
        shares.iter().flatten().filter_map(|share| interval::wilson_share(share.value, share.effective, share.rows, level).ok()).collect();
    if parts.is_empty() {
        return None;
    }
    let count = parts.len() as f64;
    let value = parts.iter().map(|part| part.value).sum::<f64>() / count;
    let reach = |far: fn(&Estimate) -> f64| sqrt(parts.iter().map(|part| far(part) * far(part)).sum::<f64>()) / count;
    Some(Estimate {
        value,
        low: (value - reach(|part| part.value - part.low)).max(0.0),
        high: (value + reach(|part| part.high - part.value)).min(1.0),
        n: parts.iter().map(|part| part.n).sum(),
    })
}

/// Several groups as one, class by class.
fn together<'a>(groups: impl Iterator<Item = &'a Shares>, classes: usize) -> Shares {
    let mut sums = vec![(0.0, 0u64, 0.0); classes];
    for shares in groups {
        for (sum, share) in sums.iter_mut().zip(shares) {
            if let Some(share) = share {
                *sum = (sum.0 + share.value * share.rows as f64, sum.1 + share.rows, sum.2 + share.effective);
            }
        }
    }
    let one = |(hits, rows, effective): (f64, u64, f64)| (rows > 0).then(|| Share { value: hits / rows as f64, rows, effective });
    sums.into_iter().map(one).collect()
}

/// Variance of the mean of a group if each class had this rate.
fn variance(shares: &Shares, rates: &Shares) -> f64 {
    let parts = shares.iter().zip(rates).filter_map(|(share, rate)| Some((share.as_ref()?.effective, rate.as_ref()?.value)));
    let (sum, count) = parts.fold((0.0, 0.0), |(sum, count), (n, rate)| (sum + rate * (1.0 - rate) / n, count + 1.0));
    if count > 0.0 { sum / (count * count) } else { 0.0 }
}

fn compare(out: &mut MacroRate, shares: &[Shares], compared: &[usize], options: &Options) {
    let classes = shares.first().map_or(0, Vec::len);
    let value = |at: usize| out.groups.get(at).copied().flatten().map_or(f64::NAN, |mean| mean.value);
    let of = |at: usize| shares.get(at).filter(|_| compared.contains(&at));
    let (Some(lowest), Some(highest)) = (
        compared.iter().copied().min_by(|a, b| value(*a).total_cmp(&value(*b))),
        compared.iter().rev().copied().max_by(|a, b| value(*a).total_cmp(&value(*b))),
    ) else {
        return;
    };
    // Limits that hold for all pairs at once, as the extremes were picked: Bonferroni.
    let pairs = (compared.len() * (compared.len() - 1) / 2) as f64;
    let joint = 1.0 - 2.0 * normal_survival(normal_quantile(1.0 - (1.0 - options.level) / 2.0 / pairs));
    let limits: Vec<Estimate> = compared.iter().filter_map(|at| mean(shares.get(*at)?, joint)).collect();
    let n = compared.iter().filter_map(|at| out.groups.get(*at).copied().flatten()).map(|mean| mean.n).sum();
    let ends = crate::fairness::pairs::extremes(&limits).difference;
    out.gap = Some(Estimate { value: value(highest) - value(lowest), low: ends.0, high: ends.1, n });
    (out.lowest, out.highest) = (Some(lowest), Some(highest));

    let pooled = together(compared.iter().filter_map(|at| of(*at)), classes);
    out.gap_by_chance = gap_by_chance(shares, compared, &pooled, options, out.metric);

    // Of two groups only the first, for the second would be the same test.
    let tested = if compared.len() == 2 { 1 } else { compared.len() };
    let critical = normal_quantile(1.0 - (1.0 - options.level) / 2.0 / tested as f64) + normal_quantile(POWER);
    let mut widest = 0.0f64;
    for at in compared.iter().copied().take(tested) {
        let rest = together(compared.iter().filter(|other| **other != at).filter_map(|other| of(*other)), classes);
        let Some(own) = of(at) else { continue };
        let (Some(here), Some(there)) = (mean(own, options.level), mean(&rest, options.level)) else { continue };
        let spread = sqrt(variance(own, &pooled) + variance(&rest, &pooled));
        let gap = here.value - there.value;
        let p = if spread > 0.0 { (2.0 * normal_survival((gap / spread).abs())).min(1.0) } else { 1.0 };
        widest = widest.max(critical * spread);
        out.tests.push(MacroTest { group: at, difference: Estimate { n: here.n, ..interval::difference_of(&here, &there) }, p, p_holm: p });
    }
    out.detectable_gap = Some(widest).filter(|gap| *gap > 0.0 && *gap < 1.0);
}

/// The gap that 5 % of the draws exceed in which each class has its pooled rate in every group.
fn gap_by_chance(shares: &[Shares], compared: &[usize], pooled: &Shares, options: &Options, metric: Metric) -> Option<f64> {
    let laws: Vec<Vec<(Binomial, f64)>> = compared
        .iter()
        .filter_map(|at| shares.get(*at))
        .map(|shares| {
            let parts = shares.iter().zip(pooled).filter_map(|(share, rate)| Some((share.as_ref()?, rate.as_ref()?.value)));
            parts
                .map(|(share, rate)| {
                    let rows = share.effective.round().max(1.0);
                    (Binomial::new(rows as u64, rate), rows)
                })
                .collect()
        })
        .collect();
    let mut gaps: Vec<f64> = (0..options.draws)
        .map(|draw| {
            let mut random = Random::new(options.seed ^ 0x3ac0, ((metric.index() as u64 + 1) << 48) | draw as u64);
            let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
            for group in laws.iter().filter(|group| !group.is_empty()) {
                let mean = group.iter().map(|(law, rows)| law.draw(&mut random) as f64 / rows).sum::<f64>() / group.len() as f64;
                (low, high) = (low.min(mean), high.max(mean));
            }
            high - low
        })
        .collect();
    (!gaps.is_empty()).then(|| crate::fairness::chance::quantile(&mut gaps, 0.95))
}

/// What such an audit cannot say.
pub(super) fn cannot_say(partitions: &[MacroPartition], by_class: &[Audit]) -> Vec<String> {
    let mut out = Vec::new();
    for partition in partitions {
        let compared = partition.groups.iter().filter(|group| group.compared()).count();
        if compared < 2 {
            out.push(format!("By {}: only {compared} of the groups has enough rows to be compared.", partition.by));
        }
    }
    out.push("An average over classes gives each class the same weight: a wide gap in a rare one, or gaps that point both ways, can hide in it. The classes stand one by one for that.".into());
    for sentence in by_class.first().map(|audit| audit.cannot_say.as_slice()).unwrap_or_default() {
        if !out.contains(sentence) && !sentence.contains("--positive") {
            out.push(sentence.clone());
        }
    }
    out
}
