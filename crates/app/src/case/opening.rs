//! A case on its way in: everything checked that needs no look at the database, outside the writer, so that the writer has less
//! to do. Writes nothing.

use super::{Verb, moment};
use crate::{
    Caller, Error, Workspace,
    input::{CaseInput, EvidenceInput, HeatInput, HistoryInput, ObservedInput, OutcomeInput, ProposalInput},
    model,
    writer::{Ground, Ready, Waiting},
};
use countersign_core::{
    content::Digest,
    event::{Actor, AdviceSeen, OutcomeKind, Phase, RouteLearning, Source},
    id::{CaseId, PersonId, PlaybookId},
    limits::{
        CASE_BYTES_MAX, EVIDENCE_ITEMS_MAX, EXTERNAL_ID_BYTES_MAX, HEAT_CELLS_MAX, HEAT_SIDE_MAX, NAME_CHARS_MAX, PROPOSALS_PER_CASE_MAX,
        REMARK_BYTES_MAX,
    },
    number::{Decimal, MicroUnits, Micros},
    playbook::{
        AnswerSpec, FieldKind, Playbook,
        check::{self, CheckedAnswer, CheckedOutcome},
    },
    refusal::{Code, Refusal},
};
use serde_json::Value;
use std::collections::BTreeMap;

/// A checked case.
pub(crate) struct Opening {
    pub playbook_id: PlaybookId,
    pub playbook_version: u64,
    pub bulk: bool,
    pub values: BTreeMap<String, Value>,
    pub external_id: Option<String>,
    pub external_token: Option<[u8; 16]>,
    pub content_token: [u8; 16],
    pub subject_token: Option<[u8; 16]>,
    pub owner: Option<PersonId>,
    pub deadline_at: Option<Micros>,
    pub proposals: Vec<CheckedProposal>,
    pub history: Option<CheckedHistory>,
    /// Attachments of personal fields, which become the subject's.
    pub attachments: Vec<Digest>,
    /// What a young model would learn from it.
    pub learning: Option<RouteLearning>,
    /// Whether the playbook has personal fields.
    pub personal: bool,
    /// The decision, where it could be made already.
    pub ready: Waiting,
}

/// A checked proposal.
pub(crate) struct CheckedProposal {
    pub input: ProposalInput,
    pub answer: CheckedAnswer,
    pub probabilities: Option<BTreeMap<String, u32>>,
    pub cost: Option<MicroUnits>,
    pub at: Option<Micros>,
}

/// A checked judgment from elsewhere.
pub(crate) struct CheckedObserved {
    pub person: PersonId,
    pub answer: CheckedAnswer,
    pub phase: Phase,
    pub advice_seen: AdviceSeen,
    pub confidence: Option<u32>,
    pub took: Option<Micros>,
    pub tool: String,
    pub at: Option<Micros>,
}

/// A checked past.
pub(crate) struct CheckedHistory {
    pub opened_at: Option<Micros>,
    pub judgments: Vec<CheckedObserved>,
    pub decision: Option<(Option<Micros>, CheckedAnswer, Vec<PersonId>)>,
    pub outcome: Option<CheckedPastOutcome>,
}

/// A checked outcome.
pub(crate) struct CheckedPastOutcome {
    pub at: Option<Micros>,
    pub kind: OutcomeKind,
    pub value: CheckedOutcome,
    pub source: String,
}

