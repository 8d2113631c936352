//! Multinomial logistic regression over sparse rows by L-BFGS (Liu and Nocedal, Mathematical Programming 45, 1989). Every sum runs
//! in one order, row by row or column by column, so that the number of threads changes no bit.

use super::rows::Matrix;
use countersign_science::math::{exp, ln};
use rayon::prelude::*;

/// Steps of the optimiser before it stays where it is.
const STEPS_MAX: usize = 100;
/// It stops where the latest steps together lower the loss by less than this share of it: one small step may come before a large one.
const GAIN_MIN: f64 = 2e-3;
/// Steps that are looked back at for that.
const GAIN_STEPS: usize = 5;
/// Pairs that it remembers.
const MEMORY_PAIRS: usize = 10;
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
///
/// Begins at `from` where weights of another fit are handed in: those of the same features, found on nearly the same rows, are most of the way.
pub(super) fn fit(matrix: &Matrix, labels: &[u32], row_weights: &[f64], (classes, c): (usize, f64), from: Option<&Weights>) -> Weights {
    let features = matrix.column_starts.len() - 1;
    let size = features * classes;
    let mut at = vec![0.0; size + classes];
    match from.filter(|from| from.features.len() == size && from.intercepts.len() == classes) {
        Some(from) => {
            let (features, intercepts) = at.split_at_mut(size);
            features.copy_from_slice(&from.features);
            intercepts.copy_from_slice(&from.intercepts);
        }
        None => start(&mut at, size, labels, row_weights, classes),
    }
    let problem = Problem { matrix, labels, row_weights, classes, c };
    let bends = problem.bends();
    let mut gradient = vec![0.0; at.len()];
    let mut here = problem.loss(&at, &mut gradient);
    let mut losses = vec![here];
    let mut memory: Vec<(Vec<f64>, Vec<f64>, f64)> = Vec::with_capacity(MEMORY_PAIRS);
    for _ in 0..STEPS_MAX {
        let mut direction = two_loops(&memory, &gradient, &bends);
        let mut descent = dot(&direction, &gradient);
        if memory.is_empty() || descent <= 0.0 {
            memory.clear();
            direction = gradient.iter().zip(&bends).map(|(g, bend)| g / bend).collect();
            let length = dot(&gradient, &direction).sqrt().max(1e-12);
            direction.iter_mut().for_each(|d| *d /= length);
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
        losses.push(here);
        let before = losses.len().checked_sub(GAIN_STEPS + 1).and_then(|at| losses.get(at));
        if before.is_some_and(|before| before - here <= GAIN_MIN * here.abs()) {
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
    /// How strongly the loss bends along each weight where all classes are alike: what the steps are scaled by. Common words bend it a
    /// thousand times more than rare ones, and without this the rare ones would be learned last.
    fn bends(&self) -> Vec<f64> {
        let (matrix, classes) = (self.matrix, self.classes);
        let apart = (classes - 1) as f64 / (classes * classes) as f64;
        let of = |column: usize| {
            let (rows, values) = matrix.column(column);
            let squares: f64 = rows
                .iter()
                .zip(values)
                .map(|(row, value)| f64::from(*value) * f64::from(*value) * self.row_weights.get(*row as usize).copied().unwrap_or(1.0))
                .sum();
            squares * apart + 1.0 / self.c
        };
        let columns = matrix.column_starts.len() - 1;
        let mut out: Vec<f64> = (0..columns).into_par_iter().flat_map_iter(|column| std::iter::repeat_n(of(column), classes)).collect();
        let all: f64 = self.row_weights.iter().sum();
        out.extend(std::iter::repeat_n((all * apart).max(1e-12), classes));
        out
    }

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
        gather((columns, values), weights, error);
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
        slope.fill(0.0);
        gather(self.matrix.column(column), errors, slope);
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

/// Adds to `out` the sum of `values` times the entries of `table` that they belong to, an entry being as long as `out`. This is nearly
/// all of the time of a fit, and the compiler is told of the usual lengths; the sums are the same ones in the same order.
fn gather((entries, values): (&[u32], &[f32]), table: &[f64], out: &mut [f64]) {
    match out.len() {
        2 => gather_fixed::<2>((entries, values), table, out),
        3 => gather_fixed::<3>((entries, values), table, out),
        4 => gather_fixed::<4>((entries, values), table, out),
        5 => gather_fixed::<5>((entries, values), table, out),
        6 => gather_fixed::<6>((entries, values), table, out),
        7 => gather_fixed::<7>((entries, values), table, out),
        8 => gather_fixed::<8>((entries, values), table, out),
        length => {
            for (entry, value) in entries.iter().zip(values) {
                let start = *entry as usize * length;
                let of = table.get(start..start + length).unwrap_or_default();
                out.iter_mut().zip(of).for_each(|(sum, one)| *sum += f64::from(*value) * one);
            }
        }
    }
}

fn gather_fixed<const N: usize>((entries, values): (&[u32], &[f32]), table: &[f64], out: &mut [f64]) {
    let Some(out) = out.first_chunk_mut::<N>() else { return };
    let (table, _) = table.as_chunks::<N>();
    let mut sums = *out;
    for (entry, value) in entries.iter().zip(values) {
        if let Some(of) = table.get(*entry as usize) {
            sums.iter_mut().zip(of).for_each(|(sum, one)| *sum += f64::from(*value) * one);
        }
    }
    *out = sums;
}

/// Scores become probabilities; returns the logarithm of what they were divided by.
pub(crate) fn softmax(scores: &mut [f64]) -> f64 {
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

fn two_loops(memory: &[(Vec<f64>, Vec<f64>, f64)], gradient: &[f64], bends: &[f64]) -> Vec<f64> {
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
        let scale = 1.0 / (rho * dot_over(bent, bends));
        q.iter_mut().zip(bends).for_each(|(q, bend)| *q *= scale / bend);
    }
    for ((moved, bent, rho), alpha) in memory.iter().zip(alphas.into_iter().rev()) {
        let beta = rho * dot(bent, &q);
        add(&mut q, alpha - beta, moved);
    }
    q
}

/// The sum of squares, each over its own number.
fn dot_over(a: &[f64], over: &[f64]) -> f64 {
    let part = |(a, over): (&[f64], &[f64])| a.iter().zip(over).fold(0.0, |sum, (a, over)| sum + a * a / over);
    let parts: Vec<f64> = a.par_chunks(PART).zip(over.par_chunks(PART)).map(part).collect();
    parts.iter().sum()
}
