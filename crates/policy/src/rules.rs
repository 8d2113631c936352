//! Rules that were read, and what they say of a request. Never guesses: a rule that cannot be carried out on a case allows nothing there.

use crate::{
    Action, Playbook, Problem, Reason, Request, Verdict, entity,
    source::{self, Parsed},
};
use cedar_policy::{Authorizer, Decision, Effect, EntityId, EntityTypeName, EntityUid, Policy, PolicyId, PolicySet};
use std::{
    collections::HashMap,
    str::FromStr as _,
    sync::{Arc, Mutex, PoisonError},
};

/// Whose rule it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It stands in every workspace, whatever is written.
    Fixed,
    /// It stands until a workspace puts a rule of the same id in its place.
    Default,
    /// A playbook says it.
    Playbook,
    /// The workspace's own.
    Own,
}

/// A rule, to be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Its id.
    pub id: String,
    /// What it says, in a sentence.
    pub says: String,
    /// Its text.
    pub text: String,
    /// The line of the workspace's text on which it begins; 0 for one that is not the workspace's own.
    pub line: usize,
    /// Whose it is.
    pub kind: Kind,
    /// Whether it forbids.
    pub forbids: bool,
}

/// The names of entities, made once.
pub(crate) struct Names {
    pub person: EntityTypeName,
    pub role: EntityTypeName,
    pub key: EntityTypeName,
    pub agent: EntityTypeName,
    pub system: EntityTypeName,
    pub playbook: EntityTypeName,
    pub workspace: EntityUid,
    pub case: EntityUid,
    pub numbers: EntityUid,
    answer: EntityUid,
    actions: Vec<EntityUid>,
}

impl Names {
    fn new() -> Result<Self, Problem> {
        let kind = |word: &str| EntityTypeName::from_str(word).map_err(|error| Problem::whole(error.to_string()));
        let uid = |word: &str| kind(word).map(|kind| EntityUid::from_type_name_and_id(kind, EntityId::new("this")));
        let action = kind("Action")?;
        let named = |a: &Action| EntityUid::from_type_name_and_id(action.clone(), EntityId::new(entity::action_word(*a)));
        Ok(Self {
            person: kind("Person")?,
            role: kind("Role")?,
            key: kind("Key")?,
            agent: kind("Agent")?,
            system: kind("System")?,
            playbook: kind("Playbook")?,
            workspace: uid("Workspace")?,
            case: uid("Case")?,
            numbers: uid("Numbers")?,
            answer: EntityUid::from_type_name_and_id(action.clone(), EntityId::new("answer")),
            actions: Action::ALL.iter().map(named).collect(),
        })
    }

    pub(crate) fn uid(&self, kind: &EntityTypeName, id: &str) -> EntityUid {
        EntityUid::from_type_name_and_id(kind.clone(), EntityId::new(id))
    }

    /// The group of an action, where it has one.
    pub(crate) fn group(&self, action: Action) -> Option<EntityUid> {
        matches!(action, Action::Decide | Action::Countersign).then(|| self.answer.clone())
    }

    pub(crate) fn action(&self, action: Action) -> EntityUid {
        // INVARIANT: `actions` has one for each, in the order of their numbers.
        self.actions.get(action as usize).cloned().unwrap_or_else(|| self.workspace.clone())
    }
}

/// The rules that can speak of one action in one playbook.
struct Slice {
    set: PolicySet,
    /// Whether one of the workspace's own asks for more than who acts, what they do and where.
    reads_case: bool,
}

/// How it is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Asked {
    /// About this case, or what has none.
    Here,
    /// About whatever case: forbids that ask about the case say nothing.
    Anywhere,
}

type SliceKey = (Action, Asked, String, Vec<String>);

/// All that is decided by in one workspace.
pub struct Rules {
    names: Names,
    base: Vec<Parsed>,
    own: Vec<Parsed>,
    slices: Mutex<HashMap<SliceKey, Arc<Slice>>>,
}

/// Slices that are kept; beyond that all are made anew, which costs what a hundred decisions cost.
const SLICES_MAX: usize = 4_096;

impl std::fmt::Debug for Rules {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rules").field("own", &self.own.iter().map(|rule| &rule.id).collect::<Vec<_>>()).finish_non_exhaustive()
    }
}

