//! Moderation votes: a person is one random vote, the truth the unique majority of the *other* votes, so that nobody judges
//! themselves.

use crate::shared::Table;
use countersign_science::calibration::{Calibration, Method as CalibrationMethod};
use countersign_science::combination::{Achievable, Product, Rows, SMOOTHING};
use countersign_science::deferral::{Decider, Losses, Threshold};
use countersign_science::probabilities::top;
use countersign_science::random::Random;
use countersign_science::{Probabilities, ProbabilityTable};
use rayon::prelude::*;

const SEEDS: u64 = 10;

/// Accuracy of person, AI, product, deferral and what was chosen, under one seed.
fn run(seed: u64, votes: &[[u32; 3]], probabilities: Probabilities<'_>) -> [f64; 5] {
    let mut random = Random::new(seed, 0);
    let (mut usable, mut answers, mut truth) = (Vec::new(), vec![0; votes.len()], vec![0; votes.len()]);
    for (i, counts) in votes.iter().enumerate() {
        let mut place = random.below(counts.iter().sum::<u32>() as usize) as u32;
        let answer = (0..3)
            .find(|k| {
                counts[*k] > place || {
                    place -= counts[*k];
                    false
                }
            })
            .unwrap();
        let mut others = *counts;
        others[answer] -= 1;
        let most = others.iter().copied().max().unwrap();
        if others.iter().filter(|count| **count == most).count() == 1 {
            usable.push(i);
            answers[i] = answer as u32;
            truth[i] = others.iter().position(|count| *count == most).unwrap() as u32;
        }
    }
    random.shuffle(&mut usable);
    let (train, test) = usable.split_at(usable.len() * 7 / 10);
    let all = Rows::new(probabilities, &answers);
    let labels = |part: &[usize]| part.iter().map(|i| truth[*i]).collect::<Vec<u32>>();
    let (train_labels, test_labels) = (labels(train), labels(test));
    let (train, test) = (all.pick(train), all.pick(test));
    let (train, test) = (train.view().unwrap(), test.view().unwrap());
    let accuracy = |given: &[u32]| given.iter().zip(&test_labels).filter(|(a, b)| a == b).count() as f64 / test_labels.len() as f64;
    let product = Product::fit(&train, &train_labels, CalibrationMethod::Temperature, SMOOTHING).unwrap();
    let map = Calibration::fit(CalibrationMethod::Temperature, train.probabilities, &train_labels).unwrap();
    let tops = |rows: &Rows<'_>| map.apply(rows.probabilities).unwrap().view().rows().map(top).collect::<Vec<_>>();
    let trained = tops(&train);
    let wrong = |answer: u32, label: u32| f64::from(u8::from(answer != label));
    let ai: Vec<f64> = trained.iter().zip(&train_labels).map(|((label, _), truth)| wrong(*label, *truth)).collect();
    let person: Vec<f64> = train.answers.iter().zip(&train_labels).map(|(answer, truth)| wrong(*answer, *truth)).collect();
    let confidences: Vec<f64> = trained.iter().map(|(_, p)| *p).collect();
    let threshold = Threshold::fit(&confidences, Losses { ai: &ai, person: &person }).unwrap();
    let deferred: Vec<u32> = tops(&test)
        .iter()
        .zip(test.answers)
        .map(|((label, p), answer)| if threshold.decide(*p) == Decider::Ai { *label } else { *answer })
        .collect();
    [
        accuracy(test.answers),
        accuracy(&test.probabilities.labels()),
        accuracy(&product.apply(&test).unwrap().view().labels()),
        accuracy(&deferred),
        accuracy(&Achievable::fit(&train, &train_labels).unwrap().apply(&test).unwrap().view().labels()),
    ]
}

#[test]
fn the_leak_removed_the_published_figures_come_out() {
    let Some(table) = Table::read("moderation_hate_offensive/items.csv") else { return };
    let votes: Vec<[u32; 3]> = {
        let columns = ["n_hate", "n_offensive", "n_neither"].map(|name| table.ids(name));
        (0..table.len()).map(|i| [columns[0][i], columns[1][i], columns[2][i]]).collect()
    };
    let columns = ["p_hate", "p_offensive", "p_neither"].map(|name| table.numbers(name));
    let values = (0..table.len()).flat_map(|i| columns.iter().map(move |column| column[i])).collect();
    let probabilities = ProbabilityTable::rescaled(values, 3).unwrap();
    let results: Vec<[f64; 5]> = (0..SEEDS).into_par_iter().map(|seed| run(seed, &votes, probabilities.view())).collect();
    let means: [f64; 5] = std::array::from_fn(|column| results.iter().map(|row| row[column]).sum::<f64>() / SEEDS as f64);
    println!("moderation: person, AI, product, deferral, chosen {means:.4?}");
    // Re-computed with other random votes: .8844, .9364, .9396, .9439.
    for (got, want) in means.into_iter().zip([0.8844, 0.9364, 0.9396, 0.9439]) {
        assert!((got - want).abs() < 0.003, "{got} is not {want}");
    }
    assert!(means[4] > means[2], "{means:?}");
}
