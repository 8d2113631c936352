//! What has moved: fields whose values are no longer what they were ([`psi_numbers`], [`psi_categories`]), and answers that are wrong
//! more often than they were, of each proposer and of people ([`ErrorWatches`], [`Adwin`]). It only warns: what is automated is watched
//! by its own monitors ([`super::watch`]).

use super::{
    DAY, partition,
    row::Row,
    rows::{Members, Rows, number},
};
use crate::track::{Cell, Drift, DriftOf, TrackRecord};
use countersign_core::{Content, number::Micros, playbook::FieldKind};
use countersign_science::{
    drift::{Adwin, ErrorWatches, Shift, psi_categories, psi_numbers},
    interval,
    monitor::Limits,
};
use serde_json::Value;

/// What is now: so long back.
const NOW: Micros = 7 * DAY;
/// What it is held against: so long before that.
const BEFORE: Micros = 28 * DAY;
/// Least cases now, and before.
const CASES_MIN: usize = 100;
/// Bins of a number.
const BINS: usize = 10;
/// Chance of a warning of one record although nothing has moved: of all fields together, and of all errors together.
const LEVEL: f64 = 0.01;
/// The usual rate of errors is taken to be the upper end of this interval.
const USUAL_LEVEL: f64 = 0.95;
/// Warnings at most, the first of each kind first.
const WARNINGS_MAX: usize = 20;

/// Fills in what has moved.
pub(super) fn fill(record: &mut TrackRecord, rows: &Rows, window: &[&Row], now: Micros, limits: &mut Limits) {
    let mut drift = fields(rows, now);
    drift.extend(errors(record, rows, window, limits));
    drift.truncate(WARNINGS_MAX);
    record.drift = drift;
}

/// Fields whose values have moved, over all cases that came in, decided or not.
fn fields(rows: &Rows, now: Micros) -> Vec<Drift> {
    // Not by their order: old cases may be imported long after younger ones came in.
    let opened = |from: Micros, until: Micros| rows.iter().filter(move |row| (from..until).contains(&row.opened_at));
    let after: Vec<&Row> = opened(now - NOW, Micros::MAX).collect();
    let before: Vec<&Row> = opened(now - NOW - BEFORE, now - NOW).collect();
    if after.len() < CASES_MIN || before.len() < CASES_MIN {
        return Vec::new();
    }
    let level = 1.0 - LEVEL / rows.names.len().max(1) as f64;
    let shifts = rows.names.iter().zip(0u16..).filter_map(|((name, kind), at)| {
        let value = |row: &&Row| rows.value(row, at).cloned();
        let (before, after): (Vec<_>, Vec<_>) = (before.iter().map(value).collect(), after.iter().map(value).collect());
        shift(name, kind, &before, &after, level).filter(|shift| shift.moved)
    });
    let told = shifts.filter_map(|shift| {
        // What there is more of now says more than what there is less of.
        let most = shift.bins.iter().max_by(|a, b| (a.after - a.before).total_cmp(&(b.after - b.before)))?;
        Some(Drift {
            of: DriftOf::Field,
            name: shift.field.clone(),
            part: most.label.clone(),
            before: billionths(most.before),
            after: billionths(most.after),
            cases: after.len() as u64,
            index: Some(billionths(shift.index)),
        })
    });
    told.collect()
}

fn shift(name: &str, kind: &FieldKind, before: &[Option<Content>], after: &[Option<Content>], level: f64) -> Option<Shift> {
    if *kind == FieldKind::Number {
        let numbers = |of: &[Option<Content>]| -> Vec<f64> { of.iter().map(|v| v.as_ref().and_then(number).unwrap_or(f64::NAN)).collect() };
        return psi_numbers(name, &numbers(before), &numbers(after), BINS, level).ok();
    }
    let words = |of: &[Option<Content>]| -> Vec<String> { of.iter().map(word).collect() };
    let (before, after) = (words(before), words(after));
    psi_categories(name, before.iter().map(String::as_str), after.iter().map(String::as_str), level).ok()
}

fn word(value: &Option<Content>) -> String {
    match value {
        Some(Content::Plain(Value::String(word))) => word.clone(),
        Some(Content::Plain(other)) if !other.is_null() => other.to_string(),
        _ => "missing".into(),
    }
}

/// Someone's answers in the order in which their cases came: which part of them it is, and whether they were wrong.
struct Stream {
    of: DriftOf,
    name: String,
    parts: Vec<String>,
    answers: Vec<(Vec<usize>, bool)>,
}

