//! Models that are in a stage, held against a version of their playbook: whenever one is published, and whenever somebody looks. A field that is
//! gone, renamed or hidden from models takes something away from whatever reads it, and nobody would notice otherwise. Refuses nothing.

use super::{Model, StageView, version_of};
use crate::{Error, Workspace};
use countersign_core::{
    id::PlaybookId,
    playbook::{AnswerSpec, Playbook},
};
use countersign_models::{Proposer as _, Reach, input::may_see, text::Report};
use countersign_store as store;
use std::collections::BTreeSet;

impl Workspace {
    /// What models in a stage lack in a version of their playbook, a sentence each: which model, and which field or answer.
    pub(crate) async fn models_tried(&self, id: PlaybookId, playbook: &Playbook) -> Result<Vec<String>, Error> {
        let mut session = self.inner.db.session().await?;
        let mut stages = store::model::stages(session.conn(), self.id.0).await?;
        drop(session);
        stages.retain(|stage| stage.playbook == id.0);
        let mut out = Vec::new();
        for stage in stages {
            let model = self.model_ready(id, &stage.model).await?;
            let faults = self.faults(id, &model, &stage.model, playbook).await?;
            let name = format!("{} {} ({})", model.proposer(), version_of(model.version()), stage.stage);
            out.extend(faults.into_iter().map(|fault| format!("{name}: {fault}")));
        }
        Ok(out)
    }

    /// The same for the view of each stage.
    pub(super) async fn stages_tried(&self, id: PlaybookId, stages: &mut [StageView], playbook: &Playbook) -> Result<(), Error> {
        let mut session = self.inner.db.session().await?;
        let mut rows = store::model::stages(session.conn(), self.id.0).await?;
        drop(session);
        rows.retain(|row| row.playbook == id.0);
        for stage in stages {
            let Some(row) = rows.iter().find(|row| row.stage == stage.stage) else { continue };
            stage.lacks = match self.model_ready(id, &row.model).await {
                Ok(model) => self.faults(id, &model, &row.model, playbook).await?,
                // The page is there for whoever wants to put another one in its place.
                Err(error) => vec![format!("it cannot be read: {error}")],
            };
        }
        Ok(())
    }

    async fn faults(&self, id: PlaybookId, model: &Model, digest: &[u8], playbook: &Playbook) -> Result<Vec<String>, Error> {
        match model {
            Model::Onnx(model) => Ok(model.faults(playbook)),
            Model::Vision(model) => Ok(model.faults(playbook)),
            Model::Text(_) | Model::Trees(_) => {
                let mut session = self.inner.db.session().await?;
                let row = store::model::get(session.conn(), self.id.0, id.0, digest).await?;
                let report = row.and_then(|row| serde_json::from_str::<Report>(&row.card).ok());
                Ok(learned_faults(report.map(|report| report.fields).unwrap_or_default(), model.classes(), playbook))
            }
        }
    }
}

/// What a model that learned here lacks: it goes on without a field, as if cases had none, but not with other answers.
fn learned_faults(fields: Vec<String>, classes: &[String], playbook: &Playbook) -> Vec<String> {
    let mut out = Vec::new();
    let there = |name: &String| playbook.fields.iter().find(|field| field.name == *name);
    for name in &fields {
        match there(name) {
            None => out.push(format!(
                "it learned from field {name:?}, which playbook {:?} does not have any more: train again, or it goes on as if cases had none",
                playbook.name
            )),
            Some(field) if !may_see(field, Reach::InProcess) => {
                out.push(format!("it learned from field {name:?}, which no model sees any more: train again"));
            }
            Some(_) => {}
        }
    }
    let AnswerSpec::Choice { options } = &playbook.answer else {
        out.push(format!("the answers of playbook {:?} are no choices any more: it has no advice", playbook.name));
        return out;
    };
    let (theirs, ours): (BTreeSet<&String>, BTreeSet<&String>) = (classes.iter().collect(), options.iter().collect());
    if theirs != ours {
        out.push(format!(
            "it chooses among {}, and the playbook among {}: it has no advice until it is trained again",
            classes.join(", "),
            options.join(", ")
        ));
    }
    out
}
