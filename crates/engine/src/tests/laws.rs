//! The laws over random command sequences, and the proof that each property notices when the code breaks its law.

use super::world::*;
use crate::{
    Command,
    command::{ObservedJudgment, ShownFacts},
    context::Drawn,
    laws::Breach,
    sabotage::{Sabotage, with},
};
use countersign_core::{
    content::{Content, Digest},
    event::{
        AdviceSeen, Body, Draw, Event, OutcomeKind, OutcomeValue, PeopleMetrics, Phase, RemarkAnchor, Route, RouteLearning, StopScope,
    },
    id::{EventId, PersonId},
    number::{Decimal, ONE_BILLIONTHS},
    patch::Side,
    playbook::{FieldKind, Learning},
};
use proptest::prelude::*;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// One random step: which command, who, and two numbers that it makes something of.
pub(super) type Step = (u8, u8, u8, u8);

const STEPS_MAX: usize = 60;
const REGIONS: [&str; 7] = ["x", "y", "panel", "hold", "unaided", "blind", "z"];

fn steps() -> impl Strategy<Value = (u8, Vec<Step>)> {
    (any::<u8>(), proptest::collection::vec(any::<Step>(), 1..STEPS_MAX))
}

/// Assist, blind, panel or two signatures; a roster that may be empty; metrics that may be off.
pub(super) fn random_world(seed: u8) -> World {
    let mut book = playbook([Route::Assist, Route::Blind, Route::Panel, Route::Assist][usize::from(seed % 4)]);
    if seed % 4 == 3 {
        book.decide.signatures_default = 2;
    }
    book.decide.induction = seed & 5 == 5;
    book.decide.bulk = seed & 16 == 0;
    if seed & 3 == 2 {
        book.fields[0].visible_to = vec!["senior".into()];
    }
    if seed & 17 == 16 {
        book.fields[0].kind = FieldKind::Patch;
    }
    if seed & 34 == 34 {
        book.proposers = vec![asked("bot", 5)];
    }
    if seed & 8 != 0 {
        book.routing.blind = ONE_BILLIONTHS / 2;
    }
    let mut world = World::new(book);
    world.drawn = (seed & 16 != 0).then_some(Drawn { epoch: 1, value: u32::from(seed) << 22 });
    if seed & 32 != 0 {
        world.control.people_metrics = PeopleMetrics::Off;
    }
    if seed & 0xC0 == 0x40 {
        // Something was learned: a certificate that ends soon, or has ended; a share that is audited, and one that goes by lot.
        let until = world.now + if seed & 6 == 0 { -SECOND } else { 20 * SECOND };
        world.record = Some(certified(until));
        let routing = &mut world.playbook.routing;
        routing.choose = vec![routing.default, Route::Unaided, Route::Panel];
        routing.automate.as_mut().unwrap().audit = 350_000_000;
        routing.explore = if seed & 9 == 9 { 540_000_000 } else { 0 };
    }
    if seed & 0xC0 == 0x80 || seed & 0xC4 == 4 {
        // A young model was asked, as far as the queue is ordered by it; the draw falls on either side.
        world.playbook.learning = Some(Learning { lot: [300_000_000, 900_000_000][usize::from(seed & 1)], until: 1_000 });
        world.learning = Some(RouteLearning { model: "young".into(), score: u32::from(seed) * 3_921_568 });
    }
    world.people.1 = seed & 7 == 4;
    if seed & 6 == 2 {
        // Ann added ben and cat.
        world.people.2 = vec![(person("ann"), person("ben")), (person("ann"), person("cat"))];
    }
    if seed % 7 == 5 {
        // Of six who review, five are away: no panel is filled.
        world.people.3 = ["ann", "ben", "cat", "dan", "eve"].map(person).into();
    }
    if seed & 0xC0 == 0xC0 {
        world.people.0.retain(|who, _| *who == person("ext") || *who == person("off") || *who == person("out"));
    }
    world
}

fn event_of(world: &World, type_name: &str) -> EventId {
    let found = world.events.iter().rev().find(|event| event.body.type_name() == type_name);
    found.map_or(id(9_999), |event| event.id)
}

/// A token as the server signed it, or as somebody would like it to be.
fn tampered(mut token: ShownFacts, how: u8) -> ShownFacts {
    match how % 24 {
        0 => token.phase = Phase::Only,
        1 => token.content_digest = Digest::of(b"other"),
        2 => token.proposals.push(id(77)),
        3 => token.advice_visible = !token.advice_visible,
        4 => token.expires_at += LEASE,
        5 => token.playbook_version += 1,
        6 => token.shown = id(9_998),
        _ => {}
    }
    token
}

