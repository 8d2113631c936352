//! Known answers of scikit-learn and onnxruntime (`tests/fixtures/make.py` made both, and the files), what does not fit, and hostile bytes.

use crate::{Error, Mapping, OnnxModel};
use countersign_core::playbook::{Playbook, parse::parse};
use countersign_models::{Input, NoAdvice, Proposer as _, Reach};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeMap;

const KNOWN: &str = include_str!("../tests/fixtures/known.json");
const LINEAR: &[u8] = include_bytes!("../tests/fixtures/linear.onnx");
const ZIPMAP: &[u8] = include_bytes!("../tests/fixtures/zipmap.onnx");
const TWO: &[u8] = include_bytes!("../tests/fixtures/two.onnx");
const FOREST: &[u8] = include_bytes!("../tests/fixtures/forest.onnx");
const TREE: &[u8] = include_bytes!("../tests/fixtures/tree.onnx");
const BOOSTED: &[u8] = include_bytes!("../tests/fixtures/boosted.onnx");
const ALL: [(&str, &[u8]); 6] =
    [("linear", LINEAR), ("zipmap", ZIPMAP), ("two", TWO), ("forest", FOREST), ("tree", TREE), ("boosted", BOOSTED)];

const MAPPING: &str = r#"
[[columns]]
field = "amount"
neutral = 107.9
[[columns]]
field = "age"
neutral = 53.3
missing = 53.3
[[columns]]
field = "urgent"
neutral = 0.5
[[columns]]
field = "plan"
equals = "team"
neutral = 0.5
"#;
const TWO_ANSWERS: &str = "answers = { \"0\" = \"other\", \"1\" = \"refund\" }\n";

fn playbook(options: &str) -> Playbook {
    let source = format!(
        r#"
name = "t"
question = "?"
answer = {{ kind = "choice", options = {options} }}
[fields]
amount = {{ type = "number", required = false }}
age    = {{ type = "number", required = false }}
urgent = {{ type = "boolean", hidden = true }}
plan   = {{ type = "category", options = ["team", "free"] }}
group  = {{ type = "category", audited = true, required = false }}
text   = {{ type = "text", required = false }}
"#
    );
    parse(&source, "t.toml").unwrap()
}

