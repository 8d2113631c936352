//! Worlds for what is measured of people, AI and groups: skill, agreement, reliance, calibration, fairness. Never one in which
//! a true value is itself an estimate.

use countersign_science::{
    agreement::{self, Weights},
    bootstrap::{Clusters, Options},
    fairness::{self, Cells, Comparison, Decider, Fairness, Metric, Table},
    interval, math,
    random::Random,
    reliance,
    score::{self, Binning, Reliability},
    skill,
};

use super::{Check, Claim, hit, intervals::holds, normal, number};

const OPTIONS: Options = Options { level: 0.95, draws: 400, seed: 0 };

pub fn checks() -> Vec<Check> {
    [scores(), people(), groups()].into_iter().flatten().collect()
}

fn check(name: &'static str, world: &'static str, claim: Claim, run: fn(&mut Random) -> Option<bool>) -> Check {
    Check { name, world, claim, run }
}

fn scores() -> Vec<Check> {
    vec![
        check("AUC (DeLong)", "40 positives, 80 negatives, true .760", Claim::Covers(0.95, 0.02), |r| {
            let positive: Vec<bool> = (0..120).map(|row| row % 3 == 0).collect();
            let scores: Vec<f64> = positive.iter().map(|positive| normal(r) + number(*positive)).collect();
            holds(score::auc(&scores, &positive, Clusters::Rows, 0.95), 0.760_249_938_906_523)
        }),
        check("Log loss", "500 rows of a calibrated AI", Claim::Covers(0.95, 0.02), |r| {
            // Confidence .9 throughout: the expected loss is the entropy.
            let losses: Vec<f64> = (0..500).map(|_| -math::ln(if hit(r, 0.9) { 0.9 } else { 0.1 })).collect();
            holds(score::mean(&losses, Clusters::Rows, &OPTIONS), -0.9 * math::ln(0.9) - 0.1 * math::ln(0.1))
        }),
        check("ECE", "500 rows, overconfident by .1", Claim::AtLeast(0.95), |r| calibration_error(r, 0.1)),
        check("ECE", "500 rows, overconfident by .03", Claim::AtLeast(0.95), |r| calibration_error(r, 0.03)),
        check("ECE", "500 rows, calibrated", Claim::AtLeast(0.95), |r| calibration_error(r, 0.0)),
        check("Reliability band, at one place", "300 rows of a calibrated AI", Claim::Covers(0.95, 0.03), |r| {
            let forecasts: Vec<f64> = (0..300).map(|_| r.uniform()).collect();
            let outcomes: Vec<bool> = forecasts.iter().map(|forecast| hit(r, *forecast)).collect();
            let diagram = Reliability::of(&forecasts, &outcomes, &Options { seed: r.bits(), ..OPTIONS }).unwrap();
            let place = diagram.band[diagram.band.len() / 2];
            Some(place.low <= place.y && place.y <= place.high)
        }),
    ]
}

fn people() -> Vec<Check> {
    vec![
        check("Cohen's kappa", "two people, 100 items, true .36", Claim::Covers(0.95, 0.02), |r| {
            let answers = answered(r, 2, 100);
            let of = |person: usize| answers.iter().map(|item| Some(item[person])).collect::<Vec<_>>();
            holds(agreement::cohen(&of(0), &of(1), 2, Weights::None, 0.95), 0.36)
        }),
        check("Fleiss' kappa", "three people, 100 items, true .36", Claim::Covers(0.95, 0.025), |r| {
            holds(agreement::fleiss(&table(&answered(r, 3, 100)), 0.95), 0.36)
        }),
        check("Krippendorff's alpha", "three people, 100 items, true .36", Claim::Covers(0.95, 0.025), |r| {
            holds(agreement::alpha_nominal(&table(&answered(r, 3, 100)), 0.95), 0.36)
        }),
        check("Skill shrunk to the pool", "one of 20 people with 15 answers each", Claim::Covers(0.95, 0.03), |r| {
            let skills: Vec<f64> = (0..20).map(|_| 0.5 + 0.4 * r.uniform()).collect();
            let right: Vec<f64> = skills.iter().map(|skill| (0..15).map(|_| number(hit(r, *skill))).sum()).collect();
            holds(skill::shrunk_shares(&right, &[15.0; 20], 0.95).map(|shrunk| shrunk.people[0]), skills[0])
        }),
        check("RAIR", "400 cases, true .4", Claim::Covers(0.95, 0.025), |r| relied(r, |reliance| reliance.rair.estimate(), 0.4)),
        check("RSR", "400 cases, true .6", Claim::Covers(0.95, 0.025), |r| relied(r, |reliance| reliance.rsr.estimate(), 0.6)),
        check("Over-reliance on disagreement", "400 cases, true .4", Claim::Covers(0.95, 0.025), |r| {
            relied(r, |reliance| reliance.over_reliance_on_disagreement.estimate(), 0.4)
        }),
    ]
}

