//! What comes in from outside, as JSON gives it. Nothing here is checked yet: that is done against the playbook, in the use cases.

use countersign_core::{content::Digest, event::Missed, id::EventId, number::MicroUnits};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use uuid::Uuid;

/// A moment: RFC 3339 text, or integer microseconds since 1970 UTC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum Moment {
    /// Microseconds since 1970 UTC.
    Micros(i64),
    /// RFC 3339, as in `2026-11-23T09:30:00Z`.
    Text(String),
}

/// A case as it is handed in.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CaseInput {
    /// Name of a published playbook; the latest version is taken.
    pub playbook: String,
    /// The case's name outside. With the same id and content again it is a duplicate, with other content a conflict.
    #[serde(default)]
    pub external_id: Option<String>,
    /// Values by field, as the playbook describes them.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub fields: Map<String, Value>,
    /// What proposers already propose.
    #[serde(default)]
    pub proposals: Vec<ProposalInput>,
    /// The person who made or owns what is decided on; never decides on it.
    #[serde(default)]
    pub owner: Option<Uuid>,
    /// By when it should be decided; absent: the playbook's deadline.
    #[serde(default)]
    pub deadline: Option<Moment>,
    /// What happened to it before it came here.
    #[serde(default)]
    pub history: Option<HistoryInput>,
}

/// What happened to a case before it came here. None of it ever signs anything.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HistoryInput {
    /// When the case began.
    #[serde(default)]
    pub opened_at: Option<Moment>,
    /// Judgments made elsewhere.
    #[serde(default)]
    pub judgments: Vec<ObservedInput>,
    /// The answer that was acted on elsewhere.
    #[serde(default)]
    pub decision: Option<PastDecision>,
    /// What the world said.
    #[serde(default)]
    pub outcome: Option<OutcomeInput>,
}

/// A decision that was made elsewhere.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PastDecision {
    /// The answer.
    #[schema(value_type = Object)]
    pub answer: Value,
    /// When it was made.
    #[serde(default)]
    pub at: Option<Moment>,
    /// Who made it, by name; unknown names become external people.
    #[serde(default)]
    pub persons: Vec<String>,
}

/// A proposal as it is handed in.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProposalInput {
    /// Who proposes.
    pub proposer: String,
    /// Its exact version.
    #[serde(default)]
    pub version: Option<String>,
    /// What it proposes; absent, with probabilities: the likeliest option (the first of equals in the playbook's order).
    #[serde(default)]
    #[schema(value_type = Object)]
    pub answer: Option<Value>,
    /// Probability by option; they sum to 1 within 0.001.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub probabilities: Option<Map<String, Value>>,
    /// Why, in words.
    #[serde(default)]
    pub explanation: Option<String>,
    /// Where it looked.
    #[serde(default)]
    pub evidence: Vec<EvidenceInput>,
    /// The proposal of the same proposer that this one follows.
    #[serde(default)]
    pub chained_from: Option<Uuid>,
    /// The ask that it answers.
    #[serde(default)]
    pub ask: Option<Uuid>,
    /// The person who made or owns it; never countersigns it.
    #[serde(default)]
    pub owner: Option<Uuid>,
    /// What it cost, as a decimal in the team's unit.
    #[serde(default)]
    pub cost: Option<String>,
    /// Which of several drafts of this proposer it is, from 1; a draft takes the place of those with its number or a higher one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub candidate: Option<u32>,
    /// When it was made, for history.
    #[serde(default)]
    pub at: Option<Moment>,
}

/// That a proposer was asked and has nothing to say. It comes from the server itself and from nowhere else.
#[derive(Debug, Clone, PartialEq)]
pub struct MissInput {
    /// Who was asked.
    pub proposer: String,
    /// Its exact version.
    pub version: String,
    /// Why there is nothing.
    pub reason: Missed,
    /// The ask that it leaves unanswered.
    pub ask: Option<EventId>,
    /// What it cost all the same.
    pub cost: Option<MicroUnits>,
    /// The content that it was asked about.
    pub content_digest: Digest,
}

