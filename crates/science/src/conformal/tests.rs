//! Coverage as promised, sets by hand, and drift.

use proptest::prelude::*;

use super::*;
use crate::{ProbabilityTable, math, random::Random};

/// Rows of a model that is right about its own doubt: truth is drawn from the row. `sharp` makes rows peaked.
fn world(n: usize, classes: usize, sharp: f64, random: &mut Random) -> (ProbabilityTable, Vec<u32>) {
    let (mut values, mut truth) = (Vec::new(), Vec::new());
    for _ in 0..n {
        let row: Vec<f64> = (0..classes).map(|_| math::exp(sharp * random.uniform())).collect();
        let total: f64 = row.iter().sum();
        let (u, mut upto, mut drawn) = (random.uniform(), 0.0, classes - 1);
        for (class, value) in row.iter().enumerate() {
            upto += value / total;
            if u < upto {
                drawn = class;
                break;
            }
        }
        truth.push(drawn as u32);
        values.extend(row.iter().map(|value| value / total));
    }
    (ProbabilityTable::rescaled(values, classes).unwrap(), truth)
}

const SCORES: [Score; 3] = [Score::Lac, Score::Aps, Score::Raps { penalty: 0.05, free: 1 }];

#[test]
fn the_quantile_is_the_one_with_the_row_to_come() {
    let sorted: Vec<f64> = (1..=120).map(f64::from).collect();
    // ceil(121 (1 - 19 / 121)) = 102, not 103 by rounding.
    assert_eq!(quantile(&sorted, 19.0 / 121.0), 102.0);
    assert_eq!(quantile(&sorted, 0.05), 115.0);
    assert_eq!(quantile(&sorted, 1.0 / 122.0), f64::INFINITY);
    assert_eq!(quantile(&sorted, 1.0), f64::NEG_INFINITY);
    assert_eq!(quantile(&[], 0.1), f64::INFINITY);
    assert_eq!(quantile(&[7.0], 0.5), 7.0);
}

#[test]
fn scores_by_hand() {
    let row = [0.2, 0.5, 0.2, 0.1];
    let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-12, "{a} {b}");
    close(Score::Lac.of(&row, 1), 0.5);
    // Of equals the first comes first.
    for (class, expected) in [(1, 0.5), (0, 0.7), (2, 0.9), (3, 1.0)] {
        close(Score::Aps.of(&row, class), expected);
    }
    close(Score::Raps { penalty: 0.1, free: 2 }.of(&row, 3), 1.2);
    close(Score::Raps { penalty: 0.1, free: 2 }.of(&row, 0), 0.7);
    assert_eq!(Score::Aps.set(&row, 0.75), [0, 1]);
    assert_eq!(Score::Lac.set(&row, 0.4), [] as [u32; 0]);
    assert_eq!(Empty::Keep.apply(vec![], &row), [] as [u32; 0]);
    assert_eq!(Empty::Top.apply(vec![], &row), [1]);
    assert_eq!(Empty::Full.apply(vec![], &row), [0, 1, 2, 3]);
    assert_eq!(Empty::Full.apply(vec![2], &row), [2]);
    assert_eq!(Score::Lac.of(&row, 9), 1.0);
}

#[test]
fn coverage_is_as_promised_for_every_score() {
    for score in SCORES {
        let (mut covered, mut rows) = (0.0, 0.0);
        for run in 0..200 {
            let mut random = Random::new(2, run);
            let (calibration, truth) = world(199, 5, 6.0, &mut random);
            let conformal = fit(calibration.view(), &truth, score, 0.1, Empty::Keep).unwrap();
            let (test, test_truth) = world(200, 5, 6.0, &mut random);
            let quality = conformal.judge(test.view(), &test_truth, &[0; 200], 0.95).unwrap();
            covered += 200.0 * quality.coverage.value;
            rows += 200.0;
            assert_eq!(quality.sizes.iter().sum::<u64>(), 200);
        }
        // Expected .9 exactly (180 of 200 ranks); standard deviation about .0021 over 200 fits.
        assert!((covered / rows - 0.9).abs() < 0.008, "{score:?} {}", covered / rows);
    }
}

#[test]
fn mondrian_covers_within_groups_where_one_threshold_does_not() {
    let mut random = Random::new(6, 0);
    let (easy, easy_truth) = world(2_000, 4, 12.0, &mut random);
    let (hard, hard_truth) = world(2_000, 4, 1.0, &mut random);
    let all = ProbabilityTable::rescaled([easy.view().values(), hard.view().values()].concat(), 4).unwrap();
    let truth = [easy_truth, hard_truth].concat();
    let groups: Vec<u32> = (0..4_000).map(|i| u32::from(i >= 2_000)).collect();
    let one = fit(all.view(), &truth, Score::Lac, 0.2, Empty::Keep).unwrap();
    let each = fit_groups(all.view(), &truth, &groups, Score::Lac, 0.2, Empty::Keep).unwrap();
    for (sharp, group) in [(12.0, 0), (1.0, 1)] {
        let (test, test_truth) = world(4_000, 4, sharp, &mut random);
        let group = vec![group; 4_000];
        let of_one = one.judge(test.view(), &test_truth, &vec![0; 4_000], 0.95).unwrap().coverage.value;
        let of_each = each.judge(test.view(), &test_truth, &group, 0.95).unwrap().coverage.value;
        assert!((of_each - 0.8).abs() < 0.03, "{of_each}");
        assert!((of_one - 0.8).abs() > 0.06, "{of_one}");
    }
    // A group that was never seen, or is too small, rules nothing out.
    assert_eq!(each.set(&[0.97, 0.01, 0.01, 0.01], 7), [0, 1, 2, 3]);
    let tiny = fit_groups(all.view(), &truth, &[vec![0; 3_998], vec![2; 2]].concat(), Score::Lac, 0.2, Empty::Top).unwrap();
    assert_eq!(tiny.thresholds().iter().map(|t| (t.n, t.score.is_finite())).collect::<Vec<_>>(), [(3_998, true), (0, false), (2, false)]);
    assert_eq!(tiny.set(&[0.97, 0.01, 0.01, 0.01], 2), [0, 1, 2, 3]);
    let text = serde_json::to_string(&each).unwrap();
    assert_eq!(serde_json::from_str::<Conformal>(&text).unwrap(), each);
    assert_eq!(each.alpha(), 0.2);
}

