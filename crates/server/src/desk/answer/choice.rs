//! A choice: one option, by its digit or by a click.

use super::{
    super::form::{FieldProblem, Form},
    NAME,
};
use crate::desk::text::parts as words;
use maud::{Markup, html};
use serde_json::Value;

/// Options that have a digit.
const DIGITS: usize = 9;
/// More options than this are chosen from a list that can be typed into.
const BUTTONS_MAX: usize = 24;

/// The options.
pub fn control(options: &[String], typed: Option<&str>) -> Markup {
    html! {
        @if options.len() > BUTTONS_MAX {
            label.field { (words::ANSWER)
                select name=(NAME) required {
                    option value="" { (words::CHOOSE) }
                    @for option in options { option value=(option) selected[typed == Some(option)] { (option) } }
                }
            }
        } @else {
            div.options role="radiogroup" aria-label=(words::CHOOSE) {
                @for (n, option) in options.iter().enumerate() {
                    label.option {
                        input type="radio" name=(NAME) value=(option) required checked[typed == Some(option)];
                        @if n < DIGITS { kbd aria-hidden="true" { (n + 1) } }
                        span { (option) }
                    }
                }
            }
        }
    }
}

/// The option.
pub fn parse(posted: &Form) -> Result<Value, FieldProblem> {
    posted.filled(NAME).map(Value::from).ok_or_else(|| FieldProblem::new(NAME, words::CHOOSE))
}
