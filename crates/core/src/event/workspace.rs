//! Bodies about the workspace itself: people and keys, what is stopped, the log's keys, erasures, playbooks.

use crate::{
    content::{Content, Digest},
    id::{EventId, PersonId, PlaybookId, SubjectId},
    number::Micros,
};
use serde::{Deserialize, Serialize};

/// How much is collected about people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PeopleMetrics {
    /// Nothing: times are not recorded.
    Off,
    /// Each person sees their own.
    #[serde(rename = "self")]
    Own,
    /// Groups only.
    Aggregate,
    /// By name.
    Named,
}

body!(/** See [`Body::WorkspaceCreated`](super::Body::WorkspaceCreated). */ WorkspaceCreated {
    /** A short name for people. */ name: String,
    /** The log's origin line. */ origin: String,
    /** The first checkpoint key, as a C2SP vkey. */ log_key: String,
    /** What is measured of people. */ people_metrics: PeopleMetrics,
});
body!(/** See [`Body::WorkspaceRestored`](super::Body::WorkspaceRestored). */ WorkspaceRestored {
    /** The new log's origin line. */ origin: String,
    /** The new log's key. */ log_key: String,
    /** The origin of the log that the backup came from. */ old_origin: String,
    /** The last checkpoint of that log, as a signed note. */ old_checkpoint: String,
    /** Subjects whose erasure was replayed before serving. */ erased: u64,
});
body!(/** See [`Body::PeopleMetricsChanged`](super::Body::PeopleMetricsChanged). */ PeopleMetricsChanged {
    /** Before. */ from: PeopleMetrics,
    /** From now on. */ to: PeopleMetrics,
    /** Why. */ reason: String,
});

/// What kind of member a person is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PersonKind {
    /// Decides here.
    Member,
    /// Known from other tools or from history only; never signs.
    External,
}

body!(/** See [`Body::PersonAdded`](super::Body::PersonAdded). Names lie in the directory, not here. */ PersonAdded {
    /** The person. */ person: PersonId,
    /** Member or external. */ kind: PersonKind,
    /** Roles by name. */ roles: Vec<String>,
});
body!(/** See [`Body::PersonChanged`](super::Body::PersonChanged). */ PersonChanged {
    /** The person. */ person: PersonId,
    /** Roles from now on. */ roles: Vec<String>,
    /** Whether they may take part from now on. */ active: bool,
});
body!(/** See [`Body::ApiKeyAdded`](super::Body::ApiKeyAdded). */ ApiKeyAdded {
    /** Public id of the key. */ key: String,
    /** What it may do. */ scopes: Vec<String>,
    /** The person it speaks for, if any. */ #[serde(default, skip_serializing_if = "Option::is_none")] person: Option<PersonId>,
    /** When it ends. */ #[serde(default, skip_serializing_if = "Option::is_none")] expires_at: Option<Micros>,
});
body!(/** See [`Body::ApiKeyRevoked`](super::Body::ApiKeyRevoked). */ ApiKeyRevoked { /** Public id of the key. */ key: String, });

/// How far a stop reaches.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StopScope {
    /// All automation.
    Workspace,
    /// One playbook's.
    Playbook(PlaybookId),
    /// All that rests on one proposer.
    Proposer(String),
}

body!(/** See [`Body::AutomationStopped`](super::Body::AutomationStopped). */ AutomationStopped {
    /** How far it reaches. */ scope: StopScope,
    /** Why. */ reason: String,
});
body!(/** See [`Body::ResumeAsked`](super::Body::ResumeAsked). */ ResumeAsked {
    /** What is to be resumed. */ scope: StopScope,
    /** Who asks. */ person: PersonId,
    /** Why. */ reason: String,
});
body!(/** See [`Body::AutomationResumed`](super::Body::AutomationResumed). */ AutomationResumed {
    /** What is resumed. */ scope: StopScope,
    /** The person who answers for it: only people resume. */ person: PersonId,
    /** Why. */ reason: String,
    /** What another person asked for, and this one confirms. Absent in logs from before two were needed, and where nobody else was there. */
    #[serde(default, skip_serializing_if = "Option::is_none")] asked: Option<EventId>,
    /** Nobody else was there who could have confirmed it. */ #[serde(default, skip_serializing_if = "std::ops::Not::not")] alone: bool,
});
body!(/** See [`Body::LogKeyRotated`](super::Body::LogKeyRotated). */ LogKeyRotated {
    /** The key until now, as a vkey. */ old: String,
    /** The key from now on, as a vkey. */ new: String,
    /** The old key's signed statement, as a signed note. */ statement: String,
});
body!(/** See [`Body::DrawKeyCommitted`](super::Body::DrawKeyCommitted). */ DrawKeyCommitted {
    /** 1, 2, 3, .. */ epoch: u64,
    /** SHA-256 commitment to the key. */ commitment: Digest,
});
body!(/** See [`Body::DrawKeyDisclosed`](super::Body::DrawKeyDisclosed). */ DrawKeyDisclosed {
    /** The epoch. */ epoch: u64,
    /** The key, in hex. */ key: Digest,
});
body!(/** See [`Body::SubjectErased`](super::Body::SubjectErased). */ SubjectErased {
    /** The subject. */ subject: SubjectId,
    /** How many values were destroyed. */ values: u64,
    /** The ground on which it was asked for, in a word (`request`, `retention`, `replay`). */ ground: String,
});
body!(/** See [`Body::PlaybookPublished`](super::Body::PlaybookPublished). */ PlaybookPublished {
    /** The playbook. */ playbook: PlaybookId,
    /** Its name, unique in the workspace. */ name: String,
    /** 1, 2, 3, .. */ version: u64,
    /** SHA-256 of the TOML source. */ digest: Digest,
    /** The TOML source. */ source: Content,
});
