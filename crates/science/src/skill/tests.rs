//! Twins of the published figures on generated data, the figures themselves where the data are at hand, intervals by
//! simulation, and input that cannot say anything.

use super::*;
use crate::{Error, Estimate, random::Random};
use proptest::prelude::*;
use std::{collections::HashMap, path::PathBuf};

/// Answers with their truth.
struct Crowd {
    answers: Answers,
    truth: Vec<Option<u32>>,
}

impl Crowd {
    fn accuracy(&self, posterior: &Posterior) -> f64 {
        let labels: Vec<Option<u32>> = posterior.labels().into_iter().map(Some).collect();
        accuracy(&labels, &self.truth, 0.95).unwrap().value
    }
}

/// One of the sets of `crowd_annotators` in the shared data, or `None`, said aloud, where it is absent.
fn shared(name: &str) -> Option<Crowd> {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/crowd_annotators"));
    let read = |file: String| csv::Reader::from_path(folder.join(file)).ok();
    let (Some(mut answers), Some(mut truths)) = (read(format!("{name}_answers.csv")), read(format!("{name}_truth.csv"))) else {
        println!("{} is absent: passed over", folder.display());
        return None;
    };
    fn code(codes: &mut HashMap<String, u32>, text: &str) -> u32 {
        let next = codes.len() as u32;
        *codes.entry(text.to_owned()).or_insert(next)
    }
    let (mut items, mut people) = (HashMap::new(), HashMap::new());
    let (mut item, mut person, mut answer) = (Vec::new(), Vec::new(), Vec::new());
    for row in answers.records().map(Result::unwrap) {
        item.push(code(&mut items, &row[0]));
        person.push(code(&mut people, &row[1]));
        answer.push(row[2].parse().unwrap());
    }
    let classes = *answer.iter().max().unwrap() as usize + 1;
    let mut truth = vec![None; items.len()];
    for row in truths.records().map(Result::unwrap) {
        truth[items[&row[0]] as usize] = Some(row[1].parse().unwrap());
    }
    Some(Crowd { answers: Answers::new(&item, &person, &answer, (items.len(), people.len(), classes)).unwrap(), truth })
}

/// People who answer by their own confusion matrix `chance(person, truth, answer)`.
fn crowd(seed: u64, (items, people, classes): (usize, usize, usize), answering: f64, chance: impl Fn(usize, usize, usize) -> f64) -> Crowd {
    let mut random = Random::new(seed, 0);
    let (mut item, mut person, mut answer, mut truth) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for i in 0..items {
        let class = random.below(classes);
        truth.push(Some(class as u32));
        for p in 0..people {
            if random.uniform() >= answering {
                continue;
            }
            let mut rest = random.uniform();
            let answered = (0..classes).find(|k| {
                rest -= chance(p, class, *k);
                rest < 0.0
            });
            item.push(i as u32);
            person.push(p as u32);
            answer.push(answered.unwrap_or(classes - 1) as u32);
        }
    }
    Crowd { answers: Answers::new(&item, &person, &answer, (items, people, classes)).unwrap(), truth }
}

/// Skilled people and guessers.
fn mixed(seed: u64) -> Crowd {
    crowd(seed, (400, 15, 3), 0.6, |p, truth, answer| {
        let right = [0.95, 0.85, 0.4, 0.36, 0.34][p % 5];
        if truth == answer { right } else { (1.0 - right) / 2.0 }
    })
}

/// Everybody misses class 1 more often than not, each in their own measure: a one-coin model is lost.
fn one_sided(seed: u64) -> Crowd {
    crowd(seed, (300, 30, 2), 1.0, |p, truth, answer| {
        let hit = if p < 20 { 0.25 } else { 0.65 };
        match (truth, answer) {
            (0, 0) => 0.97,
            (0, _) => 0.03,
            (_, 1) => hit,
            _ => 1.0 - hit,
        }
    })
}

