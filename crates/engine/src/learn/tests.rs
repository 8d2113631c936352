//! Learning on small worlds, whose events are written by hand.

mod drift;
mod judged;
mod sought;

pub(crate) use sought::counts_what_was_sought;

use super::*;
use crate::{
    route,
    tests::world,
    track::{Issued, Proposed, Published},
};
use countersign_core::{
    Content,
    content::Digest,
    event::{
        Actor, Basis, CaseOpened, CaseRouted, DecisionMade, Draw, JudgmentGiven, OutcomeObserved, OutcomeValue, Phase, ProposalMade, Route,
        Source, WouldAutomate,
    },
    id::{EventId, PersonId, StreamId, WorkspaceId},
    playbook::FieldKind,
};
use proptest::prelude::*;

const HOUR: Micros = 3_600_000_000;

/// A stream of cases with known truth: `a` unless the case's number says otherwise.
pub(super) struct Stream {
    pub playbook: Arc<Playbook>,
    pub events: Vec<Event>,
    pub cases: u128,
    pub now: Micros,
}

impl Stream {
    pub fn new() -> Self {
        let mut playbook = world::playbook(Route::Assist);
        playbook.outcome.as_mut().unwrap().after = DAY;
        playbook.decide.signatures.clear();
        playbook.routing.rules.clear();
        playbook.fields.iter_mut().for_each(|field| field.kind = FieldKind::Category { options: Vec::new() });
        Self { playbook: Arc::new(playbook), events: Vec::new(), cases: 0, now: 1_000 * DAY }
    }

    pub fn learner(&self) -> Learner {
        let mut learner = Learner::new(id(), 1, Arc::clone(&self.playbook));
        self.events.iter().for_each(|event| learner.apply(event));
        learner
    }

    pub fn push(&mut self, stream: u128, at: Micros, body: impl Into<Body>) -> EventId {
        let id = EventId(StreamId::from_u128(1_000_000 + self.events.len() as u128));
        self.events.push(Event {
            id,
            workspace: WorkspaceId(StreamId::from_u128(1)),
            stream: StreamId::from_u128(stream),
            stream_version: 1,
            occurred_at: at,
            recorded_at: at,
            actor: Actor::System("test".into()),
            source: Source::System,
            causation: None,
            body: body.into(),
        });
        id
    }

    /// A case that comes in now, with what its fields say.
    pub fn opened(&mut self, region: &str) -> (u128, Digest) {
        self.cases += 1;
        let (case, at) = (10_000_000 + self.cases, self.now);
        let (fields, content_digest) = world::fields(region);
        let opened = CaseOpened {
            playbook: id(),
            playbook_version: 1,
            external_id: None,
            subject: None,
            fields,
            content_digest,
            owner: None,
            deadline_at: None,
        };
        self.push(case, at, opened);
        (case, content_digest)
    }

    /// What the AI proposes for it, and how surely.
    pub fn proposed(&mut self, case: u128, content_digest: Digest, (ai, percent): (&str, u32)) -> EventId {
        let new = world::proposal("m", ai, percent);
        let made = ProposalMade {
            proposer: new.proposer,
            proposer_version: new.proposer_version,
            answer: new.answer,
            probabilities: new.probabilities,
            explanation: None,
            evidence: Vec::new(),
            chained_from: None,
            ask: None,
            owner: None,
            cost: None,
            candidate: None,
            content_digest,
        };
        self.push(case, self.now, made)
    }

