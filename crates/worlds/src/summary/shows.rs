//! What a world is there to show, said of all seeds together: what was found, what is wanted, and whether it is so. Every statement is
//! made of every world it makes sense in; a world may be there to show that one of them fails.

use super::{Figure, LEVEL, Share, mean};
use crate::{Run, World, judge::Delay};
use countersign_engine::learn::By;
use countersign_science::{
    Estimate,
    bootstrap::{self, Clusters, Columns},
    complementarity::Verdict,
    special,
};
use serde::Serialize;

/// The chance that so many broken promises come by chance alone where each is kept with its certainty.
const TOLERANCE: f64 = 0.025;
/// Share of the seeds in which a stop may come although nothing has changed.
const FALSE_STOPS: f64 = 0.05;
/// How much longer than an e-CUSUM with perfect labels it may take to notice a change.
const DELAY_RATIO: f64 = 1.5;
/// Share of the decisions on the last days that may still show advice where it does harm.
const ADVICE_HIDDEN: f64 = 0.05;
/// So many days count as the last ones.
const LAST_DAYS: usize = 10;
/// Draws for the interval of a ratio.
const DRAWS: usize = 2_000;

/// One statement.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Show {
    /// What it is about.
    pub name: &'static str,
    /// What was found.
    pub found: String,
    /// What is wanted.
    pub wanted: String,
    /// Whether it is so; `None`: there was nothing to see.
    pub holds: Option<bool>,
}

/// Promises over seeds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PromiseShares {
    /// Seeds in which a certificate was in force whose true error is above what it promised, before any change.
    pub broken: Share,
    /// Seeds in which this may happen: delta of them, and what chance adds.
    pub broken_allowed: u64,
    /// Seeds in which automation stopped although nothing had changed.
    pub false_stops: Share,
    /// Certificates a seed.
    pub certificates: Option<Figure>,
    /// Share of the decided cases that were automated.
    pub automated: Option<Figure>,
    /// Share of errors among them, before any change.
    pub automated_error: Option<Figure>,
    /// Seeds in which a case was automated with an answer under which the truth is never seen.
    pub never_seen: Share,
}

/// The first certificate over seeds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LabelFigures {
    /// Seeds with a certificate.
    pub certified: Share,
    /// The day of the first, from 0.
    pub day: Option<Figure>,
    /// Truths told by then.
    pub told: Option<Figure>,
    /// Of these, of cases that it covers.
    pub covered: Option<Figure>,
    /// Cases that it was tested on.
    pub tested: Option<Figure>,
    /// The least at which it would be earned with a chance of .8, were its true error known.
    pub needed: Option<Figure>,
    /// The least with which it can be earned at all.
    pub least: Option<Figure>,
}

/// What was noticed over seeds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DelayFigures {
    /// Seeds in which the change broke a promise that was in force, and in which it was noticed.
    pub noticed: Share,
    /// Of these, seeds in which it was noticed by the outcomes of automated cases and not by audits.
    pub by_outcomes: u64,
    /// Audits or outcomes from the change to the one that tipped it, where it was noticed by both.
    pub seen: Option<Figure>,
    /// As many as a restarting e-CUSUM with perfect labels needs, of the same kind.
    pub reference_seen: Option<Figure>,
    /// The mean of the former over the mean of the latter, with a bootstrap interval over seeds.
    pub ratio: Option<Estimate>,
    /// Audits that were drawn from the change until automation stopped.
    pub audits: Option<Figure>,
    /// Audits that a restarting e-CUSUM with perfect labels needs that sees audits only. Where they did not suffice in the days of the
    /// world, as many as there were: the mean is then too low.
    pub reference_audits: Option<Figure>,
    /// Seeds in which they did not suffice.
    pub reference_censored: u64,
    /// The mean of audits drawn over the mean of those.
    pub audits_ratio: Option<Estimate>,
    /// Automated cases from the change until automation stopped.
    pub automated: Option<Figure>,
    /// Cases that this e-CUSUM would have let pass.
    pub reference_automated: Option<Figure>,
}

pub(super) fn promises(runs: &[Run], world: &World) -> PromiseShares {
    let count = |so: &dyn Fn(&Run) -> bool| Share::of(runs.iter().filter(|run| so(run)).count() as u64, runs.len() as u64);
    let delta = world.promise.map_or(0.0, |promise| 1.0 - promise.certainty);
    let rate = |run: &Run| (run.promises.automated > 0).then(|| run.promises.automated_errors as f64 / run.promises.automated as f64);
    PromiseShares {
        broken: count(&|run| run.promises.broken > 0),
        broken_allowed: allowed(runs.len() as u64, delta),
        false_stops: count(&|run| run.noticed.false_stop),
        certificates: mean(runs, |run| Some(run.promises.certificates.len() as f64)),
        automated: mean(runs, |run| Some(run.promises.automated as f64 / run.platform.cases.max(1) as f64)),
        automated_error: mean(runs, rate),
        never_seen: count(&|run| run.promises.never_seen > 0),
    }
}

