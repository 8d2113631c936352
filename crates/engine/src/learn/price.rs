//! What automation costs beside people, for all that a certificate covers, or for a range of probabilities that a test may leave to
//! people. Asked when a test is fixed and when a record is made; never for a single case that is automated already, because whoever
//! picks the cheap ones out of what was tested automates something else.

use super::{
    cover::{Reach, place},
    estimate::surest,
    row::Row,
    rows::Rows,
};
use crate::{
    route::people_cost,
    track::{Issued, TrackRecord},
};
use countersign_core::{
    number::{MicroUnits, ONE_BILLIONTHS},
    playbook::Playbook,
};
use std::{cell::RefCell, collections::HashMap};

/// What cases of one kind cost under each, in micro-units in all.
#[derive(Clone, Copy, Default)]
struct Bill {
    ai: i128,
    people: i128,
}

impl Bill {
    /// Adds a case, where both prices are known. The proposer is priced by its own chance; people by how sure the surest proposal is,
    /// which is how their ways to decide are compared.
    fn add(&mut self, view: &View<'_>, row: &Row, region: u32, (proposer, probability): ((&str, &str), u32)) {
        let View { record, rows, .. } = view;
        let chance = record.proposer(proposer.0, proposer.1).map(|known| known.reliability.chance(region, probability));
        let (Some(chance), Some((_, top))) = (chance, surest(rows, record, row, region)) else { return };
        let (error, people) = (record.error_price(region, top), view.people(region, top));
        let (Some(error), Some(people)) = (error, people) else { return };
        self.ai += i128::from(error) * i128::from(ONE_BILLIONTHS - chance.min(ONE_BILLIONTHS)) / i128::from(ONE_BILLIONTHS);
        self.people += i128::from(people);
    }

    fn costlier(self) -> bool {
        self.ai > self.people
    }
}

/// What prices are asked of.
pub(super) struct View<'a> {
    pub record: &'a TrackRecord,
    pub playbook: &'a Playbook,
    pub rows: &'a Rows,
    /// What people cost, by region and chance, as far as it was asked.
    asked: RefCell<HashMap<(u32, u32), Option<MicroUnits>>>,
}

impl<'a> View<'a> {
    pub(super) fn new(record: &'a TrackRecord, playbook: &'a Playbook, rows: &'a Rows) -> Self {
        Self { record, playbook, rows, asked: RefCell::default() }
    }

    fn people(&self, region: u32, top: u32) -> Option<MicroUnits> {
        let cost = || people_cost(self.playbook, &self.record.outlook(self.playbook, region, top));
        *self.asked.borrow_mut().entry((region, top)).or_insert_with(cost)
    }
}

/// Ranges of a proposer's probability, between one point of the grid and the next, in which its errors cost more than people.
pub(super) fn left(view: &View<'_>, (name, version): (&str, &str), of: &[&Row], grid: &[u32], region: u32) -> Vec<[u32; 2]> {
    let proposer = place(view.rows, (name, version));
    let mut bills = vec![Bill::default(); grid.len()];
    for row in of {
        let Some(probability) = proposer.and_then(|at| row.by(at)?.probability()) else { continue };
        let at = grid.partition_point(|threshold| *threshold > probability);
        bills.get_mut(at).into_iter().for_each(|bill| bill.add(view, row, region, ((name, version), probability)));
    }
    let above = |at: usize| at.checked_sub(1).and_then(|at| grid.get(at)).copied().unwrap_or(ONE_BILLIONTHS + 1);
    let ranges = grid.iter().zip(bills).enumerate().filter(|(_, (_, bill))| bill.costlier());
    let mut left: Vec<[u32; 2]> = Vec::new();
    for (at, (from, _)) in ranges {
        match left.last_mut().filter(|last| last[0] == above(at)) {
            Some(last) => last[0] = *from,
            None => left.push([*from, above(at)]),
        }
    }
    left
}

/// Whether all that a certificate covers costs more than people would, by what is known now.
pub(super) fn costlier(view: &View<'_>, window: &[&Row], issued: &Issued) -> bool {
    let View { record, rows, .. } = view;
    let coverage = issued.coverage();
    let reach = Reach::over(&coverage, &issued.except, rows);
    let key = (issued.proposer.as_str(), issued.proposer_version.as_str());
    let places: Vec<_> = record.regions.iter().map(|region| rows.members(region)).collect();
    let mut bill = Bill::default();
    for row in window {
        let Some(probability) = reach.said(rows, row).and_then(|said| said.probability()) else { continue };
        let region = places.iter().position(|members| members.has(row)).unwrap_or(places.len());
        bill.add(view, row, u32::try_from(region).unwrap_or(u32::MAX), (key, probability));
    }
    bill.costlier()
}
