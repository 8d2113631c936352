//! Worlds for certificates, monitors and prediction sets. Never one in which a promise could not be kept.

use countersign_science::{
    ProbabilityTable,
    conformal::{self, Adaptive, Empty, Score},
    drift::{self, ErrorWatches},
    math,
    monitor::{Betting, Ecusum, Kind, Outcome, Terms, Watch},
    random::Random,
    risk::{self, Context, Promise, Risk},
};

use super::{Check, Claim, hit};

const PROMISE: Promise = Promise { alpha: 0.02, delta: 0.1 };
const TERMS: Terms = Terms { alpha: 0.02, level: 0.05, horizon_audits: 1_000, recheck_share: 1.0 };
const RECHECKED: Terms = Terms { recheck_share: 0.25, ..TERMS };

pub fn checks() -> Vec<Check> {
    [certificates(), monitors(), sets()].into_iter().flatten().collect()
}

fn check(name: &'static str, world: &'static str, claim: Claim, run: fn(&mut Random) -> Option<bool>) -> Check {
    Check { name, world, claim, run }
}

fn certificates() -> Vec<Check> {
    vec![
        check("Fixed sequence, broken promise", "error falls with the score; 3,000 rows", Claim::AtMost(0.1), |r| Some(sequence(r))),
        check("Naive threshold, broken promise (a warning, not a method)", "the same", Claim::AtLeast(0.35), |r| Some(naive(r))),
        check("Certificate, broken promise", "the same, first attempt", Claim::AtMost(0.1), |r| Some(certificate(r))),
        check("Certificates of 8 refits, any broken", "the same, on growing rows", Claim::AtMost(0.1), |r| Some(refits(r))),
        check("Certificates of 4 regions, any broken", "the same in each", Claim::AtMost(0.1), |r| Some(regions(r))),
        check("Certificate of a miss rate, broken promise", "a critical class of 20 %", Claim::AtMost(0.1), |r| Some(misses(r))),
    ]
}

fn monitors() -> Vec<Check> {
    vec![
        check("Betting sequence, false stop", "error 2 % as promised, 3,000 audits", Claim::AtMost(0.05), |r| {
            let mut betting = Betting::new(TERMS).unwrap();
            (0..3_000).for_each(|_| betting.observe(plain(r)));
            Some(betting.stopped())
        }),
        check("Betting sequence, upper bound at all looks", "error 3 %, 2,000 audits, with rechecks", Claim::AtLeast(0.95), |r| {
            Some(bound(r, |betting| betting.upper() >= 0.03))
        }),
        check("Betting sequence, lower bound at all looks", "the same", Claim::AtLeast(0.95), |r| {
            Some(bound(r, |betting| betting.lower() <= 0.03))
        }),
        check("e-CUSUM, false stop", "error 2 % as promised, 1,000 audits", Claim::AtMost(0.05), |r| {
            let mut cusum = Ecusum::new(TERMS).unwrap();
            (0..1_000).for_each(|_| cusum.observe(plain(r)));
            Some(cusum.stopped())
        }),
        check("e-CUSUM, false stop", "the same, all errors found by rechecks of a quarter", Claim::AtMost(0.05), |r| {
            let mut cusum = Ecusum::new(RECHECKED).unwrap();
            (0..1_000).for_each(|_| cusum.observe(rechecked(r)));
            Some(cusum.stopped())
        }),
        check("Both monitors, false stop", "the same, half of the errors by rechecks", Claim::AtMost(0.05), |r| {
            let mut watch = Watch::new(RECHECKED).unwrap();
            for _ in 0..1_000 {
                let kind = if hit(r, 0.5) { rechecked(r) } else { plain(r) };
                watch.observe(match kind {
                    Kind::Good => Outcome::Right,
                    Kind::Bad => Outcome::Wrong,
                    Kind::Weighted => Outcome::WrongOnRecheck,
                });
            }
            Some(watch.stop().is_some())
        }),
        check("PSI, null band", "10 bins, 1,000 rows before and 400 after", Claim::Covers(0.95, 0.02), |r| {
            let labels: Vec<String> = (0..10).map(|bin| bin.to_string()).collect();
            let mut draw = |n: usize| {
                let mut counts = vec![0u64; 10];
                (0..n).for_each(|_| counts[r.below(10)] += 1);
                counts
            };
            let shift = drift::psi("x", &labels, &draw(1_000), &draw(400), 0.95).unwrap();
            Some(shift.index <= shift.null_high)
        }),
        check("Watches of 5 classes, any false warning", "usual errors of 5 %, 400 cases each", Claim::AtMost(0.05), |r| {
            let names: Vec<(String, f64)> = (0..5).map(|class| (class.to_string(), 0.05)).collect();
            let mut watches = ErrorWatches::new(&names, 0.05, 400).unwrap();
            (0..2_000).for_each(|case| drop(watches.observe(case % 5, hit(r, 0.05))));
            Some(watches.warned().next().is_some())
        }),
    ]
}

