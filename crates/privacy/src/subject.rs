//! The key per data subject, and what is sealed under it (XChaCha20-Poly1305, draft-irtf-cfrg-xchacha-03). Destroying
//! the wrapped key erases the subject, wherever copies of the sealed bytes may lie. Never stores or chooses a key, and
//! never draws a nonce.
//!
//! Sealed bytes are `format version (1) | key id (4) | nonce (24) | ciphertext | tag (16)`. The associated data is a
//! SHA-256 over the header and the place (see [`Aad`]), so that sealed bytes open nowhere but where they belong. The
//! key id names the key that sealed them: the root secret for a wrapped subject key, the subject key for a value, so
//! that a new root secret means to wrap the subject keys again and to touch no value.

use std::fmt;

use chacha20poly1305::{AeadInOut, KeyInit, XChaCha20Poly1305};
use zeroize::Zeroizing;

use crate::{
    error::Error,
    parts,
    root::{KeyId, WrappingKey},
};

/// The format version that this code writes and reads.
const FORMAT: u8 = 1;
const HEADER_BYTES: usize = 1 + 4;
const NONCE_BYTES: usize = 24;
const TAG_BYTES: usize = 16;

/// How many bytes sealing adds to a plaintext.
pub const OVERHEAD_BYTES: usize = HEADER_BYTES + NONCE_BYTES + TAG_BYTES;
/// The largest plaintext that is sealed in one piece: an attachment with room to spare.
pub const PLAINTEXT_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Where a value belongs: sealed bytes open only under the very same place.
#[derive(Clone, Copy)]
pub struct Aad<'a> {
    /// The workspace.
    pub workspace: &'a [u8; 16],
    /// The data subject.
    pub subject: &'a [u8; 16],
    /// The case.
    pub case: &'a [u8; 16],
    /// The version of the case's content.
    pub version: u64,
    /// The field's name.
    pub field: &'a str,
}

/// The key of one data subject. Wiped from memory when dropped; destroyed for good when its wrapped form is deleted.
pub struct SubjectKey {
    key: Zeroizing<[u8; 32]>,
    id: KeyId,
}

impl SubjectKey {
    /// Takes 32 random bytes.
    #[must_use]
    pub fn from_random(key: [u8; 32]) -> Self {
        let id = KeyId(parts::first_4(&parts::mac(&key, "countersign/subject-key-id/v1", &[])));
        Self { key: Zeroizing::new(key), id }
    }

    /// The id of this key, as found in the header of what it sealed.
    #[must_use]
    pub fn key_id(&self) -> KeyId {
        self.id
    }

    /// This key, wrapped for storage: opens only for the same `subject` in the workspace of `wrapping`. `nonce` is
    /// 24 random bytes that are used once.
    ///
    /// # Errors
    /// None in practice; the cipher's own refusal is handed on.
    pub fn wrap(&self, wrapping: &WrappingKey, subject: &[u8; 16], nonce: [u8; 24]) -> Result<Vec<u8>, Error> {
        seal_under(&wrapping.key, wrapping.id, nonce, &wrap_parts(subject), self.key.as_slice())
    }

    /// The key that [`wrap`](Self::wrap) wrapped.
    ///
    /// # Errors
    /// [`Error::SealedForm`] for bytes that are no wrapped key, [`Error::OtherKey`] when another root secret wrapped
    /// it, [`Error::Forged`] when it was altered or belongs to another subject or workspace.
    pub fn unwrap(wrapping: &WrappingKey, subject: &[u8; 16], wrapped: &[u8]) -> Result<Self, Error> {
        let opened = Zeroizing::new(open_under(&wrapping.key, wrapping.id, &wrap_parts(subject), wrapped)?);
        match <[u8; 32]>::try_from(opened.as_slice()) {
            Ok(key) => Ok(Self::from_random(key)),
            Err(_) => Err(Error::SealedForm("a wrapped key holds 32 bytes")),
        }
    }

