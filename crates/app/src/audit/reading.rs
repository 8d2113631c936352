//! Answers out of columns: which label is the positive one, and comparisons that make answers of numbers. Guesses nothing that a
//! person would not take for granted.

use super::Error;
use countersign_columns::{Column, Want};
use std::{collections::BTreeSet, fmt};

/// Labels that are named in a sentence.
const TOLD_MAX: usize = 6;

/// Labels that are remembered to be named.
const SEEN_MAX: usize = 24;

/// Numbers of a piece of a column that are looked at to name its answers.
const LOOKED_AT_MAX: usize = 1_000;

const NO: u8 = 0;
const YES: u8 = 1;
const UNKNOWN: u8 = 2;

/// A column of answers.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Spec {
    pub column: String,
    compare: Option<(Operator, f64)>,
    positive: Option<String>,
    /// The same as a number, where it is one (1 for yes).
    positive_number: Option<f64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Above,
    AtLeast,
    Below,
    AtMost,
    Equal,
}

impl Operator {
    /// Longer ones first, so that `>=` is not read as `>`.
    const ALL: [(&'static str, Self); 5] =
        [(">=", Self::AtLeast), ("<=", Self::AtMost), ("==", Self::Equal), (">", Self::Above), ("<", Self::Below)];

    fn holds(self, a: f64, b: f64) -> bool {
        match self {
            Self::Above => a > b,
            Self::AtLeast => a >= b,
            Self::Below => a < b,
            Self::AtMost => a <= b,
            Self::Equal => a == b,
        }
    }
}

impl fmt::Display for Spec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.compare, &self.positive) {
            (Some((operator, bound)), _) => {
                let sign = Operator::ALL.iter().find(|(_, other)| other == operator).map_or("", |(sign, _)| sign);
                write!(f, "positive where {} {sign} {bound}", self.column)
            }
            (None, Some(positive)) => write!(f, "positive where {} is {positive:?}", self.column),
            (None, None) => write!(f, "positive where {} is 1, true or yes", self.column),
        }
    }
}

impl Spec {
    /// `column`, or `column>5`; a threshold makes a comparison of a bare column.
    pub(super) fn parse(text: &str, names: &[String], threshold: Option<f64>) -> Result<Self, Error> {
        let plain = |column: &str, compare| Ok(Self { column: column.to_owned(), compare, positive: None, positive_number: None });
        if names.iter().any(|name| name == text) {
            return plain(text, threshold.map(|bound| (Operator::Above, bound)));
        }
        for (sign, operator) in Operator::ALL {
            if let Some((column, bound)) = text.split_once(sign) {
                let (column, bound) = (column.trim(), bound.trim());
                if !names.iter().any(|name| name == column) {
                    break;
                }
                return match bound.parse::<f64>() {
                    Ok(bound) if bound.is_finite() => plain(column, Some((operator, bound))),
                    _ => Err(Error::Request(format!("In {text:?} a number should stand after {sign}, not {bound:?}"))),
                };
            }
        }
        Err(Error::Request(format!("There is no column {text:?}; the file has {}", listed(names.iter().map(String::as_str)))))
    }

    pub(super) fn with_positive(mut self, positive: Option<&str>) -> Self {
        self.positive = positive.map(str::to_owned);
        self.positive_number = positive.and_then(|label| if word(label) == YES { Some(1.0) } else { label.trim().parse().ok() });
        self
    }

    pub(super) fn want(&self) -> Want {
        if self.compare.is_some() { Want::Number } else { Want::Auto }
    }

    /// The answer that a label is: 0, 1, or 2 where it is neither.
    fn of_label(&self, label: &str) -> u8 {
        match &self.positive {
            Some(positive) if same(label, positive) || (word(positive) == YES && word(label) == YES) => YES,
            Some(_) => NO,
            None => word(label),
        }
    }

    fn of_number(&self, value: f64) -> u8 {
        if value.is_nan() {
            return UNKNOWN;
        }
        match (&self.compare, &self.positive) {
            (Some((operator, bound)), _) => u8::from(operator.holds(value, *bound)),
            (None, Some(_)) => u8::from(self.positive_number == Some(value)),
            (None, None) if value == 0.0 => NO,
            (None, None) if value == 1.0 => YES,
            (None, None) => UNKNOWN,
        }
    }
}

/// `1` and `1.0` are the same label.
fn same(a: &str, b: &str) -> bool {
    a == b || matches!((a.parse::<f64>(), b.parse::<f64>()), (Ok(a), Ok(b)) if a == b)
}

