//! The figures of everyone who decides, drawn together: [`Figures`]. Puts nothing into words.

use crate::{
    Estimate, complementarity,
    error::Result,
    math,
    rehearsal::{
        data::{Data, NONE, Options},
        findings::{Comparison, Member, Verdict},
        judge::{Judged, Player, brier},
        methods::Costs,
        sheet::{Drawn, Figure, Sheet},
        stage::PROBABILITY_MIN,
    },
    reliance,
};
use std::sync::Arc;

/// Seconds of a minute.
const MINUTE_SECONDS: f64 = 60.0;
/// Groups of the first grouping that a policy's gap is measured over.
const GAP_GROUPS_MAX: usize = 6;
/// Rows that such a group needs.
const GAP_ROWS_MIN: usize = 20;

/// The figures of one decider.
#[derive(Debug, Clone)]
pub struct Decider {
    /// Right answers.
    pub right: Figure,
    /// Cost, with minutes.
    pub cost: Option<Figure>,
    /// Share that nobody looks at.
    pub automated: Option<Figure>,
    /// Minutes.
    pub minutes: Option<Figure>,
    /// Brier score.
    pub brier: Option<Figure>,
    /// Log loss.
    pub log_loss: Option<Figure>,
    /// Bins of the calibration error.
    pub bins: Vec<Figure>,
    /// Right answers by group.
    pub groups: Vec<Figure>,
    /// The answers themselves; averages have none.
    pub answers: Vec<u32>,
}

/// Builds the sheet.
pub struct Builder<'a> {
    data: &'a Data,
    options: &'a Options,
    costs: &'a Costs,
    /// The sheet.
    pub sheet: Sheet,
    minutes: Option<Vec<f64>>,
    look: f64,
    groups: Option<(Arc<[u32]>, Vec<u32>)>,
}

impl<'a> Builder<'a> {
    /// A sheet for these data.
    #[must_use]
    pub fn new(data: &'a Data, options: &'a Options, costs: &'a Costs, weights: Vec<f64>) -> Self {
        let groups = data.groups.first().map(|(_, codes)| {
            let mut counts = vec![0usize; codes.names.len()];
            for code in &codes.codes {
                if let Some(count) = counts.get_mut(*code as usize) {
                    *count += 1;
                }
            }
            let mut large: Vec<(usize, u32)> = (0u32..).zip(&counts).map(|(g, n)| (*n, g)).filter(|(n, _)| *n >= GAP_ROWS_MIN).collect();
            large.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
            (Arc::from(codes.codes.as_slice()), large.into_iter().take(GAP_GROUPS_MAX).map(|(_, g)| g).collect())
        });
        let minutes = minutes(data);
        Self { data, options, costs, sheet: Sheet::new(weights), minutes, look: costs.look, groups }
    }

    fn n(&self) -> usize {
        self.data.len()
    }

    fn truth(&self, row: usize) -> u32 {
        self.data.truth.as_ref().and_then(|t| t.get(row)).copied().unwrap_or(NONE)
    }

    /// Minutes and cost of a look in a row.
    fn look(&self, row: usize) -> (f64, f64) {
        let minutes = self.minutes.as_ref().and_then(|m| m.get(row)).copied();
        (minutes.unwrap_or(f64::NAN), minutes.map_or(self.look, |m| m * self.options.minute_cost))
    }

    /// A decider whose answers do not depend on what was fitted; `looked` says whether a person sees every case.
    pub fn labels(&mut self, labels: &[u32], looked: bool) -> Decider {
        let n = self.n();
        let classes = self.data.classes.len();
        let (mut right, mut cost, mut minutes) = (vec![f64::NAN; n], vec![f64::NAN; n], vec![f64::NAN; n]);
        for (row, label) in labels.iter().enumerate().filter(|(_, label)| **label != NONE) {
            let truth = self.truth(row);
            let error = self.costs.errors.get(truth as usize * classes + *label as usize).copied().unwrap_or(0.0);
            let (time, look) = if looked { self.look(row) } else { (0.0, 0.0) };
            let values = [(&mut right, f64::from(u8::from(*label == truth))), (&mut cost, error + look), (&mut minutes, time)];
            for (column, value) in values {
                if let Some(cell) = column.get_mut(row) {
                    *cell = value;
                }
            }
        }
        let automated = right.iter().map(|r| if r.is_nan() { f64::NAN } else { f64::from(u8::from(!looked)) }).collect();
        self.decider(right, cost, automated, minutes, labels.to_vec())
    }

