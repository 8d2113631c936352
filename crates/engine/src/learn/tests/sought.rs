//! What was sought because a young model learns from it enters no figure; what was left to the lot does.

use super::*;
use countersign_core::{
    event::{RouteInputs, RouteLearning},
    number::ONE_BILLIONTHS,
};

const LOT: u32 = 300_000_000;

/// A route of a case whose place is given by a young model, or by lot where the draw falls below the share.
fn placed(stream: &mut Stream, case: u128, (proposal, content_digest): (EventId, Digest), draw: u32) {
    let inputs = RouteInputs {
        rules: Vec::new(),
        proposals: Vec::new(),
        awaited: false,
        awaited_until: None,
        roster: 3,
        away: 0,
        stops: Vec::new(),
        forbidden: None,
        measured: None,
        experiment: None,
        learning: Some(Box::new(RouteLearning { model: "young".into(), score: 900_000_000 })),
    };
    let draws = vec![Draw { purpose: route::DRAW_LEARN.into(), epoch: 1, value: draw, share: LOT }];
    let at = stream.now;
    stream.push(case, at, CaseRouted { draws, inputs: Some(inputs), ..routed(proposal, content_digest, None) });
}

/// A case an hour on which the AI is right or wrong, with its outcome.
fn case(stream: &mut Stream, wrong: bool, draw: Option<u32>) {
    let (case, content_digest) = stream.opened("easy");
    let at = stream.now;
    let proposal = stream.proposed(case, content_digest, (if wrong { "b" } else { "a" }, 80));
    match draw {
        Some(draw) => placed(stream, case, (proposal, content_digest), draw),
        None => drop(stream.push(case, at, routed(proposal, content_digest, None))),
    }
    let decided = DecisionMade {
        answer: world::choice("a"),
        basis: Basis::Signatures,
        persons: vec![world::person("ann")],
        judgments: Vec::new(),
        act_after: at,
        content_digest,
        playbook_version: 1,
    };
    stream.push(case, at, decided);
    let value = OutcomeValue::Answer(world::choice("a"));
    stream.push(case, at + DAY, OutcomeObserved { kind: OutcomeKind::Truth, value, source: "test".into() });
    stream.now += HOUR;
}

/// How many labels a record rests on, and how many of these the AI had right.
fn known(stream: &Stream) -> (u64, u64, u64) {
    let Some(record) = stream.learner().publish_now(stream.now + 2 * DAY) else { return (0, 0, 0) };
    let all = record
        .proposers
        .iter()
        .flat_map(|proposer| &proposer.reliability.all)
        .fold((0, 0), |(n, right), cell| (n + cell.n, right + cell.right));
    (record.labels.matured, all.0, all.1)
}

/// Whether figures rest on what was sought: cases on which the AI errs, gathered for that.
pub(crate) fn counts_what_was_sought() -> bool {
    let mut stream = Stream::new();
    (0..20).for_each(|_| case(&mut stream, false, None));
    let before = known(&stream);
    (0..20).for_each(|_| case(&mut stream, true, Some(ONE_BILLIONTHS - 1)));
    known(&stream) != before
}

#[test]
fn a_record_rests_on_what_was_left_to_the_lot() {
    assert!(!counts_what_was_sought());
    let mut stream = Stream::new();
    for n in 0..60u32 {
        case(&mut stream, n % 2 == 0, Some(if n % 3 == 0 { LOT - 1 - n } else { LOT + n }));
    }
    let (matured, judged, right) = known(&stream);
    assert_eq!((matured, judged, right), (20, 20, 10), "a third was left to the lot, and half of that is right");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever is sought, the record is that of the other cases alone.
    #[test]
    fn what_is_sought_changes_no_record(cases in prop::collection::vec((any::<bool>(), prop::option::of(0..ONE_BILLIONTHS)), 1..60)) {
        let (mut all, mut rest) = (Stream::new(), Stream::new());
        for (wrong, draw) in &cases {
            case(&mut all, *wrong, *draw);
            if draw.is_none_or(|draw| draw < LOT) {
                case(&mut rest, *wrong, *draw);
            }
        }
        rest.now = all.now;
        prop_assert_eq!(known(&all), known(&rest));
    }
}
