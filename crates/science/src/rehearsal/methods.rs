//! The methods that are compared: ways to combine an AI with people, and ways to choose who decides. Each is fitted on the
//! fitted rows of a [`Stage`] only, and then answers any row of it.

use crate::{
    calibration::softmax,
    logistic::Logistic,
    math,
    rehearsal::{
        data::NONE,
        stage::{Case, PROBABILITY_MIN, Stage, counts, normalised},
    },
};

/// Thresholds that are tried.
const THRESHOLDS: usize = 201;
/// One over the ridge of the logistic combination, as in the source of the method.
const RIDGE_C: f64 = 1.0;

/// A method.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Method {
    /// Calibrate, then combine with the person's confusion matrix (Kerrigan, Smyth, Steyvers, NeurIPS 2021).
    Bayes,
    /// Logistic regression on the signed confidences of both (Yanez, Love 2025); two classes.
    Logistic,
    /// The AI where its confidence reaches a fitted threshold, else the person.
    Threshold,
    /// The AI where its confidence is above the person's accuracy behind such an answer (after Raghu 2019).
    Compare,
    /// The cheapest of AI alone, person alone and both combined, by their expected costs.
    Arms,
}

impl Method {
    /// All of them, in the order of their choice where they are equally good.
    pub const ALL: [Self; 5] = [Self::Bayes, Self::Logistic, Self::Threshold, Self::Compare, Self::Arms];

    /// Its name in code.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Bayes => "combination",
            Self::Logistic => "logistic_combination",
            Self::Threshold => "threshold",
            Self::Compare => "compare_confidence",
            Self::Arms => "arms",
        }
    }

    /// Its name for a reader.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Bayes => "both answers combined",
            Self::Logistic => "both confidences combined",
            Self::Threshold => "AI above a threshold, else a person",
            Self::Compare => "whoever is likelier to be right",
            Self::Arms => "arm chooser: AI, person or both",
        }
    }

    /// What it does.
    #[must_use]
    pub fn description(self) -> &'static str {
        match self {
            Self::Bayes => {
                "a person answers without advice; the recalibrated AI and the person's confusion matrix are combined by Bayes' rule"
            }
            Self::Logistic => "a person answers without advice; a logistic regression weighs the confidence of both",
            Self::Threshold => {
                "the AI decides where its recalibrated confidence reaches a threshold fitted on past cases; people decide the rest"
            }
            Self::Compare => "the AI decides where it is likelier to be right than people are where it answers so",
            Self::Arms => {
                "each case goes to the cheapest of three by expected cost: the AI alone, a person alone, or a person whose answer is combined with the AI's"
            }
        }
    }
}

/// What a method does with a row.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The answer.
    pub label: u32,
    /// Whether nobody looked.
    pub automated: bool,
    /// Class probabilities; empty where the method has none.
    pub probabilities: Vec<f64>,
}

/// What an error costs, and a look of a person.
#[derive(Debug, Clone)]
pub struct Costs {
    /// `[truth * classes + answer]`.
    pub errors: Vec<f64>,
    /// A look.
    pub look: f64,
    /// Whether all errors cost the same.
    pub even: bool,
}

impl Costs {
    /// The answer with the lowest expected cost, and that cost.
    fn best(&self, probabilities: &[f64]) -> (u32, f64) {
        let classes = probabilities.len();
        if self.even {
            let top = crate::probabilities::top(probabilities);
            let unit = self.errors.get(1).copied().unwrap_or(1.0);
            return (top.0, unit * (1.0 - top.1));
        }
        let mut best = (0, f64::INFINITY);
        for answer in 0..classes {
            let cost: f64 = probabilities.iter().enumerate().map(|(truth, p)| p * self.of(classes, truth, answer)).sum();
            if cost < best.1 {
                best = (answer as u32, cost);
            }
        }
        best
    }

    fn of(&self, classes: usize, truth: usize, answer: usize) -> f64 {
        self.errors.get(truth * classes + answer).copied().unwrap_or(0.0)
    }
}