/// One step; what is refused leaves nothing.
pub(super) fn take(world: &mut World, (kind, who, x, y): Step) {
    let name = PEOPLE[usize::from(who) % 7];
    let who = person(name);
    let option = ["a", "b", "c", "c"][usize::from(x) % 4];
    let before = world.events.len();
    let text = || Content::text("why");
    let decision = event_of(world, "decision.made");
    let command = match kind % 35 {
        0..=7 => {
            drop(world.answer(who, option));
            return;
        }
        8 | 9 => {
            world.claim(who);
            Command::Show { person: who, precedents: precedents(REGIONS[usize::from(x) % REGIONS.len()]), bulk: y % 3 == 0 }
        }
        10..=12 => {
            // Mostly the latest tokens: old ones are refused soon.
            let recent = world.tokens.len().saturating_sub(1 + usize::from(x) % 4);
            let Some(token) = world.tokens.get(recent).cloned() else {
                return;
            };
            judge(tampered(token, y), ["a", "b", "c"][usize::from(y) % 3])
        }
        13 | 14 => {
            world.now += [1, 5, 10, 61, -30][usize::from(x) % 5] * SECOND;
            return;
        }
        15 | 16 => {
            let (fields, content_digest) = fields(REGIONS[usize::from(x) % REGIONS.len()]);
            Command::Amend { fields, content_digest }
        }
        17 => Command::Propose(random_proposal(world, x, y)),
        18 if y % 3 == 0 => miss("bot", world.state().content_digest, None),
        18 => Command::Propose(random_proposal(world, x, y)),
        19 => Command::Ask { person: who, instruction: text(), about: (y % 2 == 0).then(|| event_of(world, "proposal.made")) },
        20 => Command::Withdraw { person: who, decision, reason: None },
        21 => Command::Act { decision, reference: None },
        22 => Command::Correct { person: who, decision, answer: choice(option), reason: text() },
        23 => Command::Reopen { person: who, reason: text() },
        24 | 25 => Command::Appeal { decision, person: (y % 2 == 0).then_some(who), reason: text() },
        26 => Command::Escalate { person: who, role: ["senior", "review", "guest"][usize::from(y) % 3].into(), reason: text() },
        27 => Command::Reroute,
        28 => Command::Skip { person: who, reason: text() },
        29 => Command::Snooze { person: who, until: world.now + (i64::from(y) - 40) * SECOND, reason: None },
        30 => outcome(world, x, y),
        31 | 32 => {
            let to = (y % 4 != 0).then(|| person(PEOPLE[usize::from(x) % 7]));
            Command::Assign { person: who, to, reason: None }
        }
        33 if y % 4 == 0 => Command::Unassign,
        33 if y % 4 == 1 => Command::Comment { person: who, text: text(), mentions: Vec::new(), anchor: None },
        33 => {
            let old = Digest::of(REGIONS[usize::from(y) % REGIONS.len()].as_bytes());
            let content_digest = if x & 16 == 0 { world.state().content_digest } else { old };
            let field = ["note", "note", "region", "secret", "none"][usize::from(x) % 5].to_owned();
            let anchor = RemarkAnchor { field, file: 1, side: Side::New, line: 1, content_digest };
            Command::Comment { person: who, text: text(), mentions: Vec::new(), anchor: Some(anchor) }
        }
        _ => observed(world, who, option, y),
    };
    let refused = world.run(command, Some(who)).is_err();
    assert!(!refused || world.events.len() == before, "law 8: a refusal leaves nothing");
}

fn random_proposal(world: &World, x: u8, y: u8) -> crate::command::NewProposal {
    let mut made = proposal(["bot", "other"][usize::from(y) % 2], ["a", "b", "c"][usize::from(x) % 3], u32::from(x % 50) + 50);
    made.owner = y.is_multiple_of(3).then(|| person(PEOPLE[usize::from(x) % 6]));
    if y.is_multiple_of(5) {
        made.chained_from = Some(event_of(world, "proposal.made"));
    }
    made
}

fn outcome(world: &World, x: u8, y: u8) -> Command {
    let value = match y % 3 {
        0 => OutcomeValue::Payoff(Decimal::parse("1.5").unwrap()),
        _ => OutcomeValue::Answer(choice("a")),
    };
    let kind = [OutcomeKind::Truth, OutcomeKind::Truth, OutcomeKind::Proxy, OutcomeKind::Payoff][usize::from(x) % 4];
    Command::Outcome { kind, value, source: "world".into(), occurred_at: world.now }
}

