//! Watching a promise: each certificate has its audits, taken in the order in which they were drawn, and both monitors look at each
//! ([`countersign_science::monitor`]). The sealed answer of the AI is what is scored, against the matured outcome. Where outcomes are seen
//! whatever was decided, the automated cases themselves are watched as well: there are many more of them, so that a change is seen much
//! sooner. A certificate is watched on all that it covers, also where a younger one was asked first: on what that one leaves over it
//! promises nothing. It stops nothing by itself: it says what is broken, and the platform presses stop.

use super::{DAY, Learner, cover::Reach, row::Row};
use crate::track::{Audited, Issued, TrackRecord};
use countersign_core::{
    event::Route,
    number::{Micros, ONE_BILLIONTHS},
};
use countersign_science::monitor::{
    Outcome, Stop, Terms, Watch,
    delay::{Change, Monitors, detection_delay},
};
use serde::{Deserialize, Serialize};

/// Chance of stopping sound promises within their time, shared by audits and outcomes, and by the certificates of one test. A younger
/// certificate is mostly about what an older one covers already, so that they stop together or not at all.
const LEVEL: f64 = 0.05;
/// Longest that an audit waits for a person, once the queue has passed it by, before it counts as an error.
const PATIENCE: Micros = 7 * DAY;
/// So many times longer it may wait where the queue has not come so far; then nobody looks, and it counts as well.
const LIMITS: i64 = 3;

/// A broken promise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// The certificate.
    pub certificate: String,
    /// By what it was seen.
    pub by: By,
    /// Which monitor stopped.
    pub stop: Stop,
    /// After how many audits, or outcomes.
    pub after: u64,
}

/// By what a broken promise was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// By cases that people looked at blind.
    Audits,
    /// By the outcomes of automated cases.
    Outcomes,
}

/// The monitors of a certificate, and how far they have come.
pub(super) struct Watching {
    watch: Watch,
    next: usize,
}

impl Learner {
    /// Looks at what has come in, and says what is broken. Once broken it stays so: only people resume, and a new certificate has to be
    /// earned.
    pub fn watch(&mut self, now: Micros) -> Option<Broken> {
        let issued = self.last.as_ref().map(|last| last.certificates.clone()).unwrap_or_default();
        issued.iter().find_map(|issued| {
            let audits = self.watch_one(issued, By::Audits, now);
            // Nobody says what a person would have answered where the AI did.
            let outcomes = if self.rows.judged { None } else { self.watch_one(issued, By::Outcomes, now) };
            audits.or(outcomes)
        })
    }

    fn watch_one(&mut self, issued: &Issued, by: By, now: Micros) -> Option<Broken> {
        let key = (issued.id.clone(), by);
        if !self.watches.contains_key(&key) {
            let watch = Watch::new(self.watch_terms(issued, by)).ok()?;
            self.watches.insert(key.clone(), Watching { watch, next: 0 });
        }
        let coverage = issued.coverage();
        let reach = Reach::new(&coverage, &issued.except, &self.rows);
        let stream = if by == By::Audits { &self.rows.audits } else { &self.rows.automated };
        let mut watching = self.watches.remove(&key)?;
        while let Some(row) = stream.get(watching.next).and_then(|at| self.rows.get(*at)) {
            let seen = match by {
                // What waited when the certificate came is what older ones left over: no sample of what comes in.
                _ if row.opened_at < issued.issued_at => Seen::Counts(None),
                By::Audits => self.audit(row, &reach, now),
                By::Outcomes => self.outcome(row, &reach, now),
            };
            let Seen::Counts(outcome) = seen else { break };
            watching.next += 1;
            outcome.into_iter().for_each(|outcome| watching.watch.observe(outcome));
        }
        let (stop, after) = (watching.watch.stop(), watching.watch.stopped_after().unwrap_or(0));
        self.watches.insert(key, watching);
        Some(Broken { certificate: issued.id.clone(), by, stop: stop?, after })
    }

    /// What an audit came to.
    fn audit(&self, row: &Row, reach: &Reach<'_>, now: Micros) -> Seen {
        let after = self.after();
        let limit = 2 * after + self.playbook.routing.deadline.unwrap_or(PATIENCE).max(PATIENCE);
        // What waits behind others says nothing; what others were preferred to does.
        let overdue = || self.rows.passed_by(row.course().routed_at, limit) || row.course().routed_at.saturating_add(LIMITS * limit) <= now;
        // Amended since, on another route by now, or about what another proposer says: it is no audit of this certificate.
        let ours = reach.said(&self.rows, row).filter(|said| row.course().audit.is_some_and(|audit| said.is(audit)));
        let Some(sealed) = ours.filter(|_| !row.amended && row.route == Some(Route::Blind)) else { return Seen::Counts(None) };
        match row.truth() {
            Some(truth) if truth == sealed.answer => Seen::Counts(Some(Outcome::Right)),
            Some(_) => Seen::Counts(Some(Outcome::Wrong)),
            None if overdue() => Seen::Counts(Some(Outcome::Overdue)),
            None => Seen::Waits,
        }
    }

