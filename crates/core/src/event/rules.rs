//! Bodies about the rules of a workspace: drafts, what a change would have come to, approvals by a second lead, and going back.

use crate::{
    content::{Content, Digest},
    id::{CaseId, EventId, PersonId},
    number::Micros,
};
use serde::{Deserialize, Serialize};

body!(/** See [`Body::RulesDrafted`](super::Body::RulesDrafted). Named by the event's id. People stand in it by their ids. */ RulesDrafted {
    /** The version of the rules that it changes; 0 where there were none. */ base: u64,
    /** SHA-256 of the text. */ digest: Digest,
    /** The rules. */ source: Content,
    /** What is expected of them, as TOML. */ expectations: Content,
    /** Who wrote it: never approves it. */ person: PersonId,
    /** What it is for. */ reason: String,
});
body!(/** Something that was done, and that is told otherwise by a draft. */ RulesExample {
    /** What recorded it. */ event: EventId,
    /** The case, where it was done on one. */ #[serde(default, skip_serializing_if = "Option::is_none")] case: Option<CaseId>,
    /** The person who did it, where one did. */ #[serde(default, skip_serializing_if = "Option::is_none")] person: Option<PersonId>,
    /** What was done, in the word of rules. */ action: String,
    /** Whether the draft allows it; otherwise it refuses it. */ allowed: bool,
    /** The rule by which it does; absent where nothing allows it. */ #[serde(default, skip_serializing_if = "Option::is_none")] rule: Option<String>,
});
body!(/** See [`Body::RulesReplayed`](super::Body::RulesReplayed). */ RulesReplayed {
    /** The draft. */ of: EventId,
    /** From when on recorded acts were asked about. */ since: Micros,
    /** How many there were. */ acts: u64,
    /** How many of them the draft refuses and today's rules do not. */ refused: u64,
    /** How many of them today's rules refuse and the draft does not. */ allowed: u64,
    /** The latest of those. */ #[serde(default, skip_serializing_if = "Vec::is_empty")] examples: Vec<RulesExample>,
});
body!(/** See [`Body::RulesApproved`](super::Body::RulesApproved). */ RulesApproved {
    /** The draft. */ draft: EventId,
    /** The version of the rules that it is from now on. */ version: u64,
    /** Who approved it: not its author. */ person: PersonId,
});
body!(/** See [`Body::RulesWithdrawn`](super::Body::RulesWithdrawn). */ RulesWithdrawn {
    /** The draft. */ draft: EventId,
    /** Who took it back, or turned it down. */ person: PersonId,
    /** Why. */ reason: String,
});
body!(/** See [`Body::RulesRolledBack`](super::Body::RulesRolledBack). */ RulesRolledBack {
    /** The draft that is undone. */ draft: EventId,
    /** The version whose text comes back; 0: none. */ from: u64,
    /** The version that it comes back as. */ version: u64,
    /** Who went back. */ person: PersonId,
    /** Why. */ reason: String,
});
