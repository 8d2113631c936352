//! The part of JSON Schema that forms and actions use: checking a schema, and holding a document against one. Never fetches,
//! resolves or guesses: a keyword that is not listed here is refused, since a rule that is silently ignored is no rule.
//!
//! Numbers. Events hold no floats, so where the schema says `number` the value becomes a canonical decimal string
//! (`2`, `2.0` and `"2"` are all `"2"`), where it says `integer` it stays an integer, and where it says nothing, what is not
//! an integer that every JSON reader agrees on becomes a decimal string. Normalising twice changes nothing.

use crate::{
    limits::{INTEGER_MAX, JSON_DEPTH_MAX, NAME_CHARS_MAX, OPTIONS_MAX, PLAYBOOK_FIELDS_MAX, SCHEMA_DEPTH_MAX},
    number::{Decimal, is_safe_integer},
    playbook::{
        decimals::compare,
        suggest::{did_you_mean, listed, quoted},
    },
};
use serde_json::{Map, Value};
use std::cmp::Ordering;

/// The types there are.
const TYPES: &[&str] = &["object", "array", "string", "number", "integer", "boolean", "null"];

/// Every keyword, and the types it goes with (none: all).
const KEYWORDS: &[(&str, &[&str])] = &[
    ("type", &[]),
    ("title", &[]),
    ("description", &[]),
    ("enum", &[]),
    ("properties", &["object"]),
    ("required", &["object"]),
    ("additionalProperties", &["object"]),
    ("items", &["array"]),
    ("minimum", &["number", "integer"]),
    ("maximum", &["number", "integer"]),
    ("minLength", &["string"]),
    ("maxLength", &["string"]),
];

/// What is wrong with a schema, or with a document: where (a JSON pointer inside it) and what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    pub pointer: String,
    pub message: String,
}

/// Every fault of a schema that must describe an object.
pub(crate) fn faults(schema: &Value) -> Vec<Fault> {
    let mut out = Vec::new();
    if schema.get("type").and_then(Value::as_str) != Some("object") {
        let message = "a form or an action is an object: write type = \"object\"".to_owned();
        out.push(Fault { pointer: String::new(), message });
    }
    Checker { out: &mut out }.schema(schema, "", 0);
    out
}

struct Checker<'o> {
    out: &'o mut Vec<Fault>,
}

