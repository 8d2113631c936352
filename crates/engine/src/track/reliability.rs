//! How often a proposer was right, by region and by the probability that it gave itself. A table of counts that people can read; it
//! fits no curve (histogram binning: Zadrozny and Elkan 2001), and its narrow cells lean on the wider ones.

use countersign_core::number::ONE_BILLIONTHS;
use countersign_science::interval;
use serde::{Deserialize, Serialize};

/// Level of the intervals that are shown.
const LEVEL: f64 = 0.95;
/// Rows of a wider cell that a narrower one starts with.
pub(super) const SHRINK_ROWS: u64 = 20;
/// Bins of the probability at most.
pub const BINS_MAX: usize = 10;

/// Right answers of `n`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cell {
    /// Right ones.
    pub right: u64,
    /// All.
    pub n: u64,
}

impl Cell {
    /// Counts one more.
    pub fn add(&mut self, right: bool) {
        self.n += 1;
        self.right += u64::from(right);
    }

    /// Whether nothing was counted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.n == 0
    }

    /// Both together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self { right: self.right + other.right, n: self.n + other.n }
    }

    /// The share in billionths, with `rows` more at the share `prior`; rounded down.
    #[must_use]
    pub(super) fn shrunk(self, prior: u32, rows: u64) -> u32 {
        let right = u128::from(self.right) * u128::from(ONE_BILLIONTHS) + u128::from(rows) * u128::from(prior);
        let share = right / (u128::from(self.n) + u128::from(rows)).max(1);
        u32::try_from(share).unwrap_or(ONE_BILLIONTHS).min(ONE_BILLIONTHS)
    }

    /// The share with its Wilson interval; `None` without rows.
    #[must_use]
    pub fn estimate(self) -> Option<countersign_science::Estimate> {
        interval::wilson(self.right, self.n, LEVEL).ok()
    }
}

/// What cases like this one came to, for people: so many, right in so many.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Like {
    /// The counts.
    pub cell: Cell,
    /// Whether they are of this region, or of all regions because too few are of this one.
    pub of_region: bool,
}

/// Least rows of a cell before a frequency is told from it.
pub const LIKE_ROWS_MIN: u64 = 20;

/// Counts by bin of the probability, over all and by region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reliability {
    /// Where a next bin begins, in billionths; rising.
    pub edges: Vec<u32>,
    /// Over all regions, by bin.
    pub all: Vec<Cell>,
    /// By region (the last: none of them), then by bin.
    pub regions: Vec<Vec<Cell>>,
}

impl Reliability {
    /// Counts rows of (region, probability, right) in bins of about equally many rows; equal probabilities stay together.
    #[must_use]
    pub fn count(rows: &[(u32, u32, bool)], regions: usize) -> Self {
        let mut sorted: Vec<u32> = rows.iter().map(|row| row.1).collect();
        sorted.sort_unstable();
        let least = sorted.first().copied().unwrap_or(0);
        let cut = |bin: usize| sorted.get(bin * sorted.len() / BINS_MAX).copied();
        let mut edges: Vec<u32> = (1..BINS_MAX).filter_map(cut).filter(|edge| *edge > least).collect();
        edges.dedup();
        let empty = vec![Cell::default(); edges.len() + 1];
        let mut counted = Self { edges, all: empty.clone(), regions: vec![empty; regions + 1] };
        for (region, probability, right) in rows {
            let bin = counted.bin(*probability);
            if let Some(cell) = counted.all.get_mut(bin) {
                cell.add(*right);
            }
            let here = counted.regions.get_mut(usize::try_from(*region).unwrap_or(usize::MAX)).and_then(|bins| bins.get_mut(bin));
            if let Some(cell) = here {
                cell.add(*right);
            }
        }
        counted
    }

    fn bin(&self, probability: u32) -> usize {
        self.edges.partition_point(|edge| *edge <= probability)
    }

    fn cell(&self, region: u32, bin: usize) -> Cell {
        self.regions.get(usize::try_from(region).unwrap_or(usize::MAX)).and_then(|bins| bins.get(bin)).copied().unwrap_or_default()
    }

    /// How often such proposals were right, in billionths: this bin of this region, leaning on the bin, leaning on all.
    #[must_use]
    pub fn chance(&self, region: u32, probability: u32) -> u32 {
        let bin = self.bin(probability);
        let total = self.all.iter().fold(Cell::default(), |a, b| Cell { right: a.right + b.right, n: a.n + b.n });
        let wide = total.shrunk(ONE_BILLIONTHS / 2, 2);
        let middle = self.all.get(bin).copied().unwrap_or_default().shrunk(wide, SHRINK_ROWS);
        self.cell(region, bin).shrunk(middle, SHRINK_ROWS)
    }

    /// The counts that a person is told; `None` where there are too few anywhere to say anything.
    #[must_use]
    pub fn like(&self, region: u32, probability: u32) -> Option<Like> {
        let bin = self.bin(probability);
        let here = self.cell(region, bin);
        if here.n >= LIKE_ROWS_MIN {
            return Some(Like { cell: here, of_region: true });
        }
        let anywhere = self.all.get(bin).copied().unwrap_or_default();
        (anywhere.n >= LIKE_ROWS_MIN).then_some(Like { cell: anywhere, of_region: false })
    }
}
