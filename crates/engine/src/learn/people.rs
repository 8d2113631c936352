//! What people are right in, and how they take advice: only as far as `people_metrics` allows that it is kept at all.

use super::{
    partition,
    row::{Members, Row, Rows},
};
use crate::track::{Cell, PersonRecord, TrackRecord};
use countersign_core::event::PeopleMetrics;

/// Fills in the people.
pub(super) fn fill(record: &mut TrackRecord, rows: &Rows, window: &[&Row], metrics: PeopleMetrics) {
    if matches!(metrics, PeopleMetrics::Off | PeopleMetrics::Aggregate) {
        return;
    }
    let regions = partition::with_rest(&record.regions);
    let members: Vec<Members> = regions.iter().map(|region| rows.members(region)).collect();
    let empty = |person| PersonRecord {
        person,
        unaided: vec![Cell::default(); regions.len()],
        turned_right: Cell::default(),
        kept_right: Cell::default(),
    };
    let mut people: Vec<PersonRecord> = rows.people.iter().copied().map(empty).collect();
    for row in window {
        let Some(truth) = row.truth else { continue };
        let region = members.iter().position(|members| members.has(row));
        for given in &row.alone {
            let Some(person) = people.get_mut(usize::from(given.person)) else { continue };
            if let Some(cell) = region.and_then(|at| person.unaided.get_mut(at)) {
                cell.add(given.answer == truth);
            }
            let then = row.after_own.iter().find(|then| then.person == given.person);
            if let (Some(then), Some(advice)) = (then, row.said.first().filter(|_| row.said.len() == 1)) {
                let kept = then.answer == truth;
                match (given.answer == truth, advice.answer == truth) {
                    (false, true) => person.turned_right.add(kept),
                    (true, false) => person.kept_right.add(kept),
                    _ => {}
                }
            }
        }
    }
    people.retain(|person| person.unaided.iter().any(|cell| cell.n > 0));
    people.sort_unstable_by_key(|person| person.person);
    record.people = people;
}
