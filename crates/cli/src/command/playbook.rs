//! `playbook`: check files, start one from a CSV file, publish, look at what is published.

use crate::{
    arguments::Global,
    exit::Exit,
    node::{Node, operator},
    out::{Out, counted},
};
use anyhow::Result;
use countersign_app::{Options, import};
use countersign_core::playbook::{
    infer::{Inferred, infer_playbook},
    parse::{self, Problem},
};
use std::{
    fs,
    io::{BufReader, Write as _},
    path::{Path, PathBuf},
};

/// Rows of a CSV file that a first playbook is guessed from.
const INFER_ROWS_MAX: usize = 2_000;

/// What can be done with playbooks.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Check files: all problems at once, each with file, line, column and key
    Check {
        /// Playbooks
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    /// Write a commented playbook to start from, by looking at a CSV file
    New {
        /// The CSV file
        #[arg(long, value_name = "FILE")]
        from: PathBuf,
        /// The playbook's name [default: that of the file]
        #[arg(long)]
        name: Option<String>,
        /// Where to write it [default: standard output]
        #[arg(long, short, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Publish a file as a new version; open cases keep theirs
    Publish {
        /// Playbooks
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    /// List published playbooks
    List,
    /// Write the source of a published playbook
    Show {
        /// Its name
        name: String,
        /// A version [default: the latest]
        #[arg(long)]
        version: Option<u64>,
    },
}

/// Does it.
pub async fn run(global: &Global, command: Command) -> Result<()> {
    let out = global.out();
    match command {
        Command::Check { files } => check(out, &files),
        Command::New { from, name, out: to } => new(out, &from, name, to.as_deref()),
        Command::Publish { files } => {
            let node = Node::open(global).await?;
            let result = publish(&node, &files).await;
            node.close().await;
            result
        }
        Command::List => {
            let node = Node::open(global).await?;
            let playbooks = node.workspace.playbooks_list().await?;
            out.table(&playbooks, &["name", "version", "playbook", "sha256"], |p| {
                vec![p.name.clone(), p.version.to_string(), p.playbook.to_string(), p.digest.clone()]
            })?;
            node.close().await;
            Ok(())
        }
        Command::Show { name, version } => {
            let node = Node::open(global).await?;
            let playbook = node.workspace.playbook_get(&name, version).await?;
            if out.json {
                out.value(&playbook)?
            } else {
                out.bytes(playbook.source.unwrap_or_default().as_bytes())?
            }
            node.close().await;
            Ok(())
        }
    }
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).map_err(|error| Exit::Refused.because(format!("{}: {error}", path.display())))
}

/// The file's text, if it is a playbook.
fn checked(path: &Path) -> Result<Result<String, Vec<Problem>>> {
    let bytes = read(path)?;
    Ok(parse::parse_bytes(&bytes, &path.display().to_string()).map(|_| String::from_utf8_lossy(&bytes).into_owned()))
}

fn check(out: Out, files: &[PathBuf]) -> Result<()> {
    let mut problems = Vec::new();
    for file in files {
        match checked(file)? {
            Ok(_) if !out.json => out.line(format!("{}: good", file.display()))?,
            Ok(_) => {}
            Err(found) => problems.extend(found),
        }
    }
    if out.json {
        out.value(&problems)?;
    } else {
        for problem in &problems {
            out.line(problem.to_string())?;
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(Exit::Refused.because(counted(problems.len() as u64, "problem", "problems"))) }
}

/// A first playbook, by the name of the file unless another is given.
pub fn infer(from: &Path, name: Option<String>) -> Result<Inferred> {
    let stem = || from.file_stem().map_or_else(|| "playbook".into(), |stem| stem.to_string_lossy().into_owned());
    let file = fs::File::open(from).map_err(|error| Exit::Refused.because(format!("{}: {error}", from.display())))?;
    let (header, rows) = import::head(Box::new(BufReader::new(file)), INFER_ROWS_MAX)?;
    Ok(infer_playbook(&name.unwrap_or_else(stem), &header, &rows))
}

fn new(out: Out, from: &Path, name: Option<String>, to: Option<&Path>) -> Result<()> {
    let inferred = infer(from, name)?;
    match to {
        None if out.json => out.value(&serde_json::json!({ "source": inferred.source, "notes": inferred.notes }))?,
        None => out.bytes(inferred.source.as_bytes())?,
        Some(path) => {
            let mut file = fs::OpenOptions::new()
                .write(true)
                .create_new(true)
                .open(path)
                .map_err(|error| Exit::Refused.because(format!("{}: {error}", path.display())))?;
            file.write_all(inferred.source.as_bytes())?;
        }
    }
    for note in &inferred.notes {
        out.say(format!("Look at this: {note}"));
    }
    Ok(())
}

async fn publish(node: &Node, files: &[PathBuf]) -> Result<()> {
    let out = node.out;
    for file in files {
        let source = match checked(file)? {
            Ok(source) => source,
            Err(problems) => {
                for problem in &problems {
                    out.say(problem.to_string());
                }
                return Err(Exit::Refused.because(format!(
                    "{} was not published: {}",
                    file.display(),
                    counted(problems.len() as u64, "problem", "problems")
                )));
            }
        };
        let playbook = node.workspace.playbook_publish(&operator(), &source, Options::default()).await?;
        out.either(&playbook, format!("{} version {}", playbook.name, playbook.version))?;
        for warning in &playbook.warnings {
            out.say(format!("Look at this: {warning}"));
        }
    }
    Ok(())
}
