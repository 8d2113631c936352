//! An audit as one flat table: a row for every partition, decider, group and metric. Computes nothing.

use countersign_science::{
    Estimate,
    audit::{Audit, Partition},
    fairness::{Decider, Metric},
};
use std::io::Write;

const HEADER: [&str; 28] = [
    "by",
    "decider",
    "group",
    "group_n",
    "standing",
    "metric",
    "value",
    "low",
    "high",
    "n",
    "effective_n",
    "difference",
    "difference_low",
    "difference_high",
    "p",
    "p_holm",
    "detectable_gap",
    "chance_gap_95",
    "impact_ratio",
    "impact_ratio_low",
    "impact_ratio_high",
    "selected",
    "left_out",
    "too_small",
    "scoring_rate",
    "scoring_ratio",
    "scoring_ratio_low",
    "scoring_ratio_high",
];

/// Writes the table.
///
/// # Errors
/// Where it cannot be written.
pub fn write(audit: &Audit, to: impl Write) -> std::io::Result<()> {
    let mut writer = csv::Writer::from_writer(to);
    writer.write_record(HEADER).map_err(std::io::Error::other)?;
    for partition in &audit.partitions {
        for decider in &partition.fairness.deciders {
            for group in 0..partition.fairness.groups.len() {
                for metric in Metric::ALL {
                    writer.write_record(row(partition, decider, group, metric)).map_err(std::io::Error::other)?;
                }
            }
        }
    }
    writer.flush()
}

fn row(partition: &Partition, decider: &Decider, at: usize, metric: Metric) -> Vec<String> {
    let number = |value: Option<f64>| value.map(|value| value.to_string()).unwrap_or_default();
    let three =
        |estimate: Option<Estimate>| [number(estimate.map(|e| e.value)), number(estimate.map(|e| e.low)), number(estimate.map(|e| e.high))];
    let name = |value: serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let group = partition.fairness.groups.get(at);
    let rate = decider.groups.get(at).and_then(|rates| rates.get(&metric)).copied().flatten();
    let test = decider.tests.iter().find(|test| test.group == at && test.metric == metric);
    let chance = decider.comparisons.iter().find(|comparison| comparison.metric == metric).and_then(|comparison| comparison.chance);
    let category = decider.impact.categories.get(at).filter(|_| metric == Metric::SelectionRate);
    let mut row = vec![
        partition.by.clone(),
        decider.name.clone(),
        group.map(|group| group.name.clone()).unwrap_or_default(),
        group.map(|group| group.n.to_string()).unwrap_or_default(),
        group.map(|group| name(serde_json::json!(group.standing))).unwrap_or_default(),
        name(serde_json::json!(metric)),
    ];
    row.extend(three(rate.map(|rate| rate.estimate)));
    row.push(rate.map(|rate| rate.estimate.n.to_string()).unwrap_or_default());
    row.push(number(rate.and_then(|rate| rate.effective_n)));
    row.extend(three(test.map(|test| test.difference)));
    row.extend([number(test.map(|test| test.p)), number(test.map(|test| test.p_holm)), number(test.and_then(|test| test.detectable_gap))]);
    row.push(number(chance.map(|chance| chance.gap_95)));
    row.extend(three(category.and_then(|category| category.impact_ratio)));
    row.push(category.map(|category| category.selected.to_string()).unwrap_or_default());
    row.push(category.and_then(|category| category.left_out.clone()).unwrap_or_default());
    row.push(category.map(|category| category.too_small.to_string()).unwrap_or_default());
    // The score is the first decider's.
    let first = partition.fairness.deciders.first().is_some_and(|first| first.name == decider.name);
    let scored = partition.scoring.as_ref().filter(|_| first && metric == Metric::SelectionRate);
    let scored = scored.and_then(|scoring| scoring.categories.get(at));
    row.push(number(scored.and_then(|one| one.scoring_rate).map(|rate| rate.value)));
    row.extend(three(scored.and_then(|one| one.impact_ratio)));
    row
}
