//! What a model may learn from: outcomes, and answers that people gave before they saw any advice. Nothing else ever teaches.

use super::Model;
use crate::{Error, Workspace, case::read::File};
use countersign_core::{
    answer::Answer,
    event::{AdviceSeen, Body, OutcomeValue, Phase},
    id::{CaseId, EventId, PersonId},
    playbook::{AnswerSpec, FieldKind, FieldSpec, Playbook},
    refusal::{Code, Refusal},
};
use countersign_models::{
    Input, Proposer as _, Reach,
    text::{
        Example, Report, TrainError,
        train::{self, Best, Options, train, train_best, train_trees},
    },
};
use countersign_store::{self as store, model::ModelRow};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Cases on one page.
const PAGE_ITEMS: u32 = 200;
/// Cases that one training looks at: the latest decide what is learned.
const CASES_MAX: usize = 200_000;

/// How far training is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// Cases read.
    Reading(usize),
    /// What is done, steps done, steps in all.
    Training(&'static str, usize, usize),
}

/// What learns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Way {
    /// The text model.
    #[default]
    Text,
    /// Trees.
    Trees,
    /// Both, and the better one is kept, where it is shown to be.
    Best,
}

impl Way {
    fn learn(
        self,
        examples: &[Example],
        options: &Options,
        progress: &mut (dyn FnMut(train::Progress) + Send),
    ) -> Result<(Model, Report), TrainError> {
        Ok(match self {
            Self::Text => train(examples, options, progress).map(|(model, report)| (Model::Text(Box::new(model)), report))?,
            Self::Trees => train_trees(examples, options, progress).map(|(model, report)| (Model::Trees(Box::new(model)), report))?,
            Self::Best => match train_best(examples, options, progress)? {
                (Best::Text(model), report) => (Model::Text(model), report),
                (Best::Trees(model), report) => (Model::Trees(model), report),
            },
        })
    }
}

/// A model that was trained, and what is known of it.
#[derive(Debug)]
pub struct Trained {
    /// The model.
    pub model: Model,
    /// What is known of it.
    pub report: Report,
}

impl Trained {
    /// Its version, as proposals name it.
    #[must_use]
    pub fn version(&self) -> &str {
        super::version_of(self.model.version())
    }
}

impl Workspace {
    /// Trains a built-in model on this workspace's own cases of a playbook, and keeps it. Nothing changes for people: it has no
    /// stage yet.
    ///
    /// # Errors
    /// Where the playbook's answers are no choices, or its cases teach nothing yet: the reason is in the refusal.
    pub async fn model_train(&self, playbook: &str, way: Way, progress: &mut (dyn FnMut(Progress) + Send)) -> Result<Trained, Error> {
        let spec = self.playbook_latest(playbook).await?;
        let options = choices(&spec)?;
        let examples = self.examples(playbook, &spec, progress).await?;
        let trained = taught(examples, options, way, progress).await?;
        self.model_keep(playbook, &trained).await?;
        Ok(trained)
    }

    /// Keeps a model as a version of a playbook's.
    ///
    /// # Errors
    /// Where the storage fails.
    pub async fn model_keep(&self, playbook: &str, trained: &Trained) -> Result<(), Error> {
        let id = self.control().await?.playbook_id(playbook)?;
        let card = serde_json::to_string(&trained.report).map_err(|error| Error::Damaged(format!("a report has no JSON: {error}")))?;
        let row = ModelRow {
            model: super::registry::digest_bytes(trained.model.version())?,
            kind: trained.model.proposer().into(),
            made_at: self.inner.env.now(),
            card,
        };
        let mut tx = self.inner.db.begin().await?;
        store::model::put(tx.conn(), self.id.0, id.0, &row, &trained.model.to_bytes()).await?;
        tx.commit().await?;
        self.inner.models.young_again(self.id, id);
        self.learning_begins(id).await
    }

    /// The examples that a playbook's cases give.
    async fn examples(&self, name: &str, playbook: &Playbook, progress: &mut (dyn FnMut(Progress) + Send)) -> Result<Vec<Example>, Error> {
        // Everything is read, whoever asks: what is learned shows nobody a single answer.
        let all = Self { reader: None, ..self.clone() };
        let (mut examples, mut read, mut cursor) = (Vec::new(), 0usize, None);
        loop {
            let page = all.cases_list(Some(name), None, cursor.as_deref(), PAGE_ITEMS).await?;
            read += page.items.len();
            for (case, file) in all.files(page.items.iter().map(|summary| summary.case)).await? {
                examples.extend(of_case(playbook, CaseId(case), &file));
            }
            progress(Progress::Reading(read));
            cursor = page.next;
            if cursor.is_none() || read >= CASES_MAX {
                return Ok(examples);
            }
        }
    }
}

/// The options of a playbook that asks for one.
///
/// # Errors
/// Where it asks for something else.
pub fn choices(playbook: &Playbook) -> Result<Vec<String>, Error> {
    match &playbook.answer {
        AnswerSpec::Choice { options } => Ok(options.clone()),
        _ => Err(Refusal::new(
            Code::Invalid,
            format!("the answers of playbook {:?} are no choices, and the built-in models learn to choose", playbook.name),
        )
        .into()),
    }
}

