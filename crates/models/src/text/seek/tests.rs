//! What ordering by a young model brings, and what it must not touch: on generated requests with kinds that are rare and words that many
//! kinds share, over several seeds.

use super::*;
use crate::{
    Proposer as _, Value,
    input::Field,
    text::{
        Example,
        train::{CurvePoint, Options, train},
    },
};
use countersign_science::{estimate::Estimate, random::Random};

const CLASSES: [&str; 4] = ["billing", "bug", "account", "abuse"];
/// Kinds of requests: each has words of its own, and one in two shares them with kinds of other classes.
const KINDS: usize = 24;
/// The share left to the lot.
const LOT: f64 = 0.3;
/// Labels at which a model is trained.
const TRAINED_AT: [usize; 7] = [40, 60, 100, 150, 200, 250, 300];
/// Runs, each with cases of its own.
const SEEDS: u64 = 12;
/// Labels at which runs are compared.
const SIZES: [usize; 3] = [100, 200, 300];

fn input(text: String) -> Input {
    Input { fields: vec![Field { name: "body".into(), value: Value::Text(text), masked: false, hidden: false }] }
}

/// A request and its answer. The commonest kind is some twenty times as common as the rarest.
fn request(random: &mut Random) -> (Input, usize) {
    let total: f64 = (1..=KINDS).map(|kind| 1.0 / kind as f64).sum();
    let mut left = random.uniform() * total;
    let kind = (1..=KINDS).find(|kind| {
        left -= 1.0 / *kind as f64;
        left < 0.0
    });
    let kind = kind.unwrap_or(KINDS) - 1;
    let class = (kind * 7) % CLASSES.len();
    let mut words = Vec::new();
    for _ in 0..12 {
        words.push(match random.below(12) {
            0..=2 => format!("k{kind}w{}", random.below(6)),
            // Words that kinds of several classes share.
            3..=5 => format!("s{}w{}", kind % 5, random.below(8)),
            _ => format!("c{}", random.below(300)),
        });
    }
    // One answer in twenty-five is wrong: people err.
    let answer = if random.below(25) == 0 { random.below(CLASSES.len()) } else { class };
    (input(words.join(" ")), answer)
}

fn example(at: usize, (input, class): &(Input, usize), sought: bool) -> Example {
    let (answer, case) = (CLASSES[*class].to_owned(), format!("case-{at:05}"));
    Example { input: input.clone(), answer, case, person: Some(format!("p{}", at % 3)), at: at as i64, sought, groups: Vec::new() }
}

fn learned(examples: &[Example]) -> (TextModel, Report) {
    train(examples, &Options::new(CLASSES.map(str::to_owned).to_vec()), &mut |_| {}).unwrap()
}

fn right(model: &TextModel, (input, class): &(Input, usize)) -> bool {
    model.propose(input).is_ok_and(|advice| advice.answer == CLASSES[*class])
}

fn accuracy(model: &TextModel, of: &[(Input, usize)]) -> f64 {
    of.iter().filter(|one| right(model, one)).count() as f64 / of.len() as f64
}

/// What came of a run: accuracy on other requests at each size, and the first model's accuracy as the labels that came after it tell it,
/// those by lot and all, less what it is on everything that came.
struct Run {
    accuracy: Vec<f64>,
    by_lot: f64,
    by_all: f64,
}

