//! From what stands in a file to answers and probabilities of a playbook. Never decides whether an answer is right.

use super::{
    BadRow, Error,
    word::{Cell, Cells, Columns, Comparison, Slot, Word},
};
use countersign_core::{
    number::Decimal,
    playbook::{AnswerSpec, Playbook},
};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Probabilities are rounded to so many parts, far below the billionths in which they are kept.
const PROBABILITY_PARTS: f64 = 1e12;

/// What labels mean.
#[derive(Debug, Clone)]
pub(super) struct Labels {
    own: BTreeMap<String, String>,
    general: BTreeMap<String, String>,
    classes: Vec<String>,
    options: Vec<String>,
    structured: bool,
}

impl Labels {
    pub(super) fn new(playbook: &Playbook, general: &BTreeMap<String, String>, classes: &[String], own: &BTreeMap<String, String>) -> Self {
        let options = match &playbook.answer {
            AnswerSpec::Choice { options } => options.clone(),
            _ => Vec::new(),
        };
        let structured = matches!(playbook.answer, AnswerSpec::Action { .. } | AnswerSpec::Form { .. });
        Self { own: own.clone(), general: general.clone(), classes: classes.to_vec(), options, structured }
    }

    /// The option that a label means. What it does not know it leaves as it is: the playbook refuses it with its reasons.
    pub(super) fn option(&self, label: &str) -> String {
        let label = label.trim();
        let mapped = |label: &str| self.own.get(label).or_else(|| self.general.get(label)).cloned();
        if let Some(option) = mapped(label) {
            return option;
        }
        if self.options.iter().any(|o| o == label) {
            return label.to_owned();
        }
        // Tables of numbers write 1 as 1.0.
        let number = Decimal::parse(label).ok().map(|d| d.as_str().to_owned());
        let by_number = number.as_ref().and_then(|n| mapped(n).or_else(|| self.options.iter().find(|o| *o == n).cloned()));
        let by_place = || number.as_ref().and_then(|n| self.classes.get(n.parse::<usize>().ok()?)).cloned();
        by_number.or_else(by_place).unwrap_or_else(|| label.to_owned())
    }

    /// The other one of two options.
    fn other(&self, option: &str) -> Result<String, Error> {
        match self.options.as_slice() {
            [first, second] if first == option => Ok(second.clone()),
            [first, second] if second == option => Ok(first.clone()),
            [_, _] => Err(Error::Mapping(format!("of = {option:?} is none of the options {}", self.options.join(", ")))),
            options => Err(Error::Mapping(format!(
                "a comparison, or one probability, needs a playbook with two options; this one has {}",
                options.len()
            ))),
        }
    }

    /// `of` and the other option.
    pub(super) fn pair(&self, of: Option<&str>) -> Result<(String, String), Error> {
        let of = of.ok_or_else(|| Error::Mapping("a comparison, or one probability, needs of = the option that it is about".into()))?;
        let of = self.option(of);
        let other = self.other(&of)?;
        Ok((of, other))
    }
}

/// Where an answer comes from.
#[derive(Debug)]
pub(super) enum AnswerFrom {
    Label(Word, Labels),
    Comparison(Comparison, String, String),
}

impl AnswerFrom {
    pub(super) fn read(columns: &mut Columns, text: &str, of: Option<&str>, labels: Labels) -> Result<Self, Error> {
        match Comparison::read(columns, text)? {
            Some(comparison) => {
                let (of, other) = labels.pair(of)?;
                Ok(Self::Comparison(comparison, of, other))
            }
            None => Ok(Self::Label(columns.column_word(text)?, labels)),
        }
    }

    /// The answer in a row; nothing where the cell is empty.
    pub(super) fn answer(&self, row: &Cells<'_>) -> Result<Option<Value>, BadRow> {
        match self {
            Self::Comparison(comparison, of, other) => {
                let holds = comparison.holds(row)?;
                Ok(holds.map(|holds| Value::String(if holds { of } else { other }.clone())))
            }
            Self::Label(Word::Column(slot), labels) if labels.structured => match row.at(*slot) {
                Cell::Json(value) if !value.is_string() => Ok(Some(value.clone()).filter(|v| !v.is_null())),
                cell => cell.text().map(|text| json(row, *slot, &text)).transpose(),
            },
            Self::Label(word, labels) => Ok(word.text(row).map(|text| match labels.options.as_slice() {
                [] => Value::String(
                    labels.own.get(text.trim()).or_else(|| labels.general.get(text.trim())).cloned().unwrap_or_else(|| text.into_owned()),
                ),
                _ => Value::String(labels.option(&text)),
            })),
        }
    }
}

