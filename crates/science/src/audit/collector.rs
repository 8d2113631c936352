//! [`Collector`]: counts rows by every combination of groups. Knows codes only; names come at the end.

use super::{ATTRIBUTES_MAX, AUDIT_VERSION, Audit, FALSE_ALARM_MAX, Finding, Names, Partition, VALUES_MAX, method, sentences};
use crate::{
    error::{Error, Result},
    fairness::{
        self, Cells, Clusters, Fairness, Metric, Options, Pattern, Scoring, Table,
        calibration::{Calibration, Scores},
        cells::DECIDERS_MAX,
        scoring::ScoreCounts,
    },
};
use rayon::prelude::*;
use std::{
    collections::{BTreeMap, HashMap},
    ops::Range,
};

/// The code of a group that is not known.
pub const UNKNOWN: u32 = u32::MAX;

/// Combinations of groups that an audit may have.
pub const COMBINATIONS_MAX: usize = fairness::cells::GROUPS_MAX;

/// Rows of a chunk that one core counts at a time.
const CHUNK_ROWS: usize = 1 << 17;

/// Codes of up to four attributes.
pub(super) type Combination = [u32; ATTRIBUTES_MAX];

/// Rows as columns. Labels and answers are 0, 1, or anything else for not known.
#[derive(Debug, Clone, Copy, Default)]
pub struct Batch<'a> {
    /// Rows.
    pub rows: usize,
    /// Each group column's codes ([`UNKNOWN`] where the group is not known).
    pub groups: &'a [&'a [u32]],
    /// Truth; empty where there is none.
    pub labels: &'a [u8],
    /// Each decider's answers.
    pub answers: &'a [&'a [u8]],
    /// Each clustering's codes.
    pub clusters: &'a [&'a [u32]],
    /// The AI's score: of calibration a probability of the positive label, of scoring rates any number. Empty where there is none,
    /// NaN where it is missing.
    pub scores: &'a [f64],
}

/// Counts rows. See [`super`].
#[derive(Debug, Clone)]
pub struct Collector {
    attributes: usize,
    places: HashMap<Combination, u32>,
    combinations: Vec<Combination>,
    pub(super) cells: Cells,
    clusters: Vec<Clusters>,
    scores: Scores,
    score_counts: ScoreCounts,
    scored: bool,
}

impl Collector {
    /// For so many group columns, deciders and clusterings.
    ///
    /// # Errors
    /// No group column or more than [`ATTRIBUTES_MAX`], no decider or more than three.
    pub fn new(attributes: usize, deciders: usize, clusterings: usize) -> Result<Self> {
        if !(1..=ATTRIBUTES_MAX).contains(&attributes) {
            return Err(Error::input("group columns", format!("{attributes} were given; an audit takes 1 to {ATTRIBUTES_MAX}")));
        }
        if !(1..=DECIDERS_MAX).contains(&deciders) {
            return Err(Error::input("deciders", format!("{deciders} were given; an audit takes 1 to {DECIDERS_MAX}")));
        }
        Ok(Self {
            attributes,
            places: HashMap::new(),
            combinations: Vec::new(),
            cells: Cells::new(deciders),
            clusters: vec![Clusters::default(); clusterings],
            scores: Scores::default(),
            score_counts: ScoreCounts::default(),
            scored: false,
        })
    }

    /// Adds rows, many of them on all cores.
    ///
    /// # Errors
    /// Columns that are too short, or more than [`COMBINATIONS_MAX`] combinations of groups.
    pub fn add(&mut self, batch: &Batch<'_>) -> Result<()> {
        self.check(batch)?;
        self.scored |= !batch.scores.is_empty();
        if batch.rows <= CHUNK_ROWS {
            return self.add_rows(batch, 0..batch.rows);
        }
        let chunks: Vec<Self> = (0..batch.rows.div_ceil(CHUNK_ROWS))
            .into_par_iter()
            .map(|chunk| {
                let mut own = Self::new(self.attributes, self.cells.deciders(), self.clusters.len())?;
                own.add_rows(batch, chunk * CHUNK_ROWS..batch.rows.min((chunk + 1) * CHUNK_ROWS))?;
                Ok(own)
            })
            .collect::<Result<_>>()?;
        chunks.iter().try_for_each(|chunk| self.merge(chunk))
    }

