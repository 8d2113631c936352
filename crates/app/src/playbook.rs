//! Playbooks: publishing a version, and reading what was published.

use crate::{
    Caller, Error, Options, Workspace,
    control::Control,
    notice::LEAD_ROLE,
    view::PlaybookView,
    writer::{self, Change},
};
use countersign_core::{
    content::Content,
    limits::PLAYBOOK_BYTES_MAX,
    playbook::{Playbook, parse},
    refusal::{Code, Refusal},
};
use countersign_engine::{context::Roster as _, workspace::WorkspaceCommand};
use countersign_store as store;

impl Workspace {
    /// Publishes a version; the same source again is the same version. Open cases keep the version they came under. Models that are in a
    /// stage are held against it: what they lack is in the view's warnings.
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
        let used = self.was_decided_under(&name).await?;
        let publish = move |control: &Control| {
            if used {
                four_eyes(control, &playbook)?;
            }
            Ok(WorkspaceCommand::PublishPlaybook { name: playbook.name.clone(), digest, source: Content::text(text.clone()), new_id })
        };
        self.change(caller, Change::command(publish)).await?;
        let mut view = self.playbook_get(&name, None).await?;
        let (id, _, published) = self.inner.control(self.id).await?.playbook_latest(&name)?;
        view.warnings = self.models_tried(id, &published).await.unwrap_or_else(|error| {
            // It is published, whatever became of the look at the models.
            vec![format!("the models in its stages could not be tried on it: {error}")]
        });
        Ok(view)
    }

    /// Whether a case of this playbook was ever decided: until then there is nothing that another routing could be rehearsed over.
    async fn was_decided_under(&self, name: &str) -> Result<bool, Error> {
        let Ok(id) = self.control().await?.playbook_id(name) else { return Ok(false) };
        let mut session = self.inner.db.session().await?;
        Ok(!store::queue::decided(session.conn(), self.id.0, Some(id.0), i64::MAX, 1).await?.is_empty())
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

/// Where two people lead, the routing of a playbook in use is changed by a draft that the second of them approves, not by whoever
/// publishes.
fn four_eyes(control: &Control, new: &Playbook) -> Result<(), Refusal> {
    let leads = control.state.count_with_any_role(&[LEAD_ROLE.to_owned()]);
    let Ok((_, _, today)) = control.playbook_latest(&new.name) else { return Ok(()) };
    if leads < 2 || today.routing == new.routing {
        return Ok(());
    }
    let detail = format!(
        "{leads} people lead here, so that [routing] is changed by a draft that a second person approves: countersign routing draft {}. \
         Publish the rest with [routing] as it is",
        new.name
    );
    Err(Refusal::field(Code::Forbidden, "/source", detail))
}

fn view(playbook: uuid::Uuid, name: &str, version: u64, digest: String, source: Option<String>) -> PlaybookView {
    PlaybookView { playbook, name: name.to_owned(), version, digest, source, warnings: Vec::new() }
}
