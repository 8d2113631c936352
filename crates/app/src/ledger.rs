//! The log as outsiders read it: checkpoint, tiles, entry bundles, proofs, and the rotation of its key.

use crate::{
    Caller, Error, Workspace,
    control::{Control, LogInfo},
    integrator,
    writer::Change,
};
use countersign_core::refusal::{Code, Refusal};
use countersign_engine::workspace::WorkspaceCommand;
use countersign_ledger::{
    checkpoint::Checkpoint,
    merkle::{self, Hash},
    proof::Proof,
    rotation::Rotation,
    tile::{self, TileNodes, TileReader, TileSet},
};
use countersign_store as store;
use std::collections::BTreeSet;

/// A signed checkpoint with its parts.
pub(crate) struct Signed {
    pub note: String,
    pub checkpoint: Checkpoint,
}

impl Signed {
    /// A checkpoint that we stored ourselves.
    pub(crate) fn read(note: String) -> Result<Self, Error> {
        let damaged = |e: &dyn std::fmt::Display| Error::Damaged(format!("a checkpoint cannot be read: {e}"));
        let parsed = countersign_ledger::note::Note::parse(&note).map_err(|e| damaged(&e))?;
        let checkpoint = parsed.text().parse().map_err(|e| damaged(&e))?;
        Ok(Self { note, checkpoint })
    }
}

impl Workspace {
    /// The latest checkpoint, as a C2SP signed note; `None` before the first one.
    ///
    /// # Errors
    /// Where the storage fails.
    pub async fn checkpoint(&self) -> Result<Option<String>, Error> {
        let control = self.control().await?;
        let mut session = self.inner.db.session().await?;
        let stored = integrator::present(&control)?.stored(self.id);
        Ok(store::ledger::checkpoint_latest(session.conn(), stored).await?.map(|c| c.note))
    }

    /// The present checkpoint key, as a C2SP vkey.
    ///
    /// # Errors
    /// Where the storage fails.
    pub async fn log_key(&self) -> Result<String, Error> {
        let control = self.control().await?;
        control.state.log_key().map(str::to_owned).ok_or_else(|| Error::Damaged("the workspace has no log key".into()))
    }

    /// A tile's bytes: full, or the first `width` hashes. `None` where the log is not that far.
    ///
    /// # Errors
    /// Where the storage fails.
    pub async fn tile(&self, level: u8, index: u64, width: Option<u8>) -> Result<Option<Vec<u8>>, Error> {
        let control = self.control().await?;
        let stored = integrator::present(&control)?.stored(self.id);
        let width = width.map_or(usize::from(tile::TILE_HASHES_MAX), usize::from);
        let mut session = self.inner.db.session().await?;
        let Ok(index) = i64::try_from(index) else { return Ok(None) };
        let bytes = store::ledger::tile_get(session.conn(), stored, i64::from(level), index).await?;
        Ok(bytes.and_then(|mut bytes| {
            let whole = bytes.len() >= width * merkle::HASH_BYTES;
            bytes.truncate(width * merkle::HASH_BYTES);
            whole.then_some(bytes)
        }))
    }

    /// An entry bundle: full, or the first `width` entries. `None` where the log is not that far.
    ///
    /// # Errors
    /// Where the storage fails.
    pub async fn entries(&self, index: u64, width: Option<u8>) -> Result<Option<Vec<u8>>, Error> {
        let control = self.control().await?;
        let log = integrator::present(&control)?;
        let width = width.map_or(u64::from(tile::TILE_HASHES_MAX), u64::from);
        let first = index.saturating_mul(u64::from(tile::TILE_HASHES_MAX));
        let Some(signed) = self.signed().await? else { return Ok(None) };
        if first.saturating_add(width) > signed.checkpoint.size {
            return Ok(None);
        }
        let mut session = self.inner.db.session().await?;
        let from = i64::try_from(log.base + first).unwrap_or(i64::MAX);
        let rows = store::event::from_position(session.conn(), self.id.0, from, i64::try_from(width).unwrap_or(0)).await?;
        let entries: Vec<&[u8]> = rows.iter().map(|r| r.bytes.as_slice()).collect();
        tile::bundle_encode(&entries).map(Some).map_err(|e| Error::Damaged(e.to_string()))
    }

    /// The latest checkpoint with its parts.
    pub(crate) async fn signed(&self) -> Result<Option<Signed>, Error> {
        let Some(note) = self.checkpoint().await? else { return Ok(None) };
        Signed::read(note).map(Some)
    }

