//! What the data cannot say, what to change, and how all this was computed.

use countersign_science::rehearsal::findings::Findings;
use maud::html;

use super::{level, software};
use crate::format::{self, Unit};
use crate::page::{self, Cell, Column, Section, Table};

pub(super) fn cannot_say(findings: &Findings) -> Option<Section> {
    if findings.cannot_say.is_empty() {
        return None;
    }
    Some(Section {
        id: "cannot-say".into(),
        title: "What these data cannot say, and how to find out".into(),
        body: page::list(&findings.cannot_say),
    })
}

pub(super) fn recommended(findings: &Findings) -> Option<Section> {
    let recommended = &findings.recommended;
    if recommended.routing.is_none() && recommended.actions.is_empty() {
        return None;
    }
    let body = html! {
        @if !recommended.actions.is_empty() {
            ol { @for action in &recommended.actions { li { (page::prose(&format::sentence(action))) } } }
        }
        @if let Some(routing) = &recommended.routing {
            h3 { "Routing, ready to paste into the playbook" }
            (page::code_block(routing))
        }
        @if !recommended.reasons.is_empty() { h3 { "Why" } (page::list(&recommended.reasons)) }
    };
    Some(Section { id: "recommended".into(), title: "What to change".into(), body })
}

pub(super) fn method(findings: &Findings) -> Option<Section> {
    let (method, data) = (&findings.method, &findings.data);
    let facts = [
        ("Data", data.source.clone()),
        ("Rows", format!("{} used of {} read", format::count(findings.n), format::count(data.rows_read.max(findings.n)))),
        (
            "Answers",
            format::list(&data.classes.iter().take(12).map(String::as_str).collect::<Vec<_>>())
                + if data.classes.len() > 12 { " and more" } else { "" },
        ),
        ("Parts", method.parting.clone()),
        ("Folds or splits", if method.folds > 0 { format::count(method.folds) } else { String::new() }),
        ("Intervals", format!("{}, {} bootstrap draws", level(findings), format::count(method.draws))),
        ("Treated as one", method.clusters.clone()),
        ("Effective n", data.effective_n.map_or_else(String::new, |found| format::number(found, 0))),
        ("Seed", method.seed.to_string()),
        ("Version", format!("{}, findings version {}", software(findings), findings.version)),
    ];
    let mut columns =
        Table::new(&[Column::Words("taken for"), Column::Words("column"), Column::Words("read as"), Column::Words("")]).caption("Columns");
    for column in &method.columns {
        columns.row(
            false,
            vec![
                Cell::Words(column.role.clone()),
                Cell::Html(html! { code { (column.column) } }),
                Cell::Html(html! { (column.reading) }),
                Cell::from(if column.guessed { "guessed" } else { "" }),
            ],
        );
    }
    let body = html! {
        dl.method { @for (name, value) in facts.iter().filter(|(_, value)| !value.is_empty()) { dt { (name) } dd { (value) } } }
        @if !columns.is_empty() { (columns.render()) }
        @if !data.left_out.is_empty() {
            h3 { "Left out" }
            ul { @for one in &data.left_out { li { (format::count(one.rows)) " rows: " (page::prose(&one.reason)) } } }
        }
        (page::notes(&method.notes))
        @if !method.sources.is_empty() {
            h3 { "Methods and their sources" }
            ul.small { @for source in &method.sources { li { (page::prose(&format::sentence(source))) } } }
        }
        p.small.soft { "Figures are written as value " span.num { "[low, high]" } " at " (level(findings)) ". Decimals follow the width of the interval. " (Unit::Points.of(0.01)) " is one percentage point." }
    };
    Some(Section { id: "method".into(), title: "How this was computed".into(), body })
}