/// Trains on a thread of its own.
///
/// # Errors
/// Where the examples teach nothing.
pub async fn taught(
    examples: Vec<Example>,
    classes: Vec<String>,
    way: Way,
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<Trained, Error> {
    let (told, mut tells) = tokio::sync::mpsc::unbounded_channel();
    let work = tokio::task::spawn_blocking(move || {
        way.learn(&examples, &Options::new(classes), &mut |p| {
            // Whoever watched may have gone; the work goes on.
            let _ = told.send(Progress::Training(p.step, p.done, p.total));
        })
    });
    while let Some(step) = tells.recv().await {
        progress(step);
    }
    let done = work.await.map_err(|error| Error::Damaged(format!("training broke off: {error}")))?;
    let (model, report) = done.map_err(|error| Refusal::new(Code::Invalid, error.to_string()))?;
    Ok(Trained { model, report })
}

/// The examples of one case: its outcome where it is known, else the answers that people gave by themselves. A case of which something
/// was erased teaches nothing: what is left of it is not what was decided on.
pub(super) fn of_case(playbook: &Playbook, case: CaseId, file: &File) -> Vec<Example> {
    let input = input_of(playbook, file);
    if input.fields.is_empty() {
        return Vec::new();
    }
    let groups = groups_of(playbook, |name| file.values.get(file.state.fields.get(name)?));
    let example = |(answer, person, at): (String, Option<PersonId>, i64)| Example {
        input: input.clone(),
        answer,
        case: case.to_string(),
        person: person.map(|person| person.to_string()),
        at,
        sought: file.state.sought,
        groups: groups.clone(),
    };
    labels(playbook, file).into_iter().map(example).collect()
}

/// What a case says was right, of whom and since when: its outcome, which is nobody's, or else people's own answers.
fn labels(playbook: &Playbook, file: &File) -> Vec<(String, Option<PersonId>, i64)> {
    if file.state.fields.values().any(|content| file.values.get(content).is_none()) {
        return Vec::new();
    }
    let known = |answer: &String| matches!(&playbook.answer, AnswerSpec::Choice { options } if options.contains(answer));
    let outcome = file.state.outcomes.last().and_then(|outcome| match &outcome.value {
        OutcomeValue::Answer(answer) => label(&file.answer(answer)),
        OutcomeValue::Payoff(_) => None,
    });
    if let Some(truth) = outcome.filter(known) {
        return vec![(truth, None, file.state.opened_at)];
    }
    let own = own_answers(file).into_iter();
    own.filter_map(|(person, answer, at)| Some((label(&file.answer(answer)).filter(known)?, Some(person), at))).collect()
}

/// Which groups a case is in: the values of its audited fields that are categories or flags. A personal one is left out, since cards are
/// kept where nobody can be forgotten, and so is one that not everybody sees whole.
pub(super) fn groups_of(playbook: &Playbook, value: impl Fn(&str) -> Option<Value>) -> Vec<(String, String)> {
    let told = |field: &&FieldSpec| {
        field.audited
            && !field.personal
            && !field.is_masked()
            && !field.subject
            && matches!(field.kind, FieldKind::Category { .. } | FieldKind::Boolean)
    };
    let group = |field: &FieldSpec| {
        let word = match value(&field.name)? {
            Value::String(word) => word,
            Value::Bool(flag) => flag.to_string(),
            _ => return None,
        };
        Some((field.name.clone(), word))
    };
    playbook.fields.iter().filter(told).filter_map(group).collect()
}

/// The answers that people gave by themselves: those that still count on the present content, of people who had seen no advice on the
/// case by then, not on an earlier showing either. Of answers from another tool those of which it says that no advice was seen. An
/// adjudication or an appeal is about others' answers.
fn own_answers(file: &File) -> Vec<(PersonId, &Answer, i64)> {
    let counts: BTreeSet<EventId> = file.state.judgments_standing().map(|judgment| judgment.id).collect();
    let own_phase = |phase: Phase| matches!(phase, Phase::First | Phase::Only);
    let (mut told, mut own) = (BTreeSet::new(), Vec::new());
    for (_, event) in &file.events {
        match &event.body {
            Body::CaseShown(body) if body.advice_visible => {
                told.insert(body.person);
            }
            // What was answered elsewhere was answered on what stood then.
            Body::CaseAmended(_) => own.clear(),
            Body::JudgmentGiven(body) => {
                let alone = own_phase(body.phase) && !body.advice_visible && !told.contains(&body.person);
                if alone && counts.contains(&event.id) {
                    own.push((body.person, &body.answer, event.occurred_at));
                }
            }
            Body::JudgmentObserved(body) => {
                let alone = own_phase(body.phase) && body.advice_seen == AdviceSeen::No && !told.contains(&body.person);
                if alone {
                    own.push((body.person, &body.answer, event.occurred_at));
                }
            }
            _ => {}
        }
    }
    own
}

/// What turned out of a case, by the outcome or else by people's own answers; `None` where they differ or there is none. Of a case with nothing
/// to read as well: a model may look at its picture.
pub(super) fn truth_of(playbook: &Playbook, file: &File) -> Option<String> {
    let mut answers = labels(playbook, file).into_iter().map(|(answer, ..)| answer);
    let first = answers.next()?;
    answers.all(|other| other == first).then_some(first)
}

pub(super) fn input_of(playbook: &Playbook, file: &File) -> Input {
    Input::of(playbook, &values_of(playbook, file), Reach::InProcess)
}

/// The values of a case that are not erased.
pub(super) fn values_of(playbook: &Playbook, file: &File) -> BTreeMap<String, Value> {
    let value = |name: &String| Some((name.clone(), file.values.get(file.state.fields.get(name)?)?));
    playbook.fields.iter().filter_map(|field| value(&field.name)).collect()
}

/// The label of an answer or an outcome.
fn label(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Object(members) => members.get("value").and_then(Value::as_str).map(str::to_owned),
        _ => None,
    }
}
