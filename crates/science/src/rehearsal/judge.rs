//! Fitting on the one part and judging on the other, for every part: [`Judged`] holds what each row got from each way to decide,
//! as means over the parts in which it was judged. Draws no interval.

use crate::{
    combination, math,
    probabilities::top,
    random::Random,
    rehearsal::{
        combine::{self, Combined},
        data::{Data, NONE, Options},
        findings::Split,
        methods::{Costs, Method},
        parting::{Part, Parting},
        promise::{self, Kept, Sets},
        routes::Routes,
        stage::{PROBABILITY_MIN, Stage},
    },
};
use rayon::prelude::*;
use std::collections::BTreeMap;

/// A figure of what was judged of a row.
type Figure<'f, T> = &'f dyn Fn(usize, &T) -> f64;

/// More rows than this teach nothing more: nothing that is fitted here has more than some dozens of numbers.
const FIT_ROWS_MAX: usize = 200_000;
const STREAM: u64 = 0x6669_7474;

/// What one decider did in each row; NaN where it was not judged.
#[derive(Debug, Clone, Default)]
pub struct Player {
    /// Share of right answers.
    pub right: Vec<f64>,
    /// Cost, errors only.
    pub cost: Vec<f64>,
    /// Share that nobody looked at.
    pub automated: Vec<f64>,
    /// The last answer that was judged.
    pub answer: Vec<u32>,
    /// What its probabilities were worth, where it has any.
    pub scores: Option<Scored>,
}

/// What probabilities were worth in each row; NaN where it was not judged.
#[derive(Debug, Clone, Default)]
pub struct Scored {
    /// Probability of the own answer.
    pub confidence: Vec<f64>,
    /// Brier score.
    pub brier: Vec<f64>,
    /// Log loss.
    pub log_loss: Vec<f64>,
    /// Probability of the second class, for two classes.
    pub positive: Vec<f64>,
}

/// Everything that was judged.
#[derive(Debug)]
pub struct Judged {
    /// The AI recalibrated.
    pub ai: Player,
    /// The achievable pair; `None` where nobody answered alone.
    pub achieved: Option<Player>,
    /// Each way to choose who decides; `None` for one that could be fitted in no part.
    pub routes: Vec<(Method, Option<Player>)>,
    /// Automation at each promise.
    pub promises: Vec<Kept>,
    /// Prediction sets at each promise.
    pub sets: Vec<Sets>,
    /// How often each method was chosen for the achievable pair.
    pub chosen: BTreeMap<combination::Method, usize>,
    /// Accuracies part by part, where the parts are stored splits.
    pub splits: Vec<Split>,
}

/// What one part gives for its judged rows, in their order.
struct Of {
    ai: Vec<(Given, Scores)>,
    achieved: Vec<(Given, Scores)>,
    routes: Vec<Vec<Given>>,
    kept: promise::Part,
    choice: Option<combination::Method>,
    split: Option<Split>,
}

/// What a decider gives in one row.
#[derive(Debug, Clone, Copy)]
struct Given {
    label: u32,
    automated: bool,
}

/// What the probabilities of one row are worth.
#[derive(Debug, Clone, Copy)]
struct Scores {
    confidence: f64,
    brier: f64,
    log_loss: f64,
    positive: f64,
}

const NOTHING: Given = Given { label: NONE, automated: false };
const UNSCORED: Scores = Scores { confidence: f64::NAN, brier: f64::NAN, log_loss: f64::NAN, positive: f64::NAN };

