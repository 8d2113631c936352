//! `verify`: a bundle offline, or a whole workspace. Trusts nothing that it was not told to trust.

use crate::{
    arguments::Global,
    exit::Exit,
    node::Node,
    out::{Out, counted},
    reality,
};
use anyhow::Result;
use countersign_app::{
    bundle::{self, Verdict},
    verify::Report,
};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// A bundle that is larger is no bundle.
const BUNDLE_BYTES_MAX: u64 = 256 << 20;
/// A checkpoint is a few lines.
const CHECKPOINT_BYTES_MAX: u64 = 64 << 10;

/// What `verify` is asked for.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// An evidence bundle, verified without database or network; without it the workspace is verified
    pub bundle: Option<PathBuf>,
    /// The key that you trust the log by, as `countersign log key` writes it; without it the bundle vouches for its own
    #[arg(long, value_name = "VKEY", requires = "bundle")]
    pub key: Option<String>,
    /// A checkpoint that you kept: the workspace must be a continuation of it
    #[arg(long, value_name = "FILE", conflicts_with = "bundle")]
    pub checkpoint: Option<PathBuf>,
}

/// Verifies; exit code 4 where something is not as it must be.
pub async fn run(global: &Global, Arguments { bundle, key, checkpoint }: Arguments) -> Result<()> {
    match bundle {
        Some(path) => offline(global.out(), &path, key.as_deref()),
        None => {
            let older = checkpoint.as_deref().map(|path| read(path, CHECKPOINT_BYTES_MAX)).transpose()?;
            let older =
                older.map(|bytes| String::from_utf8(bytes).map_err(|_| Exit::Refused.because("the checkpoint is no text"))).transpose()?;
            let node = Node::open(global).await?;
            let result = workspace(&node, older.as_deref()).await;
            node.close().await;
            result
        }
    }
}

fn read(path: &Path, bytes_max: u64) -> Result<Vec<u8>> {
    let wrong = |error: std::io::Error| Exit::Refused.because(format!("{}: {error}", path.display()));
    let bytes = fs::metadata(path).map_err(wrong)?.len();
    if bytes > bytes_max {
        return Err(Exit::Refused.because(format!("{} has {bytes} bytes; at most {bytes_max} are taken", path.display())));
    }
    fs::read(path).map_err(wrong)
}

fn offline(out: Out, path: &Path, key: Option<&str>) -> Result<()> {
    let bytes = read(path, BUNDLE_BYTES_MAX)?;
    let verdict =
        bundle::verify(&bytes, key).map_err(|error| Exit::Unverified.because(format!("{} does not verify: {error}", path.display())))?;
    tell_verdict(out, &verdict)?;
    if key.is_none() {
        out.say("The log's key is the bundle's own word. With --key VKEY it is held against the key that you trust.");
    }
    Ok(())
}

/// Verifies the workspace of a node and tells what was found.
pub async fn workspace(node: &Node, older: Option<&str>) -> Result<()> {
    let report = examine(node, older).await?;
    tell(node.out, &report)?;
    if report.ok() { Ok(()) } else { Err(Exit::Unverified.because(counted(report.problems_count, "problem", "problems"))) }
}

/// Verifies the workspace of a node, with a bar on a terminal.
pub async fn examine(node: &Node, older: Option<&str>) -> Result<Report> {
    // What was written a moment ago is put into the tree first, so that it is verified as well.
    node.workspace.integrate().await?;
    let bar = node.out.progress(1, "events");
    let watch = reality::stopwatch();
    let report = node
        .workspace
        .verify(
            &|progress| {
                bar.set_length(progress.total);
                bar.set_position(progress.done);
                bar.set_message(progress.stage);
            },
            older,
        )
        .await;
    bar.finish_and_clear();
    let report = report?;
    node.out.say(format!("Verified in {:.1} s", watch.elapsed().as_secs_f64()));
    Ok(report)
}

fn tell(out: Out, report: &Report) -> Result<()> {
    if out.json {
        return out.value(report);
    }
    for problem in &report.problems {
        out.line(format!("{} {}: {}", problem.what, problem.place, problem.detail))?;
    }
    let checked = format!(
        "{}, {}, {}, {}",
        counted(report.events, "event", "events"),
        counted(report.tiles, "tile", "tiles"),
        counted(report.checkpoints, "checkpoint", "checkpoints"),
        counted(report.rows, "projected row", "projected rows")
    );
    let verdict = if report.ok() { "all as it must be".to_owned() } else { counted(report.problems_count, "problem", "problems") };
    out.line(format!("{checked}: {verdict}"))
}

/// A bundle's verdict, in plain lines.
pub fn tell_verdict(out: Out, verdict: &Verdict) -> Result<()> {
    if out.json {
        return out.value(verdict);
    }
    for line in &verdict.story {
        out.line(crate::out::one_line(line))?;
    }
    let trust = if verdict.trusted { "the key that you trust" } else { "its own key" };
    out.line(format!("Proven: {} under the log {}, signed by {trust}", counted(verdict.events as u64, "event", "events"), verdict.origin))
}
