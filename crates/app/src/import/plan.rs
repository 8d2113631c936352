//! A mapping made ready for one file and one playbook, and a row made a case by it. Never sends a case anywhere.

use super::{
    BadRow, Error, Mapping,
    label::{AnswerFrom, Labels, ProbabilitiesFrom, number, share},
    mapping::{Confidence, DecisionMapping, JudgmentMapping, LAST_JUDGMENT, OutcomeMapping, ProposalMapping},
    word::{Cell, Cells, Columns, Slot, Word},
};
use crate::input::{CaseInput, HistoryInput, Moment, ObservedInput, OutcomeInput, PastDecision, ProposalInput};
use countersign_core::playbook::{FieldKind, FieldSpec, Playbook};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

const MILLIS_PER_SECOND: f64 = 1_000.0;
const THRESHOLD_DEFAULT: f64 = 0.5;

/// A mapping made ready.
pub(super) struct Plan {
    playbook: String,
    external_id: Option<Word>,
    fields: Vec<(String, FieldKind, Slot)>,
    owner: Option<Word>,
    opened_at: Option<Word>,
    deadline: Option<Word>,
    proposals: Vec<ProposalPlan>,
    judgments: Vec<JudgmentPlan>,
    outcome: Option<OutcomePlan>,
    decision: Option<DecisionPlan>,
}

struct ProposalPlan {
    name: Word,
    version: Option<Word>,
    answer: Option<AnswerFrom>,
    probabilities: Option<ProbabilitiesFrom>,
    explanation: Option<Word>,
    at: Option<Word>,
}

struct JudgmentPlan {
    person: Word,
    answer: JudgedFrom,
    confidence: Option<Word>,
    phase: Option<Word>,
    advice: Option<Word>,
    time: Option<(Word, f64)>,
    tool: Option<Word>,
    at: Option<Word>,
}

enum JudgedFrom {
    Answer(AnswerFrom),
    Probability { word: Word, of: String, other: String, threshold: f64, confidence: bool },
}

struct OutcomePlan {
    value: AnswerFrom,
    source: Option<Word>,
    at: Option<Word>,
}

enum DecisionPlan {
    LastJudgment,
    Columns { answer: AnswerFrom, person: Option<Word>, at: Option<Word> },
}

/// Resolves a mapping.
struct Resolver<'a> {
    mapping: &'a Mapping,
    playbook: &'a Playbook,
    columns: &'a mut Columns,
}

impl Plan {
    pub(super) fn new(mapping: &Mapping, playbook: &Playbook, columns: &mut Columns) -> Result<Self, Error> {
        let mut resolver = Resolver { mapping, playbook, columns };
        let fields = resolver.fields()?;
        Ok(Self {
            playbook: playbook.name.clone(),
            external_id: resolver.column(mapping.external_id.as_deref())?,
            fields,
            owner: resolver.column(mapping.owner.as_deref())?,
            opened_at: resolver.column(mapping.opened_at.as_deref())?,
            deadline: resolver.column(mapping.deadline.as_deref())?,
            proposals: mapping.proposals.iter().map(|p| resolver.proposal(p)).collect::<Result<_, _>>()?,
            judgments: mapping.judgments.iter().map(|j| resolver.judgment(j)).collect::<Result<_, _>>()?,
            outcome: mapping.outcome.as_ref().map(|o| resolver.outcome(o)).transpose()?,
            decision: mapping.decision.as_ref().map(|d| resolver.decision(d)).transpose()?,
        })
    }

    /// The case that a row is.
    pub(super) fn case(&self, row: &Cells<'_>) -> Result<CaseInput, BadRow> {
        let external_id = match &self.external_id {
            None => None,
            Some(word) => {
                Some(word.text(row).ok_or_else(|| row.bad(word.column(row), "is empty, and it is the external id"))?.trim().to_owned())
            }
        };
        let mut fields = Map::with_capacity(self.fields.len());
        for (name, kind, slot) in &self.fields {
            if let Some(value) = field(row, kind, *slot)? {
                fields.insert(name.clone(), value);
            }
        }
        let owner = self.owner.as_ref().and_then(|word| word.text(row).map(|text| (word, text)));
        let owner =
            owner.map(|(word, text)| text.trim().parse().map_err(|_| row.bad(word.column(row), "is no id of a person"))).transpose()?;
        let mut proposals = Vec::with_capacity(self.proposals.len());
        for plan in &self.proposals {
            proposals.extend(plan.proposal(row)?);
        }
        Ok(CaseInput {
            playbook: self.playbook.clone(),
            external_id,
            fields,
            proposals,
            owner,
            deadline: moment(row, self.deadline.as_ref()),
            history: self.history(row)?,
        })
    }

