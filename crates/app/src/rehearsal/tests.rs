//! Rehearsals of small files: what is read, guessed, refused and found.

use super::{Error, Findings, Mapping, Question, findings::Verdict, of_file};
use countersign_core::playbook::parse;
use std::fmt::Write as _;

fn mapping(text: &str) -> Mapping {
    toml::from_str(text).unwrap()
}

fn asked(csv: &str, map: &str, question: &Question) -> Result<Findings, Error> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("past.csv");
    std::fs::write(&path, csv).unwrap();
    of_file(&path, &mapping(map), question, &mut |_| {})
}

fn held(csv: &str, map: &str) -> Findings {
    asked(csv, map, &Question::default()).unwrap()
}

/// The sentence with which it is refused.
fn refused(csv: &str, map: &str) -> String {
    let text = asked(csv, map, &Question::default()).map(|f| format!("{:?}", f.headline)).unwrap_err().to_string();
    assert!(text.chars().count() > 20 && !text.contains("panicked"), "no sentence: {text:?}");
    text
}

/// Rows of truth, first answer, AI and last answer, each so often.
fn rows(kinds: &[(&str, &str, &str, &str, usize)]) -> String {
    let mut out = "truth,initial,ai,final,worker\n".to_owned();
    let mut row = 0;
    // Kinds are dealt out in turn, so that every worker has some of each.
    let most = kinds.iter().map(|k| k.4).max().unwrap();
    for turn in 0..most {
        for (truth, first, ai, last, times) in kinds {
            if turn < *times {
                writeln!(out, "{truth},{first},{ai},{last},w{}", row % 40).unwrap();
                row += 1;
            }
        }
    }
    out
}

/// 1,000 rows: the AI is right in 800, people in 600; with advice they follow too little.
fn reliance_rows() -> String {
    rows(&[
        ("a", "a", "a", "a", 250),
        ("b", "b", "b", "b", 250),
        ("a", "b", "a", "a", 60),
        ("b", "a", "b", "a", 240),
        ("a", "a", "b", "a", 70),
        ("b", "b", "a", "a", 30),
        ("a", "b", "b", "b", 100),
    ])
}

#[test]
fn counts_come_out_as_they_were_put_in() {
    let f = held(&reliance_rows(), "");
    let near = |e: Option<countersign_science::Estimate>, wanted: f64| {
        let e = e.unwrap();
        assert!((e.value - wanted).abs() < 1e-9 && e.low <= e.value && e.value <= e.high, "{e:?} where {wanted} is wanted");
    };
    assert_eq!(f.n, 1_000);
    near(f.human.accuracy, 0.6);
    near(f.ai.accuracy, 0.8);
    near(f.observed_pair.accuracy, 0.63);
    near(f.reliance.rair, 60.0 / 300.0);
    near(f.reliance.rsr, 70.0 / 100.0);
    near(f.reliance.over_reliance, 130.0 / 200.0);
    near(f.reliance.over_reliance_on_disagreement, 30.0 / 100.0);
    near(f.reliance.under_reliance, 240.0 / 800.0);
    near(f.reliance.switch_fraction, 90.0 / 400.0);
    near(f.reliance.override_rate, (70.0 + 240.0) / 1_000.0);
    assert_eq!(f.complementarity.observed.verdict, Some(Verdict::Harmful));
    assert!(f.human.brier.is_none() && f.human.reason.is_some(), "labels have no Brier score");
    let guessed: Vec<&str> = f.method.columns.iter().filter(|c| c.guessed).map(|c| c.role.as_str()).collect();
    assert_eq!(guessed, ["truth", "human", "final", "ai", "person"]);
    assert!(f.headline.iter().any(|s| s.contains("worse than the AI alone")), "{:?}", f.headline);
    let json = serde_json::to_value(&f).unwrap();
    for pointer in [
        "/human/accuracy/value",
        "/observed_pair/accuracy/n",
        "/complementarity/observed/ctp/low",
        "/complementarity/achievable/verdict",
        "/reliance/switch_fraction/value",
        "/automation/0/alpha",
        "/recommended/routing",
    ] {
        assert!(json.pointer(pointer).is_some_and(|v| !v.is_null()), "{pointer}");
    }
    assert_eq!(json["human"]["brier"], serde_json::Value::Null);
}

