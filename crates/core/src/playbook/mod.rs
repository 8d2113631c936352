//! Playbooks: the versioned TOML files that describe one kind of decision. This module holds what a playbook says; reading
//! one is [`parse`], holding values against one is [`check`]. Never knows a case.

use crate::{
    event::{OutcomeKind, Route},
    number::{Decimal, MicroUnits, Micros},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

pub mod check;
pub mod decimals;
pub mod infer;
pub mod parse;
mod schema;
mod suggest;

/// What a playbook says.
#[derive(Debug, Clone, PartialEq)]
pub struct Playbook {
    /// Unique in a workspace: lower-case letters, digits and hyphens.
    pub name: String,
    /// What the person is asked.
    pub question: String,
    /// More about it, for people.
    pub description: Option<String>,
    /// What an answer is.
    pub answer: AnswerSpec,
    /// Fields in the order in which people see them.
    pub fields: Vec<FieldSpec>,
    /// What the world says later; absent where it never says anything.
    pub outcome: Option<OutcomeSpec>,
    /// What errors and minutes cost.
    pub costs: Costs,
    /// Who decides and what they see first.
    pub routing: Routing,
    /// Who may decide, and how many must.
    pub decide: Decide,
    /// Language models that the server asks about every case, in the order of the source.
    pub proposers: Vec<Proposer>,
    /// How the queue is ordered while the built-in model is young; absent: as ever.
    pub learning: Option<Learning>,
}

/// Cases from which a young model learns most come sooner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Learning {
    /// The share of cases whose place is drawn by lot instead, in billionths: figures rest on these.
    pub lot: u32,
    /// Labels from which on a model is young no more.
    pub until: u64,
}

/// What an answer is.
#[derive(Debug, Clone, PartialEq)]
pub enum AnswerSpec {
    /// One of the options.
    Choice {
        /// In the order of their digit keys.
        options: Vec<String>,
    },
    /// A number on a scale.
    Score {
        /// Lowest.
        min: Decimal,
        /// Highest.
        max: Decimal,
        /// Distance of two answers, where the scale has steps.
        step: Option<Decimal>,
    },
    /// A text.
    Text {
        /// Longest, in bytes.
        bytes_max: usize,
    },
    /// A unified diff.
    Patch,
    /// A call that an agent wants to make: its name and arguments.
    Action {
        /// Names that may be called; empty: any.
        names: Vec<String>,
        /// JSON Schema of the arguments.
        schema: Option<serde_json::Value>,
    },
    /// A filled-in form.
    Form {
        /// JSON Schema of the form.
        schema: serde_json::Value,
    },
}

/// What a field holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FieldKind {
    /// Text.
    Text,
    /// A number.
    Number,
    /// One of some words; empty: any word.
    Category {
        /// The words.
        options: Vec<String>,
    },
    /// Yes or no.
    Boolean,
    /// A moment.
    Time,
    /// An image: an attachment.
    Image,
    /// A unified diff.
    Patch,
    /// Turns of a conversation.
    Conversation,
    /// Rows and columns.
    Table,
    /// Any JSON.
    Json,
}

/// How far a personal field may go to models.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Share {
    /// To models that run in this process.
    #[default]
    Local,
    /// Outside too, with placeholders for personal data.
    Masked,
    /// To no model.
    Never,
}

/// One field.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is an independent word of the playbook")]
pub struct FieldSpec {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub kind: FieldKind,
    /// Whether it is the case's headline.
    pub title: bool,
    /// Whether a case without it is refused.
    pub required: bool,
    /// Whether its values lie in the vault.
    pub personal: bool,
    /// Whether it says whose data the case is.
    pub subject: bool,
    /// Whether decisions are checked for bias by it; goes to no model.
    pub audited: bool,
    /// Whether people do not see it.
    pub hidden: bool,
    /// How far it may go to models.
    pub share: Share,
    /// Roles of which a person needs one to see it whole; to everybody else it is masked. Empty: all see it.
    pub visible_to: Vec<String>,
}

impl FieldSpec {
    /// Whether there are people who do not see it whole. Its values are then sealed, so that no event holds one, and read by no rule and
    /// no statistic, so that no route tells one.
    #[must_use]
    pub fn is_masked(&self) -> bool {
        !self.visible_to.is_empty()
    }

