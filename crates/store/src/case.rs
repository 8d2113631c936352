//! The projection of cases: one row a case as it stands, which is also the queue. Rebuilt from events; decides nothing.

use crate::{
    batch,
    db::Conn,
    error::{Error, attempt},
};
use sqlx::Row;
use uuid::Uuid;

const CASE_UPSERT: &str = "insert into cases (workspace, case_id, version, playbook, playbook_version, status, route, role, seats_free, opened_at, priority_at, answer, decided_at, available, wake_at, deadline_at)";
const CASE_UPSERT_TAIL: &str = "on conflict (workspace, case_id) do update set version = excluded.version, status = excluded.status, route = excluded.route, role = excluded.role, seats_free = excluded.seats_free, priority_at = excluded.priority_at, answer = excluded.answer, decided_at = excluded.decided_at, available = excluded.available, wake_at = excluded.wake_at, deadline_at = excluded.deadline_at";
const CASES_OF: &str = "select case_id, version, playbook, playbook_version, status, route, role, seats_free, opened_at, priority_at, answer, decided_at, deadline_at from cases where workspace = $1 and case_id in";
const COUNTS_ADD: &str = "insert into case_counts (workspace, playbook, status, cases)";
const COUNTS_ADD_TAIL: &str = "on conflict (workspace, playbook, status) do update set cases = case_counts.cases + excluded.cases";
const EXCLUSION_INSERT: &str = "insert into case_exclusions (workspace, case_id, person)";
const CASES_SETTLE_LEASES: &str = "update cases set available = false, wake_at = (select min(l.until) from leases l where l.workspace = cases.workspace and l.case_id = cases.case_id and l.until > $1) where workspace = $2 and available and seats_free <= (select count(*) from leases l where l.workspace = cases.workspace and l.case_id = cases.case_id and l.until > $3) and case_id in";
const EXCLUSION_INSERT_TAIL: &str = "on conflict (workspace, case_id, person) do nothing";
const EXCLUSIONS_DELETE: &str = "delete from case_exclusions where workspace = $1 and case_id in";

statements! {
    CASE_GET = "select case_id, version, playbook, playbook_version, status, route, role, seats_free, opened_at, priority_at, answer, decided_at, deadline_at from cases where workspace = $1 and case_id = $2";
    CASES_LIST = "select case_id, version, playbook, playbook_version, status, route, role, seats_free, opened_at, priority_at, answer, decided_at, deadline_at from cases where workspace = $1 and case_id > $2 and (playbook = $3 or $3 is null) and (status = $4 or $4 is null) order by case_id limit $5";
    CASES_LIST_OF = "select case_id, version, playbook, playbook_version, status, route, role, seats_free, opened_at, priority_at, answer, decided_at, deadline_at from cases where workspace = $1 and playbook = $2 and status = $3 and case_id > $4 order by case_id limit $5";
    CASES_COUNT = "select playbook, status, count(*) from cases where workspace = $1 group by playbook, status order by playbook, status";
    COUNTS_GET = "select playbook, status, cases from case_counts where workspace = $1 and cases <> 0 order by playbook, status";
    COUNTS_FILL = "insert into case_counts (workspace, playbook, status, cases) select workspace, playbook, status, count(*) from cases where workspace = $1 group by workspace, playbook, status";
    COUNTS_CLEAR = "delete from case_counts where workspace = $1";
    EXCLUSIONS_LIST = "select case_id, person from case_exclusions where workspace = $1 order by case_id, person";
    CASES_CLEAR = "delete from cases where workspace = $1";
    EXCLUSIONS_CLEAR = "delete from case_exclusions where workspace = $1";
}

/// A case as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseRow {
    /// The case.
    pub case: Uuid,
    /// Version of its stream.
    pub version: i64,
    /// Playbook.
    pub playbook: Uuid,
    /// Version of the playbook.
    pub playbook_version: i64,
    /// The word for where it stands.
    pub status: String,
    /// The route's word.
    pub route: String,
    /// Role that has to look; empty: any that the playbook names.
    pub role: String,
    /// How many more people may answer at the same time.
    pub seats_free: i64,
    /// When it was opened.
    pub opened_at: i64,
    /// What the queue is ordered by.
    pub priority_at: i64,
    /// The answer that stands.
    pub answer: Option<String>,
    /// When it was decided.
    pub decided_at: Option<i64>,
    /// By when it should be decided, while it waits.
    pub deadline_at: Option<i64>,
    /// Not before this time (snoozed).
    pub wake_at: Option<i64>,
    /// People who may not answer.
    pub excluded: Vec<Uuid>,
    /// Whether the case is being opened by this very write, so that nothing about it can be stored yet.
    pub fresh: bool,
}

