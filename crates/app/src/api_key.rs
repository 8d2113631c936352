//! API keys: shown once, kept hashed, scoped, expiring, revocable.

use crate::{
    App, Caller, Error, Workspace,
    case::moment,
    input::ApiKeyInput,
    view::ApiKeyView,
    writer::{Change, Extra},
};
use countersign_core::{
    id::{PersonId, WorkspaceId},
    limits::NAME_CHARS_MAX,
    number::Micros,
    refusal::{Code, Refusal},
    time,
};
use countersign_engine::workspace::WorkspaceCommand;
use countersign_privacy::ApiKey;
use countersign_store::{self as store, api_key::ApiKeyRow};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

/// The scopes that there are.
pub const SCOPES: &[&str] =
    &["cases:write", "cases:read", "judge", "outcomes:write", "playbooks:write", "people:write", "control", "ledger:read", "admin"];
/// How long a checked key is believed before it is looked up again: a revoked key opens nothing for longer than this.
const BELIEVED_MICROS: Micros = 1_000_000;
const BELIEVED_MAX: usize = 1_024;
/// How exactly it is kept when a key was used last.
const USED_MICROS: Micros = 60 * 1_000_000;

/// Who a key speaks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// The workspace it opens.
    pub workspace: WorkspaceId,
    /// The key's public id.
    pub key: String,
    /// What it may do.
    pub scopes: Vec<String>,
    /// The one person it speaks for.
    pub person: Option<PersonId>,
}

impl Principal {
    /// Whether it may do what a scope stands for.
    #[must_use]
    pub fn allows(&self, scope: &str) -> bool {
        self.scopes.iter().any(|s| s == scope || s == "admin")
    }
}

/// A key that was checked, and when.
type Checked = (Micros, Arc<Principal>);

/// Keys that were checked a moment ago, by the hash of what was sent.
#[derive(Default)]
pub(crate) struct Believed(Mutex<HashMap<[u8; 32], Checked>>);

impl App {
    /// Who sends this key.
    ///
    /// # Errors
    /// Refuses what is no key, unknown, revoked or expired, all with the same words.
    pub async fn authenticate(&self, text: &str) -> Result<Arc<Principal>, Error> {
        let refused = || Error::from(Refusal::new(Code::Unauthenticated, "the API key is not valid: it is unknown, revoked or expired"));
        let key = ApiKey::parse(text).map_err(|_| refused())?;
        let (hash, now) = (key.hash(), self.inner.env.now());
        {
            let believed = self.inner.believed.0.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some((at, principal)) = believed.get(&hash)
                && (*at..*at + BELIEVED_MICROS).contains(&now)
            {
                return Ok(Arc::clone(principal));
            }
        }
        let mut session = self.inner.db.session().await?;
        let row = store::api_key::get(session.conn(), &key.id().to_string()).await?.ok_or_else(refused)?;
        let stored =
            <[u8; 32]>::try_from(row.hash.as_slice()).map_err(|_| Error::Damaged("the hash of an API key has a wrong length".into()))?;
        if !key.verify(&stored) || row.revoked_at.is_some() || row.expires_at.is_some_and(|end| end <= now) {
            return Err(refused());
        }
        drop(session);
        let (workspace, person) = (WorkspaceId(row.workspace), row.person.map(PersonId));
        // A key speaks for nobody who no longer takes part.
        if let Some(person) = person
            && !self.inner.control(workspace).await?.state.people.get(&person).is_some_and(|facts| facts.active)
        {
            return Err(refused());
        }
        if row.used_at.is_none_or(|used| used + USED_MICROS <= now) {
            self.api_key_used(&row.key_id, now).await;
        }
        let principal =
            Arc::new(Principal { workspace, key: row.key_id, scopes: row.scopes.split(' ').map(str::to_owned).collect(), person });
        let mut believed = self.inner.believed.0.lock().unwrap_or_else(PoisonError::into_inner);
        if believed.len() >= BELIEVED_MAX {
            believed.clear();
        }
        believed.insert(hash, (now, Arc::clone(&principal)));
        Ok(principal)
    }

    /// Keeps that a key was used. Where that fails the key is as good as before.
    async fn api_key_used(&self, key: &str, now: Micros) {
        let kept = async {
            let mut tx = self.inner.db.begin().await?;
            store::api_key::used(tx.conn(), key, now).await?;
            tx.commit().await
        };
        if let Err(error) = kept.await {
            tracing::warn!(%error, "it could not be kept that an API key was used");
        }
    }
}

impl Workspace {
    /// Makes a key. The text is shown this once; only its hash is kept.
    ///
    /// # Errors
    /// Where a scope does not exist or the person is unknown.
    pub async fn api_key_add(&self, caller: &Caller, input: ApiKeyInput) -> Result<(ApiKeyView, String), Error> {
        if input.name.trim().is_empty() || input.name.chars().count() > NAME_CHARS_MAX {
            return Err(Refusal::invalid("/name", format!("a key's name has 1 to {NAME_CHARS_MAX} characters")).into());
        }
        if input.scopes.is_empty() || input.scopes.iter().any(|s| !SCOPES.contains(&s.as_str())) {
            return Err(Refusal::invalid("/scopes", format!("scopes are some of {}", SCOPES.join(", "))).into());
        }
        let now = self.inner.env.now();
        let expires_at = input.expires.as_ref().map(|m| moment(m, "/expires", now)).transpose()?;
        let key = ApiKey::from_random(self.inner.env.bytes());
        let row = ApiKeyRow {
            key_id: key.id().to_string(),
            workspace: self.id.0,
            hash: key.hash().to_vec(),
            name: input.name,
            scopes: input.scopes.join(" "),
            person: input.person,
            expires_at,
            revoked_at: None,
            used_at: None,
        };
        let (id, scopes, person) = (row.key_id.clone(), input.scopes, input.person.map(PersonId));
        let add =
            move |_: &crate::control::Control| Ok(WorkspaceCommand::AddKey { key: id.clone(), scopes: scopes.clone(), person, expires_at });
        self.change(caller, Change::command(add).with(Extra::Key(row.clone()))).await?;
        Ok((view(row), key.text().to_string()))
    }

    /// Revokes a key: it opens nothing more within a second.
    ///
    /// # Errors
    /// Where there is no such key.
    pub async fn api_key_revoke(&self, caller: &Caller, key: &str) -> Result<(), Error> {
        let id = key.to_owned();
        let revoke = move |_: &crate::control::Control| Ok(WorkspaceCommand::RevokeKey { key: id.clone() });
        self.change(caller, Change::command(revoke).with(Extra::KeyRevoked(key.to_owned()))).await?;
        self.inner.believed.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
        Ok(())
    }

    /// All keys, without their secrets.
    ///
    /// # Errors
    /// Where the storage fails.
    pub async fn api_keys_list(&self) -> Result<Vec<ApiKeyView>, Error> {
        let mut session = self.inner.db.session().await?;
        Ok(store::api_key::list(session.conn(), self.id.0).await?.into_iter().map(view).collect())
    }
}

fn view(row: ApiKeyRow) -> ApiKeyView {
    ApiKeyView {
        key: row.key_id,
        name: row.name,
        scopes: row.scopes.split(' ').map(str::to_owned).collect(),
        person: row.person,
        expires: row.expires_at.map(time::format_rfc3339),
        revoked: row.revoked_at.is_some(),
        used: row.used_at.map(time::format_rfc3339),
    }
}
