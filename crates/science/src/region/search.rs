//! The beam search on the searching half. Reports nothing: what it finds is only suggested.

use super::{
    Options, Rows, Target,
    bits::Bits,
    condition::{Candidate, Condition, of_column},
};
use crate::{
    error::{Error, Result},
    math,
    random::Random,
};
use rayon::prelude::*;

/// Rows that each half must have.
const HALF_ROWS_MIN: usize = 50;

/// A candidate that shares more than this of its rows with a better one grows to nothing new.
const BEAM_SHARED_MAX: f64 = 0.8;

/// A suggestion of which more than this lies in a better one, or the other way round, tells nothing new.
const TOLD_SHARED_MAX: f64 = 0.6;

/// A larger share of the rows is no kind of case, but what another kind leaves.
const SHARE_MAX: f64 = 0.5;

/// Rows that suggest: more make the search slower and hardly surer, and serve better on the confirming side.
const SEARCH_ROWS_MAX: usize = 1 << 18;

/// A condition stays in a conjunction only if, among the rows that fulfil all others, those that fulfil it differ from those that do
/// not by so many standard errors.
const EARNED_MIN: f64 = 3.0;

/// The rows of both halves.
pub(super) struct Halves {
    pub search: Vec<u32>,
    pub confirm: Vec<u32>,
}

/// A suggested region.
#[derive(Debug, Clone)]
pub(super) struct Suggestion {
    pub conditions: Vec<Condition>,
    pub target: Target,
    pub better: bool,
    pub z: f64,
    parts: Vec<usize>,
    rows: Bits,
    within: Sums,
}

/// Rows, those that count +1, and those that count -1.
type Sums = (u64, u64, u64);

pub(super) fn halves(rows: &Rows<'_>, options: &Options) -> Result<Halves> {
    let members = [rows.ai, rows.people, rows.pair];
    let count = members.iter().map(|member| member.len()).max().unwrap_or(0);
    if count == 0 {
        return Err(Error::cannot_say("Nobody's answers were given, so there is nothing in which one region could differ from another."));
    }
    let lengths = members.iter().map(|member| member.len()).filter(|length| *length > 0);
    let lengths = lengths.chain(rows.columns.iter().map(|column| column.values.len()));
    for length in lengths.chain([rows.clusters.len()].into_iter().filter(|length| *length > 0)) {
        if length != count {
            return Err(Error::input("rows", format!("a column has {length} rows where another has {count}")));
        }
    }
    for (at, column) in rows.columns.iter().enumerate() {
        if rows.columns.iter().take(at).any(|other| other.name == column.name) {
            return Err(Error::input("columns", format!("two of them are called {:?}", column.name)));
        }
    }
    if u32::try_from(count).is_err() {
        return Err(Error::input("rows", format!("{count} rows are more than can be searched; take a sample")));
    }
    let share = (SEARCH_ROWS_MAX as f64 / count as f64).min(0.5);
    let mut halves = Halves { search: Vec::with_capacity(count / 2), confirm: Vec::with_capacity(count / 2) };
    for row in 0..count {
        let unit = rows.clusters.get(row).map_or(row as u64, |cluster| u64::from(*cluster));
        // A cluster goes to one side as a whole, by its number alone: the order of rows plays no part.
        let searching = Random::new(options.seed, unit).uniform() < share;
        let half = if searching { &mut halves.search } else { &mut halves.confirm };
        half.push(row as u32);
    }
    if halves.search.len().min(halves.confirm.len()) < HALF_ROWS_MIN {
        return Err(Error::cannot_say(format!(
            "{count} rows make halves of {} and {}: too few to find a region on one and confirm it on the other ({HALF_ROWS_MIN} each).",
            halves.search.len(),
            halves.confirm.len()
        )));
    }
    Ok(halves)
}

/// Rows with an answer, those that count +1 and those that count -1.
pub(super) struct Measure {
    pub target: Target,
    present: Bits,
    plus: Bits,
    minus: Bits,
    sums: Sums,
}

