//! Promotion, pin and roll-back: a wish is a case in the queue of its own playbook with the evidence attached; a person signs, and the
//! decision takes effect once its grace is over. The ledger's decisions are the truth; the stage beside them is made from these.

use super::{CHAMPION, ModelView, registry::digest_bytes, version_of};
use crate::{
    Caller, Error, Options, Workspace,
    input::{ActInput, CaseInput},
    view::{DecisionView, Receipt},
    workspace::system,
};
use countersign_core::{
    event::{Body, Event},
    id::{CaseId, PlaybookId},
    refusal::{Code, Refusal},
    time::parse_rfc3339,
};
use countersign_science::estimate::Estimate;
use countersign_store::{self as store, model::StageRow};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The playbook by which models are promoted. A workspace may publish its own version: other roles, more signatures, a longer grace.
pub const PLAYBOOK: &str = "model-promotion";
/// The model that is none: promoted, it means that no model advises any more.
pub const NONE: &str = "none";
const PROMOTE: &str = "promote";

/// How a decision stands, as far as it changes which model advises.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stands {
    decision: uuid::Uuid,
    status: String,
    answer: String,
    /// Whether its grace is over.
    due: bool,
}

impl Stands {
    fn of(decision: &DecisionView, now: i64) -> Self {
        let due = parse_rfc3339(&decision.act_after).unwrap_or(i64::MAX) <= now;
        Self { decision: decision.decision, status: decision.status.clone(), answer: decision.answer.clone(), due }
    }
}

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
            let mut fields = json!({
                "title": format!("{playbook}: let {} {} advise", model.kind, model.version),
                "playbook": playbook,
                "model": model.digest,
                "advises": champion.map_or_else(|| "no model yet".to_owned(), |champion| champion.version.clone()),
                "shadow": match &model.since {
                    Some(since) => format!("{} on cases that came in since it was kept", share(since)),
                    None => "not enough yet".to_owned(),
                },
            });
            if let Some(fields) = fields.as_object_mut() {
                fields.extend(known(&model));
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

    /// Makes the stages from the decisions as they stand: of those to promote, the latest whose grace is over says which model advises. One
    /// that was withdrawn, corrected, opened again or overturned says nothing any more, and what stood before it stands again. Writes only
    /// what differs, whatever was seen before: `seen` saves the work where nothing changed. Returns how many stages changed.
    pub(super) async fn promotions_apply(&self, seen: &mut Vec<Stands>) -> Result<u64, Error> {
        // What stands is read, whoever asks: nobody is shown it.
        let all = Self { reader: None, ..self.clone() };
        let Some(decisions) = all.promotions().await? else { return Ok(0) };
        let now = self.inner.env.now();
        let stand: Vec<Stands> = decisions.iter().map(|decision| Stands::of(decision, now)).collect();
        if *seen == stand {
            return Ok(0);
        }
        let mut wanted: BTreeMap<PlaybookId, (i64, Option<Vec<u8>>, uuid::Uuid)> = BTreeMap::new();
        let mut whole = true;
        for decision in decisions.iter().filter(|decision| decision.answer == PROMOTE) {
            match all.promotion_standing(decision, now).await {
                Ok(Some((playbook, since, model))) => {
                    if wanted.get(&playbook).is_none_or(|(latest, ..)| *latest < since) {
                        wanted.insert(playbook, (since, model, decision.decision));
                    }
                }
                Ok(None) => {}
                // Appealed, or changed at this very moment: nothing of it takes effect, and it is looked at again in the next round.
                Err(Error::Refused(_)) => whole = false,
                Err(error) => return Err(error),
            }
        }
        let changed = self.champions_put(&wanted, now).await?;
        // Acting on a decision changed how it stands; the next round sees that, and finds nothing to write.
        if whole {
            *seen = stand;
        }
        Ok(changed)
    }

    /// Every decision on promotions; `None` where the workspace has no such playbook.
    async fn promotions(&self) -> Result<Option<Vec<DecisionView>>, Error> {
        if self.control().await?.playbook_id(PLAYBOOK).is_err() {
            return Ok(None);
        }
        let (mut all, mut cursor) = (Vec::new(), None);
        loop {
            let page = self.decisions_list(Some(PLAYBOOK), None, cursor.as_deref(), PAGE_ITEMS).await?;
            all.extend(page.items);
            cursor = page.next;
            if cursor.is_none() {
                return Ok(Some(all));
            }
        }
    }

    /// The playbook that a decision to promote is about, where in the ledger it came to say so, and the model that it names (`None`: no
    /// model). `None` where it does not stand, or may still be withdrawn. Acts on one whose grace is over.
    async fn promotion_standing(&self, decision: &DecisionView, now: i64) -> Result<Option<(PlaybookId, i64, Option<Vec<u8>>)>, Error> {
        let file = self.file(CaseId(decision.case)).await?;
        let stands = file.state.decision.as_ref().filter(|stands| stands.id.0 == decision.decision && stands.answer.label() == PROMOTE);
        let Some(stands) = stands else { return Ok(None) };
        let said = |event: &Event| match &event.body {
            Body::DecisionMade(_) => event.id == stands.id,
            Body::DecisionCorrected(body) => body.decision == stands.id,
            _ => false,
        };
        let Some(since) = file.events.iter().rev().find(|(_, event)| said(event)).map(|(position, _)| *position) else { return Ok(None) };
        let playbook = self.inner.control(self.id).await?.playbook(file.state.playbook, file.state.playbook_version)?;
        let word = |name: &str| file.field(&playbook, name, false).value.as_str().map(str::to_owned).unwrap_or_default();
        let (target, model) = (word("playbook"), word("model"));
        let Ok(target) = self.control().await?.playbook_id(&target) else {
            tracing::warn!(workspace.id = %self.id, decision.id = %decision.decision, "a promotion names no playbook of this workspace");
            return Ok(None);
        };
        let model = if model == NONE { None } else { Some(digest_bytes(&model).unwrap_or_default()) };
        if let Some(digest) = &model {
            let mut session = self.inner.db.session().await?;
            if store::model::get(session.conn(), self.id.0, target.0, digest).await?.is_none() {
                tracing::warn!(workspace.id = %self.id, decision.id = %decision.decision, "a promotion names a model that is not here");
                return Ok(None);
            }
        }
        if !stands.acted {
            if now < stands.act_after {
                return Ok(None);
            }
            let reference = Some("the model advises from now on".to_owned());
            self.decision_act(&system("models"), stands.id, ActInput { reference }, Options::default()).await?;
        }
        Ok(Some((target, since, model)))
    }

    /// Puts the models that are wanted into the stage of champions, and takes out the others; writes only what differs.
    async fn champions_put(&self, wanted: &BTreeMap<PlaybookId, (i64, Option<Vec<u8>>, uuid::Uuid)>, now: i64) -> Result<u64, Error> {
        let mut changed = 0;
        let mut tx = self.inner.db.begin().await?;
        let mut stages = store::model::stages(tx.conn(), self.id.0).await?;
        stages.retain(|row| row.stage == CHAMPION);
        for row in &stages {
            if !matches!(wanted.get(&PlaybookId(row.playbook)), Some((_, Some(_), _))) {
                store::model::stage_drop(tx.conn(), self.id.0, row.playbook, CHAMPION).await?;
                changed += 1;
            }
        }
        for (playbook, (_, model, decision)) in wanted {
            let Some(model) = model else { continue };
            let there = stages.iter().find(|row| row.playbook == playbook.0);
            if there.is_some_and(|row| row.model == *model && row.decision == Some(*decision)) {
                continue;
            }
            let row =
                StageRow { playbook: playbook.0, stage: CHAMPION.into(), model: model.clone(), decision: Some(*decision), since: now };
            self.stage_fill(&mut tx, &row).await?;
            changed += 1;
        }
        tx.commit().await?;
        if changed > 0 {
            self.inner.models.forget();
        }
        Ok(changed)
    }
}

