//! Asking one playbook's proposers about one case, and writing down what came of it: proposals, or why there are none. Whatever it meets,
//! the case stays with people. Reads no clock of its own and keeps nothing that came back but what is proposed.

use super::{
    Allowed, Secret,
    sent::{self, Beside, Sent, Unsent},
};
use crate::{
    Error, IdempotencyKey, Options, Workspace,
    case::{Verb, read::File},
    input::{MissInput, ProposalInput},
    model::ask::{Around, proposal, units},
    workspace::system,
};
use countersign_core::{
    content::Digest,
    event::{Body, Missed},
    id::{CaseId, EventId, PlaybookId},
    number::Micros,
    playbook::{AnswerSpec, Playbook, Proposer, check},
    refusal::{Code, Refusal},
};
use countersign_engine::state::{ProposalRecord, Status};
use countersign_models::chat::{
    Client, Endpoint, Example, Fault, Question,
    draft::{Form, Task},
    wire::Wire,
};
use countersign_store as store;
use futures_util::future::join_all;
use serde_json::{Value, json};
use std::{collections::BTreeMap, sync::Arc, time::Duration};

/// How often what was answered is handed to a writer that has more to do than it can take, and how long after another.
const HANDED_MAX: u32 = 40;
const HANDED_AGAIN: Duration = Duration::from_millis(250);
const DAY_MICROS: Micros = 86_400_000_000;
/// The route under which an answer is known when two nodes give it.
const ROUTE: &str = "asking";

/// What is to be asked.
#[derive(Debug, Clone)]
pub(super) struct Want {
    /// The case.
    pub case: CaseId,
    /// The event that makes the server ask.
    pub event: EventId,
    /// Where a person directs the AI: which proposal that is about, if any.
    pub ask: Option<Option<EventId>>,
    /// The case's playbook.
    pub playbook: PlaybookId,
    /// Its version.
    pub version: u64,
    /// What it says.
    pub spec: Arc<Playbook>,
}

/// Asking about one event.
pub(super) struct Asking {
    pub workspace: Workspace,
    pub want: Want,
    pub allowed: Allowed,
    pub wire: Arc<Wire>,
}

/// What came back that can be proposed: answers, with all else that is known of them, and what all of them cost.
struct Heard {
    proposals: Vec<ProposalInput>,
    cost: u64,
}

/// Why nothing did.
struct Nothing {
    reason: Missed,
    cost: u64,
}

impl From<Missed> for Nothing {
    fn from(reason: Missed) -> Self {
        Self { reason, cost: 0 }
    }
}

impl Asking {
    /// Asks every proposer that the playbook names. `false`: it could not even begin.
    pub async fn run(self, clients: Vec<Arc<Client>>) -> bool {
        let each = self.want.spec.proposers.iter().zip(&clients).enumerate();
        let done = join_all(each.map(|(at, (named, client))| self.one(at, named, client))).await;
        done.into_iter().all(|begun| begun)
    }

    async fn one(&self, at: usize, named: &Proposer, client: &Client) -> bool {
        let file = match self.workspace.file(self.want.case).await {
            Ok(file) => file,
            Err(error) => {
                tracing::warn!(workspace.id = %self.workspace.id, case.id = %self.want.case, error = %error, "a case cannot be read to ask about it");
                return false;
            }
        };
        if !self.is_due(&file, at, named) {
            return true;
        }
        let heard = self.heard(&file, named, client).await;
        let cost = heard.as_ref().map_or_else(|nothing| nothing.cost, |heard| heard.cost);
        if let Err(error) = self.spend(named, cost).await {
            tracing::warn!(workspace.id = %self.workspace.id, error = %error, "what a proposer cost could not be taken down");
        }
        let written = match heard {
            Ok(heard) => self.propose(&file, named, heard).await,
            Err(nothing) => self.miss(&file, named, nothing).await,
        };
        match written {
            // The case was decided or amended meanwhile: what was said of it says nothing any more.
            Ok(()) | Err(Error::Refused(Refusal { code: Code::WrongState | Code::Erased, .. })) => {}
            Err(error) => {
                tracing::warn!(workspace.id = %self.workspace.id, case.id = %self.want.case, error = %error, "what a proposer said could not be written down; the case is left to people");
            }
        }
        true
    }

