//! Does the pair beat either alone? Observed and achievable pair, never mixed.

use countersign_science::rehearsal::findings::{Comparison, Findings, Member, Verdict, Who};
use maud::{Markup, html};

use super::{name, row};
use crate::chart::{self, Axis, Chart, Intervals, Reference, Row};
use crate::format::Unit;
use crate::page::{self, Cell, Column, Section, Table};

pub(super) fn section(findings: &Findings) -> Option<Section> {
    let members = members(findings);
    // Rows with a suggestion and a final answer alone say nothing here, and their own section says why.
    if members.iter().all(|(_, member)| member.accuracy.is_none()) && findings.suggestion_only.is_some() {
        return None;
    }
    let complementarity = &findings.complementarity;
    let body = html! {
        (verdict("The pair as it was", &complementarity.observed))
        (verdict("The pair as it could be", &complementarity.achievable))
        (page::figure(&accuracy(findings), "Share of cases answered rightly. Whiskers are intervals; the outlined mark is computed, not observed."))
        @let differences = differences(findings);
        @if differences.rows.iter().any(|row| row.interval.is_some()) {
            (page::figure(&differences, "The same cases, compared one by one: right of the line the pair is better. A gain over both is what makes a pair worth its while."))
        }
        @if let Some(method) = &findings.achievable_pair.method {
            p { "How the achievable pair was made: " (page::prose(method)) @if !method.ends_with('.') { "." } }
        }
        @if let Some(both) = &findings.both_wrong {
            p {
                "In " (page::inline(Unit::Share, Some(both))) " of cases neither the person nor the AI was right: no way of choosing between the two can do better than that."
                @if let Some(potential) = &complementarity.potential {
                    " Somebody who always knew whom to trust would gain " (page::inline(Unit::Points, Some(potential))) " over the better of the two. That is the room there is; nobody gets all of it."
                }
            }
        }
        @if let Some(limit) = &complementarity.limit { (page::notes(&[limit])) }
        (scores(&members))
    };
    Some(Section { id: "pair".into(), title: "Does the pair beat either alone?".into(), body })
}

/// The picture of all four, and the verdicts.
pub(super) fn summary(findings: &Findings) -> Markup {
    html! {
        (chart::responsive(&accuracy(findings)))
        (verdict("The pair as it was", &findings.complementarity.observed))
        (verdict("The pair as it could be", &findings.complementarity.achievable))
    }
}

fn members(findings: &Findings) -> [(Who, &Member); 4] {
    [
        (Who::Human, &findings.human),
        (Who::Ai, &findings.ai),
        (Who::ObservedPair, &findings.observed_pair),
        (Who::AchievablePair, &findings.achievable_pair),
    ]
}

/// What a comparison shows, in a word and a sentence.
fn verdict(of: &str, comparison: &Comparison) -> Markup {
    let (class, sign, word) = match comparison.verdict {
        Some(Verdict::Complementary) => ("complementary", "✓", "better than either alone"),
        Some(Verdict::NotShown) => ("not-shown", "○", "neither a gain nor a harm is shown"),
        Some(Verdict::Harmful) => ("harmful", "✗", "worse than one of the two alone"),
        None => ("unknown", "–", "cannot be said"),
    };
    html! {
        div.{ "verdict " (class) } {
            span aria-hidden="true" { (sign) }
            div {
                p {
                    b { (of) ": " (word) "." } " "
                    @if let Some(ctp) = &comparison.ctp {
                        "Against the better of the two it makes a difference of " (page::inline(Unit::Points, Some(ctp))) "."
                    }
                }
                @if let Some(reason) = &comparison.reason { p.soft { (page::prose(&crate::format::sentence(reason))) } }
            }
        }
    }
}

fn accuracy(findings: &Findings) -> impl Chart + use<> {
    let members = members(findings);
    let best =
        [&findings.human, &findings.ai].iter().filter_map(|member| member.accuracy).map(|found| found.value).fold(f64::NAN, f64::max);
    Intervals {
        title: "People, AI and the pair".into(),
        axis: Axis::new("share of cases answered rightly", Unit::Share),
        // One that was never recorded does not wait for more cases; its reason stands below.
        rows: members
            .iter()
            .filter(|(_, member)| member.accuracy.is_some() || member.reason.is_none())
            .map(|(who, member)| row(name(*who), *who, member.accuracy.as_ref()))
            .collect(),
        references: if best.is_finite() { vec![Reference::new(best, "the better of the two")] } else { Vec::new() },
    }
}

fn differences(findings: &Findings) -> Intervals {
    let rows = |of: &str, who: Who, comparison: &Comparison| -> Vec<Row> {
        if comparison.over_human.is_none() && comparison.over_ai.is_none() {
            return Vec::new();
        }
        vec![
            row(format!("{of}, over people"), who, comparison.over_human.as_ref()),
            row(format!("{of}, over the AI"), who, comparison.over_ai.as_ref()),
        ]
    };
    let mut all = rows("Observed", Who::ObservedPair, &findings.complementarity.observed);
    all.extend(rows("Achievable", Who::AchievablePair, &findings.complementarity.achievable));
    Intervals {
        title: "What the pair gains over each".into(),
        axis: Axis::new("difference in right answers, percentage points", Unit::Points),
        rows: all,
        references: vec![Reference::new(0.0, "no difference")],
    }
}

fn scores(members: &[(Who, &Member); 4]) -> Markup {
    let mut table = Table::new(&[
        Column::Words(""),
        Column::Figure("right answers", Unit::Share),
        Column::Figure("Brier score", Unit::Number),
        Column::Figure("log loss", Unit::Number),
        Column::Figure("calibration error", Unit::Share),
        Column::Figure("cost of a case", Unit::Number),
    ]);
    for (who, member) in members.iter().filter(|(_, member)| member.accuracy.is_some()) {
        let cells = [member.accuracy, member.brier, member.log_loss, member.ece, member.cost];
        let head = super::who(*who);
        table.row(false, std::iter::once(Cell::Html(head)).chain(cells.map(Cell::Figure)).collect());
    }
    html! {
        @if !table.is_empty() {
            (table.render())
            p.small.soft { "Brier score, log loss and calibration error: less is better. They need probabilities, and are left out where there are none." }
        }
        @for (who, member) in members {
            @if let Some(why) = &member.reason { p.small.soft { (name(*who)) ": " (page::prose(&crate::format::sentence(why))) } }
        }
    }
}
