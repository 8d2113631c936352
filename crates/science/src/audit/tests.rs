//! Audits of small tables: streaming in pieces, names, sentences, hostile input.

use super::*;
use crate::{Error, random::Random, rehearsal::findings::Who};

const ROWS: usize = 6_000;

struct Columns {
    race: Vec<u32>,
    sex: Vec<u32>,
    truth: Vec<u8>,
    ai: Vec<u8>,
    people: Vec<u8>,
    person: Vec<u32>,
    score: Vec<f64>,
}

/// The AI wrongly selects far more of the first race; people do so less.
fn columns() -> Columns {
    let mut random = Random::new(1, 0);
    let mut columns = Columns { race: vec![], sex: vec![], truth: vec![], ai: vec![], people: vec![], person: vec![], score: vec![] };
    for row in 0..ROWS {
        let race = [0, 0, 1, 1, 2][row % 5];
        let truth = random.uniform() < 0.4;
        let high = if truth {
            0.7
        } else if race == 0 {
            0.5
        } else {
            0.2
        };
        let score = (high + random.uniform() * 0.3).min(1.0);
        columns.race.push(if row % 100 == 7 { UNKNOWN } else { race });
        columns.sex.push((row % 2) as u32);
        columns.truth.push(u8::from(truth));
        columns.ai.push(u8::from(random.uniform() < high));
        columns.people.push(u8::from(random.uniform() < if truth { 0.6 } else { 0.3 }));
        columns.person.push((row / 100) as u32);
        columns.score.push(score);
    }
    columns
}

fn names() -> Names {
    let own = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    Names {
        attributes: own(&["race", "sex"]),
        values: vec![own(&["purple", "green", "blue"]), own(&["male", "female"])],
        deciders: own(&["AI", "people"]),
        positive: "1".into(),
        clusters: own(&["person"]),
    }
}

fn collect(columns: &Columns, from: usize, to: usize) -> Collector {
    let mut collector = Collector::new(2, 2, 1).unwrap();
    collector
        .add(&Batch {
            rows: to - from,
            groups: &[&columns.race[from..to], &columns.sex[from..to]],
            labels: &columns.truth[from..to],
            answers: &[&columns.ai[from..to], &columns.people[from..to]],
            clusters: &[&columns.person[from..to]],
            scores: &columns.score[from..to],
        })
        .unwrap();
    collector
}

fn options() -> Options {
    Options { draws: 199, ..Options::default() }
}

#[test]
fn an_audit_tells_who_is_wronged_and_by_whom() {
    let audit = collect(&columns(), 0, ROWS).finish(&names(), &options()).unwrap();
    assert_eq!(audit.partitions.iter().map(|p| p.by.as_str()).collect::<Vec<_>>(), ["race", "sex", "race x sex"]);
    let race = &audit.partitions[0];
    // By name, the unknown ones last.
    assert_eq!(race.fairness.groups.iter().map(|g| g.name.as_str()).collect::<Vec<_>>(), ["blue", "green", "purple", "(unknown)"]);
    assert_eq!(race.fairness.deciders[0].impact.unknown, 60);
    let first = audit.surviving.iter().find(|f| f.by == "race" && f.metric == Metric::FalsePositiveRate && f.group == "purple").unwrap();
    assert_eq!(first.decider, "AI");
    assert!(first.sentence.starts_with("AI, by race:") && first.sentence.contains("more than of all others"), "{}", first.sentence);
    assert!(audit.surviving.iter().all(|f| f.decider == "AI" && f.by != "sex"), "{:?}", audit.surviving);
    assert!(audit.headline.iter().any(|s| s.contains("wider with AI than with people")), "{:#?}", audit.headline);
    assert!(audit.tests > 100 && audit.method.clusters == ["person"]);
    assert_eq!(race.calibration.len(), 4);
    assert!(race.calibration[2].as_ref().unwrap().excess.high < 0.0);
    assert!(race.sentences.iter().any(|s| s.contains("promises too much for \"purple\"")), "{:#?}", race.sentences);
    let groupings = audit.groupings(&[Who::Ai, Who::Human]);
    assert_eq!(groupings.groupings[2].members[1].groups.len(), 7);
    assert!(groupings.groupings[0].members[0].gaps.iter().any(|gap| gap.metric == "fpr" && gap.survives));
    let json = serde_json::to_string(&audit).unwrap();
    assert!(json.contains("\"tpr\":{\"value\":"));
    assert_eq!(serde_json::from_str::<Audit>(&json).unwrap(), audit);
}

#[test]
fn pieces_in_any_order_give_the_same_audit() {
    let columns = columns();
    let whole = collect(&columns, 0, ROWS).finish(&names(), &options()).unwrap();
    let mut last = collect(&columns, 4_001, ROWS);
    last.merge(&collect(&columns, 1_234, 4_001)).unwrap();
    last.merge(&collect(&columns, 0, 1_234)).unwrap();
    assert_eq!(last.rows(), ROWS as u64);
    assert_eq!(last.finish(&names(), &options()).unwrap(), whole);
}

#[test]
fn too_many_groups_and_no_rows_are_sentences() {
    assert!(matches!(Collector::new(0, 1, 0), Err(Error::Input { .. })));
    assert!(matches!(Collector::new(1, 4, 0), Err(Error::Input { .. })));
    let empty = Collector::new(1, 1, 0).unwrap();
    assert!(matches!(empty.finish(&Names::default(), &options()), Err(Error::CannotSay(_))));
    let many: Vec<u32> = (0..1_000_000).collect();
    let ones = vec![1u8; many.len()];
    // So many rows are counted in pieces.
    let few: Vec<u32> = many.iter().map(|code| code % 3).collect();
    let mut pieces = Collector::new(1, 1, 0).unwrap();
    pieces.add(&Batch { rows: few.len(), groups: &[&few], labels: &ones, answers: &[&ones], clusters: &[], scores: &[] }).unwrap();
    assert_eq!((pieces.rows(), pieces.cells.group_rows(2)), (1_000_000, 333_333));
    let mut collector = Collector::new(1, 1, 0).unwrap();
    let batch = Batch { rows: many.len(), groups: &[&many], labels: &ones, answers: &[&ones], clusters: &[], scores: &[] };
    let told = collector.add(&batch).unwrap_err().to_string();
    assert!(told.contains("more than 65536 combinations"), "{told}");
    let batch = Batch { rows: 2_000, groups: &[&many[..2_000]], labels: &ones[..2_000], answers: &[&ones[..2_000]], ..batch };
    let mut collector = Collector::new(1, 1, 0).unwrap();
    collector.add(&batch).unwrap();
    let told = collector.finish(&Names { attributes: vec!["zip".into()], ..Names::default() }, &options()).unwrap_err().to_string();
    assert!(told.contains("\"zip\" has 2000 different values"), "{told}");
    assert!(collector.add(&Batch { rows: 9, ..batch }).is_err());
}

#[test]
fn one_group_of_one_row_is_shown_and_not_judged() {
    let mut collector = Collector::new(1, 1, 0).unwrap();
    collector.add(&Batch { rows: 1, groups: &[&[0]], labels: &[1], answers: &[&[0]], clusters: &[], scores: &[f64::NAN] }).unwrap();
    let audit = collector.finish(&Names { deciders: vec!["AI".into()], ..Names::default() }, &options()).unwrap();
    assert!(audit.tests == 0 && audit.surviving.is_empty() && audit.cannot_say.len() > 1);
    assert!(audit.headline[0].contains("no two groups"));
}
