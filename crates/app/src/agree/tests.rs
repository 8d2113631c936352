//! Small files with known answers, and files that say nothing.

use super::*;
use std::fs;

struct Files(tempfile::TempDir);

impl Files {
    fn agree(&self, answers: &str, truth: Option<&str>) -> Result<Agreement, String> {
        self.ask(answers, truth, Request::default())
    }

    fn ask(&self, answers: &str, truth: Option<&str>, request: Request) -> Result<Agreement, String> {
        let write = |name: &str, text: &str| {
            let path = self.0.path().join(name);
            fs::write(&path, text).unwrap();
            path
        };
        let request = Request { answers: write("a.csv", answers), truth: truth.map(|text| write("t.csv", text)), seed: 1, ..request };
        agree(&request, &mut |_, _| {}).map_err(|error| error.to_string().replace(&format!("{}/", self.0.path().display()), ""))
    }
}

fn files() -> Files {
    Files(tempfile::tempdir().unwrap())
}

/// Three people about eight items; the third is often wrong.
const ANSWERS: &str = "question,worker,answer\n1,a,yes\n1,b,yes\n1,c,no\n2,a,no\n2,b,no\n2,c,no\n3,a,yes\n3,b,yes\n3,c,yes\n4,a,no\n4,b,no\n4,c,yes\n\
    5,a,yes\n5,b,yes\n5,c,no\n6,a,no\n6,b,no\n6,c,no\n7,a,yes\n7,b,yes\n7,c,yes\n8,a,no\n8,b,no\n8,c,yes\n9,a,\n";
const TRUTH: &str = "question,truth\n1,yes\n2,no\n3,yes\n4,no\n5,yes\n6,no\n7,yes\n8,no\n77,no\n";

#[test]
fn answers_with_a_truth_give_everything() {
    let found = files().agree(ANSWERS, Some(TRUTH)).unwrap();
    assert_eq!((found.n, found.items, found.people, found.left_out, found.truths), (24, 8, 3, 1, 8));
    assert_eq!((found.kind, found.classes), (Kind::Classes, vec!["no".to_owned(), "yes".to_owned()]));
    assert_eq!(found.columns.guessed, ["item", "person", "answer"]);
    for method in [&found.majority, &found.dawid_skene, &found.glad, &found.one_coin] {
        assert_eq!((method.accuracy.unwrap().value, method.f1.unwrap().value, &method.reason), (1.0, 1.0, &None));
    }
    assert!(found.agreement.fleiss_kappa.is_some() && found.agreement.cohen_kappa.is_none());
    assert_eq!(found.agreement.reason.as_deref(), Some("Cohen's kappa is for two people, and there are 3"));
    // The worst comes last; the best is not taken for perfect after eight answers.
    assert_eq!(found.skill[2].person, "c");
    assert!(found.skill[0].right.unwrap().value < 1.0 && found.skill[2].right.unwrap().value < found.skill[1].right.unwrap().value);
    assert_eq!(found.cannot_say, ["Whether anybody would know 1 item of the file of truths, which nobody answered."]);
}

#[test]
fn without_a_truth_reasons_stand_where_figures_would() {
    let found = files().agree(ANSWERS, None).unwrap();
    assert_eq!(found.dawid_skene.accuracy, None);
    assert_eq!(found.dawid_skene.reason.as_deref(), Some("no truth is given; --truth FILE names one"));
    assert!(found.skill.iter().all(|skill| skill.right.is_none() && skill.dawid_skene.is_some()));
    assert!(found.cannot_say[0].starts_with("Who is right: without --truth"));
    let json = serde_json::to_value(&found).unwrap();
    assert!(json["glad"]["accuracy"].is_null() && json["agreement"]["krippendorff_alpha"]["n"] == 8);
}

#[test]
fn two_people_have_cohens_kappa() {
    let answers: String = ANSWERS.lines().filter(|line| !line.contains(",c,")).map(|line| format!("{line}\n")).collect();
    let found = files().agree(&answers, None).unwrap();
    let kappa = found.agreement.cohen_kappa.unwrap();
    assert!(kappa.value == 1.0 && kappa.low < 0.7, "{kappa:?}");
}

