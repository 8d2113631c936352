//! When the embedded database's write-ahead log is folded back: from time to time while something is written, so that no commit has to.
//! Nothing interactive waits for it.
//!
//! The log begins anew only once nothing of it is left to fold, which does not happen by itself while cases are taken in: it would grow
//! until SQLite folds all of it inside somebody's commit. So bulk work rests for the few milliseconds that the last pages take, and
//! only where that is not enough, because people alone write so much, the writer waits.

use crate::Inner;
use countersign_store::db::Db;
use std::{
    sync::{Arc, Weak},
    time::Duration,
};
use tokio::sync::{Notify, watch};

/// How often the log is folded back while something is written.
const PERIOD: Duration = Duration::from_millis(100);
/// From so many pages (of 4 KiB) on the log is to begin anew.
const RESTART_PAGES: i64 = 8_000;
/// From so many on the writer waits for that: people alone write more than that.
const INSIDE_PAGES: i64 = 32_000;
/// How often what came in meanwhile is folded back before the log is left as long as it is for now.
const STEPS_MAX: u32 = 6;

/// Folds until the node is dropped; `rest` tells the writer that bulk work rests.
pub(super) async fn run(inner: Weak<Inner>, wrote: Arc<Notify>, rest: watch::Sender<bool>) {
    loop {
        wrote.notified().await;
        tokio::time::sleep(PERIOD).await;
        let Some(node) = inner.upgrade() else { return };
        // Failing harms nobody: the writer's own connection does it in the end.
        let _ = fold(&node.db, &rest).await;
        rest.send_replace(false);
    }
}

async fn fold(db: &Db, rest: &watch::Sender<bool>) -> Result<(), countersign_store::Error> {
    let mut folded_before = -1;
    for _ in 0..STEPS_MAX {
        let Some(log) = db.fold_beside().await? else { return Ok(()) };
        if log.pages < RESTART_PAGES || log.folded == log.pages {
            return Ok(());
        }
        if log.folded == folded_before {
            // Somebody reads what is old: it cannot be folded yet.
            return Ok(());
        }
        folded_before = log.folded;
        rest.send_replace(true);
    }
    match db.fold_beside().await? {
        Some(log) if log.pages >= INSIDE_PAGES && log.folded < log.pages => db.fold_inside().await.map(|_| ()),
        _ => Ok(()),
    }
}
