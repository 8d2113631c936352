//! One field's value in its canonical form. Never sees another field.
//!
//! A fault is half a sentence that follows the field's name, and never repeats a personal value.

use crate::{
    limits::{CASE_BYTES_MAX, IMAGE_BOXES_MAX, INTEGER_MAX},
    number::{Decimal, Micros, is_safe_integer},
    playbook::{
        FieldKind, FieldSpec,
        parse::name_fault,
        schema::{self, decimal},
        suggest::{did_you_mean, listed, quoted},
    },
    time::parse_rfc3339,
};
use serde_json::{Map, Value};

type Said<T> = Result<T, String>;

/// The value as events hold it.
pub(super) fn normalise(field: &FieldSpec, value: Value) -> Said<Value> {
    match (&field.kind, value) {
        (FieldKind::Text, Value::String(value)) => text(value).map(Value::String),
        (FieldKind::Text, other) => Err(wanted("a text", &other)),
        (FieldKind::Number, value) => number(&value).map(|d| Value::String(d.as_str().to_owned())),
        (FieldKind::Category { options }, value) => category(field, options, value).map(Value::String),
        (FieldKind::Boolean, value) => boolean(&value).map(Value::Bool),
        (FieldKind::Time, value) => moment(&value).map(Value::from),
        (FieldKind::Image, value) => image(value).map(Value::Object),
        (FieldKind::Patch, Value::String(value)) => patch(value).map(Value::String),
        (FieldKind::Patch, other) => Err(wanted("a unified diff as a text", &other)),
        (FieldKind::Conversation, value) => conversation(value).map(Value::Array),
        (FieldKind::Table, value) => table(value).map(Value::Object),
        (FieldKind::Json, value) => json(&value).map(Value::String),
    }
}

/// About how many bytes a value has in JSON; exact up to escapes.
pub(super) fn size(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) => 5,
        Value::Number(_) => 16,
        Value::String(text) => text.len() + 2,
        Value::Array(items) => items.iter().map(|item| size(item) + 1).sum::<usize>() + 2,
        Value::Object(members) => members.iter().map(|(name, value)| name.len() + size(value) + 4).sum::<usize>() + 2,
    }
}

/// What a JSON value is, for messages.
pub(super) fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

pub(super) fn wanted(what: &str, value: &Value) -> String {
    format!("must be {what}, and is {}", kind_of(value))
}

/// A text without U+0000 (which databases cut or refuse) and not above the size of a case.
pub(super) fn text(value: String) -> Said<String> {
    if value.len() > CASE_BYTES_MAX {
        return Err(format!("has {} bytes; at most {CASE_BYTES_MAX} are taken", value.len()));
    }
    if value.as_bytes().contains(&0) {
        return Err("holds the character U+0000, which no text may".into());
    }
    Ok(value)
}

fn number(value: &Value) -> Said<Decimal> {
    match value {
        Value::Number(_) | Value::String(_) => {
            decimal(value).ok_or_else(|| format!("must be a number of at most {} digits, as in 12.5 or \"12.5\"", Decimal::DIGITS_MAX))
        }
        other => Err(wanted("a number or a decimal as a text", other)),
    }
}

fn category(field: &FieldSpec, options: &[String], value: Value) -> Said<String> {
    let word = match value {
        Value::String(word) => word,
        Value::Bool(flag) => flag.to_string(),
        Value::Number(n) if n.is_i64() || n.is_u64() => n.to_string(),
        other => return Err(wanted("a word", &other)),
    };
    if options.contains(&word) {
        return Ok(word);
    }
    // Only now is the word repeated, and only where it is neither personal nor masked.
    let public = !(field.personal || field.is_masked());
    if let Some(fault) = name_fault(&word) {
        return Err(if public { fault } else { "must be one short line without spaces around it".into() });
    }
    if options.is_empty() {
        return Ok(word);
    }
    let known = || options.iter().map(String::as_str);
    if public {
        let near = did_you_mean(&word, known());
        let end = if near.is_empty() { "." } else { "" };
        return Err(format!("is {}, which is none of its options{near}{end} One of {}", quoted(&word), listed(known())));
    }
    Err(format!("is none of its options. One of {}", listed(known())))
}

fn boolean(value: &Value) -> Said<bool> {
    let word = match value {
        Value::Bool(flag) => return Ok(*flag),
        Value::Number(n) => n.as_u64(),
        Value::String(word) if word == "1" || word.eq_ignore_ascii_case("true") => Some(1),
        Value::String(word) if word == "0" || word.eq_ignore_ascii_case("false") => Some(0),
        _ => None,
    };
    match word {
        Some(1) => Ok(true),
        Some(0) => Ok(false),
        _ => Err("must be true or false (1 and 0 are taken too)".into()),
    }
}

/// RFC 3339, or integer microseconds since 1970.
fn moment(value: &Value) -> Said<Micros> {
    match value {
        Value::Number(n) => n
            .as_i64()
            .filter(|n| is_safe_integer(*n))
            .ok_or_else(|| format!("must be a whole number of microseconds since 1970 within +-{INTEGER_MAX}")),
        Value::String(text) => parse_rfc3339(text).map_err(|error| format!("is {error}")),
        other => Err(wanted("an RFC 3339 time or microseconds since 1970", other)),
    }
}

/// Whether a text is a SHA-256 digest in hex.
pub(super) fn is_digest(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit())
}

