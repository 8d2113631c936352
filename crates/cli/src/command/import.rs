//! `import`: history from CSV and NDJSON. Reads the flags and the mapping file, and shows what became of the rows.

use crate::{
    arguments::Global,
    exit::Exit,
    import_flags::Flags,
    node::{Node, importer},
    out::{Out, counted, thousands},
    reality,
};
use anyhow::{Context as _, Result};
use countersign_app::{
    Workspace,
    import::{self, BadRow, Fault, Format, Join, Mapping, Meter, Report, Row, Rows},
};
use countersign_core::playbook::{Playbook, parse};
use std::{
    fs::File,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
};

/// Bad rows that are told on standard error; the report has more of them.
const BAD_ROWS_TOLD_MAX: usize = 20;
const READ_BUFFER_BYTES: usize = 64 << 10;

/// What `import` is asked for.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// A CSV or NDJSON file; - is standard input
    pub file: PathBuf,
    /// The playbook of which the rows are cases
    #[arg(long, short, value_name = "NAME")]
    pub playbook: Option<String>,
    /// A TOML file that says which column is what; flags stand over it
    #[arg(long, short, value_name = "FILE")]
    pub mapping: Option<PathBuf>,
    /// What the file is written in [default: by its name]
    #[arg(long, value_enum)]
    pub format: Option<FileFormat>,
    /// What separates the cells of a CSV file [default: guessed]
    #[arg(long, value_name = "CHARACTER")]
    pub delimiter: Option<char>,
    /// Another CSV file whose rows belong to these by a common column; PREFIX=FILE names its columns PREFIX.column
    #[arg(long, value_name = "[PREFIX=]FILE", requires = "on")]
    pub join: Vec<String>,
    /// The common column
    #[arg(long, value_name = "COLUMN")]
    pub on: Option<String>,
    /// Write nothing: show the first cases as they would be, and every bad row
    #[arg(long)]
    pub dry_run: bool,
    /// Cases that a dry run shows
    #[arg(long, value_name = "N", default_value_t = 3)]
    pub show: usize,
    #[command(flatten)]
    pub columns: Flags,
}

impl Arguments {
    /// A file with columns as they were guessed.
    pub fn guessed(file: PathBuf, playbook: String, columns: Flags) -> Self {
        let playbook = Some(playbook);
        Self { file, playbook, mapping: None, format: None, delimiter: None, join: Vec::new(), on: None, dry_run: false, show: 0, columns }
    }
}

/// What a file is written in.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub enum FileFormat {
    /// Comma-separated values
    Csv,
    /// A JSON object a line
    Ndjson,
}

/// Imports a file, or shows what importing it would do.
pub async fn run(global: &Global, arguments: Arguments) -> Result<()> {
    let node = Node::open(global).await?;
    let result = on_node(&node, arguments).await;
    node.close().await;
    result
}

async fn on_node(node: &Node, arguments: Arguments) -> Result<()> {
    let out = node.out;
    let (show, dry_run) = (arguments.show, arguments.dry_run);
    let plan = Plan::read(&node.workspace, arguments).await?;
    let unused = plan.rows.unused();
    if !unused.is_empty() {
        out.say(format!("Columns that are not taken: {}", unused.join(", ")));
    }
    if dry_run {
        return rehearse(out, plan, show);
    }
    let report = send(out, &node.workspace, plan).await?;
    tell(out, &report)?;
    if report.refused > 0 {
        Err(Exit::Refused.because(format!("{} refused; the others are in", counted(report.refused, "row was", "rows were"))))
    } else {
        Ok(())
    }
}

/// A file ready to be read.
pub struct Plan {
    rows: Rows,
    playbook: Option<Playbook>,
    meter: Meter,
    bytes: u64,
}

