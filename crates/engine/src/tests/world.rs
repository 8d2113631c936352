//! A small world for tests: a playbook, some people, a clock and one case.

use crate::{
    CaseState, Command, Context, NewEvent,
    command::{NewJudgment, NewMiss, NewProposal, Precedents, ShownFacts},
    context::{Control, Drawn, Lease, Roster},
    decide,
    laws::{self, Facts},
    track::{Audited, FORMAT, Issued, LabelKind, Labels, Prices, ProposerRecord, Published, Region, Reliability, TrackRecord, router_name},
    workspace::{OneHand, PersonFacts},
};
use countersign_core::{
    Refusal,
    answer::Answer,
    content::{Content, Digest},
    event::{Actor, Body, Event, Missed, OutcomeKind, PeopleMetrics, PersonKind, Route, RouteLearning, ShownPrecedent, Source},
    id::{EventId, PersonId, PlaybookId, StreamId, WorkspaceId},
    number::{Micros, ONE_BILLIONTHS},
    playbook::{
        Against, AnswerSpec, Automate, Condition, Costs, Decide, FieldKind, FieldSpec, OutcomeSpec, Playbook, Proposer, RouteRule, Routing,
        Share, Template, Test,
    },
};
use std::collections::{BTreeMap, BTreeSet};

pub(crate) const SECOND: Micros = 1_000_000;
pub(crate) const GRACE: Micros = 10 * SECOND;
pub(crate) const LEASE: Micros = 60 * SECOND;
pub(crate) const PEOPLE: [&str; 9] = ["ann", "ben", "cat", "dan", "eve", "fay", "ext", "off", "out"];

/// People, whether a rule of theirs keeps what is in region `z` from being automated, who has a hand in whom, and who is away.
pub(crate) struct People(pub BTreeMap<PersonId, PersonFacts>, pub bool, pub Vec<(PersonId, PersonId)>, pub Vec<PersonId>);

impl Roster for People {
    fn person(&self, person: PersonId) -> Option<&PersonFacts> {
        self.0.get(&person)
    }
    fn count_with_any_role(&self, roles: &[String]) -> usize {
        self.0.values().filter(|facts| facts.may(roles)).count()
    }
    fn inducted(&self, who: PersonId, _: PlaybookId) -> bool {
        who != person("ben")
    }
    fn automation_forbidden(&self, _: PlaybookId, _: &str, fields: &BTreeMap<String, Content>) -> Option<String> {
        (self.1 && fields.values().any(|value| value.as_plain_str() == Some("z"))).then(|| "never-z".to_owned())
    }
    fn away_with_any_role(&self, roles: &[String], _: Micros) -> Vec<PersonId> {
        self.3.iter().copied().filter(|person| self.0.get(person).is_some_and(|facts| facts.may(roles))).collect()
    }
    fn one_hand(&self, a: PersonId, b: PersonId) -> Option<OneHand> {
        let has = |who: PersonId, whom: PersonId| who == whom || self.2.contains(&(who, whom));
        let of = self.0.keys().copied().find(|who| has(*who, a) && has(*who, b))?;
        Some(OneHand { of, steps: Vec::new(), vouch: b })
    }
}

/// A decided case that is like the one at hand.
pub(crate) fn precedents(region: &str) -> Option<Precedents> {
    let like = ShownPrecedent {
        case: countersign_core::id::CaseId(StreamId::from_u128(99)),
        decision: id(98),
        answer: "a".into(),
        outcome: Some("b".into()),
        content_digest: Digest::of(b"like it"),
        likeness: 500_000_000,
    };
    Some(Precedents { content_digest: Digest::of(region.as_bytes()), cases: vec![like] })
}

pub(crate) fn id(n: u128) -> EventId {
    EventId(StreamId::from_u128(n))
}

pub(crate) fn person(name: &str) -> PersonId {
    let at = PEOPLE.iter().position(|known| *known == name).unwrap_or(99);
    PersonId(StreamId::from_u128(1000 + at as u128))
}

