//! Known answers from SciPy 1.17.1, coverage by simulation, and what may not matter: threads, order, names of clusters.

use proptest::prelude::*;

use super::*;
use crate::{interval, math};

fn ones(rows: usize, value: impl Fn(usize) -> f64) -> Columns {
    Columns::from_fn(rows, 2, |i, out| out.copy_from_slice(&[value(i), 1.0]))
}

fn ratio(sums: &[f64]) -> Option<f64> {
    sums::divide(sums, 0, 1)
}

fn normal(random: &mut Random) -> f64 {
    crate::special::normal_quantile(random.uniform().max(1e-300))
}

#[test]
fn intervals_of_a_mean_are_scipys() {
    // scipy.stats.bootstrap((x,), numpy.mean, n_resamples=499_999, rng=default_rng(1)) of this skewed sample.
    const SCIPY: [f64; 4] = [1.395, 3.215, 1.515, 3.485];
    let x = [0.1, 0.3, 0.4, 0.6, 0.7, 0.9, 1.0, 1.2, 1.3, 1.5, 1.6, 1.9, 2.1, 2.4, 2.6, 3.0, 3.9, 4.2, 5.6, 9.0];
    let sums = draw(&ones(x.len(), |i| x[i]), Clusters::Rows, 200_000, 1).unwrap();
    assert_eq!(sums.point(), [math::sum(x), 20.0]);
    // The level that the expansion turns into the plain tail, so that the two are comparable.
    let level = {
        let (mut low, mut high) = (0.8, 0.999);
        for _ in 0..60 {
            let middle = 0.5 * (low + high);
            let t = crate::special::student_t_quantile(0.5 * (1.0 - middle), 19.0) * (20.0f64 / 19.0).sqrt();
            if crate::special::normal_cdf(t) > 0.025 { low = middle } else { high = middle }
        }
        low
    };
    let plain = sums.percentile(level, ratio).unwrap();
    let better = sums.bca(level, ratio).unwrap();
    assert!((plain.low - SCIPY[0]).abs() < 0.02 && (plain.high - SCIPY[1]).abs() < 0.02, "{plain:?}");
    assert!((better.low - SCIPY[2]).abs() < 0.02 && (better.high - SCIPY[3]).abs() < 0.03, "{better:?}");
    // Expanded, it is about Student's t interval, shifted towards the tail.
    let wide = sums.percentile(0.95, ratio).unwrap();
    assert!(wide.low < plain.low && wide.high > plain.high);
}

#[test]
fn the_number_of_threads_does_not_matter() {
    let codes: Vec<u32> = (0..3_000).map(|i| i / 30).collect();
    let items: Vec<u32> = (0..3_000).map(|i| i % 71).collect();
    let columns = ones(3_000, |i| ((i * 7_919) % 13) as f64 / 3.0);
    for clusters in [Clusters::Rows, Clusters::One(&codes), Clusters::Two(&codes, &items)] {
        let with = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| draw(&columns, clusters, 99, 5).unwrap().draws)
        };
        assert_eq!(with(1), with(2));
        assert_eq!(with(1), with(3));
    }
}

#[test]
fn cells_groups_and_rows_have_the_same_spread() {
    // 0/1 outcomes are drawn by cells; a tiny disturbance makes every row different, and they are walked over (in groups).
    let rows = 50_000;
    let by_cells = draw(&ones(rows, |i| f64::from(i % 5 == 0)), Clusters::Rows, 2_000, 3).unwrap();
    assert!(by_cells.units.counts.is_some());
    let by_groups = draw(&ones(rows, |i| f64::from(i % 5 == 0) + i as f64 * 1e-12), Clusters::Rows, 2_000, 3).unwrap();
    assert!(by_groups.units.counts.is_none() && by_groups.units.totals.len() == 2 * GROUPS_MAX);
    let exact = interval::wilson(10_000, 50_000, 0.95).unwrap();
    for sums in [by_cells, by_groups] {
        for e in [sums.percentile(0.95, ratio).unwrap(), sums.bca(0.95, ratio).unwrap(), sums.ratio(0, 1, 0.95).unwrap()] {
            let width = (e.high - e.low) / (exact.high - exact.low);
            assert!((e.value - 0.2).abs() < 1e-6 && (width - 1.0).abs() < 0.1 && e.n == 50_000, "{e:?} {exact:?}");
        }
    }
}

