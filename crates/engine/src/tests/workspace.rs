//! The workspace's own verbs.

use super::world::{PEOPLE, id, person};
use crate::{
    NewEvent,
    context::Roster,
    workspace::{WorkspaceCommand as C, WorkspaceContext, WorkspaceState, decide},
};
use countersign_core::{
    Actor, Content, Refusal,
    content::Digest,
    event::{Body, Event, PeopleMetrics, PersonKind, Source, StopScope},
    id::{PlaybookId, StreamId, SubjectId, WorkspaceId},
};

struct Office {
    state: WorkspaceState,
    events: Vec<Event>,
    actor: Actor,
}

impl Office {
    fn new() -> Self {
        let mut office = Self { state: WorkspaceState::default(), events: Vec::new(), actor: Actor::System("setup".into()) };
        let create = C::Create { name: "w".into(), origin: "o".into(), log_key: "k1".into(), people_metrics: PeopleMetrics::Own };
        office.run(create).unwrap();
        office
    }

    fn run(&mut self, command: C) -> Result<Vec<NewEvent>, Refusal> {
        let mut next = self.events.len() as u128;
        let mut ids = || {
            next += 1;
            id(next)
        };
        let new = decide(&self.state, command, &mut WorkspaceContext { now: 5, actor: self.actor.clone(), ids: &mut ids })?;
        for event in &new {
            let own = WorkspaceId(StreamId::from_u128(1));
            let (stream, stream_version) = match &event.body {
                Body::PlaybookPublished(body) => (body.playbook.0, body.version),
                _ => (own.0, self.state.version + 1),
            };
            let event = Event {
                id: event.id,
                workspace: own,
                stream,
                stream_version,
                occurred_at: event.occurred_at,
                recorded_at: 5,
                actor: self.actor.clone(),
                source: Source::Cli,
                causation: None,
                body: event.body.clone(),
            };
            self.state.apply(&event);
            self.events.push(event);
        }
        assert_eq!(WorkspaceState::fold(&self.events), self.state, "a replay gives the same state");
        Ok(new)
    }

    fn code(&mut self, command: C) -> &'static str {
        self.run(command).unwrap_err().code.slug()
    }
}

#[test]
fn only_a_person_resumes_and_in_their_own_name() {
    let mut office = Office::new();
    for name in PEOPLE {
        let kind = if name == "ext" { PersonKind::External } else { PersonKind::Member };
        office.run(C::AddPerson { person: person(name), kind, roles: vec!["review".into()] }).unwrap();
    }
    office.run(C::AddKey { key: "ann-key".into(), scopes: Vec::new(), person: Some(person("ann")), expires_at: None }).unwrap();
    office.run(C::AddKey { key: "bot-key".into(), scopes: Vec::new(), person: None, expires_at: None }).unwrap();
    office.actor = Actor::Key("bot-key".into());
    let stop = || C::Stop { scope: StopScope::Workspace, reason: "odd".into() };
    assert_eq!(office.run(stop()).unwrap().len(), 1, "anybody stops");
    assert_eq!(office.run(stop()).unwrap().len(), 0, "a second stop is nothing to do");
    let able = std::collections::BTreeSet::from([person("ann")]);
    let resume = |who| C::Resume { scope: StopScope::Workspace, person: person(who), reason: "fine".into(), able: able.clone() };
    for (actor, who, code) in [
        (Actor::Key("bot-key".into()), "ann", "forbidden"),
        (Actor::System("job".into()), "ann", "forbidden"),
        (Actor::Person(person("ben")), "ann", "forbidden"),
        (Actor::Person(person("ext")), "ext", "forbidden"),
        (Actor::Person(person("nobody")), "nobody", "not-found"),
    ] {
        office.actor = actor.clone();
        assert_eq!(office.code(resume(who)), code, "{actor}");
    }
    assert!(office.state.control.stops.contains(&StopScope::Workspace));
    office.actor = Actor::Key("ann-key".into());
    office.run(resume("ann")).unwrap();
    assert!(office.state.control.stops.is_empty());
    assert_eq!(office.code(resume("ann")), "wrong-state");
}

