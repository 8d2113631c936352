//! Automation at a promise inside of each part: score and grid from a quarter of the fitted rows, certified on the others,
//! judged on rows that neither has seen. Looks at an item once, however often people answered it.

use crate::{
    random::Random,
    rehearsal::{
        data::{Data, NONE, Options},
        parting::{self, Parting},
        stage::Stage,
    },
    risk,
};

/// Share of the fitted rows that make score, grid and start.
const SCORE_SHARE: f64 = 0.25;
/// Strictest share of cases that the grid automates, and its points.
const COVERAGE_MIN: f64 = 0.02;
const GRID_POINTS: usize = 50;
const STREAM: u64 = 0x7072_6f6d;

/// What a promise comes to in one part.
#[derive(Debug, Clone, Default)]
pub struct Part {
    /// The least score of what is automated; `None` where nothing is.
    pub threshold: Option<f64>,
    /// Cases that certified it.
    pub certified_on: u64,
    /// Which of the judged rows are automated.
    pub automated: Vec<bool>,
}

/// What a promise comes to.
#[derive(Debug, Clone, Default)]
pub struct Kept {
    /// The promise.
    pub alpha: f64,
    /// Share that is automated, by row: a mean over the parts; NaN where the row was not judged.
    pub automated: Vec<f64>,
    /// Thresholds of the parts in which something is automated.
    pub thresholds: Vec<f64>,
    /// Cases that certified it, on average over those parts.
    pub certified_on: u64,
    /// Parts.
    pub parts: usize,
}

/// One part, for each promise.
#[must_use]
pub fn part(data: &Data, options: &Options, part: &parting::Part, at: u64) -> Vec<Part> {
    let nothing = || vec![Part { automated: vec![false; part.judge.len()], ..Part::default() }; options.alphas.len()];
    let (score, certify) = halves(data, &part.fit, options.seed, at);
    if score.is_empty() || certify.is_empty() {
        return nothing();
    }
    let rest: Vec<u32> = certify.iter().chain(&part.judge).copied().collect();
    let stage = Stage::of(data, &score, &rest);
    let confidence = |range: std::ops::Range<usize>| range.map(|row| stage.confidence(row)).collect::<Vec<f64>>();
    let wrong = |range: std::ops::Range<usize>| {
        stage.cases.get(range).unwrap_or_default().iter().map(|case| case.ai != case.truth).collect::<Vec<bool>>()
    };
    let (first, second) = (0..score.len(), score.len()..score.len() + certify.len());
    let (scores, tested) = (confidence(first.clone()), confidence(second.clone()));
    let judged = confidence(score.len() + certify.len()..stage.cases.len());
    let points = || {
        let grid = risk::grid(&scores, &risk::coverages(COVERAGE_MIN, GRID_POINTS)).ok()?;
        let elsewhere = risk::error_points(&grid, &scores, &wrong(first.clone())).ok()?;
        let points = risk::error_points(&grid, &tested, &wrong(second.clone())).ok()?;
        Some((elsewhere, points))
    };
    let Some((elsewhere, points)) = points() else { return nothing() };
    options
        .alphas
        .iter()
        .map(|alpha| {
            let promise = risk::Promise { alpha: *alpha, delta: options.delta };
            let start = risk::start(&elsewhere, score.len() as u64, certify.len() as u64, promise).ok().flatten();
            let found = start.and_then(|start| risk::fixed_sequence(&[(*alpha, &points)], start, options.delta));
            let point = found.and_then(|at| points.get(at));
            let threshold = point.map(|p| p.threshold);
            Part {
                threshold,
                certified_on: point.map_or(0, |p| p.n),
                automated: judged.iter().map(|score| threshold.is_some_and(|least| *score >= least)).collect(),
            }
        })
        .collect()
}

/// Rows for the score and rows for the certificate: one row an item, since the AI answers an item the same each time.
fn halves(data: &Data, fit: &[u32], seed: u64, at: u64) -> (Vec<u32>, Vec<u32>) {
    let mut rows: Vec<u32> = match &data.item {
        None => fit.to_vec(),
        Some(item) => {
            let mut met = vec![false; item.names.len()];
            let new = |row: &&u32| {
                let place = item.codes.get(**row as usize).and_then(|code| met.get_mut(*code as usize));
                place.is_some_and(|met| !std::mem::replace(met, true))
            };
            fit.iter().filter(new).copied().collect()
        }
    };
    rows.retain(|row| data.truth.as_ref().and_then(|t| t.get(*row as usize)).is_some_and(|t| *t != NONE));
    Random::new(seed, STREAM + at).shuffle(&mut rows);
    let score = (rows.len() as f64 * SCORE_SHARE) as usize;
    let certify = rows.split_off(score);
    (rows, certify)
}

/// All parts together.
pub fn gather<'a>(n: usize, options: &Options, parting: &Parting, parts: impl Iterator<Item = &'a [Part]>) -> Vec<Kept> {
    let mut kept: Vec<Kept> =
        options.alphas.iter().map(|alpha| Kept { alpha: *alpha, automated: vec![0.0; n], ..Kept::default() }).collect();
    let mut times = vec![0u32; n];
    for (part, of) in parting.parts.iter().zip(parts) {
        for row in &part.judge {
            if let Some(times) = times.get_mut(*row as usize) {
                *times += 1;
            }
        }
        for (kept, of) in kept.iter_mut().zip(of) {
            kept.parts += 1;
            kept.thresholds.extend(of.threshold);
            kept.certified_on += of.certified_on;
            for (row, automated) in part.judge.iter().zip(&of.automated) {
                if let Some(cell) = kept.automated.get_mut(*row as usize) {
                    *cell += f64::from(u8::from(*automated));
                }
            }
        }
    }
    for kept in &mut kept {
        kept.certified_on = kept.certified_on.checked_div(kept.thresholds.len() as u64).unwrap_or(0);
        for (cell, times) in kept.automated.iter_mut().zip(&times) {
            *cell = if *times == 0 { f64::NAN } else { *cell / f64::from(*times) };
        }
    }
    kept
}