#[test]
fn adaptive_sets_keep_their_share_while_the_world_drifts() {
    let mut random = Random::new(12, 0);
    let mut adaptive = Adaptive::new(0.1, 0.02, 500).unwrap();
    let mut frozen: Option<f64> = None;
    let mut frozen_missed = 0u64;
    for row in 0..8_000u32 {
        // Scores grow by half over the time.
        let score = random.uniform() * (1.0 + f64::from(row) / 16_000.0);
        adaptive.observe(score);
        if row == 500 {
            frozen = Some(adaptive.threshold());
        }
        frozen_missed += u64::from(frozen.is_some_and(|threshold| score > threshold));
    }
    let (rows, missed) = adaptive.counts();
    let share = missed as f64 / rows as f64;
    assert!((share - 0.1).abs() <= adaptive.bound() && (share - 0.1).abs() < 0.01, "{share}");
    assert!(frozen_missed as f64 / 7_499.0 > 0.2, "{frozen_missed}");
    let text = serde_json::to_string(&adaptive).unwrap();
    assert_eq!(serde_json::from_str::<Adaptive>(&text).unwrap(), adaptive);
}

#[test]
fn bad_input_is_refused() {
    let table = ProbabilityTable::rescaled(vec![0.5, 0.5], 2).unwrap();
    let rows = table.view();
    assert!(fit(rows, &[], Score::Lac, 0.1, Empty::Top).is_err());
    assert!(fit(rows, &[2], Score::Lac, 0.1, Empty::Top).is_err());
    assert!(fit(Probabilities::new(&[], 2).unwrap(), &[], Score::Lac, 0.1, Empty::Top).is_err());
    for alpha in [0.0, 1.0, f64::NAN, -1.0] {
        assert!(fit(rows, &[0], Score::Lac, alpha, Empty::Top).is_err());
    }
    assert!(fit(rows, &[0], Score::Raps { penalty: -0.1, free: 0 }, 0.1, Empty::Top).is_err());
    assert!(fit_groups(rows, &[0], &[], Score::Lac, 0.1, Empty::Top).is_err());
    assert!(fit_groups(rows, &[0], &[u32::MAX], Score::Lac, 0.1, Empty::Top).is_err());
    let fitted = fit(rows, &[0], Score::Lac, 0.6, Empty::Top).unwrap();
    let three = ProbabilityTable::rescaled(vec![0.5, 0.25, 0.25], 3).unwrap();
    assert!(fitted.judge(three.view(), &[0], &[0], 0.95).is_err());
    assert!(fitted.judge(rows, &[0], &[], 0.95).is_err());
    assert!(fitted.judge(Probabilities::new(&[], 2).unwrap(), &[], &[], 0.95).is_err());
    assert_eq!(fitted.set(&[], 0), [] as [u32; 0]);
    for (alpha, gamma, window) in [(0.0, 0.1, 5), (0.1, 0.0, 5), (0.1, 2.0, 5), (0.1, 0.1, 0), (f64::NAN, 0.1, 5), (0.1, 0.1, usize::MAX)] {
        assert!(Adaptive::new(alpha, gamma, window).is_err());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Sets only grow when alpha falls, and renaming the classes renames the sets.
    #[test]
    fn sets_are_nested_and_know_no_names(seed in 0u64..1_000, alpha in 0.05f64..0.5) {
        let mut random = Random::new(seed, 0);
        let (table, truth) = world(60, 4, 5.0, &mut random);
        for score in SCORES {
            let strict = fit(table.view(), &truth, score, alpha / 2.0, Empty::Keep).unwrap();
            let lax = fit(table.view(), &truth, score, alpha, Empty::Keep).unwrap();
            let reversed: Vec<f64> = table.view().rows().flat_map(|row| row.iter().rev().copied().collect::<Vec<_>>()).collect();
            let renamed: Vec<u32> = truth.iter().map(|class| 3 - class).collect();
            let other = fit(Probabilities::new(&reversed, 4).unwrap(), &renamed, score, alpha, Empty::Keep).unwrap();
            for row in table.view().rows() {
                let set = lax.set(row, 0);
                prop_assert!(set.iter().all(|class| strict.set(row, 0).contains(class)));
                let row: Vec<f64> = row.iter().rev().copied().collect();
                let mut back: Vec<u32> = other.set(&row, 0).iter().map(|class| 3 - class).collect();
                back.sort_unstable();
                // Sums of another order may round to the other side of the threshold of APS.
                if score == Score::Lac {
                    prop_assert_eq!(back, set);
                }
            }
        }
    }
}
