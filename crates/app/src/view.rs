//! What goes out: cases, decisions, people and receipts as the API and the command line give them. Decides nothing.

use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use utoipa::ToSchema;
use uuid::Uuid;

/// What was written. Every event here is durable.
#[derive(Debug, Clone, PartialEq, Serialize, serde::Deserialize, ToSchema)]
pub struct Receipt {
    /// The case.
    pub case: Uuid,
    /// `accepted`, or `duplicate` where the same case was there already.
    pub status: String,
    /// Version of the case from now on (its `ETag`).
    pub version: u64,
    /// Where the case stands now: `held`, `open`, `decided`, `acted`, `appealed`.
    pub state: String,
    /// What was written, in order.
    pub events: Vec<EventRef>,
    /// The decision, where this settled the case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<Uuid>,
}

/// An event by name.
#[derive(Debug, Clone, PartialEq, Serialize, serde::Deserialize, ToSchema)]
pub struct EventRef {
    /// Its id, which also names what it created.
    pub id: Uuid,
    /// Its type.
    #[serde(rename = "type")]
    pub type_name: String,
}

/// A case that was claimed.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Claim {
    /// The case.
    pub case: Uuid,
    /// Its playbook's name.
    pub playbook: String,
    /// Until when it is held (RFC 3339).
    pub until: String,
}

/// What a passkey has to sign for an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Signing {
    /// The challenge for the authenticator, as base64url without padding: it says what is signed.
    pub challenge: String,
    /// Ids of the person's passkeys, as base64url without padding.
    pub credentials: Vec<String>,
    /// The answer that is signed: what was given, or what the accepted proposal says.
    pub answer: String,
}

/// What is shown to a person, with the token to answer it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Shown {
    /// The record of it: a `case.shown` event.
    pub shown: Uuid,
    /// To be sent back with the judgment.
    pub token: String,
    /// The case.
    pub case: Uuid,
    /// Version of the case.
    pub version: u64,
    /// `only`, `first`, `final`, `adjudication` or `appeal`.
    pub phase: String,
    /// What is asked.
    pub question: String,
    /// What an answer is: the playbook's `[answer]`.
    #[schema(value_type = Object)]
    pub answer: Value,
    /// Fields in their order on the screen.
    pub fields: Vec<FieldView>,
    /// Proposals in their order on the screen; empty where advice is not visible.
    pub proposals: Vec<ProposalView>,
    /// Who tends to be right in this kind of case, where advice is visible and enough is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<crate::track::KindView>,
    /// What became of such answers, where one's own first answer is not the AI's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disagreement: Option<crate::track::DisagreementView>,
    /// Decided cases that are like this one; only where advice may be seen.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub precedents: Vec<crate::precedent::PrecedentView>,
    /// Judgments of others; only for adjudication.
    pub judgments: Vec<JudgmentView>,
    /// Remarks: one's own, and those of others where advice may be seen.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub comments: Vec<CommentView>,
    /// The digest of the content that is shown.
    pub content: String,
    /// Whether advice is visible.
    pub advice_visible: bool,
    /// Until when it can be answered (RFC 3339).
    pub expires: String,
}

/// A remark.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct CommentView {
    /// Its id.
    pub id: Uuid,
    /// By whom.
    pub person: Uuid,
    /// What; absent where it was erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Whose attention it asks for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub mentions: Vec<Uuid>,
    /// The line of a diff that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub anchor: Option<AnchorView>,
    /// When (RFC 3339).
    pub at: String,
}

/// The line of a diff that a remark is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct AnchorView {
    /// The field.
    pub field: String,
    /// The path of its file; absent where the content is another one by now, or may not be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The same counted from 1.
    pub number: u64,
    /// `old` or `new`.
    pub side: String,
    /// The line's number there.
    pub line: u64,
    /// The digest of the content that it was said of.
    pub content: String,
    /// Whether the case was amended since, so that the line may be another one.
    pub outdated: bool,
}

