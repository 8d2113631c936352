//! Which words of a changed line changed: each removed line is held against the added line that took its place.

use super::{Kind, Line};
use similar::{ChangeTag, TextDiff};

/// Longer lines are shown whole: nobody reads words in a line of minified code.
const COMPARED_BYTES_MAX: usize = 1_000;
/// Where less than this of two lines is common, they are two lines and not one that changed.
const COMMON_PERCENT_MIN: usize = 40;

/// A part of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part<'a> {
    /// Its text.
    pub text: &'a str,
    /// Whether the other side has something else here.
    pub changed: bool,
}

/// Every line with its parts.
pub fn marked<'l, 'a>(lines: &'l [Line<'a>]) -> Vec<(&'l Line<'a>, Vec<Part<'a>>)> {
    let mut out: Vec<(&Line<'_>, Vec<Part<'_>>)> =
        lines.iter().map(|line| (line, vec![Part { text: line.text, changed: false }])).collect();
    let mut at = 0;
    while at < lines.len() {
        let removed = run(lines, at, Kind::Removed);
        let added = run(lines, at + removed, Kind::Added);
        for n in 0..removed.min(added) {
            let (old, new) = (at + n, at + removed + n);
            if let Some((before, after)) = compared(lines.get(old), lines.get(new)) {
                out.get_mut(old).into_iter().for_each(|line| line.1.clone_from(&before));
                out.get_mut(new).into_iter().for_each(|line| line.1.clone_from(&after));
            }
        }
        at += (removed + added).max(1);
    }
    out
}

fn run(lines: &[Line<'_>], from: usize, kind: Kind) -> usize {
    lines.iter().skip(from).take_while(|line| line.kind == kind).count()
}

type Parts<'a> = Vec<Part<'a>>;

fn compared<'a>(old: Option<&Line<'a>>, new: Option<&Line<'a>>) -> Option<(Parts<'a>, Parts<'a>)> {
    let (old, new) = (old?.text, new?.text);
    if old.len().max(new.len()) > COMPARED_BYTES_MAX {
        return None;
    }
    let diff = TextDiff::configure().diff_unicode_words(old, new);
    let (mut before, mut after, mut common) = (Vec::new(), Vec::new(), 0);
    for change in diff.iter_all_changes() {
        let text = change.value();
        match change.tag() {
            ChangeTag::Equal => {
                common += text.trim().len();
                push(&mut before, old, text, false);
                push(&mut after, new, text, false);
            }
            ChangeTag::Delete => push(&mut before, old, text, true),
            ChangeTag::Insert => push(&mut after, new, text, true),
        }
    }
    let longer = old.trim().len().max(new.trim().len());
    (common * 100 >= longer * COMMON_PERCENT_MIN).then_some((before, after))
}

/// Adds a text, which follows what is there already in `line`; neighbours of one kind become one part.
fn push<'a>(parts: &mut Parts<'a>, line: &'a str, text: &str, changed: bool) {
    let start: usize = parts.iter().map(|part| part.text.len()).sum();
    let Some(piece) = line.get(start..start + text.len()) else { return };
    match parts.last_mut() {
        Some(last) if last.changed == changed => {
            let from = start - last.text.len();
            last.text = line.get(from..start + piece.len()).unwrap_or(last.text);
        }
        _ => parts.push(Part { text: piece, changed }),
    }
}
