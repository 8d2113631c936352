//! Tests of reading playbooks: every problem is found, named and placed.

use super::*;
use crate::{
    event::{OutcomeKind, Route},
    limits::{PLAYBOOK_FIELDS_MAX, PLAYBOOK_PROBLEMS_MAX},
    number::Decimal,
    playbook::{AnswerSpec, FieldKind, Share, Test},
};
use proptest::prelude::*;

/// The sketch of the design, which has one of nearly everything.
const SUPPORT: &str = r#"
name = "support-triage"
question = "Where should this ticket go?"

[answer]
kind = "choice"
options = ["billing", "bug", "account", "abuse"]

[fields]
subject  = { type = "text", title = true }
body     = { type = "text", personal = true, share = "masked" }
customer = { type = "text", personal = true, subject = true }
region   = { type = "category", audited = true, hidden = true, options = ["north", "south"] }
sum      = { type = "number", required = false }

[outcome]
kind = "truth"
source = "the queue that closed the ticket"
observed = ["billing", "bug"]
after = "3d"

[costs]
error  = { default = 1.0, "abuse -> billing" = "20.000001" }
minute = 0.5

[routing]
default  = "assist"
automate = { max_error = 0.02, certainty = 0.95, audit = 0.05 }
blind    = 0.10
deadline = "4h"
panel    = 5

[[routing.rule]]
name = "large sums"
when = { sum = { at_least = "1000", at_most = 1e6 }, region = "north" }
route = "panel"

[decide]
roles = ["support"]
signatures = { default = 1, "abuse" = 2 }
"#;

/// The smallest playbook, with something put in.
fn small(more: &str) -> String {
    format!("name = \"x\"\nquestion = \"?\"\nanswer = {{ kind = \"choice\", options = [\"a\", \"b\"] }}\n{more}")
}

fn fields(fields: &str) -> String {
    small(&format!("[fields]\n{fields}"))
}

const BODY: &str = "body = { type = \"text\" }\n";

/// Holds the problems of a source, as people see them, against what is expected: for each, one problem must begin with the
/// position and key and hold the words.
fn check(source: &str, want: &[(&str, &str)]) {
    let problems = match parse(source, "p.toml") {
        Ok(_) => Vec::new(),
        Err(problems) => problems.iter().map(ToString::to_string).collect(),
    };
    assert_eq!(problems.len(), want.len(), "{source}\n{problems:#?}");
    for (problem, (start, words)) in problems.iter().zip(want) {
        assert!(problem.starts_with(start) && problem.contains(words), "{source}\n{problem}\nwanted {start} .. {words}");
    }
}

#[test]
fn the_sketch_says_what_it_says() {
    let p = parse(SUPPORT, "support-triage.toml").unwrap();
    let names: Vec<&str> = p.fields.iter().map(|f| f.name.as_str()).collect();
    assert_eq!(names, ["subject", "body", "customer", "region", "sum"], "the order of the source");
    let field = |name: &str| p.fields.iter().find(|f| f.name == name).unwrap();
    assert!(field("customer").personal && field("customer").subject && field("customer").share == Share::Local);
    assert!(field("region").audited && field("region").hidden && field("region").share == Share::Never);
    assert_eq!(field("body").share, Share::Masked);
    assert!(!field("sum").required && field("subject").required);
    assert_eq!(p.costs.error_default, 1_000_000);
    assert_eq!(p.costs.errors[&("abuse".to_owned(), "billing".to_owned())], 20_000_001);
    assert_eq!(p.costs.minute, 500_000);
    let automate = p.routing.automate.unwrap();
    assert_eq!((automate.max_error, automate.certainty, automate.audit), (20_000_000, 950_000_000, 50_000_000));
    assert_eq!((p.routing.default, p.routing.blind, p.routing.panel), (Route::Assist, 100_000_000, 5));
    assert_eq!(p.routing.deadline, Some(4 * 3_600_000_000));
    let outcome = p.outcome.unwrap();
    assert_eq!((outcome.kind, outcome.after), (OutcomeKind::Truth, 3 * 86_400_000_000));
    assert_eq!(outcome.observed.unwrap(), ["billing", "bug"]);
    let tests: Vec<&Test> = p.routing.rules[0].when.iter().map(|c| &c.test).collect();
    let decimal = |text| Decimal::parse(text).unwrap();
    assert_eq!(tests, [&Test::AtLeast(decimal("1000")), &Test::AtMost(decimal("1000000")), &Test::Is(vec!["north".into()])]);
    assert_eq!((p.decide.signatures_default, p.decide.signatures["abuse"]), (1, 2));
    assert_eq!((p.decide.grace, p.decide.lease), (60_000_000, 15 * 60_000_000));
}

