//! Known answers of fairlearn and scikit-learn, properties, and hostile input. Coverage by simulation is in `tests/coverage.rs`.

mod coverage;

use super::{calibration::Scores, classes::ClassCells, clusters::Clusters, *};
use crate::Error;
use proptest::prelude::*;

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

pub(super) fn table<'a>(cells: &'a Cells, groups: &'a [String], deciders: &'a [String]) -> Table<'a> {
    Table { cells, groups, unknown: None, deciders, clusters: &[] }
}

pub(super) fn quick(seed: u64) -> Options {
    Options { seed, draws: 199, ..Options::default() }
}

/// Twelve rows, ten times: group, truth, answer.
const TWELVE: [(usize, u8, u8); 12] =
    [(0, 1, 1), (0, 0, 0), (0, 1, 0), (0, 1, 1), (0, 0, 0), (1, 0, 1), (1, 1, 1), (1, 0, 0), (1, 1, 1), (2, 0, 1), (2, 1, 0), (2, 1, 1)];

fn twelve() -> Cells {
    let mut cells = Cells::new(1);
    for (group, truth, answer) in TWELVE.iter().cycle().take(120) {
        cells.add(*group, Some(*truth == 1), Some(*answer == 1)).unwrap();
    }
    cells
}

fn rate(rates: &Rates, metric: Metric) -> f64 {
    rates[&metric].unwrap().estimate.value
}

fn near(a: f64, b: f64) {
    assert!((a - b).abs() < 1e-6, "{a} is not {b}");
}

#[test]
fn rates_and_gaps_are_those_of_fairlearn() {
    // fairlearn 0.15.0 with scikit-learn 1.9.1: MetricFrame, demographic_parity_difference and _ratio, equalized_odds_difference.
    let (cells, groups, deciders) = (twelve(), names(&["a", "b", "c"]), names(&["AI"]));
    let found = Fairness::measure(&table(&cells, &groups, &deciders), &Options::default()).unwrap();
    let ai = &found.deciders[0];
    let expected = [
        (Metric::SelectionRate, [0.4, 0.75, 0.666_667]),
        (Metric::TruePositiveRate, [0.666_667, 1.0, 0.5]),
        (Metric::FalsePositiveRate, [0.0, 0.5, 1.0]),
        (Metric::Accuracy, [0.8, 0.75, 0.333_333]),
        (Metric::PositivePredictiveValue, [1.0, 0.666_667, 0.5]),
        (Metric::NegativePredictiveValue, [0.666_667, 1.0, 0.0]),
    ];
    for (metric, values) in expected {
        for (rates, value) in ai.groups.iter().zip(values) {
            near(rate(rates, metric), value);
        }
    }
    let selection = ai.comparisons.iter().find(|c| c.metric == Metric::SelectionRate).unwrap();
    near(selection.difference.value, 0.35);
    near(selection.ratio.unwrap().value, 0.533_333_3);
    assert_eq!((selection.lowest, selection.highest, selection.below_four_fifths), (0, 1, Some(true)));
    near(ai.equalised_odds.unwrap().difference.value, 1.0);
}

