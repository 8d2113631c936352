//! [`Reliability`]: the reliability diagram without bins, with the band that a calibrated forecaster would stay in. Made for drawing;
//! recalibrates nobody.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::Brier;
use super::pav::{self, Point};
use crate::bootstrap::{Options, quantile};
use crate::error::{Error, Result};
use crate::probabilities::{self, Probabilities};
use crate::random::Random;
use crate::rehearsal::findings::BandPoint;
use crate::{interval, math, sample};

/// Beyond this many different forecasts, neighbours are joined in groups of equal weight: finer than any screen.
const POINTS_MAX: usize = 2_000;
/// Places at which the band is given.
const BAND_POINTS_MAX: usize = 101;
/// Bars of the histogram of forecasts.
const HISTOGRAM_BARS: usize = 20;

/// A CORP reliability diagram (consistent, optimally binned, reproducible, by PAV): Dimitriadis, Gneiting, Jordan, PNAS 118, 2021.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reliability {
    /// The corners of the recalibration curve from left to right: stated, recalibrated.
    pub curve: Vec<(f64, f64)>,
    /// At up to 101 places: `y` on the curve, and from `low` to `high` where it would be, at the stated level place by place, if
    /// the forecasts were calibrated.
    pub band: Vec<BandPoint>,
    /// Share of the places at which the curve is outside of the band.
    pub outside: f64,
    /// Rows whose forecast is within each twentieth of `[0, 1]`.
    pub histogram: Vec<u64>,
    /// The Brier score and its parts.
    pub brier: Brier,
    /// Rows.
    pub n: u64,
}

impl Reliability {
    /// The diagram of forecasts in `[0, 1]` of whether something comes true. The band is made of `options.draws` sets of outcomes drawn
    /// from the forecasts themselves; it takes rows to be independent.
    ///
    /// # Errors
    /// [`Error::Input`] where lengths differ or a forecast is outside of `[0, 1]`; [`Error::CannotSay`] of no rows.
    pub fn of(forecasts: &[f64], outcomes: &[bool], options: &Options) -> Result<Self> {
        interval::level_check(options.level)?;
        if forecasts.len() != outcomes.len() {
            return Err(Error::input("outcomes", format!("{} outcomes for {} forecasts", outcomes.len(), forecasts.len())));
        }
        if forecasts.is_empty() {
            return Err(Error::cannot_say("there are no rows, so reliability cannot be drawn"));
        }
        if let Some(at) = forecasts.iter().position(|p| !(0.0..=1.0).contains(p)) {
            return Err(Error::input("forecasts", format!("row {at} is not between 0 and 1")));
        }
        let brier = pav::decompose(forecasts, outcomes);
        let points = joined(pav::points(forecasts, outcomes));
        let mut recalibrated = Vec::new();
        pav::pav(&points, &mut recalibrated);
        let band = band(&points, &recalibrated, options);
        let outside = band.iter().filter(|b| b.y < b.low || b.y > b.high).count() as f64 / band.len() as f64;
        let mut histogram = vec![0; HISTOGRAM_BARS];
        for p in forecasts {
            if let Some(bar) = histogram.get_mut(((p * HISTOGRAM_BARS as f64) as usize).min(HISTOGRAM_BARS - 1)) {
                *bar += 1;
            }
        }
        Ok(Self { curve: corners(&points, &recalibrated), band, outside, histogram, brier, n: forecasts.len() as u64 })
    }
}

/// The confidence in the likeliest class of every row, and whether that came true: what a diagram of several classes is made of.
///
/// # Errors
/// As [`Probabilities::labels_check`].
pub fn top_label(p: Probabilities<'_>, truth: &[u32]) -> Result<(Vec<f64>, Vec<bool>)> {
    p.labels_check("truth", truth)?;
    // A sum of one within the tolerance may leave a confidence a hair above it.
    Ok(p.rows()
        .zip(truth)
        .map(|(row, t)| {
            let (class, c) = probabilities::top(row);
            (c.min(1.0), class == *t)
        })
        .unzip())
}

/// At most [`POINTS_MAX`] points of about equal weight.
fn joined(points: Vec<Point>) -> Vec<Point> {
    if points.len() <= POINTS_MAX {
        return points;
    }
    let share = math::sum(points.iter().map(|p| p.weight)) / POINTS_MAX as f64;
    let mut out: Vec<Point> = Vec::with_capacity(POINTS_MAX + 1);
    let (mut mass, mut group) = (0.0, -1.0);
    for point in points {
        let at = (mass / share).floor();
        mass += point.weight;
        match out.last_mut() {
            Some(last) if at == group => {
                let weight = last.weight + point.weight;
                // The mean forecast of the group.
                *last = Point { x: (last.x * last.weight + point.x * point.weight) / weight, weight, hits: last.hits + point.hits };
            }
            _ => out.push(point),
        }
        group = at;
    }
    out
}

fn corners(points: &[Point], recalibrated: &[f64]) -> Vec<(f64, f64)> {
    let all: Vec<(f64, f64)> = points.iter().map(|p| p.x).zip(recalibrated.iter().copied()).collect();
    let keep = |i: usize| {
        let y = |i: usize| all.get(i).map(|c| c.1);
        i == 0 || y(i) != y(i - 1) || y(i) != y(i + 1)
    };
    (0..all.len()).filter(|i| keep(*i)).filter_map(|i| all.get(i).copied()).collect()
}

fn band(points: &[Point], recalibrated: &[f64], options: &Options) -> Vec<BandPoint> {
    // Places of about equal weight, so that the band is fine where rows are.
    let places: Vec<usize> = if points.len() <= BAND_POINTS_MAX {
        (0..points.len()).collect()
    } else {
        (0..BAND_POINTS_MAX).map(|i| i * (points.len() - 1) / (BAND_POINTS_MAX - 1)).collect()
    };
    let draws = options.draws.max(1);
    let mut drawn = vec![0.0; draws * places.len()];
    drawn.par_chunks_mut(places.len()).enumerate().for_each(|(d, out)| {
        let mut random = Random::new(options.seed, d as u64);
        let of_forecast = |p: &Point| Point { hits: sample::binomial(&mut random, p.weight as u64, p.x) as f64, ..*p };
        let again: Vec<Point> = points.iter().map(of_forecast).collect();
        let mut curve = Vec::new();
        pav::pav(&again, &mut curve);
        for (value, place) in out.iter_mut().zip(&places) {
            *value = curve.get(*place).copied().unwrap_or(0.0);
        }
    });
    let tail = 0.5 * (1.0 - options.level);
    let at = |(column, place): (usize, &usize)| {
        let mut values: Vec<f64> = drawn.iter().skip(column).step_by(places.len()).copied().collect();
        values.sort_unstable_by(f64::total_cmp);
        BandPoint {
            x: points.get(*place).map_or(0.0, |p| p.x),
            y: recalibrated.get(*place).copied().unwrap_or(0.0),
            low: quantile(&values, tail),
            high: quantile(&values, 1.0 - tail),
        }
    };
    places.iter().enumerate().map(at).collect()
}
