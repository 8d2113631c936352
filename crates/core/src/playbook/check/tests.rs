//! Tests of holding values against a playbook: every kind of field and answer, and hostile values.

use super::*;
use crate::playbook::parse::parse;
use proptest::prelude::*;
use serde_json::json;

const FIELDS: &str = r#"
name = "x"
question = "?"
answer = { kind = "choice", options = ["yes", "no"] }
[fields]
text = { type = "text", required = false }
number = { type = "number", required = false }
level = { type = "category", options = ["low", "high", "1", "true"], required = false }
word = { type = "category", required = false }
flag = { type = "boolean", required = false }
at = { type = "time", required = false }
scan = { type = "image", required = false }
change = { type = "patch", required = false }
talk = { type = "conversation", required = false }
rows = { type = "table", required = false }
any = { type = "json", required = false }
"#;

const HASH: &str = "9F86D081884C7D659A2FEAA0C55AD015A3BF4F1B2B0B822CD15D6C15B0F00A08";

fn playbook(source: &str) -> Playbook {
    parse(source, "test.toml").unwrap()
}

fn answers(answer: &str, more: &str) -> Playbook {
    playbook(&format!("name = \"x\"\nquestion = \"?\"\nanswer = {answer}\n{more}\n[fields]\nbody = {{ type = \"text\" }}"))
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        other => panic!("{other} is no object"),
    }
}

/// One field of [`FIELDS`]: its canonical value, or words of the refusal.
fn check(field: &str, given: Value, want: Result<Value, &str>) {
    let playbook = playbook(FIELDS);
    let got = field_values(&playbook, object(json!({ field: given })));
    match (&got, want) {
        (Ok(values), Ok(want)) => {
            assert_eq!(values.get(field).unwrap_or(&Value::Null), &want, "{field} {given}");
            if field != "any" && !want.is_null() {
                assert_eq!(
                    field_values(&playbook, object(json!({ field: want }))).as_ref(),
                    Ok(values),
                    "normalising twice changes nothing"
                );
            }
        }
        (Err(refusal), Err(words)) => {
            assert!(refusal.detail.contains(words), "{field} {given}: {}", refusal.detail);
            assert_eq!(refusal.field.as_deref(), Some(&*format!("/fields/{field}")));
        }
        _ => panic!("{field} {given}: {got:?}"),
    }
}

