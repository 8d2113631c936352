//! The first half of a verification: every leaf from its bytes, every tile from the leaves, every checkpoint from the tiles.

use super::{Progress, Report, pages};
use crate::{Error, Workspace, control::LogInfo};
use countersign_ledger::{
    checkpoint::Checkpoint,
    merkle::{self, Hash},
    note::{Note, VerifierKey},
    rotation::KeyChain,
    tile::{self, Tile},
};
use countersign_store as store;
use std::collections::BTreeMap;

/// One log while it is being rebuilt from its events.
struct Rebuilt<'a> {
    log: &'a LogInfo,
    stored: store::ledger::Log,
    size: u64,
    edge: Vec<Tile>,
    root: Hash,
    /// Tiles as the leaves give them, not yet held against the stored ones.
    tiles: BTreeMap<(u8, u64), Vec<u8>>,
    tiles_count: u64,
    /// Roots at the sizes of stored checkpoints.
    wanted: Vec<u64>,
    roots: BTreeMap<u64, Hash>,
}

impl Workspace {
    pub(super) async fn verify_tree(
        &self,
        report: &mut Report,
        progress: &(dyn Fn(Progress) + Sync),
        older: Option<&str>,
    ) -> Result<(), Error> {
        let control = match self.inner.control_present(self.id).await {
            Ok(control) => control,
            Err(error @ Error::Store(_)) => return Err(error),
            Err(error) => {
                report.problem("log", "workspace", format!("the workspace's own events cannot be read: {error}"));
                return Ok(());
            }
        };
        let total = self.head_size().await?;
        let older = older.and_then(|note| read_older(report, "given", note));
        let mut position = 0_u64;
        for (n, log) in control.logs.iter().enumerate() {
            let end = control.logs.get(n + 1).map_or(total, |next| next.base);
            if log.base != position {
                report.problem("log", &log.origin, format!("begins at position {} where {position} was expected", log.base));
            }
            let mut rebuilt = self.rebuilt(log).await?;
            let checkpoints = self.checkpoints_of(&rebuilt).await?;
            let taken_over = control
                .logs
                .get(n + 1)
                .and_then(|next| next.takes_over.as_deref())
                .and_then(|note| read_older(report, "of the restore", note));
            rebuilt.wanted = checkpoints
                .iter()
                .map(|c| u64::try_from(c.size).unwrap_or(0))
                .chain(taken_over.iter().map(|o| o.size))
                .chain(older.iter().filter(|o| o.origin == log.origin).map(|o| o.size))
                .collect();
            rebuilt.wanted.sort_unstable();
            let mut pages = pages::entries(self, position, end);
            while position < end {
                let page = pages.recv().await.unwrap_or_else(|| Ok(Vec::new()))?;
                let read = self.tree_page(report, &mut rebuilt, position, &page).await?;
                if read == 0 {
                    report.problem(
                        "event",
                        format!("position {position}"),
                        format!("is missing; the log's head says that there are {total} events"),
                    );
                    return Ok(());
                }
                position += read;
                progress(Progress { stage: "tree", done: position, total });
            }
            self.tiles_checked(report, &mut rebuilt, true).await?;
            checkpoints_checked(report, &rebuilt, &checkpoints, taken_over.is_some(), older.as_ref());
            if taken_over.is_some_and(|o| o.origin != log.origin || o.size != end - log.base || rebuilt.roots.get(&o.size) != Some(&o.root))
            {
                report.problem("checkpoint", &log.origin, "the restore that ended this log states another end of it than its events give");
            }
        }
        self.strays(report, control.logs.len()).await?;
        if older.as_ref().is_some_and(|o| control.logs.iter().all(|l| l.origin != o.origin)) {
            report.problem("checkpoint", "given", "is of a log that this workspace never had");
        }
        let mut session = self.inner.db.session().await?;
        if !store::event::from_position(session.conn(), self.id.0, i64::try_from(total).unwrap_or(i64::MAX), 1).await?.is_empty() {
            report.problem("event", format!("position {total}"), "lies beyond the log's head");
        }
        Ok(())
    }

    /// Tiles and checkpoints that are stored under a workspace or a log that does not exist.
    async fn strays(&self, report: &mut Report, logs: usize) -> Result<(), Error> {
        let mut session = self.inner.db.session().await?;
        let workspaces = store::log_head::workspaces(session.conn()).await?;
        for (workspace, log, count) in store::ledger::logs_stored(session.conn()).await? {
            let of_another = workspace != self.id.0 && workspaces.contains(&workspace);
            let known = workspace == self.id.0 && usize::try_from(log).is_ok_and(|n| n < logs);
            if !of_another && !known {
                report.problem(
                    "checkpoint",
                    format!("workspace {workspace} log {log}"),
                    format!("{count} tiles or checkpoints are of no log that there is"),
                );
            }
        }
        Ok(())
    }

