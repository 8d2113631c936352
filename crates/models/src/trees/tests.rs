//! The trees as a whole: what they learn that a sum of words cannot, that they learn the same every time, that what they say of their reasons
//! sums up, and what they make of bad data and hostile files.

use super::{
    columns::{Columns, Mark, Table},
    grow::{Forest, Node, Question, boost, logits},
    model::{Parts, TreesModel},
};
use crate::{
    Input, NoAdvice, Proposer as _, Value,
    file::FileError,
    input::Field,
    text::train::{Best, Example, Options, TREES_CLASSES_MAX, TrainError, train, train_best, train_trees},
};
use countersign_science::random::Random;
use proptest::prelude::*;

fn field(name: &str, value: Value) -> Field {
    Field { name: name.into(), value, masked: false, hidden: false }
}

fn example(at: usize, fields: Vec<Field>, answer: &str) -> Example {
    Example {
        input: Input { fields },
        answer: answer.into(),
        case: format!("case-{at:05}"),
        person: None,
        at: at as i64,
        sought: false,
        groups: Vec::new(),
    }
}

fn names(classes: &[&str]) -> Vec<String> {
    classes.iter().map(|class| (*class).to_owned()).collect()
}

/// Refunds: paid where the amount lies between two bounds that hang on the plan, or the text says that it was charged twice; one in twenty-five is
/// answered by lot. No weighted sum of these says it.
fn refunds(n: usize, seed: u64) -> Vec<Example> {
    let mut random = Random::new(seed, 5);
    (0..n)
        .map(|at| {
            let (amount, team, twice) = (random.uniform() * 200.0, random.below(2) == 1, random.below(6) == 0);
            let (low, high) = if team { (40.0, 160.0) } else { (80.0, 120.0) };
            let pay = if random.below(25) == 0 { random.below(2) == 1 } else { twice || (low..high).contains(&amount) };
            let about = ["hello there", "since monday", "please help", "thank you"][random.below(4)];
            let text = format!("{about}, I was charged {}", if twice { "twice" } else { "once" });
            let mut fields = vec![
                field("plan", Value::Word(if team { "team" } else { "solo" }.into())),
                field("body", Value::Text(text)),
                field("new", Value::Flag(random.below(2) == 1)),
            ];
            // Of one in ten the amount is not known.
            if random.below(10) > 0 {
                fields.push(field("amount", Value::Number(amount)));
            }
            example(at, fields, if pay { "refund" } else { "other" })
        })
        .collect()
}

fn trained(examples: &[Example], classes: &[&str]) -> (TreesModel, crate::text::Report) {
    train_trees(examples, &Options::new(names(classes)), &mut |_| {}).unwrap()
}

const REFUNDS: [&str; 2] = ["other", "refund"];

#[test]
fn what_hangs_on_bounds_and_on_two_facts_together_is_learned_and_the_reasons_are_told() {
    let examples = refunds(3_000, 1);
    let (model, report) = trained(&examples, &REFUNDS);
    let (_, linear) = train(&examples, &Options::new(names(&REFUNDS)), &mut |_| {}).unwrap();
    assert!(report.accuracy.low > 0.91 && linear.accuracy.high < 0.88, "{:?} {:?}", report.accuracy, linear.accuracy);
    assert!(report.calibration_error.value < 0.03, "{:?}", report.calibration_error);
    assert!(report.fields == ["amount", "body", "new", "plan"] && report.curve.len() == 3 && report.warnings.is_empty(), "{report:?}");
    let case = |amount: f64, plan: &str, text: &str| Input {
        fields: vec![
            field("plan", Value::Word(plan.into())),
            field("body", Value::Text(text.into())),
            field("amount", Value::Number(amount)),
        ],
    };
    for (amount, plan, text, answer, first) in [
        (100.0, "solo", "hello there, I was charged once", "refund", "amount"),
        (60.0, "team", "hello there, I was charged once", "refund", "amount"),
        (60.0, "solo", "hello there, I was charged once", "other", "plan"),
        (190.0, "team", "hello there, I was charged once", "other", "amount"),
        (190.0, "solo", "please help, I was charged twice", "refund", "body"),
    ] {
        let advice = model.propose(&case(amount, plan, text)).unwrap();
        assert_eq!(advice.answer, answer, "{amount} {plan} {text}: {advice:?}");
        assert_eq!(advice.probabilities.iter().map(|(_, p)| u64::from(*p)).sum::<u64>(), 1_000_000_000);
        let of = &advice.evidence[0];
        assert!(advice.evidence.iter().any(|of| of.field == first) && advice.explanation.contains(&of.quote), "{advice:?}");
        if first == "body" {
            assert_eq!((of.field.as_str(), of.quote.as_str(), of.span), ("body", "twice", Some((27, 32))), "{advice:?}");
        }
    }
    // What people do not see is never quoted to them.
    let mut hidden = case(100.0, "solo", "I was charged once");
    hidden.fields[2].hidden = true;
    let advice = model.propose(&hidden).unwrap();
    assert!(advice.answer == "refund" && advice.evidence.iter().all(|of| of.field != "amount"), "{advice:?}");
}

