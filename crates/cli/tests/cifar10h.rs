//! Importing people and classifiers on ten classes, joined from several files.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should panic")]

mod common;

use common::{Bench, data, proposed, share, shared};
use serde_json::Value;
use std::collections::BTreeMap;

const CLASSES: [&str; 10] = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"];

/// Imports counts joined with classifiers (name, file).
fn import(counts: &str, models: &[(&str, String)]) -> (Bench, Value) {
    let bench = Bench::initialised();
    bench.good(&["playbook", "publish", &data("cifar10h.toml")]);
    let classes = CLASSES.join(",");
    let mut arguments: Vec<String> = [
        "import",
        counts,
        "--playbook",
        "cifar10h",
        "--external-id",
        "item",
        "--class-names",
        &classes,
        "--outcome",
        "label",
        "--on",
        "item",
    ]
    .map(str::to_owned)
    .to_vec();
    arguments.extend(["--judgment".to_owned(), "person==one of about fifty,answer=human_draw,advice=no".to_owned()]);
    for (name, file) in models {
        arguments.extend([
            "--join".to_owned(),
            format!("{name}={file}"),
            "--proposal".to_owned(),
            format!("name={name},version=2021,probabilities={name}.p0..p9"),
        ]);
    }
    let report = bench.json(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
    (bench, report)
}

type Table = BTreeMap<u64, BTreeMap<String, String>>;

fn table(file: &str) -> Table {
    let rows = csv::Reader::from_path(file).unwrap().into_deserialize::<BTreeMap<String, String>>().map(Result::unwrap);
    rows.map(|row| (row["item"].parse().unwrap(), row)).collect()
}

/// The class with the highest probability, the first of equals.
fn top(row: &BTreeMap<String, String>) -> usize {
    let p = |class: usize| row[&format!("p{class}")].parse::<f64>().unwrap();
    (0..10).fold(0, |best, class| if p(class) > p(best) { class } else { best })
}

/// Everything as the raw files say it; returns the accuracy of people and of each classifier.
fn same_as_raw(bench: &Bench, counts: &str, models: &[(&'static str, String)]) -> (f64, Vec<f64>) {
    let cases = bench.cases();
    let (counts, models): (Table, Vec<(&'static str, Table)>) =
        (table(counts), models.iter().map(|(name, file)| (*name, table(file))).collect());
    assert_eq!(cases.len(), counts.len());
    for case in &cases {
        let item: u64 = case["external_id"].as_str().unwrap().parse().unwrap();
        let class = |column: &str| CLASSES[counts[&item][column].parse::<usize>().unwrap()];
        assert_eq!(case["outcome"], class("label"), "{item}");
        assert_eq!(case["judgments"][0]["answer"], class("human_draw"), "{item}");
        for (name, rows) in &models {
            let row = &rows[&item];
            let proposal = proposed(case, name);
            assert_eq!(proposal["answer"], CLASSES[top(row)], "{item} {name}");
            let total: f64 = (0..10).map(|c| row[&format!("p{c}")].parse::<f64>().unwrap()).sum();
            for (i, class) in CLASSES.iter().enumerate() {
                let raw = row[&format!("p{i}")].parse::<f64>().unwrap() / total;
                let kept: f64 = proposal["probabilities"][class].as_str().map_or(0.0, |p| p.parse().unwrap());
                assert!((raw - kept).abs() < 1e-8, "{item} {name} {class}: {raw} {kept}");
            }
        }
    }
    let all: Vec<&Value> = cases.iter().collect();
    let people = share(&all, |case| case["judgments"][0]["answer"] == case["outcome"]);
    let of = |name: &str| share(&all, |case| proposed(case, name)["answer"] == case["outcome"]);
    (people, models.iter().map(|(name, _)| of(name)).collect())
}

#[test]
fn published_images_come_out_as_they_stand_in_their_files() {
    let folder = "cifar10h_human_models";
    let Some(counts) = shared(&format!("{folder}/human_counts.csv")) else {
        return;
    };
    let models = ["low_acc_cnn", "resnet110", "preresnet110", "densenet190"]
        .map(|name| (name, shared(&format!("{folder}/model_{name}.csv")).unwrap()));
    let (bench, report) = import(&counts, &models);
    assert_eq!((&report["accepted"], &report["refused"]), (&10_000.into(), &0.into()));
    let (people, accuracies) = same_as_raw(&bench, &counts, &models);
    // The source states errors over random thirds of the images, with a spread of at most half a point.
    assert!((100.0 * (1.0 - people) - 4.617).abs() < 0.5, "{people}");
    for (accuracy, stated) in accuracies.iter().zip([11.283, 6.100, 4.997, 3.252]) {
        assert!((100.0 * (1.0 - accuracy) - stated).abs() < 0.5, "{accuracy} {stated}");
    }
    assert_eq!(bench.json(&["verify"])["problems_count"], 0);
}

#[test]
fn a_small_twin_comes_out_as_it_stands_in_its_files() {
    let (counts, models) = (data("cifar10h.twin.csv"), [("net", data("cifar10h.twin.model.csv"))]);
    let (bench, report) = import(&counts, &models);
    assert_eq!((&report["accepted"], &report["refused"]), (&60.into(), &0.into()));
    let (people, accuracies) = same_as_raw(&bench, &counts, &models);
    assert!(people > 0.7 && accuracies[0] > 0.7);
    assert_eq!(bench.json(&["verify"])["problems_count"], 0);
}
