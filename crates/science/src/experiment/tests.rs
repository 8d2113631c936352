//! Intervals that hold at every look, and differences that are found.

use proptest::prelude::*;

use super::*;
use crate::random::Random;

const DESIGN: Design = Design { arms: 2, baseline: 0, level: 0.95, floor: 0.2, tuned_rows: 500, range: Some((0.0, 1.0)) };

/// A row of an experiment whose propensities change from row to row, and whose outcomes are 0 or 1.
fn row(random: &mut Random, rates: [f64; 2]) -> Row {
    let chance = 0.2 + 0.6 * random.uniform();
    let assigned = u32::from(random.uniform() < chance);
    let propensity = if assigned == 1 { chance } else { 1.0 - chance };
    let outcome = f64::from(u8::from(random.uniform() < rates[assigned as usize]));
    Row { assigned, received: None, propensity, outcome }
}

#[test]
fn intervals_hold_at_every_look() {
    let (runs, truth) = (400, 0.1);
    let mut outside = [0u32; 2];
    for run in 0..runs {
        let mut random = Random::new(4, run);
        let mut experiment = Experiment::new(DESIGN).unwrap();
        let mut missed = [false; 2];
        for n in 1..=1_500u32 {
            experiment.observe(row(&mut random, [0.6, 0.7])).unwrap();
            if n % 50 == 0 {
                for (missed, interval) in missed.iter_mut().zip([Interval::Asymptotic, Interval::Exact]) {
                    if let Ok(found) = experiment.difference(1, interval) {
                        *missed |= found.low > truth || found.high < truth;
                    }
                }
            }
        }
        outside[0] += u32::from(missed[0]);
        outside[1] += u32::from(missed[1]);
    }
    println!("outside: {outside:?} of {runs}");
    // 5 % of 400 plus three standard deviations.
    assert!(outside[0] <= 33 && outside[1] <= 33, "{outside:?}");
}

#[test]
fn a_difference_is_found_and_the_exact_interval_is_the_wider_one() {
    let mut random = Random::new(9, 0);
    let mut experiment = Experiment::new(DESIGN).unwrap();
    for _ in 0..6_000 {
        experiment.observe(row(&mut random, [0.6, 0.75])).unwrap();
    }
    let narrow = experiment.difference(1, Interval::Asymptotic).unwrap();
    let wide = experiment.difference(1, Interval::Exact).unwrap();
    assert!(narrow.low > 0.0 && narrow.high < 0.3 && narrow.n == 6_000, "{narrow:?}");
    assert!(wide.low < 0.15 && wide.high > 0.15 && wide.high - wide.low > narrow.high - narrow.low, "{wide:?}");
    let arm = experiment.arm(1).unwrap();
    assert!((arm.mean - 0.75).abs() < 0.03 && arm.effective_rows < arm.rows as f64);
    assert_eq!(experiment.rows(), 6_000);
    assert!(serde_json::from_str::<Experiment>(&serde_json::to_string(&experiment).unwrap()).unwrap() == experiment);
}

/// The asymptotic half-width by its formula: contributions of alternating sign and known variance.
#[test]
fn the_asymptotic_width_by_hand() {
    let mut sequence = Sequence::default();
    for i in 0..100 {
        sequence.observe(if i % 2 == 0 { 1.0 } else { -1.0 }, None, 0.0);
    }
    let found = sequence.asymptotic(0.05, 100);
    // rho^2 = (5.991465 + ln 6.991465) / 100 = .0793615; sqrt(2 * 8.93615 / (100^2 * .0793615) * ln(sqrt(8.93615) / .05)).
    let rho: f64 = (5.991_464_547 + 6.991_464_547f64.ln()) / 100.0;
    let expected = (2.0 * (100.0 * rho + 1.0) / (10_000.0 * rho) * ((100.0 * rho + 1.0).sqrt() / 0.05).ln()).sqrt();
    assert!((found.high - expected).abs() < 1e-9 && found.value.abs() < 1e-12, "{found:?} {expected}");
    // Wider than the fixed-sample interval of 1.96 / 10, and less than twice as wide.
    assert!(expected > 0.196 && expected < 0.392, "{expected}");
}

#[test]
fn arms_are_compared_as_assigned() {
    let mut experiment = Experiment::new(Design { range: None, ..DESIGN }).unwrap();
    for i in 0..200u32 {
        // Everybody gets arm 0 in the end; the outcome is that of the assignment.
        let assigned = i % 2;
        let outcome = f64::from(assigned) * 10.0 + f64::from(i % 4 / 2);
        experiment.observe(Row { assigned, received: Some(0), propensity: 0.5, outcome }).unwrap();
    }
    assert_eq!(experiment.followed_share(), Some(0.5));
    let found = experiment.difference(1, Interval::Asymptotic).unwrap();
    assert!(found.low < 10.0 && found.high > 10.0 && found.low > 5.0, "{found:?}");
    assert!((experiment.arm(1).unwrap().effective_rows - 100.0).abs() < 1e-9);
    assert!(experiment.difference(1, Interval::Exact).is_err(), "no range");
}

