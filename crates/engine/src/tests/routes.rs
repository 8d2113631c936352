//! The router: rules first, draws written down, every route derived again from its own event.

use super::{script::*, world::*};
use crate::{
    Command,
    context::Drawn,
    route::{self, Error},
};
use countersign_core::{
    content::{Content, Digest, Seal},
    event::{Body, CaseRouted, ExperimentArm, Route, RouteExperiment, StopScope},
    number::Decimal,
    playbook::{Condition, RouteRule, Test},
};
use std::collections::BTreeMap;

fn routed(world: &World) -> CaseRouted {
    let found = world.events.iter().rev().find_map(|e| if let Body::CaseRouted(r) = &e.body { Some(r.clone()) } else { None });
    found.unwrap()
}

#[test]
fn a_committed_draw_sends_its_share_blind_and_is_written_down() {
    for (value, expected) in [(99_999_999, "blind blind_share"), (100_000_000, "assist default")] {
        let mut world = World::new(playbook(Route::Assist));
        world.playbook.routing.blind = 100_000_000;
        world.drawn = Some(Drawn { epoch: 3, value });
        let world = check_in(world, &format!("open x bot=a => open {expected}"));
        let draw = &routed(&world).draws[0];
        assert_eq!((draw.epoch, draw.value, draw.share), (3, value, 100_000_000));
    }
    let mut world = World::new(playbook(Route::Assist));
    world.playbook.routing.blind = 1_000_000_000;
    check_in(world, "open x bot=a => open assist default");
}

#[test]
fn automation_is_refused_and_says_what_it_would_have_done() {
    let world = check_in(World::new(playbook(Route::Assist)), "open x low=a:60 high=b:90 same=c:90 => open assist default");
    let would = routed(&world).would_automate.unwrap();
    assert_eq!(
        (would.proposal, would.probability, would.refused.as_str()),
        (world.state().proposals[1].id, Some(900_000_000), "no_certificate")
    );
    for (scope, refused) in [
        (StopScope::Workspace, "stopped"),
        (StopScope::Proposer("high".into()), "stopped"),
        (StopScope::Proposer("low".into()), "no_certificate"),
        (StopScope::Playbook(countersign_core::id::PlaybookId(uuid::Uuid::from_u128(7))), "stopped"),
        (StopScope::Playbook(countersign_core::id::PlaybookId(uuid::Uuid::from_u128(8))), "no_certificate"),
    ] {
        let mut world = World::new(playbook(Route::Assist));
        world.control.stops.insert(scope);
        let world = check_in(world, "open x low=a:60 high=b:90");
        assert_eq!(routed(&world).would_automate.unwrap().refused, refused);
    }
    let mut world = World::new(playbook(Route::Assist));
    world.playbook.routing.automate = None;
    assert_eq!(routed(&check_in(world, "open x bot=a")).would_automate, None);
}

#[test]
fn a_playbook_that_says_automate_gets_a_person_all_the_same() {
    let mut world = World::new(playbook(Route::Automate));
    world.run(open("x", vec![proposal("bot", "a", 99)]), None).unwrap();
    assert_eq!(routed(&world).route, Route::Assist);
}

#[test]
fn explain_notices_every_changed_member() {
    let mut world = World::new(playbook(Route::Assist));
    world.playbook.routing.blind = 500_000_000;
    world.drawn = Some(Drawn { epoch: 1, value: 7 });
    let world = check_in(world, "open x bot=a");
    let good = routed(&world);
    type Change = fn(&mut CaseRouted);
    let changes: [(&str, Change); 9] = [
        ("route", |r| r.route = Route::Unaided),
        ("reason", |r| r.reason = "default".into()),
        ("rule", |r| r.rule = Some("mine".into())),
        ("draws", |r| r.draws[0].share = 1),
        ("route", |r| r.draws[0].value = 999_999_999),
        ("would_automate", |r| r.would_automate = None),
        ("seats", |r| r.seats = 5),
        ("route", |r| r.inputs.as_mut().unwrap().proposals.clear()),
        ("route", |r| r.inputs.as_mut().unwrap().roster = 0),
    ];
    for (member, change) in changes {
        let mut changed = good.clone();
        change(&mut changed);
        assert_eq!(route::explain(&changed, &world.playbook), Err(Error::Differs { member }), "{member}");
    }
    let mut bare = good.clone();
    bare.inputs = None;
    assert_eq!(route::explain(&bare, &world.playbook), Err(Error::NoInputs));
    let mut newer = good.clone();
    newer.router_version = route::ROUTER_VERSION + 1;
    assert_eq!(route::explain(&newer, &world.playbook), Err(Error::Version(route::ROUTER_VERSION + 1)));
    let mut short = good;
    short.inputs.as_mut().unwrap().rules.pop();
    assert_eq!(route::explain(&short, &world.playbook), Err(Error::Verdicts { recorded: 3, rules: 4 }));
}

