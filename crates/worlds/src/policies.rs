//! Fixed policies on the same cases, with the same people giving the same answers: what the platform is held against. Never limited
//! by how many cases people can take a day, and the best threshold is found in hindsight: they are favoured, and it is said.

use crate::draws::{Case, Draws};
use serde::Serialize;

/// What a policy comes to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Tally {
    /// Cases decided.
    pub cases: u64,
    /// Of these, wrongly.
    pub errors: u64,
    /// Cost of the errors, in units.
    pub error_cost: f64,
    /// Minutes of people.
    pub minutes: f64,
    /// Cost of errors and minutes together, in units.
    pub cost: f64,
}

impl Tally {
    /// Takes a decision in: what its answer costs, and the minutes it took.
    pub fn add(&mut self, draws: &Draws<'_>, case: &Case, answer: usize, minutes: f64) {
        self.cases += 1;
        self.errors += u64::from(answer != case.truth);
        self.error_cost += error_cost(draws, case, answer);
        self.minutes += minutes;
        self.cost = self.error_cost + self.minutes * minute(draws);
    }

    /// Minutes that went into cases which are not decided.
    pub fn add_minutes(&mut self, draws: &Draws<'_>, minutes: f64) {
        self.minutes += minutes;
        self.cost = self.error_cost + self.minutes * minute(draws);
    }

    /// Cost a decided case, in units; 0 where there is none.
    #[must_use]
    pub fn cost_per_case(&self) -> f64 {
        self.cost / self.cases.max(1) as f64
    }

    /// Share of errors; 0 where nothing is decided.
    #[must_use]
    pub fn error_rate(&self) -> f64 {
        self.errors as f64 / self.cases.max(1) as f64
    }
}

fn error_cost(draws: &Draws<'_>, case: &Case, answer: usize) -> f64 {
    draws.world.costs.error(case.truth as u32, answer as u32) as f64 / countersign_science::cost::MICROS as f64
}

fn minute(draws: &Draws<'_>) -> f64 {
    draws.world.costs.time(60_000) as f64 / countersign_science::cost::MICROS as f64
}

/// The fixed policies.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Policies {
    /// One person answers, without advice.
    pub people: Tally,
    /// The proposer answers: the one that is cheapest in hindsight.
    pub ai: Tally,
    /// One person answers, with the surest advice shown.
    pub advice: Tally,
    /// The proposer answers from the best threshold on its top probability on, people below: proposer and threshold in hindsight.
    pub threshold: Tally,
    /// The threshold, in billionths; above 10^9 where nothing is best left to the proposer.
    pub threshold_at: u32,
    /// Whoever is cheapest on this very case, known beforehand: no policy can be better than that.
    pub oracle: Tally,
}

/// What every case comes to in the hands of each.
struct Arms {
    own: usize,
    advised: usize,
    minutes: f64,
}

/// Runs the fixed policies over all cases.
#[must_use]
pub fn run(draws: &Draws<'_>) -> Policies {
    let arms: Vec<Arms> = draws.cases.iter().enumerate().map(|(at, case)| arms(draws, at, case)).collect();
    let both = || draws.cases.iter().zip(&arms);
    let (mut people, mut advice, mut oracle) = (Tally::default(), Tally::default(), Tally::default());
    for (case, arm) in both() {
        people.add(draws, case, arm.own, arm.minutes);
        advice.add(draws, case, arm.advised, arm.minutes);
        let (answer, minutes) = cheapest(draws, case, arm);
        oracle.add(draws, case, answer, minutes);
    }
    let proposers = 0..draws.world.proposers.len();
    let alone = |proposer: usize| {
        let mut tally = Tally::default();
        for (case, _) in both() {
            tally.add(draws, case, case.proposed.get(proposer).copied().unwrap_or(0), 0.0);
        }
        tally
    };
    let ai = proposers.clone().map(alone).min_by(|a, b| a.cost.total_cmp(&b.cost)).unwrap_or_default();
    let thresholds = proposers.map(|proposer| threshold(draws, proposer, &arms, &people));
    let (threshold, threshold_at) = thresholds.min_by(|a, b| a.0.cost.total_cmp(&b.0.cost)).unwrap_or((people, u32::MAX));
    Policies { people, ai, advice, threshold, threshold_at, oracle }
}

