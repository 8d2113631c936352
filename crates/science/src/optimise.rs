//! The few numerical tools that fitting needs: sums in fixed chunks on all cores, Cholesky, Newton and L-BFGS. Draws nothing at
//! random and stops after a stated number of steps, so that a fit gives the same bits every time.

use crate::error::{Error, Result};
use rayon::prelude::*;
use std::ops::Range;

/// Rows of a chunk of work. Fixed, so that the order of sums does not depend on the number of threads.
const CHUNK_ROWS: usize = 8_192;
/// Steps of an optimiser before it stays where it is.
const STEPS_MAX: usize = 200;
/// Halvings of a step that does not go downhill.
const HALVINGS_MAX: usize = 40;
/// Newton steps smaller than this share of the full one gain nothing but rounding.
const STEP_MIN: f64 = 1e-9;
/// Pairs that L-BFGS remembers.
const MEMORY_PAIRS: usize = 10;

/// Adds up `width` totals over rows `0..n`: `add(rows, totals)` adds those of a range of rows.
pub(crate) fn total<F>(n: usize, width: usize, add: F) -> Vec<f64>
where
    F: Fn(Range<usize>, &mut [f64]) + Sync,
{
    let mut totals = vec![0.0; width];
    if n <= CHUNK_ROWS {
        add(0..n, &mut totals);
        return totals;
    }
    let parts: Vec<Vec<f64>> = (0..n.div_ceil(CHUNK_ROWS))
        .into_par_iter()
        .map(|chunk| {
            let mut part = vec![0.0; width];
            add(chunk * CHUNK_ROWS..((chunk + 1) * CHUNK_ROWS).min(n), &mut part);
            part
        })
        .collect();
    for part in parts {
        totals.iter_mut().zip(part).for_each(|(total, part)| *total += part);
    }
    totals
}

/// `a . b` of equal lengths.
pub(crate) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).fold(0.0, |sum, (a, b)| sum + a * b)
}

/// Solves `matrix x = right` for a symmetric, positive definite matrix (row-major; the lower triangle is read).
/// `None` where it is not positive definite.
pub(crate) fn cholesky_solve(matrix: &[f64], right: &[f64]) -> Option<Vec<f64>> {
    let lower = cholesky(matrix, right.len())?;
    Some(back_substituted(&lower, right.to_vec()))
}

/// The diagonal of the inverse of a symmetric, positive definite matrix of `n` rows; `None` where it is not positive definite.
pub(crate) fn inverse_diagonal(matrix: &[f64], n: usize) -> Option<Vec<f64>> {
    let lower = cholesky(matrix, n)?;
    let of = |at: usize| {
        let unit = (0..n).map(|row| if row == at { 1.0 } else { 0.0 }).collect();
        back_substituted(&lower, unit)[at]
    };
    Some((0..n).into_par_iter().map(of).collect())
}

/// The lower triangle whose product with itself is the matrix.
fn cholesky(matrix: &[f64], n: usize) -> Option<Vec<f64>> {
    let mut lower = vec![0.0; n * n];
    for i in 0..n {
        for j in 0..=i {
            let rest = matrix[i * n + j] - dot(&lower[i * n..i * n + j], &lower[j * n..j * n + j]);
            if i == j {
                if rest.is_nan() || rest <= 0.0 {
                    return None;
                }
                lower[i * n + i] = rest.sqrt();
            } else {
                lower[i * n + j] = rest / lower[j * n + j];
            }
        }
    }
    Some(lower)
}

fn back_substituted(lower: &[f64], mut x: Vec<f64>) -> Vec<f64> {
    let n = x.len();
    for i in 0..n {
        x[i] = (x[i] - dot(&lower[i * n..i * n + i], &x[..i])) / lower[i * n + i];
    }
    for i in (0..n).rev() {
        let below: f64 = (i + 1..n).fold(0.0, |sum, k| sum + lower[k * n + i] * x[k]);
        x[i] = (x[i] - below) / lower[i * n + i];
    }
    x
}

