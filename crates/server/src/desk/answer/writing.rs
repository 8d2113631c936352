//! Texts and patches: the proposal stands in the editor, and what a person changes in it is shown.

use super::{
    super::form::{FieldProblem, Form},
    NAME,
};
use crate::desk::text::parts as words;
use countersign_core::limits::CASE_BYTES_MAX;
use maud::{Markup, html};
use serde_json::Value;
use similar::{ChangeTag, TextDiff};

/// Longer texts are not compared word by word.
const COMPARED_BYTES_MAX: usize = 60_000;

/// A text that begins as the proposal, with the difference under it. A browser would cut what is pasted to its `maxlength` without
/// a word, so the script refuses what is too long as a whole, and the engine what still comes.
pub fn text(bytes_max: usize, proposed: Option<&str>, typed: Option<&str>) -> Markup {
    let value = typed.or(proposed).unwrap_or_default();
    html! {
        div.writing {
            label.field { (words::YOUR_TEXT)
                textarea name=(NAME) rows="12" dir="auto" required data-edit data-bytes-max=(bytes_max) { (lead(value)) (value) }
            }
        }
        @if let (Some(proposed), Some(typed)) = (proposed, typed) {
            @if proposed != typed { section.changes { h3 { (words::YOUR_CHANGES) } (difference(proposed, typed)) } }
        }
    }
}

/// A patch: the text of the proposed one, to edit; it is drawn above, with its proposal.
pub fn patch(proposed: Option<&str>, typed: Option<&str>) -> Markup {
    let value = typed.or(proposed).unwrap_or_default();
    html! {
        label.field { (words::PATCH_HOW)
            textarea.code name=(NAME) rows="14" spellcheck="false" required data-edit data-bytes-max=(CASE_BYTES_MAX) { (lead(value)) (value) }
        }
    }
}

/// What was written. Browsers send line ends as carriage return and line feed; a text has line feeds.
pub fn parse(posted: &Form) -> Result<Value, FieldProblem> {
    let text = posted.get(NAME).filter(|text| !text.trim().is_empty());
    text.map(|text| Value::from(text.replace("\r\n", "\n"))).ok_or_else(|| FieldProblem::new(NAME, words::fill_in(words::YOUR_TEXT)))
}

/// The paragraphs of a text, without the empty lines between them.
pub fn paragraphs(text: &str) -> impl Iterator<Item = &str> {
    text.split("\n\n").map(|paragraph| paragraph.trim_matches('\n')).filter(|paragraph| !paragraph.trim().is_empty())
}

/// A text with one more paragraph at its end.
#[must_use]
pub fn added(text: &str, paragraph: &str) -> String {
    match text.trim_end() {
        "" => paragraph.to_owned(),
        text => format!("{text}\n\n{paragraph}"),
    }
}

/// HTML drops one line feed at the beginning of a text area; a text that begins with one gets it twice.
fn lead(value: &str) -> &'static str {
    if value.starts_with('\n') { "\n" } else { "" }
}

/// The difference of two texts, word by word.
pub fn difference(before: &str, after: &str) -> Markup {
    if before.len().max(after.len()) > COMPARED_BYTES_MAX {
        return html! { div.text dir="auto" { (after) } };
    }
    let diff = TextDiff::from_unicode_words(before, after);
    html! {
        div.text.difference dir="auto" {
            @for change in diff.iter_all_changes() {
                @match change.tag() {
                    ChangeTag::Equal => { (change.value()) }
                    ChangeTag::Delete => { del { (change.value()) } }
                    ChangeTag::Insert => { ins { (change.value()) } }
                }
            }
        }
    }
}
