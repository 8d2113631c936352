//! What happens to a case, as a story.

use super::{script::*, world::*};
use crate::Command;
use countersign_core::event::{Body, Phase, Route};

#[test]
fn one_person_decides_with_advice() {
    check(
        Route::Assist,
        "open x bot=a => open assist default
         ann a => decided a signed ann
         act => wrong-state
         wait 10
         act => acted a signed ann
         act => already-acted
         amend y => already-acted
         withdraw ann => already-acted
         outcome a
         recant b
         reopen ben => open assist reopened
         ben b => decided b signed ben",
    );
}

#[test]
fn an_answer_that_needs_two_signatures_gets_two_people() {
    check(
        Route::Assist,
        "open x bot=c
         ann c => open assist default
         ann c => not-independent
         ben c => decided c signed ann+ben",
    );
}

#[test]
fn people_who_disagree_are_adjudicated_and_a_minority_never_overrules() {
    check(
        Route::Assist,
        "open x bot=c
         ann c => open assist default
         ben a => open assist default
         ann a => not-independent
         cat b => decided b adjudicated cat",
    );
    check(
        Route::Assist,
        "open x bot=c
         ann c
         ben a
         cat c => decided c adjudicated ann+cat",
    );
}

#[test]
fn on_a_blind_route_the_first_answer_stands() {
    check(
        Route::Blind,
        "open x bot=b
         claim ann
         show ann
         show ann
         token 0 a
         token 0 b => shown-token-invalid
         token 1 b => shown-token-invalid
         show ann
         token 1 b => already-revealed
         token 2 b => decided b signed ann",
    );
}

#[test]
fn after_an_undo_the_revealed_person_goes_on_with_the_final_answer() {
    let world = check_in(
        World::new(playbook(Route::Blind)),
        "open x bot=b
         ann a
         ann b => decided b signed ann
         withdraw ann => open blind default
         ann a => decided a signed ann",
    );
    let phases: Vec<_> = world.tokens.iter().map(|token| token.phase).collect();
    assert_eq!(phases, [Phase::First, Phase::Final, Phase::Final]);
}

#[test]
fn panel_members_agree_or_are_adjudicated() {
    check(
        Route::Assist,
        "open panel bot=b => open panel rule
         ann a => open panel rule
         ann a => not-independent
         ben a => decided a agreed ann+ben",
    );
    check(
        Route::Assist,
        "open panel bot=b
         ann a
         ben b
         ann b => not-independent
         cat b => decided b adjudicated ben+cat
         correct dan a => wrong-state
         withdraw dan => open panel rule
         cat a => not-independent
         ann a
         dan a => decided a agreed ann+dan",
    );
}

#[test]
fn panel_and_adjudication_show_no_advice() {
    let world = check_in(World::new(playbook(Route::Assist)), "open panel bot=b\nann a\nben b\ncat b");
    let shown: Vec<_> = world.events.iter().filter_map(|e| if let Body::CaseShown(s) = &e.body { Some(s) } else { None }).collect();
    assert_eq!(
        shown.iter().map(|s| (s.phase, s.proposals.len(), s.judgments.len())).collect::<Vec<_>>(),
        [(Phase::Only, 0, 0), (Phase::Only, 0, 0), (Phase::Adjudication, 0, 2)]
    );
    assert_eq!(shown[0].fields.iter().map(|f| f.name.as_str()).collect::<Vec<_>>(), ["note", "region"], "hidden ones are left out");
}

#[test]
fn amending_voids_what_was_answered_and_asks_the_rules_again() {
    check(
        Route::Assist,
        "open x bot=c
         ann c
         claim ben
         show ben
         amend y => open assist default
         token 1 c => shown-token-invalid
         ann c => open assist default
         ben c => decided c signed ann+ben
         amend z => wrong-state",
    );
    check(Route::Assist, "open x bot=a\namend panel => open panel rule\namend x => open assist default\namend x => open assist default");
}

