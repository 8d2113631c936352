//! Bodies about what was learned. The records themselves lie in the store by digest; here is what the ledger keeps of them.

use crate::{
    content::Digest,
    id::{CaseId, EventId, PersonId, PlaybookId},
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

body!(/** See [`Body::InductionCompleted`](super::Body::InductionCompleted). How well they did is nobody's but theirs. */ InductionCompleted {
    /** Who. */ person: PersonId,
    /** The playbook. */ playbook: PlaybookId,
    /** Its version at that time. */ playbook_version: u64,
    /** Past cases on which they practised; 0 where there were none yet. */ cases: u64,
    /** The version of the track record that was told from. */ #[serde(default, skip_serializing_if = "Option::is_none")] record: Option<u64>,
});
body!(/** A decided case beside another one, as it was shown. The words that both share are not in here: they follow from both contents, as long as
    these exist. */ ShownPrecedent {
    /** The case. */ case: CaseId,
    /** Its decision. */ decision: EventId,
    /** The label of the answer that stood. */ answer: String,
    /** The label of what turned out, where that was known. */ #[serde(default, skip_serializing_if = "Option::is_none")] outcome: Option<String>,
    /** Its content at that time. */ content_digest: Digest,
    /** How much alike, in billionths. */ likeness: u32,
});
