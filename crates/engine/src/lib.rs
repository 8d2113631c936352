//! The verbs as pure functions: state, command and context in; events or a refusal out.
//!
//! Start reading at [`decide()`], which names every verb, then [`state`], which is the fold of what happened. This crate never does
//! I/O, never reads a clock, never makes an id and never draws randomness: all of them are handed in by [`context::Context`]. It
//! never sees a personal value in the clear either: what arrives here is sealed already where it has to be.

#![cfg_attr(test, expect(clippy::unwrap_used, reason = "a test that cannot go on should panic"))]

pub mod command;
pub mod context;
pub mod decide;
#[cfg(any(test, feature = "testkit"))]
pub mod laws;
pub mod learn;
pub mod order;
pub mod rehearse;
pub mod route;
#[cfg(any(test, feature = "testkit"))]
pub mod sabotage;
#[cfg(not(any(test, feature = "testkit")))]
mod sabotage;
pub mod state;
pub mod track;
pub mod workspace;

#[cfg(test)]
mod tests;

pub use command::Command;
pub use context::Context;
pub use decide::{NewEvent, decide};
pub use state::CaseState;
