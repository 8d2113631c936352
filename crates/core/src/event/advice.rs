//! What became of asking a proposer: that it gave no advice, and why, in a word; and how much of what it wrote people kept. Never holds
//! anything of a case or of what came back.

use crate::{content::Digest, id::EventId, number::MicroUnits};
use serde::{Deserialize, Serialize};

/// Why there is no advice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Missed {
    /// It could not be reached, or said that it is broken.
    Down,
    /// It did not answer in time.
    Slow,
    /// It wanted to be asked less.
    RateLimited,
    /// It failed so often lately that it was left alone.
    Resting,
    /// It refused the request as such.
    Misasked,
    /// It answered with something that cannot be read.
    Unreadable,
    /// It declined to answer.
    Declined,
    /// It answered something that is no answer to the question.
    Nonsense,
    /// Its answer ended before it was finished.
    CutOff,
    /// What may be spent on it in a day is spent.
    Budget,
    /// The server has no key for it.
    NoKey,
    /// Whoever runs the server does not allow this address.
    NotAllowed,
    /// Personal data in the case could not be masked, so that nothing was sent.
    Unmasked,
    /// The case has nothing that may be sent.
    NothingToSend,
}

impl Missed {
    /// Every reason.
    pub const ALL: [Self; 14] = [
        Self::Down,
        Self::Slow,
        Self::RateLimited,
        Self::Resting,
        Self::Misasked,
        Self::Unreadable,
        Self::Declined,
        Self::Nonsense,
        Self::CutOff,
        Self::Budget,
        Self::NoKey,
        Self::NotAllowed,
        Self::Unmasked,
        Self::NothingToSend,
    ];

    /// The word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Down => "down",
            Self::Slow => "slow",
            Self::RateLimited => "rate_limited",
            Self::Resting => "resting",
            Self::Misasked => "misasked",
            Self::Unreadable => "unreadable",
            Self::Declined => "declined",
            Self::Nonsense => "nonsense",
            Self::CutOff => "cut_off",
            Self::Budget => "budget",
            Self::NoKey => "no_key",
            Self::NotAllowed => "not_allowed",
            Self::Unmasked => "unmasked",
            Self::NothingToSend => "nothing_to_send",
        }
    }

    /// The same for people: what follows "No advice:".
    #[must_use]
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Down => "the model could not be reached.",
            Self::Slow => "the model did not answer in time.",
            Self::RateLimited => "the model has too much to do just now.",
            Self::Resting => "the model failed several times in a row and is left alone for a while.",
            Self::Misasked => "the model does not take what it is asked; whoever set it up has to look.",
            Self::Unreadable => "what the model answered cannot be read.",
            Self::Declined => "the model declined to answer.",
            Self::Nonsense => "what the model answered is no answer to this question.",
            Self::CutOff => "the model's answer broke off before its end.",
            Self::Budget => "what may be spent on the model today is spent.",
            Self::NoKey => "the server has no key for the model; whoever runs it has to look.",
            Self::NotAllowed => "the server may not send anything to this model's address.",
            Self::Unmasked => "personal data in it could not be masked, so that nothing was sent.",
            Self::NothingToSend => "nothing in this case may be sent to the model.",
        }
    }
}

body!(/** See [`super::Body::AdviceMissed`]. */ AdviceMissed {
    /** Who was asked. */ proposer: String,
    /** Its exact version. */ proposer_version: String,
    /** Why there is none. */ reason: Missed,
    /** The ask that it leaves unanswered. */ #[serde(default, skip_serializing_if = "Option::is_none")] ask: Option<EventId>,
    /** What it cost all the same. */ #[serde(default, skip_serializing_if = "Option::is_none")] cost: Option<MicroUnits>,
    /** The content that it was asked about. */ content_digest: Digest,
});
body!(/** How much of a written answer was kept of a proposal. */ Kept {
    /** The proposal. */ proposal: EventId,
    /** Share of the answer's characters, in billionths. */ share: u32,
});
