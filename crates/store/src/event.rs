//! The facts: appending events and reading them back, by stream and by position. Never rewrites a byte.

use crate::{
    batch,
    db::Conn,
    error::{Error, attempt},
};
use sqlx::Row;
use uuid::Uuid;

const EVENT_INSERT: &str = "insert into events (workspace, position, stream, stream_version, id, type, recorded_at, leaf, bytes)";
const EVENTS_OF_STREAMS: &str = "select stream, stream_version, position, bytes from events where workspace = $1 and stream in";

const CONTENTS_OF: &str = "select stream, stream_version, position, bytes from events where workspace = $1 and type in ('case.opened', 'case.amended') and stream in";

statements! {
    EVENTS_FROM = "select position, stream, stream_version, id, type, recorded_at, leaf, bytes from events where workspace = $1 and position >= $2 order by position limit $3";
    EVENTS_OF_STREAM = "select position, stream, stream_version, id, type, recorded_at, leaf, bytes from events where workspace = $1 and stream = $2 order by stream_version";
    EVENTS_BY_STREAM = "select position, stream, stream_version, id, type, recorded_at, leaf, bytes from events where workspace = $1 and (stream, stream_version) > ($2, $3) order by stream, stream_version limit $4";
    ENTRIES_FROM = "select position, leaf, bytes from events where workspace = $1 and position >= $2 order by position limit $3";
    LEAVES_FROM = "select leaf from events where workspace = $1 and position >= $2 order by position limit $3";
    LAST_RECORDED = "select recorded_at from events where workspace = $1 order by position desc limit 1";
}

/// A stored event: the bytes, and the columns that find them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventRow {
    /// Place in the workspace's log, from 0.
    pub position: i64,
    /// The stream.
    pub stream: Uuid,
    /// Version on the stream, from 1.
    pub stream_version: i64,
    /// The event's id.
    pub id: Uuid,
    /// The released type name.
    pub type_name: String,
    /// When it was taken in, in microseconds.
    pub recorded_at: i64,
    /// RFC 6962 leaf hash of the bytes.
    pub leaf: Vec<u8>,
    /// Canonical bytes.
    pub bytes: Vec<u8>,
}

/// What the fold of a stream needs of an event.
#[derive(Debug, Clone)]
pub struct StreamEvent {
    /// The stream.
    pub stream: Uuid,
    /// Version on it.
    pub stream_version: i64,
    /// Place in the log.
    pub position: i64,
    /// Canonical bytes.
    pub bytes: Vec<u8>,
}

/// Appends events at their positions.
///
/// # Errors
/// [`Error::Conflict`] where a stream already has one of the versions.
pub async fn append(mut conn: Conn<'_>, workspace: Uuid, rows: &[EventRow]) -> Result<(), Error> {
    insert_rows!(conn, "append events", EVENT_INSERT, 9, "", rows, |query, row| query
        .bind(workspace)
        .bind(row.position)
        .bind(row.stream)
        .bind(row.stream_version)
        .bind(row.id)
        .bind(row.type_name.as_str())
        .bind(row.recorded_at)
        .bind(row.leaf.as_slice())
        .bind(row.bytes.as_slice()));
    Ok(())
}

/// The events of some streams, in the order of each stream.
///
/// # Errors
/// Where the storage fails.
pub async fn of_streams(conn: Conn<'_>, workspace: Uuid, streams: &[Uuid]) -> Result<Vec<StreamEvent>, Error> {
    listed(conn, EVENTS_OF_STREAMS, workspace, streams).await
}

/// The events of some cases that say what the case holds, in the order of each case.
///
/// # Errors
/// Where the storage fails.
pub async fn contents_of(conn: Conn<'_>, workspace: Uuid, cases: &[Uuid]) -> Result<Vec<StreamEvent>, Error> {
    listed(conn, CONTENTS_OF, workspace, cases).await
}

