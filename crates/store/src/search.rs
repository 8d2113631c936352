//! Which words cases hold, as keyed tokens, and up to which event they were made. Never sees a word.

use crate::{
    batch,
    db::Conn,
    error::{Error, attempt},
};
use sqlx::Row;
use std::collections::HashSet;
use uuid::Uuid;

const CASE_UPSERT: &str = "insert into search_cases (workspace, case_id, subject, tokens)";
const CASE_UPSERT_TAIL: &str = "on conflict (workspace, case_id) do update set subject = excluded.subject, tokens = excluded.tokens";
const WORD_INSERT: &str = "insert into search_words (workspace, token, case_id)";
const WORD_INSERT_TAIL: &str = "on conflict (workspace, token, case_id) do nothing";
const WORDS_DELETE: &str = "delete from search_words where workspace = $1 and case_id = $2 and token in";
const CASES_OF: &str = "select case_id, subject, tokens from search_cases where workspace = $1 and case_id in";

statements! {
    SEARCH_TAKE = "insert into search_runs (workspace, holder, until, position) values ($1, $2, $4, 0) on conflict (workspace) do update set holder = excluded.holder, until = excluded.until where search_runs.holder = excluded.holder or search_runs.until <= $3 returning position";
    SEARCH_READ = "update search_runs set position = $3 where workspace = $1 and holder = $2";
    SEARCH_RELEASE = "update search_runs set until = 0 where holder = $1";
    SEARCH_LEASES_CLEAR = "delete from search_runs";
    SEARCH_RUN_CLEAR = "delete from search_runs where workspace = $1";
    SEARCH_WORDS_CLEAR = "delete from search_words where workspace = $1";
    SEARCH_CASES_CLEAR = "delete from search_cases where workspace = $1";
    SEARCH_AT = "select position from search_runs where workspace = $1";
    SEARCH_CASE_DELETE = "delete from search_cases where workspace = $1 and case_id = $2";
    SEARCH_OF_SUBJECT = "select case_id, subject, tokens from search_cases where workspace = $1 and subject = $2";
    SEARCH_ERASED = "select c.case_id, c.subject, c.tokens from search_cases c join subjects s on s.workspace = c.workspace and s.subject = c.subject where c.workspace = $1 and s.erased_at is not null";
    SEARCH_WITH = "select case_id from search_words where workspace = $1 and token = $2 and case_id < $3 order by case_id desc limit $4";
    SEARCH_COUNT = "select count(*) from (select 1 as one from search_words where workspace = $1 and token = $2 limit $3) as few";
}

/// The words of a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchRow {
    /// The case.
    pub case: Uuid,
    /// Whose data it is.
    pub subject: Option<Uuid>,
    /// Its tokens, each once.
    pub tokens: Vec<i64>,
}

fn packed(tokens: &[i64]) -> Vec<u8> {
    tokens.iter().flat_map(|token| token.to_be_bytes()).collect()
}

fn unpacked(bytes: &[u8]) -> Vec<i64> {
    let (tokens, _) = bytes.as_chunks::<8>();
    tokens.iter().map(|token| i64::from_be_bytes(*token)).collect()
}

macro_rules! search_row {
    ($r:expr) => {
        SearchRow { case: $r.get(0), subject: $r.get(1), tokens: unpacked(&$r.get::<Vec<u8>, _>(2)) }
    };
}

/// The next event to read, by whichever node.
///
/// # Errors
/// Where the storage fails.
pub async fn position(conn: Conn<'_>, workspace: Uuid) -> Result<i64, Error> {
    on!(conn, c => sqlx::query_scalar(SEARCH_AT).bind(workspace).fetch_optional(c).await.map(|at: Option<i64>| at.unwrap_or(0)))
        .map_err(attempt("see how far search is"))
}

/// Takes or renews the lease, and tells the next event to read. `None`: another node has it.
///
/// # Errors
/// Where the storage fails.
pub async fn lease(conn: Conn<'_>, workspace: Uuid, holder: Uuid, (now, until): (i64, i64)) -> Result<Option<i64>, Error> {
    on!(conn, c => sqlx::query(SEARCH_TAKE)
        .bind(workspace)
        .bind(holder)
        .bind(now)
        .bind(until)
        .fetch_optional(c)
        .await
        .map(|r| r.map(|r| r.get(0))))
    .map_err(attempt("take the lease to make search"))
}

/// Says which event is read next.
///
/// # Errors
/// Where the storage fails.
pub async fn read_to(conn: Conn<'_>, workspace: Uuid, holder: Uuid, position: i64) -> Result<(), Error> {
    on!(conn, c => sqlx::query(SEARCH_READ).bind(workspace).bind(holder).bind(position).execute(c).await.map(|_| ()))
        .map_err(attempt("say how far search is"))
}

/// Gives a node's leases back, so that another one need not wait for their end.
///
/// # Errors
/// Where the storage fails.
pub async fn release(conn: Conn<'_>, holder: Uuid) -> Result<(), Error> {
    on!(conn, c => sqlx::query(SEARCH_RELEASE).bind(holder).execute(c).await.map(|_| ()))
        .map_err(attempt("give the leases to make search back"))
}

/// Drops all leases, in a database that was restored and that no node serves yet; search is made anew, which adds nothing twice.
///
/// # Errors
/// Where the storage fails.
pub async fn leases_clear(conn: Conn<'_>) -> Result<(), Error> {
    on!(conn, c => sqlx::query(SEARCH_LEASES_CLEAR).execute(c).await.map(|_| ())).map_err(attempt("drop the leases to make search"))
}

