//! Bodies about what was learned. The records themselves lie in the store by digest; here is what the ledger keeps of them.

use crate::{
    content::Digest,
    id::{PersonId, PlaybookId},
};
use serde::{Deserialize, Serialize};

/// Why a version of a track record came to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TrackPin {
    /// It was learned, and the next one replaces it.
    Learned,
    /// A person chose it, and it stays until a person lets go.
    Pinned,
    /// A person let go: learning goes on.
    Released,
}

body!(/** See [`Body::TrackRecordPublished`](super::Body::TrackRecordPublished). */ TrackRecordPublished {
    /** The playbook. */ playbook: PlaybookId,
    /** 1, 2, 3, .. for each playbook. */ number: u64,
    /** SHA-256 of the record's canonical bytes. */ digest: Digest,
    /** How many events of the ledger it rests on. */ through: u64,
    /** The routing function that reads it. */ router_version: u32,
    /** Certificates in force with it. */ #[serde(default, skip_serializing_if = "Vec::is_empty")] certificates: Vec<String>,
    /** Why it is read from now on. */ cause: TrackPin,
    /** The person who chose it, where one did. */ #[serde(default, skip_serializing_if = "Option::is_none")] person: Option<PersonId>,
});
