//! Proposers that the server asks: a case is kept back for them for a moment, and whatever they do or do not do, people get it.

use super::{script::*, world::*};
use countersign_core::{
    event::{Body, CaseRouted, Route},
    limits::PROPOSALS_PER_CASE_MAX,
};

fn waiting(wait: i64) -> World {
    let mut world = World::new(playbook(Route::Assist));
    world.playbook.proposers = vec![asked("bot", wait)];
    world
}

/// Until when the queue keeps the case back, from its opening.
fn kept_back(world: &World) -> Option<i64> {
    let queue = world.state().queue().unwrap();
    queue.wake_at.map(|at| at - world.state().opened_at)
}

#[test]
fn a_case_is_kept_back_for_its_advice_and_no_longer() {
    let world = check_in(waiting(10), "open x => open assist default");
    assert_eq!(kept_back(&world), Some(10 * SECOND));
    // It is only kept back: whoever takes it by name decides on it, and when the time is over everybody is served it.
    check_in(waiting(10), "open x\nann a => decided a signed ann");
    let advised = check_in(waiting(10), "open x\npropose bot=a => open assist default");
    assert_eq!(kept_back(&advised), None, "it came");
    let missed = check_in(waiting(10), "open x\nmiss bot => open unaided no_proposal");
    assert_eq!(kept_back(&missed), None, "nobody waits for what does not come");
    // What came with it needs no waiting, and without a time nothing is kept back.
    assert_eq!(kept_back(&check_in(waiting(10), "open x other=a => open assist default")), None);
    assert_eq!(kept_back(&check_in(waiting(0), "open x => open assist default")), None);
}

#[test]
fn new_content_is_asked_about_again() {
    let world = check_in(waiting(10), "open x\npropose bot=a\nwait 5\namend y => open assist default");
    assert_eq!(kept_back(&world), Some(15 * SECOND));
    assert!(!world.state().heard("bot"));
    let world = check_in(world, "miss bot\nmiss bot");
    assert_eq!((kept_back(&world), world.state().missed.len()), (None, 1), "the same is said once");
    let world = check_in(waiting(10), "open x\npropose bot=a\nmiss bot");
    assert_eq!(world.state().missed.len(), 0, "it has spoken");
}

#[test]
fn what_is_missed_comes_from_whom_the_playbook_names_on_what_stands() {
    check_in(waiting(10), "open x\nmiss other => invalid");
    check_in(waiting(10), "open x\nunanswered bot");
    check_in(waiting(10), "open x bot=a\nann a\nmiss bot => wrong-state");
    let mut world = check_in(waiting(10), "open x");
    let old = world.state().content_digest;
    check_in(waiting(10), "open x");
    let amended = "amend y";
    world = check_in(world, amended);
    world.run(miss("bot", old, None), None).unwrap();
    assert!(!world.state().heard("bot"), "it was asked about other content");
}

#[test]
fn an_ask_that_stays_unanswered_leaves_the_advice_as_it_was() {
    let world = check_in(waiting(10), "open x bot=a\nclaim ann\nshow ann\nask ann\nunanswered bot\nunanswered bot => open assist default");
    let state = world.state();
    assert_eq!((state.missed.len(), state.missed[0].ask), (1, Some(state.asks[0].id)));
    assert_eq!(state.proposals_current().count(), 1);
    // And one that was answered is not unanswered.
    let world = check_in(waiting(10), "open x bot=a\nclaim ann\nshow ann\nask ann\nfollow bot=b\nunanswered bot");
    assert_eq!(world.state().missed.len(), 0);
}

/// A case that would go blind by lot goes blind before its advice comes as after it; without any it is answered once.
#[test]
fn before_a_first_answer_nothing_tells_what_was_proposed() {
    let blind = || {
        let mut world = waiting(10);
        world.playbook.routing.blind = 1_000_000_000;
        world.drawn = Some(crate::context::Drawn { epoch: 1, value: 5 });
        world
    };
    check_in(blind(), "open x => open blind blind_share\npropose bot=a => open blind blind_share");
    check_in(blind(), "open x\nmiss bot => open unaided no_proposal\nann a => decided a signed ann");
    // Whoever looks at it already stays where they are.
    check_in(blind(), "open x\nclaim ann\nshow ann\nmiss bot => open blind blind_share");
}

#[test]
fn drafts_of_one_proposer_stand_side_by_side_until_it_writes_anew() {
    let current = |world: &World| {
        let of = world.state().proposals_current().map(|p| (p.candidate, p.answer.label().to_owned()));
        of.collect::<Vec<_>>()
    };
    let of = |all: &[(u32, &str)]| all.iter().map(|(at, answer)| (*at, (*answer).to_owned())).collect::<Vec<_>>();
    let world = check_in(waiting(10), "open x\ndraft 1 bot=a\ndraft 2 bot=b\ndraft 3 bot=c");
    assert_eq!(current(&world), of(&[(1, "a"), (2, "b"), (3, "c")]));
    let world = check_in(world, "draft 4 bot=a");
    assert_eq!(current(&world).len(), 4, "an ask adds one");
    let world = check_in(world, "draft 1 bot=b\ndraft 2 bot=a");
    assert_eq!(current(&world), of(&[(1, "b"), (2, "a")]), "another round takes the place of all of the last");
    assert_eq!(current(&check_in(world, "propose bot=c")), of(&[(1, "c")]), "as one without a number does");
    let more = PROPOSALS_PER_CASE_MAX + 1;
    check_in(waiting(10), &format!("open x\ndraft 0 bot=a => invalid\ndraft {more} bot=a => invalid"));
    // To the router several drafts are one proposer's.
    let world = check_in(waiting(10), "open x\ndraft 1 bot=a:60\ndraft 2 bot=b:90\nescalate ann senior");
    let routed = world.events.iter().rev().find_map(|e| if let Body::CaseRouted(r) = &e.body { Some::<&CaseRouted>(r) } else { None });
    assert_eq!(routed.unwrap().inputs.as_ref().unwrap().proposals.len(), 1);
}
