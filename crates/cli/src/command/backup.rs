//! `backup` and `restore`: the embedded database as one file. Keys are never in it, and a restore opens a new log and repeats
//! erasures before anything is served.

use crate::{
    arguments::Global,
    configuration::Settings,
    exit::Exit,
    node,
    out::{Out, counted},
    secret,
};
use anyhow::{Context as _, Result};
use countersign_app::backup::erasures_read;
use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// What `backup` is asked for.
#[derive(Debug, clap::Args)]
pub struct BackupArguments {
    /// The file to write; it must not be there yet
    #[arg(long, value_name = "FILE")]
    pub to: PathBuf,
}

/// What `restore` is asked for.
#[derive(Debug, clap::Args)]
pub struct RestoreArguments {
    /// The backup; with PostgreSQL, load its dump first and leave this away
    #[arg(long, value_name = "FILE")]
    pub from: Option<PathBuf>,
    /// Who was erased since; they are erased again [default: the list beside the data directory]
    #[arg(long, value_name = "FILE")]
    pub erasures: Option<PathBuf>,
}

/// Copies the database into one file.
pub async fn backup(global: &Global, BackupArguments { to }: BackupArguments) -> Result<()> {
    let out = global.out();
    let settings = Settings::load(global)?;
    let app = node::app(&settings).await?;
    let result = app.backup(&to).await;
    app.close().await;
    result?;
    let bytes = fs::metadata(&to).map(|metadata| metadata.len()).unwrap_or_default();
    out.say("The root secret and the erasure list are not in it: keep them elsewhere, or it opens nothing.");
    out.either(&serde_json::json!({ "file": to, "bytes": bytes }), format!("{} ({} KiB)", to.display(), bytes.div_ceil(1 << 10)))
}

/// Puts a backup where no database is yet, and makes it fit to be served.
pub async fn restore(global: &Global, RestoreArguments { from, erasures }: RestoreArguments) -> Result<()> {
    let out = global.out();
    let settings = Settings::load(global)?;
    let erasures = erasure_list(out, &settings, erasures.as_deref())?;
    // Before anything is copied: without the right secret the restored data could not be used.
    let root = secret::load(&settings)?;
    match (&from, settings.is_postgres()) {
        (Some(from), false) => copy(from, &settings)?,
        (None, true) => {}
        (None, false) => return Err(Exit::Usage.because("say which backup by --from FILE")),
        (Some(_), true) => {
            return Err(Exit::Usage.because("a PostgreSQL database is loaded by pg_restore; then run this without --from"));
        }
    }
    let app = node::open_with(&settings, root).await?;
    let restored = app.restore_finish(&erasures).await;
    app.close().await;
    let restored = restored?;
    if out.json {
        return out.value(&restored);
    }
    for workspace in &restored {
        let events = counted(workspace.events, "event", "events");
        let erased = counted(workspace.erased, "subject", "subjects");
        out.line(format!("{}: {events}, {erased} erased again, new log {}", workspace.workspace, workspace.origin))?;
    }
    out.say("Now run `countersign verify` and `countersign doctor`.");
    Ok(())
}

fn erasure_list(out: Out, settings: &Settings, named: Option<&Path>) -> Result<Vec<countersign_app::backup::Erasure>> {
    let path = named.unwrap_or(&settings.erasure_list);
    match fs::read_to_string(path) {
        Ok(text) => Ok(erasures_read(&text).with_context(|| path.display().to_string())?),
        Err(error) if error.kind() == io::ErrorKind::NotFound && named.is_none() => {
            out.say(format!(
                "There is no erasure list at {}: whoever was erased after the backup is back. Name it by --erasures.",
                path.display()
            ));
            Ok(Vec::new())
        }
        Err(error) => Err(Exit::Usage.because(format!("{}: {error}", path.display()))),
    }
}

fn copy(from: &Path, settings: &Settings) -> Result<()> {
    let to = Path::new(&settings.database);
    if to.exists() {
        return Err(Exit::Refused.because(format!("{} is there already: restore beside it, by --data", to.display())));
    }
    if !from.is_file() {
        return Err(Exit::Usage.because(format!("there is no backup at {}", from.display())));
    }
    secret::directory(&settings.data)?;
    // Under another name first: a copy that broke off is no database.
    let part = to.with_extension("part");
    fs::copy(from, &part).map_err(|error| Exit::Storage.because(format!("copy to {}: {error}", part.display())))?;
    fs::rename(&part, to).map_err(|error| Exit::Storage.because(format!("rename to {}: {error}", to.display())))
}
