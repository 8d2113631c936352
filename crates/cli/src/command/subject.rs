//! `subject`: what is held about a person whom cases are about; found, handed over, or destroyed for good.

use crate::{
    arguments::Global,
    exit::Exit,
    node::{Node, operator},
    out::counted,
};
use anyhow::Result;
use countersign_core::{id::SubjectId, time::format_rfc3339};
use serde_json::json;

/// What can be done about a subject.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Find a subject by the value of a playbook's subject field
    Find {
        /// The playbook
        playbook: String,
        /// The value, as in cases
        value: String,
    },
    /// Write all that is held about a subject, as JSON
    Export {
        /// The subject's id
        subject: SubjectId,
    },
    /// Destroy all values of a subject. There is no way back; every proof still verifies
    Erase {
        /// The subject's id
        subject: SubjectId,
        /// On what ground, in a word (request, retention); stands in the ledger for good
        #[arg(long, default_value = "request")]
        ground: String,
        /// Really
        #[arg(long)]
        yes: bool,
    },
    /// Who was erased, and when
    Erased,
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
        Command::Find { playbook, value } => match workspace.subject_find(&playbook, &value).await? {
            Some(subject) => out.either(&json!({ "subject": subject }), subject.to_string()),
            None => Err(Exit::Refused.because("nobody is known by this value")),
        },
        Command::Export { subject } => out.value(&workspace.subject_export(subject).await?),
        Command::Erase { yes: false, .. } => Err(Exit::Usage.because("this destroys the values for good: say --yes")),
        Command::Erase { subject, ground, yes: true } => {
            let count = workspace.subject_erase(&operator(), subject, &ground).await?;
            out.either(&json!({ "subject": subject, "destroyed": count }), format!("{} destroyed", counted(count, "value", "values")))?;
            out.say(format!("Older backups still hold them; {} says so, and a restore repeats it.", node.settings.erasure_list.display()));
            Ok(())
        }
        Command::Erased => {
            let list = workspace.erasure_list().await?;
            let items: Vec<_> = list.iter().map(|(subject, at)| json!({ "subject": subject, "at": at })).collect();
            if out.json {
                return out.value(&items);
            }
            out.table(&list, &["subject", "erased at"], |(subject, at)| vec![subject.to_string(), format_rfc3339(*at)])
        }
    }
}
