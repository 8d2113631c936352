//! The report of an audit of answers with more than two classes: averages over the answers first, then each answer as the positive
//! one. Computes nothing.

use countersign_science::audit::ClassAudit;
use countersign_science::audit::macro_rates::{MacroDecider, MacroPartition, MacroRate};
use countersign_science::fairness::Metric;
use maud::{Markup, html};

use super::{FINDINGS_MAX, TOLD_MAX, finding, named, or_product, partition, small, tone};
use crate::chart::{Axis, Interval, Mark, PanelCell, PanelGroup, PanelRow, Panels};
use crate::format::{self, Unit};
use crate::page::{self, Cell, Column, Glance, Page, Section, Table};

/// Groups that are drawn, the largest first.
const GROUPS_DRAWN_MAX: usize = 12;

pub(super) fn page(audit: &ClassAudit, source: &str, software: &str) -> Page {
    let by = audit.partitions.iter().map(|one| one.by.as_str()).collect::<Vec<_>>();
    Page {
        kicker: "Fairness audit".into(),
        title: if source.is_empty() { "Who is treated differently".into() } else { source.to_owned() },
        facts: vec![
            format!("{} decisions", format::count(audit.n)),
            format::list(&audit.deciders),
            format!("{} answers", audit.classes.len()),
            format!("by {}", format::list(&by)),
        ],
        lead: audit.headline.iter().take(1).cloned().collect(),
        points: audit.headline.iter().skip(1).take(TOLD_MAX).cloned().collect(),
        glance: glance(audit),
        sections: sections(audit, software),
        footer: format!("Made by {}. Every figure stands with its interval.", or_product(software)),
    }
}

/// The gap in macro recall of each decider, by the first group column.
fn glance(audit: &ClassAudit) -> Vec<Glance> {
    let Some(first) = audit.partitions.first() else { return Vec::new() };
    let one = |decider: &MacroDecider| {
        let gap = decider.rates.iter().find(|rate| rate.metric == Metric::TruePositiveRate).and_then(|rate| rate.gap);
        let figure = gap.map_or_else(|| Err("not enough yet".to_owned()), |gap| Ok((gap, Unit::Points)));
        Glance { label: format!("{}: gap in macro recall by {}", decider.name, first.by), tone: tone(&decider.name), figure }
    };
    first.deciders.iter().map(one).collect()
}

fn sections(audit: &ClassAudit, software: &str) -> Vec<Section> {
    let mut out: Vec<Section> = audit.partitions.iter().enumerate().map(|(at, one)| averages(one, at)).collect();
    out.push(surviving(audit));
    // Each answer by each group column; intersections have their averages, and everything is in the JSON.
    for (class, own) in audit.by_class.iter().enumerate() {
        for (at, one) in own.partitions.iter().enumerate().filter(|(_, one)| one.attributes.len() == 1) {
            let Section { title, body, .. } = partition::section(own, one, at);
            out.push(Section { id: format!("answer-{}-{}", class + 1, at + 1), title: format!("“{}”: {title}", own.positive), body });
        }
    }
    if !audit.cannot_say.is_empty() {
        out.push(Section { id: "cannot-say".into(), title: "What these data cannot say".into(), body: page::list(&audit.cannot_say) });
    }
    if let Some(first) = audit.by_class.first() {
        out.push(super::method(first, software));
    }
    out
}

fn title(metric: Metric) -> &'static str {
    match metric {
        Metric::TruePositiveRate => "Macro recall: found, of each true answer",
        Metric::PositivePredictiveValue => "Macro precision: right, of each given answer",
        _ => "Right answers",
    }
}

