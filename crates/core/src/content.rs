//! A value inside an event: as it is, or as a salted commitment to a value that lies in the vault. Never encrypts anything.
//!
//! Personal values are always sealed, so that they can be destroyed while every proof still verifies. Values that are too
//! long for an event are sealed too, with no subject.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A SHA-256 digest, in lower-case hex wherever it is written.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// The SHA-256 of `bytes`.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        use sha2::Digest as _;
        Self(sha2::Sha256::digest(bytes).into())
    }
}

impl std::fmt::Display for Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl std::fmt::Debug for Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Digest({self})")
    }
}

impl std::str::FromStr for Digest {
    type Err = hex::FromHexError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes)?;
        Ok(Self(bytes))
    }
}

impl Serialize for Digest {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut text = [0; 64];
        // INVARIANT: 32 bytes are exactly 64 hex digits, so this cannot fail; an error is passed on all the same.
        hex::encode_to_slice(self.0, &mut text).map_err(serde::ser::Error::custom)?;
        serializer.serialize_str(std::str::from_utf8(&text).map_err(serde::ser::Error::custom)?)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'_, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// A value inside an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Content {
    /// The value itself: a string, an integer, a boolean, or an array or object of these.
    Plain(Value),
    /// A commitment to a value in the vault.
    Sealed(Seal),
}

/// A commitment to the canonical JSON bytes of a value in the vault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seal {
    /// SHA-256 over tag, salt, workspace, case, version, field and bytes, as `privacy::commitment` says.
    pub commitment: Digest,
    /// Length of the committed bytes.
    pub bytes: u64,
}

impl Content {
    /// Plain text.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self::Plain(Value::String(text.into()))
    }

    /// The text, if it is plain text.
    #[must_use]
    pub fn as_plain_str(&self) -> Option<&str> {
        match self {
            Self::Plain(Value::String(s)) => Some(s),
            _ => None,
        }
    }
}
