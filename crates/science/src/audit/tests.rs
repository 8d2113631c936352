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

/// 240 rows by formula: classes, answers, groups.
fn three_classes() -> [Vec<u32>; 3] {
    let truth: Vec<u32> = (0..240).map(|row| (row * 5) % 3).collect();
    let group: Vec<u32> = (0..240).map(|row| row % 4 / 2).collect();
    let answer = (0..240u32)
        .zip(truth.iter().zip(&group))
        .map(|(row, (truth, group))| {
            let right = (row * 7) % 10 < if *group == 0 { 8 } else { 6 } - if *truth == 2 { 2 } else { 0 };
            if right { *truth } else { (truth + 1 + row / 3 % 2) % 3 }
        })
        .collect();
    [truth, answer, group]
}

fn of_classes([truth, answer, group]: &[Vec<u32>; 3], person: Option<&[u32]>) -> ClassAudit {
    let clusters: Vec<&[u32]> = person.into_iter().collect();
    let mut collector = ClassCollector::new(1, 1, clusters.len()).unwrap();
    // In two pieces.
    for rows in [0..100, 100..240] {
        let clusters: Vec<&[u32]> = clusters.iter().map(|codes| &codes[rows.clone()]).collect();
        collector
            .add(&ClassBatch {
                rows: rows.len(),
                groups: &[&group[rows.clone()]],
                truth: &truth[rows.clone()],
                answers: &[&answer[rows.clone()]],
                clusters: &clusters,
            })
            .unwrap();
    }
    let own = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let names = Names { attributes: own(&["group"]), values: vec![own(&["a", "b"])], deciders: own(&["AI"]), ..Names::default() };
    collector.finish(&names, &own(&["x", "y", "z"]), &options()).unwrap()
}

#[test]
fn averages_over_classes_are_those_of_scikit_learn() {
    // scikit-learn 1.9.1: recall_score and precision_score with average="macro", and accuracy_score, of each group.
    let columns = three_classes();
    let audit = of_classes(&columns, None);
    let rates = &audit.partitions[0].deciders[0].rates;
    let expected = [
        (Metric::TruePositiveRate, [0.733_333_333, 0.533_333_333], 0.633_333_333),
        (Metric::PositivePredictiveValue, [0.734_848_485, 0.530_303_030], 0.632_575_758),
        (Metric::Accuracy, [0.733_333_333, 0.533_333_333], 0.633_333_333),
    ];
    for (rate, (metric, groups, overall)) in rates.iter().zip(expected) {
        assert_eq!(rate.metric, metric);
        for (found, expected) in rate.groups.iter().zip(groups) {
            let found = found.unwrap();
            assert!((found.value - expected).abs() < 1e-8 && found.low < expected && expected < found.high, "{metric:?} {found:?}");
        }
        assert!((rate.overall.unwrap().value - overall).abs() < 1e-8);
        assert_eq!((rate.lowest, rate.highest, rate.tests.len()), (Some(1), Some(0), 1));
        let gap = rate.gap.unwrap();
        assert!(gap.low > 0.0 && gap.value > rate.gap_by_chance.unwrap() && rate.detectable_gap.is_some());
    }
    assert_eq!((audit.by_class.len(), audit.classes.len(), audit.n), (3, 3, 240));
    // One test a rate of two groups: three averages, and six rates of each of three classes.
    assert_eq!(audit.tests, 3 + 3 * 6);
    assert!(rates[0].tests[0].p_holm > rates[0].tests[0].p && audit.by_class.iter().all(|own| own.tests == audit.tests));
    assert!(
        audit.headline[0].contains("3 answers") && audit.headline.iter().any(|sentence| sentence.contains("macro recall")),
        "{:#?}",
        audit.headline
    );
    let json = serde_json::to_string(&audit).unwrap();
    assert_eq!(serde_json::from_str::<ClassAudit>(&json).unwrap(), audit);
    // Rows that hang together say less.
    let person: Vec<u32> = (0..240).map(|row| row / 12).collect();
    let clustered = of_classes(&columns, Some(&person));
    assert_eq!(clustered.partitions[0].deciders[0].rates[0].groups[0].unwrap().value, rates[0].groups[0].unwrap().value);
    assert!(clustered.by_class[0].partitions[0].fairness.clusters == [20]);
}

#[test]
fn classes_that_are_no_classes_are_refused() {
    let collector = ClassCollector::new(1, 1, 0).unwrap();
    let classes = |count: usize| (0..count).map(|class| class.to_string()).collect::<Vec<_>>();
    assert!(matches!(collector.finish(&Names::default(), &classes(1), &options()), Err(Error::Input { .. })));
    assert!(matches!(collector.finish(&Names::default(), &classes(65), &options()), Err(Error::Input { .. })));
    assert!(matches!(collector.finish(&Names::default(), &classes(3), &options()), Err(Error::CannotSay(_))));
    let mut collector = ClassCollector::new(1, 1, 0).unwrap();
    assert!(collector.add(&ClassBatch { rows: 2, groups: &[&[0, 1]], truth: &[0], answers: &[&[0, 1]], clusters: &[] }).is_err());
    // Unknown classes enter no figure.
    let batch = ClassBatch { rows: 3, groups: &[&[0, 0, 1]], truth: &[0, 9_999, 1], answers: &[&[0, 1, UNKNOWN]], clusters: &[] };
    collector.add(&batch).unwrap();
    let found = collector.finish(&Names::default(), &classes(2), &options()).unwrap();
    let accuracy = &found.partitions[0].deciders[0].rates[2];
    assert_eq!((found.n, accuracy.overall.unwrap().n, accuracy.groups[1]), (3, 1, None));
    assert!(found.tests == 0 && found.headline.len() == 1);
}