    fn history(&self, row: &Cells<'_>) -> Result<Option<HistoryInput>, BadRow> {
        let mut judgments: Vec<ObservedInput> = Vec::with_capacity(self.judgments.len());
        for plan in &self.judgments {
            judgments.extend(plan.judgment(row)?);
        }
        let decision = match &self.decision {
            None => None,
            Some(DecisionPlan::LastJudgment) => {
                judgments.last().map(|j| PastDecision { answer: j.answer.clone(), at: j.at.clone(), persons: vec![j.person.clone()] })
            }
            Some(DecisionPlan::Columns { answer, person, at }) => answer.answer(row)?.map(|answer| PastDecision {
                answer,
                at: moment(row, at.as_ref()),
                persons: person.as_ref().and_then(|p| p.text(row)).map(|p| p.trim().to_owned()).into_iter().collect(),
            }),
        };
        let outcome = match &self.outcome {
            None => None,
            Some(plan) => plan.value.answer(row)?.map(|value| OutcomeInput {
                value,
                source: text(row, plan.source.as_ref()),
                at: moment(row, plan.at.as_ref()),
            }),
        };
        let opened_at = moment(row, self.opened_at.as_ref());
        let empty = opened_at.is_none() && judgments.is_empty() && decision.is_none() && outcome.is_none();
        Ok((!empty).then_some(HistoryInput { opened_at, judgments, decision, outcome }))
    }
}

impl ProposalPlan {
    fn proposal(&self, row: &Cells<'_>) -> Result<Option<ProposalInput>, BadRow> {
        let answer = self.answer.as_ref().map(|from| from.answer(row)).transpose()?.flatten();
        let probabilities = self.probabilities.as_ref().map(|from| from.probabilities(row)).transpose()?.flatten();
        let (Some(proposer), true) = (text(row, Some(&self.name)), answer.is_some() || probabilities.is_some()) else {
            return Ok(None);
        };
        Ok(Some(ProposalInput {
            proposer,
            version: text(row, self.version.as_ref()),
            answer,
            probabilities,
            explanation: self.explanation.as_ref().and_then(|w| w.text(row)).map(|t| t.into_owned()),
            at: moment(row, self.at.as_ref()),
            ..ProposalInput::default()
        }))
    }
}

impl JudgmentPlan {
    fn judgment(&self, row: &Cells<'_>) -> Result<Option<ObservedInput>, BadRow> {
        let (answer, of_answer) = match &self.answer {
            JudgedFrom::Answer(from) => (from.answer(row)?, None),
            JudgedFrom::Probability { word, of, other, threshold, confidence } => match share(row, word)? {
                None => (None, None),
                Some(p) if p > *threshold => (Some(Value::String(of.clone())), confidence.then_some(p)),
                Some(p) => (Some(Value::String(other.clone())), confidence.then_some(1.0 - p)),
            },
        };
        let (Some(person), Some(answer)) = (text(row, Some(&self.person)), answer) else {
            return Ok(None);
        };
        let confidence = match &self.confidence {
            Some(word) => share(row, word)?,
            None => of_answer,
        };
        let seconds = match &self.time {
            None => None,
            Some((word, per_second)) => number(row, word)?.map(|n| n / per_second),
        };
        let advice_seen = text(row, self.advice.as_ref()).map(advice);
        Ok(Some(ObservedInput {
            person,
            answer,
            phase: text(row, self.phase.as_ref()),
            advice_seen,
            confidence,
            seconds,
            tool: text(row, self.tool.as_ref()),
            at: moment(row, self.at.as_ref()),
        }))
    }
}

