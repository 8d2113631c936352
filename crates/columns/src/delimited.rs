//! Delimited text (RFC 4180) by the `csv` crate, without a string for each cell. Knows no types: cells go to the builders.

use crate::{
    builder::Batch,
    error::{At, Error, thousands},
    limits::LINE_BYTES_MAX,
};
use csv::{ByteRecord, ErrorKind, Reader, ReaderBuilder};
use std::{
    cell::Cell,
    io::{self, BufRead as _, BufReader, Cursor, Read},
    rc::Rc,
};

const BUFFER_BYTES: usize = 256 << 10;
/// Rows between two reports of progress.
const TICK_ROWS: usize = 8_192;

/// Refuses to go on within one record beyond the limit, so that an open quote does not take all memory.
struct Metered<R> {
    inner: R,
    read: u64,
    record_start: Rc<Cell<u64>>,
}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.read > self.record_start.get() + (LINE_BYTES_MAX + BUFFER_BYTES) as u64 {
            return Err(io::Error::from(io::ErrorKind::FileTooLarge));
        }
        let read = self.inner.read(into)?;
        self.read += read as u64;
        Ok(read)
    }
}

fn reader<R: Read>(inner: R, delimiter: u8, start: &Rc<Cell<u64>>) -> Reader<Metered<R>> {
    let metered = Metered { inner, read: 0, record_start: Rc::clone(start) };
    ReaderBuilder::new().delimiter(delimiter).has_headers(false).flexible(true).buffer_capacity(BUFFER_BYTES).from_reader(metered)
}

/// The names in the first line, and the delimiter: where none is given, a comma, or what the line has instead.
pub(crate) fn header(file: &str, inner: impl Read, delimiter: Option<u8>) -> Result<(Vec<String>, u8), Error> {
    let mut inner = BufReader::new(inner);
    let mut line = Vec::new();
    (&mut inner).take(LINE_BYTES_MAX as u64).read_until(b'\n', &mut line).map_err(|error| Error::io(file, error))?;
    let count = |delimiter: u8| line.iter().filter(|byte| **byte == delimiter).count();
    let other = [b';', b'\t'].into_iter().max_by_key(|other| count(*other)).filter(|other| count(b',') == 0 && count(*other) > 0);
    let delimiter = delimiter.or(other).unwrap_or(b',');
    let mut record = ByteRecord::new();
    let mut reader = reader(Cursor::new(line).chain(inner), delimiter, &Rc::default());
    let found = reader.read_byte_record(&mut record).map_err(|error| fault(file, &error, 1))?;
    if !found {
        return Err(Error::input(file, "it holds nothing but blank lines; a header and rows are needed"));
    }
    let name = |name: &[u8]| {
        let text =
            std::str::from_utf8(name).map_err(|_| Error::at(file, At::Line(1), "the header is not UTF-8; save the file as UTF-8"))?;
        Ok(text.trim_start_matches('\u{feff}').trim().to_owned())
    };
    Ok((record.iter().map(name).collect::<Result<_, Error>>()?, delimiter))
}

/// Fills the batch and calls `more` after every few rows.
pub(crate) fn rows<E: From<Error>>(
    file: &str,
    inner: impl Read,
    delimiter: u8,
    header: &[String],
    batch: &mut Batch,
    progress: &mut dyn FnMut(u64),
    more: &mut impl FnMut(&mut Batch, usize) -> Result<(), E>,
) -> Result<(), E> {
    let at: Vec<usize> = (0..batch.builders.len()).filter_map(|i| header.iter().position(|name| name == batch.name(i))).collect();
    let start = Rc::new(Cell::new(0));
    let mut reader = reader(inner, delimiter, &start);
    let mut record = ByteRecord::new();
    let (mut new, mut is_header) = (0, true);
    loop {
        let line = reader.position().line();
        if !reader.read_byte_record(&mut record).map_err(|error| fault(file, &error, line))? {
            break;
        }
        start.set(reader.position().byte());
        if std::mem::take(&mut is_header) {
            continue;
        }
        if record.len() != header.len() {
            return Err(ragged(file, &record, header.len()).into());
        }
        for (i, (builder, at)) in batch.builders.iter_mut().zip(&at).enumerate() {
            if let Err(why) = builder.text(record.get(*at).unwrap_or_default()) {
                return Err(Error::cell(file, At::Line(line_of(&record)), batch.name(i), why).into());
            }
        }
        new += 1;
        if new == TICK_ROWS {
            progress(start.get());
            more(batch, std::mem::take(&mut new))?;
        }
    }
    progress(start.get());
    more(batch, new)
}

fn line_of(record: &ByteRecord) -> u64 {
    record.position().map_or(0, csv::Position::line)
}

fn ragged(file: &str, record: &ByteRecord, names: usize) -> Error {
    let quote = if record.as_slice().contains(&b'\n') { "; is a quote (\") left open?" } else { "" };
    let fields = if record.len() == 1 { "1 field".to_owned() } else { format!("{} fields", record.len()) };
    Error::at(file, At::Line(line_of(record)), format!("{fields}, and the header names {names}{quote}"))
}

fn fault(file: &str, error: &csv::Error, line: u64) -> Error {
    match error.kind() {
        ErrorKind::Io(error) if error.kind() == io::ErrorKind::FileTooLarge => {
            let why = format!("a line of more than {} bytes; is a quote (\") left open?", thousands(LINE_BYTES_MAX));
            Error::at(file, At::Line(line), why)
        }
        ErrorKind::Io(error) => Error::io(file, io::Error::new(error.kind(), error.to_string())),
        _ => Error::at(file, At::Line(line), error.to_string()),
    }
}
