//! Importing history: rows of CSV and NDJSON become cases by a [`Mapping`]. A file is read as it comes, a row at a time, and
//! a bad row is reported with line, column and reason while the others go on. Never makes a signature of what it imports.
//!
//! [`Rows`] reads, [`Workspace::import`](crate::Workspace::import) sends, [`check`] tells of one case what the playbook says.

mod join;
mod label;
mod mapping;
mod plan;
mod run;
mod source;
mod word;

pub use join::{JOIN_BYTES_MAX, Join};
pub use mapping::{Confidence, DecisionColumns, DecisionMapping, JudgmentMapping, LAST_JUDGMENT, Mapping, OutcomeMapping, ProposalMapping};
pub use run::{BAD_ROWS_KEPT_MAX, NAMES_COUNTED_MAX, Report, WAITING_ROWS_MAX, bad_row};
pub use source::{Format, Meter, ROW_BYTES_MAX};

use crate::input::{CaseInput, Moment, ObservedInput, ProposalInput};
use countersign_core::{
    playbook::{Playbook, check},
    refusal::Refusal,
    time::parse_rfc3339,
};
use plan::Plan;
use serde_json::{Map, Value};
use source::{Csv, Ndjson, Record};
use std::{collections::BTreeMap, fmt, io::BufRead};
use word::{Cell, Cells, Columns};

/// Why an import cannot go on. A bad row is none of these: it is reported, and the others go on.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The mapping does not fit the file or the playbook.
    #[error("the mapping does not fit: {0}")]
    Mapping(String),
    /// The file cannot be read any further.
    #[error("line {line}: {detail}")]
    Source {
        /// From 1.
        line: u64,
        /// What is wrong and what would be right.
        detail: String,
    },
    /// A use case failed.
    #[error(transparent)]
    App(#[from] crate::Error),
}

/// A row that is no case, and why.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct BadRow {
    /// Line of the file at which the row begins, from 1.
    pub line: u64,
    /// The column or field to blame, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// What is wrong, as half a sentence after the column's name. Never a value.
    pub reason: String,
}

impl fmt::Display for BadRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.column {
            Some(column) => write!(f, "line {}, {column}: {}", self.line, self.reason),
            None => write!(f, "line {}: {}", self.line, self.reason),
        }
    }
}

/// What stops a row, or all of them.
#[derive(Debug)]
pub enum Fault {
    /// This row only.
    Row(BadRow),
    /// Nothing after it can be read.
    Source(Error),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Row(bad) => bad.fmt(f),
            Self::Source(error) => error.fmt(f),
        }
    }
}

impl From<BadRow> for Fault {
    fn from(bad: BadRow) -> Self {
        Self::Row(bad)
    }
}

/// A row that is a case.
#[derive(Debug, Clone)]
pub struct Row {
    /// Line of the file at which it begins, from 1.
    pub line: u64,
    /// The case, not yet held against its playbook.
    pub input: CaseInput,
}

/// The rows of a file, as cases.
pub struct Rows {
    source: Source,
    plan: Option<Plan>,
    playbook: String,
    columns: Columns,
    joins: Vec<Join>,
    /// Where the cells that the plan reads stand in a CSV file.
    places: Vec<Place>,
    /// Where each joined file's key stands.
    keys: Vec<Option<usize>>,
    ended: bool,
}

enum Source {
    Csv(Csv),
    Ndjson(Ndjson),
}

#[derive(Clone, Copy)]
enum Place {
    Main(usize),
    Joined(usize, usize),
    /// Only a row can tell (NDJSON).
    Member,
}

