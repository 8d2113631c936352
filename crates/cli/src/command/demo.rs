//! `demo`: a throw-away workspace in which everything happens once, from intake to proven decisions; then the API over it.
//! Never touches a directory that it did not make.

mod cast;
mod finding;
mod story;

use super::{import, serve, verify};
use crate::{
    arguments::Global,
    configuration::{LISTEN_DEFAULT, Settings},
    exit::Exit,
    node::{self, Node, operator},
    out::{Out, counted, thousands},
    reality, secret,
};
use anyhow::{Context as _, Result};
use cast::Cast;
use countersign_app::{
    Options, bundle,
    import::{Format, Mapping},
    input::ApiKeyInput,
};
use std::{
    fs, io,
    net::SocketAddr,
    path::{Path, PathBuf},
};
use tokio::net::TcpListener;

const DATA_DEFAULT: &str = "countersign-demo";
/// Marks a directory as made by `demo`, and so as one that `--fresh` may remove.
const MARK: &str = "made-by-countersign-demo";
const BUNDLE_NAME: &str = "evidence.json";

const SUPPORT_TRIAGE: &str = include_str!("../../../../playbooks/support-triage.toml");
const ALERT_TRIAGE: &str = include_str!("../../../../playbooks/alert-triage.toml");
const TICKETS: &str = include_str!("../../../../samples/support-tickets.csv");
const TICKETS_MAPPING: &str = include_str!("../../../../samples/support-tickets.toml");
const ALERTS: &str = include_str!("../../../../samples/alerts.ndjson");

/// What `demo` is asked for.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Remove what an earlier demo left, and begin anew
    #[arg(long)]
    pub fresh: bool,
    /// Stop after the story, without serving the API
    #[arg(long)]
    pub no_serve: bool,
    /// Where the API listens [default: 127.0.0.1:7171, or a free port]
    #[arg(long, value_name = "ADDRESS")]
    pub listen: Option<SocketAddr>,
}

/// Tells the story, then serves.
pub async fn run(global: &Global, arguments: Arguments) -> Result<()> {
    let watch = reality::stopwatch();
    let out = global.out();
    let mut global = global.clone();
    let data = global.data.get_or_insert_with(|| PathBuf::from(DATA_DEFAULT)).clone();
    // A demo is embedded and has a secret of its own, whatever the environment says of the real installation.
    (global.database_url, global.secret_file, global.workspace) = (None, None, None);
    make_room(&data, arguments.fresh)?;
    let settings = Settings::load(&global)?;
    let node = make(&settings, out).await?;
    out.line(format!("A throw-away workspace in {} (its secret: {})", data.display(), settings.secret_file.display()))?;
    let cast = Cast::assemble(&node).await?;
    history(&node).await?;
    finding::tell(&node).await?;
    let decision = story::tell(&node, &cast).await?;
    prove(&node, decision, &data).await?;
    out.line(format!("\nAll of this took {:.1} s.", watch.elapsed().as_secs_f64()))?;
    if arguments.no_serve {
        out.line(format!("Look around: countersign --data {} case list", data.display()))?;
        node.close().await;
        return Ok(());
    }
    let listener = listen(arguments.listen).await?;
    invite(&node, listener.local_addr()?).await?;
    serve::until_stopped(node.app, listener, None, out).await
}

/// Refuses a directory that is there, unless a demo made it and may be removed.
fn make_room(data: &Path, fresh: bool) -> Result<()> {
    if !data.exists() {
        return Ok(());
    }
    if !data.join(MARK).is_file() {
        return Err(Exit::Refused.because(format!("{} is there and was not made by a demo: name another place by --data", data.display())));
    }
    if !fresh {
        return Err(Exit::Refused.because(format!("{} is there from an earlier demo: --fresh removes it and begins anew", data.display())));
    }
    fs::remove_dir_all(data).with_context(|| format!("remove {}", data.display()))
}

async fn make(settings: &Settings, out: Out) -> Result<Node> {
    secret::directory(&settings.data)?;
    fs::write(settings.data.join(MARK), "`countersign demo --fresh` removes this directory.\n")?;
    for left in [&settings.secret_file, &settings.erasure_list] {
        match fs::remove_file(left) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(error).with_context(|| format!("remove {}", left.display()));
            }
            _ => {}
        }
    }
    let root = secret::make(&settings.secret_file)?;
    let app = node::open_with(settings, root).await?;
    let workspace = app.workspace_create("demo").await?;
    Ok(Node { app, workspace, settings: settings.clone(), out })
}

