//! A refusal: why a command was not carried out, with a stable code that has a page in the documentation. Never knows HTTP.

use serde::Serialize;

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $slug:literal, $title:literal;)*) => {
        /// The stable codes of refusals. Each is the last part of a problem type and has a page under `docs/problems/`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
        pub enum Code { $($(#[$doc])* #[serde(rename = $slug)] $name,)* }

        impl Code {
            /// Every code there is, so that a test can hold the documentation against it.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The stable word.
            #[must_use]
            pub fn slug(self) -> &'static str {
                match self { $(Self::$name => $slug,)* }
            }

            /// What it means, in a few words that never change for the code.
            #[must_use]
            pub fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)* }
            }
        }
    };
}

codes! {
    /// A value does not fit: the field says which.
    Invalid = "invalid", "A value is not valid";
    /// The body is no JSON, no UTF-8, no TOML.
    Malformed = "malformed", "The request cannot be read";
    /// Larger than a stated limit.
    TooLarge = "too-large", "Larger than the limit";
    /// No such thing, or none that this principal may see.
    NotFound = "not-found", "There is no such thing";
    /// No valid key.
    Unauthenticated = "unauthenticated", "Sign in or send an API key";
    /// A valid key without the right.
    Forbidden = "forbidden", "This principal may not do that";
    /// The same external id with other content.
    Conflict = "conflict", "Another case has this external id";
    /// `If-Match` names another version than the present one.
    StaleVersion = "stale-version", "The case has changed since it was read";
    /// The same idempotency key with another request.
    IdempotencyMismatch = "idempotency-mismatch", "This idempotency key was used for another request";
    /// The case is not in a state that allows the command.
    WrongState = "wrong-state", "The case is not in a state that allows this";
    /// No live lease on the case.
    NotClaimed = "not-claimed", "The case is not claimed by this person";
    /// Another person holds the lease, or no seat is free.
    Claimed = "claimed", "Somebody else is on this case";
    /// The shown-token is missing, forged, expired, of another person, or what it shows has changed since.
    ShownTokenInvalid = "shown-token-invalid", "What was shown is not what is judged now";
    /// Independence would be broken: the same person twice, the proposer's owner, the decider of what is appealed.
    NotIndependent = "not-independent", "Somebody else has to answer here";
    /// A first answer was given and the advice revealed; it cannot be undone.
    AlreadyRevealed = "already-revealed", "A first answer stands once the advice was shown";
    /// The time in which it could be undone is over.
    GraceOver = "grace-over", "It is too late to withdraw; correct or appeal instead";
    /// The decision was acted on.
    AlreadyActed = "already-acted", "The decision was acted on; re-open instead";
    /// The playbook wants an induction first.
    InductionRequired = "induction-required", "An induction comes before the first decision";
    /// The playbook wants judgments signed by the person's passkey.
    SignatureRequired = "signature-required", "This is signed by a passkey or not at all";
    /// What was signed is something else, or by somebody else.
    SignatureInvalid = "signature-invalid", "The signature does not hold";
    /// Automation without a valid certificate.
    NoCertificate = "no-certificate", "Nothing is automated without a valid certificate";
    /// Automation is stopped here.
    Stopped = "stopped", "Automation is stopped here";
    /// The personal values were erased.
    Erased = "erased", "The personal values of this case were erased";
    /// Refused to keep the writer's queue bounded; try again.
    Busy = "busy", "Too much at once; try again";
    /// The storage failed; nothing was written.
    Storage = "storage", "The storage failed; nothing was written";
    /// A bug of ours.
    Internal = "internal", "Something went wrong on our side";
}

/// Why a command was not carried out. Nothing was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{detail}")]
pub struct Refusal {
    /// The stable code.
    pub code: Code,
    /// The field or parameter, as a JSON pointer (`/fields/body`), where one is to blame.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// What is wrong and what would be right, in one sentence. Never a personal value.
    pub detail: String,
}

impl Refusal {
    /// A refusal without a field.
    #[must_use]
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self { code, field: None, detail: detail.into() }
    }

    /// A refusal that blames a field.
    #[must_use]
    pub fn field(code: Code, field: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { code, field: Some(field.into()), detail: detail.into() }
    }

    /// A value that does not fit.
    #[must_use]
    pub fn invalid(field: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::field(Code::Invalid, field, detail)
    }
}
