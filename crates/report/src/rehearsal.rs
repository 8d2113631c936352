//! The report of a rehearsal: what was found, in the order in which somebody has to decide about it. Computes nothing: every
//! figure comes from [`Findings`], and what they leave open is said, not filled in.

mod automation;
mod closing;
mod fairness;
mod lead;
mod pair;
mod people;
mod suggestion;
#[cfg(test)]
mod tests;
mod trust;

#[cfg(test)]
pub(crate) use tests::words;

use countersign_science::Estimate;
use countersign_science::rehearsal::findings::{Findings, Who};
use maud::{Markup, html};

use crate::chart::{Interval, Row, Tone};
use crate::format::{self, Unit};
use crate::page::{Glance, Page, Section};

/// Whether the pair beats either alone, as one picture and two sentences: for a page that shows several.
#[must_use]
pub fn summary(findings: &Findings) -> Markup {
    pair::summary(findings)
}

/// The report as one HTML file.
pub fn html(findings: &Findings) -> String {
    page(findings).render()
}

fn page(findings: &Findings) -> Page {
    Page {
        kicker: "Rehearsal".into(),
        title: title(findings),
        facts: facts(findings),
        lead: lead::paragraphs(findings),
        points: Vec::new(),
        glance: glance(findings),
        sections: sections(findings),
        footer: format!(
            "Made by {} with seed {}. Every figure stands with its {} interval; the last section says how it was computed.",
            software(findings),
            findings.method.seed,
            level(findings)
        ),
    }
}

fn title(findings: &Findings) -> String {
    if findings.data.source.is_empty() { "People and AI, deciding together".into() } else { findings.data.source.clone() }
}

fn software(findings: &Findings) -> &str {
    if findings.method.software.is_empty() { "Countersign" } else { &findings.method.software }
}

fn level(findings: &Findings) -> String {
    if findings.method.level > 0.0 { Unit::Share.with_decimals(findings.method.level, 0) } else { "95\u{202f}%".into() }
}

fn facts(findings: &Findings) -> Vec<String> {
    let data = &findings.data;
    let mut facts = vec![format!("{} decisions", format::count(findings.n))];
    facts.extend(data.items.filter(|items| *items != findings.n).map(|items| format!("{} items", format::count(items))));
    facts.extend(data.people.map(|people| format!("{} people", format::count(people))));
    if data.classes.len() > 1 {
        facts.push(format!("{} possible answers", format::count(data.classes.len() as u64)));
    }
    let left_out: u64 = data.left_out.iter().map(|one| one.rows).sum();
    if left_out > 0 {
        facts.push(format!("{} rows left out", format::count(left_out)));
    }
    facts
}

/// The few figures to remember.
fn glance(findings: &Findings) -> Vec<Glance> {
    let share = |label: &str, tone, estimate: Option<Estimate>| {
        estimate.map(|found| Glance { label: label.into(), tone, figure: Ok((found, Unit::Share)) })
    };
    let mut out = Vec::new();
    if let Some(only) = &findings.suggestion_only {
        out.extend(share("Suggestions overridden", Tone::Person, only.override_rate));
    }
    out.extend(share("People alone, right", Tone::Person, findings.human.accuracy));
    out.extend(share("AI alone, right", Tone::Ai, findings.ai.accuracy));
    out.extend(share("Pair as observed", Tone::Pair, findings.observed_pair.accuracy));
    if findings.observed_pair.accuracy.is_none() {
        out.extend(share("Pair, achievable", Tone::Pair, findings.achievable_pair.accuracy));
    }
    // The strictest promise under which anything may go unreviewed; the table has the others.
    let able = findings.automation.iter().find(|one| one.kept());
    out.extend(able.and_then(|one| share(&format!("Unreviewed at {} error", promise(one.alpha)), Tone::Plain, one.share)));
    out
}

fn sections(findings: &Findings) -> Vec<Section> {
    [
        suggestion::section(findings),
        pair::section(findings),
        automation::promises(findings),
        automation::policies(findings),
        trust::calibration(findings),
        trust::reliance(findings),
        people::regions(findings),
        people::confusion(findings),
        people::skill(findings),
        fairness::section(findings),
        suggestion::plan(findings),
        closing::cannot_say(findings),
        closing::recommended(findings),
        closing::method(findings),
    ]
    .into_iter()
    .flatten()
    .collect()
}

// ---- What the sections share ----

/// An error that is promised: "2 %", "0.5 %".
fn promise(alpha: f64) -> String {
    let whole = (alpha * 100.0 - (alpha * 100.0).round()).abs() < 1e-9;
    Unit::Share.with_decimals(alpha, usize::from(!whole))
}

fn tone(who: Who) -> Tone {
    match who {
        Who::Human => Tone::Person,
        Who::Ai => Tone::Ai,
        Who::ObservedPair | Who::AchievablePair => Tone::Pair,
    }
}

fn name(who: Who) -> &'static str {
    match who {
        Who::Human => "People alone",
        Who::Ai => "AI alone",
        Who::ObservedPair => "Pair, as observed",
        Who::AchievablePair => "Pair, achievable",
    }
}

/// A row of an interval plot; a computed pair is outlined.
fn row(label: impl Into<String>, who: Who, estimate: Option<&Estimate>) -> Row {
    let row = match estimate {
        Some(found) => Row::new(label, tone(who), Interval::from(found), n(found)),
        None => Row::missing(label, tone(who), ""),
    };
    if who == Who::AchievablePair { row.hollow() } else { row }
}

/// Whose it is, for a table: its shape and its name.
fn who(who: Who) -> Markup {
    html! { span.who { (crate::page::shape(tone(who), who == Who::AchievablePair)) " " (name(who)) } }
}

fn n(estimate: &Estimate) -> String {
    format!("n = {}", format::count(estimate.n))
}

fn reason(reason: Option<&String>) -> Markup {
    html! { @if let Some(reason) = reason { p.small.soft { (crate::page::prose(&format::sentence(reason))) } } }
}