#[test]
fn clusters_that_agree_within_count_as_one() {
    // 40 people whose 25 rows are all the same: the interval is that of 40 rows.
    let codes: Vec<u32> = (0..1_000).map(|i| 900_000_000 + i / 25).collect();
    let columns = ones(1_000, |i| f64::from((i / 25) % 4 == 0));
    let e = draw(&columns, Clusters::One(&codes), 4_000, 1).unwrap().percentile(0.95, ratio).unwrap();
    let forty: Vec<f64> = (0..40).map(|i| f64::from(i % 4 == 0)).collect();
    let t = interval::mean_t(&forty, 0.95).unwrap();
    assert!((e.low - t.low).abs() < 0.03 && (e.high - t.high).abs() < 0.04, "{e:?} {t:?}");
}

#[test]
fn designs_that_are_not_crossed_are_drawn_one_way() {
    let people: Vec<u32> = (0..600).map(|i| i / 20).collect();
    let unique: Vec<u32> = (0..600).collect();
    let columns = ones(600, |i| f64::from(i % 3 == 0));
    let one = draw(&columns, Clusters::One(&people), 50, 1).unwrap();
    assert_eq!(draw(&columns, Clusters::Two(&people, &unique), 50, 1).unwrap().draws, one.draws);
    assert_eq!(draw(&columns, Clusters::Two(&unique, &people), 50, 1).unwrap().draws, one.draws);
    let alone = vec![7; 600];
    assert_eq!(draw(&columns, Clusters::Two(&alone, &people), 50, 1).unwrap().draws, one.draws);
    let why = draw(&columns, Clusters::One(&alone), 50, 1).unwrap_err();
    assert!(matches!(why, Error::CannotSay(_)), "{why}");
}

/// How often the interval holds the true mean of a crossed design with these standard deviations.
fn two_way_coverage(person: f64, item: f64, noise: f64) -> f64 {
    let (people, items, runs) = (40u32, 30u32, 300u64);
    let who: Vec<u32> = (0..people * items).map(|i| i / items).collect();
    let what: Vec<u32> = (0..people * items).map(|i| i % items).collect();
    let covered = (0..runs).filter(|run| {
        let mut random = Random::new(99, *run);
        let p: Vec<f64> = (0..people).map(|_| person * normal(&mut random)).collect();
        let t: Vec<f64> = (0..items).map(|_| item * normal(&mut random)).collect();
        let values: Vec<f64> =
            who.iter().zip(&what).map(|(w, t_at)| 1.0 + p[*w as usize] + t[*t_at as usize] + noise * normal(&mut random)).collect();
        let e = draw(&ones(values.len(), |i| values[i]), Clusters::Two(&who, &what), 400, *run).unwrap().percentile(0.95, ratio).unwrap();
        e.low <= 1.0 && 1.0 <= e.high
    });
    covered.count() as f64 / runs as f64
}

#[test]
fn two_way_intervals_cover_with_and_without_effects() {
    // 300 runs: the standard error of a coverage of .95 is .0126.
    for (person, item, noise) in [(1.0, 1.0, 1.0), (1.0, 0.0, 1.0), (0.0, 0.0, 1.0)] {
        let coverage = two_way_coverage(person, item, noise);
        assert!((0.915..=0.99).contains(&coverage), "person {person} item {item} noise {noise}: {coverage}");
    }
}

#[test]
fn what_cannot_be_drawn_is_refused() {
    let columns = ones(4, |_| 1.0);
    assert!(matches!(draw(&ones(0, |_| 1.0), Clusters::Rows, 10, 1), Err(Error::CannotSay(_))));
    assert!(matches!(draw(&ones(1, |_| 1.0), Clusters::Rows, 10, 1), Err(Error::CannotSay(_))));
    assert!(draw(&ones(2, |_| f64::NAN), Clusters::Rows, 10, 1).unwrap_err().to_string().contains("row 0"));
    assert!(draw(&columns, Clusters::One(&[1]), 10, 1).unwrap_err().to_string().contains("one a row"));
    assert!(draw(&columns, Clusters::Rows, 0, 1).is_err());
    let sums = draw(&columns, Clusters::Rows, 10, 1).unwrap();
    assert!(matches!(sums.percentile(0.95, |_| None), Err(Error::CannotSay(_))));
    assert!(sums.percentile(1.5, ratio).is_err());
    // One row in twenty carries the figure: a third of the draws does not have it.
    let rare = Columns::from_fn(20, 2, |i, out| out[1] = f64::from(i == 0));
    let why = draw(&rare, Clusters::Rows, 500, 1).unwrap().ratio(0, 1, 0.95).unwrap_err();
    assert!(why.to_string().contains("draws"), "{why}");
    assert!(Columns::from_slices(&[&[1.0], &[1.0, 2.0]]).is_err() && Columns::from_slices(&[]).is_err());
    assert!(quantile(&[], 0.5).is_nan());
    assert_eq!((quantile(&[1.0, 2.0, 4.0], 0.75), quantile(&[3.0], 0.1)), (3.0, 3.0));
}

