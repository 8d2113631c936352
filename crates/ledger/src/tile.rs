//! Tiles of the tree and bundles of entries, laid out as C2SP tlog-tiles: a tile is a row of 256 hashes, eight levels of
//! the tree tall, and every proof can be made from few of them. It never fetches or stores a tile; both are handed in.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use crate::merkle::{self, Hash, NodeReader, node_hash};

mod entries;
mod integrate;
mod path;

pub use entries::{ENTRY_BYTES_MAX, bundle_decode, bundle_encode};
pub use integrate::{Integration, integrate, right_edge, root_from_edge};
pub use path::Resource;

/// Hashes in a full tile.
pub const TILE_HASHES_MAX: u16 = 256;

/// Levels of the tree that one level of tiles spans.
const TILE_HEIGHT: u8 = 8;

/// Highest level of tiles that a path may name (C2SP tlog-tiles).
pub const TILE_LEVEL_MAX: u8 = 63;

/// Why tiles or their paths and bytes are refused.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum Error {
    /// A path is not that of a tile or an entry bundle.
    #[error("{0:?} is not the path of a tile or an entry bundle")]
    Path(String),
    /// An entry is too long for its two-byte length.
    #[error("an entry of {0} bytes exceeds {ENTRY_BYTES_MAX}")]
    EntryTooLong(usize),
    /// An entry bundle has more than 256 entries.
    #[error("an entry bundle holds at most {TILE_HASHES_MAX} entries")]
    TooManyEntries,
    /// An entry bundle ends inside an entry.
    #[error("the entry bundle ends inside entry {0}")]
    Truncated(usize),
    /// The bytes of a tile are not 1 to 256 hashes.
    #[error("a tile of {0} bytes is not 1 to 256 hashes of 32 bytes")]
    TileLength(usize),
    /// A tile of the right edge is missing or has another width than the size demands.
    #[error("tile {index} of level {level} must have {want} hashes, it has {got}")]
    Edge {
        /// Level of the tile.
        level: u8,
        /// Index within the level.
        index: u64,
        /// Width that the tree's size demands.
        want: u16,
        /// Width that was handed in; zero when the tile is missing.
        got: usize,
    },
    /// The tree would exceed 2^64 - 1 leaves.
    #[error("the tree would exceed 2^64 - 1 leaves")]
    TooLarge,
}

/// Names a tile: which one, and how many of its hashes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Coordinate {
    /// Level of tiles; 0 holds leaf hashes, a hash of level n + 1 is the root of a full tile of level n.
    pub level: u8,
    /// Index within the level.
    pub index: u64,
    /// Number of hashes, 1 to 256; fewer than 256 only at the tree's right edge.
    pub width: u16,
}

impl Coordinate {
    /// The tile at `level` and `index` as wide as it is in a tree of `size` leaves; `None` when it is empty there.
    pub fn at_size(level: u8, index: u64, size: u64) -> Option<Self> {
        let first = index.checked_mul(TILE_HASHES_MAX.into())?;
        let width = hashes_at(level, size).checked_sub(first)?.min(TILE_HASHES_MAX.into());
        (width > 0).then_some(Coordinate { level, index, width: width as u16 })
    }
}

/// Number of hashes that all tiles of `level` hold together in a tree of `size` leaves.
fn hashes_at(level: u8, size: u64) -> u64 {
    size.checked_shr(u32::from(level) * u32::from(TILE_HEIGHT)).unwrap_or(0)
}

/// A tile with its hashes, 1 to 256 of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tile {
    /// Level of the tile.
    pub level: u8,
    /// Index within the level.
    pub index: u64,
    /// The hashes, left to right.
    pub hashes: Vec<Hash>,
}

impl Tile {
    /// The bytes that are stored and served: the hashes one after the other.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.hashes.iter().flat_map(|hash| *hash.as_bytes()).collect()
    }

    /// A tile from its stored bytes.
    ///
    /// # Errors
    /// [`Error::TileLength`] unless the bytes are 1 to 256 hashes.
    pub fn from_bytes(level: u8, index: u64, bytes: &[u8]) -> Result<Self, Error> {
        let (chunks, rest) = bytes.as_chunks::<{ merkle::HASH_BYTES }>();
        if !rest.is_empty() || chunks.is_empty() || chunks.len() > usize::from(TILE_HASHES_MAX) {
            return Err(Error::TileLength(bytes.len()));
        }
        Ok(Tile { level, index, hashes: chunks.iter().map(|chunk| Hash::from(*chunk)).collect() })
    }
}

/// Reads tiles. An asynchronous caller fetches what [`tiles_for_inclusion`] or [`tiles_for_consistency`] list and hands
/// in the [`TileSet`].
pub trait TileReader {
    /// At least the first `width` hashes of the tile at `level` and `index`.
    ///
    /// # Errors
    /// [`merkle::Error::NodeUnreadable`] when the tile is missing, narrower or unreadable.
    fn tile(&self, coordinate: Coordinate) -> Result<&[Hash], merkle::Error>;
}