/// Columns often say 1 and 0, or true and false.
fn advice(word: String) -> String {
    match word.to_ascii_lowercase().as_str() {
        "1" | "true" | "yes" => "yes".into(),
        "0" | "false" | "no" => "no".into(),
        _ => word,
    }
}

impl Resolver<'_> {
    fn column(&mut self, word: Option<&str>) -> Result<Option<Word>, Error> {
        word.map(|word| self.columns.column_word(word)).transpose()
    }

    fn text(&mut self, word: Option<&str>) -> Result<Option<Word>, Error> {
        word.map(|word| self.columns.text_word(word)).transpose()
    }

    fn labels(&self, own: &BTreeMap<String, String>) -> Labels {
        Labels::new(self.playbook, &self.mapping.values, &self.mapping.classes, own)
    }

    /// Fields by column: those that the mapping names, and those that have the name of their column.
    fn fields(&mut self) -> Result<Vec<(String, FieldKind, Slot)>, Error> {
        let known = |name: &String| self.playbook.fields.iter().any(|f| f.name == *name);
        if let Some(unknown) = self.mapping.fields.keys().find(|name| !known(name)) {
            let names: Vec<&str> = self.playbook.fields.iter().map(|f| f.name.as_str()).collect();
            return Err(Error::Mapping(format!(
                "the playbook {:?} has no field {unknown:?}; it has {}",
                self.playbook.name,
                names.join(", ")
            )));
        }
        let mut fields = Vec::with_capacity(self.playbook.fields.len());
        for FieldSpec { name, kind, required, .. } in &self.playbook.fields {
            let column = match self.mapping.fields.get(name) {
                Some(column) => column,
                None if !self.mapping.ignore.contains(name) && self.columns.may_have(name) => name,
                None if *required => {
                    let detail = format!(
                        "the field {name:?} is required, and no column has its name: say which one is meant, as in --field {name}=COLUMN"
                    );
                    return Err(Error::Mapping(detail));
                }
                None => continue,
            };
            fields.push((name.clone(), kind.clone(), self.columns.slot(column)?));
        }
        Ok(fields)
    }

    fn proposal(&mut self, given: &ProposalMapping) -> Result<ProposalPlan, Error> {
        if given.name.is_empty() {
            return Err(Error::Mapping("a proposal needs name = who proposes".into()));
        }
        let of = given.of.as_deref();
        let labels = self.labels(&given.values);
        let answer = given.answer.as_deref().map(|text| AnswerFrom::read(self.columns, text, of, labels.clone())).transpose()?;
        let probabilities = match (&given.probability, given.probabilities.as_slice()) {
            (Some(_), [_, ..]) => {
                return Err(Error::Mapping(format!("the proposal {:?} has both probability and probabilities", given.name)));
            }
            (Some(text), []) => Some(ProbabilitiesFrom::one(self.columns, text, of, &labels)?),
            (None, []) => None,
            (None, words) => Some(ProbabilitiesFrom::all(self.columns, words, &given.classes, labels)?),
        };
        if answer.is_none() && probabilities.is_none() {
            return Err(Error::Mapping(format!("the proposal {:?} needs answer, probability or probabilities", given.name)));
        }
        Ok(ProposalPlan {
            name: self.columns.text_word(&given.name)?,
            version: self.text(given.version.as_deref())?,
            answer,
            probabilities,
            explanation: self.column(given.explanation.as_deref())?,
            at: self.column(given.at.as_deref())?,
        })
    }

    fn judgment(&mut self, given: &JudgmentMapping) -> Result<JudgmentPlan, Error> {
        if given.person.is_empty() {
            return Err(Error::Mapping("a judgment needs person = a column, or person = \"=name\"".into()));
        }
        let labels = self.labels(&given.values);
        let answer = match (&given.answer, &given.probability) {
            (Some(text), None) => JudgedFrom::Answer(AnswerFrom::read(self.columns, text, given.of.as_deref(), labels)?),
            (None, Some(text)) => {
                let (of, other) = labels.pair(given.of.as_deref())?;
                let threshold = given.threshold.unwrap_or(THRESHOLD_DEFAULT);
                let confidence = given.confidence == Some(Confidence::OfAnswer(true));
                JudgedFrom::Probability { word: self.columns.column_word(text)?, of, other, threshold, confidence }
            }
            _ => {
                return Err(Error::Mapping("a judgment needs either answer or probability".into()));
            }
        };
        let confidence = match &given.confidence {
            Some(Confidence::Column(name)) => Some(self.columns.column_word(name)?),
            Some(Confidence::OfAnswer(true)) if given.probability.is_none() => {
                return Err(Error::Mapping("confidence = true goes with a probability; else name its column".into()));
            }
            _ => None,
        };
        let time = match (&given.seconds, &given.millis) {
            (Some(_), Some(_)) => {
                return Err(Error::Mapping("a judgment has either seconds or millis".into()));
            }
            (Some(name), None) => Some((self.columns.column_word(name)?, 1.0)),
            (None, Some(name)) => Some((self.columns.column_word(name)?, MILLIS_PER_SECOND)),
            (None, None) => None,
        };
        Ok(JudgmentPlan {
            person: self.columns.column_word(&given.person)?,
            answer,
            confidence,
            phase: self.text(given.phase.as_deref())?,
            advice: self.text(given.advice.as_deref())?,
            time,
            tool: self.text(given.tool.as_deref())?,
            at: self.column(given.at.as_deref())?,
        })
    }

    fn outcome(&mut self, given: &OutcomeMapping) -> Result<OutcomePlan, Error> {
        if given.value.is_empty() {
            return Err(Error::Mapping("an outcome needs value = a column".into()));
        }
        let labels = self.labels(&given.values);
        let value = AnswerFrom::read(self.columns, &given.value, given.of.as_deref(), labels)?;
        Ok(OutcomePlan { value, source: self.text(given.source.as_deref())?, at: self.column(given.at.as_deref())? })
    }

    fn decision(&mut self, given: &DecisionMapping) -> Result<DecisionPlan, Error> {
        match given {
            DecisionMapping::Word(word) if word == LAST_JUDGMENT && !self.mapping.judgments.is_empty() => Ok(DecisionPlan::LastJudgment),
            DecisionMapping::Word(word) if word == LAST_JUDGMENT => {
                Err(Error::Mapping("the decision is the last judgment, and there is none".into()))
            }
            DecisionMapping::Word(word) => {
                Err(Error::Mapping(format!("{word:?} is no decision: write {LAST_JUDGMENT:?}, or answer = a column")))
            }
            DecisionMapping::Columns(given) => {
                let labels = self.labels(&given.values);
                let answer = AnswerFrom::read(self.columns, &given.answer, given.of.as_deref(), labels)?;
                Ok(DecisionPlan::Columns { answer, person: self.column(given.person.as_deref())?, at: self.column(given.at.as_deref())? })
            }
        }
    }
}