/// What is shown, with all that a page needs to draw it.
#[derive(Debug, Clone)]
pub struct Sheet {
    /// What is shown.
    pub shown: Shown,
    /// The playbook in the case's version.
    pub playbook: std::sync::Arc<countersign_core::playbook::Playbook>,
    /// That version.
    pub playbook_version: u64,
    /// When the case was opened, in microseconds.
    pub opened_at: i64,
    /// By when it should be decided, in microseconds.
    pub deadline_at: Option<i64>,
    /// Until when this showing can be answered, in microseconds.
    pub expires_at: i64,
    /// Whether the AI can be asked.
    pub may_ask: bool,
    /// Whether there is advice that this showing does not have yet. Never told before a first answer.
    pub newer: bool,
    /// The person's own first answer, on a blind route.
    pub first: Option<Value>,
    /// Who else is on it, whose it is, and to whom it could be given.
    pub around: crate::team::Around,
    /// What people asked the AI for; empty where advice is not visible.
    pub asks: Vec<AskView>,
    /// Proposers that had been asked when it was shown and had nothing to say; empty where that may not be told.
    pub missed: Vec<MissView>,
    /// Whether others had been asked and had not answered yet; never told where advice may not be seen.
    pub awaited: bool,
}

/// Advice that was asked for and did not come.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct MissView {
    /// Its id.
    pub id: Uuid,
    /// Who was asked.
    pub proposer: String,
    /// Its exact version.
    pub version: String,
    /// Why there is none, in a word.
    pub reason: String,
    /// The same in a sentence.
    pub why: String,
    /// The ask that it leaves unanswered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ask: Option<Uuid>,
    /// When that was clear (RFC 3339).
    pub at: String,
}

/// An ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskView {
    /// Its id.
    pub id: Uuid,
    /// Who asked.
    pub person: Uuid,
    /// What for; absent where it was erased.
    pub instruction: Option<String>,
    /// Whether a proposal answers it.
    pub answered: bool,
    /// Why none does, in a sentence.
    pub missed: Option<&'static str>,
    /// When, in microseconds.
    pub at: i64,
}

/// A field with its value.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct FieldView {
    /// Its name.
    pub name: String,
    /// Its kind.
    pub kind: String,
    /// Its value; `null` where it was erased or is not given.
    #[schema(value_type = Object)]
    pub value: Value,
    /// Whether the value was erased.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub erased: bool,
    /// Whether there is a value that this reader does not see: the playbook names the roles that do.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub masked: bool,
}

/// A proposal.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ProposalView {
    /// Its id.
    pub id: Uuid,
    /// Who proposes.
    pub proposer: String,
    /// Its exact version.
    pub version: String,
    /// What it proposes.
    #[schema(value_type = Object)]
    pub answer: Value,
    /// Probability by option, from 0 to 1, as decimals.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub probabilities: Option<BTreeMap<String, String>>,
    /// Why, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub explanation: Option<String>,
    /// Where it looked.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<crate::input::EvidenceInput>,
    /// The proposal that it follows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chained_from: Option<Uuid>,
    /// The ask that it answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ask: Option<Uuid>,
    /// Which of several drafts of its proposer it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub candidate: Option<u32>,
    /// How often such proposals were right, where it is shown with advice and enough is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub like: Option<crate::track::LikeView>,
    /// When it was made (RFC 3339).
    pub at: String,
}

/// A judgment.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct JudgmentView {
    /// Its id.
    pub id: Uuid,
    /// By whom.
    pub person: Uuid,
    /// Which of their answers.
    pub phase: String,
    /// The answer.
    #[schema(value_type = Object)]
    pub answer: Value,
    /// Whether advice was visible: `yes`, `no`, `unknown`.
    pub advice: String,
    /// Whether it was made in another tool.
    pub elsewhere: bool,
    /// Whether it was given together with others, from a line of a table.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub bulk: bool,
    /// How sure, from 0 to 1, as a decimal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confidence: Option<String>,
    /// Seconds that it took.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seconds: Option<f64>,
    /// What of a written answer was kept of which proposal, the largest share first; the rest is the person's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kept: Option<Vec<KeptView>>,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When it was made (RFC 3339).
    pub at: String,
}

