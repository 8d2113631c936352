//! The arm chooser by hand, on a world with known truth, by properties and by the clock. Reads no file.

use super::*;
use crate::cost::MICROS;
use crate::fitted::Fitted;
use crate::random::Random;
use proptest::prelude::*;

const NONE: ByArm<Option<bool>> = [None; ARMS];

fn situation(top: u32) -> Situation {
    Situation { region: None, top, allowed: [true; ARMS], error: [MICROS; ARMS], time: [0, 50_000, 60_000, 50_000, 150_000] }
}

/// The AI is right as often as it says; people in .9 of the cases in region 1, .7 in region 2; advice and panels are unknown.
fn world(n: usize, seed: u64) -> Vec<Observation> {
    let mut random = Random::new(seed, 0);
    (0..n)
        .map(|i| {
            let region = 1 + (i % 2) as u32;
            let top = 0.5 + 0.5 * random.uniform();
            let ai = random.uniform() < top;
            let person = random.uniform() < if region == 1 { 0.9 } else { 0.7 };
            Observation { region: Some(region), top: billionths(top).unwrap(), right: [Some(ai), Some(person), None, None, None] }
        })
        .collect()
}

#[test]
fn the_cheapest_arm_is_chosen_by_hand() {
    // Eight of ten right everywhere, one bin: (8 + 1) / 12, then (8 + 20 * .75) / 30 = .7666..
    let rows: Vec<Observation> =
        (0..10).map(|i| Observation { region: None, top: 900_000_000, right: [Some(i < 8), Some(i < 9), None, None, None] }).collect();
    let arms = Arms::fit(&rows, 10).unwrap();
    assert_eq!(arms.bins(), 1);
    let verdict = arms.choose(&situation(900_000_000));
    assert_eq!(verdict.outlook[0], Outlook { chance: Some(766_666_666), n: 10, cost: Some(233_333) });
    // People: (9 + 1) / 12, then (9 + 20 * 10/12) / 30 = .8555..; an error costs .1444 and the look .05.
    assert_eq!(verdict.outlook[1].chance, Some(855_555_555));
    assert_eq!(verdict.outlook[1].cost, Some(194_444));
    assert_eq!(verdict.arm, Some(Arm::Person));
    assert_eq!(verdict.outlook[2], Outlook::default());
    // A dearer look, or people not allowed: the AI. Nothing allowed, or only what was never seen: nobody.
    let dear = Situation { time: [0, 90_000, 0, 0, 0], ..situation(900_000_000) };
    assert_eq!(arms.choose(&dear).arm, Some(Arm::Ai));
    let only = |allowed| arms.choose(&Situation { allowed, ..situation(900_000_000) }).arm;
    assert_eq!(only([true, false, true, true, true]), Some(Arm::Ai));
    assert_eq!(only([false, false, true, true, true]), None);
    assert_eq!(only([false; ARMS]), None);
}

#[test]
fn each_case_goes_to_whoever_is_better_there() {
    let arms = Arms::fit(&world(40_000, 1), 10).unwrap();
    let arm = |region, top: f64| arms.choose(&Situation { region: Some(region), ..situation(billionths(top).unwrap()) }).arm.unwrap();
    // A look costs .05: people where the AI is right in less than .85 (region 1) or .65 (region 2) of the cases.
    assert_eq!((arm(1, 0.6), arm(1, 0.8), arm(1, 0.95)), (Arm::Person, Arm::Person, Arm::Ai));
    assert_eq!((arm(2, 0.55), arm(2, 0.8), arm(2, 0.95)), (Arm::Person, Arm::Ai, Arm::Ai));
    // A region that was never seen is like all together.
    let new = arms.choose(&Situation { region: Some(77), ..situation(700_000_000) });
    let all = arms.choose(&situation(700_000_000));
    assert_eq!(new.outlook.map(|o| o.chance), all.outlook.map(|o| o.chance));
    assert_eq!(new.outlook[0].n, 0);
    // Costs by the world's own truth: the chooser is cheaper than either alone, on other cases.
    let cost = |choose: &dyn Fn(&Observation) -> Arm| -> f64 {
        let fresh = world(40_000, 2);
        fresh
            .iter()
            .map(|case| match choose(case) {
                Arm::Ai => f64::from(u8::from(case.right[0] == Some(false))),
                _ => f64::from(u8::from(case.right[1] == Some(false))) + 0.05,
            })
            .sum::<f64>()
            / 40_000.0
    };
    let chosen = cost(&|case| arms.choose(&Situation { region: case.region, ..situation(case.top) }).arm.unwrap());
    assert!(chosen + 0.04 < cost(&|_| Arm::Ai) && chosen + 0.04 < cost(&|_| Arm::Person), "{chosen}");
}