/// A team that answers the first of 3,000 waiting requests, trains, and goes on in the order that comes of it.
fn run(seed: u64, ordered: bool) -> Run {
    let mut random = Random::new(seed, 0);
    let came: Vec<(Input, usize)> = (0..3_000).map(|_| request(&mut random)).collect();
    let others: Vec<(Input, usize)> = (0..3_000).map(|_| request(&mut random)).collect();
    let lots: Vec<Option<f64>> = came.iter().map(|_| Some(random.uniform()).filter(|draw| *draw < LOT).map(|draw| draw / LOT)).collect();
    let mut waiting: Vec<usize> = (0..came.len()).collect();
    random.shuffle(&mut waiting);
    let mut examples: Vec<Example> = waiting.drain(..TRAINED_AT[0]).map(|at| example(at, &came[at], false)).collect();
    let mut first: Option<TextModel> = None;
    let mut out = Run { accuracy: Vec::new(), by_lot: 0.0, by_all: 0.0 };
    for (at, size) in TRAINED_AT.iter().enumerate() {
        let wanted = SIZES.contains(size);
        // At random no model is needed on the way.
        if ordered || wanted {
            let (model, _) = learned(&examples);
            if wanted {
                out.accuracy.push(accuracy(&model, &others));
            }
            if ordered {
                let pool: Vec<&Input> = waiting.iter().map(|at| &came[*at].0).collect();
                let pool = Pool::of(&model, &pool);
                let haste = |at: usize| lots[at].unwrap_or_else(|| f64::from(pool.rank(&model, &came[at].0)) / 1e9);
                waiting.sort_by_cached_key(|at| std::cmp::Reverse((haste(*at) * 1e9) as u64));
                first.get_or_insert(model);
            }
        }
        let sought = |at: usize| ordered && lots[at].is_none();
        let more = TRAINED_AT.get(at + 1).map_or(0, |next| next - size);
        examples.extend(waiting.drain(..more).map(|at| example(at, &came[at], sought(at))));
    }
    let Some(first) = first else { return out };
    let told = |of: &dyn Fn(&Example) -> bool| {
        let rows: Vec<&Example> = examples[TRAINED_AT[0]..].iter().filter(|e| of(e)).collect();
        let hits = rows.iter().filter(|e| first.propose(&e.input).is_ok_and(|advice| advice.answer == e.answer)).count();
        hits as f64 / rows.len() as f64
    };
    let whole = accuracy(&first, &came);
    (out.by_lot, out.by_all) = (told(&|e| !e.sought) - whole, told(&|_| true) - whole);
    out
}

/// A mean with its 95 % interval, by Student's t for the number of seeds.
fn mean(of: &[f64]) -> (f64, f64, f64) {
    let n = of.len() as f64;
    let mean = of.iter().sum::<f64>() / n;
    let variance = of.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / (n - 1.0);
    let half = 2.20 * (variance / n).sqrt();
    (mean, mean - half, mean + half)
}

/// The figures of `docs/models.md`: 12 seeds, each a team that goes on in order of what the model learns, and one at random.
#[test]
fn a_young_model_learns_more_from_what_it_is_unsure_of_and_figures_rest_on_the_lot() {
    let pairs: Vec<(Run, Run)> = (0..SEEDS).map(|seed| (run(seed, true), run(seed, false))).collect();
    for (at, size) in SIZES.iter().enumerate() {
        let gain: Vec<f64> = pairs.iter().map(|(ordered, random)| ordered.accuracy[at] - random.accuracy[at]).collect();
        let of = |one: fn(&(Run, Run)) -> &Run| mean(&pairs.iter().map(|pair| one(pair).accuracy[at]).collect::<Vec<_>>()).0;
        let (gain, low, high) = mean(&gain);
        println!("{size} labels: {:.3} ordered, {:.3} at random, difference {gain:.3} [{low:.3}, {high:.3}]", of(|p| &p.0), of(|p| &p.1));
        assert!(low > 0.0, "at {size} labels ordering by what a model learns does not help: {gain} [{low}, {high}]");
    }
    let (by_lot, low, high) = mean(&pairs.iter().map(|(ordered, _)| ordered.by_lot).collect::<Vec<_>>());
    println!("the first model's accuracy, by lot less true: {by_lot:.3} [{low:.3}, {high:.3}]");
    assert!(low < 0.0 && high > 0.0, "what was left to the lot is no random sample: {by_lot} [{low}, {high}]");
    let (by_all, low, high) = mean(&pairs.iter().map(|(ordered, _)| ordered.by_all).collect::<Vec<_>>());
    println!("the same by all labels: {by_all:.3} [{low:.3}, {high:.3}]");
    assert!(high < -0.05, "labels that were sought would tell of a model as if it were no worse on them: {by_all} [{low}, {high}]");
}