#[test]
fn published_figures_of_the_crowd_sets_come_out() {
    // crowd-kit 1.4.2, 100 iterations; the majority vote of dog is of the rule for ties that this crate documents too.
    for (name, most, coin, hard, matrices) in
        [("dog", 0.8116, 0.8302, 0.8340, 0.8426), ("face", 0.6336, 0.6113, 0.6301, 0.6404), ("duck", 0.7593, 0.5833, 0.7222, 0.8889)]
    {
        let Some(crowd) = shared(name) else { return };
        let votes = accuracy(&majority(&crowd.answers).labels, &crowd.truth, 0.95).unwrap().value;
        let coins = one_coin(&crowd.answers, Settings { smoothing: 0.0, ..Settings::default() }).unwrap();
        let found = [
            votes,
            crowd.accuracy(&coins.posterior),
            crowd.accuracy(&glad(&crowd.answers).unwrap().posterior),
            crowd.accuracy(&dawid_skene(&crowd.answers, Settings { smoothing: 0.0, ..Settings::default() }).unwrap().posterior),
            crowd.accuracy(&dawid_skene(&crowd.answers, Settings::default()).unwrap().posterior),
        ];
        println!("{name}: {found:.4?}");
        for (found, published) in found.iter().zip([most, coin, hard, matrices, matrices]) {
            assert!((found - published).abs() < 0.01, "{name}: {found} instead of {published}");
        }
    }
}

#[test]
fn fits_of_a_small_table_are_crowd_kits() {
    let (mut item, mut person, mut answer) = (vec![], vec![], vec![]);
    for i in 0..60u32 {
        for (p, wrong) in (0u32..).zip([4, 5, 7, 8, 9]) {
            let wrong = (i * i * 31 + p * p * 17 + i * p * 7 + i * 3) % 23 < wrong;
            item.push(i);
            person.push(p);
            answer.push(if wrong { 1 - i % 2 } else { i % 2 });
        }
    }
    let answers = Answers::new(&item, &person, &answer, (60, 5, 2)).unwrap();
    let told = |posterior: &Posterior| [0, 1, 5, 7, 20, 33].map(|item| posterior.of(item)[1]);
    let near = |found: [f64; 6], expected: [f64; 6], by: f64| {
        assert!(found.iter().zip(expected).all(|(a, b)| (a - b).abs() < by), "{found:?} {expected:?}");
    };
    // crowd-kit 1.4.2, DawidSkene(n_iter=.., tol=0): left alone, both go to where one person is never wrong.
    let settings = Settings { smoothing: 0.0, iterations_max: 10, tolerance: 0.0 };
    for (rounds, expected) in [
        (1, [0.158_781_001, 0.560_226_826, 0.790_891_826, 0.341_571_898, 0.100_853_401, 0.450_936_66]),
        (5, [0.058_526_56, 0.242_308_528, 0.739_925_075, 0.097_683_464, 0.142_897_609, 0.688_363_567]),
        (10, [0.025_655_433, 0.075_140_55, 0.840_099_822, 0.034_686_088, 0.119_926_653, 0.862_365_336]),
    ] {
        let fit = dawid_skene(&answers, Settings { iterations_max: rounds, ..settings }).unwrap();
        near(told(&fit.posterior), expected, 1e-6);
    }
}

#[test]
fn what_is_not_known_of_the_truth_widens_skill() {
    let crowd = mixed(2);
    let fit = dawid_skene(&crowd.answers, Settings::default()).unwrap();
    let n: Vec<f64> = (0..15).map(|person| crowd.answers.of_person(person).len() as f64).collect();
    let as_known = shrunk_shares(&fit.right, &n, 0.95).unwrap();
    let modelled = modelled_shares(&crowd.answers, &fit.posterior, 0.95).unwrap();
    let width = |estimate: &Estimate| estimate.high - estimate.low;
    for (person, (wide, narrow)) in modelled.people.iter().zip(&as_known.people).enumerate() {
        assert!(width(wide) > 0.95 * width(narrow) && wide.n as f64 == n[person], "{wide:?} {narrow:?}");
    }
    // A truth that is certain takes nothing away.
    let certain =
        Posterior::new(3, crowd.truth.iter().flat_map(|truth| (0..3).map(move |k| f64::from(u8::from(*truth == Some(k))))).collect());
    let right: Vec<f64> =
        (0..15).map(|p| crowd.answers.of_person(p).iter().filter(|(i, k)| crowd.truth[*i as usize] == Some(*k)).count() as f64).collect();
    let (a, b) = (modelled_shares(&crowd.answers, &certain, 0.95).unwrap(), shrunk_shares(&right, &n, 0.95).unwrap());
    assert!(a.people.iter().zip(&b.people).all(|(a, b)| (a.low - b.low).abs() < 1e-9 && (a.high - b.high).abs() < 1e-9));
}

