//! The monitors against their own laws: levels kept, changes seen, order kept.

use proptest::prelude::*;

use super::{
    delay::{Change, Monitors},
    reference::{Answers, Missed, Step, next_step, reviewer_error},
    *,
};
use crate::random::Random;

const TERMS: Terms = Terms { alpha: 0.02, level: 0.05, horizon_audits: 2_000, recheck_share: 1.0 };
/// The error goes from 1 % to 4 % after 2,000 good audits of a promise of 2 %.
const CHANGE: Change = Change { audits_before: 2_000, error_before: 0.01, error_after: 0.04 };

/// Share of `runs` histories of independent audits in which `stopped` says so within `audits`; an error is found by a recheck with
/// probability `rechecked`, and then there are so many fewer of it as each one weighs more.
fn stop_share<M: Clone>(
    start: &M,
    runs: u64,
    audits: u64,
    (rate, rechecked, weight): (f64, f64, f64),
    observe: impl Fn(&mut M, Kind) -> bool,
) -> f64 {
    let stopped = |run: &u64| {
        let mut random = Random::new(11, *run);
        let mut monitor = start.clone();
        (0..audits).any(|_| {
            let (by_recheck, u) = (random.uniform() < rechecked, random.uniform());
            let kind = match by_recheck {
                true if u < rate / weight => Kind::Weighted,
                false if u < rate => Kind::Bad,
                _ => Kind::Good,
            };
            observe(&mut monitor, kind)
        })
    };
    (0..runs).filter(stopped).count() as f64 / runs as f64
}

fn by_betting(monitor: &mut Betting, kind: Kind) -> bool {
    monitor.observe(kind);
    monitor.stopped()
}

fn by_ecusum(monitor: &mut Ecusum, kind: Kind) -> bool {
    monitor.observe(kind);
    monitor.stopped()
}

/// Known figures: after 2,000 good audits the evidence on the average stopped after 2,530 more audits and a restarting e-CUSUM
/// after 602, both of another implementation. Here 2,485 and, within a horizon of 2,000 audits, 539.
#[test]
fn a_change_is_seen_four_times_sooner_by_the_restarting_monitor() {
    let betting = detection_delay(TERMS, Monitors::Betting, CHANGE, 1).unwrap();
    let ecusum = detection_delay(TERMS, Monitors::Ecusum, CHANGE, 1).unwrap();
    let both = detection_delay(TERMS, Monitors::Both, CHANGE, 1).unwrap();
    println!("betting {betting:?}\necusum {ecusum:?}\nboth {both:?}");
    assert!((betting.mean / 2_530.0 - 1.0).abs() < 0.1, "{betting:?}");
    assert!((ecusum.mean / 602.0 - 1.0).abs() < 0.2, "{ecusum:?}");
    assert!(both.mean < 1.3 * ecusum.mean, "{both:?}");
    assert!(betting.given_up == 0.0 && ecusum.given_up == 0.0);
    assert!(ecusum.median < ecusum.p90);
}

#[test]
fn a_sound_promise_is_stopped_no_oftener_than_the_level_says() {
    // 1,000 histories: 5 % plus three standard deviations.
    let tolerated = 0.05 + 3.0 * (0.05f64 * 0.95 / 1_000.0).sqrt();
    let betting = stop_share(&Betting::new(TERMS).unwrap(), 1_000, 5_000, (0.02, 0.0, 1.0), by_betting);
    let ecusum = stop_share(&Ecusum::new(TERMS).unwrap(), 1_000, 2_000, (0.02, 0.0, 1.0), by_ecusum);
    println!("betting {betting}, ecusum {ecusum}");
    assert!(betting <= tolerated && ecusum <= tolerated);
    // The limit is no larger than it must be.
    assert!(ecusum > 0.025);
    // The same with errors that only rechecks find, one in five agreements being checked.
    let rechecked = Terms { recheck_share: 0.2, ..TERMS };
    for share in [0.0, 0.3, 1.0] {
        let betting = stop_share(&Betting::new(rechecked).unwrap(), 1_000, 3_000, (0.02, share, 5.0), by_betting);
        let ecusum = stop_share(&Ecusum::new(rechecked).unwrap(), 1_000, 2_000, (0.02, share, 5.0), by_ecusum);
        println!("{share} rechecked: betting {betting}, ecusum {ecusum}");
        assert!(betting <= tolerated && ecusum <= tolerated, "{share}");
    }
    let watch = Watch::new(TERMS).unwrap();
    let both = stop_share(&watch, 500, 2_000, (0.02, 0.0, 1.0), |watch, kind| {
        watch.observe(if kind == Kind::Good { Outcome::Right } else { Outcome::Wrong });
        watch.stop().is_some()
    });
    assert!(both <= tolerated, "{both}");
}

