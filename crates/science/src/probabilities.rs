//! [`Probabilities`]: rows of class probabilities that were checked once, so that nothing downstream has to ask again. Calibrates
//! nothing.

use crate::error::{Error, Result};
use crate::math;

/// How far from 1 the probabilities of a row may sum without anybody being asked.
pub const SUM_TOLERANCE: f64 = 1e-6;
/// How far from 1 they may sum where the caller asked for rescaling: rounding to two digits over many classes, no more.
pub const SUM_TOLERANCE_RESCALED: f64 = 0.05;
/// More classes than this are an identifier column that was taken for a label.
pub const CLASSES_MAX: usize = 100_000;

/// Class probabilities, row-major: row `i` is `values[i * classes..(i + 1) * classes]`. Finite, not negative, each row sums to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Probabilities<'a> {
    values: &'a [f64],
    classes: usize,
}

impl<'a> Probabilities<'a> {
    /// A view of `values` as rows of `classes` probabilities; no rows are allowed.
    ///
    /// # Errors
    /// [`Error::Input`] where a value is NaN, infinite or negative, a row does not sum to 1 within [`SUM_TOLERANCE`], the
    /// length is no multiple of `classes`, or `classes` is below 2 or above [`CLASSES_MAX`].
    pub fn new(values: &'a [f64], classes: usize) -> Result<Self> {
        shape_check(values.len(), classes)?;
        for (at, row) in values.chunks_exact(classes).enumerate() {
            row_check(at, row)?;
            let total = math::sum(row.iter().copied());
            if (total - 1.0).abs() > SUM_TOLERANCE {
                return Err(off_one(at, row, total));
            }
        }
        Ok(Self { values, classes })
    }

    /// Rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.values.len() / self.classes
    }

    /// Whether there are no rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Classes, at least 2.
    #[must_use]
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// All values, row after row.
    #[must_use]
    pub fn values(&self) -> &'a [f64] {
        self.values
    }

    /// The rows in order.
    pub fn rows(&self) -> std::slice::ChunksExact<'a, f64> {
        self.values.chunks_exact(self.classes)
    }

    /// Row `i`; empty where there is none.
    #[must_use]
    pub fn row(&self, i: usize) -> &'a [f64] {
        i.checked_mul(self.classes).and_then(|from| self.values.get(from..from + self.classes)).unwrap_or_default()
    }

    /// The probability of `class` in row `i`; 0 where there is no such row or class.
    #[must_use]
    pub fn of(&self, i: usize, class: u32) -> f64 {
        self.row(i).get(class as usize).copied().unwrap_or(0.0)
    }

    /// The likeliest class of every row; of equals the first.
    #[must_use]
    pub fn labels(&self) -> Vec<u32> {
        self.rows().map(|row| top(row).0).collect()
    }

    /// Checks the true classes that go with these rows.
    ///
    /// # Errors
    /// [`Error::Input`] where their number differs from the rows or one is no class.
    pub fn labels_check(&self, what: &'static str, labels: &[u32]) -> Result<()> {
        if labels.len() != self.len() {
            return Err(Error::input(
                what,
                format!("{} labels for {} rows of probabilities; there must be one a row", labels.len(), self.len()),
            ));
        }
        labels_check(what, labels, self.classes)
    }
}

/// The likeliest class of a row with its probability; of equals the first. `(0, 0.0)` of an empty row.
#[must_use]
pub fn top(row: &[f64]) -> (u32, f64) {
    let mut best = (0u32, row.first().copied().unwrap_or(0.0));
    for (class, p) in (0u32..).zip(row) {
        if *p > best.1 {
            best = (class, *p);
        }
    }
    best
}

/// Refuses a label that is none of `0..classes`.
///
/// # Errors
/// [`Error::Input`] with the position.
pub fn labels_check(what: &'static str, labels: &[u32], classes: usize) -> Result<()> {
    match labels.iter().position(|label| *label as usize >= classes) {
        Some(at) => {
            let label = labels.get(at).copied().unwrap_or_default();
            Err(Error::input(what, format!("label {label} at row {at} is none of the classes 0 to {}", classes.saturating_sub(1))))
        }
        None => Ok(()),
    }
}

/// Class probabilities that own their values; [`ProbabilityTable::view`] is what functions take.
#[derive(Debug, Clone, PartialEq)]
pub struct ProbabilityTable {
    values: Vec<f64>,
    classes: usize,
}

impl ProbabilityTable {
    /// Takes over values that already are probabilities.
    ///
    /// # Errors
    /// As [`Probabilities::new`].
    pub fn new(values: Vec<f64>, classes: usize) -> Result<Self> {
        Probabilities::new(&values, classes)?;
        Ok(Self { values, classes })
    }

    /// Divides every row by its sum, where that is 1 within [`SUM_TOLERANCE_RESCALED`]: for probabilities that a file rounded.
    ///
    /// # Errors
    /// As [`Probabilities::new`], with the wider tolerance.
    pub fn rescaled(mut values: Vec<f64>, classes: usize) -> Result<Self> {
        shape_check(values.len(), classes)?;
        for (at, row) in values.chunks_exact_mut(classes).enumerate() {
            row_check(at, row)?;
            let total = math::sum(row.iter().copied());
            if (total - 1.0).abs() > SUM_TOLERANCE_RESCALED {
                return Err(off_one(at, row, total));
            }
            row.iter_mut().for_each(|p| *p /= total);
        }
        Ok(Self { values, classes })
    }

