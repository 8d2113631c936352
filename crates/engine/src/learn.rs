//! Learning: what the events of a playbook's cases come to. [`Learner`] folds them, one after the other, into rows; [`Learner::publish`]
//! makes the next track record of the rows, and [`Learner::watch`] says when a promise is broken. It is a function of the events and
//! the last record, so that a learner that was killed starts again from them. It never decides a case, and it never learns from an
//! answer that was given with the advice in view as if it were the truth.

mod certify;
mod cover;
mod drift;
mod estimate;
mod experiment;
mod partition;
mod people;
mod price;
mod row;
mod rows;
mod store;
#[cfg(test)]
mod tests;
#[cfg(test)]
pub(crate) use tests::counts_what_was_sought;
mod watch;

pub use experiment::Ended;
pub use watch::{Broken, By};

use crate::track::{FORMAT, LabelKind, Labels, Prices, TrackRecord};
use countersign_core::{
    Event,
    event::{Body, OutcomeKind, PeopleMetrics, case_of},
    id::PlaybookId,
    number::Micros,
    playbook::{Against, AnswerSpec, Playbook},
};
use countersign_science::monitor::Limits;
use row::Row;
use rows::Rows;
use std::{collections::BTreeMap, sync::Arc};

const DAY: Micros = 86_400_000_000;
/// Least time between two versions of a record.
pub const PUBLISH_MICROS_MIN: Micros = 15 * 60 * 1_000_000;
/// Matured cases that estimates rest on: the latest ones, so that what was long ago does not speak for today.
pub const WINDOW_ROWS: usize = 20_000;
/// Matured cases before anything is told of regions or planned for certificates.
pub const LEARN_ROWS_MIN: usize = 200;

/// The fold of a playbook's cases, and the last record that was made of them.
pub struct Learner {
    id: PlaybookId,
    version: u64,
    playbook: Arc<Playbook>,
    metrics: PeopleMetrics,
    rows: Rows,
    through: u64,
    seen: u64,
    last: Option<TrackRecord>,
    watches: BTreeMap<(String, By), watch::Watching>,
    experiments: Vec<experiment::Known>,
    /// Of the watches for drift: worked out again and again they would take most of the time.
    limits: Limits,
}

impl Learner {
    /// A learner that has seen nothing.
    #[must_use]
    pub fn new(id: PlaybookId, version: u64, playbook: Arc<Playbook>) -> Self {
        let rows = Rows::new(&playbook, label_kind(&playbook) == LabelKind::Judgments);
        let metrics = PeopleMetrics::Own;
        let (watches, experiments) = (BTreeMap::new(), Vec::new());
        Self { id, version, playbook, metrics, rows, through: 0, seen: 0, last: None, watches, experiments, limits: Limits::default() }
    }

    /// Goes on from a record that was published before: its regions, its plan, its certificates.
    pub fn resume(&mut self, record: TrackRecord) {
        self.last = Some(record);
    }

    /// What may be kept of people from now on.
    pub fn measure_people(&mut self, metrics: PeopleMetrics) {
        self.metrics = metrics;
    }

    /// The version of the playbook that it learns under. Another one takes another learner: fields and answers may be others.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Takes the next event of the ledger in, of whatever case.
    pub fn apply(&mut self, event: &Event) {
        self.through += 1;
        if let Some(case) = case_of(event) {
            let fresh = matches!(&event.body, Body::CaseOpened(body) if body.playbook == self.id);
            let taught = self.rows.apply(case, event, fresh);
            self.seen += u64::from(taught);
            self.experiments.iter_mut().for_each(|known| known.changed |= taught);
        } else {
            self.experiment_told(event);
        }
    }

    /// The next record, where the last one is old enough and something has happened since.
    pub fn publish(&mut self, now: Micros) -> Option<TrackRecord> {
        let due = self.last.as_ref().is_none_or(|last| now >= last.made_at.saturating_add(PUBLISH_MICROS_MIN));
        if !due || self.seen == 0 {
            return None;
        }
        self.publish_now(now)
    }

    /// Publishes at once, whether or not it is due: for a person who asks.
    pub fn publish_now(&mut self, now: Micros) -> Option<TrackRecord> {
        let record = self.next(now)?;
        self.seen = 0;
        self.last = Some(record.clone());
        Some(record)
    }

