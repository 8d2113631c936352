//! The words of the house as types: ids, numbers, content, events, playbooks, answers, limits, refusals.
//!
//! This crate never does I/O, never reads a clock, never draws randomness, and depends on nothing heavy. Start reading at
//! [`event`]: everything that ever happens to a case is one of the bodies listed there.

#![cfg_attr(test, expect(clippy::unwrap_used, reason = "a test that cannot go on should panic"))]

pub mod answer;
pub mod content;
pub mod event;
pub mod id;
pub mod limits;
pub mod number;
pub mod patch;
pub mod playbook;
pub mod refusal;
pub mod time;

pub use content::Content;
pub use event::{Actor, Body, Event};
pub use id::{CaseId, EventId, PersonId, SubjectId, WorkspaceId};
pub use refusal::Refusal;
