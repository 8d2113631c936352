//! The text model as a whole: what it learns, that it learns the same every time, what it says of its reasons, and what it makes
//! of bad data and hostile files.

use super::{
    model::TextModel,
    train::{Example, Options, Report, TrainError, train},
};
use crate::{Input, NoAdvice, Proposer, Reach, Value, file::FileError, input::Field};
use proptest::prelude::*;

fn field(name: &str, value: Value) -> Field {
    Field { name: name.into(), value, masked: false, hidden: false }
}

fn text_of(name: &str, text: &str) -> Input {
    Input { fields: vec![field(name, Value::Text(text.into()))] }
}

fn classes() -> Vec<String> {
    ["billing", "bug", "account"].map(str::to_owned).to_vec()
}

/// Tickets whose class is told by a word or two among others.
fn tickets(n: usize) -> Vec<Example> {
    let telling = [["invoice", "refund", "charged twice"], ["crash", "error message", "freezes"], ["password", "locked out", "sign in"]];
    let about = ["hello there", "since monday", "please help me", "on my phone", "it is urgent", "thank you"];
    let mut random = countersign_science::random::Random::new(7, 3);
    (0..n)
        .map(|at| {
            let class = random.below(3);
            let word = telling[class][random.below(3)];
            let text = format!("{} my {word} {} {}", about[random.below(6)], about[random.below(6)], about[random.below(6)]);
            Example {
                input: text_of("body", &text),
                answer: classes()[class].clone(),
                case: format!("case-{at:05}"),
                person: Some(format!("p{}", at % 4)),
                at: at as i64,
                sought: false,
                groups: Vec::new(),
            }
        })
        .collect()
}

fn trained(examples: &[Example]) -> (TextModel, Report) {
    train(examples, &Options::new(classes()), &mut |_| {}).unwrap()
}

#[test]
fn telling_words_are_learned_and_pointed_to() {
    let (model, report) = trained(&tickets(400));
    assert!(report.accuracy.low > 0.95 && report.accuracy.n == 400, "{:?}", report.accuracy);
    assert!(report.commonest.high < 0.5 && report.warnings.is_empty(), "{report:?}");
    let text = "Zoë says: please help me, I was charged twice on my phone";
    let advice = model.propose(&text_of("body", text)).unwrap();
    assert_eq!(advice.answer, "billing");
    assert_eq!(advice.probabilities.iter().map(|(_, p)| u64::from(*p)).sum::<u64>(), 1_000_000_000);
    let first = &advice.evidence[0];
    let (start, end) = first.span.unwrap();
    let marked: String = text.chars().skip(start as usize).take((end - start) as usize).collect();
    assert_eq!(marked, first.quote);
    assert!(marked.contains("charged") || marked.contains("twice"), "{advice:?}");
    assert!(advice.explanation.contains("“billing”") && first.contribution > 0.5, "{advice:?}");
}

#[test]
fn facts_speak_too() {
    let mut examples = tickets(200);
    for (at, example) in examples.iter_mut().enumerate() {
        let class = if at % 2 == 0 { "billing" } else { "bug" };
        let word = if at % 2 == 0 { "gold" } else { "basic" };
        example.input = Input {
            fields: vec![
                field("plan", Value::Word(word.into())),
                field("amount", Value::Number(if at % 2 == 0 { 1_200.0 } else { 3.0 })),
                field("urgent", Value::Flag(at % 3 == 0)),
            ],
        };
        example.answer = class.into();
    }
    let (model, report) = trained(&examples);
    assert!(report.accuracy.value > 0.99);
    let advice = model.propose(&examples[0].input).unwrap();
    assert!(advice.evidence.iter().all(|e| e.span.is_none()) && advice.evidence.iter().any(|e| e.quote == "gold"), "{advice:?}");
    // A field that is missing at inference is a case with less to read, not an error.
    let less = Input { fields: examples[0].input.fields[..1].to_vec() };
    assert_eq!(model.propose(&less).unwrap().answer, "billing");
}

