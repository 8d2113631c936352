//! Answers: what a proposer proposes, a person judges, and the world says later. Never checks one against a playbook; that is
//! [`crate::playbook`].

use crate::{content::Content, number::Decimal};
use serde::{Deserialize, Serialize};

/// An answer as it stands in an event.
///
/// Choices and scores are open words of the playbook. Documents (text, patch, action, form) may quote the case, so they are
/// [`Content`] and sealed wherever the case has personal fields.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// One of the playbook's options.
    Choice(String),
    /// A number on the playbook's scale.
    Score(Decimal),
    /// A text, patch, action or form. Two documents are the same answer when their content is equal, which for sealed ones
    /// means that one was taken over from the other (equal commitments).
    Document(Content),
}

impl Answer {
    /// The word by which an answer is counted and tabulated: the option, the score, or `document`.
    #[must_use]
    pub fn label(&self) -> &str {
        match self {
            Self::Choice(option) => option,
            Self::Score(score) => score.as_str(),
            Self::Document(_) => "document",
        }
    }
}
