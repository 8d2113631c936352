//! What is invented is what the documentation says of it: varied, accepted by its playbooks, and as good and as bad as stated.

use super::*;
use crate::people::PEOPLE;
use countersign_core::playbook::{Playbook, check, parse};
use std::collections::{BTreeMap, BTreeSet};

const NOW: i64 = 1_795_000_000_000_000;

fn month() -> Month {
    Month::new(7, NOW, Volume::HISTORY, Volume::WAITING)
}

fn playbooks() -> BTreeMap<&'static str, Playbook> {
    let sources = [
        ("support-triage", include_str!("../../../playbooks/support-triage.toml")),
        ("alert-triage", include_str!("../../../playbooks/alert-triage.toml")),
        ("code-change", CODE_CHANGE),
    ];
    sources.into_iter().map(|(name, source)| (name, parse::parse(source, name).unwrap())).collect()
}

#[test]
fn every_case_fits_its_playbook() {
    let (month, playbooks) = (month(), playbooks());
    assert_eq!((month.history.len(), month.waiting.len()), (4_800, 76));
    for story in month.history.iter().chain(&month.waiting) {
        let playbook = &playbooks[story.case["playbook"].as_str().unwrap()];
        let fields = story.case["fields"].as_object().unwrap().clone();
        check::field_values(playbook, fields).unwrap_or_else(|refusal| panic!("{}: {refusal:?}", story.external_id()));
        for proposal in story.case["proposals"].as_array().unwrap() {
            check::probabilities(playbook, proposal["probabilities"].as_object().unwrap()).unwrap();
        }
        check::outcome_value(playbook, &Value::from(story.truth.as_str())).unwrap();
        let text = story.case.to_string();
        assert!(
            !["{thing}", "{name}", "{amount}", "{product}", "{Product}", "{n}", "{m}"].iter().any(|slot| text.contains(slot)),
            "{text}"
        );
    }
    let ids: BTreeSet<&str> = month.history.iter().chain(&month.waiting).map(Story::external_id).collect();
    assert_eq!(ids.len(), 4_876);
}

#[test]
fn a_seed_tells_the_same_month_and_another_seed_another() {
    let text = |seed| {
        Month::new(seed, NOW, Volume { tickets: 5, alerts: 5, changes: 5 }, Volume::WAITING)
            .history
            .iter()
            .map(|s| s.case.to_string())
            .collect::<String>()
    };
    assert_eq!(text(1), text(1));
    assert_ne!(text(1), text(2));
}

#[test]
fn hardly_any_text_stands_twice() {
    let month = month();
    let texts = |playbook: &str, text: fn(&Value) -> String| {
        let all: Vec<String> = month.history.iter().filter(|s| s.case["playbook"] == playbook).map(|s| text(&s.case["fields"])).collect();
        let distinct = all.iter().collect::<BTreeSet<_>>().len();
        distinct * 100 / all.len()
    };
    assert!(texts("support-triage", |f| f["talk"][0]["text"].to_string()) >= 97);
    assert!(texts("alert-triage", |f| f["events"]["rows"].to_string()) >= 99);
    assert!(texts("code-change", |f| f["change"].to_string()) >= 95);
}

#[test]
fn nothing_is_known_before_it_happened() {
    for story in month().history {
        let history = &story.case["history"];
        let at = |value: &Value| countersign_core::time::parse_rfc3339(value.as_str().unwrap()).unwrap();
        let (opened, decided) = (at(&history["opened_at"]), at(&history["decision"]["at"]));
        assert!(opened < decided && decided < NOW, "{history}");
        if let Some(outcome) = history.get("outcome") {
            assert!(at(&outcome["at"]) > decided && at(&outcome["at"]) < NOW);
            assert!(story.case["playbook"] != "alert-triage" || history["decision"]["answer"] != "benign");
        }
    }
}

/// Right answers of all, in percent.
fn percent(right: impl Iterator<Item = bool>) -> f64 {
    let (mut hits, mut all) = (0.0, 0.0);
    for right in right {
        hits += f64::from(u8::from(right));
        all += 1.0;
    }
    100.0 * hits / all
}

#[test]
fn people_and_proposers_are_as_good_as_stated() {
    let month = month();
    let of = |playbook: &'static str| month.history.iter().filter(move |s| s.case["playbook"] == playbook);
    // Independent answers: before the advice, or without any.
    let independent = |person: &'static str| {
        of("support-triage").filter(|s| !s.hard).flat_map(move |s| {
            let all = s.case["history"]["judgments"].as_array().unwrap().iter();
            all.filter(move |j| j["person"] == person && j["advice_seen"] == "no")
                .map(|j| j["answer"] == s.truth.as_str())
                .collect::<Vec<_>>()
        })
    };
    for person in PEOPLE {
        let measured = percent(independent(person.name));
        assert!((measured - person.skill[0] as f64).abs() < 7.0, "{}: {measured} %, stated {}", person.name, person.skill[0]);
    }
    let top = |s: &Story, proposer: usize| {
        let probabilities = s.case["proposals"][proposer]["probabilities"].as_object().unwrap();
        let best = probabilities.iter().max_by(|a, b| a.1.as_str().cmp(&b.1.as_str())).unwrap();
        *best.0 == s.truth
    };
    // The figures in docs/demo.md.
    for (playbook, atlas, rules) in [("support-triage", 92.0, 82.0), ("alert-triage", 86.0, 76.0), ("code-change", 85.0, 82.0)] {
        let measured = [percent(of(playbook).map(|s| top(s, 0))), percent(of(playbook).map(|s| top(s, 1)))];
        assert!((measured[0] - atlas).abs() < 3.0 && (measured[1] - rules).abs() < 4.0, "{playbook}: {measured:?}");
    }
}