    /// A case an hour: what it is, what the AI and a person say, and by which route; the truth a day later.
    fn case(&mut self, region: &str, (ai, percent): (&str, u32), person: &str, truth: &str, audit: Option<&str>) {
        let (case, content_digest) = self.opened(region);
        let at = self.now;
        let proposal = self.proposed(case, content_digest, (ai, percent));
        let certificate = audit.map(str::to_owned);
        self.push(case, at, routed(proposal, content_digest, certificate));
        let given = JudgmentGiven {
            person: world::person("ann"),
            phase: if audit.is_some() { Phase::First } else { Phase::Only },
            answer: world::choice(person),
            accepts: None,
            confidence: None,
            took: Some(30 * world::SECOND),
            advice_visible: false,
            shown: proposal,
            content_digest,
            playbook_version: 1,
            proposals: Vec::new(),
            kept: None,
            reason: None,
            signature: None,
            bulk: false,
        };
        self.push(case, at, given);
        let decided = DecisionMade {
            answer: world::choice(person),
            basis: Basis::Signatures,
            persons: vec![world::person("ann")],
            judgments: Vec::new(),
            act_after: at,
            content_digest,
            playbook_version: 1,
        };
        self.push(case, at, decided);
        let value = OutcomeValue::Answer(world::choice(truth));
        self.push(case, at + DAY, OutcomeObserved { kind: OutcomeKind::Truth, value, source: "test".into() });
        self.now += HOUR;
    }

    /// The AI is right in all but every `wrong`th case of the easy region, and in half of the hard one.
    fn month(&mut self, cases: u32, wrong: u32) {
        for n in 0..cases {
            let easy = n % 3 != 0;
            let right = if easy { n % wrong != 0 } else { n % 2 == 0 };
            let person = if n % 20 == 7 { "b" } else { "a" };
            self.case(if easy { "easy" } else { "hard" }, (if right { "a" } else { "b" }, if easy { 90 } else { 60 }), person, "a", None);
        }
    }
}

pub(super) fn id() -> PlaybookId {
    PlaybookId(StreamId::from_u128(7))
}

pub(super) fn routed(proposal: EventId, content_digest: Digest, certificate: Option<String>) -> CaseRouted {
    let audit = certificate.is_some();
    CaseRouted {
        route: if audit { Route::Blind } else { Route::Unaided },
        reason: if audit { "audit" } else { "default" }.into(),
        rule: None,
        draws: Vec::<Draw>::new(),
        would_automate: Some(WouldAutomate { proposal, probability: None, refused: "audit".into(), certificate }),
        assigned: None,
        seats: 1,
        role: None,
        router_version: route::ROUTER_VERSION,
        playbook_version: 1,
        content_digest,
        inputs: None,
    }
}

fn assess(record: &TrackRecord, playbook: &Playbook, region: &str, percent: u32, now: Micros) -> countersign_core::event::RouteMeasured {
    let (fields, _) = world::fields(region);
    let proposed = Proposed { id: world::id(1), proposer: "m", version: "1", probability: Some(percent * 10_000_000), signatures: 1 };
    record.assess(Digest::of(b"record"), (playbook, 1), &fields, &[proposed], now)
}