    fn add_rows(&mut self, batch: &Batch<'_>, rows: Range<usize>) -> Result<()> {
        let flag = |value: Option<&u8>| match value {
            Some(0) => Some(false),
            Some(1) => Some(true),
            _ => None,
        };
        for row in rows {
            let mut combination = [0; ATTRIBUTES_MAX];
            for (slot, codes) in combination.iter_mut().zip(batch.groups) {
                *slot = codes.get(row).copied().unwrap_or(UNKNOWN);
            }
            let group = self.place(combination)?;
            let label = flag(batch.labels.get(row));
            let mut answers = [None; DECIDERS_MAX];
            for (slot, column) in answers.iter_mut().zip(batch.answers) {
                *slot = flag(column.get(row));
            }
            let pattern = Pattern::new(label, answers.get(..batch.answers.len()).unwrap_or(&answers));
            self.cells.add_pattern(group as usize, pattern, 1)?;
            for (clusters, codes) in self.clusters.iter_mut().zip(batch.clusters) {
                if let Some(code) = codes.get(row) {
                    clusters.add(*code, group, pattern);
                }
            }
            if let Some(score) = batch.scores.get(row).filter(|score| !score.is_nan()) {
                self.score_counts.add(group, *score);
                if let Some(label) = label {
                    self.scores.add(group as usize, *score, label);
                }
            }
        }
        Ok(())
    }

    fn check(&self, batch: &Batch<'_>) -> Result<()> {
        let lengths = batch
            .groups
            .iter()
            .chain(batch.clusters)
            .map(|column| column.len())
            .chain(batch.answers.iter().map(|column| column.len()))
            .chain([batch.labels.len(), batch.scores.len()].into_iter().filter(|length| *length > 0));
        if batch.groups.len() != self.attributes
            || batch.answers.len() != self.cells.deciders()
            || batch.clusters.len() != self.clusters.len()
        {
            return Err(Error::input("batch", "it has another number of group columns, deciders or clusterings than the collector"));
        }
        match lengths.into_iter().find(|length| *length != batch.rows) {
            Some(length) => Err(Error::input("batch", format!("a column has {length} rows where {} were announced", batch.rows))),
            None => Ok(()),
        }
    }

    fn place(&mut self, combination: Combination) -> Result<u32> {
        if let Some(place) = self.places.get(&combination) {
            return Ok(*place);
        }
        let place = self.combinations.len();
        if place >= COMBINATIONS_MAX {
            return Err(Error::cannot_say(format!(
                "The group columns make more than {COMBINATIONS_MAX} combinations, too many to compare: leave one out, or give bands (of age, say) rather than single values."
            )));
        }
        self.places.insert(combination, place as u32);
        self.combinations.push(combination);
        Ok(place as u32)
    }

    /// Adds all rows of another collector of the same shape.
    ///
    /// # Errors
    /// As [`Self::add`].
    pub fn merge(&mut self, other: &Self) -> Result<()> {
        if other.attributes != self.attributes || other.clusters.len() != self.clusters.len() {
            return Err(Error::input("collector", "it has another shape"));
        }
        let map = other.combinations.iter().map(|combination| Ok(self.place(*combination)? as usize)).collect::<Result<Vec<_>>>()?;
        self.cells.merge(&other.cells.regroup(&map)?)?;
        self.scores.merge(&other.scores.regroup(&map));
        self.score_counts.merge(&other.score_counts.regroup(&map));
        self.scored |= other.scored;
        for (mine, more) in self.clusters.iter_mut().zip(&other.clusters) {
            mine.merge(&more.regroup(&map));
        }
        Ok(())
    }

