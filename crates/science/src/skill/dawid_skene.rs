//! Dawid and Skene's model of observers by expectation-maximisation, with a confusion matrix or with one coin a person.
//! Never uses a truth: where one is known, see [`super::confusion_matrices`].

use super::{
    CHUNK_ROWS, MATRIX_CELLS_MAX, SKILL_VERSION,
    answers::{Answers, Posterior},
    majority::majority,
};
use crate::{
    error::{Error, Result},
    math::sum,
};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// Products of so many probabilities stay within what a number holds, as none is below [`PROBABILITY_MIN`].
const PRODUCT_ANSWERS: usize = 16;
/// Probabilities are kept from 0, which would veto a class for ever.
const PROBABILITY_MIN: f64 = 1e-10;

/// How the models are fitted.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// Pseudo-answers in every cell of a confusion matrix (a Dirichlet prior); 0 is maximum likelihood.
    pub smoothing: f64,
    /// Rounds at most.
    pub iterations_max: u32,
    /// Stop where a round moves the probabilities of an item by less than this in the mean.
    pub tolerance: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { smoothing: 0.01, iterations_max: 200, tolerance: 1e-7 }
    }
}

impl Settings {
    fn check(&self) -> Result<()> {
        if !(self.smoothing.is_finite() && self.smoothing >= 0.0) {
            return Err(Error::input("smoothing", format!("{} is no number of pseudo-answers; .01 is usual", self.smoothing)));
        }
        if self.iterations_max == 0 || self.tolerance.is_nan() {
            return Err(Error::input("settings", "at least one round and a tolerance are needed"));
        }
        Ok(())
    }
}

/// A fit of [`dawid_skene`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DawidSkene {
    /// [`SKILL_VERSION`] that it was fitted under.
    pub version: u32,
    /// The probability of each class of each item.
    pub posterior: Posterior,
    /// How frequent each class is.
    pub prior: Vec<f64>,
    /// `P(answer | truth)`, person by person, truth by truth, answer by answer.
    pub confusion: Vec<f64>,
    /// How many of a person's answers are expected to be right.
    pub right: Vec<f64>,
    /// Rounds that it took.
    pub iterations: u32,
    /// Whether the tolerance was reached.
    pub converged: bool,
}

/// A fit of [`one_coin`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OneCoin {
    /// [`SKILL_VERSION`] that it was fitted under.
    pub version: u32,
    /// The probability of each class of each item.
    pub posterior: Posterior,
    /// How frequent each class is.
    pub prior: Vec<f64>,
    /// The chance that a person answers rightly.
    pub skill: Vec<f64>,
    /// How many of a person's answers are expected to be right.
    pub right: Vec<f64>,
    /// Rounds that it took.
    pub iterations: u32,
    /// Whether the tolerance was reached.
    pub converged: bool,
}

/// Dawid and Skene, "Maximum likelihood estimation of observer error-rates using the EM algorithm", Applied Statistics 28
/// (1979), started from shares of votes.
///
/// # Errors
/// [`Error::CannotSay`] where no item has two answers, or where the matrices would be more than [`MATRIX_CELLS_MAX`] numbers;
/// [`Error::Input`] where the settings make no sense.
pub fn dawid_skene(answers: &Answers, settings: Settings) -> Result<DawidSkene> {
    settings.check()?;
    answers.check_compared()?;
    let classes = answers.classes();
    if answers.people().saturating_mul(classes * classes) > MATRIX_CELLS_MAX {
        return Err(Error::cannot_say(format!(
            "{} people with {classes} classes need more numbers in their confusion matrices than memory may hold; use fewer classes, or one \
             coin a person",
            answers.people()
        )));
    }
    let mut model = Matrices { classes, smoothing: settings.smoothing, likelihood: vec![0.0; answers.people() * classes * classes] };
    let fitted = maximise(answers, settings, &mut model);
    // From rows by answer to rows by truth.
    let mut confusion = vec![0.0; model.likelihood.len()];
    for (to, from) in confusion.chunks_exact_mut(classes * classes).zip(model.likelihood.chunks_exact(classes * classes)) {
        for truth in 0..classes {
            for answer in 0..classes {
                to[truth * classes + answer] = from[answer * classes + truth];
            }
        }
    }
    Ok(DawidSkene {
        version: SKILL_VERSION,
        right: right(answers, &fitted.posterior),
        posterior: fitted.posterior,
        prior: fitted.prior,
        confusion,
        iterations: fitted.iterations,
        converged: fitted.converged,
    })
}

