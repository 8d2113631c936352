//! Growing: one tree after the other, each for what those before it left over. A tree is split level by level; every column is looked at by itself and in
//! the order of its rows, so that the number of threads changes no bit.

use super::columns::{Binned, MISSING, Steps};
use countersign_science::math::ln;
use rayon::prelude::*;

/// Questions from the root to a leaf at most.
pub(super) const DEPTH_MAX: usize = 5;
/// Rounds: a tree each, or one a class where there are more than two.
const ROUNDS: usize = 100;
/// Trees of one model at most: of many classes there are fewer rounds.
pub(super) const TREES_MAX: usize = 2_000;
/// Rounds at least.
pub(super) const ROUNDS_MIN: usize = 10;
/// Which part of what a tree says is added.
const RATE: f64 = 0.1;
/// What holds the values of leaves back, in rows.
const HOLD: f64 = 1.0;
/// Rows of a leaf at least; of few examples a twentieth of them.
const LEAF_ROWS: usize = 20;
/// What a split has to gain.
const GAIN_MIN: f64 = 1e-9;

/// A node of a tree: a question, or a leaf.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Node {
    /// What is asked; of a leaf nothing.
    pub question: Option<Question>,
    /// What the tree would say here, were it a leaf.
    pub value: f64,
}

/// Whether a column's value is at most so much.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Question {
    pub column: u32,
    pub most: f64,
    /// Where a case goes that has no value.
    pub missing_yes: bool,
    /// The node where it is. Behind this one, as is `no`: a tree has no way back.
    pub yes: u32,
    pub no: u32,
}

impl Question {
    pub(crate) fn next(&self, value: f64) -> u32 {
        let yes = if value.is_nan() { self.missing_yes } else { value <= self.most };
        if yes { self.yes } else { self.no }
    }
}

/// A tree: its root comes first.
pub(crate) type Tree = Vec<Node>;

/// What was grown: for each output what is said before any tree, and the trees, round after round, an output each.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Forest {
    pub base: Vec<f64>,
    pub trees: Vec<Tree>,
}

/// How many numbers a forest says: with two classes one is enough.
pub(crate) fn outputs(classes: usize) -> usize {
    if classes == 2 { 1 } else { classes }
}

impl Forest {
    /// The trees of an output.
    pub(crate) fn of_output(&self, output: usize) -> impl Iterator<Item = &Tree> {
        self.trees.iter().skip(output).step_by(self.base.len().max(1))
    }

    /// What it says of a case's values.
    pub(crate) fn scores(&self, values: &[f64]) -> Vec<f64> {
        let of = |(output, base): (usize, &f64)| self.of_output(output).fold(*base, |sum, tree| sum + leaf(tree, values));
        self.base.iter().enumerate().map(of).collect()
    }
}

/// The value of the leaf that a case's values lead to.
fn leaf(tree: &Tree, values: &[f64]) -> f64 {
    let mut at = 0u32;
    loop {
        let Some(node) = tree.get(at as usize) else { return 0.0 };
        let Some(question) = &node.question else { return node.value };
        at = question.next(values.get(question.column as usize).copied().unwrap_or(f64::NAN));
    }
}

/// Scores as logits of the classes.
pub(crate) fn logits(scores: &[f64]) -> Vec<f64> {
    match scores {
        [one] => vec![-one / 2.0, one / 2.0],
        more => more.to_vec(),
    }
}

/// Sums over rows.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    slope: f64,
    bend: f64,
    rows: u32,
}

impl Sums {
    fn add(&mut self, (slope, bend): (f64, f64)) {
        self.slope += slope;
        self.bend += bend;
        self.rows += 1;
    }

    fn plus(self, other: Self) -> Self {
        Self { slope: self.slope + other.slope, bend: self.bend + other.bend, rows: self.rows + other.rows }
    }

    fn less(self, other: Self) -> Self {
        Self { slope: self.slope - other.slope, bend: self.bend - other.bend, rows: self.rows.saturating_sub(other.rows) }
    }

    fn worth(self) -> f64 {
        self.slope * self.slope / (self.bend.max(0.0) + HOLD)
    }

    fn value(self) -> f64 {
        -RATE * self.slope / (self.bend.max(0.0) + HOLD)
    }
}

#[derive(Debug, Clone, Copy)]
struct Split {
    gain: f64,
    column: u32,
    most: f64,
    missing_yes: bool,
    yes: Sums,
    no: Sums,
}

