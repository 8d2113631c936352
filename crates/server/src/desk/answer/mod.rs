//! What is asked, as controls, and what was posted, as an answer: one module for each kind of answer. Decides nothing; whether an
//! answer holds against the playbook is the application's word.

use super::form::{Draft, FieldProblem, Form};
use countersign_app::view::Shown;
use countersign_core::playbook::AnswerSpec;
use maud::{Markup, html};
use serde_json::Value;

/// The controls for an answer, inside the page's form. `draft` is what was typed before.
#[must_use]
pub fn control(spec: &AnswerSpec, _shown: &Shown, draft: Option<&Draft>) -> Markup {
    let typed = draft.and_then(|draft| draft.get("answer"));
    html! {
        @match spec {
            AnswerSpec::Choice { options } => {
                div.options role="radiogroup" {
                    @for (n, option) in options.iter().enumerate() {
                        label.option {
                            input type="radio" name="answer" value=(option) required checked[typed == Some(option)];
                            @if n < 9 { kbd { (n + 1) } }
                            span { (option) }
                        }
                    }
                }
            }
            _ => { textarea name="answer" rows="8" required { (typed.unwrap_or_default()) } }
        }
    }
}

/// The answer that was posted, as the application takes it.
///
/// # Errors
/// Names the control that is to blame.
pub fn parse(spec: &AnswerSpec, form: &Form) -> Result<Value, FieldProblem> {
    let text = form.get("answer").ok_or_else(|| FieldProblem::new("answer", "choose or write an answer"))?;
    match spec {
        AnswerSpec::Choice { .. } | AnswerSpec::Score { .. } | AnswerSpec::Text { .. } | AnswerSpec::Patch => {
            Ok(Value::String(text.to_owned()))
        }
        AnswerSpec::Action { .. } | AnswerSpec::Form { .. } => {
            serde_json::from_str(text).map_err(|error| FieldProblem::new("answer", format!("this is not JSON: {error}")))
        }
    }
}
