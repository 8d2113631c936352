//! What a case says, as terms, and a sample of them. Hashes are the same on every machine and in every version of this format.

use std::collections::{BTreeMap, BTreeSet};

/// Terms of a sketch at most. A shorter text is kept whole.
pub const SKETCH_TERMS_MAX: usize = 96;
/// Characters of a word at most; what is longer is no word.
const WORD_CHARS_MAX: usize = 40;
/// Words of one text that are looked at.
const WORDS_MAX: usize = 20_000;
/// Terms are hashes of so many bits: rare ones may share a place, which makes them a little less telling and no case wrong.
const TERM_BITS: u32 = 20;

/// What a case says.
#[derive(Debug, Clone, Default)]
pub struct Bag {
    /// Words and pairs of them, as people read them.
    words: BTreeMap<u32, String>,
    /// Values of fields, as people read them.
    values: BTreeMap<u32, String>,
}

/// A sample of a bag's terms: ascending and distinct.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sketch(Vec<u32>);

impl Bag {
    /// Takes in the words of a text, and each two neighbouring ones.
    pub fn text(&mut self, text: &str) {
        let mut before: Option<String> = None;
        for word in text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).take(WORDS_MAX) {
            let chars = word.chars().count();
            if !(2..=WORD_CHARS_MAX).contains(&chars) {
                before = None;
                continue;
            }
            let word = word.to_lowercase();
            if let Some(before) = &before {
                let pair = format!("{before} {word}");
                self.words.entry(term("pair", &pair)).or_insert(pair);
            }
            self.words.entry(term("word", &word)).or_insert_with(|| word.clone());
            before = Some(word);
        }
    }

    /// Takes in the value of a field, as it is.
    pub fn value(&mut self, field: &str, value: &str) {
        let told = format!("{field}: {value}");
        self.values.entry(term("value", &told)).or_insert(told);
    }

    /// Takes in about how large a number is: numbers with the same sign and leading power of two are alike.
    pub fn number(&mut self, field: &str, number: f64) {
        if !number.is_finite() {
            return;
        }
        let (_, exponent) = libm::frexp(number.abs());
        let told = match (number == 0.0, number < 0.0) {
            (true, _) => format!("{field}: 0"),
            (false, negative) => {
                let low = libm::ldexp(1.0, exponent - 1);
                let sign = if negative { "-" } else { "" };
                format!("{field}: about {sign}{}", if low >= 1.0 { format!("{low:.0}") } else { format!("{low:.3}") })
            }
        };
        self.values.entry(term("number", &told)).or_insert(told);
    }

    /// Whether it says nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.words.is_empty() && self.values.is_empty()
    }

    /// Its sample: values first, then the words whose hashes come first in an order that has nothing to do with their meaning.
    #[must_use]
    pub fn sketch(&self) -> Sketch {
        let mut words: Vec<u32> = self.words.keys().copied().collect();
        words.sort_unstable_by_key(|term| (scattered(*term), *term));
        let some = self.values.keys().copied().chain(words).take(SKETCH_TERMS_MAX);
        Sketch(some.collect::<BTreeSet<u32>>().into_iter().collect())
    }

    /// What it shares with another: values, then words, those first for which `rarity` is highest. A word that is told in a pair is
    /// not told again.
    #[must_use]
    pub fn shared(&self, other: &Self, rarity: impl Fn(u32) -> f32, most: usize) -> Vec<String> {
        let of = |mine: &BTreeMap<u32, String>, theirs: &BTreeMap<u32, String>| {
            let both = mine.iter().filter(|(term, told)| theirs.get(term) == Some(told));
            let mut both: Vec<(f32, String)> = both.map(|(term, told)| (rarity(*term), told.clone())).collect();
            both.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| b.1.len().cmp(&a.1.len())).then_with(|| a.1.cmp(&b.1)));
            both
        };
        let mut told: Vec<String> = Vec::new();
        for (_, word) in of(&self.words, &other.words) {
            if told.len() < most && !told.iter().any(|known| overlaps(known, &word)) {
                told.push(word);
            }
        }
        let values = of(&self.values, &other.values).into_iter().map(|(_, value)| value);
        values.take(most).chain(told).collect()
    }
}

