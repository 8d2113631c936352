//! Training: examples in; a model and an honest report out. Every figure of the report stands on rows that the model judged without
//! having seen them, nor the other rows of their case. Learns only from what it is handed: whoever calls hands in independent
//! answers and outcomes, never answers that were given after advice.

use super::{
    file::CLASSES_MAX,
    fit::{Weights, fit, softmax},
    groups::{GroupReport, groups},
    model::{Parts, TextModel},
    rows::{Counted, Matrix, Vocabulary, count, weigh},
};
use crate::input::Input;
use countersign_science::{
    bootstrap::{Clusters, Options as Draws},
    calibration::Temperature,
    estimate::Estimate,
    interval,
    random::Random,
    score::{BINS_DEFAULT, Binning, calibration_error},
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
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
const JUDGED_ENOUGH: usize = 10_000;
/// Folds.
const FOLDS: usize = 5;
/// Sizes at which the learning curve is measured.
const CURVE: [usize; 3] = [100, 300, 1_000];
/// The level of every interval.
const LEVEL: f64 = 0.95;
/// Latest answers of a person that are held against their earlier ones.
const FLIP_WINDOW: usize = 20;
/// The level at which a flip is called one: many people are looked at in every training.
const FLIP_LEVEL: f64 = 0.999;

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

/// A point of the learning curve.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CurvePoint {
    /// Examples learned from.
    pub examples: usize,
    /// How often the likeliest answer was right, on cases that were held out.
    pub accuracy: Estimate,
}

/// How an answer is recognised.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClassReport {
    /// The answer.
    pub answer: String,
    /// Examples of it.
    pub examples: u64,
    /// Share of its held-out examples that were recognised; `None` where there are none.
    pub recalled: Option<Estimate>,
}

/// What is known of a model: facts and intervals, no praise.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Examples learned from.
    pub examples: u64,
    /// Cases they come from.
    pub cases: u64,
    /// People they come from.
    pub people: u64,
    /// Of the examples, those that are outcomes.
    pub outcomes: u64,
    /// Of the examples, those that were sought for what they teach: every figure rests on the others.
    #[serde(default)]
    pub sought: u64,
    /// The fields that it learned from; empty on cards from before this was kept.
    #[serde(default)]
    pub fields: Vec<String>,
    /// SHA-256 over all examples, in hex.
    pub data: String,
    /// The seed of the folds.
    pub seed: u64,
    /// How often the likeliest answer was right on held-out cases.
    pub accuracy: Estimate,
    /// How often always giving the commonest answer would have been right there.
    pub commonest: Estimate,
    /// Expected calibration error of the likeliest answer (15 bins), on held-out cases, calibrated on others.
    pub calibration_error: Estimate,
    /// Mean log loss there, in nats.
    pub log_loss: f64,
    /// Each answer.
    pub classes: Vec<ClassReport>,
    /// What more examples bring.
    pub curve: Vec<CurvePoint>,
    /// How often it errs in each group of an audited field; empty where no field is audited.
    #[serde(default)]
    pub groups: Vec<GroupReport>,
    /// A pair for each person whose answers weigh less, since they gave more than one may contribute: share given, share counted. Who
    /// it is is not kept.
    #[serde(default)]
    pub shares_capped: Vec<(f64, f64)>,
    /// What somebody should look at.
    pub warnings: Vec<String>,
}