/// A fitted method.
#[derive(Debug, Clone)]
pub enum Fitted {
    /// [`Method::Bayes`]: `ln P(h | y)`, `[h * classes + y]`.
    Bayes(Vec<f64>),
    /// [`Method::Logistic`].
    Logistic(Logistic),
    /// [`Method::Threshold`].
    Threshold(f64),
    /// [`Method::Compare`]: P(person right | AI's answer).
    Compare(Vec<f64>),
    /// [`Method::Arms`]: `P(h | y)`, `[y * classes + h]`, and its logarithm by `[h * classes + y]`.
    Arms {
        /// P(h | y).
        likelihood: Vec<f64>,
        /// Its logarithm, turned.
        turned: Vec<f64>,
        /// Costs.
        costs: Costs,
    },
}

impl Fitted {
    /// Fits a method; `None` where it does not apply to these data.
    #[must_use]
    pub fn of(method: Method, stage: &Stage, costs: &Costs) -> Option<Self> {
        let classes = stage.classes;
        let answered = || stage.fit().iter().filter(|case| case.human != NONE);
        answered().next()?;
        let confusion = || normalised(&counts(classes, answered().map(|case| (case.truth, case.human))), classes);
        match method {
            Method::Bayes => Some(Self::Bayes(turned(&confusion(), classes))),
            Method::Logistic if classes == 2 => {
                let rows: Vec<usize> = (0..stage.fitted).filter(|at| stage.cases.get(*at).is_some_and(|c| c.human != NONE)).collect();
                let x: Vec<f64> = rows.iter().flat_map(|at| features(stage, *at)).collect();
                let y: Vec<u32> = rows.iter().filter_map(|at| stage.cases.get(*at)).map(|case| case.truth).collect();
                Logistic::fit(&x, 2, &y, RIDGE_C).ok().map(Self::Logistic)
            }
            Method::Logistic => None,
            Method::Threshold => Some(Self::Threshold(threshold(stage, costs))),
            Method::Compare => {
                let mut right = vec![(1.0, 2.0); classes];
                for case in answered() {
                    if let Some((r, n)) = right.get_mut(case.ai as usize) {
                        *r += f64::from(u8::from(case.human == case.truth));
                        *n += 1.0;
                    }
                }
                Some(Self::Compare(right.iter().map(|(r, n)| r / n).collect()))
            }
            Method::Arms => {
                let likelihood = confusion();
                let turned = turned(&likelihood, classes);
                Some(Self::Arms { likelihood, turned, costs: costs.clone() })
            }
        }
    }

    /// Answers a row.
    #[must_use]
    pub fn answer(&self, stage: &Stage, at: usize) -> Option<Answer> {
        let case = stage.cases.get(at)?;
        if case.human == NONE {
            return None;
        }
        let row = stage.row(at);
        Some(match self {
            Self::Bayes(turned) => {
                let probabilities = combined(row, turned, case.human);
                Answer { label: crate::probabilities::top(&probabilities).0, automated: false, probabilities }
            }
            Self::Logistic(model) => {
                let p = model.apply(&features(stage, at));
                Answer { label: u32::from(p > 0.5), automated: false, probabilities: vec![1.0 - p, p] }
            }
            Self::Threshold(least) => either(case, stage.confidence(at) >= *least),
            Self::Compare(right) => either(case, stage.confidence(at) >= right.get(case.ai as usize).copied().unwrap_or(0.5)),
            Self::Arms { likelihood, turned, costs } => arms(case, row, likelihood, turned, costs),
        })
    }
}

fn either(case: &Case, ai: bool) -> Answer {
    Answer { label: if ai { case.ai } else { case.human }, automated: ai, probabilities: Vec::new() }
}

/// `[y * classes + h]` as logarithms by `[h * classes + y]`.
fn turned(likelihood: &[f64], classes: usize) -> Vec<f64> {
    let mut out = vec![0.0; classes * classes];
    for (at, value) in likelihood.iter().enumerate() {
        let (y, h) = (at / classes, at % classes);
        if let Some(cell) = out.get_mut(h * classes + y) {
            *cell = math::ln(value.max(PROBABILITY_MIN));
        }
    }
    out
}