#[test]
fn the_better_of_both_is_taken_where_that_is_shown_and_the_other_is_told_of() {
    let (best, report) = train_best(&refunds(2_000, 2), &Options::new(names(&REFUNDS)), &mut |_| {}).unwrap();
    let beside = report.beside.clone().unwrap();
    assert!(matches!(best, Best::Trees(_)) && beside.kind == "text" && beside.difference.low > 0.0, "{beside:?}");
    assert!((beside.accuracy.value + beside.difference.value - report.accuracy.value).abs() < 1e-9, "the same cases");
    // Many words that each say a little: a sum of them is what it takes.
    let mut random = Random::new(3, 1);
    let worded: Vec<Example> = (0..1_500)
        .map(|at| {
            let class = random.below(2);
            let word = |random: &mut Random| {
                let side = if random.below(3) == 0 { 1 - class } else { class };
                format!("w{}", 2 * random.below(300) + side)
            };
            let text: Vec<String> = (0..12).map(|_| word(&mut random)).collect();
            example(at, vec![field("body", Value::Text(text.join(" ")))], ["a", "b"][class])
        })
        .collect();
    let (best, report) = train_best(&worded, &Options::new(names(&["a", "b"])), &mut |_| {}).unwrap();
    let beside = report.beside.unwrap();
    assert!(matches!(best, Best::Text(_)) && beside.kind == "trees" && beside.difference.value > 0.0, "{beside:?}");
}

#[test]
fn the_same_rows_and_seed_give_the_same_bits() {
    let mut examples = refunds(600, 4);
    let (model, report) = trained(&examples, &REFUNDS);
    let one = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let (alone, _) = one.install(|| trained(&examples, &REFUNDS));
    examples.reverse();
    let (turned, same) = trained(&examples, &REFUNDS);
    assert_eq!(model.version(), alone.version(), "threads change nothing");
    assert_eq!((model.version(), &report), (turned.version(), &same), "nor does the order");
    let (other, _) = trained(&refunds(600, 5), &REFUNDS);
    assert_ne!(model.version(), other.version());
}

#[test]
fn bad_data_is_refused_with_the_reason() {
    let refused = |examples: &[Example], classes: &[&str]| train_trees(examples, &Options::new(names(classes)), &mut |_| {}).unwrap_err();
    assert_eq!(refused(&[], &REFUNDS), TrainError::TooFew(0));
    let one: Vec<Example> = refunds(200, 1).into_iter().filter(|e| e.answer == "other").collect();
    assert_eq!(refused(&one, &REFUNDS), TrainError::OneClass("other".into()));
    let bare: Vec<Example> = refunds(100, 1).into_iter().map(|e| Example { input: Input::default(), ..e }).collect();
    assert_eq!(refused(&bare, &REFUNDS), TrainError::NothingToRead);
    assert!(matches!(train_best(&bare, &Options::new(names(&REFUNDS)), &mut |_| {}), Err(TrainError::NothingToRead)));
    let many: Vec<String> = (0..=TREES_CLASSES_MAX).map(|at| format!("c{at}")).collect();
    let all: Vec<Example> =
        (0..10 * many.len()).map(|at| example(at, vec![field("n", Value::Number(at as f64))], &many[at % many.len()])).collect();
    assert_eq!(train_trees(&all, &Options::new(many), &mut |_| {}).unwrap_err(), TrainError::ManyClasses(TREES_CLASSES_MAX + 1));
    // A number that is the same in every row asks nothing; rows of nothing else are judged by their shares.
    let same: Vec<Example> =
        (0..60).map(|at| example(at, vec![field("n", Value::Number(1.0))], REFUNDS[usize::from(at % 3 == 0)])).collect();
    let (model, _) = trained(&same, &REFUNDS);
    let advice = model.propose(&Input { fields: vec![field("n", Value::Number(7.0))] }).unwrap();
    assert!(advice.answer == "other" && advice.evidence.is_empty() && advice.explanation.contains("No single field"), "{advice:?}");
    assert_eq!(model.propose(&Input::default()), Err(NoAdvice::NothingToRead));
    assert_eq!(model.propose(&Input { fields: vec![field("m", Value::Number(7.0))] }), Err(NoAdvice::Unknown));
    assert_eq!(model.propose(&Input { fields: vec![field("n", Value::Word("x".into()))] }), Err(NoAdvice::Unknown));
}

