//! Importing forecasts of lay people beside a model and a risk score: counts and accuracies are those of the raw file and, for
//! the published data, those that its source states.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should panic")]

mod common;

use common::{Bench, data, field, mean, proposed, share, shared};
use serde_json::Value;
use std::collections::BTreeMap;

fn import(file: &str) -> (Bench, Value) {
    let bench = Bench::initialised();
    bench.good(&["playbook", "publish", &data("recidivism.toml")]);
    let report = bench.json(&["import", file, "--mapping", &data("recidivism.mapping.toml")]);
    (bench, report)
}

/// Cases by target and feedback.
fn groups(cases: &[Value]) -> BTreeMap<(String, bool), Vec<&Value>> {
    let mut groups: BTreeMap<_, Vec<&Value>> = BTreeMap::new();
    for case in cases {
        let key = (field(case, "target").as_str().unwrap().to_owned(), field(case, "feedback").as_bool().unwrap());
        groups.entry(key).or_default().push(case);
    }
    groups
}

fn person_is_right(case: &Value) -> bool {
    case["judgments"][0]["answer"] == case["outcome"]
}

fn is_right(proposer: &'static str) -> impl Fn(&Value) -> bool {
    move |case| proposed(case, proposer)["answer"] == case["outcome"]
}

fn truth(case: &Value) -> f64 {
    if case["outcome"] == "yes" { 1.0 } else { 0.0 }
}

/// The probability of `yes` that stands behind a judgment.
fn human_probability(case: &Value) -> f64 {
    let judgment = &case["judgments"][0];
    let confidence: f64 = judgment["confidence"].as_str().unwrap().parse().unwrap();
    if judgment["answer"] == "yes" { confidence } else { 1.0 - confidence }
}

fn model_probability(case: &Value) -> f64 {
    proposed(case, "model")["probabilities"]["yes"].as_str().unwrap().parse().unwrap()
}

fn brier(probability: fn(&Value) -> f64) -> impl Fn(&Value) -> f64 {
    move |case| (probability(case) - truth(case)).powi(2)
}

fn near(found: f64, stated: f64, what: &str) {
    assert!((found - stated).abs() <= 0.000_051, "{what}: {found:.5}, and the source states {stated}");
}

#[test]
fn published_forecasts_have_the_accuracies_that_their_source_states() {
    let Some(file) = shared("recidivism_human_compas/responses.csv") else {
        return;
    };
    let (bench, report) = import(&file);
    assert_eq!((&report["read"], &report["accepted"], &report["refused"]), (&10_500.into(), &10_500.into(), &0.into()));
    assert_eq!(report["proposals"], serde_json::json!({ "model": 10_500, "compas": 10_500 }));
    assert_eq!((&report["outcomes"], &report["decisions"]), (&10_500.into(), &10_500.into()));
    assert_eq!(report["judgments"].as_object().unwrap().len(), 210);
    let cases = bench.cases();
    assert_eq!(cases.len(), 10_500);
    // Target, feedback, count, accuracy of people, COMPAS and model, Brier score of people and model.
    for (target, feedback, count, people, compas, model, brier_people, brier_model) in [
        ("general", false, 2_700, 0.6181, 0.6504, 0.6859, 0.2587, 0.1992),
        ("general", true, 2_400, 0.6300, 0.6338, 0.6821, 0.2554, 0.2058),
        ("violent", false, 2_400, 0.5917, 0.7396, 0.8838, 0.2749, 0.1016),
        ("violent", true, 3_000, 0.7500, 0.7250, 0.8870, 0.1745, 0.1003),
    ] {
        let group = &groups(&cases)[&(target.to_owned(), feedback)];
        assert_eq!(group.len(), count, "{target} {feedback}");
        near(share(group, person_is_right), people, "people");
        near(share(group, is_right("compas")), compas, "COMPAS");
        near(share(group, is_right("model")), model, "model");
        near(mean(group, brier(human_probability)), brier_people, "Brier score of people");
        near(mean(group, brier(model_probability)), brier_model, "Brier score of the model");
    }
    let verified = bench.json(&["verify"]);
    assert_eq!(verified["problems_count"], 0);
    let again = bench.json(&["import", &file, "--mapping", &data("recidivism.mapping.toml")]);
    assert_eq!((&again["accepted"], &again["duplicates"]), (&0.into(), &10_500.into()));
}

#[test]
fn a_small_twin_comes_out_as_it_stands_in_its_file() {
    let file = data("recidivism.twin.csv");
    let (bench, report) = import(&file);
    assert_eq!((&report["accepted"], &report["refused"]), (&120.into(), &0.into()));
    let raw: Vec<BTreeMap<String, String>> = csv::Reader::from_path(&file).unwrap().deserialize().map(Result::unwrap).collect();
    let number = |row: &BTreeMap<String, String>, name: &str| row[name].parse::<f64>().unwrap();
    let cases = bench.cases();
    for ((target, feedback), group) in groups(&cases) {
        let rows: Vec<_> = raw.iter().filter(|row| row["target"] == target && (row["feedback"] == "1") == feedback).collect();
        assert_eq!(rows.len(), group.len());
        let right = |says: &dyn Fn(&BTreeMap<String, String>) -> bool| {
            rows.iter().filter(|row| says(row) == (row["outcome"] == "1")).count() as f64 / rows.len() as f64
        };
        let same = |found: f64, stated: f64| assert!((found - stated).abs() < 1e-12, "{target} {feedback}: {found} {stated}");
        same(share(&group, person_is_right), right(&|row| number(row, "human_prob") > 0.5));
        same(share(&group, is_right("compas")), right(&|row| number(row, "compas_decile") > 5.0));
        same(share(&group, is_right("model")), right(&|row| number(row, "model_prob") > 0.5));
    }
    for row in &raw {
        let id = format!("{}-{}-{}", row["target"], row["participant"], row["order"]);
        let case = cases.iter().find(|case| case["external_id"] == id.as_str()).unwrap();
        assert!((human_probability(case) - number(row, "human_prob")).abs() < 1e-9, "{id}");
        assert!((model_probability(case) - number(row, "model_prob")).abs() < 1e-9, "{id}");
        assert!((case["judgments"][0]["seconds"].as_f64().unwrap() - number(row, "response_ms") / 1_000.0).abs() < 1e-5, "{id}");
        assert_eq!((&case["judgments"][0]["advice"], &case["judgments"][0]["elsewhere"]), (&"no".into(), &true.into()));
    }
    assert_eq!(bench.json(&["verify"])["problems_count"], 0);
}
