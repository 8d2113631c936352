//! The platform in a world: cases arrive, the engine routes them, people claim and answer, the world tells what was true. Everything
//! happens in the order of one virtual clock, and everything that decides is the product's own code. Never looks at what is true,
//! except where a person answers or an outcome is due.

mod log;
mod node;
mod people;

pub use log::{Audit, Certified, Day, Decided, First, Kind, Log, Stopped};

use crate::{
    Error,
    draws::{Draws, START},
    world::DAY,
};
use countersign_core::{
    event::{Body, CaseRouted, Phase},
    id::EventId,
    number::Micros,
};
use countersign_engine::{
    CaseState,
    command::ShownFacts,
    state::{RouteRecord, Status},
};
use countersign_science::random::Random;
use node::Node;
use people::{Desk, Task};
use std::{
    cmp::Reverse,
    collections::{BTreeSet, BinaryHeap},
};

/// How often the platform looks whether there is something to stop or to learn.
const TICK: Micros = DAY / TICKS_A_DAY;
/// Looks a day.
const TICKS_A_DAY: i64 = 24;
/// Ticks between two times that it publishes what it has learned.
const PUBLISH_TICKS: i64 = 6;
/// The time that a second look takes, once the advice is shown to whoever has answered before, as a share of the person's minutes.
pub const REVEAL_SHARE: f64 = 0.2;
/// Streams of randomness: who takes a case where several could.
const CLAIMS: u64 = 0x636c_6169_6d73_0000;

/// What happens next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Next {
    /// A tick of the platform's own jobs; every [`TICKS_A_DAY`]th begins a day.
    Tick(i64),
    /// A case arrives.
    Arrival(usize),
    /// A person has made up their mind.
    Done(usize),
    /// The world tells the truth about a case.
    Outcome(usize),
}

/// Runs the platform over all days of the world, and says what it did.
///
/// # Errors
/// [`Error::World`] where the playbook of the world is none, [`Error::Engine`] where the engine refuses what it should not.
pub fn run(draws: &Draws<'_>) -> Result<Log, Error> {
    let mut platform = Platform::new(draws)?;
    let end = START + Micros::from(draws.world.days) * DAY;
    platform.plan(START, Next::Tick(0));
    if let Some(first) = draws.cases.first() {
        platform.plan(first.at, Next::Arrival(0));
    }
    while let Some(Reverse((now, _, next))) = platform.planned.pop() {
        if now >= end {
            break;
        }
        platform.now = now;
        platform.take(next)?;
        platform.assign()?;
    }
    platform.log.days_ended(draws.world.days as usize, platform.open.len() as u64);
    platform.log.undecided = platform.open.len() as u64;
    Ok(platform.log)
}

struct Platform<'w> {
    draws: &'w Draws<'w>,
    node: Node<'w>,
    desk: Desk,
    /// The cases that something can still happen to.
    states: Vec<Option<Box<CaseState>>>,
    /// The cases that are not decided.
    open: BTreeSet<usize>,
    planned: BinaryHeap<Reverse<(Micros, u64, Next)>>,
    plans: u64,
    now: Micros,
    random: Random,
    log: Log,
}

impl<'w> Platform<'w> {
    fn new(draws: &'w Draws<'w>) -> Result<Self, Error> {
        let cases = draws.cases.len();
        Ok(Self {
            draws,
            node: Node::new(draws)?,
            desk: Desk::new(draws.world),
            states: (0..cases).map(|_| None).collect(),
            open: BTreeSet::new(),
            planned: BinaryHeap::new(),
            plans: 0,
            now: START,
            random: Random::new(draws.seed ^ CLAIMS, 0),
            log: Log::new(draws.world.days, cases),
        })
    }

    fn plan(&mut self, at: Micros, next: Next) {
        self.plans += 1;
        self.planned.push(Reverse((at, self.plans, next)));
    }

