//! What moved is named, what did not is left alone.

use proptest::prelude::*;

use super::*;
use crate::random::Random;

fn labels(n: usize) -> Vec<String> {
    (0..n).map(|i| format!("k{i}")).collect()
}

/// By hand: .3 ln(.8 / .5) - .3 ln(.2 / .5) = .415888.
#[test]
fn the_index_by_hand() {
    let shift = psi("tier", &labels(2), &[5_000_000, 5_000_000], &[8_000_000, 2_000_000], 0.95).unwrap();
    assert!((shift.index - 0.415_888).abs() < 1e-5, "{shift:?}");
    assert!(shift.moved && shift.field == "tier");
    assert_eq!(shift.bins[0].label, "k1");
    // 3.841459 is the 95 % quantile of chi-square with one degree of freedom.
    assert!((shift.null_high - 3.841_459 * 2.0 / 10_000_000.0).abs() < 1e-12);
    let same = psi("tier", &labels(2), &[50, 50], &[50, 50], 0.95).unwrap();
    assert!(same.index == 0.0 && !same.moved);
    // Many rows make a small move certain, and it is still not worth a warning.
    let small = psi("tier", &labels(2), &[500_000, 500_000], &[520_000, 480_000], 0.95).unwrap();
    assert!(small.index > small.null_high && !small.moved);
}

#[test]
fn the_index_is_the_symmetric_divergence_of_scipy() {
    // SciPy 1.17.1, entropy(p, q) + entropy(q, p) of counts with a half added.
    let shift = psi("x", &labels(4), &[120, 300, 80, 0], &[90, 160, 150, 20], 0.95).unwrap();
    assert!((shift.index - 0.443_727_438_369_830_4).abs() < 1e-12, "{}", shift.index);
}

#[test]
fn numbers_are_binned_by_what_they_were_and_kinds_by_name() {
    let mut random = Random::new(1, 0);
    let mut draw = |shift: f64| -> Vec<f64> { (0..2_000).map(|_| random.uniform() + shift).collect() };
    let (before, same, moved) = (draw(0.0), draw(0.0), draw(0.3));
    let still = psi_numbers("amount", &before, &same, 10, 0.99).unwrap();
    assert!(!still.moved && still.bins.len() == 10, "{still:?}");
    let shift = psi_numbers("amount", &before, &moved, 10, 0.99).unwrap();
    assert!(shift.moved && shift.index > 1.0);
    assert!(shift.bins[0].label.contains("above") || shift.bins[0].label.starts_with("below"), "{:?}", shift.bins[0]);
    // What is missing now is a move too.
    let gone: Vec<f64> = same.iter().enumerate().map(|(i, v)| if i % 3 == 0 { f64::NAN } else { *v }).collect();
    let shift = psi_numbers("amount", &before, &gone, 10, 0.99).unwrap();
    assert!(shift.moved && shift.bins[0].label == "no number");
    // Ties make fewer bins.
    let ties = psi_numbers("flag", &[0.0, 0.0, 0.0, 1.0], &[0.0, 1.0, 1.0, 1.0], 10, 0.9).unwrap();
    assert_eq!(ties.bins.len(), 2);
    let kinds = psi_categories("region", ["a", "a", "b", "b"].repeat(100), ["a", "c", "c", "c"].repeat(100), 0.95).unwrap();
    assert!(kinds.moved && kinds.bins.len() == 3);
    let many: Vec<String> = (0..1_000).map(|i| i.to_string()).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert_eq!(psi_categories("id", many.clone(), many, 0.95).unwrap().bins.len(), psi::KINDS_MAX + 1);
}

#[test]
fn nothing_moved_and_few_warnings() {
    let runs = 1_000;
    let (mut above, mut moved) = (0, 0);
    for run in 0..runs {
        let mut random = Random::new(3, run);
        let mut draw = |n: usize| -> Vec<u64> {
            let mut counts = vec![0; 10];
            (0..n).for_each(|_| counts[random.below(10)] += 1);
            counts
        };
        let shift = psi("x", &labels(10), &draw(2_000), &draw(500), 0.95).unwrap();
        above += u32::from(shift.index > shift.null_high);
        moved += u32::from(shift.moved);
    }
    assert!((25..=80).contains(&above), "{above}");
    assert_eq!(moved, 0);
}

#[test]
fn a_watch_names_the_class_that_got_worse() {
    let names = [("benign".to_owned(), 0.02), ("attack".to_owned(), 0.1)];
    let mut watches = ErrorWatches::new(&names, 0.05, 2_000).unwrap();
    let mut random = Random::new(7, 0);
    let mut warnings = Vec::new();
    for case in 0..3_000 {
        let rate = if case < 1_500 { 0.1 } else { 0.3 };
        warnings.extend(watches.observe(0, random.uniform() < 0.018));
        warnings.extend(watches.observe(1, random.uniform() < rate));
    }
    assert_eq!(watches.warned().collect::<Vec<_>>(), ["attack"]);
    let [warning] = warnings.as_slice() else { panic!("{warnings:?}") };
    assert_eq!((warning.name.as_str(), warning.usual), ("attack", 0.1));
    assert!(warning.cases < 200 && warning.errors as f64 > 0.15 * warning.cases as f64, "{warning:?}");
    assert!(watches.observe(9, true).is_none());
    assert!(ErrorWatches::new(&[("x".to_owned(), 0.7)], 0.05, 10).is_err());
    assert!(ErrorWatches::new(&[], 0.05, 10).is_ok());
}