/// Publishes two playbooks and brings in what happened before.
async fn history(node: &Node) -> Result<()> {
    let out = Out { quiet: true, ..node.out };
    for source in [SUPPORT_TRIAGE, ALERT_TRIAGE] {
        let playbook = node.workspace.playbook_publish(&operator(), source, Options::default()).await?;
        node.out.line(format!("Published the playbook {}, version {}", playbook.name, playbook.version))?;
    }
    let mapping: Mapping = toml::from_str(TICKETS_MAPPING).context("read the mapping of the sample")?;
    let tickets = import::playbook(&node.workspace, &mapping.playbook).await?;
    let plans = [
        ("tickets", import::Plan::embedded(TICKETS, Format::Csv(None), &mapping, Some(tickets))?),
        ("alerts", import::Plan::embedded(ALERTS, Format::Ndjson, &Mapping::default(), None)?),
    ];
    for (what, plan) in plans {
        let report = import::send(out, &node.workspace, plan).await?;
        if let Some(bad) = report.bad_rows.first() {
            return Err(Exit::Refused.because(format!("a sample was refused: {bad}")));
        }
        let judgments: u64 = report.judgments.values().sum();
        node.out.line(format!(
            "Imported {} {what} with {} proposals, {judgments} judgments and {} outcomes",
            thousands(report.accepted),
            thousands(report.proposals.values().sum()),
            thousands(report.outcomes)
        ))?;
    }
    Ok(())
}

/// Writes an evidence bundle, verifies it as a stranger would, and verifies the whole workspace.
async fn prove(node: &Node, decision: countersign_core::id::EventId, data: &Path) -> Result<()> {
    let out = node.out;
    out.line("\nProven")?;
    node.workspace.integrate().await?;
    let key = node.workspace.log_key().await?;
    let bytes = node.workspace.bundle(decision, false).await?;
    let path = data.join(BUNDLE_NAME);
    fs::write(&path, &bytes).with_context(|| format!("write {}", path.display()))?;
    let verdict =
        bundle::verify(&bytes, Some(&key)).map_err(|error| Exit::Unverified.because(format!("the bundle does not verify: {error}")))?;
    out.line(format!("  {} holds the evidence for one decision. Verified without database or network:", path.display()))?;
    for line in &verdict.story {
        out.line(format!("    {line}"))?;
    }
    out.line(format!("  {}, all in the log, signed by the key {key}", counted(verdict.events as u64, "event", "events")))?;
    let report = verify::examine(
        &Node {
            out: Out { quiet: true, ..out },
            app: node.app.clone(),
            workspace: node.workspace.clone(),
            settings: node.settings.clone(),
        },
        None,
    )
    .await?;
    if !report.ok() {
        return Err(Exit::Unverified.because(format!("the workspace does not verify: {:?}", report.problems.first())));
    }
    out.line(format!(
        "  The workspace: {} events, {} checkpoints, {} rows of projections: all as they must be",
        thousands(report.events),
        report.checkpoints,
        thousands(report.rows)
    ))
}

/// The usual port, or a free one where it is taken.
async fn listen(wanted: Option<SocketAddr>) -> Result<TcpListener> {
    let address = match wanted {
        Some(address) => address,
        None => LISTEN_DEFAULT.parse()?,
    };
    match TcpListener::bind(address).await {
        Err(error) if wanted.is_none() && error.kind() == io::ErrorKind::AddrInUse => {
            Ok(TcpListener::bind(SocketAddr::new(address.ip(), 0)).await?)
        }
        other => other.with_context(|| format!("listen on {address}")),
    }
}

/// A key, and three things to try with it.
async fn invite(node: &Node, address: SocketAddr) -> Result<()> {
    let scopes = ["cases:read", "cases:write", "judge", "outcomes:write", "ledger:read"].map(str::to_owned).to_vec();
    let input = ApiKeyInput { name: "demo".into(), scopes, person: None, expires: None };
    let (_, key) = node.workspace.api_key_add(&operator(), input).await?;
    let out = node.out;
    out.line(format!("\nThe API serves at http://{address}; stop it by Ctrl-C. Try, in another terminal:\n"))?;
    out.line(format!("  export KEY={key}"))?;
    out.line(format!("  curl -s -H \"Authorization: Bearer $KEY\" 'http://{address}/v1/cases?playbook=support-triage&state=open'"))?;
    out.line(format!("  curl -s -H \"Authorization: Bearer $KEY\" 'http://{address}/v1/decisions?limit=3'"))?;
    out.line(format!("  curl -s -H \"Authorization: Bearer $KEY\" http://{address}/v1/log/{}/checkpoint\n", node.workspace.id()))
}
