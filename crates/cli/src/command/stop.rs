//! `stop` and `resume`: automation, at once. Stopping needs nobody; resuming needs two people who answer for it, where two are there.

use super::person;
use crate::{
    arguments::Global,
    node::{self, Node, operator},
    out::one_line,
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
    /// Who asks, or confirms what somebody else asked for: name or id
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
    let about = playbook.clone().or_else(|| proposer.clone());
    let stops = node
        .workspace
        .automation_resume(&node::person(PersonId(person)), StopInput { playbook, proposer, person: Some(person), reason })
        .await?;
    tell(&node, &stops)?;
    if stops.iter().any(|stop| stop.name == about && stop.resume.as_ref().is_some_and(|asked| asked.person == person)) {
        node.out
            .say("asked; it stays stopped until somebody else confirms, by `countersign resume --person` with their name or at the desk");
    }
    node.close().await;
    Ok(())
}

fn tell(node: &Node, stops: &[StopView]) -> Result<()> {
    if stops.is_empty() && !node.out.json {
        return node.out.line("nothing is stopped");
    }
    node.out.table(stops, &["stopped", "name", "asked to resume"], |stop| {
        let asked =
            stop.resume.as_ref().map(|asked| format!("{}: {}", asked.name.as_deref().unwrap_or("somebody"), one_line(&asked.reason)));
        vec![stop.scope.clone(), stop.name.clone().unwrap_or_default(), asked.unwrap_or_default()]
    })
}
