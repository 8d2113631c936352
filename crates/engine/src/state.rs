//! The state of a case: the fold of its events, and what it tells the queue. Never decides anything, and is never stored: it can
//! always be folded again.

use crate::order::Haste;
use countersign_core::{
    answer::Answer,
    content::{Content, Digest},
    event::{
        Basis, Draw, Event, ExperimentArm, Missed, OutcomeKind, OutcomeValue, Phase, Route, RouteAssigned, RouteExperiment, RouteLearning,
        RouteWorth,
    },
    id::{EventId, PersonId, PlaybookId, SubjectId},
    number::Micros,
    playbook::Playbook,
};
use std::collections::BTreeMap;

mod apply;
mod queue;

pub use queue::{Dependence, ONE_PERSON, QueueView, one_person};

/// Where a case stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Status {
    /// Something is missing before anybody can decide; the route says what.
    Held,
    /// It waits for people.
    Open,
    /// An answer stands and nothing has acted.
    Decided,
    /// An answer stands and something has acted.
    Acted,
    /// Somebody objects, and somebody else has to decide on it.
    Appealed,
}

impl Status {
    /// The word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Open => "open",
            Self::Decided => "decided",
            Self::Acted => "acted",
            Self::Appealed => "appealed",
        }
    }
}

/// The fold of a case's events.
#[derive(Debug, Clone, PartialEq)]
pub struct CaseState {
    /// Version of its stream: how many events it has.
    pub version: u64,
    /// The latest time at which one of its events was taken in.
    pub recorded_at: Micros,
    /// When it was opened, by whoever reported it.
    pub opened_at: Micros,
    /// Its playbook.
    pub playbook: PlaybookId,
    /// The playbook's version, for the whole life of the case.
    pub playbook_version: u64,
    /// Its name outside.
    pub external_id: Option<Content>,
    /// Whose data it is.
    pub subject: Option<SubjectId>,
    /// Whoever made or owns what is decided on.
    pub owner: Option<PersonId>,
    /// By when it should be decided.
    pub deadline_at: Option<Micros>,
    /// The fields as they are now.
    pub fields: BTreeMap<String, Content>,
    /// Their digest.
    pub content_digest: Digest,
    /// 1 as opened, one more with each amendment.
    pub revision: u64,
    /// Proposals in the order in which they were made.
    pub proposals: Vec<ProposalRecord>,
    /// Asks in their order.
    pub asks: Vec<AskRecord>,
    /// Advice that was asked for and did not come, in its order.
    pub missed: Vec<MissRecord>,
    /// The route in force.
    pub route: Option<RouteRecord>,
    /// The experiment that it entered, if it did: it never enters another one.
    pub entered: Option<EnteredRecord>,
    /// It was once placed in the queue by what a young model learns from it, and not by lot: no figure rests on its label.
    pub sought: bool,
    /// What was shown, in its order.
    pub shown: Vec<ShownRecord>,
    /// Judgments given here, in their order.
    pub judgments: Vec<JudgmentRecord>,
    /// Judgments from other tools.
    pub observed_count: u64,
    /// The answer that stands.
    pub decision: Option<DecisionRecord>,
    /// Everyone who ever signed, corrected or decided an appeal on this case.
    pub deciders: Vec<PersonId>,
    /// The appeal that waits to be decided.
    pub appeal: Option<AppealRecord>,
    /// What the world said, with corrections applied.
    pub outcomes: Vec<OutcomeRecord>,
    /// Remarks, in their order.
    pub comments: Vec<CommentRecord>,
    /// Who passed it on since it was last opened or routed.
    pub skipped: Vec<PersonId>,
    /// The one person who is to answer on it.
    pub assignee: Option<PersonId>,
    /// Not before this time.
    pub snoozed_until: Option<Micros>,
}

/// A proposal.
#[derive(Debug, Clone, PartialEq)]
pub struct ProposalRecord {
    /// The event.
    pub id: EventId,
    /// Who proposes.
    pub proposer: String,
    /// Its exact version.
    pub proposer_version: String,
    /// What.
    pub answer: Answer,
    /// Its probability for its own answer, in billionths.
    pub probability: Option<u32>,
    /// The proposal that it follows.
    pub chained_from: Option<EventId>,
    /// The ask that it answers.
    pub ask: Option<EventId>,
    /// Who made or owns it.
    pub owner: Option<PersonId>,
    /// Which of several drafts of its proposer it is; 1 where there is one.
    pub candidate: u32,
    /// The content revision that it was made for.
    pub revision: u64,
}

/// Advice that did not come.
#[derive(Debug, Clone, PartialEq)]
pub struct MissRecord {
    /// The event.
    pub id: EventId,
    /// Who was asked.
    pub proposer: String,
    /// Why there is none.
    pub reason: Missed,
    /// The ask that it leaves unanswered.
    pub ask: Option<EventId>,
    /// The content revision that it was asked about.
    pub revision: u64,
}