impl Checker<'_> {
    fn fault(&mut self, pointer: &str, message: impl Into<String>) {
        self.out.push(Fault { pointer: pointer.to_owned(), message: message.into() });
    }

    fn schema(&mut self, schema: &Value, pointer: &str, depth: usize) {
        if depth > SCHEMA_DEPTH_MAX {
            return self.fault(pointer, format!("deeper than {SCHEMA_DEPTH_MAX} levels"));
        }
        let Value::Object(members) = schema else { return self.fault(pointer, "a schema is a table") };
        let kind = self.kind(members, pointer);
        for (keyword, value) in members {
            let here = format!("{pointer}/{}", escape(keyword));
            match KEYWORDS.iter().find(|(known, _)| known == keyword) {
                None => {
                    let known = || KEYWORDS.iter().map(|(word, _)| *word);
                    let near = did_you_mean(keyword, known());
                    self.fault(&here, format!("{} is not supported here{near}. Supported: {}", quoted(keyword), listed(known())));
                }
                Some((_, types)) if !types.is_empty() && kind.is_none_or(|kind| !types.contains(&kind)) => {
                    self.fault(&here, format!("{keyword} goes with type {}", types.join(" or ")));
                }
                Some(_) => self.keyword(keyword, value, members, &here, depth),
            }
        }
        self.bounds(members, pointer);
    }

    fn kind(&mut self, members: &Map<String, Value>, pointer: &str) -> Option<&'static str> {
        let given = members.get("type")?;
        let known = given.as_str().and_then(|word| TYPES.iter().find(|t| **t == word));
        if known.is_none() {
            let message = match given {
                Value::String(word) => {
                    format!("{} is no type{}; one of {}", quoted(word), did_you_mean(word, TYPES.iter().copied()), TYPES.join(", "))
                }
                _ => format!("write one type as a word: {}", TYPES.join(", ")),
            };
            self.fault(&format!("{pointer}/type"), message);
        }
        known.copied()
    }

    fn keyword(&mut self, keyword: &str, value: &Value, members: &Map<String, Value>, here: &str, depth: usize) {
        match (keyword, value) {
            ("properties", Value::Object(properties)) => {
                if properties.len() > PLAYBOOK_FIELDS_MAX {
                    self.fault(here, format!("more than {PLAYBOOK_FIELDS_MAX} properties"));
                }
                for (name, property) in properties {
                    if name.is_empty() || name.chars().count() > NAME_CHARS_MAX || name.contains(char::is_control) {
                        self.fault(
                            here,
                            format!("{} is no name: 1 to {NAME_CHARS_MAX} characters without control characters", quoted(name)),
                        );
                    }
                    self.schema(property, &format!("{here}/{}", escape(name)), depth + 1);
                }
            }
            ("items" | "additionalProperties", Value::Object(_)) => self.schema(value, here, depth + 1),
            ("required", Value::Array(names)) => self.required(names, members, here),
            ("enum", Value::Array(values)) if !values.is_empty() && values.len() <= OPTIONS_MAX => {
                if values.iter().any(|v| v.is_array() || v.is_object()) {
                    self.fault(here, "the values of an enum are texts, numbers, booleans or null");
                }
            }
            ("enum", _) => self.fault(here, format!("an enum is a list of 1 to {OPTIONS_MAX} values")),
            ("minLength" | "maxLength", Value::Number(n)) if n.as_u64().is_some() => {}
            ("minLength" | "maxLength", _) => self.fault(here, "a length is a whole number from 0, in characters"),
            ("minimum" | "maximum", _) if decimal(value).is_some() => {}
            ("minimum" | "maximum", _) => self.fault(here, "a bound is a number, or a decimal as a text"),
            ("title" | "description", Value::String(_)) | ("additionalProperties", Value::Bool(_)) | ("type", _) => {}
            ("title" | "description", _) => self.fault(here, "must be a text"),
            ("additionalProperties", _) => self.fault(here, "must be true, false or a schema"),
            ("required", _) => self.fault(here, "must be a list of property names"),
            _ => self.fault(here, "must be a table"),
        }
    }

    fn required(&mut self, names: &[Value], members: &Map<String, Value>, here: &str) {
        let properties = members.get("properties").and_then(Value::as_object);
        let known = || properties.into_iter().flat_map(|p| p.keys()).map(String::as_str);
        for name in names {
            match name {
                Value::String(name) if known().any(|p| p == name) => {}
                Value::String(name) => {
                    self.fault(here, format!("{} is none of the properties{}", quoted(name), did_you_mean(name, known())))
                }
                _ => self.fault(here, "must be a list of property names"),
            }
        }
    }

    fn bounds(&mut self, members: &Map<String, Value>, pointer: &str) {
        for (low, high) in [("minimum", "maximum"), ("minLength", "maxLength")] {
            let bound = |name| members.get(name).and_then(decimal);
            if let (Some(least), Some(most)) = (bound(low), bound(high))
                && compare(&least, &most) == Ordering::Greater
            {
                self.fault(pointer, format!("{low} {least} is above {high} {most}"));
            }
        }
    }
}

/// The document as it stands in an event, if it fits the schema.
pub(crate) fn normalise(schema: &Value, document: Value) -> Result<Value, Fault> {
    with_schema(schema, document, "", 0)
}

/// A JSON value without a schema as it stands in an event.
pub(crate) fn normalise_any(document: Value) -> Result<Value, Fault> {
    any(document, "", 0)
}

