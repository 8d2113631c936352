//! A verifier that nobody here wrote reads the log over HTTP: checkpoint, tiles, entries and proofs. Nothing in this file uses the
//! ledger crate; every verdict is that of `signed_note`, `tlog_tiles` and `ct-merkle`.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use base64::{Engine, engine::general_purpose::STANDARD};
use countersign_app::input::ApiKeyInput;
use countersign_testkit::{Kit, caller, case, each_engine, playbook, story};
use ct_merkle::{ConsistencyProof, InclusionProof, RootHash};
use serde_json::Value;
use sha2::Sha256;
use signed_note::{Note, StandardVerifier, VerifierList};
use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
};
use tlog_tiles::{Checkpoint, Hash, Tile, TileHashReader, check_record, check_tree, prove_record, prove_tree, record_hash, tree_hash};

/// A log behind an address, as an outsider sees it.
#[derive(Clone)]
struct Log {
    server: SocketAddr,
    workspace: String,
    api_key: Option<String>,
}

impl Log {
    /// One GET. HTTP/1.0, so that the body ends with the connection.
    fn get(&self, path: &str) -> (u16, Vec<u8>) {
        let mut stream = TcpStream::connect(self.server).unwrap();
        let key = self.api_key.as_ref().map(|key| format!("Authorization: Bearer {key}\r\n")).unwrap_or_default();
        write!(stream, "GET /v1/log/{}/{path} HTTP/1.0\r\nHost: localhost\r\n{key}\r\n", self.workspace).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let end = answer.windows(4).position(|w| w == b"\r\n\r\n").expect("a head");
        let status = std::str::from_utf8(&answer[9..12]).unwrap().parse().unwrap();
        (status, answer.split_off(end + 4))
    }

    fn found(&self, path: &str) -> Vec<u8> {
        let (status, body) = self.get(path);
        assert_eq!(status, 200, "{path}: {}", String::from_utf8_lossy(&body));
        body
    }

    /// The latest checkpoint, if one of these keys signed it.
    fn checkpoint(&self, vkey: &str) -> Result<Checkpoint, String> {
        let note = Note::from_bytes(&self.found("checkpoint")).map_err(|e| e.to_string())?;
        let verifier = StandardVerifier::new(vkey).map_err(|e| format!("{e:?}"))?;
        note.verify(&VerifierList::new(vec![Box::new(verifier)])).map_err(|e| e.to_string())?;
        Checkpoint::from_bytes(note.text()).map_err(|e| format!("{e:?}"))
    }

    /// All entries of a log, out of its bundles: two bytes of length before each.
    fn entries(&self, size: u64) -> Vec<Vec<u8>> {
        let mut entries = Vec::new();
        for bundle in 0..size.div_ceil(256) {
            let width = (size - bundle * 256).min(256);
            let part = if width == 256 { String::new() } else { format!(".p/{width}") };
            let body = self.found(&format!("tile/entries/{bundle:03}{part}"));
            let mut rest = body.as_slice();
            while let Some((length, tail)) = rest.split_first_chunk::<2>() {
                let (entry, tail) = tail.split_at(usize::from(u16::from_be_bytes(*length)));
                entries.push(entry.to_vec());
                rest = tail;
            }
        }
        assert_eq!(entries.len() as u64, size);
        entries
    }
}

impl tlog_tiles::TileReader for Log {
    fn height(&self) -> u8 {
        8
    }

    fn read_tiles(&self, tiles: &[Tile]) -> Result<Vec<Vec<u8>>, tlog_tiles::Error> {
        // Their path has the height in it, which C2SP fixes at 8.
        Ok(tiles.iter().map(|tile| self.found(&tile.path().replacen("tile/8/", "tile/", 1))).collect())
    }

    fn save_tiles(&self, _: &[Tile], _: &[Vec<u8>]) {}
}

/// A C2SP tlog-proof, read by hand: index, hashes, checkpoint.
fn tlog_proof(text: &str) -> (u64, Vec<Hash>, String) {
    let (proof, note) = text.split_once("\n\n").expect("an empty line before the checkpoint");
    let mut lines = proof.lines();
    assert_eq!(lines.next(), Some("c2sp.org/tlog-proof@v1"));
    let index = lines.next().and_then(|line| line.strip_prefix("index ")).expect("an index").parse().unwrap();
    (index, lines.map(|line| Hash(STANDARD.decode(line).unwrap().try_into().unwrap())).collect(), note.to_owned())
}

fn consistency(log: &Log, from: u64, to: u64) -> Vec<Hash> {
    let json: Value = serde_json::from_slice(&log.found(&format!("consistency?from={from}&to={to}"))).unwrap();
    json["hashes"].as_array().unwrap().iter().map(|h| Hash(hex::decode(h.as_str().unwrap()).unwrap().try_into().unwrap())).collect()
}

