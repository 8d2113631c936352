//! `rehearse` on real data against the figures that their sources state, and on small data of our own: flags, JSON, report,
//! summary, exit codes.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should panic")]

mod common;

use common::{Bench, shared};
use serde_json::Value;
use std::{collections::BTreeMap, fmt::Write as _, fs};

fn value(found: &Value, pointer: &str) -> f64 {
    found.pointer(pointer).and_then(Value::as_f64).unwrap_or_else(|| panic!("no number at {pointer}: {found}"))
}

fn near(found: &Value, pointer: &str, stated: f64, within: f64) {
    let value = value(found, pointer);
    assert!((value - stated).abs() <= within, "{pointer}: {value}, and {stated} is stated");
}

/// A row by column.
type Row<'a> = BTreeMap<&'a str, &'a str>;
/// A column that is added.
type Added<'a> = (&'a str, &'a dyn Fn(&Row<'_>) -> String);

/// Rows of a CSV file, written anew where `keep` says so, with columns added.
fn cut(path: &str, to: &std::path::Path, keep: impl Fn(&Row<'_>) -> bool, add: &[Added<'_>]) {
    let text = fs::read_to_string(path).unwrap();
    let mut lines = text.lines();
    let names: Vec<&str> = lines.next().unwrap().split(',').collect();
    let mut out = names.join(",");
    add.iter().for_each(|(name, _)| write!(out, ",{name}").unwrap());
    out.push('\n');
    for line in lines {
        let row: Row<'_> = names.iter().copied().zip(line.split(',')).collect();
        if keep(&row) {
            out.push_str(line);
            add.iter().for_each(|(_, of)| write!(out, ",{}", of(&row)).unwrap());
            out.push('\n');
        }
    }
    fs::write(to, out).unwrap();
}

/// 600 rows of our own: the AI is right in 500 of them, people in 450, both wrong in 25.
fn own(bench: &Bench) {
    let mut text = "case_id,truth,human,p,participant,sex\n".to_owned();
    for row in 0..600 {
        let truth = row % 2;
        let ai_right = row % 6 != 0;
        let human_right = if ai_right { row % 24 >= 5 } else { row % 24 != 0 };
        let p = if ai_right == (truth == 1) { 0.9 } else { 0.1 };
        let human = if human_right { truth } else { 1 - truth };
        writeln!(text, "{row},{truth},{human},{p},p{},{}", row % 30, if row % 3 == 0 { "f" } else { "m" }).unwrap();
    }
    fs::write(bench.path("past.csv"), text).unwrap();
}

/// An estimate: four numbers.
fn estimate(found: &Value, path: &str) {
    let at = found.pointer(path).unwrap_or_else(|| panic!("nothing at {path}"));
    assert!(["value", "low", "high", "n"].iter().all(|name| at[*name].is_number()), "{path}: {at}");
}

/// Every key that a reader of the JSON relies on, whatever the data; a figure is an estimate, or null with a reason beside it.
fn contract(found: &Value) {
    let or_null = |path: &str, reason: &str| {
        let at = found.pointer(path).unwrap_or_else(|| panic!("no {path}"));
        if at.is_null() {
            assert!(found.pointer(reason).is_some_and(Value::is_string), "{path} is null without a reason at {reason}");
        } else {
            estimate(found, path);
        }
    };
    assert!(found["n"].is_u64());
    for member in ["human", "ai", "observed_pair", "achievable_pair"] {
        for figure in ["accuracy", "brier", "log_loss", "ece"] {
            or_null(&format!("/{member}/{figure}"), &format!("/{member}/reason"));
        }
    }
    assert!(found["achievable_pair"]["method"].is_string() || found["achievable_pair"]["accuracy"].is_null());
    for pair in ["observed", "achievable"] {
        or_null(&format!("/complementarity/{pair}/ctp"), &format!("/complementarity/{pair}/reason"));
        let verdict = &found["complementarity"][pair]["verdict"];
        assert!(verdict.is_null() || ["complementary", "not_shown", "harmful"].iter().any(|word| verdict == word), "{verdict}");
    }
    for figure in ["rair", "rsr", "over_reliance", "over_reliance_on_disagreement", "under_reliance", "switch_fraction"] {
        or_null(&format!("/reliance/{figure}"), "/reliance/reason");
    }
    for (at, promise) in found["automation"].as_array().unwrap().iter().enumerate() {
        assert!(promise["alpha"].is_number() && promise["delta"].is_number());
        estimate(found, &format!("/automation/{at}/share"));
        or_null(&format!("/automation/{at}/error"), &format!("/automation/{at}/reason"));
    }
    for (at, policy) in found["policies"].as_array().unwrap().iter().enumerate() {
        for figure in ["error", "cost", "automated", "deferred"] {
            or_null(&format!("/policies/{at}/{figure}"), &format!("/policies/{at}/reason"));
        }
        assert!(policy["name"].is_string() && policy.get("minutes").is_some());
    }
    for list in ["/regions", "/cannot_say", "/fairness/groupings", "/recommended/actions"] {
        assert!(found.pointer(list).is_some_and(Value::is_array), "{list}");
    }
}

