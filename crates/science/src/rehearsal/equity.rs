//! Fairness by each group column and by their intersection, of people, AI and pair side by side. Measures nothing itself:
//! [`crate::fairness`] does.

use crate::{
    fairness::{self, Cells, Clusters, Fairness as Measured, Metric, Pattern, Table},
    rehearsal::{
        compose::Figures,
        data::{Codes, Data, NONE, Options},
        findings::{Fairness, Gap, GroupFigures, GroupedMember, Grouping, Who},
    },
};

/// Intersections beyond this many cells say nothing about any of them.
const CROSSED_MAX: usize = 64;
/// Values of a column beyond which it is no grouping.
const GROUPS_MAX: usize = 200;
/// Holm-corrected p-values up to this survive.
const SURVIVES_MAX: f64 = 0.05;

/// Whose answers are compared.
struct Answers<'a> {
    who: Vec<Who>,
    labels: Vec<&'a [u32]>,
}

/// The finding.
pub(super) fn fairness(data: &Data, options: &Options, figures: &Figures) -> Fairness {
    if data.groups.is_empty() {
        let reason = "no group column was named (--group), so whether anybody is treated worse was not looked at".to_owned();
        return Fairness { reason: Some(reason), ..Fairness::default() };
    }
    let Some(truth) = &data.truth else { return Fairness::default() };
    let mut answers = Answers { who: Vec::new(), labels: Vec::new() };
    let all = [
        (Who::Ai, data.ai.as_deref()),
        (Who::Human, data.human.as_deref()),
        (Who::ObservedPair, data.observed.as_deref()),
        (Who::AchievablePair, figures.achieved.as_ref().map(|d| d.answers.as_slice()).filter(|a| !a.is_empty())),
    ];
    let known = all.into_iter().filter_map(|(who, labels)| Some((who, labels?)));
    for (who, labels) in known.take(fairness::cells::DECIDERS_MAX) {
        answers.who.push(who);
        answers.labels.push(labels);
    }
    let mut groupings: Vec<(String, Codes, Vec<String>)> =
        data.groups.iter().map(|(name, codes)| (name.clone(), codes.clone(), Vec::new())).collect();
    if data.groups.len() > 1 {
        groupings.push(crossed(&data.groups));
    }
    let mut measured: Vec<(String, Vec<String>, Measured)> = Vec::new();
    let mut reasons = Vec::new();
    for (name, codes, notes) in groupings {
        if codes.names.len() > GROUPS_MAX {
            reasons.push(format!("{name} has {} values and is no grouping", codes.names.len()));
            continue;
        }
        match measure(data, truth, &answers, &codes, options) {
            Ok(found) => measured.push((name, notes, found)),
            Err(error) => reasons.push(format!("{name}: {error}")),
        }
    }
    fairness::correct_together(measured.iter_mut().map(|(_, _, found)| found));
    let positive = data.classes.get(1).filter(|_| data.classes.len() == 2).cloned().unwrap_or_else(|| "right".to_owned());
    let of = |(by, notes, found): &(String, Vec<String>, Measured)| grouping(by, notes, found, &answers.who, &positive, data.classes.len());
    Fairness { groupings: measured.iter().map(of).collect(), reason: (!reasons.is_empty()).then(|| reasons.join("; ")) }
}

/// All group columns at once.
fn crossed(groups: &[(String, Codes)]) -> (String, Codes, Vec<String>) {
    let name = groups.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(" x ");
    let rows = groups.first().map_or(0, |(_, codes)| codes.codes.len());
    let mut index = std::collections::BTreeMap::new();
    let mut names = Vec::new();
    let codes = (0..rows)
        .map(|row| {
            let key: Vec<u32> = groups.iter().map(|(_, codes)| codes.codes.get(row).copied().unwrap_or(NONE)).collect();
            let next = index.len() as u32;
            *index.entry(key).or_insert_with_key(|key| {
                let word = |(code, (_, codes)): (&u32, &(String, Codes))| codes.names.get(*code as usize).cloned().unwrap_or_default();
                names.push(key.iter().zip(groups).map(word).collect::<Vec<_>>().join(", "));
                next
            })
        })
        .collect();
    let mut notes = Vec::new();
    if names.len() > CROSSED_MAX {
        notes.push(format!("{} intersections: most of them are too small to say anything about", names.len()));
    }
    (name, Codes { codes, names }, notes)
}