    /// Whether a person with these roles sees that there is something, and not what.
    #[must_use]
    pub fn masked_for<'r>(&self, roles: impl IntoIterator<Item = &'r String>) -> bool {
        self.is_masked() && !roles.into_iter().any(|role| self.visible_to.contains(role))
    }
}

/// What the world says later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutcomeSpec {
    /// Truth, proxy or payoff.
    pub kind: OutcomeKind,
    /// Where it comes from.
    pub source: String,
    /// The answers under which it is ever seen; `None`: always.
    pub observed: Option<Vec<String>>,
    /// After how long.
    pub after: Micros,
}

/// What errors and minutes cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Costs {
    /// Any error that is not named.
    pub error_default: MicroUnits,
    /// Errors by (truth, answer).
    pub errors: BTreeMap<(String, String), MicroUnits>,
    /// A minute of a person.
    pub minute: MicroUnits,
}

/// A promise under which a case may be automated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Automate {
    /// Highest share of errors, in billionths.
    pub max_error: u32,
    /// Certainty of the promise, in billionths.
    pub certainty: u32,
    /// Share of automated cases that people look at blind, in billionths.
    pub audit: u32,
    /// How long a certificate lasts before it has to be earned again.
    pub valid: Micros,
    /// What an error is.
    pub against: Against,
}

/// What a promise is held against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Against {
    /// Outcomes that tell the truth, seen whatever was decided.
    Outcomes,
    /// What a person answers without advice on cases drawn by lot: a promise about agreement, where no outcome ever tells the truth.
    Judgments,
}

/// Who decides and what they see first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Routing {
    /// Where no rule says otherwise. Never `automate`.
    pub default: Route,
    /// Present where the playbook allows automation at all.
    pub automate: Option<Automate>,
    /// Share of `assist` cases that go `blind`, in billionths.
    pub blind: u32,
    /// Routes among which the track record may choose where no rule speaks, the default among them. Never `automate` or `hold`.
    pub choose: Vec<Route>,
    /// Share of cases that go by lot to one of those routes, in billionths: what is never tried is never known.
    pub explore: u32,
    /// Time to decide, from opening.
    pub deadline: Option<Micros>,
    /// How many answer independently on route `panel`.
    pub panel: u32,
    /// Human-written rules; the first that fits chooses. They read fields only, never proposals: the route of a case must not
    /// tell what the AI said.
    pub rules: Vec<RouteRule>,
}

/// A human-written rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteRule {
    /// Its name, for explanations.
    pub name: String,
    /// All have to hold.
    pub when: Vec<Condition>,
    /// Where it sends the case. Never `automate`.
    pub route: Route,
}

/// What a rule reads: a field that is not personal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub struct Condition {
    /// The field.
    pub field: String,
    /// How its value must be.
    pub test: Test,
}

/// How a value must be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Test {
    /// One of these words (a boolean is `true` or `false`).
    Is(Vec<String>),
    /// At least, for numbers.
    AtLeast(Decimal),
    /// At most, for numbers.
    AtMost(Decimal),
    /// The field is absent.
    Missing,
}

/// Who may decide, and how many must.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decide {
    /// Roles of which a person needs one. Empty: every member.
    pub roles: Vec<String>,
    /// Signatures where the answer is not named.
    pub signatures_default: u32,
    /// Signatures by answer.
    pub signatures: BTreeMap<String, u32>,
    /// How long a decision can be withdrawn before anything acts on it.
    pub grace: Micros,
    /// How long a claim lasts.
    pub lease: Micros,
    /// Whether a person has to be told what the AI is good and bad at, and to practise on past cases, before their first decision.
    pub induction: bool,
    /// Whether every judgment that counts is signed by the person's own passkey.
    pub signed: bool,
    /// Whether cases that are shown with advice may be answered together, from a table.
    pub bulk: bool,
}

