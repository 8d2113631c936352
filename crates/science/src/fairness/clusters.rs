//! [`Clusters`]: rows that hang together (answers of one person, answers about one item), counted by cluster, so that
//! intervals can treat the cluster as the unit. Never holds more than [`BUCKETS_MAX`] clusters apart.
//!
//! Wilson's interval and the multinomial bootstrap take rows for independent. Where a person or an item comes more than once
//! they are too narrow; then the variance is taken between clusters (linearisation of a ratio; Cochran 1977, chapter 6) and
//! given back as an *effective n*, under which Wilson's interval keeps its promise (Korn and Graubard 1998).

use super::{
    cells::{Cells, Pattern},
    metric::{Metric, TALLY, Tally},
};
use crate::{error::Result, random::Random, special};
use std::collections::{BTreeMap, HashMap};

/// Clusters that are held apart. Independent clusters that share a bucket are still independent of all other buckets, so
/// joining some at random loses precision of the variance (about 2 % at this number) and no validity.
pub const BUCKETS_MAX: u32 = 2_048;

/// Rows counted by cluster, group and pattern. Size: at most buckets times filled cells.
#[derive(Debug, Clone, Default)]
pub struct Clusters {
    counts: HashMap<(u32, u32, Pattern), u64>,
}

impl Clusters {
    /// Adds a row of a cluster. Numbers from [`BUCKETS_MAX`] on are spread over the buckets.
    pub fn add(&mut self, cluster: u32, group: u32, pattern: Pattern) {
        self.add_rows(bucket(cluster), group, pattern, 1);
    }

    /// Adds so many rows of one kind to a bucket.
    pub(crate) fn add_rows(&mut self, bucket: u32, group: u32, pattern: Pattern, rows: u64) {
        *self.counts.entry((bucket, group, pattern)).or_default() += rows;
    }

    /// Adds all rows of other clusters of the same numbering.
    pub fn merge(&mut self, other: &Self) {
        for (key, rows) in &other.counts {
            *self.counts.entry(*key).or_default() += rows;
        }
    }

    /// The same rows in other groups; see [`Cells::regroup`].
    #[must_use]
    pub fn regroup(&self, map: &[usize]) -> Self {
        let mut counts = HashMap::new();
        for ((bucket, group, pattern), rows) in &self.counts {
            let to = map.get(*group as usize).and_then(|to| u32::try_from(*to).ok()).unwrap_or(*group);
            *counts.entry((*bucket, to, *pattern)).or_default() += rows;
        }
        Self { counts }
    }

    /// The same rows by cells, for those who have only clusters.
    ///
    /// # Errors
    /// A group beyond what [`Cells`] can hold.
    pub fn cells(&self, deciders: usize) -> Result<Cells> {
        let mut cells = Cells::new(deciders);
        for ((_, group, pattern), rows) in &self.counts {
            cells.add_pattern(*group as usize, *pattern, *rows)?;
        }
        Ok(cells)
    }

    /// Buckets with rows, each its rows by (group, pattern), in a fixed order.
    pub(super) fn sorted(&self) -> Vec<Vec<(usize, Pattern, u64)>> {
        let mut buckets: BTreeMap<u32, Vec<(usize, Pattern, u64)>> = BTreeMap::new();
        for ((bucket, group, pattern), rows) in &self.counts {
            buckets.entry(*bucket).or_default().push((*group as usize, *pattern, *rows));
        }
        let mut buckets: Vec<_> = buckets.into_values().collect();
        for bucket in &mut buckets {
            bucket.sort_unstable();
        }
        buckets
    }
}

/// The bucket of a cluster.
pub(crate) fn bucket(cluster: u32) -> u32 {
    if cluster < BUCKETS_MAX { cluster } else { spread(cluster) }
}

fn spread(cluster: u32) -> u32 {
    (cluster.wrapping_mul(0x9e37_79b1) >> 7) % BUCKETS_MAX
}

/// Clusters ready to be drawn: what each adds to which tally.
pub(super) struct Units {
    groups: usize,
    deciders: usize,
    units: Vec<Vec<(u32, u64)>>,
}

impl Units {
    pub(super) fn new(clusters: &Clusters, groups: usize, deciders: usize) -> Self {
        let units = clusters
            .sorted()
            .iter()
            .map(|bucket| {
                let mut adds: BTreeMap<u32, u64> = BTreeMap::new();
                for (group, pattern, rows) in bucket.iter().filter(|(group, ..)| *group < groups) {
                    for decider in 0..deciders {
                        if let Some(at) = pattern.tally_index(decider) {
                            *adds.entry(((decider * groups + group) * TALLY + at) as u32).or_default() += rows;
                        }
                    }
                }
                adds.into_iter().collect()
            })
            .collect();
        Self { groups, deciders, units }
    }

