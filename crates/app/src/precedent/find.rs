//! Finding the precedents of a case, and telling them: what was decided, what turned out, and why they are alike. What is shown is what
//! the record of the showing names; the words that both cases share are read from both contents, as long as these exist.

use super::{bag, is_precedent};
use crate::{
    Error, Workspace,
    asking::sent,
    case::{mask::Mask, read::File},
    seal::Values,
    title::{headline, title_of},
};
use countersign_core::{
    Event,
    event::{Body, CaseShown, OutcomeValue, Phase, Route, ShownPrecedent},
    id::{CaseId, PersonId},
    limits::PRECEDENTS_SHOWN_MAX,
    playbook::{AnswerSpec, Playbook},
    refusal::{Code, Refusal},
    time,
};
use countersign_engine::{CaseState, command::Precedents, state::Status};
use countersign_models::{Reach, chat::Example, input::may_see};
use countersign_precedents::{Bag, ONE};
use countersign_store as store;
use serde::Serialize;
use serde_json::Value;
use std::{collections::HashMap, sync::PoisonError};
use utoipa::ToSchema;
use uuid::Uuid;

/// Candidates that are looked at: some may be open again by now, or erased.
const CANDIDATES: usize = 24;
/// Least likeness of a precedent, in billionths: below it two cases share little more than the language.
const LIKENESS_MIN: u32 = ONE / 10;
/// What a case without a known outcome counts beside one with, in percent: what turned out tells more than what was thought.
const UNKNOWN_PERCENT: u64 = 80;
/// Shared words and values that are told, of each kind.
const SHARED_MAX: usize = 4;

/// A decided case that is like another one.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct PrecedentView {
    /// The case.
    pub case: Uuid,
    /// Its headline; absent where it was erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What was decided.
    #[schema(value_type = Object)]
    pub answer: Value,
    /// What turned out; absent where that was not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Object)]
    pub outcome: Option<Value>,
    /// When it was decided (RFC 3339).
    pub decided: String,
    /// How much alike, from 0 to 1.
    pub likeness: f64,
    /// Values and words that both share, the most telling first.
    pub shared: Vec<String>,
}

impl Workspace {
    /// The decided cases that are most like a case, as `viewer` may see them now.
    ///
    /// # Errors
    /// Where there is no such case, the viewer still has to answer on it independently, or the storage fails.
    pub async fn precedents(&self, case: CaseId, viewer: Option<PersonId>) -> Result<Vec<PrecedentView>, Error> {
        let file = self.file(case).await?;
        if file.withheld_from(viewer) || viewer.is_some_and(|person| answers_alone(&file.state, person)) {
            let detail = "decided cases are shown beside the advice, after the first answer: before it, the answer is to be one's own";
            return Err(Refusal::new(Code::NotIndependent, detail).into());
        }
        let found = self.precedents_find(case, &file).await?;
        self.precedents_told(&file, &found, viewer).await
    }

    /// What is to stand beside a case that is shown to a person now. While they are on the same content it stays the same, so that what
    /// is on the screen is what is recorded.
    pub(crate) async fn precedents_beside(&self, case: CaseId, person: PersonId, file: &File) -> Result<Option<Precedents>, Error> {
        let state = &file.state;
        let assisted = state.route.as_ref().is_some_and(|route| route.route == Route::Assist);
        if (!assisted && state.first_answer(person).is_none()) || state.proposals_advised().next().is_none() {
            return Ok(None);
        }
        // What was shown without advice had no precedents beside it, and says nothing about what is to stand beside advice.
        let of_person = |body: &CaseShown| body.person == person && body.content_digest == state.content_digest && body.advice_visible;
        let before = file.events.iter().rev().find_map(|(_, event)| match &event.body {
            Body::CaseShown(body) if of_person(body) && matches!(body.phase, Phase::Only | Phase::Final) => Some(&body.precedents),
            _ => None,
        });
        let cases = match before {
            Some(shown) => self.precedents_left(shown).await?,
            None => self.precedents_find(case, file).await?,
        };
        Ok(Some(Precedents { content_digest: state.content_digest, cases }))
    }

    /// Those of what was shown before whose subjects were not erased since.
    async fn precedents_left(&self, shown: &[ShownPrecedent]) -> Result<Vec<ShownPrecedent>, Error> {
        if shown.is_empty() {
            return Ok(Vec::new());
        }
        let control = self.control().await?;
        let states = self.states(shown.iter().map(|one| one.case.0)).await?;
        let stays = |one: &&ShownPrecedent| {
            let state = states.get(&one.case.0);
            state.is_some_and(|state| state.subject.is_none_or(|subject| !control.state.erased.contains(&subject)))
        };
        Ok(shown.iter().filter(stays).cloned().collect())
    }

