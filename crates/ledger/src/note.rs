//! Signed notes as C2SP signed-note has them: text, a blank line, and one line for each signature.
//! Text is worth nothing until [`Note::verify`] has passed; this module never says what the text means.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;

mod key;

pub use key::{Algorithm, KEY_NAME_BYTES_MAX, SigningKey, VerifierKey, verify_ed25519};

/// Longest note that is parsed.
pub const NOTE_BYTES_MAX: usize = 1_000_000;

/// Most signatures that a note may carry; the specification demands at least 16.
pub const SIGNATURES_MAX: usize = 100;

/// What a signature line begins with: an em dash and a space.
const SIGNATURE_PREFIX: &str = "\u{2014} ";

/// Why a note or a key is refused.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum Error {
    /// The note is not in the form of the specification.
    #[error("malformed note: {0}")]
    Malformed(&'static str),
    /// A key's text is not in the form `name+hash+key`, or its hash or key is wrong.
    #[error("malformed verifier key: {0}")]
    Key(&'static str),
    /// No signature is by a known key.
    #[error("no signature is by a known key")]
    Unsigned,
    /// A signature says that it is by a known key, and is not.
    #[error("the signature by {name}+{key_id:08x} is wrong")]
    Signature {
        /// The key's name.
        name: String,
        /// The key's id.
        key_id: u32,
    },
    /// A log key was asked for a cosignature, or a witness key for a log signature.
    #[error("the key {0} signs with another algorithm")]
    Algorithm(String),
}

/// One signature line, not yet verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// Name of the key.
    pub name: String,
    /// Id of the key.
    pub key_id: u32,
    /// The signature proper, in the form that the key's algorithm gives it.
    pub bytes: Vec<u8>,
}

/// A known key whose signature on a note was verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signer<'a> {
    /// The key.
    pub key: &'a VerifierKey,
    /// For a cosignature, when the witness made it, in seconds since 1970 UTC.
    pub timestamp: Option<u64>,
}

/// Text with signatures, not yet verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    text: String,
    signatures: Vec<Signature>,
}

impl Note {
    /// Parses a note; its signatures are not verified yet.
    ///
    /// # Errors
    /// [`Error::Malformed`].
    pub fn parse(note: &str) -> Result<Self, Error> {
        if note.len() > NOTE_BYTES_MAX {
            return Err(Error::Malformed("it is too long"));
        }
        let (text, lines) = note.rsplit_once("\n\n").ok_or(Error::Malformed("no blank line before the signatures"))?;
        let text = format!("{text}\n");
        check_text(&text)?;
        let lines = lines.strip_suffix('\n').ok_or(Error::Malformed("the last line does not end"))?;
        let signatures = lines.split('\n').map(parse_signature).collect::<Result<Vec<_>, _>>()?;
        if signatures.len() > SIGNATURES_MAX {
            return Err(Error::Malformed("too many signatures"));
        }
        Ok(Note { text, signatures })
    }

    /// Signs text, which must end in a newline.
    ///
    /// # Errors
    /// [`Error::Malformed`] for text that a note cannot carry, [`Error::Algorithm`] for a witness key.
    pub fn sign(text: String, keys: &[&SigningKey]) -> Result<Self, Error> {
        check_text(&text)?;
        let signatures = keys.iter().map(|key| key.sign(&text)).collect::<Result<Vec<_>, _>>()?;
        if signatures.is_empty() || signatures.len() > SIGNATURES_MAX {
            return Err(Error::Malformed("a note has 1 to 100 signatures"));
        }
        Ok(Note { text, signatures })
    }

    /// Adds a witness's cosignature, made at `timestamp` (seconds since 1970 UTC).
    ///
    /// # Errors
    /// [`Error::Algorithm`] for a log key, [`Error::Malformed`] for a time beyond 2^63 - 1 or too many signatures.
    pub fn cosign(&mut self, key: &SigningKey, timestamp: u64) -> Result<(), Error> {
        if self.signatures.len() == SIGNATURES_MAX {
            return Err(Error::Malformed("too many signatures"));
        }
        self.signatures.push(key.cosign(&self.text, timestamp)?);
        Ok(())
    }

    /// Verifies every signature that names a known key, and gives the keys that signed. Others are ignored.
    ///
    /// # Errors
    /// [`Error::Signature`] when a known key's signature is wrong, even if others are right; [`Error::Unsigned`] when no
    /// known key signed.
    pub fn verify<'a>(&self, known: &[&'a VerifierKey]) -> Result<Vec<Signer<'a>>, Error> {
        let mut signers: Vec<Signer<'a>> = Vec::new();
        for signature in &self.signatures {
            let matches = |key: &&&VerifierKey| (key.name(), key.key_id()) == (signature.name.as_str(), signature.key_id);
            for key in known.iter().filter(matches) {
                let wrong = || Error::Signature { name: signature.name.clone(), key_id: signature.key_id };
                let timestamp = key.verify(&self.text, &signature.bytes).ok_or_else(wrong)?;
                if signers.iter().all(|signer| signer.key != *key) {
                    signers.push(Signer { key, timestamp });
                }
            }
        }
        if signers.is_empty() { Err(Error::Unsigned) } else { Ok(signers) }
    }

    /// The text with its final newline. Do not act on it before [`Note::verify`] has passed.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The signatures, verified or not.
    pub fn signatures(&self) -> &[Signature] {
        &self.signatures
    }
}

impl fmt::Display for Note {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "{}", self.text)?;
        for Signature { name, key_id, bytes } in &self.signatures {
            let encoded = BASE64.encode([&key_id.to_be_bytes(), bytes.as_slice()].concat());
            writeln!(formatter, "{SIGNATURE_PREFIX}{name} {encoded}")?;
        }
        Ok(())
    }
}

fn check_text(text: &str) -> Result<(), Error> {
    if !text.ends_with('\n') {
        return Err(Error::Malformed("the text does not end in a newline"));
    }
    if text.bytes().any(|byte| byte < 0x20 && byte != b'\n') {
        return Err(Error::Malformed("the text holds a control character"));
    }
    Ok(())
}

fn parse_signature(line: &str) -> Result<Signature, Error> {
    let rest = line.strip_prefix(SIGNATURE_PREFIX).ok_or(Error::Malformed("a signature line does not begin with an em dash"))?;
    let (name, encoded) = rest.split_once(' ').ok_or(Error::Malformed("a signature line lacks its signature"))?;
    if !key::is_name(name) {
        return Err(Error::Malformed("a key name is empty, too long, or holds spaces or a plus"));
    }
    let bytes = BASE64.decode(encoded).map_err(|_| Error::Malformed("a signature is not base64"))?;
    match bytes.split_first_chunk::<4>() {
        Some((key_id, signature)) if !signature.is_empty() => {
            Ok(Signature { name: name.to_owned(), key_id: u32::from_be_bytes(*key_id), bytes: signature.to_vec() })
        }
        _ => Err(Error::Malformed("a signature is too short")),
    }
}

#[cfg(test)]
#[path = "note/tests.rs"]
mod tests;