/// An ask.
#[derive(Debug, Clone, PartialEq)]
pub struct AskRecord {
    /// The event.
    pub id: EventId,
    /// Who asked.
    pub person: PersonId,
    /// The proposal that should be made anew.
    pub about: Option<EventId>,
}

/// The route in force.
#[derive(Debug, Clone, PartialEq)]
pub struct RouteRecord {
    /// The event.
    pub id: EventId,
    /// The route.
    pub route: Route,
    /// Why, in one of the router's own words.
    pub reason: String,
    /// The rule that chose it.
    pub rule: Option<String>,
    /// How many independent answers are wanted at first.
    pub seats: u32,
    /// The role that has to look, after an escalation.
    pub role: Option<String>,
    /// The way of an experiment that it is on.
    pub assigned: Option<RouteAssigned>,
    /// What of the advice is shown, where an experiment says so.
    pub showing: Option<ExperimentArm>,
    /// What a person's look is worth, as it was known then.
    pub worth: Option<RouteWorth>,
    /// What a young model would learn from it.
    pub learning: Option<RouteLearning>,
    /// The place that this, or the lot, gives it in the queue.
    pub haste: Option<Haste>,
    /// Until when it is kept back for its advice.
    pub awaited_until: Option<Micros>,
}

/// How a case entered an experiment. Whenever it is routed again, it is by the same draw: it never changes its way, also not under
/// another key, or once no further case enters.
#[derive(Debug, Clone, PartialEq)]
pub struct EnteredRecord {
    /// The experiment, as the router saw it then.
    pub experiment: RouteExperiment,
    /// The draw that let it in and assigned it.
    pub draw: Draw,
}

/// A remark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommentRecord {
    /// The event.
    pub id: EventId,
    /// By whom.
    pub person: PersonId,
}

/// What was on a person's screen.
#[derive(Debug, Clone, PartialEq)]
pub struct ShownRecord {
    /// The event.
    pub id: EventId,
    /// To whom.
    pub person: PersonId,
    /// For which answer.
    pub phase: Phase,
    /// The content that was shown.
    pub content_digest: Digest,
    /// Its revision.
    pub revision: u64,
    /// The playbook version.
    pub playbook_version: u64,
    /// Proposals in their order on the screen.
    pub proposals: Vec<EventId>,
    /// Judgments of others that were visible.
    pub judgments: Vec<EventId>,
    /// Whether advice was visible.
    pub advice_visible: bool,
    /// Until when it can be answered.
    pub expires_at: Micros,
    /// Whether it was answered.
    pub answered: bool,
    /// Whether it was a line of a table.
    pub bulk: bool,
}

/// Whether a judgment still counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It counts.
    Stands,
    /// The content that it binds to is no longer the case's.
    Void,
    /// The round it was given in is over: the decision was withdrawn, the case re-opened, the appeal decided.
    Past,
}

/// A judgment given here.
#[derive(Debug, Clone, PartialEq)]
pub struct JudgmentRecord {
    /// The event.
    pub id: EventId,
    /// By whom.
    pub person: PersonId,
    /// Which of their answers.
    pub phase: Phase,
    /// The answer.
    pub answer: Answer,
    /// Whether it still counts. Derived, never stored.
    pub standing: Standing,
}

/// The answer that stands.
#[derive(Debug, Clone, PartialEq)]
pub struct DecisionRecord {
    /// The event.
    pub id: EventId,
    /// The answer, with corrections applied.
    pub answer: Answer,
    /// On what it rests.
    pub basis: Basis,
    /// The accountable people.
    pub persons: Vec<PersonId>,
    /// Their judgments.
    pub judgments: Vec<EventId>,
    /// When it was made.
    pub made_at: Micros,
    /// Before this time it can be withdrawn, and nothing may act on it.
    pub act_after: Micros,
    /// Whether something acted on it.
    pub acted: bool,
    /// Whether its answer was corrected.
    pub corrected: bool,
}

/// An appeal that waits.
#[derive(Debug, Clone, PartialEq)]
pub struct AppealRecord {
    /// The event.
    pub id: EventId,
    /// The decision that it objects to.
    pub decision: EventId,
    /// Who objects.
    pub person: Option<PersonId>,
    /// When.
    pub opened_at: Micros,
}

/// What the world said.
#[derive(Debug, Clone, PartialEq)]
pub struct OutcomeRecord {
    /// The event.
    pub id: EventId,
    /// Truth, proxy or payoff.
    pub kind: OutcomeKind,
    /// What the world says, with corrections applied.
    pub value: OutcomeValue,
    /// Where it comes from.
    pub source: String,
    /// When it was observed.
    pub observed_at: Micros,
    /// Whether it was corrected.
    pub corrected: bool,
}

