//! Reading a case: its events folded, its values opened as far as they still exist and the viewer may see them. Writes nothing.

use super::mask::Mask;
use crate::{
    Error, Workspace,
    control::Control,
    input::EvidenceInput,
    seal::Values,
    view::{AskView, CaseSummary, CaseView, EventView, FieldView, JudgmentView, KeptView, MissView, Page, ProposalView, QueueCount},
};
use countersign_core::{
    answer::Answer,
    content::Content,
    event::{AdviceSeen, Body, Event, JudgmentGiven, JudgmentObserved, OutcomeValue, Phase, ProposalMade, Route},
    id::{CaseId, EventId, PersonId, PlaybookId, SubjectId},
    limits::PAGE_ITEMS_MAX,
    playbook::{AnswerSpec, FieldKind, Playbook},
    refusal::{Code, Refusal},
    time,
};
use countersign_engine::{CaseState, state::Status};
use countersign_privacy::SubjectKey;
use countersign_store as store;
use serde_json::{Value, json};
use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};
use uuid::Uuid;

/// The words for where a case stands.
const STATES: &[&str] = &["held", "open", "decided", "acted", "appealed"];

/// A case with all its events and the values that could be opened.
pub(crate) struct File {
    pub events: Vec<(i64, Event)>,
    pub state: CaseState,
    pub values: Values,
    /// What whoever reads it does not see.
    pub mask: Mask,
}

/// A share in billionths as a decimal from 0 to 1.
pub(crate) fn share(billionths: u32) -> String {
    let text = format!("{}.{:09}", billionths / 1_000_000_000, billionths % 1_000_000_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

pub(crate) fn phase_word(phase: Phase) -> &'static str {
    match phase {
        Phase::Only => "only",
        Phase::First => "first",
        Phase::Final => "final",
        Phase::Adjudication => "adjudication",
        Phase::Appeal => "appeal",
    }
}

fn kind_word(kind: &FieldKind) -> &'static str {
    match kind {
        FieldKind::Text => "text",
        FieldKind::Number => "number",
        FieldKind::Category { .. } => "category",
        FieldKind::Boolean => "boolean",
        FieldKind::Time => "time",
        FieldKind::Image => "image",
        FieldKind::Patch => "patch",
        FieldKind::Conversation => "conversation",
        FieldKind::Table => "table",
        FieldKind::Json => "json",
    }
}

/// What an answer is, as JSON.
pub(crate) fn answer_spec(playbook: &Playbook) -> Value {
    match &playbook.answer {
        AnswerSpec::Choice { options } => json!({ "kind": "choice", "options": options }),
        AnswerSpec::Score { min, max, step } => json!({ "kind": "score", "min": min, "max": max, "step": step }),
        AnswerSpec::Text { bytes_max } => json!({ "kind": "text", "bytes_max": bytes_max }),
        AnswerSpec::Patch => json!({ "kind": "patch" }),
        AnswerSpec::Action { names, schema } => json!({ "kind": "action", "names": names, "schema": schema }),
        AnswerSpec::Form { schema } => json!({ "kind": "form", "schema": schema }),
    }
}

impl File {
    /// An answer as JSON; `null` where it was erased.
    pub(crate) fn answer(&self, answer: &Answer) -> Value {
        match answer {
            Answer::Choice(option) => Value::String(option.clone()),
            Answer::Score(score) => Value::String(score.as_str().to_owned()),
            Answer::Document(content) => self.values.get(content).map_or(Value::Null, |value| self.mask.value(value)),
        }
    }

    pub(super) fn text(&self, content: Option<&Content>) -> Option<String> {
        content.and_then(|c| self.values.text(c)).map(|text| self.mask.text(text))
    }