/// ann, ben, cat, dan review; eve and fay are senior too; ext is external, off is inactive, out has no role that decides.
pub(crate) fn people() -> People {
    let facts = |name: &str| {
        let roles: &[&str] = match name {
            "eve" | "fay" => &["review", "senior"],
            "out" => &["guest"],
            _ => &["review"],
        };
        let kind = if name == "ext" { PersonKind::External } else { PersonKind::Member };
        PersonFacts { kind, roles: roles.iter().map(ToString::to_string).collect(), active: name != "off" }
    };
    People(PEOPLE.iter().map(|name| (person(name), facts(name))).collect(), false, Vec::new(), Vec::new())
}

fn field(name: &str, hidden: bool) -> FieldSpec {
    FieldSpec {
        name: name.into(),
        kind: FieldKind::Category { options: Vec::new() },
        title: false,
        required: false,
        personal: false,
        subject: false,
        audited: false,
        hidden,
        share: Share::Local,
        visible_to: Vec::new(),
    }
}

/// Options a, b, c; c needs two signatures. `region` is what the rules read: `panel`, `hold`, `unaided`, `blind`.
pub(crate) fn playbook(default: Route) -> Playbook {
    let rule = |word: &str, route| RouteRule {
        name: format!("{word}-region"),
        when: vec![Condition { field: "region".into(), test: Test::Is(vec![word.into()]) }],
        route,
    };
    Playbook {
        name: "test".into(),
        question: "Which?".into(),
        description: None,
        answer: AnswerSpec::Choice { options: ["a", "b", "c"].map(String::from).into() },
        fields: vec![field("note", false), field("region", false), field("secret", true)],
        outcome: Some(OutcomeSpec { kind: OutcomeKind::Truth, source: "the world".into(), observed: None, after: 0 }),
        costs: Costs { error_default: 1, errors: BTreeMap::new(), minute: 1 },
        routing: Routing {
            default,
            automate: Some(Automate {
                max_error: 20_000_000,
                certainty: 950_000_000,
                audit: 50_000_000,
                valid: 30 * 86_400 * SECOND,
                against: Against::Outcomes,
            }),
            blind: 0,
            choose: vec![default],
            explore: 0,
            deadline: None,
            panel: 2,
            rules: vec![
                rule("panel", Route::Panel),
                rule("hold", Route::Hold),
                rule("unaided", Route::Unaided),
                rule("blind", Route::Blind),
            ],
        },
        decide: Decide {
            roles: vec!["review".into(), "senior".into()],
            signatures_default: 1,
            signatures: BTreeMap::from([("c".into(), 2)]),
            grace: GRACE,
            lease: LEASE,
            induction: false,
            signed: false,
            bulk: false,
        },
        proposers: Vec::new(),
        learning: None,
    }
}

/// A proposer that the server asks, for which a case is kept back so long.
pub(crate) fn asked(name: &str, seconds: i64) -> Proposer {
    Proposer {
        name: name.into(),
        endpoint: "http://127.0.0.1:1/v1".into(),
        model: "m".into(),
        key_env: None,
        template: Template::Choice1,
        instruction: None,
        budget: None,
        price: (0, 0),
        timeout: SECOND,
        attempts: 1,
        samples: 1,
        candidates: 1,
        wait: seconds * SECOND,
    }
}

/// That it has nothing to say.
pub(crate) fn miss(name: &str, content_digest: Digest, ask: Option<EventId>) -> Command {
    Command::Miss(NewMiss {
        proposer: name.into(),
        proposer_version: "m choice-1".into(),
        reason: Missed::Down,
        ask,
        cost: None,
        content_digest,
    })
}

pub(crate) fn fields(region: &str) -> (BTreeMap<String, Content>, Digest) {
    let fields = [("note", "n"), ("region", region), ("secret", "s")];
    (fields.map(|(name, value)| (name.into(), Content::text(value))).into(), Digest::of(region.as_bytes()))
}

