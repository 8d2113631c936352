//! Canonical bytes, Merkle tree, tiles, checkpoints, proofs, and the offline verifier.
//!
//! This crate turns events into leaves of an append-only log and proves, to someone who trusts nobody here, that they
//! are there. It must never know what an event means: it sees bytes. It does no I/O, reads no clock and draws no
//! randomness; seeds, times and stored tiles are handed in.
//!
//! Start reading at [`canonical`] (what is hashed) and [`merkle`] (how).

#![cfg_attr(test, expect(clippy::unwrap_used, reason = "tests may panic"))]

pub mod canonical;
pub mod checkpoint;
pub mod draw;
pub mod merkle;
pub mod note;
pub mod proof;
pub mod rotation;
pub mod tile;
