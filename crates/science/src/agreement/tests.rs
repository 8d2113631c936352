//! Known answers, intervals by simulation, and input that cannot say anything.

use super::*;
use crate::{
    Error, Estimate,
    random::Random,
    skill::{Answers, NumericAnswers},
};
use proptest::prelude::*;

fn near(estimate: Estimate, value: f64) {
    assert!((estimate.value - value).abs() < 1e-9, "{} instead of {value}", estimate.value);
    assert!(estimate.low <= estimate.value && estimate.value <= estimate.high, "{estimate:?}");
}

/// `table[person][item]`, from 1; 0 is missing.
fn answers(table: &[&[u32]], classes: usize) -> Answers {
    let (mut item, mut person, mut answer) = (Vec::new(), Vec::new(), Vec::new());
    for (p, row) in table.iter().enumerate() {
        for (i, class) in row.iter().enumerate().filter(|(_, class)| **class > 0) {
            item.push(i as u32);
            person.push(p as u32);
            answer.push(class - 1);
        }
    }
    Answers::new(&item, &person, &answer, (table[0].len(), table.len(), classes)).unwrap()
}

/// Krippendorff, "Computing Krippendorff's alpha-reliability" (2011), example C: four observers, twelve units, missing data.
const KRIPPENDORFF: [&[u32]; 4] = [
    &[1, 2, 3, 3, 2, 1, 4, 1, 2, 0, 0, 0],
    &[1, 2, 3, 3, 2, 2, 4, 1, 2, 5, 0, 3],
    &[0, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, 0],
    &[1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, 0],
];

#[test]
fn alpha_of_krippendorffs_example_is_as_published() {
    // .743, .815 and .849 in the paper; digits from the krippendorff package 0.9.0.
    let answers = answers(&KRIPPENDORFF, 5);
    near(alpha_nominal(&answers, 0.95).unwrap(), 0.743421052631579);
    near(alpha_ordinal(&answers, 0.95).unwrap(), 0.8153875037548814);
    let (mut item, mut person, mut value) = (Vec::new(), Vec::new(), Vec::new());
    for i in 0..answers.items() {
        for (p, class) in answers.of_item(i) {
            item.push(i as u32);
            person.push(*p);
            // Moving and stretching numbers changes nothing.
            value.push(1e6 + f64::from(*class) * 3.0);
        }
    }
    let numbers = NumericAnswers::new(&item, &person, &value, (12, 4)).unwrap();
    let alpha = alpha_interval(&numbers, 0.95).unwrap();
    near(alpha, 0.8491071428571428);
    // The unit that one observer alone answered says nothing.
    assert_eq!(alpha.n, 11);
}

#[test]
fn fleiss_kappa_of_the_textbook_example_is_as_published() {
    // Fourteen raters of ten subjects, .210; digits from statsmodels 0.15.0.
    let table = [
        [0, 0, 0, 0, 14],
        [0, 2, 6, 4, 2],
        [0, 0, 3, 5, 6],
        [0, 3, 9, 2, 0],
        [2, 2, 8, 1, 1],
        [7, 7, 0, 0, 0],
        [3, 2, 6, 3, 0],
        [2, 5, 3, 2, 2],
        [6, 5, 2, 1, 0],
        [0, 2, 2, 3, 7],
    ];
    let subject = |row: &[u32; 5]| row.iter().enumerate().flat_map(|(k, count)| vec![k as u32 + 1; *count as usize]).collect::<Vec<_>>();
    let subjects: Vec<Vec<u32>> = table.iter().map(subject).collect();
    let raters: Vec<Vec<u32>> = (0..14).map(|rater| subjects.iter().map(|subject| subject[rater]).collect()).collect();
    let rows: Vec<&[u32]> = raters.iter().map(Vec::as_slice).collect();
    near(fleiss(&answers(&rows, 5), 0.95).unwrap(), 0.20993070442195522);
    let uneven = fleiss(&answers(&KRIPPENDORFF, 5), 0.95).unwrap_err().to_string();
    assert_eq!(
        uneven,
        "Fleiss' kappa needs equally many answers to every item, two or more; here there are 1 to 4. Krippendorff's alpha does not"
    );
}

#[test]
fn cohens_kappas_and_their_intervals_are_as_elsewhere() {
    let table = [[25, 13, 12], [12, 2, 3], [11, 15, 20]];
    let (mut first, mut second) = (vec![Some(1), None], vec![None, Some(2)]);
    for (a, row) in table.iter().enumerate() {
        for (b, count) in row.iter().enumerate() {
            first.extend(vec![Some(a as u32); *count]);
            second.extend(vec![Some(b as u32); *count]);
        }
    }
    // Values as scikit-learn 1.9.1 and intervals as statsmodels 0.15.0.
    for (weights, value, low, high) in [
        (Weights::None, 0.09589041095890409, -0.03219024611327566, 0.22397106803108385),
        (Weights::Linear, 0.17612845088883433, 0.026717544757071138, 0.32553935702059755),
        (Weights::Quadratic, 0.24191223972568698, 0.06836728164232339, 0.41545719780905055),
    ] {
        let kappa = cohen(&first, &second, 3, weights, 0.95).unwrap();
        near(kappa, value);
        assert!((kappa.low - low).abs() < 1e-8 && (kappa.high - high).abs() < 1e-8 && kappa.n == 113, "{kappa:?}");
    }
}

