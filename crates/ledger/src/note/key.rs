//! Keys of signed notes: Ed25519 for logs, and timestamped Ed25519 (cosignature/v1) for witnesses.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use ed25519_dalek::Signer as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sha2::{Digest, Sha256};

use super::{Error, Signature};

/// Longest name of a key.
pub const KEY_NAME_BYTES_MAX: usize = 255;

/// How a key signs; the byte is the specification's signature type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Algorithm {
    /// Ed25519 over the note's text: what a log signs with.
    Ed25519 = 1,
    /// Ed25519 over a time and the note's text (C2SP tlog-cosignature): what a witness signs with.
    Cosignature = 4,
}

/// A public key with its name; printed as `name+hash+key`.
///
/// INVARIANT: the point is canonically encoded and not of small order.
#[derive(Clone, PartialEq, Eq)]
pub struct VerifierKey {
    name: String,
    key_id: u32,
    algorithm: Algorithm,
    public: ed25519_dalek::VerifyingKey,
}

impl VerifierKey {
    /// A key from its parts.
    ///
    /// # Errors
    /// [`Error::Key`] for a name that a note cannot carry, and for bytes that no honest signer has as a public key.
    pub fn new(name: &str, algorithm: Algorithm, public: &[u8; 32]) -> Result<Self, Error> {
        if !is_name(name) {
            return Err(Error::Key("the name is empty, too long, or holds spaces, control characters or a plus"));
        }
        let public = ed25519_dalek::VerifyingKey::from_bytes(public).map_err(|_| Error::Key("the bytes are not a point"))?;
        if public.is_weak() {
            return Err(Error::Key("the point has small order"));
        }
        if public.to_edwards().compress().as_bytes() != public.as_bytes() {
            return Err(Error::Key("the point is not canonically encoded"));
        }
        let digest = Sha256::new().chain_update(name).chain_update([b'\n', algorithm as u8]).chain_update(public.as_bytes()).finalize();
        let [a, b, c, d, ..] = <[u8; 32]>::from(digest);
        Ok(VerifierKey { name: name.to_owned(), key_id: u32::from_be_bytes([a, b, c, d]), algorithm, public })
    }

    /// The name; for a log key, the log's origin.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The id: the first four bytes of SHA-256 over name, newline, algorithm and key.
    pub fn key_id(&self) -> u32 {
        self.key_id
    }

    /// How the key signs.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The public key's bytes.
    pub fn public(&self) -> &[u8; 32] {
        self.public.as_bytes()
    }

    /// `None` when the signature is wrong; else the time of a cosignature, or `None` inside for a plain signature.
    #[expect(clippy::option_option, reason = "the outer says whether it verifies, the inner whether it carries a time")]
    pub(super) fn verify(&self, text: &str, signature: &[u8]) -> Option<Option<u64>> {
        let (timestamp, message, signature) = match self.algorithm {
            Algorithm::Ed25519 => (None, text.to_owned(), signature),
            Algorithm::Cosignature => {
                let (time, signature) = signature.split_first_chunk::<8>()?;
                let timestamp = u64::from_be_bytes(*time);
                (Some(timestamp), cosigned_message(text, timestamp)?, signature)
            }
        };
        let signature = ed25519_dalek::Signature::from_bytes(signature.try_into().ok()?);
        self.public.verify_strict(message.as_bytes(), &signature).ok()?;
        Some(timestamp)
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = [&[self.algorithm as u8], self.public().as_slice()].concat();
        write!(formatter, "{}+{:08x}+{}", self.name, self.key_id, BASE64.encode(key))
    }
}

