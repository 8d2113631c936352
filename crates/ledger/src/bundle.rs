//! Evidence bundles: one JSON file that proves to someone who trusts nobody here, without database and network, that
//! these events are in that log, at these positions, under a checkpoint signed by that key.
//!
//! It never says what the events mean; [`verify`] gives them back for others to interpret. Everything in
//! [`Verified`] is covered by the log's signature: what the file says beside that is checked against it or left out.
//! Where a log took over from an earlier one, its first leaf vouches for that one's last checkpoint ([`earlier`]).

mod earlier;

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::Value;

use crate::canonical;
use crate::checkpoint::Checkpoint;
use crate::merkle::{self, Hash, INCLUSION_PROOF_HASHES_MAX, leaf_hash, verify_inclusion};
use crate::note::VerifierKey;
use crate::proof::Proof;
use crate::rotation::{self, KeyChain};
use crate::tile::ENTRY_BYTES_MAX;
pub use earlier::{EARLIER_LOGS_MAX, EarlierLog};

/// The format tag that every bundle carries.
pub const FORMAT: &str = "countersign-bundle/1";

/// Longest bundle that is read.
pub const BUNDLE_BYTES_MAX: usize = 256 * 1024 * 1024;

/// Most events in one bundle.
pub const ENTRIES_MAX: usize = 10_000;

/// Most openings in one bundle.
pub const OPENINGS_MAX: usize = 100_000;

/// Longest value that an opening discloses.
pub const OPENING_VALUE_BYTES_MAX: usize = 32 * 1024 * 1024;

/// Why a bundle is refused; where it is one entry or opening, which one, counted from zero.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum Error {
    /// The file is too long.
    #[error("the bundle has {0} bytes, more than {BUNDLE_BYTES_MAX}")]
    TooLong(usize),
    /// The file is not JSON of the right shape.
    #[error("the bundle cannot be read: {0}")]
    Syntax(String),
    /// The format tag is another.
    #[error("the format is {0:?}, not {FORMAT:?}")]
    Format(String),
    /// More of something than a bundle may hold.
    #[error("the bundle has more than {max} {what}")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many it may hold.
        max: usize,
    },
    /// The bundle proves nothing, as it has no entries.
    #[error("the bundle has no entries")]
    Empty,
    /// The log's key is not named as the log is.
    #[error("the key is of the log {key:?}, the bundle is of {origin:?}")]
    Origin {
        /// The name of the key.
        key: String,
        /// The bundle's origin.
        origin: String,
    },
    /// The keys do not lead from the trusted one to one that signed the checkpoint.
    #[error("keys: {0}")]
    Keys(rotation::Error),
    /// The checkpoint is refused.
    #[error("checkpoint: {0}")]
    Checkpoint(rotation::Error),
    /// An event is longer than a log can hold.
    #[error("entry {entry} has {bytes} bytes, more than {ENTRY_BYTES_MAX}")]
    EntryTooLong {
        /// Which entry.
        entry: usize,
        /// Its length.
        bytes: usize,
    },
    /// An event's bytes are not canonical JSON.
    #[error("entry {entry}: {source}")]
    NotCanonical {
        /// Which entry.
        entry: usize,
        /// Why.
        source: canonical::Error,
    },
    /// An event is not in the log at the position that is claimed.
    #[error("entry {entry} is not proven to be at position {position}: {source}")]
    NotIncluded {
        /// Which entry.
        entry: usize,
        /// The position claimed.
        position: u64,
        /// Why.
        source: merkle::Error,
    },
    /// Two entries claim one position, or an entry comes before an earlier one.
    #[error("entry {entry}: position {position} is not larger than the one before")]
    Order {
        /// Which entry.
        entry: usize,
        /// Its position.
        position: u64,
    },
    /// A log from before a restore does not hold; counted from zero, oldest first.
    #[error("earlier log {log}: {source}")]
    Earlier {
        /// Which one.
        log: usize,
        /// Why.
        source: earlier::Error,
    },
    /// No event names the decision that the bundle is about.
    #[error("no entry names the decision {0:?}")]
    DecisionNotNamed(String),
    /// An opening does not match its commitment.
    #[error("opening {0} does not match its commitment")]
    OpeningWrong(usize),
    /// An opening's commitment is in none of the events.
    #[error("opening {0} opens a commitment that no entry holds")]
    OpeningUnattached(usize),
}

