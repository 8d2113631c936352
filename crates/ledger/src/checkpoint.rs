//! Checkpoints as C2SP tlog-checkpoint has them: a note that says how large a log is and what its root is.
//! It never decides whether two checkpoints agree; that is a consistency proof's work.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;

use crate::merkle::Hash;
use crate::note::{self, Note, SigningKey, VerifierKey};

/// Why a checkpoint is refused.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum Error {
    /// The note is malformed or not signed as it must be.
    #[error(transparent)]
    Note(#[from] note::Error),
    /// The text is not that of a checkpoint.
    #[error("malformed checkpoint: {0}")]
    Malformed(&'static str),
    /// The checkpoint is of another log.
    #[error("the checkpoint is of the log {got:?}, not of {want:?}")]
    Origin {
        /// The log asked for.
        want: String,
        /// The log that the checkpoint names.
        got: String,
    },
}

/// The head of a log: everything before position `size` is fixed by `root`. Printed as the text that is signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// The log's unique name.
    pub origin: String,
    /// Number of leaves.
    pub size: u64,
    /// Root of the tree of these leaves.
    pub root: Hash,
    /// Further lines, whose meaning is the log's own; usually none.
    pub extensions: Vec<String>,
}

impl Checkpoint {
    /// A checkpoint without extension lines.
    pub fn new(origin: impl Into<String>, size: u64, root: Hash) -> Self {
        Checkpoint { origin: origin.into(), size, root, extensions: Vec::new() }
    }

    /// The signed note, by all of `keys`.
    ///
    /// # Errors
    /// [`Error::Malformed`] when a line is empty or holds a newline, and those of [`Note::sign`].
    pub fn sign(&self, keys: &[&SigningKey]) -> Result<String, Error> {
        let text = self.to_string();
        // What the parser would not give back must not be signed.
        if text.parse().as_ref() != Ok(self) {
            return Err(Error::Malformed("a line is empty or holds a newline"));
        }
        Ok(Note::sign(text, keys)?.to_string())
    }

    /// Reads the signed checkpoint of the log whose key this is: the origin must be the key's name.
    ///
    /// # Errors
    /// Those of [`Note::parse`] and [`Note::verify`], [`Error::Malformed`], [`Error::Origin`].
    pub fn open(note: &str, key: &VerifierKey) -> Result<Self, Error> {
        let note = Note::parse(note)?;
        note.verify(&[key])?;
        Self::of_log(note.text(), key.name())
    }

    /// Parses verified text that must be a checkpoint of the log `origin`.
    pub(crate) fn of_log(text: &str, origin: &str) -> Result<Self, Error> {
        let checkpoint: Checkpoint = text.parse()?;
        if checkpoint.origin == origin { Ok(checkpoint) } else { Err(Error::Origin { want: origin.to_owned(), got: checkpoint.origin }) }
    }
}

impl fmt::Display for Checkpoint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Checkpoint { origin, size, root, extensions } = self;
        write!(formatter, "{origin}\n{size}\n{}\n", BASE64.encode(root))?;
        extensions.iter().try_for_each(|line| writeln!(formatter, "{line}"))
    }
}

impl FromStr for Checkpoint {
    type Err = Error;

    /// Parses the text of a note whose signatures the caller has verified.
    fn from_str(text: &str) -> Result<Self, Error> {
        let body = text.strip_suffix('\n').ok_or(Error::Malformed("the last line does not end"))?;
        let mut lines = body.split('\n');
        let mut line = || lines.next().ok_or(Error::Malformed("fewer than three lines"));
        let (origin, size, root) = (line()?, line()?, line()?);
        let extensions: Vec<String> = lines.map(str::to_owned).collect();
        if origin.is_empty() || extensions.iter().any(String::is_empty) {
            return Err(Error::Malformed("an empty line"));
        }
        let size = parse_decimal(size).ok_or(Error::Malformed("the size is not a plain decimal number"))?;
        let root = parse_base64_hash(root).ok_or(Error::Malformed("the root is not the base64 of 32 bytes"))?;
        Ok(Checkpoint { origin: origin.to_owned(), size, root, extensions })
    }
}

/// A decimal number without sign and leading zeros.
pub(crate) fn parse_decimal(text: &str) -> Option<u64> {
    text.parse::<u64>().ok().filter(|number| number.to_string() == text)
}

/// A hash as these formats write it.
pub(crate) fn parse_base64_hash(text: &str) -> Option<Hash> {
    Hash::try_from(BASE64.decode(text).ok()?.as_slice()).ok()
}

#[cfg(test)]
#[path = "checkpoint/tests.rs"]
mod tests;