/// From nothing to a certificate: a test is planned on the past, made on what comes in after it, and permits the easy kind only.
#[test]
fn a_certificate_is_earned_on_fresh_rows_and_for_the_kind_that_earned_it() {
    let mut stream = Stream::new();
    stream.month(900, 500);
    let mut learner = stream.learner();
    let first = learner.publish(stream.now + 2 * DAY).unwrap();
    assert_eq!((first.labels.matured, first.certificates.len()), (900, 0));
    assert!(first.regions.iter().any(|region| region.words().contains("region is")), "{:?}", first.regions);
    let plan = first.plan.clone().unwrap();
    let wanted: u64 = plan.regions.iter().map(|region| region.rows).sum();
    assert!((149..1_500).contains(&wanted), "{plan:?}");
    // The rows of before do not count: time alone earns nothing.
    let before = learner.publish_now(stream.now + 3 * DAY).unwrap();
    assert!(before.certificates.is_empty() && before.plan == Some(plan));

    stream.now += 4 * DAY;
    let from = stream.events.len();
    stream.month(2_400, 500);
    stream.events.iter().skip(from).for_each(|event| learner.apply(event));
    let record = learner.publish(stream.now + 3 * DAY).unwrap();
    assert_eq!(record.attempts, 1);
    let [issued] = record.certificates.as_slice() else { panic!("{:?}", record.certificates) };
    assert_eq!(issued.certificate.evident(), Ok(()));
    let now = record.made_at;
    assert!(assess(&record, &stream.playbook, "easy", 90, now).certificate.is_some());
    assert!(assess(&record, &stream.playbook, "hard", 90, now).certificate.is_none(), "another kind of case");
    assert!(assess(&record, &stream.playbook, "easy", 50, now).certificate.is_none(), "below the threshold");
    // People are asked at 95 %, the AI is right at 99.8 %: it is cheaper too.
    let measured = assess(&record, &stream.playbook, "easy", 90, now);
    let cost = |route| measured.arms.iter().find(|arm| arm.route == route).unwrap();
    assert!(cost(Route::Automate).chance > cost(Route::Unaided).chance);
    // The certificate goes with the proposer's version, the playbook's version and its time.
    let (fields, _) = world::fields("easy");
    let other = Proposed { id: world::id(1), proposer: "m", version: "2", probability: Some(900_000_000), signatures: 1 };
    assert!(record.assess(Digest::of(b""), (&stream.playbook, 1), &fields, &[other], now).certificate.is_none());
    let same = Proposed { version: "1", ..other };
    assert!(record.assess(Digest::of(b""), (&stream.playbook, 2), &fields, &[same], now).certificate.is_none());
    let two = Proposed { signatures: 2, ..same };
    assert!(record.assess(Digest::of(b""), (&stream.playbook, 1), &fields, &[two], now).certificate.is_none(), "two people sign it");
}

/// The router automates what is certified, and only that; the draw gives some to people, and a stop, an expiry or a rule all of it.
#[test]
fn the_router_obeys_the_record() {
    let (published, playbook, now) = certified();
    let (fields, content_digest) = world::fields("easy");
    let route = |cause, stops: Vec<_>, audit: u32, now: Micros, rules: Vec<bool>, roster: u64| {
        let proposed = Proposed { id: world::id(1), proposer: "m", version: "1", probability: Some(900_000_000), signatures: 1 };
        let measured = published.record.assess(published.digest, (&playbook, 1), &fields, &[proposed], now);
        let drawn = crate::context::Drawn { epoch: 1, value: audit };
        let inputs = route::Inputs {
            playbook_version: 1,
            content_digest,
            cause,
            role: None,
            drawn: vec![(route::DRAW_AUDIT.into(), drawn)],
            frozen: countersign_core::event::RouteInputs {
                away: 0,
                rules,
                proposals: vec![route::frozen_proposal(world::id(1), "m", Some(900_000_000))],
                awaited: false,
                awaited_until: None,
                roster,
                stops,
                forbidden: None,
                measured: Some(measured),
                experiment: None,
                learning: None,
            },
        };
        let routed = route::route(&playbook, inputs);
        assert_eq!(route::explain(&routed, &playbook), Ok(()));
        if routed.route == Route::Automate {
            // The version before asked nobody either where nobody was there, and what it decided is still derived as it was.
            let mut unattended = routed.clone();
            unattended.inputs.as_mut().unwrap().roster = 0;
            assert!(matches!(route::explain(&unattended, &playbook), Err(route::Error::Differs { member: "route" })));
            unattended.router_version = 3;
            assert_eq!(route::explain(&unattended, &playbook), Ok(()));
        }
        (routed.route, routed.reason.clone(), routed.would_automate.map(|would| would.refused).unwrap_or_default())
    };
    use crate::route::Cause::{Content, Reopened};
    let word = |route, reason: &str, refused: &str| (route, reason.to_owned(), refused.to_owned());
    assert_eq!(route(Content, vec![], 600_000_000, now, vec![], 5), word(Route::Automate, "certificate", ""));
    assert_eq!(route(Content, vec![], 10_000_000, now, vec![], 5), word(Route::Blind, "audit", "audit"));
    let stop = vec![countersign_core::event::StopScope::Workspace];
    assert_eq!(route(Content, stop, 600_000_000, now, vec![], 5), word(Route::Assist, "default", "stopped"));
    assert_eq!(route(Content, vec![], 600_000_000, now + 31 * DAY, vec![], 5), word(Route::Assist, "default", "expired"));
    assert_eq!(route(Reopened, vec![], 600_000_000, now, vec![], 5).0, Route::Assist);
    // Nobody is there who could stop it, or answer its audits: all is held.
    assert_eq!(route(Content, vec![], 10_000_000, now, vec![], 0), word(Route::Hold, "no_roster", "audit"));
    assert_eq!(route(Content, vec![], 600_000_000, now, vec![], 0), word(Route::Hold, "no_roster", "no_roster"));
}