    fn take(&mut self, next: Next) -> Result<(), Error> {
        match next {
            Next::Tick(tick) => {
                if tick % TICKS_A_DAY == 0 {
                    self.log.days_ended((tick / TICKS_A_DAY) as usize, self.open.len() as u64);
                    self.desk.new_day();
                }
                self.look(tick)?;
                self.plan(self.now + TICK, Next::Tick(tick + 1));
                Ok(())
            }
            Next::Arrival(at) => {
                if let Some(next) = self.draws.cases.get(at + 1) {
                    self.plan(next.at, Next::Arrival(at + 1));
                }
                self.open.insert(at);
                let events = self.node.open(at, self.now)?;
                self.record(at, events)
            }
            Next::Done(person) => self.answered(person),
            Next::Outcome(at) => {
                let Some(case) = self.draws.cases.get(at) else { return Ok(()) };
                let events = self.node.outcome(at, self.states.get(at).and_then(Option::as_deref), case.truth, self.now)?;
                self.record(at, events)?;
                self.log.outcome(at);
                self.forget(at);
                Ok(())
            }
        }
    }

    /// Looks whether a promise is broken, and from time to time what there is to learn. What waits is routed anew if either is so.
    fn look(&mut self, tick: i64) -> Result<(), Error> {
        let broken = self.node.stop_broken(self.now);
        let mut changed = broken.is_some();
        if let Some(broken) = broken {
            self.log.stopped = Some(Stopped { at: self.now, broken });
        }
        if tick % PUBLISH_TICKS == 0
            && let Some(record) = self.node.publish(self.now)?
        {
            self.log.certificates(&record.certificates, self.now);
            changed = true;
        }
        if changed { self.reroute() } else { Ok(()) }
    }

    /// Routes everything anew that nobody has looked at yet.
    fn reroute(&mut self) -> Result<(), Error> {
        let waiting: Vec<usize> = self.open.iter().copied().collect();
        for at in waiting {
            let state = self.states.get(at).and_then(Option::as_deref);
            if state.is_some_and(|state| state.status() == Status::Held || state.untouched()) {
                let events = self.node.reroute(at, state, self.now)?;
                self.record(at, events)?;
            }
        }
        Ok(())
    }

    /// Takes events in as a writer would: into the state of the case, the queue, and the log.
    fn record(&mut self, at: usize, events: Vec<countersign_core::Event>) -> Result<(), Error> {
        for event in &events {
            let Some(slot) = self.states.get_mut(at) else { return Ok(()) };
            match slot {
                Some(state) => state.apply(event),
                None => *slot = CaseState::fold([event]).map(Box::new),
            }
            self.node.learn(event);
            match &event.body {
                Body::CaseRouted(routed) if routed.reason == "audit" => self.audit(at, routed),
                Body::DecisionMade(made) => self.decided(at, made.answer.label())?,
                _ => {}
            }
        }
        if let Some(state) = self.states.get(at).and_then(Option::as_deref) {
            self.desk.refresh(at, state);
        }
        if self.log.decision(at).is_some_and(|decided| !self.draws.world.observable(decided.answer)) {
            self.forget(at);
        }
        Ok(())
    }

    /// A case that would have been automated was drawn for people.
    fn audit(&mut self, at: usize, routed: &CaseRouted) {
        let would = routed.would_automate.as_ref();
        let state = self.states.get(at).and_then(Option::as_deref);
        let sealed = would.and_then(|would| Some(&state?.proposal(would.proposal)?.proposer));
        let proposer = sealed.and_then(|name| self.draws.world.proposers.iter().position(|proposer| proposer.name == *name));
        if let Some(proposer) = proposer {
            self.log.audits.push(Audit { case: at, at: self.now, proposer });
        }
    }

    fn decided(&mut self, at: usize, label: &str) -> Result<(), Error> {
        let world = self.draws.world;
        let answer = world.classes.iter().position(|class| class == label);
        let answer = answer.ok_or_else(|| Error::Engine(format!("{label} is no class of the world")))?;
        self.open.remove(&at);
        let state = self.states.get(at).and_then(Option::as_deref);
        let kind = state.and_then(|state| state.route.as_ref()).map_or(Kind::Assist, Kind::of);
        self.log.decided(Decided { case: at, at: self.now, day: self.day(), answer, kind });
        if world.observable(answer) {
            let after = world.outcome.as_ref().map_or(0, |outcome| outcome.after);
            self.plan(self.now + after, Next::Outcome(at));
        }
        Ok(())
    }