    /// A field as it stands.
    pub(crate) fn field(&self, playbook: &Playbook, name: &str, masked: bool) -> FieldView {
        let kind = playbook.fields.iter().find(|f| f.name == name).map_or("text", |f| kind_word(&f.kind));
        let content = self.state.fields.get(name);
        let masked = masked || self.mask.hides(name);
        let value = content.filter(|_| !masked).and_then(|c| self.values.get(c));
        FieldView {
            name: name.to_owned(),
            kind: kind.to_owned(),
            erased: content.is_some() && value.is_none() && !masked,
            value: value.map_or(Value::Null, |value| self.mask.value(value)),
            masked: masked && content.is_some(),
        }
    }

    /// The case after the next event, which holds no sealed value; `None` where another one came in between. Its position in the log,
    /// which only a page of history asks for, is not known here.
    pub(crate) fn followed_by(mut self, event: &Event) -> Option<Self> {
        if event.stream_version != self.state.version + 1 {
            return None;
        }
        self.state.apply(event);
        self.events.push((i64::MAX, event.clone()));
        Some(self)
    }

    fn find(&self, id: EventId) -> Option<&Event> {
        self.events.iter().map(|(_, e)| e).find(|e| e.id == id)
    }

    /// A proposal.
    pub(crate) fn proposal(&self, id: EventId) -> Option<ProposalView> {
        let event = self.find(id)?;
        match &event.body {
            Body::ProposalMade(body) => Some(self.proposal_view(event, body)),
            _ => None,
        }
    }

    fn proposal_view(&self, event: &Event, body: &ProposalMade) -> ProposalView {
        ProposalView {
            id: event.id.0,
            proposer: body.proposer.clone(),
            version: body.proposer_version.clone(),
            answer: self.answer(&body.answer),
            probabilities: body.probabilities.as_ref().map(|all| all.iter().map(|(option, p)| (option.clone(), share(*p))).collect()),
            explanation: self.text(body.explanation.as_ref().filter(|_| !self.mask.hides_reasons())),
            evidence: body
                .evidence
                .iter()
                .filter(|e| !self.mask.hides(&e.field))
                .map(|e| EvidenceInput {
                    field: e.field.clone(),
                    start: e.start,
                    end: e.end,
                    quote: self.text(e.quote.as_ref()),
                    heat: self.text(e.heat.as_ref()).and_then(|heat| serde_json::from_str(&heat).ok()),
                })
                .collect(),
            chained_from: body.chained_from.map(|id| id.0),
            ask: body.ask.map(|id| id.0),
            candidate: body.candidate,
            like: None,
            at: time::format_rfc3339(event.occurred_at),
        }
    }

    /// A judgment.
    pub(crate) fn judgment(&self, id: EventId) -> Option<JudgmentView> {
        let event = self.find(id)?;
        match &event.body {
            Body::JudgmentGiven(body) => Some(self.given_view(event, body)),
            Body::JudgmentObserved(body) => Some(self.observed_view(event, body)),
            _ => None,
        }
    }

    /// What people asked the AI for.
    pub(crate) fn asks(&self) -> Vec<AskView> {
        let asks = self.events.iter().filter_map(|(_, event)| match &event.body {
            Body::AskMade(body) => Some(AskView {
                id: event.id.0,
                person: body.person.0,
                instruction: self.text(Some(&body.instruction)),
                answered: self.state.proposals.iter().any(|p| p.ask == Some(event.id)),
                missed: self.state.missed.iter().find(|m| m.ask == Some(event.id)).map(|m| m.reason.sentence()),
                at: event.occurred_at,
            }),
            _ => None,
        });
        asks.collect()
    }

    /// Advice that was asked for and did not come, up to some event or to the end.
    pub(crate) fn missed(&self, until: Option<EventId>) -> Vec<MissView> {
        let before = self.events.iter().map(|(_, event)| event).take_while(|event| until != Some(event.id));
        let missed = before.filter_map(|event| match &event.body {
            Body::AdviceMissed(body) => Some(MissView {
                id: event.id.0,
                proposer: body.proposer.clone(),
                version: body.proposer_version.clone(),
                reason: body.reason.as_str().to_owned(),
                why: body.reason.sentence().to_owned(),
                ask: body.ask.map(|id| id.0),
                at: time::format_rfc3339(event.occurred_at),
            }),
            _ => None,
        });
        missed.collect()
    }

