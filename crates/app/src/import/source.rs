//! Rows of CSV and NDJSON, one at a time and of bounded size. Never guesses what a value means.

use super::{BadRow, Error, Fault};
use serde_json::{Map, Value};
use std::{
    collections::VecDeque,
    io::{self, BufRead, Read},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

/// One row, and so everything that is held of a file at once.
pub const ROW_BYTES_MAX: u64 = 4 << 20;
/// How much of a file is looked at to guess its delimiter.
const GUESS_BYTES_MAX: usize = 64 << 10;
const DELIMITERS: [u8; 4] = *b",;\t|";
pub(super) const BOM: &[u8] = b"\xef\xbb\xbf";

/// What a file is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Comma-separated values (RFC 4180, and what spreadsheets make of it); `None` guesses the delimiter.
    Csv(Option<u8>),
    /// A JSON object a line.
    Ndjson,
}

impl Format {
    /// By the end of a file's name: NDJSON, JSON Lines, or CSV in all other cases.
    #[must_use]
    pub fn of_name(name: &str) -> Self {
        let name = name.to_ascii_lowercase();
        let ndjson = [".ndjson", ".jsonl", ".jsonlines"].iter().any(|end| name.ends_with(end));
        if ndjson { Self::Ndjson } else { Self::Csv(if name.ends_with(".tsv") { Some(b'\t') } else { None }) }
    }
}

/// How far a file was read; cheap to clone and to watch from elsewhere.
#[derive(Debug, Clone, Default)]
pub struct Meter {
    total: Arc<AtomicU64>,
    row: Arc<AtomicU64>,
}

impl Meter {
    /// Bytes read so far.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.total.load(Relaxed)
    }
}

/// Counts what is read, notes where lines end, and stops a row that has no end.
struct Metered {
    inner: Box<dyn BufRead + Send>,
    meter: Meter,
    lines: Arc<Mutex<Lines>>,
}

/// Where lines end, from the last row on: the CSV reader's own count is one off behind CRLF and blank lines.
struct Lines {
    /// Offsets of carriage returns (`false`) and line feeds (`true`) that were read and not yet passed.
    ends: VecDeque<(u64, bool)>,
    /// Bytes read.
    read: u64,
    /// The line of the last row.
    line: u64,
}

impl Lines {
    fn note(&mut self, bytes: &[u8]) {
        for byte in bytes {
            if matches!(byte, b'\r' | b'\n') {
                self.ends.push_back((self.read, *byte == b'\n'));
            }
            self.read += 1;
        }
    }

    /// The line of the row that begins at an offset, or behind the ends of lines that stand there.
    fn line_at(&mut self, mut offset: u64) -> u64 {
        while let Some((at, feed)) = self.ends.pop_front_if(|(at, _)| *at <= offset) {
            self.line += u64::from(feed);
            if at == offset && self.ends.front().is_some_and(|(next, _)| *next == offset + 1) {
                offset += 1;
            }
        }
        self.line
    }
}

impl Read for Metered {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(into)?;
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).note(into.get(..count).unwrap_or_default());
        let bytes = u64::try_from(count).unwrap_or(u64::MAX);
        self.meter.total.fetch_add(bytes, Relaxed);
        if self.meter.row.fetch_add(bytes, Relaxed) > ROW_BYTES_MAX {
            return Err(io::Error::other(format!("this row has more than {ROW_BYTES_MAX} bytes; is a quotation mark never closed?")));
        }
        Ok(count)
    }
}

/// Rows of CSV, with their header.
pub(super) struct Csv {
    reader: csv::Reader<Metered>,
    meter: Meter,
    lines: Arc<Mutex<Lines>>,
    pub(super) columns: Vec<String>,
}

/// One row.
pub(super) enum Record {
    /// Cells, in the order of the header.
    Cells(csv::StringRecord),
    /// Members by name.
    Members(Map<String, Value>),
}

impl Csv {
    pub(super) fn open(mut inner: Box<dyn BufRead + Send>, delimiter: Option<u8>, meter: Meter) -> Result<Self, Error> {
        let head = start(&mut inner)?;
        let delimiter = delimiter.unwrap_or_else(|| guess(&head));
        let lines = Arc::new(Mutex::new(Lines { ends: VecDeque::new(), read: 0, line: 1 }));
        let metered = Metered { inner, meter: meter.clone(), lines: Arc::clone(&lines) };
        let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).flexible(true).from_reader(metered);
        let header = reader.byte_headers().map_err(|error| Error::Source { line: 1, detail: error.to_string() })?;
        let columns = header.iter().map(|name| std::str::from_utf8(name).map(|name| name.trim().to_owned())).collect::<Result<Vec<_>, _>>();
        let header_error = |detail: String| Error::Source { line: 1, detail };
        let columns = columns.map_err(|_| header_error("the header is no UTF-8: save the file as UTF-8".into()))?;
        if columns.is_empty() {
            return Err(header_error("the file is empty: its first line names the columns".into()));
        }
        let twice = columns.iter().enumerate().find(|(i, name)| !name.is_empty() && columns.iter().take(*i).any(|n| n == *name));
        if let Some((_, name)) = twice {
            return Err(header_error(format!("two columns have the name {name:?}")));
        }
        Ok(Self { reader, meter, lines, columns })
    }

    pub(super) fn next(&mut self) -> Option<(u64, Result<Record, Fault>)> {
        let mut record = csv::ByteRecord::new();
        self.meter.row.store(0, Relaxed);
        let start = self.reader.position().byte();
        let read = self.reader.read_byte_record(&mut record);
        let line = self.lines.lock().unwrap_or_else(PoisonError::into_inner).line_at(start);
        match read {
            Ok(false) => None,
            Ok(true) => Some((line, self.cells(line, record))),
            Err(error) => Some((line, Err(Fault::Source(Error::Source { line, detail: error.to_string() })))),
        }
    }

    fn cells(&self, line: u64, record: csv::ByteRecord) -> Result<Record, Fault> {
        if record.len() != self.columns.len() {
            let reason = format!("has {} cells, and the header has {}", record.len(), self.columns.len());
            return Err(Fault::Row(BadRow { line, column: None, reason }));
        }
        csv::StringRecord::from_byte_record(record).map(Record::Cells).map_err(|error| {
            let column = self.columns.get(error.utf8_error().field()).cloned();
            Fault::Row(BadRow { line, column, reason: "is no UTF-8".into() })
        })
    }
}

