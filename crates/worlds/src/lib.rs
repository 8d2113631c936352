//! Worlds with known truth, and the platform run in them under a virtual clock: what it promised, what it cost, what it noticed.
//!
//! A [`World`] is read from a file ([`file`]); from a seed it gives cases and whatever people answer on them ([`draws`]). The
//! engine, the learner and the router then run over them as they would for a team ([`platform`]), and what they did is held
//! against what is true ([`judge`]) and against fixed policies on the same cases ([`policies`]). Start reading at [`simulate`].
//! Never reads a clock, a file or a database, and never tells the platform what only the world knows.

#![cfg_attr(test, expect(clippy::unwrap_used, reason = "a test that cannot go on should panic"))]

pub mod draws;
pub mod file;
pub mod judge;
pub mod pair;
pub mod platform;
mod playbook;
pub mod policies;
mod simulate;
pub mod summary;
pub mod truth;
pub mod world;

pub use simulate::{Run, simulate, simulate_one};
pub use world::World;

/// Why a world cannot be simulated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The file is no TOML, or says what no world is.
    #[error("{0}")]
    File(String),
    /// A world's own words do not fit together.
    #[error("world {world}: {key}: {why}")]
    World {
        /// Which.
        world: String,
        /// Which of its keys.
        key: String,
        /// What is wrong, and what would be right.
        why: String,
    },
    /// The engine refused what a world never should ask of it.
    #[error("the engine refused in a simulated world: {0}")]
    Engine(String),
    /// Something cannot be computed.
    #[error(transparent)]
    Science(#[from] countersign_science::Error),
}
