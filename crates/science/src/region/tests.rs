//! Regions that are planted are found, and where there is none hardly any is.

use super::*;
use crate::{Error, random::Random};
use proptest::prelude::*;

fn numbers<'a>(name: &'a str, values: &'a [f64]) -> Column<'a> {
    Column { name, values: Values::Numbers(values) }
}

fn flip(random: &mut Random, rate: f64) -> u8 {
    u8::from(random.uniform() < rate)
}

const NONE: Rows<'static> = Rows { columns: &[], ai: &[], people: &[], pair: &[], clusters: &[] };

#[test]
fn a_planted_region_is_found_confirmed_and_said_in_words() {
    let mut random = Random::new(4, 0);
    let n = 8_000;
    let priors: Vec<f64> = (0..n).map(|_| random.below(12) as f64).collect();
    let age: Vec<f64> = (0..n).map(|_| if random.uniform() < 0.05 { f64::NAN } else { 18.0 + random.uniform() * 50.0 }).collect();
    let sex: Vec<u32> = (0..n).map(|_| random.below(2) as u32).collect();
    let labels = ["female".to_owned(), "male".to_owned()];
    let vocabulary = ["refund".to_owned(), "late".to_owned(), "thanks".to_owned()];
    let words: Vec<Vec<u32>> = (0..n).map(|_| (0..3).filter(|_| random.uniform() < 0.3).collect()).collect();
    let worse = |row: usize| priors[row] > 5.0 && sex[row] == 1;
    let ai: Vec<u8> = (0..n).map(|row| flip(&mut random, if worse(row) { 0.6 } else { 0.85 })).collect();
    let people: Vec<u8> = (0..n).map(|row| flip(&mut random, if words[row].contains(&0) { 0.9 } else { 0.7 })).collect();
    let columns = [
        numbers("priors_count", &priors),
        numbers("age", &age),
        Column { name: "sex", values: Values::Categories { codes: &sex, labels: &labels } },
        Column { name: "body", values: Values::Words { rows: &words, vocabulary: &vocabulary } },
    ];
    let found = find(&Rows { columns: &columns, ai: &ai, people: &people, ..NONE }, &Options::default()).unwrap();
    let first = found.regions.iter().find(|r| r.target == Target::Ai && !r.better).unwrap();
    let mut parts: Vec<&str> = first.text.split(" and ").collect();
    parts.sort_unstable();
    assert_eq!(parts, ["priors_count > 5", "sex = male"]);
    let inside = first.ai.unwrap();
    assert!(inside.low < 0.6 && 0.6 < inside.high && first.difference.high < -0.15, "{first:?}");
    assert!(first.sentence.starts_with("In cases with ") && first.sentence.contains("the AI is right"), "{}", first.sentence);
    assert!(found.regions.iter().any(|r| r.target == Target::People && r.better && r.text == "body contains \"refund\""));
    assert!(found.regions.iter().any(|r| r.target == Target::AiOverPeople));
    assert!(found.regions.iter().all(|r| r.target != Target::Pair && r.q <= 0.05 && !r.text.contains("age")), "{found:#?}");
    serde_json::from_str::<Regions>(&serde_json::to_string(&found).unwrap()).unwrap();
}

