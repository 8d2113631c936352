//! Who has a hand in whom: the small team by hand, and random ones, in which nobody ever signs twice under two names.

use super::{
    laws::Step,
    world::{PEOPLE, id, person},
};
use crate::{
    laws::{Breach, check_hands, check_stops},
    workspace::{WorkspaceCommand as C, WorkspaceContext, WorkspaceState, decide},
};
use countersign_core::{
    Actor, Content, Refusal,
    content::Digest,
    event::{
        Body, Event, PasskeyAdded, PasskeyRemoved, PeopleMetrics, PersonKind, RulesDrafted, RulesReplayed, SignInChanged, SignInMeans,
        Source, StopScope,
    },
    id::{EventId, PersonId, StreamId, WorkspaceId},
};
use proptest::prelude::*;

struct Team {
    state: WorkspaceState,
    events: Vec<Event>,
}

const OPERATOR: &str = "operator";

/// What is done about somebody.
type Change = fn(PersonId) -> C;

impl Team {
    /// A workspace that whoever runs the server made, with ann and ben in it; others are added by people.
    fn new() -> Self {
        let mut team = Self { state: WorkspaceState::default(), events: Vec::new() };
        let create = C::Create { name: "w".into(), origin: "o".into(), log_key: "k".into(), people_metrics: PeopleMetrics::Own };
        team.run(&system(), create).unwrap();
        for name in ["ann", "ben"] {
            team.run(&system(), add(name)).unwrap();
        }
        team
    }

    fn run(&mut self, actor: &Actor, command: C) -> Result<Vec<EventId>, Refusal> {
        let mut next = self.events.len() as u128;
        let mut ids = || {
            next += 1;
            id(next)
        };
        let now = self.events.len() as i64;
        let new = decide(&self.state, command, &mut WorkspaceContext { now, actor: actor.clone(), ids: &mut ids })?;
        for event in &new {
            let own = WorkspaceId(StreamId::from_u128(1));
            let event = Event {
                id: event.id,
                workspace: own,
                stream: own.0,
                stream_version: self.state.version + 1,
                occurred_at: event.occurred_at,
                recorded_at: now,
                actor: actor.clone(),
                source: Source::Cli,
                causation: None,
                body: event.body.clone(),
            };
            self.state.apply(&event);
            self.events.push(event);
        }
        Ok(new.iter().map(|event| event.id).collect())
    }

    /// One person drafts rules, another approves.
    fn change(&mut self, drafts: PersonId, approves: PersonId) -> Result<(), Refusal> {
        let (author, second) = (Actor::Person(drafts), Actor::Person(approves));
        let draft = RulesDrafted {
            base: self.state.rules.version(),
            digest: Digest::of(b"rules"),
            source: Content::text("rules"),
            expectations: Content::text(""),
            person: drafts,
            reason: "why".into(),
        };
        let of = *self.run(&author, C::DraftRules(Box::new(draft)))?.first().unwrap();
        let replayed = RulesReplayed { of, since: 0, acts: 0, refused: 0, allowed: 0, examples: Vec::new() };
        self.run(&author, C::ReplayRules(replayed))?;
        let approved = self.run(&second, C::ApproveRules { draft: of, person: approves });
        if approved.is_err() {
            self.run(&author, C::WithdrawRules { draft: of, person: drafts, reason: "why".into() })?;
        }
        approved.map(|_| ())
    }

    fn vouch(&mut self, by: &str, whom: &str) -> Result<Vec<EventId>, Refusal> {
        self.run(&Actor::Person(person(by)), C::VouchPerson { person: person(whom), by: Some(person(by)) })
    }
}

fn system() -> Actor {
    Actor::System(OPERATOR.into())
}

fn by(name: &str) -> Actor {
    Actor::Person(person(name))
}

fn add(name: &str) -> C {
    C::AddPerson { person: person(name), kind: PersonKind::Member, roles: vec!["lead".into()] }
}

fn sign_in(who: PersonId, means: SignInMeans, removed: bool) -> C {
    C::ChangeSignIn(SignInChanged { person: who, means, removed })
}

fn passkey(who: PersonId, n: u8) -> PasskeyAdded {
    PasskeyAdded { person: who, credential: Digest::of(&[n]), key: "k".into(), rp_id: "desk".into() }
}

fn resume(name: &str) -> C {
    C::Resume { scope: StopScope::Workspace, person: person(name), reason: "looked at".into(), able: PEOPLE.map(person).into() }
}

