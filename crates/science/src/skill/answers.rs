//! [`Answers`]: who answered what about which item, in the two orders that the models walk in.

use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};

/// Answers by item and by person; nothing is stored for who did not answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Answers {
    classes: usize,
    by_item: Lists,
    by_person: Lists,
    by_class: Vec<u64>,
}

/// Lists end to end: list `i` is `starts[i]..starts[i + 1]`.
#[derive(Debug, Clone, PartialEq)]
struct Lists {
    starts: Vec<usize>,
    /// The other one (a person in an item's list, an item in a person's), and the class.
    entries: Vec<(u32, u32)>,
}

impl Lists {
    fn of(keys: &[u32], others: &[u32], answers: &[u32], count: usize) -> Self {
        let mut starts = vec![0usize; count + 1];
        for key in keys {
            if let Some(start) = starts.get_mut(*key as usize + 1) {
                *start += 1;
            }
        }
        for i in 1..starts.len() {
            starts[i] += starts[i - 1];
        }
        let mut next = starts.clone();
        let mut entries = vec![(0, 0); keys.len()];
        for ((key, other), answer) in keys.iter().zip(others).zip(answers) {
            let at = &mut next[*key as usize];
            entries[*at] = (*other, *answer);
            *at += 1;
        }
        Self { starts, entries }
    }

    fn len(&self) -> usize {
        self.starts.len() - 1
    }

    fn list(&self, i: usize) -> &[(u32, u32)] {
        match (self.starts.get(i), self.starts.get(i + 1)) {
            (Some(start), Some(end)) => self.entries.get(*start..*end).unwrap_or_default(),
            _ => &[],
        }
    }
}

impl Answers {
    /// Row `r` says: person `person[r]` answered class `answer[r]` about item `item[r]`. Codes start at 0 and lie below
    /// `items`, `people` and `classes`. The order of rows does not matter.
    ///
    /// # Errors
    /// [`Error::Input`] where lengths differ, a code is out of range, or a person answers an item twice;
    /// [`Error::CannotSay`] where there is no row or only one class.
    pub fn new(item: &[u32], person: &[u32], answer: &[u32], (items, people, classes): (usize, usize, usize)) -> Result<Self> {
        if item.len() != person.len() || item.len() != answer.len() {
            return Err(Error::input("answers", format!("{} items, {} people and {} answers", item.len(), person.len(), answer.len())));
        }
        if item.is_empty() {
            return Err(Error::cannot_say("there is no answer, so nothing can be said about people or items"));
        }
        for (what, codes, count) in [("item", item, items), ("person", person, people), ("answer", answer, classes)] {
            if let Some(row) = codes.iter().position(|code| *code as usize >= count) {
                return Err(Error::input(what, format!("row {row} holds {}, and there are {count}", codes.get(row).copied().unwrap_or(0))));
            }
        }
        if classes < 2 {
            return Err(Error::cannot_say(
                "every answer is the same class, so right and wrong cannot be told apart; at least two classes are needed",
            ));
        }
        let by_item = Lists::of(item, person, answer, items);
        let mut last = vec![u32::MAX; people];
        for i in 0..items {
            for (person, _) in by_item.list(i) {
                if std::mem::replace(&mut last[*person as usize], i as u32) == i as u32 {
                    return Err(Error::input("person", format!("person {person} answers item {i} more than once; keep one answer")));
                }
            }
        }
        let mut by_class = vec![0; classes];
        for answer in answer {
            by_class[*answer as usize] += 1;
        }
        Ok(Self { classes, by_person: Lists::of(person, item, answer, people), by_item, by_class })
    }

    /// How many answers there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.by_item.entries.len()
    }

    /// Never: there is at least one.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many items.
    #[must_use]
    pub fn items(&self) -> usize {
        self.by_item.len()
    }

    /// How many people.
    #[must_use]
    pub fn people(&self) -> usize {
        self.by_person.len()
    }

    /// How many classes.
    #[must_use]
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// `(person, class)` of each answer about an item, in the order of the rows.
    #[must_use]
    pub fn of_item(&self, item: usize) -> &[(u32, u32)] {
        self.by_item.list(item)
    }

    /// `(item, class)` of each answer of a person, in the order of the rows.
    #[must_use]
    pub fn of_person(&self, person: usize) -> &[(u32, u32)] {
        self.by_person.list(person)
    }

    /// How often each class was given.
    #[must_use]
    pub fn by_class(&self) -> &[u64] {
        &self.by_class
    }

    /// That models of people can be told from models of items: somebody must have been compared with somebody.
    pub(crate) fn check_compared(&self) -> Result<()> {
        if (0..self.items()).any(|item| self.of_item(item).len() > 1) {
            return Ok(());
        }
        Err(Error::cannot_say(if (0..self.people()).filter(|person| !self.of_person(*person).is_empty()).count() == 1 {
            "there is one person only, whose answers cannot be compared with anybody's; at least two people must answer the same items"
        } else {
            "no item was answered by two people, so nobody can be compared with anybody; let people answer some of the same items"
        }))
    }
}

/// A probability for every class of every item.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Posterior {
    classes: usize,
    values: Vec<f64>,
}

impl Posterior {
    pub(crate) fn new(classes: usize, values: Vec<f64>) -> Self {
        Self { classes: classes.max(1), values }
    }

    /// How many classes.
    #[must_use]
    pub fn classes(&self) -> usize {
        self.classes
    }

    pub(crate) fn values(&self) -> &[f64] {
        &self.values
    }

    pub(crate) fn values_mut(&mut self) -> &mut [f64] {
        &mut self.values
    }

    /// The probabilities of an item's classes, which sum to 1; empty beyond the last item.
    #[must_use]
    pub fn of(&self, item: usize) -> &[f64] {
        self.values.get(item * self.classes..(item + 1) * self.classes).unwrap_or_default()
    }

    /// The most probable class of each item; of equally probable ones the lowest.
    #[must_use]
    pub fn labels(&self) -> Vec<u32> {
        let best = |row: &[f64]| row.iter().enumerate().fold(0, |best, (k, p)| if *p > row[best] { k } else { best });
        self.values.chunks_exact(self.classes).map(|row| best(row) as u32).collect()
    }
}

/// Log probabilities, up to a constant, become probabilities; gives the constant (the log of their sum).
pub(crate) fn normalise(row: &mut [f64]) -> f64 {
    let most = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mut total = 0.0;
    for value in row.iter_mut() {
        *value = crate::math::exp(*value - most);
        total += *value;
    }
    row.iter_mut().for_each(|value| *value /= total);
    most + crate::math::ln(total)
}
