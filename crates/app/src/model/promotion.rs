//! Promotion, pin and roll-back: a wish is a case in the queue of its own playbook with the evidence attached; a person signs, and the
//! decision takes effect once its grace is over. The ledger's decisions are the truth; the stage beside them is made from these.

use super::{BUILT_IN, CHAMPION, registry::digest_bytes, version_of};
use crate::{
    Caller, Error, Options, Workspace,
    input::{ActInput, CaseInput},
    view::{CaseView, DecisionView, Receipt},
    workspace::system,
};
use countersign_core::{
    id::{CaseId, EventId},
    refusal::{Code, Refusal},
    time::parse_rfc3339,
};
use countersign_science::estimate::Estimate;
use countersign_store::{self as store, model::StageRow};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The playbook by which models are promoted. A workspace may publish its own version: other roles, more signatures, a longer grace.
pub const PLAYBOOK: &str = "model-promotion";
/// The model that is none: promoted, it means that no model advises any more.
pub const NONE: &str = "none";
const PROMOTE: &str = "promote";

const SOURCE: &str = r#"# How models come to advise people: a decision like any other. Publish a version of your own for other roles, more signatures or a
# longer grace; the fields and the two answers have to stay.
name = "model-promotion"
question = "Shall this model advise people on these cases from now on?"
description = "What is decided here takes effect by itself once its grace is over. Promoting an older version rolls back; promoting none takes the advice away. A model never decides."

[answer]
kind = "choice"
options = ["promote", "keep"]

[fields]
title    = { type = "text", title = true }
playbook = { type = "category" }
model    = { type = "text" }
advises  = { type = "text" }
accuracy = { type = "text", required = false }
commonest = { type = "text", required = false }
calibration = { type = "text", required = false }
shadow   = { type = "text", required = false }
examples = { type = "text", required = false }
warnings = { type = "text", required = false }
curve    = { type = "table", required = false }
answers  = { type = "table", required = false }

[routing]
default = "unaided"

[decide]
grace = "10s"
"#;

/// Decisions on one page.
const PAGE_ITEMS: u32 = 500;

impl Workspace {
    /// Asks people to promote a version of a playbook's model, or `none`: opens the case in the queue.
    ///
    /// # Errors
    /// Where there is no such model, or it advises already.
    pub async fn model_promote(&self, caller: &Caller, playbook: &str, version: &str) -> Result<Receipt, Error> {
        let models = self.models(playbook).await?;
        let champion = models.stages.iter().find(|stage| stage.stage == CHAMPION);
        let fields = if version == NONE {
            let Some(champion) = champion else {
                return Err(Refusal::new(Code::WrongState, format!("no model advises on {playbook}")).into());
            };
            json!({ "title": format!("{playbook}: no model advises any more"), "playbook": playbook, "model": NONE, "advises": champion.version })
        } else {
            let model = self.model(playbook, version).await?;
            if champion.is_some_and(|champion| champion.version == model.version) {
                return Err(Refusal::new(Code::WrongState, format!("{} advises on {playbook} already", model.version)).into());
            }
            let card = &model.card;
            let mut fields = json!({
                "title": format!("{playbook}: let {BUILT_IN} {} advise", model.version),
                "playbook": playbook,
                "model": model.digest,
                "advises": champion.map_or_else(|| "no model yet".to_owned(), |champion| champion.version.clone()),
                "accuracy": format!("{} on cases that were held out", share(&card.accuracy)),
                "commonest": format!("{} by always giving the commonest answer", share(&card.commonest)),
                "calibration": format!("expected calibration error {:.3} ({:.3} to {:.3})", card.calibration_error.value, card.calibration_error.low, card.calibration_error.high),
                "shadow": match &model.since {
                    Some(since) => format!("{} on cases that came in since it was kept", share(since)),
                    None => "not enough yet".to_owned(),
                },
                "examples": format!("{} from {} cases, {} people and {} outcomes; data {}", card.examples, card.cases, card.people, card.outcomes, version_of(&card.data)),
                "curve": {
                    "columns": ["examples", "right on held-out cases"],
                    "rows": card.curve.iter().map(|point| json!([point.examples.to_string(), share(&point.accuracy)])).collect::<Vec<_>>(),
                },
                "answers": {
                    "columns": ["answer", "examples", "recognised"],
                    "rows": card.classes.iter().map(|class| json!([
                        class.answer, class.examples.to_string(), class.recalled.as_ref().map_or_else(|| "none held out".to_owned(), share),
                    ])).collect::<Vec<_>>(),
                },
            });
            if let (false, Some(fields)) = (card.warnings.is_empty(), fields.as_object_mut()) {
                fields.insert("warnings".into(), card.warnings.join("\n").into());
            }
            fields
        };
        self.promotion_playbook(caller).await?;
        let Value::Object(fields) = fields else { return Err(Error::Damaged("fields are an object".into())) };
        let input = CaseInput { playbook: PLAYBOOK.into(), fields, ..CaseInput::default() };
        self.case_open(caller, input, Options::default()).await
    }