#[test]
fn every_kind_has_one_form() {
    for (field, given, want) in [
        ("text", json!("a'<b>\"; drop"), Ok(json!("a'<b>\"; drop"))),
        ("text", json!(""), Ok(json!(""))),
        ("text", json!(null), Ok(json!(null))),
        ("text", json!(3), Err("must be a text, and is a number")),
        ("text", json!("a\u{0}b"), Err("U+0000")),
        ("text", json!("x".repeat(CASE_BYTES_MAX + 1)), Err("at most 1048576")),
        ("number", json!(12.50), Ok(json!("12.5"))),
        ("number", json!(0.1), Ok(json!("0.1"))),
        ("number", json!(1e-7), Ok(json!("0.0000001"))),
        ("number", json!(9_007_199_254_740_993_u64), Ok(json!("9007199254740993"))),
        ("number", json!("-0.0"), Ok(json!("0"))),
        ("number", json!("1e3"), Ok(json!("1000"))),
        ("number", json!("NaN"), Err("must be a number")),
        ("number", json!(1e300), Err("at most 40 digits")),
        ("number", json!(true), Err("and is true or false")),
        ("level", json!("low"), Ok(json!("low"))),
        ("level", json!(1), Ok(json!("1"))),
        ("level", json!(true), Ok(json!("true"))),
        ("level", json!("hihg"), Err("is \"hihg\", which is none of its options; did you mean \"high\"? One of low, high, 1, true")),
        ("level", json!(1.5), Err("must be a word")),
        ("word", json!("anything"), Ok(json!("anything"))),
        ("word", json!("two\nlines"), Err("control character")),
        ("word", json!("x".repeat(121)), Err("more than 120 characters")),
        ("flag", json!(true), Ok(json!(true))),
        ("flag", json!("False"), Ok(json!(false))),
        ("flag", json!("1"), Ok(json!(true))),
        ("flag", json!(0), Ok(json!(false))),
        ("flag", json!("yes"), Err("must be true or false")),
        ("at", json!("2026-03-01T10:30:00.25+01:00"), Ok(json!(1_772_357_400_250_000_i64))),
        ("at", json!(-5), Ok(json!(-5))),
        ("at", json!("2026-03-01T10:30:00"), Err("has no offset")),
        ("at", json!(1.5), Err("whole number of microseconds")),
        ("at", json!(9_007_199_254_740_993_u64), Err("whole number of microseconds")),
        ("scan", json!({ "attachment": HASH }), Ok(json!({ "attachment": HASH.to_lowercase() }))),
        ("scan", json!({ "attachment": "x" }), Err("64 hex digits")),
        ("scan", json!({ "attachment": HASH, "url": "http://x" }), Err("Taken are attachment, boxes")),
        (
            "scan",
            json!({ "attachment": HASH, "boxes": [{ "x": 0, "y": 1, "width": 2, "height": 3, "label": "nodule" }] }),
            Ok(json!({ "attachment": HASH.to_lowercase(), "boxes": [{ "x": 0, "y": 1, "width": 2, "height": 3, "label": "nodule" }] })),
        ),
        (
            "scan",
            json!({ "attachment": HASH, "boxes": [{ "x": 0.5, "y": 1, "width": 2, "height": 3 }] }),
            Err("a box whose x is no whole number"),
        ),
        ("scan", json!({ "attachment": HASH, "boxes": vec![0; 1_001] }), Err("no list of at most 1000")),
        ("change", json!("--- a\n+++ b\n@@ -1 +1 @@\n-x\n+y\n"), Ok(json!("--- a\n+++ b\n@@ -1 +1 @@\n-x\n+y\n"))),
        ("change", json!("please change x to y"), Err("must be a unified diff")),
        (
            "talk",
            json!([{ "text": "hi", "role": "user", "at": "1970-01-01T00:00:01Z" }]),
            Ok(json!([{ "role": "user", "text": "hi", "at": 1_000_000 }])),
        ),
        ("talk", json!([{ "role": "user" }]), Err("without a role or without a text")),
        ("talk", json!([{ "role": "user", "text": "a\u{0}" }]), Err("a turn whose text holds the character U+0000")),
        ("talk", json!([{ "role": "user", "text": "a", "at": "noon" }]), Err("a turn whose time (at) is not an RFC 3339 time")),
        ("talk", json!("hi"), Err("must be a list of turns")),
        (
            "rows",
            json!({ "columns": ["a", "b"], "rows": [[1.5, null], ["x", true]] }),
            Ok(json!({ "columns": ["a", "b"], "rows": [["1.5", null], ["x", true]] })),
        ),
        ("rows", json!({ "columns": ["a"], "rows": [[1], [1, 2]] }), Err("has 2 cells in row 2; its 1 columns want 1")),
        ("rows", json!({ "columns": ["a"], "rows": [[[]]] }), Err("has a cell that must be a text")),
        ("rows", json!({ "columns": [1], "rows": [] }), Err("a column whose name must be a text")),
        ("rows", json!({ "columns": [] }), Err("must have columns")),
        ("any", json!({ "b": 1.10, "a": [null] }), Ok(json!("{\"b\":1.1,\"a\":[null]}"))),
        ("any", json!({ "b": "\u{0}" }), Err("U+0000")),
        ("any", json!({ "\u{0}": 1 }), Err("U+0000")),
    ] {
        check(field, given, want);
    }
    let deep = (0..100).fold(json!(1), |inner, _| json!([inner]));
    check("any", deep, Err("deeper than 64 levels"));
}

#[test]
fn a_refusal_names_every_field_and_no_personal_value() {
    let p = playbook(
        "name = \"x\"\nquestion = \"?\"\nanswer = { kind = \"choice\", options = [\"yes\", \"no\"] }\n[fields]\n\"a/b\" = { type = \"text\" }\nill = { type = \"category\", options = [\"no\"], personal = true }\nn = { type = \"number\" }",
    );
    let refusal = field_values(&p, object(json!({ "ill": "Jane Doe", "n": "Jane Doe", "nn": 1 }))).unwrap_err();
    assert_eq!((refusal.code, refusal.field.as_deref()), (Code::Invalid, Some("/fields/a~1b")));
    assert!(
        refusal.detail.contains("the field \"a/b\" is missing, and it is required; the field \"ill\" is none of its options"),
        "{}",
        refusal.detail
    );
    assert!(refusal.detail.contains("\"nn\" is no field of the playbook \"x\"") && !refusal.detail.contains("Jane"), "{}", refusal.detail);
    let wrong = answer_value(&p, &json!("Jane Doe")).unwrap_err();
    assert_eq!(wrong.detail, "the answer is none of the options. One of yes, no");
    let many: Map<String, Value> = (0..5_000).map(|i| (format!("{i}{}", "k".repeat(1_000)), json!(1))).collect();
    let refusal = field_values(&p, many).unwrap_err();
    assert!(refusal.detail.len() < 2_000 && refusal.detail.ends_with("and 4995 more problems"), "{}", refusal.detail);
    let big = "x".repeat(CASE_BYTES_MAX - 1_000);
    let refusal =
        field_values(&playbook(FIELDS), object(json!({ "text": big, "change": format!("diff --git a b\n{}", "x".repeat(2_000)) })))
            .unwrap_err();
    assert_eq!((refusal.code, refusal.field.as_deref()), (Code::TooLarge, Some("/fields")));
}

