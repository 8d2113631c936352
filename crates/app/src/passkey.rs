//! Passkeys: a person makes one known, signs in by it, proves by it that it is them, and gives it up. What an authenticator is asked is
//! kept here, for one answer and [`CHALLENGE_MICROS`]. Which passkeys somebody has is told in the ledger, with their public keys; what
//! they call them is not.

mod site;

pub use site::{Site, SiteError};

use crate::{
    App, Caller, Error, Workspace,
    session::{DeskSession, Opened, Opening},
    writer::{Change, Extra},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use countersign_core::{
    content::Digest,
    event::{PasskeyAdded, PasskeyRemoved},
    id::PersonId,
    limits::NAME_CHARS_MAX,
    number::Micros,
    refusal::{Code, Refusal},
};
use countersign_engine::workspace::{PASSKEYS_MAX, WorkspaceCommand};
use countersign_ledger::passkey::{self, CREDENTIAL_ID_BYTES_MAX, Expected, Origin, PublicKey, Signed};
use countersign_store::{
    self as store,
    passkey::{ChallengeRow, PasskeyRow},
};

/// How long what was asked can be answered.
pub const CHALLENGE_MICROS: Micros = 5 * 60 * 1_000_000;
/// Questions that wait for an answer at once, of everybody together.
const CHALLENGES_MAX: i64 = 10_000;
/// So many of the oldest make room, of those that strangers were asked.
const CHALLENGES_CROWDED_OUT: i64 = 500;

const SIGN_IN: &str = "sign-in";
const ADD: &str = "add";
const CONFIRM: &str = "confirm";

/// What an authenticator is asked to sign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// The challenge, as base64url.
    pub challenge: String,
    /// Ids of the passkeys that are meant, as base64url: those that may sign, or those that a new one must not double.
    pub credentials: Vec<String>,
}

/// What an authenticator said of a new passkey, each part as base64url without padding.
#[derive(Debug, Clone, Copy)]
pub struct NewPasskey<'a> {
    /// `getAuthenticatorData()` of the answer.
    pub authenticator_data: &'a str,
    /// `clientDataJSON`.
    pub client_data: &'a str,
}

/// What an authenticator signed, each part as base64url without padding.
#[derive(Debug, Clone, Copy)]
pub struct Assertion<'a> {
    /// The id of the passkey.
    pub credential: &'a str,
    /// `authenticatorData`.
    pub authenticator_data: &'a str,
    /// `clientDataJSON`.
    pub client_data: &'a str,
    /// `signature`.
    pub signature: &'a str,
}

/// A passkey, as its person sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasskeyView {
    /// SHA-256 of its id, by which it is named here and in the ledger.
    pub credential: Digest,
    /// What its person calls it.
    pub name: String,
    /// When it was made known.
    pub added_at: Micros,
    /// When it was used last.
    pub used_at: Option<Micros>,
}

/// An [`Assertion`] in bytes.
struct Read {
    credential: Digest,
    authenticator_data: Vec<u8>,
    client_data: Vec<u8>,
    signature: Vec<u8>,
}

fn bytes(text: &str, bytes_max: usize) -> Option<Vec<u8>> {
    // Four characters carry three bytes.
    if text.len() > bytes_max.div_ceil(3) * 4 {
        return None;
    }
    URL_SAFE_NO_PAD.decode(text).ok()
}

impl Assertion<'_> {
    fn read(&self) -> Option<Read> {
        Some(Read {
            credential: Digest::of(&bytes(self.credential, CREDENTIAL_ID_BYTES_MAX)?),
            authenticator_data: bytes(self.authenticator_data, passkey::AUTHENTICATOR_DATA_BYTES_MAX)?,
            client_data: bytes(self.client_data, passkey::CLIENT_DATA_BYTES_MAX)?,
            signature: bytes(self.signature, passkey::SIGNATURE_BYTES_MAX)?,
        })
    }
}

/// Whoever guesses learns nothing from the words.
fn unknown() -> Error {
    Refusal::new(
        Code::Unauthenticated,
        "this passkey is not known here, or its answer came too late: try again, or ask whoever runs this workspace for a link",
    )
    .into()
}

impl App {
    async fn ask(&self, purpose: &str, session: Option<&DeskSession>) -> Result<String, Error> {
        let (now, challenge) = (self.inner.env.now(), self.inner.env.bytes::<32>());
        let mut tx = self.inner.db.begin().await?;
        let waiting = store::passkey::challenges_expire(tx.conn(), now).await?;
        // Whoever asks without end as a stranger crowds out strangers' questions and locks nobody out.
        if waiting >= CHALLENGES_MAX && store::passkey::challenges_crowd_out(tx.conn(), CHALLENGES_CROWDED_OUT).await? == 0 {
            return Err(Refusal::new(Code::Busy, "too many people are signing in at once; try again in a minute").into());
        }
        let session = session.map(|session| session.hash.clone());
        let row = ChallengeRow { purpose: purpose.to_owned(), session, expires_at: now + CHALLENGE_MICROS };
        store::passkey::challenge_insert(tx.conn(), &challenge, &row).await?;
        tx.commit().await?;
        Ok(URL_SAFE_NO_PAD.encode(challenge))
    }