impl DawidSkene {
    /// `P(answer | truth)` of a person, truth by truth; empty beyond the last person.
    #[must_use]
    pub fn confusion_of(&self, person: usize) -> &[f64] {
        let cells = self.prior.len() * self.prior.len();
        self.confusion.get(person * cells..(person + 1) * cells).unwrap_or_default()
    }
}

/// The same with one number a person, who is right with that chance whatever the class and else answers any other class alike
/// (Zhang, Chen, Zhou and Jordan, JMLR 17, 2016, call it the one-coin model). Fails where errors go one way.
///
/// # Errors
/// As [`dawid_skene`].
pub fn one_coin(answers: &Answers, settings: Settings) -> Result<OneCoin> {
    settings.check()?;
    answers.check_compared()?;
    let mut model = Coins { classes: answers.classes(), smoothing: settings.smoothing, skill: Vec::new(), odds: Vec::new() };
    let fitted = maximise(answers, settings, &mut model);
    Ok(OneCoin {
        version: SKILL_VERSION,
        right: right(answers, &fitted.posterior),
        posterior: fitted.posterior,
        prior: fitted.prior,
        skill: model.skill,
        iterations: fitted.iterations,
        converged: fitted.converged,
    })
}

/// How people answer, given the truth.
trait Model: Sync {
    /// Fits itself to the probabilities of the classes.
    fn fit(&mut self, answers: &Answers, posterior: &Posterior);
    /// Multiplies by the likelihood of an answer, class by class, up to a constant.
    fn multiply(&self, row: &mut [f64], person: u32, class: u32);
}

struct Matrices {
    classes: usize,
    smoothing: f64,
    /// `P(answer | truth)`, person by person, answer by answer, truth by truth.
    likelihood: Vec<f64>,
}

impl Model for Matrices {
    fn fit(&mut self, answers: &Answers, posterior: &Posterior) {
        let (k, smoothing) = (self.classes, self.smoothing);
        self.likelihood.par_chunks_exact_mut(k * k).enumerate().for_each(|(person, cells)| {
            cells.fill(smoothing);
            for (item, class) in answers.of_person(person) {
                let at = *class as usize * k;
                each(&mut cells[at..at + k], posterior.of(*item as usize), |cell, p| *cell += p);
            }
            for truth in 0..k {
                let total: f64 = (0..k).map(|answer| cells[answer * k + truth]).sum();
                for answer in 0..k {
                    // Who never saw a class answers it in any way.
                    let share = if total > 0.0 { cells[answer * k + truth] / total } else { 1.0 / k as f64 };
                    cells[answer * k + truth] = share.max(PROBABILITY_MIN);
                }
            }
        });
    }

    fn multiply(&self, row: &mut [f64], person: u32, class: u32) {
        let at = (person as usize * self.classes + class as usize) * self.classes;
        each(row, &self.likelihood[at..at + self.classes], |value, likelihood| *value *= likelihood);
    }
}

/// Cell by cell; unrolled for few classes, where a loop would cost more than its body.
fn each(to: &mut [f64], from: &[f64], of: impl Fn(&mut f64, &f64)) {
    fn fixed<const K: usize>(to: &mut [f64], from: &[f64], of: impl Fn(&mut f64, &f64)) {
        if let (Some(to), Some(from)) = (to.first_chunk_mut::<K>(), from.first_chunk::<K>()) {
            to.iter_mut().zip(from).for_each(|(to, from)| of(to, from));
        }
    }
    match to.len() {
        2 => fixed::<2>(to, from, of),
        3 => fixed::<3>(to, from, of),
        4 => fixed::<4>(to, from, of),
        _ => to.iter_mut().zip(from).for_each(|(to, from)| of(to, from)),
    }
}

struct Coins {
    classes: usize,
    smoothing: f64,
    skill: Vec<f64>,
    /// `P(right)` over `P(wrong in this way)`.
    odds: Vec<f64>,
}

