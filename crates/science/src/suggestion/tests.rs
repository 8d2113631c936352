//! Patterns that were planted, bounds by hand, sample sizes from statsmodels 0.15.0 and SciPy 1.17.1.

use super::*;

const INFLOW: Inflow = Inflow { per_week: Some(500.0), blind_share: 0.1, classes: 3 };

fn names(n: usize) -> Vec<String> {
    (0..n).map(|i| format!("g{i}")).collect()
}

#[test]
fn planted_patterns_are_found_and_others_are_not() {
    // 40 people, 2,400 rows; region 2 is overridden in half of the cases, elsewhere in a tenth; time does not matter.
    let rows = 2_400usize;
    let people: Vec<u32> = (0..rows as u32).map(|i| i % 40).collect();
    let regions: Vec<u32> = (0..rows as u32).map(|i| i / 40 % 3).collect();
    let weeks: Vec<u32> = (0..rows as u32).map(|i| i / 600).collect();
    let suggestion = vec![1; rows];
    let mut random = crate::random::Random::new(4, 0);
    let answer: Vec<u32> = regions.iter().map(|r| u32::from(random.uniform() >= if *r == 2 { 0.5 } else { 0.1 })).collect();
    let (region_names, week_names, people_names) = (names(3), names(4), names(40));
    let groupings = [
        Grouping { by: "region", codes: &regions, names: &region_names },
        Grouping { by: "week", codes: &weeks, names: &week_names },
        Grouping { by: "person", codes: &people, names: &people_names },
    ];
    for clusters in [Clusters::Rows, Clusters::One(&people)] {
        let s = analyse(&suggestion, &answer, &groupings, clusters, &INFLOW, &Options::default()).unwrap();
        let rate = s.override_rate.unwrap();
        assert!((rate.value - 0.2333).abs() < 0.03 && rate.n == 2_400, "{rate:?}");
        assert_eq!(s.patterns.len(), 3 + 4 + 40);
        let find = |by: &str, name: &str| s.patterns.iter().find(|p| p.by == by && p.name == name).unwrap();
        assert!(find("region", "g2").p_holm.unwrap() < 1e-6 && (find("region", "g2").rate.value - 0.5).abs() < 0.06);
        assert!((0..4).all(|w| find("week", &format!("g{w}")).p_holm.unwrap() > 0.05));
        assert!(s.shows.iter().any(|line| line.contains("region is g2")) && !s.shows.iter().any(|line| line.contains("week is")));
        assert!(s.patterns.iter().all(|p| p.rate.low <= p.rate.value && p.rate.value <= p.rate.high));
        assert_eq!((s.bounds.len(), s.cannot_show.len()), (5, 4));
        let gain = s.bounds.last().unwrap();
        assert_eq!((gain.low, gain.high), (-rate.high, rate.high));
        assert!(s.plan.windows(2).all(|w| w[0].cases <= w[1].cases));
    }
}

#[test]
fn many_groups_are_joined_and_never_dropped() {
    let rows = 600usize;
    let codes: Vec<u32> = (0..rows as u32).map(|i| if i < 300 { i % 10 } else { 10 + i % 100 }).collect();
    let names = names(200);
    let suggestion = vec![0; rows];
    let answer: Vec<u32> = (0..rows as u32).map(|i| u32::from(i % 4 == 0)).collect();
    let grouping = Grouping { by: "queue", codes: &codes, names: &names };
    let s = analyse(&suggestion, &answer, &[grouping], Clusters::Rows, &INFLOW, &Options::default()).unwrap();
    assert_eq!((s.patterns.len(), s.patterns.iter().map(|p| p.rate.n).sum::<u64>()), (GROUPS_SHOWN_MAX, 600));
    assert_eq!(s.patterns.last().unwrap().name, "61 smaller groups");
}

