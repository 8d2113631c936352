//! One way to group the rows: rates with the band of chance, each group against the others, the impact ratios in the form of
//! NYC Local Law 144, and whether a score means the same for all.

use countersign_science::Estimate;
use countersign_science::audit::{Audit, Partition};
use countersign_science::fairness::{Chance, Decider, Metric, Scoring, Smallest, Test};
use countersign_science::rehearsal::findings::{Grouping, Who};
use maud::{Markup, html};

use super::{key, named, small, tone};
use crate::chart::{Axis, Interval, Intervals, Mark, PanelCell, PanelGroup, PanelRow, Panels, Reference, Row, Tone};
use crate::format::{self, Unit};
use crate::grouping::{self, Named, PANELS_EXPLAINED};
use crate::page::{self, Cell, Column, Section, Table};

/// The metrics on which groups are drawn against all others.
const DRAWN: [Metric; 4] = [Metric::SelectionRate, Metric::FalsePositiveRate, Metric::TruePositiveRate, Metric::Accuracy];
/// Groups that are drawn, the largest first.
const GROUPS_DRAWN_MAX: usize = 12;
/// The corrected p-value below which a difference is told.
const SURVIVES_BELOW: f64 = countersign_science::audit::FALSE_ALARM_MAX;

pub(super) fn section(audit: &Audit, partition: &Partition, at: usize) -> Section {
    let names: Vec<Named> = partition.fairness.deciders.iter().map(|decider| named(&decider.name)).collect();
    let grouping = grouping(audit, partition);
    let against = against_others(partition);
    let body = html! {
        @if let Some(grouping) = &grouping {
            (page::figure(&grouping::panels(grouping, &names), PANELS_EXPLAINED))
            (grouping::gaps(grouping, &names))
            (page::folded("The same in words", &partition.sentences))
        }
        @if against.groups.iter().any(|group| !group.rows.is_empty()) {
            (page::figure(&against, "The rate of each group less that of all others. Solid: the difference survives the correction for all that was tested."))
        }
        (odds(partition))
        h3 { "Impact ratios" }
        p { "In the form that New York City's Local Law 144 asks for: the selection rate of each category by that of the most selected one. The law's figure stands unchanged; the interval beside it says how far chance may have moved it." }
        @for decider in &partition.fairness.deciders { (impact(partition, decider)) }
        @if let Some(scoring) = &partition.scoring { (scored(partition, scoring)) }
        (contrasts(partition))
        (calibration(partition))
    };
    Section { id: format!("by-{}", at + 1), title: format!("By {}", partition.by), body }
}

/// The partition as the pictures of groups take it. Whose it is stands in the names beside it.
fn grouping(audit: &Audit, partition: &Partition) -> Option<Grouping> {
    let one = Audit { partitions: vec![partition.clone()], ..audit.clone() };
    let who = vec![Who::Ai; partition.fairness.deciders.len()];
    one.groupings(&who).groupings.into_iter().next()
}

fn against_others(partition: &Partition) -> Panels {
    let deciders = &partition.fairness.deciders;
    let found = |decider: &Decider, metric: Metric, group: usize| {
        decider.tests.iter().find(|test| test.metric == metric && test.group == group).cloned()
    };
    let mut groups: Vec<usize> = (0..partition.fairness.groups.len()).collect();
    groups.sort_by_key(|at| std::cmp::Reverse(partition.fairness.groups.get(*at).map_or(0, |group| group.n)));
    let cell = |test: &Test| PanelCell {
        interval: Interval::from(&test.difference),
        mark: if test.p_holm < SURVIVES_BELOW { Mark::Solid } else { Mark::Hollow },
    };
    let row = |metric: Metric, at: usize| {
        let tests: Vec<Option<Test>> = deciders.iter().map(|decider| found(decider, metric, at)).collect();
        let group = partition.fairness.groups.get(at)?;
        tests.iter().any(Option::is_some).then(|| PanelRow {
            label: group.name.clone(),
            note: format!("n = {}", format::count(group.n)),
            cells: tests.iter().map(|test| test.as_ref().map(cell)).collect(),
        })
    };
    let block = |metric: Metric| PanelGroup {
        label: grouping::short(key(metric)),
        bands: Vec::new(),
        rows: groups.iter().take(GROUPS_DRAWN_MAX).filter_map(|at| row(metric, *at)).collect(),
    };
    Panels {
        title: format!("Each group against all others, by {}", partition.by),
        axis: Axis::new("difference from all others, percentage points; dashed: none", Unit::Points),
        columns: deciders.iter().map(|decider| (decider.name.clone(), tone(&decider.name))).collect(),
        groups: DRAWN.into_iter().map(block).filter(|group| !group.rows.is_empty()).collect(),
        reference: Some(Reference::new(0.0, "no difference")),
    }
}

