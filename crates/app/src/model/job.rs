//! Models as a job: one node a workspace puts promotions into effect, lets champions and shadows look at new cases beside the queue,
//! and sees what turned out. What a model says here is kept apart: no case, no route and no person ever sees it.

use super::{learn, look::Why, promotion::Stands, version_of_bytes};
use crate::{App, Error, Inner, Workspace};
use countersign_core::{
    Event,
    event::{Body, case_of},
    id::{CaseId, PlaybookId, WorkspaceId},
    number::Micros,
};
use countersign_store::{
    self as store,
    model::{AnswerRow, StageRow},
};
use std::{
    collections::{BTreeSet, HashMap},
    sync::Weak,
    time::Duration,
};

/// How often the job looks.
const PERIOD: Duration = Duration::from_millis(500);
/// How long a node may be silent before another one takes over.
const LEASE_MICROS: Micros = 15_000_000;
/// Events read at once.
const EVENTS_AT_ONCE: i64 = 512;

/// What a node remembers of a workspace. All of it saves work and nothing rests on it.
#[derive(Default)]
pub struct Memory {
    /// Until when this node lets the models run.
    until: Option<Micros>,
    /// The decisions on promotions as they stood when the stages were last made from them.
    promotions: Vec<Stands>,
}

/// What a round did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Round {
    /// Promotions that took effect.
    pub promoted: u64,
    /// Answers that models gave beside the queue.
    pub said: u64,
}

/// Lets models run in all workspaces of the node's database, until the node is dropped.
pub fn spawn(app: &App) -> tokio::task::JoinHandle<()> {
    tokio::spawn(run(std::sync::Arc::downgrade(&app.inner)))
}

async fn run(node: Weak<Inner>) {
    let mut memories: HashMap<WorkspaceId, Memory> = HashMap::new();
    loop {
        tokio::time::sleep(PERIOD).await;
        let Some(inner) = node.upgrade() else { return };
        let app = App { inner };
        // Where the workspaces cannot be listed the integrator says so; the next round tries again.
        for id in app.workspaces().await.unwrap_or_default() {
            if let Err(error) = app.workspace(id).models_run(memories.entry(id).or_default()).await {
                tracing::warn!(error = %error, workspace.id = %id, "models could not run; trying again");
            }
        }
    }
}

impl Workspace {
    /// One round: promotions, then what is new in the ledger.
    ///
    /// # Errors
    /// Where the storage fails, or a stored event cannot be read.
    pub async fn models_run(&self, memory: &mut Memory) -> Result<Round, Error> {
        let mut session = self.inner.db.session().await?;
        let any = store::model::any(session.conn(), self.id.0).await?;
        drop(session);
        if !any {
            return Ok(Round::default());
        }
        memory.until = self.models_lease(memory.until).await?;
        if memory.until.is_none() {
            return Ok(Round::default());
        }
        let promoted = self.promotions_apply(&mut memory.promotions).await?;
        let mut session = self.inner.db.session().await?;
        // The stages first: a position is moved to the head with the first stage that is filled.
        let stages = store::model::stages(session.conn(), self.id.0).await?;
        let position = store::model::position(session.conn(), self.id.0).await?;
        drop(session);
        match position {
            Some(position) if !stages.is_empty() => Ok(Round { promoted, said: self.models_listen(&stages, position).await? }),
            // Nobody listens: when a model begins to, it begins with what is new then.
            _ => Ok(Round { promoted, said: 0 }),
        }
    }

    /// Until when this node lets models run; `None` where another one does. A lease that still lasts is not written anew.
    async fn models_lease(&self, until: Option<Micros>) -> Result<Option<Micros>, Error> {
        let now = self.inner.env.now();
        if let Some(until) = until.filter(|until| now < until.saturating_sub(LEASE_MICROS / 2)) {
            return Ok(Some(until));
        }
        let until = now.saturating_add(LEASE_MICROS);
        let mut tx = self.inner.db.begin().await?;
        let head = store::log_head::get(tx.conn(), self.id.0).await?.map_or(0, |head| head.size);
        let taken = store::model::lease(tx.conn(), self.id.0, self.inner.holder, (now, until), head).await?;
        tx.commit().await?;
        Ok(taken.then_some(until))
    }

