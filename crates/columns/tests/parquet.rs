//! Parquet: files that the `parquet` crate wrote in every way that matters here, read back; damaged ones refused.
#![expect(clippy::unwrap_used, reason = "tests may panic")]

use countersign_columns::{Error, Format, Source, Table, Want};
use parquet::{
    basic::{Compression, Encoding},
    column::writer::ColumnWriter,
    data_type::ByteArray,
    file::{
        properties::{WriterProperties, WriterPropertiesBuilder, WriterVersion},
        writer::SerializedFileWriter,
    },
    schema::parser::parse_message_type,
};
use std::{fs::File, path::Path, sync::Arc};

const ROWS_A_GROUP: i64 = 1_500;
const GROUPS: i64 = 3;

fn label(i: i64) -> String {
    format!("label {}", (i / 3) % 17)
}

/// Row `i` of the file: every seventh value of optional columns is missing.
fn write(path: &Path, properties: WriterPropertiesBuilder) {
    let schema = "message rows {
        required int64 id;
        optional binary label (UTF8);
        optional double score;
        required boolean flag;
        optional int32 day (DATE);
        required int64 at (TIMESTAMP(MILLIS,true));
        required int32 cents (DECIMAL(9,2));
        required group nested { optional float ratio; repeated int32 list; }
        required binary word (UTF8);
        required int32 class;
    }";
    let schema = Arc::new(parse_message_type(schema).unwrap());
    let mut writer = SerializedFileWriter::new(File::create(path).unwrap(), schema, Arc::new(properties.build())).unwrap();
    for group in 0..GROUPS {
        let ids: Vec<i64> = (group * ROWS_A_GROUP..(group + 1) * ROWS_A_GROUP).collect();
        let present: Vec<i64> = ids.iter().copied().filter(|i| i % 7 != 0).collect();
        let levels: Vec<i16> = ids.iter().map(|i| i16::from(i % 7 != 0)).collect();
        let mut row_group = writer.next_row_group().unwrap();
        let mut at = 0;
        while let Some(mut column) = row_group.next_column().unwrap() {
            let whole = |f: &dyn Fn(i64) -> i32| ids.iter().map(|i| f(*i)).collect::<Vec<i32>>();
            let text = |ids: &[i64]| ids.iter().map(|i| ByteArray::from(label(*i).into_bytes())).collect::<Vec<_>>();
            match (at, column.untyped()) {
                (0, ColumnWriter::Int64ColumnWriter(writer)) => writer.write_batch(&ids, None, None),
                (1, ColumnWriter::ByteArrayColumnWriter(writer)) => writer.write_batch(&text(&present), Some(&levels), None),
                (2, ColumnWriter::DoubleColumnWriter(writer)) => {
                    writer.write_batch(&present.iter().map(|i| *i as f64 / 8.0).collect::<Vec<_>>(), Some(&levels), None)
                }
                (3, ColumnWriter::BoolColumnWriter(writer)) => {
                    writer.write_batch(&ids.iter().map(|i| i % 2 == 0).collect::<Vec<_>>(), None, None)
                }
                (4, ColumnWriter::Int32ColumnWriter(writer)) => {
                    writer.write_batch(&present.iter().map(|i| *i as i32).collect::<Vec<_>>(), Some(&levels), None)
                }
                (5, ColumnWriter::Int64ColumnWriter(writer)) => {
                    writer.write_batch(&ids.iter().map(|i| i * 86_400_500).collect::<Vec<_>>(), None, None)
                }
                (6, ColumnWriter::Int32ColumnWriter(writer)) => writer.write_batch(&whole(&|i| i as i32 * 25), None, None),
                (7, ColumnWriter::FloatColumnWriter(writer)) => {
                    writer.write_batch(&ids.iter().map(|i| *i as f32 / 10.0).collect::<Vec<_>>(), Some(&vec![1; ids.len()]), None)
                }
                (8, ColumnWriter::Int32ColumnWriter(writer)) => {
                    writer.write_batch(&[], Some(&vec![0; ids.len()]), Some(&vec![0; ids.len()]))
                }
                (9, ColumnWriter::ByteArrayColumnWriter(writer)) => writer.write_batch(
                    &ids.iter().map(|i| ByteArray::from(format!("word {i}").into_bytes())).collect::<Vec<_>>(),
                    None,
                    None,
                ),
                (10, ColumnWriter::Int32ColumnWriter(writer)) => writer.write_batch(&whole(&|i| i as i32 % 5), None, None),
                _ => unreachable!("the schema above"),
            }
            .unwrap();
            column.close().unwrap();
            at += 1;
        }
        row_group.close().unwrap();
    }
    writer.close().unwrap();
}

