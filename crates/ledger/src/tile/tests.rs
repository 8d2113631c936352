//! Tiles against the naive tree, the layout's own examples, and two libraries that others wrote.

use proptest::prelude::*;

use super::*;
use crate::merkle::tests::{leaves, naive_root};
use crate::merkle::{Frontier, consistency_proof, inclusion_proof, verify_consistency, verify_inclusion};

/// A tree of `size` leaves in tiles, integrated in one go.
fn tiled(leaves: &[Hash]) -> (TileSet, Integration) {
    let integration = integrate(0, &[], leaves).unwrap();
    (integration.changed.iter().cloned().collect(), integration)
}

#[test]
fn paths_have_one_spelling() {
    let hashes = |level, index, width| Resource::Hashes(Coordinate { level, index, width });
    for (resource, path) in [
        (hashes(0, 0, 256), "tile/0/000"),
        (hashes(2, 999, 1), "tile/2/999.p/1"),
        (hashes(63, 1000, 255), "tile/63/x001/000.p/255"),
        (hashes(0, 1_234_067, 256), "tile/0/x001/x234/067"),
        (hashes(0, u64::MAX, 256), "tile/0/x018/x446/x744/x073/x709/x551/615"),
        (Resource::Entries { index: 1_234_067, width: 256 }, "tile/entries/x001/x234/067"),
        (Resource::Entries { index: 7, width: 112 }, "tile/entries/007.p/112"),
    ] {
        assert_eq!(resource.to_string(), path);
        assert_eq!(path.parse(), Ok(resource));
    }
    for path in [
        "",
        "tile",
        "tile/",
        "tile/0",
        "tile/0/",
        "tile/0/0",
        "tile/0/0000",
        "tile/00/000",
        "tile/64/000",
        "tile/-1/000",
        "tile/+1/000",
        "tile/0/x000/000",
        "tile/0/001/000",
        "tile/0/x001",
        "tile/0/x001/x000",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/01",
        "tile/0/000.p/",
        "tile/0/000.p/1.p/1",
        "tile/0/000/",
        "/tile/0/000",
        "tile/entries/0",
        "tile/data/000",
        "tile/0/ 00",
        "tile/0/x018/x446/x744/x073/x709/x551/616",
        "tile/0/x999/x999/x999/x999/x999/x999/x999/999",
    ] {
        assert!(path.parse::<Resource>().is_err(), "{path}");
    }
}

#[test]
fn the_layout_of_the_specification() {
    // C2SP tlog-tiles: a tree of size 70,000, and one of size 256.
    let edge = |size| right_edge(size).iter().map(|tile| (tile.level, tile.index, tile.width)).collect::<Vec<_>>();
    assert_eq!(edge(70_000), [(0, 273, 112), (1, 1, 17), (2, 0, 1)]);
    assert_eq!(edge(256), [(1, 0, 1)]);
    assert_eq!(edge(0), []);
    assert_eq!(edge(u64::MAX).len(), 8);
    let (_, integration) = tiled(&leaves(70_000));
    let count = |level| integration.changed.iter().filter(|tile| tile.level == level).count();
    assert_eq!([count(0), count(1), count(2), count(3)], [274, 2, 1, 0]);
    assert_eq!(integration.root, naive_root(&leaves(70_000)));
}

#[test]
fn entry_bundles_round_trip_and_refuse() {
    let entries = [&b""[..], b"a", &[7; ENTRY_BYTES_MAX]];
    let bytes = bundle_encode(&entries).unwrap();
    assert_eq!(bytes[..5], [0, 0, 0, 1, b'a']);
    assert_eq!(bundle_decode(&bytes).unwrap(), entries);
    assert_eq!(bundle_encode(&[vec![0; ENTRY_BYTES_MAX + 1]]), Err(Error::EntryTooLong(ENTRY_BYTES_MAX + 1)));
    assert_eq!(bundle_encode(&vec![b""; 257]), Err(Error::TooManyEntries));
    assert_eq!(bundle_decode(&[0; 514]), Err(Error::TooManyEntries));
    assert_eq!(bundle_decode(&[0, 0, 0]), Err(Error::Truncated(1)));
    assert_eq!(bundle_decode(&[0, 2, 0]), Err(Error::Truncated(0)));
    assert_eq!(bundle_decode(b""), Ok(Vec::new()));
}