fn measure(data: &Data, truth: &[u32], answers: &Answers<'_>, groups: &Codes, options: &Options) -> crate::error::Result<Measured> {
    let two = data.classes.len() == 2;
    let mut cells = Cells::new(answers.labels.len());
    let repeating = |codes: &Option<Codes>| codes.as_ref().is_some_and(|c| c.names.len() > 1 && c.names.len() < c.codes.len());
    let (by_person, by_item) = (repeating(&data.person), repeating(&data.item));
    let (mut people, mut items) = (Clusters::default(), Clusters::default());
    for (row, truth) in truth.iter().enumerate() {
        let label = if two { *truth == 1 } else { true };
        let answer = |labels: &&[u32]| {
            let label = labels.get(row).copied().filter(|l| *l != NONE)?;
            Some(if two { label == 1 } else { label == *truth })
        };
        let given: Vec<Option<bool>> = answers.labels.iter().map(answer).collect();
        let pattern = Pattern::new(Some(label), &given);
        let group = groups.codes.get(row).copied().unwrap_or(0);
        cells.add_pattern(group as usize, pattern, 1)?;
        let code = |codes: &Option<Codes>| codes.as_ref().and_then(|c| c.codes.get(row)).copied().unwrap_or(0);
        if by_person {
            people.add(code(&data.person), group, pattern);
        }
        if by_item {
            items.add(code(&data.item), group, pattern);
        }
    }
    let clusters: Vec<&Clusters> =
        [(by_person, &people), (by_item, &items)].into_iter().filter(|(taken, _)| *taken).map(|(_, clusters)| clusters).collect();
    let names: Vec<String> = answers.who.iter().map(|who| words(*who).to_owned()).collect();
    let unknown = groups.names.iter().position(|name| name == "(missing)");
    let table = Table { cells: &cells, groups: &groups.names, unknown, deciders: &names, clusters: &clusters };
    Measured::measure(&table, &fairness::Options { seed: options.seed, ..fairness::Options::default() })
}

/// Who it is, for a reader.
#[must_use]
pub(super) fn words(who: Who) -> &'static str {
    match who {
        Who::Human => "people",
        Who::Ai => "the AI",
        Who::ObservedPair => "people with advice",
        Who::AchievablePair => "the achievable pair",
    }
}

fn metric_name(metric: Metric) -> &'static str {
    match metric {
        Metric::BaseRate => "base_rate",
        Metric::SelectionRate => "selection_rate",
        Metric::TruePositiveRate => "tpr",
        Metric::FalsePositiveRate => "fpr",
        Metric::FalseNegativeRate => "fnr",
        Metric::PositivePredictiveValue => "ppv",
        Metric::NegativePredictiveValue => "npv",
        Metric::Accuracy => "accuracy",
    }
}

fn grouping(by: &str, notes: &[String], found: &Measured, who: &[Who], positive: &str, classes: usize) -> Grouping {
    // Of more than two classes only accuracy was counted; the other rates would be the same number under other names.
    let told = |metric: Metric| classes == 2 || metric == Metric::Accuracy;
    let members = found
        .deciders
        .iter()
        .zip(who)
        .map(|(decider, who)| GroupedMember {
            who: *who,
            groups: found
                .groups
                .iter()
                .zip(&decider.groups)
                .map(|(group, rates)| GroupFigures {
                    group: group.name.clone(),
                    n: group.n,
                    small: !group.compared(),
                    metrics: rates
                        .iter()
                        .filter(|(metric, _)| told(**metric))
                        .map(|(metric, rate)| (metric_name(*metric).to_owned(), rate.map(|rate| rate.estimate)))
                        .collect(),
                })
                .collect(),
            gaps: decider
                .comparisons
                .iter()
                .filter(|comparison| told(comparison.metric) && comparison.metric != Metric::BaseRate)
                .map(|comparison| {
                    let tests = decider.tests.iter().filter(|test| test.metric == comparison.metric);
                    let p_holm = tests.map(|test| test.p_holm).fold(None, |least: Option<f64>, p| Some(least.map_or(p, |l| l.min(p))));
                    Gap {
                        metric: metric_name(comparison.metric).to_owned(),
                        difference: Some(comparison.difference),
                        ratio: comparison.ratio,
                        null_gap: comparison.chance.map(|chance| chance.gap_95),
                        null_ratio: comparison.chance.map(|chance| chance.ratio_05),
                        detectable: comparison.detectable_gap,
                        p_holm,
                        survives: p_holm.is_some_and(|p| p <= SURVIVES_MAX),
                    }
                })
                .collect(),
        })
        .collect();
    let notes = notes.iter().cloned().chain(found.cannot_say.iter().cloned()).collect();
    Grouping { by: by.to_owned(), positive: positive.to_owned(), members, notes }
}
