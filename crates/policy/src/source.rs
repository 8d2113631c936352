//! Rules as people write them: a text in Cedar, read and held against the schema, every problem with its line. Decides nothing.

use crate::{Action, entity::action_word, rules::Names};
use cedar_policy::{
    ActionConstraint, Effect, EntityUid, Policy, PolicyId, PolicySet, ResourceConstraint, Schema, ValidationMode, Validator,
};
use countersign_core::limits::NAME_CHARS_MAX;
use miette::Diagnostic;
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    str::FromStr as _,
};

/// Rules of one workspace.
pub const RULES_MAX: usize = 500;
/// Expectations beside them.
pub const EXPECTATIONS_MAX: usize = 1_000;

const BUILTIN: &str = include_str!("builtin.cedar");
const SCHEMA: &str = include_str!("rules.cedarschema");

/// What is wrong with a text, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// From 1; 0 where it is about the whole.
    pub line: usize,
    /// From 1; 0 where it is about the whole.
    pub column: usize,
    /// What is wrong, and what would be right.
    pub message: String,
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.line {
            0 => f.write_str(&self.message),
            line => write!(f, "line {line}, column {}: {}", self.column, self.message),
        }
    }
}

impl Problem {
    pub(crate) fn whole(message: impl Into<String>) -> Self {
        Self { line: 0, column: 0, message: message.into() }
    }

