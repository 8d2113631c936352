//! GLAD: abilities of people and difficulties of items at once. Never uses a truth.

use super::{
    CHUNK_ROWS, SKILL_VERSION,
    answers::{Answers, Posterior, normalise},
    dawid_skene::right,
    majority::majority,
};
use crate::{
    error::Result,
    math::{exp, expit, ln, sum},
};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// Abilities and log easinesses have normal priors with this mean and variance 1, as in crowd-kit.
const PRIOR_MEAN: f64 = 1.0;
const ROUNDS_MAX: u32 = 100;
/// Newton steps for all people, and for all items, in one round.
const SWEEPS: usize = 4;
/// A step is no longer than this.
const STEP_MAX: f64 = 1.0;
const TOLERANCE: f64 = 1e-5;

/// A fit of [`glad`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Glad {
    /// [`SKILL_VERSION`] that it was fitted under.
    pub version: u32,
    /// The probability of each class of each item.
    pub posterior: Posterior,
    /// Ability of each person: above 0 is better than a coin, below 0 is mostly wrong.
    pub ability: Vec<f64>,
    /// Easiness of each item, above 0: a person is right with chance `1 / (1 + exp(-ability * easiness))`.
    pub easiness: Vec<f64>,
    /// How many of a person's answers are expected to be right.
    pub right: Vec<f64>,
    /// Rounds that it took.
    pub iterations: u32,
    /// Whether it came to rest.
    pub converged: bool,
}

/// Whitehill, Ruvolo, Wu, Bergsma and Movellan, "Whose vote should count more", NIPS 2009, for any number of classes, with
/// normal priors. The maximisation steps are Newton's and Fisher's, person by person and item by item.
///
/// # Errors
/// [`crate::Error::CannotSay`] where no item has two answers.
pub fn glad(answers: &Answers) -> Result<Glad> {
    answers.check_compared()?;
    let mut ability = vec![PRIOR_MEAN; answers.people()];
    let mut ease = vec![PRIOR_MEAN; answers.items()];
    let mut easiness: Vec<f64> = ease.iter().map(|ease| exp(*ease)).collect();
    let mut posterior = majority(answers).shares;
    let mut next = Posterior::new(answers.classes(), vec![0.0; posterior.values().len()]);
    let (mut iterations, mut converged) = (0, false);
    while iterations < ROUNDS_MAX && !converged {
        let moved = expect(answers, &ability, &easiness, &posterior, &mut next);
        std::mem::swap(&mut posterior, &mut next);
        iterations += 1;
        converged = moved < TOLERANCE;
        for _ in 0..SWEEPS {
            ability.par_iter_mut().enumerate().for_each(|(person, ability)| abilities(answers, &posterior, &easiness, person, ability));
            ease.par_iter_mut().enumerate().for_each(|(item, ease)| eases(answers, &posterior, &ability, item, ease));
            easiness.par_iter_mut().zip(&ease).for_each(|(easiness, ease)| *easiness = exp(*ease));
        }
    }
    Ok(Glad { version: SKILL_VERSION, right: right(answers, &posterior), posterior, ability, easiness, iterations, converged })
}

/// One expectation step into `next`; gives by how much probabilities moved in the mean.
fn expect(answers: &Answers, ability: &[f64], easiness: &[f64], before: &Posterior, next: &mut Posterior) -> f64 {
    let k = answers.classes();
    let others = ln(k as f64 - 1.0);
    let chunk = |(chunk, rows): (usize, &mut [f64])| {
        let mut moved = 0.0;
        for (i, row) in rows.chunks_exact_mut(k).enumerate() {
            let item = chunk * CHUNK_ROWS + i;
            row.fill(0.0);
            for (person, class) in answers.of_item(item) {
                // ln right - ln wrong is the logit itself, and a wrong answer is any of the other classes.
                row[*class as usize] += ability[*person as usize] * easiness[item] + others;
            }
            normalise(row);
            moved += row.iter().zip(before.of(item)).map(|(now, then)| (now - then).abs()).sum::<f64>();
        }
        moved
    };
    let moved: Vec<f64> = next.values_mut().par_chunks_mut(CHUNK_ROWS * k).enumerate().map(chunk).collect();
    sum(moved) / answers.items() as f64
}

/// Newton's step for a person's ability, in which the objective is concave.
fn abilities(answers: &Answers, posterior: &Posterior, easiness: &[f64], person: usize, ability: &mut f64) {
    let (mut slope, mut curve) = (PRIOR_MEAN - *ability, 1.0);
    for (item, class) in answers.of_person(person) {
        let item = *item as usize;
        let chance = expit(*ability * easiness[item]);
        slope += easiness[item] * (posterior.of(item)[*class as usize] - chance);
        curve += easiness[item] * easiness[item] * chance * (1.0 - chance);
    }
    *ability += (slope / curve).clamp(-STEP_MAX, STEP_MAX);
}

/// Fisher's step for the logarithm of an item's easiness.
fn eases(answers: &Answers, posterior: &Posterior, ability: &[f64], item: usize, ease: &mut f64) {
    let easiness = exp(*ease);
    let (mut slope, mut curve) = (PRIOR_MEAN - *ease, 1.0);
    for (person, class) in answers.of_item(item) {
        let logit = ability[*person as usize] * easiness;
        let chance = expit(logit);
        slope += logit * (posterior.of(item)[*class as usize] - chance);
        curve += logit * logit * chance * (1.0 - chance);
    }
    *ease += (slope / curve).clamp(-STEP_MAX, STEP_MAX);
}
