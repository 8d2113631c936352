//! How each event changes the state of its case. Never refuses: what is recorded has happened.

use super::*;
use crate::{order, route};
use countersign_core::event::{AdviceMissed, Body, ProposalMade};

impl CaseState {
    /// The state of a case whose only event is this one; `None` for anything but `case.opened`.
    pub(super) fn opened(event: &Event) -> Option<Self> {
        let Body::CaseOpened(body) = &event.body else {
            return None;
        };
        Some(Self {
            version: event.stream_version,
            recorded_at: event.recorded_at,
            opened_at: event.occurred_at,
            playbook: body.playbook,
            playbook_version: body.playbook_version,
            external_id: body.external_id.clone(),
            subject: body.subject,
            owner: body.owner,
            deadline_at: body.deadline_at,
            fields: body.fields.clone(),
            content_digest: body.content_digest,
            revision: 1,
            proposals: Vec::new(),
            asks: Vec::new(),
            missed: Vec::new(),
            route: None,
            entered: None,
            sought: false,
            shown: Vec::new(),
            judgments: Vec::new(),
            observed_count: 0,
            decision: None,
            deciders: Vec::new(),
            appeal: None,
            outcomes: Vec::new(),
            comments: Vec::new(),
            skipped: Vec::new(),
            assignee: None,
            snoozed_until: None,
        })
    }

    /// Takes the next event of the case in.
    pub fn apply(&mut self, event: &Event) {
        self.version = event.stream_version;
        self.recorded_at = self.recorded_at.max(event.recorded_at);
        self.apply_body(event);
    }

    fn apply_body(&mut self, event: &Event) {
        match &event.body {
            Body::CaseAmended(body) => {
                self.revision = body.revision;
                self.fields.clone_from(&body.fields);
                self.content_digest = body.content_digest;
                self.judgments_close(|_| true, Standing::Void);
            }
            Body::ProposalMade(body) => self.proposed(event.id, body),
            Body::AskMade(body) => {
                self.asks.push(AskRecord { id: event.id, person: body.person, about: body.about });
            }
            Body::AdviceMissed(body) => self.missed(event.id, body),
            Body::CaseRouted(body) => {
                self.skipped.clear();
                self.snoozed_until = None;
                // What several people answer on, or a role that was not asked for before, is no longer one person's.
                if body.seats != 1 || body.role != self.route.as_ref().and_then(|route| route.role.clone()) {
                    self.assignee = None;
                }
                let experiment = body.inputs.as_ref().and_then(|inputs| inputs.experiment.as_ref());
                let arm = body.assigned.as_ref().and_then(|assigned| experiment?.arms.get(usize::try_from(assigned.arm).ok()?));
                if self.entered.is_none() && body.assigned.is_some() {
                    let draw = body.draws.iter().find(|draw| route::purpose_kind(&draw.purpose) == route::DRAW_EXPERIMENT);
                    let record = |(experiment, draw): (&RouteExperiment, &Draw)| EnteredRecord {
                        experiment: experiment.clone(),
                        draw: draw.clone(),
                    };
                    self.entered = experiment.zip(draw).map(record);
                }
                let haste = order::haste(body);
                self.sought |= haste.is_some_and(|haste| !haste.by_lot);
                self.route = Some(RouteRecord {
                    id: event.id,
                    route: body.route,
                    reason: body.reason.clone(),
                    rule: body.rule.clone(),
                    seats: body.seats,
                    role: body.role.clone(),
                    assigned: body.assigned.clone(),
                    showing: arm.cloned(),
                    worth: body.inputs.as_ref().and_then(|inputs| inputs.measured.as_ref()).and_then(|measured| measured.worth),
                    learning: body.inputs.as_ref().and_then(|inputs| inputs.learning.as_deref().cloned()),
                    haste,
                    awaited_until: body.inputs.as_ref().and_then(|inputs| inputs.awaited_until),
                });
            }
            Body::CaseShown(body) => self.shown.push(ShownRecord {
                id: event.id,
                person: body.person,
                phase: body.phase,
                content_digest: body.content_digest,
                revision: self.revision,
                playbook_version: body.playbook_version,
                proposals: body.proposals.clone(),
                judgments: body.judgments.clone(),
                advice_visible: body.advice_visible,
                expires_at: body.expires_at,
                answered: false,
                bulk: body.bulk,
            }),
            Body::JudgmentGiven(body) => {
                if let Some(shown) = self.shown.iter_mut().find(|s| s.id == body.shown) {
                    shown.answered = true;
                }
                // Whoever signs next is somebody else.
                if body.phase != Phase::First {
                    self.assignee = self.assignee.filter(|assignee| *assignee != body.person);
                }
                self.judgments.push(JudgmentRecord {
                    id: event.id,
                    person: body.person,
                    phase: body.phase,
                    answer: body.answer.clone(),
                    standing: Standing::Stands,
                });
            }
            Body::JudgmentObserved(_) => self.observed_count += 1,
            Body::CaseSkipped(body) => {
                self.skipped.push(body.person);
                self.assignee = self.assignee.filter(|assignee| *assignee != body.person);
            }
            Body::CaseAssigned(body) => self.assignee = body.to,
            Body::CaseSnoozed(body) => self.snoozed_until = Some(body.until),
            Body::CommentAdded(body) => self.comments.push(CommentRecord { id: event.id, person: body.person }),
            _ => self.apply_decision(event),
        }
    }

