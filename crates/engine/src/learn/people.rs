//! What people are right in, and how they take advice: only as far as `people_metrics` allows that it is kept at all.

use super::{
    partition,
    row::Row,
    rows::{Members, Rows},
};
use crate::track::{Cell, PersonRecord, PersonRegion, TrackRecord};
use countersign_core::event::PeopleMetrics;
use countersign_science::reliance::contributions;

/// Fills in the people.
pub(super) fn fill(record: &mut TrackRecord, rows: &Rows, window: &[&Row], metrics: PeopleMetrics) {
    // Where their answers are taken for the truth nothing says who of them is right.
    if matches!(metrics, PeopleMetrics::Off | PeopleMetrics::Aggregate) || rows.judged {
        return;
    }
    let regions = partition::with_rest(&record.regions);
    let members: Vec<Members> = regions.iter().map(|region| rows.members(region)).collect();
    let empty = |person| PersonRecord {
        person,
        unaided: vec![Cell::default(); regions.len()],
        turned_right: Cell::default(),
        kept_right: Cell::default(),
        regions: vec![PersonRegion::default(); regions.len()],
    };
    let mut people: Vec<PersonRecord> = rows.people.iter().copied().map(empty).collect();
    for row in window {
        let Some(truth) = row.truth() else { continue };
        let region = members.iter().position(|members| members.has(row));
        let advice = row.only_said().map(|said| said.answer);
        if let (Some(region), Some(advice)) = (region, advice) {
            answers(row, (truth, advice), |person, change| {
                let cells = people.get_mut(usize::from(person)).and_then(|person| person.regions.get_mut(region));
                cells.into_iter().for_each(change);
            });
        }
        for given in &row.course().alone {
            let Some(person) = people.get_mut(usize::from(given.person)) else { continue };
            if let Some(cell) = region.and_then(|at| person.unaided.get_mut(at)) {
                cell.add(given.answer == truth);
            }
            let then = row.course().after_own.iter().find(|then| then.person == given.person);
            if let (Some(then), Some(advice)) = (then, row.only_said()) {
                let kept = then.answer == truth;
                match (given.answer == truth, advice.answer == truth) {
                    (false, true) => person.turned_right.add(kept),
                    (true, false) => person.kept_right.add(kept),
                    _ => {}
                }
            }
        }
    }
    people.retain(|person| person.unaided.iter().any(|cell| cell.n > 0) || person.regions.iter().any(|region| region.answered.n > 0));
    people.sort_unstable_by_key(|person| person.person);
    record.people = people;
}

/// Everybody's answers on a case, each in the cells that it belongs to.
fn answers(row: &Row, (truth, advice): (u16, u16), mut with: impl FnMut(u16, &mut dyn FnMut(&mut PersonRegion))) {
    // The last answer of each person: the one after advice, where there is one.
    let alone = row.course().alone.iter().filter(|given| !row.course().after_own.iter().any(|then| then.person == given.person));
    for given in row.course().after_own.iter().chain(&row.course().advised).chain(alone) {
        with(given.person, &mut |cells| {
            cells.answered.add(given.answer == truth);
            cells.ai.add(advice == truth);
        });
    }
    for then in &row.course().after_own {
        let Some(first) = row.course().alone.iter().find(|first| first.person == then.person) else { continue };
        let said = contributions(truth.into(), advice.into(), first.answer.into(), then.answer.into());
        with(then.person, &mut |cells| {
            cells.reliance.iter_mut().zip(said).filter_map(|(cell, said)| Some((cell, said?))).for_each(|(cell, said)| cell.add(said));
        });
    }
}
