//! Conditions in plain words, made from columns. Never looks at who was right.

use super::bits::Bits;
use serde::{Deserialize, Serialize};

/// Cut points of a number column: its deciles.
const CUTS: usize = 9;

/// Values of a category column, or words of a text column, that become conditions: the most frequent ones.
const VALUES_MAX: usize = 40;

/// Characters of a number in a condition beyond which it is rounded.
const DIGITS: i32 = 4;

/// A column that conditions can be made of.
#[derive(Debug, Clone, Copy)]
pub struct Column<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its values.
    pub values: Values<'a>,
}

/// The values of a column.
#[derive(Debug, Clone, Copy)]
pub enum Values<'a> {
    /// Numbers; NaN is a missing one.
    Numbers(&'a [f64]),
    /// Codes with their labels; a code without a label is a missing value.
    Categories {
        /// One a row.
        codes: &'a [u32],
        /// One a code.
        labels: &'a [String],
    },
    /// For text: the words of each row, as codes.
    Words {
        /// One list a row.
        rows: &'a [Vec<u32>],
        /// One word a code.
        vocabulary: &'a [String],
    },
    /// Yes or no.
    Flags(&'a [bool]),
}

impl Values<'_> {
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Numbers(values) => values.len(),
            Self::Categories { codes, .. } => codes.len(),
            Self::Words { rows, .. } => rows.len(),
            Self::Flags(values) => values.len(),
        }
    }
}

/// A simple condition on one column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Condition {
    /// The number is above.
    Above {
        /// The column.
        column: String,
        /// The bound, which does not belong.
        value: f64,
    },
    /// The number is at most.
    AtMost {
        /// The column.
        column: String,
        /// The bound, which belongs.
        value: f64,
    },
    /// The category is this one.
    Is {
        /// The column.
        column: String,
        /// The category.
        value: String,
    },
    /// The text contains a word, or does not.
    Word {
        /// The column.
        column: String,
        /// The word.
        value: String,
        /// Whether it is there.
        there: bool,
    },
    /// The flag holds, or does not.
    Flag {
        /// The column.
        column: String,
        /// Whether it holds.
        holds: bool,
    },
    /// There is no value.
    Missing {
        /// The column.
        column: String,
    },
}

impl Condition {
    /// In words: `priors_count > 5`.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::Above { column, value } => format!("{column} > {}", number(*value)),
            Self::AtMost { column, value } => format!("{column} <= {}", number(*value)),
            Self::Is { column, value } => format!("{column} = {value}"),
            Self::Word { column, value, there: true } => format!("{column} contains {value:?}"),
            Self::Word { column, value, there: false } => format!("{column} does not contain {value:?}"),
            Self::Flag { column, holds: true } => column.clone(),
            Self::Flag { column, holds: false } => format!("not {column}"),
            Self::Missing { column } => format!("{column} is missing"),
        }
    }

    fn column(&self) -> &str {
        match self {
            Self::Above { column, .. }
            | Self::AtMost { column, .. }
            | Self::Is { column, .. }
            | Self::Word { column, .. }
            | Self::Flag { column, .. }
            | Self::Missing { column } => column,
        }
    }

    /// Whether it is about this column.
    pub(super) fn is_of(&self, column: &str) -> bool {
        self.column() == column
    }

    /// Whether both together say more than either alone: two bounds of a number do when they leave a band, two words do.
    pub(super) fn goes_with(&self, other: &Self) -> bool {
        if self.column() != other.column() {
            return true;
        }
        match (self, other) {
            (Self::Above { value: low, .. }, Self::AtMost { value: high, .. })
            | (Self::AtMost { value: high, .. }, Self::Above { value: low, .. }) => low < high,
            (Self::Word { value: a, .. }, Self::Word { value: b, .. }) => a != b,
            _ => false,
        }
    }
}

