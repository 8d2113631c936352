//! Growing a tiled tree: from the partial tiles at the right edge and new leaf hashes to the tiles that change.

use super::{Coordinate, Error, TILE_HASHES_MAX, TILE_HEIGHT, Tile, hashes_at, perfect_root};
use crate::merkle::{EMPTY_ROOT, Hash, fold};

/// What [`integrate`] gives: the tiles to store, and the tree that they make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Integration {
    /// Number of leaves now.
    pub size: u64,
    /// Root of the tree now.
    pub root: Hash,
    /// Every tile that changed or is new, with all its hashes; to be upserted by level and index.
    pub changed: Vec<Tile>,
    /// The partial tiles of the tree now, by rising level: what the next integration starts from.
    pub edge: Vec<Tile>,
}

/// The partial tiles of a tree of `size` leaves, by rising level: what [`integrate`] and [`root_from_edge`] need.
/// Full tiles are never among them, as their roots are hashes of the level above.
pub fn right_edge(size: u64) -> Vec<Coordinate> {
    (0..u64::BITS as u8 / TILE_HEIGHT).filter_map(|level| edge_at(level, size)).collect()
}

fn edge_at(level: u8, size: u64) -> Option<Coordinate> {
    Coordinate::at_size(level, hashes_at(level, size) / u64::from(TILE_HASHES_MAX), size)
}

/// Appends leaf hashes to a tree of `size` leaves, given the tiles of its right edge, in time linear in the new leaves.
/// Other tiles may be among `edge`; they are not looked at.
///
/// # Errors
/// [`Error::Edge`] when a tile of [`right_edge`] is missing or has another width, [`Error::TooLarge`].
pub fn integrate(size: u64, edge: &[Tile], leaves: &[Hash]) -> Result<Integration, Error> {
    let new_size = size.checked_add(leaves.len() as u64).ok_or(Error::TooLarge)?;
    let (mut changed, mut new_edge) = (Vec::new(), Vec::new());
    let mut rising = leaves.to_vec();
    for level in 0..u64::BITS as u8 / TILE_HEIGHT {
        let old = edge_hashes(level, size, edge)?;
        let index_first = hashes_at(level, size) / u64::from(TILE_HASHES_MAX);
        let any_new = !rising.is_empty();
        let row = [old, &rising].concat();
        rising.clear();
        for (index, hashes) in (index_first..).zip(row.chunks(TILE_HASHES_MAX.into())) {
            let tile = Tile { level, index, hashes: hashes.to_vec() };
            if hashes.len() == usize::from(TILE_HASHES_MAX) {
                rising.extend(perfect_root(hashes));
            } else {
                new_edge.push(tile.clone());
            }
            if any_new {
                changed.push(tile);
            }
        }
    }
    Ok(Integration { size: new_size, root: root_from_edge(new_size, &new_edge)?, changed, edge: new_edge })
}

/// The root of the tree of `size` leaves from the tiles of its right edge.
///
/// # Errors
/// [`Error::Edge`] when a tile of [`right_edge`] is missing or has another width.
pub fn root_from_edge(size: u64, edge: &[Tile]) -> Result<Hash, Error> {
    let mut peaks = Vec::new();
    for level in (0..u64::BITS as u8 / TILE_HEIGHT).rev() {
        let mut row = edge_hashes(level, size, edge)?;
        // The row's width in binary says which perfect subtrees it is made of, the largest first.
        while let Some(height) = row.len().checked_ilog2() {
            let (peak, rest) = row.split_at(1 << height);
            peaks.extend(perfect_root(peak));
            row = rest;
        }
    }
    Ok(fold(peaks.into_iter()).unwrap_or(EMPTY_ROOT))
}

/// The hashes of the partial tile at `level`; none when the level ends in a full tile.
fn edge_hashes(level: u8, size: u64, edge: &[Tile]) -> Result<&[Hash], Error> {
    let Some(Coordinate { index, width, .. }) = edge_at(level, size) else {
        return Ok(&[]);
    };
    let tile = edge.iter().find(|tile| (tile.level, tile.index) == (level, index));
    let hashes = tile.map_or(&[][..], |tile| &tile.hashes);
    if hashes.len() == usize::from(width) { Ok(hashes) } else { Err(Error::Edge { level, index, want: width, got: hashes.len() }) }
}
