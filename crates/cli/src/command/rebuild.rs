//! `rebuild`: the projections anew from the events, beside the old ones, then swapped.

use crate::{arguments::Global, node::Node, out::counted, reality};
use anyhow::Result;

/// Rebuilds.
pub async fn run(global: &Global) -> Result<()> {
    let node = Node::open(global).await?;
    let watch = reality::stopwatch();
    let events = node.workspace.projections_rebuild().await?;
    let seconds = watch.elapsed().as_secs_f64();
    node.out.either(
        &serde_json::json!({ "events": events, "seconds": seconds }),
        format!("Rebuilt the projections from {} in {seconds:.1} s", counted(events, "event", "events")),
    )?;
    node.close().await;
    Ok(())
}