/// Whether a JSON value may be kept as it is: no U+0000, not too deep.
pub(crate) fn sound(document: &Value) -> Result<(), Fault> {
    walk(document, 0)
}

fn walk(value: &Value, depth: usize) -> Result<(), Fault> {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => Ok(()),
        Value::String(text) => no_nul(text, ""),
        Value::Array(items) => {
            let depth = deeper(depth, "")?;
            items.iter().try_for_each(|item| walk(item, depth))
        }
        Value::Object(members) => {
            let depth = deeper(depth, "")?;
            members.iter().try_for_each(|(name, value)| no_nul(name, "").and_then(|()| walk(value, depth)))
        }
    }
}

fn fault(pointer: &str, message: impl Into<String>) -> Fault {
    Fault { pointer: pointer.to_owned(), message: message.into() }
}

fn with_schema(schema: &Value, value: Value, pointer: &str, depth: usize) -> Result<Value, Fault> {
    let kind = schema.get("type").and_then(Value::as_str);
    let refuse = || fault(pointer, format!("must be of type {}", kind.unwrap_or("any")));
    let value = match (kind, value) {
        (None, value) => any(value, pointer, depth)?,
        (Some("object"), Value::Object(members)) => Value::Object(object(schema, members, pointer, depth)?),
        (Some("array"), Value::Array(items)) => Value::Array(array(schema, items, pointer, depth)?),
        (Some("string"), Value::String(text)) => Value::String(string(schema, text, pointer)?),
        (Some("number"), value @ (Value::Number(_) | Value::String(_))) => {
            Value::String(number(schema, &value, pointer)?.as_str().to_owned())
        }
        (Some("integer"), Value::Number(n)) => {
            let exact = number(schema, &Value::Number(n), pointer)?.as_str().parse::<i64>().ok();
            Value::from(
                exact
                    .filter(|n| is_safe_integer(*n))
                    .ok_or_else(|| fault(pointer, format!("must be a whole number within +-{INTEGER_MAX}")))?,
            )
        }
        (Some("boolean"), value @ Value::Bool(_)) | (Some("null"), value @ Value::Null) => value,
        _ => return Err(refuse()),
    };
    if let Some(Value::Array(allowed)) = schema.get("enum")
        && !allowed.iter().any(|a| same(a, &value))
    {
        return Err(fault(pointer, "must be one of the values of its enum"));
    }
    Ok(value)
}

/// Whether an enum's value is the (normalised) value: numbers are equal as numbers.
fn same(allowed: &Value, value: &Value) -> bool {
    allowed == value || (allowed.is_number() && decimal(allowed) == decimal(value))
}

fn object(schema: &Value, members: Map<String, Value>, pointer: &str, depth: usize) -> Result<Map<String, Value>, Fault> {
    let properties = schema.get("properties").and_then(Value::as_object);
    for name in schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str) {
        if !members.contains_key(name) {
            return Err(fault(pointer, format!("{name:?} is missing")));
        }
    }
    let mut out = Map::with_capacity(members.len());
    for (name, value) in members {
        let here = format!("{pointer}/{}", escape(&name));
        no_nul(&name, pointer)?;
        let value = match (properties.and_then(|p| p.get(&name)), schema.get("additionalProperties")) {
            (Some(property), _) => with_schema(property, value, &here, deeper(depth, pointer)?)?,
            (None, Some(Value::Bool(false))) => {
                let near = did_you_mean(&name, properties.into_iter().flat_map(|p| p.keys()).map(String::as_str));
                return Err(fault(pointer, format!("{} is not part of it{near}", quoted(&name))));
            }
            (None, Some(other @ Value::Object(_))) => with_schema(other, value, &here, deeper(depth, pointer)?)?,
            (None, _) => any(value, &here, deeper(depth, pointer)?)?,
        };
        out.insert(name, value);
    }
    Ok(out)
}

