//! What a case looks like: `[answer]` and `[fields]`.

use super::reader::{Item, Reader, Section};
use crate::{
    limits::{CASE_BYTES_MAX, OPTIONS_MAX, PLAYBOOK_FIELDS_MAX, REMARK_BYTES_MAX, ROLES_MAX},
    playbook::{
        AnswerSpec, FieldKind, FieldSpec, Share,
        decimals::{compare, scaled},
        schema,
        suggest::quoted,
    },
};
use serde_json::Value;
use std::cmp::Ordering;
use toml::de::DeValue;

/// Digits after the point that a scale may have.
pub(in crate::playbook) const SCORE_PLACES_MAX: usize = 18;

#[derive(Clone, Copy)]
enum Kind {
    Choice,
    Score,
    Text,
    Patch,
    Action,
    Form,
}

pub(super) fn answer(reader: &mut Reader<'_>, item: &Item<'_>) -> Option<AnswerSpec> {
    let table = item.section(reader, "[answer]")?;
    let words = [
        ("choice", (Kind::Choice, &["kind", "options"][..])),
        ("score", (Kind::Score, &["kind", "min", "max", "step"][..])),
        ("text", (Kind::Text, &["kind", "bytes_max"][..])),
        ("patch", (Kind::Patch, &["kind"][..])),
        ("action", (Kind::Action, &["kind", "names", "schema"][..])),
        ("form", (Kind::Form, &["kind", "schema"][..])),
    ];
    let (kind, known) = table.required(reader, "kind", "kind = \"choice\"")?.word(reader, "kind of answer", &words)?;
    table.only(reader, known);
    match kind {
        Kind::Choice => {
            let item = table.required(reader, "options", "options = [\"yes\", \"no\"]")?;
            let options = item.names(reader, OPTIONS_MAX, "[\"yes\", \"no\"]")?;
            if options.len() < 2 {
                item.problem(reader, "a choice has at least 2 options");
                return None;
            }
            Some(AnswerSpec::Choice { options })
        }
        Kind::Score => score(reader, &table),
        Kind::Text => {
            let bytes_max = table.get("bytes_max").map(|item| item.integer(reader, 1, CASE_BYTES_MAX as u64));
            let bytes_max = match bytes_max {
                Some(given) => usize::try_from(given?).ok()?,
                None => REMARK_BYTES_MAX,
            };
            Some(AnswerSpec::Text { bytes_max })
        }
        Kind::Patch => Some(AnswerSpec::Patch),
        Kind::Action => {
            let names = match table.get("names") {
                Some(item) => item.names(reader, OPTIONS_MAX, "[\"refund\", \"close\"]"),
                None => Some(Vec::new()),
            };
            let schema = match table.get("schema") {
                Some(item) => json_schema(reader, item).map(Some),
                None => Some(None),
            };
            Some(AnswerSpec::Action { names: names?, schema: schema? })
        }
        Kind::Form => {
            let item = table.required(reader, "schema", "[answer.schema] type = \"object\"")?;
            Some(AnswerSpec::Form { schema: json_schema(reader, item)? })
        }
    }
}

fn score(reader: &mut Reader<'_>, table: &Section<'_>) -> Option<AnswerSpec> {
    let bound = |reader: &mut Reader<'_>, item: &Item<'_>| {
        let value = item.decimal(reader)?;
        let fits = scaled(&value, SCORE_PLACES_MAX).is_some();
        if !fits {
            item.problem(reader, format!("has too many digits for a scale: at most {SCORE_PLACES_MAX} after the point and 38 in all"));
        }
        fits.then_some(value)
    };
    let min = table.required(reader, "min", "min = 0").cloned();
    let max = table.required(reader, "max", "max = 10").cloned();
    let step = table.get("step").map(|item| {
        let value = bound(reader, item)?;
        let positive = scaled(&value, SCORE_PLACES_MAX).is_some_and(|n| n > 0);
        if !positive {
            item.problem(reader, "must be above 0");
        }
        positive.then_some(value)
    });
    let (min, max_item) = (min.and_then(|item| bound(reader, &item)), max);
    let max = max_item.as_ref().and_then(|item| bound(reader, item));
    let (min, max) = (min?, max?);
    if compare(&min, &max) != Ordering::Less {
        max_item?.problem(reader, format!("must be above min, which is {min}"));
        return None;
    }
    let step = match step {
        Some(given) => Some(given?),
        None => None,
    };
    Some(AnswerSpec::Score { min, max, step })
}

