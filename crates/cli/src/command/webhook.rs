//! `webhook`: addresses that are told what the leads are told. `serve` sends.

use crate::{arguments::Global, node::Node};
use anyhow::Result;
use countersign_app::{
    notice::TYPES,
    webhook::{WebhookInput, WebhookView},
};
use uuid::Uuid;

/// What can be done with webhooks.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Add an address; its secret is printed once
    Add {
        /// Where to: https://..
        url: String,
        /// Only notices of this type; may be given several times
        #[arg(long = "type", value_name = "TYPE", value_parser = TYPES)]
        types: Vec<String>,
    },
    /// List the addresses
    List,
    /// Replace an address's secret; the new one is printed once
    Rotate {
        /// Its id
        webhook: Uuid,
    },
    /// Let a test be sent to an address
    Test {
        /// Its id
        webhook: Uuid,
    },
    /// Let a message be sent once more
    Resend {
        /// The address's id
        webhook: Uuid,
        /// The event that the message tells of
        event: Uuid,
    },
    /// Remove an address
    Remove {
        /// Its id
        webhook: Uuid,
    },
    /// Say what became of the latest messages to an address
    Deliveries {
        /// Its id
        webhook: Uuid,
    },
}

/// Does it.
pub async fn run(global: &Global, command: Command) -> Result<()> {
    let node = Node::open(global).await?;
    match command {
        Command::Add { url, types } => {
            let view = node.workspace.webhook_add(WebhookInput { url, types }).await?;
            secret(&node, &view)?;
        }
        Command::Rotate { webhook } => {
            let view = node.workspace.webhook_rotate(webhook).await?;
            secret(&node, &view)?;
            let until = view.signed_twice_until.unwrap_or_default();
            node.out.say(format!("Until {until} messages bear the signature of the secret before as well."));
        }
        Command::Test { webhook } => {
            let view = node.workspace.webhook_test(webhook).await?;
            node.out.say("The test is sent by `serve`; `webhook deliveries` tells what became of it.");
            node.out.either(&view, view.event.to_string())?;
        }
        Command::Resend { webhook, event } => {
            let view = node.workspace.webhook_resend(webhook, event).await?;
            node.out.say("The message is sent by `serve`; `webhook deliveries` tells what became of it.");
            node.out.either(&view, view.event.to_string())?;
        }
        Command::List => {
            let views = node.workspace.webhooks_list().await?;
            node.out.table(&views, &["webhook", "url", "types", "added"], |view| {
                let types = if view.types.is_empty() { "all".to_owned() } else { view.types.join(", ") };
                vec![view.webhook.to_string(), view.url.clone(), types, view.added.clone()]
            })?;
        }
        Command::Remove { webhook } => {
            node.workspace.webhook_remove(webhook).await?;
            node.out.say(format!("webhook {webhook} is removed"));
        }
        Command::Deliveries { webhook } => {
            let views = node.workspace.webhook_deliveries(webhook).await?;
            node.out.table(&views, &["event", "type", "state", "attempts", "last", "next", "outcome"], |view| {
                vec![
                    view.event.to_string(),
                    view.type_name.clone(),
                    view.state.clone(),
                    view.attempts.to_string(),
                    view.last.clone().unwrap_or_default(),
                    view.next.clone().unwrap_or_default(),
                    view.outcome.clone(),
                ]
            })?;
        }
    }
    node.close().await;
    Ok(())
}

/// The id of an address and its secret.
fn secret(node: &Node, view: &WebhookView) -> Result<()> {
    let secret = view.secret.as_deref().unwrap_or_default();
    node.out.say("The secret is shown once. Its receiver checks every message by it, as Standard Webhooks says.");
    node.out.either(view, format!("{}\n{secret}", view.webhook))
}