#[test]
fn what_is_left_away_has_its_default() {
    let p = parse(&fields(BODY), "x.toml").unwrap();
    assert_eq!((p.routing.default, p.routing.panel, p.routing.blind), (Route::Assist, 3, 0));
    assert!(p.routing.automate.is_none() && p.routing.deadline.is_none() && p.outcome.is_none() && p.description.is_none());
    assert_eq!((p.costs.error_default, p.costs.minute, p.decide.signatures_default), (1_000_000, 0, 1));
    assert!(p.fields[0].required && !p.fields[0].personal && p.fields[0].share == Share::Local);
}

#[test]
fn every_problem_names_its_place_and_what_would_be_right() {
    let with = |more: &str| fields(&format!("{BODY}{more}"));
    for (source, want) in [
        // The top.
        (
            String::new(),
            &[
                ("p.toml:1:1: name: ", "name = \"support-triage\""),
                ("p.toml:1:1: question: ", "missing"),
                ("p.toml:1:1: answer: ", "missing"),
                ("p.toml:1:1: fields: ", "missing"),
            ][..],
        ),
        (fields(BODY).replace("\"x\"", "\"X y\""), &[("p.toml:1:8: name: ", "lower-case letters, digits and hyphens")]),
        (fields(BODY).replace("\"?\"", "\" \""), &[("p.toml:2:12: question: ", "is empty")]),
        (fields(BODY).replace("\"?\"", "7"), &[("p.toml:2:12: question: ", "must be a text in quotes, and is a number")]),
        (fields(BODY).replace("\"?\"", "\"a\\u0000\""), &[("p.toml:2:12: question: ", "U+0000")]),
        (
            small("quesiton = 1\n[fields]\nb = { type = \"text\" }"),
            &[("p.toml:4:12: quesiton: ", "did you mean \"question\"? One of name,")],
        ),
        (small("fields = 3"), &[("p.toml:4:10: fields: ", "must be a table such as [fields], and is a number")]),
        (small("[fields]"), &[("p.toml:4:1: fields: ", "at least one field")]),
        // Answers.
        (
            fields(BODY).replace("\"choice\"", "\"chioce\""),
            &[(
                "p.toml:3:19: answer.kind: ",
                "\"chioce\" is no kind of answer; did you mean \"choice\"? One of choice, score, text, patch, action, form",
            )],
        ),
        (fields(BODY).replace(", \"b\"]", "]"), &[("p.toml:3:39: answer.options: ", "at least 2")]),
        (fields(BODY).replace("\"b\"]", "\"a\"]"), &[("p.toml:3:45: answer.options[1]: ", "\"a\" is there twice")]),
        (fields(BODY).replace("\"b\"]", "\" b\"]"), &[("p.toml:3:45: answer.options[1]: ", "begins or ends with a space")]),
        (fields(BODY).replace("\"b\"]", "\"b\\n\"]"), &[("p.toml:3:45: answer.options[1]: ", "")]),
        (fields(BODY).replace("\"b\"]", "\"b\\u0007c\"]"), &[("p.toml:3:45: answer.options[1]: ", "control character")]),
        (fields(BODY).replace("\"b\"]", "2]"), &[("p.toml:3:45: answer.options[1]: ", "must be a text in quotes, and is a number")]),
        (
            fields(BODY).replace("\"b\"]", &format!("{:?}]", "b".repeat(121))),
            &[("p.toml:3:45: answer.options[1]: ", "more than 120 characters")],
        ),
        (fields(BODY).replace("\"choice\"", "\"patch\""), &[("p.toml:3:38: answer.options: ", "is no key here. One of kind")]),
        // Fields.
        (fields("b = { type = \"txet\" }"), &[("p.toml:5:14: fields.b.type: ", "did you mean \"text\"?")]),
        (fields("b = {}"), &[("p.toml:5:5: fields.b.type: ", "is missing; write for example type = \"text\"")]),
        (fields("b = { type = \"text\", persnal = true }"), &[("p.toml:5:32: fields.b.persnal: ", "did you mean \"personal\"?")]),
        (
            fields("b = { type = \"text\", personal = 1 }"),
            &[("p.toml:5:33: fields.b.personal: ", "must be true or false, and is a number")],
        ),
        (fields("b = { type = \"text\", options = [\"x\"] }"), &[("p.toml:5:32: fields.b.options: ", "only a field of type category")]),
        (with("[decide]\nbulk = true\nsigned = true"), &[("p.toml:7:8: decide.bulk: ", "does not go with signed")]),
        (fields("b = { type = \"text\", visible_to = [] }"), &[("p.toml:5:35: fields.b.visible_to: ", "")]),
        (fields("b = { type = \"text\", visible_to = \"senior\" }"), &[("p.toml:5:35: fields.b.visible_to: ", "")]),
        (fields("b = { type = \"text\", title = true, visible_to = [\"senior\"] }"), &[("p.toml:5:30: fields.b.title: ", "no visible_to")]),
        (
            fields("b = { type = \"text\", hidden = true, visible_to = [\"senior\"] }"),
            &[("p.toml:5:50: fields.b.visible_to: ", "leave one away")],
        ),
        (fields("b = { type = \"text\", share = \"never\" }"), &[("p.toml:5:30: fields.b.share: ", "none of these")]),
        (
            fields("b = { type = \"text\", personal = true, share = \"nobody\" }"),
            &[("p.toml:5:47: fields.b.share: ", "One of local, masked, never")],
        ),
        (
            fields("b = { type = \"text\", personal = false, subject = true }"),
            &[("p.toml:5:33: fields.b.personal: ", "leave personal away")],
        ),
        (fields("b = { type = \"image\", title = true }"), &[("p.toml:5:31: fields.b.title: ", "of type text, number or category")]),
        (fields("b = { type = \"text\", title = true, hidden = true }"), &[("p.toml:5:30: fields.b.title: ", "cannot be hidden")]),
        (fields("b = { type = \"table\", subject = true }"), &[("p.toml:5:33: fields.b.subject: ", "a subject is known by")]),
        (
            fields("b = { type = \"text\", title = true }\nc = { type = \"text\", title = true }"),
            &[("p.toml:6:5: fields.c: ", "only one field has title = true, and \"b\" has it already")],
        ),
        (
            fields("b = { type = \"text\", subject = true }\nc = { type = \"text\", subject = true }"),
            &[("p.toml:6:5: fields.c: ", "only one field has subject = true")],
        ),
        (fields("\" b\" = { type = \"text\" }"), &[("p.toml:5:8: fields.\" b\": ", "begins or ends with a space")]),
        // Outcome.
        (with("[outcome]\nkind = \"truth\""), &[("p.toml:6:1: outcome.source: ", "is missing")]),
        (with("[outcome]\nkind = \"true\"\nsource = \"s\""), &[("p.toml:7:8: outcome.kind: ", "One of truth, proxy, payoff")]),
        (
            with("[outcome]\nkind = \"truth\"\nsource = \"s\"\nobserved = [\"c\"]"),
            &[("p.toml:9:12: outcome.observed: ", "\"c\" is none of the options. One of a, b")],
        ),
        (
            with("[outcome]\nkind = \"truth\"\nsource = \"s\"\nobserved = \"sometimes\""),
            &[("p.toml:9:12: outcome.observed: ", "must be \"always\"")],
        ),
        (with("[outcome]\nkind = \"truth\"\nsource = \"s\"\nobserved = []"), &[("p.toml:9:12: outcome.observed: ", "never seen")]),
        (
            with("[outcome]\nkind = \"truth\"\nsource = \"s\"\nafter = \"11y\""),
            &[("p.toml:9:9: outcome.after: ", "\"11y\" is no duration")],
        ),
        (
            with("[outcome]\nkind = \"truth\"\nsource = \"s\"\nafter = \"9999d\""),
            &[("p.toml:9:9: outcome.after: ", "must be from \"0s\" to \"3660d\"")],
        ),
        // Costs.
        (with("[costs]\nminute = -1"), &[("p.toml:7:10: costs.minute: ", "cost from 0")]),
        (with("[costs]\nminute = 0.0000001"), &[("p.toml:7:10: costs.minute: ", "at most 6 decimals")]),
        (with("[costs]\nminute = nan"), &[("p.toml:7:10: costs.minute: ", "cost from 0")]),
        (with("[costs]\nerror = { \"a - b\" = 1 }"), &[("p.toml:7:21: costs.error.\"a - b\": ", "write it as \"truth -> answer\"")]),
        (with("[costs]\nerror = { \"a -> c\" = 1 }"), &[("p.toml:7:22: costs.error.\"a -> c\": ", "\"c\" is none of the options")]),
        (with("[costs]\nerror = { \"a -> a\" = 1 }"), &[("p.toml:7:22: costs.error.\"a -> a\": ", "is no error")]),
        (with("[costs]\nerror = { \"a->b\" = 1, \"a -> b\" = 2 }"), &[("p.toml:7:34: costs.error.\"a -> b\": ", "twice")]),
        // Routing.
        (
            with("[routing]\ndefault = \"asist\""),
            &[(
                "p.toml:7:11: routing.default: ",
                "\"asist\" is no route; did you mean \"assist\"? One of assist, blind, unaided, panel, hold",
            )],
        ),
        (with("[routing]\ndefault = \"automate\""), &[("p.toml:7:11: routing.default: ", "only by a valid certificate")]),
        (with("[routing]\nblind = 1.5"), &[("p.toml:7:9: routing.blind: ", "share from 0 to 1")]),
        (with("[routing]\nblind = inf"), &[("p.toml:7:9: routing.blind: ", "share from 0 to 1")]),
        (with("[routing]\ndeadline = 4"), &[("p.toml:7:12: routing.deadline: ", "must be a duration in quotes")]),
        (with("[routing]\ndeadline = \"0s\""), &[("p.toml:7:12: routing.deadline: ", "must be from \"1s\" to \"366d\"")]),
        (with("[routing]\ndeadline = \"é\""), &[("p.toml:7:12: routing.deadline: ", "is no duration")]),
        (with("[routing]\npanel = 1"), &[("p.toml:7:9: routing.panel: ", "from 2 to 15")]),
        (with("[routing]\nautomate = true"), &[("p.toml:7:12: routing.automate: ", "must be a table")]),
        (
            with("[routing]\nautomate = { max_error = 0, certainty = 1, audit = 0 }"),
            &[
                ("p.toml:7:26: routing.automate.max_error: ", "above 0"),
                ("p.toml:7:41: routing.automate.certainty: ", "below 1"),
                ("p.toml:7:52: routing.automate.audit: ", "always audited"),
            ],
        ),
        (with("[routing]\nautomate = { max_error = 0.1, certainty = 0.9 }"), &[("p.toml:7:12: routing.automate.audit: ", "is missing")]),
        // What a promise is held against.
        (
            with("[routing]\nautomate = { max_error = 0.1, certainty = 0.9, audit = 0.1, against = \"judgements\" }"),
            &[("p.toml:7:71: routing.automate.against: ", "did you mean \"judgments\"?")],
        ),
        (
            with("[routing]\nautomate = { max_error = 0.1, certainty = 0.9, audit = 0.1, against = \"judgments\" }"),
            &[("p.toml:7:12: routing.automate: ", "add blind = 0.1")],
        ),
        (
            with(
                "[routing]\nblind = 0.1\nautomate = { max_error = 0.1, certainty = 0.9, audit = 0.1, against = \"judgments\" }\n\
                 [outcome]\nkind = \"truth\"\nsource = \"s\"\nafter = \"1d\"",
            ),
            &[("p.toml:8:12: routing.automate: ", "truth is never seen")],
        ),
        // Rules.
        (
            with("[[routing.rule]]\nname = \"r\"\nroute = \"automate\"\nwhen = { body = \"x\" }"),
            &[("p.toml:8:9: routing.rule[0].route: ", "no default and no rule")],
        ),
        (with("[[routing.rule]]\nname = \"r\"\nroute = \"hold\"\nwhen = {}"), &[("p.toml:9:8: routing.rule[0].when: ", "always hold")]),
        (with("[[routing.rule]]\nroute = \"hold\"\nwhen = { body = \"x\" }"), &[("p.toml:6:1: routing.rule[0].name: ", "is missing")]),
        (
            with("[[routing.rule]]\nname = \"r\"\nroute = \"hold\"\nwhen = { boby = \"x\" }"),
            &[("p.toml:9:17: routing.rule[0].when.boby: ", "did you mean \"body\"? Rules read fields only")],
        ),
        (
            with("[[routing.rule]]\nname = \"r\"\nroute = \"hold\"\nwhen = { proposal = \"x\" }"),
            &[("p.toml:9:21: routing.rule[0].when.proposal: ", "never proposals")],
        ),
        (
            with("[[routing.rule]]\nname = \"r\"\nroute = \"hold\"\nwhen = { body = { at_least = 3 } }"),
            &[("p.toml:9:30: routing.rule[0].when.body.at_least: ", "type number only")],
        ),
        (
            with("[[routing.rule]]\nname = \"r\"\nroute = \"hold\"\nwhen = { body = { missing = true } }"),
            &[("p.toml:9:29: routing.rule[0].when.body.missing: ", "never missing")],
        ),
        (
            fields("n = { type = \"number\" }\n[[routing.rule]]\nname = \"r\"\nroute = \"hold\"\nwhen = { n = { at_least = \"many\" } }"),
            &[("p.toml:9:27: routing.rule[0].when.n.at_least: ", "must be a number")],
        ),
        (
            fields("n = { type = \"text\", personal = true }\n[[routing.rule]]\nname = \"r\"\nroute = \"hold\"\nwhen = { n = \"x\" }"),
            &[("p.toml:9:14: routing.rule[0].when.n: ", "no rule may read")],
        ),
        (
            fields(
                "n = { type = \"category\", options = [\"low\", \"high\"] }\n[[routing.rule]]\nname = \"r\"\nroute = \"hold\"\nwhen = { n = [\"low\", \"hihg\"] }",
            ),
            &[("p.toml:9:22: routing.rule[0].when.n[1]: ", "did you mean \"high\"?")],
        ),
        (
            fields("n = { type = \"boolean\" }\n[[routing.rule]]\nname = \"r\"\nroute = \"hold\"\nwhen = { n = \"yes\" }"),
            &[("p.toml:9:14: routing.rule[0].when.n: ", "must be true or false")],
        ),
        (
            fields("n = { type = \"image\" }\n[[routing.rule]]\nname = \"r\"\nroute = \"hold\"\nwhen = { n = \"yes\" }"),
            &[("p.toml:9:14: routing.rule[0].when.n: ", "of others only whether they are missing")],
        ),
        // Deciding.
        (with("[decide]\nsignatures = 16"), &[("p.toml:7:14: decide.signatures: ", "from 1 to 15")]),
        (with("[decide]\nsignatures = { c = 2 }"), &[("p.toml:7:20: decide.signatures.c: ", "none of the options")]),
        (with("[decide]\nroles = [\"x\", \"x\"]"), &[("p.toml:7:15: decide.roles[1]: ", "twice")]),
        (
            with("[decide]\ngrace = \"400d\"\nlease = \"-1s\""),
            &[("p.toml:7:9: decide.grace: ", "must be from \"0s\""), ("p.toml:8:9: decide.lease: ", "is no duration")],
        ),
        (with("[decide]\nrole = [\"x\"]"), &[("p.toml:7:8: decide.role: ", "did you mean \"roles\"?")]),
        // No TOML at all.
        ("name = ".into(), &[("p.toml:1:8: this is no TOML", "")]),
        ("a = 1\na = 2\n".into(), &[("p.toml:2:1: this is no TOML", "duplicate key")]),
    ] {
        check(&source, want);
    }
}

