//! A tiny language for scenarios, one step a line: what somebody does, and after `=>` what must come of it.
//!
//! `ann a` is: ann claims the case, is shown it and answers a. After `=>` stands the code of a refusal, or how the case stands:
//! its status and, if decided, the answer and who signed.

use super::world::*;
use crate::{Command, route, state::Status};
use countersign_core::{
    Refusal,
    content::Content,
    event::{Basis, Body, OutcomeKind, OutcomeValue, Route},
    id::EventId,
};

pub(super) fn check(default: Route, script: &str) {
    check_in(World::new(playbook(default)), script);
}

pub(super) fn check_in(mut world: World, script: &str) -> World {
    for line in script.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (step, expected) = line.split_once("=>").map_or((line, None), |(step, expected)| (step.trim(), Some(expected.trim())));
        let words: Vec<&str> = step.split_whitespace().collect();
        let outcome = run(&mut world, &words);
        match (outcome, expected) {
            (Err(refusal), Some(expected)) => {
                assert_eq!(refusal.code.slug(), expected, "{line}\n  {refusal}")
            }
            (Err(refusal), None) => panic!("{line}\n  was refused: {refusal:?}"),
            (Ok(()), Some(expected)) => assert_eq!(stands(&world), expected, "{line}"),
            (Ok(()), None) => {}
        }
    }
    assert_eq!(world.breaches(), [], "{script}");
    let replayed = crate::CaseState::fold(&world.events);
    assert_eq!(replayed.as_ref(), world.state.as_ref(), "a replay gives the same state");
    for event in &world.events {
        if let Body::CaseRouted(routed) = &event.body {
            assert_eq!(route::explain(routed, &world.playbook), Ok(()));
        }
    }
    world
}

/// How the case stands, in a few words.
fn stands(world: &World) -> String {
    let state = world.state();
    let route = state.route.as_ref();
    match (state.status(), &state.decision) {
        (Status::Open, _) => {
            let route = route.unwrap();
            let role = route.role.as_ref().map(|role| format!(" for {role}")).unwrap_or_default();
            let whose = state.assignee.map(|own| format!(" of {}", PEOPLE.into_iter().find(|name| person(name) == own).unwrap()));
            format!("open {} {}{role}{}", route.route.as_str(), route.reason, whose.unwrap_or_default())
        }
        (Status::Held, _) => format!("held {}", route.unwrap().reason),
        (status, Some(decision)) => {
            let names = decision.persons.iter().map(|id| PEOPLE.into_iter().find(|name| person(name) == *id).unwrap());
            let basis = match &decision.basis {
                Basis::Signatures => "signed",
                Basis::PanelAgreed => "agreed",
                Basis::Adjudicated => "adjudicated",
                Basis::Imported => "imported",
                Basis::Appeal => "appeal",
                Basis::Certificate { .. } => "automated",
            };
            format!("{} {} {basis} {}", status.as_str(), decision.answer.label(), names.collect::<Vec<_>>().join("+"))
        }
        (status, None) => status.as_str().into(),
    }
}

fn decision(world: &World) -> EventId {
    let made = world.events.iter().rev().find(|event| matches!(event.body, Body::DecisionMade(_)));
    made.map_or(id(0), |event| event.id)
}

fn last_of(world: &World, type_name: &str) -> Option<EventId> {
    world.events.iter().rev().find(|event| event.body.type_name() == type_name).map(|event| event.id)
}

/// `bot=a:90@ann` is a proposal of bot for a at 90 % that ann owns.
fn proposed(word: &str) -> crate::command::NewProposal {
    let (proposer, rest) = word.split_once('=').unwrap();
    let (rest, owner) = rest.split_once('@').map_or((rest, None), |(rest, owner)| (rest, Some(owner)));
    let (option, percent) = rest.split_once(':').unwrap_or((rest, "90"));
    let mut made = proposal(proposer, option, percent.parse().unwrap());
    made.owner = owner.map(person);
    made
}

fn run(world: &mut World, words: &[&str]) -> Result<(), Refusal> {
    let text = || Content::text("because");
    let command = match words {
        ["open", region, proposals @ ..] => open(region, proposals.iter().map(|word| proposed(word)).collect()),
        ["amend", region] => {
            let (fields, content_digest) = fields(region);
            Command::Amend { fields, content_digest }
        }
        ["propose", word] => Command::Propose(proposed(word)),
        ["draft", at, word] => {
            let mut draft = proposed(word);
            draft.candidate = at.parse().ok();
            Command::Propose(draft)
        }
        ["follow", word] => {
            let mut follow = proposed(word);
            follow.chained_from = last_of(world, "proposal.made");
            follow.ask = last_of(world, "ask.made");
            Command::Propose(follow)
        }
        ["miss", name] => miss(name, world.state().content_digest, None),
        ["unanswered", name] => miss(name, world.state().content_digest, last_of(world, "ask.made")),
        ["wait", seconds] => {
            world.now += seconds.parse::<i64>().unwrap() * SECOND;
            return Ok(());
        }
        ["is"] => return Ok(()),
        ["claim", who] => {
            world.claim(person(who));
            return Ok(());
        }
        ["show", who] => Command::Show { person: person(who), precedents: None, bulk: false },
        ["token", at, option] => judge(world.tokens[at.parse::<usize>().unwrap()].clone(), option),
        ["withdraw", who] => Command::Withdraw { person: person(who), decision: decision(world), reason: None },
        ["act"] => Command::Act { decision: decision(world), reference: None },
        ["correct", who, option] => {
            Command::Correct { person: person(who), decision: decision(world), answer: choice(option), reason: text() }
        }
        ["reopen", who] => Command::Reopen { person: person(who), reason: text() },
        ["appeal", who] => Command::Appeal { decision: decision(world), person: Some(person(who)), reason: text() },
        ["skip", who] => Command::Skip { person: person(who), reason: text() },
        ["snooze", who, seconds] => {
            let until = world.now + seconds.parse::<i64>().unwrap() * SECOND;
            Command::Snooze { person: person(who), until, reason: None }
        }
        ["comment", who] => Command::Comment { person: person(who), text: text(), mentions: Vec::new(), anchor: None },
        ["mention", who, whom] => Command::Comment { person: person(who), text: text(), mentions: vec![person(whom)], anchor: None },
        ["assign", who, to] => Command::Assign { person: person(who), to: Some(person(to)), reason: None },
        ["free", who] => Command::Assign { person: person(who), to: None, reason: None },
        ["unassign"] => Command::Unassign,
        ["escalate", who, role] => Command::Escalate { person: person(who), role: (*role).into(), reason: text() },
        ["reroute"] => Command::Reroute,
        ["ask", who] => Command::Ask { person: person(who), instruction: text(), about: last_of(world, "proposal.made") },
        ["outcome", option] => Command::Outcome {
            kind: OutcomeKind::Truth,
            value: OutcomeValue::Answer(choice(option)),
            source: "the world".into(),
            occurred_at: world.now,
        },
        ["recant", option] => Command::CorrectOutcome {
            outcome: last_of(world, "outcome.observed").unwrap_or(id(0)),
            value: OutcomeValue::Answer(choice(option)),
            reason: text(),
        },
        [who, option] if PEOPLE.contains(who) => {
            return world.answer(person(who), option).map(drop);
        }
        other => panic!("no such step: {other:?}"),
    };
    let who = words.get(1).filter(|word| PEOPLE.contains(word)).map(|name| person(name));
    world.run(command, who).map(drop)
}
