//! Prediction sets: the classes that cannot be ruled out, so that the truth is among them as often as promised. Never a
//! probability of a class, and never a promise for one single case: it holds on average over cases like those it was fitted on.
//!
//! Split conformal prediction (Vovk, Gammerman and Shafer 2005): the threshold is the `ceil((n + 1)(1 - alpha))`-th smallest score
//! of the truth among n calibration rows, and a class is in the set where its score is at most that. Coverage is between
//! `1 - alpha` and `1 - alpha + 1 / (n + 1)` whatever the model is like, while rows are exchangeable. Where they drift, use
//! [`Adaptive`].

pub mod adaptive;

pub use adaptive::Adaptive;

use serde::{Deserialize, Serialize};

use crate::{Error, Estimate, Probabilities, error::Result, fitted::Versioned, interval, probabilities::top};

/// How strange a class is for a row; what is least strange comes first in the set.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Score {
    /// `1 - p(class)`: the smallest sets on average (Sadinle, Lei and Wasserman, JASA 114, 2019).
    Lac,
    /// The probability of all classes up to and including this one, in falling order: sets that adapt to how hard a row is
    /// (Romano, Sesia and Candes, NeurIPS 2020; without their randomisation, so that the same row always gives the same set).
    Aps,
    /// [`Score::Aps`] plus a penalty for every rank beyond the first `free`: shorter sets where there are many classes
    /// (Angelopoulos, Bates, Malik and Jordan, ICLR 2021).
    Raps {
        /// Added per rank, at least 0.
        penalty: f64,
        /// Ranks without penalty.
        free: u32,
    },
}

/// What a set that would be empty becomes. It happens to strong models at a lax alpha: no class is as likely as the truth
/// usually is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Empty {
    /// It stays empty: a sign that the case is unlike the others, to be routed to a person.
    Keep,
    /// The likeliest class alone: what one shows a person. Coverage can only rise.
    #[default]
    Top,
    /// All classes: nothing is ruled out.
    Full,
}

/// Thresholds that were fitted: one, or one per group.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Conformal {
    score: Score,
    #[serde(with = "crate::fitted::bits")]
    alpha: f64,
    empty: Empty,
    classes: u32,
    thresholds: Vec<Threshold>,
}

/// The threshold of a group, and the rows that it rests on.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Threshold {
    /// A class with a score of at most this is in the set; infinite where the rows are too few to rule anything out.
    #[serde(with = "crate::fitted::bits")]
    pub score: f64,
    /// Calibration rows.
    pub n: u64,
}

/// What sets are like on rows that were not used to fit them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Quality {
    /// How often the truth is in the set (Wilson).
    pub coverage: Estimate,
    /// Mean number of classes in a set.
    pub size_mean: f64,
    /// Share of the sets that were empty before [`Empty`] was applied.
    pub empty_share: f64,
    /// Number of sets by size, from 0 to all classes.
    pub sizes: Vec<u64>,
}

/// Groups at most: more are an identifier.
pub const GROUPS_MAX: u32 = 100_000;

/// Fits one threshold for all rows.
///
/// # Errors
/// No rows, labels that do not go with the rows, `alpha` outside (0, 1), a negative penalty.
pub fn fit(probabilities: Probabilities<'_>, truth: &[u32], score: Score, alpha: f64, empty: Empty) -> Result<Conformal> {
    fit_groups(probabilities, truth, &vec![0; truth.len()], score, alpha, empty)
}

/// Fits a threshold per group (Mondrian), so that coverage holds within every group and not only on average. `groups[i]` is
/// the group of row `i`, counted from 0. A group with fewer than `1 / alpha - 1` rows rules nothing out.
///
/// # Errors
/// As [`fit`]; groups that do not go with the rows, or a group beyond [`GROUPS_MAX`].
pub fn fit_groups(
    probabilities: Probabilities<'_>,
    truth: &[u32],
    groups: &[u32],
    score: Score,
    alpha: f64,
    empty: Empty,
) -> Result<Conformal> {
    probabilities.labels_check("truth", truth)?;
    if probabilities.is_empty() {
        return Err(Error::cannot_say("There are no rows to fit prediction sets on."));
    }
    if groups.len() != truth.len() {
        return Err(Error::input("groups", format!("{} groups for {} rows; there must be one a row", groups.len(), truth.len())));
    }
    if !(alpha > 0.0 && alpha < 1.0) {
        return Err(Error::input("alpha", format!("the share of sets without the truth lies between 0 and 1, and this is {alpha}")));
    }
    if let Score::Raps { penalty, .. } = score
        && !(penalty >= 0.0 && penalty.is_finite())
    {
        return Err(Error::input("penalty", format!("a penalty is at least 0, and this is {penalty}")));
    }
    let last = groups.iter().copied().max().unwrap_or(0);
    if last >= GROUPS_MAX {
        return Err(Error::input("groups", format!("group {last} is beyond the {GROUPS_MAX} that are allowed; is it an identifier?")));
    }
    let mut scores = vec![Vec::new(); last as usize + 1];
    for ((row, truth), group) in probabilities.rows().zip(truth).zip(groups) {
        if let Some(scores) = scores.get_mut(*group as usize) {
            scores.push(score.of(row, *truth));
        }
    }
    let threshold = |mut scores: Vec<f64>| {
        scores.sort_unstable_by(f64::total_cmp);
        Threshold { score: quantile(&scores, alpha), n: scores.len() as u64 }
    };
    let thresholds = scores.into_iter().map(threshold).collect();
    Ok(Conformal { score, alpha, empty, classes: probabilities.classes() as u32, thresholds })
}

