//! What is kept of a case: small numbers only. Never a personal value, and never a field by which decisions are checked for bias.
//!
//! Millions of cases may wait while few are decided, so that what is there of every case stands in the row itself, and what became of it
//! beside it, once there is something.

use super::DAY;
use countersign_core::{
    event::{Phase, Route},
    id::{CaseId, EventId},
    number::Micros,
};
use std::num::{NonZeroU16, NonZeroU32};

/// What a proposer said.
#[derive(Debug, Clone, Copy)]
pub(super) struct Said {
    /// The last 8 bytes of its id, which are random: enough to tell what is proposed on one case apart.
    tail: u64,
    /// One more than its place among proposers.
    proposer: NonZeroU16,
    pub answer: u16,
    /// One more than the probability of its own answer, in billionths.
    probability: Option<NonZeroU32>,
}

impl Said {
    /// `probability`: of its own answer, in billionths.
    pub(super) fn new(id: EventId, (proposer, answer): (u16, u16), probability: Option<u32>) -> Self {
        let proposer = NonZeroU16::MIN.saturating_add(proposer);
        Self { tail: tail(id), proposer, answer, probability: probability.map(|billionths| NonZeroU32::MIN.saturating_add(billionths)) }
    }

    /// Whether it is the proposal of this id, of those on its case.
    pub(super) fn is(&self, id: EventId) -> bool {
        self.tail == tail(id)
    }

    /// Its place among proposers.
    pub(super) fn proposer(&self) -> u16 {
        self.proposer.get() - 1
    }

    /// Probability of its own answer, in billionths.
    pub(super) fn probability(&self) -> Option<u32> {
        self.probability.map(|more| more.get() - 1)
    }
}

fn tail(id: EventId) -> u64 {
    id.0.as_u64_pair().1
}

/// What a person said.
#[derive(Debug, Clone, Copy)]
pub(super) struct Given {
    pub person: u16,
    pub answer: u16,
    pub took: Option<Micros>,
}

/// A case.
pub(super) struct Row {
    pub case: CaseId,
    pub opened_at: Micros,
    /// What was proposed first; mostly that is all.
    first: Option<Said>,
    course: Option<Box<Course>>,
    pub version: u32,
    /// Its values of the fields that regions are made of, by their place among all.
    pub values: u32,
    pub route: Option<Route>,
    /// It was drawn by lot, whatever is proposed, to be answered without advice.
    pub lot: bool,
    /// It was served sooner because a young model learns from it: what it comes to is no sample of anything.
    pub sought: bool,
    /// A rule of the playbook chose the route.
    pub ruled: bool,
    /// It waits unaided because nobody has proposed anything.
    pub unproposed: bool,
    /// Amended: proposals and answers of before do not speak of it.
    pub amended: bool,
}

/// What became of a case.
pub(super) struct Course {
    pub decided_at: Option<Micros>,
    /// The answer that stands.
    pub decision: Option<u16>,
    /// What turned out, or, where nothing tells the truth, what a person answered without advice.
    pub truth: Option<u16>,
    /// What was proposed after the first.
    said: Vec<Said>,
    /// The audit: the sealed proposal.
    pub audit: Option<EventId>,
    /// When it was routed last; told of audits alone.
    pub routed_at: Micros,
    /// Automated: with which answer.
    pub automated: Option<u16>,
    /// The experiment that it entered first, by its place, and the way that it was assigned to.
    pub assigned: Option<(u16, u32)>,
    /// People's time so far, and whether it is known of every answer.
    pub spent: Micros,
    pub timed: bool,
    /// Answers without advice: unaided, first answers, panel members.
    pub alone: Vec<Given>,
    /// Answers with the advice in view, where no answer of one's own came before.
    pub advised: Vec<Given>,
    /// Answers after an own first one.
    pub after_own: Vec<Given>,
}

/// Of a case to which nothing has happened.
const WAITING: Course = Course {
    decided_at: None,
    decision: None,
    truth: None,
    said: Vec::new(),
    audit: None,
    routed_at: 0,
    automated: None,
    assigned: None,
    spent: 0,
    timed: true,
    alone: Vec::new(),
    advised: Vec::new(),
    after_own: Vec::new(),
};