fn sets() -> Vec<Check> {
    // Exchangeable rows: coverage is exactly .9 with 99 rows, and needs no tolerance but the simulation's.
    let exact = Claim::Covers(0.9, 0.0);
    vec![
        check("Prediction set, LAC", "99 rows to fit, 5 classes", exact, |r| Some(set(r, Score::Lac))),
        check("Prediction set, APS", "the same", exact, |r| Some(set(r, Score::Aps))),
        check("Prediction set, RAPS", "the same", exact, |r| Some(set(r, Score::Raps { penalty: 0.05, free: 1 }))),
        check("Prediction set, Mondrian, in the harder group", "99 rows of 1,099", exact, |r| Some(mondrian(r))),
        check("Adaptive sets, misses within the bound", "scores that grow by half over 2,000 rows", Claim::AtLeast(1.0), |r| {
            let mut adaptive = Adaptive::new(0.1, 0.02, 300).unwrap();
            for row in 0..2_000u32 {
                adaptive.observe(r.uniform() * (1.0 + f64::from(row) / 4_000.0));
            }
            let (rows, missed) = adaptive.counts();
            Some((missed as f64 / rows as f64 - 0.1).abs() <= adaptive.bound())
        }),
    ]
}

/// An audit of a right promise of 2 %.
fn plain(random: &mut Random) -> Kind {
    if hit(random, 0.02) { Kind::Bad } else { Kind::Good }
}

/// The same where only rechecks find the errors.
fn rechecked(random: &mut Random) -> Kind {
    if hit(random, 0.02 * RECHECKED.recheck_share) { Kind::Weighted } else { Kind::Good }
}

/// Rows whose error rate is `.1 (1 - score)`: .05 on average, and `.05 (1 - t)` among those that score at least t.
fn rows(random: &mut Random, n: usize) -> (Vec<f64>, Vec<bool>) {
    (0..n)
        .map(|_| {
            let score = random.uniform();
            (score, hit(random, 0.1 * (1.0 - score)))
        })
        .unzip()
}

fn breaks(threshold: f64) -> bool {
    0.05 * (1.0 - threshold) > PROMISE.alpha
}

/// A grid and a start from 500 rows, and its points on other ones.
fn points(random: &mut Random, scores: &[f64], wrong: &[bool]) -> (Vec<risk::Point>, usize) {
    let (fit, fit_wrong) = rows(random, 500);
    let grid = risk::grid(&fit, &risk::coverages(0.05, 39)).unwrap();
    let elsewhere = risk::error_points(&grid, &fit, &fit_wrong).unwrap();
    let start = risk::start(&elsewhere, 500, scores.len() as u64, PROMISE).unwrap().unwrap_or(0);
    (risk::error_points(&grid, scores, wrong).unwrap(), start)
}

fn sequence(random: &mut Random) -> bool {
    let (scores, wrong) = rows(random, 3_000);
    let (points, start) = points(random, &scores, &wrong);
    risk::fixed_sequence(&[(PROMISE.alpha, &points)], start, PROMISE.delta).is_some_and(|j| breaks(points[j].threshold))
}

fn naive(random: &mut Random) -> bool {
    let (scores, wrong) = rows(random, 3_000);
    risk::naive(&scores, &wrong, PROMISE.alpha).unwrap().is_some_and(breaks)
}

fn context() -> Context {
    Context { proposer: String::new(), router: String::new(), region: None, evidence: String::new(), expires_at: 0 }
}

fn certificate(random: &mut Random) -> bool {
    let (scores, wrong) = rows(random, 3_000);
    let (points, start) = points(random, &scores, &wrong);
    risk::certify(PROMISE, Risk::Error, &points, start, 1, context()).is_ok_and(|c| breaks(c.threshold))
}