/// The exact limit against simulation far in the tail, and against the shortcut for long horizons.
#[test]
fn the_limit_holds_for_short_and_for_long_horizons() {
    let mut before = 0.0;
    for horizon_audits in [1, 50, 300, 3_000, 30_000, 1_000_000] {
        let cusum = Ecusum::new(Terms { horizon_audits, ..TERMS }).unwrap();
        assert!(cusum.log_limit() > before && cusum.log_limit() < (horizon_audits as f64 / 0.05).ln() + 0.03, "{horizon_audits}");
        before = cusum.log_limit();
    }
    let long = Terms { horizon_audits: 20_000, ..TERMS };
    let share = stop_share(&Ecusum::new(long).unwrap(), 400, 20_000, (0.02, 0.0, 1.0), by_ecusum);
    assert!((0.02..0.085).contains(&share), "{share}");
}

#[test]
fn the_bounds_hold_at_every_moment() {
    let terms = Terms { alpha: 0.02, level: 0.05, horizon_audits: 1, recheck_share: 0.5 };
    let mut outside = [0u32; 2];
    for run in 0..500 {
        let mut random = Random::new(5, run);
        let mut betting = Betting::new(terms).unwrap();
        let (mut above, mut below) = (false, false);
        for audit in 1..=1_500u32 {
            let u = random.uniform();
            // Mean 0.02 + 0.01 * 2.
            betting.observe(if u < 0.02 {
                Kind::Bad
            } else if u < 0.03 {
                Kind::Weighted
            } else {
                Kind::Good
            });
            if audit % 50 == 0 {
                let bounds = betting.estimate().unwrap();
                assert!(bounds.low <= bounds.value && bounds.value <= bounds.high);
                above |= bounds.low > 0.04;
                below |= bounds.high < 0.04;
            }
        }
        outside[0] += u32::from(above);
        outside[1] += u32::from(below);
    }
    println!("outside: {outside:?} of 500");
    assert!(outside.iter().all(|n| *n <= 40), "{outside:?}");
}

#[test]
fn without_an_error_the_upper_bound_falls_below_alpha_not_much_later_than_it_can() {
    // 149 audits are the least at 95 % where one looks once; looking always costs a third more.
    let mut betting = Betting::new(TERMS).unwrap();
    while betting.upper() > 0.02 {
        betting.observe(Kind::Good);
    }
    assert!((150..250).contains(&betting.n()), "{}", betting.n());
    assert_eq!(betting.lower(), 0.0);
    assert_eq!(betting.estimate().unwrap().value, 0.0);
    // One error makes it a good deal more.
    betting.observe(Kind::Bad);
    assert!(betting.upper() > 0.02);
}

/// A capital by hand: one error in the first audit multiplies each bet `f` by `1 - f + f / alpha`.
#[test]
fn evidence_is_the_mean_of_the_capitals() {
    let mut betting = Betting::new(TERMS).unwrap();
    betting.observe(Kind::Bad);
    let capital: f64 = [0.25, 0.5, 1.0, 2.0, 4.0, 8.0].iter().map(|s| s * 0.02 / 0.98).map(|f| 1.0 - f + f / 0.02).sum::<f64>() / 6.0;
    assert!((betting.log_evidence() - capital.ln()).abs() < 1e-12);
    assert!((capital - 3.625).abs() < 1e-12);
}

#[test]
fn audits_count_in_the_order_drawn_and_a_late_one_is_an_error() {
    let mut watch = Watch::new(TERMS).unwrap();
    let queue = watch.queue_mut();
    let numbers: Vec<u64> = (0..4).map(|_| queue.draw(100)).collect();
    assert_eq!(numbers, [0, 1, 2, 3]);
    assert!(queue.resolve(2, Outcome::Right) && queue.resolve(3, Outcome::Right) && queue.recheck(1, 200));
    assert!(!queue.resolve(2, Outcome::Wrong), "answered already");
    assert!(!queue.resolve(9, Outcome::Wrong) && !queue.recheck(u64::MAX, 1), "never drawn");
    // Nothing counts while the first is open.
    assert_eq!(watch.settle(50), None);
    assert_eq!((watch.evidence().n(), watch.queue().pending()), (0, 4));
    // The first is overdue, the second has a later limit.
    watch.settle(100);
    assert_eq!((watch.evidence().n(), watch.queue().pending()), (1, 3));
    assert!(!watch.queue_mut().resolve(0, Outcome::Right), "too late");
    watch.settle(200);
    assert_eq!((watch.evidence().n(), watch.queue().settled()), (4, 4));
    assert_eq!(watch.error_rate(&Missed::nothing()).unwrap().value, 0.5);
    let mut queue = Queue::default();
    queue.draw(1);
    queue.draw(1);
    queue.recheck(1, 2);
    assert_eq!(queue.settle(2), [Outcome::Overdue, Outcome::RecheckOverdue]);
    assert_eq!(queue.settle(3), []);
}