    async fn rebuilt<'a>(&self, log: &'a LogInfo) -> Result<Rebuilt<'a>, Error> {
        Ok(Rebuilt {
            log,
            stored: log.stored(self.id),
            size: 0,
            edge: Vec::new(),
            root: merkle::EMPTY_ROOT,
            tiles: BTreeMap::new(),
            tiles_count: 0,
            wanted: Vec::new(),
            roots: BTreeMap::new(),
        })
    }

    async fn checkpoints_of(&self, rebuilt: &Rebuilt<'_>) -> Result<Vec<store::ledger::CheckpointRow>, Error> {
        let mut session = self.inner.db.session().await?;
        Ok(store::ledger::checkpoints(session.conn(), rebuilt.stored).await?)
    }

    /// Hashes and integrates a page of entries; returns how many of them followed one another.
    async fn tree_page(
        &self,
        report: &mut Report,
        rebuilt: &mut Rebuilt<'_>,
        position: u64,
        rows: &[store::event::Entry],
    ) -> Result<u64, Error> {
        let mut leaves = Vec::with_capacity(rows.len());
        for (row, expected) in rows.iter().zip(position..) {
            if u64::try_from(row.position) != Ok(expected) {
                report.problem("event", format!("position {expected}"), format!("is missing; the next one is at {}", row.position));
                return Ok(leaves.len() as u64);
            }
            let leaf = merkle::leaf_hash(&row.bytes);
            if leaf.as_bytes().as_slice() != row.leaf.as_slice() {
                report.problem("event", format!("position {expected}"), "its bytes do not have the stored leaf hash");
            }
            leaves.push(leaf);
        }
        report.events += leaves.len() as u64;
        let mut rest = leaves.as_slice();
        // The root is taken at every stored checkpoint's size on the way.
        while !rest.is_empty() {
            let next = rebuilt.wanted.iter().copied().find(|size| *size > rebuilt.size);
            let take = next.map_or(rest.len(), |size| usize::try_from(size - rebuilt.size).unwrap_or(rest.len()).min(rest.len()));
            let (now, later) = rest.split_at(take);
            let step = tile::integrate(rebuilt.size, &rebuilt.edge, now).map_err(|e| Error::Damaged(e.to_string()))?;
            (rebuilt.size, rebuilt.root, rebuilt.edge) = (step.size, step.root, step.edge);
            for tile in step.changed {
                rebuilt.tiles.insert((tile.level, tile.index), tile.to_bytes());
            }
            if next == Some(rebuilt.size) {
                rebuilt.roots.insert(rebuilt.size, rebuilt.root);
            }
            rest = later;
        }
        self.tiles_checked(report, rebuilt, false).await?;
        Ok(leaves.len() as u64)
    }

    /// Holds the tiles that can no longer change, or at the end all, against the stored ones.
    async fn tiles_checked(&self, report: &mut Report, rebuilt: &mut Rebuilt<'_>, at_end: bool) -> Result<(), Error> {
        let mut session = self.inner.db.session().await?;
        let latest =
            store::ledger::checkpoint_latest(session.conn(), rebuilt.stored).await?.map_or(0, |c| u64::try_from(c.size).unwrap_or(0));
        let full = usize::from(tile::TILE_HASHES_MAX) * merkle::HASH_BYTES;
        let ready: Vec<((u8, u64), Vec<u8>)> =
            rebuilt.tiles.iter().filter(|(_, bytes)| at_end || bytes.len() == full).map(|(at, bytes)| (*at, bytes.clone())).collect();
        let stored = tiles_stored(&mut session, rebuilt.stored, ready.iter().map(|(at, _)| *at)).await?;
        for ((level, index), bytes) in ready {
            rebuilt.tiles.remove(&(level, index));
            // What is not in a checkpoint yet need not be stored yet.
            let Some(at) = tile::Coordinate::at_size(level, index, latest) else { continue };
            let place = || format!("{} level {level} tile {index}", rebuilt.log.origin);
            let wanted = usize::from(at.width) * merkle::HASH_BYTES;
            match stored.get(&(level, index)) {
                None => report.problem("tile", place(), "is missing"),
                Some(stored) if stored.len() != wanted => {
                    report.problem("tile", place(), format!("has {} bytes instead of {wanted}", stored.len()))
                }
                Some(stored) if bytes.get(..wanted) != Some(stored.as_slice()) => {
                    report.problem("tile", place(), "does not hold the hashes of the events")
                }
                Some(_) => {}
            }
            report.tiles += 1;
            rebuilt.tiles_count += 1;
        }
        if at_end {
            let count = store::ledger::tiles_count(session.conn(), rebuilt.stored).await?;
            if u64::try_from(count).unwrap_or(0) != rebuilt.tiles_count {
                report.problem(
                    "tile",
                    &rebuilt.log.origin,
                    format!("{count} tiles are stored where the events give {}", rebuilt.tiles_count),
                );
            }
        }
        Ok(())
    }
}

