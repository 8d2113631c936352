//! Notes and keys: the specification's example, round trips, and hostile input.

use proptest::prelude::*;

use super::*;

fn key(seed: u8) -> SigningKey {
    SigningKey::from_seed("log.example/a", &[seed; 32]).unwrap()
}

#[test]
fn a_note_round_trips_and_verifies() {
    let (one, two, witness) = (key(1), key(2), SigningKey::witness_from_seed("witness.example", &[3; 32]).unwrap());
    let mut note = Note::sign("first\n\nsecond\n".into(), &[&one]).unwrap();
    note.cosign(&witness, 1_679_315_147).unwrap();
    let text = note.to_string();
    assert!(text.starts_with("first\n\nsecond\n\n\u{2014} log.example/a "));
    assert_eq!(Note::parse(&text).as_ref(), Ok(&note));
    assert_eq!(note.verify(&[one.verifier()]).unwrap(), [Signer { key: one.verifier(), timestamp: None }]);
    assert_eq!(
        note.verify(&[two.verifier(), witness.verifier()]).unwrap(),
        [Signer { key: witness.verifier(), timestamp: Some(1_679_315_147) }]
    );
    assert_eq!(note.verify(&[two.verifier()]), Err(Error::Unsigned));
    assert_eq!(note.verify(&[]), Err(Error::Unsigned));
}

#[test]
fn a_wrong_signature_by_a_known_key_spoils_the_note() {
    let (one, two) = (key(1), key(2));
    let mut note = Note::sign("text\n".into(), &[&one, &two]).unwrap();
    note.signatures[0].bytes[7] ^= 1;
    let wrong = Error::Signature { name: "log.example/a".into(), key_id: one.verifier().key_id() };
    assert_eq!(note.verify(&[two.verifier(), one.verifier()]), Err(wrong));
    assert!(note.verify(&[two.verifier()]).is_ok());
    // A signature under another name or with another type is unknown, not wrong.
    let namesake = SigningKey::from_seed("log.example/b", &[1; 32]).unwrap();
    let as_witness = SigningKey::witness_from_seed("log.example/a", &[1; 32]).unwrap();
    let note = Note::sign("text\n".into(), &[&one]).unwrap();
    assert_eq!(note.verify(&[namesake.verifier(), as_witness.verifier()]), Err(Error::Unsigned));
}

#[test]
fn keys_sign_only_what_they_are_for() {
    let (log, witness) = (key(1), SigningKey::witness_from_seed("w", &[1; 32]).unwrap());
    assert!(matches!(Note::sign("text\n".into(), &[&witness]), Err(Error::Algorithm(_))));
    let mut note = Note::sign("text\n".into(), &[&log]).unwrap();
    assert!(matches!(note.cosign(&log, 1), Err(Error::Algorithm(_))));
    assert!(matches!(note.cosign(&witness, 1 << 63), Err(Error::Malformed(_))));
    note.cosign(&witness, (1 << 63) - 1).unwrap();
    // The time is part of what is signed.
    note.signatures[1].bytes[7] ^= 1;
    assert!(matches!(note.verify(&[witness.verifier()]), Err(Error::Signature { .. })));
}

#[test]
fn malformed_notes_are_refused() {
    let good = Note::sign("text\n".into(), &[&key(1)]).unwrap().to_string();
    let line = good.lines().last().unwrap();
    for bad in [
        String::new(),
        "text\n".into(),
        "text\n\n".into(),
        format!("text\n{line}\n"),
        format!("text\n\n{line}"),
        format!("text\n\n{line}\n\n"),
        format!("te\txt\n\n{line}\n"),
        format!("te\rxt\n\n{line}\n"),
        format!("text\n\n- {}\n", &line[4..]),
        format!("text\n\n{line} \n"),
        "text\n\n\u{2014} log+a AAAAAAA=\n".into(),
        "text\n\n\u{2014}  AAAAAAA=\n".into(),
        "text\n\n\u{2014} a AAAAAA==\n".into(),
        "text\n\n\u{2014} a AAAAAAB=\n".into(),
        "text\n\n\u{2014} a\n".into(),
        format!("text\n\n{}", format!("{line}\n").repeat(SIGNATURES_MAX + 1)),
        format!("{}\n\n{line}\n", "x".repeat(NOTE_BYTES_MAX)),
    ] {
        assert!(matches!(Note::parse(&bad), Err(Error::Malformed(_))), "{:.80}", bad);
    }
    for text in ["", "no newline", "nul\0\n", "tab\t\n"] {
        assert!(Note::sign(text.into(), &[&key(1)]).is_err(), "{text:?}");
    }
}

