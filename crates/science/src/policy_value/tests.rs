//! Values by hand, without bias, and with intervals that cover.

use proptest::prelude::*;

use super::*;
use crate::random::Random;

/// Three arms with success rates of .3, .5 and .8 less a half of a hidden feature; today's policy prefers the first.
struct World {
    taken: Vec<u32>,
    propensities: Vec<f64>,
    outcome: Vec<f64>,
    all: Vec<f64>,
    expected: Vec<f64>,
}

const PREFERS_LAST: [f64; 3] = [0.1, 0.2, 0.7];

fn world(n: usize, random: &mut Random) -> World {
    let mut world = World { taken: vec![], propensities: vec![], outcome: vec![], all: vec![], expected: vec![] };
    for _ in 0..n {
        let feature = random.uniform();
        let chances = [0.6 - 0.2 * feature, 0.25, 0.15 + 0.2 * feature];
        let u = random.uniform();
        let taken = if u < chances[0] {
            0
        } else if u < chances[0] + chances[1] {
            1
        } else {
            2usize
        };
        let rates = [0.3, 0.5, 0.8].map(|rate| rate * (1.0 - 0.5 * feature));
        let outcomes = rates.map(|rate| f64::from(u8::from(random.uniform() < rate)));
        world.taken.push(taken as u32);
        world.propensities.extend(chances);
        world.outcome.push(outcomes[taken]);
        world.all.extend(outcomes);
        world.expected.extend(rates);
    }
    world
}

impl World {
    fn logged(&self) -> Logged<'_> {
        Logged { arms: 3, taken: &self.taken, propensities: &self.propensities, outcome: &self.outcome, floor: 0.05 }
    }

    fn policy(&self) -> Vec<f64> {
        PREFERS_LAST.repeat(self.taken.len())
    }
}

#[test]
fn values_by_hand() {
    let outcomes = [1.0, 0.0, 0.0, 2.0];
    let value = replay(2, &outcomes, &[0.5, 0.5, 0.25, 0.75], 0.95).unwrap();
    assert_eq!((value.estimate.value, value.estimate.n, value.effective_rows), (1.0, 2, 2.0));
    // Twenty rows, half of them of either arm at even odds: the weights are 0 and 2.
    let taken: Vec<u32> = (0..40).map(|i| i % 2).collect();
    let outcome: Vec<f64> = (0..40).map(|i| f64::from(i % 2) * 3.0 + 1.0).collect();
    let propensities = vec![0.5; 80];
    let logged = Logged { arms: 2, taken: &taken, propensities: &propensities, outcome: &outcome, floor: 0.1 };
    let always_last = [0.0, 1.0].repeat(40);
    let plain = ipw(&logged, &always_last, 0.95).unwrap();
    assert_eq!((plain.estimate.value, plain.effective_rows, plain.raised), (4.0, 20.0, 0.0));
    let normalised = self_normalised(&logged, &always_last, 0.95).unwrap();
    assert_eq!((normalised.estimate.value, normalised.estimate.low, normalised.estimate.high), (4.0, 4.0, 4.0));
    let predictions = [1.0, 4.0].repeat(40);
    let robust = doubly_robust(&logged, &always_last, &predictions, 0.95).unwrap();
    assert_eq!((robust.estimate.value, robust.estimate.low), (4.0, 4.0));
}

#[test]
fn estimates_are_unbiased_and_cover() {
    let truth = 0.75 * (0.1 * 0.3 + 0.2 * 0.5 + 0.7 * 0.8);
    let runs = 300;
    let mut sums = [0.0; 4];
    let mut covered = [0u32; 4];
    let mut widths = [0.0; 4];
    for run in 0..runs {
        let world = world(400, &mut Random::new(14, run));
        let (logged, policy) = (world.logged(), world.policy());
        let values = [
            replay(3, &world.all, &policy, 0.95).unwrap(),
            ipw(&logged, &policy, 0.95).unwrap(),
            self_normalised(&logged, &policy, 0.95).unwrap(),
            doubly_robust(&logged, &policy, &world.expected, 0.95).unwrap(),
        ];
        for (k, value) in values.iter().enumerate() {
            sums[k] += value.estimate.value / runs as f64;
            covered[k] += u32::from(value.estimate.low <= truth && truth <= value.estimate.high);
            widths[k] += value.estimate.high - value.estimate.low;
            assert!(value.unsupported == 0.0 && value.raised == 0.0);
        }
    }
    println!("{sums:?} for {truth}, covered {covered:?} of {runs}, widths {widths:?}");
    for k in 0..4 {
        assert!((sums[k] - truth).abs() < 0.01, "{k}");
        assert!(covered[k] >= 273, "{k}: {covered:?}");
    }
    assert!(widths[0] < widths[3] && widths[3] < widths[1], "knowing all is best, predictions help");
}

