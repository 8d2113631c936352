//! Worlds for the intervals: shares, means, differences, bootstraps. Never one in which the truth is not known exactly.

use countersign_science::{
    Estimate,
    bootstrap::{self, Clusters, Columns, Options},
    complementarity::{self, Credit},
    error::Result,
    interval, math,
    monitor::reference,
    random::Random,
};

use super::{Check, Claim, hit, normal, number};

/// Draws per bootstrap: the tails are then good to about half a percent.
const DRAWS: usize = 400;

pub fn checks() -> Vec<Check> {
    let check = |name, world, claim, run| Check { name, world, claim, run };
    vec![
        check("Wilson", "n = 8, rate .1", Claim::Covers(0.95, 0.03), |r| share(r, 8, 0.1, interval::wilson)),
        check("Wilson", "n = 60, rate .3", Claim::Covers(0.95, 0.02), |r| share(r, 60, 0.3, interval::wilson)),
        check("Wilson", "n = 400, rate .02", Claim::Covers(0.95, 0.03), |r| share(r, 400, 0.02, interval::wilson)),
        check("Clopper-Pearson", "n = 60, rate .3", Claim::AtLeast(0.95), |r| share(r, 60, 0.3, interval::clopper_pearson)),
        check("Clopper-Pearson, upper bound", "n = 300, rate .02", Claim::AtLeast(0.9), |r| {
            Some(interval::clopper_pearson_high(hits(r, 300, 0.02), 300, 0.1).unwrap() >= 0.02)
        }),
        check("Newcombe", ".8 of 40 less .65 of 60", Claim::Covers(0.95, 0.02), |r| {
            holds(interval::difference((hits(r, 40, 0.8), 40), (hits(r, 60, 0.65), 60), 0.95), 0.15)
        }),
        check("Student's t", "mean of 15 uniform draws", Claim::Covers(0.95, 0.01), |r| {
            let values: Vec<f64> = (0..15).map(|_| r.uniform()).collect();
            holds(interval::mean_t(&values, 0.95), 0.5)
        }),
        check("Hoeffding", "mean of 100 shares", Claim::AtLeast(0.95), |r| {
            let values: Vec<f64> = (0..100).map(|_| r.uniform()).collect();
            holds(interval::hoeffding(math::mean(&values).unwrap(), 100, 0.95), 0.5)
        }),
        check("Empirical Bernstein", "mean of 100 shares", Claim::AtLeast(0.95), |r| {
            let values: Vec<f64> = (0..100).map(|_| r.uniform()).collect();
            holds(interval::empirical_bernstein(&values, 0.95), 0.5)
        }),
        check("Bootstrap, rows, percentile", "mean of 100, skewed", Claim::Covers(0.95, 0.025), |r| {
            skewed(r, 100, |sums| sums.percentile(0.95, |s| Some(s[0] / s[1])))
        }),
        check("Bootstrap, rows, BCa", "mean of 100, skewed", Claim::Covers(0.95, 0.025), |r| {
            skewed(r, 100, |sums| sums.bca(0.95, |s| Some(s[0] / s[1])))
        }),
        check("Bootstrap, one-way", "40 people, 10 cases each", Claim::Covers(0.95, 0.025), |r| one_way(r, 40, 10)),
        check("Bootstrap, one-way", "12 people, 10 cases each", Claim::Covers(0.95, 0.035), |r| one_way(r, 12, 10)),
        check("Bootstrap, two-way", "25 people by 40 items", Claim::Covers(0.95, 0.03), two_way),
        check("CTP", "person .80, AI .75, pair .86; 40 people", Claim::Covers(0.95, 0.03), |r| {
            holds(compared(r, [0.8, 0.75, 0.86]).map(|c| c.ctp), 0.06)
        }),
        check("Pair less person", "person .80, AI .75, pair .86; 40 people", Claim::Covers(0.95, 0.025), |r| {
            holds(compared(r, [0.8, 0.75, 0.86]).map(|c| c.over_human), 0.06)
        }),
        check("Verdict *complementary*, falsely", "pair as good as the person", Claim::AtMost(0.025), |r| {
            Some(compared(r, [0.8, 0.75, 0.8]).ok()?.verdict == complementarity::Verdict::Complementary)
        }),
        check("Verdict *harmful*, falsely", "pair as good as the person", Claim::AtMost(0.05), |r| {
            Some(compared(r, [0.8, 0.75, 0.8]).ok()?.verdict == complementarity::Verdict::Harmful)
        }),
        check("Reviewers' error", "two reviewers wrong in 5 %, 400 pairs", Claim::Covers(0.95, 0.02), |r| {
            holds(reference::reviewer_error(hits(r, 400, 2.0 * 0.05 * 0.95), 400, 0.95), 0.05)
        }),
    ]
}

