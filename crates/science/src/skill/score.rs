//! Labels held against the truth.

use super::answers::Posterior;
use crate::{
    error::{Error, Result},
    estimate::Estimate,
    interval::{level_check, wilson, wilson_share},
    random::Random,
    sample::multinomial,
};

const DRAWS: u64 = 1_000;

fn pairs<'a>(labels: &'a [Option<u32>], truth: &'a [Option<u32>]) -> Result<impl Iterator<Item = (u32, u32)> + 'a> {
    if labels.len() != truth.len() {
        return Err(Error::input("truth", format!("{} labels and {} truths", labels.len(), truth.len())));
    }
    Ok(labels.iter().zip(truth).filter_map(|(label, truth)| label.zip(*truth)))
}

fn nothing() -> Error {
    Error::cannot_say("no labelled item has a known truth, so labels cannot be held against it")
}

/// The share of items whose label is the truth, with Wilson's interval; items without a label or a truth are passed over.
///
/// # Errors
/// [`Error::Input`] where lengths differ; [`Error::CannotSay`] where no item has both.
pub fn accuracy(labels: &[Option<u32>], truth: &[Option<u32>], level: f64) -> Result<Estimate> {
    let (mut right, mut n) = (0, 0);
    pairs(labels, truth)?.for_each(|(label, truth)| (right, n) = (right + u64::from(label == truth), n + 1));
    if n == 0 { Err(nothing()) } else { wilson(right, n, level) }
}

/// The accuracy that is expected where equally many votes are decided by chance.
///
/// # Errors
/// As [`accuracy`].
pub fn expected_accuracy(shares: &Posterior, truth: &[Option<u32>], level: f64) -> Result<Estimate> {
    let (mut right, mut n) = (0.0, 0);
    for (item, truth) in truth.iter().enumerate() {
        let (Some(truth), row) = (truth, shares.of(item)) else { continue };
        let most = row.iter().copied().fold(0.0, f64::max);
        let first = row.iter().filter(|share| **share == most).count();
        n += 1;
        right += if row.get(*truth as usize) == Some(&most) { 1.0 / first as f64 } else { 0.0 };
    }
    if n == 0 { Err(nothing()) } else { wilson_share(right / n as f64, n as f64, n, level) }
}

/// The mean over classes of the harmonic mean of precision and recall, over the classes that occur as truth or as label; a
/// class that is never hit counts 0 (as scikit-learn's `f1_score(average="macro")`). The interval is of 1,000 draws of items with
/// replacement, which are multinomial draws of the table of labels and truths.
///
/// # Errors
/// As [`accuracy`]; [`Error::Input`] where a class is not below `classes`.
pub fn macro_f1(labels: &[Option<u32>], truth: &[Option<u32>], classes: usize, level: f64, seed: u64) -> Result<Estimate> {
    level_check(level)?;
    let mut cells = std::collections::BTreeMap::new();
    for (label, truth) in pairs(labels, truth)? {
        if label.max(truth) as usize >= classes {
            return Err(Error::input("labels", format!("class {} is not below {classes}", label.max(truth))));
        }
        *cells.entry((label, truth)).or_insert(0u64) += 1;
    }
    let (keys, counts): (Vec<(u32, u32)>, Vec<u64>) = cells.into_iter().unzip();
    let n: u64 = counts.iter().sum();
    if n == 0 {
        return Err(nothing());
    }
    let value = f1(&keys, &counts, classes);
    let mut drawn: Vec<f64> = (0..DRAWS)
        .map(|draw| {
            let mut out = vec![0; counts.len()];
            multinomial(&mut Random::new(seed, draw), n, &counts, &mut out);
            f1(&keys, &out, classes)
        })
        .collect();
    drawn.sort_unstable_by(f64::total_cmp);
    let at = |share: f64| drawn[((share * (DRAWS - 1) as f64).round() as usize).min(drawn.len() - 1)];
    let tail = 0.5 * (1.0 - level);
    Ok(Estimate { value, low: at(tail).min(value), high: at(1.0 - tail).max(value), n })
}

fn f1(keys: &[(u32, u32)], counts: &[u64], classes: usize) -> f64 {
    // Right, and labels plus truths, by class.
    let mut sums = vec![(0u64, 0u64); classes];
    for ((label, truth), count) in keys.iter().zip(counts) {
        sums[*label as usize].1 += count;
        sums[*truth as usize].1 += count;
        if label == truth {
            sums[*label as usize].0 += count;
        }
    }
    let occurring: Vec<f64> = sums.iter().filter(|(_, all)| *all > 0).map(|(right, all)| 2.0 * *right as f64 / *all as f64).collect();
    occurring.iter().sum::<f64>() / occurring.len().max(1) as f64
}