/// How much of a written answer was kept of a proposal.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct KeptView {
    /// The proposal.
    pub proposal: Uuid,
    /// Share of the answer's characters, from 0 to 1, as a decimal.
    pub share: String,
}

/// A case with its content.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CaseView {
    /// The case.
    pub case: Uuid,
    /// Version (its `ETag`).
    pub version: u64,
    /// Playbook's name.
    pub playbook: String,
    /// Playbook's version.
    pub playbook_version: u64,
    /// The case's name outside.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// Where it stands.
    pub state: String,
    /// Who decides, and what they see first.
    pub route: String,
    /// Fields in the playbook's order.
    pub fields: Vec<FieldView>,
    /// Proposals; withheld from a person who has to answer independently first.
    pub proposals: Vec<ProposalView>,
    /// Advice that was asked for and did not come; withheld likewise.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub missed: Vec<MissView>,
    /// Judgments; withheld likewise.
    pub judgments: Vec<JudgmentView>,
    /// Remarks; where answers are withheld one's own only.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub comments: Vec<CommentView>,
    /// The digest of the content as it is now.
    pub content: String,
    /// Whether something is withheld from this viewer until they have answered.
    pub withheld: bool,
    /// It came sooner because a young model learns from it: no figure rests on what became of it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub sought: bool,
    /// The decision that stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decision: Option<DecisionView>,
    /// What the world says.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Object)]
    pub outcome: Option<Value>,
    /// When it was opened (RFC 3339).
    pub opened: String,
    /// By when it should be decided (RFC 3339).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deadline: Option<String>,
}

/// A case in a list.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CaseSummary {
    /// The case.
    pub case: Uuid,
    /// Version.
    pub version: u64,
    /// Playbook's name.
    pub playbook: String,
    /// Where it stands.
    pub state: String,
    /// When it was opened (RFC 3339).
    pub opened: String,
    /// The answer that stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<String>,
}

/// A decision as it stands.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct DecisionView {
    /// The decision.
    pub decision: Uuid,
    /// Its case.
    pub case: Uuid,
    /// Playbook's name.
    pub playbook: String,
    /// Playbook's version.
    pub playbook_version: u64,
    /// The label of the answer that stands: an option, a score, or `document`.
    pub answer: String,
    /// What it rests on.
    pub basis: String,
    /// `standing`, `withdrawn`, `corrected`, `acted`, `overturned`, `reopened`.
    pub status: String,
    /// When it was made (RFC 3339).
    pub at: String,
    /// When something may act on it (RFC 3339).
    pub act_after: String,
}

/// One page of a list.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Page<T> {
    /// The items, in order.
    pub items: Vec<T>,
    /// Where the next page begins; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// A person.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct PersonView {
    /// The person.
    pub person: Uuid,
    /// What they are called; absent where it was erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Where to write to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mail: Option<String>,
    /// Roles.
    pub roles: Vec<String>,
    /// Known from other tools only.
    pub external: bool,
    /// Whether they may take part.
    pub active: bool,
    /// Who could sign as them: whoever added them, made them a link or changed how they sign in. Empty after somebody vouched for them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hands: Vec<HandView>,
    /// Who said that they are a person of their own, while that holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vouched: Option<VouchedView>,
    /// When they are away, where that is not over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub away: Option<AwayView>,
}

/// When somebody is away.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct AwayView {
    /// From when on.
    pub from: String,
    /// Until when.
    pub until: String,
    /// Whether that is now.
    pub now: bool,
    /// Who stands in for them, as far as they may do it themselves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stand_in: Option<Uuid>,
    /// What they are called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stand_in_name: Option<String>,
}