    /// The same clusters of one decider with all groups joined.
    pub(super) fn joined(&self, decider: usize) -> Self {
        let span = self.groups * TALLY;
        let units = self
            .units
            .iter()
            .map(|unit| {
                let mut adds: BTreeMap<u32, u64> = BTreeMap::new();
                for (place, rows) in unit.iter().filter(|(place, _)| *place as usize / span.max(1) == decider) {
                    *adds.entry(place % TALLY as u32).or_default() += rows;
                }
                adds.into_iter().collect()
            })
            .collect();
        Self { groups: 1, deciders: 1, units }
    }

    pub(super) fn len(&self) -> usize {
        self.units.len()
    }

    /// The tallies of as many clusters drawn with replacement, by decider and then group.
    pub(super) fn draw(&self, random: &mut Random, tallies: &mut [Tally]) {
        tallies.fill([0; TALLY]);
        for _ in 0..self.units.len() {
            for (place, rows) in self.units.get(random.below(self.units.len())).into_iter().flatten() {
                let place = *place as usize;
                if let Some(count) = tallies.get_mut(place / TALLY).and_then(|tally| tally.get_mut(place % TALLY)) {
                    *count += rows;
                }
            }
        }
    }

    /// Variance of every rate, by decider, metric and group, with what a small number of clusters does to it.
    pub(super) fn variances(&self, tallies: &[Tally]) -> Vec<Spread> {
        let metrics = Metric::ALL.len();
        let mut spreads = vec![Spread::default(); self.deciders * metrics * self.groups];
        let mut own: HashMap<usize, Tally> = HashMap::new();
        for unit in &self.units {
            own.clear();
            for (place, rows) in unit {
                let place = *place as usize;
                if let Some(count) = own.entry(place / TALLY).or_default().get_mut(place % TALLY) {
                    *count += rows;
                }
            }
            let mut places: Vec<_> = own.iter().collect();
            places.sort_unstable();
            for (place, tally) in places {
                let (decider, group) = (place / self.groups, place % self.groups);
                let Some(total) = tallies.get(*place) else { continue };
                for metric in Metric::ALL {
                    let ((part, whole), Some(rate)) = (metric.parts(tally), metric.rate(total)) else { continue };
                    if whole == 0 {
                        continue;
                    }
                    if let Some(spread) = spreads.get_mut((decider * metrics + metric.index()) * self.groups + group) {
                        let residual = part as f64 - rate * whole as f64;
                        spread.clusters += 1;
                        spread.squares += residual * residual;
                        spread.sizes += whole as f64 * whole as f64;
                        spread.rows += whole as f64;
                    }
                }
            }
        }
        spreads
    }
}

/// Sums over clusters from which the variance of one rate follows.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Spread {
    clusters: u64,
    squares: f64,
    sizes: f64,
    rows: f64,
}

impl Spread {
    /// Variance of the rate; `None` from fewer than two clusters.
    pub(super) fn variance(&self) -> Option<f64> {
        let count = self.clusters as f64;
        (self.clusters > 1 && self.rows > 0.0).then(|| count / (count - 1.0) * self.squares / (self.rows * self.rows))
    }

    /// Clusters that a rate which is the same in all of them rests on (Kish 1965).
    pub(super) fn alike(&self) -> f64 {
        if self.sizes > 0.0 { self.rows * self.rows / self.sizes } else { 0.0 }
    }

    pub(super) fn clusters(&self) -> u64 {
        self.clusters
    }
}

/// The number of independent rows that tell as much about a rate as these `rows` rows do.
///
/// `spreads` has one entry a clustering; of two crossed ones (people and items) the variances add up less that of rows
/// (Cameron, Gelbach and Miller 2011), and never less than the larger. Few clusters are paid for by Student's t.
pub(super) fn effective_rows(rate: f64, rows: u64, spreads: &[Spread], level: f64) -> f64 {
    let rows = rows as f64;
    let mut clusters = u64::MAX;
    let mut alike = rows;
    for spread in spreads {
        clusters = clusters.min(spread.clusters());
        alike = alike.min(spread.alike());
    }
    if rows < 1.0 || spreads.is_empty() {
        return rows;
    }
    if clusters < 2 {
        return 1.0;
    }
    let own = rate * (1.0 - rate) / rows;
    let effective = match joint_variance(rate, rows, spreads) {
        Some(variance) if variance > 0.0 && own > 0.0 => own / variance * rows,
        _ => alike,
    };
    let tail = (1.0 - level) / 2.0;
    let few = special::normal_quantile(1.0 - tail) / special::student_t_quantile(1.0 - tail, clusters as f64 - 1.0);
    (effective * few * few).clamp(1.0, rows)
}

/// The variance under all clusterings together; `None` where one of them has fewer than two clusters.
pub(super) fn joint_variance(rate: f64, rows: f64, spreads: &[Spread]) -> Option<f64> {
    let own = rate * (1.0 - rate) / rows;
    let mut total = own;
    let mut most = own;
    for spread in spreads {
        let variance = spread.variance()?;
        total += variance - own;
        most = most.max(variance);
    }
    Some(total.max(most))
}
