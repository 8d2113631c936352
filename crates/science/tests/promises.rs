//! The figures that were known beforehand for automation with a promise and for prediction sets: CIFAR-10H and ImageNet-16H. Passes over
//! where the data is absent; a small world of our own stands in for it.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should panic")]

use std::path::PathBuf;

use countersign_science::{
    Probabilities, ProbabilityTable,
    calibration::Temperature,
    conformal::{self, Empty, Score},
    math,
    probabilities::top,
    random::Random,
    risk::{self, Promise},
};
use rayon::prelude::*;

/// A file of the shared data, or `None` (and a line that says so) where it is absent.
fn shared(name: &str) -> Option<csv::Reader<std::fs::File>> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data").join(name);
    match csv::Reader::from_path(&path) {
        Ok(reader) => Some(reader),
        Err(_) => {
            println!("passed over: {name} is not here");
            None
        }
    }
}

/// The columns `from..` of a file as probabilities, rescaled.
fn probabilities(name: &str, from: usize) -> Option<ProbabilityTable> {
    let mut values = Vec::new();
    let mut classes = 0;
    for row in shared(name)?.records() {
        let row: Vec<f64> = row.unwrap().iter().skip(from).map(|cell| cell.parse().unwrap()).collect();
        let total: f64 = row.iter().sum();
        classes = row.len();
        values.extend(row.iter().map(|value| value / total));
    }
    Some(ProbabilityTable::new(values, classes).unwrap())
}

/// The column `at` of a file.
fn column(name: &str, at: usize) -> Option<Vec<String>> {
    Some(shared(name)?.records().map(|row| row.unwrap().get(at).unwrap().to_owned()).collect())
}

const MODELS: [&str; 4] = ["low_acc_cnn", "resnet110", "preresnet110", "densenet190"];

fn cifar(model: &str) -> Option<(ProbabilityTable, Vec<u32>)> {
    let labels = column("cifar10h_human_models/human_counts.csv", 1)?.iter().map(|label| label.parse().unwrap()).collect();
    Some((probabilities(&format!("cifar10h_human_models/model_{model}.csv"), 1)?, labels))
}

/// What one half came to.
struct Half {
    automated: f64,
    error: f64,
    broken: bool,
    naive_broken: bool,
}

/// Fits temperature and grid on the first part, tests on the second, looks at the third.
fn half(logs: &[Vec<f64>], truth: &[u32], seed: u64, parts: [usize; 3], promise: Promise) -> Half {
    let mut order: Vec<usize> = (0..truth.len()).collect();
    Random::new(seed, 0).shuffle(&mut order);
    let (fit, rest) = order.split_at(parts[0]);
    let (calibrate, test) = rest.split_at(parts[1]);
    let fit_logs: Vec<f64> = fit.iter().flat_map(|i| logs[*i].iter().copied()).collect();
    let fit_truth: Vec<u32> = fit.iter().map(|i| truth[*i]).collect();
    let inverse = Temperature::fit_logits(&fit_logs, logs[0].len(), &fit_truth).unwrap().exponent();
    let scored = |rows: &[usize]| -> (Vec<f64>, Vec<bool>) {
        rows.iter()
            .map(|i| {
                let row = &logs[*i];
                let (label, best) =
                    row.iter().enumerate().fold((0, f64::NEG_INFINITY), |best, (k, v)| if *v > best.1 { (k, *v) } else { best });
                let total: f64 = row.iter().map(|log| math::exp((log - best) * inverse)).sum();
                (1.0 / total, label as u32 != truth[*i])
            })
            .unzip()
    };
    let (fit_scores, fit_wrong) = scored(fit);
    let grid = risk::grid(&fit_scores, &risk::coverages(0.15, 18)).unwrap();
    let elsewhere = risk::error_points(&grid, &fit_scores, &fit_wrong).unwrap();
    let start = risk::start(&elsewhere, parts[0] as u64, parts[1] as u64, promise).unwrap();
    let (scores, wrong) = scored(calibrate);
    let points = risk::error_points(&grid, &scores, &wrong).unwrap();
    let chosen = start.and_then(|start| risk::fixed_sequence(&[(promise.alpha, &points)], start, promise.delta));
    let naive = risk::naive(&scores, &wrong, promise.alpha).unwrap();
    let (scores, wrong) = scored(&test[..parts[2]]);
    let come_to = |threshold: Option<f64>| {
        let points = risk::error_points(&[threshold.unwrap_or(f64::INFINITY)], &scores, &wrong).unwrap();
        (points[0].n as f64 / parts[2] as f64, points[0].errors as f64 / points[0].n.max(1) as f64)
    };
    let (automated, error) = come_to(chosen.and_then(|j| grid.get(j).copied()));
    Half { automated, error, broken: error > promise.alpha, naive_broken: come_to(naive).1 > promise.alpha }
}

