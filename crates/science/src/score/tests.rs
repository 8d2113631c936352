//! Known answers from scikit-learn 1.9.1 (and NumPy for DeLong and the calibration error), properties, coverage by simulation.

use proptest::prelude::*;

use super::*;
use crate::ProbabilityTable;
use crate::random::Random;

const P: [f64; 12] = [0.05, 0.1, 0.2, 0.2, 0.35, 0.4, 0.5, 0.6, 0.6, 0.8, 0.9, 0.95];
const Y: [u32; 12] = [0, 0, 1, 0, 0, 1, 0, 1, 1, 1, 0, 1];

fn right() -> Vec<bool> {
    Y.iter().map(|y| *y == 1).collect()
}

fn options() -> Options {
    Options { draws: 400, ..Options::default() }
}

#[track_caller]
fn near(got: f64, want: f64) {
    assert!((got - want).abs() < 1e-12, "{got} is not {want}");
}

#[test]
fn two_classes_are_scikit_learns() {
    let table = ProbabilityTable::from_positive(&P).unwrap();
    let s = scores(table.view(), &Y, Clusters::Rows, &options()).unwrap();
    near(s.brier.value, 0.21645833333333334);
    near(s.log_loss.value, 0.6356774407123357);
    near(s.accuracy.value, 9.0 / 12.0);
    // Parts by IsotonicRegression: score - best, base (1 - base) - best, base (1 - base).
    near(s.brier_parts.reliability, 0.0567361111111111);
    near(s.brier_parts.resolution, 0.09027777777777776);
    near(s.brier_parts.uncertainty, 0.25);
    // DeLong with the log-odds interval.
    let a = auc(&P, &right(), Clusters::Rows, 0.95).unwrap();
    near(a.value, 0.7638888888888888);
    assert!((a.low - 0.37920330004195435).abs() < 1e-9 && (a.high - 0.9448604949261017).abs() < 1e-9, "{a:?}");
    near(calibration_error(&P, &right(), Binning::EqualWidth(15), Clusters::Rows, &options()).unwrap().value, 0.2875);
    // A row that is a cluster of its own is a row; DeLong by rows and by single clusters differ by (n - 1) only.
    let single: Vec<u32> = (0..12).collect();
    let by_one = auc(&P, &right(), Clusters::One(&single), 0.95).unwrap();
    assert!(by_one.low < a.low && by_one.low > a.low - 0.1);
}

#[test]
fn three_classes_are_scikit_learns() {
    let p = [0.7, 0.2, 0.1, 0.1, 0.6, 0.3, 0.2, 0.2, 0.6, 0.5, 0.3, 0.2, 0.3, 0.4, 0.3, 0.05, 0.9, 0.05];
    let (p, truth) = (Probabilities::new(&p, 3).unwrap(), [0, 1, 2, 1, 2, 1]);
    near(math::mean(&brier_rows(p, &truth).unwrap()).unwrap(), 0.3625);
    near(math::mean(&log_loss_rows(p, &truth).unwrap()).unwrap(), 0.6486053859634021);
    near(auc_macro(p, &truth, Clusters::Rows, 0.95).unwrap().value, 0.9421296296296297);
    near(macro_f1(&p.labels(), &truth, 3, Clusters::Rows, &options()).unwrap().value, 2.0 / 3.0);
    let confusion = Confusion::of(&p.labels(), &truth, 3).unwrap();
    assert_eq!(confusion.counts, [[1, 0, 0], [1, 2, 0], [0, 1, 1]]);
    assert_eq!(
        (confusion.n(), confusion.right(), confusion.with_truth(1), confusion.with_answer(0), confusion.with_truth(9)),
        (6, 4, 3, 2, 0)
    );
    let parts = brier(p, &truth).unwrap();
    near(parts.reliability - parts.resolution + parts.uncertainty, parts.score);
}

