//! [`Source`]: a file that columns are read from. Knows formats by name only; each has a module of its own.

use crate::{
    builder::Batch,
    column::{Table, Want},
    delimited,
    error::{Error, thousands},
    limits::CELLS_MAX,
    names, ndjson, parquet,
};
use std::{
    fs::File,
    io::{self, Cursor, Read},
    path::{Path, PathBuf},
};

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Comma-separated values (RFC 4180) with a header; semicolons or tabs where the header has no comma.
    Csv,
    /// The same with tabs.
    Tsv,
    /// A JSON object a line.
    Ndjson,
    /// Apache Parquet.
    Parquet,
}

impl Format {
    /// By the end of a file's name; `None` where that says nothing.
    #[must_use]
    pub fn of(path: &Path) -> Option<Self> {
        let extension = path.extension()?.to_str()?.to_ascii_lowercase();
        match extension.as_str() {
            "csv" => Some(Self::Csv),
            "tsv" | "tab" => Some(Self::Tsv),
            "ndjson" | "jsonl" => Some(Self::Ndjson),
            "parquet" | "pq" => Some(Self::Parquet),
            _ => None,
        }
    }
}

/// Is told how many bytes are done, of how many in all; 0 in all where that is not known.
pub type Progress<'a> = &'a mut dyn FnMut(u64, u64);

/// A file, or standard input, with its header read.
pub struct Source {
    name: String,
    format: Format,
    header: Vec<String>,
    delimiter: u8,
    bytes: u64,
    from: From,
}

enum From {
    Path(PathBuf),
    /// Can be read once.
    Stream(Option<Box<dyn Read + Send>>),
}

/// Remembers what was read while the header was looked for.
struct Recorder<R> {
    inner: R,
    kept: Vec<u8>,
}

impl<R: Read> Read for Recorder<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(into)?;
        self.kept.extend_from_slice(into.get(..read).unwrap_or_default());
        Ok(read)
    }
}

impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Source").field("name", &self.name).field("format", &self.format).finish_non_exhaustive()
    }
}

impl Source {
    /// Opens a file (`-` is standard input) and reads its header. Without a format the name tells it, else the first bytes.
    ///
    /// # Errors
    /// Where the file cannot be read, is empty, compressed, or names its columns badly.
    pub fn open(path: &Path, format: Option<Format>) -> Result<Self, Error> {
        if path.as_os_str() == "-" {
            return Self::from_reader("standard input", Box::new(io::stdin()), format);
        }
        let name = path.display().to_string();
        let io = |error| Error::io(&name, error);
        let mut file = File::open(path).map_err(io)?;
        let metadata = file.metadata().map_err(io)?;
        if metadata.is_dir() {
            return Err(Error::input(&name, "this is a folder; name a file"));
        }
        if !metadata.is_file() {
            // A pipe or a device gives its bytes once.
            return Self::from_reader(&name, Box::new(file), format.or_else(|| Format::of(path)));
        }
        let mut start = Vec::new();
        (&mut file).take(START_BYTES).read_to_end(&mut start).map_err(io)?;
        let format = format_of(&name, &start, format.or_else(|| Format::of(path)))?;
        let (header, delimiter) = if format == Format::Parquet {
            (parquet::names(&name, path)?, b',')
        } else {
            header(&name, Cursor::new(start).chain(file), format)?
        };
        Ok(Self { name, format, header, delimiter, bytes: metadata.len(), from: From::Path(path.to_owned()) })
    }

