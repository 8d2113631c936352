//! What rules say of requests, and what is refused of them when they are saved.

use super::*;
use proptest::prelude::*;

const TRIAGE: &str = "alert-triage";

fn roles(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn compiled(text: &str) -> Rules {
    Rules::compile(text).unwrap_or_else(|problems| panic!("{}", problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")))
}

fn refused(text: &str) -> String {
    match Rules::compile(text) {
        Ok(_) => panic!("taken: {text}"),
        Err(problems) => problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"),
    }
}

fn person<'a>(id: &'a str, roles: &'a [String]) -> Actor<'a> {
    Actor::Person { id, roles, member: true }
}

#[test]
fn without_own_rules_the_playbook_says_who_decides() {
    let rules = compiled("");
    let (soc, other) = (roles(&["soc"]), roles(&["support"]));
    let playbook = Playbook { name: TRIAGE, roles: &soc };
    for action in Action::ALL.into_iter().filter(|action| action.takes_roles()) {
        let yes = rules.decide(&Request::new(person("ana", &soc), action, Some(playbook)));
        assert!(yes.allowed, "{action:?} {yes:?}");
        assert_eq!(yes.sentence(), "In alert-triage whoever has the role soc decides. (rule playbook.alert-triage)");
        let no = rules.decide(&Request::new(person("ben", &other), action, Some(playbook)));
        assert_eq!((no.allowed, no.sentence().as_str()), (false, "No rule allows it."), "{action:?}");
    }
    // A playbook that names no role is open to every member, and to nobody else.
    let open = Playbook { name: "open", roles: &[] };
    let outside = Actor::Person { id: "eve", roles: &soc, member: false };
    assert!(rules.decide(&Request::new(person("ben", &other), Action::Decide, Some(open))).allowed);
    assert!(!rules.decide(&Request::new(outside, Action::Decide, Some(open))).allowed);
    assert!(!rules.any());
}

/// Who remembers verdicts under no own rules relies on it.
#[test]
fn what_stands_by_itself_never_asks_about_a_case_or_an_answer() {
    let (none, staff, scopes) = (compiled(""), roles(&["staff", "lead"]), roles(&["cases:read", "admin"]));
    let actors = [
        person("a", &staff),
        Actor::Person { id: "b", roles: &[], member: false },
        Actor::Key { id: "k", scopes: &scopes },
        Actor::Agent { name: "sentry" },
        Actor::System { name: "operator" },
    ];
    for (actor, action) in actors.into_iter().flat_map(|actor| Action::ALL.map(|action| (actor, action))) {
        for (own, certified) in [(false, false), (false, true), (true, false), (true, true)] {
            let plain = Request { own, certified, ..Request::new(actor, action, Some(Playbook { name: "p", roles: &staff })) };
            let facts = vec![("region", Fact::Word("eu")), ("amount", Fact::Number("10001"))];
            let told = Request { facts, answer: Some("abuse"), ..plain.clone() };
            assert_eq!(none.decide(&plain), none.decide(&told), "{action:?} by {actor:?}");
            assert!(!none.reads_case(&plain));
        }
    }
}

#[test]
fn what_stands_fixed_stands_whatever_is_written() {
    let rules = compiled("@id(\"all\") @says(\"Everybody may everything.\") permit (principal, action, resource);");
    let soc = roles(&["soc"]);
    let lead = roles(&["lead"]);
    let playbook = Playbook { name: TRIAGE, roles: &soc };
    let own = Request { own: true, ..Request::new(person("ana", &soc), Action::Countersign, Some(playbook)) };
    assert_eq!(rules.decide(&own).reasons[0].id, "fixed.own");
    let agent = Actor::Agent { name: "model" };
    let uncertified = Request::new(agent, Action::Automate, Some(playbook));
    assert_eq!(rules.decide(&uncertified).reasons[0].id, "fixed.certificate");
    assert!(rules.decide(&Request { certified: true, ..uncertified }).allowed);
    for actor in [agent, Actor::Key { id: "k", scopes: &soc }, Actor::System { name: "operator" }] {
        assert!(!rules.decide(&Request::new(actor, Action::Rules, None)).allowed, "{actor:?}");
        assert!(!rules.decide(&Request::new(actor, Action::Decide, Some(playbook))).allowed, "{actor:?}");
    }
    assert!(!rules.decide(&Request::new(person("ana", &soc), Action::Rules, None)).allowed);
    assert!(rules.decide(&Request::new(person("lea", &lead), Action::Rules, None)).allowed);
    // Not even by forbidding everything is anybody locked out of the rules.
    let nothing = compiled("@id(\"none\") @says(\"Nobody may anything.\") forbid (principal, action, resource);");
    assert!(nothing.decide(&Request::new(person("lea", &lead), Action::Rules, None)).allowed);
    assert!(!nothing.decide(&Request::new(person("lea", &lead), Action::Export, None)).allowed);
}

const LARGE: &str = r#"
// Large amounts are for senior people.
@id("large")
@says("More than 10,000 is for the role senior.")
forbid (principal, action in Action::"answer", resource in Playbook::"refunds")
when { resource.numbers.hasTag("amount") && resource.numbers.getTag("amount").greaterThan(decimal("10000.0")) }
unless { principal in Role::"senior" };

@id("abuse")
@says("Only whoever leads calls it abuse.")
forbid (principal, action in Action::"answer", resource)
when { context has answer && context.answer == "abuse" }
unless { principal in Role::"lead" };
"#;

#[test]
fn rules_read_what_the_case_says() {
    let rules = compiled(LARGE);
    let (staff, senior) = (roles(&["staff"]), roles(&["staff", "senior"]));
    let playbook = Playbook { name: "refunds", roles: &roles(&["staff"]) };
    let of = |who, amount| Request { facts: vec![("amount", Fact::Number(amount))], ..Request::new(who, Action::Decide, Some(playbook)) };
    for (roles, amount, allowed) in [
        (&staff, "10000", true),
        (&staff, "10000.0001", false),
        (&staff, "-20000", true),
        (&staff, "99999999999999999999", false),
        (&senior, "99999999999999999999", true),
    ] {
        assert_eq!(rules.decide(&of(person("p", roles), amount)).allowed, allowed, "{roles:?} {amount}");
    }
    let verdict = rules.decide(&of(person("p", &staff), "20000"));
    assert_eq!(verdict.sentence(), "More than 10,000 is for the role senior. (rule large)");
    // In another playbook the first rule does not speak, and the second does.
    let other = Request {
        facts: vec![("amount", Fact::Number("20000"))],
        ..Request::new(person("p", &staff), Action::Decide, Some(Playbook { name: "x", roles: &[] }))
    };
    assert!(rules.decide(&other).allowed);
    assert!(!rules.decide(&Request { answer: Some("abuse"), ..other }).allowed);
}

#[test]
fn without_a_case_what_may_be_allowed_is_allowed_and_no_more() {
    let rules = compiled(&format!(
        "{LARGE}\n@id(\"no-ben\") @says(\"Ben does not.\") forbid (principal == Person::\"ben\", action == Action::\"claim\", resource);"
    ));
    let staff = roles(&["staff"]);
    let playbook = Some(Playbook { name: "refunds", roles: &staff });
    let decide = Request::new(person("ana", &staff), Action::Decide, playbook);
    assert!(rules.reads_case(&decide) && rules.perhaps(&decide).allowed);
    let claim = Request::new(person("ben", &staff), Action::Claim, playbook);
    assert!(!rules.reads_case(&claim) && !rules.perhaps(&claim).allowed);
    let stranger = Request::new(person("eve", &[]), Action::Decide, playbook);
    assert!(!rules.perhaps(&stranger).allowed, "no role, no case");
}

#[test]
fn a_default_gives_way_to_a_rule_of_its_name() {
    let rules = compiled(
        "@id(\"default.export\") @says(\"Auditors take data out.\") permit (principal in Role::\"auditor\", action == Action::\"export\", resource);",
    );
    let auditor = roles(&["auditor"]);
    assert!(rules.decide(&Request::new(person("ada", &auditor), Action::Export, None)).allowed);
    assert!(!rules.decide(&Request::new(Actor::Key { id: "k", scopes: &[] }, Action::Export, None)).allowed);
    let listed: Vec<(String, Kind)> =
        rules.list().into_iter().filter(|rule| rule.id == "default.export").map(|rule| (rule.id, rule.kind)).collect();
    assert_eq!(listed, [("default.export".to_owned(), Kind::Own)]);
}

#[test]
fn what_is_wrong_is_refused_with_its_line() {
    let head = "@id(\"a\")\n@says(\"x\")\n";
    for (text, told) in [
        ("permit (principal, action, resource)", "line 1"),
        ("\n\npermit (principal, action, resource);", "line 3, column 1: give it an id"),
        ("@id(\"a\")\npermit (principal, action, resource);", "line 1, column 1: say in a sentence"),
        ("@id(\"A b\") @says(\"x\") permit (principal, action, resource);", "is no id"),
        (
            &format!("{head}permit (principal, action, resource);\n{head}permit (principal, action, resource);"),
            "line 4, column 1: the id \"a\" is taken by the rule on line 1",
        ),
        (&format!("{head}permit (principal, action == Action::\"decied\", resource);"), "decied"),
        (&format!("{head}forbid (principal, action == Action::\"decide\", resource)\nwhen {{ resource.amount > 3 }};"), "line 4"),
        (
            &format!("{head}forbid (principal, action == Action::\"decide\", resource)\nwhen {{ resource.getTag(\"a\") == \"b\" }};"),
            "hasTag",
        ),
        (&format!("{head}forbid (principal, action == Action::\"export\", resource is Case);"), "line"),
        (
            &format!("{head}forbid (principal, action == Action::\"rules\", resource);"),
            "line 1, column 1: a: who changes the rules is fixed",
        ),
        ("@id(\"fixed.own\") @says(\"x\") permit (principal, action, resource);", "nothing replaces them"),
        ("@id(\"default.nothing\") @says(\"x\") permit (principal, action, resource);", "there is no default of this name"),
        (&format!("{head}permit (principal == ?principal, action, resource);"), "slot"),
    ] {
        let problems = refused(text);
        assert!(problems.contains(told), "{text}\n-> {problems}");
    }
}

#[test]
fn nobody_is_named_who_is_not_there() {
    let text = "@id(\"a\")\n@says(\"x\")\nforbid (principal == Person::\"ana\", action == Action::\"see\", resource in Playbook::\"gone\")\nunless { principal in Role::\"lede\" };";
    let rules = compiled(text);
    let known = |kind: &str, id: &str| (kind, id) == ("Person", "ana");
    let told: Vec<String> = rules.strangers(text, &known).iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "line 1, column 1: a: there is no playbook of the name \"gone\"",
            "line 1, column 1: a: nobody has the role \"lede\", and no playbook names it: give it to somebody first",
        ]
    );
}

#[test]
fn expectations_are_held_against_the_rules() {
    let rules = compiled(LARGE);
    let person = |id: &str| (id == "ana").then(|| (vec!["staff".to_owned()], true));
    let playbook = |name: &str| (name == "refunds").then(|| vec!["staff".to_owned()]);
    let is_number = |_: &str, field: &str| field == "amount";
    let world = World { person: &person, playbook: &playbook, is_number: &is_number };
    let text = r#"
[[expect]]
allow = "decide"
person = "ana"
playbook = "refunds"
fields = { amount = 500 }

[[expect]]
deny = "decide"
person = "ana"
playbook = "refunds"
fields = { amount = "10000.5" }
because = "large"

[[expect]]
allow = "countersign"
roles = ["staff"]
playbook = "refunds"
answer = "abuse"

[[expect]]
deny = "decide"
person = "zoe"
playbook = "refunds"
"#;
    let (count, failures) = rules.test(text, &world).unwrap();
    let told: Vec<String> = failures.iter().map(|failure| format!("{}: {}", failure.line, failure.message)).collect();
    assert_eq!(count, 4);
    assert_eq!(
        told,
        [
            "15: countersign was expected to be allowed, and is refused: Only whoever leads calls it abuse. (rule abuse)",
            "21: there is nobody called \"zoe\" here",
        ]
    );
    for (wrong, says) in [
        ("[[expect]]\nallow = \"decide\"\nroles = []\n", "which playbook"),
        ("[[expect]]\nallow = \"fly\"\nroles = []\n", "no such action"),
        ("[[expect]]\nroles = []\n", "allow ="),
        ("[[expect]]\nallow = \"export\"\n", "say who"),
        ("[[expect]]\nallow = \"export\"\nwhom = 1\n", "whom"),
    ] {
        let problems = rules.test(wrong, &world).unwrap_err();
        assert!(problems[0].message.contains(says) && problems[0].line > 0, "{wrong} {problems:?}");
    }
}

/// Rules of random heads, and whether each forbids.
fn any_rules() -> impl Strategy<Value = String> {
    let rule = (any::<bool>(), 0_usize..15, 0_usize..4, 0_usize..3);
    proptest::collection::vec(rule, 0..8).prop_map(|rules| {
        let told = rules.into_iter().enumerate().map(|(at, (permit, action, who, place))| {
            let effect = if permit { "permit" } else { "forbid" };
            let action = Action::ALL.get(action).filter(|action| **action != Action::Rules);
            let action = action.map_or("action".to_owned(), |action| format!("action == Action::\"{}\"", action.word()));
            let who = ["principal", "principal in Role::\"soc\"", "principal is Key", "principal == Person::\"ana\""][who];
            let place = ["resource", "resource in Playbook::\"alert-triage\"", "resource in Playbook::\"other\""][place];
            format!("@id(\"r{at}\") @says(\"Rule {at}.\") {effect} ({who}, {action}, {place});\n")
        });
        told.collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_rules_widen_what_stands_fixed(text in any_rules(), action in 0_usize..14, lead in any::<bool>(), who in 0_usize..4, own in any::<bool>(), certified in any::<bool>()) {
        // Heads that cannot go together are refused when they are saved.
        let Ok(rules) = Rules::compile(&text) else { return Ok(()) };
        let action = Action::ALL[action];
        let some = roles(if lead { &["soc", "lead"] } else { &["soc"] });
        let actor = [person("ana", &some), Actor::Key { id: "k", scopes: &some }, Actor::Agent { name: "m" }, Actor::System { name: "operator" }][who];
        let request = Request { own, certified, ..Request::new(actor, action, Some(Playbook { name: TRIAGE, roles: &some })) };
        let verdict = rules.decide(&request);
        let answers = matches!(action, Action::Decide | Action::Countersign);
        if verdict.allowed {
            prop_assert!(!(answers && own));
            prop_assert!(action != Action::Automate || certified);
            prop_assert!(who == 0 || !(answers || action == Action::Rules));
            prop_assert!(!verdict.reasons.is_empty(), "whatever is allowed, a rule allows");
            prop_assert!(rules.perhaps(&request).allowed);
        }
        prop_assert_eq!(action == Action::Rules && who == 0 && lead, action == Action::Rules && verdict.allowed);
    }

    /// Taking a playbook's and an action's rules out beforehand decides as all of them together would.
    #[test]
    fn a_forbid_wins_over_every_permit(text in any_rules(), action in 0_usize..14) {
        let Ok(rules) = Rules::compile(&text) else { return Ok(()) };
        let action = Action::ALL[action];
        prop_assume!(action != Action::Rules);
        let some = roles(&["soc"]);
        let request = Request { certified: true, ..Request::new(person("ana", &some), action, Some(Playbook { name: TRIAGE, roles: &some })) };
        let before = rules.decide(&request);
        let forbidding = format!("{text}\n@id(\"last\") @says(\"No.\") forbid (principal == Person::\"ana\", action == Action::\"{}\", resource);", action.word());
        let after = compiled(&forbidding).decide(&request);
        prop_assert!(!after.allowed && after.reasons.iter().any(|reason| reason.id == "last"), "{before:?} {after:?}");
    }

    #[test]
    fn numbers_are_read_as_far_as_rules_reach(whole in "[0-9]{1,20}", rest in "[0-9]{0,8}", minus in any::<bool>()) {
        let number = format!("{}{whole}{}{rest}", if minus { "-" } else { "" }, if rest.is_empty() { "" } else { "." });
        let rules = compiled("@id(\"n\") @says(\"n\") forbid (principal, action == Action::\"see\", resource) when { resource.numbers.hasTag(\"n\") && resource.numbers.getTag(\"n\").greaterThan(decimal(\"-922337203685477.5808\")) };");
        let request = Request { facts: vec![("n", Fact::Number(&number))], ..Request::new(Actor::System { name: "s" }, Action::See, Some(Playbook { name: TRIAGE, roles: &[] })) };
        let verdict = rules.decide(&request);
        prop_assert!(verdict.reasons.iter().all(|reason| reason.id != "fixed.readable"), "{number}: {verdict:?}");
    }
}