#[test]
fn the_recidivism_data_have_fairlearns_figures() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/recidivism_human_compas/responses.csv");
    let Ok(mut reader) = csv::Reader::from_path(path) else {
        eprintln!("passed over: {path} is not here");
        return;
    };
    let race = names(&["black", "hispanic", "other", "white"]);
    let (mut cells, mut people, mut items) = (Cells::new(2), Clusters::default(), Clusters::default());
    for row in reader.records().map(Result::unwrap).filter(|row| &row[0] == "general" && &row[2] == "0") {
        let group = race.iter().position(|name| *name == row[7]).unwrap();
        let answers = [Some(row[12].parse::<f64>().unwrap() > 5.0), Some(row[14].parse::<f64>().unwrap() > 0.5)];
        let label = Some(&row[15] == "1");
        cells.add_row(group, label, &answers).unwrap();
        let pattern = Pattern::new(label, &answers);
        people.add(row[1].parse().unwrap(), group as u32, pattern);
        items.add(row[4].parse().unwrap(), group as u32, pattern);
    }
    let deciders = names(&["COMPAS", "people"]);
    let found = Fairness::measure(&table(&cells, &race, &deciders), &Options::default()).unwrap();
    // fairlearn 0.15.0, MetricFrame by race; 18 rows of "other" are shown and not compared.
    let expected = [
        (0, 0, [0.468_363, 0.581_907, 0.322_327, 0.698_972, 0.557_568, 0.623_796]),
        (0, 3, [0.240_079, 0.417_112, 0.135_647, 0.644_628, 0.715_405, 0.698_413]),
        (1, 1, [0.454_545, 0.529_412, 0.407_407, 0.450_000, 0.666_667, 0.568_182]),
        (1, 2, [0.333_333, 0.666_667, 0.266_667, 0.333_333, 0.916_667, 0.722_222]),
    ];
    for (decider, group, values) in expected {
        for (metric, value) in Metric::TESTED.into_iter().zip(values) {
            near(rate(&found.deciders[decider].groups[group], metric), value);
        }
    }
    assert_eq!(found.groups[2].standing, Standing::Small);
    // Of the groups with 20 rows or more: demographic_parity_ratio and equalized_odds_difference and _ratio.
    for (decider, ratio, odds, odds_ratio) in [(0, 0.475_543_9, 0.299_554_1, 0.420_835_6), (1, 0.803_994_3, 0.109_952_5, 0.806_239_0)] {
        let own = &found.deciders[decider];
        near(own.impact.among_compared.unwrap().ratio.value, ratio);
        let found = own.equalised_odds.unwrap();
        near(found.difference.value, odds);
        near(found.ratio.unwrap().value, odds_ratio);
    }
    let ai = &found.deciders[0];
    let alarms = ai.comparisons.iter().find(|c| c.metric == Metric::FalsePositiveRate).unwrap();
    near(alarms.difference.value, 0.322_327_0 - 0.135_647_0);
    assert!(alarms.difference.low > 0.1 && alarms.chance.unwrap().p < 0.01);
    // Each defendant comes several times: the rows say more than they know.
    let clusters = [&people, &items];
    let clustered = Fairness::measure(&Table { clusters: &clusters, ..table(&cells, &race, &deciders) }, &Options::default()).unwrap();
    let wide = |f: &Fairness| f.deciders[0].overall[&Metric::Accuracy].map(|r| r.estimate.high - r.estimate.low).unwrap();
    assert!(wide(&clustered) > 1.4 * wide(&found), "{} {}", wide(&clustered), wide(&found));
    // 930 defendants; their number of answers differs, and 54 people repeat.
    let effective = clustered.deciders[0].overall[&Metric::Accuracy].unwrap().effective_n.unwrap();
    assert!((500.0..930.0).contains(&effective), "{effective}");
}

#[test]
fn columns_count_as_rows_do() {
    let mut random = crate::random::Random::new(5, 0);
    for (groups, unknown) in [(14, 2), (14, 3), (200, 3), (1, 2), (16, 2), (17, 2)] {
        let rows = 1_000_003 / if groups == 200 { 1 } else { 7 };
        let column =
            |random: &mut crate::random::Random, below: usize| -> Vec<u8> { (0..rows).map(|_| random.below(below) as u8).collect() };
        let (g, y, p) = (column(&mut random, groups), column(&mut random, unknown), column(&mut random, 2));
        let mut expected = Cells::new(1);
        for ((g, y), p) in g.iter().zip(&y).zip(&p) {
            expected.add(usize::from(*g), (*y < 2).then_some(*y == 1), Some(*p == 1)).unwrap();
        }
        assert_eq!(Cells::of_columns(&g, &y, &p).unwrap(), expected);
    }
    assert!(matches!(Cells::of_columns(&[0], &[3], &[1]), Err(Error::Input { .. })));
    assert!(matches!(Cells::of_columns(&[0], &[1, 1], &[1]), Err(Error::Input { .. })));
    assert_eq!(Cells::of_columns(&[], &[], &[]).unwrap().rows(), 0);
}