proptest! {
    #[test]
    fn a_constant_has_no_spread_and_a_scale_only_scales(seed: u64, scale in 0.1f64..10.0) {
        let columns = ones(60, |_| scale);
        let e = draw(&columns, Clusters::Rows, 50, seed).unwrap().bca(0.9, ratio).unwrap();
        prop_assert!((e.low - scale).abs() < 1e-12 && (e.high - scale).abs() < 1e-12);
        let plain = draw(&ones(60, |i| i as f64), Clusters::Rows, 50, seed).unwrap().percentile(0.9, ratio).unwrap();
        let scaled = draw(&ones(60, |i| i as f64 * scale), Clusters::Rows, 50, seed).unwrap().percentile(0.9, ratio).unwrap();
        prop_assert!((plain.low * scale - scaled.low).abs() < 1e-9 && (plain.high * scale - scaled.high).abs() < 1e-9);
    }
}

#[test]
#[ignore = "a measurement, to be run with --release and --nocapture"]
fn a_million_rows_are_quick() {
    let rows = 1_000_000;
    let people: Vec<u32> = (0..rows as u32).map(|i| i % 1_000).collect();
    let items: Vec<u32> = (0..rows as u32).map(|i| i.wrapping_mul(2_654_435_761) >> 12).collect();
    let right = Columns::from_fn(rows, 4, |i, out| {
        out.copy_from_slice(&[f64::from(i % 3 == 0), f64::from(i % 7 == 0), f64::from(i % 2 == 0), 1.0])
    });
    let scores = ones(rows, |i| (i as f64 * 0.001).sin());
    for (name, columns, clusters) in [
        ("cells", &right, Clusters::Rows),
        ("groups", &scores, Clusters::Rows),
        ("people", &right, Clusters::One(&people)),
        ("items", &right, Clusters::One(&items)),
        ("two-way", &right, Clusters::Two(&people, &items)),
    ] {
        #[expect(clippy::disallowed_methods, reason = "a measurement")]
        let start = std::time::Instant::now();
        let sums = draw(columns, clusters, 1_000, 1).unwrap();
        let drawn = start.elapsed();
        let e = sums.bca(0.95, divide_last).unwrap();
        println!("{name}: drawn {drawn:?}, with one interval {:?}; {e:?}", start.elapsed());
    }
}

fn divide_last(sums: &[f64]) -> Option<f64> {
    sums::divide(sums, 0, sums.len() - 1)
}

/// How often a share's interval holds the truth, with people whose own rates vary around it (a beta distribution).
fn share_coverage(people: u32, rows_each: u32, rate: f64, concentration: f64) -> f64 {
    let runs = 400u64;
    let who: Vec<u32> = (0..people * rows_each).map(|i| i / rows_each).collect();
    let covered = (0..runs).filter(|run| {
        let mut random = Random::new(41, *run);
        let own: Vec<f64> = (0..people)
            .map(|_| crate::special::beta_quantile(random.uniform(), rate * concentration, (1.0 - rate) * concentration))
            .collect();
        let hits: Vec<f64> = who.iter().map(|w| f64::from(random.uniform() < own[*w as usize])).collect();
        let sums = draw(&ones(hits.len(), |i| hits[i]), Clusters::One(&who), 300, *run).unwrap();
        let e = sums.share(0, 1, 0.95).unwrap();
        e.low <= rate && rate <= e.high
    });
    covered.count() as f64 / runs as f64
}

#[test]
fn clustered_shares_cover_also_where_they_are_rare() {
    // 400 runs: the standard error of a coverage of .95 is .011. Rare shares of few people may be covered more often, not less.
    for (people, rows_each, rate, concentration) in [(40, 20, 0.3, 5.0), (12, 25, 0.5, 10.0), (30, 10, 0.04, 8.0), (200, 5, 0.9, 3.0)] {
        let coverage = share_coverage(people, rows_each, rate, concentration);
        assert!((0.92..=1.0).contains(&coverage), "{people} people, {rows_each} rows each, rate {rate}: {coverage}");
    }
}
