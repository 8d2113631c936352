//! The lane of claims: where the database lets two transactions write at once, a claim waits neither for a batch of the writer nor
//! for its commit. It decides nothing, and writes no event.
//!
//! It never waits for a case while it holds another, so that it and the writer cannot wait for one another: what is next in a queue
//! is found past whatever is locked, and a case that is claimed by name has a transaction of its own.

use super::{ClaimJob, INTERACTIVE_BATCH_MAX, Want, Work, claims};
use crate::Inner;
use std::sync::Weak;
use tokio::sync::mpsc::Receiver;

/// Writes claims until the node is dropped or closed; what waits by then is written first.
pub(super) async fn run(inner: Weak<Inner>, mut inbox: Receiver<Work>) {
    let mut closed = None;
    while let Some(first) = inbox.recv().await {
        let Some(node) = inner.upgrade() else { return };
        let mut jobs: Vec<ClaimJob> = Vec::new();
        let mut next = Some(first);
        while let Some(work) = next.take() {
            match work {
                Work::Claim(job) => jobs.push(*job),
                Work::Close(done) => {
                    inbox.close();
                    closed = Some(done);
                }
                Work::Case(_) | Work::Atomic(_) | Work::Change(_) => tracing::error!("something else than a claim was handed in as one"),
            }
            if jobs.len() < INTERACTIVE_BATCH_MAX {
                next = inbox.try_recv().ok();
            }
        }
        perform(&node, jobs).await;
    }
    if let Some(done) = closed {
        let _ = done.send(());
    }
}

async fn perform(node: &Inner, jobs: Vec<ClaimJob>) {
    let (next, named): (Vec<_>, Vec<_>) = jobs.into_iter().partition(|job| matches!(job.want, Want::Next(_)));
    for of_one in by_workspace(next) {
        claims::perform(node, of_one).await;
    }
    for job in named {
        let found = claims::alone(node, &job).await;
        // Whoever asked may have gone away.
        let _ = job.reply.send(found);
    }
}

/// The same jobs, those of one workspace together, in their order.
fn by_workspace(jobs: Vec<ClaimJob>) -> Vec<Vec<ClaimJob>> {
    let mut groups: Vec<Vec<ClaimJob>> = Vec::new();
    for job in jobs {
        match groups.iter_mut().find(|group| group.first().is_some_and(|first| first.workspace == job.workspace)) {
            Some(group) => group.push(job),
            None => groups.push(vec![job]),
        }
    }
    groups
}
