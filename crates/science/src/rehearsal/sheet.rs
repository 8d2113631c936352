//! [`Sheet`]: what every row contributes to every figure, and [`Drawn`]: the figures with intervals that respect that people
//! and items repeat. Every figure is a mean over the rows that have it, and all of them are drawn together, so that any two
//! can be compared.

use crate::{
    Estimate,
    bootstrap::{self, Clusters, Columns, Sums},
    error::Result,
    interval, math,
    random::Random,
    rehearsal::data::{Codes, Data},
};

/// Level of every interval.
pub const LEVEL: f64 = 0.95;
/// Rows from which on two-way draws are fewer: each walks over all rows.
const TWO_WAY_ROWS_LARGE: usize = 100_000;
const TWO_WAY_DRAWS_LARGE: usize = 200;
/// Bins of the expected calibration error.
pub const BINS: usize = 15;
const JOINING_STREAM: u64 = 0x6a6f_696e;

/// A column of a [`Sheet`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Figure(usize);

/// What a row contributes.
#[derive(Debug)]
enum Column {
    /// Its own value, NaN where it has none.
    Values(Vec<f64>),
    /// What came true less what was said, where what was said lies in a bin; 0 elsewhere.
    Bin { said: Figure, true_: Figure, bin: usize },
    /// Another figure, in the rows of one group only.
    Within { figure: Figure, codes: GroupCodes, group: u32 },
}

/// Codes of groups that several columns share.
type GroupCodes = std::sync::Arc<[u32]>;

/// What every row contributes to every figure.
#[derive(Debug, Default)]
pub struct Sheet {
    weights: Vec<f64>,
    columns: Vec<Column>,
}

impl Sheet {
    /// A sheet whose rows weigh as given; a row of weight 0 takes no part.
    #[must_use]
    pub fn new(weights: Vec<f64>) -> Self {
        Self { weights, columns: Vec::new() }
    }

    /// Adds a figure: a value for each row, NaN where the row has none.
    pub fn add(&mut self, values: Vec<f64>) -> Figure {
        self.columns.push(Column::Values(values));
        Figure(self.columns.len() - 1)
    }

    /// Adds the bins of an expected calibration error: `said` in `[0, 1]`, `true_` 0 or 1.
    pub fn add_bins(&mut self, said: Figure, true_: Figure) -> Vec<Figure> {
        (0..BINS)
            .map(|bin| {
                self.columns.push(Column::Bin { said, true_, bin });
                Figure(self.columns.len() - 1)
            })
            .collect()
    }

    /// Adds a figure in the rows of one group only.
    pub fn add_within(&mut self, figure: Figure, codes: &std::sync::Arc<[u32]>, group: u32) -> Figure {
        self.columns.push(Column::Within { figure, codes: std::sync::Arc::clone(codes), group });
        Figure(self.columns.len() - 1)
    }

    /// What a row contributes to a figure.
    #[must_use]
    pub fn value(&self, figure: Figure, row: usize) -> f64 {
        match self.columns.get(figure.0) {
            Some(Column::Values(values)) => values.get(row).copied().unwrap_or(f64::NAN),
            Some(Column::Bin { said, true_, bin }) => {
                let (said, came) = (self.value(*said, row), self.value(*true_, row));
                if said.is_nan() || came.is_nan() {
                    f64::NAN
                } else if bin_of(said) == *bin {
                    came - said
                } else {
                    0.0
                }
            }
            Some(Column::Within { figure, codes, group }) if codes.get(row) == Some(group) => self.value(*figure, row),
            Some(Column::Within { .. }) | None => f64::NAN,
        }
    }

    /// Rows with a weight on which two figures differ.
    #[must_use]
    pub fn differ(&self, first: Figure, second: Figure) -> u64 {
        let row = |(row, weight): (usize, &f64)| {
            let (first, second) = (self.value(first, row), self.value(second, row));
            *weight > 0.0 && !first.is_nan() && !second.is_nan() && first != second
        };
        self.weights.iter().enumerate().filter(|one| row(*one)).count() as u64
    }

