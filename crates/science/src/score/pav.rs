//! Isotonic recalibration by pooling adjacent violators, over weighted points; for judging, not for predicting.

use super::Brier;
use crate::math;

/// Equal forecasts as one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Point {
    /// Forecast.
    pub(super) x: f64,
    /// Rows.
    pub(super) weight: f64,
    /// Rows that came true.
    pub(super) hits: f64,
}

/// Rows in ascending order of forecast, equal ones joined.
pub(super) fn points(forecasts: &[f64], outcomes: &[bool]) -> Vec<Point> {
    let mut rows: Vec<(f64, bool)> = forecasts.iter().copied().zip(outcomes.iter().copied()).collect();
    rows.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let mut points: Vec<Point> = Vec::new();
    for (x, hit) in rows {
        let hits = f64::from(hit);
        match points.last_mut() {
            Some(last) if last.x == x => {
                last.weight += 1.0;
                last.hits += hits;
            }
            _ => points.push(Point { x, weight: 1.0, hits }),
        }
    }
    points
}

/// The recalibrated value of every point: the rising curve nearest to the outcomes (Ayer et al. 1955). Points without weight take
/// their neighbour's.
pub(super) fn pav(points: &[Point], out: &mut Vec<f64>) {
    // Blocks of (points, weight, hits).
    let mut blocks: Vec<(usize, f64, f64)> = Vec::with_capacity(points.len());
    for point in points {
        blocks.push((1, point.weight, point.hits));
        while let [.., left, right] = blocks.as_mut_slice() {
            // Cross-multiplied, so that no rounding of a quotient decides and a block without weight joins its neighbour.
            if left.2 * right.1 < right.2 * left.1 {
                break;
            }
            *left = (left.0 + right.0, left.1 + right.1, left.2 + right.2);
            blocks.pop();
        }
    }
    out.clear();
    for (count, weight, hits) in blocks {
        let value = if weight > 0.0 { hits / weight } else { 0.0 };
        out.extend(std::iter::repeat_n(value, count));
    }
}

/// The parts of the Brier score of binary outcomes.
pub(super) fn decompose(forecasts: &[f64], outcomes: &[bool]) -> Brier {
    let points = points(forecasts, outcomes);
    let mut recalibrated = Vec::new();
    pav(&points, &mut recalibrated);
    decompose_points(&points, &recalibrated)
}

pub(super) fn decompose_points(points: &[Point], recalibrated: &[f64]) -> Brier {
    let n = math::sum(points.iter().map(|p| p.weight));
    let base = math::sum(points.iter().map(|p| p.hits)) / n;
    // The mean square of a forecast q over a point: hits (1 - q)^2 + misses q^2.
    let loss = |q: f64, p: &Point| p.hits * (1.0 - q) * (1.0 - q) + (p.weight - p.hits) * q * q;
    let score = math::sum(points.iter().map(|p| loss(p.x, p))) / n;
    let best = math::sum(points.iter().zip(recalibrated).map(|(p, q)| loss(*q, p))) / n;
    let uncertainty = base * (1.0 - base);
    Brier { score, reliability: score - best, resolution: uncertainty - best, uncertainty }
}
