//! How the columns of a file become a case: what a person writes, in TOML or as flags. Never touches a row.
//!
//! Two kinds of words stand in it. Where a value differs from row to row (`person`, `answer`, `at`, ..) the word names a
//! column; `=text` is the same text in every row, and `{column}` inside of a text is replaced. Where a value is usually the
//! same in all rows (`version`, `phase`, `advice`, `tool`, `source`) the word is that text, and `{column}` is replaced too.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How the columns of a file become a case.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Mapping {
    /// Name of a published playbook.
    pub playbook: String,
    /// What tells the cases apart, so that importing twice is safe: a column, or `{target}-{participant}-{order}`.
    pub external_id: Option<String>,
    /// Columns by field, where a field has not the name of its column.
    pub fields: BTreeMap<String, String>,
    /// Columns that are no fields although a field has their name.
    pub ignore: Vec<String>,
    /// What labels mean in answers, probabilities and outcomes: `"1" = "yes"`.
    pub values: BTreeMap<String, String>,
    /// Options in the order of probability columns. A label that is no option but a number counts them from 0.
    pub classes: Vec<String>,
    /// The id of the person who made or owns what is decided on.
    pub owner: Option<String>,
    /// When the case began.
    pub opened_at: Option<String>,
    /// By when it should be decided.
    pub deadline: Option<String>,
    /// What proposers proposed.
    #[serde(rename = "proposal", skip_serializing_if = "Vec::is_empty")]
    pub proposals: Vec<ProposalMapping>,
    /// What people judged.
    #[serde(rename = "judgment", skip_serializing_if = "Vec::is_empty")]
    pub judgments: Vec<JudgmentMapping>,
    /// What the world said.
    pub outcome: Option<OutcomeMapping>,
    /// What was acted on.
    pub decision: Option<DecisionMapping>,
}

/// What one proposer proposed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ProposalMapping {
    /// Who proposes.
    pub name: String,
    /// Its exact version.
    pub version: Option<String>,
    /// Its answer: a column of labels, or a comparison such as `decile>5` that says whether it is `of`.
    pub answer: Option<String>,
    /// The column with the probability of the option `of`; the playbook has two options.
    pub probability: Option<String>,
    /// The option that a probability or a comparison is about.
    pub of: Option<String>,
    /// Columns with the probabilities of all options: names, a range (`p0..p9`), a pattern (`p*`), or one column of JSON.
    pub probabilities: Vec<String>,
    /// Options in the order of those columns; absent: those of the mapping, else those of the playbook.
    pub classes: Vec<String>,
    /// What its labels mean, before those of the mapping.
    pub values: BTreeMap<String, String>,
    /// The column with its explanation.
    pub explanation: Option<String>,
    /// When it was made.
    pub at: Option<String>,
}

/// What one person judged.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct JudgmentMapping {
    /// By whom: a name; an unknown one becomes an external person.
    pub person: String,
    /// The answer: a column of labels, or a comparison such as `score>=7` that says whether it is `of`.
    pub answer: Option<String>,
    /// The column with the person's probability of the option `of`; the answer is `of` where it is above `threshold`.
    pub probability: Option<String>,
    /// The option that a probability or a comparison is about.
    pub of: Option<String>,
    /// Above which probability the answer is `of`; absent: 0.5.
    pub threshold: Option<f64>,
    /// `true`: the probability of the answer given; else the column of the confidence, from 0 to 1.
    pub confidence: Option<Confidence>,
    /// What labels mean, before those of the mapping.
    pub values: BTreeMap<String, String>,
    /// `only`, `first` or `final`.
    pub phase: Option<String>,
    /// Whether advice was visible: `yes`, `no` or `unknown`.
    pub advice: Option<String>,
    /// The column with the seconds that it took.
    pub seconds: Option<String>,
    /// The column with the milliseconds that it took.
    pub millis: Option<String>,
    /// The tool.
    pub tool: Option<String>,
    /// When it was made.
    pub at: Option<String>,
}

/// Where a confidence comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Confidence {
    /// `true`: the probability of the answer that was given.
    OfAnswer(bool),
    /// A column.
    Column(String),
}

/// What the world said.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OutcomeMapping {
    /// A column of labels or numbers, or a comparison.
    pub value: String,
    /// The option that a comparison is about.
    pub of: Option<String>,
    /// What labels mean, before those of the mapping.
    pub values: BTreeMap<String, String>,
    /// Where it comes from; absent: what the playbook says.
    pub source: Option<String>,
    /// When it was observed.
    pub at: Option<String>,
}

/// What was acted on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum DecisionMapping {
    /// `last-judgment`: the last judgment of the row.
    Word(String),
    /// Columns.
    Columns(DecisionColumns),
}

/// The word for a decision that is the last judgment.
pub const LAST_JUDGMENT: &str = "last-judgment";

/// Where a past decision stands.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DecisionColumns {
    /// A column of labels, or a comparison.
    pub answer: String,
    /// The option that a comparison is about.
    pub of: Option<String>,
    /// What labels mean, before those of the mapping.
    pub values: BTreeMap<String, String>,
    /// Who decided.
    pub person: Option<String>,
    /// When.
    pub at: Option<String>,
}

impl Mapping {
    /// Whether it says nothing about columns, so that a line of NDJSON is a case as it is.
    #[must_use]
    pub fn is_bare(&self) -> bool {
        Self { playbook: String::new(), ..self.clone() } == Self::default()
    }
}