impl Rows {
    /// Opens a file. Without a playbook a line of NDJSON is a case as it is, and the mapping must be bare.
    ///
    /// # Errors
    /// Where the file has no readable beginning, or the mapping fits neither it nor the playbook.
    pub fn open(
        inner: Box<dyn BufRead + Send>,
        format: Format,
        mapping: &Mapping,
        playbook: Option<&Playbook>,
        joins: Vec<Join>,
        meter: Meter,
    ) -> Result<Self, Error> {
        let source = match format {
            Format::Csv(delimiter) => Source::Csv(Csv::open(inner, delimiter, meter)?),
            Format::Ndjson => Source::Ndjson(Ndjson::open(inner, meter)?),
        };
        let known = match &source {
            Source::Csv(csv) => {
                let joined = joins.iter().flat_map(|join| join.columns.iter());
                Some(csv.columns.iter().chain(joined).filter(|name| !name.is_empty()).cloned().collect::<Vec<_>>())
            }
            Source::Ndjson(_) => None,
        };
        if let Some(twice) = known.iter().flatten().enumerate().find(|(i, name)| known.iter().flatten().take(*i).any(|n| n == *name)) {
            return Err(Error::Mapping(format!(
                "two files have a column {:?}: give the joined one a prefix, as in --join low=FILE",
                twice.1
            )));
        }
        let mut columns = Columns { known, read: joins.iter().map(|join| join.on.clone()).collect() };
        let plan = match (playbook, &source) {
            (_, Source::Ndjson(_)) if mapping.is_bare() => None,
            (Some(playbook), _) => Some(Plan::new(mapping, playbook, &mut columns)?),
            (None, _) => {
                return Err(Error::Mapping("say which playbook the rows are cases of".into()));
            }
        };
        let mut rows =
            Self { source, plan, playbook: mapping.playbook.clone(), columns, joins, places: Vec::new(), keys: Vec::new(), ended: false };
        rows.places = rows.columns.read.iter().map(|name| rows.place(name)).collect();
        rows.keys = rows.joins.iter().map(|join| rows.columns.read.iter().position(|name| *name == join.on)).collect();
        Ok(rows)
    }

    /// Columns that the file has and no part of the mapping reads.
    #[must_use]
    pub fn unused(&self) -> Vec<&str> {
        let known = self.columns.known.iter().flatten().filter(|name| !self.columns.read.contains(name));
        known.map(String::as_str).collect()
    }

    fn place(&self, name: &str) -> Place {
        if let Source::Csv(csv) = &self.source
            && let Some(at) = csv.columns.iter().position(|n| n == name)
        {
            return Place::Main(at);
        }
        let joined = self.joins.iter().enumerate().find_map(|(j, join)| Some((j, join.columns.iter().position(|n| n == name)?)));
        joined.map_or(Place::Member, |(join, at)| Place::Joined(join, at))
    }

    fn case(&self, line: u64, record: &Record) -> Result<CaseInput, BadRow> {
        let Some(plan) = &self.plan else {
            return Err(BadRow { line, column: None, reason: "there is no mapping for it".into() });
        };
        let main = |name: &str, place: Place| match (record, place) {
            (Record::Cells(cells), Place::Main(at)) => cells.get(at).map_or(Cell::Absent, Cell::Text),
            (Record::Members(members), _) => members.get(name).map_or(Cell::Absent, Cell::Json),
            _ => Cell::Absent,
        };
        let mut joined = Vec::with_capacity(self.joins.len());
        for (join, key) in self.joins.iter().zip(&self.keys) {
            let key = key.and_then(|k| self.places.get(k)).map_or(Cell::Absent, |place| main(&join.on, *place));
            let row = key.text().and_then(|value| join.row(value.trim()));
            let reason = || "has no row in the joined file".to_owned();
            joined.push(row.ok_or_else(|| BadRow { line, column: Some(join.on.clone()), reason: reason() })?);
        }
        let cell = |(name, place): (&String, &Place)| match place {
            Place::Joined(join, at) => joined.get(*join).and_then(|row| row.get(*at)).map_or(Cell::Absent, Cell::Text),
            place => main(name, *place),
        };
        let names = &self.columns.read;
        plan.case(&Cells { line, names, cells: names.iter().zip(&self.places).map(cell).collect() })
    }

    fn line_case(&self, line: u64, bytes: &[u8]) -> Result<CaseInput, Fault> {
        if self.plan.is_some() {
            return Ok(self.case(line, &Record::Members(source::json(line, bytes)?))?);
        }
        if self.playbook.is_empty() {
            return source::json(line, bytes);
        }
        let mut members: Map<String, Value> = source::json(line, bytes)?;
        members.entry("playbook").or_insert_with(|| Value::from(self.playbook.as_str()));
        serde_json::from_value(Value::Object(members)).map_err(|error| Fault::Row(BadRow { line, column: None, reason: error.to_string() }))
    }
}

impl Iterator for Rows {
    type Item = Result<Row, Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let (line, case) = match &mut self.source {
            Source::Csv(csv) => {
                let (line, record) = csv.next()?;
                (line, record.and_then(|record| Ok(self.case(line, &record)?)))
            }
            Source::Ndjson(ndjson) => {
                let (line, bytes) = ndjson.next_line()?;
                (line, bytes.and_then(|bytes| self.line_case(line, &bytes)))
            }
        };
        self.ended = matches!(case, Err(Fault::Source(_)));
        Some(case.map(|input| Row { line, input }))
    }
}

