//! Fitting on the one part and judging on the other, for every part: [`Judged`] holds what each row got from each method, as
//! means over the parts in which it was judged. Draws no interval.

use crate::{
    math,
    probabilities::top,
    rehearsal::{
        data::{Data, NONE, Options},
        methods::{Costs, Fitted, Method},
        parting::{Part, Parting, by_folds},
        promise::{self, Kept},
        stage::{PROBABILITY_MIN, Stage},
    },
};
use rayon::prelude::*;
use std::collections::BTreeMap;

/// Folds inside of a part in which the method of the achievable pair is chosen.
const CHOICE_FOLDS: usize = 3;
/// More rows than this choose no better.
const CHOICE_ROWS_MAX: usize = 50_000;
/// Combinations among which the achievable pair is chosen by log loss, the simplest first; a deferral takes its place where it is
/// clearly right more often.
const COMBINATIONS: [Method; 2] = [Method::Bayes, Method::Logistic];

/// What one decider did in each row; NaN where it was not judged.
#[derive(Debug, Clone, Default)]
pub struct Player {
    /// Share of right answers.
    pub right: Vec<f64>,
    /// Cost, errors only.
    pub cost: Vec<f64>,
    /// Share that nobody looked at.
    pub automated: Vec<f64>,
    /// Probability of its own answer; empty where it has none.
    pub confidence: Vec<f64>,
    /// Brier score.
    pub brier: Vec<f64>,
    /// Log loss.
    pub log_loss: Vec<f64>,
    /// Probability of the second class, for two classes.
    pub positive: Vec<f64>,
    /// The last answer that was judged.
    pub answer: Vec<u32>,
}

/// Everything that was judged.
#[derive(Debug)]
pub struct Judged {
    /// The AI recalibrated.
    pub ai: Player,
    /// The best combination by past cases.
    pub achieved: Option<Player>,
    /// Each method.
    pub methods: Vec<(Method, Player)>,
    /// Automation at each promise.
    pub promises: Vec<Kept>,
    /// How often each method was chosen for the achievable pair.
    pub chosen: BTreeMap<Method, usize>,
}

/// What one part gives for its judged rows, in their order.
struct Of {
    players: Vec<Vec<Given>>,
    kept: Vec<promise::Part>,
    choice: Option<Method>,
}

/// What a decider gives in one row.
#[derive(Debug, Clone, Copy)]
struct Given {
    label: u32,
    automated: bool,
    confidence: f64,
    brier: f64,
    log_loss: f64,
    positive: f64,
}

const NOTHING: Given =
    Given { label: NONE, automated: false, confidence: f64::NAN, brier: f64::NAN, log_loss: f64::NAN, positive: f64::NAN };

/// Judges everything.
#[must_use]
pub fn judge(data: &Data, options: &Options, costs: &Costs, parting: &Parting, tick: &(dyn Fn() + Sync)) -> Judged {
    let parts: Vec<Of> = parting
        .parts
        .par_iter()
        .enumerate()
        .map(|(at, part)| {
            let of = one(data, options, costs, part, at as u64);
            tick();
            of
        })
        .collect();
    let player = |at: usize| gather(data, costs, parting, parts.iter().map(|of| of.players.get(at).map_or(&[][..], Vec::as_slice)));
    let mut chosen = BTreeMap::new();
    for method in parts.iter().filter_map(|of| of.choice) {
        *chosen.entry(method).or_insert(0) += 1;
    }
    let methods: Vec<(Method, Player)> = Method::ALL.iter().enumerate().map(|(at, method)| (*method, player(at + 2))).collect();
    Judged {
        ai: player(0),
        achieved: (!chosen.is_empty()).then(|| player(1)),
        methods: methods.into_iter().filter(|(_, player)| player.right.iter().any(|v| !v.is_nan())).collect(),
        promises: promise::gather(data.len(), options, parting, parts.iter().map(|of| of.kept.as_slice())),
        chosen,
    }
}