    /// Nothing more will happen to it.
    fn forget(&mut self, at: usize) {
        if let Some(slot) = self.states.get_mut(at) {
            *slot = None;
        }
    }

    /// The day that it is, from 0.
    fn day(&self) -> usize {
        usize::try_from((self.now - START) / DAY).unwrap_or(0)
    }

    /// Whoever is free takes what waits, in a random order of people.
    fn assign(&mut self) -> Result<(), Error> {
        while let Some((person, at)) = self.desk.next_claim(&mut self.random) {
            self.show(person, at, None)?;
        }
        Ok(())
    }

    /// Shows a case to a person, who then thinks; `first` is their own answer where they have given it already.
    fn show(&mut self, person: usize, at: usize, first: Option<usize>) -> Result<(), Error> {
        let Some(who) = self.draws.world.people.get(person) else { return Ok(()) };
        let minutes = who.minutes * if first.is_some() { REVEAL_SHARE } else { 1.0 };
        let state = self.states.get(at).and_then(Option::as_deref);
        let (events, shown) = self.node.show(at, state, person, self.now)?;
        self.record(at, events)?;
        let done = self.now + (minutes * 60.0 * 1e6) as Micros;
        self.desk.busy(person, Task { case: at, shown, began: self.now, first });
        self.log.minutes(at, minutes);
        self.plan(done, Next::Done(person));
        Ok(())
    }

    /// A person answers what was shown to them, and looks again where the advice comes only now.
    fn answered(&mut self, person: usize) -> Result<(), Error> {
        let Some(Task { case: at, shown, began, first }) = self.desk.take(person) else { return Ok(()) };
        let Some(state) = self.states.get(at).and_then(Option::as_deref) else { return Ok(()) };
        let own = first.unwrap_or_else(|| self.draws.own(at, person));
        let (answer, accepts) = self.answer(at, person, own, state, &shown);
        let phase = shown.phase;
        let sampled = state.route.as_ref().is_some_and(|route| self.sampled(at, route));
        let independent = !shown.advice_visible && matches!(phase, Phase::First | Phase::Only);
        let events = self.node.judge(at, Some(state), (person, shown), (answer, accepts), (began, self.now))?;
        self.record(at, events)?;
        if independent {
            self.log.first(First { case: at, person, answer, sampled });
        }
        if phase == Phase::First {
            return self.show(person, at, Some(own));
        }
        self.desk.release(at);
        if let Some(state) = self.states.get(at).and_then(Option::as_deref) {
            self.desk.refresh(at, state);
        }
        Ok(())
    }

    /// What a person answers, and the proposal that they take over with it.
    fn answer(&self, at: usize, person: usize, own: usize, state: &CaseState, shown: &ShownFacts) -> (usize, Option<EventId>) {
        let world = self.draws.world;
        let Some(case) = self.draws.cases.get(at).filter(|_| shown.advice_visible) else { return (own, None) };
        let seen = shown.proposals.iter().filter_map(|id| {
            let name = &state.proposal(*id)?.proposer;
            let proposer = world.proposers.iter().position(|proposer| proposer.name == *name)?;
            Some((*id, *case.proposed.get(proposer)?, self.draws.stated(case, proposer)?.own))
        });
        let seen: Vec<_> = seen.collect();
        let surest = seen.iter().rev().max_by_key(|(_, _, sure)| *sure);
        let answer = surest.map_or(own, |(_, advice, _)| self.draws.after_advice(at, person, own, *advice));
        (answer, seen.iter().find(|(_, advice, _)| *advice == answer).map(|(id, ..)| *id))
    }

    /// Whether a first answer belongs to a random sample in which every case has the same chance to be: all audits, and as much of
    /// everything else by the draw for the blind share, whatever route it was on. Cases that go to a route by lot differ in nothing.
    fn sampled(&self, at: usize, route: &RouteRecord) -> bool {
        let blind = self.node.blind_share();
        let share = self.node.audit_share().map_or(blind, |audit| audit.min(blind));
        let purpose = if route.reason == "audit" { "audit" } else { "blind" };
        self.draws.committed(at, purpose) < share
    }
}
