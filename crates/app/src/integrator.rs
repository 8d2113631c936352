//! The integrator: derives tiles from the leaves and signs a checkpoint, within a second of the commit. One node a workspace holds
//! the lease; a fence keeps out one that slept through its end. Never touches an event.

use crate::{App, Error, Inner, Workspace, control::LogInfo};
use countersign_core::{
    id::WorkspaceId,
    number::Micros,
    refusal::{Code, Refusal},
};
use countersign_ledger::{
    checkpoint::Checkpoint,
    merkle::Hash,
    tile::{self, Integration, Tile},
};
use countersign_store::{
    self as store,
    ledger::{CheckpointRow, TileRow},
};
use std::{collections::HashMap, sync::Weak, time::Duration};

/// How often the log is looked at.
const PERIOD: Duration = Duration::from_millis(400);
/// How long a node may be silent before another one takes over.
const LEASE_MICROS: Micros = 10_000_000;
/// Leaves taken in one step.
const LEAVES_AT_ONCE: u64 = 65_536;
/// One checkpoint is kept for every such span, and the latest.
const KEPT_MICROS: Micros = 60_000_000;

/// From so many events on the database is asked to look at its tables again..
const MEASURED_FROM: u64 = 1_000;
/// ..and again whenever there are so many times more. Its own housekeeping sees to the rest.
const MEASURED_EVERY: u64 = 8;

/// What the integrator remembers between two rounds; losing it costs nothing but work.
#[derive(Default)]
struct Memory {
    /// Which checkpoint of the present minute can go.
    last: HashMap<WorkspaceId, (Micros, u64)>,
    /// How many events there were when the tables were last measured.
    measured: u64,
}

impl Memory {
    /// Whether the tables have grown so much that plans made for them are wrong; asked once for every answer.
    fn outgrown(&mut self, events: u64) -> bool {
        let outgrown = events >= MEASURED_FROM && events >= self.measured.saturating_mul(MEASURED_EVERY);
        if outgrown {
            self.measured = events;
        }
        outgrown
    }
}

/// Integrates all workspaces of the node's database from time to time, until the node is dropped.
pub fn spawn(app: &App) -> tokio::task::JoinHandle<()> {
    let node = std::sync::Arc::downgrade(&app.inner);
    tokio::spawn(run(node))
}

async fn run(node: Weak<Inner>) {
    let mut memory = Memory::default();
    loop {
        tokio::time::sleep(PERIOD).await;
        let Some(inner) = node.upgrade() else { return };
        let app = App { inner };
        let workspaces = match app.workspaces().await {
            Ok(workspaces) => workspaces,
            Err(error) => {
                tracing::warn!(error = %error, "the integrator cannot list the workspaces and tries again");
                continue;
            }
        };
        let mut events = 0;
        for id in workspaces {
            match app.workspace(id).integrate_with(&mut memory).await {
                Ok(size) => events += size,
                Err(error) => tracing::warn!(error = %error, workspace.id = %id, "the log could not be integrated; trying again"),
            }
        }
        if memory.outgrown(events)
            && let Err(error) = app.inner.db.measure_tables().await
        {
            tracing::warn!(error = %error, "the database could not measure its tables; statements may be slow until it does so itself");
        }
        let now = app.inner.env.now();
        if let Ok(mut tx) = app.inner.db.begin().await {
            let done = store::idempotency::expire(tx.conn(), now).await;
            if matches!(done, Ok(1..)) {
                // Failing to forget old keys harms nobody; the next round tries again.
                let _ = tx.commit().await;
            }
        }
    }
}

impl Workspace {
    /// Integrates all that was committed so far, and signs a checkpoint. Returns the size of the log.
    ///
    /// # Errors
    /// Where the storage fails, or stored tiles contradict each other.
    pub async fn integrate(&self) -> Result<u64, Error> {
        self.integrate_with(&mut Memory::default()).await
    }

    /// Integrates until the log's checkpoint covers all that is committed now. Where another node holds the lease, waits for it.
    ///
    /// # Errors
    /// Where the storage fails, or nobody has integrated within a few seconds.
    pub(crate) async fn integrate_all(&self) -> Result<u64, Error> {
        const WAITS_MAX: u32 = 40;
        const WAIT: Duration = Duration::from_millis(100);
        let base = present(&*self.control().await?)?.base;
        let wanted = self.head_size().await?.saturating_sub(base);
        for _ in 0..WAITS_MAX {
            let size = self.integrate().await?;
            if size >= wanted {
                return Ok(size);
            }
            tokio::time::sleep(WAIT).await;
        }
        Err(Refusal::new(Code::Busy, "another node should be integrating the log and is not: try again in a few seconds").into())
    }

    async fn integrate_with(&self, memory: &mut Memory) -> Result<u64, Error> {
        loop {
            let (size, more) = self.integrate_step(memory).await?;
            if !more {
                return Ok(size);
            }
        }
    }

