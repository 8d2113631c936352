//! Sealing and opening values: what is personal or too long for an event goes to the vault, and the event holds a commitment.
//! Decides only that; what is personal is the playbook's word.

use crate::{Env, Error};
use countersign_core::{
    content::{Content, Digest, Seal},
    id::{SubjectId, WorkspaceId},
    limits::{INLINE_EVENT_BYTES_MAX, INLINE_VALUE_BYTES_MAX},
};
use countersign_privacy::{CommitmentInput, Purpose, RootSecret, SubjectKey, WrappingKey, commitment, subject::Aad, token::keyed_token};
use countersign_store::vault::VaultRow;
use serde_json::Value;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};
use uuid::Uuid;
use zeroize::Zeroizing;

/// Says in every commitment what it is a commitment to.
pub const COMMITMENT_TAG: &str = "countersign/value/v1";

/// The keys of a workspace, derived once.
pub struct WorkspaceKeys {
    workspace: WorkspaceId,
    wrapping: WrappingKey,
    external: Zeroizing<[u8; 32]>,
    content: Zeroizing<[u8; 32]>,
    words: Zeroizing<[u8; 32]>,
    /// Signs what was shown.
    pub shown: Zeroizing<[u8; 32]>,
    /// Signs cursors.
    pub cursor: Zeroizing<[u8; 32]>,
    unowned: SubjectKey,
    draws: Mutex<HashMap<u64, Arc<Zeroizing<[u8; 32]>>>>,
}

/// The keys of all workspaces, derived when first needed.
pub struct Keys {
    root_key_id: String,
    by_workspace: Mutex<HashMap<WorkspaceId, Arc<WorkspaceKeys>>>,
}

impl Keys {
    /// For one root secret.
    #[must_use]
    pub fn new(root: &RootSecret) -> Self {
        Self { root_key_id: root.key_id().to_string(), by_workspace: Mutex::default() }
    }

    /// The root secret's public id.
    #[must_use]
    pub fn root_key_id(&self) -> &str {
        &self.root_key_id
    }

    /// A workspace's keys.
    pub fn of(&self, root: &RootSecret, workspace: WorkspaceId) -> Arc<WorkspaceKeys> {
        let mut all = self.by_workspace.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(all.entry(workspace).or_insert_with(|| Arc::new(WorkspaceKeys::derive(root, workspace))))
    }
}

/// A key context: the workspace and a number (an epoch, a generation).
pub(crate) fn numbered(workspace: WorkspaceId, number: u64) -> [u8; 24] {
    let mut context = [0; 24];
    let (id, rest) = context.split_at_mut(16);
    id.copy_from_slice(workspace.0.as_bytes());
    rest.copy_from_slice(&number.to_be_bytes());
    context
}

impl WorkspaceKeys {
    fn derive(root: &RootSecret, workspace: WorkspaceId) -> Self {
        let id = workspace.0.as_bytes();
        // Values without a subject are encrypted too, under a key that no subject has: it is derived, never stored.
        let unowned = root.derive(Purpose::VaultWrap, &numbered(workspace, 0));
        Self {
            workspace,
            wrapping: root.wrapping_key(id),
            external: root.derive(Purpose::ExternalToken, id),
            content: root.derive(Purpose::ContentToken, id),
            words: root.derive(Purpose::SearchToken, id),
            shown: root.derive(Purpose::ShownToken, id),
            cursor: root.derive(Purpose::Cursor, id),
            unowned: SubjectKey::from_random(*unowned),
            draws: Mutex::default(),
        }
    }

    /// The token of an external id in a playbook.
    #[must_use]
    pub fn external_token(&self, playbook: Uuid, external_id: &str) -> [u8; 16] {
        keyed_token(&self.external, "external-id", &[playbook.as_bytes(), external_id.as_bytes()])
    }

    /// The token of a subject's own value.
    #[must_use]
    pub fn subject_token(&self, value: &str) -> [u8; 16] {
        keyed_token(&self.external, "subject", &[value.as_bytes()])
    }

    /// The token of all that was sent under an external id.
    #[must_use]
    pub fn content_token(&self, sent: &[u8]) -> [u8; 16] {
        keyed_token(&self.content, "content", &[sent])
    }

    /// The token of a word that those with this role may search for.
    #[must_use]
    pub fn word_token(&self, kind: &str, role: &str, word: &str) -> [u8; 16] {
        keyed_token(&self.words, "word", &[kind.as_bytes(), role.as_bytes(), word.as_bytes()])
    }

    /// The epoch key of committed draws.
    pub fn draw_key(&self, root: &RootSecret, epoch: u64) -> Arc<Zeroizing<[u8; 32]>> {
        let mut draws = self.draws.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(draws.entry(epoch).or_insert_with(|| Arc::new(root.derive(Purpose::DrawEpoch, &numbered(self.workspace, epoch)))))
    }

