//! Who has a hand in whom. Two signatures are two only where nobody has a hand in both of those who gave them: whoever adds a person, hands
//! out their link or changes by what they sign in could be that person. Read from the events alone; never learns a name or a secret.

use super::{WorkspaceState, verbs::by_own_hand};
use crate::sabotage::{Sabotage, on};
use countersign_core::{
    Actor, Event, Refusal,
    event::{Body, PersonKind, PersonVouched, SignInChanged, SignInMeans},
    id::PersonId,
    number::Micros,
    refusal::Code,
};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// How somebody came to have a hand in somebody else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Touch {
    /// They added them.
    Added,
    /// They made a sign-in link for them.
    Link,
    /// They changed the accounts at providers that speak for them.
    Account,
    /// They changed their password.
    Password,
    /// They wrote the address by which an account is found.
    Address,
    /// They changed their passkeys.
    Passkey,
    /// They made a key that speaks for them.
    Key,
}

impl Touch {
    /// In a word, as the API says it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Link => "link",
            Self::Account => "account",
            Self::Password => "password",
            Self::Address => "address",
            Self::Passkey => "passkey",
            Self::Key => "key",
        }
    }

    /// In a sentence of which both ends are people.
    #[must_use]
    pub fn told(self, who: &str, whom: &str) -> String {
        match self {
            Self::Added => format!("{who} added {whom}"),
            Self::Link => format!("{who} made a sign-in link for {whom}"),
            Self::Account => format!("{who} changed the accounts by which {whom} signs in"),
            Self::Password => format!("{who} changed the password of {whom}"),
            Self::Address => format!("{who} wrote the address of {whom}, by which an account is found"),
            Self::Passkey => format!("{who} changed the passkeys of {whom}"),
            Self::Key => format!("{who} made a key that speaks for {whom}"),
        }
    }
}

/// Somebody's hand in a person: what it last was, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hand {
    /// How.
    pub touch: Touch,
    /// When.
    pub at: Micros,
}

/// That a person is a person of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Vouching {
    /// Who said so; none: whoever runs the server.
    pub by: Option<PersonId>,
    /// When.
    pub at: Micros,
}

/// One hand that is in two people, and through whom: each step is somebody, whom they have a hand in, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OneHand {
    /// Whose hand it is.
    pub of: PersonId,
    /// From there to the two.
    pub steps: Vec<(PersonId, PersonId, Touch)>,
    /// Whom to vouch for, so that they are two.
    pub vouch: PersonId,
}

impl OneHand {
    /// The refusal that says so in plain words, with ids where names belong.
    #[must_use]
    pub fn refusal(&self, (a, b): (PersonId, PersonId)) -> Refusal {
        let steps: Vec<String> = self.steps.iter().map(|(who, whom, touch)| touch.told(&who.to_string(), &whom.to_string())).collect();
        let detail = format!(
            "{a} and {b} do not count as two people here: {}. Somebody else, in whom none of these has a hand, first vouches under People that \
             {} is a person of their own; or whoever runs the server does, by `countersign person vouch`",
            steps.join(", and "),
            self.vouch
        );
        Refusal::field(Code::NotIndependent, "/person", detail)
    }
}

/// What is known of the hands in one person.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Standing {
    /// Everybody who ever had one. A vouching ends them all; what changes afterwards brings them back.
    hands: BTreeMap<PersonId, Hand>,
    vouched: Option<Vouching>,
}

/// The fold of all that says who could be whom.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Hands {
    people: BTreeMap<PersonId, Standing>,
    /// Whose hand a program's key is: the person it speaks for, or who made it; none: whoever runs the server.
    keys: BTreeMap<String, Option<PersonId>>,
}

impl Hands {
    /// Whose hand an actor is. None: the hand of whoever runs the server, who holds the root key and could sign anything.
    fn of(&self, actor: &Actor) -> Option<PersonId> {
        match actor {
            Actor::Person(person) => Some(*person),
            Actor::Key(key) => self.keys.get(key).copied().flatten(),
            Actor::System(_) => None,
        }
    }

    pub(super) fn apply(&mut self, event: &Event) {
        let (person, touch, lets_in) = match &event.body {
            Body::PersonAdded(body) if body.kind == PersonKind::Member => (body.person, Touch::Added, true),
            Body::SignInChanged(body) => {
                let touch = match body.means {
                    SignInMeans::Link => Touch::Link,
                    SignInMeans::Account => Touch::Account,
                    SignInMeans::Password => Touch::Password,
                    SignInMeans::Address => Touch::Address,
                };
                (body.person, touch, !body.removed)
            }
            Body::PasskeyAdded(body) => (body.person, Touch::Passkey, true),
            Body::PasskeyRemoved(body) => (body.person, Touch::Passkey, false),
            Body::ApiKeyAdded(body) => {
                self.keys.insert(body.key.clone(), body.person.or(self.of(&event.actor)));
                let Some(person) = body.person else { return };
                (person, Touch::Key, true)
            }
            Body::PersonVouched(body) => {
                self.people.entry(body.person).or_default().vouched = Some(Vouching { by: body.by, at: event.occurred_at });
                return;
            }
            _ => return,
        };
        let by = self.of(&event.actor).filter(|by| *by != person);
        let standing = self.people.entry(person).or_default();
        if let Some(by) = by {
            standing.hands.insert(by, Hand { touch, at: event.occurred_at });
        }
        // Whoever vouched looked at what was there. What lets somebody in since then they have not seen, whoever added it.
        if (lets_in || by.is_some()) && !on(Sabotage::VouchingOutlives) {
            standing.vouched = None;
        }
    }

