//! What trees ask about: numbers as they are, and marks, which a case has or has not: a word in any of its texts, a category's value, a flag. Which
//! marks a model asks about is chosen on the rows that it learns from, and on no others.

use crate::{
    Input, Value,
    text::feature::{Block, Features},
};
use countersign_science::math::ln;
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// Marks that a model asks about at most: those that tell most about the answer.
pub(super) const MARKS_MAX: usize = 256;
/// Rows that have a mark, at least, for it to be asked about.
const MARK_ROWS_MIN: u32 = 3;
/// Steps that a number is cut into at most.
const STEPS_MAX: usize = 255;
/// The step of a number that is not there.
pub(super) const MISSING: u8 = u8::MAX;

/// A mark: the bucket of a hashed word or fact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mark {
    pub bucket: u32,
    /// The field whose value it is; none for a word, which may stand in any text.
    pub field: Option<String>,
}

/// What a model asks about: numbers come first, then marks.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Columns {
    /// Fields.
    pub numbers: Vec<String>,
    /// In ascending order of their buckets.
    pub marks: Vec<Mark>,
}

impl Columns {
    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.numbers.len() + self.marks.len()
    }
}

/// Rows as trees read them, before it is chosen what is asked about.
pub(crate) struct Table {
    /// Fields that are numbers in any row.
    names: Vec<String>,
    /// By field and row; NaN where there is none.
    numbers: Vec<Vec<f64>>,
    /// By row: buckets of its marks, ascending, each once.
    marks: Vec<Vec<u32>>,
    /// Which field a fact is the value of.
    facts: BTreeMap<u32, String>,
}

/// What is read of one case.
pub(crate) struct Read {
    /// Buckets of single words and facts, ascending, each once.
    pub marks: Vec<u32>,
    /// Of these, which field a fact is the value of, by its place in the input.
    pub facts: Vec<(u32, u32)>,
}

/// Marks of an input. `features` is used again for the next one.
pub(crate) fn read(features: &mut Features, input: &Input) -> Read {
    features.read(input);
    let number = |field: u32| input.fields.get(field as usize).is_some_and(|field| matches!(field.value, Value::Number(_)));
    let (mut marks, mut facts) = (Vec::new(), Vec::new());
    for one in &features.occurrences {
        let Some(token) = features.tokens.get(one.token as usize) else { continue };
        match one.block {
            // A number is asked about as it is.
            Block::Facts if number(token.field) => {}
            Block::Facts => {
                marks.push(one.bucket);
                facts.push((one.bucket, token.field));
            }
            Block::Words if !one.pair => marks.push(one.bucket),
            Block::Words | Block::Pieces => {}
        }
    }
    marks.sort_unstable();
    marks.dedup();
    Read { marks, facts }
}

/// A field's number in an input; NaN where there is none.
pub(crate) fn number(input: &Input, name: &str) -> f64 {
    let of = input.fields.iter().find(|field| field.name == name);
    match of.map(|field| &field.value) {
        Some(Value::Number(number)) if number.is_finite() => *number,
        _ => f64::NAN,
    }
}

impl Table {
    pub(crate) fn of(inputs: &[&Input]) -> Self {
        let is_number = |input: &&Input| -> Vec<String> {
            input.fields.iter().filter(|field| matches!(field.value, Value::Number(_))).map(|field| field.name.clone()).collect()
        };
        let names: Vec<String> = inputs.iter().flat_map(is_number).collect::<BTreeSet<_>>().into_iter().collect();
        let numbers = names.par_iter().map(|name| inputs.iter().map(|input| number(input, name)).collect()).collect();
        let read: Vec<Read> = inputs
            .par_chunks(256)
            .flat_map_iter(|chunk| {
                let mut features = Features::default();
                chunk.iter().map(|input| read(&mut features, input)).collect::<Vec<_>>()
            })
            .collect();
        let mut facts = BTreeMap::new();
        let mut marks = Vec::with_capacity(read.len());
        for (input, read) in inputs.iter().zip(read) {
            for (bucket, field) in read.facts {
                if let Some(field) = input.fields.get(field as usize) {
                    facts.entry(bucket).or_insert_with(|| field.name.clone());
                }
            }
            marks.push(read.marks);
        }
        Self { names, numbers, marks, facts }
    }

    /// Whether no row has anything to ask about.
    pub(crate) fn is_empty(&self) -> bool {
        self.names.is_empty() && self.marks.iter().all(Vec::is_empty)
    }

