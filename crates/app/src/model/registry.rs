//! The registry: every version of a playbook's models with its card, and which stage it is in. Promotes nothing by itself.

use super::{CHAMPION, Imported, Model, ONNX, SHADOW, VISION, version_of_bytes};
use crate::{Error, Workspace};
use countersign_core::{
    content::Digest,
    id::PlaybookId,
    refusal::{Code, Refusal},
    time::format_rfc3339,
};
use countersign_models::text::Report;
use countersign_science::{estimate::Estimate, interval};
use countersign_store::{
    self as store,
    model::{ModelRow, ScoreRow, StageRow},
};
use serde::Serialize;
use uuid::Uuid;

/// Versions that a list shows.
const LISTED_MAX: i64 = 100;
/// Cases below which no share is told.
const JUDGED_MIN: i64 = 10;

/// A version of a model.
#[derive(Debug, Clone, Serialize)]
pub struct ModelView {
    /// Its version, as proposals name it.
    pub version: String,
    /// SHA-256 of its file, in hex.
    pub digest: String,
    /// What kind it is.
    pub kind: String,
    /// When it was made (RFC 3339).
    pub made: String,
    /// `champion`, `shadow`, or none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stage: Option<String>,
    /// What is known of it, where it learned here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub card: Option<Report>,
    /// What is known of it, where it was trained elsewhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub imported: Option<Imported>,
    /// Cases that it looked at since it was kept.
    pub looked_at: u64,
    /// Of these, those that it had no answer for.
    pub no_advice: u64,
    /// How often it was right where the answer is known by now; `None` while that is not enough.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Estimate>,
}

/// A stage that is filled.
#[derive(Debug, Clone, Serialize)]
pub struct StageView {
    /// `champion` or `shadow`.
    pub stage: String,
    /// The version that is in it.
    pub version: String,
    /// Since when (RFC 3339).
    pub since: String,
    /// The decision that put it there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decision: Option<Uuid>,
    /// What it lacks in the playbook's latest version: fields that are gone, other answers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lacks: Vec<String>,
}

/// The models of a playbook.
#[derive(Debug, Clone, Serialize)]
pub struct ModelsView {
    /// The playbook.
    pub playbook: String,
    /// Filled stages.
    pub stages: Vec<StageView>,
    /// Versions, newest first.
    pub models: Vec<ModelView>,
}

impl Workspace {
    /// The models of a playbook.
    ///
    /// # Errors
    /// Where there is no such playbook or the storage fails.
    pub async fn models(&self, playbook: &str) -> Result<ModelsView, Error> {
        let id = self.control().await?.playbook_id(playbook)?;
        let mut session = self.inner.db.session().await?;
        let rows = store::model::list(session.conn(), self.id.0, id.0, LISTED_MAX).await?;
        let scores = store::model::scores(session.conn(), self.id.0, id.0).await?;
        let mut stages = store::model::stages(session.conn(), self.id.0).await?;
        stages.retain(|stage| stage.playbook == id.0);
        let models = rows.into_iter().map(|row| view(row, &stages, &scores)).collect::<Result<_, _>>()?;
        let stage = |row: StageRow| StageView {
            stage: row.stage,
            version: version_of_bytes(&row.model),
            since: format_rfc3339(row.since),
            decision: row.decision,
            lacks: Vec::new(),
        };
        let mut stages: Vec<StageView> = stages.into_iter().map(stage).collect();
        let latest = self.playbook_latest(playbook).await?;
        self.stages_tried(id, &mut stages, &latest).await?;
        Ok(ModelsView { playbook: playbook.into(), stages, models })
    }

    /// One version, by any unambiguous beginning of its digest.
    ///
    /// # Errors
    /// Where none or several begin so.
    pub async fn model(&self, playbook: &str, version: &str) -> Result<ModelView, Error> {
        let all = self.models(playbook).await?;
        let mut found = all.models.into_iter().filter(|model| !version.is_empty() && model.digest.starts_with(version));
        match (found.next(), found.next()) {
            (Some(model), None) => Ok(model),
            (Some(_), Some(_)) => {
                Err(Refusal::new(Code::Invalid, format!("several models begin with {version:?}: give more digits")).into())
            }
            (None, _) => Err(Refusal::new(Code::NotFound, format!("playbook {playbook:?} has no model {version:?}")).into()),
        }
    }

