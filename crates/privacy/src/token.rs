//! Keyed tokens (what stands for an external id or a content, so that equals meet and nobody can try values out) and
//! signed tokens (what was shown, list cursors). Never encrypts: a signed token's payload is readable by its holder.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use subtle::ConstantTimeEq;

use crate::{error::Error, parts};

/// The largest payload of a signed token: it has to fit into a URL and a form field.
pub const TOKEN_PAYLOAD_BYTES_MAX: usize = 8 * 1024;
/// The largest signed token: the payload and 32 bytes of MAC in base64, and the dot between them.
pub const TOKEN_TEXT_BYTES_MAX: usize = (TOKEN_PAYLOAD_BYTES_MAX * 4).div_ceil(3) + 1 + 43;

/// A token that stands for `parts` under `key`: HMAC-SHA256 over `domain` and the parts, each length-prefixed, cut to
/// 16 bytes. Equal input gives equal tokens; without the key a token says nothing about its input.
#[must_use]
pub fn keyed_token(key: &[u8; 32], domain: &str, parts: &[&[u8]]) -> [u8; 16] {
    let [token @ .., _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _] = parts::mac(key, domain, parts);
    token
}

/// `payload` as a signed, URL-safe text `payload.mac`: both in base64url without padding, the MAC being HMAC-SHA256
/// over `domain` and the payload, each length-prefixed. A token of one domain is refused in every other.
///
/// # Errors
/// [`Error::TooLarge`] above [`TOKEN_PAYLOAD_BYTES_MAX`].
pub fn sign_token(key: &[u8; 32], domain: &str, payload: &[u8]) -> Result<String, Error> {
    if payload.len() > TOKEN_PAYLOAD_BYTES_MAX {
        return Err(Error::TooLarge { what: "the payload of a token", found: payload.len(), max: TOKEN_PAYLOAD_BYTES_MAX });
    }
    let mut text = URL_SAFE_NO_PAD.encode(payload);
    text.push('.');
    URL_SAFE_NO_PAD.encode_string(parts::mac(key, domain, &[payload]), &mut text);
    Ok(text)
}

/// The payload of a token that [`sign_token`] made with the same key and domain. Takes equally long for every wrong
/// MAC, and there is only one text for a payload: base64 with stray bits is refused.
///
/// # Errors
/// [`Error::TooLarge`] above [`TOKEN_TEXT_BYTES_MAX`], [`Error::TokenForm`], [`Error::TokenForged`].
pub fn verify_token(key: &[u8; 32], domain: &str, text: &str) -> Result<Vec<u8>, Error> {
    if text.len() > TOKEN_TEXT_BYTES_MAX {
        return Err(Error::TooLarge { what: "a token", found: text.len(), max: TOKEN_TEXT_BYTES_MAX });
    }
    let (payload, mac) = text.split_once('.').ok_or(Error::TokenForm)?;
    let payload = URL_SAFE_NO_PAD.decode(payload).map_err(|_| Error::TokenForm)?;
    let mac = URL_SAFE_NO_PAD.decode(mac).map_err(|_| Error::TokenForm)?;
    let expected = parts::mac(key, domain, &[&payload]);
    if bool::from(mac.as_slice().ct_eq(expected.as_slice())) { Ok(payload) } else { Err(Error::TokenForged) }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests may panic")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const KEY: [u8; 32] = [7; 32];

    #[test]
    fn tokens_never_change() {
        // Python: hmac over p64(len) + part for the domain and the parts; the keyed token is its first 16 bytes.
        assert_eq!(hex::encode(keyed_token(&KEY, "external", &[b"support", b"T-1"])), "5a09702dc4227c79b516b21dba61ba4e");
        assert_eq!(sign_token(&KEY, "cursor", b"{\"after\":7}").unwrap(), "eyJhZnRlciI6N30.Rz-CTY5I2NYmAm2zNJtHbCZRgp-7sBzzxgHYbczSU0Y");
    }

    #[test]
    fn key_and_domain_count() {
        let token = keyed_token(&KEY, "external", &[b"T-1"]);
        assert_ne!(token, keyed_token(&[8; 32], "external", &[b"T-1"]));
        assert_ne!(token, keyed_token(&KEY, "content", &[b"T-1"]));
        assert_ne!(token, keyed_token(&KEY, "external", &[b"T-1", b""]));
        let signed = sign_token(&KEY, "shown", b"p").unwrap();
        assert_eq!(verify_token(&KEY, "cursor", &signed), Err(Error::TokenForged));
        assert_eq!(verify_token(&[8; 32], "shown", &signed), Err(Error::TokenForged));
        assert_eq!(verify_token(&KEY, "shown", &signed).unwrap(), b"p");
    }

    #[test]
    fn hostile_texts_are_refused() {
        let signed = sign_token(&KEY, "shown", b"pq").unwrap();
        let (payload, mac) = signed.split_once('.').unwrap();
        for (text, error) in [
            (String::new(), Error::TokenForm),
            (payload.to_owned(), Error::TokenForm),
            (format!("{payload}.{mac}.{mac}"), Error::TokenForm),
            (format!("{payload}.{mac}="), Error::TokenForm),
            (format!(" {signed}"), Error::TokenForm),
            (format!("{payload}.ü"), Error::TokenForm),
            (format!("{payload}."), Error::TokenForged),
            (format!("{payload}.{}", &mac[..40]), Error::TokenForged),
            (format!(".{mac}"), Error::TokenForged),
        ] {
            assert_eq!(verify_token(&KEY, "shown", &text).unwrap_err(), error, "{text}");
        }
    }

    #[test]
    fn sizes_are_limited_at_the_named_limit() {
        let largest = sign_token(&KEY, "shown", &vec![9; TOKEN_PAYLOAD_BYTES_MAX]).unwrap();
        assert_eq!(largest.len(), TOKEN_TEXT_BYTES_MAX);
        assert_eq!(verify_token(&KEY, "shown", &largest).unwrap().len(), TOKEN_PAYLOAD_BYTES_MAX);
        let refused = sign_token(&KEY, "shown", &vec![9; TOKEN_PAYLOAD_BYTES_MAX + 1]).unwrap_err();
        assert!(matches!(refused, Error::TooLarge { .. }));
        let refused = verify_token(&KEY, "shown", &"A".repeat(TOKEN_TEXT_BYTES_MAX + 1)).unwrap_err();
        assert!(matches!(refused, Error::TooLarge { .. }));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn what_is_signed_verifies_and_any_other_text_is_refused(
            payload in proptest::collection::vec(any::<u8>(), 0..60), bit in 0_u8..7,
        ) {
            let signed = sign_token(&KEY, "shown", &payload).unwrap();
            prop_assert_eq!(verify_token(&KEY, "shown", &signed).unwrap(), payload);
            for at in 0..signed.len() {
                let mut bytes = signed.clone().into_bytes();
                bytes[at] ^= 1 << bit;
                let text = String::from_utf8(bytes).unwrap();
                prop_assert!(verify_token(&KEY, "shown", &text).is_err(), "character {} changed: {}", at, text);
            }
        }

        #[test]
        fn moving_a_boundary_changes_the_token(text in "[a-z]{2,24}", from in 0_usize..24, to in 0_usize..24) {
            let (from, to) = (from % (text.len() + 1), to % (text.len() + 1));
            prop_assume!(from != to);
            let at = |cut: usize| {
                let (left, right) = text.split_at(cut);
                keyed_token(&KEY, "external", &[left.as_bytes(), right.as_bytes()])
            };
            prop_assert_ne!(at(from), at(to));
        }
    }
}
