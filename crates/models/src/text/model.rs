//! The model itself: classes, vocabulary, weights, and how sure it may be. Never changes once it is made; its version is the
//! digest of its file.

use super::{
    feature::{BLOCKS, Block, Features, Occurrence, Token},
    fit::softmax,
    rows::{ABSENT, Vocabulary, often},
};
use crate::{
    Advice, NoAdvice, Proposer,
    advice::{EVIDENCE_MAX, Evidence, billionths, likeliest},
    input::{Input, Value},
};
use std::cell::RefCell;

/// Contributions below this, in logits, are not worth a mark.
pub(crate) const CONTRIBUTION_MIN: f64 = 0.05;

/// The built-in text model.
#[derive(Debug, Clone)]
pub struct TextModel {
    /// Answers in the playbook's order.
    pub(super) classes: Vec<String>,
    pub(super) vocabulary: Vocabulary,
    /// Feature after feature, a weight a class.
    pub(super) weights: Vec<f32>,
    pub(super) intercepts: Vec<f32>,
    /// What logits are divided by before they become probabilities.
    pub(super) temperature: f64,
    /// The share of every probability that is spread over all classes: what was never seen is never impossible.
    pub(super) spread: f64,
    /// Rows it learned from, and the digest of them.
    pub(super) rows: u64,
    pub(super) data: String,
    /// SHA-256 of the file, in hex.
    pub(super) version: String,
    places: Vec<u32>,
}

thread_local! {
    // The buffers of the last input, so that a text costs no allocation.
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

#[derive(Default)]
struct Scratch {
    features: Features,
    counted: Vec<(u32, u8, u32)>,
    scores: Vec<f64>,
}

/// The parts of a model, for whoever makes or reads one.
pub(super) struct Parts {
    pub classes: Vec<String>,
    pub vocabulary: Vocabulary,
    pub weights: Vec<f32>,
    pub intercepts: Vec<f32>,
    pub temperature: f64,
    pub spread: f64,
    pub rows: u64,
    pub data: String,
}

impl TextModel {
    pub(super) fn of(parts: Parts) -> Self {
        let Parts { classes, vocabulary, weights, intercepts, temperature, spread, rows, data } = parts;
        let places = vocabulary.places();
        let mut model = Self { classes, vocabulary, weights, intercepts, temperature, spread, rows, data, version: String::new(), places };
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

    /// How sure it is of which answer.
    ///
    /// # Errors
    /// Where there is nothing that it knows.
    pub(super) fn probabilities(&self, input: &Input) -> Result<Vec<f64>, NoAdvice> {
        SCRATCH.with_borrow_mut(|Scratch { features, counted, scores }| {
            self.logits(input, features, counted, scores)?;
            self.calibrate(scores);
            Ok(scores.clone())
        })
    }

    /// Logits into calibrated probabilities.
    fn calibrate(&self, scores: &mut [f64]) {
        scores.iter_mut().for_each(|score| *score /= self.temperature);
        softmax(scores);
        let share = self.spread / scores.len() as f64;
        scores.iter_mut().for_each(|p| *p = *p * (1.0 - self.spread) + share);
    }

    /// Scores of the classes; returns the length of each block.
    fn logits(
        &self,
        input: &Input,
        features: &mut Features,
        counted: &mut Vec<(u32, u8, u32)>,
        scores: &mut Vec<f64>,
    ) -> Result<[f32; BLOCKS], NoAdvice> {
        features.read(input);
        if features.occurrences.is_empty() {
            return Err(NoAdvice::NothingToRead);
        }
        counted.clear();
        let known = |one: &Occurrence| {
            let place = self.places.get(one.bucket as usize).copied().unwrap_or(ABSENT);
            (place != ABSENT).then_some((place, one.block as u8, 1))
        };
        counted.extend(features.occurrences.iter().filter_map(known));
        if counted.is_empty() {
            return Err(NoAdvice::Unknown);
        }
        counted.sort_unstable();
        counted.dedup_by(|next, last| {
            let same = next.0 == last.0 && next.1 == last.1;
            last.2 += u32::from(same);
            same
        });
        let classes = self.classes.len();
        let mut squares = [0f32; BLOCKS];
        let value = |(place, _, count): &(u32, u8, u32)| often(*count) * self.vocabulary.idf.get(*place as usize).copied().unwrap_or(0.0);
        for one in counted.iter() {
            if let Some(square) = squares.get_mut(usize::from(one.1)) {
                *square += value(one) * value(one);
            }
        }
        let scale = squares.map(|square| if square > 0.0 { 1.0 / square.sqrt() } else { 0.0 });
        scores.clear();
        scores.extend(self.intercepts.iter().map(|intercept| f64::from(*intercept)));
        for one in counted.iter() {
            let value = f64::from(value(one) * scale.get(usize::from(one.1)).copied().unwrap_or(0.0));
            let start = one.0 as usize * classes;
            let of = self.weights.get(start..start + classes).unwrap_or_default();
            scores.iter_mut().zip(of).for_each(|(score, weight)| *score += value * f64::from(*weight));
        }
        Ok(scale)
    }

    /// What every token adds to the logit of a class over the mean of the others.
    fn contributions(&self, features: &Features, counted: &[(u32, u8, u32)], scale: [f32; BLOCKS], class: usize) -> Vec<f64> {
        let classes = self.classes.len();
        let mut out = vec![0.0; features.tokens.len()];
        for one in &features.occurrences {
            let place = self.places.get(one.bucket as usize).copied().unwrap_or(ABSENT);
            let Some(idf) = self.vocabulary.idf.get(place as usize) else { continue };
            let at = counted.binary_search_by_key(&(place, one.block as u8), |(place, block, _)| (*place, *block));
            let Some(count) = at.ok().and_then(|at| counted.get(at)).map(|one| one.2) else { continue };
            let value = f64::from(often(count) * idf * scale.get(one.block as usize).copied().unwrap_or(0.0)) / f64::from(count);
            let start = place as usize * classes;
            let weights = self.weights.get(start..start + classes).unwrap_or_default();
            let own = f64::from(weights.get(class).copied().unwrap_or(0.0));
            let total: f64 = weights.iter().map(|weight| f64::from(*weight)).sum();
            let over = own - (total - own) / (classes.max(2) - 1) as f64;
            let share = value * over / if one.pair { 2.0 } else { 1.0 };
            let token = one.token as usize;
            let both = if one.pair { token.saturating_sub(1)..token + 1 } else { token..token + 1 };
            out.get_mut(both).into_iter().flatten().for_each(|slot| *slot += share);
        }
        out
    }
}

impl Proposer for TextModel {
    fn version(&self) -> &str {
        &self.version
    }

    fn propose(&self, input: &Input) -> Result<Advice, NoAdvice> {
        SCRATCH.with_borrow_mut(|scratch| {
            let Scratch { features, counted, scores } = scratch;
            let scale = self.logits(input, features, counted, scores)?;
            self.calibrate(scores);
            let rounded = billionths(scores).ok_or(NoAdvice::NoProbabilities)?;
            // Of equals the first in the playbook's order, as everywhere.
            let best = likeliest(&rounded);
            let contributions = self.contributions(features, counted, scale, best);
            let answer = self.classes.get(best).cloned().unwrap_or_default();
            let evidence = evidence_of_tokens(input, &features.tokens, &contributions);
            Ok(Advice {
                explanation: explanation(&answer, &evidence),
                probabilities: self.classes.iter().cloned().zip(rounded).collect(),
                answer,
                evidence,
                cost: 0,
            })
        })
    }
}

/// The weightiest tokens that speak for the answer; neighbours that both do are one piece.
pub(crate) fn evidence_of_tokens(input: &Input, tokens: &[Token], contributions: &[f64]) -> Vec<Evidence> {
    let mut pieces: Vec<(Token, f64)> = Vec::new();
    let mut before: Option<usize> = None;
    for (at, (token, contribution)) in tokens.iter().zip(contributions).enumerate() {
        // What people do not see is never quoted to them, however much it weighs.
        let hidden = input.fields.get(token.field as usize).is_none_or(|field| field.hidden);
        if *contribution < CONTRIBUTION_MIN || hidden {
            continue;
        }
        let follows = before.is_some_and(|before| before + 1 == at);
        match pieces.last_mut() {
            Some((last, sum)) if follows && last.field == token.field && token.end > 0 && token.start <= last.end + 1 => {
                last.end = token.end;
                *sum += contribution;
            }
            _ => pieces.push((*token, *contribution)),
        }
        before = Some(at);
    }
    pieces.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.field.cmp(&b.0.field)).then(a.0.start.cmp(&b.0.start)));
    pieces.truncate(EVIDENCE_MAX);
    pieces.into_iter().filter_map(|(token, contribution)| piece(input, token, contribution)).collect()
}