    /// The decided cases that are most like a case, from the index of this node.
    async fn precedents_find(&self, case: CaseId, file: &File) -> Result<Vec<ShownPrecedent>, Error> {
        let control = self.inner.control(self.id).await?;
        let playbook = control.playbook(file.state.playbook, file.state.playbook_version)?;
        let asked = bag::of(&playbook, &file.state, &file.values);
        let memory = self.inner.precedents.of(self.id);
        let mut found = {
            let known = memory.known.read().unwrap_or_else(PoisonError::into_inner);
            let index = known.indexes.get(&file.state.playbook);
            index.map(|index| index.like(&asked.sketch(), Some(&case), CANDIDATES)).unwrap_or_default()
        };
        found.retain(|like| like.likeness >= LIKENESS_MIN);
        let weight = |likeness: u32, known: bool| u64::from(likeness) * if known { 100 } else { UNKNOWN_PERCENT };
        found.sort_by_key(|like| std::cmp::Reverse(weight(like.likeness, like.noted)));
        // Of candidates only how they stand is of interest: no value is opened for those that are not told.
        let states = self.states(found.iter().map(|like| like.key.0)).await?;
        let told = found.iter().filter_map(|like| {
            let state = states.get(&like.key.0)?;
            let gone = state.subject.is_some_and(|subject| control.state.erased.contains(&subject));
            let decision = state.decision.as_ref().filter(|_| is_precedent(state) && !gone)?;
            Some(ShownPrecedent {
                case: like.key,
                decision: decision.id,
                answer: decision.answer.label().to_owned(),
                outcome: turned_out(state),
                content_digest: state.content_digest,
                likeness: like.likeness,
            })
        });
        Ok(told.take(PRECEDENTS_SHOWN_MAX).collect())
    }

    /// The same as examples for a model outside: the fields that may go out, what was decided, and what turned out. What nobody may send is left
    /// out, and so is a case whose answer is none of this playbook's any more.
    pub(crate) async fn precedents_as_examples(&self, case: CaseId, file: &File, read: bool) -> Result<Vec<Example>, Error> {
        let control = self.inner.control(self.id).await?;
        let playbook = control.playbook(file.state.playbook, file.state.playbook_version)?;
        let found = self.precedents_find(case, file).await?;
        // Everything is read, whoever asks: what goes out is only what the playbook lets go.
        let all = Self { reader: None, ..self.clone() };
        let mut files = all.files(found.iter().map(|one| one.case.0)).await?;
        let mut examples = Vec::with_capacity(found.len());
        for one in &found {
            let Some(other) = files.remove(&one.case.0) else { continue };
            let decided = match (&playbook.answer, &other.state.decision) {
                (AnswerSpec::Choice { options }, _) if options.contains(&one.answer) => one.answer.clone(),
                (AnswerSpec::Text { .. } | AnswerSpec::Patch, Some(decision)) => match other.answer(&decision.answer) {
                    Value::String(text) => text,
                    _ => continue,
                },
                _ => continue,
            };
            let spec = control.playbook(other.state.playbook, other.state.playbook_version)?;
            let values = other.state.fields.iter().filter_map(|(name, content)| Some((name.clone(), other.values.get(content)?))).collect();
            // What may go out is what the playbook says today, and what it said then.
            let Ok(mut example) = sent::example(&spec, &values, (&decided, one.outcome.as_deref()), read) else { continue };
            let goes = |name: &String| playbook.fields.iter().any(|field| field.name == *name && may_see(field, Reach::Outside));
            example.fields.retain(|(name, _)| goes(name));
            if !example.fields.is_empty() {
                examples.push(example);
            }
        }
        Ok(examples)
    }

