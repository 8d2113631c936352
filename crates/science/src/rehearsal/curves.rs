//! What the report draws: reliability, risk against coverage, cost against automation, confusion. Judges nothing.

use crate::{
    interval, math,
    rehearsal::{
        compose::{Decider, Figures},
        data::{Data, NONE, Options},
        findings::{BandPoint, CONFUSION_CLASSES_MAX, ChosenPoint, Confusion, Curve, Findings, Reliability, ReliabilityBin, Who},
        judge::{Judged, Player},
        parting::Parting,
        sheet::{BINS, LEVEL, bin_of},
    },
};

/// Points of a curve.
const POINTS: usize = 60;
/// Strictest share of cases that a curve shows.
const COVERAGE_MIN: f64 = 0.02;

/// Adds all of them.
pub(super) fn add(data: &Data, options: &Options, parting: &Parting, judged: &Judged, figures: &Figures, findings: &mut Findings) {
    findings.reliability = reliability(data, judged);
    findings.confusion = confusion(data, figures);
    let rows = ranked(data, judged, parting);
    findings.risk_coverage.extend(risk(&rows, findings));
    findings.cost_curves.extend(cost(data, options, &rows, findings));
}

/// A judged row: the recalibrated confidence of the AI, whether it is wrong, and its number.
struct Ranked {
    confidence: f64,
    wrong: bool,
    row: usize,
}

/// Judged rows from the surest to the least sure.
fn ranked(data: &Data, judged: &Judged, parting: &Parting) -> Vec<Ranked> {
    let (Some(truth), Some(ai)) = (&data.truth, &data.ai) else { return Vec::new() };
    let confidence = judged.ai.scores.as_ref().map_or(&[][..], |scores| &scores.confidence);
    let mut rows: Vec<Ranked> = confidence
        .iter()
        .enumerate()
        .filter(|(row, c)| !c.is_nan() && parting.weights.get(*row).is_some_and(|w| *w > 0.0))
        .map(|(row, confidence)| Ranked { confidence: *confidence, wrong: ai.get(row) != truth.get(row), row })
        .collect();
    rows.sort_by(|a, b| b.confidence.total_cmp(&a.confidence).then(a.row.cmp(&b.row)));
    rows
}

/// Places of a curve: row counts, each at the end of a run of equal confidences.
fn places(rows: &[Ranked]) -> Vec<usize> {
    let mut out = Vec::new();
    for point in 0..POINTS {
        let share = COVERAGE_MIN + (1.0 - COVERAGE_MIN) * point as f64 / (POINTS - 1) as f64;
        let mut place = ((share * rows.len() as f64).ceil() as usize).clamp(1, rows.len().max(1));
        let at = |i: usize| rows.get(i).map_or(f64::NAN, |r| r.confidence);
        while place < rows.len() && at(place) == at(place - 1) {
            place += 1;
        }
        if out.last() != Some(&place) {
            out.push(place);
        }
    }
    out
}

fn risk(rows: &[Ranked], findings: &Findings) -> Option<Curve> {
    if rows.is_empty() {
        return None;
    }
    let mut wrong = vec![0u64; rows.len() + 1];
    for (at, row) in rows.iter().enumerate() {
        let before = wrong.get(at).copied().unwrap_or(0);
        if let Some(cell) = wrong.get_mut(at + 1) {
            *cell = before + u64::from(row.wrong);
        }
    }
    let points = places(rows)
        .into_iter()
        .filter_map(|place| {
            let e = interval::wilson(wrong.get(place).copied()?, place as u64, LEVEL).ok()?;
            Some(BandPoint { x: place as f64 / rows.len() as f64, y: e.value, low: e.low, high: e.high })
        })
        .collect();
    let chosen = findings.automation.iter().find(|a| a.kept()).and_then(|a| {
        let label = format!("promise: at most {} % wrong", super::policies::percent(a.alpha));
        Some(ChosenPoint { x: a.share?.value, y: a.error?.value, label })
    });
    Some(Curve {
        title: "AI, recalibrated, the surest cases first".to_owned(),
        x: "share of cases that are automated".to_owned(),
        y: "error among them".to_owned(),
        points,
        chosen,
    })
}

