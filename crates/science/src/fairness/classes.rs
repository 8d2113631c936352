//! Fairness of answers with more than two classes: each class against all others, and the mean of that over classes (macro).
//! Never picks a positive class itself.

use super::{Metric, cells::GROUPS_MAX, chance::quantile, metric::Tally};
use crate::{
    Estimate,
    error::{Error, Result},
    random::Random,
    sample::multinomial,
};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// Classes that a table can have.
pub const CLASSES_MAX: usize = 256;

/// Rows counted by group, true class and answered class. Any order of rows and tables gives the same counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClassCells {
    classes: usize,
    counts: Vec<u64>,
}

impl ClassCells {
    /// An empty table.
    ///
    /// # Errors
    /// Fewer than 2 classes or more than [`CLASSES_MAX`].
    pub fn new(classes: usize) -> Result<Self> {
        if !(2..=CLASSES_MAX).contains(&classes) {
            return Err(Error::input("classes", format!("{classes} classes; 2 to {CLASSES_MAX} can be compared")));
        }
        Ok(Self { classes, counts: Vec::new() })
    }

    /// Adds a row.
    ///
    /// # Errors
    /// A group or a class out of range.
    pub fn add(&mut self, group: usize, truth: usize, answer: usize) -> Result<()> {
        if group >= GROUPS_MAX || truth >= self.classes || answer >= self.classes {
            return Err(Error::input("row", format!("group {group}, truth {truth} or answer {answer} is out of range")));
        }
        let span = self.classes * self.classes;
        if (group + 1) * span > self.counts.len() {
            self.counts.resize((group + 1) * span, 0);
        }
        if let Some(count) = self.counts.get_mut(group * span + truth * self.classes + answer) {
            *count += 1;
        }
        Ok(())
    }

    /// Adds all rows of another table of as many classes.
    ///
    /// # Errors
    /// Another number of classes.
    pub fn merge(&mut self, other: &Self) -> Result<()> {
        if other.classes != self.classes {
            return Err(Error::input("classes", format!("{} classes cannot join {}", other.classes, self.classes)));
        }
        self.counts.resize(self.counts.len().max(other.counts.len()), 0);
        for (a, b) in self.counts.iter_mut().zip(&other.counts) {
            *a += b;
        }
        Ok(())
    }

    /// Groups that have come.
    #[must_use]
    pub fn groups(&self) -> usize {
        self.counts.len() / (self.classes * self.classes)
    }

    /// One class against all others: the tally of each group.
    #[must_use]
    pub fn one_against_rest(&self, class: usize) -> Vec<Tally> {
        self.counts.chunks(self.classes * self.classes).map(|counts| tally(counts, self.classes, class)).collect()
    }

    /// The mean over classes of a metric of each against the rest, by group, and the gap between groups; groups with fewer rows
    /// than `rows_min` are measured and take no part in the gap. Percentile bootstrap over the cells; a class that a group does
    /// not have (no denominator) takes no part in that group's mean.
    ///
    /// # Errors
    /// [`Error::CannotSay`] of no rows.
    pub fn macro_average(&self, metric: Metric, rows_min: u64, level: f64, draws: usize, seed: u64) -> Result<Macro> {
        crate::interval::level_check(level)?;
        let span = self.classes * self.classes;
        let rows: Vec<u64> = self.counts.chunks(span).map(|counts| counts.iter().sum()).collect();
        let total: u64 = rows.iter().sum();
        if total == 0 {
            return Err(Error::cannot_say("There are no rows, so nothing can be said about any group."));
        }
        let means = |counts: &[u64]| -> Vec<Option<f64>> { counts.chunks(span).map(|counts| mean(counts, self.classes, metric)).collect() };
        let values = means(&self.counts);
        let compared: Vec<usize> = (0..rows.len())
            .filter(|at| rows.get(*at).is_some_and(|n| *n >= rows_min) && values.get(*at).is_some_and(Option::is_some))
            .collect();
        let value = |at: usize, of: &[Option<f64>]| of.get(at).copied().flatten().unwrap_or(f64::NAN);
        let low = compared.iter().copied().min_by(|a, b| value(*a, &values).total_cmp(&value(*b, &values)));
        let high = compared.iter().rev().copied().max_by(|a, b| value(*a, &values).total_cmp(&value(*b, &values)));
        let drawn: Vec<Vec<Option<f64>>> = (0..draws)
            .into_par_iter()
            .map(|draw| {
                let mut counts = vec![0; self.counts.len()];
                multinomial(&mut Random::new(seed, draw as u64), total, &self.counts, &mut counts);
                means(&counts)
            })
            .collect();
        let tail = (1.0 - level) / 2.0;
        let estimate = |value: f64, n: u64, mut series: Vec<f64>| {
            series.retain(|x| !x.is_nan());
            let (low, high) = (quantile(&mut series, tail), quantile(&mut series, 1.0 - tail));
            Estimate { value, low: low.min(value), high: high.max(value), n }
        };
        let groups = rows
            .iter()
            .enumerate()
            .map(|(at, n)| {
                value_or_none(value(at, &values)).map(|mean| estimate(mean, *n, drawn.iter().map(|means| value(at, means)).collect()))
            })
            .collect();
        let gap = low.zip(high).filter(|(low, high)| low != high).map(|(low, high)| {
            let n = compared.iter().filter_map(|at| rows.get(*at)).sum();
            let series = drawn.iter().map(|means| value(high, means) - value(low, means)).collect();
            estimate(value(high, &values) - value(low, &values), n, series)
        });
        Ok(Macro { metric, groups, lowest: low, highest: high, gap })
    }
}

fn value_or_none(value: f64) -> Option<f64> {
    (!value.is_nan()).then_some(value)
}

fn mean(counts: &[u64], classes: usize, metric: Metric) -> Option<f64> {
    let rates: Vec<f64> = (0..classes).filter_map(|class| metric.rate(&tally(counts, classes, class))).collect();
    crate::math::mean(&rates)
}

fn tally(counts: &[u64], classes: usize, class: usize) -> Tally {
    let mut tally = [0; super::metric::TALLY];
    for (at, rows) in counts.iter().enumerate() {
        let place = 2 * usize::from(at / classes == class) + usize::from(at % classes == class);
        if let Some(count) = tally.get_mut(place) {
            *count += rows;
        }
    }
    tally
}

/// A metric averaged over classes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Macro {
    /// Which rate.
    pub metric: Metric,
    /// By group; `None` where no class has a denominator.
    pub groups: Vec<Option<Estimate>>,
    /// The group with the lowest mean among those compared.
    pub lowest: Option<usize>,
    /// The group with the highest.
    pub highest: Option<usize>,
    /// Highest less lowest, of the groups that are so on these data; `None` with fewer than two groups.
    pub gap: Option<Estimate>,
}
