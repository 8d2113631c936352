//! Training: examples in; a model and an honest report out. Every figure of the report stands on rows that the model judged without
//! having seen them, nor the other rows of their case. Learns only from what it is handed: whoever calls hands in independent
//! answers and outcomes, never answers that were given after advice.
//!
//! There are two ways to learn (`way`), the text model's and the trees', and both are judged by the same code on the same folds; [`train_best`] holds
//! one against the other. What is known of a model is said by [`report`](super::report).

pub use super::report::{Beside, ClassReport, CurvePoint, Report};
use super::{
    file::CLASSES_MAX,
    fit::Weights,
    model::{Parts, TextModel},
    report::spread,
    rows::{Vocabulary, count},
    way::{Boosted, Learned, Linear, Way as _},
};
use crate::{
    input::Input,
    trees::{
        columns::{Columns, Table},
        grow::Forest,
        model::{Parts as TreesParts, TreesModel},
    },
};
use countersign_science::{estimate::Estimate, interval, random::Random};
use std::collections::{BTreeMap, BTreeSet};

/// Examples that a model needs at least.
pub const EXAMPLES_MIN: usize = 40;
/// Examples of at least two answers each that it needs.
pub const EXAMPLES_OF_ANSWER_MIN: usize = 5;
/// Of the examples, how many were not sought, at least: figures rest on these.
pub const EXAMPLES_UNSOUGHT_MIN: usize = 20;
/// Examples that are taken at most.
pub const EXAMPLES_MAX: usize = 1_000_000;
/// Rows whose judgment by held-out folds is enough for every figure: of larger data fewer folds are judged.
pub(super) const JUDGED_ENOUGH: usize = 10_000;
/// Folds.
pub(super) const FOLDS: usize = 5;
/// Sizes at which the learning curve is measured.
pub(super) const CURVE: [usize; 3] = [100, 300, 1_000];
/// Answers that trees tell apart at most: every one has trees of its own.
pub const TREES_CLASSES_MAX: usize = 100;
/// The level of every interval.
pub(super) const LEVEL: f64 = 0.95;
/// Latest answers of a person that are held against their earlier ones.
pub(super) const FLIP_WINDOW: usize = 20;
/// The level at which a flip is called one: many people are looked at in every training.
pub(super) const FLIP_LEVEL: f64 = 0.999;

/// One labelled case.
#[derive(Debug, Clone, PartialEq)]
pub struct Example {
    /// What the model may see.
    pub input: Input,
    /// The right answer, as far as is known.
    pub answer: String,
    /// The case: its rows are never torn apart, and together weigh as much as one.
    pub case: String,
    /// Who answered; `None` for an outcome.
    pub person: Option<String>,
    /// When, in microseconds; the order of a person's answers.
    pub at: i64,
    /// It was gathered because a model would learn from it: it teaches, and no figure rests on it.
    pub sought: bool,
    /// Which groups the case is in, by audited field: what the model is checked for and never sees.
    pub groups: Vec<(String, String)>,
}

/// How to train.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// The answers there are, in the playbook's order.
    pub classes: Vec<String>,
    /// Which folds are drawn.
    pub seed: u64,
    /// Inverse strength of the penalty on weights.
    pub c: f64,
    /// The largest share of all answers that one person contributes; what is more weighs less.
    pub share_max: f64,
}

impl Options {
    /// The usual ones.
    #[must_use]
    pub fn new(classes: Vec<String>) -> Self {
        Self { classes, seed: 1, c: 4.0, share_max: 0.5 }
    }
}

