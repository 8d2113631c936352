//! Intervals, bands and tests against simulated data whose truth is known.

use super::{quick, table};
use crate::{
    Estimate,
    fairness::{calibration::Scores, chance, clusters::Clusters, *},
    interval,
    random::Random,
    sample::binomial,
    special::binomial_mass,
};

const RUNS: u64 = 1_000;

/// Share of runs in which something holds.
fn share(holds: impl Fn(u64) -> bool + Sync) -> f64 {
    use rayon::prelude::*;
    (0..RUNS).into_par_iter().filter(|run| holds(*run)).count() as f64 / RUNS as f64
}

fn covers(estimate: Estimate, truth: f64) -> bool {
    estimate.low <= truth + 1e-12 && truth <= estimate.high + 1e-12
}

/// Rows of groups of these sizes that differ in their selection rates only.
fn selected(run: u64, groups: &[(u64, f64)]) -> Cells {
    let mut random = Random::new(run, 77);
    let mut cells = Cells::new(1);
    for (group, (n, rate)) in groups.iter().enumerate() {
        let hits = binomial(&mut random, *n, *rate);
        cells.add_pattern(group, Pattern::new(None, &[Some(true)]), hits).unwrap();
        cells.add_pattern(group, Pattern::new(None, &[Some(false)]), n - hits).unwrap();
    }
    cells
}

fn selection(run: u64, groups: &[(u64, f64)]) -> (Comparison, Fairness) {
    let deciders = ["AI".to_owned()];
    let found = Fairness::measure(&table(&selected(run, groups), &[], &deciders), &quick(run)).unwrap();
    let comparison = found.deciders[0].comparisons.iter().find(|c| c.metric == Metric::SelectionRate).unwrap().clone();
    (comparison, found)
}

#[test]
fn wilson_keeps_its_promise_in_small_cells_where_a_percentile_bootstrap_does_not() {
    // Exact, by enumeration: 8 rows at a rate of .1. The percentile interval of k hits is that of the binomial of rate k/8.
    let (n, truth) = (8u64, 0.1);
    let (mut wilson, mut percentile) = (0.0, 0.0);
    for k in 0..=n {
        let mass = binomial_mass(k, n, truth);
        wilson += if covers(interval::wilson(k, n, 0.95).unwrap(), truth) { mass } else { 0.0 };
        let rate = k as f64 / n as f64;
        let at = |q: f64| {
            let mut below = 0.0;
            (0..=n)
                .find(|j| {
                    below += binomial_mass(*j, n, rate);
                    below >= q - 1e-12
                })
                .unwrap_or(n) as f64
                / n as f64
        };
        percentile += if at(0.025) <= truth && truth <= at(0.975) { mass } else { 0.0 };
    }
    assert!((0.945..0.975).contains(&wilson), "{wilson}");
    assert!((0.48..0.58).contains(&percentile), "{percentile}");
}

#[test]
fn the_four_fifths_rule_fails_by_chance_alone_with_many_groups() {
    let broken = |rows: u64| chance::chance(&[(rows, 0.3); 14], FOUR_FIFTHS, 2_000, 1, Metric::SelectionRate).unwrap().rule_broken;
    let (small, large) = (broken(1_000 / 14), broken(5_000 / 14));
    assert!(small > 0.99, "{small}");
    assert!((0.72..0.88).contains(&large), "{large}");
    // And an audit of such data says so beside the legal figure.
    let (comparison, _) = selection(4, &[(71, 0.3); 14]);
    assert_eq!(comparison.below_four_fifths, Some(true));
    let by_chance = comparison.chance.unwrap();
    assert!(by_chance.rule_broken > 0.95 && by_chance.p > 0.05 && by_chance.gap.high >= comparison.difference.value);
}