#[test]
fn ties_decided_by_chance_give_what_is_published() {
    let Some(crowd) = shared("dog") else { return };
    let votes = majority(&crowd.answers);
    let expected = expected_accuracy(&votes.shares, &crowd.truth, 0.95).unwrap();
    assert!((expected.value - 0.823).abs() < 0.001 && votes.ties == 50, "{expected:?} with {} ties", votes.ties);
}

#[test]
fn models_of_people_beat_votes_where_people_differ() {
    let crowd = mixed(1);
    let votes = accuracy(&majority(&crowd.answers).labels, &crowd.truth, 0.95).unwrap().value;
    let matrices = dawid_skene(&crowd.answers, Settings::default()).unwrap();
    let coins = one_coin(&crowd.answers, Settings::default()).unwrap();
    let hard = glad(&crowd.answers).unwrap();
    assert!(matrices.converged && coins.converged && hard.converged);
    for (name, found) in [("matrices", &matrices.posterior), ("coins", &coins.posterior), ("glad", &hard.posterior)] {
        let found = crowd.accuracy(found);
        assert!(found > votes + 0.03, "{name}: {found} against {votes} by votes");
    }
    for person in 0..15 {
        let right = [0.95, 0.85, 0.4, 0.36, 0.34][person % 5];
        let n = crowd.answers.of_person(person).len() as f64;
        assert!((coins.skill[person] - right).abs() < 0.1, "person {person}: {}", coins.skill[person]);
        assert!((matrices.right[person] / n - right).abs() < 0.1);
        assert!(matrices.confusion_of(person).chunks(3).all(|row| (row.iter().sum::<f64>() - 1.0).abs() < 1e-9));
        assert_eq!(hard.ability[person] > 0.5, right > 0.8, "person {person}: {}", hard.ability[person]);
    }
}

#[test]
fn errors_that_go_one_way_need_matrices() {
    let crowd = one_sided(3);
    let votes = accuracy(&majority(&crowd.answers).labels, &crowd.truth, 0.95).unwrap().value;
    let matrices = crowd.accuracy(&dawid_skene(&crowd.answers, Settings::default()).unwrap().posterior);
    let coins = crowd.accuracy(&one_coin(&crowd.answers, Settings::default()).unwrap().posterior);
    assert!(matrices > 0.9 && matrices > votes + 0.15 && matrices > coins + 0.15, "{matrices}, votes {votes}, coins {coins}");
}

#[test]
fn a_stream_learns_nearly_what_a_batch_does() {
    let crowd = mixed(5);
    let batch = crowd.accuracy(&dawid_skene(&crowd.answers, Settings::default()).unwrap().posterior);
    let mut stream = StreamingDawidSkene::new(3, f64::INFINITY).unwrap();
    let posterior: Vec<f64> = (0..400).flat_map(|item| stream.observe(crowd.answers.of_item(item), None, 15).unwrap()).collect();
    let streamed = crowd.accuracy(&Posterior::new(3, posterior));
    assert!(streamed > batch - 0.06, "{streamed} in a stream, {batch} in a batch");
    let confusion = stream.confusion_of(0);
    assert!(confusion[0] > 0.85 && (confusion[..3].iter().sum::<f64>() - 1.0).abs() < 1e-12, "{confusion:?}");
    assert!(stream.confusion_of(15).is_empty());
    assert!(stream.observe(&[(15, 0)], None, 15).is_err() && stream.observe(&[(0, 3)], None, 15).is_err());
    // It is the same after it was stored.
    let stored: StreamingDawidSkene = serde_json::from_str(&serde_json::to_string(&stream).unwrap()).unwrap();
    assert_eq!(stored, stream);
}

#[test]
fn a_stream_forgets_where_it_is_told_to() {
    let learn = |half_life: f64| {
        let mut stream = StreamingDawidSkene::new(2, half_life).unwrap();
        for i in 0..400u32 {
            let (truth, good) = (i % 2, i < 200);
            stream.observe(&[(0, if good { truth } else { 1 - truth })], Some(truth), 1).unwrap();
        }
        stream.confusion_of(0)[0]
    };
    assert!(learn(f64::INFINITY) > 0.4 && learn(20.0) < 0.05);
}

