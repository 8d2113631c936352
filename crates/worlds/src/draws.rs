//! What a seed gives in a world: cases, what proposers and people answer on them, and the draws that the platform commits to.
//! Everything is a function of seed, case and person, so that the same person gives the same answer to the same case under every
//! policy. Knows no platform.
//!
//! Errors that come from the case: every case has a hardness, uniform in [0, 1). Whoever errs with probability `e` in a region
//! errs on the hardest `common * e` of its cases together with everybody else, and on the others by themselves, just so often
//! that the accuracy of everybody stays exactly what the world says.

use crate::{
    World,
    truth::{self, Stated},
    world::{Actor, DAY},
};
use countersign_core::number::{Micros, ONE_BILLIONTHS};
use countersign_science::random::Random;

/// Midnight before the first case: 2026-01-05 00:00 UTC, a Monday.
pub const START: Micros = 1_767_571_200_000_000;

/// Streams of randomness, so that none is drawn from twice.
const CASES: u64 = 0x6361_7365_7300_0000;
const PEOPLE: u64 = 0x7065_6f70_6c65_0000;

/// One case, as only the world knows it.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    /// When it arrives.
    pub at: Micros,
    /// On which day; the first is 1.
    pub day: u32,
    /// Its region.
    pub region: usize,
    /// What is true.
    pub truth: usize,
    /// What each proposer answers.
    pub proposed: Vec<usize>,
    /// Who answers it under a policy that does not ask who has time.
    pub person: usize,
    hardness: f64,
}

/// A seed in a world.
#[derive(Debug)]
pub struct Draws<'w> {
    /// The world.
    pub world: &'w World,
    /// The seed.
    pub seed: u64,
    /// The cases in the order in which they arrive.
    pub cases: Vec<Case>,
    stated: Vec<Vec<Vec<Stated>>>,
}

impl<'w> Draws<'w> {
    /// Draws all cases.
    #[must_use]
    pub fn new(world: &'w World, seed: u64) -> Self {
        let mut cases = Vec::with_capacity(world.cases());
        for day in 1..=world.days {
            for place in 0..world.cases_per_day {
                cases.push(case(world, seed, cases.len() as u64, (day, place)));
            }
        }
        let stated = (0..world.proposers.len()).map(|proposer| truth::stated(world, proposer)).collect();
        Self { world, seed, cases, stated }
    }

    /// What a proposer states about a case.
    #[must_use]
    pub fn stated(&self, case: &Case, proposer: usize) -> Option<&Stated> {
        let answer = *case.proposed.get(proposer)?;
        self.stated_as(proposer, case.region, answer)
    }

    /// What a proposer states with an answer in a region.
    #[must_use]
    pub fn stated_as(&self, proposer: usize, region: usize, answer: usize) -> Option<&Stated> {
        self.stated.get(proposer)?.get(region)?.get(answer)
    }

    /// The proposer whose advice a person goes by where several are shown: the surest, the first of equals.
    #[must_use]
    pub fn advice(&self, case: &Case) -> Option<usize> {
        let own = |proposer: usize| self.stated(case, proposer).map_or(0, |stated| stated.own);
        (0..case.proposed.len()).rev().max_by_key(|proposer| own(*proposer))
    }

    /// What a person answers without advice.
    #[must_use]
    pub fn own(&self, at: usize, person: usize) -> usize {
        let Some(case) = self.cases.get(at) else { return 0 };
        let mut random = self.person(at, person);
        let accuracy = self.world.accuracy(Actor::Person(person), case.region, case.day);
        answer(&mut random, case.truth, accuracy, (self.world.common, case.hardness), self.world.classes.len())
    }

    /// What a person answers who had this answer and sees this advice.
    #[must_use]
    pub fn after_advice(&self, at: usize, person: usize, own: usize, advice: usize) -> usize {
        let (Some(case), Some(who)) = (self.cases.get(at), self.world.people.get(person)) else { return own };
        if own == advice {
            return own;
        }
        let chance = if advice == case.truth { who.follow_right } else { who.follow_wrong };
        let mut random = self.person(at, person);
        random.bits(); // the two draws of the own answer
        random.bits();
        if random.uniform() < chance { advice } else { own }
    }

    fn person(&self, at: usize, person: usize) -> Random {
        Random::new(self.seed ^ PEOPLE, (at * self.world.people.len() + person) as u64)
    }

    /// The platform's committed draw for a case and a purpose, in billionths.
    #[must_use]
    pub fn committed(&self, at: usize, purpose: &str) -> u32 {
        // FNV-1a: purposes are few and short, and their streams only have to differ.
        let purpose = purpose.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3));
        Random::new(self.seed ^ purpose, at as u64).below(ONE_BILLIONTHS as usize) as u32
    }
}

fn case(world: &World, seed: u64, at: u64, (day, place): (u32, u32)) -> Case {
    let mut random = Random::new(seed ^ CASES, at);
    let classes = world.classes.len();
    let region = pick(&mut random, world.regions.iter().map(|region| region.share));
    let prior = world.regions.get(region).map(|region| region.prior.as_slice()).unwrap_or_default();
    let truth = pick(&mut random, prior.iter().copied());
    let hardness = random.uniform();
    let person = random.below(world.people.len());
    let within = (f64::from(place) + random.uniform()) / f64::from(world.cases_per_day);
    let mut proposes = |proposer: usize| {
        let accuracy = world.accuracy(Actor::Proposer(proposer), region, day);
        answer(&mut random, truth, accuracy, (world.common, hardness), classes)
    };
    let proposed = (0..world.proposers.len()).map(&mut proposes).collect();
    let at = START + Micros::from(day - 1) * DAY + (within * DAY as f64) as Micros;
    Case { at, day, region, truth, proposed, person, hardness }
}

