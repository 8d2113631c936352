//! Experiments over random lives of a case: whether it enters never depends on the way that it would get, and its way never changes.

use super::{laws, world::*};
use crate::{Command, context::Drawn, route};
use countersign_core::{
    event::{Body, ExperimentArm, Route, RouteAssigned, RouteExperiment},
    id::{EventId, PlaybookId},
};
use proptest::prelude::*;

const SHARE: u32 = 600_000_000;
/// Draws: one for each of the three ways, and one that lies above the share.
const LOTS: [u32; 4] = [100_000_000, 300_000_000, 500_000_000, 700_000_000];

/// The first kind of step, of four, that changes the key.
const KEY: u8 = 96;

fn playbook_id() -> PlaybookId {
    PlaybookId(uuid::Uuid::from_u128(7))
}

fn experiment(number: u128, panel: bool, version: bool) -> RouteExperiment {
    let arm = |name: &str, route| ExperimentArm { name: name.into(), route, proposer: None, version: None, unexplained: false };
    let third = if panel { arm("panel", Route::Panel) } else { arm("blind", Route::Blind) };
    let mut with = arm("with", Route::Assist);
    if version {
        (with.proposer, with.version) = (Some("bot".into()), Some("1".into()));
    }
    RouteExperiment { id: id(number), share: SHARE, arms: vec![arm("without", Route::Unaided), with, third] }
}

/// A random life, with the draws of two experiments that follow one another; the first starts with the case or later.
fn live(seed: u8, steps: &[laws::Step], lots: [u32; 2], explored: bool) -> World {
    let mut world = laws::random_world(seed);
    // People come and go in these lives, and the laws are held against those who are there at the end.
    world.people.3.clear();
    world.playbook.routing.choose = vec![Route::Assist, Route::Unaided, Route::Blind, Route::Panel];
    world.playbook.routing.explore = if explored { 300_000_000 } else { 0 };
    world.drawn.get_or_insert(Drawn { epoch: 1, value: u32::from(seed) << 21 });
    for (number, lot) in [(901, lots[0]), (902, lots[1])] {
        world.lots.insert(route::experiment_purpose(id(number)), lot);
    }
    // Where nobody is, nothing enters, and no certificate is of use.
    let staffed = world.people.0.contains_key(&person("ann"));
    if seed & 0x30 == 0x30 && staffed {
        // Something was learned, so that later proposals are looked at, and nothing is automated.
        (world.playbook.routing.automate, world.record) = (None, Some(certified(world.now + 100 * SECOND)));
    }
    let proposals = if seed.is_multiple_of(2) { Vec::new() } else { vec![proposal("bot", "a", 90)] };
    let run = |world: &mut World, number| {
        let running = experiment(number, seed & 4 != 0, seed & 8 != 0);
        world.control.experiments.insert(playbook_id(), running);
    };
    if !seed.is_multiple_of(3) {
        run(&mut world, 901);
    }
    world.run(open("x", proposals), None).unwrap();
    for (at, step) in steps.iter().enumerate() {
        // What random lives seldom do before anybody looks.
        match if at < 3 { step.0 % KEY } else { step.0 } {
            0..=31 => drop(world.run(Command::Propose(proposal("bot", "a", 90)), None)),
            32..=47 => drop(world.run(Command::Reroute, None)),
            48..=55 => run(&mut world, 901),
            56..=63 => drop(world.control.experiments.remove(&playbook_id())),
            64..=87 => run(&mut world, 902),
            88..=95 if staffed => world.record = if world.record.is_some() { None } else { Some(certified(world.now + 30 * SECOND)) },
            // Another key: its draws are others.
            KEY..100 => drop(world.lots.insert(route::experiment_purpose(id(901)), step.1.into())),
            // People go, unless anybody has ever looked: what was shown and done is held against who they are.
            100..=107 if world.state().untouched() && world.state().shown.is_empty() => {
                world.people.0.retain(|who, _| *who != person("ann") && *who != person("fay"))
            }
            _ => laws::take(&mut world, *step),
        }
    }
    world
}

fn assignments(world: &World) -> Vec<(u64, RouteAssigned)> {
    let of = |event: &countersign_core::Event| match &event.body {
        Body::CaseRouted(routed) => routed.assigned.clone().map(|assigned| (event.stream_version, assigned)),
        _ => None,
    };
    world.events.iter().filter_map(of).collect()
}

/// Where a case first enters, and which way it gets there.
fn entry(world: &World) -> Option<(u64, EventId, u32)> {
    assignments(world).first().map(|(version, assigned)| (*version, assigned.experiment, assigned.arm))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_500, failure_persistence: None, ..ProptestConfig::default() })]

    /// Each way has the propensity that is drawn: of four lives that differ in the draw alone, three enter at the same moment, each on
    /// its own way, and the fourth never does.
    #[test]
    fn whether_a_case_enters_never_depends_on_its_way(
        seed in any::<u8>(),
        steps in proptest::collection::vec(any::<laws::Step>(), 0..16),
        other in 0..LOTS.len(),
        explored in any::<bool>(),
    ) {
        // Another key in between is another draw.
        let steps: Vec<laws::Step> = steps.into_iter().filter(|step| !(KEY..100).contains(&step.0)).collect();
        for first in [true, false] {
            let lives = LOTS.map(|lot| {
                let lots = if first { [lot, LOTS[other]] } else { [LOTS[3], lot] };
                entry(&live(seed, &steps, lots, explored))
            });
            let wanted = if first { id(901) } else { id(902) };
            let of = |at: usize| lives[at].filter(|(_, experiment, _)| *experiment == wanted);
            let moments: Vec<_> = (0..3).map(|at| of(at).map(|(version, _, arm)| (version, arm))).collect();
            match of(0) {
                Some((version, ..)) => prop_assert_eq!(moments, (0..3).map(|arm| Some((version, arm))).collect::<Vec<_>>()),
                None => prop_assert_eq!(moments, vec![None; 3]),
            }
            prop_assert_eq!(of(3), None);
        }
    }

    /// Once assigned, always assigned the same; what waits is on its way until a person or a certificate takes it up.
    #[test]
    fn no_case_changes_its_way(
        seed in any::<u8>(),
        steps in proptest::collection::vec(any::<laws::Step>(), 0..24),
        lots in [0..LOTS.len(), 0..LOTS.len()],
        explored in any::<bool>(),
    ) {
        let world = live(seed, &steps, lots.map(|at| LOTS[at]), explored);
        let assigned = assignments(&world);
        prop_assert!(assigned.windows(2).all(|pair| pair[0].1 == pair[1].1), "{:?}", assigned);
        for event in &world.events {
            if let Body::CaseRouted(routed) = &event.body {
                prop_assert_eq!(route::explain(routed, &world.playbook), Ok(()));
            }
        }
        let folded = crate::CaseState::fold(&world.events);
        prop_assert_eq!(folded.as_ref(), world.state.as_ref());
        prop_assert_eq!(world.breaches(), vec![]);
    }
}

