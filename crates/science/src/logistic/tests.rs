//! Logistic regression against scikit-learn 1.9.1, and on hostile input. Reads no file.

use super::*;
use crate::fitted::Fitted;

/// The 60 rows of the calibration tests: two features, a class of two, a class of three.
fn rows() -> (Vec<f64>, Vec<u32>, Vec<u32>) {
    let (mut x, mut two, mut three) = (Vec::new(), Vec::new(), Vec::new());
    for i in 0..60u32 {
        let wave = |a: u32, m: u32| f64::from(i * a % m) / f64::from(m);
        let (x0, x1) = (wave(37, 61) * 4.0 - 2.0, wave(53, 67) * 2.0 - 1.0);
        let s = x0 - 0.8 * x1 + wave(29, 59) * 3.0 - 1.5;
        x.extend([x0, x1]);
        two.push(u32::from(s > 0.2));
        three.push(u32::from(s >= -0.8) + u32::from(s >= 0.7));
    }
    (x, two, three)
}

fn all_near(a: &[f64], b: &[f64], by: f64) {
    assert!(a.len() == b.len() && a.iter().zip(b).all(|(a, b)| (a - b).abs() <= by), "{a:?} is not {b:?}");
}

#[test]
fn two_classes_are_the_reference() {
    let (x, y, _) = rows();
    for (c, want) in [
        (1.0, [-0.088_668_9, 1.549_861_76, -0.968_602_68]),
        (0.1, [-0.059_852_81, 0.829_898_76, -0.293_237_46]),
        (100.0, [-0.118_475_9, 1.928_220_94, -1.499_876_99]),
    ] {
        all_near(Logistic::fit(&x, 2, &y, c).unwrap().weights(), &want, 1e-5);
    }
}

#[test]
fn three_classes_are_the_reference() {
    let (x, _, y) = rows();
    let fit = Multinomial::fit(&x, 2, &y, 3, 1.0).unwrap();
    let want =
        [-0.215_151_17, -1.375_667_98, 0.929_078_06, 0.618_504_68, 0.138_946_52, 0.046_938_83, -0.403_353_51, 1.236_721_45, -0.976_016_9];
    all_near(fit.weights(), &want, 1e-4);
    all_near(&fit.apply(&x[..2]), &[0.769_908_72, 0.207_024_68, 0.023_066_6], 1e-4);
}

#[test]
fn a_fit_that_is_kept_predicts_the_same_bits() {
    let (x, two, three) = rows();
    let fit = Logistic::fit(&x, 2, &two, 1.0).unwrap();
    let json = serde_json::to_string(&Fitted::seal(fit.clone())).unwrap();
    assert_eq!(serde_json::from_str::<Fitted<Logistic>>(&json).unwrap().open().unwrap(), fit);
    assert!(serde_json::from_str::<Fitted<Multinomial>>(&json).is_err());
    let fit = Multinomial::fit(&x, 2, &three, 3, 1.0).unwrap();
    let json = serde_json::to_string(&Fitted::seal(fit.clone())).unwrap();
    assert_eq!(serde_json::from_str::<Fitted<Multinomial>>(&json).unwrap().open().unwrap(), fit);
}

#[test]
fn hostile_rows_are_refused_or_stay_finite() {
    assert!(matches!(Logistic::fit(&[1.0, 2.0], 1, &[1, 1], 1.0), Err(Error::CannotSay(_))));
    assert!(matches!(Logistic::fit(&[], 1, &[], 1.0), Err(Error::CannotSay(_))));
    for bad in [
        Logistic::fit(&[1.0], 1, &[0, 1], 1.0),
        Logistic::fit(&[1.0, f64::NAN], 1, &[0, 1], 1.0),
        Logistic::fit(&[1.0, 2.0], 1, &[0, 2], 1.0),
        Logistic::fit(&[1.0, 2.0], 1, &[0, 1], 0.0),
        Logistic::fit(&[], usize::MAX, &[0, 1], 1.0),
    ] {
        assert!(matches!(bad, Err(Error::Input { .. })), "{bad:?}");
    }
    assert!(Multinomial::fit(&[1.0, 2.0], 1, &[0, 1], 1, 1.0).is_err());
    // Perfectly separable, one feature constant, one twice: the penalty keeps all finite.
    let x = [-1.0, 5.0, -1.0, -2.0, 5.0, -2.0, 1.0, 5.0, 1.0, 2.0, 5.0, 2.0];
    let fit = Logistic::fit(&x, 3, &[0, 0, 1, 1], 1e6).unwrap();
    assert!(fit.weights().iter().all(|w| w.is_finite()) && fit.apply(&x[..3]) < 0.01 && fit.apply(&x[9..]) > 0.99);
    // Without features it is the base rate.
    assert!((Logistic::fit(&[], 0, &[0, 1, 1, 1], 1.0).unwrap().apply(&[]) - 0.75).abs() < 1e-9);
    assert!(Logistic::fit(&[1e200, -1e200], 1, &[0, 1], 1.0).is_err());
}
