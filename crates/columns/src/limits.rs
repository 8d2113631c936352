//! Every limit of reading a file. Holds no code.

/// Columns of one file.
pub const COLUMNS_MAX: usize = 10_000;
/// Bytes of one line or record, quoted line breaks included.
pub const LINE_BYTES_MAX: usize = 16 << 20;
/// Lines of an NDJSON file that are looked at to name its columns.
pub const NDJSON_NAMED_LINES: usize = 1_000;
/// Different values of a category.
pub const CATEGORIES_MAX: usize = 1_000_000;
/// Different values of a key (an item, a person).
pub const KEYS_MAX: usize = 100_000_000;
/// Bytes of one label.
pub const LABEL_BYTES_MAX: usize = 4_096;
/// Bytes of all labels of one column.
pub const LABELS_BYTES_MAX: usize = u32::MAX as usize;
/// Cells of a table in memory: 4 to 8 GiB.
pub const CELLS_MAX: usize = 1 << 30;
/// Threads that unpack a Parquet file.
pub const THREADS_MAX: usize = 16;