fn check(table: &Table, first: i64) {
    let (id, score, cents, ratio) = (table.number("id"), table.number("score"), table.number("cents"), table.number("nested.ratio"));
    let (id, score, cents, ratio) = (id.unwrap(), score.unwrap(), cents.unwrap(), ratio.unwrap());
    for row in 0..table.rows() {
        let i = first + row as i64;
        let present = i % 7 != 0;
        let text = |name: &str| table.category(name).unwrap().text(row);
        assert_eq!(id[row], i as f64);
        assert_eq!(text("label"), present.then(|| label(i)).as_deref());
        assert_eq!(score[row].is_nan(), !present);
        assert!(!present || score[row] == i as f64 / 8.0);
        assert_eq!(text("flag"), Some(if i % 2 == 0 { "true" } else { "false" }));
        assert_eq!(text("day").is_some(), present);
        assert_eq!(cents[row], i as f64 / 4.0);
        assert_eq!(ratio[row], f64::from(i as f32 / 10.0));
        assert_eq!(text("word"), Some(format!("word {i}").as_str()));
        assert_eq!(text("class"), Some(format!("{}", i % 5).as_str()));
    }
}

const WANTED: [(&str, Want); 9] = [
    ("id", Want::Auto),
    ("label", Want::Category),
    ("score", Want::Number),
    ("flag", Want::Auto),
    ("day", Want::Category),
    ("cents", Want::Auto),
    ("nested.ratio", Want::Number),
    ("word", Want::Key),
    ("class", Want::Category),
];

#[test]
fn whatever_the_writer_chose_the_columns_are_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rows.parquet");
    let base = || WriterProperties::builder().set_data_page_row_count_limit(400).set_write_batch_size(100);
    for properties in [
        base(),
        base().set_compression(Compression::SNAPPY),
        base().set_compression(Compression::ZSTD(Default::default())).set_writer_version(WriterVersion::PARQUET_2_0),
        base().set_compression(Compression::GZIP(Default::default())).set_dictionary_enabled(false),
        base().set_compression(Compression::LZ4_RAW).set_dictionary_enabled(false).set_writer_version(WriterVersion::PARQUET_2_0),
        // A dictionary that is given up half-way, and the encodings that only the crate itself decodes.
        base().set_dictionary_page_size_limit(200),
        base().set_dictionary_enabled(false).set_column_encoding("label".into(), Encoding::DELTA_BYTE_ARRAY),
    ] {
        write(&path, properties);
        let mut source = Source::open(&path, None).unwrap();
        assert_eq!(source.format(), Format::Parquet);
        assert_eq!(source.names().join(" "), "id label score flag day at cents nested.ratio word class");
        let (mut done, mut total) = (0, 0);
        let table = source.read(&WANTED, &mut |d, t| (done, total) = (d, t)).unwrap();
        assert_eq!((table.rows() as i64, done > 0 && done == total), (GROUPS * ROWS_A_GROUP, true));
        assert_eq!(table.category("label").unwrap().labels.len(), 17);
        assert_eq!(table.category("label").unwrap().labels.get(0), Some("label 0"));
        check(&table, 0);
        let mut seen = 0;
        let all = source.for_each_batch(&WANTED, 1_000, &mut |_, _| {}, |batch| -> Result<(), Error> {
            check(batch, seen);
            seen += batch.rows() as i64;
            Ok(())
        });
        assert_eq!((all.unwrap() as i64, seen), (GROUPS * ROWS_A_GROUP, GROUPS * ROWS_A_GROUP));
    }
}

#[test]
fn days_and_moments_are_text_or_seconds() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rows.parquet");
    write(&path, WriterProperties::builder());
    let wanted = [("day", Want::Category), ("at", Want::Category), ("at", Want::Auto), ("day", Want::Number)];
    let columns = Source::open(&path, None).unwrap().read(&wanted, &mut |_, _| {}).unwrap().into_columns();
    assert_eq!(columns[0].category().unwrap().text(31), Some("1970-02-01"));
    assert_eq!(columns[1].category().unwrap().text(3), Some("1970-01-04T00:00:01.500Z"));
    assert_eq!((columns[2].number().unwrap()[1], columns[3].number().unwrap()[2]), (86_400.5, 172_800.0));
}

#[test]
fn bad_files_are_told_with_their_place() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rows.parquet");
    let read = |wanted: &[(&str, Want)]| {
        Source::open(&path, None)
            .and_then(|mut source| source.read(wanted, &mut |_, _| {}))
            .map_err(|error| error.to_string().replace(&path.display().to_string(), "f"))
    };
    write(&path, WriterProperties::builder());
    assert_eq!(
        read(&[("word", Want::Number)]).unwrap_err(),
        "f, row 1, column `word`: `word 0` is no number; write numbers like 0.25, and leave the field empty where there is none"
    );
    assert!(read(&[("nested.list", Want::Number)]).unwrap_err().starts_with("f: there is no column `nested.list`; there are `id`, "));
    let good = std::fs::read(&path).unwrap();
    std::fs::write(&path, &good[..good.len() / 2]).unwrap();
    assert!(read(&WANTED).unwrap_err().starts_with("f: damaged, or no Parquet: "));
    std::fs::write(&path, b"a,b\n1,2\n").unwrap();
    assert_eq!(read(&WANTED).unwrap_err(), "f: it is no Parquet file: it does not start with PAR1");
    // Flipped bytes may still make sense, but must never end the process.
    for at in (4..good.len()).step_by(1_499) {
        let mut bad = good.clone();
        bad[at] ^= 0x5a;
        std::fs::write(&path, bad).unwrap();
        let _ = read(&WANTED);
    }
}
