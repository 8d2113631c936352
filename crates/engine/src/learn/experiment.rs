//! What experiments come to, and when they end. Cases are taken as they were assigned (intention to treat) and in the order in which they
//! were assigned, up to the first whose result is still waited for: whoever went on past it would see more of what is decided quickly.
//! Every interval holds at all looks at once ([`countersign_science::experiment`]), so that looking often finds nothing that is not there.
//! It stops nothing by itself: it says what has ended, and the platform stops it.

use super::{Learner, estimate, row::Row};
use crate::track::{ArmRecord, ExperimentRecord, LabelKind, Measured, TrailPoint, minutes_cost};
use countersign_core::{
    Event,
    event::{Body, ExperimentEnd, ExperimentStarted, Interval, Measure},
    id::EventId,
    number::{Micros, ONE_BILLIONTHS},
};
use countersign_science::{
    Estimate,
    experiment::{self, Design, Experiment},
    math,
};

/// Cases of each way before anything stops an experiment.
const STOP_ROWS_MIN: u64 = 50;
/// Settled experiments of which a record still tells how their differences came to be; of what they came to it tells for ever.
const TRAILS_MAX: usize = 10;
/// Between two points of a trail: this many times more cases.
const TRAIL_STEP: f64 = 1.12;
/// The first point of a trail.
const TRAIL_ROWS_MIN: u64 = 40;
/// Least time between two looks at the stop rules.
const LOOK_MICROS: Micros = 5_000_000;
/// Below this a case's time says that nobody looked, microseconds.
const TIME_MIN: Micros = 1_000_000;
/// A case that nobody decides although people decided cases that came so much later is no longer waited for.
const STUCK: Micros = 7 * super::DAY;
const BILLION: f64 = 1e9;
const MINUTE: f64 = 60e6;

/// An experiment as the events tell of it.
pub(super) struct Known {
    id: EventId,
    started: ExperimentStarted,
    ended: bool,
    /// Whether something was learned since the last look.
    pub changed: bool,
    looked_at: Micros,
}

/// An experiment that has to end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// The experiment.
    pub experiment: EventId,
    /// Why, in a word.
    pub cause: ExperimentEnd,
    /// Why, in a sentence.
    pub reason: String,
}

impl Learner {
    /// Takes an event of the workspace in.
    pub(super) fn experiment_told(&mut self, event: &Event) {
        match &event.body {
            Body::ExperimentStarted(body) if body.playbook == self.id => {
                let known = Known { id: event.id, started: body.clone(), ended: false, changed: false, looked_at: Micros::MIN };
                self.experiments.push(known);
            }
            Body::ExperimentStopped(body) => {
                self.experiments.iter_mut().filter(|known| known.id == body.experiment).for_each(|known| known.ended = true);
            }
            _ => {}
        }
    }

    /// Experiments that have to end by their own rules. Once said it is not said again before something new is learned.
    pub fn experiments_ended(&mut self, now: Micros) -> Vec<Ended> {
        let due = |known: &Known| !known.ended && known.changed && now >= known.looked_at.saturating_add(LOOK_MICROS);
        let places: Vec<usize> = (0..self.experiments.len()).filter(|at| self.experiments.get(*at).is_some_and(due)).collect();
        let kind = super::label_kind(&self.playbook);
        let after = self.after();
        let mut ended = Vec::new();
        for at in places {
            if let Some(known) = self.experiments.get_mut(at) {
                (known.changed, known.looked_at) = (false, now);
            }
            let Some(known) = self.experiments.get(at) else { continue };
            let analysis = Analysis::of(self, known, (kind, after, now));
            ended.extend(analysis.ends().map(|(cause, reason)| Ended { experiment: known.id, cause, reason }));
        }
        ended
    }

