//! What a file and a mapping make, as data: every row of a table is a file with what it must give.

use super::*;
use countersign_core::playbook::parse::parse;
use proptest::prelude::*;
use serde_json::json;
use std::io::Cursor;

const TWO: &str = r#"
name = "two"
question = "Again?"
[answer]
kind = "choice"
options = ["no", "yes"]
[fields]
age = { type = "number" }
note = { type = "text", required = false }
when = { type = "time", required = false }
extra = { type = "json", required = false }
[outcome]
kind = "truth"
source = "the register"
"#;

fn playbook(source: &str) -> Playbook {
    parse(source, "test").unwrap()
}

fn open(source: &str, format: Format, mapping: &Value, file: &[u8], joins: Vec<Join>) -> Result<Rows, Error> {
    let mapping: Mapping = serde_json::from_value(mapping.clone()).unwrap();
    let playbook = playbook(source);
    Rows::open(Box::new(Cursor::new(file.to_vec())), format, &mapping, Some(&playbook), joins, Meter::default())
}

/// Cases and faults, in the order of the file.
fn all(source: &str, format: Format, mapping: &Value, file: &[u8]) -> Vec<Result<CaseInput, String>> {
    let rows = open(source, format, mapping, file, Vec::new()).unwrap();
    rows.map(|row| {
        row.map(|row| row.input).map_err(|fault| match fault {
            Fault::Row(bad) => bad.to_string(),
            Fault::Source(error) => format!("fatal: {error}"),
        })
    })
    .collect()
}

fn csv(mapping: &Value, file: &[u8]) -> Vec<Result<CaseInput, String>> {
    all(TWO, Format::Csv(None), mapping, file)
}

fn one(mapping: &Value, file: &str) -> Value {
    let mut rows = csv(mapping, file.as_bytes());
    assert_eq!(rows.len(), 1, "{rows:?}");
    let case = rows.remove(0).unwrap();
    check(&playbook(TWO), &case).unwrap();
    serde_json::to_value(case).unwrap()
}

#[test]
fn a_row_becomes_a_case_with_its_history() {
    let mapping = json!({
        "external_id": "{target}-{nr}",
        "values": { "0": "no", "1": "yes" },
        "proposal": [
            { "name": "model", "version": "2020", "probability": "p", "of": "1" },
            { "name": "decile", "answer": "decile>5", "of": "1" },
        ],
        "judgment": [{ "person": "who", "probability": "hp", "of": "1", "confidence": true, "advice": "no", "millis": "ms" }],
        "outcome": { "value": "truth", "at": "=2020-01-02T00:00:00Z" },
        "decision": "last-judgment",
        "opened_at": "opened",
    });
    let file = "target,nr,age,p,decile,who,hp,ms,truth,opened\ngeneral,7,32,0.35164,6,106,0.22,101880.0,1.0,1577836800000000\n";
    let case = one(&mapping, file);
    assert_eq!(
        case,
        json!({
            "playbook": "two", "external_id": "general-7", "fields": { "age": "32" }, "owner": null, "deadline": null,
            "proposals": [
                { "proposer": "model", "version": "2020", "answer": null, "probabilities": { "yes": 0.35164, "no": 0.64836 }, "explanation": null,
                  "evidence": [], "chained_from": null, "ask": null, "owner": null, "cost": null, "at": null },
                { "proposer": "decile", "version": null, "answer": "yes", "probabilities": null, "explanation": null,
                  "evidence": [], "chained_from": null, "ask": null, "owner": null, "cost": null, "at": null },
            ],
            "history": {
                "opened_at": 1_577_836_800_000_000_i64,
                "judgments": [{ "person": "106", "answer": "no", "phase": null, "advice_seen": "no", "confidence": 0.78, "seconds": 101.88, "tool": null, "at": null }],
                "decision": { "answer": "no", "at": null, "persons": ["106"] },
                "outcome": { "value": "yes", "source": null, "at": "2020-01-02T00:00:00Z" },
            },
        })
    );
}

