//! The verdicts of a published experiment where its data are there, a small twin, and known answers for the limit.

use proptest::prelude::*;

use super::*;
use crate::random::Random;

fn near(e: &Estimate, value: f64, low: f64, high: f64, tolerance: f64) {
    let close = |a: f64, b: f64| (a - b).abs() <= tolerance;
    assert!(close(e.value, value) && close(e.low, low) && close(e.high, high), "{e:?} is not {value} [{low}, {high}]");
}

/// Rows of one group of the human-alignment study: participant, and credit of person, AI and observed pair.
fn study(group: &str) -> Option<(Vec<u32>, [Vec<f64>; 3])> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/human_alignment_reliance/trials.csv");
    let Ok(mut reader) = csv::Reader::from_path(path) else {
        eprintln!("passed over: {path} is not there");
        return None;
    };
    let (mut who, mut credit) = (Vec::new(), [const { Vec::new() }; 3]);
    for row in reader.records() {
        let row = row.unwrap();
        // Negative games are attention checks.
        if &row[1] != group || row[2].starts_with('-') {
            continue;
        }
        who.push(row[0].parse().unwrap());
        let advice = if row[5].parse::<f64>().unwrap() > 50.0 { "Red" } else { "Black" };
        for (column, answer) in credit.iter_mut().zip([&row[8], advice, &row[9]]) {
            column.push(f64::from(answer == &row[10]));
        }
    }
    Some((who, credit))
}

#[test]
fn people_with_advice_stayed_below_the_ai_in_every_group_of_the_study() {
    for group in ["A", "B", "C", "BP", "B_calibration"] {
        let Some((who, [human, ai, pair])) = study(group) else { return };
        let credit = Credit { human: &human, ai: &ai, pair: &pair };
        let c = compare(&credit, Clusters::One(&who), &Options { draws: 4_000, ..Options::default() }).unwrap();
        assert_eq!(c.verdict, Verdict::Harmful, "{group}: {c:?}");
        // Advice helped people, and still they would have done better by taking it every time.
        assert!(c.over_human.low > 0.0 && c.ctp.high < 0.0 && c.potential.low > 0.0, "{group}: {c:?}");
        if group == "A" {
            assert_eq!(c.human.n, 2_400);
            let round = |x: f64| (x * 1e4).round() / 1e4;
            assert_eq!((round(c.human.value), round(c.ai.value), round(c.pair.value)), (0.6704, 0.7333, 0.6942));
            near(&c.over_ai, -0.039, -0.065, -0.013, 0.0025);
            near(&c.ctp, -0.039, -0.065, -0.013, 0.0025);
            let limit = limit(&human, &ai, Clusters::One(&who), &Options::default()).unwrap();
            assert!(limit.possible && limit.gap.value < limit.gap_max.value, "{limit:?}");
        }
    }
}

/// 30 people of 20 rows each; `pair_right(i)` where the person is right in 12 and the AI in 14 of each 20.
fn twin(pair_right: impl Fn(usize, bool, bool) -> bool) -> Compared {
    let who: Vec<u32> = (0..600).map(|i| i / 20).collect();
    let human: Vec<f64> = (0..600).map(|i| f64::from(i % 20 < 12)).collect();
    let ai: Vec<f64> = (0..600).map(|i| f64::from((i * 7 + i / 20) % 20 < 14)).collect();
    let pair: Vec<f64> = (0..600).map(|i| f64::from(pair_right(i, human[i] > 0.5, ai[i] > 0.5))).collect();
    compare(&Credit { human: &human, ai: &ai, pair: &pair }, Clusters::One(&who), &Options::default()).unwrap()
}

#[test]
fn the_three_verdicts_on_a_small_twin() {
    let oracle = twin(|_, h, a| h || a);
    assert_eq!((oracle.verdict, oracle.ctp.value), (Verdict::Complementary, oracle.potential.value));
    assert!((oracle.both_wrong.value - (1.0 - oracle.pair.value)).abs() < 1e-12);
    let follower = twin(|_, _, a| a);
    assert_eq!((follower.verdict, follower.ctp.value), (Verdict::NotShown, 0.0));
    let stubborn = twin(|_, h, _| h);
    assert_eq!(stubborn.verdict, Verdict::Harmful);
    assert!((stubborn.ctp.value + 0.1).abs() < 1e-12 && stubborn.over_human.high == 0.0);
}

