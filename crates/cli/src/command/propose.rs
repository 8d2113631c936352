//! `propose`: a model over many rows of a file, or over the open cases of the workspace; the workspace's own, or a language model behind
//! an endpoint. Writes one JSON object a line.

use super::{import, train};
use crate::{arguments::Global, exit::Exit, node::Node, out::counted};
use anyhow::{Context as _, Result};
use countersign_app::model::{
    ask::{Client, Endpoint, Secret, Wire},
    file,
};
use std::{fs, path::PathBuf, time::Duration};

/// What `propose` is asked for.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Rows: CSV with a head, or one JSON object a line; - is standard input; absent: the open cases of the workspace
    // Not `data`: clap would take the value of the global --data for it.
    #[arg(value_name = "DATA")]
    pub rows: Option<PathBuf>,
    /// The playbook: with DATA a TOML file, else the name of a published one
    #[arg(long, value_name = "PLAYBOOK")]
    pub playbook: String,
    /// The model: with DATA its file, else its version [default: the one that advises]
    #[arg(long, value_name = "MODEL")]
    pub model: Option<String>,
    /// Add the proposals to the open cases; only of the model that people promoted
    #[arg(long, conflicts_with = "rows")]
    pub add: bool,
    #[command(flatten)]
    pub endpoint: EndpointArguments,
}

/// A language model behind an endpoint that speaks the OpenAI protocol.
#[derive(Debug, clap::Args)]
pub struct EndpointArguments {
    /// Where the protocol begins, as in http://127.0.0.1:8080/v1; plain HTTP
    #[arg(long, value_name = "URL", conflicts_with_all = ["rows", "model"], requires = "llm")]
    pub endpoint: Option<String>,
    /// The model's name there; proposals bear it
    #[arg(long, value_name = "NAME", requires = "endpoint")]
    pub llm: Option<String>,
    /// The endpoint's key
    #[arg(long, value_name = "KEY", env = "COUNTERSIGN_LLM_KEY", hide_env_values = true)]
    pub llm_key: Option<String>,
    /// How long one answer may take, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 20)]
    pub timeout: u64,
    /// How often one case is tried
    #[arg(long, value_name = "N", default_value_t = 3)]
    pub attempts: u32,
    /// Answers that are drawn where the endpoint gives no probabilities
    #[arg(long, value_name = "N", default_value_t = 5)]
    pub samples: u32,
    /// What 1,000 tokens cost in millionths of the team's unit: read, written
    #[arg(long, value_name = "READ,WRITTEN", value_parser = price)]
    pub price: Option<(u64, u64)>,
    /// What this run may cost, in millionths of the team's unit
    #[arg(long, value_name = "MILLIONTHS")]
    pub budget: Option<u64>,
    /// Keep what the endpoint answers
    #[arg(long, value_name = "FILE", conflicts_with = "replay")]
    pub record: Option<PathBuf>,
    /// Take the answers from a recording, and ask nobody
    #[arg(long, value_name = "FILE")]
    pub replay: Option<PathBuf>,
}

fn price(text: &str) -> Result<(u64, u64), String> {
    let two = text.split_once(',').and_then(|(read, written)| Some((read.trim().parse().ok()?, written.trim().parse().ok()?)));
    two.ok_or_else(|| "two whole numbers with a comma between them".to_owned())
}

/// Proposes.
pub async fn run(global: &Global, arguments: Arguments) -> Result<()> {
    let out = global.out();
    if let Some(data) = &arguments.rows {
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
    if let (Some(url), Some(llm)) = (&arguments.endpoint.endpoint, &arguments.endpoint.llm) {
        ask(&node, &arguments, url, llm).await?;
        node.close().await;
        return Ok(());
    }
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

async fn ask(node: &Node, arguments: &Arguments, url: &str, llm: &str) -> Result<()> {
    let given = &arguments.endpoint;
    let endpoint = Endpoint {
        url: url.to_owned(),
        model: llm.to_owned(),
        key: given.llm_key.clone().map(Secret),
        timeout: Duration::from_secs(given.timeout),
        attempts_max: given.attempts,
        samples: given.samples.max(1),
        price: given.price.unwrap_or_default(),
    };
    let wire = match &given.replay {
        Some(path) => Wire::replay(&fs::read_to_string(path).with_context(|| format!("read {}", path.display()))?)?,
        None => Wire::recorded(),
    };
    let out = node.out;
    // A line is written as soon as it is known: an endpoint takes its time. A reader that went away is noticed at the end.
    let mut written = Ok(());
    let mut said = |case: uuid::Uuid, mut what: serde_json::Value| {
        if let Some(members) = what.as_object_mut() {
            members.insert("case".into(), case.to_string().into());
        }
        if written.is_ok() {
            written = out.line(what.to_string());
        }
    };
    let client = Client::new(given.budget);
    let done = node.workspace.models_ask(&arguments.playbook, (&endpoint, &client, &wire), arguments.add, &mut said).await;
    // What was paid for is kept, however it ended.
    if let Some(path) = &given.record {
        fs::write(path, wire.recording()).with_context(|| format!("write {}", path.display()))?;
    }
    written?;
    let done = done?;
    out.say(format!(
        "{}, {} without advice, {} proposals added, cost {} millionths",
        counted(done.cases, "open case", "open cases"),
        done.no_advice,
        done.added,
        done.cost
    ));
    Ok(())
}