/// A schema as TOML tables or as a JSON text.
fn json_schema(reader: &mut Reader<'_>, item: &Item<'_>) -> Option<Value> {
    let schema = match item.value {
        DeValue::String(text) => match serde_json::from_str(text) {
            Ok(schema) => schema,
            Err(error) => {
                item.problem(reader, format!("is no JSON: {error}"));
                return None;
            }
        },
        value => match to_json(value) {
            Some(schema) => schema,
            None => {
                item.problem(reader, "holds a date or a number that JSON does not have");
                return None;
            }
        },
    };
    let faults = schema::faults(&schema);
    for fault in &faults {
        let inside = fault.pointer.replace('/', ".");
        let message = &fault.message;
        item.problem(reader, if inside.is_empty() { message.clone() } else { format!("at {}: {message}", inside.trim_start_matches('.')) });
    }
    faults.is_empty().then_some(schema)
}

/// TOML as JSON. The TOML reader bounds the depth.
fn to_json(value: &DeValue<'_>) -> Option<Value> {
    Some(match value {
        DeValue::String(text) => Value::String(text.clone().into_owned()),
        DeValue::Boolean(value) => Value::Bool(*value),
        DeValue::Integer(n) => Value::from(i64::from_str_radix(n.as_str(), n.radix()).ok()?),
        DeValue::Float(n) => Value::Number(serde_json::Number::from_f64(n.as_str().parse().ok()?)?),
        DeValue::Datetime(_) => return None,
        DeValue::Array(items) => Value::Array(items.iter().map(|item| to_json(item.get_ref())).collect::<Option<_>>()?),
        DeValue::Table(table) => {
            let mut members: Vec<_> = table.iter().collect();
            members.sort_by_key(|(name, _)| name.span().start);
            Value::Object(
                members
                    .into_iter()
                    .map(|(name, value)| Some((name.get_ref().clone().into_owned(), to_json(value.get_ref())?)))
                    .collect::<Option<_>>()?,
            )
        }
    })
}

/// The fields by name in the order of the source; `None` where one has a problem, so that others can still refer to its name.
pub(super) fn fields(reader: &mut Reader<'_>, item: &Item<'_>) -> Vec<(String, Option<FieldSpec>)> {
    let Some(table) = item.section(reader, "[fields]") else { return Vec::new() };
    if table.members.is_empty() {
        item.problem(reader, "a playbook has at least one field, such as body = { type = \"text\" }");
    }
    if table.members.len() > PLAYBOOK_FIELDS_MAX {
        item.problem(reader, format!("has {} fields; at most {PLAYBOOK_FIELDS_MAX} are taken", table.members.len()));
    }
    let fields: Vec<_> = table.members.iter().map(|(name, item)| ((*name).to_owned(), field(reader, name, item))).collect();
    for (flag, is_set) in [("title", (|f| f.title) as fn(&FieldSpec) -> bool), ("subject", |f| f.subject)] {
        let mut first: Option<&str> = None;
        for (name, spec) in &fields {
            match first {
                _ if !spec.as_ref().is_some_and(is_set) => {}
                None => first = Some(name),
                Some(other) => {
                    if let Some(item) = table.get(name) {
                        item.problem(reader, format!("only one field has {flag} = true, and {} has it already", quoted(other)));
                    }
                }
            }
        }
    }
    fields
}

