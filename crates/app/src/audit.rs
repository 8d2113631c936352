//! `audit`: how fair AI, people and pair are, from a file of past decisions. Touches no workspace, and writes nothing.
//!
//! Reads the file in pieces and keeps counts only; what is counted and how is in [`countersign_science::audit`].

pub mod csv;
mod many;
mod reading;
#[cfg(test)]
mod tests;

use countersign_columns::{Category, Column, MISSING, Table, Want};
use countersign_science::audit::{Batch, Collector, Names, UNKNOWN};
use reading::{Answers, Spec};
use std::{collections::BTreeMap, path::Path};

pub use countersign_columns::Source;
pub use countersign_science::{
    Estimate,
    audit::{
        Audit, ClassAudit, Partition,
        macro_rates::{MacroDecider, MacroPartition},
    },
    fairness::{Decider, Metric, Options, Scoring, Small},
};
pub use many::audit_classes;

/// Rows that are read at a time.
const BATCH_ROWS: usize = 1 << 20;

/// Why there is no audit.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// What was asked for does not fit the file.
    #[error("{0}")]
    Request(String),
    /// The file cannot be read.
    #[error(transparent)]
    Columns(#[from] countersign_columns::Error),
    /// The data cannot say it.
    #[error(transparent)]
    Science(#[from] countersign_science::Error),
}

/// Which column is what. A column of answers is a name, or a comparison that makes answers: `compas_decile>5`.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// What turned out to be true.
    pub truth: Option<String>,
    /// The AI's answers.
    pub prediction: Option<String>,
    /// The AI's score; a probability of the positive answer where calibration is to be told.
    pub score: Option<String>,
    /// Above this number of a prediction (or, without one, of the score) the answer is positive.
    pub threshold: Option<f64>,
    /// Answers of people before any advice.
    pub human: Option<String>,
    /// Answers of people after advice: what was decided.
    pub decided: Option<String>,
    /// Group columns.
    pub groups: Vec<String>,
    /// What the case was.
    pub item: Option<String>,
    /// Who answered.
    pub person: Option<String>,
    /// The answer that counts as positive.
    pub positive: Option<String>,
    /// Only rows in which each of these columns has this value: `column=value`.
    pub only: Vec<String>,
    /// How to measure.
    pub options: Options,
}

/// Opens a CSV, TSV, NDJSON or Parquet file; `-` is standard input (not for Parquet).
///
/// # Errors
/// Where it cannot be read or names its columns badly.
pub fn open(path: &Path) -> Result<Source, Error> {
    Ok(Source::open(path, None)?)
}

/// Audits a file. `progress` is told bytes read, of how many.
///
/// # Errors
/// See [`Error`]; each is a sentence that says what is wrong and what to do.
pub fn audit(source: &mut Source, request: &Request, progress: &mut dyn FnMut(u64, u64)) -> Result<Audit, Error> {
    let plan = Plan::new(source, request)?;
    let mut reader = Reader::new(&plan)?;
    source.for_each_batch::<_, Error>(&plan.wanted, BATCH_ROWS, progress, |table| reader.take(&plan, table))?;
    reader.finish(&plan, request)
}

/// The report as one HTML file; `source` is what the data is called.
#[must_use]
pub fn html(audit: &Audit, source: &str) -> String {
    countersign_report::audit::html(audit, source, concat!("Countersign ", env!("CARGO_PKG_VERSION")))
}

