//! The Merkle tree of RFC 6962 over SHA-256: hashes, the compact frontier, and proofs made and checked.
//! It never holds a whole tree and never reads storage: stored nodes come through [`NodeReader`].
//!
//! The verifiers take hashes as byte slices, because what they judge comes from outside and may have any length;
//! a hash of the wrong length is a failed proof and not a type error at the caller's.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sha2::{Digest, Sha256};

mod prove;
mod verify;

pub use prove::{NodeReader, consistency_proof, inclusion_proof, subtree_consistency_proof, subtree_inclusion_proof};
pub(crate) use prove::{consistency_ranges, inclusion_ranges, perfect_nodes};
pub use verify::{verify_consistency, verify_inclusion, verify_subtree_consistency, verify_subtree_inclusion};

/// Length of a SHA-256 hash.
pub const HASH_BYTES: usize = 32;

/// Most hashes an inclusion proof can have: one for each level of a tree of 2^64 leaves.
pub const INCLUSION_PROOF_HASHES_MAX: usize = 64;

/// The root of a tree without leaves: SHA-256 of nothing.
pub const EMPTY_ROOT: Hash = Hash([
    0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24, 0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b,
    0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55,
]);

/// Why a proof cannot be made, or does not hold.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum Error {
    /// A leaf lies outside the tree or subtree.
    #[error("leaf {index} lies outside [{start}, {end})")]
    LeafOutside {
        /// The leaf's index.
        index: u64,
        /// First index of the subtree.
        start: u64,
        /// First index after the subtree.
        end: u64,
    },
    /// Sizes are not in order, or the smaller tree is empty and so proves nothing.
    #[error("no consistency proof exists from size {from} to size {to}")]
    Sizes {
        /// The smaller size.
        from: u64,
        /// The larger size.
        to: u64,
    },
    /// A range of leaves is not a subtree of the tree.
    #[error("[{start}, {end}) is not a subtree of a tree of size {size}")]
    NotSubtree {
        /// First index of the range.
        start: u64,
        /// First index after the range.
        end: u64,
        /// Size of the tree.
        size: u64,
    },
    /// The proof has too many or too few hashes for these sizes.
    #[error("the proof has the wrong number of hashes ({0})")]
    ProofLength(usize),
    /// A hash does not have 32 bytes.
    #[error("a hash has {0} bytes instead of 32")]
    HashLength(usize),
    /// The proof does not lead to the root.
    #[error("the proof does not lead to the given root")]
    RootMismatch,
    /// A stored node is missing or unreadable.
    #[error("node {index} of level {level} cannot be read: {reason}")]
    NodeUnreadable {
        /// Level of the node; leaves are level 0.
        level: u8,
        /// Index within the level.
        index: u64,
        /// What the reader said.
        reason: String,
    },
}

/// A SHA-256 hash; printed and serialised as 64 lower-case hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash([u8; HASH_BYTES]);

impl Hash {
    /// The bytes.
    pub const fn as_bytes(&self) -> &[u8; HASH_BYTES] {
        &self.0
    }

    /// A hash from its bytes.
    pub const fn from_bytes(bytes: [u8; HASH_BYTES]) -> Self {
        Hash(bytes)
    }
}

impl From<[u8; HASH_BYTES]> for Hash {
    fn from(bytes: [u8; HASH_BYTES]) -> Self {
        Hash(bytes)
    }
}

impl From<Hash> for [u8; HASH_BYTES] {
    fn from(hash: Hash) -> Self {
        hash.0
    }
}

impl TryFrom<&[u8]> for Hash {
    type Error = Error;
    fn try_from(bytes: &[u8]) -> Result<Self, Error> {
        bytes.try_into().map(Hash).map_err(|_| Error::HashLength(bytes.len()))
    }
}

impl AsRef<[u8]> for Hash {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl FromStr for Hash {
    type Err = Error;
    /// Takes 64 lower-case hex digits and nothing else, so that a hash has one spelling.
    fn from_str(text: &str) -> Result<Self, Error> {
        let mut bytes = [0; HASH_BYTES];
        let lower = !text.bytes().any(|byte| byte.is_ascii_uppercase());
        match hex::decode_to_slice(text, &mut bytes) {
            Ok(()) if lower => Ok(Hash(bytes)),
            _ => Err(Error::HashLength(text.len() / 2)),
        }
    }
}

impl Serialize for Hash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Hash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(|_| de::Error::custom("a hash is 64 lower-case hex digits"))
    }
}

/// Hash of a leaf: SHA-256(0x00 || entry), RFC 6962 section 2.1.
pub fn leaf_hash(entry: &[u8]) -> Hash {
    Hash(Sha256::new().chain_update([0]).chain_update(entry).finalize().into())
}

/// Hash of an inner node: SHA-256(0x01 || left || right), RFC 6962 section 2.1.
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    Hash(Sha256::new().chain_update([1]).chain_update(left.0).chain_update(right.0).finalize().into())
}

/// Folds perfect subtrees, largest and leftmost first, into the root above them. `None` when there are none.
pub(crate) fn fold(peaks: impl DoubleEndedIterator<Item = Hash>) -> Option<Hash> {
    peaks.rev().reduce(|right, left| node_hash(&left, &right))
}

/// A tree reduced to the roots of its perfect subtrees: enough to append to it and to know its root.
///
/// INVARIANT: `peaks` has one hash for each set bit of `size`, the highest bit first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    peaks: Vec<Hash>,
}

impl Frontier {
    /// The frontier of an empty tree.
    pub fn new() -> Self {
        Frontier::default()
    }

    /// A frontier from its stored parts. `None` unless there is one peak for each set bit of `size`.
    pub fn from_parts(size: u64, peaks: Vec<Hash>) -> Option<Self> {
        (peaks.len() == size.count_ones() as usize).then_some(Frontier { size, peaks })
    }

    /// Number of leaves.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Roots of the perfect subtrees, the largest first.
    pub fn peaks(&self) -> &[Hash] {
        &self.peaks
    }

    /// Appends one leaf.
    pub fn append(&mut self, leaf: Hash) {
        let mut hash = leaf;
        // Each trailing one bit of the size is a subtree as large as the one in hand: they merge.
        for _ in 0..self.size.trailing_ones() {
            if let Some(left) = self.peaks.pop() {
                hash = node_hash(&left, &hash);
            }
        }
        self.peaks.push(hash);
        self.size += 1;
    }

    /// The root of the tree.
    pub fn root(&self) -> Hash {
        fold(self.peaks.iter().copied()).unwrap_or(EMPTY_ROOT)
    }
}

impl Extend<Hash> for Frontier {
    fn extend<I: IntoIterator<Item = Hash>>(&mut self, leaves: I) {
        leaves.into_iter().for_each(|leaf| self.append(leaf));
    }
}

#[cfg(test)]
#[path = "merkle/tests.rs"]
pub(crate) mod tests;
