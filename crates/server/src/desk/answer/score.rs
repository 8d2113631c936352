//! A number on a scale.

use super::{
    super::form::{FieldProblem, Form},
    NAME,
};
use crate::desk::text::parts as words;
use maud::{Markup, html};
use serde_json::Value;

/// The number, with its scale beside it.
pub fn control(min: &str, max: &str, step: Option<&str>, typed: Option<&str>) -> Markup {
    html! {
        label.field.score {
            (words::SCORE) " " span.aside { (words::scale(min, max, step)) }
            input type="number" name=(NAME) inputmode="decimal" min=(min) max=(max) step=(step.unwrap_or("any")) value=[typed] required data-score;
        }
    }
}

/// The number as it was typed; a comma is taken for the point that it is in many languages.
pub fn parse(posted: &Form) -> Result<Value, FieldProblem> {
    let text = posted.filled(NAME).ok_or_else(|| FieldProblem::new(NAME, words::fill_in(words::SCORE)))?;
    Ok(Value::from(text.replace(',', ".")))
}