impl Workspace {
    /// Checks a case against its playbook.
    pub(super) async fn opening(&self, input: CaseInput, bulk: bool) -> Result<Opening, Error> {
        let now = self.inner.env.now();
        let control = self.inner.control(self.id).await?;
        let (playbook_id, playbook_version, playbook) = control.playbook_latest(&input.playbook)?;
        let keys = self.inner.seals.of(&self.inner.root, self.id);
        let sent = serde_json::to_vec(&input).map_err(|e| Error::Damaged(e.to_string()))?;
        if sent.len() > CASE_BYTES_MAX {
            return Err(Refusal::new(
                Code::TooLarge,
                format!("the case has {} bytes, and {CASE_BYTES_MAX} is the limit without attachments", sent.len()),
            )
            .into());
        }
        if let Some(id) = &input.external_id {
            external_id(id)?;
        }
        if input.proposals.len() > PROPOSALS_PER_CASE_MAX {
            return Err(
                Refusal::field(Code::TooLarge, "/proposals", format!("a case has at most {PROPOSALS_PER_CASE_MAX} proposals")).into()
            );
        }
        let values = check::field_values(&playbook, input.fields)?;
        let mut proposals = Vec::with_capacity(input.proposals.len());
        for (n, given) in input.proposals.into_iter().enumerate() {
            proposals.push(proposal(&playbook, given, now).map_err(|r| within(r, &format!("/proposals/{n}")))?);
        }
        // What comes with its past was decided elsewhere; advice now would be none.
        if input.history.is_none()
            && !proposals
                .iter()
                .any(|one| [model::BUILT_IN, model::TREES, model::ONNX, model::VISION].contains(&one.input.proposer.as_str()))
            && let Some(advice) = self.champion_advice(playbook_id, &playbook, &values).await
            && let Ok(advice) = proposal(&playbook, advice, now)
        {
            proposals.push(advice);
        }
        let learning = match input.history {
            Some(_) => None,
            None => self.learning(playbook_id, &playbook, &values).await,
        };
        let history = match input.history {
            Some(history) => Some(self.history(&playbook, history, now).await?),
            None => None,
        };
        let attachments = self.attachments(&playbook, &values).await?;
        let subject = playbook.fields.iter().find(|f| f.subject).and_then(|f| values.get(&f.name));
        Ok(Opening {
            playbook_id,
            playbook_version,
            bulk,
            external_token: input.external_id.as_deref().map(|id| keys.external_token(playbook_id.0, id)),
            content_token: keys.content_token(&sent),
            subject_token: subject.map(|v| keys.subject_token(v.as_str().unwrap_or(&v.to_string()))),
            external_id: input.external_id,
            owner: input.owner.map(PersonId),
            deadline_at: input.deadline.as_ref().map(|m| moment(m, "/deadline", now)).transpose()?,
            values,
            proposals,
            history,
            learning,
            attachments,
            personal: playbook.has_personal_fields(),
            ready: Waiting::default(),
        })
    }

    /// Decides on a case that needs no subject before it reaches the writer, who has enough to do.
    pub(super) async fn predecide(&self, caller: &Caller, case: CaseId, verb: &Verb) -> Result<(), Error> {
        let Verb::Open(opening) = verb else { return Ok(()) };
        if opening.personal {
            return Ok(());
        }
        let control = self.inner.control(self.id).await?;
        let keys = self.inner.seals.of(&self.inner.root, self.id);
        let ground = Ground { node: &self.inner, workspace: self.id, control: &control, keys: &keys, now: self.inner.env.now() };
        let (written, vault_rows) = ground.decide(caller, case, verb, None, None, None)?;
        opening.ready.put(Ready { epoch: control.epoch, written, vault_rows });
        Ok(())
    }

    /// Attachments of personal fields; all that are named have to be there.
    pub(super) async fn attachments(&self, playbook: &Playbook, values: &BTreeMap<String, Value>) -> Result<Vec<Digest>, Error> {
        let mut personal = Vec::new();
        for field in playbook.fields.iter().filter(|f| f.kind == FieldKind::Image) {
            let Some(digest) =
                values.get(&field.name).and_then(|v| v.get("attachment")).and_then(Value::as_str).and_then(|d| d.parse::<Digest>().ok())
            else {
                continue;
            };
            self.attachment_known(&field.name, digest).await?;
            if field.is_masked() {
                self.attachment_mask(digest, &field.visible_to).await?;
            }
            if field.personal {
                personal.push(digest);
            }
        }
        Ok(personal)
    }

    async fn history(&self, playbook: &Playbook, given: HistoryInput, now: Micros) -> Result<CheckedHistory, Error> {
        let importer = Caller { actor: Actor::System("importer".into()), source: Source::Import };
        let mut judgments = Vec::with_capacity(given.judgments.len());
        for (n, judgment) in given.judgments.iter().enumerate() {
            let person = self.person_by_name(&importer, &judgment.person).await?;
            judgments.push(observed(playbook, judgment, person, now).map_err(|r| within(r, &format!("/history/judgments/{n}")))?);
        }
        let decision = match &given.decision {
            None => None,
            Some(past) => {
                let mut persons = Vec::with_capacity(past.persons.len());
                for name in &past.persons {
                    persons.push(self.person_by_name(&importer, name).await?);
                }
                let at = past.at.as_ref().map(|m| moment(m, "/history/decision/at", now)).transpose()?;
                Some((at, check::answer_value(playbook, &past.answer).map_err(|r| within(r, "/history/decision"))?, persons))
            }
        };
        let outcome = given.outcome.as_ref().map(|o| outcome(playbook, o, now)).transpose().map_err(|r| within(r, "/history"))?;
        Ok(CheckedHistory {
            opened_at: given.opened_at.as_ref().map(|m| moment(m, "/history/opened_at", now)).transpose()?,
            judgments,
            decision,
            outcome,
        })
    }
}