/// The value of a row under a target: +1, 0, -1, or not known.
pub(super) fn value(rows: &Rows<'_>, target: Target, row: usize) -> Option<i8> {
    let right = |member: &[u8]| match member.get(row) {
        Some(0) => Some(0i8),
        Some(1) => Some(1),
        _ => None,
    };
    match target {
        Target::Ai => right(rows.ai),
        Target::People => right(rows.people),
        Target::Pair => right(rows.pair),
        Target::AiOverPeople => Some(right(rows.ai)? - right(rows.people)?),
    }
}

impl Measure {
    fn new(rows: &Rows<'_>, target: Target, half: &[u32]) -> Option<Self> {
        let at = |place: usize| half.get(place).and_then(|row| value(rows, target, *row as usize));
        let present = Bits::of(half.len(), |place| at(place).is_some());
        let plus = Bits::of(half.len(), |place| at(place) == Some(1));
        let minus = Bits::of(half.len(), |place| at(place) == Some(-1));
        let sums = (present.len(), plus.len(), minus.len());
        (sums.0 >= HALF_ROWS_MIN as u64).then_some(Self { target, present, plus, minus, sums })
    }

    /// How many standard errors the mean of these rows lies above that of the others; `None` below the support.
    fn z(&self, within: Sums, support: u64) -> Option<f64> {
        if within.0 < support { None } else { apart(within, self.sums) }
    }
}

/// How many standard errors the mean of some rows lies above that of the others of these; `None` where nothing varies.
fn apart((n, plus, minus): Sums, (all, all_plus, all_minus): Sums) -> Option<f64> {
    if n == 0 || n >= all {
        return None;
    }
    let mean = |plus: u64, minus: u64, n: u64| (plus as f64 - minus as f64) / n as f64;
    let outside = mean(all_plus - plus, all_minus - minus, all - n);
    let total = mean(all_plus, all_minus, all);
    let variance = (all_plus + all_minus) as f64 / all as f64 - total * total;
    let error = math::sqrt(variance * (1.0 / n as f64 + 1.0 / (all - n) as f64));
    (error > 0.0).then(|| (mean(plus, minus, n) - outside) / error)
}

pub(super) fn candidates(rows: &Rows<'_>, halves: &Halves, options: &Options) -> Vec<Suggestion> {
    let half = halves.search.len();
    let support = options.support_min.max((options.support_share_min * half as f64).ceil() as u64).max(2);
    let conditions: Vec<Candidate> = rows
        .columns
        .par_iter()
        .map(|column| of_column(column, &halves.search, support))
        .collect::<Vec<_>>()
        .into_iter()
        .flatten()
        .collect();
    let targets = [Target::Ai, Target::People, Target::Pair, Target::AiOverPeople];
    let mut out = Vec::new();
    for measure in targets.into_iter().filter_map(|target| Measure::new(rows, target, &halves.search)) {
        for better in [false, true] {
            out.extend(beam(&measure, better, &conditions, support, options));
        }
    }
    out
}

