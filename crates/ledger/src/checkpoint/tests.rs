//! Checkpoints: round trips, strictness, and the one log they are of.

use super::*;
use crate::merkle::{EMPTY_ROOT, leaf_hash};

fn key(name: &str) -> SigningKey {
    SigningKey::from_seed(name, &[1; 32]).unwrap()
}

#[test]
fn a_checkpoint_round_trips() {
    let key = key("log.example/a");
    for (size, extensions) in [(0, vec![]), (u64::MAX, vec!["more".to_owned(), "lines".to_owned()])] {
        let checkpoint = Checkpoint { extensions, ..Checkpoint::new("log.example/a", size, leaf_hash(b"x")) };
        let note = checkpoint.sign(&[&key]).unwrap();
        assert_eq!(Checkpoint::open(&note, key.verifier()), Ok(checkpoint));
    }
    let text = Checkpoint::new("o", 0, EMPTY_ROOT).to_string();
    assert_eq!(text, "o\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n");
}

#[test]
fn malformed_checkpoints_are_refused() {
    let root = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
    for bad in [
        String::new(),
        format!("o\n0\n{root}"),
        format!("\n0\n{root}\n"),
        format!("o\n\n{root}\n"),
        format!("o\n00\n{root}\n"),
        format!("o\n+1\n{root}\n"),
        format!("o\n-1\n{root}\n"),
        format!("o\n18446744073709551616\n{root}\n"),
        format!("o\n0\n{root}\n\n"),
        format!("o\n0\n{root}\nmore\n\nlines\n"),
        format!("o\n0\n{}\n", &root[..43]),
        format!("o\n0\n{}V=\n", &root[..42]),
        "o\n0\nAAAA\n".into(),
        "o\n0\n".into(),
    ] {
        assert!(matches!(bad.parse::<Checkpoint>(), Err(Error::Malformed(_))), "{bad:?}");
    }
    for origin in ["", "a\nb"] {
        assert!(Checkpoint::new(origin, 1, EMPTY_ROOT).sign(&[&key("a")]).is_err());
    }
    let empty_line = Checkpoint { extensions: vec![String::new()], ..Checkpoint::new("a", 1, EMPTY_ROOT) };
    assert!(empty_line.sign(&[&key("a")]).is_err());
}

#[test]
fn a_checkpoint_of_another_log_is_refused() {
    let key = key("a");
    let note = Checkpoint::new("b", 1, EMPTY_ROOT).sign(&[&key]).unwrap();
    assert_eq!(Checkpoint::open(&note, key.verifier()), Err(Error::Origin { want: "a".into(), got: "b".into() }));
}