fn arms(draws: &Draws<'_>, at: usize, case: &Case) -> Arms {
    let own = draws.own(at, case.person);
    let advice = draws.advice(case).and_then(|proposer| case.proposed.get(proposer)).copied();
    let advised = advice.map_or(own, |advice| draws.after_advice(at, case.person, own, advice));
    let minutes = draws.world.people.get(case.person).map_or(0.0, |person| person.minutes);
    Arms { own, advised, minutes }
}

/// The answer and the minutes of the arm that costs the least on this very case.
fn cheapest(draws: &Draws<'_>, case: &Case, arm: &Arms) -> (usize, f64) {
    let alone = case.proposed.iter().map(|answer| (*answer, 0.0));
    let all = alone.chain([(arm.own, arm.minutes), (arm.advised, arm.minutes)]);
    let cost = |(answer, minutes): &(usize, f64)| error_cost(draws, case, *answer) + minutes * minute(draws);
    all.min_by(|a, b| cost(a).total_cmp(&cost(b))).unwrap_or((arm.own, arm.minutes))
}

/// The best threshold of one proposer: above it the proposer decides, below it people do.
fn threshold(draws: &Draws<'_>, proposer: usize, arms: &[Arms], people: &Tally) -> (Tally, u32) {
    let top = |case: &Case| draws.stated(case, proposer).map_or(0, |stated| stated.top);
    let mut order: Vec<(u32, &Case, &Arms)> = draws.cases.iter().zip(arms).map(|(case, arm)| (top(case), case, arm)).collect();
    order.sort_by_key(|(top, ..)| std::cmp::Reverse(*top));
    let (mut now, mut best) = (*people, (*people, u32::MAX));
    for (at, (top, case, arm)) in order.iter().enumerate() {
        let answer = case.proposed.get(proposer).copied().unwrap_or(0);
        now.errors = now.errors + u64::from(answer != case.truth) - u64::from(arm.own != case.truth);
        now.error_cost += error_cost(draws, case, answer) - error_cost(draws, case, arm.own);
        now.minutes -= arm.minutes;
        now.cost = now.error_cost + now.minutes * minute(draws);
        let last = order.get(at + 1).is_none_or(|(next, ..)| next < top);
        if last && now.cost < best.0.cost {
            best = (now, *top);
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::file::parse_one;

    #[test]
    fn the_best_threshold_is_no_worse_than_either_end_and_the_oracle_no_worse_than_any() {
        let world = parse_one(include_str!("../tests/worlds.toml"), "small").unwrap();
        let draws = Draws::new(&world, 1);
        let policies = run(&draws);
        let Policies { people, ai, advice, threshold, oracle, .. } = policies;
        assert!(threshold.cost <= people.cost + 1e-6 && threshold.cost <= ai.cost + 1e-6);
        for other in [people, ai, advice, threshold] {
            assert_eq!(other.cases, world.cases() as u64);
            assert!(oracle.cost < other.cost);
        }
        assert_eq!(ai.minutes, 0.0);
        // Counted again, case by case.
        let mut again = Tally::default();
        for (at, case) in draws.cases.iter().enumerate() {
            let automated = (0..world.proposers.len()).find(|p| draws.stated(case, *p).unwrap().top >= policies.threshold_at);
            let minutes = if automated.is_some() { 0.0 } else { world.people[case.person].minutes };
            again.add(&draws, case, automated.map_or_else(|| draws.own(at, case.person), |p| case.proposed[p]), minutes);
        }
        assert_eq!((again.errors, again.cases), (threshold.errors, threshold.cases));
        assert!((again.cost - threshold.cost).abs() < 1e-6);
    }
}
