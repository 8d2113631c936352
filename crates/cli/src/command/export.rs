//! `export`: decisions, cases or events to standard output, in the order of the ledger. Holds one page at a time.

use crate::{arguments::Global, node::Node, out::Out};
use anyhow::Result;
use countersign_app::view::{CaseView, DecisionView, EventView, FieldView};
use countersign_core::id::CaseId;
use serde_json::Value;
use std::io::{self, Write as _};

const PAGE_ITEMS: u32 = 500;

/// What `export` is asked for.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// What to write
    #[arg(value_enum)]
    pub what: What,
    /// How to write it
    #[arg(long, value_enum, default_value_t = Format::Ndjson)]
    pub format: Format,
    /// Only cases or decisions of one playbook
    #[arg(long, short, value_name = "NAME")]
    pub playbook: Option<String>,
    /// Only cases in a state (open, decided, ..), or decisions with a status (standing, corrected, ..)
    #[arg(long, value_name = "WORD")]
    pub state: Option<String>,
    /// Events from this position of the log on
    #[arg(long, value_name = "POSITION", default_value_t = 0)]
    pub from: u64,
}

/// What can be exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum What {
    /// Decisions as they stand
    Decisions,
    /// Cases with fields, proposals, judgments, decision and outcome
    Cases,
    /// Every event of the log
    Events,
}

/// How it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// A JSON object a line
    Ndjson,
    /// A table; what is a list stays JSON inside its cell
    Csv,
}

/// Writes what was asked for.
pub async fn run(global: &Global, arguments: Arguments) -> Result<()> {
    let node = Node::open(global).await?;
    node.workspace.may_export().await?;
    let result = match arguments.what {
        What::Decisions => decisions(&node, &arguments).await,
        What::Cases => cases(&node, &arguments).await,
        What::Events => events(&node, &arguments).await,
    };
    node.close().await;
    result
}

/// Items on their way out.
struct Sink {
    csv: Option<csv::Writer<io::Stdout>>,
    out: Out,
    count: u64,
    one: &'static str,
    many: &'static str,
}

impl Sink {
    fn new(out: Out, format: Format, header: &[&str], (one, many): (&'static str, &'static str)) -> Result<Self> {
        let mut csv = (format == Format::Csv).then(|| csv::Writer::from_writer(io::stdout()));
        if let Some(csv) = &mut csv {
            csv.write_record(header).map_err(broken)?;
        }
        Ok(Self { csv, out, count: 0, one, many })
    }

    fn put(&mut self, item: &impl serde::Serialize, row: impl FnOnce() -> Vec<String>) -> Result<()> {
        self.count += 1;
        match &mut self.csv {
            Some(csv) => csv.write_record(row()).map_err(broken),
            None => Ok(writeln!(io::stdout(), "{}", serde_json::to_string(item)?)?),
        }
    }

    fn finish(mut self) -> Result<()> {
        if let Some(csv) = &mut self.csv {
            csv.flush()?;
        }
        self.out.say(format!("Wrote {}", crate::out::counted(self.count, self.one, self.many)));
        Ok(())
    }
}

/// A reader that went away looks the same through the CSV writer.
fn broken(error: csv::Error) -> anyhow::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error.into(),
        other => anyhow::anyhow!("write CSV: {other:?}"),
    }
}

async fn decisions(node: &Node, arguments: &Arguments) -> Result<()> {
    let header = ["decision", "case", "playbook", "playbook_version", "answer", "basis", "status", "at", "act_after"];
    let mut sink = Sink::new(node.out, arguments.format, &header, ("decision", "decisions"))?;
    let mut cursor = None;
    loop {
        let page =
            node.workspace.decisions_list(arguments.playbook.as_deref(), arguments.state.as_deref(), cursor.as_deref(), PAGE_ITEMS).await?;
        for item in &page.items {
            sink.put(item, || decision_row(item))?;
        }
        cursor = page.next;
        if cursor.is_none() {
            return sink.finish();
        }
    }
}

fn decision_row(d: &DecisionView) -> Vec<String> {
    let ids = [d.decision.to_string(), d.case.to_string(), d.playbook.clone(), d.playbook_version.to_string()];
    let rest = [&d.answer, &d.basis, &d.status, &d.at, &d.act_after].map(Clone::clone);
    ids.into_iter().chain(rest).collect()
}

async fn cases(node: &Node, arguments: &Arguments) -> Result<()> {
    let header = [
        "case",
        "version",
        "playbook",
        "playbook_version",
        "external_id",
        "state",
        "route",
        "opened",
        "fields",
        "proposals",
        "judgments",
        "decision",
        "outcome",
    ];
    let mut sink = Sink::new(node.out, arguments.format, &header, ("case", "cases"))?;
    let mut cursor = None;
    loop {
        let page = node.cases(arguments.playbook.as_deref(), arguments.state.as_deref(), cursor.as_deref(), PAGE_ITEMS).await?;
        for summary in &page.items {
            let case = node.workspace.case_get(CaseId(summary.case), None).await?;
            sink.put(&case, || case_row(&case))?;
        }
        cursor = page.next;
        if cursor.is_none() {
            return sink.finish();
        }
    }
}

fn case_row(case: &CaseView) -> Vec<String> {
    let fields: serde_json::Map<String, Value> =
        case.fields.iter().map(|FieldView { name, value, .. }| (name.clone(), value.clone())).collect();
    vec![
        case.case.to_string(),
        case.version.to_string(),
        case.playbook.clone(),
        case.playbook_version.to_string(),
        case.external_id.clone().unwrap_or_default(),
        case.state.clone(),
        case.route.clone(),
        case.opened.clone(),
        json(&fields),
        json(&case.proposals),
        json(&case.judgments),
        case.decision.as_ref().map(|d| d.answer.clone()).unwrap_or_default(),
        case.outcome.as_ref().map(json).unwrap_or_default(),
    ]
}

/// Anything as JSON inside of a cell.
fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

async fn events(node: &Node, arguments: &Arguments) -> Result<()> {
    let header = ["position", "id", "type", "stream", "stream_version", "occurred_at", "recorded_at", "actor", "source", "event"];
    let mut sink = Sink::new(node.out, arguments.format, &header, ("event", "events"))?;
    let mut from = arguments.from;
    loop {
        let page = node.workspace.events_from(from, PAGE_ITEMS).await?;
        for item in &page {
            sink.put(item, || event_row(item))?;
        }
        match page.last() {
            Some(last) => from = last.position + 1,
            None => return sink.finish(),
        }
    }
}

fn event_row(EventView { position, event }: &EventView) -> Vec<String> {
    let text = |key: &str| event.get(key).map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned)).unwrap_or_default();
    let keys = ["id", "type", "stream", "stream_version", "occurred_at", "recorded_at", "actor", "source"];
    std::iter::once(position.to_string()).chain(keys.map(text)).chain([event.to_string()]).collect()
}
