//! `log`: the ledger's signed checkpoint, its keys, and the next ones.

use crate::{
    arguments::Global,
    exit::Exit,
    node::{Node, operator},
};
use anyhow::Result;
use serde_json::json;

/// What can be done with the log.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Sign and write the present checkpoint (a C2SP signed note); kept elsewhere, it proves later that nothing was rewritten
    Checkpoint,
    /// Write the key that checkpoints are signed with, for whoever verifies
    Key,
    /// Take a new key; the old one signs for it
    Rotate,
    /// Disclose the key of random draws, so that anybody can redo them, and commit to the next
    DiscloseDraws,
}

/// Does it.
pub async fn run(global: &Global, command: Command) -> Result<()> {
    let node = Node::open(global).await?;
    let (out, workspace) = (node.out, &node.workspace);
    match command {
        Command::Checkpoint => {
            workspace.integrate().await?;
            let note = workspace.checkpoint().await?.ok_or_else(|| Exit::Failed.because("the log has no checkpoint yet"))?;
            if out.json { out.value(&json!({ "checkpoint": note }))? } else { out.bytes(note.as_bytes())? }
        }
        Command::Key => {
            let key = workspace.log_key().await?;
            out.either(&json!({ "key": key }), &key)?;
        }
        Command::DiscloseDraws => {
            let epoch = workspace.draw_key_rotate(&operator()).await?;
            out.either(&json!({ "epoch": epoch }), format!("disclosed; draws are now of epoch {epoch}"))?;
        }
        Command::Rotate => {
            let key = workspace.log_key_rotate(&operator()).await?;
            workspace.integrate().await?;
            out.either(&json!({ "key": key }), &key)?;
        }
    }
    node.close().await;
    Ok(())
}
