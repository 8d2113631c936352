//! [`Choice`]: both terms of the product, weighed, with what tells who is to be trusted here. Learns from one answer a case.

use super::{Confusion, Rows, SMOOTHING};
use crate::calibration::{Temperature, softmax};
use crate::error::{Error, Result};
use crate::fitted::{Versioned, bits, bits_all};
use crate::math;
use crate::optimise::{Curvature, newton, total};
use crate::probabilities::ProbabilityTable;
use serde::{Deserialize, Serialize};

/// Up to so many classes each has weights of its own for both members; beyond, only the shared ones are fitted.
pub const CLASSES_OWN_MAX: usize = 64;
/// Pull of every weight towards the plain product, in units of the log loss of a row.
const RIDGE: f64 = 3.0;
/// Rows whose likeliest class is this sure bend nothing: their share of the Hessian is left out.
const SETTLED: f64 = 1e-9;
/// Classes less likely than this in a row add nothing to its share of gradient and Hessian.
const NEGLIGIBLE: f64 = 1e-10;
/// Folds in which people's confusion matrices are crossed out of their own rows.
const PEOPLE_FOLDS: usize = 5;

// The shared weights, in order; after them one a class for `ln m`, then one a class for the answer.
const OF_AI: usize = 0;
const OF_PERSON: usize = 1;
const OF_ANSWER: usize = 2;
const OF_ANSWER_BY_AI: usize = 3;
const OF_PROBABILITY: usize = 4;
const OF_CONFIDENCE: usize = 5;
const SHARED: usize = 6;

/// A conditional logit over the classes (McFadden 1974) that contains the product of Kerrigan, Smyth and Steyvers and is pulled
/// towards it by a ridge. With `q` the calibrated probabilities of the AI, `h` the person's answer:
///
/// ```text
/// score(y) = (w0 + a_y) ln q(y) + w1 ln P(h | y) + w4 q(y) + [y = h] (w2 + w3 ln q(h) + w5 confidence + b_h)
/// ```
///
/// `w0 = w1 = 1` and the rest 0 is the product. The other weights undo its assumption that errors are independent given the
/// truth: people err where the AI doubts, so their word is worth another amount there (`w3`), by class (`b`), by how sure they
/// were (`w5`); and the AI's tail is worth another amount than its top (`w4`), by class (`a`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Choice {
    temperature: Temperature,
    confusion: Confusion,
    #[serde(with = "bits")]
    confidence_mean: f64,
    #[serde(with = "bits")]
    confidence_scale: f64,
    #[serde(with = "bits_all")]
    weights: Vec<f64>,
}

impl Versioned for Choice {
    const KIND: &'static str = "choice";
    const VERSION: u32 = 1;
}

impl Choice {
    /// Fits it on rows with known truth.
    ///
    /// # Errors
    /// Those of [`Temperature::fit`] and [`Confusion::fit`]; [`Error::CannotSay`] with one class only.
    pub fn fit(rows: &Rows<'_>, labels: &[u32]) -> Result<Self> {
        rows.check_with(labels)?;
        Self::fit_with(rows, labels, Temperature::fit(rows.probabilities, labels)?)
    }

    /// As [`Choice::fit`], of checked rows whose temperature is known.
    pub(crate) fn fit_with(rows: &Rows<'_>, labels: &[u32], temperature: Temperature) -> Result<Self> {
        if labels.iter().all(|label| Some(label) == labels.first()) {
            return Err(Error::cannot_say(format!(
                "how far to trust whom cannot be fitted where all {} cases have the same truth; record others as well",
                labels.len()
            )));
        }
        let confusion = Confusion::fit(rows, labels, SMOOTHING)?;
        let (confidence_mean, confidence_scale) = scale(rows);
        let classes = confusion.classes();
        let own = if classes <= CLASSES_OWN_MAX { classes } else { 0 };
        let mut fitted = Self { temperature, confusion, confidence_mean, confidence_scale, weights: vec![0.0; SHARED + 2 * own] };
        fitted.weights[OF_AI] = 1.0;
        fitted.weights[OF_PERSON] = 1.0;
        let mut design = fitted.design(rows);
        if rows.people.is_some() {
            cross_people(rows, labels, &mut design)?;
        }
        fitted.weights = design.fit(labels, &fitted.weights)?;
        Ok(fitted)
    }

