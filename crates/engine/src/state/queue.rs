//! What a case tells the queue. Never depends on what a proposer proposed: the place of a case must not tell what the AI said.

use super::*;
use crate::context::Roster;
use crate::order;
use crate::sabotage::{Sabotage, on};
use countersign_core::Refusal;

/// What a case tells the queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueView {
    /// The smaller, the sooner: see [`order::key`].
    pub priority_at: Micros,
    /// By when it should be decided.
    pub deadline_at: Option<Micros>,
    /// How many further people may answer at the same time; at least 1.
    pub seats_free: u32,
    /// The role that has to look, after an escalation.
    pub role: Option<String>,
    /// The one person to whom it is served.
    pub assignee: Option<PersonId>,
    /// Not to be served before this time.
    pub wake_at: Option<Micros>,
    /// People to whom it is not served: sorted, each once.
    pub excluded: Vec<PersonId>,
}

/// How the role begins that stands for one person in the queue's rows: no role of people does.
pub const ONE_PERSON: &str = "person:";

impl QueueView {
    /// Who has to look, as the queue's rows say it: empty, a role, or [`ONE_PERSON`] and whose case it is.
    #[must_use]
    pub fn who(&self) -> String {
        self.assignee.map_or_else(|| self.role.clone().unwrap_or_default(), one_person)
    }
}

/// The role that only this person has.
#[must_use]
pub fn one_person(person: PersonId) -> String {
    format!("{ONE_PERSON}{person}")
}

/// Why a person's answer would not be independent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dependence {
    /// They made or own what is decided on.
    CaseOwner,
    /// They made or own a proposal on it.
    ProposalOwner,
    /// They have answered already.
    Answered,
    /// They had a part in what is appealed.
    HadPart,
    /// They object to the decision themselves.
    Objects,
    /// They have seen what this route hides.
    Saw,
}

impl Dependence {
    /// For people.
    #[must_use]
    pub fn sentence(self) -> &'static str {
        match self {
            Self::CaseOwner => "whoever made or owns what is decided on does not decide on it",
            Self::ProposalOwner => "whoever made or owns a proposal does not countersign it",
            Self::Answered => "this person has answered already: the next signature is somebody else's",
            Self::HadPart => "whoever had a part in the decision does not decide on the appeal",
            Self::Objects => "whoever objects does not decide on the appeal",
            Self::Saw => "this person has seen advice or answers that this route hides",
        }
    }

    /// Whether a test breaks this check on purpose.
    pub(crate) fn sabotaged(self) -> bool {
        match self {
            Self::ProposalOwner => on(Sabotage::OwnerCountersigns),
            Self::Answered => on(Sabotage::SamePersonTwice),
            Self::HadPart => on(Sabotage::DeciderJudgesAppeal),
            Self::CaseOwner | Self::Objects | Self::Saw => false,
        }
    }
}

impl JudgmentRecord {
    /// Whether it counts towards a decision: it stands, and it is its person's last word on the case itself.
    fn counts(&self) -> bool {
        let stands = self.standing == Standing::Stands || (self.standing == Standing::Void && on(Sabotage::VoidStillCounts));
        stands && !matches!(self.phase, Phase::First | Phase::Appeal)
    }
}

impl CaseState {
    /// What it tells the queue; `None` where it waits for nobody.
    #[must_use]
    pub fn queue(&self) -> Option<QueueView> {
        let status = self.status();
        if !matches!(status, Status::Open | Status::Appealed) {
            return None;
        }
        let route = self.route.as_ref();
        let mut excluded: Vec<PersonId> = self.skipped.iter().copied().chain(self.not_independent().map(|(person, _)| person)).collect();
        excluded.sort_unstable();
        excluded.dedup();
        Some(QueueView {
            priority_at: order::key(self.opened_at, self.deadline_at, route.and_then(|r| r.worth), route.and_then(|r| r.haste))
                - self.sabotaged_haste(),
            deadline_at: self.deadline_at,
            seats_free: match status {
                Status::Open if !self.needs_adjudication() => self.seats_free(),
                _ => 1,
            },
            role: route.and_then(|r| r.role.clone()),
            assignee: self.assignee,
            wake_at: self.snoozed_until.max(self.kept_back_until()),
            excluded,
        })
    }