/// One part.
fn one(data: &Data, options: &Options, costs: &Costs, part: &Part, at: u64) -> Of {
    let stage = Stage::of(data, &part.fit, &part.judge);
    let judged = stage.fitted..stage.cases.len();
    let ai: Vec<Given> = judged.clone().map(|row| recalibrated(&stage, row)).collect();
    let choice = choose(data, costs, part, options.seed, at);
    let mut players = vec![ai, Vec::new()];
    for method in Method::ALL {
        let fitted = Fitted::of(method, &stage, costs);
        let given: Vec<Given> = fitted.map_or_else(Vec::new, |fitted| judged.clone().map(|row| given(&fitted, &stage, row)).collect());
        if choice == Some(method)
            && let Some(place) = players.get_mut(1)
        {
            place.clone_from(&given);
        }
        players.push(given);
    }
    Of { players, kept: promise::part(data, options, part, at), choice }
}

fn recalibrated(stage: &Stage, row: usize) -> Given {
    let probabilities = stage.row(row);
    let truth = stage.cases.get(row).map_or(NONE, |case| case.truth);
    scored(top(probabilities).0, true, probabilities, truth)
}

fn given(fitted: &Fitted, stage: &Stage, row: usize) -> Given {
    let Some(answer) = fitted.answer(stage, row) else { return NOTHING };
    let truth = stage.cases.get(row).map_or(NONE, |case| case.truth);
    scored(answer.label, answer.automated, &answer.probabilities, truth)
}

fn scored(label: u32, automated: bool, probabilities: &[f64], truth: u32) -> Given {
    if probabilities.is_empty() {
        return Given { label, automated, ..NOTHING };
    }
    let of = |class: u32| probabilities.get(class as usize).copied().unwrap_or(0.0);
    Given {
        label,
        automated,
        confidence: of(label),
        brier: brier(probabilities, truth),
        log_loss: -math::ln(of(truth).max(PROBABILITY_MIN)),
        positive: if probabilities.len() == 2 { of(1) } else { f64::NAN },
    }
}

/// The squared distance to the truth: of two classes by the second one's probability, of more summed over all.
#[must_use]
pub fn brier(probabilities: &[f64], truth: u32) -> f64 {
    if let [_, p] = probabilities {
        let y = f64::from(u8::from(truth == 1));
        return (p - y) * (p - y);
    }
    probabilities
        .iter()
        .enumerate()
        .map(|(class, p)| {
            let d = p - f64::from(u8::from(class == truth as usize));
            d * d
        })
        .sum()
}

/// The combination with the lowest log loss inside of the fitted rows, items kept together, or the deferral where it is clearly right
/// more often.
fn choose(data: &Data, costs: &Costs, part: &Part, seed: u64, at: u64) -> Option<Method> {
    let step = part.fit.len().div_ceil(CHOICE_ROWS_MAX).max(1);
    let rows: Vec<u32> = part.fit.iter().copied().step_by(step).collect();
    let codes: Option<Vec<u32>> =
        data.item.as_ref().map(|item| rows.iter().map(|row| item.codes.get(*row as usize).copied().unwrap_or(0)).collect());
    let item = codes.as_ref().map(|codes| (codes.as_slice(), data.item.as_ref().map_or(0, |item| item.names.len())));
    let folds = by_folds(rows.len(), item, CHOICE_FOLDS, seed ^ (at + 1).wrapping_mul(0x9e37_79b9));
    // Log loss of each combination, and whether each candidate was right, row by row; `None` for one that does not apply.
    let mut losses: Vec<Option<f64>> = vec![Some(0.0); COMBINATIONS.len()];
    let mut hits: Vec<Option<Vec<bool>>> = vec![Some(Vec::new()); COMBINATIONS.len() + 1];
    for fold in &folds {
        let pick = |of: &[u32]| of.iter().filter_map(|i| rows.get(*i as usize).copied()).collect::<Vec<u32>>();
        let stage = Stage::of(data, &pick(&fold.fit), &pick(&fold.judge));
        for (at, method) in COMBINATIONS.iter().chain([&Method::Threshold]).enumerate() {
            let Some(fitted) = Fitted::of(*method, &stage, costs) else {
                losses.iter_mut().skip(at).take(1).for_each(|loss| *loss = None);
                hits.iter_mut().skip(at).take(1).for_each(|hits| *hits = None);
                continue;
            };
            for (row, case) in stage.cases.iter().enumerate().skip(stage.fitted) {
                let Some(answer) = fitted.answer(&stage, row) else { continue };
                let p = answer.probabilities.get(case.truth as usize).copied().unwrap_or(0.0).max(PROBABILITY_MIN);
                if let Some(Some(loss)) = losses.get_mut(at) {
                    *loss -= math::ln(p);
                }
                if let Some(Some(hits)) = hits.get_mut(at) {
                    hits.push(answer.label == case.truth);
                }
            }
        }
    }
    preferred(&losses, &hits)
}