impl Rules {
    /// Reads a workspace's rules. An empty text is a workspace that goes by the defaults.
    ///
    /// # Errors
    /// Every problem with its line, strictly by the schema.
    pub fn compile(text: &str) -> Result<Self, Vec<Problem>> {
        let names = Names::new().map_err(|problem| vec![problem])?;
        let own = source::parsed(text, &names)?;
        let limits = source::own_limits(&own, text);
        if !limits.is_empty() {
            return Err(limits);
        }
        let base = source::builtin(&names)?;
        Ok(Self { names, base, own, slices: Mutex::default() })
    }

    /// What rules name that is not there: playbooks, roles and people. `known` is asked by type (`Person`, `Role`, `Playbook`) and id.
    #[must_use]
    pub fn strangers(&self, text: &str, known: &dyn Fn(&str, &str) -> bool) -> Vec<Problem> {
        source::strangers(&self.own, text, known)
    }

    /// Whether the workspace has rules of its own.
    #[must_use]
    pub fn any(&self) -> bool {
        !self.own.is_empty()
    }

    /// Every rule that is decided by, but for those of playbooks: the workspace's own first.
    #[must_use]
    pub fn list(&self) -> Vec<Rule> {
        let own = self.own.iter().map(|rule| (Kind::Own, rule.line, rule));
        let stands = |rule: &&Parsed| !self.own.iter().any(|own| own.id == rule.id);
        let kind = |rule: &Parsed| if rule.id.starts_with("fixed.") { Kind::Fixed } else { Kind::Default };
        let base = self.base.iter().filter(stands).map(|rule| (kind(rule), 0, rule));
        let shown = |(kind, line, rule): (Kind, usize, &Parsed)| Rule {
            id: rule.id.clone(),
            says: rule.says.clone(),
            text: rule.text.clone(),
            line,
            kind,
            forbids: rule.policy.effect() == Effect::Forbid,
        };
        own.chain(base).map(shown).collect()
    }

    /// What a playbook says of roles, as a rule.
    #[must_use]
    pub fn of_playbook(playbook: Playbook<'_>) -> Rule {
        let text = playbook_text(playbook);
        let says = playbook_rule(playbook).ok().and_then(|policy| policy.annotation("says").map(str::to_owned)).unwrap_or_default();
        Rule { id: format!("playbook.{}", playbook.name), says, text, line: 0, kind: Kind::Playbook, forbids: false }
    }

    /// What the rules say. Nothing is allowed that no rule allows, one that forbids wins, and where a rule cannot be carried out nothing
    /// is allowed: in Cedar a rule that fails says nothing, and one that was to forbid must not fall silent.
    #[must_use]
    pub fn decide(&self, request: &Request<'_>) -> Verdict {
        self.verdict(request, Asked::Here)
    }

    /// Whether what the rules say of an action in a playbook depends on the case.
    #[must_use]
    pub fn reads_case(&self, request: &Request<'_>) -> bool {
        self.slice(request, Asked::Here).is_ok_and(|slice| slice.reads_case)
    }

    /// Whether somebody may do something on at least some case, as far as that can be said without one. Where rules ask about the case
    /// it is asked again for each; what this refuses is refused on every case.
    #[must_use]
    pub fn perhaps(&self, request: &Request<'_>) -> Verdict {
        if !self.reads_case(request) {
            return self.decide(request);
        }
        let verdict = self.verdict(request, Asked::Anywhere);
        let own = self.own.iter().filter(|rule| rule.policy.effect() == Effect::Permit && rule.reads_case);
        let may_yet = own.filter(|rule| rule.speaks_of(request)).count() > 0;
        // Nothing forbids, and a rule that asks about the case may yet allow.
        if verdict.reasons.is_empty() && may_yet { Verdict { allowed: true, ..verdict } } else { verdict }
    }

