//! `model`: the registry of a playbook's models; the shadow; and asking people to promote one. Promotes nothing by itself.

use crate::{
    arguments::Global,
    node::{self, Node},
};
use anyhow::{Context as _, Result};
use countersign_app::model::{Estimate, ModelView, Report};
use std::{fs, path::PathBuf};

/// What can be done with models.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// List the versions of a playbook's models, and which one advises
    List {
        /// The playbook
        playbook: String,
    },
    /// Show the card of a version: facts with their intervals
    Show {
        /// The playbook
        playbook: String,
        /// The version, or any beginning of its digest
        version: String,
    },
    /// Let a version look at new cases, seen by nobody
    Shadow {
        /// The playbook
        playbook: String,
        /// The version; absent: end the shadow
        version: Option<String>,
    },
    /// Ask people to promote a version, an older one (roll-back) or `none`: opens a case in the queue, which a person signs
    Promote {
        /// The playbook
        playbook: String,
        /// The version, or `none`
        version: String,
    },
    /// Write a version's file
    Export {
        /// The playbook
        playbook: String,
        /// The version
        version: String,
        /// Where
        file: PathBuf,
    },
}

/// Does it.
pub async fn run(global: &Global, command: Command) -> Result<()> {
    let node = Node::open(global).await?;
    let out = node.out;
    match command {
        Command::List { playbook } => {
            let models = node.workspace.models(&playbook).await?;
            out.table(&models.models, &["version", "made", "examples", "right on held-out cases", "right since then", "stage"], row)?;
        }
        Command::Show { playbook, version } => {
            let model = node.workspace.model(&playbook, &version).await?;
            let text = format!("model {} of {playbook}, made {}\n{}", model.version, model.made, report(&model.card));
            out.either(&model, text)?;
        }
        Command::Shadow { playbook, version } => {
            node.workspace.model_shadow(&playbook, version.as_deref()).await?;
            out.say(match version {
                Some(version) => format!("{version} looks at new cases of {playbook}, and nobody sees what it says"),
                None => format!("no model runs in the shadow of {playbook}"),
            });
        }
        Command::Promote { playbook, version } => {
            let receipt = node.workspace.model_promote(&node::operator(), &playbook, &version).await?;
            out.either(&receipt, format!("case {} waits in the queue: a person decides", receipt.case))?;
        }
        Command::Export { playbook, version, file } => {
            let bytes = node.workspace.model_file(&playbook, &version).await?;
            fs::write(&file, bytes).with_context(|| format!("write {}", file.display()))?;
        }
    }
    node.close().await;
    Ok(())
}

fn row(model: &ModelView) -> Vec<String> {
    vec![
        model.version.clone(),
        model.made.clone(),
        model.card.examples.to_string(),
        share(&model.card.accuracy),
        model.since.as_ref().map_or_else(|| "not enough yet".into(), share),
        model.stage.clone().unwrap_or_else(|| "kept".into()),
    ]
}

fn share(e: &Estimate) -> String {
    format!("{:.1} % [{:.1}, {:.1}]", e.value * 100.0, e.low * 100.0, e.high * 100.0)
}

/// A report for people.
pub fn report(report: &Report) -> String {
    let people = if report.people == 1 { "one person".to_owned() } else { format!("{} people", report.people) };
    let mut lines = vec![
        format!("  learned from {} examples of {} cases: answers of {people}, {} outcomes", report.examples, report.cases, report.outcomes),
        format!("  right on held-out cases        {}, n = {}", share(&report.accuracy), report.accuracy.n),
        format!("  always the commonest answer    {}", share(&report.commonest)),
        format!(
            "  expected calibration error     {:.3} [{:.3}, {:.3}]",
            report.calibration_error.value, report.calibration_error.low, report.calibration_error.high
        ),
        format!("  log loss                       {:.3} nats", report.log_loss),
    ];
    for class in &report.classes {
        let recalled = class.recalled.as_ref().map_or_else(|| "none held out".into(), share);
        lines.push(format!("  {:<30} {recalled} recognised of {}", class.answer, class.examples));
    }
    for point in &report.curve {
        lines.push(format!("  with {:>5} examples            {}", point.examples, share(&point.accuracy)));
    }
    for (given, counted) in &report.shares_capped {
        lines.push(format!("  one person gave {:.0} % of the answers, which count as {:.0} %", given * 100.0, counted * 100.0));
    }
    lines.extend(report.warnings.iter().map(|warning| format!("  look: {warning}")));
    lines.push(format!("  data {}", report.data));
    lines.join("\n")
}
