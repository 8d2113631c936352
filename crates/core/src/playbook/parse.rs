//! Reading a playbook from TOML. Finds all problems, each with file, line, column, key and what would be right; never half
//! accepts: a playbook with a problem is no playbook.
//!
//! Start reading at [`parse`]; `docs/playbooks.md` is the same for people.

mod learning;
mod policy;
mod proposer;
mod reader;
mod shape;

pub(in crate::playbook) use {reader::name_fault, shape::SCORE_PLACES_MAX};

use crate::{content::Digest, limits::PLAYBOOK_BYTES_MAX, playbook::Playbook};
use reader::{Reader, section};
use serde::Serialize;
use toml::de::DeTable;

/// One thing that is wrong with a playbook's source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{file}:{line}:{column}: {key}{}{message}", if key.is_empty() { "" } else { ": " })]
pub struct Problem {
    /// The file, as the caller named it.
    pub file: String,
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    /// The key, as in `routing.default`; empty where the TOML itself cannot be read.
    pub key: String,
    /// What is wrong and what would be right.
    pub message: String,
}

/// Reads a playbook. `file` only serves to name problems.
///
/// # Errors
/// All problems in the order of the source, at most [`crate::limits::PLAYBOOK_PROBLEMS_MAX`] of them.
pub fn parse(source: &str, file: &str) -> Result<Playbook, Vec<Problem>> {
    let mut reader = Reader { file, source, problems: Vec::new() };
    if source.len() > PLAYBOOK_BYTES_MAX {
        reader.problem(&(0..0), "", format!("the file has {} bytes; at most {PLAYBOOK_BYTES_MAX} are taken", source.len()));
        return Err(reader.problems);
    }
    let (document, errors) = DeTable::parse_recoverable(source);
    if !errors.is_empty() {
        // Whatever else is wrong may only follow from what cannot be read.
        for error in errors {
            reader.problem(&error.span().unwrap_or(0..0), "", format!("this is no TOML: {}", error.message()));
        }
        return Err(reader.problems);
    }
    let playbook = playbook(&mut reader, document.get_ref());
    reader.problems.sort_by_key(|p| (p.line, p.column));
    match playbook {
        Some(playbook) if reader.problems.is_empty() => Ok(playbook),
        _ => Err(reader.problems),
    }
}

/// Reads a playbook from bytes as they come from a file or a request.
///
/// # Errors
/// As [`parse`]; and bytes that are no UTF-8 are a problem at their place.
pub fn parse_bytes(bytes: &[u8], file: &str) -> Result<Playbook, Vec<Problem>> {
    let error = match std::str::from_utf8(bytes) {
        Ok(source) => return parse(source, file),
        Err(error) => error,
    };
    let sound = bytes.get(..error.valid_up_to()).and_then(|b| std::str::from_utf8(b).ok()).unwrap_or_default();
    let mut reader = Reader { file, source: sound, problems: Vec::new() };
    reader.problem(&(sound.len()..sound.len()), "", "the byte here is no UTF-8: save the file as UTF-8");
    Err(reader.problems)
}

/// The digest by which a version of a playbook is known: SHA-256 of its source, byte for byte.
///
/// The source is its own canonical form: comments are part of what people agreed to.
#[must_use]
pub fn digest(source: &str) -> Digest {
    Digest::of(source.as_bytes())
}

fn playbook(reader: &mut Reader<'_>, document: &DeTable<'_>) -> Option<Playbook> {
    let root = section(String::new(), 0..0, document);
    root.only(
        reader,
        &["name", "question", "description", "answer", "fields", "outcome", "costs", "routing", "decide", "proposers", "learning"],
    );
    let name = root.required(reader, "name", "name = \"support-triage\"").and_then(|item| {
        let name = item.name(reader)?;
        let plain = name.starts_with(|c: char| c.is_ascii_lowercase())
            && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if !plain {
            item.problem(reader, "a playbook's name has lower-case letters, digits and hyphens, and begins with a letter");
        }
        plain.then_some(name)
    });
    let question = root.required(reader, "question", "question = \"Where should this ticket go?\"").and_then(|item| item.text(reader));
    let description = root.get("description").and_then(|item| item.text(reader));
    let answer = root.required(reader, "answer", "[answer] kind = \"choice\"").and_then(|item| shape::answer(reader, item));
    let fields = root
        .required(reader, "fields", "[fields] subject = { type = \"text\" }")
        .map(|item| shape::fields(reader, item))
        .unwrap_or_default();
    let outcome = root.get("outcome").map(|item| policy::outcome(reader, item, answer.as_ref()));
    let costs = policy::costs(reader, root.get("costs"), answer.as_ref());
    let routing = policy::routing(reader, root.get("routing"), &fields, (answer.as_ref(), outcome.as_ref().and_then(Option::as_ref)));
    let automates = routing.as_ref().is_some_and(|routing| routing.automate.is_some());
    let decide = policy::decide(reader, root.get("decide"), (answer.as_ref(), automates));
    let proposers = proposer::proposers(reader, root.get("proposers"), answer.as_ref());
    let learning = learning::learning(reader, root.get("learning"), answer.as_ref());
    Some(Playbook {
        name: name?,
        question: question?,
        description,
        answer: answer?,
        fields: fields.into_iter().map(|(_, field)| field).collect::<Option<_>>()?,
        outcome: match outcome {
            Some(read) => Some(read?),
            None => None,
        },
        costs: costs?,
        routing: routing?,
        decide: decide?,
        proposers: proposers?,
        learning: learning?,
    })
}

#[cfg(test)]
mod tests;
