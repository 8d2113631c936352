//! Multinomial logistic regression over sparse rows by L-BFGS (Liu and Nocedal, Mathematical Programming 45, 1989). Every sum runs
//! in one order, row by row or column by column, so that the number of threads changes no bit.

use super::rows::Matrix;
use countersign_science::math::{exp, ln};
use rayon::prelude::*;

/// Steps of the optimiser before it stays where it is.
const STEPS_MAX: usize = 100;
/// It stops where a step lowers the loss by less than this share of it.
const GAIN_MIN: f64 = 1e-5;
/// Pairs that it remembers.
const MEMORY_PAIRS: usize = 5;
/// Halvings of a step that does not go downhill.
const HALVINGS_MAX: usize = 30;
/// Rows or columns that one task works through.
const CHUNK: usize = 1_024;
/// Numbers that one task of a vector operation works through. Fixed: sums of parts are added in order.
const PART: usize = 65_536;

/// What was fitted: for each feature a weight a class, and an intercept a class.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Weights {
    /// Feature after feature.
    pub features: Vec<f64>,
    pub intercepts: Vec<f64>,
}

/// Fits weights that minimise the weighed log loss plus `|weights|^2 / (2 c)`; intercepts are not held back.
pub(super) fn fit(matrix: &Matrix, labels: &[u32], row_weights: &[f64], classes: usize, c: f64) -> Weights {
    let features = matrix.column_starts.len() - 1;
    let size = features * classes;
    let mut at = vec![0.0; size + classes];
    start(&mut at, size, labels, row_weights, classes);
    let problem = Problem { matrix, labels, row_weights, classes, c };
    let mut gradient = vec![0.0; at.len()];
    let mut here = problem.loss(&at, &mut gradient);
    let mut memory: Vec<(Vec<f64>, Vec<f64>, f64)> = Vec::with_capacity(MEMORY_PAIRS);
    for _ in 0..STEPS_MAX {
        let mut direction = two_loops(&memory, &gradient);
        let mut descent = dot(&direction, &gradient);
        if memory.is_empty() || descent <= 0.0 {
            memory.clear();
            let length = dot(&gradient, &gradient).sqrt().max(1e-12);
            direction = gradient.iter().map(|g| g / length).collect();
            descent = dot(&direction, &gradient);
        }
        let mut fresh = vec![0.0; at.len()];
        let mut scale = 1.0;
        let mut found = None;
        for _ in 0..HALVINGS_MAX {
            let next: Vec<f64> = at.par_iter().zip(&direction).with_min_len(PART).map(|(x, d)| x - scale * d).collect();
            let value = problem.loss(&next, &mut fresh);
            if value <= here - 1e-4 * scale * descent {
                found = Some((next, value));
                break;
            }
            scale *= 0.5;
        }
        let Some((next, value)) = found else { break };
        let gained = here - value;
        let moved: Vec<f64> = next.par_iter().zip(&at).with_min_len(PART).map(|(a, b)| a - b).collect();
        let bent: Vec<f64> = fresh.par_iter().zip(&gradient).with_min_len(PART).map(|(a, b)| a - b).collect();
        let curve = dot(&moved, &bent);
        if curve > 1e-14 * dot(&bent, &bent) {
            if memory.len() == MEMORY_PAIRS {
                memory.remove(0);
            }
            memory.push((moved, bent, 1.0 / curve));
        }
        (at, gradient, here) = (next, fresh, value);
        if gained <= GAIN_MIN * here.abs() {
            break;
        }
    }
    let intercepts = at.split_off(size);
    Weights { features: at, intercepts }
}

/// Intercepts begin at the shares of the classes, so that the first step is not spent on them.
fn start(at: &mut [f64], size: usize, labels: &[u32], row_weights: &[f64], classes: usize) {
    let mut totals = vec![0.5; classes];
    for (label, weight) in labels.iter().zip(row_weights) {
        if let Some(total) = totals.get_mut(*label as usize) {
            *total += weight;
        }
    }
    let mean = totals.iter().map(|total| ln(*total)).sum::<f64>() / classes as f64;
    at.iter_mut().skip(size).zip(&totals).for_each(|(slot, total)| *slot = ln(*total) - mean);
}

struct Problem<'a> {
    matrix: &'a Matrix,
    labels: &'a [u32],
    row_weights: &'a [f64],
    classes: usize,
    c: f64,
}