/// Learns.
///
/// # Errors
/// Where the examples cannot teach anything; see [`TrainError`].
pub fn train(
    examples: &[Example],
    options: &Options,
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<(TextModel, Report), TrainError> {
    let ordered = ordered(examples);
    let labels = checked(&ordered, options)?;
    let inputs: Vec<&Input> = ordered.iter().map(|example| &example.input).collect();
    let rows = count(&inputs);
    if rows.iter().all(Vec::is_empty) {
        return Err(TrainError::NothingToRead);
    }
    let (weights, capped) = weights(&ordered, options.share_max);
    let folds = folds(&ordered, options.seed);
    let work = Work { rows: &rows, labels: &labels, weights: &weights, folds: &folds, options };
    let judged_folds = JUDGED_ENOUGH.div_ceil((rows.len() / FOLDS).max(1)).clamp(1, FOLDS);
    let sizes: Vec<usize> = CURVE.into_iter().filter(|size| *size < work.training_rows(0).len()).collect();
    let total = judged_folds + sizes.len() + 1;
    let mut done = 0;
    let mut tell = |step, progress: &mut (dyn FnMut(Progress) + Send)| {
        progress(Progress { step, done, total });
        done += 1;
    };
    let (mut judged, mut first) = (Vec::new(), None);
    for fold in 0..judged_folds {
        tell("judging held-out cases", progress);
        let fitted = work.fit(&work.training_rows(fold), None);
        judged.extend(work.judge(&fitted, fold));
        first.get_or_insert(fitted);
    }
    let mut curve = Vec::new();
    for size in sizes {
        tell("measuring what more examples bring", progress);
        let training = work.training_rows(0);
        let part = work.spread_out(&training, size);
        let held_out = work.judge(&work.fit(&part, None), 0);
        let held_out = held_out.iter().filter(|one| ordered.get(one.row).is_some_and(|example| !example.sought));
        let right: Vec<(usize, bool)> = held_out.map(|one| (one.row, one.right(&labels))).collect();
        if let Some(accuracy) = by_case(&ordered, &right, LEVEL) {
            curve.push(CurvePoint { examples: size, accuracy });
        }
    }
    tell("learning from all cases", progress);
    let all: Vec<usize> = (0..rows.len()).collect();
    let (vocabulary, fitted) = work.fit(&all, first.as_ref());
    // What was sought is harder than what comes in: a model that is calibrated on it would be too modest, and look worse than it is.
    judged.retain(|one| ordered.get(one.row).is_some_and(|example| !example.sought));
    let calibration = Calibration::of(&judged, &labels, options.classes.len(), None);
    let mut report = report(&ordered, &labels, &judged, options, capped);
    report.warnings.extend(flips(&ordered, &judged, &labels));
    report.warnings.extend(thin(&report, examples.len()));
    report.curve = curve;
    let right: Vec<(usize, bool)> = judged.iter().map(|one| (one.row, one.right(&labels))).collect();
    let (by_group, unlike) = groups(&ordered, &right, LEVEL);
    report.groups = by_group;
    report.warnings.extend(unlike);
    let to_f32 = |values: &[f64]| values.iter().map(|value| *value as f32).collect::<Vec<f32>>();
    let model = TextModel::of(Parts {
        classes: options.classes.clone(),
        vocabulary,
        weights: to_f32(&fitted.features),
        intercepts: to_f32(&fitted.intercepts),
        temperature: calibration.temperature,
        spread: spread(rows.len(), options.classes.len()),
        rows: rows.len() as u64,
        data: report.data.clone(),
    });
    progress(Progress { step: "done", done: total, total });
    Ok((model, report))
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

struct Work<'a> {
    rows: &'a [Counted],
    labels: &'a [u32],
    weights: &'a [f64],
    folds: &'a [usize],
    options: &'a Options,
}

/// What was said of a held-out row.
struct Judged {
    row: usize,
    fold: usize,
    logits: Vec<f64>,
}

impl Judged {
    fn likeliest(&self) -> usize {
        let mut best = 0;
        for (at, logit) in self.logits.iter().enumerate() {
            if self.logits.get(best).is_some_and(|most| logit > most) {
                best = at;
            }
        }
        best
    }

    fn right(&self, labels: &[u32]) -> bool {
        labels.get(self.row).is_some_and(|label| *label as usize == self.likeliest())
    }
}

impl Work<'_> {
    fn training_rows(&self, fold: usize) -> Vec<usize> {
        self.folds.iter().enumerate().filter(|(_, of)| **of != fold).map(|(at, _)| at).collect()
    }

    /// So many of them, spread over all.
    fn spread_out(&self, rows: &[usize], size: usize) -> Vec<usize> {
        let mut mixed = rows.to_vec();
        Random::new(self.options.seed, 1).shuffle(&mut mixed);
        mixed.truncate(size);
        mixed.sort_unstable();
        mixed
    }

    /// Learns from some rows; `from` is what was learned from most of them before. What judges held-out rows never begins at weights that
    /// have seen them.
    fn fit(&self, training: &[usize], from: Option<&(Vocabulary, Weights)>) -> (Vocabulary, Weights) {
        let classes = self.options.classes.len();
        let vocabulary = Vocabulary::of(self.rows, training, classes);
        let matrix = Matrix::of(self.rows, training, &vocabulary);
        let labels: Vec<u32> = training.iter().filter_map(|at| self.labels.get(*at)).copied().collect();
        let weights: Vec<f64> = training.iter().filter_map(|at| self.weights.get(*at)).copied().collect();
        let from = from.map(|(known, weights)| carried(known, weights, &vocabulary, classes));
        let fitted = fit(&matrix, &labels, &weights, (classes, self.options.c), from.as_ref());
        (vocabulary, fitted)
    }

    /// Judges the rows of a fold.
    fn judge(&self, (vocabulary, weights): &(Vocabulary, Weights), fold: usize) -> Vec<Judged> {
        let classes = self.options.classes.len();
        let places = vocabulary.places();
        let held_out = self.folds.iter().enumerate().filter(|(_, of)| **of == fold);
        let judge = |(row, _)| {
            let mut logits = weights.intercepts.clone();
            for (place, value) in weigh(self.rows.get(row).map(Vec::as_slice).unwrap_or_default(), &places, &vocabulary.idf) {
                let start = place as usize * classes;
                let of = weights.features.get(start..start + classes).unwrap_or_default();
                logits.iter_mut().zip(of).for_each(|(logit, weight)| *logit += f64::from(value) * weight);
            }
            Judged { row, fold, logits }
        };
        held_out.map(judge).collect()
    }
}