    /// The softmax of every row of logits (any finite numbers).
    ///
    /// # Errors
    /// [`Error::Input`] where a logit is not finite or the shape is wrong.
    pub fn from_logits(mut logits: Vec<f64>, classes: usize) -> Result<Self> {
        shape_check(logits.len(), classes)?;
        for (at, row) in logits.chunks_exact_mut(classes).enumerate() {
            if row.iter().any(|l| !l.is_finite()) {
                return Err(Error::input("logits", format!("row {at} has a value that is not a finite number; leave such rows out")));
            }
            let largest = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            row.iter_mut().for_each(|l| *l = math::exp(*l - largest));
            let total = math::sum(row.iter().copied());
            row.iter_mut().for_each(|p| *p /= total);
        }
        Ok(Self { values: logits, classes })
    }

    /// Two classes out of the probability of the positive one (class 1).
    ///
    /// # Errors
    /// [`Error::Input`] where a value is not between 0 and 1.
    pub fn from_positive(positive: &[f64]) -> Result<Self> {
        if let Some(at) = positive.iter().position(|p| !(0.0..=1.0).contains(p)) {
            let value = positive.get(at).copied().unwrap_or_default();
            return Err(Error::input(
                "positive",
                format!(
                    "{value} at row {at} is not between 0 and 1; scores on another scale must be mapped to probabilities first (a logit by 1 / (1 + e^-x))"
                ),
            ));
        }
        Ok(Self { values: positive.iter().flat_map(|p| [1.0 - p, *p]).collect(), classes: 2 })
    }

    /// The view that functions take.
    #[must_use]
    pub fn view(&self) -> Probabilities<'_> {
        Probabilities { values: &self.values, classes: self.classes }
    }

    /// The values, row after row.
    #[must_use]
    pub fn into_values(self) -> Vec<f64> {
        self.values
    }
}

fn shape_check(len: usize, classes: usize) -> Result<()> {
    if classes < 2 {
        return Err(Error::input("classes", format!("{classes} class(es) leave nothing to decide; there must be at least two")));
    }
    if classes > CLASSES_MAX {
        return Err(Error::input("classes", format!("{classes} classes are more than {CLASSES_MAX}; is this column an identifier?")));
    }
    if !len.is_multiple_of(classes) {
        return Err(Error::input("probabilities", format!("{len} values are no whole number of rows of {classes} classes")));
    }
    Ok(())
}

fn row_check(at: usize, row: &[f64]) -> Result<()> {
    for (class, p) in row.iter().enumerate() {
        if !p.is_finite() {
            return Err(Error::input("probabilities", format!("class {class} of row {at} is {p}; leave out rows without a prediction")));
        }
        if *p < 0.0 {
            return Err(Error::input(
                "probabilities",
                format!(
                    "class {class} of row {at} is {p}, below 0: these look like logits; turn them into probabilities by a softmax first"
                ),
            ));
        }
    }
    Ok(())
}

fn off_one(at: usize, row: &[f64], total: f64) -> Error {
    let advice = if row.iter().any(|p| *p > 1.0) {
        "these look like logits or counts; turn them into probabilities first"
    } else if (total - 1.0).abs() <= SUM_TOLERANCE_RESCALED {
        "if they were rounded, ask for rescaling"
    } else {
        "is a class column missing or given twice?"
    };
    Error::input("probabilities", format!("row {at} sums to {total}, not to 1: {advice}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_checked_and_the_reason_tells_what_to_do() {
        let good = Probabilities::new(&[0.2, 0.8, 0.5, 0.5], 2).unwrap();
        assert_eq!((good.len(), good.classes(), good.row(1), good.row(2)), (2, 2, &[0.5, 0.5][..], &[][..]));
        assert_eq!(good.labels(), [1, 0]);
        assert_eq!((good.of(0, 1), good.of(0, 9), good.of(usize::MAX, 0)), (0.8, 0.0, 0.0));
        let why = |values: &[f64], classes| Probabilities::new(values, classes).unwrap_err().to_string();
        assert!(why(&[f64::NAN, 1.0], 2).contains("NaN"));
        assert!(why(&[-3.0, 4.0], 2).contains("softmax"));
        assert!(why(&[3.0, 4.0], 2).contains("logits or counts"));
        assert!(why(&[0.33, 0.33, 0.33], 3).contains("rescaling"));
        assert!(why(&[0.3, 0.3], 2).contains("missing"));
        assert!(why(&[1.0], 1).contains("at least two"));
        assert!(why(&[1.0, 0.0, 0.0], 2).contains("whole number"));
        assert!(why(&[], usize::MAX).contains("identifier"));
        assert!(Probabilities::new(&[], 2).unwrap().is_empty());
        assert!(good.labels_check("truth", &[0, 1]).is_ok());
        assert!(good.labels_check("truth", &[0]).is_err());
        assert!(good.labels_check("truth", &[0, 2]).unwrap_err().to_string().contains("row 1"));
    }

    #[test]
    fn tables_rescale_soften_and_complete() {
        let thirds = ProbabilityTable::rescaled(vec![0.33, 0.33, 0.33], 3).unwrap();
        assert!(thirds.view().row(0).iter().all(|p| (p - 1.0 / 3.0).abs() < 1e-15));
        assert!(ProbabilityTable::rescaled(vec![0.3, 0.3], 2).is_err());
        let soft = ProbabilityTable::from_logits(vec![1000.0, 1000.0, -1000.0], 3).unwrap();
        assert_eq!(soft.view().row(0), [0.5, 0.5, 0.0]);
        assert!(ProbabilityTable::from_logits(vec![f64::INFINITY, 0.0], 2).is_err());
        assert_eq!(ProbabilityTable::from_positive(&[0.25]).unwrap().into_values(), [0.75, 0.25]);
        assert!(ProbabilityTable::from_positive(&[1.5]).is_err());
        assert!(ProbabilityTable::new(vec![0.5, 0.6], 2).is_err());
    }
}
