//! What many seeds of a world say together: means and shares with their intervals over seeds. Never leaves a seed out, and never
//! says of one seed what takes two.

mod shows;

pub use shows::{DelayFigures, LabelFigures, PromiseShares, Show};

use crate::{Run, World, platform::Day, policies::Tally};
use countersign_science::{Estimate, complementarity::Verdict, interval};
use serde::Serialize;

/// Stated coverage of every interval over seeds.
pub const LEVEL: f64 = 0.95;

/// A mean over seeds. Without an interval where there is one seed only.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Figure {
    /// The mean.
    pub value: f64,
    /// Lower end of its interval (Student's t over seeds).
    pub low: Option<f64>,
    /// Upper end of its interval.
    pub high: Option<f64>,
    /// Seeds behind it.
    pub n: u64,
}

impl Figure {
    /// Of values by seed; `None` where there is none.
    #[must_use]
    pub fn of(values: &[f64]) -> Option<Self> {
        match (values, interval::mean_t(values, LEVEL)) {
            ([], _) => None,
            (_, Ok(Estimate { value, low, high, n })) => Some(Self { value, low: Some(low), high: Some(high), n }),
            (values, Err(_)) => {
                let n = values.len() as u64;
                Some(Self { value: values.iter().sum::<f64>() / n as f64, low: None, high: None, n })
            }
        }
    }
}

/// In how many of the seeds something was so.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Share {
    /// Seeds in which it was so.
    pub count: u64,
    /// Seeds in which it could have been so.
    pub of: u64,
    /// The share with its exact interval (Clopper and Pearson); `None` where there is no seed.
    pub share: Option<Estimate>,
}

impl Share {
    /// Of counts.
    #[must_use]
    pub fn of(count: u64, of: u64) -> Self {
        Self { count, of, share: interval::clopper_pearson(count, of, LEVEL).ok() }
    }
}

/// A policy over seeds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Policy {
    /// Which.
    pub name: &'static str,
    /// Cost a decided case, in units.
    pub cost: Option<Figure>,
    /// Share of errors among the decided cases.
    pub error: Option<Figure>,
    /// Minutes of people a decided case.
    pub minutes: Option<Figure>,
    /// Cost of the platform less that of this policy, a case, paired by seed; absent for the platform itself.
    pub platform_less: Option<Figure>,
}

/// Shares of what was decided on one day, over all seeds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DayShares {
    /// The day, from 1.
    pub day: u64,
    /// Cases decided a seed.
    pub decided: f64,
    /// Cases that wait when the day ends, a seed.
    pub waiting: f64,
    /// Cost a decided case, in units.
    pub cost: f64,
    /// Share by the AI, under a certificate.
    pub automate: f64,
    /// Share by people, blind, as audits.
    pub audit: f64,
    /// Share with advice.
    pub assist: f64,
    /// Share with an own answer first.
    pub blind: f64,
    /// Share without advice.
    pub unaided: f64,
    /// Share by several people.
    pub panel: f64,
}

/// The achievable pair over seeds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PairShares {
    /// Seeds in which it is shown to be better than either.
    pub complementary: Share,
    /// Seeds in which it is shown to be worse than one of them.
    pub harmful: Share,
    /// Gain over the person.
    pub over_human: Option<Figure>,
    /// Gain over the AI.
    pub over_ai: Option<Figure>,
}

/// What many seeds say together.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Summary {
    /// The world.
    pub world: String,
    /// Seeds, from the first to the last.
    pub seeds: (u64, u64),
    /// Days of the world.
    pub days: u32,
    /// Cases a seed.
    pub cases: u64,
    /// The platform, and what it is held against.
    pub policies: Vec<Policy>,
    /// Cases that are not decided in the end, a seed.
    pub undecided: Option<Figure>,
    /// What was promised.
    pub promises: PromiseShares,
    /// What the first certificate took.
    pub labels: LabelFigures,
    /// What was noticed.
    pub delays: DelayFigures,
    /// What the world is there to show.
    pub shows: Vec<Show>,
    /// Day by day.
    pub routes: Vec<DayShares>,
    /// The achievable pair, where the record can say it.
    pub pair: Option<PairShares>,
    /// How to read it.
    pub notes: Vec<&'static str>,
    /// Every seed by itself.
    pub runs: Vec<Run>,
}

