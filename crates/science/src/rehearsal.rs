//! Rehearsals: past decisions in, and out of them how good people, AI and pair are and what to change. Reads no file.

pub mod findings;

pub use findings::Findings;