    /// Until when it is kept back for its advice, unless a proposer has been heard already, whatever it said.
    fn kept_back_until(&self) -> Option<Micros> {
        let until = self.route.as_ref().filter(|_| self.decision.is_none())?.awaited_until?;
        let heard = self.proposals.iter().map(|p| p.revision).chain(self.missed.iter().map(|m| m.revision)).any(|r| r == self.revision);
        (!heard).then_some(until)
    }

    /// Nothing, unless a test breaks law 4 on purpose.
    fn sabotaged_haste(&self) -> Micros {
        let unsure = || self.proposals_current().filter_map(|p| p.probability).max().map_or(0, Micros::from);
        if on(Sabotage::QueueTellsAdvice) { unsure() } else { 0 }
    }

    /// The standing answers that count towards a decision: everyone's last word, without first answers and appeals.
    pub fn final_answers(&self) -> impl Iterator<Item = &JudgmentRecord> {
        self.judgments.iter().filter(|j| j.counts())
    }

    /// Whether people who should agree do not, so that a further person has to adjudicate.
    ///
    /// Countersigners disagree as soon as two answers differ; panel members are left alone until all seats have answered.
    #[must_use]
    pub fn needs_adjudication(&self) -> bool {
        let mut answers = self.final_answers();
        let Some(first) = answers.next() else {
            return false;
        };
        let (mut count, mut differ) = (1_u32, first.phase == Phase::Adjudication);
        for judgment in answers {
            count += 1;
            differ |= judgment.answer != first.answer || judgment.phase == Phase::Adjudication;
        }
        let panel_open = self.route.as_ref().is_some_and(|r| r.route == Route::Panel && count < r.seats);
        differ && !panel_open
    }

    /// Seats beyond those that answered. Where all wanted at first have answered and nothing is settled, one more is wanted.
    fn seats_free(&self) -> u32 {
        let answered = u32::try_from(self.final_answers().count()).unwrap_or(u32::MAX);
        self.route.as_ref().map_or(1, |r| r.seats.saturating_sub(answered)).max(1)
    }

    /// Whether a person is another one than all who made, own, answered or object to what is decided on, as far as `counts` wants: nobody
    /// has a hand in both.
    ///
    /// # Errors
    /// Says who has a hand in whom.
    pub fn two(&self, person: PersonId, roster: &dyn Roster, counts: impl Fn(Dependence) -> bool) -> Result<(), Refusal> {
        // What somebody has seen makes nobody else dependent.
        let others = self.not_independent().filter(|(other, why)| *other != person && *why != Dependence::Saw && counts(*why));
        let mut one = others.filter_map(|(other, _)| roster.one_hand(other, person).map(|one| one.refusal((other, person))));
        one.next().map_or(Ok(()), Err)
    }

    /// Everyone whose answer would not be independent at this point, and why.
    pub fn not_independent(&self) -> impl Iterator<Item = (PersonId, Dependence)> {
        let appealed = self.appeal.is_some();
        let made = self.proposals.iter().filter_map(|p| p.owner).map(|person| (person, Dependence::ProposalOwner));
        let owners = self.owner.into_iter().map(|person| (person, Dependence::CaseOwner)).chain(made);
        let answered = self.judgments.iter().filter(move |j| !appealed && j.counts()).map(|j| (j.person, Dependence::Answered));
        let had_part = self.judgments.iter().map(|j| j.person).chain(self.deciders.iter().copied());
        let had_part = had_part.filter(move |_| appealed).map(|person| (person, Dependence::HadPart));
        let objects = self.appeal.iter().filter_map(|appeal| appeal.person).map(|person| (person, Dependence::Objects));
        let hides = self.route.as_ref().filter(|_| !appealed && !self.needs_adjudication()).map(|route| route.route);
        let saw = self.shown.iter().filter(move |shown| {
            let hidden = match hides {
                Some(Route::Panel) => !shown.judgments.is_empty() || shown.advice_visible,
                Some(Route::Blind) => shown.advice_visible && self.first_answer(shown.person).is_none(),
                Some(Route::Unaided) => shown.advice_visible,
                _ => false,
            };
            hidden && shown.revision == self.revision
        });
        owners.chain(answered).chain(had_part).chain(objects).chain(saw.map(|shown| (shown.person, Dependence::Saw)))
    }
}
