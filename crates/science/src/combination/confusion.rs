//! [`Confusion`]: what people answer for each true class, all together and each one. Judges nobody by a handful of answers.

use super::Rows;
use crate::calibration::PROBABILITY_MIN;
use crate::error::{Error, Result};
use crate::fitted::bits;
use crate::math;
use crate::special::ln_gamma;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Pseudo-answers added to every cell of the pool, the usual number. Without them an answer that was never seen for a class
/// would veto it; 0.1 did better than none on every model of CIFAR-10H.
pub const SMOOTHING: f64 = 0.1;
/// A confusion matrix has a cell for every pair of classes: beyond this many it says nothing any more, and fills memory.
pub const CONFUSION_CLASSES_MAX: usize = 1_000;
/// How many answers of the pool a person starts with, per true class: tried in turn, the likeliest is taken.
const STRENGTHS_ANSWERS: [f64; 9] = [2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1e6];

/// `P(answer | truth)`, Dirichlet-smoothed: of the pool, and of each person shrunk towards the pool (a hierarchical
/// Dirichlet-multinomial; the strength of the pull is the likeliest of a short list). A person who was never seen is the pool.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Confusion {
    classes: usize,
    #[serde(with = "bits")]
    smoothing: f64,
    /// Answers of all: truth after truth.
    pool: Vec<u64>,
    #[serde(with = "bits")]
    strength: f64,
    people: BTreeMap<u32, Person>,
}

/// Answers of one person.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Person {
    /// By cell (truth times classes plus answer).
    cells: BTreeMap<u32, u32>,
    /// By truth.
    totals: BTreeMap<u32, u32>,
}

impl Confusion {
    /// Counts the answers of rows with known truth, and adds `smoothing` to every cell of the pool ([`SMOOTHING`] is usual).
    ///
    /// # Errors
    /// [`Error::Input`] where shapes differ, `smoothing` is negative or not finite, or there are more than [`CONFUSION_CLASSES_MAX`] classes; [`Error::CannotSay`]
    /// without rows.
    pub fn fit(rows: &Rows<'_>, labels: &[u32], smoothing: f64) -> Result<Self> {
        rows.check_with(labels)?;
        if !(smoothing >= 0.0 && smoothing.is_finite()) {
            return Err(Error::input("smoothing", format!("{smoothing} is no number of pseudo-answers; {SMOOTHING} is usual")));
        }
        Self::count(rows, labels, smoothing, |_| true)
    }

    /// As [`Confusion::fit`], of checked rows for which `keep` holds.
    pub(crate) fn count(rows: &Rows<'_>, labels: &[u32], smoothing: f64, keep: impl Fn(usize) -> bool) -> Result<Self> {
        let classes = rows.probabilities.classes();
        if classes > CONFUSION_CLASSES_MAX {
            return Err(Error::input(
                "classes",
                format!("{classes} classes are too many for a confusion matrix (at most {CONFUSION_CLASSES_MAX}); merge the rare ones"),
            ));
        }
        let mut pool = vec![0u64; classes * classes];
        let mut people: BTreeMap<u32, Person> = BTreeMap::new();
        for (i, (truth, answer)) in labels.iter().zip(rows.answers).enumerate().filter(|(i, _)| keep(*i)) {
            let cell = *truth as usize * classes + *answer as usize;
            pool[cell] += 1;
            if let Some(id) = rows.person(i) {
                let person = people.entry(id).or_default();
                *person.cells.entry(cell as u32).or_default() += 1;
                *person.totals.entry(*truth).or_default() += 1;
            }
        }
        let mut fitted = Self { classes, smoothing, pool, strength: f64::INFINITY, people };
        if fitted.people.len() > 1 {
            let mut best = f64::NEG_INFINITY;
            let table = fitted.pool_table();
            for strength in STRENGTHS_ANSWERS.into_iter().rev() {
                let evidence = fitted.evidence(&table, strength);
                if evidence > best {
                    (best, fitted.strength) = (evidence, strength);
                }
            }
        }
        Ok(fitted)
    }

    /// Classes.
    #[must_use]
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// Answers of the pool that a person starts with, per true class; infinite where people are not told apart.
    #[must_use]
    pub fn strength(&self) -> f64 {
        self.strength
    }

