//! [`Findings`]: all that a rehearsal found, as the JSON, the summary and the report show it. Computes nothing.
//!
//! Rates and probabilities lie in `[0, 1]`, costs are in the unit of the cost matrix per case, times in seconds. What could
//! not be computed is `None` (JSON `null`), and the `reason` beside it says why; `cannot_say` gathers what a reader must know.

use crate::Estimate;
use serde::{Deserialize, Serialize};

/// Version of this document: a new one where a member changes its meaning; new members may come without one.
pub const FINDINGS_VERSION: u32 = 1;

/// All that a rehearsal found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Findings {
    /// [`FINDINGS_VERSION`] that it was made under.
    pub version: u32,
    /// Rows that were used.
    pub n: u64,
    /// What was looked at.
    pub data: DataFacts,
    /// The answer in plain sentences, the most important first: a manager can act on them.
    pub headline: Vec<String>,
    /// People alone, before any advice.
    pub human: Member,
    /// The AI alone.
    pub ai: Member,
    /// What people really answered after they had seen advice.
    pub observed_pair: Member,
    /// The best honest combination or routing computed from both; its method is chosen inside the training folds.
    pub achievable_pair: Member,
    /// Share of cases in which neither the person nor the AI was right: no deferral can do better.
    pub both_wrong: Option<Estimate>,
    /// Whether a pair beats the better of the two.
    pub complementarity: Complementarity,
    /// How people took advice, where their answer before it is known.
    pub reliance: Reliance,
    /// What may be automated at which promise, strictest first.
    pub automation: Vec<Automation>,
    /// Prediction sets at the same errors; empty where the AI gives no probabilities.
    #[serde(default)]
    pub prediction_sets: Vec<PredictionSets>,
    /// The policies that were compared, today's first.
    pub policies: Vec<Policy>,
    /// Who is treated worse.
    pub fairness: Fairness,
    /// Kinds of cases in which one is better than the other, confirmed on rows that did not suggest them.
    pub regions: Vec<Region>,
    /// What these data cannot say, and what would have to be recorded to know it.
    pub cannot_say: Vec<String>,
    /// What to change.
    pub recommended: Recommended,
    /// Reliability diagrams.
    pub reliability: Vec<Reliability>,
    /// Risk against coverage, one curve per score.
    pub risk_coverage: Vec<Curve>,
    /// Cost against the share that is automated, one curve per policy family.
    pub cost_curves: Vec<Curve>,
    /// Confusion matrices (left out beyond [`CONFUSION_CLASSES_MAX`] classes).
    pub confusion: Vec<Confusion>,
    /// Skill of people: how far they differ, and (only if asked for by name) each one's.
    pub skill: Skill,
    /// Accuracies split by split, where the parts are stored splits: for paired comparisons with other methods.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub splits: Vec<Split>,
    /// Where there is only a suggestion and a final answer: what that shows, and how to find out more.
    pub suggestion_only: Option<SuggestionOnly>,
    /// How all this was computed.
    pub method: Method,
}

/// Beyond so many classes a confusion matrix is no picture any more.
pub const CONFUSION_CLASSES_MAX: usize = 25;

/// What was looked at.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct DataFacts {
    /// Where it came from, as the reader knows it (a file name, a playbook).
    pub source: String,
    /// Names of the classes, in the order of every matrix here.
    pub classes: Vec<String>,
    /// Rows read, with those that were left out.
    pub rows_read: u64,
    /// Rows that were left out, with the reason.
    pub left_out: Vec<LeftOut>,
    /// Distinct items; `None` where no item column was given (every row counts as an item of its own).
    pub items: Option<u64>,
    /// Distinct people; `None` where no person column was given.
    pub people: Option<u64>,
    /// Share of rows that the intervals are worth after clustering, times `n` (Kish); `None` without clusters.
    pub effective_n: Option<f64>,
}

/// Rows that were left out for one reason.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LeftOut {
    /// How many.
    pub rows: u64,
    /// Why.
    pub reason: String,
}

