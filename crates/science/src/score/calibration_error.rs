//! Expected calibration error: how far stated confidence is from the share that came true, in bins. Depends on the bins, as every
//! such figure does; [`super::Reliability`] does not.

use serde::{Deserialize, Serialize};

use crate::bootstrap::{self, Clusters, Columns, Options};
use crate::error::{Error, Result};
use crate::estimate::Estimate;
use crate::rehearsal::findings::ReliabilityBin;
use crate::{interval, math};

/// The usual number of bins (Guo et al. 2017).
pub const BINS_DEFAULT: usize = 15;
/// More bins than this are rows by another name.
const BINS_MAX: usize = 1_000;

/// How confidence is cut into bins; the number is of bins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Binning {
    /// Intervals of equal width over `[0, 1]`, each with its upper end.
    EqualWidth(usize),
    /// Equally many rows a bin, as far as equal confidences allow: these stay together.
    EqualMass(usize),
}

/// Rows cut into bins.
#[derive(Debug, Clone, PartialEq)]
pub struct Bins {
    /// The bin of every row.
    pub of: Vec<u32>,
    /// Number of bins; some may be empty.
    pub count: usize,
}

impl Bins {
    /// Cuts.
    ///
    /// # Errors
    /// [`Error::Input`] where a confidence is outside of `[0, 1]`, or the number of bins is 0 or above 1,000.
    pub fn cut(confidence: &[f64], binning: Binning) -> Result<Self> {
        let (Binning::EqualWidth(count) | Binning::EqualMass(count)) = binning;
        if count == 0 || count > BINS_MAX {
            return Err(Error::input("bins", format!("{count} is not between 1 and {BINS_MAX}")));
        }
        if let Some(at) = confidence.iter().position(|c| !(0.0..=1.0).contains(c)) {
            return Err(Error::input("confidence", format!("row {at} is not between 0 and 1")));
        }
        let of = match binning {
            Binning::EqualWidth(_) => {
                confidence.iter().map(|c| ((c * count as f64).ceil() - 1.0).clamp(0.0, (count - 1) as f64) as u32).collect()
            }
            Binning::EqualMass(_) => equal_mass(confidence, count),
        };
        Ok(Self { of, count })
    }

    /// Each bin that is not empty: mean confidence, and the share that came true with Wilson's interval.
    ///
    /// # Errors
    /// [`Error::Input`] where `level` is outside of (0, 1).
    pub fn table(&self, confidence: &[f64], right: &[bool], level: f64) -> Result<Vec<ReliabilityBin>> {
        let mut sums = vec![(0u64, 0.0, 0u64); self.count];
        for ((bin, c), r) in self.of.iter().zip(confidence).zip(right) {
            if let Some(sum) = sums.get_mut(*bin as usize) {
                *sum = (sum.0 + 1, sum.1 + c, sum.2 + u64::from(*r));
            }
        }
        let filled = sums.iter().filter(|(n, _, _)| *n > 0);
        filled
            .map(|(n, total, hits)| Ok(ReliabilityBin { predicted: total / *n as f64, observed: interval::wilson(*hits, *n, level)? }))
            .collect()
    }
}

fn equal_mass(confidence: &[f64], count: usize) -> Vec<u32> {
    let mut order: Vec<usize> = (0..confidence.len()).collect();
    let at = |i: usize| confidence.get(i).copied().unwrap_or(0.0);
    order.sort_by(|a, b| at(*a).total_cmp(&at(*b)));
    let mut of = vec![0u32; confidence.len()];
    let (mut last, mut bin) = (f64::NAN, 0);
    for (rank, i) in order.into_iter().enumerate() {
        if at(i) != last {
            bin = (rank * count / confidence.len()) as u32;
            last = at(i);
        }
        if let Some(slot) = of.get_mut(i) {
            *slot = bin;
        }
    }
    of
}

