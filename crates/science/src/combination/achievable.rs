//! [`Achievable`]: the best combination that these rows can tell apart. Chosen by cross-validation inside them, so that rows
//! outside may judge it.

use super::{Choice, Product, Rows, SMOOTHING};
use crate::calibration::{Calibration, Temperature, ln_floored};
use crate::error::{Error, Result};
use crate::fitted::{Versioned, bits};
use crate::math;
use crate::probabilities::ProbabilityTable;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// Folds of the inner cross-validation.
pub const FOLDS: usize = 3;
/// The method is chosen on about so many rows at most, a fixed share of the items: enough to tell methods apart. The winner is
/// fitted on all.
pub const SELECTION_ROWS_MAX: usize = 50_000;

/// A way to combine, before it is fitted. In the order of simplicity, which breaks ties.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// The AI alone, by its temperature: the person adds nothing.
    Ai,
    /// [`Product`] with a temperature.
    Product,
    /// [`Choice`].
    Choice,
}

impl Method {
    /// All, the simplest first.
    pub const ALL: [Self; 3] = [Self::Ai, Self::Product, Self::Choice];

    /// Its name in code, as it is serialised.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ai => "ai",
            Self::Product => "product",
            Self::Choice => "choice",
        }
    }

    /// Its name for a reader.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Ai => "the AI alone, recalibrated",
            Self::Product => "calibrated probabilities times the person's confusion matrix",
            Self::Choice => "both weighed by class, by the AI's doubt and by the person's confidence",
        }
    }
}

/// A fitted combination.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Combiner {
    /// The AI alone.
    Ai(Calibration),
    /// [`Product`].
    Product(Product),
    /// [`Choice`].
    Choice(Choice),
}

impl Combiner {
    /// Fits one method on rows with known truth.
    ///
    /// # Errors
    /// Those of the method.
    pub fn fit(method: Method, rows: &Rows<'_>, labels: &[u32]) -> Result<Self> {
        rows.check_with(labels)?;
        Self::fit_with(method, rows, labels, Temperature::fit(rows.probabilities, labels)?)
    }

    /// As [`Combiner::fit`], of checked rows whose temperature is known: all methods start from it.
    fn fit_with(method: Method, rows: &Rows<'_>, labels: &[u32], temperature: Temperature) -> Result<Self> {
        let calibration = Calibration::Temperature(temperature);
        Ok(match method {
            Method::Ai => Self::Ai(calibration),
            Method::Product => Self::Product(Product::fit_with(rows, labels, calibration, SMOOTHING)?),
            Method::Choice => Self::Choice(Choice::fit_with(rows, labels, temperature)?),
        })
    }

    /// The combined probabilities of every row.
    ///
    /// # Errors
    /// [`Error::Input`] where shapes differ from one another or from the fit.
    pub fn apply(&self, rows: &Rows<'_>) -> Result<ProbabilityTable> {
        rows.check()?;
        match self {
            Self::Ai(map) => map.apply(rows.probabilities),
            Self::Product(fitted) => fitted.apply(rows),
            Self::Choice(fitted) => fitted.apply(rows),
        }
    }
}

/// The combination that was chosen, fitted on all the rows that chose it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Achievable {
    method: Method,
    combiner: Combiner,
    losses: Vec<Loss>,
}

/// What one method lost in the inner cross-validation.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Loss {
    method: Method,
    #[serde(with = "bits")]
    log_loss: f64,
}

impl Versioned for Achievable {
    const KIND: &'static str = "achievable";
    const VERSION: u32 = 1;
}

impl Achievable {
    /// Chooses among [`Method::ALL`] by the log loss over [`FOLDS`] folds of these rows (rows of one item stay together), and
    /// fits the winner on all of them. Judge it on other rows.
    ///
    /// # Errors
    /// [`Error::Input`] where shapes differ; [`Error::CannotSay`] where no method can be fitted.
    pub fn fit(rows: &Rows<'_>, labels: &[u32]) -> Result<Self> {
        Self::fit_among(&Method::ALL, rows, labels)
    }

