//! Show: what exactly is on a person's screen. Advice never comes before a first answer, nor do decided cases beside it, and panel
//! members never see one another.

use super::{Decided, Turn, stands};
use crate::{
    command::Precedents,
    context::Roster,
    sabotage::{Sabotage, on},
    state::Status,
};
use countersign_core::{
    EventId, Refusal,
    event::{CaseShown, Phase, Route, ShownField, ShownPrecedent},
    id::{PersonId, PlaybookId},
    limits::{COMMENTS_SHOWN_MAX, SHOWN_TOKEN_MICROS_MAX},
    playbook::{FieldSpec, Playbook},
    refusal::Code,
};

impl Turn<'_, '_> {
    pub(super) fn show(&mut self, person: PersonId, precedents: Option<Precedents>, bulk: bool) -> Decided {
        self.reviewer(person)?;
        self.inducted(person)?;
        let lease = self.ctx.lease.filter(|lease| lease.person == person && lease.until > self.now);
        let not_claimed = || Refusal::new(Code::NotClaimed, "claim the case first: it is shown to whoever holds its lease");
        let lease = lease.ok_or_else(not_claimed)?;
        let phase = self.phase(person)?;
        if bulk {
            self.bulk_holds(phase)?;
        }
        let proposals = self.proposals_shown(phase);
        let showing = self.state.route.as_ref().and_then(|route| route.showing.as_ref());
        let shown = CaseShown {
            person,
            phase,
            content_digest: self.state.content_digest,
            playbook_version: self.state.playbook_version,
            fields: if bulk { self.bulk_fields(person) } else { self.fields_shown(person) },
            advice_visible: !proposals.is_empty(),
            unexplained: !proposals.is_empty() && (bulk || showing.is_some_and(|arm| arm.unexplained)),
            bulk,
            judgments: self.judgments_shown(phase),
            precedents: self.precedents_shown(!proposals.is_empty(), precedents.filter(|_| !bulk)),
            comments: if bulk { Vec::new() } else { self.comments_shown(person, phase) },
            record: self.ctx.record.filter(|_| !proposals.is_empty() && !bulk).map(|published| published.record.number),
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

    /// Fields in the playbook's order, without the hidden ones; masked where this person has none of the roles that see them whole.
    pub(super) fn fields_shown(&self, person: PersonId) -> Vec<ShownField> {
        let roles = self.ctx.roster.person(person).map(|facts| &facts.roles);
        let masked = |spec: &FieldSpec| spec.masked_for(roles.into_iter().flatten()) && !on(Sabotage::MaskIgnored);
        let fields = self.ctx.playbook.fields.iter();
        let visible = fields.filter(|spec| !spec.hidden && self.state.fields.contains_key(&spec.name));
        visible.map(|spec| ShownField { name: spec.name.clone(), masked: masked(spec) }).collect()
    }

    /// Advice: on `assist`, and on `blind` once the person's own first answer stands. Adjudicators and whoever decides on an
    /// appeal answer without it: they are there to be independent.
    fn proposals_shown(&self, phase: Phase) -> Vec<EventId> {
        let visible = self.advice_may_show(phase) || (phase == Phase::First && on(Sabotage::AdviceBeforeFirstAnswer));
        if visible { self.state.proposals_advised().map(|p| p.id).collect() } else { Vec::new() }
    }

    /// Whether advice may be seen with this answer.
    fn advice_may_show(&self, phase: Phase) -> bool {
        match phase {
            Phase::Only => self.state.route.as_ref().is_some_and(|route| route.route == Route::Assist),
            Phase::Final => true,
            Phase::First | Phase::Adjudication | Phase::Appeal => false,
        }
    }

    /// One's own remarks, and those of others where advice may be seen: they may say what the AI said, or what they would answer.
    fn comments_shown(&self, person: PersonId, phase: Phase) -> Vec<EventId> {
        let all = self.advice_may_show(phase) || on(Sabotage::RemarksBeforeFirstAnswer);
        let told = self.state.comments.iter().filter(|comment| all || comment.person == person).map(|comment| comment.id);
        let told: Vec<EventId> = told.collect();
        told.get(told.len().saturating_sub(COMMENTS_SHOWN_MAX)..).unwrap_or_default().to_vec()
    }

    /// Decided cases stand beside advice and nowhere else: they were decided with advice in view, too, and whoever answers without
    /// it is there to say what people say alone. Where advice could be shown and there is none, as after an amendment, that answer is
    /// one's own, too.
    fn precedents_shown(&self, advised: bool, precedents: Option<Precedents>) -> Vec<ShownPrecedent> {
        let may = advised || on(Sabotage::PrecedentsBeforeFirstAnswer);
        let found = precedents.filter(|found| may && found.content_digest == self.state.content_digest);
        found.map(|found| found.cases).unwrap_or_default()
    }

    pub(super) fn inducted(&self, person: PersonId) -> Result<(), Refusal> {
        is_inducted(self.ctx.playbook, self.ctx.roster, self.ctx.playbook_id, person)
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

/// INVARIANT: where the playbook wants an induction, nobody decides before theirs.
pub(super) fn is_inducted(playbook: &Playbook, roster: &dyn Roster, id: PlaybookId, person: PersonId) -> Result<(), Refusal> {
    let wanted = playbook.decide.induction && !on(Sabotage::InductionSkipped);
    if !wanted || roster.inducted(person, id) {
        return Ok(());
    }
    Err(Refusal::field(Code::InductionRequired, "/person", induction_wanted(&playbook.name)))
}

/// What a person is told who has to go through an induction first.
#[must_use]
pub fn induction_wanted(playbook: &str) -> String {
    format!(
        "the playbook {playbook} wants an induction before the first decision: go through it at /desk/playbooks/{playbook}/induction, or begin \
         it with POST /v1/playbooks/{playbook}/practice"
    )
}