fn policy<'a>(found: &'a Value, name: &str) -> &'a Value {
    found["policies"].as_array().unwrap().iter().find(|p| p["name"] == name).unwrap_or_else(|| panic!("no policy {name}"))
}

const OWN: &[&str] = &["rehearse", "past.csv", "--ai", "p", "--minute-cost", "0.05"];

#[test]
fn small_data_give_json_a_summary_and_a_report() {
    let bench = Bench::new();
    own(&bench);
    let found = bench.json(&[OWN, &["--out", "report.html", "--group", "sex"]].concat());
    contract(&found);
    near(&found, "/ai/accuracy/value", 500.0 / 600.0, 1e-9);
    near(&found, "/both_wrong/value", 25.0 / 600.0, 1e-9);
    assert_eq!(found["n"], 600);
    for name in ["policies", "fairness", "regions", "cannot_say", "recommended", "automation", "reliance", "complementarity"] {
        assert!(found.get(name).is_some(), "{name}");
    }
    assert!(found["observed_pair"]["accuracy"].is_null() && found["observed_pair"]["reason"].is_string());
    let report = fs::read_to_string(bench.path("report.html")).unwrap();
    assert!(report.starts_with("<!DOCTYPE html>") && report.contains("<svg") && !report.contains("<script"), "no self-contained page");
    let ran = bench.run(OWN);
    assert_eq!(ran.code, 0, "{}", ran.err);
    for word in ["People alone are right in", "AI alone", "[routing]", "What these data cannot say", "Policy"] {
        assert!(ran.out.contains(word), "{word}: {}", ran.out);
    }
    assert!(ran.err.contains("Taken for --truth: column \"truth\""), "a guess is said: {}", ran.err);
}

#[test]
fn a_mapping_file_says_what_flags_say() {
    let bench = Bench::new();
    own(&bench);
    fs::write(bench.path("columns.toml"), "ai = \"p\"\nhuman = \"human\"\ntruth = \"truth\"\nperson = \"participant\"\n").unwrap();
    let by_file = bench.json(&["rehearse", "past.csv", "--mapping", "columns.toml"]);
    let by_flags = bench.json(&["rehearse", "past.csv", "--ai", "p", "--human", "human", "--truth", "truth", "--person", "participant"]);
    assert_eq!(by_file, by_flags);
    fs::write(bench.path("columns.toml"), "thruth = \"truth\"\n").unwrap();
    bench.bad(&["rehearse", "past.csv", "--mapping", "columns.toml"], 2, "unknown field");
}

#[test]
fn what_is_wrong_is_told_with_its_exit_code() {
    let bench = Bench::new();
    own(&bench);
    bench.bad(&["rehearse"], 2, "FILE");
    bench.bad(&["rehearse", "none.csv"], 3, "none.csv");
    bench.bad(&["rehearse", "past.csv", "--ai", "q"], 2, "no column \"q\"");
    bench.bad(&["rehearse", "past.csv", "--ai", "p", "--cost", "0->2=5"], 2, "none of the classes");
    bench.bad(&["rehearse", "past.csv", "--ai", "p", "--delta", "2"], 3, "between 0 and 1");
    fs::write(bench.path("one.csv"), "truth,human,ai\na,a,a\na,a,a\n").unwrap();
    bench.bad(&["rehearse", "one.csv"], 3, "only one class");
}

#[test]
fn the_own_history_of_a_workspace_is_rehearsed() {
    let bench = Bench::initialised();
    bench.good(&["playbook", "publish", &common::data("recidivism.toml")]);
    // Nothing has been decided yet: that is a sentence, and no figure.
    bench.bad(&["rehearse", "--playbook", "recidivism"], 3, "no rows");
    bench.bad(&["rehearse", "--playbook", "nothing"], 3, "no playbook of this name");
}

