//! Calibration against scikit-learn 1.9.1 and SciPy 1.17.1, by properties, and on hostile input. Reads no file.

use super::*;
use crate::fitted::Fitted;
use crate::random::Random;
use proptest::prelude::*;

/// 60 rows by formula: two features, a class of two, a class of three. The reference numbers were computed on the same rows.
fn rows() -> Vec<(f64, f64, u32, u32)> {
    (0..60u32)
        .map(|i| {
            let wave = |a: u32, m: u32| f64::from(i * a % m) / f64::from(m);
            let (x0, x1) = (wave(37, 61) * 4.0 - 2.0, wave(53, 67) * 2.0 - 1.0);
            let s = x0 - 0.8 * x1 + wave(29, 59) * 3.0 - 1.5;
            (x0, x1, u32::from(s > 0.2), u32::from(s >= -0.8) + u32::from(s >= 0.7))
        })
        .collect()
}

fn positives_and_labels() -> (Vec<f64>, Vec<u32>) {
    rows().iter().map(|(x0, _, y, _)| (math::expit(1.7 * x0 + 0.4), *y)).unzip()
}

fn near(a: f64, b: f64, by: f64) {
    assert!((a - b).abs() <= by, "{a} is not {b}");
}

#[test]
fn temperature_on_logits_and_on_probabilities_is_the_reference() {
    // scipy.optimize.minimize_scalar on the log loss: 0.4362258840.
    let logits: Vec<f64> = rows().iter().flat_map(|(x0, x1, _, _)| [x0 * 2.0, x1 * 2.0 - 0.3, -x0 * 1.5 + 0.2]).collect();
    let labels: Vec<u32> = rows().iter().map(|(_, _, _, y)| 2 - y).collect();
    let of_logits = Temperature::fit_logits(&logits, 3, &labels).unwrap();
    near(of_logits.exponent(), 0.436_225_884_0, 1e-7);
    let table = ProbabilityTable::from_logits(logits, 3).unwrap();
    near(Temperature::fit(table.view(), &labels).unwrap().exponent(), of_logits.exponent(), 1e-10);
}

#[test]
fn platt_beta_and_isotonic_are_the_reference() {
    let (p, y) = positives_and_labels();
    let (slope, intercept) = Platt::fit(&p, &y).unwrap().line();
    near(slope, 0.881_986_1, 1e-5);
    near(intercept, -0.430_547_92, 1e-5);

    let (a, b, c) = Beta::fit(&p, &y).unwrap().parameters();
    near(a, 1.757_251_06, 1e-3);
    near(b, 0.525_292_73, 1e-3);
    near(c, 0.594_440_74, 1e-3);

    // sklearn.isotonic.IsotonicRegression(out_of_bounds="clip").
    let curve = Isotonic::fit(&p, &y).unwrap();
    for (at, value) in [(0.05, 0.0), (0.2, 0.0), (0.3, 0.25), (0.4, 0.367_737_14), (0.5, 0.588_235_29), (0.75, 0.588_235_29), (0.9, 0.75)] {
        near(curve.apply(at), value, 1e-6);
    }
    let tied: Vec<f64> = p.iter().map(|p| (p * 10.0).round() / 10.0).collect();
    let curve = Isotonic::fit(&tied, &y).unwrap();
    for (at, value) in [(0.0, 0.0), (0.15, 0.083_333_33), (0.3, 0.25), (0.45, 0.460_784_31), (0.7, 0.588_235_29), (1.0, 1.0)] {
        near(curve.apply(at), value, 1e-6);
    }
}

#[test]
fn a_map_that_made_the_scores_wrong_is_undone() {
    // Calibrated scores are sharpened by 2.5 in log-odds; whoever calibrates must find 1 / 2.5.
    let mut random = Random::new(11, 0);
    let (mut p, mut y) = (Vec::new(), Vec::new());
    for _ in 0..60_000 {
        let truth = random.uniform() * 0.98 + 0.01;
        p.push(math::expit(2.5 * math::logit(truth)));
        y.push(u32::from(random.uniform() < truth));
    }
    let table = ProbabilityTable::from_positive(&p).unwrap();
    near(Temperature::fit(table.view(), &y).unwrap().exponent(), 0.4, 0.01);
    near(Platt::fit(&p, &y).unwrap().line().0, 0.4, 0.01);
    near(Beta::fit(&p, &y).unwrap().parameters().0, 0.4, 0.02);
    let curve = Isotonic::fit(&p, &y).unwrap();
    for method in [Method::Temperature, Method::Vector, Method::Platt, Method::Beta] {
        let map = Calibration::fit(method, table.view(), &y).unwrap();
        for at in [0.1, 0.3, 0.5, 0.8] {
            let mut row = [1.0 - math::expit(2.5 * math::logit(at)), math::expit(2.5 * math::logit(at))];
            map.apply_row(&mut row);
            near(row[1], at, 0.02);
            near(curve.apply(math::expit(2.5 * math::logit(at))), at, 0.05);
        }
    }
}

#[test]
fn vector_scaling_finds_a_bias_that_no_temperature_can() {
    let mut random = Random::new(5, 0);
    let (mut p, mut y) = (Vec::new(), Vec::new());
    for _ in 0..20_000 {
        let row = [random.uniform() + 0.05, random.uniform() + 0.05, random.uniform() + 0.05];
        let shifted = [row[0] * 3.0, row[1], row[2] * 0.5];
        let sum: f64 = shifted.iter().sum();
        let mut rest = random.uniform() * sum;
        y.push(
            (0..2)
                .find(|k| {
                    rest -= shifted[*k as usize];
                    rest < 0.0
                })
                .unwrap_or(2),
        );
        p.extend(row.map(|p| p / row.iter().sum::<f64>()));
    }
    let map = VectorScaling::fit(Probabilities::new(&p, 3).unwrap(), &y).unwrap();
    let mut row = [1.0 / 3.0; 3];
    map.apply_row(&mut row);
    for (got, want) in row.iter().zip([3.0 / 4.5, 1.0 / 4.5, 0.5 / 4.5]) {
        near(*got, want, 0.015);
    }
}

