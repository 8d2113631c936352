//! Signing in at the desk: one-time links, and the sessions that they open. Both are kept hashed; neither is evidence, and neither
//! is an event: what a person does with them is.

use crate::{App, Error, Workspace};
use countersign_core::{
    id::{PersonId, WorkspaceId},
    number::Micros,
    refusal::{Code, Refusal},
};
use countersign_privacy::Bearer;
use countersign_store::{self as store, desk_session::DeskRow};

/// How long a link can be used.
pub const LINK_MICROS: Micros = 15 * 60 * 1_000_000;
/// How long a session lasts, however busy it is.
pub const SESSION_MICROS: Micros = 12 * 3_600 * 1_000_000;

const LINK: &str = "countersign/desk-link/v1";
const SESSION: &str = "countersign/desk-session/v1";
const FORM: &str = "countersign/desk-form/v1";

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
    /// Makes a link by which a person signs in once, within [`LINK_MICROS`]. Returns its secret, which is kept nowhere.
    ///
    /// # Errors
    /// Where this is no active member, or the storage fails.
    pub async fn desk_link(&self, person: PersonId) -> Result<String, Error> {
        let known = self.control().await?.state.people.get(&person).is_some_and(|p| p.may(&[]));
        if !known {
            return Err(Refusal::field(Code::Forbidden, "/person", "only an active member of the workspace signs in at the desk").into());
        }
        let now = self.inner.env.now();
        let secret = Bearer::from_random(self.inner.env.bytes());
        let row = DeskRow { hash: secret.hash(LINK), workspace: self.id.0, person: person.0, expires_at: now + LINK_MICROS };
        let mut tx = self.inner.db.begin().await?;
        store::desk_session::expire(tx.conn(), now).await?;
        store::desk_session::link_insert(tx.conn(), &row).await?;
        tx.commit().await?;
        Ok(secret.text().to_string())
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
    pub async fn desk_link_owner(&self, secret: &str) -> Result<Option<DeskSession>, Error> {
        let Ok(secret) = Bearer::parse(secret) else { return Ok(None) };
        let mut session = self.inner.db.session().await?;
        let row = store::desk_session::link_get(session.conn(), &secret.hash(LINK)).await?;
        drop(session);
        match row {
            Some(row) => self.desk_session_of(row, &secret).await,
            None => Ok(None),
        }
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
        let secret = Bearer::from_random(self.inner.env.bytes());
        let mut tx = self.inner.db.begin().await?;
        let row = store::desk_session::link_get(tx.conn(), &link.hash(LINK)).await?.ok_or_else(over)?;
        if !store::desk_session::link_take(tx.conn(), &row.hash).await? || row.expires_at <= now {
            return Err(over().into());
        }
        let row = DeskRow { hash: secret.hash(SESSION), expires_at: now + SESSION_MICROS, ..row };
        store::desk_session::session_insert(tx.conn(), &row).await?;
        if let Some(Ok(before)) = before.map(Bearer::parse) {
            store::desk_session::session_delete(tx.conn(), &before.hash(SESSION)).await?;
        }
        tx.commit().await?;
        let session = self.desk_session_of(row, &secret).await?.ok_or_else(over)?;
        Ok(Opened { secret: secret.text().to_string(), session })
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

    /// The row as a session, where its time is not over and its person still takes part.
    async fn desk_session_of(&self, row: DeskRow, secret: &Bearer) -> Result<Option<DeskSession>, Error> {
        let (workspace, person) = (WorkspaceId(row.workspace), PersonId(row.person));
        if row.expires_at <= self.inner.env.now() {
            return Ok(None);
        }
        let control = self.inner.control(workspace).await?;
        if !control.state.people.get(&person).is_some_and(|p| p.may(&[])) {
            return Ok(None);
        }
        let name = control.names.iter().find(|(_, id)| **id == person).map(|(name, _)| name.clone());
        Ok(Some(DeskSession {
            workspace,
            workspace_name: control.state.name.clone(),
            person,
            name,
            form_token: secret.derived(FORM),
            expires_at: row.expires_at,
        }))
    }
}
