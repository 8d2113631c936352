//! The stream on a small set of our own, with the traits of the real ones.

use super::*;
use countersign_science::random::Random;

fn set(cases: u64) -> Set {
    let item = |n: u64| {
        let mut random = Random::new(9, n);
        let hard = random.uniform() < 0.2;
        let truth = if random.uniform() < 0.5 { "no" } else { "yes" };
        let other = if truth == "no" { "yes" } else { "no" };
        let mut say = |accuracy: f64| if random.uniform() < accuracy { truth } else { other }.to_owned();
        let (person, first, second) = (say(0.95), say(if hard { 0.6 } else { 0.999 }), say(0.8));
        let sure =
            |answer: &str, p: f64| json!({ answer: p, if answer == "no" { "yes" } else { "no" }: 1.0 - p }).as_object().cloned().unwrap();
        let proposed = vec![(first.clone(), sure(&first, if hard { 0.6 } else { 0.99 })), (second.clone(), sure(&second, 0.8))];
        let fields = json!({ "item": format!("item {n}") }).as_object().cloned().unwrap();
        Item { fields, truth: truth.into(), person, proposed, cluster: n as u32 }
    };
    let playbook = data::playbook("small", &["no".into(), "yes".into()], "item = { type = \"text\", title = true }", 0.02);
    Set { name: "small", playbook, models: ["m", "n"], promise: 0.02, items: (0..cases).map(item).collect() }
}

/// People decide until the better model has earned a certificate for what it is sure of; then the pair is better than either.
#[tokio::test(flavor = "multi_thread")]
async fn a_small_stream_is_decided_better_by_both_than_by_either() {
    let set = set(1_200);
    assert_eq!(better(&set), 0);
    let streamed = stream(&set).await.unwrap();
    assert!(streamed.automated > 100 && streamed.from.is_some_and(|at| at > 300), "{}", words(&streamed));
    assert!(streamed.automated_wrong * 50 <= streamed.automated, "{}", words(&streamed));
    let c = &streamed.compared;
    assert!(c.pair.value >= c.human.value && c.pair.value > c.ai.value, "{}", words(&streamed));
    assert!(streamed.threshold <= 1.0 - c.human.value);
    let last = &streamed.last;
    // The small set ends soon after the first certificate: so far both are better than people only.
    assert!(last.over_human.low > 0.0 && last.ai.value > last.human.value, "{}", words(&streamed));
}

/// By hand: the model is right where it is surest, and equal probabilities go together.
#[test]
fn the_best_threshold_tells_no_equals_apart() {
    let item = |sure: f64, model: bool, person: bool| {
        let proposed = vec![("yes".to_owned(), json!({ "yes": sure }).as_object().cloned().unwrap())];
        let truth = if model { "yes" } else { "no" }.to_owned();
        let person = if person { truth.clone() } else { "neither".into() };
        Item { fields: json!({}).as_object().cloned().unwrap(), truth, person, proposed, cluster: 0 }
    };
    let items = [item(0.6, false, true), item(0.8, true, false), item(0.9, true, true), item(0.8, false, true), item(0.95, true, false)];
    assert_eq!(threshold(&items, 0), 0.95);
    assert_eq!(by_rule(&items, 0, 0.95), [1.0, 0.0, 1.0, 1.0, 1.0]);
    assert_eq!(by_rule(&items, 0, f64::INFINITY), [1.0, 0.0, 1.0, 1.0, 0.0]);
}