    /// Draws all figures.
    ///
    /// # Errors
    /// Where nothing is left to draw, or it is all one cluster.
    pub fn draw(&self, data: &Data, draws: usize, seed: u64) -> Result<Drawn> {
        let rows: Vec<usize> = (0..self.weights.len()).filter(|row| self.weights.get(*row).is_some_and(|w| *w > 0.0)).collect();
        let width = self.columns.len();
        // Figures with a value in the same rows have one sum of weights.
        let (masks, below) = self.masks(&rows);
        let full = width + masks.len();
        let fill = |row: usize, out: &mut [f64]| {
            let weight = self.weights.get(row).copied().unwrap_or(0.0);
            let (sums, weights) = out.split_at_mut(width);
            for (at, out) in sums.iter_mut().enumerate() {
                let value = self.value(Figure(at), row);
                *out += if value.is_nan() { 0.0 } else { weight * value };
            }
            for (mask, out) in masks.iter().zip(weights) {
                *out += if self.value(*mask, row).is_nan() { 0.0 } else { weight };
            }
        };
        let known = |figure: usize| rows.iter().filter(|row| !self.value(Figure(figure), **row).is_nan()).count() as u64;
        let by_mask: Vec<u64> = masks.iter().map(|mask| known(mask.0)).collect();
        let counts = below.iter().map(|mask| by_mask.get(*mask).copied().unwrap_or(0)).collect();
        let pick = |codes: &Codes| rows.iter().map(|row| codes.codes.get(*row).copied().unwrap_or(0)).collect::<Vec<u32>>();
        let (person, item) = (repeating(data.person.as_ref()).map(pick), repeating(data.item.as_ref()).map(pick));
        if let (Some(person), Some(item)) = (&person, &item) {
            let columns = Columns::from_fn(rows.len(), full, |i, out| fill(rows.get(i).copied().unwrap_or(0), out));
            let draws = if rows.len() > TWO_WAY_ROWS_LARGE { draws.min(TWO_WAY_DRAWS_LARGE) } else { draws };
            let sums = bootstrap::draw(&columns, Clusters::Two(person, item), draws, seed)?;
            return Ok(Drawn { sums, width, below, counts, draws: draws as u64 });
        }
        let (codes, units) = units(person.or(item), rows.len(), seed);
        let mut totals = vec![0.0; units * full];
        for (row, unit) in rows.iter().zip(&codes) {
            let from = *unit as usize * full;
            if let Some(out) = totals.get_mut(from..from + full) {
                fill(*row, out);
            }
        }
        let columns = Columns::from_fn(units, full, |i, out| {
            out.copy_from_slice(totals.get(i * full..(i + 1) * full).unwrap_or_default());
        });
        drop(totals);
        let sums = bootstrap::draw(&columns, Clusters::Rows, draws, seed)?;
        Ok(Drawn { sums, width, below, counts, draws: draws as u64 })
    }

    /// Figures whose rows stand for others', and for each figure which of them.
    fn masks(&self, rows: &[usize]) -> (Vec<Figure>, Vec<usize>) {
        let mut masks: Vec<Figure> = Vec::new();
        let mut below = Vec::with_capacity(self.columns.len());
        for (at, column) in self.columns.iter().enumerate() {
            let same = |mask: &Figure| rows.iter().all(|r| self.value(*mask, *r).is_nan() == self.value(Figure(at), *r).is_nan());
            let known = match column {
                // Bins are known where what was said is.
                Column::Bin { said, .. } => below.get(said.0).copied(),
                Column::Values(_) | Column::Within { .. } => masks.iter().position(same),
            };
            below.push(known.unwrap_or_else(|| {
                masks.push(Figure(at));
                masks.len() - 1
            }));
        }
        (masks, below)
    }
}

/// The bin of a probability, of [`BINS`] of equal width; 1 lies in the last.
#[must_use]
pub fn bin_of(said: f64) -> usize {
    ((said * BINS as f64).ceil() as usize).clamp(1, BINS) - 1
}

/// What is drawn: clusters, or rows; more than [`bootstrap::GROUPS_MAX`] of them are joined at random, so that memory does not
/// grow with the rows.
fn units(clusters: Option<Vec<u32>>, rows: usize, seed: u64) -> (Vec<u32>, usize) {
    let codes = clusters.unwrap_or_else(|| (0..rows as u32).collect());
    let count = codes.iter().max().map_or(0, |most| *most as usize + 1);
    let mut group = vec![u32::MAX; count];
    let mut met = 0u32;
    for code in &codes {
        if let Some(place) = group.get_mut(*code as usize).filter(|place| **place == u32::MAX) {
            *place = met;
            met += 1;
        }
    }
    let mut units = met as usize;
    if units > bootstrap::GROUPS_MAX {
        let mut order: Vec<u32> = (0..met).collect();
        Random::new(seed, JOINING_STREAM).shuffle(&mut order);
        units = bootstrap::GROUPS_MAX;
        for place in group.iter_mut().filter(|place| **place != u32::MAX) {
            *place = order.get(*place as usize).copied().unwrap_or(0) % units as u32;
        }
    }
    (codes.iter().map(|code| group.get(*code as usize).copied().unwrap_or(0)).collect(), units)
}

