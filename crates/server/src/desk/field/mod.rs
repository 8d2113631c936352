//! What a case holds, drawn: one renderer for each kind of field. Pure functions of the value; asks nothing and decides nothing.
//!
//! Every text goes through maud's escaping. What is long is folded or cut with a word on how much is left, so that no value makes
//! a page that a browser cannot bear.

mod conversation;
pub mod image;
pub mod json;
pub mod patch;
pub mod remarks;
mod table;
pub mod text;

use super::text::parts as words;
use countersign_app::{input::EvidenceInput, view::FieldView};
use countersign_core::{
    playbook::{FieldKind, FieldSpec},
    time::format_rfc3339,
};
use maud::{Markup, html};
use serde_json::Value;

/// What a renderer may know beside the value.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// Where proposers looked, in any field; empty where advice is not visible.
    pub evidence: &'a [EvidenceInput],
    /// Now, in microseconds since 1970 UTC, for "3 h ago".
    pub now: i64,
    /// What was remarked on lines, where remarks are shown.
    pub remarks: Option<remarks::Remarks<'a>>,
}

impl<'a> Context<'a> {
    /// Where the bytes of an attachment are.
    #[must_use]
    pub fn attachment(&self, digest: &str) -> String {
        format!("/desk/files/{digest}")
    }

    /// Where proposers looked in this field.
    fn evidence_of(&self, field: &'a str) -> impl Iterator<Item = &'a EvidenceInput> + Clone + use<'a> {
        self.evidence.iter().filter(move |evidence| evidence.field == field)
    }
}

/// A field's value. Never called with a hidden field: those are not in what is shown.
#[must_use]
pub fn render(field: &FieldView, spec: &FieldSpec, context: &Context<'_>) -> Markup {
    if field.masked {
        return html! { p.void data-masked { (words::field_masked(&spec.visible_to)) } };
    }
    if field.erased {
        return html! { p.void { (words::FIELD_ERASED) } };
    }
    match (&field.value, &spec.kind) {
        (Value::Null, _) => html! { p.void { (words::FIELD_EMPTY) } },
        (Value::String(text), FieldKind::Text) => text::render(text, &field.name, context),
        (Value::String(text), FieldKind::Category { .. }) => html! { span.word { (text) } },
        (Value::Bool(yes), _) => html! { span.word { (if *yes { words::YES } else { words::NO }) } },
        (Value::String(number), FieldKind::Number) => html! { span.number { (grouped(number)) } },
        (value, FieldKind::Time) => time(value, context.now),
        (value, FieldKind::Image) => image::render(value, field, context),
        (Value::String(patch), FieldKind::Patch) => patch::render_field(patch, &field.name, context.remarks.as_ref()),
        (Value::Array(turns), FieldKind::Conversation) => conversation::render(turns, &field.name, context),
        (Value::Object(table), FieldKind::Table) => table::render(table),
        (Value::String(text), FieldKind::Json) => json::render_text(text),
        // What does not look like its kind is shown as it is: a reader must see it to judge it.
        (Value::String(text), _) => text::render(text, &field.name, context),
        (value, _) => json::render(value),
    }
}

/// Whether the value is short enough to stand beside its label, in one line.
#[must_use]
pub fn is_short(field: &FieldView, spec: &FieldSpec) -> bool {
    const SHORT_CHARS_MAX: usize = 64;
    match &spec.kind {
        FieldKind::Number | FieldKind::Category { .. } | FieldKind::Boolean | FieldKind::Time => true,
        FieldKind::Text => field
            .value
            .as_str()
            .is_none_or(|text| text.chars().take(SHORT_CHARS_MAX + 1).count() <= SHORT_CHARS_MAX && !text.contains('\n')),
        _ => field.value.is_null() || field.erased || field.masked,
    }
}

/// A decimal with its thousands apart (narrow no-break spaces, as in SI); anything else as it is.
fn grouped(number: &str) -> String {
    const GROUPED_DIGITS_MIN: usize = 5;
    let (sign, rest) = number.strip_prefix('-').map_or(("", number), |rest| ("\u{2212}", rest));
    let (whole, fraction) = rest.split_once('.').map_or((rest, None), |(whole, fraction)| (whole, Some(fraction)));
    if whole.len() < GROUPED_DIGITS_MIN || !whole.bytes().all(|b| b.is_ascii_digit()) {
        return if sign.is_empty() { number.to_owned() } else { format!("{sign}{rest}") };
    }
    let mut text = sign.to_owned();
    for (i, digit) in whole.chars().enumerate() {
        if i > 0 && (whole.len() - i).is_multiple_of(3) {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    if let Some(fraction) = fraction {
        text.push('.');
        text.push_str(fraction);
    }
    text
}

/// A moment (microseconds), with how long ago it was.
fn time(value: &Value, now: i64) -> Markup {
    let Some(micros) = value.as_i64() else { return json::render(value) };
    let full = format_rfc3339(micros);
    let readable = full.get(..16).map_or_else(|| full.clone(), |minute| minute.replace('T', " "));
    html! { time datetime=(full) { (readable) " UTC" } span.aside { (words::ago(now.saturating_sub(micros))) } }
}

#[cfg(test)]
mod tests;