    /// Takes away the challenge that client data answer: whatever comes of the answer, it was the only one. `None`: nothing like it
    /// was asked for this, of this session, in time.
    async fn answered(&self, purpose: &str, session: Option<&DeskSession>, client_data: &[u8]) -> Result<Option<[u8; 32]>, Error> {
        let Some(challenge) = passkey::challenge_of(client_data) else { return Ok(None) };
        let mut tx = self.inner.db.begin().await?;
        let row = store::passkey::challenge_take(tx.conn(), &challenge).await?;
        tx.commit().await?;
        let asked = row.is_some_and(|row| {
            row.purpose == purpose && row.session.as_ref() == session.map(|session| &session.hash) && self.inner.env.now() < row.expires_at
        });
        Ok(asked.then_some(challenge))
    }

    /// Checks what was signed against the passkey that it names. `None`: it does not hold.
    async fn holds(&self, site: &Site, read: &Read, challenge: &[u8; 32]) -> Result<Option<PasskeyRow>, Error> {
        let mut session = self.inner.db.session().await?;
        let row = store::passkey::get(session.conn(), &read.credential.0).await?;
        drop(session);
        let Some(row) = row else { return Ok(None) };
        let key = PublicKey::from_cose(&row.public_key).map_err(|e| Error::Damaged(format!("a passkey cannot be read: {e}")))?;
        let expected = Expected { challenge, rp_id: &row.rp_id, origin: Origin::Exactly(site.origin()) };
        let signed = Signed { authenticator_data: &read.authenticator_data, client_data: &read.client_data, signature: &read.signature };
        match passkey::verify(&signed, &key, &expected) {
            Ok(counter) => Ok(self.counted(&row, counter).await?.then_some(row)),
            Err(error) => {
                tracing::info!(%error, "a passkey's answer was refused");
                Ok(None)
            }
        }
    }

    /// Whether a counter went on, as it does unless there are two of the same passkey.
    async fn counted(&self, row: &PasskeyRow, counter: u32) -> Result<bool, Error> {
        let mut tx = self.inner.db.begin().await?;
        let went_on = store::passkey::used(tx.conn(), &row.credential, counter.into(), self.inner.env.now()).await?;
        tx.commit().await?;
        if !went_on {
            tracing::warn!(workspace.id = %row.workspace, person.id = %row.person, "a passkey's counter did not go on: there may be a copy of it");
        }
        Ok(went_on)
    }

    /// Asks any authenticator who is there.
    ///
    /// # Errors
    /// Where too many are asked, or the storage fails.
    pub async fn passkey_sign_in_ask(&self) -> Result<Asked, Error> {
        Ok(Asked { challenge: self.ask(SIGN_IN, None).await?, credentials: Vec::new() })
    }

    /// Opens a session for whoever's passkey answered. A session that the browser had before ends.
    ///
    /// # Errors
    /// Where the answer does not hold, in the same words whatever is wrong; or the storage fails.
    pub async fn passkey_sign_in(&self, site: &Site, answer: &Assertion<'_>, before: Option<&str>) -> Result<Opened, Error> {
        let read = answer.read().ok_or_else(unknown)?;
        let challenge = self.answered(SIGN_IN, None, &read.client_data).await?.ok_or_else(unknown)?;
        let row = self.holds(site, &read, &challenge).await?.ok_or_else(unknown)?;
        let mut tx = self.inner.db.begin().await?;
        let opening = Opening { passkey: Some(row.credential), way: None, verified_at: Some(self.inner.env.now()) };
        let secret = self.session_open(&mut tx, (row.workspace, row.person), opening, before).await?;
        tx.commit().await?;
        self.opened(&secret).await?.ok_or_else(unknown)
    }

    /// Asks the passkeys of whoever holds a session.
    ///
    /// # Errors
    /// Where too many are asked, or the storage fails.
    pub async fn passkey_confirm_ask(&self, session: &DeskSession) -> Result<Asked, Error> {
        let credentials = self.workspace(session.workspace).passkey_ids(session.person).await?;
        Ok(Asked { challenge: self.ask(CONFIRM, Some(session)).await?, credentials })
    }

    /// Keeps that the holder of a session proved that it is them.
    ///
    /// # Errors
    /// Where the answer does not hold or is somebody else's; or the storage fails.
    pub async fn passkey_confirm(&self, session: &DeskSession, site: &Site, answer: &Assertion<'_>) -> Result<(), Error> {
        let refused = || {
            Refusal::field(Code::Forbidden, "/passkey", "this was not confirmed by one of your passkeys, or it came too late: try again")
        };
        let read = answer.read().ok_or_else(refused)?;
        let challenge = self.answered(CONFIRM, Some(session), &read.client_data).await?.ok_or_else(refused)?;
        let row = self.holds(site, &read, &challenge).await?.ok_or_else(refused)?;
        if (row.workspace, row.person) != (session.workspace.0, session.person.0) {
            return Err(refused().into());
        }
        let mut tx = self.inner.db.begin().await?;
        store::desk_session::session_verified(tx.conn(), &session.hash, self.inner.env.now()).await?;
        Ok(tx.commit().await?)
    }

