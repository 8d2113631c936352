//! Puts a [`Fairness`] together: groups, rates, comparisons, tests. Draws by [`super::draws`], names nothing.

use super::{
    COMPARED_ROWS_MIN, Comparison, Contrast, Decider, EqualisedOdds, FOUR_FIFTHS, Fairness, Group, Metric, Options, Rate, Rates, Standing,
    Table, Test,
    cells::Cells,
    chance::{self, chance, detectable_gap},
    clusters::{Clusters, Spread, Units, effective_rows},
    draws::{self, Question, STUDENTISED_GROUPS_MAX, Source},
    impact::{Impact, below},
    metric::{TALLY, Tally},
    pairs::{Extremes, extremes},
    significance::two_proportions,
};
use crate::{
    Estimate,
    error::{Error, Result},
    interval, math,
    special::{normal_quantile, normal_survival, z_two_sided},
};
use std::borrow::Cow;

const METRICS: usize = Metric::ALL.len();

/// Limits at a critical value beyond this are as good as none.
const CRITICAL_MAX: f64 = 6.0;

/// What is measured, with small groups settled, and every rate by decider, metric and group.
pub(super) struct Plan<'a> {
    pub cells: Cow<'a, Cells>,
    pub options: &'a Options,
    pub deciders: usize,
    pub groups: usize,
    pub rows: u64,
    /// By decider and group.
    pub tallies: Vec<Tally>,
    /// By decider, metric and group: rate (NaN of no rows), denominator, effective denominator.
    pub rates: Vec<f64>,
    pub wholes: Vec<u64>,
    pub effective: Vec<f64>,
    compared: Vec<bool>,
    clustered: bool,
}

pub(super) fn measure(table: &Table<'_>, options: &Options) -> Result<Fairness> {
    check(table, options)?;
    let (groups, map) = settle(table, options);
    let cells = match &map {
        None => Cow::Borrowed(table.cells),
        Some(map) => Cow::Owned(table.cells.regroup(map)?),
    };
    let clusters: Vec<Cow<'_, Clusters>> = table
        .clusters
        .iter()
        .map(|clusters| map.as_ref().map_or(Cow::Borrowed(*clusters), |map| Cow::Owned(clusters.regroup(map))))
        .collect();
    let deciders = table.cells.deciders();
    let units: Vec<Units> = clusters.iter().map(|clusters| Units::new(clusters, groups.len(), deciders)).collect();
    let mut plan = Plan::new(cells, options, &groups);
    let spreads: Vec<Vec<Spread>> = units.iter().map(|units| units.variances(&plan.tallies)).collect();
    plan.settle_effective(&spreads);

    let questions = plan.questions();
    let source = if units.is_empty() { Source::rows(&plan) } else { Source::Clusters { units: &units, spreads: &spreads } };
    let drawn = draws::draw(&plan, &source, &questions);
    let mut decided = Vec::new();
    for decider in 0..deciders {
        let name = table.deciders.get(decider).cloned().unwrap_or_else(|| format!("decider {}", decider + 1));
        decided.push(plan.decider(name, decider, &questions, &drawn, &groups, &units)?);
    }
    let mut fairness = Fairness {
        contrasts: plan.contrasts(&questions, &drawn),
        cannot_say: plan.cannot_say(&groups, &decided, &units),
        deciders: decided,
        clusters: units.iter().map(|units| units.len() as u64).collect(),
        groups,
    };
    super::correct_together([&mut fairness]);
    Ok(fairness)
}

fn check(table: &Table<'_>, options: &Options) -> Result<()> {
    if table.cells.rows() == 0 {
        return Err(Error::cannot_say("There are no rows, so nothing can be said about any group."));
    }
    if options.draws == 0 {
        return Err(Error::input("draws", "at least one draw is needed; 1,000 are usual"));
    }
    interval::level_check(options.level)
}

