//! From what came from outside to the engine's commands: values held against the case's own playbook version, personal ones
//! sealed. Runs inside the writer; decides nothing.

use super::{Verb, moment, opening};
use crate::{Error, case::opening::CheckedHistory, seal::Sealer, signing};
use countersign_core::{
    answer::Answer,
    content::{Content, Digest},
    event::{Evidence, OutcomeValue},
    id::{EventId, PersonId, SubjectId},
    number::Micros,
    playbook::{
        FieldSpec, Playbook,
        check::{self, CheckedAnswer, CheckedOutcome},
    },
    refusal::{Code, Refusal},
};
use countersign_engine::{
    CaseState, Command,
    command::{History, NewJudgment, NewMiss, NewProposal, ObservedJudgment},
};
use serde_json::Value;
use std::collections::BTreeMap;

impl Verb {
    /// The engine's command.
    pub(crate) fn command(
        &self,
        state: Option<&CaseState>,
        playbook: &Playbook,
        subject: Option<SubjectId>,
        sealer: &mut Sealer<'_>,
    ) -> Result<Command, Error> {
        let now = sealer.now();
        Ok(match self {
            Self::Open(opening) => opening.command(playbook, subject, sealer)?,
            Self::Amend(input) => {
                let values = check::field_values(playbook, input.fields.clone())?;
                let (fields, content_digest) = sealed_fields(playbook, &values, sealer)?;
                Command::Amend { fields, content_digest }
            }
            Self::Propose(input) => Command::Propose(proposal(&opening::proposal(playbook, input.clone(), now)?, "proposal", sealer)?),
            Self::Miss(input) => Command::Miss(NewMiss {
                proposer: input.proposer.clone(),
                proposer_version: input.version.clone(),
                reason: input.reason,
                ask: input.ask,
                cost: input.cost,
                content_digest: input.content_digest,
            }),
            Self::Ask(input) => {
                opening::remark(&input.instruction, "/instruction")?;
                Command::Ask {
                    person: PersonId(input.person),
                    instruction: sealer.text("instruction", input.instruction.clone())?,
                    about: input.about.map(EventId),
                }
            }
            Self::Show(person, precedents) => Command::Show { person: *person, precedents: precedents.clone(), bulk: false },
            Self::ShowBulk(person) => Command::Show { person: *person, precedents: None, bulk: true },
            Self::Judge(input, shown, kept) => {
                let answer = match (&input.answer, input.accept) {
                    (Some(given), None) => sealed_answer(check::answer_value(playbook, given)?, "answer", sealer)?,
                    (None, Some(proposal)) => accepted(state, EventId(proposal))?,
                    _ => return Err(Refusal::invalid("/answer", "give an answer, or accept a proposal, and not both").into()),
                };
                Command::Judge(NewJudgment {
                    person: PersonId(input.person),
                    answer,
                    accepts: input.accept.map(EventId),
                    confidence: opening::confidence(input.confidence)?,
                    took: opening::seconds(input.seconds)?,
                    reason: optional(input.reason.as_deref(), "reason", sealer)?,
                    signature: input.signature.as_ref().map(signing::recorded).transpose()?,
                    shown: shown.clone(),
                    kept: kept.clone(),
                })
            }
            Self::Observe(input, person) => {
                let checked = opening::observed(playbook, input, *person, now)?;
                let (occurred_at, judgment) = observed(&checked, "answer", now, sealer)?;
                Command::Observe { occurred_at, judgment }
            }
            Self::Withdraw(decision, input) => Command::Withdraw {
                person: PersonId(input.person),
                decision: *decision,
                reason: optional(input.reason.as_deref(), "reason", sealer)?,
            },
            Self::Act(decision, input) => {
                Command::Act { decision: *decision, reference: optional(input.reference.as_deref(), "reference", sealer)? }
            }
            Self::Correct(decision, input) => Command::Correct {
                person: PersonId(input.person),
                decision: *decision,
                answer: sealed_answer(check::answer_value(playbook, &input.answer)?, "answer", sealer)?,
                reason: required(&input.reason, "reason", sealer)?,
            },
            Self::Skip(input) => {
                Command::Skip { person: PersonId(input.person), reason: required(input.reason.as_deref().unwrap_or(""), "reason", sealer)? }
            }
            Self::Snooze(input) => Command::Snooze {
                person: PersonId(input.person),
                until: moment(&input.until, "/until", now)?,
                reason: optional(input.reason.as_deref(), "reason", sealer)?,
            },
            Self::Comment(input, anchor) => Command::Comment {
                person: PersonId(input.person),
                text: required(&input.text, "text", sealer)?,
                mentions: input.mentions.iter().copied().map(PersonId).collect(),
                anchor: anchor.clone(),
            },
            Self::Assign(input) => Command::Assign {
                person: PersonId(input.person),
                to: input.to.map(PersonId),
                reason: optional(input.reason.as_deref(), "reason", sealer)?,
            },
            Self::Unassign => Command::Unassign,
            Self::Escalate(input) => Command::Escalate {
                person: PersonId(input.person),
                role: input.role.clone(),
                reason: required(&input.reason, "reason", sealer)?,
            },
            Self::Reopen(input) => Command::Reopen {
                person: PersonId(input.person),
                reason: required(input.reason.as_deref().unwrap_or(""), "reason", sealer)?,
            },
            Self::Reroute { .. } => Command::Reroute,
            Self::Outcome(input) => {
                let checked = opening::outcome(playbook, input, now)?;
                let value = outcome_value(&checked.value, sealer)?;
                Command::Outcome { kind: checked.kind, value, source: checked.source, occurred_at: checked.at.unwrap_or(now) }
            }
            Self::CorrectOutcome(outcome, input) => {
                let value = outcome_value(&check::outcome_value(playbook, &input.value)?, sealer)?;
                Command::CorrectOutcome { outcome: *outcome, value, reason: required(&input.reason, "reason", sealer)? }
            }
            Self::Appeal(decision, input) => Command::Appeal {
                decision: *decision,
                person: input.person.map(PersonId),
                reason: required(&input.reason, "reason", sealer)?,
            },
        })
    }
}