/// The stored ones of some tiles, which come in order: neighbours are read together.
async fn tiles_stored(
    session: &mut store::Session,
    log: store::ledger::Log,
    tiles: impl Iterator<Item = (u8, u64)>,
) -> Result<BTreeMap<(u8, u64), Vec<u8>>, Error> {
    let mut runs: Vec<(u8, u64, u64)> = Vec::new();
    for (level, index) in tiles {
        match runs.last_mut() {
            Some((of, first, count)) if *of == level && *first + *count == index => *count += 1,
            _ => runs.push((level, index, 1)),
        }
    }
    let mut found = BTreeMap::new();
    for (level, first, count) in runs {
        let [first, count] = [first, count].map(|n| i64::try_from(n).unwrap_or(i64::MAX));
        let rows = store::ledger::tiles_from(session.conn(), log, level.into(), first, count).await?;
        found.extend(rows.into_iter().filter_map(|row| Some(((level, u64::try_from(row.index).ok()?), row.hashes))));
    }
    Ok(found)
}

fn read_older(report: &mut Report, which: &str, note: &str) -> Option<Checkpoint> {
    match Note::parse(note)
        .map_err(|e| e.to_string())
        .and_then(|n| n.text().parse().map_err(|e: countersign_ledger::checkpoint::Error| e.to_string()))
    {
        Ok(checkpoint) => Some(checkpoint),
        Err(error) => {
            report.problem("checkpoint", which, format!("cannot be read: {error}"));
            None
        }
    }
}

fn checkpoints_checked(
    report: &mut Report,
    rebuilt: &Rebuilt<'_>,
    stored: &[store::ledger::CheckpointRow],
    ended: bool,
    older: Option<&Checkpoint>,
) {
    let origin = &rebuilt.log.origin;
    let statements: Vec<&str> = rebuilt.log.rotations.iter().map(|(_, s)| s.as_str()).collect();
    let chain = rebuilt
        .log
        .first_key
        .parse::<VerifierKey>()
        .map_err(|e| e.to_string())
        .and_then(|first| KeyChain::verify(first, &statements).map_err(|e| e.to_string()));
    let chain = match chain {
        Ok(chain) => chain,
        Err(error) => return report.problem("checkpoint", origin, format!("the log's keys do not hang together: {error}")),
    };
    for row in stored {
        let place = format!("{origin} size {}", row.size);
        report.checkpoints += 1;
        match chain.open(&row.note) {
            Err(error) => report.problem("checkpoint", place, format!("its signature does not verify: {error}")),
            Ok((checkpoint, _)) if u64::try_from(row.size) != Ok(checkpoint.size) => {
                report.problem("checkpoint", place, format!("it is for size {}", checkpoint.size))
            }
            Ok((checkpoint, _)) if rebuilt.roots.get(&checkpoint.size) != Some(&checkpoint.root) => {
                report.problem("checkpoint", place, "its root is not that of the events");
            }
            Ok(_) => {}
        }
    }
    // A log that a restore ended has its end stated by the log after it.
    if rebuilt.size > 0 && stored.is_empty() && !ended {
        report.problem("checkpoint", origin, "there is none: let the server integrate the log, or run `countersign log checkpoint`");
    }
    if let Some(older) = older.filter(|o| o.origin == *origin) {
        match rebuilt.roots.get(&older.size) {
            Some(root) if *root == older.root => {}
            Some(_) => {
                report.problem("checkpoint", "given", format!("at size {} the log had another root: history was rewritten", older.size))
            }
            None => report.problem(
                "checkpoint",
                "given",
                format!("is of size {}, and the log has only {} events: history was cut off", older.size, rebuilt.size),
            ),
        }
    }
}
