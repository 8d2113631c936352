//! Answers of many people to the same items, out of a file: do they agree, who is how good, and which labels follow. Needs
//! no workspace, and writes nothing.
//!
//! [`agree`] reads the file, decides whether the answers are classes or numbers, and computes what can be computed; what cannot is
//! `None` with a reason beside it.

mod classes;
mod numbers;
mod read;
#[cfg(test)]
mod tests;

use countersign_columns::{self as columns, Format, Progress};
use countersign_science as science;
pub use countersign_science::Estimate;
use serde::Serialize;
use std::path::PathBuf;

/// Of every interval here.
pub const LEVEL: f64 = 0.95;
/// Answers that are numbers, and more different ones than this, are numbers; up to it they are classes.
pub const NUMERIC_CLASSES_MAX: usize = 20;
/// More different answers than this are no classes.
pub const CLASSES_MAX: usize = 1_000;

/// What is asked for.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// The file with an answer a row; `-` is standard input.
    pub answers: PathBuf,
    /// How it is written, where its name does not say.
    pub format: Option<Format>,
    /// The column that tells items apart; guessed where it is not given.
    pub item: Option<String>,
    /// The column that tells people apart.
    pub person: Option<String>,
    /// The column of answers.
    pub answer: Option<String>,
    /// A file with the same item column and a column `truth`.
    pub truth: Option<PathBuf>,
    /// What the answers are, where that is not to be guessed.
    pub kind: Option<Kind>,
    /// Of the draws behind the intervals of F1.
    pub seed: u64,
}

/// What answers are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// One of a few words or numbers.
    Classes,
    /// Numbers on a scale.
    Numbers,
}

/// Why nothing could be computed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file is not as it should be.
    #[error(transparent)]
    File(#[from] columns::Error),
    /// The answers are not as they should be, or say nothing.
    #[error("{file}: {why}")]
    Answers {
        /// The file as it was named.
        file: String,
        /// What is wrong, and what would be right.
        why: String,
    },
}

/// All that was found.
#[derive(Debug, Clone, Serialize)]
pub struct Agreement {
    /// Where the answers came from.
    pub source: String,
    /// Which column is what.
    pub columns: ColumnNames,
    /// What the answers are.
    pub kind: Kind,
    /// Answers that were used.
    pub n: u64,
    /// Rows that were left out since a cell was empty.
    pub left_out: u64,
    /// Items with an answer.
    pub items: u64,
    /// People with an answer.
    pub people: u64,
    /// The classes, in order; empty for numbers.
    pub classes: Vec<String>,
    /// Items whose truth is known.
    pub truths: u64,
    /// How far people agree beyond chance.
    pub agreement: Coefficients,
    /// The label that most gave; for numbers see `mean` and `median`.
    pub majority: Method,
    /// By confusion matrices of people.
    pub dawid_skene: Method,
    /// By one number a person.
    pub one_coin: Method,
    /// By abilities and difficulties.
    pub glad: Method,
    /// The mean of the numbers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mean: Option<NumberMethod>,
    /// The median of the numbers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub median: Option<NumberMethod>,
    /// How good each person is, the best first.
    pub skill: Vec<Skill>,
    /// What these answers cannot say.
    pub cannot_say: Vec<String>,
}

/// Which column is what.
#[derive(Debug, Clone, Serialize)]
pub struct ColumnNames {
    /// The items.
    pub item: String,
    /// The people.
    pub person: String,
    /// The answers.
    pub answer: String,
    /// Which of these were guessed by their names.
    pub guessed: Vec<&'static str>,
}

/// Coefficients of agreement; 1 is full, 0 what chance gives.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Coefficients {
    /// How often two people gave the same answer to the same item, chance included.
    pub observed: Option<Estimate>,
    /// Krippendorff's alpha, in which classes differ alike; of numbers the one for numbers.
    pub krippendorff_alpha: Option<Estimate>,
    /// Krippendorff's alpha where the classes are numbers, in their order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub krippendorff_alpha_ordinal: Option<Estimate>,
    /// Fleiss' kappa, where every item has equally many answers.
    pub fleiss_kappa: Option<Estimate>,
    /// Cohen's kappa, where there are two people.
    pub cohen_kappa: Option<Estimate>,
    /// Why some of these are `null`.
    pub reason: Option<String>,
}

/// Labels by a method, held against the truth.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Method {
    /// The share of items whose label is the truth.
    pub accuracy: Option<Estimate>,
    /// The mean over classes of the harmonic mean of precision and recall.
    pub f1: Option<Estimate>,
    /// Items at which the vote was a tie; only of votes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ties: Option<u64>,
    /// The accuracy to expect were ties decided by chance; only of votes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accuracy_by_chance: Option<Estimate>,
    /// Rounds until it came to rest; only of fitted models.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iterations: Option<u32>,
    /// Why some of these are `null`.
    pub reason: Option<String>,
}

impl Method {
    fn none(reason: impl Into<String>) -> Self {
        Self { reason: Some(reason.into()), ..Self::default() }
    }
}

/// Numbers by a method, held against the truth.
#[derive(Debug, Clone, Default, Serialize)]
pub struct NumberMethod {
    /// The mean absolute distance to the truth.
    pub mae: Option<Estimate>,
    /// The root of the mean squared distance.
    pub rmse: Option<Estimate>,
    /// Why these are `null`.
    pub reason: Option<String>,
}

/// How good a person is.
#[derive(Debug, Clone, Serialize)]
pub struct Skill {
    /// The person as the file names them.
    pub person: String,
    /// Their answers.
    pub answers: u64,
    /// The share of right answers against the truth, drawn towards the pool.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub right: Option<Estimate>,
    /// The share of answers that Dawid and Skene's model, which knows no truth, takes for right, drawn towards the pool.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dawid_skene: Option<Estimate>,
    /// For numbers: the mean distance to the truth, or without it to the mean of the others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub distance: Option<Estimate>,
}

/// Reads the answers and computes all that they can say.
///
/// # Errors
/// Where a file cannot be read, a column is not there or cannot be guessed, a person answers an item twice, or there is
/// nothing to compare: no row, or only one class.
pub fn agree(request: &Request, progress: Progress<'_>) -> Result<Agreement, Error> {
    let sheet = read::sheet(request, progress)?;
    match sheet.kind {
        Kind::Classes => classes::agreement(sheet, request.seed),
        Kind::Numbers => numbers::agreement(sheet),
    }
}

/// A figure, or why there is none, added to the reasons.
fn figure(result: science::error::Result<Estimate>, reasons: &mut Vec<String>) -> Option<Estimate> {
    match result {
        Ok(estimate) => Some(estimate),
        Err(error) => {
            let reason = error.to_string();
            if !reasons.contains(&reason) {
                reasons.push(reason);
            }
            None
        }
    }
}

fn joined(reasons: Vec<String>) -> Option<String> {
    (!reasons.is_empty()).then(|| reasons.join("; "))
}
