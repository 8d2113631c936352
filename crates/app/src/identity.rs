//! Accounts at providers (OpenID Connect): who went to one and comes back, which account speaks for whom, and what it opens. Speaks no
//! protocol: whoever calls has checked what the provider said. Keeps no account's name or address, only a hash of it.
//!
//! INVARIANT: an account speaks for a person only after that person linked it, out of a session of theirs that a link or a proof just
//! opened; or where the provider vouches for the address that stands in their record, and no account of that provider is linked yet.

use crate::{
    App, Caller, Error, Workspace,
    session::{DeskSession, Opened, Opening, own, provider_way, sign_in_change},
    writer::Extra,
};
use countersign_core::{
    content::Digest,
    event::SignInMeans,
    id::{PersonId, WorkspaceId},
    number::Micros,
    refusal::{Code, Refusal},
};
use countersign_privacy::Bearer;
use countersign_store::{
    self as store,
    sign_in::{IdentityRow, StateRow},
};

/// How long somebody may take at a provider.
pub const AWAY_MICROS: Micros = 10 * 60 * 1_000_000;
/// By how much the clocks of a provider and of this node may differ.
pub const SKEW_MICROS: Micros = 60 * 1_000_000;
/// People who are at providers at once.
const AWAY_MAX: i64 = 10_000;
/// So many of the oldest make room, of those who are not signed in.
const AWAY_CROWDED_OUT: i64 = 500;

const STATE: &str = "countersign/provider-state/v1";
const BROWSER: &str = "countersign/provider-browser/v1";
const NONCE: &str = "countersign/provider-nonce/v1";
const VERIFIER: &str = "countersign/provider-verifier/v1";

/// What coming back from a provider does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Opens a session.
    SignIn,
    /// Links the account to whoever holds the session.
    Link,
    /// Proves that whoever holds the session is there.
    Confirm,
}

impl Purpose {
    fn word(self) -> &'static str {
        match self {
            Self::SignIn => "sign-in",
            Self::Link => "link",
            Self::Confirm => "confirm",
        }
    }

    fn of(word: &str) -> Option<Self> {
        [Self::SignIn, Self::Link, Self::Confirm].into_iter().find(|purpose| purpose.word() == word)
    }
}

/// What somebody takes along to a provider. Nonce and verifier follow from what the browser keeps, and are kept nowhere else.
#[derive(Debug)]
pub struct Leaving {
    /// Goes through the provider and comes back.
    pub state: String,
    /// Stays with the browser, in a cookie.
    pub browser: String,
    /// Comes back inside of the ID token.
    pub nonce: String,
    /// The PKCE verifier (RFC 7636), of which the provider gets the hash first.
    pub verifier: String,
}

/// Somebody who came back.
#[derive(Debug)]
pub struct Returned {
    /// What for.
    pub purpose: Purpose,
    /// When they went.
    pub began_at: Micros,
    /// See [`Leaving::nonce`].
    pub nonce: String,
    /// See [`Leaving::verifier`].
    pub verifier: String,
    session: Option<Vec<u8>>,
}

/// What a provider said of somebody, checked.
#[derive(Debug, Clone)]
pub struct Proven {
    /// What the configuration calls the provider.
    pub provider: String,
    /// Its issuer.
    pub issuer: String,
    /// Whom it means.
    pub subject: String,
    /// Their address, where the provider vouches for it and the configuration takes its word.
    pub mail: Option<String>,
    /// When it last made sure that it is them.
    pub auth_time: Option<Micros>,
}

impl Proven {
    fn identity(&self) -> Digest {
        Digest::of(format!("{}:{}{}", self.issuer.len(), self.issuer, self.subject).as_bytes())
    }
}

/// An account, as its person sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentityView {
    /// By what it is named in a form. It opens nothing.
    pub id: String,
    /// What the configuration called the provider.
    pub provider: String,
    /// When it was linked.
    pub linked_at: Micros,
    /// When it was used last.
    pub used_at: Option<Micros>,
}

fn too_late() -> Error {
    Refusal::new(
        Code::Unauthenticated,
        "this is no answer to anything that this browser asked, or it came too late: begin again with signing in",
    )
    .into()
}

fn unknown() -> Error {
    Refusal::new(
        Code::Unauthenticated,
        "this account opens nothing here yet: ask whoever runs this workspace for a link, sign in by it, and link the account under How you sign in",
    )
    .into()
}

