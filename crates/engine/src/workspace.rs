//! The workspace and its playbooks: people, keys, stops, draw keys, published versions. The same shape as for cases: commands
//! in, events or a refusal out, and a state that is the fold of the events. Never knows a case.

use crate::context::{Control, Roster};
use countersign_core::{
    content::{Content, Digest},
    event::{
        Body, Event, ExperimentEnd, ExperimentStarted, InductionCompleted, NoticeRaised, PasskeyAdded, PasskeyRemoved, PeopleMetrics,
        PersonAway, PersonKind, RouteExperiment, RoutingDrafted, RoutingRehearsed, RulesDrafted, RulesReplayed, SignInChanged, StopScope,
        TrackPin, TrackRecordPublished,
    },
    id::{EventId, PersonId, PlaybookId, SubjectId},
    number::Micros,
};
use std::collections::{BTreeMap, BTreeSet};

mod absence;
mod change;
mod experiment;
pub mod hands;
mod passkey;
mod rules;
mod stop;
mod verbs;

pub use absence::Absence;
pub use change::{DRAFTS_OPEN_MAX, DraftFacts, DraftStanding};
pub use experiment::ExperimentFacts;
pub use hands::{Hands, OneHand, Touch, Vouching};
pub use passkey::{PASSKEYS_MAX, PasskeyFacts};
pub use rules::{LEAD_ROLE, RulesDraftFacts, RulesFacts, RulesVersion};
pub use stop::ResumeFacts;
pub use verbs::decide;

