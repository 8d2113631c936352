//! [`Stage`]: the rows of one fit as the methods see them: the AI recalibrated on the fitted rows only. Chooses nothing.

use crate::{
    calibration::{self, Calibration},
    combination::SMOOTHING,
    math,
    probabilities::Probabilities,
    rehearsal::data::{Data, NONE},
};

pub use crate::calibration::PROBABILITY_MIN;

/// A person's stated probability counts as no nearer to 0 or 1 than this.
const STATED_MIN: f64 = 0.01;

/// One row as the methods see it.
#[derive(Debug, Clone, Copy)]
pub struct Case {
    /// Its number in the data.
    pub row: u32,
    /// What was right.
    pub truth: u32,
    /// The AI's answer.
    pub ai: u32,
    /// The person's own answer, or [`NONE`].
    pub human: u32,
    /// The person's answer after advice, or [`NONE`].
    pub advised: u32,
    /// Who decides what the AI does not: the person's own answer where such are known, else the one after advice; or [`NONE`].
    pub rest: u32,
    /// How sure the person was of the own answer: log-odds where a probability was said, else the confidence as it was given; NaN
    /// where not known.
    pub confidence: f64,
}

/// The rows of one fit: those that are fitted on first, then those that are judged.
#[derive(Debug)]
pub struct Stage {
    /// Number of classes.
    pub classes: usize,
    /// The rows.
    pub cases: Vec<Case>,
    /// How many of them are fitted on.
    pub fitted: usize,
    /// The AI's recalibrated probabilities, a row of `classes` each.
    pub calibrated: Vec<f64>,
}

impl Stage {
    /// The rows of a fit, with the AI recalibrated on `fit`.
    #[must_use]
    pub fn of(data: &Data, fit: &[u32], judge: &[u32]) -> Self {
        let classes = data.classes.len();
        let label = |labels: &Option<Vec<u32>>, row: u32| labels.as_ref().and_then(|l| l.get(row as usize)).copied().unwrap_or(NONE);
        let rows: Vec<u32> = fit.iter().chain(judge).copied().collect();
        let cases: Vec<Case> = rows
            .iter()
            .map(|row| {
                let (human, advised) = (label(&data.human, *row), label(&data.observed, *row));
                Case {
                    row: *row,
                    truth: label(&data.truth, *row),
                    ai: label(&data.ai, *row),
                    human,
                    advised,
                    rest: if data.human.is_some() { human } else { advised },
                    confidence: confidence(data, *row, human),
                }
            })
            .collect();
        let raw = data.ai_probabilities.as_ref().map(|p| {
            let row = |row: &u32| p.get(*row as usize * classes..(*row as usize + 1) * classes).unwrap_or_default().iter().copied();
            rows.iter().flat_map(row).collect::<Vec<f64>>()
        });
        let calibrated = calibrated(classes, &cases, fit.len(), raw);
        Self { classes, cases, fitted: fit.len(), calibrated }
    }

    /// The AI's recalibrated probabilities in a row.
    #[must_use]
    pub fn row(&self, at: usize) -> &[f64] {
        self.calibrated.get(at * self.classes..(at + 1) * self.classes).unwrap_or_default()
    }

    /// The rows that are fitted on.
    #[must_use]
    pub fn fit(&self) -> &[Case] {
        self.cases.get(..self.fitted).unwrap_or_default()
    }

    /// The probability that the AI's own answer is right.
    #[must_use]
    pub fn confidence(&self, at: usize) -> f64 {
        let answer = self.cases.get(at).map_or(0, |case| case.ai as usize);
        self.row(at).get(answer).copied().unwrap_or(0.0)
    }
}

/// How sure a person was of their own answer.
fn confidence(data: &Data, row: u32, human: u32) -> f64 {
    let of = |values: &Option<Vec<f64>>| values.as_ref().and_then(|v| v.get(row as usize)).copied().unwrap_or(f64::NAN);
    let stated = of(&data.human_probability);
    if stated.is_nan() {
        return of(&data.human_confidence);
    }
    let odds = math::logit(stated.clamp(STATED_MIN, 1.0 - STATED_MIN));
    if human == 1 { odds } else { -odds }
}

fn calibrated(classes: usize, cases: &[Case], fitted: usize, raw: Option<Vec<f64>>) -> Vec<f64> {
    let fit = cases.get(..fitted).unwrap_or_default();
    let Some(mut values) = raw else {
        // Only labels: how often each truth stood behind the AI's answer.
        let counts = counts(classes, fit.iter().map(|case| (case.ai, case.truth)));
        let rows = normalised(&counts, classes);
        let of = |case: &Case| rows.get(case.ai as usize * classes..(case.ai as usize + 1) * classes).unwrap_or_default().to_vec();
        return cases.iter().flat_map(of).collect();
    };
    let labels: Vec<u32> = fit.iter().map(|case| case.truth).collect();
    let method = if classes == 2 { calibration::Method::Platt } else { calibration::Method::Temperature };
    let known = values.get(..fitted * classes).unwrap_or_default();
    let map = Probabilities::new(known, classes).and_then(|p| Calibration::fit(method, p, &labels));
    // Where it cannot be fitted (one class only), the AI stays as it is.
    if let Ok(map) = map {
        values.chunks_exact_mut(classes).for_each(|row| map.apply_row(row));
    }
    values
}

/// Counts of pairs, `[first][second]`, with [`SMOOTHING`] in every cell.
fn counts(classes: usize, pairs: impl Iterator<Item = (u32, u32)>) -> Vec<f64> {
    let mut out = vec![SMOOTHING; classes * classes];
    for (first, second) in pairs {
        if first == NONE || second == NONE {
            continue;
        }
        if let Some(cell) = out.get_mut(first as usize * classes + second as usize) {
            *cell += 1.0;
        }
    }
    out
}

/// Each row divided by its sum.
fn normalised(counts: &[f64], classes: usize) -> Vec<f64> {
    let mut out = counts.to_vec();
    for row in out.chunks_exact_mut(classes) {
        let total: f64 = row.iter().sum();
        row.iter_mut().for_each(|v| *v /= total);
    }
    out
}