#[test]
fn gaps_and_ratios_cover_the_truth_whichever_groups_were_picked() {
    let worlds: [&[(u64, f64)]; 6] = [
        &[(71, 0.3); 14],
        &[(300, 0.3), (300, 0.3)],
        &[(40, 0.1), (60, 0.15), (500, 0.2)],
        &[(1_000, 0.6), (400, 0.45), (80, 0.5), (25, 0.5)],
        &[(20, 0.05), (20, 0.05), (20, 0.1)],
        &[(5_000, 0.02), (900, 0.01)],
    ];
    for (at, groups) in worlds.into_iter().enumerate() {
        let (least, most) = groups.iter().fold((1.0f64, 0.0f64), |(a, b), (_, rate)| (a.min(*rate), b.max(*rate)));
        let gap = share(|run| covers(selection(run, groups).0.difference, most - least));
        let ratio = share(|run| selection(run, groups).0.ratio.is_none_or(|ratio| covers(ratio, least / most)));
        eprintln!("world {at}: gap {gap}, ratio {ratio}");
        assert!(gap >= 0.94 && ratio >= 0.94, "world {at}: {gap} {ratio}");
    }
}

#[test]
fn an_audit_without_any_difference_rarely_finds_one() {
    let groups = [(300, 0.3), (200, 0.3), (100, 0.3), (60, 0.3), (25, 0.3)];
    let by_holm = share(|run| selection(run, &groups).1.deciders[0].tests.iter().any(|test| test.p_holm <= 0.05));
    let by_band = share(|run| selection(run, &groups).0.chance.unwrap().p <= 0.05);
    eprintln!("found nothing there: Holm {by_holm}, band {by_band}");
    assert!(by_holm <= 0.065 && (0.02..=0.07).contains(&by_band), "{by_holm} {by_band}");
}

#[test]
fn a_tiny_group_does_not_hide_what_a_large_one_shows() {
    let groups = [(3_000, 0.2), (3_000, 0.3), (25, 0.25)];
    let found = share(|run| selection(run, &groups).0.chance.unwrap().p <= 0.05);
    assert!(found > 0.99, "{found}");
}

#[test]
fn a_gap_of_the_detectable_size_is_detected_four_times_in_five() {
    let (others, n, m) = (0.3, 400u64, 2_000u64);
    for tests in [1u32, 12] {
        let alpha = 0.05 / f64::from(tests);
        let gap = chance::detectable_gap(others, n as f64, m as f64, alpha).unwrap();
        let found = share(|run| {
            let mut random = Random::new(run, u64::from(tests));
            let (a, b) = (binomial(&mut random, n, others + gap), binomial(&mut random, m, others));
            significance::two_proportions(a, n, b, m) <= alpha
        });
        eprintln!("{tests} tests: gap {gap} found in {found}");
        assert!((0.76..0.85).contains(&found), "{found}");
    }
    assert_eq!(chance::detectable_gap(0.5, 3.0, 1_000.0, 0.001), None);
    assert_eq!(chance::detectable_gap(f64::NAN, 3.0, 1_000.0, 0.05), None);
}

/// Answers of people who differ, about items that differ, to rows in two groups: selected or not.
fn crossed(run: u64, people: u32, items: u32) -> (Cells, Clusters, Clusters) {
    let mut random = Random::new(run, 5);
    let mut leaning = |count: u32| -> Vec<f64> { (0..count).map(|_| if random.uniform() < 0.5 { -0.2 } else { 0.2 }).collect() };
    let (of_people, of_items) = (leaning(people), leaning(items));
    let (mut cells, mut by_person, mut by_item) = (Cells::new(1), Clusters::default(), Clusters::default());
    for (person, a) in of_people.iter().enumerate() {
        for (item, b) in of_items.iter().enumerate() {
            let group = item % 2;
            let answer = Some(random.uniform() < 0.5 + a + b);
            let pattern = Pattern::new(None, &[answer]);
            cells.add(group, None, answer).unwrap();
            by_person.add(person as u32, group as u32, pattern);
            by_item.add(item as u32, group as u32, pattern);
        }
    }
    (cells, by_person, by_item)
}

