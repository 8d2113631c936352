//! A first playbook from a CSV file: guesses that a person reads, corrects and agrees to. Never publishes anything, and never
//! guesses silently: every guess stands in a comment or a note.
//!
//! Columns that tell the answer (the truth, what an AI said, what a person said) never become fields, for a case must not
//! show its own answer.

mod column;

use crate::{
    limits::{NAME_CHARS_MAX, PLAYBOOK_BYTES_MAX, PLAYBOOK_FIELDS_MAX},
    playbook::{FieldKind, parse::name_fault},
};
use column::Column;
use std::{collections::BTreeSet, fmt::Write as _};

/// What the columns of a CSV file suggest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inferred {
    /// A playbook as commented TOML, which [`super::parse::parse`] takes.
    pub source: String,
    /// What a person should look at, one sentence each.
    pub notes: Vec<String>,
    /// The columns that are no fields, as flags of `countersign import`: each with what it takes.
    pub flags: Vec<(&'static str, String)>,
}

/// Room for the fields and for the answer's options; the rest is for the frame and its comments.
const FIELDS_BYTES_MAX: usize = PLAYBOOK_BYTES_MAX / 2;
const OPTIONS_BYTES_MAX: usize = PLAYBOOK_BYTES_MAX / 16;
const COMMENT_CHARS_MAX: usize = 80;
const IMPORT_LINES_MAX: usize = 60;

/// What a column that is no field is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    ExternalId,
    Proposal,
    Probability,
    Judgment,
    Person,
    Outcome,
    Seconds,
    /// How sure a person or an AI was, on a scale of its own; no flag takes it.
    Sure,
}

const SECONDS: &[&str] = &["seconds", "secs", "sec", "ms", "millis", "milliseconds", "duration", "rt", "elapsed", "latency", "took"];
const PROBABILITY: &[&str] = &["p", "prob", "probs", "proba", "probability", "conf", "confidence", "score", "certainty"];
const SURE: &[&str] = &["confidence", "conf", "certainty"];
const AI: &[&str] = &[
    "ai",
    "model",
    "pred",
    "predicted",
    "prediction",
    "proposal",
    "proposed",
    "suggestion",
    "suggested",
    "machine",
    "classifier",
    "llm",
    "gpt",
    "compas",
];
const TRUTH: &[&str] = &["truth", "gold", "outcome", "label", "actual", "correct", "majority", "groundtruth", "target_label", "true"];
const HUMAN: &[&str] =
    &["human", "judgment", "judgement", "decision", "answer", "answered", "choice", "vote", "verdict", "initial", "final", "reviewed"];
const PERSON: &[&str] = &["participant", "worker", "annotator", "reviewer", "rater", "assessor", "analyst", "labeler", "person", "agent"];
const ID: &[&str] = &["id", "uuid", "item", "case", "ticket", "question", "task", "key", "image"];
const SUBJECT: &[&str] =
    &["customer", "client", "patient", "applicant", "defendant", "member", "user", "account", "subscriber", "employee"];
const PERSONAL: &[&str] = &[
    "mail",
    "email",
    "phone",
    "tel",
    "telephone",
    "mobile",
    "name",
    "firstname",
    "lastname",
    "surname",
    "fullname",
    "username",
    "address",
    "street",
    "zip",
    "postcode",
    "iban",
    "ssn",
    "passport",
    "birth",
    "birthday",
    "birthdate",
    "dob",
    "ip",
    "contact",
];
const NO_PERSON_HAS: &[&str] = &["file", "image", "product", "item", "column", "class", "rule", "host", "playbook", "event", "project"];
const AUDITED: &[&str] = &[
    "sex",
    "gender",
    "race",
    "racial",
    "ethnicity",
    "ethnic",
    "age",
    "nationality",
    "religion",
    "disability",
    "citizenship",
    "orientation",
    "caste",
];
const TITLE: &[&str] = &["title", "subject", "headline", "summary"];