impl opening::Opening {
    fn command(&self, playbook: &Playbook, subject: Option<SubjectId>, sealer: &mut Sealer<'_>) -> Result<Command, Error> {
        let (fields, content_digest) = sealed_fields(playbook, &self.values, sealer)?;
        let mut proposals = Vec::with_capacity(self.proposals.len());
        for (n, checked) in self.proposals.iter().enumerate() {
            proposals.push(proposal(checked, &format!("proposals/{n}"), sealer)?);
        }
        Ok(Command::Open {
            external_id: self.external_id.as_ref().map(|id| sealer.text("external_id", id.clone())).transpose()?,
            subject,
            fields,
            content_digest,
            owner: self.owner,
            deadline_at: self.deadline_at,
            proposals,
            history: self.history.as_ref().map(|h| history(h, sealer)).transpose()?,
        })
    }
}

fn history(checked: &CheckedHistory, sealer: &mut Sealer<'_>) -> Result<History, Error> {
    let now = sealer.now();
    let mut judgments = Vec::with_capacity(checked.judgments.len());
    for (n, judgment) in checked.judgments.iter().enumerate() {
        judgments.push(observed(judgment, &format!("judgments/{n}"), checked.opened_at.unwrap_or(now), sealer)?);
    }
    let last = judgments.iter().map(|(at, _)| *at).max().or(checked.opened_at).unwrap_or(now);
    let decision = match &checked.decision {
        None => None,
        Some((at, answer, persons)) => Some((at.unwrap_or(last), sealed_answer(answer.clone(), "decision", sealer)?, persons.clone())),
    };
    let outcome = match &checked.outcome {
        None => None,
        Some(o) => Some((o.at.unwrap_or(last), o.kind, outcome_value(&o.value, sealer)?, o.source.clone())),
    };
    Ok(History { opened_at: checked.opened_at, judgments, decision, outcome })
}