async fn listed(mut conn: Conn<'_>, statement: &'static str, workspace: Uuid, streams: &[Uuid]) -> Result<Vec<StreamEvent>, Error> {
    let mut found = Vec::new();
    for some in streams.chunks(batch::KEYS_AT_ONCE) {
        let keys = batch::padded(some);
        let sql = batch::in_list(conn.is_postgres(), statement, 1, keys.len(), "order by stream, stream_version");
        on!(conn.again(), c => {
            let mut query = sqlx::query(sql).bind(workspace);
            for key in &keys {
                query = query.bind(key);
            }
            query.fetch_all(c).await.map(|rows| {
                found.extend(rows.iter().map(|r| StreamEvent { stream: r.get(0), stream_version: r.get(1), position: r.get(2), bytes: r.get(3) }));
            })
        })
        .map_err(attempt("load cases"))?;
    }
    Ok(found)
}

macro_rules! event_row {
    ($r:expr) => {
        EventRow {
            position: $r.get(0),
            stream: $r.get(1),
            stream_version: $r.get(2),
            id: $r.get(3),
            type_name: text!($r, 4),
            recorded_at: $r.get(5),
            leaf: $r.get(6),
            bytes: $r.get(7),
        }
    };
}

/// Events from a position on, at most `limit`.
///
/// # Errors
/// Where the storage fails.
pub async fn from_position(conn: Conn<'_>, workspace: Uuid, position: i64, limit: i64) -> Result<Vec<EventRow>, Error> {
    on!(conn, c => sqlx::query(EVENTS_FROM).bind(workspace).bind(position).bind(limit).fetch_all(c).await.map(|rows| rows.iter().map(|r| event_row!(r)).collect()))
        .map_err(attempt("read events"))
}

/// What the tree is made of: an event's place, its stored leaf hash, its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Place in the workspace's log, from 0.
    pub position: i64,
    /// The stored leaf hash.
    pub leaf: Vec<u8>,
    /// Canonical bytes.
    pub bytes: Vec<u8>,
}

/// Entries from a position on, at most `limit`.
///
/// # Errors
/// Where the storage fails.
pub async fn entries_from(conn: Conn<'_>, workspace: Uuid, position: i64, limit: i64) -> Result<Vec<Entry>, Error> {
    on!(conn, c => sqlx::query(ENTRIES_FROM).bind(workspace).bind(position).bind(limit).fetch_all(c).await.map(|rows| {
        rows.iter().map(|r| Entry { position: r.get(0), leaf: r.get(1), bytes: r.get(2) }).collect()
    }))
    .map_err(attempt("read entries"))
}

/// Events after one, stream by stream, at most `limit`.
///
/// # Errors
/// Where the storage fails.
pub async fn by_stream(conn: Conn<'_>, workspace: Uuid, after: (Uuid, i64), limit: i64) -> Result<Vec<EventRow>, Error> {
    on!(conn, c => sqlx::query(EVENTS_BY_STREAM).bind(workspace).bind(after.0).bind(after.1).bind(limit).fetch_all(c).await.map(|rows| rows.iter().map(|r| event_row!(r)).collect()))
        .map_err(attempt("read events by stream"))
}

/// All events of one stream.
///
/// # Errors
/// Where the storage fails.
pub async fn of_stream(conn: Conn<'_>, workspace: Uuid, stream: Uuid) -> Result<Vec<EventRow>, Error> {
    on!(conn, c => sqlx::query(EVENTS_OF_STREAM).bind(workspace).bind(stream).fetch_all(c).await.map(|rows| rows.iter().map(|r| event_row!(r)).collect()))
        .map_err(attempt("read a case"))
}

/// Leaf hashes from a position on, at most `limit`.
///
/// # Errors
/// Where the storage fails.
pub async fn leaves_from(conn: Conn<'_>, workspace: Uuid, position: i64, limit: i64) -> Result<Vec<Vec<u8>>, Error> {
    on!(conn, c => sqlx::query(LEAVES_FROM).bind(workspace).bind(position).bind(limit).fetch_all(c).await.map(|rows| rows.iter().map(|r| r.get(0)).collect()))
        .map_err(attempt("read leaf hashes"))
}

/// When the last event was taken in.
///
/// # Errors
/// Where the storage fails.
pub async fn last_recorded_at(conn: Conn<'_>, workspace: Uuid) -> Result<Option<i64>, Error> {
    on!(conn, c => sqlx::query(LAST_RECORDED).bind(workspace).fetch_optional(c).await.map(|r| r.map(|r| r.get(0))))
        .map_err(attempt("read the last event"))
}
