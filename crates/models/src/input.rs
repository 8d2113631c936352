//! What a model sees of a case: the fields that it may see, as text, words, numbers and flags. Who may see what is the playbook's
//! word and is kept here, in one place. Never masks; it says what has to be masked before it goes out.

use countersign_core::playbook::{FieldKind, FieldSpec, Playbook, Share};
use serde_json::Value as Json;
use std::collections::BTreeMap;

/// Characters of one text that a model reads.
pub const TEXT_CHARS_MAX: usize = 20_000;

/// How far what is read goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// It stays in this process.
    InProcess,
    /// It leaves it.
    Outside,
}

/// A case as a model sees it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Input {
    /// In the playbook's order.
    pub fields: Vec<Field>,
}

/// One field.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: Value,
    /// Whether personal data in it has to be replaced before it goes out. Such a text comes whole: it is searched before it is
    /// cut, or half an address at the cut would pass for none.
    pub masked: bool,
    /// Whether people do not see it: then nothing that people read may quote it.
    pub hidden: bool,
}

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A text that places can be named in.
    Text(String),
    /// Text gathered from something that is not one: turns, rows, a diff. Places in it mean nothing to a reader.
    Gathered(String),
    /// One of some words.
    Word(String),
    /// A finite number.
    Number(f64),
    /// Yes or no.
    Flag(bool),
    /// A picture as its file is. Never made of a case's own values: whoever asks a model of pictures puts it in.
    Picture(std::sync::Arc<Vec<u8>>),
}

/// Whether a field may go so far at all.
#[must_use]
pub fn may_see(field: &FieldSpec, reach: Reach) -> bool {
    // Whose data it is says nothing about the case, and a model that learned it would decide by the person.
    if field.audited || field.subject || field.share == Share::Never {
        return false;
    }
    match reach {
        Reach::InProcess => true,
        Reach::Outside => !(field.personal || field.is_masked()) || field.share == Share::Masked,
    }
}

impl Input {
    /// What a model may see of a case's values. What is missing, erased, or not of its field's kind is left out.
    #[must_use]
    pub fn of(playbook: &Playbook, values: &BTreeMap<String, Json>, reach: Reach) -> Self {
        let seen = playbook.fields.iter().filter(|field| may_see(field, reach));
        let field = |field: &FieldSpec| {
            let masked = reach == Reach::Outside && (field.personal || field.is_masked());
            let value = value(&field.kind, values.get(&field.name)?, if masked { usize::MAX } else { TEXT_CHARS_MAX })?;
            Some(Field { name: field.name.clone(), value, masked, hidden: field.hidden })
        };
        Self { fields: seen.filter_map(field).collect() }
    }
}

fn value(kind: &FieldKind, json: &Json, chars_max: usize) -> Option<Value> {
    let cut = |text: &str| text.chars().take(chars_max).collect::<String>();
    match (kind, json) {
        (_, Json::Null) | (FieldKind::Image | FieldKind::Time, _) => None,
        (FieldKind::Text, Json::String(text)) => Some(Value::Text(cut(text))),
        (FieldKind::Category { .. }, Json::String(word)) => Some(Value::Word(cut(word))),
        (FieldKind::Boolean, Json::Bool(flag)) => Some(Value::Flag(*flag)),
        (FieldKind::Number, Json::String(text)) => text.parse().ok().filter(|n: &f64| n.is_finite()).map(Value::Number),
        (FieldKind::Number, Json::Number(n)) => n.as_f64().filter(|n| n.is_finite()).map(Value::Number),
        (FieldKind::Patch, Json::String(text)) => Some(Value::Gathered(cut(text))),
        (FieldKind::Patch | FieldKind::Conversation | FieldKind::Table | FieldKind::Json, other) => {
            let mut gathered = String::new();
            gather(other, &mut gathered);
            (!gathered.is_empty()).then(|| Value::Gathered(cut(&gathered)))
        }
        _ => None,
    }
}

/// The texts and numbers of any JSON, a line each; names of members say what is where, and are no content.
fn gather(json: &Json, out: &mut String) {
    if out.len() > TEXT_CHARS_MAX * 4 {
        return;
    }
    match json {
        Json::Null => {}
        Json::Bool(flag) => out.push_str(if *flag { "true\n" } else { "false\n" }),
        Json::Number(n) => out.push_str(&format!("{n}\n")),
        Json::String(text) => {
            out.push_str(text);
            out.push('\n');
        }
        Json::Array(items) => items.iter().for_each(|item| gather(item, out)),
        Json::Object(members) => members.values().for_each(|member| gather(member, out)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use countersign_core::playbook::parse::parse;
    use proptest::prelude::*;
    use serde_json::json;

    fn playbook() -> Playbook {
        let source = r#"
name = "t"
question = "?"
[answer]
kind = "choice"
options = ["a", "b"]
[fields]
plain = { type = "text" }
secret = { type = "text", personal = true, share = "never" }
masked = { type = "text", personal = true, share = "masked" }
local = { type = "text", personal = true }
group = { type = "category", audited = true }
told = { type = "category", audited = true, share = "local" }
who = { type = "text", personal = true, subject = true }
amount = { type = "number" }
"#;
        parse(source, "t.toml").unwrap()
    }

    #[test]
    fn what_a_model_may_not_see_never_reaches_it() {
        let all = ["plain", "secret", "masked", "local", "group", "told", "who"];
        let values: BTreeMap<String, Json> = all.iter().map(|name| ((*name).to_owned(), json!("x"))).collect();
        let names = |reach| Input::of(&playbook(), &values, reach).fields.into_iter().map(|f| (f.name, f.masked)).collect::<Vec<_>>();
        assert_eq!(names(Reach::InProcess), [("plain".into(), false), ("masked".into(), false), ("local".into(), false)]);
        assert_eq!(names(Reach::Outside), [("plain".into(), false), ("masked".into(), true)]);
    }

    proptest! {
        #[test]
        fn any_value_is_read_or_left_out(text in "\\PC{0,20}", number in any::<f64>(), flag in any::<bool>()) {
            for json in [json!(text), json!(number), json!(flag), Json::Null, json!([text, {"a": number}])] {
                let values: BTreeMap<String, Json> =
                    ["plain", "secret", "group", "amount"].iter().map(|name| ((*name).to_owned(), json.clone())).collect();
                let input = Input::of(&playbook(), &values, Reach::InProcess);
                prop_assert!(input.fields.iter().all(|f| f.name == "plain" || f.name == "amount"));
                prop_assert!(input.fields.iter().all(|f| !matches!(f.value, Value::Number(n) if !n.is_finite())));
            }
        }
    }
}