#[test]
fn numbers_have_means_and_say_so() {
    let mut answers = String::from("item,rater,score\n");
    let mut truth = String::from("item,truth\n");
    for item in 0..30 {
        truth += &format!("{item},{}\n", item * 3);
        for rater in 0..4 {
            answers += &format!("{item},{rater},{}\n", item * 3 + rater * 2 - 3);
        }
    }
    let found = files().agree(&answers, Some(&truth)).unwrap();
    assert_eq!((found.kind, found.mean.unwrap().mae.unwrap().value, found.median.unwrap().rmse.unwrap().value), (Kind::Numbers, 0.0, 0.0));
    assert!(found.agreement.krippendorff_alpha.unwrap().value > 0.95);
    assert_eq!(
        found.dawid_skene.reason.as_deref(),
        Some("the answers are numbers, and this needs classes; see mean and median, or --kind classes")
    );
    assert_eq!(found.skill.iter().map(|skill| skill.distance.unwrap().value).collect::<Vec<_>>(), [1.0, 1.0, 3.0, 3.0]);
    let classes = files().ask(&answers, Some(&truth), Request { kind: Some(Kind::Classes), ..Request::default() }).unwrap();
    assert!(classes.kind == Kind::Classes && classes.majority.accuracy.is_some());
}

#[test]
fn one_person_gets_reasons_and_no_figures() {
    let found = files().agree("item,person,answer\n1,a,x\n2,a,y\n", Some("item,truth\n1,x\n2,x\n")).unwrap();
    assert!(found.agreement.krippendorff_alpha.is_none() && found.agreement.observed.is_none());
    assert!(found.dawid_skene.reason.unwrap().starts_with("there is one person only"));
    assert_eq!(found.majority.accuracy.unwrap().value, 0.5);
}

#[test]
fn what_says_nothing_is_told() {
    let many: String = (0..1_001).map(|i| format!("{i},a,w{i}\n")).collect();
    let many = format!("item,person,answer\n{many}");
    for (answers, truth, expected) in [
        ("item,person,answer\n", None, "a.csv: there is no row, so nothing can be said about people or items"),
        ("item,person,answer\n1,,x\n", None, "a.csv: no row has item, person and answer, so nothing can be said about people or items"),
        (
            "item,person,answer\n1,a,x\n1,b,x\n",
            None,
            "a.csv: every answer is the same class, so right and wrong cannot be told apart; at least two classes are needed",
        ),
        (
            "item,person,answer\n1,a,x\n1,b,y\n1,a,y\n",
            None,
            "a.csv: person `a` answers item `1` more than once; keep one answer of each person to each item",
        ),
        (
            "item,person,answer\n1,a,1\n1,b,NaN\n2,a,2\n",
            None,
            "a.csv: `NaN` stands among answers that are numbers; leave the cell empty where there is no answer",
        ),
        ("foo,bar,baz,qux\n1,2,3,4\n", None, "a.csv: no column is surely the one of --item; name it. There are `foo`, `bar`, `baz`, `qux`"),
        (&many, None, "a.csv: 1001 different answers are texts or measurements and no classes, of which at most 1000 are taken."),
        (ANSWERS, Some("item,truth\n1,yes\n"), "t.csv: there is no column `question`; there are `item`, `truth`"),
        (
            ANSWERS,
            Some("question,truth\nx,yes\n"),
            "t.csv: none of its items in `question` has an answer; are the items called the same in both files?",
        ),
        (ANSWERS, Some("question,truth\n1,yes\n1,no\n"), "t.csv: item `1` has two different truths; keep one"),
        (ANSWERS, Some(""), "t.csv: it is empty; a header and rows are needed"),
    ] {
        assert_eq!(files().agree(answers, truth).unwrap_err(), expected);
    }
}

#[test]
fn a_column_that_is_left_is_the_one_that_is_missing() {
    let found = files().agree("zzz,worker,label\n1,a,x\n1,b,y\n2,a,x\n2,b,x\n", None).unwrap();
    assert_eq!((found.columns.item.as_str(), found.columns.guessed), ("zzz", vec!["person", "answer", "item"]));
    let asked = Request { item: Some("worker".into()), person: Some("zzz".into()), ..Request::default() };
    let found = files().ask("zzz,worker,label\n1,a,x\n1,b,y\n2,a,x\n2,b,x\n", None, asked).unwrap();
    assert_eq!((found.columns.person.as_str(), found.columns.guessed), ("zzz", vec!["answer"]));
}
