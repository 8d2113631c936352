//! Reading worlds from TOML: one table a world; `base` names another one of the file whose keys it takes over. Never fills in
//! what a world does not say: a key that is missing or unknown is refused by its name.

use crate::{
    Error, World,
    world::{Actor, Change, DAY, Outcome, Person, Promise, Proposer, Region},
};
use countersign_core::number::Micros;
use countersign_science::cost::{Costs, MICROS};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use toml::{Table, Value};

/// Worlds that build on one another, at most.
const BASES_MAX: usize = 16;
/// Days of a world.
const DAYS_MAX: u32 = 3_660;
/// Cases of a world, in all.
const CASES_MAX: u64 = 2_000_000;
/// Classes of a world.
const CLASSES_MAX: usize = 50;
/// Regions, proposers, people of a world, each.
const PARTS_MAX: usize = 200;
/// How far shares may be from summing to 1.
const SUM_TOLERANCE: f64 = 1e-6;

/// The worlds of a file, in the order of their names.
///
/// # Errors
/// [`Error::File`] where it is no TOML, [`Error::World`] with the key that is to blame.
pub fn parse(source: &str) -> Result<Vec<World>, Error> {
    let file: Table = source.parse().map_err(|error: toml::de::Error| Error::File(error.to_string()))?;
    file.keys().map(|name| world(&file, name)).collect()
}

/// One world of a file.
///
/// # Errors
/// As [`parse`], and where there is no world of that name.
pub fn parse_one(source: &str, name: &str) -> Result<World, Error> {
    let file: Table = source.parse().map_err(|error: toml::de::Error| Error::File(error.to_string()))?;
    if !file.contains_key(name) {
        let names: Vec<&str> = file.keys().map(String::as_str).collect();
        return Err(Error::File(format!("there is no world {name} in the file; there are {}", names.join(", "))));
    }
    world(&file, name)
}

fn world(file: &Table, name: &str) -> Result<World, Error> {
    let fault = |key: &str, why: String| Error::World { world: name.to_owned(), key: key.to_owned(), why };
    let table = merged(file, name).map_err(|why| fault("base", why))?;
    let raw: Raw = Value::Table(table).try_into().map_err(|error: toml::de::Error| fault("its keys", error.message().to_owned()))?;
    raw.world(name).map_err(|Fault(key, why)| fault(&key, why))
}

/// A world with whatever it takes over from the worlds that it is based on.
fn merged(file: &Table, name: &str) -> Result<Table, String> {
    let mut out = Table::new();
    let mut next = Some(name.to_owned());
    for _ in 0..BASES_MAX {
        let Some(name) = next.take() else { return Ok(out) };
        let Some(Value::Table(table)) = file.get(&name) else { return Err(format!("there is no world {name} in the file")) };
        for (key, value) in table {
            match (key.as_str(), value) {
                ("base", Value::String(base)) => next = Some(base.clone()),
                ("base", _) => return Err("is the name of another world in quotes".into()),
                _ if out.contains_key(key) => {}
                _ => {
                    out.insert(key.clone(), value.clone());
                }
            }
        }
    }
    Err(format!("more than {BASES_MAX} worlds build on one another, or in a circle"))
}

/// A key, and what is wrong with it.
struct Fault(String, String);

