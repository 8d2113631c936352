//! Combinations on small worlds with known truth, by properties, and on hostile input. Reads no file.

use super::*;
use crate::calibration::Method as CalibrationMethod;
use crate::fitted::Fitted;
use crate::math;
use crate::probabilities::ProbabilityTable;
use crate::random::Random;

/// A world: three classes, an AI with noisy but calibrated probabilities, people who confuse 0 and 1.
pub(crate) struct World {
    pub(crate) values: Vec<f64>,
    pub(crate) answers: Vec<u32>,
    pub(crate) people: Vec<u32>,
    pub(crate) truth: Vec<u32>,
}

impl World {
    pub(crate) fn rows(&self) -> Rows<'_> {
        Rows { people: Some(&self.people), ..Rows::new(Probabilities::new(&self.values, 3).unwrap(), &self.answers) }
    }
}

/// The chance of an answer given the truth: people confuse 0 and 1, and know 2.
const HUMAN: [[f64; 3]; 3] = [[0.7, 0.3, 0.0], [0.3, 0.7, 0.0], [0.01, 0.01, 0.98]];

pub(crate) fn world(n: usize, seed: u64) -> World {
    let mut world = World { values: Vec::new(), answers: Vec::new(), people: Vec::new(), truth: Vec::new() };
    let mut random = Random::new(seed, 0);
    let draw = |p: [f64; 3], u: f64| {
        if u < p[0] {
            0
        } else if u < p[0] + p[1] {
            1
        } else {
            2
        }
    };
    for i in 0..n {
        let raw = [random.uniform(), random.uniform(), random.uniform()].map(|u| math::exp(4.0 * u));
        let sum: f64 = raw.iter().sum();
        let p = raw.map(|r| r / sum);
        let truth = draw(p, random.uniform());
        world.values.extend(p);
        world.truth.push(truth);
        world.answers.push(draw(HUMAN[truth as usize], random.uniform()));
        world.people.push((i % 7) as u32);
    }
    world
}

pub(crate) fn accuracy(labels: &[u32], truth: &[u32]) -> f64 {
    labels.iter().zip(truth).filter(|(a, b)| a == b).count() as f64 / truth.len() as f64
}

#[test]
fn the_product_is_bayes_where_errors_are_independent() {
    let (train, test) = (world(20_000, 1), world(20_000, 2));
    let fitted = Product::fit(&train.rows(), &train.truth, CalibrationMethod::Temperature, SMOOTHING).unwrap();
    let table = fitted.apply(&test.rows()).unwrap();
    // The world's own rule, by its own numbers.
    let bayes: Vec<u32> = test
        .rows()
        .probabilities
        .rows()
        .zip(&test.answers)
        .map(|(p, h)| {
            (0..3u32)
                .max_by(|a, b| {
                    let of = |y: u32| p[y as usize] * HUMAN[y as usize][*h as usize];
                    of(*a).total_cmp(&of(*b))
                })
                .unwrap()
        })
        .collect();
    let (got, best) = (accuracy(&table.view().labels(), &test.truth), accuracy(&bayes, &test.truth));
    assert!((got - best).abs() < 0.003, "{got} against {best}");
    let alone = accuracy(&test.rows().probabilities.labels(), &test.truth).max(accuracy(&test.answers, &test.truth));
    assert!(got > alone + 0.05, "{got} against {alone}");
    for (truth, row) in (0u32..).zip(HUMAN) {
        for (answer, p) in (0u32..).zip(row) {
            assert!((fitted.confusion().probability(None, truth, answer) - p).abs() < 0.02);
        }
    }
}

#[test]
fn a_choice_is_the_product_where_nothing_more_can_be_learnt_and_better_where_errors_go_together() {
    let (train, mut test) = (world(20_000, 3), world(20_000, 4));
    let gain = |train: &World, test: &World| {
        let labels = |method| {
            let table = Combiner::fit(method, &train.rows(), &train.truth).unwrap().apply(&test.rows()).unwrap();
            accuracy(&table.view().labels(), &test.truth)
        };
        labels(Method::Choice) - labels(Method::Product)
    };
    assert!(gain(&train, &test).abs() < 0.004);
    // Now people are right wherever the AI is unsure, and guess elsewhere.
    let twist = |world: &mut World| {
        for i in 0..world.truth.len() {
            let unsure = crate::probabilities::top(&world.values[i * 3..i * 3 + 3]).1 < 0.7;
            world.answers[i] = if unsure { world.truth[i] } else { (i % 3) as u32 };
        }
    };
    let mut train = train;
    twist(&mut train);
    twist(&mut test);
    assert!(gain(&train, &test) > 0.008, "{}", gain(&train, &test));
    assert_eq!(Achievable::fit(&train.rows(), &train.truth).unwrap().method(), Method::Choice);
}