#[test]
fn a_window_drops_what_is_no_longer_like_its_present() {
    let mut random = Random::new(5, 0);
    let mut adwin = Adwin::new(0.002).unwrap();
    let mut feed = |adwin: &mut Adwin, n: u32, rate: f64| -> Vec<Cut> {
        (0..n).filter_map(|_| adwin.observe(f64::from(u8::from(random.uniform() < rate))).unwrap()).collect()
    };
    assert!(feed(&mut adwin, 3_000, 0.1).is_empty());
    assert_eq!(adwin.width(), 3_000);
    let cuts = feed(&mut adwin, 400, 0.4);
    assert!(!cuts.is_empty() && cuts[0].before < 0.15 && cuts[0].after > 0.2, "{cuts:?}");
    assert!(adwin.width() < 1_000 && adwin.mean() > 0.3);
    let text = serde_json::to_string(&adwin).unwrap();
    assert!(text.len() < 8_000);
    assert_eq!(serde_json::from_str::<Adwin>(&text).unwrap(), adwin);
    // 200 streams that never change: hardly a cut.
    let cuts: usize = (0..200)
        .filter(|run| {
            let mut random = Random::new(6, *run);
            let mut adwin = Adwin::new(0.002).unwrap();
            (0..2_000).any(|_| adwin.observe(f64::from(u8::from(random.uniform() < 0.2))).unwrap().is_some())
        })
        .count();
    assert!(cuts <= 10, "{cuts}");
}

#[test]
fn bad_input_is_refused() {
    assert!(psi("x", &labels(2), &[1], &[1, 1], 0.95).is_err());
    assert!(psi("x", &labels(1), &[1], &[1], 0.95).is_err());
    assert!(psi("x", &labels(2), &[0, 0], &[1, 1], 0.95).is_err());
    assert!(psi("x", &labels(2), &[1, 1], &[1, 1], 1.0).is_err());
    assert!(psi_numbers("x", &[1.0], &[1.0], 1, 0.95).is_err());
    assert!(psi_numbers("x", &[], &[], 10, 0.95).is_err());
    assert!(psi_numbers("x", &[1.0; 5], &[1.0; 5], 10, 0.95).is_err());
    assert!(psi_numbers("x", &[f64::NAN; 5], &[1.0; 5], 10, 0.95).is_ok());
    assert!(psi_categories("x", [], [], 0.95).is_err());
    assert!(Adwin::new(0.0).is_err() && Adwin::new(f64::NAN).is_err());
    let mut adwin = Adwin::new(0.1).unwrap();
    assert!(adwin.observe(f64::NAN).is_err() && adwin.observe(1.1).is_err());
    assert_eq!((adwin.width(), adwin.mean()), (0, 0.0));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// The index is symmetric for equal totals, never negative, and knows no order of bins.
    #[test]
    fn the_index_is_a_divergence(before in prop::collection::vec(0u64..500, 2..12), seed in 0u64..100) {
        let mut after = before.clone();
        Random::new(seed, 0).shuffle(&mut after);
        prop_assume!(before.iter().sum::<u64>() > 0);
        let names = labels(before.len());
        let there = psi("x", &names, &before, &after, 0.9).unwrap();
        let back = psi("x", &names, &after, &before, 0.9).unwrap();
        prop_assert!(there.index >= 0.0 && (there.index - back.index).abs() < 1e-9);
        let reversed = |v: &[u64]| v.iter().rev().copied().collect::<Vec<_>>();
        let other = psi("x", &names, &reversed(&before), &reversed(&after), 0.9).unwrap();
        prop_assert!((there.index - other.index).abs() < 1e-9);
    }

    /// The window's mean is that of its last values, whatever is merged.
    #[test]
    fn the_window_is_the_end_of_the_stream(values in prop::collection::vec(0.0f64..1.0, 1..400), jump in 0usize..400) {
        let mut adwin = Adwin::new(0.05).unwrap();
        let values: Vec<f64> = values.iter().enumerate().map(|(i, v)| if i < jump { v * 0.2 } else { 0.8 + v * 0.2 }).collect();
        for value in &values {
            adwin.observe(*value).unwrap();
        }
        let width = adwin.width() as usize;
        let last = &values[values.len() - width..];
        prop_assert!((adwin.mean() - last.iter().sum::<f64>() / width as f64).abs() < 1e-9);
    }
}

#[test]
fn a_limit_that_is_known_is_the_one_that_would_be_worked_out() {
    let names = [("benign".to_owned(), 0.02), ("attack".to_owned(), 0.1), ("odd".to_owned(), 0.1)];
    let worked_out = ErrorWatches::new(&names, 0.05, 2_000).unwrap();
    let mut limits = Limits::default();
    for _ in 0..2 {
        assert_eq!(ErrorWatches::with_limits(&names, 0.05, 2_000, &mut limits).unwrap(), worked_out);
        assert_eq!(limits.len(), 2);
    }
    // Other terms are another limit.
    let longer = ErrorWatches::with_limits(&names, 0.05, 3_000, &mut limits).unwrap();
    assert!(longer != worked_out && limits.len() == 4 && longer == ErrorWatches::new(&names, 0.05, 3_000).unwrap());
}
