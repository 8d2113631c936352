//! Answers as controls and back: what stands in the controls is what is read out of them.

use super::*;
use countersign_app::view::ProposalView;
use proptest::prelude::*;
use serde_json::json;

fn shown(answer: Option<Value>) -> Shown {
    let proposal = |answer: Value| ProposalView {
        id: uuid::Uuid::nil(),
        proposer: "m".into(),
        version: "1".into(),
        answer,
        probabilities: None,
        explanation: None,
        evidence: Vec::new(),
        chained_from: None,
        ask: None,
        candidate: None,
        like: None,
        at: String::new(),
    };
    Shown {
        kind: None,
        shown: uuid::Uuid::nil(),
        token: String::new(),
        case: uuid::Uuid::nil(),
        version: 1,
        phase: "only".into(),
        question: String::new(),
        answer: Value::Null,
        fields: Vec::new(),
        advice_visible: answer.is_some(),
        proposals: answer.into_iter().map(proposal).collect(),
        judgments: Vec::new(),
        comments: Vec::new(),
        content: String::new(),
        precedents: Vec::new(),
        disagreement: None,
        expires: String::new(),
    }
}

fn form(pairs: &[(&str, &str)]) -> Form {
    let text: String = pairs.iter().map(|(name, value)| format!("{}={}&", encode(name), encode(value))).collect();
    Form::parse(text.as_bytes()).unwrap()
}