#[test]
fn small_groups_are_marked_or_merged_and_never_dropped() {
    let mut cells = twelve();
    for group in [3, 4] {
        for at in 0..6 {
            cells.add(group, Some(at % 2 == 0), Some(at % 3 == 0)).unwrap();
        }
    }
    let (groups, deciders) = (names(&["a", "b", "c", "d", "e"]), names(&["AI"]));
    let marked = Fairness::measure(&table(&cells, &groups, &deciders), &quick(1)).unwrap();
    assert_eq!(marked.groups.iter().map(|group| group.n).sum::<u64>(), 132);
    assert_eq!(marked.groups[3].standing, Standing::Small);
    assert!(marked.cannot_say.iter().any(|sentence| sentence.contains("d and e")), "{:?}", marked.cannot_say);
    assert!(marked.deciders[0].groups[3][&Metric::SelectionRate].is_some());
    let small = Small { merge: true, ..Small::default() };
    let merged = Fairness::measure(&table(&cells, &groups, &deciders), &Options { small, ..quick(1) }).unwrap();
    assert_eq!(merged.groups.len(), 4);
    assert_eq!((merged.groups[3].n, merged.groups[3].merged.clone()), (12, names(&["d", "e"])));
    let unknown = Table { unknown: Some(2), ..table(&cells, &groups, &deciders) };
    let found = Fairness::measure(&unknown, &quick(1)).unwrap();
    assert_eq!((found.groups[2].standing, found.deciders[0].impact.unknown), (Standing::Unknown, 30));
    assert!(found.deciders[0].comparisons.iter().all(|c| c.lowest != 2 && c.highest != 2));
}

#[test]
fn the_impact_table_is_that_of_the_law() {
    // The example of the rules (6 RCNY 5-301): selection rates and impact ratios by sex, and a category under 2 % left out.
    let mut cells = Cells::new(1);
    let counts = [(0, 2_096, 1_390), (1, 1_822, 1_181), (2, 30, 20)];
    for (group, all, selected) in counts {
        for row in 0..all {
            cells.add(group, None, Some(row < selected)).unwrap();
        }
    }
    let (groups, deciders) = (names(&["Male", "Female", "Other"]), names(&["AI"]));
    let found = Fairness::measure(&table(&cells, &groups, &deciders), &Options::default()).unwrap();
    let impact = &found.deciders[0].impact;
    near(impact.categories[0].selection_rate.unwrap().value, 1_390.0 / 2_096.0);
    near(impact.categories[1].impact_ratio.unwrap().value, (1_181.0 / 1_822.0) / (1_390.0 / 2_096.0));
    assert!(impact.categories[0].reference && impact.categories[2].impact_ratio.is_none());
    assert!(impact.categories[2].left_out.as_ref().unwrap().contains("under 2 %"));
    assert_eq!((impact.categories[2].applicants, impact.categories[2].selected, impact.below_four_fifths), (30, 20, Some(false)));
    assert!(found.cannot_say.iter().any(|sentence| sentence.contains("No row has a truth")));
}

#[test]
fn a_ratio_of_a_group_too_small_stays_out_of_the_headline() {
    // 5 of 105 are more than 2 % of the data: the law counts them, and one of them decides.
    let mut cells = Cells::new(1);
    for (group, all, selected) in [(0, 50, 25), (1, 50, 24), (2, 5, 1)] {
        for row in 0..all {
            cells.add(group, None, Some(row < selected)).unwrap();
        }
    }
    let (groups, deciders) = (names(&["a", "b", "c"]), names(&["AI"]));
    let impact = &Fairness::measure(&table(&cells, &groups, &deciders), &quick(1)).unwrap().deciders[0].impact;
    assert_eq!((impact.smallest_ratio.map(|ratio| ratio.value), impact.below_four_fifths), (Some(0.4), Some(true)));
    let own = impact.among_compared.unwrap();
    assert_eq!((own.ratio.value, own.lowest, own.highest, own.below_four_fifths), (0.96, 1, 0, false));
    assert!(impact.categories[2].too_small && impact.categories[2].impact_ratio.is_some() && !impact.categories[0].too_small);
}

