//! Deferral on small worlds with known answers, and on hostile input. Reads no file.

use super::*;
use crate::fitted::Fitted;
use crate::math;
use crate::random::Random;

/// The AI is right with chance `c`, its confidence; people with chance .8 everywhere: the best threshold is .8.
fn rows(n: usize, seed: u64) -> (Vec<f64>, Vec<(bool, bool)>) {
    let mut random = Random::new(seed, 0);
    (0..n)
        .map(|_| {
            let c = 0.5 + 0.5 * random.uniform();
            (c, (random.uniform() < c, random.uniform() < 0.8))
        })
        .unzip()
}

fn losses(right: &[(bool, bool)]) -> (Vec<f64>, Vec<f64>) {
    right.iter().map(|(ai, person)| (f64::from(u8::from(!ai)), f64::from(u8::from(!person)))).unzip()
}

#[test]
fn the_threshold_is_where_both_are_equally_good() {
    let (confidences, right) = rows(100_000, 1);
    let (ai, person) = losses(&right);
    let fitted = Threshold::fit(&confidences, Losses { ai: &ai, person: &person }).unwrap();
    assert!((fitted.least() - 0.8).abs() < 0.03, "{fitted:?}");
    // A person's time at .1 a case: worth it only where the AI is right in less than .7.
    let dear: Vec<f64> = person.iter().map(|loss| loss + 0.1).collect();
    let fitted = Threshold::fit(&confidences, Losses { ai: &ai, person: &dear }).unwrap();
    assert!((fitted.least() - 0.7).abs() < 0.03, "{fitted:?}");
    // Judged on other rows: .5..1 under .8 by people, the rest by the AI gives .6 * .8 + .4 * .9.
    let (confidences, right) = rows(50_000, 2);
    let (ai, person) = losses(&right);
    let threshold = Threshold::fit(&confidences, Losses { ai: &ai, person: &person }).unwrap();
    let decisions: Vec<Decider> = confidences.iter().map(|c| threshold.decide(*c)).collect();
    let judged = judge(&decisions, &right, Losses { ai: &ai, person: &person }, 0.95).unwrap();
    assert!((judged.accuracy.value - 0.84).abs() < 0.01 && (judged.both_wrong.value - 0.05).abs() < 0.005);
    assert!((judged.accuracy.value + judged.loss.value - 1.0).abs() < 1e-9);
}

#[test]
fn ties_and_one_sided_cases_have_one_answer() {
    // By hand: constant confidence, the person better: never the AI.
    let fit = |c: &[f64], ai: &[f64], person: &[f64]| Threshold::fit(c, Losses { ai, person }).unwrap();
    assert_eq!(fit(&[0.7, 0.7], &[1.0, 0.0], &[0.0, 0.0]).decide(1.0), Decider::Person);
    assert_eq!(fit(&[0.7, 0.7], &[0.0, 0.0], &[1.0, 0.0]).decide(0.7), Decider::Ai);
    // Equally good: nobody is asked.
    assert_eq!(fit(&[0.6, 0.7], &[1.0, 0.0], &[1.0, 0.0]).decide(0.6), Decider::Ai);
}

#[test]
fn both_rejectors_find_where_people_are_better() {
    // Feature 0: the AI's log-odds; feature 1: whether people know the matter.
    let mut random = Random::new(4, 0);
    let (mut features, mut right) = (Vec::new(), Vec::new());
    for _ in 0..20_000 {
        let c = 0.5 + 0.49 * random.uniform();
        let known = f64::from(u8::from(random.uniform() < 0.5));
        features.extend([math::logit(c), known]);
        right.push((random.uniform() < c, random.uniform() < if known > 0.5 { 0.95 } else { 0.55 }));
    }
    let compare = CompareConfidence::fit(&features, 2, &right).unwrap();
    let person: Vec<bool> = right.iter().map(|right| right.1).collect();
    let one = OneVsAll::fit(&features, 2, &person).unwrap();
    for (c, known, want) in [(0.9, 1.0, Decider::Person), (0.65, 0.0, Decider::Ai), (0.98, 1.0, Decider::Ai), (0.6, 1.0, Decider::Person)] {
        assert_eq!(compare.decide(&[math::logit(c), known]), want, "{c} {known}");
        assert_eq!(one.decide(&[math::logit(c), known], c), want, "{c} {known}");
    }
    assert!((one.chance(&[math::logit(0.8), 1.0]) - 0.95).abs() < 0.02);
    assert!((compare.chances(&[math::logit(0.8), 0.0]).1 - 0.55).abs() < 0.03);
    assert_eq!(doubt(&[0.5, 0.5]), [0.0, 0.0]);
}

