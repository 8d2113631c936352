//! Nodes on fresh databases with a real clock and real randomness, playbooks, and cases that look like real ones.

use crate::reality;
use anyhow::{Context as _, Result};
use clap::ValueEnum;
use countersign_app::{App, Config, Options, Workspace, input::CaseInput, integrator};
use countersign_testkit::{Database, POSTGRES_VARIABLE, caller, root};

/// Cases of one intake that were handed in and have no receipt yet, as in the server.
pub const WINDOW: usize = 512;

/// What is measured, and how often.
#[derive(Debug, Clone)]
pub struct Run {
    /// Repetitions.
    pub repeat: usize,
    /// Engines that can be had.
    pub engines: Vec<Engine>,
}

/// An engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Engine {
    /// Embedded.
    Sqlite,
    /// A server.
    Postgres,
}

impl Engine {
    /// As tables name it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
        }
    }

    /// A fresh database.
    pub async fn database(self) -> Result<Database> {
        match self {
            Self::Sqlite => Ok(Database::sqlite()),
            Self::Postgres => {
                Database::postgres().await.with_context(|| format!("{POSTGRES_VARIABLE} is not set: run `cargo xtask bench`"))
            }
        }
    }
}

/// The engines that can be had here; says which cannot.
pub fn present(wanted: &[Engine]) -> Vec<Engine> {
    let server = std::env::var(POSTGRES_VARIABLE).is_ok();
    if !server && wanted.contains(&Engine::Postgres) {
        eprintln!("bench: {POSTGRES_VARIABLE} is not set, so PostgreSQL is left out: run `cargo xtask bench`");
    }
    wanted.iter().copied().filter(|engine| server || *engine != Engine::Postgres).collect()
}

/// A node with one workspace on a database of its own, and an integrator beside it as in `serve`.
pub struct Node {
    /// The node.
    pub app: App,
    /// Its workspace.
    pub workspace: Workspace,
    /// Its database.
    pub database: Database,
    integrator: tokio::task::JoinHandle<()>,
}

impl Node {
    /// A node on a fresh database.
    pub async fn fresh(engine: Engine) -> Result<Self> {
        let database = engine.database().await?;
        let app = open(&database).await?;
        let workspace = app.workspace_create("bench").await?;
        for playbook in [ALERTS, TICKETS, PANEL] {
            workspace.playbook_publish(&caller(), playbook, Options::default()).await?;
        }
        let integrator = integrator::spawn(&app);
        Ok(Self { app, workspace, database, integrator })
    }

    /// Closes the node; its database goes with it.
    pub async fn close(self) {
        self.integrator.abort();
        self.app.close().await;
    }
}

/// Opens a node on a database.
pub async fn open(database: &Database) -> Result<App> {
    Ok(App::open(Config { database: database.target.clone(), root: root(), env: reality::env() }).await?)
}

/// Six fields, none of them personal.
pub const ALERTS: &str = r#"
name = "alerts"
question = "Is this alert an attack?"
[answer]
kind = "choice"
options = ["benign", "watch", "escalate"]
[fields]
rule     = { type = "text", title = true }
severity = { type = "number" }
asset    = { type = "category", options = ["workstation", "server", "cloud"] }
seen_at  = { type = "time" }
host     = { type = "text" }
known    = { type = "boolean", required = false }
[outcome]
kind = "truth"
source = "the incident's closing report"
observed = "always"
after = "14d"
[costs]
error = { default = 10.0 }
minute = 1.0
[routing]
default = "assist"
[decide]
lease = "4h"
"#;

/// Six fields, two of them personal, one of which says whose data it is.
const TICKETS: &str = r#"
name = "tickets"
question = "Where should this ticket go?"
[answer]
kind = "choice"
options = ["billing", "bug", "account"]
[fields]
subject  = { type = "text", title = true }
body     = { type = "text", personal = true }
customer = { type = "text", personal = true, subject = true }
channel  = { type = "category", options = ["mail", "chat", "phone"] }
sent_at  = { type = "time" }
orders   = { type = "number" }
[outcome]
kind = "truth"
source = "the queue that closed the ticket"
observed = "always"
after = "3d"
[costs]
error = { default = 1.0 }
minute = 0.5
[routing]
default = "assist"
[decide]
lease = "4h"
"#;

/// Cases that two people answer at the same time.
const PANEL: &str = r#"
name = "panel"
question = "Is this alert an attack?"
[answer]
kind = "choice"
options = ["benign", "watch", "escalate"]
[fields]
rule     = { type = "text", title = true }
severity = { type = "number" }
asset    = { type = "category", options = ["workstation", "server", "cloud"] }
seen_at  = { type = "time" }
host     = { type = "text" }
known    = { type = "boolean", required = false }
[outcome]
kind = "truth"
source = "the incident's closing report"
observed = "always"
after = "14d"
[costs]
error = { default = 10.0 }
minute = 1.0
[routing]
default = "panel"
panel = 2
[decide]
lease = "4h"
"#;