#[test]
fn all_problems_are_reported_at_once_in_the_order_of_the_source() {
    let source = fields("b = { type = \"txet\" }\n[routing]\ndefault = \"asist\"\nblind = 2\n[decide]\nsignatures = { c = 2 }");
    check(&source, &[("p.toml:5:14", "txet"), ("p.toml:7:11", "asist"), ("p.toml:8:9", "share"), ("p.toml:10:20", "none of the options")]);
}

#[test]
fn other_answers_are_read_too() {
    let with = |answer: &str| {
        let source = format!("name = \"x\"\nquestion = \"?\"\n[fields]\n{BODY}[answer]\n{answer}");
        parse(&source, "p.toml")
            .map(|p| p.answer)
            .map_err(|problems| problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
    };
    let decimal = |text| Decimal::parse(text).unwrap();
    assert_eq!(
        with("kind = \"score\"\nmin = 0\nmax = 10\nstep = 0.5"),
        Ok(AnswerSpec::Score { min: decimal("0"), max: decimal("10"), step: Some(decimal("0.5")) })
    );
    assert_eq!(with("kind = \"text\""), Ok(AnswerSpec::Text { bytes_max: 64 << 10 }));
    assert_eq!(with("kind = \"text\"\nbytes_max = 500"), Ok(AnswerSpec::Text { bytes_max: 500 }));
    assert_eq!(with("kind = \"patch\""), Ok(AnswerSpec::Patch));
    assert_eq!(with("kind = \"action\"\nnames = [\"refund\"]"), Ok(AnswerSpec::Action { names: vec!["refund".into()], schema: None }));
    let as_tables = with(
        "kind = \"form\"\n[answer.schema]\ntype = \"object\"\nrequired = [\"sum\"]\n[answer.schema.properties]\nsum = { type = \"number\", minimum = 0.5 }",
    );
    let as_json = with(
        r#"kind = "form"
schema = '{"type": "object", "required": ["sum"], "properties": {"sum": {"type": "number", "minimum": 0.5}}}'"#,
    );
    assert!(as_tables.is_ok() && as_tables == as_json, "{as_tables:?}");
    for (answer, want) in [
        ("kind = \"score\"\nmin = 3\nmax = 3", "answer.max: must be above min, which is 3"),
        ("kind = \"score\"\nmin = 3", "answer.max: is missing"),
        ("kind = \"score\"\nmin = 0\nmax = 1\nstep = 0", "answer.step: must be above 0"),
        ("kind = \"score\"\nmin = 0\nmax = \"1e30\"", "answer.max: has too many digits"),
        ("kind = \"text\"\nbytes_max = 0", "from 1 to 1048576"),
        ("kind = \"form\"", "answer.schema: is missing"),
        ("kind = \"form\"\nschema = \"{\"", "answer.schema: is no JSON"),
        ("kind = \"form\"\nschema = { type = \"string\" }", "a form or an action is an object"),
        ("kind = \"form\"\nschema = { type = \"object\", x = 2020-01-01 }", "holds a date"),
        ("kind = \"form\"\nschema = { type = \"object\", pattern = \"x\" }", "at pattern: \"pattern\" is not supported here"),
        ("kind = \"form\"\nschema = { type = \"object\", requierd = [] }", "did you mean \"required\"?"),
        ("kind = \"form\"\nschema = { type = \"object\", minimum = 3 }", "minimum goes with type number or integer"),
        ("kind = \"form\"\nschema = { type = \"object\", required = [\"a\"] }", "\"a\" is none of the properties"),
        (
            "kind = \"form\"\nschema = { type = \"object\", properties = { a = { type = \"int\" } } }",
            "at properties.a.type: \"int\" is no type",
        ),
        (
            "kind = \"form\"\nschema = { type = \"object\", properties = { a = { type = \"integer\", minimum = 3, maximum = 2 } } }",
            "minimum 3 is above maximum 2",
        ),
        (
            "kind = \"form\"\nschema = { type = \"object\", properties = { a = { type = \"string\", minLength = -1 } } }",
            "whole number from 0",
        ),
        ("kind = \"form\"\nschema = { type = \"object\", properties = { a = { enum = [] } } }", "list of 1 to 1000 values"),
        ("kind = \"form\"\nschema = { type = \"object\", properties = { a = 3 } }", "a schema is a table"),
        ("kind = \"form\"\nschema = { type = [\"object\", \"null\"] }", "write one type as a word"),
    ] {
        let got = with(answer).unwrap_err();
        assert!(got.contains(want), "{answer}\n{got}\nwanted {want}");
    }
}

#[test]
fn scores_can_be_named_and_documents_cannot() {
    let with =
        |answer: &str, more: &str| parse(&format!("name = \"x\"\nquestion = \"?\"\nanswer = {answer}\n{more}\n[fields]\n{BODY}"), "p.toml");
    let score = "{ kind = \"score\", min = 0, max = 3, step = 1 }";
    let p = with(score, "costs = { error = { \"3.0 -> 0\" = 9 } }\ndecide = { signatures = { 3 = 2 } }").unwrap();
    assert_eq!(p.costs.errors[&("3".to_owned(), "0".to_owned())], 9_000_000);
    assert_eq!(p.signatures_for("3"), 2);
    let refused = |answer: &str, more: &str| with(answer, more).unwrap_err()[0].message.clone();
    assert!(refused(score, "decide = { signatures = { 4 = 2 } }").contains("no score from 0 to 3"));
    assert!(refused("{ kind = \"patch\" }", "decide = { signatures = { x = 2 } }").contains("only the answers of a choice or a score"));
    assert!(refused(score, "outcome = { kind = \"truth\", source = \"s\", observed = [\"1\"] }").contains("only the options of a choice"));
}

#[test]
fn hostile_sources_are_refused_quickly() {
    let deep = format!("{}x = {}1{}", fields(BODY), "[".repeat(10_000), "]".repeat(10_000));
    assert!(parse(&deep, "p").is_err());
    let mut schema = "{ type = \"object\" }".to_owned();
    for _ in 0..30 {
        schema = format!("{{ type = \"object\", properties = {{ a = {schema} }} }}");
    }
    let nested = format!("name = \"x\"\nquestion = \"?\"\nanswer = {{ kind = \"form\", schema = {schema} }}\n[fields]\n{BODY}");
    assert!(parse(&nested, "p").unwrap_err().iter().any(|p| p.message.contains("deeper than 16 levels")));
    let huge = format!("{}{} = 1", fields(BODY), "k".repeat(20_000));
    let problems = parse(&huge, "p").unwrap_err();
    assert!(problems[0].to_string().len() < 500, "a giant key is not repeated: {}", problems[0]);
    assert!(parse(&"#".repeat(PLAYBOOK_BYTES_MAX + 1), "p").unwrap_err()[0].message.contains("at most"));
    let many: String = (0..=PLAYBOOK_FIELDS_MAX).map(|i| format!("f{i} = {{ type = \"text\" }}\n")).collect();
    check(&fields(&many), &[("p.toml:4:1: fields: ", "has 201 fields; at most 200 are taken")]);
    let wrong: String = (0..2_000).map(|i| format!("[z{i}]\n")).collect();
    assert_eq!(parse(&format!("{}{wrong}", fields(BODY)), "p").unwrap_err().len(), PLAYBOOK_PROBLEMS_MAX);
    let problems = parse_bytes(b"name = \"\xC3\xA9\"\n\n \xFF", "p.toml").unwrap_err();
    assert_eq!(problems[0].to_string(), "p.toml:3:2: the byte here is no UTF-8: save the file as UTF-8");
    assert!(parse_bytes(fields(BODY).as_bytes(), "p.toml").is_ok());
}

#[test]
fn a_column_counts_characters_and_a_version_is_its_bytes() {
    check(&fields("\"größe\" = { type = \"txt\" }"), &[("p.toml:5:20: fields.\"größe\".type: ", "did you mean \"text\"?")]);
    assert_ne!(digest(SUPPORT), digest(&format!("{SUPPORT}# more\n")));
    assert_eq!(digest("").to_string(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert!(matches!(parse(SUPPORT, "").unwrap().fields[3].kind, FieldKind::Category { .. }));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    /// Whatever is cut out of a playbook or put into it, reading it ends, and a problem lies inside of the source.
    #[test]
    fn a_damaged_playbook_is_read_or_refused(at in 0..SUPPORT.len(), cut in 0_usize..40, put in "[a-z=\\[\\]{}\"'\\n.0-9 -]{0,12}") {
        let head: String = SUPPORT.chars().take(at).collect();
        let tail: String = SUPPORT.chars().skip(at + cut).collect();
        let source = format!("{head}{put}{tail}");
        if let Err(problems) = parse(&source, "p.toml") {
            prop_assert!(!problems.is_empty());
            for p in problems {
                prop_assert!(p.line >= 1 && p.line <= source.lines().count() + 1 && p.column >= 1, "{p}");
            }
        }
    }
}

#[test]
fn what_is_signed_is_a_choice_or_a_score_and_never_automated() {
    let playbook = |answer: &str, routing: &str| {
        let head = "name = \"x\"\nquestion = \"?\"\nfields = { a = { type = \"text\" } }\n";
        let source = format!("{head}answer = {answer}\n{routing}\n[decide]\nsigned = true\n");
        parse(&source, "x.toml").map(|playbook| playbook.decide.signed)
    };
    let choice = "{ kind = \"choice\", options = [\"a\", \"b\"] }";
    assert_eq!(playbook(choice, "").ok(), Some(true));
    assert_eq!(playbook("{ kind = \"score\", min = 0, max = 5 }", "").ok(), Some(true));
    let automate = "[outcome]\nkind = \"truth\"\nsource = \"x\"\nobserved = \"always\"\n[routing]\nautomate = { max_error = 0.02, certainty = 0.95, audit = 0.05 }";
    for (answer, routing, wanted) in [("{ kind = \"text\" }", "", "choice"), (choice, automate, "signed by nobody")] {
        let problems = playbook(answer, routing).unwrap_err();
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert_eq!((problems[0].key.as_str(), problems[0].line > 4), ("decide.signed", true));
        assert!(problems[0].message.contains(wanted), "{problems:?}");
    }
}

#[test]
fn a_proposer_is_named_with_its_place_and_never_with_its_key() {
    let named = |more: &str| fields(&format!("{BODY}[proposers.local]\nendpoint = \"http://127.0.0.1:8080/v1/\"\nmodel = \"m\"\n{more}"));
    let p =
        parse(&named("key_env = \"COUNTERSIGN_LLM_KEY\"\nbudget = 2.5\nprice = { read = 0.1, written = 0.3 }\nwait = \"0s\"\n"), "p.toml")
            .unwrap();
    let [local] = p.proposers.as_slice() else { panic!("{:?}", p.proposers) };
    assert_eq!(
        (local.name.as_str(), local.endpoint.as_str(), local.version().as_str()),
        ("local", "http://127.0.0.1:8080/v1", "m choice-1")
    );
    assert_eq!((local.budget, local.price, local.key_env.as_deref()), (Some(2_500_000), (100_000, 300_000), Some("COUNTERSIGN_LLM_KEY")));
    assert_eq!((local.timeout, local.wait, local.attempts, local.samples, local.candidates), (20_000_000, 0, 2, 5, 3));
    assert_eq!(parse(&named(""), "p.toml").unwrap().proposers[0].wait, 10_000_000);
    let version = |more: &str| parse(&named(more), "p.toml").unwrap().proposers[0].version();
    assert_eq!((version(""), version("template = \"choice-2\"\n")), ("m choice-1".to_owned(), "m choice-2".to_owned()));
    for (more, want) in [
        ("budget = 1\n", ("p.toml:9:10: proposers.local.budget", "add price")),
        ("key_env = \"sk-very-secret\"\n", ("p.toml:9:11: proposers.local.key_env", "never stands in a playbook")),
        ("key_env = \"PATH\"\n", ("p.toml:9:11: proposers.local.key_env", "begins with COUNTERSIGN_LLM_")),
        ("template = \"draft-1\"\n", ("p.toml:9:12: proposers.local.template", "with these goes \"choice-1\"")),
        ("template = \"choice-9\"\n", ("p.toml:9:12: proposers.local.template", "One of choice-1, draft-1, form-1, choice-2, draft-2")),
        ("template = \"draft-2\"\n", ("p.toml:9:12: proposers.local.template", "with these goes \"choice-1\"")),
        ("candidates = 3\n", ("p.toml:9:14: proposers.local.candidates", "drafts of a text")),
        ("samples = 30\n", ("p.toml:9:11: proposers.local.samples", "from 1 to 20")),
        ("timeout = \"0s\"\n", ("p.toml:9:11: proposers.local.timeout", "must be from")),
        ("kind = \"onnx\"\n", ("p.toml:9:8: proposers.local.kind", "One of chat")),
        ("key = \"x\"\n", ("p.toml:9:7: proposers.local.key", "is no key here")),
    ] {
        check(&named(more), &[want]);
    }
    let secret = parse(&named("key_env = \"sk-very-secret\"\n"), "p.toml").unwrap_err();
    assert!(!secret[0].to_string().contains("sk-very"), "what may be the key is not repeated");
    for (endpoint, words) in [
        ("https://example.org/v1", "proxy with TLS"),
        ("ftp://example.org", "must be an address"),
        ("http:///v1", "names no host"),
        ("http://me:secret@example.org/v1", "named by key_env"),
        ("http://example.org/v1?a=b", "no place for a query"),
    ] {
        let source = fields(&format!("{BODY}[proposers.local]\nendpoint = \"{endpoint}\"\nmodel = \"m\"\n"));
        check(&source, &[("p.toml:7:12: proposers.local.endpoint", words)]);
    }
    check(
        &fields(&format!("{BODY}[proposers.local]\n")),
        &[("p.toml:6:1: proposers.local.endpoint", "is missing"), ("p.toml:6:1: proposers.local.model", "is missing")],
    );
    let options: Vec<String> = (0..27).map(|n| format!("\"o{n}\"")).collect();
    let many = named("").replace("[\"a\", \"b\"]", &format!("[{}]", options.join(", ")));
    check(&many, &[("p.toml:6:", "27 options by a letter")]);
    // Drafts of a text, and JSON after a schema.
    let of = |answer: &str| {
        let source = format!(
            "name = \"w\"\nquestion = \"?\"\nanswer = {answer}\n[fields]\n{BODY}[proposers.w]\nendpoint = \"http://[::1]:1\"\nmodel = \"m\"\n"
        );
        parse(&source, "w.toml").unwrap().proposers.remove(0).version()
    };
    assert_eq!(of("{ kind = \"text\" }"), "m draft-1");
    assert_eq!(of("{ kind = \"patch\" }"), "m draft-1");
    assert_eq!(of("{ kind = \"score\", min = 0, max = 1 }"), "m form-1");
}
