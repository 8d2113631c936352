//! From rows to what is drawn: dense cluster codes, totals per cluster, equal totals counted. Draws nothing but the joining of
//! too many clusters into groups.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::{Cells, Columns};
use crate::error::{Error, Result};
use crate::math;
use crate::random::Random;

/// The stream of a seed that no draw uses.
const GROUPING_STREAM: u64 = u64::MAX;

/// Totals of what is drawn, for the jackknife; equal ones are kept once with their count.
#[derive(Debug, Clone)]
pub(super) struct Units {
    pub(super) totals: Vec<f64>,
    pub(super) counts: Option<Vec<u64>>,
}

/// Codes as `0..count`, in the order of their first appearance.
pub(super) fn dense(what: &'static str, codes: &[u32], rows: usize) -> Result<(Vec<u32>, usize)> {
    if codes.len() != rows {
        return Err(Error::input(what, format!("{} codes for {rows} rows; there must be one a row", codes.len())));
    }
    let largest = codes.iter().copied().max().unwrap_or(0) as usize;
    let mut count = 0u32;
    let mut name = |slot: &mut u32| {
        if *slot == u32::MAX {
            *slot = count;
            count += 1;
        }
        *slot
    };
    let dense = if largest < 16 * rows + 65_536 {
        let mut table = vec![u32::MAX; largest + 1];
        codes.iter().map(|code| table.get_mut(*code as usize).map_or(0, &mut name)).collect()
    } else {
        let mut table = HashMap::new();
        codes.iter().map(|code| name(table.entry(*code).or_insert(u32::MAX))).collect()
    };
    Ok((dense, count as usize))
}

/// Whether every one of `0..count` of `inner` meets only one `outer`.
pub(super) fn nested(inner: &[u32], outer: &[u32], count: usize) -> bool {
    let mut met = vec![u32::MAX; count];
    inner.iter().zip(outer).all(|(i, o)| {
        met.get_mut(*i as usize).is_some_and(|slot| {
            let fits = *slot == u32::MAX || *slot == *o;
            *slot = *o;
            fits
        })
    })
}

/// Column sums within each of `0..count`.
pub(super) fn totals(columns: &Columns, codes: &[u32], count: usize) -> Vec<f64> {
    let width = columns.width;
    let mut out = vec![0.0; count * width];
    for (code, row) in codes.iter().zip(columns.values.chunks_exact(width)) {
        let from = *code as usize * width;
        for (sum, value) in out.get_mut(from..from + width).unwrap_or_default().iter_mut().zip(row) {
            *sum += value;
        }
    }
    out
}

/// Column sums over everything.
pub(super) fn sum(totals: &[f64], width: usize) -> Vec<f64> {
    (0..width).map(|c| math::sum(totals.iter().skip(c).step_by(width).copied())).collect()
}

/// Equal totals counted, where there are at most `cells_max` different ones.
pub(super) fn cells(totals: &[f64], width: usize, cells_max: usize) -> Option<Cells> {
    let mut places: HashMap<Vec<u64>, usize> = HashMap::new();
    let mut cells = Cells { width, totals: Vec::new(), counts: Vec::new() };
    let mut key = Vec::with_capacity(width);
    for row in totals.chunks_exact(width) {
        key.clear();
        // Adding zero makes one of the two zeros.
        key.extend(row.iter().map(|v| (v + 0.0).to_bits()));
        if let Some(count) = places.get(&key).and_then(|at| cells.counts.get_mut(*at)) {
            *count += 1;
            continue;
        }
        if cells.counts.len() >= cells_max {
            return None;
        }
        if let Entry::Vacant(slot) = places.entry(key.clone()) {
            slot.insert(cells.counts.len());
            cells.totals.extend_from_slice(row);
            cells.counts.push(1);
        }
    }
    Some(cells)
}

/// Joins units at random into at most `groups_max` groups of (nearly) equally many: their totals are as independent as before,
/// so that the variance of any smooth statistic stays what it was.
pub(super) fn grouped(totals: Vec<f64>, width: usize, groups_max: usize, seed: u64) -> Vec<f64> {
    let count = totals.len() / width;
    if count <= groups_max {
        return totals;
    }
    let mut order: Vec<u32> = (0..count as u32).collect();
    Random::new(seed, GROUPING_STREAM).shuffle(&mut order);
    let mut out = vec![0.0; groups_max * width];
    for (at, unit) in order.iter().enumerate() {
        let (to, from) = (at % groups_max * width, *unit as usize * width);
        let (group, row) = (out.get_mut(to..to + width), totals.get(from..from + width));
        for (sum, value) in group.unwrap_or_default().iter_mut().zip(row.unwrap_or_default()) {
            *sum += value;
        }
    }
    out
}

/// Codes `0..count` joined at random into at most `groups_max` groups of (nearly) equally many.
pub(super) fn codes_grouped(codes: &[u32], count: usize, groups_max: usize, seed: u64) -> Vec<u32> {
    if count <= groups_max {
        return codes.to_vec();
    }
    let mut group: Vec<u32> = (0..count).map(|at| (at % groups_max) as u32).collect();
    Random::new(seed, GROUPING_STREAM).shuffle(&mut group);
    codes.iter().map(|code| group.get(*code as usize).copied().unwrap_or(0)).collect()
}
