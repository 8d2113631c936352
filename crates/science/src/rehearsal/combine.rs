//! The achievable pair of one part: [`combination::Achievable`] chosen and fitted on the fitted rows of a [`Stage`], and what it
//! says of the others. Combines nothing itself.

use crate::{
    combination::{Achievable, CLASSES_OWN_MAX, Crossed, Method, Rows},
    error::Result,
    probabilities::{Probabilities, ProbabilityTable},
    random::Random,
    rehearsal::{
        data::{Codes, Data, NONE},
        stage::Stage,
    },
};

/// Work of one step of the dearest fit, in products: with many classes it is fitted on fewer rows, which tell its weights as well.
const WORK_MAX: usize = 100_000_000;
const STREAM: u64 = 0x636f_6d62;

/// What the achievable pair is in one part.
#[derive(Debug)]
pub struct Combined {
    /// The method that was chosen inside of the fitted rows.
    pub method: Method,
    /// Its answers to fitted rows by fits that had not seen them, by row of the stage; [`NONE`] where there is none.
    pub crossed: Vec<u32>,
    /// Judged rows of the stage on which a person answered alone, ascending.
    pub rows: Vec<usize>,
    /// The combined probabilities of these.
    pub table: ProbabilityTable,
}

/// The achievable pair; `None` where no person answered alone, or nothing can be fitted.
#[must_use]
pub fn combine(data: &Data, stage: &Stage, seed: u64, at: u64) -> Option<Combined> {
    let alone = |row: &usize| stage.cases.get(*row).is_some_and(|case| case.human != NONE);
    let fit: Vec<usize> = thinned((0..stage.fitted).filter(alone).collect(), stage.classes, seed, at);
    let judge: Vec<usize> = (stage.fitted..stage.cases.len()).filter(alone).collect();
    if fit.is_empty() || judge.is_empty() {
        return None;
    }
    fitted(data, stage, &fit, judge).ok()
}

fn fitted(data: &Data, stage: &Stage, fit: &[usize], judge: Vec<usize>) -> Result<Combined> {
    let (known, asked) = (Own::of(data, stage, fit), Own::of(data, stage, &judge));
    let Crossed { chosen, answers } = Achievable::fit_crossed(methods(stage.classes), &known.view()?, &known.labels)?;
    let mut crossed = vec![NONE; stage.fitted];
    for (row, answer) in fit.iter().zip(answers) {
        if let (Some(cell), Some(answer)) = (crossed.get_mut(*row), answer) {
            *cell = answer;
        }
    }
    Ok(Combined { method: chosen.method(), crossed, table: chosen.apply(&asked.view()?)?, rows: judge })
}

/// Beyond so many classes that none has weights of its own, weighing adds nothing to the product but time.
fn methods(classes: usize) -> &'static [Method] {
    if classes <= CLASSES_OWN_MAX { &Method::ALL } else { &[Method::Ai, Method::Product] }
}

/// So many of the rows, drawn at random, that the dearest fit stays within [`WORK_MAX`].
fn thinned(rows: Vec<usize>, classes: usize, seed: u64, at: u64) -> Vec<usize> {
    let weights = if classes <= CLASSES_OWN_MAX { 2 * classes } else { 0 };
    let most = WORK_MAX / (64 * classes + weights * weights / 2).max(1);
    some(rows, most, &mut Random::new(seed, STREAM + at))
}

/// About `most` of the rows at most, each with the same chance.
pub fn some<T>(mut rows: Vec<T>, most: usize, random: &mut Random) -> Vec<T> {
    if rows.len() > most {
        let share = most as f64 / rows.len() as f64;
        rows.retain(|_| random.uniform() < share);
    }
    rows
}

/// Columns of some rows of a stage, as [`Rows`] want them.
struct Own {
    classes: usize,
    values: Vec<f64>,
    answers: Vec<u32>,
    labels: Vec<u32>,
    people: Option<Vec<u32>>,
    confidences: Option<Vec<f64>>,
    items: Option<Vec<u32>>,
}

impl Own {
    fn of(data: &Data, stage: &Stage, rows: &[usize]) -> Self {
        let cases = || rows.iter().filter_map(|row| stage.cases.get(*row));
        let code = |codes: &Codes| cases().map(|case| codes.codes.get(case.row as usize).copied().unwrap_or(0)).collect::<Vec<u32>>();
        let classes = stage.classes;
        let values = match &data.ai_probabilities {
            // As they are: the combination calibrates them itself, inside of its own folds.
            Some(p) => cases()
                .flat_map(|case| p.get(case.row as usize * classes..(case.row as usize + 1) * classes).unwrap_or_default().iter().copied())
                .collect(),
            None => rows.iter().flat_map(|row| stage.row(*row).iter().copied()).collect(),
        };
        let confidences: Vec<f64> = cases().map(|case| case.confidence).collect();
        Self {
            classes,
            values,
            answers: cases().map(|case| case.human).collect(),
            labels: cases().map(|case| case.truth).collect(),
            people: data.person.as_ref().filter(|codes| codes.names.len() > 1 && codes.names.len() < codes.codes.len()).map(code),
            confidences: confidences.iter().any(|c| !c.is_nan()).then_some(confidences),
            items: data.item.as_ref().map(code),
        }
    }

    fn view(&self) -> Result<Rows<'_>> {
        Ok(Rows {
            probabilities: Probabilities::new(&self.values, self.classes)?,
            answers: &self.answers,
            people: self.people.as_deref(),
            confidences: self.confidences.as_deref(),
            items: self.items.as_deref(),
        })
    }
}
