//! Libraries that others wrote judge what this crate makes, and this crate judges theirs.
#![expect(clippy::unwrap_used, reason = "tests may panic")]

use countersign_ledger::checkpoint::Checkpoint;
use countersign_ledger::merkle::{self, Hash, consistency_proof, inclusion_proof, leaf_hash};
use countersign_ledger::note::{SigningKey, VerifierKey};
use countersign_ledger::tile::{Coordinate, Resource, Tile, TileNodes, TileReader, TileSet, integrate};
use ct_merkle::mem_backed_tree::MemoryBackedTree;
use proptest::prelude::*;
use sha2::Sha256;
use signed_note::{Note, StandardSigner, StandardVerifier, Verifier, VerifierList};

fn tiled(entries: &[Vec<u8>]) -> (TileSet, Hash) {
    let leaves: Vec<Hash> = entries.iter().map(|entry| leaf_hash(entry)).collect();
    let integration = integrate(0, &[], &leaves).unwrap();
    (integration.changed.into_iter().collect(), integration.root)
}

fn entries(size: usize) -> Vec<Vec<u8>> {
    (0..size).map(|number| format!("entry {number}").into_bytes()).collect()
}

/// Serves our tiles to the foreign reader, which authenticates each against the root.
struct Foreign(TileSet);

impl tlog_tiles::TileReader for Foreign {
    fn height(&self) -> u8 {
        8
    }
    fn read_tiles(&self, tiles: &[tlog_tiles::Tile]) -> Result<Vec<Vec<u8>>, tlog_tiles::Error> {
        let read = |tile: &tlog_tiles::Tile| {
            let at = Coordinate { level: tile.level(), index: tile.level_index(), width: tile.width() as u16 };
            // The foreign path has the tile's height in it; apart from that it must be ours.
            assert_eq!(tile.path().replacen("tile/8/", "tile/", 1), Resource::Hashes(at).to_string());
            Tile { level: at.level, index: at.index, hashes: self.0.tile(at).unwrap().to_vec() }.to_bytes()
        };
        Ok(tiles.iter().map(read).collect())
    }
    fn save_tiles(&self, _: &[tlog_tiles::Tile], _: &[Vec<u8>]) {}
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20))]

    #[test]
    fn tlog_tiles_reads_our_tiles_and_takes_our_proofs(size in 1_usize..3_000, a in any::<prop::sample::Index>(), b in any::<prop::sample::Index>()) {
        let entries = entries(size);
        let (tiles, root) = tiled(&entries);
        let (count, index, from) = (size as u64, a.index(size), 1 + b.index(size));
        let nodes = TileNodes::new(&tiles, count);
        let foreign_hash = |hash: &Hash| tlog_tiles::Hash(*hash.as_bytes());
        let inclusion = inclusion_proof(&nodes, index as u64, count).unwrap();
        let consistency = consistency_proof(&nodes, from as u64, count).unwrap();
        let (_, earlier) = tiled(&entries[..from]);

        let reader = Foreign(tiles.clone());
        let hashes = tlog_tiles::TileHashReader::new(count, foreign_hash(&root), &reader);
        prop_assert_eq!(tlog_tiles::tree_hash(count, &hashes).unwrap(), foreign_hash(&root));
        let theirs = tlog_tiles::prove_record(count, index as u64, &hashes).unwrap();
        let ours: Vec<_> = inclusion.iter().map(foreign_hash).collect();
        prop_assert_eq!(&theirs, &ours);
        let leaf = tlog_tiles::record_hash(&entries[index]);
        prop_assert!(tlog_tiles::check_record(&ours, count, foreign_hash(&root), index as u64, leaf).is_ok());
        let ours: Vec<_> = consistency.iter().map(foreign_hash).collect();
        prop_assert_eq!(&tlog_tiles::prove_tree(count, from as u64, &hashes).unwrap(), &ours);
        prop_assert!(tlog_tiles::check_tree(&ours, count, foreign_hash(&root), from as u64, foreign_hash(&earlier)).is_ok());
    }

    #[test]
    fn ct_merkle_agrees(size in 1_usize..400, a in any::<prop::sample::Index>(), b in any::<prop::sample::Index>()) {
        let entries = entries(size);
        let (tiles, root) = tiled(&entries);
        let (count, index, from) = (size as u64, a.index(size), 1 + b.index(size));
        let mut tree = MemoryBackedTree::<Sha256, Vec<u8>>::new();
        entries.iter().for_each(|entry| tree.push(entry.clone()));
        let their_root = tree.root();
        prop_assert_eq!(their_root.as_bytes().as_slice(), root.as_ref());
        let nodes = TileNodes::new(&tiles, count);
        let theirs = tree.prove_inclusion(index);
        prop_assert_eq!(theirs.as_bytes(), inclusion_proof(&nodes, index as u64, count).unwrap().iter().flat_map(|hash| *hash.as_bytes()).collect::<Vec<u8>>());
        let proof: Vec<&[u8]> = theirs.as_bytes().chunks(32).collect();
        prop_assert_eq!(merkle::verify_inclusion(index as u64, count, leaf_hash(&entries[index]), &proof, root), Ok(()));
        let theirs = tree.prove_consistency(size - from);
        let proof: Vec<&[u8]> = theirs.as_bytes().chunks(32).collect();
        prop_assert_eq!(merkle::verify_consistency(from as u64, count, &proof, tiled(&entries[..from]).1, root), Ok(()));
    }
}

#[test]
fn signed_note_takes_our_checkpoints_and_we_theirs() {
    let key = SigningKey::from_seed("log.example/a", &[7; 32]).unwrap();
    let checkpoint = Checkpoint::new("log.example/a", 5, leaf_hash(b"x"));
    let mut note = countersign_ledger::note::Note::parse(&checkpoint.sign(&[&key]).unwrap()).unwrap();
    note.cosign(&SigningKey::witness_from_seed("w.example", &[8; 32]).unwrap(), 1).unwrap();
    let text = note.to_string();

    let verifier = StandardVerifier::new(&key.verifier().to_string()).unwrap();
    assert_eq!(verifier.key_id(), key.verifier().key_id());
    let theirs = Note::from_bytes(text.as_bytes()).unwrap();
    assert_eq!(theirs.verify(&VerifierList::new(vec![Box::new(verifier)])).unwrap().0.len(), 1);
    assert_eq!(theirs.to_bytes(), text.as_bytes());
    let parsed = tlog_tiles::Checkpoint::from_bytes(theirs.text()).unwrap();
    assert_eq!((parsed.origin(), parsed.size(), parsed.hash().0), ("log.example/a", 5, *leaf_hash(b"x").as_bytes()));

    // A published key pair of the signed_note documentation.
    let signer = StandardSigner::new("PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz").unwrap();
    let public: VerifierKey = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW".parse().unwrap();
    let mut theirs =
        Note::new(b"If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n", &[]).unwrap();
    theirs.add_sigs(&[&signer]).unwrap();
    let ours = countersign_ledger::note::Note::parse(std::str::from_utf8(&theirs.to_bytes()).unwrap()).unwrap();
    assert_eq!(ours.verify(&[&public]).unwrap().len(), 1);
}
