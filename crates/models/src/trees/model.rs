//! The model itself: classes, what it asks about, trees, and how sure it may be. Never changes once it is made; its version is the digest of
//! its file.
//!
//! What a field adds is told by the way of a case through every tree: a question moves what the tree would say from the value of its node to that of the
//! next, and that difference is the field's (Saabas 2014). These and what is said before any question sum up to the score, always.

use super::{
    columns::{Columns, number, read},
    grow::{Forest, logits},
};
use crate::{
    Advice, NoAdvice, Proposer,
    advice::{EVIDENCE_MAX, Evidence, billionths, likeliest},
    input::{Input, Value},
    text::{
        feature::{Block, Features},
        fit::softmax,
        model::{CONTRIBUTION_MIN, evidence_of_tokens},
    },
};
use std::collections::BTreeMap;

/// Built-in trees.
#[derive(Debug, Clone)]
pub struct TreesModel {
    /// Answers in the playbook's order.
    pub(super) classes: Vec<String>,
    pub(super) columns: Columns,
    pub(super) forest: Forest,
    /// What logits are divided by before they become probabilities.
    pub(super) temperature: f64,
    /// The share of every probability that is spread over all classes: what was never seen is never impossible.
    pub(super) spread: f64,
    /// Rows it learned from, and the digest of them.
    pub(super) rows: u64,
    pub(super) data: String,
    /// SHA-256 of the file, in hex.
    pub(super) version: String,
}

/// The parts of a model, for whoever makes or reads one.
pub(crate) struct Parts {
    pub classes: Vec<String>,
    pub columns: Columns,
    pub forest: Forest,
    pub temperature: f64,
    pub spread: f64,
    pub rows: u64,
    pub data: String,
}

/// What a case has of what the model asks about.
struct Asked {
    values: Vec<f64>,
    features: Features,
}

impl TreesModel {
    pub(crate) fn of(parts: Parts) -> Self {
        let Parts { classes, columns, forest, temperature, spread, rows, data } = parts;
        let mut model = Self { classes, columns, forest, temperature, spread, rows, data, version: String::new() };
        model.version = crate::file::digest(&model.to_bytes());
        model
    }

    /// The answers it knows, in their order.
    #[must_use]
    pub fn classes(&self) -> &[String] {
        &self.classes
    }

    /// Rows it learned from.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// A case's values by column.
    fn asked(&self, input: &Input) -> Result<Asked, NoAdvice> {
        if input.fields.is_empty() {
            return Err(NoAdvice::NothingToRead);
        }
        let mut features = Features::default();
        let marks = read(&mut features, input).marks;
        let mut values: Vec<f64> = self.columns.numbers.iter().map(|name| number(input, name)).collect();
        let mut known = values.iter().any(|value| !value.is_nan());
        for mark in &self.columns.marks {
            let has = marks.binary_search(&mark.bucket).is_ok();
            known |= has;
            values.push(f64::from(u8::from(has)));
        }
        if known { Ok(Asked { values, features }) } else { Err(NoAdvice::Unknown) }
    }

    /// What every column adds to an output, and what is said before any question.
    pub(super) fn contributions(&self, values: &[f64], output: usize) -> (f64, Vec<f64>) {
        let (mut before, mut out) = (self.forest.base.get(output).copied().unwrap_or(0.0), vec![0.0; self.columns.len()]);
        for tree in self.forest.of_output(output) {
            let Some(mut node) = tree.first() else { continue };
            before += node.value;
            while let Some(question) = &node.question {
                let column = question.column as usize;
                let Some(next) = tree.get(question.next(values.get(column).copied().unwrap_or(f64::NAN)) as usize) else { break };
                if let Some(slot) = out.get_mut(column) {
                    *slot += next.value - node.value;
                }
                node = next;
            }
        }
        (before, out)
    }

    /// What every column adds to the logit of a class over the mean of the others.
    fn over_others(&self, values: &[f64], class: usize) -> Vec<f64> {
        let outputs = self.forest.base.len();
        if outputs == 1 {
            let sign = if class == 1 { 1.0 } else { -1.0 };
            return self.contributions(values, 0).1.into_iter().map(|of| sign * of).collect();
        }
        let mut out = vec![0.0; self.columns.len()];
        for output in 0..outputs {
            let share = if output == class { 1.0 } else { -1.0 / (outputs - 1) as f64 };
            out.iter_mut().zip(self.contributions(values, output).1).for_each(|(slot, of)| *slot += share * of);
        }
        out
    }

