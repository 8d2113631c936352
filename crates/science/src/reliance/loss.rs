//! [`LossSplit`]: what imperfect reliance costs, split into relying too much or too little, and relying on the wrong cases. Says
//! nothing about cases on which person and AI agreed from the start.

use serde::{Deserialize, Serialize};

use super::Answers;
use crate::bootstrap::{self, Clusters, Columns, Options};
use crate::error::{Error, Result};
use crate::estimate::Estimate;

/// Beyond this many signals the benchmark learns the rows by heart.
pub const SIGNALS_MAX: usize = 32;
/// Columns before those of the signals: rows, disagreements, followed, right at last.
const FIXED: usize = 4;
/// Columns a signal: disagreements, AI right, first answer right.
const PER_SIGNAL: usize = 3;

/// The loss against a rational decider who sees the same signal and chooses between the first answer and the AI wherever they differ
/// (Guo, Wu, Hartline, Hullman, "A decision theoretic framework for measuring AI reliance", FAccT 2024). In points of accuracy over
/// *all* rows, so the parts add up to what could be gained.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LossSplit {
    /// Lost by relying too often or too seldom: the rational decider, less one who must follow as often as people did, but picks the
    /// best cases for it.
    pub mis_reliance: Estimate,
    /// Lost by following in the wrong cases: the latter, less the people.
    pub discrimination: Estimate,
    /// The sum of both.
    pub total: Estimate,
    /// What the rational decider gains over always taking the better of the two: the most that telling cases apart is worth.
    pub worth: Estimate,
    /// Share of disagreements in which people followed.
    pub followed: Estimate,
    /// The same of the rational decider; within the rows at hand.
    pub followed_best: Estimate,
}

/// Splits the loss. `signal` is what both deciders can tell cases apart by, as a code a row below [`SIGNALS_MAX`]: bins of the AI's
/// confidence, of the person's, or of both. It is judged on the rows that it is learned from, so keep it coarse.
///
/// # Errors
/// [`Error::Input`] where lengths differ or a signal is too large; [`Error::CannotSay`] where person and AI never differ, or there is
/// one cluster only.
pub fn loss_split(answers: &Answers<'_>, signal: &[u32], clusters: Clusters<'_>, options: &Options) -> Result<LossSplit> {
    let rows = answers.rows()?;
    if signal.len() != rows {
        return Err(Error::input("signal", format!("{} signals for {rows} rows; there must be one a row", signal.len())));
    }
    let signals = signal.iter().copied().max().unwrap_or(0) as usize + 1;
    if signals > SIGNALS_MAX {
        return Err(Error::input("signal", format!("{signals} different signals; at most {SIGNALS_MAX}, so put a number into bins first")));
    }
    let columns = Columns::from_fn(rows, FIXED + PER_SIGNAL * signals, |i, out| {
        let row = answers.row(i);
        if let Some(first) = out.first_mut() {
            *first = 1.0;
        }
        if row.agreed {
            return;
        }
        let from = FIXED + PER_SIGNAL * signal.get(i).map_or(0, |s| *s as usize);
        let fixed = [1.0, f64::from(row.followed), f64::from(row.right)];
        out.iter_mut().skip(1).zip(fixed).for_each(|(o, v)| *o = v);
        out.iter_mut().skip(from).zip([1.0, f64::from(row.ai_right), f64::from(row.human_right)]).for_each(|(o, v)| *o = v);
    });
    let sums = bootstrap::draw(&columns, clusters, options.draws, options.seed)?;
    if sums.point().get(1) == Some(&0.0) {
        return Err(Error::cannot_say("person and AI never differ before advice, so there is no reliance to judge"));
    }
    let figure = |of: fn(&Split) -> f64| sums.percentile(options.level, |s| split(s).map(|split| of(&split)));
    Ok(LossSplit {
        mis_reliance: figure(|s| (s.rational - s.constrained) / s.rows)?,
        discrimination: figure(|s| (s.constrained - s.people) / s.rows)?,
        total: figure(|s| (s.rational - s.people) / s.rows)?,
        worth: figure(|s| (s.rational - s.baseline) / s.rows)?,
        followed: figure(|s| s.followed / s.differing)?,
        followed_best: figure(|s| s.followed_best / s.differing)?,
    })
}

/// Right answers among disagreements, as counts.
struct Split {
    rows: f64,
    differing: f64,
    followed: f64,
    followed_best: f64,
    people: f64,
    rational: f64,
    constrained: f64,
    baseline: f64,
}

fn split(sums: &[f64]) -> Option<Split> {
    let [rows, differing, followed, people] = *sums.first_chunk::<FIXED>()?;
    if differing <= 0.0 {
        return None;
    }
    let mut cells: Vec<[f64; 3]> = sums.get(FIXED..)?.chunks_exact(PER_SIGNAL).filter_map(|c| c.first_chunk().copied()).collect();
    cells.retain(|[n, _, _]| *n > 0.0);
    let total = |of: fn(&[f64; 3]) -> f64| cells.iter().map(of).sum::<f64>();
    let (ai, human) = (total(|[_, ai, _]| *ai), total(|[_, _, human]| *human));
    let rational = total(|[_, ai, human]| ai.max(*human));
    let followed_best = total(|[n, ai, human]| if ai > human { *n } else { 0.0 });
    // Whoever must follow `followed` times does so first where the AI gains most a case.
    cells.sort_by(|a, b| gain(b).total_cmp(&gain(a)));
    let (mut left, mut constrained) = (followed, human);
    for cell in &cells {
        let [n, _, _] = cell;
        let taken = left.min(*n);
        constrained += taken * gain(cell);
        left -= taken;
    }
    Some(Split { rows, differing, followed, followed_best, people, rational, constrained, baseline: ai.max(human) })
}

/// What following gains a case of this signal.
fn gain([n, ai, human]: &[f64; 3]) -> f64 {
    (ai - human) / n
}
