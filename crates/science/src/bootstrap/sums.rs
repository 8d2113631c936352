//! [`Sums`]: drawn column sums, and the intervals of any function of them. Draws nothing.

use super::units::Units;
use crate::error::{Error, Result};
use crate::estimate::Estimate;
use crate::{interval, math, special};

/// A statistic that is undefined in more than this share of the draws has no interval.
const UNDEFINED_SHARE_MAX: f64 = 0.05;
/// Two-way draws are never widened by more than this factor.
const RESCALE_MAX: f64 = 1.25;
/// Step of the numerical gradient, as a share of a column sum.
const GRADIENT_STEP: f64 = 1e-6;

/// Column sums over all rows, and over the rows of every draw.
#[derive(Debug, Clone)]
pub struct Sums {
    pub(super) width: usize,
    pub(super) point: Vec<f64>,
    pub(super) draws: Vec<f64>,
    pub(super) units: Units,
    pub(super) rows: u64,
    pub(super) clusters: u64,
    pub(super) moments: Option<Moments>,
}

/// Sums of outer products of totals, by person, by item, and by both.
#[derive(Debug, Clone)]
pub(super) struct Moments {
    pub(super) first: Vec<f64>,
    pub(super) second: Vec<f64>,
    pub(super) both: Vec<f64>,
}

impl Moments {
    pub(super) fn of(totals: &[f64], width: usize) -> Vec<f64> {
        let mut out = vec![0.0; width * width];
        for row in totals.chunks_exact(width) {
            for (line, a) in out.chunks_exact_mut(width).zip(row) {
                for (sum, b) in line.iter_mut().zip(row) {
                    *sum += a * b;
                }
            }
        }
        out
    }

    /// The two-way cluster-robust variance of a statistic with this gradient (Cameron, Gelbach, Miller, Journal of Business &
    /// Economic Statistics 29, 2011), and never less than either one-way variance.
    fn variance(&self, gradient: &[f64]) -> f64 {
        let form = |moment: &[f64]| {
            let line = |row: &[f64]| row.iter().zip(gradient).map(|(m, g)| m * g).sum::<f64>();
            math::sum(moment.chunks_exact(gradient.len().max(1)).zip(gradient).map(|(row, g)| g * line(row)))
        };
        let (first, second, both) = (form(&self.first), form(&self.second), form(&self.both));
        (first + second - both).max(first).max(second)
    }
}

impl Sums {
    /// Sums over all rows.
    #[must_use]
    pub fn point(&self) -> &[f64] {
        &self.point
    }

    /// Rows.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Clusters that were drawn from (the fewer of people and items where both are).
    #[must_use]
    pub fn clusters(&self) -> u64 {
        self.clusters
    }

    /// The statistic over every draw in which it is defined, in the order of the draws.
    ///
    /// # Errors
    /// [`Error::CannotSay`] where it is undefined over all rows, or in more than 5 % of the draws.
    pub fn values(&self, statistic: impl Fn(&[f64]) -> Option<f64>) -> Result<(f64, Vec<f64>)> {
        let defined = |sums: &[f64]| statistic(sums).filter(|v| v.is_finite());
        let Some(value) = defined(&self.point) else {
            return Err(Error::cannot_say("the rows that this figure is about are none, so it is undefined"));
        };
        let mut drawn: Vec<f64> = self.draws.chunks_exact(self.width).filter_map(defined).collect();
        let draws = self.draws.len() / self.width;
        if (draws - drawn.len()) as f64 > UNDEFINED_SHARE_MAX * draws as f64 {
            return Err(Error::cannot_say(format!(
                "so few rows or clusters carry this figure that it is undefined in {} of {draws} draws; more data are needed",
                draws - drawn.len()
            )));
        }
        self.rescale(value, &mut drawn, &defined);
        Ok((value, drawn))
    }