/// How often those lives enter at all: a property over lives in which nothing happens would prove nothing.
#[test]
fn random_lives_enter_by_every_door() {
    use proptest::{strategy::ValueTree as _, test_runner::TestRunner};
    let mut runner = TestRunner::deterministic();
    let lives = (any::<u8>(), proptest::collection::vec(any::<laws::Step>(), 0..16), 0..3_usize);
    let (mut first, mut later, mut second, mut again) = (0, 0, 0, 0);
    for _ in 0..1_500 {
        let (seed, steps, way) = lives.new_tree(&mut runner).unwrap().current();
        let world = live(seed, &steps, [LOTS[way], LOTS[way]], false);
        let proposed = world.events.iter().position(|event| matches!(event.body, Body::ProposalMade(_)));
        if let Some((version, experiment, _)) = entry(&world) {
            *(if proposed.is_some_and(|at| at > 1) { &mut later } else { &mut first }) += 1;
            second += u32::from(experiment == id(902));
            assert!(version > 1);
        }
        again += u32::from(assignments(&world).len() > 1);
    }
    assert!(first > 100 && later > 20 && second > 5 && again > 5, "{first} {later} {second} {again}");
}

/// A case that waits unaided for want of a proposal enters by its first one, also where its way is unaided still.
#[test]
fn the_first_proposal_lets_a_case_enter_on_each_of_its_ways() {
    for (lot, way) in [(LOTS[0], Some(0)), (LOTS[1], Some(1)), (LOTS[2], Some(2)), (LOTS[3], None)] {
        let mut world = laws::random_world(0);
        world.playbook.routing.automate = None;
        world.playbook.routing.choose = vec![Route::Assist, Route::Unaided, Route::Blind];
        world.record = Some(certified(world.now + 100 * SECOND));
        world.control.experiments.insert(playbook_id(), experiment(901, false, false));
        world.lots.insert(route::experiment_purpose(id(901)), lot);
        world.run(open("x", Vec::new()), None).unwrap();
        assert_eq!(entry(&world), None);
        world.run(Command::Propose(proposal("bot", "a", 90)), None).unwrap();
        assert_eq!(entry(&world).map(|(.., arm)| arm), way);
        let before = world.state().route.clone();
        // It stays there when no further case enters, and when it is looked at again.
        world.control.experiments.clear();
        assert_eq!(world.run(Command::Reroute, None).unwrap(), []);
        world.run(Command::Propose(proposal("other", "b", 80)), None).unwrap();
        assert_eq!(world.state().route, before);
        // Being looked at again lets nothing enter.
        world.control.experiments.insert(playbook_id(), experiment(902, false, false));
        world.lots.insert(route::experiment_purpose(id(902)), LOTS[1]);
        world.run(Command::Reroute, None).unwrap();
        assert_eq!(entry(&world).map(|(.., arm)| arm), way);
    }
}

/// A way that would not be possible any more for a case that comes now is still that of a case that waits on it.
#[test]
fn what_has_entered_waits_on_its_way() {
    let mut world = laws::random_world(0);
    world.playbook.routing.automate = None;
    world.playbook.routing.choose = vec![Route::Assist, Route::Unaided, Route::Panel];
    world.control.experiments.insert(playbook_id(), experiment(901, true, false));
    world.lots.insert(route::experiment_purpose(id(901)), LOTS[2]);
    world.run(open("x", vec![proposal("bot", "a", 90)]), None).unwrap();
    let way = |world: &World| world.state().route.clone().map(|route| (route.route, route.assigned.map(|assigned| assigned.arm)));
    assert_eq!(way(&world), Some((Route::Panel, Some(2))));
    let everybody = world.people.0.clone();
    let may = |world: &World| world.people.0.keys().copied().filter(|who| *who != person("ann")).collect::<Vec<_>>();
    for who in may(&world) {
        world.people.0.remove(&who);
    }
    assert_eq!(world.run(Command::Reroute, None).unwrap(), [], "one person is left, and a panel takes two");
    world.people.0.clear();
    world.run(Command::Reroute, None).unwrap();
    assert_eq!((way(&world), world.state().status_word()), (Some((Route::Hold, None)), "held"));
    // Another key, and no further case enters: it goes on where it was.
    world.lots.insert(route::experiment_purpose(id(901)), LOTS[3]);
    world.control.experiments.clear();
    world.people.0 = everybody;
    world.run(Command::Reroute, None).unwrap();
    assert_eq!(way(&world), Some((Route::Panel, Some(2))));
}
