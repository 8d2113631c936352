//! What of a case somebody does not see whole: the fields that their roles do not open, and their values where somebody else's words
//! repeat them. Decides nothing; who sees what is the playbook's word.
//!
//! Fields are left out by name, which is sure. Words about a case are people's and proposers' own: there a masked value is covered where
//! it stands letter by letter, which a paraphrase is not.

use super::read::File;
use crate::control::Control;
use countersign_core::{
    event::{Body, Event},
    id::PersonId,
    playbook::{Playbook, Share},
};
use serde_json::{Value, json};
use std::collections::{BTreeSet, HashMap};

/// Stands where a masked value stood in somebody's words.
pub(crate) const COVER: &str = "[masked]";
/// Shorter values are not looked for in texts: they stand everywhere.
const WORD_CHARS_MIN: usize = 3;
/// Texts of masked values that are looked for.
const WORDS_MAX: usize = 2_000;

/// What somebody does not see.
#[derive(Debug, Default)]
pub(crate) struct Mask {
    fields: BTreeSet<String>,
    /// Whether a model may have read one of these fields, so that what it says of its reasons may tell it.
    told: bool,
    /// Texts of their values in lower case, the longest first, by their first letters.
    words: HashMap<[char; WORD_CHARS_MIN], Vec<Vec<char>>>,
}

impl Mask {
    /// Whether this field is masked.
    pub(crate) fn hides(&self, field: &str) -> bool {
        self.fields.contains(field)
    }

    /// Whether anything is masked.
    pub(crate) fn hides_any(&self) -> bool {
        !self.fields.is_empty()
    }

    /// Whether a proposer's reasons may tell what is masked.
    pub(crate) fn hides_reasons(&self) -> bool {
        self.told
    }

    /// Somebody's words, without what is masked.
    pub(crate) fn text(&self, text: String) -> String {
        if self.words.is_empty() { text } else { self.covered(&text).unwrap_or(text) }
    }

    /// Any document, without what is masked.
    pub(crate) fn value(&self, value: Value) -> Value {
        match value {
            _ if self.words.is_empty() => value,
            Value::String(text) => Value::String(self.text(text)),
            Value::Number(number) => match self.covered(&number.to_string()) {
                Some(covered) => Value::String(covered),
                None => Value::Number(number),
            },
            Value::Array(items) => Value::Array(items.into_iter().map(|item| self.value(item)).collect()),
            Value::Object(members) => {
                Value::Object(members.into_iter().map(|(name, member)| (self.text(name), self.value(member))).collect())
            }
            Value::Null | Value::Bool(_) => value,
        }
    }

    /// An event's JSON, whose values were opened, without what is masked. Commitments stay: they are salted and tell nothing.
    pub(crate) fn event(&self, event: &mut Value) {
        if self.fields.is_empty() {
            return;
        }
        let Some(body) = event.get_mut("body") else { return };
        if let Some(Value::Object(fields)) = body.get_mut("fields") {
            fields.iter_mut().filter(|(name, _)| self.hides(name)).for_each(|(_, content)| hide(content));
        }
        if let Some(Value::Array(evidence)) = body.get_mut("evidence") {
            evidence.retain(|item| !item.get("field").and_then(Value::as_str).is_some_and(|field| self.hides(field)));
        }
        if let Some(explanation) = body.get_mut("explanation").filter(|_| self.told) {
            hide(explanation);
        }
        self.contents(body);
    }

    /// Every content in an event.
    fn contents(&self, json: &mut Value) {
        match json {
            Value::Object(members) => {
                for (name, member) in members.iter_mut() {
                    match name.as_str() {
                        "plain" | "opened" => *member = self.value(member.take()),
                        _ => self.contents(member),
                    }
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.contents(item)),
            _ => {}
        }
    }

    fn add(&mut self, value: &Value) {
        match value {
            Value::String(text) => std::iter::once(text.as_str()).chain(text.lines()).for_each(|line| self.word(line)),
            Value::Number(number) => self.word(&number.to_string()),
            Value::Array(items) => items.iter().for_each(|item| self.add(item)),
            Value::Object(members) => members.values().for_each(|member| self.add(member)),
            Value::Null | Value::Bool(_) => {}
        }
    }

    fn word(&mut self, text: &str) {
        let word: Vec<char> = text.trim().chars().map(lower).collect();
        let Some(first) = word.first_chunk().copied() else { return };
        if self.words.values().map(Vec::len).sum::<usize>() >= WORDS_MAX {
            return;
        }
        let known = self.words.entry(first).or_default();
        if !known.contains(&word) {
            known.push(word);
            known.sort_by_key(|word| std::cmp::Reverse(word.len()));
        }
    }

    /// A text with what is masked covered; `None` where nothing of it is in it.
    fn covered(&self, text: &str) -> Option<String> {
        let chars: Vec<char> = text.chars().collect();
        let lowered: Vec<char> = chars.iter().copied().map(lower).collect();
        let (mut out, mut at, mut found) = (String::with_capacity(text.len()), 0, false);
        while let Some(one) = chars.get(at) {
            match self.word_at(&lowered, at) {
                Some(length) => {
                    out.push_str(COVER);
                    (at, found) = (at + length, true);
                }
                None => {
                    out.push(*one);
                    at += 1;
                }
            }
        }
        found.then_some(out)
    }

    /// The length of the masked text that begins here and is no part of a longer word.
    fn word_at(&self, text: &[char], at: usize) -> Option<usize> {
        let rest = text.get(at..)?;
        let inside = |before: Option<&char>, after: Option<&char>| {
            before.is_some_and(|c| c.is_alphanumeric()) && after.is_some_and(|c| c.is_alphanumeric())
        };
        if inside(at.checked_sub(1).and_then(|before| text.get(before)), rest.first()) {
            return None;
        }
        let words = self.words.get(rest.first_chunk::<WORD_CHARS_MIN>()?)?;
        words.iter().find(|word| rest.starts_with(word) && !inside(word.last(), rest.get(word.len()))).map(Vec::len)
    }
}

/// One letter for one letter, so that places stay what they are.
fn lower(c: char) -> char {
    let mut lowered = c.to_lowercase();
    lowered.next().filter(|_| lowered.next().is_none()).unwrap_or(c)
}

/// Takes a content's value away.
fn hide(content: &mut Value) {
    if let Value::Object(members) = content {
        members.remove("plain");
        members.remove("opened");
        members.insert("masked".into(), json!(true));
    }
}

impl File {
    /// The same as this person may see it; a program with full reading rights is nobody.
    pub(crate) fn read_by(self, control: &Control, viewer: Option<PersonId>) -> Self {
        self.shown_to(control, viewer, &[])
    }

