//! A node for the length of a command: settings, secret, database, workspace.

use crate::{arguments::Global, configuration::Settings, exit::Exit, out::Out, reality, secret};
use anyhow::Result;
use countersign_app::{
    App, Caller, Config, RootSecret, Workspace,
    view::{CaseSummary, Page},
};
use countersign_core::{
    event::{Actor, Source},
    id::PersonId,
};
use std::path::Path;

/// A node with one workspace.
pub struct Node {
    /// The use cases.
    pub app: App,
    /// The workspace that is meant.
    pub workspace: Workspace,
    /// What it was opened with.
    pub settings: Settings,
    /// How to speak.
    pub out: Out,
}

impl Node {
    /// Opens the database that the command line names, and the workspace that is meant.
    pub async fn open(global: &Global) -> Result<Self> {
        let settings = Settings::load(global)?;
        let app = app(&settings).await?;
        let workspace = match settings.workspace {
            Some(id) => app.workspace(id),
            None => app.workspace_only().await?,
        };
        // Whoever sits here is asked about as anybody else is.
        let workspace = workspace.asked_by(operator().actor);
        Ok(Self { app, workspace, settings, out: global.out() })
    }

    /// One page of cases.
    pub async fn cases(&self, playbook: Option<&str>, state: Option<&str>, cursor: Option<&str>, limit: u32) -> Result<Page<CaseSummary>> {
        Ok(self.workspace.cases_list(playbook, state, cursor, limit).await?)
    }

    /// Ends in an orderly way: what is under way is finished.
    pub async fn close(self) {
        self.app.close().await;
    }
}

/// Opens the database that the settings name; it must be there already.
pub async fn app(settings: &Settings) -> Result<App> {
    if !settings.is_postgres() && !Path::new(&settings.database).exists() {
        let text =
            format!("there is no workspace at {}: `countersign init` makes one, --data names another place", settings.data.display());
        return Err(Exit::Storage.because(text));
    }
    open(settings).await
}

/// Opens the database that the settings name, or makes it.
pub async fn open(settings: &Settings) -> Result<App> {
    open_with(settings, secret::load(settings)?).await
}

/// The same with a root secret that is at hand.
pub async fn open_with(settings: &Settings, root: RootSecret) -> Result<App> {
    let app = App::open(Config { database: settings.database.clone(), root, env: reality::env() }).await?;
    app.keep_erasure_list(settings.erasure_list.clone());
    Ok(app)
}

/// Whoever sits at the command line. The operating system says who may; the ledger says that it was done here.
pub fn operator() -> Caller {
    Caller { actor: Actor::System("operator".into()), source: Source::Cli }
}

/// What brings history in.
pub fn importer() -> Caller {
    Caller { actor: Actor::System("importer".into()), source: Source::Import }
}

/// A person who acts in their own name here. The operating system says who may sit at the command line.
pub fn person(id: PersonId) -> Caller {
    Caller { actor: Actor::Person(id), source: Source::Cli }
}
