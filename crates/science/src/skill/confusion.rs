//! Confusion matrices of people where the truth is known, each row drawn towards the pool's row: first how often people are
//! right, then which wrong answer they give, since people differ more in the former.

use super::{
    MATRIX_CELLS_MAX,
    answers::Answers,
    shrink::{Pool, estimate},
};
use crate::{
    error::{Error, Result},
    estimate::Estimate,
    interval::level_check,
};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// How often which answer is given to which truth.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConfusionMatrix {
    /// `rows[truth][answer]`: `P(answer | truth)` with its credible interval; `n` is the number of items of that truth.
    pub rows: Vec<Vec<Estimate>>,
}

/// The matrices of people, and what they have in common.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConfusionMatrices {
    /// Of each person.
    pub people: Vec<ConfusionMatrix>,
    /// `pool[truth][answer]`: the mean of a person of this pool.
    pub pool: Vec<Vec<f64>>,
    /// How many pseudo-answers of the pool the chance to be right starts with, by truth: large where people are alike.
    pub strength: Vec<f64>,
}

/// Counts answers against the truth; items whose truth is `None` are passed over. For each truth, the chance to be right
/// comes from one Beta distribution and the shares of the wrong answers from one Dirichlet distribution, whose means and
/// strengths are as unknown as in [`super::shrunk_shares`]. Rows sum to 1.
///
/// # Errors
/// [`Error::Input`] where `truth` is not one class an item; [`Error::CannotSay`] where no answered item has a truth, or there
/// are more than [`MATRIX_CELLS_MAX`] cells.
pub fn confusion_matrices(answers: &Answers, truth: &[Option<u32>], level: f64) -> Result<ConfusionMatrices> {
    level_check(level)?;
    let (k, people) = (answers.classes(), answers.people());
    if truth.len() != answers.items() || truth.iter().flatten().any(|class| *class as usize >= k) {
        return Err(Error::input("truth", format!("it must hold one class below {k}, or none, for each of the {} items", answers.items())));
    }
    if people.saturating_mul(k * k) > MATRIX_CELLS_MAX {
        return Err(Error::cannot_say(format!(
            "{people} people with {k} classes need more numbers than memory may hold; use fewer classes"
        )));
    }
    // By truth, then by person, then by answer.
    let mut counts = vec![0.0; people * k * k];
    for person in 0..people {
        for (item, class) in answers.of_person(person) {
            if let Some(truth) = truth[*item as usize] {
                counts[(truth as usize * people + person) * k + *class as usize] += 1.0;
            }
        }
    }
    if counts.iter().all(|count| *count == 0.0) {
        return Err(Error::cannot_say("no answered item has a known truth, so answers cannot be held against it"));
    }
    let mut matrices = ConfusionMatrices {
        people: vec![ConfusionMatrix { rows: Vec::with_capacity(k) }; people],
        pool: Vec::with_capacity(k),
        strength: Vec::with_capacity(k),
    };
    for (truth, rows) in counts.chunks_exact(people * k).enumerate() {
        // Right and wrong of each person, and their wrong answers.
        let rightness = rows.chunks_exact(k).flat_map(|row| [row[truth], row.iter().sum::<f64>() - row[truth]]);
        let rightness: Vec<f64> = rightness.collect();
        let wrong =
            |row: &[f64]| row.iter().enumerate().filter(|(answer, _)| *answer != truth).map(|(_, count)| *count).collect::<Vec<_>>();
        let errors: Vec<f64> = rows.chunks_exact(k).flat_map(wrong).collect();
        let (right_pool, error_pool) = (Pool::of(&rightness, 2), Pool::of(&errors, k - 1));
        let of_people = matrices.people.par_iter_mut().zip(rightness.par_chunks_exact(2)).zip(errors.par_chunks_exact(k - 1));
        of_people.for_each(|((person, rightness), errors)| {
            let (n, chances) = (rightness.iter().sum(), right_pool.moments(rightness));
            let [right, wrong] = chances.as_slice() else { return };
            // The two are independent, so the moments of their product are the products of their moments.
            let mut row: Vec<Estimate> =
                error_pool.moments(errors).iter().map(|share| estimate((wrong.0 * share.0, wrong.1 * share.1), n, level)).collect();
            row.insert(truth, estimate(*right, n, level));
            person.rows.push(row);
        });
        let chances = right_pool.mean();
        let mut pool: Vec<f64> = error_pool.mean().iter().map(|share| share * chances[1]).collect();
        pool.insert(truth, chances[0]);
        matrices.pool.push(pool);
        matrices.strength.push(right_pool.strength());
    }
    Ok(matrices)
}
