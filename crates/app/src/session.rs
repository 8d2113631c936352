//! Signing in at the desk: one-time links, and the sessions that they, passkeys, accounts at providers and passwords open. Kept hashed;
//! none is evidence. A session is no event: what a person does with it is, and what lets somebody in is.

use crate::{
    App, Caller, Error, Workspace,
    control::Control,
    writer::{Change, Extra},
};
use countersign_core::{
    content::Digest,
    event::{Actor, SignInChanged, SignInMeans, Source},
    id::{PersonId, WorkspaceId},
    number::Micros,
    refusal::{Code, Refusal},
};
use countersign_engine::workspace::WorkspaceCommand;
use countersign_privacy::Bearer;
use countersign_store::{
    self as store, Tx,
    desk_session::{DeskRow, SessionRow},
};

/// How long a link can be used.
pub const LINK_MICROS: Micros = 15 * 60 * 1_000_000;
/// How long a session lasts, however busy it is.
pub const SESSION_MICROS: Micros = 12 * 3_600 * 1_000_000;

/// After how long without a request a session ends. Pages that look for news by themselves do not count.
pub const IDLE_MICROS: Micros = 2 * 3_600 * 1_000_000;
/// For how long somebody who proved who they are need not prove it again.
pub const FRESH_MICROS: Micros = 5 * 60 * 1_000_000;

/// How exactly it is kept when a session was used last.
const SEEN_MICROS: Micros = 60 * 1_000_000;
const LINK: &str = "countersign/desk-link/v1";
const SESSION: &str = "countersign/desk-session/v1";
const FORM: &str = "countersign/desk-form/v1";

/// By what somebody signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Way {
    /// A one-time link.
    Link,
    /// A passkey.
    Passkey,
    /// An account at a provider, by the name that the configuration gives it.
    Provider(String),
    /// A password.
    Password,
}

impl Way {
    fn of(row: &SessionRow) -> Self {
        match (&row.passkey, row.way.as_deref()) {
            (Some(_), _) => Self::Passkey,
            (None, Some(PASSWORD)) => Self::Password,
            (None, Some(way)) => Self::Provider(way.strip_prefix(PROVIDER).unwrap_or(way).to_owned()),
            (None, None) => Self::Link,
        }
    }
}

/// How [`Way::Password`] is kept.
pub(crate) const PASSWORD: &str = "password";
/// How [`Way::Provider`] is kept, before its name.
const PROVIDER: &str = "provider:";

/// How a session through a provider is kept.
pub(crate) fn provider_way(name: &str) -> String {
    format!("{PROVIDER}{name}")
}

/// The change that says that somebody can sign in otherwise from now on.
pub(crate) fn sign_in_change(person: PersonId, means: SignInMeans, removed: bool) -> Change {
    Change::command(move |_: &Control| Ok(WorkspaceCommand::ChangeSignIn(SignInChanged { person, means, removed })))
}

/// A person by their own hand at the desk.
pub(crate) fn own(person: PersonId) -> Caller {
    Caller { actor: Actor::Person(person), source: Source::Desk }
}

/// What opens a session.
#[derive(Debug, Default)]
pub(crate) struct Opening {
    /// A passkey.
    pub passkey: Option<Vec<u8>>,
    /// Something else than a link or a passkey.
    pub way: Option<String>,
    /// When its holder proved that it is them, for what asks for a proof afterwards.
    pub verified_at: Option<Micros>,
}

/// Who sits at a desk.
#[derive(Debug, Clone)]
pub struct DeskSession {
    /// The workspace it opens.
    pub workspace: WorkspaceId,
    /// What the workspace is called.
    pub workspace_name: String,
    /// The person it speaks for.
    pub person: PersonId,
    /// What they are called; absent where it was erased.
    pub name: Option<String>,
    /// What every form of this session carries.
    pub form_token: String,
    /// When it ends.
    pub expires_at: Micros,
    /// When it was opened.
    pub opened_at: Micros,
    /// What opened it.
    pub way: Way,
    pub(crate) hash: Vec<u8>,
    seen_at: Micros,
    verified_at: Option<Micros>,
}

impl DeskSession {
    /// Whether its holder proved, within [`FRESH_MICROS`], that it is them: by a passkey, or who has none by what they sign in by.
    #[must_use]
    pub fn verified(&self, now: Micros) -> bool {
        self.verified_at.is_some_and(|at| now < at + FRESH_MICROS)
    }

    /// The same, or came by a link just now: whoever lost their passkeys asks for a link, and takes a new one.
    #[must_use]
    pub fn arrived(&self, now: Micros) -> bool {
        self.verified(now) || (self.way == Way::Link && now < self.opened_at + FRESH_MICROS)
    }
}

/// Whose link it is.
#[derive(Debug, Clone)]
pub struct Invited {
    /// The person.
    pub person: PersonId,
    /// What the workspace is called.
    pub workspace_name: String,
    /// What the person is called; absent where it was erased.
    pub name: Option<String>,
}