    /// By what an authenticator knows a person: their random id, as base64url, and nothing that names them.
    #[must_use]
    pub fn passkey_handle(&self, person: PersonId) -> String {
        URL_SAFE_NO_PAD.encode(person.0.as_bytes())
    }

    /// Asks an authenticator for a new passkey.
    ///
    /// # Errors
    /// Where too many are asked, or the storage fails.
    pub async fn passkey_add_ask(&self, session: &DeskSession) -> Result<Asked, Error> {
        let credentials = self.workspace(session.workspace).passkey_ids(session.person).await?;
        Ok(Asked { challenge: self.ask(ADD, Some(session)).await?, credentials })
    }

    /// Makes a new passkey known.
    ///
    /// # Errors
    /// Where it has no name, the answer does not hold, or it is known already.
    pub async fn passkey_add(
        &self,
        caller: &Caller,
        session: &DeskSession,
        site: &Site,
        name: &str,
        new: &NewPasskey<'_>,
    ) -> Result<Digest, Error> {
        let name = name.trim().to_owned();
        if name.is_empty() || name.chars().count() > NAME_CHARS_MAX || name.chars().any(char::is_control) {
            let wanted = format!("a passkey's name has 1 to {NAME_CHARS_MAX} characters and no control characters");
            return Err(Refusal::invalid("/name", wanted).into());
        }
        let refused = |why: &dyn std::fmt::Display| Refusal::invalid("/passkey", format!("this is no new passkey of this desk: {why}"));
        let unread = || refused(&passkey::Error::AuthenticatorData);
        let authenticator_data = bytes(new.authenticator_data, passkey::AUTHENTICATOR_DATA_BYTES_MAX).ok_or_else(unread)?;
        let client_data = bytes(new.client_data, passkey::CLIENT_DATA_BYTES_MAX).ok_or_else(unread)?;
        let challenge = self.answered(ADD, Some(session), &client_data).await?;
        let challenge = challenge.ok_or_else(|| refused(&"nothing like it was asked for here in the last five minutes"))?;
        let expected = Expected { challenge: &challenge, rp_id: site.rp_id(), origin: Origin::Exactly(site.origin()) };
        let made = passkey::registered(&authenticator_data, &client_data, &expected).map_err(|error| refused(&error))?;
        let credential = Digest::of(&made.credential);
        let row = PasskeyRow {
            credential: credential.0.to_vec(),
            workspace: session.workspace.0,
            person: session.person.0,
            credential_id: made.credential,
            public_key: made.key,
            rp_id: site.rp_id().to_owned(),
            counter: made.counter.into(),
            name,
            added_at: self.inner.env.now(),
            used_at: None,
        };
        let body =
            PasskeyAdded { person: session.person, credential, key: URL_SAFE_NO_PAD.encode(&row.public_key), rp_id: row.rp_id.clone() };
        let add = move |_: &crate::control::Control| Ok(WorkspaceCommand::AddPasskey(body.clone()));
        self.workspace(session.workspace).change(caller, Change::command(add).with(Extra::Passkey(row))).await?;
        Ok(credential)
    }
}

impl Workspace {
    pub(crate) async fn passkey_ids(&self, person: PersonId) -> Result<Vec<String>, Error> {
        let mut session = self.inner.db.session().await?;
        let rows = store::passkey::of_person(session.conn(), self.id.0, person.0).await?;
        Ok(rows.iter().take(PASSKEYS_MAX).map(|row| URL_SAFE_NO_PAD.encode(&row.credential_id)).collect())
    }

    /// A person's passkeys, the oldest first.
    ///
    /// # Errors
    /// Where the storage fails.
    pub async fn passkeys_of(&self, person: PersonId) -> Result<Vec<PasskeyView>, Error> {
        let mut session = self.inner.db.session().await?;
        let rows = store::passkey::of_person(session.conn(), self.id.0, person.0).await?;
        Ok(rows
            .into_iter()
            .map(|row| PasskeyView {
                credential: Digest(row.credential.as_slice().try_into().unwrap_or_default()),
                name: row.name,
                added_at: row.added_at,
                used_at: row.used_at,
            })
            .collect())
    }

    /// Whether a person has a passkey, by the ledger.
    ///
    /// # Errors
    /// Where the storage fails.
    pub async fn has_passkey(&self, person: PersonId) -> Result<bool, Error> {
        Ok(self.inner.control(self.id).await?.state.passkeys_of(person) > 0)
    }

    /// Removes a passkey: it opens nothing more, and sessions that it opened end. What was signed with it stays provable.
    ///
    /// # Errors
    /// Where the person has no such passkey.
    pub async fn passkey_remove(&self, caller: &Caller, person: PersonId, credential: Digest) -> Result<(), Error> {
        let body = PasskeyRemoved { person, credential };
        let remove = move |_: &crate::control::Control| Ok(WorkspaceCommand::RemovePasskey(body.clone()));
        self.change(caller, Change::command(remove).with(Extra::PasskeyRemoved(credential.0))).await?;
        Ok(())
    }
}
