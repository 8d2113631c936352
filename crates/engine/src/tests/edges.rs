//! The edges of a case's life: too late, too full, a clock that goes back, what came from elsewhere.

use super::{script::*, world::*};
use crate::{
    Command,
    command::{History, ObservedJudgment},
};
use countersign_core::event::{AdviceSeen, OutcomeKind, OutcomeValue, PeopleMetrics, Phase, Route};

#[test]
fn a_withdrawal_is_in_time_only_within_the_grace() {
    check(
        Route::Assist,
        "open x bot=a
         ann a
         withdraw ben => open assist default
         withdraw ben => wrong-state
         ann b => decided b signed ann
         wait 10
         withdraw ann => grace-over
         correct ann c => wrong-state
         correct ann a => decided a signed ann
         correct ann a => invalid",
    );
}

#[test]
fn skips_and_snoozes_change_the_queue_only() {
    let mut world = check_in(
        World::new(playbook(Route::Assist)),
        "open x bot=a@dan
         skip ann
         snooze ben 0 => invalid
         snooze ben 40000000 => invalid
         snooze ben 30",
    );
    let queue = world.state().queue().unwrap();
    assert_eq!(queue.excluded, [person("ann"), person("dan")]);
    assert_eq!((queue.wake_at, queue.seats_free), (Some(world.now + 30 * SECOND), 1));
    world.answer(person("ann"), "a").unwrap();
    assert_eq!(world.state().queue(), None);
}

#[test]
fn seats_tell_how_many_may_answer_at_the_same_time() {
    let mut book = playbook(Route::Assist);
    book.routing.panel = 3;
    let mut world = World::new(book);
    world.run(open("panel", Vec::new()), None).unwrap();
    for (name, left) in [("ann", 3), ("ben", 2), ("cat", 1)] {
        assert_eq!(world.state().queue().unwrap().seats_free, left);
        world.answer(person(name), if name == "cat" { "b" } else { "a" }).unwrap();
    }
    let queue = world.state().queue().unwrap();
    assert_eq!((queue.seats_free, queue.excluded.len()), (1, 3), "one adjudicator who is none of the three");
}

#[test]
fn a_clock_that_goes_back_does_no_harm() {
    let mut world = World::new(playbook(Route::Assist));
    world.run(open("x", vec![proposal("bot", "a", 90)]), None).unwrap();
    world.answer(person("ann"), "a").unwrap();
    let made = world.now;
    world.now -= 500 * SECOND;
    let withdrawn =
        world.run(Command::Withdraw { person: person("ann"), decision: world.state().decision.as_ref().unwrap().id, reason: None }, None);
    assert_eq!(withdrawn.unwrap()[0].occurred_at, made);
    assert_eq!(world.breaches(), []);
}

#[test]
fn history_is_imported_and_never_signs() {
    let mut world = World::new(playbook(Route::Assist));
    let judged = ObservedJudgment {
        person: person("ext"),
        phase: Phase::Only,
        answer: choice("a"),
        confidence: None,
        took: Some(SECOND),
        advice_seen: AdviceSeen::Unknown,
        tool: "old".into(),
    };
    let history = History {
        opened_at: None,
        judgments: vec![(5 * SECOND, judged.clone())],
        decision: Some((6 * SECOND, choice("c"), vec![person("ext")])),
        outcome: Some((7 * SECOND, OutcomeKind::Truth, OutcomeValue::Answer(choice("a")), "file".into())),
    };
    let opening = |history| {
        let Command::Open { fields, content_digest, .. } = open("x", Vec::new()) else { unreachable!() };
        Command::Open {
            external_id: None,
            subject: None,
            fields,
            content_digest,
            owner: None,
            deadline_at: None,
            proposals: vec![proposal("bot", "a", 80)],
            history: Some(history),
        }
    };
    let mut wrong = history.clone();
    wrong.outcome = Some((7 * SECOND, OutcomeKind::Proxy, OutcomeValue::Answer(choice("a")), "file".into()));
    assert_eq!(world.run(opening(wrong), None).unwrap_err().field.as_deref(), Some("/history/outcome/kind"));
    let mut stranger = history.clone();
    stranger.judgments[0].1.person = person("nobody");
    assert_eq!(world.run(opening(stranger), None).unwrap_err().field.as_deref(), Some("/history/judgments/0/person"));
    let mut future = history.clone();
    future.decision = Some((world.now + 301 * SECOND, choice("c"), Vec::new()));
    assert_eq!(world.run(opening(future), None).unwrap_err().field.as_deref(), Some("/history/decision/at"));
    assert!(world.events.is_empty(), "a refusal leaves nothing");

    world.control.people_metrics = PeopleMetrics::Off;
    world.run(opening(history), None).unwrap();
    let types: Vec<_> = world.events.iter().map(|e| (e.body.type_name(), e.occurred_at / SECOND)).collect();
    assert_eq!(types, [("case.opened", 5), ("proposal.made", 5), ("judgment.observed", 5), ("decision.made", 6), ("outcome.observed", 7)]);
    let world = check_in(
        world,
        "is => decided c imported ext\nwithdraw ann => grace-over\nreopen ann => open assist reopened\nann c\nben c => decided c signed ann+ben",
    );
    assert_eq!(world.state().observed_count, 1);
}

#[test]
fn talk_never_fills_a_case() {
    let mut world = check_in(World::new(playbook(Route::Assist)), "open x bot=a\nclaim ann\nshow ann");
    world.state.as_mut().unwrap().version = countersign_core::limits::EVENTS_PER_CASE_MAX - 100;
    let comment =
        Command::Comment { person: person("ann"), text: countersign_core::Content::text("again"), mentions: Vec::new(), anchor: None };
    assert_eq!(world.run(comment, None).unwrap_err().code.slug(), "too-large");
    world.run(judge(world.tokens[0].clone(), "a"), None).unwrap();
}
