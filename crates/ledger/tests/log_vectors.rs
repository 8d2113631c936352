//! The public vectors of a signed tile log and of hard Ed25519 signatures; skipped, with a word, where they are absent.
#![expect(clippy::unwrap_used, reason = "tests may panic")]

use std::fs;
use std::path::PathBuf;

use countersign_ledger::checkpoint::Checkpoint;
use countersign_ledger::merkle::leaf_hash;
use countersign_ledger::note::{VerifierKey, verify_ed25519};
use countersign_ledger::tile::{Tile, bundle_decode, integrate, right_edge, root_from_edge};
use serde_json::Value;

fn vectors(file: &str) -> Option<String> {
    let path = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/merkle-vectors")).join(file);
    if !path.exists() {
        println!("skipped: {} is absent", path.display());
        return None;
    }
    Some(fs::read_to_string(path).unwrap())
}

#[test]
fn a_tile_log_reads_as_its_checkpoints_say() {
    let Some(text) = vectors("tiles.json") else {
        return;
    };
    let log: Value = serde_json::from_str(&text).unwrap();
    let key: VerifierKey = log["vkey"].as_str().unwrap().parse().unwrap();
    let trees = log["trees"].as_array().unwrap();
    assert_eq!(trees.len(), 8);
    for tree in trees {
        let size = tree["size"].as_u64().unwrap();
        let checkpoint = Checkpoint::open(tree["checkpoint"].as_str().unwrap(), &key).unwrap();
        assert_eq!((checkpoint.origin.as_str(), checkpoint.size), (log["origin"].as_str().unwrap(), size));
        assert_eq!(checkpoint.root.to_string(), tree["root"].as_str().unwrap());
        let bytes = |field: &str| hex::decode(tree[field].as_str().unwrap_or_default()).unwrap();
        let bundle = bytes("entries_hex");
        let leaves: Vec<_> = bundle_decode(&bundle).unwrap().into_iter().map(leaf_hash).collect();
        let integration = integrate(0, &[], &leaves).unwrap();
        assert_eq!((integration.size, integration.root), (size, checkpoint.root));
        let edge: Vec<Tile> = right_edge(size).iter().map(|at| Tile::from_bytes(at.level, at.index, &bytes("tile_hex")).unwrap()).collect();
        assert_eq!(edge, integration.edge);
        assert_eq!(root_from_edge(size, &edge), Ok(checkpoint.root));
    }
}

#[test]
fn ed25519_is_verified_strictly() {
    let Some(text) = vectors("ed25519.jsonl") else {
        return;
    };
    // Refused: a key or commitment of small order, an encoding that is not canonical, and signatures that only the
    // equation multiplied by the cofactor would let through. Small-order components alone do no harm.
    let refused = ["low_order_A", "low_order_R", "non_canonical_A", "non_canonical_R", "low_order_residue"];
    let known = ["low_order_component_A", "low_order_component_R", "reencoded_k"];
    let (mut rows, mut accepted) = (0, 0);
    for line in text.lines() {
        let row: Value = serde_json::from_str(line).unwrap();
        let bytes = |field: &str| hex::decode(row[field].as_str().unwrap()).unwrap();
        let flags: Vec<&str> = row["flags"].as_array().into_iter().flatten().map(|flag| flag.as_str().unwrap()).collect();
        assert!(flags.iter().all(|flag| refused.contains(flag) || known.contains(flag)), "{flags:?}");
        let want = !flags.iter().any(|flag| refused.contains(flag));
        let (public, signature) = (bytes("key").try_into().unwrap(), bytes("sig").try_into().unwrap());
        assert_eq!(verify_ed25519(&public, row["msg"].as_str().unwrap().as_bytes(), &signature), want, "{row}");
        (rows, accepted) = (rows + 1, accepted + usize::from(want));
    }
    assert_eq!(rows, 457);
    assert_eq!(accepted, 22);
}
