//! Checking proofs. The verifiers follow RFC 9162 section 2.1.3.2 and 2.1.4.2, and their generalisation to subtrees in
//! draft-ietf-plants-merkle-tree-certs sections 4.3.2 and 4.4.3, of which a whole tree is the case `start = 0`.

use super::{EMPTY_ROOT, Error, Hash, node_hash};

/// Checks that the leaf with hash `leaf` is number `index` in the tree of `size` leaves with the given root.
///
/// # Errors
/// The reason why the proof does not hold.
pub fn verify_inclusion<P: AsRef<[u8]>>(
    index: u64,
    size: u64,
    leaf: impl AsRef<[u8]>,
    proof: &[P],
    root: impl AsRef<[u8]>,
) -> Result<(), Error> {
    verify_subtree_inclusion(index, 0, size, leaf, proof, root)
}

/// Checks that the tree of `to` leaves continues the tree of `from` leaves.
///
/// Equal sizes need equal roots and an empty proof. From the empty tree nothing can be proven, so `from` zero with a
/// larger `to` is refused.
///
/// # Errors
/// The reason why the proof does not hold.
pub fn verify_consistency<P: AsRef<[u8]>>(
    from: u64,
    to: u64,
    proof: &[P],
    root_from: impl AsRef<[u8]>,
    root_to: impl AsRef<[u8]>,
) -> Result<(), Error> {
    if from > to || (from == 0 && to > 0) {
        return Err(Error::Sizes { from, to });
    }
    if from == to {
        return verify_same(proof, root_from.as_ref(), root_to.as_ref());
    }
    verify_subtree_consistency(0, from, to, proof, root_from, root_to)
}

/// Checks that the leaf with hash `leaf` is number `index` (counted in the whole tree) in the subtree `[start, end)`.
///
/// # Errors
/// The reason why the proof does not hold.
pub fn verify_subtree_inclusion<P: AsRef<[u8]>>(
    index: u64,
    start: u64,
    end: u64,
    leaf: impl AsRef<[u8]>,
    proof: &[P],
    root: impl AsRef<[u8]>,
) -> Result<(), Error> {
    if !is_subtree(start, end) {
        return Err(Error::NotSubtree { start, end, size: end });
    }
    if !(start..end).contains(&index) {
        return Err(Error::LeafOutside { index, start, end });
    }
    let mut first = index - start;
    let mut last = end - start - 1;
    let mut hash = Hash::try_from(leaf.as_ref())?;
    for sibling in proof {
        let sibling = Hash::try_from(sibling.as_ref())?;
        if last == 0 {
            return Err(Error::ProofLength(proof.len()));
        }
        if first & 1 == 1 || first == last {
            hash = node_hash(&sibling, &hash);
            // On the right border, levels at which the node has no sibling are passed over.
            let skipped = first.trailing_zeros();
            (first, last) = (first >> skipped, last >> skipped);
        } else {
            hash = node_hash(&hash, &sibling);
        }
        (first, last) = (first >> 1, last >> 1);
    }
    if last != 0 {
        return Err(Error::ProofLength(proof.len()));
    }
    same(hash.as_ref(), root.as_ref())
}

/// Checks that the subtree `[start, end)` with root `root_subtree` is part of the tree of `size` leaves with `root_tree`.
///
/// An empty subtree is part of every tree: its root must be [`EMPTY_ROOT`], its proof empty, and `root_tree` is not
/// consulted. A subtree that is the whole tree needs equal roots.
///
/// # Errors
/// The reason why the proof does not hold.
pub fn verify_subtree_consistency<P: AsRef<[u8]>>(
    start: u64,
    end: u64,
    size: u64,
    proof: &[P],
    root_subtree: impl AsRef<[u8]>,
    root_tree: impl AsRef<[u8]>,
) -> Result<(), Error> {
    let (root_subtree, root_tree) = (root_subtree.as_ref(), root_tree.as_ref());
    if !is_subtree(start, end) || end > size {
        return Err(Error::NotSubtree { start, end, size });
    }
    if start == end {
        return verify_same(proof, root_subtree, EMPTY_ROOT.as_ref());
    }
    if (start, end) == (0, size) {
        return verify_same(proof, root_subtree, root_tree);
    }
    // Positions, level by level, of the subtree's first leaf, its last leaf, and the tree's last leaf.
    let (mut first, mut last, mut tree_last) = (start, end - 1, size - 1);
    while first != last && (last == tree_last || last & 1 == 1) {
        (first, last, tree_last) = (first >> 1, last >> 1, tree_last >> 1);
    }
    let mut rest = proof.iter();
    // When the subtree is one node of the tree the verifier knows its hash already; else the proof begins with it.
    let seed = if first == last { root_subtree } else { rest.next().ok_or(Error::ProofLength(0))?.as_ref() };
    let mut subtree_hash = Hash::try_from(seed)?;
    let mut tree_hash = subtree_hash;
    for sibling in rest {
        let sibling = Hash::try_from(sibling.as_ref())?;
        if tree_last == 0 {
            return Err(Error::ProofLength(proof.len()));
        }
        if last & 1 == 1 || last == tree_last {
            if first < last {
                subtree_hash = node_hash(&sibling, &subtree_hash);
            }
            tree_hash = node_hash(&sibling, &tree_hash);
            let skipped = last.trailing_zeros();
            (first, last, tree_last) = (first >> skipped, last >> skipped, tree_last >> skipped);
        } else {
            tree_hash = node_hash(&tree_hash, &sibling);
        }
        (first, last, tree_last) = (first >> 1, last >> 1, tree_last >> 1);
    }
    if tree_last != 0 {
        return Err(Error::ProofLength(proof.len()));
    }
    same(subtree_hash.as_ref(), root_subtree)?;
    same(tree_hash.as_ref(), root_tree)
}

/// True when `[start, end)` is a subtree: `start` is a multiple of the smallest power of two that covers it.
pub(super) fn is_subtree(start: u64, end: u64) -> bool {
    match end.checked_sub(start).map(u64::checked_next_power_of_two) {
        None => false,
        // Longer than 2^63 leaves: only a tree from its first leaf on.
        Some(None) => start == 0,
        Some(Some(width)) => start == end || start.is_multiple_of(width),
    }
}

fn verify_same<P>(proof: &[P], left: &[u8], right: &[u8]) -> Result<(), Error> {
    if proof.is_empty() { same(left, right) } else { Err(Error::ProofLength(proof.len())) }
}

fn same(computed: &[u8], given: &[u8]) -> Result<(), Error> {
    if computed == given { Ok(()) } else { Err(Error::RootMismatch) }
}