/// What is known of a model, as the fields of the case that asks for its promotion.
fn known(model: &ModelView) -> Map<String, Value> {
    let mut fields = Map::new();
    let mut put = |name: &str, value: Value| drop(fields.insert(name.into(), value));
    if let Some(card) = &model.card {
        let error = &card.calibration_error;
        put("accuracy", format!("{} on cases that were held out", share(&card.accuracy)).into());
        put("commonest", format!("{} by always giving the commonest answer", share(&card.commonest)).into());
        put("calibration", format!("expected calibration error {:.3} ({:.3} to {:.3})", error.value, error.low, error.high).into());
        let from = format!("{} cases, {} people and {} outcomes", card.cases, card.people, card.outcomes);
        let sought = match card.sought {
            0 => String::new(),
            sought => format!(", {sought} of them sought, on which no figure rests"),
        };
        put("examples", format!("{} from {from}{sought}; data {}", card.examples, version_of(&card.data)).into());
        let points = card.curve.iter().map(|point| json!([point.examples.to_string(), share(&point.accuracy)]));
        put("curve", json!({ "columns": ["examples", "right on held-out cases"], "rows": points.collect::<Vec<_>>() }));
        let recalled = |of: &Option<Estimate>| of.as_ref().map_or_else(|| "none held out".to_owned(), share);
        let answers = card.classes.iter().map(|class| json!([class.answer, class.examples.to_string(), recalled(&class.recalled)]));
        put("answers", json!({ "columns": ["answer", "examples", "recognised"], "rows": answers.collect::<Vec<_>>() }));
        if !card.warnings.is_empty() {
            put("warnings", card.warnings.join("\n").into());
        }
    }
    if let Some(imported) = &model.imported {
        let tried = format!("tried on {} cases, with no answer on {}", imported.tried, imported.no_advice);
        put("examples", format!("trained elsewhere, on what is not known here; {} columns; {tried}", imported.columns).into());
        put("warnings", "Nothing was held out here: how good this model is only the shadow says.".into());
    }
    fields
}

/// A share with its interval, for people.
fn share(estimate: &Estimate) -> String {
    format!("{:.1} % ({:.1} to {:.1} %, n = {})", estimate.value * 100.0, estimate.low * 100.0, estimate.high * 100.0, estimate.n)
}
