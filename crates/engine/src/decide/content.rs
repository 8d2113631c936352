//! What is decided on and what is proposed: amend, propose, ask.

use super::{Decided, NewEvent, Turn, not_in_future, stands};
use crate::{
    command::{NewMiss, NewProposal},
    route::Cause,
    sabotage::{Sabotage, on},
    state::Status,
};
use countersign_core::{
    Content, Refusal,
    content::Digest,
    event::{AdviceMissed, AskMade, Body, CaseAmended, ProposalMade, Route},
    id::{EventId, PersonId},
    limits::{EVIDENCE_ITEMS_MAX, PROPOSALS_PER_CASE_MAX},
    number::{Micros, ONE_BILLIONTHS},
    refusal::Code,
};
use std::collections::BTreeMap;

impl Turn<'_, '_> {
    /// The content changes, so judgments on the old one are void and the rules are asked again.
    pub(super) fn amend(&mut self, fields: BTreeMap<String, Content>, content_digest: Digest) -> Decided {
        let refused = match self.state.status() {
            Status::Open | Status::Held => None,
            Status::Acted => Some(Code::AlreadyActed),
            Status::Appealed if self.state.decision.as_ref().is_some_and(|d| d.acted) => Some(Code::AlreadyActed),
            Status::Decided | Status::Appealed => Some(Code::WrongState),
        };
        if let Some(code) = refused
            && !on(Sabotage::AmendAfterDecision)
        {
            return Err(Refusal::new(code, stands(self.state)));
        }
        if content_digest == self.state.content_digest {
            return Ok(Vec::new());
        }
        let role = self.state.route.as_ref().and_then(|route| route.role.clone());
        let routed = self.routed((Cause::Content, false), role, &fields, content_digest);
        let amended = self.event(CaseAmended { revision: self.state.revision + 1, fields, content_digest });
        let routed = self.follow(&amended, routed);
        // Proposals were made for the old content, so that none of them can be automated here.
        Ok(vec![amended, routed])
    }

    /// One more proposal. It voids no judgment: nobody has seen it. Where nobody has looked at the case yet and something was learned
    /// of its proposer, the case is routed anew; by the first one it may enter an experiment.
    pub(super) fn propose(&mut self, proposal: NewProposal) -> Decided {
        if self.state.proposals.len() >= PROPOSALS_PER_CASE_MAX {
            let detail = format!("a case takes at most {PROPOSALS_PER_CASE_MAX} proposals");
            return Err(Refusal::new(Code::TooLarge, detail));
        }
        check("", &proposal, self.now)?;
        if let Some(from) = proposal.chained_from {
            match self.state.proposal(from) {
                None => {
                    return Err(Refusal::field(Code::NotFound, "/chained_from", "there is no such proposal here"));
                }
                Some(other) if other.proposer != proposal.proposer => {
                    return Err(Refusal::invalid("/chained_from", "a proposal follows one of the same proposer"));
                }
                Some(_) => {}
            }
        }
        if let Some(ask) = proposal.ask
            && !self.state.asks.iter().any(|made| made.id == ask)
        {
            return Err(Refusal::field(Code::NotFound, "/ask", "nobody asked that here"));
        }
        if let Some(owner) = proposal.owner {
            self.known("/owner", owner)?;
            let answered = self.state.judgments_standing().any(|judgment| judgment.person == owner);
            if answered {
                let detail = "whoever has answered on a case cannot propose on it: others would sign the same person's word twice";
                return Err(Refusal::field(Code::NotIndependent, "/owner", detail));
            }
        }
        let (at, causation) = (proposal.occurred_at.unwrap_or(self.now), proposal.ask);
        let made = made(proposal, self.state.content_digest);
        let made = super::new_event(self.ctx, at, causation, made);
        let routed = self.routed_with(&made);
        Ok(std::iter::once(made).chain(routed).collect())
    }