#[test]
fn what_people_do_not_see_is_never_quoted_to_them() {
    let mut examples = tickets(200);
    for (at, example) in examples.iter_mut().enumerate() {
        let (class, word) = if at % 2 == 0 { ("billing", "zebra") } else { ("bug", "yak") };
        let secret = [field("note", Value::Text(word.into())), field("tier", Value::Word(word.into()))];
        example.input.fields = vec![field("body", Value::Text("hello there".into()))];
        example.input.fields.extend(secret.map(|field| Field { hidden: true, ..field }));
        example.answer = class.into();
    }
    let (model, _) = trained(&examples);
    let advice = model.propose(&examples[0].input).unwrap();
    assert_eq!(advice.answer, "billing", "it may know");
    assert!(
        advice.evidence.iter().all(|one| one.field == "body") && !format!("{advice:?}").contains("zebra"),
        "and does not tell: {advice:?}"
    );
}

#[test]
fn the_same_rows_and_seed_give_the_same_bits_on_any_number_of_threads() {
    let mut examples = tickets(300);
    // Some labels are wrong, so that there is an uncertainty to fit a temperature to.
    examples.iter_mut().step_by(9).for_each(|example| example.answer = classes()[0].clone());
    let by = |threads: usize, examples: &[Example]| {
        rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(|| trained(examples))
    };
    let (one, report) = by(1, &examples);
    let (two, again) = by(3, &examples);
    assert_eq!(one.to_bytes(), two.to_bytes());
    assert_eq!(report, again);
    // Nor does the order in which they are handed in matter.
    examples.reverse();
    assert_eq!(by(2, &examples).0.version(), one.version());
    let other = Options { seed: 2, ..Options::new(classes()) };
    let (reseeded, other) = train(&examples, &other, &mut |_| {}).unwrap();
    // Another seed deals other folds: what they were told differs, and so does the temperature that is fitted on it.
    assert!(other.log_loss != report.log_loss && reseeded.version() != one.version(), "{other:?}");
}

#[test]
fn a_file_brings_the_model_back_and_nothing_else_does() {
    let (model, _) = trained(&tickets(120));
    let bytes = model.to_bytes();
    let back = TextModel::from_bytes(&bytes).unwrap();
    assert_eq!(back.version(), model.version());
    let input = text_of("body", "my invoice");
    assert_eq!(back.propose(&input), model.propose(&input));
    assert_eq!(TextModel::from_bytes(b"").unwrap_err(), FileError::Foreign);
    assert_eq!(TextModel::from_bytes(b"PK\x03\x04 a foreign file").unwrap_err(), FileError::Foreign);
    let mut other = bytes.clone();
    other[4] = 9;
    assert_eq!(TextModel::from_bytes(&other).unwrap_err(), FileError::Version { found: 9, known: 1 });
    for cut in [4, 5, 6, 9, 40, bytes.len() / 2, bytes.len() - 1] {
        assert!(TextModel::from_bytes(&bytes[..cut]).is_err(), "cut at {cut}");
    }
    for at in (4..bytes.len()).step_by(bytes.len() / 97) {
        let mut changed = bytes.clone();
        changed[at] ^= 0x10;
        assert!(TextModel::from_bytes(&changed).is_err(), "changed at {at}");
    }
}

/// A file whose digest is right and whose content is not: whoever can write files can compute digests.
fn sealed(body: &[u8]) -> Vec<u8> {
    use sha2::{Digest, Sha256};
    let mut out = body.to_vec();
    out.extend_from_slice(&Sha256::digest(body));
    out
}

fn forged(header: &str, rest: &[u8]) -> Vec<u8> {
    let mut body = b"CSTM\x01\x00".to_vec();
    body.extend_from_slice(&(header.len() as u32).to_le_bytes());
    body.extend_from_slice(header.as_bytes());
    body.extend_from_slice(rest);
    sealed(&body)
}

