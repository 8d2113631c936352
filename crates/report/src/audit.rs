//! The report of an audit: AI, people and pair side by side, what chance alone would do, and the tables that the law asks for.
//! Computes nothing, and never alters a legal figure.

mod classes;
mod partition;
#[cfg(test)]
mod tests;

use countersign_science::audit::{Audit, ClassAudit, Finding};
use countersign_science::fairness::{Decider, Smallest};
use maud::{Markup, html};

use crate::chart::Tone;
use crate::format::{self, Unit};
use crate::grouping::{self, GAPS_EXPLAINED, Named};
use crate::page::{self, Cell, Column, Glance, Page, Section, Table};

/// Findings that stand in the table; the JSON has all.
const FINDINGS_MAX: usize = 30;
/// Sentences of the findings that stand under the first paragraph; the sections have all.
const TOLD_MAX: usize = 4;

/// The report as one HTML file. `source` is what the data is called, `software` which version looked at it.
pub fn html(audit: &Audit, source: &str, software: &str) -> String {
    page(audit, source, software).render()
}

/// The report of an audit of answers with more than two classes.
pub fn html_classes(audit: &ClassAudit, source: &str, software: &str) -> String {
    classes::page(audit, source, software).render()
}

fn page(audit: &Audit, source: &str, software: &str) -> Page {
    let mut facts = vec![format!("{} decisions", format::count(audit.n)), format::list(&audit.deciders)];
    facts.push(format!("positive answer: “{}”", audit.positive));
    facts.push(format!("by {}", format::list(&audit.partitions.iter().map(|one| one.by.as_str()).collect::<Vec<_>>())));
    Page {
        kicker: "Fairness audit".into(),
        title: if source.is_empty() { "Who is treated differently".into() } else { source.to_owned() },
        facts: facts.into_iter().filter(|fact| !fact.ends_with(' ')).collect(),
        lead: vec![answer(audit)],
        // The first of them says what the lead says.
        points: audit.headline.iter().skip(1).take(TOLD_MAX).cloned().collect(),
        glance: glance(audit),
        sections: sections(audit, software),
        footer: format!("Made by {} with seed {}. Every figure stands with its interval.", or_product(software), audit.method.seed),
    }
}

fn or_product(software: &str) -> &str {
    if software.is_empty() { "Countersign" } else { software }
}

/// The answer in a sentence or two.
fn answer(audit: &Audit) -> String {
    let (tests, surviving) = (format::count(audit.tests), audit.surviving.len());
    let by: Vec<&str> = {
        let mut by: Vec<&str> = audit.surviving.iter().map(|found| found.by.as_str()).collect();
        by.sort_unstable();
        by.dedup();
        by
    };
    match (audit.tests, surviving) {
        (0, _) => "No two groups have enough cases to be compared.".into(),
        (_, 0) => format!(
            "None of {tests} comparisons between groups shows a difference that chance would not make. That is no proof that there is none: the tables say how large a difference these data could have shown."
        ),
        (_, 1) => format!("One of {tests} comparisons between groups differs by more than chance would make it: by {}.", format::list(&by)),
        (_, more) => format!(
            "{} of {tests} comparisons between groups differ by more than chance would make them: by {}.",
            format::count(more as u64),
            format::list(&by)
        ),
    }
}

/// The smallest impact ratio of each decider and of the score, by the first group column; of groups that are large enough, for a
/// group of three would lead the page by chance.
fn glance(audit: &Audit) -> Vec<Glance> {
    let Some(first) = audit.partitions.first() else { return Vec::new() };
    let ratio = |found: Option<Smallest>| found.map_or_else(|| Err("not enough yet".to_owned()), |found| Ok((found.ratio, Unit::Ratio)));
    let one = |decider: &Decider| {
        let label = format!("{}: smallest impact ratio by {}", decider.name, first.by);
        Glance { label, tone: tone(&decider.name), figure: ratio(decider.impact.among_compared) }
    };
    let mut out: Vec<Glance> = first.fairness.deciders.iter().map(one).collect();
    if let Some(scoring) = &first.scoring {
        let label = format!("Score: smallest impact ratio of scoring rates by {}", first.by);
        out.push(Glance { label, tone: Tone::Ai, figure: ratio(scoring.among_compared) });
    }
    out
}

