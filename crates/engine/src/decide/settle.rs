//! Settle: when judgments make a decision. Pure counting; never looks at a proposal, so that no advice ever signs.
//!
//! One rule covers every route. As long as all agree, the case is settled when as many have signed as the answer needs (on a
//! panel, when all seats have answered too). As soon as two differ, nobody's answer stands by itself: a further person sees both
//! and adjudicates, and again another, until an answer has an adjudicator and as many supporters as it needs. A minority that
//! needs fewer signatures can thus never overrule a colleague in silence.

use super::{NewEvent, Turn};
use crate::{
    CaseState,
    sabotage::{Sabotage, on},
};
use countersign_core::{
    answer::Answer,
    event::{AppealDecided, Basis, DecisionMade, JudgmentGiven, Phase, Route},
    id::{EventId, PersonId},
    playbook::Playbook,
};

/// What judgments come to.
pub(super) struct Settled {
    answer: Answer,
    basis: Basis,
    /// Who signed before the judgment that settles, with their judgments.
    signed: Vec<(PersonId, EventId)>,
    /// On an appeal: whether the first answer stands.
    upheld: Option<bool>,
}

fn needed(playbook: &Playbook, answer: &Answer) -> usize {
    let signatures = if on(Sabotage::OneSignatureSuffices) { 1 } else { playbook.signatures_for(answer.label()) };
    usize::try_from(signatures.max(1)).unwrap_or(usize::MAX)
}

/// What the standing judgments and a new one come to, if they settle the case.
pub(super) fn case(state: &CaseState, new: &JudgmentGiven, playbook: &Playbook) -> Option<Settled> {
    let agreeing = state.final_answers().filter(|j| j.answer == new.answer);
    let signed: Vec<_> = agreeing.map(|j| (j.person, j.id)).collect();
    let answered = state.final_answers().count() + 1;
    let supporters = signed.len() + 1;
    let panel = state.route.as_ref().filter(|route| route.route == Route::Panel);
    let seats = panel.map_or(0, |route| usize::try_from(route.seats).unwrap_or(usize::MAX));
    let basis = match new.phase {
        Phase::Adjudication => Basis::Adjudicated,
        _ if supporters < answered || answered < seats => return None,
        _ if panel.is_some() => Basis::PanelAgreed,
        _ => Basis::Signatures,
    };
    let enough = supporters >= needed(playbook, &new.answer);
    enough.then(|| Settled { answer: new.answer.clone(), basis, signed, upheld: None })
}

/// What an appeal comes to: the first answer stands as soon as one independent person confirms it; another one needs as many
/// signatures as it would have needed at first.
pub(super) fn appeal(state: &CaseState, new: &JudgmentGiven, playbook: &Playbook) -> Option<Settled> {
    let upheld = state.decision.as_ref()?.answer == new.answer;
    let agreeing = state.judgments_standing().filter(|j| j.phase == Phase::Appeal && j.answer == new.answer);
    let signed: Vec<_> = agreeing.map(|j| (j.person, j.id)).collect();
    let enough = upheld || signed.len() + 1 >= needed(playbook, &new.answer);
    enough.then(|| Settled { answer: new.answer.clone(), basis: Basis::Appeal, signed, upheld: Some(upheld) })
}

impl Turn<'_, '_> {
    /// The events that follow a judgment which settles.
    pub(super) fn settled(&mut self, given: &NewEvent, settled: Option<Settled>) -> Vec<NewEvent> {
        let Some(Settled { answer, basis, signed, upheld }) = settled else {
            return Vec::with_capacity(1);
        };
        let mut events = Vec::with_capacity(3);
        if let (Some(upheld), Some(appeal)) = (upheld, &self.state.appeal) {
            let decided = AppealDecided { appeal: appeal.id, judgment: given.id, upheld };
            events.push(self.follow(given, decided));
        }
        if upheld == Some(true) {
            return events;
        }
        let last = match &given.body {
            countersign_core::Body::JudgmentGiven(body) => Some((body.person, given.id)),
            _ => None,
        };
        let (persons, judgments) = signed.into_iter().chain(last).unzip();
        let made = DecisionMade {
            answer,
            basis,
            persons,
            judgments,
            act_after: self.now.saturating_add(self.ctx.playbook.decide.grace),
            content_digest: self.state.content_digest,
            playbook_version: self.state.playbook_version,
        };
        events.push(self.follow(given, made));
        events
    }
}
