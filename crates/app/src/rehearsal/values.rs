//! What the values of a column mean: labels, or probabilities of the positive class. Opens no file.

use super::Error;
use countersign_columns::{Category, Column, MISSING};
use countersign_science::rehearsal::{CLASSES_MAX, Codes, NONE};
use std::collections::HashMap;

/// Words that stand for a missing value in a column of labels.
const MISSING_WORDS: &[&str] = &["nan", "na", "n/a", "null", "none", ""];
/// Of so many rows a few more than this share of whole numbers up to ten is a scale from 1 to 10.
const SCALE_MAX: f64 = 10.0;
/// Labels that say "yes" by themselves.
const POSITIVE_WORDS: &[&str] = &["1", "true", "yes", "y", "positive", "pos"];
/// Distinct values that are named in a sentence.
const SHOWN_MAX: usize = 6;
/// Different values of a group column.
pub(super) const GROUP_WORDS_MAX: usize = 200;

/// A column as labels, before the classes are known: distinct words, and an index for each row ([`NONE`]: missing).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Words {
    /// Distinct words, in the order in which they came up.
    pub words: Vec<String>,
    /// An index into `words`, or [`NONE`].
    pub codes: Vec<u32>,
}

/// A word as it is compared: `1.0` and `1` are one label.
fn canonical(word: &str) -> String {
    let word = word.trim();
    match word.parse::<f64>() {
        Ok(number) if number.is_finite() => plain(number),
        _ => word.to_owned(),
    }
}

fn plain(number: f64) -> String {
    if number == 0.0 { "0".to_owned() } else { number.to_string() }
}

fn is_missing(word: &str) -> bool {
    MISSING_WORDS.iter().any(|m| word.trim().eq_ignore_ascii_case(m))
}

/// Reads a column as labels.
///
/// # Errors
/// Where it has more different values than there can be classes.
pub fn words(name: &str, column: &Column) -> Result<Words, Error> {
    let mut out = Words::default();
    match column {
        Column::Category(Category { codes, labels }) => {
            let mut index: HashMap<String, u32> = HashMap::new();
            let mut of = Vec::with_capacity(labels.len().min(CLASSES_MAX));
            for label in labels.iter() {
                of.push(if is_missing(label) { NONE } else { code(&mut out.words, &mut index, canonical(label)) });
                too_many(name, &out.words, labels.len())?;
            }
            out.codes = codes.iter().map(|c| if *c == MISSING { NONE } else { of.get(*c as usize).copied().unwrap_or(NONE) }).collect();
        }
        Column::Number(values) => {
            let mut index: HashMap<u64, u32> = HashMap::new();
            out.codes.reserve(values.len());
            for value in values {
                if value.is_nan() {
                    out.codes.push(NONE);
                    continue;
                }
                // 0.0 and -0.0 are one label.
                let bits = if *value == 0.0 { 0 } else { value.to_bits() };
                let next = out.words.len() as u32;
                let label = *index.entry(bits).or_insert(next);
                if label == next {
                    out.words.push(plain(*value));
                    too_many(name, &out.words, 0)?;
                }
                out.codes.push(label);
            }
        }
    }
    Ok(out)
}

fn code(words: &mut Vec<String>, index: &mut HashMap<String, u32>, word: String) -> u32 {
    let next = words.len() as u32;
    let label = *index.entry(word.clone()).or_insert(next);
    if label == next {
        words.push(word);
    }
    label
}

fn too_many(name: &str, words: &[String], known: usize) -> Result<(), Error> {
    if words.len() <= CLASSES_MAX {
        return Ok(());
    }
    let count = if known > CLASSES_MAX { known.to_string() } else { format!("more than {CLASSES_MAX}") };
    let some: Vec<&str> = words.iter().take(SHOWN_MAX).map(String::as_str).collect();
    Err(Error::input(format!(
        "column {name:?} has {count} different values ({}, ..): that is an identifier, a text or a measurement, and no answer. \
         Name a column of labels with at most {CLASSES_MAX} classes",
        some.join(", ")
    )))
}

/// The numbers of a column, with NaN where missing; `None` where it holds words.
#[must_use]
pub fn numbers(column: &Column) -> Option<Vec<f64>> {
    match column {
        Column::Number(values) => Some(values.clone()),
        Column::Category(Category { codes, labels }) => {
            let parsed: Vec<f64> = labels
                .iter()
                .map(|label| if is_missing(label) { Some(f64::NAN) } else { label.trim().parse().ok().filter(|v: &f64| v.is_finite()) })
                .collect::<Option<_>>()?;
            Some(codes.iter().map(|c| parsed.get(*c as usize).copied().unwrap_or(f64::NAN)).collect())
        }
    }
}

/// The words of several columns of labels as one list of classes: numbers by size, words by alphabet, `positive` words last of
/// two. `given` stands over all.
///
/// # Errors
/// Where a column shares no word with the first (labels of different kinds), or holds one that was not given.
pub fn classes(given: &[String], columns: &[(&str, &Words)]) -> Result<Vec<String>, Error> {
    if !given.is_empty() {
        let given: Vec<String> = given.iter().map(|word| canonical(word)).collect();
        for (name, column) in columns {
            if let Some(other) = column.words.iter().find(|word| !given.contains(word)) {
                return Err(Error::input(format!("column {name:?} holds {other:?}, which is none of the classes {}", given.join(", "))));
            }
        }
        if let Some(twice) = given.iter().enumerate().find(|(i, word)| given.iter().take(*i).any(|w| w == *word)) {
            return Err(Error::usage(format!("--classes names {:?} twice", twice.1)));
        }
        return Ok(given);
    }
    if let Some((first, reference)) = columns.first() {
        for (name, column) in columns.iter().skip(1) {
            let shared = column.words.iter().any(|word| reference.words.contains(word));
            if !shared && !column.words.is_empty() && !reference.words.is_empty() {
                return Err(Error::input(format!(
                    "column {first:?} holds {} and column {name:?} holds {}: they have no label in common, so which answer is right \
                     cannot be told. Write both in the same labels",
                    some(&reference.words),
                    some(&column.words)
                )));
            }
        }
    }
    let mut all: Vec<String> = Vec::new();
    for word in columns.iter().flat_map(|(_, column)| &column.words) {
        if !all.contains(word) {
            all.push(word.clone());
        }
    }
    if all.len() > CLASSES_MAX {
        return Err(Error::input(format!("there are {} different labels; at most {CLASSES_MAX} classes are taken", all.len())));
    }
    order(&mut all);
    Ok(all)
}