    fn at(text: &str, offset: usize, message: impl Into<String>) -> Self {
        let before = text.get(..offset).unwrap_or(text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or(before).chars().count() + 1;
        Self { line, column, message: message.into() }
    }

    fn of(text: &str, error: &dyn Diagnostic) -> Self {
        let offset = error.labels().and_then(|mut labels| labels.next()).map(|label| label.offset());
        let help = error.help().map(|help| format!(" ({help})")).unwrap_or_default();
        let message = format!("{error}{help}");
        offset.map_or_else(|| Self::whole(message.clone()), |offset| Self::at(text, offset, message.clone()))
    }
}

/// A rule that was read.
pub(crate) struct Parsed {
    pub id: String,
    pub says: String,
    pub text: String,
    pub line: usize,
    pub policy: Policy,
    /// A bit for each action that it may speak of.
    pub actions: u32,
    /// The only playbook that it may speak of.
    pub playbook: Option<String>,
    /// Whether it asks about the case, or about how something is done.
    pub reads_case: bool,
    /// Entities that it names, by type.
    pub named: BTreeSet<(String, String)>,
}

/// The schema. It is ours, and a test reads it.
pub(crate) fn schema() -> Result<Schema, Problem> {
    Schema::from_cedarschema_str(SCHEMA).map(|(schema, _)| schema).map_err(|error| Problem::whole(error.to_string()))
}

/// The rules that stand in every workspace.
pub(crate) fn builtin(names: &Names) -> Result<Vec<Parsed>, Vec<Problem>> {
    parsed(BUILTIN, names)
}

/// The ids that rules of a workspace may take over.
pub(crate) fn replaceable(id: &str) -> bool {
    id.starts_with("default.") && BUILTIN.contains(&format!("@id(\"{id}\")"))
}

/// Reads a text, and holds every rule against the schema.
pub(crate) fn parsed(text: &str, names: &Names) -> Result<Vec<Parsed>, Vec<Problem>> {
    let set = PolicySet::from_str(text).map_err(|errors| errors.iter().map(|error| Problem::of(text, error)).collect::<Vec<_>>())?;
    let starts = starts(text);
    let mut problems = Vec::new();
    if let Some(template) = set.templates().next() {
        problems.push(Problem::whole(format!("{} has a slot, such as ?principal: name who is meant", template.id())));
    }
    let mut rules: Vec<Parsed> = Vec::new();
    let mut policies: Vec<&Policy> = set.policies().collect();
    // Cedar counts them in their order in the text: policy0, policy1, ..
    policies.sort_by_key(|policy| number(policy));
    if policies.len() > RULES_MAX {
        return Err(vec![Problem::whole(format!("{} rules, and {RULES_MAX} is the limit", policies.len()))]);
    }
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for (at, policy) in policies.into_iter().enumerate() {
        let (line, offset) = starts.get(at).copied().unwrap_or((0, 0));
        let mut fault = |message: String| problems.push(Problem::at(text, offset, message));
        let (id, says) = (policy.annotation("id").unwrap_or_default(), policy.annotation("says").unwrap_or_default().trim());
        if let Err(message) = id_fits(id) {
            fault(message);
        } else if let Some(first) = seen.insert(id.to_owned(), line) {
            fault(format!("the id {id:?} is taken by the rule on line {first}"));
        }
        if says.is_empty() {
            fault("say in a sentence what it is for, above it: @says(\"..\"). It is what people read who are refused".into());
        }
        let actions = actions(policy, names);
        let json = policy.to_json().unwrap_or_default();
        let mut entities = BTreeSet::new();
        named(&json, &mut entities);
        rules.push(Parsed {
            id: id.to_owned(),
            says: says.to_owned(),
            text: policy.to_cedar().unwrap_or_default(),
            line,
            policy: policy.new_id(PolicyId::new(id)),
            actions,
            playbook: playbook(policy),
            reads_case: reads_case(&json),
            named: entities,
        });
    }
    let validator = Validator::new(schema().map_err(|problem| vec![problem])?);
    let result = validator.validate(&set, ValidationMode::Strict);
    problems.extend(result.validation_errors().map(|error| Problem::of(text, error)));
    problems.extend(result.validation_warnings().map(|warning| Problem::of(text, warning)));
    problems.sort_by_key(|problem| (problem.line, problem.column));
    problems.dedup();
    if problems.is_empty() { Ok(rules) } else { Err(problems) }
}

fn number(policy: &Policy) -> usize {
    policy.id().to_string().trim_start_matches("policy").parse().unwrap_or(usize::MAX)
}

/// Where rules begin: a line and a byte each, in their order. Comments and what stands between quotes begin nothing.
fn starts(text: &str) -> Vec<(usize, usize)> {
    enum In {
        Code,
        Comment,
        Quotes,
        Escape,
    }
    let (mut found, mut line, mut inside, mut within) = (Vec::new(), 1, false, In::Code);
    for (offset, c) in text.char_indices() {
        within = match (within, c) {
            (In::Comment, '\n') => In::Code,
            (In::Comment, _) => In::Comment,
            (In::Escape, _) => In::Quotes,
            (In::Quotes, '\\') => In::Escape,
            (In::Quotes, '"') => In::Code,
            (In::Quotes, _) => In::Quotes,
            (In::Code, '"') => In::Quotes,
            (In::Code, '/') if text.get(offset..).is_some_and(|rest| rest.starts_with("//")) => In::Comment,
            (In::Code, ';') => {
                inside = false;
                In::Code
            }
            (In::Code, c) => {
                if !inside && !c.is_whitespace() {
                    found.push((line, offset));
                    inside = true;
                }
                In::Code
            }
        };
        line += usize::from(c == '\n');
    }
    found
}

fn id_fits(id: &str) -> Result<(), String> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '.';
    if id.is_empty() {
        return Err("give it an id, above it: @id(\"large-refunds\")".into());
    }
    if id.len() > NAME_CHARS_MAX || !id.chars().all(plain) {
        return Err(format!("{id:?} is no id: up to {NAME_CHARS_MAX} lower-case letters, digits, hyphens and points"));
    }
    Ok(())
}

/// Which actions a rule may speak of.
fn actions(policy: &Policy, names: &Names) -> u32 {
    let all = || Action::ALL.iter().fold(0, |bits, action| bits | action.bit());
    let one = |uid: &EntityUid| -> u32 {
        let is = |action: &&Action| names.action(**action) == *uid;
        match Action::ALL.iter().find(is) {
            Some(action) => action.bit(),
            // The one group that the schema has.
            None => Action::Decide.bit() | Action::Countersign.bit(),
        }
    };
    match policy.action_constraint() {
        ActionConstraint::Any => all(),
        ActionConstraint::Eq(uid) => one(&uid),
        ActionConstraint::In(uids) => uids.iter().fold(0, |bits, uid| bits | one(uid)),
    }
}