#[test]
fn a_person_moves_from_the_pool_to_their_own_record() {
    // Person 0 answers well, person 1 at random.
    let mut random = Random::new(9, 0);
    let (mut answers, mut people, mut truth, mut values) = (vec![], vec![], vec![], vec![]);
    for i in 0..4_000u32 {
        let y = i % 2;
        let person = (i / 2) % 2;
        answers.push(if person == 0 || random.uniform() < 0.5 { y } else { 1 - y });
        people.push(person);
        truth.push(y);
        values.extend([0.5, 0.5]);
    }
    let rows = Rows { people: Some(&people), ..Rows::new(Probabilities::new(&values, 2).unwrap(), &answers) };
    let confusion = Confusion::fit(&rows, &truth, SMOOTHING).unwrap();
    assert!(confusion.probability(Some(0), 1, 1) > 0.98);
    assert!((confusion.probability(Some(1), 1, 1) - 0.5).abs() < 0.06);
    assert_eq!(confusion.probability(Some(99), 1, 1).to_bits(), confusion.probability(None, 1, 1).to_bits());
    assert!((confusion.probability(None, 1, 1) - 0.75).abs() < 0.03);
    assert!(confusion.strength() < 50.0);
    // People who do not differ are pulled all the way to the pool.
    let alike = world(6_000, 6);
    assert!(Confusion::fit(&alike.rows(), &alike.truth, SMOOTHING).unwrap().strength() >= 100.0);
    for truth in 0..2 {
        assert!((confusion.probability(Some(1), truth, 0) + confusion.probability(Some(1), truth, 1) - 1.0).abs() < 1e-12);
    }
}

#[test]
fn where_the_person_knows_nothing_the_ai_alone_is_chosen_or_as_good() {
    let mut world = world(6_000, 5);
    let mut random = Random::new(1, 1);
    world.answers.iter_mut().for_each(|answer| *answer = random.below(3) as u32);
    let fitted = Achievable::fit(&world.rows(), &world.truth).unwrap();
    let losses: Vec<(Method, f64)> = fitted.losses().collect();
    assert_eq!(losses.len(), 3);
    assert_eq!(fitted.method(), Method::Ai, "{losses:?}");
}

#[test]
fn confidence_is_worth_what_it_tells() {
    // The AI knows nothing; the person's confidence says exactly how often they are right.
    let mut random = Random::new(21, 0);
    let (mut answers, mut confidences, mut truth) = (vec![], vec![], vec![]);
    for _ in 0..10_000 {
        let y = random.below(2) as u32;
        let p = 0.5 + 0.5 * random.uniform();
        answers.push(if random.uniform() < p { y } else { 1 - y });
        confidences.push(math::logit(p.min(0.999)));
        truth.push(y);
    }
    let values = vec![0.5; 20_000];
    let rows = Rows { confidences: Some(&confidences), ..Rows::new(Probabilities::new(&values, 2).unwrap(), &answers) };
    let table = Choice::fit(&rows, &truth).unwrap().apply(&rows).unwrap();
    for i in 0..200 {
        let own = table.view().of(i, answers[i]);
        assert!((own - math::expit(confidences[i])).abs() < 0.05, "{own} for {}", math::expit(confidences[i]));
    }
}

#[test]
fn what_is_kept_comes_back_bit_for_bit_and_threads_do_not_matter() {
    let world = world(20_000, 8);
    let fit = || Achievable::fit_among(&[Method::Choice], &world.rows(), &world.truth).unwrap();
    let by = |threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(fit);
    let fitted = by(1);
    assert_eq!(fitted, by(2));
    let json = serde_json::to_string(&Fitted::seal(fitted.clone())).unwrap();
    let back = serde_json::from_str::<Fitted<Achievable>>(&json).unwrap().open().unwrap();
    let bits = |of: &Achievable| of.apply(&world.rows()).unwrap().into_values().iter().map(|p| p.to_bits()).collect::<Vec<_>>();
    assert_eq!(bits(&fitted), bits(&back));
}