/// What a function says at a point: value, gradient and Hessian (row-major, symmetric).
pub(crate) struct Curvature {
    pub value: f64,
    pub gradient: Vec<f64>,
    pub hessian: Vec<f64>,
}

/// The minimum of a convex function by damped Newton steps.
///
/// # Errors
/// [`Error::CannotSay`] where value, gradient or Hessian is not finite.
pub(crate) fn newton(start: Vec<f64>, tolerance: f64, curvature: impl Fn(&[f64]) -> Curvature) -> Result<Vec<f64>> {
    let mut at = start;
    let mut here = curvature(&at);
    for _ in 0..STEPS_MAX {
        if !here.value.is_finite() || here.hessian.iter().chain(&here.gradient).any(|x| !x.is_finite()) {
            return Err(overflow());
        }
        if here.gradient.iter().all(|g| g.abs() <= tolerance) {
            break;
        }
        let step = newton_step(&mut here)?;
        let descent = dot(&step, &here.gradient);
        if descent <= tolerance * tolerance {
            break;
        }
        // The full step is nearly always taken, so its curvature is computed at once and not after its value.
        let mut scale = 1.0;
        let next = loop {
            let next: Vec<f64> = at.iter().zip(&step).map(|(x, s)| x - scale * s).collect();
            let there = curvature(&next);
            if there.value <= here.value - 1e-4 * scale * descent {
                break Some((next, there));
            }
            scale *= 0.5;
            if scale < STEP_MIN {
                break None;
            }
        };
        let Some((next, there)) = next else { break };
        (at, here) = (next, there);
    }
    Ok(at)
}

/// Hessian^-1 gradient. A direction that the data say nothing about has a zero on the diagonal: a trace of ridge keeps it where
/// it is.
fn newton_step(here: &mut Curvature) -> Result<Vec<f64>> {
    let n = here.gradient.len();
    let trace = (0..n).fold(0.0, |sum, i| sum + here.hessian[i * n + i]) / n as f64;
    let mut ridge = 1e-12 * trace.max(1e-12);
    loop {
        if let Some(step) = cholesky_solve(&here.hessian, &here.gradient) {
            return Ok(step);
        }
        (0..n).for_each(|i| here.hessian[i * n + i] += ridge);
        ridge *= 100.0;
        if !ridge.is_finite() {
            return Err(overflow());
        }
    }
}

/// The minimum of a smooth function by L-BFGS (Liu and Nocedal, Mathematical Programming 45, 1989). `f(x, gradient)` fills the
/// gradient and returns the value.
///
/// # Errors
/// [`Error::CannotSay`] where the value is not finite at the start.
pub(crate) fn lbfgs(start: Vec<f64>, tolerance: f64, f: impl Fn(&[f64], &mut [f64]) -> f64) -> Result<Vec<f64>> {
    let mut at = start;
    let mut gradient = vec![0.0; at.len()];
    let mut here = f(&at, &mut gradient);
    if !here.is_finite() {
        return Err(overflow());
    }
    let mut memory: Vec<(Vec<f64>, Vec<f64>, f64)> = Vec::with_capacity(MEMORY_PAIRS);
    for _ in 0..STEPS_MAX * 5 {
        if gradient.iter().all(|g| g.abs() <= tolerance) {
            break;
        }
        let mut direction = two_loops(&memory, &gradient);
        let mut descent = dot(&direction, &gradient);
        if descent <= 0.0 || memory.is_empty() {
            let length = dot(&gradient, &gradient).sqrt().max(1.0);
            direction = gradient.iter().map(|g| g / length).collect();
            descent = dot(&direction, &gradient);
            memory.clear();
        }
        let mut fresh = vec![0.0; at.len()];
        let mut found = None;
        let mut scale = 1.0;
        for _ in 0..HALVINGS_MAX {
            let next: Vec<f64> = at.iter().zip(&direction).map(|(x, d)| x - scale * d).collect();
            let value = f(&next, &mut fresh);
            if value <= here - 1e-4 * scale * descent {
                found = Some((next, value));
                break;
            }
            scale *= 0.5;
        }
        let Some((next, value)) = found else { break };
        let moved: Vec<f64> = next.iter().zip(&at).map(|(a, b)| a - b).collect();
        let bent: Vec<f64> = fresh.iter().zip(&gradient).map(|(a, b)| a - b).collect();
        let curve = dot(&moved, &bent);
        if curve > 1e-14 * dot(&bent, &bent) {
            if memory.len() == MEMORY_PAIRS {
                memory.remove(0);
            }
            memory.push((moved, bent, 1.0 / curve));
        }
        (at, gradient, here) = (next, fresh, value);
    }
    Ok(at)
}