fn encode(text: &str) -> String {
    text.bytes().map(|b| if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

fn review() -> AnswerSpec {
    AnswerSpec::Form {
        schema: json!({
            "type": "object", "required": ["verdict", "risk"],
            "properties": {
                "verdict": { "type": "string", "title": "Verdict", "enum": ["merge", "change"] },
                "risk": { "type": "integer", "title": "Risk", "minimum": 1, "maximum": 5 },
                "share": { "type": "number" },
                "tested": { "type": "boolean" },
                "note": { "type": "string", "maxLength": 80 },
                "findings": { "type": "array", "title": "Findings", "items": { "type": "object", "required": ["file"], "properties": {
                    "file": { "type": "string", "maxLength": 100 }, "line": { "type": "integer" } } } },
                "where": { "type": "object", "properties": { "city": { "type": "string", "maxLength": 20 } } },
            },
        }),
    }
}

#[test]
fn a_choice_and_a_score_are_read() {
    let choice = AnswerSpec::Choice { options: vec!["a".into(), "b<".into()] };
    assert_eq!(parse(&choice, &form(&[("answer", "b<")])), Ok(json!("b<")));
    assert_eq!(parse(&choice, &form(&[])).unwrap_err().name, "answer");
    let page = control(&choice, &shown(None), Some(&form(&[("answer", "b<")]))).into_string();
    assert!(page.contains("value=\"b&lt;\" required checked"), "{page}");
    let decimal = |text: &str| countersign_core::number::Decimal::parse(text).unwrap();
    let score = AnswerSpec::Score { min: decimal("0"), max: decimal("10"), step: Some(decimal("0.5")) };
    assert_eq!(parse(&score, &form(&[("answer", " 7,5 ")])), Ok(json!("7.5")));
    assert!(control(&score, &shown(None), None).into_string().contains("in steps of 0.5"));
}

#[test]
fn a_text_begins_as_the_proposal_and_shows_what_was_changed() {
    let text = AnswerSpec::Text { bytes_max: 100 };
    let proposed = shown(Some(json!("Dear Zoë,\nwe refund 5 euros.")));
    let fresh = control(&text, &proposed, None).into_string();
    assert!(fresh.contains(">Dear Zoë,\nwe refund 5 euros.</textarea>"), "{fresh}");
    let edited = control(&text, &proposed, Some(&form(&[("answer", "Dear Zoë,\nwe refund 7 euros.")]))).into_string();
    assert!(edited.contains("<del>5</del><ins>7</ins>"), "{edited}");
    assert_eq!(parse(&text, &form(&[("answer", "a\r\nb")])), Ok(json!("a\nb")));
    assert!(parse(&text, &form(&[("answer", " \n")])).is_err());
    // A browser drops the first line feed of a text area.
    assert!(control(&text, &shown(Some(json!("\nx"))), None).into_string().contains(">\n\nx</textarea>"));
}

#[test]
fn a_form_is_read_by_its_schema() {
    let posted = form(&[
        ("answer/verdict", "change"),
        ("answer/risk", "3"),
        ("answer/share", "0,25"),
        ("answer/tested", "false"),
        ("answer/note", ""),
        ("answer/findings/0/file", "a.rs"),
        ("answer/findings/0/line", "7"),
        ("answer/findings/1/file", ""),
        ("answer/findings/3/file", "b.rs"),
        ("answer/where/city", " "),
    ]);
    let expected = json!({ "verdict": "change", "risk": 3, "share": "0.25", "tested": false, "findings": [{ "file": "a.rs", "line": 7 }, { "file": "b.rs" }] });
    assert_eq!(parse(&review(), &posted), Ok(expected));
}

#[test]
fn a_form_that_is_wrong_names_the_control() {
    let wrong = |pairs: &[(&str, &str)]| parse(&review(), &form(pairs)).unwrap_err();
    assert_eq!(wrong(&[("answer/risk", "3")]).name, "answer/verdict");
    let problem = wrong(&[("answer/verdict", "merge"), ("answer/risk", "three")]);
    assert_eq!((problem.name.as_str(), problem.detail.as_str()), ("answer/risk", "Risk: write a whole number, such as 12"));
    let problem = wrong(&[("answer/verdict", "merge"), ("answer/risk", "1"), ("answer/findings/0/line", "4")]);
    assert_eq!(problem.name, "answer/findings/0/file");
    assert_eq!(wrong(&[("answer/verdict", "merge"), ("answer/risk", "1"), ("answer/share", "inf")]).name, "answer/share");
}

#[test]
fn the_controls_of_a_form_hold_the_proposal_or_the_draft() {
    let proposed = shown(Some(json!({ "verdict": "merge", "risk": 2, "findings": [{ "file": "x.rs", "line": 1 }] })));
    let page = control(&review(), &proposed, None).into_string();
    assert!(page.contains("value=\"merge\" required checked") && page.contains("name=\"answer/findings/0/file\" value=\"x.rs\""), "{page}");
    assert!(page.contains("answer/findings/2/file"), "two empty rows follow the one that is there");
    let page = control(&review(), &proposed, Some(&form(&[("answer/risk", "5")]))).into_string();
    assert!(page.contains("name=\"answer/risk\"") && page.contains("value=\"5\""), "{page}");
    insta::assert_snapshot!(control(&review(), &shown(None), None).into_string().replace("><", ">\n<"));
}

#[test]
fn an_action_is_its_name_and_its_arguments() {
    let schema = json!({ "type": "object", "properties": { "sum": { "type": "number" }, "reason": { "type": "string", "enum": ["fraud", "goodwill"] } } });
    let spec = AnswerSpec::Action { names: vec!["refund".into(), "do_nothing".into()], schema: Some(schema) };
    let proposed = shown(Some(json!({ "name": "refund", "arguments": { "sum": "12.5", "reason": "fraud" } })));
    let page = control(&spec, &proposed, None).into_string();
    assert!(page.contains("value=\"refund\" required checked") && page.contains("value=\"12.5\""), "{page}");
    let posted = form(&[("answer/name", "refund"), ("answer/arguments/sum", "7"), ("answer/arguments/reason", "")]);
    assert_eq!(parse(&spec, &posted), Ok(json!({ "name": "refund", "arguments": { "sum": "7" } })));
    let free = AnswerSpec::Action { names: Vec::new(), schema: None };
    let posted = form(&[("answer/name", "call"), ("answer/arguments", "{\"a\": 1")]);
    assert_eq!(parse(&free, &posted).unwrap_err().name, "answer/arguments");
}

proptest! {
    #[test]
    fn what_was_typed_comes_back_whatever_it_is(note in "[ -~äß\\n<>&\"]{0,60}", risk in -3_i64..9, file in "[a-z<>\"&./]{1,20}") {
        let posted = form(&[("answer/verdict", "merge"), ("answer/risk", &risk.to_string()), ("answer/note", &note), ("answer/findings/4/file", &file)]);
        let read = parse(&review(), &posted).unwrap();
        prop_assert_eq!(&read["risk"], &json!(risk));
        let expected = if note.trim().is_empty() { Value::Null } else { json!(note) };
        prop_assert_eq!(&read["note"], &expected);
        prop_assert_eq!(&read["findings"][0]["file"], &json!(file));
        let page = control(&review(), &shown(None), Some(&posted)).into_string();
        prop_assert!(!page.contains("<script") && page.matches("<input").count() >= 4);
    }
}
