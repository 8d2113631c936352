//! Tests of the report: on two samples in full, and on findings that found nothing.

use countersign_science::rehearsal::findings::Findings;

use super::*;

const FULL: &str = include_str!("../../samples/rehearsal.json");
const SUGGESTION_ONLY: &str = include_str!("../../samples/suggestion_only.json");

fn findings(json: &str) -> Findings {
    serde_json::from_str(json).unwrap()
}

/// What a reader sees, a line an element: tags, style and pictures left out.
pub(crate) fn words(html: &str) -> String {
    let body = html.split_once("<body>").unwrap().1;
    let mut out = String::new();
    let mut rest = body;
    while let Some(at) = rest.find('<') {
        out.push_str(&rest[..at]);
        let inline = ["<em", "</em", "<span class=\"num", "<code", "</code", "<b>"].iter().any(|tag| rest[at..].starts_with(tag));
        let skip = ["svg", "details"].iter().find(|name| rest[at + 1..].starts_with(**name));
        let end = skip.map_or(">".to_owned(), |name| format!("</{name}>"));
        if !inline {
            out.push('\n');
        }
        rest = rest[at..].split_once(&*end).unwrap().1;
    }
    let lines: Vec<&str> = out.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    lines.join("\n").replace('\u{202f}', "~")
}

fn sections_of(html: &str) -> Vec<String> {
    html.split("<section id=\"").skip(1).map(|rest| rest.split('"').next().unwrap().to_owned()).collect()
}

#[test]
fn the_report_reads_as_reviewed() {
    insta::assert_snapshot!("full", words(&html(&findings(FULL))));
    insta::assert_snapshot!("suggestion_only", words(&html(&findings(SUGGESTION_ONLY))));
}

#[test]
fn the_sections_are_those_that_have_something_to_say() {
    let full = [
        "pair",
        "automation",
        "policies",
        "calibration",
        "reliance",
        "regions",
        "confusion",
        "people",
        "fairness",
        "cannot-say",
        "recommended",
        "method",
    ];
    assert_eq!(sections_of(&html(&findings(FULL))), full);
    assert_eq!(sections_of(&html(&findings(SUGGESTION_ONLY))), ["overrides", "plan", "cannot-say", "recommended", "method"]);
}

#[test]
fn nothing_found_is_a_report_too() {
    let mut empty = findings(SUGGESTION_ONLY);
    empty.suggestion_only = None;
    empty.headline.clear();
    empty.cannot_say.clear();
    empty.recommended = Default::default();
    empty.data = Default::default();
    empty.method = Default::default();
    let html = html(&empty);
    assert_eq!(sections_of(&html), ["pair", "method"]);
    assert!(html.contains("cannot be said") && html.contains("Not enough yet") && !html.contains("NaN"));
}

#[test]
fn names_from_the_data_are_text() {
    let mut hostile = findings(FULL);
    let attack = "</style></svg><script>alert(1)</script>\"'><img onerror=x>";
    hostile.data.source = attack.into();
    hostile.data.classes = vec![attack.into(), attack.into()];
    hostile.headline = vec![attack.into()];
    hostile.cannot_say = vec![attack.into()];
    for region in &mut hostile.regions {
        (region.conditions, region.sentence) = (attack.into(), attack.into());
    }
    for grouping in &mut hostile.fairness.groupings {
        (grouping.by, grouping.positive) = (attack.into(), attack.into());
        for group in grouping.members.iter_mut().flat_map(|member| &mut member.groups) {
            group.group = attack.into();
        }
    }
    for person in &mut hostile.skill.people {
        person.person = attack.into();
    }
    hostile.recommended.routing = Some(attack.into());
    let html = html(&hostile);
    assert!(!html.contains("<script") && !html.contains("<img") && html.matches("</style>").count() == 1);
    assert!(html.contains("&lt;script"));
}

#[test]
fn people_are_named_only_where_the_findings_name_them() {
    let mut quiet = findings(FULL);
    assert!(html(&quiet).contains("Chidi"));
    quiet.skill.people.clear();
    assert!(!html(&quiet).contains("Chidi"));
}

#[test]
fn a_promise_that_was_not_kept_is_a_warning_and_no_headline() {
    let mut broken = findings(FULL);
    assert!(html(&broken).contains("may go unreviewed."), "the sample keeps its promises");
    for one in &mut broken.automation {
        one.error = one.error.map(|error| Estimate { value: one.alpha + 0.01, ..error });
    }
    let html = html(&broken);
    assert!(
        html.contains("No case may go unreviewed yet.")
            && html.contains("was not kept on fresh cases")
            && !html.contains("may go unreviewed.")
    );
}

#[test]
fn policies_that_would_change_nothing_are_named_once() {
    let mut idle = findings(FULL);
    let mut policy = idle.policies[0].clone();
    policy.name = "automate_0.02".into();
    policy.title = "automate at an error of at most 2 %".into();
    idle.policies.push(policy);
    let words = words(&html(&idle));
    assert!(words.contains("so change nothing: Automated at 2~% error."), "{words}");
    assert!(!words.contains("automate at an error"));
}