/// What somebody wants to happen to the workspace.
#[derive(Debug, Clone, PartialEq)]
pub enum WorkspaceCommand {
    /// Makes it. The only command on a workspace that is not there.
    Create {
        /// A short name for people.
        name: String,
        /// The log's origin line.
        origin: String,
        /// The first checkpoint key, as a C2SP vkey.
        log_key: String,
        /// What is measured of people.
        people_metrics: PeopleMetrics,
    },
    /// Begins a new log after a restore.
    Restore {
        /// The new log's origin line.
        origin: String,
        /// The new log's key.
        log_key: String,
        /// The last checkpoint of the old log, as a signed note.
        old_checkpoint: String,
        /// Subjects whose erasure was replayed before serving.
        erased: u64,
    },
    /// Adds a person.
    AddPerson {
        /// A fresh random id.
        person: PersonId,
        /// Member or external.
        kind: PersonKind,
        /// Roles by name.
        roles: Vec<String>,
    },
    /// Changes roles or activity.
    ChangePerson {
        /// The person.
        person: PersonId,
        /// Roles from now on.
        roles: Vec<String>,
        /// Whether they may take part from now on.
        active: bool,
    },
    /// A person takes a passkey. By their own hand only.
    AddPasskey(PasskeyAdded),
    /// A person gives a passkey up, or whoever runs the workspace takes it away. One that is gone is nothing to do.
    RemovePasskey(PasskeyRemoved),
    /// By what somebody signs in changes, passkeys apart.
    ChangeSignIn(SignInChanged),
    /// Somebody says that a person is a person of their own. Where nobody has a hand in them it is nothing to do.
    VouchPerson {
        /// The person.
        person: PersonId,
        /// Who says so; none: whoever runs the server.
        by: Option<PersonId>,
    },
    /// Says when somebody is away, in the place of what was said before.
    SetAway(PersonAway),
    /// Somebody is there again, or will not be away after all. Where they are not away it is nothing to do.
    SetBack {
        /// Who.
        person: PersonId,
    },
    /// Lets a program in.
    AddKey {
        /// Public id of the key.
        key: String,
        /// What it may do.
        scopes: Vec<String>,
        /// The person it speaks for.
        person: Option<PersonId>,
        /// When it ends.
        expires_at: Option<Micros>,
    },
    /// Shuts a program out.
    RevokeKey {
        /// Public id of the key.
        key: String,
    },
    /// Stops automation. Anybody may.
    Stop {
        /// How far it reaches.
        scope: StopScope,
        /// Why.
        reason: String,
    },
    /// Asks to resume automation, confirms what somebody else asked for, or resumes where nobody else is there. Only a person may.
    Resume {
        /// What is resumed.
        scope: StopScope,
        /// Who answers for it.
        person: PersonId,
        /// Why.
        reason: String,
        /// Everybody who may by the rules, this one among them; who of them takes part is known here.
        able: BTreeSet<PersonId>,
    },
    /// Changes what is measured of people.
    SetPeopleMetrics {
        /// From now on.
        to: PeopleMetrics,
        /// Why.
        reason: String,
    },
    /// Takes a new checkpoint key.
    RotateLogKey {
        /// The key until now, as a vkey.
        old: String,
        /// The key from now on, as a vkey.
        new: String,
        /// The old key's signed statement.
        statement: String,
    },
    /// Commits to a key for random draws.
    CommitDrawKey {
        /// One more than the last epoch.
        epoch: u64,
        /// The commitment.
        commitment: Digest,
    },
    /// Discloses the key of an epoch that is over.
    DiscloseDrawKey {
        /// The epoch.
        epoch: u64,
        /// The key.
        key: Digest,
        /// The commitment, computed from this key; it has to be the one that was made.
        commitment: Digest,
    },
    /// Records that a subject's values were destroyed.
    EraseSubject {
        /// The subject.
        subject: SubjectId,
        /// How many values.
        values: u64,
        /// On what ground, in a word.
        ground: String,
    },
    /// Publishes a version of a playbook. The latest digest again is nothing to do.
    PublishPlaybook {
        /// Its name.
        name: String,
        /// SHA-256 of the source.
        digest: Digest,
        /// The TOML source.
        source: Content,
        /// The id it gets if the name is new.
        new_id: PlaybookId,
    },
    /// Lets routing read another version of a playbook's track record.
    PublishRecord(TrackRecordPublished),
    /// A person has gone through the induction of a playbook. Again, in the same version, is nothing to do.
    CompleteInduction(InductionCompleted),
    /// Lets a share of a playbook's cases go by lot to the ways that are to be compared.
    StartExperiment(ExperimentStarted),
    /// Lets no further case enter.
    StopExperiment {
        /// The experiment.
        experiment: EventId,
        /// Why, in a word.
        cause: ExperimentEnd,
        /// Why, in a sentence.
        reason: String,
        /// The person who stops it, where one does.
        person: Option<PersonId>,
    },
    /// Proposes another routing of a playbook.
    DraftRouting(RoutingDrafted),
    /// Keeps what a draft came to on past cases.
    RehearseRouting(Box<RoutingRehearsed>),
    /// Approves a draft: a second person does. The publishing of its source follows in the same change.
    ApproveRouting {
        /// The draft.
        draft: EventId,
        /// Who approves.
        person: PersonId,
    },
    /// Takes a draft back.
    WithdrawRouting {
        /// The draft.
        draft: EventId,
        /// Who does.
        person: PersonId,
        /// Why.
        reason: String,
    },
    /// Goes back to the routing from before the last approved draft. The publishing follows in the same change.
    RollBackRouting {
        /// The playbook.
        playbook: PlaybookId,
        /// Who does.
        person: PersonId,
        /// Why.
        reason: String,
    },
    /// Proposes other rules about who may do what.
    DraftRules(Box<RulesDrafted>),
    /// Keeps what a draft of rules would have come to.
    ReplayRules(RulesReplayed),
    /// Approves a draft of rules: a second lead does.
    ApproveRules {
        /// The draft.
        draft: EventId,
        /// Who approves.
        person: PersonId,
    },
    /// Takes a draft of rules back, or turns it down.
    WithdrawRules {
        /// The draft.
        draft: EventId,
        /// Who does.
        person: PersonId,
        /// Why.
        reason: String,
    },
    /// Goes back to the rules from before the last approved draft.
    RollBackRules {
        /// Who does.
        person: PersonId,
        /// Why.
        reason: String,
    },
    /// Tells the leads something.
    RaiseNotice(NoticeRaised),
}

/// What is known of a person: nothing that names them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonFacts {
    /// Member or external.
    pub kind: PersonKind,
    /// Roles by name.
    pub roles: Vec<String>,
    /// Whether they may take part.
    pub active: bool,
}

impl PersonFacts {
    /// Whether they are an active member with one of these roles. No roles: any active member.
    #[must_use]
    pub fn may(&self, roles: &[String]) -> bool {
        let has_role = || roles.is_empty() || self.roles.iter().any(|role| roles.contains(role));
        self.active && self.kind == PersonKind::Member && has_role()
    }
}

