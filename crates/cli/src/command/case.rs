//! `case`: one case shown, one opened, many listed.

use crate::{
    arguments::Global,
    exit::Exit,
    node::{Node, operator},
    out::{Out, one_line},
};
use anyhow::Result;
use countersign_app::{Options, input::CaseInput, view::CaseView};
use countersign_core::id::CaseId;
use serde_json::Value;
use std::{
    io::Read as _,
    path::{Path, PathBuf},
};

/// What can be done with cases.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Show a case with its content and history
    Show {
        /// Its id, or PLAYBOOK/EXTERNAL-ID
        case: String,
        /// With every event
        #[arg(long)]
        history: bool,
    },
    /// Open a case from a JSON file
    Open {
        /// {"playbook": .., "fields": {..}}; - is standard input
        file: PathBuf,
    },
    /// List cases
    List {
        /// Only those of one playbook
        #[arg(long, short, value_name = "NAME")]
        playbook: Option<String>,
        /// Only those in a state: held, open, decided, acted, appealed
        #[arg(long)]
        state: Option<String>,
        /// At most so many
        #[arg(long, default_value_t = 50)]
        limit: u32,
        /// Where the last list ended
        #[arg(long)]
        cursor: Option<String>,
        /// Only how many there are
        #[arg(long)]
        count: bool,
    },
}

/// Does it.
pub async fn run(global: &Global, command: Command) -> Result<()> {
    let node = Node::open(global).await?;
    let result = match command {
        Command::Show { case, history } => show(&node, &case, history).await,
        Command::Open { file } => open(&node, &file).await,
        Command::List { count: true, .. } => count(&node).await,
        Command::List { playbook, state, limit, cursor, count: false } => {
            list(&node, playbook.as_deref(), state.as_deref(), cursor.as_deref(), limit).await
        }
    };
    node.close().await;
    result
}

/// A case by its id or by playbook and external id.
pub async fn find(node: &Node, text: &str) -> Result<CaseId> {
    if let Ok(id) = text.parse() {
        return Ok(id);
    }
    let Some((playbook, external_id)) = text.split_once('/') else {
        return Err(Exit::Usage.because(format!("{text:?} is no case: give its id, or PLAYBOOK/EXTERNAL-ID")));
    };
    let found = node.workspace.case_find(playbook, external_id).await?;
    found.ok_or_else(|| Exit::Refused.because(format!("there is no case {external_id:?} of {playbook:?}")))
}

async fn show(node: &Node, text: &str, history: bool) -> Result<()> {
    let case = find(node, text).await?;
    let view = node.workspace.case_get(case, None).await?;
    let events = if history { node.workspace.case_history(case, None).await? } else { Vec::new() };
    if node.out.json {
        let mut value = serde_json::to_value(&view)?;
        if let (true, Some(members)) = (history, value.as_object_mut()) {
            members.insert("history".into(), serde_json::to_value(&events)?);
        }
        return node.out.value(&value);
    }
    readable(node.out, &view)?;
    for event in &events {
        let text = |key: &str| event.event.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        node.out.line(format!("  {:>8}  {}  by {}", event.position, text("type"), text("actor")))?;
    }
    Ok(())
}

/// A case as a person reads it.
pub fn readable(out: Out, case: &CaseView) -> Result<()> {
    let external = case.external_id.as_deref().map(|id| format!(" ({id})")).unwrap_or_default();
    out.line(one_line(&format!(
        "{}{external}: {} version {}, {}, route {}",
        case.case, case.playbook, case.playbook_version, case.state, case.route
    )))?;
    for field in &case.fields {
        let value = if field.erased { "erased".to_owned() } else { plain(&field.value) };
        out.line(one_line(&format!("  {}: {value}", field.name)))?;
    }
    for proposal in &case.proposals {
        out.line(one_line(&format!("  {} {} proposes {}", proposal.proposer, proposal.version, plain(&proposal.answer))))?;
    }
    for judgment in &case.judgments {
        let elsewhere = if judgment.elsewhere { ", in another tool" } else { "" };
        out.line(one_line(&format!(
            "  {} judged {} ({}, advice: {}{elsewhere})",
            judgment.person,
            plain(&judgment.answer),
            judgment.phase,
            judgment.advice
        )))?;
    }
    if let Some(decision) = &case.decision {
        out.line(one_line(&format!("  decision {}: {} ({}, {})", decision.decision, decision.answer, decision.status, decision.basis)))?;
    }
    if let Some(outcome) = &case.outcome {
        out.line(one_line(&format!("  outcome: {}", plain(outcome))))?;
    }
    Ok(())
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

async fn open(node: &Node, file: &Path) -> Result<()> {
    let mut text = String::new();
    if file.as_os_str() == "-" {
        std::io::stdin().read_to_string(&mut text)?;
    } else {
        text = std::fs::read_to_string(file).map_err(|error| Exit::Refused.because(format!("{}: {error}", file.display())))?;
    }
    let input: CaseInput = serde_json::from_str(&text).map_err(|error| Exit::Refused.because(format!("{}: {error}", file.display())))?;
    let receipt = node.workspace.case_open(&operator(), input, Options::default()).await?;
    node.out.either(&receipt, format!("{} {} {}", receipt.case, receipt.status, receipt.state))
}

async fn list(node: &Node, playbook: Option<&str>, state: Option<&str>, cursor: Option<&str>, limit: u32) -> Result<()> {
    let page = node.cases(playbook, state, cursor, limit).await?;
    if node.out.json {
        return node.out.value(&page);
    }
    node.out.table(&page.items, &["case", "playbook", "state", "answer", "opened"], |case| {
        vec![case.case.to_string(), case.playbook.clone(), case.state.clone(), case.answer.clone().unwrap_or_default(), case.opened.clone()]
    })?;
    if let Some(next) = &page.next {
        node.out.say(format!("more: --cursor {next}"));
    }
    Ok(())
}

async fn count(node: &Node) -> Result<()> {
    let counts = node.workspace.case_counts().await?;
    node.out.table(&counts, &["playbook", "state", "cases"], |c| vec![c.playbook.clone(), c.state.clone(), c.count.to_string()])
}
