//! Tests of guessing a playbook from a CSV file: what comes out always parses.

use super::*;
use crate::playbook::{AnswerSpec, Playbook, check::fields_from_text, parse::parse};
use proptest::prelude::*;

/// Infers from a small CSV without quotes.
fn infer(csv: &str) -> (Playbook, Inferred) {
    let mut lines = csv.lines().map(|line| line.split(',').map(str::to_owned).collect::<Vec<_>>());
    let header = lines.next().unwrap();
    let rows: Vec<Vec<String>> = lines.collect();
    let inferred = infer_playbook("My data (2026).csv", &header, &rows);
    let playbook = parse(&inferred.source, "inferred.toml").unwrap_or_else(|p| panic!("{p:#?}\n{}", inferred.source));
    // What was inferred takes the rows that it was inferred from.
    for row in &rows {
        let cells: Vec<(&str, &str)> = header
            .iter()
            .zip(row)
            .map(|(h, c)| (h.as_str(), c.as_str()))
            .filter(|(h, _)| playbook.fields.iter().any(|f| f.name == *h))
            .collect();
        fields_from_text(&playbook, &cells).unwrap_or_else(|r| panic!("{r}\n{}", inferred.source));
    }
    (playbook, inferred)
}

/// Fields as `name:kind+flags`, and the flags of import.
fn check(csv: &str, fields: &str, flags: &[&str]) {
    let (playbook, inferred) = infer(csv);
    let said = |f: &crate::playbook::FieldSpec| {
        let kind = match &f.kind {
            FieldKind::Category { options } => format!("category({})", options.join("|")),
            other => format!("{other:?}").to_lowercase(),
        };
        let flags = [
            (f.title, "title"),
            (!f.required, "optional"),
            (f.subject, "subject"),
            (f.personal && !f.subject, "personal"),
            (f.audited, "audited"),
            (f.hidden, "hidden"),
        ];
        let flags: String = flags.iter().filter(|(is_set, _)| *is_set).map(|(_, word)| format!("+{word}")).collect();
        format!("{}:{kind}{flags}", f.name)
    };
    assert_eq!(playbook.fields.iter().map(said).collect::<Vec<_>>().join(" "), fields, "{}", inferred.source);
    let got: Vec<&str> = inferred.source.lines().filter_map(|l| l.strip_prefix("#     ")).collect();
    assert_eq!(got, flags, "{}", inferred.source);
}

#[test]
fn columns_become_what_they_look_like() {
    check(
        "ticket_id,subject,customer,region,open,urgent,at,extra,ai_queue,p_billing,p_bug,queue_decision,agent,truth,seconds\n\
         t1,charged twice,c1,north,2.5,true,2026-03-01T09:30:00Z,{},billing,0.9,0.1,billing,a1,billing,12\n\
         t2,crash,c2,south,3,false,2026-03-01T09:31:00Z,[1],bug,0.2,0.8,bug,a2,bug,9.5\n\
         t3,no light,c3,north,,true,2026-03-02T09:31:00+01:00,[],bug,0.3,0.7,billing,a1,billing,7\n\
         t4,late parcel,c4,south,1,false,2026-03-02T09:32:00+01:00,[],bug,0.3,0.7,billing,a1,billing,7\n",
        "subject:text+title customer:text+subject region:category(north|south) open:number+optional urgent:boolean at:time extra:json",
        &[
            "--external-id \"ticket_id\"",
            "--proposal \"ai_queue\"",
            "--probabilities \"billing=p_billing\"",
            "--probabilities \"bug=p_bug\"",
            "--judgment \"queue_decision\"",
            "--person \"agent\"",
            "--outcome \"truth\"",
            "--seconds \"seconds\"",
        ],
    );
    // The shapes of well-known files: options by number beside probabilities by name, people's answers by row, class names as headers.
    check(
        "item_id,majority,p_hate,p_offensive,p_neither,chars\n0,2,0.02,0.57,0.41,140\n1,1,0.03,0.89,0.08,85\n2,0,0.9,0.05,0.05,20\n3,2,0.1,0.2,0.7,9\n4,1,0.1,0.8,0.1,9\n5,0,0.8,0.1,0.1,8\n",
        "chars:number",
        &[
            "--external-id \"item_id\"",
            "--outcome \"majority\"",
            "--probabilities \"0=p_hate\"",
            "--probabilities \"1=p_offensive\"",
            "--probabilities \"2=p_neither\"",
        ],
    );
    check(
        "participant,item,age,sex,race,priors_count,model_prob,human_choice,outcome,response_ms\n7,1,32,male,black,0,0.35,0,1,101880\n8,1,36,female,white,1,0.23,1,1,18304\n9,2,20,male,white,0,0.9,1,0,4\n9,3,20,male,black,0,0.1,1,0,4\n",
        "age:number+audited+hidden sex:category(female|male)+audited+hidden race:category(black|white)+audited+hidden priors_count:number",
        &[
            "--person \"participant\"",
            "--external-id \"item\"",
            "--probabilities \"OPTION=model_prob\"",
            "--judgment \"human_choice\"",
            "--outcome \"outcome\"",
            "--millis \"response_ms\"",
        ],
    );
    check(
        "image_name,category,model_pred,cat,dog\na,cat,cat,0.9,0.1\nb,dog,dog,0.2,0.7\nc,dog,cat,0.5,0.4\nd,cat,cat,0.6,0.1\n",
        "category:category(cat|dog)",
        &["--external-id \"image_name\"", "--proposal \"model_pred\"", "--probabilities \"cat=cat\"", "--probabilities \"dog=dog\""],
    );
    check(
        "e-mail,Full name,notes\na@b.org,Ann,x y z\nc@d.org,Bob,z\ne@f.org,Cyd,u\n",
        "e-mail:text+personal Full name:text+personal notes:text+title",
        &[],
    );
    // Scales of their own (a decile, a confidence) are not the answer, and the final answer counts.
    check(
        "game_id,human_conf,ai_conf,initial_decision,final_decision,outcome,compas_decile\n1,80,60,Red,Black,Red,3\n2,20,60,Black,Black,Red,9\n3,20,60,Black,Red,Black,9\n4,20,70,Black,Red,Black,3\n",
        "about:text+title+optional",
        &[
            "--external-id \"game_id\"",
            "(left out: \"human_conf\" says how sure somebody was)",
            "(left out: \"ai_conf\" says how sure somebody was)",
            "(left out: \"initial_decision\" looks like another judgment)",
            "--judgment \"final_decision\"",
            "--outcome \"outcome\"",
            "(left out: \"compas_decile\" looks like another proposal)",
        ],
    );
    check(
        "item,p0,p1\n1,0.1,0.9\n",
        "about:text+title+optional",
        &["--external-id \"item\"", "--probabilities \"0=p0\"", "--probabilities \"1=p1\""],
    );
}

