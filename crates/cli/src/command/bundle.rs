//! `bundle`: the evidence for one decision as one file, which anybody can verify without this database.

use crate::{arguments::Global, exit::Exit, node::Node};
use anyhow::Result;
use countersign_core::id::EventId;
use std::{fs, path::PathBuf};

/// What `bundle` is asked for.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The decision's id
    pub decision: EventId,
    /// Where to write it [default: standard output]
    #[arg(long, short, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// With the values that the events only commit to; whoever has the bundle can read them then
    #[arg(long)]
    pub open_values: bool,
}

/// Writes the bundle.
pub async fn run(global: &Global, Arguments { decision, out, open_values }: Arguments) -> Result<()> {
    let node = Node::open(global).await?;
    // A decision of a moment ago is proven by the next checkpoint, so that one is signed first.
    node.workspace.integrate().await?;
    let bytes = node.workspace.bundle(decision, open_values, None).await?;
    match &out {
        None => node.out.bytes(&bytes)?,
        Some(path) => {
            fs::write(path, &bytes).map_err(|error| Exit::Storage.because(format!("{}: {error}", path.display())))?;
            node.out.say(format!("Wrote {}. Verify it anywhere: countersign verify {}", path.display(), path.display()));
        }
    }
    node.close().await;
    Ok(())
}