#[test]
fn codoc_gives_people_the_middle_and_keeps_the_sensitivity() {
    let mut random = Random::new(6, 0);
    let (mut scores, mut decisions, mut truth) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..30_000 {
        let score = random.uniform();
        let y = u32::from(random.uniform() < score);
        scores.push(score);
        decisions.push(if random.uniform() < 0.85 { y } else { 1 - y });
        truth.push(y);
    }
    let fitted = Codoc::fit(&scores, &decisions, &truth, Operating::Accuracy).unwrap();
    assert_eq!(fitted.zone(0.5), Zone::Person);
    assert_eq!((fitted.zone(0.02), fitted.zone(0.98)), (Zone::Negative, Zone::Positive));
    let right = |fitted: &Codoc| -> (f64, f64) {
        let answers = scores.iter().zip(&decisions).map(|(score, decision)| match fitted.zone(*score) {
            Zone::Negative => 0,
            Zone::Positive => 1,
            Zone::Person => *decision,
        });
        let mut counts = [[0.0; 2]; 2];
        answers.zip(&truth).for_each(|(answer, truth): (u32, &u32)| counts[*truth as usize][answer as usize] += 1.0);
        ((counts[0][0] + counts[1][1]) / 30_000.0, counts[1][1] / (counts[1][0] + counts[1][1]))
    };
    // .85 within .15 and .85, and the AI's .925 outside: .7 * .85 + .3 * .925.
    assert!((right(&fitted).0 - 0.8725).abs() < 0.008, "{:?}", right(&fitted));
    let careful = Codoc::fit(&scores, &decisions, &truth, Operating::Sensitivity(0.97)).unwrap();
    assert!(right(&careful).1 > 0.955 && right(&careful).0 < right(&fitted).0);
    let json = serde_json::to_string(&Fitted::seal(careful.clone())).unwrap();
    assert_eq!(serde_json::from_str::<Fitted<Codoc>>(&json).unwrap().open().unwrap(), careful);
}

#[test]
fn hostile_input_is_refused_with_a_sentence() {
    let bad = |ai: &[f64], person: &[f64]| Threshold::fit(&[0.5, 0.6], Losses { ai, person }).unwrap_err().to_string();
    assert!(bad(&[1.0], &[1.0, 0.0]).contains("AI"));
    assert!(bad(&[1.0, f64::NAN], &[1.0, 0.0]).contains("row 1"));
    assert!(Threshold::fit(&[], Losses { ai: &[], person: &[] }).is_err());
    assert!(Threshold::fit(&[f64::NAN], Losses { ai: &[0.0], person: &[0.0] }).is_err());
    assert!(CompareConfidence::fit(&[1.0], 1, &[]).is_err());
    assert!(CompareConfidence::fit(&[], 1, &[]).is_err());
    assert!(OneVsAll::fit(&[f64::INFINITY], 1, &[true]).is_err());
    // People are always right: a constant, and no panic.
    let always = CompareConfidence::fit(&[0.1, 0.2], 1, &[(true, true), (false, true)]).unwrap();
    assert_eq!(always.decide(&[0.0]), Decider::Person);
    assert!(OneVsAll::fit(&[0.1], 1, &[true]).unwrap().chance(&[0.0]) > 0.5);
    assert!(matches!(Codoc::fit(&[0.1, 0.2, 0.3], &[0, 0, 0], &[0, 0, 0], Operating::Accuracy), Err(Error::CannotSay(_))));
    assert!(Codoc::fit(&[1.5], &[0], &[0], Operating::Accuracy).is_err());
    assert!(Codoc::fit(&[0.5], &[0, 1], &[0], Operating::Accuracy).is_err());
    assert!(judge(&[Decider::Ai], &[], Losses { ai: &[0.0], person: &[0.0] }, 0.95).is_err());
}