fn sections(audit: &Audit, software: &str) -> Vec<Section> {
    let mut out = vec![surviving(audit)];
    out.extend(audit.partitions.iter().enumerate().map(|(at, one)| partition::section(audit, one, at)));
    if !audit.cannot_say.is_empty() {
        out.push(Section { id: "cannot-say".into(), title: "What these data cannot say".into(), body: page::list(&audit.cannot_say) });
    }
    out.push(method(audit, software));
    out
}

fn surviving(audit: &Audit) -> Section {
    let mut table = Table::new(&[
        Column::Words("group"),
        Column::Words("by"),
        Column::Words("decided by"),
        Column::Words("rate"),
        Column::Figure("of the group", Unit::Share),
        Column::Figure("less all others", Unit::Points),
        Column::Number("p (Holm)"),
    ]);
    for found in audit.surviving.iter().take(FINDINGS_MAX) {
        table.row(false, finding(found));
    }
    let more = audit.surviving.len().saturating_sub(FINDINGS_MAX);
    let body = html! {
        @if table.is_empty() {
            p { "Nothing does. " (format::count(audit.tests)) " comparisons were made; a difference has to be clearer than chance would make the clearest of so many." }
        } @else {
            p { "Each group was held against all others, for every rate and every decider: " (format::count(audit.tests)) " comparisons. These differ more clearly than chance would make the clearest of so many." }
            (table.render())
            @if more > 0 { p.small.soft { "And " (more) " more, in the JSON." } }
        }
    };
    Section { id: "surviving".into(), title: "Which differences are real?".into(), body }
}

fn finding(found: &Finding) -> Vec<Cell> {
    vec![
        found.group.clone().into(),
        found.by.clone().into(),
        Cell::Html(named(&found.decider).sign()),
        Cell::Html(html! { span title=(found.metric.name()) { (grouping::short(key(found.metric))) } }),
        Cell::Figure(Some(found.rate)),
        Cell::Figure(Some(found.difference)),
        format::p_value(found.p_holm).into(),
    ]
}

fn method(audit: &Audit, software: &str) -> Section {
    let method = &audit.method;
    let clusters =
        if method.clusters.is_empty() { "nothing: every row counts as independent".to_owned() } else { format::list(&method.clusters) };
    let facts = [
        ("Intervals", format!("{}, {} draws", Unit::Share.with_decimals(method.level, 0), format::count(method.draws))),
        ("Hang together by", clusters),
        ("Seed", method.seed.to_string()),
        ("Version", format!("{}, audit version {}", or_product(software), audit.version)),
    ];
    let body = html! {
        dl.method { @for (name, value) in &facts { dt { (name) } dd { (value) } } }
        (page::list(&method.notes))
        p.small.soft { (GAPS_EXPLAINED) }
    };
    Section { id: "method".into(), title: "How this was computed".into(), body }
}

// ---- What the parts share ----

fn named(decider: &str) -> Named {
    Named { name: decider.to_owned(), tone: tone(decider), hollow: false }
}

/// Whose hue a decider has, by its name.
fn tone(decider: &str) -> Tone {
    let name = decider.to_lowercase();
    let is = |words: &[&str]| words.iter().any(|word| name.split(|letter: char| !letter.is_alphanumeric()).any(|part| part == *word));
    if is(&["pair", "final", "both"]) {
        Tone::Pair
    } else if is(&["people", "person", "human", "humans", "reviewers"]) {
        Tone::Person
    } else if is(&["ai", "model", "score", "prediction"]) {
        Tone::Ai
    } else {
        Tone::Plain
    }
}

/// The short name of a metric, as in the findings of a rehearsal.
fn key(metric: countersign_science::fairness::Metric) -> &'static str {
    use countersign_science::fairness::Metric;
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

/// A sentence under a figure or table.
fn small(text: &str) -> Markup {
    page::notes(&[text])
}
