//! The logs before the present one. A restore from a backup opens a new log, since the restored copy must not sign on where the
//! old log may have gone on; the new log's first leaf holds the old one's last checkpoint, and so whoever trusts the new log
//! has it vouched for what lies under that checkpoint.
//!
//! Never looks at an earlier checkpoint's signature: the leaf says more, and the old key may since have signed another history.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{Entry, Event, collect_strings, verify_entries};
use crate::checkpoint::Checkpoint;
use crate::note::Note;

/// Most logs before the present one.
pub const EARLIER_LOGS_MAX: usize = 100;

/// Why an earlier log is refused.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum Error {
    /// The first leaf of the log after it is not among that log's entries, or does not hold its checkpoint.
    #[error("the first leaf of the log after it does not hold its checkpoint, so nothing vouches for it")]
    NotVouchedFor,
    /// Its checkpoint cannot be read.
    #[error("its checkpoint cannot be read: {0}")]
    Checkpoint(crate::checkpoint::Error),
    /// One of its entries is refused.
    #[error("{0}")]
    Entry(Box<super::Error>),
}

/// A log that a restore ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EarlierLog {
    /// Its last checkpoint, as a note, exactly as the first leaf of the log after it holds it.
    pub checkpoint: String,
    /// Events in it, by rising position. There is at least one.
    pub entries: Vec<Entry>,
}

/// All events, those of the earlier logs first, given the proven ones of the present log.
///
/// # Errors
/// Which log is refused, and why.
pub(super) fn verify(logs: &[EarlierLog], present: Vec<Event>) -> Result<Vec<Event>, (usize, Error)> {
    let mut later = vec![present];
    for (number, log) in logs.iter().enumerate().rev() {
        let refuse = |error| (number, error);
        let after = later.last().map(Vec::as_slice).unwrap_or_default();
        if !vouches(after, &log.checkpoint) {
            return Err(refuse(Error::NotVouchedFor));
        }
        let checkpoint = read(&log.checkpoint).map_err(|error| refuse(Error::Checkpoint(error)))?;
        later.push(verify_entries(number, &log.entries, &checkpoint).map_err(|error| refuse(Error::Entry(Box::new(error))))?);
    }
    later.reverse();
    Ok(later.concat())
}

/// Whether the first leaf of a log is among its proven events and holds this checkpoint as a string.
fn vouches(log: &[Event], checkpoint: &str) -> bool {
    let Some(first) = log.first().filter(|event| event.position == 0) else { return false };
    let mut strings = BTreeSet::new();
    collect_strings(&first.value, &mut strings);
    strings.contains(checkpoint)
}

/// A checkpoint whose bytes something else vouches for.
fn read(note: &str) -> Result<Checkpoint, crate::checkpoint::Error> {
    Note::parse(note)?.text().parse()
}