/// A world in which half of the cases enter an experiment between advice and none.
fn with_experiment(value: u32) -> World {
    let mut world = World::new(playbook(Route::Assist));
    world.playbook.routing.choose = vec![Route::Assist, Route::Unaided];
    let arm = |name: &str, route| ExperimentArm { name: name.into(), route, proposer: None, version: None, unexplained: false };
    let arms = vec![arm("without", Route::Unaided), arm("with", Route::Assist)];
    let experiment = RouteExperiment { id: countersign_core::EventId(uuid::Uuid::from_u128(99)), share: 500_000_000, arms };
    world.control.experiments.insert(countersign_core::id::PlaybookId(uuid::Uuid::from_u128(7)), experiment);
    world.drawn = Some(Drawn { epoch: 1, value });
    world
}

#[test]
fn an_experiment_assigns_by_lot_where_no_rule_speaks_and_every_way_is_possible() {
    for (value, expected, arm) in [
        (0, "unaided experiment", Some(0)),
        (249_999_999, "unaided experiment", Some(0)),
        (250_000_000, "assist experiment", Some(1)),
        (499_999_999, "assist experiment", Some(1)),
        (500_000_000, "assist default", None),
    ] {
        let world = check_in(with_experiment(value), &format!("open x bot=a => open {expected}"));
        let routed = routed(&world);
        assert_eq!(routed.assigned.as_ref().map(|assigned| assigned.arm), arm);
        assert_eq!(route::explain(&routed, &world.playbook), Ok(()));
        assert_eq!(world.state().entered.is_some(), arm.is_some());
    }
    // Without advice to show, under a rule, or where the playbook no longer allows a way, nothing enters.
    check_in(with_experiment(0), "open x => open unaided no_proposal");
    check_in(with_experiment(0), "open blind bot=a => open blind rule");
    let mut narrower = with_experiment(0);
    narrower.playbook.routing.choose = vec![Route::Assist];
    check_in(narrower, "open x bot=a => open assist default");
    // What it was assigned to, and by which ways, is held against the event.
    let world = check_in(with_experiment(7), "open x bot=a");
    let good = routed(&world);
    type Change = fn(&mut CaseRouted);
    let changes: [(&str, Change); 4] = [
        ("assigned", |r| r.assigned.as_mut().unwrap().arm = 1),
        ("assigned", |r| r.assigned = None),
        ("route", |r| r.inputs.as_mut().unwrap().experiment = None),
        ("route", |r| r.inputs.as_mut().unwrap().experiment.as_mut().unwrap().arms.reverse()),
    ];
    for (member, change) in changes {
        let mut changed = good.clone();
        change(&mut changed);
        assert_eq!(route::explain(&changed, &world.playbook), Err(Error::Differs { member }), "{member}");
    }
    let mut older = good;
    older.router_version = 2;
    assert_eq!(route::explain(&older, &world.playbook), Err(Error::Version(2)), "before there were experiments");
}

/// As the first experiments wrote it: all of them drew for one purpose.
const FIRST: &str = r#"{"assigned":{"arm":1,"experiment":"00000000-0000-0000-0000-000000000063"},"content_digest":"2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881","draws":[{"epoch":1,"purpose":"experiment","share":500000000,"value":300000000}],"inputs":{"experiment":{"arms":[{"name":"without","route":"unaided"},{"name":"with","route":"assist"}],"id":"00000000-0000-0000-0000-000000000063","share":500000000},"proposals":[{"id":"00000000-0000-0000-0000-000000000002","probability":900000000,"proposer":"bot"}],"roster":6,"rules":[false,false,false,false]},"playbook_version":1,"reason":"experiment","route":"assist","router_version":3,"seats":1,"would_automate":{"probability":900000000,"proposal":"00000000-0000-0000-0000-000000000002","refused":"no_certificate"}}"#;

#[test]
fn routes_of_the_first_experiments_are_explained_and_what_entered_stays() {
    // Under the key of now it would get the other way.
    let mut world = check_in(with_experiment(0), "open x bot=a => open unaided experiment");
    let old: CaseRouted = serde_json::from_str(FIRST).unwrap();
    assert_eq!(route::explain(&old, &world.playbook), Ok(()));
    assert_eq!(serde_json::to_value(&old).unwrap(), serde_json::from_str::<serde_json::Value>(FIRST).unwrap());
    let mut moved = old.clone();
    moved.draws[0].value = 0;
    assert_eq!(route::explain(&moved, &world.playbook), Err(Error::Differs { member: "route" }));
    let event = world.events.iter_mut().find(|event| matches!(event.body, Body::CaseRouted(_))).unwrap();
    event.body = old.clone().into();
    world.state = crate::CaseState::fold(&world.events);
    assert_eq!(world.run(Command::Reroute, None).unwrap(), []);
    // It has ended, and the content is another one.
    world.control.experiments.clear();
    let (fields, content_digest) = fields("y");
    world.run(Command::Amend { fields, content_digest }, None).unwrap();
    let again = routed(&world);
    assert_eq!((again.route, &again.assigned, &again.draws), (Route::Assist, &old.assigned, &old.draws));
    assert_eq!(route::explain(&again, &world.playbook), Ok(()));
    assert_eq!(world.breaches(), []);
}

