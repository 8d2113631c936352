//! A second file whose rows belong to those of the first by a common column. Held in memory, so of bounded size.

use super::{
    Error, Fault,
    source::{Csv, Meter, Record},
};
use std::{collections::HashMap, io::BufRead};

/// Cells of all joined files together, with a little for each cell.
pub const JOIN_BYTES_MAX: usize = 512 << 20;
const CELL_OVERHEAD_BYTES: usize = 24;

/// Rows of a CSV file by the value of one of its columns.
#[derive(Debug)]
pub struct Join {
    /// The column, in both files.
    pub(super) on: String,
    /// Its columns as the mapping calls them: `prefix.name`, or `name`.
    pub(super) columns: Vec<String>,
    rows: HashMap<String, csv::StringRecord>,
}

impl Join {
    /// Reads the whole file. `prefix` keeps its columns apart from those of other files (`prefix.name`).
    ///
    /// # Errors
    /// Where it cannot be read, has not the column, has a row twice or a bad row, or is larger than [`JOIN_BYTES_MAX`].
    pub fn read(inner: Box<dyn BufRead + Send>, prefix: Option<&str>, on: &str) -> Result<Self, Error> {
        let mut csv = Csv::open(inner, None, Meter::default())?;
        let key = csv.columns.iter().position(|name| name == on);
        let key = key.ok_or_else(|| Error::Mapping(format!("the joined file has no column {on:?}; it has {}", csv.columns.join(", "))))?;
        let name = |name: &String| prefix.map_or_else(|| name.clone(), |prefix| format!("{prefix}.{name}"));
        let columns = csv.columns.iter().enumerate().map(|(i, n)| if i == key { String::new() } else { name(n) }).collect();
        let mut rows = HashMap::new();
        let mut bytes = 0_usize;
        while let Some((line, record)) = csv.next() {
            let refuse = |detail: String| Error::Source { line, detail: format!("the joined file: {detail}") };
            let record = match record {
                Ok(Record::Cells(record)) => record,
                Ok(Record::Members(_)) => continue,
                Err(Fault::Row(bad)) => return Err(refuse(bad.to_string())),
                Err(Fault::Source(error)) => return Err(error),
            };
            bytes = bytes.saturating_add(record.as_slice().len() + record.len() * CELL_OVERHEAD_BYTES);
            if bytes > JOIN_BYTES_MAX {
                return Err(refuse(format!("has more than {JOIN_BYTES_MAX} bytes: join it beforehand")));
            }
            let value = record.get(key).unwrap_or_default().to_owned();
            if rows.insert(value, record).is_some() {
                return Err(refuse(format!("two rows have the same {on:?}")));
            }
        }
        Ok(Self { on: on.to_owned(), columns, rows })
    }

    /// The row that belongs to a value.
    pub(super) fn row(&self, value: &str) -> Option<&csv::StringRecord> {
        self.rows.get(value)
    }
}