/// Fifty columns of noise of three kinds beside `grade` (0 to 10) and `urgent`.
fn among_noise(seed: u64, rows: usize, right: impl Fn(f64, bool) -> f64) -> Regions {
    let mut random = Random::new(seed, 21);
    let grade: Vec<f64> = (0..rows).map(|_| random.below(11) as f64).collect();
    let urgent: Vec<bool> = (0..rows).map(|_| random.uniform() < 0.5).collect();
    let ai: Vec<u8> = (0..rows).map(|row| flip(&mut random, right(grade[row], urgent[row]))).collect();
    let labels: Vec<String> = (0..8).map(|value| format!("kind {value}")).collect();
    let names: Vec<String> = (0..50).map(|at| format!("noise {at}")).collect();
    let uniform: Vec<Vec<f64>> = (0..30).map(|_| (0..rows).map(|_| random.uniform()).collect()).collect();
    let kinds: Vec<Vec<u32>> = (0..10).map(|_| (0..rows).map(|_| random.below(8) as u32).collect()).collect();
    let flags: Vec<Vec<bool>> = (0..10).map(|_| (0..rows).map(|_| random.uniform() < 0.3).collect()).collect();
    let noise = uniform
        .iter()
        .map(|values| Values::Numbers(values))
        .chain(kinds.iter().map(|codes| Values::Categories { codes, labels: &labels }))
        .chain(flags.iter().map(|values| Values::Flags(values)));
    let mut columns: Vec<Column<'_>> = names.iter().zip(noise).map(|(name, values)| Column { name, values }).collect();
    columns.push(numbers("grade", &grade));
    columns.push(Column { name: "urgent", values: Values::Flags(&urgent) });
    find(&Rows { columns: &columns, ai: &ai, ..NONE }, &Options { seed, ..Options::default() }).unwrap()
}

/// Seeds, of so many, in which the planted region is there and no noise stands beside what matters.
fn clean(seeds: u64, planted: &str, rows: usize, right: impl Fn(f64, bool) -> f64 + Copy) -> u64 {
    let mut planted: Vec<&str> = planted.split(" and ").collect();
    planted.sort_unstable();
    let good = |seed: &u64| {
        let found = among_noise(*seed, rows, right).regions;
        let parts = |region: &Region| {
            let mut parts: Vec<String> = region.text.split(" and ").map(str::to_owned).collect();
            parts.sort_unstable();
            parts
        };
        let mixed = |region: &Region| region.text.contains("noise") && (region.text.contains("grade") || region.text.contains("urgent"));
        found.iter().any(|region| !region.better && parts(region) == planted) && !found.iter().any(mixed)
    };
    (0..seeds).filter(good).count() as u64
}

#[test]
fn noise_does_not_join_what_matters() {
    let one = clean(60, "grade > 5", 3_000, |grade, _| if grade > 5.0 { 0.6 } else { 0.85 });
    let two = clean(60, "grade > 5 and urgent", 4_000, |grade, urgent| if grade > 5.0 && urgent { 0.5 } else { 0.85 });
    println!("{one} and {two} of 60");
    assert!(one >= 57 && two >= 57, "{one} and {two} of 60");
}

#[test]
fn among_fifty_columns_of_noise_hardly_anything_is_found() {
    let with_any = (0..60).filter(|seed| !among_noise(*seed, 2_000, |_, _| 0.8).regions.is_empty()).count();
    println!("{with_any} of 60");
    // 5 % are 3 of 60; beyond 8 once in 100 tries.
    assert!(with_any <= 8, "{with_any} of 60");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// Whatever the data, what is told keeps the terms it was searched under.
    #[test]
    fn regions_keep_their_terms(seed in 0u64..10_000, rows in 300usize..1_500, drop in 0.0f64..0.6, depth in 1usize..4) {
        let mut random = Random::new(seed, 2);
        let x: Vec<f64> = (0..rows).map(|_| random.below(6) as f64).collect();
        let y: Vec<f64> = (0..rows).map(|_| random.uniform()).collect();
        let right = |row: usize| 0.9 - if x[row] > 3.0 { drop } else { 0.0 } - if y[row] > 0.5 { 0.2 * drop } else { 0.0 };
        let ai: Vec<u8> = (0..rows).map(|row| flip(&mut random, right(row))).collect();
        let people: Vec<u8> = (0..rows).map(|_| flip(&mut random, 0.7)).collect();
        let columns = [numbers("x", &x), numbers("y", &y)];
        let options = Options { seed, depth, ..Options::default() };
        let found = find(&Rows { columns: &columns, ai: &ai, people: &people, ..NONE }, &options).unwrap();
        for region in &found.regions {
            prop_assert!(region.conditions.len() <= depth && region.p <= region.q && region.q <= options.false_discovery);
            prop_assert!(region.share > 0.0 && region.n as f64 <= region.share * found.halves.1 as f64 + 0.5);
            prop_assert!(region.difference.low <= region.difference.value && region.difference.value <= region.difference.high);
            prop_assert_eq!(region.difference.value > 0.0, region.better);
            prop_assert!(region.sentence.contains(&region.text));
        }
        prop_assert!(found.regions.len() as u64 <= found.candidates);
        prop_assert_eq!(found.regions.is_empty(), !found.notes.is_empty());
    }
}

