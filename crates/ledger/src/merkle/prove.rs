//! Making proofs from stored nodes. A proof is first planned as ranges of leaves, then each range is read as the few
//! perfect nodes that tile it; so the plan alone says what must be fetched.

use std::ops::Range;

use super::{Error, Hash, fold, verify::is_subtree};

/// Reads stored nodes of a tree: node `index` of `level` is the root of the leaves `index * 2^level ..(index + 1) * 2^level`.
/// Only nodes whose leaves all exist are asked for.
pub trait NodeReader {
    /// The hash of one node.
    ///
    /// # Errors
    /// [`Error::NodeUnreadable`] when it is missing or cannot be read.
    fn node(&self, level: u8, index: u64) -> Result<Hash, Error>;
}

/// Inclusion proof of leaf `index` in the tree of `size` leaves, RFC 6962 section 2.1.1.
///
/// # Errors
/// [`Error::LeafOutside`], and those of the reader.
pub fn inclusion_proof(reader: &impl NodeReader, index: u64, size: u64) -> Result<Vec<Hash>, Error> {
    subtree_inclusion_proof(reader, index, 0, size)
}

/// Consistency proof from the tree of `from` leaves to that of `to` leaves, RFC 6962 section 2.1.2.
///
/// # Errors
/// [`Error::Sizes`] unless `0 < from <= to`, and those of the reader.
pub fn consistency_proof(reader: &impl NodeReader, from: u64, to: u64) -> Result<Vec<Hash>, Error> {
    read(reader, consistency_ranges(from, to)?)
}

/// Inclusion proof of leaf `index` in the subtree `[start, end)` (Merkle Tree Certificates, section 4.3).
///
/// # Errors
/// [`Error::LeafOutside`], [`Error::NotSubtree`], and those of the reader.
pub fn subtree_inclusion_proof(reader: &impl NodeReader, index: u64, start: u64, end: u64) -> Result<Vec<Hash>, Error> {
    read(reader, inclusion_ranges(index, start, end)?)
}

/// Consistency proof of the subtree `[start, end)` with the tree of `size` leaves (Merkle Tree Certificates, section 4.4).
///
/// # Errors
/// [`Error::NotSubtree`], and those of the reader.
pub fn subtree_consistency_proof(reader: &impl NodeReader, start: u64, end: u64, size: u64) -> Result<Vec<Hash>, Error> {
    read(reader, subtree_consistency_ranges(start, end, size)?)
}

/// The ranges of leaves whose roots make up an inclusion proof, in the proof's order.
pub(crate) fn inclusion_ranges(index: u64, start: u64, end: u64) -> Result<Vec<Range<u64>>, Error> {
    if !is_subtree(start, end) {
        return Err(Error::NotSubtree { start, end, size: end });
    }
    if !(start..end).contains(&index) {
        return Err(Error::LeafOutside { index, start, end });
    }
    let (mut low, mut high) = (start, end);
    let mut ranges = Vec::new();
    while high - low > 1 {
        let middle = low + split(high - low);
        if index < middle {
            ranges.push(middle..high);
            high = middle;
        } else {
            ranges.push(low..middle);
            low = middle;
        }
    }
    ranges.reverse();
    Ok(ranges)
}

/// The ranges of leaves whose roots make up a consistency proof, in the proof's order.
pub(crate) fn consistency_ranges(from: u64, to: u64) -> Result<Vec<Range<u64>>, Error> {
    if from == 0 || from > to {
        return Err(Error::Sizes { from, to });
    }
    subtree_consistency_ranges(0, from, to)
}

/// SUBTREE_PROOF of the draft, its recursion unrolled: walks from the root towards `[start, end)`.
fn subtree_consistency_ranges(start: u64, end: u64, size: u64) -> Result<Vec<Range<u64>>, Error> {
    if !is_subtree(start, end) || end > size {
        return Err(Error::NotSubtree { start, end, size });
    }
    let mut ranges = Vec::new();
    if start == end {
        return Ok(ranges);
    }
    let (mut low, mut high) = (0, size);
    // The first leaf of the part still looked for; it moves right when the subtree's left part is split off.
    let mut wanted = start;
    while (wanted, end) != (low, high) {
        let middle = low + split(high - low);
        if end <= middle {
            ranges.push(middle..high);
            high = middle;
        } else {
            ranges.push(low..middle);
            low = middle;
            wanted = wanted.max(middle);
        }
    }
    // A verifier knows the root of the whole subtree; a part of it must be told.
    if wanted != start {
        ranges.push(low..high);
    }
    ranges.reverse();
    Ok(ranges)
}

/// The largest power of two smaller than `count`, where RFC 6962 splits a tree. `count` is at least two.
fn split(count: u64) -> u64 {
    1 << (count - 1).ilog2()
}

/// The perfect nodes `(level, index)` that tile a range of leaves, left to right.
pub(crate) fn perfect_nodes(range: Range<u64>) -> impl Iterator<Item = (u8, u64)> {
    let Range { start: mut low, end } = range;
    std::iter::from_fn(move || {
        let level = (end.checked_sub(low)?.checked_ilog2()?).min(low.trailing_zeros());
        let node = (level as u8, low >> level);
        low += 1 << level;
        Some(node)
    })
}

fn read(reader: &impl NodeReader, ranges: Vec<Range<u64>>) -> Result<Vec<Hash>, Error> {
    ranges.into_iter().map(|range| range_root(reader, range)).collect()
}

fn range_root(reader: &impl NodeReader, range: Range<u64>) -> Result<Hash, Error> {
    let nodes = perfect_nodes(range).map(|(level, index)| reader.node(level, index)).collect::<Result<Vec<_>, _>>()?;
    Ok(fold(nodes.into_iter()).unwrap_or(super::EMPTY_ROOT))
}
