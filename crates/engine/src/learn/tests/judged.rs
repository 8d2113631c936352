//! Learning where nothing tells the truth: from what people answer without advice, on cases drawn by lot, and from nothing else.

use super::*;
use countersign_core::{
    event::{AdviceSeen, CaseAmended, DecisionWithdrawn, JudgmentObserved},
    playbook::Against,
};

/// How a case is answered.
#[derive(Clone, Copy, PartialEq, Debug)]
enum How {
    /// With the advice in view.
    Advised,
    /// Blind, because its draw fell into the share.
    Lot,
    /// Blind, because a rule says so.
    Rule,
    /// Without advice, because nothing had been proposed.
    Unproposed,
    /// Blind, as the audit of a certificate.
    Audit,
    /// By the AI.
    Automated,
    /// In another program, before.
    Imported,
}

fn stream(against: Against) -> Stream {
    let mut stream = Stream::new();
    let playbook = Arc::make_mut(&mut stream.playbook);
    playbook.outcome = None;
    playbook.routing.blind = 200_000_000;
    playbook.routing.automate.as_mut().unwrap().against = against;
    stream
}

/// A case an hour, answered in some way.
fn case(stream: &mut Stream, region: &str, (ai, percent): (&str, u32), person: &str, how: How) -> u128 {
    let at = stream.now;
    let (case, content_digest) = stream.opened(region);
    let proposal = stream.proposed(case, content_digest, (ai, percent));
    stream.now += HOUR;
    let mut body = routed(proposal, content_digest, (how == How::Audit).then(|| "c".to_owned()));
    (body.route, body.reason) = match how {
        How::Advised | How::Imported => (Route::Assist, "default".into()),
        How::Lot => (Route::Blind, "blind_share".into()),
        How::Rule => (Route::Blind, "rule".into()),
        How::Unproposed => (Route::Unaided, "no_proposal".into()),
        How::Audit => (Route::Blind, "audit".into()),
        How::Automated => (Route::Automate, "certificate".into()),
    };
    body.rule = (how == How::Rule).then(|| "look".to_owned());
    stream.push(case, at, body);
    let (ann, answer) = (world::person("ann"), world::choice(person));
    if how == How::Imported {
        let observed = JudgmentObserved {
            person: ann,
            phase: Phase::Only,
            answer: answer.clone(),
            confidence: None,
            took: None,
            advice_seen: AdviceSeen::No,
            tool: "elsewhere".into(),
        };
        stream.push(case, at, observed);
    } else if how != How::Automated {
        let advised = how == How::Advised;
        let given = JudgmentGiven {
            person: ann,
            phase: if matches!(how, How::Advised | How::Unproposed) { Phase::Only } else { Phase::First },
            answer: answer.clone(),
            accepts: None,
            confidence: None,
            took: Some(30 * world::SECOND),
            advice_visible: advised,
            shown: proposal,
            content_digest,
            playbook_version: 1,
            proposals: Vec::new(),
            kept: None,
            reason: None,
            signature: None,
            bulk: false,
        };
        stream.push(case, at, given);
    }
    let basis = match how {
        How::Imported => Basis::Imported,
        How::Automated => Basis::Certificate { certificate: "c".into() },
        _ => Basis::Signatures,
    };
    let answer = if how == How::Automated { world::choice(ai) } else { answer };
    let persons = if matches!(how, How::Automated | How::Imported) { Vec::new() } else { vec![ann] };
    let decided = DecisionMade { answer, basis, persons, judgments: Vec::new(), act_after: at, content_digest, playbook_version: 1 };
    stream.push(case, at, decided);
    case
}

/// Of five cases one is drawn, and otherwise people do as the AI says. Those who are asked differ in every `differs`th.
fn months(stream: &mut Stream, cases: u32, differs: u32) {
    for n in 0..cases {
        let how = if n % 5 == 0 { How::Lot } else { How::Advised };
        let person = if how == How::Lot && (n / 5) % differs == 3 { "b" } else { "a" };
        case(stream, "easy", ("a", 90), person, how);
    }
}

