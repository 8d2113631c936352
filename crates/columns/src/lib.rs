//! Columns out of CSV, NDJSON and Parquet files, streamed. Never knows what a column means.