/// Tiles held in memory, by level and index.
#[derive(Debug, Clone, Default)]
pub struct TileSet(BTreeMap<(u8, u64), Vec<Hash>>);

impl FromIterator<Tile> for TileSet {
    fn from_iter<I: IntoIterator<Item = Tile>>(tiles: I) -> Self {
        let mut set = TileSet::default();
        set.extend(tiles);
        set
    }
}

/// A later tile replaces an earlier one of the same level and index.
impl Extend<Tile> for TileSet {
    fn extend<I: IntoIterator<Item = Tile>>(&mut self, tiles: I) {
        self.0.extend(tiles.into_iter().map(|tile| ((tile.level, tile.index), tile.hashes)));
    }
}

impl TileReader for TileSet {
    fn tile(&self, Coordinate { level, index, width }: Coordinate) -> Result<&[Hash], merkle::Error> {
        let hashes = self.0.get(&(level, index)).map_or(&[][..], Vec::as_slice);
        hashes.get(..usize::from(width)).ok_or_else(|| merkle::Error::NodeUnreadable {
            level: level.saturating_mul(TILE_HEIGHT),
            index,
            reason: format!("the tile has {} of {width} hashes", hashes.len()),
        })
    }
}

/// Reads the nodes of a tree of `size` leaves out of its tiles.
#[derive(Debug)]
pub struct TileNodes<'a, R> {
    reader: &'a R,
    size: u64,
}

impl<'a, R: TileReader> TileNodes<'a, R> {
    /// The nodes of the tree of `size` leaves.
    pub fn new(reader: &'a R, size: u64) -> Self {
        TileNodes { reader, size }
    }

    /// The root of the tree, recomputed from the tiles of its right edge.
    ///
    /// # Errors
    /// Those of the reader.
    pub fn root(&self) -> Result<Hash, merkle::Error> {
        let peaks = merkle::perfect_nodes(0..self.size).map(|(level, index)| self.node(level, index)).collect::<Result<Vec<_>, _>>()?;
        Ok(merkle::fold(peaks.into_iter()).unwrap_or(merkle::EMPTY_ROOT))
    }
}

impl<R: TileReader> NodeReader for TileNodes<'_, R> {
    fn node(&self, level: u8, index: u64) -> Result<Hash, merkle::Error> {
        let (coordinate, hashes) = locate(level, index, self.size).ok_or_else(|| merkle::Error::NodeUnreadable {
            level,
            index,
            reason: format!("it is not in a tree of {} leaves", self.size),
        })?;
        let row = self.reader.tile(coordinate)?.get(hashes).unwrap_or_default();
        perfect_root(row).ok_or_else(|| merkle::Error::NodeUnreadable { level, index, reason: "the tile is too narrow".into() })
    }
}

/// Which tile holds the node, and from which of its hashes the node is computed. `None` when the tree has no such node.
fn locate(level: u8, index: u64, size: u64) -> Option<(Coordinate, Range<usize>)> {
    let (tile_level, height) = (level / TILE_HEIGHT, level % TILE_HEIGHT);
    let first = index.checked_mul(1 << height)?;
    let tile_index = first / u64::from(TILE_HASHES_MAX);
    let offset = (first % u64::from(TILE_HASHES_MAX)) as usize;
    let coordinate = Coordinate::at_size(tile_level, tile_index, size)?;
    let hashes = offset..offset + (1 << height);
    (hashes.end <= usize::from(coordinate.width)).then_some((coordinate, hashes))
}

/// The root over a row of hashes whose count is a power of two; `None` for an empty row.
fn perfect_root(row: &[Hash]) -> Option<Hash> {
    let mut row = row.to_vec();
    while row.len() > 1 {
        row = row.chunks(2).map(|pair| if let [left, right] = pair { node_hash(left, right) } else { pair[0] }).collect();
    }
    row.first().copied()
}

/// The tiles that an inclusion proof of leaf `index` in the tree of `size` leaves reads, each as wide as it is there.
///
/// # Errors
/// [`merkle::Error::LeafOutside`].
pub fn tiles_for_inclusion(index: u64, size: u64) -> Result<BTreeSet<Coordinate>, merkle::Error> {
    Ok(tiles_for(merkle::inclusion_ranges(index, 0, size)?, size))
}

/// The tiles that a consistency proof from `from` to `to` leaves reads, each as wide as it is in the larger tree.
///
/// # Errors
/// [`merkle::Error::Sizes`].
pub fn tiles_for_consistency(from: u64, to: u64) -> Result<BTreeSet<Coordinate>, merkle::Error> {
    Ok(tiles_for(merkle::consistency_ranges(from, to)?, to))
}

fn tiles_for(ranges: Vec<Range<u64>>, size: u64) -> BTreeSet<Coordinate> {
    let nodes = ranges.into_iter().flat_map(merkle::perfect_nodes);
    nodes.filter_map(|(level, index)| locate(level, index, size)).map(|(coordinate, _)| coordinate).collect()
}

#[cfg(test)]
#[path = "tile/tests.rs"]
mod tests;
