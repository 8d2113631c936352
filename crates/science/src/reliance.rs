//! How people take advice: who follows it where it is right, and who keeps to themselves where it is wrong. Judges nobody by a cell
//! without cases: such a figure is undefined, with the reason, and never 0.
//!
//! Measured where people answered before they saw the advice. An answer of one's own changes people, so these figures do not
//! describe those who see the advice at once; whoever shows them says so ([`BLIND_NOTE`]).

use serde::{Deserialize, Serialize};

use crate::bootstrap::{self, Clusters, Columns, Options, Sums};
use crate::error::{Error, Result};
use crate::estimate::Estimate;
use crate::rehearsal::findings::RelianceCell;
use crate::{interval, rehearsal};

mod loss;
mod number;
#[cfg(test)]
mod tests;

pub use loss::{LossSplit, SIGNALS_MAX, loss_split};
pub use number::{WeightOfAdvice, weight_of_advice};

/// What must stand beside figures of reliance.
pub const BLIND_NOTE: &str =
    "Measured on cases that people answered before they saw the advice; people who see it at once may rely on it differently.";

/// A figure that may not exist.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Figure {
    /// It does.
    Known(Estimate),
    /// It does not, for this reason.
    Undefined {
        /// A sentence.
        reason: String,
    },
}

impl Figure {
    /// The estimate, where there is one.
    #[must_use]
    pub fn estimate(&self) -> Option<Estimate> {
        match self {
            Self::Known(estimate) => Some(*estimate),
            Self::Undefined { .. } => None,
        }
    }

    /// Why there is none.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Known(_) => None,
            Self::Undefined { reason } => Some(reason),
        }
    }
}

/// The answers to one case a row, as classes.
#[derive(Debug, Clone, Copy)]
pub struct Answers<'a> {
    /// The truth.
    pub truth: &'a [u32],
    /// The AI's.
    pub ai: &'a [u32],
    /// The person's before advice.
    pub initial: &'a [u32],
    /// The person's after advice.
    pub last: &'a [u32],
}

impl Answers<'_> {
    /// Rows.
    ///
    /// # Errors
    /// [`Error::Input`] where the four differ in length, [`Error::CannotSay`] where they are empty.
    fn rows(&self) -> Result<usize> {
        let rows = self.truth.len();
        for (what, answers) in [("ai", self.ai), ("initial", self.initial), ("last", self.last)] {
            if answers.len() != rows {
                return Err(Error::input(what, format!("{} answers for {rows} rows of truth; there must be one a row", answers.len())));
            }
        }
        if rows == 0 {
            return Err(Error::cannot_say("there are no rows with an answer before and after advice, so reliance cannot be measured"));
        }
        Ok(rows)
    }

    fn row(&self, i: usize) -> Row {
        let at = |answers: &[u32]| answers.get(i).copied().unwrap_or(0);
        let (truth, ai, initial, last) = (at(self.truth), at(self.ai), at(self.initial), at(self.last));
        Row {
            human_right: initial == truth,
            ai_right: ai == truth,
            right: last == truth,
            agreed: initial == ai,
            followed: last == ai,
            kept: last == initial,
        }
    }
}

struct Row {
    human_right: bool,
    ai_right: bool,
    right: bool,
    agreed: bool,
    followed: bool,
    kept: bool,
}

/// Figures of reliance (Schemmer, Kuehl, Benz, Bartos, Satzger, "Appropriate reliance on AI advice", IUI 2023).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reliance {
    /// Relative AI reliance: right after advice, where the person was wrong and the AI right.
    pub rair: Figure,
    /// Relative self-reliance: still right, where the person was right and the AI wrong.
    pub rsr: Figure,
    /// P(final = AI | AI wrong); counts those who agreed from the start, too.
    pub over_reliance: Figure,
    /// P(final = AI | first answer differs, AI wrong).
    pub over_reliance_on_disagreement: Figure,
    /// P(final is not AI's | AI right).
    pub under_reliance: Figure,
    /// P(final = AI | first answer differs).
    pub switch_fraction: Figure,
    /// The counts behind it, in a fixed order; cells that cannot occur are left out.
    pub map: Vec<RelianceCell>,
}

impl From<&Reliance> for rehearsal::findings::Reliance {
    fn from(r: &Reliance) -> Self {
        let figures = [&r.rair, &r.rsr, &r.over_reliance, &r.over_reliance_on_disagreement, &r.under_reliance, &r.switch_fraction];
        let reasons: Vec<&str> = figures.iter().filter_map(|f| f.reason()).collect();
        Self {
            // The rehearsal measures it on all answers after advice, also where none before it is known.
            override_rate: None,
            rair: r.rair.estimate(),
            rsr: r.rsr.estimate(),
            over_reliance: r.over_reliance.estimate(),
            over_reliance_on_disagreement: r.over_reliance_on_disagreement.estimate(),
            under_reliance: r.under_reliance.estimate(),
            switch_fraction: r.switch_fraction.estimate(),
            map: r.map.clone(),
            notes: vec![BLIND_NOTE.to_owned()],
            reason: (!reasons.is_empty()).then(|| reasons.join(" ")),
        }
    }
}

