//! The verbs: what a command does to a case, or why it may not.

use crate::{CaseState, Command, Context};
use countersign_core::{
    Refusal,
    event::Body,
    id::EventId,
    number::Micros,
};

/// An event that is about to be recorded. The caller adds the envelope and the stream version.
#[derive(Debug, Clone, PartialEq)]
pub struct NewEvent {
    /// Its id, which also names what it created.
    pub id: EventId,
    /// When it happened.
    pub occurred_at: Micros,
    /// The event that led to it.
    pub causation: Option<EventId>,
    /// What happened.
    pub body: Body,
}

/// What a command does to a case. `state` is `None` for [`Command::Open`] and for nothing else.
///
/// An empty list of events means that there is nothing to do; that is no error.
///
/// # Errors
/// A [`Refusal`] says why the command may not be carried out; nothing has happened then.
pub fn decide(state: Option<&CaseState>, command: Command, ctx: &mut Context<'_>) -> Result<Vec<NewEvent>, Refusal> {
    let _ = (state, command, ctx);
    Err(Refusal::new(countersign_core::refusal::Code::Internal, "not yet"))
}