fn image(value: Value) -> Said<Map<String, Value>> {
    let mut members = object(value, "{\"attachment\": \"<SHA-256 in hex>\"}", &["attachment", "boxes"])?;
    let digest = match members.get("attachment") {
        Some(Value::String(digest)) if is_digest(digest) => digest.to_ascii_lowercase(),
        _ => return Err("must name its attachment by the 64 hex digits of its SHA-256".into()),
    };
    let boxes = match members.swap_remove("boxes") {
        None | Some(Value::Null) => None,
        Some(Value::Array(boxes)) if boxes.len() <= IMAGE_BOXES_MAX => Some(boxes.into_iter().map(image_box).collect::<Said<Vec<_>>>()?),
        Some(_) => return Err(format!("has boxes that are no list of at most {IMAGE_BOXES_MAX}")),
    };
    let mut out = Map::with_capacity(2);
    out.insert("attachment".into(), Value::String(digest));
    if let Some(boxes) = boxes {
        out.insert("boxes".into(), Value::Array(boxes));
    }
    Ok(out)
}

/// A rectangle in whole pixels of the image, from its upper left corner.
fn image_box(value: Value) -> Said<Value> {
    let members =
        object(value, "boxes such as {\"x\": 0, \"y\": 0, \"width\": 10, \"height\": 10}", &["x", "y", "width", "height", "label"])?;
    for side in ["x", "y", "width", "height"] {
        let pixels = members.get(side).and_then(Value::as_i64).filter(|n| *n >= 0 && is_safe_integer(*n));
        if pixels.is_none() {
            return Err(format!("has a box whose {side} is no whole number of pixels from 0"));
        }
    }
    match members.get("label") {
        None => {}
        Some(Value::String(label)) if name_fault(label).is_none() => {}
        Some(_) => return Err("has a box whose label is no short line of text".into()),
    }
    Ok(Value::Object(members))
}

/// A text that looks like a unified diff: with a hunk or a git header.
pub(super) fn patch(value: String) -> Said<String> {
    let is_hunk = |line: &str| line.starts_with("@@ -") && line.get(4..).is_some_and(|rest| rest.contains(" +") && rest.contains(" @@"));
    if !value.lines().any(|line| is_hunk(line) || line.starts_with("diff --git ")) {
        return Err("must be a unified diff, with at least one hunk such as @@ -1,3 +1,4 @@".into());
    }
    text(value)
}

fn conversation(value: Value) -> Said<Vec<Value>> {
    let Value::Array(turns) = value else { return Err(wanted("a list of turns such as {\"role\": \"user\", \"text\": \"..\"}", &value)) };
    turns.into_iter().map(turn).collect()
}

fn turn(value: Value) -> Said<Value> {
    let mut members = object(value, "turns such as {\"role\": \"user\", \"text\": \"..\"}", &["role", "text", "at"])?;
    let (Some(Value::String(role)), Some(Value::String(said))) = (members.swap_remove("role"), members.swap_remove("text")) else {
        return Err("has a turn without a role or without a text".into());
    };
    if name_fault(&role).is_some() {
        return Err("has a turn whose role is no short line of text".into());
    }
    let mut out = Map::with_capacity(3);
    out.insert("role".into(), Value::String(role));
    out.insert("text".into(), Value::String(text(said).map_err(|m| format!("has a turn whose text {m}"))?));
    match members.get("at") {
        None | Some(Value::Null) => {}
        Some(at) => {
            let at = moment(at).map_err(|m| format!("has a turn whose time (at) {m}"))?;
            out.insert("at".into(), Value::from(at));
        }
    }
    Ok(Value::Object(out))
}

fn table(value: Value) -> Said<Map<String, Value>> {
    let mut members = object(value, "{\"columns\": [..], \"rows\": [[..]]}", &["columns", "rows"])?;
    let (Some(Value::Array(columns)), Some(Value::Array(rows))) = (members.swap_remove("columns"), members.swap_remove("rows")) else {
        return Err("must have columns (a list of texts) and rows (a list of lists)".into());
    };
    let width = columns.len();
    let columns = columns.into_iter().map(|column| match column {
        Value::String(name) => text(name).map(Value::String).map_err(|m| format!("has a column whose name {m}")),
        other => Err(format!("has a column whose name {}", wanted("a text", &other))),
    });
    let columns = columns.collect::<Said<Vec<_>>>()?;
    let row = |(i, row)| match row {
        Value::Array(cells) if cells.len() == width => cells.into_iter().map(cell).collect::<Said<Vec<_>>>().map(Value::Array),
        Value::Array(cells) => Err(format!("has {} cells in row {}; its {width} columns want {width}", cells.len(), i + 1)),
        other => Err(format!("has a row that {}", wanted("a list", &other))),
    };
    let rows = rows.into_iter().enumerate().map(row).collect::<Said<Vec<_>>>()?;
    let mut out = Map::with_capacity(2);
    out.insert("columns".into(), Value::Array(columns));
    out.insert("rows".into(), Value::Array(rows));
    Ok(out)
}

fn cell(value: Value) -> Said<Value> {
    match value {
        Value::Null | Value::Bool(_) => Ok(value),
        Value::String(value) => text(value).map(Value::String).map_err(|m| format!("has a cell that {m}")),
        Value::Number(_) => number(&value).map(|d| Value::String(d.as_str().to_owned())).map_err(|m| format!("has a cell that {m}")),
        other => Err(format!("has a cell that {}", wanted("a text, a number, a boolean or null", &other))),
    }
}

/// Any JSON as its compact text, so that no float of it is ever in an event.
fn json(value: &Value) -> Said<String> {
    schema::sound(value).map_err(|fault| fault.message)?;
    text(value.to_string())
}

/// An object with no member but these.
fn object(value: Value, example: &str, known: &[&str]) -> Said<Map<String, Value>> {
    match value {
        Value::Object(members) => match members.keys().find(|name| !known.contains(&name.as_str())) {
            None => Ok(members),
            Some(_) => Err(format!("has a member that does not belong there. Taken are {}", known.join(", "))),
        },
        other => Err(wanted(example, &other)),
    }
}
