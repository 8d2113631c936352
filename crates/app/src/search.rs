//! Full-text search over keyed tokens: a job reads what cases say and keeps, for each word, a token that nobody can undo or try without the
//! key; a search makes the same tokens of what somebody types. Decides nothing, and holds no word.
//!
//! It is made beside the writer and not by it: intake does not wait for it, and it is up to date a second later. Who does not see a field
//! whole has not the tokens of its words: those of a masked field are made anew for each role that sees it.

use crate::{
    App, Error, Inner, Workspace,
    case::read::{File, known_state, summary},
    control::Control,
    decision::bad_cursor,
    queue::{Due, QUEUE_ITEMS_MAX, QueueItem},
    rounds,
    seal::WorkspaceKeys,
    view::{CaseSummary, Page},
};
use countersign_core::{
    id::{PersonId, PlaybookId},
    limits::PAGE_ITEMS_MAX,
    playbook::{FieldKind, FieldSpec, Playbook},
    refusal::{Code, Refusal},
};
use countersign_store::{self as store, case::CaseRow, search::SearchRow};
use serde_json::Value;
use std::{
    collections::{BTreeSet, HashSet},
    sync::Weak,
    time::Duration,
};
use uuid::Uuid;

/// How often what is new is looked for.
const PERIOD: Duration = Duration::from_secs(1);
/// How long one node makes it before another one may.
const LEASE_MICROS: i64 = 10_000_000;
/// Events that are looked at together.
const EVENTS_AT_ONCE: i64 = 1_024;
/// Cases whose words are written together, so that the writer waits for few.
const CASES_AT_ONCE: usize = 32;
/// Different words of one case that are kept: its first ones.
pub const WORDS_PER_CASE_MAX: usize = 1_000;
/// Words that are searched for at once.
const WORDS_ASKED_MAX: usize = 8;
/// A search, in characters.
const QUERY_CHARS_MAX: usize = 200;
/// A word, in characters; what is longer is cut.
const WORD_CHARS_MAX: usize = 64;
/// Up to so many cases are counted to find the rarest word.
const COUNTED_MAX: i64 = 1_000;
/// Cases that are looked at for one page; the next one goes on where it ended.
const LOOKS_MAX: usize = 8_192;
const LOOKS_AT_ONCE: i64 = 512;

/// What one event types says that its case's words are other ones.
const TELLING: [&str; 3] = ["case.opened", "case.amended", ERASED];
const ERASED: &str = "subject.erased";

/// Whose tokens of a word: everybody's, or those of a field that only a role sees whole.
enum Reach<'a> {
    All,
    /// Programs with full reading rights, for fields that only some people see.
    Program,
    Role(&'a str),
}

impl WorkspaceKeys {
    fn search_token(&self, reach: &Reach<'_>, word: &str) -> i64 {
        let (kind, role) = match reach {
            Reach::All => ("all", ""),
            Reach::Program => ("program", ""),
            Reach::Role(role) => ("role", *role),
        };
        let [a, b, c, d, e, f, g, h, ..] = self.word_token(kind, role, word);
        i64::from_be_bytes([a, b, c, d, e, f, g, h])
    }
}

/// The words of a text as they are kept: in lower case, letters and digits only. Where a script has no spaces, its characters by twos.
fn words(text: &str, mut take: impl FnMut(&str)) {
    let mut word = String::new();
    let (mut chars, mut before) = (0, None);
    for c in text.chars().flat_map(char::to_lowercase).chain([' ']) {
        if unspaced(c) {
            if let Some(before) = before {
                take(&String::from_iter([before, c]));
            }
            before = Some(c);
        } else {
            before = None;
        }
        if c.is_alphanumeric() && !unspaced(c) {
            if chars < WORD_CHARS_MAX {
                word.push(c);
            }
            chars += 1;
        } else if chars > 0 {
            take(&word);
            word.clear();
            chars = 0;
        }
    }
}

/// Scripts that are written without spaces between words.
fn unspaced(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{0e00}'..='\u{0e7f}' | '\u{20000}'..='\u{2ffff}')
}

/// Every text in a value.
fn texts(value: &Value, take: &mut impl FnMut(&str)) {
    match value {
        Value::String(text) => take(text),
        Value::Number(number) => take(&number.to_string()),
        Value::Array(items) => items.iter().for_each(|item| texts(item, take)),
        Value::Object(members) => members.values().for_each(|member| texts(member, take)),
        Value::Null | Value::Bool(_) => {}
    }
}

fn searched(spec: &FieldSpec) -> bool {
    !spec.hidden && !matches!(spec.kind, FieldKind::Image | FieldKind::Time | FieldKind::Boolean)
}