/// Wrong predictions do no harm while the weights are right.
#[test]
fn robust_against_wrong_predictions() {
    let world = world(40_000, &mut Random::new(15, 0));
    let (logged, policy) = (world.logged(), world.policy());
    let truth = 0.75 * (0.1 * 0.3 + 0.2 * 0.5 + 0.7 * 0.8);
    let nonsense: Vec<f64> = world.expected.iter().map(|p| 1.0 - p).collect();
    let value = doubly_robust(&logged, &policy, &nonsense, 0.999).unwrap();
    assert!(value.estimate.low <= truth && truth <= value.estimate.high, "{value:?}");
}

#[test]
fn what_was_never_tried_is_not_known() {
    let taken = vec![0u32; 100];
    let outcome = vec![1.0; 100];
    let propensities = [0.99, 0.01].repeat(100);
    let logged = Logged { arms: 2, taken: &taken, propensities: &propensities, outcome: &outcome, floor: 0.05 };
    let refused = ipw(&logged, &[0.5, 0.5].repeat(100), 0.95).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "50 % of this policy is on arms that were hardly ever tried, so its value cannot be known from these rows."
    );
    let a_little = self_normalised(&logged, &[0.95, 0.05].repeat(100), 0.95).unwrap();
    assert!((a_little.unsupported - 0.05).abs() < 1e-12);
    // A rare arm that was taken all the same: its weight is capped, and that is said.
    let mut taken = taken.clone();
    taken[0] = 1;
    let logged = Logged { taken: &taken, ..logged };
    let raised = ipw(&logged, &[0.95, 0.05].repeat(100), 0.95).unwrap();
    assert!((raised.raised - 0.01).abs() < 1e-12);
    // Nothing that this policy does was done.
    let opposite = Logged { taken: &[0; 40], propensities: &[0.5; 80], outcome: &[1.0; 40], ..logged };
    assert!(ipw(&opposite, &[0.0, 1.0].repeat(40), 0.95).unwrap_err().to_string().contains("worth 0.0"));
}

#[test]
fn bad_input_is_refused() {
    let logged = Logged { arms: 2, taken: &[0, 1], propensities: &[0.5; 4], outcome: &[1.0, 0.0], floor: 0.1 };
    let even = [0.5; 4];
    let refused = |logged: Logged<'_>, policy: &[f64]| matches!(ipw(&logged, policy, 0.95), Err(Error::Input { .. }));
    assert!(ipw(&logged, &even, 0.95).is_err(), "too few");
    assert!(refused(Logged { arms: 0, ..logged }, &even) && refused(Logged { arms: 3, ..logged }, &even));
    assert!(refused(Logged { taken: &[0, 2], ..logged }, &even) && refused(Logged { taken: &[0], ..logged }, &even));
    assert!(refused(Logged { outcome: &[1.0, f64::NAN], ..logged }, &even));
    assert!(refused(Logged { propensities: &[0.5, 0.5, 1.0, 0.0], ..logged }, &even));
    assert!(refused(Logged { propensities: &[0.5, 0.6, 0.5, 0.5], ..logged }, &even));
    assert!(refused(Logged { floor: 0.0, ..logged }, &even));
    assert!(refused(logged, &[0.5; 2]) && refused(logged, &[1.5, -0.5, 0.5, 0.5]) && refused(logged, &[f64::NAN; 4]));
    assert!(ipw(&logged, &even, 1.0).is_err());
    assert!(doubly_robust(&logged, &even, &[0.5], 0.95).is_err());
    assert!(replay(2, &[1.0], &even, 0.95).is_err() && replay(2, &[1.0, f64::NAN, 0.0, 0.0], &even, 0.95).is_err());
    assert!(replay(2, &[], &[], 0.95).is_err());
    let none = Logged { arms: 2, taken: &[], propensities: &[], outcome: &[], floor: 0.1 };
    assert!(self_normalised(&none, &[], 0.95).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// Today's policy is worth what it was worth, by every estimator; and the normalised value stays within the outcomes.
    #[test]
    fn todays_policy_is_worth_its_mean(seed in 0u64..10_000) {
        let world = world(60, &mut Random::new(seed, 3));
        let logged = world.logged();
        let mean = world.outcome.iter().sum::<f64>() / 60.0;
        prop_assert!((ipw(&logged, &world.propensities, 0.9).unwrap().estimate.value - mean).abs() < 1e-9);
        prop_assert!((self_normalised(&logged, &world.propensities, 0.9).unwrap().estimate.value - mean).abs() < 1e-9);
        let other = self_normalised(&logged, &world.policy(), 0.9).unwrap();
        prop_assert!((0.0..=1.0).contains(&other.estimate.value));
        prop_assert!(other.effective_rows <= 60.0 + 1e-9);
    }
}