/// The file, as it is written and read. Nothing in it is true before [`verify`] has said so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bundle {
    /// [`FORMAT`].
    pub format: String,
    /// The log.
    pub origin: String,
    /// The decision that the bundle is about: a string that stands as such in one of its events.
    pub decision: String,
    /// The log's first key.
    pub key: VerifierKey,
    /// The rotations since, oldest first, each a note signed by the key before it.
    pub rotations: Vec<String>,
    /// The signed checkpoint that all proofs lead to.
    pub checkpoint: String,
    /// The events, by rising position.
    pub entries: Vec<Entry>,
    /// The logs before this one, oldest first, with what they hold of the events.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub earlier: Vec<EarlierLog>,
    /// Disclosed values, for commitments in the events.
    pub openings: Vec<Opening>,
}

/// One event with its proof.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Position in the log.
    pub position: u64,
    /// The event's bytes, as base64.
    #[serde(serialize_with = "to_base64", deserialize_with = "from_base64")]
    pub event: Vec<u8>,
    /// Inclusion proof, from the leaf's sibling up.
    pub proof: Vec<Hash>,
}

/// A value behind a commitment, with all that is needed to make the commitment again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Opening {
    /// The commitment, as the event has it.
    pub commitment: Hash,
    /// The salt, as hex.
    pub salt: Hash,
    /// The value's bytes, as base64.
    #[serde(serialize_with = "to_base64", deserialize_with = "from_base64")]
    pub value: Vec<u8>,
    /// Whatever else goes into the commitment, by name.
    pub context: BTreeMap<String, String>,
}

/// What a bundle proves.
#[derive(Debug, Clone, PartialEq)]
pub struct Verified {
    /// What the bundle says it is about: a string that stands in at least one event. That this event is the decision,
    /// and that the events are all there are of it, is for whoever knows their meaning to check.
    pub decision: String,
    /// The checkpoint that covers all events. Its origin is the log.
    pub checkpoint: Checkpoint,
    /// The key that signed the checkpoint, reached from the trusted key.
    pub key: VerifierKey,
    /// True when the key was chained from one that the caller trusts, false when only from the bundle's own first key.
    pub trusted: bool,
    /// The last checkpoints of the logs before, oldest first, as notes. What vouches for them is the first leaf of the log after each,
    /// not their signatures.
    pub earlier: Vec<String>,
    /// The events, by rising log and position.
    pub events: Vec<Event>,
    /// The openings, each of which matches a commitment in an event.
    pub openings: Vec<Opening>,
}

/// A proven event.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Which log: 0 is the earliest in the bundle, the number of earlier ones is the log of the checkpoint.
    pub log: usize,
    /// Position in that log.
    pub position: u64,
    /// The event.
    pub value: Value,
}

impl Bundle {
    /// The file's bytes: indented JSON, as people will look into it.
    ///
    /// # Errors
    /// [`Error::Syntax`] when JSON cannot be made, which no bundle causes.
    pub fn to_bytes(&self) -> Result<Vec<u8>, Error> {
        serde_json::to_vec_pretty(self).map_err(|error| Error::Syntax(error.to_string()))
    }

    /// Reads a file's shape and limits; it verifies nothing.
    ///
    /// # Errors
    /// [`Error::TooLong`], [`Error::Syntax`], [`Error::Format`], [`Error::TooMany`], [`Error::EntryTooLong`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        if bytes.len() > BUNDLE_BYTES_MAX {
            return Err(Error::TooLong(bytes.len()));
        }
        let bundle: Bundle = serde_json::from_slice(bytes).map_err(|error| Error::Syntax(error.to_string()))?;
        if bundle.format != FORMAT {
            return Err(Error::Format(bundle.format));
        }
        at_most(bundle.earlier.len(), EARLIER_LOGS_MAX, "earlier logs")?;
        let before: usize = bundle.earlier.iter().map(|log| log.entries.len()).sum();
        at_most(bundle.entries.len() + before, ENTRIES_MAX, "entries")?;
        at_most(bundle.openings.len(), OPENINGS_MAX, "openings")?;
        let logs = bundle.earlier.iter().map(|log| &log.entries).chain([&bundle.entries]);
        for (entry, Entry { event, proof, .. }) in logs.flat_map(|entries| entries.iter().enumerate()) {
            if event.len() > ENTRY_BYTES_MAX {
                return Err(Error::EntryTooLong { entry, bytes: event.len() });
            }
            at_most(proof.len(), INCLUSION_PROOF_HASHES_MAX, "hashes in a proof")?;
        }
        for opening in &bundle.openings {
            at_most(opening.value.len(), OPENING_VALUE_BYTES_MAX, "bytes in a disclosed value")?;
        }
        Ok(bundle)
    }

    /// The proof of one entry as a `.tlog-proof` of its own.
    pub fn proof_of(&self, entry: &Entry) -> Proof {
        Proof { extra: None, index: entry.position, hashes: entry.proof.clone(), checkpoint: self.checkpoint.clone() }
    }
}

