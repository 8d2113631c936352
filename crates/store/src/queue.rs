//! The queue as a person reads it: what they could claim, in the order in which it is served; what sleeps; how much there is, counted
//! no further than a limit. Reads nothing that depends on a proposal.

use crate::{
    db::Conn,
    error::{Error, attempt},
};
use sqlx::Row;
use uuid::Uuid;

statements! {
    QUEUE_WAITING = "select case_id, playbook, status, opened_at, priority_at, deadline_at from cases c where workspace = $1 and playbook = $2 and available and (priority_at, case_id) > ($3, $4) and (role = '' or role in (select value from json_each($6))) and not exists (select 1 from case_exclusions x where x.workspace = c.workspace and x.case_id = c.case_id and x.person = $5) and not exists (select 1 from leases l where l.workspace = c.workspace and l.case_id = c.case_id and l.person = $5 and l.until > $8) order by priority_at, case_id limit $7";
    QUEUE_WOKEN = "select case_id, playbook, status, opened_at, priority_at, deadline_at from cases c where workspace = $1 and wake_at <= $2 and seats_free > 0 and (priority_at, case_id) > ($3, $4) and (role = '' or role in (select value from json_each($6))) and not exists (select 1 from case_exclusions x where x.workspace = c.workspace and x.case_id = c.case_id and x.person = $5) order by priority_at, case_id limit $7";
    QUEUE_SLEEPING = "select case_id, playbook, status, opened_at, wake_at, deadline_at from cases c where workspace = $1 and wake_at > $2 and seats_free > 0 and (wake_at, case_id) > ($3, $4) and not exists (select 1 from leases l where l.workspace = c.workspace and l.case_id = c.case_id and l.until > $2) order by wake_at, case_id limit $5";
    COUNT_WAITING = "select count(*) from (select 1 as one from cases c where workspace = $1 and playbook = $2 and available and (role = '' or role in (select value from json_each($4))) and not exists (select 1 from case_exclusions x where x.workspace = c.workspace and x.case_id = c.case_id and x.person = $3) and not exists (select 1 from leases l where l.workspace = c.workspace and l.case_id = c.case_id and l.person = $3 and l.until > $5) order by priority_at, case_id limit $6) as counted";
    COUNT_OVERDUE = "select count(*) from (select 1 as one from cases c where workspace = $1 and playbook = $2 and available and deadline_at is not null and deadline_at < $5 and (role = '' or role in (select value from json_each($4))) and not exists (select 1 from case_exclusions x where x.workspace = c.workspace and x.case_id = c.case_id and x.person = $3) and not exists (select 1 from leases l where l.workspace = c.workspace and l.case_id = c.case_id and l.person = $3 and l.until > $5) order by deadline_at limit $6) as counted";
    DECIDED_LATELY = "select decision, position, case_id, playbook, answer, status, decided_at, act_after from decisions where workspace = $1 and position < $2 order by position desc limit $3";
    DECIDED_LATELY_OF = "select decision, position, case_id, playbook, answer, status, decided_at, act_after from decisions where workspace = $1 and playbook = $2 and position < $3 order by position desc limit $4";
}

/// The same as [`QUEUE_WAITING`] for PostgreSQL, which reads JSON by another function.
const QUEUE_WAITING_POSTGRES: &str = "select case_id, playbook, status, opened_at, priority_at, deadline_at from cases c where workspace = $1 and playbook = $2 and available and (priority_at, case_id) > ($3, $4) and (role = '' or role in (select value from json_array_elements_text($6::json))) and not exists (select 1 from case_exclusions x where x.workspace = c.workspace and x.case_id = c.case_id and x.person = $5) and not exists (select 1 from leases l where l.workspace = c.workspace and l.case_id = c.case_id and l.person = $5 and l.until > $8) order by priority_at, case_id limit $7";

/// The head of each of several queues, as [`QUEUE_WAITING`] has them: one round trip, where those are several.
const QUEUE_HEADS_POSTGRES: &str = "select p.playbook, c.priority_at, c.case_id from unnest($2::uuid[]) as p (playbook) cross join lateral (select priority_at, case_id from cases c where workspace = $1 and c.playbook = p.playbook and available and (role = '' or role in (select value from json_array_elements_text($4::json))) and not exists (select 1 from case_exclusions x where x.workspace = c.workspace and x.case_id = c.case_id and x.person = $3) and not exists (select 1 from leases l where l.workspace = c.workspace and l.case_id = c.case_id and l.person = $3 and l.until > $5) order by priority_at, case_id limit 1) as c";

