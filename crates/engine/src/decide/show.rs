//! Show: what exactly is on a person's screen. Advice never comes before a first answer, and panel members never see one another.

use super::{Decided, Turn, stands};
use crate::{
    sabotage::{Sabotage, on},
    state::Status,
};
use countersign_core::{
    EventId, Refusal,
    event::{CaseShown, Phase, Route, ShownField},
    id::PersonId,
    limits::SHOWN_TOKEN_MICROS_MAX,
    refusal::Code,
};

impl Turn<'_, '_> {
    pub(super) fn show(&mut self, person: PersonId) -> Decided {
        self.reviewer(person)?;
        let lease = self.ctx.lease.filter(|lease| lease.person == person && lease.until > self.now);
        let not_claimed = || Refusal::new(Code::NotClaimed, "claim the case first: it is shown to whoever holds its lease");
        let lease = lease.ok_or_else(not_claimed)?;
        let phase = self.phase(person)?;
        let proposals = self.proposals_shown(phase);
        let shown = CaseShown {
            person,
            phase,
            content_digest: self.state.content_digest,
            playbook_version: self.state.playbook_version,
            fields: self.fields_shown(),
            advice_visible: !proposals.is_empty(),
            judgments: self.judgments_shown(phase),
            record: self.ctx.record.filter(|_| !proposals.is_empty()).map(|published| published.record.number),
            proposals,
            expires_at: lease.until.min(self.now.saturating_add(SHOWN_TOKEN_MICROS_MAX)),
        };
        self.only(shown)
    }

    /// Which of their answers a person would give now.
    pub(super) fn phase(&self, person: PersonId) -> Result<Phase, Refusal> {
        match self.state.status() {
            Status::Open | Status::Appealed => {}
            Status::Held if on(Sabotage::HoldIgnored) => {}
            Status::Held | Status::Decided | Status::Acted => {
                return Err(Refusal::new(Code::WrongState, stands(self.state)));
            }
        }
        self.independent(person)?;
        let blind = self.state.route.as_ref().is_some_and(|route| route.route == Route::Blind);
        Ok(match self.state.status() {
            Status::Appealed => Phase::Appeal,
            _ if self.state.needs_adjudication() => Phase::Adjudication,
            _ if blind && self.state.first_answer(person).is_some() => Phase::Final,
            _ if blind => Phase::First,
            _ => Phase::Only,
        })
    }

    /// Fields in the playbook's order, without the hidden ones.
    fn fields_shown(&self) -> Vec<ShownField> {
        let fields = self.ctx.playbook.fields.iter();
        let visible = fields.filter(|spec| !spec.hidden && self.state.fields.contains_key(&spec.name));
        visible.map(|spec| ShownField { name: spec.name.clone(), masked: false }).collect()
    }

    /// Advice: on `assist`, and on `blind` once the person's own first answer stands. Adjudicators and whoever decides on an
    /// appeal answer without it: they are there to be independent.
    fn proposals_shown(&self, phase: Phase) -> Vec<EventId> {
        let assisted = self.state.route.as_ref().is_some_and(|route| route.route == Route::Assist);
        let visible = match phase {
            Phase::Only => assisted,
            Phase::Final => true,
            Phase::First => on(Sabotage::AdviceBeforeFirstAnswer),
            Phase::Adjudication | Phase::Appeal => false,
        };
        if visible { self.state.proposals_current().map(|p| p.id).collect() } else { Vec::new() }
    }

    /// What the others answered: for an adjudicator only.
    fn judgments_shown(&self, phase: Phase) -> Vec<EventId> {
        if phase == Phase::Adjudication || on(Sabotage::PanelSeesOthers) {
            self.state.final_answers().map(|j| j.id).collect()
        } else {
            Vec::new()
        }
    }
}