#[test]
fn cells_of_a_csv_become_the_same_values() {
    let p = playbook(FIELDS);
    let cells = [
        ("text", "hi"),
        ("number", "1.50"),
        ("level", "1"),
        ("word", ""),
        ("flag", "TRUE"),
        ("at", "1000000"),
        ("scan", HASH),
        ("talk", "[{\"role\":\"user\",\"text\":\"hi\"}]"),
        ("any", "{\"a\": 1}"),
    ];
    let typed = json!({
        "text": "hi", "number": 1.5, "level": "1", "flag": true, "at": "1970-01-01T00:00:01Z", "scan": { "attachment": HASH },
        "talk": [{ "role": "user", "text": "hi" }], "any": { "a": 1 },
    });
    assert_eq!(fields_from_text(&p, &cells), field_values(&p, object(typed)));
    let refused = |cells: &[(&str, &str)]| fields_from_text(&p, cells).unwrap_err().detail;
    assert!(refused(&[("any", "{")]).contains("the field \"any\" is no JSON (line 1"));
    assert!(refused(&[("text", "a"), ("text", "b")]).contains("given twice"));
    assert!(refused(&[("txet", "a")]).contains("did you mean \"text\"?"));
}

/// An answer's canonical form, or words of the refusal with the place that it blames.
fn check_answer(answer: &str, given: Value, want: Result<CheckedAnswer, (&str, &str)>) {
    let p = answers(answer, "");
    match (answer_value(&p, &given), want) {
        (Ok(got), Ok(want)) => {
            assert_eq!(got, want, "{answer} {given}");
            let again = match &got {
                CheckedAnswer::Choice(option) => json!(option),
                CheckedAnswer::Score(score) => json!(score.as_str()),
                CheckedAnswer::Document(document) => document.clone(),
            };
            assert_eq!(answer_value(&p, &again), Ok(got), "normalising twice changes nothing");
        }
        (Err(refusal), Err((place, words))) => {
            assert!(refusal.detail.contains(words), "{answer} {given}: {}", refusal.detail);
            assert_eq!(refusal.field.as_deref(), Some(place), "{answer} {given}");
        }
        (got, _) => panic!("{answer} {given}: {got:?}"),
    }
}

