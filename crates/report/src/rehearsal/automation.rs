//! What may go unreviewed, and what each policy costs. A promise without a certificate is never shown as one.

use countersign_science::rehearsal::findings::{Automation, Curve, Findings, Policy, PredictionSets};
use maud::{Markup, html};

use super::promise;
use crate::chart::{Axis, Chart, Chosen, Curves, Interval, Intervals, Multiples, Reference, Row, Series, Tone};
use crate::format::{self, Unit};
use crate::page::{self, Cell, Column, Section, Table};

pub(super) fn promises(findings: &Findings) -> Option<Section> {
    if findings.automation.is_empty() && findings.risk_coverage.is_empty() {
        return None;
    }
    let curves = curves("Errors among automated cases", &findings.risk_coverage, Unit::Share, risk_tone, recommended_risk(findings));
    let body = html! {
        @if !findings.automation.is_empty() {
            (in_words(&findings.automation))
            (promise_table(&findings.automation))
        }
        (sets_table(&findings.prediction_sets))
        @if let Some(curves) = curves {
            (page::figure(&curves, &format!("{}From left to right the AI decides more cases alone, the surest first. The band is the interval; the ring is the point that was chosen.", alone(&findings.risk_coverage))))
        }
    };
    Some(Section { id: "automation".into(), title: "Which of these may go unreviewed?".into(), body })
}