#[test]
fn exactly_at_the_threshold_is_not_above_it() {
    let mapping = json!({ "judgment": [{ "person": "=a", "probability": "p", "of": "yes" }], "proposal": [{ "name": "d", "answer": "d>5", "of": "yes" }] });
    for (p, d, judged, proposed) in
        [("0.5", "5", "no", "no"), ("0.51", "5.0", "yes", "no"), ("0.49999", "5.01", "no", "yes"), ("1", "1e1", "yes", "yes")]
    {
        let case = one(&mapping, &format!("age,p,d\n1,{p},{d}\n"));
        assert_eq!(case["history"]["judgments"][0]["answer"], judged, "{p}");
        assert_eq!(case["proposals"][0]["answer"], proposed, "{d}");
    }
}

#[test]
fn empty_cells_are_absent_values() {
    let mapping = json!({
        "judgment": [{ "person": "who", "answer": "said", "seconds": "s" }],
        "proposal": [{ "name": "m", "probability": "p", "of": "yes", "version": "{v}" }],
        "outcome": { "value": "truth" },
    });
    let case = one(&mapping, "age,note,who,said,s,p,v,truth\n3,,,,,,,\n");
    assert_eq!(case["fields"], json!({ "age": "3" }));
    assert_eq!((&case["proposals"], &case["history"]), (&json!([]), &Value::Null));
}

#[test]
fn labels_are_mapped_and_left_alone_where_unknown() {
    let mapping =
        json!({ "judgment": [{ "person": "=a", "answer": "said", "values": { "N": "no" } }], "values": { "N": "yes", "Y": "yes" } });
    for (said, answer) in [("N", "no"), ("Y", "yes"), (" yes ", "yes"), ("maybe", "maybe")] {
        let rows = csv(&mapping, format!("age,said\n1,{said}\n").as_bytes());
        assert_eq!(rows[0].as_ref().unwrap().history.as_ref().unwrap().judgments[0].answer, answer);
    }
}

#[test]
fn many_classes_from_columns_by_pattern_range_or_json() {
    let source = "name = \"three\"\nquestion = \"?\"\n[answer]\nkind = \"choice\"\noptions = [\"a\", \"b\", \"c\"]\n[fields]\nitem = { type = \"number\" }\n";
    let file = b"item,p0,p1,p2,label\n1,2.4183e-35,0.25,0.75,2\n";
    for words in [json!(["p*"]), json!(["p0..p2"]), json!(["p0", "p1..2"]), json!(["p0", "p1", "p2"])] {
        let mapping = json!({ "proposal": [{ "name": "m", "probabilities": words }], "classes": ["a", "b", "c"], "judgment": [{ "person": "=x", "answer": "label" }] });
        let rows = all(source, Format::Csv(None), &mapping, file);
        let case = rows[0].as_ref().unwrap();
        check(&playbook(source), case).unwrap();
        assert_eq!(json!(case.proposals[0].probabilities), json!({ "a": 0.0, "b": 0.25, "c": 0.75 }));
        assert_eq!(case.history.as_ref().unwrap().judgments[0].answer, "c");
    }
    let mapping = json!({ "proposal": [{ "name": "m", "probabilities": ["p"] }] });
    let rows = all(source, Format::Csv(None), &mapping, b"item;p\n1;\"{\"\"b\"\": 1}\"\n");
    assert_eq!(json!(rows[0].as_ref().unwrap().proposals[0].probabilities), json!({ "b": 1 }));
}