/// What kind of cases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Without personal data.
    Alert,
    /// With two personal fields.
    Ticket,
    /// For two people each.
    Panel,
}

/// One line of NDJSON: a case with one proposal.
pub fn line(kind: Kind, n: usize) -> String {
    let minute = n % 60;
    let (benign, watch) = (500 + n % 400, 60 + n % 40);
    let rest = 1_000 - benign - watch;
    let (first, second, third) = (format!("0.{benign:03}"), format!("0.{watch:03}"), format!("0.{rest:03}"));
    match kind {
        Kind::Alert | Kind::Panel => {
            let playbook = if kind == Kind::Alert { "alerts" } else { "panel" };
            let asset = ["workstation", "server", "cloud"].get(n % 3).copied().unwrap_or_default();
            format!(
                r#"{{"playbook":"{playbook}","external_id":"alert-{n:09}","fields":{{"rule":"Sign-in from a country never seen before for this account, {n}","severity":{},"asset":"{asset}","seen_at":"2026-03-01T10:{minute:02}:00Z","host":"ws-{:05}.corp.example","known":{}}},"proposals":[{{"proposer":"triage-model","version":"2026-02-11","probabilities":{{"benign":{first},"watch":{second},"escalate":{third}}}}}]}}"#,
                n % 101,
                n % 20_011,
                n.is_multiple_of(7),
            )
        }
        Kind::Ticket => {
            let channel = ["mail", "chat", "phone"].get(n % 3).copied().unwrap_or_default();
            format!(
                r#"{{"playbook":"tickets","external_id":"ticket-{n:09}","fields":{{"subject":"Charged twice for order {n}","body":"Hello, I was charged twice for my last order and would like to have one of the two charges back. The order came on time otherwise, thank you.","customer":"customer-{}@example.com","channel":"{channel}","sent_at":"2026-03-01T10:{minute:02}:00Z","orders":{}}},"proposals":[{{"proposer":"triage-model","version":"2026-02-11","probabilities":{{"billing":{first},"bug":{second},"account":{third}}}}}]}}"#,
                n / 4,
                n % 37,
            )
        }
    }
}

/// Takes lines in as the server does: a reader parses and hands in, a second task takes the receipts in order and writes them
/// as JSON. Returns how many bytes of receipts there were; a refusal is an error.
pub async fn take_in(workspace: &Workspace, lines: impl Iterator<Item = String> + Send + 'static) -> Result<usize> {
    let (sender, mut receiver) = tokio::sync::mpsc::channel(WINDOW);
    let workspace = workspace.clone();
    let reader = tokio::spawn(async move {
        let caller = caller();
        for line in lines {
            let input: CaseInput = serde_json::from_slice(line.as_bytes())?;
            let pending = workspace.case_submit_bulk(&caller, input).await?;
            if sender.send(pending).await.is_err() {
                break;
            }
        }
        Ok::<_, anyhow::Error>(())
    });
    let mut bytes = 0;
    let mut text = Vec::new();
    while let Some(pending) = receiver.recv().await {
        let receipt = pending.await?;
        text.clear();
        serde_json::to_writer(&mut text, &receipt)?;
        bytes += text.len() + 1;
    }
    reader.await??;
    Ok(bytes)
}

/// Fills a workspace with open cases, and waits until the log is integrated.
pub async fn fill(node: &Node, kind: Kind, cases: usize) -> Result<()> {
    let began = reality::stopwatch();
    take_in(&node.workspace, (0..cases).map(move |n| line(kind, n))).await?;
    eprintln!("bench: {cases} cases taken in, {:.0} cases/s", reality::rate(cases, began.elapsed()));
    node.workspace.integrate().await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_cases_with_probabilities_that_sum_to_one() {
        for kind in [Kind::Alert, Kind::Ticket, Kind::Panel] {
            for n in [0, 1, 399, 12_345] {
                let input: CaseInput = serde_json::from_str(&line(kind, n)).unwrap();
                let sum: f64 = input.proposals[0].probabilities.as_ref().unwrap().values().map(|p| p.as_f64().unwrap()).sum();
                assert!((sum - 1.0).abs() < 1e-9, "{sum}");
            }
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn every_kind_of_case_is_taken_in() {
        let node = Node::fresh(Engine::Sqlite).await.unwrap();
        for kind in [Kind::Alert, Kind::Ticket, Kind::Panel] {
            assert!(take_in(&node.workspace, (0..50).map(move |n| line(kind, n))).await.unwrap() > 1_000);
        }
        node.workspace.integrate().await.unwrap();
        assert!(node.workspace.verify(&|_| {}, None).await.unwrap().ok());
        node.close().await;
    }
}
