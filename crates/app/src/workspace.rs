//! Workspaces: making one, and what is set for all of one.

use crate::{App, Caller, Error, Workspace, control::Control, seal::numbered, view::WorkspaceView, writer::Change};
use countersign_core::{
    content::Digest,
    event::{Actor, PeopleMetrics, Source},
    id::WorkspaceId,
    limits::NAME_CHARS_MAX,
    refusal::{Code, Refusal},
};
use countersign_engine::workspace::WorkspaceCommand;
use countersign_ledger::{draw, note::SigningKey};
use countersign_privacy::Purpose;
use countersign_store as store;

/// The caller of what the platform does by itself.
#[must_use]
pub fn system(name: &str) -> Caller {
    Caller { actor: Actor::System(name.into()), source: Source::System }
}

impl App {
    /// Makes a workspace with its log, its first checkpoint key and its first draw key.
    ///
    /// # Errors
    /// Where the name is no name or the storage fails.
    pub async fn workspace_create(&self, name: &str) -> Result<Workspace, Error> {
        if name.trim().is_empty() || name.chars().count() > NAME_CHARS_MAX {
            return Err(Refusal::invalid("/name", format!("a workspace's name has 1 to {NAME_CHARS_MAX} characters")).into());
        }
        let workspace = self.workspace(WorkspaceId(self.inner.env.ordered_id()));
        let origin = format!("countersign/{}", workspace.id);
        let log_key = workspace.signing_key(&origin, 0, 0)?.verifier().to_string();
        let name = name.to_owned();
        let create = move |_: &Control| {
            Ok(WorkspaceCommand::Create {
                name: name.clone(),
                origin: origin.clone(),
                log_key: log_key.clone(),
                people_metrics: PeopleMetrics::Own,
            })
        };
        let commitment = workspace.draw_commitment(1);
        let commit = move |_: &Control| Ok(WorkspaceCommand::CommitDrawKey { epoch: 1, commitment });
        workspace.change(&system("setup"), Change::command(create).and(commit).creating()).await?;
        Ok(workspace)
    }

    /// The one workspace of this database.
    ///
    /// # Errors
    /// Where there is none, or several to choose from.
    pub async fn workspace_only(&self) -> Result<Workspace, Error> {
        match self.workspaces().await?.as_slice() {
            [] => Err(Refusal::new(Code::NotFound, "there is no workspace yet: `countersign init` makes one").into()),
            [one] => Ok(self.workspace(*one)),
            several => {
                Err(Refusal::invalid("/workspace", format!("there are {} workspaces here: say which by --workspace", several.len())).into())
            }
        }
    }
}

impl Workspace {
    /// The checkpoint key of a generation of a log.
    pub(crate) fn signing_key(&self, origin: &str, log: u64, generation: u64) -> Result<SigningKey, Error> {
        // Every log has its own run of generations.
        let seed = self.inner.root.derive(Purpose::CheckpointSeed, &numbered(self.id, (log << 32) | generation));
        SigningKey::from_seed(origin, &seed).map_err(|e| Error::Damaged(e.to_string()))
    }

    /// The commitment to an epoch's draw key.
    pub(crate) fn draw_commitment(&self, epoch: u64) -> Digest {
        let keys = self.inner.seals.of(&self.inner.root, self.id);
        let key = keys.draw_key(&self.inner.root, epoch);
        Digest(*draw::commitment(&key).as_bytes())
    }

    /// What is set for all of the workspace.
    ///
    /// # Errors
    /// Where there is no such workspace or the storage fails.
    pub async fn info(&self) -> Result<WorkspaceView, Error> {
        let control = self.control().await?;
        let mut session = self.inner.db.session().await?;
        let head = store::log_head::get(session.conn(), self.id.0).await?.ok_or_else(crate::control::unknown_workspace)?;
        drop(session);
        let metrics = serde_json::to_value(control.state.control.people_metrics).map_err(|e| Error::Damaged(e.to_string()))?;
        Ok(WorkspaceView {
            workspace: self.id.0,
            name: control.state.name.clone(),
            origin: control.state.logs.last().map(|l| l.origin.clone()).unwrap_or_default(),
            log_key: control.state.log_key().unwrap_or_default().to_owned(),
            size: u64::try_from(head.size).unwrap_or(0),
            people_metrics: metrics.as_str().unwrap_or_default().to_owned(),
            stops: self.stops().await?,
            rerouting: self.reroutes().await?,
            engine: self.inner.db.engine().to_owned(),
        })
    }

    /// Changes what is measured of people, for all to see.
    ///
    /// # Errors
    /// Where the storage fails.
    pub async fn people_metrics_set(&self, caller: &Caller, to: PeopleMetrics, reason: &str) -> Result<(), Error> {
        let reason = reason.to_owned();
        self.change(caller, Change::command(move |_| Ok(WorkspaceCommand::SetPeopleMetrics { to, reason: reason.clone() })))
            .await
            .map(|_| ())
    }

    /// Discloses the present draw key, so that everyone can redo its draws, and commits to the next. Returns the new epoch.
    ///
    /// # Errors
    /// Where the storage fails.
    pub async fn draw_key_rotate(&self, caller: &Caller) -> Result<u64, Error> {
        let control = self.control().await?;
        let epoch = control.state.draw_epoch().ok_or_else(|| Error::Damaged("the workspace has no draw key".into()))?;
        let keys = self.inner.seals.of(&self.inner.root, self.id);
        let key = Digest(**keys.draw_key(&self.inner.root, epoch));
        let (old, new) = (self.draw_commitment(epoch), self.draw_commitment(epoch + 1));
        let commit = move |_: &Control| Ok(WorkspaceCommand::CommitDrawKey { epoch: epoch + 1, commitment: new });
        let disclose = move |_: &Control| Ok(WorkspaceCommand::DiscloseDrawKey { epoch, key, commitment: old });
        self.change(caller, Change::command(commit).and(disclose)).await?;
        Ok(epoch + 1)
    }
}