fn number(value: f64) -> String {
    if value.fract() == 0.0 || value == 0.0 {
        return format!("{value}");
    }
    let digits = (DIGITS - 1 - (crate::math::ln(value.abs()) / std::f64::consts::LN_10).floor() as i32).clamp(0, 12) as usize;
    let text = format!("{value:.digits$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// A condition with the rows of the searching half for which it holds.
#[derive(Debug, Clone)]
pub(super) struct Candidate {
    pub condition: Condition,
    pub rows: Bits,
}

/// All conditions of a column that hold for at least `support` of the given rows, and not for all.
pub(super) fn of_column(column: &Column<'_>, rows: &[u32], support: u64) -> Vec<Candidate> {
    let name = || column.name.to_owned();
    let mut out = Vec::new();
    let mut take = |condition: Condition, holds: &dyn Fn(usize) -> bool| {
        let bits = Bits::of(rows.len(), |at| rows.get(at).is_some_and(|row| holds(*row as usize)));
        let count = bits.len();
        if count >= support && count < rows.len() as u64 {
            out.push(Candidate { condition, rows: bits });
        }
    };
    match column.values {
        Values::Numbers(values) => {
            let at = |row: usize| values.get(row).copied().unwrap_or(f64::NAN);
            for cut in cuts(rows.iter().map(|row| at(*row as usize)).filter(|value| !value.is_nan()).collect()) {
                take(Condition::Above { column: name(), value: cut }, &|row| at(row) > cut);
                take(Condition::AtMost { column: name(), value: cut }, &|row| at(row) <= cut);
            }
            take(Condition::Missing { column: name() }, &|row| at(row).is_nan());
        }
        Values::Categories { codes, labels } => {
            let at = |row: usize| codes.get(row).copied().unwrap_or(u32::MAX);
            for code in frequent(rows.iter().map(|row| at(*row as usize)), labels.len()) {
                if let Some(label) = labels.get(code as usize) {
                    take(Condition::Is { column: name(), value: label.clone() }, &|row| at(row) == code);
                }
            }
            take(Condition::Missing { column: name() }, &|row| at(row) as usize >= labels.len());
        }
        Values::Words { rows: words, vocabulary } => {
            let of = |row: usize| words.get(row).map(Vec::as_slice).unwrap_or_default();
            let all = rows.iter().flat_map(|row| of(*row as usize).iter().copied());
            for code in frequent(all, vocabulary.len()) {
                if let Some(word) = vocabulary.get(code as usize) {
                    let condition = |there| Condition::Word { column: name(), value: word.clone(), there };
                    take(condition(true), &|row| of(row).contains(&code));
                    take(condition(false), &|row| !of(row).contains(&code));
                }
            }
        }
        Values::Flags(values) => {
            for holds in [true, false] {
                take(Condition::Flag { column: name(), holds }, &|row| values.get(row) == Some(&holds));
            }
        }
    }
    out
}

/// Deciles, without repetition and without the largest value (above which is nothing).
fn cuts(mut values: Vec<f64>) -> Vec<f64> {
    values.sort_by(f64::total_cmp);
    let mut cuts: Vec<f64> = (1..=CUTS).filter_map(|at| values.get(at * values.len() / (CUTS + 1)).copied()).collect();
    // Of few distinct values (a count, a grade) every one is a cut.
    let mut distinct = values.clone();
    distinct.dedup();
    if distinct.len() <= 2 * CUTS {
        cuts = distinct;
    }
    cuts.dedup();
    cuts.retain(|cut| values.last().is_some_and(|last| cut < last));
    cuts
}

/// The most frequent codes below `count`, most frequent first (the smaller code of equals).
fn frequent(codes: impl Iterator<Item = u32>, count: usize) -> Vec<u32> {
    let mut counts = vec![0u64; count];
    for code in codes {
        if let Some(count) = counts.get_mut(code as usize) {
            *count += 1;
        }
    }
    let mut order: Vec<u32> = (0..count as u32).filter(|code| counts.get(*code as usize).is_some_and(|count| *count > 0)).collect();
    order.sort_by_key(|code| std::cmp::Reverse(counts.get(*code as usize).copied().unwrap_or(0)));
    order.truncate(VALUES_MAX);
    order
}