    /// Makes a subject's key and wraps it for storage.
    ///
    /// # Errors
    /// None in practice; the cipher's refusal is handed on.
    pub fn subject_key_new(&self, env: &Env, subject: SubjectId) -> Result<(SubjectKey, Vec<u8>), Error> {
        let key = SubjectKey::from_random(env.bytes());
        let wrapped = key.wrap(&self.wrapping, subject.0.as_bytes(), env.bytes())?;
        Ok((key, wrapped))
    }

    /// Unwraps a subject's key.
    ///
    /// # Errors
    /// Where another root secret wrapped it, or it was altered.
    pub fn subject_key(&self, subject: SubjectId, wrapped: &[u8]) -> Result<SubjectKey, Error> {
        Ok(SubjectKey::unwrap(&self.wrapping, subject.0.as_bytes(), wrapped)?)
    }

    /// The key for values that have no subject.
    #[must_use]
    pub fn unowned(&self) -> &SubjectKey {
        &self.unowned
    }
}

/// Whose values these are, with the key.
pub struct Owner<'a> {
    /// The subject.
    pub subject: SubjectId,
    /// Its key; absent once it was erased.
    pub key: Option<&'a SubjectKey>,
}

/// Seals the values of one command.
pub struct Sealer<'a> {
    keys: &'a WorkspaceKeys,
    env: &'a Env,
    stream: Uuid,
    version: u64,
    owner: Option<Owner<'a>>,
    masked: bool,
    inline_left: usize,
    /// What goes to the vault.
    pub rows: Vec<VaultRow>,
}

impl<'a> Sealer<'a> {
    /// For one command on a stream that has reached `version - 1`.
    #[must_use]
    pub fn new(keys: &'a WorkspaceKeys, env: &'a Env, stream: Uuid, version: u64, owner: Option<Owner<'a>>) -> Self {
        Self { keys, env, stream, version, owner, masked: false, inline_left: INLINE_EVENT_BYTES_MAX, rows: Vec::new() }
    }

    /// The same for a playbook of which some people do not see every field: what is written about its cases may repeat what is masked,
    /// so that no event holds it.
    #[must_use]
    pub fn masked(self, masked: bool) -> Self {
        Self { masked, ..self }
    }

    /// Free text: personal wherever the case has a subject.
    ///
    /// # Errors
    /// Where the subject was erased, or the value has no canonical form.
    pub fn text(&mut self, field: &str, text: String) -> Result<Content, Error> {
        self.free(field, Value::String(text))
    }

    /// A free document, such as a drafted text: personal wherever the case has a subject.
    ///
    /// # Errors
    /// Where the subject was erased, or the value has no canonical form.
    pub fn free(&mut self, field: &str, value: Value) -> Result<Content, Error> {
        match self.masked && self.owner.is_none() {
            true => self.secret(field, &value),
            false => {
                let personal = self.owner.is_some();
                self.value(field, value, personal)
            }
        }
    }

    /// A value that some people do not see: always sealed, and nobody's in particular.
    ///
    /// # Errors
    /// Where the value has no canonical form.
    pub fn secret(&mut self, field: &str, value: &Value) -> Result<Content, Error> {
        self.sealed(field, value, false)
    }

    /// Now, by the node's clock.
    #[must_use]
    pub fn now(&self) -> countersign_core::number::Micros {
        self.env.now()
    }

    /// A value. Personal ones are always sealed; others where they are too long for an event.
    ///
    /// # Errors
    /// Where the subject was erased, or the value has no canonical form.
    pub fn value(&mut self, field: &str, value: Value, personal: bool) -> Result<Content, Error> {
        if !personal {
            let length = inline_length(&value);
            if length <= INLINE_VALUE_BYTES_MAX && length <= self.inline_left {
                self.inline_left -= length;
                return Ok(Content::Plain(value));
            }
        }
        self.sealed(field, &value, personal)
    }

    fn sealed(&mut self, field: &str, value: &Value, personal: bool) -> Result<Content, Error> {
        let bytes = countersign_ledger::canonical::to_vec(value).map_err(|error| crate::case::refused_value(field, &error))?;
        let (subject, key) = match &self.owner {
            Some(owner) if personal => (Some(owner.subject), owner.key.ok_or_else(crate::case::erased)?),
            _ => (None, self.keys.unowned()),
        };
        let salt: [u8; 32] = self.env.bytes();
        let place = Place { workspace: self.keys.workspace, subject, stream: self.stream, version: self.version, field };
        let sealed = key.seal(self.env.bytes(), &place.aad(), &bytes)?;
        let content = Content::Sealed(Seal { commitment: place.commitment(&salt, &bytes), bytes: bytes.len() as u64 });
        self.rows.push(VaultRow {
            stream: self.stream,
            version: i64::try_from(self.version).unwrap_or(i64::MAX),
            field: field.to_owned(),
            subject: subject.map(|s| s.0),
            salt: salt.to_vec(),
            sealed,
        });
        Ok(content)
    }
}

