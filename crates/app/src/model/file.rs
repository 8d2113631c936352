//! Models over files, without a workspace: labelled rows to learn from, rows to propose for. CSV with a head, or one JSON object a
//! line, by the readers of `import`. Opens nothing by itself: it is handed what to read.

use super::{
    Model,
    learn::{choices, groups_of},
};
use crate::{Error, import};
use countersign_core::{
    playbook::{FieldKind, Playbook},
    refusal::{Code, Refusal},
};
use countersign_models::{Advice, Input, NoAdvice, Proposer, Reach, text::Example};
use serde_json::{Map, Value, json};
use std::{collections::BTreeMap, io::BufRead};

/// Rows of one file.
const ROWS_MAX: usize = 1_000_000;

/// Which columns are what, where they are no fields.
#[derive(Debug, Clone, Default)]
pub struct Columns {
    /// The right answer.
    pub answer: String,
    /// Who gave it, where that is known; absent: the answers are taken for outcomes.
    pub person: Option<String>,
    /// The case, where several rows are of one.
    pub case: Option<String>,
}

/// A row: values by column.
pub type Row = BTreeMap<String, Value>;

/// Rows of a file: CSV with a head where it does not begin with a brace, else one JSON object a line.
///
/// # Errors
/// Where it is neither, with the line and the column; and beyond 1,000,000 rows.
pub fn rows(inner: Box<dyn BufRead + Send>) -> Result<Vec<Row>, Error> {
    let refused = |code, detail: String| Error::from(Refusal::new(code, detail));
    let mut rows = Vec::new();
    for row in import::plain(inner).map_err(|error| refused(Code::Malformed, error.to_string()))? {
        rows.push(row.map_err(|fault| refused(Code::Malformed, fault.to_string()))?);
        if rows.len() > ROWS_MAX {
            return Err(refused(Code::TooLarge, format!("the file has more than {ROWS_MAX} rows, and so many are taken")));
        }
    }
    Ok(rows)
}

/// Labelled rows as examples.
///
/// # Errors
/// Where a row has no answer or one that the playbook does not know, with the row.
pub fn examples(playbook: &Playbook, rows: &[Row], columns: &Columns) -> Result<Vec<Example>, Error> {
    let options = choices(playbook)?;
    let mut examples = Vec::with_capacity(rows.len());
    for (at, row) in rows.iter().enumerate() {
        let text = |name: &str| row.get(name).and_then(Value::as_str);
        let Some(answer) = text(&columns.answer) else {
            return Err(Refusal::invalid("/answer", format!("row {}: there is no text in column {:?}", at + 1, columns.answer)).into());
        };
        if !options.iter().any(|option| option == answer) {
            let detail = format!("row {}: {answer:?} is none of the playbook's options: {}", at + 1, options.join(", "));
            return Err(Refusal::invalid("/answer", detail).into());
        }
        let case = columns.case.as_deref().and_then(text).map_or_else(|| format!("row {at:09}"), str::to_owned);
        let person = columns.person.as_deref().and_then(text).map(str::to_owned);
        let at = i64::try_from(at).unwrap_or(i64::MAX);
        let groups = groups_of(playbook, |name| row.get(name).cloned());
        examples.push(Example { input: input(playbook, row), answer: answer.to_owned(), case, person, at, sought: false, groups });
    }
    Ok(examples)
}

/// What a model may see of a row: the columns that are the playbook's fields.
#[must_use]
pub fn input(playbook: &Playbook, row: &Row) -> Input {
    let value = |kind: &FieldKind, value: &Value| match (kind, value) {
        (FieldKind::Boolean, Value::String(text)) => json!(matches!(text.as_str(), "true" | "yes" | "1")),
        _ => value.clone(),
    };
    let of = playbook.fields.iter().filter_map(|field| Some((field.name.clone(), value(&field.kind, row.get(&field.name)?))));
    Input::of(playbook, &of.collect(), Reach::InProcess)
}

/// A model from its file.
///
/// # Errors
/// Where it is none, or of another version.
pub fn read(bytes: &[u8]) -> Result<Model, Error> {
    Model::from_bytes(bytes).map_err(|error| Refusal::new(Code::Malformed, error).into())
}

/// What a model says of a row, as it is written out: an answer with its reasons, or why there is none.
#[must_use]
pub fn said(model: &dyn Proposer, input: &Input) -> Value {
    told(model.propose(input))
}

pub(super) fn told(advice: Result<Advice, NoAdvice>) -> Value {
    match advice {
        Err(none) => json!({ "no_advice": none.to_string() }),
        Ok(advice) => {
            let probabilities: Map<String, Value> =
                advice.probabilities.iter().map(|(answer, p)| (answer.clone(), json!(f64::from(*p) / 1e9))).collect();
            let evidence: Vec<Value> = advice
                .evidence
                .iter()
                .map(|one| {
                    let mut item = json!({ "field": one.field, "quote": one.quote, "contribution": one.contribution });
                    if let (Some((start, end)), Some(item)) = (one.span, item.as_object_mut()) {
                        item.insert("start".into(), json!(start));
                        item.insert("end".into(), json!(end));
                    }
                    if let (Some(heat), Some(item)) = (&one.heat, item.as_object_mut()) {
                        item.insert("heat".into(), json!(super::advice::heat(heat.clone())));
                    }
                    item
                })
                .collect();
            json!({ "answer": advice.answer, "probabilities": probabilities, "explanation": advice.explanation, "evidence": evidence })
        }
    }
}
