//! Ways to learn, all judged by the same code on the same folds: weights of hashed words and facts, and trees over numbers and marks. Whether one is better
//! than another is said by [`train`](super::train).

use super::{
    fit::{Weights, fit},
    groups::groups,
    report::{Calibration, CurvePoint, Judged, Report, by_case, flips, report, thin},
    rows::{Counted, Matrix, Vocabulary, weigh},
    train::{CURVE, FOLDS, JUDGED_ENOUGH, LEVEL, Options, Prepared, Progress},
};
use crate::trees::{
    columns::{Columns, Table},
    grow::{Forest, boost, logits},
};
use countersign_science::random::Random;

/// What came of learning one way.
pub(super) struct Learned<F> {
    pub fitted: F,
    pub temperature: f64,
    pub report: Report,
    /// Held-out rows that figures rest on, and whether each was judged rightly.
    pub right: Vec<(usize, bool)>,
}

/// A way to learn.
pub(super) trait Way {
    /// What is learned.
    type Fitted;

    /// Learns from some rows. `from` is what was learned from most of them before; what judges held-out rows never begins there.
    fn fit(&self, prepared: &Prepared<'_>, training: &[usize], options: &Options, from: Option<&Self::Fitted>) -> Self::Fitted;

    /// Logits of some rows.
    fn judge(&self, fitted: &Self::Fitted, rows: &[usize], options: &Options) -> Vec<Vec<f64>>;

    /// Learns from all rows, and says what is known of it.
    fn learn(&self, prepared: &Prepared<'_>, options: &Options, progress: &mut (dyn FnMut(Progress) + Send)) -> Learned<Self::Fitted>
    where
        Self: Sized,
    {
        let Prepared { ordered, labels, capped, folds, .. } = prepared;
        let work = Work { way: self, prepared, options };
        let judged_folds = JUDGED_ENOUGH.div_ceil((labels.len() / FOLDS).max(1)).clamp(1, FOLDS);
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
            let fitted = self.fit(prepared, &work.training_rows(fold), options, None);
            judged.extend(work.judge(&fitted, fold));
            first.get_or_insert(fitted);
        }
        let mut curve = Vec::new();
        for size in sizes {
            tell("measuring what more examples bring", progress);
            let part = work.spread_out(&work.training_rows(0), size);
            let held_out = work.judge(&self.fit(prepared, &part, options, None), 0);
            let held_out = held_out.iter().filter(|one| ordered.get(one.row).is_some_and(|example| !example.sought));
            let right: Vec<(usize, bool)> = held_out.map(|one| (one.row, one.right(labels))).collect();
            if let Some(accuracy) = by_case(ordered, &right, LEVEL) {
                curve.push(CurvePoint { examples: size, accuracy });
            }
        }
        tell("learning from all cases", progress);
        let all: Vec<usize> = (0..folds.len()).collect();
        let fitted = self.fit(prepared, &all, options, first.as_ref());
        // What was sought is harder than what comes in: a model that is calibrated on it would be too modest, and look worse than it is.
        judged.retain(|one| ordered.get(one.row).is_some_and(|example| !example.sought));
        let calibration = Calibration::of(&judged, labels, options.classes.len(), None);
        let mut report = report(ordered, labels, &judged, options, capped.clone());
        report.warnings.extend(flips(ordered, &judged, labels));
        report.warnings.extend(thin(&report, ordered.len()));
        report.curve = curve;
        let right: Vec<(usize, bool)> = judged.iter().map(|one| (one.row, one.right(labels))).collect();
        let (by_group, unlike) = groups(ordered, &right, LEVEL);
        report.groups = by_group;
        report.warnings.extend(unlike);
        progress(Progress { step: "done", done: total, total });
        Learned { fitted, temperature: calibration.temperature, report, right }
    }
}

/// Weights of hashed words and facts.
pub(super) struct Linear {
    pub rows: Vec<Counted>,
}

impl Way for Linear {
    type Fitted = (Vocabulary, Weights);

    fn fit(&self, prepared: &Prepared<'_>, training: &[usize], options: &Options, from: Option<&Self::Fitted>) -> Self::Fitted {
        let classes = options.classes.len();
        let vocabulary = Vocabulary::of(&self.rows, training, classes);
        let matrix = Matrix::of(&self.rows, training, &vocabulary);
        let from = from.map(|(known, weights)| carried(known, weights, &vocabulary, classes));
        let fitted = fit(&matrix, &at(&prepared.labels, training), &at(&prepared.weights, training), (classes, options.c), from.as_ref());
        (vocabulary, fitted)
    }

    fn judge(&self, (vocabulary, weights): &Self::Fitted, rows: &[usize], options: &Options) -> Vec<Vec<f64>> {
        let classes = options.classes.len();
        let places = vocabulary.places();
        let judge = |row: &usize| {
            let mut logits = weights.intercepts.clone();
            for (place, value) in weigh(self.rows.get(*row).map(Vec::as_slice).unwrap_or_default(), &places, &vocabulary.idf) {
                let start = place as usize * classes;
                let of = weights.features.get(start..start + classes).unwrap_or_default();
                logits.iter_mut().zip(of).for_each(|(logit, weight)| *logit += f64::from(value) * weight);
            }
            logits
        };
        rows.iter().map(judge).collect()
    }
}

/// Trees over numbers and marks.
pub(super) struct Boosted {
    pub table: Table,
}

impl Way for Boosted {
    type Fitted = (Columns, Forest);

    fn fit(&self, prepared: &Prepared<'_>, training: &[usize], options: &Options, _: Option<&Self::Fitted>) -> Self::Fitted {
        let classes = options.classes.len();
        let columns = self.table.columns(training, &prepared.labels, classes);
        let binned = self.table.binned(training, &columns);
        let forest = boost(&binned, &at(&prepared.labels, training), &at(&prepared.weights, training), classes);
        (columns, forest)
    }

    fn judge(&self, (columns, forest): &Self::Fitted, rows: &[usize], _: &Options) -> Vec<Vec<f64>> {
        rows.iter().map(|row| logits(&forest.scores(&self.table.values(*row, columns)))).collect()
    }
}

/// Some of a list, by their places.
fn at<T: Copy>(all: &[T], places: &[usize]) -> Vec<T> {
    places.iter().filter_map(|place| all.get(*place)).copied().collect()
}

struct Work<'a, W> {
    way: &'a W,
    prepared: &'a Prepared<'a>,
    options: &'a Options,
}

impl<W: Way> Work<'_, W> {
    fn training_rows(&self, fold: usize) -> Vec<usize> {
        self.prepared.folds.iter().enumerate().filter(|(_, of)| **of != fold).map(|(at, _)| at).collect()
    }

    /// So many of them, spread over all.
    fn spread_out(&self, rows: &[usize], size: usize) -> Vec<usize> {
        let mut mixed = rows.to_vec();
        Random::new(self.options.seed, 1).shuffle(&mut mixed);
        mixed.truncate(size);
        mixed.sort_unstable();
        mixed
    }

    /// Judges the rows of a fold.
    fn judge(&self, fitted: &W::Fitted, fold: usize) -> Vec<Judged> {
        let held_out: Vec<usize> = self.prepared.folds.iter().enumerate().filter(|(_, of)| **of == fold).map(|(at, _)| at).collect();
        let logits = self.way.judge(fitted, &held_out, self.options);
        held_out.into_iter().zip(logits).map(|(row, logits)| Judged { row, fold, logits }).collect()
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
