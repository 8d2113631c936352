//! The two-way bootstrap: people and items are drawn independently, and a row counts as often as its person times its item.
//! Keeps what is needed to take back the method's known excess.

use rayon::prelude::*;

use super::Columns;
use super::sums::{Moments, Sums};
use super::units::{self, Units};
use crate::error::Result;
use crate::random::Random;

/// Above this many rows, sides with more than [`GROUPS_MAX`] clusters are joined at random into that many groups, so that a
/// draw walks over at most 90,000 pairs. What the joining costs in precision is taken back with the method's own excess.
const ROWS_UNGROUPED_MAX: usize = 100_000;
/// Groups of people, and of items.
const GROUPS_MAX: usize = 300;
/// Draws that walk over the rows together, so that each row is read once for all of them.
const LANES: usize = 8;

/// Totals of every pair of a person and an item that occurs, in the order of people and then items.
struct Crossed {
    width: usize,
    /// Where each person's pairs begin, and the end.
    starts: Vec<usize>,
    items: Vec<u32>,
    values: Vec<f64>,
    items_count: usize,
}

/// Draws by people and items. Both have at least two clusters and neither is nested in the other.
pub(super) fn draw(columns: &Columns, people: (&[u32], usize), items: (&[u32], usize), draws: usize, seed: u64) -> Result<Sums> {
    let width = columns.width;
    let (people_groups, items_groups);
    let crossed = if columns.rows() > ROWS_UNGROUPED_MAX {
        people_groups = units::codes_grouped(people.0, people.1, GROUPS_MAX, seed);
        items_groups = units::codes_grouped(items.0, items.1, GROUPS_MAX, seed.wrapping_add(1));
        Crossed::new(columns, (&people_groups, people.1.min(GROUPS_MAX)), (&items_groups, items.1.min(GROUPS_MAX)))
    } else {
        Crossed::new(columns, people, items)
    };
    let mut out = vec![0.0; draws * width];
    out.par_chunks_mut(width * LANES).enumerate().for_each(|(chunk, sums)| crossed.draw(chunk * LANES, seed, sums));
    let mut totals = units::totals(columns, people.0, people.1);
    let by_item = units::totals(columns, items.0, items.1);
    let moments = Moments {
        first: Moments::of(&totals, width),
        second: Moments::of(&by_item, width),
        both: Moments::of(&Crossed::new(columns, people, items).values, width),
    };
    let point = units::sum(&totals, width);
    totals.extend(by_item);
    let clusters = people.1.min(items.1) as u64;
    Ok(Sums {
        width,
        point,
        draws: out,
        units: Units { totals, counts: None },
        rows: columns.rows() as u64,
        clusters,
        moments: Some(moments),
    })
}

impl Crossed {
    fn new(columns: &Columns, people: (&[u32], usize), items: (&[u32], usize)) -> Self {
        let width = columns.width;
        let mut order: Vec<usize> = (0..columns.rows()).collect();
        // Within a person by item, so that equal pairs are neighbours and the weights are read in order.
        order.sort_by_key(|i| (people.0.get(*i), items.0.get(*i)));
        let mut crossed = Self { width, starts: Vec::new(), items: Vec::new(), values: Vec::new(), items_count: items.1 };
        let mut last = None;
        let mut kept = vec![0usize; people.1];
        for i in order {
            let pair = (people.0.get(i).copied().unwrap_or(0), items.0.get(i).copied().unwrap_or(0));
            let row = columns.values.get(i * width..(i + 1) * width).unwrap_or_default();
            if last == Some(pair) {
                let from = crossed.values.len() - width;
                for (sum, value) in crossed.values.get_mut(from..).unwrap_or_default().iter_mut().zip(row) {
                    *sum += value;
                }
                continue;
            }
            last = Some(pair);
            crossed.items.push(pair.1);
            crossed.values.extend_from_slice(row);
            if let Some(count) = kept.get_mut(pair.0 as usize) {
                *count += 1;
            }
        }
        crossed.starts = std::iter::once(0)
            .chain(kept.iter().scan(0, |total, count| {
                *total += count;
                Some(*total)
            }))
            .collect();
        crossed
    }

    /// The pairs of every person: `(item, contributions)`.
    fn people(&self) -> impl Iterator<Item = (&[u32], &[f64])> {
        self.starts.windows(2).map(|ends| {
            let (from, to) = (ends.first().copied().unwrap_or(0), ends.last().copied().unwrap_or(0));
            (self.items.get(from..to).unwrap_or_default(), self.values.get(from * self.width..to * self.width).unwrap_or_default())
        })
    }

    /// Up to [`LANES`] draws, of which `first` is the number of the first; `out` holds as many as are wanted.
    fn draw(&self, first: usize, seed: u64, out: &mut [f64]) {
        let people_count = self.starts.len() - 1;
        let mut people = vec![[0f64; LANES]; people_count];
        let mut items = vec![[0f64; LANES]; self.items_count];
        for lane in 0..out.len() / self.width {
            let mut random = Random::new(seed, (first + lane) as u64);
            for weights in [&mut people, &mut items] {
                let count = weights.len();
                for _ in 0..count {
                    if let Some(weight) = weights.get_mut(random.below(count)).and_then(|w| w.get_mut(lane)) {
                        *weight += 1.0;
                    }
                }
            }
        }
        let mut sums = vec![[0f64; LANES]; self.width];
        let mut inner = vec![[0f64; LANES]; self.width];
        for ((codes, values), person) in self.people().zip(&people) {
            inner.fill([0.0; LANES]);
            for (code, row) in codes.iter().zip(values.chunks_exact(self.width)) {
                let weight = items.get(*code as usize).unwrap_or(&[0.0; LANES]);
                for (sum, value) in inner.iter_mut().zip(row) {
                    for (s, w) in sum.iter_mut().zip(weight) {
                        *s += w * value;
                    }
                }
            }
            for (sum, part) in sums.iter_mut().zip(&inner) {
                for ((s, p), w) in sum.iter_mut().zip(part).zip(person) {
                    *s += w * p;
                }
            }
        }
        for (lane, draw) in out.chunks_exact_mut(self.width).enumerate() {
            for (value, sum) in draw.iter_mut().zip(&sums) {
                *value = sum.get(lane).copied().unwrap_or(0.0);
            }
        }
    }
}