/// The same as [`QUEUE_WOKEN`] for PostgreSQL.
const QUEUE_WOKEN_POSTGRES: &str = "select case_id, playbook, status, opened_at, priority_at, deadline_at from cases c where workspace = $1 and wake_at <= $2 and seats_free > 0 and (priority_at, case_id) > ($3, $4) and (role = '' or role in (select value from json_array_elements_text($6::json))) and not exists (select 1 from case_exclusions x where x.workspace = c.workspace and x.case_id = c.case_id and x.person = $5) order by priority_at, case_id limit $7";

/// The same as [`COUNT_WAITING`] for PostgreSQL.
const COUNT_WAITING_POSTGRES: &str = "select count(*) from (select 1 as one from cases c where workspace = $1 and playbook = $2 and available and (role = '' or role in (select value from json_array_elements_text($4::json))) and not exists (select 1 from case_exclusions x where x.workspace = c.workspace and x.case_id = c.case_id and x.person = $3) and not exists (select 1 from leases l where l.workspace = c.workspace and l.case_id = c.case_id and l.person = $3 and l.until > $5) order by priority_at, case_id limit $6) as counted";

/// The same as [`COUNT_OVERDUE`] for PostgreSQL.
const COUNT_OVERDUE_POSTGRES: &str = "select count(*) from (select 1 as one from cases c where workspace = $1 and playbook = $2 and available and deadline_at is not null and deadline_at < $5 and (role = '' or role in (select value from json_array_elements_text($4::json))) and not exists (select 1 from case_exclusions x where x.workspace = c.workspace and x.case_id = c.case_id and x.person = $3) and not exists (select 1 from leases l where l.workspace = c.workspace and l.case_id = c.case_id and l.person = $3 and l.until > $5) order by deadline_at limit $6) as counted";

/// A case in a queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueRow {
    /// The case.
    pub case: Uuid,
    /// Its playbook.
    pub playbook: Uuid,
    /// Where it stands.
    pub status: String,
    /// When it was opened.
    pub opened_at: i64,
    /// What the list is ordered by: the queue's own order; of what sleeps, when it wakes.
    pub at: i64,
    /// By when it should be decided.
    pub deadline_at: Option<i64>,
}

/// A place in a queue's order; what comes after it is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// What the list is ordered by.
    pub at: i64,
    /// The case, among equals.
    pub case: Uuid,
}

impl Place {
    /// Before everything.
    pub const BEGINNING: Self = Self { at: i64::MIN, case: Uuid::nil() };
}

/// A decision in the list of the latest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecidedRow {
    /// The decision.
    pub decision: Uuid,
    /// Its place in the log.
    pub position: i64,
    /// Its case.
    pub case: Uuid,
    /// Its playbook.
    pub playbook: Uuid,
    /// The label of the answer that stands.
    pub answer: String,
    /// `standing`, `withdrawn`, `corrected`, `acted`, `overturned`, `reopened`.
    pub status: String,
    /// When it was made.
    pub decided_at: i64,
    /// When something may act on it.
    pub act_after: i64,
}

macro_rules! queue_row {
    ($r:expr) => {
        QueueRow { case: $r.get(0), playbook: $r.get(1), status: text!($r, 2), opened_at: $r.get(3), at: $r.get(4), deadline_at: $r.get(5) }
    };
}

macro_rules! decided_row {
    ($r:expr) => {
        DecidedRow {
            decision: $r.get(0),
            position: $r.get(1),
            case: $r.get(2),
            playbook: $r.get(3),
            answer: text!($r, 4),
            status: text!($r, 5),
            decided_at: $r.get(6),
            act_after: $r.get(7),
        }
    };
}

/// Who reads a queue.
#[derive(Debug, Clone, Copy)]
pub struct Reader<'a> {
    /// The person.
    pub person: Uuid,
    /// Their roles, as a JSON array of strings.
    pub roles_json: &'a str,
    /// Now, in microseconds.
    pub now: i64,
}

/// What slept or was leased out and could be claimed by now, of all playbooks: the next claim makes it available.
///
/// # Errors
/// Where the storage fails.
pub async fn woken(conn: Conn<'_>, workspace: Uuid, after: Place, reader: Reader<'_>, limit: i64) -> Result<Vec<QueueRow>, Error> {
    let sql = if conn.is_postgres() { QUEUE_WOKEN_POSTGRES } else { QUEUE_WOKEN };
    on!(conn, c => sqlx::query(sql)
        .bind(workspace)
        .bind(reader.now)
        .bind(after.at)
        .bind(after.case)
        .bind(reader.person)
        .bind(reader.roles_json)
        .bind(limit)
        .fetch_all(c)
        .await
        .map(|rows| rows.iter().map(|r| queue_row!(r)).collect()))
    .map_err(attempt("read what woke up"))
}

