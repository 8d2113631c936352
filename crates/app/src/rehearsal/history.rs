//! The workspace's own history as [`Data`]: decided cases with their proposals, judgments and outcomes. Only answers that were
//! given without advice count as people's own; answers after advice are the pair's.

use super::{Error, Progress, Question, of_data, values};
use crate::Workspace;
use crate::view::{CaseView, JudgmentView, ProposalView};
use countersign_core::{
    id::CaseId,
    playbook::{AnswerSpec, Playbook, parse},
    time::parse_rfc3339,
};
use countersign_science::rehearsal::{Codes, Data, Feature, Findings, LeftOut, NONE, findings::ColumnNote};
use serde_json::Value;
use std::collections::BTreeMap;

/// Cases of one page.
const PAGE_ITEMS: u32 = 200;
/// Cases that one rehearsal looks at: the latest of them.
const CASES_MAX: usize = 200_000;
/// Words of a field beyond which it is no region.
const WORDS_MAX: usize = 200;

/// One row of the history.
#[derive(Default)]
struct Row {
    truth: Option<String>,
    human: Option<String>,
    observed: Option<String>,
    ai: Option<String>,
    probabilities: Option<BTreeMap<String, f64>>,
    confidence: f64,
    person: Option<String>,
    case: String,
    external_id: Option<String>,
    seconds: f64,
    opened: f64,
    fields: BTreeMap<String, Value>,
}

impl Workspace {
    /// Holds a rehearsal over this workspace's own cases of a playbook. Groups are fields; without any the audited fields are
    /// taken.
    ///
    /// # Errors
    /// Where there is no such playbook, its answers are no choices, or its cases can say nothing yet.
    pub async fn rehearse(
        &self,
        playbook: &str,
        groups: &[String],
        question: &Question,
        progress: &mut (dyn FnMut(Progress) + Send),
    ) -> Result<Findings, Error> {
        let data = self.past_cases(playbook, groups, progress).await?;
        of_data(&data, question, progress)
    }

    /// The history of a playbook as data.
    ///
    /// # Errors
    /// As [`Self::rehearse`].
    pub(super) async fn past_cases(
        &self,
        name: &str,
        groups: &[String],
        progress: &mut (dyn FnMut(Progress) + Send),
    ) -> Result<Data, Error> {
        let view = self.playbook_get(name, None).await?;
        let source = view.source.unwrap_or_default();
        let playbook =
            parse::parse(&source, name).map_err(|_| Error::input(format!("the published playbook {name:?} no longer parses")))?;
        let AnswerSpec::Choice { options } = &playbook.answer else {
            return Err(Error::input(format!(
                "the answers of playbook {name:?} are no choices: what is right and wrong cannot be counted for other kinds of answers"
            )));
        };
        for group in groups {
            if !playbook.fields.iter().any(|f| f.name == *group && !f.personal && !f.is_masked()) {
                return Err(Error::usage(format!("--group {group:?} is no field of playbook {name:?}, or a personal or masked one")));
            }
        }
        let mut rows = Vec::new();
        let (mut read, mut sought) = (0u64, 0u64);
        let mut cursor = None;
        loop {
            let page = self.cases_list(Some(name), None, cursor.as_deref(), PAGE_ITEMS).await?;
            // Two at once: while one waits for the database the other is folded.
            for pair in page.items.chunks(2) {
                let get = |at: usize| async move {
                    match pair.get(at) {
                        Some(summary) => self.case_get(CaseId(summary.case), None).await.map(Some),
                        None => Ok(None),
                    }
                };
                let (one, other) = tokio::try_join!(get(0), get(1))?;
                for case in one.iter().chain(&other) {
                    read += 1;
                    // Gathered because a model was unsure of it: of what comes in it is no sample.
                    if case.sought {
                        sought += 1;
                    } else {
                        add(&mut rows, case);
                    }
                }
            }
            progress(Progress::Read { done: read, total: 0 });
            cursor = page.next;
            if cursor.is_none() || rows.len() >= CASES_MAX {
                break;
            }
        }
        in_order(&mut rows);
        let mut data = data(name, &playbook, options, groups, read, &rows);
        if sought > 0 {
            let reason = "that came sooner because a young model learns from them (cases)".to_owned();
            data.left_out.push(LeftOut { rows: sought, reason });
        }
        Ok(data)
    }
}

/// Cases are listed by their ids, which are random: in that order the same history, read in twice, would be split and drawn from in two
/// ways. People of a case stay in the order of their judgments.
fn in_order(rows: &mut [Row]) {
    rows.sort_by(|a, b| a.opened.total_cmp(&b.opened).then_with(|| (&a.external_id, &a.case).cmp(&(&b.external_id, &b.case))));
}