/// What a certificate covers is automated as a whole or rests as a whole. The version before asked case by case, and what it decided
/// is still derived as it was.
#[test]
fn a_certificate_rests_as_a_whole_where_people_are_cheaper() {
    let (mut published, mut playbook, now) = certified();
    playbook.routing.default = Route::Unaided;
    let route = |record: &TrackRecord| {
        let (fields, content_digest) = world::fields("easy");
        let proposed = Proposed { id: world::id(1), proposer: "m", version: "1", probability: Some(900_000_000), signatures: 1 };
        let measured = record.assess(Digest::of(b""), (&playbook, 1), &fields, &[proposed], now);
        let frozen = countersign_core::event::RouteInputs {
            away: 0,
            rules: vec![],
            proposals: vec![route::frozen_proposal(world::id(1), "m", Some(900_000_000))],
            awaited: false,
            awaited_until: None,
            roster: 5,
            stops: vec![],
            forbidden: None,
            measured: Some(measured),
            experiment: None,
            learning: None,
        };
        let drawn = vec![(route::DRAW_AUDIT.into(), crate::context::Drawn { epoch: 1, value: 600_000_000 })];
        let cause = route::Cause::Content;
        route::route(&playbook, route::Inputs { playbook_version: 1, content_digest, cause, role: None, drawn, frozen })
    };
    // However dear this one case looks, the certificate decides.
    published.record.prices.error.iter_mut().flatten().for_each(|arms| arms[0] = i64::from(u32::MAX));
    let dear = route(&published.record);
    assert_eq!(dear.route, Route::Automate);
    published.record.certificates[0].costlier = true;
    let rests = route(&published.record);
    assert_eq!((rests.route, rests.would_automate.as_ref().unwrap().refused.as_str()), (Route::Unaided, "costlier"));
    assert_eq!(route::explain(&rests, &playbook), Ok(()));
    let before = CaseRouted { router_version: 2, ..dear };
    assert_eq!(route::explain(&before, &playbook), Err(route::Error::Differs { member: "route" }), "version 2 would have asked a person");
    assert_eq!(route::explain(&CaseRouted { router_version: 2, ..rests }, &playbook), Ok(()));
}

