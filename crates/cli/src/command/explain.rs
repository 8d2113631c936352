//! `explain`: why a case went where it went, derived anew from what the ledger recorded.

use super::case::find;
use crate::{arguments::Global, exit::Exit, node::Node};
use anyhow::Result;

/// What `explain` is asked for.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The case: its id, or PLAYBOOK/EXTERNAL-ID
    #[arg(required_unless_present = "all")]
    pub case: Option<String>,
    /// Derives every route of the workspace again, and names those that come out otherwise
    #[arg(long, conflicts_with = "case")]
    pub all: bool,
}

/// Explains; fails where the recorded route cannot be derived again.
pub async fn run(global: &Global, Arguments { case, all: _ }: Arguments) -> Result<()> {
    let node = Node::open(global).await?;
    let Some(case) = case else { return all(node).await };
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

async fn all(node: Node) -> Result<()> {
    let explained = node.workspace.explain_all(&|_, _| {}).await?;
    let text = format!(
        "{} routes, {} of which read a track record: {} derived again to the last bit, {} not",
        explained.routes,
        explained.measured,
        explained.routes - explained.different,
        explained.different
    );
    node.out.either(&explained, &text)?;
    for what in &explained.differences {
        node.out.say(what);
    }
    node.close().await;
    match explained.different {
        0 => Ok(()),
        different => Err(Exit::Unverified.because(format!("{different} routes cannot be derived again"))),
    }
}
