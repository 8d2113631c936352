//! Many sketches, and those among them that are most like one. In memory, and added to one by one; what is removed is gone from it.

use crate::bag::Sketch;
use std::{collections::HashMap, hash::Hash};

/// Entries of lists that one search looks at: the commonest terms, which tell least, come last and are left out beyond it.
const ENTRIES_MAX: usize = 300_000;
/// Up to so many sketches are measured anew whenever something is added.
const SETTLED_ALWAYS: usize = 4_096;
/// What 1 is in whole numbers: a likeness is in billionths.
pub const ONE: u32 = 1_000_000_000;

/// A sketch that is like another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Like<K> {
    /// Whose it is.
    pub key: K,
    /// How much alike, in billionths: 0 nothing shared, 10^9 the same terms.
    pub likeness: u32,
    /// What was noted with it.
    pub noted: bool,
}

struct Entry<K> {
    key: K,
    sketch: Sketch,
    /// Length of its weights, as a vector.
    length: f32,
    noted: bool,
}

/// Sketches by key, the latest of them at most.
pub struct Index<K> {
    /// By place, in the order in which they came; places of what was removed are empty.
    entries: Vec<Option<Entry<K>>>,
    at: HashMap<K, u32>,
    /// Places by term, ascending.
    lists: HashMap<u32, Vec<u32>>,
    /// All places before it are empty.
    first: usize,
    most: usize,
    /// How many there were when lengths were last measured.
    measured: usize,
}

impl<K: Copy + Eq + Hash> Index<K> {
    /// An empty one that keeps the latest `most` sketches.
    #[must_use]
    pub fn new(most: usize) -> Self {
        Self { entries: Vec::new(), at: HashMap::new(), lists: HashMap::new(), first: 0, most: most.max(1), measured: 0 }
    }

