//! Rotation of a log's key: a note in which the old key names the new one and the size from which it signs.
//! It never makes a newer key vouch for an older one: trust goes forward only.
//!
//! The note's text is four lines: `countersign-rotation/1`, the origin, the size, the new key.

use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

use crate::checkpoint::{self, Checkpoint, parse_decimal};
use crate::note::{self, Algorithm, Note, SigningKey, VerifierKey};

/// Most rotations that a chain may have.
pub const ROTATIONS_MAX: usize = 1_000;

const HEADER: &str = "countersign-rotation/1";

/// Why a rotation or a chain of them is refused.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum Error {
    /// The note is malformed or not signed by the old key.
    #[error(transparent)]
    Note(#[from] note::Error),
    /// The text is not that of a rotation, or what it says cannot be.
    #[error("malformed rotation: {0}")]
    Malformed(&'static str),
    /// A rotation in a chain is refused.
    #[error("rotation {index}: {source}")]
    Link {
        /// Which rotation, from zero.
        index: usize,
        /// Why.
        source: Box<Error>,
    },
    /// The signed text is not a checkpoint of this log.
    #[error(transparent)]
    Checkpoint(#[from] checkpoint::Error),
    /// The checkpoint is signed by a key of the log, but not by one whose turn it was at this size.
    #[error("the key that signed does not sign at size {0}")]
    Retired(u64),
    /// The chain does not hold the key that is trusted.
    #[error("the trusted key {0} is not among the log's keys")]
    Untrusted(String),
}

/// A change of keys. Printed as the text that the old key signs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rotation {
    /// Size of the log at the change: larger checkpoints are signed by `next` alone.
    pub size: u64,
    /// The new key; its name is the log's origin.
    pub next: VerifierKey,
}

impl Rotation {
    /// The note by which the old key hands over.
    ///
    /// # Errors
    /// [`Error::Malformed`] when the new key is the old one, is no log key, or has another name.
    pub fn sign(&self, old: &SigningKey) -> Result<String, Error> {
        self.check(old.verifier())?;
        Ok(Note::sign(self.to_string(), &[old])?.to_string())
    }

    /// Reads a rotation signed by the old key.
    ///
    /// # Errors
    /// Those of [`Note::parse`] and [`Note::verify`], and [`Error::Malformed`].
    pub fn open(note: &str, old: &VerifierKey) -> Result<Self, Error> {
        let note = Note::parse(note)?;
        note.verify(&[old])?;
        let rotation: Rotation = note.text().parse()?;
        rotation.check(old)?;
        Ok(rotation)
    }

    fn check(&self, old: &VerifierKey) -> Result<(), Error> {
        if self.next.name() != old.name() {
            return Err(Error::Malformed("the new key has another name"));
        }
        if self.next.public() == old.public() {
            return Err(Error::Malformed("the new key is the old one"));
        }
        if self.next.algorithm() != Algorithm::Ed25519 {
            return Err(Error::Malformed("the new key is not a log key"));
        }
        Ok(())
    }
}

impl fmt::Display for Rotation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Rotation { size, next } = self;
        write!(formatter, "{HEADER}\n{}\n{size}\n{next}\n", next.name())
    }
}

impl FromStr for Rotation {
    type Err = Error;

    /// Parses the text of a note whose signature the caller verifies.
    fn from_str(text: &str) -> Result<Self, Error> {
        let lines: Vec<&str> = text.split('\n').collect();
        let [HEADER, origin, size, next, ""] = lines[..] else {
            return Err(Error::Malformed("it is not four lines that begin with countersign-rotation/1"));
        };
        let size = parse_decimal(size).ok_or(Error::Malformed("the size is not a plain decimal number"))?;
        let next: VerifierKey = next.parse()?;
        if next.name() != origin {
            return Err(Error::Malformed("the new key's name is not the origin"));
        }
        Ok(Rotation { size, next })
    }
}

/// The keys of a log, one after the other. The first signs from size zero.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyChain {
    first: VerifierKey,
    /// INVARIANT: sizes never fall, and no key comes twice.
    rotations: Vec<Rotation>,
}

impl KeyChain {
    /// Follows the rotations from the first key; each must be signed by the key before it.
    ///
    /// # Errors
    /// [`Error::Link`] with the rotation that fails, [`Error::Malformed`] for too many.
    pub fn verify<S: AsRef<str>>(first: VerifierKey, rotations: &[S]) -> Result<Self, Error> {
        if rotations.len() > ROTATIONS_MAX {
            return Err(Error::Malformed("too many rotations"));
        }
        let mut chain = KeyChain { first, rotations: Vec::new() };
        for (index, rotation) in rotations.iter().enumerate() {
            chain.follow(rotation.as_ref()).map_err(|source| Error::Link { index, source: Box::new(source) })?;
        }
        Ok(chain)
    }

    fn follow(&mut self, note: &str) -> Result<(), Error> {
        let rotation = Rotation::open(note, self.current())?;
        if self.rotations.last().is_some_and(|last| rotation.size < last.size) {
            return Err(Error::Malformed("the size is smaller than at the rotation before"));
        }
        if self.keys().any(|(_, key)| key.public() == rotation.next.public()) {
            return Err(Error::Malformed("a key that was retired comes back"));
        }
        self.rotations.push(rotation);
        Ok(())
    }

    /// The key that signs now.
    pub fn current(&self) -> &VerifierKey {
        self.rotations.last().map_or(&self.first, |rotation| &rotation.next)
    }

    /// All keys, oldest first, each with the sizes of the checkpoints that it signs. At the size of a rotation both the
    /// old and the new key sign.
    pub fn keys(&self) -> impl Iterator<Item = (RangeInclusive<u64>, &VerifierKey)> {
        let starts = [(0, &self.first)].into_iter().chain(self.rotations.iter().map(|rotation| (rotation.size, &rotation.next)));
        let ends = self.rotations.iter().map(|rotation| rotation.size).chain([u64::MAX]);
        starts.zip(ends).map(|((from, key), to)| (from..=to, key))
    }

    /// The part of the chain from the trusted key on. What came before proves nothing to someone who trusts this key.
    ///
    /// # Errors
    /// [`Error::Untrusted`] when the key is not in the chain.
    pub fn from_trusted(&self, trusted: &VerifierKey) -> Result<Self, Error> {
        let at = self.keys().position(|(_, key)| key == trusted).ok_or_else(|| Error::Untrusted(trusted.to_string()))?;
        Ok(KeyChain { first: trusted.clone(), rotations: self.rotations.iter().skip(at).cloned().collect() })
    }

    /// Reads a checkpoint that must be signed by a key whose turn it was at the checkpoint's size. Gives the key as well.
    ///
    /// # Errors
    /// [`Error::Note`], [`Error::Checkpoint`], and [`Error::Retired`] when the key did not sign at that size.
    pub fn open(&self, note: &str) -> Result<(Checkpoint, &VerifierKey), Error> {
        let note = Note::parse(note)?;
        let known: Vec<&VerifierKey> = self.keys().map(|(_, key)| key).collect();
        let signers = note.verify(&known)?;
        let checkpoint = Checkpoint::of_log(note.text(), self.first.name())?;
        let in_turn = |(sizes, key): &(RangeInclusive<u64>, &VerifierKey)| {
            sizes.contains(&checkpoint.size) && signers.iter().any(|signer| signer.key == *key)
        };
        match self.keys().find(in_turn) {
            Some((_, key)) => Ok((checkpoint, key)),
            None => Err(Error::Retired(checkpoint.size)),
        }
    }
}

#[cfg(test)]
#[path = "rotation/tests.rs"]
mod tests;