impl App {
    /// Somebody goes to a provider: what they take along. With a session, only that session comes back.
    ///
    /// # Errors
    /// Where too many are there, or the storage fails.
    pub async fn identity_leave(&self, provider: &str, purpose: Purpose, session: Option<&DeskSession>) -> Result<Leaving, Error> {
        let now = self.inner.env.now();
        let (state, browser) = (Bearer::from_random(self.inner.env.bytes()), Bearer::from_random(self.inner.env.bytes()));
        let mut tx = self.inner.db.begin().await?;
        let away = store::sign_in::states_expire(tx.conn(), now).await?;
        // Whoever goes without end as a stranger crowds out strangers and locks nobody out.
        if away >= AWAY_MAX && store::sign_in::states_crowd_out(tx.conn(), AWAY_CROWDED_OUT).await? == 0 {
            return Err(Refusal::new(Code::Busy, "too many people are signing in at once; try again in a minute").into());
        }
        let row = StateRow {
            browser: browser.hash(BROWSER).to_vec(),
            provider: provider.to_owned(),
            purpose: purpose.word().to_owned(),
            session: session.map(|session| session.hash.clone()),
            began_at: now,
            expires_at: now + AWAY_MICROS,
        };
        store::sign_in::state_insert(tx.conn(), &state.hash(STATE), &row).await?;
        tx.commit().await?;
        Ok(Leaving {
            state: state.text().to_string(),
            browser: browser.text().to_string(),
            nonce: browser.derived(NONCE),
            verifier: browser.derived(VERIFIER),
        })
    }

    /// Somebody comes back from a provider, once: whatever comes of it, the same state is not taken again.
    ///
    /// # Errors
    /// Where nobody went with this state, from this browser, to this provider, in time; all in the same words.
    pub async fn identity_return(&self, provider: &str, state: &str, browser: Option<&str>) -> Result<Returned, Error> {
        let state = Bearer::parse(state).map_err(|_| too_late())?;
        let mut tx = self.inner.db.begin().await?;
        let row = store::sign_in::state_take(tx.conn(), &state.hash(STATE)).await?;
        tx.commit().await?;
        let browser = Bearer::parse(browser.unwrap_or_default()).map_err(|_| too_late())?;
        let came =
            |row: &StateRow| row.provider == provider && row.browser == browser.hash(BROWSER) && self.inner.env.now() < row.expires_at;
        let row = row.filter(came).ok_or_else(too_late)?;
        Ok(Returned {
            purpose: Purpose::of(&row.purpose).ok_or_else(too_late)?,
            began_at: row.began_at,
            nonce: browser.derived(NONCE),
            verifier: browser.derived(VERIFIER),
            session: row.session,
        })
    }

    /// Opens a session for whomever an account speaks for. A session that the browser had before ends.
    ///
    /// # Errors
    /// Where it speaks for nobody who takes part here, in the same words whatever is missing; or the storage fails.
    pub async fn identity_sign_in(&self, proven: &Proven, before: Option<&str>) -> Result<Opened, Error> {
        let (identity, now) = (proven.identity(), self.inner.env.now());
        let mut session = self.inner.db.session().await?;
        let row = store::sign_in::identity_get(session.conn(), &identity.0).await?;
        drop(session);
        let (workspace, person, fresh) = match row {
            Some(row) => (row.workspace, row.person, None),
            None => {
                let (workspace, person) = self.by_mail(proven).await?.ok_or_else(unknown)?;
                (workspace.0, person.0, Some(self.identity_row(proven, workspace, person)))
            }
        };
        let control = self.inner.control(WorkspaceId(workspace)).await?;
        // Who has a passkey proves by that, and nothing less, that it is them where it is asked.
        let proof = proven.auth_time.filter(|at| control.state.passkeys_of(PersonId(person)) == 0 && *at <= now + SKEW_MICROS);
        let opening = Opening { passkey: None, way: Some(provider_way(&proven.provider)), verified_at: proof.map(|at| at.min(now)) };
        if let Some(row) = fresh {
            self.workspace(WorkspaceId(workspace)).identity_add(row).await?;
        }
        let mut tx = self.inner.db.begin().await?;
        store::sign_in::identity_used(tx.conn(), &identity.0, now).await?;
        let secret = self.session_open(&mut tx, (workspace, person), opening, before).await?;
        tx.commit().await?;
        self.opened(&secret).await?.ok_or_else(unknown)
    }

    fn identity_row(&self, proven: &Proven, workspace: WorkspaceId, person: PersonId) -> IdentityRow {
        IdentityRow {
            identity: proven.identity().0.to_vec(),
            workspace: workspace.0,
            person: person.0,
            provider: proven.provider.clone(),
            issuer: Digest::of(proven.issuer.as_bytes()).0.to_vec(),
            linked_at: self.inner.env.now(),
            used_at: None,
        }
    }

    /// The one active member in whose record the address stands that the provider vouches for, where no account of the provider speaks
    /// for them: an address that was given to somebody else opens nothing of whoever had it.
    async fn by_mail(&self, proven: &Proven) -> Result<Option<(WorkspaceId, PersonId)>, Error> {
        let Some(mail) = proven.mail.as_deref().map(str::trim).filter(|mail| mail.contains('@')) else { return Ok(None) };
        let mut session = self.inner.db.session().await?;
        // No name is an address: a name is asked for that nobody has.
        let found = store::directory::find(session.conn(), "", &mail.to_lowercase()).await?;
        let [(workspace, person)] = found.as_slice() else { return Ok(None) };
        let accounts = store::sign_in::identities_of(session.conn(), *workspace, *person).await?;
        drop(session);
        let issuer = Digest::of(proven.issuer.as_bytes());
        let free = accounts.iter().all(|row| row.issuer != issuer.0);
        let (workspace, person) = (WorkspaceId(*workspace), PersonId(*person));
        let member = self.inner.control(workspace).await?.state.people.get(&person).is_some_and(|facts| facts.may(&[]));
        Ok((free && member).then_some((workspace, person)))
    }