/// Writes cases as they stand. For cases that exist already, leases are taken into account again afterwards.
///
/// # Errors
/// Where the storage fails.
pub async fn upsert(mut conn: Conn<'_>, workspace: Uuid, rows: &[CaseRow], now: i64) -> Result<(), Error> {
    insert_rows!(conn, "write cases", CASE_UPSERT, 16, CASE_UPSERT_TAIL, rows, |query, row| query
        .bind(workspace)
        .bind(row.case)
        .bind(row.version)
        .bind(row.playbook)
        .bind(row.playbook_version)
        .bind(row.status.as_str())
        .bind(row.route.as_str())
        .bind(row.role.as_str())
        .bind(row.seats_free)
        .bind(row.opened_at)
        .bind(row.priority_at)
        .bind(row.answer.as_deref())
        .bind(row.decided_at)
        .bind(row.seats_free > 0 && row.wake_at.is_none())
        .bind(row.wake_at)
        .bind(row.deadline_at));
    let with_exclusions: Vec<&CaseRow> = rows.iter().filter(|r| !r.fresh || !r.excluded.is_empty()).collect();
    exclusions_write(conn.again(), workspace, &with_exclusions).await?;
    let wait: Vec<Uuid> = rows.iter().filter(|r| !r.fresh && r.seats_free > 0 && r.wake_at.is_none()).map(|r| r.case).collect();
    run_for_keys!(conn, "take leases into account", CASES_SETTLE_LEASES, 3, wait, |query| query.bind(now).bind(workspace).bind(now));
    Ok(())
}

async fn exclusions_write(mut conn: Conn<'_>, workspace: Uuid, rows: &[&CaseRow]) -> Result<(), Error> {
    let cases: Vec<Uuid> = rows.iter().map(|r| r.case).collect();
    run_for_keys!(conn, "write who may not answer", EXCLUSIONS_DELETE, 1, cases, |query| query.bind(workspace));
    let pairs: Vec<(Uuid, Uuid)> = rows.iter().flat_map(|r| r.excluded.iter().map(|p| (r.case, *p))).collect();
    insert_rows!(conn, "write who may not answer", EXCLUSION_INSERT, 3, EXCLUSION_INSERT_TAIL, &pairs, |query, (case, person)| query
        .bind(workspace)
        .bind(case)
        .bind(person));
    Ok(())
}

macro_rules! case_row {
    ($r:expr) => {
        CaseRow {
            case: $r.get(0),
            version: $r.get(1),
            playbook: $r.get(2),
            playbook_version: $r.get(3),
            status: text!($r, 4),
            route: text!($r, 5),
            role: text!($r, 6),
            seats_free: $r.get(7),
            opened_at: $r.get(8),
            priority_at: $r.get(9),
            answer: $r.try_get(10).unwrap_or_else(|_| Some(text!($r, 10))),
            decided_at: $r.get(11),
            deadline_at: $r.get(12),
            wake_at: None,
            excluded: Vec::new(),
            fresh: false,
        }
    };
}

/// One case.
///
/// # Errors
/// Where the storage fails.
pub async fn get(conn: Conn<'_>, workspace: Uuid, case: Uuid) -> Result<Option<CaseRow>, Error> {
    on!(conn, c => sqlx::query(CASE_GET).bind(workspace).bind(case).fetch_optional(c).await.map(|r| r.map(|r| case_row!(r))))
        .map_err(attempt("find a case"))
}

/// Some cases by their ids.
///
/// # Errors
/// Where the storage fails.
pub async fn of(mut conn: Conn<'_>, workspace: Uuid, cases: &[Uuid]) -> Result<Vec<CaseRow>, Error> {
    let mut found = Vec::with_capacity(cases.len());
    for some in cases.chunks(batch::KEYS_AT_ONCE) {
        let keys = batch::padded(some);
        let sql = batch::in_list(conn.is_postgres(), CASES_OF, 1, keys.len(), "");
        on!(conn.again(), c => {
            let mut query = sqlx::query(sql).bind(workspace);
            for key in &keys {
                query = query.bind(key);
            }
            query.fetch_all(c).await.map(|rows| found.extend(rows.iter().map(|r| case_row!(r))))
        })
        .map_err(attempt("read cases"))?;
    }
    Ok(found)
}

/// Which cases of a list are wanted; absent: all.
#[derive(Debug, Clone, Copy, Default)]
pub struct Filter<'a> {
    /// Of this playbook.
    pub playbook: Option<Uuid>,
    /// That stand here.
    pub status: Option<&'a str>,
}