#[test]
fn renaming_the_classes_changes_no_answer() {
    let (train, test) = (world(3_000, 12), world(1_000, 13));
    let turned = |world: &World| World {
        values: world.values.chunks_exact(3).flat_map(|p| [p[2], p[0], p[1]]).collect(),
        answers: world.answers.iter().map(|y| (y + 1) % 3).collect(),
        people: world.people.clone(),
        truth: world.truth.iter().map(|y| (y + 1) % 3).collect(),
    };
    for method in [Method::Ai, Method::Product, Method::Choice] {
        let run = |train: &World, test: &World| Combiner::fit(method, &train.rows(), &train.truth).unwrap().apply(&test.rows()).unwrap();
        let (plain, renamed) = (run(&train, &test), run(&turned(&train), &turned(&test)));
        for (a, b) in plain.view().rows().zip(renamed.view().rows()) {
            assert!((a[0] - b[1]).abs() < 1e-6 && (a[2] - b[0]).abs() < 1e-6, "{method:?} {a:?} {b:?}");
        }
    }
}

#[test]
fn both_confidences_are_weighed_and_only_of_two_classes() {
    // 400 cases: the AI says .7 for its answer and is right in 70 of 100, people are sure (2) or not (0.5), and right accordingly.
    let mut random = Random::new(21, 0);
    let (mut values, mut answers, mut sure, mut truth) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for row in 0..400u32 {
        let label = row % 2;
        let (ai_right, is_sure) = (random.uniform() < 0.7, row % 4 < 2);
        let human_right = random.uniform() < if is_sure { 0.95 } else { 0.55 };
        values.push(if ai_right == (label == 1) { 0.7 } else { 0.3 });
        answers.push(if human_right { label } else { 1 - label });
        sure.push(if is_sure { 2.0 } else { 0.5 });
        truth.push(label);
    }
    let table = ProbabilityTable::from_positive(&values).unwrap();
    let rows = Rows { confidences: Some(&sure), ..Rows::new(table.view(), &answers) };
    let Combiner::Confidences(fitted) = Combiner::fit(Method::Confidences, &rows, &truth).unwrap() else { panic!("another combiner") };
    assert!(fitted.weights().iter().all(|weight| *weight > 0.5), "both are worth something: {:?}", fitted.weights());
    let given = Combiner::Confidences(fitted).apply(&rows).unwrap().view().labels();
    let follows = |at: usize, who: u32| given[at] == who;
    let disagree = |at: usize| answers[at] != u32::from(values[at] > 0.5);
    assert!((0..400).filter(|at| disagree(*at) && sure[*at] > 1.0).all(|at| follows(at, answers[at])), "sure people are followed");
    let world = world(200, 3);
    assert!(Combiner::fit(Method::Confidences, &world.rows(), &world.truth).unwrap_err().to_string().contains("two classes"));
}

#[test]
fn an_answer_of_the_inner_folds_never_saw_its_own_truth() {
    let mut world = world(900, 5);
    let crossed = |world: &World| Achievable::fit_crossed(&[Method::Choice], &world.rows(), &world.truth).unwrap().answers;
    let before = crossed(&world);
    assert!(before.iter().all(Option::is_some));
    for at in [0, 17, 450, 899] {
        let truth = world.truth[at];
        world.truth[at] = (truth + 1) % 3;
        assert_eq!(crossed(&world)[at], before[at], "row {at}");
        world.truth[at] = truth;
    }
}

