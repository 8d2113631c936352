//! The root secret of a node and the keys derived from it by purpose (HKDF-SHA256, RFC 5869). It lives outside the data
//! directory and the ordinary backup; it is never printed, and never used as a key itself.

use std::fmt;

use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::{error::Error, parts};

/// The HKDF salt: separates our derivations from anything else that may be fed with the same secret.
const SALT: &[u8] = b"countersign/root/v1";

/// What a derived key is for. Two purposes never share a key, and the names never change once released.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// Wraps the keys of data subjects; context: the workspace.
    VaultWrap,
    /// Tokens that stand for external ids; context: the workspace.
    ExternalToken,
    /// Tokens that stand for the content of a case, to tell duplicates from conflicts; context: the workspace.
    ContentToken,
    /// Tokens that stand for words in the search index; context: the workspace.
    SearchToken,
    /// Signs the token that says what a person was shown.
    ShownToken,
    /// Signs list cursors.
    Cursor,
    /// Seeds the signing key of a workspace's checkpoints; context: the workspace and the key's generation.
    CheckpointSeed,
    /// The epoch key of committed random draws; context: the workspace and the epoch.
    DrawEpoch,
    /// Signs the messages to a webhook; context: the workspace, the webhook, and after the first one its number.
    WebhookSecret,
    /// Names the root secret: see [`RootSecret::key_id`].
    KeyId,
}

impl Purpose {
    /// Every purpose, in the order of declaration.
    pub const ALL: [Self; 10] = [
        Self::VaultWrap,
        Self::ExternalToken,
        Self::ContentToken,
        Self::SearchToken,
        Self::ShownToken,
        Self::Cursor,
        Self::CheckpointSeed,
        Self::DrawEpoch,
        Self::WebhookSecret,
        Self::KeyId,
    ];

    /// The name that goes into the derivation.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::VaultWrap => "vault-wrap",
            Self::ExternalToken => "external-token",
            Self::ContentToken => "content-token",
            Self::SearchToken => "search-token",
            Self::ShownToken => "shown-token",
            Self::Cursor => "cursor",
            Self::CheckpointSeed => "checkpoint-seed",
            Self::DrawEpoch => "draw-epoch",
            Self::WebhookSecret => "webhook-secret",
            Self::KeyId => "key-id",
        }
    }
}

/// The name of a key: 4 bytes of a one-way function of it, shown as 8 hexadecimal digits. Not a secret.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyId(pub [u8; 4]);

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", u32::from_be_bytes(self.0))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyId({self})")
    }
}

/// The 32 random bytes that every other key of a node comes from. Wiped from memory when dropped.
pub struct RootSecret(Zeroizing<[u8; 32]>);

impl RootSecret {
    /// Takes 32 bytes.
    ///
    /// # Errors
    /// [`Error::RootSecretPlaceholder`] when all bytes are equal.
    pub fn from_bytes(bytes: [u8; 32]) -> Result<Self, Error> {
        let bytes = Zeroizing::new(bytes);
        if bytes.iter().all(|byte| *byte == bytes[0]) {
            return Err(Error::RootSecretPlaceholder);
        }
        Ok(Self(bytes))
    }

    /// Takes 64 hexadecimal digits in either case, with or without white space around them.
    ///
    /// # Errors
    /// [`Error::RootSecretForm`] for anything else, [`Error::RootSecretPlaceholder`] when all bytes are equal.
    pub fn from_hex(text: &str) -> Result<Self, Error> {
        let text = text.trim();
        let mut bytes = Zeroizing::new([0_u8; 32]);
        hex::decode_to_slice(text, bytes.as_mut_slice()).map_err(|_| Error::RootSecretForm { found: text.len() })?;
        Self::from_bytes(*bytes)
    }

    /// Takes what a secret file holds: 32 raw bytes, or the text that [`from_hex`](Self::from_hex) takes.
    ///
    /// # Errors
    /// As [`from_hex`](Self::from_hex).
    pub fn from_file_bytes(content: &[u8]) -> Result<Self, Error> {
        if let Ok(bytes) = <[u8; 32]>::try_from(content) {
            return Self::from_bytes(bytes);
        }
        match std::str::from_utf8(content) {
            Ok(text) => Self::from_hex(text),
            Err(_) => Err(Error::RootSecretForm { found: content.len() }),
        }
    }

    /// The secret as a file holds it: 64 hexadecimal digits. For writing a new secret file, nothing else.
    #[must_use]
    pub fn to_hex(&self) -> Zeroizing<String> {
        Zeroizing::new(hex::encode(self.0.as_slice()))
    }

