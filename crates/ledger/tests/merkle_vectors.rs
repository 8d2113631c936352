//! The public vectors for tree hashes and proofs, good and tampered; skipped, with a word, where they are absent.
//! Their twins on small trees of our own stand beside the code.
#![expect(clippy::unwrap_used, reason = "tests may panic")]

use std::fs;
use std::path::PathBuf;

use countersign_ledger::merkle::{
    EMPTY_ROOT, Error, Frontier, Hash, leaf_hash, node_hash, verify_consistency, verify_inclusion, verify_subtree_consistency,
    verify_subtree_inclusion,
};
use serde_json::Value;

fn vectors(file: &str) -> Option<String> {
    let path = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/merkle-vectors")).join(file);
    if !path.exists() {
        println!("skipped: {} is absent", path.display());
        return None;
    }
    Some(fs::read_to_string(path).unwrap())
}

/// Runs `verdict` on each row and compares it with the listed one; at least `rows_min` rows must be there.
fn check(file: &str, rows_min: usize, verdict: impl Fn(&Row) -> Result<(), Error>) {
    let Some(text) = vectors(file) else { return };
    let mut rows = 0;
    for line in text.lines() {
        let row = Row(serde_json::from_str(line).unwrap());
        let (got, refuse) = (verdict(&row), row.0["wantErr"].as_bool().unwrap());
        assert_eq!(got.is_err(), refuse, "{file}: {}: {got:?}", row.0["name"]);
        rows += 1;
    }
    assert!(rows >= rows_min, "{file} has only {rows} rows");
}

struct Row(Value);

impl Row {
    fn number(&self, field: &str) -> u64 {
        self.0[field].as_u64().unwrap()
    }
    fn bytes(&self, field: &str) -> Vec<u8> {
        hex::decode(self.0[field].as_str().unwrap()).unwrap()
    }
    fn proof(&self) -> Vec<Vec<u8>> {
        self.0["proof"].as_array().into_iter().flatten().map(|hash| hex::decode(hash.as_str().unwrap()).unwrap()).collect()
    }
}

#[test]
fn inclusion() {
    check("inclusion.jsonl", 49, |row| {
        verify_inclusion(row.number("leafIdx"), row.number("treeSize"), row.bytes("leafHash"), &row.proof(), row.bytes("root"))
    });
}

#[test]
fn consistency() {
    check("consistency.jsonl", 49, |row| {
        verify_consistency(row.number("size1"), row.number("size2"), &row.proof(), row.bytes("root1"), row.bytes("root2"))
    });
}

#[test]
fn subtree_inclusion() {
    check("subtree_inclusion.jsonl", 102, |row| {
        let (index, start, end) = (row.number("leafIdx"), row.number("start"), row.number("end"));
        verify_subtree_inclusion(index, start, end, row.bytes("leafHash"), &row.proof(), row.bytes("root"))
    });
}

#[test]
fn subtree_consistency() {
    check("subtree_consistency.jsonl", 62, |row| {
        let (start, end, size) = (row.number("start"), row.number("end"), row.number("size"));
        verify_subtree_consistency(start, end, size, &row.proof(), row.bytes("root1"), row.bytes("root2"))
    });
}

fn hash(value: &Value) -> Hash {
    value.as_str().unwrap().parse().unwrap()
}

fn bytes(value: &Value) -> Vec<u8> {
    hex::decode(value.as_str().unwrap()).unwrap()
}

#[test]
fn trees() {
    let Some(text) = vectors("trees.json") else {
        return;
    };
    let trees: Value = serde_json::from_str(&text).unwrap();
    for row in trees["hashes"].as_array().unwrap() {
        let got = match row["kind"].as_str().unwrap() {
            "root" => EMPTY_ROOT,
            "leaf" => leaf_hash(&bytes(&row["data_hex"])),
            // Its children are shorter than hashes, so the node is hashed as the definition says.
            "node" => {
                use sha2::{Digest, Sha256};
                <[u8; 32]>::from(Sha256::digest([vec![1], bytes(&row["left_hex"]), bytes(&row["right_hex"])].concat())).into()
            }
            kind => panic!("unknown kind {kind}"),
        };
        assert_eq!(got, hash(&row["hash"]), "{}", row["name"]);
    }
    let leaves: Vec<Hash> = trees["leaf_inputs_hex"].as_array().unwrap().iter().map(|leaf| leaf_hash(&bytes(leaf))).collect();
    let mut level = leaves.clone();
    for want in trees["node_hashes_by_level"].as_array().unwrap() {
        assert_eq!(level, want.as_array().unwrap().iter().map(hash).collect::<Vec<_>>());
        level = level.chunks_exact(2).map(|pair| node_hash(&pair[0], &pair[1])).collect();
    }
    for (size, want) in trees["root_hashes_by_size"].as_array().unwrap().iter().enumerate() {
        assert_eq!(root(leaves[..size].iter().copied()), hash(want), "size {size}");
    }
    for row in trees["generated_roots"].as_array().unwrap() {
        let size = row["size"].as_u64().unwrap();
        let leaves = (0..size).map(|number| leaf_hash(&(number as u16).to_le_bytes()));
        assert_eq!(root(leaves), hash(&row["root"]), "size {size}");
    }
}

fn root(leaves: impl Iterator<Item = Hash>) -> Hash {
    let mut frontier = Frontier::new();
    frontier.extend(leaves);
    frontier.root()
}
