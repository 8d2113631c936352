//! Known answers of RFC 8785, properties, and hostile input.

use std::collections::{BTreeMap, HashMap};

use proptest::prelude::*;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::*;

fn text(value: &impl Serialize) -> String {
    String::from_utf8(to_vec(value).unwrap()).unwrap()
}

#[test]
fn strings_and_literals_of_the_rfc() {
    // RFC 8785 section 3.2.2 and 3.2.3, without its floats.
    let value = json!({
        "string": "\u{20ac}$\u{f}\nA'B\"\\\\\"/",
        "literals": [null, true, false],
    });
    assert_eq!(text(&value), "{\"literals\":[null,true,false],\"string\":\"\u{20ac}$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}");
}

#[test]
fn keys_sort_by_utf16_as_in_the_rfc() {
    // The sorting example of RFC 8785 section 3.2.3; the last two are where UTF-8 order would differ.
    let value = json!({
        "\u{20ac}": "Euro Sign", "\r": "Carriage Return", "\u{fb33}": "Hebrew Letter Dalet With Dagesh", "1": "One",
        "\u{1f600}": "Emoji: Grinning Face", "\u{80}": "Control", "\u{f6}": "Latin Small Letter O With Diaeresis",
    });
    assert_eq!(
        text(&value),
        "{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\u{80}\":\"Control\",\"\u{f6}\":\"Latin Small Letter O With Diaeresis\",\
         \"\u{20ac}\":\"Euro Sign\",\"\u{1f600}\":\"Emoji: Grinning Face\",\"\u{fb33}\":\"Hebrew Letter Dalet With Dagesh\"}"
    );
}

#[test]
fn integers_up_to_the_limit() {
    for (value, want) in
        [(0_i64, "0"), (-1, "-1"), (10, "10"), (-9_007_199_254_740_991, "-9007199254740991"), (9_007_199_254_740_991, "9007199254740991")]
    {
        assert_eq!(text(&value), want);
        assert_eq!(text(&i128::from(value)), want);
    }
    assert_eq!(to_vec(&9_007_199_254_740_992_u64), Err(Error::IntegerRange("9007199254740992".into())));
    assert_eq!(to_vec(&-9_007_199_254_740_992_i64), Err(Error::IntegerRange("-9007199254740992".into())));
    assert_eq!(to_vec(&i64::MIN), Err(Error::IntegerRange(i64::MIN.to_string())));
    assert_eq!(to_vec(&u128::MAX), Err(Error::IntegerRange(u128::MAX.to_string())));
}

#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Unit,
    Newtype(u8),
    Tuple(u8, u8),
    Struct { b: u8, a: u8 },
}

#[derive(Serialize)]
struct Event<'a> {
    workspace: &'a str,
    id: u64,
    body: BTreeMap<&'a str, Option<bool>>,
    kinds: [Kind; 4],
}

#[test]
fn types_encode_as_their_json_values_do() {
    let event = Event {
        workspace: "w\u{7f}/ü",
        id: 7,
        body: [("z", None), ("a\"", Some(true))].into(),
        kinds: [Kind::Unit, Kind::Newtype(1), Kind::Tuple(2, 3), Kind::Struct { b: 4, a: 5 }],
    };
    let want = "{\"body\":{\"a\\\"\":true,\"z\":null},\"id\":7,\"kinds\":[\"unit\",{\"newtype\":1},{\"tuple\":[2,3]},{\"struct\":{\"a\":5,\"b\":4}}],\"workspace\":\"w\u{7f}/ü\"}";
    assert_eq!(text(&event), want);
    assert_eq!(text(&serde_json::to_value(&event).unwrap()), want);
}