#[test]
fn cifar10h_from_a_joined_file() {
    for (model, bar, threshold) in
        [("densenet190", 1.98, 2.069), ("low_acc_cnn", 3.67, 4.053), ("resnet110", 2.73, 2.968), ("preresnet110", 2.33, 2.580)]
    {
        let (Some(people), Some(probabilities)) =
            (shared("cifar10h_human_models/human_counts.csv"), shared(&format!("cifar10h_human_models/model_{model}.csv")))
        else {
            return;
        };
        let bench = Bench::new();
        // The command takes one file, so the two are joined by their item first: both have it in the first column, in order.
        let (people, probabilities) = (fs::read_to_string(people).unwrap(), fs::read_to_string(probabilities).unwrap());
        let joined: Vec<String> = people
            .lines()
            .zip(probabilities.lines())
            .map(|(a, b)| {
                let (item, rest) = b.split_once(',').unwrap();
                assert_eq!(item, a.split(',').next().unwrap());
                format!("{a},{rest}")
            })
            .collect();
        fs::write(bench.path("cifar.csv"), joined.join("\n") + "\n").unwrap();
        let found = bench.json(&[
            "rehearse",
            "cifar.csv",
            "--truth",
            "label",
            "--human",
            "human_draw",
            "--ai-probs",
            "p0..p9",
            "--classes",
            "0,1,2,3,4,5,6,7,8,9",
            "--item",
            "item",
            "--split",
            "test_mask25",
            "--region",
            "item",
        ]);
        contract(&found);
        assert_eq!(found["splits"].as_array().map(Vec::len), Some(25));
        let error = 100.0 * (1.0 - value(&found, "/achievable_pair/accuracy/value"));
        assert!(error < bar + 0.005, "{model}: {error} % where {bar} is the bar");
        near(&found, "/human/accuracy/value", 1.0 - 0.046_17, 0.000_01);
        near(policy(&found, "threshold"), "/error/value", threshold / 100.0, 0.000_12);
        assert_eq!(found["complementarity"]["achievable"]["verdict"], "complementary");
    }
}

#[test]
fn human_alignment_from_its_own_file() {
    let Some(path) = shared("human_alignment_reliance/trials.csv") else { return };
    let bench = Bench::new();
    let advice = |row: &Row<'_>| if row["ai_conf"].parse::<f64>().unwrap() > 50.0 { "Red" } else { "Black" }.to_owned();
    let keep = |row: &Row<'_>| row["group"] == "A" && row["game_id"].parse::<i32>().unwrap() >= 0;
    cut(&path, &bench.path("a.csv"), keep, &[("advice", &advice)]);
    let columns = ["--truth", "outcome", "--initial", "initial_decision", "--final", "final_decision", "--person", "participant"];
    let found = bench.json(&[&["rehearse", "a.csv", "--ai", "advice", "--human-confidence", "human_conf"][..], &columns].concat());
    contract(&found);
    near(&found, "/human/accuracy/value", 0.6704, 0.000_05);
    near(&found, "/ai/accuracy/value", 0.7333, 0.000_05);
    near(&found, "/observed_pair/accuracy/value", 0.6942, 0.000_05);
    near(&found, "/reliance/rair/value", 0.3800, 0.000_05);
    near(&found, "/reliance/rsr/value", 0.6622, 0.000_05);
    assert_eq!(found["complementarity"]["observed"]["verdict"], "harmful");
    // The AI's confidence instead of its label: the same answers, and scores beside them.
    let scored = bench.json(&[&["rehearse", "a.csv", "--ai", "ai_conf"][..], &columns].concat());
    assert_eq!(scored["ai"]["accuracy"]["value"], found["ai"]["accuracy"]["value"]);
    assert!(scored["ai"]["brier"]["value"].is_number());
    // Only what was suggested and what was answered in the end.
    let text = fs::read_to_string(bench.path("a.csv")).unwrap();
    let names: Vec<&str> = text.lines().next().unwrap().split(',').collect();
    let at = |name: &str| names.iter().position(|n| *n == name).unwrap();
    let wanted = [at("participant"), at("advice"), at("final_decision")];
    let pick = |line: &str| {
        let cells: Vec<&str> = line.split(',').collect();
        wanted.map(|at| cells[at]).join(",")
    };
    fs::write(bench.path("only.csv"), text.lines().map(pick).collect::<Vec<_>>().join("\n")).unwrap();
    let only = bench.json(&["rehearse", "only.csv", "--ai", "advice", "--final", "final_decision", "--out", "only.html"]);
    contract(&only);
    assert!(only["ai"]["accuracy"].is_null() && only["complementarity"]["observed"]["verdict"].is_null());
    assert!(value(&only, "/suggestion_only/override_rate/value") > 0.1);
    assert!(!only["suggestion_only"]["plan"].as_array().unwrap().is_empty());
    assert!(fs::read_to_string(bench.path("only.html")).unwrap().len() > 1_000);
}

