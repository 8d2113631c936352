//! Tests of reading worlds: what they take over, and what is refused by name.

use super::*;

const CALM: &str = r#"
[calm]
classes = ["no", "yes"]
days = 4
cases_per_day = 10
common = 0.2
promise = { max_error = 0.02, certainty = 0.95, audit = 0.05 }
outcome = { observed = "always", after_days = 3 }
costs = { error = 1.0, "yes -> no" = 20.0, minute = 0.05 }
regions = [ { name = "r", share = 0.7, prior = [0.9, 0.1] }, { name = "s", share = 0.3, prior = [0.5, 0.5] } ]
proposers = [ { name = "m", overconfidence = 1.6, accuracy = { r = 0.98, s = 0.78 } } ]
people = [
  { name = "p", minutes = 1.0, cap_per_day = 12, accuracy = { r = 0.96, s = 0.93 }, follow_right = 0.7, follow_wrong = 0.4 },
  { name = "q", minutes = 1.0, cap_per_day = 12, accuracy = { r = 0.95, s = 0.91 }, follow_right = 0.6, follow_wrong = 0.3 },
]
"#;

fn with(more: &str) -> Result<World, Error> {
    parse_one(&format!("{CALM}\n[other]\nbase = \"calm\"\n{more}"), "other")
}

#[test]
fn a_world_takes_over_what_it_does_not_say() {
    let calm = parse_one(CALM, "calm").unwrap();
    assert_eq!((calm.cases(), calm.regions.len(), calm.people.len(), calm.change_day()), (40, 2, 2, None));
    assert_eq!((calm.costs.error(1, 0), calm.costs.error(0, 1), calm.costs.time(60_000)), (20_000_000, 1_000_000, 50_000));
    assert_eq!(calm.outcome.as_ref().map(|outcome| outcome.after), Some(3 * DAY));
    let other = with("people_count = 3\nfollow = { follow_right = 0.9, follow_wrong = 0.85 }\noutcome = { observed = [\"yes\"], after_days = 7 }\nchanges = [ { day = 3, proposer = \"m\", region = \"s\", accuracy = 0.5 }, { day = 2, person = \"q\", region = \"r\", accuracy = 0.6 } ]").unwrap();
    assert_eq!(other.people.iter().map(|person| person.name.as_str()).collect::<Vec<_>>(), ["p", "q", "p.2"]);
    assert!(other.people.iter().all(|person| (person.follow_right, person.follow_wrong) == (0.9, 0.85)));
    assert_eq!(other.change_day(), Some(2));
    let accuracy = |who, region, day| other.accuracy(who, region, day);
    assert_eq!([2, 3, 4].map(|day| accuracy(Actor::Proposer(0), 1, day)), [0.78, 0.5, 0.5]);
    assert_eq!([1, 2].map(|day| accuracy(Actor::Person(1), 0, day)), [0.95, 0.6]);
    assert_eq!(accuracy(Actor::Person(2), 0, 4), 0.96);
    assert!(!other.observable(0) && other.observable(1) && calm.observable(0));
    assert_eq!(parse(CALM).unwrap(), [calm]);
    // A base of a base.
    let third = format!("{CALM}\n[other]\nbase = \"calm\"\ndays = 5\n[third]\nbase = \"other\"\ncommon = 0.5");
    let third = parse_one(&third, "third").unwrap();
    assert_eq!((third.days, third.common), (5, 0.5));
}

#[test]
fn what_is_no_world_is_refused_by_its_key() {
    for (more, key) in [
        ("classes = [\"one\"]", "classes"),
        ("classes = [\"no\", \"no\"]", "classes"),
        ("days = 0", "days"),
        ("cases_per_day = 2000000", "cases_per_day"),
        ("common = 1.5", "common"),
        ("costs = { \"maybe -> no\" = 3 }", "costs.maybe -> no"),
        ("costs = { \"no -> no\" = 3 }", "costs.no -> no"),
        ("costs = { minute = -1.0 }", "costs.minute"),
        ("outcome = { observed = [\"maybe\"] }", "outcome.observed"),
        ("outcome = { observed = \"never\" }", "outcome.observed"),
        ("regions = [ { name = \"r\", share = 0.7, prior = [0.9, 0.1] } ]", "regions"),
        ("regions = [ { name = \"r\", share = 1.0, prior = [0.9, 0.2] } ]", "prior of region r"),
        ("regions = [ { name = \"x\", share = 1.0, prior = [0.9, 0.1] } ]", "accuracy of m"),
        ("proposers = [ { name = \"m\", overconfidence = 0.0, accuracy = { r = 0.9, s = 0.9 } } ]", "overconfidence"),
        ("people_count = 0", "people_count"),
        ("changes = [ { day = 1, region = \"r\", accuracy = 0.5 } ]", "changes"),
        ("changes = [ { day = 1, proposer = \"m\", region = \"x\", accuracy = 0.5 } ]", "changes"),
        ("promise = { max_error = 2.0, certainty = 0.95, audit = 0.05 }", "promise.max_error"),
        ("weather = 3", "its keys"),
        ("base2 = 3", "its keys"),
    ] {
        match with(more) {
            Err(Error::World { world, key: found, .. }) => assert_eq!((world.as_str(), found.as_str()), ("other", key), "{more}"),
            other => panic!("{more}: {other:?}"),
        }
    }
    assert!(matches!(parse("[a"), Err(Error::File(_))));
    assert!(matches!(parse_one(CALM, "gone"), Err(Error::File(_))));
    assert!(matches!(parse("[a]\nbase = \"b\"\n[b]\nbase = \"a\""), Err(Error::World { .. })));
    assert!(matches!(parse("a = 3"), Err(Error::World { .. })));
}