    /// The tiles of a log that a proof needs, as they were at `size`.
    async fn tiles(&self, log: &LogInfo, size: u64, wanted: BTreeSet<tile::Coordinate>) -> Result<TileSet, Error> {
        let mut session = self.inner.db.session().await?;
        let mut tiles = TileSet::default();
        if let Some(rest) = integrator::beyond(&mut session, self.id, log, size).await? {
            tiles.extend(rest.changed);
        }
        for coordinate in wanted {
            if tiles.tile(coordinate).is_err() {
                tiles.extend([integrator::tile_at(&mut session, log.stored(self.id), coordinate).await?]);
            }
        }
        Ok(tiles)
    }

    /// The proof that the event at a position of the workspace is in the log, as a C2SP tlog-proof.
    ///
    /// # Errors
    /// Where the position is not integrated yet, or belongs to a log from before a restore.
    pub async fn inclusion(&self, position: u64) -> Result<String, Error> {
        let control = self.control().await?;
        let log = integrator::present(&control)?;
        let signed = self.signed().await?;
        let (Some(signed), Some(index)) = (signed, position.checked_sub(log.base)) else { return Err(not_yet()) };
        if index >= signed.checkpoint.size {
            return Err(not_yet());
        }
        let hashes = self.inclusion_hashes(log, index, signed.checkpoint.size).await?;
        Ok(Proof { extra: None, index, hashes, checkpoint: signed.note }.to_string())
    }

    pub(crate) async fn inclusion_hashes(&self, log: &LogInfo, index: u64, size: u64) -> Result<Vec<Hash>, Error> {
        let damaged = |e: merkle::Error| Error::Damaged(e.to_string());
        let tiles = self.tiles(log, size, tile::tiles_for_inclusion(index, size).map_err(damaged)?).await?;
        merkle::inclusion_proof(&TileNodes::new(&tiles, size), index, size).map_err(damaged)
    }

    /// The proof that the log of one size is the beginning of the log of another.
    ///
    /// # Errors
    /// Where the sizes are no sizes of this log.
    pub async fn consistency(&self, from: u64, to: u64) -> Result<Vec<Hash>, Error> {
        let control = self.control().await?;
        let size = self.signed().await?.map_or(0, |s| s.checkpoint.size);
        if from > to || to > size || from == 0 {
            return Err(
                Refusal::invalid("/from", format!("give sizes with 0 < from <= to <= {size}, the size of the latest checkpoint")).into()
            );
        }
        let damaged = |e: merkle::Error| Error::Damaged(e.to_string());
        let tiles = self.tiles(integrator::present(&control)?, to, tile::tiles_for_consistency(from, to).map_err(damaged)?).await?;
        merkle::consistency_proof(&TileNodes::new(&tiles, to), from, to).map_err(damaged)
    }

    /// Takes a new checkpoint key, which the old one signs for. Returns it as a vkey.
    ///
    /// # Errors
    /// Where the storage fails.
    pub async fn log_key_rotate(&self, caller: &Caller) -> Result<String, Error> {
        self.integrate_all().await?;
        let control = self.control().await?;
        let log = integrator::present(&control)?;
        let generation = log.rotations.len() as u64;
        let old = self.signing_key(&log.origin, log.number, generation)?;
        let new = self.signing_key(&log.origin, log.number, generation + 1)?;
        let mut session = self.inner.db.session().await?;
        let head = store::log_head::get(session.conn(), self.id.0).await?.ok_or_else(crate::control::unknown_workspace)?;
        drop(session);
        let size = u64::try_from(head.size).unwrap_or(0).saturating_sub(log.base);
        let statement = Rotation { size, next: new.verifier().clone() }.sign(&old).map_err(|e| Error::Damaged(e.to_string()))?;
        let (old, new) = (old.verifier().to_string(), new.verifier().to_string());
        let next = new.clone();
        let rotate =
            move |_: &Control| Ok(WorkspaceCommand::RotateLogKey { old: old.clone(), new: next.clone(), statement: statement.clone() });
        self.change(caller, Change::command(rotate)).await?;
        self.integrate_all().await?;
        Ok(new)
    }
}

fn not_yet() -> Error {
    Refusal::new(Code::NotFound, "this position is not in the latest checkpoint of the present log: events are integrated within a second")
        .into()
}
