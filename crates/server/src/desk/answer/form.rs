//! A form from its JSON Schema (the part that playbooks take): a control for each member, named by its place. Lists of objects
//! have a few empty rows, so that they can be filled in without script.

use super::super::form::{Draft, FieldProblem, Form};
use crate::desk::text::parts as words;
use maud::{Markup, html};
use serde_json::{Map, Value};

/// Empty rows under a list.
const EMPTY_ROWS: usize = 2;
/// Rows of one list.
const ROWS_MAX: usize = 100;
/// Levels that have controls; deeper values are written as JSON.
const LEVELS_MAX: usize = 5;
/// Options that stand as buttons.
const BUTTONS_MAX: usize = 6;
/// A text that may be longer than this gets more than one line.
const LINE_CHARS_MAX: u64 = 200;

/// The controls of a form; `name` is where its names begin, `given` what stands in it where nothing was typed.
pub fn control(schema: &Value, name: &str, given: Option<&Value>, draft: Option<&Draft>) -> Markup {
    html! { div.form { (member(&Place { schema, name, title: "", required: true, level: 0 }, given, draft)) } }
}

/// What was filled in.
///
/// # Errors
/// Names the control that is to blame.
pub fn parse(schema: &Value, name: &str, posted: &Form) -> Result<Value, FieldProblem> {
    let place = Place { schema, name, title: "", required: true, level: 0 };
    Ok(read(&place, posted)?.unwrap_or_else(|| Value::Object(Map::new())))
}

/// A place in the form.
struct Place<'a> {
    schema: &'a Value,
    name: &'a str,
    title: &'a str,
    required: bool,
    level: usize,
}

/// What kind of control a schema gets.
enum Sort<'a> {
    Object(&'a Map<String, Value>),
    List(&'a Value),
    Words(&'a [Value]),
    Truth,
    Number { whole: bool },
    Text { long: bool },
    Json,
}

impl<'a> Place<'a> {
    fn sort(&self) -> Sort<'a> {
        if let Some(words) = self.schema["enum"].as_array().filter(|words| words.iter().all(Value::is_string)) {
            return Sort::Words(words);
        }
        let shallow = self.level < LEVELS_MAX;
        match (self.schema["type"].as_str(), self.schema["properties"].as_object()) {
            (Some("object"), Some(members)) if shallow => Sort::Object(members),
            (Some("array"), _) if shallow && self.schema["items"].is_object() => Sort::List(&self.schema["items"]),
            (Some("boolean"), _) => Sort::Truth,
            (Some("integer"), _) => Sort::Number { whole: true },
            (Some("number"), _) => Sort::Number { whole: false },
            (Some("string"), _) => Sort::Text { long: self.schema["maxLength"].as_u64().is_none_or(|max| max > LINE_CHARS_MAX) },
            _ => Sort::Json,
        }
    }

    fn title(&self) -> &'a str {
        self.schema["title"].as_str().unwrap_or(self.title)
    }

    fn about(&self) -> Markup {
        html! {
            (self.title()) @if self.required && self.level > 0 { span.required aria-hidden="true" { "*" } }
            @if let Some(about) = self.schema["description"].as_str() { span.aside { (about) } }
        }
    }

    fn wants(&self, member: &str) -> bool {
        self.schema["required"].as_array().is_some_and(|all| all.iter().any(|name| name == member))
    }
}

fn member(place: &Place<'_>, given: Option<&Value>, draft: Option<&Draft>) -> Markup {
    let given = given.filter(|given| !given.is_null());
    let typed = draft.and_then(|draft| draft.get(place.name)).map(str::to_owned);
    let value = typed.or_else(|| given.map(plain));
    match place.sort() {
        Sort::Object(members) => object(place, members, given, draft),
        Sort::List(items) => list(place, items, given, draft),
        Sort::Words(all) => choice(place, all, value.as_deref()),
        Sort::Truth => truth(place, value.as_deref()),
        Sort::Number { whole } => html! {
            label.field { (place.about())
                input type="number" name=(place.name) inputmode=(if whole { "numeric" } else { "decimal" }) step=(if whole { "1" } else { "any" })
                    min=[number(&place.schema["minimum"])] max=[number(&place.schema["maximum"])] value=[value] required[place.required];
            }
        },
        Sort::Text { long: false } => html! {
            label.field { (place.about()) input type="text" name=(place.name) value=[value] maxlength=[place.schema["maxLength"].as_u64()] required[place.required] dir="auto"; }
        },
        Sort::Text { long: true } => html! {
            label.field { (place.about()) textarea name=(place.name) rows="3" required[place.required] dir="auto" { (value.unwrap_or_default()) } }
        },
        Sort::Json => html! {
            label.field { (place.about()) textarea.code name=(place.name) rows="3" spellcheck="false" { (value.unwrap_or_default()) } }
        },
    }
}

fn object(place: &Place<'_>, members: &Map<String, Value>, given: Option<&Value>, draft: Option<&Draft>) -> Markup {
    let inside = html! {
        @for (name, schema) in members {
            @let full = format!("{}/{name}", place.name);
            (member(&Place { schema, name: &full, title: name, required: place.required && place.wants(name), level: place.level + 1 }, given.map(|given| &given[name]), draft))
        }
    };
    if place.level == 0 {
        inside
    } else {
        html! { fieldset.form { legend { (place.about()) } (inside) } }
    }
}