#[test]
fn a_stop_is_lifted_by_two_who_are_two() {
    let mut team = Team::new();
    let stop = || C::Stop { scope: StopScope::Workspace, reason: "odd".into() };
    let asked = |team: &Team| team.state.resumes.get(&StopScope::Workspace).map(|asked| asked.person);
    team.run(&system(), stop()).unwrap();
    team.run(&by("ann"), add("cat")).unwrap();
    team.run(&by("ann"), resume("ann")).unwrap();
    assert_eq!((asked(&team), team.state.control.stops.len()), (Some(person("ann")), 1), "it stays stopped");
    assert!(team.run(&by("ann"), resume("ann")).unwrap_err().detail.contains("a second person has to"));
    assert!(team.run(&by("cat"), resume("cat")).unwrap_err().detail.contains(&format!("{} added {}", person("ann"), person("cat"))));
    // Stop is one person's, also against two: whoever presses it again takes away what was asked for.
    assert_eq!(team.run(&by("cat"), stop()).unwrap().len(), 1);
    assert_eq!((asked(&team), team.run(&by("cat"), stop()).unwrap().len()), (None, 0));
    team.run(&by("cat"), resume("cat")).unwrap();
    assert_eq!(team.run(&by("ann"), resume("ann")).unwrap_err().code.slug(), "not-independent");
    team.run(&by("ben"), resume("ben")).unwrap();
    assert!(team.state.control.stops.is_empty() && asked(&team).is_none());
    // Whoever asked and no longer takes part is nobody to confirm.
    team.run(&system(), stop()).unwrap();
    team.run(&by("ben"), resume("ben")).unwrap();
    team.run(&system(), C::ChangePerson { person: person("cat"), roles: Vec::new(), active: false }).unwrap();
    team.run(&system(), add("dan")).unwrap();
    team.run(&system(), C::ChangePerson { person: person("ben"), roles: Vec::new(), active: false }).unwrap();
    team.run(&by("dan"), resume("dan")).unwrap();
    assert_eq!(asked(&team), Some(person("dan")));
    // Ann alone is left, with cat whom she could be: nobody else is there, and the record says so.
    team.run(&system(), C::ChangePerson { person: person("dan"), roles: Vec::new(), active: false }).unwrap();
    team.run(&system(), C::ChangePerson { person: person("cat"), roles: Vec::new(), active: true }).unwrap();
    team.run(&by("ann"), resume("ann")).unwrap();
    let Some(Body::AutomationResumed(last)) = team.events.last().map(|event| &event.body) else { panic!() };
    assert!(last.alone && last.asked.is_none() && team.state.control.stops.is_empty());
    // Nor does the other one's being there count whom the rules do not let resume.
    team.run(&system(), C::ChangePerson { person: person("ben"), roles: Vec::new(), active: true }).unwrap();
    team.run(&system(), stop()).unwrap();
    let only = C::Resume { scope: StopScope::Workspace, person: person("ann"), reason: "alone".into(), able: [person("ann")].into() };
    team.run(&by("ann"), only).unwrap();
    assert!(team.state.control.stops.is_empty());
    // What nobody could confirm is not asked for: both who could have a hand in cat.
    for who in ["ann", "ben"] {
        team.run(&by(who), sign_in(person("cat"), SignInMeans::Link, false)).unwrap();
    }
    team.run(&system(), stop()).unwrap();
    assert_eq!(team.run(&by("cat"), resume("cat")).unwrap_err().code.slug(), "not-independent");
    assert_eq!(check_hands(&team.events), []);
}

#[test]
fn resuming_in_older_logs_is_read_as_it_was() {
    let text = r#"{"scope":"workspace","person":"00000000-0000-4000-8000-000000000001","reason":"fine"}"#;
    let old: countersign_core::event::AutomationResumed = serde_json::from_str(text).unwrap();
    assert!(old.asked.is_none() && !old.alone);
    assert_eq!(serde_json::to_string(&old).unwrap(), text, "and written as it was");
}

