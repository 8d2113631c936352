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
fn many_answers_are_averaged_and_told_one_by_one() {
    let bench = Bench::new();
    let mut text = "truth,ai,person,race\n".to_owned();
    for row in 0..900usize {
        let (truth, race) = (["spam", "bug", "praise"][row % 3], if row % 4 < 2 { "green" } else { "purple" });
        // The AI takes every bug of one race for praise.
        let ai = if truth == "bug" && race == "purple" { "praise" } else { truth };
        text += &format!("{truth},{ai},{},{race}\n", if row % 10 == 0 { "bug" } else { truth });
    }
    std::fs::write(bench.path("cases.csv"), text).unwrap();
    let ask = ["audit", "cases.csv", "--truth", "truth", "--prediction", "ai", "--human", "person", "--group", "race"];
    bench.bad(&ask, 2, "or have each in turn with --macro");
    let each = [&ask[..], &["--macro", "--draws", "199"]].concat();
    let json = bench.json(&each);
    let classes: Vec<&str> = json["classes"].as_array().unwrap().iter().map(|class| class.as_str().unwrap()).collect();
    assert_eq!(classes, ["spam", "bug", "praise"]);
    let recall = &json["partitions"][0]["deciders"][0]["rates"][0];
    assert_eq!((recall["metric"].as_str(), recall["groups"][0]["value"].as_f64()), (Some("tpr"), Some(1.0)));
    assert!((recall["groups"][1]["value"].as_f64().unwrap() - 2.0 / 3.0).abs() < 1e-12);
    assert_eq!(json["surviving"][0]["class"], "bug");
    let text = bench.good(&[&each[..], &["--out", "report.html"]].concat());
    for words in ["AI, by race: averages over 3 answers", "macro recall", "macro precision", "right answers", "Single answers that survive"]
    {
        assert!(text.contains(words), "{words}: {text}");
    }
    let page = std::fs::read_to_string(bench.path("report.html")).unwrap();
    assert!(page.contains("averages over the answers") && page.contains("“bug”: By race") && !page.contains("NaN"));
    bench.bad(&[&each[..], &["--positive", "bug"]].concat(), 2, "--positive");
    bench.bad(&["audit", "cases.csv", "--prediction", "ai", "--group", "race", "--macro"], 2, "--truth");
    bench.bad(&["audit", "cases.csv", "--truth", "truth", "--prediction", "ai>3", "--group", "race", "--macro"], 2, "not comparisons");
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
    // 18 rows of "other" are under 2 % of the data and too few to compare: fairlearn's ratio of the other three.
    let impact = &race["deciders"][0]["impact"];
    assert!((impact["among_compared"]["ratio"]["value"].as_f64().unwrap() - 0.475_543_9).abs() < 1e-6);
    assert!(impact["categories"][2]["too_small"].as_bool().unwrap() && impact["categories"][2]["impact_ratio"].is_null());
    let odds = &race["deciders"][0]["equalised_odds"];
    assert!((odds["difference"]["value"].as_f64().unwrap() - 0.299_554_1).abs() < 1e-6);
    assert!((odds["ratio"]["value"].as_f64().unwrap() - 0.420_835_6).abs() < 1e-6);
    // numpy 2.4.6: shares of deciles above the median, 4.
    let scored = Bench::new().json(&[&ask[..], &["--score", "compas_decile"]].concat());
    let scoring = &scored["partitions"][0]["scoring"];
    assert_eq!(scoring["median"], 4.0);
    for (at, (above, of, ratio)) in
        [(834, 1_454, None), (55, 220, Some(0.435_851_4)), (7, 18, None), (354, 1_008, Some(0.612_267_3))].iter().enumerate()
    {
        let category = &scoring["categories"][at];
        assert_eq!((category["above"].as_u64(), category["scored"].as_u64()), (Some(*above), Some(*of)));
        if let Some(ratio) = ratio {
            assert!((category["impact_ratio"]["value"].as_f64().unwrap() - ratio).abs() < 1e-6, "{category:#}");
        }
    }
    assert!(scored["headline"].as_array().unwrap().iter().any(|line| line.as_str().unwrap().contains("scoring rates")));
    let worse = |finding: &serde_json::Value| finding["by"] == "race" && finding["group"] == "black" && finding["metric"] == "fpr";
    assert!(json["surviving"].as_array().unwrap().iter().any(|finding| worse(finding) && finding["decider"] == "AI"));
}
