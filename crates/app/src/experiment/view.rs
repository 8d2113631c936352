//! An experiment for people: how it is set up, what its ways came to, and the answer in a sentence. Rounds, and computes nothing.

use crate::control::Control;
use countersign_core::{
    event::{Interval, Measure},
    id::{EventId, PersonId},
    number::ONE_BILLIONTHS,
    time::format_rfc3339,
};
use countersign_engine::{
    track::{ExperimentRecord, Measured, TrackRecord},
    workspace::ExperimentFacts,
};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

const MINUTE: f64 = 60_000_000.0;

/// A figure with an interval that holds at every look.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct MeanView {
    /// `accuracy` (a share), `time` (minutes a case) or `cost` (units a case).
    pub measure: String,
    /// The figure.
    pub value: f64,
    /// The lower end of its interval.
    pub low: f64,
    /// The upper end.
    pub high: f64,
    /// Cases behind it.
    pub n: u64,
}

/// One of the ways that are compared.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ArmView {
    /// Its name.
    pub name: String,
    /// Its route.
    pub route: String,
    /// Only this proposer's advice is shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proposer: Option<String>,
    /// Only this version of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Whether advice comes with its explanation.
    pub explanation: bool,
    /// Cases assigned to it.
    pub assigned: u64,
    /// Cases of these that were decided.
    pub decided: u64,
    /// Cases of these whose truth is known.
    pub known: u64,
    /// Cases of these that were decided by its route.
    pub followed: u64,
    /// Means of what was measured.
    pub means: Vec<MeanView>,
}

/// What a way differs in from the first one.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct DifferenceView {
    /// The way.
    pub arm: String,
    /// `accuracy`, `time`, `cost`; or `pace`: the time of a typical case as a share of the first way's.
    pub measure: String,
    /// The difference (for `pace`: the ratio).
    pub value: f64,
    /// The lower end of its interval.
    pub low: f64,
    /// The upper end.
    pub high: f64,
    /// Cases behind it.
    pub n: u64,
    /// Whether the interval leaves no difference out: whether it is shown.
    pub shown: bool,
}

/// How a difference came to be.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct TrailView {
    /// The way.
    pub arm: String,
    /// After so many cases.
    pub n: u64,
    /// The difference.
    pub value: f64,
    /// The lower end of its interval.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

/// How an experiment ended.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct StoppedView {
    /// When (RFC 3339).
    pub at: String,
    /// `person`, `harm`, `enough` or `cases`.
    pub cause: String,
    /// In a sentence.
    pub reason: String,
    /// The person who stopped it, where one did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
}

/// An experiment.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ExperimentView {
    /// Its id.
    pub experiment: Uuid,
    /// The playbook.
    pub playbook: String,
    /// What is to be found out.
    pub question: String,
    /// When it was started (RFC 3339).
    pub started: String,
    /// Who started it; absent where their name was erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
    /// Share of the cases that enter.
    pub share: f64,
    /// What it was started to find out.
    pub measure: String,
    /// Coverage of all comparisons of a measure together, at all looks at once.
    pub certainty: f64,
    /// The harm that is tolerated.
    pub harm: f64,
    /// Cases at most.
    pub cases_max: u64,
    /// How it ended; absent while it runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stopped: Option<StoppedView>,
    /// The ways; the first is what the others are compared with.
    pub arms: Vec<ArmView>,
    /// What they differ in.
    pub differences: Vec<DifferenceView>,
    /// How the difference in what it was started to find out came to be.
    pub trail: Vec<TrailView>,
    /// The answer in sentences, one a way.
    pub answer: Vec<String>,
    /// What cannot be said, and why.
    pub notes: Vec<String>,
    /// The version of the track record that this rests on; absent where nothing was learned since it was started.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub record: Option<u64>,
    /// When that was made (RFC 3339).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub as_of: Option<String>,
}

fn scale(measure: Measure) -> f64 {
    match measure {
        Measure::Accuracy => f64::from(ONE_BILLIONTHS),
        Measure::Time => MINUTE,
        Measure::Cost => 1e6,
    }
}

fn told(figure: &Interval, unit: f64) -> (f64, f64, f64) {
    (figure.value as f64 / unit, figure.low as f64 / unit, figure.high as f64 / unit)
}

