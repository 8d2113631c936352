//! What every handler shares. Holds no state of the product: nodes are stateless.

use crate::{
    limits::REQUESTS_IN_FLIGHT_MAX,
    metrics::Metrics,
    patience::Patience,
    provider::{Provider, SignIn},
};
use countersign_app::{App, passkey::Site};
use std::{
    fmt,
    ops::Deref,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::sync::{Semaphore, watch};

/// How the server behaves; the defaults suit a node of its own.
#[derive(Clone)]
pub struct ServerConfig {
    /// Makes the ids of requests; by default a counter.
    pub request_ids: Arc<dyn Fn() -> String + Send + Sync>,
    /// Requests that are worked on at once.
    pub requests_in_flight_max: usize,
    /// How often a silent stream of live updates says that it lives.
    pub heartbeat: Duration,
    /// Where people reach the desk: their passkeys are bound to it.
    pub site: Site,
    /// Whether people reach the desk over TLS, so that its cookie may be kept from everything else.
    pub tls: bool,
    /// How people may sign in beside links and passkeys.
    pub sign_in: SignIn,
    /// Whether people are told by e-mail as well.
    pub letters: bool,
}

impl Default for ServerConfig {
    fn default() -> Self {
        let count = AtomicU64::new(0);
        Self {
            request_ids: Arc::new(move || format!("r{}", count.fetch_add(1, Ordering::Relaxed) + 1)),
            requests_in_flight_max: REQUESTS_IN_FLIGHT_MAX,
            heartbeat: Duration::from_secs(15),
            site: Site::default(),
            tls: false,
            sign_in: SignIn::default(),
            letters: false,
        }
    }
}

impl fmt::Debug for ServerConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerConfig")
            .field("requests_in_flight_max", &self.requests_in_flight_max)
            .field("heartbeat", &self.heartbeat)
            .finish_non_exhaustive()
    }
}

/// What every handler shares. Cheap to clone.
#[derive(Clone)]
pub struct Server(Arc<Shared>);

/// The inside of [`Server`].
pub struct Shared {
    pub(crate) app: App,
    pub(crate) config: ServerConfig,
    pub(crate) metrics: Metrics,
    /// How often signing in was tried in vain.
    pub(crate) patience: Patience,
    /// What people may sign in through.
    pub(crate) providers: Vec<Provider>,
    /// Slots for requests that are worked on.
    pub(crate) slots: Semaphore,
    /// Turns true when the server shuts down, so that endless streams end.
    pub(crate) stopping: watch::Receiver<bool>,
}

impl Server {
    pub(crate) fn new(app: App, config: ServerConfig, stopping: watch::Receiver<bool>) -> Self {
        let slots = Semaphore::new(config.requests_in_flight_max);
        let providers = Provider::all(&config.sign_in);
        Self(Arc::new(Shared { app, config, metrics: Metrics::default(), patience: Patience::default(), providers, slots, stopping }))
    }
}

impl Deref for Server {
    type Target = Shared;
    fn deref(&self) -> &Shared {
        &self.0
    }
}
