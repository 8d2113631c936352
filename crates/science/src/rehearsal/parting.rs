//! [`Parting`]: which rows are fitted on and which are judged. Fits nothing.

use crate::{random::Random, rehearsal::data::Data};

/// Folds of small and of large data.
const FOLDS: usize = 10;
const FOLDS_LARGE: usize = 5;
/// From so many rows on five folds are as good as ten.
const LARGE_ROWS: usize = 50_000;
/// Share of the rows that only teach, where the past is fitted and the present judged.
const TEACHING_SHARE: f64 = 0.2;
/// Blocks into which the present is cut.
const BLOCKS: usize = 10;
/// Rows that a block needs at least.
const BLOCK_ROWS_MIN: usize = 10;
/// The stream of the shuffle.
const STREAM: u64 = 0x7061_7274;

/// One fit and what it is judged on: row numbers, ascending.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Part {
    /// Rows to fit on.
    pub fit: Vec<u32>,
    /// Rows to judge on: no item of them is among `fit`.
    pub judge: Vec<u32>,
}

/// How rows are parted.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Parting {
    /// The parts.
    pub parts: Vec<Part>,
    /// In words.
    pub words: String,
    /// What each row weighs in the end: every part counts the same, whatever its size, where the parts overlap.
    pub weights: Vec<f64>,
}

impl Parting {
    /// By stored splits, by time, or by folds that keep items together.
    #[must_use]
    pub fn of(data: &Data, seed: u64) -> Self {
        let n = data.len();
        let (parts, words) = if !data.splits.is_empty() {
            (by_splits(&data.splits), format!("{} stored splits: fitted on the one part, judged on the other", data.splits.len()))
        } else if let Some(time) = &data.time
            && let Some(parts) = by_time(time, data.item.as_ref().map(|c| c.codes.as_slice()))
        {
            let words = format!("the past is fitted and the present judged, in {} steps", parts.len());
            (parts, words)
        } else {
            let item = data.item.as_ref().map(|c| (c.codes.as_slice(), c.names.len()));
            let parts = by_folds(n, item, if n >= LARGE_ROWS { FOLDS_LARGE } else { FOLDS }, seed);
            let together = if item.is_some() { ", all rows of an item in one fold" } else { "" };
            let words = format!("{} folds{together}: fitted on the others, judged on the one", parts.len());
            (parts, words)
        };
        let mut weights = vec![0.0; n];
        let overlap = !data.splits.is_empty();
        for part in &parts {
            let weight = if overlap { 1.0 / part.judge.len().max(1) as f64 / parts.len() as f64 } else { 1.0 };
            for row in &part.judge {
                if let Some(w) = weights.get_mut(*row as usize) {
                    *w += weight;
                }
            }
        }
        Self { parts, words, weights }
    }
}

fn by_splits(splits: &[Vec<bool>]) -> Vec<Part> {
    let rows = |mask: &[bool], test: bool| (0u32..).zip(mask).filter(|(_, m)| **m == test).map(|(row, _)| row).collect::<Vec<_>>();
    let parts = splits.iter().map(|mask| Part { fit: rows(mask, false), judge: rows(mask, true) });
    parts.filter(|part| !part.judge.is_empty()).collect()
}

/// `None` where there are too few rows to have a past.
fn by_time(time: &[f64], item: Option<&[u32]>) -> Option<Vec<Part>> {
    let mut order: Vec<u32> = (0..time.len() as u32).collect();
    let at = |row: u32| time.get(row as usize).copied().unwrap_or(0.0);
    order.sort_by(|a, b| at(*a).total_cmp(&at(*b)).then(a.cmp(b)));
    let mut first = (time.len() as f64 * TEACHING_SHARE) as usize;
    // What is judged begins with a moment of its own: rows of one moment cannot teach one another. Where all rows have the same
    // (an import without times), there is no past.
    while first > 0 && first < order.len() && at(*order.get(first)?) == at(*order.get(first - 1)?) {
        first += 1;
    }
    if first < BLOCK_ROWS_MIN || time.len() - first < BLOCK_ROWS_MIN {
        return None;
    }
    let size = (time.len() - first).div_ceil(BLOCKS).max(BLOCK_ROWS_MIN);
    let mut parts = Vec::new();
    let mut start = first;
    while start < order.len() {
        let mut end = (start + size).min(order.len());
        // Rows of one moment stay together: none of them is the other's past.
        while end < order.len() && at(*order.get(end)?) == at(*order.get(end - 1)?) {
            end += 1;
        }
        let mut judge = order.get(start..end)?.to_vec();
        let moment = at(*judge.first()?);
        let past = order.get(..start)?.iter().copied().filter(|row| at(*row) < moment);
        let mut fit: Vec<u32> = match item {
            None => past.collect(),
            Some(item) => {
                let judged: std::collections::HashSet<u32> = judge.iter().filter_map(|row| item.get(*row as usize).copied()).collect();
                past.filter(|row| item.get(*row as usize).is_none_or(|i| !judged.contains(i))).collect()
            }
        };
        fit.sort_unstable();
        judge.sort_unstable();
        parts.push(Part { fit, judge });
        start = end;
    }
    Some(parts)
}