    /// Publishes the playbook of promotions where the workspace has none.
    async fn promotion_playbook(&self, caller: &Caller) -> Result<(), Error> {
        if self.playbook_latest(PLAYBOOK).await.is_err() {
            self.playbook_publish(caller, SOURCE, Options::default()).await?;
        }
        Ok(())
    }

    /// Puts into effect what was decided and whose grace is over; `done` remembers what needs no second look. Returns how many stages
    /// changed.
    pub(super) async fn promotions_apply(&self, done: &mut BTreeSet<uuid::Uuid>) -> Result<u64, Error> {
        if self.playbook_latest(PLAYBOOK).await.is_err() {
            return Ok(0);
        }
        let (mut changed, mut cursor, now) = (0, None, self.inner.env.now());
        loop {
            let page = self.decisions_list(Some(PLAYBOOK), None, cursor.as_deref(), PAGE_ITEMS).await?;
            for decision in page.items.iter().filter(|decision| decision.answer == PROMOTE) {
                if done.contains(&decision.decision) {
                    continue;
                }
                changed += u64::from(self.promotion_apply(decision, now, done).await?);
            }
            cursor = page.next;
            if cursor.is_none() {
                return Ok(changed);
            }
        }
    }

    async fn promotion_apply(&self, decision: &DecisionView, now: i64, done: &mut BTreeSet<uuid::Uuid>) -> Result<bool, Error> {
        let due = parse_rfc3339(&decision.act_after).unwrap_or(i64::MAX) <= now;
        match decision.status.as_str() {
            "acted" => {}
            "standing" | "corrected" if due => {
                let reference = Some("the model advises from now on".to_owned());
                self.decision_act(&system("models"), EventId(decision.decision), ActInput { reference }, Options::default()).await?;
            }
            // Within its grace, withdrawn, opened again or overturned: it may still come to stand.
            _ => return Ok(false),
        }
        let case = self.case_get(CaseId(decision.case), None).await?;
        let changed = self.stage_champion(&case, decision, now).await?;
        done.insert(decision.decision);
        Ok(changed)
    }

    async fn stage_champion(&self, case: &CaseView, decision: &DecisionView, now: i64) -> Result<bool, Error> {
        let word =
            |name: &str| case.fields.iter().find(|field| field.name == name).and_then(|field| field.value.as_str()).unwrap_or_default();
        let (playbook, model) = (word("playbook"), word("model"));
        let Ok(id) = self.control().await?.playbook_id(playbook) else {
            tracing::warn!(workspace.id = %self.id, decision.id = %decision.decision, "a promotion names no playbook of this workspace");
            return Ok(false);
        };
        let mut tx = self.inner.db.begin().await?;
        if model == NONE {
            store::model::stage_drop(tx.conn(), self.id.0, id.0, CHAMPION).await?;
        } else {
            let Ok(model) = digest_bytes(model) else {
                tracing::warn!(workspace.id = %self.id, decision.id = %decision.decision, "a promotion names no model");
                return Ok(false);
            };
            if store::model::get(tx.conn(), self.id.0, id.0, &model).await?.is_none() {
                tracing::warn!(workspace.id = %self.id, decision.id = %decision.decision, "a promotion names a model that is not here");
                return Ok(false);
            }
            let row = StageRow { playbook: id.0, stage: CHAMPION.into(), model, decision: Some(decision.decision), since: now };
            store::model::stage_put(tx.conn(), self.id.0, &row).await?;
            let head = store::log_head::get(tx.conn(), self.id.0).await?.map_or(0, |head| head.size);
            store::model::lease(tx.conn(), self.id.0, self.inner.holder, (now, now), head).await?;
        }
        tx.commit().await?;
        self.inner.models.forget();
        Ok(true)
    }
}

/// A share with its interval, for people.
fn share(estimate: &Estimate) -> String {
    format!("{:.1} % ({:.1} to {:.1} %, n = {})", estimate.value * 100.0, estimate.low * 100.0, estimate.high * 100.0, estimate.n)
}
