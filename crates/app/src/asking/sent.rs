//! What goes out to an endpoint about a case: the fields that may, and what people want beside them, with placeholders for personal
//! data; and the same in what comes back, restored. Fails closed: what cannot be searched goes nowhere. Sends nothing itself.

use countersign_core::playbook::{AnswerSpec, Playbook};
use countersign_models::{
    Input, Reach, Value as Seen,
    chat::{Example, Question},
    input::TEXT_CHARS_MAX,
};
use countersign_privacy::mask::{Masks, mask, unnamed};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Characters of one text of a decided case that go out.
const EXAMPLE_CHARS_MAX: usize = 2_000;

/// Why nothing goes out.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unsent {
    /// There is nothing that may.
    #[error("the case has no field that may go out")]
    Nothing,
    /// Personal data in it could not be looked for.
    #[error("{0}")]
    Unmasked(String),
}

/// What goes out beside the fields.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Beside<'a> {
    /// What the playbook wants of the model.
    pub instruction: Option<&'a str>,
    /// What a person asks for.
    pub ask: Option<&'a str>,
    /// The draft that is to be written anew.
    pub previous: Option<&'a str>,
    /// Whether people read what is written, so that it must not know what they do not see.
    pub read: bool,
}

/// What goes out.
#[derive(Debug)]
pub(crate) struct Sent {
    fields: Vec<(String, Value)>,
    wishes: Vec<String>,
    /// The draft that is to be written anew.
    pub previous: Option<String>,
    masks: Masks,
}

/// What may go out about a case.
///
/// # Errors
/// Where nothing may.
pub(crate) fn of(playbook: &Playbook, values: &BTreeMap<String, Value>, beside: Beside<'_>) -> Result<Sent, Unsent> {
    let mut input = Input::of(playbook, values, Reach::Outside);
    input.fields.retain(|field| !(beside.read && field.hidden));
    if input.fields.is_empty() {
        return Err(Unsent::Nothing);
    }
    let text = |value: &Seen| match value {
        Seen::Text(text) | Seen::Gathered(text) | Seen::Word(text) => Some(text.clone()),
        // A number may be a card's or a person's as well.
        Seen::Number(number) => Some(number.to_string()),
        Seen::Flag(_) | Seen::Picture(_) => None,
    };
    // All texts of the case together, so that the same value has the same placeholder throughout.
    let masked: Vec<(usize, String)> = input
        .fields
        .iter()
        .enumerate()
        .filter(|(_, field)| field.masked)
        .filter_map(|(at, field)| Some((at, text(&field.value)?)))
        .collect();
    // What people write names people, whatever the fields are.
    let written: Vec<&str> = [beside.ask, beside.previous].into_iter().flatten().collect();
    let texts: Vec<&str> = masked.iter().map(|(_, text)| text.as_str()).chain(written).collect();
    let (texts, masks) = mask(&texts).map_err(|error| Unsent::Unmasked(error.to_string()))?;
    // Cut only now: half an address at the cut would have passed for none.
    let mut texts = texts.into_iter().map(|text| text.chars().take(TEXT_CHARS_MAX).collect::<String>());
    let replaced: BTreeMap<usize, String> = masked.iter().map(|(at, _)| *at).zip(texts.by_ref()).collect();
    let mut written = |given: Option<&str>| given.and_then(|_| texts.next());
    let (ask, previous) = (written(beside.ask), written(beside.previous));
    let value = |at: usize, value: &Seen| match (replaced.get(&at), value) {
        (Some(text), _) => json!(text),
        (None, Seen::Text(text) | Seen::Gathered(text) | Seen::Word(text)) => json!(text),
        (None, Seen::Number(number)) => json!(number),
        (None, Seen::Flag(flag)) => json!(flag),
        // None is ever put in here.
        (None, Seen::Picture(_)) => Value::Null,
    };
    let fields = input.fields.iter().enumerate().map(|(at, field)| (field.name.clone(), value(at, &field.value))).collect();
    Ok(Sent { fields, wishes: beside.instruction.map(str::to_owned).into_iter().chain(ask).collect(), previous, masks })
}

/// What may go out of a decided case that is like the one asked about: as of that itself, with what was decided, and what turned out. Somebody
/// else's personal data is not even named by a placeholder, or it would be restored as this case's own.
///
/// # Errors
/// Where nothing may.
pub(crate) fn example(
    playbook: &Playbook,
    values: &BTreeMap<String, Value>,
    (decided, turned_out): (&str, Option<&str>),
    read: bool,
) -> Result<Example, Unsent> {
    // What people wrote as an answer is searched with the rest; a word of the playbook is what it is.
    let written = !matches!(playbook.answer, AnswerSpec::Choice { .. });
    let sent = of(playbook, values, Beside { previous: Some(decided).filter(|_| written), read, ..Beside::default() })?;
    let told = |text: &str| unnamed(text).chars().take(EXAMPLE_CHARS_MAX).collect::<String>();
    let field = |(name, value): (String, Value)| match value {
        Value::String(text) => (name, Value::String(told(&text))),
        other => (name, other),
    };
    Ok(Example {
        decided: sent.previous.as_deref().map_or_else(|| decided.to_owned(), told),
        turned_out: turned_out.filter(|_| !written).map(str::to_owned),
        fields: sent.fields.into_iter().map(field).collect(),
    })
}

