//! Which rows a certificate, or a test for one, speaks of: the learner's view of [`crate::track::Coverage`]. It says the same of a row
//! as the router says of the case.

use super::{
    row::{Row, Said},
    rows::{Members, Rows},
};
use crate::track::{Coverage, Region};

/// What is covered, less what is excepted.
pub(super) struct Reach<'c> {
    own: Cover<'c>,
    except: Vec<Cover<'c>>,
}

struct Cover<'c> {
    of: &'c Coverage,
    /// The proposer's place; `None` where it has proposed nothing yet.
    proposer: Option<u16>,
    /// Which rows belong to the region, where many are asked about.
    members: Option<Members>,
}

impl<'c> Cover<'c> {
    fn new(of: &'c Coverage, rows: &Rows) -> Self {
        let proposer = place(rows, (&of.proposer, &of.proposer_version));
        Self { of, proposer, members: None }
    }

    fn said(&self, row: &Row) -> Option<Said> {
        let said = *row.by(self.proposer?)?;
        said.probability().is_some_and(|probability| self.of.sure(probability)).then_some(said)
    }

    fn belongs(&self, rows: &Rows, row: &Row) -> bool {
        self.members.as_ref().map_or_else(|| rows.belongs(&self.of.region, row), |members| members.has(row))
    }
}

impl<'c> Reach<'c> {
    pub(super) fn new(own: &'c Coverage, except: &'c [Coverage], rows: &Rows) -> Self {
        Self { own: Cover::new(own, rows), except: except.iter().map(|except| Cover::new(except, rows)).collect() }
    }

    /// The same, for whoever asks about many rows.
    pub(super) fn over(own: &'c Coverage, except: &'c [Coverage], rows: &Rows) -> Self {
        let mut reach = Self::new(own, except, rows);
        for cover in reach.except.iter_mut().chain([&mut reach.own]) {
            cover.members = Some(rows.members(&cover.of.region));
        }
        reach
    }

    /// What its proposer says of the row, where it is covered.
    pub(super) fn said(&self, rows: &Rows, row: &Row) -> Option<Said> {
        let said = self.own.said(row).filter(|_| self.own.belongs(rows, row))?;
        let excepted = self.except.iter().any(|except| except.said(row).is_some() && except.belongs(rows, row));
        (!excepted).then_some(said)
    }
}

/// A proposer's place in the rows.
pub(super) fn place(rows: &Rows, (name, version): (&str, &str)) -> Option<u16> {
    rows.proposers.iter().zip(0u16..).find(|((n, v), _)| n == name && v == version).map(|(_, at)| at)
}

/// A region's coverage by everything that a proposer says: for a test that has not chosen its threshold.
pub(super) fn everything(region: &Region, (name, version): &(String, String), threshold: u32, left: &[[u32; 2]]) -> Coverage {
    Coverage { region: region.clone(), proposer: name.clone(), proposer_version: version.clone(), threshold, left: left.to_vec() }
}