/// Folds by items (or rows, where there are none) in a random order.
pub(super) fn by_folds(n: usize, item: Option<(&[u32], usize)>, folds: usize, seed: u64) -> Vec<Part> {
    let groups = item.map_or(n, |(_, items)| items);
    let folds = folds.min(groups).max(1);
    let mut order: Vec<u32> = (0..groups as u32).collect();
    Random::new(seed, STREAM).shuffle(&mut order);
    let mut fold_of = vec![0u32; groups];
    for (place, group) in order.iter().enumerate() {
        if let Some(fold) = fold_of.get_mut(*group as usize) {
            *fold = (place % folds) as u32;
        }
    }
    let fold = |row: usize| {
        let group = item.map_or(row, |(codes, _)| codes.get(row).copied().unwrap_or(0) as usize);
        fold_of.get(group).copied().unwrap_or(0) as usize
    };
    let mut parts = vec![Part::default(); folds];
    for row in 0..n {
        let of = fold(row);
        for (at, part) in parts.iter_mut().enumerate() {
            let rows = if at == of { &mut part.judge } else { &mut part.fit };
            rows.push(row as u32);
        }
    }
    parts.retain(|part| !part.judge.is_empty() && !part.fit.is_empty());
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rehearsal::data::Codes;

    fn data(n: usize) -> Data {
        Data { ai: Some(vec![0; n]), ..Data::default() }
    }

    #[test]
    fn items_stay_together_and_every_row_is_judged_once() {
        let codes: Vec<u32> = (0..200).map(|row| row % 37).collect();
        let item = Codes { codes: codes.clone(), names: (0..37).map(|i: u32| i.to_string()).collect() };
        let parting = Parting::of(&Data { item: Some(item), ..data(200) }, 1);
        assert_eq!(parting.parts.len(), FOLDS);
        for part in &parting.parts {
            assert!(part.judge.iter().all(|j| part.fit.iter().all(|f| codes[*f as usize] != codes[*j as usize])));
        }
        assert!(parting.weights.iter().all(|w| *w == 1.0));
    }

    #[test]
    fn the_past_never_sees_the_present() {
        let time: Vec<f64> = (0..100).map(|row| f64::from((row * 37) % 100 / 3)).collect();
        let parting = Parting::of(&Data { time: Some(time.clone()), ..data(100) }, 1);
        assert!(parting.words.contains("the past is fitted"));
        for part in &parting.parts {
            let latest = part.fit.iter().map(|r| time[*r as usize]).fold(f64::MIN, f64::max);
            let earliest = part.judge.iter().map(|r| time[*r as usize]).fold(f64::MAX, f64::min);
            assert!(latest < earliest);
        }
        assert!(parting.weights.iter().sum::<f64>() >= 75.0, "the first fifth only teaches");
    }

    #[test]
    fn rows_of_one_moment_have_no_past() {
        let parting = Parting::of(&Data { time: Some(vec![7.0; 100]), ..data(100) }, 1);
        assert!(parting.words.contains("folds") && parting.parts.iter().all(|part| !part.fit.is_empty()), "{}", parting.words);
        // The first half is one moment: it teaches, and what comes after is judged.
        let time = (0..100).map(|row| f64::from(if row < 50 { 0 } else { row })).collect();
        let parting = Parting::of(&Data { time: Some(time), ..data(100) }, 1);
        assert!(parting.parts.iter().all(|part| part.fit.len() >= 50) && parting.weights.iter().sum::<f64>() == 50.0);
    }

    #[test]
    fn stored_splits_count_the_same_whatever_their_size() {
        let splits = vec![vec![true, false, false, false], vec![true, true, true, false]];
        let parting = Parting::of(&Data { splits, ..data(4) }, 1);
        assert_eq!(parting.parts[0], Part { fit: vec![1, 2, 3], judge: vec![0] });
        assert_eq!(parting.weights, [0.5 + 1.0 / 6.0, 1.0 / 6.0, 1.0 / 6.0, 0.0]);
    }

    #[test]
    fn a_single_row_has_no_parts() {
        assert!(Parting::of(&data(1), 1).parts.is_empty());
    }
}