#[test]
fn sample_sizes_are_the_textbooks() {
    // By hand: 1.96^2 / 4 / .05^2 = 384.1; / .03^2 = 1067.1.
    assert_eq!((cases_for_share(0.05, 0.5, 0.95).unwrap(), cases_for_share(0.03, 0.5, 0.95).unwrap()), (385, 1_068));
    // Fleiss, Levin, Paik, table A.4 without continuity correction; by hand for .6 against .7: 356.
    assert_eq!(cases_for_difference(0.6, 0.7, 0.95).unwrap(), 356);
    assert_eq!(cases_for_difference(0.7, 0.6, 0.95).unwrap(), 356);
    // Connor's formula by hand for 5 points of 20 that differ: (1.95996 * .44721 + .84162 * .44441)^2 / .0025 = 625.4.
    assert_eq!(cases_for_gain(0.05, 0.2, 0.95).unwrap(), 626);
    assert!(cases_for_gain(0.3, 0.2, 0.95).is_err() && cases_for_share(0.0, 0.5, 0.95).is_err());
    assert!(matches!(cases_for_difference(0.5, 0.5, 0.95), Err(Error::CannotSay(_))));
    assert_eq!((blind_share_within(400, 500.0, 8.0), blind_share_within(9_000, 500.0, 8.0)), (Some(0.1), None));
    // The promises of the plan: 149 cases without error; about 970 at half the promised error.
    let rate = interval::wilson(200, 1_000, 0.95).unwrap();
    let steps = plan(&rate, &INFLOW).unwrap();
    let cases = |what: &str| steps.iter().find(|s| s.statement.contains(what)).unwrap();
    assert_eq!(cases("finds no error").cases, 149);
    assert!((900..=1_050).contains(&cases("half of that").cases), "{}", cases("half of that").cases);
    assert!((cases("finds no error").weeks.unwrap() - 149.0 / 50.0).abs() < 1e-12);
    assert_eq!(plan(&rate, &Inflow { per_week: None, ..INFLOW }).unwrap()[0].weeks, None);
    for bad in [Inflow { blind_share: 0.0, ..INFLOW }, Inflow { per_week: Some(f64::NAN), ..INFLOW }] {
        assert!(plan(&rate, &bad).is_err());
    }
}

#[test]
fn the_power_that_is_promised_is_there() {
    // McNemar's test by simulation at the number of cases that the plan counts.
    let n = cases_for_gain(0.05, 0.2, 0.95).unwrap();
    let z = special::z_two_sided(0.95);
    let found = (0..2_000u64).filter(|run| {
        let mut random = crate::random::Random::new(3, *run);
        let differing = crate::sample::binomial(&mut random, n, 0.2);
        let wins = crate::sample::binomial(&mut random, differing, 0.125 / 0.2) as f64;
        let losses = differing as f64 - wins;
        (wins - losses) / (wins + losses).sqrt() > z
    });
    let power = found.count() as f64 / 2_000.0;
    assert!((power - POWER).abs() < 0.03, "{power}");
}

#[test]
fn the_ends_are_said_and_bad_input_is_refused() {
    let same = vec![1; 30];
    let s = analyse(&same, &same, &[], Clusters::Rows, &INFLOW, &Options::default()).unwrap();
    assert_eq!((s.override_rate.unwrap().value, s.override_rate.unwrap().low), (0.0, 0.0));
    assert!(!s.plan.is_empty());
    assert!(matches!(analyse(&[], &[], &[], Clusters::Rows, &INFLOW, &Options::default()), Err(Error::CannotSay(_))));
    assert!(analyse(&same, &same[..3], &[], Clusters::Rows, &INFLOW, &Options::default()).is_err());
    let bad = Grouping { by: "x", codes: &same, names: &[] };
    assert!(analyse(&same, &same, &[bad], Clusters::Rows, &INFLOW, &Options::default()).unwrap_err().to_string().contains("no name"));
    let two = names(2);
    let alone = Grouping { by: "x", codes: &same, names: &two };
    assert_eq!(analyse(&same, &same, &[alone], Clusters::Rows, &INFLOW, &Options::default()).unwrap().patterns[0].p_holm, None);
}