    /// What experiments came to, the latest last. What was settled when the last record was made is taken from there.
    pub(super) fn experiment_records(&self, kind: LabelKind, after: Micros, now: Micros) -> Vec<ExperimentRecord> {
        let before = self.last.as_ref().map(|last| last.experiments.as_slice()).unwrap_or_default();
        let settled = |id: EventId| before.iter().find(|record| record.experiment == id && record.settled);
        let record = |known: &Known| match settled(known.id).filter(|_| known.ended) {
            Some(record) => record.clone(),
            None => Analysis::of(self, known, (kind, after, now)).record(),
        };
        let mut records: Vec<ExperimentRecord> = self.experiments.iter().map(record).collect();
        let older = records.iter_mut().rev().filter(|record| record.settled).skip(TRAILS_MAX);
        older.for_each(|record| record.trail = Vec::new());
        records
    }
}

/// An experiment with all rows that count so far.
struct Analysis<'k> {
    known: &'k Known,
    arms: Vec<ArmRecord>,
    accuracy: Option<Experiment>,
    cost: Option<Experiment>,
    time: Option<Experiment>,
    /// Logarithms of minutes: what is so many times quicker differs by so much in them.
    pace: Option<Experiment>,
    trail: Vec<TrailPoint>,
    notes: Vec<String>,
    /// Whether a case of it is waited for.
    waits: bool,
}

/// What is known of a case by now.
enum Seen {
    /// It is waited for.
    Waits,
    /// Nobody will know.
    Lost,
    Known(f64),
}

impl<'k> Analysis<'k> {
    fn of(learner: &Learner, known: &'k Known, (kind, after, now): (LabelKind, Micros, Micros)) -> Self {
        let started = &known.started;
        let rows = &learner.rows;
        let place = rows.experiments.iter().position(|id| *id == known.id).and_then(|at| u16::try_from(at).ok());
        let places = place.and_then(|at| rows.entered.get(&at)).map(Vec::as_slice).unwrap_or_default();
        let entered: Vec<&Row> = places.iter().filter_map(|at| rows.get(*at)).collect();
        let arms = started.arms.iter().zip(0u32..).map(|(arm, at)| {
            let of = || entered.iter().filter(move |row| row.course().assigned.is_some_and(|(_, arm)| arm == at));
            let count = |is: &dyn Fn(&Row) -> bool| of().filter(|row| is(row)).count() as u64;
            ArmRecord {
                assigned: count(&|_| true),
                decided: count(&|row| row.is_decided()),
                known: count(&|row| row.truth().is_some()),
                followed: count(&|row| row.is_decided() && row.route == Some(arm.route)),
                means: Vec::new(),
            }
        });
        let mut analysis = Self {
            known,
            arms: arms.collect(),
            accuracy: None,
            cost: None,
            time: None,
            pace: None,
            trail: Vec::new(),
            notes: Vec::new(),
            waits: false,
        };
        let decided = |row: &Row| match row.course().decided_at {
            Some(_) => None,
            None if rows.passed_by(row.opened_at, STUCK) => Some(Seen::Lost),
            None => Some(Seen::Waits),
        };
        let timed =
            |row: &Row| decided(row).unwrap_or(if row.course().timed { Seen::Known(row.course().spent as f64) } else { Seen::Lost });
        let told = |row: &Row, of: &dyn Fn(&Row, u16, u16) -> f64| {
            decided(row).unwrap_or_else(|| match (row.truth(), row.course().decision) {
                (Some(truth), Some(decision)) if row.matured(after, now) => Seen::Known(of(row, truth, decision)),
                _ if row.overdue(after, now) => Seen::Lost,
                _ => Seen::Waits,
            })
        };
        let right = |row: &Row| told(row, &|_, truth, decision| f64::from(u8::from(truth == decision)));
        let minute = learner.playbook.costs.minute;
        let costs = |row: &Row| {
            // Time that nobody kept is not free of cost.
            if row.is_decided() && !row.course().timed && minute > 0 {
                return Seen::Lost;
            }
            told(row, &|row, truth, decision| {
                let error = if truth == decision { 0 } else { estimate::error_cost(rows, &learner.playbook, truth, decision) };
                (error.saturating_add(minutes_cost(row.course().spent, minute))) as f64
            })
        };
        let log = |row: &Row| match timed(row) {
            Seen::Known(micros) => Seen::Known(math::ln(micros.max(TIME_MIN as f64) / MINUTE)),
            other => other,
        };
        if kind == LabelKind::Always {
            analysis.accuracy = analysis.run(&entered, Measure::Accuracy, Some((0.0, 1.0)), &right);
            analysis.cost = analysis.run(&entered, Measure::Cost, None, &costs);
        } else {
            analysis
                .notes
                .push("Whether decisions are right cannot be told: the playbook has no outcome that is seen whatever was decided.".into());
        }
        if entered.iter().any(|row| row.is_decided() && !row.course().timed) {
            let left_out = if minute > 0 { "time and cost" } else { "time" };
            let note = format!("People's time is not kept of every answer: cases without it are left out of what is said of {left_out}.");
            analysis.notes.push(note);
        }
        analysis.time = analysis.run(&entered, Measure::Time, None, &timed);
        let trail = std::mem::take(&mut analysis.trail);
        analysis.pace = analysis.run(&entered, Measure::Time, None, &log);
        analysis.trail = trail;
        analysis
    }