fn observed(world: &World, who: PersonId, option: &str, y: u8) -> Command {
    let phase = [Phase::Only, Phase::First, Phase::Final, Phase::Appeal][usize::from(y) % 4];
    let judgment = ObservedJudgment {
        person: who,
        phase,
        answer: choice(option),
        confidence: Some(u32::from(y) << 23),
        took: Some(i64::from(y) - 10),
        advice_seen: AdviceSeen::Unknown,
        tool: "elsewhere".into(),
    };
    Command::Observe { occurred_at: world.now, judgment }
}

/// A whole random life of a case.
fn live(seed: u8, steps: &[Step], answers: [&str; 2]) -> World {
    let mut world = random_world(seed);
    if seed.is_multiple_of(5) {
        world.control.stops.insert(StopScope::Workspace);
    }
    let region = REGIONS[usize::from(steps[0].2) % REGIONS.len()];
    let proposals = match steps[0].3 % 4 {
        0 => Vec::new(),
        1 => vec![proposal("bot", answers[0], 90)],
        _ => vec![proposal("bot", answers[0], 90), proposal("other", answers[1], 60)],
    };
    world.run(open(region, proposals), None).unwrap();
    steps.iter().for_each(|step| take(&mut world, *step));
    world
}

fn laws_broken(seed: u8, steps: &[Step]) -> Vec<Breach> {
    let world = live(seed, steps, ["a", "b"]);
    assert_eq!(crate::CaseState::fold(&world.events).as_ref(), world.state.as_ref(), "a replay gives the same state");
    for event in &world.events {
        let bytes = serde_json::to_vec(event).unwrap();
        assert_eq!(&Event::from_bytes(&bytes).unwrap(), event, "what is recorded can be read");
    }
    let mut breaches = world.breaches();
    // Written without the engine's own reading of it.
    let placed = |draw: &Draw| draw.purpose == "learn" && draw.value >= draw.share;
    let sought = world.events.iter().find(|event| matches!(&event.body, Body::CaseRouted(body) if body.draws.iter().any(placed)));
    if world.state().sought != sought.is_some() {
        let event = sought.map_or(world.events[0].id, |event| event.id);
        breaches.push(Breach { law: 5, event, what: "what was sought passes for a random sample" });
    }
    breaches
}

/// Everything that people other than the AI's makers could see before their own first answer, as the events go: what is on their
/// screens with the words of the proposals, where the case stands in the queue, and how commands of theirs are answered.
fn seen(world: &World) -> String {
    let mut seen = String::new();
    let mut so_far: Vec<&Event> = Vec::new();
    for event in &world.events {
        so_far.push(event);
        let state = crate::CaseState::fold(so_far.iter().copied()).unwrap();
        seen.push_str(&format!("{:?} {} {:?}\n", event.id, state.status_word(), state.queue()));
        match &event.body {
            Body::CaseShown(shown) => {
                let words: Vec<_> = shown.proposals.iter().map(|id| &state.proposal(*id).unwrap().answer).collect();
                seen.push_str(&format!("{} {words:?}\n", serde_json::to_string(shown).unwrap()));
            }
            Body::CaseRouted(routed) => seen.push_str(&format!("{:?} {} {:?}\n", routed.route, routed.reason, routed.seats)),
            _ => {}
        }
    }
    seen
}

/// Two runs that differ only in what the AI says, up to the first answer of anybody: law 4 wants them to look the same.
fn tells_advice(seed: u8, shows: &[u8], answers: [[&str; 2]; 2], percents: [[u32; 2]; 2]) -> bool {
    let runs = [0, 1].map(|run| {
        let mut world = random_world(seed & 0x3F);
        world.playbook.routing.default = [Route::Blind, Route::Unaided, Route::Panel, Route::Blind][usize::from(seed % 4)];
        let ([first, second], [sure, surer]) = (answers[run], percents[run]);
        let proposals = vec![proposal("bot", first, sure), proposal("other", second, surer)];
        world.run(open("x", proposals), None).unwrap();
        let mut refusals = String::new();
        for step in shows {
            let who = person(PEOPLE[usize::from(*step) % 7]);
            world.claim(who);
            let command = match step % 5 {
                0 => Command::Propose(proposal("bot", second, surer)),
                1 => Command::Skip { person: who, reason: Content::text("later") },
                2 => Command::Ask { person: who, instruction: Content::text("more"), about: None },
                _ => Command::Show { person: who, precedents: None, bulk: false },
            };
            refusals.push_str(&format!("{:?}\n", world.run(command, Some(who)).err()));
        }
        seen(&world) + &refusals
    });
    runs[0] != runs[1]
}