    /// A decider that was fitted.
    pub fn player(&mut self, player: Player) -> Decider {
        let mut cost = player.cost;
        let mut minutes = vec![f64::NAN; self.n()];
        for (row, cost) in cost.iter_mut().enumerate() {
            let looked = 1.0 - player.automated.get(row).copied().unwrap_or(f64::NAN);
            let (time, look) = self.look(row);
            *cost += looked * look;
            if let Some(cell) = minutes.get_mut(row) {
                *cell = if looked == 0.0 { 0.0 } else { looked * time };
            }
        }
        let mut decider = self.decider(player.right, cost, player.automated, minutes, player.answer);
        if let Some(scores) = player.scores {
            decider.brier = Some(self.sheet.add(scores.brier));
            decider.log_loss = Some(self.sheet.add(scores.log_loss));
            let said = self.sheet.add(scores.confidence);
            decider.bins = self.sheet.add_bins(said, decider.right);
        }
        decider
    }

    /// Automation of some rows, with others for the rest.
    pub fn mixed(&mut self, automated: &[f64], ai: &[u32], rest: &[u32]) -> Decider {
        let n = self.n();
        let classes = self.data.classes.len();
        let (mut right, mut cost, mut minutes) = (vec![f64::NAN; n], vec![f64::NAN; n], vec![f64::NAN; n]);
        let mut share = vec![f64::NAN; n];
        for row in 0..n {
            let (Some(a), Some(ai), Some(rest)) = (automated.get(row), ai.get(row), rest.get(row)) else { continue };
            if *rest == NONE || a.is_nan() {
                continue;
            }
            let truth = self.truth(row);
            let error = |label: u32| self.costs.errors.get(truth as usize * classes + label as usize).copied().unwrap_or(0.0);
            let hit = |label: u32| f64::from(u8::from(label == truth));
            let (time, look) = self.look(row);
            let values = [
                (&mut right, a * hit(*ai) + (1.0 - a) * hit(*rest)),
                (&mut cost, a * error(*ai) + (1.0 - a) * (error(*rest) + look)),
                (&mut minutes, if *a == 1.0 { 0.0 } else { (1.0 - a) * time }),
                (&mut share, *a),
            ];
            for (column, value) in values {
                if let Some(cell) = column.get_mut(row) {
                    *cell = value;
                }
            }
        }
        self.decider(right, cost, share, minutes, Vec::new())
    }

    fn decider(&mut self, right: Vec<f64>, cost: Vec<f64>, automated: Vec<f64>, minutes: Vec<f64>, answers: Vec<u32>) -> Decider {
        let timed = minutes.iter().zip(&right).all(|(m, r)| r.is_nan() || !m.is_nan()) && self.minutes.is_some();
        let right = self.sheet.add(right);
        let cost = Some(self.sheet.add(cost));
        let automated = Some(self.sheet.add(automated));
        let minutes = timed.then(|| self.sheet.add(minutes));
        let groups = match &self.groups {
            Some((codes, groups)) if groups.len() > 1 => groups.iter().map(|group| self.sheet.add_within(right, codes, *group)).collect(),
            _ => Vec::new(),
        };
        Decider { right, cost, automated, minutes, brier: None, log_loss: None, bins: Vec::new(), groups, answers }
    }

    /// Scores of probabilities as they are: `[row * classes + class]`.
    pub fn probabilities(&mut self, decider: &mut Decider, probabilities: &[f64]) {
        let classes = self.data.classes.len();
        let n = self.n();
        let (mut squares, mut logs, mut said) = (Vec::with_capacity(n), Vec::with_capacity(n), Vec::with_capacity(n));
        for (row, values) in probabilities.chunks_exact(classes.max(1)).enumerate() {
            let truth = self.truth(row);
            let answer = decider.answers.get(row).copied().unwrap_or(NONE);
            let of = |class: u32| values.get(class as usize).copied().unwrap_or(f64::NAN);
            squares.push(brier(values, truth));
            logs.push(-math::ln(of(truth).max(PROBABILITY_MIN)));
            said.push(of(answer));
        }
        decider.brier = Some(self.sheet.add(squares));
        decider.log_loss = Some(self.sheet.add(logs));
        let said = self.sheet.add(said);
        decider.bins = self.sheet.add_bins(said, decider.right);
    }