/// Plans a test, and lets it have its rows; what came of it.
fn tested(stream: &mut Stream, differs: u32) -> (Learner, TrackRecord) {
    months(stream, 1_500, differs);
    let mut learner = stream.learner();
    let first = learner.publish(stream.now + DAY).unwrap();
    assert_eq!((first.labels.kind, first.labels.decided, first.labels.matured), (LabelKind::Judgments, 1_500, 300));
    stream.now += 2 * DAY;
    let from = stream.events.len();
    months(stream, 4_000, differs);
    stream.events.iter().skip(from).for_each(|event| learner.apply(event));
    let record = learner.publish(stream.now + DAY).unwrap();
    (learner, record)
}

/// Only cases drawn by lot are rows of a test; where people agree on them the promise is about that, and says so.
#[test]
fn a_promise_about_agreement_is_earned_on_cases_drawn_by_lot() {
    let mut stream = stream(Against::Judgments);
    let (mut learner, record) = tested(&mut stream, 1_000);
    let [issued] = record.certificates.as_slice() else { panic!("{} {:?}", record.note, record.plan) };
    assert!(issued.certificate.n <= 800, "of 4,000 cases 800 were drawn: {:?}", issued.certificate);
    let evidence = &issued.certificate.context.evidence;
    assert!(evidence.contains("answers without advice to cases drawn by lot"), "{evidence}");
    // Nothing is said of whether people are right.
    assert!(record.people.is_empty() && record.advice.iter().all(|effect| effect.unaided.is_empty() && effect.advised.is_empty()));
    assert!(record.arms.as_ref().is_none_or(|_| {
        let outlook = record.outlook(&stream.playbook, 0, 900_000_000);
        outlook.iter().filter(|arm| arm.route != Route::Automate).all(|arm| arm.n == 0)
    }));
    let like = record.proposer("m", "1").unwrap();
    assert!(like.reliability.all.iter().map(|cell| cell.n).sum::<u64>() == 1_100, "{like:?}");

    // What is automated has no label, and is none: its audits alone tell.
    let from = stream.events.len();
    (0..400).for_each(|_| _ = case(&mut stream, "easy", ("a", 90), "", How::Automated));
    (0..100).for_each(|_| _ = case(&mut stream, "easy", ("a", 90), "a", How::Audit));
    stream.events.iter().skip(from).for_each(|event| learner.apply(event));
    stream.now += 30 * DAY;
    assert_eq!(learner.watch(stream.now), None);
    let from = stream.events.len();
    (0..100).for_each(|n| _ = case(&mut stream, "easy", ("a", 90), if n % 4 == 0 { "b" } else { "a" }, How::Audit));
    stream.events.iter().skip(from).for_each(|event| learner.apply(event));
    let broken = learner.watch(stream.now).unwrap();
    assert_eq!((broken.by, broken.certificate), (By::Audits, issued.id.clone()));
}

/// However often people who see the advice agree with it, that is no evidence.
#[test]
fn agreement_with_the_advice_in_view_proves_nothing() {
    let mut stream = stream(Against::Judgments);
    let (_, record) = tested(&mut stream, 10);
    assert!(record.certificates.is_empty() && record.plan.is_none(), "{:?}", record.certificates);
    let cells = &record.proposer("m", "1").unwrap().reliability.all;
    let (right, n) = cells.iter().fold((0, 0), |sum, cell| (sum.0 + cell.right, sum.1 + cell.n));
    assert_eq!((right, n), (990, 1_100));
}

/// A playbook that does not ask for such a promise gets none; what is learned of the AI is there all the same.
#[test]
fn a_promise_about_agreement_has_to_be_asked_for() {
    let mut stream = stream(Against::Outcomes);
    let (_, record) = tested(&mut stream, 1_000);
    assert!(record.certificates.is_empty() && record.plan.is_none());
    assert!(record.note.contains("against = \"judgments\""), "{}", record.note);
    assert!(record.proposer("m", "1").is_some());
}