/// How good one member (or pair) is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Member {
    /// Share of right answers.
    pub accuracy: Option<Estimate>,
    /// Mean squared distance of the probabilities to the truth, summed over classes for more than two (Brier 1950); 0 is best.
    pub brier: Option<Estimate>,
    /// Mean of -ln p(truth); 0 is best.
    pub log_loss: Option<Estimate>,
    /// Expected calibration error over 15 equal-width bins of the top probability.
    pub ece: Option<Estimate>,
    /// Mean cost of a case, errors and minutes, in the unit of the cost matrix.
    pub cost: Option<Estimate>,
    /// How it was made, for a pair that was computed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// Why some of these are `null`.
    pub reason: Option<String>,
}

/// Whether a pair beats the better of the two (science of complementarity: Bansal 2021, Vaccaro 2024).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Complementarity {
    /// By what people really answered after advice.
    pub observed: Comparison,
    /// By the best honest combination.
    pub achievable: Comparison,
    /// Accuracy of an oracle that always picks whoever is right, less the better of the two: the room there is.
    pub potential: Option<Estimate>,
    /// In words: up to which gap in accuracy a gain is possible at this correlation of errors (Steyvers 2022).
    pub limit: Option<String>,
}

/// A pair against the better of its two members.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// acc(pair) - max(acc(human), acc(AI)); the better one is picked again in each draw.
    pub ctp: Option<Estimate>,
    /// acc(pair) - acc(human), paired.
    pub over_human: Option<Estimate>,
    /// acc(pair) - acc(AI), paired.
    pub over_ai: Option<Estimate>,
    /// What that means.
    pub verdict: Option<Verdict>,
    /// Why some of these are `null`.
    pub reason: Option<String>,
}

/// What a comparison shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The pair beats both: both lower bounds are above zero.
    Complementary,
    /// Neither a gain nor a harm is shown.
    NotShown,
    /// The pair is worse than one of the two: an upper bound is below zero.
    Harmful,
}

/// How people took advice (Schemmer 2023). A cell without cases is `null`, not 0.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Reliance {
    /// P(final != AI): how often the AI's answer is not taken, whoever is right. Needs no first answer.
    #[serde(default)]
    pub override_rate: Option<Estimate>,
    /// Right after advice, where the person was wrong and the AI right.
    pub rair: Option<Estimate>,
    /// Still right, where the person was right and the AI wrong.
    pub rsr: Option<Estimate>,
    /// P(final = AI | AI wrong); counts prior agreement too.
    pub over_reliance: Option<Estimate>,
    /// P(final = AI | first answer differs, AI wrong).
    pub over_reliance_on_disagreement: Option<Estimate>,
    /// P(final != AI | AI right).
    pub under_reliance: Option<Estimate>,
    /// P(final = AI | first answer differs).
    pub switch_fraction: Option<Estimate>,
    /// The counts behind it.
    pub map: Vec<RelianceCell>,
    /// What must be said beside it (own first answers change people).
    pub notes: Vec<String>,
    /// Why some of these are `null`.
    pub reason: Option<String>,
}

/// One cell of the reliance map.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RelianceCell {
    /// Whether the first answer was right.
    pub human_right: bool,
    /// Whether the AI was right.
    pub ai_right: bool,
    /// Whether the first answer was the AI's.
    pub agreed: bool,
    /// Final answers that are the AI's.
    pub followed: u64,
    /// Final answers that are the first answer (counted under `followed` where both agreed).
    pub kept: u64,
    /// Final answers that are neither.
    pub neither: u64,
    /// Final answers that are right.
    pub right: u64,
}

