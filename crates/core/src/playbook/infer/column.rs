//! What the cells and the header of one CSV column suggest. Never looks at another column.

use crate::{
    number::Decimal,
    playbook::{
        FieldKind,
        decimals::{compare, scaled},
        parse::{SCORE_PLACES_MAX, name_fault},
    },
    time::parse_rfc3339,
};
use std::collections::BTreeSet;

/// Different words that are still taken for a category.
const CATEGORY_WORDS_MAX: usize = 30;
/// Different words that are looked at.
const DISTINCT_WORDS_MAX: usize = 1_000;

/// A column with what its cells have in common.
pub(super) struct Column<'a> {
    pub header: &'a str,
    pub words: Vec<String>,
    /// Cells that are not empty.
    pub filled: usize,
    pub has_empty: bool,
    /// Different cells, at most [`DISTINCT_WORDS_MAX`] of them.
    pub distinct: BTreeSet<&'a str>,
    pub bytes_max: usize,
    pub is_number: bool,
    pub is_share: bool,
    is_time: bool,
    is_json: bool,
    is_line: bool,
    mails: usize,
    /// Whether a number is at least 0.
    pub is_positive: bool,
}

impl<'a> Column<'a> {
    pub fn new(header: &'a str, index: usize, rows: &'a [Vec<String>]) -> Self {
        let mut column = Self {
            header,
            words: words(header),
            filled: 0,
            has_empty: false,
            distinct: BTreeSet::new(),
            bytes_max: 0,
            is_number: true,
            is_share: true,
            is_time: true,
            is_json: true,
            is_line: true,
            mails: 0,
            is_positive: true,
        };
        for row in rows {
            match row.get(index).map(String::as_str) {
                None | Some("") => column.has_empty = true,
                Some(cell) => column.look_at(cell),
            }
        }
        column
    }

    fn look_at(&mut self, cell: &'a str) {
        self.filled += 1;
        self.bytes_max = self.bytes_max.max(cell.len());
        if self.distinct.len() < DISTINCT_WORDS_MAX {
            self.distinct.insert(cell);
        }
        if self.is_number {
            let number = Decimal::parse(cell).ok().map(|d| d.to_f64());
            self.is_number = number.is_some();
            self.is_positive &= number.is_some_and(|n| n >= 0.0);
            self.is_share &= number.is_some_and(|n| (0.0..=1.0).contains(&n));
        }
        self.is_time = self.is_time && parse_rfc3339(cell).is_ok();
        self.is_json = self.is_json && cell.starts_with(['{', '[']) && serde_json::from_str::<serde::de::IgnoredAny>(cell).is_ok();
        self.is_line = self.is_line && name_fault(cell).is_none();
        self.mails +=
            usize::from(cell.split_once('@').is_some_and(|(name, host)| !name.is_empty() && host.contains('.') && !host.contains(' ')));
    }

    /// Whether the header has one of these words.
    pub fn says(&self, any_of: &[&str]) -> bool {
        self.words.iter().any(|word| any_of.contains(&word.as_str()))
    }

    /// Whether the cells are a few words that come again. Fractions are numbers on a scale.
    pub fn is_categorical(&self) -> bool {
        let few = self.distinct.len() <= CATEGORY_WORDS_MAX && self.filled > 0;
        let whole = !self.is_number || self.distinct.iter().all(|cell| !cell.contains('.'));
        few && whole && self.is_line && (self.distinct.len() * 2 <= self.filled || self.distinct.len() <= 2)
    }

    /// Lowest and highest number, if there are two.
    pub fn range(&self) -> Option<(Decimal, Decimal)> {
        let numbers = || self.distinct.iter().filter_map(|cell| Decimal::parse(cell).ok());
        let (min, max) = (numbers().min_by(compare)?, numbers().max_by(compare)?);
        let fits = self.is_number && min != max && [&min, &max].iter().all(|d| scaled(d, SCORE_PLACES_MAX).is_some());
        fits.then_some((min, max))
    }

    /// Whether at least half of the cells are mail addresses.
    pub fn is_mail(&self) -> bool {
        self.filled > 0 && self.mails * 2 >= self.filled
    }

    fn is_boolean(&self) -> bool {
        let all = |words: [&str; 2]| self.distinct.iter().all(|cell| words.iter().any(|word| cell.eq_ignore_ascii_case(word)));
        let counts = self.says(&["count", "counts", "n", "num", "number"]);
        self.filled > 0 && (all(["true", "false"]) || (all(["0", "1"]) && self.distinct.len() == 2 && !counts))
    }

    /// What the cells hold, as far as one can tell.
    pub fn kind(&self) -> FieldKind {
        if self.filled == 0 {
            FieldKind::Text
        } else if self.is_boolean() {
            FieldKind::Boolean
        } else if self.is_number {
            FieldKind::Number
        } else if self.is_time {
            FieldKind::Time
        } else if self.is_json {
            FieldKind::Json
        } else if self.is_categorical() && self.distinct.len() >= 2 {
            FieldKind::Category { options: self.options() }
        } else {
            FieldKind::Text
        }
    }

    /// The different cells, numbers in their order.
    pub fn options(&self) -> Vec<String> {
        let mut options: Vec<String> = self.distinct.iter().map(|cell| (*cell).to_owned()).collect();
        if self.is_number {
            options.sort_by(|a, b| a.parse::<f64>().unwrap_or(0.0).total_cmp(&b.parse::<f64>().unwrap_or(0.0)));
        }
        options
    }
}

/// The words of a header: `rawScore_13b` has raw, score, 13b.
fn words(header: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut word = String::new();
    let mut was_lower = false;
    for c in header.chars() {
        if !c.is_alphanumeric() || (c.is_uppercase() && was_lower) {
            out.extend((!word.is_empty()).then(|| std::mem::take(&mut word)));
        }
        was_lower = c.is_lowercase();
        if c.is_alphanumeric() {
            word.extend(c.to_lowercase());
        }
    }
    out.extend((!word.is_empty()).then_some(word));
    out
}
