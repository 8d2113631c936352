//! What proposers and ways to decide were worth. Each way is judged only where it really decided, and people alone only by answers that
//! were given without advice.

use super::{
    partition,
    row::{Given, Row, Said},
    rows::{Members, Rows},
};
use crate::track::{AdviceEffect, Cell, Prices, ProposerRecord, Reliability, TrackRecord};
use countersign_core::{
    event::Route,
    number::{MicroUnits, Micros},
    playbook::Playbook,
};
use countersign_science::arms::{ARMS, Arms, ByArm, Observation};

/// Bins of the AI's chance in which ways to decide are compared.
const BINS: usize = 10;
/// Errors of a wider place that the mean cost of a narrower one starts with.
const SHRINK_ERRORS: i128 = 20;

/// Fills in proposers, arms, prices and the effect of advice.
pub(super) fn fill(record: &mut TrackRecord, rows: &Rows, window: &[&Row], playbook: &Playbook) {
    let regions = partition::with_rest(&record.regions);
    let members: Vec<Members> = regions.iter().map(|region| rows.members(region)).collect();
    let region = |row: &Row| members.iter().position(|members| members.has(row)).unwrap_or(regions.len() - 1);
    let places: Vec<u32> = window.iter().map(|row| u32::try_from(region(row)).unwrap_or(0)).collect();
    record.proposers = proposers(rows, window, &places, regions.len() - 1);
    let seen: Vec<Seen> = window.iter().zip(&places).filter_map(|(row, place)| seen(rows, record, row, *place, playbook)).collect();
    let observations: Vec<Observation> = seen.iter().map(|seen| seen.observation).collect();
    record.arms = Arms::fit(&observations, BINS).ok();
    if let Some(arms) = &record.arms {
        record.prices = prices(arms, &seen, regions.len(), playbook);
    }
    record.advice = advice(&seen, regions.len());
    if !rows.judged {
        differences(&mut record.advice, window, &places);
    }
}

/// How often each version of each proposer was right; on amended cases only what it said of the last content.
fn proposers(rows: &Rows, window: &[&Row], places: &[u32], regions: usize) -> Vec<ProposerRecord> {
    let versions = rows.proposers.iter().zip(0u16..);
    let known = versions.filter_map(|((proposer, version), at)| {
        let told = window.iter().zip(places).filter_map(|(row, place)| {
            let said = row.by(at)?;
            Some((*place, said.probability()?, said.answer == row.truth()?))
        });
        let told: Vec<(u32, u32, bool)> = told.collect();
        let reliability = (!told.is_empty()).then(|| Reliability::count(&told, regions))?;
        Some(ProposerRecord { proposer: proposer.clone(), version: version.clone(), reliability })
    });
    known.collect()
}

/// A case as the arms see it.
struct Seen {
    observation: Observation,
    region: usize,
    /// What the error of each arm cost, where it was wrong.
    cost: ByArm<Option<MicroUnits>>,
    /// What each arm took of people's time.
    took: ByArm<Option<Micros>>,
}

fn seen(rows: &Rows, record: &TrackRecord, row: &Row, place: u32, playbook: &Playbook) -> Option<Seen> {
    let truth = row.truth()?;
    let (said, top) = surest(rows, record, row, place)?;
    // A rule chose the route by what it read: such cases do not speak for the others.
    // Nor do people's answers where they are taken for the truth: each would be right by definition.
    let people = |given: &[Given]| given.first().copied().filter(|_| !row.ruled && !rows.judged);
    let alone = people(&row.course().alone);
    let (panel, sole) =
        if row.route == Some(Route::Panel) { (row.course().decision.filter(|_| !rows.judged), None) } else { (None, alone) };
    let (advised, after_own) = (people(&row.course().advised), people(&row.course().after_own));
    let answers: ByArm<Option<u16>> = [
        Some(said),
        sole.or(alone).map(|given| given.answer),
        advised.map(|given| given.answer),
        after_own.map(|given| given.answer),
        panel.filter(|_| !row.ruled),
    ];
    let both = |first: Option<Given>, then: Option<Given>| Some(first?.took?.saturating_add(then?.took?));
    let together = row.course().alone.iter().map(|given| given.took).sum::<Option<Micros>>();
    let took = [None, alone.and_then(|g| g.took), advised.and_then(|g| g.took), both(alone, after_own), panel.and(together)];
    let cost = answers.map(|answer| answer.filter(|answer| *answer != truth).map(|answer| error_cost(rows, playbook, truth, answer)));
    let right = answers.map(|answer| answer.map(|answer| answer == truth));
    let region = usize::try_from(place).unwrap_or(0);
    Some(Seen { observation: Observation { region: Some(place), top, right }, region, cost, took })
}

