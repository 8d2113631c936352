//! A table: a head that stays while its rows scroll, numbers to the right and the names of their columns with them.

use crate::desk::text::parts as words;
use maud::{Markup, html};
use serde_json::{Map, Value};

/// Rows that are drawn.
const SHOWN_ROWS_MAX: usize = 500;

/// Columns and rows.
pub fn render(table: &Map<String, Value>) -> Markup {
    let empty = Vec::new();
    let columns = table.get("columns").and_then(Value::as_array).unwrap_or(&empty);
    let rows = table.get("rows").and_then(Value::as_array).unwrap_or(&empty);
    let numeric: Vec<bool> = (0..columns.len()).map(|at| is_numeric(rows, at)).collect();
    html! {
        div.scroll tabindex="0" role="group" aria-label=(words::TABLE) {
            table.data {
                thead { tr {
                    @for (column, numeric) in columns.iter().zip(&numeric) {
                        th.number[*numeric] scope="col" { (column.as_str().unwrap_or_default()) }
                    }
                } }
                tbody {
                    @for row in rows.iter().take(SHOWN_ROWS_MAX) {
                        tr { @for (at, cell) in row.as_array().unwrap_or(&empty).iter().enumerate() { (one(cell, numeric.get(at) == Some(&true))) } }
                    }
                }
            }
        }
        @if rows.is_empty() { p.void { (words::TABLE_EMPTY) } }
        @if rows.len() > SHOWN_ROWS_MAX { p.aside { (words::more_rows(rows.len() - SHOWN_ROWS_MAX)) } }
    }
}

/// Whether all that stands in a column is numbers. A number among words is set as a word, so that a column has one edge.
fn is_numeric(rows: &[Value], column: usize) -> bool {
    let cells = rows.iter().take(SHOWN_ROWS_MAX).filter_map(|row| row.as_array()?.get(column)).filter(|cell| !cell.is_null());
    let mut cells = cells.peekable();
    cells.peek().is_some() && cells.all(|cell| cell.is_number() || cell.as_str().is_some_and(is_number))
}

/// A cell. Numbers are kept as decimal strings, so a cell that reads as one is set as one.
fn one(cell: &Value, numeric: bool) -> Markup {
    match cell {
        Value::Null => html! { td.void.number[numeric] { "–" } },
        Value::Bool(yes) => html! { td { (if *yes { words::YES } else { words::NO }) } },
        Value::String(text) if numeric => html! { td.number { (super::grouped(text)) } },
        Value::String(text) => html! { td { (text) } },
        other => html! { td.number[numeric] { (other.to_string()) } },
    }
}

fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    digits.bytes().any(|b| b.is_ascii_digit())
        && digits.bytes().all(|b| b.is_ascii_digit() || b == b'.')
        && digits.bytes().filter(|b| *b == b'.').count() <= 1
}