#[test]
fn what_is_sure_unlike_the_others_or_empty_comes_last() {
    let mut random = Random::new(1, 1);
    let examples: Vec<Example> = (0..200).map(|at| example(at, &request(&mut random), false)).collect();
    let (model, _) = learned(&examples);
    let inputs: Vec<&Input> = examples.iter().map(|e| &e.input).collect();
    let pool = Pool::of(&model, &inputs);
    let sure = input("k0w1 k0w2 k0w3 k0w4 k0w5 k0w0 s0w1 s0w2".into());
    let unsure = input("k0w1 k1w2 k0w3 k1w4 s0w1 s1w2 c1 c2".into());
    let strange = input("zyx wvu tsr qpo nml kji".into());
    let (sure, unsure, strange) = (pool.rank(&model, &sure), pool.rank(&model, &unsure), pool.rank(&model, &strange));
    assert!(unsure > sure && sure > strange, "{unsure} {sure} {strange}");
    assert_eq!(pool.rank(&model, &input(String::new())), strange, "nothing to read, nothing to learn");
    let ranks: Vec<f64> = inputs.iter().map(|input| f64::from(pool.rank(&model, input)) / 1e9).collect();
    let mean = ranks.iter().sum::<f64>() / ranks.len() as f64;
    assert!((mean - 0.5).abs() < 0.01, "ranks are even over the pool, as the lot is: {mean}");
    let nobody = Pool::of(&model, &[]);
    assert_eq!(nobody.rank(&model, inputs[0]), 0);
}

#[test]
fn what_was_sought_teaches_and_is_counted_in_no_figure() {
    let mut random = Random::new(2, 2);
    let requests: Vec<(Input, usize)> = (0..120).map(|_| request(&mut random)).collect();
    let wrong = |at: usize| (requests[at].0.clone(), (requests[at].1 + 1) % CLASSES.len());
    let mut examples: Vec<Example> = (0..80).map(|at| example(at, &requests[at], false)).collect();
    // Sought, and all answered against what the rest teaches: counted, they would pull every figure down.
    examples.extend((80..120).map(|at| example(at, &wrong(at), true)));
    let (model, report) = learned(&examples);
    assert_eq!((report.examples, report.sought, report.accuracy.n, report.commonest.n), (120, 40, 80, 80));
    assert_eq!(report.classes.iter().filter_map(|class| class.recalled.as_ref()).map(|recalled| recalled.n).sum::<u64>(), 80);
    assert_eq!(model.rows(), 120, "they teach");
    let all: Vec<Example> = examples.iter().map(|e| Example { sought: false, ..e.clone() }).collect();
    let (_, counted) = learned(&all);
    assert!(counted.accuracy.value < report.accuracy.value - 0.1, "{:?} {:?}", counted.accuracy, report.accuracy);
    assert_ne!(counted.data, report.data);
    let few: Vec<Example> = examples.iter().map(|e| Example { sought: e.at >= 19, ..e.clone() }).collect();
    let refused = train(&few, &Options::new(CLASSES.map(str::to_owned).to_vec()), &mut |_| {}).unwrap_err().to_string();
    assert_eq!(refused, "all but 19 examples were sought for what they teach: 20 others are the least that figures rest on");
}

#[test]
fn a_model_is_young_until_it_has_enough_or_more_brings_nothing() {
    let mut random = Random::new(3, 3);
    let examples: Vec<Example> = (0..60).map(|at| example(at, &request(&mut random), false)).collect();
    let (_, mut report) = learned(&examples);
    assert!(report.curve.is_empty() && is_young(&report, 61) && !is_young(&report, 60));
    let flat = Estimate { value: report.accuracy.value, ..report.accuracy };
    report.curve.push(CurvePoint { examples: 40, accuracy: flat });
    assert!(!is_young(&report, 1_000), "all examples bring no more than some of them");
    report.curve[0].accuracy.value -= 0.01;
    assert!(is_young(&report, 1_000));
}