impl Plan {
    /// What the arguments ask for.
    pub async fn read(workspace: &Workspace, arguments: Arguments) -> Result<Self> {
        let mut mapping = match &arguments.mapping {
            None => Mapping::default(),
            Some(path) => mapping_file(path)?,
        };
        if let Some(name) = arguments.playbook {
            mapping.playbook = name;
        }
        let mapping = arguments.columns.over(mapping)?;
        let playbook = if mapping.playbook.is_empty() { None } else { Some(playbook(workspace, &mapping.playbook).await?) };
        let mut joins = Vec::new();
        for text in &arguments.join {
            joins.push(join(text, arguments.on.as_deref().unwrap_or_default())?);
        }
        let delimiter = arguments
            .delimiter
            .map(|c| u8::try_from(c).map_err(|_| Exit::Usage.because("--delimiter is one ASCII character")))
            .transpose()?;
        let by_name = Format::of_name(&arguments.file.to_string_lossy());
        let format = match (arguments.format, by_name) {
            (Some(FileFormat::Ndjson), _) => Format::Ndjson,
            (Some(FileFormat::Csv), _) => Format::Csv(delimiter),
            (None, Format::Csv(guess)) => Format::Csv(delimiter.or(guess)),
            (None, Format::Ndjson) => Format::Ndjson,
        };
        let (inner, bytes) = open(&arguments.file)?;
        let meter = Meter::default();
        let rows = Rows::open(inner, format, &mapping, playbook.as_ref(), joins, meter.clone())?;
        Ok(Self { rows, playbook, meter, bytes })
    }
}

fn mapping_file(path: &Path) -> Result<Mapping> {
    let text = std::fs::read_to_string(path).map_err(|error| Exit::Usage.because(format!("{}: {error}", path.display())))?;
    toml::from_str(&text).map_err(|error| Exit::Usage.because(format!("{}: {}", path.display(), error.to_string().trim_end())))
}

/// The latest version of a published playbook.
pub async fn playbook(workspace: &Workspace, name: &str) -> Result<Playbook> {
    let view = workspace.playbook_get(name, None).await?;
    let source = view.source.unwrap_or_default();
    parse::parse(&source, name)
        .map_err(|_| Exit::Storage.because(format!("the published playbook {name:?} no longer parses: run `countersign verify`")))
}

fn join(text: &str, on: &str) -> Result<Join> {
    let (prefix, path) = match text.split_once('=') {
        Some((prefix, path)) if !Path::new(text).exists() => (Some(prefix), path),
        _ => (None, text),
    };
    let (inner, _) = open(Path::new(path))?;
    Join::read(inner, prefix, on).with_context(|| format!("join {path}"))
}

/// A file to read (`-` is standard input), and its bytes; 0 where they are not known.
///
/// # Errors
/// Where it cannot be read, with its name.
pub fn open(path: &Path) -> Result<(Box<dyn BufRead + Send>, u64)> {
    if path.as_os_str() == "-" {
        return Ok((Box::new(BufReader::with_capacity(READ_BUFFER_BYTES, std::io::stdin())), 0));
    }
    let wrong = |error: std::io::Error| Exit::Refused.because(format!("{}: {error}", path.display()));
    let file = File::open(path).map_err(wrong)?;
    let bytes = file.metadata().map_err(wrong)?.len();
    Ok((Box::new(BufReader::with_capacity(READ_BUFFER_BYTES, file)), bytes))
}

/// Sends all rows, with a bar by bytes and a rate by rows.
pub async fn send(out: Out, workspace: &Workspace, plan: Plan) -> Result<Report> {
    let bar = out.progress_bytes(plan.bytes);
    let meter = plan.meter;
    let watch = reality::stopwatch();
    let result = workspace
        .import(&importer(), plan.rows, |report| {
            bar.set_position(meter.bytes());
            let seconds = watch.elapsed().as_secs_f64().max(1e-3);
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "a rate for people")]
            let rate = (report.read as f64 / seconds) as u64;
            bar.set_message(format!("{} · {} rows/s", counted(report.read, "row", "rows"), thousands(rate)));
        })
        .await;
    bar.finish_and_clear();
    let report = result?;
    out.say(format!("Read {} in {:.1} s", counted(report.read, "row", "rows"), watch.elapsed().as_secs_f64()));
    Ok(report)
}

/// Says what became of the rows.
pub fn tell(out: Out, report: &Report) -> Result<()> {
    for bad in report.bad_rows.iter().take(BAD_ROWS_TOLD_MAX) {
        out.say(format!("  {bad}"));
    }
    more_bad(out, report.refused);
    if out.json {
        return out.value(report);
    }
    out.line(format!(
        "{} new, {} there already, {} refused",
        thousands(report.accepted),
        thousands(report.duplicates),
        thousands(report.refused)
    ))?;
    for (proposer, count) in &report.proposals {
        out.line(format!("  {} by {proposer}", counted(*count, "proposal", "proposals")))?;
    }
    let judgments: u64 = report.judgments.values().sum();
    if judgments > 0 {
        out.line(format!(
            "  {} by {}",
            counted(judgments, "judgment", "judgments"),
            counted(report.judgments.len() as u64, "person", "people")
        ))?;
    }
    if report.decisions > 0 {
        out.line(format!("  {}", counted(report.decisions, "past decision", "past decisions")))?;
    }
    if report.outcomes > 0 {
        out.line(format!("  {}", counted(report.outcomes, "outcome", "outcomes")))?;
    }
    Ok(())
}

