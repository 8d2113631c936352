//! Whom the server asks: `[proposers.NAME]`. Never holds a key, only the name of the variable that does.

use super::reader::{Item, Reader, Section};
use crate::{
    limits::{CANDIDATES_MAX, LETTERS_MAX, PROPOSERS_MAX},
    number::Micros,
    playbook::{AnswerSpec, Proposer, Template, suggest::quoted},
};

const SECOND: Micros = 1_000_000;
const HOUR: Micros = 3_600 * SECOND;
const TIMEOUT_DEFAULT: Micros = 20 * SECOND;
const WAIT_DEFAULT: Micros = 10 * SECOND;
const ATTEMPTS_DEFAULT: u32 = 2;
const SAMPLES_DEFAULT: u32 = 5;
const CANDIDATES_DEFAULT: u32 = 3;
/// What the names of variables begin with that hold keys of endpoints: a playbook must not send other secrets of the server anywhere.
const KEY_ENV_PREFIX: &str = "COUNTERSIGN_LLM_";
/// Characters of a model's name: with its template it makes a version, which is a name.
const MODEL_CHARS_MAX: usize = 100;
const EXAMPLE: &str = "[proposers.local] endpoint = \"http://127.0.0.1:8080/v1\", model = \"NAME\"";

/// What `kind` may say.
#[derive(Clone, Copy)]
enum Kind {
    /// Speaks the OpenAI protocol for chats.
    Chat,
}

pub(super) fn proposers(reader: &mut Reader<'_>, item: Option<&Item<'_>>, answer: Option<&AnswerSpec>) -> Option<Vec<Proposer>> {
    let Some(item) = item else { return Some(Vec::new()) };
    let table = item.section(reader, EXAMPLE)?;
    if table.members.len() > PROPOSERS_MAX {
        item.problem(reader, format!("has {} proposers; at most {PROPOSERS_MAX} are asked", table.members.len()));
        return None;
    }
    let mut all = Vec::with_capacity(table.members.len());
    for (name, item) in &table.members {
        all.push(proposer(reader, name, item, answer));
    }
    all.into_iter().collect()
}

fn proposer(reader: &mut Reader<'_>, name: &str, item: &Item<'_>, answer: Option<&AnswerSpec>) -> Option<Proposer> {
    if let Some(fault) = super::reader::name_fault(name) {
        item.problem(reader, format!("a proposer's name {fault}"));
        return None;
    }
    let table = item.section(reader, EXAMPLE)?;
    table.only(
        reader,
        &[
            "kind",
            "endpoint",
            "model",
            "key_env",
            "template",
            "instruction",
            "budget",
            "price",
            "timeout",
            "attempts",
            "samples",
            "candidates",
            "wait",
        ],
    );
    let kind = table.get("kind").map_or(Some(Kind::Chat), |item| item.word(reader, "kind of proposer", &[("chat", Kind::Chat)]));
    let endpoint = table.required(reader, "endpoint", "endpoint = \"http://127.0.0.1:8080/v1\"").and_then(|item| endpoint(reader, item));
    let model = table.required(reader, "model", "model = \"NAME\"").and_then(|item| model(reader, item));
    let key_env = table.get("key_env").map_or(Some(None), |item| key_env(reader, item).map(Some));
    let template = template(reader, item, table.get("template"), answer);
    let instruction = table.get("instruction").map_or(Some(None), |item| item.text(reader).map(Some));
    let price = table.get("price").map_or(Some((0, 0)), |item| price(reader, item));
    let budget = table.get("budget").map_or(Some(None), |item| item.cost(reader).map(Some));
    if let (Some(item), Some((0, 0))) = (table.get("budget"), price) {
        item.problem(reader, "goes with what it costs: add price = { read = 0.1, written = 0.3 }, for 1,000 tokens each");
    }
    let timeout = table.get("timeout").map_or(Some(TIMEOUT_DEFAULT), |item| item.duration(reader, SECOND, HOUR / 6));
    let wait = table.get("wait").map_or(Some(WAIT_DEFAULT), |item| item.duration(reader, 0, HOUR));
    let attempts = count(reader, &table, "attempts", (10, ATTEMPTS_DEFAULT));
    let samples = count(reader, &table, "samples", (20, SAMPLES_DEFAULT));
    let candidates = count(reader, &table, "candidates", (CANDIDATES_MAX, CANDIDATES_DEFAULT));
    only_with(reader, &table, answer);
    let Kind::Chat = kind?;
    Some(Proposer {
        name: name.to_owned(),
        endpoint: endpoint?,
        model: model?,
        key_env: key_env?,
        template: template?,
        instruction: instruction?,
        budget: budget?,
        price: price?,
        timeout: timeout?,
        attempts: attempts?,
        samples: samples?,
        candidates: candidates?,
        wait: wait?,
    })
}

