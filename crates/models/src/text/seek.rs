//! From which cases a model that is still learning would learn most: those of which it is unsure, and that are not odd. Margin sampling (Scheffer,
//! Decomain and Wrobel 2001; Settles 2009, section 3.1): a case is worth `1 - (p1 - p2)`, where `p1` and `p2` are the two largest
//! probabilities. An outlier is uncertain too, and teaches nothing about the others (Settles 2009, section 3.6): what is less like a [`Pool`] of
//! cases, by the mean cosine, than nine tenths of the pool itself is worth nothing. The likeness only draws that line. As a factor, as in Settles and
//! Craven 2008, it served the commonest kinds over and over, and taught less than a random order did.
//!
//! What is told is a rank among the pool, so that places are spread over the queue evenly, whatever the worths are. Says nothing about the
//! answer, and decides nothing.

use super::{
    model::TextModel,
    rows::{Counted, Vocabulary, count, weigh},
    train::Report,
};
use crate::{Input, NoAdvice};
use countersign_core::number::ONE_BILLIONTHS;

#[cfg(test)]
mod tests;

/// Cases of a pool at most: likeness to more says the same.
pub const POOL_CASES_MAX: usize = 1_000;
/// One in so many cases of a pool counts as odd.
const ODD_PART: usize = 10;

/// Cases among which others are ranked, as a model sees them.
#[derive(Debug)]
pub struct Pool {
    vocabulary: Vocabulary,
    places: Vec<u32>,
    /// The mean of the rows, by the vocabulary's places: its product with a row is the mean of the products with all of them.
    mean: Vec<f32>,
    /// How like the others a case has to be to be worth anything.
    odd: f64,
    /// Ascending.
    worths: Vec<f64>,
}

impl Pool {
    /// Of some cases; the first [`POOL_CASES_MAX`] count.
    #[must_use]
    pub fn of(model: &TextModel, inputs: &[&Input]) -> Self {
        let inputs = inputs.get(..POOL_CASES_MAX).unwrap_or(inputs);
        let rows = count(inputs);
        let all: Vec<usize> = (0..rows.len()).collect();
        let vocabulary = Vocabulary::of(&rows, &all, model.classes().len());
        let (places, mut mean) = (vocabulary.places(), vec![0f32; vocabulary.buckets.len()]);
        for row in &rows {
            for (place, value) in weigh(row, &places, &vocabulary.idf) {
                if let Some(slot) = mean.get_mut(place as usize) {
                    *slot += value / rows.len() as f32;
                }
            }
        }
        let mut pool = Self { vocabulary, places, mean, odd: 0.0, worths: Vec::new() };
        let mut likenesses: Vec<f64> = rows.iter().map(|row| pool.likeness(row)).collect();
        likenesses.sort_by(f64::total_cmp);
        pool.odd = likenesses.get(likenesses.len() / ODD_PART).copied().unwrap_or(0.0);
        pool.worths = inputs.iter().zip(&rows).map(|(input, row)| pool.worth(model, input, row)).collect();
        pool.worths.sort_by(f64::total_cmp);
        pool
    }

    /// The share of the pool from which the model would learn less than from this case, in billionths. Equals count half.
    #[must_use]
    pub fn rank(&self, model: &TextModel, input: &Input) -> u32 {
        let row = count(&[input]).pop().unwrap_or_default();
        let worth = self.worth(model, input, &row);
        let less = self.worths.partition_point(|other| *other < worth);
        let same = self.worths.partition_point(|other| *other <= worth) - less;
        let rank = (less as f64 + same as f64 / 2.0) / self.worths.len().max(1) as f64;
        (rank * f64::from(ONE_BILLIONTHS)) as u32
    }

    fn worth(&self, model: &TextModel, input: &Input, row: &Counted) -> f64 {
        if row.is_empty() || self.likeness(row) < self.odd {
            return 0.0;
        }
        match model.probabilities(input) {
            Ok(of) => 1.0 - margin(&of),
            // Nothing in it was ever seen: the model knows nothing of it at all.
            Err(NoAdvice::Unknown) => 1.0,
            Err(_) => 0.0,
        }
    }

    /// The mean cosine of a row and those of the pool.
    fn likeness(&self, row: &Counted) -> f64 {
        let (mut product, mut square) = (0.0, 0.0);
        for (place, value) in weigh(row, &self.places, &self.vocabulary.idf) {
            product += f64::from(value) * f64::from(self.mean.get(place as usize).copied().unwrap_or(0.0));
            square += f64::from(value) * f64::from(value);
        }
        if square > 0.0 { product / square.sqrt() } else { 0.0 }
    }
}

/// By how much the likeliest answer is ahead of the next.
fn margin(of: &[f64]) -> f64 {
    let (mut first, mut second) = (0.0, 0.0);
    for p in of {
        if *p > first {
            (first, second) = (*p, first);
        } else if *p > second {
            second = *p;
        }
    }
    first - second
}

/// Whether a model is young: it learned from fewer than `until` examples, and its learning curve still rises. A curve rises where all
/// examples bring more than the largest part of them that was measured; where none was measured yet, it does.
#[must_use]
pub fn is_young(report: &Report, until: u64) -> bool {
    let before = report.curve.last().map(|point| point.accuracy.value);
    report.examples < until && before.is_none_or(|before| report.accuracy.value > before)
}
