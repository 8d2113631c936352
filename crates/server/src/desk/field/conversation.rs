//! A conversation: turns in their order, each with who speaks and when.

use super::{Context, text};
use crate::desk::text::parts as words;
use countersign_core::time::format_rfc3339;
use maud::{Markup, html};
use serde_json::Value;

/// Turns that are open; the ones before them are folded, since the last are what is answered.
const OPEN_TURNS_MAX: usize = 12;
/// Turns that are shown at all.
const SHOWN_TURNS_MAX: usize = 400;

/// The turns.
pub fn render(turns: &[Value], field: &str, context: &Context<'_>) -> Markup {
    let left_out = turns.len().saturating_sub(SHOWN_TURNS_MAX);
    let (_, shown) = turns.split_at(left_out);
    let (folded, open) = shown.split_at(shown.len().saturating_sub(OPEN_TURNS_MAX));
    html! {
        @if left_out > 0 { p.aside { (words::earlier_turns(left_out)) } }
        @if !folded.is_empty() {
            details.more {
                summary { (words::more_turns(folded.len())) }
                ol.talk { @for turn in folded { (one(turn, field, context)) } }
            }
        }
        ol.talk { @for turn in open { (one(turn, field, context)) } }
    }
}

fn one(turn: &Value, field: &str, context: &Context<'_>) -> Markup {
    let role = turn["role"].as_str().unwrap_or_default();
    let said = turn["text"].as_str().unwrap_or_default();
    html! {
        li {
            p.who {
                b { (role) }
                @if let Some(at) = turn["at"].as_i64() { time.aside datetime=(format_rfc3339(at)) { (words::ago(context.now.saturating_sub(at))) } }
            }
            (text::quoted(said, field, context))
        }
    }
}