/// A column that is a reason to cluster: with more than one value, and one of them more than once.
fn repeating(codes: Option<&Codes>) -> Option<&Codes> {
    codes.filter(|codes| codes.names.len() > 1 && codes.names.len() < codes.codes.len())
}

/// What repeats in these data, in words.
#[must_use]
pub fn clusters_in_words(data: &Data) -> &'static str {
    match (repeating(data.person.as_ref()), repeating(data.item.as_ref())) {
        (Some(_), Some(_)) => "people and items",
        (Some(_), None) => "people",
        (None, Some(_)) => "items",
        (None, None) => "rows",
    }
}

/// All figures of all draws.
#[derive(Debug)]
pub struct Drawn {
    sums: Sums,
    width: usize,
    /// Which sum of weights belongs to a figure.
    below: Vec<usize>,
    counts: Vec<u64>,
    /// How many draws.
    pub draws: u64,
}

impl Drawn {
    fn of(&self, sums: &[f64], figure: Figure) -> Option<f64> {
        let below = sums.get(self.width + self.below.get(figure.0)?)?;
        (*below > 0.0).then(|| sums.get(figure.0).map(|above| above / below))?
    }

    /// Clusters that were drawn from.
    #[must_use]
    pub fn clusters(&self) -> u64 {
        self.sums.clusters()
    }

    /// A figure itself; `None` where no row has it.
    #[must_use]
    pub fn point(&self, figure: Figure) -> Option<f64> {
        self.of(self.sums.point(), figure)
    }

    /// Rows behind a figure.
    #[must_use]
    pub fn n(&self, figure: Figure) -> u64 {
        self.counts.get(figure.0).copied().unwrap_or(0)
    }

    /// Anything made of figures, computed anew in each draw, with its percentile interval.
    #[must_use]
    pub fn statistic(&self, n: u64, of: impl Fn(&dyn Fn(Figure) -> Option<f64>) -> Option<f64>) -> Option<Estimate> {
        let estimate = self.sums.percentile(LEVEL, |sums| of(&|figure| self.of(sums, figure))).ok()?;
        Some(Estimate { n, ..estimate })
    }

    /// A mean.
    #[must_use]
    pub fn mean(&self, figure: Figure) -> Option<Estimate> {
        self.statistic(self.n(figure), |get| get(figure))
    }

    /// First less second, paired.
    #[must_use]
    pub fn difference(&self, first: Figure, second: Figure) -> Option<Estimate> {
        self.statistic(self.n(first).min(self.n(second)), |get| Some(get(first)? - get(second)?))
    }

    /// A share: Wilson's interval on the independent rows that give the spread of the draws, since a percentile interval of a
    /// share near 0 or 1 covers too little.
    #[must_use]
    pub fn share(&self, figure: Figure) -> Option<Estimate> {
        let value = self.point(figure)?.clamp(0.0, 1.0);
        interval::wilson_share(value, self.worth(figure)?, self.n(figure), LEVEL).ok()
    }

    /// Independent rows that would give the same spread; no more than there are.
    #[must_use]
    pub fn worth(&self, figure: Figure) -> Option<f64> {
        let n = self.n(figure) as f64;
        let Ok((value, drawn)) = self.sums.values(|sums| self.of(sums, figure)) else { return (n > 0.0).then_some(n) };
        let centre = math::mean(&drawn)?;
        let spread = math::sum(drawn.iter().map(|v| (v - centre) * (v - centre))) / drawn.len() as f64;
        let worth = if spread > 0.0 { value * (1.0 - value) / spread } else { n };
        // Where nothing varies, clusters are all that can be counted.
        let most = if spread > 0.0 { n } else { n.min(self.sums.clusters() as f64) };
        Some(if worth.is_finite() && worth > 0.0 { worth.min(most) } else { most }).filter(|worth| *worth > 0.0)
    }
}