    fn verdict(&self, request: &Request<'_>, asked: Asked) -> Verdict {
        let refused = |says: String| Verdict { allowed: false, reasons: vec![Reason { id: "fixed.readable".to_owned(), says }] };
        let slice = match self.slice(request, asked) {
            Ok(slice) => slice,
            Err(detail) => return refused(format!("The rules cannot be put together: {detail}.")),
        };
        let (asked, entities) = match entity::said(&self.names, request) {
            Ok(said) => said,
            Err(error) => return refused(format!("{error}.")),
        };
        let response = Authorizer::new().is_authorized(&asked, &slice.set, &entities);
        if let Some(error) = response.diagnostics().errors().next() {
            return refused(format!("A rule cannot be carried out here: {error}."));
        }
        let told = |id: &PolicyId| {
            let says = slice.set.policy(id).and_then(|policy| policy.annotation("says")).unwrap_or_default();
            Reason { id: id.to_string(), says: says.to_owned() }
        };
        let mut reasons: Vec<Reason> = response.diagnostics().reason().map(told).collect();
        reasons.sort_by(|a, b| a.id.cmp(&b.id));
        Verdict { allowed: response.decision() == Decision::Allow, reasons }
    }

    fn slice(&self, request: &Request<'_>, asked: Asked) -> Result<Arc<Slice>, String> {
        let (name, roles) = request.playbook.map_or(("", [].as_slice()), |playbook| (playbook.name, playbook.roles));
        let key = (request.action, asked, name.to_owned(), roles.to_vec());
        let mut slices = self.slices.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(slice) = slices.get(&key) {
            return Ok(Arc::clone(slice));
        }
        if slices.len() >= SLICES_MAX {
            slices.clear();
        }
        let slice = Arc::new(self.slice_new(request, asked)?);
        slices.insert(key, Arc::clone(&slice));
        Ok(slice)
    }

    fn slice_new(&self, request: &Request<'_>, asked: Asked) -> Result<Slice, String> {
        // INVARIANT: who changes the rules stands fixed, so that no rule locks everybody out of them.
        let own = || self.own.iter().filter(|rule| request.action != Action::Rules && rule.speaks_of(request));
        let replaced = |id: &str| self.own.iter().any(|rule| rule.id == id);
        let base = self.base.iter().filter(|rule| rule.speaks_of(request) && !replaced(&rule.id));
        let silent = |rule: &&Parsed| asked == Asked::Anywhere && rule.reads_case && rule.policy.effect() == Effect::Forbid;
        let stand = base.chain(own().filter(|rule| !silent(rule))).map(|rule| rule.policy.clone());
        let playbook = request.playbook.filter(|_| request.action.takes_roles()).map(playbook_rule).transpose()?;
        let set = PolicySet::from_policies(stand.chain(playbook)).map_err(|error| error.to_string())?;
        Ok(Slice { set, reads_case: own().any(|rule| rule.reads_case) })
    }
}

impl Parsed {
    /// Whether by its head the rule can speak of such a request.
    fn speaks_of(&self, request: &Request<'_>) -> bool {
        let there = request.playbook.map(|playbook| playbook.name);
        self.actions & request.action.bit() != 0 && self.playbook.as_deref().is_none_or(|only| Some(only) == there)
    }
}

/// What `[decide] roles` of a playbook says, as a rule.
pub(crate) fn playbook_text(playbook: Playbook<'_>) -> String {
    let quoted = |text: &str| format!("\"{}\"", text.escape_debug());
    let (name, id) = (playbook.name, quoted(&format!("playbook.{}", playbook.name)));
    let (says, when) = if playbook.roles.is_empty() {
        (format!("Every member decides in {name}."), "principal is Person && principal.member".to_owned())
    } else {
        let roles: Vec<String> = playbook.roles.iter().map(|role| format!("Role::{}", quoted(role))).collect();
        let told = playbook.roles.join(" or ");
        (format!("In {name} whoever has the role {told} decides."), format!("principal in [{}]", roles.join(", ")))
    };
    let actions: Vec<String> =
        Action::ALL.into_iter().filter(|action| action.takes_roles()).map(|action| format!("Action::{}", quoted(action.word()))).collect();
    format!(
        "@id({id})\n@says({})\npermit (principal, action in [{}], resource in Playbook::{}) when {{ {when} }};",
        quoted(&says),
        actions.join(", "),
        quoted(name)
    )
}

fn playbook_rule(playbook: Playbook<'_>) -> Result<Policy, String> {
    let id = PolicyId::new(format!("playbook.{}", playbook.name));
    Policy::parse(Some(id), playbook_text(playbook)).map_err(|error| error.to_string())
}