/// Cost of automating the surest cases, with people for the rest.
fn cost(data: &Data, options: &Options, rows: &[Ranked], findings: &Findings) -> Option<Curve> {
    let rest = data.observed.as_ref().or(data.human.as_ref())?;
    let (truth, ai) = (data.truth.as_ref()?, data.ai.as_ref()?);
    let rows: Vec<&Ranked> = rows.iter().filter(|r| rest.get(r.row).is_some_and(|l| *l != NONE)).collect();
    if rows.is_empty() {
        return None;
    }
    let classes = data.classes.len();
    let matrix = options.cost_matrix(classes);
    let look = super::compose::look(data, options);
    let of = |label: &[u32], row: usize| {
        let (t, l) = (truth.get(row).copied().unwrap_or(0), label.get(row).copied().unwrap_or(0));
        matrix.get(t as usize * classes + l as usize).copied().unwrap_or(0.0)
    };
    let n = rows.len() as f64;
    let mut total = math::sum(rows.iter().map(|r| of(rest, r.row) + look));
    let mut points = vec![BandPoint { x: 0.0, y: total / n, low: total / n, high: total / n }];
    let every = rows.len().div_ceil(POINTS).max(1);
    for (at, row) in rows.iter().enumerate() {
        total += of(ai, row.row) - of(rest, row.row) - look;
        if (at + 1) % every == 0 || at + 1 == rows.len() {
            let y = total / n;
            points.push(BandPoint { x: (at + 1) as f64 / n, y, low: y, high: y });
        }
    }
    let kept = findings.automation.iter().find(|a| a.kept()).map(|a| super::policies::promise_name(a.alpha));
    let chosen = findings
        .policies
        .iter()
        .find(|p| Some(&p.name) == kept.as_ref())
        .and_then(|p| Some(ChosenPoint { x: p.automated?.value, y: p.cost?.value, label: p.title.clone() }));
    Some(Curve {
        title: "the surest cases automated, people for the rest".to_owned(),
        x: "share of cases that are automated".to_owned(),
        y: "cost a case".to_owned(),
        points,
        chosen,
    })
}

fn reliability(data: &Data, judged: &Judged) -> Vec<Reliability> {
    let Some(truth) = &data.truth else { return Vec::new() };
    let classes = data.classes.len();
    let positive = data.classes.get(1).filter(|_| classes == 2);
    let of = positive.map_or_else(|| "probability of the top answer".to_owned(), |name| format!("probability of {name:?}"));
    let came = |row: usize, answer: u32| {
        let truth = truth.get(row).copied().unwrap_or(NONE);
        if classes == 2 { truth == 1 } else { truth == answer }
    };
    let mut out = Vec::new();
    let mut push = |who: Who, title: &str, points: Vec<(f64, bool)>| {
        if !points.is_empty() {
            out.push(Reliability { who, title: title.to_owned(), of: of.clone(), bins: bins(&points), curve: curve(points) });
        }
    };
    if let (Some(p), Some(ai)) = (&data.ai_probabilities, &data.ai) {
        let said = |row: usize| {
            let class = if classes == 2 { 1 } else { ai.get(row).copied().unwrap_or(0) as usize };
            p.get(row * classes + class).copied().unwrap_or(f64::NAN)
        };
        push(Who::Ai, "AI as it is", (0..data.len()).map(|row| (said(row), came(row, ai.get(row).copied().unwrap_or(NONE)))).collect());
        push(Who::Ai, "AI, recalibrated", points(&judged.ai, classes, &came));
    }
    if let Some(p) = &data.human_probability {
        push(Who::Human, "people", p.iter().enumerate().filter(|(_, p)| !p.is_nan()).map(|(row, p)| (*p, came(row, 1))).collect());
    }
    if let Some(achieved) = &judged.achieved {
        push(Who::AchievablePair, "achievable pair", points(achieved, classes, &came));
    }
    out
}