#[test]
fn tile_bytes_round_trip_and_refuse() {
    let tile = Tile { level: 1, index: 2, hashes: leaves(3) };
    assert_eq!(Tile::from_bytes(1, 2, &tile.to_bytes()), Ok(tile));
    for length in [0, 31, 33, 257 * 32] {
        assert_eq!(Tile::from_bytes(0, 0, &vec![0; length]), Err(Error::TileLength(length)));
    }
}

#[test]
fn a_wrong_right_edge_is_refused() {
    let all = leaves(600);
    let mut edge = integrate(0, &[], &all[..300]).unwrap().edge;
    assert_eq!(edge.iter().map(|tile| (tile.level, tile.index)).collect::<Vec<_>>(), [(0, 1), (1, 0)]);
    assert_eq!(integrate(300, &edge[1..], &all[300..]), Err(Error::Edge { level: 0, index: 1, want: 44, got: 0 }));
    edge[0].hashes.pop();
    assert_eq!(integrate(300, &edge, &all[300..]), Err(Error::Edge { level: 0, index: 1, want: 44, got: 43 }));
    assert_eq!(integrate(u64::MAX, &[], &all), Err(Error::TooLarge));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn chunks_of_any_size_make_the_same_tree(chunks in prop::collection::vec(0_usize..700, 1..8)) {
        let all = leaves(chunks.iter().sum());
        let (mut stored, mut frontier, mut edge, mut size) = (TileSet::default(), Frontier::new(), Vec::new(), 0);
        for chunk in chunks {
            let new = &all[size..size + chunk];
            let integration = integrate(size as u64, &edge, new).unwrap();
            prop_assert!(integration.changed.len() <= chunk / 128 + 4);
            prop_assert_eq!(integration.changed.is_empty(), chunk == 0);
            prop_assert!(integration.changed.iter().all(|tile| !edge.contains(tile)), "a tile that did not change is stored again");
            frontier.extend(new.iter().copied());
            size += chunk;
            prop_assert_eq!(integration.size, size as u64);
            prop_assert_eq!(integration.root, frontier.root());
            stored.extend(integration.changed);
            edge = integration.edge;
            prop_assert_eq!(TileNodes::new(&stored, size as u64).root().unwrap(), integration.root);
        }
        prop_assert_eq!(frontier.root(), naive_root(&all));
        prop_assert_eq!(stored.0, tiled(&all).0.0);
    }

    #[test]
    fn proofs_come_from_few_tiles(size in 1_usize..70_000, a in any::<prop::sample::Index>(), b in any::<prop::sample::Index>()) {
        let all = leaves(size);
        let (stored, integration) = tiled(&all);
        let index = a.index(size) as u64;
        let needed = tiles_for_inclusion(index, size as u64).unwrap();
        prop_assert!(needed.len() <= 6, "{:?}", needed);
        let few = fetch(&stored, &needed);
        let proof = inclusion_proof(&TileNodes::new(&few, size as u64), index, size as u64).unwrap();
        prop_assert_eq!(verify_inclusion(index, size as u64, all[index as usize], &proof, integration.root), Ok(()));

        let from = 1 + b.index(size);
        let needed = tiles_for_consistency(from as u64, size as u64).unwrap();
        prop_assert!(needed.len() <= 6, "{:?}", needed);
        let few = fetch(&stored, &needed);
        let proof = consistency_proof(&TileNodes::new(&few, size as u64), from as u64, size as u64).unwrap();
        let earlier = integrate(0, &[], &all[..from]).unwrap().root;
        prop_assert_eq!(verify_consistency(from as u64, size as u64, &proof, earlier, integration.root), Ok(()));
    }
}

/// Exactly the hashes asked for, so that a reader that takes more would fail.
fn fetch(stored: &TileSet, needed: &BTreeSet<Coordinate>) -> TileSet {
    needed.iter().map(|at| Tile { level: at.level, index: at.index, hashes: stored.tile(*at).unwrap().to_vec() }).collect()
}