#[test]
fn what_has_no_canonical_form_is_refused() {
    assert_eq!(to_vec(&1.0), Err(Error::Float));
    assert_eq!(to_vec(&[f32::NAN]), Err(Error::Float));
    assert_eq!(to_vec(&HashMap::from([(1, 2)])), Err(Error::KeyNotString));
    assert_eq!(to_vec(&HashMap::from([(true, 2)])), Err(Error::KeyNotString));
    assert_eq!(to_vec(&json!({"a": ["x\0"]})), Err(Error::Nul));
    assert_eq!(to_vec(&json!({"a\0": 1})), Err(Error::Nul));
    assert_eq!(to_vec(&Twice), Err(Error::DuplicateKey("b".into())));
    let deep = |levels| (0..levels).fold(json!(1), |inner, _| json!([inner]));
    assert!(to_value(&to_vec(&deep(NESTING_LEVELS_MAX)).unwrap()).is_ok());
    assert_eq!(to_vec(&deep(NESTING_LEVELS_MAX + 1)), Err(Error::TooDeep));
}

/// A map that hands out the same key twice, with another between.
struct Twice;

impl Serialize for Twice {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map([("b", 1), ("a", 2), ("b", 1)])
    }
}

#[test]
fn only_the_one_spelling_is_read() {
    assert_eq!(to_value(br#"{"a":[1,"x"],"b":null}"#).unwrap(), json!({"a": [1, "x"], "b": null}));
    for other in [
        &br#"{"b":1,"a":2}"#[..],
        br#"{"a":1,"a":1}"#,
        br#"{"a":1,"a":2}"#,
        br#"{"a": 1}"#,
        b"[1]\n",
        br#"["\u0041"]"#,
        br#"["\/"]"#,
        br#"["\u000A"]"#,
        b"[-0]",
        b"[1.0]",
        b"[1e3]",
        b"[9007199254740992]",
        b"[123456789012345678901234567890]",
        br#"["\u0000"]"#,
        b"[01]",
        b"[1",
        b"",
        b"\"\xff\"",
        b"\xef\xbb\xbf[1]",
        br#"["\ud800"]"#,
    ] {
        assert!(to_value(other).is_err(), "{}", String::from_utf8_lossy(other));
    }
}

/// JSON values without floats, with keys around the UTF-16 boundary.
fn values() -> impl Strategy<Value = Value> {
    let words =
        || proptest::string::string_regex("[\"\\\\a-c\u{1}\n\u{7f}\u{e9}\u{d7ff}\u{e000}\u{ffff}\u{10000}\u{10ffff}]{0,4}").unwrap();
    let integers = -9_007_199_254_740_991_i64..=9_007_199_254_740_991;
    let leaf =
        prop_oneof![Just(Value::Null), any::<bool>().prop_map(Value::from), integers.prop_map(Value::from), words().prop_map(Value::from)];
    leaf.prop_recursive(4, 40, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((words(), inner), 0..6).prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// The same value with every object's members in reverse order.
fn reversed(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            Value::Object(members.iter().rev().map(|(key, value)| (key.clone(), reversed(value))).collect::<Map<_, _>>())
        }
        Value::Array(items) => items.iter().map(reversed).collect(),
        other => other.clone(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn encoding_round_trips_and_ignores_member_order(value in values()) {
        let bytes = to_vec(&value).unwrap();
        let parsed = to_value(&bytes).unwrap();
        prop_assert_eq!(&parsed, &value);
        prop_assert_eq!(to_vec(&parsed).unwrap(), bytes.clone());
        prop_assert_eq!(to_vec(&reversed(&value)).unwrap(), bytes);
    }

    #[test]
    fn keys_come_in_utf16_order(value in values()) {
        fn check(value: &Value) {
            if let Value::Object(members) = value {
                let keys: Vec<Vec<u16>> = members.keys().map(|key| key.encode_utf16().collect()).collect();
                assert!(keys.is_sorted());
                members.values().for_each(check);
            }
        }
        check(&to_value(&to_vec(&value).unwrap()).unwrap());
    }

    #[test]
    fn any_bytes_are_refused_or_already_canonical(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
        if let Ok(value) = to_value(&bytes) {
            prop_assert_eq!(to_vec(&value).unwrap(), bytes);
        }
    }
}