fn three() -> Playbook {
    playbook(r#"["refund", "explain", "forward"]"#)
}

fn mapping(answers: &str) -> Mapping {
    Mapping::parse(&format!("{answers}{MAPPING}")).unwrap()
}

fn input(playbook: &Playbook, fields: Value) -> Input {
    let values: BTreeMap<String, Value> = serde_json::from_value(fields).unwrap();
    Input::of(playbook, &values, Reach::InProcess)
}

fn refused(bytes: &[u8], mapping: Mapping) -> String {
    OnnxModel::new(bytes, mapping).unwrap_err().to_string()
}

#[test]
fn every_model_says_what_scikit_learn_and_onnxruntime_say() {
    let known: Value = serde_json::from_str(KNOWN).unwrap();
    let rows: Vec<Vec<f64>> = serde_json::from_value(known["rows"].clone()).unwrap();
    let mut worst = 0.0f64;
    for (name, bytes) in ALL {
        let of = &known["models"][name];
        let classes: Vec<String> = serde_json::from_value(of["classes"].clone()).unwrap();
        let (answers, playbook) = match classes.len() {
            2 => (TWO_ANSWERS, playbook(r#"["refund", "other"]"#)),
            _ => ("", three()),
        };
        let model = OnnxModel::new(bytes, mapping(answers)).unwrap();
        model.check(&playbook).unwrap();
        let again = OnnxModel::from_bytes(&model.to_bytes()).unwrap();
        assert_eq!(again.version(), model.version());
        for by in ["onnxruntime", "scikit-learn"] {
            let expected: Vec<Vec<f64>> = serde_json::from_value(of[by].clone()).unwrap();
            assert!(expected.len() == rows.len() && rows.len() == 12);
            for (row, expected) in rows.iter().zip(&expected) {
                let fields = json!({ "amount": row[0], "age": row[1], "urgent": row[2] == 1.0, "plan": if row[3] == 1.0 { "team" } else { "free" } });
                let advice = again.propose(&input(&playbook, fields)).unwrap();
                assert_eq!(advice.probabilities.iter().map(|(_, p)| u64::from(*p)).sum::<u64>(), 1_000_000_000);
                for ((_, p), expected) in advice.probabilities.iter().zip(expected) {
                    let away = (f64::from(*p) / 1e9 - expected).abs();
                    assert!(away < 1e-5, "{name} by {by}: {p} and {expected}");
                    worst = worst.max(away);
                }
            }
        }
    }
    assert!(worst < 5e-7, "{worst}");
}

#[test]
fn what_each_field_adds_is_told_against_its_neutral_value() {
    let playbook = three();
    let model = OnnxModel::new(LINEAR, mapping("")).unwrap();
    let of = |amount: f64| model.propose(&input(&playbook, json!({ "amount": amount, "urgent": true, "plan": "team" }))).unwrap();
    let (here, neutral) = (of(400.0), of(107.9));
    assert_eq!(here.answer, "refund");
    let p = |advice: &countersign_models::Advice| {
        f64::from(advice.probabilities.iter().find(|(answer, _)| answer == "refund").unwrap().1) / 1e9
    };
    let first = here.evidence.first().unwrap();
    assert!(first.field == "amount" && first.quote == "400" && first.span.is_none(), "{here:?}");
    assert!((first.contribution - (p(&here) - p(&neutral))).abs() < 1e-6, "{first:?}");
    assert!(here.explanation.starts_with("For “refund” speak above all amount = 400 (+"), "{}", here.explanation);
    assert!(here.explanation.ends_with("they are no causes."), "{}", here.explanation);
    assert!(here.evidence.iter().all(|one| one.field != "urgent"), "what people do not see is not quoted");
}

#[test]
fn what_is_missing_is_no_advice_or_stands_at_its_place() {
    let playbook = three();
    let model = OnnxModel::new(FOREST, mapping("")).unwrap();
    let of = |fields: Value| model.propose(&input(&playbook, fields));
    let without = of(json!({ "urgent": true, "plan": "team" })).unwrap_err();
    assert_eq!(without, NoAdvice::Missing("amount".into()));
    assert_eq!(without.to_string(), "the case has no amount, which this model needs");
    let whole = of(json!({ "amount": 10, "age": 53.3, "urgent": true, "plan": "team" })).unwrap();
    assert_eq!(of(json!({ "amount": 10, "urgent": true, "plan": "team" })).unwrap().probabilities, whole.probabilities);
}

#[test]
fn a_mapping_that_does_not_fit_is_told_what_would() {
    let column = |field: &str| MAPPING.replacen("\"amount\"", &format!("\"{field}\""), 1);
    for (mapping, says) in [
        (MAPPING.replacen("[[columns]]\nfield = \"amount\"\nneutral = 107.9\n", "", 1), "names 3 columns, and the model has 4"),
        (column("nobody"), "column 1 (nobody): playbook \"t\" has no such field"),
        (column("group"), "column 1 (group): no model sees this field"),
        (column("text"), "a column is made of a number, a flag or a category"),
        (MAPPING.replace("equals = \"team\"\n", ""), "a category needs `equals`"),
        (MAPPING.replace("\"team\"", "\"gold\""), "\"gold\" is none of its options: team, free"),
        (MAPPING.replace("neutral = 107.9", "neutral = inf"), "finite numbers"),
        (
            format!("answers = {{ nobody = \"refund\" }}\n{MAPPING}"),
            "`answers` names \"nobody\", and the model's classes are explain, forward, refund",
        ),
        (format!("answers = {{ explain = \"refund\" }}\n{MAPPING}"), "the model's 3 classes stand for refund, forward, refund"),
        (format!("output = \"nothing\"\n{MAPPING}"), "no output \"nothing\": label, probabilities"),
        (format!("output = \"label\"\n{MAPPING}"), "holds labels and no probabilities"),
        (format!("colour = 1\n{MAPPING}"), "unknown field `colour`"),
    ] {
        let made = Mapping::parse(&mapping).and_then(|mapping| OnnxModel::new(LINEAR, mapping)).and_then(|model| model.check(&three()));
        let said = made.unwrap_err().to_string();
        assert!(said.contains(says), "{said:?} does not say {says:?}");
    }
    // A model of two classes is none for three answers, and the other way round.
    let two = OnnxModel::new(TWO, mapping("")).unwrap().check(&three()).unwrap_err().to_string();
    assert!(two.contains("the model's 2 classes stand for 0, 1, and the playbook's 3 options"), "{two}");
}

/// A field of a message: its number, and bytes.
fn part(number: u8, bytes: &[u8]) -> Vec<u8> {
    let mut out = vec![number << 3 | 2];
    let mut length = bytes.len();
    while length >= 0x80 {
        out.push((length & 0x7f) as u8 | 0x80);
        length >>= 7;
    }
    out.push(length as u8);
    out.extend_from_slice(bytes);
    out
}

/// A model of one operator over one tensor of floats with two columns.
fn model_of(operator: &str, attributes: &[Vec<u8>]) -> Vec<u8> {
    model_of_width(operator, attributes, 2)
}

fn model_of_width(operator: &str, attributes: &[Vec<u8>], columns: u16) -> Vec<u8> {
    let mut node = [part(1, b"x"), part(2, b"label"), part(2, b"y"), part(4, operator.as_bytes())].concat();
    attributes.iter().for_each(|attribute| node.extend(part(5, attribute)));
    let shape = [part(1, b""), part(1, &[8, (columns & 0x7f) as u8 | 0x80, (columns >> 7) as u8])].concat();
    let input = [part(1, b"x"), part(2, &part(1, &[vec![8, 1], part(2, &shape)].concat()))].concat();
    part(7, &[part(1, &node), part(11, &input), part(12, &part(1, b"y"))].concat())
}

fn floats(name: &str, values: &[f32]) -> Vec<u8> {
    [part(1, name.as_bytes()), part(7, &values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>())].concat()
}

fn linear(coefficients: &[f32], transform: &str) -> Vec<u8> {
    let labels = [part(1, b"classlabels_strings"), part(9, b"a"), part(9, b"b")].concat();
    let transform = [part(1, b"post_transform"), part(4, transform.as_bytes())].concat();
    model_of("LinearClassifier", &[labels, floats("coefficients", coefficients), floats("intercepts", &[0.0, 0.0]), transform])
}

fn two_columns() -> Mapping {
    Mapping::parse("[[columns]]\nfield = \"amount\"\n[[columns]]\nfield = \"age\"\n").unwrap()
}

#[test]
fn what_is_not_known_or_says_no_probabilities_is_refused_by_name() {
    let said = refused(&model_of("Loop", &[]), two_columns());
    assert!(said.starts_with("this model cannot be used: its operator Loop is not known here"), "{said}");
    assert!(refused(&linear(&[1.0; 4], "PROBIT"), two_columns()).contains("LinearClassifier ends in \"PROBIT\""));
    assert!(refused(&linear(&[f32::NAN; 4], "SOFTMAX"), two_columns()).contains("coefficients that is no finite number"));
    let labels: Vec<Vec<u8>> = (0..1_000).map(|n: u32| part(9, n.to_string().as_bytes())).collect();
    let labels = [part(1, b"classlabels_strings"), labels.concat()].concat();
    let wide = model_of_width(
        "LinearClassifier",
        &[labels, floats("coefficients", &vec![0.0; 1_000_000]), floats("intercepts", &[0.0; 1_000])],
        1_000,
    );
    let columns = Mapping { columns: vec![two_columns().columns[0].clone(); 1_000], ..two_columns() };
    assert!(refused(&wide, columns).contains("one piece of its advice works through 1001000000 numbers"));
    assert!(refused(&linear(&[1.0; 6], "SOFTMAX"), two_columns()).contains("is of 3 columns, and 2 come in"));
    let playbook = playbook(r#"["a", "b"]"#);
    OnnxModel::new(&linear(&[1.0; 4], "SOFTMAX"), two_columns()).unwrap().check(&playbook).unwrap();
    // Scores are no probabilities, which shows at the first case at the latest: here already at neutral values.
    let scores = OnnxModel::new(&linear(&[1.0; 4], "NONE"), two_columns()).unwrap();
    assert!(
        scores.check(&playbook).unwrap_err().to_string().contains("tried on neutral values, the model's answer is no set of probabilities")
    );
    let case = input(&playbook, json!({ "amount": 1e30, "age": 1e30, "urgent": true, "plan": "team" }));
    let huge = OnnxModel::new(&linear(&[f32::MAX; 4], "NONE"), two_columns()).unwrap();
    assert_eq!(huge.propose(&case).unwrap_err(), NoAdvice::NoProbabilities);
}

#[test]
fn a_changed_file_is_refused() {
    let bytes = OnnxModel::new(TREE, mapping(TWO_ANSWERS)).unwrap().to_bytes();
    for at in [0, 4, 6, 20, bytes.len() / 2, bytes.len() - 1] {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        assert!(matches!(OnnxModel::from_bytes(&changed), Err(Error::Damaged(_))), "byte {at}");
    }
    assert!(OnnxModel::from_bytes(&bytes[..bytes.len() - 1]).is_err());
}

proptest! {
    #[test]
    fn any_bytes_are_a_model_or_refused(at in 0usize..12_000, byte in any::<u8>(), which in 0usize..6, cut in any::<bool>()) {
        let mut bytes = ALL[which].1.to_vec();
        let at = at % bytes.len();
        if cut { bytes.truncate(at) } else { bytes[at] = byte }
        for answers in ["", TWO_ANSWERS] {
            // Whatever a changed byte made of it: it answers in the end, with probabilities or with none.
            if let Ok(model) = OnnxModel::new(&bytes, mapping(answers)) {
                let case = input(&three(), json!({ "amount": 1e9, "age": -3, "urgent": false, "plan": "free" }));
                if let Ok(advice) = model.propose(&case) {
                    prop_assert_eq!(advice.probabilities.iter().map(|(_, p)| u64::from(*p)).sum::<u64>(), 1_000_000_000);
                }
            }
        }
    }
}