fn hits(random: &mut Random, n: u64, rate: f64) -> u64 {
    (0..n).filter(|_| hit(random, rate)).count() as u64
}

/// Whether the interval holds the truth; `None` where there is none.
pub fn holds(estimate: Result<Estimate>, truth: f64) -> Option<bool> {
    estimate.ok().map(|estimate| estimate.low <= truth && truth <= estimate.high)
}

fn share(random: &mut Random, n: u64, rate: f64, interval: fn(u64, u64, f64) -> Result<Estimate>) -> Option<bool> {
    holds(interval(hits(random, n, rate), n, 0.95), rate)
}

/// Exponential minutes of mean 1.
fn skewed(random: &mut Random, n: usize, interval: fn(&bootstrap::Sums) -> Result<Estimate>) -> Option<bool> {
    let values: Vec<f64> = (0..n).map(|_| -math::ln(1.0 - random.uniform())).collect();
    let columns = Columns::from_slices(&[&values, &vec![1.0; n]]).unwrap();
    holds(interval(&bootstrap::draw(&columns, Clusters::Rows, DRAWS, random.bits()).unwrap()), 1.0)
}

/// People of different skill, mean .7: between .5 and .9.
fn one_way(random: &mut Random, people: u32, cases: usize) -> Option<bool> {
    let (mut person, mut right) = (Vec::new(), Vec::new());
    for p in 0..people {
        let skill = 0.5 + 0.4 * random.uniform();
        for _ in 0..cases {
            person.push(p);
            right.push(number(hit(random, skill)));
        }
    }
    let columns = Columns::from_slices(&[&right, &vec![1.0; right.len()]]).unwrap();
    let sums = bootstrap::draw(&columns, Clusters::One(&person), DRAWS, random.bits()).unwrap();
    holds(sums.percentile(0.95, |s| Some(s[0] / s[1])), 0.7)
}

/// People and items of different difficulty, each seen by each: the mean is 0.
fn two_way(random: &mut Random) -> Option<bool> {
    let (people, items) = (25u32, 40u32);
    let skill: Vec<f64> = (0..people).map(|_| normal(random)).collect();
    let ease: Vec<f64> = (0..items).map(|_| normal(random)).collect();
    let (mut person, mut item, mut value) = (Vec::new(), Vec::new(), Vec::new());
    for (p, skill) in (0u32..).zip(&skill) {
        for (i, ease) in (0u32..).zip(&ease) {
            person.push(p);
            item.push(i);
            value.push(skill + ease + normal(random));
        }
    }
    let columns = Columns::from_slices(&[&value, &vec![1.0; value.len()]]).unwrap();
    let sums = bootstrap::draw(&columns, Clusters::Two(&person, &item), DRAWS, random.bits()).unwrap();
    holds(sums.percentile(0.95, |s| Some(s[0] / s[1])), 0.0)
}

/// Forty people with 12 cases each; person, AI and pair are right with the given rates on average, and all three fail together
/// more often than by chance, because people differ in what they get.
fn compared(random: &mut Random, rates: [f64; 3]) -> Result<complementarity::Compared> {
    let (mut person, mut columns) = (Vec::new(), [vec![], vec![], vec![]]);
    for p in 0..40u32 {
        let shift = 0.12 * (2.0 * random.uniform() - 1.0);
        for _ in 0..12 {
            person.push(p);
            let u = random.uniform();
            for (column, rate) in columns.iter_mut().zip(rates) {
                // Half of the luck is shared.
                let luck = if hit(random, 0.5) { u } else { random.uniform() };
                column.push(number(luck < rate + shift));
            }
        }
    }
    let credit = Credit { human: &columns[0], ai: &columns[1], pair: &columns[2] };
    complementarity::compare(&credit, Clusters::One(&person), &Options { level: 0.95, draws: DRAWS, seed: random.bits() })
}
