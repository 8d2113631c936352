//! Rules as people and programs see them. Decides nothing.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// Other rules, as somebody writes them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RulesInput {
    /// The rules, in Cedar. People may stand in them by their names.
    pub rules: String,
    /// What is expected of them, as TOML.
    #[serde(default)]
    pub expectations: String,
    /// What it is for, in a sentence.
    pub reason: String,
    /// Who writes it; absent where the key speaks for one.
    #[serde(default)]
    pub person: Option<Uuid>,
}

/// What is asked about rules that nobody has saved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RulesText {
    /// The rules.
    pub rules: String,
    /// What is expected of them.
    #[serde(default)]
    pub expectations: String,
}

/// What somebody does with a draft of rules, or with the rules that hold.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RulesAct {
    /// Who does; absent where the key speaks for one.
    #[serde(default)]
    pub person: Option<Uuid>,
    /// Why; wanted for taking a draft back and for going back.
    #[serde(default)]
    pub reason: String,
}

/// A rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RuleView {
    /// Its id.
    pub id: String,
    /// What it says, in a sentence.
    pub says: String,
    /// Its text.
    pub text: String,
    /// `fixed`, `default`, `playbook` or `own`.
    pub kind: String,
    /// Whether it forbids.
    pub forbids: bool,
}

/// The rules that hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RulesView {
    /// 1, 2, 3, ..; 0 where the workspace goes by the defaults.
    pub version: u64,
    /// The rules of the workspace, with names.
    pub rules: String,
    /// What is expected of them.
    pub expectations: String,
    /// Since when (RFC 3339).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// The draft that one step back undoes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub draft: Option<Uuid>,
    /// Every rule that is decided by: the workspace's own, those of playbooks, defaults, and what stands fixed.
    pub all: Vec<RuleView>,
}

/// An expectation that is not met.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FailureView {
    /// The line of its text.
    pub line: u64,
    /// What was expected, and what the rules say.
    pub message: String,
}

/// What rules come to that nobody has saved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct CheckedView {
    /// What is wrong, each with its line. Nothing else is told where there is something.
    pub problems: Vec<String>,
    /// Expectations that were asked.
    pub expectations: u64,
    /// Those that are not met.
    pub failures: Vec<FailureView>,
    /// What changes against the rules that hold.
    pub effects: EffectsView,
}

/// Somebody who newly may or may not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct EffectView {
    /// What, in the word of rules.
    pub action: String,
    /// In which playbook; absent for what is done in the whole workspace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub playbook: Option<String>,
    /// Whether it is allowed from then on.
    pub allowed: bool,
    /// Who: names, or ids where a name was erased; `programs` and `the server's command line` beside them.
    pub who: Vec<String>,
    /// The rules by which it is, with what they say.
    pub because: String,
}

/// A rule that is new, gone or another one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RuleChangeView {
    /// Its id.
    pub id: String,
    /// `new`, `gone` or `changed`.
    pub change: String,
    /// What it says, or said.
    pub says: String,
}

/// What a change of rules comes to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct EffectsView {
    /// Rules that are new, gone or other ones.
    pub rules: Vec<RuleChangeView>,
    /// Who newly may or may not, as far as it does not depend on the case.
    pub people: Vec<EffectView>,
}

/// Something that was done lately and would be told otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ReplayedActView {
    /// What recorded it.
    pub event: Uuid,
    /// The case, where it was done on one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub case: Option<Uuid>,
    /// Who did it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
    /// What was done.
    pub action: String,
    /// Whether it would be allowed.
    pub allowed: bool,
    /// The rule by which.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
}

/// What a draft comes to on what was done lately.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ReplayedView {
    /// When it was asked (RFC 3339).
    pub at: String,
    /// From when on what was done was asked about (RFC 3339).
    pub since: String,
    /// How much was done.
    pub acts: u64,
    /// How much of it would have been refused.
    pub refused: u64,
    /// How much of it would have been allowed that is refused today.
    pub allowed: u64,
    /// The latest of those.
    pub examples: Vec<ReplayedActView>,
}

/// A draft of rules.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RulesDraftView {
    /// Its id.
    pub draft: Uuid,
    /// The version that it changes.
    pub base: u64,
    /// Who wrote it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
    /// Their id: they never approve it.
    pub person_id: Uuid,
    /// What it is for.
    pub reason: String,
    /// When it was written (RFC 3339).
    pub drafted: String,
    /// `open`, `approved`, `withdrawn` or `rolled_back`.
    pub state: String,
    /// Whether it is open and the rules have a newer version: it can only be withdrawn, and drafted anew.
    pub stale: bool,
    /// The version that it became.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<u64>,
    /// Who approved it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approved_by: Option<String>,
    /// Why it ended, where it was withdrawn or undone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended: Option<String>,
    /// Whether one step leads back from it now.
    pub in_force: bool,
    /// The rules that it changes.
    pub today: String,
    /// The drafted rules.
    pub rules: String,
    /// What is expected of them.
    pub expectations: String,
    /// What it changes for whom, beside the rules that it changes.
    pub effects: EffectsView,
    /// What it comes to on what was done lately; absent before it was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replayed: Option<ReplayedView>,
}

/// Whether somebody may do something, and by which rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct MayView {
    /// What, in the word of rules.
    pub action: String,
    /// Whether they may: by the rules, and by the roles that the playbook names.
    pub allowed: bool,
    /// Whether it depends on the case as well.
    pub depends: bool,
    /// The rules that decide, with what they say.
    pub because: String,
    /// Their ids.
    pub rules: Vec<String>,
}

/// What one person, or one kind of program, may do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct MayRowView {
    /// Who.
    pub who: String,
    /// Their roles.
    pub roles: Vec<String>,
    /// What they may do, in the order of the actions.
    pub may: Vec<MayView>,
}

/// Who may do what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct MatrixView {
    /// In which playbook; absent for what is done in the whole workspace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub playbook: Option<String>,
    /// The actions, in their order.
    pub actions: Vec<String>,
    /// A row for each.
    pub rows: Vec<MayRowView>,
    /// Fields of the playbook that not everybody sees whole, in its order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub masks: Vec<MaskView>,
}

/// A field that some people do not see whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct MaskView {
    /// The field.
    pub field: String,
    /// Roles of which a person needs one to see it.
    pub visible_to: Vec<String>,
    /// Who sees it: names, or ids where a name was erased.
    pub whole: Vec<String>,
    /// To whom it is masked, of those who may see cases of the playbook.
    pub masked: Vec<String>,
}