/// The youngest certificate is asked first, whoever proposes; what others covered when it was tested is none of its own, and neither
/// are the probabilities that were left to people.
#[test]
fn certificates_about_several_proposers_do_not_overlap() {
    let (mut published, playbook, now) = certified();
    let old = published.record.certificates[0].clone();
    let young = |except| Issued {
        id: "young".into(),
        proposer: "n".into(),
        threshold: 0,
        left: vec![[400_000_000, 500_000_000]],
        except,
        ..old.clone()
    };
    let (fields, _) = world::fields("easy");
    let named = |record: &TrackRecord, m: u32, n: u32| {
        let of = |at, proposer, percent: u32| Proposed {
            id: world::id(at),
            proposer,
            version: "1",
            probability: Some(percent * 10_000_000),
            signatures: 1,
        };
        let both = [of(1, "m", m), of(2, "n", n)];
        record.assess(Digest::of(b""), (&playbook, 1), &fields, &both, now).certificate.map(|certificate| certificate.id)
    };
    published.record.certificates.push(young(vec![]));
    assert_eq!(named(&published.record, 90, 90).as_deref(), Some("young"));
    published.record.certificates[1] = young(vec![old.coverage()]);
    assert_eq!(named(&published.record, 90, 90), Some(old.id.clone()));
    assert_eq!(named(&published.record, 10, 90).as_deref(), Some("young"), "the other is not sure enough");
    assert_eq!(named(&published.record, 10, 45), None, "left to people");
    published.record.certificates.remove(0);
    assert_eq!(named(&published.record, 90, 90), None, "what it did not cover at its test it does not cover afterwards");
}

/// A test that was planned from an unlucky start and would wait for years is given up for one that will be made soon; it has spent
/// nothing, and the new one has rows of its own.
#[test]
fn a_test_that_would_never_be_made_is_planned_anew() {
    let mut stream = Stream::new();
    stream.month(300, 70);
    let mut learner = stream.learner();
    let waits = learner.publish(stream.now + 2 * DAY).unwrap().plan.unwrap();
    let rows = |plan: &crate::track::Plan| plan.regions.iter().map(|region| region.rows).sum::<u64>();
    assert!(rows(&waits) > 5_000, "{waits:?}");
    let from = stream.events.len();
    stream.month(1_500, 100_000);
    stream.events.iter().skip(from).for_each(|event| learner.apply(event));
    let record = learner.publish(stream.now + 2 * DAY).unwrap();
    let plan = record.plan.unwrap();
    assert!(rows(&plan) < 1_500 && plan.from > waits.from, "{plan:?}");
    assert_eq!((plan.attempt, record.attempts), (1, 0));
}

fn certified() -> (Published, Playbook, Micros) {
    let mut stream = Stream::new();
    stream.month(900, 500);
    let mut learner = stream.learner();
    learner.publish(stream.now + 2 * DAY).unwrap();
    stream.now += 4 * DAY;
    let from = stream.events.len();
    stream.month(2_400, 500);
    stream.events.iter().skip(from).for_each(|event| learner.apply(event));
    let record = learner.publish(stream.now + 3 * DAY).unwrap();
    let digest = Digest::of(&record.to_bytes().unwrap());
    let now = record.made_at;
    (Published { record, digest }, (*stream.playbook).clone(), now)
}

/// Audits are scored on the sealed answer, in their order; a break is seen, and the certificate is gone from the next record.
#[test]
fn a_broken_promise_is_seen_by_its_audits_alone() {
    let mut stream = Stream::new();
    stream.month(900, 500);
    let mut learner = stream.learner();
    learner.publish(stream.now + 2 * DAY).unwrap();
    stream.now += 4 * DAY;
    let mut from = stream.events.len();
    stream.month(2_400, 500);
    stream.events.iter().skip(from).for_each(|event| learner.apply(event));
    let record = learner.publish(stream.now + 3 * DAY).unwrap();
    let certificate = record.certificates[0].id.clone();
    assert_eq!(learner.watch(stream.now + 3 * DAY), None);
    stream.now += 4 * DAY;
    from = stream.events.len();
    // The person is wrong in all of them, which is not what is scored.
    (0..200).for_each(|_| stream.case("easy", ("a", 90), "b", "a", Some(&certificate)));
    stream.events.iter().skip(from).for_each(|event| learner.apply(event));
    assert_eq!(learner.watch(stream.now + DAY), None);
    let audited = learner.audited(&record.certificates[0]);
    assert_eq!((audited.drawn, audited.settled, audited.stopped), (200, 200, false));
    from = stream.events.len();
    // Whichever certificate they were drawn under: it is watched on all that it covers.
    let drawn = |n: u32| if n.is_multiple_of(2) { certificate.as_str() } else { "a younger one" };
    (0..200).for_each(|n| stream.case("easy", (if n % 8 < 2 { "b" } else { "a" }, 90), "a", "a", Some(drawn(n))));
    (0..200).for_each(|_| stream.case("hard", ("b", 60), "a", "a", Some("a younger one")));
    stream.events.iter().skip(from).for_each(|event| learner.apply(event));
    let broken = learner.watch(stream.now + DAY).unwrap();
    assert!(broken.certificate == certificate && (broken.by, broken.after < 350) == (By::Audits, true), "{broken:?}");
    let after = learner.publish(stream.now + 2 * DAY).unwrap();
    assert!(after.certificates.iter().all(|issued| issued.id != certificate));
    // A learner that starts again from the events and the last record says the same.
    let mut again = stream.learner();
    again.resume(record);
    assert_eq!(again.watch(stream.now + DAY), Some(broken));
}

