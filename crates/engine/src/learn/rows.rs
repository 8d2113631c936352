//! What is kept of all cases of a playbook, in the order in which they came, and what an event adds to it. Decides nothing, and works no
//! figure out.

use super::{
    row::{Given, Row, Said, add},
    store::Store,
};
use crate::{
    order,
    route::test_holds,
    sabotage::{Sabotage, on},
    track::Region,
};
use countersign_core::{
    Content, Event,
    answer::Answer,
    event::{AdviceSeen, Basis, Body, CaseRouted, OutcomeValue, Phase, Route},
    id::{CaseId, EventId, PersonId},
    number::Micros,
    playbook::{AnswerSpec, Condition, FieldKind, Playbook},
};
use hashbrown::HashTable;
use serde_json::Value;
use std::{
    collections::BTreeMap,
    hash::{BuildHasher as _, RandomState},
};

/// A case's values of the fields that regions are made of, by the fields' places.
type Values = Box<[(u16, Content)]>;

/// All cases of a playbook, in the order in which they came.
pub(super) struct Rows {
    options: Vec<String>,
    /// Fields that regions may be made of, by their place.
    pub names: Vec<(String, FieldKind)>,
    /// Every combination of their values that there was, so that each is compared with a region once.
    values: Vec<Values>,
    values_at: HashTable<u32>,
    hasher: RandomState,
    /// When the latest case came that people have decided: the queue has come so far, whatever it left behind.
    pub served: Micros,
    rows: Store,
    /// Nothing tells the truth: what people answer without advice, on cases drawn by lot, is taken for it.
    pub judged: bool,
    /// Outcomes that became another one after they had been learned.
    pub corrected: u64,
    pub proposers: Vec<(String, String)>,
    pub people: Vec<PersonId>,
    /// Rows that were drawn as audits, under whatever certificate, in the order in which they first were.
    pub audits: Vec<usize>,
    /// Rows that were automated, under whatever certificate, in their order.
    pub automated: Vec<usize>,
    /// Experiments, in the order in which cases entered them.
    pub experiments: Vec<EventId>,
    /// Rows that entered, by experiment, in the order in which they were assigned.
    pub entered: BTreeMap<u16, Vec<usize>>,
}

impl Rows {
    pub(super) fn new(playbook: &Playbook, judged: bool) -> Self {
        let options = match &playbook.answer {
            AnswerSpec::Choice { options } => options.clone(),
            _ => Vec::new(),
        };
        let plain = |kind: &FieldKind| matches!(kind, FieldKind::Category { .. } | FieldKind::Boolean | FieldKind::Number);
        let usable = playbook.fields.iter().filter(|f| !f.personal && !f.subject && !f.audited && !f.is_masked() && plain(&f.kind));
        Self {
            options,
            names: usable.map(|f| (f.name.clone(), f.kind.clone())).collect(),
            values: Vec::new(),
            values_at: HashTable::new(),
            hasher: RandomState::new(),
            served: Micros::MIN,
            rows: Store::default(),
            judged,
            corrected: 0,
            proposers: Vec::new(),
            people: Vec::new(),
            audits: Vec::new(),
            automated: Vec::new(),
            experiments: Vec::new(),
            entered: BTreeMap::new(),
        }
    }

    /// Those that figures may rest on: of what was ordered for a young model, the part that was left to the lot.
    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = &Row> {
        self.rows.iter().filter(|row| !row.sought || on(Sabotage::SoughtCounts))
    }

    pub(super) fn get(&self, at: usize) -> Option<&Row> {
        self.rows.get(at)
    }

    /// An option's place; options that are new in a later version of the playbook are added at the end.
    fn option(&mut self, answer: &Answer) -> u16 {
        place(&mut self.options, answer.label(), |known, label| known == label, str::to_owned)
    }

    /// The options by their places.
    pub(super) fn labels(&self) -> impl Iterator<Item = &str> {
        self.options.iter().map(String::as_str)
    }

    /// An option by its place.
    pub(super) fn label(&self, at: u16) -> &str {
        self.options.get(usize::from(at)).map_or("", String::as_str)
    }