/// Why nothing can be learned.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TrainError {
    /// There are no examples, or too few.
    #[error("{0} examples teach nothing: {EXAMPLES_MIN} are the least, of at least two answers with {EXAMPLES_OF_ANSWER_MIN} each")]
    TooFew(usize),
    /// Nothing can be said of what comes out.
    #[error("all but {0} examples were sought for what they teach: {EXAMPLES_UNSOUGHT_MIN} others are the least that figures rest on")]
    Sought(usize),
    /// There are too many.
    #[error("{0} examples are more than the {EXAMPLES_MAX} that are taken")]
    TooMany(usize),
    /// All say the same, or nearly.
    #[error("only {0:?} has {EXAMPLES_OF_ANSWER_MIN} examples or more: with one answer there is nothing to tell apart")]
    OneClass(String),
    /// No example has anything to read.
    #[error("none of the examples has anything that the model may read")]
    NothingToRead,
    /// There are so many answers that trees would be too many.
    #[error("trees tell apart 2 to {TREES_CLASSES_MAX} answers, and here are {0}: the text model takes more")]
    ManyClasses(usize),
    /// The answers themselves cannot be.
    #[error("a model tells apart 2 to {CLASSES_MAX} answers, and here are {0}")]
    Classes(usize),
    /// An example has an answer that is none.
    #[error("{0:?} is none of the answers")]
    UnknownAnswer(String),
}

/// How far training is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// What is done: a sentence part.
    pub step: &'static str,
    /// Fits done and to do.
    pub done: usize,
    /// To do.
    pub total: usize,
}

