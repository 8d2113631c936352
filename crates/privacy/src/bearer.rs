//! Secrets that open something for whoever holds them: one-time links and sessions. 32 random bytes as 43 base64url characters in
//! the holder's hand, a hash in the database. Never looks one up, and knows nothing of what it opens.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use zeroize::Zeroizing;

use crate::{error::Error, parts};

/// The length of every such text.
pub const BEARER_TEXT_BYTES: usize = 43;

/// A secret in the hand of its holder. Wiped from memory when dropped.
pub struct Bearer(Zeroizing<[u8; 32]>);

impl Bearer {
    /// Takes 32 random bytes.
    #[must_use]
    pub fn from_random(secret: [u8; 32]) -> Self {
        Self(Zeroizing::new(secret))
    }

    /// Reads a secret as its holder sends it.
    ///
    /// # Errors
    /// [`Error::TokenForm`], which repeats nothing of the text.
    pub fn parse(text: &str) -> Result<Self, Error> {
        if text.len() != BEARER_TEXT_BYTES {
            return Err(Error::TokenForm);
        }
        let mut secret = Self(Zeroizing::new([0; 32]));
        let length = URL_SAFE_NO_PAD.decode_slice(text, secret.0.as_mut_slice()).map_err(|_| Error::TokenForm)?;
        if length == secret.0.len() { Ok(secret) } else { Err(Error::TokenForm) }
    }

    /// The text for the holder.
    #[must_use]
    pub fn text(&self) -> Zeroizing<String> {
        Zeroizing::new(URL_SAFE_NO_PAD.encode(self.0.as_slice()))
    }

    /// What is stored, to find it by: SHA-256 over `domain` and the secret, each length-prefixed. A secret of one domain is unknown
    /// in every other. A plain hash is enough: here are 256 random bits and no password.
    #[must_use]
    pub fn hash(&self, domain: &str) -> [u8; 32] {
        parts::digest([domain.as_bytes(), self.0.as_slice()])
    }

    /// A text that only somebody with the secret can know, and that says nothing about it: the token that forms carry.
    #[must_use]
    pub fn derived(&self, domain: &str) -> String {
        URL_SAFE_NO_PAD.encode(parts::mac(&self.0, domain, &[]))
    }
}

impl fmt::Debug for Bearer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Bearer")
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests may panic")]
mod tests {
    use super::*;

    #[test]
    fn secrets_never_change() {
        let secret = Bearer::from_random(std::array::from_fn(|i| i as u8));
        assert_eq!(secret.text().as_str(), "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8");
        // Python: sha256(p64(3) + b"abc" + p64(32) + bytes(range(32))), hmac(bytes(range(32)), p64(3) + b"abc").
        assert_eq!(hex::encode(secret.hash("abc")), "cb83b5eb96260d815401ec4fcdea422312dbdd04e9ec765f9f9a2122ab490643");
        assert_eq!(secret.derived("abc"), "jdlAHqTlr3PF0WnGSEs8E6tLnki5qMaCsGvNdOPVvW8");
        assert_eq!(format!("{secret:?}"), "Bearer");
    }

    #[test]
    fn what_is_made_parses_and_what_is_not_does_not() {
        let secret = Bearer::from_random([9; 32]);
        let text = secret.text();
        let parsed = Bearer::parse(&text).unwrap();
        assert_eq!(parsed.hash("a"), secret.hash("a"));
        assert_ne!(parsed.hash("a"), secret.hash("b"));
        assert_ne!(parsed.derived("a"), secret.derived("b"));
        for wrong in ["", &text[1..], &format!("{}=", &text[..42]), &format!("{}B", &text[..42]), &"ü".repeat(21), &"/".repeat(43)] {
            assert!(Bearer::parse(wrong).is_err(), "{wrong}");
        }
    }
}
