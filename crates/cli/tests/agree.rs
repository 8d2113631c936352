//! `agree` by the real binary: needs no workspace, tells what it guessed, and refuses in sentences.
#![expect(clippy::unwrap_used, reason = "tests may panic")]

mod common;

use common::Bench;
use std::{fs, path::Path};

#[test]
fn answers_are_told_to_people_and_to_programs() {
    let bench = Bench::new();
    let rows: String = (0..30)
        .flat_map(|item| ["a", "b", "c"].map(|who| format!("{item},{who},{}\n", (item + usize::from(who == "c" && item % 3 == 0)) % 2)))
        .collect();
    fs::write(bench.path("answers.csv"), format!("task,worker,vote\n{rows}")).unwrap();
    let truth: String = (0..30).map(|item| format!("{item},{}\n", item % 2)).collect();
    fs::write(bench.path("truth.csv"), format!("task,truth\n{truth}")).unwrap();
    let ran = bench.run(&["agree", "answers.csv", "--truth", "truth.csv"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.err.starts_with("item: `task`, person: `worker`, answer: `vote` (guessed: item, person, answer)\n"), "{}", ran.err);
    for words in ["Fleiss' kappa", "Dawid and Skene    1.000 [.886, 1.000]", "majority vote"] {
        assert!(ran.out.contains(words), "{}", ran.out);
    }
    let json = bench.json(&["agree", "answers.csv", "--truth", "truth.csv"]);
    assert_eq!((json["majority"]["accuracy"]["value"].as_f64(), json["skill"][2]["person"].as_str()), (Some(1.0), Some("c")));
    assert_eq!(bench.json(&["agree", "answers.csv"])["glad"]["reason"], "no truth is given; --truth FILE names one");
    bench.bad(&["agree", "gone.csv"], 3, "gone.csv: No such file");
    bench.bad(&["agree", "truth.csv"], 3, "no column is surely the one of --person; name it. There are `task`, `truth`");
    bench.bad(&["agree", "answers.csv", "--kind", "words"], 2, "numbers");
    bench.bad(&["agree", "answers.csv", "--person", "vote", "--answer", "worker"], 3, "more than once");
    assert!(!bench.path("data").exists());
}

#[test]
fn crowd_sets_come_out_as_published() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/crowd_annotators");
    if !folder.exists() {
        println!("{} is absent: passed over", folder.display());
        return;
    }
    let bench = Bench::new();
    let file = |name: &str| folder.join(name).display().to_string();
    for (name, most, matrices) in [("dog", 0.8116, 0.8426), ("face", 0.6336, 0.6404), ("duck", 0.7593, 0.8889)] {
        let json = bench.json(&["agree", &file(&format!("{name}_answers.csv")), "--truth", &file(&format!("{name}_truth.csv"))]);
        for (method, published) in [("majority", most), ("dawid_skene", matrices)] {
            let found = json[method]["accuracy"]["value"].as_f64().unwrap();
            assert!((found - published).abs() < 0.01, "{name}, {method}: {found} instead of {published}");
        }
        for method in ["majority", "dawid_skene", "one_coin", "glad"] {
            for figure in ["accuracy", "f1"] {
                let [value, low, high] = ["value", "low", "high"].map(|part| json[method][figure][part].as_f64().unwrap());
                assert!(low <= value && value <= high && low < high, "{name}, {method}, {figure}: {value} [{low}, {high}]");
            }
        }
        assert!(json["agreement"]["krippendorff_alpha"]["value"].as_f64().is_some());
        let people = json["skill"].as_array().unwrap();
        assert_eq!(people.len() as u64, json["people"].as_u64().unwrap());
        assert!(people.iter().all(|person| person["right"]["high"].is_number() && person["dawid_skene"]["low"].is_number()));
    }
}