/// An experiment as people see it.
pub(super) fn of(control: &Control, (id, facts): (EventId, &ExperimentFacts), record: Option<&TrackRecord>) -> ExperimentView {
    let started = &facts.started;
    let found = record.and_then(|record| Some((record, record.experiments.iter().find(|known| known.experiment == id)?)));
    let name = |person: PersonId| control.names.iter().find(|(_, known)| **known == person).map(|(name, _)| name.clone());
    let share = |value: u32| f64::from(value) / f64::from(ONE_BILLIONTHS);
    let arm_name = |at: u32| started.arms.get(usize::try_from(at).unwrap_or(usize::MAX)).map_or("", |arm| arm.name.as_str()).to_owned();
    let record_of = found.map(|(_, of)| of);
    let arms = started.arms.iter().enumerate().map(|(at, arm)| {
        let came = record_of.and_then(|record| record.arms.get(at));
        let mean = |m: &Measured| {
            let (value, low, high) = told(&m.figure, scale(m.measure));
            MeanView { measure: m.measure.as_str().into(), value, low, high, n: m.figure.n }
        };
        ArmView {
            name: arm.name.clone(),
            route: arm.route.as_str().into(),
            proposer: arm.proposer.clone(),
            version: arm.version.clone(),
            explanation: !arm.unexplained,
            assigned: came.map_or(0, |came| came.assigned),
            decided: came.map_or(0, |came| came.decided),
            known: came.map_or(0, |came| came.known),
            followed: came.map_or(0, |came| came.followed),
            means: came.map(|came| came.means.iter().map(mean).collect()).unwrap_or_default(),
        }
    });
    let differences = record_of.map(|record| differences(record, &arm_name)).unwrap_or_default();
    let trail = record_of.into_iter().flat_map(|record| &record.trail).map(|point| {
        let (value, low, high) = told(&point.figure, scale(started.measure));
        TrailView { arm: arm_name(point.arm), n: point.figure.n, value, low, high }
    });
    let arms: Vec<ArmView> = arms.collect();
    ExperimentView {
        experiment: id.0,
        playbook: control.playbook_name(started.playbook),
        question: started.question.clone(),
        started: format_rfc3339(facts.started_at),
        person: name(started.person),
        share: share(started.share),
        measure: started.measure.as_str().into(),
        certainty: share(started.certainty),
        harm: share(started.harm),
        cases_max: started.cases_max,
        stopped: facts.stopped.as_ref().map(|(at, body)| StoppedView {
            at: format_rfc3339(*at),
            cause: body.cause.as_str().into(),
            reason: body.reason.clone(),
            person: body.person.and_then(name),
        }),
        answer: answer(&arms, &differences),
        arms,
        trail: trail.collect(),
        differences,
        notes: notes(control, facts, record_of),
        record: found.map(|(record, _)| record.number),
        as_of: found.map(|(record, _)| format_rfc3339(record.made_at)),
    }
}

/// What cannot be said, and that nothing new is learned while a person holds on to one version of the track record.
fn notes(control: &Control, facts: &ExperimentFacts, record: Option<&ExperimentRecord>) -> Vec<String> {
    let mut notes = record.map(|record| record.notes.clone()).unwrap_or_default();
    let known = control.state.records.get(&facts.started.playbook).filter(|known| known.pinned);
    if let Some(known) = known.filter(|_| !record.is_some_and(|record| record.settled)) {
        notes.push(format!(
            "Version {} of the track record is pinned, so that nothing is learned until that is taken back: this is what it came to before.",
            known.number
        ));
    }
    notes
}

fn differences(record: &ExperimentRecord, arm_name: &dyn Fn(u32) -> String) -> Vec<DifferenceView> {
    let difference = |m: &Measured, measure: &str, unit: f64, nothing: f64| {
        let (value, low, high) = told(&m.figure, unit);
        let shown = low > nothing || high < nothing;
        DifferenceView { arm: arm_name(m.arm), measure: measure.into(), value, low, high, n: m.figure.n, shown }
    };
    let plain = record.differences.iter().map(|m| difference(m, m.measure.as_str(), scale(m.measure), 0.0));
    let pace = record.pace.iter().map(|m| difference(m, "pace", f64::from(ONE_BILLIONTHS), 1.0));
    plain.chain(pace).collect()
}

/// What the team wants to know: how much quicker, and at what price in right answers.
fn answer(arms: &[ArmView], differences: &[DifferenceView]) -> Vec<String> {
    let Some((first, others)) = arms.split_first() else { return Vec::new() };
    let sentence = |arm: &ArmView| {
        let of = |measure: &str| differences.iter().find(|d| d.arm == arm.name && d.measure == measure);
        let pace = match of("pace") {
            None => "how much time it takes cannot be said yet".to_owned(),
            Some(d) if !d.shown => {
                format!(
                    "no difference in time is shown: a typical case takes {} of the time [{}, {}], {}",
                    percent(d.value),
                    percent(d.low),
                    percent(d.high),
                    of_n(d.n)
                )
            }
            Some(d) => {
                let (word, value, low, high) = match d.value < 1.0 {
                    true => ("less", 1.0 - d.value, 1.0 - d.high, 1.0 - d.low),
                    false => ("more", d.value - 1.0, d.low - 1.0, d.high - 1.0),
                };
                format!("a typical case takes {} {word} time [{}, {}], {}", percent(value), percent(low), percent(high), of_n(d.n))
            }
        };
        let accuracy = match of("accuracy") {
            None => "whether it is right as often cannot be said yet".to_owned(),
            Some(d) => {
                let points = |value: f64| format!("{:+.1}", value * 100.0);
                let lead = if d.shown { "right answers differ by" } else { "no difference in right answers is shown:" };
                format!("{lead} {} points [{}, {}], {}", points(d.value), points(d.low), points(d.high), of_n(d.n))
            }
        };
        format!("\"{}\" against \"{}\": {pace}; {accuracy}.", arm.name, first.name)
    };
    others.iter().map(sentence).collect()
}

/// The cases behind a figure.
fn of_n(n: u64) -> String {
    format!("n = {n}")
}

fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}