fn order(words: &mut Vec<String>) {
    let number = |word: &String| word.parse::<f64>().ok();
    if words.iter().all(|word| number(word).is_some()) {
        words.sort_by(|a, b| number(a).unwrap_or(0.0).total_cmp(&number(b).unwrap_or(0.0)));
    } else {
        words.sort();
    }
    if let [first, _] = words.as_slice()
        && POSITIVE_WORDS.contains(&first.to_lowercase().as_str())
    {
        words.swap(0, 1);
    }
}

/// A few words for a sentence.
fn some(words: &[String]) -> String {
    let more = if words.len() > SHOWN_MAX { ", .." } else { "" };
    format!("{}{more}", words.iter().take(SHOWN_MAX).map(|w| format!("{w:?}")).collect::<Vec<_>>().join(", "))
}

impl Words {
    /// Labels as indices into the classes.
    #[must_use]
    pub fn labels(&self, classes: &[String]) -> Vec<u32> {
        let of: Vec<u32> = self.words.iter().map(|word| classes.iter().position(|c| c == word).map_or(NONE, |at| at as u32)).collect();
        self.codes.iter().map(|code| of.get(*code as usize).copied().unwrap_or(NONE)).collect()
    }

    /// As names with codes; what is missing gets a name of its own.
    #[must_use]
    pub fn named(self) -> Codes {
        let Self { mut words, mut codes } = self;
        if codes.contains(&NONE) {
            let missing = words.len() as u32;
            words.push("(missing)".to_owned());
            codes.iter_mut().filter(|code| **code == NONE).for_each(|code| *code = missing);
        }
        Codes { codes, names: words }
    }
}

/// How numbers are read as a probability of the positive class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    /// From 0 to 1.
    Unit,
    /// From 0 to 100.
    Percent,
    /// Whole numbers from 1 to 10.
    Ten,
}

impl Scale {
    /// Which of them the numbers are.
    ///
    /// # Errors
    /// Where they are none: negative, or beyond 100.
    pub fn of(name: &str, values: &[f64]) -> Result<Self, Error> {
        let known = values.iter().copied().filter(|v| !v.is_nan());
        let (low, high, whole) =
            known.fold((f64::INFINITY, f64::NEG_INFINITY, true), |(l, h, w), v| (l.min(v), h.max(v), w && v.fract() == 0.0));
        if low >= 0.0 && high <= 1.0 {
            Ok(Self::Unit)
        } else if whole && low >= 1.0 && high <= SCALE_MAX {
            Ok(Self::Ten)
        } else if low >= 0.0 && high <= 100.0 {
            Ok(Self::Percent)
        } else {
            Err(Error::input(format!(
                "column {name:?} runs from {low} to {high}: these are no probabilities (0 to 1, or 0 to 100). If they are logits, turn \
                 them into probabilities first: p = 1 / (1 + exp(-x)), or the softmax over the classes"
            )))
        }
    }

    /// A number as a probability.
    #[must_use]
    pub fn probability(self, value: f64) -> f64 {
        match self {
            Self::Unit => value,
            Self::Percent => value / 100.0,
            Self::Ten => (value - 0.5) / SCALE_MAX,
        }
    }

    /// In words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Unit => "0 to 1",
            Self::Percent => "0 to 100",
            Self::Ten => "a score from 1 to 10, as (score - 0.5) / 10",
        }
    }
}

/// Rows of probabilities, each divided by its sum.
///
/// # Errors
/// Where a value is negative or beyond 1 (logits), or a row does not sum to about 1.
pub fn distributions(names: &[String], columns: &[Vec<f64>], rows: usize) -> Result<Vec<f64>, Error> {
    /// Rounded probabilities may miss 1 by so much.
    const SUM_MISS_MAX: f64 = 0.02;
    let mut out = Vec::with_capacity(rows * columns.len());
    for row in 0..rows {
        let start = out.len();
        for (name, column) in names.iter().zip(columns) {
            let p = column.get(row).copied().unwrap_or(f64::NAN);
            if !p.is_nan() && !(0.0..=1.0 + SUM_MISS_MAX).contains(&p) {
                return Err(Error::input(format!(
                    "column {name:?}, row {}: {p} is no probability. If these are logits, turn them into probabilities first: the \
                     softmax over the classes of a row",
                    row + 1
                )));
            }
            out.push(p);
        }
        let values = out.get_mut(start..).unwrap_or_default();
        let sum: f64 = values.iter().sum();
        if sum.is_nan() {
            continue;
        }
        if (sum - 1.0).abs() > SUM_MISS_MAX {
            return Err(Error::input(format!(
                "the probabilities of row {} sum to {sum:.4}, not to 1: are all classes there, and are these probabilities?",
                row + 1
            )));
        }
        values.iter_mut().for_each(|p| *p /= sum);
    }
    Ok(out)
}
