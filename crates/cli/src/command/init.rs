//! `init`: a data directory, a root secret and a workspace. Never touches a workspace that is there.

use crate::{arguments::Global, configuration::Settings, exit::Exit, node, secret};
use anyhow::Result;
use std::path::Path;

/// What `init` is asked for.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// What people call the workspace
    #[arg(long, default_value = "main")]
    pub name: String,
}

/// Makes everything that is missing.
pub async fn run(global: &Global, Arguments { name }: Arguments) -> Result<()> {
    let out = global.out();
    let settings = Settings::load(global)?;
    secret::directory(&settings.data)?;
    let fresh_database = !settings.is_postgres() && !Path::new(&settings.database).exists();
    let made_secret = !secret::exists(&settings);
    if made_secret {
        if !fresh_database && !settings.is_postgres() {
            let text = format!(
                "{} holds a database, and its root secret is not at {}: name it by --secret-file; a new one could not open it",
                settings.data.display(),
                settings.secret_file.display()
            );
            return Err(Exit::Storage.because(text));
        }
        secret::make(&settings.secret_file)?;
    }
    let app = node::open(&settings).await?;
    let known = app.workspaces().await?;
    if !settings.is_postgres() && !known.is_empty() {
        app.close().await;
        let text = format!("{} has a workspace already; nothing was changed", settings.data.display());
        return Err(Exit::Refused.because(text));
    }
    let workspace = app.workspace_create(&name).await?;
    let id = workspace.id();
    app.close().await;
    out.say(format!("Data:    {}", if settings.is_postgres() { "in PostgreSQL".into() } else { settings.data.display().to_string() }));
    if made_secret {
        out.say(format!("Secret:  {} (new)", settings.secret_file.display()));
        out.say("         Every key is derived from it. Keep a copy where no backup of the data goes: whoever has both reads");
        out.say("         everything, and whoever loses it loses the vault for good.");
    } else {
        out.say(format!(
            "Secret:  {}",
            if std::env::var_os(secret::VARIABLE).is_some() { secret::VARIABLE.into() } else { settings.secret_file.display().to_string() }
        ));
    }
    out.say("Next:    countersign playbook publish FILE, then countersign import or countersign serve");
    out.either(
        &serde_json::json!({ "workspace": id, "data": settings.data, "secret_file": settings.secret_file, "secret_made": made_secret }),
        id.to_string(),
    )
}
