//! A unified diff: files that fold, lines with their numbers, and in changed lines the words that changed.

mod parse;
mod words;

pub use parse::{File, Kind, Line, parse};

use crate::desk::text::parts as text;
use maud::{Markup, html};

/// Lines that are drawn as lines; what follows stands as plain text.
const SHOWN_LINES_MAX: usize = 3_000;
/// A file with more changed lines than this begins folded.
const OPEN_LINES_MAX: usize = 400;
/// Characters of the plain rest.
const REST_BYTES_MAX: usize = 1 << 20;

/// A diff as a field.
#[must_use]
pub fn render(source: &str) -> Markup {
    let patch = parse(source, SHOWN_LINES_MAX);
    let (added, removed) = patch.files.iter().fold((0, 0), |(a, r), file| (a + file.added(), r + file.removed()));
    html! {
        div.patch data-patch {
            p.aside { (text::patch_size(patch.files.len(), added, removed)) }
            @for (n, file) in patch.files.iter().enumerate() { (one(file, n)) }
            @if let Some(rest) = patch.rest.map(|at| source.get(at..).unwrap_or_default()) {
                details.more {
                    summary { (text::more_lines(rest.lines().count())) }
                    pre.code { (cut(rest)) }
                }
            }
        }
    }
}

fn one(file: &File<'_>, number: usize) -> Markup {
    let open = file.added() + file.removed() <= OPEN_LINES_MAX;
    html! {
        details.file open[open] data-file=(file.path()) {
            summary {
                span.path { (file.path()) }
                span.added { "+" (file.added()) }
                span.removed { "\u{2212}" (file.removed()) }
            }
            label.viewed hidden { input type="checkbox" data-viewed; " " (text::VIEWED) }
            @for note in &file.notes { p.aside { (note) } }
            div.scroll tabindex="0" role="group" aria-label=(text::changes_of(file.path())) {
                table.code {
                    @for (h, hunk) in file.hunks.iter().enumerate() {
                        tbody id={ "file-" (number) "-hunk-" (h) } {
                            tr.hunk { td colspan="3" { (hunk.head) } }
                            @for (line, parts) in words::marked(&hunk.lines) { (row(line, &parts)) }
                        }
                    }
                }
            }
        }
    }
}

fn row(line: &Line<'_>, parts: &[words::Part<'_>]) -> Markup {
    let (class, sign) = match line.kind {
        Kind::Added => ("added", "+"),
        Kind::Removed => ("removed", "\u{2212}"),
        Kind::Context => ("context", " "),
        Kind::Note => ("note", ""),
    };
    html! {
        tr class=(class) {
            td.n { @if let Some(n) = line.before { (n) } }
            td.n { @if let Some(n) = line.after { (n) } }
            td.line {
                span.sign aria-label=[text::line_kind(line.kind)] { (sign) }
                @for part in parts { @if part.changed { em { (part.text) } } @else { (part.text) } }
            }
        }
    }
}

fn cut(text: &str) -> &str {
    let mut end = text.len().min(REST_BYTES_MAX);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}
