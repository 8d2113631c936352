//! What follows from a world by arithmetic alone: what a calibrated proposer would say, and the true error of whatever is
//! automated. Nothing here is drawn, and nothing here is ever told to the platform, except what a proposer itself says.

use crate::{World, world::Actor};
use countersign_core::number::{ONE_BILLIONTHS, distribution};
use countersign_science::math;
use std::collections::BTreeMap;

/// What a proposer states with one of its answers.
#[derive(Debug, Clone, PartialEq)]
pub struct Stated {
    /// Probability by class, in billionths that sum to 10^9.
    pub billionths: BTreeMap<String, u32>,
    /// Its probability for its own answer, in billionths.
    pub own: u32,
    /// Its highest probability, in billionths; that of its own answer, unless a class is so frequent that the answer does not
    /// refute it.
    pub top: u32,
}

/// The chance that a proposer or a person of this accuracy answers `answer` where `truth` is true: an error is spread evenly
/// over the other classes.
#[must_use]
pub fn confusion(accuracy: f64, truth: usize, answer: usize, classes: usize) -> f64 {
    if truth == answer { accuracy } else { (1.0 - accuracy) / (classes.saturating_sub(1).max(1)) as f64 }
}

/// What a proposer states with each answer in each region: the posterior of whoever knows the prior and its accuracy *before
/// any change* (a model does not know that it got worse), with its logits multiplied by its overconfidence.
#[must_use]
pub fn stated(world: &World, proposer: usize) -> Vec<Vec<Stated>> {
    let (classes, sharpness) = (world.classes.len(), world.proposers.get(proposer).map_or(1.0, |p| p.overconfidence));
    let of = |region: usize, answer: usize| {
        let accuracy = world.accuracy(Actor::Proposer(proposer), region, 0);
        let prior = world.regions.get(region).map(|region| region.prior.as_slice()).unwrap_or_default();
        let joint = |truth: usize| prior.get(truth).copied().unwrap_or(0.0) * confusion(accuracy, truth, answer, classes);
        let sharp: Vec<f64> = (0..classes).map(|truth| math::pow(joint(truth), sharpness)).collect();
        let total = math::sum(sharp.iter().copied());
        let even = 1.0 / classes as f64;
        let shares = sharp.iter().map(|p| if total > 0.0 { p / total } else { even });
        let named: Vec<(String, f64)> = world.classes.iter().cloned().zip(shares).collect();
        // INVARIANT: the shares are finite and sum to 1; were they not, the proposer would state its answer alone.
        let alone = || BTreeMap::from([(world.classes.get(answer).cloned().unwrap_or_default(), ONE_BILLIONTHS)]);
        let billionths = distribution(&named).unwrap_or_else(|_| alone());
        let own = world.classes.get(answer).and_then(|class| billionths.get(class)).copied().unwrap_or(0);
        let top = billionths.values().copied().max().unwrap_or(0);
        Stated { billionths, own, top }
    };
    (0..world.regions.len()).map(|region| (0..classes).map(|answer| of(region, answer)).collect()).collect()
}

/// The true error of a proposer among those cases that `covers` says (by region and the answers of all proposers), on a day (the first
/// is 1). `None` where there are none.
#[must_use]
pub fn error(world: &World, proposer: usize, day: u32, covers: impl Fn(usize, &[usize]) -> bool) -> Option<Covered> {
    let (mut all, mut wrong) = (0.0, 0.0);
    for (at, region) in world.regions.iter().enumerate() {
        let pieces = pieces(world, at, day);
        for (truth, share) in region.prior.iter().enumerate() {
            for answers in every_answer(world).filter(|answers| covers(at, answers)) {
                let joint = region.share * share * chance(&pieces, truth, &answers, world.classes.len());
                all += joint;
                wrong += if answers.get(proposer) == Some(&truth) { 0.0 } else { joint };
            }
        }
    }
    (all > 0.0).then(|| Covered { share: all, error: wrong / all })
}

/// Every combination of what the proposers may answer.
fn every_answer(world: &World) -> impl Iterator<Item = Vec<usize>> {
    let (classes, proposers) = (world.classes.len().max(1), world.proposers.len() as u32);
    let combinations = classes.pow(proposers);
    (0..combinations).map(move |at| (0..proposers).map(|proposer| at / classes.pow(proposer) % classes).collect())
}

/// Ranges of hardness in which every proposer's accuracy is one number: the share of cases in each, and the accuracies. Whoever errs
/// with probability `e` errs on the hardest `common * e` together with everybody else, and on the others by themselves.
fn pieces(world: &World, region: usize, day: u32) -> Vec<(f64, Vec<f64>)> {
    let errors = (0..world.proposers.len()).map(|proposer| 1.0 - world.accuracy(Actor::Proposer(proposer), region, day));
    let errors: Vec<f64> = errors.collect();
    let mut ends: Vec<f64> = errors.iter().map(|error| world.common * error).chain([1.0]).collect();
    ends.sort_by(f64::total_cmp);
    let begins = [0.0].into_iter().chain(ends.iter().copied());
    let accuracy = |error: f64, begin: f64| {
        let hard = world.common * error;
        if begin < hard { 0.0 } else { 1.0 - (error - hard) / (1.0 - hard) }
    };
    let piece = |(begin, end): (f64, &f64)| (end - begin, errors.iter().map(|error| accuracy(*error, begin)).collect());
    begins.zip(&ends).map(piece).filter(|(share, _)| *share > 0.0).collect()
}

