//! Audits of small files: readings of answers, and what is refused in a sentence.

use super::*;
use std::io::Write as _;

fn file(name: &str, content: &str) -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::File::create(&path).unwrap().write_all(content.as_bytes()).unwrap();
    (folder, path)
}

fn run(name: &str, content: &str, request: &Request) -> Result<Audit, Error> {
    let (_folder, path) = file(name, content);
    audit(&mut open(&path)?, request, &mut |_, _| {})
}

fn request(truth: &str, prediction: &str, group: &str) -> Request {
    Request {
        truth: Some(truth.into()),
        prediction: Some(prediction.into()),
        groups: vec![group.into()],
        options: Options { draws: 99, ..Options::default() },
        ..Request::default()
    }
}

/// 200 rows: truth every second one, a decile 0 to 9, an answer in words, two groups, ten people.
fn rows(separator: char) -> String {
    let header = ["truth", "decile", "answer", "group", "sex", "person", "probability"];
    let mut text = header.join(&separator.to_string()) + "\n";
    for row in 0..200 {
        let decile = (row * 7) % 10;
        let cells = [
            (row % 2).to_string(),
            decile.to_string(),
            if decile > 4 { "deny" } else { "grant" }.to_owned(),
            if row % 4 < 2 { "north" } else { "south" }.to_owned(),
            if row % 3 == 0 { "f" } else { "m" }.to_owned(),
            format!("p{}", row % 10),
            format!("{}", f64::from(decile) / 10.0),
        ];
        text += &(cells.join(&separator.to_string()) + "\n");
    }
    text
}

fn selection(audit: &Audit, decider: usize) -> f64 {
    audit.partitions[0].fairness.deciders[decider].overall[&Metric::SelectionRate].unwrap().estimate.value
}

#[test]
fn answers_come_from_comparisons_thresholds_labels_and_scores() {
    let by_comparison = run("a.csv", &rows(','), &request("truth", "decile>4", "group")).unwrap();
    assert_eq!((by_comparison.n, selection(&by_comparison, 0)), (200, 0.5));
    let by_threshold = run("a.tsv", &rows('\t'), &Request { threshold: Some(4.0), ..request("truth", "decile", "group") }).unwrap();
    assert_eq!(by_threshold.partitions, by_comparison.partitions);
    // Truth is 1 and 0, the answer "deny": with --positive only one of both says it, so words must agree.
    let mixed = run("a.csv", &rows(','), &Request { positive: Some("deny".into()), ..request("truth", "answer", "group") });
    assert!(mixed.unwrap_err().to_string().contains("Use the same words"));
    let of_label = Request { positive: Some("deny".into()), truth: None, ..request("truth", "answer", "group") };
    assert_eq!(selection(&run("a.csv", &rows(','), &of_label).unwrap(), 0), 0.5);
    let of_score = Request { prediction: None, score: Some("probability".into()), threshold: Some(0.45), ..request("truth", "", "group") };
    let of_score = run("a.csv", &rows(','), &of_score).unwrap();
    assert_eq!(of_score.partitions[0].fairness, by_comparison.partitions[0].fairness);
    assert!(of_score.partitions[0].calibration[0].is_some());
}

#[test]
fn people_and_pair_stand_beside_the_ai_and_groups_cross() {
    let all = Request {
        human: Some("decile>=8".into()),
        decided: Some("decile<3".into()),
        groups: vec!["group".into(), "sex".into()],
        person: Some("person".into()),
        ..request("truth", "decile>4", "group")
    };
    let audit = run("a.csv", &rows(','), &all).unwrap();
    assert_eq!(audit.deciders, ["AI", "people", "pair"]);
    assert_eq!([0, 1, 2].map(|decider| selection(&audit, decider)), [0.5, 0.2, 0.3]);
    assert_eq!(audit.partitions.iter().map(|p| p.by.as_str()).collect::<Vec<_>>(), ["group", "sex", "group x sex"]);
    assert_eq!(audit.partitions[0].fairness.clusters, [10]);
    assert!(audit.method.notes.iter().any(|note| note == "people: positive where decile >= 8."), "{:?}", audit.method.notes);
    let mut table = Vec::new();
    csv::write(&audit, &mut table).unwrap();
    let table = String::from_utf8(table).unwrap();
    assert_eq!(table.lines().count(), 1 + 3 * 8 * (2 + 2 + 4));
    assert!(table.contains("group x sex,pair,\"south, m\",") && table.lines().next().unwrap().starts_with("by,decider,group,"));
}