#[test]
fn keys_have_one_spelling() {
    let text = "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx";
    let key: VerifierKey = text.parse().unwrap();
    assert_eq!((key.to_string().as_str(), key.key_id(), key.name()), (text, 0x33d7_b496, "example.com/log/testdata"));
    assert_eq!(serde_json::from_str::<VerifierKey>(&serde_json::to_string(&key).unwrap()).unwrap(), key);
    for bad in [
        "",
        "a",
        "a+b",
        "example.com/log/testdata+33d7b497+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx",
        "example.com/log/testdata+33D7B496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx",
        "example.com/log/testdat+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx",
        "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkS",
        "example.com/log/testdata+33d7b496+AuHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx",
        " example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx",
    ] {
        assert!(matches!(bad.parse::<VerifierKey>(), Err(Error::Key(_))), "{bad}");
    }
    for name in ["", "a b", "a+b", "a\u{2003}b", "a\nb", "a\u{1}b", &"x".repeat(KEY_NAME_BYTES_MAX + 1)] {
        assert!(SigningKey::from_seed(name, &[1; 32]).is_err(), "{name:?}");
    }
    assert_eq!(format!("{:?}", super::tests::key(1)), format!("SigningKey({})", super::tests::key(1).verifier()));
}

#[test]
fn weak_and_oddly_encoded_keys_are_refused() {
    let mut identity = [0; 32];
    identity[0] = 1;
    let mut order_four = [0; 32];
    order_four[31] = 0x80;
    // y = p + 3, the other spelling of y = 3: a point, of large order, that has a canonical encoding elsewhere.
    let mut other_spelling = [0xff; 32];
    (other_spelling[0], other_spelling[31]) = (0xf0, 0x7f);
    for public in [identity, [0; 32], order_four, other_spelling, [0xff; 32]] {
        assert!(VerifierKey::new("a", Algorithm::Ed25519, &public).is_err(), "{public:x?}");
    }
    assert!(ed25519_dalek::VerifyingKey::from_bytes(&other_spelling).is_ok_and(|key| !key.is_weak()));
}

#[test]
fn a_signature_has_one_spelling() {
    let key = key(1);
    let mut signature: [u8; 64] = key.sign("text\n").unwrap().bytes.try_into().unwrap();
    assert!(verify_ed25519(key.verifier().public(), b"text\n", &signature));
    // The scalar plus the order of the group is the same scalar, spelled with a larger number.
    let order = hex::decode("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010").unwrap();
    let mut carry = 0;
    for (byte, add) in signature[32..].iter_mut().zip(order) {
        let sum = u16::from(*byte) + u16::from(add) + carry;
        (*byte, carry) = (sum as u8, sum >> 8);
    }
    assert_eq!(carry, 0);
    assert!(!verify_ed25519(key.verifier().public(), b"text\n", &signature));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn a_flipped_byte_never_changes_what_is_verified(at in any::<prop::sample::Index>(), flip in 1_u8..) {
        let key = key(9);
        let good = Note::sign("origin\n12\nroot\n".into(), &[&key]).unwrap();
        let mut bytes = good.to_string().into_bytes();
        let at = at.index(bytes.len());
        bytes[at] ^= flip;
        let Ok(text) = String::from_utf8(bytes) else { return Ok(()) };
        if let Ok(note) = Note::parse(&text) {
            prop_assert!(note.verify(&[key.verifier()]).is_err());
        }
    }

    #[test]
    fn any_text_parses_to_itself_or_is_refused(text in "[a\n\u{2014} A=]{0,60}") {
        if let Ok(note) = Note::parse(&text) {
            prop_assert_eq!(note.to_string(), text);
        }
    }
}