/// What the playbook says of a case, without sending it anywhere.
///
/// # Errors
/// The first refusal; its pointer is that of the case as it is handed in.
pub fn check(playbook: &Playbook, input: &CaseInput) -> Result<(), Refusal> {
    check::field_values(playbook, input.fields.clone())?;
    for (i, proposal) in input.proposals.iter().enumerate() {
        proposal_check(playbook, proposal).map_err(|refusal| below(&format!("/proposals/{i}"), refusal))?;
    }
    moment_check(input.deadline.as_ref(), "/deadline")?;
    let Some(history) = &input.history else {
        return Ok(());
    };
    moment_check(history.opened_at.as_ref(), "/history/opened_at")?;
    for (i, judgment) in history.judgments.iter().enumerate() {
        judgment_check(playbook, judgment).map_err(|refusal| below(&format!("/history/judgments/{i}"), refusal))?;
    }
    if let Some(decision) = &history.decision {
        check::answer_value(playbook, &decision.answer).map_err(|refusal| below("/history/decision", refusal))?;
        moment_check(decision.at.as_ref(), "/history/decision/at")?;
    }
    if let Some(outcome) = &history.outcome {
        check::outcome_value(playbook, &outcome.value).map_err(|refusal| below("/history", refusal))?;
        moment_check(outcome.at.as_ref(), "/history/outcome/at")?;
    }
    Ok(())
}

/// Rows of a file as they are written, by column, for what makes no cases of them: CSV with a header, or where it begins with a brace one
/// JSON object a line. An empty cell is absent.
///
/// # Errors
/// Where the file has no readable beginning.
pub fn plain(mut inner: Box<dyn BufRead + Send>) -> Result<impl Iterator<Item = Result<BTreeMap<String, Value>, Fault>>, Error> {
    let head = inner.fill_buf().map_err(|error| Error::Source { line: 1, detail: error.to_string() })?;
    let object = head.strip_prefix(source::BOM).unwrap_or(head).trim_ascii_start().starts_with(b"{");
    let mut source = match object {
        true => Source::Ndjson(Ndjson::open(inner, Meter::default())?),
        false => Source::Csv(Csv::open(inner, None, Meter::default())?),
    };
    Ok(std::iter::from_fn(move || match &mut source {
        Source::Csv(csv) => Some(csv.next()?.1.map(|record| {
            let Record::Cells(cells) = record else { return BTreeMap::new() };
            let filled = csv.columns.iter().zip(cells.iter()).filter(|(_, cell)| !cell.is_empty());
            filled.map(|(name, cell)| (name.clone(), Value::from(cell))).collect()
        })),
        Source::Ndjson(ndjson) => ndjson.next_line().map(|(line, bytes)| source::json(line, &bytes?)),
    }))
}

/// The header of a CSV file and its first rows, as far as they are good; for looking at, not for importing.
///
/// # Errors
/// Where the file has no readable header.
pub fn head(inner: Box<dyn BufRead + Send>, rows_max: usize) -> Result<(Vec<String>, Vec<Vec<String>>), Error> {
    let mut csv = Csv::open(inner, None, Meter::default())?;
    let mut rows = Vec::new();
    while rows.len() < rows_max
        && let Some((_, record)) = csv.next()
    {
        match record {
            Ok(Record::Cells(cells)) => rows.push(cells.iter().map(str::to_owned).collect()),
            Ok(Record::Members(_)) | Err(Fault::Row(_)) => {}
            Err(Fault::Source(error)) => return Err(error),
        }
    }
    Ok((csv.columns, rows))
}

fn proposal_check(playbook: &Playbook, proposal: &ProposalInput) -> Result<(), Refusal> {
    if let Some(probabilities) = &proposal.probabilities {
        check::probabilities(playbook, probabilities)?;
    }
    if let Some(answer) = &proposal.answer {
        check::answer_value(playbook, answer)?;
    }
    moment_check(proposal.at.as_ref(), "/at")
}

fn judgment_check(playbook: &Playbook, judgment: &ObservedInput) -> Result<(), Refusal> {
    check::answer_value(playbook, &judgment.answer)?;
    if let Some(confidence) = judgment.confidence {
        check::confidence(&Value::from(confidence))?;
    }
    moment_check(judgment.at.as_ref(), "/at")
}

fn moment_check(moment: Option<&Moment>, pointer: &str) -> Result<(), Refusal> {
    match moment {
        Some(Moment::Text(text)) => parse_rfc3339(text).map(drop).map_err(|error| Refusal::invalid(pointer, error.to_string())),
        _ => Ok(()),
    }
}

fn below(prefix: &str, refusal: Refusal) -> Refusal {
    let field = refusal.field.map(|field| format!("{prefix}{field}"));
    Refusal { field, ..refusal }
}

#[cfg(test)]
mod tests;
