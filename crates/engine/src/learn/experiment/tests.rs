//! What experiments come to, on cases whose events are written by hand.

use super::{
    super::{
        DAY, LabelKind, label_kind,
        tests::{Stream, id, routed},
    },
    *,
};
use crate::tests::world;
use countersign_core::event::{
    Basis, CaseRouted, DecisionMade, ExperimentArm, ExperimentStopped, JudgmentGiven, OutcomeCorrected, OutcomeKind, OutcomeObserved,
    OutcomeValue, Phase, Route, RouteAssigned,
};
use std::sync::Arc;

const SECOND: Micros = world::SECOND;

/// A playbook whose errors cost one unit, and minutes a tenth.
fn stream() -> Stream {
    let mut stream = Stream::new();
    let playbook = Arc::make_mut(&mut stream.playbook);
    (playbook.costs.error_default, playbook.costs.minute) = (1_000_000, 100_000);
    stream
}

fn start(stream: &mut Stream, measure: Measure) -> EventId {
    let arm = |name: &str, route| ExperimentArm { name: name.into(), route, proposer: None, version: None, unexplained: false };
    let started = ExperimentStarted {
        playbook: id(),
        question: "Which?".into(),
        arms: vec![arm("without", Route::Unaided), arm("with", Route::Assist)],
        share: 1_000_000_000,
        measure,
        certainty: 950_000_000,
        harm: 0,
        cases_max: 1_000,
        person: world::person("ann"),
    };
    stream.push(1, stream.now, started)
}

fn stop(stream: &mut Stream, experiment: EventId) {
    let (cause, person) = (ExperimentEnd::Person, Some(world::person("ann")));
    stream.push(1, stream.now, ExperimentStopped { experiment, cause, reason: "enough".into(), person });
}

/// A case that enters one of the ways: how long a person took for it, where that is known, and whether they were right. Its outcome.
fn enter(stream: &mut Stream, experiment: EventId, arm: u32, took: Option<Micros>, right: bool) -> EventId {
    let at = stream.now;
    let (case, content_digest) = stream.opened("x");
    let route = if arm == 0 { Route::Unaided } else { Route::Assist };
    let way = CaseRouted {
        route,
        reason: "experiment".into(),
        would_automate: None,
        assigned: Some(RouteAssigned { experiment, arm }),
        ..routed(experiment, content_digest, None)
    };
    stream.push(case, at, way);
    let answer = world::choice(if right { "a" } else { "b" });
    let given = JudgmentGiven {
        person: world::person("ann"),
        phase: Phase::Only,
        answer: answer.clone(),
        accepts: None,
        confidence: None,
        took,
        advice_visible: arm > 0,
        shown: experiment,
        content_digest,
        playbook_version: 1,
        proposals: Vec::new(),
        kept: None,
        reason: None,
        signature: None,
        bulk: false,
    };
    stream.push(case, at, given);
    let decided = DecisionMade {
        answer,
        basis: Basis::Signatures,
        persons: vec![world::person("ann")],
        judgments: Vec::new(),
        act_after: at,
        content_digest,
        playbook_version: 1,
    };
    stream.push(case, at, decided);
    let value = OutcomeValue::Answer(world::choice("a"));
    let outcome = stream.push(case, at + DAY, OutcomeObserved { kind: OutcomeKind::Truth, value, source: "test".into() });
    stream.now += 60 * SECOND;
    outcome
}

fn records(stream: &Stream) -> Vec<ExperimentRecord> {
    let kind = label_kind(&stream.playbook);
    assert_eq!(kind, LabelKind::Always);
    stream.learner().experiment_records(kind, DAY, stream.now + 2 * DAY)
}

fn mean(record: &ExperimentRecord, arm: usize, measure: Measure) -> Option<Interval> {
    record.arms[arm].means.iter().find(|mean| mean.measure == measure).map(|mean| mean.figure.clone())
}

