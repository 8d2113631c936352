//! Worlds for experiments and for the value of other policies. Never one whose truth is estimated.

use countersign_science::{
    Estimate,
    error::Result,
    experiment::{Design, Experiment, Interval, Row},
    policy_value::{self, Logged, Value},
    random::Random,
};

use super::{Check, Claim, hit, intervals::holds, number};

pub fn checks() -> Vec<Check> {
    let check = |name, world, claim, run| Check { name, world, claim, run };
    let near = Claim::Covers(0.95, 0.025);
    vec![
        check("Experiment, asymptotic sequence at all looks", ".6 and .7, changing odds, 1,000 rows", Claim::AtLeast(0.95), |r| {
            Some(sequence(r, Interval::Asymptotic))
        }),
        check("Experiment, exact sequence at all looks", "the same", Claim::AtLeast(0.95), |r| Some(sequence(r, Interval::Exact))),
        check("Replay", "3 arms, 400 rows", near, |r| {
            let world = World::new(r, 400);
            holds(policy_value::replay(3, &world.all, &world.policy(), 0.95).map(estimate), World::TRUTH)
        }),
        check("Inverse propensity", "the same", near, |r| valued(r, |logged, world| policy_value::ipw(&logged, &world.policy(), 0.95))),
        check("Inverse propensity, normalised", "the same", near, |r| {
            valued(r, |logged, world| policy_value::self_normalised(&logged, &world.policy(), 0.95))
        }),
        check("Doubly robust", "the same", near, |r| {
            valued(r, |logged, world| policy_value::doubly_robust(&logged, &world.policy(), &world.expected, 0.95))
        }),
        check("Doubly robust, predictions that are off", "the same", near, |r| {
            valued(r, |logged, world| {
                let off: Vec<f64> = world.expected.iter().map(|p| 0.8 - 0.5 * p).collect();
                policy_value::doubly_robust(&logged, &world.policy(), &off, 0.95)
            })
        }),
    ]
}

fn estimate(value: Value) -> Estimate {
    value.estimate
}

/// Whether every look of an experiment holds the difference of .1.
fn sequence(random: &mut Random, interval: Interval) -> bool {
    let design = Design { arms: 2, baseline: 0, level: 0.95, floor: 0.2, tuned_rows: 500, range: Some((0.0, 1.0)) };
    let mut experiment = Experiment::new(design).unwrap();
    (1..=1_000).all(|n| {
        let chance = 0.2 + 0.6 * random.uniform();
        let assigned = u32::from(hit(random, chance));
        let (propensity, rate) = if assigned == 1 { (chance, 0.7) } else { (1.0 - chance, 0.6) };
        experiment.observe(Row { assigned, received: None, propensity, outcome: number(hit(random, rate)) }).unwrap();
        n % 20 != 0 || holds(experiment.difference(1, interval), 0.1).unwrap_or(true)
    })
}

/// Three arms that are right in .3, .5 and .8, less up to one half by a feature that today's policy reads.
struct World {
    taken: Vec<u32>,
    propensities: Vec<f64>,
    outcome: Vec<f64>,
    all: Vec<f64>,
    expected: Vec<f64>,
}

impl World {
    const POLICY: [f64; 3] = [0.1, 0.2, 0.7];
    const TRUTH: f64 = 0.75 * (0.1 * 0.3 + 0.2 * 0.5 + 0.7 * 0.8);

    fn new(random: &mut Random, n: usize) -> Self {
        let mut world = Self { taken: vec![], propensities: vec![], outcome: vec![], all: vec![], expected: vec![] };
        for _ in 0..n {
            let feature = random.uniform();
            let chances = [0.6 - 0.2 * feature, 0.25, 0.15 + 0.2 * feature];
            let u = random.uniform();
            let taken = usize::from(u >= chances[0]) + usize::from(u >= chances[0] + chances[1]);
            let rates = [0.3, 0.5, 0.8].map(|rate| rate * (1.0 - 0.5 * feature));
            let outcomes = rates.map(|rate| number(hit(random, rate)));
            world.taken.push(taken as u32);
            world.propensities.extend(chances);
            world.outcome.push(outcomes[taken]);
            world.all.extend(outcomes);
            world.expected.extend(rates);
        }
        world
    }

    fn policy(&self) -> Vec<f64> {
        Self::POLICY.repeat(self.taken.len())
    }
}

fn valued(random: &mut Random, value: fn(Logged<'_>, &World) -> Result<Value>) -> Option<bool> {
    let world = World::new(random, 400);
    let logged = Logged { arms: 3, taken: &world.taken, propensities: &world.propensities, outcome: &world.outcome, floor: 0.05 };
    holds(value(logged, &world).map(estimate), World::TRUTH)
}
