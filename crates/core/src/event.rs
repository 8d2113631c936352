//! Events: everything that ever happens, in the order of design page section 2. An event is a fact; nothing here decides.
//!
//! The envelope and the bodies are the released format: bodies only ever grow by optional members, and a changed meaning is a
//! new `type_version` with a pure upcaster. No floats. What an event created is named by the event's id.

use crate::{
    answer::Answer,
    content::{Content, Digest},
    id::{CaseId, EventId, PersonId, PlaybookId, StreamId, SubjectId, WorkspaceId},
    number::{MicroUnits, Micros},
    patch::Side,
};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// Who caused an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// A person of the workspace.
    Person(PersonId),
    /// A program with an API key; the text is the key's public id.
    Key(String),
    /// The platform itself: `router`, `integrator`, `importer`, `setup`.
    System(String),
}

impl std::fmt::Display for Actor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Person(id) => write!(f, "person:{id}"),
            Self::Key(id) => write!(f, "key:{id}"),
            Self::System(name) => write!(f, "system:{name}"),
        }
    }
}

impl std::str::FromStr for Actor {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let unknown = || format!("{text:?} is no actor: expected person:ID, key:ID or system:NAME");
        match text.split_once(':') {
            Some(("person", id)) => id.parse().map(Self::Person).map_err(|_| unknown()),
            Some(("key", id)) => Ok(Self::Key(id.into())),
            Some(("system", name)) => Ok(Self::System(name.into())),
            _ => Err(unknown()),
        }
    }
}

impl Serialize for Actor {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Actor {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// By which door an event came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// The HTTP API.
    Api,
    /// The web desk.
    Desk,
    /// The command line.
    Cli,
    /// History from elsewhere.
    Import,
    /// The platform's own routing, jobs and upkeep.
    System,
}

/// One fact with its envelope.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Its id, which also names what it created.
    pub id: EventId,
    /// The tenancy boundary.
    pub workspace: WorkspaceId,
    /// A case, a playbook, or the workspace itself.
    pub stream: StreamId,
    /// 1, 2, 3, .. on its stream.
    pub stream_version: u64,
    /// When it happened, by whoever reported it.
    pub occurred_at: Micros,
    /// When it was taken in, by this server's clock.
    pub recorded_at: Micros,
    /// Who caused it.
    pub actor: Actor,
    /// By which door.
    pub source: Source,
    /// The event that led to it.
    pub causation: Option<EventId>,
    /// What happened.
    pub body: Body,
}

#[derive(Serialize)]
struct EnvelopeOut<'a> {
    id: EventId,
    workspace: WorkspaceId,
    stream: StreamId,
    stream_version: u64,
    r#type: &'static str,
    type_version: u32,
    occurred_at: Micros,
    recorded_at: Micros,
    actor: &'a Actor,
    source: Source,
    #[serde(skip_serializing_if = "Option::is_none")]
    causation: Option<EventId>,
    body: &'a Body,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EnvelopeIn<'a> {
    id: EventId,
    workspace: WorkspaceId,
    stream: StreamId,
    stream_version: u64,
    r#type: std::borrow::Cow<'a, str>,
    type_version: u32,
    occurred_at: Micros,
    recorded_at: Micros,
    actor: Actor,
    source: Source,
    #[serde(default)]
    causation: Option<EventId>,
    #[serde(borrow)]
    body: &'a RawValue,
}

/// Why stored bytes are no event that this version understands.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The bytes are not the JSON of an envelope.
    #[error("the event cannot be read: {0}")]
    Envelope(#[source] serde_json::Error),
    /// The type is unknown: the rebuild halts rather than skip a fact.
    #[error("event {id} has the type {type_name} version {type_version}, which this program does not know: upgrade it")]
    UnknownType {
        /// The event.
        id: EventId,
        /// Its type.
        type_name: String,
        /// Its type's version.
        type_version: u32,
    },
    /// The body does not fit its type.
    #[error("event {id} is no valid {type_name}: {source}")]
    Body {
        /// The event.
        id: EventId,
        /// Its type.
        type_name: String,
        /// What does not fit.
        #[source]
        source: serde_json::Error,
    },
}