#[test]
fn a_mapping_that_does_not_fit_is_refused_with_what_there_is() {
    let header = b"age,p0,p1,p2\n1,0,0,1\n";
    for (mapping, wanted) in [
        (json!({ "external_id": "{nr}" }), "there is no column \"nr\"; there are age, p0, p1, p2"),
        (json!({ "external_id": "{age" }), "opens a brace"),
        (json!({ "fields": { "aeg": "age" } }), "has no field \"aeg\"; it has age, note, when, extra"),
        (json!({ "ignore": ["age"] }), "the field \"age\" is required"),
        (
            json!({ "proposal": [{ "name": "m", "probabilities": ["p*"] }] }),
            "3 columns of probabilities (p0, p1, p2) for 2 options (no, yes)",
        ),
        (json!({ "proposal": [{ "name": "m", "probabilities": ["q*"] }] }), "no column fits \"q*\""),
        (json!({ "proposal": [{ "name": "m" }] }), "needs answer, probability or probabilities"),
        (json!({ "proposal": [{ "answer": "p0" }] }), "needs name"),
        (json!({ "proposal": [{ "name": "m", "probability": "p0" }] }), "needs of ="),
        (json!({ "proposal": [{ "name": "m", "probability": "p0", "of": "maybe" }] }), "none of the options no, yes"),
        (json!({ "proposal": [{ "name": "m", "answer": "p0>x", "of": "yes" }] }), "which is no number"),
        (json!({ "judgment": [{ "person": "age" }] }), "either answer or probability"),
        (json!({ "judgment": [{ "answer": "p0" }] }), "needs person"),
        (json!({ "decision": "last-judgment" }), "and there is none"),
        (json!({ "decision": "lats" }), "is no decision"),
    ] {
        let error = open(TWO, Format::Csv(None), &mapping, header, Vec::new()).err().unwrap().to_string();
        assert!(error.contains(wanted), "{mapping}: {error}");
    }
    let unknown = serde_json::from_value::<Mapping>(json!({ "playbok": "x" })).unwrap_err().to_string();
    assert!(unknown.contains("playbok"), "{unknown}");
}

#[test]
fn hostile_files_give_bad_rows_with_line_and_column() {
    let mapping = json!({ "external_id": "id", "proposal": [{ "name": "m", "probability": "p", "of": "yes" }] });
    for (file, wanted) in [
        (&b"id,age,p\nx,1\n"[..], "line 2: has 2 cells, and the header has 3"),
        (b"id,age,p\nx,1,0.5,9\n", "line 2: has 4 cells, and the header has 3"),
        (b"id,age,p\nx,\xff,0.5\n", "line 2, age: is no UTF-8"),
        (b"id,age,p\n,1,0.5\n", "line 2, id: is empty, and it is the external id"),
        (b"id,age,p\nx,1,NaN\n", "line 2, p: is no number"),
        (b"id,age,p\nx,1,inf\n", "line 2, p: is no number"),
        (b"id,age,p\nx,1,1.01\n", "line 2, p: is no number from 0 to 1"),
        (b"id,age,p\nx,1,-0.0001\n", "line 2, p: is no number from 0 to 1"),
        (b"id,age,p,extra\nx,1,0.5,{]\n", "line 2, extra: is no JSON"),
    ] {
        let rows = csv(&mapping, file);
        assert_eq!(rows.len(), 1);
        let bad = rows[0].as_ref().unwrap_err();
        assert!(bad.contains(wanted), "{bad}");
    }
}

#[test]
fn a_bad_row_does_not_stop_the_others_and_lines_are_counted_inside_quotes() {
    let mapping = json!({ "external_id": "id" });
    let file = b"\xef\xbb\xbfid;age;note\r\na;1;\"two\r\nlines; \"\"quoted\"\"\"\r\nb;2\r\n\r\nc;3;\xc3\xa9 <script>' drop table\r\n";
    let rows = csv(&mapping, file);
    assert_eq!(rows.len(), 3);
    assert_eq!(rows[0].as_ref().unwrap().fields["note"], "two\r\nlines; \"quoted\"");
    assert_eq!(rows[1].as_ref().unwrap_err(), "line 4: has 2 cells, and the header has 3");
    assert_eq!(rows[2].as_ref().unwrap().fields["note"], "é <script>' drop table");
}

