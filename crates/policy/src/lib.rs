//! Who may do what: rules that people write, held against a schema when they are saved and decided by when somebody acts. The only crate
//! that knows Cedar. It is handed facts and counts nothing: no signature, no certificate, no lease; and it widens nothing, for what the
//! engine refuses stays refused.
//!
//! Start at [`Rules::compile`] and [`Rules::decide`]. Nothing is allowed that no rule allows, and what one forbids stays forbidden. Three
//! kinds of rules are decided by together: those that stand in every workspace, what a playbook says of roles, and the workspace's own.

#![cfg_attr(test, expect(clippy::unwrap_used, reason = "a test that cannot go on should panic"))]

mod entity;
mod expect;
mod rules;
mod source;

pub use expect::{Expectation, Failure, Known, World};
pub use rules::{Kind, Rule, Rules};
pub use source::{EXPECTATIONS_MAX, Problem, RULES_MAX};

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Action {
    /// Reads a case, its history or its evidence.
    See,
    /// Takes a case, and does what goes with holding it: skips, puts off, escalates, directs the AI.
    Claim,
    /// Answers on a case on which nobody else's answer counts yet.
    Decide,
    /// Answers on a case on which somebody else's answer counts.
    Countersign,
    /// Takes a decision back, or puts another answer in its place.
    Correct,
    /// Opens a decided case again.
    Reopen,
    /// Objects to a decision.
    Appeal,
    /// Lets an answer of a proposer stand by itself.
    Automate,
    /// Changes a playbook, its routing, its experiments or which track record it reads.
    Change,
    /// Resumes automation.
    Resume,
    /// Takes data out.
    Export,
    /// Erases a person's data.
    Erase,
    /// Says who takes part, and which programs.
    People,
    /// Drafts and approves rules.
    Rules,
}

impl Action {
    /// All of them, in the order in which they are told.
    pub const ALL: [Self; 14] = [
        Self::See,
        Self::Claim,
        Self::Decide,
        Self::Countersign,
        Self::Correct,
        Self::Reopen,
        Self::Appeal,
        Self::Automate,
        Self::Change,
        Self::Resume,
        Self::Export,
        Self::Erase,
        Self::People,
        Self::Rules,
    ];

    /// Its word in rules.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::See => "see",
            Self::Claim => "claim",
            Self::Decide => "decide",
            Self::Countersign => "countersign",
            Self::Correct => "correct",
            Self::Reopen => "reopen",
            Self::Appeal => "appeal",
            Self::Automate => "automate",
            Self::Change => "change",
            Self::Resume => "resume",
            Self::Export => "export",
            Self::Erase => "erase",
            Self::People => "people",
            Self::Rules => "rules",
        }
    }

    /// From its word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.word() == word)
    }

    /// What is acted on.
    #[must_use]
    pub fn on(self) -> On {
        match self {
            Self::See | Self::Claim | Self::Decide | Self::Countersign | Self::Correct | Self::Reopen | Self::Appeal | Self::Automate => {
                On::Case
            }
            Self::Change | Self::Resume => On::Playbook,
            Self::Export | Self::Erase | Self::People | Self::Rules => On::Workspace,
        }
    }

    /// Whether it takes one of the roles that a playbook names.
    #[must_use]
    pub fn takes_roles(self) -> bool {
        matches!(self, Self::Claim | Self::Decide | Self::Countersign | Self::Correct | Self::Reopen)
    }

    fn bit(self) -> u32 {
        1 << (self as u32)
    }
}

/// What an action is done to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum On {
    /// A case of a playbook.
    Case,
    /// A playbook.
    Playbook,
    /// The workspace.
    Workspace,
}

/// Who acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Actor<'a> {
    /// A person.
    Person {
        /// Their id.
        id: &'a str,
        /// Their roles.
        roles: &'a [String],
        /// Whether they are an active member.
        member: bool,
    },
    /// A program with a key that speaks for nobody.
    Key {
        /// The key's public id.
        id: &'a str,
        /// What the key is good for.
        scopes: &'a [String],
    },
    /// A proposer.
    Agent {
        /// Its name.
        name: &'a str,
    },
    /// The platform's own hands.
    System {
        /// `operator`, `importer`, ..
        name: &'a str,
    },
}

/// A playbook, as far as rules read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Playbook<'a> {
    /// Its name.
    pub name: &'a str,
    /// The roles of which somebody needs one to decide; none: every member.
    pub roles: &'a [String],
}

/// What a field of a case holds, as far as rules read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact<'a> {
    /// A word, or `true` and `false`.
    Word(&'a str),
    /// A number as a decimal. Rules read four digits after the point, and the largest is 922337203685477.5807: what lies beyond is cut.
    Number(&'a str),
}

/// What somebody wants to do.
#[derive(Debug, Clone)]
pub struct Request<'a> {
    /// Who.
    pub actor: Actor<'a>,
    /// What.
    pub action: Action,
    /// In which playbook; not read where the action is on the workspace.
    pub playbook: Option<Playbook<'a>>,
    /// What the case says, by field: never a personal value, and nothing that a proposer said.
    pub facts: Vec<(&'a str, Fact<'a>)>,
    /// Whether whoever acts made or owns what is decided on.
    pub own: bool,
    /// Whether a certificate is in force.
    pub certified: bool,
    /// The answer that is given, where one is and it is a word.
    pub answer: Option<&'a str>,
}

impl<'a> Request<'a> {
    /// Somebody wants to do something in a playbook, or in the workspace.
    #[must_use]
    pub fn new(actor: Actor<'a>, action: Action, playbook: Option<Playbook<'a>>) -> Self {
        Self { actor, action, playbook, facts: Vec::new(), own: false, certified: false, answer: None }
    }
}

/// A rule that decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// Its id.
    pub id: String,
    /// What it says, in a sentence.
    pub says: String,
}

/// What the rules say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// Whether it is allowed.
    pub allowed: bool,
    /// The rules that decided. None where nothing allows it.
    pub reasons: Vec<Reason>,
}

impl Verdict {
    /// Why, in a sentence or two, with the ids of the rules.
    #[must_use]
    pub fn sentence(&self) -> String {
        let told: Vec<String> = self.reasons.iter().map(|reason| format!("{} (rule {})", reason.says, reason.id)).collect();
        match (told.is_empty(), self.allowed) {
            (true, _) => "No rule allows it.".to_owned(),
            (false, _) => told.join(" "),
        }
    }
}

#[cfg(test)]
mod tests;