impl Problem<'_> {
    /// The loss at `at`; fills the gradient.
    fn loss(&self, at: &[f64], gradient: &mut [f64]) -> f64 {
        let classes = self.classes;
        let (weights, intercepts) = at.split_at(at.len() - classes);
        let rows = self.labels.len();
        // First by row: what is expected less what is so.
        let mut errors = vec![0.0f64; rows * classes];
        let losses: Vec<f64> = errors
            .par_chunks_mut(CHUNK * classes)
            .enumerate()
            .map(|(chunk, errors)| {
                let mut loss = 0.0;
                for (within, error) in errors.chunks_exact_mut(classes).enumerate() {
                    loss += self.row(chunk * CHUNK + within, weights, intercepts, error);
                }
                loss
            })
            .collect();
        let mut value: f64 = losses.iter().sum();
        // Then by column: each weight's slope is a sum over the rows that have the feature.
        let (by_feature, by_intercept) = gradient.split_at_mut(weights.len());
        let pulls: Vec<f64> = by_feature
            .par_chunks_mut(CHUNK * classes)
            .enumerate()
            .map(|(chunk, slopes)| {
                let mut pull = 0.0;
                for (within, slope) in slopes.chunks_exact_mut(classes).enumerate() {
                    pull += self.column(chunk * CHUNK + within, weights, &errors, slope);
                }
                pull
            })
            .collect();
        value += pulls.iter().sum::<f64>() / (2.0 * self.c);
        by_intercept.fill(0.0);
        for error in errors.chunks_exact(classes) {
            by_intercept.iter_mut().zip(error).for_each(|(slope, error)| *slope += error);
        }
        value
    }

    fn row(&self, row: usize, weights: &[f64], intercepts: &[f64], error: &mut [f64]) -> f64 {
        let (Some(from), Some(to)) = (self.matrix.row_starts.get(row), self.matrix.row_starts.get(row + 1)) else { return 0.0 };
        error.copy_from_slice(intercepts);
        let columns = self.matrix.columns.get(*from..*to).unwrap_or_default();
        let values = self.matrix.values.get(*from..*to).unwrap_or_default();
        for (column, value) in columns.iter().zip(values) {
            let start = *column as usize * self.classes;
            let of = weights.get(start..start + self.classes).unwrap_or_default();
            error.iter_mut().zip(of).for_each(|(score, weight)| *score += f64::from(*value) * weight);
        }
        let label = self.labels.get(row).copied().unwrap_or(0) as usize;
        let weight = self.row_weights.get(row).copied().unwrap_or(1.0);
        let chosen = error.get(label).copied().unwrap_or(0.0);
        let normaliser = softmax(error);
        if let Some(right) = error.get_mut(label) {
            *right -= 1.0;
        }
        error.iter_mut().for_each(|slope| *slope *= weight);
        (normaliser - chosen) * weight
    }

    fn column(&self, column: usize, weights: &[f64], errors: &[f64], slope: &mut [f64]) -> f64 {
        let (Some(from), Some(to)) = (self.matrix.column_starts.get(column), self.matrix.column_starts.get(column + 1)) else { return 0.0 };
        slope.fill(0.0);
        let rows = self.matrix.rows.get(*from..*to).unwrap_or_default();
        let values = self.matrix.values_by_column.get(*from..*to).unwrap_or_default();
        for (row, value) in rows.iter().zip(values) {
            let start = *row as usize * self.classes;
            let of = errors.get(start..start + self.classes).unwrap_or_default();
            slope.iter_mut().zip(of).for_each(|(slope, error)| *slope += f64::from(*value) * error);
        }
        let start = column * self.classes;
        let of = weights.get(start..start + self.classes).unwrap_or_default();
        let mut pull = 0.0;
        for (slope, weight) in slope.iter_mut().zip(of) {
            *slope += weight / self.c;
            pull += weight * weight;
        }
        pull
    }
}

/// Scores become probabilities; returns the logarithm of what they were divided by.
pub(super) fn softmax(scores: &mut [f64]) -> f64 {
    let most = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mut total = 0.0;
    for score in scores.iter_mut() {
        *score = exp(*score - most);
        total += *score;
    }
    scores.iter_mut().for_each(|score| *score /= total);
    most + ln(total)
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    let part = |(a, b): (&[f64], &[f64])| a.iter().zip(b).fold(0.0, |sum, (a, b)| sum + a * b);
    let parts: Vec<f64> = a.par_chunks(PART).zip(b.par_chunks(PART)).map(part).collect();
    parts.iter().sum()
}

fn two_loops(memory: &[(Vec<f64>, Vec<f64>, f64)], gradient: &[f64]) -> Vec<f64> {
    let mut q = gradient.to_vec();
    let add = |q: &mut Vec<f64>, scale: f64, other: &[f64]| {
        q.par_iter_mut().zip(other).with_min_len(PART).for_each(|(q, o)| *q += scale * o);
    };
    let mut alphas = Vec::with_capacity(memory.len());
    for (moved, bent, rho) in memory.iter().rev() {
        let alpha = rho * dot(moved, &q);
        add(&mut q, -alpha, bent);
        alphas.push(alpha);
    }
    if let Some((_, bent, rho)) = memory.last() {
        let scale = 1.0 / (rho * dot(bent, bent));
        q.iter_mut().for_each(|q| *q *= scale);
    }
    for ((moved, bent, rho), alpha) in memory.iter().zip(alphas.into_iter().rev()) {
        let beta = rho * dot(bent, &q);
        add(&mut q, alpha - beta, moved);
    }
    q
}