/// An API key, without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyFacts {
    /// What it may do.
    pub scopes: Vec<String>,
    /// The person it speaks for.
    pub person: Option<PersonId>,
    /// When it ends.
    pub expires_at: Option<Micros>,
    /// Whether it was revoked.
    pub revoked: bool,
}

/// A log of this workspace: the last one is the present one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogFacts {
    /// Its origin line.
    pub origin: String,
    /// Its checkpoint keys as vkeys; the last is the present one.
    pub keys: Vec<String>,
}

/// An epoch of committed draws.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DrawEpoch {
    /// The commitment to its key.
    pub commitment: Digest,
    /// The key, once it is disclosed: no draw under it counts after that.
    pub disclosed: Option<Digest>,
}

/// A playbook and its versions.
#[derive(Debug, Clone, PartialEq)]
pub struct PlaybookFacts {
    /// Its name.
    pub name: String,
    /// Versions 1, 2, 3, .. in their order.
    pub versions: Vec<PlaybookVersion>,
}

/// A version of a playbook.
#[derive(Debug, Clone, PartialEq)]
pub struct PlaybookVersion {
    /// 1, 2, 3, ..
    pub version: u64,
    /// SHA-256 of the source.
    pub digest: Digest,
    /// The TOML source.
    pub source: Content,
}

/// Which version of a playbook's track record routing reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordFacts {
    /// Its number.
    pub number: u64,
    /// Its digest.
    pub digest: Digest,
    /// Certificates of it that are in force.
    pub certificates: Vec<String>,
    /// Whether a person chose it: then learning goes on, and routing does not follow.
    pub pinned: bool,
    /// The highest number that was ever published.
    pub latest: u64,
}

/// The fold of the events on the workspace's stream and on its playbooks' streams.
#[derive(Debug, Clone, PartialEq)]
pub struct WorkspaceState {
    /// Version of the workspace's own stream; 0: it is not there. A playbook's stream has as many events as versions.
    pub version: u64,
    /// The latest time at which one of the events was taken in.
    pub recorded_at: Micros,
    /// A short name for people.
    pub name: String,
    /// Its logs; the last is the present one.
    pub logs: Vec<LogFacts>,
    /// People.
    pub people: BTreeMap<PersonId, PersonFacts>,
    /// Passkeys by SHA-256 of the credential's id, those that were removed too: what was signed with them stays checkable.
    pub passkeys: BTreeMap<Digest, PasskeyFacts>,
    /// Who has a hand in whom.
    pub hands: Hands,
    /// Who is away, and when: what was said last, also where it is over.
    pub absences: BTreeMap<PersonId, Absence>,
    /// API keys by their public ids.
    pub keys: BTreeMap<String, KeyFacts>,
    /// Stops, and what is measured of people.
    pub control: Control,
    /// What somebody asked to resume, and nobody has confirmed yet.
    pub resumes: BTreeMap<StopScope, ResumeFacts>,
    /// Draw keys by epoch.
    pub draw_epochs: BTreeMap<u64, DrawEpoch>,
    /// Playbooks.
    pub playbooks: BTreeMap<PlaybookId, PlaybookFacts>,
    /// Playbooks by name.
    pub playbook_names: BTreeMap<String, PlaybookId>,
    /// Track records by playbook.
    pub records: BTreeMap<PlaybookId, RecordFacts>,
    /// Subjects whose values were destroyed.
    pub erased: BTreeSet<SubjectId>,
    /// Who has gone through the induction of which playbook, in which of its versions last.
    pub inducted: BTreeMap<(PersonId, PlaybookId), u64>,
    /// Experiments, running and ended.
    pub experiments: BTreeMap<EventId, ExperimentFacts>,
    /// Drafts of routings, in whatever state.
    pub drafts: BTreeMap<EventId, DraftFacts>,
    /// Rules about who may do what, with their drafts.
    pub rules: RulesFacts,
    /// The latest events that the leads are told of, the newest last.
    pub notices: Vec<Event>,
}

/// Events that the leads are told of and that are kept at hand.
const NOTICES_MAX: usize = 200;

