//! Canonical JSON bytes (RFC 8785), written straight from `serde` types: the bytes that leaves hash and signatures cover.
//! It never rounds, repairs or guesses: what has no single canonical form (floats, large integers, U+0000) is refused.
//!
//! The encoder makes one pass. An object's members are written as they come and re-ordered in place only when they
//! were not already in order, so a type whose fields are declared alphabetically costs nothing extra.

use std::cmp::Ordering;
use std::fmt::Display;

use serde::de::DeserializeOwned;
use serde::ser::{self, Serialize};

mod encoder;
mod key;

/// Largest magnitude of an integer: 2^53 - 1, the last up to which every JSON implementation agrees.
pub const INTEGER_MAGNITUDE_MAX: u64 = (1 << 53) - 1;

/// Deepest nesting of arrays and objects. Below the parser's own limit, so that whatever is encoded can be read back.
pub const NESTING_LEVELS_MAX: usize = 100;

/// Why a value has no canonical bytes, or why bytes are not canonical.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum Error {
    /// A float was met; events carry scaled integers or decimal strings.
    #[error("a floating-point number has no place in canonical JSON; use a scaled integer or a decimal string")]
    Float,
    /// An integer lies outside ±(2^53 - 1).
    #[error("the integer {0} lies outside ±(2^53 - 1)")]
    IntegerRange(String),
    /// An object key is not a string.
    #[error("an object key must be a string")]
    KeyNotString,
    /// A string or key holds U+0000.
    #[error("text must not hold U+0000")]
    Nul,
    /// An object holds the same key twice.
    #[error("the key {0:?} appears twice in one object")]
    DuplicateKey(String),
    /// Arrays and objects are nested too deep.
    #[error("nested deeper than {NESTING_LEVELS_MAX} levels")]
    TooDeep,
    /// The bytes are not JSON.
    #[error("not JSON: {0}")]
    Syntax(String),
    /// The bytes are JSON, but not in the one canonical form.
    #[error("the JSON is not in canonical form (RFC 8785)")]
    NotCanonical,
    /// A type's own `Serialize` or `Deserialize` refused.
    #[error("{0}")]
    Custom(String),
}

impl ser::Error for Error {
    fn custom<T: Display>(message: T) -> Self {
        Error::Custom(message.to_string())
    }
}

/// The canonical bytes of `value`.
///
/// # Errors
/// Floats (NaN or not), integers beyond ±(2^53 - 1), keys that are not strings, U+0000 in any text, duplicate keys
/// and nesting beyond [`NESTING_LEVELS_MAX`].
pub fn to_vec<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, Error> {
    let mut encoder = encoder::Encoder::default();
    value.serialize(&mut encoder)?;
    Ok(encoder.into_bytes())
}

/// Parses canonical bytes, and refuses every other spelling of the same value: each value has exactly one encoding.
///
/// # Errors
/// Bytes that are not JSON, and JSON that differs from its own canonical encoding in any byte.
pub fn to_value(bytes: &[u8]) -> Result<serde_json::Value, Error> {
    let value: serde_json::Value = serde_json::from_slice(bytes).map_err(|error| Error::Syntax(error.to_string()))?;
    // A duplicate key is dropped by the parser, so it shows as a difference here.
    if to_vec(&value)? == bytes { Ok(value) } else { Err(Error::NotCanonical) }
}

/// Parses canonical bytes into a type; as strict as [`to_value`].
///
/// # Errors
/// Those of [`to_value`], and whatever the type itself refuses.
pub fn from_slice<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Error> {
    serde_json::from_value(to_value(bytes)?).map_err(|error| Error::Custom(error.to_string()))
}

/// Orders two UTF-8 strings as RFC 8785 section 3.2.3 wants: by their UTF-16 code units.
///
/// UTF-8 bytes order by code point, which differs in one case only: characters beyond U+FFFF (lead byte 0xF0 and up)
/// become surrogates 0xD800..0xDFFF and so come before U+E000..U+FFFF (lead bytes 0xEE and 0xEF).
fn utf16_order(left: &[u8], right: &[u8]) -> Ordering {
    match left.iter().zip(right).find(|(l, r)| l != r) {
        None => left.len().cmp(&right.len()),
        Some((0xF0.., 0xEE..=0xEF)) => Ordering::Less,
        Some((0xEE..=0xEF, 0xF0..)) => Ordering::Greater,
        Some((l, r)) => l.cmp(r),
    }
}

#[cfg(test)]
#[path = "canonical/tests.rs"]
mod tests;