impl CaseState {
    /// Folds the events of one case, in the order of their stream. `None` where there are none.
    #[must_use]
    pub fn fold<'e>(events: impl IntoIterator<Item = &'e Event>) -> Option<Self> {
        let mut events = events.into_iter();
        let mut state = Self::opened(events.next()?)?;
        events.for_each(|event| state.apply(event));
        Some(state)
    }

    /// Where it stands.
    #[must_use]
    pub fn status(&self) -> Status {
        match (&self.decision, &self.appeal, &self.route) {
            (Some(_), Some(_), _) => Status::Appealed,
            (Some(decision), None, _) if decision.acted => Status::Acted,
            (Some(_), None, _) => Status::Decided,
            (None, _, Some(route)) if route.route != Route::Hold => Status::Open,
            (None, _, _) => Status::Held,
        }
    }

    /// Where it stands, as the API and the projections say it.
    #[must_use]
    pub fn status_word(&self) -> &'static str {
        self.status().as_str()
    }

    /// Whether it is open and nobody has looked at it since it was opened, amended or opened again, nor passed it on or asked for
    /// other eyes: its route may still change without anybody noticing.
    #[must_use]
    pub fn untouched(&self) -> bool {
        let looked = self.shown.iter().any(|shown| shown.revision == self.revision) || !self.judgments.is_empty();
        let asked = self.route.as_ref().is_none_or(|route| route.role.is_some() || route.reason == "reopened");
        self.status() == Status::Open && !looked && !asked && self.skipped.is_empty()
    }

    /// A proposal by its id.
    #[must_use]
    pub fn proposal(&self, id: EventId) -> Option<&ProposalRecord> {
        self.proposals.iter().find(|p| p.id == id)
    }

    /// The proposals that may be shown now: the latest of each proposer, with all of its drafts, made for the present content, in the
    /// order of making.
    pub fn proposals_current(&self) -> impl Iterator<Item = &ProposalRecord> {
        self.proposals.iter().enumerate().filter(|(_, p)| p.revision == self.revision).filter_map(|(at, p)| {
            let later = self.proposals.iter().skip(at + 1);
            let superseded =
                later.into_iter().any(|q| q.revision == self.revision && q.proposer == p.proposer && q.candidate <= p.candidate);
            (!superseded).then_some(p)
        })
    }

    /// Whether a proposer has been heard on the present content: it proposed, or it is known that it does not.
    #[must_use]
    pub fn heard(&self, proposer: &str) -> bool {
        let proposed = self.proposals.iter().any(|p| p.revision == self.revision && p.proposer == proposer);
        proposed || self.missed.iter().any(|m| m.revision == self.revision && m.proposer == proposer && m.ask.is_none())
    }

    /// Whether one of the proposers that the playbook names has not been heard yet on the present content.
    #[must_use]
    pub fn awaits(&self, playbook: &Playbook) -> bool {
        playbook.proposers.iter().any(|named| !self.heard(&named.name))
    }

    /// Of these, the ones that an experiment lets people see; all of them where there is none.
    pub fn proposals_advised(&self) -> impl Iterator<Item = &ProposalRecord> {
        let showing = self.route.as_ref().and_then(|route| route.showing.as_ref());
        let wanted = move |p: &&ProposalRecord| {
            let same = |wanted: &Option<String>, is: &str| wanted.as_deref().is_none_or(|wanted| wanted == is);
            showing.is_none_or(|arm| same(&arm.proposer, &p.proposer) && same(&arm.version, &p.proposer_version))
        };
        self.proposals_current().filter(wanted)
    }

    /// The judgments that still count.
    pub fn judgments_standing(&self) -> impl Iterator<Item = &JudgmentRecord> {
        self.judgments.iter().filter(|j| j.standing == Standing::Stands)
    }

    /// A person's first answer on a blind route, where it stands.
    #[must_use]
    pub fn first_answer(&self, person: PersonId) -> Option<&JudgmentRecord> {
        self.judgments_standing().find(|j| j.person == person && j.phase == Phase::First)
    }

    /// Whether a person has seen advice on the present content.
    #[must_use]
    pub fn has_seen_advice(&self, person: PersonId) -> bool {
        self.shown.iter().any(|s| s.person == person && s.advice_visible && s.revision == self.revision)
    }

    /// Whether a person has seen other people's judgments on the present content.
    #[must_use]
    pub fn has_seen_judgments(&self, person: PersonId) -> bool {
        self.shown.iter().any(|s| s.person == person && !s.judgments.is_empty() && s.revision == self.revision)
    }
}