/// Says what becomes of every group, and how numbers change where small ones are merged.
fn settle(table: &Table<'_>, options: &Options) -> (Vec<Group>, Option<Vec<usize>>) {
    let rows = table.cells.rows();
    let known = rows - table.unknown.map_or(0, |unknown| table.cells.group_rows(unknown));
    let count = table.cells.groups().max(table.groups.len());
    let mut groups: Vec<Group> = (0..count)
        .map(|at| {
            let n = table.cells.group_rows(at);
            let small = n < options.small.rows_min || (n as f64) < options.small.share_min * known as f64;
            Group {
                name: table.groups.get(at).cloned().unwrap_or_else(|| at.to_string()),
                n,
                share: n as f64 / rows as f64,
                standing: match (table.unknown == Some(at), small) {
                    (true, _) => Standing::Unknown,
                    (_, true) => Standing::Small,
                    _ => Standing::Compared,
                },
                merged: Vec::new(),
            }
        })
        .collect();
    let small: Vec<usize> =
        (0..count).filter(|at| groups.get(*at).is_some_and(|group| group.standing == Standing::Small && group.n > 0)).collect();
    if !options.small.merge || small.len() < 2 {
        return (groups, None);
    }
    let mut map = Vec::with_capacity(count);
    let mut kept = Vec::new();
    let mut merged = Group { name: "other".into(), n: 0, share: 0.0, standing: Standing::Merged, merged: Vec::new() };
    let merged_at = count - small.len();
    for (at, group) in groups.drain(..).enumerate() {
        if small.contains(&at) {
            map.push(merged_at);
            merged.n += group.n;
            merged.share += group.share;
            merged.merged.push(group.name);
        } else {
            map.push(kept.len());
            kept.push(group);
        }
    }
    if merged.n < options.small.rows_min {
        merged.standing = Standing::Small;
    }
    kept.push(merged);
    (kept, Some(map))
}

impl<'a> Plan<'a> {
    fn new(cells: Cow<'a, Cells>, options: &'a Options, named: &[Group]) -> Self {
        let (deciders, groups) = (cells.deciders(), named.len());
        let mut tallies = Vec::with_capacity(deciders * groups);
        for decider in 0..deciders {
            let mut all = cells.tallies(decider);
            all.resize(groups, [0; TALLY]);
            tallies.extend(all);
        }
        let places = deciders * METRICS * groups;
        let (mut rates, mut wholes) = (vec![f64::NAN; places], vec![0; places]);
        for (place, tally) in tallies.iter().enumerate() {
            for metric in Metric::ALL {
                let at = (place / groups * METRICS + metric.index()) * groups + place % groups;
                if let (Some(rate), Some(whole)) = (rates.get_mut(at), wholes.get_mut(at)) {
                    *rate = metric.rate(tally).unwrap_or(f64::NAN);
                    *whole = metric.parts(tally).1;
                }
            }
        }
        let effective = wholes.iter().map(|whole| *whole as f64).collect();
        let rows = cells.rows();
        let compared = named.iter().map(Group::compared).collect();
        Self { cells, options, deciders, groups, rows, tallies, rates, wholes, effective, compared, clustered: false }
    }

    fn settle_effective(&mut self, spreads: &[Vec<Spread>]) {
        self.clustered = !spreads.is_empty();
        for at in 0..self.rates.len() {
            let here: Vec<Spread> = spreads.iter().filter_map(|all| all.get(at)).copied().collect();
            if let (Some(slot), Some(rate), Some(whole)) = (self.effective.get_mut(at), self.rates.get(at), self.wholes.get(at)) {
                *slot = effective_rows(*rate, *whole, &here, self.options.level);
            }
        }
    }

    /// Rate, denominator and effective denominator.
    fn at(&self, decider: usize, metric: Metric, group: usize) -> (f64, u64, f64) {
        let at = (decider * METRICS + metric.index()) * self.groups + group;
        (
            self.rates.get(at).copied().unwrap_or(f64::NAN),
            self.wholes.get(at).copied().unwrap_or(0),
            self.effective.get(at).copied().unwrap_or(0.0),
        )
    }