    /// Who has a hand in a person at first hand, and by what. Empty where somebody vouched for them and nothing changed since.
    pub fn in_person(&self, person: PersonId) -> impl Iterator<Item = (PersonId, Hand)> {
        let standing = self.people.get(&person).filter(|standing| standing.vouched.is_none());
        standing.into_iter().flat_map(|standing| standing.hands.iter().map(|(who, hand)| (*who, *hand)))
    }

    /// Who vouched for a person, where that holds.
    #[must_use]
    pub fn vouched(&self, person: PersonId) -> Option<Vouching> {
        self.people.get(&person)?.vouched
    }

    /// Whether anybody has a hand in anybody else.
    #[must_use]
    pub fn any(&self) -> bool {
        self.people.values().any(|standing| standing.vouched.is_none() && !standing.hands.is_empty())
    }

    /// Everybody who has a hand in a person, themselves included: how far away, and the next one on the way to them.
    fn behind(&self, person: PersonId) -> BTreeMap<PersonId, (usize, Option<(PersonId, Touch)>)> {
        let mut found = BTreeMap::from([(person, (0, None))]);
        let mut open = VecDeque::from([(person, 0)]);
        while let Some((whom, far)) = open.pop_front() {
            if far > 0 && on(Sabotage::HandsNotFollowed) {
                break;
            }
            for (who, hand) in self.in_person(whom) {
                found.entry(who).or_insert_with(|| {
                    open.push_back((who, far + 1));
                    (far + 1, Some((whom, hand.touch)))
                });
            }
        }
        found
    }

    /// Whether any two of these people are two.
    #[must_use]
    pub fn two_among(&self, people: &[PersonId]) -> bool {
        if on(Sabotage::HandsIgnored) || !self.any() {
            return people.len() > 1;
        }
        let behind: Vec<BTreeSet<PersonId>> = people.iter().map(|person| self.behind(*person).into_keys().collect()).collect();
        behind.iter().enumerate().any(|(at, one)| behind.iter().skip(at + 1).any(|other| one.is_disjoint(other)))
    }

    /// The hand that is in both of two people, if there is one: then they are not two. Of several the nearest.
    #[must_use]
    pub fn in_both(&self, a: PersonId, b: PersonId) -> Option<OneHand> {
        let (of_a, of_b) = (self.behind(a), self.behind(b));
        let common = of_a.iter().filter_map(|(who, (far, _))| of_b.get(who).map(|(further, _)| (far + further, *who)));
        let (_, of) = common.min()?;
        let mut steps = Vec::new();
        for way in [&of_a, &of_b] {
            let mut at = of;
            while let Some((_, Some((whom, touch)))) = way.get(&at) {
                steps.push((at, *whom, *touch));
                at = *whom;
            }
        }
        let vouch = if of == b { a } else { b };
        Some(OneHand { of, steps, vouch })
    }
}

/// INVARIANT: a second signature is somebody's in whom nobody has a hand that has one in the first.
pub(super) fn two(state: &WorkspaceState, first: PersonId, second: PersonId) -> Result<(), Refusal> {
    match state.hands.in_both(first, second) {
        Some(one) if !on(Sabotage::HandsIgnored) => Err(one.refusal((first, second))),
        _ => Ok(()),
    }
}

/// INVARIANT: nobody gets an account or a password but by their own hand, and whatever lets somebody in is an event.
pub(super) fn sign_in_changed(state: &WorkspaceState, actor: &Actor, body: SignInChanged) -> Result<Body, Refusal> {
    let facts = state.people.get(&body.person);
    let facts = facts.ok_or_else(|| Refusal::field(Code::NotFound, "/person", "there is no such person"))?;
    let own = matches!(actor, Actor::Person(person) if *person == body.person);
    match (body.means, body.removed) {
        (SignInMeans::Link, false) if !facts.may(&[]) => {
            Err(Refusal::field(Code::Forbidden, "/person", "only an active member of the workspace signs in at the desk"))
        }
        (SignInMeans::Account | SignInMeans::Password, false) if !own => {
            Err(Refusal::field(Code::Forbidden, "/person", "a person takes an account or a password by their own hand only"))
        }
        _ => Ok(body.into()),
    }
}

/// INVARIANT: whoever vouches for somebody is another person than they by the same measure: nobody has a hand in both. Whoever runs the
/// server holds the root key, and is where trust begins.
pub(super) fn vouched(state: &WorkspaceState, actor: &Actor, person: PersonId, by: Option<PersonId>) -> Result<Option<Body>, Refusal> {
    let known = state.people.get(&person).filter(|facts| facts.kind == PersonKind::Member);
    known.ok_or_else(|| Refusal::new(Code::NotFound, "there is no such member"))?;
    match by {
        None if !matches!(actor, Actor::System(_)) => {
            return Err(Refusal::field(Code::Forbidden, "/by", "a person vouches in their own name: say who"));
        }
        None => {}
        Some(by) => {
            by_own_hand(state, actor, by, "only an active member vouches for somebody, in their own name")?;
            let one = state.hands.in_both(by, person).filter(|_| !on(Sabotage::VouchedByAnybody));
            if let Some(one) = one {
                return Err(if by == person {
                    Refusal::field(Code::NotIndependent, "/person", "nobody vouches for themselves: somebody else does")
                } else {
                    one.refusal((by, person))
                });
            }
        }
    }
    let needed = state.hands.in_person(person).next().is_some();
    Ok(needed.then(|| PersonVouched { person, by }.into()))
}
