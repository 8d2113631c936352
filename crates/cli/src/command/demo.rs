//! `demo`: a throw-away workspace in which everything happens once, from intake to proven decisions; then the API over it.
//! Never touches a directory that it did not make.

mod cast;
mod finding;
mod month;
mod own;
mod story;
mod world;

use super::{desk, serve, verify};
use crate::{
    arguments::Global,
    configuration::{self, LISTEN_DEFAULT, Settings},
    exit::Exit,
    node::{self, Node, operator},
    out::{Out, counted, thousands},
    reality, secret,
};
use anyhow::{Context as _, Result};
use cast::Cast;
use countersign_app::{bundle, input::ApiKeyInput};
use countersign_demo::Month;
use finding::Finding;
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

/// What `demo` is asked for.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Remove what an earlier demo left, and begin anew
    #[arg(long)]
    pub fresh: bool,
    /// Stop after the story, without serving
    #[arg(long)]
    pub no_serve: bool,
    /// A CSV file of your own instead of the invented month: its playbook is guessed from the columns
    #[arg(long, value_name = "FILE")]
    pub import: Option<PathBuf>,
    /// Where the desk listens [default: 127.0.0.1:7171, or a free port]
    #[arg(long, value_name = "ADDRESS")]
    pub listen: Option<SocketAddr>,
}

/// Tells the story, then serves.
pub async fn run(global: &Global, arguments: Arguments) -> Result<()> {
    let watch = reality::stopwatch();
    let month = arguments.import.is_none().then(|| month::invent(reality::now()));
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
    let truths = match (month, &arguments.import) {
        (Some(month), _) => Some(invented(&node, &cast, month.await?, &data).await?),
        (None, Some(file)) => {
            let playbook = own::bring_in(&node, file).await?;
            finding::tell(out, Finding::begin(&node, playbook)).await?;
            None
        }
        (None, None) => None,
    };
    out.line(format!("\nReady after {:.1} s.", watch.elapsed().as_secs_f64()))?;
    if arguments.no_serve {
        out.line(format!("Look around: countersign --data {} case list", data.display()))?;
        node.close().await;
        return Ok(());
    }
    let listener = listen(arguments.listen).await?;
    let address = listener.local_addr()?;
    if address.to_string() != LISTEN_DEFAULT {
        configuration::listen_keep(&data, address)?;
    }
    invite(&node, &cast, address).await?;
    let world = truths.map(|truths| world::begin(&node, truths));
    let ended = serve::until_stopped(node.app, listener, serve::Doors::default(), Out { quiet: true, json: false }).await;
    if let Some(world) = world {
        world.abort();
    }
    ended
}

/// The month, what it shows, six cases as they happen, and their proof.
async fn invented(node: &Node, cast: &Cast, month: Month, data: &Path) -> Result<month::Truths> {
    let (truths, findings) = month::bring_in(node, month).await?;
    for finding in findings {
        finding::tell(node.out, finding).await?;
    }
    let decision = story::tell(node, cast).await?;
    prove(node, decision, data).await?;
    Ok(truths)
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

/// Writes an evidence bundle, verifies it as a stranger would, and verifies the whole workspace.
async fn prove(node: &Node, decision: countersign_core::id::EventId, data: &Path) -> Result<()> {
    let out = node.out;
    out.line("\nProven")?;
    node.workspace.integrate().await?;
    let key = node.workspace.log_key().await?;
    let bytes = node.workspace.bundle(decision, false, None).await?;
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

/// A link into the desk, and a key for the API.
async fn invite(node: &Node, cast: &Cast, address: SocketAddr) -> Result<()> {
    let scopes = ["cases:read", "cases:write", "judge", "outcomes:write", "ledger:read"].map(str::to_owned).to_vec();
    let input = ApiKeyInput { name: "demo".into(), scopes, person: None, expires: None };
    let (_, key) = node.workspace.api_key_add(&operator(), input).await?;
    let link = desk::link(node, cast.you.id, &desk::home(address)).await?;
    let out = node.out;
    out.line("\nOpen the desk and decide; this link signs you in once, within 15 minutes:")?;
    out.line(format!("\n  {link}\n"))?;
    out.line(format!("Another one: countersign --data {} desk link --person You", node.settings.data.display()))?;
    out.line(format!("The API:     curl -s -H \"Authorization: Bearer {key}\" 'http://{address}/v1/decisions?limit=3'"))?;
    out.line("Ctrl-C ends it; nothing leaves this machine.")
}