/// Whether two terms tell the same word.
fn overlaps(one: &str, other: &str) -> bool {
    one.split(' ').any(|word| other.split(' ').any(|known| known == word))
}

impl Sketch {
    /// Its terms, ascending.
    #[must_use]
    pub fn terms(&self) -> &[u32] {
        &self.0
    }

    /// As bytes: four a term, big-endian.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.0.iter().flat_map(|term| term.to_be_bytes()).collect()
    }

    /// From its bytes; `None` where they are no sketch.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (terms, rest) = bytes.as_chunks::<4>();
        let terms: Vec<u32> = terms.iter().map(|bytes| u32::from_be_bytes(*bytes)).collect();
        let fits = rest.is_empty() && terms.len() <= SKETCH_TERMS_MAX && terms.windows(2).all(|pair| pair.first() < pair.last());
        fits.then_some(Self(terms))
    }
}

/// The place of a term: FNV-1a over its kind and its text, scattered, and folded to [`TERM_BITS`].
fn term(kind: &str, text: &str) -> u32 {
    let hash = [kind.as_bytes(), &[0], text.as_bytes()]
        .concat()
        .iter()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3));
    (mixed(hash) >> (64 - TERM_BITS)) as u32
}

/// An order of terms that has nothing to do with what they say.
fn scattered(term: u32) -> u64 {
    mixed(u64::from(term) ^ 0x9e37_79b9_7f4a_7c15)
}

/// The finaliser of `SplitMix64` (Steele, Lea, Flood 2014).
fn mixed(mut hash: u64) -> u64 {
    hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ (hash >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(text: &str) -> Bag {
        let mut bag = Bag::default();
        bag.text(text);
        bag
    }

    #[test]
    fn what_is_shared_is_told_in_words_of_people() {
        let (mut one, mut other) = (of("Charged TWICE in November, please refund"), of("I was charged twice: a refund?"));
        for bag in [&mut one, &mut other] {
            bag.value("plan", "team");
            bag.number("sum", 49.0);
        }
        other.value("region", "north");
        let told = one.shared(&other, |_| 1.0, 3);
        assert_eq!(told, ["sum: about 32", "plan: team", "charged twice", "refund"]);
        assert_eq!(one.shared(&of(""), |_| 1.0, 3), Vec::<String>::new());
    }

    #[test]
    fn terms_stay_where_they_are() {
        // A stored sketch has to mean the same in the next version.
        assert_eq!(of("refund").sketch().terms(), of("Refund!").sketch().terms());
        let mut bag = of("charged twice");
        bag.value("plan", "team");
        assert_eq!(bag.sketch().terms().len(), 4);
        assert_eq!([term("word", "refund"), term("pair", "charged twice"), term("value", "plan: team")], KNOWN);
    }

    /// Worked out once; another value would make stored sketches useless without anybody noticing.
    const KNOWN: [u32; 3] = [386_990, 682_841, 60_662];

    proptest! {
        #[test]
        fn a_sketch_is_bounded_and_comes_back_from_its_bytes(text in "\\PC{0,2000}", value in "\\PC{0,40}", number in any::<f64>()) {
            let mut bag = of(&text);
            bag.value("field", &value);
            bag.number("number", number);
            let sketch = bag.sketch();
            prop_assert!(sketch.terms().len() <= SKETCH_TERMS_MAX);
            prop_assert_eq!(Sketch::from_bytes(&sketch.to_bytes()), Some(sketch));
        }

        #[test]
        fn bytes_that_are_no_sketch_are_none(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            if let Some(sketch) = Sketch::from_bytes(&bytes) {
                prop_assert_eq!(sketch.to_bytes(), bytes);
            }
        }
    }
}
