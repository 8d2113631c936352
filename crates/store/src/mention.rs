//! What is for one person: cases that are assigned to them, and remarks that ask for their attention. The latter is a projection,
//! rebuilt from events; it holds no word of a remark.

use crate::{
    db::Conn,
    error::{Error, attempt},
};
use sqlx::Row;
use uuid::Uuid;

const MENTION_INSERT: &str = "insert into mentions (workspace, person, event, case_id, by_person, mentioned_at, assigned)";

statements! {
    MENTIONS_OF = "select event, case_id, by_person, mentioned_at from mentions where workspace = $1 and person = $2 and not assigned order by mentioned_at desc, event desc limit $3";
    MENTIONS_COUNT = "select count(*) from (select 1 as one from mentions where workspace = $1 and person = $2 and mentioned_at > $3 and not assigned limit $4) as counted";
    MENTIONS_LIST = "select person, event, case_id, by_person, mentioned_at, assigned from mentions where workspace = $1 order by person, event";
    MENTIONS_CLEAR = "delete from mentions where workspace = $1";
    SEEN_GET = "select seen_until from mentions_seen where workspace = $1 and person = $2";
    SEEN_PUT = "insert into mentions_seen (workspace, person, seen_until) values ($1, $2, $3) on conflict (workspace, person) do update set seen_until = excluded.seen_until";
    ASSIGNED_OF = "select case_id, playbook, status, opened_at, priority_at, deadline_at from cases where workspace = $1 and role = $2 and role like 'person:%' order by priority_at, case_id limit $3";
    ASSIGNED_COUNT = "select count(*) from (select 1 as one from cases where workspace = $1 and role = $2 and role like 'person:%' limit $3) as counted";
    ASSIGNED_ALL = "select case_id, role, playbook, playbook_version from cases where workspace = $1 and role like 'person:%' order by role, case_id limit $2";
}

/// That a remark asks for somebody's attention, or that somebody was given a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct MentionRow {
    /// Whose.
    pub person: Uuid,
    /// The event.
    pub event: Uuid,
    /// The case that it is about.
    pub case: Uuid,
    /// Who mentioned them, or gave it to them.
    pub by: Uuid,
    /// When.
    pub at: i64,
    /// Whether the case was given to them, and not only a remark made that names them.
    pub assigned: bool,
}

/// Writes mentions.
///
/// # Errors
/// Where the storage fails.
pub async fn insert(mut conn: Conn<'_>, workspace: Uuid, rows: &[MentionRow]) -> Result<(), Error> {
    insert_rows!(conn, "write who is mentioned", MENTION_INSERT, 7, "", rows, |query, row| query
        .bind(workspace)
        .bind(row.person)
        .bind(row.event)
        .bind(row.case)
        .bind(row.by)
        .bind(row.at)
        .bind(row.assigned));
    Ok(())
}

/// The mentions of a person, the latest first.
///
/// # Errors
/// Where the storage fails.
pub async fn of_person(conn: Conn<'_>, workspace: Uuid, person: Uuid, limit: i64) -> Result<Vec<MentionRow>, Error> {
    on!(conn, c => sqlx::query(MENTIONS_OF).bind(workspace).bind(person).bind(limit).fetch_all(c).await.map(|rows| {
        rows.iter().map(|r| MentionRow { person, event: r.get(0), case: r.get(1), by: r.get(2), at: r.get(3), assigned: false }).collect()
    }))
    .map_err(attempt("find who is mentioned"))
}

/// How many mentions of a person are later than a time, counted no further than `limit`.
///
/// # Errors
/// Where the storage fails.
pub async fn count_since(conn: Conn<'_>, workspace: Uuid, person: Uuid, since: i64, limit: i64) -> Result<i64, Error> {
    on!(conn, c => sqlx::query(MENTIONS_COUNT).bind(workspace).bind(person).bind(since).bind(limit).fetch_one(c).await.map(|r| r.get(0)))
        .map_err(attempt("count who is mentioned"))
}