    /// The key for `purpose` in `context` (32 bytes, independent of every other purpose and context).
    #[must_use]
    pub fn derive(&self, purpose: Purpose, context: &[u8]) -> Zeroizing<[u8; 32]> {
        let name = purpose.name().as_bytes();
        let mut key = Zeroizing::new([0_u8; 32]);
        // The name is length-prefixed so that no purpose and context together read like another pair.
        #[expect(clippy::expect_used, reason = "RFC 5869 allows 255 blocks of output, and this asks for one")]
        Hkdf::<Sha256>::new(Some(SALT), self.0.as_slice())
            .expand_multi_info(&[&(name.len() as u64).to_be_bytes(), name, context], key.as_mut_slice())
            .expect("one block of output");
        key
    }

    /// The id of this secret, stored in the header of everything that is wrapped under it.
    #[must_use]
    pub fn key_id(&self) -> KeyId {
        KeyId(parts::first_4(&self.derive(Purpose::KeyId, b"")))
    }

    /// The key that wraps the subject keys of `workspace`. Derive it once and keep it: it costs a few hashes.
    #[must_use]
    pub fn wrapping_key(&self, workspace: &[u8; 16]) -> WrappingKey {
        WrappingKey { key: self.derive(Purpose::VaultWrap, workspace), id: self.key_id() }
    }
}

impl fmt::Debug for RootSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RootSecret({})", self.key_id())
    }
}

/// Wraps the subject keys of one workspace; carries the id of the root secret that it was derived from.
pub struct WrappingKey {
    pub(crate) key: Zeroizing<[u8; 32]>,
    pub(crate) id: KeyId,
}

impl WrappingKey {
    /// The id of the root secret that this key was derived from.
    #[must_use]
    pub fn key_id(&self) -> KeyId {
        self.id
    }
}

impl fmt::Debug for WrappingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WrappingKey({})", self.id)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests may panic")]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn counting() -> [u8; 32] {
        std::array::from_fn(|i| i as u8)
    }

    #[test]
    fn hkdf_gives_the_vectors_of_rfc_5869() {
        // Appendix A.1: a basic case with SHA-256.
        let salt = hex::decode("000102030405060708090a0b0c").unwrap();
        let info = hex::decode("f0f1f2f3f4f5f6f7f8f9").unwrap();
        let mut okm = [0_u8; 42];
        Hkdf::<Sha256>::new(Some(&salt), &[0x0b; 22]).expand(&info, &mut okm).unwrap();
        assert_eq!(hex::encode(okm), "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865");
        // Appendix A.3: zero-length salt and info.
        Hkdf::<Sha256>::new(Some(b""), &[0x0b; 22]).expand(b"", &mut okm).unwrap();
        assert_eq!(hex::encode(okm), "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8");
    }

    #[test]
    fn derived_keys_never_change() {
        // Computed with Python's hmac: extract with the salt, then one block over p64(len(name)) + name + context + 0x01.
        let root = RootSecret::from_bytes(counting()).unwrap();
        assert_eq!(hex::encode(*root.derive(Purpose::VaultWrap, b"w")), "dba29d1205ffe321d05772a3ab691c89125e8149b0df633c0f0c27beb2cd8a38");
        assert_eq!(root.key_id().to_string(), "12cae4a3");
    }

    #[test]
    fn every_purpose_and_context_has_its_own_key() {
        let root = RootSecret::from_bytes(counting()).unwrap();
        let contexts: [&[u8]; 4] = [b"", b"a", b"ab", &[0; 16]];
        let keys: HashSet<_> = Purpose::ALL.iter().flat_map(|purpose| contexts.map(|context| *root.derive(*purpose, context))).collect();
        assert_eq!(keys.len(), Purpose::ALL.len() * contexts.len());
    }

    #[test]
    fn a_file_may_hold_raw_bytes_or_hex_and_nothing_else() {
        let root = RootSecret::from_bytes(counting()).unwrap();
        let hex = root.to_hex();
        for content in [counting().to_vec(), hex.as_bytes().to_vec(), format!("  {}\r\n", hex.to_uppercase()).into_bytes()] {
            assert_eq!(RootSecret::from_file_bytes(&content).unwrap().key_id(), root.key_id());
        }
        for (content, found) in [(&b""[..], 0), (&[0xff; 31], 31), (&hex.as_bytes()[..63], 63), (&[b'g'; 64], 64)] {
            let refused = RootSecret::from_file_bytes(content).unwrap_err();
            assert_eq!(refused, Error::RootSecretForm { found });
            assert!(refused.to_string().contains("64 hexadecimal digits"));
        }
        assert_eq!(RootSecret::from_bytes([7; 32]).unwrap_err(), Error::RootSecretPlaceholder);
        assert_eq!(RootSecret::from_hex(&"00".repeat(32)).unwrap_err(), Error::RootSecretPlaceholder);
    }

    #[test]
    fn debug_shows_the_id_and_no_secret() {
        let root = RootSecret::from_bytes(counting()).unwrap();
        assert_eq!(format!("{root:?}"), format!("RootSecret({})", root.key_id()));
        assert_eq!(format!("{:?}", root.wrapping_key(&[1; 16])), format!("WrappingKey({})", root.key_id()));
    }
}
