//! A kind of cases, in plain conditions on fields. Never reads a personal field, and never one by which decisions are checked for bias.

use crate::route::condition_holds;
use countersign_core::{
    Content,
    playbook::{Condition, Test},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A kind of cases.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Region {
    /// All hold.
    pub when: Vec<Condition>,
    /// None of these regions holds: they were asked before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unless: Vec<Vec<Condition>>,
}

impl Region {
    /// Every case.
    #[must_use]
    pub fn all() -> Self {
        Self { when: Vec::new(), unless: Vec::new() }
    }

    /// Whether a case belongs.
    #[must_use]
    pub fn holds(&self, fields: &BTreeMap<String, Content>) -> bool {
        let all = |when: &[Condition]| when.iter().all(|condition| condition_holds(condition, fields));
        all(&self.when) && !self.unless.iter().any(|other| all(other))
    }

    /// In words, as `region is odd`; what is left over is everything except the others.
    #[must_use]
    pub fn words(&self) -> String {
        let all = |when: &[Condition]| when.iter().map(condition_words).collect::<Vec<_>>().join(" and ");
        match (self.when.is_empty(), self.unless.is_empty()) {
            (true, true) => "all cases".into(),
            (true, false) => format!("everything except {}", self.unless.iter().map(|other| all(other)).collect::<Vec<_>>().join(", and ")),
            (false, _) => all(&self.when),
        }
    }
}

fn condition_words(condition: &Condition) -> String {
    let field = &condition.field;
    match &condition.test {
        Test::Is(words) => format!("{field} is {}", words.join(" or ")),
        Test::AtLeast(bound) => format!("{field} is at least {bound}"),
        Test::AtMost(bound) => format!("{field} is at most {bound}"),
        Test::Missing => format!("{field} is missing"),
    }
}
