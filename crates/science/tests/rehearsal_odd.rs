//! Rehearsals of rows that no sane file holds: whatever comes, there is a sentence or findings in which every figure is a number.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should panic")]

use countersign_science::random::Random;
use countersign_science::rehearsal::{Codes, Data, Feature, Findings, NONE, Options, run};
use proptest::prelude::*;
use serde_json::Value;

/// Every estimate anywhere in the findings, with its path. JSON has no NaN: one would come out as null.
fn sound(value: &Value, path: &str) {
    match value {
        Value::Object(members) => {
            if members.contains_key("value") && members.contains_key("low") && members.contains_key("high") {
                let of = |name: &str| members[name].as_f64().unwrap_or_else(|| panic!("{path}/{name} is no number: {value}"));
                let (value, low, high) = (of("value"), of("low"), of("high"));
                assert!(low <= high + 1e-9, "{path}: {low} to {high}");
                let share = ["accuracy", "share", "error", "automated", "deferred", "coverage", "rair", "rsr", "both_wrong"];
                if share.iter().any(|name| path.ends_with(name)) {
                    assert!(
                        low >= -1e-9 && high <= 1.0 + 1e-9 && low <= value + 1e-9 && value <= high + 1e-9,
                        "{path}: {value} [{low}, {high}]"
                    );
                }
            }
            members.iter().for_each(|(name, member)| sound(member, &format!("{path}/{name}")));
        }
        Value::Array(members) => members.iter().enumerate().for_each(|(at, member)| sound(member, &format!("{path}/{at}"))),
        _ => {}
    }
}

/// What comes of it: findings that were walked through, or the sentence.
fn asked(data: &Data, options: &Options) -> Result<Findings, String> {
    match run(data, options, &mut |_| {}) {
        Ok(found) => {
            sound(&serde_json::to_value(&found).unwrap(), "");
            for member in [&found.human, &found.ai, &found.observed_pair, &found.achievable_pair] {
                let whole = [&member.accuracy, &member.brier, &member.log_loss, &member.ece].iter().all(|figure| figure.is_some());
                assert!(whole || member.reason.as_ref().is_some_and(|reason| reason.len() > 20), "a null without a reason: {member:?}");
            }
            for comparison in [&found.complementarity.observed, &found.complementarity.achievable] {
                assert!((comparison.ctp.is_some() && comparison.verdict.is_some()) || comparison.reason.is_some(), "{comparison:?}");
            }
            assert!(!found.cannot_say.is_empty());
            // What the automation of a policy says is never offered where it broke.
            if let Some(alpha) = found.recommended.policy.as_ref().and_then(|name| name.strip_prefix("automate_")) {
                assert!(found.automation.iter().any(|a| a.alpha.to_string() == alpha && a.kept()), "{:?}", found.recommended);
            }
            Ok(found)
        }
        Err(error) => {
            let text = error.to_string();
            assert!(text.chars().count() > 20, "no sentence: {text:?}");
            Err(text)
        }
    }
}

/// Something odd a column.
#[derive(Debug, Clone)]
struct Odd {
    rows: usize,
    classes: usize,
    truth: u8,
    human: u8,
    ai: u8,
    probabilities: u8,
    observed: u8,
    person: u8,
    item: u8,
    group: u8,
    time: u8,
    splits: u8,
    confidence: u8,
    price: u8,
    seed: u64,
}

fn odd() -> impl Strategy<Value = Odd> {
    let columns = (0u8..4, 0u8..4, 0u8..3, 0u8..5, 0u8..4);
    let others = (0u8..4, 0u8..4, 0u8..4, 0u8..4, 0u8..4, 0u8..3, 0u8..3);
    ((0usize..50), (1usize..5), columns, others, any::<u64>()).prop_map(
        |(rows, classes, (truth, human, ai, probabilities, observed), (person, item, group, time, splits, confidence, price), seed)| Odd {
            rows,
            classes,
            truth,
            human,
            ai,
            probabilities,
            observed,
            person,
            item,
            group,
            time,
            splits,
            confidence,
            price,
            seed,
        },
    )
}