fn field(reader: &mut Reader<'_>, name: &str, item: &Item<'_>) -> Option<FieldSpec> {
    if let Some(message) = super::name_fault(name) {
        item.problem(reader, format!("the field's name {message}"));
        return None;
    }
    let table = item.section(reader, "{ type = \"text\" }")?;
    table.only(reader, &["type", "options", "title", "required", "personal", "subject", "audited", "hidden", "share", "visible_to"]);
    let kind = kind(reader, &table);
    let mut flag = |name: &str, default: bool| table.get(name).map_or(Some(default), |item| item.boolean(reader));
    let (title, required, subject) = (flag("title", false), flag("required", true), flag("subject", false));
    let (personal, audited, hidden) = (flag("personal", false), flag("audited", false), flag("hidden", false));
    let words = [("local", Share::Local), ("masked", Share::Masked), ("never", Share::Never)];
    let share = match table.get("share") {
        Some(item) => Some(item.word(reader, "way to share", &words)?),
        None => None,
    };
    let visible_to = match table.get("visible_to") {
        Some(item) => item.names(reader, ROLES_MAX, "[\"senior\"]"),
        None => Some(Vec::new()),
    };
    let (title, subject, personal, audited, hidden) = (title?, subject?, personal?, audited?, hidden?);
    let visible_to = visible_to?;
    let kind = kind?;
    let one_line = matches!(kind, FieldKind::Text | FieldKind::Number | FieldKind::Category { .. });
    let mut refuse = |name: &str, message: &str| {
        if let Some(item) = table.get(name) {
            item.problem(reader, message);
        }
    };
    if title && !one_line {
        refuse("title", "a title is of type text, number or category");
    }
    if title && hidden {
        refuse("title", "a title is seen by people, so its field cannot be hidden");
    }
    if subject && !one_line {
        refuse("subject", "a subject is known by a field of type text, number or category");
    }
    if subject && table.get("personal").is_some() && !personal {
        refuse("personal", "the field that says whose data this is (subject = true) is personal: leave personal away");
    }
    let masked = !visible_to.is_empty();
    if table.get("visible_to").is_some() && !masked {
        refuse("visible_to", "names nobody: name at least one role, or write hidden = true where no person sees the field");
    }
    if title && masked {
        refuse("title", "a title is seen by all who see the case, so its field has no visible_to");
    }
    if hidden && masked {
        refuse("visible_to", "says who sees the field whole, and hidden = true says that nobody sees it: leave one away");
    }
    if share.is_some() && !(personal || subject || audited || masked) {
        refuse("share", "says how far a personal, audited or masked field goes to models, and this field is none of these");
    }
    // Audited and masked fields go to no model unless the playbook says so: what a model read, its words may tell.
    let share = share.unwrap_or(if audited || masked { Share::Never } else { Share::Local });
    Some(FieldSpec {
        name: name.to_owned(),
        kind,
        title,
        required: required?,
        personal: personal || subject,
        subject,
        audited,
        hidden,
        share,
        visible_to,
    })
}

fn kind(reader: &mut Reader<'_>, table: &Section<'_>) -> Option<FieldKind> {
    type Make = fn() -> FieldKind;
    let words: [(&str, Make); 10] = [
        ("text", || FieldKind::Text),
        ("number", || FieldKind::Number),
        ("category", || FieldKind::Category { options: Vec::new() }),
        ("boolean", || FieldKind::Boolean),
        ("time", || FieldKind::Time),
        ("image", || FieldKind::Image),
        ("patch", || FieldKind::Patch),
        ("conversation", || FieldKind::Conversation),
        ("table", || FieldKind::Table),
        ("json", || FieldKind::Json),
    ];
    let kind = table.required(reader, "type", "type = \"text\"")?.word(reader, "type of field", &words)?();
    match (kind, table.get("options")) {
        (FieldKind::Category { .. }, Some(item)) => {
            Some(FieldKind::Category { options: item.names(reader, OPTIONS_MAX, "[\"low\", \"high\"]")? })
        }
        (kind, Some(item)) => {
            item.problem(reader, "only a field of type category has options");
            Some(kind)
        }
        (kind, None) => Some(kind),
    }
}
