//! An audit as the fairness section of a rehearsal. Computes nothing.

use super::{Audit, FALSE_ALARM_MAX, Partition};
use crate::{
    Estimate,
    fairness::{Comparison, Decider, Metric, Rates},
    rehearsal::findings::{Fairness, Gap, GroupFigures, GroupedMember, Grouping, Who},
};

impl Audit {
    /// The same as the fairness section of [`crate::rehearsal::Findings`]; `who` names the deciders in their order.
    #[must_use]
    pub fn groupings(&self, who: &[Who]) -> Fairness {
        let groupings = self
            .partitions
            .iter()
            .map(|partition| Grouping {
                by: partition.by.clone(),
                positive: self.positive.clone(),
                members: partition
                    .fairness
                    .deciders
                    .iter()
                    .zip(who)
                    .map(|(decider, who)| GroupedMember { who: *who, groups: groups(partition, decider), gaps: gaps(decider) })
                    .collect(),
                notes: partition.fairness.cannot_say.iter().chain(&partition.sentences).cloned().collect(),
            })
            .collect();
        Fairness { groupings, reason: None }
    }
}

fn key(metric: Metric) -> &'static str {
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

fn groups(partition: &Partition, decider: &Decider) -> Vec<GroupFigures> {
    partition
        .fairness
        .groups
        .iter()
        .zip(&decider.groups)
        .map(|(group, rates)| GroupFigures { group: group.name.clone(), n: group.n, small: !group.compared(), metrics: metrics(rates) })
        .collect()
}

fn metrics(rates: &Rates) -> Vec<(String, Option<Estimate>)> {
    let value = |metric: Metric| rates.get(&metric).copied().flatten().map(|rate| rate.estimate);
    let mut out: Vec<_> = Metric::ALL.into_iter().map(|metric| (key(metric).to_owned(), value(metric))).collect();
    let error = value(Metric::Accuracy).map(|right| Estimate {
        value: 1.0 - right.value,
        low: 1.0 - right.high,
        high: 1.0 - right.low,
        n: right.n,
    });
    out.push(("error".into(), error));
    out
}

fn gaps(decider: &Decider) -> Vec<Gap> {
    decider.comparisons.iter().map(|comparison| gap(decider, comparison)).collect()
}

fn gap(decider: &Decider, comparison: &Comparison) -> Gap {
    let p_holm = decider.tests.iter().filter(|test| test.metric == comparison.metric).map(|test| test.p_holm).min_by(f64::total_cmp);
    Gap {
        metric: key(comparison.metric).into(),
        difference: Some(comparison.difference),
        ratio: comparison.ratio,
        null_gap: comparison.chance.map(|chance| chance.gap_95),
        null_ratio: comparison.chance.map(|chance| chance.ratio_05),
        detectable: comparison.detectable_gap,
        p_holm,
        survives: p_holm.is_some_and(|p| p <= FALSE_ALARM_MAX),
    }
}
