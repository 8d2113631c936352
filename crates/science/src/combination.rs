//! Combination: one answer out of a person's and an AI's, better than either where their errors differ. Reads only what an
//! ordinary log has (one answer a case), and judges nothing by itself.
//!
//! [`Product`] multiplies calibrated probabilities with the person's confusion matrix (Kerrigan, Smyth, Steyvers, NeurIPS
//! 2021); [`Choice`] weighs both terms and learns where each is to be trusted; [`ConfidenceWeighted`] joins any number of
//! members by their signed confidences; [`Achievable`] takes the best of these by cross-validation inside the rows that it is
//! given, so that what it chose can be judged on others.

mod achievable;
mod choice;
mod confidence;
mod confusion;
mod product;
#[cfg(test)]
mod tests;

pub use achievable::{Achievable, Combiner, Crossed, FOLDS, Method, SELECTION_ROWS_MAX};
pub use choice::{CLASSES_OWN_MAX, Choice};
pub use confidence::{ConfidenceWeighted, signed};
pub use confusion::{CONFUSION_CLASSES_MAX, Confusion, SMOOTHING};
pub use product::Product;

use crate::error::{Error, Result};
use crate::probabilities::{Probabilities, labels_check};

/// What is known of every case before its truth: the AI's probabilities and one person's own answer.
#[derive(Debug, Clone, Copy)]
pub struct Rows<'a> {
    /// The AI's class probabilities.
    pub probabilities: Probabilities<'a>,
    /// The person's answer, given without seeing the AI's: a class a row.
    pub answers: &'a [u32],
    /// Who answered, by any number; `None` where nobody knows, and all count as one.
    pub people: Option<&'a [u32]>,
    /// How sure the person was of the answer, on any scale (log-odds are best, where it is a probability); NaN where unknown.
    pub confidences: Option<&'a [f64]>,
    /// Which item a row is about, by any number: rows of one item stay in one fold. `None`: every row is its own.
    pub items: Option<&'a [u32]>,
}

impl<'a> Rows<'a> {
    /// Probabilities and answers alone.
    #[must_use]
    pub fn new(probabilities: Probabilities<'a>, answers: &'a [u32]) -> Self {
        Self { probabilities, answers, people: None, confidences: None, items: None }
    }

    /// Rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.answers.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.answers.is_empty()
    }

    /// The person of a row.
    pub(crate) fn person(&self, i: usize) -> Option<u32> {
        self.people.and_then(|people| people.get(i).copied())
    }

    /// How sure the person of a row was.
    pub(crate) fn confidence(&self, i: usize) -> Option<f64> {
        self.confidences.and_then(|confidences| confidences.get(i).copied()).filter(|confidence| confidence.is_finite())
    }

    /// Refuses columns of different lengths and answers that are no class.
    pub(crate) fn check(&self) -> Result<()> {
        let n = self.probabilities.len();
        let same = |what: &'static str, len: usize| match len == n {
            true => Ok(()),
            false => Err(Error::input(what, format!("{len} values for {n} rows of probabilities; there must be one a row"))),
        };
        same("answers", self.answers.len())?;
        same("people", self.people.map_or(n, <[u32]>::len))?;
        same("confidences", self.confidences.map_or(n, <[f64]>::len))?;
        same("items", self.items.map_or(n, <[u32]>::len))?;
        labels_check("answers", self.answers, self.probabilities.classes())
    }

    /// As [`Rows::check`], and the labels that go with the rows, of which there must be some.
    pub(crate) fn check_with(&self, labels: &[u32]) -> Result<()> {
        self.check()?;
        self.probabilities.labels_check("labels", labels)?;
        if labels.is_empty() {
            return Err(Error::cannot_say("a combination cannot be fitted without rows with a known truth"));
        }
        Ok(())
    }

    /// A copy of some of the rows, in the order of `indices`; those beyond the end are left out.
    #[must_use]
    pub fn pick(&self, indices: &[usize]) -> Picked {
        let known = || indices.iter().copied().filter(|i| *i < self.len());
        let pick = |column: &[u32]| known().filter_map(|i| column.get(i).copied()).collect::<Vec<u32>>();
        Picked {
            values: known().flat_map(|i| self.probabilities.row(i).iter().copied()).collect(),
            classes: self.probabilities.classes(),
            answers: pick(self.answers),
            people: self.people.map(pick),
            confidences: self.confidences.map(|column| known().filter_map(|i| column.get(i).copied()).collect()),
            items: self.items.map(pick),
        }
    }
}

/// Rows that own their values.
#[derive(Debug, Clone)]
pub struct Picked {
    values: Vec<f64>,
    classes: usize,
    answers: Vec<u32>,
    people: Option<Vec<u32>>,
    confidences: Option<Vec<f64>>,
    items: Option<Vec<u32>>,
}

impl Picked {
    /// The view that functions take.
    ///
    /// # Errors
    /// Never for rows that came out of [`Rows::pick`]: they were checked before.
    pub fn view(&self) -> Result<Rows<'_>> {
        Ok(Rows {
            probabilities: Probabilities::new(&self.values, self.classes)?,
            answers: &self.answers,
            people: self.people.as_deref(),
            confidences: self.confidences.as_deref(),
            items: self.items.as_deref(),
        })
    }
}
