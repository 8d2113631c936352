//! The rules of a workspace: a lead drafts, the draft is held against what was done lately, a second lead approves, and one step leads
//! back. Never reads a rule: that they parse and hold what stands fixed is checked where they are compiled.

use super::{WorkspaceState, change::DRAFTS_OPEN_MAX, hands::two, verbs::by_own_hand};
use countersign_core::{
    Actor, Content, Event, Refusal,
    event::{Body, RulesApproved, RulesDrafted, RulesReplayed, RulesRolledBack, RulesWithdrawn},
    id::{EventId, PersonId},
    number::Micros,
    refusal::Code,
};
use std::collections::BTreeMap;

/// The role of those who answer for how it is decided here.
pub const LEAD_ROLE: &str = "lead";

/// A version of the rules.
#[derive(Debug, Clone, PartialEq)]
pub struct RulesVersion {
    /// 1, 2, 3, ..
    pub version: u64,
    /// The rules.
    pub source: Content,
    /// What is expected of them.
    pub expectations: Content,
    /// The draft that it came from; absent where it was gone back to.
    pub draft: Option<EventId>,
    /// Who approved it, or went back.
    pub person: PersonId,
    /// Since when.
    pub at: Micros,
}

/// A draft of rules.
#[derive(Debug, Clone, PartialEq)]
pub struct RulesDraftFacts {
    /// What was drafted, and by whom.
    pub drafted: RulesDrafted,
    /// When.
    pub drafted_at: Micros,
    /// What it would have come to, and when that was asked.
    pub replayed: Option<(Micros, RulesReplayed)>,
    /// The version that it became, and who approved it.
    pub approved: Option<(u64, PersonId)>,
    /// Whether it was taken back, turned down or undone: by whom, and why.
    pub ended: Option<(PersonId, String)>,
}

impl RulesDraftFacts {
    /// Whether it waits for a second lead.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.approved.is_none() && self.ended.is_none()
    }
}

/// The rules of a workspace, with their drafts.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RulesFacts {
    /// Versions in their order; the last holds. None: the workspace goes by the defaults.
    pub versions: Vec<RulesVersion>,
    /// Drafts, in whatever state.
    pub drafts: BTreeMap<EventId, RulesDraftFacts>,
}

impl RulesFacts {
    /// The number of the version that holds; 0: none.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.versions.last().map_or(0, |version| version.version)
    }

    /// A version's text and what is expected of it. Both are empty for version 0.
    #[must_use]
    pub fn texts(&self, version: u64) -> (&str, &str) {
        let known = self.versions.iter().find(|known| known.version == version);
        known.map_or(("", ""), |v| (v.source.as_plain_str().unwrap_or_default(), v.expectations.as_plain_str().unwrap_or_default()))
    }

    /// The draft that the version that holds came from: what one step back undoes.
    #[must_use]
    pub fn in_force(&self) -> Option<(EventId, &RulesDraftFacts)> {
        let draft = self.versions.last()?.draft?;
        Some((draft, self.drafts.get(&draft)?))
    }

    pub(super) fn apply(&mut self, event: &Event, body: &Body) {
        let at = event.occurred_at;
        match body {
            Body::RulesDrafted(body) => {
                let facts = RulesDraftFacts { drafted: body.clone(), drafted_at: at, replayed: None, approved: None, ended: None };
                self.drafts.insert(event.id, facts);
            }
            Body::RulesReplayed(body) => {
                if let Some(facts) = self.drafts.get_mut(&body.of) {
                    facts.replayed = Some((at, body.clone()));
                }
            }
            Body::RulesApproved(body) => {
                let Some(facts) = self.drafts.get_mut(&body.draft) else { return };
                facts.approved = Some((body.version, body.person));
                let (source, expectations) = (facts.drafted.source.clone(), facts.drafted.expectations.clone());
                self.versions.push(RulesVersion {
                    version: body.version,
                    source,
                    expectations,
                    draft: Some(body.draft),
                    person: body.person,
                    at,
                });
            }
            Body::RulesWithdrawn(body) => {
                if let Some(facts) = self.drafts.get_mut(&body.draft) {
                    facts.ended = Some((body.person, body.reason.clone()));
                }
            }
            Body::RulesRolledBack(body) => {
                if let Some(facts) = self.drafts.get_mut(&body.draft) {
                    facts.ended = Some((body.person, body.reason.clone()));
                }
                let (source, expectations) = self.texts(body.from);
                let (source, expectations) = (Content::text(source), Content::text(expectations));
                self.versions.push(RulesVersion { version: body.version, source, expectations, draft: None, person: body.person, at });
            }
            _ => {}
        }
    }

    fn open(&self, draft: EventId) -> Result<&RulesDraftFacts, Refusal> {
        let facts = self.drafts.get(&draft).ok_or_else(|| Refusal::field(Code::NotFound, "/draft", "there is no such draft"))?;
        let closed = || Refusal::field(Code::WrongState, "/draft", "this draft is no longer open");
        facts.is_open().then_some(facts).ok_or_else(closed)
    }

    /// An open draft of the rules as they are today.
    fn present(&self, draft: EventId) -> Result<&RulesDraftFacts, Refusal> {
        let facts = self.open(draft)?;
        let latest = self.version();
        if latest != facts.drafted.base {
            let detail = format!("it changes version {} of the rules, and {latest} holds: draft it anew", facts.drafted.base);
            return Err(Refusal::field(Code::StaleVersion, "/draft", detail));
        }
        Ok(facts)
    }
}