#[test]
fn matrices_with_known_truth_hold_the_truth() {
    // People differ in how often they are right; 95 % intervals hold that, and what they say instead, as often as promised.
    let (mut held, mut wrong, mut all) = (0u32, 0u32, 0u32);
    for run in 0..60 {
        let mut random = Random::new(run, 1);
        let hits: Vec<f64> = (0..30).map(|_| 0.55 + 0.4 * (random.uniform() + random.uniform()) / 2.0).collect();
        let crowd = crowd(run, (120, 30, 3), 0.3, |p, truth, answer| if truth == answer { hits[p] } else { (1.0 - hits[p]) / 2.0 });
        let matrices = confusion_matrices(&crowd.answers, &crowd.truth, 0.95).unwrap();
        for (p, matrix) in matrices.people.iter().enumerate() {
            for truth in 0..3 {
                let (cell, other, miss) = (matrix.rows[truth][truth], matrix.rows[truth][(truth + 1) % 3], (1.0 - hits[p]) / 2.0);
                assert!((matrix.rows[truth].iter().map(|cell| cell.value).sum::<f64>() - 1.0).abs() < 1e-9);
                held += u32::from(cell.low <= hits[p] && hits[p] <= cell.high);
                wrong += u32::from(other.low <= miss && miss <= other.high);
                all += 1;
            }
        }
    }
    let covered = [held, wrong].map(|held| f64::from(held) / f64::from(all));
    println!("matrices cover {covered:?}");
    assert!(covered.iter().all(|covered| (0.92..=0.99).contains(covered)), "covers {covered:?} of {all}");
}

#[test]
fn a_shrunk_share_holds_the_truth_and_newcomers_start_at_the_pool() {
    for (spread, answers) in [(8.0, 10.0), (8.0, 60.0), (60.0, 30.0)] {
        let (mut held, mut all) = (0u32, 0u32);
        for run in 0..50u64 {
            let mut random = Random::new(run, 2);
            // Beta(3/4 spread, 1/4 spread) as an order statistic: the k-th of n uniforms is Beta(k, n + 1 - k).
            let (k, n) = ((0.75 * spread) as usize, spread as usize - 1);
            let skills: Vec<f64> = (0..20)
                .map(|_| {
                    let mut draws: Vec<f64> = (0..n).map(|_| random.uniform()).collect();
                    draws.sort_unstable_by(f64::total_cmp);
                    draws[k - 1]
                })
                .collect();
            let mut n: Vec<f64> = (0..20).map(|_| 1.0 + (answers * random.uniform() * 2.0).floor()).collect();
            let mut right: Vec<f64> =
                skills.iter().zip(&n).map(|(skill, n)| (0..*n as u32).filter(|_| random.uniform() < *skill).count() as f64).collect();
            n.push(0.0);
            right.push(0.0);
            let shrunk = shrunk_shares(&right, &n, 0.95).unwrap();
            assert!((shrunk.people[20].value - shrunk.mean).abs() < 1e-12);
            for (skill, estimate) in skills.iter().zip(&shrunk.people) {
                (held, all) = (held + u32::from(estimate.low <= *skill && *skill <= estimate.high), all + 1);
            }
        }
        let covered = f64::from(held) / f64::from(all);
        println!("strength {spread} with {answers} answers covers {covered}");
        assert!((0.925..=0.98).contains(&covered), "strength {spread} with {answers} answers covers {covered}");
    }
}

#[test]
fn a_track_follows_a_change_and_doubts_what_is_old() {
    let mut track = Track::new(30.0, 0.75, 8.0).unwrap();
    assert_eq!(track.at(0.0, 0.9).unwrap().value, 0.75);
    for day in 0..200 {
        track.observe(f64::from(day), if day < 100 { 0.95 } else { 0.4 }).unwrap();
    }
    let now = track.at(199.0, 0.9).unwrap();
    let later = track.at(1_000.0, 0.9).unwrap();
    assert!((0.4..0.55).contains(&now.value) && now.n == 200 && track.effective_n() < 50.0, "{now:?}");
    assert!(later.high - later.low > now.high - now.low && (later.value - 0.75).abs() < 0.01, "{later:?}");
    assert!(track.observe(10.0, 1.0).is_err() && track.observe(f64::NAN, 1.0).is_err() && track.at(0.0, 0.9).is_err());
    assert!(Track::new(0.0, 0.5, 1.0).is_err() && Track::new(1.0, 1.0, 1.0).is_err());
}

