//! Small trees against the recursive definitions of RFC 6962, written here a second time and naively.

use proptest::prelude::*;

use super::*;

/// MTH of RFC 6962 section 2.1.
pub(crate) fn naive_root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => EMPTY_ROOT,
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
            node_hash(&naive_root(left), &naive_root(right))
        }
    }
}

/// PATH of RFC 6962 section 2.1.1.
fn naive_path(index: usize, leaves: &[Hash]) -> Vec<Hash> {
    if leaves.len() <= 1 {
        return Vec::new();
    }
    let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
    let (mut path, sibling) = if index < left.len() {
        (naive_path(index, left), naive_root(right))
    } else {
        (naive_path(index - left.len(), right), naive_root(left))
    };
    path.push(sibling);
    path
}

/// SUBTREE_SUBPROOF of draft-ietf-plants-merkle-tree-certs section 4.4.1; SUBPROOF of RFC 6962 when `start` is zero.
fn naive_subproof(start: usize, end: usize, leaves: &[Hash], known: bool) -> Vec<Hash> {
    if (start, end) == (0, leaves.len()) {
        return if known { Vec::new() } else { vec![naive_root(leaves)] };
    }
    let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
    let (mut proof, sibling) = if end <= left.len() {
        (naive_subproof(start, end, left, known), naive_root(right))
    } else if left.len() <= start {
        (naive_subproof(start - left.len(), end - left.len(), right, known), naive_root(left))
    } else {
        (naive_subproof(0, end - left.len(), right, false), naive_root(left))
    };
    proof.push(sibling);
    proof
}

pub(crate) fn leaves(count: usize) -> Vec<Hash> {
    (0..count).map(|number| leaf_hash(&number.to_be_bytes())).collect()
}

struct Leaves(Vec<Hash>);

impl NodeReader for Leaves {
    fn node(&self, level: u8, index: u64) -> Result<Hash, Error> {
        let (first, count) = ((index as usize) << level, 1_usize << level);
        let missing = || Error::NodeUnreadable { level, index, reason: "outside".into() };
        Ok(naive_root(self.0.get(first..first + count).ok_or_else(missing)?))
    }
}

