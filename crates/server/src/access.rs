//! Who asks, and whether they may: API keys, scopes, and keys that speak for one person. Holds no keys and caches none; the
//! application does.
//!
//! A handler names its scope in its signature (`Access<scope::Judge>`), so a route without a check does not compile into one.

use crate::{problem::Problem, routes::Changed, state::Server};
use axum::{
    extract::FromRequestParts,
    http::{header, request::Parts},
};
use countersign_app::{Caller, Workspace, view::Receipt};
use countersign_core::{
    event::{Actor, Source},
    id::PersonId,
    refusal::Code,
};
use serde::Deserialize;
use std::marker::PhantomData;
use utoipa::IntoParams;
use uuid::Uuid;

/// What a route asks of a key.
pub trait Scopes: Send + Sync + 'static {
    /// One of these scopes is enough; none: any valid key.
    const ANY_OF: &'static [&'static str];
    /// Whether a key that speaks for a person may ask. What shows advice on cases that the person has yet to answer may not.
    const PERSONS: bool = true;
}

/// The scopes of routes, each a type.
pub mod scope {
    use super::Scopes;

    macro_rules! scopes {
        ($($(#[$doc:meta])* $name:ident = [$($scope:literal),*] $(, persons = $persons:literal)?;)*) => {
            $($(#[$doc])* #[derive(Debug)] pub struct $name;
            impl Scopes for $name {
                const ANY_OF: &'static [&'static str] = &[$($scope),*];
                $(const PERSONS: bool = $persons;)?
            })*
        };
    }

    scopes! {
        /// Any valid key.
        Any = [];
        /// Handing in cases, proposals and attachments.
        CasesWrite = ["cases:write"];
        /// Reading lists, which show where cases went and so what was advised.
        CasesRead = ["cases:read"], persons = false;
        /// Reading one case, withheld from people as far as independence asks for it.
        CaseRead = ["cases:read", "judge"];
        /// Answering, and all that comes with it.
        Judge = ["judge"];
        /// Objecting to a decision.
        Appeal = ["judge", "cases:write"];
        /// Saying what the world says.
        OutcomesWrite = ["outcomes:write"];
        /// Publishing playbooks.
        PlaybooksWrite = ["playbooks:write"];
        /// Changing who takes part.
        PeopleWrite = ["people:write"];
        /// Saying who is away: of others, where the key's person may say who takes part.
        PeopleAway = ["people:write", "judge"];
        /// Reading who takes part.
        PeopleRead = ["people:write", "cases:read", "judge"];
        /// Stopping and resuming automation.
        Control = ["control"];
        /// Reading events with their content, of all cases.
        LedgerRead = ["ledger:read"], persons = false;
        /// Reading the evidence of one decision.
        BundleRead = ["ledger:read"];
        /// Live updates: which case moved tells where it was routed.
        Live = ["cases:read", "ledger:read"], persons = false;
        /// Reading all that is kept about somebody, advice on cases about them included.
        SubjectRead = ["admin"], persons = false;
        /// Keys and erasures.
        Admin = ["admin"];
    }
}

/// A key that was let in for `S`, and what it may act on.
pub struct Access<S> {
    /// What every handler shares.
    pub server: Server,
    /// The key's workspace.
    pub workspace: Workspace,
    /// Who acts, through this door.
    pub caller: Caller,
    /// The one person that the key speaks for; they see what that person may see.
    pub person: Option<PersonId>,
    scope: PhantomData<S>,
}

impl<S> Access<S> {
    /// Whether the key may act for this person: a key of a person for that one only, a trusted program for whom it names.
    ///
    /// # Errors
    /// `forbidden`, with the field.
    pub fn speaks_for(&self, person: Uuid) -> Result<PersonId, Problem> {
        match self.person {
            Some(own) if own.0 != person => {
                Err(Problem::field(Code::Forbidden, "/person", "this key speaks for another person and may not act for this one"))
            }
            _ => Ok(PersonId(person)),
        }
    }

    /// As [`Self::speaks_for`]; a key of a person fills in that person where none is named.
    ///
    /// # Errors
    /// `forbidden`, with the field.
    pub fn speaks_for_any(&self, person: Option<Uuid>) -> Result<Option<Uuid>, Problem> {
        person.map_or(Ok(self.person), |person| self.speaks_for(person).map(Some)).map(|person| person.map(|person| person.0))
    }

    /// As [`Self::speaks_for_any`], where there has to be somebody.
    ///
    /// # Errors
    /// `forbidden`, and `invalid` where nobody is named; with the field.
    pub fn speaks_for_one(&self, person: Option<Uuid>) -> Result<PersonId, Problem> {
        let nobody = || Problem::field(Code::Invalid, "/person", "say who, by the person's id; in an address as `?person=`");
        self.speaks_for_any(person)?.map(PersonId).ok_or_else(nobody)
    }

    /// What was written, counted, as an answer.
    pub fn changed(&self, receipt: Receipt) -> Changed {
        self.server.metrics.decided(receipt.decision.is_some());
        Changed(receipt)
    }
}

/// Whose, in the query of an address.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PersonQuery {
    /// Who; a key that speaks for a person need not say.
    #[serde(default)]
    pub person: Option<Uuid>,
}

impl<S: Scopes> FromRequestParts<Server> for Access<S> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, server: &Server) -> Result<Self, Problem> {
        let key = bearer(parts)?;
        let principal = server.app.authenticate(key).await?;
        if !S::ANY_OF.is_empty() && !S::ANY_OF.iter().any(|scope| principal.allows(scope)) {
            return Err(Problem::new(Code::Forbidden, format!("this key lacks the scope for it: {}", S::ANY_OF.join(" or "))));
        }
        if !S::PERSONS && principal.person.is_some() {
            return Err(Problem::new(
                Code::Forbidden,
                "a key that speaks for a person does not read this: it would show advice on cases that the person has yet to answer independently",
            ));
        }
        let actor = principal.person.map_or_else(|| Actor::Key(principal.key.clone()), Actor::Person);
        Ok(Self {
            server: server.clone(),
            workspace: server.app.workspace(principal.workspace).asked_by(actor.clone()),
            caller: Caller { actor, source: Source::Api },
            person: principal.person,
            scope: PhantomData,
        })
    }
}

/// The key out of `Authorization: Bearer ..` (RFC 6750, section 2.1).
fn bearer(parts: &Parts) -> Result<&str, Problem> {
    let missing = || Problem::new(Code::Unauthenticated, "send an API key: `Authorization: Bearer cs_...`");
    let header = parts.headers.get(header::AUTHORIZATION).ok_or_else(missing)?;
    let (scheme, key) = header.to_str().ok().and_then(|text| text.split_once(' ')).ok_or_else(missing)?;
    if scheme.eq_ignore_ascii_case("bearer") { Ok(key.trim()) } else { Err(missing()) }
}