#[test]
fn what_is_no_table_is_refused_at_once() {
    for (file, wanted) in [
        (&b""[..], "the file is empty"),
        (b"\xff\xfei\0d\0", "UTF-16"),
        (b"\x1f\x8b\x08\0", "compressed"),
        (b"PK\x03\x04", "spreadsheet"),
        (b"id,\xff\n", "header is no UTF-8"),
        (b"age,age\n1,2\n", "two columns have the name \"age\""),
    ] {
        let error = open(TWO, Format::Csv(None), &json!({}), file, Vec::new()).err().unwrap().to_string();
        assert!(error.contains(wanted), "{error}");
    }
}

#[test]
fn a_row_without_an_end_stops_the_file_and_not_the_machine() {
    let mut file = b"age,note\n1,ok\n2,\"never closed".to_vec();
    file.resize(file.len() + 2 * usize::try_from(ROW_BYTES_MAX).unwrap(), b'x');
    let rows = csv(&json!({}), &file);
    assert_eq!(rows.len(), 2);
    let fatal = rows[1].as_ref().unwrap_err();
    assert!(fatal.starts_with("fatal: line 3:") && fatal.contains("never closed"), "{fatal}");
    let mut line = b"{}\n".to_vec();
    line.resize(2 * usize::try_from(ROW_BYTES_MAX).unwrap(), b' ');
    let rows = all(TWO, Format::Ndjson, &json!({ "external_id": "id" }), &line);
    assert!(rows[1].as_ref().unwrap_err().starts_with("fatal: line 2:"), "{rows:?}");
}

#[test]
fn delimiters_are_guessed_from_the_header() {
    for (header, row) in [
        ("age,note", "1,x"),
        ("age;note", "1;x"),
        ("age\tnote", "1\tx"),
        ("age|note", "1|x"),
        ("\"age\";\"no,te,,\";note", "1;;x"),
        ("age", "1"),
    ] {
        let rows = csv(&json!({}), format!("{header}\n{row}\n").as_bytes());
        let case = rows[0].as_ref().unwrap();
        assert_eq!(case.fields["age"], "1", "{header}");
        assert_eq!(case.fields.get("note").map_or("x", |v| v.as_str().unwrap()), "x");
    }
}

#[test]
fn ndjson_is_mapped_or_taken_as_it_is() {
    let mapping = json!({ "external_id": "id", "outcome": { "value": "truth" }, "values": { "1": "yes" }, "proposal": [{ "name": "m", "probabilities": ["p"] }] });
    let file = "\n{\"id\": 7, \"age\": 1.50, \"extra\": {\"a\": [1]}, \"truth\": 1, \"p\": {\"yes\": 0.75, \"no\": 0.25}}\n{\"id\": 8}\n[1]\n{\"id\"\n";
    let rows = all(TWO, Format::Ndjson, &mapping, file.as_bytes());
    let case = rows[0].as_ref().unwrap();
    check(&playbook(TWO), case).unwrap();
    assert_eq!(case.external_id.as_deref(), Some("7"));
    assert_eq!(json!(case.fields), json!({ "age": 1.5, "extra": { "a": [1] } }));
    assert_eq!(case.history.as_ref().unwrap().outcome.as_ref().unwrap().value, "yes");
    assert_eq!(check(&playbook(TWO), rows[1].as_ref().unwrap()).unwrap_err().field.as_deref(), Some("/fields/age"));
    assert!(rows[2].as_ref().unwrap_err().starts_with("line 4: "), "{rows:?}");
    assert!(rows[3].as_ref().unwrap_err().starts_with("line 5: is no JSON"), "{rows:?}");

    let bare = json!({ "playbook": "two" });
    let file = "{\"fields\": {\"age\": 1}}\n{\"playbook\": \"other\", \"fields\": {}}\n{\"feilds\": {}}\n";
    let rows = all(TWO, Format::Ndjson, &bare, file.as_bytes());
    assert_eq!(rows[0].as_ref().unwrap().playbook, "two");
    assert_eq!(rows[1].as_ref().unwrap().playbook, "other");
    assert!(rows[2].as_ref().unwrap_err().contains("feilds"));
}