    /// Fills a stage. Where none was filled models begin with what comes from here on, not at the beginning of the ledger: what is
    /// asked is how they do from now on.
    pub(super) async fn stage_fill(&self, tx: &mut store::Tx, row: &StageRow) -> Result<(), Error> {
        if store::model::stages(tx.conn(), self.id.0).await?.is_empty() {
            let head = store::log_head::get(tx.conn(), self.id.0).await?.map_or(0, |head| head.size);
            store::model::begin(tx.conn(), self.id.0, head).await?;
        }
        Ok(store::model::stage_put(tx.conn(), self.id.0, row).await?)
    }

    async fn models_read_to(&self, position: i64) -> Result<(), Error> {
        let mut tx = self.inner.db.begin().await?;
        store::model::read_to(tx.conn(), self.id.0, self.inner.holder, position).await?;
        Ok(tx.commit().await?)
    }

    /// Reads what is new: new cases are looked at, answers and outcomes are taken down.
    async fn models_listen(&self, stages: &[StageRow], mut position: i64) -> Result<u64, Error> {
        let mut said = 0;
        loop {
            let mut session = self.inner.db.session().await?;
            let rows = store::event::from_position(session.conn(), self.id.0, position, EVENTS_AT_ONCE).await?;
            drop(session);
            let Some(last) = rows.last() else { return Ok(said) };
            let next = last.position + 1;
            let (mut fresh, mut moved) = (BTreeSet::new(), BTreeSet::new());
            for row in &rows {
                let event = Event::from_bytes(&row.bytes)?;
                let Some(case) = case_of(&event) else { continue };
                match &event.body {
                    Body::CaseOpened(body) if stages.iter().any(|stage| stage.playbook == body.playbook.0) => {
                        fresh.insert(case);
                    }
                    Body::JudgmentGiven(_) | Body::JudgmentObserved(_) | Body::OutcomeObserved(_) | Body::OutcomeCorrected(_) => {
                        moved.insert(case);
                    }
                    _ => {}
                }
            }
            for case in &fresh {
                said += self.models_look(stages, *case).await?;
            }
            for case in moved.union(&fresh) {
                self.models_truth(stages, *case).await?;
            }
            self.models_read_to(next).await?;
            position = next;
        }
    }

    /// Every model of the case's playbook says what it would.
    async fn models_look(&self, stages: &[StageRow], case: CaseId) -> Result<u64, Error> {
        let file = self.file(case).await?;
        let id = file.state.playbook;
        let playbook = self.inner.control(self.id).await?.playbook(id, file.state.playbook_version)?;
        let values = learn::values_of(&playbook, &file);
        let mut said = 0;
        for stage in stages.iter().filter(|stage| stage.playbook == id.0) {
            let model = match self.model_ready(PlaybookId(stage.playbook), &stage.model).await {
                Ok(model) => model,
                Err(error) => {
                    let version = version_of_bytes(&stage.model);
                    tracing::warn!(workspace.id = %self.id, model.version = version, error = %error, "a model in a stage cannot be read");
                    continue;
                }
            };
            let (answer, note) = match self.model_says(&model, &playbook, &values, Why::Unasked).await? {
                Ok(advice) => (Some(advice.answer), String::new()),
                Err(none) => (None, none.to_string()),
            };
            let row = AnswerRow {
                playbook: stage.playbook,
                model: stage.model.clone(),
                case: case.0,
                answer,
                note,
                said_at: self.inner.env.now(),
            };
            let mut tx = self.inner.db.begin().await?;
            store::model::said(tx.conn(), self.id.0, &row).await?;
            tx.commit().await?;
            said += 1;
        }
        Ok(said)
    }

    async fn models_truth(&self, stages: &[StageRow], case: CaseId) -> Result<(), Error> {
        let file = self.file(case).await?;
        if !stages.iter().any(|stage| stage.playbook == file.state.playbook.0) {
            return Ok(());
        }
        let playbook = self.inner.control(self.id).await?.playbook(file.state.playbook, file.state.playbook_version)?;
        // What was sought is harder than what comes in: how often a model is right on it says nothing of the rest.
        let truth = learn::truth_of(&playbook, &file).filter(|_| !file.state.sought);
        let mut tx = self.inner.db.begin().await?;
        store::model::truth(tx.conn(), self.id.0, case.0, truth.as_deref()).await?;
        Ok(tx.commit().await?)
    }
}