/// What everybody takes for yes or no.
fn word(label: &str) -> u8 {
    match label.trim().to_ascii_lowercase().as_str() {
        "1" | "1.0" | "true" | "t" | "yes" | "y" => YES,
        "0" | "0.0" | "false" | "f" | "no" | "n" => NO,
        _ => UNKNOWN,
    }
}

/// What was seen in a column of answers.
#[derive(Debug, Clone, Default)]
pub(super) struct Answers {
    by_code: Vec<u8>,
    positives: u64,
    negatives: u64,
    /// Neither yes nor no, although there is something.
    unread: u64,
    seen: BTreeSet<String>,
}

impl Answers {
    /// The answers of a piece of the column.
    pub(super) fn read(&mut self, spec: &Spec, column: &Column) -> Vec<u8> {
        let answers: Vec<u8> = match column {
            Column::Number(values) => {
                // A look at some, and at all that could not be read, is enough for a sentence.
                let odd = values.iter().filter(|value| spec.of_number(**value) == UNKNOWN);
                for value in values.iter().take(LOOKED_AT_MAX).chain(odd).filter(|value| !value.is_nan()) {
                    if self.seen.len() >= SEEN_MAX {
                        break;
                    }
                    self.seen.insert(value.to_string());
                }
                self.unread += values.iter().filter(|value| !value.is_nan() && spec.of_number(**value) == UNKNOWN).count() as u64;
                values.iter().map(|value| spec.of_number(*value)).collect()
            }
            Column::Category(category) => {
                for label in category.labels.iter().skip(self.by_code.len()) {
                    self.by_code.push(spec.of_label(label));
                    if self.seen.len() < SEEN_MAX {
                        self.seen.insert(label.to_owned());
                    }
                }
                let of = |code: &u32| self.by_code.get(*code as usize).copied();
                self.unread += category.codes.iter().filter(|code| of(code) == Some(UNKNOWN)).count() as u64;
                category.codes.iter().map(|code| of(code).unwrap_or(UNKNOWN)).collect()
            }
        };
        self.positives += answers.iter().filter(|answer| **answer == YES).count() as u64;
        self.negatives += answers.iter().filter(|answer| **answer == NO).count() as u64;
        answers
    }
}

/// Whether the answers of all columns could be read.
pub(super) fn check(columns: &[(&Answers, &Spec)], positive: Option<&str>) -> Result<(), Error> {
    for (answers, spec) in columns {
        if answers.positives + answers.negatives + answers.unread == 0 {
            return Err(Error::Request(format!("The column {:?} has no value in any row", spec.column)));
        }
        if answers.unread > 0 {
            let numbers = answers.seen.iter().all(|label| label.parse::<f64>().is_ok());
            let advice = if numbers {
                format!(
                    "say from which number on the answer is positive, as in \"{}>0.5\", or name the positive one with --positive",
                    spec.column
                )
            } else {
                "say which one is positive with --positive (all others then count as negative), or have each in turn with --macro"
                    .to_owned()
            };
            return Err(Error::Request(format!(
                "The column {:?} has the answers {}: {advice}",
                spec.column,
                listed(answers.seen.iter().map(String::as_str))
            )));
        }
    }
    let Some(positive) = positive else { return Ok(()) };
    if columns.iter().filter(|(_, spec)| spec.compare.is_none()).all(|(answers, _)| answers.positives == 0)
        && columns.iter().any(|(_, spec)| spec.compare.is_none())
    {
        let seen: BTreeSet<&str> = columns.iter().flat_map(|(answers, _)| answers.seen.iter().map(String::as_str)).collect();
        return Err(Error::Request(format!("No answer is {positive:?}; there are {}", listed(seen.into_iter()))));
    }
    // Answers in other words than the truth's would silently all count as negative.
    for (answers, spec) in columns.iter().filter(|(answers, spec)| spec.compare.is_none() && answers.positives == 0) {
        let others: BTreeSet<&String> =
            columns.iter().filter(|(_, other)| other.column != spec.column).flat_map(|(answers, _)| &answers.seen).collect();
        if !others.is_empty() && answers.seen.iter().any(|label| !others.contains(label)) {
            return Err(Error::Request(format!(
                "The column {:?} never says {positive:?}, and has answers that no other column has: {}. Use the same words in all columns",
                spec.column,
                listed(answers.seen.iter().map(String::as_str))
            )));
        }
    }
    Ok(())
}

pub(super) fn listed<'a>(labels: impl Iterator<Item = &'a str>) -> String {
    let mut labels: Vec<&str> = labels.collect();
    let more = labels.len() > TOLD_MAX;
    labels.truncate(TOLD_MAX);
    format!("{}{}", labels.join(", "), if more { ", .." } else { "" })
}