/// The strictest promise under which something may go unreviewed, in a sentence.
fn in_words(automation: &[Automation]) -> Markup {
    let certainty = |one: &Automation| Unit::Share.with_decimals(1.0 - one.delta, 0);
    let broken = automation.iter().filter(|one| one.broken());
    html! {
        @if let Some(one) = automation.iter().find(|one| one.kept()) {
            p {
                "At a promise of at most " em { (promise(one.alpha)) " error" } ", kept with a certainty of " (certainty(one)) ", the AI may decide "
                em { (page::inline(Unit::Share, one.share.as_ref())) } " of cases alone."
                @if one.error.is_some() { " On fresh cases its error among them was " (page::inline(Unit::Share, one.error.as_ref())) "." }
            }
        } @else {
            p { "None of the promises that were tried can be given and kept on these data, so every case should still be seen by a person." }
        }
        @for one in broken {
            div.callout.alarm {
                p { "The promise of at most " (promise(one.alpha)) " error could be certified, and was not kept on fresh cases: " (page::inline(Unit::Share, one.error.as_ref())) " of those were wrong. Do not automate on it." }
            }
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
        @if automation.iter().any(|one| one.share.is_some_and(|share| share.value > 0.0)) { p.small.soft { "“Sure from” is the least probability at which the AI's answer stands unreviewed. The promise is that the true error stays under the first column; share and error were measured on cases that had no part in setting the threshold." } }
    }
}

/// How many answers the AI leaves open, where it may rule the others out.
fn sets_table(sets: &[PredictionSets]) -> Markup {
    let mut table = Table::new(&[
        Column::Words("truth missed"),
        Column::Figure("truth in the set", Unit::Share),
        Column::Figure("answers left open", Unit::Number),
        Column::Figure("one answer left", Unit::Share),
    ]);
    for one in sets {
        let cells = [one.coverage, one.size, one.single].map(Cell::Figure);
        table.row(false, std::iter::once(format!("at most {}", promise(one.alpha)).into()).chain(cells).collect());
    }
    html! {
        @if !table.is_empty() {
            h3 { "What the AI cannot rule out" }
            (table.render())
            p.small.soft { "Sets of answers that hold the truth as often as promised, over cases like these: showing people the few answers that are left, where there are several, is another way to use the AI." }
        }
    }
}

pub(super) fn policies(findings: &Findings) -> Option<Section> {
    if findings.policies.is_empty() && findings.cost_curves.is_empty() {
        return None;
    }
    let curves = curves("What it costs to automate more", &findings.cost_curves, Unit::Number, cost_tone, recommended_cost(findings));
    let body = html! {
        @if !findings.policies.is_empty() {
            (policy_table(&findings.policies))
            @let charts = policy_charts(&findings.policies);
            @if !charts.charts.is_empty() {
                @let marked = findings.policies.iter().any(|policy| policy.recommended);
                (page::figure_of("Policies by error and cost", &charts, if marked { "The filled mark is the policy that is recommended." } else { "" }))
            }
        }
        @if let Some(curves) = curves {
            (page::figure(&curves, &format!("{}Mean cost of a case, errors and people's minutes together, in the unit of the costs that were given.", alone(&findings.cost_curves))))
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
    for policy in policies.iter().filter(|policy| !idle(policy) && !absent(policy)) {
        let parts = [policy.recommended.then_some("Recommended"), Some(policy.description.as_str()), policy.reason.as_deref()];
        let said: Vec<String> = parts.into_iter().flatten().map(format::sentence).filter(|text| !text.is_empty()).collect();
        // A policy that automates nothing, or everything, does so by its rule and not by chance.
        let automated = match policy.automated {
            Some(found) if found.value <= 0.0 => "none".into(),
            Some(found) if found.value >= 1.0 => "all".into(),
            other => Cell::Figure(other),
        };
        let cells = vec![
            title(policy).into(),
            Cell::Figure(policy.error),
            Cell::Figure(policy.cost),
            automated,
            Cell::Figure(policy.minutes),
            Cell::Figure(policy.fairness_gap),
        ];
        table.noted(policy.recommended, cells, said.join(" "));
    }
    let idle: Vec<String> = policies.iter().filter(|policy| idle(policy)).map(title).collect();
    html! {
        (table.render())
        @if !idle.is_empty() {
            p.small.soft { "Left out, because they would automate nothing and so change nothing: " (format::list(&idle)) "." }
        }
        @for policy in policies.iter().filter(|policy| absent(policy)) {
            p.small.soft { (title(policy)) ": " (page::prose(&format::sentence(policy.reason.as_deref().unwrap_or("it does not apply to these data")))) }
        }
    }
}

/// Whether it does not apply to these data.
fn absent(policy: &Policy) -> bool {
    policy.error.is_none()
}

/// Whether it is a promise under which nothing is automated: the same as today, under another name.
fn idle(policy: &Policy) -> bool {
    policy.name.starts_with(PROMISE) && !policy.recommended && policy.automated.is_some_and(|automated| automated.value <= 0.0)
}

/// What policies that automate under a promise are called in code, before the promised error.
const PROMISE: &str = "automate_";

/// The error that a policy promises.
fn promised(policy: &Policy) -> Option<f64> {
    policy.name.strip_prefix(PROMISE)?.parse().ok()
}

/// A policy for a reader, short enough to stand beside its figures.
fn title(policy: &Policy) -> String {
    match promised(policy) {
        Some(alpha) => format!("Automated at {} error", promise(alpha)),
        None => format::capital(&policy.title),
    }
}

fn policy_charts(policies: &[Policy]) -> Multiples {
    let chart = |title: &str, unit: Unit, of: fn(&Policy) -> Option<countersign_science::Estimate>| -> Option<Box<dyn Chart>> {
        let rows: Vec<Row> = policies
            .iter()
            .filter(|policy| !idle(policy))
            .filter_map(|policy| of(policy).map(|found| policy_row(policy, &found)))
            .collect();
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
    let row = Row::new(title(policy), tone, Interval::from(found), "");
    if policy.recommended { row } else { row.hollow() }
}

/// Curves that share their axes as one figure; the first says what the axes are. A curve that stands alone is named in the
/// caption, so that nothing has to be squeezed in beside it.
fn curves(title: &str, curves: &[Curve], y_unit: Unit, tone: fn(&str) -> Tone, recommended: Option<Chosen>) -> Option<Curves> {
    let first = curves.first()?;
    let mut seen: Vec<Tone> = Vec::new();
    let mut series = Vec::new();
    for curve in curves {
        let tone = tone(&curve.title.to_lowercase());
        series.push(Series {
            label: if curves.len() > 1 { curve.title.clone() } else { String::new() },
            tone,
            points: curve.points.iter().map(|point| (point.x, point.y)).collect(),
            band: curve.points.iter().map(|point| (point.x, point.low, point.high)).collect(),
            step: false,
            dashed: seen.contains(&tone),
        });
        seen.push(tone);
    }
    let chosen = curves.iter().find_map(|curve| curve.chosen.as_ref());
    let chosen = recommended.or_else(|| chosen.map(|chosen| Chosen { x: chosen.x, y: chosen.y, label: chosen.label.clone() }));
    Some(Curves {
        title: title.to_owned(),
        x: Axis::new(first.x.clone(), Unit::Share).within(0.0, 1.0),
        y: Axis::new(first.y.clone(), y_unit),
        series,
        chosen,
        references: Vec::new(),
    })
}

/// The recommended promise among the errors: what it lets through, and how much of that was wrong.
fn recommended_risk(findings: &Findings) -> Option<Chosen> {
    let alpha = promised(findings.policies.iter().find(|policy| policy.recommended)?)?;
    let one = findings.automation.iter().find(|one| (one.alpha - alpha).abs() < 1e-12)?;
    Some(Chosen { x: one.share?.value, y: one.error?.value, label: format!("recommended: at most {} error", promise(alpha)) })
}

/// The same among the costs.
fn recommended_cost(findings: &Findings) -> Option<Chosen> {
    let policy = findings.policies.iter().find(|policy| policy.recommended)?;
    let alpha = promised(policy)?;
    Some(Chosen { x: policy.automated?.value, y: policy.cost?.value, label: format!("recommended: at most {} error", promise(alpha)) })
}

/// The name of the one curve there is, for its caption.
fn alone(curves: &[Curve]) -> String {
    if let [one] = curves { format!("{} ", format::sentence(&one.title)) } else { String::new() }
}

/// Whose errors they are, by the name of the curve in small letters.
fn risk_tone(title: &str) -> Tone {
    if ["pair", "combin", "both"].iter().any(|word| title.contains(word)) { Tone::Pair } else { Tone::Ai }
}

/// Whose cost it is: a policy parts the cases between both.
fn cost_tone(title: &str) -> Tone {
    match title {
        "ai" | "ai alone" => Tone::Ai,
        "people" | "people alone" => Tone::Person,
        _ => Tone::Pair,
    }
}