/// Learns: trees for the log loss of the rows' labels, each row with its weight.
pub(crate) fn boost(binned: &Binned, labels: &[u32], weights: &[f64], classes: usize) -> Forest {
    let outputs = outputs(classes);
    let base = start(labels, weights, classes);
    let rounds = (TREES_MAX / outputs).clamp(ROUNDS_MIN, ROUNDS);
    let mut scores: Vec<f64> = base.iter().copied().cycle().take(binned.rows * outputs).collect();
    let mut forest = Forest { base, trees: Vec::with_capacity(rounds * outputs) };
    let leaf_rows = LEAF_ROWS.min(binned.rows / 20).max(2);
    for _ in 0..rounds {
        // All trees of a round are for what the rounds before it left over.
        let shares: Vec<f64> = scores.par_chunks(outputs).flat_map_iter(shares).collect();
        let mut any = false;
        for output in 0..outputs {
            let class = if outputs == 1 { 1 } else { output };
            let slope = |(row, label): (usize, &u32)| {
                let p = shares.get(row * classes + class).copied().unwrap_or(0.0);
                let weight = weights.get(row).copied().unwrap_or(1.0);
                ((p - f64::from(u8::from(*label as usize == class))) * weight, p * (1.0 - p) * weight)
            };
            let slopes: Vec<(f64, f64)> = labels.iter().enumerate().map(slope).collect();
            let (tree, leaves) = grow(binned, &slopes, leaf_rows);
            any |= tree.len() > 1;
            for (row, leaf) in leaves.iter().enumerate() {
                if let Some((score, node)) = scores.get_mut(row * outputs + output).zip(tree.get(*leaf as usize)) {
                    *score += node.value;
                }
            }
            forest.trees.push(tree);
        }
        if !any {
            break;
        }
    }
    forest
}

/// What is said before any tree: the shares of the classes, half an example added to each.
fn start(labels: &[u32], weights: &[f64], classes: usize) -> Vec<f64> {
    let mut totals = vec![0.5; classes];
    for (label, weight) in labels.iter().zip(weights) {
        if let Some(total) = totals.get_mut(*label as usize) {
            *total += weight;
        }
    }
    let logs: Vec<f64> = totals.iter().map(|total| ln(*total)).collect();
    match logs.as_slice() {
        [first, second] => vec![second - first],
        all => {
            let mean = all.iter().sum::<f64>() / all.len() as f64;
            all.iter().map(|log| log - mean).collect()
        }
    }
}

fn shares(scores: &[f64]) -> Vec<f64> {
    let mut logits = logits(scores);
    crate::text::fit::softmax(&mut logits);
    logits
}

/// No node, or none that is split any more.
const NONE: u32 = u32::MAX;

/// A tree for some slopes, and the leaf of every row.
fn grow(binned: &Binned, slopes: &[(f64, f64)], leaf_rows: usize) -> (Tree, Vec<u32>) {
    let mut all = Sums::default();
    slopes.iter().for_each(|slope| all.add(*slope));
    let mut tree = vec![Node { question: None, value: all.value() }];
    let mut at = vec![0u32; slopes.len()];
    let mut open: Vec<(u32, Sums)> = vec![(0, all)];
    for _ in 0..DEPTH_MAX {
        let mut slots = vec![NONE; tree.len()];
        for (slot, (node, _)) in (0u32..).zip(&open) {
            if let Some(of) = slots.get_mut(*node as usize) {
                *of = slot;
            }
        }
        let slot_of: Vec<u32> = at.iter().map(|node| slots.get(*node as usize).copied().unwrap_or(NONE)).collect();
        let totals: Vec<Sums> = open.iter().map(|(_, sums)| *sums).collect();
        let level = Level { slopes, slot_of: &slot_of, totals: &totals, leaf_rows };
        let of_number = |(column, steps): (usize, &Steps)| level.number(column as u32, steps);
        let of_mark = |(place, rows): (usize, &Vec<u32>)| level.mark((binned.numbers.len() + place) as u32, rows);
        let numbers: Vec<Vec<Option<Split>>> = binned.numbers.par_iter().enumerate().map(of_number).collect();
        let marks: Vec<Vec<Option<Split>>> = binned.marks.par_iter().enumerate().map(of_mark).collect();
        let mut best: Vec<Option<Split>> = vec![None; open.len()];
        for of_column in numbers.into_iter().chain(marks) {
            for (best, split) in best.iter_mut().zip(of_column) {
                // Of equals the first column.
                if split.is_some_and(|split| best.is_none_or(|best| split.gain > best.gain)) {
                    *best = split;
                }
            }
        }
        let mut next = Vec::new();
        for ((node, _), split) in open.iter().zip(&best) {
            let Some(split) = split else { continue };
            let yes = tree.len() as u32;
            let question = Question { column: split.column, most: split.most, missing_yes: split.missing_yes, yes, no: yes + 1 };
            if let Some(node) = tree.get_mut(*node as usize) {
                node.question = Some(question);
            }
            tree.push(Node { question: None, value: split.yes.value() });
            tree.push(Node { question: None, value: split.no.value() });
            next.extend([(yes, split.yes), (yes + 1, split.no)]);
        }
        if next.is_empty() {
            break;
        }
        move_on(binned, &tree, &mut at);
        open = next;
    }
    (tree, at)
}