    /// `P(answer | truth)` of a person; of the pool, where that is `None` or was never seen. 0 outside of the classes.
    #[must_use]
    pub fn probability(&self, person: Option<u32>, truth: u32, answer: u32) -> f64 {
        let (t, a) = (truth as usize, answer as usize);
        if t >= self.classes || a >= self.classes {
            return 0.0;
        }
        let column = self.pool.get(t * self.classes..(t + 1) * self.classes).unwrap_or_default();
        let total: u64 = column.iter().sum();
        let pool = self.pool_cell(column.get(a).copied().unwrap_or(0), total);
        match person.and_then(|id| self.people.get(&id)).filter(|_| self.strength.is_finite()) {
            Some(person) => {
                let of = |counts: &BTreeMap<u32, u32>, key: u32| f64::from(counts.get(&key).copied().unwrap_or(0));
                let cell = (t * self.classes + a) as u32;
                (of(&person.cells, cell) + self.strength * pool) / (of(&person.totals, truth) + self.strength)
            }
            None => pool,
        }
    }

    /// `ln P(answer | truth)` for every truth, looked up once for many rows.
    pub(crate) fn ln_table(&self) -> LnTable<'_> {
        let pool = self.pool_table();
        let mut ln = vec![0.0; pool.len()];
        for truth in 0..self.classes {
            (0..self.classes).for_each(|answer| ln[answer * self.classes + truth] = ln_of(pool[truth * self.classes + answer]));
        }
        LnTable { confusion: self, ln }
    }

    /// `P(answer | truth)` of the pool: truth after truth.
    fn pool_table(&self) -> Vec<f64> {
        self.pool
            .chunks_exact(self.classes)
            .flat_map(|column| {
                let total: u64 = column.iter().sum();
                column.iter().map(move |count| self.pool_cell(*count, total))
            })
            .collect()
    }

    fn pool_cell(&self, count: u64, total: u64) -> f64 {
        let all = total as f64 + self.smoothing * self.classes as f64;
        // A class that was never seen says nothing: any answer is as likely as any other.
        if all > 0.0 { (count as f64 + self.smoothing) / all } else { 1.0 / self.classes as f64 }
    }

    /// Log of the Dirichlet-multinomial likelihood of everybody's answers, given how strongly they are pulled to the pool.
    fn evidence(&self, table: &[f64], strength: f64) -> f64 {
        let people = self.people.values().map(|person| {
            let totals = person.totals.values().map(|n| ln_gamma(strength) - ln_gamma(strength + f64::from(*n)));
            let cells = person.cells.iter().map(|(cell, count)| {
                let prior = (strength * table[*cell as usize]).max(PROBABILITY_MIN);
                ln_gamma(prior + f64::from(*count)) - ln_gamma(prior)
            });
            math::sum(totals.chain(cells))
        });
        math::sum(people)
    }
}

/// The logarithm of a probability; of 0 (which only a confusion matrix without smoothing has) a veto that is still a number.
fn ln_of(p: f64) -> f64 {
    math::ln(p.max(f64::MIN_POSITIVE))
}

/// Logarithms of a [`Confusion`], ready for many rows.
pub(crate) struct LnTable<'a> {
    confusion: &'a Confusion,
    /// Of the pool: answer after answer, by truth.
    ln: Vec<f64>,
}

impl LnTable<'_> {
    /// `ln P(answer | truth)` for every truth into `out`; zeros where the answer is no class.
    pub(crate) fn fill(&self, person: Option<u32>, answer: u32, out: &mut [f64]) {
        let classes = self.confusion.classes;
        let from = answer as usize * classes;
        match (person.filter(|id| self.confusion.people.contains_key(id)), self.ln.get(from..from + classes)) {
            (Some(_), Some(_)) => {
                for (truth, to) in (0u32..).zip(out) {
                    *to = ln_of(self.confusion.probability(person, truth, answer));
                }
            }
            (None, Some(column)) => out.iter_mut().zip(column).for_each(|(to, ln)| *to = *ln),
            (_, None) => out.fill(0.0),
        }
    }
}