    /// Whether this proposer still has to be asked: nobody has decided, the content is the same, and it has not been heard.
    fn is_due(&self, file: &File, at: usize, named: &Proposer) -> bool {
        let state = &file.state;
        if !matches!(state.status(), Status::Open | Status::Held) {
            return false;
        }
        match self.want.ask {
            None => {
                let content = |body: &Body| matches!(body, Body::CaseOpened(_) | Body::CaseAmended(_));
                let latest = file.events.iter().rev().find(|(_, event)| content(&event.body));
                latest.is_some_and(|(_, event)| event.id == self.want.event) && !state.heard(&named.name)
            }
            Some(about) => {
                let asked = Some(self.want.event);
                let answered = state.proposals.iter().any(|p| p.ask == asked) || state.missed.iter().any(|m| m.ask == asked);
                let about = about.and_then(|about| state.proposal(about)).map(|proposal| proposal.proposer.as_str());
                // Whoever wrote it writes it anew; where nobody here did, the first does.
                let known = about.is_some_and(|name| self.want.spec.proposers.iter().any(|named| named.name == name));
                !answered && if known { about == Some(named.name.as_str()) } else { at == 0 }
            }
        }
    }

    /// The proposal that an ask is about: the one that it names, or else the latest of this proposer.
    fn followed<'f>(&self, file: &'f File, named: &Proposer) -> Option<&'f ProposalRecord> {
        let about = self.want.ask?.and_then(|about| file.state.proposal(about));
        about.filter(|p| p.proposer == named.name).or_else(|| file.state.proposals_current().filter(|p| p.proposer == named.name).last())
    }

    async fn heard(&self, file: &File, named: &Proposer, client: &Client) -> Result<Heard, Nothing> {
        if !self.allowed.allows(&named.endpoint) {
            return Err(Missed::NotAllowed.into());
        }
        let key = match &named.key_env {
            Some(variable) => Some(Secret((self.allowed.key)(variable).ok_or(Missed::NoKey)?)),
            None => None,
        };
        let endpoint = endpoint(named, key);
        let instruction = match self.want.ask {
            Some(_) => self.instruction(file),
            None => None,
        };
        let followed = self.followed(file, named).map(|proposal| file.answer(&proposal.answer));
        let written = written(&self.want.spec.answer);
        let beside = Beside {
            instruction: named.instruction.as_deref(),
            ask: instruction.as_deref(),
            previous: followed.as_ref().and_then(Value::as_str).filter(|_| written.is_some()),
            read: written.is_some(),
        };
        let values: BTreeMap<String, Value> =
            file.state.fields.iter().filter_map(|(name, content)| Some((name.clone(), file.values.get(content)?))).collect();
        let sent = sent::of(&self.want.spec, &values, beside).map_err(|why| match why {
            Unsent::Nothing => Missed::NothingToSend,
            Unsent::Unmasked(_) => Missed::Unmasked,
        })?;
        let now = self.workspace.inner.env.now();
        match self.spent(named, now).await {
            Ok(spent) => client.spent_already(spent, now),
            // Without knowing what was spent nothing more is.
            Err(error) => {
                tracing::warn!(workspace.id = %self.workspace.id, error = %error, "what was spent on a proposer cannot be read");
                return Err(Missed::Budget.into());
            }
        }
        let mut question = sent.question(&self.want.spec);
        if named.template.shows_examples() {
            question.examples = Some(self.examples(file, beside.read).await);
        }
        self.answered((&sent, question), named, (&endpoint, client), written).await
    }

    /// Decided cases that are like this one, as far as they may go out. Where they cannot be had the model is asked without.
    async fn examples(&self, file: &File, read: bool) -> Vec<Example> {
        match self.workspace.precedents_as_examples(self.want.case, file, read).await {
            Ok(examples) => examples,
            Err(error) => {
                tracing::warn!(workspace.id = %self.workspace.id, case.id = %self.want.case, error = %error, "decided cases cannot be found to show to a proposer");
                Vec::new()
            }
        }
    }

    async fn answered(
        &self,
        (sent, question): (&Sent, Question),
        named: &Proposer,
        (endpoint, client): (&Endpoint, &Client),
        written: Option<Form>,
    ) -> Result<Heard, Nothing> {
        let around = Around(&self.workspace.inner.env);
        let Some(form) = written else {
            let asked = client.ask(endpoint, &question, &self.wire, &around).await;
            let cost = asked.cost;
            let advice = asked.said.map_err(|fault| Nothing { reason: missed(&fault), cost })?;
            let proposal = ProposalInput { proposer: named.name.clone(), ..proposal(endpoint, &named.version(), &advice) };
            return Ok(Heard { proposals: vec![proposal], cost });
        };
        let task = Task { question, previous: sent.previous.clone(), form };
        let (answers, cost) = match &task.form {
            Form::Json(schema) => {
                let asked = client.json(endpoint, &task, schema, &self.wire, &around).await;
                (asked.said.map(|value| vec![sent.restored_in(plain(&self.want.spec.answer, value))]), asked.cost)
            }
            Form::Text | Form::Patch => {
                // Whoever asks for one thing gets one draft.
                let count = if self.want.ask.is_some() { 1 } else { named.candidates };
                let asked = client.drafts(endpoint, &task, count, &self.wire, &around).await;
                let restored = |texts: Vec<String>| texts.iter().map(|text| Value::from(sent.restored(text))).collect::<Vec<_>>();
                (asked.said.map(restored), asked.cost)
            }
        };
        let mut answers = answers.map_err(|fault| Nothing { reason: missed(&fault), cost })?;
        answers.retain(|answer| check::answer_value(&self.want.spec, answer).is_ok());
        if answers.is_empty() {
            return Err(Nothing { reason: Missed::Nonsense, cost });
        }
        let proposal = |answer: Value| ProposalInput {
            proposer: named.name.clone(),
            version: Some(named.version()),
            answer: Some(answer),
            ..ProposalInput::default()
        };
        let mut proposals: Vec<ProposalInput> = answers.into_iter().map(proposal).collect();
        // Several drafts came of one question: the first carries what it cost.
        if let Some(first) = proposals.first_mut() {
            first.cost = Some(units(cost));
        }
        Ok(Heard { proposals, cost })
    }

    /// What the person asked for; nothing where it was erased.
    fn instruction(&self, file: &File) -> Option<String> {
        file.events.iter().find_map(|(_, event)| match &event.body {
            Body::AskMade(body) if event.id == self.want.event => file.values.text(&body.instruction),
            _ => None,
        })
    }

    async fn propose(&self, file: &File, named: &Proposer, heard: Heard) -> Result<(), Error> {
        let several = heard.proposals.len() > 1;
        let followed = self.followed(file, named);
        let drafts = matches!(self.want.spec.answer, AnswerSpec::Text { .. } | AnswerSpec::Patch);
        let last = file.state.proposals_current().filter(|p| p.proposer == named.name).map(|p| p.candidate).max();
        for (at, mut proposal) in heard.proposals.into_iter().enumerate() {
            let number = u32::try_from(at).unwrap_or(u32::MAX).saturating_add(1);
            proposal.candidate = Some(number).filter(|_| several);
            if self.want.ask.is_some() {
                proposal.ask = Some(self.want.event.0);
                proposal.chained_from = followed.map(|p| p.id.0);
                // A draft that was asked for stands beside those from which it came; another choice takes the place of the last.
                proposal.candidate = last.filter(|_| drafts).map(|last| last.saturating_add(1));
            }
            self.hand_in(named, at, || Verb::Propose(proposal.clone())).await?;
        }
        Ok(())
    }

    async fn miss(&self, file: &File, named: &Proposer, nothing: Nothing) -> Result<(), Error> {
        tracing::info!(workspace.id = %self.workspace.id, case.id = %self.want.case, proposer = named.name, reason = nothing.reason.as_str(), "no advice");
        let input = MissInput {
            proposer: named.name.clone(),
            version: named.version(),
            reason: nothing.reason,
            ask: self.want.ask.map(|_| self.want.event),
            cost: i64::try_from(nothing.cost).ok().filter(|cost| *cost > 0),
            content_digest: file.state.content_digest,
        };
        self.hand_in(named, 0, || Verb::Miss(input.clone())).await
    }

    /// Hands something to the writer, under a key by which it is known if another node does the same.
    async fn hand_in(&self, named: &Proposer, at: usize, verb: impl Fn() -> Verb) -> Result<(), Error> {
        let key = format!("{} {} {at}", self.want.event, named.name);
        let request = Digest::of(key.as_bytes()).0;
        let mut handed = 1;
        loop {
            let idempotency = IdempotencyKey { route: ROUTE.into(), key: Digest(request).to_string(), request };
            let options = Options { idempotency: Some(idempotency), if_match: None };
            match self.workspace.submit(&system("asking"), self.want.case, verb(), options).await {
                Err(Error::Refused(refusal)) if matches!(refusal.code, Code::Busy | Code::Storage) && handed < HANDED_MAX => {
                    handed += 1;
                    tokio::time::sleep(HANDED_AGAIN).await;
                }
                other => return other.map(|_| ()),
            }
        }
    }

    async fn spent(&self, named: &Proposer, now: Micros) -> Result<u64, Error> {
        let mut session = self.workspace.inner.db.session().await?;
        let of = (self.want.playbook.0, named.name.as_str());
        let spent = store::asking::spent(session.conn(), self.workspace.id.0, of, now.div_euclid(DAY_MICROS)).await?;
        Ok(u64::try_from(spent).unwrap_or(0))
    }

    async fn spend(&self, named: &Proposer, cost: u64) -> Result<(), Error> {
        if cost == 0 {
            return Ok(());
        }
        let day = self.workspace.inner.env.now().div_euclid(DAY_MICROS);
        let more = i64::try_from(cost).unwrap_or(i64::MAX);
        let mut tx = self.workspace.inner.db.begin().await?;
        let of = (self.want.playbook.0, named.name.as_str());
        store::asking::spend(tx.conn(), self.workspace.id.0, of, (day, more)).await?;
        Ok(tx.commit().await?)
    }
}

