//! The words of a mapping, resolved against the columns that a file has: columns, constants, templates, comparisons.

use super::{BadRow, Error};
use countersign_core::{number::Decimal, playbook::decimals::compare};
use serde_json::Value;
use std::{borrow::Cow, cmp::Ordering};

/// A place in a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Slot(pub(super) usize);

/// What stands at a place.
#[derive(Debug, Clone, Copy)]
pub(super) enum Cell<'a> {
    Absent,
    Text(&'a str),
    Json(&'a Value),
}

impl<'a> Cell<'a> {
    /// As text; nothing where it is empty or null.
    pub(super) fn text(self) -> Option<Cow<'a, str>> {
        match self {
            Self::Absent | Self::Json(Value::Null) => None,
            Self::Json(Value::String(text)) => Self::Text(text).text(),
            Self::Text(text) => (!text.trim().is_empty()).then_some(Cow::Borrowed(text)),
            Self::Json(other) => Some(Cow::Owned(other.to_string())),
        }
    }
}

/// The cells of a row that a mapping reads.
pub(super) struct Cells<'a> {
    pub(super) line: u64,
    pub(super) names: &'a [String],
    pub(super) cells: Vec<Cell<'a>>,
}

impl<'a> Cells<'a> {
    pub(super) fn at(&self, slot: Slot) -> Cell<'a> {
        self.cells.get(slot.0).copied().unwrap_or(Cell::Absent)
    }

    pub(super) fn bad(&self, column: Option<&str>, reason: impl Into<String>) -> BadRow {
        BadRow { line: self.line, column: column.map(str::to_owned), reason: reason.into() }
    }

    pub(super) fn name(&self, slot: Slot) -> &'a str {
        self.names.get(slot.0).map_or("", String::as_str)
    }
}

/// A text that may differ from row to row.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Word {
    Column(Slot),
    Constant(String),
    Template(Vec<Part>),
}

/// A part of a template.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Part {
    Text(String),
    Column(Slot),
}

impl Word {
    /// Its text in a row; nothing where a column that it needs is empty.
    pub(super) fn text<'a>(&'a self, row: &Cells<'a>) -> Option<Cow<'a, str>> {
        match self {
            Self::Column(slot) => row.at(*slot).text(),
            Self::Constant(text) => Some(Cow::Borrowed(text)),
            Self::Template(parts) => {
                let mut out = String::new();
                for part in parts {
                    match part {
                        Part::Text(text) => out.push_str(text),
                        Part::Column(slot) => out.push_str(row.at(*slot).text()?.trim()),
                    }
                }
                Some(Cow::Owned(out))
            }
        }
    }

    /// The column to blame, where there is one.
    pub(super) fn column<'a>(&self, row: &Cells<'a>) -> Option<&'a str> {
        match self {
            Self::Column(slot) => Some(row.name(*slot)),
            Self::Constant(_) => None,
            Self::Template(parts) => parts.iter().find_map(|part| match part {
                Part::Column(slot) => Some(row.name(*slot)),
                Part::Text(_) => None,
            }),
        }
    }
}

/// Columns that a file has, and those that a mapping reads of them.
pub(super) struct Columns {
    /// What the file has; `None` where every row may have its own (NDJSON).
    pub(super) known: Option<Vec<String>>,
    /// What the mapping reads.
    pub(super) read: Vec<String>,
}

impl Columns {
    /// A column by name.
    pub(super) fn slot(&mut self, name: &str) -> Result<Slot, Error> {
        if let Some(known) = &self.known
            && !known.iter().any(|n| n == name)
        {
            return Err(Error::Mapping(format!("there is no column {name:?}; there are {}", known.join(", "))));
        }
        let at = self.read.iter().position(|n| n == name).unwrap_or_else(|| {
            self.read.push(name.to_owned());
            self.read.len() - 1
        });
        Ok(Slot(at))
    }

    /// Whether the file is known to have a column, or may have it.
    pub(super) fn may_have(&self, name: &str) -> bool {
        self.known.as_ref().is_none_or(|known| known.iter().any(|n| n == name))
    }

    /// A word that is a column unless it says otherwise.
    pub(super) fn column_word(&mut self, text: &str) -> Result<Word, Error> {
        let exact = self.known.as_ref().is_some_and(|known| known.iter().any(|n| n == text));
        match text.strip_prefix('=') {
            _ if exact => self.slot(text).map(Word::Column),
            Some(constant) => Ok(Word::Constant(constant.to_owned())),
            None if text.contains('{') => self.template(text),
            None => self.slot(text).map(Word::Column),
        }
    }

    /// A word that is a text unless it says otherwise.
    pub(super) fn text_word(&mut self, text: &str) -> Result<Word, Error> {
        if text.contains('{') { self.template(text) } else { Ok(Word::Constant(text.to_owned())) }
    }

