//! The one place that speaks to the engine: it makes the contexts, as the writer of a node does, and turns what the engine decides
//! into events with their envelopes. Never decides anything itself.

use super::people;
use crate::{Error, draws::Draws, playbook};
use countersign_core::{
    Content,
    answer::Answer,
    content::Digest,
    event::{Actor, Body, Event, OutcomeKind, OutcomeValue, PeopleMetrics, PersonKind, Source, StopScope},
    id::{EventId, PersonId, PlaybookId, WorkspaceId},
    number::Micros,
    playbook::Playbook,
};
use countersign_engine::{
    CaseState, Command, Context,
    command::{NewJudgment, NewProposal, ShownFacts},
    context::{Control, Drawn, Lease, Roster},
    decide,
    learn::{Broken, Learner},
    track::{Published, TrackRecord},
    workspace::PersonFacts,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};
use uuid::Uuid;

/// Ids of what there is once in a world.
const WORKSPACE: u128 = 0x776f_726b_7370_4000_8000_0000_0000_0001;
const PLAYBOOK: u128 = 0x706c_6179_626f_4000_8000_0000_0000_0001;
/// Ids of cases and events begin here.
const CASES: u128 = 0x6361_7365_7300_4000_8000_0000_0000_0000;
const EVENTS: u128 = 0x6576_656e_7473_4000_8000_0000_0000_0000;
/// The epoch of the draw key: there is one.
const EPOCH: u64 = 1;

/// The playbook has one version.
const VERSION: u64 = 1;

fn playbook_id() -> PlaybookId {
    PlaybookId(Uuid::from_u128(PLAYBOOK))
}

struct People(Vec<(PersonId, PersonFacts)>);

impl Roster for People {
    fn person(&self, person: PersonId) -> Option<&PersonFacts> {
        self.0.iter().find(|(id, _)| *id == person).map(|(_, facts)| facts)
    }
    fn count_with_any_role(&self, roles: &[String]) -> usize {
        self.0.iter().filter(|(_, facts)| facts.may(roles)).count()
    }
}

/// A node of the platform.
pub(super) struct Node<'w> {
    draws: &'w Draws<'w>,
    playbook: Arc<Playbook>,
    control: Control,
    people: People,
    learner: Learner,
    record: Option<Published>,
    events: u128,
}

impl<'w> Node<'w> {
    pub fn new(draws: &'w Draws<'w>) -> Result<Self, Error> {
        let member = || PersonFacts { kind: PersonKind::Member, roles: Vec::new(), active: true };
        let playbook = Arc::new(playbook::read(draws.world)?);
        Ok(Self {
            draws,
            learner: Learner::new(playbook_id(), VERSION, Arc::clone(&playbook)),
            record: None,
            playbook,
            control: Control { stops: BTreeSet::new(), people_metrics: PeopleMetrics::Own, experiments: BTreeMap::new() },
            people: People((0..draws.world.people.len()).map(|person| (people::id(person), member())).collect()),
            events: EVENTS,
        })
    }

    /// Share of the assisted cases that are answered before the advice is shown, in billionths.
    pub fn blind_share(&self) -> u32 {
        self.playbook.routing.blind
    }

    /// Share of the automated cases that people look at, in billionths.
    pub fn audit_share(&self) -> Option<u32> {
        self.playbook.routing.automate.map(|automate| automate.audit)
    }

    /// Takes an event of the ledger in, to learn from it.
    pub fn learn(&mut self, event: &Event) {
        self.learner.apply(event);
    }

    /// Publishes what was learned, if there is something; the router reads it from now on.
    pub fn publish(&mut self, now: Micros) -> Result<Option<&TrackRecord>, Error> {
        let Some(record) = self.learner.publish(now) else { return Ok(None) };
        let bytes = record.to_bytes().map_err(|error| Error::Engine(format!("a track record cannot be written: {error}")))?;
        let published = self.record.insert(Published { record, digest: Digest::of(&bytes) });
        Ok(Some(&published.record))
    }

    /// Stops automation where a promise is broken, as the platform does by itself; says so once.
    pub fn stop_broken(&mut self, now: Micros) -> Option<Broken> {
        let broken = self.learner.watch(now)?;
        self.control.stops.insert(StopScope::Playbook(playbook_id())).then_some(broken)
    }

    /// Routes a case anew that nobody has looked at.
    pub fn reroute(&mut self, at: usize, state: Option<&CaseState>, now: Micros) -> Result<Vec<Event>, Error> {
        self.decide(at, state, Command::Reroute, (now, None))
    }

