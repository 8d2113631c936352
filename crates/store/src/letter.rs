//! What people were told by letter. Operational: it proves nothing, and holds no word of a letter.

use crate::{
    db::Conn,
    error::{Error, attempt},
};
use sqlx::Row;
use std::collections::HashMap;
use uuid::Uuid;

statements! {
    LETTERS_ALL = "select person, wanted, told_until, told_notices, attempts, next_at, outcome from letters where workspace = $1 order by person";
    LETTER_BEGIN = "insert into letters (workspace, person, wanted, told_until, told_notices, attempts, next_at, outcome) values ($1, $2, true, $3, $4, 0, $3, '') on conflict (workspace, person) do nothing";
    LETTER_WANT = "update letters set wanted = $3, told_until = $4, told_notices = $5, outcome = '' where workspace = $1 and person = $2";
    LETTER_TAKE = "update letters set next_at = $3 where workspace = $1 and person = $2 and next_at = $4";
    LETTER_TOLD = "update letters set told_until = $3, told_notices = $4, attempts = $5, next_at = $6, outcome = $7 where workspace = $1 and person = $2";
    LETTER_OF = "select person, wanted, told_until, told_notices, attempts, next_at, outcome from letters where workspace = $1 and person = $2";
    NEWS_OF_ALL = "select l.person, m.assigned, count(*) from letters l join mentions m on m.workspace = l.workspace and m.person = l.person and m.mentioned_at > l.told_until and m.mentioned_at <= $2 where l.workspace = $1 and l.wanted and l.next_at <= $3 group by l.person, m.assigned";
}

/// A row of the table, whichever engine read it.
macro_rules! letter {
    ($r:expr) => {
        LetterRow {
            person: $r.get(0),
            wanted: $r.get(1),
            told_until: $r.get(2),
            told_notices: $r.get(3),
            attempts: $r.get(4),
            next_at: $r.get(5),
            outcome: text!($r, 6),
        }
    };
}

/// What one person was told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LetterRow {
    /// The person.
    pub person: Uuid,
    /// Whether they want letters.
    pub wanted: bool,
    /// Up to when they were told what is for them, in microseconds.
    pub told_until: i64,
    /// Up to which notice they were told.
    pub told_notices: i64,
    /// Attempts at the letter that is due.
    pub attempts: i64,
    /// Not before this time.
    pub next_at: i64,
    /// What the last attempt came to; empty: it went out.
    pub outcome: String,
}

/// What is known of everybody who was ever to be told.
///
/// # Errors
/// Where the storage fails.
pub async fn all(conn: Conn<'_>, workspace: Uuid) -> Result<Vec<LetterRow>, Error> {
    on!(conn, c => sqlx::query(LETTERS_ALL).bind(workspace).fetch_all(c).await.map(|rows| rows.iter().map(|r| letter!(r)).collect()))
        .map_err(attempt("read what people were told"))
}

/// What is known of one person.
///
/// # Errors
/// Where the storage fails.
pub async fn of(conn: Conn<'_>, workspace: Uuid, person: Uuid) -> Result<Option<LetterRow>, Error> {
    on!(conn, c => sqlx::query(LETTER_OF).bind(workspace).bind(person).fetch_optional(c).await.map(|row| row.map(|r| letter!(r))))
        .map_err(attempt("read what a person was told"))
}

/// From now on a person is told what comes; nothing of what was before.
///
/// # Errors
/// Where the storage fails.
pub async fn begin(conn: Conn<'_>, workspace: Uuid, person: Uuid, now: i64, notices: i64) -> Result<(), Error> {
    on!(conn, c => sqlx::query(LETTER_BEGIN).bind(workspace).bind(person).bind(now).bind(notices).execute(c).await.map(|_| ()))
        .map_err(attempt("begin to tell a person"))
}

/// Whether a person wants letters from now on; nothing of what was before is told.
///
/// # Errors
/// Where the storage fails.
pub async fn want(conn: Conn<'_>, workspace: Uuid, person: Uuid, wanted: bool, now: i64, notices: i64) -> Result<(), Error> {
    on!(conn, c => sqlx::query(LETTER_WANT).bind(workspace).bind(person).bind(wanted).bind(now).bind(notices).execute(c).await.map(|_| ()))
        .map_err(attempt("keep whether a person wants letters"))
}

/// Takes the letter that was due at `was`, until `until`; `false`: another node was quicker.
///
/// # Errors
/// Where the storage fails.
pub async fn take(conn: Conn<'_>, workspace: Uuid, person: Uuid, was: i64, until: i64) -> Result<bool, Error> {
    on!(conn, c => sqlx::query(LETTER_TAKE).bind(workspace).bind(person).bind(until).bind(was).execute(c).await.map(|done| done.rows_affected() == 1))
        .map_err(attempt("take a letter"))
}

/// Keeps what became of a letter.
///
/// # Errors
/// Where the storage fails.
pub async fn told(conn: Conn<'_>, workspace: Uuid, row: &LetterRow) -> Result<(), Error> {
    on!(conn, c => sqlx::query(LETTER_TOLD)
        .bind(workspace)
        .bind(row.person)
        .bind(row.told_until)
        .bind(row.told_notices)
        .bind(row.attempts)
        .bind(row.next_at)
        .bind(row.outcome.as_str())
        .execute(c)
        .await
        .map(|_| ()))
    .map_err(attempt("keep what became of a letter"))
}

/// How many cases people were given, and how often they were mentioned, since they were told and up to a time: of those who want letters,
/// and may get the next one at `now`.
///
/// # Errors
/// Where the storage fails.
pub async fn news_of_all(conn: Conn<'_>, workspace: Uuid, until: i64, now: i64) -> Result<HashMap<Uuid, (i64, i64)>, Error> {
    on!(conn, c => sqlx::query(NEWS_OF_ALL).bind(workspace).bind(until).bind(now).fetch_all(c).await.map(|rows| {
        let mut news: HashMap<Uuid, (i64, i64)> = HashMap::new();
        for r in &rows {
            let (given, mentioned) = news.entry(r.get(0)).or_default();
            *(if r.get(1) { given } else { mentioned }) = r.get(2);
        }
        news
    }))
    .map_err(attempt("count what is new for people"))
}