    /// A figure of the rows that `of` gives a value.
    pub fn rows(&mut self, of: impl Fn(usize) -> Option<bool>) -> Figure {
        let values = (0..self.n()).map(|row| of(row).map_or(f64::NAN, |v| f64::from(u8::from(v)))).collect();
        self.sheet.add(values)
    }

    /// Draws everything.
    ///
    /// # Errors
    /// As [`Sheet::draw`].
    pub fn draw(&self) -> Result<Drawn> {
        self.sheet.draw(self.data, self.options.draws, self.options.seed)
    }
}

/// Minutes by row, where times are known; a row without one gets the mean.
fn minutes(data: &Data) -> Option<Vec<f64>> {
    let seconds = data.seconds.as_ref()?;
    let known: Vec<f64> = seconds.iter().copied().filter(|s| !s.is_nan()).collect();
    let mean = math::mean(&known)?;
    Some(seconds.iter().map(|s| if s.is_nan() { mean } else { *s } / MINUTE_SECONDS).collect())
}

/// What a look costs on average: a minute where no time is known.
#[must_use]
pub fn look(data: &Data, options: &Options) -> f64 {
    let mean = minutes(data).and_then(|m| math::mean(&m)).unwrap_or(1.0);
    mean * options.minute_cost
}

/// A decider's figures as a member.
#[must_use]
pub fn member(drawn: &Drawn, decider: &Decider) -> Member {
    let (brier, ece) = (decider.brier.and_then(|f| drawn.mean(f)), calibration_error(drawn, &decider.bins));
    let reason =
        (brier.is_some() && ece.is_none()).then(|| "Too few rows have both an answer and a probability for a calibration error.".into());
    Member {
        accuracy: drawn.share(decider.right),
        brier,
        log_loss: decider.log_loss.and_then(|f| drawn.mean(f)),
        ece,
        cost: decider.cost.and_then(|f| drawn.mean(f)),
        method: None,
        reason,
    }
}

fn calibration_error(drawn: &Drawn, bins: &[Figure]) -> Option<Estimate> {
    let n = drawn.n(*bins.first()?);
    drawn.statistic(n, |get| bins.iter().try_fold(0.0, |sum, bin| Some(sum + get(*bin)?.abs())))
}

/// A pair against its members: the person, and the AI in one or more forms (as it is, recalibrated) of which the best counts in each
/// draw. What that shows is [`complementarity`]'s to say.
#[must_use]
pub fn compare(drawn: &Drawn, sheet: &Sheet, pair: Figure, human: Option<Figure>, ai: &[Figure]) -> Comparison {
    let n = drawn.n(pair);
    let best_ai = |get: &dyn Fn(Figure) -> Option<f64>| {
        ai.iter().filter_map(|figure| get(*figure)).fold(None, |best: Option<f64>, v| Some(best.map_or(v, |b| b.max(v))))
    };
    let over_ai = drawn.statistic(n, |get| Some(get(pair)? - best_ai(get)?));
    let Some(human) = human else {
        let verdict = over_ai.filter(|e| e.high < 0.0).map(|_| Verdict::Harmful);
        return Comparison {
            over_ai,
            verdict,
            reason: Some("people's own answers before advice are not known, so the pair can only be held against the AI".to_owned()),
            ..Comparison::default()
        };
    };
    let over_human = drawn.difference(pair, human);
    let ctp = drawn.statistic(n, |get| Some(get(pair)? - get(human)?.max(best_ai(get)?)));
    let (Some(over_human), Some(over_ai)) = (over_human, over_ai) else {
        let reason = "too few rows or clusters carry this comparison".to_owned();
        return Comparison { ctp, over_human, over_ai, verdict: None, reason: Some(reason) };
    };
    let fewest = ai.iter().map(|figure| sheet.differ(pair, *figure)).min().unwrap_or(0);
    let few = complementarity::few(drawn.clusters(), sheet.differ(pair, human), fewest);
    let verdict = if few.is_some() { Verdict::NotShown } else { complementarity::verdict(&over_human, &over_ai) };
    Comparison { ctp, over_human: Some(over_human), over_ai: Some(over_ai), verdict: Some(verdict), reason: few }
}

/// The largest less the smallest error of the groups.
#[must_use]
pub fn gap(drawn: &Drawn, decider: &Decider) -> Option<Estimate> {
    if decider.groups.len() < 2 {
        return None;
    }
    let n = decider.groups.iter().map(|g| drawn.n(*g)).sum();
    drawn.statistic(n, |get| {
        let rates: Vec<f64> = decider.groups.iter().map(|g| get(*g)).collect::<Option<_>>()?;
        let (low, high) = rates.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(*v), h.max(*v)));
        Some(high - low)
    })
}

