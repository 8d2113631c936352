//! Scores by group, counted so that the median of all of them and the share of each group above it can be told exactly. Holds
//! counts only; knows no truth and no decision.
//!
//! Different scores are held apart as long as there are few enough of them; beyond that all of them are rounded to fewer bits, as
//! few as are needed. The counts do not depend on the order of rows or tables.

use super::{
    COMPARED_ROWS_MIN, FOUR_FIFTHS, Group, Metric, Options,
    chance::chance,
    impact::{Ratios, ScoredCategory, Scoring, Smallest, below},
};
use crate::{Estimate, interval, special::normal_quantile, special::normal_survival};

/// Pairs of a group and a score that are held apart: about 24 MB.
const CELLS_MAX: usize = 1 << 20;

/// Rows that wait to be counted.
const FRESH_MAX: usize = 1 << 16;

/// Bits of a score that are never rounded away: sign, exponent, and one of the fraction.
const ROUNDED_BITS_MAX: u32 = 51;

/// Scores counted by group.
#[derive(Debug, Clone, Default)]
pub struct ScoreCounts {
    /// Ordered by score and then group: `(key, group, rows)`.
    cells: Vec<(u64, u32, u64)>,
    fresh: Vec<(u64, u32)>,
    rounded_bits: u32,
}

impl ScoreCounts {
    /// Adds a row. NaN is no score and is passed over; any other number is one, whatever its scale.
    pub fn add(&mut self, group: u32, score: f64) {
        if score.is_nan() {
            return;
        }
        self.fresh.push((key(score), group));
        if self.fresh.len() >= FRESH_MAX {
            self.settle();
        }
    }

    /// Adds all rows of another table.
    pub fn merge(&mut self, other: &Self) {
        self.settle();
        let mut other = other.clone();
        other.settle();
        self.take_in(&other.cells, self.rounded_bits.max(other.rounded_bits));
    }

    /// The same rows in other groups: `map[g]` is the group that `g` becomes part of.
    #[must_use]
    pub fn regroup(&self, map: &[usize]) -> Self {
        let mut from = self.clone();
        from.settle();
        let to = |group: u32| map.get(group as usize).and_then(|to| u32::try_from(*to).ok()).unwrap_or(group);
        let mut cells: Vec<(u64, u32, u64)> = from.cells.iter().map(|(key, group, rows)| (*key, to(*group), *rows)).collect();
        joined(&mut cells);
        Self { cells, fresh: Vec::new(), rounded_bits: from.rounded_bits }
    }

