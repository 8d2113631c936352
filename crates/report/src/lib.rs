//! Reports and charts: self-contained HTML, SVG drawn here. Never reads a database or a file, and computes no statistics.
//!
//! [`chart`] draws single pictures out of plain numbers and serves every page that shows one. [`page`] is the frame of a
//! report: one file with its style inside and nothing fetched. [`mod@format`] writes figures the same way everywhere.
//! [`rehearsal`] and [`audit`] are the reports of what the commands of these names find.

#![cfg_attr(test, expect(clippy::unwrap_used, reason = "a test that cannot go on should panic"))]

pub mod audit;
pub mod chart;
pub mod format;
mod grouping;
pub mod page;
pub mod rehearsal;