fn json(row: &Cells<'_>, slot: Slot, text: &str) -> Result<Value, BadRow> {
    serde_json::from_str(text).map_err(|_| row.bad(Some(row.name(slot)), "is no JSON"))
}

/// Where probabilities come from.
#[derive(Debug)]
pub(super) enum ProbabilitiesFrom {
    /// Of one of two options.
    One { word: Word, of: String, other: String },
    /// Of every option.
    All(Vec<(Slot, String)>),
    /// A column of JSON objects.
    Object(Slot, Labels),
}

impl ProbabilitiesFrom {
    pub(super) fn one(columns: &mut Columns, text: &str, of: Option<&str>, labels: &Labels) -> Result<Self, Error> {
        let (of, other) = labels.pair(of)?;
        Ok(Self::One { word: columns.column_word(text)?, of, other })
    }

    pub(super) fn all(columns: &mut Columns, words: &[String], classes: &[String], labels: Labels) -> Result<Self, Error> {
        let slots = columns.list(words)?;
        if let [slot] = slots.as_slice() {
            return Ok(Self::Object(*slot, labels));
        }
        let classes = if classes.is_empty() { &labels.classes } else { classes };
        let classes = if classes.is_empty() { &labels.options } else { classes };
        if slots.len() != classes.len() {
            let names: Vec<&str> = slots.iter().filter_map(|s| columns.read.get(s.0)).map(String::as_str).collect();
            let detail = format!(
                "{} columns of probabilities ({}) for {} options ({})",
                slots.len(),
                names.join(", "),
                classes.len(),
                classes.join(", ")
            );
            return Err(Error::Mapping(detail));
        }
        Ok(Self::All(slots.into_iter().zip(classes.iter().map(|class| labels.option(class))).collect()))
    }

    /// Probability by option; nothing where all cells are empty.
    pub(super) fn probabilities(&self, row: &Cells<'_>) -> Result<Option<Map<String, Value>>, BadRow> {
        match self {
            Self::One { word, of, other } => {
                let Some(p) = share(row, word)? else {
                    return Ok(None);
                };
                Ok(Some(Map::from_iter([(of.clone(), rounded(p)), (other.clone(), rounded(1.0 - p))])))
            }
            Self::All(slots) => {
                let mut out = Map::with_capacity(slots.len());
                let mut missing = None;
                for (slot, option) in slots {
                    match share(row, &Word::Column(*slot))? {
                        Some(p) => _ = out.insert(option.clone(), rounded(p)),
                        None => missing = Some(*slot),
                    }
                }
                match missing {
                    _ if out.is_empty() => Ok(None),
                    Some(slot) => Err(row.bad(Some(row.name(slot)), "is empty, and other probabilities of the row are not")),
                    None => Ok(Some(out)),
                }
            }
            Self::Object(slot, labels) => {
                let parsed;
                let value = match row.at(*slot) {
                    Cell::Json(value) if !value.is_string() => value,
                    cell => match cell.text() {
                        None => return Ok(None),
                        Some(text) => {
                            parsed = json(row, *slot, &text)?;
                            &parsed
                        }
                    },
                };
                match value {
                    Value::Null => Ok(None),
                    Value::Object(members) => Ok(Some(members.iter().map(|(name, p)| (labels.option(name), p.clone())).collect())),
                    _ => {
                        Err(row.bad(Some(row.name(*slot)), "is one column of probabilities, so it must be a JSON object of them by option"))
                    }
                }
            }
        }
    }
}

/// A number from 0 to 1; nothing where the cell is empty.
pub(super) fn share(row: &Cells<'_>, word: &Word) -> Result<Option<f64>, BadRow> {
    let Some(p) = number(row, word)? else {
        return Ok(None);
    };
    if (0.0..=1.0).contains(&p) { Ok(Some(p)) } else { Err(row.bad(word.column(row), "is no number from 0 to 1")) }
}

/// A finite number; nothing where the cell is empty.
pub(super) fn number(row: &Cells<'_>, word: &Word) -> Result<Option<f64>, BadRow> {
    let Some(text) = word.text(row) else {
        return Ok(None);
    };
    let number = text.trim().parse::<f64>().ok().filter(|n| n.is_finite());
    number.map(Some).ok_or_else(|| row.bad(word.column(row), "is no number"))
}

/// Classifiers write probabilities with forty digits; what they mean has fewer.
fn rounded(p: f64) -> Value {
    Value::from((p * PROBABILITY_PARTS).round() / PROBABILITY_PARTS)
}
