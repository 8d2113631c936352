//! Whether the AI knows when it is right, and whether people know when to follow it.

use countersign_science::Estimate;
use countersign_science::rehearsal::findings::{Findings, Reliability};
use maud::html;

use super::{reason, tone};
use crate::chart::{self, Axis, Bin, Chart, Interval, Intervals, Multiples, RelianceGrid, Row, Tone};
use crate::format::{self, Unit};
use crate::page::{self, Section};

pub(super) fn calibration(findings: &Findings) -> Option<Section> {
    if findings.reliability.is_empty() {
        return None;
    }
    let charts: Vec<chart::Reliability> = findings.reliability.iter().map(diagram).collect();
    let mut of: Vec<&str> = findings.reliability.iter().map(|one| one.of.as_str()).filter(|of| !of.is_empty()).collect();
    of.dedup();
    let of = if of.is_empty() { String::new() } else { format!(" Along the bottom: {}.", format::list(&of)) };
    let caption = format!(
        "What was said against what came true. On the diagonal, a probability means what it says; the grey band is how far chance alone may part the two. The bars below say how many cases lie where.{of}"
    );
    let body = html! {
        @if let [one] = charts.as_slice() {
            (page::figure(one, &caption))
        } @else {
            @let boxed = charts.into_iter().map(|chart| Box::new(chart) as Box<dyn Chart>).collect();
            (page::figure_of("Does a probability mean what it says?", &Multiples { charts: boxed, two: true }, &caption))
        }
    };
    Some(Section { id: "calibration".into(), title: "Does the AI know when it is right?".into(), body })
}

fn diagram(found: &Reliability) -> chart::Reliability {
    // The bins are told by their means; where one ends lies halfway to the next.
    let mean = |at: usize| found.bins.get(at).map(|bin| bin.predicted);
    let edge = |at: usize| match (at.checked_sub(1).and_then(mean), mean(at)) {
        (Some(before), Some(after)) => f64::midpoint(before, after),
        (None, Some(first)) => mean(1).map_or(0.0, |second| first - (second - first) / 2.0).max(0.0),
        (_, None) => 1.0,
    };
    #[expect(clippy::cast_precision_loss, reason = "counts of a report are far below 2^53")]
    let bins =
        found.bins.iter().enumerate().map(|(at, bin)| Bin { low: edge(at), high: edge(at + 1), count: bin.observed.n as f64 }).collect();
    chart::Reliability {
        title: format::capital(&found.title),
        tone: tone(found.who),
        curve: found.curve.iter().map(|point| (point.x, point.y)).collect(),
        band: found.curve.iter().map(|point| (point.x, point.low, point.high)).collect(),
        bins,
    }
}

pub(super) fn reliance(findings: &Findings) -> Option<Section> {
    let reliance = &findings.reliance;
    let rates = [
        ("Corrected by right advice", reliance.rair),
        ("Unmoved by wrong advice", reliance.rsr),
        ("With the AI though it was wrong", reliance.over_reliance),
        ("… having first disagreed", reliance.over_reliance_on_disagreement),
        ("Against it though it was right", reliance.under_reliance),
        ("Switched when they disagreed", reliance.switch_fraction),
    ];
    if rates.iter().all(|(_, rate)| rate.is_none()) {
        return None;
    }
    let rows = rates.iter().map(|(label, rate)| {
        rate.as_ref().map_or_else(
            || Row::missing(*label, Tone::Person, ""),
            |found| Row::new(*label, Tone::Person, Interval::from(found), super::n(found)),
        )
    });
    let rows = Intervals {
        title: "How people took advice".into(),
        axis: Axis::new("share of such cases", Unit::Share).within(0.0, 1.0),
        rows: rows.collect(),
        references: Vec::new(),
    };
    let body = html! {
        (page::figure(&grid(reliance.rair, reliance.rsr), "Only cases in which advice could change something: first answer and AI differ, and one of the two is right. Good advice taken and bad advice refused are what a pair lives on."))
        (page::figure(&rows, "In the first two rows more is better; in the next three, less."))
        @let switches = agreement(findings);
        @if !switches.is_empty() { p { (switches) } }
        (page::notes(&reliance.notes))
        (reason(reliance.reason.as_ref()))
    };
    Some(Section { id: "reliance".into(), title: "Who trusts too much, and who too little?".into(), body })
}

fn grid(rair: Option<Estimate>, rsr: Option<Estimate>) -> RelianceGrid {
    let complement = |found: &Estimate| Interval::new(1.0 - found.value, 1.0 - found.high, 1.0 - found.low);
    RelianceGrid {
        title: "What advice did where it could matter".into(),
        took_right: rair.as_ref().map(Interval::from),
        right_n: rair.map_or(0, |found| found.n),
        took_wrong: rsr.as_ref().map(complement),
        wrong_n: rsr.map_or(0, |found| found.n),
    }
}

/// How often both agreed from the start, from the counts of the map.
fn agreement(findings: &Findings) -> String {
    let map = &findings.reliance.map;
    let total: u64 = map.iter().map(|cell| cell.followed + cell.kept + cell.neither).sum();
    let agreed: u64 = map.iter().filter(|cell| cell.agreed).map(|cell| cell.followed + cell.kept + cell.neither).sum();
    let both_wrong: u64 =
        map.iter().filter(|cell| cell.agreed && !cell.ai_right).map(|cell| cell.followed + cell.kept + cell.neither).sum();
    if total == 0 {
        return String::new();
    }
    format!(
        "In {} of {} cases the first answer was the AI's anyway; in {} of those both were wrong, and advice could not help.",
        format::count(agreed),
        format::count(total),
        format::count(both_wrong)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn misled_is_what_is_left_of_those_who_held_their_ground() {
        let rsr = Estimate { value: 0.66, low: 0.59, high: 0.73, n: 189 };
        let grid = grid(None, Some(rsr));
        let misled = grid.took_wrong.unwrap();
        assert!((misled.value - 0.34).abs() < 1e-12 && (misled.low - 0.27).abs() < 1e-12 && (misled.high - 0.41).abs() < 1e-12);
        assert_eq!((grid.right_n, grid.wrong_n), (0, 189));
    }
}