#[test]
fn what_cannot_be_judged_is_said() {
    let one = ProbabilityTable::from_positive(&[0.5, 0.5]).unwrap();
    assert!(matches!(auc(&[0.1, 0.2], &[true, true], Clusters::Rows, 0.95), Err(Error::CannotSay(_))));
    assert!(matches!(auc_macro(one.view(), &[1, 1], Clusters::Rows, 0.95), Err(Error::CannotSay(_))));
    assert!(auc(&[f64::NAN, 0.2], &[true, false], Clusters::Rows, 0.95).is_err());
    assert!(matches!(auc(&[0.1, 0.2], &[true, false], Clusters::One(&[1, 1]), 0.95), Err(Error::CannotSay(_))));
    assert!(scores(one.view(), &[1], Clusters::Rows, &options()).is_err());
    assert!(scores(one.view(), &[1, 2], Clusters::Rows, &options()).is_err());
    assert!(matches!(brier(Probabilities::new(&[], 2).unwrap(), &[]), Err(Error::CannotSay(_))));
    assert!(matches!(calibration_error(&[], &[], Binning::EqualMass(5), Clusters::Rows, &options()), Err(Error::CannotSay(_))));
    assert!(Bins::cut(&[0.5], Binning::EqualMass(0)).is_err() && Bins::cut(&[1.5], Binning::EqualWidth(3)).is_err());
    assert!(Reliability::of(&[0.5], &[], &options()).is_err() && Reliability::of(&[2.0], &[true], &options()).is_err());
    assert!(Confusion::of(&[3], &[0], 3).is_err() && Confusion::of(&[0], &[0], 100_000).is_err());
    assert!(macro_f1(&[0, 1], &[0, 1], 300, Clusters::Rows, &options()).is_err());
    assert_eq!(log_loss_rows(Probabilities::new(&[1.0, 0.0], 2).unwrap(), &[1]).unwrap(), [-math::ln(PROBABILITY_MIN)]);
    // Perfect separation and constant scores still have an interval.
    let perfect = auc(&[0.1, 0.2, 0.8, 0.9], &[false, false, true, true], Clusters::Rows, 0.95).unwrap();
    assert!(perfect.value == 1.0 && perfect.low < 0.9 && perfect.high == 1.0);
    let constant = auc(&[0.5; 40], &[true, false].repeat(20), Clusters::Rows, 0.95).unwrap();
    assert!(constant.value == 0.5 && constant.low < 0.5 && constant.high > 0.5);
}

#[test]
fn bins_hold_what_they_should() {
    assert_eq!(Bins::cut(&[0.0, 0.1, 0.2, 0.21, 1.0], Binning::EqualWidth(5)).unwrap().of, [0, 0, 0, 1, 4]);
    // Ties stay together.
    assert_eq!(Bins::cut(&[0.1, 0.3, 0.3, 0.3, 0.9, 0.8], Binning::EqualMass(3)).unwrap().of, [0, 0, 0, 0, 2, 2]);
    let bins = Bins::cut(&P, Binning::EqualMass(2)).unwrap();
    let table = bins.table(&P, &right(), 0.95).unwrap();
    assert_eq!((table.len(), table[0].observed.n, table[0].observed.value), (2, 6, 2.0 / 6.0));
    near(table[0].predicted, 1.3 / 6.0);
}

/// Forecasts spread over `[0, 1]` whose outcomes come true with `skew(p)`.
fn simulated(run: u64, n: usize, skew: impl Fn(f64) -> f64) -> (Vec<f64>, Vec<bool>) {
    let mut random = Random::new(17, run);
    (0..n)
        .map(|_| {
            let p = random.uniform();
            (p, random.uniform() < skew(p))
        })
        .unzip()
}

#[test]
fn the_band_of_calibrated_forecasts_holds_them_and_no_others() {
    let options = Options { draws: 200, ..Options::default() };
    let (mut outside, mut bent) = (0.0, 0.0);
    for run in 0..30 {
        let (p, y) = simulated(run, 800, |p| p);
        outside += Reliability::of(&p, &y, &options).unwrap().outside / 30.0;
        let (p, y) = simulated(run, 800, |p| p * p);
        bent += Reliability::of(&p, &y, &options).unwrap().outside / 30.0;
    }
    assert!(outside < 0.1, "calibrated: {outside} outside of a 95 % band");
    assert!(bent > 0.6, "bent: {bent}");
    // Many different forecasts are joined; the curve still rises, and the histogram has every row.
    let (p, y) = simulated(99, 30_000, |p| p);
    let r = Reliability::of(&p, &y, &Options { draws: 50, ..Options::default() }).unwrap();
    assert_eq!((r.histogram.iter().sum::<u64>(), r.band.len(), r.n), (30_000, 101, 30_000));
    assert!(r.curve.windows(2).all(|w| w[0].0 <= w[1].0 && w[0].1 <= w[1].1) && r.band.iter().all(|b| b.low <= b.high));
    near(r.brier.reliability - r.brier.resolution + r.brier.uncertainty, r.brier.score);
}