pub(crate) fn choice(option: &str) -> Answer {
    Answer::Choice(option.into())
}

pub(crate) fn proposal(proposer: &str, option: &str, percent: u32) -> NewProposal {
    let p = percent * (ONE_BILLIONTHS / 100);
    let rest = if option == "a" { "b" } else { "a" };
    NewProposal {
        proposer: proposer.into(),
        proposer_version: "1".into(),
        answer: choice(option),
        probabilities: Some(BTreeMap::from([(option.into(), p), (rest.into(), ONE_BILLIONTHS - p)])),
        explanation: None,
        evidence: Vec::new(),
        chained_from: None,
        ask: None,
        owner: None,
        cost: None,
        candidate: None,
        occurred_at: None,
    }
}

pub(crate) fn open(region: &str, proposals: Vec<NewProposal>) -> Command {
    let (fields, content_digest) = fields(region);
    Command::Open { external_id: None, subject: None, fields, content_digest, owner: None, deadline_at: None, proposals, history: None }
}

pub(crate) struct World {
    pub playbook: Playbook,
    pub people: People,
    pub control: Control,
    pub record: Option<crate::track::Published>,
    pub now: Micros,
    pub drawn: Option<Drawn>,
    /// Draws for purposes of their own.
    pub lots: BTreeMap<String, u32>,
    /// What a young model would learn from the case.
    pub learning: Option<RouteLearning>,
    pub leases: BTreeMap<PersonId, Lease>,
    pub events: Vec<Event>,
    pub state: Option<CaseState>,
    pub tokens: Vec<ShownFacts>,
    ids: u128,
}

impl World {
    pub(crate) fn new(playbook: Playbook) -> Self {
        Self {
            playbook,
            people: people(),
            control: Control { stops: BTreeSet::new(), people_metrics: PeopleMetrics::Own, experiments: BTreeMap::new() },
            record: None,
            now: 1_000 * SECOND,
            drawn: None,
            lots: BTreeMap::new(),
            learning: None,
            leases: BTreeMap::new(),
            events: Vec::new(),
            state: None,
            tokens: Vec::new(),
            ids: 0,
        }
    }

    /// Runs a command and records what it gives, as a writer would.
    pub(crate) fn run(&mut self, command: Command, who: Option<PersonId>) -> Result<Vec<NewEvent>, Refusal> {
        let (drawn, lots, learning) = (self.drawn, self.lots.clone(), self.learning.clone());
        let mut ids = || {
            self.ids += 1;
            id(self.ids)
        };
        let mut ctx = Context {
            now: self.now,
            actor: Actor::System("test".into()),
            source: Source::System,
            playbook: &self.playbook,
            playbook_id: PlaybookId(StreamId::from_u128(7)),
            playbook_version: 1,
            control: &self.control,
            record: self.record.as_ref(),
            roster: &self.people,
            lease: who.and_then(|who| self.leases.get(&who).copied()),
            draws: &|purpose| lots.get(purpose).map(|value| Drawn { epoch: 1, value: *value }).or(drawn),
            learning,
            ids: &mut ids,
        };
        let new = decide(self.state.as_ref(), command, &mut ctx)?;
        new.iter().for_each(|event| self.record(event.clone()));
        Ok(new)
    }