/// A model that is right as often as it says, and people who are right where it is unsure.
fn scored_rows(n: usize) -> String {
    let mut out = "case_id,outcome,p0,p1,human,participant,sex,seconds,age\n".to_owned();
    for row in 0..n {
        let truth = row % 2;
        let sure = row % 10 < 6;
        let hit = if sure { row % 300 != 1 } else { row % 7 < 4 };
        let p = if sure { 0.97 } else { 0.6 };
        let p1 = if hit == (truth == 1) { p } else { 1.0 - p };
        let human = if row % 11 < 8 { truth } else { 1 - truth };
        let sex = if row % 3 == 0 { "f" } else { "m" };
        writeln!(out, "{row},{truth},{:.4},{p1:.4},{human},p{},{sex},{},{}", 1.0 - p1, row % 25, 20 + row % 40, 20 + row % 50).unwrap();
    }
    out
}

#[test]
fn scores_lead_to_a_routing_block_that_a_playbook_takes() {
    let question = Question { alpha: vec![0.05, 0.02], minute_cost: Some(0.1), ..Question::default() };
    let f = asked(&scored_rows(4_000), "", &question).unwrap();
    assert_eq!(f.data.classes, ["0", "1"]);
    assert_eq!(f.automation.iter().map(|a| a.alpha).collect::<Vec<_>>(), [0.02, 0.05]);
    let automated = f.automation[1].share.unwrap();
    assert!(automated.value > 0.5, "{automated:?}: the sure cases are right often enough");
    assert!(f.automation[0].error.unwrap().value <= 0.02);
    assert!(f.ai.brier.is_some() && f.ai.ece.is_some());
    assert_eq!(f.fairness.groupings.len(), 1, "sex is guessed");
    assert!(f.policies.iter().any(|p| p.recommended) && f.policies.iter().all(|p| p.minutes.is_some()));
    let routing = f.recommended.routing.unwrap();
    assert!(routing.contains("automate = { max_error"), "{routing}");
    let playbook = format!(
        "name = \"x\"\nquestion = \"?\"\n[answer]\nkind = \"choice\"\noptions = [\"0\", \"1\"]\n[fields]\na = {{ type = \"text\" }}\n\n{routing}"
    );
    assert!(parse::parse(&playbook, "x").is_ok(), "{playbook}");
}

#[test]
fn the_same_file_and_seed_give_the_same_bits() {
    let csv = scored_rows(600);
    assert_eq!(held(&csv, ""), held(&csv, ""));
}

#[test]
fn stored_splits_are_judged_on_their_test_parts() {
    let mut csv = "truth,human,ai,mask\n".to_owned();
    for row in 0..200 {
        // People are right in the test part of the first split, and never elsewhere.
        let mask = if row % 4 == 0 { "10" } else { "01" };
        let (truth, human) = (row / 2 % 2, if row % 4 == 0 { row / 2 % 2 } else { 1 - row / 2 % 2 });
        writeln!(csv, "{truth},{human},{},{mask}", row % 2).unwrap();
    }
    let f = held(&csv, "split = \"mask\"");
    assert!((f.human.accuracy.unwrap().value - 0.5).abs() < 1e-12, "the mean over splits, whatever their size");
    assert_eq!(f.method.folds, 2);
}