/// A list: what is in it, and empty rows; one that stays empty is left out, so nothing in it is required by the browser.
fn list(place: &Place<'_>, items: &Value, given: Option<&Value>, draft: Option<&Draft>) -> Markup {
    let given = given.and_then(Value::as_array);
    let typed = draft.map_or(0, |draft| rows(place.name, draft));
    let count = (given.map_or(0, Vec::len).max(typed) + EMPTY_ROWS).min(ROWS_MAX);
    html! {
        fieldset.form.list data-list {
            legend { (place.about()) }
            p.aside { (words::EMPTY_ROWS) }
            @for n in 0..count {
                @let full = format!("{}/{n}", place.name);
                @let title = words::entry(place.title(), n + 1);
                div.row { (member(&Place { schema: items, name: &full, title: &title, required: false, level: place.level + 1 }, given.and_then(|given| given.get(n)), draft)) }
            }
            button type="button" data-add hidden { (words::ADD_ROW) }
        }
    }
}

fn choice(place: &Place<'_>, all: &[Value], value: Option<&str>) -> Markup {
    let options = || all.iter().filter_map(Value::as_str);
    html! {
        @if all.len() <= BUTTONS_MAX && place.required {
            fieldset.form {
                legend { (place.about()) }
                div.options {
                    @for option in options() {
                        label.option { input type="radio" name=(place.name) value=(option) required checked[value == Some(option)]; span { (option) } }
                    }
                }
            }
        } @else {
            label.field { (place.about())
                select name=(place.name) required[place.required] {
                    option value="" { (words::UNSET) }
                    @for option in options() { option value=(option) selected[value == Some(option)] { (option) } }
                }
            }
        }
    }
}

fn truth(place: &Place<'_>, value: Option<&str>) -> Markup {
    html! {
        label.field { (place.about())
            select name=(place.name) required[place.required] {
                option value="" { (words::UNSET) }
                option value="true" selected[value == Some("true")] { (words::YES) }
                option value="false" selected[value == Some("false")] { (words::NO) }
            }
        }
    }
}

/// A value as it stands in a control.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn number(value: &Value) -> Option<String> {
    (value.is_number() || value.is_string()).then(|| plain(value))
}

/// Rows of a list that have something in them, up to the last.
fn rows(name: &str, posted: &Form) -> usize {
    let prefix = format!("{name}/");
    let filled = posted.pairs().filter(|(_, value)| !value.trim().is_empty());
    let numbers = filled.filter_map(|(name, _)| name.strip_prefix(&prefix)?.split('/').next()?.parse::<usize>().ok());
    numbers.max().map_or(0, |last| (last + 1).min(ROWS_MAX))
}

/// What stands at a place; `None` where nothing was filled in.
fn read(place: &Place<'_>, posted: &Form) -> Result<Option<Value>, FieldProblem> {
    let typed = posted.filled(place.name);
    let missing =
        |place: &Place<'_>| if place.required { Err(FieldProblem::new(place.name, words::fill_in(place.title()))) } else { Ok(None) };
    match (place.sort(), typed) {
        (Sort::Object(members), _) => read_object(place, members, posted),
        (Sort::List(items), _) => read_list(place, items, posted),
        (_, None) => missing(place),
        (Sort::Words(_), Some(text)) => Ok(Some(Value::from(text))),
        (Sort::Text { .. }, Some(_)) => Ok(posted.get(place.name).map(|text| Value::from(text.replace("\r\n", "\n")))),
        (Sort::Truth, Some(text)) => Ok(Some(Value::from(text == "true"))),
        (Sort::Number { whole: true }, Some(text)) => {
            let number = text.parse::<i64>().map_err(|_| FieldProblem::new(place.name, words::no_number(place.title(), true)))?;
            Ok(Some(Value::from(number)))
        }
        (Sort::Number { whole: false }, Some(text)) => {
            let text = text.replace(',', ".");
            let sound = text.parse::<f64>().is_ok_and(f64::is_finite);
            if sound { Ok(Some(Value::from(text))) } else { Err(FieldProblem::new(place.name, words::no_number(place.title(), false))) }
        }
        (Sort::Json, Some(text)) => {
            let value = serde_json::from_str(text).map_err(|error| FieldProblem::new(place.name, words::no_json(place.title(), &error)))?;
            Ok(Some(value))
        }
    }
}

/// An object. One that may be left out is left out where nothing in it was filled in; as soon as something was, what it
/// requires is required.
fn read_object(place: &Place<'_>, members: &Map<String, Value>, posted: &Form) -> Result<Option<Value>, FieldProblem> {
    let prefix = format!("{}/", place.name);
    let begun = posted.pairs().any(|(name, value)| name.starts_with(&prefix) && !value.trim().is_empty());
    if !begun && !place.required {
        return Ok(None);
    }
    let mut object = Map::new();
    for (name, schema) in members {
        let full = format!("{prefix}{name}");
        let inner = Place { schema, name: &full, title: name, required: place.wants(name), level: place.level + 1 };
        if let Some(value) = read(&inner, posted)? {
            object.insert(name.clone(), value);
        }
    }
    Ok(Some(Value::Object(object)))
}

fn read_list(place: &Place<'_>, items: &Value, posted: &Form) -> Result<Option<Value>, FieldProblem> {
    let mut list = Vec::new();
    for n in 0..rows(place.name, posted) {
        let full = format!("{}/{n}", place.name);
        let title = words::entry(place.title(), n + 1);
        let inner = Place { schema: items, name: &full, title: &title, required: false, level: place.level + 1 };
        list.extend(read(&inner, posted)?);
    }
    Ok(if list.is_empty() && !place.required { None } else { Some(Value::Array(list)) })
}
