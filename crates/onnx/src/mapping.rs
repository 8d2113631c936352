//! Which field of a case becomes which column of a model, and which answer its classes are: a small TOML file that a person writes. Never
//! guesses: a column that the file does not name is an error.

use crate::{COLUMNS_MAX, Error};
use countersign_core::playbook::{AnswerSpec, FieldKind, Playbook};
use countersign_models::{Input, NoAdvice, Reach, Value, input::may_see};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Bytes of a mapping.
pub const MAPPING_BYTES_MAX: usize = 256 << 10;

/// A mapping.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mapping {
    /// The output that holds the probabilities, where the file leaves that open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<String>,
    /// The answer that each class stands for; a class that is not named stands for the answer of the same name.
    #[serde(default)]
    pub answers: BTreeMap<String, String>,
    /// In the model's order.
    pub columns: Vec<Column>,
}

/// A column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Column {
    /// The field: a number, a flag (1 or 0), or with [`Column::equals`] a category.
    pub field: String,
    /// The category for which the column is 1; for every other it is 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub equals: Option<String>,
    /// What stands where the case has no such value; absent: then there is no advice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing: Option<f32>,
    /// What says nothing, such as the mean in training: contributions are told against it.
    #[serde(default)]
    pub neutral: f32,
}

impl Mapping {
    /// Reads a mapping.
    ///
    /// # Errors
    /// Where it is no TOML or says what no mapping does, with the line.
    pub fn parse(source: &str) -> Result<Self, Error> {
        if source.len() > MAPPING_BYTES_MAX {
            return Err(Error::Mapping(format!("it has more than {MAPPING_BYTES_MAX} bytes")));
        }
        toml::from_str(source).map_err(|error| Error::Mapping(error.to_string()))
    }

    /// Whether the columns can be made of a playbook's cases, and the answers of `labels` are those of the playbook.
    ///
    /// # Errors
    /// With the column or the answer that is wrong, and what would be right.
    pub fn check(&self, playbook: &Playbook, labels: &[String]) -> Result<(), Error> {
        self.faults(playbook, labels).into_iter().next().map_or(Ok(()), |fault| Err(Error::Mapping(fault)))
    }

    /// Everything by which the columns cannot be made of a playbook's cases, or the answers are others: a sentence each.
    #[must_use]
    pub fn faults(&self, playbook: &Playbook, labels: &[String]) -> Vec<String> {
        if self.columns.is_empty() || self.columns.len() > COLUMNS_MAX {
            return vec![format!("it has {} columns: 1 to {COLUMNS_MAX} can be", self.columns.len())];
        }
        let place = |at: usize, column: &Column| format!("column {} ({})", at + 1, column.field);
        let of_column = |(at, column): (usize, &Column)| column.fault(playbook).map(|fault| format!("{}: {fault}", place(at, column)));
        let columns = self.columns.iter().enumerate().filter_map(of_column);
        columns.chain(answers_fault(&self.answers, labels, playbook)).collect()
    }

    /// The answers that classes stand for.
    #[must_use]
    pub fn answers_of(&self, labels: &[String]) -> Vec<String> {
        labels.iter().map(|label| self.answers.get(label).unwrap_or(label).clone()).collect()
    }

    /// A case as the model sees it.
    ///
    /// # Errors
    /// Where a value is missing that nothing stands in for.
    pub fn row(&self, input: &Input) -> Result<Vec<f32>, NoAdvice> {
        self.columns.iter().map(|column| column.of(input)).collect()
    }
}

impl Column {
    /// Why it cannot be made of a playbook's cases, if it cannot.
    fn fault(&self, playbook: &Playbook) -> Option<String> {
        let Some(field) = playbook.fields.iter().find(|field| field.name == self.field) else {
            return Some(format!("playbook {:?} has no such field", playbook.name));
        };
        if !may_see(field, Reach::InProcess) {
            return Some("no model sees this field: it is audited, says whose data the case is, or is shared with none".into());
        }
        if !self.neutral.is_finite() || self.missing.is_some_and(|missing| !missing.is_finite()) {
            return Some("`neutral` and `missing` are finite numbers".into());
        }
        match (&field.kind, &self.equals) {
            (FieldKind::Number | FieldKind::Boolean, None) => None,
            (FieldKind::Category { options }, Some(word)) if options.is_empty() || options.contains(word) => None,
            (FieldKind::Category { options }, Some(word)) => Some(format!("{word:?} is none of its options: {}", options.join(", "))),
            (FieldKind::Category { .. }, None) => {
                Some("a category needs `equals`, a column for each of the options that the model knows".into())
            }
            (FieldKind::Number | FieldKind::Boolean, Some(_)) => Some("`equals` is for categories".into()),
            _ => Some("a column is made of a number, a flag or a category, and the field is none".into()),
        }
    }

    fn of(&self, input: &Input) -> Result<f32, NoAdvice> {
        let value = input.fields.iter().find(|field| field.name == self.field).map(|field| &field.value);
        let number = match (value, &self.equals) {
            (Some(Value::Number(number)), None) => Some(*number as f32).filter(|number| number.is_finite()),
            (Some(Value::Flag(flag)), None) => Some(f32::from(u8::from(*flag))),
            (Some(Value::Word(word)), Some(equals)) => Some(f32::from(u8::from(word == equals))),
            _ => None,
        };
        number.or(self.missing).ok_or_else(|| NoAdvice::Missing(self.field.clone()))
    }
}

/// Why the classes of a model are not a playbook's answers, if they are not. `named` says which answer a class stands for that is called otherwise.
#[must_use]
pub fn answers_fault(named: &BTreeMap<String, String>, labels: &[String], playbook: &Playbook) -> Option<String> {
    let AnswerSpec::Choice { options } = &playbook.answer else {
        return Some(format!("the answers of playbook {:?} are no choices, and a classifier chooses", playbook.name));
    };
    if let Some(unknown) = named.keys().find(|label| !labels.contains(label)) {
        return Some(format!("`answers` names {unknown:?}, and the model's classes are {}", labels.join(", ")));
    }
    let answers: Vec<&String> = labels.iter().map(|label| named.get(label).unwrap_or(label)).collect();
    let (ours, theirs): (BTreeSet<&String>, BTreeSet<&String>) = (options.iter().collect(), answers.iter().copied().collect());
    (ours != theirs || answers.len() != options.len()).then(|| {
        format!(
            "the model's {} classes stand for {}, and the playbook's {} options are {}: name the answer of each in `answers`",
            answers.len(),
            answers.iter().map(|answer| answer.as_str()).collect::<Vec<_>>().join(", "),
            options.len(),
            options.join(", ")
        )
    })
}
