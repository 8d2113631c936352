//! `key`: API keys. A key's text is shown once, when it is made.

use super::person;
use crate::{
    arguments::Global,
    node::{Node, operator},
};
use anyhow::Result;
use countersign_app::{
    api_key::SCOPES,
    input::{ApiKeyInput, Moment},
};
use serde_json::json;

/// What can be done with keys.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Make a key; its text is written once and never again
    Add {
        /// What people call it
        name: String,
        /// What it may do; may be given several times
        #[arg(long = "scope", value_name = "SCOPE", required = true, value_parser = clap::builder::PossibleValuesParser::new(SCOPES))]
        scopes: Vec<String>,
        /// The one person it speaks for: name or id
        #[arg(long)]
        person: Option<String>,
        /// When it ends, as 2027-01-01T00:00:00Z
        #[arg(long, value_name = "TIME")]
        expires: Option<String>,
    },
    /// List keys, without their texts
    List,
    /// Revoke a key: it opens nothing any more
    Revoke {
        /// The key's public id
        key: String,
    },
}

/// Does it.
pub async fn run(global: &Global, command: Command) -> Result<()> {
    let node = Node::open(global).await?;
    let result = on_node(&node, command).await;
    node.close().await;
    result
}

async fn on_node(node: &Node, command: Command) -> Result<()> {
    let (out, workspace) = (node.out, &node.workspace);
    match command {
        Command::Add { name, scopes, person, expires } => {
            let person = match person {
                None => None,
                Some(text) => Some(person::find(node, &text).await?.person),
            };
            let input = ApiKeyInput { name, scopes, person, expires: expires.map(Moment::Text) };
            let (key, text) = workspace.api_key_add(&operator(), input).await?;
            out.say("This is the only time that the key is shown:");
            out.either(&json!({ "key": key, "text": text }), &text)
        }
        Command::List => {
            let keys = workspace.api_keys_list().await?;
            out.table(&keys, &["key", "name", "scopes", "expires", "last used", ""], |k| {
                let revoked = if k.revoked { "revoked" } else { "" };
                vec![
                    k.key.clone(),
                    k.name.clone(),
                    k.scopes.join(", "),
                    k.expires.clone().unwrap_or_default(),
                    k.used.clone().unwrap_or_default(),
                    revoked.into(),
                ]
            })
        }
        Command::Revoke { key } => {
            workspace.api_key_revoke(&operator(), &key).await?;
            out.say("revoked");
            Ok(())
        }
    }
}