    /// `plaintext`, sealed for `aad`. `nonce` is 24 random bytes that are used once under this key. Allocates its
    /// output and nothing else.
    ///
    /// # Errors
    /// [`Error::TooLarge`] above [`PLAINTEXT_BYTES_MAX`].
    pub fn seal(&self, nonce: [u8; 24], aad: &Aad<'_>, plaintext: &[u8]) -> Result<Vec<u8>, Error> {
        seal_under(&self.key, self.id, nonce, &value_parts(aad, &aad.version.to_be_bytes()), plaintext)
    }

    /// What [`seal`](Self::seal) sealed for the same `aad`. Allocates its output and nothing else.
    ///
    /// # Errors
    /// [`Error::SealedForm`] for bytes of another form, [`Error::OtherKey`] when another key sealed them,
    /// [`Error::Forged`] when they were altered or belong to another place.
    pub fn open(&self, aad: &Aad<'_>, sealed: &[u8]) -> Result<Vec<u8>, Error> {
        open_under(&self.key, self.id, &value_parts(aad, &aad.version.to_be_bytes()), sealed)
    }
}

impl fmt::Debug for SubjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SubjectKey({})", self.id)
    }
}

/// The id of the key that sealed (or wrapped) `sealed`, read from its header without any key.
///
/// # Errors
/// [`Error::SealedForm`] when the bytes are too short or of an unknown format version.
pub fn sealed_key_id(sealed: &[u8]) -> Result<KeyId, Error> {
    split(sealed).map(|sealed| sealed.id)
}

fn wrap_parts(subject: &[u8; 16]) -> [&[u8]; 2] {
    [b"countersign/subject-key/v1", subject]
}

fn value_parts<'a>(aad: &Aad<'a>, version: &'a [u8; 8]) -> [&'a [u8]; 6] {
    [b"countersign/value/v1", aad.workspace, aad.subject, aad.case, version, aad.field.as_bytes()]
}

/// The associated data: one digest of fixed length, so that a long field name costs no allocation.
fn associated(header: &[u8; HEADER_BYTES], place: &[&[u8]]) -> [u8; 32] {
    parts::digest(std::iter::once(header.as_slice()).chain(place.iter().copied()))
}

fn seal_under(key: &[u8; 32], id: KeyId, nonce: [u8; NONCE_BYTES], place: &[&[u8]], plaintext: &[u8]) -> Result<Vec<u8>, Error> {
    let too_large = Error::TooLarge { what: "a value to seal", found: plaintext.len(), max: PLAINTEXT_BYTES_MAX };
    if plaintext.len() > PLAINTEXT_BYTES_MAX {
        return Err(too_large);
    }
    let [a, b, c, d] = id.0;
    let header = [FORMAT, a, b, c, d];
    let mut sealed = Vec::with_capacity(OVERHEAD_BYTES + plaintext.len());
    sealed.extend_from_slice(&header);
    sealed.extend_from_slice(&nonce);
    sealed.extend_from_slice(plaintext);
    let (_, body) = sealed.split_at_mut(HEADER_BYTES + NONCE_BYTES);
    // The cipher refuses nothing but messages above 256 GiB.
    let tag = XChaCha20Poly1305::new(key.into())
        .encrypt_inout_detached(&nonce.into(), &associated(&header, place), body.into())
        .map_err(|_| too_large)?;
    sealed.extend_from_slice(&tag);
    Ok(sealed)
}

fn open_under(key: &[u8; 32], id: KeyId, place: &[&[u8]], sealed: &[u8]) -> Result<Vec<u8>, Error> {
    let sealed = split(sealed)?;
    if sealed.id != id {
        return Err(Error::OtherKey { found: sealed.id, at_hand: id });
    }
    let mut opened = sealed.ciphertext.to_vec();
    // The tag is checked before anything is decrypted, so a refusal leaves no plaintext behind.
    XChaCha20Poly1305::new(key.into())
        .decrypt_inout_detached(sealed.nonce.into(), &associated(sealed.header, place), opened.as_mut_slice().into(), sealed.tag.into())
        .map_err(|_| Error::Forged)?;
    Ok(opened)
}

/// Sealed bytes, cut into their parts.
struct Sealed<'a> {
    header: &'a [u8; HEADER_BYTES],
    id: KeyId,
    nonce: &'a [u8; NONCE_BYTES],
    ciphertext: &'a [u8],
    tag: &'a [u8; TAG_BYTES],
}