/// Where a proposer looked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EvidenceInput {
    /// The field.
    pub field: String,
    /// First code point, for text.
    #[serde(default)]
    pub start: Option<u64>,
    /// One past the last code point.
    #[serde(default)]
    pub end: Option<u64>,
    /// The words, or a remark on them.
    #[serde(default)]
    pub quote: Option<String>,
    /// Which parts of a picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heat: Option<HeatInput>,
}

/// Which parts of a picture speak for an answer: a grid over a part of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HeatInput {
    /// Where the grid begins, from the left, in ten-thousandths of the picture's width.
    pub left: u32,
    /// From the top, in ten-thousandths of its height.
    pub top: u32,
    /// How wide it is.
    pub width: u32,
    /// How high.
    pub height: u32,
    /// Cells in a row.
    pub columns: u32,
    /// Rows.
    pub rows: u32,
    /// Row by row: by how many tenths the logit (the log-odds) of the answer falls where the cell is covered, from -100 to 100.
    pub cells: Vec<i8>,
}

/// New content for a case.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AmendInput {
    /// All values by field, as they are from now on.
    #[schema(value_type = Object)]
    pub fields: Map<String, Value>,
}

/// An instruction to the AI.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AskInput {
    /// Who asks.
    pub person: Uuid,
    /// What for: "shorter", "look at the second login".
    pub instruction: String,
    /// The proposal that should be made anew.
    #[serde(default)]
    pub about: Option<Uuid>,
}

/// An answer to what was shown.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct JudgmentInput {
    /// By whom.
    pub person: Uuid,
    /// The token that came with what was shown.
    pub token: String,
    /// The answer. Either this or `accept`.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub answer: Option<Value>,
    /// A shown proposal, taken over unchanged.
    #[serde(default)]
    pub accept: Option<Uuid>,
    /// How sure, from 0 to 1.
    #[serde(default)]
    pub confidence: Option<f64>,
    /// Seconds from shown to answered, as the person's screen measured them.
    #[serde(default)]
    pub seconds: Option<f64>,
    /// Why.
    #[serde(default)]
    pub reason: Option<String>,
    /// What the person's passkey signed, where the playbook wants judgments signed.
    #[serde(default)]
    pub signature: Option<SignatureInput>,
}

/// What an authenticator gave for a challenge (WebAuthn), each part as base64url without padding.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignatureInput {
    /// The id of the credential, `rawId`.
    pub credential: String,
    /// `response.authenticatorData`.
    pub authenticator_data: String,
    /// `response.clientDataJSON`.
    pub client_data: String,
    /// `response.signature`.
    pub signature: String,
}

/// A judgment that was made in another tool: it measures, it never signs.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ObservedInput {
    /// By whom, by name; an unknown name becomes an external person.
    pub person: String,
    /// The answer.
    #[schema(value_type = Object)]
    pub answer: Value,
    /// `only` (the default), `first` (before advice) or `final` (after advice).
    #[serde(default)]
    pub phase: Option<String>,
    /// `yes`, `no` (proven) or `unknown` (the default).
    #[serde(default)]
    pub advice_seen: Option<String>,
    /// How sure, from 0 to 1.
    #[serde(default)]
    pub confidence: Option<f64>,
    /// How long it took.
    #[serde(default)]
    pub seconds: Option<f64>,
    /// The tool.
    #[serde(default)]
    pub tool: Option<String>,
    /// When it was made.
    #[serde(default)]
    pub at: Option<Moment>,
}

/// What the world says.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OutcomeInput {
    /// The right answer (truth, proxy) or a number (payoff), as the playbook's `[outcome] kind` says.
    #[schema(value_type = Object)]
    pub value: Value,
    /// Where it comes from; absent: what the playbook says.
    #[serde(default)]
    pub source: Option<String>,
    /// When it was observed.
    #[serde(default)]
    pub at: Option<Moment>,
}

/// A corrected outcome.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OutcomeCorrection {
    /// What is right.
    #[schema(value_type = Object)]
    pub value: Value,
    /// Why.
    pub reason: String,
}

/// A person with a reason, for skip, reopen, withdraw.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReasonInput {
    /// Who.
    pub person: Uuid,
    /// Why. Withdrawing needs none.
    #[serde(default)]
    pub reason: Option<String>,
}

/// Putting a case off.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SnoozeInput {
    /// Who.
    pub person: Uuid,
    /// Until when.
    pub until: Moment,
    /// Why.
    #[serde(default)]
    pub reason: Option<String>,
}

