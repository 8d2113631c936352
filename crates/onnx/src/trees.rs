//! Trees: a walk from the root to a leaf, whose weights are added up. That every walk ends is checked when they are read: no node has two
//! parents, and no root has any.

use crate::{
    Error,
    graph::{Parameters, Transform},
};
use std::collections::HashMap;

/// Trees that vote together.
#[derive(Debug)]
pub(crate) struct Trees {
    nodes: Vec<Node>,
    roots: Vec<usize>,
    base: Vec<f32>,
    classes: usize,
    /// Of two classes with weights for one only: whether those are all shares.
    one_sided: Option<bool>,
    transform: Transform,
}

#[derive(Debug)]
enum Node {
    Branch { column: usize, test: Test, value: f32, yes: usize, no: usize },
    Leaf(Vec<(usize, f32)>),
}

#[derive(Debug, Clone, Copy)]
enum Test {
    AtMost,
    Below,
    AtLeast,
    Above,
    Equal,
    Other,
}

impl Trees {
    pub(crate) fn read(of: &Parameters<'_>, classes: usize) -> Result<Self, Error> {
        let (tree_ids, node_ids, columns) = (of.ints("nodes_treeids"), of.ints("nodes_nodeids"), of.ints("nodes_featureids"));
        let (yes, no, modes) = (of.ints("nodes_truenodeids"), of.ints("nodes_falsenodeids"), of.texts("nodes_modes"));
        let values = of.finite("nodes_values")?;
        let n = node_ids.len();
        if n == 0 || [tree_ids.len(), columns.len(), yes.len(), no.len(), modes.len(), values.len()].iter().any(|length| *length != n) {
            return Err(of.refused("has parts of different lengths, or numbers that are no floats of 32 bits"));
        }
        let places: HashMap<(i64, i64), usize> =
            tree_ids.iter().zip(node_ids).enumerate().map(|(at, (tree, node))| ((*tree, *node), at)).collect();
        if places.len() != n {
            return Err(of.refused("has the same node twice"));
        }
        let mut children = vec![0u32; n];
        let mut nodes = Vec::with_capacity(n);
        let parts = tree_ids.iter().zip(columns).zip(yes.iter().zip(no)).zip(modes.iter().zip(&values));
        for (((tree, column), (yes, no)), (mode, value)) in parts {
            let test = match mode.as_str() {
                "LEAF" => {
                    nodes.push(Node::Leaf(Vec::new()));
                    continue;
                }
                "BRANCH_LEQ" => Test::AtMost,
                "BRANCH_LT" => Test::Below,
                "BRANCH_GTE" => Test::AtLeast,
                "BRANCH_GT" => Test::Above,
                "BRANCH_EQ" => Test::Equal,
                "BRANCH_NEQ" => Test::Other,
                other => return Err(of.refused(&format!("branches by {other:?}, which is not known"))),
            };
            let mut child = |id: &i64| {
                let at = places.get(&(*tree, *id)).copied().ok_or_else(|| of.refused("names a node that is not there"))?;
                if let Some(parents) = children.get_mut(at) {
                    *parents += 1;
                }
                Ok::<usize, Error>(at)
            };
            let (yes, no) = (child(yes)?, child(no)?);
            let column = usize::try_from(*column).ok().filter(|column| *column < crate::COLUMNS_MAX);
            let column = column.ok_or_else(|| of.refused("looks at a column that cannot be"))?;
            nodes.push(Node::Branch { column, test, value: *value, yes, no });
        }
        let roots: Vec<usize> = children.iter().enumerate().filter(|(_, parents)| **parents == 0).map(|(at, _)| at).collect();
        let trees = tree_ids.iter().collect::<std::collections::BTreeSet<_>>().len();
        if children.iter().any(|parents| *parents > 1) || roots.len() != trees {
            return Err(of.refused("has nodes that are no trees"));
        }
        let one_sided = leaves(of, classes, &places, &mut nodes)?;
        let base = of.finite("base_values")?;
        if !base.is_empty() && base.len() != classes && !(one_sided.is_some() && base.len() == 1) {
            return Err(of.refused("has not one base value a class"));
        }
        Ok(Self { nodes, roots, base, classes, one_sided, transform: of.transform()? })
    }

