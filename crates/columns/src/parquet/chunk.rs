//! One column of one row group becomes a part of a column.

use super::{
    Leaf, Reader,
    kind::{Kind, half},
    page,
};
use crate::{builder::Builder, column::Want};
use parquet::{
    basic::Encoding,
    column::reader::{ColumnReader, ColumnReaderImpl},
    data_type::DataType,
    errors::ParquetError,
    file::reader::FileReader as _,
};

/// Values that are unpacked at a time.
const STEP_VALUES: usize = 32 << 10;

/// What is wrong, and in which row of the row group, from 0.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) row: Option<usize>,
    pub(super) why: String,
}

impl From<ParquetError> for Fault {
    fn from(error: ParquetError) -> Self {
        Self { row: None, why: format!("damaged, or packed in a way that is not read: {error}") }
    }
}

/// Reads the column.
pub(super) fn read(reader: &Reader, group: usize, leaf: Leaf) -> Result<Builder, Fault> {
    let row_group = reader.get_row_group(group)?;
    let metadata = row_group.metadata();
    let column = metadata.column(leaf.at);
    let elsewhere = [Encoding::DELTA_LENGTH_BYTE_ARRAY, Encoding::DELTA_BYTE_ARRAY];
    if leaf.kind == Kind::Text && leaf.want != Want::Number && !column.encodings().any(|encoding| elsewhere.contains(&encoding)) {
        let rows = usize::try_from(metadata.num_rows()).unwrap_or(0);
        if let Some(read) = page::read_text(row_group.get_column_page_reader(leaf.at)?, leaf.max_def, rows, leaf.want)? {
            return Ok(read);
        }
    }
    let (kind, want) = (leaf.kind, leaf.want);
    match row_group.get_column_reader(leaf.at)? {
        ColumnReader::BoolColumnReader(reader) => typed(reader, leaf, |builder, value| builder.written(value)),
        ColumnReader::Int32ColumnReader(reader) if kind == Kind::Unsigned => {
            typed(reader, leaf, |builder, value| builder.integer(i64::from(*value as u32)))
        }
        ColumnReader::Int32ColumnReader(reader) => typed(reader, leaf, |builder, value| kind.push(builder, i64::from(*value))),
        ColumnReader::Int64ColumnReader(reader) => typed(reader, leaf, |builder, value| kind.push(builder, *value)),
        ColumnReader::FloatColumnReader(reader) if want == Want::Number => {
            typed(reader, leaf, |builder, value| builder.number(f64::from(*value)))
        }
        // Written as it was meant: 0.1, and not the double that is nearest to the single that is nearest to it.
        ColumnReader::FloatColumnReader(reader) => typed(reader, leaf, |builder, value| match value.is_finite() {
            true => builder.written(value),
            false => builder.number(f64::from(*value)),
        }),
        ColumnReader::DoubleColumnReader(reader) => typed(reader, leaf, |builder, value| builder.number(*value)),
        ColumnReader::ByteArrayColumnReader(reader) => typed(reader, leaf, |builder, value| bytes(kind, builder, value.data())),
        ColumnReader::FixedLenByteArrayColumnReader(reader) => typed(reader, leaf, |builder, value| bytes(kind, builder, value.data())),
        ColumnReader::Int96ColumnReader(_) => Err(Fault { row: None, why: "INT96 is not read; write timestamps as INT64".to_owned() }),
    }
}

fn bytes(kind: Kind, builder: &mut Builder, bytes: &[u8]) -> Result<(), String> {
    match kind {
        Kind::Decimal(scale) => {
            // Two's complement, the highest byte first.
            let first = bytes.first().map_or(0.0, |first| f64::from(*first as i8));
            let value = bytes.iter().skip(1).fold(first, |value, byte| value * 256.0 + f64::from(*byte));
            builder.number(value / scale)
        }
        Kind::Half => builder.number(bytes.try_into().map_or(f64::NAN, |bytes| half(u16::from_le_bytes(bytes)))),
        _ => builder.text(bytes),
    }
}

fn typed<T: DataType>(
    mut reader: ColumnReaderImpl<T>,
    leaf: Leaf,
    push: impl Fn(&mut Builder, &T::T) -> Result<(), String>,
) -> Result<Builder, Fault> {
    let mut builder = Builder::new(leaf.want);
    let (mut levels, mut values) = (Vec::new(), Vec::new());
    loop {
        levels.clear();
        values.clear();
        let (records, read, _) = reader.read_records(STEP_VALUES, Some(&mut levels), None, &mut values)?;
        if records == 0 {
            return Ok(builder);
        }
        if read == records {
            for value in &values {
                push(&mut builder, value).map_err(|why| Fault { row: Some(builder.len()), why })?;
            }
            continue;
        }
        let most = leaf.max_def;
        let mut values = values.iter();
        for level in &levels {
            match (*level == most).then(|| values.next()).flatten() {
                Some(value) => push(&mut builder, value).map_err(|why| Fault { row: Some(builder.len()), why })?,
                None => builder.missing(),
            }
        }
    }
}
