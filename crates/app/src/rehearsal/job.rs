//! Rehearsals as jobs: started, watched and read over any node. What they find is kept for a while and is no evidence: a
//! rehearsal can be held again at any time.

use super::{Findings, Progress, Question, of_data, page};
use crate::{Error, Workspace};
use countersign_core::{
    number::Micros,
    refusal::{Code, Refusal},
    time::format_rfc3339,
};
use countersign_store::{self as store, rehearsal::RehearsalRow};
use serde::{Deserialize, Serialize};
use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicUsize, Ordering},
};
use utoipa::ToSchema;
use uuid::Uuid;

/// Rehearsals that a node holds at once: each may use all its cores.
pub const RUNNING_MAX: usize = 2;
/// Rehearsals that a list shows.
const LISTED_MAX: i64 = 100;
/// How long findings are kept.
const KEPT_MICROS: Micros = 90 * 86_400 * 1_000_000;
/// A rehearsal that said nothing for so long was on a node that stopped.
const SILENT_MICROS: Micros = 10 * 60 * 1_000_000;
/// How often progress is written down at most.
const TOLD_MICROS: Micros = 250_000;
/// Groups of one rehearsal.
const GROUPS_MAX: usize = 8;

/// What a rehearsal is to look at.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RehearsalInput {
    /// The playbook's name.
    pub playbook: String,
    /// Fields by which fairness is looked at; none: the audited ones.
    #[serde(default)]
    pub groups: Vec<String>,
    /// What is asked.
    #[serde(default)]
    pub question: Question,
}

/// A rehearsal, and what it found once it is done.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct RehearsalView {
    /// Its id.
    pub rehearsal: Uuid,
    /// The playbook.
    pub playbook: String,
    /// `running`, `done` or `failed`.
    pub state: String,
    /// How much is done, from 0 to 1.
    pub progress: f64,
    /// What is being done now, or why it failed.
    pub note: String,
    /// When it began (RFC 3339).
    pub started: String,
    /// What it found; absent in lists and until it is done.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub findings: Option<serde_json::Value>,
}

/// Rehearsals that this process holds.
static RUNNING: AtomicUsize = AtomicUsize::new(0);

/// One of the [`RUNNING_MAX`] places; given back when dropped.
struct Place;

