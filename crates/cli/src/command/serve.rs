//! `serve`: the HTTP API and the desk of a node, until it is told to stop. Never works before it listens.

use super::desk;
use crate::{
    arguments::Global,
    configuration::{LISTEN_DEFAULT, Settings},
    exit::Exit,
    node,
    out::Out,
};
use anyhow::{Context as _, Result};
use countersign_app::{App, passkey::Site};
use countersign_server::{ServerConfig, SignIn, mail::Mailer};
use std::net::SocketAddr;
use tokio::net::TcpListener;

/// What `serve` is asked for.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Where to listen [default: 127.0.0.1:7171]; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", env = "COUNTERSIGN_LISTEN")]
    pub listen: Option<SocketAddr>,
    /// Where people reach the desk, as in https://countersign.example.org; with https its cookie goes by no other way
    #[arg(long, value_name = "URL", env = "COUNTERSIGN_URL")]
    pub url: Option<String>,
    /// Let webhooks reach addresses inside of networks, by plain http too
    #[arg(long, env = "COUNTERSIGN_WEBHOOKS_PRIVATE")]
    pub webhooks_private: bool,
    /// Let playbooks name this endpoint of a language model as a proposer; those on this machine always may. Several: with commas
    #[arg(long, value_name = "URL", env = "COUNTERSIGN_LLM_ENDPOINTS", value_delimiter = ',')]
    pub llm_endpoint: Vec<String>,
}

/// How others are reached, and by which address.
#[derive(Default)]
pub struct Doors<'a> {
    /// Where people reach the desk.
    pub url: Option<&'a str>,
    /// Whether webhooks reach addresses inside of networks.
    pub webhooks_private: bool,
    /// Endpoints of language models that are not on this machine.
    pub llm_endpoints: &'a [String],
    /// How people may sign in beside links and passkeys.
    pub sign_in: SignIn,
    /// What sends letters.
    pub mailer: Option<Mailer>,
}

/// Serves until SIGINT or SIGTERM.
pub async fn run(global: &Global, Arguments { listen, url, webhooks_private, llm_endpoint }: Arguments) -> Result<()> {
    let settings = Settings::load(global)?;
    logging(settings.log.as_deref());
    let sign_in = settings.sign_in.read(&settings.data, |name| std::env::var(name).ok())?;
    let app = node::app(&settings).await?;
    let address = match listen.or(settings.listen) {
        Some(address) => address,
        None => LISTEN_DEFAULT.parse()?,
    };
    let listener = TcpListener::bind(address).await.map_err(|error| Exit::Failed.because(format!("listen on {address}: {error}")))?;
    let url = url.or_else(|| settings.url.clone());
    let mailer = match &settings.mail {
        Some(mail) => {
            let desk = url.clone().unwrap_or_else(|| format!("http://{}", listener.local_addr().unwrap_or(address)));
            Some(mail.read(&settings.data, &desk, |name| std::env::var(name).ok())?)
        }
        None => None,
    };
    let doors = Doors { url: url.as_deref(), webhooks_private, llm_endpoints: &llm_endpoint, sign_in, mailer };
    until_stopped(app, listener, doors, global.out()).await
}

/// Serves on a socket until SIGINT or SIGTERM, then ends in an orderly way.
pub async fn until_stopped(app: App, listener: TcpListener, doors: Doors<'_>, out: Out) -> Result<()> {
    let Doors { url, webhooks_private, llm_endpoints, sign_in, mailer } = doors;
    let address = listener.local_addr()?;
    let stop = signals()?;
    let integrator = countersign_app::integrator::spawn(&app);
    let learner = countersign_app::learner::spawn(&app);
    let reroute = countersign_app::reroute::spawn(&app);
    let team = countersign_app::team::spawn(&app);
    let precedents = countersign_app::precedent::spawn(&app);
    let search = countersign_app::search::spawn(&app);
    let webhooks = countersign_server::webhook::spawn(&app, webhooks_private);
    let letters = mailer.is_some();
    let mail = mailer.map(|mailer| countersign_server::mail::spawn(&app, mailer));
    let models = countersign_app::model::job::spawn(&app);
    let allowed =
        countersign_app::asking::Allowed::new(llm_endpoints, |variable| std::env::var(variable).ok().filter(|key| !key.is_empty()));
    let asking = countersign_app::asking::spawn(&app, allowed);
    out.either(&serde_json::json!({ "url": format!("http://{address}") }), format!("listening on http://{address}"))?;
    let site = site(url, address)?;
    let tls = url.is_some_and(|url| url.starts_with("https://"));
    if !address.ip().is_loopback() && !tls {
        out.say("This address is reached from outside, without TLS: put a proxy with TLS before it, and say its address by --url.");
    }
    countersign_server::serve(app.clone(), listener, ServerConfig { tls, site, sign_in, letters, ..ServerConfig::default() }, stop).await;
    integrator.abort();
    learner.abort();
    reroute.abort();
    team.abort();
    precedents.abort();
    search.abort();
    webhooks.abort();
    mail.iter().for_each(tokio::task::JoinHandle::abort);
    models.abort();
    asking.abort();
    app.close().await;
    Ok(())
}

/// Where people reach the desk.
fn site(url: Option<&str>, address: SocketAddr) -> Result<Site> {
    let url = url.map_or_else(|| desk::home(address), str::to_owned);
    Site::parse(&url).map_err(|error| Exit::Usage.because(error.to_string()))
}

/// Ends at the first SIGINT or SIGTERM; a second one ends the process at once.
fn signals() -> Result<impl Future<Output = ()> + Send + 'static> {
    #[cfg(unix)]
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()).context("listen to SIGTERM")?;
    Ok(async move {
        #[cfg(unix)]
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminate.recv() => {}
        }
        #[cfg(not(unix))]
        drop(tokio::signal::ctrl_c().await);
        tokio::spawn(async {
            if tokio::signal::ctrl_c().await.is_ok() {
                std::process::exit(i32::from(Exit::Failed as u8));
            }
        });
    })
}

/// Logs to standard error, one JSON object a line, or plainly on a terminal.
fn logging(configured: Option<&str>) {
    use std::io::IsTerminal as _;
    let filter = std::env::var("COUNTERSIGN_LOG").ok().or_else(|| configured.map(str::to_owned)).unwrap_or_else(|| "info,sqlx=warn".into());
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // A second subscriber is only met in tests; the first stays.
    drop(if std::io::stderr().is_terminal() { builder.compact().try_init() } else { builder.json().try_init() });
}
