//! While no model advises on a playbook and the newest one that learned here is young, the queue may be ordered by what it learns from: it is
//! asked when a case comes in, and again about what waits whenever a newer one was trained. What it says is a place among many, frozen in the
//! route; a share of cases has its place by lot, and figures rest on these alone. It proposes nothing, and nobody sees what it would answer.

use super::{BUILT_IN, Model, learn, version_of};
use crate::{Error, Workspace};
use countersign_core::{
    event::RouteLearning,
    id::{CaseId, PlaybookId},
    playbook::Playbook,
};
use countersign_models::{
    Input, Proposer as _, Reach,
    text::{Pool, Report, seek},
};
use countersign_store as store;
use serde_json::Value;
use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

/// Versions of models that are looked through for the newest that learned here.
const VERSIONS_LOOKED_AT: i64 = 20;
/// Where cases stand that others are ranked among, those that wait first.
const POOLED: [&str; 3] = ["open", "decided", "acted"];

/// A young model, and the cases that it ranks others among.
#[derive(Debug)]
pub(crate) struct Young {
    model: Arc<Model>,
    pool: Pool,
}

impl Young {
    fn says(&self, input: &Input) -> Option<RouteLearning> {
        let Model::Text(model) = &*self.model else { return None };
        Some(RouteLearning { model: version_of(model.version()).to_owned(), score: self.pool.rank(model, input) })
    }
}

impl Workspace {
    /// What the young model of a playbook would learn from a case that comes in. Where anything fails the queue is ordered as ever.
    pub(crate) async fn learning(&self, id: PlaybookId, playbook: &Playbook, values: &BTreeMap<String, Value>) -> Option<RouteLearning> {
        playbook.learning?;
        let young = self.young_or_none(id, playbook).await?;
        young.says(&Input::of(playbook, values, Reach::InProcess))
    }

    /// The same of cases that wait.
    pub(crate) async fn learning_of(&self, id: PlaybookId, cases: &[CaseId]) -> Result<HashMap<CaseId, RouteLearning>, Error> {
        let control = self.inner.control(self.id).await?;
        let latest = control.playbook(id, control.playbook_version(id))?;
        let Some(young) = self.young_or_none(id, &latest).await else { return Ok(HashMap::new()) };
        // Everything is read, whoever asks: of what is read only a place is told.
        let all = Self { reader: None, ..self.clone() };
        let mut said = HashMap::with_capacity(cases.len());
        for (case, file) in all.files(cases.iter().map(|case| case.0)).await? {
            let spec = control.playbook(id, file.state.playbook_version)?;
            said.extend(young.says(&learn::input_of(&spec, &file)).map(|learning| (CaseId(case), learning)));
        }
        Ok(said)
    }

    /// Looks again at what waits, where a model that was just trained may order it.
    pub(super) async fn learning_begins(&self, id: PlaybookId) -> Result<(), Error> {
        let control = self.inner.control(self.id).await?;
        let latest = control.playbook(id, control.playbook_version(id))?;
        match self.young(id, &latest).await? {
            Some(_) => self.reroute_ask_open(id).await,
            None => Ok(()),
        }
    }

    async fn young_or_none(&self, id: PlaybookId, playbook: &Playbook) -> Option<Arc<Young>> {
        self.young(id, playbook).await.unwrap_or_else(|error| {
            tracing::warn!(workspace.id = %self.id, playbook.id = %id, error = %error, "a young model cannot be read: the queue is ordered as ever");
            None
        })
    }

    /// The newest model that learned here, where it is young, no model advises, and the playbook lets it order the queue. Once one advises, a
    /// place would tell how sure it is.
    async fn young(&self, id: PlaybookId, playbook: &Playbook) -> Result<Option<Arc<Young>>, Error> {
        let Some(terms) = playbook.learning else { return Ok(None) };
        if self.champion(id).await?.is_some() {
            return Ok(None);
        }
        let now = self.inner.env.now();
        let known = self.inner.models.young(self.id, id);
        if let Some((_, young)) = known.as_ref().filter(|(at, _)| now.saturating_sub(*at) < super::advice::BELIEVED_MICROS) {
            return Ok(young.clone());
        }
        let mut session = self.inner.db.session().await?;
        let rows = store::model::list(session.conn(), self.id.0, id.0, VERSIONS_LOOKED_AT).await?;
        drop(session);
        let newest = rows.into_iter().find(|row| row.kind == BUILT_IN);
        let report = newest.as_ref().and_then(|row| serde_json::from_str::<Report>(&row.card).ok());
        let young = match newest.filter(|_| report.is_some_and(|report| seek::is_young(&report, terms.until))) {
            None => None,
            Some(row) => {
                let same =
                    |young: &&Arc<Young>| super::registry::digest_bytes(young.model.version()).is_ok_and(|digest| digest == row.model);
                let before = known.and_then(|(_, young)| young);
                match before.as_ref().filter(same) {
                    Some(young) => Some(Arc::clone(young)),
                    None => self.young_made(id, &row.model).await?.map(Arc::new),
                }
            }
        };
        self.inner.models.young_is(self.id, id, (now, young.clone()));
        Ok(young)
    }

    /// A young model beside the cases that wait, or, where these are few, that were decided.
    async fn young_made(&self, id: PlaybookId, digest: &[u8]) -> Result<Option<Young>, Error> {
        let model = self.model_ready(id, digest).await?;
        let most = i64::try_from(seek::POOL_CASES_MAX).unwrap_or(i64::MAX);
        let mut cases = Vec::new();
        let mut session = self.inner.db.session().await?;
        for status in POOLED {
            let left = most - i64::try_from(cases.len()).unwrap_or(most);
            let rows = store::case::list_of(session.conn(), self.id.0, id.0, status, uuid::Uuid::nil(), left).await?;
            cases.extend(rows.into_iter().map(|row| row.case));
        }
        drop(session);
        let control = self.inner.control(self.id).await?;
        let all = Self { reader: None, ..self.clone() };
        let mut inputs = BTreeMap::new();
        for (case, file) in all.files(cases.into_iter()).await? {
            let spec = control.playbook(id, file.state.playbook_version)?;
            inputs.insert(case, learn::input_of(&spec, &file));
        }
        let Model::Text(text) = &*model else { return Ok(None) };
        let pool = Pool::of(text, &inputs.values().collect::<Vec<_>>());
        Ok(Some(Young { model, pool }))
    }
}