fn array(schema: &Value, items: Vec<Value>, pointer: &str, depth: usize) -> Result<Vec<Value>, Fault> {
    let depth = deeper(depth, pointer)?;
    let one = |(i, item)| {
        let here = format!("{pointer}/{i}");
        match schema.get("items") {
            Some(of_items) => with_schema(of_items, item, &here, depth),
            None => any(item, &here, depth),
        }
    };
    items.into_iter().enumerate().map(one).collect()
}

fn string(schema: &Value, text: String, pointer: &str) -> Result<String, Fault> {
    no_nul(&text, pointer)?;
    let bound = |name| schema.get(name).and_then(Value::as_u64);
    let (least, most) = (bound("minLength").unwrap_or(0), bound("maxLength").unwrap_or(u64::MAX));
    let chars = u64::try_from(text.chars().count()).unwrap_or(u64::MAX);
    if chars < least {
        return Err(fault(pointer, format!("has {chars} characters; at least {least} are wanted")));
    }
    if chars > most {
        return Err(fault(pointer, format!("has {chars} characters; at most {most} are taken")));
    }
    Ok(text)
}

fn number(schema: &Value, value: &Value, pointer: &str) -> Result<Decimal, Fault> {
    let number = decimal(value).ok_or_else(|| fault(pointer, format!("must be a number of at most {} digits", Decimal::DIGITS_MAX)))?;
    let bound = |name| schema.get(name).and_then(decimal);
    if let Some(least) = bound("minimum").filter(|b| compare(&number, b) == Ordering::Less) {
        return Err(fault(pointer, format!("must be at least {least}")));
    }
    if let Some(most) = bound("maximum").filter(|b| compare(&number, b) == Ordering::Greater) {
        return Err(fault(pointer, format!("must be at most {most}")));
    }
    Ok(number)
}

fn any(value: Value, pointer: &str, depth: usize) -> Result<Value, Fault> {
    Ok(match value {
        Value::Null | Value::Bool(_) => value,
        Value::String(text) => {
            no_nul(&text, pointer)?;
            Value::String(text)
        }
        Value::Number(n) if n.as_i64().is_some_and(is_safe_integer) => Value::Number(n),
        Value::Number(n) => Value::String(number(&Value::Null, &Value::Number(n), pointer)?.as_str().to_owned()),
        Value::Array(items) => {
            let depth = deeper(depth, pointer)?;
            Value::Array(items.into_iter().enumerate().map(|(i, v)| any(v, &format!("{pointer}/{i}"), depth)).collect::<Result<_, _>>()?)
        }
        Value::Object(members) => {
            let depth = deeper(depth, pointer)?;
            let mut out = Map::with_capacity(members.len());
            for (name, value) in members {
                no_nul(&name, pointer)?;
                let value = any(value, &format!("{pointer}/{}", escape(&name)), depth)?;
                out.insert(name, value);
            }
            Value::Object(out)
        }
    })
}

fn deeper(depth: usize, pointer: &str) -> Result<usize, Fault> {
    if depth >= JSON_DEPTH_MAX { Err(fault(pointer, format!("is deeper than {JSON_DEPTH_MAX} levels"))) } else { Ok(depth + 1) }
}

fn no_nul(text: &str, pointer: &str) -> Result<(), Fault> {
    if text.as_bytes().contains(&0) { Err(fault(pointer, "holds the character U+0000, which no text may")) } else { Ok(()) }
}

/// A number, or a decimal as a text.
pub(crate) fn decimal(value: &Value) -> Option<Decimal> {
    match value {
        Value::Number(n) => Decimal::parse(&n.to_string()).ok(),
        Value::String(text) => Decimal::parse(text).ok(),
        _ => None,
    }
}

/// A name as a step of a JSON pointer (RFC 6901), cut to the length of a name.
pub(crate) fn escape(name: &str) -> String {
    name.chars().take(NAME_CHARS_MAX).collect::<String>().replace('~', "~0").replace('/', "~1")
}