/// The combination with the lowest log loss, or the deferral (the last of `hits`) where it is clearly right more often.
fn preferred(losses: &[Option<f64>], hits: &[Option<Vec<bool>>]) -> Option<Method> {
    let combinations = losses.iter().enumerate().filter_map(|(at, loss)| Some((at, (*loss)?)));
    let best = combinations.fold(None, |best: Option<(usize, f64)>, (at, loss)| match best {
        Some((_, least)) if least <= loss => best,
        _ => Some((at, loss)),
    });
    let combined = best.and_then(|(at, _)| Some((*COMBINATIONS.get(at)?, hits.get(at)?.as_ref()?)));
    let deferred = hits.last().and_then(Option::as_ref);
    match (combined, deferred) {
        (Some((_, combined)), Some(deferred)) if clearly(deferred, combined) => Some(Method::Threshold),
        (Some((method, _)), _) => Some(method),
        (None, Some(_)) => Some(Method::Threshold),
        (None, None) => None,
    }
}

/// Standard errors of the paired difference by which the deferral must be right more often: a combination is not left for noise.
const CLEAR_ERRORS: f64 = 2.0;

/// Whether the first was clearly right more often.
fn clearly(first: &[bool], second: &[bool]) -> bool {
    let (mut more, mut less) = (0.0, 0.0);
    for (a, b) in first.iter().zip(second) {
        more += f64::from(u8::from(*a && !*b));
        less += f64::from(u8::from(*b && !*a));
    }
    more - less > CLEAR_ERRORS * math::sqrt(more + less)
}

/// Puts the rows of all parts together, as means over the parts in which a row was judged.
fn gather<'a>(data: &Data, costs: &Costs, parting: &Parting, parts: impl Iterator<Item = &'a [Given]>) -> Player {
    let n = data.len();
    let classes = data.classes.len();
    let zero = || vec![0.0; n];
    let mut player = Player {
        right: zero(),
        cost: zero(),
        automated: zero(),
        confidence: zero(),
        brier: zero(),
        log_loss: zero(),
        positive: zero(),
        answer: vec![NONE; n],
    };
    let mut times = vec![0u32; n];
    for (part, given) in parting.parts.iter().zip(parts) {
        for (row, given) in part.judge.iter().zip(given).filter(|(_, given)| given.label != NONE) {
            let row = *row as usize;
            let truth = data.truth.as_ref().and_then(|t| t.get(row)).copied().unwrap_or(NONE);
            let cost = costs.errors.get(truth as usize * classes + given.label as usize).copied().unwrap_or(0.0);
            let values = [
                (&mut player.right, f64::from(u8::from(given.label == truth))),
                (&mut player.cost, cost),
                (&mut player.automated, f64::from(u8::from(given.automated))),
                (&mut player.confidence, given.confidence),
                (&mut player.brier, given.brier),
                (&mut player.log_loss, given.log_loss),
                (&mut player.positive, given.positive),
            ];
            for (column, value) in values {
                if let Some(cell) = column.get_mut(row) {
                    *cell += value;
                }
            }
            if let (Some(answer), Some(times)) = (player.answer.get_mut(row), times.get_mut(row)) {
                *answer = given.label;
                *times += 1;
            }
        }
    }
    let columns = [
        &mut player.right,
        &mut player.cost,
        &mut player.automated,
        &mut player.confidence,
        &mut player.brier,
        &mut player.log_loss,
        &mut player.positive,
    ];
    for column in columns {
        for (value, times) in column.iter_mut().zip(&times) {
            *value = if *times == 0 { f64::NAN } else { *value / f64::from(*times) };
        }
    }
    player
}