fn logs(table: Probabilities<'_>) -> Vec<Vec<f64>> {
    table.rows().map(|row| row.iter().map(|p| math::ln(p.max(1e-12))).collect()).collect()
}

/// Shares of the halves in %: automated, error among the automated, broken, naively broken.
fn summary(halves: &[Half]) -> [f64; 4] {
    let mean = |value: fn(&Half) -> f64| 100.0 * halves.iter().map(value).sum::<f64>() / halves.len() as f64;
    [mean(|h| h.automated), mean(|h| h.error), mean(|h| f64::from(u8::from(h.broken))), mean(|h| f64::from(u8::from(h.naive_broken)))]
}

/// 200 random halves, 1,000 rows to fit, 4,000 to test, 5,000 to look at: automated in 50.7, 75.2, 79.5 and 85.5 % with the bound
/// exceeded in 3 to 4.5 % of the halves, where the naive threshold exceeds it in 50, 51, 44 and 42 %.
#[test]
fn cifar_is_automated_as_far_as_it_was_and_the_promise_is_kept() {
    let (automated, naive) = ([50.7, 75.2, 79.5, 85.5], [50.0, 51.0, 44.0, 42.0]);
    let promise = Promise { alpha: 0.01, delta: 0.1 };
    for (m, model) in MODELS.iter().enumerate() {
        let Some((table, truth)) = cifar(model) else { return };
        let logs = logs(table.view());
        let halves: Vec<Half> = (0..200u64).into_par_iter().map(|seed| half(&logs, &truth, seed, [1_000, 4_000, 5_000], promise)).collect();
        let [share, error, broken, naively] = summary(&halves);
        println!("{model}: automated {share:.1}, error {error:.2}, broken {broken:.1}, naive {naively:.1} %");
        assert!(share >= automated[m] - 2.0, "{model} automates {share:.1} %, known are {} %", automated[m]);
        assert!(broken <= 10.0, "{model} breaks its promise in {broken:.1} % of the halves");
        assert!((naively - naive[m]).abs() < 12.0, "{model} naively {naively:.1} %, known are {} %", naive[m]);
        assert!(error < 1.0);
    }
}

/// The same on a small world of our own: two classes, overconfident, 20 % of the rows doubtful.
#[test]
fn a_world_of_our_own_keeps_its_promise_too() {
    let promise = Promise { alpha: 0.02, delta: 0.1 };
    let halves: Vec<Half> = (0..200u64)
        .into_par_iter()
        .map(|seed| {
            let mut random = Random::new(seed, 1);
            let (logs, truth): (Vec<Vec<f64>>, Vec<u32>) = (0..12_000)
                .map(|_| {
                    let signal = 9.0 * random.uniform() - 1.0;
                    let truth = u32::from(random.uniform() < math::expit(signal));
                    (vec![-2.0 * signal, 0.0], truth)
                })
                .unzip();
            half(&logs, &truth, seed, [500, 1_500, 10_000], promise)
        })
        .collect();
    let [share, error, broken, naively] = summary(&halves);
    println!("automated {share:.1}, error {error:.2}, broken {broken:.1}, naive {naively:.1}");
    assert!(share > 40.0 && error < 2.0 && broken <= 10.0 && naively > 30.0);
}

