//! CSV, TSV and NDJSON: what is read, and what is refused with which sentence.
#![expect(clippy::unwrap_used, reason = "tests may panic")]

use countersign_columns::{Column, Error, Format, MISSING, Source, Table, Want};
use proptest::prelude::*;
use std::io::Cursor;

fn source(text: impl Into<Vec<u8>>, format: Option<Format>) -> Result<Source, Error> {
    Source::from_reader("f", Box::new(Cursor::new(text.into())), format)
}

fn read(text: impl Into<Vec<u8>>, wanted: &[(&str, Want)]) -> Result<Table, String> {
    let mut source = source(text, None).map_err(|error| error.to_string())?;
    source.read(wanted, &mut |_, _| {}).map_err(|error| error.to_string())
}

fn texts(table: &Table, name: &str) -> Vec<Option<String>> {
    let category = table.category(name).unwrap();
    (0..table.rows()).map(|row| category.text(row).map(str::to_owned)).collect()
}

fn some(texts: &[&str]) -> Vec<Option<String>> {
    texts.iter().map(|text| (!text.is_empty()).then(|| (*text).to_owned())).collect()
}

#[test]
fn columns_come_in_the_order_in_which_they_are_wanted() {
    let table = read("item,score,label\n1,0.5,a\n2,,b\n3,-1e3,\n4, 7 ,a\n", &[("label", Want::Category), ("score", Want::Number)]).unwrap();
    assert_eq!((table.rows(), table.names()), (4, &["label".to_owned(), "score".to_owned()][..]));
    assert_eq!(texts(&table, "label"), some(&["a", "b", "", "a"]));
    assert_eq!(table.category("label").unwrap().codes, [0, 1, MISSING, 0]);
    let score = table.number("score").unwrap();
    assert_eq!((score[0], score[2], score[3]), (0.5, -1000.0, 7.0));
    assert!(score[1].is_nan());
    assert_eq!(table.columns().iter().map(Column::missing).collect::<Vec<_>>(), [1, 1]);
}

#[test]
fn formats_and_delimiters_are_known_by_their_first_bytes() {
    for text in [
        "a,b\n1,x\n2,y\n",
        "a;b\r\n1;x\r\n2;y\r\n",
        "a\tb\n1\tx\n2\ty",
        "\u{feff}a,b\n\n1,x\n2,y\n",
        "\u{feff}{\"a\": 1, \"b\": \"x\"}\n{\"b\": \"y\", \"a\": 2}\n",
        " {\"a\": 1, \"b\": \"x\"}\n\n{\"b\": \"\\u0079\", \"c\": [1], \"a\": 2}",
    ] {
        let table = read(text, &[("b", Want::Category), ("a", Want::Auto)]).unwrap();
        assert_eq!(texts(&table, "b"), some(&["x", "y"]), "{text}");
        assert_eq!(table.number("a").unwrap(), [1.0, 2.0], "{text}");
    }
    let mut tsv = source("a,b\tc\n1,2\t3\n", Some(Format::Tsv)).unwrap();
    assert_eq!(tsv.names(), ["a,b", "c"]);
    assert_eq!(texts(&tsv.read(&[("a,b", Want::Key)], &mut |_, _| {}).unwrap(), "a,b"), some(&["1,2"]));
}

#[test]
fn an_automatic_column_is_of_numbers_only_where_all_are() {
    let table = read("a,b,c\n1,1,\n2,x,\n,3,\n", &[("a", Want::Auto), ("b", Want::Auto), ("c", Want::Auto)]).unwrap();
    assert_eq!(&table.number("a").unwrap()[..2], [1.0, 2.0]);
    assert_eq!(texts(&table, "b"), some(&["1", "x", "3"]));
    assert!(table.category("c").unwrap().labels.is_empty());
    // Beyond the most categories, numbers are still numbers.
    let many: String = (0..1_000_001).map(|i| format!("{i}\n")).collect();
    let table = read(format!("a\n{many}"), &[("a", Want::Auto)]).unwrap();
    assert_eq!(table.number("a").unwrap()[1_000_000], 1_000_000.0);
    let error = read(format!("a\n{many}"), &[("a", Want::Category)]).unwrap_err();
    assert_eq!(
        error,
        "f, line 1000002, column `a`: more than 1,000,000 different values: that is an identifier, a text or a measurement, and no \
         category; choose another column"
    );
    assert_eq!(read(format!("a\n{many}"), &[("a", Want::Key)]).unwrap().category("a").unwrap().labels.len(), 1_000_001);
}