fn endpoint(named: &Proposer, key: Option<Secret>) -> Endpoint {
    let micros = |micros: Micros| Duration::from_micros(u64::try_from(micros).unwrap_or(0));
    let price = |price: i64| u64::try_from(price).unwrap_or(0);
    Endpoint {
        url: named.endpoint.clone(),
        model: named.model.clone(),
        key,
        timeout: micros(named.timeout),
        attempts_max: named.attempts,
        samples: named.samples,
        price: (price(named.price.0), price(named.price.1)),
    }
}

/// In which form an answer is written; `None` for a choice, which is no writing.
fn written(answer: &AnswerSpec) -> Option<Form> {
    match answer {
        AnswerSpec::Choice { .. } => None,
        AnswerSpec::Text { .. } => Some(Form::Text),
        AnswerSpec::Patch => Some(Form::Patch),
        AnswerSpec::Score { min, max, .. } => {
            let number = |decimal: &countersign_core::number::Decimal| decimal.as_str().parse::<f64>().unwrap_or_default();
            let value = json!({ "type": "number", "minimum": number(min), "maximum": number(max) });
            Some(Form::Json(object(json!({ "value": value }), &["value"])))
        }
        AnswerSpec::Action { names, schema } => {
            let name = if names.is_empty() { json!({ "type": "string" }) } else { json!({ "type": "string", "enum": names }) };
            let arguments = schema.clone().unwrap_or_else(|| json!({ "type": "object" }));
            Some(Form::Json(object(json!({ "name": name, "arguments": arguments }), &["name", "arguments"])))
        }
        AnswerSpec::Form { schema } => Some(Form::Json(schema.clone())),
    }
}

fn object(properties: Value, required: &[&str]) -> Value {
    json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false })
}

/// The answer in what came back: a score comes in an object, because schemas of endpoints begin with one.
fn plain(answer: &AnswerSpec, value: Value) -> Value {
    match (answer, value) {
        (AnswerSpec::Score { .. }, Value::Object(mut members)) => members.remove("value").unwrap_or(Value::Null),
        (_, value) => value,
    }
}

/// The word for a fault: what came back is never written down.
fn missed(fault: &Fault) -> Missed {
    match fault {
        Fault::Down(_) => Missed::Down,
        Fault::Slow(_) => Missed::Slow,
        Fault::RateLimited(_) => Missed::RateLimited,
        Fault::Resting => Missed::Resting,
        Fault::Misasked(_) => Missed::Misasked,
        Fault::NoJson | Fault::WrongShape(_) | Fault::TooLong | Fault::NotRecorded => Missed::Unreadable,
        Fault::Declined => Missed::Declined,
        Fault::Nonsense => Missed::Nonsense,
        Fault::CutOff => Missed::CutOff,
        Fault::Budget => Missed::Budget,
    }
}