#[test]
fn where_nothing_differs_hardly_anything_is_found() {
    let runs = 60;
    let with_any = (0..runs)
        .filter(|run| {
            let mut random = Random::new(*run, 8);
            let columns: Vec<Vec<f64>> = (0..8).map(|_| (0..1_200).map(|_| random.uniform()).collect()).collect();
            let right: Vec<u8> = (0..1_200).map(|_| flip(&mut random, 0.8)).collect();
            let names: Vec<String> = (0..8).map(|at| format!("x{at}")).collect();
            let columns: Vec<Column<'_>> = names.iter().zip(&columns).map(|(name, values)| numbers(name, values)).collect();
            !find(&Rows { columns: &columns, ai: &right, ..NONE }, &Options { seed: *run, ..Options::default() })
                .unwrap()
                .regions
                .is_empty()
        })
        .count();
    // With no true region every finding is false, so runs with any are held at 5 %: beyond 8 of 60 once in 100 tries.
    assert!(with_any <= 8, "{with_any} of {runs}");
}

#[test]
fn answers_about_one_item_count_once() {
    // 40 items of 50 answers each, right or wrong as a whole: rows alone would see regions everywhere.
    let false_finds = |clustered: bool| {
        (0..30)
            .filter(|run| {
                let mut random = Random::new(*run, 3);
                let items: Vec<(f64, bool)> = (0..60).map(|_| (random.uniform(), random.uniform() < 0.5)).collect();
                let clusters: Vec<u32> = (0..3_000).map(|row| row % 60).collect();
                let x: Vec<f64> = clusters.iter().map(|item| items[*item as usize].0).collect();
                let right: Vec<u8> =
                    clusters.iter().map(|item| flip(&mut random, if items[*item as usize].1 { 0.9 } else { 0.5 })).collect();
                let columns = [numbers("x", &x)];
                let rows = Rows { columns: &columns, people: &right, clusters: if clustered { &clusters } else { &[] }, ..NONE };
                !find(&rows, &Options { seed: *run, ..Options::default() }).unwrap().regions.is_empty()
            })
            .count()
    };
    let (plain, clustered) = (false_finds(false), false_finds(true));
    assert!(clustered <= 5 && plain >= 20, "{plain} {clustered}");
}

#[test]
fn odd_input_is_a_sentence() {
    assert!(matches!(find(&NONE, &Options::default()), Err(Error::CannotSay(_))));
    assert!(matches!(find(&Rows { ai: &[1; 20], ..NONE }, &Options::default()), Err(Error::CannotSay(_))));
    let (short, nan) = ([1.0; 3], [f64::NAN; 500]);
    let columns = [numbers("a", &short)];
    assert!(matches!(find(&Rows { columns: &columns, ai: &[1; 500], ..NONE }, &Options::default()), Err(Error::Input { .. })));
    let flags = [true; 500];
    let columns = [numbers("a", &nan), Column { name: "b", values: Values::Flags(&flags) }];
    let found = find(&Rows { columns: &columns, ai: &[1; 500], people: &[7; 500], ..NONE }, &Options::default()).unwrap();
    assert!(found.regions.is_empty() && found.notes[0].contains("none was confirmed"));
}

#[test]
fn a_condition_reads_as_people_write_it() {
    let texts = [
        (Condition::Above { column: "p".into(), value: 5.0 }, "p > 5"),
        (Condition::AtMost { column: "p".into(), value: 0.123_456_7 }, "p <= 0.1235"),
        (Condition::Above { column: "p".into(), value: -1_234.567 }, "p > -1235"),
        (Condition::Missing { column: "p".into() }, "p is missing"),
        (Condition::Flag { column: "urgent".into(), holds: false }, "not urgent"),
    ];
    for (condition, text) in texts {
        assert_eq!(condition.text(), text);
    }
}