    fn record(&mut self, new: NewEvent) {
        let last = self.events.last().map_or(Micros::MIN, |event| event.recorded_at);
        let event = Event {
            id: new.id,
            workspace: WorkspaceId(StreamId::from_u128(1)),
            stream: StreamId::from_u128(2),
            stream_version: self.events.len() as u64 + 1,
            occurred_at: new.occurred_at,
            recorded_at: self.now.max(last),
            actor: Actor::System("test".into()),
            source: Source::System,
            causation: new.causation,
            body: new.body,
        };
        if let Body::CaseShown(shown) = &event.body {
            self.tokens.push(ShownFacts {
                shown: event.id,
                person: shown.person,
                phase: shown.phase,
                content_digest: shown.content_digest,
                playbook_version: shown.playbook_version,
                proposals: shown.proposals.clone(),
                advice_visible: shown.advice_visible,
                expires_at: shown.expires_at,
            });
        }
        match &mut self.state {
            Some(state) => state.apply(&event),
            None => self.state = CaseState::fold([&event]),
        }
        self.events.push(event);
    }

    pub(crate) fn claim(&mut self, who: PersonId) {
        self.leases.insert(who, Lease { person: who, until: self.now + LEASE });
    }

    /// Claims, shows, and answers.
    pub(crate) fn answer(&mut self, who: PersonId, option: &str) -> Result<Vec<NewEvent>, Refusal> {
        self.claim(who);
        self.run(Command::Show { person: who, precedents: precedents("x"), bulk: false }, Some(who))?;
        let token = self.tokens.last().cloned().unwrap();
        self.run(judge(token, option), Some(who))
    }

    pub(crate) fn breaches(&self) -> Vec<laws::Breach> {
        let facts = Facts { playbook: &self.playbook, roster: &self.people, people_metrics: self.control.people_metrics };
        laws::check(&self.events, &facts)
    }

    pub(crate) fn state(&self) -> &CaseState {
        self.state.as_ref().unwrap()
    }
}

pub(crate) fn judge(shown: ShownFacts, option: &str) -> Command {
    Command::Judge(NewJudgment {
        person: shown.person,
        answer: choice(option),
        accepts: None,
        confidence: Some(800_000_000),
        took: Some(SECOND),
        kept: None,
        reason: None,
        signature: None,
        shown,
    })
}

/// A record under which `bot` may be automated in all kinds of cases until a time: nothing is known of any way to decide.
pub(crate) fn certified(until: Micros) -> Published {
    use countersign_science::risk::{Context, Point, Promise, Risk, certify};
    let promise = Promise { alpha: 0.02, delta: 0.05 };
    let points = [Point { threshold: 0.0, n: 400, errors: 0 }];
    let context = Context {
        proposer: "bot 1".into(),
        router: router_name(1),
        region: Some("all cases".into()),
        evidence: String::new(),
        expires_at: until,
    };
    let certificate = certify(promise, Risk::Error, &points, 0, 1, context).unwrap();
    let issued = Issued {
        id: "test-1-1".into(),
        region: Region::all(),
        proposer: "bot".into(),
        proposer_version: "1".into(),
        threshold: 0,
        left: Vec::new(),
        except: Vec::new(),
        costlier: false,
        issued_at: 0,
        audits_expected: 100,
        detection_audits: None,
        certificate,
        audited: Audited::default(),
    };
    let rows: Vec<(u32, u32, bool)> = (0..100).map(|n| (0, 500_000_000 + n * 5_000_000, n % 10 != 0)).collect();
    let known = ProposerRecord { proposer: "bot".into(), version: "1".into(), reliability: Reliability::count(&rows, 0) };
    let record = TrackRecord {
        format: FORMAT,
        playbook: PlaybookId(StreamId::from_u128(7)),
        playbook_version: 1,
        number: 1,
        through: 1,
        first_at: 0,
        made_at: 0,
        labels: Labels { kind: LabelKind::Always, decided: 400, matured: 400, overdue: 0, corrected: 0 },
        regions: Vec::new(),
        proposers: vec![known],
        arms: None,
        prices: Prices::default(),
        plan: None,
        attempts: 1,
        certificates: vec![issued],
        note: String::new(),
        advice: Vec::new(),
        people: Vec::new(),
        drift: Vec::new(),
        experiments: Vec::new(),
    };
    let digest = Digest::of(&record.to_bytes().unwrap());
    Published { record, digest }
}