#[test]
fn a_table_that_is_kept_chooses_the_same_and_a_choice_takes_microseconds() {
    let arms = Arms::fit(&world(20_000, 3), BINS_MAX).unwrap();
    let json = serde_json::to_string(&Fitted::seal(arms.clone())).unwrap();
    assert_eq!(serde_json::from_str::<Fitted<Arms>>(&json).unwrap().open().unwrap(), arms);
    #[expect(clippy::disallowed_methods, reason = "the test measures how long a choice takes")]
    let now = std::time::Instant::now;
    // The best of many short runs: other work on the machine must not fail it.
    let best = (0..50)
        .map(|run: u32| {
            let start = now();
            let chosen = (0..200u32)
                .filter(|i| {
                    arms.choose(&Situation { region: Some(i % 3), ..situation(500_000_000 + run * 1_000 + i * 2_000_000) }).arm
                        == Some(Arm::Ai)
                })
                .count();
            assert!(chosen > 0);
            start.elapsed() / 200
        })
        .min()
        .unwrap();
    assert!(best.as_nanos() < 5_000, "{best:?}");
}

#[test]
fn hostile_input_is_refused_with_a_sentence() {
    let case = Observation { region: Some(u32::MAX), top: 0, right: NONE };
    assert!(matches!(Arms::fit(&[], 10), Err(crate::Error::CannotSay(_))));
    assert!(Arms::fit(&[case], 0).is_err() && Arms::fit(&[case], BINS_MAX + 1).is_err());
    assert!(Arms::fit(&[Observation { top: BILLIONTHS + 1, ..case }], 1).unwrap_err().to_string().contains("row 0"));
    // Nothing is known of any arm: nothing is chosen. Costs at the limit stay in range.
    assert_eq!(Arms::fit(&[case], 5).unwrap().choose(&situation(1)).arm, None);
    let known = Arms::fit(&[Observation { right: [Some(false); ARMS], ..case }], 5).unwrap();
    let verdict = known.choose(&Situation { error: [i64::MAX; ARMS], time: [i64::MAX; ARMS], ..situation(u32::MAX) });
    assert_eq!(verdict.arm, Some(Arm::Ai));
    assert_eq!(billionths(f64::NAN), None);
    assert_eq!((billionths(1.0), billionths(1.1)), (Some(BILLIONTHS), None));
}

proptest! {
    #[test]
    fn what_is_chosen_is_allowed_and_nothing_allowed_is_cheaper(
        seed in 0u64..50, region in 0u32..4, top in 0u32..=BILLIONTHS, allowed in any::<[bool; ARMS]>(),
        error in prop::array::uniform5(0i64..1 << 53), time in prop::array::uniform5(0i64..1 << 53),
    ) {
        let arms = Arms::fit(&world(60, seed), 8).unwrap();
        let case = Situation { region: Some(region), top, allowed, error, time };
        let verdict = arms.choose(&case);
        prop_assert_eq!(verdict, arms.choose(&case));
        if let Some(arm) = verdict.arm {
            prop_assert!(allowed[arm.index()]);
            let least = verdict.outlook[arm.index()].cost.unwrap();
            for other in Arm::ALL.into_iter().filter(|other| allowed[other.index()]) {
                if let Some(cost) = verdict.outlook[other.index()].cost {
                    prop_assert!(cost > least || (cost == least && other >= arm));
                }
            }
        } else {
            prop_assert!(!allowed[0] && !allowed[1]);
        }
    }
}