/// The proposal that would be taken, and its chance: the surest by its own record, the first of equals.
pub(super) fn surest(rows: &Rows, record: &TrackRecord, row: &Row, place: u32) -> Option<(u16, u32)> {
    let chance = |said: &Said| {
        let (proposer, version) = rows.proposers.get(usize::from(said.proposer()))?;
        let known = record.proposer(proposer, version)?;
        Some(known.reliability.chance(place, said.probability()?))
    };
    let known = row.said().filter_map(|said| Some((said.answer, chance(said)?)));
    known.fold(None, |best, (answer, chance)| match best {
        Some((_, least)) if chance <= least => best,
        _ => Some((answer, chance)),
    })
}

/// What the playbook says an error costs.
pub(super) fn error_cost(rows: &Rows, playbook: &Playbook, truth: u16, answer: u16) -> MicroUnits {
    let pair = (rows.label(truth).to_owned(), rows.label(answer).to_owned());
    playbook.costs.errors.get(&pair).copied().unwrap_or(playbook.costs.error_default)
}

#[derive(Clone, Copy, Default)]
struct Sum {
    total: i128,
    n: i128,
}

impl Sum {
    fn add(&mut self, value: i64) {
        self.total += i128::from(value);
        self.n += 1;
    }

    /// The mean, with so many more at the prior.
    fn mean(self, prior: i64, more: i128) -> i64 {
        i64::try_from((self.total + i128::from(prior) * more) / (self.n + more).max(1)).unwrap_or(prior)
    }
}

fn prices(arms: &Arms, seen: &[Seen], regions: usize, playbook: &Playbook) -> Prices {
    let bins = arms.bins();
    let mut wide = [Sum::default(); ARMS];
    let mut middle = vec![[Sum::default(); ARMS]; bins];
    let mut narrow = vec![vec![[Sum::default(); ARMS]; bins]; regions];
    let mut time = [Sum::default(); ARMS];
    for case in seen {
        let bin = arms.bin(case.observation.top);
        for arm in 0..ARMS {
            if let Some(cost) = case.cost.get(arm).copied().flatten() {
                add(&mut wide, arm, cost);
                middle.get_mut(bin).into_iter().for_each(|sums| add(sums, arm, cost));
                let here = narrow.get_mut(case.region).and_then(|bins| bins.get_mut(bin));
                here.into_iter().for_each(|sums| add(sums, arm, cost));
            }
            if let Some(took) = case.took.get(arm).copied().flatten() {
                add(&mut time, arm, took);
            }
        }
    }
    let default = playbook.costs.error_default;
    let all = wide.iter().fold(Sum::default(), |a, b| Sum { total: a.total + b.total, n: a.n + b.n }).mean(default, 1);
    let wide = wide.map(|sum| sum.mean(all, SHRINK_ERRORS));
    let shrunk = |sums: &ByArm<Sum>, prior: &ByArm<i64>| {
        let mut means = *prior;
        means.iter_mut().zip(sums).for_each(|(mean, sum)| *mean = sum.mean(*mean, SHRINK_ERRORS));
        means
    };
    let middle: Vec<ByArm<i64>> = middle.iter().map(|sums| shrunk(sums, &wide)).collect();
    let error = narrow.iter().map(|bins| bins.iter().zip(&middle).map(|(sums, prior)| shrunk(sums, prior)).collect()).collect();
    // A way of which no time is known is taken to cost as much as the slowest known one.
    let slowest = time.iter().filter(|sum| sum.n > 0).map(|sum| sum.mean(0, 0)).max().unwrap_or(0);
    let mut times = time.map(|sum| if sum.n > 0 { sum.mean(0, 0) } else { slowest });
    times[0] = 0;
    Prices { error, time: times }
}

fn add(sums: &mut ByArm<Sum>, arm: usize, value: i64) {
    if let Some(sum) = sums.get_mut(arm) {
        sum.add(value);
    }
}

/// Right answers without and with advice, and the AI's, region by region.
fn advice(seen: &[Seen], regions: usize) -> Vec<AdviceEffect> {
    let count = |region: usize, arm: usize| {
        let mut cell = Cell::default();
        let of = seen.iter().filter(|case| case.region == region);
        of.filter_map(|case| case.observation.right.get(arm).copied().flatten()).for_each(|right| cell.add(right));
        cell
    };
    let effect = |region: usize| AdviceEffect {
        region: u32::try_from(region).unwrap_or(u32::MAX),
        unaided: count(region, 1),
        advised: count(region, 2),
        ai: count(region, 0),
        differs_person: Cell::default(),
        differs_ai: Cell::default(),
    };
    (0..regions).map(effect).collect()
}

/// What became of answers that people gave without advice and that were not the AI's: who was right. Where several proposed, there is
/// no one answer to differ from.
fn differences(advice: &mut [AdviceEffect], window: &[&Row], places: &[u32]) {
    for (row, place) in window.iter().zip(places) {
        let (Some(truth), Some(said)) = (row.truth(), row.only_said()) else { continue };
        let Some(effect) = advice.iter_mut().find(|effect| effect.region == *place) else { continue };
        for given in row.course().alone.iter().filter(|given| given.answer != said.answer) {
            effect.differs_person.add(given.answer == truth);
            effect.differs_ai.add(said.answer == truth);
        }
    }
}