#[test]
fn answers_are_words_numbers_or_a_question_to_the_reader() {
    let scored: String = (0..60).map(|i| format!("{i},{}\n", i - 20)).collect();
    let (playbook, inferred) = infer(&format!("item,truth\n{scored}"));
    assert!(
        matches!(&playbook.answer, AnswerSpec::Score { min, max, .. } if min.as_str() == "-20" && max.as_str() == "39"),
        "{}",
        inferred.source
    );
    assert!(inferred.notes.iter().any(|n| n.contains("not to what was seen")));
    let (playbook, inferred) = infer("body\nhello\n");
    assert_eq!(playbook.answer, AnswerSpec::Choice { options: vec!["yes".into(), "no".into()] });
    assert!(playbook.outcome.is_none() && inferred.notes.iter().any(|n| n.starts_with("No column looks like an answer")));
    assert_eq!(playbook.name, "my-data-2026-csv");
    let long = "word ".repeat(60);
    let (_, inferred) = infer(&format!("body,label\n{long},a\n{long},b\n"));
    assert!(inferred.notes.iter().any(|n| n.contains("is free text")), "{:?}", inferred.notes);
}

#[test]
fn absurd_files_still_give_a_playbook() {
    let parses = |header: Vec<String>, rows: Vec<Vec<String>>| {
        let inferred = infer_playbook("", &header, &rows);
        parse(&inferred.source, "x").unwrap_or_else(|p| panic!("{p:#?}\n{}", inferred.source));
        inferred
    };
    assert!(parses(Vec::new(), Vec::new()).notes.len() >= 2);
    let wide = parses((0..5_000).map(|i| format!("column {i}")).collect(), vec![vec!["x".into(); 5_000]; 3]);
    assert!(wide.notes.iter().any(|n| n.contains("were left out")));
    parses(
        vec!["k".repeat(100_000), "k".repeat(100_000), String::new(), String::new(), "\u{0}\n\u{7f}\u{85}\u{2028}".into()],
        vec![vec!["\u{7f}".into(); 5]; 4],
    );
    parses((0..2_000).map(|i| format!("p_{}{i}", "é".repeat(50))).collect(), vec![vec!["0.5".into(); 2_000]]);
    parses((0..2_000).map(|i| format!("ai {i}")).collect(), vec![vec!["\"'#\\".into(); 2_000]; 3]);
    let words: Vec<Vec<String>> = (0..60).map(|i| vec![format!("{}{}", "\u{1f600}".repeat(119), i % 30)]).collect();
    parses(vec!["truth".into()], words.clone());
    parses(vec!["kind".into()], words);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    #[test]
    fn whatever_the_file_says_the_playbook_can_be_read(
        name in "\\PC{0,12}",
        header in proptest::collection::vec("\\PC{0,6}|[a-z]{1,4}_(id|p|ai|truth|ms)|p_[ab]|truth|ai|id|name|customer|age|.{0,3}", 0..8),
        cells in proptest::collection::vec(proptest::collection::vec("0|1|0\\.5|-3|1e9|true|[ab]|\\PC{0,5}|(?s).{0,3}|2026-01-01T00:00:00Z|\\{\\}", 0..8), 0..8),
    ) {
        let inferred = infer_playbook(&name, &header, &cells);
        let read = parse(&inferred.source, "x");
        prop_assert!(read.is_ok(), "{:#?}\n{}", read, inferred.source);
    }
}