/// The tokens of a case, as its fields say now.
fn tokens(keys: &WorkspaceKeys, playbook: &Playbook, file: &File) -> Vec<i64> {
    let mut seen: HashSet<(String, &str)> = HashSet::new();
    let mut tokens = BTreeSet::new();
    for spec in playbook.fields.iter().filter(|spec| searched(spec)) {
        let Some(value) = file.state.fields.get(&spec.name).and_then(|content| file.values.get(content)) else { continue };
        let scope = if spec.is_masked() { spec.name.as_str() } else { "" };
        texts(&value, &mut |text| {
            words(text, |word| {
                if seen.len() >= WORDS_PER_CASE_MAX || !seen.insert((word.to_owned(), scope)) {
                    return;
                }
                if spec.is_masked() {
                    tokens.insert(keys.search_token(&Reach::Program, word));
                    tokens.extend(spec.visible_to.iter().map(|role| keys.search_token(&Reach::Role(role), word)));
                } else {
                    tokens.insert(keys.search_token(&Reach::All, word));
                }
            });
        });
    }
    tokens.into_iter().collect()
}

/// Keeps search up to date in all workspaces of the node's database, until the node is dropped.
pub fn spawn(app: &App) -> tokio::task::JoinHandle<()> {
    tokio::spawn(run(std::sync::Arc::downgrade(&app.inner)))
}

async fn run(node: Weak<Inner>) {
    while let Some(workspaces) = rounds::next(&node, PERIOD).await {
        for workspace in workspaces {
            if let Err(error) = workspace.search_update().await {
                tracing::warn!(error = %error, workspace.id = %workspace.id(), "search could not be brought up to date; trying again");
            }
        }
    }
}

/// Which cases are searched.
#[derive(Debug, Clone, Copy, Default)]
pub struct SearchFilter<'a> {
    /// Of this playbook.
    pub playbook: Option<&'a str>,
    /// In this state.
    pub state: Option<&'a str>,
}

impl Workspace {
    /// Takes in what cases say since this was asked last. Returns how many cases were read; none where another node does it.
    ///
    /// # Errors
    /// Where the storage fails, or a stored event cannot be read.
    pub async fn search_update(&self) -> Result<u64, Error> {
        let mut read = 0;
        loop {
            // Looked for first: a lease is a write, and mostly nothing is new.
            let mut session = self.inner.db.session().await?;
            let position = store::search::position(session.conn(), self.id.0).await?;
            if store::precedent::touched(session.conn(), self.id.0, position, 1).await?.is_empty() {
                return Ok(read);
            }
            drop(session);
            let now = self.inner.env.now();
            let mut tx = self.inner.db.begin().await?;
            let leased = store::search::lease(tx.conn(), self.id.0, self.inner.holder, (now, now + LEASE_MICROS)).await?;
            tx.commit().await?;
            let Some(position) = leased else { return Ok(read) };
            let mut session = self.inner.db.session().await?;
            let touched = store::precedent::touched(session.conn(), self.id.0, position, EVENTS_AT_ONCE).await?;
            drop(session);
            let Some(last) = touched.last().map(|touched| touched.position) else { return Ok(read) };
            let telling = || touched.iter().filter(|touched| TELLING.contains(&touched.type_name.as_str()));
            let cases: BTreeSet<Uuid> = telling().filter(|touched| touched.type_name != ERASED).map(|touched| touched.stream).collect();
            let cases: Vec<Uuid> = cases.into_iter().collect();
            for some in cases.chunks(CASES_AT_ONCE) {
                self.search_write(some).await?;
            }
            read += cases.len() as u64;
            let mut tx = self.inner.db.begin().await?;
            // What was erased while its words were being written goes now: its event comes after the erasure.
            if telling().any(|touched| touched.type_name == ERASED) {
                store::search::erase_erased(tx.conn(), self.id.0).await?;
            }
            store::search::read_to(tx.conn(), self.id.0, self.inner.holder, last + 1).await?;
            tx.commit().await?;
        }
    }

