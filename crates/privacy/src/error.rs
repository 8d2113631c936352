//! What can go wrong with keys and sealed bytes. Never carries a secret, a plaintext or a token.

use crate::root::KeyId;

/// A refusal of this crate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The root secret is neither 32 raw bytes nor 64 hexadecimal digits.
    #[error(
        "read the root secret: found {found} bytes; it must be exactly 32 raw bytes, or 64 hexadecimal digits \
         with nothing but white space around them"
    )]
    RootSecretForm {
        /// Length of what was handed in, in bytes, white space around it not counted.
        found: usize,
    },
    /// The root secret is one byte repeated: a placeholder that nobody replaced.
    #[error("read the root secret: all its bytes are equal, so it is a placeholder; use 32 random bytes")]
    RootSecretPlaceholder,
    /// Sealed bytes that are too short or whose format version is unknown.
    #[error("read sealed bytes: {0}")]
    SealedForm(&'static str),
    /// Sealed under another key than the one at hand.
    #[error("open sealed bytes: they were sealed under key {found}, and the key at hand is {at_hand}")]
    OtherKey {
        /// The key id in the header of the sealed bytes.
        found: KeyId,
        /// The id of the key that was to open them.
        at_hand: KeyId,
    },
    /// Bytes that were altered, or sealed for another workspace, subject, case, version or field.
    #[error("open sealed bytes: they were altered, or sealed for another place than the one they were read from")]
    Forged,
    /// More bytes than the named limit.
    #[error("{what} has {found} bytes, and at most {max} are taken")]
    TooLarge {
        /// What was too large.
        what: &'static str,
        /// Its length in bytes.
        found: usize,
        /// The limit in bytes.
        max: usize,
    },
    /// A token that is not `payload.mac` in URL-safe base64.
    #[error("read a token: it is not of the form payload.mac in URL-safe base64 without padding")]
    TokenForm,
    /// A token that this node did not sign, or signed for another use.
    #[error("read a token: its signature does not match")]
    TokenForged,
    /// An API key that is not `cs_<8 hex digits>_<43 base64url characters>`, or is mistyped.
    #[error("read an API key: {0}")]
    ApiKeyForm(&'static str),
    /// A password that could not be hashed.
    #[error("hash a password: it cannot be done")]
    PasswordHash,
}
