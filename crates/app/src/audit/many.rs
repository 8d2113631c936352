//! Audits of answers with more than two classes. Picks no positive answer: each is one in turn.

use super::{BATCH_ROWS, Error, Request, condition, kept, pick};
use countersign_columns::{Category, Source, Table, Want};
use countersign_science::audit::{CLASSES_MAX, ClassAudit, ClassBatch, ClassCollector, Names};
use std::collections::BTreeMap;

/// The columns to read.
struct Plan {
    wanted: Vec<(String, Want)>,
    truth: String,
    deciders: Vec<(&'static str, String)>,
    groups: Vec<String>,
    clusters: Vec<String>,
    only: Vec<(String, String)>,
}

/// Audits a file in which answers may be any of several. `progress` is told bytes read, of how many.
///
/// # Errors
/// See [`Error`]; each is a sentence that says what is wrong and what to do.
pub fn audit_classes(source: &mut Source, request: &Request, progress: &mut dyn FnMut(u64, u64)) -> Result<ClassAudit, Error> {
    let plan = Plan::new(source, request)?;
    let mut reader = Reader::new(&plan)?;
    source.for_each_batch::<_, Error>(&plan.wanted, BATCH_ROWS, progress, |table| reader.take(&plan, table))?;
    reader.finish(&plan, request)
}

impl Plan {
    fn new(source: &Source, request: &Request) -> Result<Self, Error> {
        let refused = [
            (request.positive.is_some(), "--positive"),
            (request.score.is_some(), "--score"),
            (request.threshold.is_some(), "--threshold"),
        ];
        if let Some((_, flag)) = refused.iter().find(|(given, _)| *given) {
            return Err(Error::Request(format!("With --macro every answer is the positive one in turn, and {flag} has no meaning")));
        }
        let column = |name: &String| -> Result<String, Error> {
            if source.names().contains(name) {
                return Ok(name.clone());
            }
            Err(Error::Request(format!(
                "There is no column {name:?}; the file has {}. With --macro answers are columns, not comparisons",
                super::reading::listed(source.names().iter().map(String::as_str))
            )))
        };
        let Some(truth) = &request.truth else {
            return Err(Error::Request("Averages over answers need to know what was true: --truth COLUMN".into()));
        };
        let deciders: Vec<(&'static str, String)> = [("AI", &request.prediction), ("people", &request.human), ("pair", &request.decided)]
            .into_iter()
            .filter_map(|(name, given)| given.as_ref().map(|given| Ok((name, column(given)?))))
            .collect::<Result<_, Error>>()?;
        if deciders.is_empty() {
            return Err(Error::Request(
                "Say whose answers to audit: --prediction COLUMN (the AI), --human COLUMN (people), --final COLUMN (after advice)".into(),
            ));
        }
        let mut groups = Vec::new();
        for list in &request.groups {
            groups.extend(source.select(list)?);
        }
        if groups.is_empty() {
            return Err(Error::Request("Say which groups to compare: --group COLUMN, or several, --group race,sex".into()));
        }
        let truth = column(truth)?;
        let clusters: Vec<String> = [&request.person, &request.item].into_iter().flatten().cloned().collect();
        let only = request.only.iter().map(|text| condition(text, source)).collect::<Result<Vec<_>, _>>()?;
        let mut wanted: Vec<(String, Want)> = Vec::new();
        let categories =
            [&truth].into_iter().chain(deciders.iter().map(|(_, name)| name)).chain(&groups).chain(only.iter().map(|(name, _)| name));
        for (name, want) in categories.map(|name| (name, Want::Category)).chain(clusters.iter().map(|name| (name, Want::Key))) {
            match wanted.iter().find(|(other, _)| other == name) {
                None => wanted.push((name.clone(), want)),
                Some((_, other)) if *other == want => {}
                Some(_) => {
                    return Err(Error::Request(format!("The column {name:?} cannot be both a group and a person or an item")));
                }
            }
        }
        Ok(Self { wanted, truth, deciders, groups, clusters, only })
    }
}

/// What has been read so far.
struct Reader {
    collector: ClassCollector,
    classes: Vec<String>,
    /// The class of each code, by column.
    codes: BTreeMap<String, Vec<u32>>,
    labels: BTreeMap<String, Vec<String>>,
}

impl Reader {
    fn new(plan: &Plan) -> Result<Self, Error> {
        Ok(Self {
            collector: ClassCollector::new(plan.groups.len(), plan.deciders.len(), plan.clusters.len())?,
            classes: Vec::new(),
            codes: BTreeMap::new(),
            labels: BTreeMap::new(),
        })
    }