fn points(player: &Player, classes: usize, came: &dyn Fn(usize, u32) -> bool) -> Vec<(f64, bool)> {
    let Some(scores) = &player.scores else { return Vec::new() };
    let said = if classes == 2 { &scores.positive } else { &scores.confidence };
    let answer = |row: usize| player.answer.get(row).copied().unwrap_or(NONE);
    said.iter().enumerate().filter(|(_, p)| !p.is_nan()).map(|(row, p)| (*p, came(row, answer(row)))).collect()
}

fn bins(points: &[(f64, bool)]) -> Vec<ReliabilityBin> {
    let mut sums = vec![(0u64, 0u64, 0.0f64); BINS];
    for (said, came) in points {
        if let Some((n, hits, total)) = sums.get_mut(bin_of(*said)) {
            *n += 1;
            *hits += u64::from(*came);
            *total += said;
        }
    }
    sums.into_iter()
        .filter_map(|(n, hits, total)| {
            let observed = interval::wilson(hits, n, LEVEL).ok()?;
            Some(ReliabilityBin { predicted: total / n as f64, observed })
        })
        .collect()
}

/// The isotonic curve (pool adjacent violators), thinned to [`POINTS`].
fn curve(mut points: Vec<(f64, bool)>) -> Vec<BandPoint> {
    points.retain(|(said, _)| !said.is_nan());
    points.sort_by(|a, b| a.0.total_cmp(&b.0));
    // Blocks: lowest and highest said, hits, rows.
    let mut blocks: Vec<(f64, f64, f64, f64)> = Vec::new();
    for (said, came) in &points {
        let mut block = (*said, *said, f64::from(u8::from(*came)), 1.0);
        // Equal forecasts are one block whatever came.
        while let Some(last) = blocks.last() {
            if last.1 == block.0 || last.2 / last.3 >= block.2 / block.3 {
                block = (last.0, block.1, last.2 + block.2, last.3 + block.3);
                blocks.pop();
            } else {
                break;
            }
        }
        blocks.push(block);
    }
    let mut out = Vec::new();
    for (low, high, hits, n) in blocks {
        let Ok(e) = interval::wilson_share((hits / n).clamp(0.0, 1.0), n, n as u64, LEVEL) else { continue };
        let point = |x: f64| BandPoint { x, y: e.value, low: e.low, high: e.high };
        out.push(point(low));
        if high > low {
            out.push(point(high));
        }
    }
    let every = out.len().div_ceil(4 * POINTS).max(1);
    let last = out.len().saturating_sub(1);
    out.into_iter().enumerate().filter(|(at, _)| at % every == 0 || *at == last).map(|(_, p)| p).collect()
}

fn confusion(data: &Data, figures: &Figures) -> Vec<Confusion> {
    let classes = data.classes.len();
    let Some(truth) = data.truth.as_ref().filter(|_| classes <= CONFUSION_CLASSES_MAX) else { return Vec::new() };
    let of = |who: Who, title: &str, labels: Option<&[u32]>| {
        let labels = labels.filter(|l| !l.is_empty())?;
        let mut counts = vec![vec![0u64; classes]; classes];
        for (truth, answer) in truth.iter().zip(labels) {
            if let Some(cell) = counts.get_mut(*truth as usize).and_then(|row| row.get_mut(*answer as usize)) {
                *cell += 1;
            }
        }
        Some(Confusion { who, title: title.to_owned(), counts })
    };
    let answers = |decider: &Option<Decider>| decider.as_ref().map(|d| d.answers.clone());
    [
        of(Who::Human, "people alone", data.human.as_deref()),
        of(Who::Ai, "AI alone", data.ai.as_deref()),
        of(Who::ObservedPair, "pair, observed", data.observed.as_deref()),
        of(Who::AchievablePair, "pair, achievable", answers(&figures.achieved).as_deref()),
    ]
    .into_iter()
    .flatten()
    .collect()
}