#[test]
fn confidence_is_read_as_what_it_is() {
    let mut csv = "truth,human,ai,sure,red\n".to_owned();
    for row in 0..300 {
        let human = row % 2;
        let red = if human == 1 { 55 + row % 40 } else { 45 - row % 40 };
        writeln!(csv, "{},{human},{},{},{red}", usize::from(row % 5 != 0) * human, row / 2 % 2, 10 + row % 80).unwrap();
    }
    let own = held(&csv, "human-confidence = \"sure\"");
    assert!(own.method.columns.iter().any(|c| c.reading.contains("in the own answer, 0 to 100")), "{:?}", own.method.columns);
    let positive = held(&csv, "human-confidence = \"red\"");
    assert!(positive.method.columns.iter().any(|c| c.reading.contains("probability of \"1\", 0 to 100")), "{:?}", positive.method.columns);
    assert!(positive.human.brier.is_some());
}

#[test]
fn a_suggestion_and_a_final_answer_alone_say_what_they_can() {
    let mut csv = "suggestion,final,participant,amount\n".to_owned();
    for row in 0..600 {
        let suggestion = ["pay", "deny"][row % 2];
        let kept = row % 9 != 0;
        let last = if kept { suggestion } else { ["deny", "pay"][row % 2] };
        writeln!(csv, "{suggestion},{last},p{},{}", row % 12, row % 100).unwrap();
    }
    let f = held(&csv, "");
    let only = f.suggestion_only.unwrap();
    assert!((only.override_rate.unwrap().value - 67.0 / 600.0).abs() < 1e-9);
    assert!(f.ai.accuracy.is_none() && f.ai.reason.is_some());
    assert!(!f.headline.is_empty() && !f.cannot_say.is_empty());
    assert!(!only.plan.is_empty() && !only.bounds.is_empty());
}

// ---- Bad input: a sentence, never a panic, never a figure out of nothing ----

#[test]
fn no_rows() {
    assert!(refused("truth,human,ai\n", "").contains("no rows"));
    assert!(refused("", "").contains("empty"));
}

#[test]
fn no_row_that_can_be_used() {
    let text = refused("truth,human,ai\n,a,b\n,b,a\n", "");
    assert!(text.contains("without a truth"), "{text}");
}

#[test]
fn one_class() {
    let csv = "truth,human,ai\n".to_owned() + &"a,a,a\n".repeat(50);
    assert!(refused(&csv, "").contains("only one class"));
    let csv = "truth,human,ai\n".to_owned() + &"a,b,a\na,a,a\n".repeat(25);
    assert!(refused(&csv, "").contains("in all 50 rows"));
}

#[test]
fn one_row_and_two() {
    refused("truth,human,ai\na,b,a\n", "classes = [\"a\", \"b\"]");
    // Two rows can be counted; what cannot be said is said.
    match asked("truth,human,ai\na,b,a\nb,b,a\n", "", &Question::default()) {
        Ok(f) => assert!(f.complementarity.achievable.verdict != Some(Verdict::Complementary)),
        Err(error) => assert!(error.to_string().len() > 20),
    }
}

#[test]
fn one_person() {
    let csv = reliance_rows().lines().map(|l| l.rsplit_once(',').unwrap().0.to_owned() + ",only\n").collect::<String>();
    let f = held(&csv.replacen(",only", ",worker", 1), "");
    assert!(f.cannot_say.iter().any(|s| s.contains("one person")), "{:?}", f.cannot_say);
}

#[test]
fn constant_scores() {
    let csv = "truth,human,p\n".to_owned() + &(0..200).map(|r| format!("{},{},0.7\n", r % 2, r / 3 % 2)).collect::<String>();
    let f = held(&csv, "ai = \"p\"");
    assert!(f.cannot_say.iter().any(|s| s.contains("the same in every row")), "{:?}", f.cannot_say);
    assert!(f.automation.iter().all(|a| a.share.is_none_or(|s| s.value == 0.0)));
}

#[test]
fn ties_everywhere() {
    let csv = "truth,human,p\n".to_owned() + &(0..300).map(|r| format!("{},{},0.5\n", r % 2, r / 3 % 2)).collect::<String>();
    let f = held(&csv, "ai = \"p\"");
    assert!(f.ai.accuracy.is_some());
}