    /// Whether there is no score.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.cells.is_empty() && self.fresh.is_empty()
    }

    fn settle(&mut self) {
        let mut fresh: Vec<(u64, u32, u64)> = std::mem::take(&mut self.fresh).into_iter().map(|(key, group)| (key, group, 1)).collect();
        joined(&mut fresh);
        self.take_in(&fresh, self.rounded_bits);
    }

    fn take_in(&mut self, more: &[(u64, u32, u64)], bits: u32) {
        if more.is_empty() && bits == self.rounded_bits {
            return;
        }
        self.cells.extend_from_slice(more);
        self.rounded_bits = bits;
        rounded(&mut self.cells, bits);
        joined(&mut self.cells);
        while self.cells.len() > CELLS_MAX && self.rounded_bits < ROUNDED_BITS_MAX {
            self.rounded_bits += 1;
            rounded(&mut self.cells, self.rounded_bits);
            joined(&mut self.cells);
        }
    }

    /// Scoring rates by group. `effective_share` is for each group the share of its rows that independent rows would need to tell as
    /// much (1 where rows are independent). `None` without any score.
    #[must_use]
    pub fn scoring(&self, groups: &[Group], effective_share: &[f64], options: &Options) -> Option<Scoring> {
        let mut own = self.clone();
        own.settle();
        let (median, middle) = own.median()?;
        let mut counts = vec![(0u64, 0u64); groups.len()];
        for (key, group, rows) in &own.cells {
            if let Some(count) = counts.get_mut(*group as usize) {
                *count = (count.0 + if *key > middle { *rows } else { 0 }, count.1 + rows);
            }
        }
        let effective = |at: usize| {
            let rows = counts.get(at).map_or(0, |count| count.1) as f64;
            (rows * effective_share.get(at).copied().unwrap_or(1.0)).clamp(rows.min(1.0), rows)
        };
        let rate = |at: usize, level: f64| {
            let (above, scored) = counts.get(at).copied().filter(|count| count.1 > 0)?;
            interval::wilson_share(above as f64 / scored as f64, effective(at), scored, level).ok()
        };
        let compared: Vec<usize> =
            (0..groups.len()).filter(|at| groups.get(*at).is_some_and(Group::compared) && effective(*at) >= COMPARED_ROWS_MIN).collect();
        // All pairs at once: Bonferroni's critical value, as for many groups elsewhere.
        let pairs = (compared.len() * compared.len().saturating_sub(1) / 2).max(1) as f64;
        let joint = 1.0 - 2.0 * normal_survival(normal_quantile(1.0 - (1.0 - options.level) / 2.0 / pairs));
        let rates: Vec<Option<Estimate>> = (0..groups.len()).map(|at| rate(at, options.level)).collect();
        let limits: Vec<Option<Estimate>> = (0..groups.len()).map(|at| rate(at, joint)).collect();
        let ratios = Ratios::of(groups, &counts, &rates, &limits, "scores");
        let sizes: Vec<(u64, f64)> = compared
            .iter()
            .filter_map(|at| Some((effective(*at).round().max(1.0) as u64, rates.get(*at).copied().flatten()?.value)))
            .collect();
        let categories = counts
            .iter()
            .zip(ratios.rows)
            .enumerate()
            .map(|(at, ((above, scored), row))| ScoredCategory {
                name: row.name,
                scored: *scored,
                above: *above,
                scoring_rate: rates.get(at).copied().flatten(),
                impact_ratio: row.ratio,
                reference: row.reference,
                left_out: row.left_out,
                too_small: row.too_small,
            })
            .collect();
        Some(Scoring {
            median,
            rounded_bits: own.rounded_bits,
            categories,
            unknown: ratios.unknown,
            smallest_ratio: ratios.smallest,
            below_four_fifths: ratios.smallest.map(below),
            among_compared: ends(&compared, &rates).and_then(|ends| Smallest::of(ends, &rates, &limits)),
            chance: chance(&sizes, FOUR_FIFTHS, options.draws, options.seed ^ 0x5c0_4e5, Metric::SelectionRate),
        })
    }

    /// The median, and the key that scores above it exceed. Of an even number of rows the mean of the middle two: whatever is above
    /// that is above the lower one, and the other way round.
    fn median(&self) -> Option<(f64, u64)> {
        let rows: u64 = self.cells.iter().map(|cell| cell.2).sum();
        if rows == 0 {
            return None;
        }
        let at = |place: u64| {
            let mut before = 0;
            self.cells.iter().find(|cell| {
                before += cell.2;
                before > place
            })
        };
        let (low, high) = (at((rows - 1) / 2)?.0, at(rows / 2)?.0);
        Some((f64::midpoint(score(low), score(high)), low))
    }
}

/// The groups with the lowest and the highest rate (the first of equals).
fn ends(compared: &[usize], rates: &[Option<Estimate>]) -> Option<(usize, usize)> {
    let value = |at: usize| rates.get(at).copied().flatten().map_or(f64::NAN, |rate| rate.value);
    let lowest = compared.iter().copied().min_by(|a, b| value(*a).total_cmp(&value(*b)))?;
    let highest = compared.iter().rev().copied().max_by(|a, b| value(*a).total_cmp(&value(*b)))?;
    Some((lowest, highest))
}

/// A number whose order is that of the scores.
fn key(score: f64) -> u64 {
    // 0 and -0 are one score.
    let bits = (score + 0.0).to_bits();
    if bits >> 63 == 0 { bits | (1 << 63) } else { !bits }
}

fn score(key: u64) -> f64 {
    f64::from_bits(if key >> 63 == 1 { key & !(1 << 63) } else { !key })
}

fn rounded(cells: &mut [(u64, u32, u64)], bits: u32) {
    let mask = u64::MAX << bits;
    cells.iter_mut().for_each(|cell| cell.0 &= mask);
}

