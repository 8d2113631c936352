//! Bundles: a good one, every way to spoil one, and flipped bytes.

use std::sync::LazyLock;

use proptest::prelude::*;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::*;
use crate::merkle::inclusion_proof;
use crate::note::{self, Note, SigningKey};
use crate::rotation::Rotation;
use crate::tile::{TileNodes, TileSet, integrate};

const ORIGIN: &str = "log.example/a";
const SIZE: usize = 12;

fn key(seed: u8) -> SigningKey {
    SigningKey::from_seed(ORIGIN, &[seed; 32]).unwrap()
}

/// A commitment over every part of the opening; the real one is the business of others.
fn commit(opening: &Opening) -> Option<Hash> {
    let Opening { salt, value, context, .. } = opening;
    context.contains_key("field").then(|| {
        let context = serde_json::to_vec(context).unwrap();
        <[u8; 32]>::from(Sha256::digest([&b"test"[..], salt.as_ref(), value, b"\0", &context].concat())).into()
    })
}

fn opening() -> Opening {
    let context = [("field".to_owned(), "body".to_owned()), ("case".to_owned(), "c1".to_owned())].into();
    let mut opening = Opening { commitment: merkle::EMPTY_ROOT, salt: leaf_hash(b"salt"), value: b"My invoice".to_vec(), context };
    opening.commitment = commit(&opening).unwrap();
    opening
}

fn events() -> Vec<Vec<u8>> {
    let sealed = opening().commitment;
    let event = |number: usize| match number {
        3 => json!({"id": "e3", "body": {"fields": [{"sealed": {"commitment": sealed}}]}}),
        7 => {
            json!({"id": "e7", "body": {"decision": "d-1", "answer": "bill\u{f6}ng", "at": 1_790_000_000_000_000_u64}})
        }
        _ => json!({"id": format!("e{number}")}),
    };
    (0..SIZE).map(|number| canonical::to_vec(&event(number)).unwrap()).collect()
}

/// A bundle of events 3 and 7 of a log of twelve, whose key was rotated at size 5.
fn good() -> Bundle {
    let events = events();
    let leaves: Vec<Hash> = events.iter().map(|event| leaf_hash(event)).collect();
    let integration = integrate(0, &[], &leaves).unwrap();
    let tiles: TileSet = integration.changed.into_iter().collect();
    let entry = |position: u64| Entry {
        position,
        event: events[position as usize].clone(),
        proof: inclusion_proof(&TileNodes::new(&tiles, SIZE as u64), position, SIZE as u64).unwrap(),
    };
    let rotation = Rotation { size: 5, next: key(2).verifier().clone() };
    Bundle {
        format: FORMAT.into(),
        origin: ORIGIN.into(),
        decision: "d-1".into(),
        key: key(1).verifier().clone(),
        rotations: vec![rotation.sign(&key(1)).unwrap()],
        checkpoint: Checkpoint::new(ORIGIN, SIZE as u64, integration.root).sign(&[&key(2)]).unwrap(),
        entries: vec![entry(3), entry(7)],
        earlier: Vec::new(),
        openings: vec![opening()],
    }
}

fn check(bundle: &Bundle) -> Result<Verified, Error> {
    verify(&bundle.to_bytes().unwrap(), Some(key(1).verifier()), commit)
}

/// The error of the good bundle after one change.
fn spoiled(spoil: impl FnOnce(&mut Bundle)) -> Error {
    let mut bundle = good();
    spoil(&mut bundle);
    check(&bundle).unwrap_err()
}