    fn given_view(&self, event: &Event, body: &JudgmentGiven) -> JudgmentView {
        JudgmentView {
            id: event.id.0,
            person: body.person.0,
            phase: phase_word(body.phase).into(),
            answer: self.answer(&body.answer),
            advice: if body.advice_visible { "yes" } else { "no" }.into(),
            elsewhere: false,
            bulk: body.bulk,
            confidence: body.confidence.map(share),
            seconds: body.took.map(seconds),
            kept: body.kept.as_ref().map(|kept| kept.iter().map(|k| KeptView { proposal: k.proposal.0, share: share(k.share) }).collect()),
            reason: self.text(body.reason.as_ref()),
            at: time::format_rfc3339(event.occurred_at),
        }
    }

    fn observed_view(&self, event: &Event, body: &JudgmentObserved) -> JudgmentView {
        JudgmentView {
            id: event.id.0,
            person: body.person.0,
            phase: phase_word(body.phase).into(),
            answer: self.answer(&body.answer),
            advice: match body.advice_seen {
                AdviceSeen::Yes => "yes",
                AdviceSeen::No => "no",
                AdviceSeen::Unknown => "unknown",
            }
            .into(),
            elsewhere: true,
            bulk: false,
            confidence: body.confidence.map(share),
            seconds: body.took.map(seconds),
            kept: None,
            reason: None,
            at: time::format_rfc3339(event.occurred_at),
        }
    }

    /// Whether this person may still have to answer independently, so that nothing of others' or the AI's answers may show.
    pub(crate) fn withheld_from(&self, viewer: Option<PersonId>) -> bool {
        let Some(person) = viewer else { return false };
        match self.state.status() {
            Status::Open | Status::Held => {
                let assist = self.state.route.as_ref().is_some_and(|r| r.route == Route::Assist);
                !assist && !self.state.has_seen_advice(person) && !self.state.has_seen_judgments(person)
            }
            Status::Appealed => !self.state.deciders.contains(&person),
            Status::Decided | Status::Acted => false,
        }
    }
}

/// Refuses a word that is no state.
pub(crate) fn known_state(state: Option<&str>) -> Result<(), Refusal> {
    match state {
        Some(word) if !STATES.contains(&word) => Err(Refusal::invalid("/state", format!("a state is one of {}", STATES.join(", ")))),
        _ => Ok(()),
    }
}

/// A case as lists tell it.
pub(crate) fn summary(control: &Control, row: store::case::CaseRow) -> CaseSummary {
    CaseSummary {
        case: row.case,
        version: u64::try_from(row.version).unwrap_or(0),
        playbook: control.playbook_name(PlaybookId(row.playbook)),
        opened: time::format_rfc3339(row.opened_at),
        // On an appeal the answer is asked for again, of somebody who must not know the first.
        answer: row.answer.filter(|_| row.status != "appealed"),
        state: row.status,
    }
}

fn seconds(micros: i64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a time taken is far below 2^53 microseconds")]
    let seconds = micros as f64 / 1e6;
    seconds
}

/// Whether an event tells what others or the AI answered.
fn tells_answers(body: &Body, viewer: PersonId) -> bool {
    match body {
        Body::JudgmentGiven(b) => b.person != viewer,
        Body::CaseShown(b) => b.person != viewer,
        Body::CommentAdded(b) => b.person != viewer,
        Body::ProposalMade(_)
        | Body::AskMade(_)
        | Body::AdviceMissed(_)
        | Body::CaseRouted(_)
        | Body::JudgmentObserved(_)
        | Body::DecisionMade(_)
        | Body::DecisionWithdrawn(_)
        | Body::DecisionActed(_)
        | Body::DecisionCorrected(_)
        | Body::CaseSkipped(_)
        | Body::CaseEscalated(_)
        | Body::CaseAssigned(_)
        | Body::CaseReopened(_)
        | Body::OutcomeObserved(_)
        | Body::OutcomeCorrected(_)
        | Body::AppealOpened(_)
        | Body::AppealDecided(_) => true,
        _ => false,
    }
}