/// Where nobody kept the time of an answer its case is not free: it says nothing of cost, unless minutes cost nothing.
#[test]
fn time_that_is_not_known_is_not_free() {
    for minute in [100_000, 0] {
        let mut stream = stream();
        Arc::make_mut(&mut stream.playbook).costs.minute = minute;
        let experiment = start(&mut stream, Measure::Cost);
        for n in 0..120_u32 {
            let took = if n % 4 == 1 { None } else { Some(60 * SECOND) };
            enter(&mut stream, experiment, n % 2, took, true);
        }
        let record = records(&stream).remove(0);
        let (known, with) = (mean(&record, 0, Measure::Cost).unwrap(), mean(&record, 1, Measure::Cost).unwrap());
        assert_eq!((known.n, with.n), (60, if minute > 0 { 30 } else { 60 }));
        // Contributions are weighted, so that a mean is not quite what each of its cases is.
        let about = |value: i64, wanted: i64| (value - wanted).abs() <= minute / 20;
        assert!(about(known.value, minute) && about(with.value, minute), "each case took a minute: {known:?} {with:?}");
        let differs = record.differences.iter().find(|found| found.measure == Measure::Cost).unwrap();
        assert!(about(differs.figure.value, 0) && differs.figure.n == known.n + with.n, "{differs:?}");
        let left_out = if minute > 0 { "of what is said of time and cost" } else { "of what is said of time" };
        assert!(record.notes.iter().any(|note| note.contains("left out") && note.contains(left_out)), "{:?}", record.notes);
        assert_eq!(mean(&record, 1, Measure::Accuracy).unwrap().n, 60, "what is right needs no time");
    }
}

/// Interval and value of a mean are such as a mean can have.
#[test]
fn no_mean_is_less_than_nothing_or_more_than_all() {
    let mut stream = stream();
    let experiment = start(&mut stream, Measure::Accuracy);
    for n in 0..60_u32 {
        // All but the first case of the second way are right; a few took very long.
        let took = if n % 20 < 2 { 3_600 * SECOND } else { SECOND };
        enter(&mut stream, experiment, n % 2, Some(took), n != 1);
    }
    let record = records(&stream).remove(0);
    for mean in record.arms.iter().flat_map(|arm| &arm.means) {
        let Interval { value, low, high, .. } = mean.figure;
        let most = if mean.measure == Measure::Accuracy { 1_000_000_000 } else { i64::MAX };
        assert!(0 <= low && low <= value && value <= high && high <= most, "{mean:?}");
    }
    let accuracy = &record.differences.iter().find(|found| found.measure == Measure::Accuracy).unwrap().figure;
    assert!(accuracy.low >= -1_000_000_000 && accuracy.high <= 1_000_000_000, "{accuracy:?}");
    assert!(mean(&record, 0, Measure::Time).unwrap().low == 0, "so few cases say that little");
}

/// What an experiment came to stays, once it has ended and no case of it is waited for; however many there were.
#[test]
fn what_is_settled_stays_as_it_was() {
    let mut stream = stream();
    let mut experiments = Vec::new();
    let mut last = None;
    for _ in 0..TRAILS_MAX + 2 {
        let experiment = start(&mut stream, Measure::Accuracy);
        for n in 0..48_u32 {
            last = Some(enter(&mut stream, experiment, n % 2, Some(60 * SECOND), n % 3 > 0));
        }
        stop(&mut stream, experiment);
        experiments.push(experiment);
    }
    let mut learner = stream.learner();
    // The day is not over: outcomes are waited for.
    let waiting = learner.publish_now(stream.now).unwrap();
    assert!(waiting.experiments.iter().all(|record| !record.settled && record.arms[0].known == 24));
    assert!(mean(&waiting.experiments[0], 0, Measure::Accuracy).is_none());
    let settled = learner.publish_now(stream.now + 2 * DAY).unwrap();
    let ids: Vec<EventId> = settled.experiments.iter().map(|record| record.experiment).collect();
    assert_eq!(ids, experiments, "none is forgotten");
    assert!(settled.experiments.iter().all(|record| record.settled && mean(record, 0, Measure::Accuracy).is_some()));
    let trails: Vec<bool> = settled.experiments.iter().map(|record| !record.trail.is_empty()).collect();
    assert_eq!(trails, [[false; 2].as_slice(), &[true; TRAILS_MAX]].concat());
    // Something else turns out to be true in the end, which would be learned; a version of the playbook may even know other answers.
    let value = OutcomeValue::Answer(world::choice("b"));
    let corrected = OutcomeCorrected { outcome: last.unwrap(), value, reason: countersign_core::Content::text("looked again") };
    let case = 10_000_000 + stream.cases;
    let at = stream.now + 2 * DAY;
    stream.push(case, at, corrected);
    learner.apply(stream.events.last().unwrap());
    let after = learner.publish_now(at + DAY).unwrap();
    assert_eq!(after.experiments, settled.experiments);
    assert_eq!(after.labels.corrected, 1);
    // A learner that starts again has it from the last record.
    let mut again = stream.learner();
    again.resume(after.clone());
    assert_eq!(again.publish_now(at + 2 * DAY).unwrap().experiments, settled.experiments);
    assert_ne!(records(&stream).last(), settled.experiments.last(), "otherwise nothing was tried");
}