    fn proposed(&mut self, id: EventId, body: &ProposalMade) {
        self.proposals.push(ProposalRecord {
            id,
            proposer: body.proposer.clone(),
            proposer_version: body.proposer_version.clone(),
            probability: body.probabilities.as_ref().and_then(|p| p.get(body.answer.label())).copied(),
            answer: body.answer.clone(),
            chained_from: body.chained_from,
            ask: body.ask,
            owner: body.owner,
            candidate: body.candidate.unwrap_or(1),
            revision: self.revision,
        });
    }

    fn missed(&mut self, id: EventId, body: &AdviceMissed) {
        self.missed.push(MissRecord { id, proposer: body.proposer.clone(), reason: body.reason, ask: body.ask, revision: self.revision });
    }

    /// The state as it will be with what a proposer said, or did not say, that is about to be recorded.
    pub(crate) fn hear(&mut self, made: &crate::NewEvent) {
        match &made.body {
            Body::ProposalMade(body) => self.proposed(made.id, body),
            Body::AdviceMissed(body) => self.missed(made.id, body),
            _ => {}
        }
    }

    fn apply_decision(&mut self, event: &Event) {
        match &event.body {
            Body::DecisionMade(body) => {
                self.deciders.extend(&body.persons);
                self.snoozed_until = None;
                self.assignee = None;
                self.decision = Some(DecisionRecord {
                    id: event.id,
                    answer: body.answer.clone(),
                    basis: body.basis.clone(),
                    persons: body.persons.clone(),
                    judgments: body.judgments.clone(),
                    made_at: event.occurred_at,
                    act_after: body.act_after,
                    acted: false,
                    corrected: false,
                });
            }
            Body::DecisionWithdrawn(_) | Body::CaseReopened(_) => {
                self.decision = None;
                self.skipped.clear();
                // A first answer outlives the round: whoever has seen the advice cannot answer again as if they had not.
                self.judgments_close(|phase| phase != Phase::First, Standing::Past);
            }
            Body::DecisionActed(_) => {
                if let Some(decision) = &mut self.decision {
                    decision.acted = true;
                }
            }
            Body::DecisionCorrected(body) => {
                self.deciders.push(body.person);
                if let Some(decision) = &mut self.decision {
                    decision.answer = body.answer.clone();
                    decision.corrected = true;
                }
            }
            Body::AppealOpened(body) => {
                self.skipped.clear();
                self.appeal =
                    Some(AppealRecord { id: event.id, decision: body.decision, person: body.person, opened_at: event.occurred_at });
            }
            Body::AppealDecided(_) => {
                self.appeal = None;
                let judges: Vec<_> = self.judgments_standing().filter(|j| j.phase == Phase::Appeal).map(|j| j.person).collect();
                self.deciders.extend(judges);
                self.judgments_close(|phase| phase == Phase::Appeal, Standing::Past);
            }
            _ => self.apply_outcome(event),
        }
    }

    fn apply_outcome(&mut self, event: &Event) {
        match &event.body {
            Body::OutcomeObserved(body) => self.outcomes.push(OutcomeRecord {
                id: event.id,
                kind: body.kind,
                value: body.value.clone(),
                source: body.source.clone(),
                observed_at: event.occurred_at,
                corrected: false,
            }),
            Body::OutcomeCorrected(body) => {
                if let Some(outcome) = self.outcomes.iter_mut().find(|o| o.id == body.outcome) {
                    outcome.value = body.value.clone();
                    outcome.corrected = true;
                }
            }
            // An escalation takes effect by the route that follows it; the rest is not about a case.
            _ => {}
        }
    }

    fn judgments_close(&mut self, which: impl Fn(Phase) -> bool, standing: Standing) {
        for judgment in &mut self.judgments {
            if judgment.standing == Standing::Stands && which(judgment.phase) {
                judgment.standing = standing;
            }
        }
    }
}