    /// As [`Achievable::fit`], among `methods`; a method that cannot be fitted in some fold is left out.
    ///
    /// # Errors
    /// As [`Achievable::fit`].
    pub fn fit_among(methods: &[Method], rows: &Rows<'_>, labels: &[u32]) -> Result<Self> {
        rows.check_with(labels)?;
        let losses = if rows.len() > SELECTION_ROWS_MAX {
            let parts = rows.len().div_ceil(SELECTION_ROWS_MAX) as u64;
            // The upper half of the mix, as the folds use the lower: a share of the items must not be one fold of them.
            let some: Vec<usize> = (0..rows.len()).filter(|i| (mixed(rows, *i) >> 32).is_multiple_of(parts)).collect();
            let some_labels: Vec<u32> = some.iter().map(|i| labels[*i]).collect();
            cross_losses(methods, &rows.pick(&some).view()?, &some_labels)?
        } else {
            cross_losses(methods, rows, labels)?
        };
        // Strictly less: of equals the simpler one, which comes first, stays.
        let mut best: Option<Loss> = None;
        for loss in &losses {
            if best.is_none_or(|best| loss.log_loss < best.log_loss) {
                best = Some(*loss);
            }
        }
        let method = best
            .map(|best| best.method)
            .or_else(|| methods.first().copied())
            .ok_or_else(|| Error::input("methods", "there is no method to choose from"))?;
        Ok(Self { method, combiner: Combiner::fit(method, rows, labels)?, losses })
    }

    /// What was chosen.
    #[must_use]
    pub fn method(&self) -> Method {
        self.method
    }

    /// The fitted combination.
    #[must_use]
    pub fn combiner(&self) -> &Combiner {
        &self.combiner
    }

    /// Mean log loss of every method that could be fitted, over the inner folds.
    pub fn losses(&self) -> impl Iterator<Item = (Method, f64)> + '_ {
        self.losses.iter().map(|loss| (loss.method, loss.log_loss))
    }

    /// The combined probabilities of every row.
    ///
    /// # Errors
    /// As [`Combiner::apply`].
    pub fn apply(&self, rows: &Rows<'_>) -> Result<ProbabilityTable> {
        self.combiner.apply(rows)
    }
}

/// Mean log loss of every method that can be fitted in every fold.
fn cross_losses(methods: &[Method], rows: &Rows<'_>, labels: &[u32]) -> Result<Vec<Loss>> {
    let folds: Vec<usize> = (0..rows.len()).map(|i| fold_of(rows, i, FOLDS)).collect();
    let parts: Vec<Vec<Option<f64>>> =
        (0..FOLDS).into_par_iter().map(|out| fold_losses(methods, rows, labels, &folds, out)).collect::<Result<_>>()?;
    let mut losses = Vec::new();
    for (at, method) in methods.iter().enumerate() {
        let sums: Option<Vec<f64>> = parts.iter().map(|part| part.get(at).copied().flatten()).collect();
        if let Some(sums) = sums {
            losses.push(Loss { method: *method, log_loss: math::sum(sums) / labels.len() as f64 });
        }
    }
    Ok(losses)
}

/// The log loss that each method has on fold `out` after a fit on the others; `None` where it cannot be fitted.
fn fold_losses(methods: &[Method], rows: &Rows<'_>, labels: &[u32], folds: &[usize], out: usize) -> Result<Vec<Option<f64>>> {
    let part = |inside: bool| -> Vec<usize> { (0..rows.len()).filter(|i| (folds[*i] == out) == inside).collect() };
    let of = |indices: &[usize]| indices.iter().map(|i| labels[*i]).collect::<Vec<u32>>();
    let (held, kept) = (part(true), part(false));
    if held.is_empty() {
        return Ok(vec![Some(0.0); methods.len()]);
    }
    let (judged, learned) = (rows.pick(&held), rows.pick(&kept));
    let (judged, learned) = (judged.view()?, learned.view()?);
    let (judged_labels, learned_labels) = (of(&held), of(&kept));
    if kept.is_empty() {
        return Ok(vec![None; methods.len()]);
    }
    let temperature = Temperature::fit(learned.probabilities, &learned_labels)?;
    let loss = |method: &Method| -> Result<f64> {
        let table = Combiner::fit_with(*method, &learned, &learned_labels, temperature)?.apply(&judged)?;
        Ok(-math::sum(judged_labels.iter().enumerate().map(|(i, label)| ln_floored(table.view().of(i, *label)))))
    };
    Ok(methods.iter().map(|method| loss(method).ok()).collect())
}

/// The fold of row `i`: by its item where items are known, else by its position; well mixed, and always the same.
pub(super) fn fold_of(rows: &Rows<'_>, i: usize, folds: usize) -> usize {
    ((mixed(rows, i) & u64::from(u32::MAX)) % folds as u64) as usize
}

/// 64 well mixed bits of the item of row `i`.
fn mixed(rows: &Rows<'_>, i: usize) -> u64 {
    let key = rows.items.and_then(|items| items.get(i).copied()).map_or(i as u64, u64::from);
    // SplitMix64's finaliser (Steele, Lea, Flood 2014): neighbouring items must not share a fold by a pattern.
    let mut z = key.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
