//! A call that an agent wants to make: its name and its arguments, each of which can be changed before one signs for it.

use super::{
    super::form::{Draft, FieldProblem, Form},
    form,
};
use crate::desk::text::parts as words;
use maud::{Markup, html};
use serde_json::{Value, json};

const CALLED: &str = "answer/name";
const ARGUMENTS: &str = "answer/arguments";

/// Name and arguments.
pub fn control(names: &[String], schema: Option<&Value>, proposed: Option<&Value>, draft: Option<&Draft>) -> Markup {
    let name = draft.and_then(|draft| draft.get(CALLED)).or_else(|| proposed.and_then(|call| call["name"].as_str()));
    let arguments = proposed.map(|call| &call["arguments"]);
    html! {
        fieldset.form {
            legend { (words::ACTION) }
            @if names.is_empty() {
                input.code type="text" name=(CALLED) value=[name] required;
            } @else {
                div.options role="radiogroup" aria-label=(words::ACTION) {
                    @for (n, option) in names.iter().enumerate() {
                        label.option {
                            input type="radio" name=(CALLED) value=(option) required checked[name == Some(option)];
                            @if n < 9 { kbd aria-hidden="true" { (n + 1) } }
                            span { (option) }
                        }
                    }
                }
            }
        }
        @match schema {
            Some(schema) => fieldset.form { legend { (words::ARGUMENTS) } (form::control(schema, ARGUMENTS, arguments, draft)) }
            None => {
                label.field { (words::ARGUMENTS_JSON)
                    textarea.code name=(ARGUMENTS) rows="6" spellcheck="false" data-edit {
                        (draft.and_then(|draft| draft.get(ARGUMENTS)).map_or_else(|| pretty(arguments), str::to_owned))
                    }
                }
            }
        }
    }
}

fn pretty(value: Option<&Value>) -> String {
    value.filter(|value| !value.is_null()).and_then(|value| serde_json::to_string_pretty(value).ok()).unwrap_or_else(|| "{}".to_owned())
}

/// The call.
pub fn parse(schema: Option<&Value>, posted: &Form) -> Result<Value, FieldProblem> {
    let name = posted.filled(CALLED).ok_or_else(|| FieldProblem::new(CALLED, words::fill_in(words::ACTION)))?;
    let arguments = match schema {
        Some(schema) => form::parse(schema, ARGUMENTS, posted)?,
        None => {
            let text = posted.filled(ARGUMENTS).unwrap_or("{}");
            serde_json::from_str(text).map_err(|error| FieldProblem::new(ARGUMENTS, words::no_json(words::ARGUMENTS, &error)))?
        }
    };
    Ok(json!({ "name": name, "arguments": arguments }))
}