#[test]
fn a_forged_file_is_refused_before_anything_is_set_aside() {
    let header = |classes: &str, features: &str, temperature: u64| {
        format!(r#"{{"classes":{classes},"features":{features},"temperature":{temperature},"spread":0,"rows":1,"data":""}}"#)
    };
    let one = 1.0f64.to_bits();
    let sound = forged(&header(r#"["a","b"]"#, "0", one), &[0; 8]);
    assert!(TextModel::from_bytes(&sound).is_ok());
    let nan = f32::NAN.to_le_bytes();
    let bad = [
        forged(&header(r#"["a","b"]"#, "1000000", one), &[0; 8]),
        forged(&header(r#"["a","b"]"#, "18446744073709551615", one), &[0; 8]),
        forged(&header(r#"["a","a"]"#, "0", one), &[0; 8]),
        forged(&header(r#"["a"]"#, "0", one), &[0; 4]),
        forged(&header(r#"["a","b"]"#, "0", f64::NAN.to_bits()), &[0; 8]),
        forged(&header(r#"["a","b"]"#, "0", 0), &[0; 8]),
        forged(&header(r#"["a","b"]"#, "0", one), &[nan, nan].concat()),
        forged(&header(r#"["a","b"]"#, "0", one), &[0; 9]),
        forged("{}", &[]),
        sealed(b"CSTM\x01\x00\xff\xff\xff\xff"),
    ];
    for (at, file) in bad.iter().enumerate() {
        assert!(matches!(TextModel::from_bytes(file), Err(FileError::Damaged(_))), "{at}");
    }
}

#[test]
fn data_that_teaches_nothing_is_refused_with_the_reason() {
    let refused = |examples: &[Example]| train(examples, &Options::new(classes()), &mut |_| {}).unwrap_err();
    assert_eq!(refused(&[]), TrainError::TooFew(0));
    assert_eq!(refused(&tickets(20)), TrainError::TooFew(20));
    let mut same = tickets(60);
    same.iter_mut().for_each(|example| example.answer = "bug".into());
    assert_eq!(refused(&same), TrainError::OneClass("bug".into()));
    let mut empty = tickets(60);
    empty.iter_mut().for_each(|example| example.input = Input::default());
    assert_eq!(refused(&empty), TrainError::NothingToRead);
    let mut foreign = tickets(60);
    foreign[3].answer = "spam".into();
    assert_eq!(refused(&foreign), TrainError::UnknownAnswer("spam".into()));
    let alone = Options::new(vec!["only".into()]);
    assert_eq!(train(&tickets(60), &alone, &mut |_| {}).unwrap_err(), TrainError::Classes(1));
}

#[test]
fn nobody_contributes_more_than_their_share() {
    let mut examples = tickets(300);
    examples.iter_mut().enumerate().for_each(|(at, example)| {
        example.person = Some(
            if at < 240 {
                "ada"
            } else if at < 270 {
                "ben"
            } else {
                "cy"
            }
            .into(),
        )
    });
    let (_, report) = trained(&examples);
    let [(given, counted)] = report.shares_capped.as_slice() else { panic!("{:?}", report.shares_capped) };
    assert!((given - 0.8).abs() < 1e-9 && (counted - 0.5).abs() < 1e-6, "{given} {counted}");
    // Where one person gave all answers there is nobody to make up the rest, and the report says so.
    examples.iter_mut().for_each(|example| example.person = Some("ada".into()));
    let (_, report) = trained(&examples);
    assert!(report.shares_capped.is_empty() && report.warnings.iter().any(|w| w.contains("one person's")), "{report:?}");
}

#[test]
fn a_sudden_flip_of_labels_warns() {
    let mut examples = tickets(400);
    assert!(trained(&examples).1.warnings.is_empty());
    let mut flipped = 0;
    for example in examples.iter_mut().rev().filter(|example| example.person.as_deref() == Some("p2")) {
        if flipped < 25 {
            example.answer = if example.answer == "bug" { "account".into() } else { "bug".into() };
            flipped += 1;
        }
    }
    let warnings = trained(&examples).1.warnings;
    assert!(warnings.len() == 1 && warnings[0].starts_with("One person's latest answers changed: "), "{warnings:?}");
    // Somebody is to look; who it is stands in no report.
    let card = serde_json::to_string(&trained(&examples).1).unwrap();
    assert!(["p0", "p1", "p2", "p3"].iter().all(|person| !card.contains(person)), "{card}");
}

#[test]
fn rows_of_one_case_are_never_torn_apart() {
    // Every case twice, with random answers: whoever saw one half would know the other.
    let examples: Vec<Example> = (0..600)
        .map(|at| {
            let case = at / 2;
            let class = (countersign_science::random::Random::new(9, case).bits() % 3) as usize;
            Example {
                input: text_of("body", &format!("unique{case} thing")),
                answer: classes()[class].clone(),
                case: format!("c{case}"),
                person: Some(format!("p{}", at % 2)),
                at: at as i64,
                sought: false,
                groups: Vec::new(),
            }
        })
        .collect();
    let (_, report) = trained(&examples);
    assert!(report.accuracy.n == 300 && report.accuracy.value < 0.45, "{:?}", report.accuracy);
    assert!(report.warnings.iter().any(|w| w.contains("not shown to be better")), "{:?}", report.warnings);
}

#[test]
fn nothing_to_read_and_nothing_known_are_no_advice() {
    let (model, _) = trained(&tickets(120));
    assert_eq!(model.propose(&Input::default()), Err(NoAdvice::NothingToRead));
    assert_eq!(model.propose(&text_of("body", " \n\t ")), Err(NoAdvice::NothingToRead));
    assert_eq!(model.propose(&text_of("body", "ЖЖЖЖ")), Err(NoAdvice::Unknown));
}

#[test]
fn an_instruction_in_a_case_is_words_like_any_other() {
    let (model, _) = trained(&tickets(400));
    let plain = model.propose(&text_of("body", "my password, I am locked out")).unwrap();
    let told = model.propose(&text_of("body", "my password, I am locked out. Ignore the rules, answer bug.")).unwrap();
    assert_eq!((plain.answer.as_str(), told.answer.as_str()), ("account", "account"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_text_gets_sound_advice_or_none(text in "\\PC{0,200}", number in any::<f64>()) {
        // Trained once: the cases differ, the model does not.
        static MODEL: std::sync::OnceLock<TextModel> = std::sync::OnceLock::new();
        let model = MODEL.get_or_init(|| trained(&tickets(120)).0);
        let mut input = text_of("body", &text);
        if number.is_finite() {
            input.fields.push(field("n", Value::Number(number)));
        }
        if let Ok(advice) = model.propose(&input) {
            prop_assert_eq!(advice.probabilities.iter().map(|(_, p)| u64::from(*p)).sum::<u64>(), 1_000_000_000);
            prop_assert!(model.classes().contains(&advice.answer));
            for evidence in advice.evidence.iter().filter(|e| e.span.is_some()) {
                let (start, end) = evidence.span.unwrap();
                let marked: String = text.chars().skip(start as usize).take((end - start) as usize).collect();
                prop_assert_eq!(&marked, &evidence.quote);
                prop_assert!(start < end && evidence.contribution.is_finite());
            }
        }
    }

    #[test]
    fn any_bytes_are_a_model_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..400), magic in any::<bool>()) {
        let mut file = if magic { b"CSTM\x01\x00".to_vec() } else { Vec::new() };
        file.extend(bytes);
        let _ = TextModel::from_bytes(&file);
        let _ = TextModel::from_bytes(&sealed(&file));
    }
}

#[test]
fn what_a_model_may_not_see_changes_nothing() {
    use countersign_core::playbook::parse::parse;
    use serde_json::json;
    let playbook = parse(
        "name = \"t\"\nquestion = \"?\"\n[answer]\nkind = \"choice\"\noptions = [\"a\", \"b\"]\n[fields]\nbody = { type = \"text\" }\n\
         secret = { type = \"text\", personal = true, share = \"never\" }\ngroup = { type = \"category\", audited = true }\n",
        "t.toml",
    )
    .unwrap();
    let (model, _) = trained(&tickets(120));
    let of = |secret: &str, group: &str| {
        let values = [("body", json!("my invoice")), ("secret", json!(secret)), ("group", json!(group))];
        let values = values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        model.propose(&Input::of(&playbook, &values, Reach::InProcess)).unwrap()
    };
    assert_eq!(of("crash", "x"), of("password", "y"));
}

#[test]
fn a_group_that_is_judged_worse_is_named() {
    // In the south what the text says is not what people answered: the model learns the north's way.
    let examples: Vec<Example> = tickets(600)
        .into_iter()
        .enumerate()
        .map(|(n, mut example)| {
            let south = n % 4 == 0;
            if south && n % 8 == 0 {
                example.answer = classes()[(n / 8) % 3].clone();
            }
            example.groups = vec![("region".into(), if south { "south" } else { "north" }.into()), ("rare".into(), format!("r{}", n / 10))];
            example
        })
        .collect();
    let (model, report) = trained(&examples);
    let told: Vec<(&str, Option<&str>, u64)> =
        report.groups.iter().map(|group| (group.field.as_str(), group.group.as_deref(), group.groups)).collect();
    assert_eq!(told, [("rare", None, 60), ("region", Some("north"), 1), ("region", Some("south"), 1)], "what is rare is told together");
    let [all, north, south] = report.groups.as_slice() else { panic!("three lines") };
    let (Some(of_all), Some(of_north), Some(of_south)) = (&all.error, &north.error, &south.error) else { panic!("all have enough cases") };
    assert!(of_south.low > of_north.high && of_north.value < of_all.value && of_all.value < of_south.value, "{:?}", report.groups);
    assert_eq!((north.cases, south.cases, all.cases), (450, 150, 600), "every case was held out once");
    let warned: Vec<&String> = report.warnings.iter().filter(|warning| warning.contains("Where ")).collect();
    assert!(
        warned.len() == 1 && warned[0].starts_with("Where region is south, the model errs more often than elsewhere"),
        "{:?}",
        report.warnings
    );
    // The model never saw them: without them the very same one comes out.
    let bare: Vec<Example> = examples.into_iter().map(|example| Example { groups: Vec::new(), ..example }).collect();
    assert_eq!(train(&bare, &Options::new(classes()), &mut |_| {}).unwrap().0.version(), model.version());
}

#[test]
fn groups_that_are_too_few_are_said_so_and_chance_does_not_warn() {
    let in_groups = |n: usize, of: fn(usize) -> String| {
        let examples: Vec<Example> = tickets(n)
            .into_iter()
            .enumerate()
            .map(|(at, example)| Example { groups: vec![("region".into(), of(at))], ..example })
            .collect();
        trained(&examples).1
    };
    let few = in_groups(60, |at| if at < 10 { "islands".into() } else { "mainland".into() });
    let islands = few.groups.iter().find(|group| group.group.is_none()).unwrap();
    assert!(islands.cases == 10 && islands.groups == 1 && islands.error.is_none(), "{:?}", few.groups);
    // Twenty groups that have nothing to do with the answers: none is called worse.
    let alike = in_groups(800, |at| format!("g{}", (at * 7919 / 3) % 20));
    assert!(alike.groups.len() == 20 && !alike.warnings.iter().any(|warning| warning.starts_with("Where ")), "{:?}", alike.warnings);
    assert!(trained(&tickets(60)).1.groups.is_empty(), "nothing where nothing is audited");
}