    /// Precedents as a record names them, with what this person may read of them.
    pub(crate) async fn precedents_told(
        &self,
        file: &File,
        named: &[ShownPrecedent],
        viewer: Option<PersonId>,
    ) -> Result<Vec<PrecedentView>, Error> {
        if named.is_empty() {
            return Ok(Vec::new());
        }
        let control = self.inner.control(self.id).await?;
        let playbook = control.playbook(file.state.playbook, file.state.playbook_version)?;
        let own = bag::of(&playbook, &file.state, &file.values);
        let mut files = self.files(named.iter().map(|one| one.case.0)).await?;
        let mut told: Vec<(PrecedentView, Bag)> = Vec::with_capacity(named.len());
        for one in named {
            let Some(other) = files.remove(&one.case.0).map(|other| other.read_by(&control, viewer)) else { continue };
            let other = &other;
            let playbook = control.playbook(other.state.playbook, other.state.playbook_version)?;
            let view = PrecedentView {
                case: one.case.0,
                title: title(&playbook, other),
                answer: answered(other, one),
                outcome: one.outcome.as_ref().map(|label| outcome(other, label)),
                decided: time::format_rfc3339(decided_at(other, one)),
                likeness: f64::from(one.likeness) / f64::from(ONE),
                shared: Vec::new(),
            };
            told.push((view, bag::of(&playbook, &other.state, &other.values)));
        }
        // The bags are made by now: whoever waits to add to the index waits for a few look-ups only.
        let memory = self.inner.precedents.of(self.id);
        let known = memory.known.read().unwrap_or_else(PoisonError::into_inner);
        let rarity = |term: u32| known.indexes.get(&file.state.playbook).map_or(1.0, |index| index.rarity(term));
        let shared = |(view, theirs): (PrecedentView, Bag)| PrecedentView { shared: own.shared(&theirs, rarity, SHARED_MAX), ..view };
        Ok(told.into_iter().map(shared).collect())
    }

    /// Some cases with their events, states and values.
    pub(crate) async fn files(&self, cases: impl Iterator<Item = Uuid>) -> Result<HashMap<Uuid, File>, Error> {
        let cases: Vec<Uuid> = cases.collect();
        let mut files: HashMap<Uuid, File> = HashMap::with_capacity(cases.len());
        if cases.is_empty() {
            return Ok(files);
        }
        let mut session = self.inner.db.session().await?;
        let mut events: HashMap<Uuid, Vec<(i64, Event)>> = HashMap::new();
        for row in store::event::of_streams(session.conn(), self.id.0, &cases).await? {
            events.entry(row.stream).or_default().push((row.position, Event::from_bytes(&row.bytes)?));
        }
        let vault = store::vault::of_streams(session.conn(), self.id.0, &cases).await?;
        let subjects = self.subject_keys(&mut session, vault.iter().filter_map(|row| row.subject)).await?;
        drop(session);
        let mut rows: HashMap<Uuid, Vec<store::vault::VaultRow>> = HashMap::new();
        for row in vault {
            rows.entry(row.stream).or_default().push(row);
        }
        let keys = self.inner.seals.of(&self.inner.root, self.id);
        for (case, events) in events {
            let Some(state) = CaseState::fold(events.iter().map(|(_, event)| event)) else { continue };
            let values = Values::open(&keys, &subjects, rows.get(&case).map(Vec::as_slice).unwrap_or_default())?;
            files.insert(case, File { events, state, values, mask: Mask::default() });
        }
        Ok(files)
    }
}

/// Whether a person would answer with no advice in view although the route has some, as after an amendment: what they say then counts as
/// their own, and is to be.
fn answers_alone(state: &CaseState, person: PersonId) -> bool {
    let open = matches!(state.status(), Status::Open | Status::Held);
    open && state.proposals_advised().next().is_none() && !state.has_seen_advice(person)
}

/// The label of what turned out.
pub(crate) fn turned_out(state: &CaseState) -> Option<String> {
    match &state.outcomes.last()?.value {
        OutcomeValue::Answer(answer) => Some(answer.label().to_owned()),
        OutcomeValue::Payoff(payoff) => Some(payoff.as_str().to_owned()),
    }
}

/// The headline of a case.
pub(crate) fn title(playbook: &Playbook, file: &File) -> Option<String> {
    let content = file.state.fields.get(title_of(playbook)?)?;
    headline(&file.values.get(content)?)
}

/// A document's label says nothing of it.
const DOCUMENT: &str = "document";

/// What was decided, as it was shown; of a document, what stands.
fn answered(file: &File, one: &ShownPrecedent) -> Value {
    let stands = file.state.decision.as_ref().filter(|decision| one.answer == DOCUMENT && decision.id == one.decision);
    stands.map_or_else(|| Value::String(one.answer.clone()), |decision| file.answer(&decision.answer))
}

fn outcome(file: &File, label: &str) -> Value {
    let stands = file.state.outcomes.last().filter(|_| label == DOCUMENT);
    match stands.map(|outcome| &outcome.value) {
        Some(OutcomeValue::Answer(answer)) => file.answer(answer),
        _ => Value::String(label.to_owned()),
    }
}

fn decided_at(file: &File, one: &ShownPrecedent) -> i64 {
    file.events.iter().find(|(_, event)| event.id == one.decision).map_or(file.state.opened_at, |(_, event)| event.occurred_at)
}
