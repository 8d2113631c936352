//! Known answers from statsmodels 0.15.0 and SciPy 1.17.1, and what holds for every count.

use proptest::prelude::*;

use super::*;

#[track_caller]
fn near(got: &Estimate, low: f64, high: f64) {
    let close = |a: f64, b: f64| (a - b).abs() <= 1e-10 * b.abs().max(1e-6);
    assert!(close(got.low, low) && close(got.high, high), "{got:?} is not [{low}, {high}]");
}

#[test]
fn proportions_are_statsmodels() {
    // proportion_confint(k, n, alpha, "wilson" and "beta").
    for (k, n, level, wilson_ends, exact_ends) in [
        (0, 10, 0.95, (0.0, 0.27753279986288926), (0.0, 0.30849710781876083)),
        (10, 10, 0.95, (0.7224672001371106, 1.0), (0.6915028921812392, 1.0)),
        (3, 8, 0.9, (0.1611723377606734, 0.6520085615952674), (0.1111127066076292, 0.7107591834981906)),
        (198, 521, 0.95, (0.33938017667159004, 0.42245266275220095), (0.33818237340550295, 0.42326362292282743)),
        (1, 100_000, 0.99, (1.1740557298708449e-06, 8.51691814958294e-05), (5.0125416979164066e-08, 7.429890621390487e-05)),
    ] {
        near(&wilson(k, n, level).unwrap(), wilson_ends.0, wilson_ends.1);
        near(&clopper_pearson(k, n, level).unwrap(), exact_ends.0, exact_ends.1);
    }
    // "Rule of three": no error in 149 certifies 2 % at 95 %, 148 do not.
    assert!(clopper_pearson_high(0, 149, 0.05).unwrap() <= 0.02 && clopper_pearson_high(0, 148, 0.05).unwrap() > 0.02);
    assert!(clopper_pearson_high(0, 230, 0.1).unwrap() <= 0.01);
    assert_eq!((clopper_pearson_high(3, 3, 0.1).unwrap(), clopper_pearson_low(0, 3, 0.1).unwrap()), (1.0, 0.0));
}

#[test]
fn differences_are_newcombes() {
    // confint_proportions_2indep(.., method="newcomb", compare="diff"); 56/70 against 48/80 is Newcombe's own example (a).
    near(&difference((56, 70), (48, 80), 0.95).unwrap(), 0.05243147240236498, 0.33387265403690614);
    near(&difference((9, 10), (3, 10), 0.95).unwrap(), 0.1705227239345029, 0.809017973535488);
    near(&difference((10, 10), (0, 20), 0.9).unwrap(), 0.755985916743429, 1.0);
}

#[test]
fn means_are_scipys() {
    let values = [1.0, 2.0, 4.0, 7.0, 11.0];
    near(&mean_t(&values, 0.9).unwrap(), 1.1273079934979098, 8.872692006502088);
    near(&mean_normal(&values, 0.9).unwrap(), 2.011975000353098, 7.9880249996469015);
    assert!(matches!(mean_t(&[1.0], 0.9), Err(Error::CannotSay(_))));
    assert!(matches!(mean_t(&[1.0, f64::NAN], 0.9), Err(Error::Input { .. })));
    let same = mean_t(&[2.0; 5], 0.9).unwrap();
    assert_eq!((same.low, same.high), (2.0, 2.0));
}

#[test]
fn bounds_for_every_distribution_are_their_formulas() {
    // By hand: sqrt(ln(2 / .05) / 200) = .13581; Maurer and Pontil with variance 0 leave 7 ln(80) / (3 * 99) = .10328.
    let hoeffding = hoeffding(0.5, 100, 0.95).unwrap();
    assert!((hoeffding.high - 0.63581).abs() < 1e-5 && (hoeffding.low - 0.36419).abs() < 1e-5);
    let bernstein = empirical_bernstein(&[0.0; 100], 0.95).unwrap();
    assert!((bernstein.high - 0.10328).abs() < 1e-5 && bernstein.low == 0.0);
    assert!(empirical_bernstein(&[0.5, 1.5], 0.95).unwrap_err().to_string().contains("position 1"));
    assert!(matches!(super::hoeffding(0.5, 0, 0.95), Err(Error::CannotSay(_))));
    assert!(super::hoeffding(f64::NAN, 3, 0.95).is_err());
}

#[test]
fn what_cannot_be_is_refused() {
    assert!(matches!(wilson(0, 0, 0.95), Err(Error::CannotSay(_))));
    assert!(matches!(wilson(2, 1, 0.95), Err(Error::Input { .. })));
    for level in [0.0, 1.0, 95.0, f64::NAN] {
        assert!(wilson(1, 2, level).unwrap_err().to_string().contains("write .95"));
    }
    assert!(wilson_share(0.5, 0.0, 1, 0.95).is_err() && wilson_share(f64::NAN, 2.0, 2, 0.95).is_err());
    assert!(clopper_pearson_high(1, 2, 0.0).is_err());
}

proptest! {
    #[test]
    fn intervals_hold_their_value_and_shrink(k in 0u64..200, more in 0u64..200, level in 0.5f64..0.999) {
        let n = k + more;
        prop_assume!(n > 0);
        let narrow = wilson(k, n, level).unwrap();
        let exact = clopper_pearson(k, n, level).unwrap();
        for e in [&narrow, &exact] {
            prop_assert!(0.0 <= e.low && e.low <= e.value && e.value <= e.high && e.high <= 1.0, "{:?}", e);
        }
        let tenfold = wilson(10 * k, 10 * n, level).unwrap();
        prop_assert!(tenfold.high - tenfold.low < narrow.high - narrow.low);
        // Mirrored successes give the mirrored interval.
        let mirror = wilson(more, n, level).unwrap();
        prop_assert!((mirror.low - (1.0 - narrow.high)).abs() < 1e-12 && (mirror.high - (1.0 - narrow.low)).abs() < 1e-12);
        // A difference of equals straddles zero.
        let none = difference((k, n), (k, n), level).unwrap();
        prop_assert!(none.low <= 0.0 && none.high >= 0.0);
    }
}

#[test]
fn clopper_pearson_covers_at_least_its_level_everywhere() {
    for n in [1u64, 7, 30] {
        for step in 1..50 {
            let p = f64::from(step) / 50.0;
            let covered: f64 = (0..=n)
                .filter(|k| {
                    let e = clopper_pearson(*k, n, 0.9).unwrap();
                    e.low <= p && p <= e.high
                })
                .map(|k| special::binomial_mass(k, n, p))
                .sum();
            assert!(covered >= 0.9 - 1e-9, "n {n} p {p}: {covered}");
        }
    }
}