/// The weights of one vocabulary in the places of another; a feature that is new begins at nothing.
fn carried(known: &Vocabulary, weights: &Weights, vocabulary: &Vocabulary, classes: usize) -> Weights {
    let places = known.places();
    let mut features = vec![0.0; vocabulary.buckets.len() * classes];
    for (slot, bucket) in features.chunks_exact_mut(classes).zip(&vocabulary.buckets) {
        let start = places.get(*bucket as usize).map_or(usize::MAX, |place| *place as usize).saturating_mul(classes);
        if let Some(of) = weights.features.get(start..start.saturating_add(classes)) {
            slot.copy_from_slice(of);
        }
    }
    Weights { features, intercepts: weights.intercepts.clone() }
}

/// How much of every probability is spread over all classes: half an example's worth for each.
fn spread(rows: usize, classes: usize) -> f64 {
    0.5 * classes as f64 / (rows as f64 + classes as f64)
}

struct Calibration {
    temperature: f64,
    spread: f64,
}

impl Calibration {
    /// From what was said of held-out rows, those of one fold left out where they are to be judged themselves.
    fn of(judged: &[Judged], labels: &[u32], classes: usize, without: Option<usize>) -> Self {
        // With one fold judged there are no other rows: every second one stands in.
        let one_fold = judged.windows(2).all(|pair| matches!(pair, [a, b] if a.fold == b.fold));
        let kept = |(at, one): &(usize, &Judged)| match without {
            None => true,
            Some(part) if one_fold => at % 2 != part,
            Some(fold) => one.fold != fold,
        };
        let chosen: Vec<&Judged> = judged.iter().enumerate().filter(kept).map(|(_, one)| one).collect();
        let logits: Vec<f64> = chosen.iter().flat_map(|one| one.logits.iter().copied()).collect();
        let right: Vec<u32> = chosen.iter().filter_map(|one| labels.get(one.row)).copied().collect();
        let temperature = Temperature::fit_logits(&logits, classes, &right).map_or(1.0, |fitted| fitted.temperature());
        // Scores that are always right would want none at all; a model is never that sure.
        Self { temperature: temperature.clamp(0.1, 10.0), spread: spread(chosen.len(), classes) }
    }