    /// What is asked about by a model that learns from the rows at `chosen`: every number, and the marks that tell most about the answers there.
    pub(crate) fn columns(&self, chosen: &[usize], labels: &[u32], classes: usize) -> Columns {
        let mut counts: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        let mut all = vec![0u32; classes];
        for row in chosen {
            let Some(class) = labels.get(*row).map(|label| *label as usize) else { continue };
            if let Some(slot) = all.get_mut(class) {
                *slot += 1;
            }
            for bucket in self.marks.get(*row).map(Vec::as_slice).unwrap_or_default() {
                if let Some(slot) = counts.entry(*bucket).or_insert_with(|| vec![0; classes]).get_mut(class) {
                    *slot += 1;
                }
            }
        }
        let rows: u32 = all.iter().sum();
        let told = |with: &Vec<u32>| {
            let present: u32 = with.iter().sum();
            let without: Vec<u32> = all.iter().zip(with).map(|(all, with)| all - with).collect();
            (present >= MARK_ROWS_MIN && present < rows).then(|| bits(&all) - bits(with) - bits(&without))
        };
        let mut gains: Vec<(f64, u32)> = counts.iter().filter_map(|(bucket, with)| Some((told(with)?, *bucket))).collect();
        // Of equals the lower bucket.
        gains.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        gains.truncate(MARKS_MAX);
        let mut buckets: Vec<u32> = gains.into_iter().map(|(_, bucket)| bucket).collect();
        buckets.sort_unstable();
        let mark = |bucket: u32| Mark { bucket, field: self.facts.get(&bucket).cloned() };
        Columns { numbers: self.names.clone(), marks: buckets.into_iter().map(mark).collect() }
    }

    /// The rows at `chosen` in the steps that a tree is grown by.
    pub(crate) fn binned(&self, chosen: &[usize], columns: &Columns) -> Binned {
        let steps = |values: &Vec<f64>| Steps::of(chosen.iter().map(|row| values.get(*row).copied().unwrap_or(f64::NAN)).collect());
        let numbers: Vec<Steps> = self.numbers.par_iter().map(steps).collect();
        let mut marks = vec![Vec::new(); columns.marks.len()];
        for (at, row) in chosen.iter().enumerate() {
            for bucket in self.marks.get(*row).map(Vec::as_slice).unwrap_or_default() {
                if let Ok(place) = columns.marks.binary_search_by_key(bucket, |mark| mark.bucket)
                    && let Some(rows) = marks.get_mut(place)
                {
                    rows.push(at as u32);
                }
            }
        }
        Binned { rows: chosen.len(), numbers, marks }
    }

    /// A row's values by column; NaN where a number is missing, 1 or 0 for a mark.
    pub(crate) fn values(&self, row: usize, columns: &Columns) -> Vec<f64> {
        let mut out: Vec<f64> = self.numbers.iter().map(|values| values.get(row).copied().unwrap_or(f64::NAN)).collect();
        let marks = self.marks.get(row).map(Vec::as_slice).unwrap_or_default();
        out.extend(columns.marks.iter().map(|mark| f64::from(u8::from(marks.binary_search(&mark.bucket).is_ok()))));
        out
    }
}

/// Rows times their entropy, in nats.
fn bits(counts: &[u32]) -> f64 {
    let n: f64 = counts.iter().map(|count| f64::from(*count)).sum();
    let part = |count: &u32| if *count == 0 { 0.0 } else { f64::from(*count) * ln(f64::from(*count) / n) };
    -counts.iter().map(part).sum::<f64>()
}

/// A number of every row, by the step that it lies in.
pub(crate) struct Steps {
    /// Ascending: a value is in the first step whose edge it does not exceed, or beyond all.
    pub edges: Vec<f64>,
    pub of: Vec<u8>,
}

impl Steps {
    fn of(values: Vec<f64>) -> Self {
        let mut sorted: Vec<f64> = values.iter().copied().filter(|value| !value.is_nan()).collect();
        sorted.sort_by(f64::total_cmp);
        let mut distinct = sorted.clone();
        distinct.dedup();
        let middle = |a: f64, b: f64| {
            let middle = a + (b - a) / 2.0;
            // Neighbours so close that there is nothing between them: the lower one is the edge.
            if middle < b { middle } else { a }
        };
        let edges = if distinct.len() <= STEPS_MAX {
            distinct.windows(2).filter_map(|pair| Some(middle(*pair.first()?, *pair.get(1)?))).collect()
        } else {
            let mut edges: Vec<f64> = Vec::with_capacity(STEPS_MAX - 1);
            for n in 1..STEPS_MAX {
                let at = n * sorted.len() / STEPS_MAX;
                let (Some(a), Some(b)) = (sorted.get(at.saturating_sub(1)), sorted.get(at)) else { continue };
                if a < b && edges.last().is_none_or(|last| last < a) {
                    edges.push(middle(*a, *b));
                } else if a == b {
                    // Many rows have the same: the step ends behind them.
                    let next = distinct.partition_point(|value| value <= a);
                    if let Some(next) = distinct.get(next)
                        && edges.last().is_none_or(|last| last < a)
                    {
                        edges.push(middle(*a, *next));
                    }
                }
            }
            edges
        };
        let step = |value: &f64| if value.is_nan() { MISSING } else { edges.partition_point(|edge| edge < value) as u8 };
        let of = values.iter().map(step).collect();
        Self { edges, of }
    }
}

/// Rows in the steps that a tree is grown by.
pub(crate) struct Binned {
    pub rows: usize,
    pub numbers: Vec<Steps>,
    /// By mark, the rows that have it, ascending.
    pub marks: Vec<Vec<u32>>,
}