    /// What an automated case came to.
    fn outcome(&self, row: &Row, reach: &Reach<'_>, now: Micros) -> Seen {
        let after = self.after();
        let ours = row.course().automated.filter(|answer| reach.said(&self.rows, row).is_some_and(|said| said.answer == *answer));
        let Some(answer) = ours else { return Seen::Counts(None) };
        match row.truth() {
            Some(truth) if truth == answer => Seen::Counts(Some(Outcome::Right)),
            Some(_) => Seen::Counts(Some(Outcome::Wrong)),
            None if row.overdue(after, now) => Seen::Counts(Some(Outcome::Overdue)),
            // Taken back or opened again: people decide it, and nothing may come of it.
            None if !row.is_decided() => Seen::Counts(None),
            None => Seen::Waits,
        }
    }

    fn watch_terms(&self, issued: &Issued, by: By) -> Terms {
        let audit = self.playbook.routing.automate.map_or(ONE_BILLIONTHS, |terms| terms.audit).max(1);
        let rest = u128::from(issued.audits_expected) * u128::from(ONE_BILLIONTHS - audit.min(ONE_BILLIONTHS)) / u128::from(audit);
        Terms {
            alpha: issued.certificate.alpha,
            level: level(issued.certificate.regions),
            horizon_audits: match by {
                By::Audits => issued.audits_expected,
                By::Outcomes => u64::try_from(rest).unwrap_or(u64::MAX).max(1),
            },
            recheck_share: 1.0,
        }
    }

    /// What the audits of a certificate came to.
    #[must_use]
    pub fn audited(&self, issued: &Issued) -> Audited {
        let Some(watching) = self.watches.get(&(issued.id.clone(), By::Audits)) else { return Audited::default() };
        let evidence = watching.watch.evidence();
        let coverage = issued.coverage();
        let reach = Reach::new(&coverage, &issued.except, &self.rows);
        let drawn = |at: &&usize| {
            let row = self.rows.get(**at).filter(|row| row.opened_at >= issued.issued_at);
            row.is_some_and(|row| reach.said(&self.rows, row).is_some_and(|said| row.course().audit.is_some_and(|audit| said.is(audit))))
        };
        let drawn = self.rows.audits.iter().filter(drawn).count() as u64;
        Audited { drawn, settled: evidence.n(), high: share(evidence.upper()), stopped: self.stopped(&issued.id) }
    }

    /// Takes out what is broken, and what has ended; what ends soon and is proven by its audits is given again.
    pub(super) fn retire(&mut self, record: &mut TrackRecord, now: Micros) {
        let Some(automate) = self.playbook.routing.automate else {
            record.certificates.clear();
            return;
        };
        let router = crate::track::router_name(self.version);
        record.certificates.retain(|issued| issued.certificate.context.router == router);
        for issued in &mut record.certificates {
            issued.audited = self.audited(issued);
            let left = issued.certificate.context.expires_at - now;
            let alpha = issued.certificate.alpha;
            let proven = issued.audited.settled > 0 && f64::from(issued.audited.high) / 1e9 <= alpha && !issued.audited.stopped;
            if proven && left > 0 && left < DAY {
                issued.certificate.context.expires_at = now.saturating_add(automate.valid);
            }
        }
        record.certificates.retain(|issued| issued.certificate.context.expires_at > now && !self.stopped(&issued.id));
    }

    /// Whether a monitor has stopped a certificate.
    fn stopped(&self, certificate: &str) -> bool {
        let by = |by| self.watches.get(&(certificate.to_owned(), by));
        [By::Audits, By::Outcomes].into_iter().filter_map(by).any(|watching| watching.watch.stop().is_some())
    }
}

/// The chance of a false stop by audits, or by outcomes, of one of so many certificates of a test.
fn level(regions: u64) -> f64 {
    LEVEL / 2.0 / regions.max(1) as f64
}

/// Audits until a doubling of the promised error is noticed, in the mean over simulated histories; `None` where none can be told.
pub(super) fn detection(alpha: f64, error_before: f64, regions: u64, audits_expected: u64) -> Option<u64> {
    let terms = Terms { alpha, level: level(regions), horizon_audits: audits_expected.max(1), recheck_share: 1.0 };
    let change = Change { audits_before: 0, error_before: error_before.min(alpha), error_after: (2.0 * alpha).min(1.0) };
    detection_delay(terms, Monitors::Both, change, 1).ok().map(|delay| delay.mean.ceil() as u64)
}

/// Whether a case counts by now, and as what; nothing where it says nothing of this certificate.
enum Seen {
    Counts(Option<Outcome>),
    Waits,
}

fn share(value: f64) -> u32 {
    countersign_core::number::billionths(value.clamp(0.0, 1.0)).unwrap_or(countersign_core::number::ONE_BILLIONTHS)
}
