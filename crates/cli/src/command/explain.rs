//! `explain`: why a case went where it went, derived anew from what the ledger recorded.

use super::case::find;
use crate::{arguments::Global, exit::Exit, node::Node};
use anyhow::Result;

/// What `explain` is asked for.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The case: its id, or PLAYBOOK/EXTERNAL-ID
    pub case: String,
}

/// Explains; fails where the recorded route cannot be derived again.
pub async fn run(global: &Global, Arguments { case }: Arguments) -> Result<()> {
    let node = Node::open(global).await?;
    let case = find(&node, &case).await?;
    let explanation = node.workspace.case_explain(case, None).await?;
    node.out.either(&explanation, &explanation.sentence)?;
    let matches = explanation.matches;
    if matches && !node.out.json {
        node.out.line("Derived again from what was recorded: the same to the last bit.")?;
    }
    node.close().await;
    if matches {
        return Ok(());
    }
    let difference = explanation.difference.unwrap_or_default();
    Err(Exit::Unverified.because(format!("the recorded route cannot be derived again: {difference}")))
}