    /// How many it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.at.len()
    }

    /// Whether it has none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.at.is_empty()
    }

    /// Adds a sketch, or puts it in the place of the one of the same key; `noted` is kept with it. Returns the key of the oldest one
    /// where that had to go for it.
    pub fn insert(&mut self, key: K, sketch: Sketch, noted: bool) -> Option<K> {
        let known = self.at.get(&key).and_then(|at| self.entries.get_mut(*at as usize)?.as_mut());
        if let Some(entry) = known.filter(|entry| entry.sketch == sketch) {
            entry.noted = noted;
            return None;
        }
        self.remove(&key);
        // INVARIANT: there are never more than `most`, so that one that goes makes room.
        let full = self.len() >= self.most;
        let oldest = self.entries.iter().skip(self.first).flatten().next().map(|entry| entry.key).filter(|_| full);
        if let Some(oldest) = oldest {
            self.remove(&oldest);
        }
        if self.entries.len() > 2 * self.len() + 1_024 {
            self.close_up();
        }
        let length = self.length(&sketch);
        self.add(Entry { key, sketch, length, noted });
        oldest
    }

    /// Measures anew what rarities have moved away from, after something was added: always where there are few sketches, else when there
    /// are an eighth more.
    pub fn settle(&mut self) {
        if self.len() <= SETTLED_ALWAYS || self.len() > self.measured + self.measured / 8 {
            self.measure();
        }
    }

    fn add(&mut self, entry: Entry<K>) {
        let at = u32::try_from(self.entries.len()).unwrap_or(u32::MAX);
        for term in entry.sketch.terms() {
            self.lists.entry(*term).or_default().push(at);
        }
        self.at.insert(entry.key, at);
        self.entries.push(Some(entry));
    }

    /// Gives all entries new places, in their order, where many places are empty.
    fn close_up(&mut self) {
        let held = std::mem::take(&mut self.entries);
        (self.first, self.lists, self.at) = (0, HashMap::new(), HashMap::new());
        held.into_iter().flatten().for_each(|entry| self.add(entry));
    }

    /// Takes a sketch out: nothing of it stays.
    pub fn remove(&mut self, key: &K) {
        let Some(at) = self.at.remove(key) else { return };
        let Some(entry) = self.entries.get_mut(at as usize).and_then(Option::take) else { return };
        for term in entry.sketch.terms() {
            let Some(list) = self.lists.get_mut(term) else { continue };
            if let Ok(place) = list.binary_search(&at) {
                list.remove(place);
            }
            if list.is_empty() {
                self.lists.remove(term);
            }
        }
        while matches!(self.entries.get(self.first), Some(None)) {
            self.first += 1;
        }
    }

    /// How rare a term is: the logarithm of how many sketches there are for one that has it.
    #[must_use]
    pub fn rarity(&self, term: u32) -> f32 {
        let having = self.lists.get(&term).map_or(0, Vec::len);
        libm::logf(1.0 + self.len() as f32 / (1.0 + having as f32))
    }

    /// The keys that are most like a sketch, most alike first, the later first among equals; at most `want`, and never `except`.
    #[must_use]
    pub fn like(&self, sketch: &Sketch, except: Option<&K>, want: usize) -> Vec<Like<K>> {
        let mut terms: Vec<(usize, u32)> = sketch.terms().iter().map(|term| (self.lists.get(term).map_or(0, Vec::len), *term)).collect();
        terms.sort_unstable();
        // One place an entry: adding up in a map would take several times as long.
        let mut sums = vec![0.0_f32; self.entries.len()];
        let mut looked_at = 0;
        for (having, term) in terms {
            looked_at += having;
            if looked_at > ENTRIES_MAX {
                break;
            }
            let weight = self.rarity(term);
            for at in self.lists.get(&term).into_iter().flatten() {
                if let Some(sum) = sums.get_mut(*at as usize) {
                    *sum += weight * weight;
                }
            }
        }
        let length = self.length(sketch);
        let found = sums.into_iter().zip(&self.entries).enumerate().filter_map(|(at, (sum, entry))| {
            let entry = entry.as_ref().filter(|entry| sum > 0.0 && Some(&entry.key) != except)?;
            let share = (sum / (length * entry.length).max(f32::MIN_POSITIVE)).clamp(0.0, 1.0);
            Some((share, at, entry))
        });
        let mut found: Vec<(f32, usize, &Entry<K>)> = found.collect();
        let order = |a: &(f32, usize, &Entry<K>), b: &(f32, usize, &Entry<K>)| b.0.total_cmp(&a.0).then_with(|| b.1.cmp(&a.1));
        if found.len() > want && want > 0 {
            found.select_nth_unstable_by(want - 1, order);
        }
        found.truncate(want);
        found.sort_unstable_by(order);
        let like = |(share, _, entry): (f32, usize, &Entry<K>)| Like {
            key: entry.key,
            likeness: (f64::from(share) * f64::from(ONE)) as u32,
            noted: entry.noted,
        };
        found.into_iter().map(like).collect()
    }

    fn length(&self, sketch: &Sketch) -> f32 {
        let squares = sketch.terms().iter().map(|term| self.rarity(*term)).map(|weight| weight * weight);
        libm::sqrtf(squares.sum())
    }

    /// Measures the lengths of all anew.
    fn measure(&mut self) {
        self.measured = self.len();
        let all = self.len() as f32;
        let rarity = |list: &Vec<u32>| libm::logf(1.0 + all / (1.0 + list.len() as f32));
        for entry in self.entries.iter_mut().flatten() {
            let squares = entry.sketch.terms().iter().map(|term| self.lists.get(term).map_or(0.0, rarity)).map(|weight| weight * weight);
            entry.length = libm::sqrtf(squares.sum());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Bag;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn sketch(text: &str) -> Sketch {
        let mut bag = Bag::default();
        bag.text(text);
        bag.sketch()
    }

    #[test]
    fn the_most_alike_comes_first_and_the_case_itself_never() {
        let mut index = Index::new(100);
        for (key, text) in [
            (1, "charged twice in november, please refund one payment"),
            (2, "the export hangs at the very end in every browser"),
            (3, "charged twice in october, refund please"),
            (4, "the invoice carries an old address"),
        ] {
            index.insert(key, sketch(text), key == 3);
        }
        index.settle();
        let found = index.like(&sketch("i was charged twice in november and want a refund"), Some(&4), 10);
        assert_eq!(found.iter().map(|like| like.key).take(2).collect::<Vec<_>>(), [1, 3]);
        assert!(found[1].noted && !found[0].noted && found[0].likeness > found[1].likeness, "{found:?}");
        assert!(found.iter().all(|like| like.key != 4));
        assert_eq!(
            index.like(&sketch("charged twice in november, please refund one payment"), None, 1)[0].likeness.div_ceil(1_000_000),
            1_000
        );
        assert_eq!(index.like(&sketch("zebra"), None, 5), []);
    }

    #[test]
    fn what_is_removed_is_gone_and_the_oldest_leave_first() {
        let mut index = Index::new(2);
        assert_eq!(index.insert('a', sketch("alpha beta"), false), None);
        assert_eq!(index.insert('b', sketch("gamma delta"), false), None);
        // What is there already takes nobody's place.
        assert_eq!(index.insert('a', sketch("alpha beta"), true), None);
        assert_eq!(index.insert('c', sketch("gamma beta"), false), Some('a'));
        assert!(index.len() == 2 && index.like(&sketch("alpha"), None, 3).is_empty());
        index.remove(&'b');
        index.remove(&'c');
        assert!(index.is_empty() && index.lists.is_empty() && index.at.is_empty());
    }

    proptest! {
        #[test]
        fn an_index_is_what_was_put_in_whatever_the_order(
            steps in proptest::collection::vec((0_u8..12, "[a-f]{2}( [a-f]{2}){0,8}", any::<bool>()), 1..60),
        ) {
            let mut index = Index::new(1_000);
            let mut model: BTreeMap<u8, Sketch> = BTreeMap::new();
            for (key, text, keep) in steps {
                if keep {
                    index.insert(key, sketch(&text), false);
                    model.insert(key, sketch(&text));
                } else {
                    index.remove(&key);
                    model.remove(&key);
                }
            }
            index.settle();
            prop_assert_eq!(index.len(), model.len());
            let entries: usize = index.lists.values().map(Vec::len).sum();
            prop_assert_eq!(entries, model.values().map(|sketch| sketch.terms().len()).sum::<usize>());
            for (key, sketch) in &model {
                let found = index.like(sketch, None, model.len());
                prop_assert!(found.iter().any(|like| like.key == *key));
                prop_assert!(found.windows(2).all(|pair| pair[0].likeness >= pair[1].likeness));
            }
        }
    }

    /// Words as a language has them: few that are common, many that are rare.
    fn words(seed: u64, count: usize) -> String {
        let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let mut text = String::new();
        for _ in 0..count {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            let uniform = (state >> 11) as f64 / (1_u64 << 53) as f64;
            let rank = libm::exp(uniform * libm::log(20_000.0)) as u64;
            text.push_str(&format!("w{rank} "));
        }
        text
    }

    #[test]
    fn among_many_it_is_found() {
        const CASES: u64 = 3_000;
        let mut index = Index::new(200_000);
        for key in 0..CASES {
            index.insert(key, sketch(&words(key + 1, 60)), key % 2 == 0);
        }
        index.settle();
        for key in (0..CASES).step_by(100) {
            assert_eq!(index.like(&sketch(&words(key + 1, 60)), None, 20)[0].key, key);
        }
    }
}