impl Serialize for Event {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        EnvelopeOut {
            id: self.id,
            workspace: self.workspace,
            stream: self.stream,
            stream_version: self.stream_version,
            r#type: self.body.type_name(),
            type_version: 1,
            occurred_at: self.occurred_at,
            recorded_at: self.recorded_at,
            actor: &self.actor,
            source: self.source,
            causation: self.causation,
            body: &self.body,
        }
        .serialize(serializer)
    }
}

impl Event {
    /// Reads an event from its stored bytes.
    ///
    /// # Errors
    /// [`Error`] says whether the envelope, the type or the body is to blame.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let envelope: EnvelopeIn<'_> = serde_json::from_slice(bytes).map_err(Error::Envelope)?;
        let body = Body::read(&envelope)?;
        Ok(Self {
            id: envelope.id,
            workspace: envelope.workspace,
            stream: envelope.stream,
            stream_version: envelope.stream_version,
            occurred_at: envelope.occurred_at,
            recorded_at: envelope.recorded_at,
            actor: envelope.actor,
            source: envelope.source,
            causation: envelope.causation,
            body,
        })
    }
}

macro_rules! bodies {
    ($($(#[$doc:meta])* $name:ident = $type_name:literal;)*) => {
        /// What happened. The type names are the released ones.
        #[derive(Debug, Clone, PartialEq)]
        pub enum Body { $($(#[$doc])* $name($name),)* }

        impl Body {
            /// Every type name there is.
            pub const TYPES: &[&str] = &[$($type_name,)*];

            /// The released name of the type.
            #[must_use]
            pub fn type_name(&self) -> &'static str {
                match self { $(Self::$name(_) => $type_name,)* }
            }

            fn read(envelope: &EnvelopeIn<'_>) -> Result<Self, Error> {
                let type_name: &str = &envelope.r#type;
                match (type_name, envelope.type_version) {
                    $(($type_name, 1) => serde_json::from_str(envelope.body.get()).map(Self::$name),)*
                    _ => return Err(Error::UnknownType { id: envelope.id, type_name: type_name.into(), type_version: envelope.type_version }),
                }
                .map_err(|source| Error::Body { id: envelope.id, type_name: type_name.into(), source })
            }
        }

        impl Serialize for Body {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                match self { $(Self::$name(body) => body.serialize(serializer),)* }
            }
        }

        $(impl From<$name> for Body {
            fn from(body: $name) -> Self { Self::$name(body) }
        })*
    };
}

bodies! {
    /// On the workspace's stream: it exists.
    WorkspaceCreated = "workspace.created";
    /// It was restored from a backup; this is the first leaf of a new log.
    WorkspaceRestored = "workspace.restored";
    /// What is measured of people has changed; all can see it.
    PeopleMetricsChanged = "people_metrics.changed";
    /// A person may take part.
    PersonAdded = "person.added";
    /// Roles or activity of a person changed.
    PersonChanged = "person.changed";
    /// A person may sign in, and sign, with this key from now on.
    PasskeyAdded = "person.passkey_added";
    /// They no longer may.
    PasskeyRemoved = "person.passkey_removed";
    /// By what else somebody can sign in has changed.
    SignInChanged = "person.sign_in_changed";
    /// Somebody independent, or whoever runs the server, says that a person is a person of their own.
    PersonVouched = "person.vouched";
    /// Somebody is not there for a time.
    PersonAway = "person.away";
    /// They are there again, or will not be away after all.
    PersonBack = "person.back";
    /// A program may call the API.
    ApiKeyAdded = "api_key.added";
    /// A program may no longer call the API.
    ApiKeyRevoked = "api_key.revoked";
    /// Somebody pressed stop.
    AutomationStopped = "automation.stopped";
    /// A person asked to resume automation; it stays stopped until somebody else confirms that.
    ResumeAsked = "automation.resume_asked";
    /// A person resumed automation.
    AutomationResumed = "automation.resumed";
    /// The log has a new checkpoint key, signed for by the old one.
    LogKeyRotated = "log_key.rotated";
    /// Commitment to a key for random draws, made before any draw under it.
    DrawKeyCommitted = "draw_key.committed";
    /// That key is disclosed, so that everyone can redo its draws.
    DrawKeyDisclosed = "draw_key.disclosed";
    /// The personal values of a subject were destroyed.
    SubjectErased = "subject.erased";
    /// On a playbook's stream: a new immutable version.
    PlaybookPublished = "playbook.published";
    /// What was learned has a new version, and routing reads it from now on.
    TrackRecordPublished = "track_record.published";
    /// A person has gone through what the AI is good and bad at in a playbook, and has practised.
    InductionCompleted = "induction.completed";
    /// A share of the cases goes by lot to the ways that a person wants to compare.
    ExperimentStarted = "experiment.started";
    /// No further case enters an experiment.
    ExperimentStopped = "experiment.stopped";
    /// Another routing of a playbook, proposed by a person.
    RoutingDrafted = "routing.drafted";
    /// A draft was run over past cases.
    RoutingRehearsed = "routing.rehearsed";
    /// A second person approved a draft; the playbook's new version follows.
    RoutingApproved = "routing.approved";
    /// A draft will not be used.
    RoutingWithdrawn = "routing.withdrawn";
    /// The routing from before the last approved draft is back; the playbook's new version follows.
    RoutingRolledBack = "routing.rolled_back";
    /// Other rules about who may do what, proposed by a person who leads.
    RulesDrafted = "rules.drafted";
    /// A draft of rules was held against what was done lately.
    RulesReplayed = "rules.replayed";
    /// A second lead approved a draft: its rules hold from now on.
    RulesApproved = "rules.approved";
    /// A draft of rules will not be used.
    RulesWithdrawn = "rules.withdrawn";
    /// The rules from before the last approved draft hold again.
    RulesRolledBack = "rules.rolled_back";
    /// The leads have to know.
    NoticeRaised = "notice.raised";
    /// On a case's stream: it is there.
    CaseOpened = "case.opened";
    /// Its content changed; judgments on the old content are void.
    CaseAmended = "case.amended";
    /// A proposer proposes.
    ProposalMade = "proposal.made";
    /// A person directs the AI.
    AskMade = "ask.made";
    /// A proposer was asked, and there is no advice of it.
    AdviceMissed = "advice.missed";
    /// Who decides and what they see first.
    CaseRouted = "case.routed";
    /// What exactly was on a person's screen.
    CaseShown = "case.shown";
    /// What one person answered at one moment.
    JudgmentGiven = "judgment.given";
    /// A judgment made in another tool: it measures, it never signs.
    JudgmentObserved = "judgment.observed";
    /// The answer that stands.
    DecisionMade = "decision.made";
    /// It was withdrawn while nothing had acted.
    DecisionWithdrawn = "decision.withdrawn";
    /// Something acted on it.
    DecisionActed = "decision.acted";
    /// Another answer stands from now on.
    DecisionCorrected = "decision.corrected";
    /// A person passed the case on.
    CaseSkipped = "case.skipped";
    /// Not before a time.
    CaseSnoozed = "case.snoozed";
    /// A remark.
    CommentAdded = "comment.added";
    /// Somebody with another role has to look.
    CaseEscalated = "case.escalated";
    /// One person is to answer on it, or again anybody who may.
    CaseAssigned = "case.assigned";
    /// A decided case is open again.
    CaseReopened = "case.reopened";
    /// What the world says.
    OutcomeObserved = "outcome.observed";
    /// What was taken for the outcome was wrong.
    OutcomeCorrected = "outcome.corrected";
    /// Somebody objects to a decision.
    AppealOpened = "appeal.opened";
    /// Somebody else decided on the objection.
    AppealDecided = "appeal.decided";
}

macro_rules! body {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident : $ty:ty,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct $name { $($(#[$field_doc])* pub $field: $ty,)* }
    };
}

body!(/** See [`Body::CaseOpened`]. */ CaseOpened {
    /** The playbook. */ playbook: PlaybookId,
    /** Its version, for the whole life of the case. */ playbook_version: u64,
    /** The case's name outside. */ #[serde(default, skip_serializing_if = "Option::is_none")] external_id: Option<Content>,
    /** Whose data this is. */ #[serde(default, skip_serializing_if = "Option::is_none")] subject: Option<SubjectId>,
    /** Fields by name. */ fields: BTreeMap<String, Content>,
    /** SHA-256 of the canonical JSON of `fields`: what judgments bind to. */ content_digest: Digest,
    /** Whoever made or owns what is decided on; excluded from deciding. */ #[serde(default, skip_serializing_if = "Option::is_none")] owner: Option<PersonId>,
    /** By when it should be decided. */ #[serde(default, skip_serializing_if = "Option::is_none")] deadline_at: Option<Micros>,
});
body!(/** See [`Body::CaseAmended`]. */ CaseAmended {
    /** 2, 3, ..: the content as opened is revision 1. */ revision: u64,
    /** All fields as they are from now on. */ fields: BTreeMap<String, Content>,
    /** Their digest. */ content_digest: Digest,
});
body!(/** Where a proposer looked. */ Evidence {
    /** The field. */ field: String,
    /** First code point, for text. */ #[serde(default, skip_serializing_if = "Option::is_none")] start: Option<u64>,
    /** One past the last code point. */ #[serde(default, skip_serializing_if = "Option::is_none")] end: Option<u64>,
    /** The words, or a remark on them. */ #[serde(default, skip_serializing_if = "Option::is_none")] quote: Option<Content>,
    /** Which parts of a picture, as JSON: a grid over a part of it. */ #[serde(default, skip_serializing_if = "Option::is_none")] heat: Option<Content>,
});
body!(/** See [`Body::ProposalMade`]. */ ProposalMade {
    /** Who proposes. */ proposer: String,
    /** Its exact version. */ proposer_version: String,
    /** What. */ answer: Answer,
    /** Probability by option, in billionths that sum to 10^9. */ #[serde(default, skip_serializing_if = "Option::is_none")] probabilities: Option<BTreeMap<String, u32>>,
    /** Why, in words. */ #[serde(default, skip_serializing_if = "Option::is_none")] explanation: Option<Content>,
    /** Where it looked. */ #[serde(default, skip_serializing_if = "Vec::is_empty")] evidence: Vec<Evidence>,
    /** The proposal that this one follows, after an ask. */ #[serde(default, skip_serializing_if = "Option::is_none")] chained_from: Option<EventId>,
    /** The ask that it answers. */ #[serde(default, skip_serializing_if = "Option::is_none")] ask: Option<EventId>,
    /** The person who made or owns it; excluded from countersigning it. */ #[serde(default, skip_serializing_if = "Option::is_none")] owner: Option<PersonId>,
    /** What it cost. */ #[serde(default, skip_serializing_if = "Option::is_none")] cost: Option<MicroUnits>,
    /** Which of several drafts of this proposer it is: 1, 2, 3, ..; a draft takes the place of those with its number or a higher one. */ #[serde(default, skip_serializing_if = "Option::is_none")] candidate: Option<u32>,
    /** The content that it was made for. */ content_digest: Digest,
});
body!(/** See [`Body::AskMade`]. */ AskMade {
    /** Who asks. */ person: PersonId,
    /** What for. */ instruction: Content,
    /** The proposal that should be made anew. */ #[serde(default, skip_serializing_if = "Option::is_none")] about: Option<EventId>,
});

mod absence;
mod advice;
mod experiment;
mod learn;
mod passkey;
mod person;
mod route;
mod routing;
mod rules;
mod team;
mod workspace;

pub use absence::{PersonAway, PersonBack};
pub use advice::{AdviceMissed, Kept, Missed};
pub use experiment::{ExperimentArm, ExperimentEnd, ExperimentStarted, ExperimentStopped, Measure};
pub use learn::{InductionCompleted, ShownPrecedent, TrackPin, TrackRecordPublished};
pub use passkey::{PasskeyAdded, PasskeyRemoved, PasskeySignature};
pub use person::{PersonVouched, SignInChanged, SignInMeans};
pub use route::{
    CaseRouted, Draw, Route, RouteArm, RouteAssigned, RouteCertificate, RouteExperiment, RouteInputs, RouteLearning, RouteMeasured,
    RouteProposal, RouteWorth, WouldAutomate,
};
pub use routing::{
    Interval, NoticeKind, NoticeRaised, PolicyFigures, RouteCount, RoutingApproved, RoutingDrafted, RoutingRehearsed, RoutingRolledBack,
    RoutingWithdrawn,
};
pub use rules::{RulesApproved, RulesDrafted, RulesExample, RulesReplayed, RulesRolledBack, RulesWithdrawn};
pub use team::CaseAssigned;
pub use workspace::{
    ApiKeyAdded, ApiKeyRevoked, AutomationResumed, AutomationStopped, DrawKeyCommitted, DrawKeyDisclosed, LogKeyRotated, PeopleMetrics,
    PeopleMetricsChanged, PersonAdded, PersonChanged, PersonKind, PlaybookPublished, ResumeAsked, StopScope, SubjectErased,
    WorkspaceCreated, WorkspaceRestored,
};

/// Which of a person's answers it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// The only one: assist, unaided, panel, countersignature.
    Only,
    /// Before the advice, on a blind route.
    First,
    /// After the advice, on a blind route.
    Final,
    /// Between panel members who disagree.
    Adjudication,
    /// On an appeal.
    Appeal,
}

body!(/** One field as it was shown. */ ShownField {
    /** The field. */ name: String,
    /** Whether the value was masked. */ #[serde(default, skip_serializing_if = "std::ops::Not::not")] masked: bool,
});
body!(/** See [`Body::CaseShown`]. */ CaseShown {
    /** To whom. */ person: PersonId,
    /** For which answer. */ phase: Phase,
    /** The content that was shown. */ content_digest: Digest,
    /** The playbook version. */ playbook_version: u64,
    /** Fields in their order on the screen. */ fields: Vec<ShownField>,
    /** Proposals in their order on the screen; empty where advice was not visible. */ #[serde(default, skip_serializing_if = "Vec::is_empty")] proposals: Vec<EventId>,
    /** Judgments of others that were visible (adjudication only). */ #[serde(default, skip_serializing_if = "Vec::is_empty")] judgments: Vec<EventId>,
    /** Whether advice was visible. */ advice_visible: bool,
    /** Whether it was shown without its explanation and its evidence, as an experiment wants it. */ #[serde(default, skip_serializing_if = "std::ops::Not::not")] unexplained: bool,
    /** The version of the track record whose figures stood beside the advice. */ #[serde(default, skip_serializing_if = "Option::is_none")] record: Option<u64>,
    /** Whether it was a line of a table, to be answered together with others. */ #[serde(default, skip_serializing_if = "std::ops::Not::not")] bulk: bool,
    /** Decided cases that stood beside the advice, in their order on the screen. */ #[serde(default, skip_serializing_if = "Vec::is_empty")] precedents: Vec<ShownPrecedent>,
    /** Remarks that stood beside it. */ #[serde(default, skip_serializing_if = "Vec::is_empty")] comments: Vec<EventId>,
    /** Until when it can be answered. */ expires_at: Micros,
});
body!(/** See [`Body::JudgmentGiven`]. */ JudgmentGiven {
    /** By whom. */ person: PersonId,
    /** Which of their answers. */ phase: Phase,
    /** The answer. */ answer: Answer,
    /** The proposal that was taken over unchanged. */ #[serde(default, skip_serializing_if = "Option::is_none")] accepts: Option<EventId>,
    /** How sure, in billionths. */ #[serde(default, skip_serializing_if = "Option::is_none")] confidence: Option<u32>,
    /** Time from shown to answered; absent where `people_metrics` is off. */ #[serde(default, skip_serializing_if = "Option::is_none")] took: Option<Micros>,
    /** Whether advice was visible. */ advice_visible: bool,
    /** The record of what was shown. */ shown: EventId,
    /** The content it binds to. */ content_digest: Digest,
    /** The playbook version it binds to. */ playbook_version: u64,
    /** The proposals it binds to. */ #[serde(default, skip_serializing_if = "Vec::is_empty")] proposals: Vec<EventId>,
    /** What of a written answer was kept of which of these, the largest share first; the rest is the person's own. Absent where it is not told. */ #[serde(default, skip_serializing_if = "Option::is_none")] kept: Option<Vec<Kept>>,
    /** Why. */ #[serde(default, skip_serializing_if = "Option::is_none")] reason: Option<Content>,
    /** Whether it was given together with others, from a line of a table: it decides and is nobody's evidence. */ #[serde(default, skip_serializing_if = "std::ops::Not::not")] bulk: bool,
    /** By the person's own authenticator, where the playbook wants that. */ #[serde(default, skip_serializing_if = "Option::is_none")] signature: Option<PasskeySignature>,
});

/// Whether advice was seen, as far as the other tool knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AdviceSeen {
    /// It was.
    Yes,
    /// It was not, and that is proven.
    No,
    /// Nobody knows.
    Unknown,
}

body!(/** See [`Body::JudgmentObserved`]. */ JudgmentObserved {
    /** By whom: an external person. */ person: PersonId,
    /** Which of their answers: only, first or final. */ phase: Phase,
    /** The answer. */ answer: Answer,
    /** How sure, in billionths. */ #[serde(default, skip_serializing_if = "Option::is_none")] confidence: Option<u32>,
    /** How long it took. */ #[serde(default, skip_serializing_if = "Option::is_none")] took: Option<Micros>,
    /** Whether advice was seen. */ advice_seen: AdviceSeen,
    /** The tool it was made in. */ tool: String,
});

/// What a decision rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// People signed: one, or as many as the playbook wants.
    Signatures,
    /// Panel members agreed.
    PanelAgreed,
    /// Panel members disagreed and somebody adjudicated.
    Adjudicated,
    /// It was decided elsewhere, before it came here; nobody signed here.
    Imported,
    /// Decided on appeal.
    Appeal,
    /// A certificate allowed it.
    Certificate {
        /// The certificate's id.
        certificate: String,
    },
}

body!(/** See [`Body::DecisionMade`]. */ DecisionMade {
    /** The answer that stands. */ answer: Answer,
    /** On what it rests. */ basis: Basis,
    /** The accountable people, in the order in which they signed. */ persons: Vec<PersonId>,
    /** Their judgments. */ judgments: Vec<EventId>,
    /** Before this time it can be withdrawn, and nothing may act on it. */ act_after: Micros,
    /** The content it binds to. */ content_digest: Digest,
    /** The playbook version it binds to. */ playbook_version: u64,
});
body!(/** See [`Body::DecisionWithdrawn`]. */ DecisionWithdrawn {
    /** The decision. */ decision: EventId,
    /** By whom. */ person: PersonId,
    /** Why. */ #[serde(default, skip_serializing_if = "Option::is_none")] reason: Option<Content>,
});
body!(/** See [`Body::DecisionActed`]. */ DecisionActed {
    /** The decision. */ decision: EventId,
    /** What acted: the outside system's own word. */ #[serde(default, skip_serializing_if = "Option::is_none")] reference: Option<Content>,
});
body!(/** See [`Body::DecisionCorrected`]. */ DecisionCorrected {
    /** The decision. */ decision: EventId,
    /** The answer from now on. */ answer: Answer,
    /** Who answers for it. */ person: PersonId,
    /** Why. */ reason: Content,
});
body!(/** See [`Body::CaseSkipped`]. */ CaseSkipped {
    /** By whom. */ person: PersonId,
    /** Why. */ reason: Content,
});
body!(/** See [`Body::CaseSnoozed`]. */ CaseSnoozed {
    /** By whom. */ person: PersonId,
    /** Until when. */ until: Micros,
    /** Why. */ #[serde(default, skip_serializing_if = "Option::is_none")] reason: Option<Content>,
});
body!(/** The line of a case's content that a remark is about. Holds no value: which file it is stands there as a number. */ RemarkAnchor {
    /** The field, which is a diff. */ field: String,
    /** Which file of the diff, counted from 1. */ file: u64,
    /** In the text before, or in the one after. */ side: Side,
    /** The line's number there. */ line: u64,
    /** The content that it was said of. */ content_digest: Digest,
});
body!(/** See [`Body::CommentAdded`]. */ CommentAdded {
    /** By whom. */ person: PersonId,
    /** What. */ text: Content,
    /** Whose attention is asked for. */ #[serde(default, skip_serializing_if = "Vec::is_empty")] mentions: Vec<PersonId>,
    /** Which line it is about. */ #[serde(default, skip_serializing_if = "Option::is_none")] anchor: Option<RemarkAnchor>,
});
body!(/** See [`Body::CaseEscalated`]. */ CaseEscalated {
    /** By whom. */ person: PersonId,
    /** The role that has to look. */ role: String,
    /** Why. */ reason: Content,
});
body!(/** See [`Body::CaseReopened`]. */ CaseReopened {
    /** By whom. */ person: PersonId,
    /** The decision that no longer stands. */ decision: EventId,
    /** Why. */ reason: Content,
});

/// What kind of outcome a playbook gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutcomeKind {
    /// The truth (a biopsy).
    Truth,
    /// A stand-in (the ticket was re-opened).
    Proxy,
    /// A payoff (clicks, satisfaction).
    Payoff,
}

/// What the world said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutcomeValue {
    /// The right answer, for truth and proxy.
    Answer(Answer),
    /// A payoff, as a number.
    Payoff(crate::number::Decimal),
}