#[test]
fn hashes_of_the_rfc() {
    assert_eq!(EMPTY_ROOT.as_ref(), Sha256::digest([]).as_slice());
    assert_eq!(leaf_hash(b"").to_string(), "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
    let text = leaf_hash(b"x").to_string();
    assert_eq!(text.parse::<Hash>(), Ok(leaf_hash(b"x")));
    assert!(text.to_uppercase().parse::<Hash>().is_err());
    assert!(text[1..].parse::<Hash>().is_err());
    assert_eq!(serde_json::from_str::<Hash>(&serde_json::to_string(&leaf_hash(b"x")).unwrap()).unwrap(), leaf_hash(b"x"));
}

#[test]
fn every_small_tree_against_the_definitions() {
    let all = Leaves(leaves(40));
    for size in 0..=40_usize {
        let tree = &all.0[..size];
        let root = naive_root(tree);
        let mut frontier = Frontier::new();
        frontier.extend(tree.iter().copied());
        assert_eq!((frontier.root(), frontier.size()), (root, size as u64));
        assert_eq!(Frontier::from_parts(size as u64, frontier.peaks().to_vec()), Some(frontier));
        for index in 0..size {
            let proof = inclusion_proof(&all, index as u64, size as u64).unwrap();
            assert_eq!(proof, naive_path(index, tree));
            assert_eq!(verify_inclusion(index as u64, size as u64, tree[index], &proof, root), Ok(()));
        }
        for start in 0..=size {
            for end in start..=size {
                let (first, last, count) = (start as u64, end as u64, size as u64);
                let proof = subtree_consistency_proof(&all, first, last, count);
                if !verify::is_subtree(first, last) {
                    assert!(proof.is_err());
                    continue;
                }
                let proof = proof.unwrap();
                let part = naive_root(&tree[start..end]);
                assert_eq!(verify_subtree_consistency(first, last, count, &proof, part, root), Ok(()), "{start} {end} {size}");
                if start < end {
                    assert_eq!(proof, naive_subproof(start, end, tree, true), "{start} {end} {size}");
                }
                for index in start..end {
                    let proof = subtree_inclusion_proof(&all, index as u64, first, last).unwrap();
                    assert_eq!(proof, naive_path(index - start, &tree[start..end]));
                    assert_eq!(verify_subtree_inclusion(index as u64, first, last, tree[index], &proof, part), Ok(()));
                }
            }
        }
    }
}

#[test]
fn impossible_proofs_are_refused() {
    let all = Leaves(leaves(8));
    let none: [Hash; 0] = [];
    assert_eq!(inclusion_proof(&all, 8, 8), Err(Error::LeafOutside { index: 8, start: 0, end: 8 }));
    assert_eq!(consistency_proof(&all, 0, 8), Err(Error::Sizes { from: 0, to: 8 }));
    assert_eq!(consistency_proof(&all, 8, 7), Err(Error::Sizes { from: 8, to: 7 }));
    assert_eq!(verify_consistency(0, 8, &none, EMPTY_ROOT, naive_root(&all.0)), Err(Error::Sizes { from: 0, to: 8 }));
    assert_eq!(verify_consistency(8, 8, &none, all.0[0], all.0[1]), Err(Error::RootMismatch));
    assert_eq!(verify_consistency(8, 8, &[all.0[0]], all.0[0], all.0[0]), Err(Error::ProofLength(1)));
    assert!(matches!(inclusion_proof(&all, 0, 16), Err(Error::NodeUnreadable { level: 3, index: 1, .. })));
    for (start, end) in [(1, 3), (2, 5), (1, 15), (3, 2), (1, u64::MAX), (u64::MAX, 0)] {
        assert_eq!(
            verify_subtree_consistency(start, end, u64::MAX, &none, EMPTY_ROOT, EMPTY_ROOT),
            Err(Error::NotSubtree { start, end, size: u64::MAX })
        );
    }
    // Sizes near the end of the range neither overflow nor loop.
    assert_eq!(verify_inclusion(0, u64::MAX, EMPTY_ROOT, &none, EMPTY_ROOT), Err(Error::ProofLength(0)));
    assert_eq!(verify_inclusion(u64::MAX - 1, u64::MAX, EMPTY_ROOT, &[EMPTY_ROOT; 70], EMPTY_ROOT), Err(Error::ProofLength(70)));
    assert_eq!(verify_consistency(1, u64::MAX, &[EMPTY_ROOT; 70], EMPTY_ROOT, EMPTY_ROOT), Err(Error::ProofLength(70)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn tampered_proofs_are_refused(size in 2_usize..300, a in any::<prop::sample::Index>(), b in any::<prop::sample::Index>(), bit in 0_usize..256) {
        let all = Leaves(leaves(size));
        let root = naive_root(&all.0);
        let index = a.index(size);
        let proof = inclusion_proof(&all, index as u64, size as u64).unwrap();
        prop_assert_eq!(verify_inclusion(index as u64, size as u64, all.0[index], &proof, root), Ok(()));
        let mut flipped = proof.clone();
        flipped[b.index(proof.len())].0[bit / 8] ^= 1 << (bit % 8);
        prop_assert_eq!(verify_inclusion(index as u64, size as u64, all.0[index], &flipped, root), Err(Error::RootMismatch));
        prop_assert!(verify_inclusion(index as u64, size as u64, all.0[index], &proof[1..], root).is_err());
        let other = b.index(size);
        if other != index {
            prop_assert!(verify_inclusion(other as u64, size as u64, all.0[index], &proof, root).is_err());
        }

        let from = 1 + b.index(size - 1);
        let proof = consistency_proof(&all, from as u64, size as u64).unwrap();
        let earlier = naive_root(&all.0[..from]);
        prop_assert_eq!(verify_consistency(from as u64, size as u64, &proof, earlier, root), Ok(()));
        let mut flipped = proof.clone();
        flipped[a.index(proof.len())].0[bit / 8] ^= 1 << (bit % 8);
        prop_assert!(verify_consistency(from as u64, size as u64, &flipped, earlier, root).is_err());
        prop_assert!(verify_consistency(from as u64, size as u64, &proof, root, earlier).is_err());
    }
}
