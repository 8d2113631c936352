//! An audit of answers with more than two classes: each class in turn counts as the positive one, and the rates of all of them are
//! averaged (macro). Holds counts only; never picks a class itself.
//!
//! Averaged are recall and precision, whose classes rest on different rows and are therefore independent: the limits of a mean follow
//! from Wilson's limits of its parts (MOVER; Zou and Donner 2008), which holds in small groups where a bootstrap does not. How many are
//! right at all stands beside them.

use super::{
    ATTRIBUTES_MAX, Audit, Finding, Names,
    collector::{COMBINATIONS_MAX, Collector, Combination, UNKNOWN, tests},
    macro_rates::{self, MacroPartition, Part},
    sentences,
};
use crate::{
    error::{Error, Result},
    fairness::{Cells, Clusters, Metric, Options, Pattern, cells::DECIDERS_MAX, clusters::bucket, significance::holm},
};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// Version of [`ClassAudit`]: a new one where a member changes its meaning; new members may come without one.
pub const CLASS_AUDIT_VERSION: u32 = 1;

/// Classes that such an audit may have: each is an audit of its own.
pub const CLASSES_MAX: usize = 64;

/// The code of what is not known, within a row.
const ABSENT: u8 = u8::MAX;

/// Truth and the answers of up to three deciders, as classes.
type Kind = [u8; 1 + DECIDERS_MAX];

/// Rows as columns; a code of [`CLASSES_MAX`] or above is not known.
#[derive(Debug, Clone, Copy, Default)]
pub struct ClassBatch<'a> {
    /// Rows.
    pub rows: usize,
    /// Each group column's codes ([`UNKNOWN`] where the group is not known).
    pub groups: &'a [&'a [u32]],
    /// True classes.
    pub truth: &'a [u32],
    /// Each decider's classes.
    pub answers: &'a [&'a [u32]],
    /// Each clustering's codes.
    pub clusters: &'a [&'a [u32]],
}

/// Counts rows. See [`super`].
#[derive(Debug, Clone)]
pub struct ClassCollector {
    attributes: usize,
    deciders: usize,
    places: HashMap<Combination, u32>,
    combinations: Vec<Combination>,
    counts: HashMap<(u32, Kind), u64>,
    clusters: Vec<HashMap<(u32, u32, Kind), u64>>,
}

/// What such an audit found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClassAudit {
    /// [`CLASS_AUDIT_VERSION`] that it was made under.
    pub version: u32,
    /// Rows that were counted.
    pub n: u64,
    /// The classes.
    pub classes: Vec<String>,
    /// Who decided, in the order of every list by decider.
    pub deciders: Vec<String>,
    /// The answer in plain sentences, the most important first.
    pub headline: Vec<String>,
    /// Averages over classes: one for each group column and for intersections.
    pub partitions: Vec<MacroPartition>,
    /// Each class against all others, in the order of the classes; all tests were corrected together.
    pub by_class: Vec<Audit>,
    /// Tests that were made: of averages and of classes.
    pub tests: u64,
    /// Differences of single classes that survive Holm's correction for all of them, the widest gap first.
    pub surviving: Vec<ClassFinding>,
    /// What these data cannot say.
    pub cannot_say: Vec<String>,
}

/// A group that differs from all others in one class.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClassFinding {
    /// The class that counts as positive.
    pub class: String,
    /// What was found.
    #[serde(flatten)]
    pub finding: Finding,
}

impl ClassCollector {
    /// For so many group columns, deciders and clusterings.
    ///
    /// # Errors
    /// As [`Collector::new`].
    pub fn new(attributes: usize, deciders: usize, clusterings: usize) -> Result<Self> {
        Collector::new(attributes, deciders, clusterings)?;
        Ok(Self {
            attributes,
            deciders,
            places: HashMap::new(),
            combinations: Vec::new(),
            counts: HashMap::new(),
            clusters: vec![HashMap::new(); clusterings],
        })
    }

    /// Adds rows.
    ///
    /// # Errors
    /// Columns of another number or length, or more than [`COMBINATIONS_MAX`] combinations of groups.
    pub fn add(&mut self, batch: &ClassBatch<'_>) -> Result<()> {
        let columns = || batch.groups.iter().chain(batch.answers).chain(batch.clusters).chain([&batch.truth]);
        if batch.groups.len() != self.attributes || batch.answers.len() != self.deciders || batch.clusters.len() != self.clusters.len() {
            return Err(Error::input("batch", "it has another number of group columns, deciders or clusterings than the collector"));
        }
        if let Some(column) = columns().find(|column| column.len() != batch.rows) {
            return Err(Error::input("batch", format!("a column has {} rows where {} were announced", column.len(), batch.rows)));
        }
        let class = |codes: &[u32], row: usize| match codes.get(row) {
            Some(code) if (*code as usize) < CLASSES_MAX => *code as u8,
            _ => ABSENT,
        };
        for row in 0..batch.rows {
            let mut combination = [0; ATTRIBUTES_MAX];
            for (slot, codes) in combination.iter_mut().zip(batch.groups) {
                *slot = codes.get(row).copied().unwrap_or(UNKNOWN);
            }
            let group = self.place(combination)?;
            let mut kind = [ABSENT; 1 + DECIDERS_MAX];
            for (slot, codes) in kind.iter_mut().zip([&batch.truth].into_iter().chain(batch.answers)) {
                *slot = class(codes, row);
            }
            *self.counts.entry((group, kind)).or_default() += 1;
            for (counts, codes) in self.clusters.iter_mut().zip(batch.clusters) {
                if let Some(code) = codes.get(row) {
                    *counts.entry((bucket(*code), group, kind)).or_default() += 1;
                }
            }
        }
        Ok(())
    }