/// Sorts, and makes one cell of those of the same score and group.
fn joined(cells: &mut Vec<(u64, u32, u64)>) {
    // Two sorted runs are merged by this in one pass.
    cells.sort_by_key(|cell| (cell.0, cell.1));
    cells.dedup_by(|from, into| {
        let same = from.0 == into.0 && from.1 == into.1;
        if same {
            into.2 += from.2;
        }
        same
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{fairness::Standing, random::Random};
    use proptest::prelude::*;

    fn groups(count: usize) -> Vec<Group> {
        (0..count).map(|at| Group { name: at.to_string(), n: 1, share: 0.5, standing: Standing::Compared, merged: Vec::new() }).collect()
    }

    fn of(rows: &[(u32, f64)]) -> ScoreCounts {
        let mut counts = ScoreCounts::default();
        rows.iter().for_each(|(group, score)| counts.add(*group, *score));
        counts
    }

    #[test]
    fn scoring_rates_are_those_of_the_law() {
        // numpy 2.4.6: np.median and the mean of score > median by group.
        let scores = [3.0, 7.0, 5.0, 5.0, 9.0, 1.0, 4.0, 8.0, 5.0, 2.0, 6.0, 10.0];
        let rows: Vec<(u32, f64)> = scores.iter().enumerate().map(|(at, score)| ((at % 3) as u32, *score)).collect();
        let found = of(&rows).scoring(&groups(3), &[1.0; 3], &Options::default()).unwrap();
        assert_eq!((found.median, found.rounded_bits), (5.0, 0));
        let told: Vec<(u64, u64)> = found.categories.iter().map(|category| (category.above, category.scored)).collect();
        assert_eq!(told, [(0, 4), (4, 4), (1, 4)]);
        assert!(found.categories[2].impact_ratio.unwrap().value == 0.25 && found.categories[1].reference);
        // Four rows are too few to compare: the law's figure is there, and nothing for a headline.
        assert!(found.smallest_ratio.is_some() && found.below_four_fifths == Some(true) && found.among_compared.is_none());
        // Of an even number of rows the median lies between the middle two.
        let even = of(&[(0, 1.0), (0, 2.0), (0, 4.0), (0, -8.0)]).scoring(&groups(1), &[1.0], &Options::default()).unwrap();
        assert_eq!((even.median, even.categories[0].above), (1.5, 2));
        assert!(ScoreCounts::default().scoring(&groups(1), &[1.0], &Options::default()).is_none());
        assert!(of(&[(0, f64::NAN)]).is_empty());
    }

    #[test]
    fn too_many_scores_are_rounded_as_little_as_needed_in_any_order() {
        let mut random = Random::new(3, 0);
        let rows: Vec<(u32, f64)> = (0..CELLS_MAX as u32 + 300_000).map(|row| (row % 3, random.uniform())).collect();
        let whole = of(&rows);
        let mut last = of(&rows[900_000..]);
        last.merge(&of(&rows[..900_000]));
        let options = Options { draws: 9, ..Options::default() };
        let (a, b) = (whole.scoring(&groups(3), &[1.0; 3], &options).unwrap(), last.scoring(&groups(3), &[1.0; 3], &options).unwrap());
        assert_eq!(a, b);
        assert!(a.rounded_bits > 0 && (a.median - 0.5).abs() < 0.005, "{a:?}");
        let above: u64 = a.categories.iter().map(|category| category.above).sum();
        assert!((above as f64 / rows.len() as f64 - 0.5).abs() < 1e-3, "{above}");
    }

    proptest! {
        #[test]
        fn half_of_all_are_above_at_most_and_keys_keep_the_order(scores in prop::collection::vec(-1e9f64..1e9, 1..60)) {
            let rows: Vec<(u32, f64)> = scores.iter().enumerate().map(|(at, score)| ((at % 2) as u32, *score)).collect();
            let found = of(&rows).scoring(&groups(2), &[1.0; 2], &Options { draws: 9, ..Options::default() }).unwrap();
            let above = scores.iter().filter(|score| **score > found.median).count() as u64;
            prop_assert_eq!(found.categories.iter().map(|category| category.above).sum::<u64>(), above);
            prop_assert!(2 * above <= scores.len() as u64);
            for pair in scores.windows(2) {
                prop_assert_eq!(pair[0] < pair[1], key(pair[0]) < key(pair[1]));
                prop_assert_eq!(score(key(pair[0])), pair[0]);
            }
        }
    }
}