/// Every row goes on to where the question of its node leads.
fn move_on(binned: &Binned, tree: &Tree, at: &mut [u32]) {
    let marks = binned.numbers.len();
    let before = at.to_vec();
    let question = |row: usize| before.get(row).and_then(|node| tree.get(*node as usize)).and_then(|node| node.question);
    for (row, at) in at.iter_mut().enumerate() {
        let Some(question) = question(row) else { continue };
        *at = match binned.numbers.get(question.column as usize) {
            Some(steps) => match steps.of.get(row).copied() {
                None | Some(MISSING) => question.next(f64::NAN),
                // The edge of a step is what was asked for.
                Some(step) => {
                    let edge = steps.edges.partition_point(|edge| *edge < question.most);
                    if usize::from(step) <= edge { question.yes } else { question.no }
                }
            },
            // No mark; those that have it are below.
            None => question.yes,
        };
    }
    for (place, rows) in binned.marks.iter().enumerate() {
        for row in rows {
            if let Some(question) = question(*row as usize).filter(|question| question.column as usize == marks + place)
                && let Some(at) = at.get_mut(*row as usize)
            {
                *at = question.no;
            }
        }
    }
}

/// The nodes of one level, and the rows in them.
struct Level<'a> {
    slopes: &'a [(f64, f64)],
    slot_of: &'a [u32],
    totals: &'a [Sums],
    leaf_rows: usize,
}

impl Level<'_> {
    fn split(&self, total: Sums, yes: Sums, (column, most, missing_yes): (u32, f64, bool), best: &mut Option<Split>) {
        let no = total.less(yes);
        if (yes.rows as usize) < self.leaf_rows || (no.rows as usize) < self.leaf_rows {
            return;
        }
        let gain = yes.worth() + no.worth() - total.worth();
        if gain > GAIN_MIN && best.is_none_or(|best| gain > best.gain) {
            *best = Some(Split { gain, column, most, missing_yes, yes, no });
        }
    }

    /// The best split by a number, for each node.
    fn number(&self, column: u32, steps: &Steps) -> Vec<Option<Split>> {
        const WIDTH: usize = MISSING as usize + 1;
        let mut sums = vec![Sums::default(); self.totals.len() * WIDTH];
        for ((slot, step), slope) in self.slot_of.iter().zip(&steps.of).zip(self.slopes) {
            if *slot != NONE
                && let Some(sums) = sums.get_mut(*slot as usize * WIDTH + usize::from(*step))
            {
                sums.add(*slope);
            }
        }
        let of = |(sums, total): (&[Sums], &Sums)| {
            let (mut below, mut best) = (Sums::default(), None);
            let missing = sums.get(usize::from(MISSING)).copied().unwrap_or_default();
            for (step, edge) in sums.iter().zip(&steps.edges) {
                below = below.plus(*step);
                // What has none goes where it is told better; where there is no such row, to the larger part.
                if missing.rows == 0 {
                    self.split(*total, below, (column, *edge, below.rows * 2 >= total.rows), &mut best);
                } else {
                    self.split(*total, below, (column, *edge, false), &mut best);
                    self.split(*total, below.plus(missing), (column, *edge, true), &mut best);
                }
            }
            // That there is none may be the answer itself.
            if missing.rows > 0 {
                self.split(*total, total.less(missing), (column, f64::MAX, false), &mut best);
            }
            best
        };
        sums.chunks_exact(WIDTH).zip(self.totals).map(of).collect()
    }

    /// The split by a mark, for each node: at most 0 is to have it not.
    fn mark(&self, column: u32, rows: &[u32]) -> Vec<Option<Split>> {
        let mut sums = vec![Sums::default(); self.totals.len()];
        for row in rows {
            let slot = self.slot_of.get(*row as usize).copied().unwrap_or(NONE);
            if let Some((sums, slope)) = sums.get_mut(slot as usize).zip(self.slopes.get(*row as usize)) {
                sums.add(*slope);
            }
        }
        let of = |(with, total): (&Sums, &Sums)| {
            let mut best = None;
            self.split(*total, total.less(*with), (column, 0.5, true), &mut best);
            best
        };
        sums.iter().zip(self.totals).map(of).collect()
    }
}