#[test]
fn a_number_that_is_missing_goes_where_the_rows_say() {
    // The answer is that there is no number.
    let rows: Vec<Example> = (0..200)
        .map(|at| {
            let there = at % 2 == 0;
            let mut fields = vec![field("other", Value::Number((at % 7) as f64))];
            if there {
                fields.push(field("n", Value::Number((at % 50) as f64)));
            }
            example(at, fields, if there { "other" } else { "refund" })
        })
        .collect();
    let (model, report) = trained(&rows, &REFUNDS);
    assert!(report.accuracy.value > 0.99, "{report:?}");
    let advice = model.propose(&Input { fields: vec![field("other", Value::Number(3.0))] }).unwrap();
    assert_eq!(advice.answer, "refund");
}

/// The file with its digest made right again.
fn sealed(body: &[u8]) -> Vec<u8> {
    use sha2::{Digest as _, Sha256};
    let body = &body[..body.len() - 32];
    [body, &Sha256::digest(body)].concat()
}

fn small(nodes: Vec<Node>) -> TreesModel {
    TreesModel::of(Parts {
        classes: names(&REFUNDS),
        columns: Columns { numbers: vec!["n".into()], marks: vec![Mark { bucket: 3, field: None }] },
        forest: Forest { base: vec![0.25], trees: vec![nodes] },
        temperature: 1.0,
        spread: 0.0,
        rows: 1,
        data: String::new(),
    })
}

fn asks(column: u32, yes: u32, no: u32) -> Node {
    Node { question: Some(Question { column, most: 1.0, missing_yes: true, yes, no }), value: 0.0 }
}

fn says(value: f64) -> Node {
    Node { question: None, value }
}

#[test]
fn a_file_is_read_back_and_nothing_else_is() {
    let (model, _) = trained(&refunds(400, 6), &REFUNDS);
    let bytes = model.to_bytes();
    let back = TreesModel::from_bytes(&bytes).unwrap();
    let input = &refunds(1, 9)[0].input;
    assert_eq!((back.version(), back.propose(input), back.rows()), (model.version(), model.propose(input), 400));
    assert!(bytes.len() < 400_000, "{}", bytes.len());
    assert_eq!(TreesModel::from_bytes(b"CSTM").unwrap_err(), FileError::Foreign);
    assert_eq!(TreesModel::from_bytes(&[&b"CSTT"[..], &[9, 0]].concat()).unwrap_err(), FileError::Version { found: 9, known: 1 });
    for cut in (0..bytes.len()).step_by(97) {
        assert!(TreesModel::from_bytes(&bytes[..cut]).is_err(), "cut at {cut}");
    }
    for at in (0..bytes.len()).step_by(97) {
        let mut changed = bytes.clone();
        changed[at] ^= 4;
        assert!(TreesModel::from_bytes(&changed).is_err(), "changed at {at}");
    }
    // Whole and with a right digest, and still no model.
    assert!(TreesModel::from_bytes(&small(vec![asks(0, 1, 2), says(1.0), says(-1.0)]).to_bytes()).is_ok());
    for (nodes, why) in [
        (vec![asks(0, 0, 1), says(1.0)], "leads nowhere, or back"),
        (vec![asks(0, 1, 3), says(1.0), says(2.0)], "leads nowhere, or back"),
        (vec![asks(0, 1, 2), asks(1, 1, 2), says(2.0)], "leads nowhere, or back"),
        (vec![asks(2, 1, 2), says(1.0), says(2.0)], "asks about what there is not"),
        (vec![says(f64::NAN)], "not finite"),
        (vec![says(f64::INFINITY)], "not finite"),
        (Vec::new(), "has no node"),
        (vec![says(0.0); 64], "too many"),
    ] {
        let said = TreesModel::from_bytes(&small(nodes).to_bytes()).unwrap_err().to_string();
        assert!(said.contains(why), "{said:?} does not say {why:?}");
    }
}