#[test]
fn few_differences_or_clusters_give_no_verdict() {
    let ai = [1.0; 40];
    let mut pair = ai;
    let mut human = ai;
    human[..5].fill(0.0);
    pair[..5].fill(0.0);
    let rows = compare(&Credit { human: &human, ai: &ai, pair: &pair }, Clusters::Rows, &Options::default()).unwrap();
    assert_eq!(rows.verdict, Verdict::NotShown);
    assert!(rows.reason.unwrap().contains("on 5 rows"));
    let who: Vec<u32> = (0..40).map(|i| i % 3).collect();
    pair.fill(0.0);
    let few = compare(&Credit { human: &human, ai: &ai, pair: &pair }, Clusters::One(&who), &Options::default()).unwrap();
    assert_eq!((few.verdict, few.reason.unwrap().contains("3 people")), (Verdict::NotShown, true));
}

#[test]
fn bad_credit_is_refused() {
    let one = [1.0, 0.0];
    assert!(compare(&Credit { human: &one, ai: &one[..1], pair: &one }, Clusters::Rows, &Options::default()).is_err());
    let why = compare(&Credit { human: &one, ai: &[0.5, 2.0], pair: &one }, Clusters::Rows, &Options::default()).unwrap_err();
    assert!(why.to_string().contains("row 1"));
    assert!(matches!(compare(&Credit { human: &[], ai: &[], pair: &[] }, Clusters::Rows, &Options::default()), Err(Error::CannotSay(_))));
    assert_eq!(credit(&[1, 2], &[1, 3]), [1.0, 0.0]);
}

#[test]
fn splits_give_means_and_their_spread() {
    let splits: Vec<SplitAccuracy> =
        (0..25).map(|i| SplitAccuracy { human: 0.95, ai: 0.94, pair: 0.96 + f64::from(i % 5) * 1e-3, either: 0.99, n: 3_000 }).collect();
    let c = compare_splits(&splits, None, 0.95).unwrap();
    assert_eq!((c.verdict, c.human.n), (Verdict::Complementary, 3_000));
    // Standard deviation of 0..5 five times over: 1.443e-3; t(24) = 2.0639.
    near(&c.ctp, 0.012, 0.012 - 2.0639 * 1.4434e-3 / 5.0, 0.012 + 2.0639 * 1.4434e-3 / 5.0, 1e-6);
    let corrected = compare_splits(&splits, Some(3.0 / 7.0), 0.95).unwrap();
    let factor = (corrected.ctp.high - corrected.ctp.value) / (c.ctp.high - c.ctp.value);
    assert!((factor - (1.0f64 + 25.0 * 3.0 / 7.0).sqrt()).abs() < 1e-9);
    assert!(compare_splits(&splits[..1], None, 0.95).is_err());
    assert!(splits_mean(&[0.1, 0.2], Some(f64::NAN), 0.9).is_err());
}

#[test]
fn the_bivariate_normal_is_scipys_and_the_limit_its_formula() {
    // scipy.stats.multivariate_normal.cdf, SciPy 1.17.1.
    for (u, v, r, p) in [
        (0.5, -0.3, 0.6, 0.34362253011121086),
        (1.2, 0.8, -0.4, 0.6795748831155916),
        (0.0, 0.0, 0.5, 1.0 / 3.0),
        (-1.0, 2.0, 0.95, 0.15865525393145707),
        (0.3, 0.3, -0.99, 0.23582297853255194),
    ] {
        assert!((bivariate_normal(u, v, r) - p).abs() < 1e-6, "{u} {v} {r}: {}", bivariate_normal(u, v, r));
        let (first, second) = (crate::special::normal_cdf(u), crate::special::normal_cdf(v));
        let back = tetrachoric(first, second, p).unwrap();
        assert!((back - r).abs() < 1e-3 || r > 0.9, "{back} {r}");
    }
    // Independent errors: any weaker member better than chance can help. Equal errors: none can.
    assert!((gap_max(0.9, 0.0) - 0.4).abs() < 1e-12 && gap_max(0.9, 1.0).abs() < 1e-12);
    assert_eq!(tetrachoric(1.0, 0.5, 0.5), None);
    assert_eq!(tetrachoric(0.5, 0.5, 0.9), None);
    let certain = limit(&[1.0, 1.0], &[1.0, 0.0], Clusters::Rows, &Options::default()).unwrap_err();
    assert!(certain.to_string().contains("100.0 %"), "{certain}");
}