    fn take(&mut self, plan: &Plan, table: &Table) -> Result<(), Error> {
        let category = |name: &str| -> Result<&Category, Error> {
            table.category(name).ok_or_else(|| Error::Request(format!("The column {name:?} was not read as categories")))
        };
        let keep = kept(&plan.only, table)?;
        let truth = pick(&self.read(&plan.truth, category(&plan.truth)?)?, &keep);
        let mut answers = Vec::new();
        for (_, name) in &plan.deciders {
            answers.push(pick(&self.read(name, category(name)?)?, &keep));
        }
        let mut columns = Vec::new();
        for name in plan.groups.iter().chain(&plan.clusters) {
            columns.push(pick(&category(name)?.codes, &keep));
        }
        for name in &plan.groups {
            let known = self.labels.entry(name.clone()).or_default();
            known.extend(category(name)?.labels.iter().skip(known.len()).map(str::to_owned));
        }
        let columns: Vec<&[u32]> = columns.iter().map(Vec::as_slice).collect();
        let (groups, clusters) = columns.split_at(plan.groups.len());
        let answers: Vec<&[u32]> = answers.iter().map(Vec::as_slice).collect();
        Ok(self.collector.add(&ClassBatch { rows: truth.len(), groups, truth: &truth, answers: &answers, clusters })?)
    }

    /// The classes of a piece of a column of answers.
    fn read(&mut self, name: &str, category: &Category) -> Result<Vec<u32>, Error> {
        let known = self.codes.entry(name.to_owned()).or_default();
        for label in category.labels.iter().skip(known.len()) {
            let class = class_name(label);
            let at = self.classes.iter().position(|other| *other == class).unwrap_or(self.classes.len());
            if at == self.classes.len() {
                if at == CLASSES_MAX {
                    return Err(Error::Request(format!(
                        "There are more than {CLASSES_MAX} different answers, too many to compare one by one: join some, or name the positive one with --positive"
                    )));
                }
                self.classes.push(class);
            }
            known.push(at as u32);
        }
        Ok(category.codes.iter().map(|code| known.get(*code as usize).copied().unwrap_or(u32::MAX)).collect())
    }

    fn finish(self, plan: &Plan, request: &Request) -> Result<ClassAudit, Error> {
        if self.classes.len() < 2 {
            return Err(Error::Request(match self.classes.first() {
                None => format!("The column {:?} has no value in any row", plan.truth),
                Some(only) => format!("Every answer and every truth is {only:?}: there is nothing to compare"),
            }));
        }
        let names = Names {
            attributes: plan.groups.clone(),
            values: plan.groups.iter().map(|name| self.labels.get(name).cloned().unwrap_or_default()).collect(),
            deciders: plan.deciders.iter().map(|(name, _)| (*name).to_owned()).collect(),
            positive: String::new(),
            clusters: plan.clusters.clone(),
        };
        let mut audit = self.collector.finish(&names, &self.classes, &request.options)?;
        for class in &mut audit.by_class {
            for (name, column) in &plan.deciders {
                class.method.notes.push(format!("{name}: positive where {column} is {:?}.", class.positive));
            }
            for (column, value) in &plan.only {
                class.method.notes.push(format!("Only rows in which {column} is {value:?}."));
            }
        }
        Ok(audit)
    }
}

/// `1` and `1.0` are the same answer.
fn class_name(label: &str) -> String {
    let label = label.trim();
    label.parse::<f64>().ok().filter(|number| number.is_finite()).map_or_else(|| label.to_owned(), |number| number.to_string())
}
