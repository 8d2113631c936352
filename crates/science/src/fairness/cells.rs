//! [`Cells`]: rows counted by group, label and the answers of one to three deciders. Holds counts only, so that its size does
//! not grow with the number of rows. Knows no rate.

use super::metric::{TALLY, Tally};
use crate::error::{Error, Result};
use rayon::prelude::*;

/// Deciders that can be counted side by side: AI, people and pair.
pub const DECIDERS_MAX: usize = 3;

/// Groups that a table can have.
pub const GROUPS_MAX: usize = 65_536;

/// Rows of a chunk that one core counts at a time.
const CHUNK_ROWS: usize = 1 << 19;

/// Kinds of rows that are counted two rows at a time.
const PAIRED_KINDS_MAX: usize = 64;

/// What a label or an answer is in a pattern.
const NO: u8 = 0;
const YES: u8 = 1;
const ABSENT: u8 = 2;

/// A row without its group: label and answers, two bits each (no, yes, absent).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pattern(u8);

impl Pattern {
    /// The pattern of a label and of as many answers as there are deciders (those beyond [`DECIDERS_MAX`] are not taken).
    #[must_use]
    pub fn new(label: Option<bool>, answers: &[Option<bool>]) -> Self {
        let mut bits = code(label);
        for (at, answer) in answers.iter().take(DECIDERS_MAX).enumerate() {
            bits |= code(*answer) << (2 * (at + 1));
        }
        Self(bits)
    }

    /// Where a row counts in the tally of one decider; `None` where that decider did not answer.
    #[must_use]
    pub fn tally_index(self, decider: usize) -> Option<usize> {
        let label = usize::from(self.0 & 3).min(2);
        match (self.0 >> (2 * (decider + 1))) & 3 {
            NO => Some(2 * label),
            YES => Some(2 * label + 1),
            _ => None,
        }
    }
}

fn code(value: Option<bool>) -> u8 {
    match value {
        Some(false) => NO,
        Some(true) => YES,
        None => ABSENT,
    }
}

/// Rows counted by group and [`Pattern`]. Addition of rows and of tables commutes: any order gives the same counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cells {
    deciders: usize,
    stride: usize,
    counts: Vec<u64>,
}

impl Cells {
    /// An empty table for so many deciders (1 to [`DECIDERS_MAX`], the nearer end is taken). Groups come as they are added.
    #[must_use]
    pub fn new(deciders: usize) -> Self {
        let deciders = deciders.clamp(1, DECIDERS_MAX);
        Self { deciders, stride: 1 << (2 * (deciders + 1)), counts: Vec::new() }
    }

    /// Columns of one decider as small integers: `groups[i]` is the group, labels and answers are 0 or 1 (2: unknown). Counts on
    /// all cores; the counts do not depend on how many there are.
    ///
    /// # Errors
    /// Columns of different lengths, or a label or an answer above 2.
    pub fn of_columns(groups: &[u8], labels: &[u8], answers: &[u8]) -> Result<Self> {
        if labels.len() != groups.len() || answers.len() != groups.len() {
            return Err(Error::input(
                "columns",
                format!("groups, labels and answers have {}, {} and {} rows", groups.len(), labels.len(), answers.len()),
            ));
        }
        let counts = groups
            .par_chunks(CHUNK_ROWS)
            .zip(labels.par_chunks(CHUNK_ROWS))
            .zip(answers.par_chunks(CHUNK_ROWS))
            .map(|((groups, labels), answers)| count_chunk(groups, labels, answers))
            .try_reduce(Vec::new, |mut a, b| {
                add_into(&mut a, &b);
                Ok(a)
            })?;
        let mut cells = Self::new(1);
        for (at, count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
            let (group, label, answer) = (at >> 4, (at >> 2) & 3, at & 3);
            let pattern = Pattern((label as u8) | ((answer as u8) << 2));
            cells.add_pattern(group, pattern, *count)?;
        }
        Ok(cells)
    }

    /// Adds a row of the first decider. Absent labels and answers are `None`.
    ///
    /// # Errors
    /// A group beyond [`GROUPS_MAX`].
    pub fn add(&mut self, group: usize, label: Option<bool>, answer: Option<bool>) -> Result<()> {
        self.add_row(group, label, &[answer])
    }

    /// Adds a row of several deciders; answers that are not given are absent.
    ///
    /// # Errors
    /// A group beyond [`GROUPS_MAX`].
    pub fn add_row(&mut self, group: usize, label: Option<bool>, answers: &[Option<bool>]) -> Result<()> {
        let mut all = [None; DECIDERS_MAX];
        for (slot, answer) in all.iter_mut().zip(answers) {
            *slot = *answer;
        }
        let pattern = Pattern::new(label, all.get(..self.deciders).unwrap_or(&all));
        self.add_pattern(group, pattern, 1)
    }

    /// Adds so many rows of one kind.
    ///
    /// # Errors
    /// A group beyond [`GROUPS_MAX`].
    pub fn add_pattern(&mut self, group: usize, pattern: Pattern, rows: u64) -> Result<()> {
        if group >= GROUPS_MAX {
            return Err(Error::input("group", format!("{group} is beyond the {GROUPS_MAX} groups that a table can have")));
        }
        let at = group * self.stride + usize::from(pattern.0) % self.stride;
        if at >= self.counts.len() {
            self.counts.resize((group + 1) * self.stride, 0);
        }
        if let Some(count) = self.counts.get_mut(at) {
            *count += rows;
        }
        Ok(())
    }