/// Lines of NDJSON.
pub(super) struct Ndjson {
    inner: Box<dyn BufRead + Send>,
    meter: Meter,
    line: u64,
    ended: bool,
}

impl Ndjson {
    pub(super) fn open(mut inner: Box<dyn BufRead + Send>, meter: Meter) -> Result<Self, Error> {
        start(&mut inner)?;
        Ok(Self { inner, meter, line: 0, ended: false })
    }

    /// The next line that is not blank, without its end.
    pub(super) fn next_line(&mut self) -> Option<(u64, Result<Vec<u8>, Fault>)> {
        while !self.ended {
            let mut bytes = Vec::new();
            self.line += 1;
            let fatal = |detail: String| Fault::Source(Error::Source { line: self.line, detail });
            let read = (&mut self.inner).take(ROW_BYTES_MAX + 1).read_until(b'\n', &mut bytes);
            let result = match read {
                Err(error) => Err(fatal(error.to_string())),
                Ok(0) => break,
                Ok(count) if count as u64 > ROW_BYTES_MAX => Err(fatal(format!("this line has more than {ROW_BYTES_MAX} bytes"))),
                Ok(count) => {
                    self.meter.total.fetch_add(count as u64, Relaxed);
                    Ok(bytes)
                }
            };
            self.ended = result.is_err();
            match &result {
                Ok(bytes) if bytes.iter().all(u8::is_ascii_whitespace) => {}
                _ => return Some((self.line, result)),
            }
        }
        self.ended = true;
        None
    }
}

/// Reads a line of JSON.
pub(super) fn json<'a, T: serde::Deserialize<'a>>(line: u64, bytes: &'a [u8]) -> Result<T, Fault> {
    serde_json::from_slice(bytes).map_err(|error| {
        // The message of a data error may repeat a value; its place does not.
        let reason = match error.classify() {
            serde_json::error::Category::Data => error.to_string(),
            _ if std::str::from_utf8(bytes).is_err() => "is no UTF-8".to_owned(),
            _ => format!("is no JSON: {error}"),
        };
        Fault::Row(BadRow { line, column: None, reason })
    })
}

/// Looks at the first bytes, passes over a byte order mark, and refuses what is no text.
fn start(inner: &mut Box<dyn BufRead + Send>) -> Result<Vec<u8>, Error> {
    let refuse = |detail: &str| Error::Source { line: 1, detail: detail.into() };
    let head = inner.fill_buf().map_err(|error| refuse(&error.to_string()))?;
    let head = head.get(..GUESS_BYTES_MAX.min(head.len())).unwrap_or_default().to_vec();
    if head.starts_with(b"\xff\xfe") || head.starts_with(b"\xfe\xff") {
        return Err(refuse("the file is UTF-16: save it as UTF-8"));
    }
    if head.starts_with(b"\x1f\x8b") || head.starts_with(b"PK\x03\x04") || head.starts_with(b"\x28\xb5\x2f\xfd") {
        return Err(refuse("the file is compressed, or a spreadsheet: unpack it, or save it as CSV"));
    }
    if head.starts_with(BOM) {
        inner.consume(BOM.len());
        return Ok(head.get(BOM.len()..).unwrap_or_default().to_vec());
    }
    Ok(head)
}

/// The delimiter that the header has most of, outside of quotation marks; a comma where it has none.
fn guess(head: &[u8]) -> u8 {
    let mut counts = [0_usize; DELIMITERS.len()];
    let mut quoted = false;
    for byte in head {
        match byte {
            b'"' => quoted = !quoted,
            b'\n' if !quoted => break,
            byte if !quoted => {
                let at = DELIMITERS.iter().position(|d| d == byte);
                if let Some(count) = at.and_then(|i| counts.get_mut(i)) {
                    *count += 1;
                }
            }
            _ => {}
        }
    }
    // The first of equals, so that a comma wins a tie.
    let best = DELIMITERS.iter().zip(counts).rev().max_by_key(|(_, count)| *count);
    best.filter(|(_, count)| *count > 0).map_or(b',', |(delimiter, _)| *delimiter)
}