/// The two-loop recursion: the remembered inverse Hessian times the gradient.
fn two_loops(memory: &[(Vec<f64>, Vec<f64>, f64)], gradient: &[f64]) -> Vec<f64> {
    let mut q = gradient.to_vec();
    let mut alphas = Vec::with_capacity(memory.len());
    for (moved, bent, rho) in memory.iter().rev() {
        let alpha = rho * dot(moved, &q);
        q.iter_mut().zip(bent).for_each(|(q, b)| *q -= alpha * b);
        alphas.push(alpha);
    }
    if let Some((_, bent, rho)) = memory.last() {
        let scale = 1.0 / (rho * dot(bent, bent));
        q.iter_mut().for_each(|q| *q *= scale);
    }
    for ((moved, bent, rho), alpha) in memory.iter().zip(alphas.into_iter().rev()) {
        let beta = rho * dot(bent, &q);
        q.iter_mut().zip(moved).for_each(|(q, m)| *q += (alpha - beta) * m);
    }
    q
}

fn overflow() -> Error {
    Error::cannot_say("the fit overflows; are the features on a sensible scale (below about 1e100)?")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_system_is_solved_and_an_indefinite_one_refused() {
        // By hand: [[4, 2], [2, 3]] x = [10, 9] has the solution [1.5, 2].
        let x = cholesky_solve(&[4.0, 2.0, 2.0, 3.0], &[10.0, 9.0]).unwrap();
        assert!((x[0] - 1.5).abs() < 1e-14 && (x[1] - 2.0).abs() < 1e-14, "{x:?}");
        assert!(cholesky_solve(&[1.0, 2.0, 2.0, 1.0], &[1.0, 1.0]).is_none());
        assert!(cholesky_solve(&[f64::NAN], &[1.0]).is_none());
        let diagonal = inverse_diagonal(&[4.0, 2.0, 2.0, 3.0], 2).unwrap();
        assert!((diagonal[0] - 0.375).abs() < 1e-12 && (diagonal[1] - 0.5).abs() < 1e-12);
    }

    #[test]
    fn the_valley_of_rosenbrock_is_walked_to_its_end() {
        let f = |x: &[f64], g: &mut [f64]| {
            let (a, b) = (1.0 - x[0], x[1] - x[0] * x[0]);
            g.copy_from_slice(&[-2.0 * a - 400.0 * x[0] * b, 200.0 * b]);
            a * a + 100.0 * b * b
        };
        let x = lbfgs(vec![-1.2, 1.0], 1e-9, f).unwrap();
        assert!((x[0] - 1.0).abs() < 1e-7 && (x[1] - 1.0).abs() < 1e-7, "{x:?}");
    }

    #[test]
    fn totals_do_not_depend_on_the_threads() {
        let add = |rows: Range<usize>, totals: &mut [f64]| rows.for_each(|i| totals[0] += 1.0 / (i + 1) as f64);
        let by = |threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(|| total(100_000, 1, add)[0]);
        assert_eq!(by(1).to_bits(), by(2).to_bits());
        assert!((by(1) - 12.090_146_129_863).abs() < 1e-9);
    }
}
