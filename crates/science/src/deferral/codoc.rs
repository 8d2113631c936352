//! [`Codoc`]: where, along the AI's score, people do better than the AI. For two classes only; needs nothing but the AI's score,
//! the person's decision and the truth.

use super::Decider;
use crate::error::{Error, Result};
use crate::fitted::Versioned;
use crate::math;
use serde::{Deserialize, Serialize};

/// Bins of the score.
const BINS: usize = 50;
/// Pseudo-cases added to every bin, decision and truth.
const PSEUDO_CASES: f64 = 0.1;
/// Standard deviation of the Gaussian that smooths over bins.
const SMOOTHING_BINS: f64 = 1.5;
/// Weights of the positive class, and thresholds of the AI, that are tried on the validation rows.
const GRID: usize = 41;

/// What a zone of the score is decided by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Zone {
    /// The AI says class 0.
    Negative,
    /// The AI says class 1.
    Positive,
    /// A person decides.
    Person,
}

/// What the operating point is chosen for, on the validation rows.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Operating {
    /// Most right answers.
    Accuracy,
    /// Most right answers among true 0, while at least this share of true 1 is found.
    Sensitivity(f64),
}

/// CoDoC (Dvijotham et al., Nature Medicine 29, 2023): from a smoothed histogram of `P(score, decision | truth)` a person decides
/// where their advantage over the AI is positive; the operating point is chosen on rows of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Codoc {
    zones: Vec<Zone>,
}

impl Versioned for Codoc {
    const KIND: &'static str = "codoc";
    const VERSION: u32 = 1;
}

/// Score, decision and truth of rows: one part of the data.
struct Part {
    bins: Vec<usize>,
    decisions: Vec<u32>,
    truth: Vec<u32>,
}

impl Codoc {
    /// Fits the histogram on two thirds of the rows, in order, and the operating point on every third. `scores` are the AI's
    /// probabilities of class 1, `decisions` the person's answers, `truth` the classes, 0 or 1.
    ///
    /// # Errors
    /// [`Error::Input`] where lengths differ, a score is outside of `[0, 1]` or a label is not 0 or 1; [`Error::CannotSay`] where
    /// either part lacks a class, or no operating point finds enough of class 1.
    pub fn fit(scores: &[f64], decisions: &[u32], truth: &[u32], operating: Operating) -> Result<Self> {
        if decisions.len() != scores.len() || truth.len() != scores.len() {
            return Err(Error::input(
                "decisions",
                format!("{} decisions and {} truths for {} scores", decisions.len(), truth.len(), scores.len()),
            ));
        }
        if let Some(at) = scores.iter().position(|score| !(0.0..=1.0).contains(score)) {
            return Err(Error::input("scores", format!("the score at row {at} is not between 0 and 1")));
        }
        crate::probabilities::labels_check("decisions", decisions, 2)?;
        crate::probabilities::labels_check("truth", truth, 2)?;
        let part = |third: bool| {
            let rows = || (0..scores.len()).filter(|i| (i % 3 == 2) == third);
            let of = |column: &[u32]| rows().map(|i| column[i]).collect::<Vec<u32>>();
            Part { bins: rows().map(|i| bin(scores[i])).collect(), decisions: of(decisions), truth: of(truth) }
        };
        let (train, validation) = (part(false), part(true));
        for part in [&train, &validation] {
            if !(part.truth.contains(&0) && part.truth.contains(&1)) {
                return Err(Error::cannot_say(format!(
                    "where people do better than the AI needs cases of both classes in the fitting and in the validating rows ({} and {} here)",
                    train.truth.len(),
                    validation.truth.len()
                )));
            }
        }
        let density = train.density();
        let counts = validation.counts();
        let mut best: Option<(f64, Vec<Zone>)> = None;
        for weight in 0..GRID {
            for threshold in 0..=BINS {
                let zones = zones(&density, weight as f64 / (GRID - 1) as f64, threshold);
                let [[no, false_positive], [missed, yes]] = outcome(&counts, &zones);
                let worth = match operating {
                    Operating::Accuracy => (yes + no) / (yes + no + missed + false_positive),
                    Operating::Sensitivity(least) if yes / (yes + missed) >= least => no / (no + false_positive),
                    Operating::Sensitivity(_) => continue,
                };
                if best.as_ref().is_none_or(|best| worth > best.0) {
                    best = Some((worth, zones));
                }
            }
        }
        best.map(|(_, zones)| Self { zones }).ok_or_else(|| {
            Error::cannot_say("no way to share the cases finds that share of class 1 on the validating rows; ask for a lower sensitivity")
        })
    }

