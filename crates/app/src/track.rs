//! Track records as they are kept: in parts that versions share, each by its digest, and put together again only if the whole has the
//! digest that the ledger names. Learns nothing.

mod view;

pub use view::{
    CertificateView, Counted, DisagreementView, DriftView, Figure, KindView, LikeView, OwnKind, OwnView, PromiseView, RegionView,
    RelianceView, TestView, TrackView,
};
pub(crate) use view::{ROWS_MIN, together};

use crate::{
    Caller, Error, Workspace,
    writer::{Change, Extra},
};
use countersign_core::{
    content::Digest,
    event::{TrackPin, TrackRecordPublished},
    id::{PersonId, PlaybookId, WorkspaceId},
    limits::TRACK_RECORD_BYTES_MAX,
    refusal::{Code, Refusal},
};
use countersign_engine::{
    route::ROUTER_VERSION,
    track::{Published, TrackRecord},
    workspace::{RecordFacts, WorkspaceCommand},
};
use countersign_store::{self as store, Conn, track::RecordRow};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, PoisonError},
};
use utoipa::ToSchema;

/// Which version routing is to read.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PinInput {
    /// The version; absent: whatever is learned next.
    #[serde(default)]
    pub number: Option<u64>,
    /// Who answers for it; absent where the key speaks for one.
    #[serde(default)]
    pub person: Option<uuid::Uuid>,
}

/// Records that were read before, by digest.
#[derive(Default)]
pub(crate) struct Cache(Mutex<HashMap<Digest, Arc<TrackRecord>>>);

/// Records that are kept at hand.
const CACHED_MAX: usize = 64;

impl Cache {
    fn get(&self, digest: Digest) -> Option<Arc<TrackRecord>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&digest).cloned()
    }

    fn put(&self, digest: Digest, record: &Arc<TrackRecord>) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= CACHED_MAX {
            known.clear();
        }
        known.insert(digest, Arc::clone(record));
    }
}

/// A record in parts, as it is stored.
pub(crate) struct Parts {
    pub row: RecordRow,
    pub parts: Vec<(Digest, Vec<u8>)>,
}

/// One part a member of the record.
type Members = BTreeMap<String, Digest>;

impl Parts {
    /// Takes a record apart.
    pub(crate) fn of(record: &TrackRecord) -> Result<(Self, Digest), Error> {
        let damaged = |e: serde_json::Error| Error::Damaged(format!("a track record cannot be written: {e}"));
        let bytes = record.to_bytes().map_err(damaged)?;
        if bytes.len() > TRACK_RECORD_BYTES_MAX {
            let detail = format!("a track record of {} bytes is larger than the {TRACK_RECORD_BYTES_MAX} that are kept", bytes.len());
            return Err(Refusal::new(Code::TooLarge, detail).into());
        }
        let digest = Digest::of(&bytes);
        let members: BTreeMap<String, Box<RawValue>> = serde_json::from_slice(&bytes).map_err(damaged)?;
        let mut names = Members::new();
        let mut parts = Vec::with_capacity(members.len());
        for (name, value) in members {
            let bytes = value.get().as_bytes().to_vec();
            let part = Digest::of(&bytes);
            names.insert(name, part);
            parts.push((part, bytes));
        }
        let row = RecordRow {
            playbook: record.playbook.0,
            number: i64::try_from(record.number).unwrap_or(i64::MAX),
            digest: digest.0.to_vec(),
            made_at: record.made_at,
            parts: serde_json::to_string(&names).map_err(damaged)?,
        };
        Ok((Self { row, parts }, digest))
    }

    /// Writes it inside the transaction that publishes it.
    pub(crate) async fn write(&self, mut conn: Conn<'_>, workspace: WorkspaceId) -> Result<(), Error> {
        for (digest, bytes) in &self.parts {
            store::track::put_part(conn.again(), workspace.0, &digest.0, bytes).await?;
        }
        Ok(store::track::put(conn, workspace.0, &self.row).await?)
    }
}

/// Puts a record together again.
pub(crate) async fn read(
    mut conn: Conn<'_>,
    workspace: WorkspaceId,
    playbook: PlaybookId,
    (number, digest): (u64, Digest),
    cache: &Cache,
) -> Result<Arc<TrackRecord>, Error> {
    if let Some(record) = cache.get(digest) {
        return Ok(record);
    }
    let damaged = |what: &str| Error::Damaged(format!("version {number} of the track record of a playbook {what}"));
    let row = store::track::get(conn.again(), workspace.0, playbook.0, i64::try_from(number).unwrap_or(i64::MAX)).await?;
    let row = row.ok_or_else(|| damaged("is not there"))?;
    let members: Members = serde_json::from_str(&row.parts).map_err(|_| damaged("names no parts"))?;
    let mut whole: BTreeMap<String, Box<RawValue>> = BTreeMap::new();
    for (name, part) in members {
        let bytes = store::track::part(conn.again(), workspace.0, &part.0).await?.ok_or_else(|| damaged("lacks a part"))?;
        if Digest::of(&bytes) != part {
            return Err(damaged(&format!("was changed in its part {name}")));
        }
        let text = String::from_utf8(bytes).map_err(|_| damaged("has a part that is no text"))?;
        whole.insert(name, RawValue::from_string(text).map_err(|_| damaged("has a part that is no JSON"))?);
    }
    let text = serde_json::to_string(&whole).map_err(|_| damaged("cannot be put together"))?;
    let record: TrackRecord = serde_json::from_str(&text).map_err(|e| damaged(&format!("cannot be read: {e}")))?;
    let again = record.to_bytes().map_err(|_| damaged("cannot be written again"))?;
    if Digest::of(&again) != digest {
        return Err(damaged("is not the one that the ledger names"));
    }
    let record = Arc::new(record);
    cache.put(digest, &record);
    Ok(record)
}

