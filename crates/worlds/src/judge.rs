//! What the platform promised and noticed, held against what is true. It may look at everything that the world knows, and changes
//! nothing: the platform is through when it is called.

use crate::{
    Error,
    draws::{Draws, START},
    platform::{Certified, Kind, Log},
    playbook,
    truth::{self, Covered},
    world::DAY,
};
use countersign_core::{Content, number::Micros};
use countersign_engine::{learn::By, track::Coverage};
use countersign_science::{
    monitor::{self, Ecusum, Stop, Terms},
    risk::outlook::labels_needed,
};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// The chance of a false stop that the restarting e-CUSUM with perfect labels is given: that of the platform's own promise.
const REFERENCE_LEVEL: f64 = 0.05;

/// A certificate, and what is true of what it covers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Judged {
    /// What it covers, in words.
    pub region: String,
    /// Whose answers.
    pub proposer: String,
    /// From which probability on, in billionths.
    pub threshold: u32,
    /// Which attempt it was.
    pub attempt: u64,
    /// Cases and errors that it was earned with.
    pub tested: (u64, u64),
    /// The day on which it was first read, from 0.
    pub day: f64,
    /// The day on which it was last read; `None`: it still is.
    pub until: Option<f64>,
    /// Share of all cases that it covers.
    pub share: f64,
    /// Its true error, before any change in the world.
    pub error: f64,
    /// Its true error after all changes.
    pub error_after: f64,
    /// Whether the true error is above what was promised, while it was in force and before any change.
    pub broken: bool,
}

/// What was promised.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Promises {
    /// Every certificate that was ever read.
    pub certificates: Vec<Judged>,
    /// How many of them promised what is not true.
    pub broken: u64,
    /// Automated cases.
    pub automated: u64,
    /// Errors among them, before any change.
    pub automated_errors: u64,
    /// Automated cases whose answer is one under which the truth is never seen.
    pub never_seen: u64,
}

/// What the first certificate took.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Labels {
    /// The day on which it was read, from 0.
    pub day: f64,
    /// Truths that the platform had been told by then, of whatever case.
    pub told: u64,
    /// Of these, of cases that the certificate covers.
    pub covered: u64,
    /// Cases that the certificate was tested on.
    pub tested: u64,
    /// The least at which it would be earned with a chance of .8, were its true error known.
    pub needed: Option<u64>,
    /// The least with which it can be earned at all, without one error.
    pub least: Option<u64>,
}

/// What was noticed.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Noticed {
    /// Whether the platform stopped automation although nothing had changed.
    pub false_stop: bool,
    /// The day of the stop, from 0.
    pub day: Option<f64>,
    /// Which monitor.
    pub monitor: Option<Stop>,
    /// What the change took to be noticed, where it broke a promise that was in force.
    pub delay: Option<Delay>,
}

/// From the change to the stop.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Delay {
    /// By what the platform noticed it, if it did.
    pub by: Option<By>,
    /// Audits (or outcomes) of cases from after the change, up to the one that tipped it.
    pub seen: Option<u64>,
    /// As many as a restarting e-CUSUM needs that is told every truth at once, of the same kind.
    pub reference_seen: Option<u64>,
    /// Audits of cases from after the change that were drawn until automation stopped; `None`: it did not.
    pub audits: Option<u64>,
    /// Audits that a restarting e-CUSUM needs that is told every truth at once, and sees audits only; `None`: more than there were.
    pub reference_audits: Option<u64>,
    /// Audits of cases from after the change that there would have been until the end.
    pub audits_in_all: u64,
    /// Automated cases from after the change until automation had stopped, or all of them.
    pub automated: u64,
    /// The cases that this e-CUSUM would have let pass.
    pub reference_automated: u64,
}

/// Holds everything against the truth.
///
/// # Errors
/// None that a world can cause; those of the statistics are passed on.
pub fn judge(draws: &Draws<'_>, log: &Log) -> Result<(Promises, Option<Labels>, Noticed), Error> {
    let fields = fields(draws);
    let eye = Eye { draws, log, fields: &fields };
    Ok((eye.promises(), eye.labels(), eye.noticed()?))
}