    /// Takes the rows in, in their order, up to the first that is waited for.
    fn run(&mut self, entered: &[&Row], measure: Measure, range: Option<(f64, f64)>, seen: &dyn Fn(&Row) -> Seen) -> Option<Experiment> {
        let started = &self.known.started;
        let arms = u32::try_from(started.arms.len()).ok()?;
        let propensity = 1.0 / f64::from(arms);
        let design = Design {
            arms,
            baseline: 0,
            level: f64::from(started.certainty) / BILLION,
            floor: propensity,
            tuned_rows: (started.cases_max / 2).max(1),
            range,
        };
        let mut run = Experiment::new(design).ok()?;
        let mut next = TRAIL_ROWS_MIN;
        for row in entered {
            let Some((_, assigned)) = row.course().assigned else { continue };
            let outcome = match seen(row) {
                Seen::Waits => {
                    self.waits = true;
                    break;
                }
                Seen::Lost => continue,
                Seen::Known(outcome) => outcome,
            };
            let received = started.arms.iter().zip(0u32..).find(|(arm, _)| Some(arm.route) == row.route).map(|(_, at)| at);
            run.observe(experiment::Row { assigned, received, propensity, outcome }).ok()?;
            if measure == started.measure && run.rows() >= next {
                next = ((run.rows() as f64 * TRAIL_STEP).ceil() as u64).max(next + 1);
                self.mark(&run, arms, measure);
            }
        }
        Some(run)
    }

    fn mark(&mut self, run: &Experiment, arms: u32, measure: Measure) {
        let points = (1..arms).filter_map(|arm| {
            let figure = run.difference(arm, experiment::Interval::Asymptotic).ok()?;
            Some(TrailPoint { arm, figure: whole(figure, unit(measure)) })
        });
        self.trail.extend(points);
    }

    fn of_measure(&self, measure: Measure) -> Option<&Experiment> {
        match measure {
            Measure::Accuracy => self.accuracy.as_ref(),
            Measure::Time => self.time.as_ref(),
            Measure::Cost => self.cost.as_ref(),
        }
    }

    fn others(&self) -> std::ops::Range<u32> {
        1..u32::try_from(self.arms.len()).unwrap_or(1)
    }

    fn record(mut self) -> ExperimentRecord {
        let mut differences = Vec::new();
        for measure in [Measure::Accuracy, Measure::Time, Measure::Cost] {
            let Some(run) = self.of_measure(measure).cloned() else { continue };
            for (at, arm) in (0u32..).zip(&mut self.arms) {
                let mean = run.level(at).ok().map(not_negative);
                let mean = mean.map(|mean| Measured { arm: at, measure, figure: whole(mean, unit(measure)) });
                arm.means.extend(mean);
            }
            let found = self.others().filter_map(|arm| {
                let figure = run.difference(arm, experiment::Interval::Asymptotic).ok()?;
                Some(Measured { arm, measure, figure: whole(figure, unit(measure)) })
            });
            differences.extend(found);
        }
        let pace = self.others().filter_map(|arm| {
            let log = self.pace.as_ref()?.difference(arm, experiment::Interval::Asymptotic).ok()?;
            let ratio = Estimate { value: math::exp(log.value), low: math::exp(log.low), high: math::exp(log.high), n: log.n };
            Some(Measured { arm, measure: Measure::Time, figure: whole(ratio, BILLION) })
        });
        let pace = pace.collect();
        let settled = self.known.ended && !self.waits;
        ExperimentRecord { experiment: self.known.id, arms: self.arms, differences, pace, trail: self.trail, notes: self.notes, settled }
    }