impl Default for WorkspaceState {
    fn default() -> Self {
        Self {
            version: 0,
            recorded_at: 0,
            name: String::new(),
            logs: Vec::new(),
            people: BTreeMap::new(),
            passkeys: BTreeMap::new(),
            hands: Hands::default(),
            absences: BTreeMap::new(),
            keys: BTreeMap::new(),
            control: Control { stops: BTreeSet::new(), people_metrics: PeopleMetrics::Own, experiments: BTreeMap::new() },
            resumes: BTreeMap::new(),
            draw_epochs: BTreeMap::new(),
            playbooks: BTreeMap::new(),
            playbook_names: BTreeMap::new(),
            records: BTreeMap::new(),
            erased: BTreeSet::new(),
            inducted: BTreeMap::new(),
            experiments: BTreeMap::new(),
            drafts: BTreeMap::new(),
            rules: RulesFacts::default(),
            notices: Vec::new(),
        }
    }
}

impl Roster for WorkspaceState {
    fn person(&self, person: PersonId) -> Option<&PersonFacts> {
        self.people.get(&person)
    }

    fn count_with_any_role(&self, roles: &[String]) -> usize {
        self.people.values().filter(|facts| facts.may(roles)).count()
    }

    fn inducted(&self, person: PersonId, playbook: PlaybookId) -> bool {
        self.inducted.contains_key(&(person, playbook))
    }

    fn one_hand(&self, a: PersonId, b: PersonId) -> Option<OneHand> {
        self.hands.in_both(a, b)
    }

    fn away_with_any_role(&self, roles: &[String], at: Micros) -> Vec<PersonId> {
        let away = self.absences.iter().filter(|(person, absence)| absence.at(at) && self.people.get(person).is_some_and(|p| p.may(roles)));
        away.map(|(person, _)| *person).collect()
    }

    fn stand_in(&self, person: PersonId, at: Micros) -> Option<Option<PersonId>> {
        self.absent(person, at).map(|absence| absence.stand_in)
    }
}

/// What a workspace verb may know besides the state.
pub struct WorkspaceContext<'a> {
    /// The time.
    pub now: Micros,
    /// Who causes it.
    pub actor: countersign_core::Actor,
    /// New event ids.
    pub ids: &'a mut dyn FnMut() -> EventId,
}

