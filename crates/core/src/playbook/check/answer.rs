//! Answers, probabilities, confidences and outcomes from outside. Never decides whether an answer is right.

use super::value::{kind_of, patch, size, text, wanted};
use crate::{
    event::OutcomeKind,
    limits::CASE_BYTES_MAX,
    number::{self, Decimal, ONE_BILLIONTHS},
    playbook::{
        AnswerSpec, Playbook,
        decimals::{compare, scaled},
        parse::SCORE_PLACES_MAX,
        schema::{self, decimal, escape},
        suggest::{did_you_mean, listed, quoted},
    },
    refusal::{Code, Refusal},
};
use serde_json::{Map, Value};
use std::{cmp::Ordering, collections::BTreeMap};

/// An answer that fits its playbook, in the form in which events hold it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CheckedAnswer {
    /// One of the options.
    Choice(String),
    /// A number on the scale.
    Score(Decimal),
    /// A text or patch (a string), an action (`{"name", "arguments"}`) or a form (an object), without floats.
    Document(Value),
}

/// An outcome that fits its playbook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CheckedOutcome {
    /// The right answer, where the playbook gets truths or proxies.
    Answer(CheckedAnswer),
    /// A payoff, where it gets payoffs.
    Payoff(Decimal),
}

/// Holds an answer against the playbook.
///
/// Numbers of a document: where its schema says `number` they become canonical decimal strings, where it says `integer` they
/// stay integers; without a schema, only what is no safe integer becomes a decimal string. No document holds a float.
///
/// # Errors
/// A refusal that blames `/answer`, or the place inside of it, and never repeats a document.
pub fn answer_value(playbook: &Playbook, given: &Value) -> Result<CheckedAnswer, Refusal> {
    answer_at(playbook, given, "/answer")
}

fn answer_at(playbook: &Playbook, given: &Value, pointer: &str) -> Result<CheckedAnswer, Refusal> {
    let refuse = |message: String| Refusal::invalid(pointer, format!("the answer {message}"));
    match (&playbook.answer, given) {
        (AnswerSpec::Choice { options }, Value::String(option)) if options.contains(option) => Ok(CheckedAnswer::Choice(option.clone())),
        (AnswerSpec::Choice { options }, Value::String(other)) => Err(refuse(no_option(playbook, options, other))),
        (AnswerSpec::Choice { .. }, other) => Err(refuse(wanted("one of the options as a text", other))),
        (AnswerSpec::Score { min, max, step }, Value::Number(_) | Value::String(_)) => {
            let score = decimal(given).filter(|score| score_fits(score, min, max, step.as_ref()));
            let steps = step.as_ref().map_or_else(String::new, |step| format!(" in steps of {step}"));
            score.map(CheckedAnswer::Score).ok_or_else(|| refuse(format!("must be a number from {min} to {max}{steps}")))
        }
        (AnswerSpec::Score { .. }, other) => Err(refuse(wanted("a number", other))),
        (AnswerSpec::Text { bytes_max }, Value::String(answer)) if answer.len() <= *bytes_max => {
            text(answer.clone()).map(|t| CheckedAnswer::Document(Value::String(t))).map_err(refuse)
        }
        (AnswerSpec::Text { bytes_max }, Value::String(answer)) => Err(Refusal::field(
            Code::TooLarge,
            pointer,
            format!("the answer has {} bytes; the playbook takes at most {bytes_max}", answer.len()),
        )),
        (AnswerSpec::Text { .. }, other) => Err(refuse(wanted("a text", other))),
        (AnswerSpec::Patch, Value::String(answer)) => {
            patch(answer.clone()).map(|t| CheckedAnswer::Document(Value::String(t))).map_err(refuse)
        }
        (AnswerSpec::Patch, other) => Err(refuse(wanted("a unified diff as a text", other))),
        (AnswerSpec::Action { names, schema }, Value::Object(call)) => {
            sized(given, pointer)?;
            action(playbook, names, schema.as_ref(), call, pointer).map(CheckedAnswer::Document)
        }
        (AnswerSpec::Action { .. }, other) => Err(refuse(wanted("an object with name and arguments", other))),
        (AnswerSpec::Form { schema }, Value::Object(_)) => {
            sized(given, pointer)?;
            document(schema, given, pointer, "the answer").map(CheckedAnswer::Document)
        }
        (AnswerSpec::Form { .. }, other) => Err(refuse(wanted("an object", other))),
    }
}

/// What a wrong option is told. Where cases hold personal values, what was sent may be one.
fn no_option(playbook: &Playbook, options: &[String], given: &str) -> String {
    let known = || options.iter().map(String::as_str);
    let near = did_you_mean(given, known());
    let end = if near.is_empty() { "." } else { "" };
    let what = if playbook.has_personal_fields() { String::new() } else { format!(" {},", quoted(given)) };
    format!("is{what} none of the options{near}{end} One of {}", listed(known()))
}

fn sized(document: &Value, pointer: &str) -> Result<(), Refusal> {
    let bytes = size(document);
    let detail = || format!("the answer has {bytes} bytes; at most {CASE_BYTES_MAX} are taken");
    if bytes > CASE_BYTES_MAX { Err(Refusal::field(Code::TooLarge, pointer, detail())) } else { Ok(()) }
}