    fn apply(&self, logits: &[f64]) -> Vec<f64> {
        let mut out: Vec<f64> = logits.iter().map(|logit| logit / self.temperature).collect();
        softmax(&mut out);
        let share = self.spread / out.len() as f64;
        out.iter_mut().for_each(|p| *p = *p * (1.0 - self.spread) + share);
        out
    }
}

/// A share over cases: the rows of one count together as one.
pub(super) fn by_case(examples: &[&Example], right: &[(usize, bool)], level: f64) -> Option<Estimate> {
    let mut of_case: BTreeMap<&str, (f64, f64)> = BTreeMap::new();
    for (row, right) in right {
        let slot = of_case.entry(examples.get(*row)?.case.as_str()).or_default();
        *slot = (slot.0 + f64::from(*right), slot.1 + 1.0);
    }
    let share = of_case.values().map(|(right, rows)| right / rows).sum::<f64>() / of_case.len() as f64;
    interval::wilson_share(share.clamp(0.0, 1.0), of_case.len() as f64, of_case.len() as u64, level).ok()
}

fn report(examples: &[&Example], labels: &[u32], judged: &[Judged], options: &Options, shares_capped: Vec<(f64, f64)>) -> Report {
    let classes = options.classes.len();
    let none = Estimate { value: f64::NAN, low: f64::NAN, high: f64::NAN, n: 0 };
    let right: Vec<(usize, bool)> = judged.iter().map(|one| (one.row, one.right(labels))).collect();
    let count = |class: usize| labels.iter().filter(|label| **label as usize == class).count();
    let come = |class: usize| labels.iter().zip(examples).filter(|(label, e)| **label as usize == class && !e.sought).count();
    let mut commonest = 0;
    (0..classes).filter(|class| come(*class) > 0).for_each(|class| {
        if come(class) > come(commonest) {
            commonest = class;
        }
    });
    let always: Vec<(usize, bool)> =
        judged.iter().map(|one| (one.row, labels.get(one.row).is_some_and(|label| *label as usize == commonest))).collect();
    let parts: BTreeSet<usize> = judged.iter().map(|one| one.fold).collect();
    let of_part = |part: usize| Calibration::of(judged, labels, classes, Some(part));
    let calibrations: Vec<Calibration> = (0..FOLDS).map(of_part).collect();
    let (mut confidence, mut log_loss) = (Vec::new(), 0.0);
    for (at, one) in judged.iter().enumerate() {
        let part = if parts.len() > 1 { one.fold } else { at % 2 };
        let Some(calibration) = calibrations.get(part) else { continue };
        let p = calibration.apply(&one.logits);
        confidence.push(p.get(one.likeliest()).copied().unwrap_or(0.0).clamp(0.0, 1.0));
        let of_label = labels.get(one.row).and_then(|label| p.get(*label as usize)).copied().unwrap_or(0.0);
        log_loss -= countersign_science::math::ln(of_label.max(1e-15));
    }
    let hits: Vec<bool> = right.iter().map(|(_, right)| *right).collect();
    let names: Vec<u32> = case_numbers(examples, judged);
    let draws = Draws { draws: 200, level: LEVEL, seed: options.seed };
    let error = calibration_error(&confidence, &hits, Binning::EqualWidth(BINS_DEFAULT), Clusters::One(&names), &draws);
    let of_class = |(at, answer): (usize, &String)| {
        let of = |one: &&Judged| labels.get(one.row).is_some_and(|label| *label as usize == at);
        let held: Vec<(usize, bool)> = judged.iter().filter(of).map(|one| (one.row, one.right(labels))).collect();
        ClassReport { answer: answer.clone(), examples: count(at) as u64, recalled: by_case(examples, &held, LEVEL) }
    };
    let distinct = |key: fn(&Example) -> Option<&str>| examples.iter().filter_map(|e| key(e)).collect::<BTreeSet<_>>().len() as u64;
    Report {
        examples: examples.len() as u64,
        cases: distinct(|e| Some(&e.case)),
        people: distinct(|e| e.person.as_deref()),
        outcomes: examples.iter().filter(|e| e.person.is_none()).count() as u64,
        sought: examples.iter().filter(|e| e.sought).count() as u64,
        fields: examples.iter().flat_map(|e| &e.input.fields).map(|f| &f.name).collect::<BTreeSet<_>>().into_iter().cloned().collect(),
        data: data_digest(examples),
        seed: options.seed,
        accuracy: by_case(examples, &right, LEVEL).unwrap_or(none),
        commonest: by_case(examples, &always, LEVEL).unwrap_or(none),
        calibration_error: error.unwrap_or(none),
        log_loss: log_loss / judged.len().max(1) as f64,
        classes: options.classes.iter().enumerate().map(of_class).collect(),
        curve: Vec::new(),
        groups: Vec::new(),
        shares_capped,
        warnings: Vec::new(),
    }
}