/// What a person could claim of one playbook after a place, in the order in which it is served; what they hold already is not in it.
///
/// # Errors
/// Where the storage fails.
pub async fn waiting(
    conn: Conn<'_>,
    workspace: Uuid,
    playbook: Uuid,
    after: Place,
    reader: Reader<'_>,
    limit: i64,
) -> Result<Vec<QueueRow>, Error> {
    let sql = if conn.is_postgres() { QUEUE_WAITING_POSTGRES } else { QUEUE_WAITING };
    on!(conn, c => sqlx::query(sql)
        .bind(workspace)
        .bind(playbook)
        .bind(after.at)
        .bind(after.case)
        .bind(reader.person)
        .bind(reader.roles_json)
        .bind(limit)
        .bind(reader.now)
        .fetch_all(c)
        .await
        .map(|rows| rows.iter().map(|r| queue_row!(r)).collect()))
    .map_err(attempt("read the queue"))
}

/// Where the queues of some playbooks begin for a person, by playbook; a queue in which nothing waits for them is not in it.
///
/// # Errors
/// Where the storage fails.
pub async fn heads(mut conn: Conn<'_>, workspace: Uuid, playbooks: &[Uuid], reader: Reader<'_>) -> Result<Vec<(Uuid, Place)>, Error> {
    if let Conn::Postgres(c) = conn.again() {
        return sqlx::query(QUEUE_HEADS_POSTGRES)
            .bind(workspace)
            .bind(playbooks)
            .bind(reader.person)
            .bind(reader.roles_json)
            .bind(reader.now)
            .fetch_all(c)
            .await
            .map(|rows| rows.iter().map(|r| (r.get(0), Place { at: r.get(1), case: r.get(2) })).collect())
            .map_err(attempt("read where queues begin"));
    }
    let mut heads = Vec::with_capacity(playbooks.len());
    for playbook in playbooks {
        let head = waiting(conn.again(), workspace, *playbook, Place::BEGINNING, reader, 1).await?;
        heads.extend(head.first().map(|row| (*playbook, Place { at: row.at, case: row.case })));
    }
    Ok(heads)
}

/// What was put off after a place, the first to wake first.
///
/// # Errors
/// Where the storage fails.
pub async fn sleeping(conn: Conn<'_>, workspace: Uuid, now: i64, after: Place, limit: i64) -> Result<Vec<QueueRow>, Error> {
    on!(conn, c => sqlx::query(QUEUE_SLEEPING)
        .bind(workspace)
        .bind(now)
        .bind(after.at)
        .bind(after.case)
        .bind(limit)
        .fetch_all(c)
        .await
        .map(|rows| rows.iter().map(|r| queue_row!(r)).collect()))
    .map_err(attempt("read what sleeps"))
}

/// How many cases of a playbook a person could claim, counted no further than `limit`.
///
/// # Errors
/// Where the storage fails.
pub async fn count_waiting(conn: Conn<'_>, workspace: Uuid, playbook: Uuid, reader: Reader<'_>, limit: i64) -> Result<i64, Error> {
    let sql = if conn.is_postgres() { COUNT_WAITING_POSTGRES } else { COUNT_WAITING };
    counted(conn, sql, workspace, playbook, reader, limit).await
}

/// How many of these are past their deadline, counted no further than `limit`.
///
/// # Errors
/// Where the storage fails.
pub async fn count_overdue(conn: Conn<'_>, workspace: Uuid, playbook: Uuid, reader: Reader<'_>, limit: i64) -> Result<i64, Error> {
    let sql = if conn.is_postgres() { COUNT_OVERDUE_POSTGRES } else { COUNT_OVERDUE };
    counted(conn, sql, workspace, playbook, reader, limit).await
}

async fn counted(conn: Conn<'_>, sql: &'static str, workspace: Uuid, playbook: Uuid, reader: Reader<'_>, limit: i64) -> Result<i64, Error> {
    on!(conn, c => sqlx::query(sql)
        .bind(workspace)
        .bind(playbook)
        .bind(reader.person)
        .bind(reader.roles_json)
        .bind(reader.now)
        .bind(limit)
        .fetch_one(c)
        .await
        .map(|r| r.get(0)))
    .map_err(attempt("count what waits"))
}

/// The latest decisions before a position, of one playbook or of all.
///
/// # Errors
/// Where the storage fails.
pub async fn decided(conn: Conn<'_>, workspace: Uuid, playbook: Option<Uuid>, before: i64, limit: i64) -> Result<Vec<DecidedRow>, Error> {
    match playbook {
        None => on!(conn, c => sqlx::query(DECIDED_LATELY).bind(workspace).bind(before).bind(limit).fetch_all(c).await.map(|rows| rows.iter().map(|r| decided_row!(r)).collect())),
        Some(playbook) => {
            on!(conn, c => sqlx::query(DECIDED_LATELY_OF).bind(workspace).bind(playbook).bind(before).bind(limit).fetch_all(c).await.map(|rows| rows.iter().map(|r| decided_row!(r)).collect()))
        }
    }
    .map_err(attempt("list the latest decisions"))
}
