//! The use cases, one file a noun: everything that the API, the desk and the command line can do. Knows no HTTP and holds no SQL.
//!
//! Start at [`App`] and then [`writer`], through which every change goes. Time, randomness and ids come from [`Env`].

#![cfg_attr(test, expect(clippy::unwrap_used, reason = "a test that cannot go on should panic"))]

pub mod absence;
pub mod agree;
pub mod api_key;
pub mod asking;
pub mod attachment;
pub mod audit;
pub mod backup;
pub mod bulk;
pub mod bundle;
pub mod case;
pub mod claim;
pub mod control;
pub mod decision;
pub mod env;
pub mod error;
pub mod event;
pub mod experiment;
pub mod explain;
pub mod identity;
pub mod import;
pub mod input;
pub mod integrator;
pub mod learner;
pub mod ledger;
pub mod letter;
pub mod model;
pub mod notice;
pub mod origin;
pub mod passkey;
pub mod password;
pub mod pause;
pub mod person;
pub mod playbook;
pub mod practice;
pub mod precedent;
pub mod projection;
pub mod queue;
pub mod recent;
pub mod rehearsal;
pub mod reroute;
mod rounds;
pub mod routing;
pub mod rules;
pub mod saved_view;
pub mod seal;
pub mod search;
pub mod session;
pub mod signing;
pub mod subject;
pub mod team;
pub mod title;
pub mod track;
pub mod verify;
pub mod view;
pub mod webhook;
pub mod workspace;
pub mod writer;

pub use env::Env;
pub use error::Error;

use countersign_core::{
    event::{Actor, Source},
    id::{PersonId, WorkspaceId},
};
pub use countersign_privacy::RootSecret;
use countersign_store::{self as store, Db};
use std::sync::Arc;

/// What a node is made of: a database, a root secret, and an environment to take time and randomness from.
#[derive(Debug)]
pub struct Config {
    /// A path to a SQLite file, or `postgres://..`.
    pub database: String,
    /// From which every other key is derived; kept outside the data directory.
    pub root: RootSecret,
    /// Time and randomness.
    pub env: Env,
}

/// A node: the use cases over one database. Cheap to clone.
#[derive(Clone)]
pub struct App {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) db: Db,
    pub(crate) root: RootSecret,
    pub(crate) env: Env,
    pub(crate) writer: writer::Handle,
    pub(crate) control: control::Cache,
    pub(crate) records: track::Cache,
    rules: rules::Cache,
    pub(crate) precedents: precedent::Memories,
    pub(crate) models: model::advice::Cache,
    pub(crate) seals: seal::Keys,
    /// This node's name among integrators.
    pub(crate) holder: uuid::Uuid,
    pub(crate) believed: api_key::Believed,
    pub(crate) erasure_list: std::sync::OnceLock<std::path::PathBuf>,
    pub(crate) notices: tokio::sync::broadcast::Sender<event::Notice>,
}

/// Who calls, and by which door.
#[derive(Debug, Clone)]
pub struct Caller {
    /// Who causes what follows.
    pub actor: Actor,
    /// By which door.
    pub source: Source,
}

/// How a request may be sent again, and which version of a case it is about.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// `Idempotency-Key`, with the route and the digest of the request.
    pub idempotency: Option<IdempotencyKey>,
    /// `If-Match`: the version of the case that the caller has seen.
    pub if_match: Option<u64>,
}

/// Why an atomic intake was refused as a whole.
#[derive(Debug)]
pub struct AtomicError {
    /// The case that is to blame, counted from 0.
    pub line: usize,
    /// What is wrong with it.
    pub error: Error,
}

/// A key under which a request may be sent again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey {
    /// The route, as in `POST /v1/cases`.
    pub route: String,
    /// The key that the caller chose.
    pub key: String,
    /// SHA-256 of the request.
    pub request: [u8; 32],
}

impl App {
    /// Opens the database, brings its schema up to date and starts the writer.
    ///
    /// # Errors
    /// Where the database cannot be opened.
    pub async fn open(config: Config) -> Result<Self, Error> {
        let db = Db::open(&config.database).await?;
        let (notices, _) = tokio::sync::broadcast::channel(event::NOTICES_WAITING_MAX);
        let (writer, inbox) = writer::Handle::channel(db.writes_apart());
        let inner = Arc::new(Inner {
            db,
            seals: seal::Keys::new(&config.root),
            root: config.root,
            writer,
            control: control::Cache::default(),
            records: track::Cache::default(),
            rules: rules::Cache::default(),
            precedents: precedent::Memories::default(),
            models: model::advice::Cache::default(),
            holder: config.env.random_id(),
            env: config.env,
            believed: api_key::Believed::default(),
            erasure_list: std::sync::OnceLock::new(),
            notices,
        });
        writer::spawn(Arc::downgrade(&inner), inbox);
        Ok(Self { inner })
    }

    /// The use cases of one workspace.
    #[must_use]
    pub fn workspace(&self, id: WorkspaceId) -> Workspace {
        Workspace { inner: Arc::clone(&self.inner), id, reader: None, asker: None }
    }

    /// The database, for what an operator asks about it.
    #[must_use]
    pub fn db(&self) -> &Db {
        &self.inner.db
    }

    /// Time and randomness.
    #[must_use]
    pub fn env(&self) -> &Env {
        &self.inner.env
    }

    /// Finishes what is under way and closes the database.
    pub async fn close(&self) {
        self.inner.writer.close().await;
        if let Ok(mut tx) = self.inner.db.begin().await
            && store::integrator::release(tx.conn(), self.inner.holder).await.is_ok()
            && store::reroute::release(tx.conn(), self.inner.holder).await.is_ok()
            && store::asking::release(tx.conn(), self.inner.holder).await.is_ok()
            && store::search::release(tx.conn(), self.inner.holder).await.is_ok()
        {
            // Where it fails the leases end by themselves.
            let _ = tx.commit().await;
        }
        self.inner.db.close().await;
    }
}

/// The use cases of one workspace. Cheap to clone.
#[derive(Clone)]
pub struct Workspace {
    pub(crate) inner: Arc<Inner>,
    pub(crate) id: WorkspaceId,
    pub(crate) reader: Option<PersonId>,
    pub(crate) asker: Option<Actor>,
}

impl Workspace {
    /// The same workspace, read by a person: lists then withhold answers on cases that this person may still have to answer
    /// independently. A program with full reading rights is no such reader.
    #[must_use]
    pub fn read_by(mut self, reader: Option<PersonId>) -> Self {
        self.reader = reader;
        self
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> WorkspaceId {
        self.id
    }
}
