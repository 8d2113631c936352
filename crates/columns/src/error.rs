//! What can be wrong with a file, in sentences that name the place. Never holds more of the content than one cell's start.

use std::{fmt, io};

/// Where in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum At {
    /// A line of a text file, from 1, the header included.
    Line(u64),
    /// A row of a Parquet file, from 1.
    Row(u64),
}

/// Why a file could not be read into columns.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The operating system refused.
    #[error("{file}: {source}")]
    Io {
        /// The file as it was named.
        file: String,
        /// What the operating system said.
        source: io::Error,
    },
    /// The content is not what it should be.
    #[error("{file}{place}: {why}", place = Place(*at, column.as_deref()))]
    Input {
        /// The file as it was named.
        file: String,
        /// The line or row, where the fault has one.
        at: Option<At>,
        /// The column, where the fault has one.
        column: Option<String>,
        /// What is wrong, and what would be right.
        why: String,
    },
}

struct Place<'a>(Option<At>, Option<&'a str>);

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(At::Line(line)) => write!(f, ", line {line}")?,
            Some(At::Row(row)) => write!(f, ", row {row}")?,
            None => {}
        }
        self.1.map_or(Ok(()), |column| write!(f, ", column `{column}`"))
    }
}

impl Error {
    pub(crate) fn input(file: &str, why: impl Into<String>) -> Self {
        Self::Input { file: file.to_owned(), at: None, column: None, why: why.into() }
    }

    pub(crate) fn at(file: &str, at: At, why: impl Into<String>) -> Self {
        Self::Input { file: file.to_owned(), at: Some(at), column: None, why: why.into() }
    }

    pub(crate) fn cell(file: &str, at: At, column: &str, why: impl Into<String>) -> Self {
        Self::Input { file: file.to_owned(), at: Some(at), column: Some(column.to_owned()), why: why.into() }
    }

    pub(crate) fn io(file: &str, source: io::Error) -> Self {
        Self::Io { file: file.to_owned(), source }
    }
}

/// `1,000,000`.
pub(crate) fn thousands(count: usize) -> String {
    let digits = count.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// The start of a cell, as it can stand in a sentence.
pub(crate) fn shown(cell: &[u8]) -> String {
    const SHOWN_CHARS_MAX: usize = 40;
    let text = String::from_utf8_lossy(cell.get(..4 * SHOWN_CHARS_MAX).unwrap_or(cell));
    let mut out: String = text.chars().take(SHOWN_CHARS_MAX).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if out.len() < cell.len() {
        out.push_str("..");
    }
    out
}