/// Checks a bundle from its bytes alone.
///
/// The checkpoint must be signed by a key that rotations lead to from `trusted`, or from the bundle's own first key
/// when the caller trusts none (then [`Verified::trusted`] is false: the log might be anybody's). Every event must be
/// canonical and included under the checkpoint (or under that of an earlier log, for which the first leaf of the log after it
/// vouches), positions must rise, an event must name the decision, and every
/// opening must give the commitment, by `commitment_of`, that some event holds as a string of 64 hex digits.
/// `commitment_of` must use every part of the opening, and gives `None` for an opening that it cannot make sense of.
///
/// # Errors
/// What failed, and for which entry or opening.
pub fn verify(bytes: &[u8], trusted: Option<&VerifierKey>, commitment_of: impl Fn(&Opening) -> Option<Hash>) -> Result<Verified, Error> {
    let bundle = Bundle::from_bytes(bytes)?;
    let (checkpoint, key) = verify_checkpoint(&bundle, trusted)?;
    let last = bundle.earlier.len();
    let present = verify_entries(last, &bundle.entries, &checkpoint)?;
    let events = earlier::verify(&bundle.earlier, present).map_err(|(log, source)| Error::Earlier { log, source })?;
    let mut strings = BTreeSet::new();
    events.iter().for_each(|event| collect_strings(&event.value, &mut strings));
    if !strings.contains(bundle.decision.as_str()) {
        return Err(Error::DecisionNotNamed(bundle.decision));
    }
    for (index, opening) in bundle.openings.iter().enumerate() {
        if commitment_of(opening) != Some(opening.commitment) {
            return Err(Error::OpeningWrong(index));
        }
        if !strings.contains(opening.commitment.to_string().as_str()) {
            return Err(Error::OpeningUnattached(index));
        }
    }
    let earlier = bundle.earlier.into_iter().map(|log| log.checkpoint).collect();
    Ok(Verified { decision: bundle.decision, checkpoint, key, trusted: trusted.is_some(), earlier, events, openings: bundle.openings })
}

fn verify_checkpoint(bundle: &Bundle, trusted: Option<&VerifierKey>) -> Result<(Checkpoint, VerifierKey), Error> {
    if bundle.key.name() != bundle.origin {
        return Err(Error::Origin { key: bundle.key.name().to_owned(), origin: bundle.origin.clone() });
    }
    let mut chain = KeyChain::verify(bundle.key.clone(), &bundle.rotations).map_err(Error::Keys)?;
    if let Some(trusted) = trusted {
        chain = chain.from_trusted(trusted).map_err(Error::Keys)?;
    }
    let (checkpoint, key) = chain.open(&bundle.checkpoint).map_err(Error::Checkpoint)?;
    Ok((checkpoint, key.clone()))
}

fn verify_entries(log: usize, entries: &[Entry], checkpoint: &Checkpoint) -> Result<Vec<Event>, Error> {
    if entries.is_empty() {
        return Err(Error::Empty);
    }
    let mut position_min = 0;
    let mut events = Vec::with_capacity(entries.len());
    for (entry, Entry { position, event, proof }) in entries.iter().enumerate() {
        let position = *position;
        if position < position_min {
            return Err(Error::Order { entry, position });
        }
        position_min = position.saturating_add(1);
        verify_inclusion(position, checkpoint.size, leaf_hash(event), proof, checkpoint.root).map_err(|source| Error::NotIncluded {
            entry,
            position,
            source,
        })?;
        let value = canonical::to_value(event).map_err(|source| Error::NotCanonical { entry, source })?;
        events.push(Event { log, position, value });
    }
    Ok(events)
}

/// All strings that are values in an event; keys are not looked at.
fn collect_strings<'a>(value: &'a Value, strings: &mut BTreeSet<&'a str>) {
    match value {
        Value::String(text) => {
            strings.insert(text);
        }
        Value::Array(items) => items.iter().for_each(|item| collect_strings(item, strings)),
        Value::Object(members) => members.values().for_each(|member| collect_strings(member, strings)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn at_most(count: usize, max: usize, what: &'static str) -> Result<(), Error> {
    if count > max { Err(Error::TooMany { what, max }) } else { Ok(()) }
}

fn to_base64<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&BASE64.encode(bytes))
}

fn from_base64<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    BASE64.decode(String::deserialize(deserializer)?).map_err(|_| de::Error::custom("it is not base64"))
}

#[cfg(test)]
#[path = "bundle/tests.rs"]
mod tests;
