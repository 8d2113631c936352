//! Who decides each case of one part: the rules of [`crate::deferral`] and the arm chooser of [`crate::arms`], fitted on the
//! fitted rows of a [`Stage`] and asked about the others. Every rule is that module's own; here are only its inputs.

use crate::{
    arms::{self, Arm, Arms, ByArm, Observation, Situation},
    cost::{COST_MICROS_MAX, MICROS},
    deferral::{Codoc, CompareConfidence, Decider, Losses, OneVsAll, Operating, Threshold, Zone, doubt},
    rehearsal::{
        data::NONE,
        methods::{Costs, Method},
        stage::{Case, Stage},
    },
};

/// Bins of the score in which arms are counted.
const BINS: usize = 10;
/// Up to so many classes the AI's answer is a region of its own for the arm chooser.
const REGIONS_MAX: usize = 64;
/// Errors at an arm's mean cost that the cost of its errors in one region starts with.
const SHRINK_ERRORS: f64 = 20.0;
/// Features of a row: [`doubt`].
const WIDTH: usize = 2;

/// What a rule does with a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    /// The answer that stands.
    pub label: u32,
    /// Whether nobody looked.
    pub automated: bool,
}

/// All rules of one part; `None` for one that cannot be fitted on it.
#[derive(Debug)]
pub struct Routes {
    threshold: Option<Threshold>,
    compare: Option<CompareConfidence>,
    one_vs_all: Option<OneVsAll>,
    codoc: Option<Codoc>,
    chooser: Option<Chooser>,
}

impl Routes {
    /// Fits all of them. `crossed` are answers of the combination to fitted rows that its fit had not seen, by row.
    #[must_use]
    pub fn fit(stage: &Stage, costs: &Costs, crossed: &[u32]) -> Self {
        let rows: Vec<(usize, &Case)> = stage.fit().iter().enumerate().filter(|(_, case)| case.rest != NONE).collect();
        let cost = |case: &Case, answer: u32| costs.of(stage.classes, case.truth, answer);
        let confidences: Vec<f64> = rows.iter().map(|(at, _)| stage.confidence(*at)).collect();
        let ai: Vec<f64> = rows.iter().map(|(_, case)| cost(case, case.ai)).collect();
        let person: Vec<f64> = rows.iter().map(|(_, case)| cost(case, case.rest) + costs.look).collect();
        let features: Vec<f64> = rows.iter().flat_map(|(at, _)| doubt(stage.row(*at))).collect();
        let right: Vec<(bool, bool)> = rows.iter().map(|(_, case)| (case.ai == case.truth, case.rest == case.truth)).collect();
        let person_right: Vec<bool> = right.iter().map(|(_, person)| *person).collect();
        let codoc = || {
            let scores: Vec<f64> = rows.iter().filter_map(|(at, _)| stage.row(*at).get(1).copied()).collect();
            let of = |column: fn(&Case) -> u32| rows.iter().map(|(_, case)| column(case)).collect::<Vec<u32>>();
            Codoc::fit(&scores, &of(|case| case.rest), &of(|case| case.truth), Operating::Accuracy).ok()
        };
        Self {
            threshold: Threshold::fit(&confidences, Losses { ai: &ai, person: &person }).ok(),
            compare: CompareConfidence::fit(&features, WIDTH, &right).ok(),
            one_vs_all: OneVsAll::fit(&features, WIDTH, &person_right).ok(),
            codoc: if stage.classes == 2 { codoc() } else { None },
            chooser: Chooser::fit(stage, costs, &rows, crossed),
        }
    }

    /// Who decides a row and how; `combined` is the combination's answer, or [`NONE`]. `None` where nobody answered it, or the rule
    /// was not fitted.
    #[must_use]
    pub fn take(&self, method: Method, stage: &Stage, at: usize, combined: u32) -> Option<Taken> {
        let case = stage.cases.get(at).filter(|case| case.rest != NONE)?;
        let confidence = stage.confidence(at);
        let either = |decider: Decider| match decider {
            Decider::Ai => Taken { label: case.ai, automated: true },
            Decider::Person => Taken { label: case.rest, automated: false },
        };
        Some(match method {
            Method::Combination => return None,
            Method::Threshold => either(self.threshold.as_ref()?.decide(confidence)),
            Method::Compare => either(self.compare.as_ref()?.decide(&doubt(stage.row(at)))),
            Method::OneVsAll => either(self.one_vs_all.as_ref()?.decide(&doubt(stage.row(at)), confidence)),
            Method::Codoc => match self.codoc.as_ref()?.zone(stage.row(at).get(1).copied()?) {
                Zone::Negative => Taken { label: 0, automated: true },
                Zone::Positive => Taken { label: 1, automated: true },
                Zone::Person => either(Decider::Person),
            },
            Method::Arms => self.chooser.as_ref()?.take(case, confidence, combined),
        })
    }
}

