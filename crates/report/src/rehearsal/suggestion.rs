//! Where there is only a suggestion and a final answer: what that shows, what it cannot show, and how to find out. Never
//! passes agreement off as being right.

use countersign_science::rehearsal::findings::{Findings, OverridePattern, SuggestionOnly};
use maud::{Markup, html};

use crate::chart::{Axis, Forest, Group, Interval, Intervals, Reference, Row, Tone};
use crate::format::{self, Unit};
use crate::page::{self, Cell, Column, Section, Table};

/// Patterns that are drawn for one column.
const PATTERNS_DRAWN_MAX: usize = 10;
/// A pattern is marked as clear of chance below this corrected p-value.
const CLEAR_BELOW: f64 = 0.05;

pub(super) fn section(findings: &Findings) -> Option<Section> {
    let only = findings.suggestion_only.as_ref()?;
    let body = html! {
        @if let Some(rate) = &only.override_rate {
            p { "People answered something else than the AI suggested in " em { (page::inline(Unit::Share, Some(rate))) } " of " (format::count(rate.n)) " cases. An override is no error, and agreement is no proof: who was right was not recorded." }
        }
        @if !only.patterns.is_empty() {
            (page::figure(&patterns(only), "Solid: clear of chance after correction for all that was compared. The line is the rate over all cases."))
        }
        @if !only.bounds.is_empty() {
            (page::figure(&bounds(only), "What can be said without knowing who was right: the truth lies somewhere in the bar, and nothing in these data says where."))
            (assumptions(only))
        }
        @if !only.shows.is_empty() { h3 { "What these data show" } (page::list(&only.shows)) }
        @if !only.cannot_show.is_empty() { h3 { "What they cannot show" } (page::list(&only.cannot_show)) }
    };
    Some(Section { id: "overrides".into(), title: "When do people override the AI?".into(), body })
}

fn patterns(only: &SuggestionOnly) -> Forest {
    let mut by: Vec<&str> = only.patterns.iter().map(|pattern| pattern.by.as_str()).collect();
    by.dedup();
    let mut seen: Vec<&str> = Vec::new();
    by.retain(|name| {
        !seen.contains(name) && {
            seen.push(name);
            true
        }
    });
    let row = |pattern: &&OverridePattern| {
        let row = Row::new(pattern.name.clone(), Tone::Person, Interval::from(&pattern.rate), super::n(&pattern.rate));
        if pattern.p_holm.is_some_and(|found| found < CLEAR_BELOW) { row } else { row.hollow() }
    };
    let group = |name: &&str| Group {
        label: format!("By {name}"),
        band: None,
        rows: only
            .patterns
            .iter()
            .filter(|pattern| pattern.by == **name)
            .take(PATTERNS_DRAWN_MAX)
            .collect::<Vec<_>>()
            .iter()
            .map(row)
            .collect(),
    };
    Forest {
        title: "Where suggestions are overridden".into(),
        axis: Axis::new("share of suggestions that were not taken", Unit::Share),
        groups: by.iter().map(group).collect(),
        references: only.override_rate.iter().map(|rate| Reference::new(rate.value, "all cases")).collect(),
    }
}

fn bounds(only: &SuggestionOnly) -> Intervals {
    let rows = only.bounds.iter().map(|bound| {
        Row::new(bound.of.clone(), Tone::Plain, Interval::new(f64::midpoint(bound.low, bound.high), bound.low, bound.high), "").ends()
    });
    // A difference may lie below 0; shares alone never do.
    let low = only.bounds.iter().map(|bound| bound.low).fold(0.0, f64::min);
    Intervals {
        title: "What the truth can be".into(),
        axis: Axis::new("share", Unit::Share).within(low.max(-1.0), 1.0),
        rows: rows.collect(),
        references: Vec::new(),
    }
}

fn assumptions(only: &SuggestionOnly) -> Markup {
    let said: Vec<String> = only
        .bounds
        .iter()
        .filter(|bound| !bound.assumption.is_empty())
        .map(|bound| format!("*{}*: {}", bound.of, bound.assumption))
        .collect();
    page::notes(&said)
}

pub(super) fn plan(findings: &Findings) -> Option<Section> {
    let only = findings.suggestion_only.as_ref().filter(|only| !only.plan.is_empty())?;
    let mut table = Table::new(&[
        Column::Words("what you can then say"),
        Column::Number("answered blind"),
        Column::Number("cases"),
        Column::Number("weeks"),
    ]);
    for step in &only.plan {
        table.row(
            false,
            vec![
                Cell::Words(step.statement.clone()),
                Unit::Share.with_decimals(step.blind_share, 0).into(),
                format::count(step.cases).into(),
                step.weeks.map_or_else(String::new, |weeks| format::number(weeks, 1)).into(),
            ],
        );
    }
    let body = html! {
        p { "Let people answer a random share of cases before they see the suggestion (" code { "blind" } " in the playbook), and record what was true. So much of it makes each statement possible:" }
        (table.render())
        @if only.plan.iter().all(|step| step.weeks.is_none()) {
            p.small.soft { "Weeks are left out: no column says when the decisions were made." }
        }
    };
    Some(Section { id: "plan".into(), title: "How to find out".into(), body })
}