/// A commented playbook to start from, by the columns of a CSV file.
#[must_use]
pub fn infer_playbook(name: &str, header: &[String], rows: &[Vec<String>]) -> Inferred {
    let columns: Vec<Column<'_>> = header.iter().enumerate().map(|(i, h)| Column::new(h, i, rows)).collect();
    let roles = roles(&columns);
    let mut notes = Vec::new();
    let answer = answer(&columns, &roles, &mut notes);
    let fields = fields(&columns, &roles, &mut notes);
    let mut out = String::new();
    let name = playbook_name(name);
    // Writing to a String cannot fail.
    let _ = write!(
        out,
        "# A first playbook, guessed from {} columns and {} rows. Read every line: each is a proposal, and you decide.\n\
         # Every key is explained in docs/playbooks.md. Check your changes with: countersign playbook check {name}.toml\n\n\
         name = {}\nquestion = \"What is the right answer?\"            # what a person is asked, in one sentence\n\n",
        columns.len(),
        rows.len(),
        toml_text(&name)
    );
    out.push_str(&answer.toml);
    out.push_str(
        "\n# What people see, in this order. Columns that tell the answer are no fields: a case must not show its own answer.\n[fields]\n",
    );
    out.push_str(&fields);
    out.push_str(&outcome(&columns, &roles, &answer.telling));
    out.push_str(FRAME);
    let beside = beside(&columns, &roles, &answer);
    out.push_str(&import_comment(&name, &beside));
    let flags = beside.into_iter().filter_map(|one| if let Beside::Flag(flag, value) = one { Some((flag, value)) } else { None }).collect();
    Inferred { source: out, notes, flags }
}

/// The part that no column says anything about.
const FRAME: &str = r#"
# One unit for everything: whatever your team counts in.
[costs]
error = { default = 1.0 }                       # name dear errors as "truth -> answer" = 20.0
minute = 0.5                                    # a minute of a person

[routing]
default = "assist"                              # assist, blind, unaided, panel, hold
blind = 0.10                                    # share of cases that are answered before the advice is shown
# deadline = "4h"
# automate = { max_error = 0.02, certainty = 0.95, audit = 0.05 }   # allowed, and only ever used under a certificate

[decide]
# roles = ["reviewer"]                          # who may decide; without it: every member
signatures = 1
grace = "60s"                                   # how long a decision can be withdrawn before anything acts on it
lease = "15m"                                   # how long a claimed case stays with one person
"#;

/// What each column is for; `None`: a field.
fn roles(columns: &[Column<'_>]) -> Vec<Option<Role>> {
    let words: BTreeSet<&str> = columns.iter().filter(|c| c.is_categorical()).flat_map(|c| c.distinct.iter().copied()).collect();
    let mut has_id = false;
    columns
        .iter()
        .map(|c| {
            let role = role(c, &words);
            // A second column with an id is a plain fact about the case.
            let repeated = role == Some(Role::ExternalId) && std::mem::replace(&mut has_id, true);
            role.filter(|_| !repeated)
        })
        .collect()
}

fn role(c: &Column<'_>, words_of_others: &BTreeSet<&str>) -> Option<Role> {
    let numbered = c.header.strip_prefix(['p', 'P']).is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_digit()));
    let first_is = |word: &[&str]| c.words.first().is_some_and(|w| word.contains(&w.as_str()));
    let last_is = |word: &[&str]| c.words.last().is_some_and(|w| word.contains(&w.as_str()));
    let filled_share = c.is_share && c.filled > 0;
    if c.is_number && c.is_positive && c.filled > 0 && c.says(SECONDS) {
        Some(Role::Seconds)
    } else if filled_share && c.words.len() > 1 && first_is(&PROBABILITY[..5])
        || filled_share && (numbered || words_of_others.contains(c.header))
    {
        Some(Role::Probability)
    } else if c.is_number && c.says(PROBABILITY) && (c.says(AI) || c.says(HUMAN) || c.says(TRUTH) || first_is(SURE)) {
        let of_ai = c.says(AI) && !c.says(HUMAN);
        Some(if filled_share && of_ai { Role::Probability } else { Role::Sure })
    } else if c.says(AI) {
        Some(Role::Proposal)
    } else if c.says(TRUTH) {
        Some(Role::Outcome)
    } else if c.words.len() <= 2 && c.says(PERSON) && (c.words.len() == 1 || last_is(&["id"])) {
        Some(Role::Person)
    } else if c.says(HUMAN) {
        Some(Role::Judgment)
    } else if !c.says(SUBJECT) && (last_is(ID) || (first_is(ID) && c.words.len() == 2 && last_is(&["id", "name", "number", "no"]))) {
        Some(Role::ExternalId)
    } else {
        None
    }
}

struct Answer {
    toml: String,
    options: Vec<String>,
    /// The columns that speak of this answer: at most one each of outcome, judgment and proposal.
    telling: Vec<usize>,
}

const TELLING: [Role; 3] = [Role::Outcome, Role::Judgment, Role::Proposal];

