//! Answers that are numbers: means, medians, and how far they lie from the truth. Knows no classes.

use crate::{
    error::{Error, Result},
    estimate::Estimate,
    interval::mean_t,
    math::{mean, sqrt},
};

/// Numbers by item.
#[derive(Debug, Clone, PartialEq)]
pub struct NumericAnswers {
    people: usize,
    items: Vec<Vec<(u32, f64)>>,
}

impl NumericAnswers {
    /// Row `r` says: person `person[r]` answered `value[r]` about item `item[r]`.
    ///
    /// # Errors
    /// [`Error::Input`] where lengths differ, a code is out of range, a value is not finite, or a person answers an item twice;
    /// [`Error::CannotSay`] where there is no row.
    pub fn new(item: &[u32], person: &[u32], value: &[f64], (items, people): (usize, usize)) -> Result<Self> {
        if item.len() != person.len() || item.len() != value.len() {
            return Err(Error::input("value", format!("{} items, {} people and {} values", item.len(), person.len(), value.len())));
        }
        if item.is_empty() {
            return Err(Error::cannot_say("there is no answer, so nothing can be said about people or items"));
        }
        let mut lists = vec![Vec::new(); items];
        for (row, ((item, person), value)) in item.iter().zip(person).zip(value).enumerate() {
            if !value.is_finite() || *person as usize >= people {
                return Err(Error::input("value", format!("row {row} is no finite number of a known person")));
            }
            let list =
                lists.get_mut(*item as usize).ok_or_else(|| Error::input("item", format!("row {row} names item {item} of {items}")))?;
            list.push((*person, *value));
        }
        let mut last = vec![u32::MAX; people];
        for (item, list) in lists.iter().enumerate() {
            if let Some((person, _)) =
                list.iter().find(|(person, _)| std::mem::replace(&mut last[*person as usize], item as u32) == item as u32)
            {
                return Err(Error::input("person", format!("person {person} answers item {item} more than once; keep one answer")));
            }
        }
        Ok(Self { people, items: lists })
    }

    /// The numbers of each item.
    pub fn values(&self) -> impl Iterator<Item = Vec<f64>> + '_ {
        self.items.iter().map(|list| list.iter().map(|(_, value)| *value).collect())
    }

    /// By person: how far their answers lie from the truth, or without it from the mean of the others' answers, in absolute
    /// value; `None` for whom there is nothing to compare with.
    #[must_use]
    pub fn distances(&self, truth: Option<&[Option<f64>]>) -> Vec<Vec<f64>> {
        let mut distances = vec![Vec::new(); self.people];
        for (item, list) in self.items.iter().enumerate() {
            let total: f64 = list.iter().map(|(_, value)| value).sum();
            for (person, value) in list {
                let reference = match truth {
                    Some(truth) => truth.get(item).copied().flatten(),
                    None => (list.len() > 1).then(|| (total - value) / (list.len() - 1) as f64),
                };
                if let Some(reference) = reference {
                    distances[*person as usize].push((value - reference).abs());
                }
            }
        }
        distances
    }
}

/// One number an item.
#[derive(Debug, Clone, PartialEq)]
pub struct NumericLabels {
    /// The mean of the answers; `None` where there is none.
    pub mean: Vec<Option<f64>>,
    /// The median; of an even number of answers the mean of the middle two.
    pub median: Vec<Option<f64>>,
}

/// Means and medians of the items.
#[must_use]
pub fn numeric_labels(answers: &NumericAnswers) -> NumericLabels {
    let median = |mut values: Vec<f64>| {
        values.sort_unstable_by(f64::total_cmp);
        let (low, high) = (values.get(values.len().saturating_sub(1) / 2)?, values.get(values.len() / 2)?);
        Some(0.5 * (low + high))
    };
    NumericLabels { mean: answers.values().map(|values| mean(&values)).collect(), median: answers.values().map(median).collect() }
}

/// The mean absolute distance to the truth, with Student's interval over items; items without both are passed over.
///
/// # Errors
/// [`Error::CannotSay`] where fewer than two items have both.
pub fn distance(labels: &[Option<f64>], truth: &[Option<f64>], level: f64) -> Result<Estimate> {
    let distances: Vec<f64> = labels.iter().zip(truth).filter_map(|(label, truth)| label.zip(*truth)).map(|(a, b)| (a - b).abs()).collect();
    let estimate = mean_t(&distances, level)?;
    Ok(Estimate { low: estimate.low.max(0.0), ..estimate })
}

/// The root of the mean squared distance to the truth; its interval is the root of Student's interval of the mean square.
///
/// # Errors
/// As [`distance`].
pub fn root_mean_square(labels: &[Option<f64>], truth: &[Option<f64>], level: f64) -> Result<Estimate> {
    let squares: Vec<f64> =
        labels.iter().zip(truth).filter_map(|(label, truth)| label.zip(*truth)).map(|(a, b)| (a - b) * (a - b)).collect();
    let estimate = mean_t(&squares, level)?;
    Ok(Estimate { value: sqrt(estimate.value), low: sqrt(estimate.low.max(0.0)), high: sqrt(estimate.high), n: estimate.n })
}