#[test]
fn clustered_rows_keep_the_promise_that_plain_ones_break() {
    let deciders = ["people".to_owned()];
    let measure = |run: u64, both: bool, any: bool| {
        let (cells, people, items) = crossed(run, 30, 40);
        let clusters: &[&Clusters] = if both { &[&people, &items] } else { &[&items] };
        let table = table(&cells, &[], &deciders);
        let found = Fairness::measure(&if any { Table { clusters, ..table } } else { table }, &quick(run)).unwrap();
        let rate = found.deciders[0].groups[0][&Metric::SelectionRate].unwrap().estimate;
        let overall = found.deciders[0].overall[&Metric::SelectionRate].unwrap().estimate;
        let gap = found.deciders[0].comparisons.iter().find(|c| c.metric == Metric::SelectionRate).unwrap().difference;
        (covers(rate, 0.5), covers(overall, 0.5), covers(gap, 0.0))
    };
    let plain = share(|run| measure(run, false, false).0);
    let group = share(|run| measure(run, true, true).0);
    let overall = share(|run| measure(run, true, true).1);
    let gap = share(|run| measure(run, true, true).2);
    eprintln!("clustered: plain {plain}, group {group}, overall {overall}, gap {gap}");
    assert!(plain < 0.7, "{plain}");
    assert!((0.92..=0.985).contains(&group) && (0.92..=0.985).contains(&overall) && gap >= 0.93, "{group} {overall} {gap}");
}

#[test]
fn whose_gap_is_wider_is_covered() {
    // The first decider selects 60 and 40 %, the second 50 and 45 %, and they agree more often than chance.
    let truth = 0.2 - 0.05;
    let deciders = ["AI".to_owned(), "people".to_owned()];
    let covered = share(|run| {
        let mut random = Random::new(run, 9);
        let mut cells = Cells::new(2);
        for row in 0..800 {
            let group = row % 2;
            let u = random.uniform();
            let v = if random.uniform() < 0.5 { u } else { random.uniform() };
            let (a, b) = if group == 0 { (0.6, 0.5) } else { (0.4, 0.45) };
            cells.add_row(group, None, &[Some(u < a), Some(v < b)]).unwrap();
        }
        let found = Fairness::measure(&table(&cells, &[], &deciders), &quick(run)).unwrap();
        covers(found.contrasts.iter().find(|c| c.metric == Metric::SelectionRate).unwrap().difference, truth)
    });
    eprintln!("contrast {covered}");
    assert!((0.92..=0.975).contains(&covered), "{covered}");
}

#[test]
fn calibration_of_a_sound_score_is_covered() {
    let found = |run: u64| {
        let mut random = Random::new(run, 21);
        let mut scores = Scores::default();
        for _ in 0..400 {
            let score = random.uniform();
            scores.add(0, score, random.uniform() < score);
        }
        scores.group(0, 0.95, 1.0, 199, run).unwrap()
    };
    let excess = share(|run| covers(found(run).excess, 0.0));
    let alarms = share(|run| found(run).error > found(run).error_by_chance);
    eprintln!("calibration: excess {excess}, false alarms {alarms}");
    assert!((0.93..=0.97).contains(&excess) && (0.03..=0.075).contains(&alarms), "{excess} {alarms}");
}

#[test]
fn macro_averages_are_covered() {
    let truth = (0.8 + 0.7 + 0.6) / 3.0;
    let covered = share(|run| {
        let mut random = Random::new(run, 31);
        let mut cells = classes::ClassCells::new(3).unwrap();
        for row in 0..600 {
            let class = row % 3;
            let right = random.uniform() < [0.8, 0.7, 0.6][class];
            cells.add(0, class, if right { class } else { (class + 1) % 3 }).unwrap();
        }
        let found = cells.macro_average(Metric::TruePositiveRate, 20, 0.95, 199, run).unwrap();
        covers(found.groups[0].unwrap(), truth)
    });
    eprintln!("macro {covered}");
    assert!((0.92..=0.975).contains(&covered), "{covered}");
}
