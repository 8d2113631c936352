//! What is known of a model: facts with their intervals, out of what it said of rows that it had not seen. Praises nothing, and names nobody.

use super::{
    fit::softmax,
    groups::GroupReport,
    train::{Example, FLIP_LEVEL, FLIP_WINDOW, FOLDS, LEVEL, Options},
};
use crate::advice::likeliest;
use countersign_science::{
    bootstrap::{Clusters, Options as Draws},
    calibration::Temperature,
    estimate::Estimate,
    interval,
    score::{BINS_DEFAULT, Binning, calibration_error},
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};

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

/// A model held against another one that learned from the same examples, on the same held-out cases.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Beside {
    /// What the other one is: `text` or `trees`.
    pub kind: String,
    /// How often its likeliest answer was right on held-out cases.
    pub accuracy: Estimate,
    /// By how much this one is right more often, case by case.
    pub difference: Estimate,
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
    /// The other kind of model that was tried, where one was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub beside: Option<Beside>,
    /// What somebody should look at.
    pub warnings: Vec<String>,
}

/// What was said of a held-out row.
pub(super) struct Judged {
    pub row: usize,
    pub fold: usize,
    pub logits: Vec<f64>,
}

impl Judged {
    fn likeliest(&self) -> usize {
        likeliest(&self.logits)
    }

    pub(super) fn right(&self, labels: &[u32]) -> bool {
        labels.get(self.row).is_some_and(|label| *label as usize == self.likeliest())
    }
}

/// How much of every probability is spread over all classes: half an example's worth for each.
pub(super) fn spread(rows: usize, classes: usize) -> f64 {
    0.5 * classes as f64 / (rows as f64 + classes as f64)
}

pub(super) struct Calibration {
    pub temperature: f64,
    spread: f64,
}

impl Calibration {
    /// From what was said of held-out rows, those of one fold left out where they are to be judged themselves.
    pub(super) fn of(judged: &[Judged], labels: &[u32], classes: usize, without: Option<usize>) -> Self {
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

pub(super) fn report(
    examples: &[&Example],
    labels: &[u32],
    judged: &[Judged],
    options: &Options,
    shares_capped: Vec<(f64, f64)>,
) -> Report {
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
        beside: None,
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
pub(super) fn flips(examples: &[&Example], judged: &[Judged], labels: &[u32]) -> Vec<String> {
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

pub(super) fn thin(report: &Report, examples: usize) -> Vec<String> {
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