    /// Links an account to whoever holds the session that went to the provider.
    ///
    /// # Errors
    /// Where another session went, the account speaks for somebody already, or one of the same provider is linked.
    pub async fn identity_link(&self, session: &DeskSession, returned: &Returned, proven: &Proven) -> Result<(), Error> {
        of_session(session, returned, Purpose::Link)?;
        let mut reading = self.inner.db.session().await?;
        let accounts = store::sign_in::identities_of(reading.conn(), session.workspace.0, session.person.0).await?;
        drop(reading);
        let row = self.identity_row(proven, session.workspace, session.person);
        if accounts.iter().any(|known| known.issuer == row.issuer) {
            let taken = "an account of this provider is linked to you already: unlink it first";
            return Err(Refusal::field(Code::Conflict, "/provider", taken).into());
        }
        self.workspace(session.workspace).identity_add(row).await
    }

    /// Keeps that the holder of a session proved that it is them, by signing in anew at the provider since they were asked.
    ///
    /// # Errors
    /// Where another session went, the account is not theirs, or the provider did not make sure anew.
    pub async fn identity_confirm(&self, session: &DeskSession, returned: &Returned, proven: &Proven) -> Result<(), Error> {
        of_session(session, returned, Purpose::Confirm)?;
        let now = self.inner.env.now();
        let anew = proven.auth_time.is_some_and(|at| returned.began_at - SKEW_MICROS <= at && at <= now + SKEW_MICROS);
        let mut tx = self.inner.db.begin().await?;
        let row = store::sign_in::identity_get(tx.conn(), &proven.identity().0).await?;
        let own = row.is_some_and(|row| (row.workspace, row.person) == (session.workspace.0, session.person.0));
        if !own || !anew {
            let detail = "this was not confirmed: sign in anew, with the account that is linked to you";
            return Err(Refusal::field(Code::Forbidden, "/provider", detail).into());
        }
        store::desk_session::session_verified(tx.conn(), &session.hash, now).await?;
        Ok(tx.commit().await?)
    }
}

fn of_session(session: &DeskSession, returned: &Returned, purpose: Purpose) -> Result<(), Error> {
    let same = returned.purpose == purpose && returned.session.as_ref() == Some(&session.hash);
    if same { Ok(()) } else { Err(too_late()) }
}

/// An account speaks for one person.
fn linked_meanwhile(error: Error) -> Error {
    match error {
        Error::Store(error) if error.is_conflict() => {
            Refusal::field(Code::Conflict, "/provider", "this account speaks for somebody already").into()
        }
        other => other,
    }
}

impl Workspace {
    /// Lets an account speak for a person, who is there by their own hand.
    async fn identity_add(&self, row: IdentityRow) -> Result<(), Error> {
        let person = PersonId(row.person);
        let change = sign_in_change(person, SignInMeans::Account, false).with(Extra::Account(row));
        self.change(&own(person), change).await.map(|_| ()).map_err(linked_meanwhile)
    }

    /// A person's accounts at providers, the oldest first.
    ///
    /// # Errors
    /// Where the storage fails.
    pub async fn identities_of(&self, person: PersonId) -> Result<Vec<IdentityView>, Error> {
        let mut session = self.inner.db.session().await?;
        let rows = store::sign_in::identities_of(session.conn(), self.id.0, person.0).await?;
        let view = |row: IdentityRow| IdentityView {
            id: Digest(row.identity.as_slice().try_into().unwrap_or_default()).to_string(),
            provider: row.provider,
            linked_at: row.linked_at,
            used_at: row.used_at,
        };
        Ok(rows.into_iter().map(view).collect())
    }

    /// Takes an account off a person: it opens nothing more, and sessions that it opened end, but the one that asks.
    ///
    /// # Errors
    /// Where they have no such account, or the storage fails.
    pub async fn identity_remove(&self, caller: &Caller, person: PersonId, id: &str, present: Option<&DeskSession>) -> Result<(), Error> {
        let none = || Refusal::field(Code::NotFound, "/account", "no such account is linked to you");
        let identity: Digest = id.parse().map_err(|_| none())?;
        let but = present.map(|session| session.hash.clone()).unwrap_or_default();
        let mut session = self.inner.db.session().await?;
        let row = store::sign_in::identity_get(session.conn(), &identity.0).await?;
        drop(session);
        let row = row.filter(|row| (row.workspace, row.person) == (self.id.0, person.0)).ok_or_else(none)?;
        let change = sign_in_change(person, SignInMeans::Account, true).with(Extra::AccountRemoved { row, but });
        self.change(caller, change).await.map(|_| ())
    }
}