fn more_bad(out: Out, refused: u64) {
    let told = BAD_ROWS_TOLD_MAX as u64;
    if refused > told {
        out.say(format!("  and {} more; --json lists up to {}", thousands(refused - told), thousands(import::BAD_ROWS_KEPT_MAX as u64)));
    }
}

/// Shows the first cases as they would be, and every bad row; sends nothing.
fn rehearse(out: Out, plan: Plan, show: usize) -> Result<()> {
    let (mut read, mut shown) = (0_u64, Vec::new());
    let mut bad_rows: Vec<BadRow> = Vec::new();
    let mut refused = 0_u64;
    for row in plan.rows {
        read += 1;
        let bad = match row {
            Ok(row) => {
                let refusal = plan.playbook.as_ref().and_then(|playbook| import::check(playbook, &row.input).err());
                let bad = refusal.map(|refusal| import::bad_row(row.line, refusal));
                if bad.is_none() && shown.len() < show {
                    shown.push(row);
                }
                bad
            }
            Err(Fault::Row(bad)) => Some(bad),
            Err(Fault::Source(error)) => return Err(error.into()),
        };
        if let Some(bad) = bad {
            refused += 1;
            if bad_rows.len() < import::BAD_ROWS_KEPT_MAX {
                bad_rows.push(bad);
            }
        }
    }
    if out.json {
        let cases: Vec<_> = shown.iter().map(|row| serde_json::json!({ "line": row.line, "case": row.input })).collect();
        out.value(&serde_json::json!({ "read": read, "good": read - refused, "refused": refused, "cases": cases, "bad_rows": bad_rows }))?;
    } else {
        for row in &shown {
            readable(out, row)?;
        }
        for bad in &bad_rows {
            out.line(bad.to_string())?;
        }
        out.line(format!(
            "{}: {} good, {} refused. Nothing was written.",
            counted(read, "row", "rows"),
            thousands(read - refused),
            thousands(refused)
        ))?;
    }
    if refused > 0 { Err(Exit::Refused.because(format!("{} would be refused", counted(refused, "row", "rows")))) } else { Ok(()) }
}

/// One case, as a person reads it.
fn readable(out: Out, row: &Row) -> Result<()> {
    let input = &row.input;
    out.line(format!("line {}: case of {}, external id {}", row.line, input.playbook, input.external_id.as_deref().unwrap_or("none")))?;
    for (name, value) in &input.fields {
        out.line(crate::out::one_line(&format!("  {name}: {}", shortened(value))))?;
    }
    for proposal in &input.proposals {
        let probabilities =
            proposal.probabilities.iter().flatten().map(|(option, p)| format!("{option} {p}")).collect::<Vec<_>>().join(", ");
        let answer = proposal.answer.as_ref().map_or_else(|| "the likeliest".to_owned(), shortened);
        out.line(
            format!("  proposal of {} {}: {answer} {probabilities}", proposal.proposer, proposal.version.as_deref().unwrap_or(""))
                .trim_end(),
        )?;
    }
    let Some(history) = &input.history else {
        return out.line("");
    };
    for judgment in &history.judgments {
        let advice = judgment.advice_seen.as_deref().unwrap_or("unknown");
        let confidence = judgment.confidence.map(|c| format!(", confidence {c}")).unwrap_or_default();
        let seconds = judgment.seconds.map(|s| format!(", {s} s")).unwrap_or_default();
        out.line(format!(
            "  judgment of {}: {}{confidence}{seconds}, advice seen: {advice}",
            judgment.person,
            shortened(&judgment.answer)
        ))?;
    }
    if let Some(decision) = &history.decision {
        out.line(format!("  past decision: {}", shortened(&decision.answer)))?;
    }
    if let Some(outcome) = &history.outcome {
        out.line(format!("  outcome: {}", shortened(&outcome.value)))?;
    }
    out.line("")
}

fn shortened(value: &serde_json::Value) -> String {
    const SHOWN_CHARS_MAX: usize = 100;
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    match text.char_indices().nth(SHOWN_CHARS_MAX) {
        Some((at, _)) => format!("{}..", text.get(..at).unwrap_or_default()),
        None => text,
    }
}