#[test]
fn selective_and_absent_truth_certify_nothing_and_say_why() {
    for (observed, none) in [(Some(vec!["b".to_owned()]), false), (None, true)] {
        let mut stream = Stream::new();
        stream.month(900, 500);
        let playbook = Arc::make_mut(&mut stream.playbook);
        playbook.outcome.as_mut().unwrap().observed = observed;
        if none {
            playbook.outcome = None;
        }
        let record = stream.learner().publish(stream.now + 3 * DAY).unwrap();
        assert!(record.plan.is_none() && record.certificates.is_empty());
        // What people answered without advice is measured where there is no outcome at all; nothing is promised of it unasked.
        assert_eq!((record.arms.is_none(), record.labels.kind == LabelKind::Judgments), (!none, none));
        assert!(record.note.starts_with("Not identifiable"), "{}", record.note);
    }
}

#[test]
fn without_outcomes_nothing_is_said() {
    let stream = Stream::new();
    assert!(stream.learner().publish(DAY).is_none());
    let mut few = Stream::new();
    few.month(30, 10);
    let record = few.learner().publish(few.now + 3 * DAY).unwrap();
    assert!(record.plan.is_none() && record.note.starts_with("Not enough yet: 30 of 200"), "{}", record.note);
    assert_eq!(few.learner().publish(few.now).map(|r| r.labels.decided), Some(30));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// A record is a function of the events: written down and read again it is the same, and so is one made by another learner.
    #[test]
    fn records_are_functions_of_the_events(cases in 1u32..600, wrong in 2u32..50) {
        let mut stream = Stream::new();
        stream.month(cases, wrong);
        let record = stream.learner().publish(stream.now + 3 * DAY).unwrap();
        let bytes = record.to_bytes().unwrap();
        let read: TrackRecord = serde_json::from_slice(&bytes).unwrap();
        prop_assert_eq!(&read, &record);
        prop_assert_eq!(read.to_bytes().unwrap(), bytes);
        prop_assert_eq!(stream.learner().publish(stream.now + 3 * DAY), Some(record));
    }
}

/// Who answered is kept only where the workspace says so.
#[test]
fn people_are_measured_only_where_that_is_allowed() {
    let mut stream = Stream::new();
    stream.month(300, 10);
    for (metrics, people) in [(PeopleMetrics::Off, 0), (PeopleMetrics::Aggregate, 0), (PeopleMetrics::Own, 1), (PeopleMetrics::Named, 1)] {
        let mut learner = stream.learner();
        learner.measure_people(metrics);
        let record = learner.publish(stream.now + 3 * DAY).unwrap();
        assert_eq!(record.people.len(), people, "{metrics:?}");
        let known: Vec<PersonId> = record.people.iter().map(|person| person.person).collect();
        assert!(known.iter().all(|person| *person == world::person("ann")));
    }
}