impl Row {
    /// A case that came just now.
    pub(super) fn new(case: CaseId, opened_at: Micros, version: u64, values: u32) -> Self {
        Self {
            case,
            opened_at,
            first: None,
            course: None,
            version: u32::try_from(version).unwrap_or(u32::MAX),
            values,
            route: None,
            lot: false,
            sought: false,
            ruled: false,
            unproposed: false,
            amended: false,
        }
    }

    /// What became of it so far.
    pub(super) fn course(&self) -> &Course {
        static NOTHING: Course = WAITING;
        self.course.as_deref().unwrap_or(&NOTHING)
    }

    pub(super) fn course_mut(&mut self) -> &mut Course {
        self.course.get_or_insert_with(|| Box::new(WAITING))
    }

    /// The same where something has happened already; nothing begins by it.
    pub(super) fn course_begun(&mut self) -> Option<&mut Course> {
        self.course.as_deref_mut()
    }

    /// Whether it is decided.
    pub(super) fn is_decided(&self) -> bool {
        self.course().decided_at.is_some()
    }

    /// What turned out.
    pub(super) fn truth(&self) -> Option<u16> {
        self.course().truth
    }

    /// Whether its outcome should be there by now.
    pub(super) fn matured(&self, after: Micros, now: Micros) -> bool {
        self.course().decided_at.is_some_and(|at| at.saturating_add(after) <= now)
    }

    /// Whether its outcome is long past its time and not there.
    pub(super) fn overdue(&self, after: Micros, now: Micros) -> bool {
        self.truth().is_none() && self.course().decided_at.is_some_and(|at| at.saturating_add(2 * after + DAY) <= now)
    }

    /// Takes what a person answered without advice for the truth, where the case was drawn by lot for it, as an audit or otherwise. The first
    /// answer counts, also when it is taken back: what comes later may know more than the case. A panel's answer is its decision.
    pub(super) fn judged(&mut self, phase: Phase, answer: u16) {
        let alone = matches!(self.route, Some(Route::Blind | Route::Unaided)) && matches!(phase, Phase::First | Phase::Only);
        if alone && (self.lot || self.course().audit.is_some()) && self.truth().is_none() {
            self.course_mut().truth = Some(answer);
        }
    }

    /// Takes down what was proposed.
    pub(super) fn propose(&mut self, said: Said) {
        match self.first {
            None => self.first = Some(said),
            Some(_) => self.course_mut().said.push(said),
        }
    }

    /// Forgets what was proposed.
    pub(super) fn unsay(&mut self) {
        self.first = None;
        if let Some(course) = self.course_begun() {
            course.said.clear();
        }
    }

    /// What was proposed, in its order.
    pub(super) fn said(&self) -> impl DoubleEndedIterator<Item = &Said> {
        self.first.iter().chain(&self.course().said)
    }

    /// What was proposed first.
    pub(super) fn first_said(&self) -> Option<&Said> {
        self.first.as_ref()
    }

    /// What was proposed, where that is one thing only.
    pub(super) fn only_said(&self) -> Option<&Said> {
        self.first.as_ref().filter(|_| self.course().said.is_empty())
    }

    /// What a proposer's version said last.
    pub(super) fn by(&self, proposer: u16) -> Option<&Said> {
        self.said().rev().find(|said| said.proposer() == proposer)
    }
}

impl Course {
    /// Adds the time of an answer. What an appeal takes comes after the decision.
    pub(super) fn spend(&mut self, phase: Phase, took: Option<Micros>) {
        if phase != Phase::Appeal {
            self.spent = self.spent.saturating_add(took.unwrap_or(0));
            self.timed &= took.is_some();
        }
    }
}

/// Adds an answer to a list that mostly stays this short.
pub(super) fn add(list: &mut Vec<Given>, given: Given) {
    list.reserve_exact(1);
    list.push(given);
}