impl Odd {
    fn data(&self) -> (Data, Options) {
        let (n, classes) = (self.rows, self.classes);
        let mut random = Random::new(self.seed, 0);
        let mut labels = |kind: u8, may_miss: bool| -> Option<Vec<u32>> {
            match kind {
                0 => None,
                1 => Some(vec![0; n]),
                2 => Some((0..n).map(|_| random.below(classes) as u32).collect()),
                _ if may_miss => Some((0..n).map(|row| if row % 3 == 0 { NONE } else { random.below(classes) as u32 }).collect()),
                _ => Some((0..n).map(|row| (row % classes) as u32).collect()),
            }
        };
        let (truth, human, observed) = (labels(self.truth, false), labels(self.human, true), labels(self.observed, true));
        let ai = labels(self.ai + 1, false);
        let mut random = Random::new(self.seed, 1);
        let probabilities = match self.probabilities {
            0 => None,
            1 => Some(vec![1.0 / classes as f64; n * classes]),
            2 => Some((0..n * classes).map(|at| f64::from(u8::from(at % classes == 0))).collect()),
            3 => Some(
                ai.iter().flatten().flat_map(|a| (0..classes).map(|k| f64::from(u8::from(k == *a as usize))).collect::<Vec<_>>()).collect(),
            ),
            _ => Some(
                (0..n)
                    .flat_map(|_| {
                        let row: Vec<f64> = (0..classes).map(|_| random.uniform() + 1e-3).collect();
                        let sum: f64 = row.iter().sum();
                        row.into_iter().map(move |p| p / sum).collect::<Vec<f64>>()
                    })
                    .collect(),
            ),
        };
        let codes = |kind: u8| match kind {
            0 => None,
            1 => Some(Codes { codes: vec![0; n], names: vec!["only".to_owned()] }),
            2 => Some(Codes { codes: (0..n as u32).collect(), names: (0..n).map(|i| i.to_string()).collect() }),
            _ => Some(Codes { codes: (0..n as u32).map(|i| i % 3).collect(), names: ["a", "b", "c"].map(str::to_owned).to_vec() }),
        };
        let confidence = match self.confidence {
            0 => None,
            1 => Some(vec![0.5; n]),
            _ => Some((0..n).map(|row| if row % 2 == 0 { f64::NAN } else { random.uniform() }).collect()),
        };
        let data = Data {
            classes: (0..classes).map(|k| format!("c{k}")).collect(),
            truth,
            human_probability: confidence.clone().filter(|_| human.is_some() && classes == 2 && self.confidence == 1),
            human_confidence: confidence.filter(|_| human.is_some()),
            human,
            ai,
            ai_probabilities: probabilities,
            observed,
            person: codes(self.person),
            item: codes(self.item),
            groups: codes(self.group).into_iter().map(|codes| ("g".to_owned(), codes)).collect(),
            features: vec![(
                "f".to_owned(),
                Feature::Numeric((0..n).map(|row| if row % 5 == 0 { f64::NAN } else { (row % 2) as f64 }).collect()),
            )],
            time: match self.time {
                0 => None,
                1 => Some(vec![7.0; n]),
                2 => Some((0..n).map(|row| row as f64).collect()),
                _ => Some((0..n).map(|row| (row / 10) as f64).collect()),
            },
            seconds: (self.time == 3).then(|| (0..n).map(|row| if row % 2 == 0 { f64::NAN } else { 30.0 }).collect()),
            splits: match self.splits {
                0 | 1 => Vec::new(),
                2 => vec![(0..n).map(|row| row % 3 == 0).collect(), (0..n).map(|row| row % 2 == 0).collect()],
                _ => vec![vec![true; n], vec![false; n]],
            },
            rows_read: n as u64,
            ..Data::default()
        };
        let options = Options {
            draws: 40,
            seed: self.seed,
            minute_cost: f64::from(self.price),
            costs: if self.price == 2 && classes > 1 { vec![(0, 1, 0.0), (1, 0, 1e9)] } else { Vec::new() },
            named: self.price == 1,
            ..Options::default()
        };
        (data, options)
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_comes_is_a_sentence_or_a_finding(odd in odd()) {
        let (data, options) = odd.data();
        let first = asked(&data, &options);
        prop_assert_eq!(first.map(|f| serde_json::to_string(&f).unwrap()), asked(&data, &options).map(|f| serde_json::to_string(&f).unwrap()));
    }
}

/// Rows of two classes on which people and AI are right by turns.
fn plain(n: usize) -> Data {
    let truth: Vec<u32> = (0..n).map(|row| (row % 2) as u32).collect();
    let of = |every: usize| truth.iter().enumerate().map(|(row, t)| if row % every == 0 { 1 - t } else { *t }).collect::<Vec<u32>>();
    Data {
        classes: vec!["no".to_owned(), "yes".to_owned()],
        human: Some(of(4)),
        ai: Some(of(5)),
        truth: Some(truth),
        rows_read: n as u64,
        ..Data::default()
    }
}

#[test]
fn every_way_to_decide_stands_among_the_policies() {
    let data = Data { observed: plain(300).human, ..plain(300) };
    let found = asked(&data, &Options { draws: 100, minute_cost: 0.1, alphas: vec![0.05, 0.2], ..Options::default() }).unwrap();
    let names: Vec<&str> = found.policies.iter().map(|p| p.name.as_str()).collect();
    let wanted = ["advice", "people", "ai", "combination", "threshold", "compare_confidence", "one_vs_all", "codoc", "arms"];
    assert_eq!(names, [&wanted[..], &["automate_0.05", "automate_0.2"]].concat());
    for policy in &found.policies {
        assert!(policy.error.is_some() && policy.cost.is_some() && policy.automated.is_some() && policy.deferred.is_some(), "{policy:?}");
    }
    // Of more than two classes CoDoC says why it is absent.
    let three = Data { classes: ["a", "b", "c"].map(str::to_owned).to_vec(), ..plain(300) };
    let found = asked(&three, &Options { draws: 100, ..Options::default() }).unwrap();
    let codoc = found.policies.iter().find(|p| p.name == "codoc").unwrap();
    assert!(codoc.error.is_none() && codoc.reason.as_ref().unwrap().contains("two classes"), "{codoc:?}");
}

#[test]
fn a_promise_that_broke_is_offered_nowhere() {
    // The AI is perfect in the rows that are fitted and wrong in a fifth of those that are judged: drift, or a leak.
    let n = 4_000;
    let late = |row: usize| row >= n / 2;
    let truth: Vec<u32> = (0..n).map(|row| (row % 2) as u32).collect();
    let ai: Vec<u32> = truth.iter().enumerate().map(|(row, t)| if late(row) && row % 5 == 0 { 1 - t } else { *t }).collect();
    let data = Data {
        classes: vec!["no".to_owned(), "yes".to_owned()],
        human: Some(truth.iter().enumerate().map(|(row, t)| if row % 3 == 0 { 1 - t } else { *t }).collect()),
        ai_probabilities: Some(ai.iter().flat_map(|a| if *a == 1 { [0.1, 0.9] } else { [0.9, 0.1] }).collect()),
        ai: Some(ai),
        truth: Some(truth),
        splits: vec![(0..n).map(late).collect()],
        rows_read: n as u64,
        ..Data::default()
    };
    let found = asked(&data, &Options { draws: 100, ..Options::default() }).unwrap();
    assert!(found.automation.iter().all(countersign_science::rehearsal::findings::Automation::broken), "{:?}", found.automation);
    assert!(found.automation.iter().all(|a| a.reason.as_ref().is_some_and(|r| r.contains("do not automate"))));
    assert!(!found.recommended.routing.as_ref().unwrap().contains("automate"), "{:?}", found.recommended);
    assert!(found.recommended.reasons.iter().any(|r| r.contains("did not hold")), "{:?}", found.recommended);
    let headline = found.headline.join(" ");
    assert!(headline.contains("Nothing may be automated yet") && !headline.contains("could decide"), "{headline}");
    assert!(found.risk_coverage.iter().all(|curve| curve.chosen.is_none()) && found.cost_curves.iter().all(|curve| curve.chosen.is_none()));
}

#[test]
fn advice_alone_defers_to_people_with_advice() {
    let data = Data { observed: plain(400).human, human: None, ..plain(400) };
    let found = asked(&data, &Options { draws: 100, ..Options::default() }).unwrap();
    let threshold = found.policies.iter().find(|p| p.name == "threshold").unwrap();
    assert!(threshold.error.is_some() && threshold.description.contains("people with advice"), "{threshold:?}");
    assert!(found.achievable_pair.accuracy.is_none() && found.achievable_pair.reason.is_some());
    assert!(found.policies.iter().all(|p| p.name != "combination"));
}