/// Judges everything; `tick` is called after each part.
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
    let mut chosen = BTreeMap::new();
    for method in parts.iter().filter_map(|of| of.choice) {
        *chosen.entry(method).or_insert(0) += 1;
    }
    let gathering = Gathering { data, costs, parting };
    let scored = |column: &dyn Fn(&Of) -> &[(Given, Scores)]| gathering.scored(&parts.iter().map(column).collect::<Vec<_>>());
    let route = |at: usize| {
        let player = gathering.plain(&parts.iter().map(|of| of.routes.get(at).map_or(&[][..], Vec::as_slice)).collect::<Vec<_>>());
        player.right.iter().any(|v| !v.is_nan()).then_some(player)
    };
    Judged {
        ai: scored(&|of| &of.ai),
        achieved: (!chosen.is_empty()).then(|| scored(&|of| &of.achieved)),
        routes: Method::ROUTES.iter().enumerate().map(|(at, method)| (*method, route(at))).collect(),
        promises: promise::gather(data.len(), options, parting, parts.iter().map(|of| of.kept.promises.as_slice())),
        sets: promise::gather_sets(data.len(), options, parting, parts.iter().map(|of| of.kept.sets.as_slice())),
        chosen,
        splits: parts.iter().filter_map(|of| of.split.clone()).collect(),
    }
}

/// One part.
fn one(data: &Data, options: &Options, costs: &Costs, part: &Part, at: u64) -> Of {
    let fit = combine::some(part.fit.clone(), FIT_ROWS_MAX, &mut Random::new(options.seed, STREAM + at));
    let stage = Stage::of(data, &fit, &part.judge);
    let judged = stage.fitted..stage.cases.len();
    let ai: Vec<(Given, Scores)> = judged.clone().map(|row| said(&stage, row, stage.row(row), true)).collect();
    let combined = combine::combine(data, &stage, options.seed, at);
    let achieved = combined.as_ref().map_or_else(Vec::new, |combined| pair(&stage, combined));
    let routes = Routes::fit(&stage, costs, combined.as_ref().map_or(&[][..], |combined| &combined.crossed));
    let together = |row: usize| achieved.get(row - stage.fitted).map_or(NONE, |(given, _)| given.label);
    let taken = |method: &Method| {
        let of = |row: usize| routes.take(*method, &stage, row, together(row));
        let given: Vec<Given> =
            judged.clone().map(|row| of(row).map_or(NOTHING, |t| Given { label: t.label, automated: t.automated })).collect();
        if given.iter().any(|given| given.label != NONE) { given } else { Vec::new() }
    };
    let routes = Method::ROUTES.iter().map(taken).collect();
    let split = (!data.splits.is_empty()).then(|| split(&stage, &ai, &achieved));
    Of { ai, routes, kept: promise::part(data, options, part, at), choice: combined.map(|combined| combined.method), split, achieved }
}

/// What the achievable pair gives for each judged row.
fn pair(stage: &Stage, combined: &Combined) -> Vec<(Given, Scores)> {
    let mut out = vec![(NOTHING, UNSCORED); stage.cases.len() - stage.fitted];
    for (row, probabilities) in combined.rows.iter().zip(combined.table.view().rows()) {
        if let Some(cell) = row.checked_sub(stage.fitted).and_then(|place| out.get_mut(place)) {
            *cell = said(stage, *row, probabilities, false);
        }
    }
    out
}

/// Accuracies on the judged rows of one part.
fn split(stage: &Stage, ai: &[(Given, Scores)], achieved: &[(Given, Scores)]) -> Split {
    let cases = stage.cases.get(stage.fitted..).unwrap_or_default();
    let share = |labels: &mut dyn Iterator<Item = u32>| {
        let (right, n) = labels
            .zip(cases)
            .filter(|(label, _)| *label != NONE)
            .fold((0u64, 0u64), |(right, n), (label, case)| (right + u64::from(label == case.truth), n + 1));
        (n > 0).then(|| right as f64 / n as f64)
    };
    Split {
        n: cases.len() as u64,
        human: share(&mut cases.iter().map(|case| case.human)),
        ai: share(&mut cases.iter().map(|case| case.ai)),
        ai_recalibrated: share(&mut ai.iter().map(|(given, _)| given.label)),
        observed_pair: share(&mut cases.iter().map(|case| case.advised)),
        achievable_pair: share(&mut achieved.iter().map(|(given, _)| given.label)),
    }
}

