//! Automation at a promise inside of each part: score and grid from a quarter of the fitted rows, certified on the others,
//! judged on rows that neither has seen. Looks at an item once, however often people answered it. Prediction sets are fitted and
//! judged on the same rows: both need a score that has not seen what it is held against.

use crate::{
    conformal::{self, Conformal, Empty, Score},
    probabilities::Probabilities,
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

/// What promises and sets come to in one part, one each for every promised error.
#[derive(Debug, Clone, Default)]
pub struct Part {
    /// Automation.
    pub promises: Vec<InPart>,
    /// How many classes the set of each judged row has, and whether the truth is among them; empty where the AI gives no
    /// probabilities.
    pub sets: Vec<Vec<(u32, bool)>>,
}

/// What a promise comes to in one part.
#[derive(Debug, Clone, Default)]
pub struct InPart {
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
pub fn part(data: &Data, options: &Options, part: &parting::Part, at: u64) -> Part {
    let (score, certify) = halves(data, &part.fit, options.seed, at);
    if score.is_empty() || certify.is_empty() {
        let none = InPart { automated: vec![false; part.judge.len()], ..InPart::default() };
        return Part { promises: vec![none; options.alphas.len()], sets: Vec::new() };
    }
    let rest: Vec<u32> = certify.iter().chain(&part.judge).copied().collect();
    let stage = Stage::of(data, &score, &rest);
    let sets = if data.ai_probabilities.is_some() { sets(&stage, certify.len(), options) } else { Vec::new() };
    Part { promises: promises(&stage, certify.len(), options), sets }
}

/// Automation at each promise: the fitted rows of the stage made the score, the next `certify` certify it, the others are judged.
fn promises(stage: &Stage, certify: usize, options: &Options) -> Vec<InPart> {
    let (score, end) = (stage.fitted, stage.fitted + certify);
    let nothing = || vec![InPart { automated: vec![false; stage.cases.len() - end], ..InPart::default() }; options.alphas.len()];
    let confidence = |range: std::ops::Range<usize>| range.map(|row| stage.confidence(row)).collect::<Vec<f64>>();
    let wrong = |range: std::ops::Range<usize>| {
        stage.cases.get(range).unwrap_or_default().iter().map(|case| case.ai != case.truth).collect::<Vec<bool>>()
    };
    let (first, second) = (0..score, score..end);
    let (scores, tested) = (confidence(first.clone()), confidence(second.clone()));
    let judged = confidence(end..stage.cases.len());
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
            let start = risk::start(&elsewhere, score as u64, certify as u64, promise).ok().flatten();
            let found = start.and_then(|start| risk::fixed_sequence(&[(*alpha, &points)], start, options.delta));
            let point = found.and_then(|at| points.get(at));
            let threshold = point.map(|p| p.threshold);
            InPart {
                threshold,
                certified_on: point.map_or(0, |p| p.n),
                automated: judged.iter().map(|score| threshold.is_some_and(|least| *score >= least)).collect(),
            }
        })
        .collect()
}

/// The prediction set of every judged row, for each share of sets that may miss the truth.
fn sets(stage: &Stage, certify: usize, options: &Options) -> Vec<Vec<(u32, bool)>> {
    let (from, end) = (stage.fitted, stage.fitted + certify);
    let rows =
        |range: std::ops::Range<usize>| stage.calibrated.get(range.start * stage.classes..range.end * stage.classes).unwrap_or_default();
    let truth: Vec<u32> = stage.cases.get(from..end).unwrap_or_default().iter().map(|case| case.truth).collect();
    let Ok(known) = Probabilities::new(rows(from..end), stage.classes) else { return Vec::new() };
    let of = |fitted: &Conformal| -> Vec<(u32, bool)> {
        (end..stage.cases.len())
            .map(|row| {
                let set = fitted.set(stage.row(row), 0);
                (set.len() as u32, stage.cases.get(row).is_some_and(|case| set.contains(&case.truth)))
            })
            .collect()
    };
    let fits: Option<Vec<Conformal>> =
        options.alphas.iter().map(|alpha| conformal::fit(known, &truth, Score::Lac, *alpha, Empty::Top).ok()).collect();
    fits.map_or_else(Vec::new, |fits| fits.iter().map(of).collect())
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
pub fn gather<'a>(n: usize, options: &Options, parting: &Parting, parts: impl Iterator<Item = &'a [InPart]>) -> Vec<Kept> {
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

/// What prediction sets at one promise come to, by row: means over the parts; NaN where the row has none.
#[derive(Debug, Clone, Default)]
pub struct Sets {
    /// The share of sets that may miss the truth.
    pub alpha: f64,
    /// Whether the truth is in the set.
    pub covered: Vec<f64>,
    /// Number of classes in it.
    pub size: Vec<f64>,
    /// Whether it is one class alone.
    pub single: Vec<f64>,
}

/// The sets of all parts together; none where no part has any.
pub fn gather_sets<'a>(n: usize, options: &Options, parting: &Parting, parts: impl Iterator<Item = &'a [Vec<(u32, bool)>]>) -> Vec<Sets> {
    let empty = |alpha: &f64| Sets { alpha: *alpha, covered: vec![0.0; n], size: vec![0.0; n], single: vec![0.0; n] };
    let mut out: Vec<Sets> = options.alphas.iter().map(empty).collect();
    let mut times = vec![0u32; n];
    for (part, of) in parting.parts.iter().zip(parts).filter(|(_, of)| !of.is_empty()) {
        for (place, row) in part.judge.iter().enumerate() {
            let row = *row as usize;
            if let Some(times) = times.get_mut(row) {
                *times += 1;
            }
            for (sets, of) in out.iter_mut().zip(of) {
                let Some((size, covered)) = of.get(place) else { continue };
                let values = [
                    (&mut sets.covered, f64::from(u8::from(*covered))),
                    (&mut sets.size, f64::from(*size)),
                    (&mut sets.single, f64::from(u8::from(*size == 1))),
                ];
                for (column, value) in values {
                    if let Some(cell) = column.get_mut(row) {
                        *cell += value;
                    }
                }
            }
        }
    }
    if times.iter().all(|times| *times == 0) {
        return Vec::new();
    }
    for column in out.iter_mut().flat_map(|sets| [&mut sets.covered, &mut sets.size, &mut sets.single]) {
        for (cell, times) in column.iter_mut().zip(&times) {
            *cell = if *times == 0 { f64::NAN } else { *cell / f64::from(*times) };
        }
    }
    out
}
