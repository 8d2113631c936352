//! What the platform did in a world, kept as far as it is judged afterwards.

use countersign_core::{event::Route, number::Micros};
use countersign_engine::{learn::Broken, state::RouteRecord, track::Issued};
use serde::Serialize;

/// How a case was decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// By the AI, under a certificate.
    Automate,
    /// By a person, blind, to audit what is automated.
    Audit,
    /// With advice.
    Assist,
    /// Own answer first, then advice.
    Blind,
    /// Without advice.
    Unaided,
    /// By several people.
    Panel,
}

impl Kind {
    /// By the route that the case was on.
    #[must_use]
    pub fn of(route: &RouteRecord) -> Self {
        match route.route {
            Route::Automate => Self::Automate,
            Route::Blind if route.reason == "audit" => Self::Audit,
            Route::Blind => Self::Blind,
            Route::Unaided => Self::Unaided,
            Route::Panel => Self::Panel,
            Route::Assist | Route::Hold => Self::Assist,
        }
    }
}

/// A decision.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Decided {
    /// The case.
    pub case: usize,
    /// When.
    pub at: Micros,
    /// On which day, from 0.
    pub day: usize,
    /// The answer that stands.
    pub answer: usize,
    /// How.
    pub kind: Kind,
}

/// A certificate, and when the router read it.
#[derive(Debug, Clone, PartialEq)]
pub struct Certified {
    /// The certificate as it was issued.
    pub issued: Issued,
    /// When the router read it first.
    pub from: Micros,
    /// When a record without it was read first; `None`: never.
    pub until: Option<Micros>,
    /// Cases whose truth the platform had been told when it was issued.
    pub told: usize,
}

/// An automated case that was drawn for people to look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Audit {
    /// The case.
    pub case: usize,
    /// When it was drawn.
    pub at: Micros,
    /// The proposer whose answer was sealed.
    pub proposer: usize,
}

/// Automation was stopped, by the platform itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stopped {
    /// When.
    pub at: Micros,
    /// Why.
    pub broken: Broken,
}

/// An answer that somebody gave before any advice.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct First {
    /// The case.
    pub case: usize,
    /// Who.
    pub person: usize,
    /// What.
    pub answer: usize,
    /// Whether the case is in a random sample in which every case has the same chance to be.
    pub sampled: bool,
}

/// What was decided on one day, by how it was.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Day {
    /// By the AI, under a certificate.
    pub automate: u64,
    /// Blind, as audits.
    pub audit: u64,
    /// With advice.
    pub assist: u64,
    /// Own answer first.
    pub blind: u64,
    /// Without advice.
    pub unaided: u64,
    /// By several people.
    pub panel: u64,
    /// Not decided when the day ends.
    pub waiting: u64,
    /// What these decisions cost, in units: errors, and the minutes of people.
    pub cost: f64,
}

impl Day {
    /// Cases decided on it.
    #[must_use]
    pub fn decided(&self) -> u64 {
        self.automate + self.audit + self.assist + self.blind + self.unaided + self.panel
    }
}

/// What the platform did.
#[derive(Debug, Clone)]
pub struct Log {
    /// Day by day.
    pub days: Vec<Day>,
    /// Decisions in their order.
    pub decided: Vec<Decided>,
    /// Answers before any advice, in their order.
    pub firsts: Vec<First>,
    /// Minutes that people spent, by case.
    pub minutes: Vec<f64>,
    /// Cases whose truth the platform was told, in that order.
    pub outcomes: Vec<usize>,
    /// Cases that are not decided in the end.
    pub undecided: u64,
    /// Certificates in the order in which they were issued.
    pub certificates: Vec<Certified>,
    /// Audits in the order in which they were drawn.
    pub audits: Vec<Audit>,
    /// The stop, if there was one: nobody in these worlds resumes.
    pub stopped: Option<Stopped>,
    /// Where each case's decision is.
    places: Vec<Option<usize>>,
}

impl Log {
    /// Before the first day.
    #[must_use]
    pub fn new(days: u32, cases: usize) -> Self {
        Self {
            days: vec![Day::default(); days as usize],
            decided: Vec::with_capacity(cases),
            firsts: Vec::new(),
            minutes: vec![0.0; cases],
            outcomes: Vec::with_capacity(cases),
            undecided: 0,
            certificates: Vec::new(),
            audits: Vec::new(),
            stopped: None,
            places: vec![None; cases],
        }
    }

    pub(super) fn decided(&mut self, decided: Decided) {
        if let Some(day) = self.days.get_mut(decided.day) {
            *match decided.kind {
                Kind::Automate => &mut day.automate,
                Kind::Audit => &mut day.audit,
                Kind::Assist => &mut day.assist,
                Kind::Blind => &mut day.blind,
                Kind::Unaided => &mut day.unaided,
                Kind::Panel => &mut day.panel,
            } += 1;
        }
        if let Some(place) = self.places.get_mut(decided.case) {
            *place = Some(self.decided.len());
        }
        self.decided.push(decided);
    }

    /// The decision on a case.
    #[must_use]
    pub fn decision(&self, case: usize) -> Option<&Decided> {
        self.decided.get((*self.places.get(case)?)?)
    }

    pub(super) fn first(&mut self, first: First) {
        self.firsts.push(first);
    }

    pub(super) fn minutes(&mut self, case: usize, minutes: f64) {
        if let Some(spent) = self.minutes.get_mut(case) {
            *spent += minutes;
        }
    }

    pub(super) fn outcome(&mut self, case: usize) {
        self.outcomes.push(case);
    }

    /// A record with these certificates is read from now on.
    pub(super) fn certificates(&mut self, issued: &[Issued], now: Micros) {
        for certified in self.certificates.iter_mut().filter(|certified| certified.until.is_none()) {
            if !issued.iter().any(|issued| issued.id == certified.issued.id) {
                certified.until = Some(now);
            }
        }
        for issued in issued {
            if self.certificate(&issued.id).is_none() {
                self.certificates.push(Certified { issued: issued.clone(), from: now, until: None, told: self.outcomes.len() });
            }
        }
    }

    /// The place of a certificate.
    #[must_use]
    pub fn certificate(&self, id: &str) -> Option<usize> {
        self.certificates.iter().position(|certified| certified.issued.id == id)
    }

    /// So many days are over.
    pub(super) fn days_ended(&mut self, days: usize, waiting: u64) {
        if let Some(day) = days.checked_sub(1).and_then(|day| self.days.get_mut(day)) {
            day.waiting = waiting;
        }
    }
}
