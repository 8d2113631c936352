//! Tests of rules that are kept beside them: who is expected to be allowed what, as TOML. Knows nobody by itself; it is told who is who.

use crate::{Action, Actor, Fact, Playbook, Problem, Request, Rules, source::EXPECTATIONS_MAX};
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    expect: Vec<toml::Spanned<Expectation>>,
}

/// What is expected of the rules.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expectation {
    /// What is expected to be allowed, or
    pub allow: Option<String>,
    /// what is expected to be refused.
    pub deny: Option<String>,
    /// A person by id; their roles are those that they have.
    pub person: Option<String>,
    /// Or somebody with these roles, whoever that is.
    pub roles: Option<Vec<String>>,
    /// Or a program whose key is good for this.
    pub key: Option<Vec<String>>,
    /// Or a proposer.
    pub agent: Option<String>,
    /// The playbook.
    pub playbook: Option<String>,
    /// What the case says.
    #[serde(default)]
    pub fields: BTreeMap<String, Value>,
    /// Whether they made or own what is decided on.
    #[serde(default)]
    pub own: bool,
    /// Whether a certificate is in force.
    #[serde(default)]
    pub certified: bool,
    /// The answer that is given.
    pub answer: Option<String>,
    /// The rule that is expected to be among those that decide.
    pub because: Option<String>,
}

/// What a field holds.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum Value {
    /// Yes or no.
    Yes(bool),
    /// A whole number.
    Whole(i64),
    /// A word.
    Word(String),
}

/// An expectation that the rules do not meet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The line of its text on which it begins.
    pub line: usize,
    /// What was expected, and what the rules say.
    pub message: String,
}

/// The roles of a person, and whether they are an active member.
pub type Known = (Vec<String>, bool);

/// Who is who, and which roles decide where.
pub struct World<'w> {
    /// A person by id.
    pub person: &'w dyn Fn(&str) -> Option<Known>,
    /// The roles that a playbook names.
    pub playbook: &'w dyn Fn(&str) -> Option<Vec<String>>,
    /// The fields of a playbook that are numbers.
    pub is_number: &'w dyn Fn(&str, &str) -> bool,
}

/// Reads expectations.
///
/// # Errors
/// What is wrong with the text, with its line.
pub fn read(text: &str) -> Result<Vec<(usize, Expectation)>, Vec<Problem>> {
    let line = |offset: usize| text.get(..offset).unwrap_or(text).matches('\n').count() + 1;
    let file: File = toml::from_str(text).map_err(|error| {
        let at = error.span().map_or(0, |span| line(span.start));
        vec![Problem { line: at, column: usize::from(at > 0), message: error.message().to_owned() }]
    })?;
    if file.expect.len() > EXPECTATIONS_MAX {
        return Err(vec![Problem::whole(format!("{} expectations, and {EXPECTATIONS_MAX} is the limit", file.expect.len()))]);
    }
    let read = file.expect.into_iter().map(|one| (line(one.span().start), one.into_inner()));
    let read: Vec<(usize, Expectation)> = read.collect();
    let problems: Vec<Problem> =
        read.iter().filter_map(|(line, one)| one.fault().map(|message| Problem { line: *line, column: 1, message })).collect();
    if problems.is_empty() { Ok(read) } else { Err(problems) }
}

impl Expectation {
    fn action(&self) -> Option<(Action, bool)> {
        let (word, allowed) = self.allow.as_ref().map(|word| (word, true)).or(self.deny.as_ref().map(|word| (word, false)))?;
        Action::from_word(word).map(|action| (action, allowed))
    }