fn refits(random: &mut Random) -> bool {
    let (scores, wrong) = rows(random, 4_800);
    (1..=8usize).any(|attempt| {
        let n = 600 * attempt;
        let (points, start) = points(random, &scores[..n], &wrong[..n]);
        risk::certify(PROMISE, Risk::Error, &points, start, attempt as u64, context()).is_ok_and(|c| breaks(c.threshold))
    })
}

fn regions(random: &mut Random) -> bool {
    let region = |_| {
        let (scores, wrong) = rows(random, 3_000);
        points(random, &scores, &wrong)
    };
    let regions: Vec<(Vec<risk::Point>, usize)> = (0..4).map(region).collect();
    let handed: Vec<(&[risk::Point], usize, Context)> =
        regions.iter().map(|(points, start)| (points.as_slice(), *start, context())).collect();
    risk::certify_groups(PROMISE, Risk::Error, &handed, 1).unwrap().iter().flatten().any(|c| breaks(c.threshold))
}

/// Every fifth row is critical; of those that score at least t, `.1 (1 - score)` are missed: `.05 (1 - t)^2` of all critical ones.
fn misses(random: &mut Random) -> bool {
    let grid: Vec<f64> = (0..40).map(|j| 0.975 - 0.025 * f64::from(j)).collect();
    let (scores, wrong) = rows(random, 3_000);
    let critical: Vec<bool> = (0..3_000).map(|_| hit(random, 0.2)).collect();
    let points = risk::miss_points(&grid, &scores, &critical, &wrong).unwrap();
    let certificate = risk::certify(PROMISE, Risk::Miss { class: 0 }, &points, 0, 1, context());
    certificate.is_ok_and(|c| 0.05 * (1.0 - c.threshold) * (1.0 - c.threshold) > PROMISE.alpha)
}

/// Whether a bound holds at every fiftieth of 2,000 audits with an error of 3 %, a part of it found by rechecks.
fn bound(random: &mut Random, holds: fn(&Betting) -> bool) -> bool {
    let mut betting = Betting::new(RECHECKED).unwrap();
    (1..=2_000).all(|audit| {
        let u = random.uniform();
        // .018 + 4 * .003 = .03.
        let kind = if u < 0.018 {
            Kind::Bad
        } else if u < 0.021 {
            Kind::Weighted
        } else {
            Kind::Good
        };
        betting.observe(kind);
        audit % 50 != 0 || holds(&betting)
    })
}

/// Rows of five classes from a model that knows its own doubt.
fn world(random: &mut Random, n: usize, sharp: f64) -> (ProbabilityTable, Vec<u32>) {
    let (mut values, mut truth) = (Vec::new(), Vec::new());
    for _ in 0..n {
        let row: Vec<f64> = (0..5).map(|_| math::exp(sharp * random.uniform())).collect();
        let total = math::sum(row.iter().copied());
        let mut left = random.uniform() * total;
        let drawn = row.iter().position(|value| {
            left -= value;
            left < 0.0
        });
        truth.push(drawn.unwrap_or(4) as u32);
        values.extend(row.iter().map(|value| value / total));
    }
    (ProbabilityTable::new(values, 5).unwrap(), truth)
}

fn set(random: &mut Random, score: Score) -> bool {
    let (calibration, truth) = world(random, 99, 6.0);
    let sets = conformal::fit(calibration.view(), &truth, score, 0.1, Empty::Keep).unwrap();
    let (row, truth) = world(random, 1, 6.0);
    sets.set(row.view().row(0), 0).contains(&truth[0])
}

fn mondrian(random: &mut Random) -> bool {
    let ((easy, mut truth), (hard, hard_truth)) = (world(random, 1_000, 9.0), world(random, 99, 1.0));
    truth.extend(hard_truth);
    let all = ProbabilityTable::new([easy.view().values(), hard.view().values()].concat(), 5).unwrap();
    let groups: Vec<u32> = (0..1_099).map(|row| u32::from(row >= 1_000)).collect();
    let sets = conformal::fit_groups(all.view(), &truth, &groups, Score::Lac, 0.1, Empty::Keep).unwrap();
    let (row, truth) = world(random, 1, 1.0);
    sets.set(row.view().row(0), 1).contains(&truth[0])
}
