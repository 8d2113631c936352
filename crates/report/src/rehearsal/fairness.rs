//! Who is treated worse: by the AI, by people and by the pair, beside what chance alone would do. Never drops a small group
//! silently.

use countersign_science::Estimate;
use countersign_science::rehearsal::findings::{Findings, Gap, GroupFigures, GroupedMember, Grouping, Who};
use maud::{Markup, html};

use super::{name, reason, tone};
use crate::chart::{Axis, Interval, Mark, PanelGroup, PanelRow, Panels};
use crate::format::{self, Unit};
use crate::page::{self, Cell, Column, Section, Table};

/// The metrics that are drawn; the table has all.
const DRAWN: [&str; 4] = ["selection_rate", "fpr", "tpr", "accuracy"];
/// Groups that are drawn for one metric, the largest first.
const GROUPS_DRAWN_MAX: usize = 8;

pub(super) fn section(findings: &Findings) -> Option<Section> {
    let fairness = &findings.fairness;
    if fairness.groupings.is_empty() {
        return None;
    }
    let body = html! {
        @for grouping in &fairness.groupings { (one(grouping)) }
        (reason(fairness.reason.as_ref()))
        p.small.soft { "A gap is the largest less the smallest figure of the groups that are large enough. “Chance alone” is the gap that 95 of 100 data sets of this size would stay under if no group differed; “could be seen” is the smallest true gap that these data would show in four of five cases. A difference that survives was corrected (Holm) for all that was tested." }
    };
    Some(Section { id: "fairness", title: "Who is treated worse?".into(), body })
}

fn one(grouping: &Grouping) -> Markup {
    html! {
        h3 { "By " (grouping.by) }
        p { (in_words(grouping)) }
        (page::figure(&panels(grouping), "Each group's own rate, with its interval. Grey: as far apart as chance alone would put the groups; marks outside of it differ by more. Outlined: too small a group to be compared."))
        (gaps(grouping))
        (page::notes(&grouping.notes))
    }
}

/// What survives, in a sentence.
fn in_words(grouping: &Grouping) -> String {
    let found = |member: &GroupedMember| {
        let gaps: Vec<String> = member.gaps.iter().filter(|gap| gap.survives).map(|gap| lower(&gap.metric)).collect();
        (!gaps.is_empty()).then(|| format!("{} in {}", subject(member.who), format::list(&gaps)))
    };
    let all: Vec<String> = grouping.members.iter().filter_map(found).collect();
    if all.is_empty() {
        format!(
            "No difference by {} survives the correction for all that was tested. The table says how large one would have to be to be seen.",
            grouping.by
        )
    } else {
        format!("Groups differ by more than chance would do: {}.", all.join("; "))
    }
}

fn subject(who: Who) -> &'static str {
    match who {
        Who::Human => "with people",
        Who::Ai => "with the AI",
        Who::ObservedPair => "with the pair as observed",
        Who::AchievablePair => "with the achievable pair",
    }
}

/// A metric as a heading.
fn title(metric: &str, positive: &str) -> String {
    match metric {
        "selection_rate" => format!("Answered “{positive}”"),
        "tpr" => format!("Found, of those truly “{positive}” (TPR)"),
        "fpr" => format!("False alarms, of those not “{positive}” (FPR)"),
        "ppv" => format!("Right when answered “{positive}” (PPV)"),
        "npv" => "Right when answered otherwise (NPV)".into(),
        "accuracy" => "Right answers".into(),
        "error" => "Errors".into(),
        other => other.replace('_', " "),
    }
}

/// A metric in the middle of a sentence.
fn lower(metric: &str) -> String {
    match metric {
        "selection_rate" => "how often they are selected".into(),
        "tpr" => "how many true positives are found".into(),
        "fpr" => "false alarms".into(),
        "ppv" => "how often a positive answer is right".into(),
        "npv" => "how often a negative answer is right".into(),
        "accuracy" => "right answers".into(),
        "error" => "errors".into(),
        other => other.replace('_', " "),
    }
}

fn metric_of(figures: &GroupFigures, metric: &str) -> Option<Estimate> {
    figures.metrics.iter().find(|(name, _)| name == metric).and_then(|(_, found)| *found)
}

fn panels(grouping: &Grouping) -> Panels {
    let metrics = DRAWN
        .iter()
        .filter(|metric| grouping.members.iter().any(|member| member.groups.iter().any(|group| metric_of(group, metric).is_some())));
    Panels {
        title: format!("Rates by {}", grouping.by),
        axis: Axis::new("rate within the group", Unit::Share),
        columns: grouping.members.iter().map(|member| (name(member.who).to_owned(), tone(member.who))).collect(),
        groups: metrics.map(|metric| panel(grouping, metric)).collect(),
    }
}

