//! The champion speaks when a case comes in, so that the case is routed with its advice. Where it has nothing to say, or anything
//! fails, the case comes in without advice and a person decides: no model ever keeps a case out.

use super::{CHAMPION, Model, look::Why, version_of, young::Young};
use crate::{
    Error, Options, Workspace,
    case::read::share,
    input::{EvidenceInput, HeatInput, ProposalInput},
    workspace::system,
};
use countersign_core::{
    id::{CaseId, PlaybookId, WorkspaceId},
    number::Micros,
    playbook::{AnswerSpec, Playbook},
    refusal::{Code, Refusal},
};
use countersign_engine::CaseState;
use countersign_models::{Advice, Proposer as _};
use countersign_store as store;
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{Arc, Mutex, PoisonError},
};
use tokio::sync::Semaphore;

/// How long a node believes which model is the champion before it looks again.
pub(super) const BELIEVED_MICROS: Micros = 500_000;

/// Models that are ready to run, who is champion, and how many may look at a picture now.
pub(crate) struct Cache {
    known: Mutex<Known>,
    pub(super) looks: Semaphore,
}

impl Default for Cache {
    fn default() -> Self {
        Self { known: Mutex::default(), looks: Semaphore::new(LOOKS_AT_ONCE) }
    }
}

#[derive(Default)]
struct Known {
    champions: HashMap<WorkspaceId, (Micros, HashMap<PlaybookId, Vec<u8>>)>,
    ready: HashMap<Vec<u8>, Arc<Model>>,
    young: HashMap<(WorkspaceId, PlaybookId), Believed>,
}

/// Which model is young, if one is, and since when that is believed.
type Believed = (Micros, Option<Arc<Young>>);

/// Pictures that a node looks at at once: each may take a few hundred megabytes while it is unpacked, and a core.
const LOOKS_AT_ONCE: usize = 2;
/// Cases on one page.
const PAGE_ITEMS: u32 = 200;
/// Models that a node keeps ready; beyond that all are read again.
const READY_MAX: usize = 16;

impl Cache {
    /// Forgets who is champion.
    pub(super) fn forget(&self) {
        self.lock().champions.clear();
    }

    /// Which model of a playbook was young, and when that was looked at.
    pub(super) fn young(&self, workspace: WorkspaceId, playbook: PlaybookId) -> Option<Believed> {
        self.lock().young.get(&(workspace, playbook)).cloned()
    }

    /// Keeps that.
    pub(super) fn young_is(&self, workspace: WorkspaceId, playbook: PlaybookId, young: Believed) {
        self.lock().young.insert((workspace, playbook), young);
    }

