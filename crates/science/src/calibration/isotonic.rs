//! [`Isotonic`]: the best rising curve, by pooling adjacent violators. For two classes only.

use crate::error::Result;
use crate::fitted::bits_all;
use serde::{Deserialize, Serialize};

/// Isotonic regression (Zadrozny and Elkan, KDD 2002; pool adjacent violators): the rising curve nearest to the outcomes.
/// Equal probabilities share one value; between those seen the curve is a straight line, outside of them it is flat.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Isotonic {
    #[serde(with = "bits_all")]
    at: Vec<f64>,
    #[serde(with = "bits_all")]
    value: Vec<f64>,
}

/// A run of neighbouring probabilities that share one value.
struct Block {
    first: f64,
    last: f64,
    sum: f64,
    weight: f64,
}

impl Isotonic {
    /// Fits it on probabilities of class 1 and labels 0 and 1.
    ///
    /// # Errors
    /// As [`Platt::fit`](super::Platt::fit).
    pub fn fit(positive: &[f64], labels: &[u32]) -> Result<Self> {
        super::binary::counts(positive, labels, "isotonic calibration")?;
        let mut rows: Vec<(f64, f64)> = positive.iter().zip(labels).map(|(p, label)| (*p, f64::from(*label))).collect();
        rows.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut blocks: Vec<Block> = Vec::new();
        for (p, label) in rows {
            match blocks.last_mut() {
                // Ties are one point before anything is pooled: their order in the file must not matter.
                Some(block) if block.first == p && block.last == p => {
                    block.sum += label;
                    block.weight += 1.0;
                }
                _ => {
                    pool(&mut blocks);
                    blocks.push(Block { first: p, last: p, sum: label, weight: 1.0 });
                }
            }
        }
        pool(&mut blocks);
        let mut curve = Self { at: Vec::new(), value: Vec::new() };
        for block in blocks {
            let value = block.sum / block.weight;
            curve.at.push(block.first);
            curve.value.push(value);
            if block.last > block.first {
                curve.at.push(block.last);
                curve.value.push(value);
            }
        }
        Ok(curve)
    }

    /// The calibrated probability.
    #[must_use]
    pub fn apply(&self, p: f64) -> f64 {
        let after = self.at.partition_point(|at| *at <= p);
        let known = |i: usize| Some((*self.at.get(i)?, *self.value.get(i)?));
        match (after.checked_sub(1).and_then(known), known(after)) {
            (Some((x0, y0)), Some((x1, y1))) => y0 + (y1 - y0) * ((p - x0) / (x1 - x0)),
            (Some((_, y)), None) | (None, Some((_, y))) => y,
            (None, None) => p,
        }
    }

    /// Corners of the curve, from left to right: probability in, probability out.
    pub fn corners(&self) -> impl Iterator<Item = (f64, f64)> + '_ {
        self.at.iter().copied().zip(self.value.iter().copied())
    }
}

/// Merges the last blocks while they do not rise.
fn pool(blocks: &mut Vec<Block>) {
    while let [.., left, right] = blocks.as_mut_slice() {
        // Cross-multiplied, so that no rounding of a quotient decides.
        if left.sum * right.weight < right.sum * left.weight {
            return;
        }
        left.sum += right.sum;
        left.weight += right.weight;
        left.last = right.last;
        blocks.pop();
    }
}