/// Puts the place of what was checked before the field that a check blames.
fn within(mut refusal: Refusal, place: &str) -> Refusal {
    refusal.field = Some(format!("{place}{}", refusal.field.unwrap_or_default()));
    refusal
}

fn external_id(id: &str) -> Result<(), Refusal> {
    if id.is_empty() || id.len() > EXTERNAL_ID_BYTES_MAX || id.contains('\0') {
        return Err(Refusal::invalid("/external_id", format!("an external id has 1 to {EXTERNAL_ID_BYTES_MAX} bytes and no U+0000")));
    }
    Ok(())
}

fn name(text: &str, field: &str) -> Result<(), Refusal> {
    if text.trim().is_empty() || text.chars().count() > NAME_CHARS_MAX || text.chars().any(char::is_control) {
        return Err(Refusal::invalid(field, format!("a name has 1 to {NAME_CHARS_MAX} characters and no control characters")));
    }
    Ok(())
}

/// Checks a remark's length and characters.
pub(super) fn remark(text: &str, field: &str) -> Result<(), Refusal> {
    if text.trim().is_empty() {
        return Err(Refusal::invalid(field, "say something: the text is empty"));
    }
    if text.len() > REMARK_BYTES_MAX {
        return Err(Refusal::field(
            Code::TooLarge,
            field,
            format!("the text has {} bytes, and {REMARK_BYTES_MAX} is the limit", text.len()),
        ));
    }
    if text.contains('\0') {
        return Err(Refusal::invalid(field, "the text holds the character U+0000"));
    }
    Ok(())
}

/// Checks a proposal.
pub(super) fn proposal(playbook: &Playbook, input: ProposalInput, now: Micros) -> Result<CheckedProposal, Refusal> {
    name(&input.proposer, "/proposer")?;
    if let Some(version) = &input.version {
        name(version, "/version")?;
    }
    if input.evidence.len() > EVIDENCE_ITEMS_MAX {
        return Err(Refusal::field(Code::TooLarge, "/evidence", format!("a proposal has at most {EVIDENCE_ITEMS_MAX} pieces of evidence")));
    }
    for (n, item) in input.evidence.iter().enumerate() {
        evidence(playbook, item, n)?;
    }
    if let Some(text) = &input.explanation {
        remark(text, "/explanation")?;
    }
    let probabilities = input.probabilities.as_ref().map(|p| check::probabilities(playbook, p)).transpose()?;
    let answer = match (&input.answer, &probabilities, &playbook.answer) {
        (Some(given), ..) => check::answer_value(playbook, given)?,
        (None, Some(probabilities), AnswerSpec::Choice { options }) => CheckedAnswer::Choice(likeliest(options, probabilities)),
        (None, ..) => return Err(Refusal::invalid("/answer", "a proposal needs an answer, or the probabilities of the options")),
    };
    let cost = input.cost.as_deref().map(micro_units).transpose()?;
    let at = input.at.as_ref().map(|m| moment(m, "/at", now)).transpose()?;
    Ok(CheckedProposal { answer, probabilities, cost, at, input })
}

fn evidence(playbook: &Playbook, item: &EvidenceInput, n: usize) -> Result<(), Refusal> {
    let place = format!("/evidence/{n}");
    let Some(field) = playbook.fields.iter().find(|f| f.name == item.field) else {
        return Err(Refusal::invalid(format!("{place}/field"), "evidence lies in a field of the playbook, and this is none"));
    };
    if let (Some(start), Some(end)) = (item.start, item.end)
        && start > end
    {
        return Err(Refusal::invalid(format!("{place}/end"), "evidence ends before it starts"));
    }
    if let Some(heat) = &item.heat
        && let Some(fault) = heat_fault(&field.kind, heat)
    {
        return Err(Refusal::invalid(format!("{place}/heat"), fault));
    }
    item.quote.as_deref().map_or(Ok(()), |quote| remark(quote, &format!("{place}/quote")))
}

