//! Known answers from SciPy 1.17.1 (Boost and Cephes underneath), agreement with statrs, and the ends of every range.

use proptest::prelude::*;
use statrs::distribution::{Beta, Binomial, ChiSquared, ContinuousCDF, DiscreteCDF, Normal, StudentsT};

use super::*;

#[track_caller]
fn near(got: f64, want: f64, relative: f64) {
    assert!(got == want || ((got - want) / want).abs() <= relative, "{got:e} is not {want:e} within {relative:e}");
}

#[test]
fn the_normal_distribution_is_scipys() {
    for (p, x) in [
        (1e-300, -37.0470962993612),
        (1e-10, -6.361340902404056),
        (0.001, -3.090232306167813),
        (0.025, -1.9599639845400545),
        (0.2, -0.8416212335729142),
        (0.5, 0.0),
        (0.9, 1.2815515655446004),
        (0.999, 3.090232306167813),
    ] {
        near(normal_quantile(p), x, 1e-14);
    }
    for (x, p) in [
        (-37.0, 5.7255712225239266e-300),
        (-8.0, 6.22096057427174e-16),
        (-1.96, 0.024997895148220435),
        (0.3, 0.6179114221889526),
        (5.0, 0.9999997133484281),
    ] {
        near(normal_cdf(x), p, 1e-12);
        near(normal_survival(-x), p, 1e-12);
    }
    assert_eq!((normal_quantile(0.0), normal_quantile(1.0)), (f64::NEG_INFINITY, f64::INFINITY));
    assert!(normal_quantile(f64::NAN).is_nan() && normal_quantile(-0.1).is_nan() && normal_quantile(1.1).is_nan());
    near(z_two_sided(0.95), 1.9599639845400545, 1e-14);
    near(normal_density(0.0), 0.3989422804014327, 1e-15);
}

#[test]
fn the_incomplete_beta_function_is_scipys() {
    for (x, a, b, lower, upper) in [
        (0.3, 2.0, 5.0, 0.5798250000000003, 0.420175),
        (0.5, 0.5, 0.5, 0.5, 0.5),
        (1e-10, 0.1, 3.0, 0.11549999999789998, 0.8845000000021),
        (0.999, 50.0, 0.2, 0.4075383366160831, 0.592461663383917),
        (0.01, 1e5, 1e7, 0.9992342842425984, 0.0007657157574015584),
        (0.0099, 1e5, 1e7, 0.4877371838848708, 0.5122628161151395),
        (0.5, 1e-3, 2.0, 0.9998067465369478, 0.00019325346305225182),
        (0.2, 1e6, 4e6, 0.5000892062087052, 0.4999107937912684),
        (0.05, 3.0, 1e4, 1.0, 2.1614407185648931e-218),
    ] {
        near(beta_cdf(x, a, b), lower, 1e-11);
        near(beta_survival(x, a, b), upper, 1e-11);
    }
    for (p, a, b, x) in [
        (0.025, 1.0, 10.0, 0.0025285785444617848),
        (0.975, 2.0, 300.0, 0.01837048315229015),
        (1e-12, 5.0, 5.0, 0.001514832915668444),
        (0.5, 0.01, 0.02, 3.105592827577112e-13),
        (0.1, 1e5, 1e7, 0.009861085101388396),
        (1.0 - 1e-9, 3.0, 4.0, 0.9971392843945629),
    ] {
        near(beta_quantile(p, a, b), x, 1e-11);
    }
    // 1 - .05^(1/n), the bound of no error in n: next to zero seven digits are left at n = 10^9, and eleven at 10^6.
    near(beta_quantile_upper(0.05, 1.0, 1e9), 2.995732269066757e-9, 1e-7);
    near(beta_quantile_upper(0.05, 1.0, 1e6), 2.9957277863e-6, 1e-10);
    assert_eq!((beta_quantile(0.0, 2.0, 3.0), beta_quantile(1.0, 2.0, 3.0)), (0.0, 1.0));
    assert_eq!((beta_cdf(0.0, 2.0, 3.0), beta_cdf(1.0, 2.0, 3.0), beta_survival(1.0, 2.0, 3.0)), (0.0, 1.0, 0.0));
    for bad in [beta_cdf(0.5, 0.0, 1.0), beta_cdf(-0.1, 1.0, 1.0), beta_quantile(0.5, -1.0, 1.0), beta_quantile(f64::NAN, 1.0, 1.0)] {
        assert!(bad.is_nan());
    }
    near(beta_density(0.3, 2.0, 5.0), 30.0 * 0.3 * 0.7 * 0.7 * 0.7 * 0.7, 1e-13);
    assert_eq!((beta_density(0.0, 1.0, 3.0), beta_density(1.0, 2.0, 3.0), beta_density(0.0, 0.5, 3.0)), (3.0, 0.0, f64::INFINITY));
}

#[test]
fn the_binomial_distribution_is_scipys() {
    for (k, n, p, lower, upper, mass) in [
        (3, 10, 0.2, 0.8791261183999999, 0.32220047360000015, 0.20132659199999992),
        (0, 1000, 0.001, 0.36769542477096406, 1.0, 0.3676954247709639),
        (10_000, 1_000_000, 0.0101, 0.15984674113351569, 0.8425809024788634, 0.0024276436123827714),
        (150, 200, 0.9, 9.175983517942985e-10, 0.9999999996937, 6.212934463704412e-10),
        (999_999, 1_000_000, 0.9999, 1.0, 3.738906182748402e-42, 3.7018909748904865e-42),
    ] {
        near(binomial_cdf(k, n, p), lower, 1e-10);
        near(binomial_at_least(k, n, p), upper, 1e-9);
        near(binomial_mass(k, n, p), mass, 1e-10);
    }
    assert_eq!(binomial_cdf(5, 5, 0.3), 1.0);
    assert_eq!((binomial_at_least(0, 5, 0.3), binomial_at_least(6, 5, 0.3), binomial_mass(6, 5, 0.3)), (1.0, 0.0, 0.0));
    assert_eq!((binomial_mass(0, 5, 0.0), binomial_mass(1, 5, 0.0), binomial_mass(5, 5, 1.0)), (1.0, 0.0, 1.0));
    assert_eq!(binomial_quantile(0.5, 10, 0.5), Some(5));
    assert_eq!(
        (binomial_quantile(0.0, 10, 0.5), binomial_quantile(1.0, 10, 0.5), binomial_quantile(2.0, 10, 0.5)),
        (Some(0), Some(10), None)
    );
    assert!(binomial_cdf(1, 2, f64::NAN).is_nan());
}

