//! A model from elsewhere is taken in: held against the playbook, tried on its cases, and kept beside those that learned here. It has no
//! stage yet, and comes to one by the same way: the shadow, and a decision that people sign.

use super::{kind::Model, look::Why};
use crate::{Error, Workspace};
use countersign_core::{
    playbook::Playbook,
    refusal::{Code, Refusal},
};
use countersign_models::Proposer as _;
use countersign_onnx::{Mapping, OnnxModel};
use countersign_store::{self as store, model::ModelRow};
use countersign_vision::{VisionMapping, VisionModel};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The latest cases on which a model is tried.
const TRIED_CASES: u32 = 50;

/// What is known of a model from elsewhere when it comes: what it needs, and that it could be run. How good it is the shadow says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Imported {
    /// Bytes of its ONNX file.
    pub bytes: u64,
    /// Columns that it reads.
    pub columns: u64,
    /// Width and height of what it sees, where it looks at pictures.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sees: Option<(u64, u64)>,
    /// Cases of the workspace on which it was tried.
    pub tried: u64,
    /// Of these, those that it had no answer for.
    pub no_advice: u64,
    /// Why it had none, of the first of these.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

impl Workspace {
    /// Takes in a model from an ONNX file with its mapping, as a version of a playbook's. Returns its digest and what is known of it.
    ///
    /// # Errors
    /// Where the file or the mapping cannot be used, does not fit the playbook, or the model has no answer on any case that it is tried on:
    /// the reason is in the refusal.
    pub async fn model_import(&self, playbook: &str, onnx: Vec<u8>, mapping: &str) -> Result<(String, Imported), Error> {
        let spec = self.playbook_latest(playbook).await?;
        let id = self.control().await?.playbook_id(playbook)?;
        let bytes = onnx.len() as u64;
        let invalid = |detail: String| Error::from(Refusal::new(Code::Invalid, detail));
        let source = mapping.to_owned();
        let (made, spec) = tokio::task::spawn_blocking(move || (read(&onnx, &source, &spec), spec))
            .await
            .map_err(|error| Error::Damaged(format!("reading a model broke off: {error}")))?;
        let model = Arc::new(made.map_err(|error| invalid(error.to_string()))?);
        // Everything is read, whoever asks: what is kept shows nobody a single value.
        let all = Self { reader: None, ..self.clone() };
        let page = all.cases_list(Some(playbook), None, None, TRIED_CASES).await?;
        let mut known = Imported { bytes, columns: columns(&model), sees: sees(&model), tried: 0, no_advice: 0, why: None };
        for (_, file) in all.files(page.items.iter().map(|summary| summary.case)).await? {
            known.tried += 1;
            if let Err(none) = all.model_says(&model, &spec, &super::learn::values_of(&spec, &file), Why::Unasked).await? {
                known.no_advice += 1;
                known.why.get_or_insert(none.to_string());
            }
        }
        if let (Some(why), true) = (&known.why, known.tried == known.no_advice) {
            return Err(invalid(format!("the model was tried on {} cases and had an answer on none: {why}", known.tried)));
        }
        let card = serde_json::to_string(&known).map_err(|error| Error::Damaged(format!("a card has no JSON: {error}")))?;
        let digest = model.version().to_owned();
        let row =
            ModelRow { model: super::registry::digest_bytes(&digest)?, kind: model.proposer().into(), made_at: self.inner.env.now(), card };
        let mut tx = self.inner.db.begin().await?;
        store::model::put(tx.conn(), self.id.0, id.0, &row, &model.to_bytes()).await?;
        tx.commit().await?;
        Ok((digest, known))
    }
}

/// A model from its file and its mapping, which says what kind it is, held against a playbook.
fn read(onnx: &[u8], mapping: &str, playbook: &Playbook) -> Result<Model, countersign_onnx::Error> {
    if VisionMapping::is_one(mapping) {
        let model = VisionModel::new(onnx, VisionMapping::parse(mapping)?)?;
        return match model.faults(playbook).into_iter().next() {
            Some(fault) => Err(countersign_onnx::Error::Mapping(fault)),
            None => Ok(Model::Vision(Box::new(model))),
        };
    }
    let model = OnnxModel::new(onnx, Mapping::parse(mapping)?)?;
    model.check(playbook)?;
    Ok(Model::Onnx(Box::new(model)))
}

fn columns(model: &Model) -> u64 {
    match model {
        Model::Text(_) | Model::Trees(_) | Model::Vision(_) => 0,
        Model::Onnx(model) => model.columns() as u64,
    }
}

fn sees(model: &Model) -> Option<(u64, u64)> {
    let Model::Vision(model) = model else { return None };
    let (width, height) = model.sees();
    Some((width as u64, height as u64))
}
