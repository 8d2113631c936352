//! The delete-a-group jackknife of a statistic of sums over items. Never draws at random.

use crate::{
    error::{Error, Result},
    estimate::Estimate,
    interval::{level_check, wilson},
    math::sqrt,
    special::student_t_quantile,
};

const GROUPS_MAX: usize = 200;
const GROUPS_MIN: usize = 20;
/// Numbers that all groups hold together.
const NUMBERS_MAX: usize = 4_000_000;

/// Sums of `width` numbers over items, in groups of items.
pub(super) struct Groups {
    width: usize,
    sums: Vec<f64>,
    items: u64,
}

impl Groups {
    /// `add(item, sums)` adds an item's numbers, and says whether it has any.
    pub(super) fn new(items: usize, width: usize, mut add: impl FnMut(usize, &mut [f64]) -> bool) -> Self {
        let groups = (NUMBERS_MAX / width.max(1)).clamp(GROUPS_MIN, GROUPS_MAX).min(items.max(1));
        let mut sums = vec![0.0; groups * width];
        let mut counted = 0;
        for item in 0..items {
            let at = counted as usize % groups * width;
            counted += u64::from(add(item, &mut sums[at..at + width]));
        }
        Self { width, sums, items: counted }
    }

    pub(super) fn items(&self) -> u64 {
        self.items
    }

    /// The statistic of all sums, with an interval by Student's t over the groups (Shao and Tu, The Jackknife and Bootstrap, 1995).
    /// `room`: by how much the statistic could fall were all items in disagreement; where no group moves it, as where all agree,
    /// Wilson's bound for items that were not seen takes that share of it. `n` is the number of items.
    pub(super) fn estimate(&self, level: f64, most: f64, room: f64, statistic: impl Fn(&[f64]) -> Option<f64>) -> Result<Estimate> {
        level_check(level)?;
        let undefined = || {
            Error::cannot_say(
                "all answers that can be compared are the same, so agreement beyond chance is undefined; items of other classes are needed",
            )
        };
        let total = self.total();
        let value = statistic(&total).ok_or_else(undefined)?;
        let groups = (self.sums.len() / self.width).min(self.items as usize);
        if groups < 2 {
            return Err(Error::cannot_say("only one item was answered by two people or more, so how much items differ cannot be known"));
        }
        let without = |group: &[f64]| statistic(&total.iter().zip(group).map(|(all, one)| all - one).collect::<Vec<_>>()).unwrap_or(value);
        let left_out: Vec<f64> = self.sums.chunks_exact(self.width).take(groups).map(without).collect();
        let (count, mean) = (groups as f64, left_out.iter().sum::<f64>() / groups as f64);
        let variance = (count - 1.0) / count * left_out.iter().map(|value| (value - mean) * (value - mean)).sum::<f64>();
        let half = student_t_quantile(0.5 + 0.5 * level, count - 1.0) * sqrt(variance);
        let low = if half > 1e-12 { value - half } else { value - room * (1.0 - wilson(self.items, self.items, level)?.low) };
        Ok(Estimate { value, low, high: (value + half).min(most), n: self.items })
    }

    pub(super) fn total(&self) -> Vec<f64> {
        let mut total = vec![0.0; self.width];
        self.sums.chunks_exact(self.width).for_each(|group| total.iter_mut().zip(group).for_each(|(all, one)| *all += one));
        total
    }
}
