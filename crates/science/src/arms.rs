//! [`Arms`]: which way to decide a case is the cheapest, by what each way was worth on cases like it. What the router asks.
//!
//! Whole numbers in and out: chances in billionths, costs in micro-units. A table of counts and a few products decide, so that
//! the same inputs choose the same arm on every machine and in every year. It knows no rule: the caller says which arms are
//! allowed, and no figure here can widen that.

mod fit;
#[cfg(test)]
mod tests;

pub use fit::Observation;

use crate::cost::BILLIONTHS;
use crate::fitted::Versioned;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Version of the arithmetic below. Whoever keeps a choice keeps this beside it.
pub const ROUTER_VERSION: u32 = 1;
/// How many ways there are to decide a case.
pub const ARMS: usize = 5;
/// Rows of a wider place (all regions, all scores) that a narrower one starts with.
pub const SHRINK_ROWS: u64 = 20;
/// Bins of the score that a table has at most.
pub const BINS_MAX: usize = 64;

/// A way to decide a case. The order breaks ties.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Arm {
    /// The AI's answer stands, and nobody looks.
    Ai,
    /// A person answers without seeing the AI's answer, and that stands.
    Person,
    /// A person answers with the AI's answer in view.
    Advised,
    /// A person answers unseen, and both answers are combined.
    Combined,
    /// Several people answer unseen, and are counted.
    Panel,
}

impl Arm {
    /// All, in order.
    pub const ALL: [Self; ARMS] = [Self::Ai, Self::Person, Self::Advised, Self::Combined, Self::Panel];

    /// Its place in every array by arm.
    #[must_use]
    pub fn index(self) -> usize {
        self as usize
    }
}

/// A value an arm, in the order of [`Arm::ALL`].
pub type ByArm<T> = [T; ARMS];

/// Right answers of `n`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Count {
    right: u64,
    n: u64,
}

/// Counts by bin of the score, then by arm.
type Bins = Vec<ByArm<Count>>;

/// What was learnt of every arm: counts of right answers by region and by bin of the AI's calibrated top probability.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arms {
    /// Where a next bin begins, in billionths; rising.
    edges: Vec<u32>,
    all: Bins,
    regions: BTreeMap<u32, Bins>,
}

impl Versioned for Arms {
    const KIND: &'static str = "arms";
    const VERSION: u32 = 1;
}

/// What is known of a case when it is routed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Situation {
    /// Its region; `None` for all together.
    pub region: Option<u32>,
    /// The AI's calibrated top probability, in billionths.
    pub top: u32,
    /// Which arms the rules, the promises and the roster allow.
    pub allowed: ByArm<bool>,
    /// What an error of each arm would cost, in micro-units.
    pub error: ByArm<i64>,
    /// What each arm costs whether right or wrong (people's time), in micro-units.
    pub time: ByArm<i64>,
}

/// What is known of one arm in a case.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outlook {
    /// Chance that it is right, in billionths; `None` where it was never seen anywhere.
    pub chance: Option<u32>,
    /// Rows of this region and bin behind it. 0: the chance is that of wider places.
    pub n: u64,
    /// Expected cost in micro-units: error and time.
    pub cost: Option<i64>,
}

/// The choice, with all that it rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// The cheapest allowed arm; `None` where no allowed arm was ever seen: people decide then, or the case is held.
    pub arm: Option<Arm>,
    /// Every arm, allowed or not.
    pub outlook: ByArm<Outlook>,
}

impl Arms {
    /// The cheapest allowed arm of a case; of equals the first in order.
    #[must_use]
    pub fn choose(&self, situation: &Situation) -> Verdict {
        let outlook = self.outlook(situation);
        let mut best: Option<(Arm, i64)> = None;
        for arm in Arm::ALL {
            let (Some(seen), Some(true)) = (outlook.get(arm.index()), situation.allowed.get(arm.index())) else { continue };
            if let Some(cost) = seen.cost.filter(|cost| best.is_none_or(|(_, least)| *cost < least)) {
                best = Some((arm, cost));
            }
        }
        Verdict { arm: best.map(|(arm, _)| arm), outlook }
    }

    /// What every arm is expected to be worth in a case.
    fn outlook(&self, situation: &Situation) -> ByArm<Outlook> {
        let bin = self.bin(situation.top);
        let here = situation.region.and_then(|region| self.regions.get(&region)).and_then(|bins| bins.get(bin));
        Arm::ALL.map(|arm| {
            let at = arm.index();
            let of = |counts: &ByArm<Count>| counts.get(at).copied().unwrap_or_default();
            let everywhere = self.all.iter().map(of).fold(Count::default(), |a, b| Count { right: a.right + b.right, n: a.n + b.n });
            if everywhere.n == 0 {
                return Outlook::default();
            }
            // From wide to narrow: half before anything is known, then all scores, this bin, this bin of this region. The first
            // step leans on two rows only: everywhere is wide enough to speak for itself.
            let wide = shrunk(everywhere, BILLIONTHS / 2, 2);
            let in_bin = self.all.get(bin).map(of).unwrap_or_default();
            let middle = shrunk(in_bin, wide, SHRINK_ROWS);
            let narrow = here.map(of);
            let chance = narrow.map_or(middle, |count| shrunk(count, middle, SHRINK_ROWS));
            let part = |values: &ByArm<i64>| i128::from(values.get(at).copied().unwrap_or(0));
            let error = part(&situation.error) * i128::from(BILLIONTHS - chance) / i128::from(BILLIONTHS);
            let cost = i64::try_from(error + part(&situation.time)).unwrap_or(i64::MAX);
            Outlook {
                chance: Some(chance),
                n: narrow.unwrap_or(if situation.region.is_none() { in_bin } else { Count::default() }).n,
                cost: Some(cost),
            }
        })
    }

    /// Rows behind an arm in the narrowest place that has at least `least` of them: this bin of this region, the bin, everywhere.
    /// That of everywhere where none has.
    #[must_use]
    pub fn support(&self, arm: Arm, region: u32, top: u32, least: u64) -> u64 {
        let bin = self.bin(top);
        let of = |counts: &ByArm<Count>| counts.get(arm.index()).map_or(0, |count| count.n);
        let here = self.regions.get(&region).and_then(|bins| bins.get(bin)).map_or(0, of);
        let in_bin = self.all.get(bin).map_or(0, of);
        let everywhere = self.all.iter().map(of).sum();
        [here, in_bin].into_iter().find(|n| *n >= least).unwrap_or(everywhere)
    }

    /// The bin of a score.
    #[must_use]
    pub fn bin(&self, top: u32) -> usize {
        self.edges.partition_point(|edge| *edge <= top)
    }

    /// Bins of the score.
    #[must_use]
    pub fn bins(&self) -> usize {
        self.all.len()
    }
}

/// The share of right answers in billionths, with `rows` more at the share `prior`; rounded down.
fn shrunk(count: Count, prior: u32, rows: u64) -> u32 {
    let right = u128::from(count.right) * u128::from(BILLIONTHS) + u128::from(rows) * u128::from(prior);
    let share = right / (u128::from(count.n) + u128::from(rows)).max(1);
    u32::try_from(share).unwrap_or(BILLIONTHS).min(BILLIONTHS)
}

/// A probability in billionths, as a router takes it; `None` where it is no probability.
#[must_use]
pub fn billionths(probability: f64) -> Option<u32> {
    if (0.0..=1.0).contains(&probability) { Some((probability * f64::from(BILLIONTHS)).round() as u32) } else { None }
}