fn combined(row: &[f64], turned: &[f64], human: u32) -> Vec<f64> {
    let classes = row.len();
    let likelihood = turned.get(human as usize * classes..(human as usize + 1) * classes).unwrap_or_default();
    let mut out: Vec<f64> = row.iter().zip(likelihood).map(|(p, l)| math::ln(p.max(PROBABILITY_MIN)) + l).collect();
    softmax(&mut out);
    out
}

fn features(stage: &Stage, at: usize) -> [f64; 2] {
    let p = stage.row(at).get(1).copied().unwrap_or(0.5).clamp(PROBABILITY_MIN, 1.0 - PROBABILITY_MIN);
    [math::logit(p), stage.cases.get(at).map_or(0.0, |case| case.said)]
}

/// The threshold with the lowest cost on the fitted rows: of [`THRESHOLDS`] quantiles of the confidence the best one.
fn threshold(stage: &Stage, costs: &Costs) -> f64 {
    let classes = stage.classes;
    let cost = |case: &Case, answer: u32| costs.of(classes, case.truth as usize, answer as usize);
    let mut rows: Vec<(f64, f64)> = stage
        .fit()
        .iter()
        .enumerate()
        .filter(|(_, case)| case.human != NONE)
        .map(|(at, case)| (stage.confidence(at), cost(case, case.human) + costs.look - cost(case, case.ai)))
        .collect();
    rows.sort_by(|a, b| b.0.total_cmp(&a.0));
    // What automating from the surest row down to each one saves.
    let (mut best, mut saved) = ((f64::INFINITY, 0.0), 0.0);
    let step = (rows.len() / THRESHOLDS).max(1);
    for (place, (confidence, gain)) in rows.iter().enumerate() {
        saved += gain;
        let ends = rows.get(place + 1).is_none_or(|next| next.0 < *confidence);
        if ends && saved > best.1 && (place % step == 0 || place + 1 == rows.len() || step == 1) {
            best = (*confidence, saved);
        }
    }
    best.0
}

/// The cheapest arm by expected cost; of equals the AI, then both, then the person.
fn arms(case: &Case, row: &[f64], likelihood: &[f64], turned: &[f64], costs: &Costs) -> Answer {
    let (alone, alone_cost) = costs.best(row);
    let (person, both) = if costs.even { expected_even(row, likelihood, costs) } else { expected(row, likelihood, costs) };
    if alone_cost <= both && alone_cost <= person {
        return Answer { label: alone, automated: true, probabilities: row.to_vec() };
    }
    let probabilities = combined(row, turned, case.human);
    let label = if both <= person { costs.best(&probabilities).0 } else { case.human };
    Answer { label, automated: false, probabilities }
}

/// What a person alone and both together are expected to cost, before the person has answered.
fn expected(row: &[f64], likelihood: &[f64], costs: &Costs) -> (f64, f64) {
    let classes = row.len();
    let (mut person, mut both) = (costs.look, costs.look);
    for human in 0..classes {
        let of = |(y, p): (usize, &f64)| p * likelihood.get(y * classes + human).copied().unwrap_or(0.0);
        let joint: Vec<f64> = row.iter().enumerate().map(of).collect();
        let total: f64 = joint.iter().sum();
        if total <= 0.0 {
            continue;
        }
        person += joint.iter().enumerate().map(|(y, p)| p * costs.of(classes, y, human)).sum::<f64>();
        let posterior: Vec<f64> = joint.iter().map(|p| p / total).collect();
        both += total * costs.best(&posterior).1;
    }
    (person, both)
}

/// The same where all errors cost the same: right is whoever names the likeliest class.
fn expected_even(row: &[f64], likelihood: &[f64], costs: &Costs) -> (f64, f64) {
    let classes = row.len();
    let unit = costs.errors.get(1).copied().unwrap_or(1.0);
    let (mut person, mut both) = (0.0, 0.0);
    for human in 0..classes {
        let of = |y: usize| row.get(y).copied().unwrap_or(0.0) * likelihood.get(y * classes + human).copied().unwrap_or(0.0);
        person += of(human);
        both += (0..classes).map(of).fold(0.0, f64::max);
    }
    (costs.look + unit * (1.0 - person), costs.look + unit * (1.0 - both))
}
