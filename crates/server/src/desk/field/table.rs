//! A table: a head that stays while its rows scroll, numbers to the right.

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
    html! {
        div.scroll tabindex="0" role="group" aria-label=(words::TABLE) {
            table.data {
                thead { tr { @for column in columns { th scope="col" { (column.as_str().unwrap_or_default()) } } } }
                tbody { @for row in rows.iter().take(SHOWN_ROWS_MAX) { tr { @for cell in row.as_array().unwrap_or(&empty) { (one(cell)) } } } }
            }
        }
        @if rows.is_empty() { p.void { (words::TABLE_EMPTY) } }
        @if rows.len() > SHOWN_ROWS_MAX { p.aside { (words::more_rows(rows.len() - SHOWN_ROWS_MAX)) } }
    }
}

/// A cell. Numbers are kept as decimal strings, so a cell that reads as one is set as one.
fn one(cell: &Value) -> Markup {
    match cell {
        Value::Null => html! { td.void { "–" } },
        Value::Bool(yes) => html! { td { (if *yes { words::YES } else { words::NO }) } },
        Value::String(text) if is_number(text) => html! { td.number { (super::grouped(text)) } },
        Value::String(text) => html! { td { (text) } },
        other => html! { td.number { (other.to_string()) } },
    }
}

fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit() || b == b'.') && digits.bytes().filter(|b| *b == b'.').count() <= 1
}