#[test]
fn accuracy_and_f1_are_as_elsewhere() {
    // scikit-learn 1.9.1: f1_score(.., average="macro") of this table of truths (rows) and labels.
    let table = [[25, 13, 12], [12, 2, 3], [11, 15, 20]];
    let (mut labels, mut truth) = (vec![None, Some(1)], vec![Some(1), None]);
    for (a, row) in table.iter().enumerate() {
        for (b, count) in row.iter().enumerate() {
            truth.extend(vec![Some(a as u32); *count]);
            labels.extend(vec![Some(b as u32); *count]);
        }
    }
    let f1 = macro_f1(&labels, &truth, 3, 0.95, 1).unwrap();
    assert!((f1.value - 0.36304587503506786).abs() < 1e-12 && f1.low > 0.26 && f1.high < 0.47 && f1.n == 113, "{f1:?}");
    let right = accuracy(&labels, &truth, 0.95).unwrap();
    assert_eq!((right.value, right.n), (47.0 / 113.0, 113));
    assert!(accuracy(&[None], &[Some(1)], 0.95).is_err() && macro_f1(&[Some(3)], &[Some(0)], 3, 0.95, 1).is_err());
}

#[test]
fn numbers_have_means_and_medians() {
    let answers = NumericAnswers::new(&[0, 0, 0, 1, 1], &[0, 1, 2, 0, 1], &[1.0, 2.0, 9.0, -4.0, 0.0], (3, 3)).unwrap();
    let labels = numeric_labels(&answers);
    assert_eq!(labels.mean, [Some(4.0), Some(-2.0), None]);
    assert_eq!(labels.median, [Some(2.0), Some(-2.0), None]);
    let truth = [Some(3.0), Some(1.0), Some(0.0)];
    let mae = distance(&labels.mean, &truth, 0.95).unwrap();
    assert_eq!((mae.value, mae.n), (2.0, 2));
    assert!((root_mean_square(&labels.mean, &truth, 0.95).unwrap().value - 5f64.sqrt()).abs() < 1e-12);
    assert_eq!(answers.distances(Some(&truth))[1], [1.0, 1.0]);
    assert_eq!(answers.distances(None)[2], [7.5]);
    assert!(NumericAnswers::new(&[0], &[0], &[f64::NAN], (1, 1)).is_err());
    assert!(NumericAnswers::new(&[0, 0], &[0, 0], &[1.0, 2.0], (1, 1)).is_err());
}

#[test]
fn numbers_of_the_emotion_set_are_as_published() {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/crowd_annotators"));
    let (Ok(mut answers), Ok(mut truths)) =
        (csv::Reader::from_path(folder.join("emotion_answers.csv")), csv::Reader::from_path(folder.join("emotion_truth.csv")))
    else {
        println!("{} is absent: passed over", folder.display());
        return;
    };
    let (mut item, mut person, mut value) = (Vec::new(), Vec::new(), Vec::new());
    for row in answers.records().map(Result::unwrap) {
        item.push(row[0].parse().unwrap());
        person.push(row[1].parse().unwrap());
        value.push(row[2].parse().unwrap());
    }
    let (items, people) = (*item.iter().max().unwrap() as usize + 1, *person.iter().max().unwrap() as usize + 1);
    let mut truth = vec![None; items];
    for row in truths.records().map(Result::unwrap) {
        truth[row[0].parse::<usize>().unwrap()] = Some(row[1].parse().unwrap());
    }
    let labels = numeric_labels(&NumericAnswers::new(&item, &person, &value, (items, people)).unwrap());
    for (labels, mae, rmse) in [(labels.mean, 12.02, 17.84), (labels.median, 13.53, 21.26)] {
        assert!((distance(&labels, &truth, 0.95).unwrap().value - mae).abs() < 0.005);
        assert!((root_mean_square(&labels, &truth, 0.95).unwrap().value - rmse).abs() < 0.005);
    }
}