#[test]
fn recidivism_from_its_own_file() {
    let Some(path) = shared("recidivism_human_compas/responses.csv") else { return };
    let bench = Bench::new();
    cut(&path, &bench.path("r.csv"), |row| row["target"] == "general" && row["feedback"] == "0", &[]);
    let flags = ["--truth", "outcome", "--human", "human_prob", "--person", "participant", "--item", "person", "--group", "race,sex"];
    let model = bench.json(&[&["rehearse", "r.csv", "--ai", "model_prob"][..], &flags].concat());
    contract(&model);
    near(&model, "/human/accuracy/value", 0.6181, 0.000_05);
    near(&model, "/human/brier/value", 0.2587, 0.000_05);
    near(&model, "/ai/accuracy/value", 0.6859, 0.000_05);
    near(&model, "/ai/brier/value", 0.1992, 0.000_05);
    near(&model, "/achievable_pair/accuracy/value", 0.701, 0.01);
    assert_eq!(model["complementarity"]["achievable"]["verdict"], "not_shown");
    assert_eq!(model["fairness"]["groupings"].as_array().unwrap().len(), 3);
    let compas = bench.json(&[&["rehearse", "r.csv", "--ai", "compas_decile"][..], &flags].concat());
    near(&compas, "/ai/accuracy/value", 0.6504, 0.000_05);
}

#[test]
fn brainbench_from_its_own_file() {
    let Some(path) = shared("brainbench_human_items/trials.csv") else { return };
    let bench = Bench::new();
    // The version with the lower perplexity is preferred; the gap as log odds.
    let gap = |row: &Row<'_>| row["ppl1_70b"].parse::<f64>().unwrap() - row["ppl0_70b"].parse::<f64>().unwrap();
    let p = |row: &Row<'_>| (1.0 / (1.0 + gap(row).exp())).to_string();
    cut(&path, &bench.path("b.csv"), |_| true, &[("p70", &p)]);
    let columns = ["--truth", "label", "--human", "human_choice", "--human-confidence", "confidence", "--person", "participant"];
    let found = bench.json(&[&["rehearse", "b.csv", "--ai", "p70", "--item", "item_id", "--seconds", "rt_ms"][..], &columns].concat());
    contract(&found);
    near(&found, "/human/accuracy/value", 0.6340, 0.0001);
    near(&found, "/ai/accuracy/value", 0.7972, 0.0001);
    near(&found, "/achievable_pair/accuracy/value", 0.799, 0.02);
    assert_eq!(found["complementarity"]["achievable"]["verdict"], "not_shown");
}

#[test]
fn moderation_from_its_own_file() {
    let Some(path) = shared("moderation_hate_offensive/items.csv") else { return };
    let bench = Bench::new();
    // One vote of each tweet is the person's (by its number, since nothing here is drawn), and no part of its own truth.
    let split = |row: &Row<'_>| {
        let mut votes = ["n_hate", "n_offensive", "n_neither"].map(|name| row[name].parse::<usize>().unwrap());
        let mut at = row["item_id"].parse::<usize>().unwrap() * 7 % votes.iter().sum::<usize>();
        let vote = votes
            .iter()
            .position(|n| {
                if at < *n {
                    true
                } else {
                    at -= n;
                    false
                }
            })
            .unwrap();
        votes[vote] -= 1;
        let most = *votes.iter().max().unwrap();
        let unique = votes.iter().filter(|n| **n == most).count() == 1;
        (vote, unique.then(|| votes.iter().position(|n| *n == most).unwrap()))
    };
    let (vote, truth) = (|row: &Row<'_>| split(row).0.to_string(), |row: &Row<'_>| split(row).1.unwrap().to_string());
    cut(&path, &bench.path("m.csv"), |row| split(row).1.is_some(), &[("vote", &vote), ("others", &truth)]);
    let columns = ["--truth", "others", "--human", "vote", "--ai-probs", "p_hate,p_offensive,p_neither", "--region", "chars"];
    let found = bench.json(&[&["rehearse", "m.csv", "--classes", "0,1,2", "--item", "item_id"][..], &columns].concat());
    contract(&found);
    near(&found, "/human/accuracy/value", 0.8844, 0.006);
    near(&found, "/ai/accuracy/value", 0.9364, 0.006);
    near(policy(&found, "threshold"), "/error/value", 1.0 - 0.9439, 0.006);
}