    async fn search_write(&self, cases: &[Uuid]) -> Result<(), Error> {
        let control = self.control().await?;
        let keys = self.inner.seals.of(&self.inner.root, self.id);
        let mut rows = Vec::with_capacity(cases.len());
        for (case, file) in self.files(cases.iter().copied()).await? {
            let playbook = control.playbook(file.state.playbook, file.state.playbook_version)?;
            let subject = file.state.subject.map(|subject| subject.0);
            rows.push(SearchRow { case, subject, tokens: tokens(&keys, &playbook, &file) });
        }
        // In one order on every node, so that two never wait for each other.
        rows.sort_unstable_by_key(|row| row.case);
        let mut tx = self.inner.db.begin().await?;
        let subjects: BTreeSet<Uuid> = rows.iter().filter_map(|row| row.subject).collect();
        let subjects: Vec<Uuid> = subjects.into_iter().collect();
        let there = store::subject::of_ids(tx.conn(), self.id.0, &subjects).await?;
        let there: HashSet<Uuid> = there.into_iter().filter(|row| row.wrapped_key.is_some()).map(|row| row.subject).collect();
        rows.retain(|row| row.subject.is_none_or(|subject| there.contains(&subject)));
        store::search::put(tx.conn(), self.id.0, &rows).await?;
        Ok(tx.commit().await?)
    }

    /// Cases that hold all of these words in what whoever reads may see of them, the latest first: as a person, or as a program with full
    /// reading rights. A page may be shorter than asked for and still have a next one.
    ///
    /// # Errors
    /// Where nothing is searched for, the cursor or the playbook is unknown, or the storage fails.
    pub async fn search(
        &self,
        query: &str,
        person: Option<PersonId>,
        filter: SearchFilter<'_>,
        (cursor, limit): (Option<&str>, usize),
    ) -> Result<Page<Uuid>, Error> {
        let control = self.control().await?;
        let asked = self.search_asked(&control, query, person)?;
        let list = format!("search/{}", person.map(|person| person.to_string()).unwrap_or_default());
        let mut before = self.cursor_open(&list, cursor)?.map_or(Ok(Uuid::max()), |text| text.parse().map_err(|_| bad_cursor()))?;
        let playbook = filter.playbook.map(|name| control.playbook_id(name)).transpose()?;
        let mut session = self.inner.db.session().await?;
        let mut driver: Option<(i64, &Vec<i64>)> = None;
        for word in &asked {
            let mut count = 0;
            for token in word {
                count += store::search::count(session.conn(), self.id.0, *token, COUNTED_MAX).await?;
            }
            if driver.is_none_or(|(least, _)| count < least) {
                driver = Some((count, word));
            }
        }
        let Some((_, driver)) = driver else { return Ok(Page { items: Vec::new(), next: None }) };
        let (mut items, mut looked, mut more) = (Vec::new(), 0, true);
        while more && items.len() < limit && looked < LOOKS_MAX {
            let mut some = Vec::new();
            for token in driver {
                some.extend(store::search::with(session.conn(), self.id.0, *token, before, LOOKS_AT_ONCE).await?);
            }
            some.sort_unstable_by(|a, b| b.cmp(a));
            some.dedup();
            let at_once = usize::try_from(LOOKS_AT_ONCE).unwrap_or(usize::MAX);
            // Of several tokens each gave its latest: only as many as one of them gave are surely in order.
            more = some.len() >= at_once;
            some.truncate(at_once);
            looked += some.len();
            let rows = store::search::of(session.conn(), self.id.0, &some).await?;
            let holds = |row: &SearchRow| asked.iter().all(|word| word.iter().any(|token| row.tokens.contains(token)));
            let found: HashSet<Uuid> = rows.iter().filter(|row| holds(row)).map(|row| row.case).collect();
            let found: Vec<Uuid> = some.iter().copied().filter(|case| found.contains(case)).collect();
            let allowed = self.search_allowed(&control, &mut session, &found, person, (playbook, filter.state)).await?;
            for case in some {
                before = case;
                if allowed.contains(&case) {
                    items.push(case);
                    if items.len() == limit {
                        more = true;
                        break;
                    }
                }
            }
        }
        let next = if more { Some(self.cursor_sign(&list, &before.to_string())?) } else { None };
        Ok(Page { items, next })
    }

    /// The tokens of what is searched for: of each word those that whoever reads has.
    fn search_asked(&self, control: &Control, query: &str, person: Option<PersonId>) -> Result<Vec<Vec<i64>>, Error> {
        let nothing = || Refusal::field(Code::Invalid, "/q", "search for at least one word: letters or digits");
        if query.chars().count() > QUERY_CHARS_MAX {
            return Err(Refusal::field(Code::TooLarge, "/q", format!("a search has at most {QUERY_CHARS_MAX} characters")).into());
        }
        let keys = self.inner.seals.of(&self.inner.root, self.id);
        let mut asked = BTreeSet::new();
        words(query, |word| {
            asked.insert(word.to_owned());
        });
        if asked.is_empty() {
            return Err(nothing().into());
        }
        let roles = person.and_then(|person| control.state.people.get(&person)).map(|facts| facts.roles.as_slice()).unwrap_or_default();
        let of = |word: String| {
            let mut tokens = vec![keys.search_token(&Reach::All, &word)];
            match person {
                None => tokens.push(keys.search_token(&Reach::Program, &word)),
                Some(_) => tokens.extend(roles.iter().map(|role| keys.search_token(&Reach::Role(role), &word))),
            }
            tokens
        };
        Ok(asked.into_iter().take(WORDS_ASKED_MAX).map(of).collect())
    }