#[test]
fn every_kind_of_answer_is_held_against_the_playbook() {
    const CHOICE: &str = "{ kind = \"choice\", options = [\"billing\", \"abuse\"] }";
    const SCORE: &str = "{ kind = \"score\", min = 0.1, max = 10, step = 0.1 }";
    const ACTION: &str = "{ kind = \"action\", names = [\"refund\", \"close\"], schema = { type = \"object\", required = [\"sum\"], additionalProperties = false, properties = { sum = { type = \"number\", minimum = 0, maximum = 100 }, note = { type = \"string\", maxLength = 3 } } } }";
    const FORM: &str = "{ kind = \"form\", schema = { type = \"object\", properties = { n = { type = \"integer\" }, e = { enum = [\"a\", 2, 2.5] }, l = { type = \"array\", items = { type = \"boolean\" } }, z = { type = \"null\" }, x = { type = \"number\", enum = [1, 2.5] } } } }";
    let score = |text| Ok(CheckedAnswer::Score(crate::number::Decimal::parse(text).unwrap()));
    let document = |value| Ok(CheckedAnswer::Document(value));
    for (answer, given, want) in [
        (CHOICE, json!("abuse"), Ok(CheckedAnswer::Choice("abuse".into()))),
        (CHOICE, json!("abusse"), Err(("/answer", "is \"abusse\", none of the options; did you mean \"abuse\"?"))),
        (CHOICE, json!(1), Err(("/answer", "must be one of the options as a text, and is a number"))),
        (SCORE, json!(0.3), score("0.3")),
        (SCORE, json!("10.0"), score("10")),
        (SCORE, json!(0.35), Err(("/answer", "from 0.1 to 10 in steps of 0.1"))),
        (SCORE, json!(10.1), Err(("/answer", "from 0.1 to 10"))),
        (SCORE, json!("NaN"), Err(("/answer", "from 0.1 to 10"))),
        (SCORE, json!(null), Err(("/answer", "must be a number, and is null"))),
        ("{ kind = \"text\", bytes_max = 3 }", json!("abc"), document(json!("abc"))),
        ("{ kind = \"text\", bytes_max = 3 }", json!("abcd"), Err(("/answer", "has 4 bytes; the playbook takes at most 3"))),
        ("{ kind = \"text\" }", json!("\u{0}"), Err(("/answer", "U+0000"))),
        ("{ kind = \"patch\" }", json!("diff --git a/x b/x\n"), document(json!("diff --git a/x b/x\n"))),
        ("{ kind = \"patch\" }", json!("LGTM"), Err(("/answer", "must be a unified diff"))),
        (
            ACTION,
            json!({ "name": "refund", "arguments": { "sum": 20 } }),
            document(json!({ "name": "refund", "arguments": { "sum": "20" } })),
        ),
        (
            ACTION,
            json!({ "name": "refund", "arguments": { "sum": "1e1", "note": "é é" } }),
            document(json!({ "name": "refund", "arguments": { "sum": "10", "note": "é é" } })),
        ),
        (ACTION, json!({ "name": "refnud", "arguments": {} }), Err(("/answer/name", "did you mean \"refund\"?"))),
        (ACTION, json!({ "name": "close" }), Err(("/answer/arguments", "\"sum\" is missing"))),
        (ACTION, json!({ "name": "close", "arguments": [] }), Err(("/answer/arguments", "must be an object"))),
        (ACTION, json!({ "name": "close", "args": {} }), Err(("/answer", "no other"))),
        (ACTION, json!({ "name": "refund", "arguments": { "sum": 101 } }), Err(("/answer/arguments/sum", "must be at most 100"))),
        (
            ACTION,
            json!({ "name": "refund", "arguments": { "sum": 1, "note": "long" } }),
            Err(("/answer/arguments/note", "at most 3 are taken")),
        ),
        (
            ACTION,
            json!({ "name": "refund", "arguments": { "sum": 1, "nope": 1 } }),
            Err(("/answer/arguments", "\"nope\" is not part of it; did you mean \"note\"?")),
        ),
        (
            "{ kind = \"action\" }",
            json!({ "name": "ls", "arguments": { "f": 0.5, "i": 3, "big": 9_007_199_254_740_993_u64 } }),
            document(json!({ "name": "ls", "arguments": { "f": "0.5", "i": 3, "big": "9007199254740993" } })),
        ),
        (
            FORM,
            json!({ "n": 3.0, "e": 2.5, "l": [true], "z": null, "x": 2.5 }),
            document(json!({ "n": 3, "e": "2.5", "l": [true], "z": null, "x": "2.5" })),
        ),
        (FORM, json!({ "n": 3.5 }), Err(("/answer/n", "must be a whole number"))),
        (FORM, json!({ "n": "3" }), Err(("/answer/n", "must be of type integer"))),
        (FORM, json!({ "e": "b" }), Err(("/answer/e", "one of the values of its enum"))),
        (FORM, json!({ "x": 3 }), Err(("/answer/x", "one of the values of its enum"))),
        (FORM, json!({ "l": [true, 1] }), Err(("/answer/l/1", "must be of type boolean"))),
        (FORM, json!({ "free": { "\u{0}": 1 } }), Err(("/answer/free", "U+0000"))),
        (FORM, json!("x"), Err(("/answer", "must be an object"))),
        (FORM, (0..100).fold(json!({}), |inner, _| json!({ "a": inner })), Err(("/answer", "deeper"))),
    ] {
        if let Err((_, "deeper")) = want {
            let refusal = answer_value(&answers(answer, ""), &given).unwrap_err();
            assert!(refusal.detail.contains("deeper than 64 levels"), "{}", refusal.detail);
            continue;
        }
        check_answer(answer, given, want);
    }
}

