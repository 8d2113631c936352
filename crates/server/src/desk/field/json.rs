//! JSON, laid out so that one can read it: objects and arrays fold, and their depth and length are bounded.

use crate::desk::text::parts as words;
use maud::{Markup, html};
use serde_json::Value;

/// Members and items that are drawn of one object or array.
const SHOWN_ITEMS_MAX: usize = 200;
/// Levels that are drawn; deeper ones stand as compact text.
const SHOWN_LEVELS_MAX: usize = 12;
/// Levels that are open at first.
const OPEN_LEVELS_MAX: usize = 2;
/// Characters of one text or of what is too deep.
const SHOWN_CHARS_MAX: usize = 4_000;

/// JSON that is kept as its text.
pub fn render_text(text: &str) -> Markup {
    match serde_json::from_str::<Value>(text) {
        Ok(value) => render(&value),
        Err(_) => html! { pre.json { (cut(text)) } },
    }
}

/// A value.
pub fn render(value: &Value) -> Markup {
    html! { div.json { (level(value, 0)) } }
}

fn level(value: &Value, depth: usize) -> Markup {
    match value {
        Value::Object(members) if !members.is_empty() && depth < SHOWN_LEVELS_MAX => {
            let shown = members.iter().take(SHOWN_ITEMS_MAX).map(|(name, value)| (Some(name.as_str()), value));
            fold("{", &words::members(members.len()), shown, members.len(), depth)
        }
        Value::Array(items) if !items.is_empty() && depth < SHOWN_LEVELS_MAX => {
            let shown = items.iter().take(SHOWN_ITEMS_MAX).map(|value| (None, value));
            fold("[", &words::items(items.len()), shown, items.len(), depth)
        }
        Value::String(text) => html! { span.json-text { "\"" (cut(text)) "\"" } },
        Value::Object(_) | Value::Array(_) => html! { code { (cut(&value.to_string())) } },
        other => html! { span.json-atom { (other.to_string()) } },
    }
}

fn fold<'a>(mark: &str, count: &str, shown: impl Iterator<Item = (Option<&'a str>, &'a Value)>, all: usize, depth: usize) -> Markup {
    html! {
        details open[depth < OPEN_LEVELS_MAX] {
            summary { (mark) " " span.aside { (count) } }
            ul {
                @for (name, value) in shown { li { @if let Some(name) = name { span.json-name { (name) } ": " } (level(value, depth + 1)) } }
                @if all > SHOWN_ITEMS_MAX { li.aside { (words::more_items(all - SHOWN_ITEMS_MAX)) } }
            }
        }
    }
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(SHOWN_CHARS_MAX) {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or_default()),
        None => text.to_owned(),
    }
}
