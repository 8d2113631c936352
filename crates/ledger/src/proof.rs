//! Proofs of inclusion as files, in the text form of C2SP tlog-proof: index, hashes and the signed checkpoint.
//! A proof never carries the entry; whoever checks it has that from elsewhere.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;

use crate::checkpoint::{self, Checkpoint, parse_base64_hash, parse_decimal};
use crate::merkle::{self, Hash, INCLUSION_PROOF_HASHES_MAX, leaf_hash, verify_inclusion};
use crate::note::VerifierKey;

/// What files with such proofs end in.
pub const FILE_EXTENSION: &str = "tlog-proof";

/// Most bytes of extra data.
pub const EXTRA_BYTES_MAX: usize = 64 * 1024;

const HEADER: &str = "c2sp.org/tlog-proof@v1";

/// Why a proof is refused.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum Error {
    /// The text is not that of a proof.
    #[error("malformed proof: {0}")]
    Malformed(&'static str),
    /// The checkpoint does not hold.
    #[error("checkpoint: {0}")]
    Checkpoint(#[from] checkpoint::Error),
    /// The hashes do not lead from the entry to the checkpoint's root.
    #[error("inclusion: {0}")]
    Inclusion(#[from] merkle::Error),
}

/// Proof that an entry is in a log, not yet verified. Printed as the file's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// Data of the application's own. Nothing vouches for it.
    pub extra: Option<Vec<u8>>,
    /// Position of the entry in the log.
    pub index: u64,
    /// The inclusion proof, from the leaf's sibling up.
    pub hashes: Vec<Hash>,
    /// The signed note.
    pub checkpoint: String,
}

impl Proof {
    /// Checks that `entry` is at `index` under a checkpoint that `key` signed, and gives that checkpoint.
    ///
    /// # Errors
    /// [`Error::Checkpoint`] and [`Error::Inclusion`].
    pub fn verify(&self, entry: &[u8], key: &VerifierKey) -> Result<Checkpoint, Error> {
        let checkpoint = Checkpoint::open(&self.checkpoint, key)?;
        verify_inclusion(self.index, checkpoint.size, leaf_hash(entry), &self.hashes, checkpoint.root)?;
        Ok(checkpoint)
    }
}

impl fmt::Display for Proof {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "{HEADER}")?;
        if let Some(extra) = &self.extra {
            writeln!(formatter, "extra {}", BASE64.encode(extra))?;
        }
        writeln!(formatter, "index {}", self.index)?;
        self.hashes.iter().try_for_each(|hash| writeln!(formatter, "{}", BASE64.encode(hash)))?;
        write!(formatter, "\n{}", self.checkpoint)
    }
}

impl FromStr for Proof {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let (head, checkpoint) = text.split_once("\n\n").ok_or(Error::Malformed("no blank line before the checkpoint"))?;
        let mut lines = head.split('\n').peekable();
        if lines.next() != Some(HEADER) {
            return Err(Error::Malformed("the first line is not c2sp.org/tlog-proof@v1"));
        }
        let extra = match lines.next_if(|line| line.starts_with("extra ")) {
            Some(line) => Some(parse_extra(line)?),
            None => None,
        };
        let index = lines.next().and_then(|line| parse_decimal(line.strip_prefix("index ")?)).ok_or(Error::Malformed("no index"))?;
        let hashes =
            lines.map(parse_base64_hash).collect::<Option<Vec<_>>>().ok_or(Error::Malformed("a line is not the base64 of 32 bytes"))?;
        if hashes.len() > INCLUSION_PROOF_HASHES_MAX {
            return Err(Error::Malformed("too many hashes"));
        }
        Ok(Proof { extra, index, hashes, checkpoint: checkpoint.to_owned() })
    }
}

fn parse_extra(line: &str) -> Result<Vec<u8>, Error> {
    let encoded = line.strip_prefix("extra ").unwrap_or_default();
    let extra = BASE64.decode(encoded).map_err(|_| Error::Malformed("the extra data is not base64"))?;
    if extra.len() > EXTRA_BYTES_MAX { Err(Error::Malformed("the extra data is too long")) } else { Ok(extra) }
}

#[cfg(test)]
#[path = "proof/tests.rs"]
mod tests;
