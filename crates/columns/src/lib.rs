//! Columns out of CSV, NDJSON and Parquet files, streamed. Never knows what a column means.
//!
//! [`Source::open`] looks at a file and names its columns; [`Source::read`] gives the wanted ones as a [`Table`], and
//! [`Source::for_each_batch`] gives them piece by piece, for files that memory does not hold. Text is kept as codes into
//! [`Labels`], numbers as `f64`. What is missing (an empty field, a null) is explicit: [`MISSING`] among codes, NaN among
//! numbers; a NaN or an infinity that a file spells out is refused, with its place. Nothing is guessed but the format and
//! the delimiter.
//!
//! Memory: [`Source::read`] holds 4 bytes for a cell of text, 8 for a number, and the labels. [`Source::for_each_batch`]
//! holds one batch and the labels; of a Parquet file, which is packed by row groups, the wanted columns of one row group a
//! thread. A line is held to [`limits::LINE_BYTES_MAX`].

#![cfg_attr(test, expect(clippy::unwrap_used, reason = "a test that cannot go on should panic"))]

mod builder;
mod column;
mod delimited;
mod error;
mod labels;
pub mod limits;
mod names;
mod ndjson;
mod parquet;
mod source;

pub use column::{Category, Column, MISSING, Table, Want};
pub use error::{At, Error};
pub use labels::Labels;
pub use source::{Format, Progress, Source};
