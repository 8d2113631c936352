//! The list of checks, how one is run, and the table. Never tunes a tolerance to what came out: it is three standard deviations
//! of the simulation, and for approximate methods what is stated beside them.

mod crowd;
mod decisions;
mod intervals;
mod measures;
mod promises;
mod regions;
mod streams;

use countersign_science::random::Random;
use rayon::prelude::*;

/// What a method claims.
#[derive(Debug, Clone, Copy)]
pub enum Claim {
    /// The truth is inside with this probability, within an error of approximation.
    Covers(f64, f64),
    /// The truth is inside with at least this probability.
    AtLeast(f64),
    /// The alarm or the broken promise happens with at most this probability.
    AtMost(f64),
}

/// One kind of interval or alarm in one world. A run says whether it happened (covered, alarmed, broken); `None` where the method
/// rightly refused to speak.
pub struct Check {
    /// The method.
    pub name: &'static str,
    /// The world.
    pub world: &'static str,
    /// Its claim.
    pub claim: Claim,
    /// One run.
    pub run: fn(&mut Random) -> Option<bool>,
}

/// What a check came to.
#[derive(Debug)]
pub struct Row {
    name: &'static str,
    world: &'static str,
    claim: Claim,
    measured: f64,
    runs: u64,
    spoke: u64,
}

/// Every check.
pub fn all() -> Vec<Check> {
    let first = [intervals::checks(), measures::checks(), promises::checks(), decisions::checks()];
    first.into_iter().chain([crowd::checks(), regions::checks(), streams::checks()]).flatten().collect()
}

/// Runs every check whose name contains `only` (all of them where it is empty) `runs` times, each with a seed of its own.
pub fn run_all(runs: u64, only: &str) -> Vec<Row> {
    let row = |(place, check): (usize, &Check)| {
        let outcomes: Vec<Option<bool>> =
            (0..runs).into_par_iter().map(|run| (check.run)(&mut Random::new(1_000 + place as u64, run))).collect();
        let spoke = outcomes.iter().flatten().count() as u64;
        let happened = outcomes.iter().flatten().filter(|happened| **happened).count();
        // An alarm that was not given because the method did not speak is no alarm.
        let of = if matches!(check.claim, Claim::AtMost(_)) { runs } else { spoke };
        Row { name: check.name, world: check.world, claim: check.claim, measured: happened as f64 / of.max(1) as f64, runs, spoke }
    };
    all().iter().enumerate().filter(|(_, check)| check.name.contains(only)).map(row).collect()
}

impl Row {
    /// The lowest and the highest share that holds the claim.
    fn band(&self) -> (f64, f64) {
        let noise = |level: f64| 3.0 * (level * (1.0 - level) / self.spoke.max(1) as f64).sqrt();
        match self.claim {
            Claim::Covers(level, approximation) => (level - approximation - noise(level), (level + approximation + noise(level)).min(1.0)),
            Claim::AtLeast(level) => (level - noise(level), 1.0),
            Claim::AtMost(level) => (0.0, level + noise(level)),
        }
    }

    /// Whether the claim holds, and an interval was not refused in more than a third of the runs.
    pub fn holds(&self) -> bool {
        let (low, high) = self.band();
        let runs_min = if matches!(self.claim, Claim::AtMost(_)) { 1 } else { self.runs - self.runs / 3 };
        (low..=high).contains(&self.measured) && self.spoke >= runs_min
    }

    /// The row as a line of the table.
    pub fn line(&self) -> String {
        let percent = |share: f64| format!("{:.1} %", 100.0 * share);
        let (low, high) = self.band();
        let claim = match self.claim {
            Claim::Covers(level, _) => percent(level),
            Claim::AtLeast(level) => format!("at least {}", percent(level)),
            Claim::AtMost(level) => format!("at most {}", percent(level)),
        };
        let refused = if self.spoke == self.runs { String::new() } else { format!(" (spoke in {} of {})", self.spoke, self.runs) };
        let verdict = if self.holds() { "holds" } else { "**does not hold**" };
        let Self { name, world, measured, .. } = self;
        format!("| {name} | {world} | {claim} | {}{refused} | {} to {} | {verdict} |", percent(*measured), percent(low), percent(high))
    }
}

/// The table.
pub fn table(rows: &[Row]) -> String {
    let mut out = String::from("| method | world | claimed | measured | tolerated | verdict |\n| --- | --- | --- | --- | --- | --- |\n");
    for row in rows {
        out.push_str(&row.line());
        out.push('\n');
    }
    out
}

/// 1 with probability `rate`.
pub fn hit(random: &mut Random, rate: f64) -> bool {
    random.uniform() < rate
}

/// As a number.
pub fn number(hit: bool) -> f64 {
    f64::from(u8::from(hit))
}

/// A standard normal draw.
pub fn normal(random: &mut Random) -> f64 {
    countersign_science::special::normal_quantile(random.uniform().clamp(1e-15, 1.0 - 1e-15))
}
