//! Holding values from outside against a playbook: pure validation, and one canonical form of every value. Never changes
//! what a value means, never repeats a personal value in a refusal.
//!
//! Fields: [`field_values`] and, from CSV cells, [`fields_from_text`]. Answers, probabilities, outcomes: [`answer`].

pub mod answer;
mod value;

pub(in crate::playbook) use answer::score_fits;
pub use answer::{CheckedAnswer, CheckedOutcome, answer_value, confidence, outcome_value, probabilities};

use crate::{
    limits::CASE_BYTES_MAX,
    playbook::{
        FieldKind, Playbook,
        schema::escape,
        suggest::{did_you_mean, quoted},
    },
    refusal::{Code, Refusal},
};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Problems that one refusal spells out.
const SPELLED_OUT_ITEMS_MAX: usize = 8;

/// The fields of a case in the form in which events hold them.
///
/// text, patch: string. number: canonical decimal string. category: string. boolean: boolean. time: integer microseconds.
/// image: `{"attachment", "boxes"?}`. conversation: list of `{"role", "text", "at"?}`. table: `{"columns", "rows"}`. json: its
/// compact JSON text. `null` is the same as absent.
///
/// # Errors
/// One refusal that names every field with a problem, blaming the first by its pointer; `too-large` where all fields together
/// have more than [`CASE_BYTES_MAX`] bytes.
pub fn field_values(playbook: &Playbook, mut given: Map<String, Value>) -> Result<BTreeMap<String, Value>, Refusal> {
    let mut values = BTreeMap::new();
    let mut faults = Faults::default();
    let mut bytes = 0_usize;
    for field in &playbook.fields {
        match given.swap_remove(&field.name) {
            None | Some(Value::Null) if field.required => faults.add(&field.name, "is missing, and it is required".into()),
            None | Some(Value::Null) => {}
            Some(value) => match value::normalise(field, value) {
                Ok(value) => {
                    bytes = bytes.saturating_add(value::size(&value));
                    values.insert(field.name.clone(), value);
                }
                Err(message) => faults.add(&field.name, message),
            },
        }
    }
    for (name, _) in given {
        let near = if faults.is_full() { String::new() } else { did_you_mean(&name, playbook.fields.iter().map(|f| f.name.as_str())) };
        faults.add(&name, format!("is no field of the playbook {:?}{near}", playbook.name));
    }
    if bytes > CASE_BYTES_MAX {
        let detail =
            format!("the fields of this case have {bytes} bytes; at most {CASE_BYTES_MAX} are taken, so put large things into attachments");
        return Err(Refusal::field(Code::TooLarge, "/fields", detail));
    }
    faults.into_result(values)
}

/// The same from cells of a CSV file: an empty cell is an absent value, and images, conversations, tables and json are JSON
/// texts (an image may be just the digest of its attachment).
///
/// # Errors
/// As [`field_values`]; and a field that is given twice.
pub fn fields_from_text(playbook: &Playbook, cells: &[(&str, &str)]) -> Result<BTreeMap<String, Value>, Refusal> {
    let mut given = Map::with_capacity(cells.len());
    for (name, text) in cells.iter().filter(|(_, text)| !text.is_empty()) {
        let kind = playbook.fields.iter().find(|f| f.name == *name).map(|f| &f.kind);
        let value = match kind {
            Some(FieldKind::Time) => text.trim().parse::<i64>().map_or_else(|_| Value::from(text.trim()), Value::from),
            Some(FieldKind::Image) if value::is_digest(text.trim()) => serde_json::json!({ "attachment": text.trim() }),
            Some(FieldKind::Image | FieldKind::Conversation | FieldKind::Table | FieldKind::Json) => {
                serde_json::from_str(text).map_err(|error| {
                    Refusal::invalid(
                        pointer(name),
                        format!("the field {} is no JSON (line {}, column {})", quoted(name), error.line(), error.column()),
                    )
                })?
            }
            _ => Value::from(*text),
        };
        if given.insert((*name).to_owned(), value).is_some() {
            return Err(Refusal::invalid(pointer(name), format!("the field {} is given twice", quoted(name))));
        }
    }
    field_values(playbook, given)
}

/// The pointer of a field.
fn pointer(field: &str) -> String {
    format!("/fields/{}", escape(field))
}

/// What is wrong with the fields of one case.
#[derive(Default)]
struct Faults {
    first: Option<String>,
    spelled_out: Vec<String>,
    more: usize,
}

impl Faults {
    fn is_full(&self) -> bool {
        self.spelled_out.len() >= SPELLED_OUT_ITEMS_MAX
    }

    fn add(&mut self, field: &str, message: String) {
        if self.is_full() {
            self.more += 1;
            return;
        }
        self.first.get_or_insert_with(|| pointer(field));
        self.spelled_out.push(format!("the field {} {message}", quoted(field)));
    }

    fn into_result<T>(self, values: T) -> Result<T, Refusal> {
        let Some(first) = self.first else { return Ok(values) };
        let more = if self.more == 0 { String::new() } else { format!("; and {} more problems", self.more) };
        Err(Refusal::invalid(first, format!("{}{more}", self.spelled_out.join("; "))))
    }
}

#[cfg(test)]
mod tests;