/// The rows of a case: one for each person who answered, in the order of their judgments.
fn add(rows: &mut Vec<Row>, case: &CaseView) {
    // What the AI said by itself: of several proposers the one that was asked first, and what it said before anybody asked again.
    let proposal = case.proposals.first();
    let truth = case.outcome.as_ref().and_then(label);
    let opened = parse_rfc3339(&case.opened).map_or(f64::NAN, |micros| micros as f64 / 1e6);
    let fields: BTreeMap<String, Value> =
        case.fields.iter().filter(|f| !f.value.is_null()).map(|f| (f.name.clone(), f.value.clone())).collect();
    let mut by_person: Vec<(uuid::Uuid, Row)> = Vec::new();
    for judgment in &case.judgments {
        let at = by_person.iter().position(|(person, _)| *person == judgment.person).unwrap_or_else(|| {
            let row = Row {
                truth: truth.clone(),
                ai: proposal.and_then(|p| label(&p.answer)),
                probabilities: proposal.and_then(probabilities),
                confidence: f64::NAN,
                person: Some(judgment.person.to_string()),
                case: case.case.to_string(),
                external_id: case.external_id.clone(),
                seconds: f64::NAN,
                opened,
                fields: fields.clone(),
                ..Row::default()
            };
            by_person.push((judgment.person, row));
            by_person.len() - 1
        });
        if let Some((_, row)) = by_person.get_mut(at) {
            take(row, judgment);
        }
    }
    rows.extend(by_person.into_iter().map(|(_, row)| row));
}

fn take(row: &mut Row, judgment: &JudgmentView) {
    // What was answered from a line of a table says neither what a person nor what they and the AI would have said.
    if judgment.bulk {
        return;
    }
    // An adjudication or an appeal is about others' answers.
    let independent = judgment.advice == "no" && matches!(judgment.phase.as_str(), "first" | "only");
    let advised = judgment.advice == "yes" && matches!(judgment.phase.as_str(), "final" | "only");
    let answer = label(&judgment.answer);
    if independent {
        row.human = answer;
        row.confidence = judgment.confidence.as_ref().and_then(|c| c.parse().ok()).unwrap_or(f64::NAN);
    } else if advised {
        row.observed = answer;
    }
    if let Some(seconds) = judgment.seconds.filter(|_| independent || advised) {
        row.seconds = if row.seconds.is_nan() { seconds } else { row.seconds + seconds };
    }
}

/// The label of an answer or an outcome.
fn label(value: impl serde::Serialize) -> Option<String> {
    match serde_json::to_value(value).ok()? {
        Value::String(text) => Some(text),
        Value::Object(members) => members.get("value").and_then(Value::as_str).map(str::to_owned),
        _ => None,
    }
}

fn probabilities(proposal: &ProposalView) -> Option<BTreeMap<String, f64>> {
    proposal.probabilities.as_ref()?.iter().map(|(option, p)| Some((option.clone(), p.parse().ok()?))).collect()
}