#[test]
fn a_good_bundle_gives_its_events() {
    let bundle = good();
    let verified = check(&bundle).unwrap();
    assert_eq!((verified.checkpoint.size, verified.key, verified.trusted), (12, key(2).verifier().clone(), true));
    assert_eq!(verified.events.iter().map(|event| event.position).collect::<Vec<_>>(), [3, 7]);
    assert_eq!(verified.events[1].value["body"]["decision"], "d-1");
    assert_eq!(verified.openings, bundle.openings);
    let bytes = bundle.to_bytes().unwrap();
    assert_eq!(Bundle::from_bytes(&bytes), Ok(bundle.clone()));
    assert!(verify(&bytes, Some(key(2).verifier()), commit).unwrap().trusted);
    assert!(!verify(&bytes, None, commit).unwrap().trusted);
    let entry = &bundle.entries[1];
    let text = bundle.proof_of(entry).to_string();
    assert_eq!(text.parse::<Proof>().unwrap().verify(&entry.event, key(2).verifier()).unwrap().size, 12);
}

#[test]
fn errors_name_what_failed() {
    let stranger = SigningKey::from_seed(ORIGIN, &[9; 32]).unwrap();
    assert!(matches!(
        verify(&good().to_bytes().unwrap(), Some(stranger.verifier()), commit),
        Err(Error::Keys(rotation::Error::Untrusted(_)))
    ));
    assert!(matches!(spoiled(|b| b.format = "countersign-bundle/2".into()), Error::Format(_)));
    assert!(matches!(spoiled(|b| b.origin = "log.example/b".into()), Error::Origin { .. }));
    assert!(matches!(spoiled(|b| b.key = stranger.verifier().clone()), Error::Keys(rotation::Error::Link { index: 0, .. })));
    assert!(matches!(spoiled(|b| b.rotations.clear()), Error::Checkpoint(rotation::Error::Note(note::Error::Unsigned))));
    assert!(matches!(
        spoiled(|b| b.checkpoint = b.checkpoint.replace("\n12\n", "\n13\n")),
        Error::Checkpoint(rotation::Error::Note(note::Error::Signature { .. }))
    ));
    assert_eq!(spoiled(|b| b.entries.clear()), Error::Empty);
    assert_eq!(spoiled(|b| b.entries.swap(0, 1)), Error::Order { entry: 1, position: 3 });
    assert_eq!(spoiled(|b| b.entries[1] = b.entries[0].clone()), Error::Order { entry: 1, position: 3 });
    assert!(matches!(spoiled(|b| b.entries[1].position = 8), Error::NotIncluded { entry: 1, position: 8, .. }));
    assert!(matches!(spoiled(|b| b.entries[1].position = u64::MAX), Error::NotIncluded { entry: 1, .. }));
    assert!(matches!(spoiled(|b| b.entries[0].event.push(b' ')), Error::NotIncluded { entry: 0, position: 3, .. }));
    assert!(matches!(spoiled(|b| b.entries[1].proof.truncate(1)), Error::NotIncluded { entry: 1, .. }));
    assert_eq!(
        spoiled(|b| b.entries[1].event = vec![b' '; ENTRY_BYTES_MAX + 1]),
        Error::EntryTooLong { entry: 1, bytes: ENTRY_BYTES_MAX + 1 }
    );
    assert_eq!(spoiled(|b| b.decision = "d-2".into()), Error::DecisionNotNamed("d-2".into()));
    assert_eq!(spoiled(|b| b.openings[0].value.push(0)), Error::OpeningWrong(0));
    assert_eq!(spoiled(|b| b.openings[0].salt = leaf_hash(b"pepper")), Error::OpeningWrong(0));
    assert_eq!(spoiled(|b| b.openings[0].context.clear()), Error::OpeningWrong(0));
    let unattached = |b: &mut Bundle| {
        b.openings[0].value.push(0);
        b.openings[0].commitment = commit(&b.openings[0]).unwrap();
    };
    assert_eq!(spoiled(unattached), Error::OpeningUnattached(0));
    assert!(matches!(spoiled(|b| b.entries = vec![b.entries[0].clone(); ENTRIES_MAX + 1]), Error::TooMany { what: "entries", .. }));
    assert!(matches!(spoiled(|b| b.entries[0].proof = vec![merkle::EMPTY_ROOT; 65]), Error::TooMany { .. }));
}