    /// The weightiest fields and words that speak for the answer.
    fn evidence(&self, input: &Input, asked: &Asked, class: usize) -> Vec<Evidence> {
        let added = self.over_others(&asked.values, class);
        let (numbers, marks) = added.split_at(self.columns.numbers.len().min(added.len()));
        let mut by_field: BTreeMap<&str, f64> = self.columns.numbers.iter().map(String::as_str).zip(numbers.iter().copied()).collect();
        let mut by_word: BTreeMap<u32, f64> = BTreeMap::new();
        for ((mark, added), value) in self.columns.marks.iter().zip(marks).zip(asked.values.iter().skip(numbers.len())) {
            match &mark.field {
                // That it is none of the other words counts for a category as well.
                Some(field) => *by_field.entry(field).or_default() += added,
                // A word that is not there cannot be pointed to.
                None if *value > 0.5 => *by_word.entry(mark.bucket).or_default() += added,
                None => {}
            }
        }
        let mut out: Vec<Evidence> = input
            .fields
            .iter()
            .filter(|field| !field.hidden)
            .filter_map(|field| {
                let quote = match &field.value {
                    Value::Word(word) => word.clone(),
                    Value::Flag(flag) => flag.to_string(),
                    Value::Number(number) => number.to_string(),
                    Value::Text(_) | Value::Gathered(_) | Value::Picture(_) => return None,
                };
                let contribution = by_field.get(field.name.as_str()).copied().filter(|added| *added >= CONTRIBUTION_MIN)?;
                Some(Evidence { field: field.name.clone(), span: None, quote, contribution, heat: None })
            })
            .collect();
        let times = |bucket: u32| asked.features.occurrences.iter().filter(|one| word(one.block, one.pair) && one.bucket == bucket).count();
        let mut of_tokens = vec![0.0; asked.features.tokens.len()];
        for (bucket, added) in by_word {
            let share = added / times(bucket).max(1) as f64;
            for one in asked.features.occurrences.iter().filter(|one| word(one.block, one.pair) && one.bucket == bucket) {
                if let Some(slot) = of_tokens.get_mut(one.token as usize) {
                    *slot += share;
                }
            }
        }
        out.extend(evidence_of_tokens(input, &asked.features.tokens, &of_tokens));
        // Equals stay in the order of the fields.
        out.sort_by(|a, b| b.contribution.total_cmp(&a.contribution));
        out.truncate(EVIDENCE_MAX);
        out
    }
}

fn word(block: Block, pair: bool) -> bool {
    block == Block::Words && !pair
}

impl Proposer for TreesModel {
    fn version(&self) -> &str {
        &self.version
    }

    fn propose(&self, input: &Input) -> Result<Advice, NoAdvice> {
        let asked = self.asked(input)?;
        let mut said: Vec<f64> = logits(&self.forest.scores(&asked.values)).into_iter().map(|logit| logit / self.temperature).collect();
        softmax(&mut said);
        let share = self.spread / said.len() as f64;
        said.iter_mut().for_each(|p| *p = *p * (1.0 - self.spread) + share);
        let rounded = billionths(&said).ok_or(NoAdvice::NoProbabilities)?;
        // Of equals the first in the playbook's order, as everywhere.
        let best = likeliest(&rounded);
        let answer = self.classes.get(best).cloned().unwrap_or_default();
        let evidence = self.evidence(input, &asked, best);
        Ok(Advice {
            explanation: explanation(&answer, &evidence),
            probabilities: self.classes.iter().cloned().zip(rounded).collect(),
            answer,
            evidence,
            cost: 0,
        })
    }
}

fn explanation(answer: &str, evidence: &[Evidence]) -> String {
    const SAID: usize = 3;
    if evidence.is_empty() {
        return format!("No single field or word speaks for “{answer}”; it is the likeliest answer by all of them together.");
    }
    let one = |piece: &Evidence| format!("{} “{}” (+{:.2})", piece.field, piece.quote.replace('\n', " "), piece.contribution);
    let said: Vec<String> = evidence.iter().take(SAID).map(one).collect();
    format!("For “{answer}” speak above all {}. The numbers are logits.", said.join(", "))
}