#[test]
fn nothing_and_next_to_nothing_are_sentences() {
    let (none, groups, deciders) = (Cells::new(1), names(&[]), names(&["AI"]));
    assert!(matches!(Fairness::measure(&table(&none, &groups, &deciders), &quick(1)), Err(Error::CannotSay(_))));
    let mut one = Cells::new(1);
    one.add(0, Some(true), Some(true)).unwrap();
    let found = Fairness::measure(&table(&one, &groups, &deciders), &quick(1)).unwrap();
    assert!(found.deciders[0].comparisons.is_empty() && !found.cannot_say.is_empty());
    assert!(found.deciders[0].groups[0][&Metric::FalsePositiveRate].is_none());
    assert!(one.add(usize::MAX, None, None).is_err());
    let mut all_alike = Cells::new(3);
    for row in 0..300 {
        all_alike.add_row(row % 3, Some(true), &[Some(true), None, Some(false)]).unwrap();
    }
    let found = Fairness::measure(&table(&all_alike, &groups, &deciders), &quick(1)).unwrap();
    assert!(found.deciders[2].comparisons.iter().all(|c| c.difference.value == 0.0));
    assert!(found.deciders[2].impact.smallest_ratio.is_none());
    assert!(found.deciders[1].comparisons.is_empty());
    serde_json::from_str::<Fairness>(&serde_json::to_string(&found).unwrap()).unwrap();
    let mut scores = Scores::default();
    scores.add(0, f64::NAN, true);
    scores.add(0, 17.0, true);
    assert_eq!(scores.outside(), 2);
    assert!(matches!(scores.group(0, 0.95, 1.0, 9, 1), Err(Error::CannotSay(_))));
    assert!(ClassCells::new(1).is_err() && ClassCells::new(1_000_000).is_err());
}

#[test]
fn many_classes_are_averaged_as_scikit_learn_does() {
    // scikit-learn 1.9.1, recall_score and precision_score with average="macro" on each group.
    let rows = [(0, 0, 0), (0, 1, 2), (0, 2, 2), (0, 1, 1), (0, 0, 1), (1, 0, 0), (1, 1, 1), (1, 2, 0), (1, 2, 2)];
    let mut cells = ClassCells::new(3).unwrap();
    for (group, truth, answer) in rows.into_iter().cycle().take(900) {
        cells.add(group, truth, answer).unwrap();
    }
    let recall = cells.macro_average(Metric::TruePositiveRate, 20, 0.95, 199, 1).unwrap();
    near(recall.groups[0].unwrap().value, (0.5 + 0.5 + 1.0) / 3.0);
    near(recall.groups[1].unwrap().value, (1.0 + 1.0 + 0.5) / 3.0);
    near(recall.gap.unwrap().value, 0.5 / 3.0);
    assert!(recall.gap.unwrap().low > 0.0);
    let precision = cells.macro_average(Metric::PositivePredictiveValue, 20, 0.95, 199, 1).unwrap();
    near(precision.groups[0].unwrap().value, (1.0 + 0.5 + 0.5) / 3.0);
}

#[test]
fn a_score_that_means_less_for_one_group_is_seen_in_it() {
    let mut random = crate::random::Random::new(3, 0);
    let mut scores = Scores::default();
    for row in 0..20_000 {
        let (group, score) = (row % 2, random.uniform());
        let truth = if group == 0 { score } else { 0.2 + 0.6 * score };
        scores.add(group, score, random.uniform() < truth);
    }
    let (good, bad) = (scores.group(0, 0.95, 1.0, 400, 1).unwrap(), scores.group(1, 0.95, 1.0, 400, 1).unwrap());
    assert!(good.error < good.error_by_chance && bad.error > 3.0 * bad.error_by_chance, "{good:?} {bad:?}");
    assert!((good.expected - 0.5).abs() < 0.01 && good.excess.low < 0.0 && good.excess.high > 0.0);
    assert_eq!(good.bins.len(), calibration::BINS);
    let joined = scores.regroup(&[0, 0]);
    assert_eq!(joined.group(0, 0.95, 1.0, 9, 1).unwrap().n, 20_000);
}