/// The columns that speak of one and the same answer. The first that holds a few words sets them; of each other role it is
/// the one that uses mostly these words (a scale of its own is another question), a final answer before a first.
fn telling(columns: &[Column<'_>], roles: &[Option<Role>]) -> Vec<usize> {
    let with = |wanted: Role| columns.iter().enumerate().filter(move |(i, c)| roles.get(*i) == Some(&Some(wanted)) && c.filled > 0);
    let words = TELLING.iter().find_map(|role| with(*role).map(|(_, c)| c).find(|c| c.is_categorical())).map(|c| &c.distinct);
    let speaks =
        |c: &Column<'_>| words.is_none_or(|words| c.is_categorical() && c.distinct.intersection(words).count() * 2 >= c.distinct.len());
    let pick = |role: &Role| with(*role).filter(|(_, c)| speaks(c)).min_by_key(|(i, c)| (!c.says(&["final"]), *i)).map(|(i, _)| i);
    TELLING.iter().filter_map(pick).collect()
}

/// The answer: the words that truth, people and AI use, or else the names of the probabilities.
fn answer(columns: &[Column<'_>], roles: &[Option<Role>], notes: &mut Vec<String>) -> Answer {
    let telling = telling(columns, roles);
    let told: Vec<&Column<'_>> = telling.iter().filter_map(|i| columns.get(*i)).collect();
    let mut options: Vec<String> = Vec::new();
    for option in told.iter().filter(|c| c.is_categorical()).flat_map(|c| c.options()) {
        if !options.contains(&option) {
            options.push(option);
        }
    }
    let mut from = format!("the words in {}", listed_headers(told.iter().copied()));
    if options.len() < 2 {
        let named = columns.iter().zip(roles).filter(|(_, r)| **r == Some(Role::Probability)).filter_map(|(c, _)| probability_of(c.header));
        options = named.filter(|o| name_fault(o).is_none()).collect::<BTreeSet<_>>().into_iter().collect();
        from = "the names of the probabilities".into();
    }
    options.sort_by_key(|o| o.parse::<u64>().unwrap_or(u64::MAX));
    if options.len() >= 2 && options.iter().map(|o| o.len() + 6).sum::<usize>() <= OPTIONS_BYTES_MAX {
        let list = options.iter().map(|o| toml_text(o)).collect::<Vec<_>>().join(", ");
        return Answer {
            toml: format!("[answer]\nkind = \"choice\"                                 # {from}\noptions = [{list}]\n"),
            options,
            telling,
        };
    }
    if let Some((column, (min, max))) = told.iter().find_map(|c| Some((c, c.range()?))) {
        let header = remark(column.header);
        notes.push(format!(
            "{header} holds numbers, so the answer is a score; set min and max to what the scale allows, not to what was seen."
        ));
        let toml = format!(
            "[answer]\nkind = \"score\"                                  # the numbers in {header}\nmin = {min}                                    # lowest seen\nmax = {max}                                    # highest seen\n"
        );
        return Answer { toml, options: Vec::new(), telling };
    }
    notes.push("No column looks like an answer: replace the options \"yes\" and \"no\" by yours.".into());
    let toml = "[answer]\nkind = \"choice\"                                 # choice, score, text, patch, action, form\noptions = [\"yes\", \"no\"]                         # no column told: put your options here\n";
    Answer { toml: toml.into(), options: vec!["yes".into(), "no".into()], telling }
}

/// The option that a probability column is about: `p_hate` is about `hate`, `p3` about `3`.
fn probability_of(header: &str) -> Option<String> {
    let lower = header.to_ascii_lowercase();
    let prefix = ["probability_", "proba_", "probs_", "prob_", "p_", "p"].into_iter().find(|p| lower.starts_with(p));
    let option = header.get(prefix.map_or(0, str::len)..)?.trim();
    (!option.is_empty()).then(|| option.to_owned())
}

fn fields(columns: &[Column<'_>], roles: &[Option<Role>], notes: &mut Vec<String>) -> String {
    let mut out = String::new();
    let mut taken = BTreeSet::new();
    let mut marks = Marks { title: title(columns, roles), has_subject: false };
    for (i, column) in columns.iter().enumerate() {
        if roles.get(i).copied().flatten().is_some() {
            continue;
        }
        let Some(name) = field_name(column.header, i, &mut taken) else { continue };
        if name != column.header {
            notes.push(format!(
                "The column {} became the field {name:?}: rename the column, or map it when importing.",
                remark(column.header)
            ));
        }
        let line = field_line(column, &name, i, &mut marks, notes);
        if taken.len() > PLAYBOOK_FIELDS_MAX || out.len() + line.len() > FIELDS_BYTES_MAX {
            notes.push(format!(
                "{} columns from {} on were left out: a playbook has room for no more. Keep what people need to decide.",
                columns.len() - i,
                remark(column.header)
            ));
            break;
        }
        out.push_str(&line);
    }
    if out.is_empty() {
        notes.push("No column is left to be a field: add what people should see.".into());
        out.push_str("about = { type = \"text\", title = true, required = false }   # no column is left: add what people should see\n");
    }
    out
}

struct Marks {
    title: Option<usize>,
    has_subject: bool,
}

fn field_line(column: &Column<'_>, name: &str, index: usize, marks: &mut Marks, notes: &mut Vec<String>) -> String {
    let kind = column.kind();
    let (word, options) = match &kind {
        FieldKind::Number => ("number", None),
        FieldKind::Boolean => ("boolean", None),
        FieldKind::Time => ("time", None),
        FieldKind::Json => ("json", None),
        FieldKind::Category { options } => ("category", Some(options)),
        _ => ("text", None),
    };
    let mut line = format!("{} = {{ type = {word:?}", toml_key(name));
    if let Some(options) = options {
        let _ = write!(line, ", options = [{}]", options.iter().map(|o| toml_text(o)).collect::<Vec<_>>().join(", "));
    }
    let mut why: Vec<&str> = Vec::new();
    if marks.title == Some(index) {
        line.push_str(", title = true");
    }
    if column.has_empty || column.filled == 0 {
        line.push_str(", required = false");
    }
    let one_line = matches!(kind, FieldKind::Text | FieldKind::Number | FieldKind::Category { .. });
    let is_subject = one_line && !marks.has_subject && column.says(SUBJECT);
    if is_subject {
        marks.has_subject = true;
        line.push_str(", personal = true, subject = true");
        why.push("whose data this is");
    } else if is_personal(column) {
        line.push_str(", personal = true");
        why.push("looks personal");
    }
    if column.says(AUDITED) {
        line.push_str(", audited = true, hidden = true");
        why.push("checked for bias, shown to nobody who decides");
    }
    if word == "text" && column.bytes_max > 200 && !is_personal(column) {
        notes.push(format!("{} is free text: if it can hold personal data, give it personal = true.", remark(column.header)));
    }
    line.push_str(" }");
    if !why.is_empty() {
        let _ = write!(line, "   # {}", why.join("; "));
    }
    line.push('\n');
    line
}

fn is_personal(column: &Column<'_>) -> bool {
    column.is_mail() || (column.says(PERSONAL) && !column.says(NO_PERSON_HAS)) || column.says(SUBJECT)
}

/// The headline: a column that says so, or else the first short text.
fn title(columns: &[Column<'_>], roles: &[Option<Role>]) -> Option<usize> {
    let fields = || {
        columns
            .iter()
            .enumerate()
            .filter(|(i, c)| roles.get(*i).copied().flatten().is_none() && c.kind() == FieldKind::Text && c.filled > 0)
    };
    let open = |c: &Column<'_>| !is_personal(c) && !c.says(AUDITED);
    fields().find(|(_, c)| c.says(TITLE)).or_else(|| fields().find(|(_, c)| open(c) && c.bytes_max <= 200)).map(|(i, _)| i)
}

/// The column's header as a field's name; `None` once there are too many to tell them apart.
fn field_name(header: &str, index: usize, taken: &mut BTreeSet<String>) -> Option<String> {
    let cleaned: String = header.chars().filter(|c| !c.is_control()).take(NAME_CHARS_MAX - 8).collect();
    let cleaned = if name_fault(header).is_none() { header } else { cleaned.trim() };
    let base = if cleaned.is_empty() { format!("column-{}", index + 1) } else { cleaned.to_owned() };
    let short: String = base.chars().take(NAME_CHARS_MAX - 8).collect();
    let mut names = std::iter::once(base).chain((2..=99_999).map(|n| format!("{}-{n}", short.trim_end())));
    names.find(|name| taken.insert(name.clone()))
}

fn outcome(columns: &[Column<'_>], roles: &[Option<Role>], telling: &[usize]) -> String {
    let found = telling.iter().find(|i| roles.get(**i) == Some(&Some(Role::Outcome))).and_then(|i| columns.get(*i));
    match found {
        Some(column) => format!(
            "\n# What the world says later. If it is seen under some answers only, list them: observed = [..]\n[outcome]\nkind = \"truth\"                                  # truth, proxy (a stand-in), payoff (a number)\nsource = {}\nobserved = \"always\"\n",
            toml_text(&format!("the column {}", remark(column.header)))
        ),
        None => "\n# What the world says later, if it ever does.\n# [outcome]\n# kind = \"truth\"                                # truth, proxy (a stand-in), payoff (a number)\n# source = \"where it comes from\"\n".into(),
    }
}

/// The columns that are no fields, with the flags that take them in.
/// A column that is no field: the flag that brings it in, or why it stays out.
enum Beside {
    Flag(&'static str, String),
    LeftOut(String),
}

/// What becomes of the columns that are no fields.
fn beside(columns: &[Column<'_>], roles: &[Option<Role>], answer: &Answer) -> Vec<Beside> {
    let options = &answer.options;
    let probabilities = roles.iter().filter(|role| **role == Some(Role::Probability)).count();
    let mut out: Vec<Beside> = Vec::new();
    let mut seen: Vec<Role> = Vec::new();
    for (i, (column, role)) in columns.iter().zip(roles).enumerate().filter_map(|(i, (c, role))| Some((i, (c, (*role)?)))) {
        let nth = seen.iter().filter(|s| **s == role).count();
        let told = answer.telling.contains(&i);
        let time = if column.says(&["ms", "millis", "milliseconds"]) { "--millis" } else { "--seconds" };
        seen.push(role);
        let flag = |flag: &'static str| Beside::Flag(flag, column.header.to_owned());
        let left_out = |why: &str| Beside::LeftOut(format!("(left out: {} {why})", remark(column.header)));
        out.push(match role {
            Role::Probability => {
                let own = probability_of(column.header)
                    .filter(|o| options.contains(o))
                    .or_else(|| options.iter().find(|o| *o == column.header).cloned());
                let by_place = || options.get(nth).filter(|_| probabilities == options.len()).cloned();
                let option = own.or_else(by_place).unwrap_or_else(|| "OPTION".to_owned());
                Beside::Flag("--probabilities", format!("{option}={}", column.header))
            }
            Role::ExternalId => flag("--external-id"),
            Role::Proposal if told => flag("--proposal"),
            Role::Judgment if told => flag("--judgment"),
            Role::Outcome if told => flag("--outcome"),
            Role::Person if nth == 0 => flag("--person"),
            Role::Seconds if nth == 0 => flag(time),
            Role::Proposal => left_out("looks like another proposal"),
            Role::Judgment => left_out("looks like another judgment"),
            Role::Outcome => left_out("looks like another outcome"),
            Role::Person => left_out("looks like another person"),
            Role::Seconds => left_out("looks like another duration"),
            Role::Sure => left_out("says how sure somebody was"),
        });
    }
    out
}

fn import_comment(name: &str, beside: &[Beside]) -> String {
    if beside.is_empty() {
        return String::new();
    }
    let mut out =
        format!("\n# These columns are no fields. They come in beside the cases:\n#   countersign import FILE.csv --playbook {name}\n");
    for one in beside.iter().take(IMPORT_LINES_MAX) {
        let _ = match one {
            Beside::Flag(flag @ "--probabilities", value) => writeln!(out, "#     {flag} \"{}\"", comment(value)),
            Beside::Flag(flag, value) => writeln!(out, "#     {flag} {}", remark(value)),
            Beside::LeftOut(why) => writeln!(out, "#     {why}"),
        };
    }
    if beside.len() > IMPORT_LINES_MAX {
        let _ = writeln!(out, "#     and {} more columns", beside.len() - IMPORT_LINES_MAX);
    }
    out
}

fn playbook_name(name: &str) -> String {
    let lower: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).collect();
    let parts: Vec<&str> = lower.split('-').filter(|part| !part.is_empty()).collect();
    let joined = parts.join("-");
    let named = if joined.starts_with(|c: char| c.is_ascii_lowercase()) { joined } else { format!("playbook-{joined}") };
    named.chars().take(NAME_CHARS_MAX).collect::<String>().trim_end_matches('-').to_owned()
}

fn listed_headers<'a>(columns: impl Iterator<Item = &'a Column<'a>>) -> String {
    columns.map(|c| remark(c.header)).collect::<Vec<_>>().join(", ")
}

/// A text as TOML writes it. JSON's escapes are TOML's, but for DEL, which TOML wants escaped too.
fn toml_text(text: &str) -> String {
    serde_json::Value::from(text).to_string().replace('\u{7f}', "\\u007F")
}

fn toml_key(name: &str) -> String {
    let is_bare = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
    if is_bare { name.to_owned() } else { toml_text(name) }
}

/// A header as a comment may hold it: one short line.
fn comment(text: &str) -> String {
    text.chars().take(COMMENT_CHARS_MAX).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// The same in quotes.
fn remark(header: &str) -> String {
    format!("\"{}\"", comment(header))
}

#[cfg(test)]
mod tests;