/// The most of `n` seeds that chance alone gives at a rate of `delta`, but for [`TOLERANCE`].
fn allowed(n: u64, delta: f64) -> u64 {
    (0..=n).find(|k| special::binomial_cdf(*k, n, delta) >= 1.0 - TOLERANCE).unwrap_or(n)
}

pub(super) fn labels(runs: &[Run]) -> LabelFigures {
    let of = |value: &dyn Fn(&crate::judge::Labels) -> Option<f64>| mean(runs, |run| run.labels.as_ref().and_then(value));
    LabelFigures {
        certified: Share::of(runs.iter().filter(|run| run.labels.is_some()).count() as u64, runs.len() as u64),
        day: of(&|labels| Some(labels.day)),
        told: of(&|labels| Some(labels.told as f64)),
        covered: of(&|labels| Some(labels.covered as f64)),
        tested: of(&|labels| Some(labels.tested as f64)),
        needed: of(&|labels| labels.needed.map(|n| n as f64)),
        least: of(&|labels| labels.least.map(|n| n as f64)),
    }
}

pub(super) fn delays(runs: &[Run]) -> DelayFigures {
    let broke: Vec<Delay> = runs.iter().filter_map(|run| run.noticed.delay).collect();
    let noticed: Vec<&Delay> = broke.iter().filter(|delay| delay.by.is_some()).collect();
    let seen: Vec<(f64, f64)> = noticed.iter().filter_map(|d| Some((d.seen? as f64, d.reference_seen? as f64))).collect();
    let least = |delay: &Delay| delay.reference_audits.unwrap_or(delay.audits_in_all) as f64;
    let audits: Vec<(f64, f64)> = noticed.iter().filter_map(|d| Some((d.audits? as f64, least(d)))).collect();
    let first = |pairs: &[(f64, f64)]| Figure::of(&pairs.iter().map(|pair| pair.0).collect::<Vec<_>>());
    let second = |pairs: &[(f64, f64)]| Figure::of(&pairs.iter().map(|pair| pair.1).collect::<Vec<_>>());
    let of = |value: fn(&Delay) -> u64| Figure::of(&broke.iter().map(|delay| value(delay) as f64).collect::<Vec<_>>());
    DelayFigures {
        noticed: Share::of(noticed.len() as u64, broke.len() as u64),
        by_outcomes: noticed.iter().filter(|delay| delay.by == Some(By::Outcomes)).count() as u64,
        seen: first(&seen),
        reference_seen: second(&seen),
        ratio: ratio(&seen),
        audits: first(&audits),
        reference_audits: second(&audits),
        reference_censored: noticed.iter().filter(|delay| delay.reference_audits.is_none()).count() as u64,
        audits_ratio: ratio(&audits),
        automated: of(|delay| delay.automated),
        reference_automated: of(|delay| delay.reference_automated),
    }
}

/// The ratio of two means over the same seeds.
fn ratio(pairs: &[(f64, f64)]) -> Option<Estimate> {
    let columns = Columns::from_fn(pairs.len(), 2, |row, out| {
        if let Some((above, below)) = pairs.get(row) {
            out.copy_from_slice(&[*above, *below]);
        }
    });
    let by = |sums: &[f64]| match sums {
        [above, below, ..] if *below > 0.0 => Some(above / below),
        _ => None,
    };
    bootstrap::draw(&columns, Clusters::Rows, DRAWS, 1).and_then(|sums| sums.percentile(LEVEL, by)).ok()
}

/// All statements that make sense in a world.
pub(super) fn shows(world: &World, runs: &[Run], promises: &PromiseShares, delays: &DelayFigures) -> Vec<Show> {
    let mut all = Vec::new();
    if world.promise.is_some() {
        all.push(Show {
            name: "promises are kept",
            found: format!("a certificate promised what is not true in {} of {} seeds", promises.broken.count, promises.broken.of),
            wanted: format!("in at most {} seeds: delta of them, and what chance adds", promises.broken_allowed),
            holds: Some(promises.broken.count <= promises.broken_allowed),
        });
        all.push(Show {
            name: "no false stops",
            found: format!("automation stopped before any change in {} of {} seeds", promises.false_stops.count, promises.false_stops.of),
            wanted: format!("in at most {} %", 100.0 * FALSE_STOPS),
            holds: Some(promises.false_stops.count as f64 <= FALSE_STOPS * promises.false_stops.of as f64),
        });
    }
    if world.change_day().is_some() {
        let Share { count, of, .. } = delays.noticed;
        let said = |r: Option<Estimate>| r.map_or_else(|| "-".into(), |r| format!("{:.2} [{:.2}, {:.2}]", r.value, r.low, r.high));
        let within = |r: Option<Estimate>| r.map(|r| r.value <= DELAY_RATIO);
        all.push(Show {
            name: "changes are noticed",
            found: format!(
                "in {count} of {of} seeds in which a promise broke; {} times the audits of an e-CUSUM with perfect labels, {} times what \
                 it needs of what tipped the platform",
                said(delays.audits_ratio),
                said(delays.ratio)
            ),
            wanted: format!("at most {DELAY_RATIO} times"),
            holds: within(delays.audits_ratio).zip(within(delays.ratio)).map(|(a, b)| a && b && count == of),
        });
    }
    if world.outcome.as_ref().is_some_and(|outcome| outcome.observed.is_some()) {
        all.push(Show {
            name: "nothing is automated that is never seen",
            found: format!("in {} of {} seeds it was", promises.never_seen.count, promises.never_seen.of),
            wanted: "in none".into(),
            holds: Some(promises.never_seen.count == 0),
        });
    }
    all.push(cheaper(runs));
    all.push(no_worse_than_people(runs));
    all.push(hidden(runs));
    all.extend(complementary(runs));
    all
}

