//! Kappas. They compare with the chance that the answers' own frequencies give.

use super::jackknife::Groups;
use crate::{
    error::{Error, Result},
    estimate::Estimate,
    interval::{level_check, wilson},
    math::sqrt,
    skill::Answers,
    special::z_two_sided,
};

/// How much a disagreement counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weights {
    /// Every one alike.
    None,
    /// By the distance of the classes, which are in order.
    Linear,
    /// By its square.
    Quadratic,
}

impl Weights {
    fn agreement(self, a: usize, b: usize, classes: usize) -> f64 {
        let distance = a.abs_diff(b) as f64 / (classes.max(2) - 1) as f64;
        match self {
            Self::None => f64::from(u8::from(a == b)),
            Self::Linear => 1.0 - distance,
            Self::Quadratic => 1.0 - distance * distance,
        }
    }
}

/// Cohen's kappa of two people (Educational and Psychological Measurement 20, 1960; weighted: Psychological Bulletin 70,
/// 1968) with the large-sample interval of Fleiss, Cohen and Everitt (Psychological Bulletin 72, 1969). Items that either
/// left out are passed over; `n` counts the others.
///
/// # Errors
/// [`Error::Input`] where lengths differ or a class is not below `classes`; [`Error::CannotSay`] where no item was answered
/// by both, or both gave one and the same class throughout.
pub fn cohen(first: &[Option<u32>], second: &[Option<u32>], classes: usize, weights: Weights, level: f64) -> Result<Estimate> {
    level_check(level)?;
    if first.len() != second.len() {
        return Err(Error::input("second", format!("{} answers beside {}", second.len(), first.len())));
    }
    let mut table = std::collections::BTreeMap::new();
    for (a, b) in first.iter().zip(second).filter_map(|(a, b)| a.zip(*b)) {
        if a.max(b) as usize >= classes {
            return Err(Error::input("first", format!("class {} is not below {classes}", a.max(b))));
        }
        *table.entry((a as usize, b as usize)).or_insert(0.0) += 1.0;
    }
    let n: f64 = table.values().sum();
    if n == 0.0 {
        return Err(Error::cannot_say("no item was answered by both people, so they cannot be compared"));
    }
    let (mut rows, mut columns) = (vec![0.0; classes], vec![0.0; classes]);
    for ((a, b), count) in &table {
        rows[*a] += count / n;
        columns[*b] += count / n;
    }
    // Only classes that occur: the others add nothing.
    let occurring =
        |shares: &[f64]| shares.iter().enumerate().filter(|(_, share)| **share > 0.0).map(|(k, share)| (k, *share)).collect::<Vec<_>>();
    let (first_shares, second_shares) = (occurring(&rows), occurring(&columns));
    let towards =
        |shares: &[(usize, f64)], a: usize| shares.iter().map(|(b, share)| share * weights.agreement(a, *b, classes)).sum::<f64>();
    let mut mean_first = vec![0.0; classes];
    first_shares.iter().for_each(|(a, _)| mean_first[*a] = towards(&second_shares, *a));
    let mut mean_second = vec![0.0; classes];
    second_shares.iter().for_each(|(b, _)| mean_second[*b] = towards(&first_shares, *b));
    let agreed: f64 = table.iter().map(|((a, b), count)| count / n * weights.agreement(*a, *b, classes)).sum();
    let chance: f64 = first_shares.iter().map(|(a, share)| share * mean_first[*a]).sum();
    if first_shares.len() == 1 || second_shares.len() == 1 {
        return Err(Error::cannot_say(
            "one of the two people gave one and the same class throughout, so agreement beyond chance cannot show",
        ));
    }
    let kappa = (agreed - chance) / (1.0 - chance);
    let spread: f64 = table
        .iter()
        .map(|((a, b), count)| {
            let term = weights.agreement(*a, *b, classes) - (mean_first[*a] + mean_second[*b]) * (1.0 - kappa);
            count / n * term * term
        })
        .sum();
    let centre = kappa - chance * (1.0 - kappa);
    let variance = (spread - centre * centre).max(0.0) / (n * (1.0 - chance) * (1.0 - chance));
    let half = z_two_sided(level) * sqrt(variance);
    // Where both agree throughout, the formula knows no doubt; Wilson's bound does.
    let low = if half > 1e-12 { kappa - half } else { (wilson(n as u64, n as u64, level)?.low * agreed - chance) / (1.0 - chance) };
    Ok(Estimate { value: kappa, low, high: (kappa + half).min(1.0), n: n as u64 })
}

/// Fleiss' kappa (Psychological Bulletin 76, 1971) for items that all have equally many answers, whoever gave them; interval by the
/// jackknife over items.
///
/// # Errors
/// [`Error::CannotSay`] where items have different numbers of answers, or fewer than two, or all answers are one class.
pub fn fleiss(answers: &Answers, level: f64) -> Result<Estimate> {
    let counts = (0..answers.items()).map(|item| answers.of_item(item).len());
    let (least, most) = counts.fold((usize::MAX, 0), |(least, most), count| (least.min(count), most.max(count)));
    if least < 2 || least != most {
        return Err(Error::cannot_say(format!(
            "Fleiss' kappa needs equally many answers to every item, two or more; here there are {least} to {most}. Krippendorff's alpha does not"
        )));
    }
    let k = answers.classes();
    let groups = Groups::new(answers.items(), k + 2, |item, sums| add_agreement(answers, item, sums));
    let statistic = |sums: &[f64]| {
        let (shares, rest) = sums.split_at(k);
        let all: f64 = shares.iter().sum();
        let chance: f64 = shares.iter().map(|count| count / all * (count / all)).sum();
        let agreed = rest.first()? / rest.get(1)?;
        (1.0 - chance > 1e-12).then(|| (agreed - chance) / (1.0 - chance))
    };
    let total = groups.total();
    let all: f64 = total.iter().take(k).sum();
    let chance: f64 = total.iter().take(k).map(|count| count / all * (count / all)).sum();
    groups.estimate(level, 1.0, 1.0 / (1.0 - chance).max(1e-12), statistic)
}

/// The chance that two people who answered the same item gave the same class, in the mean over items with two answers or more;
/// interval by the jackknife over items.
///
/// # Errors
/// [`Error::CannotSay`] where fewer than two items have two answers.
pub fn observed(answers: &Answers, level: f64) -> Result<Estimate> {
    let k = answers.classes();
    let groups = Groups::new(answers.items(), k + 2, |item, sums| add_agreement(answers, item, sums));
    if groups.items() == 0 {
        return Err(super::alpha::nothing());
    }
    let estimate = groups.estimate(level, 1.0, 1.0, |sums| Some(sums.get(k)? / sums.get(k + 1)?).filter(|share| share.is_finite()))?;
    Ok(Estimate { low: estimate.low.max(0.0), ..estimate })
}

/// Adds counts of classes, the share of agreeing pairs, and 1 for the item.
fn add_agreement(answers: &Answers, item: usize, sums: &mut [f64]) -> bool {
    let list = answers.of_item(item);
    if list.len() < 2 {
        return false;
    }
    let m = list.len() as f64;
    let agreeing: f64 = super::alpha::class_counts(list).iter().map(|(_, count)| count * (count - 1.0)).sum();
    list.iter().for_each(|(_, class)| sums[*class as usize] += 1.0);
    let last = sums.len();
    sums[last - 2] += agreeing / (m * (m - 1.0));
    sums[last - 1] += 1.0;
    true
}