#[test]
fn joined_files_add_columns_by_key() {
    let join = |file: &str, prefix: Option<&str>| Join::read(Box::new(Cursor::new(file.as_bytes().to_vec())), prefix, "nr");
    let mapping = json!({ "external_id": "nr", "proposal": [{ "name": "m", "probability": "low.p", "of": "yes" }] });
    let joins = || vec![join("nr,p\n2,0.25\n1,0.75\n", Some("low")).unwrap()];
    let rows: Vec<_> = open(TWO, Format::Csv(None), &mapping, b"nr,age,p\n1,30,x\n2,31,y\n3,32,z\n", joins()).unwrap().collect();
    let probability = |i: usize| rows[i].as_ref().unwrap().input.proposals[0].probabilities.as_ref().unwrap()["yes"].as_f64().unwrap();
    assert!((probability(0) - 0.75).abs() < 1e-12 && (probability(1) - 0.25).abs() < 1e-12);
    assert!(matches!(&rows[2], Err(Fault::Row(bad)) if bad.to_string() == "line 4, nr: has no row in the joined file"));
    assert!(join("nr,p\n1,2\n1,3\n", None).unwrap_err().to_string().contains("two rows have the same"));
    assert!(join("x,p\n1,2\n", None).unwrap_err().to_string().contains("no column \"nr\"; it has x, p"));
    let clash = vec![join("nr,p\n1,2\n", None).unwrap()];
    let error = open(TWO, Format::Csv(None), &json!({}), b"nr,age,p\n1,30,x\n", clash).err().unwrap().to_string();
    assert!(error.contains("give the joined one a prefix"), "{error}");
}

#[test]
fn unused_columns_are_named() {
    let rows = open(TWO, Format::Csv(None), &json!({ "external_id": "{a}-{b}" }), b"a,b,age,c,note\n", Vec::new()).unwrap();
    assert_eq!(rows.unused(), ["c"]);
}

#[test]
fn refusals_become_bad_rows_that_name_the_column() {
    let bad = bad_row(9, Refusal::invalid("/fields/age", "must be a number"));
    assert_eq!(bad.to_string(), "line 9, age: must be a number");
    let bad = bad_row(9, Refusal::invalid("/history/outcome", "x"));
    assert_eq!(bad.to_string(), "line 9, history/outcome: x");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400), ndjson in any::<bool>()) {
        let format = if ndjson { Format::Ndjson } else { Format::Csv(None) };
        let mut file = if ndjson { Vec::new() } else { b"id,age,p\n".to_vec() };
        file.extend(bytes);
        let mapping = json!({ "external_id": "{id}", "proposal": [{ "name": "m", "probability": "p", "of": "yes" }] });
        if let Ok(rows) = open(TWO, format, &mapping, &file, Vec::new()) {
            for case in rows.flatten() {
                drop(check(&playbook(TWO), &case.input));
            }
        }
    }

    #[test]
    fn any_text_survives_a_csv_file(texts in proptest::collection::vec("[^\u{0}]{0,40}", 1..12)) {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(["age", "note"]).unwrap();
        for (i, text) in texts.iter().enumerate() {
            writer.write_record([&i.to_string(), text]).unwrap();
        }
        let rows = csv(&json!({}), &writer.into_inner().unwrap());
        for (text, row) in texts.iter().zip(rows) {
            let case = row.unwrap();
            prop_assert_eq!(case.fields.get("note").map_or("", |v| v.as_str().unwrap()), text.as_str());
        }
    }
}