    /// Classes.
    #[must_use]
    pub fn classes(&self) -> usize {
        self.confusion.classes()
    }

    /// The temperature of the AI, fitted before the weights.
    #[must_use]
    pub fn temperature(&self) -> Temperature {
        self.temperature
    }

    /// The combined probabilities of every row.
    ///
    /// # Errors
    /// [`Error::Input`] where shapes differ from one another or from the fit.
    pub fn apply(&self, rows: &Rows<'_>) -> Result<ProbabilityTable> {
        rows.check()?;
        classes_check(rows, self.classes())?;
        let design = self.design(rows);
        let mut values = vec![0.0; rows.probabilities.values().len()];
        for (i, row) in values.chunks_exact_mut(self.classes()).enumerate() {
            design.scores(&self.weights, i, row);
            softmax(row);
        }
        ProbabilityTable::new(values, self.classes())
    }

    /// What the weights multiply.
    fn design(&self, rows: &Rows<'_>) -> Design {
        let classes = self.classes();
        let table = self.confusion.ln_table();
        let mut ln_ai = vec![0.0; rows.len() * classes];
        let mut ln_person = vec![0.0; rows.len() * classes];
        for (i, (ai, person)) in ln_ai.chunks_exact_mut(classes).zip(ln_person.chunks_exact_mut(classes)).enumerate() {
            self.temperature.ln_row(rows.probabilities.row(i), ai);
            table.fill(rows.person(i), rows.answers[i], person);
        }
        let ai = ln_ai.iter().map(|ln| math::exp(*ln)).collect();
        let confidences = (0..rows.len())
            .map(|i| rows.confidence(i).map_or(0.0, |confidence| (confidence - self.confidence_mean) * self.confidence_scale))
            .collect();
        Design { classes, ln_ai, ai, ln_person, answers: rows.answers.to_vec(), confidences }
    }
}

/// Refuses rows of another number of classes than the fit's.
pub(super) fn classes_check(rows: &Rows<'_>, classes: usize) -> Result<()> {
    if rows.probabilities.classes() == classes {
        Ok(())
    } else {
        Err(Error::input("probabilities", format!("{} classes, but it was fitted on {classes}", rows.probabilities.classes())))
    }
}

/// Mean of the confidences that are known, and the factor that brings them to a standard deviation of 1 (0 where all are equal).
fn scale(rows: &Rows<'_>) -> (f64, f64) {
    let known: Vec<f64> = (0..rows.len()).filter_map(|i| rows.confidence(i)).collect();
    let mean = math::mean(&known).unwrap_or(0.0);
    let variance = math::mean(&known.iter().map(|c| (c - mean) * (c - mean)).collect::<Vec<_>>()).unwrap_or(0.0);
    if variance.is_finite() && variance.sqrt() > 1e-12 * mean.abs() && variance > 0.0 { (mean, 1.0 / variance.sqrt()) } else { (0.0, 0.0) }
}

/// Replaces each row's likelihood by one from a confusion matrix that has not seen the row: with few answers a person, the
/// weights would otherwise trust a matrix that remembers the very answer.
fn cross_people(rows: &Rows<'_>, labels: &[u32], design: &mut Design) -> Result<()> {
    let fold = |i: usize| super::achievable::fold_of(rows, i, PEOPLE_FOLDS);
    for out in 0..PEOPLE_FOLDS {
        let confusion = Confusion::count(rows, labels, SMOOTHING, |i| fold(i) != out)?;
        let table = confusion.ln_table();
        for i in (0..rows.len()).filter(|i| fold(*i) == out) {
            table.fill(rows.person(i), rows.answers[i], &mut design.ln_person[i * design.classes..(i + 1) * design.classes]);
        }
    }
    Ok(())
}

/// What the weights multiply, row after row.
struct Design {
    classes: usize,
    ln_ai: Vec<f64>,
    ai: Vec<f64>,
    ln_person: Vec<f64>,
    answers: Vec<u32>,
    confidences: Vec<f64>,
}

