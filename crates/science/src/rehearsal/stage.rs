//! [`Stage`]: the rows of one fit as the methods see them: the AI recalibrated on the fitted rows only. Chooses nothing.

use crate::{
    calibration::{self, Calibration},
    math,
    probabilities::Probabilities,
    rehearsal::data::{Data, NONE},
};

pub use crate::calibration::PROBABILITY_MIN;

/// A person's stated probability is no nearer to 0 or 1 than this.
const STATED_MIN: f64 = 0.01;
/// Added to every cell of a confusion matrix: a zero would veto a class.
pub const SMOOTHING: f64 = 0.1;

/// One row as the methods see it.
#[derive(Debug, Clone, Copy)]
pub struct Case {
    /// What was right.
    pub truth: u32,
    /// The AI's answer.
    pub ai: u32,
    /// The person's answer, or [`NONE`].
    pub human: u32,
    /// What the person says on a scale without end: log odds of the positive class, for two classes.
    pub said: f64,
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
            .map(|row| Case {
                truth: label(&data.truth, *row),
                ai: label(&data.ai, *row),
                human: label(&data.human, *row),
                said: said(data, *row),
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

/// What a person said as log odds; for a label without confidence one unit to its side.
fn said(data: &Data, row: u32) -> f64 {
    let of = |values: &Option<Vec<f64>>| values.as_ref().and_then(|v| v.get(row as usize)).copied().unwrap_or(f64::NAN);
    let stated = of(&data.human_probability);
    if !stated.is_nan() {
        return math::logit(stated.clamp(STATED_MIN, 1.0 - STATED_MIN));
    }
    let side = match data.human.as_ref().and_then(|h| h.get(row as usize)) {
        Some(1) => 1.0,
        Some(0) => -1.0,
        _ => 0.0,
    };
    let confidence = of(&data.human_confidence);
    if confidence.is_nan() { side } else { side * confidence }
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
#[must_use]
pub fn counts(classes: usize, pairs: impl Iterator<Item = (u32, u32)>) -> Vec<f64> {
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
#[must_use]
pub fn normalised(counts: &[f64], classes: usize) -> Vec<f64> {
    let mut out = counts.to_vec();
    for row in out.chunks_exact_mut(classes) {
        let total: f64 = row.iter().sum();
        row.iter_mut().for_each(|v| *v /= total);
    }
    out
}