/// Equalised odds of each decider.
fn odds(partition: &Partition) -> Markup {
    let mut table =
        Table::new(&[Column::Words("equalised odds"), Column::Figure("difference", Unit::Points), Column::Figure("ratio", Unit::Ratio)]);
    for decider in &partition.fairness.deciders {
        if let Some(odds) = &decider.equalised_odds {
            table.row(false, vec![Cell::Html(named(&decider.name).sign()), Cell::Figure(Some(odds.difference)), Cell::Figure(odds.ratio)]);
        }
    }
    html! {
        @if !table.is_empty() {
            (table.render())
            (small("The wider one of the gaps in true and in false positives (Hardt, Price and Srebro 2016)."))
        }
    }
}

/// The table that the law asks for.
fn impact(partition: &Partition, decider: &Decider) -> Markup {
    let impact = &decider.impact;
    let mut table = Table::new(&[
        Column::Words("category"),
        Column::Number("applicants"),
        Column::Number("selected"),
        Column::Figure("selection rate", Unit::Share),
        Column::Figure("impact ratio", Unit::Ratio),
    ])
    .caption(decider.name.clone());
    for one in &impact.categories {
        let line = Category {
            name: &one.name,
            most: "most selected",
            reference: one.reference,
            left_out: &one.left_out,
            too_small: one.too_small,
        };
        line.add(&mut table, [one.applicants, one.selected], one.selection_rate, one.impact_ratio);
    }
    let chance = decider.comparisons.iter().find(|one| one.metric == Metric::SelectionRate).and_then(|one| one.chance);
    html! {
        (table.render())
        (smallest(partition, impact.among_compared, impact.smallest_ratio, chance))
        @if impact.unknown > 0 {
            (small(&format!("{} decisions are of people whose category is not known; they enter no figure of this table", format::count(impact.unknown))))
        }
    }
}

/// The law's table for a tool that scores.
fn scored(partition: &Partition, scoring: &Scoring) -> Markup {
    let mut table = Table::new(&[
        Column::Words("category"),
        Column::Number("scored"),
        Column::Number("above the median"),
        Column::Figure("scoring rate", Unit::Share),
        Column::Figure("impact ratio", Unit::Ratio),
    ])
    .caption("The score");
    for one in &scoring.categories {
        let line = Category {
            name: &one.name,
            most: "highest scoring",
            reference: one.reference,
            left_out: &one.left_out,
            too_small: one.too_small,
        };
        line.add(&mut table, [one.scored, one.above], one.scoring_rate, one.impact_ratio);
    }
    html! {
        h3 { "Scoring rates" }
        p { "What the law asks of a tool that scores: the share of each category above the median score of all, which is " span.num { (format::number(scoring.median, 3)) } ", by that of the highest scoring category." }
        (table.render())
        (smallest(partition, scoring.among_compared, scoring.smallest_ratio, scoring.chance))
        @if scoring.unknown > 0 {
            (small(&format!("{} scores are of people whose category is not known; they count for the median only", format::count(scoring.unknown))))
        }
    }
}

/// A line of either table of the law.
struct Category<'a> {
    name: &'a str,
    /// What the reference is.
    most: &'static str,
    reference: bool,
    left_out: &'a Option<String>,
    too_small: bool,
}

impl Category<'_> {
    fn add(&self, table: &mut Table, counts: [u64; 2], rate: Option<Estimate>, ratio: Option<Estimate>) {
        let ratio = if self.left_out.is_some() { Cell::from("left out") } else { Cell::Figure(ratio) };
        let mut cells = vec![Cell::Html(html! { (self.name) @if self.reference { " " span.soft.inline { (self.most) } } })];
        cells.extend(counts.map(|count| Cell::from(format::count(count))));
        cells.extend([Cell::Figure(rate), ratio]);
        let note = match (self.left_out, self.too_small) {
            (Some(why), _) => format!("left out of the ratios: {why}"),
            (None, true) => "too few rows to compare: in no headline".to_owned(),
            (None, false) => String::new(),
        };
        table.noted(false, cells, note);
    }
}