impl Sent {
    /// What is asked, with the options of a choice.
    pub fn question(&self, playbook: &Playbook) -> Question {
        let options = match &playbook.answer {
            AnswerSpec::Choice { options } => options.clone(),
            _ => Vec::new(),
        };
        Question { question: playbook.question.clone(), options, fields: self.fields.clone(), wishes: self.wishes.clone(), examples: None }
    }

    /// What came back, with the personal data that was masked in its place again.
    pub fn restored(&self, text: &str) -> String {
        self.masks.restore(text)
    }

    /// The same in every text of a document.
    pub fn restored_in(&self, value: Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.restored(&text)),
            Value::Array(items) => items.into_iter().map(|item| self.restored_in(item)).collect(),
            Value::Object(members) => members.into_iter().map(|(name, member)| (name, self.restored_in(member))).collect(),
            other => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use countersign_core::playbook::parse;

    #[test]
    fn personal_data_goes_out_masked_or_not_at_all() {
        let source = "name = \"t\"\nquestion = \"?\"\nanswer = { kind = \"choice\", options = [\"a\", \"b\"] }\n[fields]\n\
            open = { type = \"text\" }\nlocal = { type = \"text\", personal = true }\nmasked = { type = \"text\", personal = true, share = \"masked\" }\n\
            talk = { type = \"conversation\", personal = true, share = \"masked\" }\nnever = { type = \"text\", personal = true, share = \"never\" }\n\
            card = { type = \"number\", personal = true, share = \"masked\" }\nlong = { type = \"text\", personal = true, share = \"masked\" }\n\
            who = { type = \"text\", personal = true, subject = true, share = \"masked\" }\n";
        let playbook = parse::parse(source, "t.toml").unwrap();
        let values = [
            ("open", json!("order 7")),
            ("local", json!("at home")),
            ("masked", json!("write to ada@example.org")),
            ("talk", json!([{ "role": "customer", "text": "ada@example.org, 4111 1111 1111 1111" }])),
            ("never", json!("secret")),
            ("card", json!("4111111111111111")),
            // An address that the cut would go through.
            ("long", json!(format!("{}ada@example.org", " ".repeat(TEXT_CHARS_MAX - 12)))),
            ("who", json!("ada@example.org")),
        ];
        let values: BTreeMap<String, Value> = values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let sent_out =
            of(&playbook, &values, Beside { ask: Some("Write to bob@example.org and ada@example.org"), ..Beside::default() }).unwrap();
        let question = sent_out.question(&playbook);
        let sent = json!(question.fields.iter().cloned().collect::<serde_json::Map<String, Value>>()).to_string();
        assert_eq!(question.fields.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["open", "masked", "talk", "card", "long"]);
        assert!(sent.contains("write to [MAIL_1]") && sent.contains("[MAIL_1], [CARD_1]"), "{sent}");
        for hidden in ["ada@", "4111", "home", "secret"] {
            assert!(!sent.contains(hidden), "{sent}");
        }
        // What is too long to be searched goes nowhere, and the case with it.
        let huge = BTreeMap::from([("masked".to_owned(), json!("x".repeat(countersign_privacy::find::TEXT_BYTES_MAX + 1)))]);
        assert!(of(&playbook, &huge, Beside::default()).unwrap_err().to_string().contains("is not searched"));
        // What people ask is masked by the same words, and what comes back in them is restored.
        assert_eq!(question.wishes, ["Write to [MAIL_2] and [MAIL_1]"]);
        assert_eq!(sent_out.restored("Dear [MAIL_1], [MAIL_2] says [MAIL_9]"), "Dear ada@example.org, bob@example.org says [MAIL_9]");
        assert_eq!(sent_out.restored_in(json!({ "to": ["[MAIL_2]"], "n": 1 })), json!({ "to": ["bob@example.org"], "n": 1 }));
    }

    #[test]
    fn of_a_decided_case_nothing_goes_out_that_could_be_restored() {
        let source = "name = \"t\"\nquestion = \"?\"\nanswer = { kind = \"text\" }\n[fields]\nmasked = { type = \"text\", personal = true, share = \"masked\" }\n\
            local = { type = \"text\", personal = true, required = false }\nseen = { type = \"text\", hidden = true, required = false }\n";
        let playbook = parse::parse(source, "t.toml").unwrap();
        let values = |mail: &str| {
            let all = [("masked", json!(format!("from {mail}"))), ("local", json!("at home")), ("seen", json!("by nobody"))];
            all.into_iter().map(|(name, value)| (name.to_owned(), value)).collect::<BTreeMap<String, Value>>()
        };
        let ours = of(&playbook, &values("ada@example.org"), Beside { read: true, ..Beside::default() }).unwrap();
        let answer = format!("Dear bob@example.org, {}", "x".repeat(3 * EXAMPLE_CHARS_MAX));
        let theirs = example(&playbook, &values("bob@example.org"), (&answer, Some("document")), true).unwrap();
        assert_eq!(theirs.fields, [("masked".to_owned(), json!("from (another MAIL)"))]);
        assert!(theirs.decided.starts_with("Dear (another MAIL), x") && theirs.decided.len() == EXAMPLE_CHARS_MAX);
        assert_eq!((ours.restored(&theirs.decided), theirs.turned_out), (theirs.decided.clone(), None));
        let huge = BTreeMap::from([("masked".to_owned(), json!("x".repeat(countersign_privacy::find::TEXT_BYTES_MAX + 1)))]);
        assert!(example(&playbook, &huge, ("no", None), false).is_err(), "what cannot be searched is no example");
    }
}
