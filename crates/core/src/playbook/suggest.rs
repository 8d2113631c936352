//! "Did you mean": the nearest of some known words. Never guesses where nothing is near.

use crate::limits::NAME_CHARS_MAX;

/// The word nearest to `word` by edits (insert, delete, replace, swap neighbours; case does not count), if it is near
/// enough to be meant: at most one edit for every three characters, and at least one.
pub(crate) fn nearest<'a>(word: &str, among: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let given: Vec<char> = word.chars().take(NAME_CHARS_MAX + 1).flat_map(char::to_lowercase).collect();
    if given.is_empty() || given.len() > NAME_CHARS_MAX {
        return None;
    }
    let limit = (given.len() / 3).max(1);
    let mut best: Option<(usize, &str)> = None;
    for known in among {
        let wanted: Vec<char> = known.chars().flat_map(char::to_lowercase).collect();
        if wanted.len().abs_diff(given.len()) > limit {
            continue;
        }
        let edits = distance(&given, &wanted);
        // With one or two characters everything is one edit away from everything.
        let near = edits <= limit && (edits == 0 || given.len().max(wanted.len()) > 2);
        if near && best.is_none_or(|(least, _)| edits < least) {
            best = Some((edits, known));
        }
    }
    best.map(|(_, known)| known)
}

/// `"; did you mean \"x\"?"`, or nothing.
pub(crate) fn did_you_mean<'a>(word: &str, among: impl IntoIterator<Item = &'a str>) -> String {
    nearest(word, among).map_or_else(String::new, |known| format!("; did you mean {known:?}?"))
}

/// Optimal string alignment distance (Damerau 1964, without editing a swapped pair again).
fn distance(a: &[char], b: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut row = Vec::with_capacity(b.len() + 1);
        row.push(i + 1);
        for (j, y) in b.iter().enumerate() {
            let at = |row: &[usize], k: usize| row.get(k).copied().unwrap_or(usize::MAX / 2);
            let mut edits = (at(&last, j) + usize::from(x != y)).min(at(&last, j + 1) + 1).min(at(&row, j) + 1);
            let swapped = i > 0 && j > 0 && a.get(i - 1) == Some(y) && b.get(j - 1) == Some(x);
            if swapped {
                edits = edits.min(at(&before, j - 1) + 1);
            }
            row.push(edits);
        }
        before = std::mem::replace(&mut last, row);
    }
    last.last().copied().unwrap_or(0)
}

/// The first words of a list, for a message: `a, b, c` or `a, b, c and 17 more`.
pub(crate) fn listed<'a>(words: impl ExactSizeIterator<Item = &'a str>) -> String {
    const SHOWN_ITEMS_MAX: usize = 12;
    let more = words.len().saturating_sub(SHOWN_ITEMS_MAX);
    let shown: Vec<&str> = words.take(SHOWN_ITEMS_MAX).collect();
    if more == 0 { shown.join(", ") } else { format!("{} and {more} more", shown.join(", ")) }
}

/// A word from outside as a message may repeat it: escaped and not longer than a line.
pub(crate) fn quoted(word: &str) -> String {
    const SHOWN_CHARS_MAX: usize = 60;
    if word.chars().nth(SHOWN_CHARS_MAX).is_none() {
        return format!("{word:?}");
    }
    let start: String = word.chars().take(SHOWN_CHARS_MAX).collect();
    format!("{start:?}..")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_near_words_are_suggested() {
        let routes = ["assist", "blind", "unaided", "panel", "hold"];
        for (given, want) in [
            ("asist", Some("assist")),
            ("assits", Some("assist")),
            ("PANEL", Some("panel")),
            ("blnd", Some("blind")),
            ("hodl", Some("hold")),
            ("automate", None),
            ("x", None),
            ("", None),
        ] {
            assert_eq!(nearest(given, routes), want, "{given}");
        }
        assert_eq!(nearest(&"a".repeat(1 << 20), routes), None);
    }
}