/// A language model behind an endpoint that the server asks about every case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposer {
    /// Its name, which proposals carry.
    pub name: String,
    /// Where its protocol begins, as in `http://127.0.0.1:8080/v1`.
    pub endpoint: String,
    /// The model's name there.
    pub model: String,
    /// The environment variable that holds its key; never the key.
    pub key_env: Option<String>,
    /// The words by which it is asked.
    pub template: Template,
    /// What the team wants of it, beside the question.
    pub instruction: Option<String>,
    /// What may be spent on it in a day (UTC).
    pub budget: Option<MicroUnits>,
    /// What 1,000 tokens cost: read, written.
    pub price: (MicroUnits, MicroUnits),
    /// How long one answer of it may take.
    pub timeout: Micros,
    /// How often one request is tried.
    pub attempts: u32,
    /// Answers that are drawn where it gives no probabilities of options.
    pub samples: u32,
    /// Drafts that it writes of a text or a patch.
    pub candidates: u32,
    /// How long a new case is kept back for its advice; then it is served without.
    pub wait: Micros,
}

/// The words by which a model is asked; a changed text gets another version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Template {
    /// One of the options, by a letter.
    Choice1,
    /// The same, with decided cases that are like the case as examples.
    Choice2,
    /// A text or a patch, in several drafts.
    Draft1,
    /// The same, with decided cases that are like the case as examples.
    Draft2,
    /// JSON after a schema: a score, an action, a form.
    Form1,
}

impl Template {
    /// Its name, which the versions of proposals carry.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Choice1 => "choice-1",
            Self::Choice2 => "choice-2",
            Self::Draft1 => "draft-1",
            Self::Draft2 => "draft-2",
            Self::Form1 => "form-1",
        }
    }

    /// Whether decided cases go out beside the case.
    #[must_use]
    pub fn shows_examples(self) -> bool {
        matches!(self, Self::Choice2 | Self::Draft2)
    }

    /// Whether it asks for such answers.
    #[must_use]
    pub fn fits(self, answer: &AnswerSpec) -> bool {
        let plain = match self {
            Self::Choice2 => Self::Choice1,
            Self::Draft2 => Self::Draft1,
            plain => plain,
        };
        plain == Self::of(answer)
    }

    /// The plain one for a kind of answer: decided cases go out only where a playbook says so.
    #[must_use]
    pub fn of(answer: &AnswerSpec) -> Self {
        match answer {
            AnswerSpec::Choice { .. } => Self::Choice1,
            AnswerSpec::Text { .. } | AnswerSpec::Patch => Self::Draft1,
            AnswerSpec::Score { .. } | AnswerSpec::Action { .. } | AnswerSpec::Form { .. } => Self::Form1,
        }
    }
}

impl Proposer {
    /// Its exact version, as proposals say it: the model and the words by which it was asked.
    #[must_use]
    pub fn version(&self) -> String {
        format!("{} {}", self.model, self.template.as_str())
    }
}

impl Routing {
    /// Whether the playbook lets people decide this way where no rule speaks, so that it may be compared with others.
    #[must_use]
    pub fn allows(&self, route: Route) -> bool {
        let decides = !matches!(route, Route::Automate | Route::Hold);
        decides && (self.choose.contains(&route) || route == self.default || (route == Route::Blind && self.blind > 0))
    }
}

impl Playbook {
    /// Whether cases of it hold personal values, which makes free text and external ids personal too.
    #[must_use]
    pub fn has_personal_fields(&self) -> bool {
        self.fields.iter().any(|f| f.personal || f.subject)
    }

    /// The field that is a case's headline: the one that says so, or the first text that all people see whole.
    #[must_use]
    pub fn headline(&self) -> Option<&FieldSpec> {
        let seen = || self.fields.iter().filter(|field| !field.hidden && !field.is_masked());
        seen().find(|field| field.title).or_else(|| seen().find(|field| matches!(field.kind, FieldKind::Text)))
    }

    /// Whether there are people who do not see its cases whole, so that free text on them is kept out of events, too.
    #[must_use]
    pub fn has_masked_fields(&self) -> bool {
        self.fields.iter().any(FieldSpec::is_masked)
    }

    /// Signatures that an answer needs.
    #[must_use]
    pub fn signatures_for(&self, label: &str) -> u32 {
        self.decide.signatures.get(label).copied().unwrap_or(self.decide.signatures_default)
    }
}
