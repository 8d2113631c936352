//! Walking a TOML document by its positions, so that every problem names file, line, column and key. Never stops at the
//! first problem, and never knows what a playbook is.

use super::Problem;
use crate::{
    limits::{NAME_CHARS_MAX, PLAYBOOK_PROBLEMS_MAX, PLAYBOOK_TEXT_BYTES_MAX},
    number::{Decimal, Micros},
    playbook::{
        decimals::scaled,
        suggest::{did_you_mean, listed, quoted},
    },
};
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The source and what was found wrong with it so far.
pub(super) struct Reader<'s> {
    pub file: &'s str,
    pub source: &'s str,
    pub problems: Vec<Problem>,
}

/// A value with its key, as in `routing.default`.
#[derive(Clone)]
pub(super) struct Item<'t> {
    pub key: String,
    pub span: Range<usize>,
    pub value: &'t DeValue<'t>,
}

/// A table with its key, its members in the order of the source.
pub(super) struct Section<'t> {
    pub key: String,
    pub span: Range<usize>,
    pub members: Vec<(&'t str, Item<'t>)>,
}

impl Reader<'_> {
    /// Notes a problem; from [`PLAYBOOK_PROBLEMS_MAX`] on, nothing is noted any more.
    pub fn problem(&mut self, span: &Range<usize>, key: &str, message: impl Into<String>) {
        if self.is_full() {
            return;
        }
        let before = self.source.get(..span.start).unwrap_or(self.source);
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        self.problems.push(Problem {
            file: self.file.to_owned(),
            line: before.matches('\n').count() + 1,
            column: before.get(line_start..).unwrap_or_default().chars().count() + 1,
            key: key.to_owned(),
            message: message.into(),
        });
    }

    /// Whether so much is wrong that looking for near words is not worth it.
    pub fn is_full(&self) -> bool {
        self.problems.len() >= PLAYBOOK_PROBLEMS_MAX
    }
}

