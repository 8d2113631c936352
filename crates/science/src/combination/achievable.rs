//! [`Achievable`]: the best combination that these rows can tell apart. Chosen by cross-validation inside them, so that rows
//! outside may judge it.

use super::{Choice, ConfidenceWeighted, Product, Rows, SMOOTHING, signed};
use crate::calibration::{Calibration, Method as CalibrationMethod, Temperature, ln_floored};
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
    /// The AI alone, recalibrated (temperature; of two classes a line through its log-odds): the person adds nothing.
    Ai,
    /// [`ConfidenceWeighted`] of the AI's log-odds and the person's signed confidence; two classes.
    Confidences,
    /// [`Product`] with a temperature.
    Product,
    /// [`Choice`].
    Choice,
}

impl Method {
    /// All, the simplest first.
    pub const ALL: [Self; 4] = [Self::Ai, Self::Confidences, Self::Product, Self::Choice];

    /// Its name in code, as it is serialised.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ai => "ai",
            Self::Confidences => "confidences",
            Self::Product => "product",
            Self::Choice => "choice",
        }
    }

    /// Its name for a reader.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Ai => "the AI alone, recalibrated",
            Self::Confidences => "the confidences of both, weighed",
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
    /// [`ConfidenceWeighted`].
    Confidences(ConfidenceWeighted),
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
            Method::Ai => Self::Ai(alone(rows, labels, calibration)),
            Method::Confidences => Self::Confidences(weigh_confidences(rows, labels)?),
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
            Self::Confidences(fitted) => {
                two_classes_check(rows)?;
                ProbabilityTable::from_positive(&(0..rows.len()).map(|i| fitted.apply(&both_confidences(rows, i))).collect::<Vec<_>>())
            }
            Self::Product(fitted) => fitted.apply(rows),
            Self::Choice(fitted) => fitted.apply(rows),
        }
    }
}

/// The AI alone: of two classes by a line through its log-odds, which mends a lean to one side as well, so that no combination is taken
/// for mending that. A part with one class only leaves the temperature.
fn alone(rows: &Rows<'_>, labels: &[u32], temperature: Calibration) -> Calibration {
    if rows.probabilities.classes() == 2 {
        Calibration::fit(CalibrationMethod::Platt, rows.probabilities, labels).unwrap_or(temperature)
    } else {
        temperature
    }
}

/// One over the strength of the penalty, as in the source of the method.
const CONFIDENCES_C: f64 = 1.0;

fn weigh_confidences(rows: &Rows<'_>, labels: &[u32]) -> Result<ConfidenceWeighted> {
    two_classes_check(rows)?;
    let features: Vec<f64> = (0..rows.len()).flat_map(|i| both_confidences(rows, i)).collect();
    ConfidenceWeighted::fit(&features, 2, labels, CONFIDENCES_C)
}

fn two_classes_check(rows: &Rows<'_>) -> Result<()> {
    match rows.probabilities.classes() {
        2 => Ok(()),
        classes => Err(Error::input("probabilities", format!("signed confidences are for two classes, and there are {classes}"))),
    }
}

/// The AI's log-odds of class 1 and the person's signed confidence; an answer without a confidence counts as one of 1.
fn both_confidences(rows: &Rows<'_>, i: usize) -> [f64; 2] {
    let row = rows.probabilities.row(i);
    let of = |class: usize| ln_floored(row.get(class).copied().unwrap_or(0.0));
    [of(1) - of(0), signed(rows.answers.get(i).copied().unwrap_or(0), rows.confidence(i).unwrap_or(1.0))]
}

