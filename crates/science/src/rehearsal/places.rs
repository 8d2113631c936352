//! Regions in which one is better than the other. Searches nothing itself: [`crate::region`] does.

use crate::{
    region::{self, Column, Rows, Target, Values},
    rehearsal::{
        data::{Data, Feature, NONE, Options},
        findings::{Region, Who},
    },
};

/// Columns that are searched at most.
const COLUMNS_MAX: usize = 40;
/// Rows that are searched at most; more find nothing else.
const ROWS_MAX: usize = 200_000;
/// Not known whether right.
const UNKNOWN: u8 = 2;

/// The finding; empty where nothing was confirmed.
pub(super) fn regions(data: &Data, options: &Options, ai: &[u32], notes: &mut Vec<String>) -> Vec<Region> {
    let Some(truth) = &data.truth else { return Vec::new() };
    let step = data.len().div_ceil(ROWS_MAX).max(1);
    let pick = |values: &[u32]| values.iter().copied().step_by(step).collect::<Vec<u32>>();
    let right = |labels: Option<&Vec<u32>>| -> Vec<u8> {
        let one = |(label, truth): (&u32, &u32)| if *label == NONE { UNKNOWN } else { u8::from(label == truth) };
        labels.map(|l| l.iter().zip(truth).step_by(step).map(one).collect()).unwrap_or_default()
    };
    let machine: Vec<u8> = ai.iter().zip(truth).step_by(step).map(|(a, t)| u8::from(a == t)).collect();
    let owned: Vec<(&str, Thinned<'_>)> = data
        .features
        .iter()
        .take(COLUMNS_MAX)
        .map(|(name, feature)| {
            let values = match feature {
                Feature::Numeric(values) => Thinned::Numbers(values.iter().copied().step_by(step).collect()),
                Feature::Categorical(codes) => Thinned::Categories(pick(&codes.codes), &codes.names),
            };
            (name.as_str(), values)
        })
        .collect();
    if owned.is_empty() {
        return Vec::new();
    }
    let columns: Vec<Column<'_>> = owned.iter().map(|(name, values)| Column { name, values: values.view() }).collect();
    let clusters = data.item.as_ref().or(data.person.as_ref()).map(|codes| pick(&codes.codes)).unwrap_or_default();
    let rows = Rows {
        columns: &columns,
        ai: &machine,
        people: &right(data.human.as_ref()),
        pair: &right(data.observed.as_ref()),
        clusters: &clusters,
    };
    let names = owned.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
    notes.push(format!("regions were searched in {names}: what is not known when a case comes in should not be among them (--region)"));
    match region::find(&rows, &region::Options { seed: options.seed, ..region::Options::default() }) {
        Ok(found) => {
            notes.extend(found.notes);
            found.regions.into_iter().map(told).collect()
        }
        Err(error) => {
            notes.push(format!("no regions: {error}"));
            Vec::new()
        }
    }
}

/// A feature's rows.
enum Thinned<'a> {
    Numbers(Vec<f64>),
    Categories(Vec<u32>, &'a [String]),
}

impl Thinned<'_> {
    fn view(&self) -> Values<'_> {
        match self {
            Self::Numbers(values) => Values::Numbers(values),
            Self::Categories(codes, labels) => Values::Categories { codes, labels },
        }
    }
}

fn told(found: region::Region) -> Region {
    let better = match (found.target, found.better) {
        (Target::AiOverPeople, true) => Some(Who::Ai),
        (Target::AiOverPeople, false) => Some(Who::Human),
        _ => match (&found.ai, &found.people) {
            (Some(ai), Some(people)) if ai.low > people.high => Some(Who::Ai),
            (Some(ai), Some(people)) if people.low > ai.high => Some(Who::Human),
            _ => None,
        },
    };
    Region {
        conditions: found.text,
        sentence: found.sentence,
        n: found.n,
        human: found.people,
        ai: found.ai,
        observed_pair: found.pair,
        better,
        p: found.q,
    }
}