/// The arm chooser with the costs that it weighs.
#[derive(Debug)]
struct Chooser {
    arms: Arms,
    /// What an error of each arm costs on average, by region.
    error: Vec<ByArm<i64>>,
    /// What each arm costs in people's time.
    time: ByArm<i64>,
}

impl Chooser {
    fn fit(stage: &Stage, costs: &Costs, rows: &[(usize, &Case)], crossed: &[u32]) -> Option<Self> {
        let regions = if stage.classes <= REGIONS_MAX { stage.classes } else { 0 };
        let answers = |at: usize, case: &Case| answers(case, crossed.get(at).copied().unwrap_or(NONE));
        let observation = |(at, case): &(usize, &Case)| Observation {
            region: region(case, regions),
            top: arms::billionths(stage.confidence(*at)).unwrap_or(0),
            right: answers(*at, case).map(|answer| (answer != NONE).then_some(answer == case.truth)),
        };
        let observations: Vec<Observation> = rows.iter().map(observation).collect();
        // Sums of the costs of errors and their counts, of all regions and of each.
        let mut all = [(0.0, 0.0); arms::ARMS];
        let mut each = vec![[(0.0, 0.0); arms::ARMS]; regions.max(1)];
        for (at, case) in rows {
            let place = region(case, regions).unwrap_or(0) as usize;
            for (arm, answer) in answers(*at, case).into_iter().enumerate().filter(|(_, answer)| *answer != NONE && *answer != case.truth) {
                let cost = costs.of(stage.classes, case.truth, answer);
                for sums in [all.get_mut(arm), each.get_mut(place).and_then(|arms| arms.get_mut(arm))].into_iter().flatten() {
                    *sums = (sums.0 + cost, sums.1 + 1.0);
                }
            }
        }
        let usual = costs.usual(stage.classes);
        let error = each
            .iter()
            .map(|here| {
                let mut out = [0; arms::ARMS];
                for ((out, (cost, n)), (all_cost, all_n)) in out.iter_mut().zip(here).zip(all) {
                    let mean = (all_cost + usual) / (all_n + 1.0);
                    *out = micros((cost + SHRINK_ERRORS * mean) / (n + SHRINK_ERRORS));
                }
                out
            })
            .collect();
        let look = micros(costs.look);
        let time = Arm::ALL.map(|arm| if arm == Arm::Ai { 0 } else { look });
        Some(Self { arms: Arms::fit(&observations, BINS).ok()?, error, time })
    }

    fn take(&self, case: &Case, confidence: f64, combined: u32) -> Taken {
        let answers = answers(case, combined);
        let region = region(case, if self.error.len() > 1 { self.error.len() } else { 0 });
        let situation = Situation {
            region,
            top: arms::billionths(confidence).unwrap_or(0),
            allowed: answers.map(|answer| answer != NONE),
            error: self.error.get(region.unwrap_or(0) as usize).copied().unwrap_or_default(),
            time: self.time,
        };
        let arm = self.arms.choose(&situation).arm;
        let label = arm.and_then(|arm| answers.get(arm.index()).copied()).filter(|label| *label != NONE).unwrap_or(case.rest);
        Taken { label, automated: arm == Some(Arm::Ai) }
    }
}

/// The AI's answer, where classes are few enough to be told apart.
fn region(case: &Case, regions: usize) -> Option<u32> {
    ((case.ai as usize) < regions).then_some(case.ai)
}

/// What each arm answers; [`NONE`] where that is not known. Nobody is asked twice, so there is no panel.
fn answers(case: &Case, combined: u32) -> ByArm<u32> {
    [case.ai, case.human, case.advised, combined, NONE]
}

fn micros(cost: f64) -> i64 {
    (cost * MICROS as f64).round().clamp(0.0, COST_MICROS_MAX as f64) as i64
}