fn averages(partition: &MacroPartition, at: usize) -> Section {
    let mut groups: Vec<usize> = (0..partition.groups.len()).collect();
    groups.sort_by_key(|at| std::cmp::Reverse(partition.groups.get(*at).map_or(0, |group| group.n)));
    let rate =
        |decider: &MacroDecider, metric: Metric| -> Option<MacroRate> { decider.rates.iter().find(|rate| rate.metric == metric).cloned() };
    let metrics: Vec<Metric> =
        partition.deciders.first().map(|decider| decider.rates.iter().map(|rate| rate.metric).collect()).unwrap_or_default();
    let row = |metric: Metric, at: usize| -> Option<PanelRow> {
        let group = partition.groups.get(at)?;
        let cell = |decider: &MacroDecider| {
            let found = rate(decider, metric)?.groups.get(at).copied().flatten()?;
            Some(PanelCell { interval: Interval::from(&found), mark: if group.compared() { Mark::Solid } else { Mark::Hollow } })
        };
        Some(PanelRow {
            label: group.name.clone(),
            note: format!("n = {}", format::count(group.n)),
            cells: partition.deciders.iter().map(cell).collect(),
        })
    };
    let panels = Panels {
        title: format!("Averages over answers, by {}", partition.by),
        axis: Axis::new("mean over the answers, within the group", Unit::Share),
        columns: partition.deciders.iter().map(|decider| (decider.name.clone(), tone(&decider.name))).collect(),
        groups: metrics
            .iter()
            .map(|metric| PanelGroup {
                label: title(*metric).to_owned(),
                bands: Vec::new(),
                rows: groups.iter().take(GROUPS_DRAWN_MAX).filter_map(|at| row(*metric, *at)).collect(),
            })
            .collect(),
        reference: None,
    };
    let body = html! {
        (page::figure(&panels, "Each answer counts alike, however often it comes. Outlined: too small a group to be compared."))
        (gaps(partition, &metrics))
        (small("“By chance alone” is the gap that 95 of 100 data sets of this size would stay under if no group differed in any answer; “could be seen” is the smallest difference of a group from all others that these data would show in four of five cases."))
    };
    Section { id: format!("averages-{}", at + 1), title: format!("By {}: averages over the answers", partition.by), body }
}

fn gaps(partition: &MacroPartition, metrics: &[Metric]) -> Markup {
    let mut table = Table::new(&[
        Column::Words("gap in"),
        Column::Words("of"),
        Column::Figure("largest less smallest", Unit::Points),
        Column::Number("by chance alone"),
        Column::Number("could be seen"),
        Column::Words("groups that differ"),
    ]);
    let points = |value: Option<f64>| value.map_or_else(String::new, |value| Unit::Points.of(value).trim_start_matches('+').to_owned());
    for metric in metrics {
        for decider in &partition.deciders {
            let Some(rate) = decider.rates.iter().find(|rate| rate.metric == *metric) else { continue };
            let differ: Vec<&str> = rate
                .tests
                .iter()
                .filter(|test| test.p_holm <= countersign_science::audit::FALSE_ALARM_MAX)
                .filter_map(|test| partition.groups.get(test.group).map(|group| group.name.as_str()))
                .collect();
            table.row(
                !differ.is_empty(),
                vec![
                    title(*metric).split(':').next().unwrap_or_default().into(),
                    Cell::Html(named(&decider.name).sign()),
                    Cell::Figure(rate.gap),
                    points(rate.gap_by_chance).into(),
                    points(rate.detectable_gap).into(),
                    if differ.is_empty() { "none shown".into() } else { format::list(&differ).into() },
                ],
            );
        }
    }
    table.render()
}

fn surviving(audit: &ClassAudit) -> Section {
    let mut table = Table::new(&[
        Column::Words("answer"),
        Column::Words("group"),
        Column::Words("by"),
        Column::Words("decided by"),
        Column::Words("rate"),
        Column::Figure("of the group", Unit::Share),
        Column::Figure("less all others", Unit::Points),
        Column::Number("p (Holm)"),
    ]);
    for found in audit.surviving.iter().take(FINDINGS_MAX) {
        let mut cells = vec![Cell::from(found.class.clone())];
        cells.extend(finding(&found.finding));
        table.row(false, cells);
    }
    let more = audit.surviving.len().saturating_sub(FINDINGS_MAX);
    let body = html! {
        @if table.is_empty() {
            p { "Nothing does. " (format::count(audit.tests)) " comparisons were made; a difference has to be clearer than chance would make the clearest of so many." }
        } @else {
            p { "Each group was held against all others, for every answer, rate and decider: " (format::count(audit.tests)) " comparisons with those of the averages. These differ more clearly than chance would make the clearest of so many." }
            (table.render())
            @if more > 0 { p.small.soft { "And " (more) " more, in the JSON." } }
        }
    };
    Section { id: "surviving".into(), title: "In which answers do groups differ?".into(), body }
}
