//! Tiles and checkpoints as they are served. Derived from the leaves by the integrator; never computed here.

use crate::{
    batch,
    db::Conn,
    error::{Error, attempt},
};
use sqlx::Row;
use uuid::Uuid;

const TILE_UPSERT: &str = "insert into tiles (workspace, level, tile_index, hashes)";

statements! {
    TILE_GET = "select hashes from tiles where workspace = $1 and level = $2 and tile_index = $3";
    TILES_LIST = "select level, tile_index, hashes from tiles where workspace = $1 and level = $2 and tile_index >= $3 order by tile_index limit $4";
    CHECKPOINT_INSERT = "insert into checkpoints (workspace, size, note, signed_at) values ($1, $2, $3, $4) on conflict (workspace, size) do update set note = excluded.note, signed_at = excluded.signed_at";
    CHECKPOINT_LATEST = "select size, note, signed_at from checkpoints where workspace = $1 order by size desc limit 1";
    CHECKPOINTS_LIST = "select size, note, signed_at from checkpoints where workspace = $1 and size > $2 order by size limit $3";
    CHECKPOINTS_THIN = "delete from checkpoints where workspace = $1 and size < $2 and signed_at > $3";
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
    /// When it was signed.
    pub signed_at: i64,
}

macro_rules! checkpoint_row {
    ($r:expr) => {
        CheckpointRow { size: $r.get(0), note: $r.get(1), signed_at: $r.get(2) }
    };
}

/// Writes tiles; a wider one takes the place of a partial one.
///
/// # Errors
/// Where the storage fails.
pub async fn tiles_put(mut conn: Conn<'_>, workspace: Uuid, rows: &[TileRow]) -> Result<(), Error> {
    for chunk in batch::chunks(rows) {
        let sql = batch::insert(TILE_UPSERT, 4, chunk.len(), "on conflict (workspace, level, tile_index) do update set hashes = excluded.hashes");
        on!(conn.again(), c => {
            let mut query = sqlx::query(sql);
            for row in chunk {
                query = query.bind(workspace).bind(row.level).bind(row.index).bind(row.hashes.as_slice());
            }
            query.execute(c).await.map(|_| ())
        })
        .map_err(attempt("write tiles"))?;
    }
    Ok(())
}

/// One tile.
///
/// # Errors
/// Where the storage fails.
pub async fn tile_get(conn: Conn<'_>, workspace: Uuid, level: i64, index: i64) -> Result<Option<Vec<u8>>, Error> {
    on!(conn, c => sqlx::query(TILE_GET).bind(workspace).bind(level).bind(index).fetch_optional(c).await.map(|r| r.map(|r| r.get(0)))).map_err(attempt("read a tile"))
}

/// Tiles of a level from one on.
///
/// # Errors
/// Where the storage fails.
pub async fn tiles_from(conn: Conn<'_>, workspace: Uuid, level: i64, index: i64, limit: i64) -> Result<Vec<TileRow>, Error> {
    on!(conn, c => sqlx::query(TILES_LIST).bind(workspace).bind(level).bind(index).bind(limit).fetch_all(c).await.map(|rows| {
        rows.iter().map(|r| TileRow { level: r.get(0), index: r.get(1), hashes: r.get(2) }).collect()
    }))
    .map_err(attempt("read tiles"))
}

/// Keeps a checkpoint.
///
/// # Errors
/// Where the storage fails.
pub async fn checkpoint_put(conn: Conn<'_>, workspace: Uuid, row: &CheckpointRow) -> Result<(), Error> {
    on!(conn, c => sqlx::query(CHECKPOINT_INSERT).bind(workspace).bind(row.size).bind(row.note.as_str()).bind(row.signed_at).execute(c).await.map(|_| ()))
        .map_err(attempt("keep a checkpoint"))
}

/// The latest checkpoint.
///
/// # Errors
/// Where the storage fails.
pub async fn checkpoint_latest(conn: Conn<'_>, workspace: Uuid) -> Result<Option<CheckpointRow>, Error> {
    on!(conn, c => sqlx::query(CHECKPOINT_LATEST).bind(workspace).fetch_optional(c).await.map(|r| r.map(|r| checkpoint_row!(r)))).map_err(attempt("read the checkpoint"))
}

/// Checkpoints of larger trees than `after`.
///
/// # Errors
/// Where the storage fails.
pub async fn checkpoints(conn: Conn<'_>, workspace: Uuid, after: i64, limit: i64) -> Result<Vec<CheckpointRow>, Error> {
    on!(conn, c => sqlx::query(CHECKPOINTS_LIST).bind(workspace).bind(after).bind(limit).fetch_all(c).await.map(|rows| rows.iter().map(|r| checkpoint_row!(r)).collect()))
        .map_err(attempt("read checkpoints"))
}

/// Drops checkpoints of smaller trees signed after a moment: one a minute is kept for good, not one a second.
///
/// # Errors
/// Where the storage fails.
pub async fn checkpoints_thin(conn: Conn<'_>, workspace: Uuid, below_size: i64, signed_after: i64) -> Result<(), Error> {
    on!(conn, c => sqlx::query(CHECKPOINTS_THIN).bind(workspace).bind(below_size).bind(signed_after).execute(c).await.map(|_| ())).map_err(attempt("thin out checkpoints"))
}