#[test]
fn full_agreement_of_few_is_not_certain() {
    let same: &[u32] = &[1, 2, 1, 2, 1];
    let answers = answers(&[same, same], 2);
    let class = |class: &u32| Some(class - 1);
    let codes: Vec<Option<u32>> = same.iter().map(class).collect();
    let kappa = cohen(&codes, &codes, 2, Weights::None, 0.95).unwrap();
    for estimate in [kappa, alpha_nominal(&answers, 0.95).unwrap(), fleiss(&answers, 0.95).unwrap(), observed(&answers, 0.95).unwrap()] {
        assert_eq!((estimate.value, estimate.high), (1.0, 1.0));
        assert!(estimate.low < 0.8, "{estimate:?}");
    }
}

#[test]
fn what_cannot_be_compared_is_said() {
    let constant = answers(&[&[1, 1, 1], &[1, 1, 1]], 2);
    let alone = answers(&[&[1, 2, 0], &[0, 0, 1]], 2);
    let once = answers(&[&[1, 2], &[2, 0]], 2);
    for result in [
        alpha_nominal(&constant, 0.95),
        alpha_ordinal(&constant, 0.95),
        fleiss(&constant, 0.95),
        cohen(&[Some(0); 3], &[Some(0); 3], 2, Weights::None, 0.95),
        cohen(&[Some(0), None], &[None, Some(1)], 2, Weights::None, 0.95),
        cohen(&[Some(0), Some(1)], &[Some(1), Some(1)], 2, Weights::None, 0.95),
        alpha_nominal(&alone, 0.95),
        observed(&alone, 0.95),
        alpha_nominal(&once, 0.95),
        alpha_interval(&NumericAnswers::new(&[0, 0, 1, 1], &[0, 1, 0, 1], &[2.5; 4], (2, 2)).unwrap(), 0.95),
    ] {
        assert!(matches!(result, Err(Error::CannotSay(_))), "{result:?}");
    }
}

/// The share of runs in which the interval holds the value of a very large sample.
fn coverage(runs: u64, items: usize, estimate: impl Fn(&Answers) -> Estimate) -> f64 {
    let sample = |seed: u64, items: usize| {
        let mut random = Random::new(seed, 7);
        let (mut item, mut person, mut answer) = (Vec::new(), Vec::new(), Vec::new());
        for i in 0..items {
            let truth = if random.uniform() < 0.3 { 1 } else { 0 };
            for p in 0..4u32 {
                item.push(i as u32);
                person.push(p);
                answer.push(if random.uniform() < 0.75 + 0.05 * f64::from(p) { truth } else { 1 - truth });
            }
        }
        Answers::new(&item, &person, &answer, (items, 4, 2)).unwrap()
    };
    let truth = estimate(&sample(u64::MAX, 300_000)).value;
    let held = (0..runs).filter(|run| {
        let estimate = estimate(&sample(*run, items));
        estimate.low <= truth && truth <= estimate.high
    });
    held.count() as f64 / runs as f64
}

#[test]
fn intervals_hold_what_they_promise() {
    for (name, items) in [("alpha", 40), ("alpha", 150), ("fleiss", 40), ("observed", 60)] {
        let covered = coverage(1_000, items, |answers| {
            match name {
                "alpha" => alpha_nominal(answers, 0.95),
                "fleiss" => fleiss(answers, 0.95),
                _ => observed(answers, 0.95),
            }
            .unwrap()
        });
        assert!((0.925..=0.975).contains(&covered), "{name} over {items} items covers {covered}");
    }
}

proptest! {
    #[test]
    fn the_order_of_people_items_and_classes_does_not_matter(rows in proptest::collection::vec(proptest::collection::vec(0..4u32, 8), 2..5)) {
        let flipped: Vec<Vec<u32>> = rows.iter().rev().map(|row| row.iter().rev().map(|class| if *class == 0 { 0 } else { 4 - class }).collect()).collect();
        let refer = |rows: &[Vec<u32>]| answers(&rows.iter().map(Vec::as_slice).collect::<Vec<_>>(), 3);
        if rows.iter().flatten().any(|class| *class > 0) {
            let (one, other) = (refer(&rows), refer(&flipped));
            for of in [alpha_nominal, alpha_ordinal, fleiss, observed] {
                match (of(&one, 0.9), of(&other, 0.9)) {
                    (Ok(one), Ok(other)) => prop_assert!((one.value - other.value).abs() < 1e-9 && one.value <= 1.0 + 1e-12 && one.low <= one.value + 1e-12),
                    (one, other) => prop_assert_eq!(one.is_err(), other.is_err()),
                }
            }
        }
    }
}