impl Model for Coins {
    fn fit(&mut self, answers: &Answers, posterior: &Posterior) {
        let others = self.classes as f64 - 1.0;
        let (smoothing, all) = (self.smoothing, self.smoothing * self.classes as f64);
        let right = right(answers, posterior);
        let skill = right.iter().enumerate().map(|(person, right)| {
            let n = answers.of_person(person).len() as f64 + all;
            let skill = if n > 0.0 { (right + smoothing) / n } else { 1.0 / self.classes as f64 };
            skill.clamp(PROBABILITY_MIN, 1.0 - PROBABILITY_MIN)
        });
        self.skill = skill.collect();
        self.odds = self.skill.iter().map(|skill| skill * others / (1.0 - skill)).collect();
    }

    fn multiply(&self, row: &mut [f64], person: u32, class: u32) {
        row[class as usize] *= self.odds[person as usize];
    }
}

/// The expected number of right answers of each person.
pub(super) fn right(answers: &Answers, posterior: &Posterior) -> Vec<f64> {
    let of_person =
        |person: usize| answers.of_person(person).iter().map(|(item, class)| posterior.of(*item as usize)[*class as usize]).sum();
    (0..answers.people()).into_par_iter().map(of_person).collect()
}

struct Fitted {
    posterior: Posterior,
    prior: Vec<f64>,
    iterations: u32,
    converged: bool,
}

/// Expectation-maximisation from the shares of votes.
fn maximise(answers: &Answers, settings: Settings, model: &mut impl Model) -> Fitted {
    let mut posterior = majority(answers).shares;
    let mut next = Posterior::new(answers.classes(), vec![0.0; posterior.values().len()]);
    let mut fitted_prior = prior(&posterior);
    let (mut iterations, mut converged) = (0, false);
    while iterations < settings.iterations_max && !converged {
        model.fit(answers, &posterior);
        let moved = expect(answers, model, &fitted_prior, &posterior, &mut next);
        std::mem::swap(&mut posterior, &mut next);
        fitted_prior = prior(&posterior);
        iterations += 1;
        converged = moved < settings.tolerance;
    }
    Fitted { posterior, prior: fitted_prior, iterations, converged }
}

/// One expectation step into `next`; gives by how much probabilities moved in the mean. Products instead of sums of
/// logarithms: no exponential for every class of every item.
fn expect(answers: &Answers, model: &impl Model, prior: &[f64], before: &Posterior, next: &mut Posterior) -> f64 {
    let k = answers.classes();
    let prior: Vec<f64> = prior.iter().map(|p| p.max(PROBABILITY_MIN)).collect();
    let chunk = |(chunk, rows): (usize, &mut [f64])| {
        let mut moved = 0.0;
        for (i, row) in rows.chunks_exact_mut(k).enumerate() {
            let item = chunk * CHUNK_ROWS + i;
            row.copy_from_slice(&prior);
            for some in answers.of_item(item).chunks(PRODUCT_ANSWERS) {
                some.iter().for_each(|(person, class)| model.multiply(row, *person, *class));
                let most = row.iter().copied().fold(0.0, f64::max);
                row.iter_mut().for_each(|value| *value /= most);
            }
            let total: f64 = row.iter().sum();
            row.iter_mut().for_each(|value| *value /= total);
            moved += row.iter().zip(before.of(item)).map(|(now, then)| (now - then).abs()).sum::<f64>();
        }
        moved
    };
    let moved: Vec<f64> = next.values_mut().par_chunks_mut(CHUNK_ROWS * k).enumerate().map(chunk).collect();
    sum(moved) / answers.items() as f64
}

/// The mean of the posterior over items, in fixed chunks.
fn prior(posterior: &Posterior) -> Vec<f64> {
    let k = posterior.classes();
    let chunk = |rows: &[f64]| {
        let mut total = vec![0.0; k];
        rows.chunks_exact(k).for_each(|row| total.iter_mut().zip(row).for_each(|(total, p)| *total += p));
        total
    };
    let chunks: Vec<Vec<f64>> = posterior.values().par_chunks(CHUNK_ROWS * k).map(chunk).collect();
    let items = (posterior.values().len() / k) as f64;
    (0..k).map(|class| sum(chunks.iter().map(|total| total[class])) / items).collect()
}