#[test]
fn bad_input_is_told_with_its_place() {
    let number = &[("a", Want::Number)][..];
    let category = &[("a", Want::Category)][..];
    let no_number = |cell: &str| format!("`{cell}` is no number; write numbers like 0.25, and leave the field empty where there is none");
    let not_finite = |cell: &str| format!("`{cell}` is no finite number; leave the field empty where there is none");
    let long = "x".repeat(5_000);
    type Case<'a> = (Vec<u8>, &'a [(&'a str, Want)], String);
    let table: Vec<Case<'_>> = vec![
        (b"".to_vec(), number, "f: it is empty; a header and rows are needed".into()),
        (b"\n\n".to_vec(), number, "f: it holds nothing but blank lines; a header and rows are needed".into()),
        (b",,\n1,2,3\n".to_vec(), number, "f: the first line names no column; it should be the header".into()),
        (b"a,b,a\n1,2,3\n".to_vec(), number, "f: two columns are called `a`; give each column its own name".into()),
        (b"b,A\n1,2\n".to_vec(), number, "f: there is no column `a`; did you mean `A`? There are `b`, `A`".into()),
        (b"a,b\n1,2\n3\n".to_vec(), number, "f, line 3: 1 field, and the header names 2".into()),
        (b"a,b\n1,2\n\"3,4\n5,6\n".to_vec(), number, "f, line 3: 1 field, and the header names 2; is a quote (\") left open?".into()),
        (b"a\n1\nNaN\n".to_vec(), number, format!("f, line 3, column `a`: {}", not_finite("NaN"))),
        (b"a\n-inf\n".to_vec(), number, format!("f, line 2, column `a`: {}", not_finite("-inf"))),
        (b"a\n1e999\n".to_vec(), number, format!("f, line 2, column `a`: {}", not_finite("1e999"))),
        (b"a\n\"x\ny\"\nNA\n".to_vec(), number, format!("f, line 2, column `a`: {}", no_number("x y"))),
        (b"a;b\n0,5;1\n".to_vec(), number, format!("f, line 2, column `a`: {}", no_number("0,5"))),
        (b"a\nx\n\xff\xfe\n".to_vec(), category, "f, line 3, column `a`: `\u{fffd}\u{fffd}` is not UTF-8; save the file as UTF-8".into()),
        (b"a\xff\n1\n".to_vec(), category, "f, line 1: the header is not UTF-8; save the file as UTF-8".into()),
        (b"\xff\xfea\0\n\0".to_vec(), category, "f: it is UTF-16; save it as UTF-8".into()),
        (b"\x1f\x8b\x08".to_vec(), category, "f: it is compressed; unpack it first".into()),
        (b"PAR1....PAR1".to_vec(), category, "f: Parquet is read from its end, so it needs a file; write it to one first".into()),
        (
            format!("a\n{long}\n").into(),
            category,
            "f, line 2, column `a`: a text of 5,000 bytes is no category; at most 4,096 are taken".into(),
        ),
        (b"{\"a\": 1}\n{\"a\": NaN}\n".to_vec(), number, "f, line 2: no JSON object: expected value at character 7".into()),
        (
            b"{\"a\": 1}\n[1]\n".to_vec(),
            number,
            "f, line 2: no JSON object: invalid type: sequence, expected an object in braces at character 0".into(),
        ),
        (b"{\"a\": 1, \"a\": 2}\n".to_vec(), number, "f, line 1: no JSON object: the key `a` stands twice at character 16".into()),
        (b"{\"a\": \"NaN\"}\n".to_vec(), number, format!("f, line 1, column `a`: {}", not_finite("NaN"))),
        (b"{\"a\": true}\n".to_vec(), number, format!("f, line 1, column `a`: {}", no_number("true"))),
        (
            b"{\"a\": 1}\n\n{\"a\": [1, 2]}\n".to_vec(),
            category,
            "f, line 3, column `a`: a list, where one value was expected; write its parts as keys of their own".into(),
        ),
    ];
    for (text, wanted, expected) in table {
        // The header is read while the file is opened, so a fault in it may come from either step.
        assert_eq!(read(text.clone(), wanted).unwrap_err(), expected, "{}", String::from_utf8_lossy(&text));
    }
}

#[test]
fn a_quote_that_is_left_open_does_not_take_all_memory() {
    let mut text = b"a,b\n1,\"".to_vec();
    text.resize(40 << 20, b'\n');
    assert_eq!(
        read(text, &[("a", Want::Number)]).unwrap_err(),
        "f, line 2: a line of more than 16,777,216 bytes; is a quote (\") left open?"
    );
}

#[test]
fn batches_share_their_codes_and_cover_every_row() {
    let rows = 100_000u32;
    let text: String = (0..rows).map(|i| format!("{i},c{}\n", (i / 7) % 40)).collect();
    let mut source = source(format!("n,c\n{text}"), None).unwrap();
    let (mut seen, mut batches, mut told) = (0u32, 0, 0);
    let all = source
        .for_each_batch(&[("n", Want::Auto), ("c", Want::Category)], 16_384, &mut |done, _| told = done, |batch| -> Result<(), Error> {
            assert_eq!(batch.first_row(), u64::from(seen));
            let (numbers, category) = (batch.number("n").unwrap(), batch.category("c").unwrap());
            for (row, number) in numbers.iter().enumerate() {
                assert_eq!(*number, f64::from(seen));
                assert_eq!(category.codes[row], (seen / 7) % 40);
                assert_eq!(category.text(row), Some(format!("c{}", (seen / 7) % 40).as_str()));
                seen += 1;
            }
            batches += 1;
            Ok(())
        })
        .unwrap();
    assert_eq!((all, seen, batches, told), (u64::from(rows), rows, 7, text.len() as u64 + 4));
    let again = source.read(&[("n", Want::Auto)], &mut |_, _| {}).unwrap_err().to_string();
    assert_eq!(again, "f: a stream can be read once only; write it to a file first");
}

#[test]
fn a_file_is_read_as_often_as_one_likes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("f.csv");
    std::fs::write(&path, "p0,p1,y\n0.25,0.75,a\n").unwrap();
    let mut source = Source::open(&path, None).unwrap();
    let names = source.select("p*").unwrap();
    for _ in 0..2 {
        let wanted: Vec<_> = names.iter().map(|name| (name, Want::Number)).collect();
        let table = source.read(&wanted, &mut |_, total| assert_eq!(total, 20)).unwrap();
        assert_eq!(table.into_columns(), [Column::Number(vec![0.25]), Column::Number(vec![0.75])]);
    }
    let missing = Source::open(&folder.path().join("g.csv"), None).unwrap_err().to_string();
    assert!(missing.ends_with("g.csv: No such file or directory (os error 2)"), "{missing}");
    assert!(Source::open(folder.path(), None).unwrap_err().to_string().ends_with("this is a folder; name a file"));
}