/// The fields of a case of each region: all that a certificate can tell cases apart by.
fn fields(draws: &Draws<'_>) -> Vec<BTreeMap<String, Content>> {
    let of = |name: &String| BTreeMap::from([(playbook::REGION.to_owned(), Content::text(name.clone()))]);
    draws.world.regions.iter().map(|region| of(&region.name)).collect()
}

struct Eye<'a> {
    draws: &'a Draws<'a>,
    log: &'a Log,
    fields: &'a [BTreeMap<String, Content>],
}

impl Eye<'_> {
    fn day(at: Micros) -> f64 {
        (at - START) as f64 / DAY as f64
    }

    /// When the first change happens, or the end of everything.
    fn change(&self) -> Micros {
        self.draws.world.change_day().map_or(Micros::MAX, |day| START + Micros::from(day - 1) * DAY)
    }

    fn proposer(&self, certified: &Certified) -> Option<usize> {
        self.draws.world.proposers.iter().position(|proposer| proposer.name == certified.issued.proposer)
    }

    /// Whether a certificate covers a case of a region on which the proposers answer so.
    fn covers(&self, certified: &Certified, region: usize, answers: &[usize]) -> bool {
        let Some(fields) = self.fields.get(region) else { return false };
        let covers = |coverage: &Coverage| {
            let proposer = self.draws.world.proposers.iter().position(|proposer| proposer.name == coverage.proposer);
            let answer = proposer.and_then(|proposer| Some((proposer, *answers.get(proposer)?)));
            let stated = answer.and_then(|(proposer, answer)| self.draws.stated_as(proposer, region, answer));
            stated.is_some_and(|stated| coverage.sure(stated.own)) && coverage.region.holds(fields)
        };
        covers(&certified.issued.coverage()) && !certified.issued.except.iter().any(covers)
    }

    fn true_error(&self, certified: &Certified, day: u32) -> Option<Covered> {
        truth::error(self.draws.world, self.proposer(certified)?, day, |region, answers| self.covers(certified, region, answers))
    }

    fn promises(&self) -> Promises {
        let world = self.draws.world;
        let before = world.change_day().map_or(world.days, |day| day - 1);
        let judged = |certified: &Certified| {
            let covered = self.true_error(certified, before)?;
            let Certified { issued, from, until, .. } = certified;
            Some(Judged {
                region: issued.region.words(),
                proposer: issued.proposer.clone(),
                threshold: issued.threshold,
                attempt: issued.certificate.attempt,
                tested: (issued.certificate.n, issued.certificate.errors),
                day: Self::day(*from),
                until: until.map(Self::day),
                share: covered.share,
                error: covered.error,
                error_after: self.true_error(certified, world.days).map_or(covered.error, |covered| covered.error),
                broken: *from < self.change() && covered.error > issued.certificate.alpha,
            })
        };
        let certificates: Vec<Judged> = self.log.certificates.iter().filter_map(judged).collect();
        let automated = || self.log.decided.iter().filter(|decided| decided.kind == Kind::Automate);
        let wrong = |case: usize, answer: usize| self.draws.cases.get(case).is_some_and(|c| c.at < self.change() && c.truth != answer);
        Promises {
            broken: certificates.iter().filter(|judged| judged.broken).count() as u64,
            certificates,
            automated: automated().count() as u64,
            automated_errors: automated().filter(|decided| wrong(decided.case, decided.answer)).count() as u64,
            never_seen: automated().filter(|decided| !world.observable(decided.answer)).count() as u64,
        }
    }

    fn labels(&self) -> Option<Labels> {
        let first = self.log.certificates.first()?;
        let error = self.true_error(first, 1)?.error;
        let covered = |at: &&usize| {
            let case = self.draws.cases.get(**at);
            case.is_some_and(|case| self.covers(first, case.region, &case.proposed))
        };
        let certificate = &first.issued.certificate;
        let needed = |error: f64| labels_needed(certificate.alpha, 1.0 - certificate.delta, error).ok();
        Some(Labels {
            day: Self::day(first.from),
            told: first.told as u64,
            covered: self.log.outcomes.iter().take(first.told).filter(covered).count() as u64,
            tested: certificate.n,
            needed: needed(error),
            least: needed(0.0),
        })
    }

    fn noticed(&self) -> Result<Noticed, Error> {
        let stopped = self.log.stopped.as_ref();
        let false_stop = stopped.is_some_and(|stopped| stopped.at < self.change());
        Ok(Noticed {
            false_stop,
            day: stopped.map(|stopped| Self::day(stopped.at)),
            monitor: stopped.map(|stopped| stopped.broken.stop),
            delay: if false_stop { None } else { self.delay()? },
        })
    }

    /// What the change took to be noticed; `None` where no promise in force was broken by it, or where the e-CUSUM with perfect
    /// labels would have stopped before.
    fn delay(&self) -> Result<Option<Delay>, Error> {
        let (change, world) = (self.change(), self.draws.world);
        if change == Micros::MAX {
            return Ok(None);
        }
        let in_force = |c: &Certified| c.from < change && c.until.is_none_or(|until| until > change);
        let breaks = |c: &Certified| self.true_error(c, world.days).is_some_and(|covered| covered.error > c.issued.certificate.alpha);
        // The certificate that was stopped, or else all that should have been.
        let stopped = self.log.stopped.as_ref().and_then(|stopped| self.log.certificate(&stopped.broken.certificate));
        let broken = self.log.certificates.iter().enumerate().filter(|(_, c)| in_force(c) && breaks(c)).map(|(place, _)| place);
        let places = stopped.map_or_else(|| broken.collect(), |place| vec![place]);
        let Some(certified) = places.first().and_then(|place| self.log.certificates.get(*place)) else { return Ok(None) };
        let stopped = self.log.stopped.as_ref();
        let by = stopped.map(|stopped| stopped.broken.by);
        let audits = self.reference(certified, By::Audits)?;
        let outcomes = self.reference(certified, By::Outcomes)?;
        let (Some(audits), Some(outcomes)) = (audits, outcomes) else { return Ok(None) };
        let of = |by: By| if by == By::Audits { audits } else { outcomes };
        let old = |by: By| self.stream(certified, by).iter().filter(|at| self.draws.cases.get(**at).is_some_and(|c| c.at < change)).count();
        let drawn = |until: Micros| {
            let after = |case: usize| self.draws.cases.get(case).is_some_and(|c| c.at >= change);
            self.log.audits.iter().filter(|audit| after(audit.case) && audit.at <= until).count() as u64
        };
        Ok(Some(Delay {
            by,
            seen: stopped.map(|stopped| stopped.broken.after.saturating_sub(old(stopped.broken.by) as u64)),
            reference_seen: by.and_then(|by| of(by).needed),
            audits: stopped.map(|stopped| drawn(stopped.at)),
            reference_audits: audits.needed,
            audits_in_all: audits.in_all,
            automated: self.passed(|at| self.log.decision(at).is_some_and(|decided| decided.kind == Kind::Automate), Micros::MAX),
            reference_automated: self.passed(|at| self.counterfactual(at).is_some() && !self.drawn(at), audits.at),
        }))
    }

    /// Cases that came after the change and until a time, and are so.
    fn passed(&self, so: impl Fn(usize) -> bool, until: Micros) -> u64 {
        let came = self.draws.cases.iter().enumerate().filter(|(_, case)| case.at >= self.change() && case.at <= until);
        came.filter(|(at, _)| so(*at)).count() as u64
    }

    /// Whether a case is drawn as an audit if it is automated.
    fn drawn(&self, at: usize) -> bool {
        let share = self.draws.world.promise.map_or(0.0, |promise| promise.audit);
        f64::from(self.draws.committed(at, "audit")) < share * 1e9
    }

    /// The certificate under which a case would be automated on its arrival, had nobody pressed stop: the youngest of those that
    /// were in force just before the change or came after it.
    fn counterfactual(&self, at: usize) -> Option<usize> {
        let case = self.draws.cases.get(at)?;
        let (stop, change) = (self.log.stopped.as_ref().map_or(Micros::MAX, |stopped| stopped.at), self.change());
        let when = case.at.min(stop - 1).max(change.min(stop - 1));
        let active = |c: &Certified| c.from <= when && c.until.is_none_or(|until| until > when);
        let mut certificates = self.log.certificates.iter().enumerate().rev().filter(|(_, c)| active(c));
        certificates.find(|(_, c)| self.covers(c, case.region, &case.proposed)).map(|(place, _)| place)
    }

    /// What was seen of the cases that came since a certificate was issued and that it covers, in their order: audits, or automated
    /// cases, under whatever certificate of the same proposer.
    fn stream(&self, certified: &Certified, by: By) -> Vec<usize> {
        let mut seen = BTreeSet::new();
        let ours = |at: &usize| {
            let case = self.draws.cases.get(*at).filter(|case| case.at >= certified.issued.issued_at);
            case.is_some_and(|case| self.covers(certified, case.region, &case.proposed)) && seen.insert(*at)
        };
        match by {
            By::Audits => {
                let proposer = self.proposer(certified);
                let audits = self.log.audits.iter().filter(|audit| Some(audit.proposer) == proposer);
                audits.map(|audit| audit.case).filter(ours).collect()
            }
            By::Outcomes => self.log.decided.iter().filter(|d| d.kind == Kind::Automate).map(|d| d.case).filter(ours).collect(),
        }
    }

    /// What the e-CUSUM with perfect labels needs on what was seen of a certificate. Where the platform stopped before, the stream goes
    /// on with the cases that would have been seen. `None` where it would have stopped before the change.
    fn reference(&self, certified: &Certified, by: By) -> Result<Option<Reference>, Error> {
        let Some(proposer) = self.proposer(certified) else { return Ok(None) };
        let audit = self.draws.world.promise.map_or(1.0, |promise| promise.audit).max(1e-9);
        let expected = certified.issued.audits_expected as f64;
        let horizon = if by == By::Audits { expected } else { expected * (1.0 - audit) / audit };
        let terms = Terms {
            alpha: certified.issued.certificate.alpha,
            level: REFERENCE_LEVEL,
            horizon_audits: (horizon as u64).max(1),
            recheck_share: 1.0,
        };
        let mut cusum = Ecusum::new(terms)?;
        let stop = self.log.stopped.as_ref().map_or(Micros::MAX, |stopped| stopped.at);
        let later = self.draws.cases.iter().enumerate().filter(|(_, case)| case.at >= stop).map(|(at, _)| at);
        let covered = |at: &usize| self.draws.cases.get(*at).is_some_and(|case| self.covers(certified, case.region, &case.proposed));
        let later = later.filter(|at| self.drawn(*at) == (by == By::Audits) && covered(at) && self.counterfactual(*at).is_some());
        let mut found = Reference { needed: None, at: Micros::MAX, in_all: 0 };
        for at in self.stream(certified, by).into_iter().chain(later) {
            let Some(case) = self.draws.cases.get(at) else { continue };
            let right = case.proposed.get(proposer) == Some(&case.truth);
            let after = case.at >= self.change();
            found.in_all += u64::from(after);
            if found.needed.is_some() {
                continue;
            }
            cusum.observe(if right { monitor::Kind::Good } else { monitor::Kind::Bad });
            if cusum.stopped() {
                if !after {
                    return Ok(None);
                }
                (found.needed, found.at) = (Some(found.in_all), case.at);
            }
        }
        Ok(Some(found))
    }
}

/// What an e-CUSUM with perfect labels needs.
#[derive(Debug, Clone, Copy)]
struct Reference {
    /// So many after the change; `None`: more than there were.
    needed: Option<u64>,
    /// When the last of them came.
    at: Micros,
    /// So many there were.
    in_all: u64,
}
