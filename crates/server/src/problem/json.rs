//! Says what is wrong with JSON and parameters from outside without repeating any of it: readers quote the value that they
//! stumbled over, and it may be personal.

use super::Problem;
use countersign_core::{limits::NAME_CHARS_MAX, refusal::Code};
use serde::de::DeserializeOwned;
use serde_json::error::Category;
use serde_path_to_error::{Path, Segment};

/// A `T` out of a JSON object.
///
/// # Errors
/// A problem that says what is wrong and where, and repeats no value.
pub fn json_object<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    // A list of values in the order of our members would be read as well, and must not: the order is no part of the API.
    if bytes.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[') {
        return Err(Problem::new(Code::Invalid, "expected an object, found a list"));
    }
    serde_json::from_slice(bytes).map_err(|_| json_problem::<T>(bytes))
}

/// Why `bytes` are no `T`. Reads them a second time, in search of the path, so that reading costs nothing extra where all is well.
fn json_problem<T: DeserializeOwned>(bytes: &[u8]) -> Problem {
    let reader = &mut serde_json::Deserializer::from_slice(bytes);
    match serde_path_to_error::deserialize::<_, T>(reader) {
        Ok(_) => Problem::new(Code::Malformed, "the body goes on after the end of the JSON value"),
        Err(error) => {
            let parent = pointer(error.path());
            let error = error.into_inner();
            let place = format!("line {}, column {}", error.line(), error.column());
            match error.classify() {
                Category::Data => {
                    let message = error.to_string();
                    // The path ends at the object; which of its members is missing or there twice, only the message tells.
                    let member = message
                        .strip_prefix("missing field `")
                        .or_else(|| message.strip_prefix("duplicate field `"))
                        .and_then(|rest| rest.split_once('`'));
                    let field = member.map(|(name, _)| format!("{}/{name}", parent.as_deref().unwrap_or_default())).or(parent);
                    Problem { field, ..Problem::new(Code::Invalid, format!("{} ({place})", without_values(&message))) }
                }
                Category::Eof => Problem::new(Code::Malformed, format!("the JSON ends too early ({place})")),
                Category::Syntax | Category::Io => Problem::new(Code::Malformed, format!("not JSON: {}", error)),
            }
        }
    }
}

/// Why a text, as a query, does not fit, from what its reader says (`name: reason`).
#[must_use]
pub fn text_problem(message: &str) -> Problem {
    let (field, reason) = match message.split_once(": ") {
        Some((name, rest)) if is_name(name) => (Some(format!("/{name}")), rest),
        _ => (None, message),
    };
    Problem { field, ..Problem::new(Code::Invalid, without_values(reason).replace("no such member", "no such parameter")) }
}

/// What was expected, in words of JSON rather than of our types.
fn plain(expected: &str) -> &str {
    match expected {
        "a sequence" => "a list",
        "a map" => "an object",
        text if text.starts_with("struct ") => "an object",
        text => text,
    }
}

/// What a reader built by serde says, with our words kept and the sender's words left out.
fn without_values(message: &str) -> String {
    // What was expected is written by the types and comes last, so nothing that was sent can stand behind it.
    let expected = message.rsplit_once(", expected ").map(|(_, text)| text.rsplit_once(" at line ").map_or(text, |(text, _)| text));
    let expected = expected.map(plain);
    if message.starts_with("invalid type: ") || message.starts_with("invalid value: ") {
        let found = message.split_once(": ").map_or("", |(_, found)| found);
        let kind = ["string", "integer", "floating point", "boolean", "null", "sequence", "map", "character"]
            .into_iter()
            .find(|kind| found.starts_with(kind));
        return match (kind, expected) {
            (Some(kind), Some(expected)) => {
                format!("expected {expected}, found {}", json_word(kind))
            }
            (None, Some(expected)) => format!("expected {expected}"),
            _ => "the value has another type".into(),
        };
    }
    if message.starts_with("unknown field ") {
        return expected
            .map_or("there is no such member here".into(), |expected| format!("there is no such member here; expected {expected}"));
    }
    if message.starts_with("unknown variant ") {
        return expected.map_or("there is no such choice".into(), |expected| format!("there is no such choice; expected {expected}"));
    }
    if message.starts_with("missing field `") {
        return "it is required and not given".into();
    }
    if message.starts_with("duplicate field `") {
        return "it is given twice".into();
    }
    if message.contains("UUID") {
        return "not a UUID: it is written as 018f0000-0000-7000-8000-000000000000".into();
    }
    if message.contains("untagged enum Moment") {
        return "not a time: write it as 2026-03-01T09:30:00Z, or as integer microseconds since 1970 UTC".into();
    }
    if message.contains("digit found") || message.contains("number too large") {
        return "not an integer in the range that is taken here".into();
    }
    "the value does not fit".into()
}

fn json_word(kind: &str) -> &str {
    match kind {
        "sequence" => "a list",
        "map" => "an object",
        "floating point" => "a number",
        "integer" => "an integer",
        "null" => "null",
        "boolean" => "true or false",
        _ => "a text",
    }
}