    /// Columns that are looked at, up to the last.
    pub(crate) fn columns(&self) -> usize {
        let of = |node: &Node| if let Node::Branch { column, .. } = node { column + 1 } else { 0 };
        self.nodes.iter().map(of).max().unwrap_or(0)
    }

    /// Numbers that are worked through for one row, at most: every walk as long as the longest of its tree, and the weights of a leaf.
    pub(crate) fn work(&self) -> usize {
        let mut work = 0usize;
        for root in &self.roots {
            let (mut level, mut depth, mut weights) = (vec![*root], 0usize, 0usize);
            while !level.is_empty() {
                depth += 1;
                let mut next = Vec::new();
                for at in &level {
                    match self.nodes.get(*at) {
                        Some(Node::Branch { yes, no, .. }) => next.extend([*yes, *no]),
                        Some(Node::Leaf(of)) => weights = weights.max(of.len()),
                        None => {}
                    }
                }
                level = next;
            }
            work = work.saturating_add(depth + weights);
        }
        work
    }

    pub(crate) fn run(&self, row: &[f32]) -> Vec<f32> {
        let mut sums: Vec<f64> = (0..self.classes).map(|class| f64::from(self.base.get(class).copied().unwrap_or(0.0))).collect();
        for root in &self.roots {
            let mut at = *root;
            while let Some(node) = self.nodes.get(at) {
                match node {
                    Node::Branch { column, test, value, yes, no } => {
                        let here = row.get(*column).copied().unwrap_or(0.0);
                        at = if test.holds(here, *value) { *yes } else { *no };
                    }
                    Node::Leaf(weights) => {
                        for (class, weight) in weights {
                            if let Some(sum) = sums.get_mut(*class) {
                                *sum += f64::from(*weight);
                            }
                        }
                        break;
                    }
                }
            }
        }
        let Some(shares) = self.one_sided else { return self.transform.apply(&sums) };
        // Only one of two classes has weights: they are of the second.
        let score: f64 = sums.iter().sum();
        match self.transform {
            Transform::None => [if shares { 1.0 - score } else { -score }, score].map(|p| p as f32).to_vec(),
            other => other.apply(&[-score, score]),
        }
    }
}

/// Puts the weights to their leaves. Says, of two classes with weights for one only, whether those are shares.
fn leaves(of: &Parameters<'_>, classes: usize, places: &HashMap<(i64, i64), usize>, nodes: &mut [Node]) -> Result<Option<bool>, Error> {
    let (trees, ids, of_class) = (of.ints("class_treeids"), of.ints("class_nodeids"), of.ints("class_ids"));
    let weights = of.finite("class_weights")?;
    if weights.is_empty() || [trees.len(), ids.len(), of_class.len()].iter().any(|length| *length != weights.len()) {
        return Err(of.refused("has weights of different lengths"));
    }
    for (((tree, id), class), weight) in trees.iter().zip(ids).zip(of_class).zip(&weights) {
        let class = usize::try_from(*class)
            .ok()
            .filter(|class| *class < classes)
            .ok_or_else(|| of.refused("has weights of a class that is not there"))?;
        match places.get(&(*tree, *id)).and_then(|at| nodes.get_mut(*at)) {
            Some(Node::Leaf(all)) => all.push((class, *weight)),
            _ => return Err(of.refused("has weights at a node that is no leaf")),
        }
    }
    let alike = of_class.windows(2).all(|pair| matches!(pair, [a, b] if a == b));
    Ok((classes == 2 && alike).then(|| weights.iter().all(|weight| *weight >= 0.0)))
}

impl Test {
    fn holds(self, here: f32, value: f32) -> bool {
        match self {
            Self::AtMost => here <= value,
            Self::Below => here < value,
            Self::AtLeast => here >= value,
            Self::Above => here > value,
            Self::Equal => here == value,
            Self::Other => here != value,
        }
    }
}