fn split(sealed: &[u8]) -> Result<Sealed<'_>, Error> {
    let short = Error::SealedForm("they are shorter than a header, a nonce and a tag");
    let (header, rest) = sealed.split_first_chunk::<HEADER_BYTES>().ok_or(short.clone())?;
    let (nonce, rest) = rest.split_first_chunk::<NONCE_BYTES>().ok_or(short.clone())?;
    let (ciphertext, tag) = rest.split_last_chunk::<TAG_BYTES>().ok_or(short)?;
    let [FORMAT, id @ ..] = *header else {
        return Err(Error::SealedForm("their format version is unknown to this release"));
    };
    Ok(Sealed { header, id: KeyId(id), nonce, ciphertext, tag })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests may panic")]
mod tests {
    use chacha20poly1305::{Key, XNonce};
    use proptest::prelude::*;

    use super::*;
    use crate::root::RootSecret;

    const AAD: Aad<'static> = Aad { workspace: &[1; 16], subject: &[2; 16], case: &[3; 16], version: 4, field: "body" };

    fn root() -> RootSecret {
        RootSecret::from_bytes(std::array::from_fn(|i| i as u8)).unwrap()
    }

    #[test]
    fn the_cipher_gives_the_vector_of_the_draft() {
        // draft-irtf-cfrg-xchacha-03, appendix A.3.1.
        let key: [u8; 32] = std::array::from_fn(|i| 0x80 + i as u8);
        let nonce: [u8; 24] = std::array::from_fn(|i| 0x40 + i as u8);
        let aad = hex::decode("50515253c0c1c2c3c4c5c6c7").unwrap();
        let mut text = b"Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, \
sunscreen would be it."
            .to_vec();
        let tag =
            XChaCha20Poly1305::new(&Key::from(key)).encrypt_inout_detached(&XNonce::from(nonce), &aad, text.as_mut_slice().into()).unwrap();
        assert_eq!(
            hex::encode(&text),
            "bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb731c7f1b0b4aa6440bf3a82f4eda7e39ae64c6708c\
54c216cb96b72e1213b4522f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f76b2383565d3fff921f9664c97637da9768812f615c68b13b52e"
        );
        assert_eq!(hex::encode(tag), "c0875924c1c7987947deafd8780acf49");
    }

    #[test]
    fn sealed_bytes_have_the_documented_form() {
        let key = SubjectKey::from_random([7; 32]);
        let sealed = key.seal([8; 24], &AAD, b"plain").unwrap();
        assert_eq!(sealed.len(), OVERHEAD_BYTES + 5);
        assert_eq!(sealed.capacity(), sealed.len(), "one allocation of the exact size");
        assert_eq!(sealed[0], 1);
        assert_eq!(sealed[1..5], key.key_id().0);
        assert_eq!(sealed[5..29], [8; 24]);
        assert_eq!(sealed_key_id(&sealed).unwrap(), key.key_id());
        assert_eq!(
            hex::encode(&sealed),
            "012695c254080808080808080808080808080808080808080808080808a482125686600055761efb67cb6b4b1c92101f44ab"
        );
    }

    #[test]
    fn a_value_opens_nowhere_else() {
        let key = SubjectKey::from_random([7; 32]);
        let sealed = key.seal([8; 24], &AAD, b"plain").unwrap();
        let elsewhere = [
            Aad { workspace: &[9; 16], ..AAD },
            Aad { subject: &[9; 16], ..AAD },
            Aad { case: &[9; 16], ..AAD },
            Aad { case: AAD.subject, subject: AAD.case, ..AAD },
            Aad { version: 5, ..AAD },
            Aad { field: "subject", ..AAD },
            Aad { field: "", ..AAD },
        ];
        for aad in elsewhere {
            assert_eq!(key.open(&aad, &sealed).unwrap_err(), Error::Forged);
        }
        assert_eq!(key.open(&AAD, &sealed).unwrap(), b"plain");
    }

    #[test]
    fn another_key_is_named() {
        let (key, other) = (SubjectKey::from_random([7; 32]), SubjectKey::from_random([6; 32]));
        let sealed = key.seal([8; 24], &AAD, b"plain").unwrap();
        let expected = Error::OtherKey { found: key.key_id(), at_hand: other.key_id() };
        assert_eq!(other.open(&AAD, &sealed).unwrap_err(), expected);
    }

