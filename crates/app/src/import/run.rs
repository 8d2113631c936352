//! Sending rows into a workspace: a window of cases under way, and a report of what became of them. Never waits for one
//! case before sending the next.

use super::{BadRow, Error, Fault, Row};
use crate::{Caller, Workspace, view::Receipt};
use countersign_core::refusal::{Code, Refusal};
use serde::Serialize;
use std::{
    collections::{BTreeMap, VecDeque},
    future::Future,
};
use tokio::sync::mpsc;

/// Bad rows that a report spells out; the others are counted.
pub const BAD_ROWS_KEPT_MAX: usize = 1_000;
/// Different proposers, and different people, that a report counts one by one.
pub const NAMES_COUNTED_MAX: usize = 10_000;
/// Cases that are under way at once.
pub const WAITING_ROWS_MAX: usize = 2_048;
/// Rows that are read ahead.
const READ_AHEAD_ROWS_MAX: usize = 512;
/// How often a report is handed to whoever watches, in rows.
const PROGRESS_ROWS: u64 = 64;

/// What became of the rows.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Report {
    /// Rows read.
    pub read: u64,
    /// Cases that are new.
    pub accepted: u64,
    /// Cases that were there already, with the same content.
    pub duplicates: u64,
    /// Rows that were refused.
    pub refused: u64,
    /// The first of them, in order of being refused.
    pub bad_rows: Vec<BadRow>,
    /// Proposals of new cases, by proposer.
    pub proposals: BTreeMap<String, u64>,
    /// Judgments of new cases, by person.
    pub judgments: BTreeMap<String, u64>,
    /// New cases with a past decision.
    pub decisions: u64,
    /// New cases with an outcome.
    pub outcomes: u64,
}

/// What a row would add to the report, kept while it is under way.
struct Parts {
    line: u64,
    proposers: Vec<String>,
    people: Vec<String>,
    decision: bool,
    outcome: bool,
}

impl Parts {
    fn of(row: &Row) -> Self {
        let history = row.input.history.as_ref();
        Self {
            line: row.line,
            proposers: row.input.proposals.iter().map(|p| p.proposer.clone()).collect(),
            people: history.iter().flat_map(|h| h.judgments.iter().map(|j| j.person.clone())).collect(),
            decision: history.is_some_and(|h| h.decision.is_some()),
            outcome: history.is_some_and(|h| h.outcome.is_some()),
        }
    }
}

impl Report {
    fn add_bad(&mut self, bad: BadRow) {
        self.refused += 1;
        if self.bad_rows.len() < BAD_ROWS_KEPT_MAX {
            self.bad_rows.push(bad);
        }
    }

    fn add(&mut self, parts: Parts, result: Result<Receipt, crate::Error>) -> Result<(), Error> {
        match result {
            Ok(receipt) if receipt.status == "duplicate" => self.duplicates += 1,
            Ok(_) => {
                self.accepted += 1;
                self.decisions += u64::from(parts.decision);
                self.outcomes += u64::from(parts.outcome);
                count(&mut self.proposals, parts.proposers);
                count(&mut self.judgments, parts.people);
            }
            // The row is to blame, not the node: the others go on.
            Err(crate::Error::Refused(refusal)) if !matches!(refusal.code, Code::Busy | Code::Storage | Code::Internal) => {
                self.add_bad(bad_row(parts.line, refusal));
            }
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }
}

fn count(counts: &mut BTreeMap<String, u64>, names: Vec<String>) {
    for name in names {
        if counts.len() < NAMES_COUNTED_MAX || counts.contains_key(&name) {
            *counts.entry(name).or_default() += 1;
        }
    }
}

/// A refusal as a bad row: the pointer into the case becomes the column.
#[must_use]
pub fn bad_row(line: u64, refusal: Refusal) -> BadRow {
    let column = refusal.field.map(|field| field.strip_prefix("/fields/").unwrap_or_else(|| field.trim_start_matches('/')).to_owned());
    BadRow { line, column: column.filter(|c| !c.is_empty()), reason: refusal.detail }
}

impl Workspace {
    /// Opens a case for every row. Cases with an external id that are there already are left as they are, so that an import
    /// that broke off can be run again.
    ///
    /// `progress` is called now and then with what is known so far.
    ///
    /// # Errors
    /// Where the file cannot be read any further or the storage fails; what was accepted until then stays.
    pub async fn import<I>(&self, caller: &Caller, rows: I, mut progress: impl FnMut(&Report)) -> Result<Report, Error>
    where
        I: Iterator<Item = Result<Row, Fault>> + Send + 'static,
    {
        let mut report = Report::default();
        let mut waiting = VecDeque::with_capacity(WAITING_ROWS_MAX);
        let mut failed = None;
        let mut rows = read_ahead(rows);
        while let Some(row) = rows.recv().await {
            report.read += 1;
            match row {
                Ok(row) => {
                    let parts = Parts::of(&row);
                    match self.case_submit_bulk(caller, row.input).await {
                        Ok(pending) => waiting.push_back((parts, pending)),
                        Err(error) => report.add(parts, Err(error))?,
                    }
                }
                Err(Fault::Row(bad)) => report.add_bad(bad),
                Err(Fault::Source(error)) => {
                    report.read -= 1;
                    failed = Some(error);
                }
            }
            settle(&mut report, &mut waiting, WAITING_ROWS_MAX).await?;
            if report.read.is_multiple_of(PROGRESS_ROWS) {
                progress(&report);
            }
        }
        settle(&mut report, &mut waiting, 0).await?;
        progress(&report);
        match failed {
            Some(error) => Err(error),
            None => Ok(report),
        }
    }
}

/// Awaits the oldest cases under way until at most `keep` are left.
async fn settle<F>(report: &mut Report, waiting: &mut VecDeque<(Parts, F)>, keep: usize) -> Result<(), Error>
where
    F: Future<Output = Result<Receipt, crate::Error>> + Unpin,
{
    while waiting.len() > keep {
        if let Some((parts, pending)) = waiting.pop_front() {
            report.add(parts, pending.await)?;
        }
    }
    Ok(())
}

/// Reads rows on a thread of their own: files block.
fn read_ahead<I>(rows: I) -> mpsc::Receiver<Result<Row, Fault>>
where
    I: Iterator<Item = Result<Row, Fault>> + Send + 'static,
{
    let (sender, receiver) = mpsc::channel(READ_AHEAD_ROWS_MAX);
    drop(tokio::task::spawn_blocking(move || {
        for row in rows {
            if sender.blocking_send(row).is_err() {
                break;
            }
        }
    }));
    receiver
}