    /// What decides a score.
    #[must_use]
    pub fn zone(&self, score: f64) -> Zone {
        self.zones.get(bin(score)).copied().unwrap_or(Zone::Person)
    }

    /// Who decides a score.
    #[must_use]
    pub fn decide(&self, score: f64) -> Decider {
        if self.zone(score) == Zone::Person { Decider::Person } else { Decider::Ai }
    }
}

/// The bin of a score. Fine at both ends of the log-odds and coarse in the middle, as scores pile up there.
fn bin(score: f64) -> usize {
    let odds = math::ln(score.max(1e-5)) - math::ln((1.0 - score).max(1e-5));
    let place = (odds / math::ln(1e5) + 1.0) / 2.0;
    ((place * BINS as f64) as usize).min(BINS - 1)
}

impl Part {
    /// `P(bin, decision | truth)`, smoothed: `[truth][decision][bin]`.
    fn density(&self) -> [[Vec<f64>; 2]; 2] {
        let mut counts = [[vec![PSEUDO_CASES; BINS], vec![PSEUDO_CASES; BINS]], [vec![PSEUDO_CASES; BINS], vec![PSEUDO_CASES; BINS]]];
        for ((bin, decision), truth) in self.bins.iter().zip(&self.decisions).zip(&self.truth) {
            counts[*truth as usize][*decision as usize][*bin] += 1.0;
        }
        let kernel: Vec<f64> = (0..BINS).map(|d| math::exp(-0.5 * (d as f64 / SMOOTHING_BINS) * (d as f64 / SMOOTHING_BINS))).collect();
        counts.map(|of_truth| {
            let smooth = of_truth.map(|counts| {
                let mut out = vec![0.0; BINS];
                for (from, count) in counts.iter().enumerate() {
                    // What would fall off an end stays inside: each case keeps its weight.
                    let reach: f64 = (0..BINS).map(|to| kernel[to.abs_diff(from)]).sum();
                    (0..BINS).for_each(|to| out[to] += count * kernel[to.abs_diff(from)] / reach);
                }
                out
            });
            let sum = math::sum(smooth.iter().flatten().copied());
            smooth.map(|bins| bins.iter().map(|density| density / sum).collect())
        })
    }

    /// Rows by truth, decision and bin.
    fn counts(&self) -> [[[f64; BINS]; 2]; 2] {
        let mut counts = [[[0.0; BINS]; 2]; 2];
        for ((bin, decision), truth) in self.bins.iter().zip(&self.decisions).zip(&self.truth) {
            counts[*truth as usize][*decision as usize][*bin] += 1.0;
        }
        counts
    }
}

/// Rows by truth and by what the zones answer.
fn outcome(counts: &[[[f64; BINS]; 2]; 2], zones: &[Zone]) -> [[f64; 2]; 2] {
    let mut out = [[0.0; 2]; 2];
    for (truth, of_truth) in counts.iter().enumerate() {
        for (decision, bins) in of_truth.iter().enumerate() {
            for (count, zone) in bins.iter().zip(zones) {
                let answer = match zone {
                    Zone::Negative => 0,
                    Zone::Positive => 1,
                    Zone::Person => decision,
                };
                out[truth][answer] += count;
            }
        }
    }
    out
}

/// The zones where class 1 weighs `weight`, class 0 the rest, and the AI says 1 from bin `threshold` on.
fn zones(density: &[[Vec<f64>; 2]; 2], weight: f64, threshold: usize) -> Vec<Zone> {
    (0..BINS)
        .map(|bin| {
            let of = |truth: usize, decision: usize| density[truth][decision][bin];
            let person = weight * of(1, 1) + (1.0 - weight) * of(0, 0);
            let positive = bin >= threshold;
            let ai = if positive { weight * (of(1, 0) + of(1, 1)) } else { (1.0 - weight) * (of(0, 0) + of(0, 1)) };
            match (person > ai, positive) {
                (true, _) => Zone::Person,
                (false, true) => Zone::Positive,
                (false, false) => Zone::Negative,
            }
        })
        .collect()
}
