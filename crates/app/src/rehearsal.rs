//! Rehearsals: past decisions out of a file or the workspace's own history, and what they say. Judges nothing itself:
//! [`countersign_science::rehearsal`] does.

mod clock;
mod filter;
mod history;
mod job;
mod mapping;
mod reading;
#[cfg(test)]
mod tests;
mod values;

pub use job::{RehearsalInput, RehearsalView};
pub use mapping::{Mapping, Role, Roles, Taken};

use countersign_science::rehearsal::{self, Data, Options, Step};
pub use countersign_science::{
    Estimate,
    rehearsal::{Findings, findings},
};
use std::path::Path;

/// Why a rehearsal cannot be held.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The flags or the mapping file are wrong.
    #[error("{0}")]
    Usage(String),
    /// The values are not what they should be.
    #[error("{0}")]
    Input(String),
    /// The file cannot be read.
    #[error(transparent)]
    File(#[from] countersign_columns::Error),
    /// The data cannot say it.
    #[error(transparent)]
    Science(#[from] countersign_science::Error),
    /// The workspace's history cannot be read.
    #[error(transparent)]
    App(#[from] crate::Error),
}

impl Error {
    pub(crate) fn usage(text: impl Into<String>) -> Self {
        Self::Usage(text.into())
    }

    pub(crate) fn input(text: impl Into<String>) -> Self {
        Self::Input(text.into())
    }
}

/// What is asked of a rehearsal, beside the data.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Question {
    /// Promised errors of automation, each between 0 and 1; none: 0.01, 0.02 and 0.05.
    pub alpha: Vec<f64>,
    /// Chance that a promise is broken nevertheless; absent: 0.05.
    pub delta: Option<f64>,
    /// Costs of errors: `abuse->billing=20,default=1`.
    pub cost: Option<String>,
    /// Cost of a minute of a person; absent: 0.
    pub minute_cost: Option<f64>,
    /// Seed of every draw; absent: 1.
    pub seed: Option<u64>,
    /// Whether the skill of people is given by name.
    pub named: bool,
}

impl Question {
    /// As the science takes it, for these classes.
    ///
    /// # Errors
    /// Where a cost names no class, or a number is out of range.
    pub fn options(&self, classes: &[String]) -> Result<Options, Error> {
        let mut options =
            Options { software: format!("Countersign {}", env!("CARGO_PKG_VERSION")), named: self.named, ..Options::default() };
        if !self.alpha.is_empty() {
            options.alphas.clone_from(&self.alpha);
            options.alphas.sort_by(f64::total_cmp);
            options.alphas.dedup();
        }
        options.delta = self.delta.unwrap_or(options.delta);
        options.minute_cost = self.minute_cost.unwrap_or(options.minute_cost);
        options.seed = self.seed.unwrap_or(options.seed);
        if let Some(text) = &self.cost {
            costs(text, classes, &mut options)?;
        }
        Ok(options)
    }
}

/// Reads `attack->benign=20,default=1`: truth, then the answer.
fn costs(text: &str, classes: &[String], options: &mut Options) -> Result<(), Error> {
    let class = |name: &str| {
        let at = classes.iter().position(|c| c == name.trim());
        at.ok_or_else(|| Error::usage(format!("--cost names {:?}, which is none of the classes {}", name.trim(), classes.join(", "))))
    };
    for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        let shape = || Error::usage(format!("--cost {part:?}: write truth->answer=20, or default=1, with commas between"));
        let (name, value) = part.rsplit_once('=').ok_or_else(shape)?;
        let value: f64 = value.trim().parse().ok().filter(|v: &f64| v.is_finite() && *v >= 0.0).ok_or_else(shape)?;
        if name.trim() == "default" {
            options.cost_default = value;
            continue;
        }
        let (truth, answer) = name.split_once("->").ok_or_else(shape)?;
        let (truth, answer) = (class(truth)?, class(answer)?);
        if truth == answer {
            return Err(Error::usage(format!("--cost {part:?}: a right answer costs nothing")));
        }
        options.costs.push((truth as u32, answer as u32, value));
    }
    Ok(())
}

/// How far a rehearsal is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Progress {
    /// Reading: bytes of a file, or cases where the total is not known (0).
    Read {
        /// So far.
        done: u64,
        /// In all; 0 where that is not known.
        total: u64,
    },
    /// A step of the analysis.
    Step(Step),
}

/// Reads a file and says what its decisions say.
///
/// # Errors
/// Where the file, the columns or the values are to blame; a sentence says which and what to do.
pub fn of_file(path: &Path, mapping: &Mapping, question: &Question, progress: &mut dyn FnMut(Progress)) -> Result<Findings, Error> {
    let data = reading::file(path, mapping, &mut |done, total| progress(Progress::Read { done, total }))?;
    of_data(&data, question, progress)
}

/// Says what decisions say.
///
/// # Errors
/// Where they can say nothing.
pub fn of_data(data: &Data, question: &Question, progress: &mut dyn FnMut(Progress)) -> Result<Findings, Error> {
    let options = question.options(&data.classes)?;
    Ok(rehearsal::run(data, &options, &mut |step| progress(Progress::Step(step)))?)
}

/// The findings as one self-contained page of HTML.
#[must_use]
pub fn page(findings: &Findings) -> String {
    countersign_report::rehearsal::html(findings)
}
