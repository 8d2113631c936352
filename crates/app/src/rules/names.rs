//! Names in the texts of rules: people write names, and the ledger keeps ids, so that a name can be forgotten. Decides nothing.

use countersign_core::id::PersonId;
use std::collections::HashMap;

/// Where a person is named in rules.
const IN_RULES: &str = "Person::\"";

/// A text with every name of a person replaced by `with`, where that knows it. Names stand after `Person::` in rules, and after
/// `person =` in what is expected of them.
fn replaced(text: &str, with: &dyn Fn(&str) -> Option<String>) -> String {
    let mut out = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let named = line.trim_start().strip_prefix("person").is_some_and(|rest| rest.trim_start().starts_with('='));
        let mut rest = line;
        let mut head = if named { "\"" } else { IN_RULES };
        while let Some(at) = rest.find(head) {
            let (before, after) = rest.split_at(at + head.len());
            out.push_str(before);
            let end = closing(after);
            let (quoted, tail) = after.split_at(end);
            let name = quoted.replace("\\\"", "\"").replace("\\\\", "\\");
            match with(&name) {
                Some(other) => out.push_str(&other.replace('\\', "\\\\").replace('"', "\\\"")),
                None => out.push_str(quoted),
            }
            rest = tail;
            // What follows on the line of an expectation is a comment.
            head = IN_RULES;
        }
        out.push_str(rest);
    }
    out
}

/// Where a quoted text ends.
fn closing(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at,
            _ => {}
        }
    }
    text.len()
}

/// With ids, as it is kept.
pub(super) fn kept(text: &str, names: &HashMap<String, PersonId>) -> String {
    replaced(text, &|name| names.get(name).map(ToString::to_string))
}

/// With names, as people read it. A name that was erased stays an id.
pub(super) fn told(text: &str, names: &HashMap<String, PersonId>) -> String {
    replaced(text, &|id| names.iter().find(|(_, person)| person.to_string() == id).map(|(name, _)| name.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_kept_as_ids_and_told_as_names() {
        let ana = PersonId(uuid::Uuid::from_u128(7));
        let names = HashMap::from([("Ana \"A\" \\ O'Hara".to_owned(), ana)]);
        let rules = "forbid (principal == Person::\"Ana \\\"A\\\" \\\\ O'Hara\", action, resource);\n// Person::\"Zoe\"\n";
        let kept_text = kept(rules, &names);
        assert_eq!(kept_text, format!("forbid (principal == Person::\"{ana}\", action, resource);\n// Person::\"Zoe\"\n"));
        assert_eq!(told(&kept_text, &names), rules);
        let expected = "[[expect]]\nperson = \"Ana \\\"A\\\" \\\\ O'Hara\"\nplaybook = \"Ana\"\nroles = [\"Ana\"]\n";
        let kept_text = kept(expected, &names);
        assert_eq!(kept_text, format!("[[expect]]\nperson = \"{ana}\"\nplaybook = \"Ana\"\nroles = [\"Ana\"]\n"));
        assert_eq!(told(&kept_text, &names), expected);
    }
}