    /// Rows so far.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.cells.rows()
    }

    /// Measures each group column and intersection, tests all together, and puts the findings into sentences.
    ///
    /// # Errors
    /// [`Error::CannotSay`] where there is no row, or a group column has more than [`VALUES_MAX`] values.
    pub fn finish(&self, names: &Names, options: &Options) -> Result<Audit> {
        let mut partitions = self.partitions(names, options)?;
        fairness::correct_together(partitions.iter_mut().map(|partition| &mut partition.fairness));
        let tests = tests(&partitions);
        Ok(self.told(partitions, tests, names, options))
    }

    /// Each group column and intersection, its tests not yet corrected together with others.
    pub(super) fn partitions(&self, names: &Names, options: &Options) -> Result<Vec<Partition>> {
        if self.rows() == 0 {
            return Err(Error::cannot_say("There are no rows, so nothing can be said about any group."));
        }
        self.check_values(names)?;
        subsets(self.attributes).iter().map(|attributes| self.partition(attributes, names, options)).collect()
    }

    /// Sentences and findings of partitions whose tests were corrected for `tests` of them.
    pub(super) fn told(&self, mut partitions: Vec<Partition>, tests: u64, names: &Names, options: &Options) -> Audit {
        for partition in &mut partitions {
            partition.sentences = sentences::of_partition(partition);
        }
        let mut audit = Audit {
            version: AUDIT_VERSION,
            n: self.rows(),
            positive: names.positive.clone(),
            deciders: names.deciders.clone(),
            headline: Vec::new(),
            surviving: surviving(&partitions),
            partitions,
            tests,
            cannot_say: Vec::new(),
            method: method(options, names),
        };
        audit.cannot_say = sentences::cannot_say(&audit, self.scores.outside());
        audit.headline = sentences::headline(&audit);
        audit
    }

    /// From counts by combination of groups; `combinations[g]` is what group `g` of the counts is.
    pub(super) fn of_counts(attributes: usize, combinations: Vec<Combination>, cells: Cells, clusters: Vec<Clusters>) -> Self {
        let places = combinations.iter().zip(0..).map(|(combination, place)| (*combination, place)).collect();
        let (scores, score_counts) = (Scores::default(), ScoreCounts::default());
        Self { attributes, places, combinations, cells, clusters, scores, score_counts, scored: false }
    }

    fn check_values(&self, names: &Names) -> Result<()> {
        for at in 0..self.attributes {
            let mut seen: Vec<u32> = self.combinations.iter().filter_map(|combination| combination.get(at)).copied().collect();
            seen.sort_unstable();
            seen.dedup();
            if seen.len() > VALUES_MAX {
                let name = names.attributes.get(at).map_or("?", String::as_str);
                return Err(Error::cannot_say(format!(
                    "The group column {name:?} has {} different values, more than the {VALUES_MAX} that can be compared: give bands or fewer categories.",
                    seen.len()
                )));
            }
        }
        Ok(())
    }

    fn partition(&self, attributes: &[usize], names: &Names, options: &Options) -> Result<Partition> {
        let (map, labels, unknown) = by_name(&self.combinations, attributes, names);
        let cells = self.cells.regroup(&map)?;
        let clusters: Vec<Clusters> = self.clusters.iter().map(|clusters| clusters.regroup(&map)).collect();
        let clusters: Vec<&Clusters> = clusters.iter().collect();
        let table = Table { cells: &cells, groups: &labels, unknown, deciders: &names.deciders, clusters: &clusters };
        let fairness = Fairness::measure(&table, options)?;
        let (calibration, scoring) = if self.scored { self.scored(&map, &labels, &fairness, options) } else { (Vec::new(), None) };
        let attributes: Vec<String> = attributes.iter().filter_map(|at| names.attributes.get(*at)).cloned().collect();
        Ok(Partition { by: attributes.join(" x "), attributes, fairness, calibration, scoring, sentences: Vec::new() })
    }

    /// What the score says of each group. The score is the first decider's.
    fn scored(
        &self,
        map: &[usize],
        labels: &[String],
        fairness: &Fairness,
        options: &Options,
    ) -> (Vec<Option<Calibration>>, Option<Scoring>) {
        // Small groups may have been merged: follow them.
        let place = |at: usize| {
            let name = labels.get(at)?;
            fairness.groups.iter().position(|group| group.name == *name || group.merged.contains(name))
        };
        let merged = fairness.groups.len() != labels.len();
        let map: Vec<usize> = map.iter().map(|at| if merged { place(*at).unwrap_or(fairness.groups.len()) } else { *at }).collect();
        // A rate of the first decider tells how much the rows of a group hang together.
        let share = |group: usize, metric: Metric| {
            let rate = fairness.deciders.first()?.groups.get(group)?.get(&metric).copied().flatten()?;
            Some(rate.effective_n.map_or(1.0, |effective| effective / rate.estimate.n.max(1) as f64))
        };
        let scores = self.scores.regroup(&map);
        let calibration = (0..fairness.groups.len())
            .map(|group| scores.group(group, options.level, share(group, Metric::Accuracy)?, options.draws, options.seed).ok())
            .collect();
        let shares: Vec<f64> = (0..fairness.groups.len()).map(|group| share(group, Metric::SelectionRate).unwrap_or(1.0)).collect();
        (calibration, self.score_counts.regroup(&map).scoring(&fairness.groups, &shares, options))
    }
}