/// The only test that may begin while a certificate is in force is of another proposer: what is automated is not drawn from.
#[test]
fn what_is_certified_is_not_tested_again_before_its_end() {
    let mut stream = stream(Against::Judgments);
    let (mut learner, record) = tested(&mut stream, 1_000);
    let end = record.certificates[0].certificate.context.expires_at;
    stream.now = end - 5 * DAY;
    let from = stream.events.len();
    months(&mut stream, 100, 1_000);
    stream.events.iter().skip(from).for_each(|event| learner.apply(event));
    let before = learner.publish_now(end - DAY).unwrap();
    assert!(before.plan.is_none() && before.certificates.len() == 1, "{:?}", before.plan);
    let after = learner.publish_now(end + DAY).unwrap();
    let plan = after.plan.unwrap();
    assert_eq!((after.certificates.len(), plan.attempt, plan.from), (0, 2, end + DAY));
}

fn labels(stream: &Stream) -> u64 {
    stream.learner().publish_now(stream.now + 30 * DAY).map_or(0, |record| record.labels.matured)
}

#[test]
fn only_a_lot_makes_a_label() {
    for (how, label) in [
        (How::Lot, true),
        (How::Audit, true),
        (How::Advised, false),
        (How::Rule, false),
        (How::Unproposed, false),
        (How::Automated, false),
        (How::Imported, false),
    ] {
        let mut stream = stream(Against::Judgments);
        case(&mut stream, "easy", ("a", 90), "a", how);
        assert_eq!(labels(&stream), u64::from(label), "{how:?}");
        let record = stream.learner().publish_now(stream.now + 30 * DAY).unwrap();
        assert_eq!((record.labels.decided, record.labels.overdue), (1, 0), "{how:?}");
    }
    // Taken back, it is still what the person first said; of content that has changed since it says nothing.
    let mut stream = stream(Against::Judgments);
    let first = case(&mut stream, "easy", ("a", 90), "a", How::Lot);
    stream.push(first, stream.now, DecisionWithdrawn { decision: world::id(1), person: world::person("ann"), reason: None });
    let (fields, content_digest) = world::fields("hard");
    let second = case(&mut stream, "easy", ("a", 90), "a", How::Lot);
    stream.push(second, stream.now, CaseAmended { revision: 2, fields, content_digest });
    case(&mut stream, "easy", ("a", 90), "a", How::Lot);
    let record = stream.learner().publish_now(stream.now + 30 * DAY).unwrap();
    assert_eq!((record.labels.decided, record.labels.matured), (2, 1));
}

/// Held until somebody was there, a case is drawn when it comes to people.
#[test]
fn what_was_held_is_drawn_when_it_comes_to_people() {
    let mut stream = stream(Against::Judgments);
    case(&mut stream, "easy", ("a", 90), "a", How::Lot);
    let of_case = stream.events.iter().position(|event| matches!(event.body, Body::CaseRouted(_))).unwrap();
    let mut first = stream.events[of_case].clone();
    if let Body::CaseRouted(body) = &mut first.body {
        (body.route, body.reason) = (Route::Hold, "no_roster".into());
    }
    stream.events.insert(of_case, first);
    assert_eq!(labels(&stream), 1);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever is answered with the advice in view, under a rule, or elsewhere changes nothing that is learned of the AI.
    #[test]
    fn what_is_not_drawn_is_not_learned_from(answers in proptest::collection::vec((0..5_usize, any::<bool>(), any::<bool>()), 1..80)) {
        let learned = |turned: bool| {
            let mut stream = stream(Against::Judgments);
            for (how, ai, person) in &answers {
                let how = [How::Lot, How::Advised, How::Rule, How::Imported, How::Unproposed][*how];
                let person = *person ^ (turned && how != How::Lot);
                case(&mut stream, "easy", (if *ai { "a" } else { "b" }, 90), if person { "a" } else { "b" }, how);
            }
            let record = stream.learner().publish_now(stream.now + DAY).unwrap();
            (record.proposers, record.advice, record.labels)
        };
        prop_assert_eq!(learned(false), learned(true));
    }
}
