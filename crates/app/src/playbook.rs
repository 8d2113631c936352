//! Playbooks: publishing a version, and reading what was published.

use crate::{
    Caller, Error, Options, Workspace,
    control::Control,
    view::PlaybookView,
    writer::{self, Change},
};
use countersign_core::{
    content::Content,
    limits::PLAYBOOK_BYTES_MAX,
    playbook::parse,
    refusal::{Code, Refusal},
};
use countersign_engine::workspace::WorkspaceCommand;

impl Workspace {
    /// Publishes a version; the same source again is the same version. Open cases keep the version they came under.
    ///
    /// # Errors
    /// Where the source does not parse: all problems at once, each with its line.
    pub async fn playbook_publish(&self, caller: &Caller, source: &str, _options: Options) -> Result<PlaybookView, Error> {
        if source.len() > PLAYBOOK_BYTES_MAX {
            return Err(Refusal::field(
                Code::TooLarge,
                "/source",
                format!("the playbook has {} bytes, and {PLAYBOOK_BYTES_MAX} is the limit", source.len()),
            )
            .into());
        }
        let playbook = parse::parse(source, "playbook.toml").map_err(|problems| {
            let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
            Refusal::invalid("/source", lines.join("\n"))
        })?;
        let (name, digest) = (playbook.name.clone(), parse::digest(source));
        let new_id = writer::playbook_id(&self.inner);
        let text = source.to_owned();
        let publish = move |_: &Control| {
            Ok(WorkspaceCommand::PublishPlaybook { name: playbook.name.clone(), digest, source: Content::text(text.clone()), new_id })
        };
        self.change(caller, Change::command(publish)).await?;
        self.playbook_get(&name, None).await
    }

    /// The latest version of every playbook, by name.
    ///
    /// # Errors
    /// Where the storage fails.
    pub async fn playbooks_list(&self) -> Result<Vec<PlaybookView>, Error> {
        let control = self.control().await?;
        let names = control.state.playbook_names.keys();
        Ok(names
            .filter_map(|name| control.state.playbook_latest(name).map(|(id, v)| view(id.0, name, v.version, v.digest.to_string(), None)))
            .collect())
    }

    /// What the latest version of a playbook says.
    ///
    /// # Errors
    /// Where there is none.
    pub async fn playbook_latest(&self, name: &str) -> Result<std::sync::Arc<countersign_core::playbook::Playbook>, Error> {
        Ok(self.inner.control(self.id).await?.playbook_latest(name)?.2)
    }

    /// A playbook with its source, in its latest version or a given one.
    ///
    /// # Errors
    /// Where there is none.
    pub async fn playbook_get(&self, name: &str, version: Option<u64>) -> Result<PlaybookView, Error> {
        let control = self.control().await?;
        let (id, latest, _) = control.playbook_latest(name)?;
        let version = version.unwrap_or(latest);
        let source = control.source(id, version)?.to_owned();
        Ok(view(id.0, name, version, parse::digest(&source).to_string(), Some(source)))
    }
}

fn view(playbook: uuid::Uuid, name: &str, version: u64, digest: String, source: Option<String>) -> PlaybookView {
    PlaybookView { playbook, name: name.to_owned(), version, digest, source }
}