    fn fault(&self) -> Option<String> {
        let words = || Action::ALL.map(Action::word).join(", ");
        let who = [self.person.is_some(), self.roles.is_some(), self.key.is_some(), self.agent.is_some()];
        match (&self.allow, &self.deny) {
            (Some(_), Some(_)) | (None, None) => return Some("write allow = or deny =, and an action".into()),
            _ => {}
        }
        if self.action().is_none() {
            return Some(format!("there is no such action; one of {}", words()));
        }
        if who.iter().filter(|given| **given).count() != 1 {
            return Some("say who in one way: person =, roles =, key = or agent =".into());
        }
        let needs = self.action().is_some_and(|(action, _)| action.on() != crate::On::Workspace);
        (needs && self.playbook.is_none()).then(|| "say in which playbook".into())
    }

    /// What the rules say of it, where they say something else; or that it cannot be asked.
    fn failed(&self, rules: &Rules, world: &World<'_>) -> Option<String> {
        let (action, allowed) = self.action()?;
        let roles = self.playbook.as_ref().map(|name| (world.playbook)(name));
        let roles = match roles {
            Some(None) => return Some(format!("there is no playbook of the name {:?}", self.playbook.as_deref().unwrap_or_default())),
            Some(Some(roles)) => roles,
            None => Vec::new(),
        };
        let known = match &self.person {
            Some(id) => match (world.person)(id) {
                None => return Some(format!("there is nobody called {id:?} here")),
                known => known,
            },
            None => None,
        };
        let actor = match (&self.roles, &self.key, &self.agent, &self.person, &known) {
            (Some(roles), ..) => Actor::Person { id: "somebody", roles, member: true },
            (_, Some(scopes), ..) => Actor::Key { id: "some-key", scopes },
            (_, _, Some(name), ..) => Actor::Agent { name },
            (_, _, _, Some(id), Some((roles, member))) => Actor::Person { id, roles, member: *member },
            _ => return Some("say who".into()),
        };
        let playbook = self.playbook.as_deref().map(|name| Playbook { name, roles: &roles });
        let numbers: BTreeMap<&str, String> = self
            .fields
            .iter()
            .filter_map(|(field, value)| match value {
                Value::Whole(number) => Some((field.as_str(), number.to_string())),
                Value::Word(text) if playbook.is_some_and(|p| (world.is_number)(p.name, field)) => Some((field.as_str(), text.clone())),
                _ => None,
            })
            .collect();
        let facts = self.fields.iter().map(|(field, value)| {
            let fact = match (numbers.get(field.as_str()), value) {
                (Some(number), _) => Fact::Number(number),
                (None, Value::Yes(true)) => Fact::Word("true"),
                (None, Value::Yes(false)) => Fact::Word("false"),
                (None, Value::Word(word)) => Fact::Word(word),
                (None, Value::Whole(_)) => Fact::Word(""),
            };
            (field.as_str(), fact)
        });
        let request = Request {
            facts: facts.collect(),
            own: self.own,
            certified: self.certified,
            answer: self.answer.as_deref(),
            ..Request::new(actor, action, playbook)
        };
        let verdict = rules.decide(&request);
        let word = |allowed: bool| if allowed { "allowed" } else { "refused" };
        if verdict.allowed != allowed {
            return Some(format!(
                "{} was expected to be {}, and is {}: {}",
                action.word(),
                word(allowed),
                word(verdict.allowed),
                verdict.sentence()
            ));
        }
        let because = self.because.as_ref()?;
        let among = verdict.reasons.iter().any(|reason| reason.id == *because);
        (!among)
            .then(|| format!("{} is {} as expected, and not because of {because}: {}", action.word(), word(allowed), verdict.sentence()))
    }
}

impl Rules {
    /// Holds the rules against what is expected of them.
    ///
    /// # Errors
    /// Where the text of the expectations cannot be read.
    pub fn test(&self, expectations: &str, world: &World<'_>) -> Result<(usize, Vec<Failure>), Vec<Problem>> {
        let expected = read(expectations)?;
        let failed = |(line, one): &(usize, Expectation)| one.failed(self, world).map(|message| Failure { line: *line, message });
        Ok((expected.len(), expected.iter().filter_map(failed).collect()))
    }
}