/// The only playbook that a rule may speak of, by its head.
fn playbook(policy: &Policy) -> Option<String> {
    let of = |uid: EntityUid| (uid.type_name().to_string() == "Playbook").then(|| uid.id().unescaped().to_owned());
    match policy.resource_constraint() {
        ResourceConstraint::In(uid) | ResourceConstraint::Eq(uid) | ResourceConstraint::IsIn(_, uid) => of(uid),
        ResourceConstraint::Any | ResourceConstraint::Is(_) => None,
    }
}

/// Whether a rule asks for more than who acts, what they do and in which playbook: for an attribute of the case or of how it is done, or
/// for a tag.
fn reads_case(json: &Value) -> bool {
    let asks = |key: &str, value: &Value| match key {
        "getTag" | "hasTag" => true,
        "." | "has" => matches!(value["left"]["Var"].as_str(), Some("resource" | "context")),
        _ => false,
    };
    match json {
        Value::Object(members) => members.iter().any(|(key, value)| asks(key, value) || reads_case(value)),
        Value::Array(items) => items.iter().any(reads_case),
        _ => false,
    }
}

/// Every entity that a rule names.
fn named(json: &Value, found: &mut BTreeSet<(String, String)>) {
    match json {
        Value::Object(members) => {
            if let (Some(Value::String(kind)), Some(Value::String(id))) = (members.get("type"), members.get("id")) {
                found.insert((kind.clone(), id.clone()));
            }
            members.values().for_each(|value| named(value, found));
        }
        Value::Array(items) => items.iter().for_each(|item| named(item, found)),
        _ => {}
    }
}

/// Who and what there is, so that a rule names nobody who is not there.
pub(crate) fn strangers(rules: &[Parsed], text: &str, known: &dyn Fn(&str, &str) -> bool) -> Vec<Problem> {
    let mut problems = Vec::new();
    for rule in rules {
        for (kind, id) in &rule.named {
            let missing = match kind.as_str() {
                "Person" if !known(kind, id) => format!("there is nobody called {id:?} here"),
                "Role" if !known(kind, id) => format!("nobody has the role {id:?}, and no playbook names it: give it to somebody first"),
                "Playbook" if !known(kind, id) => format!("there is no playbook of the name {id:?}"),
                _ => continue,
            };
            let offset = line_offset(text, rule.line);
            problems.push(Problem::at(text, offset, format!("{}: {missing}", rule.id)));
        }
    }
    problems
}

fn line_offset(text: &str, line: usize) -> usize {
    text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum()
}

/// What a workspace's rules may not be called or speak of.
pub(crate) fn own_limits(rules: &[Parsed], text: &str) -> Vec<Problem> {
    let mut problems = Vec::new();
    for rule in rules {
        let mut fault = |message: String| problems.push(Problem::at(text, line_offset(text, rule.line), message));
        let id = &rule.id;
        if id.starts_with("fixed.") || id.starts_with("playbook.") {
            fault(format!("{id}: rules that begin with fixed. or playbook. are not the workspace's own, and nothing replaces them"));
        }
        if id.starts_with("default.") && !replaceable(id) {
            fault(format!("{id}: there is no default of this name to put another rule in the place of"));
        }
        if rule.actions == Action::Rules.bit() {
            fault(format!(
                "{id}: who changes the rules is fixed, so that nobody is locked out of them: {} takes no rule",
                action_word(Action::Rules)
            ));
        }
        if rule.policy.effect() == Effect::Permit && replaceable(id) && rule.reads_case {
            fault(format!("{id}: a rule in the place of a default says who may; what depends on the case is a forbid beside it"));
        }
    }
    problems
}