#[test]
fn a_stop_stays_and_names_its_reason_and_an_unfinished_promise_is_not_renewed() {
    let mut watch = Watch::new(TERMS).unwrap();
    assert!(!watch.renewable(&Missed::nothing()), "nothing audited");
    for _ in 0..600 {
        watch.observe(Outcome::Right);
    }
    assert!(watch.renewable(&Missed::nothing()));
    for _ in 0..40 {
        watch.observe(Outcome::Wrong);
    }
    assert_eq!(watch.stop(), Some(Stop::Change));
    let after = watch.stopped_after();
    for _ in 0..20_000 {
        watch.observe(Outcome::Right);
    }
    assert_eq!((watch.stop(), watch.stopped_after()), (Some(Stop::Change), after));
    assert!(watch.error_rate(&Missed::nothing()).unwrap().high < 0.02 && !watch.renewable(&Missed::nothing()));
}

/// AI 1 % wrong, people 5 %: taken for itself, disagreement is 5.9 % and would stop the promise; with second answers and
/// adjudication the estimate is right, and a recheck share finds what both miss.
#[test]
fn a_disagreement_is_no_error() {
    let mut random = Random::new(3, 0);
    let (n, recheck_share) = (200_000, 0.2);
    let mut betting = Betting::new(Terms { recheck_share, alpha: 0.02, ..TERMS }).unwrap();
    let mut disagreements = 0u64;
    for _ in 0..n {
        let truth = random.below(2) as u32;
        let mut answer = |error: f64| if random.uniform() < error { 1 - truth } else { truth };
        let (ai, first, second, third) = (answer(0.01), answer(0.05), answer(0.05), answer(0.0));
        disagreements += u64::from(ai != first);
        let mut answers = Answers { ai, recheck: random.uniform() < recheck_share, ..Answers::default() };
        let outcome = loop {
            match next_step(&answers) {
                Step::First => answers.first = Some(first),
                Step::Second | Step::Recheck => answers.second = Some(second),
                Step::Adjudicate => answers.adjudicated = Some(third),
                Step::Settled(outcome) => break outcome,
            }
        };
        betting.observe(outcome.kind());
    }
    let disagreement = disagreements as f64 / n as f64;
    assert!((disagreement - 0.059).abs() < 0.002, "{disagreement}");
    // Both people miss 0.25 % of the AI's errors, and accuse it falsely in 0.25 % of its right answers.
    let expected = 0.01 * (1.0 - 0.0025) + 0.99 * 0.0025;
    let estimate = betting.estimate().unwrap();
    assert!((estimate.value - expected).abs() < 0.001, "{estimate:?} {expected}");
}

#[test]
fn what_an_audit_needs_next() {
    let base = Answers { ai: 1, ..Answers::default() };
    let step = |answers: Answers| next_step(&answers);
    assert_eq!(step(base), Step::First);
    assert_eq!(step(Answers { first: Some(1), ..base }), Step::Settled(Outcome::Right));
    assert_eq!(step(Answers { first: Some(1), recheck: true, ..base }), Step::Recheck);
    assert_eq!(step(Answers { first: Some(1), recheck: true, second: Some(2), ..base }), Step::Adjudicate);
    let found = Answers { first: Some(1), recheck: true, second: Some(2), adjudicated: Some(2), ..base };
    assert_eq!(step(found), Step::Settled(Outcome::WrongOnRecheck));
    assert_eq!(step(Answers { adjudicated: Some(1), ..found }), Step::Settled(Outcome::Right));
    assert_eq!(step(Answers { first: Some(0), ..base }), Step::Second);
    assert_eq!(step(Answers { first: Some(0), second: Some(0), ..base }), Step::Settled(Outcome::Wrong));
    // A person beside the AI is not enough: the AI's voice does not count here.
    assert_eq!(step(Answers { first: Some(0), second: Some(1), ..base }), Step::Adjudicate);
    assert_eq!(step(Answers { first: Some(0), second: Some(0), truth: Some(1), ..base }), Step::Settled(Outcome::Right));
}