    /// The same from a stream, which can be read once. Parquet needs a file.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn from_reader(name: &str, mut reader: Box<dyn Read + Send>, format: Option<Format>) -> Result<Self, Error> {
        let mut start = Vec::new();
        (&mut reader).take(START_BYTES).read_to_end(&mut start).map_err(|error| Error::io(name, error))?;
        let format = format_of(name, &start, format)?;
        if format == Format::Parquet {
            return Err(Error::input(name, "Parquet is read from its end, so it needs a file; write it to one first"));
        }
        let mut recorder = Recorder { inner: Cursor::new(start).chain(reader), kept: Vec::new() };
        let (header, delimiter) = header(name, &mut recorder, format)?;
        let stream: Box<dyn Read + Send> = Box::new(Cursor::new(recorder.kept).chain(recorder.inner));
        Ok(Self { name: name.to_owned(), format, header, delimiter, bytes: 0, from: From::Stream(Some(stream)) })
    }

    /// The file as errors name it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How it is written.
    #[must_use]
    pub fn format(&self) -> Format {
        self.format
    }

    /// The columns, in the order of the file. NDJSON: the keys of the first [`crate::limits::NDJSON_NAMED_LINES`] lines;
    /// Parquet: nested fields by their path (`a.b`), lists left out.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.header
    }

    /// The columns that a list names: `a,b`, with `*` for anything and `?` for one character, in the order of the list, and
    /// of the file within a wildcard.
    ///
    /// # Errors
    /// Where a name or wildcard fits no column, or one column is named twice.
    pub fn select(&self, list: &str) -> Result<Vec<String>, Error> {
        names::select(&self.name, &self.header, list)
    }

    /// The wanted columns of all rows.
    ///
    /// # Errors
    /// With the place of the first cell that is not what was wanted, or of the first row that is not as the header says;
    /// and where there are more than [`crate::limits::CELLS_MAX`] cells.
    pub fn read<S: AsRef<str>>(&mut self, wanted: &[(S, Want)], progress: Progress<'_>) -> Result<Table, Error> {
        let mut batch = self.batch(wanted)?;
        let mut rows = 0;
        let file = self.name.clone();
        self.rows(&mut batch, progress, &mut |batch, new| {
            rows += new;
            if rows.saturating_mul(batch.builders.len()) > CELLS_MAX {
                let why = format!("more than {} cells, which memory may not hold; name fewer columns, or split it", thousands(CELLS_MAX));
                return Err(Error::input(&file, why));
            }
            Ok(())
        })?;
        Ok(batch.table(rows))
    }

    /// The wanted columns of about `batch_rows` rows at a time (of Parquet, whole row groups). Codes mean the same label in
    /// every batch. Gives the number of rows.
    ///
    /// # Errors
    /// As [`Self::read`], and what `take` refuses.
    pub fn for_each_batch<S: AsRef<str>, E: std::convert::From<Error>>(
        &mut self,
        wanted: &[(S, Want)],
        batch_rows: usize,
        progress: Progress<'_>,
        mut take: impl FnMut(&Table) -> Result<(), E>,
    ) -> Result<u64, E> {
        let mut batch = self.batch(wanted)?;
        let (mut rows, mut all) = (0, 0);
        self.rows(&mut batch, progress, &mut |batch, new| {
            (rows, all) = (rows + new, all + new as u64);
            if rows >= batch_rows.max(1) { batch.hand_out(std::mem::take(&mut rows), &mut take) } else { Ok(()) }
        })?;
        if rows > 0 {
            batch.hand_out(rows, &mut take)?;
        }
        Ok(all)
    }

    fn batch<S: AsRef<str>>(&self, wanted: &[(S, Want)]) -> Result<Batch, Error> {
        for (name, _) in wanted {
            if !self.header.iter().any(|one| one == name.as_ref()) {
                return Err(names::absent(&self.name, &self.header, name.as_ref()));
            }
        }
        let names = wanted.iter().map(|(name, _)| name.as_ref().to_owned()).collect();
        Ok(Batch::new(names, &wanted.iter().map(|(_, want)| *want).collect::<Vec<_>>()))
    }

    /// Fills the batch and calls `more` after each piece of rows.
    fn rows<E: std::convert::From<Error>>(
        &mut self,
        batch: &mut Batch,
        progress: Progress<'_>,
        more: &mut impl FnMut(&mut Batch, usize) -> Result<(), E>,
    ) -> Result<(), E> {
        let reader: Box<dyn Read> = match &mut self.from {
            From::Path(path) if self.format == Format::Parquet => return parquet::rows(&self.name, path, batch, progress, more),
            From::Path(path) => Box::new(File::open(path).map_err(|error| Error::io(&self.name, error))?),
            From::Stream(stream) => {
                stream.take().ok_or_else(|| Error::input(&self.name, "a stream can be read once only; write it to a file first"))?
            }
        };
        let total = self.bytes;
        let progress = &mut |done| progress(done, total);
        if self.format == Format::Ndjson {
            ndjson::rows(&self.name, reader, batch, progress, more)
        } else {
            delimited::rows(&self.name, reader, self.delimiter, &self.header, batch, progress, more)
        }
    }
}

/// Bytes that are looked at to know a format.
const START_BYTES: u64 = 16;

fn format_of(file: &str, start: &[u8], format: Option<Format>) -> Result<Format, Error> {
    let is_parquet = start.starts_with(b"PAR1");
    let why = if start.is_empty() {
        "it is empty; a header and rows are needed"
    } else if start.starts_with(&[0x1f, 0x8b]) || start.starts_with(b"PK\x03\x04") || start.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
        "it is compressed; unpack it first"
    } else if start.starts_with(&[0xff, 0xfe]) || start.starts_with(&[0xfe, 0xff]) {
        "it is UTF-16; save it as UTF-8"
    } else if is_parquet && format.is_some_and(|format| format != Format::Parquet) {
        "it is Parquet inside; name it .parquet"
    } else if !is_parquet && format == Some(Format::Parquet) {
        "it is no Parquet file: it does not start with PAR1"
    } else {
        let object = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start).trim_ascii_start().starts_with(b"{");
        let guess = if is_parquet {
            Format::Parquet
        } else if object {
            Format::Ndjson
        } else {
            Format::Csv
        };
        return Ok(format.unwrap_or(guess));
    };
    Err(Error::input(file, why))
}

/// The names of the columns, and the delimiter between them.
fn header(file: &str, reader: impl Read, format: Format) -> Result<(Vec<String>, u8), Error> {
    let (header, delimiter) = match format {
        Format::Ndjson => (ndjson::names(file, reader)?, b','),
        Format::Tsv => delimited::header(file, reader, Some(b'\t'))?,
        _ => delimited::header(file, reader, None)?,
    };
    names::check(file, &header)?;
    Ok((header, delimiter))
}
