//! Verifying a whole workspace: the tree and its signatures, the columns against the bytes, the projections against a replay.
//! Reads everything and writes nothing.

mod columns;
mod pages;
mod records;
mod tree;

use crate::{Error, Workspace};
use countersign_store as store;
use serde::Serialize;

/// At most so many problems are listed; the rest is counted.
const PROBLEMS_MAX: usize = 200;

/// How far a verification is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// What is being checked: `tree`, `replay`.
    pub stage: &'static str,
    /// Events checked so far.
    pub done: u64,
    /// Events in all.
    pub total: u64,
}

/// Something that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// `event`, `column`, `tile`, `checkpoint`, `projection`, `log`.
    pub what: &'static str,
    /// Where: a position, a tile, a row.
    pub place: String,
    /// What is wrong.
    pub detail: String,
}

/// What was found.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Report {
    /// Events read.
    pub events: u64,
    /// Tiles held against the leaves.
    pub tiles: u64,
    /// Checkpoints whose signature and root were checked.
    pub checkpoints: u64,
    /// Cases, decisions and playbooks held against a replay.
    pub rows: u64,
    /// What is wrong; at most the first 200.
    pub problems: Vec<Problem>,
    /// How many problems were found in all.
    pub problems_count: u64,
}

impl Report {
    /// Whether everything is as it should be.
    #[must_use]
    pub fn ok(&self) -> bool {
        self.problems_count == 0
    }

    pub(crate) fn problem(&mut self, what: &'static str, place: impl Into<String>, detail: impl Into<String>) {
        self.problems_count += 1;
        if self.problems.len() < PROBLEMS_MAX {
            self.problems.push(Problem { what, place: place.into(), detail: detail.into() });
        }
    }
}

impl Workspace {
    /// Verifies everything. `older` is a checkpoint from earlier, as a signed note, that the log must still contain.
    ///
    /// # Errors
    /// Where something cannot be read at all; what is merely wrong is in the report.
    pub async fn verify(&self, progress: &(dyn Fn(Progress) + Sync), older: Option<&str>) -> Result<Report, Error> {
        let mut report = Report::default();
        self.verify_tree(&mut report, progress, older).await?;
        self.verify_replay(&mut report, progress).await?;
        self.verify_records(&mut report).await?;
        Ok(report)
    }

    pub(crate) async fn head_size(&self) -> Result<u64, Error> {
        let mut session = self.inner.db.session().await?;
        let head = store::log_head::get(session.conn(), self.id.0).await?.ok_or_else(crate::control::unknown_workspace)?;
        Ok(u64::try_from(head.size).unwrap_or(0))
    }
}
