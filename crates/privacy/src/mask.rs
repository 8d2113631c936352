//! Masking: every find is replaced by a placeholder, the same value by the same one, and an answer that comes back in
//! placeholders is restored to the letter. Fails closed: a text that cannot be searched is not masked but refused.

use crate::find::{self, Kind, Unsearched};
use std::collections::{HashMap, HashSet};

/// What stands for what. It holds personal data: it stays where the texts are.
pub struct Masks {
    /// Placeholder, original.
    pairs: Vec<(String, String)>,
}

impl std::fmt::Debug for Masks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Masks({} placeholders)", self.pairs.len())
    }
}

/// Masks texts that belong together: what is the same in two of them gets the same placeholder.
///
/// # Errors
/// Where one of the texts cannot be searched: then none may go out.
pub fn mask(texts: &[&str]) -> Result<(Vec<String>, Masks), Unsearched> {
    let hits = texts.iter().map(|text| find::hits(text, &Kind::ALL)).collect::<Result<Vec<_>, _>>()?;
    // A text that already says `[MAIL_1]` must come back as it was, so that word is not used.
    let taken: HashSet<&str> = texts.iter().flat_map(|text| placeholders(text)).collect();
    let mut by_value: HashMap<&str, String> = HashMap::new();
    let mut counts: HashMap<&'static str, usize> = HashMap::new();
    let mut pairs = Vec::new();
    let mut masked = Vec::with_capacity(texts.len());
    for (text, hits) in texts.iter().zip(&hits) {
        let mut out = String::with_capacity(text.len());
        let mut at = 0;
        for hit in hits {
            let value = text.get(hit.start..hit.end).unwrap_or_default();
            out.push_str(text.get(at..hit.start).unwrap_or_default());
            let placeholder = by_value.entry(value).or_insert_with(|| {
                let count = counts.entry(hit.kind.word()).or_default();
                let placeholder = loop {
                    *count += 1;
                    let next = format!("[{}_{count}]", hit.kind.word());
                    if !taken.contains(next.as_str()) {
                        break next;
                    }
                };
                pairs.push((placeholder.clone(), value.to_owned()));
                placeholder
            });
            out.push_str(placeholder);
            at = hit.end;
        }
        out.push_str(text.get(at..).unwrap_or_default());
        masked.push(out);
    }
    Ok((masked, Masks { pairs }))
}

impl Masks {
    /// How many values are masked.
    #[must_use]
    pub fn len(&self) -> usize {
        self.pairs.len()
    }

    /// Whether nothing was found.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    /// The text with the originals in place of placeholders. What only looks like a placeholder stays.
    #[must_use]
    pub fn restore(&self, text: &str) -> String {
        if self.pairs.is_empty() {
            return text.to_owned();
        }
        let by_placeholder: HashMap<&str, &str> = self.pairs.iter().map(|(p, v)| (p.as_str(), v.as_str())).collect();
        let mut out = String::with_capacity(text.len());
        let mut at = 0;
        for found in placeholders(text) {
            let Some(value) = by_placeholder.get(found) else { continue };
            let start = found.as_ptr() as usize - text.as_ptr() as usize;
            out.push_str(text.get(at..start).unwrap_or_default());
            out.push_str(value);
            at = start + found.len();
        }
        out.push_str(text.get(at..).unwrap_or_default());
        out
    }
}

/// A text in which nothing looks like a placeholder any more: of what stands for somebody else's data only the kind is said, so that it is
/// never restored as this one's.
#[must_use]
pub fn unnamed(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for found in placeholders(text) {
        let start = found.as_ptr() as usize - text.as_ptr() as usize;
        out.push_str(text.get(at..start).unwrap_or_default());
        let kind = found.trim_start_matches('[').split('_').next().unwrap_or_default();
        out.push_str("(another ");
        out.push_str(kind);
        out.push(')');
        at = start + found.len();
    }
    out.push_str(text.get(at..).unwrap_or_default());
    out
}

/// Whatever looks like a placeholder: a bracket, capital letters, an underscore, digits, a bracket.
fn placeholders(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices('[').filter_map(move |(start, _)| {
        let rest = text.as_bytes().get(start + 1..)?;
        let letters = rest.iter().take(8).take_while(|b| b.is_ascii_uppercase()).count();
        let digits = rest.get(letters + 1..)?.iter().take(9).take_while(|b| b.is_ascii_digit()).count();
        let end = letters + 1 + digits;
        let whole = letters > 0 && digits > 0 && rest.get(letters) == Some(&b'_') && rest.get(end) == Some(&b']');
        text.get(start..start + 1 + end + 1).filter(|_| whole)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_same_value_gets_the_same_placeholder_in_all_texts() {
        let texts = ["Mail ada@example.org or call (415) 555-0132.", "From: ada@example.org, card 4111 1111 1111 1111"];
        let (masked, masks) = mask(&texts).unwrap();
        assert_eq!(masked, ["Mail [MAIL_1] or call [PHONE_1].", "From: [MAIL_1], card [CARD_1]"]);
        assert_eq!(masks.restore("I wrote to [MAIL_1] about [CARD_1] and [CARD_2]."), {
            "I wrote to ada@example.org about 4111 1111 1111 1111 and [CARD_2]."
        });
        assert_eq!(format!("{masks:?}"), "Masks(3 placeholders)");
    }

    #[test]
    fn a_placeholder_that_the_text_already_says_is_not_used() {
        let texts = ["[MAIL_1] wrote to ada@example.org"];
        let (masked, masks) = mask(&texts).unwrap();
        assert_eq!(masked, ["[MAIL_1] wrote to [MAIL_2]"]);
        assert_eq!(masks.restore(&masked[0]), texts[0]);
    }

    #[test]
    fn what_is_unnamed_is_never_restored() {
        let (theirs, _) = mask(&["write to bob@example.org, not to [MAIL_9]"]).unwrap();
        let told = unnamed(&theirs[0]);
        assert_eq!(told, "write to (another MAIL), not to (another MAIL)");
        let (_, ours) = mask(&["ada@example.org"]).unwrap();
        assert_eq!(ours.restore(&told), told);
    }

    #[test]
    fn a_text_that_cannot_be_searched_is_refused() {
        let long = "x".repeat(find::TEXT_BYTES_MAX + 1);
        assert!(mask(&["short", &long]).is_err());
    }

    proptest! {
        #[test]
        fn what_was_masked_comes_back_to_the_letter(
            parts in prop::collection::vec(prop_oneof![
                "\\PC{0,12}", Just("ada@example.org".to_owned()), Just("[MAIL_1]".to_owned()), Just("[MAIL_".to_owned()),
                Just(" 192.168.0.1 ".to_owned()), Just("4111-1111-1111-1111".to_owned()), Just("+49 30 1234567".to_owned()),
            ], 0..8),
        ) {
            let text = parts.concat();
            let (masked, masks) = mask(&[&text]).unwrap();
            prop_assert_eq!(masks.restore(&masked[0]), text.clone());
            // Nothing that was found stays readable.
            for find in find::find(&text).unwrap() {
                let value: String = text.chars().skip(find.start).take(find.end - find.start).collect();
                let elsewhere = text.matches(&value).count() != 1;
                prop_assert!(elsewhere || !masked[0].contains(&value), "{value:?} in {:?}", masked[0]);
            }
        }
    }
}