/// Learns: the text model.
///
/// # Errors
/// Where the examples cannot teach anything; see [`TrainError`].
pub fn train(
    examples: &[Example],
    options: &Options,
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<(TextModel, Report), TrainError> {
    let prepared = Prepared::of(examples, options)?;
    let learned = prepared.text()?.learn(&prepared, options, progress);
    Ok((prepared.text_model(&learned, options), learned.report))
}

/// Learns: trees.
///
/// # Errors
/// Where the examples cannot teach anything; see [`TrainError`].
pub fn train_trees(
    examples: &[Example],
    options: &Options,
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<(TreesModel, Report), TrainError> {
    let prepared = Prepared::of(examples, options)?;
    let learned = prepared.trees(options)?.learn(&prepared, options, progress);
    Ok((prepared.trees_model(&learned, options), learned.report))
}

/// One of both.
#[derive(Debug)]
pub enum Best {
    /// The text model.
    Text(Box<TextModel>),
    /// The trees.
    Trees(Box<TreesModel>),
}

/// Learns both and takes the trees where they are shown to be right more often, on the same held-out cases (the interval of the paired difference lies above
/// nothing); else the text model, which says more of why. The report tells of the other one as well. Picking the better of two makes its own
/// figure a little too good: the difference is what to look at, and the shadow.
///
/// # Errors
/// Where the examples cannot teach anything; see [`TrainError`].
pub fn train_best(
    examples: &[Example],
    options: &Options,
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<(Best, Report), TrainError> {
    let prepared = Prepared::of(examples, options)?;
    let (text, trees) = (prepared.text(), prepared.trees(options));
    let (text, trees) = match (text, trees) {
        (Ok(text), Ok(trees)) => (text.learn(&prepared, options, progress), trees.learn(&prepared, options, progress)),
        // Only one of them has anything to learn from.
        (Err(_), Ok(trees)) => {
            let learned = trees.learn(&prepared, options, progress);
            return Ok((Best::Trees(Box::new(prepared.trees_model(&learned, options))), learned.report));
        }
        (text, Err(_)) => {
            let learned = text?.learn(&prepared, options, progress);
            return Ok((Best::Text(Box::new(prepared.text_model(&learned, options))), learned.report));
        }
    };
    let gain = prepared.difference(&trees.right, &text.right);
    if gain.as_ref().is_some_and(|gain| gain.low > 0.0) {
        let beside = gain.map(|difference| Beside { kind: "text".into(), accuracy: text.report.accuracy, difference });
        let model = prepared.trees_model(&trees, options);
        return Ok((Best::Trees(Box::new(model)), Report { beside, ..trees.report }));
    }
    let turned = |gain: Estimate| Estimate { value: 0.0 - gain.value, low: 0.0 - gain.high, high: 0.0 - gain.low, n: gain.n };
    let beside = gain.map(|gain| Beside { kind: "trees".into(), accuracy: trees.report.accuracy, difference: turned(gain) });
    let model = prepared.text_model(&text, options);
    Ok((Best::Text(Box::new(model)), Report { beside, ..text.report }))
}

/// Examples as they are learned from, whichever way.
pub(super) struct Prepared<'a> {
    pub ordered: Vec<&'a Example>,
    pub labels: Vec<u32>,
    pub weights: Vec<f64>,
    pub capped: Vec<(f64, f64)>,
    pub folds: Vec<usize>,
}

impl<'a> Prepared<'a> {
    fn of(examples: &'a [Example], options: &Options) -> Result<Self, TrainError> {
        let ordered = ordered(examples);
        let labels = checked(&ordered, options)?;
        let (weights, capped) = weights(&ordered, options.share_max);
        let folds = folds(&ordered, options.seed);
        Ok(Self { ordered, labels, weights, capped, folds })
    }

    fn inputs(&self) -> Vec<&'a Input> {
        self.ordered.iter().map(|example| &example.input).collect()
    }

    fn text(&self) -> Result<Linear, TrainError> {
        let rows = count(&self.inputs());
        if rows.iter().all(Vec::is_empty) { Err(TrainError::NothingToRead) } else { Ok(Linear { rows }) }
    }

    fn trees(&self, options: &Options) -> Result<Boosted, TrainError> {
        if options.classes.len() > TREES_CLASSES_MAX {
            return Err(TrainError::ManyClasses(options.classes.len()));
        }
        let table = Table::of(&self.inputs());
        if table.is_empty() { Err(TrainError::NothingToRead) } else { Ok(Boosted { table }) }
    }

    fn text_model(&self, learned: &Learned<(Vocabulary, Weights)>, options: &Options) -> TextModel {
        let to_f32 = |values: &[f64]| values.iter().map(|value| *value as f32).collect::<Vec<f32>>();
        let (vocabulary, fitted) = &learned.fitted;
        TextModel::of(Parts {
            classes: options.classes.clone(),
            vocabulary: vocabulary.clone(),
            weights: to_f32(&fitted.features),
            intercepts: to_f32(&fitted.intercepts),
            temperature: learned.temperature,
            spread: spread(self.labels.len(), options.classes.len()),
            rows: self.labels.len() as u64,
            data: learned.report.data.clone(),
        })
    }

    fn trees_model(&self, learned: &Learned<(Columns, Forest)>, options: &Options) -> TreesModel {
        let (columns, forest) = &learned.fitted;
        TreesModel::of(TreesParts {
            classes: options.classes.clone(),
            columns: columns.clone(),
            forest: forest.clone(),
            temperature: learned.temperature,
            spread: spread(self.labels.len(), options.classes.len()),
            rows: self.labels.len() as u64,
            data: learned.report.data.clone(),
        })
    }

    /// By how much one is right more often than the other, case by case.
    fn difference(&self, one: &[(usize, bool)], other: &[(usize, bool)]) -> Option<Estimate> {
        let other: BTreeMap<usize, bool> = other.iter().copied().collect();
        let mut of_case: BTreeMap<&str, (f64, f64)> = BTreeMap::new();
        for (row, right) in one {
            let (case, there) = (self.ordered.get(*row)?.case.as_str(), other.get(row)?);
            let slot = of_case.entry(case).or_default();
            *slot = (slot.0 + f64::from(u8::from(*right)) - f64::from(u8::from(*there)), slot.1 + 1.0);
        }
        let differences: Vec<f64> = of_case.values().map(|(sum, rows)| sum / rows).collect();
        interval::mean_t(&differences, LEVEL).ok()
    }
}

/// By time, so that the order in which they are handed in changes nothing.
fn ordered(examples: &[Example]) -> Vec<&Example> {
    let mut ordered: Vec<&Example> = examples.iter().collect();
    ordered.sort_by(|a, b| (a.at, &a.case, &a.person, &a.answer).cmp(&(b.at, &b.case, &b.person, &b.answer)));
    ordered
}

fn checked(examples: &[&Example], options: &Options) -> Result<Vec<u32>, TrainError> {
    if !(2..=CLASSES_MAX).contains(&options.classes.len()) {
        return Err(TrainError::Classes(options.classes.len()));
    }
    if examples.len() > EXAMPLES_MAX {
        return Err(TrainError::TooMany(examples.len()));
    }
    let places: BTreeMap<&str, u32> = options.classes.iter().enumerate().map(|(at, class)| (class.as_str(), at as u32)).collect();
    let label = |example: &&Example| places.get(example.answer.as_str()).copied().ok_or_else(|| example.answer.clone());
    let labels: Vec<u32> = examples.iter().map(label).collect::<Result<_, _>>().map_err(TrainError::UnknownAnswer)?;
    if labels.len() < EXAMPLES_MIN {
        return Err(TrainError::TooFew(labels.len()));
    }
    let unsought = examples.iter().filter(|example| !example.sought).count();
    if unsought < EXAMPLES_UNSOUGHT_MIN {
        return Err(TrainError::Sought(unsought));
    }
    let count = |class: usize| labels.iter().filter(|label| **label as usize == class).count();
    let enough: Vec<&String> =
        options.classes.iter().enumerate().filter(|(at, _)| count(*at) >= EXAMPLES_OF_ANSWER_MIN).map(|(_, c)| c).collect();
    match enough.as_slice() {
        [] => Err(TrainError::TooFew(labels.len())),
        [only] => Err(TrainError::OneClass((*only).clone())),
        _ => Ok(labels),
    }
}

/// What each row weighs: the rows of a case together as much as one, and no person more than the share; and the shares that were capped.
fn weights(examples: &[&Example], share_max: f64) -> (Vec<f64>, Vec<(f64, f64)>) {
    let mut of_case: BTreeMap<&str, f64> = BTreeMap::new();
    examples.iter().for_each(|example| *of_case.entry(&example.case).or_default() += 1.0);
    let mut out: Vec<f64> = examples.iter().map(|example| 1.0 / of_case.get(example.case.as_str()).copied().unwrap_or(1.0)).collect();
    let mut by_person: BTreeMap<&str, f64> = BTreeMap::new();
    let mut unowned = 0.0;
    for (example, weight) in examples.iter().zip(&out) {
        match &example.person {
            Some(person) => *by_person.entry(person).or_default() += weight,
            None => unowned += weight,
        }
    }
    let all: f64 = by_person.values().sum::<f64>() + unowned;
    // With one or two people nobody can keep below a small share; then each counts the same.
    let people = by_person.len() + usize::from(unowned > 0.0);
    let share = share_max.max(1.0 / people.max(1) as f64);
    let mut sum = all;
    for _ in 0..100 {
        // The largest whole in which nobody has more than their share: each round lowers it towards that.
        let next = unowned + by_person.values().map(|weight| weight.min(share * sum)).sum::<f64>();
        if (sum - next).abs() <= 1e-12 * all {
            break;
        }
        sum = next;
    }
    let mut capped = Vec::new();
    let mut factors: BTreeMap<&str, f64> = BTreeMap::new();
    for (person, weight) in &by_person {
        let kept = weight.min(share * sum);
        if kept < weight * (1.0 - 1e-9) {
            factors.insert(person, kept / weight);
            capped.push((weight / all, kept / sum));
        }
    }
    for (example, weight) in examples.iter().zip(&mut out) {
        if let Some(factor) = example.person.as_deref().and_then(|person| factors.get(person)) {
            *weight *= factor;
        }
    }
    (out, capped)
}

/// The fold of every row: cases are dealt out in random order.
fn folds(examples: &[&Example], seed: u64) -> Vec<usize> {
    let mut cases: Vec<&str> = examples.iter().map(|e| e.case.as_str()).collect::<BTreeSet<_>>().into_iter().collect();
    Random::new(seed, 0).shuffle(&mut cases);
    let of_case: BTreeMap<&str, usize> = cases.iter().enumerate().map(|(at, case)| (*case, at % FOLDS)).collect();
    examples.iter().map(|example| of_case.get(example.case.as_str()).copied().unwrap_or(0)).collect()
}