/// One weight's feature: which weight, what it multiplies.
type Feature = (usize, f64);

impl Design {
    /// Classes with weights of their own, given the number of weights.
    fn own(weights: usize) -> usize {
        (weights - SHARED) / 2
    }

    /// The score of every class of row `i`.
    fn scores(&self, w: &[f64], i: usize, out: &mut [f64]) {
        let from = i * self.classes;
        let own = Self::own(w.len());
        for (y, score) in out.iter_mut().enumerate() {
            let slope = w[OF_AI] + if y < own { w[SHARED + y] } else { 0.0 };
            *score = slope * self.ln_ai[from + y] + w[OF_PERSON] * self.ln_person[from + y] + w[OF_PROBABILITY] * self.ai[from + y];
        }
        let h = self.answers[i] as usize;
        let bias = if h < own { w[SHARED + own + h] } else { 0.0 };
        out[h] += w[OF_ANSWER] + bias + w[OF_ANSWER_BY_AI] * self.ln_ai[from + h] + w[OF_CONFIDENCE] * self.confidences[i];
    }

    /// The features of class `y` of row `i` that are not zero.
    fn features(&self, weights: usize, i: usize, y: usize, out: &mut Vec<Feature>) {
        let (at, own) = (i * self.classes + y, Self::own(weights));
        out.clear();
        out.extend([(OF_AI, self.ln_ai[at]), (OF_PERSON, self.ln_person[at]), (OF_PROBABILITY, self.ai[at])]);
        if y < own {
            out.push((SHARED + y, self.ln_ai[at]));
        }
        if self.answers[i] as usize == y {
            out.extend([(OF_ANSWER, 1.0), (OF_ANSWER_BY_AI, self.ln_ai[at]), (OF_CONFIDENCE, self.confidences[i])]);
            if y < own {
                out.push((SHARED + own + y, 1.0));
            }
        }
    }

    /// The weights that minimise the log loss plus a ridge towards `origin`.
    fn fit(&self, labels: &[u32], origin: &[f64]) -> Result<Vec<f64>> {
        let pull = |at: &[f64]| 0.5 * RIDGE * at.iter().zip(origin).fold(0.0, |sum, (a, o)| sum + (a - o) * (a - o));
        newton(origin.to_vec(), 1e-5 * labels.len() as f64, |at| self.curvature(labels, at, origin, pull(at)))
    }

    fn curvature(&self, labels: &[u32], at: &[f64], origin: &[f64], pull: f64) -> Curvature {
        let size = at.len();
        let sums = total(labels.len(), 1 + size + size * size, |rows, sums| {
            let mut scores = vec![0.0; self.classes];
            let mut features = Vec::new();
            let mut mean = vec![0.0; size];
            for i in rows {
                self.scores(at, i, &mut scores);
                let label = labels[i] as usize;
                let chosen = scores[label];
                sums[0] += softmax(&mut scores) - chosen;
                let settled = scores[label] >= 1.0 - SETTLED;
                if settled {
                    continue;
                }
                mean.fill(0.0);
                for (y, p) in scores.iter().enumerate().filter(|(_, p)| **p > NEGLIGIBLE) {
                    self.features(size, i, y, &mut features);
                    for (a, x) in &features {
                        mean[*a] += p * x;
                        let row = 1 + size + a * size;
                        features.iter().for_each(|(b, z)| sums[row + b] += p * x * z);
                    }
                }
                self.features(size, i, label, &mut features);
                features.iter().for_each(|(a, x)| sums[1 + a] -= x);
                for a in 0..size {
                    sums[1 + a] += mean[a];
                    if mean[a] != 0.0 {
                        let row = 1 + size + a * size;
                        (0..=a).for_each(|b| sums[row + b] -= mean[a] * mean[b]);
                    }
                }
            }
        });
        let mut gradient = sums[1..=size].to_vec();
        let mut hessian = sums[1 + size..].to_vec();
        for a in 0..size {
            gradient[a] += RIDGE * (at[a] - origin[a]);
            hessian[a * size + a] += RIDGE;
        }
        Curvature { value: sums[0] + pull, gradient, hessian }
    }
}
