//! Rotations: chains that hold, and every way in which one does not.

use super::*;
use crate::merkle::EMPTY_ROOT;

fn key(seed: u8) -> SigningKey {
    SigningKey::from_seed("log.example/a", &[seed; 32]).unwrap()
}

fn rotation(from: u8, to: u8, size: u64) -> String {
    Rotation { size, next: key(to).verifier().clone() }.sign(&key(from)).unwrap()
}

fn chain(rotations: &[String]) -> Result<KeyChain, Error> {
    KeyChain::verify(key(1).verifier().clone(), rotations)
}

fn checkpoint(seed: u8, size: u64) -> String {
    Checkpoint::new("log.example/a", size, EMPTY_ROOT).sign(&[&key(seed)]).unwrap()
}

#[test]
fn each_key_signs_at_its_sizes() {
    let chain = chain(&[rotation(1, 2, 10), rotation(2, 3, 20)]).unwrap();
    assert_eq!(chain.current(), key(3).verifier());
    let sizes: Vec<_> = chain.keys().map(|(sizes, key)| (sizes, key.public()[0])).collect();
    assert_eq!(
        sizes,
        [(0..=10, key(1).verifier().public()[0]), (10..=20, key(2).verifier().public()[0]), (20..=u64::MAX, key(3).verifier().public()[0])]
    );
    for (seed, size) in [(1, 0), (1, 10), (2, 10), (2, 20), (3, 20), (3, u64::MAX)] {
        let note = checkpoint(seed, size);
        assert_eq!(chain.open(&note).unwrap().1, key(seed).verifier());
    }
    for (seed, size) in [(1, 11), (2, 9), (2, 21), (3, 19)] {
        assert_eq!(chain.open(&checkpoint(seed, size)), Err(Error::Retired(size)));
    }
    assert_eq!(chain.open(&checkpoint(4, 20)), Err(Error::Note(note::Error::Unsigned)));
    let elsewhere = Checkpoint::new("log.example/b", 20, EMPTY_ROOT).sign(&[&key(3)]).unwrap();
    assert!(matches!(chain.open(&elsewhere), Err(Error::Checkpoint(checkpoint::Error::Origin { .. }))));
}

#[test]
fn trust_goes_forward_only() {
    let chain = chain(&[rotation(1, 2, 10), rotation(2, 3, 20)]).unwrap();
    let later = chain.from_trusted(key(2).verifier()).unwrap();
    assert_eq!(later.keys().count(), 2);
    assert!(later.open(&checkpoint(2, 15)).is_ok());
    assert!(later.open(&checkpoint(3, 25)).is_ok());
    assert_eq!(later.open(&checkpoint(1, 5)), Err(Error::Note(note::Error::Unsigned)));
    assert!(matches!(chain.from_trusted(key(4).verifier()), Err(Error::Untrusted(_))));
}

#[test]
fn broken_chains_are_refused() {
    let link = |index, source| Err(Error::Link { index, source: Box::new(source) });
    assert_eq!(chain(&[rotation(2, 3, 10)]), link(0, Error::Note(note::Error::Unsigned)));
    assert_eq!(chain(&[rotation(1, 2, 10), rotation(1, 3, 20)]), link(1, Error::Note(note::Error::Unsigned)));
    assert_eq!(
        chain(&[rotation(1, 2, 10), rotation(2, 3, 9)]),
        link(1, Error::Malformed("the size is smaller than at the rotation before"))
    );
    assert_eq!(chain(&[rotation(1, 2, 10), rotation(2, 1, 20)]), link(1, Error::Malformed("a key that was retired comes back")));
    // A checkpoint is not a rotation, nor the other way round.
    assert!(matches!(chain(&[checkpoint(1, 10)]), Err(Error::Link { index: 0, .. })));
    assert!(Checkpoint::open(&rotation(1, 2, 10), key(1).verifier()).is_err());
    for next in [
        key(1).verifier().clone(),
        SigningKey::from_seed("b", &[2; 32]).unwrap().verifier().clone(),
        SigningKey::witness_from_seed("log.example/a", &[2; 32]).unwrap().verifier().clone(),
    ] {
        assert!(matches!(Rotation { size: 1, next }.sign(&key(1)), Err(Error::Malformed(_))));
    }
}

#[test]
fn every_flipped_byte_is_refused() {
    let text = rotation(1, 2, 10);
    assert_eq!(Rotation::open(&text, key(1).verifier()).unwrap().to_string(), text.split_once("\n\n").unwrap().0.to_owned() + "\n");
    for at in 0..text.len() {
        let mut bytes = text.clone().into_bytes();
        bytes[at] ^= 1;
        assert!(String::from_utf8(bytes).map_or(true, |text| Rotation::open(&text, key(1).verifier()).is_err()), "byte {at}");
    }
}
