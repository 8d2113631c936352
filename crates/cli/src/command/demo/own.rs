//! `demo --import`: a file of one's own instead of the invented month. Its playbook is guessed, so every guess is told; never
//! writes to the file or beside it.

use crate::{
    command::{import, playbook},
    import_flags::Flags,
    node::{Node, operator},
};
use anyhow::Result;
use countersign_app::Options;
use std::path::Path;

/// Guesses a playbook, publishes it and brings the rows in; returns the playbook's name.
pub async fn bring_in(node: &Node, file: &Path) -> Result<String> {
    let out = node.out;
    let inferred = playbook::infer(file, None)?;
    let published = node.workspace.playbook_publish(&operator(), &inferred.source, Options::default()).await?;
    out.line(format!("Guessed the playbook {} from {}:", published.name, file.display()))?;
    for line in inferred.source.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).take(TOLD_LINES_MAX) {
        out.line(format!("  {line}"))?;
    }
    for note in &inferred.notes {
        out.line(format!("  Look at this: {note}"))?;
    }
    let arguments = import::Arguments::guessed(file.to_owned(), published.name.clone(), Flags::guessed(&inferred.flags));
    let plan = import::Plan::read(&node.workspace, arguments).await?;
    let report = import::send(out, &node.workspace, plan).await?;
    import::tell(out, &report)?;
    Ok(published.name)
}

/// Lines of the playbook that are told; the whole of it is at the desk.
const TOLD_LINES_MAX: usize = 24;