fn sealed_fields(
    playbook: &Playbook,
    values: &BTreeMap<String, Value>,
    sealer: &mut Sealer<'_>,
) -> Result<(BTreeMap<String, Content>, Digest), Error> {
    let mut fields = BTreeMap::new();
    for (name, value) in values {
        let spec = playbook.fields.iter().find(|f| f.name == *name);
        let personal = spec.is_some_and(|f| f.personal || f.subject);
        let place = format!("fields/{name}");
        let content = match !personal && spec.is_some_and(FieldSpec::is_masked) {
            true => sealer.secret(&place, value)?,
            false => sealer.value(&place, value.clone(), personal)?,
        };
        fields.insert(name.clone(), content);
    }
    let bytes = countersign_ledger::canonical::to_vec(&fields).map_err(|e| Error::Damaged(e.to_string()))?;
    Ok((fields, Digest::of(&bytes)))
}

fn sealed_answer(checked: CheckedAnswer, field: &str, sealer: &mut Sealer<'_>) -> Result<Answer, Error> {
    Ok(match checked {
        CheckedAnswer::Choice(option) => Answer::Choice(option),
        CheckedAnswer::Score(score) => Answer::Score(score),
        CheckedAnswer::Document(value) => Answer::Document(sealer.free(field, value)?),
    })
}

fn outcome_value(checked: &CheckedOutcome, sealer: &mut Sealer<'_>) -> Result<OutcomeValue, Error> {
    Ok(match checked {
        CheckedOutcome::Answer(answer) => OutcomeValue::Answer(sealed_answer(answer.clone(), "outcome", sealer)?),
        CheckedOutcome::Payoff(payoff) => OutcomeValue::Payoff(payoff.clone()),
    })
}

fn observed(
    checked: &opening::CheckedObserved,
    field: &str,
    otherwise: Micros,
    sealer: &mut Sealer<'_>,
) -> Result<(Micros, ObservedJudgment), Error> {
    let judgment = ObservedJudgment {
        person: checked.person,
        phase: checked.phase,
        answer: sealed_answer(checked.answer.clone(), field, sealer)?,
        confidence: checked.confidence,
        took: checked.took,
        advice_seen: checked.advice_seen,
        tool: checked.tool.clone(),
    };
    Ok((checked.at.unwrap_or(otherwise), judgment))
}

fn proposal(checked: &opening::CheckedProposal, place: &str, sealer: &mut Sealer<'_>) -> Result<NewProposal, Error> {
    let input = &checked.input;
    let mut evidence = Vec::with_capacity(input.evidence.len());
    for (n, item) in input.evidence.iter().enumerate() {
        let quote = item.quote.as_ref().map(|q| sealer.text(&format!("{place}/evidence/{n}"), q.clone())).transpose()?;
        let heat =
            item.heat.as_ref().map(serde_json::to_string).transpose().map_err(|e| Error::Damaged(format!("a grid has no JSON: {e}")))?;
        // What is derived of a picture is as personal as the picture.
        let heat = heat.map(|heat| sealer.text(&format!("{place}/evidence/{n}/heat"), heat)).transpose()?;
        evidence.push(Evidence { field: item.field.clone(), start: item.start, end: item.end, quote, heat });
    }
    Ok(NewProposal {
        proposer: input.proposer.clone(),
        proposer_version: input.version.clone().unwrap_or_else(|| "unversioned".into()),
        answer: sealed_answer(checked.answer.clone(), &format!("{place}/answer"), sealer)?,
        probabilities: checked.probabilities.clone(),
        explanation: input.explanation.as_ref().map(|e| sealer.text(&format!("{place}/explanation"), e.clone())).transpose()?,
        evidence,
        chained_from: input.chained_from.map(EventId),
        ask: input.ask.map(EventId),
        owner: input.owner.map(PersonId),
        cost: checked.cost,
        candidate: input.candidate,
        occurred_at: checked.at,
    })
}

fn accepted(state: Option<&CaseState>, proposal: EventId) -> Result<Answer, Error> {
    state
        .and_then(|s| s.proposal(proposal))
        .map(|p| p.answer.clone())
        .ok_or_else(|| Refusal::field(Code::NotFound, "/accept", "the case has no such proposal").into())
}

fn optional(text: Option<&str>, field: &str, sealer: &mut Sealer<'_>) -> Result<Option<Content>, Error> {
    text.map(|t| required(t, field, sealer)).transpose()
}

fn required(text: &str, field: &str, sealer: &mut Sealer<'_>) -> Result<Content, Error> {
    opening::remark(text, &format!("/{field}"))?;
    sealer.text(field, text.to_owned())
}