/// The expected calibration error: the mean over rows of |confidence - share that came true| of their bin. It is biased upwards
/// (a perfect forecaster has one above 0). The interval is a careful one: its lower end is that of a basic bootstrap, which corrects for
/// the bias, and 0 where the bins' gaps are no larger than chance makes them around 0; its upper end is a percentile's, which does
/// not. A basic interval alone would miss a perfect forecaster's 0 in a fifth of all samples.
///
/// # Errors
/// [`Error::Input`] where lengths differ or a confidence is outside of `[0, 1]`; [`Error::CannotSay`] of no rows or one cluster.
pub fn calibration_error(
    confidence: &[f64],
    right: &[bool],
    binning: Binning,
    clusters: Clusters<'_>,
    options: &Options,
) -> Result<Estimate> {
    let columns = bin_columns(confidence, right, binning)?;
    let sums = bootstrap::draw(&columns, clusters, options.draws, options.seed)?;
    let error = |s: &[f64]| {
        let n = math::sum(s.chunks_exact(2).filter_map(|b| b.last().copied()));
        (n > 0.0).then(|| math::sum(s.chunks_exact(2).filter_map(|b| b.first().map(|gap| gap.abs()))) / n)
    };
    let plain = sums.percentile(options.level, error)?;
    let point = sums.point();
    let by_chance = |s: &[f64]| {
        let n = math::sum(s.chunks_exact(2).filter_map(|b| b.last().copied()));
        let centred = s.chunks_exact(2).zip(point.chunks_exact(2)).filter_map(|pair| match pair {
            ([gap, rows], [gap_all, rows_all]) if *rows_all > 0.0 => Some((gap - gap_all * rows / rows_all).abs()),
            _ => None,
        });
        (n > 0.0).then(|| math::sum(centred) / n)
    };
    let (_, mut chance) = sums.values(by_chance)?;
    chance.sort_unstable_by(f64::total_cmp);
    let by_chance_alone = plain.value <= bootstrap::quantile(&chance, options.level);
    let low = if by_chance_alone { 0.0 } else { (2.0 * plain.value - plain.high).clamp(0.0, 1.0) };
    Ok(Estimate { low, high: plain.high.max(plain.value).min(1.0), ..plain })
}

/// The debiased calibration error of Kumar, Liang and Ma (NeurIPS 2019, section 5): the root of the mean square gap over bins, less
/// what chance alone would put there; 0 where chance explains all. Bins of one row are left out.
///
/// # Errors
/// As [`calibration_error`].
pub fn calibration_error_debiased(confidence: &[f64], right: &[bool], binning: Binning) -> Result<f64> {
    let bins = checked(confidence, right, binning)?;
    let mut sums = vec![(0.0, 0.0, 0.0); bins.count];
    for ((bin, c), r) in bins.of.iter().zip(confidence).zip(right) {
        if let Some(sum) = sums.get_mut(*bin as usize) {
            *sum = (sum.0 + 1.0, sum.1 + c, sum.2 + f64::from(*r));
        }
    }
    let square = math::sum(sums.iter().filter(|(n, _, _)| *n > 1.0).map(|(n, total, hits)| {
        let (stated, share) = (total / n, hits / n);
        n * ((stated - share) * (stated - share) - share * (1.0 - share) / (n - 1.0))
    }));
    Ok(math::sqrt((square / confidence.len() as f64).max(0.0)))
}

fn checked(confidence: &[f64], right: &[bool], binning: Binning) -> Result<Bins> {
    if confidence.len() != right.len() {
        return Err(Error::input("right", format!("{} outcomes for {} confidences", right.len(), confidence.len())));
    }
    if confidence.is_empty() {
        return Err(Error::cannot_say("there are no rows, so calibration cannot be judged"));
    }
    Bins::cut(confidence, binning)
}

/// A bin: confidence less outcome, and rows.
fn bin_columns(confidence: &[f64], right: &[bool], binning: Binning) -> Result<Columns> {
    let bins = checked(confidence, right, binning)?;
    Ok(Columns::from_fn(right.len(), 2 * bins.count, |i, out| {
        let at = bins.of.get(i).map_or(0, |bin| 2 * *bin as usize);
        let gap = confidence.get(i).copied().unwrap_or(0.0) - f64::from(right.get(i).copied().unwrap_or(false));
        out.iter_mut().skip(at).zip([gap, 1.0]).for_each(|(o, v)| *o = v);
    }))
}