fn fault<T>(key: impl Into<String>, why: impl Into<String>) -> Result<T, Fault> {
    Err(Fault(key.into(), why.into()))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    classes: Vec<String>,
    days: u32,
    cases_per_day: u32,
    #[serde(default)]
    common: f64,
    promise: Option<RawPromise>,
    outcome: Option<RawOutcome>,
    #[serde(default)]
    costs: BTreeMap<String, f64>,
    regions: Vec<RawRegion>,
    proposers: Vec<RawProposer>,
    people: Vec<RawPerson>,
    people_count: Option<usize>,
    follow: Option<RawFollow>,
    #[serde(default)]
    changes: Vec<RawChange>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPromise {
    max_error: f64,
    certainty: f64,
    audit: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawOutcome {
    observed: Value,
    #[serde(default)]
    after_days: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRegion {
    name: String,
    share: f64,
    prior: Vec<f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawProposer {
    name: String,
    overconfidence: f64,
    accuracy: BTreeMap<String, f64>,
}

#[derive(Deserialize, Clone)]
#[serde(deny_unknown_fields)]
struct RawPerson {
    name: String,
    minutes: f64,
    cap_per_day: u32,
    accuracy: BTreeMap<String, f64>,
    follow_right: f64,
    follow_wrong: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFollow {
    follow_right: f64,
    follow_wrong: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawChange {
    day: u32,
    proposer: Option<String>,
    person: Option<String>,
    region: String,
    accuracy: f64,
}

impl Raw {
    fn world(self, name: &str) -> Result<World, Fault> {
        unique("classes", self.classes.iter())?;
        if !(2..=CLASSES_MAX).contains(&self.classes.len()) {
            return fault("classes", format!("there are {}; a world has 2 to {CLASSES_MAX}", self.classes.len()));
        }
        if !(1..=DAYS_MAX).contains(&self.days) {
            return fault("days", format!("must be from 1 to {DAYS_MAX}"));
        }
        let cases = u64::from(self.days) * u64::from(self.cases_per_day);
        if cases == 0 || cases > CASES_MAX {
            return fault("cases_per_day", format!("gives {cases} cases in all; there are 1 to {CASES_MAX}"));
        }
        share("common", self.common)?;
        let regions = regions(self.regions, self.classes.len())?;
        let proposers = proposers(self.proposers, &regions)?;
        let people = people(self.people, self.people_count, self.follow.as_ref(), &regions)?;
        let changes = self.changes.into_iter().map(|change| change.read(&regions, &proposers, &people));
        let mut changes: Vec<Change> = changes.collect::<Result<_, _>>()?;
        changes.sort_by_key(|change| change.day);
        Ok(World {
            name: name.to_owned(),
            days: self.days,
            cases_per_day: self.cases_per_day,
            common: self.common,
            promise: self.promise.map(RawPromise::read).transpose()?,
            outcome: self.outcome.map(|outcome| outcome.read(&self.classes)).transpose()?,
            costs: costs(&self.costs, &self.classes)?,
            classes: self.classes,
            regions,
            proposers,
            people,
            changes,
        })
    }
}

impl RawPromise {
    fn read(self) -> Result<Promise, Fault> {
        let Self { max_error, certainty, audit } = self;
        // What of it a playbook refuses is told when the playbook is read.
        [("promise.max_error", max_error), ("promise.certainty", certainty), ("promise.audit", audit)]
            .into_iter()
            .try_for_each(|(key, value)| share(key, value))?;
        Ok(Promise { max_error, certainty, audit })
    }
}

impl RawOutcome {
    fn read(self, classes: &[String]) -> Result<Outcome, Fault> {
        let observed = match &self.observed {
            Value::String(word) if word == "always" => None,
            Value::Array(words) => {
                let class = |word: &Value| classes.iter().position(|class| word.as_str() == Some(class));
                let seen: Option<Vec<usize>> = words.iter().map(class).collect();
                let Some(seen) = seen.filter(|seen| !seen.is_empty()) else {
                    return fault("outcome.observed", format!("lists some of the classes: {}", classes.join(", ")));
                };
                Some(seen)
            }
            _ => return fault("outcome.observed", "is \"always\", or the decided answers under which the truth is ever seen"),
        };
        if !(0.0..=f64::from(DAYS_MAX)).contains(&self.after_days) {
            return fault("outcome.after_days", format!("must be from 0 to {DAYS_MAX}"));
        }
        Ok(Outcome { observed, after: (self.after_days * DAY as f64).round() as Micros })
    }
}

impl RawChange {
    fn read(self, regions: &[Region], proposers: &[Proposer], people: &[Person]) -> Result<Change, Fault> {
        let who = match (&self.proposer, &self.person) {
            (Some(name), None) => proposers.iter().position(|p| p.name == *name).map(Actor::Proposer),
            (None, Some(name)) => people.iter().position(|p| p.name == *name).map(Actor::Person),
            _ => None,
        };
        let Some(who) = who else { return fault("changes", "each names one proposer or one person of the world") };
        let Some(region) = regions.iter().position(|region| region.name == self.region) else {
            return fault("changes", format!("there is no region {}", self.region));
        };
        if self.day == 0 {
            return fault("changes", "the first day is 1");
        }
        share("changes", self.accuracy)?;
        Ok(Change { day: self.day, who, region, accuracy: self.accuracy })
    }
}

fn regions(raw: Vec<RawRegion>, classes: usize) -> Result<Vec<Region>, Fault> {
    parts("regions", raw.len())?;
    unique("regions", raw.iter().map(|region| &region.name))?;
    sums_to_one("regions", raw.iter().map(|region| region.share))?;
    let read = |region: RawRegion| {
        let key = format!("prior of region {}", region.name);
        if region.prior.len() != classes {
            return fault(key, format!("has {} shares for {classes} classes", region.prior.len()));
        }
        sums_to_one(&key, region.prior.iter().copied())?;
        Ok(Region { name: region.name, share: region.share, prior: region.prior })
    };
    raw.into_iter().map(read).collect()
}

fn proposers(raw: Vec<RawProposer>, regions: &[Region]) -> Result<Vec<Proposer>, Fault> {
    parts("proposers", raw.len())?;
    unique("proposers", raw.iter().map(|proposer| &proposer.name))?;
    let read = |proposer: RawProposer| {
        if !(proposer.overconfidence > 0.0 && proposer.overconfidence <= 100.0) {
            return fault("overconfidence", "must be above 0 and at most 100; 1 is calibrated");
        }
        let accuracy = accuracy(&proposer.name, &proposer.accuracy, regions)?;
        Ok(Proposer { name: proposer.name, overconfidence: proposer.overconfidence, accuracy })
    };
    raw.into_iter().map(read).collect()
}

fn people(raw: Vec<RawPerson>, count: Option<usize>, follow: Option<&RawFollow>, regions: &[Region]) -> Result<Vec<Person>, Fault> {
    parts("people", raw.len())?;
    unique("people", raw.iter().map(|person| &person.name))?;
    let count = count.unwrap_or(raw.len());
    if !(1..=PARTS_MAX).contains(&count) {
        return fault("people_count", format!("must be from 1 to {PARTS_MAX}"));
    }
    let read = |(at, person): (usize, &RawPerson)| {
        if !(person.minutes > 0.0 && person.minutes <= 1_440.0) {
            return fault("minutes", format!("those of {} must be above 0 and at most a day", person.name));
        }
        let (follow_right, follow_wrong) =
            follow.map_or((person.follow_right, person.follow_wrong), |follow| (follow.follow_right, follow.follow_wrong));
        share("follow_right", follow_right)?;
        share("follow_wrong", follow_wrong)?;
        // More people than are named: the list begins again, under further names.
        let again = at / raw.len();
        let name = if again == 0 { person.name.clone() } else { format!("{}.{}", person.name, again + 1) };
        let accuracy = accuracy(&person.name, &person.accuracy, regions)?;
        Ok(Person { name, minutes: person.minutes, cap_per_day: person.cap_per_day, accuracy, follow_right, follow_wrong })
    };
    raw.iter().cycle().take(count).enumerate().map(read).collect()
}

fn accuracy(who: &str, raw: &BTreeMap<String, f64>, regions: &[Region]) -> Result<Vec<f64>, Fault> {
    let key = format!("accuracy of {who}");
    if let Some(name) = raw.keys().find(|name| !regions.iter().any(|region| region.name == **name)) {
        return fault(key, format!("there is no region {name}"));
    }
    let of = |region: &Region| match raw.get(&region.name) {
        Some(value) => share(&key, *value).map(|()| *value),
        None => fault(&key, format!("says nothing of region {}", region.name)),
    };
    regions.iter().map(of).collect()
}

fn costs(raw: &BTreeMap<String, f64>, classes: &[String]) -> Result<Costs, Fault> {
    let micros = |key: &str, value: f64| match (0.0..=1e9).contains(&value) {
        true => Ok((value * MICROS as f64).round() as i64),
        false => fault(format!("costs.{key}"), "must be from 0 to 10^9"),
    };
    let of = |key: &str, default: f64| micros(key, raw.get(key).copied().unwrap_or(default));
    let refused = |key: &str, error: &countersign_science::Error| Fault(format!("costs.{key}"), error.to_string());
    let mut costs = Costs::new(of("error", 1.0)?, of("minute", 0.0)?).map_err(|error| refused("error", &error))?;
    for (key, value) in raw.iter().filter(|(key, _)| !matches!(key.as_str(), "error" | "minute")) {
        let class = |word: &str| classes.iter().position(|class| class == word.trim());
        let pair = key.split_once("->").and_then(|(truth, answer)| Some((class(truth)?, class(answer)?)));
        let Some((truth, answer)) = pair else {
            return fault(format!("costs.{key}"), "is error, minute, or two classes as in \"truth -> answer\"");
        };
        costs = costs.with(truth as u32, answer as u32, micros(key, *value)?).map_err(|error| refused(key, &error))?;
    }
    Ok(costs)
}

fn parts(key: &str, count: usize) -> Result<(), Fault> {
    if (1..=PARTS_MAX).contains(&count) { Ok(()) } else { fault(key, format!("there are {count}; a world has 1 to {PARTS_MAX}")) }
}

fn share(key: impl Into<String>, value: f64) -> Result<(), Fault> {
    if (0.0..=1.0).contains(&value) { Ok(()) } else { fault(key, format!("{value} is no share from 0 to 1")) }
}

fn sums_to_one(key: &str, values: impl Iterator<Item = f64> + Clone) -> Result<(), Fault> {
    values.clone().try_for_each(|value| share(key, value))?;
    let sum: f64 = values.sum();
    if (sum - 1.0).abs() <= SUM_TOLERANCE { Ok(()) } else { fault(key, format!("the shares sum to {sum}, not to 1")) }
}

fn unique<'a>(key: &str, names: impl Iterator<Item = &'a String>) -> Result<(), Fault> {
    let mut seen = BTreeSet::new();
    for name in names {
        if name.is_empty() || !seen.insert(name) {
            return fault(key, format!("the name {name:?} is empty or there twice"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