/// The columns to read, and what each is for.
struct Plan {
    wanted: Vec<(String, Want)>,
    truth: Option<Spec>,
    deciders: Vec<(&'static str, Spec)>,
    score: Option<String>,
    groups: Vec<String>,
    clusters: Vec<String>,
    /// Columns with the value that a row must have.
    only: Vec<(String, String)>,
}

impl Plan {
    fn new(source: &Source, request: &Request) -> Result<Self, Error> {
        let threshold = request.threshold;
        let spec = |text: &Option<String>, threshold| -> Result<Option<Spec>, Error> {
            let Some(text) = text else { return Ok(None) };
            Ok(Some(Spec::parse(text, source.names(), threshold)?.with_positive(request.positive.as_deref())))
        };
        let ai = match (&request.prediction, &request.score, threshold) {
            (None, Some(_), Some(_)) => spec(&request.score, threshold)?,
            _ => spec(&request.prediction, threshold)?,
        };
        let deciders: Vec<(&'static str, Spec)> =
            [("AI", ai), ("people", spec(&request.human, None)?), ("pair", spec(&request.decided, None)?)]
                .into_iter()
                .filter_map(|(name, spec)| Some((name, spec?)))
                .collect();
        if deciders.is_empty() {
            let why = if request.score.is_some() {
                "A score alone decides nothing: say from which number on the answer is positive, --threshold 0.5"
            } else {
                "Say whose answers to audit: --prediction COLUMN (the AI), --human COLUMN (people), --final COLUMN (after advice)"
            };
            return Err(Error::Request(why.into()));
        }
        if request.groups.is_empty() {
            return Err(Error::Request("Say which groups to compare: --group COLUMN, or several, --group race,sex".into()));
        }
        let mut groups = Vec::new();
        for list in &request.groups {
            groups.extend(source.select(list)?);
        }
        let truth = spec(&request.truth, None)?;
        let clusters: Vec<String> = [&request.person, &request.item].into_iter().flatten().cloned().collect();
        let mut wanted: Vec<(String, Want)> = Vec::new();
        let mut want = |name: &str, how: Want| -> Result<(), Error> {
            match wanted.iter().find(|(other, _)| other == name) {
                None => wanted.push((name.to_owned(), how)),
                Some((_, other)) if *other == how => {}
                Some(_) => {
                    return Err(Error::Request(format!(
                        "The column {name:?} cannot be both answers or a score and a group, a person or an item"
                    )));
                }
            }
            Ok(())
        };
        for spec in truth.iter().chain(deciders.iter().map(|(_, spec)| spec)) {
            want(&spec.column, spec.want())?;
        }
        if let Some(score) = &request.score {
            // A column that is read as answers already is one of numbers, or it is no score.
            if !truth.iter().chain(deciders.iter().map(|(_, spec)| spec)).any(|spec| spec.column == *score) {
                want(score, Want::Number)?;
            }
        }
        for group in &groups {
            want(group, Want::Category)?;
        }
        for cluster in &clusters {
            if groups.contains(cluster) {
                return Err(Error::Request(format!("The column {cluster:?} cannot be both a group and a person or an item")));
            }
            want(cluster, Want::Key)?;
        }
        let only = request.only.iter().map(|text| condition(text, source)).collect::<Result<Vec<_>, _>>()?;
        for (column, _) in &only {
            want(column, Want::Category)?;
        }
        Ok(Self { wanted, truth, deciders, score: request.score.clone(), groups, clusters, only })
    }
}

/// `column=value`.
fn condition(text: &str, source: &Source) -> Result<(String, String), Error> {
    let Some((column, value)) = text.split_once('=') else {
        return Err(Error::Request(format!("{text:?} should be a column and a value: column=value")));
    };
    match source.select(column)?.as_slice() {
        [one] => Ok((one.clone(), value.to_owned())),
        _ => Err(Error::Request(format!("{column:?} names more than one column"))),
    }
}

/// What has been read so far.
struct Reader {
    collector: Collector,
    truth: Option<Answers>,
    deciders: Vec<Answers>,
    labels: BTreeMap<String, Vec<String>>,
}

impl Reader {
    fn new(plan: &Plan) -> Result<Self, Error> {
        Ok(Self {
            collector: Collector::new(plan.groups.len(), plan.deciders.len(), plan.clusters.len())?,
            truth: plan.truth.as_ref().map(|_| Answers::default()),
            deciders: vec![Answers::default(); plan.deciders.len()],
            labels: BTreeMap::new(),
        })
    }