impl WorkspaceState {
    /// Folds events of the workspace's and its playbooks' streams, in ledger order.
    #[must_use]
    pub fn fold<'e>(events: impl IntoIterator<Item = &'e Event>) -> Self {
        let mut state = Self::default();
        events.into_iter().for_each(|event| state.apply(event));
        state
    }

    /// The latest version of a playbook.
    #[must_use]
    pub fn playbook_latest(&self, name: &str) -> Option<(PlaybookId, &PlaybookVersion)> {
        let id = *self.playbook_names.get(name)?;
        Some((id, self.playbooks.get(&id)?.versions.last()?))
    }

    /// The draw key in use: the latest epoch whose key is not disclosed.
    #[must_use]
    pub fn draw_epoch(&self) -> Option<u64> {
        self.draw_epochs.iter().next_back().filter(|(_, facts)| facts.disclosed.is_none()).map(|(epoch, _)| *epoch)
    }

    /// The present checkpoint key, as a vkey.
    #[must_use]
    pub fn log_key(&self) -> Option<&str> {
        self.logs.last()?.keys.last().map(String::as_str)
    }

    /// Takes the next event in. Events of cases change nothing here.
    pub fn apply(&mut self, event: &Event) {
        if countersign_core::event::case_of(event).is_some() {
            return;
        }
        self.recorded_at = self.recorded_at.max(event.recorded_at);
        if !matches!(event.body, Body::PlaybookPublished(_)) {
            self.version = event.stream_version;
        }
        self.notice(event);
        self.hands.apply(event);
        match &event.body {
            Body::WorkspaceCreated(body) => {
                self.name.clone_from(&body.name);
                self.control.people_metrics = body.people_metrics;
                self.logs.push(LogFacts { origin: body.origin.clone(), keys: vec![body.log_key.clone()] });
            }
            Body::WorkspaceRestored(body) => {
                self.logs.push(LogFacts { origin: body.origin.clone(), keys: vec![body.log_key.clone()] });
            }
            Body::LogKeyRotated(body) => {
                if let Some(log) = self.logs.last_mut() {
                    log.keys.push(body.new.clone());
                }
            }
            Body::PeopleMetricsChanged(body) => self.control.people_metrics = body.to,
            Body::AutomationStopped(_) | Body::ResumeAsked(_) | Body::AutomationResumed(_) => self.apply_stops(event),
            Body::DrawKeyCommitted(body) => {
                self.draw_epochs.insert(body.epoch, DrawEpoch { commitment: body.commitment, disclosed: None });
            }
            Body::DrawKeyDisclosed(body) => {
                if let Some(epoch) = self.draw_epochs.get_mut(&body.epoch) {
                    epoch.disclosed = Some(body.key);
                }
            }
            Body::InductionCompleted(body) => {
                self.inducted.insert((body.person, body.playbook), body.playbook_version);
            }
            Body::SubjectErased(body) => {
                self.erased.insert(body.subject);
            }
            Body::TrackRecordPublished(body) => {
                let latest = self.records.get(&body.playbook).map_or(0, |known| known.latest).max(body.number);
                let (number, digest, certificates) = (body.number, body.digest, body.certificates.clone());
                let pinned = body.cause == TrackPin::Pinned;
                self.records.insert(body.playbook, RecordFacts { number, digest, certificates, pinned, latest });
            }
            Body::ExperimentStarted(body) => {
                let routed = RouteExperiment { id: event.id, share: body.share, arms: body.arms.clone() };
                self.control.experiments.insert(body.playbook, routed);
                let facts = ExperimentFacts { started: body.clone(), started_at: event.occurred_at, stopped: None };
                self.experiments.insert(event.id, facts);
            }
            Body::ExperimentStopped(body) => {
                self.control.experiments.retain(|_, running| running.id != body.experiment);
                if let Some(facts) = self.experiments.get_mut(&body.experiment) {
                    facts.stopped = Some((event.occurred_at, body.clone()));
                }
            }
            body => {
                self.apply_drafts(event, body);
                self.rules.apply(event, body);
                self.apply_absences(body);
                self.apply_directory(body);
            }
        }
    }

    /// Keeps what the leads are told of.
    fn notice(&mut self, event: &Event) {
        let told = matches!(
            event.body,
            Body::AutomationStopped(_)
                | Body::ResumeAsked(_)
                | Body::AutomationResumed(_)
                | Body::ExperimentStopped(_)
                | Body::RoutingApproved(_)
                | Body::RoutingRolledBack(_)
                | Body::RulesApproved(_)
                | Body::RulesRolledBack(_)
                | Body::NoticeRaised(_)
        );
        if told {
            if self.notices.len() >= NOTICES_MAX {
                self.notices.remove(0);
            }
            self.notices.push(event.clone());
        }
    }

    /// People, keys and playbooks.
    fn apply_directory(&mut self, body: &Body) {
        match body {
            Body::PersonAdded(body) => {
                let facts = PersonFacts { kind: body.kind, roles: body.roles.clone(), active: true };
                self.people.insert(body.person, facts);
            }
            Body::PersonChanged(body) => {
                if let Some(person) = self.people.get_mut(&body.person) {
                    person.roles.clone_from(&body.roles);
                    person.active = body.active;
                }
            }
            Body::PasskeyAdded(body) => {
                let facts = PasskeyFacts { person: body.person, key: body.key.clone(), rp_id: body.rp_id.clone(), removed: false };
                self.passkeys.insert(body.credential, facts);
            }
            Body::PasskeyRemoved(body) => {
                if let Some(passkey) = self.passkeys.get_mut(&body.credential) {
                    passkey.removed = true;
                }
            }
            Body::ApiKeyAdded(body) => {
                let (scopes, person, expires_at) = (body.scopes.clone(), body.person, body.expires_at);
                self.keys.insert(body.key.clone(), KeyFacts { scopes, person, expires_at, revoked: false });
            }
            Body::ApiKeyRevoked(body) => {
                if let Some(key) = self.keys.get_mut(&body.key) {
                    key.revoked = true;
                }
            }
            Body::PlaybookPublished(body) => {
                self.playbook_names.insert(body.name.clone(), body.playbook);
                let version = PlaybookVersion { version: body.version, digest: body.digest, source: body.source.clone() };
                let new = || PlaybookFacts { name: body.name.clone(), versions: Vec::new() };
                self.playbooks.entry(body.playbook).or_insert_with(new).versions.push(version);
            }
            _ => {}
        }
    }
}
