//! The playbooks that come with the product: each is read, takes an example case and answer, and refuses a broken one.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on should panic")]

use countersign_core::playbook::{
    AnswerSpec, FieldKind, Playbook,
    check::{CheckedAnswer, answer_value, field_values, outcome_value},
    parse::parse_bytes,
};
use serde_json::{Value, json};
use std::collections::BTreeSet;

const HASH: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

fn folder() -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../playbooks")
}

fn load(name: &str) -> Playbook {
    let file = format!("{name}.toml");
    let bytes = std::fs::read(folder().join(&file)).unwrap();
    parse_bytes(&bytes, &file)
        .unwrap_or_else(|problems| panic!("{}", problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")))
}

/// An example of each: case, answer, outcome, and an answer that does not fit.
fn examples() -> Vec<(&'static str, Value, Value, Value, Value)> {
    let turns = json!([{ "role": "customer", "text": "I was charged twice.", "at": "2026-03-01T09:30:00Z" }, { "role": "bot", "text": "Let me see." }]);
    vec![
        (
            "alert-triage",
            json!({
                "rule": "Logon from two countries", "severity": 71.5, "asset": "server", "seen_at": "2026-03-01T09:30:00.120+01:00", "host": "db-3",
                "account": "j.doe", "known_bad": false, "events": { "columns": ["at", "event", "count"], "rows": [["09:29", "logon", 3], ["09:30", "logon", null]] },
                "raw": { "score": 0.7150, "tags": ["geo"] },
            }),
            json!("watch"),
            json!("escalate"),
            json!("close"),
        ),
        (
            "support-triage",
            json!({ "subject": "Charged twice", "talk": turns, "customer": "c-81", "plan": "team", "invoices": "2", "region": "europe" }),
            json!("billing"),
            json!("billing"),
            json!("Billing"),
        ),
        (
            "scan-review",
            json!({
                "study": "S-2026-118", "view": "left-mlo", "patient": "p-7", "taken_at": 1_772_357_400_000_000_i64, "density": "c", "age": 57,
                "scan": { "attachment": HASH, "boxes": [{ "x": 812, "y": 1033, "width": 64, "height": 58, "label": "mass" }] },
            }),
            json!("biopsy"),
            json!("biopsy"),
            json!(["biopsy"]),
        ),
        (
            "draft-review",
            json!({ "subject": "Charged twice", "thread": turns, "customer": "c-81", "channel": "mail", "legal": "false", "order": { "columns": ["item", "price"], "rows": [["lamp", 19.9]] } }),
            json!("We are sorry. The second charge was taken back today."),
            json!(4),
            json!("x".repeat(20_001)),
        ),
        (
            "code-review",
            json!({ "title": "Bound the queue", "change": "--- a/q.rs\n+++ b/q.rs\n@@ -1 +1 @@\n-let q = vec![];\n+let q = Vec::with_capacity(8);\n", "language": "rust", "lines": 2, "touches": "code", "tests": true, "author": "a-3", "checks": [{ "tool": "lint", "ok": true }] }),
            json!({ "verdict": "merge", "risk": 2, "findings": [{ "file": "q.rs", "line": 1, "text": "why 8?" }] }),
            json!({ "verdict": "change", "risk": 3 }),
            json!({ "verdict": "merge", "risk": 2, "finding": [] }),
        ),
        (
            "agent-action",
            json!({ "goal": "Give the second charge back", "tool": "refund", "sum": "19.90", "trace": turns, "customer": "c-81", "new_payee": 0, "context": { "ticket": 5 } }),
            json!({ "name": "refund", "arguments": { "customer": "c-81", "sum": 19.90, "reason": "duplicate" } }),
            json!({ "name": "do_nothing", "arguments": {} }),
            json!({ "name": "refund", "arguments": { "sum": 5000.01 } }),
        ),
    ]
}

#[test]
fn each_ready_playbook_takes_its_example_and_refuses_a_broken_one() {
    for (name, case, answer, outcome, wrong) in examples() {
        let playbook = load(name);
        assert_eq!(playbook.name, name, "the file is called as the playbook");
        let Value::Object(case) = case else { panic!("{name}: a case is an object") };
        let values = field_values(&playbook, case.clone()).expect(name);
        assert_eq!(values.len(), case.len());
        answer_value(&playbook, &answer).expect(name);
        outcome_value(&playbook, &outcome).expect(name);
        assert!(answer_value(&playbook, &wrong).is_err(), "{name}: {wrong}");
        let first = playbook.fields.iter().find(|f| f.required).unwrap();
        let mut without = case.clone();
        without.remove(&first.name);
        assert_eq!(field_values(&playbook, without).unwrap_err().field, Some(format!("/fields/{}", first.name)), "{name}");
    }
    let refund = answer_value(&load("agent-action"), &examples()[5].2).unwrap();
    let want = json!({ "name": "refund", "arguments": { "customer": "c-81", "sum": "19.9", "reason": "duplicate" } });
    assert_eq!(refund, CheckedAnswer::Document(want));
}

#[test]
fn the_folder_holds_these_playbooks_and_together_they_show_much() {
    let in_folder: BTreeSet<String> = std::fs::read_dir(folder()).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    let tried: BTreeSet<String> = examples().iter().map(|e| format!("{}.toml", e.0)).collect();
    assert_eq!(in_folder, tried);
    let playbooks: Vec<Playbook> = examples().iter().map(|e| load(e.0)).collect();
    let kinds: BTreeSet<String> =
        playbooks.iter().flat_map(|p| &p.fields).map(|f| format!("{:?}", std::mem::discriminant(&f.kind))).collect();
    assert_eq!(kinds.len(), 10, "every type of field is shown");
    assert!(playbooks.iter().any(|p| p.fields.iter().any(|f| matches!(&f.kind, FieldKind::Category { options } if options.is_empty()))));
    let shows = |shown: fn(&AnswerSpec) -> bool| playbooks.iter().any(|p| shown(&p.answer));
    assert!(shows(|a| matches!(a, AnswerSpec::Choice { .. })) && shows(|a| matches!(a, AnswerSpec::Text { .. })));
    assert!(shows(|a| matches!(a, AnswerSpec::Action { schema: Some(_), .. })) && shows(|a| matches!(a, AnswerSpec::Form { .. })));
    assert!(playbooks.iter().any(|p| p.decide.signatures_default == 2) && playbooks.iter().any(|p| p.routing.automate.is_some()));
}

#[test]
fn the_reference_names_every_key_and_its_examples_are_real() {
    let page = std::fs::read_to_string(folder().join("../docs/playbooks.md")).unwrap();
    for key in [
        "name",
        "question",
        "description",
        "options",
        "min",
        "max",
        "step",
        "bytes_max",
        "names",
        "schema",
        "title",
        "required",
        "personal",
        "subject",
        "audited",
        "hidden",
        "share",
        "visible_to",
        "kind",
        "source",
        "observed",
        "after",
        "error",
        "minute",
        "default",
        "blind",
        "deadline",
        "panel",
        "automate",
        "roles",
        "signatures",
        "grace",
        "lease",
        "bulk",
    ] {
        assert!(page.contains(&format!("`{key}`")), "{key} is not explained");
    }
    let mut examples = page.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next());
    let smallest = examples.next().unwrap();
    let read = |source: &str| parse_bytes(source.as_bytes(), "docs/playbooks.md").unwrap_or_else(|p| panic!("{source}\n{p:#?}"));
    assert_eq!(read(smallest).name, "spam");
    let [score, fields, mask, rule] = [(); 4].map(|()| examples.next().unwrap());
    let answer = "answer = { kind = \"choice\", options = [\"a\", \"b\"] }";
    let body = "[fields]\nsum = { type = \"number\" }\nregion = { type = \"category\" }";
    assert!(matches!(read(&format!("name = \"x\"\nquestion = \"?\"\n{score}\n{body}")).answer, AnswerSpec::Score { .. }));
    assert_eq!(read(&format!("name = \"x\"\nquestion = \"?\"\n{answer}\n{fields}")).fields.len(), 3);
    assert!(read(&format!("name = \"x\"\nquestion = \"?\"\n{answer}\n[fields]\n{mask}")).fields[0].is_masked());
    assert_eq!(read(&format!("name = \"x\"\nquestion = \"?\"\n{answer}\n{body}\n{rule}")).routing.rules.len(), 1);
}
