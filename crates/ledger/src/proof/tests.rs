//! Proof files: the form of the specification, strictness, and every byte of it flipped.

use proptest::prelude::*;

use super::*;
use crate::merkle::node_hash;
use crate::note::SigningKey;

fn key() -> SigningKey {
    SigningKey::from_seed("log.example/a", &[1; 32]).unwrap()
}

/// Entry `b` at position 1 of the log `a`, `b`, `c`.
fn sample(extra: Option<&[u8]>) -> Proof {
    let [a, b, c] = [b"a", b"b", b"c"].map(|entry| leaf_hash(entry));
    let checkpoint = Checkpoint::new("log.example/a", 3, node_hash(&node_hash(&a, &b), &c)).sign(&[&key()]).unwrap();
    Proof { extra: extra.map(<[u8]>::to_vec), index: 1, hashes: vec![a, c], checkpoint }
}

#[test]
fn a_proof_round_trips_and_verifies() {
    for extra in [None, Some(&b""[..]), Some(b"anything")] {
        let proof = sample(extra);
        let text = proof.to_string();
        assert_eq!(text.parse().as_ref(), Ok(&proof));
        assert_eq!(proof.verify(b"b", key().verifier()).unwrap().size, 3);
        assert_eq!(proof.verify(b"a", key().verifier()), Err(Error::Inclusion(merkle::Error::RootMismatch)));
    }
    let text = sample(Some(b"x")).to_string();
    assert!(text.starts_with("c2sp.org/tlog-proof@v1\nextra eA==\nindex 1\nAippeebat6pa5MPl5F9+l3ESp+Y1k4INvsHsc4ok+Tw=\n"), "{text}");
    let stranger = SigningKey::from_seed("log.example/a", &[2; 32]).unwrap();
    assert!(matches!(sample(None).verify(b"b", stranger.verifier()), Err(Error::Checkpoint(_))));
}

#[test]
fn malformed_proofs_are_refused() {
    let hash = BASE64.encode([0; 32]);
    for bad in [
        "".to_owned(),
        "c2sp.org/tlog-proof@v1\n\nnote".into(),
        "c2sp.org/tlog-proof@v2\nindex 0\n\nnote".into(),
        "c2sp.org/tlog-proof@v1\nindex 00\n\nnote".into(),
        "c2sp.org/tlog-proof@v1\nindex -1\n\nnote".into(),
        "c2sp.org/tlog-proof@v1\nindex 0\nnote".into(),
        "c2sp.org/tlog-proof@v1\nindex 0\nextra eA==\n\nnote".into(),
        "c2sp.org/tlog-proof@v1\nextra eA\nindex 0\n\nnote".into(),
        "c2sp.org/tlog-proof@v1\nextra eA==\nextra eA==\nindex 0\n\nnote".into(),
        "c2sp.org/tlog-proof@v1\nindex 0\nAAAA\n\nnote".into(),
        format!("c2sp.org/tlog-proof@v1\r\nindex 0\n{hash}\n\nnote"),
        format!("c2sp.org/tlog-proof@v1\nindex 0\n{hash} \n\nnote"),
        format!("c2sp.org/tlog-proof@v1\nindex 0\n{}\nnote", format!("{hash}\n").repeat(65)),
        format!("c2sp.org/tlog-proof@v1\nextra {}\nindex 0\n\nnote", "AAAA".repeat(EXTRA_BYTES_MAX / 3 + 1)),
    ] {
        assert!(matches!(bad.parse::<Proof>(), Err(Error::Malformed(_))), "{bad:.80}");
    }
}

#[test]
fn every_flipped_bit_is_refused_or_changes_nothing_that_is_proven() {
    let text = sample(Some(b"extra")).to_string();
    let want = sample(None).verify(b"b", key().verifier()).unwrap();
    for at in 0..text.len() {
        for bit in 0..8 {
            let mut bytes = text.clone().into_bytes();
            bytes[at] ^= 1 << bit;
            let Some(proof) = String::from_utf8(bytes).ok().and_then(|text| text.parse::<Proof>().ok()) else {
                continue;
            };
            if let Ok(checkpoint) = proof.verify(b"b", key().verifier()) {
                assert_eq!((checkpoint, proof.index), (want.clone(), 1), "byte {at} bit {bit}");
                assert_ne!(proof.extra, Some(b"extra".to_vec()), "only the extra data is vouched for by nobody");
            }
        }
    }
}

proptest! {
    #[test]
    fn any_text_parses_to_itself_or_is_refused(text in "c2sp.org/tlog-proof@v1\n(extra [A-D=]{0,5}\n)?index [0-9]{1,3}\n\n[a\n]{0,9}") {
        if let Ok(proof) = text.parse::<Proof>() {
            prop_assert_eq!(proof.to_string(), text);
        }
    }
}