    /// The two-way draws take the noise of single rows three times (Owen 2007, theorem 3): no matter where people and items repeat
    /// often, far too wide where rows vary by themselves. Their spread is therefore brought to the two-way cluster-robust
    /// variance (a little upwards at most: a statistic with a kink has no gradient to rely on); their shape stays.
    fn rescale(&self, value: f64, drawn: &mut [f64], defined: &impl Fn(&[f64]) -> Option<f64>) {
        let Some(moments) = &self.moments else { return };
        let Some(gradient) = self.gradient(defined) else { return };
        let n = drawn.len() as f64;
        let mean = math::sum(drawn.iter().copied()) / n;
        let spread = math::sum(drawn.iter().map(|v| (v - mean) * (v - mean))) / (n - 1.0).max(1.0);
        let ratio = math::sqrt(moments.variance(&gradient) / spread);
        if ratio > 0.0 && ratio.is_finite() {
            let ratio = ratio.min(RESCALE_MAX);
            drawn.iter_mut().for_each(|v| *v = value + ratio * (*v - value));
        }
    }

    fn gradient(&self, defined: &impl Fn(&[f64]) -> Option<f64>) -> Option<Vec<f64>> {
        let mut sums = self.point.clone();
        (0..self.width)
            .map(|c| {
                let centre = *sums.get(c)?;
                let step = GRADIENT_STEP * centre.abs().max(1.0);
                *sums.get_mut(c)? = centre + step;
                let above = defined(&sums);
                *sums.get_mut(c)? = centre - step;
                let below = defined(&sums);
                *sums.get_mut(c)? = centre;
                Some((above? - below?) / (2.0 * step))
            })
            .collect()
    }

    /// The statistic with its percentile interval, expanded for few clusters as Student's t is wider than the normal (Hesterberg,
    /// The American Statistician 69, 2015). `n` is the number of rows.
    ///
    /// # Errors
    /// As [`Sums::values`]; [`Error::Input`] where `level` is outside of (0, 1).
    pub fn percentile(&self, level: f64, statistic: impl Fn(&[f64]) -> Option<f64>) -> Result<Estimate> {
        interval::level_check(level)?;
        let (value, mut drawn) = self.values(statistic)?;
        drawn.sort_unstable_by(f64::total_cmp);
        let tail = self.expanded_tail(level);
        Ok(Estimate { value, low: quantile(&drawn, tail), high: quantile(&drawn, 1.0 - tail), n: self.rows })
    }

    /// The statistic with its bias-corrected and accelerated interval (Efron, JASA 82, 1987): better than the percentile
    /// interval where the statistic is skewed. The acceleration is of the jackknife over what was drawn.
    ///
    /// # Errors
    /// As [`Sums::percentile`].
    pub fn bca(&self, level: f64, statistic: impl Fn(&[f64]) -> Option<f64>) -> Result<Estimate> {
        interval::level_check(level)?;
        let (value, mut drawn) = self.values(&statistic)?;
        drawn.sort_unstable_by(f64::total_cmp);
        let below = drawn.iter().filter(|v| **v < value).count() as f64;
        let ties = drawn.iter().filter(|v| **v == value).count() as f64;
        let share = (below + 0.5 * ties) / drawn.len() as f64;
        let edge = 0.5 / drawn.len() as f64;
        let bias = special::normal_quantile(share.clamp(edge, 1.0 - edge));
        let acceleration = self.acceleration(value, &statistic);
        let z = special::normal_quantile(self.expanded_tail(level));
        let at = |z: f64| {
            let moved = bias + z;
            let scale = 1.0 - acceleration * moved;
            if scale > 0.0 { special::normal_cdf(bias + moved / scale) } else { special::normal_cdf(z) }
        };
        Ok(Estimate { value, low: quantile(&drawn, at(z)), high: quantile(&drawn, at(-z)), n: self.rows })
    }

    /// One column's sum over another's, by [`Sums::bca`]; `n` is the sum below, rounded. For shares and means of a part of the rows.
    ///
    /// # Errors
    /// As [`Sums::values`]; undefined where the sum below is 0.
    pub fn ratio(&self, above: usize, below: usize, level: f64) -> Result<Estimate> {
        let estimate = self.bca(level, |sums| divide(sums, above, below))?;
        Ok(Estimate { n: self.point.get(below).map_or(0, |n| n.round().max(0.0) as u64), ..estimate })
    }