fn groups() -> Vec<Check> {
    const APART: [f64; 3] = [0.6, 0.4, 0.4];
    const ALIKE: [f64; 3] = [0.5; 3];
    vec![
        check("A group's rate less all others'", "selected .6, .4, .4 of 80, 120, 200", Claim::Covers(0.95, 0.02), |r| {
            let decider = measured(r, APART);
            let test = decider.tests.iter().find(|test| test.metric == Metric::SelectionRate && test.group == 0)?;
            holds(Ok(test.difference), 0.2)
        }),
        check("Gap between groups", "the same", Claim::AtLeast(0.95), |r| holds(Ok(selection(&measured(r, APART))?.difference), 0.2)),
        check("Impact ratio", "the same", Claim::AtLeast(0.95), |r| holds(Ok(selection(&measured(r, APART))?.ratio?), 2.0 / 3.0)),
        check("Equalised odds, difference", "true positives found in .6, .4, .4, nothing else differs", Claim::AtLeast(0.95), |r| {
            holds(Ok(measured_by_truth(r, APART).equalised_odds?.difference), 0.2)
        }),
        check("Gap beyond the null band, falsely", "selected .5 in every group", Claim::AtMost(0.05), |r| {
            let decider = measured(r, ALIKE);
            let selection = selection(&decider)?;
            Some(selection.difference.value > selection.chance?.gap_95 + 1e-12)
        }),
        check("Any group found by Holm, falsely", "the same, all metrics", Claim::AtMost(0.05), |r| {
            Some(measured(r, ALIKE).tests.iter().any(|test| test.p_holm <= 0.05))
        }),
    ]
}

/// Confidences from .55 to .95 that are too high by `over`.
fn calibration_error(random: &mut Random, over: f64) -> Option<bool> {
    let confidence: Vec<f64> = (0..500).map(|row| 0.55 + 0.1 * f64::from(row % 5)).collect();
    let right: Vec<bool> = confidence.iter().map(|confidence| hit(random, confidence - over)).collect();
    let options = Options { seed: random.bits(), ..OPTIONS };
    holds(score::calibration_error(&confidence, &right, Binning::EqualWidth(10), Clusters::Rows, &options), over)
}

/// The answers of people who are right in 80 % of the items each: two of them agree in 68 %, and by chance in one half.
pub fn answered(random: &mut Random, people: usize, items: usize) -> Vec<Vec<u32>> {
    (0..items)
        .map(|_| {
            let truth = u32::from(hit(random, 0.5));
            (0..people).map(|_| if hit(random, 0.8) { truth } else { 1 - truth }).collect()
        })
        .collect()
}

/// As a table.
pub fn table(answers: &[Vec<u32>]) -> skill::Answers {
    let (mut item, mut person, mut answer) = (vec![], vec![], vec![]);
    for (i, row) in (0u32..).zip(answers) {
        for (p, given) in (0u32..).zip(row) {
            item.push(i);
            person.push(p);
            answer.push(*given);
        }
    }
    skill::Answers::new(&item, &person, &answer, (answers.len(), answers[0].len(), 2)).unwrap()
}

/// People right in 70 % at first, an AI right in 80 %, and 40 % of those who differ go over to it.
pub fn relied(
    random: &mut Random,
    figure: impl Fn(&reliance::Reliance) -> Option<countersign_science::Estimate>,
    truth: f64,
) -> Option<bool> {
    let rows: Vec<[u32; 4]> = (0..400)
        .map(|_| {
            let truth = u32::from(hit(random, 0.5));
            let ai = if hit(random, 0.8) { truth } else { 1 - truth };
            let initial = if hit(random, 0.7) { truth } else { 1 - truth };
            [truth, ai, initial, if hit(random, 0.4) { ai } else { initial }]
        })
        .collect();
    let column = |at: usize| rows.iter().map(|row| row[at]).collect::<Vec<u32>>();
    let answers = reliance::Answers { truth: &column(0), ai: &column(1), initial: &column(2), last: &column(3) };
    let measured = reliance::measure(&answers, Clusters::Rows, &Options { seed: random.bits(), ..OPTIONS }).unwrap();
    figure(&measured).and_then(|estimate| holds(Ok(estimate), truth))
}

/// One decider who selects with a rate of its own in each of three groups; truth is a coin.
fn measured(random: &mut Random, rates: [f64; 3]) -> Decider {
    let mut cells = Cells::new(1);
    for ((group, rate), rows) in rates.iter().enumerate().zip([80, 120, 200]) {
        for _ in 0..rows {
            cells.add(group, Some(hit(random, 0.5)), Some(hit(random, *rate))).unwrap();
        }
    }
    fair(random, &cells)
}

fn fair(random: &mut Random, cells: &Cells) -> Decider {
    let names = ["a", "b", "c"].map(str::to_owned);
    let table = Table { cells, groups: &names, unknown: None, deciders: &["ai".to_owned()], clusters: &[] };
    let options = fairness::Options { seed: random.bits(), draws: 400, level: interval::LEVEL_DEFAULT, ..fairness::Options::default() };
    Fairness::measure(&table, &options).unwrap().deciders.remove(0)
}

/// One decider who finds the positives of each group with a rate of its own, and raises false alarms alike in all.
fn measured_by_truth(random: &mut Random, rates: [f64; 3]) -> Decider {
    let mut cells = Cells::new(1);
    for ((group, rate), rows) in rates.iter().enumerate().zip([160, 240, 400]) {
        for _ in 0..rows {
            let truth = hit(random, 0.5);
            cells.add(group, Some(truth), Some(hit(random, if truth { *rate } else { 0.3 }))).unwrap();
        }
    }
    fair(random, &cells)
}

fn selection(decider: &Decider) -> Option<&Comparison> {
    decider.comparisons.iter().find(|comparison| comparison.metric == Metric::SelectionRate)
}
