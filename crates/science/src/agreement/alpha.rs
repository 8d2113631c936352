//! Krippendorff's alpha: one less observed over expected disagreement of all pairs that can be compared.

use super::jackknife::Groups;
use crate::{
    error::{Error, Result},
    estimate::Estimate,
    math::{mean, sum},
    skill::{Answers, NumericAnswers},
};

/// Beyond so many classes in order, take them for numbers.
pub const ORDINAL_CLASSES_MAX: usize = 400;

/// How often each class stands in an item's answers.
pub(super) fn class_counts(list: &[(u32, u32)]) -> Vec<(usize, f64)> {
    let mut classes: Vec<u32> = list.iter().map(|(_, class)| *class).collect();
    classes.sort_unstable();
    classes.chunk_by(|a, b| a == b).filter_map(|same| same.first().map(|class| (*class as usize, same.len() as f64))).collect()
}

/// That there is nothing to compare.
pub(super) fn nothing() -> Error {
    Error::cannot_say(
        "no item was answered by two people, so nobody can be compared with anybody; let people answer some of the same items",
    )
}

/// Alpha where any two classes differ alike (Krippendorff, "Computing Krippendorff's alpha-reliability", 2011), with the
/// interval of the jackknife over items. Answers to items that nobody else answered are passed over; `n` counts the other
/// items.
///
/// # Errors
/// [`Error::CannotSay`] where fewer than two items have two answers, or all of these are one class.
pub fn alpha_nominal(answers: &Answers, level: f64) -> Result<Estimate> {
    let k = answers.classes();
    let groups = Groups::new(answers.items(), k + 1, |item, sums| {
        let list = answers.of_item(item);
        if list.len() < 2 {
            return false;
        }
        let m = list.len() as f64;
        for (class, count) in class_counts(list) {
            sums[class] += count;
            sums[k] += count * (m - count) / (m - 1.0);
        }
        true
    });
    if groups.items() == 0 {
        return Err(nothing());
    }
    let expected = |counts: &[f64]| {
        let n: f64 = counts.iter().sum();
        (n, (n * n - counts.iter().map(|count| count * count).sum::<f64>()) / (n - 1.0))
    };
    let statistic = |sums: &[f64]| {
        let (_, expected) = expected(&sums[..k]);
        (expected > 1e-9).then(|| 1.0 - sums[k] / expected)
    };
    let (n, pairs) = expected(&groups.total()[..k]);
    groups.estimate(level, 1.0, n / pairs.max(1e-9), statistic)
}

/// Alpha where the codes of the classes are their order: the difference of two classes is how many answers lie between them.
///
/// # Errors
/// As [`alpha_nominal`]; also beyond [`ORDINAL_CLASSES_MAX`] classes.
pub fn alpha_ordinal(answers: &Answers, level: f64) -> Result<Estimate> {
    let k = answers.classes();
    if k > ORDINAL_CLASSES_MAX {
        return Err(Error::cannot_say(format!("{k} classes in order are more than {ORDINAL_CLASSES_MAX}; take them for numbers")));
    }
    // The coincidences of classes within items, k x k.
    let groups = Groups::new(answers.items(), k * k, |item, sums| {
        let list = answers.of_item(item);
        if list.len() < 2 {
            return false;
        }
        let (m, counts) = (list.len() as f64, class_counts(list));
        for (a, first) in &counts {
            for (b, second) in &counts {
                sums[a * k + b] += first * (second - f64::from(u8::from(a == b))) / (m - 1.0);
            }
        }
        true
    });
    if groups.items() == 0 {
        return Err(nothing());
    }
    let statistic = |sums: &[f64]| {
        let counts: Vec<f64> = sums.chunks_exact(k).map(|row| row.iter().sum()).collect();
        let n: f64 = counts.iter().sum();
        let (mut observed, mut expected) = (0.0, 0.0);
        for a in 0..k {
            let mut between = 0.0;
            for b in a + 1..k {
                // Answers between the two, and half of those at either.
                let steps = between + 0.5 * (counts[a] + counts[b]);
                between += counts[b];
                observed += steps * steps * (sums[a * k + b] + sums[b * k + a]);
                expected += 2.0 * steps * steps * counts[a] * counts[b];
            }
        }
        (expected > 1e-9).then(|| 1.0 - (n - 1.0) * observed / expected)
    };
    groups.estimate(level, 1.0, 2.0, statistic)
}

/// Alpha of numbers, which differ by the square of their distance.
///
/// # Errors
/// As [`alpha_nominal`].
pub fn alpha_interval(answers: &NumericAnswers, level: f64) -> Result<Estimate> {
    let values: Vec<Vec<f64>> = answers.values().collect();
    // Differences do not change when all numbers move; near 0 their squares keep their digits.
    let centre = mean(&values.iter().flatten().copied().collect::<Vec<_>>()).unwrap_or(0.0);
    let groups = Groups::new(values.len(), 4, |item, sums| {
        let list = &values[item];
        if list.len() < 2 {
            return false;
        }
        let m = list.len() as f64;
        let (total, squares) = (sum(list.iter().map(|x| x - centre)), sum(list.iter().map(|x| (x - centre) * (x - centre))));
        sums.iter_mut()
            .zip([m, total, squares, 2.0 * (m * squares - total * total).max(0.0) / (m - 1.0)])
            .for_each(|(all, one)| *all += one);
        true
    });
    if groups.items() == 0 {
        return Err(nothing());
    }
    let statistic = |sums: &[f64]| {
        let [n, total, squares, within] = sums else { return None };
        let expected = 2.0 * (n * squares - total * total) / (n - 1.0);
        (expected > 1e-12 * squares.abs() && expected > 0.0).then(|| 1.0 - within / expected)
    };
    groups.estimate(level, 1.0, 2.0, statistic)
}