    /// Adds all rows of another table with as many deciders.
    ///
    /// # Errors
    /// Another number of deciders.
    pub fn merge(&mut self, other: &Self) -> Result<()> {
        if other.deciders != self.deciders {
            return Err(Error::input("cells", format!("{} deciders cannot join {}", other.deciders, self.deciders)));
        }
        add_into(&mut self.counts, &other.counts);
        Ok(())
    }

    /// The same rows in other groups: `map[g]` is the group that `g` becomes part of (a group beyond the map keeps its number).
    ///
    /// # Errors
    /// A group beyond [`GROUPS_MAX`].
    pub fn regroup(&self, map: &[usize]) -> Result<Self> {
        let mut cells = Self::new(self.deciders);
        for (group, pattern, rows) in self.filled() {
            cells.add_pattern(map.get(group).copied().unwrap_or(group), pattern, rows)?;
        }
        Ok(cells)
    }

    /// How many deciders are counted.
    #[must_use]
    pub fn deciders(&self) -> usize {
        self.deciders
    }

    /// One more than the highest group that has come.
    #[must_use]
    pub fn groups(&self) -> usize {
        self.counts.len() / self.stride
    }

    /// All rows.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// All rows of a group.
    #[must_use]
    pub fn group_rows(&self, group: usize) -> u64 {
        self.counts.chunks(self.stride).nth(group).map_or(0, |cells| cells.iter().sum())
    }

    /// The cells with rows in them, by group and pattern.
    pub fn filled(&self) -> impl Iterator<Item = (usize, Pattern, u64)> + '_ {
        let stride = self.stride;
        self.counts
            .iter()
            .enumerate()
            .filter(|(_, rows)| **rows > 0)
            .map(move |(at, rows)| (at / stride, Pattern((at % stride) as u8), *rows))
    }

    /// What one decider did, by group.
    #[must_use]
    pub fn tallies(&self, decider: usize) -> Vec<Tally> {
        let mut tallies = vec![[0; TALLY]; self.groups()];
        for (group, pattern, rows) in self.filled() {
            if let (Some(tally), Some(at)) = (tallies.get_mut(group), pattern.tally_index(decider))
                && let Some(count) = tally.get_mut(at)
            {
                *count += rows;
            }
        }
        tallies
    }
}

fn add_into(into: &mut Vec<u64>, from: &[u64]) {
    if into.len() < from.len() {
        into.resize(from.len(), 0);
    }
    for (a, b) in into.iter_mut().zip(from) {
        *a += b;
    }
}

/// Counts by `group << 4 | label << 2 | answer`.
fn count_chunk(groups: &[u8], labels: &[u8], answers: &[u8]) -> Result<Vec<u64>> {
    let (highest, label, answer) = (most(groups), most(labels), most(answers));
    if label > 2 || answer > 2 {
        return Err(Error::input("columns", "labels and answers are 0, 1 or 2 (unknown)"));
    }
    // With nothing unknown a row is one of four kinds in its group, and mostly few enough to count two rows at a time, which
    // halves the additions that wait for one another.
    let bits = if label < 2 && answer < 2 { 1 } else { 2 };
    let kinds = (usize::from(highest) + 1) << (2 * bits);
    let mut narrow = vec![0u64; kinds];
    if kinds <= PAIRED_KINDS_MAX {
        count_pairs(groups, labels, answers, &mut narrow);
    } else {
        for ((group, label), answer) in groups.iter().zip(labels).zip(answers) {
            let at = (usize::from(*group) << (2 * bits)) | (usize::from(*label) << bits) | usize::from(*answer);
            if let Some(count) = narrow.get_mut(at) {
                *count += 1;
            }
        }
    }
    if bits == 2 {
        return Ok(narrow);
    }
    let mut counts = vec![0u64; kinds << 2];
    for (at, rows) in narrow.iter().enumerate() {
        if let Some(count) = counts.get_mut(((at >> 2) << 4) | (((at >> 1) & 1) << 2) | (at & 1)) {
            *count += rows;
        }
    }
    Ok(counts)
}

/// Counts kinds `group << 2 | label << 1 | answer` below 64, two rows a time, in two tables in turn.
fn count_pairs(groups: &[u8], labels: &[u8], answers: &[u8], counts: &mut [u64]) {
    const BLOCK: usize = 1 << 12;
    const PAIRS: usize = PAIRED_KINDS_MAX * PAIRED_KINDS_MAX;
    let mut kinds = [0u8; BLOCK];
    let mut tables = [[0u32; PAIRS]; 2];
    for ((groups, labels), answers) in groups.chunks(BLOCK).zip(labels.chunks(BLOCK)).zip(answers.chunks(BLOCK)) {
        for (((kind, group), label), answer) in kinds.iter_mut().zip(groups).zip(labels).zip(answers) {
            *kind = ((group << 2) | (label << 1) | answer) & 63;
        }
        let (fours, rest) = kinds.get(..groups.len()).unwrap_or(&[]).as_chunks::<4>();
        let [even, odd] = &mut tables;
        for [a, b, c, d] in fours {
            // INVARIANT: kinds are below 64, so both places are below 4,096.
            even[(usize::from(*a) << 6 | usize::from(*b)) & (PAIRS - 1)] += 1;
            odd[(usize::from(*c) << 6 | usize::from(*d)) & (PAIRS - 1)] += 1;
        }
        for kind in rest {
            if let Some(count) = counts.get_mut(usize::from(*kind)) {
                *count += 1;
            }
        }
    }
    for table in &tables {
        for (at, rows) in table.iter().enumerate().filter(|(_, rows)| **rows > 0) {
            for kind in [at >> 6, at & 63] {
                if let Some(count) = counts.get_mut(kind) {
                    *count += u64::from(*rows);
                }
            }
        }
    }
}

fn most(values: &[u8]) -> u8 {
    values.iter().copied().fold(0, u8::max)
}