/// One metric: a row a group, the largest groups first.
fn panel(grouping: &Grouping, metric: &str) -> PanelGroup {
    let mut groups: Vec<&GroupFigures> = grouping.members.first().map(|member| member.groups.iter().collect()).unwrap_or_default();
    groups.sort_by(|a, b| b.n.cmp(&a.n).then_with(|| a.group.cmp(&b.group)));
    let cell = |member: &GroupedMember, name: &str| {
        let group = member.groups.iter().find(|group| group.group == name)?;
        metric_of(group, metric).as_ref().map(Interval::from)
    };
    let row = |group: &&GroupFigures| PanelRow {
        label: group.group.clone(),
        note: format!("n = {}", format::count(group.n)),
        mark: if group.small { Mark::Hollow } else { Mark::Solid },
        cells: grouping.members.iter().map(|member| cell(member, &group.group)).collect(),
    };
    PanelGroup {
        label: title(metric, &grouping.positive),
        bands: grouping.members.iter().map(|member| band(member, metric)).collect(),
        rows: groups.iter().take(GROUPS_DRAWN_MAX).map(row).collect(),
    }
}

/// As far apart as chance alone would put the groups, centred on them: the outermost marks leave the band exactly where
/// their gap is larger than chance makes it.
fn band(member: &GroupedMember, metric: &str) -> Option<(f64, f64)> {
    let gap = member.gaps.iter().find(|gap| gap.metric == metric)?.null_gap?;
    let compared = member.groups.iter().filter(|group| !group.small).filter_map(|group| metric_of(group, metric)).map(|found| found.value);
    let (low, high) = compared.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
    (low <= high).then(|| (f64::midpoint(low, high) - gap / 2.0, f64::midpoint(low, high) + gap / 2.0))
}

/// The gaps that are drawn or survive; the others are folded away.
fn gaps(grouping: &Grouping) -> Markup {
    let told = |gap: &Gap| gap.survives || DRAWN.contains(&gap.metric.as_str());
    let (shown, folded) = (gap_table(grouping, told), gap_table(grouping, |gap| !told(gap)));
    html! {
        @if !shown.is_empty() { (shown.render()) }
        @if !folded.is_empty() { details { summary { "Gaps in other metrics" } (folded.render()) } }
    }
}

fn gap_table(grouping: &Grouping, kept: impl Fn(&Gap) -> bool) -> Table {
    let mut table = Table::new(&[
        Column::Words("gap in"),
        Column::Words("of"),
        Column::Figure("largest less smallest", Unit::Points),
        Column::Number("by chance alone"),
        Column::Number("could be seen"),
        Column::Figure("smallest by largest", Unit::Ratio),
        Column::Words("survives"),
    ]);
    let points = |value: Option<f64>| value.map_or_else(String::new, |value| Unit::Points.of(value).trim_start_matches('+').to_owned());
    let mut rows: Vec<(usize, &GroupedMember, &Gap)> = Vec::new();
    for member in &grouping.members {
        rows.extend(member.gaps.iter().enumerate().filter(|(_, gap)| kept(gap)).map(|(at, gap)| (at, member, gap)));
    }
    // People and AI under one another for each metric.
    rows.sort_by_key(|(at, _, _)| *at);
    let mut last = "";
    for (_, member, gap) in rows {
        let head = if gap.metric == last { String::new() } else { short(&gap.metric) };
        last = &gap.metric;
        table.row(
            gap.survives,
            vec![
                head.into(),
                Cell::Html(super::who(member.who)),
                Cell::Figure(gap.difference),
                points(gap.null_gap).into(),
                points(gap.detectable).into(),
                Cell::Figure(gap.ratio),
                Cell::Html(html! { @if gap.survives { "yes" } @else { "no" } @if let Some(p) = gap.p_holm { span.soft.num { "p " @if p >= 0.001 { "= " } (format::p_value(p)) } } }),
            ],
        );
    }
    table
}

/// A metric in a table.
fn short(metric: &str) -> String {
    match metric {
        "selection_rate" => "Selection rate".into(),
        "tpr" => "Found (TPR)".into(),
        "fpr" => "False alarms (FPR)".into(),
        "ppv" => "Positives right (PPV)".into(),
        "npv" => "Negatives right (NPV)".into(),
        "accuracy" => "Right answers".into(),
        "error" => "Errors".into(),
        other => other.replace('_', " "),
    }
}