#[test]
fn trees_of_three_classes_are_grown_for_each() {
    let rows: Vec<Example> = (0..600)
        .map(|at| {
            let (x, y) = ((at * 37 % 100) as f64, (at * 53 % 90) as f64);
            let class = if x < 30.0 {
                0
            } else if y < 45.0 {
                1
            } else {
                2
            };
            example(at, vec![field("x", Value::Number(x)), field("y", Value::Number(y))], ["a", "b", "c"][class])
        })
        .collect();
    let (model, report) = trained(&rows, &["a", "b", "c"]);
    assert!(report.accuracy.value > 0.97, "{report:?}");
    let said = model.propose(&Input { fields: vec![field("x", Value::Number(50.0)), field("y", Value::Number(80.0))] }).unwrap();
    assert!(said.answer == "c" && said.evidence.len() == 2, "{said:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// What every column adds and what is said before any question sum up to the score, whatever was grown and asked.
    #[test]
    fn contributions_sum_to_the_score(seed in any::<u64>(), classes in 2usize..5, asked in prop::collection::vec(prop::option::of(-50.0f64..250.0), 2)) {
        let mut random = Random::new(seed, 0);
        let rows: Vec<Input> = (0..120)
            .map(|_| {
                let mut fields = vec![field("w", Value::Word(["a", "b", "c"][random.below(3)].into()))];
                for name in ["x", "y"] {
                    if random.below(5) > 0 {
                        fields.push(field(name, Value::Number((random.uniform() * 200.0).round())));
                    }
                }
                Input { fields }
            })
            .collect();
        let labels: Vec<u32> = (0..rows.len()).map(|_| random.below(classes) as u32).collect();
        let table = Table::of(&rows.iter().collect::<Vec<_>>());
        let all: Vec<usize> = (0..rows.len()).collect();
        let columns = table.columns(&all, &labels, classes);
        let forest = boost(&table.binned(&all, &columns), &labels, &vec![1.0; rows.len()], classes);
        let mut values: Vec<f64> = asked.into_iter().map(|value| value.unwrap_or(f64::NAN)).collect();
        values.extend(columns.marks.iter().map(|_| f64::from(random.below(2) as u32)));
        let model = TreesModel::of(Parts {
            classes: (0..classes).map(|class| format!("c{class}")).collect(),
            columns, forest: forest.clone(), temperature: 1.0, spread: 0.0, rows: 120, data: String::new(),
        });
        let scores = forest.scores(&values);
        for (output, score) in scores.iter().enumerate() {
            let (before, added) = model.contributions(&values, output);
            let sum = before + added.iter().sum::<f64>();
            prop_assert!((sum - score).abs() < 1e-9, "{sum} {score}");
        }
        prop_assert_eq!(logits(&scores).len(), classes);
    }

    #[test]
    fn bytes_that_were_changed_break_nothing(at in 0usize..100_000, to in any::<u8>()) {
        static BYTES: std::sync::OnceLock<Vec<u8>> = std::sync::OnceLock::new();
        let mut bytes = BYTES.get_or_init(|| trained(&refunds(200, 6), &REFUNDS).0.to_bytes()).clone();
        let place = at % (bytes.len() - 32);
        bytes[place] = to;
        if let Ok(model) = TreesModel::from_bytes(&sealed(&bytes)) {
            let _ = model.propose(&refunds(1, 9)[0].input);
        }
    }
}