#[test]
fn a_proposal_that_nobody_saw_voids_nothing() {
    check(
        Route::Assist,
        "open x bot=a
         claim ann
         show ann
         propose late=b
         ask ann
         follow late=c
         token 0 a => decided a signed ann",
    );
}

#[test]
fn what_is_not_a_live_lease_or_a_fresh_token_is_refused() {
    check(
        Route::Assist,
        "open x bot=a
         show ann => not-claimed
         claim ann
         show ann
         wait 60
         token 0 a => shown-token-invalid
         show ann => not-claimed
         ann a => decided a signed ann
         ben a => wrong-state",
    );
}

#[test]
fn only_active_members_with_the_role_sign() {
    check(
        Route::Assist,
        "open x bot=a
         ext a => forbidden
         off a => forbidden
         out a => forbidden
         withdraw out => forbidden
         comment out
         comment ext
         comment off => forbidden
         skip out => forbidden
         ann a",
    );
}

#[test]
fn whoever_owns_a_proposal_does_not_countersign_it() {
    check(
        Route::Assist,
        "open x bot=a@ann
         ann a => not-independent
         ben c
         propose own=a@ben => not-independent
         propose own=c@cat
         cat c => not-independent
         correct ann a => wrong-state
         dan c => decided c signed ben+dan
         correct ann a => not-independent
         correct dan a => decided a signed ben+dan",
    );
}

#[test]
fn an_appeal_is_decided_by_somebody_else() {
    check(
        Route::Assist,
        "open x bot=a
         ann a
         appeal ben => appealed a signed ann
         ann a => not-independent
         ben b => not-independent
         act => wrong-state
         withdraw ann => wrong-state
         reopen ann => wrong-state
         appeal ben => wrong-state
         cat a => decided a signed ann
         appeal ben
         cat b => not-independent
         dan b => decided b appeal dan
         withdraw dan => wrong-state
         correct ann a => wrong-state",
    );
    check(
        Route::Assist,
        "open x bot=a
         ann a
         appeal ben
         cat c => appealed a signed ann
         dan c => decided c appeal cat+dan",
    );
}

#[test]
fn escalation_narrows_and_never_widens() {
    check(
        Route::Assist,
        "open x bot=a
         escalate ann guest => invalid
         escalate ann senior => open assist escalated for senior
         ann a => forbidden
         escalate ann review => forbidden
         eve c => open assist escalated for senior
         ben c => forbidden
         fay c => decided c signed eve+fay",
    );
    check(
        Route::Assist,
        "open hold bot=a => held rule\nann a => wrong-state\nescalate ann senior => open assist escalated for senior\neve a",
    );
}

#[test]
fn an_assigned_case_is_one_persons_until_they_answered_or_gave_it_back() {
    check(
        Route::Assist,
        "open x bot=a
         assign out ann => forbidden
         assign ann out => forbidden
         assign ann off => forbidden
         assign ann ext => forbidden
         assign ann cat => open assist default of cat
         ben a => forbidden
         skip ben => forbidden
         unassign => open assist default of cat
         assign ben dan => open assist default of dan
         free dan => open assist default
         assign ann cat
         skip cat => open assist default
         assign ann dan
         dan a => decided a signed dan
         assign ann cat => wrong-state
         reopen ben => open assist reopened",
    );
}

#[test]
fn nobody_chooses_by_name_who_signs_beside_them() {
    check(Route::Assist, "open panel bot=a => open panel rule\nassign ann cat => wrong-state");
    check(
        Route::Assist,
        "open x bot=c
         assign ann ben => open assist default of ben
         ben c => open assist default
         assign ben cat => wrong-state
         cat c => decided c signed ben+cat",
    );
    // Nor who decides on what is their own.
    check(
        Route::Assist,
        "open x bot=a@ann\nassign ann cat => not-independent\nassign cat ann => not-independent\nann a => not-independent",
    );
}

#[test]
fn what_changes_who_may_look_ends_an_assignment() {
    check(
        Route::Assist,
        "open x bot=a
         assign ann cat
         amend y => open assist default of cat
         amend panel => open panel rule",
    );
    check(
        Route::Assist,
        "open x bot=a\nassign ann cat\nescalate cat senior => open assist escalated for senior\nassign eve cat => forbidden\nassign eve fay => open assist escalated for senior of fay",
    );
}

