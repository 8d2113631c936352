//! What is asked, as controls, and what was posted, as an answer: one module for each kind of answer. Decides nothing; whether an
//! answer holds against the playbook is the application's word.
//!
//! Every control works without script. What was typed before (a draft) stands in the controls again; where there is none, a
//! visible proposal does, for kinds of answers that are edited rather than chosen.

mod action;
mod choice;
mod form;
mod score;
mod writing;

pub use writing::{added, paragraphs};

use super::{
    case::proposal::leading,
    field::{json, patch},
    form::{Draft, FieldProblem, Form},
};
use countersign_app::view::Shown;
use countersign_core::playbook::AnswerSpec;
use maud::{Markup, html};
use serde_json::Value;

/// The name of the one control of simple answers, and the beginning of the names of the others.
pub const NAME: &str = "answer";

/// The controls for an answer, inside the page's form. `draft` is what was typed before.
#[must_use]
pub fn control(spec: &AnswerSpec, shown: &Shown, draft: Option<&Draft>) -> Markup {
    let proposed = leading(&shown.proposals).map(|proposal| &proposal.answer);
    let typed = draft.and_then(|draft| draft.get(NAME));
    match spec {
        AnswerSpec::Choice { options } => choice::control(options, typed),
        AnswerSpec::Score { min, max, step } => score::control(min.as_str(), max.as_str(), step.as_ref().map(|step| step.as_str()), typed),
        AnswerSpec::Text { bytes_max } => writing::text(*bytes_max, proposed.and_then(Value::as_str), typed),
        AnswerSpec::Patch => writing::patch(proposed.and_then(Value::as_str), typed),
        AnswerSpec::Action { names, schema } => action::control(names, schema.as_ref(), proposed, draft),
        AnswerSpec::Form { schema } => form::control(schema, NAME, proposed, draft),
    }
}

/// The answer that was posted, as the application takes it.
///
/// # Errors
/// Names the control that is to blame.
pub fn parse(spec: &AnswerSpec, posted: &Form) -> Result<Value, FieldProblem> {
    match spec {
        AnswerSpec::Choice { .. } => choice::parse(posted),
        AnswerSpec::Score { .. } => score::parse(posted),
        AnswerSpec::Text { .. } | AnswerSpec::Patch => writing::parse(posted),
        AnswerSpec::Action { schema, .. } => action::parse(schema.as_ref(), posted),
        AnswerSpec::Form { schema } => form::parse(schema, NAME, posted),
    }
}

/// An answer that was given, to read.
#[must_use]
pub fn show(spec: &AnswerSpec, answer: &Value) -> Markup {
    match (spec, answer) {
        (AnswerSpec::Patch, Value::String(source)) => patch::render(source),
        (AnswerSpec::Text { .. }, Value::String(written)) => html! { div.text dir="auto" { (written) } },
        (AnswerSpec::Action { .. }, Value::Object(call)) => html! {
            p { code.call { (call.get("name").and_then(Value::as_str).unwrap_or_default()) } }
            @if let Some(arguments) = call.get("arguments") { (json::render(arguments)) }
        },
        (_, Value::String(word)) => html! { span.word { (word) } },
        (_, other) => json::render(other),
    }
}

/// What an answer changed of a proposal, where both are texts and differ.
#[must_use]
pub fn changes(spec: &AnswerSpec, proposed: &Value, answer: &Value) -> Option<Markup> {
    match (spec, proposed.as_str(), answer.as_str()) {
        (AnswerSpec::Text { .. }, Some(proposed), Some(answer)) if proposed != answer => Some(writing::difference(proposed, answer)),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