#[test]
fn what_is_kept_comes_back_bit_for_bit() {
    let (p, y) = positives_and_labels();
    let table = ProbabilityTable::from_positive(&p).unwrap();
    for method in [Method::None, Method::Temperature, Method::Vector, Method::Platt, Method::Beta, Method::Isotonic] {
        let map = Calibration::fit(method, table.view(), &y).unwrap();
        let json = serde_json::to_string(&Fitted::seal(map.clone())).unwrap();
        let back = serde_json::from_str::<Fitted<Calibration>>(&json).unwrap().open().unwrap();
        let bits = |map: &Calibration| map.apply(table.view()).unwrap().into_values().iter().map(|p| p.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(&map), bits(&back), "{method:?}");
    }
}

#[test]
fn what_cannot_be_fitted_says_why() {
    let empty = Probabilities::new(&[], 2).unwrap();
    let one = ProbabilityTable::from_positive(&[0.2, 0.7]).unwrap();
    let three = Probabilities::new(&[0.2, 0.3, 0.5], 3).unwrap();
    for method in [Method::Temperature, Method::Vector, Method::Platt, Method::Beta, Method::Isotonic] {
        assert!(Calibration::fit(method, empty, &[]).is_err(), "{method:?}");
        assert!(Calibration::fit(method, one.view(), &[0, 2]).unwrap_err().to_string().contains("label 2"));
        assert!(Calibration::fit(method, one.view(), &[0]).is_err());
    }
    for method in [Method::Vector, Method::Platt, Method::Beta, Method::Isotonic] {
        assert!(matches!(Calibration::fit(method, one.view(), &[1, 1]), Err(Error::CannotSay(_))), "{method:?}");
    }
    assert!(Calibration::fit(Method::Platt, three, &[1]).unwrap_err().to_string().contains("two classes"));
    assert!(Temperature::fit_logits(&[0.0, f64::NAN], 2, &[0]).is_err());
    assert!(Temperature::fit_logits(&[0.0, 1.0], 2, &[0, 1]).is_err());
    let map = Calibration::fit(Method::Platt, one.view(), &[0, 1]).unwrap();
    assert!(map.apply(three).is_err());
    // A constant score: the curve is the base rate, and nothing overflows.
    let flat = [0.5; 8];
    let y = [0, 1, 1, 1, 0, 1, 1, 1];
    // Six targets of 7/8 and two of 1/4.
    near(Platt::fit(&flat, &y).unwrap().apply(0.5), 0.718_75, 1e-6);
    near(Beta::fit(&flat, &y).unwrap().apply(0.5), 0.75, 1e-4);
    near(Isotonic::fit(&flat, &y).unwrap().apply(0.9), 0.75, 1e-12);
    // Zeros and ones, separable, in both directions.
    for p in [[0.0, 0.0, 1.0, 1.0], [1.0, 1.0, 0.0, 0.0]] {
        let table = ProbabilityTable::from_positive(&p).unwrap();
        for method in [Method::Temperature, Method::Vector, Method::Platt, Method::Beta, Method::Isotonic] {
            let out = Calibration::fit(method, table.view(), &[0, 0, 1, 1]).unwrap().apply(table.view()).unwrap();
            assert!(out.into_values().iter().all(|p| (0.0..=1.0).contains(p)), "{method:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn an_isotonic_curve_rises_and_keeps_the_base_rate(rows in prop::collection::vec((0u32..20, 0u32..2), 2..80)) {
        let p: Vec<f64> = rows.iter().map(|(p, _)| f64::from(*p) / 20.0).collect();
        let y: Vec<u32> = rows.iter().map(|(_, y)| *y).collect();
        let Ok(curve) = Isotonic::fit(&p, &y) else { return Ok(()) };
        let values: Vec<f64> = (0..=40).map(|i| curve.apply(f64::from(i) / 40.0)).collect();
        prop_assert!(values.windows(2).all(|pair| pair[0] <= pair[1] + 1e-12));
        let mean: f64 = p.iter().map(|p| curve.apply(*p)).sum();
        prop_assert!((mean - f64::from(y.iter().sum::<u32>())).abs() < 1e-9);
    }

    #[test]
    fn the_order_of_rows_and_of_classes_does_not_matter(seed in 0u64..1_000) {
        let mut random = Random::new(seed, 0);
        let mut rows: Vec<([f64; 3], u32)> = (0..50).map(|_| {
            let row = [random.uniform() + 0.01, random.uniform() + 0.01, random.uniform() + 0.01];
            let sum: f64 = row.iter().sum();
            (row.map(|p| p / sum), random.below(3) as u32)
        }).collect();
        let fit = |rows: &[([f64; 3], u32)]| {
            let values: Vec<f64> = rows.iter().flat_map(|(row, _)| *row).collect();
            let labels: Vec<u32> = rows.iter().map(|(_, label)| *label).collect();
            Temperature::fit(Probabilities::new(&values, 3).unwrap(), &labels).unwrap().exponent()
        };
        let before = fit(&rows);
        random.shuffle(&mut rows);
        rows.iter_mut().for_each(|(row, label)| { row.rotate_left(1); *label = (*label + 2) % 3; });
        prop_assert!((fit(&rows) - before).abs() < 1e-8 * before.max(1.0));
    }
}
