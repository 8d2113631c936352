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
    special::normal_quantile,
};
use rayon::prelude::*;
use std::collections::BTreeMap;

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

/// The chance that any condition of noise joins a conjunction, in a whole search in which nothing but its parents differs.
const JOINS_FALSELY: f64 = 0.05;

/// Conditions of noise that a whole search may be expected to suggest by themselves. Few enough for the confirming half to have
/// hardly any to refuse, and lax enough to leave it something to do: it is there that the false discovery rate is held.
const SUGGESTED_FALSELY: f64 = 1.0;

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
    /// Factor of standard errors where rows hang together.
    alike: f64,
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
        let alike = alike(rows, target, half);
        (sums.0 >= HALF_ROWS_MIN as u64).then_some(Self { target, present, plus, minus, sums, alike })
    }

    /// How many standard errors the mean of these rows lies above that of the others; `None` below the support.
    fn z(&self, within: Sums, support: u64) -> Option<f64> {
        if within.0 < support { None } else { self.apart(within, self.sums) }
    }

    /// How many standard errors the mean of some rows lies above that of the others of these; `None` where nothing varies.
    fn apart(&self, (n, plus, minus): Sums, (all, all_plus, all_minus): Sums) -> Option<f64> {
        if n == 0 || n >= all {
            return None;
        }
        let mean = |plus: u64, minus: u64, n: u64| (plus as f64 - minus as f64) / n as f64;
        let outside = mean(all_plus - plus, all_minus - minus, all - n);
        let total = mean(all_plus, all_minus, all);
        let variance = (all_plus + all_minus) as f64 / all as f64 - total * total;
        let error = math::sqrt(variance * (1.0 / n as f64 + 1.0 / (all - n) as f64)) * self.alike;
        (error > 0.0).then(|| (mean(plus, minus, n) - outside) / error)
    }
}

/// By how much rows of one cluster being alike widens standard errors (the root of the design effect; Kish 1965); 1 without clusters.
/// Of conditions that hold for whole clusters or for none; those that vary within them are held to more than they need to be.
fn alike(rows: &Rows<'_>, target: Target, half: &[u32]) -> f64 {
    if rows.clusters.is_empty() {
        return 1.0;
    }
    let known = || half.iter().filter_map(|row| Some((rows.clusters.get(*row as usize)?, f64::from(value(rows, target, *row as usize)?))));
    let mean = math::sum(known().map(|(_, value)| value)) / (known().count().max(1) as f64);
    let mut residuals: BTreeMap<u32, f64> = BTreeMap::new();
    for (cluster, value) in known() {
        *residuals.entry(*cluster).or_default() += value - mean;
    }
    let between = math::sum(residuals.values().map(|sum| sum * sum));
    let within = math::sum(known().map(|(_, value)| (value - mean) * (value - mean)));
    if within > 0.0 { math::sqrt(between / within).max(1.0) } else { 1.0 }
}

/// How much a suggestion must stand out. Grows with the logarithm of what is tried: the best of many conditions of noise looks
/// like something.
#[derive(Debug, Clone, Copy)]
struct Bar {
    /// Standard errors by which a suggestion differs from elsewhere.
    stands_min: f64,
    /// A condition stays in a conjunction only if, among the rows that fulfil all others, those that fulfil it differ from those that
    /// do not by so many standard errors: the confirming half tests regions as wholes, and would let it pass.
    earned_min: f64,
}

impl Bar {
    /// For so many conditions, each tried for so many targets and directions, and joined to as many parents as the beam is wide.
    fn of(conditions: usize, beams: usize, width: usize) -> Self {
        let tries = (conditions * beams).max(1) as f64;
        let beyond = |chance: f64| -normal_quantile(chance.min(0.5));
        Self { stands_min: beyond(SUGGESTED_FALSELY / tries), earned_min: beyond(JOINS_FALSELY / (tries * width.max(1) as f64)) }
    }
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
    let measures: Vec<Measure> = targets.into_iter().filter_map(|target| Measure::new(rows, target, &halves.search)).collect();
    let bar = Bar::of(conditions.len(), 2 * measures.len(), options.beam);
    let mut out = Vec::new();
    for measure in &measures {
        for better in [false, true] {
            out.extend(beam(measure, better, &conditions, support, bar, options));
        }
    }
    out
}

/// The best distinct conjunctions for one target and direction.
fn beam(measure: &Measure, better: bool, conditions: &[Candidate], support: u64, bar: Bar, options: &Options) -> Vec<Suggestion> {
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
                let earned = from.parts.is_empty() || sign * measure.apart(within, from.within)? >= bar.earned_min;
                // A condition that hardly stands out alone may do so together with another.
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
    let mut found: Vec<Suggestion> =
        found.into_par_iter().map(|grown| pruned(&all, grown, conditions, measure, sign, bar.earned_min)).collect();
    found.retain(|suggestion| suggestion.z >= bar.stands_min);
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
    out.z = measure.apart(out.within, measure.sums).map_or(0.0, |z| sign * z);
    out
}

/// Without the conditions that the others make needless: a beam grows from what stands out first, which may explain nothing in
/// the end.
fn pruned(all: &Suggestion, mut from: Suggestion, conditions: &[Candidate], measure: &Measure, sign: f64, earned_min: f64) -> Suggestion {
    while from.parts.len() > 1 {
        let without = (0..from.parts.len()).map(|at| {
            let parts: Vec<usize> = from.parts.iter().enumerate().filter(|(place, _)| *place != at).map(|(_, part)| *part).collect();
            let rest = joined(all, &parts, conditions, measure, sign);
            (measure.apart(from.within, rest.within).map_or(0.0, |z| sign * z), rest)
        });
        match without.min_by(|a, b| a.0.total_cmp(&b.0)) {
            Some((earned, rest)) if earned < earned_min => from = rest,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_grows_with_the_logarithm_of_what_is_tried() {
        let bars: Vec<Bar> = [10, 100, 1_000, 10_000, 100_000].map(|conditions| Bar::of(conditions, 2, 12)).into();
        for pair in bars.windows(2) {
            assert!(pair[0].earned_min < pair[1].earned_min && pair[0].stands_min < pair[1].stands_min);
        }
        // The square grows by about 2 ln 10 = 4.6 for every tenfold.
        let square = |at: usize| bars[at].earned_min * bars[at].earned_min;
        assert!((1..5).all(|at| (4.0..5.0).contains(&(square(at) - square(at - 1)))), "{bars:?}");
        assert!(bars.iter().all(|bar| bar.earned_min > bar.stands_min));
        assert_eq!(Bar::of(0, 0, 0).stands_min, 0.0);
    }
}
