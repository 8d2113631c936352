//! What may go unreviewed, and what each policy costs. A promise without a certificate is never shown as one.

use countersign_science::rehearsal::findings::{Automation, Curve, Findings, Policy};
use maud::{Markup, html};

use super::promise;
use crate::chart::{Axis, Chart, Chosen, Curves, Interval, Intervals, Multiples, Reference, Row, Series, Tone};
use crate::format::{self, Unit};
use crate::page::{self, Cell, Column, Section, Table};

pub(super) fn promises(findings: &Findings) -> Option<Section> {
    if findings.automation.is_empty() && findings.risk_coverage.is_empty() {
        return None;
    }
    let curves = curves("Errors among automated cases", &findings.risk_coverage, Unit::Share);
    let body = html! {
        @if !findings.automation.is_empty() {
            p { (in_words(&findings.automation)) }
            (promise_table(&findings.automation))
        }
        @if let Some(curves) = curves {
            (page::figure(&curves, "From left to right the AI decides more cases alone, the surest first. The band is the interval; the ring is the point that is recommended."))
        }
    };
    Some(Section { id: "automation".into(), title: "Which of these may go unreviewed?".into(), body })
}

/// The promise that lets the most go unreviewed, in a sentence.
fn in_words(automation: &[Automation]) -> Markup {
    let able: Vec<&Automation> = automation.iter().filter(|one| one.share.is_some_and(|share| share.value > 0.0)).collect();
    let certainty = |one: &Automation| Unit::Share.with_decimals(1.0 - one.delta, 0);
    html! {
        @match able.first() {
            Some(one) => {
                "At a promise of at most " em { (promise(one.alpha)) " error" } ", kept with a certainty of " (certainty(one)) ", the AI may decide "
                em { (page::inline(Unit::Share, one.share.as_ref())) } " of cases alone."
                @if one.error.is_some() { " On fresh cases its error among them was " (page::inline(Unit::Share, one.error.as_ref())) "." }
                @if able.len() > 1 { " Laxer promises let more through:" }
            }
            None => { "None of the promises that were tried can be given on these data, so every case should still be seen by a person." }
        }
    }
}

fn promise_table(automation: &[Automation]) -> Markup {
    let mut table = Table::new(&[
        Column::Words("promised error"),
        Column::Words("certainty"),
        Column::Figure("decided by the AI alone", Unit::Share),
        Column::Figure("error among those", Unit::Share),
        Column::Number("sure from"),
        Column::Number("certified on"),
    ]);
    for one in automation {
        let some = one.share.is_some_and(|share| share.value > 0.0);
        let number = |number: Option<String>| Cell::from(number.unwrap_or_default());
        let cells = vec![
            format!("at most {}", promise(one.alpha)).into(),
            Unit::Share.with_decimals(1.0 - one.delta, 0).into(),
            if one.share.is_some() && !some { "nothing".into() } else { Cell::Figure(one.share) },
            if some { Cell::Figure(one.error) } else { "".into() },
            number(one.threshold.filter(|_| some).map(|threshold| Unit::Share.with_decimals(threshold, 1))),
            number((one.certified_on > 0).then(|| format::count(one.certified_on))),
        ];
        table.noted(false, cells, one.reason.clone().unwrap_or_default());
    }
    html! {
        (table.render())
        p.small.soft { "“Sure from” is the least probability at which the AI's answer stands unreviewed. The promise is that the true error stays under the first column; share and error were measured on cases that had no part in setting the threshold." }
    }
}

pub(super) fn policies(findings: &Findings) -> Option<Section> {
    if findings.policies.is_empty() && findings.cost_curves.is_empty() {
        return None;
    }
    let curves = curves("What it costs to automate more", &findings.cost_curves, Unit::Number);
    let body = html! {
        @if !findings.policies.is_empty() {
            (policy_table(&findings.policies))
            @let charts = policy_charts(&findings.policies);
            @if !charts.charts.is_empty() {
                (page::figure_of("Policies by error and cost", &charts, "The filled mark is the policy that is recommended."))
            }
        }
        @if let Some(curves) = curves {
            (page::figure(&curves, "Mean cost of a case, errors and people's minutes together, in the unit of the costs that were given."))
        }
    };
    Some(Section { id: "policies".into(), title: "What would each way of working cost?".into(), body })
}

