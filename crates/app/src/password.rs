//! Passwords, where whoever runs the server allows them: set out of a session that a link or a proof just opened, and signed in by. Keeps
//! hashes only, and says nobody which names there are: an unknown one takes as long and is refused in the same words.

use crate::{
    App, Caller, Error, Workspace,
    session::{DeskSession, Opened, Opening, PASSWORD, own, sign_in_change},
    writer::Extra,
};
use countersign_core::{
    event::SignInMeans,
    id::{PersonId, WorkspaceId},
    refusal::{Code, Refusal},
};
use countersign_privacy::password;
pub use countersign_privacy::password::{PASSWORD_BYTES_MAX, PASSWORD_CHARS_MIN};
use countersign_store as store;
use tokio::sync::Semaphore;

/// Passwords that are hashed at once: each takes 19 MiB and a processor for a tenth of a second.
static HASHING: Semaphore = Semaphore::const_new(2);

fn unknown() -> Error {
    Refusal::new(Code::Unauthenticated, "this name and this password do not go together here").into()
}

/// Hashes away from what others wait for.
async fn apart<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
    let broke = |_| Error::Damaged("a password could not be hashed".into());
    let _place = HASHING.acquire().await.map_err(|_| Error::Damaged("no passwords are hashed any more".into()))?;
    tokio::task::spawn_blocking(work).await.map_err(broke)
}

async fn fits(typed: &str, kept: Option<String>) -> Result<bool, Error> {
    let typed = typed.to_owned();
    apart(move || password::verify(&typed, kept.as_deref())).await
}

impl App {
    /// Opens a session for whoever has this name, or this address, and this password. A session that the browser had before ends.
    ///
    /// # Errors
    /// Where they do not go together, in the same words and after the same time whatever is wrong; or the storage fails.
    pub async fn password_sign_in(&self, name: &str, typed: &str, before: Option<&str>) -> Result<Opened, Error> {
        let name = name.trim();
        let mut session = self.inner.db.session().await?;
        let found = store::directory::find(session.conn(), name, &name.to_lowercase()).await?;
        let (one, kept) = match found.as_slice() {
            [(workspace, person)] => {
                let kept = store::sign_in::password_get(session.conn(), *workspace, *person).await?;
                (Some((*workspace, *person)), kept.map(|(hash, _)| hash))
            }
            _ => (None, None),
        };
        drop(session);
        let fits = fits(typed, kept).await?;
        let (workspace, person) = one.filter(|_| fits).ok_or_else(unknown)?;
        let control = self.inner.control(WorkspaceId(workspace)).await?;
        // Who has a passkey proves by that, and nothing less, that it is them where it is asked.
        let proof = (control.state.passkeys_of(PersonId(person)) == 0).then(|| self.inner.env.now());
        let opening = Opening { passkey: None, way: Some(PASSWORD.to_owned()), verified_at: proof };
        let mut tx = self.inner.db.begin().await?;
        let secret = self.session_open(&mut tx, (workspace, person), opening, before).await?;
        tx.commit().await?;
        self.opened(&secret).await?.ok_or_else(unknown)
    }

    /// Keeps that the holder of a session proved by their password that it is them.
    ///
    /// # Errors
    /// Where it is not theirs, or the storage fails.
    pub async fn password_confirm(&self, session: &DeskSession, typed: &str) -> Result<(), Error> {
        let mut reading = self.inner.db.session().await?;
        let kept = store::sign_in::password_get(reading.conn(), session.workspace.0, session.person.0).await?;
        drop(reading);
        if !fits(typed, kept.map(|(hash, _)| hash)).await? {
            return Err(Refusal::field(Code::Forbidden, "/password", "this is not your password: nothing was done").into());
        }
        let mut tx = self.inner.db.begin().await?;
        store::desk_session::session_verified(tx.conn(), &session.hash, self.inner.env.now()).await?;
        Ok(tx.commit().await?)
    }
}

impl Workspace {
    /// Whether a person has a password.
    ///
    /// # Errors
    /// Where the storage fails.
    pub async fn has_password(&self, person: PersonId) -> Result<bool, Error> {
        let mut session = self.inner.db.session().await?;
        Ok(store::sign_in::password_get(session.conn(), self.id.0, person.0).await?.is_some())
    }

    /// Sets the password of whoever holds a session that a link or a proof just opened; their other sessions end.
    ///
    /// # Errors
    /// Where it is too short or too long or is their name, the session proves too little, or the storage fails.
    pub async fn password_set(&self, session: &DeskSession, typed: &str) -> Result<(), Error> {
        let now = self.inner.env.now();
        if !session.arrived(now) {
            let detail = "a password is set right after signing in by a link, or after proving who you are: ask for a new link";
            return Err(Refusal::field(Code::Forbidden, "/password", detail).into());
        }
        if typed.chars().count() < PASSWORD_CHARS_MIN || typed.len() > PASSWORD_BYTES_MAX {
            let detail = format!("a password has at least {PASSWORD_CHARS_MIN} characters, and at most {PASSWORD_BYTES_MAX} bytes");
            return Err(Refusal::invalid("/password", detail).into());
        }
        if session.name.as_deref().is_some_and(|name| name.to_lowercase() == typed.trim().to_lowercase()) {
            return Err(Refusal::invalid("/password", "this is your name; take something that nobody guesses").into());
        }
        let (typed, salt) = (typed.to_owned(), self.inner.env.bytes::<16>());
        let hash = apart(move || password::hash(&typed, &salt)).await??;
        let beside = Extra::Password { person: session.person, hash, but: session.hash.clone() };
        self.change(&own(session.person), sign_in_change(session.person, SignInMeans::Password, false).with(beside)).await.map(|_| ())
    }

    /// Removes a person's password; sessions that it opened end, but the one that asks.
    ///
    /// # Errors
    /// Where the storage fails.
    pub async fn password_remove(&self, caller: &Caller, person: PersonId, present: Option<&DeskSession>) -> Result<(), Error> {
        if !self.has_password(person).await? {
            return Ok(());
        }
        let but = present.map(|session| session.hash.clone()).unwrap_or_default();
        let beside = Extra::PasswordRemoved { person, but };
        self.change(caller, sign_in_change(person, SignInMeans::Password, true).with(beside)).await.map(|_| ())
    }
}
