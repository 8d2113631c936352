//! Skill of people where no truth is known, out of the probabilities of a model: what is not known about the truth widens it.
//! Never takes a probable truth for a known one, and cannot know whether the model is right.

use super::{
    answers::{Answers, Posterior},
    dawid_skene::right,
    shrink::{Shrunk, shrunk_shares},
};
use crate::{error::Result, math::sqrt, optimise::inverse_diagonal};
use rayon::prelude::*;

/// With more people than these, what is not known of one person's skill is not carried over to others.
const JOINT_PEOPLE_MAX: usize = 300;
/// A person's answers are worth at least this share of as many with a known truth: less can hardly be told from nothing.
const WORTH_MIN: f64 = 0.02;
/// Shares nearer than this to 0 or 1 count as this.
const SHARE_MIN: f64 = 1e-3;

/// The share of each person's answers that a model takes for right, drawn towards the pool; see [`shrunk_shares`].
///
/// The truth is only probable, and known through the same people: information about skill that is missing for that reason is
/// taken off by Louis' principle (JRSS B 44, 1982), with one number a person, all people together. A person's `n` answers then
/// count as fewer. That the model itself may be wrong (errors that people share) is in no interval.
///
/// # Errors
/// As [`shrunk_shares`].
pub fn modelled_shares(answers: &Answers, posterior: &Posterior, level: f64) -> Result<Shrunk> {
    let right = right(answers, posterior);
    let n: Vec<f64> = (0..answers.people()).map(|person| answers.of_person(person).len() as f64).collect();
    let worth = worth(answers, posterior, &right, &n);
    let scaled = |values: &[f64]| -> Vec<f64> { values.iter().zip(&worth).map(|(value, worth)| value * worth).collect() };
    let mut shrunk = shrunk_shares(&scaled(&right), &scaled(&n), level)?;
    shrunk.people.iter_mut().zip(&n).for_each(|(person, n)| person.n = *n as u64);
    Ok(shrunk)
}

/// The share of each person's information that is there although the truth is only probable, in `[WORTH_MIN, 1]`.
fn worth(answers: &Answers, posterior: &Posterior, right: &[f64], n: &[f64]) -> Vec<f64> {
    let people = answers.people();
    // The complete information about a share is n / spread; scores are scaled so that it is 1.
    let scale: Vec<f64> = right
        .iter()
        .zip(n)
        .map(|(right, n)| {
            let share = (right / n.max(1.0)).clamp(SHARE_MIN, 1.0 - SHARE_MIN);
            if *n > 0.0 { 1.0 / sqrt(n * share * (1.0 - share)) } else { 0.0 }
        })
        .collect();
    let alone = |person: usize| {
        let missing: f64 = answers
            .of_person(person)
            .iter()
            .map(|(item, class)| posterior.of(*item as usize)[*class as usize])
            .map(|p| p * (1.0 - p))
            .sum();
        1.0 - missing * scale[person] * scale[person]
    };
    let own: Vec<f64> = (0..people).into_par_iter().map(|person| alone(person).clamp(WORTH_MIN, 1.0)).collect();
    if people > JOINT_PEOPLE_MAX {
        return own;
    }
    let mut information = vec![0.0; people * people];
    (0..people).for_each(|person| information[person * people + person] = 1.0);
    for item in 0..answers.items() {
        let given = answers.of_item(item);
        for (person, class) in given {
            let p = posterior.of(item)[*class as usize];
            for (other, other_class) in given {
                let both = if class == other_class { p } else { 0.0 };
                let missing = both - p * posterior.of(item)[*other_class as usize];
                information[*person as usize * people + *other as usize] -= missing * scale[*person as usize] * scale[*other as usize];
            }
        }
    }
    match inverse_diagonal(&information, people) {
        Some(spread) => spread.iter().map(|spread| (1.0 / spread).clamp(WORTH_MIN, 1.0)).collect(),
        // The likelihood is flat somewhere: at least what each of them lacks alone.
        None => own,
    }
}