#[test]
fn a_made_up_second_lead_signs_for_nobody() {
    let mut team = Team::new();
    let [ann, ben, cat, dan] = ["ann", "ben", "cat", "dan"].map(person);
    team.change(ann, ben).unwrap();
    team.run(&by("ann"), add("cat")).unwrap();
    let told = team.change(ann, cat).unwrap_err();
    assert_eq!(told.code.slug(), "not-independent");
    assert!(told.detail.contains(&format!("{ann} added {cat}")) && told.detail.contains(&format!("that {cat} is a person of their own")));
    assert!(team.change(cat, ann).is_err(), "whichever of the two signs first");
    // Nor does whom the made-up one makes up, nor do two of them together.
    team.run(&by("cat"), add("dan")).unwrap();
    assert!(team.change(ann, dan).is_err() && team.change(cat, dan).is_err());
    team.change(ben, cat).unwrap();
    // Nobody vouches for whom they could be, nor do those vouch whom they made up.
    for who in ["ann", "cat", "dan"] {
        assert_eq!(team.vouch(who, "cat").unwrap_err().code.slug(), "not-independent", "{who}");
    }
    let as_ann = C::VouchPerson { person: cat, by: Some(ben) };
    assert_eq!(team.run(&by("ann"), as_ann).unwrap_err().code.slug(), "forbidden", "nobody vouches in another one's name");
    let nameless = C::VouchPerson { person: cat, by: None };
    assert_eq!(team.run(&by("ann"), nameless).unwrap_err().code.slug(), "forbidden");
    assert_eq!(team.vouch("ben", "cat").unwrap().len(), 1);
    assert_eq!(team.vouch("ben", "cat").unwrap().len(), 0, "again is nothing to do");
    team.change(ann, cat).unwrap();
    assert!(team.change(ann, dan).is_ok(), "dan was made up by cat, who is not ann");
    assert!(team.change(cat, dan).is_err());
}

#[test]
fn an_owner_who_invited_all_others_is_parted_from_them_by_whoever_runs_the_server() {
    let mut team = Team::new();
    team.run(&system(), C::ChangePerson { person: person("ben"), roles: Vec::new(), active: false }).unwrap();
    let [ann, cat, dan] = ["ann", "cat", "dan"].map(person);
    for name in ["cat", "dan"] {
        team.run(&by("ann"), add(name)).unwrap();
    }
    // Ann could be both of them.
    assert!(team.change(cat, dan).is_err() && team.vouch("cat", "dan").is_err());
    team.run(&system(), C::VouchPerson { person: cat, by: None }).unwrap();
    team.change(ann, cat).unwrap();
    team.change(cat, dan).unwrap();
    assert!(team.change(ann, dan).is_err());
    team.vouch("cat", "dan").unwrap();
    team.change(ann, dan).unwrap();
}

#[test]
fn a_vouching_is_void_as_soon_as_anything_else_lets_somebody_in() {
    let lets_in: [(&str, Change); 6] = [
        ("ann", |who| sign_in(who, SignInMeans::Link, false)),
        ("ann", |who| sign_in(who, SignInMeans::Address, false)),
        ("cat", |who| sign_in(who, SignInMeans::Account, false)),
        ("cat", |who| sign_in(who, SignInMeans::Password, false)),
        ("cat", |who| C::AddPasskey(passkey(who, 1))),
        ("cat", |who| C::AddKey { key: "k".into(), scopes: vec!["judge".into()], person: Some(who), expires_at: None }),
    ];
    let [ann, cat] = ["ann", "cat"].map(person);
    for (actor, change) in lets_in {
        let mut team = Team::new();
        team.run(&by("ann"), add("cat")).unwrap();
        team.vouch("ben", "cat").unwrap();
        team.change(ann, cat).unwrap();
        team.run(&by(actor), change(cat)).unwrap();
        assert!(team.change(ann, cat).is_err(), "{:?}", change(cat));
        team.vouch("ben", "cat").unwrap();
        team.change(ann, cat).unwrap();
    }
    // What they only give up lets nobody in.
    let mut team = Team::new();
    team.run(&by("ann"), add("cat")).unwrap();
    team.run(&by("cat"), C::AddPasskey(passkey(cat, 1))).unwrap();
    team.vouch("ben", "cat").unwrap();
    let give_up = PasskeyRemoved { person: cat, credential: Digest::of(&[1]) };
    team.run(&by("cat"), C::RemovePasskey(give_up)).unwrap();
    team.run(&by("cat"), sign_in(cat, SignInMeans::Password, true)).unwrap();
    team.change(ann, cat).unwrap();
}

