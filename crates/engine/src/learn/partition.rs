//! Kinds of cases in which the AI, or the AI against people, is better or worse than elsewhere: found and confirmed on different halves
//! of the rows ([`countersign_science::region`]), and asked one after the other, so that each case is of one kind.

use super::{
    row::Row,
    rows::{Rows, number},
};
use crate::track::Region;
use countersign_core::{
    Content,
    number::Decimal,
    playbook::{Condition, FieldKind, Test},
};
use countersign_science::region::{Column, Condition as Found, Options, Rows as Searched, Values, find};
use serde_json::Value;

/// Kinds of cases at most. Each shares in the certainty of a promise.
pub(super) const REGIONS_MAX: usize = 6;
/// Conditions of a kind at most: people have to understand it.
const DEPTH: usize = 2;
/// Not known.
const UNKNOWN: u8 = 2;

/// The kinds of cases that these rows show, those first that stand out most.
pub(super) fn regions(rows: &Rows, window: &[&Row]) -> Vec<Region> {
    let columns: Vec<(String, Cells)> = rows
        .names
        .iter()
        .zip(0u16..)
        .map(|((name, kind), at)| (name.clone(), cells(kind, window.iter().map(|row| rows.value(row, at)))))
        .collect();
    let columns: Vec<Column<'_>> = columns.iter().map(|(name, cells)| Column { name, values: cells.values() }).collect();
    let ai: Vec<u8> = window.iter().map(|row| right(row, row.first_said().map(|said| said.answer))).collect();
    let people: Vec<u8> =
        window.iter().map(|row| right(row, row.course().alone.first().filter(|_| !rows.judged).map(|given| given.answer))).collect();
    let searched = Searched { columns: &columns, ai: &ai, people: &people, pair: &[], clusters: &[] };
    let options = Options { depth: DEPTH, beam: 8, told: 3, ..Options::default() };
    // Too few rows for two halves, or nothing to look at: then all cases are of one kind.
    let Ok(found) = find(&searched, &options) else { return Vec::new() };
    let mut regions: Vec<Region> = Vec::new();
    for region in &found.regions {
        let Some(when) = region.conditions.iter().map(condition).collect::<Option<Vec<_>>>() else { continue };
        if regions.len() < REGIONS_MAX && !regions.iter().any(|known| known.when == when) {
            let unless = regions.iter().map(|known| known.when.clone()).collect();
            regions.push(Region { when, unless });
        }
    }
    regions
}

/// The kinds with what is left over.
pub(super) fn with_rest(regions: &[Region]) -> Vec<Region> {
    let unless = regions.iter().map(|region| region.when.clone()).collect();
    regions.iter().cloned().chain([Region { when: Vec::new(), unless }]).collect()
}

fn right(row: &Row, answer: Option<u16>) -> u8 {
    match (answer, row.truth()) {
        (Some(answer), Some(truth)) => u8::from(answer == truth),
        _ => UNKNOWN,
    }
}

/// The values of a field in the form in which the search wants them.
enum Cells {
    Words { codes: Vec<u32>, labels: Vec<String> },
    Numbers(Vec<f64>),
}

impl Cells {
    fn values(&self) -> Values<'_> {
        match self {
            Self::Words { codes, labels } => Values::Categories { codes, labels },
            Self::Numbers(numbers) => Values::Numbers(numbers),
        }
    }
}

fn cells<'v>(kind: &FieldKind, values: impl Iterator<Item = Option<&'v Content>>) -> Cells {
    if *kind == FieldKind::Number {
        return Cells::Numbers(values.map(|value| value.and_then(number).unwrap_or(f64::NAN)).collect());
    }
    let mut labels: Vec<String> = Vec::new();
    let codes = values.map(|value| {
        let Some(word) = value.and_then(word) else { return u32::MAX };
        let at = labels.iter().position(|known| *known == word).unwrap_or_else(|| {
            labels.push(word);
            labels.len() - 1
        });
        u32::try_from(at).unwrap_or(u32::MAX)
    });
    let codes = codes.collect();
    Cells::Words { codes, labels }
}

fn word(content: &Content) -> Option<String> {
    match content {
        Content::Plain(Value::String(word)) => Some(word.clone()),
        Content::Plain(Value::Bool(yes)) => Some(yes.to_string()),
        _ => None,
    }
}

/// A condition in the words of the playbook; `None` where they cannot say it exactly.
fn condition(found: &Found) -> Option<Condition> {
    let decimal = |value: f64| Decimal::parse(&value.to_string()).ok();
    let (field, test) = match found {
        Found::Is { column, value } => (column, Test::Is(vec![value.clone()])),
        Found::AtMost { column, value } => (column, Test::AtMost(decimal(*value)?)),
        // Of whole numbers, above 3 is at least 4; of others it cannot be said.
        Found::Above { column, value } if value.fract() == 0.0 => (column, Test::AtLeast(decimal(value + 1.0)?)),
        _ => return None,
    };
    Some(Condition { field: field.clone(), test })
}