/// One of a person's sessions, as they see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionView {
    /// By what it is named in a form. It opens nothing.
    pub id: String,
    /// When it was opened.
    pub opened_at: Micros,
    /// When it was used last, to the minute.
    pub seen_at: Micros,
    /// When it ends at the latest.
    pub expires_at: Micros,
    /// What opened it.
    pub way: Way,
    /// Whether it is the one that asks.
    pub present: bool,
}

/// A session that was opened just now.
#[derive(Debug)]
pub struct Opened {
    /// The secret for the browser's cookie; only its hash is kept.
    pub secret: String,
    /// The session.
    pub session: DeskSession,
}

impl Workspace {
    /// Makes a link by which a person signs in once, within [`LINK_MICROS`]. Returns its secret, which is kept nowhere. That somebody
    /// made one for somebody is an event: whoever has it signs in as them.
    ///
    /// # Errors
    /// Where this is no active member, or the storage fails.
    pub async fn desk_link(&self, caller: &Caller, person: PersonId) -> Result<String, Error> {
        let secret = Bearer::from_random(self.inner.env.bytes());
        let expires_at = self.inner.env.now() + LINK_MICROS;
        let row = DeskRow { hash: secret.hash(LINK), workspace: self.id.0, person: person.0, expires_at };
        self.change(caller, sign_in_change(person, SignInMeans::Link, false).with(Extra::Link(row))).await?;
        Ok(secret.text().to_string())
    }

    /// A person's sessions that are not over, the latest first.
    ///
    /// # Errors
    /// Where the storage fails.
    pub async fn desk_sessions(&self, present: &DeskSession) -> Result<Vec<SessionView>, Error> {
        let mut session = self.inner.db.session().await?;
        let rows = store::desk_session::sessions_of(session.conn(), self.id.0, present.person.0).await?;
        let now = self.inner.env.now();
        let live = rows.into_iter().filter(|row| !over(row, now));
        Ok(live
            .map(|row| SessionView {
                id: Digest(row.hash.as_slice().try_into().unwrap_or_default()).to_string(),
                opened_at: opened(&row),
                seen_at: seen(&row),
                expires_at: row.expires_at,
                way: Way::of(&row),
                present: row.hash == present.hash,
            })
            .collect())
    }

    /// Ends one of a person's sessions.
    ///
    /// # Errors
    /// Where they have no such session, or the storage fails.
    pub async fn desk_session_end(&self, person: PersonId, id: &str) -> Result<(), Error> {
        let none = || Refusal::field(Code::NotFound, "/session", "this session is over already");
        let hash: Digest = id.parse().map_err(|_| none())?;
        let mut tx = self.inner.db.begin().await?;
        if !store::desk_session::session_end(tx.conn(), &hash.0, self.id.0, person.0).await? {
            return Err(none().into());
        }
        Ok(tx.commit().await?)
    }

    /// Ends all sessions of a person but the present one.
    ///
    /// # Errors
    /// Where the storage fails.
    pub async fn desk_sessions_end_others(&self, present: &DeskSession) -> Result<(), Error> {
        let mut tx = self.inner.db.begin().await?;
        store::desk_session::sessions_end_others(tx.conn(), self.id.0, present.person.0, &present.hash).await?;
        Ok(tx.commit().await?)
    }

    /// Ends all sessions of a person.
    ///
    /// # Errors
    /// Where the storage fails.
    pub async fn desk_sessions_end(&self, person: PersonId) -> Result<(), Error> {
        let mut tx = self.inner.db.begin().await?;
        store::desk_session::sessions_end(tx.conn(), self.id.0, person.0).await?;
        Ok(tx.commit().await?)
    }
}

impl App {
    /// Whose link this is, without using it up; `None`: it is unknown, used or over.
    ///
    /// # Errors
    /// Where the storage fails.
    pub async fn desk_link_owner(&self, secret: &str) -> Result<Option<Invited>, Error> {
        let Ok(secret) = Bearer::parse(secret) else { return Ok(None) };
        let mut session = self.inner.db.session().await?;
        let row = store::desk_session::link_get(session.conn(), &secret.hash(LINK)).await?;
        drop(session);
        let Some(row) = row.filter(|row| row.expires_at > self.inner.env.now()) else { return Ok(None) };
        let person = PersonId(row.person);
        let known = self.member(WorkspaceId(row.workspace), person).await?;
        Ok(known.map(|(workspace_name, name)| Invited { person, workspace_name, name }))
    }

    /// Uses a link up and opens a session. A session that the browser had before ends: a session's secret is never older than its
    /// sign-in.
    ///
    /// # Errors
    /// Where the link is unknown, used or over, or the storage fails.
    pub async fn desk_sign_in(&self, link: &str, before: Option<&str>) -> Result<Opened, Error> {
        let over = || Refusal::new(Code::Unauthenticated, "this link was used already, or its time is over: ask for a new one");
        let link = Bearer::parse(link).map_err(|_| over())?;
        let now = self.inner.env.now();
        let mut tx = self.inner.db.begin().await?;
        let row = store::desk_session::link_get(tx.conn(), &link.hash(LINK)).await?.ok_or_else(over)?;
        if !store::desk_session::link_take(tx.conn(), &row.hash).await? || row.expires_at <= now {
            return Err(over().into());
        }
        let secret = self.session_open(&mut tx, (row.workspace, row.person), Opening::default(), before).await?;
        tx.commit().await?;
        self.opened(&secret).await?.ok_or_else(|| over().into())
    }