/// One less an estimate.
#[must_use]
pub fn complement(e: Estimate) -> Estimate {
    Estimate { value: 1.0 - e.value, low: 1.0 - e.high, high: 1.0 - e.low, n: e.n }
}

/// All deciders with their figures.
pub struct Figures {
    /// People alone.
    pub human: Option<Decider>,
    /// The AI as it is.
    pub ai: Decider,
    /// The AI recalibrated.
    pub recalibrated: Decider,
    /// After advice.
    pub observed: Option<Decider>,
    /// The best combination.
    pub achieved: Option<Decider>,
    /// Each way to choose who decides.
    pub routes: Vec<Option<Decider>>,
    /// Each promise: the policy, and wrong answers among all rows that are automated.
    pub promises: Vec<(Option<Decider>, Figure, Figure)>,
    /// Prediction sets: coverage, size, one class alone.
    pub sets: Vec<[Figure; 3]>,
    /// Neither right.
    pub both_wrong: Option<Figure>,
    /// Reliance, in the order of its members.
    pub reliance: Option<[Figure; 6]>,
    /// Final answers that are not the AI's.
    pub overrides: Option<Figure>,
}

/// Fills the sheet. Columns that nobody asks for afterwards move into it: with a million rows a copy is dear.
#[must_use]
pub fn figures(builder: &mut Builder<'_>, judged: &mut Judged, ai: &[u32]) -> Figures {
    let data = builder.data;
    let person = data.human.clone();
    let human = data.human.as_ref().map(|labels| {
        let mut decider = builder.labels(labels, true);
        if let Some(p) = &data.human_probability {
            let rows: Vec<f64> = p.iter().flat_map(|p| [1.0 - p, *p]).collect();
            builder.probabilities(&mut decider, &rows);
        }
        decider
    });
    let mut machine = builder.labels(ai, false);
    if let Some(p) = &data.ai_probabilities {
        builder.probabilities(&mut machine, p);
    }
    let recalibrated = builder.player(judged.ai.clone());
    let observed = data.observed.as_ref().map(|labels| builder.labels(labels, true));
    let achieved = judged.achieved.clone().map(|player| builder.player(player));
    let routes = judged.routes.iter_mut().map(|(_, player)| player.take().map(|player| builder.player(player))).collect();
    let rest = data.observed.clone().or(person);
    let promises = judged
        .promises
        .iter()
        .map(|kept| {
            let policy = rest.as_ref().map(|rest| builder.mixed(&kept.automated, ai, rest));
            let wrong = |row: usize| f64::from(u8::from(ai.get(row) != data.truth.as_ref().and_then(|t| t.get(row))));
            let both = kept.automated.iter().enumerate().map(|(row, a)| a * wrong(row)).collect();
            (policy, builder.sheet.add(kept.automated.clone()), builder.sheet.add(both))
        })
        .collect();
    let sets = judged
        .sets
        .iter_mut()
        .map(|sets| [&mut sets.covered, &mut sets.size, &mut sets.single].map(|c| builder.sheet.add(std::mem::take(c))))
        .collect();
    let truth = |row: usize| data.truth.as_ref().and_then(|t| t.get(row)).copied().unwrap_or(NONE);
    let of = |labels: &Option<Vec<u32>>, row: usize| labels.as_ref().and_then(|l| l.get(row)).copied().filter(|l| *l != NONE);
    let both_wrong =
        data.human.as_ref().map(|_| builder.rows(|row| Some(of(&data.human, row)? != truth(row) && ai.get(row).copied()? != truth(row))));
    let reliance = (data.human.is_some() && data.observed.is_some()).then(|| {
        let row = |row: usize| {
            let (first, ai, last) = (of(&data.human, row)?, ai.get(row).copied()?, of(&data.observed, row)?);
            Some(reliance::contributions(truth(row), ai, first, last))
        };
        std::array::from_fn(|figure| builder.rows(|at| row(at).and_then(|cells| cells.get(figure).copied().flatten())))
    });
    let overrides = data.observed.as_ref().map(|_| builder.rows(|row| Some(of(&data.observed, row)? != ai.get(row).copied()?)));
    Figures { human, ai: machine, recalibrated, observed, achieved, routes, promises, sets, both_wrong, reliance, overrides }
}