fn piece(input: &Input, token: Token, contribution: f64) -> Option<Evidence> {
    let field = input.fields.get(token.field as usize)?;
    let between = |text: &str| text.chars().skip(token.start as usize).take((token.end - token.start) as usize).collect::<String>();
    let (span, quote) = match &field.value {
        Value::Text(text) => (Some((u64::from(token.start), u64::from(token.end))), between(text)),
        Value::Gathered(text) => (None, between(text)),
        Value::Word(word) => (None, word.clone()),
        Value::Flag(flag) => (None, flag.to_string()),
        Value::Picture(_) => return None,
        Value::Number(number) => (None, number.to_string()),
    };
    Some(Evidence { field: field.name.clone(), span, quote, contribution, heat: None })
}

fn explanation(answer: &str, evidence: &[Evidence]) -> String {
    const SAID: usize = 3;
    if evidence.is_empty() {
        return format!("No single word speaks for “{answer}”; it is the likeliest answer by all of them together.");
    }
    let one = |piece: &Evidence| format!("“{}” in {} (+{:.2})", piece.quote.replace('\n', " "), piece.field, piece.contribution);
    let said: Vec<String> = evidence.iter().take(SAID).map(one).collect();
    format!("For “{answer}” speak above all {}. The numbers are logits.", said.join(", "))
}

// Facts have no place in a text: their token is empty, and no neighbour joins it.
const _: () = assert!(Block::Facts as usize == BLOCKS - 1);