/// Somebody who leads, in their own name. Where nobody leads, every member does.
fn lead(state: &WorkspaceState, actor: &Actor, person: PersonId) -> Result<(), Refusal> {
    by_own_hand(state, actor, person, "only a person changes the rules, in their own name: no program does")?;
    let role = [LEAD_ROLE.to_owned()];
    let nobody = !state.people.values().any(|facts| facts.may(&role));
    let leads = nobody || state.people.get(&person).is_some_and(|facts| facts.may(&role));
    let not = || Refusal::field(Code::Forbidden, "/person", "the rules are changed by those who lead: it takes the role lead");
    leads.then_some(()).ok_or_else(not)
}

pub(super) fn drafted(state: &WorkspaceState, actor: &Actor, body: RulesDrafted) -> Result<Body, Refusal> {
    lead(state, actor, body.person)?;
    if state.rules.version() != body.base {
        return Err(Refusal::field(Code::StaleVersion, "/base", "the rules have a newer version: draft from that one"));
    }
    if state.rules.drafts.values().filter(|facts| facts.is_open()).count() >= DRAFTS_OPEN_MAX {
        let detail = format!("{DRAFTS_OPEN_MAX} drafts of rules are open: withdraw one first");
        return Err(Refusal::field(Code::TooLarge, "/rules", detail));
    }
    Ok(body.into())
}

pub(super) fn replayed(state: &WorkspaceState, body: RulesReplayed) -> Result<Body, Refusal> {
    state.rules.present(body.of)?;
    Ok(body.into())
}

/// INVARIANT: whoever wrote a draft never approves it, nor does anybody who may be them under another name, and nothing is approved whose effect nobody has asked for.
pub(super) fn approved(state: &WorkspaceState, actor: &Actor, draft: EventId, person: PersonId) -> Result<Body, Refusal> {
    let facts = state.rules.present(draft)?;
    lead(state, actor, person)?;
    if facts.drafted.person == person {
        let detail = "whoever wrote a draft does not approve it: a second person has to";
        return Err(Refusal::field(Code::NotIndependent, "/person", detail));
    }
    two(state, facts.drafted.person, person)?;
    if facts.replayed.is_none() {
        return Err(Refusal::field(Code::WrongState, "/draft", "replay it first: nothing is approved whose effect nobody has looked at"));
    }
    Ok(RulesApproved { draft, version: state.rules.version() + 1, person }.into())
}

pub(super) fn withdrawn(state: &WorkspaceState, actor: &Actor, draft: EventId, person: PersonId, reason: String) -> Result<Body, Refusal> {
    state.rules.open(draft)?;
    lead(state, actor, person)?;
    Ok(RulesWithdrawn { draft, person, reason }.into())
}

/// One step back needs no second person: it leads to what was approved before.
pub(super) fn rolled_back(state: &WorkspaceState, actor: &Actor, person: PersonId, reason: String) -> Result<Body, Refusal> {
    lead(state, actor, person)?;
    let none = || Refusal::field(Code::WrongState, "/rules", "the rules that hold did not come from an approved draft");
    let (draft, facts) = state.rules.in_force().ok_or_else(none)?;
    Ok(RulesRolledBack { draft, from: facts.drafted.base, version: state.rules.version() + 1, person, reason }.into())
}