#[test]
fn more_arms_share_the_level() {
    let feed = |arms: u32| {
        let mut experiment = Experiment::new(Design { arms, range: None, ..DESIGN }).unwrap();
        let mut random = Random::new(2, 0);
        for i in 0..400u32 {
            experiment.observe(Row { assigned: i % 2, received: None, propensity: 0.5, outcome: random.uniform() }).unwrap();
        }
        experiment.difference(1, Interval::Asymptotic).unwrap()
    };
    let (two, three) = (feed(2), feed(3));
    assert_eq!(two.value, three.value);
    assert!(three.high > two.high && three.low < two.low);
}

#[test]
fn bad_input_is_refused_and_changes_nothing() {
    for design in [
        Design { arms: 1, ..DESIGN },
        Design { arms: ARMS_MAX + 1, ..DESIGN },
        Design { baseline: 2, ..DESIGN },
        Design { level: 1.0, ..DESIGN },
        Design { level: f64::NAN, ..DESIGN },
        Design { floor: 0.0, ..DESIGN },
        Design { floor: 1.0, ..DESIGN },
        Design { range: Some((1.0, 1.0)), ..DESIGN },
        Design { range: Some((0.0, f64::INFINITY)), ..DESIGN },
    ] {
        assert!(Experiment::new(design).is_err(), "{design:?}");
    }
    let mut experiment = Experiment::new(DESIGN).unwrap();
    let before = experiment.clone();
    let good = Row { assigned: 0, received: None, propensity: 0.5, outcome: 0.5 };
    for row in [
        Row { assigned: 2, ..good },
        Row { received: Some(2), ..good },
        Row { propensity: 0.1, ..good },
        Row { propensity: 1.1, ..good },
        Row { propensity: f64::NAN, ..good },
        Row { outcome: f64::NAN, ..good },
        Row { outcome: 2.0, ..good },
    ] {
        assert!(experiment.observe(row).is_err(), "{row:?}");
    }
    assert_eq!(experiment, before);
    assert!(experiment.difference(0, Interval::Exact).is_err() && experiment.difference(1, Interval::Exact).is_err());
    assert!(
        experiment.difference(7, Interval::Asymptotic).is_err() && experiment.arm(0).is_none() && experiment.followed_share().is_none()
    );
    experiment.observe(good).unwrap();
    let few = experiment.difference(1, Interval::Asymptotic).unwrap_err();
    assert_eq!(few.to_string(), "One of the arms has 0 rows so far; from 20 on a difference can be stated.");
}

/// Contributions are weighted by one over the propensity: few rows that are nearly all right have a mean above 1.
#[test]
fn no_figure_leaves_the_range_of_the_outcome() {
    let mut experiment = Experiment::new(Design { arms: 3, ..DESIGN }).unwrap();
    let mut beyond = false;
    for i in 0..400u32 {
        // Arm 1 is always right, and the baseline never, once their first rows are over.
        let (assigned, outcome) = (i % 3, f64::from(u8::from((i % 3 == 1) != (i < 2))));
        experiment.observe(Row { assigned, received: None, propensity: 0.2, outcome }).unwrap();
        for arm in 0..3 {
            if let Ok(level) = experiment.level(arm) {
                beyond |= !(0.0..=1.0).contains(&experiment.arms[arm as usize].level.mean);
                assert!(0.0 <= level.low && level.low <= level.value && level.value <= level.high && level.high <= 1.0, "{level:?}");
            }
        }
        for interval in [Interval::Asymptotic, Interval::Exact] {
            for arm in 1..3 {
                let Ok(found) = experiment.difference(arm, interval) else { continue };
                let rows = experiment.arms[0].rows + experiment.arms[arm as usize].rows;
                assert!(-1.0 <= found.low && found.low <= found.value && found.value <= found.high && found.high <= 1.0, "{found:?}");
                assert_eq!(found.n, rows, "cases of a third way are not behind it");
            }
        }
    }
    assert!(beyond, "otherwise nothing was tried");
    let unbounded = within(Estimate { value: 2.0, low: -3.0, high: 4.0, n: 9 }, None);
    assert_eq!((unbounded.value, unbounded.low, unbounded.high), (2.0, -3.0, 4.0));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// Another unit of the outcome is another unit of the means.
    #[test]
    fn scaling_the_outcome_scales_the_means(seed in 0u64..1_000, scale in 0.1f64..50.0, shift in -20.0f64..20.0) {
        let mut random = Random::new(seed, 0);
        let mut plain = Experiment::new(DESIGN).unwrap();
        let range = Some((shift, shift + scale));
        let mut scaled = Experiment::new(Design { range, ..DESIGN }).unwrap();
        for _ in 0..200 {
            let row = row(&mut random, [0.3, 0.6]);
            plain.observe(row).unwrap();
            scaled.observe(Row { outcome: (shift + scale * row.outcome).clamp(shift, shift + scale), ..row }).unwrap();
        }
        let (a, b) = (plain.arm(1).unwrap(), scaled.arm(1).unwrap());
        prop_assert!((shift + scale * a.mean - b.mean).abs() < 1e-6);
        prop_assert_eq!(a.rows, b.rows);
    }
}
