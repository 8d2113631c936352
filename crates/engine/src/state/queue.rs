//! What a case tells the queue. Never depends on what a proposer proposed: the place of a case must not tell what the AI said.

use super::*;

/// What a case tells the queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueView {
    /// The smaller, the sooner: the deadline, or else the time of opening.
    pub priority_at: Micros,
    /// How many further people may answer at the same time; at least 1.
    pub seats_free: u32,
    /// The role that has to look, after an escalation.
    pub role: Option<String>,
    /// Not to be served before this time.
    pub wake_at: Option<Micros>,
    /// People to whom it is not served: sorted, each once.
    pub excluded: Vec<PersonId>,
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
        let mut excluded: Vec<PersonId> = self.skipped.iter().copied().chain(self.not_independent()).collect();
        excluded.sort_unstable();
        excluded.dedup();
        Some(QueueView {
            priority_at: self.deadline_at.unwrap_or(self.opened_at),
            seats_free: match status {
                Status::Open if !self.needs_adjudication() => self.seats_free(),
                _ => 1,
            },
            role: route.and_then(|r| r.role.clone()),
            wake_at: self.snoozed_until,
            excluded,
        })
    }

    /// The standing answers that count towards a decision: everyone's last word, without first answers and appeals.
    pub fn final_answers(&self) -> impl Iterator<Item = &JudgmentRecord> {
        self.judgments_standing().filter(|j| !matches!(j.phase, Phase::First | Phase::Appeal))
    }

    /// Whether people who should agree do not, so that a further person has to adjudicate.
    ///
    /// Countersigners disagree as soon as two answers differ; panel members are left alone until all seats have answered.
    #[must_use]
    pub fn needs_adjudication(&self) -> bool {
        let mut answers = self.final_answers();
        let Some(first) = answers.next() else { return false };
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

    /// Everyone whose answer would not be independent at this point: the owner, the owners of proposals, whoever answered already,
    /// whoever saw what the route hides, and on an appeal all who had a part in the decision.
    pub fn not_independent(&self) -> impl Iterator<Item = PersonId> {
        let appealed = self.appeal.is_some();
        let adjudicated = !appealed && self.needs_adjudication();
        let route = self.route.as_ref().map(|r| r.route);
        let owners = self.owner.into_iter().chain(self.proposals.iter().filter_map(|p| p.owner));
        let answered = self
            .judgments
            .iter()
            .filter(move |j| appealed || (j.standing == Standing::Stands && !matches!(j.phase, Phase::First | Phase::Appeal)))
            .map(|j| j.person);
        let decided = self.appeal.iter().flat_map(|appeal| self.deciders.iter().copied().chain(appeal.person));
        let saw = self.shown.iter().filter(move |s| {
            let hidden = match route {
                _ if appealed || adjudicated => false,
                Some(Route::Panel) => !s.judgments.is_empty() || s.advice_visible,
                Some(Route::Blind) => s.advice_visible && self.first_answer(s.person).is_none(),
                Some(Route::Unaided) => s.advice_visible,
                _ => false,
            };
            hidden && s.revision == self.revision
        });
        owners.chain(answered).chain(decided).chain(saw.map(|s| s.person))
    }
}