#[test]
fn a_link_for_somebody_who_was_there_is_a_hand_in_them() {
    let mut team = Team::new();
    let [ann, ben] = ["ann", "ben"].map(person);
    team.run(&by("ann"), sign_in(ben, SignInMeans::Link, false)).unwrap();
    let told = team.change(ann, ben).unwrap_err();
    assert!(told.detail.contains(&format!("{ann} made a sign-in link for {ben}")), "{}", told.detail);
    // A program that ann made is ann's hand, and one that whoever runs the server made is nobody's.
    let key = |key: &str| C::AddKey { key: key.into(), scopes: vec!["people:write".into()], person: None, expires_at: None };
    team.run(&by("ann"), key("anns")).unwrap();
    team.run(&system(), key("theirs")).unwrap();
    team.run(&Actor::Key("anns".into()), add("cat")).unwrap();
    team.run(&Actor::Key("theirs".into()), add("dan")).unwrap();
    assert!(team.change(ann, person("cat")).is_err());
    team.change(ann, person("dan")).unwrap();
    // Accounts and passwords are taken by one's own hand only.
    for means in [SignInMeans::Account, SignInMeans::Password] {
        assert_eq!(team.run(&by("ann"), sign_in(person("dan"), means, false)).unwrap_err().code.slug(), "forbidden");
    }
    assert_eq!(team.run(&by("ann"), sign_in(person("eve"), SignInMeans::Link, false)).unwrap_err().code.slug(), "not-found");
}

/// One random step; what is refused leaves nothing.
fn take(team: &mut Team, (kind, who, whom, x): Step) {
    let name = |n: u8| PEOPLE[usize::from(n) % 6];
    let (who, whom) = (name(who), name(whom));
    let (me, them) = (person(who), person(whom));
    let key = format!("key-{who}");
    let actor = match x % 8 {
        0 => system(),
        1 => Actor::Key(key.clone()),
        _ => by(who),
    };
    let before = team.events.len();
    let done = match kind % 20 {
        0..=2 => team.run(&actor, add(whom)),
        3 => team.run(&actor, sign_in(them, SignInMeans::Link, false)),
        4 => team.run(&actor, sign_in(them, [SignInMeans::Address, SignInMeans::Account][usize::from(x >> 7)], x & 64 != 0)),
        5 => team.run(&by(who), C::AddPasskey(passkey(me, x))),
        6 => team.run(&by(who), C::AddKey { key, scopes: vec!["people:write".into()], person: None, expires_at: None }),
        7 => team.run(&system(), C::VouchPerson { person: them, by: None }),
        8..=11 => team.vouch(who, whom),
        12..=15 => {
            drop(team.change(me, them));
            return;
        }
        16 => team.run(&actor, C::Stop { scope: StopScope::Workspace, reason: "odd".into() }),
        _ => team.run(&by(who), resume(who)),
    };
    assert!(done.is_ok() || team.events.len() == before, "a refusal leaves nothing");
}

/// What a random team breaks.
pub(super) fn broken(steps: &[Step]) -> Vec<Breach> {
    let mut team = Team::new();
    steps.iter().for_each(|step| take(&mut team, *step));
    [check_hands(&team.events), check_stops(&team.events)].concat()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nobody_ever_signs_twice_under_two_names(steps in proptest::collection::vec(any::<Step>(), 1..60)) {
        let mut team = Team::new();
        steps.iter().for_each(|step| take(&mut team, *step));
        prop_assert_eq!(check_hands(&team.events), []);
        prop_assert_eq!(check_stops(&team.events), []);
        prop_assert_eq!(WorkspaceState::fold(&team.events), team.state, "a replay gives the same state");
    }
}

/// A generator whose changes are all refused, or none, would prove nothing.
#[test]
fn random_teams_change_their_rules_and_are_refused() {
    use proptest::{strategy::ValueTree as _, test_runner::TestRunner};
    let (mut runner, lives) = (TestRunner::deterministic(), proptest::collection::vec(any::<Step>(), 1..60));
    let (mut approved, mut withdrawn, mut vouched, mut asked, mut resumed) = (0, 0, 0, 0, 0);
    for _ in 0..300 {
        let mut team = Team::new();
        lives.new_tree(&mut runner).unwrap().current().iter().for_each(|step| take(&mut team, *step));
        let count = |name: &str| team.events.iter().filter(|event| event.body.type_name() == name).count();
        approved += count("rules.approved");
        withdrawn += count("rules.withdrawn");
        vouched += count("person.vouched");
        asked += count("automation.resume_asked");
        resumed += count("automation.resumed");
    }
    assert!(approved > 200 && withdrawn > 200 && vouched > 200, "{approved} {withdrawn} {vouched}");
    assert!(asked > 50 && resumed > 50, "{asked} {resumed}");
}
