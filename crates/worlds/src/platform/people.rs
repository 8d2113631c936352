//! Who is free, who is busy, and what waits for whom, in the order in which the product's own queue serves it. People have a day's
//! work to give and no favourites: where several are free, anyone of them takes the next case.

use crate::World;
use countersign_core::{event::Route, id::PersonId, number::Micros};
use countersign_engine::{CaseState, command::ShownFacts};
use countersign_science::random::Random;
use std::collections::{BTreeMap, BTreeSet};

/// A person's id in the world.
pub(super) fn id(person: usize) -> PersonId {
    PersonId(uuid::Uuid::from_u128(PEOPLE + person as u128))
}

/// Ids of people begin here.
const PEOPLE: u128 = 0x7065_6f70_6c65_4000_8000_0000_0000_0000;

/// What a person has on the screen.
#[derive(Debug)]
pub(super) struct Task {
    pub case: usize,
    pub shown: ShownFacts,
    pub began: Micros,
    /// Their own answer, where they look for the second time.
    pub first: Option<usize>,
}

#[derive(Debug)]
struct Worker {
    task: Option<Task>,
    /// Judgments that they still take today.
    left: u32,
    cap: u32,
}

/// A case that waits for people.
#[derive(Debug)]
struct Waiting {
    priority_at: Micros,
    seats: u32,
    /// Judgments of one person that it takes.
    judgments: u32,
    excluded: Vec<PersonId>,
}

/// Who is free, and what waits.
#[derive(Debug)]
pub(super) struct Desk {
    workers: Vec<Worker>,
    waiting: BTreeMap<usize, Waiting>,
    /// How many people have a case on their screens.
    taken: BTreeMap<usize, u32>,
    /// Cases with a free seat, in the order in which they are served.
    queue: BTreeSet<(Micros, usize)>,
    /// Whether anything has changed since nobody found a case to claim.
    stirred: bool,
}

impl Desk {
    pub fn new(world: &World) -> Self {
        let worker = |cap: u32| Worker { task: None, left: cap, cap };
        Self {
            workers: world.people.iter().map(|person| worker(person.cap_per_day)).collect(),
            waiting: BTreeMap::new(),
            taken: BTreeMap::new(),
            queue: BTreeSet::new(),
            stirred: false,
        }
    }

    pub fn new_day(&mut self) {
        for worker in &mut self.workers {
            worker.left = worker.cap;
        }
        self.stirred = true;
    }

    /// The case has changed.
    pub fn refresh(&mut self, at: usize, state: &CaseState) {
        if let Some(old) = self.waiting.remove(&at) {
            self.queue.remove(&(old.priority_at, at));
        }
        let Some(view) = state.queue() else { return };
        let blind = state.route.as_ref().is_some_and(|route| route.route == Route::Blind) && !state.needs_adjudication();
        if view.seats_free > self.taken.get(&at).copied().unwrap_or(0) {
            self.queue.insert((view.priority_at, at));
        }
        let judgments = if blind { 2 } else { 1 };
        let waiting = Waiting { priority_at: view.priority_at, seats: view.seats_free, judgments, excluded: view.excluded };
        self.waiting.insert(at, waiting);
        self.stirred = true;
    }

    /// Somebody who is free, and the first case that they may answer.
    pub fn next_claim(&mut self, random: &mut Random) -> Option<(usize, usize)> {
        if !std::mem::take(&mut self.stirred) || self.queue.is_empty() {
            return None;
        }
        let free = |(_, worker): &(usize, &Worker)| worker.task.is_none() && worker.left > 0;
        let mut people: Vec<usize> = self.workers.iter().enumerate().filter(free).map(|(person, _)| person).collect();
        random.shuffle(&mut people);
        let found = people.into_iter().find_map(|person| Some((person, self.claimable(person)?)));
        // There may be more for the others.
        self.stirred = found.is_some();
        found
    }

    fn claimable(&self, person: usize) -> Option<usize> {
        let left = self.workers.get(person)?.left;
        let may = |at: &usize| {
            self.waiting.get(at).is_some_and(|waiting| waiting.judgments <= left && waiting.excluded.binary_search(&id(person)).is_err())
        };
        self.queue.iter().map(|(_, at)| *at).find(may)
    }

    /// A person has a case on the screen, and will give one judgment on it.
    pub fn busy(&mut self, person: usize, task: Task) {
        let at = task.case;
        let again = task.first.is_some();
        if let Some(worker) = self.workers.get_mut(person) {
            worker.left = worker.left.saturating_sub(1);
            worker.task = Some(task);
        }
        if !again {
            let taken = self.taken.entry(at).or_insert(0);
            *taken += 1;
            if let Some(waiting) = self.waiting.get(&at).filter(|waiting| waiting.seats <= *taken) {
                self.queue.remove(&(waiting.priority_at, at));
            }
        }
    }

    /// What a person had on the screen.
    pub fn take(&mut self, person: usize) -> Option<Task> {
        self.workers.get_mut(person)?.task.take()
    }

    /// Somebody is through with a case. Call [`Desk::refresh`] afterwards.
    pub fn release(&mut self, at: usize) {
        if let Some(taken) = self.taken.get_mut(&at) {
            *taken -= 1;
            if *taken == 0 {
                self.taken.remove(&at);
            }
        }
        self.stirred = true;
    }
}
