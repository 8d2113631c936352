//! Dawid and Skene's model that learns item by item, for queues that never end. Never revises what it said about an item.

use super::SKILL_VERSION;
use crate::{
    error::{Error, Result},
    math::{ln, pow},
};
use serde::{Deserialize, Serialize};

/// Pseudo-answers that a new person starts with, for each truth.
const START_ANSWERS: f64 = 4.0;
/// The share of them that is right: enough for a first vote to be followed.
const START_RIGHT: f64 = 0.7;

/// Expected counts that are added to with every item (incremental EM; Cappe and Moulines, JRSS B 71, 2009, with steps of one
/// item), forgetting older ones with a half-life.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StreamingDawidSkene {
    /// [`SKILL_VERSION`] that it was made under.
    pub version: u32,
    classes: usize,
    /// By which a count is multiplied after each of a person's answers.
    keep: f64,
    /// Expected counts of truths.
    prior: Vec<f64>,
    /// Expected counts, person by person, answer by answer, truth by truth.
    counts: Vec<f64>,
}

impl StreamingDawidSkene {
    /// Knows nobody yet. `half_life`: after so many answers of a person an old one counts half; infinite forgets nothing.
    ///
    /// # Errors
    /// [`Error::CannotSay`] for fewer than two classes; [`Error::Input`] where the half-life is not above 0.
    pub fn new(classes: usize, half_life: f64) -> Result<Self> {
        if classes < 2 {
            return Err(Error::cannot_say("with one class right and wrong cannot be told apart; at least two are needed"));
        }
        if half_life.is_nan() || half_life <= 0.0 {
            return Err(Error::input("half_life", format!("{half_life} is no number of answers above 0")));
        }
        let keep = pow(0.5, 1.0 / half_life);
        Ok(Self { version: SKILL_VERSION, classes, keep, prior: vec![1.0; classes], counts: Vec::new() })
    }

    /// Takes the answers `(person, class)` about one item, whose truth may be known; gives the probability of each class by
    /// what was known before this item, and learns from it. New people may appear at any time, with any number up to
    /// `people_max`.
    ///
    /// # Errors
    /// [`Error::Input`] where a class is out of range, or a person's code is not below `people_max`.
    pub fn observe(&mut self, answers: &[(u32, u32)], truth: Option<u32>, people_max: usize) -> Result<Vec<f64>> {
        let k = self.classes;
        if answers.iter().map(|(_, class)| *class).chain(truth).any(|class| class as usize >= k) {
            return Err(Error::input("answers", format!("a class is not below {k}")));
        }
        let people = answers.iter().map(|(person, _)| *person as usize + 1).max().unwrap_or(0);
        if people > people_max {
            return Err(Error::input("answers", format!("person {} is not below {people_max}", people - 1)));
        }
        while self.counts.len() < people * k * k {
            let start = |cell: usize| if cell / k == cell % k { START_RIGHT } else { (1.0 - START_RIGHT) / (k as f64 - 1.0) };
            self.counts.extend((0..k * k).map(|cell| START_ANSWERS * start(cell)));
        }
        let mut row: Vec<f64> = self.prior.iter().map(|count| ln(*count)).collect();
        for (person, class) in answers {
            let cells = self.cells(*person);
            for (truth, value) in row.iter_mut().enumerate() {
                let all: f64 = (0..k).map(|answer| cells[answer * k + truth]).sum();
                *value += ln(cells[*class as usize * k + truth] / all);
            }
        }
        super::answers::normalise(&mut row);
        let learned = match truth {
            Some(truth) => (0..k).map(|class| f64::from(u8::from(class == truth as usize))).collect(),
            None => row.clone(),
        };
        self.prior.iter_mut().zip(&learned).for_each(|(count, p)| *count += p);
        let (keep, cells) = (self.keep, k * k);
        for (person, class) in answers {
            let mine = &mut self.counts[*person as usize * cells..(*person as usize + 1) * cells];
            mine.iter_mut().for_each(|count| *count *= keep);
            // What is forgotten must not become a zero, which would veto a class.
            mine.iter_mut().for_each(|count| *count = count.max(1e-6));
            mine[*class as usize * k..(*class as usize + 1) * k].iter_mut().zip(&learned).for_each(|(count, p)| *count += p);
        }
        Ok(row)
    }

    /// `P(answer | truth)` of a person, truth by truth; empty for who has not appeared.
    #[must_use]
    pub fn confusion_of(&self, person: u32) -> Vec<f64> {
        let (k, cells) = (self.classes, self.cells(person));
        if cells.is_empty() {
            return Vec::new();
        }
        let all = |truth: usize| (0..k).map(|answer| cells[answer * k + truth]).sum::<f64>();
        (0..k * k).map(|cell| cells[cell % k * k + cell / k] / all(cell / k)).collect()
    }

    fn cells(&self, person: u32) -> &[f64] {
        let cells = self.classes * self.classes;
        self.counts.get(person as usize * cells..(person as usize + 1) * cells).unwrap_or_default()
    }
}