/// The table's members, each with its full key.
pub(super) fn section<'t>(key: String, span: Range<usize>, table: &'t DeTable<'t>) -> Section<'t> {
    let mut members: Vec<(usize, &str, Item<'_>)> = table
        .iter()
        .map(|(name, value)| {
            let name_text: &str = name.get_ref();
            let path = if key.is_empty() { bare(name_text) } else { format!("{key}.{}", bare(name_text)) };
            (name.span().start, name_text, Item { key: path, span: value.span(), value: value.get_ref() })
        })
        .collect();
    // The map is in the order of its keys; people see fields in the order of the source.
    members.sort_by_key(|(start, ..)| *start);
    Section { key, span, members: members.into_iter().map(|(_, name, item)| (name, item)).collect() }
}

/// A key as TOML writes it.
fn bare(name: &str) -> String {
    let is_bare =
        !name.is_empty() && name.len() <= NAME_CHARS_MAX && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
    if is_bare { name.to_owned() } else { quoted(name) }
}

impl<'t> Section<'t> {
    /// The member of that name.
    pub fn get(&self, name: &str) -> Option<&Item<'t>> {
        self.members.iter().find(|(member, _)| *member == name).map(|(_, item)| item)
    }

    /// The member of that name; a problem if there is none.
    pub fn required(&self, reader: &mut Reader<'_>, name: &str, example: &str) -> Option<&Item<'t>> {
        let found = self.get(name);
        if found.is_none() {
            let key = if self.key.is_empty() { name.to_owned() } else { format!("{}.{name}", self.key) };
            reader.problem(&self.span, &key, format!("is missing; write for example {example}"));
        }
        found
    }

    /// A problem for every member that is none of these.
    pub fn only(&self, reader: &mut Reader<'_>, known: &[&str]) {
        for (name, item) in &self.members {
            if !known.contains(name) && !reader.is_full() {
                let near = did_you_mean(name, known.iter().copied());
                let end = if near.is_empty() { "." } else { "" };
                reader.problem(&item.span, &item.key, format!("is no key here{near}{end} One of {}", listed(known.iter().copied())));
            }
        }
    }
}

/// What a value is, for messages.
fn kind_of(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

impl<'t> Item<'t> {
    /// Notes a problem with this value.
    pub fn problem(&self, reader: &mut Reader<'_>, message: impl Into<String>) {
        reader.problem(&self.span, &self.key, message);
    }

    fn expected<T>(&self, reader: &mut Reader<'_>, what: &str) -> Option<T> {
        self.problem(reader, format!("must be {what}, and is {}", kind_of(self.value)));
        None
    }

    /// A table.
    pub fn section(&self, reader: &mut Reader<'_>, example: &str) -> Option<Section<'t>> {
        match self.value {
            DeValue::Table(table) => Some(section(self.key.clone(), self.span.clone(), table)),
            _ => self.expected(reader, &format!("a table such as {example}")),
        }
    }

    /// A list, each element with the key `list[i]`.
    pub fn list(&self, reader: &mut Reader<'_>, example: &str) -> Option<Vec<Item<'t>>> {
        let element = |(i, value): (usize, &'t Spanned<DeValue<'t>>)| Item {
            key: format!("{}[{i}]", self.key),
            span: value.span(),
            value: value.get_ref(),
        };
        match self.value {
            DeValue::Array(items) => Some(items.iter().enumerate().map(element).collect()),
            _ => self.expected(reader, &format!("a list such as {example}")),
        }
    }

    /// A text that says something, for people.
    pub fn text(&self, reader: &mut Reader<'_>) -> Option<String> {
        let DeValue::String(text) = self.value else { return self.expected(reader, "a text in quotes") };
        if text.trim().is_empty() {
            self.problem(reader, "is empty");
        } else if text.contains('\0') {
            self.problem(reader, "holds the character U+0000, which no text may");
        } else if text.len() > PLAYBOOK_TEXT_BYTES_MAX {
            self.problem(reader, format!("has {} bytes; at most {PLAYBOOK_TEXT_BYTES_MAX} are taken", text.len()));
        } else {
            return Some(text.clone().into_owned());
        }
        None
    }

    /// A name: one line, trimmed, not too long.
    pub fn name(&self, reader: &mut Reader<'_>) -> Option<String> {
        let DeValue::String(text) = self.value else { return self.expected(reader, "a text in quotes") };
        match name_fault(text) {
            None => Some(text.clone().into_owned()),
            Some(message) => {
                self.problem(reader, message);
                None
            }
        }
    }

    /// A list of 1 to `count_max` different names.
    pub fn names(&self, reader: &mut Reader<'_>, count_max: usize, example: &str) -> Option<Vec<String>> {
        let items = self.list(reader, example)?;
        if items.len() > count_max {
            self.problem(reader, format!("has {} items; at most {count_max} are taken", items.len()));
            return None;
        }
        let mut seen = std::collections::BTreeSet::new();
        let mut whole = true;
        let mut names = Vec::with_capacity(items.len());
        for item in &items {
            match item.name(reader) {
                Some(name) if seen.insert(name.clone()) => names.push(name),
                Some(name) => {
                    item.problem(reader, format!("{} is there twice", quoted(&name)));
                    whole = false;
                }
                None => whole = false,
            }
        }
        whole.then_some(names)
    }

    /// One of some words.
    pub fn word<T: Copy>(&self, reader: &mut Reader<'_>, what: &str, words: &[(&str, T)]) -> Option<T> {
        let known = || words.iter().map(|(word, _)| *word);
        let DeValue::String(text) = self.value else { return self.expected(reader, &format!("one of {}", listed(known()))) };
        let found = words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
        if found.is_none() {
            let near = did_you_mean(text, known());
            let end = if near.is_empty() { "." } else { "" };
            self.problem(reader, format!("{} is no {what}{near}{end} One of {}", quoted(text), listed(known())));
        }
        found
    }

    /// `true` or `false`.
    pub fn boolean(&self, reader: &mut Reader<'_>) -> Option<bool> {
        match self.value {
            DeValue::Boolean(value) => Some(*value),
            _ => self.expected(reader, "true or false"),
        }
    }

    /// A whole number within a range.
    pub fn integer(&self, reader: &mut Reader<'_>, from: u64, to: u64) -> Option<u64> {
        let parsed = match self.value {
            DeValue::Integer(n) => u64::from_str_radix(n.as_str().trim_start_matches('+'), n.radix()).ok(),
            _ => None,
        };
        let found = parsed.filter(|n| (from..=to).contains(n));
        if found.is_none() {
            self.problem(reader, format!("must be a whole number from {from} to {to}"));
        }
        found
    }

    /// A number, or a decimal as a text: exact in both forms, for it is read as it is written.
    pub fn decimal(&self, reader: &mut Reader<'_>) -> Option<Decimal> {
        let found = as_decimal(self.value);
        if found.is_none() {
            let digits = Decimal::DIGITS_MAX;
            self.problem(reader, format!("must be a number of at most {digits} digits, as in 2.5 or \"2.5\""));
        }
        found
    }

    /// A number from 0 to 1, in billionths.
    pub fn share(&self, reader: &mut Reader<'_>) -> Option<u32> {
        let found = as_decimal(self.value)
            .and_then(|d| scaled(&d, 9))
            .and_then(|n| u32::try_from(n).ok())
            .filter(|n| *n <= crate::number::ONE_BILLIONTHS);
        if found.is_none() {
            self.problem(reader, "must be a share from 0 to 1 with at most 9 decimals, as in 0.05");
        }
        found
    }

    /// A cost from 0, in millionths of the team's unit.
    pub fn cost(&self, reader: &mut Reader<'_>) -> Option<i64> {
        let found = as_decimal(self.value)
            .and_then(|d| scaled(&d, 6))
            .and_then(|n| i64::try_from(n).ok())
            .filter(|n| (0..=crate::limits::INTEGER_MAX).contains(n));
        if found.is_none() {
            self.problem(reader, "must be a cost from 0 with at most 6 decimals, as in 1.5");
        }
        found
    }

    /// A duration such as `"90s"`, in microseconds.
    pub fn duration(&self, reader: &mut Reader<'_>, from: Micros, to: Micros) -> Option<Micros> {
        let DeValue::String(text) = self.value else {
            return self.expected(reader, "a duration in quotes such as \"90s\", \"15m\", \"4h\" or \"3d\"");
        };
        let Some(micros) = as_duration(text) else {
            self.problem(
                reader,
                format!("{} is no duration: write a whole number and s, m, h or d, as in \"90s\", \"15m\", \"4h\" or \"3d\"", quoted(text)),
            );
            return None;
        };
        if !(from..=to).contains(&micros) {
            self.problem(reader, format!("must be from {} to {}", said(from), said(to)));
            return None;
        }
        Some(micros)
    }
}

/// Why a text is no name, if it is none.
pub(in crate::playbook) fn name_fault(text: &str) -> Option<String> {
    if text.trim().is_empty() {
        Some("is empty".into())
    } else if text.trim() != text {
        Some(format!("{} begins or ends with a space", quoted(text)))
    } else if text.contains(char::is_control) {
        Some(format!("{} holds a control character", quoted(text)))
    } else if text.chars().count() > NAME_CHARS_MAX {
        Some(format!("{} has more than {NAME_CHARS_MAX} characters", quoted(text)))
    } else {
        None
    }
}

fn as_decimal(value: &DeValue<'_>) -> Option<Decimal> {
    match value {
        DeValue::Integer(n) if n.radix() == 10 => Decimal::parse(n.as_str()).ok(),
        DeValue::Integer(n) => i64::from_str_radix(n.as_str(), n.radix()).ok().and_then(|n| Decimal::parse(&n.to_string()).ok()),
        DeValue::Float(n) => Decimal::parse(n.as_str()).ok(),
        DeValue::String(text) => Decimal::parse(text).ok(),
        _ => None,
    }
}

const UNITS: [(char, i64); 4] = [('d', 86_400_000_000), ('h', 3_600_000_000), ('m', 60_000_000), ('s', 1_000_000)];

fn as_duration(text: &str) -> Option<Micros> {
    let (_, unit) = UNITS.iter().find(|(letter, _)| text.ends_with(*letter))?;
    let count = text.get(..text.len() - 1)?;
    let plain = !count.is_empty() && count.bytes().all(|b| b.is_ascii_digit());
    plain.then(|| count.parse::<i64>().ok()?.checked_mul(*unit)).flatten()
}

/// A duration in its largest whole unit.
fn said(micros: Micros) -> String {
    match UNITS.iter().find(|(_, unit)| micros != 0 && micros % unit == 0) {
        Some((letter, unit)) => format!("\"{}{letter}\"", micros / unit),
        None => format!("\"{}s\"", micros / 1_000_000),
    }
}
