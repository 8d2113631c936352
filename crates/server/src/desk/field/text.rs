//! Text: its paragraphs, the words that proposers point to, and a fold where it is long.

use super::Context;
use crate::desk::text::parts as words;
use countersign_app::input::EvidenceInput;
use maud::{Markup, html};
use std::ops::Range;

/// What is shown before the fold.
const OPEN_CHARS_MAX: usize = 1_600;
/// What is shown behind it; a text of megabytes is not for a screen, and the whole of it is in the API and the evidence.
const SHOWN_CHARS_MAX: usize = 60_000;
/// Marks in one text.
const MARKS_MAX: usize = 40;

/// A text as a field.
pub fn render(text: &str, field: &str, context: &Context<'_>) -> Markup {
    folded(text, &marks(text, context.evidence_of(field)))
}

/// A text that folds where it is long.
fn folded(text: &str, marks: &[Range<usize>]) -> Markup {
    let shown = char_end(text, SHOWN_CHARS_MAX);
    let fold = if text.len() > char_end(text, OPEN_CHARS_MAX) { paragraph_end(text, char_end(text, OPEN_CHARS_MAX)) } else { text.len() };
    html! {
        div.text dir="auto" { (marked(text, 0..fold.min(shown), marks)) }
        @if fold < shown {
            details.more {
                summary { (words::more_chars(text.get(fold..).unwrap_or_default().chars().count())) }
                div.text dir="auto" { (marked(text, fold..shown, marks)) }
            }
        }
        @if shown < text.len() { p.aside { (words::cut_chars(text.get(shown..).unwrap_or_default().chars().count())) } }
    }
}

/// A text in one line, as a headline: marked, never folded or cut.
pub fn in_line(text: &str, field: &str, context: &Context<'_>) -> Markup {
    marked(text, 0..text.len(), &marks(text, context.evidence_of(field)))
}

/// The text of a turn or another part: marked where its words are quoted.
pub fn quoted(text: &str, field: &str, context: &Context<'_>) -> Markup {
    folded(text, &quotes(text, context.evidence_of(field)))
}

/// Where the code point number `chars` begins, or the end.
fn char_end(text: &str, chars: usize) -> usize {
    text.char_indices().nth(chars).map_or(text.len(), |(at, _)| at)
}

/// The end of the paragraph or the word around `at`, so that a fold cuts neither, if that is near.
fn paragraph_end(text: &str, at: usize) -> usize {
    const NEAR_BYTES: usize = 400;
    let rest = text.get(at..).unwrap_or_default();
    let near = |found: Option<usize>| found.filter(|n| *n < NEAR_BYTES).map(|n| at + n);
    near(rest.find('\n')).or_else(|| near(rest.find(' '))).unwrap_or(at)
}

/// Ranges of bytes that proposers point to, by place (code points) or by quotation.
fn marks<'a>(text: &str, evidence: impl Iterator<Item = &'a EvidenceInput> + Clone) -> Vec<Range<usize>> {
    let by_place = evidence.clone().filter_map(|e| {
        let (start, end) = (usize::try_from(e.start?).ok()?, usize::try_from(e.end?).ok()?);
        (start < end).then(|| char_end(text, start)..char_end(text, end))
    });
    let mut all: Vec<_> = by_place.filter(|mark| !mark.is_empty()).chain(quotes(text, evidence.filter(|e| e.start.is_none()))).collect();
    apart(&mut all);
    all
}

fn quotes<'a>(text: &str, evidence: impl Iterator<Item = &'a EvidenceInput>) -> Vec<Range<usize>> {
    let found = evidence.filter_map(|e| e.quote.as_deref()).filter(|quote| !quote.is_empty());
    let mut all: Vec<_> = found.filter_map(|quote| text.find(quote).map(|at| at..at + quote.len())).collect();
    apart(&mut all);
    all
}

/// In order, and those that touch as one.
fn apart(marks: &mut Vec<Range<usize>>) {
    marks.sort_by_key(|mark| (mark.start, mark.end));
    let mut out: Vec<Range<usize>> = Vec::new();
    for mark in marks.drain(..) {
        match out.last_mut() {
            Some(last) if mark.start <= last.end => last.end = last.end.max(mark.end),
            _ => out.push(mark),
        }
    }
    out.truncate(MARKS_MAX);
    *marks = out;
}

fn marked(text: &str, shown: Range<usize>, marks: &[Range<usize>]) -> Markup {
    let mut at = shown.start;
    let mut parts = Vec::new();
    for mark in marks.iter().filter(|mark| mark.start < shown.end && mark.end > shown.start) {
        let (start, end) = (mark.start.max(shown.start), mark.end.min(shown.end));
        parts.push((text.get(at..start), text.get(start..end)));
        at = end;
    }
    html! {
        @for (before, inside) in parts { (before.unwrap_or_default()) mark.evidence { (inside.unwrap_or_default()) } }
        (text.get(at..shown.end).unwrap_or_default())
    }
}
