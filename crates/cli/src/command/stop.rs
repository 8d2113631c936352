//! `stop` and `resume`: automation, at once. Stopping needs nobody; resuming needs a person who answers for it.

use super::person;
use crate::{
    arguments::Global,
    node::{self, Node, operator},
};
use anyhow::Result;
use countersign_app::{input::StopInput, view::StopView};
use countersign_core::id::PersonId;

/// What to stop.
#[derive(Debug, clap::Args)]
pub struct StopArguments {
    /// Only automation of one playbook
    #[arg(long, short, value_name = "NAME", conflicts_with = "proposer")]
    pub playbook: Option<String>,
    /// Only automation by one proposer
    #[arg(long, value_name = "NAME")]
    pub proposer: Option<String>,
    /// Why; stands in the ledger
    #[arg(long, default_value = "stopped on the command line")]
    pub reason: String,
}

/// What to resume.
#[derive(Debug, clap::Args)]
pub struct ResumeArguments {
    /// Only automation of one playbook
    #[arg(long, short, value_name = "NAME", conflicts_with = "proposer")]
    pub playbook: Option<String>,
    /// Only automation by one proposer
    #[arg(long, value_name = "NAME")]
    pub proposer: Option<String>,
    /// The person who answers for it: name or id
    #[arg(long)]
    pub person: String,
    /// Why; stands in the ledger
    #[arg(long)]
    pub reason: String,
}

/// Stops.
pub async fn stop(global: &Global, arguments: StopArguments) -> Result<()> {
    let node = Node::open(global).await?;
    let StopArguments { playbook, proposer, reason } = arguments;
    let stops = node.workspace.automation_stop(&operator(), StopInput { playbook, proposer, person: None, reason }).await?;
    tell(&node, &stops)?;
    node.close().await;
    Ok(())
}

/// Resumes.
pub async fn resume(global: &Global, arguments: ResumeArguments) -> Result<()> {
    let node = Node::open(global).await?;
    let ResumeArguments { playbook, proposer, person, reason } = arguments;
    let person = person::find(&node, &person).await?.person;
    let stops = node
        .workspace
        .automation_resume(&node::person(PersonId(person)), StopInput { playbook, proposer, person: Some(person), reason })
        .await?;
    tell(&node, &stops)?;
    node.close().await;
    Ok(())
}

fn tell(node: &Node, stops: &[StopView]) -> Result<()> {
    if stops.is_empty() && !node.out.json {
        return node.out.line("nothing is stopped");
    }
    node.out.table(stops, &["stopped", "name"], |stop| vec![stop.scope.clone(), stop.name.clone().unwrap_or_default()])
}