impl Workspace {
    /// All of a case: events, state, opened values.
    pub(crate) async fn file(&self, case: CaseId) -> Result<File, Error> {
        let (events, state) = self.folded(case).await?;
        self.may_see(&*self.inner.control(self.id).await?, &state)?;
        let mut session = self.inner.db.session().await?;
        let values = self.values_of(&mut session, &[case.0]).await?;
        Ok(File { events, state, values, mask: Mask::default() })
    }

    /// A case with all its events and none of its values.
    pub(crate) async fn folded(&self, case: CaseId) -> Result<(Vec<(i64, Event)>, CaseState), Error> {
        let mut session = self.inner.db.session().await?;
        let rows = store::event::of_stream(session.conn(), self.id.0, case.0).await?;
        let mut events = Vec::with_capacity(rows.len());
        for row in &rows {
            events.push((row.position, Event::from_bytes(&row.bytes)?));
        }
        let state = CaseState::fold(events.iter().map(|(_, e)| e)).ok_or_else(|| Refusal::new(Code::NotFound, "there is no such case"))?;
        Ok((events, state))
    }

    /// How some cases stand; those that are not there are not in it.
    pub(crate) async fn states(&self, cases: impl Iterator<Item = Uuid>) -> Result<HashMap<Uuid, CaseState>, Error> {
        let cases: Vec<Uuid> = cases.collect();
        let mut states: HashMap<Uuid, CaseState> = HashMap::with_capacity(cases.len());
        if cases.is_empty() {
            return Ok(states);
        }
        let mut session = self.inner.db.session().await?;
        for row in store::event::of_streams(session.conn(), self.id.0, &cases).await? {
            let event = Event::from_bytes(&row.bytes)?;
            match states.get_mut(&row.stream) {
                Some(state) => state.apply(&event),
                None => states.extend(CaseState::fold(std::iter::once(&event)).map(|state| (row.stream, state))),
            }
        }
        Ok(states)
    }

    /// The sealed values of some streams, opened.
    pub(crate) async fn values_of(&self, session: &mut store::Session, streams: &[Uuid]) -> Result<Values, Error> {
        let rows = store::vault::of_streams(session.conn(), self.id.0, streams).await?;
        self.values_open(session, &rows).await
    }

    /// Rows of the vault, opened as far as their subjects' keys still exist.
    pub(crate) async fn values_open(&self, session: &mut store::Session, rows: &[store::vault::VaultRow]) -> Result<Values, Error> {
        let keys = self.inner.seals.of(&self.inner.root, self.id);
        let subjects = self.subject_keys(session, rows.iter().filter_map(|r| r.subject)).await?;
        Values::open(&keys, &subjects, rows)
    }

    /// The keys of some subjects, as far as they still exist; one question to the database for all.
    pub(crate) async fn subject_keys(
        &self,
        session: &mut store::Session,
        subjects: impl Iterator<Item = Uuid>,
    ) -> Result<HashMap<Uuid, SubjectKey>, Error> {
        let keys = self.inner.seals.of(&self.inner.root, self.id);
        let subjects: BTreeSet<Uuid> = subjects.collect();
        let subjects: Vec<Uuid> = subjects.into_iter().collect();
        let rows = store::subject::of_ids(session.conn(), self.id.0, &subjects).await?;
        let existing = rows.into_iter().filter_map(|row| Some((row.subject, row.wrapped_key?)));
        existing.map(|(subject, wrapped)| Ok((subject, keys.subject_key(SubjectId(subject), &wrapped)?))).collect()
    }

