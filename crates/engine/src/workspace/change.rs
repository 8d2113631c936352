//! Changing a playbook's routing: a person drafts, the draft is rehearsed, a second person approves, and one step leads back. Never
//! reads a playbook: that a draft changes the routing alone is checked where it is parsed.

use super::{WorkspaceState, hands::two, verbs::by_own_hand};
use countersign_core::{
    Actor, Event, Refusal,
    event::{Body, RoutingApproved, RoutingDrafted, RoutingRehearsed, RoutingRolledBack, RoutingWithdrawn},
    id::{EventId, PersonId, PlaybookId},
    number::Micros,
    refusal::Code,
};

/// Open drafts of one playbook at a time.
pub const DRAFTS_OPEN_MAX: usize = 10;

/// Where a draft stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DraftStanding {
    /// It waits for its rehearsal, or for a second person.
    Open,
    /// It became this version of the playbook.
    Approved {
        /// The version.
        version: u64,
        /// Who approved it.
        person: PersonId,
        /// When.
        at: Micros,
    },
    /// It was approved, and the routing from before is back.
    RolledBack {
        /// The version that it had become.
        version: u64,
        /// When it was undone.
        at: Micros,
    },
    /// It will not be used.
    Withdrawn,
}

/// A draft of a routing.
#[derive(Debug, Clone, PartialEq)]
pub struct DraftFacts {
    /// What was drafted, and by whom.
    pub drafted: RoutingDrafted,
    /// When.
    pub drafted_at: Micros,
    /// What its last rehearsal came to, and when that was.
    pub rehearsed: Option<(Micros, RoutingRehearsed)>,
    /// Where it stands.
    pub standing: DraftStanding,
}

impl WorkspaceState {
    /// Takes the next event about drafts in.
    pub(super) fn apply_drafts(&mut self, event: &Event, body: &Body) {
        let at = event.occurred_at;
        match body {
            Body::RoutingDrafted(body) => {
                let facts = DraftFacts { drafted: body.clone(), drafted_at: at, rehearsed: None, standing: DraftStanding::Open };
                self.drafts.insert(event.id, facts);
            }
            Body::RoutingRehearsed(body) => self.draft_with(body.of, |facts| facts.rehearsed = Some((at, body.clone()))),
            Body::RoutingApproved(body) => {
                let standing = DraftStanding::Approved { version: body.version, person: body.person, at };
                self.draft_with(body.draft, |facts| facts.standing = standing);
            }
            Body::RoutingWithdrawn(body) => self.draft_with(body.draft, |facts| facts.standing = DraftStanding::Withdrawn),
            Body::RoutingRolledBack(body) => self.draft_with(body.draft, |facts| {
                if let DraftStanding::Approved { version, .. } = facts.standing {
                    facts.standing = DraftStanding::RolledBack { version, at };
                }
            }),
            _ => {}
        }
    }

    fn draft_with(&mut self, draft: EventId, change: impl FnOnce(&mut DraftFacts)) {
        if let Some(facts) = self.drafts.get_mut(&draft) {
            change(facts);
        }
    }

    /// The draft that the latest version of a playbook came from: what one step back undoes.
    #[must_use]
    pub fn draft_in_force(&self, playbook: PlaybookId) -> Option<(EventId, &DraftFacts)> {
        let latest = self.playbooks.get(&playbook)?.versions.last()?.version;
        let is = |facts: &&DraftFacts| {
            facts.drafted.playbook == playbook && matches!(facts.standing, DraftStanding::Approved { version, .. } if version == latest)
        };
        self.drafts.iter().map(|(id, facts)| (*id, facts)).find(|(_, facts)| is(facts))
    }

    fn draft_open(&self, draft: EventId) -> Result<&DraftFacts, Refusal> {
        let facts = self.drafts.get(&draft);
        let facts = facts.ok_or_else(|| Refusal::field(Code::NotFound, "/draft", "there is no such draft"))?;
        match facts.standing {
            DraftStanding::Open => Ok(facts),
            _ => Err(Refusal::field(Code::WrongState, "/draft", "this draft is no longer open")),
        }
    }