impl Place {
    fn take() -> Option<Self> {
        let free = |running| (running < RUNNING_MAX).then_some(running + 1);
        RUNNING.fetch_update(Ordering::AcqRel, Ordering::Acquire, free).ok().map(|_| Self)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        RUNNING.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Workspace {
    /// Starts a rehearsal over this workspace's own cases and returns at once.
    ///
    /// # Errors
    /// Refuses an unknown playbook, the naming of people (it shows single people's skill, which is not asked for over the API),
    /// and more than [`RUNNING_MAX`] at once.
    pub async fn rehearsal_start(&self, input: RehearsalInput) -> Result<RehearsalView, Error> {
        if input.question.named {
            let why = "the skill of single people is not given over the API: run `countersign rehearse --playbook NAME --named` where the data are";
            return Err(Refusal::field(Code::Forbidden, "/question/named", why).into());
        }
        if input.groups.len() > GROUPS_MAX {
            return Err(Refusal::field(Code::Malformed, "/groups", format!("at most {GROUPS_MAX} fields are taken")).into());
        }
        self.playbook_get(&input.playbook, None).await?;
        let place = Place::take()
            .ok_or_else(|| Refusal::new(Code::Busy, format!("{RUNNING_MAX} rehearsals are held already: try again when one is done")))?;
        let (id, now) = (self.inner.env.ordered_id(), self.inner.env.now());
        let question = serde_json::to_string(&input).unwrap_or_default();
        let mut tx = self.inner.db.begin().await?;
        store::rehearsal::trim(tx.conn(), self.id.0, now - KEPT_MICROS).await?;
        store::rehearsal::insert(tx.conn(), self.id.0, id, &input.playbook, &question, now).await?;
        tx.commit().await?;
        let workspace = self.clone();
        tokio::spawn(async move { workspace.hold(id, input, place).await });
        self.rehearsal_get(id).await
    }

    /// Holds it to the end, and writes down what came of it.
    async fn hold(self, id: Uuid, input: RehearsalInput, place: Place) {
        let found = self.found(id, &input).await;
        drop(place);
        let text = match &found {
            Ok(findings) => serde_json::to_string(findings).map_err(|error| error.to_string()),
            Err(reason) => Err(reason.clone()),
        };
        let outcome = text.as_ref().map(String::as_str).map_err(String::as_str);
        let ended = async {
            let mut tx = self.inner.db.begin().await?;
            store::rehearsal::end(tx.conn(), self.id.0, id, outcome, self.inner.env.now()).await?;
            tx.commit().await
        };
        if let Err(error) = ended.await {
            tracing::error!(rehearsal.id = %id, cause = %error, "what a rehearsal found could not be kept");
        }
    }

    async fn found(&self, id: Uuid, input: &RehearsalInput) -> Result<Findings, String> {
        let told = Mutex::new((0.0, "reading cases"));
        let steps = |progress: Progress| {
            let mut told = told.lock().unwrap_or_else(PoisonError::into_inner);
            if let Progress::Step(step) = progress {
                *told = (0.2 + 0.8 * step.share(), step.words());
            }
        };
        let mut on_read = |progress: Progress| steps(progress);
        let data = self.past_cases(&input.playbook, &input.groups, &mut on_read).await.map_err(|error| error.to_string())?;
        self.tell(id, 0.2, "fitting on one part, judging on the other").await;
        let question = input.question.clone();
        let (sender, mut receiver) = tokio::sync::mpsc::unbounded_channel();
        let work = tokio::task::spawn_blocking(move || {
            of_data(&data, &question, &mut |progress| {
                if let Progress::Step(step) = progress {
                    // Nobody listens any more where the node stops.
                    let _ = sender.send(step);
                }
            })
        });
        let mut last = 0;
        while let Some(step) = receiver.recv().await {
            let now = self.inner.env.now();
            if now - last >= TOLD_MICROS {
                last = now;
                self.tell(id, 0.2 + 0.8 * step.share(), step.words()).await;
            }
        }
        match work.await {
            Ok(found) => found.map_err(|error| error.to_string()),
            Err(error) => Err(format!("the rehearsal broke off: {error}")),
        }
    }

    /// Writes down how far it is. Where that fails the rehearsal goes on: only watching it is poorer.
    async fn tell(&self, id: Uuid, share: f64, note: &str) {
        #[expect(clippy::cast_possible_truncation, reason = "from 0 to 1,000")]
        let permille = (1_000.0 * share.clamp(0.0, 0.999)) as i64;
        let told = async {
            let mut tx = self.inner.db.begin().await?;
            store::rehearsal::advance(tx.conn(), self.id.0, id, permille, note, self.inner.env.now()).await?;
            tx.commit().await
        };
        if let Err(error) = told.await {
            tracing::warn!(rehearsal.id = %id, cause = %error, "the progress of a rehearsal was not written down");
        }
    }

    /// A rehearsal, with what it found.
    ///
    /// # Errors
    /// Where there is none of this id.
    pub async fn rehearsal_get(&self, id: Uuid) -> Result<RehearsalView, Error> {
        let mut session = self.inner.db.session().await?;
        let row = store::rehearsal::get(session.conn(), self.id.0, id).await?.ok_or_else(unknown)?;
        let mut view = self.view(row);
        if view.state == "done" {
            let text = store::rehearsal::findings(session.conn(), self.id.0, id).await?.unwrap_or_default();
            view.findings = serde_json::from_str(&text).ok();
        }
        Ok(view)
    }

    /// How far it is, without what it found.
    ///
    /// # Errors
    /// Where there is none of this id.
    pub async fn rehearsal_progress(&self, id: Uuid) -> Result<RehearsalView, Error> {
        let mut session = self.inner.db.session().await?;
        Ok(self.view(store::rehearsal::get(session.conn(), self.id.0, id).await?.ok_or_else(unknown)?))
    }

    /// The latest rehearsals, newest first.
    ///
    /// # Errors
    /// Where the storage fails.
    pub async fn rehearsals_list(&self) -> Result<Vec<RehearsalView>, Error> {
        let mut session = self.inner.db.session().await?;
        let rows = store::rehearsal::list(session.conn(), self.id.0, LISTED_MAX).await?;
        Ok(rows.into_iter().map(|row| self.view(row)).collect())
    }

    /// What a rehearsal found, as one self-contained page of HTML.
    ///
    /// # Errors
    /// Where there is none of this id, or it is not done.
    pub async fn rehearsal_report(&self, id: Uuid) -> Result<String, Error> {
        let mut session = self.inner.db.session().await?;
        store::rehearsal::get(session.conn(), self.id.0, id).await?.ok_or_else(unknown)?;
        let text = store::rehearsal::findings(session.conn(), self.id.0, id).await?;
        let text = text.ok_or_else(|| Refusal::new(Code::NotFound, "this rehearsal is not done, so there is no report yet"))?;
        let findings: Findings =
            serde_json::from_str(&text).map_err(|error| Error::Damaged(format!("what a rehearsal found cannot be read: {error}")))?;
        Ok(page(&findings))
    }

    fn view(&self, row: RehearsalRow) -> RehearsalView {
        let silent = row.state == "running" && self.inner.env.now() - row.updated_at > SILENT_MICROS;
        let (state, note) =
            if silent { ("failed".to_owned(), "the node that held it stopped; start it again".to_owned()) } else { (row.state, row.note) };
        #[expect(clippy::cast_precision_loss, reason = "from 0 to 1,000")]
        let progress = row.permille as f64 / 1_000.0;
        RehearsalView {
            rehearsal: row.id,
            playbook: row.playbook,
            state,
            progress,
            note,
            started: format_rfc3339(row.started_at),
            findings: None,
        }
    }
}

fn unknown() -> Error {
    Refusal::new(Code::NotFound, "there is no rehearsal of this id").into()
}