/// How combinations become groups of some attributes: the group of each, their names, and the place of those of which something is
/// not known. Groups come in the order of their names, whatever order the rows came in.
pub(super) fn by_name(combinations: &[Combination], attributes: &[usize], names: &Names) -> (Vec<usize>, Vec<String>, Option<usize>) {
    let mut groups: BTreeMap<Option<Vec<String>>, usize> = BTreeMap::new();
    let keys: Vec<Option<Vec<String>>> =
        combinations.iter().map(|combination| attributes.iter().map(|at| value(combination, *at, names)).collect()).collect();
    for key in &keys {
        groups.insert(key.clone(), 0);
    }
    // `None`, the unknown ones, sorts first and is told last.
    let known = groups.keys().flatten().count();
    let mut next = 0;
    for (key, place) in &mut groups {
        *place = if key.is_none() { known } else { next };
        next += usize::from(key.is_some());
    }
    let map = keys.iter().map(|key| groups.get(key).copied().unwrap_or(known)).collect();
    let mut labels: Vec<String> = groups.keys().flatten().map(|values| values.join(", ")).collect();
    let unknown = groups.contains_key(&None).then_some(known);
    if unknown.is_some() {
        labels.push("(unknown)".into());
    }
    (map, labels, unknown)
}

/// Tests of all deciders in some partitions.
pub(super) fn tests(partitions: &[Partition]) -> u64 {
    partitions.iter().flat_map(|partition| &partition.fairness.deciders).map(|decider| decider.tests.len() as u64).sum()
}

fn value(combination: &Combination, at: usize, names: &Names) -> Option<String> {
    let code = combination.get(at).copied().filter(|code| *code != UNKNOWN)?;
    Some(names.values.get(at).and_then(|values| values.get(code as usize)).cloned().unwrap_or_else(|| code.to_string()))
}

/// Each attribute, each pair, and all together.
pub(super) fn subsets(attributes: usize) -> Vec<Vec<usize>> {
    let mut out: Vec<Vec<usize>> = (0..attributes).map(|at| vec![at]).collect();
    for a in 0..attributes {
        out.extend((a + 1..attributes).map(|b| vec![a, b]));
    }
    if attributes > 2 {
        out.push((0..attributes).collect());
    }
    out
}

fn surviving(partitions: &[Partition]) -> Vec<Finding> {
    let mut out = Vec::new();
    for partition in partitions {
        for decider in &partition.fairness.deciders {
            for test in decider.tests.iter().filter(|test| test.p_holm <= FALSE_ALARM_MAX) {
                let rate = decider.groups.get(test.group).and_then(|rates| rates.get(&test.metric)).copied().flatten();
                let (Some(rate), Some(group)) = (rate, partition.fairness.groups.get(test.group)) else { continue };
                let mut finding = Finding {
                    by: partition.by.clone(),
                    group: group.name.clone(),
                    decider: decider.name.clone(),
                    metric: test.metric,
                    rate: rate.estimate,
                    difference: test.difference,
                    p_holm: test.p_holm,
                    sentence: String::new(),
                };
                finding.sentence = sentences::of_finding(&finding);
                out.push(finding);
            }
        }
    }
    out.sort_by(|a, b| b.difference.value.abs().total_cmp(&a.difference.value.abs()));
    out
}
