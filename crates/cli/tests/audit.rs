//! The command `audit` as people run it: tables, JSON, CSV, the report, exit codes; figures of known data.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should panic")]

mod common;

use common::{Bench, shared};

fn bench() -> Bench {
    let bench = Bench::new();
    let mut text = "truth,ai,person,race,sex\n".to_owned();
    for row in 0..600 {
        // The AI selects every case of one race, and whoever is due of the other.
        let (truth, race) = (row % 3 == 0, if row % 2 == 0 { "green" } else { "purple" });
        let ai = truth || race == "purple";
        text += &format!("{},{},{},{race},{}\n", u8::from(truth), if ai { "yes" } else { "no" }, row % 7 < 3, ["f", "m", "m"][row % 3]);
    }
    std::fs::write(bench.path("cases.csv"), text).unwrap();
    bench
}

const ASK: [&str; 10] = ["audit", "cases.csv", "--truth", "truth", "--prediction", "ai", "--human", "person", "--group", "race,sex"];

#[test]
fn an_audit_is_a_table_json_csv_or_a_report() {
    let bench = bench();
    let text = bench.good(&[&ASK[..], &["--out", "report.html"]].concat());
    assert!(text.contains("AI, by race") && text.contains("What these data cannot say"), "{text}");
    assert!(text.contains("\"purple\""), "{text}");
    let page = std::fs::read_to_string(bench.path("report.html")).unwrap();
    assert!(page.starts_with("<!DOCTYPE html>") && page.contains("purple") && !page.contains("<script"));
    let json = bench.json(&ASK);
    assert_eq!(json["partitions"][0]["by"], "race");
    assert_eq!(json["partitions"][0]["deciders"][0]["groups"][1]["fpr"]["value"], 1.0);
    let by_race = json["surviving"].as_array().unwrap().iter().filter(|finding| finding["by"] == "race");
    assert!(by_race.clone().count() > 1 && by_race.clone().all(|finding| finding["decider"] == "AI"), "{json:#}");
    let csv = bench.good(&[&ASK[..], &["--csv", "--quiet"]].concat());
    assert_eq!(csv.lines().count(), 1 + 2 * 8 * (2 + 2 + 4));
    assert_eq!(bench.good(&[&ASK[..], &["--json"]].concat()), bench.good(&[&ASK[..], &["--json"]].concat()));
}

#[test]
fn what_is_wrong_is_said_with_its_exit_code() {
    let bench = bench();
    bench.bad(&["audit", "cases.csv", "--truth", "truth", "--prediction", "ai"], 2, "--group");
    bench.bad(&["audit", "cases.csv", "--truth", "truth", "--group", "race"], 2, "--prediction");
    bench.bad(&["audit", "cases.csv", "--prediction", "race", "--group", "sex"], 2, "which one is positive");
    bench.bad(&["audit", "absent.csv", "--prediction", "ai", "--group", "sex"], 3, "absent.csv");
    std::fs::write(bench.path("none.csv"), "truth,ai,race\n").unwrap();
    bench.bad(&["audit", "none.csv", "--prediction", "ai", "--group", "race"], 2, "no value in any row");
}

#[test]
fn the_recidivism_data_have_the_figures_of_fairlearn() {
    let Some(file) = shared("recidivism_human_compas/responses.csv") else { return };
    let ask = [
        "audit",
        &file,
        "--where",
        "target=general",
        "--where",
        "feedback=0",
        "--truth",
        "outcome",
        "--prediction",
        "compas_decile>5",
        "--human",
        "human_prob>0.5",
        "--group",
        "race,sex",
        "--person",
        "participant",
        "--item",
        "person",
    ];
    let json = Bench::new().json(&ask);
    assert_eq!(json["n"], 2_700);
    let race = &json["partitions"][0];
    let value = |decider: usize, group: usize, metric: &str| race["deciders"][decider]["groups"][group][metric]["value"].as_f64().unwrap();
    // fairlearn 0.15.0, MetricFrame by race (black, hispanic, other, white).
    for ((decider, group, metric), expected) in [
        ((0, 0, "fpr"), 0.322_327),
        ((0, 3, "fpr"), 0.135_647),
        ((0, 0, "tpr"), 0.581_907),
        ((1, 3, "selection_rate"), 0.438_492),
        ((1, 1, "accuracy"), 0.568_182),
    ] {
        assert!((value(decider, group, metric) - expected).abs() < 1e-6, "{decider} {group} {metric}");
    }
    assert_eq!(race["groups"][2]["standing"], "small");
    let worse = |finding: &serde_json::Value| finding["by"] == "race" && finding["group"] == "black" && finding["metric"] == "fpr";
    assert!(json["surviving"].as_array().unwrap().iter().any(|finding| worse(finding) && finding["decider"] == "AI"));
}