/// A name that may be repeated to its sender: short, and of the characters of names.
fn is_name(text: &str) -> bool {
    !text.is_empty() && text.len() <= NAME_CHARS_MAX && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte))
}

/// The path as a JSON pointer (RFC 6901), up to the first part that is no plain name.
fn pointer(path: &Path) -> Option<String> {
    let mut pointer = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => pointer.push_str(&format!("/{index}")),
            Segment::Map { key } if is_name(key) => pointer.push_str(&format!("/{key}")),
            Segment::Map { .. } => break,
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    (!pointer.is_empty()).then_some(pointer)
}

#[cfg(test)]
mod tests {
    use super::super::Kind;
    use super::*;
    use countersign_app::input::{CaseInput, JudgmentInput, SnoozeInput};
    use proptest::prelude::*;

    fn check<T: DeserializeOwned>(json: &str, code: Code, field: Option<&str>, detail: &str) {
        let problem = json_problem::<T>(json.as_bytes());
        assert_eq!((problem.kind, problem.field.as_deref(), problem.detail.as_str()), (Kind::Refused(code), field, detail), "{json}");
    }

    #[test]
    fn what_is_wrong_is_said_without_the_value() {
        check::<CaseInput>(
            "{\"playbook\": 3}",
            Code::Invalid,
            Some("/playbook"),
            "expected a string, found an integer (line 1, column 14)",
        );
        check::<CaseInput>(
            "{\"playbook\":\"a\",\n\"field\":{}}",
            Code::Invalid,
            Some("/field"),
            "there is no such member here; expected one of `playbook`, `external_id`, `fields`, `proposals`, `owner`, `deadline`, `history` (line 2, column 7)",
        );
        check::<CaseInput>("{}", Code::Invalid, Some("/playbook"), "it is required and not given (line 1, column 2)");
        check::<CaseInput>(
            "{\"playbook\":\"a\",\"proposals\":[{}]}",
            Code::Invalid,
            Some("/proposals/0/proposer"),
            "it is required and not given (line 1, column 31)",
        );
        check::<CaseInput>(
            "{\"playbook\":\"a\",\"fields\":[]}",
            Code::Invalid,
            Some("/fields"),
            "expected an object, found a list (line 1, column 25)",
        );
        check::<CaseInput>(
            "{\"playbook\":\"a\",\"playbook\":\"b\"}",
            Code::Invalid,
            Some("/playbook"),
            "it is given twice (line 1, column 26)",
        );
        check::<CaseInput>(
            "{\"playbook\":\"a\",\"owner\":\"Ann Other\"}",
            Code::Invalid,
            Some("/owner"),
            "not a UUID: it is written as 018f0000-0000-7000-8000-000000000000 (line 1, column 35)",
        );
        check::<SnoozeInput>(
            "{\"person\":\"018f0000-0000-7000-8000-000000000000\",\"until\":{}}",
            Code::Invalid,
            Some("/until"),
            "not a time: write it as 2026-03-01T09:30:00Z, or as integer microseconds since 1970 UTC (line 1, column 60)",
        );
        check::<CaseInput>(
            "{\"playbook\":\"a\",\"proposals\":[{\"proposer\":\"m\"},{\"proposer\":null}]}",
            Code::Invalid,
            Some("/proposals/1/proposer"),
            "expected a string, found null (line 1, column 62)",
        );
        check::<JudgmentInput>("{\"confidence\": NaN}", Code::Malformed, None, "not JSON: expected value at line 1 column 16");
        check::<CaseInput>("{\"playbook\":", Code::Malformed, None, "the JSON ends too early (line 1, column 12)");
        check::<CaseInput>("{\"playbook\":\"a\"} {}", Code::Malformed, None, "the body goes on after the end of the JSON value");
    }

    #[test]
    fn a_query_says_which_parameter() {
        let problem = text_problem("limit: invalid digit found in string");
        assert_eq!((problem.field.as_deref(), problem.detail.as_str()), (Some("/limit"), "not an integer in the range that is taken here"));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]
        #[test]
        fn no_value_is_repeated(secret in "[A-Z]{12}", wrap in 0..5_usize) {
            let json = [
                format!("{{\"playbook\":\"a\",\"fields\":\"{secret}, expected {secret}\"}}"),
                format!("{{\"playbook\":\"a\",\"owner\":\"{secret}\"}}"),
                format!("{{\"playbook\":\"a\",\"proposals\":[{{\"evidence\":[\"{secret}\"]}}]}}"),
                format!("{{\"playbook\":\"a\",\"the name is {secret}\":1}}"),
                format!("{{\"playbook\":\"a\",\"deadline\":[\"{secret}\"]}}"),
            ][wrap].clone();
            let problem = json_problem::<CaseInput>(json.as_bytes());
            prop_assert!(!problem.detail.contains(&secret), "{}", problem.detail);
            prop_assert!(!problem.field.unwrap_or_default().contains(&secret));
        }
    }
}