#[test]
fn probabilities_and_confidences_are_integers_that_sum_to_one() {
    let p = answers("{ kind = \"choice\", options = [\"a\", \"b\", \"c\"] }", "");
    let got = probabilities(&p, &object(json!({ "a": 0.7, "b": "0.3" }))).unwrap();
    assert_eq!(got.into_iter().collect::<Vec<_>>(), [("a".to_owned(), 700_000_000), ("b".into(), 300_000_000), ("c".into(), 0)]);
    for (given, place, words) in [
        (json!({ "d": 1 }), "/probabilities/d", "none of the options"),
        (json!({ "a": 0.5 }), "/probabilities", "sum to 500000000 billionths"),
        (json!({ "a": 1.5 }), "/probabilities/a", "from 0 to 1"),
        (json!({ "a": "NaN", "b": 1 }), "/probabilities/a", "from 0 to 1"),
        (json!({ "a": null, "b": 1 }), "/probabilities/a", "and is null"),
        (json!({}), "/probabilities", "sum to 0"),
    ] {
        let refusal = probabilities(&p, &object(given.clone())).unwrap_err();
        assert!(refusal.field.as_deref() == Some(place) && refusal.detail.contains(words), "{given}: {refusal:?}");
    }
    let score = answers("{ kind = \"score\", min = 0, max = 1 }", "");
    assert!(probabilities(&score, &Map::new()).unwrap_err().detail.contains("go with a choice"));
    assert_eq!(confidence(&json!("0.25")), Ok(250_000_000));
    assert_eq!(confidence(&json!(1)), Ok(1_000_000_000));
    assert_eq!(confidence(&json!(80)).unwrap_err().field.as_deref(), Some("/confidence"));
}

#[test]
fn outcomes_follow_the_kind_of_the_playbook() {
    let outcome = |kind: &str| format!("outcome = {{ kind = \"{kind}\", source = \"s\" }}");
    let choice = "{ kind = \"choice\", options = [\"a\", \"b\"] }";
    assert_eq!(
        outcome_value(&answers(choice, &outcome("truth")), &json!("a")),
        Ok(CheckedOutcome::Answer(CheckedAnswer::Choice("a".into())))
    );
    let payoff = answers(choice, &outcome("payoff"));
    assert_eq!(outcome_value(&payoff, &json!(-2.50)), Ok(CheckedOutcome::Payoff(crate::number::Decimal::parse("-2.5").unwrap())));
    assert!(outcome_value(&payoff, &json!("a")).unwrap_err().detail.contains("must be a number"));
    let refusal = outcome_value(&answers(choice, &outcome("proxy")), &json!("c")).unwrap_err();
    assert_eq!(refusal.field.as_deref(), Some("/outcome"));
    assert!(outcome_value(&answers(choice, ""), &json!("a")).unwrap_err().detail.contains("has no [outcome]"));
}

/// Any JSON, not too deep.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::vec(("[a-d]{0,2}", inner), 0..4).prop_map(|m| Value::Object(m.into_iter().collect()))
        ]
    })
}

fn has_float_or_unsafe(value: &Value) -> bool {
    match value {
        Value::Number(n) => !n.as_i64().is_some_and(crate::number::is_safe_integer),
        Value::Array(items) => items.iter().any(has_float_or_unsafe),
        Value::Object(members) => members.values().any(has_float_or_unsafe),
        _ => false,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]
    /// Whatever is sent: no panic, no float in what is taken, and what is taken is a fixed point.
    #[test]
    fn nothing_that_is_taken_holds_a_float(field in 0_usize..11, value in any_json()) {
        let p = playbook(FIELDS);
        let name = p.fields[field].name.clone();
        if let Ok(values) = field_values(&p, object(json!({ name.as_str(): value.clone() }))) {
            prop_assert!(!values.values().any(has_float_or_unsafe));
            if name != "any" {
                prop_assert_eq!(field_values(&p, values.clone().into_iter().collect()), Ok(values));
            }
        }
        let action = answers("{ kind = \"action\" }", "");
        if let Ok(CheckedAnswer::Document(document)) = answer_value(&action, &json!({ "name": "x", "arguments": { "v": value } })) {
            prop_assert!(!has_float_or_unsafe(&document));
            prop_assert_eq!(answer_value(&action, &document), Ok(CheckedAnswer::Document(document)));
        }
    }
}