#[test]
fn hostile_rows_are_refused_with_a_sentence() {
    let p = [0.2, 0.8, 0.6, 0.4];
    let table = Probabilities::new(&p, 2).unwrap();
    assert!(
        Product::fit(&Rows::new(table, &[0]), &[0, 1], CalibrationMethod::Temperature, SMOOTHING)
            .unwrap_err()
            .to_string()
            .contains("answers")
    );
    assert!(
        Product::fit(&Rows::new(table, &[0, 5]), &[0, 1], CalibrationMethod::Temperature, SMOOTHING)
            .unwrap_err()
            .to_string()
            .contains("label 5")
    );
    assert!(Achievable::fit(&Rows::new(table, &[0, 1]), &[0]).is_err());
    let rows = Rows::new(table, &[0, 1]);
    let short = Rows { people: Some(&[1]), ..rows };
    assert!(Choice::fit(&short, &[0, 1]).unwrap_err().to_string().contains("people"));
    // One class: no weights, but a product and an AI alone can be had.
    assert!(matches!(Choice::fit(&rows, &[1, 1]), Err(Error::CannotSay(_))));
    assert_ne!(Achievable::fit(&rows, &[1, 1]).unwrap().method(), Method::Choice);
    // Nothing at all, and hardly anything.
    assert!(matches!(Achievable::fit(&Rows::new(Probabilities::new(&[], 2).unwrap(), &[]), &[]), Err(Error::CannotSay(_))));
    let table = Achievable::fit(&rows, &[0, 1]).unwrap().apply(&rows).unwrap();
    assert!(table.view().values().iter().all(|p| p.is_finite()));
    // Certain and wrong, constant, confidence without spread or unknown.
    let sure = [1.0, 0.0, 1.0, 0.0, 0.0, 1.0];
    let rows = Rows {
        confidences: Some(&[f64::NAN, 3.0, 3.0]),
        people: Some(&[1, 1, 2]),
        ..Rows::new(Probabilities::new(&sure, 2).unwrap(), &[1, 1, 0])
    };
    for method in Method::ALL {
        let table = Combiner::fit(method, &rows, &[1, 1, 0]).unwrap().apply(&rows).unwrap();
        assert!(table.view().values().iter().all(|p| p.is_finite()), "{method:?}");
    }
    assert!(Confusion::fit(&rows, &[1, 1, 0], -1.0).is_err() && Confusion::fit(&rows, &[1, 1, 0], f64::NAN).is_err());
    // Without smoothing what was never seen is vetoed, and a class that was never seen is not.
    let raw = Product::fit(&rows, &[1, 1, 0], CalibrationMethod::None, 0.0).unwrap();
    assert_eq!(raw.apply(&rows).unwrap().view().labels(), [1, 1, 0]);
    assert_eq!(raw.confusion().probability(None, 0, 1), 0.0);
    let other = Probabilities::new(&[0.2, 0.3, 0.5], 3).unwrap();
    assert!(Choice::fit(&rows, &[1, 1, 0]).unwrap().apply(&Rows::new(other, &[0])).is_err());
    assert!(ConfidenceWeighted::fit(&[], 0, &[0, 1], 1.0).is_err());
    let many = vec![1.0 / 1_001.0; 1_001];
    let rows = Rows::new(Probabilities::new(&many, 1_001).unwrap(), &[0]);
    assert!(Confusion::fit(&rows, &[0], SMOOTHING).unwrap_err().to_string().contains("merge"));
}

#[test]
fn confidences_are_joined_as_scikit_learn_joins_them() {
    // LogisticRegression(C=1) of scikit-learn 1.9.1 on these four rows and their mirror images.
    let rows = [[3.0, -1.0], [2.0, 2.0], [-1.0, 2.0], [0.5, -0.5]];
    let labels = [1, 1, 0, 1];
    let x: Vec<f64> = rows.iter().chain(&rows.map(|r| r.map(|v| -v))).flatten().copied().collect();
    let y: Vec<u32> = labels.iter().copied().chain(labels.iter().map(|y| 1 - y)).collect();
    let fitted = ConfidenceWeighted::fit(&x, 2, &y, 1.0).unwrap();
    for (got, want) in fitted.weights().iter().zip([1.236_893_01, -0.323_116_81]) {
        assert!((got - want).abs() < 1e-4, "{:?}", fitted.weights());
    }
    assert!((fitted.apply(&[0.0, 0.0]) - 0.5).abs() < 1e-9);
    assert_eq!(signed(0, 0.7), -0.7);
}

#[test]
fn many_rows_choose_on_a_share_of_them_and_are_fitted_on_all() {
    let world = world(SELECTION_ROWS_MAX * 3, 31);
    let fitted = Achievable::fit(&world.rows(), &world.truth).unwrap();
    assert_eq!(fitted.losses().count(), 3);
    let all = Combiner::fit(fitted.method(), &world.rows(), &world.truth).unwrap();
    assert_eq!(fitted.combiner(), &all);
}
