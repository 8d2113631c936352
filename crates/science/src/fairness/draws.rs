//! The bootstrap: tables drawn again from their cells, or from their clusters, and what becomes of gaps in each. Reports nothing.

use super::{
    chance::quantile,
    clusters::{Spread, Units, joint_variance},
    measure::Plan,
    metric::{Metric, TALLY, Tally},
};
use crate::{math::sqrt, random::Random, sample::multinomial};
use rayon::prelude::*;

const CHUNK_DRAWS: usize = 32;
const METRICS: usize = Metric::ALL.len();

/// Above so many compared groups the critical value is Bonferroni's: pairs grow with the square.
pub(super) const STUDENTISED_GROUPS_MAX: usize = 64;

/// What is drawn: by cells, or by one or two kinds of clusters.
pub(super) enum Source<'a> {
    /// Rows are independent: the filled cells as (place by group, answers of each decider), with their rows.
    Rows { weights: Vec<u64>, places: Vec<Vec<(usize, usize)>> },
    /// Clusters, with the sums that tell the variance of each rate.
    Clusters { units: &'a [Units], spreads: &'a [Vec<Spread>] },
}

impl Source<'_> {
    /// The cells of a table.
    pub(super) fn rows(plan: &Plan<'_>) -> Self {
        let (mut weights, mut places) = (Vec::new(), Vec::new());
        for (group, pattern, rows) in plan.cells.filled() {
            weights.push(rows);
            places.push(
                (0..plan.deciders).filter_map(|decider| Some((decider * plan.groups + group, pattern.tally_index(decider)?))).collect(),
            );
        }
        Self::Rows { weights, places }
    }
}

/// What the draws say.
pub(super) struct Drawn {
    /// By decider and metric: the value that the largest studentised difference between two groups keeps below in `level` of
    /// the draws.
    pub critical: Vec<Option<f64>>,
    /// The same for true and false positive rates together, by decider.
    pub critical_odds: Vec<Option<f64>>,
    /// By decider and metric: each draw's rate of the observed highest group less that of the observed lowest one.
    pub gaps: Vec<Vec<f64>>,
}

/// What each draw is asked: for a decider and a metric the compared groups, and the observed rates with their variances.
#[derive(Debug, Clone, Default)]
pub(super) struct Question {
    /// Compared groups with their rates.
    pub groups: Vec<(usize, f64)>,
    /// Of every pair of them, in order, 1 / standard error of the difference.
    pub precision: Vec<f64>,
    /// Lowest and highest of them.
    pub ends: Option<(usize, usize)>,
}

/// One draw's answer to one question.
#[derive(Debug, Clone, Copy)]
struct Answer {
    studentised: f64,
    gap: f64,
}

pub(super) fn draw(plan: &Plan<'_>, source: &Source<'_>, questions: &[Question]) -> Drawn {
    let draws = plan.options.draws;
    let answers: Vec<Vec<Answer>> = (0..draws.div_ceil(CHUNK_DRAWS))
        .into_par_iter()
        .flat_map_iter(|chunk| {
            let mut work = Work::new(plan);
            (chunk * CHUNK_DRAWS..draws.min((chunk + 1) * CHUNK_DRAWS))
                .map(|draw| {
                    work.rates(plan, source, draw as u64);
                    questions.iter().enumerate().map(|(at, question)| work.answer(plan, at, question)).collect()
                })
                .collect::<Vec<Vec<Answer>>>()
        })
        .collect();
    let series = |at: usize, value: fn(&Answer) -> f64| -> Vec<f64> { answers.iter().filter_map(|all| all.get(at)).map(value).collect() };
    let level = plan.options.level;
    let critical = questions
        .iter()
        .enumerate()
        .map(|(at, question)| (!question.precision.is_empty()).then(|| quantile(&mut series(at, |a| a.studentised), level)))
        .collect();
    let critical_odds = (0..plan.deciders)
        .map(|decider| {
            let (hits, alarms) =
                (decider * METRICS + Metric::TruePositiveRate.index(), decider * METRICS + Metric::FalsePositiveRate.index());
            let studentised = |at: usize| questions.get(at).is_some_and(|question| !question.precision.is_empty());
            (studentised(hits) && studentised(alarms)).then(|| {
                let (hits, alarms) = (series(hits, |a| a.studentised), series(alarms, |a| a.studentised));
                quantile(&mut hits.iter().zip(&alarms).map(|(a, b)| a.max(*b)).collect::<Vec<_>>(), level)
            })
        })
        .collect();
    let gaps = (0..questions.len()).map(|at| series(at, |a| a.gap)).collect();
    Drawn { critical, critical_odds, gaps }
}