/// The record that routing reads, with the certificates that are in force: going back to an older record brings none back.
pub(crate) fn published(record: &TrackRecord, facts: &RecordFacts) -> Published {
    let mut record = record.clone();
    record.certificates.retain(|issued| facts.certificates.contains(&issued.id));
    Published { record, digest: facts.digest }
}

impl Workspace {
    /// Publishes what was learned. `false`: a person has pinned another version, or another node came first.
    pub(crate) async fn record_publish(&self, caller: &Caller, record: &TrackRecord) -> Result<bool, Error> {
        let (parts, digest) = Parts::of(record)?;
        let body = TrackRecordPublished {
            playbook: record.playbook,
            number: record.number,
            digest,
            through: record.through,
            router_version: ROUTER_VERSION,
            certificates: record.certificates.iter().map(|issued| issued.id.clone()).collect(),
            cause: TrackPin::Learned,
            person: None,
        };
        let change = Change::command(move |_| Ok(WorkspaceCommand::PublishRecord(body.clone()))).with(Extra::Record(Box::new(parts)));
        match self.change(caller, change).await {
            Ok(events) => Ok(!events.is_empty()),
            Err(Error::Refused(refusal)) if refusal.code == Code::Conflict => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Lets routing read one version of a playbook's record until a person lets go. No certificate that is not in force comes back
    /// with it.
    ///
    /// # Errors
    /// Where there is no such version, or no active member chooses in their own name.
    pub async fn record_pin(&self, caller: &Caller, playbook: &str, number: u64, person: PersonId) -> Result<(), Error> {
        self.record_choose(caller, playbook, Some(number), person).await
    }

    /// Lets routing read whatever is learned next, beginning with the version that is pinned.
    ///
    /// # Errors
    /// Where nothing was learned yet, or no active member chooses in their own name.
    pub async fn record_release(&self, caller: &Caller, playbook: &str, person: PersonId) -> Result<(), Error> {
        self.record_choose(caller, playbook, None, person).await
    }

    async fn record_choose(&self, caller: &Caller, playbook: &str, number: Option<u64>, person: PersonId) -> Result<(), Error> {
        let control = self.control().await?;
        let id = control.playbook_id(playbook)?;
        let none = || Refusal::new(Code::NotFound, "nothing was learned of this playbook yet, so that there is no version to choose");
        let facts = control.state.records.get(&id).ok_or_else(none)?;
        let wanted = number.unwrap_or(facts.number);
        let (record, digest) = self.record_read(id, wanted).await?;
        let body = TrackRecordPublished {
            playbook: id,
            number: wanted,
            digest,
            through: record.through,
            router_version: ROUTER_VERSION,
            certificates: record.certificates.iter().map(|issued| issued.id.clone()).collect(),
            cause: if number.is_some() { TrackPin::Pinned } else { TrackPin::Released },
            person: Some(person),
        };
        self.change(caller, Change::command(move |_| Ok(WorkspaceCommand::PublishRecord(body.clone())))).await.map(|_| ())
    }

    /// A version of a playbook's record, with its digest, which was held against its bytes.
    pub(crate) async fn record_read(&self, playbook: PlaybookId, number: u64) -> Result<(Arc<TrackRecord>, Digest), Error> {
        let mut session = self.inner.db.session().await?;
        let row = store::track::get(session.conn(), self.id.0, playbook.0, i64::try_from(number).unwrap_or(i64::MAX)).await?;
        let missing = || Refusal::field(Code::NotFound, "/number", "there is no such version of the track record");
        let row = row.ok_or_else(missing)?;
        let digest: [u8; 32] = row.digest.as_slice().try_into().map_err(|_| Error::Damaged("a digest is too short".into()))?;
        let digest = Digest(digest);
        let record = read(session.conn(), self.id, playbook, (number, digest), &self.inner.records).await?;
        Ok((record, digest))
    }

    /// The numbers and times of the latest versions of a playbook's record, newest first.
    ///
    /// # Errors
    /// Where there is no such playbook or the storage fails.
    pub async fn record_versions(&self, playbook: &str) -> Result<Vec<(u64, i64)>, Error> {
        const LISTED: i64 = 50;
        let id = self.control().await?.playbook_id(playbook)?;
        let mut session = self.inner.db.session().await?;
        let rows = store::track::list(session.conn(), self.id.0, id.0, LISTED).await?;
        Ok(rows.into_iter().map(|row| (u64::try_from(row.number).unwrap_or(0), row.made_at)).collect())
    }

    /// What routing reads of a playbook, and whether a person pinned it; `None` where nothing was learned yet.
    ///
    /// # Errors
    /// Where there is no such playbook or the storage fails.
    pub async fn record(&self, playbook: &str) -> Result<Option<(Arc<Published>, RecordFacts)>, Error> {
        let control = self.control().await?;
        let id = control.playbook_id(playbook)?;
        let facts = control.state.records.get(&id).cloned();
        Ok(facts.and_then(|facts| Some((control.records.get(&id).cloned()?, facts))))
    }
}
