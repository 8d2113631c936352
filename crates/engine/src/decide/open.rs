//! Intake: a case is opened with what proposers already propose and, for imported history, with what happened elsewhere.

use super::{Asked, Decided, Lot, NewEvent, new_event, not_in_future, outcome, route_inputs};
use crate::{
    Context,
    command::{History, NewProposal},
    route::{self, Cause},
    track::Proposed,
};
use countersign_core::{
    Content, Refusal,
    answer::Answer,
    content::Digest,
    event::{Basis, Body, CaseOpened, DecisionMade, OutcomeObserved, PeopleMetrics},
    id::{EventId, PersonId, SubjectId},
    limits::{EVENTS_PER_CASE_MAX, EVENTS_PER_CASE_RESERVED, PROPOSALS_PER_CASE_MAX},
    number::Micros,
    playbook::Playbook,
    refusal::Code,
};
use std::collections::BTreeMap;

/// A case as it arrives.
pub(super) struct NewCase {
    pub external_id: Option<Content>,
    pub subject: Option<SubjectId>,
    pub fields: BTreeMap<String, Content>,
    pub content_digest: Digest,
    pub owner: Option<PersonId>,
    pub deadline_at: Option<Micros>,
}

pub(super) fn open(case: NewCase, proposals: Vec<NewProposal>, history: Option<History>, ctx: &mut Context<'_>) -> Decided {
    check(&case, &proposals, history.as_ref(), ctx)?;
    let opened_at = history.as_ref().map_or(ctx.now, |history| began(history, ctx.now));
    let decided = history.as_ref().is_some_and(|history| history.decision.is_some());
    let content_digest = case.content_digest;
    let mut events = Vec::with_capacity(2 + proposals.len());
    let opened_id = (ctx.ids)(); // The first id is the case's opening: ids are in the order of events.
    let opened = CaseOpened {
        playbook: ctx.playbook_id,
        playbook_version: ctx.playbook_version,
        external_id: case.external_id,
        subject: case.subject,
        fields: case.fields,
        content_digest,
        owner: case.owner,
        deadline_at: case.deadline_at.or_else(|| ctx.playbook.routing.deadline.map(|span| opened_at.saturating_add(span))),
    };
    let proposed = first_proposals(proposals, opened_at, content_digest, ctx);
    let routed = (!decided).then(|| {
        let current = current(ctx.playbook, &proposed);
        let awaited = current.is_empty() && !ctx.playbook.proposers.is_empty();
        let until = super::kept_back_until(ctx.playbook, ctx.now).filter(|_| awaited);
        let asked = Asked {
            cause: Cause::Content,
            role: None,
            answered: Vec::new(),
            awaited: (awaited, until),
            lot: Lot::Open,
            learning: ctx.learning.clone(),
        };
        route::route(ctx.playbook, route_inputs(ctx, ctx.now, asked, &opened.fields, content_digest, &current))
    });
    let answers = answers(&proposed);
    events.push(NewEvent { id: opened_id, occurred_at: opened_at, causation: None, body: opened.into() });
    events.extend(proposed);
    history_first(&mut events, history.as_ref(), content_digest, ctx);
    if let Some(routed) = routed {
        let routed = new_event(ctx, ctx.now, None, routed);
        let answer = |id| answers.iter().find(|(known, _)| *known == id).map(|(_, answer)| answer.clone());
        let automated = super::automated(ctx, ctx.now, &routed, answer);
        events.push(routed);
        events.extend(automated);
    }
    if let Some((at, kind, value, source)) = history.and_then(|history| history.outcome) {
        events.push(new_event(ctx, at, None, OutcomeObserved { kind, value, source }));
    }
    Ok(events)
}

/// The proposals as events.
fn first_proposals(proposals: Vec<NewProposal>, opened_at: Micros, content_digest: Digest, ctx: &mut Context<'_>) -> Vec<NewEvent> {
    let made = proposals.into_iter().map(|proposal| {
        let at = proposal.occurred_at.unwrap_or(opened_at);
        new_event(ctx, at, None, super::content::made(proposal, content_digest))
    });
    made.collect()
}