    fn next(&mut self, now: Micros) -> Option<TrackRecord> {
        let kind = label_kind(&self.playbook);
        let after = self.after();
        let labels = self.labels(kind, after, now);
        if labels.decided == 0 {
            return None;
        }
        let experiments = self.experiment_records(kind, after, now);
        let last = self.last.take();
        let number = last.as_ref().map_or(1, |last| last.number + 1);
        let mut record = TrackRecord {
            format: FORMAT,
            playbook: self.id,
            playbook_version: self.version,
            number,
            through: self.through,
            first_at: self.rows.iter().find_map(|row| row.course().decided_at).unwrap_or(now),
            made_at: now,
            labels,
            regions: last.as_ref().map(|last| last.regions.clone()).unwrap_or_default(),
            proposers: Vec::new(),
            arms: None,
            prices: Prices::default(),
            plan: last.as_ref().and_then(|last| last.plan.clone()),
            attempts: last.as_ref().map_or(0, |last| last.attempts),
            certificates: last.as_ref().map(|last| last.certificates.clone()).unwrap_or_default(),
            note: String::new(),
            advice: Vec::new(),
            people: Vec::new(),
            drift: Vec::new(),
            experiments,
        };
        self.last = last;
        if matches!(kind, LabelKind::Always | LabelKind::Judgments) {
            let matured: Vec<&Row> = self.rows.iter().filter(|row| row.matured(after, now) && row.truth().is_some()).collect();
            let window = matured.get(matured.len().saturating_sub(WINDOW_ROWS)..).unwrap_or_default();
            let from = certify::fresh_from(&self.rows, &self.terms(after, now));
            let before: Vec<&Row> = window.iter().copied().filter(|row| row.opened_at < from).collect();
            if before.len() >= LEARN_ROWS_MIN && (record.regions.is_empty() || record.plan.is_none()) {
                record.regions = partition::regions(&self.rows, &before);
            }
            estimate::fill(&mut record, &self.rows, window, &self.playbook);
            people::fill(&mut record, &self.rows, window, self.metrics);
            drift::fill(&mut record, &self.rows, window, now, &mut self.limits);
            if self.certifiable(kind) {
                certify::step(&mut record, &self.rows, &before, from, &self.terms(after, now));
            } else {
                (record.plan, record.certificates) = (None, Vec::new());
            }
            let view = price::View::new(&record, &self.playbook, &self.rows);
            let costlier = |issued| price::costlier(&view, window, issued);
            let costlier: Vec<bool> = record.certificates.iter().map(costlier).collect();
            record.certificates.iter_mut().zip(costlier).for_each(|(issued, costlier)| issued.costlier = costlier);
        } else {
            (record.regions, record.plan) = (Vec::new(), None);
            record.certificates.clear();
        }
        record.note = self.note(&record, kind);
        self.retire(&mut record, now);
        Some(record)
    }

    fn labels(&self, kind: LabelKind, after: Micros, now: Micros) -> Labels {
        let mut labels = Labels { kind, decided: 0, matured: 0, overdue: 0, corrected: self.rows.corrected };
        for row in self.rows.iter().filter(|row| row.is_decided()) {
            labels.decided += 1;
            labels.matured += u64::from(row.matured(after, now) && row.truth().is_some());
            labels.overdue += u64::from(self.rows.tells(row) && row.overdue(after, now));
        }
        labels
    }

    /// How long after a decision its label has matured. What people answer is there at once.
    fn after(&self) -> Micros {
        let spec = self.playbook.outcome.as_ref().filter(|_| !self.rows.judged);
        spec.map_or(0, |spec| spec.after)
    }

    /// Whether certificates may rest on such labels: on outcomes that are always seen, or on what people answer where the playbook says
    /// that its promise is about that.
    fn certifiable(&self, kind: LabelKind) -> bool {
        let against = self.playbook.routing.automate.map(|terms| terms.against);
        match kind {
            LabelKind::Always => against == Some(Against::Outcomes),
            LabelKind::Judgments => against == Some(Against::Judgments),
            LabelKind::Selective | LabelKind::None => false,
        }
    }

    fn terms(&self, after: Micros, now: Micros) -> certify::Terms<'_> {
        certify::Terms { playbook: &self.playbook, version: self.version, after, now }
    }

    fn note(&self, record: &TrackRecord, kind: LabelKind) -> String {
        let Some(terms) = self.playbook.routing.automate else {
            return "The playbook allows no automation.".into();
        };
        match kind {
            LabelKind::None => return "Not identifiable: the playbook names no outcome that tells the truth.".into(),
            LabelKind::Selective => {
                return "Not identifiable: the truth is seen under some answers only, so that the errors of the others never show.".into();
            }
            LabelKind::Judgments if !self.certifiable(kind) => {
                return "Not identifiable: the playbook names no outcome that tells the truth. A promise about how often a person without advice would answer \
                        otherwise has to be asked for: against = \"judgments\" in automate."
                    .into();
            }
            LabelKind::Always | LabelKind::Judgments => {}
        }
        let what = if self.rows.judged { "answers without advice on cases drawn by lot" } else { "matured outcomes" };
        let (error, certainty) = (f64::from(terms.max_error) / 1e7, f64::from(terms.certainty) / 1e7);
        match (&record.plan, record.labels.matured) {
            (None, matured) if matured < LEARN_ROWS_MIN as u64 => {
                format!("Not enough yet: {matured} of {LEARN_ROWS_MIN} {what} from which a test can be planned.")
            }
            (None, _) if !record.certificates.is_empty() => {
                "No further kind of case looks good enough to be tested for this promise.".into()
            }
            (None, _) => format!("No kind of case looks good enough for at most {error} % errors at a certainty of {certainty} %."),
            (Some(plan), _) => {
                let rows: u64 = plan.regions.iter().filter(|r| r.proposer.is_some()).map(|r| r.rows).sum();
                let what = if self.rows.judged { what } else { "outcomes of cases" };
                format!("Test {} waits for {rows} {what} that came in after it was fixed.", plan.attempt)
            }
        }
    }
}

/// Where the truth of a playbook's cases comes from.
fn label_kind(playbook: &Playbook) -> LabelKind {
    let choice = matches!(playbook.answer, AnswerSpec::Choice { .. });
    match &playbook.outcome {
        Some(spec) if choice && spec.kind != OutcomeKind::Payoff => match spec.observed {
            None => LabelKind::Always,
            Some(_) => LabelKind::Selective,
        },
        _ if choice => LabelKind::Judgments,
        _ => LabelKind::None,
    }
}