#[test]
fn a_logged_event_that_is_not_canonical_is_refused() {
    let event = br#"{"decision": "d-1"}"#.to_vec();
    let mut bundle = Bundle { rotations: Vec::new(), openings: Vec::new(), ..good() };
    bundle.checkpoint = Checkpoint::new(ORIGIN, 1, leaf_hash(&event)).sign(&[&key(1)]).unwrap();
    bundle.entries = vec![Entry { position: 0, event, proof: Vec::new() }];
    assert_eq!(check(&bundle), Err(Error::NotCanonical { entry: 0, source: canonical::Error::NotCanonical }));
}

#[test]
fn a_retired_key_cannot_sign_on() {
    let mut bundle = good();
    let root = Note::parse(&bundle.checkpoint).unwrap().text().parse::<Checkpoint>().unwrap().root;
    bundle.checkpoint = Checkpoint::new(ORIGIN, SIZE as u64, root).sign(&[&key(1)]).unwrap();
    assert_eq!(check(&bundle), Err(Error::Checkpoint(rotation::Error::Retired(12))));
}

#[test]
fn files_of_another_shape_are_refused() {
    let text = String::from_utf8(good().to_bytes().unwrap()).unwrap();
    let refuse = |text: &str| assert!(matches!(Bundle::from_bytes(text.as_bytes()), Err(Error::Syntax(_))), "{text:.60}");
    refuse("");
    refuse("{}");
    refuse(&text.replacen('{', "{\"more\": 1,", 1));
    refuse(&text.replacen('{', "{\"origin\": \"x\",", 1));
    refuse(&text.replacen("\"position\": 3", "\"position\": 3, \"more\": 1", 1));
    refuse(&text.replacen("\"position\": 3", "\"position\": 3.0", 1));
    refuse(&text.replacen("\"position\": 3", "\"position\": -3", 1));
    refuse(&(text + "x"));
    assert_eq!(Bundle::from_bytes(&vec![0; BUNDLE_BYTES_MAX + 1]), Err(Error::TooLong(BUNDLE_BYTES_MAX + 1)));
}

const LATER: &str = "log.example/later";

/// The good bundle's log taken over by another one, whose first leaf holds its checkpoint; the decision is in the later log.
fn taken_over() -> Bundle {
    let old = good();
    let events: Vec<Vec<u8>> = [json!({"body": {"old_checkpoint": old.checkpoint}}), json!({"body": {"decision": "d-2"}})]
        .iter()
        .map(|event| canonical::to_vec(event).unwrap())
        .collect();
    let leaves: Vec<Hash> = events.iter().map(|event| leaf_hash(event)).collect();
    let root = integrate(0, &[], &leaves).unwrap().root;
    let later = SigningKey::from_seed(LATER, &[3; 32]).unwrap();
    let entry = |n: usize| Entry { position: n as u64, event: events[n].clone(), proof: vec![leaves[1 - n]] };
    Bundle {
        origin: LATER.into(),
        decision: "d-2".into(),
        key: later.verifier().clone(),
        rotations: Vec::new(),
        checkpoint: Checkpoint::new(LATER, 2, root).sign(&[&later]).unwrap(),
        entries: vec![entry(0), entry(1)],
        earlier: vec![EarlierLog { checkpoint: old.checkpoint.clone(), entries: old.entries.clone() }],
        ..old
    }
}

fn check_taken_over(bundle: &Bundle) -> Result<Verified, Error> {
    verify(&bundle.to_bytes().unwrap(), Some(taken_over().key).as_ref(), commit)
}

#[test]
fn the_first_leaf_of_a_log_vouches_for_the_one_before() {
    let bundle = taken_over();
    let verified = check_taken_over(&bundle).unwrap();
    let places: Vec<_> = verified.events.iter().map(|event| (event.log, event.position)).collect();
    assert_eq!(places, [(0, 3), (0, 7), (1, 0), (1, 1)]);
    assert_eq!((verified.checkpoint.origin.as_str(), verified.earlier), (LATER, vec![good().checkpoint]));
    assert_eq!(verified.openings.len(), 1, "of a commitment in the earlier log");
    assert_eq!(Bundle::from_bytes(&bundle.to_bytes().unwrap()), Ok(bundle));
}