/// The likeliest answer of probabilities, and what they are worth.
fn said(stage: &Stage, row: usize, probabilities: &[f64], automated: bool) -> (Given, Scores) {
    let truth = stage.cases.get(row).map_or(NONE, |case| case.truth);
    let label = top(probabilities).0;
    let of = |class: u32| probabilities.get(class as usize).copied().unwrap_or(0.0);
    let scores = Scores {
        confidence: of(label),
        brier: brier(probabilities, truth),
        log_loss: -math::ln(of(truth).max(PROBABILITY_MIN)),
        positive: if probabilities.len() == 2 { of(1) } else { f64::NAN },
    };
    (Given { label, automated }, scores)
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

/// Puts the rows of all parts together, as means over the parts in which a row was judged.
struct Gathering<'a> {
    data: &'a Data,
    costs: &'a Costs,
    parting: &'a Parting,
}

impl Gathering<'_> {
    fn plain(&self, parts: &[&[Given]]) -> Player {
        let columns = self.means(parts, |given| given.label != NONE, &[&|_, given| f64::from(u8::from(given.automated))]);
        self.player(columns, parts, |given| *given)
    }

    fn scored(&self, parts: &[&[(Given, Scores)]]) -> Player {
        let known = |(given, _): &(Given, Scores)| given.label != NONE;
        let columns = self.means(parts, known, &[&|_, (given, _)| f64::from(u8::from(given.automated))]);
        let mut player = self.player(columns, parts, |(given, _)| *given);
        let mut columns = self
            .means(parts, known, &[&|_, (_, s)| s.confidence, &|_, (_, s)| s.brier, &|_, (_, s)| s.log_loss, &|_, (_, s)| s.positive])
            .into_iter();
        let mut next = || columns.next().unwrap_or_default();
        player.scores = Some(Scored { confidence: next(), brier: next(), log_loss: next(), positive: next() });
        player
    }

    /// Right answers, cost and answers, beside what is automated.
    fn player<T>(&self, automated: Vec<Vec<f64>>, parts: &[&[T]], given: impl Fn(&T) -> Given) -> Player {
        let classes = self.data.classes.len();
        let truth = |row: usize| self.data.truth.as_ref().and_then(|t| t.get(row)).copied().unwrap_or(NONE);
        let right = |row: usize, one: &T| f64::from(u8::from(given(one).label == truth(row)));
        let cost = |row: usize, one: &T| self.costs.of(classes, truth(row), given(one).label);
        let mut columns = self.means(parts, |one| given(one).label != NONE, &[&right, &cost]).into_iter();
        let mut next = || columns.next().unwrap_or_default();
        let (right, cost) = (next(), next());
        let mut answer = vec![NONE; self.data.len()];
        for (part, judged) in self.parting.parts.iter().zip(parts) {
            for (row, one) in part.judge.iter().zip(*judged) {
                let label = given(one).label;
                if let Some(cell) = answer.get_mut(*row as usize).filter(|_| label != NONE) {
                    *cell = label;
                }
            }
        }
        Player { right, cost, automated: automated.into_iter().next().unwrap_or_default(), answer, scores: None }
    }

    /// Means over the parts in which a row was judged, a column each of `of`.
    fn means<T>(&self, parts: &[&[T]], known: impl Fn(&T) -> bool, of: &[Figure<'_, T>]) -> Vec<Vec<f64>> {
        let n = self.data.len();
        let mut columns = vec![vec![0.0; n]; of.len()];
        let mut times = vec![0u32; n];
        for (part, judged) in self.parting.parts.iter().zip(parts) {
            for (row, one) in part.judge.iter().zip(*judged).filter(|(_, one)| known(one)) {
                let row = *row as usize;
                for (column, of) in columns.iter_mut().zip(of) {
                    if let Some(cell) = column.get_mut(row) {
                        *cell += of(row, one);
                    }
                }
                if let Some(times) = times.get_mut(row) {
                    *times += 1;
                }
            }
        }
        for column in &mut columns {
            for (value, times) in column.iter_mut().zip(&times) {
                *value = if *times == 0 { f64::NAN } else { *value / f64::from(*times) };
            }
        }
        columns
    }
}