    #[test]
    fn a_subject_key_unwraps_for_its_subject_under_its_root_only() {
        let (key, wrapping) = (SubjectKey::from_random([7; 32]), root().wrapping_key(&[1; 16]));
        let wrapped = key.wrap(&wrapping, &[2; 16], [8; 24]).unwrap();
        assert_eq!(sealed_key_id(&wrapped).unwrap(), root().key_id());
        let unwrapped = SubjectKey::unwrap(&wrapping, &[2; 16], &wrapped).unwrap();
        assert_eq!(*unwrapped.key, [7; 32]);

        assert_eq!(SubjectKey::unwrap(&wrapping, &[3; 16], &wrapped).unwrap_err(), Error::Forged);
        let other_workspace = root().wrapping_key(&[9; 16]);
        assert_eq!(SubjectKey::unwrap(&other_workspace, &[2; 16], &wrapped).unwrap_err(), Error::Forged);
        let other_root = RootSecret::from_bytes(std::array::from_fn(|i| 1 + i as u8)).unwrap();
        let refused = SubjectKey::unwrap(&other_root.wrapping_key(&[1; 16]), &[2; 16], &wrapped).unwrap_err();
        assert_eq!(refused, Error::OtherKey { found: root().key_id(), at_hand: other_root.key_id() });
    }

    #[test]
    fn a_wrapped_key_is_no_value() {
        // Same key bytes, same form: only the associated data tells them apart.
        let wrapping = WrappingKey { key: Zeroizing::new([7; 32]), id: SubjectKey::from_random([7; 32]).key_id() };
        let key = SubjectKey::from_random([7; 32]);
        let value = key.seal([8; 24], &AAD, &[5; 32]).unwrap();
        assert_eq!(SubjectKey::unwrap(&wrapping, AAD.subject, &value).unwrap_err(), Error::Forged);
    }

    #[test]
    fn short_foreign_and_huge_bytes_are_refused() {
        let key = SubjectKey::from_random([7; 32]);
        let mut sealed = key.seal([8; 24], &AAD, b"").unwrap();
        for length in 0..sealed.len() {
            assert!(matches!(key.open(&AAD, &sealed[..length]).unwrap_err(), Error::SealedForm(_)));
        }
        sealed[0] = 2;
        let refused = key.open(&AAD, &sealed).unwrap_err().to_string();
        assert!(refused.contains("format version"), "{refused}");
        let huge = vec![0; PLAINTEXT_BYTES_MAX + 1];
        assert!(matches!(key.seal([8; 24], &AAD, &huge).unwrap_err(), Error::TooLarge { .. }));
    }

    #[test]
    fn debug_shows_the_id_and_no_key() {
        let key = SubjectKey::from_random([7; 32]);
        assert_eq!(format!("{key:?}"), format!("SubjectKey({})", key.key_id()));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn what_is_sealed_opens(
            key in any::<[u8; 32]>(), nonce in any::<[u8; 24]>(), case in any::<[u8; 16]>(), version in any::<u64>(),
            field in ".{0,300}", plaintext in proptest::collection::vec(any::<u8>(), 0..300),
        ) {
            let key = SubjectKey::from_random(key);
            let aad = Aad { case: &case, version, field: &field, ..AAD };
            let sealed = key.seal(nonce, &aad, &plaintext).unwrap();
            prop_assert_eq!(key.open(&aad, &sealed).unwrap(), plaintext);
        }

        #[test]
        fn any_flipped_bit_is_refused(plaintext in proptest::collection::vec(any::<u8>(), 0..40), bit in 0_u8..8) {
            let key = SubjectKey::from_random([7; 32]);
            let mut sealed = key.seal([8; 24], &AAD, &plaintext).unwrap();
            for at in 0..sealed.len() {
                sealed[at] ^= 1 << bit;
                prop_assert!(key.open(&AAD, &sealed).is_err(), "byte {} flipped", at);
                sealed[at] ^= 1 << bit;
            }
        }
    }
}