/// Drops all of it, so that it is made again.
///
/// # Errors
/// Where the storage fails.
pub async fn clear(mut conn: Conn<'_>, workspace: Uuid) -> Result<(), Error> {
    for statement in [SEARCH_WORDS_CLEAR, SEARCH_CASES_CLEAR, SEARCH_RUN_CLEAR] {
        on!(conn.again(), c => sqlx::query(statement).bind(workspace).execute(c).await.map(|_| ())).map_err(attempt("drop search"))?;
    }
    Ok(())
}

/// The words of some cases.
///
/// # Errors
/// Where the storage fails.
pub async fn of(mut conn: Conn<'_>, workspace: Uuid, cases: &[Uuid]) -> Result<Vec<SearchRow>, Error> {
    let mut found = Vec::with_capacity(cases.len());
    for some in cases.chunks(batch::KEYS_AT_ONCE) {
        let keys = batch::padded(some);
        let sql = batch::in_list(conn.is_postgres(), CASES_OF, 1, keys.len(), "");
        on!(conn.again(), c => {
            let mut query = sqlx::query(sql).bind(workspace);
            for key in &keys {
                query = query.bind(key);
            }
            query.fetch_all(c).await.map(|rows| found.extend(rows.iter().map(|r| search_row!(r))))
        })
        .map_err(attempt("read the words of cases"))?;
    }
    Ok(found)
}

/// Writes the words of cases in the place of those that they had.
///
/// # Errors
/// Where the storage fails.
pub async fn put(mut conn: Conn<'_>, workspace: Uuid, rows: &[SearchRow]) -> Result<(), Error> {
    let cases: Vec<Uuid> = rows.iter().map(|row| row.case).collect();
    for before in of(conn.again(), workspace, &cases).await? {
        let kept: HashSet<i64> = rows.iter().filter(|row| row.case == before.case).flat_map(|row| row.tokens.iter().copied()).collect();
        let gone: Vec<i64> = before.tokens.into_iter().filter(|token| !kept.contains(token)).collect();
        words_delete(conn.again(), workspace, before.case, &gone).await?;
    }
    let packed: Vec<(Uuid, Option<Uuid>, Vec<u8>)> = rows.iter().map(|row| (row.case, row.subject, packed(&row.tokens))).collect();
    insert_rows!(conn, "keep the words of cases", CASE_UPSERT, 4, CASE_UPSERT_TAIL, &packed, |query, row| query
        .bind(workspace)
        .bind(row.0)
        .bind(row.1)
        .bind(row.2.as_slice()));
    let words: Vec<(i64, Uuid)> = rows.iter().flat_map(|row| row.tokens.iter().map(|token| (*token, row.case))).collect();
    insert_rows!(conn, "keep words", WORD_INSERT, 3, WORD_INSERT_TAIL, &words, |query, row| query.bind(workspace).bind(row.0).bind(row.1));
    Ok(())
}

async fn words_delete(mut conn: Conn<'_>, workspace: Uuid, case: Uuid, tokens: &[i64]) -> Result<(), Error> {
    run_for_keys!(conn, "forget words of a case", WORDS_DELETE, 2, tokens, |query| query.bind(workspace).bind(case));
    Ok(())
}

async fn forget(mut conn: Conn<'_>, workspace: Uuid, rows: &[SearchRow]) -> Result<(), Error> {
    for row in rows {
        words_delete(conn.again(), workspace, row.case, &row.tokens).await?;
        on!(conn.again(), c => sqlx::query(SEARCH_CASE_DELETE).bind(workspace).bind(row.case).execute(c).await.map(|_| ()))
            .map_err(attempt("forget the words of a case"))?;
    }
    Ok(())
}

/// Forgets all words of a subject's cases.
///
/// # Errors
/// Where the storage fails.
pub async fn erase(mut conn: Conn<'_>, workspace: Uuid, subject: Uuid) -> Result<(), Error> {
    let rows: Vec<SearchRow> = on!(conn.again(), c => sqlx::query(SEARCH_OF_SUBJECT)
        .bind(workspace)
        .bind(subject)
        .fetch_all(c)
        .await
        .map(|rows| rows.iter().map(|r| search_row!(r)).collect()))
    .map_err(attempt("find the words of a subject"))?;
    forget(conn, workspace, &rows).await
}

/// Forgets the words of all subjects that were erased: of those whose words were being written at that moment.
///
/// # Errors
/// Where the storage fails.
pub async fn erase_erased(mut conn: Conn<'_>, workspace: Uuid) -> Result<(), Error> {
    let rows: Vec<SearchRow> = on!(conn.again(), c => sqlx::query(SEARCH_ERASED)
        .bind(workspace)
        .fetch_all(c)
        .await
        .map(|rows| rows.iter().map(|r| search_row!(r)).collect()))
    .map_err(attempt("find the words of erased subjects"))?;
    forget(conn, workspace, &rows).await
}

/// Cases that hold a word, the latest first, before a case.
///
/// # Errors
/// Where the storage fails.
pub async fn with(conn: Conn<'_>, workspace: Uuid, token: i64, before: Uuid, limit: i64) -> Result<Vec<Uuid>, Error> {
    on!(conn, c => sqlx::query_scalar(SEARCH_WITH).bind(workspace).bind(token).bind(before).bind(limit).fetch_all(c).await)
        .map_err(attempt("find the cases with a word"))
}

/// How many cases hold a word, counted up to a limit.
///
/// # Errors
/// Where the storage fails.
pub async fn count(conn: Conn<'_>, workspace: Uuid, token: i64, limit: i64) -> Result<i64, Error> {
    on!(conn, c => sqlx::query_scalar(SEARCH_COUNT).bind(workspace).bind(token).bind(limit).fetch_one(c).await)
        .map_err(attempt("count the cases with a word"))
}
