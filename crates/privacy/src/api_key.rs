//! API keys: `cs_<8 hex digits of the key id>_<43 base64url characters of the secret>`. The text is shown once; what is
//! stored is the id and a hash. Never looks a key up, and knows nothing of scopes.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::{error::Error, parts, root::KeyId};

const PREFIX: &str = "cs_";
const ID_DIGITS: usize = 8;
const SECRET_CHARACTERS: usize = 43;
/// The length of every API key.
pub const API_KEY_TEXT_BYTES: usize = PREFIX.len() + ID_DIGITS + 1 + SECRET_CHARACTERS;

/// An API key in the hand of its owner: made once, or read from a request. Wiped from memory when dropped.
pub struct ApiKey(Zeroizing<[u8; 32]>);

impl ApiKey {
    /// Takes 32 random bytes as the secret.
    #[must_use]
    pub fn from_random(secret: [u8; 32]) -> Self {
        Self(Zeroizing::new(secret))
    }

    /// Reads a key as its owner sends it. The id is made from the secret, so a mistyped key is told apart here, before
    /// any look-up.
    ///
    /// # Errors
    /// [`Error::ApiKeyForm`], which says what is wrong and repeats nothing of the text.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let form = || Error::ApiKeyForm("it is not of the form cs_<8 hexadecimal digits>_<43 base64url characters>");
        if text.len() != API_KEY_TEXT_BYTES {
            return Err(form());
        }
        let rest = text.strip_prefix(PREFIX).ok_or_else(form)?;
        let (id, secret) = rest.split_once('_').ok_or_else(form)?;
        let mut key = Self(Zeroizing::new([0; 32]));
        // The decoder wants room for a whole group; a full slice of 32 bytes is all that 43 characters can fill.
        let length = URL_SAFE_NO_PAD.decode_slice(secret, key.0.as_mut_slice()).map_err(|_| form())?;
        if length != key.0.len() {
            return Err(form());
        }
        if id != key.id().to_string() {
            return Err(Error::ApiKeyForm("its id does not belong to its secret: is it copied whole?"));
        }
        Ok(key)
    }

    /// The text for the owner, shown once.
    #[must_use]
    pub fn text(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(API_KEY_TEXT_BYTES));
        text.push_str(PREFIX);
        text.push_str(&self.id().to_string());
        text.push('_');
        URL_SAFE_NO_PAD.encode_string(self.0.as_slice(), &mut text);
        text
    }

    /// The id to look the key up by. Two keys may share an id (one pair among some 65,000 keys), so it is no unique
    /// column: every row under it is tried.
    #[must_use]
    pub fn id(&self) -> KeyId {
        KeyId(parts::first_4(&parts::digest([&b"countersign/api-key-id/v1"[..], self.0.as_slice()])))
    }

    /// What is stored. A plain SHA-256 with a prefix: a slow hash protects passwords that people choose, and here are
    /// 256 random bits.
    #[must_use]
    pub fn hash(&self) -> [u8; 32] {
        Sha256::new_with_prefix(b"countersign/api-key/v1\0").chain_update(self.0.as_slice()).finalize().into()
    }

    /// Whether `stored` is the [`hash`](Self::hash) of this key; takes equally long for every wrong one.
    #[must_use]
    pub fn verify(&self, stored: &[u8; 32]) -> bool {
        self.hash().as_slice().ct_eq(stored.as_slice()).into()
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ApiKey({})", self.id())
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests may panic")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn keys_never_change() {
        let key = ApiKey::from_random(std::array::from_fn(|i| i as u8));
        assert_eq!(key.text().as_str(), "cs_fd713588_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8");
        assert_eq!(hex::encode(key.hash()), "67e2eef15d7e237a9fc53e617feab771e184107478dd235c49122c0591dcce7a");
        assert_eq!(format!("{key:?}"), format!("ApiKey({})", key.id()));
    }

    #[test]
    fn other_forms_are_refused() {
        let key = ApiKey::from_random([7; 32]);
        let text = key.text().to_string();
        let long = format!("{text}A");
        let upper = text.replacen("cs_", "CS_", 1);
        let padded = format!("{}=", &text[..text.len() - 1]);
        for wrong in ["", "cs_", "Bearer", &text[1..], &text[..text.len() - 1], &long, &upper, &padded, &"ü".repeat(27)] {
            assert!(matches!(ApiKey::parse(wrong).unwrap_err(), Error::ApiKeyForm(_)), "{wrong}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn what_is_made_parses_and_any_other_text_does_not(secret in any::<[u8; 32]>(), bit in 0_u8..7) {
            let key = ApiKey::from_random(secret);
            let text = key.text();
            prop_assert_eq!(text.len(), API_KEY_TEXT_BYTES);
            let parsed = ApiKey::parse(&text).unwrap();
            prop_assert!(parsed.verify(&key.hash()));
            prop_assert!(!parsed.verify(&ApiKey::from_random([7; 32]).hash()));
            for at in 0..text.len() {
                let mut bytes = text.as_bytes().to_vec();
                bytes[at] ^= 1 << bit;
                let changed = String::from_utf8(bytes).unwrap();
                prop_assert!(ApiKey::parse(&changed).is_err(), "character {} changed", at);
            }
        }
    }
}