/// Why a grid over a picture cannot be one, if it cannot.
fn heat_fault(kind: &FieldKind, heat: &HeatInput) -> Option<String> {
    let cells = u64::from(heat.columns) * u64::from(heat.rows);
    let sides = [heat.left, heat.top, heat.width, heat.height];
    if *kind != FieldKind::Image {
        return Some("a grid lies over a picture, and this field is no image".into());
    }
    if heat.width == 0 || heat.height == 0 || sides.iter().any(|side| *side > HEAT_SIDE_MAX) {
        return Some(format!("a grid has a width and a height, and nothing of it beyond {HEAT_SIDE_MAX} ten-thousandths of the picture"));
    }
    if !(1..=HEAT_CELLS_MAX).contains(&cells) || cells != heat.cells.len() as u64 {
        return Some(format!(
            "a grid of {} columns and {} rows has as many cells, 1 to {HEAT_CELLS_MAX}, and here are {}",
            heat.columns,
            heat.rows,
            heat.cells.len()
        ));
    }
    let beyond = heat.cells.iter().find(|cell| !(-100..=100).contains(*cell));
    beyond.map(|cell| format!("a cell is from -100 to 100 tenths of a logit, and one is {cell}"))
}

/// The likeliest option; of equals the first in the playbook's order.
fn likeliest(options: &[String], probabilities: &BTreeMap<String, u32>) -> String {
    let mut best: (&str, u32) = ("", 0);
    for option in options {
        let p = probabilities.get(option).copied().unwrap_or(0);
        if best.0.is_empty() || p > best.1 {
            best = (option, p);
        }
    }
    best.0.to_owned()
}

fn micro_units(text: &str) -> Result<MicroUnits, Refusal> {
    let decimal = Decimal::parse(text).map_err(|e| Refusal::invalid("/cost", e.to_string()))?;
    let (whole, fraction) = decimal.as_str().split_once('.').unwrap_or((decimal.as_str(), ""));
    let padded: String = fraction.chars().chain(std::iter::repeat('0')).take(6).collect();
    let unsigned = format!("{}{padded}", whole.trim_start_matches('-'));
    unsigned
        .parse::<i64>()
        .ok()
        .filter(|v| countersign_core::number::is_safe_integer(*v) && !decimal.as_str().starts_with('-'))
        .ok_or_else(|| Refusal::invalid("/cost", "a cost is a decimal from 0 to 9,000,000,000"))
}

/// Seconds from outside, in microseconds.
pub(super) fn seconds(given: Option<f64>) -> Result<Option<Micros>, Refusal> {
    const SECONDS_MAX: f64 = 31_622_400.0;
    given
        .map(|s| {
            if !(0.0..=SECONDS_MAX).contains(&s) {
                return Err(Refusal::invalid("/seconds", "a time taken is from 0 seconds to a year"));
            }
            #[expect(clippy::cast_possible_truncation, reason = "the range was checked above")]
            let micros = (s * 1e6).round() as i64;
            Ok(micros)
        })
        .transpose()
}

/// A share from outside, in billionths.
pub(super) fn confidence(given: Option<f64>) -> Result<Option<u32>, Refusal> {
    given.map(|c| check::confidence(&Value::from(c))).transpose()
}

/// Checks a judgment from elsewhere.
pub(super) fn observed(playbook: &Playbook, input: &ObservedInput, person: PersonId, now: Micros) -> Result<CheckedObserved, Refusal> {
    let phase = match input.phase.as_deref() {
        None | Some("only") => Phase::Only,
        Some("first") => Phase::First,
        Some("final") => Phase::Final,
        Some(_) => return Err(Refusal::invalid("/phase", "a phase is only, first or final")),
    };
    let advice_seen = match input.advice_seen.as_deref() {
        Some("yes") => AdviceSeen::Yes,
        Some("no") => AdviceSeen::No,
        None | Some("unknown") => AdviceSeen::Unknown,
        Some(_) => return Err(Refusal::invalid("/advice_seen", "advice_seen is yes, no or unknown")),
    };
    let tool = input.tool.clone().unwrap_or_else(|| "history".into());
    name(&tool, "/tool")?;
    Ok(CheckedObserved {
        person,
        answer: check::answer_value(playbook, &input.answer)?,
        phase,
        advice_seen,
        confidence: confidence(input.confidence)?,
        took: seconds(input.seconds)?,
        tool,
        at: input.at.as_ref().map(|m| moment(m, "/at", now)).transpose()?,
    })
}

/// Checks an outcome.
pub(super) fn outcome(playbook: &Playbook, input: &OutcomeInput, now: Micros) -> Result<CheckedPastOutcome, Refusal> {
    let value = check::outcome_value(playbook, &input.value)?;
    let spec = playbook.outcome.as_ref().ok_or_else(|| Refusal::invalid("/outcome", "this playbook has no [outcome], so it takes none"))?;
    let source = input.source.clone().unwrap_or_else(|| spec.source.clone());
    Ok(CheckedPastOutcome { at: input.at.as_ref().map(|m| moment(m, "/at", now)).transpose()?, kind: spec.kind, value, source })
}