    /// An open draft whose playbook is still as it was when it was drafted.
    fn draft_present(&self, draft: EventId) -> Result<(&DraftFacts, u64), Refusal> {
        let facts = self.draft_open(draft)?;
        let versions = self.playbooks.get(&facts.drafted.playbook).map(|known| known.versions.as_slice()).unwrap_or_default();
        let latest = versions.last().map_or(0, |version| version.version);
        if latest != facts.drafted.base {
            let detail = format!("it changes version {} of the playbook, and {latest} is the latest: draft it anew", facts.drafted.base);
            return Err(Refusal::field(Code::StaleVersion, "/draft", detail));
        }
        Ok((facts, latest))
    }
}

pub(super) fn drafted(state: &WorkspaceState, actor: &Actor, body: RoutingDrafted) -> Result<Body, Refusal> {
    let known = state.playbooks.get(&body.playbook);
    let known = known.ok_or_else(|| Refusal::field(Code::NotFound, "/playbook", "there is no such playbook"))?;
    by_own_hand(state, actor, body.person, "only an active member drafts a routing, in their own name")?;
    if known.versions.last().map(|version| version.version) != Some(body.base) {
        return Err(Refusal::field(Code::StaleVersion, "/base", "the playbook has a newer version: draft from that one"));
    }
    let open = |facts: &&super::DraftFacts| facts.drafted.playbook == body.playbook && facts.standing == DraftStanding::Open;
    if state.drafts.values().filter(open).count() >= DRAFTS_OPEN_MAX {
        let detail = format!("{DRAFTS_OPEN_MAX} drafts of this playbook are open: withdraw one first");
        return Err(Refusal::field(Code::TooLarge, "/playbook", detail));
    }
    Ok(body.into())
}

pub(super) fn rehearsed(state: &WorkspaceState, body: RoutingRehearsed) -> Result<Body, Refusal> {
    state.draft_present(body.of)?;
    Ok(body.into())
}

/// INVARIANT: whoever wrote a draft never approves it, nor does anybody who may be them under another name, and nothing is approved that was not rehearsed.
pub(super) fn approved(state: &WorkspaceState, actor: &Actor, draft: EventId, person: PersonId) -> Result<Body, Refusal> {
    let (facts, latest) = state.draft_present(draft)?;
    by_own_hand(state, actor, person, "only an active member approves a routing, in their own name")?;
    if facts.drafted.person == person {
        let detail = "whoever wrote a draft does not approve it: a second person has to";
        return Err(Refusal::field(Code::NotIndependent, "/person", detail));
    }
    two(state, facts.drafted.person, person)?;
    if facts.rehearsed.is_none() {
        return Err(Refusal::field(Code::WrongState, "/draft", "rehearse it first: nothing is approved whose effect nobody has looked at"));
    }
    Ok(RoutingApproved { draft, version: latest + 1, person }.into())
}

pub(super) fn withdrawn(state: &WorkspaceState, actor: &Actor, draft: EventId, person: PersonId, reason: String) -> Result<Body, Refusal> {
    state.draft_open(draft)?;
    by_own_hand(state, actor, person, "only an active member withdraws a draft, in their own name")?;
    Ok(RoutingWithdrawn { draft, person, reason }.into())
}

/// One step back needs no second person: it leads to what was approved, or published, before.
pub(super) fn rolled_back(
    state: &WorkspaceState,
    actor: &Actor,
    playbook: PlaybookId,
    person: PersonId,
    reason: String,
) -> Result<Body, Refusal> {
    by_own_hand(state, actor, person, "only an active member goes back to the routing from before, in their own name")?;
    let none = || Refusal::field(Code::WrongState, "/playbook", "the latest version of this playbook did not come from an approved draft");
    let (draft, facts) = state.draft_in_force(playbook).ok_or_else(none)?;
    let DraftStanding::Approved { version, .. } = facts.standing else { return Err(none()) };
    Ok(RoutingRolledBack { playbook, draft, from: facts.drafted.base, version: version + 1, person, reason }.into())
}
