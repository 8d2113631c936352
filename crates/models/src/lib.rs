//! Proposers: whatever turns the fields of a case into advice. One small interface, [`Proposer`]; a text model and trees that learn from
//! people's own answers on this machine, [`text`] and [`trees`]; and language models behind an endpoint that speaks the OpenAI protocol, [`chat`].
//!
//! Start at [`input`], which says what a model may see at all, and [`advice`], what it may say.
//!
//! **Architecture invariant:** a proposer decides nothing, opens no file or database, reads no clock and draws no unseeded
//! randomness; only [`chat::wire`] speaks to a network, and only to the address that it is given. A field that is audited, that says whose data a case is, or that is shared with no model never reaches one.

#![cfg_attr(test, expect(clippy::unwrap_used, reason = "a test that cannot go on should panic"))]

pub mod advice;
pub mod chat;
pub mod file;
pub mod input;
pub mod text;
pub mod trees;

pub use advice::{Advice, NoAdvice};
pub use input::{Field, Input, Reach, Value};
pub use text::TextModel;
pub use trees::TreesModel;

/// Whatever proposes inside this process.
pub trait Proposer: Send + Sync {
    /// Its exact version: the same version gives the same advice for the same input.
    fn version(&self) -> &str;

    /// What it proposes for a case.
    ///
    /// # Errors
    /// [`NoAdvice`] with the reason. Then a person decides without advice.
    fn propose(&self, input: &Input) -> Result<Advice, NoAdvice>;
}