    fn person(&mut self, person: PersonId) -> u16 {
        place(&mut self.people, &person, |known, wanted| known == wanted, |person| *person)
    }

    /// The place of a case's values of the fields that regions are made of.
    fn values_of(&mut self, fields: &BTreeMap<String, Content>) -> u32 {
        let usable = self.names.iter().zip(0u16..);
        let values: Values = usable.filter_map(|((name, _), at)| Some((at, fields.get(name)?.clone()))).collect();
        let (hasher, known) = (&self.hasher, &self.values);
        // INVARIANT: content is JSON, so that it can be written; were it not, it is only slower to be found.
        let hash = |values: &Values| hasher.hash_one(serde_json::to_string(values).unwrap_or_default());
        let same = |at: &u32| known.get(*at as usize).is_some_and(|known| *known == values);
        let hashed = hash(&values);
        if let Some(at) = self.values_at.find(hashed, same) {
            return *at;
        }
        let next = u32::try_from(known.len()).unwrap_or(u32::MAX);
        self.values_at.insert_unique(hashed, next, |at| known.get(*at as usize).map_or(0, hash));
        self.values.push(values);
        next
    }

    /// A case's value of a field.
    pub(super) fn value(&self, row: &Row, field: u16) -> Option<&Content> {
        value_of(self.values.get(row.values as usize)?, field)
    }

    /// Takes an event in; whether it taught anything.
    pub(super) fn apply(&mut self, case: CaseId, event: &Event, fresh: bool) -> bool {
        if fresh {
            return self.open(case, event);
        }
        let Some(at) = self.rows.find(case) else { return false };
        match &event.body {
            Body::ProposalMade(body) => {
                let key = (body.proposer.as_str(), body.proposer_version.as_str());
                let same = |known: &(String, String), key: &(&str, &str)| (known.0.as_str(), known.1.as_str()) == *key;
                let proposer = place(&mut self.proposers, &key, same, |key| (key.0.to_owned(), key.1.to_owned()));
                let probability = body.probabilities.as_ref().and_then(|p| p.get(body.answer.label())).copied();
                let said = Said::new(event.id, (proposer, self.option(&body.answer)), probability);
                // What a person asked for is no longer the proposer's own word.
                let asked = body.ask.is_some();
                self.with(at, |row| {
                    if !asked {
                        row.propose(said);
                    }
                })
            }
            Body::CaseRouted(body) => {
                let audit = body.would_automate.as_ref().filter(|_| body.reason == "audit").map(|would| would.proposal);
                if audit.is_some() && self.rows.get(at).is_some_and(|row| row.course().audit.is_none()) {
                    self.audits.push(at);
                }
                self.assign(at, body);
                // The lot is drawn once: when the case first has a way to people, or when its first proposal gives it another one.
                let waits = |row: &Row| matches!(row.route, None | Some(Route::Hold)) || row.unproposed;
                let first = self.rows.get(at).is_some_and(waits);
                let lot = first && by_lot(body);
                let sought = order::haste(body).is_some_and(|haste| !haste.by_lot);
                self.with(at, |row| {
                    row.unproposed = body.reason == "no_proposal";
                    (row.route, row.ruled) = (Some(body.route), body.rule.is_some());
                    if let Some(audit) = audit {
                        row.course_mut().audit = Some(audit);
                    }
                    if let Some(course) = row.course_begun() {
                        course.routed_at = event.recorded_at;
                    }
                    row.lot |= lot;
                    row.sought |= sought;
                })
            }
            // Given from a line of a table: it decides, and says nothing of what people, or they and the AI, would have said.
            Body::JudgmentGiven(body) if body.bulk => self.with(at, |row| row.course_mut().spend(body.phase, None)),
            Body::JudgmentGiven(body) => {
                let given = Given { person: self.person(body.person), answer: self.option(&body.answer), took: body.took };
                let (phase, advice) = (body.phase, body.advice_visible);
                let judged = self.judged;
                self.with(at, |row| {
                    row.course_mut().spend(phase, given.took);
                    if judged && !advice {
                        row.judged(phase, given.answer);
                    }
                    let course = row.course_mut();
                    match (phase, advice) {
                        (Phase::First, _) | (Phase::Only, false) => add(&mut course.alone, given),
                        (Phase::Only, true) => add(&mut course.advised, given),
                        (Phase::Final, _) => add(&mut course.after_own, given),
                        (Phase::Adjudication | Phase::Appeal, _) => {}
                    }
                })
            }
            Body::JudgmentObserved(body) => {
                let given = Given { person: self.person(body.person), answer: self.option(&body.answer), took: body.took };
                let (phase, seen) = (body.phase, body.advice_seen);
                self.with(at, |row| match (phase, seen) {
                    (Phase::First | Phase::Only, AdviceSeen::No) => add(&mut row.course_mut().alone, given),
                    (Phase::Final, AdviceSeen::Yes) => add(&mut row.course_mut().after_own, given),
                    (Phase::Only, AdviceSeen::Yes) => add(&mut row.course_mut().advised, given),
                    _ => {}
                })
            }
            Body::CaseAmended(body) => {
                let values = self.values_of(&body.fields);
                let judged = self.judged;
                self.with(at, |row| {
                    (row.values, row.amended, row.lot) = (values, true, false);
                    row.unsay();
                    if let Some(course) = row.course_begun() {
                        course.truth = course.truth.filter(|_| !judged);
                        course.alone.clear();
                        course.advised.clear();
                        course.after_own.clear();
                    }
                })
            }
            _ => self.after(at, event),
        }
    }