#[test]
fn chi_square_and_t_are_scipys() {
    for (x, df, upper, lower) in [
        (3.84, 1.0, 0.05004352124870519, 0.9499564787512949),
        (1e-5, 3.0, 0.9999999915895835, 8.410416508787017e-9),
        (1000.0, 1.0, 1.7958327848007363e-219, 1.0),
        (990.0, 1000.0, 0.5829461463551487, 0.41705385364485126),
        (1_002_000.0, 1e6, 0.07871866138612969, 0.9212813386138704),
        (700.0, 10.0, 6.280146699235733e-144, 1.0),
    ] {
        near(chi_square_survival(x, df), upper, 1e-11);
        near(chi_square_cdf(x, df), lower, 1e-11);
    }
    for (p, df, t) in [
        (0.975, 1.0, 12.706204736174694),
        (0.975, 3.0, 3.1824463052837078),
        (0.6, 24.0, 0.25617339831779157),
        (1e-8, 2.5, -1389.227583027538),
        (0.995, 1e6, 2.5758342201053344),
    ] {
        near(student_t_quantile(p, df), t, 1e-11);
    }
    for (t, df, p) in [(-2.1, 5.0, 0.044876624942299395), (0.5, 1.0, 0.6475836176504333), (-40.0, 3.0, 1.7190340394579253e-5)] {
        near(student_t_cdf(t, df), p, 1e-12);
    }
    assert_eq!((student_t_cdf(f64::INFINITY, 3.0), student_t_quantile(0.5, 3.0).abs() < 1e-8), (1.0, true));
    assert_eq!((chi_square_survival(0.0, 2.0), chi_square_survival(-1.0, 2.0), chi_square_survival(f64::INFINITY, 2.0)), (1.0, 1.0, 0.0));
    assert!(chi_square_survival(1.0, 0.0).is_nan());
}

#[test]
fn logarithms_of_gamma_beta_and_choose_are_scipys() {
    near(ln_choose(100, 50), 66.78384165201743, 1e-13);
    // By hand: ln(2 / (10^6 (10^6 + 1) (10^6 + 2))); SciPy is off at the tenth digit here.
    near(ln_beta(1e6, 3.0), -40.75338749333037, 1e-14);
    near(ln_beta(1e-3, 1e-3), 7.600900817008347, 1e-12);
    near(ln_gamma(0.5), 0.5723649429247001, 1e-14);
    assert_eq!((ln_choose(5, 0), ln_choose(5, 5), ln_choose(5, 6)), (0.0, 0.0, f64::NEG_INFINITY));
}

proptest! {
    #[test]
    fn statrs_agrees(x in 0.001f64..0.999, a in 0.05f64..200.0, b in 0.05f64..200.0, k in 0u64..60, df in 0.5f64..80.0) {
        let beta = Beta::new(a, b).unwrap();
        prop_assert!((beta_cdf(x, a, b) - beta.cdf(x)).abs() < 1e-9);
        prop_assert!((beta_survival(x, a, b) - beta.sf(x)).abs() < 1e-9);
        let binomial = Binomial::new(x, 60).unwrap();
        prop_assert!((binomial_cdf(k, 60, x) - binomial.cdf(k)).abs() < 1e-9);
        prop_assert!((chi_square_survival(a, df) - ChiSquared::new(df).unwrap().sf(a)).abs() < 1e-9);
        let z = 12.0 * (x - 0.5);
        prop_assert!((student_t_cdf(z, df) - StudentsT::new(0.0, 1.0, df).unwrap().cdf(z)).abs() < 1e-9);
        prop_assert!((normal_cdf(z) - Normal::standard().cdf(z)).abs() < 1e-10);
    }

    #[test]
    fn quantiles_undo_their_distribution(p in 1e-12f64..1.0, a in 0.02f64..2e4, b in 0.02f64..2e4, df in 0.5f64..1e4) {
        let x = beta_quantile(p, a, b);
        // Where a or b is tiny, x runs out of digits before p does.
        if x > 1e-300 && x < 1.0 - 1e-9 {
            prop_assert!((beta_cdf(x, a, b) - p).abs() < 1e-7, "{} {}", x, beta_cdf(x, a, b));
        }
        prop_assert!((normal_cdf(normal_quantile(p)) - p).abs() < 1e-13);
        let t = student_t_quantile(p, df);
        if t.is_finite() {
            prop_assert!((student_t_cdf(t, df) - p).abs() < 1e-10);
        }
    }

    #[test]
    fn tails_are_complete_and_ordered(x in 0.0f64..=1.0, y in 0.0f64..=1.0, a in 0.01f64..1e6, b in 0.01f64..1e6) {
        prop_assert!((beta_cdf(x, a, b) + beta_survival(x, a, b) - 1.0).abs() < 1e-12);
        let (low, high) = (x.min(y), x.max(y));
        prop_assert!(beta_cdf(low, a, b) <= beta_cdf(high, a, b) + 1e-12);
    }
}