#[test]
fn reviewers_errors_widen_the_bound() {
    // Two reviewers who are each wrong in 5 % differ in 9.5 %.
    let error = reviewer_error(950, 10_000, 0.95).unwrap();
    assert!((error.value - 0.05).abs() < 1e-12 && error.low < 0.05 && error.high > 0.05);
    let careful = Missed::by_reviewers(&error, 1.0).unwrap();
    let independent = Missed::by_reviewers(&error, 0.0).unwrap();
    assert!((careful.share() - error.high).abs() < 1e-15 && (independent.share() - error.high * error.high).abs() < 1e-15);
    assert!((careful.widen(0.019) - 0.019 / (1.0 - error.high)).abs() < 1e-15);
    assert_eq!(Missed::nothing().widen(0.02), 0.02);
    assert!(reviewer_error(50, 100, 0.95).is_err() && reviewer_error(0, 0, 0.95).is_err());
    assert!(Missed::by_reviewers(&Estimate { value: 0.4, low: 0.3, high: 0.5, n: 9 }, 1.0).is_err());
    assert!(Missed::by_reviewers(&error, 1.5).is_err());
}

#[test]
fn a_watch_survives_being_written_down() {
    let mut watch = Watch::new(Terms { recheck_share: 0.3, ..TERMS }).unwrap();
    let mut random = Random::new(9, 0);
    for i in 0..500 {
        watch.queue_mut().draw(i);
        if random.uniform() < 0.9 {
            watch.queue_mut().resolve(i as u64, if random.uniform() < 0.02 { Outcome::WrongOnRecheck } else { Outcome::Right });
        }
        watch.settle(i - 3);
        let text = serde_json::to_string(&watch).unwrap();
        assert_eq!(serde_json::from_str::<Watch>(&text).unwrap(), watch);
    }
}

#[test]
fn terms_and_changes_out_of_range_are_refused() {
    for (alpha, level, recheck_share) in
        [(0.0, 0.1, 1.0), (0.5, 0.1, 1.0), (f64::NAN, 0.1, 1.0), (0.1, 0.0, 1.0), (0.1, 1.0, 1.0), (0.1, 0.1, 0.0), (0.1, 0.1, 1.1)]
    {
        assert!(Watch::new(Terms { alpha, level, horizon_audits: 10, recheck_share }).is_err());
    }
    assert!(detection_delay(TERMS, Monitors::Both, Change { error_after: f64::NAN, ..CHANGE }, 1).is_err());
    // Every history is stopped long before the change.
    assert!(detection_delay(TERMS, Monitors::Both, Change { error_before: 0.5, ..CHANGE }, 1).is_err());
    assert!(Betting::new(TERMS).unwrap().estimate().is_err());
    assert!(Watch::new(Terms { horizon_audits: 0, ..TERMS }).is_ok());
    // A rate so small that the lattice would be too fine: the simple limit.
    let tiny = Ecusum::new(Terms { alpha: 1e-6, ..TERMS }).unwrap();
    assert!((tiny.log_limit() - (2_000.0f64 / 0.05).ln()).abs() < 1e-9);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Bounds enclose the rate, more errors never lower a bound, and the order of the audits does not matter to them.
    #[test]
    fn bounds_are_monotone(good in 0u64..3_000, bad in 0u64..60, weighted in 0u64..10, alpha in 0.001f64..0.3, share in 0.05f64..1.0) {
        let terms = Terms { alpha, level: 0.1, horizon_audits: 10, recheck_share: share };
        let make = |bad: u64| {
            let mut betting = Betting::new(terms).unwrap();
            (0..good).for_each(|_| betting.observe(Kind::Good));
            (0..weighted).for_each(|_| betting.observe(Kind::Weighted));
            (0..bad).for_each(|_| betting.observe(Kind::Bad));
            betting
        };
        let (less, more) = (make(bad), make(bad + 1));
        prop_assert!(less.lower() <= less.upper());
        prop_assert!(less.lower() <= more.lower() + 1e-12 && less.upper() <= more.upper() + 1e-12);
        prop_assert!(more.lower() <= more.estimate().unwrap().value + 1e-12);
        if more.estimate().unwrap().value < 1.0 {
            prop_assert!(more.upper() >= more.estimate().unwrap().value - 1e-12);
        }
        prop_assert_eq!(more.log_evidence() >= (1.0f64 / 0.1).ln(), more.lower() >= alpha);
    }
}