fn action(
    playbook: &Playbook,
    names: &[String],
    schema: Option<&Value>,
    call: &Map<String, Value>,
    pointer: &str,
) -> Result<Value, Refusal> {
    if call.keys().any(|key| key != "name" && key != "arguments") {
        return Err(Refusal::invalid(pointer, "an action has the members name and arguments, and no other"));
    }
    let here = format!("{pointer}/name");
    let name = match call.get("name") {
        Some(Value::String(name)) if crate::playbook::parse::name_fault(name).is_none() => name,
        _ => return Err(Refusal::invalid(here, "the action's name must be one short line of text")),
    };
    if !names.is_empty() && !names.contains(name) {
        return Err(Refusal::invalid(here, format!("the action's name {}", no_option(playbook, names, name).replace("options", "names"))));
    }
    let empty = Value::Object(Map::new());
    let arguments = call.get("arguments").unwrap_or(&empty);
    let here = format!("{pointer}/arguments");
    if !arguments.is_object() {
        return Err(Refusal::invalid(here, format!("the action's arguments {}", wanted("an object", arguments))));
    }
    let arguments = match schema {
        Some(schema) => document(schema, arguments, &here, "the action's arguments")?,
        None => schema::normalise_any(arguments.clone()).map_err(|fault| blame(fault, &here, "the action's arguments"))?,
    };
    let mut out = Map::with_capacity(2);
    out.insert("name".into(), Value::String(name.clone()));
    out.insert("arguments".into(), arguments);
    Ok(Value::Object(out))
}

fn document(schema: &Value, given: &Value, pointer: &str, what: &str) -> Result<Value, Refusal> {
    schema::normalise(schema, given.clone()).map_err(|fault| blame(fault, pointer, what))
}

fn blame(fault: schema::Fault, pointer: &str, what: &str) -> Refusal {
    Refusal::invalid(format!("{pointer}{}", fault.pointer), format!("{what}: this part {}", fault.message))
}

/// Whether a number lies on a scale, exactly.
pub(in crate::playbook) fn score_fits(score: &Decimal, min: &Decimal, max: &Decimal, step: Option<&Decimal>) -> bool {
    let within = compare(score, min) != Ordering::Less && compare(score, max) != Ordering::Greater;
    let on_step = |step: &Decimal| {
        let parts = (scaled(score, SCORE_PLACES_MAX), scaled(min, SCORE_PLACES_MAX), scaled(step, SCORE_PLACES_MAX));
        matches!(parts, (Some(score), Some(min), Some(step)) if step > 0 && score.checked_sub(min).is_some_and(|n| n % step == 0))
    };
    within && step.is_none_or(on_step)
}

/// A proposer's probabilities over the options of a choice; an option that is not given has 0.
///
/// # Errors
/// Refuses options that do not exist, what is no probability, a sum that is not one, and playbooks whose answer is no choice.
pub fn probabilities(playbook: &Playbook, given: &Map<String, Value>) -> Result<BTreeMap<String, u32>, Refusal> {
    let AnswerSpec::Choice { options } = &playbook.answer else {
        let detail =
            format!("probabilities go with a choice, and the playbook {:?} has another kind of answer: leave them away", playbook.name);
        return Err(Refusal::invalid("/probabilities", detail));
    };
    for name in given.keys() {
        if !options.contains(name) {
            let pointer = format!("/probabilities/{}", escape(name));
            return Err(Refusal::invalid(pointer, format!("this probability's name {}", no_option(playbook, options, name))));
        }
    }
    let mut parts = Vec::with_capacity(options.len());
    for option in options {
        let probability = match given.get(option) {
            None => 0.0,
            Some(value) => probability(value).map_err(|m| {
                Refusal::invalid(format!("/probabilities/{}", escape(option)), format!("the probability of {option:?} {m}"))
            })?,
        };
        parts.push((option.clone(), probability));
    }
    number::distribution(&parts).map_err(|error| Refusal::invalid("/probabilities", error.to_string()))
}

fn probability(value: &Value) -> Result<f64, String> {
    let number = match value {
        Value::Number(_) | Value::String(_) => decimal(value).map(|d| d.to_f64()),
        other => return Err(format!("must be a number from 0 to 1, and is {}", kind_of(other))),
    };
    number.filter(|p| (0.0..=1.0).contains(p)).ok_or_else(|| "must be a number from 0 to 1".to_owned())
}

/// How sure somebody is, in billionths.
///
/// # Errors
/// Refuses what is no number from 0 to 1, blaming `/confidence`.
pub fn confidence(given: &Value) -> Result<u32, Refusal> {
    let refuse = |message| Refusal::invalid("/confidence", format!("the confidence {message}"));
    let share = probability(given).map_err(refuse)?;
    let billionths = number::billionths(share).map_err(|error| Refusal::invalid("/confidence", error.to_string()))?;
    debug_assert!(billionths <= ONE_BILLIONTHS, "billionths of a share");
    Ok(billionths)
}

/// Holds what the world says against the playbook's kind of outcome: an answer for truth and proxy, a number for payoff.
///
/// # Errors
/// A refusal that blames `/outcome`; also where the playbook has no `[outcome]`.
pub fn outcome_value(playbook: &Playbook, given: &Value) -> Result<CheckedOutcome, Refusal> {
    match playbook.outcome.as_ref().map(|outcome| outcome.kind) {
        None => {
            let detail = format!("the playbook {:?} has no [outcome], so it takes none", playbook.name);
            Err(Refusal::invalid("/outcome", detail))
        }
        Some(OutcomeKind::Truth | OutcomeKind::Proxy) => answer_at(playbook, given, "/outcome").map(CheckedOutcome::Answer),
        Some(OutcomeKind::Payoff) => {
            let number = matches!(given, Value::Number(_) | Value::String(_)).then(|| decimal(given)).flatten();
            number
                .map(CheckedOutcome::Payoff)
                .ok_or_else(|| Refusal::invalid("/outcome", "the payoff must be a number, as in 12.5 or \"12.5\""))
        }
    }
}