    /// A case arrives with its proposals.
    pub fn open(&mut self, at: usize, now: Micros) -> Result<Vec<Event>, Error> {
        let Some(case) = self.draws.cases.get(at) else { return Ok(Vec::new()) };
        let world = self.draws.world;
        let summary = format!("case {at}");
        let region = world.regions.get(case.region).map(|region| region.name.clone()).unwrap_or_default();
        let content_digest = Digest::of(format!("{region}/{summary}").as_bytes());
        let proposal = |(proposer, answer): (usize, &usize)| NewProposal {
            proposer: world.proposers.get(proposer).map(|p| p.name.clone()).unwrap_or_default(),
            proposer_version: "1".into(),
            answer: self.choice(*answer),
            probabilities: self.draws.stated(case, proposer).map(|stated| stated.billionths.clone()),
            explanation: None,
            evidence: Vec::new(),
            chained_from: None,
            ask: None,
            owner: None,
            cost: None,
            candidate: None,
            occurred_at: None,
        };
        let fields = [(playbook::SUMMARY, summary), (playbook::REGION, region)];
        let command = Command::Open {
            external_id: None,
            subject: None,
            fields: fields.map(|(name, value)| (name.to_owned(), Content::text(value))).into(),
            content_digest,
            owner: None,
            deadline_at: None,
            proposals: case.proposed.iter().enumerate().map(proposal).collect(),
            history: None,
        };
        self.decide(at, None, command, (now, None))
    }

    /// Shows a case to a person; with what the server's token then says.
    pub fn show(&mut self, at: usize, state: Option<&CaseState>, person: usize, now: Micros) -> Result<(Vec<Event>, ShownFacts), Error> {
        let events =
            self.decide(at, state, Command::Show { person: people::id(person), precedents: None, bulk: false }, (now, Some(person)))?;
        let facts = events.iter().find_map(|event| match &event.body {
            Body::CaseShown(shown) => Some(ShownFacts {
                shown: event.id,
                person: shown.person,
                phase: shown.phase,
                content_digest: shown.content_digest,
                playbook_version: shown.playbook_version,
                proposals: shown.proposals.clone(),
                advice_visible: shown.advice_visible,
                expires_at: shown.expires_at,
            }),
            _ => None,
        });
        let facts = facts.ok_or_else(|| Error::Engine("showing a case showed nothing".into()))?;
        Ok((events, facts))
    }

    /// A person answers.
    pub fn judge(
        &mut self,
        at: usize,
        state: Option<&CaseState>,
        (person, shown): (usize, ShownFacts),
        (answer, accepts): (usize, Option<EventId>),
        (began, now): (Micros, Micros),
    ) -> Result<Vec<Event>, Error> {
        let judgment = NewJudgment {
            person: people::id(person),
            answer: self.choice(answer),
            accepts,
            confidence: None,
            took: Some(now - began),
            kept: None,
            reason: None,
            signature: None,
            shown,
        };
        self.decide(at, state, Command::Judge(judgment), (now, Some(person)))
    }

    /// The world tells what was true.
    pub fn outcome(&mut self, at: usize, state: Option<&CaseState>, truth: usize, now: Micros) -> Result<Vec<Event>, Error> {
        let value = OutcomeValue::Answer(self.choice(truth));
        let command = Command::Outcome { kind: OutcomeKind::Truth, value, source: "the world".into(), occurred_at: now };
        self.decide(at, state, command, (now, None))
    }

    fn choice(&self, class: usize) -> Answer {
        Answer::Choice(self.draws.world.classes.get(class).cloned().unwrap_or_default())
    }

    fn decide(
        &mut self,
        at: usize,
        state: Option<&CaseState>,
        command: Command,
        (now, person): (Micros, Option<usize>),
    ) -> Result<Vec<Event>, Error> {
        let draws = self.draws;
        let drawn = |purpose: &str| Some(Drawn { epoch: EPOCH, value: draws.committed(at, purpose) });
        let (actor, source) = match person {
            Some(person) => (Actor::Person(people::id(person)), Source::Desk),
            None => (Actor::System("router".into()), Source::System),
        };
        let mut ids = || {
            self.events += 1;
            EventId(Uuid::from_u128(self.events))
        };
        let mut ctx = Context {
            now,
            actor: actor.clone(),
            source,
            playbook: &self.playbook,
            playbook_id: playbook_id(),
            playbook_version: VERSION,
            control: &self.control,
            record: self.record.as_ref(),
            roster: &self.people,
            lease: person.map(|person| Lease { person: people::id(person), until: now + self.playbook.decide.lease }),
            draws: &drawn,
            learning: None,
            ids: &mut ids,
        };
        let refused = |refusal: countersign_core::Refusal| Error::Engine(format!("case {at}: {refusal}"));
        let new = decide(state, command, &mut ctx).map_err(refused)?;
        let version = state.map_or(0, |state| state.version);
        let event = |(place, new): (usize, countersign_engine::NewEvent)| Event {
            id: new.id,
            workspace: WorkspaceId(Uuid::from_u128(WORKSPACE)),
            stream: Uuid::from_u128(CASES + at as u128),
            stream_version: version + place as u64 + 1,
            occurred_at: new.occurred_at,
            recorded_at: now,
            actor: actor.clone(),
            source,
            causation: new.causation,
            body: new.body,
        };
        Ok(new.into_iter().enumerate().map(event).collect())
    }
}
