//! `model`: the registry of a playbook's models; the shadow; and asking people to promote one. Promotes nothing by itself.

use crate::{
    arguments::Global,
    node::{self, Node},
};
use anyhow::{Context as _, Result};
use countersign_app::model::{Estimate, Imported, ModelView, Report};
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
    /// Take in a classifier over tables that was trained elsewhere, from an ONNX file; it has no stage yet, and nobody sees what it says
    Import {
        /// The ONNX file
        file: PathBuf,
        /// The playbook
        #[arg(long)]
        playbook: String,
        /// Which fields its columns are, as TOML
        #[arg(long, value_name = "FILE")]
        mapping: PathBuf,
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
            for stage in &models.stages {
                stage.lacks.iter().for_each(|lacks| out.say(format!("Look at this: {} ({}): {lacks}", stage.version, stage.stage)));
            }
        }
        Command::Show { playbook, version } => {
            let model = node.workspace.model(&playbook, &version).await?;
            let known = model.card.as_ref().map(report).or_else(|| model.imported.as_ref().map(imported)).unwrap_or_default();
            let text = format!("model {} of {playbook}, made {}\n{known}", model.version, model.made);
            out.either(&model, text)?;
        }
        Command::Import { file, playbook, mapping } => {
            let onnx = fs::read(&file).with_context(|| format!("read {}", file.display()))?;
            let mapping = fs::read_to_string(&mapping).with_context(|| format!("read {}", mapping.display()))?;
            let (digest, _) = node.workspace.model_import(&playbook, onnx, &mapping).await?;
            let model = node.workspace.model(&playbook, &digest).await?;
            let known = model.imported.as_ref().map(imported).unwrap_or_default();
            let next =
                format!("nobody sees what it says; `countersign model shadow {playbook} {}` lets it look at new cases", model.version);
            let text = format!("model {} of {playbook} is kept\n{known}\n{next}", model.version);
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
        model.card.as_ref().map_or_else(|| "elsewhere".into(), |card| card.examples.to_string()),
        model.card.as_ref().map_or_else(|| "not known".into(), |card| share(&card.accuracy)),
        model.since.as_ref().map_or_else(|| "not enough yet".into(), share),
        model.stage.clone().unwrap_or_else(|| "kept".into()),
    ]
}

fn share(e: &Estimate) -> String {
    format!("{:.1} % [{:.1}, {:.1}]", e.value * 100.0, e.low * 100.0, e.high * 100.0)
}

/// What is known of a model from elsewhere, for people.
fn imported(known: &Imported) -> String {
    let why = known.why.as_ref().map(|why| format!(" ({why})")).unwrap_or_default();
    let reads = match known.sees {
        Some((width, height)) => format!("sees a picture of {width} x {height} points"),
        None => format!("{} columns", known.columns),
    };
    format!(
        "  trained elsewhere, {} bytes, {reads}\n  tried on {} cases, no answer on {}{why}\n  how good it is only the shadow says",
        known.bytes, known.tried, known.no_advice
    )
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
    if let Some(beside) = &report.beside {
        let (by, other) = (&beside.difference, share(&beside.accuracy));
        lines.push(format!("  {:<30} {other}", format!("the {} model beside it", beside.kind)));
        lines.push(format!(
            "  this one right more often by   {:+.1} points [{:+.1}, {:+.1}], on the same cases",
            by.value * 100.0,
            by.low * 100.0,
            by.high * 100.0
        ));
    }
    if report.sought > 0 {
        lines.push(format!("  sought for what they teach     {} examples: no figure rests on these", report.sought));
    }
    for class in &report.classes {
        let recalled = class.recalled.as_ref().map_or_else(|| "none held out".into(), share);
        lines.push(format!("  {:<30} {recalled} recognised of {}", class.answer, class.examples));
    }
    for point in &report.curve {
        lines.push(format!("  with {:>5} examples            {}", point.examples, share(&point.accuracy)));
    }
    for group in &report.groups {
        let name = match &group.group {
            Some(name) => format!("{} = {name}", group.field),
            None => format!("{}: {} small together", group.field, group.groups),
        };
        let error = group.error.as_ref().map_or_else(|| "too few to say".into(), share);
        lines.push(format!("  {name:<30} {error} wrong, {} held-out cases", group.cases));
    }
    for (given, counted) in &report.shares_capped {
        lines.push(format!("  one person gave {:.0} % of the answers, which count as {:.0} %", given * 100.0, counted * 100.0));
    }
    lines.extend(report.warnings.iter().map(|warning| format!("  look: {warning}")));
    lines.push(format!("  data {}", report.data));
    lines.join("\n")
}
