//! Tests of the report of an audit: in full on a small audit with a known wrong, and on hostile and empty ones.

use countersign_science::audit::{Batch, Collector, Names};
use countersign_science::fairness::Options;

use super::*;

const ROWS: usize = 1_200;

/// Whether a draw without randomness hits a share: the digits of the golden ratio, spread evenly.
fn hits(row: usize, stream: f64, share: f64) -> u8 {
    #[expect(clippy::cast_precision_loss, reason = "a thousand rows")]
    let at = (row as f64).mul_add(0.618_033_988_749_895, stream) % 1.0;
    u8::from(at < share)
}

/// The AI selects far more of the first group wrongly; people do so less.
fn audit(labelled: bool, names: &Names) -> Audit {
    let race: Vec<u32> = (0..ROWS).map(|row| [0, 0, 1, 1, 2][row % 5]).collect();
    let sex: Vec<u32> = (0..ROWS).map(|row| u32::from(row % 3 == 0)).collect();
    let truth: Vec<u8> = (0..ROWS).map(|row| if labelled { hits(row / 7, 0.3, 0.4) } else { 2 }).collect();
    let rate = |row: usize, wrong: f64| {
        if truth[row] == 1 {
            0.7
        } else if race[row] == 0 {
            wrong
        } else {
            0.2
        }
    };
    let ai: Vec<u8> = (0..ROWS).map(|row| hits(row / 5, 0.1, rate(row, 0.55))).collect();
    let people: Vec<u8> = (0..ROWS).map(|row| hits(row / 5, 0.7, rate(row, 0.3))).collect();
    let scores: Vec<f64> = (0..ROWS).map(|row| rate(row, 0.6)).collect();
    let mut collector = Collector::new(2, 2, 0).unwrap();
    let batch = Batch {
        rows: ROWS,
        groups: &[&race, &sex],
        labels: &truth,
        answers: &[&ai, &people],
        clusters: &[],
        scores: if labelled { &scores } else { &[] },
    };
    collector.add(&batch).unwrap();
    collector.finish(names, &Options { draws: 99, ..Options::default() }).unwrap()
}

fn names() -> Names {
    let own = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    Names {
        attributes: own(&["race", "sex"]),
        values: vec![own(&["purple", "green", "blue"]), own(&["male", "female"])],
        deciders: own(&["AI", "people"]),
        positive: "hire".into(),
        clusters: Vec::new(),
    }
}

#[test]
fn the_report_reads_as_reviewed() {
    let html = html(&audit(true, &names()), "hiring.csv", "countersign 0.1.0");
    for words in [
        "hiring.csv",
        "by race",
        "By race",
        "By sex",
        "By race x sex",
        "Impact ratios",
        "Which differences are real?",
        "Calibration of the score",
        "most selected",
        "could be seen",
    ] {
        assert!(html.contains(words), "{words}");
    }
    assert!(!html.contains("NaN"));
    insta::assert_snapshot!("race", crate::rehearsal::words(&html).lines().take(190).collect::<Vec<_>>().join("\n"));
}

#[test]
fn without_a_truth_there_are_selection_rates() {
    let html = html(&audit(false, &names()), "", "");
    assert!(
        html.contains("Impact ratios")
            && html.contains("Selection rate")
            && !html.contains("Found (TPR)")
            && !html.contains("Calibration of the score")
    );
}

#[test]
fn names_from_the_data_are_text() {
    let attack = "</style><script>alert(1)</script>";
    let mut hostile = names();
    hostile.attributes = vec![attack.into(), format!("{attack}2")];
    hostile.values = vec![vec![attack.into(), "b".into(), "c".into()], vec![attack.into(), "e".into()]];
    hostile.deciders = vec![attack.into(), "people".into()];
    hostile.positive = attack.into();
    let html = html(&audit(true, &hostile), attack, attack);
    assert!(!html.contains("<script") && html.contains("&lt;script"));
}

#[test]
fn whose_hue_follows_the_name() {
    for (name, expected) in
        [("AI", Tone::Ai), ("our model", Tone::Ai), ("people", Tone::Person), ("the pair", Tone::Pair), ("said", Tone::Plain)]
    {
        assert_eq!(tone(name), expected, "{name}");
    }
}