    /// Wilson's interval at a level; `None` of no rows.
    fn rate(&self, decider: usize, metric: Metric, group: usize, level: f64) -> Option<Estimate> {
        let (rate, whole, effective) = self.at(decider, metric, group);
        if whole == 0 { None } else { interval::wilson_share(rate, effective, whole, level).ok() }
    }

    /// For every decider and metric the groups that are compared.
    fn questions(&self) -> Vec<Question> {
        let z = z_two_sided(self.options.level);
        let mut out = Vec::with_capacity(self.deciders * METRICS);
        for decider in 0..self.deciders {
            for metric in Metric::ALL {
                let mut question = Question::default();
                let mut variances = Vec::new();
                for group in 0..self.groups {
                    let (rate, whole, effective) = self.at(decider, metric, group);
                    if whole > 0 && effective >= COMPARED_ROWS_MIN && self.compared.get(group) == Some(&true) {
                        question.groups.push((group, rate));
                        // Wilson's centre: a rate of 0 or 1 has an error too.
                        let centre = (rate * effective + z * z / 2.0) / (effective + z * z);
                        variances.push(centre * (1.0 - centre) / (effective + z * z));
                    }
                }
                if (2..=STUDENTISED_GROUPS_MAX).contains(&variances.len()) {
                    for (i, a) in variances.iter().enumerate() {
                        question.precision.extend(variances.iter().skip(i + 1).map(|b| 1.0 / math::sqrt(a + b)));
                    }
                }
                if question.groups.len() > 1 {
                    let by_rate = |a: &&(usize, f64), b: &&(usize, f64)| a.1.total_cmp(&b.1);
                    let low = question.groups.iter().min_by(by_rate).map(|group| group.0);
                    let high = question.groups.iter().rev().max_by(by_rate).map(|group| group.0);
                    question.ends = low.zip(high);
                }
                out.push(question);
            }
        }
        out
    }

    /// The level of one interval under which all pairs' hold at once.
    fn joint_level(&self, critical: Option<f64>, groups: usize) -> f64 {
        let single = z_two_sided(self.options.level);
        let pairs = (groups * groups.saturating_sub(1) / 2).max(1) as f64;
        let critical = critical.unwrap_or_else(|| normal_quantile(1.0 - (1.0 - self.options.level) / 2.0 / pairs));
        1.0 - 2.0 * normal_survival(critical.clamp(single, CRITICAL_MAX))
    }

    fn limits(&self, decider: usize, metric: Metric, question: &Question, critical: Option<f64>) -> Vec<Estimate> {
        let level = self.joint_level(critical, question.groups.len());
        question.groups.iter().filter_map(|(group, _)| self.rate(decider, metric, *group, level)).collect()
    }

    fn decider(
        &self,
        name: String,
        decider: usize,
        questions: &[Question],
        drawn: &draws::Drawn,
        groups: &[Group],
        units: &[Units],
    ) -> Result<Decider> {
        let level = self.options.level;
        let by_group = (0..self.groups)
            .map(|group| {
                Metric::ALL
                    .iter()
                    .map(|metric| {
                        let effective_n = self.clustered.then(|| self.at(decider, *metric, group).2);
                        (*metric, self.rate(decider, *metric, group, level).map(|estimate| Rate { estimate, effective_n }))
                    })
                    .collect()
            })
            .collect();
        let mut tests = Vec::new();
        for metric in Metric::TESTED {
            if let Some(question) = questions.get(decider * METRICS + metric.index()) {
                self.tests(decider, metric, question, &mut tests);
            }
        }
        self.settle_detectable(decider, &mut tests);
        let mut comparisons = Vec::new();
        for metric in Metric::ALL {
            let at = decider * METRICS + metric.index();
            if let Some(question) = questions.get(at) {
                let critical = drawn.critical.get(at).copied().flatten();
                comparisons.extend(self.comparison(decider, metric, question, critical, &tests));
            }
        }
        let odds = drawn.critical_odds.get(decider).copied().flatten();
        let equalised_odds = self.equalised_odds(decider, questions, odds, &comparisons);
        let selection = questions.get(decider * METRICS + Metric::SelectionRate.index());
        let critical = drawn.critical.get(decider * METRICS + Metric::SelectionRate.index()).copied().flatten();
        let joint = self.joint_level(critical, selection.map_or(2, |question| question.groups.len()));
        let rates: Vec<_> = (0..self.groups).map(|group| self.rate(decider, Metric::SelectionRate, group, level)).collect();
        let limits: Vec<_> = (0..self.groups).map(|group| self.rate(decider, Metric::SelectionRate, group, joint)).collect();
        let tallies = self.tallies.get(decider * self.groups..(decider + 1) * self.groups).unwrap_or_default();
        let impact = Impact::of(groups, tallies, &rates, &limits, selection.and_then(|question| question.ends));
        let overall = self.overall(decider, units)?;
        Ok(Decider { name, overall, groups: by_group, comparisons, equalised_odds, tests, impact })
    }