/// What may be automated at one promise (Learn-then-Test, Angelopoulos 2021).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Automation {
    /// The promised error among automated cases.
    pub alpha: f64,
    /// The chance that the promise is broken nevertheless.
    pub delta: f64,
    /// Share of cases that the AI decides alone, on fresh rows.
    pub share: Option<Estimate>,
    /// Error among those, on fresh rows.
    pub error: Option<Estimate>,
    /// Least top probability of a case that is automated.
    pub threshold: Option<f64>,
    /// Cases that certified it.
    pub certified_on: u64,
    /// Why nothing may be automated, or what it would take.
    pub reason: Option<String>,
}

impl Automation {
    /// Whether something may go unreviewed under it, and it held on fresh rows. A promise that could be certified and broke on rows
    /// that had no part in it is never offered to anybody.
    #[must_use]
    pub fn kept(&self) -> bool {
        self.share.is_some_and(|share| share.value > 0.0) && self.error.is_none_or(|error| error.value <= self.alpha)
    }

    /// Whether it could be certified and did not hold on fresh rows.
    #[must_use]
    pub fn broken(&self) -> bool {
        self.share.is_some_and(|share| share.value > 0.0) && !self.kept()
    }
}

/// Prediction sets of the AI: the classes that cannot be ruled out (split conformal prediction, Vovk, Gammerman and Shafer 2005).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct PredictionSets {
    /// Share of sets that may miss the truth.
    pub alpha: f64,
    /// Share of sets that hold the truth, on fresh rows.
    pub coverage: Option<Estimate>,
    /// Mean number of classes in a set.
    pub size: Option<Estimate>,
    /// Share of sets that leave one class only.
    pub single: Option<Estimate>,
}

/// Accuracies on the test part of one stored split.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Split {
    /// Rows of the test part.
    pub n: u64,
    /// People alone.
    pub human: Option<f64>,
    /// The AI alone.
    pub ai: Option<f64>,
    /// The AI recalibrated.
    pub ai_recalibrated: Option<f64>,
    /// The observed pair.
    pub observed_pair: Option<f64>,
    /// The achievable pair.
    pub achievable_pair: Option<f64>,
}

/// One policy: who decides which case.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Policy {
    /// Its name in code: `people`, `ai`, `advice`, `combination`, `threshold`, `compare_confidence`, `one_vs_all`, `codoc`, `arms`,
    /// `automate_0.02`, ..
    pub name: String,
    /// Its name for a reader.
    pub title: String,
    /// What it does, in a sentence.
    pub description: String,
    /// Share of wrong answers.
    pub error: Option<Estimate>,
    /// Mean cost of a case, errors and minutes, in the unit of the cost matrix.
    pub cost: Option<Estimate>,
    /// Share that nobody looks at.
    pub automated: Option<Estimate>,
    /// Share that a person decides.
    #[serde(default)]
    pub deferred: Option<Estimate>,
    /// Minutes of people per case, where times are known.
    pub minutes: Option<Estimate>,
    /// Gap in error between the worst and the best group, by the first grouping.
    pub fairness_gap: Option<Estimate>,
    /// Whether it is what is recommended.
    pub recommended: bool,
    /// Why some of these are `null`.
    pub reason: Option<String>,
}

/// Whose answers a part is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Who {
    /// People alone.
    Human,
    /// The AI alone.
    Ai,
    /// What people answered after advice.
    ObservedPair,
    /// The computed combination.
    AchievablePair,
}

/// Who is treated worse.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Fairness {
    /// One per group column, and their intersection.
    pub groupings: Vec<Grouping>,
    /// Why there is nothing.
    pub reason: Option<String>,
}

/// One way to group the rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Grouping {
    /// `race`, or `race x sex`.
    pub by: String,
    /// The class that counts as the positive (selected) answer.
    pub positive: String,
    /// Each member's figures.
    pub members: Vec<GroupedMember>,
    /// What must be said beside it (groups that were merged or marked as small).
    pub notes: Vec<String>,
}

/// One member's figures by group.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GroupedMember {
    /// Whose.
    pub who: Who,
    /// A row a group.
    pub groups: Vec<GroupFigures>,
    /// A row a metric.
    pub gaps: Vec<Gap>,
}