#[test]
fn nothing_is_believed_of_an_earlier_log_that_is_not_vouched_for() {
    let spoiled = |spoil: &dyn Fn(&mut Bundle)| {
        let mut bundle = taken_over();
        spoil(&mut bundle);
        check_taken_over(&bundle).unwrap_err()
    };
    let unvouched = Error::Earlier { log: 0, source: earlier::Error::NotVouchedFor };
    assert_eq!(spoiled(&|b| drop(b.entries.remove(0))), unvouched);
    assert_eq!(spoiled(&|b| b.earlier[0].checkpoint = b.checkpoint.clone()), unvouched);
    let forged = |b: &mut Bundle| b.earlier[0].checkpoint = Checkpoint::new(ORIGIN, 12, leaf_hash(b"x")).sign(&[&key(2)]).unwrap();
    assert_eq!(spoiled(&forged), unvouched);
    assert_eq!(spoiled(&|b| b.earlier.push(b.earlier[0].clone())), Error::Earlier { log: 0, source: earlier::Error::NotVouchedFor });
    let entry = |b: &Bundle, spoil: &dyn Fn(&mut Bundle)| {
        let mut bundle = b.clone();
        spoil(&mut bundle);
        match check_taken_over(&bundle).unwrap_err() {
            Error::Earlier { log: 0, source: earlier::Error::Entry(error) } => *error,
            other => panic!("{other}"),
        }
    };
    let good = taken_over();
    assert_eq!(entry(&good, &|b| b.earlier[0].entries.clear()), Error::Empty);
    assert_eq!(entry(&good, &|b| b.earlier[0].entries.swap(0, 1)), Error::Order { entry: 1, position: 3 });
    assert!(matches!(entry(&good, &|b| b.earlier[0].entries[1].position = 8), Error::NotIncluded { entry: 1, position: 8, .. }));
    assert!(matches!(entry(&good, &|b| b.earlier[0].entries[0].event.push(b' ')), Error::NotIncluded { entry: 0, .. }));
    let many = |b: &mut Bundle| b.earlier = vec![b.earlier[0].clone(); EARLIER_LOGS_MAX + 1];
    assert!(matches!(spoiled(&many), Error::TooMany { what: "earlier logs", .. }));
}

/// What the good bundle proves, and its bytes.
static GOOD: LazyLock<(Verified, Vec<u8>)> = LazyLock::new(|| (check(&good()).unwrap(), good().to_bytes().unwrap()));
static TAKEN_OVER: LazyLock<(Verified, Vec<u8>)> =
    LazyLock::new(|| (check_taken_over(&taken_over()).unwrap(), taken_over().to_bytes().unwrap()));

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    #[test]
    fn a_flipped_byte_is_refused_or_changes_nothing_verified(at in any::<prop::sample::Index>(), flip in 1_u8..) {
        let (want, mut bytes) = GOOD.clone();
        let at = at.index(bytes.len());
        bytes[at] ^= flip;
        if let Ok(verified) = verify(&bytes, Some(key(1).verifier()), commit) {
            prop_assert_eq!(verified, want, "byte {} became {:?}", at, bytes[at] as char);
        }
    }

    #[test]
    fn a_flipped_byte_of_two_logs_is_refused_or_changes_nothing_verified(at in any::<prop::sample::Index>(), flip in 1_u8..) {
        let (want, mut bytes) = TAKEN_OVER.clone();
        let at = at.index(bytes.len());
        bytes[at] ^= flip;
        if let Ok(verified) = verify(&bytes, Some(&want.key), commit) {
            prop_assert_eq!(verified, want, "byte {} became {:?}", at, bytes[at] as char);
        }
    }
}