/// A combination that was chosen, with what the same method answers about rows that it was not fitted on.
#[derive(Debug, Clone, PartialEq)]
pub struct Crossed {
    /// The combination.
    pub chosen: Achievable,
    /// Answers to the rows that chose it, each by a fit on the other folds; `None` for rows that took no part in choosing. What
    /// has to know how good the combination is may learn from these, and not from its answers to the rows of its own fit.
    pub answers: Vec<Option<u32>>,
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
    /// Chooses among [`Method::ALL`] by the log loss over [`FOLDS`] folds of these rows (rows of one item stay together): the
    /// simplest one that is within a standard error of the best. Fits it on all of them. Judge it on other rows.
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
        Ok(Self::fit_crossed(methods, rows, labels)?.chosen)
    }

    /// As [`Achievable::fit_among`], with the answers of the inner folds.
    ///
    /// # Errors
    /// As [`Achievable::fit`].
    pub fn fit_crossed(methods: &[Method], rows: &Rows<'_>, labels: &[u32]) -> Result<Crossed> {
        rows.check_with(labels)?;
        let (tried, some) = if rows.len() > SELECTION_ROWS_MAX {
            let parts = rows.len().div_ceil(SELECTION_ROWS_MAX) as u64;
            // The upper half of the mix, as the folds use the lower: a share of the items must not be one fold of them.
            let some: Vec<usize> = (0..rows.len()).filter(|i| (mixed(rows, *i) >> 32).is_multiple_of(parts)).collect();
            let some_labels: Vec<u32> = some.iter().map(|i| labels[*i]).collect();
            (cross(methods, &rows.pick(&some).view()?, &some_labels)?, some)
        } else {
            (cross(methods, rows, labels)?, (0..rows.len()).collect())
        };
        let best = simplest(&tried);
        let method = best
            .map(|best| best.loss.method)
            .or_else(|| methods.first().copied())
            .ok_or_else(|| Error::input("methods", "there is no method to choose from"))?;
        let mut answers = vec![None; rows.len()];
        for (i, answer) in some.iter().zip(best.map_or(&[][..], |best| &best.answers)) {
            answers[*i] = Some(*answer);
        }
        let losses = tried.iter().map(|one| one.loss).collect();
        Ok(Crossed { chosen: Self { method, combiner: Combiner::fit(method, rows, labels)?, losses }, answers })
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

/// The simplest method (which comes first) whose log loss is within one standard error of the best one's, by the paired differences
/// of rows: the rule of Breiman, Friedman, Olshen, Stone (Classification and Regression Trees, 1984). A dearer method that is better
/// by noise alone would only be worse on other rows.
fn simplest(tried: &[Tried]) -> Option<&Tried> {
    let mut best = tried.first()?;
    for one in tried {
        if one.loss.log_loss < best.loss.log_loss {
            best = one;
        }
    }
    let near = |one: &&Tried| {
        let differences: Vec<f64> = one.losses.iter().zip(&best.losses).map(|(a, b)| a - b).collect();
        let Some(mean) = math::mean(&differences) else { return true };
        let n = differences.len() as f64;
        let variance = math::sum(differences.iter().map(|d| (d - mean) * (d - mean))) / (n - 1.0).max(1.0);
        mean <= math::sqrt(variance / n)
    };
    tried.iter().find(near)
}

/// What a method does in the inner cross-validation.
struct Tried {
    loss: Loss,
    /// Log loss by row.
    losses: Vec<f64>,
    /// By row, each from the fold in which it was held out.
    answers: Vec<u32>,
}

/// The same in one fold: log loss and answer of the held rows, in their order.
type InFold = Option<Vec<(f64, u32)>>;

/// Every method that can be fitted in every fold.
fn cross(methods: &[Method], rows: &Rows<'_>, labels: &[u32]) -> Result<Vec<Tried>> {
    let folds: Vec<usize> = (0..rows.len()).map(|i| fold_of(rows, i, FOLDS)).collect();
    let parts: Vec<Vec<InFold>> = (0..FOLDS).into_par_iter().map(|out| fold(methods, rows, labels, &folds, out)).collect::<Result<_>>()?;
    let mut tried = Vec::new();
    for (at, method) in methods.iter().enumerate() {
        let of: Option<Vec<&Vec<(f64, u32)>>> = parts.iter().map(|part| part.get(at).and_then(Option::as_ref)).collect();
        let Some(of) = of else { continue };
        let mut next = [0usize; FOLDS];
        let mut row = |fold: usize| {
            let place = next[fold];
            next[fold] += 1;
            of[fold].get(place).copied().unwrap_or((0.0, 0))
        };
        let (losses, answers): (Vec<f64>, Vec<u32>) = folds.iter().map(|fold| row(*fold)).unzip();
        let log_loss = math::sum(losses.iter().copied()) / labels.len() as f64;
        tried.push(Tried { loss: Loss { method: *method, log_loss }, losses, answers });
    }
    Ok(tried)
}

/// What each method does on fold `out` after a fit on the others; `None` where it cannot be fitted.
fn fold(methods: &[Method], rows: &Rows<'_>, labels: &[u32], folds: &[usize], out: usize) -> Result<Vec<InFold>> {
    let part = |inside: bool| -> Vec<usize> { (0..rows.len()).filter(|i| (folds[*i] == out) == inside).collect() };
    let of = |indices: &[usize]| indices.iter().map(|i| labels[*i]).collect::<Vec<u32>>();
    let (held, kept) = (part(true), part(false));
    if held.is_empty() {
        return Ok(vec![Some(Vec::new()); methods.len()]);
    }
    let (judged, learned) = (rows.pick(&held), rows.pick(&kept));
    let (judged, learned) = (judged.view()?, learned.view()?);
    let (judged_labels, learned_labels) = (of(&held), of(&kept));
    if kept.is_empty() {
        return Ok(vec![None; methods.len()]);
    }
    let temperature = Temperature::fit(learned.probabilities, &learned_labels)?;
    let tried = |method: &Method| -> Result<Vec<(f64, u32)>> {
        let table = Combiner::fit_with(*method, &learned, &learned_labels, temperature)?.apply(&judged)?;
        let losses = judged_labels.iter().enumerate().map(|(i, label)| -ln_floored(table.view().of(i, *label)));
        Ok(losses.zip(table.view().labels()).collect())
    };
    Ok(methods.iter().map(|method| tried(method).ok()).collect())
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