#[test]
fn rules_read_words_numbers_and_absence_and_no_sealed_value() {
    let decimal = |text: &str| Decimal::parse(text).unwrap();
    let seal = Content::Sealed(Seal { commitment: Digest([0; 32]), bytes: 9 });
    let cases: [(Test, Option<Content>, bool); 14] = [
        (Test::Is(vec!["a".into()]), Some(Content::text("a")), true),
        (Test::Is(vec!["a".into()]), Some(Content::text("b")), false),
        (Test::Is(vec!["true".into()]), Some(Content::Plain(true.into())), true),
        (Test::Is(vec!["3".into()]), Some(Content::Plain(3.into())), true),
        (Test::Is(vec!["a".into()]), None, false),
        (Test::Is(vec!["a".into()]), Some(seal.clone()), false),
        (Test::AtLeast(decimal("9.5")), Some(Content::text("10")), true),
        (Test::AtLeast(decimal("10")), Some(Content::text("9.5")), false),
        (Test::AtMost(decimal("-1")), Some(Content::Plain((-2).into())), true),
        (Test::AtMost(decimal("1")), Some(Content::text("one")), false),
        (Test::AtMost(decimal("1")), Some(seal.clone()), false),
        (Test::Missing, None, true),
        (Test::Missing, Some(Content::Plain(serde_json::Value::Null)), true),
        (Test::Missing, Some(seal), false),
    ];
    for (test, value, expected) in cases {
        let rule = RouteRule { name: "r".into(), when: vec![Condition { field: "f".into(), test: test.clone() }], route: Route::Panel };
        let fields: BTreeMap<_, _> = value.clone().map(|value| ("f".to_owned(), value)).into_iter().collect();
        assert_eq!(route::verdicts(&[rule], &fields), [expected], "{test:?} {value:?}");
    }
}

#[test]
fn only_what_is_held_or_untouched_is_routed_anew() {
    let mut world = check_in(World::new(playbook(Route::Assist)), "open x bot=a");
    assert_eq!(world.run(Command::Reroute, None).unwrap(), [], "untouched, and the route is the same");
    let ann = person("ann");
    world.claim(ann);
    world.run(Command::Show { person: ann, precedents: None, bulk: false }, Some(ann)).unwrap();
    assert_eq!(world.run(Command::Reroute, None).unwrap_err().code.slug(), "wrong-state");
}

/// A certificate that comes while a case waits decides it, unless somebody has looked at it; and a person can take that back.
#[test]
fn what_waits_is_automated_when_a_certificate_comes_and_people_have_the_last_word() {
    let mut world = check_in(World::new(playbook(Route::Assist)), "open x bot=a");
    world.drawn = Some(crate::context::Drawn { epoch: 1, value: 900_000_000 });
    world.record = Some(certified(world.now + 100 * SECOND));
    let events = world.run(Command::Reroute, None).unwrap();
    assert_eq!(events.len(), 2);
    let state = world.state();
    let decision = state.decision.clone().unwrap();
    assert_eq!(decision.basis, countersign_core::event::Basis::Certificate { certificate: "test-1-1".into() });
    assert!(decision.persons.is_empty() && state.status_word() == "decided");
    world.run(Command::Withdraw { person: person("ann"), decision: decision.id, reason: None }, None).unwrap();
    assert_eq!((world.state().status_word(), world.state().route.as_ref().unwrap().route), ("open", Route::Assist));
    world.answer(person("ann"), "b").unwrap();
    assert_eq!(world.breaches(), []);
}

/// A proposal that comes later brings the case under a certificate; without a record nothing changes.
#[test]
fn a_proposal_that_comes_later_is_routed_too() {
    for (learned, route) in [(false, Route::Unaided), (true, Route::Automate)] {
        let mut world = check_in(World::new(playbook(Route::Assist)), "open x");
        world.drawn = Some(crate::context::Drawn { epoch: 1, value: 900_000_000 });
        world.record = learned.then(|| certified(world.now + 100 * SECOND));
        world.run(Command::Propose(proposal("bot", "a", 90)), None).unwrap();
        assert_eq!(world.state().route.as_ref().unwrap().route, route);
        assert_eq!(world.breaches(), []);
    }
}