fn root(checkpoint: &Checkpoint) -> RootHash<Sha256> {
    RootHash::new(checkpoint.hash().0.into(), checkpoint.size())
}

/// What an outsider does who keeps the last checkpoint they saw and trusts nothing else.
fn audited(log: &Log, vkey: &str, kept: Option<&Checkpoint>) -> Checkpoint {
    let checkpoint = log.checkpoint(vkey).unwrap();
    assert_eq!(checkpoint.origin(), format!("countersign/{}", log.workspace));
    let (size, hash) = (checkpoint.size(), *checkpoint.hash());

    // The tiles lead to the signed root: their reader holds each against it.
    let hashes = TileHashReader::new(size, hash, log);
    assert_eq!(tree_hash(size, &hashes).unwrap(), hash);

    // The entries are what the leaves say, and every one is proven in two ways and by two libraries.
    let entries = log.entries(size);
    for (index, entry) in entries.iter().enumerate().step_by(7) {
        let index = index as u64;
        let (named, proof, note) = tlog_proof(&String::from_utf8(log.found(&format!("proof/{index}"))).unwrap());
        assert_eq!((named, note.as_bytes()), (index, log.found("checkpoint").as_slice()));
        check_record(&proof, size, hash, index, record_hash(entry)).unwrap();
        assert_eq!(prove_record(size, index, &hashes).unwrap(), proof);
        let digests = InclusionProof::<Sha256>::from_bytes(proof.iter().flat_map(|h| h.0).collect());
        root(&checkpoint).verify_inclusion(entry, index, &digests).unwrap();
        let mut other = entry.clone();
        other[0] ^= 1;
        assert!(check_record(&proof, size, hash, index, record_hash(&other)).is_err());
        assert!(root(&checkpoint).verify_inclusion(&other, index, &digests).is_err());
    }

    // The log only grew since the checkpoint that was kept.
    if let Some(kept) = kept {
        let proof = consistency(log, kept.size(), size);
        check_tree(&proof, size, hash, kept.size(), *kept.hash()).unwrap();
        assert_eq!(prove_tree(size, kept.size(), &hashes).unwrap(), proof);
        let digests = ConsistencyProof::<Sha256>::try_from_bytes(proof.iter().flat_map(|h| h.0).collect()).unwrap();
        root(&checkpoint).verify_consistency(&root(kept), &digests).unwrap();
    }
    checkpoint
}

async fn served(kit: &Kit) -> Log {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = listener.local_addr().unwrap();
    let router = countersign_server::router(kit.app.clone(), countersign_server::ServerConfig::default());
    tokio::spawn(async move { axum::serve(listener, router).await });
    let input = ApiKeyInput { name: "auditor".into(), scopes: vec!["ledger:read".into()], person: None, expires: None };
    let (_, key) = kit.workspace.api_key_add(&caller(), input).await.unwrap();
    Log { server, workspace: kit.workspace.id().to_string(), api_key: Some(key) }
}

#[tokio::test(flavor = "multi_thread")]
async fn foreign_libraries_accept_the_log_over_http() {
    each_engine(81, |kit| async move {
        let log = served(&kit).await;
        kit.publish(&playbook("plain", "assist", "")).await;
        let first_key = kit.workspace.log_key().await.unwrap();
        let auditor = |key: &str, kept: Option<Checkpoint>| {
            let (log, key) = (log.clone(), key.to_owned());
            tokio::task::spawn_blocking(move || audited(&log, &key, kept.as_ref()))
        };
        kit.integrate().await;
        let mut kept = auditor(&first_key, None).await.unwrap();
        // Through the sizes at which tiles fill up: more than one tile of the lowest level, with partial ones between.
        story::past(&kit, 3).await;
        let key = kit.workspace.log_key().await.unwrap();
        assert_ne!(key, first_key, "the past holds a rotation");
        assert!(log.checkpoint(&first_key).is_err(), "the old key signs no longer");
        kit.integrate().await;
        kept = auditor(&key, Some(kept)).await.unwrap();
        for batch in 0..4 {
            for n in 0..60 {
                kit.open(case("plain", &format!("f-{batch}-{n}"), "odd login")).await;
            }
            kit.integrate().await;
            kept = auditor(&key, Some(kept)).await.unwrap();
        }
        assert!(kept.size() > 512, "only {} entries", kept.size());

        // A stranger's key and a log that is not there.
        let stranger = key.replacen("countersign/", "countersigm/", 1);
        assert!(log.checkpoint(&stranger).is_err());
        let elsewhere = Log { workspace: "00000000-0000-4000-8000-000000000000".into(), ..log.clone() };
        assert_eq!(elsewhere.get("checkpoint").0, 404);
        // Hashes are for everyone; entries, which tell who decided what, take a key.
        let nobody = Log { api_key: None, ..log.clone() };
        assert_eq!(nobody.get("tile/0/000").0, 200);
        assert_eq!(nobody.get("tile/entries/000").0, 401);
    })
    .await;
}