    /// All rows together, clusters across groups included.
    fn overall(&self, decider: usize, units: &[Units]) -> Result<Rates> {
        let mut total = [0; TALLY];
        for tally in self.tallies.iter().skip(decider * self.groups).take(self.groups) {
            for (sum, count) in total.iter_mut().zip(tally) {
                *sum += count;
            }
        }
        let spreads: Vec<Vec<Spread>> = units.iter().map(|units| units.joined(decider).variances(&[total])).collect();
        let mut rates = Rates::new();
        for metric in Metric::ALL {
            let (_, whole) = metric.parts(&total);
            let rate = match metric.rate(&total) {
                None => None,
                Some(rate) => {
                    let here: Vec<Spread> = spreads.iter().filter_map(|all| all.get(metric.index())).copied().collect();
                    let effective = effective_rows(rate, whole, &here, self.options.level);
                    let estimate = interval::wilson_share(rate, effective, whole, self.options.level)?;
                    Some(Rate { estimate, effective_n: self.clustered.then_some(effective) })
                }
            };
            rates.insert(metric, rate);
        }
        Ok(rates)
    }

    /// Rate of some groups together, on effective rows: hits and rows, whole.
    fn together(&self, decider: usize, metric: Metric, groups: impl Iterator<Item = usize>) -> (u64, u64, f64) {
        let (mut part, mut whole, mut effective) = (0, 0, 0.0);
        for group in groups {
            if let Some(tally) = self.tallies.get(decider * self.groups + group) {
                let (a, b) = metric.parts(tally);
                (part, whole, effective) = (part + a, whole + b, effective + self.at(decider, metric, group).2);
            }
        }
        (part, whole, effective)
    }

    fn comparison(&self, decider: usize, metric: Metric, question: &Question, critical: Option<f64>, tests: &[Test]) -> Option<Comparison> {
        let (lowest, highest) = question.ends?;
        let limits = self.limits(decider, metric, question, critical);
        let ends = extremes(&limits);
        let (low, high) = (self.at(decider, metric, lowest).0, self.at(decider, metric, highest).0);
        let n = question.groups.iter().map(|(group, _)| self.at(decider, metric, *group).1).sum();
        let (difference, ratio) = estimates(low, high, &ends, n);
        let sizes: Vec<(u64, f64)> =
            question.groups.iter().map(|(group, rate)| (self.at(decider, metric, *group).2.round().max(1.0) as u64, *rate)).collect();
        let seed = self.options.seed ^ (decider as u64 + 1).wrapping_mul(0x51_7c_c1_b7_27_22_0a_95);
        let own: Vec<&Test> = tests.iter().filter(|test| test.metric == metric).collect();
        let detectable_gap = own.iter().map(|test| test.detectable_gap).try_fold(0.0f64, |most, gap| Some(most.max(gap?)));
        Some(Comparison {
            metric,
            lowest,
            highest,
            difference,
            ratio,
            below_four_fifths: ratio.map(below),
            chance: chance(&sizes, FOUR_FIFTHS, self.options.draws, seed, metric),
            detectable_gap: detectable_gap.filter(|_| !own.is_empty()),
            left_out: (0..self.groups)
                .filter(|group| self.compared.get(*group) == Some(&true) && !question.groups.iter().any(|(at, _)| at == group))
                .collect(),
        })
    }

