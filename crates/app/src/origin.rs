//! How much of a written text was kept of which draft, and how much is its writer's own: in shares of its characters. Words that stand in
//! the same order as in a draft were kept of it, wherever in the text they stand now; fewer than a few in a row are everybody's. Judges
//! nothing: a text that is all a draft's may have been read with care.

use std::collections::HashMap;

/// Words in a row that make a passage: fewer occur in any two texts of a language.
const PASSAGE_WORDS: usize = 3;
/// Places in drafts at which one passage is looked at; what occurs more often says nothing.
const PLACES_MAX: usize = 32;
/// Bytes of text and drafts together that are compared; beyond that nobody waits for it.
const COMPARED_BYTES_MAX: usize = 1 << 20;
const ONE: u64 = 1_000_000_000;

/// A word, with how many characters it has together with the white space behind it.
#[derive(Debug, Clone, Copy)]
struct Word<'t> {
    word: &'t str,
    chars: u64,
    /// Whether a line ends behind it.
    ends_line: bool,
}

fn words(text: &str) -> Vec<Word<'_>> {
    let mut words = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
        let (word, behind) = rest.split_at(end);
        let next = behind.trim_start();
        let space = behind.get(..behind.len() - next.len()).unwrap_or_default();
        let chars = (word.chars().count() + space.chars().count()) as u64;
        words.push(Word { word, chars, ends_line: space.contains('\n') || next.is_empty() });
        rest = next;
    }
    words
}

/// The share of the text that was kept of each draft, in billionths, rounded down. Of two drafts that say the same, the one that the
/// passage before was kept of has it, else the first. Nothing is told of what is longer than is compared.
#[must_use]
pub fn shares(text: &str, drafts: &[&str]) -> Vec<u32> {
    let mut kept = vec![0u64; drafts.len()];
    let bytes = text.len() + drafts.iter().map(|draft| draft.len()).sum::<usize>();
    let own = words(text);
    if bytes <= COMPARED_BYTES_MAX {
        let drafts: Vec<Vec<Word<'_>>> = drafts.iter().map(|draft| words(draft)).collect();
        let places = places(&drafts);
        let (mut at, mut last) = (0, None);
        while at < own.len() {
            match longest(&own, at, (&drafts, &places), last) {
                Some((draft, length)) => {
                    let chars: u64 = own.iter().skip(at).take(length).map(|word| word.chars).sum();
                    if let Some(kept) = kept.get_mut(draft) {
                        *kept += chars;
                    }
                    (at, last) = (at + length, Some(draft));
                }
                None => at += 1,
            }
        }
    }
    let all: u64 = own.iter().map(|word| word.chars).sum();
    kept.into_iter().map(|kept| u32::try_from(kept * ONE / all.max(1)).unwrap_or(u32::MAX)).collect()
}

/// Where each word occurs, as draft and place.
type Places<'t> = HashMap<&'t str, Vec<(usize, usize)>>;

fn places<'t>(drafts: &[Vec<Word<'t>>]) -> Places<'t> {
    let mut places = Places::new();
    for (draft, words) in drafts.iter().enumerate() {
        // By the first words of passages, so that a common word alone leads nowhere.
        for (at, word) in words.iter().enumerate() {
            places.entry(word.word).or_default().push((draft, at));
        }
    }
    places
}

/// The longest passage at a place, with its draft; `None` where there is none.
fn longest(own: &[Word<'_>], at: usize, (drafts, places): (&[Vec<Word<'_>>], &Places<'_>), last: Option<usize>) -> Option<(usize, usize)> {
    let starts_line = at == 0 || own.get(at - 1).is_some_and(|word| word.ends_line);
    let mut best: Option<(usize, usize)> = None;
    let mut looked = 0;
    for (draft, place) in places.get(own.get(at)?.word)? {
        let words = drafts.get(*draft)?;
        let pairs = own.iter().skip(at).zip(words.iter().skip(*place));
        let length = pairs.take_while(|(one, other)| one.word == other.word).count();
        // A whole line is a passage, however short: a greeting was kept as well.
        let whole_line = starts_line
            && (*place == 0 || words.get(place - 1).is_some_and(|word| word.ends_line))
            && own.get(at + length - 1).is_some_and(|word| word.ends_line)
            && words.get(place + length - 1).is_some_and(|word| word.ends_line);
        if length < PASSAGE_WORDS && !whole_line {
            continue;
        }
        looked += 1;
        let better = best.is_none_or(|(known, most)| length > most || (length == most && Some(*draft) == last && Some(known) != last));
        if better {
            best = Some((*draft, length));
        }
        if looked == PLACES_MAX {
            break;
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ONE_DRAFT: &str =
        "Dear Ada,\n\nthank you for writing to us about the invoice.\n\nWe will send the money back today.\n\nKind regards";
    const OTHER: &str = "Hello,\n\nsorry for the trouble that you had with it.\n\nThe money is on its way to you.\n\nYours";

    fn percent(text: &str) -> Vec<u32> {
        shares(text, &[ONE_DRAFT, OTHER]).into_iter().map(|share| share / 10_000_000).collect()
    }

    #[test]
    fn what_was_kept_is_told_by_draft() {
        assert_eq!(percent(ONE_DRAFT), [100, 0]);
        assert_eq!(percent("Something else altogether, and nothing of what stood there."), [0, 0]);
        // Paragraphs of both in another order, with one of one's own: 39, 45 and 38 characters.
        let mixed =
            "The money is on its way to you.\n\nthank you for writing to us about the invoice.\n\nCall me whenever you like, on 5550.\n";
        let [one, other] = percent(mixed)[..] else { panic!("two drafts") };
        assert!((40..46).contains(&one) && (26..31).contains(&other), "{one} {other}");
        // One word changed in the middle of a sentence is the writer's; what is around it stays the draft's.
        let changed = ONE_DRAFT.replace("money", "full amount");
        let [one, 0] = percent(&changed)[..] else { panic!("of the first only") };
        assert!((85..95).contains(&one), "{one}");
        // Two words in a row are everybody's, and a whole short line is not.
        assert_eq!(percent("I say: thank you"), [0, 0]);
        assert_eq!(percent("Kind regards"), [100, 0]);
        assert_eq!(percent(""), [0, 0]);
        // Of two that say the same, the first; of more than is compared nothing.
        assert_eq!(shares(OTHER, &[OTHER, OTHER]), [1_000_000_000, 0]);
        let long = "word ".repeat(COMPARED_BYTES_MAX / 5 + 1);
        assert_eq!(shares(&long, &[&long]), [0]);
    }

    proptest! {
        #[test]
        fn shares_are_shares(text in "[a-c \n]{0,120}", one in "[a-c \n]{0,80}", other in "\\PC{0,40}") {
            let shares = shares(&text, &[&one, &other]);
            prop_assert!(shares.iter().map(|share| u64::from(*share)).sum::<u64>() <= ONE);
            let whole = super::shares(&one, &[&one]);
            prop_assert!(one.trim().is_empty() || whole == [1_000_000_000], "{whole:?}");
        }
    }
}
