//! Rows of features for training: counted once, then weighed by the vocabulary of whichever rows are learned from. A vocabulary is
//! made of training rows only, so that a held-out row adds nothing to what judges it.

use super::feature::{BLOCKS, BUCKETS, Features};
use crate::input::Input;
use rayon::prelude::*;

/// Weights that a model may have: features times classes.
const WEIGHTS_MAX: usize = 1 << 20;
/// Rows beyond which a feature must occur in two of them to be learned.
const ROWS_OF_ONCE: usize = 20_000;
/// What stands for a bucket that the vocabulary does not hold.
pub(super) const ABSENT: u32 = u32::MAX;

/// The features of one row: bucket, block and how often, sorted and each once.
pub(super) type Counted = Vec<(u32, u8, u32)>;

/// Counts the features of inputs.
pub(super) fn count(inputs: &[&Input]) -> Vec<Counted> {
    inputs
        .par_chunks(256)
        .flat_map_iter(|chunk| {
            let mut features = Features::default();
            chunk.iter().map(|input| counted(&mut features, input)).collect::<Vec<_>>()
        })
        .collect()
}

fn counted(features: &mut Features, input: &Input) -> Counted {
    features.read(input);
    let mut all: Vec<(u32, u8)> = features.occurrences.iter().map(|one| (one.bucket, one.block as u8)).collect();
    all.sort_unstable();
    let mut out: Counted = Vec::with_capacity(all.len());
    for (bucket, block) in all {
        match out.last_mut() {
            Some(last) if last.0 == bucket && last.1 == block => last.2 += 1,
            _ => out.push((bucket, block, 1)),
        }
    }
    out
}

/// How often weighs: 1 + ln(count). Most features occur once, where the logarithm is nothing and need not be taken.
pub(super) fn often(count: u32) -> f32 {
    if count <= 1 {
        return 1.0;
    }
    (1.0 + countersign_science::math::ln(f64::from(count))) as f32
}

/// The buckets that a model knows, and how much each weighs.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Vocabulary {
    /// In ascending order.
    pub buckets: Vec<u32>,
    /// Inverse document frequency: ln((1 + n) / (1 + df)) + 1, as scikit-learn's.
    pub idf: Vec<f32>,
}

impl Vocabulary {
    /// Of the rows at `chosen`, for so many classes: the commonest features where there are too many, of equals the lower bucket.
    pub(super) fn of(rows: &[Counted], chosen: &[usize], classes: usize) -> Self {
        let mut frequency = vec![0u32; BUCKETS];
        for row in chosen.iter().filter_map(|at| rows.get(*at)) {
            let mut before = ABSENT;
            for (bucket, ..) in row {
                if *bucket != before
                    && let Some(slot) = frequency.get_mut(*bucket as usize)
                {
                    *slot += 1;
                }
                before = *bucket;
            }
        }
        let least = if chosen.len() > ROWS_OF_ONCE { 2 } else { 1 };
        let mut buckets: Vec<u32> = frequency.iter().enumerate().filter(|(_, df)| **df >= least).map(|(at, _)| at as u32).collect();
        let most = WEIGHTS_MAX / classes.max(2);
        if buckets.len() > most {
            buckets.sort_by_key(|bucket| (std::cmp::Reverse(frequency.get(*bucket as usize).copied()), *bucket));
            buckets.truncate(most);
            buckets.sort_unstable();
        }
        let n = chosen.len() as f64;
        let idf = |bucket: &u32| {
            let df = f64::from(frequency.get(*bucket as usize).copied().unwrap_or(0));
            (countersign_science::math::ln((1.0 + n) / (1.0 + df)) + 1.0) as f32
        };
        let idf = buckets.iter().map(idf).collect();
        Self { buckets, idf }
    }

    /// The place of every bucket in the vocabulary, or [`ABSENT`].
    pub(super) fn places(&self) -> Vec<u32> {
        let mut places = vec![ABSENT; BUCKETS];
        for (at, bucket) in self.buckets.iter().enumerate() {
            if let Some(slot) = places.get_mut(*bucket as usize) {
                *slot = at as u32;
            }
        }
        places
    }
}

/// Rows as the fit needs them: by row and by column.
pub(super) struct Matrix {
    pub row_starts: Vec<usize>,
    pub columns: Vec<u32>,
    pub values: Vec<f32>,
    pub column_starts: Vec<usize>,
    pub rows: Vec<u32>,
    pub values_by_column: Vec<f32>,
}

impl Matrix {
    pub(super) fn of(rows: &[Counted], chosen: &[usize], vocabulary: &Vocabulary) -> Self {
        let places = vocabulary.places();
        let weighed: Vec<Vec<(u32, f32)>> =
            chosen.par_iter().map(|at| rows.get(*at).map(|row| weigh(row, &places, &vocabulary.idf)).unwrap_or_default()).collect();
        let mut row_starts = Vec::with_capacity(chosen.len() + 1);
        row_starts.push(0);
        let total: usize = weighed.iter().map(Vec::len).sum();
        let (mut columns, mut values) = (Vec::with_capacity(total), Vec::with_capacity(total));
        let mut column_starts = vec![0usize; vocabulary.buckets.len() + 1];
        for row in &weighed {
            for (column, value) in row {
                columns.push(*column);
                values.push(*value);
                if let Some(slot) = column_starts.get_mut(*column as usize + 1) {
                    *slot += 1;
                }
            }
            row_starts.push(columns.len());
        }
        let mut sum = 0;
        column_starts.iter_mut().for_each(|start| {
            sum += *start;
            *start = sum;
        });
        let mut next = column_starts.clone();
        let (mut by_column, mut values_by_column) = (vec![0u32; total], vec![0f32; total]);
        for (row, weighed) in weighed.iter().enumerate() {
            for (column, value) in weighed {
                let Some(slot) = next.get_mut(*column as usize) else { continue };
                if let (Some(r), Some(v)) = (by_column.get_mut(*slot), values_by_column.get_mut(*slot)) {
                    (*r, *v) = (row as u32, *value);
                }
                *slot += 1;
            }
        }
        Self { row_starts, columns, values, column_starts, rows: by_column, values_by_column }
    }

    /// The rows that have a feature, and its value in each.
    pub(super) fn column(&self, column: usize) -> (&[u32], &[f32]) {
        let (Some(from), Some(to)) = (self.column_starts.get(column), self.column_starts.get(column + 1)) else { return (&[], &[]) };
        (self.rows.get(*from..*to).unwrap_or_default(), self.values_by_column.get(*from..*to).unwrap_or_default())
    }
}

/// A row in the vocabulary's places, every block of length 1.
pub(super) fn weigh(row: &[(u32, u8, u32)], places: &[u32], idf: &[f32]) -> Vec<(u32, f32)> {
    let mut squares = [0f32; BLOCKS];
    let mut out: Vec<(u32, u8, f32)> = Vec::with_capacity(row.len());
    for (bucket, block, count) in row {
        let place = places.get(*bucket as usize).copied().unwrap_or(ABSENT);
        let Some(idf) = idf.get(place as usize) else { continue };
        let value = often(*count) * idf;
        if let Some(square) = squares.get_mut(usize::from(*block)) {
            *square += value * value;
        }
        out.push((place, *block, value));
    }
    let scale = squares.map(|square| if square > 0.0 { 1.0 / square.sqrt() } else { 0.0 });
    out.into_iter().map(|(place, block, value)| (place, value * scale.get(usize::from(block)).copied().unwrap_or(0.0))).collect()
}