    fn equalised_odds(
        &self,
        decider: usize,
        questions: &[Question],
        critical: Option<f64>,
        comparisons: &[Comparison],
    ) -> Option<EqualisedOdds> {
        let mut found: Option<EqualisedOdds> = None;
        for metric in [Metric::TruePositiveRate, Metric::FalsePositiveRate] {
            let question = questions.get(decider * METRICS + metric.index())?;
            let own = comparisons.iter().find(|comparison| comparison.metric == metric)?;
            let limits = self.limits(decider, metric, question, critical);
            let (low, high) = (self.at(decider, metric, own.lowest).0, self.at(decider, metric, own.highest).0);
            let (difference, ratio) = estimates(low, high, &extremes(&limits), own.difference.n);
            found = Some(match found {
                None => EqualisedOdds { difference, ratio },
                Some(first) => EqualisedOdds {
                    difference: join(first.difference, difference, f64::max),
                    ratio: first.ratio.zip(ratio).map(|(a, b)| join(a, b, f64::min)),
                },
            });
        }
        found
    }

    /// Each compared group against the others; of two groups only the first, for the second would be the same test.
    fn tests(&self, decider: usize, metric: Metric, question: &Question, out: &mut Vec<Test>) {
        let all: Vec<usize> = question.groups.iter().map(|group| group.0).collect();
        let count = match all.len() {
            0 | 1 => return,
            2 => 1,
            more => more,
        };
        for group in all.iter().copied().take(count) {
            let (part, whole, effective) = self.together(decider, metric, [group].into_iter());
            let (other_part, other_whole, other_effective) =
                self.together(decider, metric, all.iter().copied().filter(|other| *other != group));
            let (rate, others) = (part as f64 / whole as f64, other_part as f64 / other_whole as f64);
            let own = interval::wilson_share(rate, effective, whole, self.options.level);
            let rest = interval::wilson_share(others, other_effective, other_whole, self.options.level);
            let (Ok(own), Ok(rest)) = (own, rest) else { continue };
            let p = if self.clustered {
                let (n, m) = (effective.round().max(1.0), other_effective.round().max(1.0));
                two_proportions((rate * n).round() as u64, n as u64, (others * m).round() as u64, m as u64)
            } else {
                two_proportions(part, whole, other_part, other_whole)
            };
            out.push(Test {
                metric,
                group,
                difference: Estimate { n: whole, ..interval::difference_of(&own, &rest) },
                p,
                p_holm: p,
                detectable_gap: None,
            });
        }
    }

    fn settle_detectable(&self, decider: usize, tests: &mut [Test]) {
        let alpha = (1.0 - self.options.level) / tests.len().max(1) as f64;
        for test in tests {
            let others =
                self.compared.iter().enumerate().filter(|(group, compared)| **compared && *group != test.group).map(|(group, _)| group);
            let (part, whole, effective) = self.together(decider, test.metric, others);
            let own = self.at(decider, test.metric, test.group).2;
            test.detectable_gap = detectable_gap(part as f64 / whole.max(1) as f64, own, effective, alpha);
        }
    }