fn data(name: &str, playbook: &Playbook, options: &[String], groups: &[String], read: u64, all: &[Row]) -> Data {
    let usable = |row: &&Row| row.truth.is_some() && row.ai.is_some() && (row.human.is_some() || row.observed.is_some());
    let rows: Vec<&Row> = all.iter().filter(usable).collect();
    let mut data = Data {
        source: format!("playbook {name}"),
        classes: options.to_vec(),
        rows_read: all.len() as u64,
        notes: vec![format!(
            "{read} cases of the workspace's own history; an answer counts as people's own only where no advice was shown before it"
        )],
        ..Data::default()
    };
    let mut leave = |reason: &str, lacks: &dyn Fn(&Row) -> bool| {
        let count = all.iter().filter(|row| lacks(row)).count() as u64;
        if count > 0 {
            data.left_out.push(LeftOut { rows: count, reason: reason.to_owned() });
        }
    };
    leave("without an outcome yet", &|row| row.truth.is_none());
    leave("with an outcome, without a proposal", &|row| row.truth.is_some() && row.ai.is_none());
    leave("whose answer neither was independent nor came after advice that was shown", &|row| {
        row.truth.is_some() && row.ai.is_some() && row.human.is_none() && row.observed.is_none()
    });
    let labels = |of: &dyn Fn(&Row) -> Option<&String>| -> Vec<u32> {
        rows.iter().map(|row| of(row).and_then(|l| options.iter().position(|o| o == l)).map_or(NONE, |at| at as u32)).collect()
    };
    let known = |labels: Vec<u32>| labels.iter().any(|l| *l != NONE).then_some(labels);
    data.truth = Some(labels(&|row| row.truth.as_ref()));
    data.ai = Some(labels(&|row| row.ai.as_ref()));
    data.human = known(labels(&|row| row.human.as_ref()));
    data.observed = known(labels(&|row| row.observed.as_ref()));
    if rows.iter().all(|row| row.probabilities.is_some()) && !rows.is_empty() {
        let of = |row: &&Row| {
            let p = row.probabilities.clone().unwrap_or_default();
            let values: Vec<f64> = options.iter().map(|o| p.get(o).copied().unwrap_or(0.0)).collect();
            let total: f64 = values.iter().sum();
            values.into_iter().map(move |v| if total > 0.0 { v / total } else { f64::NAN })
        };
        let all: Vec<f64> = rows.iter().flat_map(of).collect();
        data.ai_probabilities = all.iter().all(|p| !p.is_nan()).then_some(all);
    }
    let numbers = |of: &dyn Fn(&Row) -> f64| rows.iter().map(|row| of(row)).collect::<Vec<f64>>();
    data.human_confidence = Some(numbers(&|row| row.confidence)).filter(|c| c.iter().any(|v| !v.is_nan()));
    data.seconds = Some(numbers(&|row| row.seconds)).filter(|s| s.iter().any(|v| !v.is_nan()));
    data.time = Some(numbers(&|row| row.opened)).filter(|t| t.iter().all(|v| !v.is_nan()));
    data.days = data.time.as_ref().map(|t| {
        let (low, high) = t.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(*v), h.max(*v)));
        ((high - low) / 86_400.0).max(0.0)
    });
    data.person = Some(codes(rows.iter().map(|row| row.person.clone().unwrap_or_default())));
    data.item = Some(codes(rows.iter().map(|row| row.case.clone())));
    fields(&mut data, playbook, groups, &rows);
    let note = |role: &str, reading: &str| ColumnNote {
        role: role.to_owned(),
        column: name.to_owned(),
        guessed: false,
        reading: reading.to_owned(),
    };
    data.columns = vec![
        note("truth", "the outcome of the case"),
        note("human", "first or only answers without advice"),
        note("final", "answers after the advice was shown"),
        note("ai", "the first proposal"),
    ];
    data
}

fn fields(data: &mut Data, playbook: &Playbook, groups: &[String], rows: &[&Row]) {
    for field in playbook.fields.iter().filter(|f| !f.personal && !f.subject && !f.is_masked()) {
        let values: Vec<Option<&Value>> = rows.iter().map(|row| row.fields.get(&field.name)).collect();
        let number = |v: &Option<&Value>| match v {
            None => Some(f64::NAN),
            Some(Value::String(text)) => text.parse::<f64>().ok(),
            Some(Value::Number(n)) => n.as_f64(),
            Some(_) => None,
        };
        let word = |v: &Option<&Value>| match v {
            None => Some("(missing)".to_owned()),
            Some(Value::String(text)) => Some(text.clone()),
            Some(Value::Bool(b)) => Some(b.to_string()),
            Some(Value::Number(n)) => Some(n.to_string()),
            Some(_) => None,
        };
        let is_group = if groups.is_empty() { field.audited } else { groups.contains(&field.name) };
        let words: Option<Vec<String>> = values.iter().map(word).collect();
        let Some(words) = words else { continue };
        let coded = codes(words.into_iter());
        if is_group && coded.names.len() <= values::GROUP_WORDS_MAX {
            data.groups.push((field.name.clone(), coded.clone()));
        }
        let numbers: Option<Vec<f64>> = values.iter().map(number).collect();
        match numbers.filter(|n| n.iter().any(|v| !v.is_nan())) {
            Some(numbers) => data.features.push((field.name.clone(), Feature::Numeric(numbers))),
            None if (2..=WORDS_MAX).contains(&coded.names.len()) => data.features.push((field.name.clone(), Feature::Categorical(coded))),
            None => {}
        }
    }
}

fn codes(words: impl Iterator<Item = String>) -> Codes {
    let mut index = std::collections::HashMap::new();
    let mut out = Codes::default();
    for word in words {
        let next = out.names.len() as u32;
        let code = *index.entry(word.clone()).or_insert(next);
        if code == next {
            out.names.push(word);
        }
        out.codes.push(code);
    }
    out
}