fn policy_table(policies: &[Policy]) -> Markup {
    let mut table = Table::new(&[
        Column::Words("policy"),
        Column::Figure("errors", Unit::Share),
        Column::Figure("cost of a case", Unit::Number),
        Column::Figure("unreviewed", Unit::Share),
        Column::Figure("minutes a case", Unit::Number),
        Column::Figure("gap between groups", Unit::Points),
    ]);
    for policy in policies {
        let parts = [policy.recommended.then_some("Recommended."), Some(policy.description.as_str()), policy.reason.as_deref()];
        let said: Vec<&str> = parts.into_iter().flatten().filter(|text| !text.is_empty()).collect();
        let figures = [policy.error, policy.cost, policy.automated, policy.minutes, policy.fairness_gap];
        let cells = std::iter::once(policy.title.clone().into()).chain(figures.map(Cell::Figure)).collect();
        table.noted(policy.recommended, cells, said.join(" "));
    }
    table.render()
}

fn policy_charts(policies: &[Policy]) -> Multiples {
    let chart = |title: &str, unit: Unit, of: fn(&Policy) -> Option<countersign_science::Estimate>| -> Option<Box<dyn Chart>> {
        let rows: Vec<Row> = policies.iter().filter_map(|policy| of(policy).map(|found| policy_row(policy, &found))).collect();
        let today = policies.first().and_then(of).map(|found| Reference::new(found.value, "today"));
        (rows.len() > 1).then(|| {
            Box::new(Intervals { title: title.into(), axis: Axis::new("", unit), rows, references: today.into_iter().collect() })
                as Box<dyn Chart>
        })
    };
    let charts = [chart("Errors", Unit::Share, |policy| policy.error), chart("Cost of a case", Unit::Number, |policy| policy.cost)];
    Multiples { charts: charts.into_iter().flatten().collect(), two: true }
}

fn policy_row(policy: &Policy, found: &countersign_science::Estimate) -> Row {
    let tone = match policy.name.as_str() {
        "people" => Tone::Person,
        "ai" => Tone::Ai,
        _ => Tone::Pair,
    };
    let row = Row::new(policy.title.clone(), tone, Interval::from(found), "");
    if policy.recommended { row } else { row.hollow() }
}

/// Curves that share their axes as one figure; the first says what the axes are.
fn curves(title: &str, curves: &[Curve], y_unit: Unit) -> Option<Curves> {
    let first = curves.first()?;
    let mut seen: Vec<Tone> = Vec::new();
    let series = curves.iter().map(|curve| {
        let tone = curve_tone(&curve.title);
        let dashed = seen.contains(&tone);
        seen.push(tone);
        Series {
            label: curve.title.clone(),
            tone,
            points: curve.points.iter().map(|point| (point.x, point.y)).collect(),
            band: curve.points.iter().map(|point| (point.x, point.low, point.high)).collect(),
            step: false,
            dashed,
        }
    });
    let series = series.collect();
    let chosen = curves.iter().find_map(|curve| curve.chosen.as_ref());
    Some(Curves {
        title: title.to_owned(),
        x: Axis::new(first.x.clone(), Unit::Share).within(0.0, 1.0),
        y: Axis::new(first.y.clone(), y_unit),
        series,
        chosen: chosen.map(|chosen| Chosen { x: chosen.x, y: chosen.y, label: chosen.label.clone() }),
        references: Vec::new(),
    })
}

/// Whose curve it is, by its name for a reader.
fn curve_tone(title: &str) -> Tone {
    let title = title.to_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| title.contains(word));
    if has(&["pair", "combin", "arm"]) {
        Tone::Pair
    } else if has(&["people", "person"]) {
        Tone::Person
    } else {
        Tone::Ai
    }
}