    /// Of what was found, what whoever reads may see.
    async fn search_allowed(
        &self,
        control: &Control,
        session: &mut store::Session,
        found: &[Uuid],
        person: Option<PersonId>,
        (playbook, state): (Option<PlaybookId>, Option<&str>),
    ) -> Result<HashSet<Uuid>, Error> {
        let rows = store::case::of(session.conn(), self.id.0, found).await?;
        let facts = person.map(|person| control.state.people.get(&person));
        let mut allowed = Vec::with_capacity(rows.len());
        for row in rows {
            let version = u64::try_from(row.playbook_version).unwrap_or(0);
            let roles = &control.playbook(PlaybookId(row.playbook), version)?.decide.roles;
            let reads = facts.is_none_or(|facts| facts.is_some_and(|facts| facts.may(roles)));
            let meant = playbook.is_none_or(|id| id.0 == row.playbook) && state.is_none_or(|state| state == row.status);
            if reads && meant {
                allowed.push(row.case);
            }
        }
        self.seen_of(&allowed).await
    }
}

impl Workspace {
    /// The same for a list at the desk, of a playbook or of all that this person may read.
    ///
    /// # Errors
    /// As [`Workspace::search`].
    pub async fn search_list(
        &self,
        person: PersonId,
        query: &str,
        playbook: Option<&str>,
        cursor: Option<&str>,
    ) -> Result<Page<QueueItem>, Error> {
        let limit = usize::try_from(QUEUE_ITEMS_MAX).unwrap_or(usize::MAX);
        let filter = SearchFilter { playbook, state: None };
        let found = self.search(query, Some(person), filter, (cursor, limit)).await?;
        let control = self.control().await?;
        let rows = self.search_rows(&found.items).await?;
        let titles = self.titles(&control, &found.items).await?;
        let items = rows.into_iter().map(|row| QueueItem {
            title: titles.get(&row.case).cloned(),
            case: row.case,
            playbook: control.playbook_name(PlaybookId(row.playbook)),
            state: row.status,
            at: row.opened_at,
            until: None,
            due: Due::Later,
            answer: None,
        });
        Ok(Page { items: items.collect(), next: found.next })
    }

    /// The same for programs with full reading rights.
    ///
    /// # Errors
    /// As [`Workspace::search`].
    pub async fn search_cases(
        &self,
        query: &str,
        filter: SearchFilter<'_>,
        (cursor, limit): (Option<&str>, u32),
    ) -> Result<Page<CaseSummary>, Error> {
        known_state(filter.state)?;
        let limit = usize::try_from(limit.clamp(1, PAGE_ITEMS_MAX)).unwrap_or(usize::MAX);
        let found = self.search(query, None, filter, (cursor, limit)).await?;
        let control = self.control().await?;
        let items = self.search_rows(&found.items).await?.into_iter().map(|row| summary(&control, row)).collect();
        Ok(Page { items, next: found.next })
    }

    /// The rows of some cases, in their order.
    async fn search_rows(&self, cases: &[Uuid]) -> Result<Vec<CaseRow>, Error> {
        let mut session = self.inner.db.session().await?;
        let mut rows = store::case::of(session.conn(), self.id.0, cases).await?;
        rows.sort_unstable_by_key(|row| cases.iter().position(|case| *case == row.case));
        rows.dedup_by_key(|row| row.case);
        Ok(rows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str) -> Vec<String> {
        let mut all = Vec::new();
        words(text, |word| all.push(word.to_owned()));
        all
    }

    #[test]
    fn words_are_what_people_would_type() {
        for (text, expected) in [
            ("Charged twice, 49.50 EUR!", &["charged", "twice", "49", "50", "eur"][..]),
            ("ÜBER straße İ", &["über", "straße", "i"]),
            ("ada@example.org", &["ada", "example", "org"]),
            ("東京都 abc京都", &["東京", "京都", "abc", "京都"]),
            (" ... ", &[]),
        ] {
            let found = split(text);
            assert!(expected.iter().all(|word| found.iter().any(|found| found.trim_end_matches('\u{307}') == *word)), "{text}: {found:?}");
            assert_eq!(found.len(), expected.len(), "{text}: {found:?}");
        }
        assert_eq!(split(&"x".repeat(100))[0].chars().count(), WORD_CHARS_MAX);
    }
}