/// The proposals as the track record is asked about them: the latest of each proposer.
fn current<'p>(playbook: &Playbook, proposed: &'p [NewEvent]) -> Vec<Proposed<'p>> {
    let mut current: Vec<Proposed<'p>> = Vec::with_capacity(proposed.len());
    for event in proposed {
        let Body::ProposalMade(made) = &event.body else { continue };
        // Further drafts of one proposer are no further proposers.
        if made.candidate.is_some_and(|candidate| candidate > 1) {
            continue;
        }
        current.retain(|other| other.proposer != made.proposer);
        current.push(Proposed {
            id: event.id,
            proposer: &made.proposer,
            version: &made.proposer_version,
            probability: made.probabilities.as_ref().and_then(|p| p.get(made.answer.label())).copied(),
            signatures: playbook.signatures_for(made.answer.label()),
        });
    }
    current
}

fn answers(proposed: &[NewEvent]) -> Vec<(EventId, Answer)> {
    let answer = |event: &NewEvent| match &event.body {
        Body::ProposalMade(made) => Some((event.id, made.answer.clone())),
        _ => None,
    };
    proposed.iter().filter_map(answer).collect()
}

/// What people answered and decided elsewhere. It measures, and it never signs.
fn history_first(events: &mut Vec<NewEvent>, history: Option<&History>, content_digest: Digest, ctx: &mut Context<'_>) {
    let Some(history) = history else { return };
    let metrics_off = ctx.control.people_metrics == PeopleMetrics::Off;
    for (at, judgment) in &history.judgments {
        events.push(new_event(ctx, *at, None, super::judge::observed(judgment.clone(), metrics_off)));
    }
    if let Some((at, answer, persons)) = &history.decision {
        let decision = DecisionMade {
            answer: answer.clone(),
            basis: Basis::Imported,
            persons: persons.clone(),
            judgments: Vec::new(),
            act_after: *at,
            content_digest,
            playbook_version: ctx.playbook_version,
        };
        events.push(new_event(ctx, *at, None, decision));
    }
}

/// When a case with a history began.
fn began(history: &History, now: Micros) -> Micros {
    let judged = history.judgments.iter().map(|(at, _)| *at);
    let decided = history.decision.iter().map(|(at, ..)| *at);
    let observed = history.outcome.iter().map(|(at, ..)| *at);
    history.opened_at.unwrap_or_else(|| judged.chain(decided).chain(observed).fold(now, Micros::min))
}

fn check(case: &NewCase, proposals: &[NewProposal], history: Option<&History>, ctx: &Context<'_>) -> Result<(), Refusal> {
    let known = |field: String, person: PersonId| match ctx.roster.person(person) {
        Some(_) => Ok(()),
        None => Err(Refusal::field(Code::NotFound, field, "there is no such person")),
    };
    case.owner.map_or(Ok(()), |owner| known("/owner".into(), owner))?;
    if proposals.len() > PROPOSALS_PER_CASE_MAX {
        let detail = format!("a case takes at most {PROPOSALS_PER_CASE_MAX} proposals");
        return Err(Refusal::field(Code::TooLarge, "/proposals", detail));
    }
    for (at, proposal) in proposals.iter().enumerate() {
        if proposal.chained_from.is_some() || proposal.ask.is_some() {
            let detail = "the first proposals of a case follow nothing: propose a chained one afterwards";
            return Err(Refusal::invalid(format!("/proposals/{at}/chained_from"), detail));
        }
        super::content::check(&format!("/proposals/{at}"), proposal, ctx.now)?;
        proposal.owner.map_or(Ok(()), |owner| known(format!("/proposals/{at}/owner"), owner))?;
    }
    let Some(history) = history else {
        return Ok(());
    };
    if let Some(opened_at) = history.opened_at {
        not_in_future("/history/opened_at", opened_at, ctx.now)?;
    }
    let room = usize::try_from(EVENTS_PER_CASE_MAX - EVENTS_PER_CASE_RESERVED).unwrap_or(usize::MAX);
    if history.judgments.len() > room {
        let detail = format!("a case takes at most {room} judgments of its history");
        return Err(Refusal::field(Code::TooLarge, "/history/judgments", detail));
    }
    for (at, (when, judgment)) in history.judgments.iter().enumerate() {
        let field = format!("/history/judgments/{at}");
        super::judge::observed_check(&field, *when, judgment, ctx.now)?;
        known(format!("{field}/person"), judgment.person)?;
    }
    if let Some((when, _, persons)) = &history.decision {
        not_in_future("/history/decision/at", *when, ctx.now)?;
        persons.iter().try_for_each(|person| known("/history/decision/persons".into(), *person))?;
    }
    if let Some((when, kind, value, _)) = &history.outcome {
        not_in_future("/history/outcome/at", *when, ctx.now)?;
        outcome::check("/history/outcome", ctx.playbook, *kind, value)?;
    }
    Ok(())
}
