//! Tiles and checkpoints as they are served. Derived from the leaves by the integrator; never computed here.

use crate::{
    db::Conn,
    error::{Error, attempt},
};
use sqlx::Row;
use uuid::Uuid;

const TILE_UPSERT: &str = "insert into tiles (workspace, log, level, tile_index, hashes)";

statements! {
    TILE_GET = "select hashes from tiles where workspace = $1 and log = $2 and level = $3 and tile_index = $4";
    TILES_LIST = "select level, tile_index, hashes from tiles where workspace = $1 and log = $2 and level = $3 and tile_index >= $4 order by tile_index limit $5";
    LOGS_STORED = "select workspace, log, count(*) from tiles group by workspace, log union all select workspace, log, count(*) from checkpoints group by workspace, log";
    TILES_COUNT = "select count(*) from tiles where workspace = $1 and log = $2";
    CHECKPOINT_INSERT = "insert into checkpoints (workspace, log, size, note) values ($1, $2, $3, $4) on conflict (workspace, log, size) do update set note = excluded.note";
    CHECKPOINT_LATEST = "select size, note from checkpoints where workspace = $1 and log = $2 order by size desc limit 1";
    CHECKPOINTS_LIST = "select size, note from checkpoints where workspace = $1 and log = $2 order by size";
    CHECKPOINT_DROP = "delete from checkpoints where workspace = $1 and log = $2 and size = $3";
}

/// Which log of which workspace: a restore opens a new one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Log {
    /// The workspace.
    pub workspace: Uuid,
    /// Counted from 0.
    pub number: i64,
}

/// A tile: up to 256 hashes side by side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TileRow {
    /// 0 holds leaf hashes.
    pub level: i64,
    /// Place in its level.
    pub index: i64,
    /// 32 bytes a hash.
    pub hashes: Vec<u8>,
}

/// A signed checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckpointRow {
    /// Size of the tree.
    pub size: i64,
    /// The signed note.
    pub note: String,
}

/// Writes tiles; a wider one takes the place of a partial one.
///
/// # Errors
/// Where the storage fails.
pub async fn tiles_put(mut conn: Conn<'_>, log: Log, rows: &[TileRow]) -> Result<(), Error> {
    insert_rows!(
        conn,
        "write tiles",
        TILE_UPSERT,
        5,
        "on conflict (workspace, log, level, tile_index) do update set hashes = excluded.hashes",
        rows,
        |query, row| query.bind(log.workspace).bind(log.number).bind(row.level).bind(row.index).bind(row.hashes.as_slice())
    );
    Ok(())
}

/// One tile.
///
/// # Errors
/// Where the storage fails.
pub async fn tile_get(conn: Conn<'_>, log: Log, level: i64, index: i64) -> Result<Option<Vec<u8>>, Error> {
    on!(conn, c => sqlx::query(TILE_GET).bind(log.workspace).bind(log.number).bind(level).bind(index).fetch_optional(c).await.map(|r| r.map(|r| r.get(0))))
        .map_err(attempt("read a tile"))
}

/// Tiles of a level from one on.
///
/// # Errors
/// Where the storage fails.
pub async fn tiles_from(conn: Conn<'_>, log: Log, level: i64, index: i64, limit: i64) -> Result<Vec<TileRow>, Error> {
    on!(conn, c => sqlx::query(TILES_LIST).bind(log.workspace).bind(log.number).bind(level).bind(index).bind(limit).fetch_all(c).await.map(|rows| {
        rows.iter().map(|r| TileRow { level: r.get(0), index: r.get(1), hashes: r.get(2) }).collect()
    }))
    .map_err(attempt("read tiles"))
}

/// Every workspace and log number that tiles and checkpoints are stored under, whether there is such a log or not.
///
/// # Errors
/// Where the storage fails.
pub async fn logs_stored(conn: Conn<'_>) -> Result<Vec<(Uuid, i64, i64)>, Error> {
    on!(conn, c => sqlx::query(LOGS_STORED).fetch_all(c).await.map(|rows| rows.iter().map(|r| (r.get(0), r.get(1), r.get(2))).collect()))
        .map_err(attempt("list stored logs"))
}

/// Number of stored tiles.
///
/// # Errors
/// Where the storage fails.
pub async fn tiles_count(conn: Conn<'_>, log: Log) -> Result<i64, Error> {
    on!(conn, c => sqlx::query(TILES_COUNT).bind(log.workspace).bind(log.number).fetch_one(c).await.map(|r| r.get(0)))
        .map_err(attempt("count tiles"))
}

/// Keeps a checkpoint.
///
/// # Errors
/// Where the storage fails.
pub async fn checkpoint_put(conn: Conn<'_>, log: Log, row: &CheckpointRow) -> Result<(), Error> {
    on!(conn, c => sqlx::query(CHECKPOINT_INSERT).bind(log.workspace).bind(log.number).bind(row.size).bind(row.note.as_str()).execute(c).await.map(|_| ()))
        .map_err(attempt("keep a checkpoint"))
}

/// The latest checkpoint.
///
/// # Errors
/// Where the storage fails.
pub async fn checkpoint_latest(conn: Conn<'_>, log: Log) -> Result<Option<CheckpointRow>, Error> {
    on!(conn, c => sqlx::query(CHECKPOINT_LATEST).bind(log.workspace).bind(log.number).fetch_optional(c).await.map(|r| r.map(|r| CheckpointRow { size: r.get(0), note: text!(r, 1) })))
        .map_err(attempt("read the checkpoint"))
}

/// All kept checkpoints, smallest tree first.
///
/// # Errors
/// Where the storage fails.
pub async fn checkpoints(conn: Conn<'_>, log: Log) -> Result<Vec<CheckpointRow>, Error> {
    on!(conn, c => sqlx::query(CHECKPOINTS_LIST).bind(log.workspace).bind(log.number).fetch_all(c).await.map(|rows| rows.iter().map(|r| CheckpointRow { size: r.get(0), note: text!(r, 1) }).collect()))
        .map_err(attempt("read checkpoints"))
}

/// Drops a checkpoint that a later one of the same minute took the place of.
///
/// # Errors
/// Where the storage fails.
pub async fn checkpoint_drop(conn: Conn<'_>, log: Log, size: i64) -> Result<(), Error> {
    on!(conn, c => sqlx::query(CHECKPOINT_DROP).bind(log.workspace).bind(log.number).bind(size).execute(c).await.map(|_| ()))
        .map_err(attempt("drop a checkpoint"))
}