    /// The same as this person may see it, and as it was shown to them: what was masked then stays masked on that screen.
    pub(crate) fn shown_to(mut self, control: &Control, viewer: Option<PersonId>, masked: &[&str]) -> Self {
        let Some(person) = viewer else { return self };
        let Ok(playbook) = control.playbook(self.state.playbook, self.state.playbook_version) else { return self };
        if playbook.has_masked_fields() {
            self.mask = self.mask_of(control, person, &playbook, masked);
        }
        self
    }

    fn mask_of(&self, control: &Control, person: PersonId, playbook: &Playbook, masked: &[&str]) -> Mask {
        let roles = control.state.people.get(&person).map(|facts| &facts.roles);
        let mut mask = Mask::default();
        for spec in &playbook.fields {
            if spec.masked_for(roles.into_iter().flatten()) || masked.contains(&spec.name.as_str()) {
                mask.told |= spec.share != Share::Never;
                mask.fields.insert(spec.name.clone());
            }
        }
        if mask.fields.is_empty() {
            return mask;
        }
        // What the case said before it was amended stands in its history.
        let contents = self.events.iter().flat_map(|(_, event)| fields_of(event));
        for value in
            contents.filter(|(name, _)| mask.fields.contains(*name)).filter_map(|(_, content)| self.values.get(content)).collect::<Vec<_>>()
        {
            mask.add(&value);
        }
        mask
    }
}

fn fields_of(event: &Event) -> impl Iterator<Item = (&String, &countersign_core::Content)> {
    let fields = match &event.body {
        Body::CaseOpened(body) => Some(&body.fields),
        Body::CaseAmended(body) => Some(&body.fields),
        _ => None,
    };
    fields.into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mask(values: &[Value]) -> Mask {
        let mut mask = Mask { fields: BTreeSet::from(["salary".to_owned()]), ..Mask::default() };
        values.iter().for_each(|value| mask.add(value));
        mask
    }

    #[test]
    fn what_is_masked_is_covered_in_other_peoples_words() {
        let mask = mask(&[json!("Okafor, Ada"), json!("48250"), json!({ "iban": "DE02 1203", "n": 7 }), json!("one line\nanother line")]);
        for (text, covered) in [
            ("Paid to okafor, ada: 48250.", "Paid to [masked]: [masked]."),
            ("148250 and 482500 and 48250", "148250 and 482500 and [masked]"),
            ("de02 1203; ANOTHER LINE, one lines", "[masked]; [masked], one lines"),
            ("7 is too short to be looked for", "7 is too short to be looked for"),
            ("", ""),
        ] {
            assert_eq!(mask.text(text.to_owned()), covered);
        }
        assert_eq!(
            mask.value(json!({ "to": ["Okafor, Ada"], "sum": 48250, "ok": true })),
            json!({ "to": [COVER], "sum": COVER, "ok": true })
        );
        assert_eq!(Mask::default().text("48250".into()), "48250");
    }

    #[test]
    fn an_event_keeps_its_commitments_and_loses_what_is_masked() {
        let mut event = json!({ "body": {
            "fields": { "salary": { "sealed": { "commitment": "ab" }, "opened": "48250" }, "role": { "plain": "48250 a year" } },
            "evidence": [{ "field": "salary", "quote": { "plain": "482" } }, { "field": "role" }],
            "explanation": { "plain": "because of 48250" },
        } });
        let mut mask = mask(&[json!("48250")]);
        mask.event(&mut event);
        assert_eq!(event["body"]["fields"]["salary"], json!({ "sealed": { "commitment": "ab" }, "masked": true }));
        assert_eq!(event["body"]["fields"]["role"]["plain"], "[masked] a year");
        assert_eq!(event["body"]["evidence"], json!([{ "field": "role" }]));
        assert_eq!(event["body"]["explanation"]["plain"], "because of [masked]");
        mask.told = true;
        mask.event(&mut event);
        assert_eq!(event["body"]["explanation"], json!({ "masked": true }), "a model that read the field may tell it in its own words");
    }
}