    /// A proposer has nothing to say. Silence is never consent: the case goes to people, and nobody waits for it any longer. Where
    /// nobody has looked at it yet, it goes the way of a case without advice.
    pub(super) fn miss(&mut self, miss: NewMiss) -> Decided {
        if !self.ctx.playbook.proposers.iter().any(|named| named.name == miss.proposer) {
            return Err(Refusal::invalid("/proposer", "the playbook names no such proposer"));
        }
        if miss.ask.is_some_and(|ask| !self.state.asks.iter().any(|made| made.id == ask)) {
            return Err(Refusal::field(Code::NotFound, "/ask", "nobody asked that here"));
        }
        if !matches!(self.state.status(), Status::Open | Status::Held) {
            return Err(Refusal::new(Code::WrongState, stands(self.state)));
        }
        let heard = match miss.ask {
            None => self.state.heard(&miss.proposer),
            Some(ask) => {
                let told = self.state.missed.iter().any(|m| m.ask == Some(ask) && m.proposer == miss.proposer);
                told || self.state.proposals.iter().any(|p| p.ask == Some(ask) && p.proposer == miss.proposer)
            }
        };
        if heard || miss.content_digest != self.state.content_digest {
            return Ok(Vec::new());
        }
        let causation = miss.ask;
        let NewMiss { proposer, proposer_version, reason, ask, cost, content_digest } = miss;
        let missed = AdviceMissed { proposer, proposer_version, reason, ask, cost, content_digest };
        let missed = super::new_event(self.ctx, self.now, causation, missed);
        let routed = self.routed_with(&missed);
        Ok(std::iter::once(missed).chain(routed).collect())
    }

    /// The route with what a proposer said or did not say, where that is another one and the case is untouched. Without a track record
    /// a proposal changes no route, but that there is none does.
    fn routed_with(&mut self, made: &NewEvent) -> Vec<NewEvent> {
        let is_proposal = matches!(made.body, Body::ProposalMade(_));
        if (is_proposal && self.ctx.record.is_none()) || !self.state.untouched() {
            return Vec::new();
        }
        let mut with = self.state.clone();
        with.hear(made);
        let mut turn = Turn { state: &with, now: self.now, ctx: self.ctx };
        turn.routed_anew(is_proposal && self.state.proposals.is_empty())
    }

    /// A person directs the AI: only somebody who may see its advice.
    pub(super) fn ask(&mut self, person: PersonId, instruction: Content, about: Option<EventId>) -> Decided {
        self.reviewer(person)?;
        if self.state.status() != Status::Open {
            return Err(Refusal::new(Code::WrongState, stands(self.state)));
        }
        let blind_first = || self.state.first_answer(person).is_none();
        match self.state.route.as_ref().map(|route| route.route) {
            Some(Route::Assist) => {}
            Some(Route::Blind) if blind_first() => {
                let detail = "give your own answer first; the AI can be asked once its advice is shown";
                return Err(Refusal::field(Code::NotIndependent, "/person", detail));
            }
            Some(Route::Blind) => {}
            _ => {
                return Err(Refusal::new(Code::WrongState, "no advice is shown on this route, so there is nothing to ask for"));
            }
        }
        if about.is_some_and(|about| self.state.proposal(about).is_none()) {
            return Err(Refusal::field(Code::NotFound, "/about", "there is no such proposal here"));
        }
        self.only(AskMade { person, instruction, about })
    }
}

/// What can be wrong with any proposal. `prefix` is where it stands in the command.
pub(super) fn check(prefix: &str, proposal: &NewProposal, now: Micros) -> Result<(), Refusal> {
    if proposal.evidence.len() > EVIDENCE_ITEMS_MAX {
        let detail = format!("a proposal takes at most {EVIDENCE_ITEMS_MAX} items of evidence");
        return Err(Refusal::field(Code::TooLarge, format!("{prefix}/evidence"), detail));
    }
    // Asks add a draft each, so that there may be more of them than one round writes.
    if proposal.candidate.is_some_and(|candidate| candidate == 0 || usize::try_from(candidate).map_or(true, |n| n > PROPOSALS_PER_CASE_MAX))
    {
        let detail = format!("drafts are counted from 1 to {PROPOSALS_PER_CASE_MAX}");
        return Err(Refusal::invalid(format!("{prefix}/candidate"), detail));
    }
    if let Some(probabilities) = &proposal.probabilities {
        let sum: u64 = probabilities.values().map(|p| u64::from(*p)).sum();
        if sum != u64::from(ONE_BILLIONTHS) {
            let detail = format!("the probabilities sum to {sum} billionths, not to {ONE_BILLIONTHS}");
            return Err(Refusal::invalid(format!("{prefix}/probabilities"), detail));
        }
    }
    proposal.occurred_at.map_or(Ok(()), |at| not_in_future(&format!("{prefix}/occurred_at"), at, now))
}

/// The proposal as it is recorded, bound to the content that it was made for.
pub(super) fn made(proposal: NewProposal, content_digest: Digest) -> ProposalMade {
    ProposalMade {
        proposer: proposal.proposer,
        proposer_version: proposal.proposer_version,
        answer: proposal.answer,
        probabilities: proposal.probabilities,
        explanation: proposal.explanation,
        evidence: proposal.evidence,
        chained_from: proposal.chained_from,
        ask: proposal.ask,
        owner: proposal.owner,
        cost: proposal.cost,
        candidate: proposal.candidate,
        content_digest,
    }
}