fn options() -> impl Strategy<Value = [&'static str; 2]> {
    let option = || prop_oneof![Just("a"), Just("b"), Just("c")];
    [option(), option()]
}

/// A seed, what people do, and for each of the two runs what two proposers answer and how sure they are.
type Twins = (u8, Vec<u8>, [[&'static str; 2]; 2], [[u32; 2]; 2]);

fn twins() -> impl Strategy<Value = Twins> {
    let percents = || [50..100_u32, 50..100_u32];
    (any::<u8>(), proptest::collection::vec(any::<u8>(), 1..12), [options(), options()], [percents(), percents()])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_sequence_of_commands_breaks_a_law((seed, steps) in steps()) {
        prop_assert_eq!(laws_broken(seed, &steps), []);
    }

    #[test]
    fn before_a_first_answer_nothing_tells_what_the_ai_says((seed, shows, answers, percents) in twins()) {
        prop_assert!(!tells_advice(seed, &shows, answers, percents));
    }
}

/// Random lives, always the same ones, until one breaks the law that the sabotage is about.
fn caught(sabotage: Sabotage, law: u8) -> bool {
    use proptest::{strategy::ValueTree as _, test_runner::TestRunner};
    let mut runner = TestRunner::deterministic();
    let (lives, pairs) = (steps(), twins());
    (0..6_000).any(|_| {
        let (seed, steps) = lives.new_tree(&mut runner).unwrap().current();
        let broken = with(sabotage, || catch_unwind(AssertUnwindSafe(|| laws_broken(seed, &steps))));
        let by_laws = broken.is_ok_and(|breaches| breaches.iter().any(|breach| breach.law == law))
            || with(sabotage, || super::hands::broken(&steps)).iter().any(|breach| breach.law == law);
        let (seed, shows, answers, percents) = pairs.new_tree(&mut runner).unwrap().current();
        by_laws
            || (law == 5 && with(sabotage, crate::learn::counts_what_was_sought))
            || (law == 4 && with(sabotage, || tells_advice(seed, &shows, answers, percents)))
    })
}

#[test]
fn every_sabotage_is_noticed_by_the_law_that_it_breaks() {
    let unnoticed: Vec<_> = Sabotage::ALL.iter().filter(|(sabotage, law)| !caught(*sabotage, *law)).collect();
    assert!(unnoticed.is_empty(), "no property notices {unnoticed:?}");
}

/// How often a random life gets anywhere: a generator whose commands are all refused would prove nothing.
#[test]
fn random_lives_reach_every_corner() {
    use proptest::{strategy::ValueTree as _, test_runner::TestRunner};
    let mut runner = TestRunner::deterministic();
    let lives = steps();
    let mut reached = std::collections::BTreeMap::<String, u32>::new();
    for _ in 0..1_000 {
        let (seed, steps) = lives.new_tree(&mut runner).unwrap().current();
        for event in live(seed, &steps, ["a", "b"]).events {
            let word = match &event.body {
                Body::DecisionMade(body) => format!("{:?}", body.basis),
                Body::CaseRouted(body) => format!("{} {}", body.route.as_str(), body.reason),
                Body::JudgmentGiven(body) => format!("{:?}", body.phase),
                body => body.type_name().into(),
            };
            *reached.entry(word).or_default() += 1;
        }
    }
    for word in [
        "Signatures",
        "PanelAgreed",
        "Adjudicated",
        "Appeal",
        "Only",
        "First",
        "Final",
        "Adjudication",
        "assist default",
        "assist escalated",
        "assist reopened",
        "blind default",
        "blind blind_share",
        "blind rule",
        "panel rule",
        "unaided no_proposal",
        "hold no_roster",
        "hold away",
        "hold rule",
        "automate certificate",
        "blind audit",
        "panel explore",
        "Certificate { certificate: \"test-1-1\" }",
        "case.amended",
        "decision.withdrawn",
        "decision.acted",
        "decision.corrected",
        "appeal.decided",
        "case.escalated",
        "case.assigned",
        "judgment.observed",
        "outcome.observed",
        "case.snoozed",
        "comment.added",
    ] {
        assert!(reached.get(word).is_some_and(|n| *n >= 10), "{word} in {reached:#?}");
    }
}