    /// A case as `viewer` may see it; a program with full reading rights is no viewer.
    ///
    /// # Errors
    /// Where there is none, or the storage fails.
    pub async fn case_get(&self, case: CaseId, viewer: Option<PersonId>) -> Result<CaseView, Error> {
        let control = self.inner.control(self.id).await?;
        let file = self.file(case).await?.read_by(&control, viewer);
        let playbook = control.playbook(file.state.playbook, file.state.playbook_version)?;
        let state = &file.state;
        let withheld = file.withheld_from(viewer);
        let fields = playbook.fields.iter().filter(|f| !(f.hidden && viewer.is_some())).filter(|f| state.fields.contains_key(&f.name));
        let ids = |pick: fn(&Body) -> bool| file.events.iter().filter(move |(_, e)| pick(&e.body)).map(|(_, e)| e.id);
        let decision = if withheld { None } else { self.decision_standing(state).await? };
        Ok(CaseView {
            case: case.0,
            version: state.version,
            playbook: playbook.name.clone(),
            playbook_version: state.playbook_version,
            external_id: file.text(state.external_id.as_ref()),
            state: state.status_word().into(),
            route: state.route.as_ref().map_or("hold", |r| r.route.as_str()).into(),
            fields: fields.map(|f| file.field(&playbook, &f.name, false)).collect(),
            proposals: if withheld {
                Vec::new()
            } else {
                ids(|b| matches!(b, Body::ProposalMade(_))).filter_map(|id| file.proposal(id)).collect()
            },
            missed: if withheld { Vec::new() } else { file.missed(None) },
            judgments: ids(|b| matches!(b, Body::JudgmentGiven(_) | Body::JudgmentObserved(_)))
                .filter_map(|id| file.judgment(id))
                .filter(|j| !withheld || viewer.is_some_and(|v| v.0 == j.person))
                .collect(),
            comments: file.comments(&playbook, |_, person| !withheld || viewer == Some(person)),
            content: state.content_digest.to_string(),
            withheld,
            sought: state.sought,
            decision,
            outcome: if withheld { None } else { state.outcomes.last().map(|o| file.outcome(&o.value)) },
            opened: time::format_rfc3339(state.opened_at),
            deadline: state.deadline_at.map(time::format_rfc3339),
        })
    }

    /// The playbook of a case, in the case's version.
    ///
    /// # Errors
    /// Where there is no such case, or the storage fails.
    pub async fn case_playbook(&self, case: CaseId) -> Result<Arc<Playbook>, Error> {
        let mut session = self.inner.db.session().await?;
        let row = store::case::get(session.conn(), self.id.0, case.0).await?;
        let row = row.ok_or_else(|| Refusal::new(Code::NotFound, "there is no such case"))?;
        let version = u64::try_from(row.playbook_version).unwrap_or(0);
        self.inner.control(self.id).await?.playbook(PlaybookId(row.playbook), version)
    }

    /// The playbook of a case that this person may read: people read the cases of the playbooks on which they decide.
    ///
    /// # Errors
    /// Where there is no such case, or the person has none of the playbook's roles.
    pub async fn case_open_to(&self, case: CaseId, person: PersonId) -> Result<Arc<Playbook>, Error> {
        let playbook = self.case_playbook(case).await?;
        let control = self.inner.control(self.id).await?;
        if control.state.people.get(&person).is_some_and(|p| p.may(&playbook.decide.roles)) {
            return Ok(playbook);
        }
        let detail = format!("reading this case takes one of the roles {}", playbook.decide.roles.join(", "));
        Err(Refusal::field(Code::Forbidden, "/person", detail).into())
    }

    /// The fields that a case holds otherwise now than when something was shown; empty where nothing changed.
    ///
    /// # Errors
    /// Where there is no such case, or the storage fails.
    pub async fn case_changed_since(&self, case: CaseId, shown: EventId) -> Result<Vec<String>, Error> {
        let file = self.file(case).await?;
        let until = file.events.iter().position(|(_, event)| event.id == shown).unwrap_or(file.events.len());
        let Some(before) = CaseState::fold(file.events.iter().take(until).map(|(_, event)| event)) else { return Ok(Vec::new()) };
        let names: BTreeSet<&String> = before.fields.keys().chain(file.state.fields.keys()).collect();
        // A value that is sealed again has another commitment, so it is the values that are compared.
        let differs = |name: &&String| match (before.fields.get(*name), file.state.fields.get(*name)) {
            (Some(one), Some(other)) => one != other && file.values.get(one) != file.values.get(other),
            (one, other) => one.is_some() != other.is_some(),
        };
        let changed = names.into_iter().filter(differs);
        Ok(changed.cloned().collect())
    }