#[test]
fn the_same_playbook_again_is_nothing_to_do() {
    let mut office = Office::new();
    let publish = |name: &str, text: &str, new: u128| C::PublishPlaybook {
        name: name.into(),
        digest: Digest::of(text.as_bytes()),
        source: Content::text(text),
        new_id: PlaybookId(StreamId::from_u128(new)),
    };
    assert_eq!(office.run(publish("p", "one", 50)).unwrap().len(), 1);
    assert_eq!(office.run(publish("p", "one", 51)).unwrap().len(), 0);
    assert_eq!(office.run(publish("p", "two", 52)).unwrap().len(), 1);
    assert_eq!(office.run(publish("p", "one", 53)).unwrap().len(), 1, "an older text again is a new version");
    assert_eq!(office.code(publish("q", "one", 50)), "conflict");
    let (playbook, version) = office.state.playbook_latest("p").unwrap();
    assert_eq!((playbook.0.as_u128(), version.version), (50, 3));
}

#[test]
fn keys_people_and_draws_are_kept_in_order() {
    let mut office = Office::new();
    let create = C::Create { name: "w".into(), origin: "o".into(), log_key: "k".into(), people_metrics: PeopleMetrics::Own };
    assert_eq!(office.code(create), "conflict");
    let add = |roles: &[&str]| C::AddPerson {
        person: person("ann"),
        kind: PersonKind::Member,
        roles: roles.iter().map(ToString::to_string).collect(),
    };
    assert_eq!(office.code(add(&["ok", " "])), "invalid");
    office.run(add(&["review"])).unwrap();
    assert_eq!(office.code(add(&[])), "conflict");
    let change = |active| C::ChangePerson { person: person("ann"), roles: vec!["review".into()], active };
    assert_eq!(office.run(change(true)).unwrap().len(), 0);
    assert_eq!(office.state.count_with_any_role(&["review".into()]), 1);
    office.run(change(false)).unwrap();
    assert_eq!(office.state.count_with_any_role(&[]), 0);

    assert_eq!(office.code(C::RevokeKey { key: "none".into() }), "not-found");
    let rotate = |old: &str| C::RotateLogKey { old: old.into(), new: "k2".into(), statement: "s".into() };
    assert_eq!(office.code(rotate("k0")), "stale-version");
    office.run(rotate("k1")).unwrap();
    assert_eq!(office.state.log_key(), Some("k2"));
    let restore = |origin: &str| C::Restore { origin: origin.into(), log_key: "k3".into(), old_checkpoint: "note".into(), erased: 0 };
    assert_eq!(office.code(restore("o")), "invalid");
    office.run(restore("o2")).unwrap();
    assert_eq!(office.state.log_key(), Some("k3"));

    let (right, wrong) = (Digest::of(b"right"), Digest::of(b"wrong"));
    assert_eq!(office.code(C::CommitDrawKey { epoch: 2, commitment: right }), "invalid");
    office.run(C::CommitDrawKey { epoch: 1, commitment: right }).unwrap();
    assert_eq!(office.state.draw_epoch(), Some(1));
    assert_eq!(office.code(C::DiscloseDrawKey { epoch: 1, key: right, commitment: wrong }), "invalid");
    office.run(C::DiscloseDrawKey { epoch: 1, key: right, commitment: right }).unwrap();
    assert_eq!(office.state.draw_epoch(), None, "a disclosed key draws nothing more");

    let erase = || C::EraseSubject { subject: SubjectId(StreamId::from_u128(9)), values: 3, ground: "request".into() };
    assert_eq!(office.run(erase()).unwrap().len(), 1);
    assert_eq!(office.run(erase()).unwrap().len(), 0);
    let metrics = |to| C::SetPeopleMetrics { to, reason: "asked".into() };
    assert_eq!(office.run(metrics(PeopleMetrics::Own)).unwrap().len(), 0);
    assert_eq!(office.run(metrics(PeopleMetrics::Off)).unwrap().len(), 1);
}