/// The figures of one group.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GroupFigures {
    /// Its name.
    pub group: String,
    /// Rows.
    pub n: u64,
    /// Too small to be compared; its figures are shown, and enter no gap.
    pub small: bool,
    /// Metric (`selection_rate`, `tpr`, `fpr`, `ppv`, `npv`, `accuracy`, `error`) and its value.
    pub metrics: Vec<(String, Option<Estimate>)>,
}

/// The gap of one metric between groups.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Gap {
    /// Metric.
    pub metric: String,
    /// Largest less smallest.
    pub difference: Option<Estimate>,
    /// Smallest by largest.
    pub ratio: Option<Estimate>,
    /// The 95 % of gaps that chance alone gives where no group differs.
    pub null_gap: Option<f64>,
    /// The 5 % quantile of ratios that chance alone gives where no group differs.
    pub null_ratio: Option<f64>,
    /// The smallest gap that these data would show with 80 % power.
    pub detectable: Option<f64>,
    /// p-value of "no group differs", Holm-corrected over all that was tested.
    pub p_holm: Option<f64>,
    /// Whether it survives Holm's correction at 5 %.
    pub survives: bool,
}

/// A kind of cases in which someone is better or worse than elsewhere.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Region {
    /// `priors_count > 5 and sex = male`.
    pub conditions: String,
    /// A sentence with its figures.
    pub sentence: String,
    /// Rows of the confirming half.
    pub n: u64,
    /// Accuracy of people there.
    pub human: Option<Estimate>,
    /// Accuracy of the AI there.
    pub ai: Option<Estimate>,
    /// Accuracy of the observed pair there.
    pub observed_pair: Option<Estimate>,
    /// Who should decide there by these figures.
    pub better: Option<Who>,
    /// p-value on the confirming half, corrected for the number of regions (Benjamini and Hochberg).
    pub p: f64,
}

/// What to change.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Recommended {
    /// A `[routing]` block of a playbook, ready to paste; `None` where nothing can be recommended.
    pub routing: Option<String>,
    /// Name of the recommended policy.
    pub policy: Option<String>,
    /// What to do, a sentence each, the most important first.
    pub actions: Vec<String>,
    /// Why.
    pub reasons: Vec<String>,
}

/// A reliability diagram.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reliability {
    /// Whose probabilities.
    pub who: Who,
    /// For a reader: "AI as it is", "AI, recalibrated".
    pub title: String,
    /// What the x axis is: probability of the top answer, or of the positive class.
    pub of: String,
    /// Bins: mean predicted, share that came true with its interval and n.
    pub bins: Vec<ReliabilityBin>,
    /// The isotonic curve with its consistency band (CORP, Dimitriadis 2021).
    pub curve: Vec<BandPoint>,
}

/// One bin of a reliability diagram.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReliabilityBin {
    /// Mean probability in it.
    pub predicted: f64,
    /// Share that came true.
    pub observed: Estimate,
}

/// A point with a band around it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct BandPoint {
    /// Horizontal place.
    pub x: f64,
    /// Vertical place.
    pub y: f64,
    /// Lower edge of the band.
    pub low: f64,
    /// Upper edge of the band.
    pub high: f64,
}

/// A curve, with the point that is chosen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Curve {
    /// For a reader.
    pub title: String,
    /// What runs along x: "share automated".
    pub x: String,
    /// What runs along y: "error among automated".
    pub y: String,
    /// From left to right.
    pub points: Vec<BandPoint>,
    /// The operating point.
    pub chosen: Option<ChosenPoint>,
}

/// An operating point on a curve.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChosenPoint {
    /// Horizontal place.
    pub x: f64,
    /// Vertical place.
    pub y: f64,
    /// What it is: "error <= 2 %, certainty 95 %".
    pub label: String,
}

/// A confusion matrix.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Confusion {
    /// Whose answers.
    pub who: Who,
    /// For a reader.
    pub title: String,
    /// `counts[truth][answer]`, in the order of the classes of [`DataFacts`].
    pub counts: Vec<Vec<u64>>,
}