    /// The experiment that a route let a case enter: what it is counted under, whatever becomes of it later (intention to treat).
    fn assign(&mut self, at: usize, body: &CaseRouted) {
        let Some(assigned) = body.assigned.as_ref() else { return };
        if self.rows.get(at).is_none_or(|row| row.course().assigned.is_some()) {
            return;
        }
        let experiment = place(&mut self.experiments, &assigned.experiment, |known, wanted| known == wanted, |id| *id);
        self.entered.entry(experiment).or_default().push(at);
        self.with(at, |row| row.course_mut().assigned = Some((experiment, assigned.arm)));
    }

    /// Decisions and outcomes.
    fn after(&mut self, at: usize, event: &Event) -> bool {
        match &event.body {
            Body::DecisionMade(body) => {
                let (answer, route) = (self.option(&body.answer), &body.basis);
                let imported = *route == Basis::Imported;
                if !imported && !body.persons.is_empty() {
                    let came = self.rows.get(at).map_or(Micros::MIN, |row| row.opened_at);
                    self.served = self.served.max(came);
                }
                let automated = matches!(route, Basis::Certificate { .. }).then_some(answer);
                if automated.is_some() && self.rows.get(at).is_some_and(|row| row.course().automated.is_none()) {
                    self.automated.push(at);
                }
                let panel = self.judged && !body.persons.is_empty();
                self.with(at, |row| {
                    if panel && row.lot && !imported && row.route == Some(Route::Panel) && row.truth().is_none() {
                        row.course_mut().truth = Some(answer);
                    }
                    row.lot &= !imported;
                    let course = row.course_mut();
                    course.automated = automated;
                    (course.decision, course.decided_at) = (Some(answer), Some(event.occurred_at));
                    row.route = row.route.filter(|_| !imported);
                })
            }
            Body::DecisionCorrected(body) => {
                let answer = self.option(&body.answer);
                self.with(at, |row| row.course_mut().decision = Some(answer))
            }
            Body::DecisionWithdrawn(_) | Body::CaseReopened(_) => {
                self.with(at, |row| (row.course_mut().decision, row.course_mut().decided_at) = (None, None))
            }
            Body::OutcomeObserved(body) => self.outcome(at, &body.value),
            // A corrected outcome is learned as it is now, in all that is counted; the next record says how many there were.
            Body::OutcomeCorrected(body) => {
                let before = self.rows.get(at).and_then(Row::truth);
                let taken = self.outcome(at, &body.value);
                self.corrected += u64::from(taken && self.rows.get(at).and_then(Row::truth) != before);
                taken
            }
            _ => false,
        }
    }