    /// A version's file.
    ///
    /// # Errors
    /// Where there is none.
    pub async fn model_file(&self, playbook: &str, version: &str) -> Result<Vec<u8>, Error> {
        let digest = digest_bytes(&self.model(playbook, version).await?.digest)?;
        let id = self.control().await?.playbook_id(playbook)?;
        self.model_bytes(id, &digest).await?.ok_or_else(|| Error::Damaged("a model that is listed has no file".into()))
    }

    /// Lets a model run in the shadow: it looks at every new case, and nobody sees what it says. `None` ends it.
    ///
    /// # Errors
    /// Where there is no such model or the storage fails.
    pub async fn model_shadow(&self, playbook: &str, version: Option<&str>) -> Result<(), Error> {
        let id = self.control().await?.playbook_id(playbook)?;
        let digest = match version {
            Some(version) => Some(digest_bytes(&self.model(playbook, version).await?.digest)?),
            None => None,
        };
        let mut tx = self.inner.db.begin().await?;
        match digest {
            Some(model) => {
                let row = StageRow { playbook: id.0, stage: SHADOW.into(), model, decision: None, since: self.inner.env.now() };
                self.stage_fill(&mut tx, &row).await?;
            }
            None => store::model::stage_drop(tx.conn(), self.id.0, id.0, SHADOW).await?,
        }
        tx.commit().await?;
        self.inner.models.forget();
        Ok(())
    }

    pub(super) async fn model_bytes(&self, playbook: PlaybookId, digest: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        let mut session = self.inner.db.session().await?;
        Ok(store::model::bytes(session.conn(), self.id.0, playbook.0, digest).await?)
    }

    /// A model ready to run.
    pub(super) async fn model_load(&self, playbook: PlaybookId, digest: &[u8]) -> Result<Model, Error> {
        let bytes = self.model_bytes(playbook, digest).await?.ok_or_else(|| Error::Damaged("a model in a stage has no file".into()))?;
        let model = Model::from_bytes(&bytes).map_err(Error::Damaged)?;
        use countersign_models::Proposer as _;
        if digest_bytes(model.version())? != digest {
            return Err(Error::Damaged("a model's file is not the one that its name says".into()));
        }
        Ok(model)
    }
}

fn view(row: ModelRow, stages: &[StageRow], scores: &[ScoreRow]) -> Result<ModelView, Error> {
    let score = scores.iter().find(|score| score.model == row.model);
    let count = |of: fn(&ScoreRow) -> i64| score.map_or(0, |score| u64::try_from(of(score)).unwrap_or(0));
    let stage = [CHAMPION, SHADOW].into_iter().find(|name| stages.iter().any(|stage| stage.stage == *name && stage.model == row.model));
    let judged = score.filter(|score| score.judged >= JUDGED_MIN);
    let damaged = |error: serde_json::Error| Error::Damaged(format!("a model's card cannot be read: {error}"));
    let (card, imported) = if row.kind == ONNX || row.kind == VISION {
        (None, Some(serde_json::from_str(&row.card).map_err(damaged)?))
    } else {
        (Some(serde_json::from_str(&row.card).map_err(damaged)?), None)
    };
    let digest = super::digits(&row.model);
    Ok(ModelView {
        version: super::version_of(&digest).to_owned(),
        digest,
        kind: row.kind,
        made: format_rfc3339(row.made_at),
        stage: stage.map(str::to_owned),
        card,
        imported,
        looked_at: count(|score| score.said),
        no_advice: count(|score| score.said - score.advised),
        since: judged
            .and_then(|score| interval::wilson(score.hits.unsigned_abs(), score.judged.unsigned_abs(), interval::LEVEL_DEFAULT).ok()),
    })
}

/// A digest's bytes from its hex digits.
pub(crate) fn digest_bytes(hex: &str) -> Result<Vec<u8>, Error> {
    let digest: Result<Digest, _> = hex.parse();
    digest.map(|digest| digest.0.to_vec()).map_err(|_| Refusal::new(Code::Invalid, "a model's digest has 64 hexadecimal digits").into())
}