/// Score `1 - p`, alpha .05, 50 random halves: coverage 95.02, 95.02, 95.01, 95.05 %; mean set size 1.261, 1.038, .999, .972; empty
/// 0, .2, .7, 2.8 %.
#[test]
fn cifar_sets_cover_as_promised() {
    let known = [(95.02, 1.261, 0.0), (95.02, 1.038, 0.2), (95.01, 0.999, 0.7), (95.05, 0.972, 2.8)];
    for (model, (coverage, size, empty)) in MODELS.iter().zip(known) {
        let Some((table, truth)) = cifar(model) else { return };
        let view = table.view();
        let halves: Vec<conformal::Quality> = (0..50u64)
            .into_par_iter()
            .map(|seed| {
                let mut order: Vec<usize> = (0..truth.len()).collect();
                Random::new(seed, 0).shuffle(&mut order);
                let part = |rows: &[usize]| {
                    let values = rows.iter().flat_map(|i| view.row(*i).to_vec()).collect();
                    (ProbabilityTable::new(values, 10).unwrap(), rows.iter().map(|i| truth[*i]).collect::<Vec<_>>())
                };
                let (calibration, calibration_truth) = part(&order[..5_000]);
                let (test, test_truth) = part(&order[5_000..]);
                let sets = conformal::fit(calibration.view(), &calibration_truth, Score::Lac, 0.05, Empty::Keep).unwrap();
                sets.judge(test.view(), &test_truth, &[0; 5_000], 0.95).unwrap()
            })
            .collect();
        let mean = |value: fn(&conformal::Quality) -> f64| halves.iter().map(value).sum::<f64>() / 50.0;
        let found = (100.0 * mean(|q| q.coverage.value), mean(|q| q.size_mean), 100.0 * mean(|q| q.empty_share));
        println!("{model}: coverage {:.2} %, size {:.3}, empty {:.1} %", found.0, found.1, found.2);
        assert!((found.0 - coverage).abs() < 0.25 && (found.1 - size).abs() < 0.01 && (found.2 - empty).abs() < 0.3, "{model} {found:?}");
    }
}

/// The model alone is right in .8467, people alone in .7604, and people who choose from its sets in up to .8758, at alpha .157.
#[test]
fn imagenet_sets_help_people_most_in_the_middle() {
    let name = "imagenet16h_prediction_sets/vgg19_noise110_probs.csv";
    let (Some(table), Some(mut file)) = (probabilities(name, 3), shared(name)) else { return };
    let classes: Vec<String> = file.headers().unwrap().iter().skip(3).map(str::to_owned).collect();
    let truth: Vec<u32> =
        column(name, 1).unwrap().iter().map(|truth| classes.iter().position(|class| class == truth).unwrap() as u32).collect();
    let right = table.view().rows().zip(&truth).filter(|(row, truth)| top(row).0 == **truth).count();
    assert_eq!(truth.len(), 1_200);
    assert!((right as f64 / 1_200.0 - 0.8467).abs() < 5e-5, "{right}");

    let curve: Vec<(f64, f64)> = shared("imagenet16h_prediction_sets/expert_accuracy_by_alpha.csv")
        .unwrap()
        .records()
        .map(|row| row.unwrap())
        .map(|row| (row.get(0).unwrap().parse().unwrap(), row.get(1).unwrap().parse().unwrap()))
        .collect();
    let best = curve.iter().copied().fold((0.0, 0.0), |best, point| if point.1 > best.1 { point } else { best });
    assert_eq!(curve.len(), 121);
    assert!((curve[0].1 - 0.7604).abs() < 5e-5);
    assert!((best.0 - 0.157).abs() < 5e-4 && (best.1 - 0.8758).abs() < 5e-5, "{best:?}");

    // At that alpha, with 120 rows to fit as there: the promised coverage, and sets of one or two of sixteen classes.
    let (mut covered, mut sizes) = (0.0, 0.0);
    for seed in 0..100 {
        let mut order: Vec<usize> = (0..1_200).collect();
        Random::new(seed, 0).shuffle(&mut order);
        let part = |rows: &[usize]| {
            let values = rows.iter().flat_map(|i| table.view().row(*i).to_vec()).collect();
            (ProbabilityTable::new(values, 16).unwrap(), rows.iter().map(|i| truth[*i]).collect::<Vec<_>>())
        };
        let (calibration, calibration_truth) = part(&order[..120]);
        let (test, test_truth) = part(&order[120..]);
        let sets = conformal::fit(calibration.view(), &calibration_truth, Score::Lac, best.0, Empty::Top).unwrap();
        let quality = sets.judge(test.view(), &test_truth, &[0; 1_080], 0.95).unwrap();
        covered += quality.coverage.value / 100.0;
        sizes += quality.size_mean / 100.0;
    }
    println!("coverage {covered:.4}, size {sizes:.2}");
    assert!(covered >= 1.0 - best.0 - 0.01 && (1.0..2.0).contains(&sizes), "{covered} {sizes}");
}