/// Why a figure is undefined, in the order of [`contributions`].
pub(crate) const CELLS: [&str; 6] = [
    "No case in which the person was wrong and the AI right.",
    "No case in which the person was right and the AI wrong.",
    "No case in which the AI was wrong.",
    "No case in which the first answer differed from a wrong AI.",
    "No case in which the AI was right.",
    "No case in which the first answer differed from the AI.",
];

/// What a case says to each figure, in the order of the members of [`Reliance`]: `None` where it is none of its cases, else whether it
/// counts.
#[must_use]
pub fn contributions(truth: u32, ai: u32, initial: u32, last: u32) -> [Option<bool>; 6] {
    let (human_right, ai_right, right) = (initial == truth, ai == truth, last == truth);
    let (agreed, followed) = (initial == ai, last == ai);
    [
        (!human_right && ai_right).then_some(right),
        (human_right && !ai_right).then_some(right),
        (!ai_right).then_some(followed),
        (!ai_right && !agreed).then_some(followed),
        ai_right.then_some(!followed),
        (!agreed).then_some(followed),
    ]
}

/// Measures reliance. Intervals are Wilson's where rows are independent, and Wilson's on the effective number of rows where they
/// are clustered ([`Sums::share`]); the `n` of each figure is the rows of its own cell.
///
/// # Errors
/// [`Error::Input`] where lengths differ, [`Error::CannotSay`] where there are no rows or only one cluster.
pub fn measure(answers: &Answers<'_>, clusters: Clusters<'_>, options: &Options) -> Result<Reliance> {
    let rows = answers.rows()?;
    let columns = Columns::from_fn(rows, 2 * CELLS.len(), |i, out| {
        let at = |answers: &[u32]| answers.get(i).copied().unwrap_or(0);
        let cells = contributions(at(answers.truth), at(answers.ai), at(answers.initial), at(answers.last));
        for (pair, cell) in out.chunks_exact_mut(2).zip(cells) {
            pair.copy_from_slice(&[f64::from(cell == Some(true)), f64::from(cell.is_some())]);
        }
    });
    let sums = bootstrap::draw(&columns, clusters, options.draws, options.seed)?;
    let figure = |cell: usize| share(&sums, 2 * cell, clusters, options.level, CELLS.get(cell).copied().unwrap_or_default());
    Ok(Reliance {
        rair: figure(0)?,
        rsr: figure(1)?,
        over_reliance: figure(2)?,
        over_reliance_on_disagreement: figure(3)?,
        under_reliance: figure(4)?,
        switch_fraction: figure(5)?,
        map: map(answers)?,
    })
}

/// The share of column `at` in the column after it.
pub(crate) fn share(sums: &Sums, at: usize, clusters: Clusters<'_>, level: f64, empty: &str) -> Result<Figure> {
    let (above, below) = (sums.point().get(at).copied().unwrap_or(0.0), sums.point().get(at + 1).copied().unwrap_or(0.0));
    if below == 0.0 {
        return Ok(Figure::Undefined { reason: empty.to_owned() });
    }
    if clusters.is_rows() {
        return Ok(Figure::Known(interval::wilson(above as u64, below as u64, level)?));
    }
    match sums.share(at, at + 1, level) {
        Ok(estimate) => Ok(Figure::Known(estimate)),
        Err(Error::CannotSay(why)) => Ok(Figure::Undefined { reason: format!("Only {below:.0} case(s): {why}.") }),
        Err(error) => Err(error),
    }
}

/// The counts behind the figures, in a fixed order.
///
/// # Errors
/// As [`measure`].
pub(crate) fn map(answers: &Answers<'_>) -> Result<Vec<RelianceCell>> {
    let rows = answers.rows()?;
    let mut cells: Vec<RelianceCell> =
        [(true, true, true), (true, false, false), (false, true, false), (false, false, true), (false, false, false)]
            .map(|(human_right, ai_right, agreed)| RelianceCell {
                human_right,
                ai_right,
                agreed,
                followed: 0,
                kept: 0,
                neither: 0,
                right: 0,
            })
            .into();
    for i in 0..rows {
        let row = answers.row(i);
        let same = |c: &&mut RelianceCell| (c.human_right, c.ai_right, c.agreed) == (row.human_right, row.ai_right, row.agreed);
        if let Some(cell) = cells.iter_mut().find(same) {
            cell.followed += u64::from(row.followed);
            cell.kept += u64::from(row.kept && !row.followed);
            cell.neither += u64::from(!row.kept && !row.followed);
            cell.right += u64::from(row.right);
        }
    }
    Ok(cells)
}