    fn place(&mut self, combination: Combination) -> Result<u32> {
        if let Some(place) = self.places.get(&combination) {
            return Ok(*place);
        }
        if self.combinations.len() >= COMBINATIONS_MAX {
            return Err(Error::cannot_say(format!(
                "The group columns make more than {COMBINATIONS_MAX} combinations, too many to compare: leave one out, or give bands (of age, say) rather than single values."
            )));
        }
        let place = self.combinations.len() as u32;
        self.places.insert(combination, place);
        self.combinations.push(combination);
        Ok(place)
    }

    /// Rows so far.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.counts.values().sum()
    }

    /// Measures each class against the rest and the averages over classes, and corrects all tests together. `classes` are their names.
    ///
    /// # Errors
    /// As [`Collector::finish`]; [`Error::Input`] of fewer than two classes or more than [`CLASSES_MAX`].
    pub fn finish(&self, names: &Names, classes: &[String], options: &Options) -> Result<ClassAudit> {
        if !(2..=CLASSES_MAX).contains(&classes.len()) {
            return Err(Error::input(
                "classes",
                format!("there are {}; answers are audited with 2 to {CLASSES_MAX} classes", classes.len()),
            ));
        }
        let named = |class: &String| Names { positive: class.clone(), ..names.clone() };
        let mut measured = Vec::with_capacity(classes.len());
        for (at, class) in classes.iter().enumerate() {
            let is = |code: u8| (code != ABSENT).then_some(usize::from(code) == at);
            let collector = self.seen(|kind| Pattern::new(is(kind[0]), &[is(kind[1]), is(kind[2]), is(kind[3])]))?;
            let partitions = collector.partitions(&named(class), options)?;
            measured.push((collector, partitions));
        }
        // Whether the answer is right: every truth counts as positive, and the true positive rate is the accuracy.
        let right = self.seen(|kind| {
            let is = |code: u8| (code != ABSENT && kind[0] != ABSENT).then_some(code == kind[0]);
            Pattern::new((kind[0] != ABSENT).then_some(true), &[is(kind[1]), is(kind[2]), is(kind[3])])
        })?;
        let right = right.partitions(names, options)?;
        let mut partitions: Vec<MacroPartition> = (0..right.len())
            .filter_map(|at| {
                let of_class = measured.iter().filter_map(|(_, partitions)| partitions.get(at)).collect();
                Some(macro_rates::partition(&Part { right: right.get(at)?, of_class, options }))
            })
            .collect();
        let mut all: Vec<(f64, &mut f64)> = measured
            .iter_mut()
            .flat_map(|(_, partitions)| partitions.iter_mut().flat_map(|partition| partition.fairness.tests_mut()))
            .map(|test| (test.p, &mut test.p_holm))
            .collect();
        all.extend(partitions.iter_mut().flat_map(MacroPartition::tests_mut).map(|test| (test.p, &mut test.p_holm)));
        let corrected = holm(&all.iter().map(|(p, _)| *p).collect::<Vec<_>>());
        all.into_iter().zip(corrected).for_each(|((_, slot), p)| *slot = p);
        let of_averages: u64 = partitions.iter_mut().map(|partition| partition.tests_mut().count() as u64).sum();
        let made = of_averages + measured.iter().map(|(_, partitions)| tests(partitions)).sum::<u64>();
        let by_class: Vec<Audit> = measured
            .into_iter()
            .zip(classes)
            .map(|((collector, partitions), class)| collector.told(partitions, made, &named(class), options))
            .collect();
        let mut surviving: Vec<ClassFinding> = by_class
            .iter()
            .flat_map(|audit| {
                audit.surviving.iter().map(|finding| ClassFinding { class: audit.positive.clone(), finding: finding.clone() })
            })
            .collect();
        surviving.sort_by(|a, b| b.finding.difference.value.abs().total_cmp(&a.finding.difference.value.abs()));
        Ok(ClassAudit {
            version: CLASS_AUDIT_VERSION,
            n: self.rows(),
            classes: classes.to_vec(),
            deciders: names.deciders.clone(),
            headline: sentences::of_classes(self.rows(), classes, made, &partitions, &surviving),
            cannot_say: macro_rates::cannot_say(&partitions, &by_class),
            partitions,
            by_class,
            tests: made,
            surviving,
        })
    }

    /// The counts with each row seen as a label and answers that are yes or no.
    fn seen(&self, pattern: impl Fn(&Kind) -> Pattern) -> Result<Collector> {
        let mut cells = Cells::new(self.deciders);
        for ((group, kind), rows) in &self.counts {
            cells.add_pattern(*group as usize, pattern(kind), *rows)?;
        }
        let clusters = self
            .clusters
            .iter()
            .map(|counts| {
                let mut clusters = Clusters::default();
                counts.iter().for_each(|((bucket, group, kind), rows)| clusters.add_rows(*bucket, *group, pattern(kind), *rows));
                clusters
            })
            .collect();
        Ok(Collector::of_counts(self.attributes, self.combinations.clone(), cells, clusters))
    }
}

/// The metrics of averages, of which the last is no average: how many are right at all.
pub const AVERAGED: [Metric; 3] = [Metric::TruePositiveRate, Metric::PositivePredictiveValue, Metric::Accuracy];