    async fn integrate_step(&self, memory: &mut Memory) -> Result<(u64, bool), Error> {
        let mut session = self.inner.db.session().await?;
        // The head is read before the keys: whatever rotated a key up to this size is then known.
        let head = store::log_head::get(session.conn(), self.id.0).await?.ok_or_else(crate::control::unknown_workspace)?;
        let control = self.control().await?;
        let log = control.logs.last().ok_or_else(|| Error::Damaged("the workspace has no log".into()))?;
        let stored = log.stored(self.id);
        let head_size = u64::try_from(head.size).unwrap_or(0).saturating_sub(log.base);
        let done = store::ledger::checkpoint_latest(session.conn(), stored).await?.map_or(0, |c| u64::try_from(c.size).unwrap_or(0));
        if head_size <= done {
            return Ok((done, false));
        }
        let now = self.inner.env.now();
        let holder = self.inner.holder;
        let mut tx = self.inner.db.begin().await?;
        let fence = store::integrator::take(tx.conn(), self.id.0, holder, now, now + LEASE_MICROS).await?;
        tx.commit().await?;
        let Some(fence) = fence else { return Ok((done, false)) };

        let wanted = (head_size - done).min(LEAVES_AT_ONCE);
        let leaves = leaves(&mut session, self.id, log.base + done, wanted).await?;
        let edge = edge(&mut session, stored, done).await?;
        drop(session);
        let step = tile::integrate(done, &edge, &leaves).map_err(|e| Error::Damaged(format!("the stored tiles do not fit: {e}")))?;
        let key = self.signing_key(&log.origin, log.number, log.generation_at(step.size))?;
        let note = Checkpoint::new(log.origin.clone(), step.size, step.root).sign(&[&key]).map_err(|e| Error::Damaged(e.to_string()))?;
        let tiles: Vec<TileRow> = step
            .changed
            .iter()
            .map(|t| TileRow { level: i64::from(t.level), index: i64::try_from(t.index).unwrap_or(i64::MAX), hashes: t.to_bytes() })
            .collect();

        let mut tx = self.inner.db.begin().await?;
        if !store::integrator::holds(tx.conn(), self.id.0, holder, fence).await? {
            return Ok((done, false));
        }
        // Two tasks of this node hold the same fence: whoever was slower must not put narrower tiles in the place of wider ones.
        let now_done = store::ledger::checkpoint_latest(tx.conn(), stored).await?.map_or(0, |c| u64::try_from(c.size).unwrap_or(0));
        if now_done != done {
            return Ok((now_done, true));
        }
        store::ledger::tiles_put(tx.conn(), stored, &tiles).await?;
        if let Some((minute, size)) = memory.last.get(&self.id)
            && *minute == now / KEPT_MICROS
            && *size < step.size
        {
            store::ledger::checkpoint_drop(tx.conn(), stored, i64::try_from(*size).unwrap_or(0)).await?;
        }
        store::ledger::checkpoint_put(tx.conn(), stored, &CheckpointRow { size: i64::try_from(step.size).unwrap_or(i64::MAX), note })
            .await?;
        tx.commit().await?;
        memory.last.insert(self.id, (now / KEPT_MICROS, step.size));
        Ok((step.size, step.size < head_size))
    }
}

async fn leaves(session: &mut store::Session, workspace: WorkspaceId, from: u64, count: u64) -> Result<Vec<Hash>, Error> {
    let rows =
        store::event::leaves_from(session.conn(), workspace.0, i64::try_from(from).unwrap_or(i64::MAX), i64::try_from(count).unwrap_or(0))
            .await?;
    rows.iter()
        .map(|leaf| Hash::try_from(leaf.as_slice()).map_err(|_| Error::Damaged("a stored leaf hash has a wrong length".into())))
        .collect()
}

/// What a log's leaves up to `size` give beyond its latest checkpoint; `None` where that covers them. Nothing is written: of a log
/// that a restore ended nobody stores the rest.
pub(crate) async fn beyond(session: &mut store::Session, id: WorkspaceId, log: &LogInfo, size: u64) -> Result<Option<Integration>, Error> {
    let stored = log.stored(id);
    let done = store::ledger::checkpoint_latest(session.conn(), stored).await?.map_or(0, |c| u64::try_from(c.size).unwrap_or(0));
    if size <= done {
        return Ok(None);
    }
    let edge = edge(session, stored, done).await?;
    let leaves = leaves(session, id, log.base + done, size - done).await?;
    tile::integrate(done, &edge, &leaves).map(Some).map_err(|e| Error::Damaged(format!("the stored tiles do not fit: {e}")))
}

/// The partial tiles at the right edge of a log of `size` leaves.
pub(crate) async fn edge(session: &mut store::Session, log: store::ledger::Log, size: u64) -> Result<Vec<Tile>, Error> {
    let mut edge = Vec::new();
    for coordinate in tile::right_edge(size) {
        edge.push(tile_at(session, log, coordinate).await?);
    }
    Ok(edge)
}

/// A tile as wide as it was at some size.
pub(crate) async fn tile_at(session: &mut store::Session, log: store::ledger::Log, at: tile::Coordinate) -> Result<Tile, Error> {
    let missing = || Error::Damaged(format!("tile {} of level {} is missing or too short", at.index, at.level));
    let bytes = store::ledger::tile_get(session.conn(), log, i64::from(at.level), i64::try_from(at.index).unwrap_or(i64::MAX))
        .await?
        .ok_or_else(missing)?;
    let width = usize::from(at.width) * 32;
    let bytes = bytes.get(..width).ok_or_else(missing)?;
    Tile::from_bytes(at.level, at.index, bytes).map_err(|e| Error::Damaged(e.to_string()))
}

/// The present log of a control view.
pub(crate) fn present(control: &crate::control::Control) -> Result<&LogInfo, Error> {
    control.logs.last().ok_or_else(|| Error::Damaged("the workspace has no log".into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_measured_at_the_start_and_as_they_grow() {
        let mut memory = Memory::default();
        let asked: Vec<u64> = [0, 999, 1_000, 1_001, 7_999, 8_000, 9_000, 64_000].into_iter().filter(|n| memory.outgrown(*n)).collect();
        assert_eq!(asked, [1_000, 8_000, 64_000]);
        assert!(Memory::default().outgrown(3_000_000), "a node that comes later looks once");
    }
}
