//! `train`: a model from labelled rows or from the workspace's own cases, with an honest report. Promotes nothing.

use super::{import, model::report};
use crate::{arguments::Global, exit::Exit, node::Node, out::Out};
use anyhow::{Context as _, Result};
use countersign_app::model::{
    Progress, Trained, Way,
    file::{self, Columns},
    learn,
};
use countersign_core::playbook::{Playbook, parse};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// What `train` is asked for.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Labelled rows: CSV with a head, or one JSON object a line; - is standard input
    // Not `data`: clap would take the value of the global --data for it.
    #[arg(value_name = "DATA", required_unless_present = "from_workspace", conflicts_with = "from_workspace")]
    pub rows: Option<PathBuf>,
    /// Learn from this workspace's own cases: answers given before any advice, and outcomes
    #[arg(long)]
    pub from_workspace: bool,
    /// The playbook: a TOML file, or with --from-workspace the name of a published one
    #[arg(long, value_name = "PLAYBOOK")]
    pub playbook: String,
    /// What learns: the text model; trees, for answers that hang on numbers and facts; or both, and the trees are kept where they are shown to be better
    #[arg(long, value_name = "KIND", default_value = "text")]
    pub kind: Kind,
    /// The column with the right answer
    #[arg(long, value_name = "COLUMN", default_value = "answer")]
    pub answer: String,
    /// The column that says who answered; without it the answers are taken for outcomes
    #[arg(long, value_name = "COLUMN")]
    pub person: Option<String>,
    /// The column that says which rows are of one case
    #[arg(long, value_name = "COLUMN")]
    pub case: Option<String>,
    /// Where the model is written [default: model-VERSION.cstm, and into the workspace with --from-workspace]
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

/// What learns.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub enum Kind {
    /// The text model
    Text,
    /// Trees
    Trees,
    /// Both; the better one is kept
    Best,
}

impl From<Kind> for Way {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Text => Self::Text,
            Kind::Trees => Self::Trees,
            Kind::Best => Self::Best,
        }
    }
}

/// Trains.
pub async fn run(global: &Global, arguments: Arguments) -> Result<()> {
    let out = global.out();
    let bar = out.progress(0, "steps");
    let mut tell = |progress: Progress| match progress {
        Progress::Reading(cases) => bar.set_message(format!("{cases} cases read")),
        Progress::Training(step, done, total) => {
            bar.set_length(total as u64);
            bar.set_position(done as u64);
            bar.set_message(step);
        }
    };
    if arguments.from_workspace {
        let node = Node::open(global).await?;
        let trained = node.workspace.model_train(&arguments.playbook, arguments.kind.into(), &mut tell).await?;
        bar.finish_and_clear();
        if let Some(path) = &arguments.out {
            write(path, &trained)?;
        }
        said(out, &trained, &format!("kept as a version of {}; next: countersign model shadow, or promote", arguments.playbook))?;
        node.close().await;
        return Ok(());
    }
    let data = arguments.rows.as_deref().unwrap_or(Path::new("-"));
    let playbook = playbook(&arguments.playbook)?;
    let columns = Columns { answer: arguments.answer, person: arguments.person, case: arguments.case };
    let examples = file::examples(&playbook, &file::rows(import::open(data)?.0)?, &columns)?;
    let trained = learn::taught(examples, learn::choices(&playbook)?, arguments.kind.into(), &mut tell).await?;
    bar.finish_and_clear();
    let path = arguments.out.unwrap_or_else(|| PathBuf::from(format!("model-{}.cstm", trained.version())));
    write(&path, &trained)?;
    said(out, &trained, &format!("written to {}", path.display()))
}

/// The playbook of a file.
pub fn playbook(path: &str) -> Result<Playbook> {
    let source = fs::read_to_string(path).with_context(|| format!("read {path}"))?;
    parse::parse(&source, path).map_err(|problems| {
        let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
        Exit::Refused.because(lines.join("\n"))
    })
}

fn write(path: &Path, trained: &Trained) -> Result<()> {
    fs::write(path, trained.model.to_bytes()).with_context(|| format!("write {}", path.display()))
}

fn said(out: Out, trained: &Trained, kept: &str) -> Result<()> {
    let json = serde_json::json!({ "version": trained.version(), "kind": trained.model.proposer(), "report": trained.report });
    out.either(&json, format!("model {} ({}), {kept}\n{}", trained.version(), trained.model.proposer(), report(&trained.report)))
}