/// Cases after one, in the order of their ids, which is the order in which they came.
///
/// # Errors
/// Where the storage fails.
pub async fn list(conn: Conn<'_>, workspace: Uuid, filter: Filter<'_>, after: Uuid, limit: i64) -> Result<Vec<CaseRow>, Error> {
    if let Filter { playbook: Some(playbook), status: Some(status) } = filter {
        return list_of(conn, workspace, playbook, status, after, limit).await;
    }
    on!(conn, c => sqlx::query(CASES_LIST)
        .bind(workspace)
        .bind(after)
        .bind(filter.playbook)
        .bind(filter.status)
        .bind(limit)
        .fetch_all(c)
        .await
        .map(|rows| rows.iter().map(|r| case_row!(r)).collect()))
    .map_err(attempt("list cases"))
}

/// Cases of one playbook and status after one.
///
/// # Errors
/// Where the storage fails.
pub async fn list_of(
    conn: Conn<'_>,
    workspace: Uuid,
    playbook: Uuid,
    status: &str,
    after: Uuid,
    limit: i64,
) -> Result<Vec<CaseRow>, Error> {
    on!(conn, c => sqlx::query(CASES_LIST_OF).bind(workspace).bind(playbook).bind(status).bind(after).bind(limit).fetch_all(c).await.map(|rows| rows.iter().map(|r| case_row!(r)).collect()))
        .map_err(attempt("list cases"))
}

/// Number of cases by playbook and status.
pub type Counts = Vec<(Uuid, String, i64)>;

/// Number of cases by playbook and status, as it is kept beside the cases.
///
/// # Errors
/// Where the storage fails.
pub async fn counts(conn: Conn<'_>, workspace: Uuid) -> Result<Counts, Error> {
    on!(conn, c => sqlx::query(COUNTS_GET).bind(workspace).fetch_all(c).await.map(|rows| rows.iter().map(|r| (r.get(0), text!(r, 1), r.get(2))).collect()))
        .map_err(attempt("count cases"))
}

/// The same, counted case by case, for holding what is kept against it.
///
/// # Errors
/// Where the storage fails.
pub async fn counts_anew(conn: Conn<'_>, workspace: Uuid) -> Result<Counts, Error> {
    on!(conn, c => sqlx::query(CASES_COUNT).bind(workspace).fetch_all(c).await.map(|rows| rows.iter().map(|r| (r.get(0), text!(r, 1), r.get(2))).collect()))
        .map_err(attempt("count cases"))
}

/// Keeps the numbers up: so many more cases of a playbook and status, or fewer.
///
/// # Errors
/// Where the storage fails.
pub async fn counts_add(mut conn: Conn<'_>, workspace: Uuid, changes: &[(Uuid, &str, i64)]) -> Result<(), Error> {
    insert_rows!(conn, "count cases", COUNTS_ADD, 4, COUNTS_ADD_TAIL, changes, |query, (playbook, status, more)| query
        .bind(workspace)
        .bind(playbook)
        .bind(*status)
        .bind(more));
    Ok(())
}

/// Counts all cases anew, inside the transaction that has filled the projection again.
///
/// # Errors
/// Where the storage fails.
pub async fn counts_fill(conn: Conn<'_>, workspace: Uuid) -> Result<(), Error> {
    on!(conn, c => sqlx::query(COUNTS_FILL).bind(workspace).execute(c).await.map(|_| ())).map_err(attempt("count cases"))
}

/// Everybody who may not answer on some case, for holding the projection against a replay.
///
/// # Errors
/// Where the storage fails.
pub async fn exclusions(conn: Conn<'_>, workspace: Uuid) -> Result<Vec<(Uuid, Uuid)>, Error> {
    on!(conn, c => sqlx::query(EXCLUSIONS_LIST).bind(workspace).fetch_all(c).await.map(|rows| rows.iter().map(|r| (r.get(0), r.get(1))).collect()))
        .map_err(attempt("list who may not answer"))
}

/// Empties the projection, inside the transaction that fills it again.
///
/// # Errors
/// Where the storage fails.
pub async fn clear(mut conn: Conn<'_>, workspace: Uuid) -> Result<(), Error> {
    for sql in [CASES_CLEAR, EXCLUSIONS_CLEAR, COUNTS_CLEAR] {
        on!(conn.again(), c => sqlx::query(sql).bind(workspace).execute(c).await.map(|_| ()))
            .map_err(attempt("empty the projection of cases"))?;
    }
    Ok(())
}
