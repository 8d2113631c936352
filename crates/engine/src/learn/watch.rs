//! Watching a promise: each certificate has its audits, taken in the order in which they were drawn, and both monitors look at each
//! ([`countersign_science::monitor`]). The sealed answer of the AI is what is scored, against the matured outcome. It stops nothing by
//! itself: it says what is broken, and the platform presses stop.

use super::{DAY, Learner, row::Row};
use crate::track::{Audited, Issued, TrackRecord};
use countersign_core::{event::Route, number::Micros};
use countersign_science::monitor::{Outcome, Stop, Terms, Watch};

/// Chance of stopping sound promises within their time, shared by the certificates of one test. Only those of one test have audits at
/// a time: a younger certificate takes them over from the older ones.
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
    /// Which monitor stopped.
    pub stop: Stop,
    /// After how many audits.
    pub audits: u64,
}

/// The monitors of a certificate, and how far they have come.
pub(super) struct Watching {
    watch: Watch,
    next: usize,
}

impl Learner {
    /// Looks at the audits that have come in, and says what is broken. Once broken it stays so: only people resume, and a new
    /// certificate has to be earned.
    pub fn watch(&mut self, now: Micros) -> Option<Broken> {
        let issued = self.last.as_ref().map(|last| last.certificates.clone()).unwrap_or_default();
        issued.iter().find_map(|issued| self.watch_one(issued, LEVEL / issued.certificate.regions.max(1) as f64, now))
    }

    fn watch_one(&mut self, issued: &Issued, level: f64, now: Micros) -> Option<Broken> {
        if !self.watches.contains_key(&issued.id) {
            let watch = Watch::new(terms(issued, level)).ok()?;
            self.watches.insert(issued.id.clone(), Watching { watch, next: 0 });
        }
        let after = self.playbook.outcome.as_ref().map_or(0, |spec| spec.after);
        let limit = 2 * after + self.playbook.routing.deadline.unwrap_or(PATIENCE).max(PATIENCE);
        let place = self.rows.certificates.iter().zip(0u16..).find(|(id, _)| **id == issued.id).map(|(_, at)| at);
        let audits = place.and_then(|place| self.rows.audits.get(&place));
        // What waits behind others says nothing; what others were preferred to does.
        let overdue = |row: &Row| self.rows.passed_by(row.routed_at, limit) || row.routed_at.saturating_add(LIMITS * limit) <= now;
        let watching = self.watches.get_mut(&issued.id)?;
        while let Some(row) = audits.and_then(|audits| audits.get(watching.next)).and_then(|at| self.rows.get(*at)) {
            let sealed = row.audit.and_then(|(_, proposal)| row.said.iter().find(|said| said.id == proposal));
            let outcome = match (row.truth, sealed) {
                // Amended since, or drawn again under another certificate: it is no audit of this one.
                _ if row.amended || row.audit.map(|(at, _)| at) != place || row.route != Some(Route::Blind) => None,
                (Some(truth), Some(said)) if truth == said.answer => Some(Outcome::Right),
                (Some(_), _) => Some(Outcome::Wrong),
                (None, _) if overdue(row) => Some(Outcome::Overdue),
                (None, _) => break,
            };
            watching.next += 1;
            outcome.into_iter().for_each(|outcome| watching.watch.observe(outcome));
        }
        let stop = watching.watch.stop()?;
        Some(Broken { certificate: issued.id.clone(), stop, audits: watching.watch.stopped_after().unwrap_or(0) })
    }

    /// What the audits of a certificate came to.
    #[must_use]
    pub fn audited(&self, certificate: &str) -> Audited {
        let Some(watching) = self.watches.get(certificate) else { return Audited::default() };
        let evidence = watching.watch.evidence();
        let drawn = self.rows.certificates.iter().position(|id| id == certificate).and_then(|at| u16::try_from(at).ok());
        let drawn = drawn.and_then(|at| self.rows.audits.get(&at)).map_or(0, Vec::len);
        Audited { drawn: drawn as u64, settled: evidence.n(), high: share(evidence.upper()), stopped: watching.watch.stop().is_some() }
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
            issued.audited = self.audited(&issued.id);
            let left = issued.certificate.context.expires_at - now;
            let alpha = issued.certificate.alpha;
            let proven = issued.audited.settled > 0 && f64::from(issued.audited.high) / 1e9 <= alpha && !issued.audited.stopped;
            if proven && left > 0 && left < DAY {
                issued.certificate.context.expires_at = now.saturating_add(automate.valid);
            }
        }
        let watches = &self.watches;
        let stopped = |id: &str| watches.get(id).is_some_and(|watching| watching.watch.stop().is_some());
        record.certificates.retain(|issued| issued.certificate.context.expires_at > now && !stopped(&issued.id));
    }
}

fn terms(issued: &Issued, level: f64) -> Terms {
    Terms { alpha: issued.certificate.alpha, level, horizon_audits: issued.audits_expected, recheck_share: 1.0 }
}

fn share(value: f64) -> u32 {
    countersign_core::number::billionths(value.clamp(0.0, 1.0)).unwrap_or(countersign_core::number::ONE_BILLIONTHS)
}
