//! Draws: known answers made by another HMAC implementation, and their distribution.

use super::*;

#[test]
fn draws_never_change() {
    // Python's hmac and hashlib over the bytes that the documentation of `draw` names. The last two throw words away first.
    assert_eq!(commitment(&[5; 32]).to_string(), "6cff2b93eb1bf508098de5511cae19aac3efb73269b85d6fb0c4dc2f46abae07");
    for (subject, want) in [("case 0", 676840880), ("case 1", 778777423), ("case 9", 793479732), ("case 14", 417419444)] {
        assert_eq!(draw(&[5; 32], b"workspace", subject.as_bytes(), "audit"), want, "{subject}");
    }
}

#[test]
fn draws_are_spread_evenly_and_apart() {
    let mut below_tenth = 0;
    let mut retried = 0;
    for subject in 0..20_000_u32 {
        let value = draw(&[5; 32], b"w", &subject.to_be_bytes(), "audit");
        assert!(value < BILLION);
        below_tenth += u32::from(value < BILLION / 10);
        retried += u32::from(word(&[5; 32], 0, [b"w", &subject.to_be_bytes(), b"audit"]) >= ACCEPTED_BELOW);
    }
    // Five standard deviations of a binomial around its mean.
    assert!((1_788..=2_212).contains(&below_tenth), "{below_tenth}");
    // One word in fifteen is thrown away: 295 / 4295.
    assert!((1_195..=1_553).contains(&retried), "{retried}");
}

#[test]
fn every_input_matters_and_parts_do_not_run_together() {
    let all = [
        draw(&[5; 32], b"w", b"s", "p"),
        draw(&[6; 32], b"w", b"s", "p"),
        draw(&[5; 32], b"x", b"s", "p"),
        draw(&[5; 32], b"w", b"t", "p"),
        draw(&[5; 32], b"w", b"s", "q"),
        draw(&[5; 32], b"ws", b"", "p"),
        draw(&[5; 32], b"", b"ws", "p"),
        draw(&[5; 32], b"w", b"sp", ""),
    ];
    assert!(all.iter().enumerate().all(|(at, value)| !all[..at].contains(value)), "{all:?}");
}