    /// Whether a stop rule says that it is over.
    fn ends(&self) -> Option<(ExperimentEnd, String)> {
        let started = &self.known.started;
        let name = |arm: u32| started.arms.get(usize::try_from(arm).ok()?).map(|arm| arm.name.as_str());
        let difference = |measure: Measure, arm: u32| {
            let run = self.of_measure(measure)?;
            let fewest = run.arm(0)?.rows.min(run.arm(arm)?.rows);
            run.difference(arm, experiment::Interval::Asymptotic).ok().filter(|_| fewest >= STOP_ROWS_MIN)
        };
        let harm = f64::from(started.harm) / BILLION;
        let harmed = self.others().find_map(|arm| {
            let found = difference(Measure::Accuracy, arm)?;
            let (worse, better) = match (found.high < -harm, found.low > harm) {
                (true, _) => (arm, 0),
                (_, true) => (0, arm),
                _ => return None,
            };
            let points = |value: f64| format!("{:.1}", value * 100.0);
            let (low, high) = (found.low.abs().min(found.high.abs()), found.low.abs().max(found.high.abs()));
            Some(format!(
                "{} is right less often than {}: by {} points [{}, {}], n = {}",
                name(worse)?,
                name(better)?,
                points(found.value.abs()),
                points(low),
                points(high),
                found.n
            ))
        });
        if let Some(reason) = harmed {
            return Some((ExperimentEnd::Harm, reason));
        }
        let shown = |arm: u32| {
            let found = difference(started.measure, arm).filter(|found| found.low > 0.0 || found.high < 0.0)?;
            Some(format!("{} differs from {} by {}", name(arm)?, name(0)?, told(started.measure, &found)))
        };
        if let Some(found) = self.others().map(shown).collect::<Option<Vec<String>>>() {
            return Some((ExperimentEnd::Enough, format!("what it was started for is shown: {}", found.join("; "))));
        }
        let cases: u64 = self.arms.iter().map(|arm| arm.assigned).sum();
        (cases >= started.cases_max).then(|| (ExperimentEnd::Cases, format!("{cases} cases have entered, as many as it was given")))
    }
}

/// A difference in the unit that people count in, with its interval and n.
fn told(measure: Measure, found: &Estimate) -> String {
    let (unit, of_unit, decimals) = match measure {
        Measure::Accuracy => ("points of right answers", 0.01, 1),
        Measure::Time => ("minutes a case", 60e6, 2),
        Measure::Cost => ("units of cost a case", 1e6, 3),
    };
    let [value, low, high] = [found.value, found.low, found.high].map(|value| format!("{:+.decimals$}", value / of_unit));
    format!("{value} {unit} [{low}, {high}], n = {}", found.n)
}

/// No case takes less than no time, or costs less than nothing; how much at most is not known, so that these have no range.
fn not_negative(mean: Estimate) -> Estimate {
    Estimate { value: mean.value.max(0.0), low: mean.low.max(0.0), high: mean.high.max(0.0), n: mean.n }
}

/// What a unit of a measure is in whole numbers.
fn unit(measure: Measure) -> f64 {
    match measure {
        Measure::Accuracy => f64::from(ONE_BILLIONTHS),
        Measure::Time | Measure::Cost => 1.0,
    }
}

fn whole(estimate: Estimate, unit: f64) -> Interval {
    // Saturates: what is out of range for whole numbers is out of range for any use.
    let whole = |value: f64| (value * unit).round() as i64;
    Interval { value: whole(estimate.value), low: whole(estimate.low), high: whole(estimate.high), n: estimate.n }
}

#[cfg(test)]
mod tests;