const NOTES: [&str; 3] = [
    "people, ai, advice, threshold and oracle decide all cases and are not limited by how many people can take a day; the platform is.",
    "The AI alone and the threshold are the best of all in hindsight; the oracle knows what is cheapest on every single case.",
    "Intervals are over seeds, at 95 %: Student's t for means, Clopper and Pearson for shares.",
];

/// Puts the seeds of one world together.
#[must_use]
pub fn summary(world: &World, runs: Vec<Run>) -> Summary {
    let seeds = (runs.first().map_or(0, |run| run.seed), runs.last().map_or(0, |run| run.seed));
    let (promises, labels, delays) = (shows::promises(&runs, world), shows::labels(&runs), shows::delays(&runs));
    Summary {
        shows: shows::shows(world, &runs, &promises, &delays),
        promises,
        labels,
        delays,
        world: world.name.clone(),
        seeds,
        days: world.days,
        cases: world.cases() as u64,
        policies: policies(&runs),
        undecided: mean(&runs, |run| Some(run.undecided as f64)),
        routes: routes(&runs),
        pair: pair(&runs),
        notes: NOTES.to_vec(),
        runs,
    }
}

/// The mean over the seeds that have a value.
fn mean(runs: &[Run], of: impl Fn(&Run) -> Option<f64>) -> Option<Figure> {
    Figure::of(&runs.iter().filter_map(of).collect::<Vec<_>>())
}

type Of = fn(&Run) -> Tally;

fn policies(runs: &[Run]) -> Vec<Policy> {
    let all: [(&str, Of); 6] = [
        ("platform", |run| run.platform),
        ("people", |run| run.policies.people),
        ("ai", |run| run.policies.ai),
        ("advice", |run| run.policies.advice),
        ("threshold", |run| run.policies.threshold),
        ("oracle", |run| run.policies.oracle),
    ];
    let policy = |(name, of): (&'static str, Of)| {
        let less = |run: &Run| Some(run.platform.cost_per_case() - of(run).cost_per_case());
        Policy {
            name,
            cost: mean(runs, |run| Some(of(run).cost_per_case())),
            error: mean(runs, |run| Some(of(run).error_rate())),
            minutes: mean(runs, |run| Some(of(run).minutes / of(run).cases.max(1) as f64)),
            platform_less: if name == "platform" { None } else { mean(runs, less) },
        }
    };
    all.into_iter().map(policy).collect()
}

fn routes(runs: &[Run]) -> Vec<DayShares> {
    let days = runs.iter().map(|run| run.days.len()).max().unwrap_or(0);
    let seeds = runs.len().max(1) as f64;
    let day = |at: usize| {
        let sum = |of: fn(&Day) -> u64| runs.iter().filter_map(|run| run.days.get(at)).map(of).sum::<u64>() as f64;
        let decided = sum(Day::decided);
        let share = |of: fn(&Day) -> u64| if decided > 0.0 { sum(of) / decided } else { 0.0 };
        DayShares {
            day: at as u64 + 1,
            decided: decided / seeds,
            waiting: sum(|d| d.waiting) / seeds,
            cost: runs.iter().filter_map(|run| run.days.get(at)).map(|day| day.cost).sum::<f64>() / decided.max(1.0),
            automate: share(|d| d.automate),
            audit: share(|d| d.audit),
            assist: share(|d| d.assist),
            blind: share(|d| d.blind),
            unaided: share(|d| d.unaided),
            panel: share(|d| d.panel),
        }
    };
    (0..days).map(day).collect()
}

fn pair(runs: &[Run]) -> Option<PairShares> {
    let pairs = || runs.iter().filter_map(|run| run.pair.as_ref());
    let of = pairs().count() as u64;
    let count = |verdict: Verdict| Share::of(pairs().filter(|pair| pair.verdict == verdict).count() as u64, of);
    (of > 0).then(|| PairShares {
        complementary: count(Verdict::Complementary),
        harmful: count(Verdict::Harmful),
        over_human: mean(runs, |run| run.pair.as_ref().map(|pair| pair.over_human.value)),
        over_ai: mean(runs, |run| run.pair.as_ref().map(|pair| pair.over_ai.value)),
    })
}