/// One of several by their shares.
fn pick(random: &mut Random, shares: impl Iterator<Item = f64>) -> usize {
    let mut left = random.uniform();
    let mut last = 0;
    for (at, share) in shares.enumerate().filter(|(_, share)| *share > 0.0) {
        last = at;
        if left < share {
            break;
        }
        left -= share;
    }
    last
}

/// An answer of somebody of this accuracy; takes two draws from the stream, whatever comes of them.
fn answer(random: &mut Random, truth: usize, accuracy: f64, (common, hardness): (f64, f64), classes: usize) -> usize {
    let (by_chance, which) = (random.uniform(), random.uniform());
    let error = 1.0 - accuracy;
    let by_case = common * error;
    let errs = hardness < by_case || by_chance * (1.0 - by_case) < error - by_case;
    if !errs || classes < 2 {
        return truth;
    }
    let other = ((which * (classes - 1) as f64) as usize).min(classes - 2);
    if other < truth { other } else { other + 1 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::file::parse_one;

    fn world(common: f64) -> World {
        let source = format!(
            "[w]\nclasses = [\"a\", \"b\", \"c\"]\ndays = 50\ncases_per_day = 2000\ncommon = {common}\nregions = [ {{ name = \"r\", share = 0.7, prior = [0.9, 0.08, 0.02] }}, {{ name = \"s\", share = 0.3, prior = [0.5, 0.5, 0.0] }} ]\nproposers = [ {{ name = \"m\", overconfidence = 1.6, accuracy = {{ r = 0.95, s = 0.78 }} }} ]\npeople = [ {{ name = \"p\", minutes = 1.0, cap_per_day = 12, accuracy = {{ r = 0.96, s = 0.9 }}, follow_right = 0.7, follow_wrong = 0.4 }} ]\nchanges = [ {{ day = 26, proposer = \"m\", region = \"r\", accuracy = 0.8 }} ]"
        );
        parse_one(&source, "w").unwrap()
    }

    /// Every share of 100,000 cases within five standard errors of what the world says, and the errors as common as it says.
    #[test]
    fn the_world_is_as_it_says() {
        let world = world(0.25);
        let draws = Draws::new(&world, 3);
        assert_eq!(draws.cases.len(), 100_000);
        assert!(draws.cases.windows(2).all(|pair| pair[0].at < pair[1].at), "they arrive in order");
        let share = |of: &dyn Fn(usize, &Case) -> bool, among: &dyn Fn(&Case) -> bool, expected: f64| {
            let all = draws.cases.iter().enumerate().filter(|(_, case)| among(case)).count() as f64;
            let some = draws.cases.iter().enumerate().filter(|(at, case)| among(case) && of(*at, case)).count() as f64;
            let error = (expected * (1.0 - expected) / all).sqrt();
            assert!((some / all - expected).abs() < 5.0 * error + 1e-12, "{} is not {expected}", some / all);
        };
        let early = |case: &Case| case.day <= 25;
        share(&|_, case| case.region == 0, &|_| true, 0.7);
        share(&|_, case| case.truth == 0, &|case| case.region == 0, 0.9);
        share(&|_, case| case.truth == 2, &|case| case.region == 1, 0.0);
        share(&|_, case| case.proposed[0] == case.truth, &|case| case.region == 0 && early(case), 0.95);
        share(&|_, case| case.proposed[0] == case.truth, &|case| case.region == 0 && !early(case), 0.8);
        share(&|_, case| case.proposed[0] == case.truth, &|case| case.region == 1, 0.78);
        share(&|at, case| draws.own(at, 0) == case.truth, &|case| case.region == 1, 0.9);
        // An error is even over the other classes.
        share(&|_, case| case.proposed[0] == 1, &|case| case.region == 1 && case.truth == 0 && case.proposed[0] != 0, 0.5);
        // Both wrong: by the case (0.25 of the rarer errors), or each by themselves.
        let by_themselves = (0.22 - 0.055) / (1.0 - 0.055) * ((0.1 - 0.025) / (1.0 - 0.025));
        let (hard, between) = (0.025, 0.055 - 0.025);
        let both = hard + between * (0.075 / 0.975) + (1.0 - 0.055) * by_themselves;
        share(&|at, case| case.proposed[0] != case.truth && draws.own(at, 0) != case.truth, &|case| case.region == 1, both);
        // Advice is followed as often as it says, and only where it differs.
        let after = |at: usize, case: &Case| draws.after_advice(at, 0, draws.own(at, 0), case.proposed[0]);
        let right = |at: usize, case: &Case| case.proposed[0] == case.truth && draws.own(at, 0) != case.truth;
        let switched: Vec<bool> =
            draws.cases.iter().enumerate().filter(|(at, case)| right(*at, case)).map(|(at, case)| after(at, case) == case.truth).collect();
        let followed = switched.iter().filter(|yes| **yes).count() as f64 / switched.len() as f64;
        assert!((followed - 0.7).abs() < 0.04, "{followed} of {}", switched.len());
        assert!(
            draws.cases.iter().enumerate().all(|(at, case)| draws.own(at, 0) != case.proposed[0] || after(at, case) == case.proposed[0])
        );
    }

    #[test]
    fn a_seed_gives_the_same_world_again_and_another_seed_another() {
        let world = world(0.0);
        let (first, again, other) = (Draws::new(&world, 7), Draws::new(&world, 7), Draws::new(&world, 8));
        assert_eq!(first.cases, again.cases);
        assert_ne!(first.cases, other.cases);
        assert_ne!(first.committed(3, "blind"), first.committed(3, "audit"));
        let blind = (0..20_000).filter(|at| first.committed(*at, "blind") < ONE_BILLIONTHS / 10).count();
        assert!((1_800..2_200).contains(&blind), "{blind}");
    }
}
