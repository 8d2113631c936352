//! Rates by group as pictures and tables, for every report that has groups. Never drops a small group silently.

use countersign_science::Estimate;
use countersign_science::rehearsal::findings::{Gap, GroupFigures, GroupedMember, Grouping};
use maud::{Markup, html};

use crate::chart::{Axis, Interval, Mark, PanelCell, PanelGroup, PanelRow, Panels, Tone};
use crate::format::{self, Unit};
use crate::page::{self, Cell, Column, Table};

/// The metrics that are drawn; the table has all.
const DRAWN: [&str; 4] = ["selection_rate", "fpr", "tpr", "accuracy"];
/// The order of metrics in a table.
const ORDER: [&str; 9] = ["selection_rate", "fpr", "tpr", "fnr", "accuracy", "error", "ppv", "npv", "base_rate"];
/// Groups that are drawn for one metric, the largest first.
const GROUPS_DRAWN_MAX: usize = 12;

/// What the picture of rates shows.
pub(crate) const PANELS_EXPLAINED: &str = "Each group's own rate, with its interval. Grey: as far apart as chance alone would put the groups; marks outside of it differ by more. Outlined: too small a group to be compared.";
/// What the columns of the table of gaps are.
pub(crate) const GAPS_EXPLAINED: &str = "A gap is the largest less the smallest figure of the groups that are large enough. “By chance alone” is the gap that 95 of 100 data sets of this size would stay under if no group differed; “could be seen” is the smallest true gap that these data would show in four of five cases. A difference that survives was corrected (Holm) for all that was tested.";

/// Who decided, as reports name them.
pub(crate) struct Named {
    /// The name.
    pub(crate) name: String,
    /// Whose hue and shape.
    pub(crate) tone: Tone,
    /// Computed rather than observed.
    pub(crate) hollow: bool,
}

impl Named {
    /// Shape and name, for a table.
    pub(crate) fn sign(&self) -> Markup {
        html! { span.who { (page::shape(self.tone, self.hollow)) " " (self.name) } }
    }
}

/// A metric as a heading.
pub(crate) fn title(metric: &str, positive: &str) -> String {
    match metric {
        "selection_rate" => format!("Answered “{positive}”"),
        "tpr" => format!("Found, of those truly “{positive}” (TPR)"),
        "fpr" => format!("False alarms, of those not “{positive}” (FPR)"),
        "ppv" => format!("Right when answered “{positive}” (PPV)"),
        "npv" => "Right when answered otherwise (NPV)".into(),
        "accuracy" => "Right answers".into(),
        "error" => "Errors".into(),
        "base_rate" => format!("Truly “{positive}”"),
        "fnr" => format!("Missed, of those truly “{positive}” (FNR)"),
        other => other.replace('_', " "),
    }
}

/// A metric in the middle of a sentence.
pub(crate) fn in_sentence(metric: &str) -> String {
    match metric {
        "selection_rate" => "how often they are selected".into(),
        "tpr" => "how many true positives are found".into(),
        "fpr" => "false alarms".into(),
        "ppv" => "how often a positive answer is right".into(),
        "npv" => "how often a negative answer is right".into(),
        "accuracy" => "right answers".into(),
        "base_rate" => "the truth itself".into(),
        "fnr" => "misses".into(),
        "error" => "errors".into(),
        other => other.replace('_', " "),
    }
}

fn metric_of(figures: &GroupFigures, metric: &str) -> Option<Estimate> {
    figures.metrics.iter().find(|(name, _)| name == metric).and_then(|(_, found)| *found)
}

pub(crate) fn panels(grouping: &Grouping, names: &[Named]) -> Panels {
    let metrics = DRAWN
        .iter()
        .filter(|metric| grouping.members.iter().any(|member| member.groups.iter().any(|group| metric_of(group, metric).is_some())));
    Panels {
        title: format!("Rates by {}", grouping.by),
        axis: Axis::new("rate within the group", Unit::Share),
        columns: names.iter().map(|named| (named.name.clone(), named.tone)).collect(),
        groups: metrics.map(|metric| panel(grouping, metric)).collect(),
        reference: None,
    }
}

/// One metric: a row a group, the largest groups first.
fn panel(grouping: &Grouping, metric: &str) -> PanelGroup {
    let mut groups: Vec<&GroupFigures> = grouping.members.first().map(|member| member.groups.iter().collect()).unwrap_or_default();
    groups.sort_by(|a, b| b.n.cmp(&a.n).then_with(|| a.group.cmp(&b.group)));
    let cell = |member: &GroupedMember, name: &str| {
        let group = member.groups.iter().find(|group| group.group == name)?;
        metric_of(group, metric)
            .map(|found| PanelCell { interval: Interval::from(&found), mark: if group.small { Mark::Hollow } else { Mark::Solid } })
    };
    let row = |group: &&GroupFigures| PanelRow {
        label: group.group.clone(),
        note: format!("n = {}", format::count(group.n)),
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
pub(crate) fn gaps(grouping: &Grouping, names: &[Named]) -> Markup {
    let told = |gap: &Gap| gap.survives || DRAWN.contains(&gap.metric.as_str());
    let (shown, folded) = (gap_table(grouping, names, told), gap_table(grouping, names, |gap| !told(gap)));
    html! {
        @if !shown.is_empty() { (shown.render()) }
        @if !folded.is_empty() { details { summary { "Gaps in other metrics" } (folded.render()) } }
    }
}

fn gap_table(grouping: &Grouping, names: &[Named], kept: impl Fn(&Gap) -> bool) -> Table {
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
    let mut rows: Vec<(usize, &Named, &Gap)> = Vec::new();
    for (member, named) in grouping.members.iter().zip(names) {
        let place = |gap: &Gap| ORDER.iter().position(|metric| *metric == gap.metric).unwrap_or(ORDER.len());
        rows.extend(member.gaps.iter().filter(|gap| kept(gap)).map(|gap| (place(gap), named, gap)));
    }
    // People and AI under one another for each metric.
    rows.sort_by_key(|(at, _, _)| *at);
    let mut last = "";
    for (_, named, gap) in rows {
        let head = if gap.metric == last { String::new() } else { short(&gap.metric) };
        last = &gap.metric;
        table.row(
            gap.survives,
            vec![
                head.into(),
                Cell::Html(named.sign()),
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
pub(crate) fn short(metric: &str) -> String {
    match metric {
        "selection_rate" => "Selection rate".into(),
        "tpr" => "Found (TPR)".into(),
        "fpr" => "False alarms (FPR)".into(),
        "ppv" => "Positives right (PPV)".into(),
        "npv" => "Negatives right (NPV)".into(),
        "base_rate" => "Base rate".into(),
        "fnr" => "Missed (FNR)".into(),
        "accuracy" => "Right answers".into(),
        "error" => "Errors".into(),
        other => other.replace('_', " "),
    }
}
