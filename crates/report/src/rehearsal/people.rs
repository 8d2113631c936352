//! Where who is better, what is taken for what, and how good each person is. Names nobody whom the findings do not name.

use countersign_science::rehearsal::findings::{Findings, PersonSkill, Region, Who};
use maud::{Markup, html};

use super::{name, row, tone};
use crate::chart::{
    Axis, Chart, Confusion, Forest, Group, Interval, Intervals, Mark, Multiples, PanelCell, PanelGroup, PanelRow, Panels, Reference, Row,
    Tone,
};
use crate::format::{self, Unit};
use crate::page::{self, Section};

/// Regions that are drawn; the sentences tell the others.
const REGIONS_DRAWN_MAX: usize = 8;

pub(super) fn regions(findings: &Findings) -> Option<Section> {
    if findings.regions.is_empty() {
        return None;
    }
    let body = html! {
        p { "Kinds of cases in which somebody is better or worse than elsewhere. Each was found on one half of the cases and confirmed on the other; the figures are of the confirming half." }
        ul { @for region in &findings.regions { li { (sentence(region)) } } }
        (page::figure(&by_region(&findings.regions), "Share answered rightly in each kind of case."))
    };
    Some(Section { id: "regions".into(), title: "Where is who better?".into(), body })
}

fn sentence(region: &Region) -> Markup {
    html! {
        (page::prose(&stressed(region)))
        @if let Some(better) = region.better { " " span.soft { "By these figures " (decider(better)) "." } }
    }
}

/// The sentence with its conditions stressed.
fn stressed(region: &Region) -> String {
    if region.sentence.contains('*') || region.conditions.contains('*') {
        return region.sentence.clone();
    }
    region.sentence.replacen(&region.conditions, &format!("*{}*", region.conditions), 1)
}

fn decider(who: Who) -> &'static str {
    match who {
        Who::Human => "people should decide here",
        Who::Ai => "the AI may lead here",
        Who::ObservedPair => "people with advice should decide here",
        Who::AchievablePair => "both combined should decide here",
    }
}

fn by_region(regions: &[Region]) -> Forest {
    let group = |region: &Region| {
        let members = [(Who::Human, &region.human), (Who::Ai, &region.ai), (Who::ObservedPair, &region.observed_pair)];
        let rows = members.into_iter().filter_map(|(who, found)| found.as_ref().map(|found| row(name(who), who, Some(found))));
        Group { label: region.conditions.clone(), band: None, rows: rows.collect() }
    };
    Forest {
        title: "People and AI by kind of case".into(),
        axis: Axis::new("share of cases answered rightly", Unit::Share),
        groups: regions.iter().take(REGIONS_DRAWN_MAX).map(group).collect(),
        references: Vec::new(),
    }
}

pub(super) fn confusion(findings: &Findings) -> Option<Section> {
    if findings.confusion.is_empty() {
        return None;
    }
    #[expect(clippy::cast_precision_loss, reason = "counts of a report are far below 2^53")]
    let numbers = |counts: &[Vec<u64>]| counts.iter().map(|row| row.iter().map(|count| *count as f64).collect()).collect();
    let chart = |found: &countersign_science::rehearsal::findings::Confusion| Confusion {
        title: format::capital(&found.title),
        tone: tone(found.who),
        labels: findings.data.classes.clone(),
        counts: numbers(&found.counts),
    };
    let charts: Vec<Confusion> = findings.confusion.iter().map(chart).collect();
    let caption = "Rows are what was true, columns what was answered; the stronger the colour, the larger the share of the true class.";
    let body = html! {
        @if findings.data.classes.len() <= 4 {
            @let boxed = charts.into_iter().map(|chart| Box::new(chart) as Box<dyn Chart>).collect();
            (page::figure_of("Truth and answers", &Multiples { charts: boxed, two: true }, caption))
        } @else {
            @for chart in &charts { (page::figure(chart, caption)) }
        }
    };
    Some(Section { id: "confusion".into(), title: "What is taken for what?".into(), body })
}

pub(super) fn skill(findings: &Findings) -> Option<Section> {
    let skill = &findings.skill;
    if skill.people.is_empty() && skill.spread.is_none() {
        return None;
    }
    let body = html! {
        @if let Some((low, middle, high)) = skill.spread {
            p {
                "The middle person is right in " em { (Unit::Share.of(middle)) } " of cases; eight of ten lie between "
                (Unit::Share.of(low)) " and " (Unit::Share.of(high)) ". These figures are drawn towards the mean of all as far as few cases ask for it."
            }
        }
        @if !skill.people.is_empty() {
            (page::figure(by_person(findings).as_ref(), "Figures before advice are drawn towards the mean of all as far as few cases ask for it, so that nobody stands out by luck."))
        }
        (page::notes(&skill.notes))
    };
    Some(Section { id: "people".into(), title: "How far do people differ?".into(), body })
}

/// Each person's own answers and those after advice side by side, the best first.
fn before_and_after(people: &[&PersonSkill]) -> Panels {
    let cell = |found: &countersign_science::Estimate| Some(PanelCell { interval: Interval::from(found), mark: Mark::Solid });
    let row = |one: &&PersonSkill| PanelRow {
        label: one.person.clone(),
        note: super::n(&one.accuracy),
        cells: vec![cell(&one.accuracy), one.observed_pair.as_ref().and_then(cell)],
    };
    Panels {
        title: "Right answers by person".into(),
        axis: Axis::new("share of cases answered rightly", Unit::Share),
        columns: [Who::Human, Who::ObservedPair].map(|who| (name(who).to_owned(), tone(who))).to_vec(),
        groups: vec![PanelGroup { label: String::new(), bands: Vec::new(), rows: people.iter().map(row).collect() }],
        reference: None,
    }
}

fn by_person(findings: &Findings) -> Box<dyn Chart> {
    let mut people: Vec<&PersonSkill> = findings.skill.people.iter().collect();
    people.sort_by(|a, b| b.accuracy.value.total_cmp(&a.accuracy.value).then_with(|| a.person.cmp(&b.person)));
    if people.iter().any(|one| one.observed_pair.is_some()) {
        return Box::new(before_and_after(&people));
    }
    let row = |one: &&PersonSkill| Row::new(one.person.clone(), Tone::Person, Interval::from(&one.accuracy), super::n(&one.accuracy));
    let reference = |found: Option<countersign_science::Estimate>, label: &str| found.map(|found| Reference::new(found.value, label));
    let references = [reference(findings.human.accuracy, "all people"), reference(findings.ai.accuracy, "AI alone")];
    Box::new(Intervals {
        title: "Right answers by person".into(),
        axis: Axis::new("share of cases answered rightly", Unit::Share),
        rows: people.iter().map(row).collect(),
        references: references.into_iter().flatten().collect(),
    })
}
