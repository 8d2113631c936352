//! Fields as they are drawn: each kind once, and hostile values that must stay text.

use super::*;
use crate::desk::field::patch::{Kind, parse};
use countersign_app::input::HeatInput;
use proptest::prelude::*;
use serde_json::json;

const NOW: i64 = 1_795_000_000_000_000;

fn spec(kind: FieldKind) -> FieldSpec {
    FieldSpec {
        name: "field".into(),
        kind,
        title: false,
        required: true,
        personal: false,
        subject: false,
        audited: false,
        hidden: false,
        share: countersign_core::playbook::Share::Local,
        visible_to: Vec::new(),
    }
}

fn view(value: Value) -> FieldView {
    FieldView { name: "field".into(), kind: String::new(), value, erased: false, masked: false }
}

fn drawn(kind: FieldKind, value: Value, evidence: &[EvidenceInput]) -> String {
    render(&view(value), &spec(kind), &Context { evidence, now: NOW, remarks: None }).into_string()
}

fn kinds() -> Vec<FieldKind> {
    let words = FieldKind::Category { options: Vec::new() };
    vec![
        FieldKind::Text,
        FieldKind::Number,
        words,
        FieldKind::Boolean,
        FieldKind::Time,
        FieldKind::Image,
        FieldKind::Patch,
        FieldKind::Conversation,
        FieldKind::Table,
        FieldKind::Json,
    ]
}

fn evidence(start: Option<u64>, end: Option<u64>, quote: Option<&str>) -> EvidenceInput {
    EvidenceInput { field: "field".into(), start, end, quote: quote.map(str::to_owned), heat: None }
}

const DIFF: &str = "diff --git a/src/old.rs b/src/new.rs\nsimilarity index 90%\nindex 1..2 100644\n--- a/src/old.rs\n+++ b/src/new.rs\n@@ -3,4 +3,5 @@ fn main() {\n let a = 1;\n-let total = a + b;\n+let total = a - b;\n+let <b> = 2;\n }\n\n\\ No newline at end of file\n";