fn rows() -> impl Strategy<Value = Vec<(usize, Option<bool>, Option<bool>)>> {
    let flag = prop_oneof![4 => Just(Some(false)), 4 => Just(Some(true)), 1 => Just(None)];
    proptest::collection::vec((0..5usize, flag.clone(), flag), 1..400)
}

fn counted(rows: &[(usize, Option<bool>, Option<bool>)]) -> Cells {
    let mut cells = Cells::new(1);
    for (group, label, answer) in rows {
        cells.add(*group, *label, *answer).unwrap();
    }
    cells
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn order_and_partition_of_rows_change_nothing(rows in rows(), cut in 0..400usize) {
        let (first, second) = rows.split_at(cut.min(rows.len()));
        let mut merged = counted(second);
        merged.merge(&counted(first)).unwrap();
        let whole = counted(&rows);
        let (none, deciders) = (names(&[]), names(&["AI"]));
        if merged.groups() == whole.groups() {
            prop_assert_eq!(&merged, &whole);
        }
        let a = Fairness::measure(&table(&merged, &none, &deciders), &quick(3)).unwrap();
        let b = Fairness::measure(&table(&whole, &none, &deciders), &quick(3)).unwrap();
        prop_assert_eq!(a, b);
    }

    #[test]
    fn estimates_lie_in_their_intervals_and_swapped_labels_swap_rates(rows in rows()) {
        let (none, deciders) = (names(&[]), names(&["AI"]));
        let swapped: Vec<_> = rows.iter().map(|(g, y, p)| (*g, y.map(|y| !y), p.map(|p| !p))).collect();
        let a = Fairness::measure(&table(&counted(&rows), &none, &deciders), &quick(3)).unwrap();
        let b = Fairness::measure(&table(&counted(&swapped), &none, &deciders), &quick(3)).unwrap();
        for (a, b) in a.deciders[0].groups.iter().zip(&b.deciders[0].groups) {
            let value = |rates: &Rates, metric| rates[&metric].map(|rate: Rate| rate.estimate.value);
            prop_assert_eq!(value(a, Metric::Accuracy), value(b, Metric::Accuracy));
            prop_assert_eq!(value(a, Metric::PositivePredictiveValue), value(b, Metric::NegativePredictiveValue));
            prop_assert_eq!(value(a, Metric::FalseNegativeRate), value(b, Metric::FalsePositiveRate));
        }
        for comparison in &a.deciders[0].comparisons {
            let d = comparison.difference;
            prop_assert!(d.low <= d.value + 1e-9 && d.value <= d.high + 1e-9 && (0.0..=1.0).contains(&d.value), "{:?}", d);
            if let Some(r) = comparison.ratio {
                prop_assert!(r.low <= r.value + 1e-9 && r.value <= r.high + 1e-9, "{:?}", r);
            }
        }
        for test in &a.deciders[0].tests {
            prop_assert!(test.p <= test.p_holm && (0.0..=1.0).contains(&test.p_holm));
        }
    }

    #[test]
    fn a_cluster_for_every_row_is_worth_about_as_much_as_rows(rows in proptest::collection::vec((0..2usize, any::<bool>(), any::<bool>()), 300..600)) {
        let (mut cells, mut each) = (Cells::new(1), Clusters::default());
        for (at, (group, label, answer)) in rows.iter().enumerate() {
            cells.add(*group, Some(*label), Some(*answer)).unwrap();
            each.add(at as u32, *group as u32, Pattern::new(Some(*label), &[Some(*answer)]));
        }
        prop_assert_eq!(each.cells(1).unwrap().rows(), cells.rows());
        let (none, deciders) = (names(&[]), names(&["AI"]));
        let clusters = [&each];
        let found = Fairness::measure(&Table { clusters: &clusters, ..table(&cells, &none, &deciders) }, &quick(1)).unwrap();
        for rate in found.deciders[0].groups.iter().flat_map(|rates| rates.values().flatten()) {
            let n = rate.estimate.n as f64;
            prop_assert!(n < 20.0 || rate.effective_n.unwrap() > 0.85 * n, "{:?}", rate);
        }
    }
}
