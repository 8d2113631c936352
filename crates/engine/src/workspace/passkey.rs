//! Passkeys: a person takes one by their own hand, and gives it up. Never checks a signature; whoever asks has.

use super::{WorkspaceState, verbs::by_own_hand};
use countersign_core::{
    Actor, Refusal,
    event::{Body, PasskeyAdded, PasskeyRemoved},
    id::PersonId,
    refusal::Code,
};

/// Passkeys that one person has at a time.
pub const PASSKEYS_MAX: usize = 20;

/// A passkey, as the ledger knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasskeyFacts {
    /// Whose.
    pub person: PersonId,
    /// The public key: COSE, as base64url.
    pub key: String,
    /// The relying party that it is bound to.
    pub rp_id: String,
    /// Whether it is no longer taken.
    pub removed: bool,
}

impl WorkspaceState {
    /// How many passkeys a person has that are taken.
    #[must_use]
    pub fn passkeys_of(&self, person: PersonId) -> usize {
        self.passkeys.values().filter(|facts| facts.person == person && !facts.removed).count()
    }
}

/// INVARIANT: nobody gets a passkey but by their own hand, or others could sign in their name. An id is used once for ever: what was
/// signed with a removed one must go on being checked against the key that signed it.
pub(super) fn added(state: &WorkspaceState, actor: &Actor, body: PasskeyAdded) -> Result<Body, Refusal> {
    let own = matches!(actor, Actor::Person(person) if *person == body.person);
    if !own {
        return Err(Refusal::field(Code::Forbidden, "/person", "a person takes a passkey by their own hand only"));
    }
    by_own_hand(state, actor, body.person, "only an active member takes a passkey")?;
    if state.passkeys.contains_key(&body.credential) {
        return Err(Refusal::field(Code::Conflict, "/credential", "this passkey is known already"));
    }
    if state.passkeys_of(body.person) >= PASSKEYS_MAX {
        return Err(Refusal::field(Code::TooLarge, "/person", format!("a person has at most {PASSKEYS_MAX} passkeys: remove one first")));
    }
    Ok(body.into())
}

pub(super) fn removed(state: &WorkspaceState, actor: &Actor, body: PasskeyRemoved) -> Result<Option<Body>, Refusal> {
    let missing = || Refusal::field(Code::NotFound, "/credential", "this person has no such passkey");
    let facts = state.passkeys.get(&body.credential).filter(|facts| facts.person == body.person).ok_or_else(missing)?;
    // Whoever runs the workspace helps a person who lost their device.
    let may = match actor {
        Actor::Person(person) => *person == body.person,
        Actor::System(_) => true,
        Actor::Key(_) => false,
    };
    if !may {
        return Err(Refusal::field(Code::Forbidden, "/person", "a passkey is removed by its person, or by whoever runs the workspace"));
    }
    Ok((!facts.removed).then(|| body.into()))
}