    /// Opens a session; the one that the browser had before ends.
    pub(crate) async fn session_open(
        &self,
        tx: &mut Tx,
        (workspace, person): (uuid::Uuid, uuid::Uuid),
        opening: Opening,
        before: Option<&str>,
    ) -> Result<Bearer, Error> {
        let (now, secret) = (self.inner.env.now(), Bearer::from_random(self.inner.env.bytes()));
        let row = SessionRow {
            hash: secret.hash(SESSION).to_vec(),
            workspace,
            person,
            expires_at: now + SESSION_MICROS,
            opened_at: Some(now),
            seen_at: Some(now),
            verified_at: opening.verified_at,
            passkey: opening.passkey,
            way: opening.way,
        };
        store::desk_session::session_insert(tx.conn(), &row).await?;
        if let Some(Ok(before)) = before.map(Bearer::parse) {
            store::desk_session::session_delete(tx.conn(), &before.hash(SESSION)).await?;
        }
        Ok(secret)
    }

    /// A session that was opened just now; `None`: its person no longer takes part.
    pub(crate) async fn opened(&self, secret: &Bearer) -> Result<Option<Opened>, Error> {
        let session = self.desk_session(&secret.text()).await?;
        Ok(session.map(|session| Opened { secret: secret.text().to_string(), session }))
    }

    /// Who sits at the desk with this secret; `None`: nobody, or nobody any more.
    ///
    /// # Errors
    /// Where the storage fails.
    pub async fn desk_session(&self, secret: &str) -> Result<Option<DeskSession>, Error> {
        let Ok(secret) = Bearer::parse(secret) else { return Ok(None) };
        let mut session = self.inner.db.session().await?;
        let row = store::desk_session::session_get(session.conn(), &secret.hash(SESSION)).await?;
        drop(session);
        match row {
            Some(row) => self.desk_session_of(row, &secret).await,
            None => Ok(None),
        }
    }

    /// Ends a session.
    ///
    /// # Errors
    /// Where the storage fails.
    pub async fn desk_sign_out(&self, secret: &str) -> Result<(), Error> {
        let Ok(secret) = Bearer::parse(secret) else { return Ok(()) };
        let mut tx = self.inner.db.begin().await?;
        store::desk_session::session_delete(tx.conn(), &secret.hash(SESSION)).await?;
        Ok(tx.commit().await?)
    }

    /// Keeps that a session was used, to the minute.
    ///
    /// # Errors
    /// Where the storage fails.
    pub async fn desk_session_seen(&self, session: &DeskSession) -> Result<(), Error> {
        let now = self.inner.env.now();
        if now < session.seen_at + SEEN_MICROS {
            return Ok(());
        }
        let mut tx = self.inner.db.begin().await?;
        store::desk_session::session_seen(tx.conn(), &session.hash, now).await?;
        Ok(tx.commit().await?)
    }

    /// The row as a session, where its time is not over and its person still takes part.
    async fn desk_session_of(&self, row: SessionRow, secret: &Bearer) -> Result<Option<DeskSession>, Error> {
        let (workspace, person) = (WorkspaceId(row.workspace), PersonId(row.person));
        if over(&row, self.inner.env.now()) {
            return Ok(None);
        }
        let Some((workspace_name, name)) = self.member(workspace, person).await? else { return Ok(None) };
        Ok(Some(DeskSession {
            workspace,
            workspace_name,
            person,
            name,
            form_token: secret.derived(FORM),
            expires_at: row.expires_at,
            opened_at: opened(&row),
            way: Way::of(&row),
            seen_at: seen(&row),
            verified_at: row.verified_at,
            hash: row.hash,
        }))
    }

    /// What a workspace and an active member of it are called; `None`: this is no active member.
    async fn member(&self, workspace: WorkspaceId, person: PersonId) -> Result<Option<(String, Option<String>)>, Error> {
        let control = self.inner.control(workspace).await?;
        if !control.state.people.get(&person).is_some_and(|p| p.may(&[])) {
            return Ok(None);
        }
        let name = control.names.iter().find(|(_, id)| **id == person).map(|(name, _)| name.clone());
        Ok(Some((control.state.name.clone(), name)))
    }
}

/// Sessions of an older version do not say when they were opened; how long one lasts tells it.
fn opened(row: &SessionRow) -> Micros {
    row.opened_at.unwrap_or(row.expires_at - SESSION_MICROS)
}

fn seen(row: &SessionRow) -> Micros {
    row.seen_at.unwrap_or_else(|| opened(row))
}

fn over(row: &SessionRow, now: Micros) -> bool {
    row.expires_at <= now || seen(row) + IDLE_MICROS <= now
}
