//! Random draws that anybody can redo: an epoch key is committed to beforehand, every draw is an HMAC under it, and once
//! the key is disclosed an outsider repeats each draw. It never makes randomness; the key is handed in.

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use crate::merkle::Hash;

/// Draws are uniform in `0..BILLION`, so that a probability in integer billionths is met by `draw < probability`.
pub const BILLION: u32 = 1_000_000_000;

const COMMITMENT_TAG: &[u8] = b"countersign-draw-key/1\0";
const DRAW_TAG: &[u8] = b"countersign-draw/1\0";

/// The largest multiple of [`BILLION`] that fits 32 bits: words from here on are thrown away, or small results would
/// come too often.
const ACCEPTED_BELOW: u32 = u32::MAX / BILLION * BILLION;

/// What is made public before the first draw under an epoch key: SHA-256 over a tag and the key.
pub fn commitment(epoch_key: &[u8; 32]) -> Hash {
    Hash::from(<[u8; 32]>::from(Sha256::new().chain_update(COMMITMENT_TAG).chain_update(epoch_key).finalize()))
}

/// The draw for one subject and purpose: an integer in `0..`[`BILLION`], uniform and fixed by its inputs.
///
/// HMAC-SHA256 under the epoch key over a tag, a counter (32 bits) and workspace, subject and purpose, each with its
/// length (64 bits) before it, all big-endian; the first 32 bits are taken modulo 10^9. Of values that would make the
/// result uneven the counter says how often it was tried before.
pub fn draw(epoch_key: &[u8; 32], workspace: &[u8], subject: &[u8], purpose: &str) -> u32 {
    let mut counter = 0_u32;
    loop {
        let word = word(epoch_key, counter, [workspace, subject, purpose.as_bytes()]);
        if word < ACCEPTED_BELOW {
            return word % BILLION;
        }
        // A word is thrown away one time in fifteen; to wrap would take 2^32 in a row.
        counter = counter.wrapping_add(1);
    }
}

fn word(epoch_key: &[u8; 32], counter: u32, parts: [&[u8]; 3]) -> u32 {
    // HMAC pads a short key with zeros to the block of the hash; done here, the constructor cannot fail.
    let mut block = [0_u8; 64];
    block[..32].copy_from_slice(epoch_key);
    let mut mac = Hmac::<Sha256>::new(&block.into());
    mac.update(DRAW_TAG);
    mac.update(&counter.to_be_bytes());
    for part in parts {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part);
    }
    let [a, b, c, d, ..] = <[u8; 32]>::from(mac.finalize().into_bytes());
    u32::from_be_bytes([a, b, c, d])
}

#[cfg(test)]
#[path = "draw/tests.rs"]
mod tests;