    /// A share (one column's sum over another's, both sums of values in `[0, 1]`, the upper never above the lower) by Wilson's
    /// interval on its effective number of rows, which the spread of the draws tells (Franco, Little, Louis, Slud, Journal of Survey
    /// Statistics and Methodology 7, 2019): keeps its coverage near 0 and 1, where a percentile interval loses it. Where nothing
    /// varies, as many rows are counted as clusters carry the figure. `n` is the sum below, rounded.
    ///
    /// # Errors
    /// As [`Sums::values`]; undefined where the sum below is 0.
    pub fn share(&self, above: usize, below: usize, level: f64) -> Result<Estimate> {
        interval::level_check(level)?;
        let (value, drawn) = self.values(|sums| divide(sums, above, below))?;
        let n = self.point.get(below).copied().unwrap_or(0.0);
        let mean = math::sum(drawn.iter().copied()) / drawn.len() as f64;
        let spread = math::sum(drawn.iter().map(|v| (v - mean) * (v - mean))) / (drawn.len() as f64 - 1.0).max(1.0);
        let carriers = self.carriers(below);
        let effective = if spread > 0.0 { (value * (1.0 - value) / spread).min(n) } else { n.min(carriers) };
        // Few clusters tell their spread badly: Student's t instead of the normal (Korn and Graubard 1998).
        let t = special::student_t_quantile(0.5 * (1.0 - level), (carriers - 1.0).max(1.0));
        let z = special::z_two_sided(level);
        interval::wilson_share(value.clamp(0.0, 1.0), effective.max(1.0) * (z / t) * (z / t), n.round().max(0.0) as u64, level)
    }

    /// Clusters whose sum in this column is not 0.
    fn carriers(&self, column: usize) -> f64 {
        if self.moments.is_some() {
            return self.clusters as f64;
        }
        let counts = self.units.counts.as_deref();
        let units = self.units.totals.chunks_exact(self.width).enumerate();
        units
            .filter(|(_, unit)| unit.get(column).is_some_and(|v| *v != 0.0))
            .map(|(at, _)| counts.map_or(1.0, |c| c.get(at).copied().unwrap_or(0) as f64))
            .sum()
    }

    fn expanded_tail(&self, level: f64) -> f64 {
        let clusters = self.clusters.max(2) as f64;
        let t = special::student_t_quantile(0.5 * (1.0 - level), clusters - 1.0);
        special::normal_cdf(t * math::sqrt(clusters / (clusters - 1.0)))
    }

    fn acceleration(&self, value: f64, statistic: &impl Fn(&[f64]) -> Option<f64>) -> f64 {
        let mut rest = self.point.clone();
        let counts = self.units.counts.as_deref();
        let (mut squares, mut cubes, mut mean, mut total) = (0.0, 0.0, 0.0, 0.0);
        let mut leave_one = |unit: &[f64]| {
            for ((r, all), part) in rest.iter_mut().zip(&self.point).zip(unit) {
                *r = all - part;
            }
            statistic(&rest).filter(|v| v.is_finite()).map_or(0.0, |v| value - v)
        };
        let influences: Vec<f64> = self.units.totals.chunks_exact(self.width).map(&mut leave_one).collect();
        let weight = |at: usize| counts.map_or(1.0, |c| c.get(at).copied().unwrap_or(0) as f64);
        for (at, influence) in influences.iter().enumerate() {
            mean += weight(at) * influence;
            total += weight(at);
        }
        mean /= f64::max(total, 1.0);
        for (at, influence) in influences.iter().enumerate() {
            let d = influence - mean;
            squares += weight(at) * d * d;
            cubes += weight(at) * d * d * d;
        }
        if squares > 0.0 { cubes / (6.0 * squares * math::sqrt(squares)) } else { 0.0 }
    }
}

/// One sum over another; `None` where the lower one is 0.
pub(crate) fn divide(sums: &[f64], above: usize, below: usize) -> Option<f64> {
    let (a, b) = (sums.get(above)?, sums.get(below)?);
    (*b != 0.0).then(|| a / b)
}

/// The quantile of values in ascending order, linear between them (type 7 of Hyndman and Fan 1996); NaN of nothing.
#[must_use]
pub fn quantile(sorted: &[f64], q: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else { return f64::NAN };
    let at = q.clamp(0.0, 1.0) * last as f64;
    let below = at.floor();
    let (low, high) = (sorted.get(below as usize), sorted.get((below as usize + 1).min(last)));
    match (low, high) {
        (Some(low), Some(high)) => low + (at - below) * (high - low),
        _ => f64::NAN,
    }
}