/// Everything, for holding the projection against a replay.
///
/// # Errors
/// Where the storage fails.
pub async fn list(conn: Conn<'_>, workspace: Uuid) -> Result<Vec<MentionRow>, Error> {
    on!(conn, c => sqlx::query(MENTIONS_LIST).bind(workspace).fetch_all(c).await.map(|rows| {
        rows.iter().map(|r| MentionRow { person: r.get(0), event: r.get(1), case: r.get(2), by: r.get(3), at: r.get(4), assigned: r.get(5) }).collect()
    }))
    .map_err(attempt("list who is mentioned"))
}

/// Empties the projection, inside the transaction that fills it again.
///
/// # Errors
/// Where the storage fails.
pub async fn clear(conn: Conn<'_>, workspace: Uuid) -> Result<(), Error> {
    on!(conn, c => sqlx::query(MENTIONS_CLEAR).bind(workspace).execute(c).await.map(|_| ()))
        .map_err(attempt("empty the projection of who is mentioned"))
}

/// Until when a person has looked at what is for them.
///
/// # Errors
/// Where the storage fails.
pub async fn seen_until(conn: Conn<'_>, workspace: Uuid, person: Uuid) -> Result<Option<i64>, Error> {
    on!(conn, c => sqlx::query(SEEN_GET).bind(workspace).bind(person).fetch_optional(c).await.map(|r| r.map(|r| r.get(0))))
        .map_err(attempt("read what was seen"))
}

/// Keeps until when a person has looked at what is for them. Operational: it proves nothing.
///
/// # Errors
/// Where the storage fails.
pub async fn see(conn: Conn<'_>, workspace: Uuid, person: Uuid, until: i64) -> Result<(), Error> {
    on!(conn, c => sqlx::query(SEEN_PUT).bind(workspace).bind(person).bind(until).execute(c).await.map(|_| ()))
        .map_err(attempt("keep what was seen"))
}

/// The cases of which the queue says that they are this one's, the most urgent first. `who`: as in the rows.
///
/// # Errors
/// Where the storage fails.
pub async fn assigned_of(conn: Conn<'_>, workspace: Uuid, who: &str, limit: i64) -> Result<Vec<crate::queue::QueueRow>, Error> {
    on!(conn, c => sqlx::query(ASSIGNED_OF).bind(workspace).bind(who).bind(limit).fetch_all(c).await.map(|rows| {
        rows.iter()
            .map(|r| crate::queue::QueueRow {
                case: r.get(0),
                playbook: r.get(1),
                status: text!(r, 2),
                opened_at: r.get(3),
                at: r.get(4),
                deadline_at: r.get(5),
            })
            .collect()
    }))
    .map_err(attempt("find what is assigned"))
}

/// How many cases are this one's, counted no further than `limit`. `who`: as in the rows.
///
/// # Errors
/// Where the storage fails.
pub async fn assigned_count(conn: Conn<'_>, workspace: Uuid, who: &str, limit: i64) -> Result<i64, Error> {
    on!(conn, c => sqlx::query(ASSIGNED_COUNT).bind(workspace).bind(who).bind(limit).fetch_one(c).await.map(|r| r.get(0)))
        .map_err(attempt("count what is assigned"))
}

/// A case that is one person's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssignedRow {
    /// The case.
    pub case: Uuid,
    /// Whose, as in the queue's rows.
    pub who: String,
    /// Its playbook.
    pub playbook: Uuid,
    /// In this version.
    pub playbook_version: i64,
}

/// All cases that are one person's.
///
/// # Errors
/// Where the storage fails.
pub async fn assigned_all(conn: Conn<'_>, workspace: Uuid, limit: i64) -> Result<Vec<AssignedRow>, Error> {
    on!(conn, c => sqlx::query(ASSIGNED_ALL).bind(workspace).bind(limit).fetch_all(c).await.map(|rows| {
        rows.iter()
            .map(|r| AssignedRow { case: r.get(0), who: text!(r, 1), playbook: r.get(2), playbook_version: r.get(3) })
            .collect()
    }))
    .map_err(attempt("list what is assigned"))
}