    fn contrasts(&self, questions: &[Question], drawn: &draws::Drawn) -> Vec<Contrast> {
        let mut out = Vec::new();
        let tail = (1.0 - self.options.level) / 2.0;
        for first in 0..self.deciders {
            for second in first + 1..self.deciders {
                for metric in Metric::ALL.into_iter().filter(|metric| *metric != Metric::BaseRate) {
                    let (a, b) = (first * METRICS + metric.index(), second * METRICS + metric.index());
                    let gap = |decider: usize, at: usize| {
                        let (low, high) = questions.get(at)?.ends?;
                        Some(self.at(decider, metric, high).0 - self.at(decider, metric, low).0)
                    };
                    let (Some(gap_a), Some(gap_b)) = (gap(first, a), gap(second, b)) else { continue };
                    let (Some(draws_a), Some(draws_b)) = (drawn.gaps.get(a), drawn.gaps.get(b)) else { continue };
                    let mut draws: Vec<f64> = draws_a.iter().zip(draws_b).map(|(a, b)| a - b).filter(|gap| !gap.is_nan()).collect();
                    let rows = |decider: usize, at: usize| -> u64 {
                        questions.get(at).map_or(0, |q| q.groups.iter().map(|(group, _)| self.at(decider, metric, *group).1).sum())
                    };
                    let difference = Estimate {
                        value: gap_a - gap_b,
                        low: chance::quantile(&mut draws, tail),
                        high: chance::quantile(&mut draws, 1.0 - tail),
                        n: rows(first, a).min(rows(second, b)),
                    };
                    if !draws.is_empty() {
                        out.push(Contrast { metric, first, second, difference });
                    }
                }
            }
        }
        out
    }

    fn cannot_say(&self, groups: &[Group], deciders: &[Decider], units: &[Units]) -> Vec<String> {
        let mut out = Vec::new();
        let compared = groups.iter().filter(|group| group.compared()).count();
        if compared < 2 {
            out.push(format!(
                "Only {compared} of the groups has enough rows to be compared, so no difference between groups can be stated."
            ));
        }
        let small: Vec<&str> =
            groups.iter().filter(|group| group.standing == Standing::Small && group.n > 0).map(|group| group.name.as_str()).collect();
        if !small.is_empty() {
            out.push(format!("Too few rows to compare (their rates are shown with wide intervals): {}.", listed(&small)));
        }
        let truth = deciders.iter().any(|decider| decider.overall.get(&Metric::Accuracy).is_some_and(Option::is_some));
        if !truth {
            out.push("No row has a truth, so only how often each group is selected can be said, not who is treated wrongly.".into());
        }
        for (decider, found) in deciders.iter().enumerate() {
            let missing: Vec<&str> = Metric::ALL
                .into_iter()
                .filter(|metric| truth && compared > 1 && self.together(decider, *metric, 0..self.groups).1 > 0)
                .filter(|metric| !found.comparisons.iter().any(|comparison| comparison.metric == *metric))
                .map(Metric::name)
                .collect();
            if !missing.is_empty() {
                out.push(format!(
                    "{}: fewer than two groups have the {COMPARED_ROWS_MIN} rows that a comparison needs of {}.",
                    found.name,
                    listed(&missing)
                ));
            }
        }
        if let Some(fewest) = units.iter().map(Units::len).min().filter(|fewest| *fewest < 20) {
            out.push(format!("The rows come from {fewest} clusters only; intervals that treat so few as the unit are rough."));
        }
        out
    }
}

fn estimates(low: f64, high: f64, ends: &Extremes, n: u64) -> (Estimate, Option<Estimate>) {
    let difference = Estimate { value: high - low, low: ends.difference.0, high: ends.difference.1, n };
    let ratio = (high > 0.0).then(|| Estimate { value: low / high, low: ends.ratio.0, high: ends.ratio.1, n });
    (difference, ratio)
}

fn join(a: Estimate, b: Estimate, pick: fn(f64, f64) -> f64) -> Estimate {
    Estimate { value: pick(a.value, b.value), low: pick(a.low, b.low), high: pick(a.high, b.high), n: a.n + b.n }
}

/// `a, b and c`.
pub(crate) fn listed(names: &[&str]) -> String {
    const NAMED_MAX: usize = 12;
    match names {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [.., last] if names.len() <= NAMED_MAX => format!("{} and {last}", names.get(..names.len() - 1).unwrap_or_default().join(", ")),
        _ => format!("{} and {} more", names.get(..NAMED_MAX).unwrap_or_default().join(", "), names.len() - NAMED_MAX),
    }
}