/// The value of a field; nothing where the cell is empty.
fn field(row: &Cells<'_>, kind: &FieldKind, slot: Slot) -> Result<Option<Value>, BadRow> {
    let text = match row.at(slot) {
        Cell::Absent => return Ok(None),
        Cell::Json(value) => return Ok(Some(value.clone()).filter(|v| !v.is_null())),
        Cell::Text("") => return Ok(None),
        Cell::Text(text) => text,
    };
    let is_digest = |text: &str| text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit());
    let value = match kind {
        FieldKind::Time => text.trim().parse::<i64>().map_or_else(|_| Value::from(text.trim()), Value::from),
        FieldKind::Image if is_digest(text.trim()) => json!({ "attachment": text.trim() }),
        FieldKind::Image | FieldKind::Conversation | FieldKind::Table | FieldKind::Json => {
            serde_json::from_str(text).map_err(|_| row.bad(Some(row.name(slot)), "is no JSON"))?
        }
        _ => Value::from(text),
    };
    Ok(Some(value))
}

fn text(row: &Cells<'_>, word: Option<&Word>) -> Option<String> {
    word.and_then(|word| word.text(row)).map(|text| text.trim().to_owned())
}

/// A moment as it is written: integer microseconds, or RFC 3339.
fn moment(row: &Cells<'_>, word: Option<&Word>) -> Option<Moment> {
    let text = text(row, word)?;
    Some(text.parse::<i64>().map_or(Moment::Text(text), Moment::Micros))
}