#[test]
fn who_left_has_nothing_assigned() {
    let mut world = check_in(World::new(playbook(Route::Assist)), "open x bot=a\nassign ann cat => open assist default of cat");
    world.people.0.get_mut(&person("cat")).unwrap().active = false;
    world.run(Command::Unassign, None).unwrap();
    assert_eq!(world.state().assignee, None);
    let events = world.events.len();
    world.run(Command::Unassign, None).unwrap();
    assert_eq!(world.events.len(), events, "there is nothing to give back any more");
}

#[test]
fn a_remark_mentions_those_who_take_part() {
    check(
        Route::Assist,
        "open x bot=a
         mention ann ben => open assist default
         mention ann out => open assist default
         mention ann ext => invalid
         mention ann off => invalid
         mention ann nobody => not-found",
    );
}

#[test]
fn an_empty_roster_holds_until_there_is_somebody() {
    let mut world = World::new(playbook(Route::Assist));
    let all = std::mem::take(&mut world.people.0);
    world.people.0.extend(all.iter().filter(|(id, _)| **id == person("ext") || **id == person("off")).map(|(id, f)| (*id, f.clone())));
    let mut world = check_in(world, "open x bot=a => held no_roster\nreroute => held no_roster");
    world.people.0 = all;
    world.run(Command::Reroute, None).unwrap();
    assert_eq!(world.state().status_word(), "open");
}

#[test]
fn without_a_proposal_at_opening_a_later_one_is_not_shown() {
    let world = check_in(
        World::new(playbook(Route::Assist)),
        "open x => open unaided no_proposal
         propose bot=a
         ask ann => wrong-state
         claim ann
         show ann
         token 0 b => decided b signed ann",
    );
    assert!(!world.tokens[0].advice_visible);
}

#[test]
fn a_chained_proposal_replaces_the_one_before_it_on_the_screen() {
    let world = check_in(
        World::new(playbook(Route::Blind)),
        "open x bot=a other=b
         ask ann => not-independent
         ann a
         ask ann
         propose stranger=c
         follow bot=c => invalid
         claim ann
         show ann",
    );
    assert_eq!(world.tokens.last().unwrap().proposals.len(), 3);
    let world = check_in(World::new(playbook(Route::Assist)), "open x bot=a\nask ann\nfollow bot=c\nclaim ann\nshow ann");
    let shown = &world.tokens.last().unwrap().proposals;
    assert_eq!(shown.len(), 1);
    assert_eq!(world.state().proposal(shown[0]).unwrap().answer, choice("c"));
    assert!(world.state().proposal(shown[0]).unwrap().chained_from.is_some());
}

#[test]
fn accepting_takes_over_unchanged_what_was_shown() {
    let mut world = World::new(playbook(Route::Assist));
    world.run(open("x", vec![proposal("bot", "a", 90)]), None).unwrap();
    world.run(Command::Propose(proposal("late", "b", 90)), None).unwrap();
    let late = world.state().proposals[1].id;
    world.claim(person("ann"));
    world.run(Command::Show { person: person("ann"), precedents: None, bulk: false }, Some(person("ann"))).unwrap();
    let token = world.tokens[0].clone();
    let accepting = |which, option| {
        let Command::Judge(mut new) = judge(token.clone(), option) else { unreachable!() };
        new.accepts = Some(which);
        Command::Judge(new)
    };
    let bot = world.state().proposals[0].id;
    let refused = world.run(accepting(bot, "b"), None).unwrap_err();
    assert_eq!((refused.code.slug(), refused.field.as_deref()), ("invalid", Some("/answer")));
    let refused = world.run(accepting(id(999), "b"), None).unwrap_err();
    assert_eq!((refused.code.slug(), refused.field.as_deref()), ("invalid", Some("/accepts")));
    world.run(accepting(late, "b"), None).unwrap();
}