proptest! {
    #[test]
    fn whatever_is_quoted_is_read_back(rows in proptest::collection::vec((any::<String>(), -1e9..1e9f64, "[a-c]{0,2}"), 1..30)) {
        let mut csv = csv::Writer::from_writer(Vec::new());
        let mut ndjson = String::new();
        csv.write_record(["text", "number", "label"]).unwrap();
        for (text, number, label) in &rows {
            csv.write_record([text, &number.to_string(), label]).unwrap();
            ndjson += &format!("{}\n", serde_json::json!({ "text": text, "number": number, "label": label }));
        }
        for file in [csv.into_inner().unwrap(), ndjson.into_bytes()] {
            let table = read(file, &[("text", Want::Key), ("number", Want::Number), ("label", Want::Auto)]).unwrap();
            prop_assert_eq!(table.rows(), rows.len());
            for (row, (text, number, label)) in rows.iter().enumerate() {
                // White space around a cell is no part of it.
                let trimmed = |text: &str| Some(text.trim_matches(|c: char| c.is_ascii_whitespace()).to_owned()).filter(|text| !text.is_empty());
                prop_assert_eq!(table.category("text").unwrap().text(row).map(str::to_owned), trimmed(text));
                prop_assert_eq!(table.number("number").unwrap()[row], *number);
                prop_assert_eq!(table.category("label").unwrap().text(row).map(str::to_owned), trimmed(label));
            }
        }
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300), json in any::<bool>()) {
        let start = if json { &b"{\"a\":"[..] } else { b"a,b\n" };
        let _ = read([start, &bytes].concat(), &[("a", Want::Auto)]);
        let _ = read(bytes, &[("a", Want::Auto)]);
    }
}
