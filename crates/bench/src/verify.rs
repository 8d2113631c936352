//! Verifying a workspace: the tree beside merely reading and hashing the same bytes, and how many events a second the
//! projections are replayed from.

use crate::{
    reality,
    table::{Line, Target},
    world::{Kind, Node, Run, fill},
};
use anyhow::{Result, ensure};
use sha2::{Digest, Sha256};
use sqlx::Row;
use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

/// What is measured.
#[derive(Debug, Clone, clap::Args)]
pub struct Arguments {
    /// Cases in the workspace; there are three events of each
    #[arg(long, default_value_t = 200_000)]
    cases: usize,
}

/// Events that are read at once, as in the verification.
const EVENTS_AT_ONCE: i64 = 4_096;
const EVENT_BYTES: &str = "select bytes from events where workspace = $1 and position >= $2 order by position limit $3";

/// Measures on all engines.
pub async fn measure(run: &Run, arguments: &Arguments) -> Result<Vec<Line>> {
    let mut lines = Vec::new();
    for engine in run.engines.iter().copied() {
        let node = Node::fresh(engine).await?;
        fill(&node, Kind::Alert, arguments.cases).await?;
        let (mut reads, mut trees, mut ratios, mut replays) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let mut events = 0;
        for _ in 0..run.repeat {
            let (count, read) = read_and_hash(&node).await?;
            let (tree, replay) = verified(&node).await?;
            events = count;
            reads.push(reality::rate(count, read));
            trees.push(reality::rate(count, tree));
            ratios.push(read.as_secs_f64() / tree.as_secs_f64());
            replays.push(reality::rate(count, replay));
            eprintln!("bench: verify, {}: read and hash {read:.2?}, tree {tree:.2?}, projections {replay:.2?}", engine.name());
        }
        let line = |what: &str, figures, unit, target| Line {
            benchmark: "verify",
            engine: engine.name(),
            what: what.to_owned(),
            n: events,
            figures,
            unit,
            target,
        };
        lines.push(line("events read and hashed", reads, "/s", None));
        lines.push(line("the tree, events", trees, "/s", None));
        lines.push(line("the tree to reading and hashing", ratios, "", Some(Target::AtLeast(0.8))));
        lines.push(line("projections, events", replays, "/s", Some(Target::AtLeast(100_000.0))));
        node.close().await;
    }
    Ok(lines)
}

/// Reads the bytes of all events in order and hashes each as a leaf, and does nothing else.
async fn read_and_hash(node: &Node) -> Result<(usize, Duration)> {
    let began = reality::stopwatch();
    let workspace = node.workspace.id().0;
    let (mut count, mut all) = (0_i64, 0_u8);
    loop {
        let mut session = node.app.db().session().await?;
        macro_rules! hashed {
            ($c:expr) => {{
                let rows = sqlx::query(EVENT_BYTES).bind(workspace).bind(count).bind(EVENTS_AT_ONCE).fetch_all($c).await?;
                for row in &rows {
                    let bytes: &[u8] = row.try_get(0)?;
                    all ^= Sha256::new().chain_update([0]).chain_update(bytes).finalize().iter().fold(0, |a, b| a ^ b);
                }
                rows.len()
            }};
        }
        let read = match session.conn() {
            countersign_store::Conn::Sqlite(c) => hashed!(c),
            countersign_store::Conn::Postgres(c) => hashed!(c),
        };
        if read == 0 {
            break;
        }
        count += i64::try_from(read)?;
    }
    std::hint::black_box(all);
    Ok((usize::try_from(count)?, began.elapsed()))
}

/// Verifies, and says how long the tree and the projections took.
async fn verified(node: &Node) -> Result<(Duration, Duration)> {
    let began = reality::stopwatch();
    let tree = Mutex::new(Duration::ZERO);
    let progress = |progress: countersign_app::verify::Progress| {
        if progress.stage == "tree" {
            *tree.lock().unwrap_or_else(PoisonError::into_inner) = began.elapsed();
        }
    };
    let report = node.workspace.verify(&progress, None).await?;
    ensure!(report.ok(), "the workspace does not verify: {:?}", report.problems.first());
    let tree = tree.into_inner().unwrap_or_else(PoisonError::into_inner);
    Ok((tree, began.elapsed() - tree))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::Engine;

    #[tokio::test(flavor = "multi_thread")]
    async fn a_small_workspace_is_read_whole_and_verifies() {
        let node = Node::fresh(Engine::Sqlite).await.unwrap();
        fill(&node, Kind::Alert, 100).await.unwrap();
        let (count, _) = read_and_hash(&node).await.unwrap();
        assert_eq!(count as u64, node.workspace.info().await.unwrap().size);
        let (tree, replay) = verified(&node).await.unwrap();
        assert!(tree > Duration::ZERO && replay > Duration::ZERO);
        node.close().await;
    }
}
