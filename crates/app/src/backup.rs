//! Backup and restore. Keys are never in a backup. A restore opens a new log and replays erasures before anything is served, so
//! that a copy can neither pass for the log it was taken from nor bring back who was erased.

use crate::{App, Error, Workspace, control::Control, integrator, workspace::system, writer::Change};
use countersign_core::{
    id::SubjectId,
    refusal::{Code, Refusal},
};
use countersign_engine::workspace::WorkspaceCommand;
use countersign_ledger::checkpoint::Checkpoint;
use countersign_store as store;
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeSet,
    io::Write,
    path::{Path, PathBuf},
};
use uuid::Uuid;

/// One line of the erasure list, which is kept outside the data directory and outside backups.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Erasure {
    /// The workspace.
    pub workspace: Uuid,
    /// Who was erased.
    pub subject: Uuid,
}

/// Reads an erasure list: one JSON object a line.
///
/// # Errors
/// Names the first line that cannot be read.
pub fn erasures_read(text: &str) -> Result<Vec<Erasure>, Error> {
    text.lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty())
        .map(|(n, line)| {
            serde_json::from_str(line).map_err(|e| {
                Refusal::invalid(format!("/{}", n + 1), format!("line {} of the erasure list cannot be read: {e}", n + 1)).into()
            })
        })
        .collect()
}

/// What a restore did in a workspace.
#[derive(Debug, Clone, Serialize)]
pub struct Restored {
    /// The workspace.
    pub workspace: Uuid,
    /// Its new log's origin line.
    pub origin: String,
    /// Events taken over from the backup.
    pub events: u64,
    /// Subjects that were erased again.
    pub erased: u64,
}

impl App {
    /// Keeps an erasure list in this file from now on; every erasure is written there before it is carried out.
    pub fn keep_erasure_list(&self, file: PathBuf) {
        // A second call changes nothing: one node keeps one list.
        let _ = self.inner.erasure_list.set(file);
    }

    /// Copies the embedded database into one file, consistent as of one moment, with a checkpoint of all that is in it.
    ///
    /// # Errors
    /// Where the file exists already, cannot be written, or the database is PostgreSQL's, whose tool is `pg_dump`.
    pub async fn backup(&self, to: &Path) -> Result<(), Error> {
        if to.exists() {
            return Err(Refusal::invalid("/to", "this file exists already: name a new one").into());
        }
        for id in self.workspaces().await? {
            self.workspace(id).integrate_all().await?;
        }
        Ok(self.inner.db.copy_into(to).await?)
    }

    /// Makes a restored database fit to be served: a new log in every workspace, whose first leaf commits to the old one, and all
    /// erasures of the list carried out again.
    ///
    /// # Errors
    /// Where the storage fails. It is safe to begin again: an erasure is carried out once, and one more log harms nobody.
    pub async fn restore_finish(&self, erasures: &[Erasure]) -> Result<Vec<Restored>, Error> {
        // The copy holds the leases of nodes that served the original; none of them serves this.
        let mut tx = self.inner.db.begin().await?;
        store::integrator::clear(tx.conn()).await?;
        store::track::leases_clear(tx.conn()).await?;
        store::model::leases_clear(tx.conn()).await?;
        store::asking::leases_clear(tx.conn()).await?;
        store::search::leases_clear(tx.conn()).await?;
        tx.commit().await?;
        let mut done = Vec::new();
        for id in self.workspaces().await? {
            let subjects: BTreeSet<SubjectId> = erasures.iter().filter(|e| e.workspace == id.0).map(|e| SubjectId(e.subject)).collect();
            done.push(self.workspace(id).restore_finish(subjects).await?);
        }
        Ok(done)
    }
}

impl Workspace {
    async fn restore_finish(&self, listed: BTreeSet<SubjectId>) -> Result<Restored, Error> {
        let mut due = Vec::new();
        let mut session = self.inner.db.session().await?;
        for subject in listed {
            let row = store::subject::get(session.conn(), self.id.0, subject.0).await?;
            if row.is_some_and(|r| r.erased_at.is_none()) {
                due.push(subject);
            }
        }
        drop(session);
        let events = self.head_size().await?;
        let origin = format!("countersign/{}/{}", self.id, hex(&self.inner.env.bytes::<4>()));
        let number = self.control().await?.logs.len() as u64;
        let key = self.signing_key(&origin, number, 0)?;
        let old_checkpoint = self.old_checkpoint(&key).await?;
        let erased = due.len() as u64;
        let (new_origin, log_key) = (origin.clone(), key.verifier().to_string());
        let restore = move |_: &Control| {
            Ok(WorkspaceCommand::Restore {
                origin: new_origin.clone(),
                log_key: log_key.clone(),
                old_checkpoint: old_checkpoint.clone(),
                erased,
            })
        };
        let caller = system("restore");
        self.change(&caller, Change::command(restore)).await?;
        for subject in due {
            self.subject_erase(&caller, subject, "replay").await?;
        }
        self.integrate_all().await?;
        Ok(Restored { workspace: self.id.0, origin, events, erased })
    }

    /// What the new log's first leaf commits to: the old log at its full size, signed by the old key where that was done, else by
    /// the new one, since the old log may have gone on elsewhere and its key must not sign two histories.
    async fn old_checkpoint(&self, new_key: &countersign_ledger::note::SigningKey) -> Result<String, Error> {
        let control = self.control().await?;
        let log = integrator::present(&control)?;
        let size = self.head_size().await?.saturating_sub(log.base);
        let mut session = self.inner.db.session().await?;
        let latest = store::ledger::checkpoint_latest(session.conn(), log.stored(self.id)).await?;
        let whole = match (integrator::beyond(&mut session, self.id, log, size).await?, latest) {
            (None, Some(latest)) => return Ok(latest.note),
            (None, None) => return Err(Error::Damaged("the log has no checkpoint and no events".into())),
            (Some(whole), _) => whole,
        };
        let text = Checkpoint::new(log.origin.clone(), whole.size, whole.root).to_string();
        let note = countersign_ledger::note::Note::sign(text, &[new_key]).map_err(|e| Error::Damaged(e.to_string()))?;
        Ok(note.to_string())
    }

    /// Writes an erasure to the list before it is carried out, so that no restore of an older backup brings the subject back.
    pub(crate) fn erasure_listed(&self, subject: SubjectId) -> Result<(), Error> {
        let Some(file) = self.inner.erasure_list.get() else { return Ok(()) };
        let line =
            serde_json::to_string(&Erasure { workspace: self.id.0, subject: subject.0 }).map_err(|e| Error::Damaged(e.to_string()))?;
        let append = || {
            let mut list = std::fs::OpenOptions::new().create(true).append(true).open(file)?;
            writeln!(list, "{line}")?;
            list.sync_all()
        };
        append().map_err(|e| {
            Refusal::new(
                Code::Storage,
                format!("the erasure list cannot be written ({e}), so nothing was erased: a restore could not repeat it"),
            )
            .into()
        })
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}