    fn take(&mut self, plan: &Plan, table: &Table) -> Result<(), Error> {
        let column = |name: &str| table.column(name).ok_or_else(|| Error::Request(format!("The column {name:?} is not in the file")));
        let labels = match (&mut self.truth, &plan.truth) {
            (Some(answers), Some(spec)) => answers.read(spec, column(&spec.column)?),
            _ => Vec::new(),
        };
        let mut answers = Vec::new();
        for (own, (_, spec)) in self.deciders.iter_mut().zip(&plan.deciders) {
            answers.push(own.read(spec, column(&spec.column)?));
        }
        let category = |name: &str| match column(name)? {
            Column::Category(category) => Ok(category),
            Column::Number(_) => Err(Error::Request(format!("The column {name:?} was not read as categories"))),
        };
        let groups: Vec<&Category> = plan.groups.iter().map(|name| category(name)).collect::<Result<_, _>>()?;
        let clusters: Vec<&Category> = plan.clusters.iter().map(|name| category(name)).collect::<Result<_, _>>()?;
        // MISSING and UNKNOWN are the same number, so codes go over as they are.
        const _: () = assert!(MISSING == UNKNOWN);
        for (name, category) in plan.groups.iter().zip(&groups) {
            let known = self.labels.entry(name.clone()).or_default();
            known.extend(category.labels.iter().skip(known.len()).map(str::to_owned));
        }
        let scores = match &plan.score {
            None => &[][..],
            Some(name) => match column(name)? {
                Column::Number(values) => values.as_slice(),
                Column::Category(_) => return Err(Error::Request(format!("The score {name:?} is a column of words; a score is a number"))),
            },
        };
        if plan.only.is_empty() {
            let groups: Vec<&[u32]> = groups.iter().map(|category| category.codes.as_slice()).collect();
            let clusters: Vec<&[u32]> = clusters.iter().map(|category| category.codes.as_slice()).collect();
            let answers: Vec<&[u8]> = answers.iter().map(Vec::as_slice).collect();
            let batch = Batch { rows: table.rows(), groups: &groups, labels: &labels, answers: &answers, clusters: &clusters, scores };
            return Ok(self.collector.add(&batch)?);
        }
        let keep = kept(&plan.only, table)?;
        let groups: Vec<Vec<u32>> = groups.iter().map(|category| pick(&category.codes, &keep)).collect();
        let clusters: Vec<Vec<u32>> = clusters.iter().map(|category| pick(&category.codes, &keep)).collect();
        let answers: Vec<Vec<u8>> = answers.iter().map(|answers| pick(answers, &keep)).collect();
        self.collector.add(&Batch {
            rows: keep.iter().filter(|keep| **keep).count(),
            groups: &groups.iter().map(Vec::as_slice).collect::<Vec<_>>(),
            labels: &pick(&labels, &keep),
            answers: &answers.iter().map(Vec::as_slice).collect::<Vec<_>>(),
            clusters: &clusters.iter().map(Vec::as_slice).collect::<Vec<_>>(),
            scores: &pick(scores, &keep),
        })?;
        Ok(())
    }

    fn finish(self, plan: &Plan, request: &Request) -> Result<Audit, Error> {
        let all = self.truth.iter().chain(&self.deciders);
        let specs = plan.truth.iter().chain(plan.deciders.iter().map(|(_, spec)| spec));
        reading::check(&all.zip(specs).collect::<Vec<_>>(), request.positive.as_deref())?;
        let names = Names {
            attributes: plan.groups.clone(),
            values: plan.groups.iter().map(|name| self.labels.get(name).cloned().unwrap_or_default()).collect(),
            deciders: plan.deciders.iter().map(|(name, _)| (*name).to_owned()).collect(),
            positive: request.positive.clone().unwrap_or_else(|| "1".into()),
            clusters: plan.clusters.clone(),
        };
        let mut audit = self.collector.finish(&names, &request.options)?;
        for (name, spec) in &plan.deciders {
            audit.method.notes.push(format!("{name}: {spec}."));
        }
        for (column, value) in &plan.only {
            audit.method.notes.push(format!("Only rows in which {column} is {value:?}."));
        }
        if let Some(spec) = &plan.truth {
            audit.method.notes.push(format!("truth: {spec}."));
        }
        Ok(audit)
    }
}

/// Which rows have the wanted values.
fn kept(only: &[(String, String)], table: &Table) -> Result<Vec<bool>, Error> {
    let mut keep = vec![true; table.rows()];
    for (name, value) in only {
        let Some(category) = table.category(name) else {
            return Err(Error::Request(format!("The column {name:?} was not read as categories")));
        };
        let wanted = category.labels.find(value);
        for (keep, code) in keep.iter_mut().zip(&category.codes) {
            *keep &= wanted == Some(*code);
        }
    }
    Ok(keep)
}

/// The report of an audit of many classes as one HTML file.
#[must_use]
pub fn html_classes(audit: &ClassAudit, source: &str) -> String {
    countersign_report::audit::html_classes(audit, source, concat!("Countersign ", env!("CARGO_PKG_VERSION")))
}

fn pick<T: Copy>(values: &[T], keep: &[bool]) -> Vec<T> {
    values.iter().zip(keep).filter(|(_, keep)| **keep).map(|(value, _)| *value).collect()
}