fn count(reader: &mut Reader<'_>, table: &Section<'_>, name: &str, (most, default): (u32, u32)) -> Option<u32> {
    let Some(item) = table.get(name) else { return Some(default) };
    item.integer(reader, 1, most.into()).and_then(|n| u32::try_from(n).ok())
}

/// What goes with one kind of answer only would be ignored with another.
fn only_with(reader: &mut Reader<'_>, table: &Section<'_>, answer: Option<&AnswerSpec>) {
    let Some(answer) = answer else { return };
    let drafts = matches!(answer, AnswerSpec::Text { .. } | AnswerSpec::Patch);
    if let Some(item) = table.get("candidates").filter(|_| !drafts) {
        item.problem(reader, "are drafts of a text or a patch, and this playbook asks for something else");
    }
    if let Some(item) = table.get("samples").filter(|_| !matches!(answer, AnswerSpec::Choice { .. })) {
        item.problem(reader, "are drawn of the options of a choice, and this playbook asks for something else");
    }
}

fn endpoint(reader: &mut Reader<'_>, item: &Item<'_>) -> Option<String> {
    let url = item.text(reader)?;
    let fault = match url.strip_prefix("http://") {
        _ if url.starts_with("https://") => "is reached over plain HTTP only: put a proxy with TLS on this machine and name that",
        None => "must be an address such as \"http://127.0.0.1:8080/v1\"",
        Some(rest) if rest.is_empty() || rest.starts_with(['/', ':']) => "names no host: write for example \"http://127.0.0.1:8080/v1\"",
        Some(rest) if rest.contains('@') => "holds a name or a password; a key is named by key_env",
        Some(rest) if rest.contains(['?', '#']) || rest.contains(|c: char| c.is_whitespace() || c.is_control()) => {
            "has no place for a query, a fragment or a space"
        }
        Some(_) => return Some(url.trim_end_matches('/').to_owned()),
    };
    item.problem(reader, fault);
    None
}

fn model(reader: &mut Reader<'_>, item: &Item<'_>) -> Option<String> {
    let name = item.name(reader)?;
    if name.chars().count() > MODEL_CHARS_MAX {
        item.problem(reader, format!("has more than {MODEL_CHARS_MAX} characters"));
        return None;
    }
    Some(name)
}

fn key_env(reader: &mut Reader<'_>, item: &Item<'_>) -> Option<String> {
    let name = item.name(reader)?;
    let rest = name.strip_prefix(KEY_ENV_PREFIX);
    let fits = rest.is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_'));
    if !fits {
        // Whatever stands there may be the key itself, so it is not repeated.
        let message = format!(
            "is the name of an environment variable that begins with {KEY_ENV_PREFIX}, in capitals, digits and _, as in \
             \"{KEY_ENV_PREFIX}KEY\"; the key itself never stands in a playbook"
        );
        item.problem(reader, message);
    }
    fits.then_some(name)
}

fn template(reader: &mut Reader<'_>, whole: &Item<'_>, item: Option<&Item<'_>>, answer: Option<&AnswerSpec>) -> Option<Template> {
    let all = [Template::Choice1, Template::Draft1, Template::Form1, Template::Choice2, Template::Draft2];
    let words: Vec<(&str, Template)> = all.into_iter().map(|template| (template.as_str(), template)).collect();
    let given = match item {
        Some(item) => Some(item.word(reader, "template", &words)?),
        None => None,
    };
    // The answer has a problem of its own; whether this one fits cannot be told.
    let answer = answer?;
    if let AnswerSpec::Choice { options } = answer
        && options.len() > LETTERS_MAX
    {
        whole.problem(reader, format!("asks for one of {} options by a letter, and there are {LETTERS_MAX} letters", options.len()));
        return None;
    }
    let plain = Template::of(answer);
    if let (Some(item), Some(given)) = (item, given)
        && !given.fits(answer)
    {
        item.problem(reader, format!("goes with other answers; with these goes {}", quoted(plain.as_str())));
        return None;
    }
    Some(given.unwrap_or(plain))
}

fn price(reader: &mut Reader<'_>, item: &Item<'_>) -> Option<(i64, i64)> {
    let table = item.section(reader, "{ read = 0.1, written = 0.3 }")?;
    table.only(reader, &["read", "written"]);
    let mut of = |name: &str| table.get(name).map_or(Some(0), |item| item.cost(reader));
    let (read, written) = (of("read"), of("written"));
    Some((read?, written?))
}
