//! `propose`: a model over many rows of a file, or over the open cases of the workspace. Writes one JSON object a line.

use super::{import, train};
use crate::{arguments::Global, exit::Exit, node::Node, out::counted};
use anyhow::{Context as _, Result};
use countersign_app::model::file;
use std::{fs, path::PathBuf};

/// What `propose` is asked for.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Rows: CSV with a head, or one JSON object a line; - is standard input; absent: the open cases of the workspace
    #[arg(value_name = "DATA")]
    pub data: Option<PathBuf>,
    /// The playbook: with DATA a TOML file, else the name of a published one
    #[arg(long, value_name = "PLAYBOOK")]
    pub playbook: String,
    /// The model: with DATA its file, else its version [default: the one that advises]
    #[arg(long, value_name = "MODEL")]
    pub model: Option<String>,
    /// Add the proposals to the open cases; only of the model that people promoted
    #[arg(long, conflicts_with = "data")]
    pub add: bool,
}

/// Proposes.
pub async fn run(global: &Global, arguments: Arguments) -> Result<()> {
    let out = global.out();
    if let Some(data) = &arguments.data {
        let model = arguments.model.ok_or_else(|| Exit::Usage.because("with a file of rows, --model names the file of a model"))?;
        let model = file::read(&fs::read(&model).with_context(|| format!("read {model}"))?)?;
        let playbook = train::playbook(&arguments.playbook)?;
        let rows = file::rows(import::open(data)?.0)?;
        let mut lines = String::new();
        for row in &rows {
            lines.push_str(&file::said(&model, &file::input(&playbook, row)).to_string());
            lines.push('\n');
        }
        out.bytes(lines.as_bytes())?;
        out.say(counted(rows.len() as u64, "row", "rows"));
        return Ok(());
    }
    let node = Node::open(global).await?;
    let mut lines = Vec::new();
    let mut said = |case: uuid::Uuid, mut what: serde_json::Value| {
        if let Some(members) = what.as_object_mut() {
            members.insert("case".into(), case.to_string().into());
        }
        lines.push(what.to_string());
    };
    let done = node.workspace.models_propose(&arguments.playbook, arguments.model.as_deref(), arguments.add, &mut said).await?;
    for line in lines {
        out.line(line)?;
    }
    out.say(format!(
        "{}, {} without advice, {} proposals added",
        counted(done.cases, "open case", "open cases"),
        done.no_advice,
        done.added
    ));
    node.close().await;
    Ok(())
}