impl fmt::Debug for VerifierKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl FromStr for VerifierKey {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        const FORM: Error = Error::Key("it is not name+hash+key");
        let (name, rest) = text.split_once('+').ok_or(FORM)?;
        let (_, encoded) = rest.split_once('+').ok_or(FORM)?;
        let bytes = BASE64.decode(encoded).map_err(|_| Error::Key("the key is not base64"))?;
        let (algorithm, public) = match bytes.split_first() {
            Some((1, public)) => (Algorithm::Ed25519, public),
            Some((4, public)) => (Algorithm::Cosignature, public),
            _ => return Err(Error::Key("the algorithm is unknown")),
        };
        let key = VerifierKey::new(name, algorithm, public.try_into().map_err(|_| Error::Key("the key does not have 32 bytes"))?)?;
        // The hash is checked here too: a key has exactly one spelling.
        if key.to_string() == text { Ok(key) } else { Err(Error::Key("the hash does not match")) }
    }
}

impl Serialize for VerifierKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for VerifierKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// A secret key with its name. Its bytes are wiped when it is dropped and never printed.
pub struct SigningKey {
    verifier: VerifierKey,
    secret: ed25519_dalek::SigningKey,
}

impl SigningKey {
    /// A log key from 32 random bytes.
    ///
    /// # Errors
    /// [`Error::Key`] for a name that a note cannot carry.
    pub fn from_seed(name: &str, seed: &[u8; 32]) -> Result<Self, Error> {
        Self::new(name, Algorithm::Ed25519, seed)
    }

    /// A witness key from 32 random bytes, which no other key may share.
    ///
    /// # Errors
    /// [`Error::Key`] for a name that a note cannot carry.
    pub fn witness_from_seed(name: &str, seed: &[u8; 32]) -> Result<Self, Error> {
        Self::new(name, Algorithm::Cosignature, seed)
    }

    fn new(name: &str, algorithm: Algorithm, seed: &[u8; 32]) -> Result<Self, Error> {
        let secret = ed25519_dalek::SigningKey::from_bytes(seed);
        Ok(SigningKey { verifier: VerifierKey::new(name, algorithm, secret.verifying_key().as_bytes())?, secret })
    }

    /// The public half.
    pub fn verifier(&self) -> &VerifierKey {
        &self.verifier
    }

    pub(super) fn sign(&self, text: &str) -> Result<Signature, Error> {
        self.signature(Algorithm::Ed25519, self.secret.sign(text.as_bytes()).to_bytes().to_vec())
    }

    pub(super) fn cosign(&self, text: &str, timestamp: u64) -> Result<Signature, Error> {
        let message = cosigned_message(text, timestamp).ok_or(Error::Malformed("the time exceeds 2^63 - 1"))?;
        let signature = self.secret.sign(message.as_bytes()).to_bytes();
        self.signature(Algorithm::Cosignature, [timestamp.to_be_bytes().as_slice(), &signature].concat())
    }

    fn signature(&self, algorithm: Algorithm, bytes: Vec<u8>) -> Result<Signature, Error> {
        if self.verifier.algorithm != algorithm {
            return Err(Error::Algorithm(self.verifier.to_string()));
        }
        Ok(Signature { name: self.verifier.name.clone(), key_id: self.verifier.key_id, bytes })
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "SigningKey({})", self.verifier)
    }
}

/// What a witness signs; `None` for a time beyond 2^63 - 1.
fn cosigned_message(text: &str, timestamp: u64) -> Option<String> {
    i64::try_from(timestamp).ok()?;
    Some(format!("cosignature/v1\ntime {timestamp}\n{text}"))
}

/// Verifies an Ed25519 signature by the rules that all signatures here are held to: those of RFC 8032 without the
/// cofactor, refusing as well keys and commitments of small order and every encoding that is not canonical.
pub fn verify_ed25519(public: &[u8; 32], message: &[u8], signature: &[u8; 64]) -> bool {
    // The name plays no part in a bare signature; any valid one gives the same verdict on the key.
    let Ok(key) = VerifierKey::new("-", Algorithm::Ed25519, public) else {
        return false;
    };
    key.public.verify_strict(message, &ed25519_dalek::Signature::from_bytes(signature)).is_ok()
}

/// True for a name that a signature line can carry.
pub(super) fn is_name(name: &str) -> bool {
    let length = 1..=KEY_NAME_BYTES_MAX;
    length.contains(&name.len()) && !name.contains(|c: char| c.is_whitespace() || c.is_control() || c == '+')
}