#[test]
fn a_region_reads_plain_values_only() {
    let region = crate::track::Region {
        when: vec![countersign_core::playbook::Condition {
            field: "region".into(),
            test: countersign_core::playbook::Test::Is(vec!["easy".into()]),
        }],
        unless: Vec::new(),
    };
    let (mut fields, _) = world::fields("easy");
    assert!(region.holds(&fields));
    let seal = countersign_core::content::Seal { commitment: Digest::of(b"x"), bytes: 4 };
    fields.insert("region".into(), Content::Sealed(seal));
    assert!(!region.holds(&fields));
    assert_eq!(region.words(), "region is easy");
}

/// An outcome that is corrected is learned as it is now, as if it had never been another, and the record says how many there were.
#[test]
fn corrected_outcomes_are_learned_anew() {
    let mut stream = Stream::new();
    stream.month(300, 10);
    let mut corrected = Stream { events: stream.events.clone(), playbook: Arc::clone(&stream.playbook), ..stream };
    for case in [10_000_001, 10_000_002] {
        let value = OutcomeValue::Answer(world::choice("b"));
        let (outcome, reason) = (corrected.events[0].id, Content::text("a second look"));
        corrected.push(case, corrected.now, countersign_core::event::OutcomeCorrected { outcome, value, reason });
    }
    let mut from_start = Stream { events: corrected.events.clone(), playbook: Arc::clone(&corrected.playbook), ..corrected };
    for event in &mut from_start.events {
        let first = [10_000_001, 10_000_002].contains(&event.stream.as_u128());
        if let Body::OutcomeObserved(body) = &mut event.body
            && first
        {
            body.value = OutcomeValue::Answer(world::choice("b"));
        }
    }
    let (late, early) = (corrected.learner().publish(corrected.now + 3 * DAY), from_start.learner().publish(corrected.now + 3 * DAY));
    let (late, early) = (late.unwrap(), early.unwrap());
    assert_eq!((late.labels.corrected, early.labels.corrected), (2, 0));
    assert_eq!((&late.proposers, &late.advice, &late.arms), (&early.proposers, &early.advice, &early.arms));
    let untouched = stream.learner().publish(stream.now + 3 * DAY).unwrap();
    assert_ne!(untouched.advice, early.advice);
}

/// A proposer that always names the same probability, however low, is certified as a whole or not at all; one that names none is never
/// automated.
#[test]
fn constant_and_absent_scores_do_no_harm() {
    for (percent, certified) in [(Some(90), true), (Some(0), true), (None, false)] {
        let mut stream = Stream::new();
        for n in 0..3_300u32 {
            stream.case("easy", (if n.is_multiple_of(500) { "b" } else { "a" }, percent.unwrap_or(50)), "a", "a", None);
        }
        if percent.is_none() {
            for event in &mut stream.events {
                if let Body::ProposalMade(body) = &mut event.body {
                    body.probabilities = None;
                }
            }
        }
        let (before, after) = stream.events.split_at(900 * 6);
        let mut learner = Learner::new(id(), 1, Arc::clone(&stream.playbook));
        before.iter().for_each(|event| learner.apply(event));
        learner.publish(before.last().unwrap().occurred_at + HOUR).unwrap();
        after.iter().for_each(|event| learner.apply(event));
        let record = learner.publish(stream.now + 3 * DAY).unwrap();
        assert_eq!(!record.certificates.is_empty(), certified, "{percent:?} {:?}", record.note);
        assert!(record.certificates.iter().all(|issued| issued.threshold == percent.unwrap() * 10_000_000));
    }
}