/// The `ceil((n + 1)(1 - alpha))`-th smallest of sorted scores; infinite where that is beyond the last, and minus infinite where
/// `alpha` is 1 or more.
#[must_use]
pub fn quantile(sorted: &[f64], alpha: f64) -> f64 {
    // What is a whole number but for rounding is that number: 121 (1 - 19/121) is 102.
    let rank = libm::ceil((sorted.len() as f64 + 1.0) * (1.0 - alpha) - 1e-9);
    if rank < 1.0 {
        return f64::NEG_INFINITY;
    }
    sorted.get(rank as usize - 1).copied().unwrap_or(f64::INFINITY)
}

impl Score {
    /// How strange a class is for a row of probabilities; of equally likely classes the first is the less strange one.
    #[must_use]
    pub fn of(self, row: &[f64], class: u32) -> f64 {
        let p = row.get(class as usize).copied().unwrap_or(0.0);
        let before = |other: usize, q: f64| q > p || (q == p && other < class as usize);
        let up_to = || {
            let (mut total, mut rank) = (p, 1u32);
            for (other, q) in row.iter().enumerate() {
                if before(other, *q) {
                    total += q;
                    rank += 1;
                }
            }
            (total, rank)
        };
        match self {
            Self::Lac => 1.0 - p,
            Self::Aps => up_to().0,
            Self::Raps { penalty, free } => {
                let (total, rank) = up_to();
                total + penalty * f64::from(rank.saturating_sub(free))
            }
        }
    }

    /// The classes with a score of at most `threshold`, in order of class.
    #[must_use]
    pub fn set(self, row: &[f64], threshold: f64) -> Vec<u32> {
        (0..row.len() as u32).filter(|class| self.of(row, *class) <= threshold).collect()
    }
}

impl Empty {
    /// What is shown of a set.
    #[must_use]
    pub fn apply(self, set: Vec<u32>, row: &[f64]) -> Vec<u32> {
        match self {
            Self::Top if set.is_empty() && !row.is_empty() => vec![top(row).0],
            Self::Full if set.is_empty() => (0..row.len() as u32).collect(),
            _ => set,
        }
    }
}

impl Versioned for Conformal {
    const KIND: &'static str = "prediction sets";
    const VERSION: u32 = 1;
}

impl Conformal {
    /// The set for a row of as many classes as were fitted, in order of class. A group that was never seen rules nothing out.
    #[must_use]
    pub fn set(&self, row: &[f64], group: u32) -> Vec<u32> {
        self.empty.apply(self.bare(row, group), row)
    }

    fn bare(&self, row: &[f64], group: u32) -> Vec<u32> {
        let threshold = self.thresholds.get(group as usize).map_or(f64::INFINITY, |threshold| threshold.score);
        self.score.set(row, threshold)
    }

    /// The thresholds, by group.
    #[must_use]
    pub fn thresholds(&self) -> &[Threshold] {
        &self.thresholds
    }

    /// The share of sets that may miss the truth.
    #[must_use]
    pub fn alpha(&self) -> f64 {
        self.alpha
    }

    /// What the sets are like on other rows; `groups` as in [`fit_groups`], or all 0.
    ///
    /// # Errors
    /// No rows; labels, groups or classes that do not go with the rows or the fit; `level` outside (0, 1).
    pub fn judge(&self, probabilities: Probabilities<'_>, truth: &[u32], groups: &[u32], level: f64) -> Result<Quality> {
        probabilities.labels_check("truth", truth)?;
        if probabilities.classes() != self.classes as usize || groups.len() != truth.len() {
            let why = format!("fitted on {} classes, and these are {}; or not one group a row", self.classes, probabilities.classes());
            return Err(Error::input("probabilities", why));
        }
        let mut sizes = vec![0u64; self.classes as usize + 1];
        let (mut covered, mut empty, mut total) = (0u64, 0u64, 0u64);
        for ((row, truth), group) in probabilities.rows().zip(truth).zip(groups) {
            let bare = self.bare(row, *group);
            empty += u64::from(bare.is_empty());
            let set = self.empty.apply(bare, row);
            covered += u64::from(set.contains(truth));
            total += set.len() as u64;
            if let Some(size) = sizes.get_mut(set.len()) {
                *size += 1;
            }
        }
        let n = probabilities.len() as u64;
        let coverage = interval::wilson(covered, n, level)?;
        Ok(Quality { coverage, size_mean: total as f64 / n as f64, empty_share: empty as f64 / n as f64, sizes })
    }
}

#[cfg(test)]
mod tests;