#[test]
fn the_debiased_error_of_calibrated_forecasts_is_about_nothing() {
    let (mut plain, mut debiased, mut bent) = (0.0, 0.0, 0.0);
    for run in 0..40 {
        let (p, y) = simulated(run, 400, |p| p);
        let binning = Binning::EqualMass(15);
        plain += calibration_error(&p, &y, binning, Clusters::Rows, &Options { draws: 2, ..Options::default() }).unwrap().value / 40.0;
        debiased += calibration_error_debiased(&p, &y, binning).unwrap() / 40.0;
        let (p, y) = simulated(run, 400, |p| (p - 0.2f64).max(0.0));
        bent += calibration_error_debiased(&p, &y, binning).unwrap() / 40.0;
    }
    assert!(plain > 0.05 && debiased < 0.7 * plain, "{plain} {debiased}");
    assert!((bent - 0.19).abs() < 0.02, "{bent}");
}

#[test]
fn intervals_of_scores_cover() {
    // Truth by integration: Brier E p(1-p) = 1/6; AUC of uniform calibrated forecasts 5/6; error of p against max(p - .2, 0): .2 - .02 = .18.
    let runs = 200;
    let (mut brier, mut area, mut error) = (0, 0, 0);
    for run in 0..runs {
        let (p, y) = simulated(run, 300, |p| p);
        let table = ProbabilityTable::from_positive(&p).unwrap();
        let truth: Vec<u32> = y.iter().map(|y| u32::from(*y)).collect();
        let within = |e: Estimate, truth: f64| u32::from(e.low <= truth && truth <= e.high);
        let options = Options { draws: 300, seed: run, ..Options::default() };
        brier += within(mean(&brier_rows(table.view(), &truth).unwrap(), Clusters::Rows, &options).unwrap(), 1.0 / 6.0);
        area += within(auc(&p, &y, Clusters::Rows, 0.95).unwrap(), 5.0 / 6.0);
        let (p, y) = simulated(run, 1_000, |p| (p - 0.2f64).max(0.0));
        error += within(calibration_error(&p, &y, Binning::EqualWidth(15), Clusters::Rows, &options).unwrap(), 0.18);
    }
    // 200 runs: the standard error of a coverage of .95 is .0154.
    for (name, covered) in [("brier", brier), ("auc", area), ("calibration error", error)] {
        let coverage = f64::from(covered) / runs as f64;
        assert!((0.90..=0.995).contains(&coverage), "{name}: {coverage}");
    }
}

proptest! {
    #[test]
    fn order_of_rows_and_names_of_classes_do_not_matter(seed: u64) {
        let mut random = Random::new(seed, 0);
        let logits: Vec<f64> = (0..90).map(|_| 4.0 * random.uniform()).collect();
        let truth: Vec<u32> = (0..30).map(|_| random.below(3) as u32).collect();
        let table = ProbabilityTable::from_logits(logits, 3).unwrap();
        let mut order: Vec<usize> = (0..30).collect();
        random.shuffle(&mut order);
        // Rows in another order, and classes 0, 1, 2 renamed to 2, 0, 1.
        let other: Vec<f64> = order.iter().flat_map(|i| { let r = table.view().row(*i); [r[1], r[2], r[0]] }).collect();
        let other_truth: Vec<u32> = order.iter().map(|i| (truth[*i] + 2) % 3).collect();
        let other = ProbabilityTable::new(other, 3).unwrap();
        let (a, b) = (brier(table.view(), &truth).unwrap(), brier(other.view(), &other_truth).unwrap());
        prop_assert!((a.score - b.score).abs() < 1e-12 && (a.reliability - b.reliability).abs() < 1e-12 && (a.resolution - b.resolution).abs() < 1e-12);
        prop_assert!(a.reliability >= -1e-12 && a.resolution >= -1e-12);
        prop_assert!((a.reliability - a.resolution + a.uncertainty - a.score).abs() < 1e-12);
        let area = |t: &ProbabilityTable, truth: &[u32]| auc_macro(t.view(), truth, Clusters::Rows, 0.9);
        if let (Ok(a), Ok(b)) = (area(&table, &truth), area(&other, &other_truth)) {
            prop_assert!((a.value - b.value).abs() < 1e-12 && (a.low - b.low).abs() < 1e-9);
        }
        // A rising transformation of the scores leaves the AUC as it is; turning them round mirrors it.
        let scores: Vec<f64> = table.view().rows().map(|r| r[0]).collect();
        let is: Vec<bool> = truth.iter().map(|t| *t == 0).collect();
        if let Ok(plain) = auc(&scores, &is, Clusters::Rows, 0.9) {
            let cubed: Vec<f64> = scores.iter().map(|s| s * s * s).collect();
            let turned: Vec<f64> = scores.iter().map(|s| -s).collect();
            prop_assert_eq!(auc(&cubed, &is, Clusters::Rows, 0.9).unwrap(), plain);
            prop_assert!((auc(&turned, &is, Clusters::Rows, 0.9).unwrap().value - (1.0 - plain.value)).abs() < 1e-12);
        }
    }
}