/// What a first answer that differs from the AI came to, and how advice was taken, are told by region and by person.
#[test]
fn disagreements_and_reliance_are_counted_where_an_own_answer_came_first() {
    let mut stream = Stream::new();
    for n in 0..40_u32 {
        // The AI says b throughout; ann says a. The truth is a in 30, and b in 10; after advice she goes over to b in every fourth.
        let truth = if n % 4 == 3 { "b" } else { "a" };
        stream.case("easy", ("b", 80), "a", truth, Some("c"));
        let last = stream.events.len() - 1;
        let then = stream.events.iter().rev().find_map(|event| match &event.body {
            Body::JudgmentGiven(body) => Some((event.stream, event.occurred_at, body.clone())),
            _ => None,
        });
        let (case, at, first) = then.unwrap();
        let answer = world::choice(if n % 4 == 0 { "b" } else { "a" });
        stream.push(case.as_u128(), at, JudgmentGiven { phase: Phase::Final, advice_visible: true, answer, ..first });
        assert_eq!(stream.events.len(), last + 2);
    }
    let mut learner = stream.learner();
    let record = learner.publish(stream.now + 2 * DAY).unwrap();
    let cell = |right, n| crate::track::Cell { right, n };
    let [effect] = record.advice.as_slice() else { panic!("{:?}", record.advice) };
    assert_eq!((effect.differs_person, effect.differs_ai), (cell(30, 40), cell(10, 40)));
    let [ann] = record.people.as_slice() else { panic!("{:?}", record.people) };
    let own = ann.regions[0];
    // In the end she is right in 20: the 30 in which a was right, less the 10 of them in which she went over.
    assert_eq!((own.answered, own.ai), (cell(20, 40), cell(10, 40)));
    // Turned right of 10; kept right of 30; went with the AI where it was wrong, all and on disagreement; not where it was right; at all.
    assert_eq!(own.reliance, [cell(0, 10), cell(20, 30), cell(10, 30), cell(10, 30), cell(10, 10), cell(10, 40)]);
    // A record that was made before these were counted is still read, and says the same bytes.
    let mut older = record.clone();
    older.people[0].regions.clear();
    (older.advice[0].differs_person, older.advice[0].differs_ai) = (cell(0, 0), cell(0, 0));
    let bytes = older.to_bytes().unwrap();
    assert!(!String::from_utf8(bytes.clone()).unwrap().contains("differs"));
    assert_eq!(serde_json::from_slice::<TrackRecord>(&bytes).unwrap(), older);
    learner.measure_people(PeopleMetrics::Off);
    stream.events.iter().skip(1).for_each(|event| learner.apply(event));
    assert!(learner.publish_now(stream.now + 3 * DAY).unwrap().people.is_empty());
}

/// What was answered from a line of a table is nobody's evidence: neither of people alone, nor of what they make of advice, nor of anybody.
#[test]
fn answers_in_bulk_measure_nobody() {
    let mut stream = Stream::new();
    for n in 0..60_u32 {
        stream.case("easy", (if n % 3 == 0 { "b" } else { "a" }, 80), "a", "a", None);
    }
    let told = |bulk: bool, advice: bool| {
        let mut learner = Learner::new(id(), 1, Arc::clone(&stream.playbook));
        for event in &stream.events {
            let mut event = event.clone();
            if let Body::JudgmentGiven(given) = &mut event.body {
                (given.bulk, given.advice_visible) = (bulk, advice);
            }
            learner.apply(&event);
        }
        let record = learner.publish(stream.now + 2 * DAY).unwrap();
        let effect = record.advice.first().cloned();
        (record.labels.matured, record.people.len(), effect.map(|effect| (effect.unaided.n, effect.advised.n)))
    };
    assert_eq!(told(false, false), (60, 1, Some((60, 0))));
    assert_eq!(told(false, true), (60, 1, Some((0, 60))));
    for advice in [false, true] {
        let (matured, people, effect) = told(true, advice);
        assert_eq!((matured, people), (60, 0), "the outcome is known, and nobody is measured by it");
        assert!(effect.is_none_or(|counted| counted == (0, 0)), "{effect:?}");
    }
}
