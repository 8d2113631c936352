//! Shows an audit of answers with more than two classes. Computes nothing.

use super::{GROUPS_SHOWN_MAX, lines, percent, table};
use crate::out::{Out, one_line, thousands};
use anyhow::Result;
use countersign_app::audit::{ClassAudit, MacroDecider, MacroPartition, Metric};

/// Findings of single answers that the terminal shows; the report and JSON have all.
const FINDINGS_SHOWN_MAX: usize = 20;

pub(super) fn show(out: Out, audit: &ClassAudit) -> Result<()> {
    for sentence in &audit.headline {
        out.line(one_line(sentence))?;
    }
    for partition in &audit.partitions {
        for decider in &partition.deciders {
            out.line(format!(
                "\n{}, by {}: averages over {} answers",
                one_line(&decider.name),
                one_line(&partition.by),
                audit.classes.len()
            ))?;
            out.line(rates(partition, decider))?;
            out.line(gaps(partition, decider))?;
        }
    }
    if !audit.surviving.is_empty() {
        let mut found = table(&["answer", "by", "group", "decided by", "rate", "of the group", "less all others"]);
        for one in audit.surviving.iter().take(FINDINGS_SHOWN_MAX) {
            let (rate, gap) = (one.finding.rate, one.finding.difference);
            found.add_row(vec![
                one_line(&one.class),
                one_line(&one.finding.by),
                one_line(&one.finding.group),
                one_line(&one.finding.decider),
                one.finding.metric.name().to_owned(),
                percent(rate.value, rate.low, rate.high),
                percent(gap.value, gap.low, gap.high),
            ]);
        }
        out.line("\nSingle answers that survive the correction")?;
        out.line(lines(&found))?;
        let more = audit.surviving.len().saturating_sub(FINDINGS_SHOWN_MAX);
        if more > 0 {
            out.line(format!(".. and {more} more: see --json or --out"))?;
        }
    }
    out.line("\nWhat these data cannot say")?;
    for sentence in &audit.cannot_say {
        out.line(format!("- {}", one_line(sentence)))?;
    }
    out.line(format!("\n95 % intervals in brackets; * survives the correction for {} tests.", thousands(audit.tests)))
}

fn name(metric: Metric) -> &'static str {
    match metric {
        Metric::TruePositiveRate => "macro recall",
        Metric::PositivePredictiveValue => "macro precision",
        _ => "right answers",
    }
}

fn rates(partition: &MacroPartition, decider: &MacroDecider) -> String {
    let mut header = vec!["", "rows"];
    header.extend(decider.rates.iter().map(|rate| name(rate.metric)));
    let mut table = table(&header);
    let mut order: Vec<usize> = (0..partition.groups.len()).collect();
    order.sort_by_key(|at| std::cmp::Reverse(partition.groups.get(*at).map_or(0, |group| group.n)));
    let more = order.len().saturating_sub(GROUPS_SHOWN_MAX);
    for at in order.into_iter().take(GROUPS_SHOWN_MAX) {
        let Some(group) = partition.groups.get(at) else { continue };
        let mark = if group.compared() { "" } else { " (not compared)" };
        let mut row = vec![format!("{}{mark}", one_line(&group.name)), thousands(group.n)];
        for rate in &decider.rates {
            let survives = rate.tests.iter().any(|test| test.group == at && test.p_holm <= 0.05);
            row.push(
                rate.groups
                    .get(at)
                    .copied()
                    .flatten()
                    .map_or_else(|| "-".into(), |e| format!("{}{}", percent(e.value, e.low, e.high), if survives { "*" } else { " " })),
            );
        }
        table.add_row(row);
    }
    let mut text = lines(&table);
    if more > 0 {
        text += &format!("\n.. and {more} smaller groups: see --json or --out");
    }
    text
}

fn gaps(partition: &MacroPartition, decider: &MacroDecider) -> String {
    let mut table = table(&["gap in", "points", "by chance up to", "detectable from", "between"]);
    let group = |at: Option<usize>| at.and_then(|at| partition.groups.get(at)).map_or_else(String::new, |group| one_line(&group.name));
    let points = |value: Option<f64>| value.map_or_else(|| "-".into(), |value| format!("{:.1}", 100.0 * value));
    for rate in &decider.rates {
        let Some(gap) = rate.gap else { continue };
        table.add_row(vec![
            name(rate.metric).to_owned(),
            percent(gap.value, gap.low, gap.high),
            points(rate.gap_by_chance),
            points(rate.detectable_gap),
            format!("{} < {}", group(rate.lowest), group(rate.highest)),
        ]);
    }
    lines(&table)
}