/// Somebody's hand in a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct HandView {
    /// Whose hand.
    pub person: Uuid,
    /// What they are called; absent where it was erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What they did last: `added`, `link`, `account`, `password`, `address`, `passkey`, `key`.
    pub how: String,
    /// When.
    pub at: String,
}

/// That a person is a person of their own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct VouchedView {
    /// Who said so; absent: whoever runs the server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<Uuid>,
    /// What they are called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// When.
    pub at: String,
}

/// A published playbook.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PlaybookView {
    /// The playbook.
    pub playbook: Uuid,
    /// Its name.
    pub name: String,
    /// Its latest version.
    pub version: u64,
    /// SHA-256 of the source.
    pub digest: String,
    /// The TOML source, where one playbook was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// When it was published just now: what models that are in a stage lack in it, by model and field.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

/// An API key, without its secret.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ApiKeyView {
    /// Its public id.
    pub key: String,
    /// What people call it.
    pub name: String,
    /// What it may do.
    pub scopes: Vec<String>,
    /// The person it speaks for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub person: Option<Uuid>,
    /// When it ends (RFC 3339).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires: Option<String>,
    /// Whether it was revoked.
    pub revoked: bool,
    /// When it was used last, to the minute (RFC 3339).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub used: Option<String>,
}

/// What was stopped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct StopView {
    /// `workspace`, `playbook` or `proposer`.
    pub scope: String,
    /// Which playbook or proposer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// That somebody asked to resume it: it stays stopped until another person confirms that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resume: Option<ResumeView>,
    /// Whether one person resumes it, since nobody else is there who could confirm it.
    pub alone: bool,
}

/// That somebody asked to resume.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ResumeView {
    /// The event that says so.
    pub event: Uuid,
    /// Who asked.
    pub person: Uuid,
    /// What they are called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// When (RFC 3339).
    pub at: String,
    /// Why.
    pub reason: String,
}

/// An event, opened as far as its values still exist.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct EventView {
    /// Place in the log.
    pub position: u64,
    /// The event's canonical JSON, values opened where `opened` says so.
    #[schema(value_type = Object)]
    pub event: Value,
}

/// Number of cases that stand somewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct QueueCount {
    /// Playbook's name.
    pub playbook: String,
    /// Where they stand.
    pub state: String,
    /// How many.
    pub count: u64,
}

/// Why a case went where it went.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Explanation {
    /// The case.
    pub case: Uuid,
    /// The route.
    pub route: String,
    /// In one sentence.
    pub sentence: String,
    /// Whether the route could be derived again, to the last bit, from what the event holds.
    pub matches: bool,
    /// What differs, where it could not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub difference: Option<String>,
    /// The route event in full.
    #[schema(value_type = Object)]
    pub detail: Value,
}

/// What came of deriving every route again.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct ExplainedAll {
    /// Routes.
    pub routes: u64,
    /// Those that read a track record.
    pub measured: u64,
    /// Those that could not be derived again.
    pub different: u64,
    /// The first of them, and what differs.
    pub differences: Vec<String>,
}

/// A workspace.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct WorkspaceView {
    /// The workspace.
    pub workspace: Uuid,
    /// Its name.
    pub name: String,
    /// The origin line of its log.
    pub origin: String,
    /// The present checkpoint key, as a C2SP vkey.
    pub log_key: String,
    /// Number of events.
    pub size: u64,
    /// What is measured of people: `off`, `self`, `aggregate`, `named`.
    pub people_metrics: String,
    /// What is stopped.
    pub stops: Vec<StopView>,
    /// Cases that are being routed anew in the background, after people or certificates changed.
    pub rerouting: Vec<crate::reroute::RerouteView>,
    /// The database engine.
    pub engine: String,
}

/// An attachment.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AttachmentView {
    /// SHA-256 of its bytes, by which fields point to it.
    pub attachment: String,
    /// Its media type.
    pub media_type: String,
    /// Its size.
    pub bytes: u64,
}