#[test]
fn a_combination_gains_exactly_below_the_limit() {
    // Two judges with correlated evidence, combined with the best weights that are not negative.
    let gain = |u: f64, v: f64, r: f64| {
        let mut random = Random::new(5, 1);
        let (mut better, mut both) = (0u32, 0u32);
        let (a, b) = (((u - r * v) / (1.0 - r * r)).max(0.0), ((v - r * u) / (1.0 - r * r)).max(0.0));
        for _ in 0..200_000 {
            let x = crate::special::normal_quantile(random.uniform().max(1e-300));
            let y = r * x + (1.0 - r * r).sqrt() * crate::special::normal_quantile(random.uniform().max(1e-300));
            better += u32::from(v + y > 0.0);
            both += u32::from(a * (u + x) + b * (v + y) > 0.0);
        }
        f64::from(both) / 2e5 - f64::from(better) / 2e5
    };
    let accuracy = crate::special::normal_cdf;
    let (v, r) = (1.0, 0.5);
    for (u, possible) in [(0.9, true), (0.3, false)] {
        assert_eq!(accuracy(v) - accuracy(u) < gap_max(accuracy(v), r), possible);
        assert_eq!(gain(u, v, r) > 0.002, possible, "{u}: {}", gain(u, v, r));
    }
}

proptest! {
    #[test]
    fn exchanging_person_and_ai_exchanges_the_two_intervals(seed: u64) {
        let mut random = Random::new(seed, 0);
        let mut column = |p: f64| (0..80).map(|_| f64::from(random.uniform() < p)).collect::<Vec<f64>>();
        let (human, ai, pair) = (column(0.6), column(0.7), column(0.8));
        let options = Options { draws: 200, seed, ..Options::default() };
        let one = compare(&Credit { human: &human, ai: &ai, pair: &pair }, Clusters::Rows, &options).unwrap();
        let other = compare(&Credit { human: &ai, ai: &human, pair: &pair }, Clusters::Rows, &options).unwrap();
        prop_assert_eq!((one.over_human, one.over_ai, one.ctp, one.verdict), (other.over_ai, other.over_human, other.ctp, other.verdict));
        prop_assert!(one.potential.value >= one.ctp.value - 0.5 && one.potential.value >= 0.0);
        prop_assert!(one.ctp.value <= one.over_human.value && one.ctp.value <= one.over_ai.value);
    }
}

#[test]
fn a_pair_that_is_no_better_is_seldom_called_so() {
    // The pair differs from the AI on a tenth of the rows, right and wrong equally often, and people vary: neither verdict is true.
    let runs = 400u64;
    let who: Vec<u32> = (0..800).map(|i| i / 20).collect();
    let (mut gains, mut harms) = (0, 0);
    for run in 0..runs {
        let mut random = Random::new(23, run);
        let ai: Vec<f64> = (0..800).map(|_| f64::from(random.uniform() < 0.8)).collect();
        let human: Vec<f64> = (0..800).map(|_| f64::from(random.uniform() < 0.5)).collect();
        let own: Vec<f64> = (0..40).map(|_| 0.2 * random.uniform()).collect();
        // Where a person departs from the AI, the answer is right as often as the AI's is: .8.
        let depart = |random: &mut Random, i: usize| if random.uniform() < own[i / 20] { f64::from(random.uniform() < 0.8) } else { ai[i] };
        let pair: Vec<f64> = (0..800).map(|i| depart(&mut random, i)).collect();
        let options = Options { draws: 300, seed: run, ..Options::default() };
        match compare(&Credit { human: &human, ai: &ai, pair: &pair }, Clusters::One(&who), &options).unwrap().verdict {
            Verdict::Complementary => gains += 1,
            Verdict::Harmful => harms += 1,
            Verdict::NotShown => {}
        }
    }
    // Each with alpha / 2 = 2.5 %: 10 of 400 on average, above 20 in less than 1 % of the seeds.
    assert!(gains <= 20 && harms <= 20, "{gains} gains and {harms} harms of {runs}");
    assert!(gains + harms > 0, "an interval that never errs is too wide");
}