#[test]
fn only_the_wanted_rows_count() {
    let ask = Request {
        only: vec!["sex=f".into(), "group=north".into()],
        person: Some("person".into()),
        ..request("truth", "decile>4", "person")
    };
    let told = run("a.csv", &rows(','), &ask).unwrap_err().to_string();
    assert!(told.contains("both a group and a person"), "{told}");
    let ask = Request { person: None, ..ask };
    let audit = run("a.csv", &rows(','), &ask).unwrap();
    assert_eq!(audit.n, (0..200).filter(|row| row % 3 == 0 && row % 4 < 2).count() as u64);
    assert!(audit.method.notes.iter().any(|note| note == "Only rows in which sex is \"f\"."));
    let none = Request { only: vec!["sex=x".into()], ..ask.clone() };
    assert!(run("a.csv", &rows(','), &none).unwrap_err().to_string().contains("no rows"));
    let bad = Request { only: vec!["sex".into()], ..ask };
    assert!(run("a.csv", &rows(','), &bad).unwrap_err().to_string().contains("column=value"));
}

#[test]
fn ndjson_reads_as_csv_does() {
    let lines: String = (0..80).map(|row| format!("{{\"y\":{},\"p\":{},\"g\":\"{}\"}}\n", row % 2, row % 3 == 0, row % 4 / 2)).collect();
    let audit = run("a.ndjson", &lines, &request("y", "p", "g")).unwrap();
    assert_eq!((audit.n, audit.partitions[0].fairness.groups.len()), (80, 2));
}

#[test]
fn what_is_missing_is_unknown_and_enters_no_figure() {
    let text = "y,p,g\n".to_owned() + &"1,1,a\n,1,a\n0,,a\n1,0,\n".repeat(20);
    let audit = run("a.csv", &text, &request("y", "p", "g")).unwrap();
    let fairness = &audit.partitions[0].fairness;
    assert_eq!(fairness.groups.iter().map(|group| (group.name.as_str(), group.n)).collect::<Vec<_>>(), [("a", 60), ("(unknown)", 20)]);
    assert_eq!(fairness.deciders[0].overall[&Metric::SelectionRate].unwrap().estimate.n, 60);
    assert_eq!(fairness.deciders[0].overall[&Metric::Accuracy].unwrap().estimate.n, 40);
}

#[test]
fn bad_input_is_a_sentence() {
    let told = |content: &str, request: &Request| run("a.csv", content, request).unwrap_err().to_string();
    let good = rows(',');
    let ask = request("truth", "decile>4", "group");
    assert!(told("truth,decile,group\n", &ask).contains("no value in any row"));
    assert!(told(&good, &request("truth", "decile", "group")).contains("\"decile>0.5\""));
    assert!(told(&good, &request("truth", "answer", "group")).contains("deny, grant: say which one is positive"));
    assert!(told(&good, &request("truth", "dezile>4", "group")).contains("There is no column \"dezile>4\""));
    assert!(told(&good, &request("truth", "decile>x", "group")).contains("a number should stand after >"));
    assert!(told(&good, &request("truth", "decile>4", "grup")).contains("grup"));
    assert!(
        told(&good, &Request { positive: Some("maybe".into()), ..request("truth", "answer", "group") }).contains("No answer is \"maybe\"")
    );
    assert!(told(&good, &Request { groups: vec![], ..ask.clone() }).contains("--group"));
    assert!(told(&good, &Request { prediction: None, ..ask.clone() }).contains("--prediction"));
    assert!(told(&good, &Request { prediction: None, score: Some("probability".into()), ..ask.clone() }).contains("--threshold"));
    assert!(told(&good, &Request { person: Some("group".into()), ..ask.clone() }).contains("both a group and a person"));
    assert!(told(&good, &Request { score: Some("answer".into()), ..ask.clone() }).contains("answer"));
    assert!(told(&good, &request("truth", "answer>4", "group")).contains("answer"));
    let many: String = (0..70_000).map(|row| format!("1,5,g{row}\n")).collect();
    assert!(told(&("truth,decile,group\n".to_owned() + &many), &ask).contains("combinations"));
    let ages: String = (0..5_000).map(|row| format!("1,5,{}\n", row % 1_200)).collect();
    assert!(told(&("truth,decile,group\n".to_owned() + &ages), &ask).contains("1200 different values"));
    assert!(told("truth,decile,group\n1,5,a\n1,NaN,a\n", &ask).contains("line 3"));
    // Groups of size 1 are no error: they are shown, and what they cannot say is said.
    let ones: String = (0..9).map(|row| format!("{},5,g{row}\n", row % 2)).collect();
    let audit = run("a.csv", &("truth,decile,group\n".to_owned() + &ones), &ask).unwrap();
    assert!(audit.tests == 0 && audit.cannot_say.iter().any(|sentence| sentence.contains("Too few rows to compare")));
}