/// About how long a value is inside an event.
fn inline_length(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len() + 2,
        Value::Array(items) => items.iter().map(|v| inline_length(v) + 1).sum::<usize>() + 2,
        Value::Object(members) => members.iter().map(|(k, v)| k.len() + 4 + inline_length(v)).sum::<usize>() + 2,
        _ => 20,
    }
}

/// Where a sealed value belongs.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// Whose it is.
    pub subject: Option<SubjectId>,
    /// Stream of the event with the commitment.
    pub stream: Uuid,
    /// Version under which it was sealed.
    pub version: u64,
    /// Which value of the command.
    pub field: &'a str,
}

const NO_SUBJECT: SubjectId = SubjectId(Uuid::nil());

impl Place<'_> {
    pub(crate) fn aad(&self) -> Aad<'_> {
        Aad {
            workspace: self.workspace.0.as_bytes(),
            subject: self.subject.as_ref().unwrap_or(&NO_SUBJECT).0.as_bytes(),
            case: self.stream.as_bytes(),
            version: self.version,
            field: self.field,
        }
    }

    /// The commitment to `bytes` in this place.
    #[must_use]
    pub fn commitment(&self, salt: &[u8; 32], bytes: &[u8]) -> Digest {
        Digest(commitment(&CommitmentInput {
            tag: COMMITMENT_TAG,
            salt,
            workspace: self.workspace.0.as_bytes(),
            case: self.stream.as_bytes(),
            version: self.version,
            field: self.field,
            bytes,
        }))
    }
}

/// One opened value, with all that is needed to show that the commitment is to it.
#[derive(Debug, Clone)]
pub struct Opened {
    /// Version under which it was sealed.
    pub version: u64,
    /// Which value of the command.
    pub field: String,
    /// The salt.
    pub salt: [u8; 32],
    /// The canonical bytes.
    pub bytes: Vec<u8>,
    /// The value.
    pub value: Value,
}

/// Sealed values of some streams, opened, by their commitments.
#[derive(Debug, Default)]
pub struct Values(HashMap<Digest, Opened>);

impl Values {
    /// Opens rows of the vault. Rows whose subject has no key any more are left out.
    ///
    /// # Errors
    /// Where a row was altered or sealed under another root secret.
    pub fn open(keys: &WorkspaceKeys, subjects: &HashMap<Uuid, SubjectKey>, rows: &[VaultRow]) -> Result<Self, Error> {
        let mut opened = HashMap::with_capacity(rows.len());
        for row in rows {
            let key = match row.subject {
                None => keys.unowned(),
                Some(subject) => match subjects.get(&subject) {
                    Some(key) => key,
                    None => continue,
                },
            };
            let place = Place {
                workspace: keys.workspace,
                subject: row.subject.map(SubjectId),
                stream: row.stream,
                version: u64::try_from(row.version).unwrap_or(0),
                field: &row.field,
            };
            let bytes = key.open(&place.aad(), &row.sealed)?;
            let salt =
                <[u8; 32]>::try_from(row.salt.as_slice()).map_err(|_| Error::Damaged("a salt in the vault has a wrong length".into()))?;
            let value = serde_json::from_slice(&bytes).map_err(|e| Error::Damaged(format!("a value in the vault is no JSON: {e}")))?;
            opened.insert(place.commitment(&salt, &bytes), Opened { version: place.version, field: row.field.clone(), salt, bytes, value });
        }
        Ok(Self(opened))
    }

    /// The value of a content; `None` where it was erased.
    #[must_use]
    pub fn get(&self, content: &Content) -> Option<Value> {
        match content {
            Content::Plain(value) => Some(value.clone()),
            Content::Sealed(seal) => self.0.get(&seal.commitment).map(|o| o.value.clone()),
        }
    }

    /// The text of a content; `None` where it was erased or is none.
    #[must_use]
    pub fn text(&self, content: &Content) -> Option<String> {
        match self.get(content)? {
            Value::String(text) => Some(text),
            other => Some(other.to_string()),
        }
    }

    /// Puts opened values in the place of their commitments, anywhere in an event's JSON; erased ones stay commitments.
    pub fn open_in(&self, json: &mut Value) {
        match json {
            Value::Object(members) => {
                let sealed =
                    members.get("sealed").and_then(|s| s.get("commitment")).and_then(Value::as_str).and_then(|c| c.parse::<Digest>().ok());
                if let Some(opened) = sealed.and_then(|c| self.0.get(&c)) {
                    members.insert("opened".into(), opened.value.clone());
                }
                members.values_mut().for_each(|v| self.open_in(v));
            }
            Value::Array(items) => items.iter_mut().for_each(|v| self.open_in(v)),
            _ => {}
        }
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (&Digest, &Opened)> {
        self.0.iter()
    }
}