/// The chance of these answers where `truth` is true.
fn chance(pieces: &[(f64, Vec<f64>)], truth: usize, answers: &[usize], classes: usize) -> f64 {
    let of = |(share, accuracies): &(f64, Vec<f64>)| {
        share * accuracies.iter().zip(answers).map(|(accuracy, answer)| confusion(*accuracy, truth, *answer, classes)).product::<f64>()
    };
    math::sum(pieces.iter().map(of))
}

/// What a threshold automates, and how often that is wrong.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Covered {
    /// Share of all cases.
    pub share: f64,
    /// Share of errors among them.
    pub error: f64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::file::parse_one;

    /// By hand: prior .9 and .1, accuracy .8: "yes" is right with .08 / (.08 + .18).
    #[test]
    fn a_proposer_states_the_posterior_and_overconfidence_sharpens_it() {
        let source = |sharpness: f64| {
            format!(
                "[w]\nclasses = [\"no\", \"yes\"]\ndays = 1\ncases_per_day = 1\nregions = [ {{ name = \"r\", share = 1.0, prior = [0.9, 0.1] }} ]\nproposers = [ {{ name = \"m\", overconfidence = {sharpness}, accuracy = {{ r = 0.8 }} }} ]\npeople = [ {{ name = \"p\", minutes = 1.0, cap_per_day = 1, accuracy = {{ r = 0.9 }}, follow_right = 0.5, follow_wrong = 0.5 }} ]"
            )
        };
        let calibrated = parse_one(&source(1.0), "w").unwrap();
        let said = stated(&calibrated, 0);
        assert_eq!(said[0][1].billionths["yes"], 307_692_308);
        assert_eq!((said[0][1].own, said[0][1].top), (307_692_308, 692_307_692));
        assert_eq!(said[0][0].own, 972_972_973);
        // Odds of 4 to 9, squared.
        let sharp = stated(&parse_one(&source(2.0), "w").unwrap(), 0);
        assert_eq!(sharp[0][1].own, 164_948_454);
        assert_eq!(sharp[0][1].billionths.values().sum::<u32>(), ONE_BILLIONTHS);
        let all = error(&calibrated, 0, 1, |_, _| true).unwrap();
        assert!((all.share - 1.0).abs() < 1e-12 && (all.error - 0.2).abs() < 1e-12);
        let yes = error(&calibrated, 0, 1, |_, answers| answers == [1]).unwrap();
        assert!((yes.share - 0.26).abs() < 1e-12 && (yes.error - 0.18 / 0.26).abs() < 1e-12);
        assert_eq!(error(&calibrated, 0, 1, |_, _| false), None);
    }

    /// What is worked out is what 100,000 drawn cases come to, also where two proposers fail on the same cases.
    #[test]
    fn what_two_proposers_say_together_is_as_it_is_drawn() {
        let source = "[w]\nclasses = [\"a\", \"b\", \"c\"]\ndays = 50\ncases_per_day = 2000\ncommon = 0.4\nregions = [ { name = \"r\", share = 1.0, prior = [0.7, 0.2, 0.1] } ]\nproposers = [ { name = \"m\", overconfidence = 1.0, accuracy = { r = 0.9 } }, { name = \"n\", overconfidence = 1.0, accuracy = { r = 0.6 } } ]\npeople = [ { name = \"p\", minutes = 1.0, cap_per_day = 1, accuracy = { r = 0.9 }, follow_right = 0.5, follow_wrong = 0.5 } ]";
        let world = parse_one(source, "w").unwrap();
        let draws = crate::draws::Draws::new(&world, 5);
        for covers in [|answers: &[usize]| answers[0] == answers[1], |answers: &[usize]| answers[0] == 1 && answers[1] != 1] {
            let worked_out = error(&world, 1, 1, |_, answers| covers(answers)).unwrap();
            let covered: Vec<_> = draws.cases.iter().filter(|case| covers(&case.proposed)).collect();
            let wrong = covered.iter().filter(|case| case.proposed[1] != case.truth).count() as f64;
            let n = covered.len() as f64;
            assert!((n / 100_000.0 - worked_out.share).abs() < 5.0 * (worked_out.share / 100_000.0).sqrt(), "{worked_out:?} {n}");
            assert!((wrong / n - worked_out.error).abs() < 5.0 * (worked_out.error / n).sqrt(), "{worked_out:?} {wrong} of {n}");
        }
    }
}