fn case_numbers(examples: &[&Example], judged: &[Judged]) -> Vec<u32> {
    let mut numbers: BTreeMap<&str, u32> = BTreeMap::new();
    let of = |one: &Judged| {
        let case = examples.get(one.row).map(|e| e.case.as_str()).unwrap_or_default();
        let next = numbers.len() as u32;
        *numbers.entry(case).or_insert(next)
    };
    judged.iter().map(of).collect()
}

/// SHA-256 over the examples in their order, each part with its length before it.
fn data_digest(examples: &[&Example]) -> String {
    let mut hash = Sha256::new();
    let mut part = |text: &str| {
        hash.update((text.len() as u64).to_le_bytes());
        hash.update(text.as_bytes());
    };
    for example in examples {
        part(&example.case);
        part(&example.answer);
        part(example.person.as_deref().unwrap_or_default());
        part(&example.at.to_string());
        // Only where there is something to say: the digest of data from before stays what it was.
        if example.sought {
            part("sought");
        }
        for field in &example.input.fields {
            part(&field.name);
            part(&format!("{:?}", field.value));
        }
    }
    hex::encode(hash.finalize())
}

/// People whose latest answers differ from what all others teach much more often than their earlier ones did: somebody changed their
/// mind, misread the question, or means harm. Says that there is one and never who: the report is kept and shown to others.
fn flips(examples: &[&Example], judged: &[Judged], labels: &[u32]) -> Vec<String> {
    let mut by_person: BTreeMap<&str, Vec<(usize, bool)>> = BTreeMap::new();
    for one in judged {
        if let Some(person) = examples.get(one.row).and_then(|e| e.person.as_deref()) {
            by_person.entry(person).or_default().push((one.row, !one.right(labels)));
        }
    }
    let mut out = Vec::new();
    for mut answers in by_person.into_values() {
        answers.sort_unstable();
        if answers.len() < 2 * FLIP_WINDOW {
            continue;
        }
        let (before, latest) = answers.split_at(answers.len() - FLIP_WINDOW);
        let differ = |part: &[(usize, bool)]| (part.iter().filter(|(_, differs)| *differs).count() as u64, part.len() as u64);
        let ((now, n), (then, m)) = (differ(latest), differ(before));
        if interval::difference((now, n), (then, m), FLIP_LEVEL).is_ok_and(|difference| difference.low > 0.0) {
            out.push(format!(
                "One person's latest answers changed: {now} of {n} differ from what the other cases teach, against {then} of {m} before. Look at the latest cases before you promote this model."
            ));
        }
    }
    out
}

fn thin(report: &Report, examples: usize) -> Vec<String> {
    let mut out = Vec::new();
    if report.accuracy.low <= report.commonest.value {
        out.push("The model is not shown to be better than always giving the commonest answer.".to_owned());
    }
    if report.people == 1 && report.outcomes == 0 && examples > 0 {
        out.push("All answers are one person's: the model learns that person's habits, errors included.".to_owned());
    }
    let never: Vec<&str> = report.classes.iter().filter(|class| class.examples == 0).map(|class| class.answer.as_str()).collect();
    if !never.is_empty() {
        out.push(format!("No example has the answer {}: the model will hardly ever give it.", never.join(", ")));
    }
    out
}