/// The smallest ratio among groups that are large enough, beside what chance does, and the law's own where that is another.
fn smallest(partition: &Partition, own: Option<Smallest>, law: Option<Estimate>, chance: Option<Chance>) -> Markup {
    let name = |at: usize| partition.fairness.groups.get(at).map_or("", |group| group.name.as_str());
    html! {
        @if let Some(own) = own {
            p.small {
                "Smallest ratio " span.num { (Unit::Ratio.interval(own.ratio.value, own.ratio.low, own.ratio.high)) }
                " (" (name(own.lowest)) " by " (name(own.highest)) "), " @if !own.below_four_fifths { "not " } "below four fifths."
                @if let Some(chance) = chance {
                    " If no group differed, " (Unit::Share.with_decimals(chance.rule_broken, 0)) " of audits of this size would find one below four fifths, and 1 in 20 one below " (Unit::Ratio.of(chance.ratio_05)) "."
                }
            }
        }
        @if let Some(law) = law.filter(|law| own.is_none_or(|own| own.ratio.value != law.value)) {
            p.small {
                "With the groups that are too small to compare, the smallest ratio is " span.num { (Unit::Ratio.interval(law.value, law.low, law.high)) } "."
            }
        }
    }
}

/// Whose gap is wider.
fn contrasts(partition: &Partition) -> Markup {
    let fairness = &partition.fairness;
    let name = |at: usize| fairness.deciders.get(at).map_or("", |decider| decider.name.as_str());
    let rows: Vec<Row> = fairness
        .contrasts
        .iter()
        .filter(|contrast| DRAWN.contains(&contrast.metric))
        .map(|contrast| {
            let label = format!("{}: {} less {}", grouping::short(key(contrast.metric)), name(contrast.first), name(contrast.second));
            let row = Row::new(label, Tone::Plain, Interval::from(&contrast.difference), "");
            if contrast.difference.low > 0.0 || contrast.difference.high < 0.0 { row } else { row.hollow() }
        })
        .collect();
    let chart = Intervals {
        title: format!("Whose gap is wider, by {}", partition.by),
        axis: Axis::new("gap of the first less gap of the second, percentage points", Unit::Points),
        rows,
        references: vec![Reference::new(0.0, "equally wide")],
    };
    html! { @if !chart.rows.is_empty() { (page::figure(&chart, "Right of the line the first has the wider gap between its groups. Outlined: not shown.")) } }
}

/// Whether the score means the same for all groups.
fn calibration(partition: &Partition) -> Markup {
    let found: Vec<_> = partition
        .calibration
        .iter()
        .zip(&partition.fairness.groups)
        .filter_map(|(one, group)| one.as_ref().map(|one| (one, group)))
        .collect();
    if found.is_empty() {
        return html! {};
    }
    let mut table = Table::new(&[
        Column::Words("group"),
        Column::Number("score says"),
        Column::Figure("came true", Unit::Share),
        Column::Number("error"),
        Column::Number("by chance up to"),
        Column::Number("Brier"),
    ]);
    let points = |value: f64| Unit::Points.of(value).trim_start_matches('+').to_owned();
    for (one, group) in &found {
        table.row(
            false,
            vec![
                group.name.clone().into(),
                Unit::Share.of(one.expected).into(),
                Cell::Figure(Some(one.observed)),
                points(one.error).into(),
                points(one.error_by_chance).into(),
                format::number(one.brier, 3).into(),
            ],
        );
    }
    let row = |excess: &Estimate, group: &countersign_science::fairness::Group, n: u64| {
        let row = Row::new(group.name.clone(), Tone::Ai, Interval::from(excess), format!("n = {}", format::count(n)));
        if group.compared() && (excess.low > 0.0 || excess.high < 0.0) { row } else { row.hollow() }
    };
    let chart = Intervals {
        title: format!("Does the score mean the same for all, by {}", partition.by),
        axis: Axis::new("came true less what the score said, percentage points", Unit::Points),
        rows: found.iter().map(|(one, group)| row(&one.excess, group, one.n)).collect(),
        references: vec![Reference::new(0.0, "as it says")],
    };
    html! {
        h3 { "Calibration of the score" }
        (page::figure(&chart, "Right of the line the score says too little of the group, left of it too much. Outlined: not shown, or too small a group."))
        (table.render())
    }
}