/// Skill of people.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Skill {
    /// Each one's, in the order of their names; empty unless the data's owner asked for names.
    pub people: Vec<PersonSkill>,
    /// How far people differ, without names: quantiles .1, .5, .9 of the shrunken accuracies.
    pub spread: Option<(f64, f64, f64)>,
    /// What must be said beside it.
    pub notes: Vec<String>,
}

/// One person's skill.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PersonSkill {
    /// As in the data.
    pub person: String,
    /// Share of right answers, shrunken to the pool.
    pub accuracy: Estimate,
    /// The same after advice, where known.
    pub observed_pair: Option<Estimate>,
}

/// What a suggestion and a final answer alone show.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct SuggestionOnly {
    /// Share of suggestions that were not taken.
    pub override_rate: Option<Estimate>,
    /// Where and by whom.
    pub patterns: Vec<OverridePattern>,
    /// What the truth can be at most and at least.
    pub bounds: Vec<Bound>,
    /// What they can show, a sentence each.
    pub shows: Vec<String>,
    /// What they cannot show.
    pub cannot_show: Vec<String>,
    /// How to find out.
    pub plan: Vec<PlanStep>,
}

/// Overrides of one kind of rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OverridePattern {
    /// What the rows are grouped by: `person`, `suggestion`, `score`, `time`, or the column.
    pub by: String,
    /// Which of them.
    pub name: String,
    /// Their override rate.
    pub rate: Estimate,
    /// p-value against the rest, Holm-corrected.
    pub p_holm: Option<f64>,
}

/// Bounds of something that was not observed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Bound {
    /// Of what: "accuracy of the AI, if every override was right".
    pub of: String,
    /// At least.
    pub low: f64,
    /// At most.
    pub high: f64,
    /// What is assumed, in a sentence.
    pub assumption: String,
}

/// A step of a measurement plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlanStep {
    /// The statement that becomes possible.
    pub statement: String,
    /// Share of cases that people answer first without the suggestion.
    pub blind_share: f64,
    /// Cases that it takes.
    pub cases: u64,
    /// Weeks that it takes at the volume of these data; `None` where no time is known.
    pub weeks: Option<f64>,
}

/// How the findings were computed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Method {
    /// Version of the product.
    pub software: String,
    /// Seed of every draw.
    pub seed: u64,
    /// Draws of each bootstrap.
    pub draws: u64,
    /// Level of the intervals: 0.95.
    pub level: f64,
    /// How rows were parted: "10 folds, items kept together".
    pub parting: String,
    /// Number of folds or stored splits.
    pub folds: u64,
    /// What the intervals treat as one: "person and item".
    pub clusters: String,
    /// Columns and what they were taken for.
    pub columns: Vec<ColumnNote>,
    /// What else must be said.
    pub notes: Vec<String>,
    /// Methods with their sources.
    pub sources: Vec<String>,
}

/// What a column was taken for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ColumnNote {
    /// `truth`, `human`, `ai`, ..
    pub role: String,
    /// Name in the data.
    pub column: String,
    /// Whether it was guessed rather than said.
    pub guessed: bool,
    /// How its values were read: "probability of \"red\", 0 to 100".
    pub reading: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_are_those_of_the_contract() {
        let member = serde_json::to_value(Member::default()).unwrap();
        assert_eq!(member["accuracy"], serde_json::Value::Null);
        for verdict in [(Verdict::Complementary, "complementary"), (Verdict::NotShown, "not_shown"), (Verdict::Harmful, "harmful")] {
            assert_eq!(serde_json::to_value(verdict.0).unwrap(), verdict.1);
        }
        let reliance = serde_json::to_value(Reliance::default()).unwrap();
        for name in ["rair", "rsr", "over_reliance", "over_reliance_on_disagreement", "under_reliance", "switch_fraction"] {
            assert!(reliance.get(name).is_some(), "{name}");
        }
    }
}