/// The best distinct conjunctions for one target and direction.
fn beam(measure: &Measure, better: bool, conditions: &[Candidate], support: u64, options: &Options) -> Vec<Suggestion> {
    let sign = if better { 1.0 } else { -1.0 };
    let all = Suggestion {
        conditions: Vec::new(),
        target: measure.target,
        better,
        z: 0.0,
        parts: Vec::new(),
        rows: measure.present.clone(),
        within: measure.sums,
    };
    let mut level: Vec<Suggestion> = vec![all.clone()];
    let mut found: Vec<Suggestion> = Vec::new();
    for _ in 0..options.depth {
        let tries: Vec<(usize, usize)> =
            (0..level.len()).flat_map(|parent| (0..conditions.len()).map(move |condition| (parent, condition))).collect();
        let mut scored: Vec<(f64, usize, usize)> = tries
            .into_par_iter()
            .filter_map(|(parent, condition)| {
                let (from, with) = (level.get(parent)?, conditions.get(condition)?);
                if !from.conditions.iter().all(|other| other.goes_with(&with.condition)) {
                    return None;
                }
                let within = from.rows.common_of(&with.rows, &measure.plus, &measure.minus);
                let z = sign * measure.z(within, support)?;
                let earned = from.parts.is_empty() || sign * apart(within, from.within)? >= EARNED_MIN;
                (z > 1.0 && earned).then_some((z, parent, condition))
            })
            .collect();
        scored.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)).then(a.2.cmp(&b.2)));
        let mut next: Vec<Suggestion> = Vec::new();
        for (_, parent, condition) in scored {
            if next.len() >= options.beam {
                break;
            }
            let Some(from) = level.get(parent) else { continue };
            let parts: Vec<usize> = from.parts.iter().copied().chain([condition]).collect();
            let grown = joined(&all, &parts, conditions, measure, sign);
            if next.iter().all(|other| shared(&other.rows, &grown.rows) <= BEAM_SHARED_MAX) {
                next.push(grown);
            }
        }
        if next.is_empty() {
            break;
        }
        found.extend(next.iter().cloned());
        level = next;
    }
    let mut found: Vec<Suggestion> = found.into_par_iter().map(|grown| pruned(&all, grown, conditions, measure, sign)).collect();
    found.sort_by(|a, b| b.z.total_cmp(&a.z).then(a.parts.cmp(&b.parts)));
    let mut kept: Vec<Suggestion> = Vec::new();
    for suggestion in found {
        let kind = suggestion.within.0 as f64 <= SHARE_MAX * measure.sums.0 as f64;
        if kind && kept.len() < 2 * options.told && kept.iter().all(|other| within(&other.rows, &suggestion.rows) <= TOLD_SHARED_MAX) {
            kept.push(suggestion);
        }
    }
    kept
}

/// The conjunction of some conditions.
fn joined(all: &Suggestion, parts: &[usize], conditions: &[Candidate], measure: &Measure, sign: f64) -> Suggestion {
    let mut out = Suggestion { parts: parts.to_vec(), ..all.clone() };
    for part in parts.iter().filter_map(|part| conditions.get(*part)) {
        out.rows = out.rows.and(&part.rows);
        out.conditions.push(part.condition.clone());
    }
    out.within = (out.rows.len(), out.rows.common(&measure.plus), out.rows.common(&measure.minus));
    out.z = apart(out.within, measure.sums).map_or(0.0, |z| sign * z);
    out
}

/// Without the conditions that the others make needless: a beam grows from what stands out first, which may explain nothing in
/// the end.
fn pruned(all: &Suggestion, mut from: Suggestion, conditions: &[Candidate], measure: &Measure, sign: f64) -> Suggestion {
    while from.parts.len() > 1 {
        let without = (0..from.parts.len()).map(|at| {
            let parts: Vec<usize> = from.parts.iter().enumerate().filter(|(place, _)| *place != at).map(|(_, part)| *part).collect();
            let rest = joined(all, &parts, conditions, measure, sign);
            (apart(from.within, rest.within).map_or(0.0, |z| sign * z), rest)
        });
        match without.min_by(|a, b| a.0.total_cmp(&b.0)) {
            Some((earned, rest)) if earned < EARNED_MIN => from = rest,
            _ => break,
        }
    }
    from
}

/// Rows in both by rows in either.
fn shared(a: &Bits, b: &Bits) -> f64 {
    let both = a.common(b) as f64;
    both / (a.len() as f64 + b.len() as f64 - both).max(1.0)
}

/// Rows in both by rows in the smaller one.
fn within(a: &Bits, b: &Bits) -> f64 {
    a.common(b) as f64 / (a.len().min(b.len()) as f64).max(1.0)
}