#[test]
fn what_speaks_for_an_answer_lies_over_the_picture_and_is_told_in_words() {
    let image = json!({ "attachment": "ab".repeat(32) });
    let over = |cells: Vec<i8>| {
        let heat = HeatInput { left: 0, top: 0, width: 5_000, height: 10_000, columns: 2, rows: 3, cells };
        drawn(FieldKind::Image, image.clone(), &[EvidenceInput { heat: Some(heat), ..evidence(None, None, None) }])
    };
    let html = over(vec![-5, 0, 0, 21, 0, 42]);
    assert_eq!(html.matches("<rect").count(), 2, "what speaks against it is not drawn: {html}");
    assert!(html.contains(r#"<rect x="2500.0" y="6666.7" width="2500.0" height="3333.3" fill-opacity="0.60">"#), "{html}");
    assert!(html.contains(r#"fill-opacity="0.30""#));
    assert!(html.contains("most at the bottom in the middle (without it the logit falls by 4.2)"), "{html}");
    assert!(over(vec![0, 0, 1, 0, 0, 0]).contains("most halfway down on the left (without it the logit falls by 0.1)"));
    assert!(over(vec![0, 0, 0, 1, 0, 0]).contains("most in the middle ("));
    for nothing in [vec![0; 6], vec![-3; 6], Vec::new()] {
        let html = over(nothing);
        assert!(!html.contains("heat") && !html.contains("<rect"), "nothing speaks for it, so there is nothing to switch: {html}");
    }
}

#[test]
fn every_kind_is_drawn() {
    let table = json!({ "columns": ["at", "what"], "rows": [["12500", "sign-in"], [null, true], ["-3.5", "x < y"]] });
    let talk = json!([{ "role": "customer", "text": "Charged twice & angry", "at": NOW - 3 * 3_600_000_000_i64 }, { "role": "support", "text": "Since when?" }]);
    let image = json!({ "attachment": "ab".repeat(32), "boxes": [{ "x": 1, "y": 2, "width": 30, "height": 40, "label": "mass" }] });
    let values = [
        json!("One.\n\nTwo."),
        json!("1234567.25"),
        json!("enterprise"),
        json!(true),
        json!(NOW - 60_000_000),
        image,
        json!(DIFF),
        talk,
        table,
        json!("{\"a\":[1,{\"b\":\"<i>\"}],\"c\":null}"),
    ];
    let all: String =
        kinds().into_iter().zip(values).map(|(kind, value)| format!("<!-- {kind:?} -->\n{}\n", drawn(kind.clone(), value, &[]))).collect();
    insta::assert_snapshot!(all.replace("><", ">\n<"));
}

#[test]
fn what_is_not_there_says_so() {
    assert!(drawn(FieldKind::Text, Value::Null, &[]).contains(words::FIELD_EMPTY));
    let erased = FieldView { erased: true, ..view(Value::Null) };
    let drawn = render(&erased, &spec(FieldKind::Text), &Context { evidence: &[], now: NOW, remarks: None }).into_string();
    assert!(drawn.contains("Erased"));
}

#[test]
fn evidence_is_marked_by_place_and_by_quotation() {
    let text = json!("Zoë was charged twice <again>");
    let by_place = drawn(FieldKind::Text, text.clone(), &[evidence(Some(8), Some(15), None)]);
    assert!(by_place.contains("Zoë was <mark class=\"evidence\">charged</mark> twice &lt;again&gt;"), "{by_place}");
    let by_quote = drawn(FieldKind::Text, text.clone(), &[evidence(None, None, Some("twice <again>"))]);
    assert!(by_quote.contains("<mark class=\"evidence\">twice &lt;again&gt;</mark>"), "{by_quote}");
    // What overlaps is one mark; what is not there, or beyond the end, is none.
    let both = [
        evidence(Some(0), Some(7), None),
        evidence(None, None, Some("was charged")),
        evidence(Some(500), Some(900), None),
        evidence(None, None, Some("absent")),
    ];
    let merged = drawn(FieldKind::Text, text, &both);
    assert!(merged.contains("<mark class=\"evidence\">Zoë was charged</mark> twice"), "{merged}");
    let other = EvidenceInput { field: "another".into(), ..evidence(Some(0), Some(3), None) };
    assert!(!drawn(FieldKind::Text, json!("Zoë"), &[other]).contains("<mark"));
}

#[test]
fn long_values_are_folded_and_cut() {
    let megabytes = "lorem ipsum dolor ".repeat(600_000);
    let page = drawn(FieldKind::Text, json!(megabytes), &[]);
    assert!(page.len() < 80_000 && page.contains("<details") && page.contains("more characters are not on this page"), "{}", page.len());
    let rows: Vec<Value> = (0..5_000).map(|n| json!([n.to_string()])).collect();
    assert!(drawn(FieldKind::Table, json!({ "columns": ["n"], "rows": rows }), &[]).contains("more rows"));
    let turns: Vec<Value> = (0..1_000).map(|_| json!({ "role": "a", "text": "b" })).collect();
    assert!(drawn(FieldKind::Conversation, json!(turns), &[]).contains("600 earlier turns"));
    let long: String = (0..20_000).map(|n| format!("+line {n}\n")).collect();
    let page = drawn(FieldKind::Patch, json!(format!("--- a/x\n+++ b/x\n@@ -0,0 +1,20000 @@\n{long}")), &[]);
    assert!(page.contains("17\u{202f}001 more lines, as plain text") && page.len() < 1_200_000, "{}", page.len());
    assert!(page.contains("1 file, 20\u{202f}000 lines added, 0 removed"), "the size is that of the whole change");
    assert!(page.contains("+line 19999"), "nothing of a change is hidden from its reviewer");
    let deep = (0..60).fold(json!(1), |inner, _| json!([inner]));
    assert!(drawn(FieldKind::Json, json!(deep.to_string()), &[]).len() < 10_000);
}

#[test]
fn a_diff_is_read_with_its_numbers() {
    let patch = parse(DIFF);
    let file = &patch.files[0];
    assert_eq!((file.before, file.after, file.added(), file.removed()), (Some("src/old.rs"), Some("src/new.rs"), 2, 1));
    assert_eq!(file.notes, ["similarity index 90%"]);
    let lines: Vec<_> = file.hunks[0].lines.iter().map(|line| (line.kind, line.before, line.after, line.text)).collect();
    let expected = [
        (Kind::Context, Some(3), Some(3), "let a = 1;"),
        (Kind::Removed, Some(4), None, "let total = a + b;"),
        (Kind::Added, None, Some(4), "let total = a - b;"),
        (Kind::Added, None, Some(5), "let <b> = 2;"),
        (Kind::Context, Some(5), Some(6), "}"),
        (Kind::Context, Some(6), Some(7), ""),
        (Kind::Note, None, None, "No newline at end of file"),
    ];
    assert_eq!(lines, expected);
    assert_eq!((patch.preamble, file.end), ("", DIFF.len()));
}

#[test]
fn diffs_of_other_tools_are_read() {
    let plain = "--- old.txt\t2026-01-01\n+++ new.txt\t2026-01-02\n@@ -1 +1 @@\n-a\n+b\n--- /dev/null\n+++ made.txt\n@@ -0,0 +1 @@\n+--- not a header\n";
    let patch = parse(plain);
    let paths: Vec<_> = patch.files.iter().map(|file| (file.before, file.after)).collect();
    assert_eq!(paths, [(Some("old.txt"), Some("new.txt")), (None, Some("made.txt"))]);
    assert_eq!(patch.files[1].hunks[0].lines[0].text, "--- not a header");
    assert_eq!(parse("@@ -1,2 +1,2 @@\n a\n").files.len(), 1);
    let none = parse("no diff at all");
    assert_eq!((none.files.len(), none.preamble), (0, "no diff at all"));
    let mailed = parse("Subject: fix it\n\nIt was broken.\n---\ndiff --git a/x b/x\n@@ -1 +1 @@\n-a\n+b\n");
    assert_eq!((mailed.files.len(), mailed.preamble), (1, "Subject: fix it\n\nIt was broken.\n---\n"));
}

#[test]
fn nothing_of_a_change_is_hidden_from_its_reviewer() {
    let files =
        |n: usize| (0..n).map(|f| format!("--- a/f{f}\n+++ b/f{f}\n@@ -0,0 +1,1000 @@\n{}", "+line\n".repeat(1_000))).collect::<String>();
    let page = drawn(FieldKind::Patch, json!(format!("From: somebody\n\nWhy.\n{}", files(20))), &[]);
    assert_eq!(page.matches("data-file=").count(), 20, "every file is listed");
    // A line that is drawn has its text once, in a cell; one that is not stands with its sign.
    assert_eq!(page.matches("line</td>").count() + page.matches("+line\n").count(), 20_000);
    assert!(page.contains("20 files, 20\u{202f}000 lines added") && page.contains("From: somebody"));
    let none = drawn(FieldKind::Patch, json!("rm -rf /"), &[]);
    assert!(none.contains("rm -rf /") && none.contains("no unified diff"), "{none}");
}

#[test]
fn the_words_that_changed_are_marked() {
    let page = drawn(FieldKind::Patch, json!(DIFF), &[]);
    assert!(page.contains("let total = a <em>+</em> b;") && page.contains("let total = a <em>-</em> b;"), "{page}");
    assert!(page.contains("let &lt;b&gt; = 2;"));
}

/// Everything between `<` and `>` of a page must be ours: no hostile text opens or leaves a tag.
fn tags(page: &str) -> Vec<&str> {
    page.split('<').skip(1).map(|rest| rest.split(['>', ' ']).next().unwrap_or_default()).collect()
}

const OURS: [&str; 34] = [
    "div",
    "/div",
    "p",
    "/p",
    "span",
    "/span",
    "b",
    "/b",
    "em",
    "/em",
    "mark",
    "/mark",
    "details",
    "summary",
    "ol",
    "ul",
    "li",
    "table",
    "thead",
    "tbody",
    "tr",
    "td",
    "th",
    "figure",
    "figcaption",
    "svg",
    "rect",
    "title",
    "img",
    "button",
    "a",
    "input",
    "label",
    "time",
];

proptest! {
    #[test]
    fn hostile_values_stay_text(text in "[<>\"'&a-z/=: \\n+@-]{0,80}", kind in 0..10_usize) {
        let evil = format!("{text}\"><script>alert(1)</script><img src=x onerror=alert(1)> javascript:alert(1)");
        let kind = kinds().swap_remove(kind);
        let values = [
            json!(evil),
            json!({ "attachment": evil, "boxes": [{ "x": 0, "y": 0, "width": 1, "height": 1, "label": evil }] }),
            json!({ "columns": [evil], "rows": [[evil]] }),
            json!([{ "role": evil, "text": evil }]),
            json!(format!("diff --git a/{evil} b/{evil}\n@@ -1 +1 @@\n-{evil}\n+{evil}x\n")),
            json!(json!({ evil.clone(): evil }).to_string()),
        ];
        for value in values {
            let page = drawn(kind.clone(), value, &[evidence(None, None, Some("script"))]);
            for tag in tags(&page) {
                let known = OURS.contains(&tag) || OURS.contains(&tag.trim_start_matches('/')) || ["code", "/code", "pre", "/pre"].contains(&tag);
                prop_assert!(known, "{tag:?} in {page}");
            }
            prop_assert!(!page.contains("href=\"javascript:") && !page.contains("<img src=x"), "{page}");
        }
    }

    #[test]
    fn reading_a_diff_never_panics_and_loses_no_changed_line(lines in proptest::collection::vec("[-+ @\\\\]?[a-z@ ,0-9+-]{0,12}", 0..60)) {
        let source = lines.join("\n");
        let patch = parse(&source);
        let drawn: usize = patch.files.iter().flat_map(|f| &f.hunks).map(|h| h.lines.len()).sum();
        prop_assert!(drawn <= lines.len());
        let _ = patch::render(&source).into_string();
    }
}