/// Cost of the platform against every fixed policy, the dearest difference first.
fn cheaper(runs: &[Run]) -> Show {
    let less = |of: fn(&Run) -> f64| mean(runs, move |run| Some(run.platform.cost_per_case() - of(run)));
    let all = [
        ("people alone", less(|run| run.policies.people.cost_per_case())),
        ("AI alone", less(|run| run.policies.ai.cost_per_case())),
        ("advice to all", less(|run| run.policies.advice.cost_per_case())),
        ("the best threshold", less(|run| run.policies.threshold.cost_per_case())),
    ];
    let worst = all.iter().filter_map(|(name, figure)| Some((name, (*figure)?)));
    let worst = worst.max_by(|a, b| a.1.value.total_cmp(&b.1.value));
    Show {
        name: "cheaper than every fixed policy",
        found: worst.map_or_else(|| "-".into(), |(name, figure)| format!("{} a case against {name}", difference(figure))),
        wanted: "below 0, with its interval".into(),
        holds: worst.and_then(|(_, figure)| figure.high).map(|high| high < 0.0),
    }
}

fn no_worse_than_people(runs: &[Run]) -> Show {
    let figure = mean(runs, |run| Some(run.platform.cost_per_case() - run.policies.people.cost_per_case()));
    Show {
        name: "no worse than people alone",
        found: figure.map_or_else(|| "-".into(), |figure| format!("{} a case", difference(figure))),
        wanted: "not above 0".into(),
        holds: figure.and_then(|figure| figure.high).map(|high| high <= 0.0),
    }
}

fn difference(figure: Figure) -> String {
    match (figure.low, figure.high) {
        (Some(low), Some(high)) => format!("{:+.4} [{low:+.4}, {high:+.4}]", figure.value),
        _ => format!("{:+.4}", figure.value),
    }
}

/// Whether advice is hidden in the end; wanted only where it does harm.
fn hidden(runs: &[Run]) -> Show {
    let share = |run: &Run| {
        let last = run.days.get(run.days.len().saturating_sub(LAST_DAYS)..).unwrap_or_default();
        let decided: u64 = last.iter().map(crate::platform::Day::decided).sum();
        (decided > 0).then(|| last.iter().map(|day| day.assist).sum::<u64>() as f64 / decided as f64)
    };
    let figure = mean(runs, share);
    let harm = mean(runs, |run| Some(run.policies.advice.cost_per_case() - run.policies.people.cost_per_case()));
    let harms = harm.is_some_and(|harm| harm.value > 0.0);
    Show {
        name: "advice is hidden where it does harm",
        found: figure
            .map_or_else(|| "-".into(), |f| format!("shown first in {:.1} % of the last {LAST_DAYS} days' decisions", 100.0 * f.value)),
        wanted: if harms { format!("at most {} %", 100.0 * ADVICE_HIDDEN) } else { "advice does no harm here".into() },
        holds: figure.filter(|_| harms).map(|figure| figure.value <= ADVICE_HIDDEN),
    }
}

fn complementary(runs: &[Run]) -> Option<Show> {
    let pairs: Vec<_> = runs.iter().filter_map(|run| run.pair.as_ref()).collect();
    let shown = pairs.iter().filter(|pair| pair.verdict == Verdict::Complementary).count();
    let over = |of: fn(&crate::pair::Pair) -> f64| mean(runs, move |run| run.pair.as_ref().map(of));
    let (human, ai) = (over(|pair| pair.over_human.value)?, over(|pair| pair.over_ai.value)?);
    Some(Show {
        name: "the achievable pair is complementary",
        found: format!(
            "shown in {shown} of {} seeds; {:+.2} points over people, {:+.2} over the AI",
            pairs.len(),
            100.0 * human.value,
            100.0 * ai.value
        ),
        wanted: "both above 0 with their intervals over seeds".into(),
        holds: human.low.zip(ai.low).map(|(human, ai)| human > 0.0 && ai > 0.0),
    })
}

#[cfg(test)]
mod tests {
    use super::allowed;

    /// By the binomial tables: of 100 at .05, ten or more happen in 2.8 %, eleven or more in 1.1 %.
    #[test]
    fn what_chance_adds_is_the_binomial_tail() {
        assert_eq!(allowed(100, 0.05), 10);
        assert_eq!(allowed(100, 0.0), 0);
        assert_eq!(allowed(1, 0.05), 1);
    }
}