#[test]
fn input_that_cannot_say_anything_is_told() {
    let cannot = |result: Result<Answers, Error>| matches!(result, Err(Error::CannotSay(_)));
    let wrong = |result: Result<Answers, Error>| matches!(result, Err(Error::Input { .. }));
    assert!(cannot(Answers::new(&[], &[], &[], (0, 0, 0))));
    assert!(cannot(Answers::new(&[0, 1], &[0, 1], &[0, 0], (2, 2, 1))));
    assert!(wrong(Answers::new(&[0], &[0, 1], &[0], (2, 2, 2))));
    assert!(wrong(Answers::new(&[2], &[0], &[0], (2, 2, 2))));
    let twice = Answers::new(&[1, 0, 1], &[0, 0, 0], &[0, 1, 1], (2, 1, 2)).unwrap_err().to_string();
    assert_eq!(twice, "person: person 0 answers item 1 more than once; keep one answer");
    let alone = Answers::new(&[0, 1], &[0, 0], &[0, 1], (2, 1, 2)).unwrap();
    let apart = Answers::new(&[0, 1], &[0, 1], &[0, 1], (2, 2, 2)).unwrap();
    for (answers, start) in [(alone, "there is one person only"), (apart, "no item was answered by two people")] {
        assert!(dawid_skene(&answers, Settings::default()).unwrap_err().to_string().starts_with(start));
        assert!(one_coin(&answers, Settings::default()).unwrap_err().to_string().starts_with(start));
        assert!(glad(&answers).unwrap_err().to_string().starts_with(start));
        assert_eq!(majority(&answers).labels, [Some(0), Some(1)]);
        assert!(dawid_skene(&answers, Settings { smoothing: f64::NAN, ..Settings::default() }).is_err());
    }
    let many = Answers::new(&[0, 0], &[0, 1], &[0, 1], (1, 2, 100_000)).unwrap();
    assert!(dawid_skene(&many, Settings::default()).unwrap_err().to_string().contains("one coin"));
    assert!(confusion_matrices(&many, &[Some(0)], 0.95).is_err());
    assert!(shrunk_shares(&[2.0], &[1.0], 0.95).is_err() && shrunk_shares(&[0.0], &[0.0], 0.95).is_err());
}

proptest! {
    #[test]
    fn nothing_depends_on_the_order_of_rows_or_the_names_of_codes(rows in proptest::collection::btree_map((0..12u32, 0..6u32), 0..3u32, 20..60)) {
        let fit = |map: &dyn Fn(u32, u32, u32) -> (u32, u32, u32), reversed: bool| {
            let mut rows: Vec<_> = rows.iter().map(|((i, p), k)| map(*i, *p, *k)).collect();
            if reversed { rows.reverse() }
            let column = |f: fn(&(u32, u32, u32)) -> u32| rows.iter().map(f).collect::<Vec<u32>>();
            let answers = Answers::new(&column(|r| r.0), &column(|r| r.1), &column(|r| r.2), (12, 6, 3)).unwrap();
            (dawid_skene(&answers, Settings { iterations_max: 20, ..Settings::default() }).map(|fit| fit.posterior), glad(&answers).map(|fit| fit.posterior))
        };
        let same = fit(&|i, p, k| (i, p, k), false);
        let turned = fit(&|i, p, k| (11 - i, (p + 2) % 6, (k + 1) % 3), true);
        if let ((Ok(ds), Ok(hard)), (Ok(other_ds), Ok(other_hard))) = (same, turned) {
            for item in 0..12 {
                for class in 0..3 {
                    prop_assert!((ds.of(item)[class] - other_ds.of(11 - item)[(class + 1) % 3]).abs() < 1e-6);
                    prop_assert!((hard.of(item)[class] - other_hard.of(11 - item)[(class + 1) % 3]).abs() < 1e-6);
                }
            }
        }
    }

    #[test]
    fn figures_lie_where_they_must(counts in proptest::collection::vec((0..50u32, 0..50u32), 1..20), level in 0.5..0.99f64) {
        let n: Vec<f64> = counts.iter().map(|(a, b)| f64::from(a + b)).collect();
        let right: Vec<f64> = counts.iter().map(|(a, _)| f64::from(*a)).collect();
        match shrunk_shares(&right, &n, level) {
            Ok(shrunk) => for Estimate { value, low, high, .. } in shrunk.people {
                prop_assert!(0.0 <= low && low <= value && value <= high && high <= 1.0);
            },
            Err(error) => prop_assert!(matches!(error, Error::CannotSay(_)) && n.iter().all(|n| *n == 0.0)),
        }
    }
}
