//! Canonical bytes, Merkle tree, tiles, checkpoints, proofs, and the offline verifier.
//!
//! This crate turns events into leaves of an append-only log and proves, to someone who trusts nobody here, that they
//! are there. It must never know what an event means: it sees bytes. It does no I/O, reads no clock and draws no
//! randomness; seeds, times and stored tiles are handed in.
//!
//! | module | what |
//! | --- | --- |
//! | [`canonical`] | JSON bytes of which every value has exactly one spelling (RFC 8785) |
//! | [`merkle`] | the tree over them: hashes, frontier, proofs made and checked (RFC 6962, Merkle Tree Certificates) |
//! | [`tile`] | the tree in rows of 256 hashes, grown and read (C2SP tlog-tiles) |
//! | [`note`] | signed text, keys, witnesses' cosignatures (C2SP signed-note, tlog-cosignature) |
//! | [`checkpoint`] | the signed head of a log (C2SP tlog-checkpoint) |
//! | [`proof`] | an inclusion proof as a file (C2SP tlog-proof) |
//! | [`rotation`] | how one key hands over to the next |
//! | [`draw`] | random draws that an outsider can redo |
//! | [`passkey`] | what a person's authenticator signed (WebAuthn), checked from its public key alone |
//! | [`bundle`] | evidence for a decision in one file, and its verifier |
//!
//! Start reading at [`canonical`] (what is hashed) and [`merkle`] (how), then [`bundle::verify`] (what a stranger checks).

#![cfg_attr(test, expect(clippy::unwrap_used, reason = "tests may panic"))]

pub mod bundle;
pub mod canonical;
pub mod checkpoint;
pub mod draw;
pub mod merkle;
pub mod note;
pub mod passkey;
pub mod proof;
pub mod rotation;
pub mod tile;