/// A remark.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CommentInput {
    /// Who.
    pub person: Uuid,
    /// What.
    pub text: String,
    /// Whose attention is asked for: members of the workspace, who find it among what is for them.
    #[serde(default)]
    pub mentions: Vec<Uuid>,
    /// The line of a diff that it is about.
    #[serde(default)]
    pub anchor: Option<AnchorInput>,
}

/// A line of a diff.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AnchorInput {
    /// The field, which is of the type `patch`.
    pub field: String,
    /// Which file of the diff, by its path. A diff of one file needs none.
    #[serde(default)]
    pub file: Option<String>,
    /// The same counted from 1, in the place of the path.
    #[serde(default)]
    pub number: Option<u64>,
    /// `old` for a line of the text before, else `new`.
    #[serde(default)]
    pub side: Option<String>,
    /// The line's number there.
    pub line: u64,
    /// The digest of the content that was looked at: refused where the case was amended since. Absent: as it is now.
    #[serde(default)]
    pub content: Option<String>,
}

/// Whose a case is.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AssignInput {
    /// By whom.
    pub person: Uuid,
    /// To whom: somebody who may answer on it. Absent: again to all who may.
    #[serde(default)]
    pub to: Option<Uuid>,
    /// Why, or what they should know.
    #[serde(default)]
    pub reason: Option<String>,
}

/// Asking for the eyes of a role.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EscalateInput {
    /// Who.
    pub person: Uuid,
    /// The role.
    pub role: String,
    /// Why.
    pub reason: String,
}

/// A correction of a decision.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CorrectionInput {
    /// Who answers for it.
    pub person: Uuid,
    /// The answer from now on.
    #[schema(value_type = Object)]
    pub answer: Value,
    /// Why.
    pub reason: String,
}

/// An objection to a decision.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AppealInput {
    /// Who objects, where it is somebody known here.
    #[serde(default)]
    pub person: Option<Uuid>,
    /// Why.
    pub reason: String,
}

/// Word that something acted on a decision.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ActInput {
    /// What acted, in the outside system's own word.
    #[serde(default)]
    pub reference: Option<String>,
}

/// A person to add.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PersonInput {
    /// Unique in the workspace.
    pub name: String,
    /// Where to write to.
    #[serde(default)]
    pub mail: Option<String>,
    /// Roles by name.
    #[serde(default)]
    pub roles: Vec<String>,
    /// Known from other tools only; never signs.
    #[serde(default)]
    pub external: bool,
}

/// A change to a person.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PersonChange {
    /// Roles from now on.
    pub roles: Vec<String>,
    /// Whether they may take part from now on.
    pub active: bool,
    /// Where to write to from now on; empty: nowhere. Absent: as before.
    #[serde(default)]
    pub mail: Option<String>,
}

/// Somebody vouches for a person.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VouchInput {
    /// Who vouches; absent where the key speaks for them.
    #[serde(default)]
    pub by: Option<Uuid>,
}

/// When somebody is away.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AwayInput {
    /// From when on; absent: now.
    #[serde(default)]
    pub from: Option<Moment>,
    /// Until when.
    pub until: Moment,
    /// Who stands in for them, as far as they may do it themselves.
    #[serde(default)]
    pub stand_in: Option<Uuid>,
}

/// An API key to make.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ApiKeyInput {
    /// What people call it.
    pub name: String,
    /// What it may do: `cases:write`, `cases:read`, `judge`, `outcomes:write`, `playbooks:write`, `people:write`, `control`, `ledger:read`, `admin`.
    pub scopes: Vec<String>,
    /// The one person it speaks for.
    #[serde(default)]
    pub person: Option<Uuid>,
    /// When it ends.
    #[serde(default)]
    pub expires: Option<Moment>,
}

/// Stop or resume automation.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StopInput {
    /// Name of the one playbook it is about. Neither this nor `proposer`: the whole workspace.
    #[serde(default)]
    pub playbook: Option<String>,
    /// The one proposer it is about.
    #[serde(default)]
    pub proposer: Option<String>,
    /// The person who resumes; stopping needs none.
    #[serde(default)]
    pub person: Option<Uuid>,
    /// Why.
    pub reason: String,
}
