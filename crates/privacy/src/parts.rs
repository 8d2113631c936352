//! The one way in which this crate puts several parts under a hash or a MAC: each as its length in bytes (64 bits, big
//! endian) and then its bytes. No two different lists of parts give the same stream, wherever the boundaries lie.

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

/// SHA-256 over length-prefixed parts.
pub(crate) fn digest<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

/// HMAC-SHA256 over `domain` and then `parts`, each length-prefixed.
pub(crate) fn mac(key: &[u8; 32], domain: &str, parts: &[&[u8]]) -> [u8; 32] {
    // RFC 2104 fills a key up to the 64 bytes of a block with zeros; doing so here leaves no length that could be refused.
    let mut block = zeroize::Zeroizing::new([0_u8; 64]);
    block[..32].copy_from_slice(key);
    let mut mac = Hmac::<Sha256>::new((&*block).into());
    for part in std::iter::once(domain.as_bytes()).chain(parts.iter().copied()) {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

/// The first 4 bytes of a digest: enough to name a key, too few to say anything about it.
pub(crate) fn first_4(digest: &[u8; 32]) -> [u8; 4] {
    let [a, b, c, d, ..] = *digest;
    [a, b, c, d]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mac_is_hmac_sha256_of_the_documented_stream() {
        // Python: hmac.new(bytes(range(32)), p64(len(d)) + d + p64(len(x)) + x, 'sha256') with d = b"d", x = b"xyz".
        let key: [u8; 32] = std::array::from_fn(|i| i as u8);
        assert_eq!(hex::encode(mac(&key, "d", &[b"xyz"])), "eca893cb54ce9335c808582b9c8562c98db6374ad92c0d6c2377c128c852cc08");
    }

    #[test]
    fn digest_is_sha256_of_the_documented_stream() {
        // Python: sha256(p64(1) + b"a" + p64(0) + p64(2) + b"bc").
        assert_eq!(hex::encode(digest([&b"a"[..], b"", b"bc"])), "fb9abcb07180be92066c09ce253c0a060e4634fe3accf064b556d89a691c8e5f");
    }
}