/// Space that the draws of a chunk share.
struct Work {
    counts: Vec<u64>,
    tallies: Vec<Tally>,
    /// By decider, metric and group; NaN of no rows.
    rates: Vec<f64>,
}

impl Work {
    fn new(plan: &Plan<'_>) -> Self {
        let places = plan.deciders * plan.groups;
        Self { counts: Vec::new(), tallies: vec![[0; TALLY]; places], rates: vec![f64::NAN; places * METRICS] }
    }

    fn rates(&mut self, plan: &Plan<'_>, source: &Source<'_>, draw: u64) {
        match source {
            Source::Rows { weights, places } => {
                let mut random = Random::new(plan.options.seed, draw);
                self.counts.resize(weights.len(), 0);
                multinomial(&mut random, plan.rows, weights, &mut self.counts);
                self.tallies.fill([0; TALLY]);
                for (rows, places) in self.counts.iter().zip(places) {
                    for (place, at) in places {
                        if let Some(count) = self.tallies.get_mut(*place).and_then(|tally| tally.get_mut(*at)) {
                            *count += rows;
                        }
                    }
                }
                self.take(plan, |rate, _, _| rate);
            }
            Source::Clusters { units, spreads } => {
                for (at, units) in units.iter().enumerate() {
                    let mut random = Random::new(plan.options.seed, ((at as u64 + 1) << 40) | draw);
                    units.draw(&mut random, &mut self.tallies);
                    if at == 0 {
                        self.take(plan, |rate, _, _| rate);
                    } else {
                        // Crossed clusterings: deviations add up, and are shrunk to the variance of both together.
                        let first = self.rates.clone();
                        self.take(plan, |rate, place, observed| {
                            let before = first.get(place).copied().unwrap_or(f64::NAN);
                            observed + ((before - observed) + (rate - observed)) * shrink(plan, spreads, place, observed)
                        });
                    }
                }
            }
        }
    }

    /// Rates of the tallies, each put through `change` with its place and the observed rate.
    fn take(&mut self, plan: &Plan<'_>, change: impl Fn(f64, usize, f64) -> f64) {
        for (place, tally) in self.tallies.iter().enumerate() {
            let (decider, group) = (place / plan.groups, place % plan.groups);
            for metric in Metric::ALL {
                let at = (decider * METRICS + metric.index()) * plan.groups + group;
                let (part, whole) = metric.parts(tally);
                if let (Some(slot), Some(observed)) = (self.rates.get_mut(at), plan.rates.get(at)) {
                    *slot = if whole == 0 { f64::NAN } else { change(part as f64 / whole as f64, at, *observed) };
                }
            }
        }
    }

    fn answer(&self, plan: &Plan<'_>, question_at: usize, question: &Question) -> Answer {
        let rate = |group: usize| self.rates.get(question_at * plan.groups + group).copied().unwrap_or(f64::NAN);
        let mut most = 0.0f64;
        if !question.precision.is_empty() {
            let mut precision = question.precision.iter();
            for (i, (group, observed)) in question.groups.iter().enumerate() {
                let here = rate(*group) - observed;
                for (other, other_observed) in question.groups.iter().skip(i + 1) {
                    let difference = (here - (rate(*other) - other_observed)).abs() * precision.next().copied().unwrap_or(0.0);
                    // A group that was not drawn at all is NaN, which no comparison takes.
                    if difference > most {
                        most = difference;
                    }
                }
            }
        }
        let gap = question.ends.map_or(f64::NAN, |(low, high)| rate(high) - rate(low));
        Answer { studentised: most, gap }
    }
}

fn shrink(plan: &Plan<'_>, spreads: &[Vec<Spread>], place: usize, observed: f64) -> f64 {
    let here: Vec<Spread> = spreads.iter().filter_map(|all| all.get(place)).copied().collect();
    let rows = plan.wholes.get(place).copied().unwrap_or(0) as f64;
    let summed: f64 = here.iter().filter_map(Spread::variance).sum();
    match joint_variance(observed, rows, &here) {
        Some(joint) if summed > 0.0 => sqrt((joint / summed).min(1.0)),
        _ => 1.0,
    }
}