body!(/** See [`Body::OutcomeObserved`]. */ OutcomeObserved {
    /** Kind, from the playbook. */ kind: OutcomeKind,
    /** What the world says. */ value: OutcomeValue,
    /** Where it comes from. */ source: String,
});
body!(/** See [`Body::OutcomeCorrected`]. */ OutcomeCorrected {
    /** The outcome that was wrong. */ outcome: EventId,
    /** What is right. */ value: OutcomeValue,
    /** Why. */ reason: Content,
});
body!(/** See [`Body::AppealOpened`]. */ AppealOpened {
    /** The decision. */ decision: EventId,
    /** Who entered it. */ #[serde(default, skip_serializing_if = "Option::is_none")] person: Option<PersonId>,
    /** Why. */ reason: Content,
});
body!(/** See [`Body::AppealDecided`]. */ AppealDecided {
    /** The appeal. */ appeal: EventId,
    /** The judgment that decided it. */ judgment: EventId,
    /** Whether the first answer stands. */ upheld: bool,
});

/// The case an event is on, where its stream is a case.
#[must_use]
pub fn case_of(event: &Event) -> Option<CaseId> {
    match &event.body {
        Body::WorkspaceCreated(_)
        | Body::WorkspaceRestored(_)
        | Body::PeopleMetricsChanged(_)
        | Body::PersonAdded(_)
        | Body::PersonChanged(_)
        | Body::PasskeyAdded(_)
        | Body::PasskeyRemoved(_)
        | Body::SignInChanged(_)
        | Body::PersonVouched(_)
        | Body::PersonAway(_)
        | Body::PersonBack(_)
        | Body::ApiKeyAdded(_)
        | Body::ApiKeyRevoked(_)
        | Body::AutomationStopped(_)
        | Body::ResumeAsked(_)
        | Body::AutomationResumed(_)
        | Body::LogKeyRotated(_)
        | Body::DrawKeyCommitted(_)
        | Body::DrawKeyDisclosed(_)
        | Body::SubjectErased(_)
        | Body::PlaybookPublished(_)
        | Body::TrackRecordPublished(_)
        | Body::InductionCompleted(_)
        | Body::ExperimentStarted(_)
        | Body::ExperimentStopped(_)
        | Body::RoutingDrafted(_)
        | Body::RoutingRehearsed(_)
        | Body::RoutingApproved(_)
        | Body::RoutingWithdrawn(_)
        | Body::RoutingRolledBack(_)
        | Body::RulesDrafted(_)
        | Body::RulesReplayed(_)
        | Body::RulesApproved(_)
        | Body::RulesWithdrawn(_)
        | Body::RulesRolledBack(_)
        | Body::NoticeRaised(_) => None,
        _ => Some(CaseId(event.stream)),
    }
}
