//! A unified diff: files that fold, lines with their numbers, and in changed lines the words that changed.

mod words;

pub use countersign_core::patch::{File, Kind, Line, parse};

use super::remarks::Remarks;
use crate::desk::text::parts as text;
use maud::{Markup, html};

/// Lines that are drawn as lines, over all files; what follows stands as plain text within its file.
const SHOWN_LINES_MAX: usize = 3_000;
/// A file with more changed lines than this begins folded.
const OPEN_LINES_MAX: usize = 400;
/// Other header lines of a file that stand one by one; more of them are folded.
const SHOWN_NOTES_MAX: usize = 12;
/// Bytes of one plain text.
const PLAIN_BYTES_MAX: usize = 1 << 20;

/// A diff as a field.
#[must_use]
pub fn render(source: &str) -> Markup {
    render_field(source, "", None)
}

/// The same with what was remarked on its lines.
#[must_use]
pub fn render_field(source: &str, field: &str, remarks: Option<&Remarks<'_>>) -> Markup {
    let patch = parse(source);
    let on = On { field, remarks };
    let (added, removed) = patch.files.iter().fold((0, 0), |(a, r), file| (a + file.added(), r + file.removed()));
    let mut left = SHOWN_LINES_MAX;
    html! {
        div.patch data-patch {
            @if patch.files.is_empty() { p.aside { (text::PATCH_NONE) } }
            @else { p.aside { (text::patch_size(patch.files.len(), added, removed)) } }
            @if !patch.preamble.trim().is_empty() { (plain(patch.preamble)) }
            @for (n, file) in patch.files.iter().enumerate() { (one(file, n, source, &mut left, on)) }
            @if let Some(remarks) = remarks { (remarks.form(field, &patch.files.iter().map(File::path).collect::<Vec<_>>())) }
        }
    }
}

/// Where remarks stand.
#[derive(Clone, Copy)]
struct On<'a> {
    field: &'a str,
    remarks: Option<&'a Remarks<'a>>,
}

impl On<'_> {
    /// Beneath a line.
    fn line(self, file: usize, line: &Line<'_>) -> Markup {
        html! { @if let Some(remarks) = self.remarks { @for comment in remarks.on_line(self.field, file, line) { (remarks.beneath(comment)) } } }
    }
}

/// One file; `left` lines may still be drawn as lines.
fn one(file: &File<'_>, number: usize, source: &str, left: &mut usize, on: On<'_>) -> Markup {
    let (drawn, rest) = share(file, left);
    let rest = rest.and_then(|at| source.get(at..file.end));
    let remarked = on.remarks.is_some_and(|remarks| remarks.in_file(on.field, number));
    let open = remarked || (rest.is_none() && file.added() + file.removed() <= OPEN_LINES_MAX);
    let (notes, more) = file.notes.split_at(file.notes.len().min(SHOWN_NOTES_MAX));
    html! {
        details.file open[open] data-file=(file.path()) data-number=(number + 1) {
            summary {
                span.path { (file.path()) }
                span.added { "+" (file.added()) }
                span.removed { "\u{2212}" (file.removed()) }
            }
            label.viewed hidden { input type="checkbox" data-viewed; " " (text::VIEWED) }
            @for note in notes { p.aside { (note) } }
            @if !more.is_empty() { details.more { summary { (text::more_lines(more.len())) } (plain(&more.join("\n"))) } }
            div.scroll tabindex="0" role="group" aria-label=(text::changes_of(file.path())) {
                @if !drawn.is_empty() {
                    table.code {
                        @for (h, (hunk, n)) in file.hunks.iter().zip(&drawn).enumerate() {
                            tbody id={ "file-" (number) "-hunk-" (h) } {
                                tr.hunk { td colspan="3" { (hunk.head) } }
                                @for (line, parts) in words::marked(hunk.lines.get(..*n).unwrap_or_default()) { (row(line, &parts)) (on.line(number, line)) }
                            }
                        }
                    }
                }
                @if let Some(rest) = rest {
                    @if !drawn.is_empty() { p.aside { (text::more_lines(rest.lines().count())) } }
                    (plain(rest))
                }
            }
        }
    }
}

/// How many lines of each hunk are drawn, and where the rest begins that stands as plain text. A hunk's head is a line.
fn share(file: &File<'_>, left: &mut usize) -> (Vec<usize>, Option<usize>) {
    let mut drawn = Vec::new();
    for hunk in &file.hunks {
        if *left == 0 {
            return (drawn, Some(hunk.at));
        }
        let n = hunk.lines.len().min(*left - 1);
        *left -= n + 1;
        drawn.push(n);
        if let Some(line) = hunk.lines.get(n) {
            return (drawn, Some(line.at));
        }
    }
    (drawn, None)
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

/// Text as it came.
fn plain(source: &str) -> Markup {
    let mut end = source.len().min(PLAIN_BYTES_MAX);
    while !source.is_char_boundary(end) {
        end -= 1;
    }
    let (shown, cut) = source.split_at(end);
    html! {
        pre.code { (shown) }
        @if !cut.is_empty() { p.aside { (text::cut_chars(cut.chars().count())) } }
    }
}
