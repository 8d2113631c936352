//! The demo: the first thing that anybody runs, so it has to work and its evidence has to verify anywhere.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should panic")]

mod common;

use common::Bench;
use serde_json::Value;
use std::{
    fs,
    io::{BufRead as _, BufReader},
    process::Stdio,
};

#[test]
fn the_story_is_told_and_its_evidence_verifies_elsewhere() {
    let bench = Bench::new();
    let told = bench.good(&["demo", "--no-serve", "--data", "demo"]);
    for word in [
        "Brought in a month that never happened: 4,800 cases",
        "76 cases wait to be decided",
        "A first finding: support-triage",
        "people after its advice          right in",
        "could go unreviewed under a promise of at most 2 % errors",
        "Ada takes it back within the grace time",
        "stays with bug: decided",
        "a second proposal, chained to the first",
        "Ben signs abuse: decided",
        "Chloé adjudicates",
        "all as they must be",
    ] {
        assert!(told.contains(word), "{word}: {told}");
    }
    let key = bench.good(&["log", "key", "--data", "demo"]);
    let evidence = fs::read(bench.path("demo/evidence.json")).unwrap();
    // Somewhere else, with nothing but the file and the key.
    let elsewhere = Bench::new();
    fs::write(elsewhere.path("evidence.json"), &evidence).unwrap();
    let verdict: Value = elsewhere.json(&["verify", "evidence.json", "--key", key.trim()]);
    assert_eq!(verdict["trusted"], true);
    let (name, rest) = key.trim().split_once('+').unwrap();
    let other = Bench::initialised().good(&["log", "key"]);
    assert_ne!(other.trim(), format!("{name}+{rest}"));
    elsewhere.bad(&["verify", "evidence.json", "--key", other.trim()], 4, "does not verify");
    // One bit of each entry in turn, inside of its event.
    let bundle: Value = serde_json::from_slice(&evidence).unwrap();
    for entry in 0..bundle["entries"].as_array().unwrap().len() {
        let mut changed = bundle.clone();
        let event = changed["entries"][entry]["event"].as_str().unwrap();
        let flipped = if event.as_bytes()[120] == b'a' { "b" } else { "a" };
        let event = format!("{}{flipped}{}", &event[..120], &event[121..]);
        changed["entries"][entry]["event"] = event.into();
        fs::write(elsewhere.path("evidence.json"), changed.to_string()).unwrap();
        elsewhere.bad(&["verify", "evidence.json"], 4, "does not verify");
    }
    assert_eq!(bench.json(&["verify", "--data", "demo"])["problems_count"], 0);
}

#[test]
fn a_file_of_ones_own_is_brought_in_under_a_guessed_playbook() {
    let bench = Bench::new();
    let rows: String = (0..60)
        .map(|n| format!("{n},a text about case {n},{},{},{}\n", ["yes", "no"][n % 2], ["yes", "no"][n % 2], ["yes", "no"][(n / 7) % 2]))
        .collect();
    fs::write(bench.path("mine.csv"), format!("id,body,prediction,decision,outcome\n{rows}")).unwrap();
    let told = bench.good(&["demo", "--no-serve", "--data", "own", "--import", "mine.csv"]);
    for word in ["Guessed the playbook mine", "60 new, 0 there already, 0 refused", "60 judgments", "A first finding: mine"] {
        assert!(told.contains(word), "{word}: {told}");
    }
    assert_eq!(bench.json(&["verify", "--data", "own"])["problems_count"], 0);
    bench.bad(&["demo", "--no-serve", "--data", "other", "--import", "absent.csv"], 3, "absent.csv");
}

#[test]
fn a_link_leads_to_where_the_demo_serves() {
    let bench = Bench::new();
    let rows: String = (0..20).map(|n| format!("{n},text {n},{0},{0}\n", ["yes", "no"][n % 2])).collect();
    fs::write(bench.path("mine.csv"), format!("id,body,decision,outcome\n{rows}")).unwrap();
    let mut demo = bench.command(&["demo", "--data", "own", "--import", "mine.csv", "--listen", "127.0.0.1:0"]);
    let mut demo = demo.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let told = BufReader::new(demo.stdout.take().unwrap()).lines().map(Result::unwrap);
    let invited = told.map(|line| line.trim().to_owned()).find(|line| line.starts_with("http://")).unwrap();
    let address = |link: &str| link.split("/desk/").next().unwrap().to_owned();
    let again = bench.run(&["--data", "own", "desk", "link", "--person", "You"]);
    demo.kill().unwrap();
    demo.wait().unwrap();
    assert_eq!((again.code, address(again.out.trim())), (0, address(&invited)), "{}", again.err);
    assert!(!invited.contains(":7171"));
}

#[test]
fn a_demo_removes_only_what_a_demo_made() {
    let bench = Bench::new();
    fs::create_dir(bench.path("mine")).unwrap();
    fs::write(bench.path("mine/thesis.txt"), "x").unwrap();
    bench.bad(&["demo", "--no-serve", "--fresh", "--data", "mine"], 3, "not made by a demo");
    assert!(bench.path("mine/thesis.txt").is_file());
    bench.good(&["demo", "--no-serve", "--data", "demo"]);
    bench.bad(&["demo", "--no-serve", "--data", "demo"], 3, "--fresh");
    bench.good(&["demo", "--no-serve", "--fresh", "--data", "demo"]);
}