/// Answers that have become wrong more often: over all by [`Adwin`], by kind of case and by answer with an e-CUSUM each.
fn errors(record: &TrackRecord, rows: &Rows, window: &[&Row], limits: &mut Limits) -> Vec<Drift> {
    // A proposer answers when a case comes. What was imported came when it came elsewhere, not when it was read in.
    let mut window = window.to_vec();
    window.sort_by_key(|row| row.opened_at);
    let regions = partition::with_rest(&record.regions);
    let members: Vec<Members> = regions.iter().map(|region| rows.members(region)).collect();
    let options: Vec<&str> = rows.labels().collect();
    let parts: Vec<String> =
        regions.iter().map(crate::track::Region::words).chain(options.iter().map(|label| format!("answered {label}"))).collect();
    let placed = |row: &Row, answer: u16| {
        let region = members.iter().position(|members| members.has(row)).unwrap_or(regions.len() - 1);
        (vec![region, regions.len() + usize::from(answer)], row.truth() != Some(answer))
    };
    let proposers = rows.proposers.iter().zip(0u16..).map(|((name, version), at)| Stream {
        of: DriftOf::Ai,
        name: format!("{name} {version}"),
        parts: parts.clone(),
        answers: window.iter().filter_map(|row| Some(placed(row, row.by(at)?.answer))).collect(),
    });
    let alone = window.iter().filter(|row| !row.ruled).filter_map(|row| Some(placed(row, row.course().alone.first()?.answer)));
    let people = Stream { of: DriftOf::People, name: "people without advice".into(), parts: parts.clone(), answers: alone.collect() };
    let streams: Vec<Stream> = proposers.chain([people]).filter(|stream| stream.answers.len() >= 2 * CASES_MIN).collect();
    let level = LEVEL / streams.len().max(1) as f64 / 2.0;
    let mut found = Vec::new();
    for stream in &streams {
        found.extend(overall(stream, level));
        found.extend(by_part(stream, level, limits));
    }
    found
}

/// The latest place at which all of someone's answers became wrong more often.
fn overall(stream: &Stream, level: f64) -> Option<Drift> {
    let mut window = Adwin::new(level).ok()?;
    let cuts = stream.answers.iter().filter_map(|(_, wrong)| window.observe(f64::from(u8::from(*wrong))).ok().flatten());
    let last = cuts.last().filter(|cut| cut.after > cut.before)?;
    Some(Drift {
        of: stream.of,
        name: stream.name.clone(),
        part: "all cases".into(),
        before: billionths(last.before),
        after: billionths(window.mean()),
        cases: window.width(),
        index: None,
    })
}

/// Parts in which errors have become more: the first half says what is usual, the second is watched.
/// What is usual, and how long it is watched, are rounded up, so that few limits have to be worked out: a rate that is taken for higher
/// than it was, and a longer watch, only warn later.
fn by_part(stream: &Stream, level: f64, limits: &mut Limits) -> Vec<Drift> {
    let half = stream.answers.len() / 2;
    let (usual, watched) = stream.answers.split_at(half);
    let mut cells = vec![Cell::default(); stream.parts.len()];
    for (places, wrong) in usual {
        places.iter().for_each(|place| cells.get_mut(*place).into_iter().for_each(|cell| cell.add(*wrong)));
    }
    let high =
        |cell: &Cell| interval::wilson(cell.right, cell.n, USUAL_LEVEL).ok().map(|rate| rounded_up(rate.high)).filter(|rate| *rate < 0.5);
    let known: Vec<(usize, f64)> = cells.iter().enumerate().filter_map(|(at, cell)| Some((at, high(cell)?))).collect();
    let names: Vec<(String, f64)> = known.iter().map(|(at, rate)| (stream.parts.get(*at).cloned().unwrap_or_default(), *rate)).collect();
    let horizon = (half.max(1) as u64).next_power_of_two();
    let Ok(mut watches) = ErrorWatches::with_limits(&names, level, horizon, limits) else { return Vec::new() };
    let mut drift = Vec::new();
    for (places, wrong) in watched {
        let seen = known.iter().enumerate().filter(|(_, (part, _))| places.contains(part)).map(|(at, _)| at);
        for warning in seen.filter_map(|at| watches.observe(at, *wrong)).collect::<Vec<_>>() {
            drift.push(Drift {
                of: stream.of,
                name: stream.name.clone(),
                part: warning.name,
                before: billionths(warning.usual),
                after: billionths(warning.errors as f64 / warning.cases.max(1) as f64),
                cases: warning.cases,
                index: None,
            });
        }
    }
    drift
}

/// A positive number rounded up to four binary places after the first: by a sixteenth of itself at most, on every machine alike.
fn rounded_up(value: f64) -> f64 {
    const PLACES: u32 = f64::MANTISSA_DIGITS - 1 - 4;
    f64::from_bits((value.to_bits() + (1 << PLACES) - 1) >> PLACES << PLACES)
}

fn billionths(share: f64) -> u32 {
    (share.clamp(0.0, 4.0) * 1e9).round() as u32
}

#[cfg(test)]
mod tests {
    use super::rounded_up;

    #[test]
    fn rounding_up_is_never_down_and_never_far() {
        for value in [1.0, 0.5, 1.0 + f64::EPSILON, 0.0317, 1e-9, 9_999.0, 0.499_999, f64::MIN_POSITIVE] {
            let up = rounded_up(value);
            assert!(value <= up && up <= value * (1.0 + 1.0 / 16.0), "{value} {up}");
            assert_eq!(rounded_up(up).to_bits(), up.to_bits());
        }
        assert_eq!((rounded_up(0.03), rounded_up(1_000.0)), (0.030_273_437_5, 1_024.0));
    }
}