#[test]
fn logits_instead_of_probabilities() {
    let csv = "truth,human,score\n0,0,-3.2\n1,1,4.1\n0,1,-0.2\n1,0,1.5\n";
    assert!(refused(csv, "ai = \"score\"").contains("logits"));
    let csv = "truth,human,p0,p1\n0,0,3.2,-1.0\n1,1,-4.1,2.0\n";
    assert!(refused(csv, "ai-probs = [\"p0\", \"p1\"]").contains("logits"));
    let csv = "truth,human,p0,p1\n0,0,0.5,0.1\n1,1,0.2,0.2\n";
    assert!(refused(csv, "ai-probs = [\"p0\", \"p1\"]").contains("not to 1"));
}

#[test]
fn mixed_label_types() {
    let csv = "truth,human,ai\n0,yes,yes\n1,no,yes\n0,no,no\n";
    assert!(refused(csv, "").contains("no label in common"));
}

#[test]
fn not_a_number() {
    let mut csv = "truth,human,p\n".to_owned();
    for row in 0..100 {
        writeln!(csv, "{},{},{}", row % 2, row / 2 % 2, if row % 10 == 0 { "NaN".to_owned() } else { format!("0.{}", 11 + row % 80) })
            .unwrap();
    }
    let f = held(&csv, "ai = \"p\"");
    assert_eq!((f.n, f.data.left_out[0].rows), (90, 10));
    assert!(f.data.left_out[0].reason.contains("probability missing"));
}

#[test]
fn a_million_categories() {
    let mut csv = "truth,human,ai\n".to_owned();
    for row in 0..3_000 {
        writeln!(csv, "t{row},t{row},t{}", row + 1).unwrap();
    }
    assert!(refused(&csv, "").contains("3000 different values"));
}

#[test]
fn groups_of_one() {
    let csv = scored_rows(400)
        .lines()
        .enumerate()
        .map(|(i, l)| format!("{l},{}\n", if i == 0 { "town".to_owned() } else { format!("t{}", i % 150) }))
        .collect::<String>();
    let f = held(&csv, "group = [\"town\", \"case_id\"]\nitem = \"participant\"");
    assert!(f.fairness.reason.is_some_and(|r| r.contains("case_id")));
    let town = &f.fairness.groupings[0];
    assert!(town.members[0].groups.iter().all(|g| g.small), "every town is small, and none is dropped");
    assert_eq!(town.members[0].groups.len(), 150);
}

#[test]
fn a_column_that_is_not_there_or_is_two_things() {
    let csv = "truth,human,ai\na,a,b\nb,b,b\n";
    assert!(matches!(asked(csv, "person = \"who\"", &Question::default()), Err(Error::Usage(text)) if text.contains("no column \"who\"")));
    assert!(matches!(asked(csv, "truth = \"ai\"\nai = \"ai\"", &Question::default()), Err(Error::Usage(text)) if text.contains("at once")));
    assert!(matches!(asked("x,y\n1,2\n", "", &Question::default()), Err(Error::Usage(text)) if text.contains("--ai")));
    assert!(toml::from_str::<Mapping>("thruth = \"x\"").is_err());
}

#[test]
fn wrong_questions() {
    let csv = "truth,human,ai\na,a,b\nb,b,b\n";
    for (question, word) in [
        (Question { cost: Some("a->c=2".into()), ..Question::default() }, "none of the classes"),
        (Question { cost: Some("a-b=2".into()), ..Question::default() }, "truth->answer"),
        (Question { cost: Some("a->a=2".into()), ..Question::default() }, "costs nothing"),
        (Question { delta: Some(1.5), ..Question::default() }, "between 0 and 1"),
        (Question { alpha: vec![0.0], ..Question::default() }, "between 0 and 1"),
    ] {
        let text = asked(csv, "", &question).unwrap_err().to_string();
        assert!(text.contains(word), "{text}");
    }
}