    fn template(&mut self, text: &str) -> Result<Word, Error> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let Some((name, after)) = after.split_once('}') else {
                return Err(Error::Mapping(format!("{text:?} opens a brace and does not close it")));
            };
            if !before.is_empty() {
                parts.push(Part::Text(before.to_owned()));
            }
            parts.push(Part::Column(self.slot(name)?));
            rest = after;
        }
        if !rest.is_empty() {
            parts.push(Part::Text(rest.to_owned()));
        }
        Ok(Word::Template(parts))
    }

    /// Columns by name, range (`p0..p9`) or pattern (`p*`), each in the order in which it is written or stands in the file.
    pub(super) fn list(&mut self, words: &[String]) -> Result<Vec<Slot>, Error> {
        let mut slots = Vec::new();
        for word in words {
            for name in self.expanded(word)? {
                slots.push(self.slot(&name)?);
            }
        }
        Ok(slots)
    }

    fn expanded(&self, word: &str) -> Result<Vec<String>, Error> {
        let known = self.known.as_deref().unwrap_or_default();
        if known.iter().any(|n| n == word) {
            return Ok(vec![word.to_owned()]);
        }
        if let Some(names) = word.split_once("..").and_then(|(first, last)| range(first, last)) {
            return Ok(names);
        }
        let Some((start, end)) = word.split_once('*') else {
            return Ok(vec![word.to_owned()]);
        };
        if self.known.is_none() {
            return Err(Error::Mapping(format!(
                "{word:?}: rows of NDJSON have no common columns; name them, or give a range as in p0..p9"
            )));
        }
        let fits = |name: &&String| name.len() >= start.len() + end.len() && name.starts_with(start) && name.ends_with(end);
        let names: Vec<String> = known.iter().filter(fits).cloned().collect();
        if names.is_empty() { Err(Error::Mapping(format!("no column fits {word:?}; there are {}", known.join(", ")))) } else { Ok(names) }
    }
}

/// Columns of one range.
const RANGE_COLUMNS_MAX: u32 = 1_000;

/// `p0..p9`, `p0..9`, `resnet.p0..p9` or `resnet.p0..resnet.p9`.
fn range(first: &str, last: &str) -> Option<Vec<String>> {
    let split = |text: &str| {
        let stem = text.trim_end_matches(|c: char| c.is_ascii_digit());
        let number = text.get(stem.len()..)?.parse::<u32>().ok()?;
        Some((stem.to_owned(), number))
    };
    let ((stem, from), (other, to)) = (split(first)?, split(last)?);
    let same = stem == other || other.is_empty() || stem.ends_with(&format!(".{other}"));
    (same && from <= to && to - from < RANGE_COLUMNS_MAX).then(|| (from..=to).map(|n| format!("{stem}{n}")).collect())
}

/// A comparison of a number in a column: `decile>5`.
#[derive(Debug, Clone)]
pub(super) struct Comparison {
    pub(super) column: Word,
    holds: Holds,
    bound: Decimal,
}

/// What an order of two numbers must be.
type Holds = fn(Ordering) -> bool;

const OPERATORS: [(&str, Holds); 5] =
    [(">=", Ordering::is_ge), ("<=", Ordering::is_le), ("==", Ordering::is_eq), (">", Ordering::is_gt), ("<", Ordering::is_lt)];

impl Comparison {
    /// Reads `column>5`, if the word is one and no column has that very name.
    pub(super) fn read(columns: &mut Columns, text: &str) -> Result<Option<Self>, Error> {
        if columns.known.as_ref().is_some_and(|known| known.iter().any(|n| n == text)) {
            return Ok(None);
        }
        let found = OPERATORS.iter().find_map(|(sign, holds)| text.split_once(sign).map(|(name, bound)| (name, bound, holds)));
        let Some((name, bound, holds)) = found.filter(|(name, ..)| !name.is_empty()) else {
            return Ok(None);
        };
        let bound = Decimal::parse(bound).map_err(|_| Error::Mapping(format!("{text:?} compares with {bound:?}, which is no number")))?;
        Ok(Some(Self { column: columns.column_word(name.trim())?, holds: *holds, bound }))
    }

    /// Whether it holds in a row; nothing where the cell is empty.
    pub(super) fn holds(&self, row: &Cells<'_>) -> Result<Option<bool>, BadRow> {
        let Some(text) = self.column.text(row) else {
            return Ok(None);
        };
        let number = Decimal::parse(&text).map_err(|_| row.bad(self.column.column(row), "is no number"))?;
        Ok(Some((self.holds)(compare(&number, &self.bound))))
    }
}