    /// Has it looked at again which model of a playbook is young.
    pub(super) fn young_again(&self, workspace: WorkspaceId, playbook: PlaybookId) {
        if let Some((at, _)) = self.lock().young.get_mut(&(workspace, playbook)) {
            *at = Micros::MIN;
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Workspace {
    /// What the champion proposes for a case that comes in.
    pub(crate) async fn champion_advice(
        &self,
        id: PlaybookId,
        playbook: &Playbook,
        values: &BTreeMap<String, Value>,
    ) -> Option<ProposalInput> {
        if !matches!(playbook.answer, AnswerSpec::Choice { .. }) {
            return None;
        }
        let model = match self.champion(id).await {
            Ok(model) => model?,
            Err(error) => {
                tracing::warn!(workspace.id = %self.id, playbook.id = %id, error = %error, "the champion cannot be read: no advice");
                return None;
            }
        };
        match self.model_says(&model, playbook, values, Why::Told).await {
            Ok(said) => proposal(playbook, &model, said.ok()?),
            Err(error) => {
                tracing::warn!(workspace.id = %self.id, playbook.id = %id, error = %error, "the champion cannot be asked: no advice");
                None
            }
        }
    }

    /// The model that advises on a playbook's cases.
    pub(super) async fn champion(&self, playbook: PlaybookId) -> Result<Option<Arc<Model>>, Error> {
        let now = self.inner.env.now();
        let known = {
            let cache = self.inner.models.lock();
            cache
                .champions
                .get(&self.id)
                .filter(|(at, _)| now.saturating_sub(*at) < BELIEVED_MICROS)
                .map(|(_, of)| of.get(&playbook).cloned())
        };
        let digest = match known {
            Some(digest) => digest,
            None => {
                let mut session = self.inner.db.session().await?;
                let stages = store::model::stages(session.conn(), self.id.0).await?;
                drop(session);
                let champions: HashMap<PlaybookId, Vec<u8>> =
                    stages.into_iter().filter(|row| row.stage == CHAMPION).map(|row| (PlaybookId(row.playbook), row.model)).collect();
                let digest = champions.get(&playbook).cloned();
                self.inner.models.lock().champions.insert(self.id, (now, champions));
                digest
            }
        };
        match digest {
            Some(digest) => self.model_ready(playbook, &digest).await.map(Some),
            None => Ok(None),
        }
    }

    pub(super) async fn model_ready(&self, playbook: PlaybookId, digest: &[u8]) -> Result<Arc<Model>, Error> {
        if let Some(model) = self.inner.models.lock().ready.get(digest) {
            return Ok(Arc::clone(model));
        }
        let model = Arc::new(self.model_load(playbook, digest).await?);
        let mut cache = self.inner.models.lock();
        if cache.ready.len() >= READY_MAX {
            cache.ready.clear();
        }
        cache.ready.insert(digest.to_vec(), Arc::clone(&model));
        Ok(model)
    }
}

/// Advice as a proposal. `None` where the playbook has other options by now: then the model's probabilities are of something else.
fn proposal(playbook: &Playbook, model: &Model, advice: Advice) -> Option<ProposalInput> {
    let AnswerSpec::Choice { options } = &playbook.answer else { return None };
    // In whichever order: a model from elsewhere has its own.
    let (theirs, ours): (BTreeSet<&String>, BTreeSet<&String>) = (model.classes().iter().collect(), options.iter().collect());
    if theirs != ours {
        return None;
    }
    let evidence = advice.evidence.into_iter().map(|one| EvidenceInput {
        field: one.field,
        start: one.span.map(|(start, _)| start),
        end: one.span.map(|(_, end)| end),
        quote: Some(one.quote).filter(|quote| !quote.trim().is_empty()),
        heat: one.heat.map(heat),
    });
    Some(ProposalInput {
        proposer: model.proposer().into(),
        version: Some(version_of(model.version()).to_owned()),
        probabilities: Some(advice.probabilities.into_iter().map(|(option, p)| (option, share(p).into())).collect()),
        explanation: Some(advice.explanation),
        evidence: evidence.collect(),
        ..ProposalInput::default()
    })
}

pub(super) fn heat(of: countersign_models::advice::Heat) -> HeatInput {
    let countersign_models::advice::Heat { left, top, width, height, columns, rows, cells } = of;
    HeatInput { left, top, width, height, columns, rows, cells }
}

/// Whether a proposer's version has a say on the present content: what it said before an amendment is of other content.
pub(super) fn proposed(state: &CaseState, proposer: &str, version: &str) -> bool {
    state.proposals_current().any(|one| one.proposer == proposer && one.proposer_version == version)
}

/// What a bulk of proposals came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Proposed {
    /// Cases that were looked at.
    pub cases: u64,
    /// Of these, those without advice.
    pub no_advice: u64,
    /// Proposals that were added.
    pub added: u64,
}

impl Workspace {
    /// Lets a model look at every open case of a playbook; `said` is handed each. With `add`, the champion's proposals are added to
    /// cases that have none of it: a model that nobody promoted is shown to nobody.
    ///
    /// # Errors
    /// Where there is no such model, or `add` is asked for one that does not advise.
    pub async fn models_propose(
        &self,
        playbook: &str,
        version: Option<&str>,
        add: bool,
        said: &mut (dyn FnMut(uuid::Uuid, Value) + Send),
    ) -> Result<Proposed, Error> {
        let id = self.control().await?.playbook_id(playbook)?;
        let champion = self.champion(id).await?;
        let model = match version {
            Some(version) => {
                let digest = super::registry::digest_bytes(&self.model(playbook, version).await?.digest)?;
                self.model_ready(id, &digest).await?
            }
            None => champion.clone().ok_or_else(|| Refusal::new(Code::NotFound, format!("no model advises on {playbook}: name one")))?,
        };
        if add && champion.is_none_or(|champion| champion.version() != model.version()) {
            let detail = format!("{} does not advise on {playbook}: people have to promote it first", version_of(model.version()));
            return Err(Refusal::new(Code::WrongState, detail).into());
        }
        let (mut done, mut cursor) = (Proposed::default(), None);
        loop {
            let page = self.cases_list(Some(playbook), Some("open"), cursor.as_deref(), PAGE_ITEMS).await?;
            for summary in &page.items {
                let case = CaseId(summary.case);
                let file = self.file(case).await?;
                let spec = self.inner.control(self.id).await?.playbook(file.state.playbook, file.state.playbook_version)?;
                let heard = self.model_says(&model, &spec, &super::learn::values_of(&spec, &file), Why::Told).await?;
                done.cases += 1;
                said(summary.case, super::file::told(heard.clone()));
                let Ok(advice) = heard else {
                    done.no_advice += 1;
                    continue;
                };
                let there = proposed(&file.state, model.proposer(), version_of(model.version()));
                if let (true, false, Some(advice)) = (add, there, proposal(&spec, &model, advice)) {
                    match self.case_propose(&system("models"), case, advice, Options::default()).await {
                        Ok(_) => done.added += 1,
                        // One case that takes no proposal, as when it was decided meanwhile, keeps none from the others.
                        Err(Error::Refused(_)) => done.no_advice += 1,
                        Err(error) => return Err(error),
                    }
                }
            }
            cursor = page.next;
            if cursor.is_none() {
                return Ok(done);
            }
        }
    }
}