    /// The case with an external id, if there is one.
    ///
    /// # Errors
    /// Where the playbook is unknown or the storage fails.
    pub async fn case_find(&self, playbook: &str, external_id: &str) -> Result<Option<CaseId>, Error> {
        let playbook = self.control().await?.playbook_id(playbook)?;
        let keys = self.inner.seals.of(&self.inner.root, self.id);
        let token = keys.external_token(playbook.0, external_id).to_vec();
        let mut session = self.inner.db.session().await?;
        Ok(store::external_id::taken(session.conn(), self.id.0, playbook.0, &[token]).await?.first().map(|r| CaseId(r.case)))
    }

    /// Cases in the order in which they came.
    ///
    /// # Errors
    /// Where the playbook or the cursor is unknown or the storage fails.
    pub async fn cases_list(
        &self,
        playbook: Option<&str>,
        state: Option<&str>,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<Page<CaseSummary>, Error> {
        let control = self.control().await?;
        let after =
            self.cursor_open("cases", cursor)?.map_or(Ok(Uuid::nil()), |text| text.parse().map_err(|_| crate::decision::bad_cursor()))?;
        let limit = limit.clamp(1, PAGE_ITEMS_MAX);
        let mut session = self.inner.db.session().await?;
        let fetch = i64::from(limit) + 1;
        let playbook = playbook.map(|name| control.playbook_id(name)).transpose()?.map(|id| id.0);
        known_state(state)?;
        let filter = store::case::Filter { playbook, status: state };
        let mut rows = store::case::list(session.conn(), self.id.0, filter, after, fetch).await?;
        let more = rows.len() > limit as usize;
        rows.truncate(limit as usize);
        let next = rows.last().filter(|_| more).map(|r| self.cursor_sign("cases", &r.case.to_string())).transpose()?;
        let seen = self.seen_of(&rows.iter().map(|r| r.case).collect::<Vec<_>>()).await?;
        let items = rows.into_iter().filter(|r| seen.contains(&r.case)).map(|r| summary(&control, r)).collect();
        Ok(Page { items, next })
    }

    /// How many cases stand where.
    ///
    /// # Errors
    /// Where the storage fails.
    pub async fn case_counts(&self) -> Result<Vec<QueueCount>, Error> {
        let control = self.control().await?;
        let mut session = self.inner.db.session().await?;
        let counts = store::case::counts(session.conn(), self.id.0).await?;
        Ok(counts
            .into_iter()
            .map(|(playbook, state, count)| QueueCount {
                playbook: control.playbook_name(PlaybookId(playbook)),
                state,
                count: u64::try_from(count).unwrap_or(0),
            })
            .collect())
    }

    /// A case's events with their values, as far as the viewer may see them.
    ///
    /// # Errors
    /// Where there is none, or the storage fails.
    pub async fn case_history(&self, case: CaseId, viewer: Option<PersonId>) -> Result<Vec<EventView>, Error> {
        let file = self.file(case).await?.read_by(&*self.inner.control(self.id).await?, viewer);
        let withheld = file.withheld_from(viewer);
        let visible = |e: &Event| !withheld || viewer.is_none_or(|v| !tells_answers(&e.body, v));
        file.events
            .iter()
            .filter(|(_, e)| visible(e))
            .map(|(position, event)| {
                let mut json = serde_json::to_value(event).map_err(|e| Error::Damaged(e.to_string()))?;
                file.values.open_in(&mut json);
                file.mask.event(&mut json);
                Ok(EventView { position: u64::try_from(*position).unwrap_or(0), event: json })
            })
            .collect()
    }
}

impl File {
    fn outcome(&self, value: &OutcomeValue) -> Value {
        match value {
            OutcomeValue::Answer(answer) => self.answer(answer),
            OutcomeValue::Payoff(payoff) => Value::String(payoff.as_str().to_owned()),
        }
    }
}