    fn outcome(&mut self, at: usize, value: &OutcomeValue) -> bool {
        let OutcomeValue::Answer(answer) = value else { return false };
        if self.judged {
            return false;
        }
        let truth = self.option(answer);
        self.with(at, |row| row.course_mut().truth = Some(truth))
    }

    fn open(&mut self, case: CaseId, event: &Event) -> bool {
        let Body::CaseOpened(body) = &event.body else { return false };
        let values = self.values_of(&body.fields);
        self.rows.push(Row::new(case, event.occurred_at, body.playbook_version, values));
        true
    }

    fn with(&mut self, at: usize, change: impl FnOnce(&mut Row)) -> bool {
        let Some(row) = self.rows.get_mut(at) else { return false };
        change(row);
        true
    }

    /// Which cases belong to a region: for whoever asks for many.
    pub(super) fn members(&self, region: &Region) -> Members {
        Members(self.values.iter().map(|values| self.holds(region, values)).collect())
    }

    /// Whether a case belongs to a region: for whoever asks for a few.
    pub(super) fn belongs(&self, region: &Region, row: &Row) -> bool {
        self.values.get(row.values as usize).is_some_and(|values| self.holds(region, values))
    }

    fn holds(&self, region: &Region, values: &Values) -> bool {
        let all = |conditions: &[Condition]| {
            conditions.iter().all(|condition| {
                let at = self.names.iter().zip(0u16..).find(|((name, _), _)| *name == condition.field).map(|(_, at)| at);
                test_holds(&condition.test, at.and_then(|at| value_of(values, at)))
            })
        };
        all(&region.when) && !region.unless.iter().any(|other| all(other))
    }

    /// Whether a case is one of those from which errors are counted: of all where outcomes tell the truth, otherwise of those that were
    /// drawn by lot among all that no certificate covers. Audits are drawn among the others.
    pub(super) fn tells(&self, row: &Row) -> bool {
        !self.judged || (row.lot && row.course().audit.is_none())
    }

    /// Whether the queue has passed a case by: people have decided cases that came `span` later.
    pub(super) fn passed_by(&self, since: Micros, span: Micros) -> bool {
        since.saturating_add(span) <= self.served
    }
}

/// Whether a route lets a person answer without advice for no reason that lies in the case or in what is proposed: by a draw, or because
/// the playbook lets all cases be answered so. Without a measure of people, which such labels are not, "default" means the latter.
fn by_lot(body: &CaseRouted) -> bool {
    let alone = matches!(body.route, Route::Blind | Route::Unaided | Route::Panel);
    alone && matches!(body.reason.as_str(), "blind_share" | "explore" | "default")
}

/// Which cases belong to a region, by their values.
pub(super) struct Members(Vec<bool>);

impl Members {
    /// Whether a case does.
    pub(super) fn has(&self, row: &Row) -> bool {
        self.0.get(row.values as usize).copied().unwrap_or(false)
    }
}

/// The place of something in a list, where it is added if it is new.
fn place<T, K: ?Sized>(known: &mut Vec<T>, wanted: &K, same: impl Fn(&T, &K) -> bool, make: impl Fn(&K) -> T) -> u16 {
    let at = known.iter().position(|one| same(one, wanted)).unwrap_or_else(|| {
        known.push(make(wanted));
        known.len() - 1
    });
    u16::try_from(at).unwrap_or(u16::MAX)
}

/// The value of a field, by its place; there are few.
fn value_of(values: &Values, field: u16) -> Option<&Content> {
    values.iter().find(|(at, _)| *at == field).map(|(_, content)| content)
}

/// A plain number of a field.
pub(super) fn number(content: &Content) -> Option<f64> {
    match content {
        Content::Plain(Value::Number(number)) => number.as_f64(),
        Content::Plain(Value::String(text)) => text.parse().ok(),
        _ => None,
    }
}
